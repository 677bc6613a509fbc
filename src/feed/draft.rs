//! The text of a drafted mapping. What was not recognised stands under `ignore` with a TODO, so that the
//! draft is valid as it is and nothing passes that nobody has looked at.

use super::PERSON;
use super::columns::{self, Plan, Proposed, Target, Trust};
use super::guess::Sample;
use super::header::tokens;
use super::invent;
use super::lessons::Lessons;
use super::words::Words;
use lockgate_connectors::OptionValue;
use lockgate_core::mapping::Mapping;
use lockgate_core::schema::{Field, Schema};
use lockgate_core::survey::Looks;
use lockgate_core::value::identifier::IdKind;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is known beside the sample.
pub struct Brief<'a> {
    /// The feed's name.
    pub name: &'a str,
    /// The partner's key.
    pub partner: &'a str,
    /// The place its files come from, and whether that is a guess.
    pub place: (&'a str, bool),
    /// The sample's file name.
    pub file: &'a str,
}

/// What the deployment knows already.
pub struct Known<'a> {
    /// The common schema.
    pub schema: &'a Schema,
    /// Every mapping in force.
    pub mappings: &'a [Mapping],
    /// The categories that the partner may fill.
    pub owned: BTreeSet<&'a str>,
}

/// A drafted mapping.
pub struct Draft {
    /// Its text.
    pub text: String,
    /// What each column was taken for.
    pub plan: Plan,
    /// What somebody has to look at, in words; each stands in the text as `TODO` too.
    pub todo: Vec<String>,
}

/// Drafts a mapping for a sample.
pub fn draft(sample: &Sample, brief: &Brief<'_>, known: &Known<'_>) -> Result<Draft, String> {
    let words = Words::shipped().map_err(|e| e.message().to_owned())?;
    let lessons = Lessons::learn(known.mappings, brief.partner);
    let plan =
        columns::plan(sample, &words, known.schema, &lessons, known.owned.clone(), &names(sample, brief));
    let Some(key) = plan.key.as_ref().map(|key| key.column) else {
        return Err(
            "no column is filled in every row and says whose row it is; a feed needs such a column".into()
        );
    };
    let mut writer = Writer::new(sample, brief, known.schema, &words, &plan);
    writer.lessons = Some(&lessons);
    writer.bodies(key);
    let text = writer.text(key);
    let todo = writer.todo;
    Ok(Draft { text, plan, todo })
}

/// The names that may say what the file is about: the feed's, the file's, its sheet's or row element's.
fn names(sample: &Sample, brief: &Brief<'_>) -> Vec<String> {
    let partner = format!("{}-", brief.partner);
    let feed = brief.name.strip_prefix(&partner).unwrap_or(brief.name).to_owned();
    let inner = ["sheet", "row"].into_iter().filter_map(|option| match sample.options.get(option) {
        Some(OptionValue::Text(text)) => text.rsplit(['/', '.']).next().map(str::to_owned),
        _ => None,
    });
    let file = brief.file.rsplit_once('.').map_or(brief.file, |(stem, _)| stem).to_owned();
    inner.chain([feed, file]).collect()
}

struct Writer<'a> {
    sample: &'a Sample,
    brief: &'a Brief<'a>,
    schema: &'a Schema,
    words: &'a Words,
    plan: &'a Plan,
    lessons: Option<&'a Lessons<'a>>,
    /// The mapping's word for each column.
    names: Vec<String>,
    /// Columns that a line uses.
    used: Vec<bool>,
    person: String,
    evidence: String,
    rules: String,
    /// What every record has beside its fields.
    marks: String,
    records: String,
    row: Vec<(usize, String)>,
    expect: Vec<String>,
    todo: Vec<String>,
}

/// A field line: what to write, and what the example then gives and expects.
struct Line {
    text: String,
    /// Cells of the example, by column.
    cells: Vec<(usize, String)>,
    expect: Option<String>,
}

impl<'a> Writer<'a> {
    fn new(
        sample: &'a Sample,
        brief: &'a Brief<'a>,
        schema: &'a Schema,
        words: &'a Words,
        plan: &'a Plan,
    ) -> Self {
        let used = vec![false; plan.columns.len()];
        let (names, empty) = (column_words(plan), String::new);
        let (person, evidence, records) = (empty(), empty(), empty());
        let (rules, marks) = (empty(), empty());
        Self {
            sample,
            brief,
            schema,
            words,
            plan,
            lessons: None,
            names,
            used,
            person,
            evidence,
            rules,
            marks,
            records,
            row: Vec::new(),
            expect: Vec::new(),
            todo: Vec::new(),
        }
    }

