//! Many rows a statement: the store's only way of writing rows in number.
//!
//! The driver's price is per execution (about 50 microseconds), so hundreds of rows share one: 200, and 500 where a first night writes
//! most, since there the values of the next are bound meanwhile. Each value
//! bound costs too: what all rows of a statement share is bound once, and ids that rise by one are
//! counted inside the statement.
//!
//! In the text that is made here for `SQLite`, values stand as `?` and only the shared ones as `$N`: `SQLite` finds
//! numbered parameters by searching a list, which made long statements three times slower. `PostgreSQL` takes each
//! column's values as one array: its statement is the same for any number of rows, and it neither reads nor plans
//! hundreds of parameters anew.

use super::db::{Conn, Dialect, Link};
use super::either::{Readable, Value};
use super::error::StoreError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Executor as _, SqlSafeStr as _, SqlStr, Sqlite, Type};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

/// How many times more rows one statement has where values go as arrays.
const ARRAY: usize = 10;

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
    /// Rows a statement; a server takes [`ARRAY`] times as many, since each statement is a way there and back.
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

    /// The statement for this number of rows, which counts for `SQLite` alone.
    pub(super) fn text(&self, rows: usize, dialect: Dialect) -> String {
        // Parameters are numbered as the driver counts them: values first, shared ones behind.
        let first_shared = self.values_a_row() * if dialect == Dialect::Sqlite { rows } else { 1 } + 1;
        let shared = |text: &str| text.replace("$shared", &format!("${first_shared}"));
        let mut out = shared(self.before);
        for (verb, or_fail) in dialect.verbs() {
            if let Some(rest) = self.before.strip_prefix(verb) {
                out = format!("{or_fail}{}", shared(rest));
            }
        }
        match dialect {
            Dialect::Sqlite => self.listed(&mut out, rows, first_shared),
            Dialect::Postgres => self.unnested(&mut out, first_shared),
        }
        out.push_str(&shared(self.after));
        out
    }

    /// `VALUES (…), (…)`.
    fn listed(&self, out: &mut String, rows: usize, first_shared: usize) {
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
    }

    /// The same rows out of one array a column, in their order and with the same names of columns.
    fn unnested(&self, out: &mut String, first_shared: usize) {
        let (mut cells, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for cell in self.row {
            cells.push(match cell {
                Cell::Value => {
                    let number = arrays.len() + 1;
                    arrays.push(format!("${number}"));
                    names.push(format!("column{number}, "));
                    format!("u.column{number}")
                }
                Cell::Shared(n) => format!("${}", first_shared + n),
                Cell::Counted => format!("${first_shared} + u.turn - 1"),
            });
        }
        let (cells, arrays, names) = (cells.join(", "), arrays.join(", "), names.concat());
        let _ = write!(out, "SELECT {cells} FROM unnest({arrays}) WITH ORDINALITY AS u({names}turn)");
    }

    /// Rows a statement of this database.
    const fn rows_for(&self, dialect: Dialect) -> usize {
        match dialect {
            Dialect::Sqlite => self.rows,
            Dialect::Postgres => self.rows * ARRAY,
        }
    }

    /// The statement for this number of rows, and whether it is worth a place among the kept ones: one of odd length is
    /// not.
    fn statement(&self, rows: usize, dialect: Dialect) -> (SqlStr, bool) {
        let [sqlite, postgres] = &self.full;
        let full = match dialect {
            Dialect::Sqlite if rows != self.rows => {
                return (AssertSqlSafe(self.text(rows, dialect)).into_sql_str(), false);
            }
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        let text = full.get_or_init(|| self.text(rows, dialect).into());
        (AssertSqlSafe(Arc::clone(text)).into_sql_str(), true)
    }

    /// Writes all rows. `shared[0]` is the first row's number where the shape counts. While the database takes one
    /// statement, the values of the next are bound.
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
        let room = self.rows_for(dialect);
        let mut next = || {
            let mut values = Values::with_room(room, self.values_a_row(), dialect);
            let mut taken = 0;
            for row in rows.by_ref().take(room) {
                bind(&mut values, row);
                taken += 1;
            }
            for (place, value) in shared.iter().enumerate() {
                values.shared(value.map(|n| if counts && place == 0 { n + done } else { n }));
            }
            done += i64::try_from(taken).unwrap_or_default();
            (taken > 0).then_some((taken, values))
        };
        let mut one = next();
        while let Some((taken, values)) = one {
            let (text, keep) = self.statement(taken, dialect);
            let written;
            (written, one) = match (connection.link(), values.bound()?) {
                (Link::Sqlite(connection), Bound::Sqlite(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    let (result, one) = meanwhile(connection.execute(query), &mut next).await;
                    (result?.rows_affected(), one)
                }
                (Link::Postgres(connection), Bound::Postgres(bound)) => {
                    let query = sqlx::query_with(text, bound).persistent(keep);
                    let (result, one) = meanwhile(connection.execute(query), &mut next).await;
                    (result?.rows_affected(), one)
                }
                _ => return Err(unbound()),
            };
            changed += written;
        }
        Ok(changed)
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
        let room = self.rows_for(dialect);
        loop {
            let mut values = Values::with_room(room, self.values_a_row(), dialect);
            let mut taken = 0;
            for row in rows.by_ref().take(room) {
                bind(&mut values, row);
                taken += 1;
            }
            if taken == 0 {
                return Ok(());
            }
            for value in shared {
                values.shared(*value);
            }
            let (text, keep) = self.statement(taken, dialect);
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

/// Begins what takes its time elsewhere, does some work here, and waits for the end of both.
async fn meanwhile<F: Future, W>(elsewhere: F, work: impl FnOnce() -> W) -> (F::Output, W) {
    let mut elsewhere = std::pin::pin!(elsewhere);
    let begun = std::future::poll_fn(|cx| Poll::Ready(elsewhere.as_mut().poll(cx))).await;
    let done = work();
    let ended = match begun {
        Poll::Ready(ended) => ended,
        Poll::Pending => elsewhere.await,
    };
    (ended, done)
}

/// Values as a driver takes them.
enum Bound {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// The values of one statement, in order.
pub(super) struct Values {
    held: Held,
    failed: bool,
}

enum Held {
    Sqlite(SqliteArguments),
    Arrays(Arrays),
}

/// Values by their columns.
#[derive(Default)]
struct Arrays {
    columns: Vec<Array>,
    shared: Vec<Option<i64>>,
    /// The column of the next value, and how many there are.
    next: usize,
    width: usize,
}

/// One column's values: of the kind of the first.
enum Array {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
}

fn unbound() -> StoreError {
    StoreError::Refused("a value could not be bound".into())
}

impl Arrays {
    /// Whether the value is of its column's kind.
    fn put(&mut self, value: Value) -> bool {
        let column = self.columns.get_mut(self.next);
        self.next = if self.next + 1 < self.width { self.next + 1 } else { 0 };
        match (column, value) {
            (Some(Array::Int(column)), Value::Int(value)) => column.push(value),
            (Some(Array::Text(column)), Value::Text(value)) => column.push(value),
            (Some(Array::Blob(column)), Value::Blob(value)) => column.push(value),
            (None, Value::Int(value)) => self.columns.push(Array::Int(vec![value])),
            (None, Value::Text(value)) => self.columns.push(Array::Text(vec![value])),
            (None, Value::Blob(value)) => self.columns.push(Array::Blob(vec![value])),
            (Some(_), _) => return false,
        }
        true
    }

    fn bound(self) -> Result<PgArguments, StoreError> {
        let mut bound = PgArguments::default();
        for column in self.columns {
            match column {
                Array::Int(values) => bound.add(values),
                Array::Text(values) => bound.add(values),
                Array::Blob(values) => bound.add(values),
            }
            .map_err(|_| unbound())?;
        }
        for value in self.shared {
            bound.add(value).map_err(|_| unbound())?;
        }
        Ok(bound)
    }
}

impl Values {
    /// Room for so many rows of so many values.
    fn with_room(rows: usize, width: usize, dialect: Dialect) -> Self {
        let held = match dialect {
            Dialect::Sqlite => {
                let mut bound = SqliteArguments::default();
                bound.reserve(rows * width + 4, 0);
                Held::Sqlite(bound)
            }
            Dialect::Postgres => Held::Arrays(Arrays { width, ..Arrays::default() }),
        };
        Self { held, failed: false }
    }

    fn bound(self) -> Result<Bound, StoreError> {
        match self.held {
            _ if self.failed => Err(unbound()),
            Held::Sqlite(bound) => Ok(Bound::Sqlite(bound)),
            Held::Arrays(arrays) => Ok(Bound::Postgres(arrays.bound()?)),
        }
    }

    fn add<T>(&mut self, value: T)
    where
        T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + Into<Value>,
    {
        let added = match &mut self.held {
            Held::Sqlite(bound) => bound.add(value).is_ok(),
            Held::Arrays(arrays) => arrays.put(value.into()),
        };
        self.failed |= !added;
    }

    /// What all rows share; behind the values.
    fn shared(&mut self, value: Option<i64>) {
        match &mut self.held {
            Held::Sqlite(_) => self.add(value),
            Held::Arrays(arrays) => arrays.shared.push(value),
        }
    }

    pub(super) fn int(&mut self, value: i64) {
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
            "INSERT INTO t (id, a, s, b) SELECT $3 + u.turn - 1, u.column1, $4, u.column2 \
             FROM unnest($1, $2) WITH ORDINALITY AS u(column1, column2, turn) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            list.text(2, Dialect::Postgres),
            "UPDATE t SET x = $2 WHERE id IN (SELECT u.column1 FROM unnest($1) WITH ORDINALITY AS u(column1, turn))"
        );
    }
}
