//! A page of a file on its way to the store: what it says about each identity becomes one sealed chapter.

use super::Night;
use crate::store::{FileId, IdentityRef, Imprint, NewChapter, Place, StoredChapter, opened};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use lockgate_core::chapter::{self, ChapterHead, Entry};
use lockgate_core::record::{Candidate, IdentityId, RecordId};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Chapters sealed by one thread before it looks for more.
const STRIDE: usize = 64;

/// When a file speaks: the day of its name, then its feed's turn among those of the day.
pub type Turn = (jiff::civil::Date, usize);

/// The turns of all accepted files, by their row.
pub struct Turns(HashMap<u64, Turn>);

impl Turns {
    /// Those of the files that the store holds.
    pub async fn of(night: &Night<'_>) -> Result<Self> {
        let mut turns = Self(HashMap::new());
        for (feed, mapping) in night.deployment.mappings.iter().enumerate() {
            for file in night.store.accepted_files(mapping.name()).await? {
                turns.add(file.id, (file.outcome.data_date, feed));
            }
        }
        Ok(turns)
    }

    /// Whether a file, by its row, speaks after `turn`.
    pub fn is_after(&self, file: u64, turn: Turn) -> bool {
        self.0.get(&file).is_some_and(|t| *t > turn)
    }

    /// Adds tonight's.
    pub fn add(&mut self, file: FileId, turn: Turn) {
        self.0.insert(file.0.cast_unsigned(), turn);
    }
}

/// Where the newest entry of a record is.
#[derive(Clone, Copy)]
enum Newest {
    /// In the store.
    Stored(usize),
    /// In this page.
    Pending(IdentityRef, usize),
}

/// An entry that this page adds.
struct Pending {
    entry: Entry,
    /// Whether the record did not stand before.
    begins: bool,
}

/// What this page adds about one identity.
struct Pages {
    head: ChapterHead,
    /// Emptied where another identity's entry took a record over.
    entries: Vec<Option<Pending>>,
}

/// How many records begin and change.
#[derive(Debug, Default, Clone, Copy)]
pub struct PageCounts {
    /// Records that the store did not hold.
    pub new: u64,
    /// Records with a new version.
    pub changed: u64,
}

/// One page.
#[derive(Default)]
pub struct Page {
    standing: Vec<(ChapterHead, Entry)>,
    newest: HashMap<RecordId, Newest>,
    /// The next turn of identities that have chapters.
    turns: HashMap<IdentityRef, u32>,
    chapters: BTreeMap<IdentityRef, Pages>,
}

impl Page {
    /// A page about identities that have these chapters, each one's together and in order.
    pub fn on(chapters: &[StoredChapter], key: &RestKey) -> Result<Self> {
        let mut page = Self {
            standing: opened(chapters, key).context("a stored record does not open")?,
            ..Self::default()
        };
        for chapter in chapters {
            page.turns.insert(chapter.place.identity, chapter.place.turn.saturating_add(1));
        }
        for (at, (_, entry)) in page.standing.iter().enumerate() {
            page.newest.insert(entry.record(), Newest::Stored(at));
        }
        Ok(page)
    }

    /// Takes a record of a file that speaks at `turn`; gives whether it says something new.
    pub fn candidate(
        &mut self,
        (turns, turn): (&Turns, Turn),
        imprint: &Imprint,
        (at, identity): (IdentityRef, IdentityId),
        one: Candidate,
    ) -> Result<bool> {
        let (record, newest) = (one.id(), self.newest.get(&one.id()).copied());
        let (number, begins) = match newest {
            None => (1, true),
            Some(Newest::Stored(place)) => {
                let (head, entry) = self.standing.get(place).context("an entry of a page is lost")?;
                // A file that comes late speaks of an earlier day: it never takes back what a later one said.
                if entry.says(&one) || turns.is_after(head.file, turn) {
                    return Ok(false);
                }
                (entry.number().saturating_add(1), entry.is_gone())
            }
            Some(Newest::Pending(whose, place)) => {
                let slot = self.chapters.get_mut(&whose).and_then(|c| c.entries.get_mut(place));
                let slot = slot.context("an entry of a page is lost")?;
                let pending = slot.as_ref().context("an entry of a page is lost")?;
                if pending.entry.says(&one) {
                    return Ok(false);
                }
                // Of two rows about one fact in one page the later one stands, under the one number.
                let (number, begins) = (pending.entry.number(), pending.begins);
                let category = imprint.category(one.category())?;
                if whose == at {
                    *slot = Some(Pending { entry: Entry::of(one, number, category), begins });
                    return Ok(true);
                }
                *slot = None;
                (number, begins)
            }
        };
        let category = imprint.category(one.category())?;
        let pages = self
            .chapters
            .entry(at)
            .or_insert_with(|| Pages { head: imprint.head(identity), entries: Vec::with_capacity(2) });
        self.newest.insert(record, Newest::Pending(at, pages.entries.len()));
        pages.entries.push(Some(Pending { entry: Entry::of(one, number, category), begins }));
        Ok(true)
    }

    /// The chapters, sealed on all cores, and what they count.
    pub fn sealed(self, key: &RestKey, nonces: &mut Nonces) -> Result<(Vec<NewChapter>, PageCounts)> {
        let mut counts = PageCounts::default();
        let mut plain: Vec<(Place, ChapterHead, Vec<Pending>, [u8; NONCE_LEN])> =
            Vec::with_capacity(self.chapters.len());
        for (identity, Pages { head, entries }) in self.chapters {
            let entries: Vec<Pending> = entries.into_iter().flatten().collect();
            if entries.is_empty() {
                continue;
            }
            for pending in &entries {
                *(if pending.entry.number() == 1 { &mut counts.new } else { &mut counts.changed }) += 1;
            }
            let turn = self.turns.get(&identity).copied().unwrap_or(0);
            plain.push((Place { identity, turn }, head, entries, nonces.next_nonce()?));
        }
        let seal = |(place, head, entries, nonce): (Place, ChapterHead, Vec<Pending>, _)| {
            let records = entries.iter().map(|pending| i64::from(pending.begins)).sum();
            let body = chapter::seal(&head, place.row()?, entries.iter().map(|p| &p.entry), key, nonce);
            Ok(NewChapter { place, records, body })
        };
        let chapters = plain.into_par_iter().with_min_len(STRIDE).map(seal).collect::<Result<_>>()?;
        Ok((chapters, counts))
    }
}
