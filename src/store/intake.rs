//! One transaction a file: what an accepted file brings, or nothing of it.

use super::bulk::Values;
use super::error::StoreError;
use super::file::{FileOutcome, FileState, insert, supersede_held};
use super::ids::{self, FileId, IdentityRef, PersonRef, VersionRef, count};
use super::names::Dictionaries;
use super::run::Run;
use super::{Counters, Numbers, Store, sql};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::link::{Evidence, evidence::Key};
use lockgate_core::record::{IdentityId, PersonId, RecordId};
use lockgate_core::schema::CategoryId;
use sqlx::{Sqlite, Transaction};
use std::sync::Arc;

const CANCELLED: i64 = 1;
const RESTRICTED: i64 = 2;
/// Also named in the statements, as `marks < 4`.
const GONE: i64 = 4;

/// From when until when (both days included) a designation puts a person into the cohort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CohortSpan {
    /// First day; `None` = always was.
    pub from: Option<Date>,
    /// Last day; `None` = open.
    pub until: Option<Date>,
}

/// A stored identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Its row.
    pub id: IdentityRef,
    /// Its key.
    pub key: IdentityId,
    /// Whose person it is; `None` when the agreement no longer has that partner.
    pub partner: Option<PartnerId>,
    /// The person it belongs to.
    pub person: PersonRef,
    /// The cohort designation that this identity is, when it is one.
    pub cohort: Option<CohortSpan>,
    /// Its link evidence.
    pub evidence: Evidence,
}

/// An identity seen for the first time.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// Its key.
    pub key: IdentityId,
    /// The person it belongs to; `None` founds a person of its own, whose key is this identity's.
    pub person: Option<PersonRef>,
    /// See [`IdentityRow::cohort`].
    pub cohort: Option<CohortSpan>,
    /// Its link evidence.
    pub evidence: Evidence,
}

/// The current version of a record, without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentVersion {
    /// Its row.
    pub id: VersionRef,
    /// Whose record.
    pub identity: IdentityRef,
    /// Which record.
    pub record: RecordId,
    /// Which version, from 1; the next one is this plus one.
    pub number: u32,
    /// `None` when the schema no longer has the category.
    pub category: Option<CategoryId>,
    /// The file that brought it.
    pub file: FileId,
    /// Fingerprint of the row that brought it.
    pub row_fp: u128,
    /// What [`Candidate::content`](lockgate_core::record::Candidate::content) gave.
    pub content: u128,
    /// The source cancelled the record.
    pub cancelled: bool,
    /// The source restricted the record.
    pub restricted: bool,
    /// The record is not in its source any more: kept only so that its versions go on counting.
    pub gone: bool,
}

/// A version to be added.
#[derive(Clone)]
pub struct NewVersion {
    /// Whose record.
    pub identity: IdentityRef,
    /// Which record.
    pub record: RecordId,
    /// 1, or the current version's number plus one; the payload was sealed for it.
    pub number: u32,
    /// Its category.
    pub category: CategoryId,
    /// Fingerprint of the row.
    pub row_fp: u128,
    /// What [`Candidate::content`](lockgate_core::record::Candidate::content) gave.
    pub content: u128,
    /// The source cancelled the record.
    pub cancelled: bool,
    /// The source restricted the record.
    pub restricted: bool,
    /// What [`Candidate::to_rest`](lockgate_core::record::Candidate::to_rest) gave.
    pub payload: Vec<u8>,
}

/// A refused row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuarantine {
    /// Row of the file, as the partner's own tool would show it.
    pub row: u64,
    /// The column's word in the mapping.
    pub column: Option<String>,
    /// Why, as a stable code.
    pub code: String,
}

/// A pair of identities that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReview {
    /// One.
    pub a: IdentityId,
    /// The other.
    pub b: IdentityId,
    /// Why, as a stable word or code.
    pub reason: String,
}

