//! Options of a format or transport, as a mapping or a place writes them, and their checked reading.

use crate::codes::{FORMAT_OPTION, PLACE_OPTION};
pub use lockgate_core::mapping::OptionValue;
use lockgate_core::problem::{Code, Problem};
use std::collections::BTreeMap;

/// The options given to one format or transport, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(pub BTreeMap<String, OptionValue>);

/// What an option means; the reference page and "did you mean" come from these.
#[derive(Debug, Clone, Copy)]
pub struct OptionDoc {
    /// The option's key.
    pub name: &'static str,
    /// The shape of its value, in words.
    pub shape: &'static str,
    /// What holds when it is left out.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// An option in one line: key, shape, what holds without it, what it does.
pub(crate) const fn doc(
    name: &'static str,
    shape: &'static str,
    default: &'static str,
    doc: &'static str,
) -> OptionDoc {
    OptionDoc { name, shape, default, doc }
}

/// Whose options are read, for the message.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    /// `format csv`, `transport folder`.
    pub(crate) title: &'static str,
    code: Code,
}

impl Owner {
    pub(crate) const fn format(title: &'static str) -> Self {
        Self { title, code: FORMAT_OPTION }
    }

    pub(crate) const fn transport(title: &'static str) -> Self {
        Self { title, code: PLACE_OPTION }
    }

    /// A problem with one option.
    pub(crate) fn fault(self, name: &str, what: &str) -> Problem {
        Problem::new(self.code, format!("option `{name}` of {}: {what}", self.title))
    }

    /// Refuses any key that is not in the list.
    pub(crate) fn only(
        self,
        table: &BTreeMap<String, OptionValue>,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Result<(), Problem> {
        match table.keys().find(|key| !known.clone().any(|k| k == key.as_str())) {
            Some(key) => Err(Problem::new(self.code, format!("{} has no option `{key}`", self.title))
                .suggest(key, known.map(|k| k as &str))),
            None => Ok(()),
        }
    }

    pub(crate) fn text<'a>(
        self,
        table: &'a BTreeMap<String, OptionValue>,
        name: &str,
    ) -> Result<Option<&'a str>, Problem> {
        match table.get(name) {
            None => Ok(None),
            Some(OptionValue::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "a text is wanted")),
        }
    }

    pub(crate) fn whole(
        self,
        table: &BTreeMap<String, OptionValue>,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<Option<u64>, Problem> {
        let wanted = || self.fault(name, &format!("a whole number from {from} to {to} is wanted"));
        match table.get(name) {
            None => Ok(None),
            Some(OptionValue::Whole(number)) => match u64::try_from(*number) {
                Ok(number) if (from..=to).contains(&number) => Ok(Some(number)),
                _ => Err(wanted()),
            },
            Some(_) => Err(wanted()),
        }
    }

    pub(crate) fn flag(self, table: &BTreeMap<String, OptionValue>, name: &str) -> Result<bool, Problem> {
        match table.get(name) {
            None => Ok(false),
            Some(OptionValue::Flag(flag)) => Ok(*flag),
            Some(_) => Err(self.fault(name, "`true` or `false` is wanted")),
        }
    }

    /// One text, or a list of them; none where the option is left out.
    pub(crate) fn texts(
        self,
        table: &BTreeMap<String, OptionValue>,
        name: &str,
    ) -> Result<Vec<String>, Problem> {
        let wanted = || self.fault(name, "a text or a list of texts is wanted");
        match table.get(name) {
            None => Ok(Vec::new()),
            Some(OptionValue::Text(text)) => Ok(vec![text.clone()]),
            Some(OptionValue::List(items)) => items
                .iter()
                .map(|item| match item {
                    OptionValue::Text(text) => Ok(text.clone()),
                    _ => Err(wanted()),
                })
                .collect(),
            Some(_) => Err(wanted()),
        }
    }

    pub(crate) fn table<'a>(
        self,
        table: &'a BTreeMap<String, OptionValue>,
        name: &str,
    ) -> Result<Option<&'a BTreeMap<String, OptionValue>>, Problem> {
        match table.get(name) {
            None => Ok(None),
            Some(OptionValue::Table(inner)) => Ok(Some(inner)),
            Some(_) => Err(self.fault(name, "a table is wanted")),
        }
    }

    pub(crate) fn tables<'a>(
        self,
        table: &'a BTreeMap<String, OptionValue>,
        name: &str,
    ) -> Result<Vec<&'a BTreeMap<String, OptionValue>>, Problem> {
        let wanted = || self.fault(name, "a list of tables is wanted");
        match table.get(name) {
            None => Ok(Vec::new()),
            Some(OptionValue::List(items)) => items
                .iter()
                .map(|item| match item {
                    OptionValue::Table(inner) => Ok(inner),
                    _ => Err(wanted()),
                })
                .collect(),
            Some(_) => Err(wanted()),
        }
    }
}