    fn key_kind(&self) -> Option<&str> {
        self.plan.key.as_ref()?.kind.as_deref()
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    fn mark_used(&mut self, column: usize) {
        if let Some(used) = self.used.get_mut(column) {
            *used = true;
        }
    }

    /// The columns of each `category.field`, in the order of the schema.
    fn targets(&self) -> Vec<(String, Vec<(&'a Field, Vec<usize>)>)> {
        let mut out = Vec::new();
        for (_, category) in self.schema.categories() {
            let of = |field: &Field| {
                let target = Target::Field(category.name.clone(), field.name.clone());
                let sure = |c: &Proposed| c.target == target && c.trust > Trust::Guess;
                let all = self.plan.columns.iter().enumerate().filter(|(_, c)| sure(c));
                all.map(|(at, _)| at).collect::<Vec<usize>>()
            };
            let fields: Vec<(&Field, Vec<usize>)> =
                category.fields.iter().map(|f| (f, of(f))).filter(|(_, at)| !at.is_empty()).collect();
            if !fields.is_empty() {
                out.push((category.name.clone(), fields));
            }
        }
        out
    }

    /// Person, evidence, records and what the example says of them.
    fn bodies(&mut self, key: usize) {
        self.mark_used(key);
        let kind = self.key_kind().and_then(IdKind::parse).unwrap_or(IdKind::Local);
        let keyed = invent::id(&self.sample.survey, kind).unwrap_or_else(|| "9990001".into());
        self.row.push((key, keyed));
        self.rules();
        for (category, fields) in self.targets() {
            if category == PERSON {
                self.person_fields(key, &fields);
            } else {
                self.record(key, &category, &fields);
            }
        }
        if self.person.is_empty() && self.plan.person_by.is_none() {
            self.own_key(key);
        }
        for (at, column) in self.plan.columns.iter().enumerate() {
            if let Target::Evidence(name) = &column.target {
                let _ = writeln!(self.evidence, "{name} = {}", quoted(self.name(at)));
                self.mark_used(at);
            }
        }
    }

    /// A strong number is told to the linker as a person's field as well.
    fn own_key(&mut self, key: usize) {
        let field = match self.key_kind() {
            Some("crn") => "crn",
            Some("prison_number") => "prison_number",
            Some("yos_id") => "yos_id",
            _ => return,
        };
        let _ = writeln!(self.person, "{field} = {}", quoted(self.name(key)));
    }

    fn person_fields(&mut self, key: usize, fields: &[(&Field, Vec<usize>)]) {
        let mut expect = Vec::new();
        for (field, at) in fields {
            let Some(line) = self.line(field, PERSON, at) else { continue };
            let _ = writeln!(self.person, "{}", line.text);
            self.take(line, at, &mut expect);
        }
        let surname = fields.iter().find(|(field, _)| field.name == "surname").and_then(|(_, at)| at.first());
        if let Some(at) = surname.filter(|at| self.used.get(**at) == Some(&true)) {
            self.test_rows(*at);
        }
        if !self.person.is_empty() {
            self.own_key(key);
            self.expect.push(record_text(PERSON, &expect));
        }
    }

    fn take(&mut self, line: Line, columns: &[usize], expect: &mut Vec<String>) {
        columns.iter().for_each(|c| self.mark_used(*c));
        for cell in line.cells {
            if !self.row.iter().any(|(c, _)| *c == cell.0) {
                self.row.push(cell);
            }
        }
        expect.extend(line.expect);
    }

    fn header(&self, column: usize) -> &str {
        self.plan.columns.get(column).map_or("", |c| c.header.as_str())
    }

    fn looks(&self, column: usize) -> Looks {
        self.plan.columns.get(column).map(|c| c.looks.clone()).unwrap_or_default()
    }
}

/// A short word for each column; two alike are told apart by a number.
fn column_words(plan: &Plan) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for column in &plan.columns {
        let own = column.header.rsplit(['/', '.']).next().unwrap_or_default();
        let ascii: Vec<String> = tokens(own)
            .into_iter()
            .map(|w| w.chars().filter(char::is_ascii_alphanumeric).collect())
            .collect();
        let mut word = ascii.join("_").trim_matches('_').to_owned();
        if word.is_empty() || word == "ignore" || word.starts_with(|c: char| c.is_ascii_digit()) {
            word = format!("column_{word}");
        }
        let base = word.clone();
        let mut number = 2;
        while out.contains(&word) {
            word = format!("{base}_{number}");
            number += 1;
        }
        out.push(word);
    }
    out
}

fn record_text(category: &str, fields: &[String]) -> String {
    let each = std::iter::once(format!("category = {}", quoted(category))).chain(fields.iter().cloned());
    format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
}

/// A TOML text.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value of an option, inline.
fn option(value: &OptionValue) -> String {
    match value {
        OptionValue::Text(text) => quoted(text),
        OptionValue::Whole(number) => number.to_string(),
        OptionValue::Flag(flag) => flag.to_string(),
        OptionValue::List(items) => {
            let each: Vec<String> = items.iter().map(|i| format!("\n    {},", option(i))).collect();
            format!("[{}\n]", each.concat())
        }
        OptionValue::Table(table) => {
            let each: Vec<String> = table.iter().map(|(k, v)| format!("{k} = {}", option(v))).collect();
            format!("{{ {} }}", each.join(", "))
        }
    }
}

mod lines;
mod page;
mod records;
mod rules;
