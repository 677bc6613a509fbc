//! `lockgate link`: the rows of any CSV file, linked.
//!
//! `columns` finds the fields, `read` cleans the rows, `run` trains, scores and clusters on all cores, `output` writes.
//! The rules themselves stand in the core (`lockgate_core::linkage`).

pub mod columns;
pub mod output;
pub mod page;
pub mod read;
pub mod run;
pub mod score;

use columns::{Columns, Mapping};
use lockgate_core::linkage::cluster::Limits;
use lockgate_core::linkage::model::Model;
use lockgate_core::problem::{CodeDoc, Problem};
use std::io::Read;

/// The fields of a CSV's header, and the reader behind it.
pub fn columns(csv: &mut csv::Reader<impl Read>, mappings: &[Mapping]) -> Result<Columns, LinkError> {
    let header = csv.byte_headers().map_err(|e| LinkError::from_csv(&e))?;
    let text = |cell: &[u8]| std::str::from_utf8(cell).map(|c| c.trim().to_owned());
    let mut header: Vec<String> =
        header.iter().map(text).collect::<Result<_, _>>().map_err(|_| LinkError::NotText(1))?;
    if let Some(first) = header.first_mut() {
        *first = first.trim_start_matches('\u{feff}').to_owned();
    }
    Columns::find(&header, mappings)
}

/// Links a small file that is in memory, with the model that is shipped trained on it: the record ids in their order,
/// each with its person's first.
pub fn in_memory(file: &[u8], mappings: &[Mapping], year: u32) -> Result<Vec<[Vec<u8>; 2]>, LinkError> {
    let mut csv = csv::Reader::from_reader(file);
    let columns = columns(&mut csv, mappings)?;
    let mut people = read::read(csv, &columns, &read::Unique::No, year, 1)?;
    let names: Vec<String> = columns.kinds.iter().map(|kind| kind.name.clone()).collect();
    let mut prepared = run::prepare(&mut people.deck, 1);
    let mut model = run::learn(&people.deck, &mut prepared, &Model::shipped(&names), 1);
    let limits = Limits::for_model(&model);
    let linked = run::link(&people.deck, prepared, &mut model, limits, true, 1);
    let persons = people.persons(&linked.person).into_iter().zip(0..);
    Ok(persons.map(|(first, at)| [at, first].map(|id| people.ids.get(id).to_vec())).collect())
}

/// Why a file cannot be linked. No value of the file is ever part of it.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkError {
    /// There is no column with ids of the records.
    NoRecordId,
    /// A mapped column is not in the file.
    NoColumn(String),
    /// More identifiers than fit.
    ManyIdentifiers,
    /// A row without an id.
    EmptyRecordId(u64),
    /// One id twice.
    SameRecordId,
    /// Not UTF-8.
    NotText(u64),
    /// Not CSV; the row where that is known.
    NotCsv(Option<u64>),
    /// It cannot be read.
    Read(std::io::ErrorKind),
    /// A result cannot be written.
    Write(std::io::ErrorKind),
    /// The truth has not its two columns.
    BadTruth,
    /// The model file is none, or not for this file.
    BadModel(&'static str),
    /// A record that is asked about is not in the file.
    NoSuchRecord,
    /// A part of the program broke off.
    Broken,
}

impl LinkError {
    /// From the CSV reader, whose own messages would quote the data.
    pub fn from_csv(error: &csv::Error) -> Self {
        match error.kind() {
            csv::ErrorKind::Io(io) => Self::Read(io.kind()),
            csv::ErrorKind::UnequalLengths { pos, .. } => Self::NotCsv(pos.as_ref().map(|p| p.record() + 1)),
            _ => Self::NotCsv(None),
        }
    }

