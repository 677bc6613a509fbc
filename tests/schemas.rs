//! The forms of the configuration files against the types that read them, and against the shipped files.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use lockgate::config::Settings;
use lockgate::schemas::{KINDS, of};
use lockgate_connectors::FORMATS;
use lockgate_core::agreement::clauses::ClausesDraft;
use lockgate_core::agreement::syntax::{
    AgreementDraft, CategoriesDraft, ConditionsDraft, EntitlementDraft, HandlingDraft, NomineesDraft,
};
use lockgate_core::{mapping, schema};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Reads a text as the program does; the reader's message when it does not read.
type Reader = fn(&str) -> Result<(), String>;

fn reads<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), String> {
    toml::from_str::<T>(text).map(drop).map_err(|e| e.message().to_owned())
}

/// Each kind with its reader and a file in which every key stands once at least.
const FULL: &[(&str, Reader, &str)] = &[
    ("deployment", reads::<Settings>, include_str!("schemas/deployment.toml")),
    ("category", reads::<schema::Draft>, include_str!("schemas/category.toml")),
    ("agreement", reads::<AgreementDraft>, include_str!("schemas/agreement.toml")),
    ("agreement-categories", reads::<CategoriesDraft>, include_str!("schemas/agreement-categories.toml")),
    ("agreement-handling", reads::<HandlingDraft>, include_str!("schemas/agreement-handling.toml")),
    ("agreement-conditions", reads::<ConditionsDraft>, include_str!("schemas/agreement-conditions.toml")),
    ("agreement-nominees", reads::<NomineesDraft>, include_str!("schemas/agreement-nominees.toml")),
    ("agreement-clauses", reads::<ClausesDraft>, include_str!("schemas/agreement-clauses.toml")),
    ("entitlement", reads::<EntitlementDraft>, include_str!("schemas/entitlement.toml")),
    ("mapping", reads::<mapping::Draft>, include_str!("schemas/mapping.toml")),
];

/// Words that the reader takes as texts; `check` knows them, with tests of its own.
const LATER: [&str; 6] = ["format", "on_fault", "positive", "unit", "empty", "expect"];

fn form(kind: &str) -> Value {
    of(KINDS.iter().find(|k| k.name == kind).unwrap()).unwrap()
}

/// A step from a value to one inside it.
#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

/// Holds one file against one form.
struct Walk {
    form: Value,
    file: toml::Value,
    reader: Reader,
    /// `pointer of a closed table` and `pointer/key` that were met.
    met: BTreeSet<String>,
}

impl Walk {
    /// Reads the file with one value changed.
    fn with(&self, path: &[Step], change: impl FnOnce(&mut toml::Value)) -> Result<(), String> {
        let mut file = self.file.clone();
        let mut at = &mut file;
        for step in path {
            at = match step {
                Step::Key(key) => &mut at[key.as_str()],
                Step::Item(number) => &mut at[*number],
            };
        }
        change(at);
        (self.reader)(&toml::to_string(&file).unwrap())
    }

    fn at(&self, path: &[Step]) -> toml::Value {
        path.iter().fold(self.file.clone(), |value, step| match step {
            Step::Key(key) => value[key.as_str()].clone(),
            Step::Item(number) => value[*number].clone(),
        })
    }

    fn step(&mut self, pointer: &str, path: &[Step]) {
        let node = self.form.pointer(pointer).unwrap().clone();
        if let Some(target) = node.get("$ref").and_then(Value::as_str) {
            return self.step(target.trim_start_matches('#'), path);
        }
        let value = self.at(path);
        if let Some(any) = node.get("anyOf").and_then(Value::as_array) {
            for number in 0..any.len() {
                let pointer = format!("{pointer}/anyOf/{number}");
                if self.fits(&pointer, &value) {
                    self.step(&pointer, path);
                }
            }
            return;
        }
        assert!(self.fits(pointer, &value), "{pointer} is no {}", value.type_str());
        match &value {
            toml::Value::Table(table) => self.table(pointer, &node, path, table),
            toml::Value::Array(items) if node.get("items").is_some() => {
                for number in 0..items.len() {
                    self.step(&format!("{pointer}/items"), &[path, &[Step::Item(number)]].concat());
                }
            }
            toml::Value::String(_) if node.get("enum").is_some() => self.words(pointer, &node, path),
            _ => {}
        }
    }

