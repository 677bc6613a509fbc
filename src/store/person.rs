//! Persons: who is due at the gate, with their current records; settling; and forgetting.

use super::chapter::{DuePerson, Reading};
use super::db::Pool;
use super::either;
use super::error::StoreError;
use super::ids::{self, IdentityRef, PersonRef, RunId};
use super::names::Dictionaries;
use super::{Store, proposal, run, sql};
use jiff::civil::Date;
use lockgate_core::record::{IdentityId, PersonId};
use std::sync::Arc;

const KEYS_A_PAGE: i64 = 10_000;
const PERSONS_A_PAGE: i64 = 2_000;

/// A stored person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonRow {
    /// Its row.
    pub id: PersonRef,
    /// Its key.
    pub key: PersonId,
    /// The person that it was merged into.
    pub retired_into: Option<PersonRef>,
    /// From what the salts of the ledger's commitments about it follow; `None` once it is forgotten.
    pub salt: Option<[u8; 16]>,
}

/// What was destroyed, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Persons, with those merged into them.
    pub persons: u64,
    /// Identities.
    pub identities: u64,
    /// Chapters.
    pub chapters: u64,
}

/// A stored identity with the key of its person: what the linker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownIdentity {
    /// Its row.
    pub id: IdentityRef,
    /// Its key.
    pub key: IdentityId,
    /// The row of its person.
    pub person: PersonRef,
    /// The key of its person.
    pub person_key: PersonId,
    /// The run that first saw it.
    pub first_run: i64,
}

/// Pages of all persons.
pub struct Persons {
    pool: Pool,
    after: i64,
}

/// Pages of persons for the gate.
pub struct DuePersons {
    pub(super) pool: Pool,
    pub(super) names: Arc<Dictionaries>,
    everybody: i64,
    as_of: String,
    until: u64,
    after: i64,
    reading: Option<Arc<Reading>>,
}

