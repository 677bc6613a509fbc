//! A mapping file as read: what its author wrote, with the place of every word.
//!
//! Nothing here is checked beyond its shape; [`Mapping::compile`](super::Mapping::compile) checks.
//! Unknown keys are refused where they stand, so a slip of the pen never passes as an option.

use super::FeedKind;
use crate::schema::pairs;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_spanned::Spanned;

/// A whole mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub(crate) feed: FeedDraft,
    pub(crate) source: Spanned<SourceDraft>,
    #[serde(default)]
    pub(crate) check: CheckDraft,
    pub(crate) columns: Pairs<Spanned<ColumnDraft>>,
    pub(crate) identity: IdentityDraft,
    #[serde(default)]
    pub(crate) record: Vec<RecordDraft>,
    #[serde(default)]
    pub(crate) refuse: Vec<Spanned<RuleDraft>>,
    #[serde(default)]
    pub(crate) skip: Vec<Spanned<RuleDraft>>,
    #[serde(default)]
    pub(crate) example: Vec<ExampleDraft>,
}

/// `[feed]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedDraft {
    pub(crate) name: Spanned<String>,
    pub(crate) partner: Spanned<String>,
    pub(crate) title: String,
    pub(crate) kind: FeedKind,
    pub(crate) retention: Spanned<String>,
    /// Who looks after the feed's quarantine: a desk, not a name. The deployment's contact when absent.
    pub(crate) owner: Option<String>,
    pub(crate) key_space: Option<Spanned<String>>,
    /// Feeds whose files of the same day are taken first: a later word about the same facts.
    #[serde(default)]
    pub(crate) after: Vec<Spanned<String>>,
}

/// The keys of `[source]`; any other is the table of the format's options.
pub const SOURCE_KEYS: [&str; 4] = ["place", "file", "date", "format"];

/// `[source]`: three or four words, and one table named as the format.
#[derive(Debug)]
pub(crate) struct SourceDraft {
    pub(crate) place: Option<Spanned<String>>,
    pub(crate) file: Option<Spanned<String>>,
    pub(crate) date: Option<Spanned<String>>,
    pub(crate) format: Option<Spanned<String>>,
    /// Every other key: the table of the format's options, or a slip.
    pub(crate) others: Vec<(Spanned<String>, Spanned<OptionValue>)>,
}

/// `[check]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckDraft {
    pub(crate) error_budget: Option<Spanned<OptionValue>>,
    pub(crate) shrink: Option<Spanned<OptionValue>>,
    pub(crate) empty: Option<Spanned<String>>,
}

/// One line of `[columns]`.
#[derive(Debug)]
pub(crate) enum ColumnDraft {
    /// Header text, or several of which the file has one.
    Headers(Vec<String>),
    /// The same with options.
    Table(ColumnTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnTable {
    pub(crate) header: Words,
    #[serde(default)]
    pub(crate) null: Words,
    #[serde(default = "yes")]
    pub(crate) required: bool,
}

fn yes() -> bool {
    true
}

/// `[identity]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityDraft {
    pub(crate) key: Spanned<Words>,
    pub(crate) key_kind: Option<Spanned<String>>,
    /// Rows that give another name of the same person, and not the person.
    pub(crate) other_name: Option<Spanned<ConditionDraft>>,
    #[serde(default)]
    pub(crate) person: Pairs<Spanned<FieldDraft>>,
    #[serde(default)]
    pub(crate) evidence: Pairs<Spanned<Words>>,
}

/// `[[record]]`. `restricted` is best said as `not_in` the words that mean "no": a word that nobody
/// foresaw then keeps the record silent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordDraft {
    pub(crate) category: Spanned<String>,
    pub(crate) key: Spanned<Words>,
    pub(crate) part: Option<Spanned<String>>,
    pub(crate) each: Option<Spanned<EachDraft>>,
    #[serde(default)]
    pub(crate) when: Vec<Spanned<ConditionDraft>>,
    pub(crate) cancelled: Option<Spanned<ConditionDraft>>,
    pub(crate) restricted: Option<Spanned<ConditionDraft>>,
    #[serde(default)]
    pub(crate) fields: Pairs<Spanned<FieldDraft>>,
}

/// `each`: a column that holds a list, and what stands between its parts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EachDraft {
    pub(crate) column: Spanned<String>,
    pub(crate) split: Spanned<String>,
}

/// A field: the word of a column, or a table.
#[derive(Debug)]
pub(crate) enum FieldDraft {
    Column(String),
    Table(Box<FieldTable>),
}

/// A field with options.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldTable {
    pub(crate) column: Option<Spanned<String>>,
    pub(crate) columns: Option<Spanned<Vec<Spanned<String>>>>,
    pub(crate) join: Option<Spanned<String>>,
    pub(crate) constant: Option<Spanned<OptionValue>>,
    pub(crate) date: Option<Spanned<String>>,
    pub(crate) time: Option<Spanned<String>>,
    pub(crate) codes: Option<Spanned<String>>,
    pub(crate) map: Option<Spanned<Pairs<Spanned<OptionValue>>>>,
    pub(crate) pad: Option<Spanned<u8>>,
    pub(crate) first_char: Option<Spanned<bool>>,
    pub(crate) positive: Option<Spanned<String>>,
    pub(crate) unit: Option<Spanned<String>>,
    pub(crate) times: Option<Spanned<u32>>,
    pub(crate) null: Option<Words>,
    pub(crate) on_fault: Option<Spanned<String>>,
}

/// One condition on one column; exactly one of the four tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionDraft {
    pub(crate) column: Spanned<String>,
    #[serde(rename = "in")]
    pub(crate) is_in: Option<Words>,
    pub(crate) not_in: Option<Words>,
    pub(crate) present: Option<bool>,
    pub(crate) absent: Option<bool>,
}