    /// Whether a value is of a form's type.
    fn fits(&self, pointer: &str, value: &toml::Value) -> bool {
        let mut node = self.form.pointer(pointer).unwrap();
        while let Some(target) = node.get("$ref").and_then(Value::as_str) {
            node = self.form.pointer(target.trim_start_matches('#')).unwrap();
        }
        let name = match value {
            toml::Value::Table(_) => "object",
            toml::Value::Array(_) => "array",
            toml::Value::String(_) | toml::Value::Datetime(_) => "string",
            toml::Value::Integer(_) => "integer",
            toml::Value::Boolean(_) => "boolean",
            toml::Value::Float(_) => "number",
        };
        match node.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(several)) => several.iter().any(|t| t == name),
            _ => true,
        }
    }

    fn table(&mut self, pointer: &str, node: &Value, path: &[Step], table: &toml::Table) {
        if node["additionalProperties"] == json!(false) {
            self.met.insert(pointer.to_owned());
            self.met.extend(table.keys().map(|key| format!("{pointer}/{key}")));
            self.closed(pointer, node, path, table);
        }
        for key in table.keys() {
            let known = node["properties"].get(key).is_some();
            let inside = if known {
                format!("{pointer}/properties/{key}")
            } else {
                format!("{pointer}/additionalProperties")
            };
            if self.form.pointer(&inside).is_some() {
                self.step(&inside, &[path, &[Step::Key(key.clone())]].concat());
            }
        }
    }

    /// A table that takes its own keys only: the reader's keys and musts are the form's.
    fn closed(&self, pointer: &str, node: &Value, path: &[Step], table: &toml::Table) {
        // The words of `[source]` are not refused by the reader but by `check`, which also knows the formats.
        if pointer.starts_with("/properties/source") {
            return;
        }
        let keys: BTreeSet<String> = node["properties"].as_object().unwrap().keys().cloned().collect();
        let one = node["maxProperties"] == json!(1);
        let error = self.with(path, |at| {
            let at = at.as_table_mut().unwrap();
            let value = table.values().next().cloned().unwrap_or_else(|| 1.into());
            if one {
                at.clear();
            }
            at.insert("zzz_unknown".into(), value);
        });
        let error = error.expect_err(pointer);
        assert!(error.contains("zzz_unknown"), "{pointer}: {error}");
        assert_eq!(listed(&error), keys, "{pointer}: the reader's keys and the form's");
        let must: BTreeSet<&str> =
            node["required"].as_array().into_iter().flatten().map(|k| k.as_str().unwrap()).collect();
        for key in table.keys().filter(|_| !one) {
            let read = self.with(path, |at| {
                at.as_table_mut().unwrap().remove(key);
            });
            match read {
                Ok(()) => assert!(!must.contains(key.as_str()), "{pointer}: `{key}` may be absent"),
                Err(e) => assert!(
                    must.contains(key.as_str()) && e.contains("missing field"),
                    "{pointer}/{key}: {e}"
                ),
            }
        }
    }

    /// A text of a closed list of words.
    fn words(&self, pointer: &str, node: &Value, path: &[Step]) {
        if LATER.iter().any(|w| pointer.contains(&format!("/{w}"))) {
            return;
        }
        let error = self.with(path, |at| *at = "zzz_unknown".into()).expect_err(pointer);
        let words: BTreeSet<String> =
            node["enum"].as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()).collect();
        assert_eq!(listed(&error), words, "{pointer}: {error}");
    }
}

/// The known words that a message lists.
fn listed(message: &str) -> BTreeSet<String> {
    message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// Every closed table of a form, and each of its keys.
fn closed_of(node: &Value, pointer: &str, out: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            if members.get("additionalProperties") == Some(&json!(false)) {
                out.insert(pointer.to_owned());
                out.extend(
                    members["properties"].as_object().unwrap().keys().map(|k| format!("{pointer}/{k}")),
                );
            }
            for (key, inside) in members {
                closed_of(inside, &format!("{pointer}/{key}"), out);
            }
        }
        Value::Array(items) => {
            for (number, inside) in items.iter().enumerate() {
                closed_of(inside, &format!("{pointer}/{number}"), out);
            }
        }
        _ => {}
    }
}

