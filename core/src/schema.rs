//! The common offender schema: what can be said about a person, by category and typed field.
//!
//! The schema is data (`schema/*.toml`, code lists in `schema/codes/*.csv`); this module gives it
//! types and checks it. Names of categories and fields are those of the agreement's annex.

use crate::problem::{CodeDoc, Problem};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_spanned::Spanned;

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG0201",
        title: "the schema does not read",
        explanation: "A file in `schema/` has a category or field that cannot be used: a name stands twice, a code field names no \
                      list, or a name has characters other than a-z, 0-9 and underscore. Nothing runs until it is mended.",
    },
    CodeDoc {
        code: "LG0202",
        title: "a code list is missing or does not read",
        explanation: "A field refers to a list in `schema/codes/` that is not there, or the list has a line without a code, or two \
                      lines for one code whose dates overlap.",
    },
];

/// The type of a field (`policy`: the reductions that apply to it follow from its type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person's name, or a list of names separated by `; `.
    Name,
    /// A date of birth.
    Dob,
    /// A calendar date.
    Date,
    /// An instant, stored in UTC.
    DateTime,
    /// An identifier.
    Id,
    /// A code of a versioned list.
    Code,
    /// An address without its postcode.
    Address,
    /// A UK postcode.
    Postcode,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// An amount in pounds.
    Money,
    /// Free text: never by standing grant.
    Text,
    /// Another person: never by standing grant.
    Person,
    /// A reference to a file.
    File,
}

impl Kind {
    /// The word used in configuration files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Dob => "dob",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Id => "id",
            Self::Code => "code",
            Self::Address => "address",
            Self::Postcode => "postcode",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Money => "money",
            Self::Text => "text",
            Self::Person => "person",
            Self::File => "file",
        }
    }
}

/// Index of a category in its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(pub u16);

/// Index of a field in its category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u8);

/// One typed field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in files and bundles.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// For `code`: the list; for `id`: the identifier kind, when it has a known shape.
    pub detail: Option<String>,
    /// Plain words for people.
    pub title: String,
}

/// One category of information.
#[derive(Debug, Clone)]
pub struct Category {
    /// Name in files and bundles.
    pub name: String,
    /// Plain words for people.
    pub title: String,
    /// Kept for the gateway's own decisions (cohort, caseload): never in any entitlement.
    pub internal: bool,
    /// Fields in the order of the annex.
    pub fields: Vec<Field>,
}

impl Category {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        let at = self.fields.iter().position(|f| f.name == name)?;
        u8::try_from(at).ok().map(FieldId)
    }

    /// The field at an index.
    pub fn get(&self, id: FieldId) -> Option<&Field> {
        self.fields.get(usize::from(id.0))
    }
}

/// The checked schema.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    categories: Vec<Category>,
    lists: BTreeMap<String, CodeList>,
}

impl Schema {
    /// Builds the schema from its files (`(file name, draft)`, in reading order) and code lists;
    /// returns every fault found.
    pub fn build(
        drafts: Vec<(String, Draft)>,
        lists: BTreeMap<String, CodeList>,
    ) -> Result<Self, Vec<Problem>> {
        let mut schema = Self { categories: Vec::new(), lists };
        let mut problems = Vec::new();
        for (file, draft) in drafts {
            for (name, category) in draft.0 {
                schema.add(&file, &name, category, &mut problems);
            }
        }
        if problems.is_empty() { Ok(schema) } else { Err(problems) }
    }

    fn add(&mut self, file: &str, name: &Spanned<String>, draft: DraftCategory, problems: &mut Vec<Problem>) {
        let fault = |what: String, span| Problem::new("LG0201", what).in_config(file, span);
        if !is_word(name.get_ref()) || self.category(name.get_ref()).is_some() {
            problems.push(fault(
                format!("category `{}` stands twice or is not a plain word", name.get_ref()),
                name.span(),
            ));
        }
        let mut fields: Vec<Field> = Vec::new();
        for (field, spec) in draft.fields.0 {
            let text = field.get_ref();
            if !is_word(text) || fields.iter().any(|f| &f.name == text) {
                problems
                    .push(fault(format!("field `{text}` stands twice or is not a plain word"), field.span()));
            }
            problems.extend(self.missing_list(file, &field, &spec));
            let title = spec.title.unwrap_or_else(|| text.replace('_', " "));
            fields.push(Field { name: text.clone(), kind: spec.kind, detail: spec.detail, title });
        }
        if fields.is_empty() || fields.len() > 32 {
            problems.push(fault(format!("category `{}` needs 1 to 32 fields", name.get_ref()), name.span()));
        }
        let name = name.get_ref().clone();
        self.categories.push(Category { name, title: draft.title, internal: draft.internal, fields });
    }

    /// A code field without its list.
    fn missing_list(&self, file: &str, field: &Spanned<String>, spec: &DraftField) -> Option<Problem> {
        let list = spec.detail.as_deref().unwrap_or("");
        if spec.kind != Kind::Code || self.lists.contains_key(list) {
            return None;
        }
        let name = field.get_ref();
        let what = format!("field `{name}` needs the code list `{list}`, which is not in `schema/codes`");
        let problem = Problem::new("LG0202", what).in_config(file, field.span());
        Some(problem.suggest(list, self.lists.keys().map(String::as_str)))
    }

