//! Preview: a source's own row and what its mapping makes of it, for the staff who hold the partner's file anyway.
//!
//! The one place where a row's values are given out in clear. They go to the terminal of whoever asked, or to the page
//! asked for, never to a log, a bundle or the store; what a recipient would get comes from the gate, as for a bundle.

use crate::record::Candidate;
use crate::row::RowBuf;
use crate::schema::Schema;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A record as its mapping makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The category's name.
    pub category: String,
    /// Fields that hold a value, in schema order.
    pub fields: Vec<(String, String)>,
    /// The source cancelled it.
    pub cancelled: bool,
    /// The source restricted it.
    pub restricted: bool,
}

/// The cells of a row by the header's names; empty ones are left out.
pub fn cells(header: &[String], row: &RowBuf) -> Vec<(String, String)> {
    let named =
        header.iter().enumerate().map(|(at, name)| (name.clone(), row.cell(at).text.trim().to_string()));
    named.filter(|(_, text)| !text.is_empty()).collect()
}

/// A record's values.
pub fn record(candidate: &Candidate, schema: &Schema) -> Shown {
    let category = schema.get(candidate.category);
    let fields = category.map_or(&[][..], |c| &c.fields).iter().zip(candidate.fields.iter());
    Shown {
        category: category.map_or_else(String::new, |c| c.name.clone()),
        fields: fields.filter_map(|(field, value)| Some((field.name.clone(), value?.to_string()))).collect(),
        cancelled: candidate.cancelled,
        restricted: candidate.restricted,
    }
}
