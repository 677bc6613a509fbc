//! One transaction a file: what an accepted file brings, or nothing of it.

use super::bulk::Values;
use super::db::Tx;
use super::either;
use super::error::StoreError;
use super::file::{FileOutcome, FileState, insert, supersede_held};
use super::ids::{self, FileId, IdentityRef, PersonRef};
use super::log::Log;
use super::names::Dictionaries;
use super::run::Run;
use super::{Counters, Numbers, Store, sql};
use lockgate_core::agreement::PartnerId;
use lockgate_core::commit::SALT;
use lockgate_core::record::{IdentityId, PersonId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An identity seen for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewIdentity {
    /// Its key.
    pub key: IdentityId,
    /// The person it belongs to; `None` founds a person of its own, whose key is this identity's.
    pub person: Option<PersonRef>,
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
    /// A mark of what the two bring.
    pub evidence: u64,
}

/// The transaction of one file. Dropped without [`commit`](Self::commit), it leaves nothing. After an error it is
/// to be dropped: a part of the rows of the failed call may stand in it.
pub struct FileTx {
    tx: Tx,
    names: Arc<Dictionaries>,
    numbers: Numbers,
    run: Run,
    file: FileId,
    partner: i64,
    log: Option<Log>,
}

impl Store {
    /// Starts the transaction of a new file of `partner`.
    pub async fn begin_file(&self, run: &Run, partner: PartnerId) -> Result<FileTx, StoreError> {
        let mut file = self.begin_replay(run, FileId(0), partner).await?;
        file.file = FileId(file.numbers.take("file", 1));
        Ok(file)
    }

    /// Starts a transaction that adds chapters from a file accepted before, for persons who have joined the
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
        Ok(FileTx {
            tx,
            names: Arc::clone(&self.names),
            numbers,
            run: *run,
            file,
            partner,
            log: self.log.clone(),
        })
    }
}

/// Fresh random numbers for persons.
fn salts(count: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut bytes = vec![0; count * SALT];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Random)?;
    Ok(bytes.chunks(SALT).map(<[u8]>::to_vec).collect())
}

impl FileTx {
    pub(super) const fn connection(&mut self) -> &mut Tx {
        &mut self.tx
    }

    pub(super) const fn run(&self) -> Run {
        self.run
    }

    /// The names and the partner's row.
    pub(super) fn origin(&self) -> (Arc<Dictionaries>, i64) {
        (Arc::clone(&self.names), self.partner)
    }

    /// The row that the file has, or will have.
    pub const fn file(&self) -> FileId {
        self.file
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
        self.write_identities(new, &rows, None).await?;
        Ok(rows)
    }

    /// Between the pages of a long file.
    pub fn go_on(&self) {
        self.log.iter().for_each(Log::early);
    }

    /// Adds identities of the file's partner under the rows that [`Numbers::identities`] gave for them. Persons from the row
    /// `founded_from` on were founded a moment ago and have their salts; any other may have lost its own.
    pub async fn write_identities(
        &mut self,
        new: Vec<NewIdentity>,
        rows: &[(IdentityRef, PersonRef)],
        founded_from: Option<PersonRef>,
    ) -> Result<(), StoreError> {
        let founders = new.iter().zip(rows).filter(|(one, _)| one.person.is_none());
        let (founders, persons): (Vec<u128>, Vec<i64>) =
            founders.map(|(one, (_, person))| (one.key.0, person.0)).unzip();
        let salts = salts(founders.len())?;
        let founder = |values: &mut Values, (key, salt): (u128, Vec<u8>)| {
            values.key(key);
            values.blob(salt);
        };
        let shared = [persons.first().copied(), Some(1)];
        sql::FOUND.write(&mut self.tx, &shared, founders.into_iter().zip(salts), founder).await?;
        let older = |person: &PersonRef| founded_from.is_none_or(|from| *person < from);
        let joined: Vec<i64> =
            new.iter().filter_map(|one| one.person).filter(older).map(|person| person.0).collect();
        let salts = joined.iter().copied().zip(self::salts(joined.len())?);
        let join = |values: &mut Values, (person, salt): (i64, Vec<u8>)| {
            values.int(person);
            values.blob(salt);
        };
        sql::SALT.write(&mut self.tx, &[], salts, join).await?;
        let first = rows.first().map(|(identity, _)| identity.0);
        let shared = [first, Some(self.partner), Some(self.run.id.0)];
        let bind = |values: &mut Values, (one, (_, person)): (NewIdentity, &(IdentityRef, PersonRef))| {
            values.key(one.key.0);
            values.int(person.0);
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

    /// The person whose key this identity's is: made when it never was, brought back when it was merged away.
    /// For a link that is undone.
    pub async fn found_person(&mut self, key: PersonId) -> Result<PersonRef, StoreError> {
        let bytes = key.bytes().to_vec();
        let known: Option<i64> = either::query_scalar(sql::PERSON_BY_KEY)
            .bind(bytes.clone())
            .fetch_optional(&mut *self.tx)
            .await?;
        let Some(id) = known else { return self.add_person(key).await };
        let query = either::query(sql::PERSON_REVIVE).bind(id).bind(salts(1)?.pop());
        query.execute(&mut *self.tx).await?;
        Ok(PersonRef(id))
    }

    /// The person whose key this identity's is, of whom it is known that the store has none.
    pub async fn add_person(&mut self, key: PersonId) -> Result<PersonRef, StoreError> {
        let id = self.numbers.take("person", 1);
        let query = either::query(sql::PERSON_ADD).bind(id).bind(key.bytes().to_vec());
        query.bind(salts(1)?.pop()).execute(&mut *self.tx).await?;
        Ok(PersonRef(id))
    }

    /// Merges a person into another: all identities move, both are marked dirty, so that what recipients hold
    /// of the old one is withdrawn.
    pub async fn retire_person(&mut self, person: PersonRef, into: PersonRef) -> Result<(), StoreError> {
        for text in [sql::PERSON_MOVE, sql::PERSON_RETIRE] {
            either::query(text).bind(person.0).bind(into.0).execute(&mut *self.tx).await?;
        }
        self.mark_dirty(&[into]).await
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

    /// Records pairs for review, in whichever order. One that waits already with this reason and evidence stays as it is.
    pub async fn put_reviews(&mut self, pairs: Vec<NewReview>) -> Result<(), StoreError> {
        let run = [Some(self.run.id.0)];
        // A statement may name a pair once; what is said of it last counts.
        let pairs: BTreeMap<_, _> =
            pairs.into_iter().map(|pair| ((pair.a.min(pair.b), pair.a.max(pair.b)), pair)).collect();
        let bind = |values: &mut Values, ((a, b), pair): ((IdentityId, IdentityId), NewReview)| {
            values.key(a.0);
            values.key(b.0);
            values.text(Some(pair.reason));
            values.int(pair.evidence.cast_signed());
        };
        sql::REVIEW_ADD.write(&mut self.tx, &run, pairs, bind).await.map(drop)
    }

    /// These pairs wait no more: whatever brought them together is gone, or they are one person now.
    pub async fn settle_reviews(&mut self, pairs: &[(IdentityId, IdentityId)]) -> Result<(), StoreError> {
        let bind = |values: &mut Values, (a, b): &(IdentityId, IdentityId)| {
            values.key((*a).min(*b).0);
            values.key((*a).max(*b).0);
        };
        sql::REVIEW_SETTLE.write(&mut self.tx, &[], pairs, bind).await.map(drop)
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
        self.tx.commit().await?;
        self.log.iter().for_each(Log::behind);
        Ok(())
    }
}