/// The transaction of one file. Dropped without [`commit`](Self::commit), it leaves nothing. After an error it is
/// to be dropped: a part of the rows of the failed call may stand in it.
pub struct FileTx {
    tx: Transaction<'static, Sqlite>,
    names: Arc<Dictionaries>,
    numbers: Numbers,
    run: Run,
    file: FileId,
    partner: i64,
}

impl Store {
    /// Starts the transaction of a new file of `partner`.
    pub async fn begin_file(&self, run: &Run, partner: PartnerId) -> Result<FileTx, StoreError> {
        let mut file = self.begin_replay(run, FileId(0), partner).await?;
        file.file = FileId(file.numbers.take("file", 1));
        Ok(file)
    }

    /// Starts a transaction that adds versions from a file accepted before, for persons who have joined the
    /// cohort since. Ends with [`FileTx::commit_replay`].
    pub async fn begin_replay(
        &self,
        run: &Run,
        file: FileId,
        partner: PartnerId,
    ) -> Result<FileTx, StoreError> {
        let partner = self.names.partner_row(partner)?;
        let mut tx = self.begin().await?;
        let numbers = Numbers::new(Counters::read(&mut tx).await?);
        Ok(FileTx { tx, names: Arc::clone(&self.names), numbers, run: *run, file, partner })
    }
}

