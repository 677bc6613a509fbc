//! The rows of identities and persons that tonight's writes refer to, and what moves between persons.

use super::Night;
use super::link::WhoIsWho;
use crate::store::{FileId, FileTx, IdentityRef, KnownIdentity, NewChapter, PersonRef, Place, opened};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::Holdings;
use lockgate_core::chapter::{self, ChapterHead, Entry};
use lockgate_core::record::{IdentityId, PersonId, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// Identities and persons by their keys.
#[derive(Default)]
pub struct People {
    identities: HashMap<IdentityId, (IdentityRef, PersonRef)>,
    persons: HashMap<PersonId, PersonRef>,
    founded_from: Option<PersonRef>,
}

impl People {
    /// What the store knows of tonight's scope, and of the persons that its joiners belong to.
    pub async fn of(night: &Night<'_>, who: &WhoIsWho) -> Result<Self> {
        let mut people = Self::default();
        for known in &who.known {
            people.add(known.key, known.id, known.person, known.person_key);
        }
        if night.store.holds_nobody().await? {
            return Ok(people);
        }
        let mut wanted: Vec<PersonId> =
            who.cohort.values().copied().filter(|p| !people.persons.contains_key(p)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        people.persons.extend(night.store.persons_by_key(&wanted).await?);
        Ok(people)
    }

    /// The row of an identity.
    pub fn identity(&self, identity: IdentityId) -> Option<IdentityRef> {
        self.identities.get(&identity).map(|i| i.0)
    }

    /// The row of an identity, and of its person.
    pub fn at(&self, identity: IdentityId) -> Option<(IdentityRef, PersonRef)> {
        self.identities.get(&identity).copied()
    }

    /// From which row on persons were founded by tonight's files; `next` when none was yet.
    pub fn founded_from(&mut self, next: PersonRef) -> PersonRef {
        *self.founded_from.get_or_insert(next)
    }

    /// The row of a person.
    pub fn person(&self, person: PersonId) -> Option<PersonRef> {
        self.persons.get(&person).copied()
    }

    /// Makes a person whose founding identity stands in another file.
    pub async fn found(&mut self, tx: &mut FileTx, person: PersonId) -> Result<PersonRef> {
        let row = tx.found_person(person).await?;
        self.persons.insert(person, row);
        Ok(row)
    }

    /// Remembers an identity that was added.
    pub fn add(&mut self, key: IdentityId, at: IdentityRef, person: PersonRef, person_key: PersonId) {
        self.identities.insert(key, (at, person));
        self.persons.insert(person_key, person);
    }

    fn moved(&mut self, known: &KnownIdentity, to: PersonRef) {
        self.identities.insert(known.key, (known.id, to));
    }
}

/// Applies what linking changed for identities that the store holds: moves between persons, with what
/// recipients hold of their records, and people who left the cohort.
pub async fn apply(night: &Night<'_>, who: &WhoIsWho, people: &mut People) -> Result<()> {
    if who.moved.is_empty() && who.leavers.is_empty() {
        return Ok(());
    }
    let mut tx = night.store.begin_replay(&night.run, FileId(0), PartnerId(0)).await?;
    let leavers: Vec<IdentityRef> = who.leavers.iter().map(|l| l.id).collect();
    end_records(night, &mut tx, &leavers, |_, _| true).await?;
    let left: BTreeSet<PersonRef> = who.leavers.iter().map(|l| l.person).collect();
    let mut dirty: BTreeSet<PersonRef> = left;
    let mut moves: BTreeMap<(PersonRef, PersonRef), BTreeSet<RecordId>> = BTreeMap::new();
    for (known, person) in &who.moved {
        let to = match people.person(*person) {
            Some(row) => row,
            None => people.found(&mut tx, *person).await?,
        };
        let chapters = tx.chapters(&[known.id]).await?;
        let standing = opened(&chapters, night.vault.rest()).context("a stored record does not open")?;
        let records = standing.iter().map(|(_, entry)| entry.record());
        moves.entry((known.person, to)).or_default().extend(records);
        tx.set_person(&[(known.id, to)]).await?;
        people.moved(known, to);
        dirty.extend([known.person, to]);
    }
    let dirty: Vec<PersonRef> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty).await?;
    tx.commit_replay().await?;
    move_holdings(night, &moves).await
}

/// Ends records of identities, of those that left the cohort all: a last chapter carries their numbers on, so that a
/// record that comes back goes on counting. Gives how many.
pub(super) async fn end_records(
    night: &Night<'_>,
    tx: &mut FileTx,
    identities: &[IdentityRef],
    which: impl Fn(&ChapterHead, &Entry) -> bool,
) -> Result<u64> {
    let (rest, mut nonces) = (night.vault.rest(), Nonces::new());
    let (imprint, chapters) = (tx.imprint(), tx.chapters(identities).await?);
    let (mut ends, mut count) = (Vec::new(), 0);
    for of_one in chapters.chunk_by(|a, b| a.place.identity == b.place.identity) {
        let standing = opened(of_one, rest).context("a stored record does not open")?;
        let (Some((head, _)), Some(last)) = (standing.first(), of_one.last()) else { continue };
        let ends_now = |(head, entry): &&(ChapterHead, Entry)| !entry.is_gone() && which(head, entry);
        let ended: Vec<Entry> = standing.iter().filter(ends_now).map(|(_, entry)| entry.ended()).collect();
        if ended.is_empty() {
            continue;
        }
        count += ended.len() as u64;
        let place = Place { turn: last.place.turn.saturating_add(1), ..last.place };
        let head = ChapterHead { partner: head.partner, ..imprint.head(head.identity) };
        let body = chapter::seal(&head, place.row()?, &ended, rest, nonces.next_nonce()?);
        ends.push(NewChapter { place, records: -i64::try_from(ended.len())?, body });
    }
    tx.put_chapters(ends).await?;
    Ok(count)
}

/// A record that moves to another person is a correction of what its recipients hold, not a second record.
async fn move_holdings(
    night: &Night<'_>,
    moves: &BTreeMap<(PersonRef, PersonRef), BTreeSet<RecordId>>,
) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let problem = super::disclose::problem;
    let mut tx = night.store.begin_bundle(&night.run).await?;
    for (recipient, _) in night.deployment.agreement.partners() {
        for ((from, to), records) in moves {
            let held: HashMap<PersonRef, Vec<u8>> =
                night.store.holdings(recipient, &[*from, *to]).await?.into_iter().collect();
            let Some(bytes) = held.get(from) else { continue };
            let mut source = Holdings::from_bytes(bytes).map_err(problem)?;
            let mut target = match held.get(to) {
                Some(bytes) => Holdings::from_bytes(bytes).map_err(problem)?,
                None => Holdings::new(),
            };
            target.absorb(source.take(|record| records.contains(&record)));
            tx.put_holdings(recipient, vec![(*from, source.to_bytes()), (*to, target.to_bytes())]).await?;
        }
    }
    Ok(tx.commit().await?)
}
