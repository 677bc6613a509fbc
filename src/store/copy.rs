//! A store copied as a whole from one database to another: every row of every table, in one transaction, and read back
//! before it counts.
//!
//! What the tables are is asked of the `SQLite` side, so that a table which a later migration adds is copied too.

use super::db::{self, Conn, DATABASE, Dialect, Pool};
use super::either::{self, Row, Value};
use super::error::StoreError;
use super::fence::Turn;
use super::place::StorePlace;
use super::{MIGRATIONS, MOVED, Store, sql};
use sqlx::AssertSqlSafe;
use std::path::Path;

/// Rows read and written at once.
const ROWS: usize = 200;
/// Tables to which others refer, so that they come first.
const FIRST: [&str; 4] = ["category", "partner", "run", "file"];

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many tables.
    pub tables: usize,
    /// How many rows in all of them.
    pub rows: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Int,
    Text,
    Blob,
}

struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    /// Places of the columns of its primary key, in the key's order.
    key: Vec<usize>,
}

impl Store {
    /// Writes the whole store, as it stands now, into a folder as a database of its own.
    pub async fn copy_to(&self, folder: &Path) -> Result<(), StoreError> {
        if let Dialect::Sqlite = self.read.dialect() {
            let file = folder.join(DATABASE);
            let name = file.to_str().ok_or_else(|| StoreError::Form("the copy's path is not text".into()))?;
            either::query(sql::sqlite::COPY).bind(name).execute(&self.write).await?;
            return Ok(());
        }
        let to = db::sqlite_writing(folder).await?;
        let copied = copy(&self.read, &to).await;
        either::query(sql::sqlite::CHECKPOINT).execute(&to).await?;
        to.close().await;
        copied.map(drop)
    }

    /// Copies the whole store to another place in the same folder, where it goes on from now on: this one is not opened
    /// again (LG2954). There must be none at that place (LG2955).
    pub async fn move_to(&self, place: &StorePlace) -> Result<Copied, StoreError> {
        let copied = match &place.server {
            Some(server) => {
                let to = db::postgres_writing(server, Turn::default()).await?;
                let copied = copy(&self.read, &to).await;
                to.close().await;
                copied?
            }
            None => self.copy_beside(&place.folder).await?,
        };
        self.set_meta(MOVED, "copied").await?;
        Ok(copied)
    }

    /// The file has its name only once it is whole.
    async fn copy_beside(&self, folder: &Path) -> Result<Copied, StoreError> {
        if folder.join(DATABASE).exists() {
            return Err(StoreError::Occupied);
        }
        let unusable = |source| StoreError::Folder { folder: folder.to_owned(), source };
        let beside = tempfile::tempdir_in(folder).map_err(unusable)?;
        let to = db::sqlite_writing(beside.path()).await?;
        let copied = copy(&self.read, &to).await;
        either::query(sql::sqlite::CHECKPOINT).execute(&to).await?;
        to.close().await;
        let copied = copied?;
        std::fs::rename(beside.path().join(DATABASE), folder.join(DATABASE)).map_err(unusable)?;
        Ok(copied)
    }
}

/// Copies all rows into a database that has none, and compares what it reads back.
async fn copy(from: &Pool, to: &Pool) -> Result<Copied, StoreError> {
    to.migrate(MIGRATIONS).await?;
    let mut source = from.snapshot().await?;
    let mut target = to.begin().await?;
    let tables = match from.dialect() {
        Dialect::Sqlite => tables(&mut source).await?,
        Dialect::Postgres => tables(&mut target).await?,
    };
    for table in &tables {
        if !table.page(&mut target, None).await?.is_empty() {
            return Err(StoreError::Occupied);
        }
    }
    let mut rows = 0;
    for table in &tables {
        rows += table.copy(&mut source, &mut target).await?;
        table.compare(&mut source, &mut target).await?;
    }
    target.commit().await?;
    Ok(Copied { tables: tables.len(), rows })
}

