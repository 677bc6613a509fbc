//! The text of a drafted mapping. What was not recognised stands under `ignore` with a TODO, so that the
//! draft is valid as it is and nothing passes that nobody has looked at.

use super::columns::{self, PERSON, Plan, Proposed, Target};
use super::guess::Sample;
use super::invent;
use super::words::{self, Words};
use lockgate_connectors::OptionValue;
use lockgate_core::mapping::Mapping;
use lockgate_core::schema::{Field, Kind, Schema};
use lockgate_core::survey::Looks;
use lockgate_core::value::identifier::IdKind;
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
pub fn draft(
    sample: &Sample,
    brief: &Brief<'_>,
    schema: &Schema,
    siblings: &[&Mapping],
) -> Result<Draft, String> {
    let words = Words::shipped().map_err(|e| e.message().to_owned())?;
    let plan = columns::plan(sample, &words, schema, siblings);
    let Some(key) = plan.key else {
        return Err(
            "no column is filled in every row and says whose row it is; a feed needs such a column".into()
        );
    };
    let mut writer = Writer::new(sample, brief, schema, &words, &plan);
    writer.bodies(key);
    let text = writer.text(key);
    let todo = writer.todo;
    Ok(Draft { text, plan, todo })
}

struct Writer<'a> {
    sample: &'a Sample,
    brief: &'a Brief<'a>,
    schema: &'a Schema,
    words: &'a Words,
    plan: &'a Plan,
    /// The mapping's word for each column.
    names: Vec<String>,
    /// Columns that a line uses.
    used: Vec<bool>,
    person: String,
    evidence: String,
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
        Self {
            sample,
            brief,
            schema,
            words,
            plan,
            names,
            used,
            person,
            evidence,
            records,
            row: Vec::new(),
            expect: Vec::new(),
            todo: Vec::new(),
        }
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
                let all = self.plan.columns.iter().enumerate().filter(|(_, c)| c.target == target);
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
        let kind = self.plan.key_kind.as_deref().and_then(IdKind::parse).unwrap_or(IdKind::Local);
        let keyed = invent::id(&self.sample.survey, kind).unwrap_or_else(|| "9990001".into());
        self.row.push((key, keyed));
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
        let field = match self.plan.key_kind.as_deref() {
            Some("crn") => "crn",
            Some("prison_number") => "prison_number",
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

    /// One record block; dates of which each is a fact of its own make a block each.
    fn record(&mut self, key: usize, category: &str, fields: &[(&Field, Vec<usize>)]) {
        let many = fields.iter().find(|(f, at)| f.kind == Kind::Date && at.len() > 1);
        if let Some((field, columns)) = many {
            for at in columns {
                self.part(key, category, field, *at);
            }
            return;
        }
        let (mut lines, mut expect) = (String::new(), Vec::new());
        for (field, at) in fields {
            if let Some(line) = self.line(field, category, at) {
                let _ = writeln!(lines, "{}", line.text);
                self.take(line, at, &mut expect);
            } else {
                let note = self.not_yet(category, field, at);
                lines.push_str(&note);
            }
        }
        let live = lines.lines().any(|l| !l.starts_with('#'));
        if !live {
            let _ = writeln!(
                self.records,
                "\n# TODO {category}: nothing can be filled yet\n{}",
                lines.trim_end()
            );
            return;
        }
        let keys = self.record_key(key);
        self.todo.push(format!("`{category}`: whether its key is right, and whether rows need a `when`"));
        let _ = write!(
            self.records,
            "\n[[record]]                            # TODO: is the key right? does every row give this record, or does it need a `when`?\ncategory = {}\nkey = [{keys}]\n[record.fields]\n{lines}",
            quoted(category)
        );
        self.expect.push(record_text(category, &expect));
    }

    fn part(&mut self, key: usize, category: &str, field: &Field, at: usize) {
        let Some(line) = self.line(field, category, &[at]) else { return };
        let header = self.header(at).to_owned();
        let part: Vec<String> = words::tokens(&header);
        // A list of the category that knows the header's own word says what kind of date it is.
        let of = self.schema.category(category).and_then(|c| self.schema.get(c));
        let coded = of.into_iter().flat_map(|c| &c.fields).find_map(|f| {
            let list = self.schema.list(f.detail.as_deref()?)?;
            let code =
                list.codes().find(|code| part.first().is_some_and(|p| p.eq_ignore_ascii_case(code)))?;
            Some(format!("{} = {{ constant = {} }}\n", f.name, quoted(code)))
        });
        let keys = self.record_key(key);
        let _ = write!(
            self.records,
            "\n[[record]]\ncategory = {}\nkey = [{keys}]\npart = {}\nwhen = [{{ column = {}, present = true }}]\n[record.fields]\n{}\n{}",
            quoted(category),
            quoted(&part.join("_")),
            quoted(self.name(at)),
            line.text,
            coded.unwrap_or_default(),
        );
        let mut expect = Vec::new();
        self.take(line, &[at], &mut expect);
        self.expect.push(record_text(category, &expect));
    }

    fn record_key(&mut self, key: usize) -> String {
        let of = |(at, column): (usize, &Proposed)| {
            (at == key || column.target == Target::Key && column.looks.filled > 0).then_some(at)
        };
        let mut columns: Vec<usize> = self.plan.columns.iter().enumerate().filter_map(of).collect();
        columns.sort_by_key(|at| *at != key);
        columns.truncate(4);
        for at in &columns {
            self.mark_used(*at);
            if !self.row.iter().any(|(c, _)| c == at) {
                let value = invent::id(&self.sample.survey, IdKind::Local).unwrap_or_else(|| "1".into());
                self.row.push((*at, value));
            }
        }
        columns.iter().map(|at| quoted(self.name(*at))).collect::<Vec<_>>().join(", ")
    }

    fn header(&self, column: usize) -> &str {
        self.plan.columns.get(column).map_or("", |c| c.header.as_str())
    }

    fn looks(&self, column: usize) -> Looks {
        self.plan.columns.get(column).map(|c| c.looks.clone()).unwrap_or_default()
    }

    /// A field that cannot be filled before somebody has said what its codes mean.
    fn not_yet(&mut self, category: &str, field: &Field, columns: &[usize]) -> String {
        let words: Vec<String> = columns.iter().map(|c| format!("`{}`", self.header(*c))).collect();
        self.todo.push(format!(
            "`{category}.{}`: from {}; its words have to be mapped",
            field.name,
            words.join(", ")
        ));
        let mut out = format!("# TODO {} from {}: say what its words mean", field.name, words.join(", "));
        if let Some(list) = &field.detail {
            let _ = write!(out, " in the list `{list}` (a `map` here, or a code map)");
        }
        for at in columns {
            if self.plan.columns.get(*at).is_some_and(|c| c.marks.contains(&"personal")) {
                continue;
            }
            let seen = self.sample.survey.codes(*at);
            if !seen.is_empty() {
                let shown: Vec<String> = seen.iter().take(20).map(|w| quoted(w)).collect();
                let _ = write!(out, "\n#      seen in `{}`: {}", self.header(*at), shown.join(", "));
            }
        }
        out.push('\n');
        out
    }
}

/// A short word for each column; two alike are told apart by a number.
fn column_words(plan: &Plan) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for column in &plan.columns {
        let own = column.header.rsplit(['/', '.']).next().unwrap_or_default();
        let ascii: Vec<String> = words::tokens(own)
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