#[test]
fn forms_and_readers_know_the_same_keys_words_and_musts() {
    for (kind, reader, text) in FULL {
        let file: toml::Value = toml::Value::Table(toml::from_str(text).unwrap());
        reader(text).unwrap_or_else(|e| panic!("{kind}: {e}"));
        let mut walk = Walk { form: form(kind), file, reader: *reader, met: BTreeSet::new() };
        walk.step("", &[]);
        let mut all = BTreeSet::new();
        closed_of(&walk.form, "", &mut all);
        let options = |p: &&String| {
            FORMATS.iter().any(|f| p.contains(&format!("/source/properties/{}", f.name)))
                || FORMATS.iter().any(|f| p.ends_with(&format!("/source/{}", f.name)))
        };
        let unmet: Vec<&String> = all.difference(&walk.met).filter(|p| !options(p)).collect();
        assert!(unmet.is_empty(), "{kind}: tests/schemas/{kind}.toml lacks {unmet:?}");
    }
    assert_eq!(FULL.len() + 2, KINDS.len(), "a kind without a full file");
}

/// A TOML value as JSON; days become texts.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(day) => json!(day.to_string()),
        toml::Value::Array(items) => items.iter().map(as_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(k, v)| (k.clone(), as_json(v))).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// The shipped files of a kind, from its pattern.
