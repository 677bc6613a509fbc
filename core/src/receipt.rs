//! Receipts: what a recipient answers in the return form, line by line (7.5, 6.1, 5.5.1, 5.5.2).
//!
//! People fill the form in with the programs they have, so a date comes in two orders and a yes in many words. What does
//! not read is refused line by line, so that the rest of the form counts.

use crate::bundle::acknowledge;
use crate::problem::CodeDoc;
use alloc::string::String;
use jiff::civil::Date;

/// Codes of this room (`LG24nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2401",
        title: "this is no return form",
        explanation: "A receipt is the `acknowledge.csv` of a bundle, filled in and saved as CSV, or a JSON array of its lines. It is not an \
                      archive or a workbook, has the form's columns, and is at most 16 MiB; at a door it lies in a folder that is no link, and \
                      can be read and moved. The message says what was wrong; other recipients are not held up.",
    },
    CodeDoc {
        code: "LG2402",
        title: "a line answers nothing that was asked",
        explanation: "The bundle is none that was sent to this partner, it has no action of this number, or the record beside the number \
                      is another one. The other lines of the form count.",
    },
    CodeDoc {
        code: "LG2403",
        title: "a line was not answered by a current nominee",
        explanation: "Only a partner's current nominees answer for it (7.3). Register the new nominee (`lockgate register add nominee`) and \
                      import the form again: lines that were taken are not taken twice.",
    },
    CodeDoc {
        code: "LG2404",
        title: "an answer does not read",
        explanation: "`done` is yes or no, `done_on` a day written as 2008-11-24 or 24/11/2008, from the bundle's day to today, and \
                      `done_by` says who answers. A line with all three empty is not answered yet, which is no fault.",
    },
    CodeDoc {
        code: "LG2405",
        title: "an answer is overdue",
        explanation: "A recipient has not confirmed a bundle, or not answered what it asks, within the working days that were given. Ask \
                      its nominee; `lockgate receipt list --overdue` shows what is open.",
    },
    CodeDoc {
        code: "LG2406",
        title: "the signature of a return form does not count",
        explanation: "A signature lay beside the form, and it is not of these bytes, not made for `lockgate-ack`, or not by a key that stands \
                      under `answers` of this partner in `lockgate.toml`. The whole form is refused: whoever changed it, or signed \
                      it in another's name, wants to be found. Ask the partner's nominee; a form without a signature is taken, and \
                      recorded as unsigned.",
    },
];

/// What is asked of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// To confirm that the bundle came and opened (7.5).
    Confirm,
    /// To replace a row (6.1).
    Replace,
    /// To destroy a row (5.5.1).
    Destroy,
    /// To look at a record of its own that somebody says is wrong (6.1).
    Check,
    /// To review all that it holds (5.5.2).
    Review,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Confirm, Self::Replace, Self::Destroy, Self::Check, Self::Review];

    /// A short word, for lists and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Replace => "replace",
            Self::Destroy => "destroy",
            Self::Check => "check",
            Self::Review => "review",
        }
    }

    /// What stands in the form.
    pub const fn asked(self) -> &'static str {
        match self {
            Self::Confirm => acknowledge::CONFIRM,
            Self::Replace => acknowledge::REPLACE,
            Self::Destroy => acknowledge::DESTROY,
            Self::Check => acknowledge::CHECK,
            Self::Review => acknowledge::REVIEW,
        }
    }

    /// The action of a word, or of what stands in the form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| [action.word(), action.asked()].contains(&text))
    }
}

/// A line of the form as it came back; what a program left out is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The bundle's name.
    pub bundle: String,
    /// The action's number.
    pub action: String,
    /// The category, when it is about a row.
    pub table: String,
    /// The row, by the recipient's reference.
    pub record_id: String,
    /// The row's version.
    pub record_version: String,
    /// Yes or no.
    pub done: String,
    /// When.
    pub done_on: String,
    /// By whom.
    pub done_by: String,
    /// In the recipient's own words.
    pub remark: String,
}

/// An answer that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The action's number.
    pub action: u64,
    /// Whether it was done.
    pub done: bool,
    /// When.
    pub on: Date,
    /// By whom: a nominee's token, or what the recipient wrote.
    pub by: &'a str,
    /// In the recipient's own words; may be empty.
    pub remark: &'a str,
}

/// Which part of a line does not read. Its words are not repeated: they may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// The action's number.
    Action,
    /// Yes or no.
    Done,
    /// The day.
    On,
    /// Who answers.
    By,
}

impl Unread {
    /// What is wrong, in plain words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Action => "`action` is not a number",
            Self::Done => "`done` is neither yes nor no",
            Self::On => "`done_on` is no day from the bundle's to today, as 2008-11-24 or 24/11/2008",
            Self::By => "`done_by` is empty, or longer than a line",
        }
    }
}

