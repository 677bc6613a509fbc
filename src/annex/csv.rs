//! The annex as a table: one line per recipient and field that can ever leave.

use super::Annex;
use anyhow::Result;

/// The columns of the table.
const COLUMNS: [&str; 12] = [
    "recipient",
    "recipient name",
    "category",
    "category title",
    "field",
    "field title",
    "how",
    "only if",
    "clause",
    "purpose",
    "handling",
    "reason",
];

/// The lines of the table.
fn lines(annex: &Annex) -> impl Iterator<Item = [String; 12]> {
    annex.sections.iter().flat_map(|section| {
        section.blocks.iter().flat_map(move |block| {
            block.fields.iter().map(move |field| {
                [
                    section.key.clone(),
                    section.name.clone(),
                    block.name.clone(),
                    block.title.clone(),
                    field.name.clone(),
                    field.title.clone(),
                    field.how.clone(),
                    block.conditions.join("; and "),
                    block.clauses.join(", "),
                    block.purposes.join(" "),
                    block.handling.clone(),
                    block.reason.clone(),
                ]
            })
        })
    })
}

/// CSV (RFC 4180, UTF-8), with a header.
pub fn csv(annex: &Annex) -> Result<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for line in lines(annex) {
        writer.write_record(&line)?;
    }
    Ok(writer.into_inner().map_err(::csv::IntoInnerError::into_error)?)
}
