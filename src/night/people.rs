//! The rows of identities and persons that tonight's writes refer to, and what moves between persons.

use super::Night;
use super::cohort::Cohort;
use super::link::WhoIsWho;
use super::publish::record_decisions;
use crate::store::{FileId, FileTx, IdentityRef, KnownIdentity, NewChapter, PersonRef, Place, opened};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::{Holdings, Moves, regroup};
use lockgate_core::chapter::{self, ChapterHead, Entry};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::record::{IdentityId, PersonId, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// Rows are counted from 1: an identity that has none yet.
const NONE: (IdentityRef, PersonRef) = (IdentityRef(0), PersonRef(0));

/// Identities and persons by their keys.
pub struct People<'w> {
    cohort: &'w Cohort,
    /// Of the cohort, by their places in it.
    members: Vec<(IdentityRef, PersonRef)>,
    /// Of whoever is in the store and leaves the cohort.
    others: HashMap<IdentityId, (IdentityRef, PersonRef)>,
    persons: HashMap<PersonId, PersonRef>,
    /// The store held nobody: whoever is not among the persons is not in it.
    nobody: bool,
    founded_from: Option<PersonRef>,
}

impl<'w> People<'w> {
    /// What the store knows of tonight's scope, and of the persons that its joiners belong to.
    pub async fn of(night: &Night<'_>, who: &'w WhoIsWho) -> Result<Self> {
        let cohort = &who.cohort;
        let mut people = Self {
            cohort,
            members: vec![NONE; cohort.identities().len()],
            others: HashMap::new(),
            persons: HashMap::new(),
            nobody: night.store.holds_nobody().await?,
            founded_from: None,
        };
        for known in &who.known {
            people.add(known.key, known.id, known.person, known.person_key);
        }
        if people.nobody {
            return Ok(people);
        }
        let mut wanted: Vec<PersonId> =
            cohort.persons().iter().copied().filter(|p| !people.persons.contains_key(p)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        people.persons.extend(night.store.persons_by_key(&wanted).await?);
        Ok(people)
    }

    /// How many persons the store holds, where it held nobody before tonight.
    pub fn everybody(&self) -> Option<u64> {
        self.nobody.then_some(self.persons.len() as u64)
    }

    /// The row of an identity.
    pub fn identity(&self, identity: IdentityId) -> Option<IdentityRef> {
        self.at(identity).map(|i| i.0)
    }

    /// The row of an identity, and of its person.
    pub fn at(&self, identity: IdentityId) -> Option<(IdentityRef, PersonRef)> {
        match self.cohort.place(identity) {
            Some(place) => self.members.get(place).copied().filter(|at| *at != NONE),
            None => self.others.get(&identity).copied(),
        }
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
        let row = if self.nobody { tx.add_person(person).await? } else { tx.found_person(person).await? };
        self.persons.insert(person, row);
        Ok(row)
    }

    /// Remembers an identity that was added.
    pub fn add(&mut self, key: IdentityId, at: IdentityRef, person: PersonRef, person_key: PersonId) {
        self.put(key, (at, person));
        self.persons.insert(person_key, person);
    }

    fn moved(&mut self, known: &KnownIdentity, to: PersonRef) {
        self.put(known.key, (known.id, to));
    }

    fn put(&mut self, key: IdentityId, at: (IdentityRef, PersonRef)) {
        match self.cohort.place(key).and_then(|place| self.members.get_mut(place)) {
            Some(member) => *member = at,
            None => _ = self.others.insert(key, at),
        }
    }
}

/// Applies what linking changed for identities that the store holds: moves between persons, with what
/// recipients hold of their records, and people who left the cohort.
pub async fn apply(night: &Night<'_>, who: &WhoIsWho, people: &mut People<'_>) -> Result<()> {
    if who.moved.is_empty() && who.leavers.is_empty() {
        return Ok(());
    }
    let mut tx = night.store.begin_replay(&night.run, FileId(0), PartnerId(0)).await?;
    let leavers: Vec<IdentityRef> = who.leavers.iter().map(|l| l.id).collect();
    end_records(night, &mut tx, &leavers, |_, _| true).await?;
    let left: BTreeSet<PersonRef> = who.leavers.iter().map(|l| l.person).collect();
    let mut dirty: BTreeSet<PersonRef> = left;
    let mut moves: Moves<PersonRef> = Moves::new();
    for (known, person) in &who.moved {
        let to = match people.person(*person) {
            Some(row) => row,
            None => people.found(&mut tx, *person).await?,
        };
        let chapters = tx.chapters(&[known.id]).await?;
        let standing = opened(&chapters, night.vault.rest()).context("a stored record does not open")?;
        let mut records: BTreeSet<RecordId> = standing.iter().map(|(_, entry)| entry.record()).collect();
        for staying in remaining(night, who, known).await? {
            records.remove(&staying);
        }
        moves.entry((known.person, to)).or_default().extend(records);
        tx.set_person(&[(known.id, to)]).await?;
        people.moved(known, to);
        dirty.extend([known.person, to]);
    }
    let dirty: Vec<PersonRef> = dirty.into_iter().collect();
    tx.mark_dirty(&dirty).await?;
    tx.commit_replay().await?;
    move_holdings(night, who, &moves).await
}

/// The records that stand under an identity which stays with the person that another one leaves: of a fact that its source
/// has told of both, what recipients hold stays where it still stands.
async fn remaining(night: &Night<'_>, who: &WhoIsWho, leaves: &KnownIdentity) -> Result<Vec<RecordId>> {
    let Some(person) = night.store.person(leaves.person).await? else { return Ok(Vec::new()) };
    let moved: BTreeSet<IdentityId> = who.moved.iter().map(|(known, _)| known.key).collect();
    let records = person.records(night.vault.rest()).context("a stored record does not open")?;
    let stays = records.iter().map(Record::head).filter(|head| !moved.contains(&head.identity));
    Ok(stays.map(|head| head.id).collect())
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

/// A record that moves to another person is a correction of what its recipients hold, not a second record. Who moved
/// where is recorded in the same transaction.
async fn move_holdings(night: &Night<'_>, who: &WhoIsWho, moves: &Moves<PersonRef>) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let problem = super::disclose::problem;
    let concerned: BTreeSet<PersonRef> = moves.keys().flat_map(|(from, to)| [*from, *to]).collect();
    let concerned: Vec<PersonRef> = concerned.into_iter().collect();
    let lexicon = night.store.lexicon().await?;
    let mut tx = night.store.begin_bundle(&night.run).await?;
    for (recipient, _) in night.deployment.agreement.partners() {
        let mut held: BTreeMap<PersonRef, Holdings> = BTreeMap::new();
        for (person, bytes) in night.store.holdings(recipient, &concerned).await? {
            held.insert(person, Holdings::from_bytes(&bytes, &lexicon).map_err(problem)?);
        }
        let changed = regroup(&mut held, moves);
        let now = changed.iter().filter_map(|p| held.get(p).map(|h| (*p, h.to_bytes(&lexicon))));
        tx.holding().put(recipient, now.collect()).await?;
    }
    let told: Vec<(String, IdentityId)> = who.moved.iter().map(|(known, to)| moved(known, *to)).collect();
    let entries = told.iter().map(|(reference, identity)| DecisionEntry {
        as_of: night.order.as_of,
        kind: MOVED,
        by: GATEWAY,
        reference,
        subject: Digest::of(&identity.bytes()),
    });
    record_decisions(&mut tx, entries).await?;
    Ok(tx.commit().await?)
}

/// The kind of the ledger's entries that say which identity went from which person to which.
pub const MOVED: &str = "link-moved";
/// Who moves identities: the night, by the evidence and by what people have decided.
const GATEWAY: &str = "gateway";

fn moved(known: &KnownIdentity, to: PersonId) -> (String, IdentityId) {
    (format!("{} from {} to {to}", known.key, known.person_key), known.key)
}

/// What such an entry's reference says: the identity, the person that it left and the one that it joined.
pub fn read_moved(reference: &str) -> Option<(IdentityId, PersonId, PersonId)> {
    let (identity, rest) = reference.split_once(" from ")?;
    let (from, to) = rest.split_once(" to ")?;
    let key = |text: &str| u128::from_str_radix(text, 16).ok();
    Some((IdentityId(key(identity)?), PersonId(key(from)?), PersonId(key(to)?)))
}
