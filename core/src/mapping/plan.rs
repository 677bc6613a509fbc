//! The compiled mapping: column numbers and typed readers, no word left to look up by row.

use crate::schema::CategoryId;
use crate::value::date::DateFormat;
use crate::value::identifier::IdKind;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Index of a column in [`Mapping::columns`](super::Mapping::columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ColumnId(pub(crate) u16);

/// A column that the mapping uses.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) word: String,
    pub(crate) headers: Vec<String>,
    pub(crate) null: Nulls,
    pub(crate) required: bool,
}

/// Words that mean "no value", compared trimmed and without regard to the case of ASCII letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nulls(pub(crate) Vec<String>);

impl Nulls {
    pub(crate) fn hold(&self, text: &str) -> bool {
        self.0.iter().any(|n| n.eq_ignore_ascii_case(text))
    }
}

/// One test on one column.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) column: ColumnId,
    pub(crate) check: Check,
}

#[derive(Debug, Clone)]
pub(crate) enum Check {
    In(Vec<String>),
    NotIn(Vec<String>),
    Present,
    Absent,
}

/// A rule that takes whole rows out: tests that must all hold, and the code it gives.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) when: Vec<Test>,
    pub(crate) code: crate::problem::Code,
}

/// Whose row it is.
#[derive(Debug, Clone)]
pub(crate) struct IdentityPlan {
    pub(crate) key: Vec<ColumnId>,
    pub(crate) kind: Option<IdKind>,
    /// Rows that give another name of the person.
    pub(crate) other_name: Option<Test>,
    pub(crate) space: String,
    pub(crate) person: Option<RecordPlan>,
    pub(crate) evidence: Vec<(ColumnId, Proof)>,
}

/// What a column of `[identity.evidence]` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Postcode,
    Identifier(IdKind),
}

/// One record block, or the person.
#[derive(Debug, Clone)]
pub(crate) struct RecordPlan {
    pub(crate) category: CategoryId,
    pub(crate) name: String,
    /// Kept for the gateway's own decisions: it never leaves, so it opens nothing.
    pub(crate) internal: bool,
    /// Empty for the person: its key is the identity.
    pub(crate) key: Vec<ColumnId>,
    /// Which of several facts of one row and key this is; part of the record's id.
    pub(crate) part: Option<String>,
    /// The column that holds a list, and what parts it: each part gives a record.
    pub(crate) each: Option<(ColumnId, String)>,
    pub(crate) when: Vec<Test>,
    pub(crate) cancelled: Option<Test>,
    pub(crate) restricted: Option<Test>,
    /// One entry per field of the category, in the schema's order.
    pub(crate) fields: Vec<Option<FieldPlan>>,
    /// Names of all fields of the category, for examples.
    pub(crate) names: Vec<String>,
}

/// How one field gets its value.
#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    pub(crate) input: Input,
    pub(crate) first_char: bool,
    pub(crate) words: Option<Vec<(String, String)>>,
    pub(crate) pad: usize,
    pub(crate) null: Nulls,
    pub(crate) null_dates: Vec<Date>,
    pub(crate) shape: Shape,
    /// A faulty value is dropped instead of refusing the row.
    pub(crate) drop: bool,
    pub(crate) role: Role,
}

/// Where the text comes from.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Constant(String),
    One(ColumnId),
    Many(Vec<ColumnId>, String),
}

/// The typed reader of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Name,
    Text,
    Address,
    /// How many of the schema's unit one of the partner's is.
    Number {
        times: u32,
    },
    Money {
        positive_is_credit: bool,
        in_pence: bool,
    },
    Id(IdKind),
    /// Indexes of the partner's code map (when there is one) and of the schema's list.
    Code {
        map: Option<usize>,
        list: usize,
    },
    Flag,
    Postcode,
    Date(DateFormat),
    /// `two_digits`: the pattern has a two-digit year, so a birth in the future is a century late.
    Birth {
        format: DateFormat,
        two_digits: bool,
    },
    DateTime {
        format: DateFormat,
        time: Option<ColumnId>,
    },
}

/// What a person field says to the linker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    None,
    Surname,
    Forenames,
    Aliases,
    Birth,
    Strong(IdKind),
}
