//! `lockgate link`: the rows of any CSV file, linked.
//!
//! `columns` finds the fields, `read` cleans the rows, `run` trains, scores and clusters on all cores. The rules
//! themselves stand in the core (`lockgate_core::linkage`).

pub mod columns;
pub mod read;
pub mod run;

/// Why a file cannot be linked. No value of the file is ever part of it.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no column with ids of the records.
    #[error("LG1420: the file has no column `record_id`; name another by `--map record_id=COLUMN`")]
    NoRecordId,
    /// A mapped column is not in the file.
    #[error("LG1421: the file has no column `{0}`, which `--map` names")]
    NoColumn(String),
    /// More identifiers than fit.
    #[error("LG1422: more than six identifiers")]
    ManyIdentifiers,
    /// A row without an id.
    #[error("LG1423: row {0} has no record id")]
    EmptyRecordId(u64),
    /// One id twice.
    #[error("LG1424: two rows have one record id")]
    SameRecordId,
    /// Not UTF-8.
    #[error("LG1425: row {0} is not UTF-8 text")]
    NotText(u64),
    /// Not CSV.
    #[error("LG1426: the file is no CSV with a header{}", .0.map(|row| format!(": row {row} has another number of cells")).unwrap_or_default())]
    NotCsv(Option<u64>),
    /// It cannot be read or written.
    #[error("LG1427: {0}")]
    File(std::io::ErrorKind),
    /// A part of the program broke off.
    #[error("a part of the program broke off")]
    Broken,
}

impl LinkError {
    /// From the CSV reader, whose own messages would quote the data.
    pub fn from_csv(error: &csv::Error) -> Self {
        match error.kind() {
            csv::ErrorKind::Io(io) => Self::File(io.kind()),
            csv::ErrorKind::UnequalLengths { pos, .. } => Self::NotCsv(pos.as_ref().map(|p| p.record() + 1)),
            _ => Self::NotCsv(None),
        }
    }
}
