//! What a mapping does with a column: which change of its values would pass unseen.

use super::Mapping;
use super::plan::{ColumnId, FieldPlan, Input, RecordPlan, Shape, Test};
use crate::hash::Digest;
use alloc::format;
use alloc::string::String;

/// The uses of one column.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Some use takes any text: a change of form is seen nowhere else.
    pub(super) open: bool,
    /// Its exact text matters: it is a key or a number of somebody or something.
    pub(super) exact: bool,
    /// It is read as a day or an instant.
    pub(super) day: bool,
    /// All uses, written out.
    text: String,
}

impl Uses {
    /// Changes when the column is read otherwise. Where it stands in the mapping has no part in it.
    pub(super) fn digest(&self) -> String {
        Digest::of(self.text.as_bytes()).hex().get(..16).unwrap_or_default().into()
    }

    fn note(&mut self, what: &str, open: bool, exact: bool) {
        self.open |= open;
        self.exact |= exact;
        self.text.push_str(what);
        self.text.push('\n');
    }

    fn field(&mut self, record: &RecordPlan, at: usize, plan: &FieldPlan) {
        let (open, exact, shape) = match plan.shape {
            Shape::Name | Shape::Text | Shape::Address => (true, false, format!("{:?}", plan.shape)),
            Shape::Id(kind) => (!kind.has_check(), true, format!("{kind:?}")),
            // The numbers of lists and columns change with others' lines.
            Shape::Code { .. } => (false, false, "Code".into()),
            Shape::DateTime { format, .. } => (false, false, format!("{format:?}")),
            other => (false, false, format!("{other:?}")),
        };
        self.day |= matches!(plan.shape, Shape::Date(_) | Shape::Birth { .. } | Shape::DateTime { .. });
        let FieldPlan { first_char, words, pad, null, drop, .. } = plan;
        let what = format!("{} {at} {shape} {first_char} {words:?} {pad} {null:?} {drop}", record.name);
        self.note(&what, open && words.is_none(), exact);
    }
}

impl Mapping {
    /// Every use of a column.
    pub(super) fn uses(&self, column: ColumnId) -> Uses {
        let mut uses = Uses::default();
        let nulls = self.columns.get(usize::from(column.0)).map(|c| &c.null);
        uses.note(&format!("{nulls:?}"), false, false);
        if self.identity.key.contains(&column) {
            let checked = self.identity.kind.is_some_and(crate::value::identifier::IdKind::has_check);
            uses.note(&format!("identity {:?}", self.identity.kind), !checked, true);
        }
        for (_, proof) in self.identity.evidence.iter().filter(|(c, _)| *c == column) {
            uses.note(&format!("evidence {proof:?}"), false, true);
        }
        uses.tests(column, self.identity.other_name.iter());
        for rule in self.refuse.iter().chain(&self.skip) {
            uses.tests(column, rule.when.iter());
        }
        for record in self.identity.person.iter().chain(&self.records) {
            if record.key.contains(&column) {
                let split = record.each.as_ref().filter(|(c, _)| *c == column).map(|(_, split)| split);
                uses.note(&format!("key {} {split:?}", record.name), true, split.is_none());
            }
            let marks = record.cancelled.iter().chain(&record.restricted);
            uses.tests(column, record.when.iter().chain(marks));
            for (at, field) in record.fields.iter().enumerate() {
                if let Some(plan) = field.as_ref().filter(|f| reads(f, column)) {
                    uses.field(record, at, plan);
                }
            }
        }
        uses
    }
}

impl Uses {
    /// A word that changed would make a condition silently untrue.
    fn tests<'t>(&mut self, column: ColumnId, tests: impl Iterator<Item = &'t Test>) {
        for test in tests.filter(|t| t.column == column) {
            self.note(&format!("{:?}", test.check), true, false);
        }
    }
}

fn reads(plan: &FieldPlan, column: ColumnId) -> bool {
    let time = matches!(plan.shape, Shape::DateTime { time: Some(time), .. } if time == column);
    time || match &plan.input {
        Input::Constant(_) => false,
        Input::One(one) => *one == column,
        Input::Many(many, _) => many.contains(&column),
    }
}
