//! Many rows a statement: the store's only way of writing rows in number.
//!
//! The driver's price is per execution (about 50 microseconds), so a hundred rows share one. Each value
//! bound costs too: what all rows of a statement share is bound once, and ids that rise by one are
//! counted inside the statement.
//!
//! In the text that is made here for `SQLite`, values stand as `?` and only the shared ones as `$N`: `SQLite` finds
//! numbered parameters by searching a list, which made long statements three times slower. `PostgreSQL` numbers them all.

use super::db::{Conn, Dialect, Link};
use super::either::Readable;
use super::error::StoreError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, Executor as _, Postgres, SqlSafeStr as _, SqlStr, Sqlite, Type,
};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

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
    /// The text of a full statement, made once for each dialect.
    pub(super) full: [OnceLock<Arc<str>>; 2],
}

impl Bulk {
    pub(super) const fn new(
        before: &'static str,
        row: &'static [Cell],
        after: &'static str,
        rows: usize,
    ) -> Self {
        Self { before, row, after, rows, full: [const { OnceLock::new() }; 2] }
    }

    /// A list of single values: `… IN (VALUES (?), (?))`.
    pub(super) const fn list(before: &'static str, after: &'static str) -> Self {
        Self::new(before, &[Cell::Value], after, 200)
    }

    fn values_a_row(&self) -> usize {
        self.row.iter().filter(|cell| matches!(cell, Cell::Value)).count()
    }

    /// The statement for this number of rows.
    pub(super) fn text(&self, rows: usize, dialect: Dialect) -> String {
        // Parameters are numbered as the driver counts them: values first, shared ones behind.
        let first_shared = rows * self.values_a_row() + 1;
        let shared = |text: &str, n: usize| text.replace("$shared", &format!("${}", first_shared + n));
        let mut out = shared(self.before, 0);
        for (verb, or_fail) in dialect.verbs() {
            if let Some(rest) = self.before.strip_prefix(verb) {
                out = format!("{or_fail}{}", shared(rest, 0));
            }
        }
        out.push_str("VALUES ");
        let mut number = 0;
        for row in 0..rows {
            out.push_str(if row == 0 { "(" } else { ", (" });
            for (place, cell) in self.row.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                let _ = match cell {
                    Cell::Value => {
                        number += 1;
                        match dialect {
                            Dialect::Sqlite => write!(out, "?"),
                            Dialect::Postgres => write!(out, "${number}"),
                        }
                    }
                    Cell::Shared(n) => write!(out, "${}", first_shared + n),
                    Cell::Counted => write!(out, "${first_shared} + {row}"),
                };
            }
            out.push(')');
        }
        out.push_str(&shared(self.after, 0));
        out
    }

    fn statement(&self, rows: usize, dialect: Dialect) -> SqlStr {
        let [sqlite, postgres] = &self.full;
        let full = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        if rows == self.rows {
            let text = full.get_or_init(|| self.text(rows, dialect).into());
            return AssertSqlSafe(Arc::clone(text)).into_sql_str();
        }
        AssertSqlSafe(self.text(rows, dialect)).into_sql_str()
    }

    /// Writes all rows. `shared[0]` is the first row's number where the shape counts.
    pub(super) async fn write<T>(
        &self,
        connection: &mut Conn,
        shared: &[Option<i64>],
        rows: impl IntoIterator<Item = T>,
        mut bind: impl FnMut(&mut Values, T),
    ) -> Result<u64, StoreError> {
        let counts = self.row.iter().any(|cell| matches!(cell, Cell::Counted));
        let (mut rows, mut done, mut changed) = (rows.into_iter(), 0, 0);
        let dialect = connection.dialect();
        loop {
            let mut values = Values::with_room(self.rows * self.values_a_row() + shared.len(), dialect);
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
            // A statement of odd length is not worth a place among the kept ones.
            let (text, keep) = (self.statement(taken, dialect), taken == self.rows);
            changed += match (connection.link(), values.bound()?) {
                (Link::Sqlite(connection), Bound::Sqlite(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    connection.execute(query).await?.rows_affected()
                }
                (Link::Postgres(connection), Bound::Postgres(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    connection.execute(query).await?.rows_affected()
                }
                _ => return Err(unbound()),
            };
            done += i64::try_from(taken).unwrap_or_default();
        }
    }

    /// Reads what the statement selects, for all rows of the list.
    pub(super) async fn read<T, R>(
        &self,
        connection: &mut Conn,
        shared: &[Option<i64>],
        rows: impl IntoIterator<Item = T>,
        mut bind: impl FnMut(&mut Values, T),
        mut take: impl FnMut(R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>
    where
        R: Readable,
    {
        let mut rows = rows.into_iter();
        let dialect = connection.dialect();
        loop {
            let mut values = Values::with_room(self.rows * self.values_a_row() + shared.len(), dialect);
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
            let (text, keep) = (self.statement(taken, dialect), taken == self.rows);
            match (connection.link(), values.bound()?) {
                (Link::Sqlite(connection), Bound::Sqlite(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    for row in connection.fetch_all(query).await? {
                        take(R::from_row(&row)?)?;
                    }
                }
                (Link::Postgres(connection), Bound::Postgres(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    for row in connection.fetch_all(query).await? {
                        take(R::from_row(&row)?)?;
                    }
                }
                _ => return Err(unbound()),
            }
        }
    }
}

/// Values as a driver takes them.
enum Bound {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// The values of one statement, in order.
pub(super) struct Values {
    bound: Bound,
    failed: bool,
}

fn unbound() -> StoreError {
    StoreError::Refused("a value could not be bound".into())
}

impl Values {
    fn with_room(values: usize, dialect: Dialect) -> Self {
        let bound = match dialect {
            Dialect::Sqlite => {
                let mut bound = SqliteArguments::default();
                bound.reserve(values, 0);
                Bound::Sqlite(bound)
            }
            Dialect::Postgres => Bound::Postgres(PgArguments::default()),
        };
        Self { bound, failed: false }
    }

    fn bound(self) -> Result<Bound, StoreError> {
        if self.failed { Err(unbound()) } else { Ok(self.bound) }
    }

    fn add<T>(&mut self, value: T)
    where
        T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres>,
    {
        let added = match &mut self.bound {
            Bound::Sqlite(bound) => bound.add(value),
            Bound::Postgres(bound) => bound.add(value),
        };
        self.failed |= added.is_err();
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
            bulk.text(2, Dialect::Sqlite),
            "INSERT OR FAIL INTO t (id, a, s, b) VALUES ($5 + 0, ?, $6, ?), ($5 + 1, ?, $6, ?) ON CONFLICT DO NOTHING"
        );
        let list = Bulk::list("UPDATE t SET x = $shared WHERE id IN (", ")");
        assert_eq!(
            list.text(3, Dialect::Sqlite),
            "UPDATE OR FAIL t SET x = $4 WHERE id IN (VALUES (?), (?), (?))"
        );
        assert_eq!(
            bulk.text(2, Dialect::Postgres),
            "INSERT INTO t (id, a, s, b) VALUES ($5 + 0, $1, $6, $2), ($5 + 1, $3, $6, $4) ON CONFLICT DO NOTHING"
        );
        assert_eq!(list.text(2, Dialect::Postgres), "UPDATE t SET x = $3 WHERE id IN (VALUES ($1), ($2))");
    }
}
