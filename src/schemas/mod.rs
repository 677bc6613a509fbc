//! The forms of the configuration files: JSON Schemas (draft 2020-12), and Table Schemas for the code lists.
//!
//! The forms stand as data beside this file. `tests/schemas.rs` holds them together with the types that read the files: every
//! key, every word and every must. Formats and their options come from the list of formats.

use crate::config::{CODE_LIST_COLUMNS, CODE_MAP_COLUMNS};
use lockgate_connectors::{FORMATS, OptionDoc};
use serde_json::{Map, Value, json};

/// A kind of configuration file.
#[derive(Debug, Clone, Copy)]
pub struct SchemaKind {
    /// Its word on the command line.
    pub name: &'static str,
    /// Its files, as a pattern below the deployment's folder.
    pub files: &'static str,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    /// A JSON Schema as it stands.
    Json(&'static str),
    /// The same, to which the formats are added.
    Mapping(&'static str),
    /// A table with these columns, of which the first so many are needed in each line.
    Table(&'static [&'static str], usize),
}

impl SchemaKind {
    /// The name of the file that `--out` writes.
    pub fn file(&self) -> String {
        let ending = if matches!(self.form, Form::Table(..)) { "table-schema" } else { "schema" };
        format!("{}.{ending}.json", self.name)
    }
}

macro_rules! kind {
    ($form:ident, $name:literal, $files:literal) => {
        SchemaKind { name: $name, files: $files, form: Form::$form(include_str!(concat!($name, ".json"))) }
    };
}

/// All kinds, in the order in which a deployment is read.
pub const KINDS: &[SchemaKind] = &[
    kind!(Json, "deployment", "lockgate.toml"),
    kind!(Json, "category", "schema/*.toml"),
    SchemaKind { name: "code-list", files: "schema/codes/*.csv", form: Form::Table(&CODE_LIST_COLUMNS, 1) },
    kind!(Json, "agreement", "agreement/agreement.toml"),
    kind!(Json, "agreement-categories", "agreement/categories.toml"),
    kind!(Json, "agreement-handling", "agreement/handling.toml"),
    kind!(Json, "agreement-conditions", "agreement/conditions.toml"),
    kind!(Json, "agreement-nominees", "agreement/nominees.toml"),
    kind!(Json, "agreement-clauses", "agreement/clauses.toml"),
    kind!(Json, "entitlement", "agreement/entitlements/*.toml"),
    kind!(Mapping, "mapping", "mappings/**/*.toml"),
    SchemaKind {
        name: "code-map",
        files: "mappings/codes/**/*.csv",
        form: Form::Table(&CODE_MAP_COLUMNS, 2),
    },
];

/// The form of a kind.
pub fn of(kind: &SchemaKind) -> serde_json::Result<Value> {
    match kind.form {
        Form::Json(text) => serde_json::from_str(text),
        Form::Mapping(text) => {
            let mut form: Value = serde_json::from_str(text)?;
            if let Some(source) =
                form.pointer_mut("/properties/source/properties").and_then(Value::as_object_mut)
            {
                add_formats(source);
            }
            Ok(form)
        }
        Form::Table(columns, needed) => Ok(table(columns, needed)),
    }
}

/// The words of `format`, and one table of options for each.
fn add_formats(source: &mut Map<String, Value>) {
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
    if let Some(format) = source.get_mut("format").and_then(Value::as_object_mut) {
        format.insert("enum".into(), json!(names));
    }
    for format in FORMATS {
        let options: Map<String, Value> =
            format.options.iter().map(|o| (o.name.to_owned(), option(o))).collect();
        let table = json!({
            "type": "object", "description": format.summary,
            "properties": options, "additionalProperties": false,
        });
        source.insert(format.name.into(), table);
    }
}

/// What an option may be. The list of formats says it in words; only plain words become a type.
fn option(doc: &OptionDoc) -> Value {
    let text = format!("{} ({}; when absent: {})", doc.doc, doc.shape, doc.default);
    match doc.shape {
        shape if shape.starts_with("a table of ") => json!({ "description": text, "type": "object" }),
        shape if shape.starts_with("[{") => json!({ "description": text, "type": "array" }),
        shape if shape.starts_with("a number of ") => json!({ "description": text, "type": "integer" }),
        _ => json!({ "description": text }),
    }
}

/// A Table Schema: days in `from` and `until`, texts elsewhere.
fn table(columns: &[&str], needed: usize) -> Value {
    let field = |(at, name): (usize, &&str)| match *name {
        "from" | "until" => json!({ "name": name, "type": "date" }),
        _ => json!({ "name": name, "type": "string", "constraints": { "required": at < needed } }),
    };
    let fields: Vec<Value> = columns.iter().enumerate().map(field).collect();
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": fields, "fieldsMatch": "exact", "missingValues": [""],
    })
}