/// `[[refuse]]` and `[[skip]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDraft {
    pub(crate) when: Vec<Spanned<ConditionDraft>>,
    pub(crate) reason: Spanned<String>,
}

/// `[[example]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleDraft {
    pub(crate) title: Spanned<String>,
    pub(crate) day: Option<Day>,
    pub(crate) row: Pairs<Spanned<OptionValue>>,
    pub(crate) expect: Spanned<ExpectDraft>,
}

/// What an example expects.
#[derive(Debug)]
pub(crate) enum ExpectDraft {
    Word(String),
    Records(Vec<Pairs<Spanned<OptionValue>>>),
}

/// A table as pairs, in the order in which they stand.
#[derive(Debug)]
pub(crate) struct Pairs<T>(pub(crate) Vec<(Spanned<String>, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        pairs(deserializer).map(Self)
    }
}

/// One word or a list of words.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words(alloc::vec![text.into()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Words, A::Error> {
                list(seq).map(Words)
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

impl<'de> Deserialize<'de> for ColumnDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = ColumnDraft;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header text, a list of them, or a table with `header`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ColumnDraft, E> {
                Ok(ColumnDraft::Headers(alloc::vec![text.into()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<ColumnDraft, A::Error> {
                list(seq).map(ColumnDraft::Headers)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnDraft, A::Error> {
                ColumnTable::deserialize(MapAccessDeserializer::new(map)).map(ColumnDraft::Table)
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

impl<'de> Deserialize<'de> for FieldDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = FieldDraft;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the word of a column, or a table")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<FieldDraft, E> {
                Ok(FieldDraft::Column(text.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldDraft, A::Error> {
                FieldTable::deserialize(MapAccessDeserializer::new(map))
                    .map(|t| FieldDraft::Table(Box::new(t)))
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

impl<'de> Deserialize<'de> for ExpectDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = ExpectDraft;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of records, \"refused\" or \"skipped\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ExpectDraft, E> {
                Ok(ExpectDraft::Word(text.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<ExpectDraft, A::Error> {
                list(seq).map(ExpectDraft::Records)
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

impl<'de> Deserialize<'de> for SourceDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut draft = Self { place: None, file: None, date: None, format: None, others: Vec::new() };
        for (key, value) in pairs::<D, Spanned<OptionValue>>(deserializer)? {
            let slot = match key.get_ref().as_str() {
                "place" => &mut draft.place,
                "file" => &mut draft.file,
                "date" => &mut draft.date,
                "format" => &mut draft.format,
                _ => {
                    draft.others.push((key, value));
                    continue;
                }
            };
            let span = value.span();
            let OptionValue::Text(text) = value.into_inner() else {
                return Err(D::Error::custom(alloc::format!(
                    "`{}` in `[source]` must be a text",
                    key.get_ref()
                )));
            };
            *slot = Some(Spanned::new(span, text));
        }
        Ok(draft)
    }
}

/// A day, as a TOML date or a text of the same form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(pub(crate) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = OptionValue::deserialize(deserializer)?;
        // The reader hands a native date over as a table of one text; no other table is a day.
        let text = match &value {
            OptionValue::Text(text) => Some(text),
            OptionValue::Table(table) if table.len() == 1 => match table.values().next() {
                Some(OptionValue::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        };
        let day = text.and_then(|t| t.parse().ok());
        day.map(Self).ok_or_else(|| D::Error::custom("a day is written as 2008-11-17"))
    }
}

/// A value of an open table: a format's options, an example's cells, a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A list.
    List(Vec<OptionValue>),
    /// A table.
    Table(BTreeMap<String, OptionValue>),
}

impl OptionValue {
    /// The plain text of a single value; `None` for lists and tables.
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::List(_) | Self::Table(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for OptionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = OptionValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true, false, a list or a table")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(text.into()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<OptionValue, E> {
                Ok(OptionValue::Whole(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<OptionValue, E> {
                i64::try_from(number)
                    .map(OptionValue::Whole)
                    .map_err(|_| E::custom("the number is too large"))
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<OptionValue, E> {
                Ok(OptionValue::Flag(flag))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OptionValue, A::Error> {
                list(seq).map(OptionValue::List)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OptionValue, A::Error> {
                let mut table = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    table.insert(key, value);
                }
                Ok(OptionValue::Table(table))
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

fn list<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(mut seq: A) -> Result<Vec<T>, A::Error> {
    let mut out = Vec::new();
    while let Some(item) = seq.next_element()? {
        out.push(item);
    }
    Ok(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        day: Day,
    }

    #[derive(Debug, Deserialize)]
    struct Only {
        #[expect(dead_code, reason = "read, never looked at")]
        identity: IdentityDraft,
    }

    #[test]
    fn a_day_reads_native_and_quoted() {
        for text in ["day = 2008-11-17", "day = \"2008-11-17\""] {
            assert_eq!(toml::from_str::<Holder>(text).unwrap().day.0, Date::constant(2008, 11, 17));
        }
        for text in ["day = 3", "day = \"17/11/2008\"", "day = { a = \"x\" }"] {
            assert!(toml::from_str::<Holder>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_option_of_a_field_is_refused_with_its_place() {
        let text =
            "[identity]\nkey = \"a\"\n[identity.person]\nsurname = { column = \"a\", onfault = \"drop\" }\n";
        let error = toml::from_str::<Only>(text).unwrap_err();
        assert!(error.message().contains("onfault"));
        assert_eq!(error.span().and_then(|s| text.get(s)), Some("onfault"));
    }
}