impl Store {
    /// Those of the identities that are stored, each with the key of its person, in any order.
    pub async fn known_identities(&self, keys: &[IdentityId]) -> Result<Vec<KnownIdentity>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let mut found = Vec::new();
        let take = |(id, key, person, person_key, first_run): (i64, Vec<u8>, i64, Vec<u8>, i64)| {
            found.push(KnownIdentity {
                id: IdentityRef(id),
                key: IdentityId(ids::key(&key, "identity")?),
                person: PersonRef(person),
                person_key: PersonId(ids::key(&person_key, "person")?),
                first_run,
            });
            Ok(())
        };
        sql::IDENTITY_KNOWN.read(&mut connection, &[], keys, |values, key| values.key(key.0), take).await?;
        Ok(found)
    }

    /// The keys of all identities of these persons, in any order.
    pub async fn members(&self, persons: &[PersonRef]) -> Result<Vec<IdentityId>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let mut found = Vec::new();
        let take = |(key,): (Vec<u8>,)| {
            found.push(IdentityId(ids::key(&key, "identity")?));
            Ok(())
        };
        sql::IDENTITY_OF.read(&mut connection, &[], persons, |values, id| values.int(id.0), take).await?;
        Ok(found)
    }

    /// The first run before this one that came to no end, since the last that did.
    pub async fn first_interrupted(&self, run: RunId) -> Result<Option<RunId>, StoreError> {
        let first: (Option<i64>,) =
            either::query_as(sql::RUN_INTERRUPTED).bind(run.0).fetch_one(&self.read).await?;
        Ok(first.0.map(RunId))
    }

    /// The identities that runs since the last finished one added and that this one has to look at again: a run that was
    /// stopped may have read one of an identity's files and not the next.
    pub async fn interrupted_identities(&self, run: RunId) -> Result<Vec<IdentityId>, StoreError> {
        let Some(first) = self.first_interrupted(run).await? else { return Ok(Vec::new()) };
        let keys: Vec<(Vec<u8>,)> =
            either::query_as(sql::IDENTITY_SINCE).bind(first.0).fetch_all(&self.read).await?;
        keys.iter().map(|(key,)| Ok(IdentityId(ids::key(key, "identity")?))).collect()
    }

    /// The identities of persons who changed and with whom no night was done since. One that could not make every bundle has destroyed
    /// nothing of whoever left in it: that is for the next.
    pub async fn unsettled_identities(&self) -> Result<Vec<IdentityId>, StoreError> {
        let keys: Vec<(Vec<u8>,)> = either::query_as(sql::IDENTITY_UNSETTLED).fetch_all(&self.read).await?;
        keys.iter().map(|(key,)| Ok(IdentityId(ids::key(key, "identity")?))).collect()
    }

    /// The rows of the persons of these keys, those emptied and retired among them.
    pub async fn persons_by_key(&self, keys: &[PersonId]) -> Result<Vec<(PersonId, PersonRef)>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let mut found = Vec::new();
        let take = |(id, key): (i64, Vec<u8>)| {
            found.push((PersonId(ids::key(&key, "person")?), PersonRef(id)));
            Ok(())
        };
        sql::PERSON_KNOWN.read(&mut connection, &[], keys, |values, key| values.key(key.0), take).await?;
        Ok(found)
    }

    /// All persons, by rising row.
    pub fn persons(&self) -> Persons {
        Persons { pool: self.read.clone(), after: 0 }
    }

    /// The persons that the gate has to look at: something changed, or the day has come on which a decision may.
    pub fn due_persons(&self, as_of: Date) -> DuePersons {
        self.gate_pages(0, as_of.to_string())
    }

    /// Every person, for a snapshot or a changed agreement.
    pub fn every_person(&self) -> DuePersons {
        self.gate_pages(1, String::new())
    }

    /// Every person with the records that stood when a run had ended. Who has left since is not among them, and who was
    /// linked to whom is as it is now.
    pub fn every_person_then(&self, run: RunId) -> DuePersons {
        DuePersons { until: run.0.cast_unsigned(), ..self.every_person() }
    }

    fn gate_pages(&self, everybody: i64, as_of: String) -> DuePersons {
        DuePersons {
            pool: self.read.clone(),
            names: Arc::clone(&self.names),
            everybody,
            as_of,
            until: u64::MAX,
            after: 0,
            reading: None,
        }
    }

    /// One person for the gate.
    pub async fn person(&self, person: PersonRef) -> Result<Option<DuePerson>, StoreError> {
        let row: Option<PersonTuple> =
            either::query_as(sql::PERSON_ONE).bind(person.0).fetch_optional(&self.read).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(self.every_person().fill(&[row]).await?.pop())
    }

    /// The person that an identity belongs to now. A person's key is the key of the identity that founded it, so
    /// this also follows a merged person to where its founder went.
    pub async fn person_of(&self, identity: IdentityId) -> Result<Option<PersonRef>, StoreError> {
        let query = either::query_scalar(sql::PERSON_BY_IDENTITY).bind(identity.bytes().to_vec());
        Ok(query.fetch_optional(&self.read).await?.map(PersonRef))
    }

    /// Everybody is to be looked at again: the agreement, the schema or a register changed.
    pub async fn mark_all_dirty(&self) -> Result<(), StoreError> {
        either::query(sql::PERSON_MARK_ALL).execute(&self.write).await?;
        Ok(())
    }

    /// This person is to be looked at again: a register entry about it changed.
    pub async fn mark_dirty(&self, person: PersonRef) -> Result<(), StoreError> {
        either::query(sql::PERSON_MARK).bind(person.0).execute(&self.write).await?;
        Ok(())
    }

    /// Destroys what is stored of persons who have left the cohort: chapters, identities, reviews, what
    /// recipients hold, and the persons. The ledger stays. Call it once for many: it reads through all persons.
    pub async fn forget_persons(&self, persons: &[PersonRef]) -> Result<Forgotten, StoreError> {
        let statements = [
            sql::FORGET_CHAPTERS,
            sql::FORGET_REVIEWS_A,
            sql::FORGET_REVIEWS_B,
            proposal::FORGET_A,
            proposal::FORGET_B,
            sql::FORGET_HOLDINGS,
            sql::FORGET_IDENTITIES,
            sql::FORGET_PERSONS,
        ];
        let gone = self.forget(persons, &statements).await?;
        let at = |n: usize| gone.get(n).copied().unwrap_or_default();
        Ok(Forgotten { chapters: at(0), identities: at(6), persons: at(7) })
    }

    /// Destroys the chapters, identities and reviews of persons who have left the cohort. The person's key and the
    /// recipients' withdrawn references stay, so that version numbers never repeat should they come back.
    pub async fn empty_persons(&self, persons: &[PersonRef]) -> Result<Forgotten, StoreError> {
        let statements = [
            sql::FORGET_CHAPTERS,
            sql::FORGET_REVIEWS_A,
            sql::FORGET_REVIEWS_B,
            proposal::FORGET_A,
            proposal::FORGET_B,
            sql::FORGET_IDENTITIES,
            sql::EMPTIED_PERSONS,
        ];
        let gone = self.forget(persons, &statements).await?;
        let at = |n: usize| gone.get(n).copied().unwrap_or_default();
        Ok(Forgotten { chapters: at(0), identities: at(5), persons: 0 })
    }

    /// Runs statements about marked persons; gives the rows that each removed.
    async fn forget(
        &self,
        persons: &[PersonRef],
        statements: &[&'static str],
    ) -> Result<Vec<u64>, StoreError> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        // The mark 2 lives only inside this transaction.
        sql::MARK.write(&mut tx, &[Some(2)], persons, |values, id| values.int(id.0)).await?;
        while either::query(sql::FORGET_FOLLOW).execute(&mut *tx).await?.rows_affected() > 0 {}
        let mut gone = Vec::with_capacity(statements.len());
        for text in statements {
            gone.push(either::query(*text).execute(&mut *tx).await?.rows_affected());
        }
        tx.commit().await?;
        self.checkpoint().await?;
        Ok(gone)
    }
}

