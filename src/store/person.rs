//! Persons: who is due at the gate, with their current records; settling; and forgetting.

use super::error::StoreError;
use super::ids::{self, IdentityRef, PersonRef, count};
use super::intake::{IdentityRow, IdentityTuple, cancelled, identity_row, restricted};
use super::names::Dictionaries;
use super::{Store, run, sql};
use jiff::civil::Date;
use lockgate_core::record::{IdentityId, PersonId, RecordId, VersionHead};
use sqlx::{Row as _, SqlitePool};
use std::collections::BTreeMap;
use std::sync::Arc;

const MEMBERS_A_PAGE: i64 = 10_000;
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
}

/// A person for the gate, with the current version of each record, still sealed.
pub struct DuePerson {
    /// Who. A retired person has no versions: what recipients hold of it is to be withdrawn.
    pub person: PersonRow,
    /// Plain columns and sealed values. Versions whose category or partner the configuration no longer has are
    /// not among them.
    pub versions: Vec<(VersionHead, Vec<u8>)>,
}

/// What was destroyed, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Persons, with those merged into them.
    pub persons: u64,
    /// Identities.
    pub identities: u64,
    /// Versions, current and closed.
    pub versions: u64,
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

/// Pages of all identities.
pub struct Members {
    pool: SqlitePool,
    names: Arc<Dictionaries>,
    after: i64,
}

/// Pages of all persons.
pub struct Persons {
    pool: SqlitePool,
    after: i64,
}

/// Pages of persons for the gate.
pub struct DuePersons {
    pool: SqlitePool,
    names: Arc<Dictionaries>,
    everybody: i64,
    as_of: String,
    after: i64,
    dates: Option<BTreeMap<i64, Date>>,
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

    /// All identities, by rising row.
    pub fn members(&self) -> Members {
        Members { pool: self.read.clone(), names: Arc::clone(&self.names), after: 0 }
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

    fn gate_pages(&self, everybody: i64, as_of: String) -> DuePersons {
        DuePersons {
            pool: self.read.clone(),
            names: Arc::clone(&self.names),
            everybody,
            as_of,
            after: 0,
            dates: None,
        }
    }

    /// One person for the gate.
    pub async fn person(&self, person: PersonRef) -> Result<Option<DuePerson>, StoreError> {
        let row: Option<PersonTuple> =
            sqlx::query_as(sql::PERSON_ONE).bind(person.0).fetch_optional(&self.read).await?;
        let Some(row) = row else { return Ok(None) };
        let mut page = vec![DuePerson { person: person_row(&row)?, versions: Vec::new() }];
        self.every_person().fill(&mut page).await?;
        Ok(page.pop())
    }

    /// The person that an identity belongs to now. A person's key is the key of the identity that founded it, so
    /// this also follows a merged person to where its founder went.
    pub async fn person_of(&self, identity: IdentityId) -> Result<Option<PersonRef>, StoreError> {
        let query = sqlx::query_scalar(sql::PERSON_BY_IDENTITY).bind(identity.bytes().to_vec());
        Ok(query.fetch_optional(&self.read).await?.map(PersonRef))
    }

    /// Everybody is to be looked at again: the agreement, the schema or a register changed.
    pub async fn mark_all_dirty(&self) -> Result<(), StoreError> {
        sqlx::query(sql::PERSON_MARK_ALL).execute(&self.write).await?;
        Ok(())
    }

    /// This person is to be looked at again: a register entry about it changed.
    pub async fn mark_dirty(&self, person: PersonRef) -> Result<(), StoreError> {
        sqlx::query(sql::PERSON_MARK).bind(person.0).execute(&self.write).await?;
        Ok(())
    }

    /// The gate is done with these persons until the day given, or until something changes.
    pub async fn settle_persons(&self, persons: Vec<(PersonRef, Option<Date>)>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let bind = |values: &mut super::bulk::Values, (person, review): (PersonRef, Option<Date>)| {
            values.int(person.0);
            values.text(review.map(|day| day.to_string()));
        };
        sql::SETTLE.write(&mut tx, &[], persons, bind).await?;
        Ok(tx.commit().await?)
    }

    /// Destroys what is stored of persons who have left the cohort: versions of all ages, identities, reviews,
    /// what recipients hold, and the persons. The ledger stays. Call it once for many: it reads through
    /// all versions.
    pub async fn forget_persons(&self, persons: &[PersonRef]) -> Result<Forgotten, StoreError> {
        let statements = [
            sql::FORGET_VERSIONS,
            sql::FORGET_REVIEWS_A,
            sql::FORGET_REVIEWS_B,
            sql::FORGET_HOLDINGS,
            sql::FORGET_IDENTITIES,
            sql::FORGET_PERSONS,
        ];
        let gone = self.forget(persons, &statements).await?;
        let at = |n: usize| gone.get(n).copied().unwrap_or_default();
        Ok(Forgotten { versions: at(0), identities: at(4), persons: at(5) })
    }

    /// Destroys the versions, identities and reviews of persons who have left the cohort. The person's key and the
    /// recipients' withdrawn references stay, so that version numbers never repeat should they come back.
    pub async fn empty_persons(&self, persons: &[PersonRef]) -> Result<Forgotten, StoreError> {
        let statements = [
            sql::FORGET_VERSIONS,
            sql::FORGET_REVIEWS_A,
            sql::FORGET_REVIEWS_B,
            sql::FORGET_IDENTITIES,
            sql::EMPTIED_PERSONS,
        ];
        let gone = self.forget(persons, &statements).await?;
        let at = |n: usize| gone.get(n).copied().unwrap_or_default();
        Ok(Forgotten { versions: at(0), identities: at(3), persons: 0 })
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
        while sqlx::query(sql::FORGET_FOLLOW).execute(&mut *tx).await?.rows_affected() > 0 {}
        let mut gone = Vec::with_capacity(statements.len());
        for text in statements {
            gone.push(sqlx::query(*text).execute(&mut *tx).await?.rows_affected());
        }
        tx.commit().await?;
        self.checkpoint().await?;
        Ok(gone)
    }
}

impl Members {
    /// The next page.
    pub async fn next_page(&mut self) -> Result<Option<Vec<IdentityRow>>, StoreError> {
        let query = sqlx::query_as(sql::MEMBERS).bind(self.after).bind(MEMBERS_A_PAGE);
        let rows: Vec<IdentityTuple> = query.fetch_all(&self.pool).await?;
        let page: Vec<IdentityRow> =
            rows.into_iter().map(|row| identity_row(row, &self.names)).collect::<Result<_, _>>()?;
        Ok(page.last().map(|last| self.after = last.id.0).map(|()| page))
    }
}

impl Persons {
    /// The next page.
    pub async fn next_page(&mut self) -> Result<Option<Vec<PersonRow>>, StoreError> {
        let query = sqlx::query_as(sql::PERSONS).bind(self.after).bind(MEMBERS_A_PAGE);
        let rows: Vec<PersonTuple> = query.fetch_all(&self.pool).await?;
        let page: Vec<PersonRow> = rows.iter().map(person_row).collect::<Result<_, _>>()?;
        Ok(page.last().map(|last| self.after = last.id.0).map(|()| page))
    }
}

impl DuePersons {
    /// The next page, by rising row: about 2,000 persons with their current versions.
    pub async fn next_page(&mut self) -> Result<Option<Vec<DuePerson>>, StoreError> {
        let query =
            sqlx::query_as(sql::PERSON_DUE).bind(self.after).bind(self.everybody).bind(self.as_of.clone());
        let rows: Vec<PersonTuple> = query.bind(PERSONS_A_PAGE).fetch_all(&self.pool).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = last.0;
        let mut page = Vec::with_capacity(rows.len());
        for row in &rows {
            page.push(DuePerson { person: person_row(row)?, versions: Vec::new() });
        }
        self.fill(&mut page).await?;
        Ok(Some(page))
    }