    /// The message code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRecordId | Self::NoColumn(_) | Self::BadTruth => "LG1420",
            Self::ManyIdentifiers => "LG1421",
            Self::EmptyRecordId(_) | Self::SameRecordId => "LG1422",
            Self::NotText(_) | Self::NotCsv(_) => "LG1423",
            Self::Read(_) | Self::Write(_) => "LG1424",
            Self::BadModel(_) => "LG1425",
            Self::NoSuchRecord => "LG1426",
            Self::Broken => "LG1427",
        }
    }

    /// As a problem that names the place, and what to do.
    pub fn problem(&self) -> Problem {
        let new = |what: &str| Problem::new(self.code(), what);
        match self {
            Self::NoRecordId => {
                new("the file has no column `record_id`").help("name it: `--map record_id=COLUMN`")
            }
            Self::NoColumn(name) => new(&format!("the file has no column `{name}`, which `--map` names")),
            Self::ManyIdentifiers => new("more than six identifiers"),
            Self::EmptyRecordId(row) => new(&format!("row {row} has no record id")),
            Self::SameRecordId => new("two rows have one record id"),
            Self::NotText(row) => new(&format!("row {row} is not UTF-8 text")),
            Self::NotCsv(None) => new("the file is no CSV with a header"),
            Self::NotCsv(Some(row)) => new(&format!("row {row} has another number of cells than the header")),
            Self::Read(kind) => new(&format!("a file cannot be read: {kind}")),
            Self::Write(kind) => new(&format!("a result cannot be written: {kind}")),
            Self::BadTruth => new("the truth has not the columns `record_id` and `person_id`"),
            Self::BadModel(why) => new(&format!("the model file cannot be used: {why}")),
            Self::NoSuchRecord => new("a record that `--explain` names is not in the file"),
            Self::Broken => new("a part of the program broke off; report it"),
        }
    }
}

/// Blocks of records that share a key and are too many to compare.
pub const CROWDED: &str = "LG1430";
/// Values of an identifier that too many records carry.
pub const SHARED_ID: &str = "LG1431";
/// Records that say too little of a person.
pub const BARE: &str = "LG1432";

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1420",
        title: "a column is missing",
        explanation: "The file to link needs a column of record ids, named `record_id` or by `--map record_id=COLUMN`; all others may be \
                      missing. A column that `--map` names must be in the file, letter for letter. The truth needs `record_id` and \
                      `person_id`.",
    },
    CodeDoc {
        code: "LG1421",
        title: "too many identifiers",
        explanation: "A record is compared in at most six identifiers: those that the file has under their own names (pnc, noms, crn, \
                      cro, nino) and those mapped by `--map id.NAME=COLUMN`. Leave the weakest out.",
    },
    CodeDoc {
        code: "LG1422",
        title: "record ids do not tell records apart",
        explanation: "Each row needs a record id of its own: the answer is given by them. A source that uses its keys again needs a \
                      number of the row instead, for instance by adding one to the file.",
    },
    CodeDoc {
        code: "LG1423",
        title: "the file does not read as CSV",
        explanation: "The file must be comma-separated, UTF-8, with a header, and every row must have as many cells as the header. \
                      Nothing was linked and nothing written.",
    },
    CodeDoc {
        code: "LG1424",
        title: "a file cannot be opened",
        explanation: "A file cannot be read, or a result cannot be written: look at its name, folder and rights. What was at the \
                      result's place before is still there.",
    },
    CodeDoc {
        code: "LG1425",
        title: "the model file cannot be used",
        explanation: "A model file is what `lockgate link --train MODEL.json` writes. It fits a file with the same identifiers, in the same \
                      order, and the version of the program that wrote it. Train again, or leave `--model` out.",
    },
    CodeDoc {
        code: "LG1426",
        title: "a record to explain is not in the file",
        explanation: "`--explain A,B` takes two record ids of the file.",
    },
    CodeDoc {
        code: "LG1427",
        title: "linking broke off",
        explanation: "A part of the program broke off while it worked on the file; nothing was written. Report it with the version of the \
                      program, and without the file.",
    },
    CodeDoc {
        code: CROWDED,
        title: "records share a key that too many share",
        explanation: "Some groups of records agree in a name, a date or a postcode that so many share that it says nothing about one \
                      person, and were not compared for it alone: an institution's postcode, 1 January, a very common name. They are \
                      still compared wherever something else agrees, so this is a note and no fault.",
    },
    CodeDoc {
        code: SHARED_ID,
        title: "an identifier is carried by too many records",
        explanation: "A value in an identifier's column stands in more records than a person has: a placeholder, a source's own number, \
                      or a key used again and again. It joins nobody. Look at the column, or leave it out.",
    },
    CodeDoc {
        code: BARE,
        title: "records say too little to be linked",
        explanation: "Some records have no name that can be compared, or neither a date of birth, an address nor an identifier beside \
                      it. They stay alone.",
    },
];
