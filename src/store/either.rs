//! A statement with its values, for either database.
//!
//! Written as with the driver (`query(text).bind(…).fetch_all(&pool)`), and handed to the driver of the database at hand
//! only when it is executed: so each statement of the store is written once. What is written or read in number goes
//! through `bulk.rs`, which binds straight into the driver's own form.

use super::db::{Conn, Link, Pool};
use super::error::StoreError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Decode, FromRow, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type};
use std::marker::PhantomData;

/// A value to be bound: of one of the three kinds of columns that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

macro_rules! values {
    ($($from:ty => $kind:ident($value:ident => $made:expr);)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$kind($made)
            }
        })*
    };
}

values! {
    i64 => Int(value => Some(value));
    &i64 => Int(value => Some(*value));
    Option<i64> => Int(value => value);
    bool => Int(value => Some(i64::from(value)));
    String => Text(value => Some(value));
    &String => Text(value => Some(value.clone()));
    &str => Text(value => Some(value.to_owned()));
    Option<String> => Text(value => value);
    Option<&str> => Text(value => value.map(str::to_owned));
    Vec<u8> => Blob(value => Some(value));
    Option<Vec<u8>> => Blob(value => value);
}

/// On what a statement is executed.
pub(super) enum On<'c> {
    Pool(&'c Pool),
    Link(Link<'c>),
}

impl<'c> From<&'c Pool> for On<'c> {
    fn from(pool: &'c Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'c> From<&'c mut Conn> for On<'c> {
    fn from(connection: &'c mut Conn) -> Self {
        Self::Link(connection.link())
    }
}

/// A row that can be read from either database.
pub(super) trait Readable:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Readable for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A column's value that can be read from either database.
pub(super) trait Column<'r>:
    Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{
}

impl<'r, T> Column<'r> for T where T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{}

/// A row whose columns are read by name.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(super) fn try_get<'r, T: Column<'r>>(&'r self, column: &str) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

/// How many rows a statement changed.
pub(super) struct Changed(u64);

impl Changed {
    pub(super) const fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// A statement with its values.
pub(super) struct Query {
    text: SqlStr,
    values: Vec<Value>,
}

/// A statement that gives rows of one kind.
pub(super) struct QueryAs<T>(Query, PhantomData<fn() -> T>);

/// A statement that gives single values.
pub(super) struct QueryScalar<T>(QueryAs<(T,)>);

pub(super) fn query(text: impl SqlSafeStr) -> Query {
    Query { text: text.into_sql_str(), values: Vec::new() }
}

pub(super) fn query_as<T>(text: &'static str) -> QueryAs<T> {
    QueryAs(query(text), PhantomData)
}

pub(super) fn query_scalar<T>(text: &'static str) -> QueryScalar<T> {
    QueryScalar(query_as(text))
}

/// Expands an expression for the driver at hand: `$statement` is its query, `$c` what executes it. `$make` names the
/// driver's function that makes the query.
macro_rules! with_driver {
    ($self:expr, $on:expr, $make:ident, |$statement:ident, $c:ident| $body:expr, $sqlite:expr, $postgres:expr) => {
        match $on.into() {
            On::Pool(Pool::Sqlite($c)) => {
                let $statement = sqlx::$make($self.text, sqlite($self.values)?);
                $sqlite($body?)
            }
            On::Link(Link::Sqlite($c)) => {
                let $statement = sqlx::$make($self.text, sqlite($self.values)?);
                $sqlite($body?)
            }
            On::Pool(Pool::Postgres($c)) => {
                let $statement = sqlx::$make($self.text, postgres($self.values)?);
                $postgres($body?)
            }
            On::Link(Link::Postgres($c)) => {
                let $statement = sqlx::$make($self.text, postgres($self.values)?);
                $postgres($body?)
            }
        }
    };
}

impl Query {
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) async fn execute<'c>(self, on: impl Into<On<'c>>) -> Result<Changed, StoreError> {
        Ok(Changed(with_driver!(
            self,
            on,
            query_with,
            |statement, c| statement.execute(c).await,
            |done: sqlx::sqlite::SqliteQueryResult| done.rows_affected(),
            |done: sqlx::postgres::PgQueryResult| done.rows_affected()
        )))
    }

    pub(super) async fn fetch_all<'c>(self, on: impl Into<On<'c>>) -> Result<Vec<Row>, StoreError> {
        Ok(with_driver!(
            self,
            on,
            query_with,
            |statement, c| statement.fetch_all(c).await,
            |rows: Vec<SqliteRow>| rows.into_iter().map(Row::Sqlite).collect(),
            |rows: Vec<PgRow>| rows.into_iter().map(Row::Postgres).collect()
        ))
    }

    pub(super) async fn fetch_optional<'c>(self, on: impl Into<On<'c>>) -> Result<Option<Row>, StoreError> {
        Ok(with_driver!(
            self,
            on,
            query_with,
            |statement, c| statement.fetch_optional(c).await,
            |row: Option<SqliteRow>| row.map(Row::Sqlite),
            |row: Option<PgRow>| row.map(Row::Postgres)
        ))
    }
}

impl<T: Readable> QueryAs<T> {
    pub(super) fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value), PhantomData)
    }

    pub(super) async fn fetch_all<'c>(self, on: impl Into<On<'c>>) -> Result<Vec<T>, StoreError> {
        let same = |rows: Vec<T>| rows;
        Ok(with_driver!(self.0, on, query_as_with, |statement, c| statement.fetch_all(c).await, same, same))
    }

    pub(super) async fn fetch_one<'c>(self, on: impl Into<On<'c>>) -> Result<T, StoreError> {
        let same = |row: T| row;
        Ok(with_driver!(self.0, on, query_as_with, |statement, c| statement.fetch_one(c).await, same, same))
    }

    pub(super) async fn fetch_optional<'c>(self, on: impl Into<On<'c>>) -> Result<Option<T>, StoreError> {
        let same = |row: Option<T>| row;
        Ok(with_driver!(
            self.0,
            on,
            query_as_with,
            |statement, c| statement.fetch_optional(c).await,
            same,
            same
        ))
    }
}

impl<T> QueryScalar<T>
where
    (T,): Readable,
{
    pub(super) fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value))
    }

    pub(super) async fn fetch_all<'c>(self, on: impl Into<On<'c>>) -> Result<Vec<T>, StoreError> {
        Ok(self.0.fetch_all(on).await?.into_iter().map(|row| row.0).collect())
    }

    pub(super) async fn fetch_one<'c>(self, on: impl Into<On<'c>>) -> Result<T, StoreError> {
        Ok(self.0.fetch_one(on).await?.0)
    }

    pub(super) async fn fetch_optional<'c>(self, on: impl Into<On<'c>>) -> Result<Option<T>, StoreError> {
        Ok(self.0.fetch_optional(on).await?.map(|row| row.0))
    }
}

fn unbound<E>(_: E) -> StoreError {
    StoreError::Refused("a value could not be bound".into())
}

fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut bound = SqliteArguments::default();
    for value in values {
        match value {
            Value::Int(value) => bound.add(value),
            Value::Text(value) => bound.add(value),
            Value::Blob(value) => bound.add(value),
        }
        .map_err(unbound)?;
    }
    Ok(bound)
}

fn postgres(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut bound = PgArguments::default();
    for value in values {
        match value {
            Value::Int(value) => bound.add(value),
            Value::Text(value) => bound.add(value),
            Value::Blob(value) => bound.add(value),
        }
        .map_err(unbound)?;
    }
    Ok(bound)
}
