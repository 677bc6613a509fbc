//! Row ids: counted here and not by the database, so that rows can be numbered before they are written.

use super::db::Conn;
use super::either;
use super::error::StoreError;
use super::ids::{IdentityRef, PersonRef};
use super::intake::NewIdentity;
use super::sql;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The next free row ids, read at a transaction's start and kept at its end.
pub(crate) struct Counters(BTreeMap<String, i64>);

impl Counters {
    pub(super) async fn read(connection: &mut Conn) -> Result<Self, StoreError> {
        let rows: Vec<(String, i64)> = either::query_as(sql::COUNTER_READ).fetch_all(connection).await?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// The first of `count` new ids of a table.
    pub(super) fn take(&mut self, table: &'static str, count: usize) -> i64 {
        let next = self.0.entry(table.to_owned()).or_insert(1);
        let first = *next;
        *next += i64::try_from(count).unwrap_or_default();
        first
    }

    pub(super) async fn keep(&self, connection: &mut Conn) -> Result<(), StoreError> {
        for (name, next) in &self.0 {
            either::query(sql::COUNTER_WRITE).bind(name).bind(next).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// The counters of one file's transaction, shared with whoever puts its next page together meanwhile.
#[derive(Clone)]
pub struct Numbers(Arc<Mutex<Counters>>);

impl Numbers {
    pub(super) fn new(counters: Counters) -> Self {
        Self(Arc::new(Mutex::new(counters)))
    }

    pub(super) fn take(&self, table: &'static str, count: usize) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(table, count)
    }

    /// The person that would be founded next.
    pub fn next_person(&self) -> PersonRef {
        PersonRef(self.take("person", 0))
    }

    pub(super) async fn keep(self, connection: &mut Conn) -> Result<(), StoreError> {
        let counters = Counters(self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone());
        counters.keep(connection).await
    }

    /// Rows for identities, and for the persons that those without one found, in the same order.
    pub fn identities(&self, new: &[NewIdentity]) -> Vec<(IdentityRef, PersonRef)> {
        let mut person = self.take("person", new.iter().filter(|one| one.person.is_none()).count());
        let first = self.take("identity", new.len());
        let mut rows = Vec::with_capacity(new.len());
        for (one, id) in new.iter().zip(first..) {
            let belongs = one.person.unwrap_or_else(|| {
                person += 1;
                PersonRef(person - 1)
            });
            rows.push((IdentityRef(id), belongs));
        }
        rows
    }
}