impl Persons {
    /// The next page.
    pub async fn next_page(&mut self) -> Result<Option<Vec<PersonRow>>, StoreError> {
        let query = either::query_as(sql::PERSONS).bind(self.after).bind(KEYS_A_PAGE);
        let rows: Vec<PersonTuple> = query.fetch_all(&self.pool).await?;
        let page: Vec<PersonRow> = rows.iter().map(person_row).collect::<Result<_, _>>()?;
        Ok(page.last().map(|last| self.after = last.id.0).map(|()| page))
    }
}

impl DuePersons {
    /// The next page, by rising row: about 2,000 persons with their chapters.
    pub async fn next_page(&mut self) -> Result<Option<Vec<DuePerson>>, StoreError> {
        let query =
            either::query_as(sql::PERSON_DUE).bind(self.after).bind(self.everybody).bind(self.as_of.clone());
        let rows: Vec<PersonTuple> = query.bind(PERSONS_A_PAGE).fetch_all(&self.pool).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = last.0;
        self.fill(&rows).await.map(Some)
    }

    /// A page of persons, by rising row, with their chapters.
    async fn fill(&mut self, rows: &[PersonTuple]) -> Result<Vec<DuePerson>, StoreError> {
        let reading = self.reading().await?;
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let (person, reading) = (person_row(row)?, Arc::clone(&reading));
            page.push(DuePerson { person, chapters: Vec::new(), reading });
        }
        let (first, last) = (rows.first().map(|row| row.0), rows.last().map(|row| row.0));
        let query = either::query_as(sql::PERSON_CHAPTERS).bind(first).bind(last);
        let chapters: Vec<(i64, i64, Vec<u8>)> =
            query.bind(self.everybody).bind(self.as_of.clone()).fetch_all(&self.pool).await?;
        let mut persons = page.iter_mut().peekable();
        for (owner, place, body) in chapters {
            while persons.next_if(|person| person.person.id.0 < owner).is_some() {}
            if let Some(person) = persons.peek_mut().filter(|person| person.person.id.0 == owner) {
                person.chapters.push((place, body));
            }
        }
        for person in &mut page {
            // Mostly they come so: a person's identities by their rows, and each one's chapters in order.
            person.chapters.sort_by_key(|(place, _)| *place);
        }
        Ok(page)
    }

    async fn reading(&mut self) -> Result<Arc<Reading>, StoreError> {
        if let Some(reading) = &self.reading {
            return Ok(Arc::clone(reading));
        }
        let dates = run::dates(&self.pool).await?;
        let reading = Arc::new(Reading { names: Arc::clone(&self.names), dates, until: self.until });
        Ok(Arc::clone(self.reading.insert(reading)))
    }
}

type PersonTuple = (i64, Vec<u8>, Option<i64>, Option<Vec<u8>>);

fn person_row((id, key, retired_into, salt): &PersonTuple) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        id: PersonRef(*id),
        key: PersonId(ids::key(key, "person")?),
        retired_into: retired_into.map(PersonRef),
        salt: salt.as_deref().and_then(|salt| salt.try_into().ok()),
    })
}
