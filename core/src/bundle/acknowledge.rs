//! `acknowledge.csv`: the return form, filled in as far as the gateway can.
//!
//! One line confirms receipt of the bundle; each row that replaces a copy (6.1) or withdraws one
//! (5.5.1) is a line to be answered, and so is each of the recipient's own records that somebody says is wrong (6.1), and twice a
//! year the review of all that it holds (5.5.2). A line is known by bundle and action number.

use super::table::{Form, write_line};
use super::{Change, Meta, Packed};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The form's columns; from `done` on they are the recipient's.
pub const COLUMNS: [(&str, Form); 12] = [
    ("bundle", Form::Text),
    ("action", Form::Integer),
    ("table", Form::Text),
    ("record_id", Form::Text),
    ("record_version", Form::Integer),
    ("what_to_do", Form::Text),
    ("clause", Form::Text),
    ("due_by", Form::Date),
    ("done", Form::Text),
    ("done_on", Form::Text),
    ("done_by", Form::Text),
    ("remark", Form::Text),
];

/// What is asked for the whole bundle.
pub const CONFIRM: &str = "confirm receipt";
/// What is asked for a row that replaces another (6.1).
pub const REPLACE: &str = "replace your copy";
/// What a record's originator is asked when somebody says that it is wrong (6.1).
pub const CHECK: &str = "check your record, and correct it at the source if it is wrong";
/// What every holder is asked twice a year about all that it holds (5.5.2).
pub const REVIEW: &str = "review what you hold, keep only what you can justify, and destroy the rest";
/// What is asked for a withdrawn row (5.5.1).
pub const DESTROY: &str = "destroy your copy";

/// The form's lines, in the order of the rows.
pub struct Return<'a> {
    bundle: &'a str,
    due_by: String,
    actions: u64,
}

impl<'a> Return<'a> {
    /// Starts the form: header and the line that confirms receipt.
    pub fn start(meta: &Meta, bundle: &'a str, out: &mut Vec<u8>) -> Self {
        write_line(COLUMNS.iter().map(|(name, _)| (*name, Form::Text)), out);
        let mut form = Self { bundle, due_by: meta.acknowledge_by.to_string(), actions: 0 };
        form.line(["", "", ""], CONFIRM, "7.5", out);
        if let Some(due) = meta.review {
            form.due(["", "", ""], REVIEW, "5.5.2", &due.to_string(), out);
        }
        for check in &meta.checks {
            form.line([&check.table, &check.record_ref, ""], CHECK, "6.1", out);
        }
        form
    }

    /// Adds the line of a row that asks for something, and says whether it did.
    pub fn row(&mut self, table: &str, row: &Packed<'_>, out: &mut Vec<u8>) -> bool {
        let (what, clause) = match row.change() {
            Change::Withdrawal => (DESTROY, "5.5.1"),
            _ if row.replaces() => (REPLACE, "6.1"),
            _ => return false,
        };
        self.line([table, row.cell(0), row.cell(1)], what, clause, out);
        true
    }

    /// Lines so far.
    pub const fn actions(&self) -> u64 {
        self.actions
    }

    fn line(&mut self, about: [&str; 3], what: &str, clause: &str, out: &mut Vec<u8>) {
        let due_by = core::mem::take(&mut self.due_by);
        self.due(about, what, clause, &due_by, out);
        self.due_by = due_by;
    }

    fn due(
        &mut self,
        [table, record, version]: [&str; 3],
        what: &str,
        clause: &str,
        due_by: &str,
        out: &mut Vec<u8>,
    ) {
        self.actions += 1;
        let action = format!("{}", self.actions);
        let cells = [self.bundle, &action, table, record, version, what, clause, due_by, "", "", "", ""];
        write_line(cells.into_iter().zip(COLUMNS.iter().map(|(_, form)| *form)), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::samples;

    #[test]
    fn an_empty_night_asks_for_one_confirmation() {
        let mut out = Vec::new();
        let form = Return::start(&samples::meta(), "b", &mut out);
        assert_eq!(form.actions(), 1);
        let text = String::from_utf8(out).unwrap_or_default();
        assert_eq!(
            text,
            "bundle,action,table,record_id,record_version,what_to_do,clause,due_by,done,done_on,done_by,remark\r\n\
             b,1,,,,confirm receipt,7.5,2008-11-24,,,,\r\n"
        );
    }

    #[test]
    fn clause_5_5_2_the_review_is_asked_for_by_its_own_day() {
        let mut out = Vec::new();
        let meta = Meta { review: Some(jiff::civil::date(2009, 5, 17)), ..samples::meta() };
        assert_eq!(Return::start(&meta, "b", &mut out).actions(), 2);
        let text = String::from_utf8(out).unwrap_or_default();
        let line = text.lines().nth(2).map(ToString::to_string);
        assert_eq!(line, Some(format!("b,2,,,,\"{REVIEW}\",5.5.2,2009-05-17,,,,")));
    }
}
