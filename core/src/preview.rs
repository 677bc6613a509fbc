//! Preview: a source's own row and what its mapping makes of it, for the staff who hold the partner's file anyway.
//!
//! The one place where a row's values are given out in clear. They go to the terminal of whoever asked (of a pair under
//! review only after that was recorded), or to the page asked for, never to a log, a bundle or the store; what a recipient would get comes from the gate, as for a bundle.

use crate::link::weigh::Told;
use crate::mapping::Scratch;
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

/// What the last row that was mapped says of who its person is: names as `surname, forenames`, dates of birth, postcodes and
/// identifiers, each with the word of its kind.
pub fn evidence(scratch: &Scratch) -> Vec<(&'static str, String)> {
    let evidence = scratch.evidence();
    let names =
        evidence.names.iter().map(|(surname, forenames)| ("name", alloc::format!("{surname}, {forenames}")));
    let births = evidence.births.iter().map(|birth| ("birth_date", birth.to_string()));
    let postcodes = evidence.postcodes.iter().map(|postcode| ("postcode", postcode.clone()));
    let ids = evidence.identifiers.iter().map(|(kind, text)| (kind.word(), text.clone()));
    names.chain(births).chain(postcodes).chain(ids).collect()
}

/// Hands what the last row that was mapped says of who its person is to those who weigh it; it is not given out.
pub fn tell(scratch: &Scratch, told: &mut Told) {
    told.add(scratch.evidence());
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
