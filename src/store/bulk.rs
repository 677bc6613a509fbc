//! Many rows a statement: the store's only way of writing rows in number.
//!
//! The driver's price is per execution (about 50 microseconds), so a hundred rows share one. Each value
//! bound costs too: what all rows of a statement share is bound once, and ids that rise by one are
//! counted inside the statement.
//!
//! In the text that is made here, values stand as `?` and only the shared ones as `$N`: `SQLite` finds
//! numbered parameters by searching a list, which made long statements three times slower. A later
//! `PostgreSQL` dialect numbers them all, in this one function.

use super::error::StoreError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Executor as _, SqlSafeStr as _, SqlStr};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

/// A statement that fails half-way is not undone by itself: whoever gets its error drops the transaction, so that
/// `SQLite` need not copy every page that it changes, twice for every hundred rows, only to be able to.
const OR_FAIL: [(&str, &str); 2] = [("INSERT ", "INSERT OR FAIL "), ("UPDATE ", "UPDATE OR FAIL ")];

/// One cell of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    /// A value of this row.
    Value,
    /// The shared value of this number (from 0).
    Shared(usize),
    /// The shared value 0 plus the row's place in the statement.
    Counted,
}

/// The shape of a statement around `VALUES (…), (…)`.
pub(super) struct Bulk {
    pub(super) before: &'static str,
    pub(super) row: &'static [Cell],
    pub(super) after: &'static str,
    /// Rows a statement.
    pub(super) rows: usize,
    /// The text of a full statement, made once.
    pub(super) full: OnceLock<Arc<str>>,
}

impl Bulk {
    pub(super) const fn new(
        before: &'static str,
        row: &'static [Cell],
        after: &'static str,
        rows: usize,
    ) -> Self {
        Self { before, row, after, rows, full: OnceLock::new() }
    }

    /// A list of single values: `… IN (VALUES (?), (?))`.
    pub(super) const fn list(before: &'static str, after: &'static str) -> Self {
        Self::new(before, &[Cell::Value], after, 200)
    }

    fn values_a_row(&self) -> usize {
        self.row.iter().filter(|cell| matches!(cell, Cell::Value)).count()
    }

    /// The statement for this number of rows.
    pub(super) fn text(&self, rows: usize) -> String {
        // Parameters are numbered as the driver counts them: values first, shared ones behind.
        let first_shared = rows * self.values_a_row() + 1;
        let shared = |text: &str, n: usize| text.replace("$shared", &format!("${}", first_shared + n));
        let mut out = shared(self.before, 0);
        for (verb, or_fail) in OR_FAIL {
            if let Some(rest) = self.before.strip_prefix(verb) {
                out = format!("{or_fail}{}", shared(rest, 0));
            }
        }
        out.push_str("VALUES ");
        for row in 0..rows {
            out.push_str(if row == 0 { "(" } else { ", (" });
            for (place, cell) in self.row.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                let _ = match cell {
                    Cell::Value => write!(out, "?"),
                    Cell::Shared(n) => write!(out, "${}", first_shared + n),
                    Cell::Counted => write!(out, "${first_shared} + {row}"),
                };
            }
            out.push(')');
        }
        out.push_str(&shared(self.after, 0));
        out
    }

    fn statement(&self, rows: usize) -> SqlStr {
        if rows == self.rows {
            let text = self.full.get_or_init(|| self.text(rows).into());
            return AssertSqlSafe(Arc::clone(text)).into_sql_str();
        }
        AssertSqlSafe(self.text(rows)).into_sql_str()
    }

    fn query(&self, rows: usize, values: Values) -> Result<BulkQuery, StoreError> {
        if values.failed {
            return Err(StoreError::Refused("a value could not be bound".into()));
        }
        // A statement of odd length is not worth a place among the kept ones.
        Ok(sqlx::query_with(self.statement(rows), values.bound).persistent(rows == self.rows))
    }

    /// Writes all rows. `shared[0]` is the first row's number where the shape counts.
    pub(super) async fn write<T>(
        &self,
        connection: &mut SqliteConnection,
        shared: &[Option<i64>],
        rows: impl IntoIterator<Item = T>,
        mut bind: impl FnMut(&mut Values, T),
    ) -> Result<u64, StoreError> {
        let counts = self.row.iter().any(|cell| matches!(cell, Cell::Counted));
        let (mut rows, mut done, mut changed) = (rows.into_iter(), 0, 0);
        loop {
            let mut values = Values::with_room(self.rows * self.values_a_row() + shared.len());
            let mut taken = 0;
            for row in rows.by_ref().take(self.rows) {
                bind(&mut values, row);
                taken += 1;
            }
            if taken == 0 {
                return Ok(changed);
            }
            for (place, value) in shared.iter().enumerate() {
                values.maybe(value.map(|n| if counts && place == 0 { n + done } else { n }));
            }
            changed += connection.execute(self.query(taken, values)?).await?.rows_affected();
            done += i64::try_from(taken).unwrap_or_default();
        }
    }

    /// Reads what the statement selects, for all rows of the list.
    pub(super) async fn read<T, R>(
        &self,
        connection: &mut SqliteConnection,
        shared: &[Option<i64>],
        rows: impl IntoIterator<Item = T>,
        mut bind: impl FnMut(&mut Values, T),
        mut take: impl FnMut(R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        R: for<'r> sqlx::FromRow<'r, SqliteRow>,
    {
        let mut rows = rows.into_iter();
        loop {
            let mut values = Values::with_room(self.rows * self.values_a_row() + shared.len());
            let mut taken = 0;
            for row in rows.by_ref().take(self.rows) {
                bind(&mut values, row);
                taken += 1;
            }
            if taken == 0 {
                return Ok(());
            }
            for value in shared {
                values.maybe(*value);
            }
            for row in connection.fetch_all(self.query(taken, values)?).await? {
                take(R::from_row(&row)?)?;
            }
        }
    }
}

type BulkQuery = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

/// The values of one statement, in order.
pub(super) struct Values {
    bound: SqliteArguments,
    failed: bool,
}

impl Values {
    fn with_room(values: usize) -> Self {
        let mut bound = SqliteArguments::default();
        bound.reserve(values, 0);
        Self { bound, failed: false }
    }

    fn add<T>(&mut self, value: T)
    where
        T: for<'q> sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.failed |= self.bound.add(value).is_err();
    }

    pub(super) fn int(&mut self, value: i64) {
        self.add(value);
    }

    pub(super) fn maybe(&mut self, value: Option<i64>) {
        self.add(value);
    }

    pub(super) fn text(&mut self, value: Option<String>) {
        self.add(value);
    }

    pub(super) fn blob(&mut self, value: Vec<u8>) {
        self.add(value);
    }

    pub(super) fn key(&mut self, value: u128) {
        self.add(value.to_be_bytes().to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_first_and_shared_ones_behind() {
        let bulk = Bulk::new(
            "INSERT INTO t (id, a, s, b) ",
            &[Cell::Counted, Cell::Value, Cell::Shared(1), Cell::Value],
            " ON CONFLICT DO NOTHING",
            2,
        );
        assert_eq!(
            bulk.text(2),
            "INSERT OR FAIL INTO t (id, a, s, b) VALUES ($5 + 0, ?, $6, ?), ($5 + 1, ?, $6, ?) ON CONFLICT DO NOTHING"
        );
        let list = Bulk::list("UPDATE t SET x = $shared WHERE id IN (", ")");
        assert_eq!(list.text(3), "UPDATE OR FAIL t SET x = $4 WHERE id IN (VALUES (?), (?), (?))");
    }
}