    /// Adds the versions to a page of persons, which stand by rising row.
    async fn fill(&mut self, page: &mut [DuePerson]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let (first, last) = (first.person.id.0, last.person.id.0);
        if self.dates.is_none() {
            self.dates = Some(run::dates(&self.pool).await?);
        }
        let dates = self.dates.as_ref().ok_or_else(|| StoreError::row("run"))?;
        let query = sqlx::query(sql::PERSON_VERSIONS).bind(first).bind(last);
        let rows = query.bind(self.everybody).bind(self.as_of.clone()).fetch_all(&self.pool).await?;
        let mut persons = page.iter_mut().peekable();
        for row in rows {
            let owner: i64 = row.try_get(0)?;
            while persons.next_if(|person| person.person.id.0 < owner).is_some() {}
            let Some(person) = persons.peek_mut().filter(|person| person.person.id.0 == owner) else {
                continue;
            };
            person.versions.extend(version(&row, dates, &self.names)?);
        }
        Ok(())
    }
}

type PersonTuple = (i64, Vec<u8>, Option<i64>);

fn person_row((id, key, retired_into): &PersonTuple) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        id: PersonRef(*id),
        key: PersonId(ids::key(key, "person")?),
        retired_into: retired_into.map(PersonRef),
    })
}

/// `None` when the configuration no longer has its category or partner.
fn version(
    row: &sqlx::sqlite::SqliteRow,
    dates: &BTreeMap<i64, Date>,
    names: &Dictionaries,
) -> Result<Option<(VersionHead, Vec<u8>)>, StoreError> {
    let (originator, category) = (names.partner(row.try_get(4)?), names.category(row.try_get(5)?));
    let (Some(originator), Some(category)) = (originator, category) else { return Ok(None) };
    let marks: i64 = row.try_get(7)?;
    let head = VersionHead {
        id: RecordId(ids::key(row.try_get(2)?, "version")?),
        number: count(row.try_get(3)?, "version")?,
        identity: IdentityId(ids::key(row.try_get(1)?, "identity")?),
        originator,
        category,
        as_of: dates.get(&row.try_get(6)?).copied().ok_or_else(|| StoreError::row("version"))?,
        cancelled: cancelled(marks),
        restricted: restricted(marks),
    };
    Ok(Some((head, row.try_get(8)?)))
}