impl FileTx {
    pub(super) const fn connection(&mut self) -> &mut Transaction<'static, Sqlite> {
        &mut self.tx
    }

    pub(super) const fn run(&self) -> Run {
        self.run
    }

    /// The row that the file has, or will have.
    pub const fn file(&self) -> FileId {
        self.file
    }

    /// Those of the identities that are stored, in any order.
    pub async fn identities(&mut self, keys: &[IdentityId]) -> Result<Vec<IdentityRow>, StoreError> {
        let (names, mut found) = (Arc::clone(&self.names), Vec::new());
        let take = |row: IdentityTuple| {
            found.push(identity_row(row, &names)?);
            Ok(())
        };
        sql::IDENTITY_FIND.read(&mut self.tx, &[], keys, |values, key| values.key(key.0), take).await?;
        Ok(found)
    }

    /// The counters of this transaction, for a page that is numbered before it is written.
    pub fn numbers(&self) -> Numbers {
        self.numbers.clone()
    }

    /// Adds identities of the file's partner; gives each one's row and person, in the same order.
    pub async fn put_identities(
        &mut self,
        new: Vec<NewIdentity>,
    ) -> Result<Vec<(IdentityRef, PersonRef)>, StoreError> {
        let rows = self.numbers.identities(&new);
        self.write_identities(new, &rows).await?;
        Ok(rows)
    }

    /// Adds identities of the file's partner under the rows that [`Numbers::identities`] gave for them.
    pub async fn write_identities(
        &mut self,
        new: Vec<NewIdentity>,
        rows: &[(IdentityRef, PersonRef)],
    ) -> Result<(), StoreError> {
        let founders = new.iter().zip(rows).filter(|(one, _)| one.person.is_none());
        let (founders, persons): (Vec<u128>, Vec<i64>) =
            founders.map(|(one, (_, person))| (one.key.0, person.0)).unzip();
        sql::FOUND.write(&mut self.tx, &[persons.first().copied(), Some(1)], founders, Values::key).await?;
        let first = rows.first().map(|(identity, _)| identity.0);
        let shared = [first, Some(self.partner), Some(self.run.id.0)];
        let bind = |values: &mut Values, (one, (_, person)): (NewIdentity, &(IdentityRef, PersonRef))| {
            values.key(one.key.0);
            values.int(person.0);
            bind_span(values, one.cohort);
            values.blob(evidence_bytes(&one.evidence));
        };
        sql::IDENTITY_ADD.write(&mut self.tx, &shared, new.into_iter().zip(rows), bind).await.map(drop)
    }

    /// Moves identities to persons. Both persons are to be marked dirty by the caller.
    pub async fn set_person(&mut self, moves: &[(IdentityRef, PersonRef)]) -> Result<(), StoreError> {
        let bind = |values: &mut Values, (identity, person): &(IdentityRef, PersonRef)| {
            values.int(identity.0);
            values.int(person.0);
        };
        sql::IDENTITY_PERSON.write(&mut self.tx, &[], moves, bind).await.map(drop)
    }

    /// Sets or ends the cohort designations that identities are.
    pub async fn set_cohort(
        &mut self,
        spans: &[(IdentityRef, Option<CohortSpan>)],
    ) -> Result<(), StoreError> {
        let bind = |values: &mut Values, (identity, span): &(IdentityRef, Option<CohortSpan>)| {
            values.int(identity.0);
            bind_span(values, *span);
        };
        sql::IDENTITY_COHORT.write(&mut self.tx, &[], spans, bind).await.map(drop)
    }

    /// Replaces identities' link evidence.
    pub async fn set_evidence(&mut self, evidence: &[(IdentityRef, Evidence)]) -> Result<(), StoreError> {
        let bind = |values: &mut Values, (identity, evidence): &(IdentityRef, Evidence)| {
            values.int(identity.0);
            values.blob(evidence_bytes(evidence));
        };
        sql::IDENTITY_EVIDENCE.write(&mut self.tx, &[], evidence, bind).await.map(drop)
    }

    /// The person whose key this identity's is: made when it never was, brought back when it was merged away.
    /// For a link that is undone.
    pub async fn found_person(&mut self, key: PersonId) -> Result<PersonRef, StoreError> {
        let bytes = key.bytes().to_vec();
        let known: Option<i64> =
            sqlx::query_scalar(sql::PERSON_BY_KEY).bind(bytes.clone()).fetch_optional(&mut *self.tx).await?;
        let id = known.unwrap_or_else(|| self.numbers.take("person", 1));
        let query = match known {
            Some(_) => sqlx::query(sql::PERSON_REVIVE).bind(id),
            None => sqlx::query(sql::PERSON_ADD).bind(id).bind(bytes),
        };
        query.execute(&mut *self.tx).await?;
        Ok(PersonRef(id))
    }

    /// Merges a person into another: all identities move, both are marked dirty, so that what recipients hold
    /// of the old one is withdrawn.
    pub async fn retire_person(&mut self, person: PersonRef, into: PersonRef) -> Result<(), StoreError> {
        for text in [sql::PERSON_MOVE, sql::PERSON_RETIRE] {
            sqlx::query(text).bind(person.0).bind(into.0).execute(&mut *self.tx).await?;
        }
        self.mark_dirty(&[into]).await
    }

    /// The current versions of these identities' records, gone ones among them, in any order.
    pub async fn current(&mut self, identities: &[IdentityRef]) -> Result<Vec<CurrentVersion>, StoreError> {
        let (names, mut found) = (Arc::clone(&self.names), Vec::new());
        let take = |row: CurrentTuple| {
            found.push(current_version(&row, &names)?);
            Ok(())
        };
        sql::CURRENT.read(&mut self.tx, &[], identities, |values, id| values.int(id.0), take).await?;
        Ok(found)
    }

    /// A page of the current versions that a feed's files brought, after `after`, by rising row: how a snapshot's
    /// vanished rows are found. Gone ones are left out.
    pub async fn current_of_feed(
        &mut self,
        feed: &str,
        after: VersionRef,
        limit: u32,
    ) -> Result<Vec<CurrentVersion>, StoreError> {
        let query =
            sqlx::query_as(sql::VERSION_OF_FEED).bind(after.0).bind(feed.to_owned()).bind(i64::from(limit));
        let rows: Vec<CurrentTuple> = query.fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| current_version(row, &self.names)).collect()
    }

    /// Adds versions from this file. A record's earlier version is to be closed by the caller.
    pub async fn put_versions(&mut self, new: Vec<NewVersion>) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(new.len());
        for one in new {
            let marks = i64::from(one.cancelled) * CANCELLED + i64::from(one.restricted) * RESTRICTED;
            rows.push((self.names.category_row(one.category)?, marks, one));
        }
        self.add_versions(rows).await
    }

    /// Closes versions: they were current until before this run. The only change a version knows.
    pub async fn close_versions(&mut self, versions: &[VersionRef]) -> Result<(), StoreError> {
        let run = [Some(self.run.id.0)];
        sql::CLOSE.write(&mut self.tx, &run, versions, |values, id| values.int(id.0)).await.map(drop)
    }

    /// Ends records that are no longer in their source: the current version is closed, and an empty one marked
    /// gone takes its number on, so that a record that comes back goes on counting. The persons are to be marked
    /// dirty by the caller.
    pub async fn retire(&mut self, versions: &[CurrentVersion]) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(versions.len());
        for version in versions.iter().filter(|version| !version.gone) {
            let category = version.category.ok_or(StoreError::NoName("category"))?;
            let empty = NewVersion {
                identity: version.identity,
                record: version.record,
                number: version.number.saturating_add(1),
                category,
                row_fp: 0,
                content: 0,
                cancelled: false,
                restricted: false,
                payload: Vec::new(),
            };
            rows.push((self.names.category_row(category)?, GONE, empty));
        }
        let closing: Vec<VersionRef> =
            versions.iter().filter(|version| !version.gone).map(|version| version.id).collect();
        self.close_versions(&closing).await?;
        self.add_versions(rows).await
    }

    async fn add_versions(&mut self, rows: Vec<(i64, i64, NewVersion)>) -> Result<(), StoreError> {
        let first = self.numbers.take("version", rows.len());
        let shared = [Some(first), Some(self.partner), Some(self.file.0), Some(self.run.id.0)];
        let bind = |values: &mut Values, (category, marks, one): (i64, i64, NewVersion)| {
            values.int(one.identity.0);
            values.key(one.record.0);
            values.int(i64::from(one.number));
            values.int(category);
            values.int(marks);
            values.key(one.row_fp);
            values.key(one.content);
            values.blob(one.payload);
        };
        sql::VERSION_ADD.write(&mut self.tx, &shared, rows, bind).await.map(drop)
    }

    /// The gate is to look at these persons again.
    pub async fn mark_dirty(&mut self, persons: &[PersonRef]) -> Result<(), StoreError> {
        sql::MARK.write(&mut self.tx, &[Some(1)], persons, |values, id| values.int(id.0)).await.map(drop)
    }

    /// Records refused rows of this file.
    pub async fn put_quarantine(&mut self, rows: Vec<NewQuarantine>) -> Result<(), StoreError> {
        let first = self.numbers.take("quarantine", rows.len());
        let shared = [Some(first), Some(self.file.0), Some(self.run.id.0)];
        let bind = |values: &mut Values, row: NewQuarantine| {
            values.int(ids::stored(row.row));
            values.text(row.column);
            values.text(Some(row.code));
        };
        sql::QUARANTINE_ADD.write(&mut self.tx, &shared, rows, bind).await.map(drop)
    }

    /// Records pairs for review; a pair that is known, in whichever order, stays as it is.
    pub async fn put_reviews(&mut self, pairs: Vec<NewReview>) -> Result<(), StoreError> {
        let run = [Some(self.run.id.0)];
        let bind = |values: &mut Values, pair: NewReview| {
            values.key(pair.a.min(pair.b).0);
            values.key(pair.a.max(pair.b).0);
            values.text(Some(pair.reason));
        };
        sql::REVIEW_ADD.write(&mut self.tx, &run, pairs, bind).await.map(drop)
    }

    /// Replaces the fingerprints by which the feed's next file knows its unchanged rows. Cut as the caller likes;
    /// pieces of about a megabyte are good.
    pub async fn put_seen(&mut self, feed: &str, packed: Vec<Vec<u8>>) -> Result<(), StoreError> {
        sqlx::query(sql::SEEN_CLEAR).bind(feed.to_owned()).execute(&mut *self.tx).await?;
        for (part, packed) in (0i64..).zip(packed) {
            let query = sqlx::query(sql::SEEN_ADD).bind(feed.to_owned()).bind(part).bind(packed);
            query.execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    /// Accepts the file: everything becomes visible at once. A held row of the same bytes is superseded.
    pub async fn commit(mut self, outcome: &FileOutcome) -> Result<FileId, StoreError> {
        supersede_held(&mut self.tx, outcome).await?;
        insert(&mut self.tx, self.file, self.run.id, FileState::Accepted, outcome).await?;
        let file = self.file;
        self.commit_replay().await?;
        Ok(file)
    }

    /// Ends a replay: the file has its row already.
    pub async fn commit_replay(mut self) -> Result<(), StoreError> {
        self.numbers.keep(&mut self.tx).await?;
        Ok(self.tx.commit().await?)
    }
}

fn bind_span(values: &mut Values, span: Option<CohortSpan>) {
    let text = |date: Option<Date>| date.map(|date| date.to_string());
    values.int(i64::from(span.is_some()));
    values.text(text(span.and_then(|span| span.from)));
    values.text(text(span.and_then(|span| span.until)));
}

fn evidence_bytes(evidence: &Evidence) -> Vec<u8> {
    evidence.keys.iter().flat_map(|key| key.0.to_be_bytes()).collect()
}

fn evidence(bytes: &[u8]) -> Result<Evidence, StoreError> {
    let (keys, odd) = bytes.as_chunks::<8>();
    if !odd.is_empty() {
        return Err(StoreError::row("identity"));
    }
    Ok(Evidence { keys: keys.iter().map(|key| Key(u64::from_be_bytes(*key))).collect() })
}

pub(super) type IdentityTuple = (i64, Vec<u8>, i64, i64, i64, Option<String>, Option<String>, Vec<u8>);

pub(super) fn identity_row(row: IdentityTuple, names: &Dictionaries) -> Result<IdentityRow, StoreError> {
    let (id, key, partner, person, is_cohort, from, until, proofs) = row;
    let span = CohortSpan {
        from: ids::maybe_date(from.as_deref(), "identity")?,
        until: ids::maybe_date(until.as_deref(), "identity")?,
    };
    Ok(IdentityRow {
        id: IdentityRef(id),
        key: IdentityId(ids::key(&key, "identity")?),
        partner: names.partner(partner),
        person: PersonRef(person),
        cohort: (is_cohort == 1).then_some(span),
        evidence: evidence(&proofs)?,
    })
}

type CurrentTuple = (i64, i64, Vec<u8>, i64, i64, i64, i64, Vec<u8>, Vec<u8>);

fn current_version(row: &CurrentTuple, names: &Dictionaries) -> Result<CurrentVersion, StoreError> {
    let (id, identity, record, number, category, file, marks, row_fp, content) = row;
    Ok(CurrentVersion {
        id: VersionRef(*id),
        identity: IdentityRef(*identity),
        record: RecordId(ids::key(record, "version")?),
        number: count(*number, "version")?,
        category: names.category(*category),
        file: FileId(*file),
        row_fp: ids::key(row_fp, "version")?,
        content: ids::key(content, "version")?,
        cancelled: cancelled(*marks),
        restricted: restricted(*marks),
        gone: marks & GONE != 0,
    })
}

pub(super) const fn cancelled(marks: i64) -> bool {
    marks & CANCELLED != 0
}

pub(super) const fn restricted(marks: i64) -> bool {
    marks & RESTRICTED != 0
}
