//! Chapters: what each file said about each identity, still sealed. Written once, never edited.
//!
//! A chapter's row id is its identity's row times 2^20 plus its turn, so that an identity's chapters lie together in
//! their order without an index.

use super::bulk::Values;
use super::error::StoreError;
use super::ids::{FileId, IdentityRef, count};
use super::intake::FileTx;
use super::names::Dictionaries;
use super::person::PersonRow;
use super::run::Run;
use super::sql;
use jiff::civil::Date;
use lockgate_core::chapter::{ChapterHead, Entry, standing, stood};
use lockgate_core::record::{IdentityId, Record};
use lockgate_core::rest::RestKey;
use lockgate_core::schema::CategoryId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Chapters that an identity can have; also in the statements. More than a thousand years of nights.
const TURNS: i64 = 1 << 20;

/// Where a chapter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose it is.
    pub identity: IdentityRef,
    /// Its turn among that identity's chapters, from 0.
    pub turn: u32,
}

impl Place {
    /// The row, to which the seal is bound.
    pub fn row(self) -> Result<i64, StoreError> {
        let turn = Some(i64::from(self.turn)).filter(|turn| *turn < TURNS);
        let row = self.identity.0.checked_mul(TURNS).zip(turn).map(|(first, turn)| first + turn);
        row.ok_or_else(|| StoreError::row("chapter"))
    }

    fn of(row: i64) -> Result<Self, StoreError> {
        let turn = count(row.rem_euclid(TURNS), "chapter")?;
        Ok(Self { identity: IdentityRef(row.div_euclid(TURNS)), turn })
    }
}

/// A chapter to be added.
pub struct NewChapter {
    /// Where it will stand.
    pub place: Place,
    /// How many records more stand after it.
    pub records: i64,
    /// What [`seal`](lockgate_core::chapter::seal) gave.
    pub body: Vec<u8>,
}

/// A stored chapter.
pub struct StoredChapter {
    /// Where it stands.
    pub place: Place,
    /// Its sealed bytes.
    pub body: Vec<u8>,
}

/// The chapters of one identity after each other, opened as one.
pub fn opened(chapters: &[StoredChapter], key: &RestKey) -> Result<Vec<(ChapterHead, Entry)>, StoreError> {
    let mut rows = Vec::with_capacity(chapters.len());
    for chapter in chapters {
        rows.push((chapter.place.row()?, chapter.body.as_slice()));
    }
    standing(rows, key).map_err(|_| StoreError::row("chapter"))
}

/// What a file's chapters say of where they come from.
#[derive(Clone)]
pub struct Imprint {
    names: Arc<Dictionaries>,
    partner: i64,
    file: FileId,
    run: Run,
}

impl Imprint {
    /// The head of a chapter about this identity.
    pub fn head(&self, identity: IdentityId) -> ChapterHead {
        let [partner, file, run] = [self.partner, self.file.0, self.run.id.0].map(i64::cast_unsigned);
        ChapterHead { identity, partner, file, run }
    }

    /// The store's number of a category.
    pub fn category(&self, category: CategoryId) -> Result<u64, StoreError> {
        self.names.category_row(category).map(i64::cast_unsigned)
    }
}

impl FileTx {
    /// What the chapters of this file say of where they come from.
    pub fn imprint(&self) -> Imprint {
        let (names, partner) = self.origin();
        Imprint { names, partner, file: self.file(), run: self.run() }
    }

    /// The chapters of these identities, each identity's together and in their order.
    pub async fn chapters(&mut self, identities: &[IdentityRef]) -> Result<Vec<StoredChapter>, StoreError> {
        let mut found: Vec<StoredChapter> = Vec::new();
        let take = |(row, body): (i64, Vec<u8>)| {
            found.push(StoredChapter { place: Place::of(row)?, body });
            Ok(())
        };
        let bind = |values: &mut Values, identity: &IdentityRef| values.int(identity.0);
        sql::CHAPTER_READ.read(self.connection(), &[], identities, bind, take).await?;
        found.sort_by_key(|chapter| chapter.place);
        found.dedup_by_key(|chapter| chapter.place);
        Ok(found)
    }

    /// Adds chapters from this file.
    pub async fn put_chapters(&mut self, mut new: Vec<NewChapter>) -> Result<(), StoreError> {
        // In their order most are written at the table's end.
        new.sort_unstable_by_key(|chapter| chapter.place);
        let mut rows = Vec::with_capacity(new.len());
        for one in new {
            rows.push((one.place.row()?, one.records, one.body));
        }
        let bind = |values: &mut Values, (row, records, body): (i64, i64, Vec<u8>)| {
            values.int(row);
            values.int(records);
            values.blob(body);
        };
        sql::CHAPTER_ADD.write(self.connection(), &[], rows, bind).await.map(drop)
    }
}

/// A person for the gate, with all chapters about its identities, still sealed. A retired person has none: what
/// recipients hold of it is to be withdrawn.
pub struct DuePerson {
    /// Who.
    pub person: PersonRow,
    pub(super) chapters: Vec<(i64, Vec<u8>)>,
    pub(super) reading: Arc<Reading>,
}

/// What reading a chapter needs beside its key.
pub(super) struct Reading {
    pub(super) names: Arc<Dictionaries>,
    /// The logical day of each run.
    pub(super) dates: BTreeMap<i64, Date>,
    /// The last run whose chapters count.
    pub(super) until: u64,
}

impl DuePerson {
    /// The records that stand. Those whose category or partner the configuration no longer has are not among them.
    pub fn records(&self, key: &RestKey) -> Result<Vec<Record>, StoreError> {
        let damaged = || StoreError::row("chapter");
        let rows = self.chapters.iter().map(|(row, body)| (*row, body.as_slice()));
        let mut out = Vec::with_capacity(self.chapters.len() * 2);
        for (head, entry) in stood(rows, key, self.reading.until).map_err(|_| damaged())? {
            let partner = self.reading.names.partner(head.partner.cast_signed());
            let category = self.reading.names.category(entry.category().cast_signed());
            let (Some(partner), Some(category), false) = (partner, category, entry.is_gone()) else {
                continue;
            };
            let as_of = self.reading.dates.get(&head.run.cast_signed()).copied().ok_or_else(damaged)?;
            out.push(entry.into_record(head.identity, partner, category, as_of));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_row_and_back_and_ends_before_its_neighbour() {
        let last = Place { identity: IdentityRef(7), turn: (1 << 20) - 1 };
        assert_eq!(last.row().and_then(Place::of).ok(), Some(last));
        let next = Place { identity: IdentityRef(8), turn: 0 };
        assert_eq!(last.row().map(|row| row + 1).ok(), next.row().ok());
        assert_eq!(Place { turn: 1 << 20, ..last }.row().map_err(|e| e.code()), Err("LG2007"));
        assert_eq!(
            Place { identity: IdentityRef(i64::MAX), turn: 0 }.row().map_err(|e| e.code()),
            Err("LG2007")
        );
    }
}