    /// All categories, in order.
    pub fn categories(&self) -> impl Iterator<Item = (CategoryId, &Category)> {
        self.categories.iter().zip(0u16..).map(|(c, i)| (CategoryId(i), c))
    }

    /// The category of that name.
    pub fn category(&self, name: &str) -> Option<CategoryId> {
        self.categories().find(|(_, c)| c.name == name).map(|(id, _)| id)
    }

    /// The category at an index.
    pub fn get(&self, id: CategoryId) -> Option<&Category> {
        self.categories.get(usize::from(id.0))
    }

    /// A code list.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        self.lists.get(name)
    }

    /// The list behind a code field.
    pub fn list_of(&self, category: CategoryId, field: FieldId) -> Option<&CodeList> {
        self.list(self.get(category)?.get(field)?.detail.as_deref()?)
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A versioned list of codes: what a code meant, and when.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    entries: BTreeMap<String, Vec<CodeEntry>>,
}

/// One line of a code list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code.
    pub code: String,
    /// Its meaning.
    pub label: String,
    /// The coarser code that a `group` reduction gives.
    pub group: Option<String>,
    /// First day on which the code was used.
    pub from: Option<Date>,
    /// Last day on which the code was used.
    pub until: Option<Date>,
}

impl CodeEntry {
    fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|f| f <= day) && self.until.is_none_or(|u| day <= u)
    }
}

impl CodeList {
    /// A list from its lines; refuses an empty code and overlapping meanings of one code.
    pub fn new(lines: impl IntoIterator<Item = CodeEntry>) -> Result<Self, String> {
        let mut list = Self::default();
        for line in lines {
            if line.code.is_empty() {
                return Err("a line has no code".into());
            }
            let same = list.entries.entry(line.code.clone()).or_default();
            let apart = |e: &CodeEntry| {
                let before = |a: Option<Date>, b: Option<Date>| matches!((a, b), (Some(a), Some(b)) if a < b);
                before(e.until, line.from) || before(line.until, e.from)
            };
            if !same.iter().all(apart) {
                return Err(format!("code `{}` has two meanings for one day", line.code));
            }
            same.push(line);
        }
        Ok(list)
    }

    /// The meaning of a code on a day.
    pub fn on(&self, code: &str, day: Date) -> Option<&CodeEntry> {
        self.entries.get(code)?.iter().find(|e| e.covers(day))
    }

    /// Any meaning of a code, whatever the day (the latest).
    pub fn any(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.get(code)?.last()
    }

    /// Every line: code by code, each code's lines in their order.
    pub fn entries(&self) -> impl Iterator<Item = &CodeEntry> {
        self.entries.values().flatten()
    }

    /// All codes.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

/// A schema file as read: `[category]` tables in order.
#[derive(Debug)]
pub struct Draft(pub Vec<(Spanned<String>, DraftCategory)>);

/// A category as read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftCategory {
    /// Plain words.
    pub title: String,
    /// See [`Category::internal`].
    #[serde(default)]
    pub internal: bool,
    /// Fields in order.
    pub fields: DraftFields,
}

/// Fields as read, in order.
#[derive(Debug)]
pub struct DraftFields(pub Vec<(Spanned<String>, DraftField)>);

/// A field as read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftField {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Code list or identifier kind.
    #[serde(rename = "of")]
    pub detail: Option<String>,
    /// Plain words; defaults to the name with spaces.
    pub title: Option<String>,
}

/// Reads a table as pairs in the order in which they stand.
pub(crate) fn pairs<'de, D, T>(deserializer: D) -> Result<Vec<(Spanned<String>, T)>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Pairs<T>(core::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
        type Value = Vec<(Spanned<String>, T)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut out = Vec::new();
            while let Some(pair) = map.next_entry::<Spanned<String>, T>()? {
                out.push(pair);
            }
            out.sort_by_key(|(k, _)| k.span().start);
            Ok(out)
        }
    }
    deserializer.deserialize_map(Pairs(core::marker::PhantomData))
}

impl<'de> Deserialize<'de> for Draft {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        pairs(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for DraftFields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        pairs(deserializer).map(Self)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    const TEXT: &str =
        "[b]\ntitle = \"B\"\nfields = { z = { type = \"date\" }, a = { type = \"code\", of = \"yn\" } }\n";

    fn lists() -> BTreeMap<String, CodeList> {
        let yes = CodeEntry { code: "Y".into(), label: "yes".into(), group: None, from: None, until: None };
        BTreeMap::from([("yn".into(), CodeList::new([yes]).unwrap_or_default())])
    }

    #[test]
    fn fields_keep_their_order() {
        let draft: Draft = toml::from_str(TEXT).expect("reads");
        let schema = Schema::build(alloc::vec![("s.toml".into(), draft)], lists()).expect("builds");
        let names: Vec<&str> =
            schema.get(CategoryId(0)).expect("b").fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["z", "a"]);
    }

    #[test]
    fn a_missing_list_is_named_with_its_place() {
        let draft: Draft = toml::from_str(TEXT).expect("reads");
        let problems =
            Schema::build(alloc::vec![("s.toml".into(), draft)], BTreeMap::new()).expect_err("refused");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems.first().map(|p| p.code), Some("LG0202"));
    }
}
