//! `datapackage.json`: a Data Package (v2) that lists every other file with its size and digest,
//! describes the tables, and says in one object of its own which bundle this is.
//!
//! Its digest is the bundle's identity. Keys stand in a fixed order; `created` is the run's day.

use super::acknowledge;
use super::table::{Form, PROVENANCE, Table};
use super::{Change, Counts, Meaning, Meta, SPEC};
use crate::hash::Digest;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Serialize;

const PROFILE: &str = "https://datapackage.org/profiles/2.0/datapackage.json";

/// One file as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Path inside the bundle.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256.
    pub hash: Digest,
}

/// The files of one table.
#[derive(Debug, Clone)]
pub struct TableFiles<'a> {
    /// The table.
    pub table: &'a Table,
    /// Its rows by change.
    pub counts: Counts,
    /// One file, or the parts of a long table in order, each with a header.
    pub parts: Vec<FileFacts>,
    /// Size and digest of the parts joined, header once: what a reader of the whole table checks.
    pub whole: (u64, Digest),
}

/// What else goes into the manifest.
#[derive(Debug, Clone)]
pub struct Files<'a> {
    /// Tables with rows, in order.
    pub tables: Vec<TableFiles<'a>>,
    /// `acknowledge.csv`.
    pub acknowledge: FileFacts,
    /// All other files.
    pub others: Vec<FileFacts>,
}

#[derive(Serialize)]
struct Package<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: &'a str,
    id: String,
    title: String,
    version: &'static str,
    created: String,
    lockgate: Lockgate<'a>,
    resources: Vec<Resource<'a>>,
}

#[derive(Serialize)]
struct Lockgate<'a> {
    spec: &'static str,
    agreement: &'a str,
    agreement_reference: &'a str,
    agreement_version: &'a str,
    recipient: &'a str,
    kind: &'static str,
    sequence: u64,
    previous: Option<String>,
    ledger: Option<&'a str>,
    as_of: String,
    policy_hash: String,
    software: &'a str,
    acknowledge_by: String,
    reply_to: &'a str,
    cell_guard: Guard,
    purposes: BTreeMap<&'a str, &'a str>,
    handling: BTreeMap<&'a str, &'a str>,
    withheld_fields: &'a [String],
    counts: BTreeMap<&'a str, BTreeMap<&'static str, u64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Guard {
    prefix: &'static str,
    before: [&'static str; 11],
    columns: &'static str,
    undo: &'static str,
}

const GUARD: Guard = Guard {
    prefix: "'",
    before: ["=", "+", "-", "@", "'", "\t", "\r", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"],
    columns: "string",
    undo: "remove one leading apostrophe",
};

#[derive(Serialize)]
struct Part<'a> {
    path: &'a str,
    bytes: u64,
    hash: String,
}

#[derive(Serialize)]
struct Resource<'a> {
    name: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    path: Path<'a>,
    title: &'a str,
    format: &'static str,
    mediatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dialect: Option<Dialect>,
    bytes: u64,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<TableSchema<'a>>,
}

/// Said in full: a reader that guesses takes `;` or an apostrophe for a sign of the format.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dialect {
    header: bool,
    delimiter: &'static str,
    line_terminator: &'static str,
    quote_char: &'static str,
    double_quote: bool,
    skip_initial_space: bool,
}

const DIALECT: Dialect = Dialect {
    header: true,
    delimiter: ",",
    line_terminator: "\r\n",
    quote_char: "\"",
    double_quote: true,
    skip_initial_space: false,
};