/// The tables of a `SQLite` store, in an order in which they can be filled.
async fn tables(connection: &mut Conn) -> Result<Vec<Table>, StoreError> {
    let mut names: Vec<String> =
        either::query_scalar::<String>(sql::sqlite::TABLES).fetch_all(&mut *connection).await?;
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let about: Vec<(String, String, i64)> =
            either::query_as(sql::sqlite::COLUMNS).bind(&name).fetch_all(&mut *connection).await?;
        let mut key: Vec<(i64, usize)> = Vec::new();
        let mut columns = Vec::with_capacity(about.len());
        for (place, (column, kind, turn)) in about.into_iter().enumerate() {
            if turn > 0 {
                key.push((turn, place));
            }
            let kind = match kind.as_str() {
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Blob,
                _ => Kind::Int,
            };
            columns.push((column, kind));
        }
        key.sort_unstable();
        tables.push(Table { name, columns, key: key.into_iter().map(|(_, place)| place).collect() });
    }
    Ok(tables)
}

impl Table {
    fn list(&self, places: impl IntoIterator<Item = usize>) -> String {
        let name = |place: usize| self.columns.get(place).map_or("", |(name, _)| name.as_str());
        places.into_iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The rows that follow one, in the order of the primary key.
    async fn page(
        &self,
        connection: &mut Conn,
        after: Option<&Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let (all, key) = (self.list(0..self.columns.len()), self.list(self.key.iter().copied()));
        let behind = after.map_or_else(String::new, |_| {
            let numbers: Vec<String> = (1..=self.key.len()).map(|number| format!("${number}")).collect();
            format!("WHERE ({key}) > ({})", numbers.join(", "))
        });
        let text = format!("SELECT {all} FROM {} {behind} ORDER BY {key} LIMIT {ROWS}", self.name);
        let mut query = either::query(AssertSqlSafe(text));
        for place in self.key.iter().filter_map(|place| after?.get(*place)) {
            query = query.bind(place.clone());
        }
        query.fetch_all(connection).await?.iter().map(|row| self.values(row)).collect()
    }

    fn values(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        let value = |(name, kind): &(String, Kind)| -> Result<Value, StoreError> {
            Ok(match kind {
                Kind::Int => Value::Int(row.try_get(name)?),
                Kind::Text => Value::Text(row.try_get(name)?),
                Kind::Blob => Value::Blob(row.try_get(name)?),
            })
        };
        self.columns.iter().map(value).collect()
    }

    async fn copy(&self, from: &mut Conn, to: &mut Conn) -> Result<u64, StoreError> {
        let (mut last, mut rows) = (None, 0);
        loop {
            let page = self.page(from, last.as_ref()).await?;
            if page.is_empty() {
                return Ok(rows);
            }
            let mut query = either::query(AssertSqlSafe(self.insert(page.len(), to.dialect())));
            for value in page.iter().flatten() {
                query = query.bind(value.clone());
            }
            rows += query.execute(&mut *to).await?.rows_affected();
            last = page.into_iter().next_back();
        }
    }

    fn insert(&self, rows: usize, dialect: Dialect) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let values = (1..=width).map(|column| match dialect {
                Dialect::Sqlite => "?".to_owned(),
                Dialect::Postgres => format!("${}", row * width + column),
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        format!("INSERT INTO {} ({}) VALUES {}", self.name, self.list(0..width), rows.join(", "))
    }

    /// Reads both sides through, page by page: what is not the same is no copy.
    async fn compare(&self, one: &mut Conn, other: &mut Conn) -> Result<(), StoreError> {
        let mut last = None;
        loop {
            let page = self.page(one, last.as_ref()).await?;
            if page != self.page(other, last.as_ref()).await? {
                return Err(StoreError::CopyDiffers(self.name.clone()));
            }
            last = page.into_iter().next_back();
            if last.is_none() {
                return Ok(());
            }
        }
    }
}