fn shipped(kind: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pattern = KINDS.iter().find(|k| k.name == kind).unwrap().files;
    let (folder, ending) = match pattern.split_once('*') {
        Some((folder, rest)) => (folder, rest.rsplit('*').next().unwrap()),
        None => return vec![(pattern.into(), fs::read_to_string(root.join(pattern)).unwrap())],
    };
    let (mut out, mut folders) = (Vec::new(), vec![folder.trim_end_matches('/').to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(root.join(&at)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{at}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() && pattern.contains("**") {
                folders.push(name);
            } else if name.ends_with(ending) {
                out.push((name, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    assert!(!out.is_empty(), "{kind} has no files");
    out
}

const VALIDATE: &str = "
import json, sys
from jsonschema import Draft202012Validator
for line in sys.stdin:
    case = json.loads(line)
    Draft202012Validator.check_schema(case['form'])
    faults = Draft202012Validator(case['form']).iter_errors(case['value'])
    print('; '.join('/'.join(map(str, f.absolute_path)) + ' ' + f.validator for f in faults))
";

const VALIDATE_TABLES: &str = "
import json, sys
from frictionless import Resource, Schema
for line in sys.stdin:
    case = json.loads(line)
    schema = Schema.from_descriptor(case['form'])
    report = Resource(path=case['value'], basepath=case['root'], schema=schema).validate()
    print('; '.join(map(str, report.flatten(['rowNumber', 'fieldName', 'type']))))
";

/// What a validator says of each case: a line, empty when it is sound. `None` without the validator.
fn validated(script: &str, cases: &[Value]) -> Option<Vec<String>> {
    let python = support::python()?;
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = cases.iter().fold(String::new(), |mut text, case| {
        writeln!(text, "{case}").unwrap();
        text
    });
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(said.len(), cases.len(), "the validator stopped early");
    Some(said)
}

fn case(kind: &str, text: &str) -> Value {
    json!({ "form": form(kind), "value": as_json(&toml::Value::Table(toml::from_str(text).unwrap())) })
}

#[test]
fn shipped_files_meet_their_forms() {
    let mut names = Vec::new();
    let mut cases = Vec::new();
    for (kind, _, full) in FULL {
        for (name, text) in shipped(kind).into_iter().chain([((*kind).to_owned(), (*full).to_owned())]) {
            cases.push(case(kind, &text));
            names.push(name);
        }
    }
    assert!(cases.len() > 60);
    let Some(said) = validated(VALIDATE, &cases) else { return };
    for (name, said) in names.iter().zip(said) {
        assert_eq!(said, "", "{name}");
    }
}

/// A kind, the shipped file whose name ends so, a text in it, what it becomes, and what the validator must say of it.
type Broken = (&'static str, &'static str, &'static str, &'static str, &'static str);

const BROKEN: &[Broken] = &[
    ("deployment", "lockgate.toml", "csv_bom", "csv_bomb", "bundles additionalProperties"),
    ("deployment", "lockgate.toml", "staff_rows = 50000", "staff_rows = \"many\"", "bundles/staff_rows type"),
    (
        "category",
        "person.toml",
        "type = \"dob\"",
        "type = \"birthday\"",
        "person/fields/birth_date/type enum",
    ),
    ("agreement-nominees", "nominees.toml", "role = ", "person = ", "nominee/0 required"),
    (
        "agreement-conditions",
        "conditions.toml",
        "{ works_with = \"recipient\" }",
        "{ works = \"recipient\" }",
        "condition/works_with/is additionalProperties",
    ),
    ("entitlement", "lcc.toml", "recipient = \"lcc\"", "", " required"),
    (
        "entitlement",
        "lcc.toml",
        "reduce = { conviction_date = \"year\" }",
        "reduces = { conviction_date = \"year\" }",
        "conviction_history additionalProperties",
    ),
    ("mapping", "probation/cases.toml", "kind = \"snapshot\"", "kind = \"full\"", "feed/kind enum"),
    ("mapping", "probation/cases.toml", "format = \"csv\"", "format = \"cvs\"", "source/format enum"),
    ("mapping", "probation/cases.toml", "delimiter = ", "delimeter = ", "source/csv additionalProperties"),
    (
        "mapping",
        "probation/cases.toml",
        "not_in = [\"N\"]",
        "not_in = [\"N\"], in = [\"Y\"]",
        "refuse/0/when/0 oneOf",
    ),
    (
        "mapping",
        "probation/cases.toml",
        "expect = \"refused\"",
        "expect = \"refuse\"",
        "example/1/expect anyOf",
    ),
];

#[test]
fn broken_files_do_not_meet_their_forms() {
    let broken = |(kind, file, from, to, _): &Broken| {
        let (_, text) = shipped(kind).into_iter().find(|(name, _)| name.ends_with(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        case(kind, &text.replacen(from, to, 1))
    };
    let cases: Vec<Value> = BROKEN.iter().map(broken).collect();
    let Some(said) = validated(VALIDATE, &cases) else { return };
    for ((kind, _, _, to, fault), said) in BROKEN.iter().zip(said) {
        assert!(said.contains(fault), "{kind}, {to}: {said}");
    }
}

#[test]
fn code_lists_meet_their_table_schemas() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.csv"), "code,label,group,from,until\nA,a,,17/11/2008,\n,b,,,\n")
        .unwrap();
    let of = |kind: &str, root: &str, name: &str| json!({ "form": form(kind), "root": root, "value": name });
    let root = env!("CARGO_MANIFEST_DIR");
    let mut cases = vec![of("code-list", folder.path().to_str().unwrap(), "bad.csv")];
    for kind in ["code-list", "code-map"] {
        cases.extend(shipped(kind).iter().map(|(name, _)| of(kind, root, name)));
    }
    assert!(cases.len() > 100);
    let Some(said) = validated(VALIDATE_TABLES, &cases) else { return };
    assert!(
        said[0].contains("'from', 'type-error'") && said[0].contains("'code', 'constraint-error'"),
        "{}",
        said[0]
    );
    for (case, said) in cases.iter().zip(&said).skip(1) {
        assert_eq!(said, "", "{}", case["value"]);
    }
}

#[test]
fn the_command_lists_prints_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = support::Deployment::fresh();
    let listed = deployment.run(&["schema", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), KINDS.len());
    assert_eq!(deployment.run(&["schema", "mapping"]).json(), form("mapping"));
    let said = deployment.run(&["schema", "maping"]);
    assert_eq!((said.code, said.err.contains("did you mean `mapping`?")), (Some(2), true));
    let said = deployment.run(&["schema", "--out", folder.path().join("new").to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for kind in listed.as_array().unwrap() {
        let text =
            fs::read_to_string(folder.path().join("new").join(kind["file"].as_str().unwrap())).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), form(kind["kind"].as_str().unwrap()));
    }
}