enum Path<'a> {
    One(&'a str),
    Parts(Vec<&'a str>),
}

impl Serialize for Path<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(path) => path.serialize(serializer),
            Self::Parts(paths) => paths.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TableSchema<'a> {
    fields: Vec<SchemaField<'a>>,
    missing_values: [&'static str; 1],
    primary_key: Vec<&'static str>,
}

#[derive(Serialize)]
struct SchemaField<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<Constraints>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Constraints {
    required: bool,
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    one_of: Option<[&'static str; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'static str>,
}

fn hash(digest: &Digest) -> String {
    format!("sha256:{}", digest.hex())
}

/// The manifest's bytes.
pub fn manifest(meta: &Meta, name: &str, files: &Files<'_>) -> Vec<u8> {
    let mut resources: Vec<Resource<'_>> = files.tables.iter().map(table_resource).collect();
    resources.push(acknowledge_resource(&files.acknowledge));
    resources.extend(files.others.iter().map(file_resource));
    let package = Package {
        schema: PROFILE,
        name,
        id: format!("urn:lockgate:{}:{}:{:06}", meta.agreement, meta.recipient_key(), meta.sequence),
        title: format!("{} for {} as of {}", meta.agreement_reference, meta.recipient_name, meta.as_of),
        version: SPEC,
        created: format!("{}T00:00:00Z", meta.as_of),
        lockgate: lockgate(meta, files),
        resources,
    };
    // Keys are strings and values plain, so nothing here can fail to serialise; an empty manifest
    // would fail every check of the writer and of the reader.
    let mut bytes = serde_json::to_vec_pretty(&package).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn lockgate<'a>(meta: &'a Meta, files: &'a Files<'_>) -> Lockgate<'a> {
    let meanings = |list: &'a [Meaning]| list.iter().map(|m| (m.word.as_str(), m.text.as_str())).collect();
    let by_change = |counts: &Counts| Change::ALL.iter().map(|c| (c.word(), counts.of(*c))).collect();
    let split = files.tables.iter().filter(|t| t.parts.len() > 1);
    Lockgate {
        spec: SPEC,
        agreement: &meta.agreement,
        agreement_reference: &meta.agreement_reference,
        agreement_version: &meta.agreement_version,
        recipient: meta.recipient_key(),
        kind: meta.kind.word(),
        sequence: meta.sequence,
        previous: meta.previous.as_ref().map(hash),
        as_of: meta.as_of.to_string(),
        policy_hash: hash(&meta.policy_hash),
        software: &meta.software,
        acknowledge_by: meta.acknowledge_by.to_string(),
        reply_to: &meta.reply_to,
        cell_guard: GUARD,
        purposes: meanings(&meta.purposes),
        handling: meanings(&meta.handling),
        ledger: meta.ledger.as_deref(),
        withheld_fields: &meta.withheld_fields,
        counts: files.tables.iter().map(|t| (t.table.file(), by_change(&t.counts))).collect(),
        parts: split
            .flat_map(|t| &t.parts)
            .map(|f| Part { path: &f.path, bytes: f.bytes, hash: hash(&f.hash) })
            .collect(),
    }
}

fn table_resource<'a>(files: &'a TableFiles<'_>) -> Resource<'a> {
    let path = match files.parts.as_slice() {
        [one] => Path::One(&one.path),
        parts => Path::Parts(parts.iter().map(|p| p.path.as_str()).collect()),
    };
    let own = files.table.columns.iter().map(|column| SchemaField {
        name: &column.name,
        kind: column.form.word(),
        title: &column.title,
        constraints: None,
    });
    let fields = PROVENANCE.iter().map(provenance_field).chain(own).collect();
    Resource {
        name: files.table.file().into(),
        kind: Some("table"),
        path,
        title: &files.table.title,
        format: "csv",
        mediatype: "text/csv",
        encoding: Some("utf-8"),
        dialect: Some(DIALECT),
        bytes: files.whole.0,
        hash: hash(&files.whole.1),
        schema: Some(TableSchema {
            fields,
            missing_values: [""],
            primary_key: ["record_id", "record_version"].to_vec(),
        }),
    }
}

fn provenance_field<'a>((name, form, title): &(&'static str, Form, &'static str)) -> SchemaField<'a> {
    let one_of = (*name == "change").then(|| Change::ALL.map(Change::word));
    let pattern = matches!(*name, "record_id" | "person_ref").then_some("[0-9a-f]{20}");
    SchemaField {
        name,
        kind: form.word(),
        title,
        constraints: Some(Constraints { required: true, one_of, pattern }),
    }
}

fn acknowledge_resource(file: &FileFacts) -> Resource<'_> {
    let field = |(name, form): &(&'static str, Form)| SchemaField {
        name,
        kind: form.word(),
        title: "",
        constraints: None,
    };
    Resource {
        name: "acknowledge-csv".into(),
        kind: Some("table"),
        path: Path::One(&file.path),
        title: "Return form",
        format: "csv",
        mediatype: "text/csv",
        encoding: Some("utf-8"),
        dialect: Some(DIALECT),
        bytes: file.bytes,
        hash: hash(&file.hash),
        schema: Some(TableSchema {
            fields: acknowledge::COLUMNS.iter().map(field).collect(),
            missing_values: [""],
            primary_key: ["bundle", "action"].to_vec(),
        }),
    }
}

fn file_resource(file: &FileFacts) -> Resource<'_> {
    let (title, format, mediatype, encoding) = match file.path.rsplit_once('.').map_or("", |(_, end)| end) {
        "txt" => ("What this is and how to read it", "txt", "text/plain", Some("utf-8")),
        "html" => ("Counts and first rows, for reading", "html", "text/html", Some("utf-8")),
        // Declared as `xlsx` it would be parsed as a table, which a plain installation cannot.
        "xlsx" => (
            "The tables for staff, every cell as text",
            "bin",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            None,
        ),
        _ => ("Further file", "bin", "application/octet-stream", None),
    };
    // A category's name has no `-`, so these names never meet a table's.
    let name = file.path.replace(['.', '/'], "-").to_ascii_lowercase();
    let path = Path::One(&file.path);
    Resource {
        name,
        kind: None,
        path,
        title,
        format,
        mediatype,
        encoding,
        dialect: None,
        bytes: file.bytes,
        hash: hash(&file.hash),
        schema: None,
    }
}
