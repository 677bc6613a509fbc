//! Names ↔ small numbers: categories and partners stand in rows as the id of a dictionary row, so that
//! an edited schema (other order, new categories) reads old rows rightly.

use super::db::Conn;
use super::either;
use super::error::StoreError;
use lockgate_core::agreement::PartnerId;
use lockgate_core::schema::CategoryId;
use std::collections::BTreeMap;

/// The names that the configuration in force knows, in its own order: a place is a `CategoryId` or
/// `PartnerId`.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Category names in the order of the schema.
    pub categories: &'a [&'a str],
    /// Partner keys in the order of the agreement.
    pub partners: &'a [&'a str],
}

/// Both dictionaries, resolved.
pub(super) struct Dictionaries {
    categories: Dictionary,
    partners: Dictionary,
}

impl Dictionaries {
    /// Reads both; names that are not there yet are added when `add` allows it.
    pub(super) async fn resolve(
        connection: &mut Conn,
        names: &Names<'_>,
        add: bool,
    ) -> Result<Self, StoreError> {
        let categories =
            Dictionary::resolve(connection, &super::sql::CATEGORY, names.categories, add).await?;
        let partners = Dictionary::resolve(connection, &super::sql::PARTNER, names.partners, add).await?;
        Ok(Self { categories, partners })
    }

    pub(super) fn category_row(&self, id: CategoryId) -> Result<i64, StoreError> {
        self.categories.row(usize::from(id.0)).ok_or(StoreError::NoName("category"))
    }

    pub(super) fn partner_row(&self, id: PartnerId) -> Result<i64, StoreError> {
        self.partners.row(usize::from(id.0)).ok_or(StoreError::NoName("partner"))
    }

    /// `None` for a category that the schema no longer has.
    pub(super) fn category(&self, row: i64) -> Option<CategoryId> {
        self.categories.place(row).and_then(|place| u16::try_from(place).ok()).map(CategoryId)
    }

    /// `None` for a partner that the agreement no longer has.
    pub(super) fn partner(&self, row: i64) -> Option<PartnerId> {
        self.partners.place(row).and_then(|place| u8::try_from(place).ok()).map(PartnerId)
    }

    /// Stored names that the configuration no longer knows: (category names, partner keys).
    pub(super) fn forgotten(&self) -> (&[String], &[String]) {
        (&self.categories.forgotten, &self.partners.forgotten)
    }
}

/// The two statements of a dictionary table.
pub(super) struct NameTable {
    pub(super) read: &'static str,
    pub(super) add: &'static str,
}

struct Dictionary {
    rows: Vec<Option<i64>>,
    places: BTreeMap<i64, usize>,
    forgotten: Vec<String>,
}

impl Dictionary {
    async fn resolve(
        connection: &mut Conn,
        table: &NameTable,
        names: &[&str],
        add: bool,
    ) -> Result<Self, StoreError> {
        let stored: Vec<(i64, String)> = either::query_as(table.read).fetch_all(&mut *connection).await?;
        let mut next = stored.iter().map(|(id, _)| *id).max().unwrap_or(0) + 1;
        let mut by_name: BTreeMap<String, i64> = stored.into_iter().map(|(id, name)| (name, id)).collect();
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let known = by_name.remove(*name);
            if known.is_none() && add {
                either::query(table.add).bind(next).bind(*name).execute(&mut *connection).await?;
                rows.push(Some(next));
                next += 1;
            } else {
                rows.push(known);
            }
        }
        let places = rows.iter().enumerate().filter_map(|(place, row)| row.map(|row| (row, place))).collect();
        Ok(Self { rows, places, forgotten: by_name.into_keys().collect() })
    }

    fn row(&self, place: usize) -> Option<i64> {
        self.rows.get(place).copied().flatten()
    }

    fn place(&self, row: i64) -> Option<usize> {
        self.places.get(&row).copied()
    }
}