impl Line {
    /// Whether nobody has answered it yet.
    pub fn open(&self) -> bool {
        [&self.done, &self.done_on, &self.done_by].iter().all(|cell| cell.trim().is_empty())
    }

    /// The action's number.
    pub fn number(&self) -> Result<u64, Unread> {
        self.action.trim().parse().map_err(|_| Unread::Action)
    }

    /// Reads an answer that may have been given from the bundle's day to `today`.
    pub fn answer(&self, sent: Date, today: Date) -> Result<Answer<'_>, Unread> {
        let done = yes_or_no(self.done.trim()).ok_or(Unread::Done)?;
        let on = day(self.done_on.trim()).filter(|on| (sent..=today).contains(on)).ok_or(Unread::On)?;
        let by = self.done_by.trim();
        if by.is_empty() || by.len() > 200 || by.contains(char::is_control) {
            return Err(Unread::By);
        }
        Ok(Answer { action: self.number()?, done, on, by, remark: self.remark.trim() })
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(&["yes", "y", "true", "1", "done", "x"]) {
        Some(true)
    } else if is(&["no", "n", "false", "0", "not done"]) {
        Some(false)
    } else {
        None
    }
}

/// A day as the form has it, or as a spreadsheet program rewrites it in this country. An instant behind it is left out.
fn day(text: &str) -> Option<Date> {
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    if let Some(day) = crate::agreement::day(text) {
        return Some(day);
    }
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str, lengths: [usize; 2]| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let whole = parts.next().is_none() && plain(day, [1, 2]) && plain(month, [1, 2]) && plain(year, [4, 4]);
    whole.then(|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const SENT: Date = date(2008, 11, 17);
    const TODAY: Date = date(2008, 11, 24);

    fn line(done: &str, on: &str, by: &str) -> Line {
        Line {
            action: "2".into(),
            done: done.into(),
            done_on: on.into(),
            done_by: by.into(),
            ..Line::default()
        }
    }

    #[test]
    fn a_day_is_read_in_either_order() {
        for (text, expected) in [
            ("2008-11-20", Some(date(2008, 11, 20))),
            ("20/11/2008", Some(date(2008, 11, 20))),
            ("2008-11-20T09:00:00Z", Some(date(2008, 11, 20))),
            ("20/11/2008 09:00", Some(date(2008, 11, 20))),
            ("3/12/2008", Some(date(2008, 12, 3))),
            ("11/20/2008", None),
            ("20/11/08", None),
            ("31/11/2008", None),
            ("20.11.2008", None),
            ("", None),
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_lies_between_the_bundle_and_today() {
        for (on, fine) in
            [("2008-11-16", false), ("2008-11-17", true), ("24/11/2008", true), ("2008-11-25", false)]
        {
            assert_eq!(line("yes", on, "dco-1").answer(SENT, TODAY).is_ok(), fine, "{on}");
        }
    }

    #[test]
    fn each_part_that_does_not_read_is_told() {
        let read = |line: Line| line.answer(SENT, TODAY).map(|a| (a.action, a.done)).map_err(Unread::words);
        assert_eq!(read(line("Yes", "2008-11-20", "dco-1")), Ok((2, true)));
        assert_eq!(read(line("NO", "2008-11-20", "dco-1")), Ok((2, false)));
        assert_eq!(read(line("perhaps", "2008-11-20", "dco-1")), Err(Unread::Done.words()));
        assert_eq!(read(line("", "2008-11-20", "dco-1")), Err(Unread::Done.words()));
        assert_eq!(read(line("yes", "soon", "dco-1")), Err(Unread::On.words()));
        assert_eq!(read(line("yes", "2008-11-20", " ")), Err(Unread::By.words()));
        assert_eq!(
            read(Line { action: "two".into(), ..line("yes", "2008-11-20", "dco-1") }),
            Err(Unread::Action.words())
        );
    }

    #[test]
    fn a_line_of_which_nothing_is_filled_in_is_open() {
        assert!(line(" ", "", "").open() && !line("", "2008-11-20", "").open());
        assert_eq!(Action::parse("replace your copy"), Some(Action::Replace));
        assert_eq!(Action::ALL.map(|a| Action::parse(a.word())), Action::ALL.map(Some));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(cells in prop::array::uniform4("(?s).{0,30}")) {
            let [action, done, on, by] = cells;
            let line = Line { action, done, done_on: on, done_by: by, ..Line::default() };
            if let Ok(answer) = line.answer(SENT, TODAY) {
                prop_assert!((SENT..=TODAY).contains(&answer.on) && !answer.by.is_empty());
            }
        }
    }
}
