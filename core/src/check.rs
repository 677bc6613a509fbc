//! Checking a file as a whole: accepted, or held until a person has looked.
//!
//! A file is taken whole or not at all. The rows that were refused alone wait in quarantine; what
//! holds the file is a sign that the file itself is not what it should be.

use crate::mapping::{Checks, EmptyRule, FeedKind, Outcome, RowFault};
use crate::problem::{CodeDoc, Problem};
use alloc::format;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Codes of this room (`LG13nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1301",
        title: "the trailer counts other rows than the file has",
        explanation: "The last row of the file says how many rows were written, and another number was read. The file was cut, \
                      doubled or edited. It is held whole; ask the partner to send it again.",
    },
    CodeDoc {
        code: "LG1302",
        title: "the trailer is missing",
        explanation: "The mapping declares a trailer row and the file ends without one: most likely it was cut off. It is held \
                      whole; ask the partner to send it again.",
    },
    CodeDoc {
        code: "LG1303",
        title: "the file has no rows",
        explanation: "An empty file of this feed is not taken for \"nothing happened\" unless the mapping says so (`empty = \
                      \"accepted\"`). Ask the partner whether the export ran.",
    },
    CodeDoc {
        code: "LG1304",
        title: "too many rows are faulty",
        explanation: "More rows were refused than `error_budget` allows. So many faults at once mean a changed export rather than \
                      bad rows. Look at the quarantine by column and code; mend the mapping or ask the partner.",
    },
    CodeDoc {
        code: "LG1305",
        title: "the list has shrunk",
        explanation: "This feed sends its full list, and the list is shorter than the last accepted one by more than `shrink` \
                      allows. A filter or a failed export looks the same as many departures, so a person decides.",
    },
    CodeDoc {
        code: "LG1306",
        title: "the rows do not balance",
        explanation: "The rows read are not the sum of those mapped, unchanged, quarantined, duplicate and skipped. That is a fault \
                      of the gateway: keep the file and report it.",
    },
    CodeDoc {
        code: "LG1307",
        title: "rows wait in quarantine",
        explanation: "Some rows were refused, within the budget of the feed. The rest of the file was accepted.",
    },
    CodeDoc {
        code: "LG1308",
        title: "values were dropped",
        explanation: "Some values were unusable in fields for which the mapping says `on_fault = \"drop\"`, or as link evidence. \
                      Their rows were accepted without them.",
    },
    CodeDoc {
        code: "LG1309",
        title: "designated people are gone from the list without an end",
        explanation: "The list that says who is in the cohort had these people last time, and has them no more, or no usable row \
                      for them, without a day on which their designation ended. Nothing ends by itself: they stay in the cohort \
                      until a row ends it. Ask the partner which was meant.",
    },
    CodeDoc {
        code: "LG1313",
        title: "a file is still being written",
        explanation: "The size or time of the file changed while it was looked at, so its sender has not finished. It stays where it \
                      is and is taken by the next run.",
    },
    CodeDoc {
        code: "LG1317",
        title: "more new files than a night takes",
        explanation: "So many new files of one feed lie at its place that taking all of them would cost everybody the night. The oldest \
                      were taken (of full lists the newest), and the next runs go on. A night takes 2,000 of a feed, or fewer where the \
                      system lets the program hold few files open (`LimitNOFILE`, `ulimit -n`). Ask the partner whether they are meant, and \
                      run again until none is left.",
    },
    CodeDoc {
        code: "LG1310",
        title: "a needed column is missing",
        explanation: "The header of the file has no column under any of the names that the mapping gives for it. The file is held \
                      whole. A column of the file that nobody knows and that is like the missing one is named beside it. If the \
                      partner renamed the column, add the new name to its `header` list and release the file.",
    },
    CodeDoc {
        code: "LG1311",
        title: "a column stands twice",
        explanation: "Two columns of the file have the name that the mapping looks for. The file is held, because taking the wrong \
                      one would change people's data unseen.",
    },
    CodeDoc {
        code: "LG1312",
        title: "a column is not known",
        explanation: "The file has a column that the mapping neither uses nor lists under `ignore`. It was not read, and the file was \
                      accepted. Map it or list it; where an optional column is missing that is like it, it may be that one's new name. A new column may mean that the export changed in other ways too.",
    },
    CodeDoc {
        code: "LG1314",
        title: "a column was retyped",
        explanation: "The values of a column are of another kind than in the feed's files before: days in another order, \
                      numbers where words stood, nothing where there always was something, or values that do not read any more. \
                      Counts of forms are compared, never values. The file is held where taking it could change or take back what \
                      recipients hold, or make keys and conditions mean something else; it is only reported where every value still reads as the \
                      mapping wants it. Ask the partner. Mend the mapping if the new form is meant, then let the file in with \
                      `feed release`; the next file is compared with it.",
    },
    CodeDoc {
        code: "LG1315",
        title: "an optional column that the feed had is missing",
        explanation: "A file may lack the column, but the feed's files had it, and this one would take back every value that \
                      came from it. The file is held. If the partner renamed the column, add the new name to its `header` list; if the \
                      partner stopped sending it, let the file in with `feed release`: the fields go blank, and recipients get corrections.",
    },
    CodeDoc {
        code: "LG1316",
        title: "a changed mapping makes records no more",
        explanation: "The feed is a full list, and its mapping or a code map was changed since the last one was taken. Both mappings \
                      read that list again; the records that only the former one makes are taken back, and whoever was given them gets \
                      withdrawals. Rows that the mapping refuses now keep what was made of them. If that was not meant, put the \
                      mapping right: the next list gives the records again. `feed diff` counts them before the night.",
    },
];

/// The rows of one file, counted. Every row read counts in exactly one of the five that follow `read`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows read, the unusable ones included; title, blank and trailer rows are no rows.
    pub read: u64,
    /// Rows mapped.
    pub mapped: u64,
    /// Rows recognised as those of the last accepted file.
    pub unchanged: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows that stand in the same file before.
    pub duplicate: u64,
    /// Rows that a `[[skip]]` rule left out.
    pub skipped: u64,
    /// Of those quarantined: set aside by a `[[refuse]]` rule. They are no sign of a bad file.
    pub by_rule: u64,
    /// Values dropped from mapped rows.
    pub dropped: u64,
    /// The row count that the file's own trailer gives.
    pub trailer: Option<u64>,
}

impl Tally {
    /// Counts a row that was mapped, skipped or refused.
    pub fn count(&mut self, outcome: &Outcome) {
        self.read += 1;
        match outcome {
            Outcome::Mapped(mapped) => {
                self.mapped += 1;
                self.dropped += mapped.dropped.len() as u64;
            }
            Outcome::Skipped => self.skipped += 1,
            Outcome::Refused(faults) => {
                self.quarantined += 1;
                self.by_rule += u64::from(faults.iter().any(RowFault::is_by_rule));
            }
        }
    }

    /// Counts a row that the format could not read.
    pub fn count_unreadable(&mut self) {
        self.read += 1;
        self.quarantined += 1;
    }

    /// Counts a row known from the last accepted file.
    pub fn count_unchanged(&mut self) {
        self.read += 1;
        self.unchanged += 1;
    }

    /// Counts a row that stood in the same file before.
    pub fn count_duplicate(&mut self) {
        self.read += 1;
        self.duplicate += 1;
    }

    /// Rows refused as faulty, those set aside by rule left out.
    pub const fn faulty(&self) -> u64 {
        self.quarantined.saturating_sub(self.by_rule)
    }

    /// Whether every row read is accounted for.
    pub fn balances(&self) -> bool {
        let parts = [self.mapped, self.unchanged, self.quarantined, self.duplicate, self.skipped];
        parts.into_iter().try_fold(0u64, u64::checked_add) == Some(self.read)
            && self.by_rule <= self.quarantined
    }
}

/// What is to become of a file. Problems carry no place yet: the caller knows the feed and file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken whole, with these warnings.
    Accepted(Vec<Problem>),
    /// Held whole, for all these reasons.
    Held(Vec<Problem>),
}

/// Judges a file by its counts. `previous_rows`: rows read of the feed's last accepted file.
pub fn judge(checks: &Checks, kind: FeedKind, tally: &Tally, previous_rows: Option<u64>) -> Verdict {
    let reasons: Vec<Problem> = [
        balance(tally),
        trailer(checks, tally),
        empty(checks, tally),
        budget(checks, tally),
        shrink(checks, kind, tally, previous_rows),
    ]
    .into_iter()
    .flatten()
    .collect();
    if reasons.is_empty() { Verdict::Accepted(warnings(tally)) } else { Verdict::Held(reasons) }
}

fn balance(tally: &Tally) -> Option<Problem> {
    let what = || format!("{} rows were read, and their parts do not add up to that", tally.read);
    (!tally.balances()).then(|| Problem::new("LG1306", what()))
}

fn trailer(checks: &Checks, tally: &Tally) -> Option<Problem> {
    match tally.trailer {
        Some(count) if count != tally.read => {
            Some(Problem::new("LG1301", format!("the trailer says {count} rows, {} were read", tally.read)))
        }
        None if checks.trailer => Some(Problem::new("LG1302", "the file ends without its trailer")),
        _ => None,
    }
}

fn empty(checks: &Checks, tally: &Tally) -> Option<Problem> {
    let held = tally.read == 0 && checks.empty == EmptyRule::Held;
    held.then(|| Problem::new("LG1303", "the file has no rows"))
}

fn budget(checks: &Checks, tally: &Tally) -> Option<Problem> {
    let faulty = tally.faulty();
    let what = || {
        let budget = checks.error_budget.words();
        format!("{faulty} of {} rows are faulty, more than the budget of {budget}", tally.read)
    };
    checks.error_budget.exceeded(faulty, tally.read).then(|| Problem::new("LG1304", what()))
}

fn shrink(checks: &Checks, kind: FeedKind, tally: &Tally, previous: Option<u64>) -> Option<Problem> {
    let previous = previous.filter(|_| kind == FeedKind::Snapshot)?;
    let gone = previous.saturating_sub(tally.read);
    let what = || {
        let limit = checks.shrink.words();
        format!("{} rows after {previous} in the last accepted file, a fall of more than {limit}", tally.read)
    };
    checks.shrink.exceeded(gone, previous).then(|| Problem::new("LG1305", what()))
}

fn warnings(tally: &Tally) -> Vec<Problem> {
    let mut out = Vec::new();
    if tally.quarantined > 0 {
        let what = format!("{} of {} rows wait in quarantine", tally.quarantined, tally.read);
        out.push(Problem::new("LG1307", what));
    }
    if tally.dropped > 0 {
        out.push(Problem::new("LG1308", format!("{} values were dropped", tally.dropped)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Budget;
    use crate::problem::Code;

    fn tally(read: u64, quarantined: u64) -> Tally {
        Tally { read, mapped: read - quarantined, quarantined, ..Tally::default() }
    }

    fn codes(verdict: &Verdict) -> (bool, Vec<Code>) {
        match verdict {
            Verdict::Accepted(problems) => (true, problems.iter().map(|p| p.code).collect()),
            Verdict::Held(problems) => (false, problems.iter().map(|p| p.code).collect()),
        }
    }

    #[test]
    fn each_check_holds_the_file_by_itself() {
        let strict = Checks { trailer: true, ..Checks::default() };
        let trailer = |read, says| Tally { trailer: Some(says), ..tally(read, 0) };
        for (checks, kind, tally, previous, expected) in [
            (Checks::default(), FeedKind::Changes, tally(100, 0), None, (true, alloc::vec![])),
            (Checks::default(), FeedKind::Changes, tally(100, 5), None, (true, alloc::vec!["LG1307"])),
            (Checks::default(), FeedKind::Changes, tally(100, 6), None, (false, alloc::vec!["LG1304"])),
            (strict, FeedKind::Changes, trailer(100, 100), None, (true, alloc::vec![])),
            (strict, FeedKind::Changes, trailer(100, 101), None, (false, alloc::vec!["LG1301"])),
            (strict, FeedKind::Changes, tally(100, 0), None, (false, alloc::vec!["LG1302"])),
            // A trailer counts even where none was declared.
            (Checks::default(), FeedKind::Changes, trailer(100, 99), None, (false, alloc::vec!["LG1301"])),
            (Checks::default(), FeedKind::Changes, tally(0, 0), None, (false, alloc::vec!["LG1303"])),
            (
                Checks { empty: EmptyRule::Accepted, ..Checks::default() },
                FeedKind::Changes,
                tally(0, 0),
                Some(90),
                (true, alloc::vec![]),
            ),
            (Checks::default(), FeedKind::Snapshot, tally(70, 0), Some(100), (true, alloc::vec![])),
            (Checks::default(), FeedKind::Snapshot, tally(69, 0), Some(100), (false, alloc::vec!["LG1305"])),
            (Checks::default(), FeedKind::Snapshot, tally(69, 0), None, (true, alloc::vec![])),
            (Checks::default(), FeedKind::Snapshot, tally(400, 0), Some(100), (true, alloc::vec![])),
            (Checks::default(), FeedKind::Events, tally(1, 0), Some(100), (true, alloc::vec![])),
            (
                Checks::default(),
                FeedKind::Events,
                Tally { read: 3, ..tally(2, 0) },
                None,
                (false, alloc::vec!["LG1306"]),
            ),
        ] {
            let verdict = judge(&checks, kind, &tally, previous);
            assert_eq!(codes(&verdict), expected, "{tally:?} {previous:?}");
        }
    }

    #[test]
    fn all_reasons_come_at_once() {
        let checks = Checks { trailer: true, error_budget: Budget::Count(0), ..Checks::default() };
        let verdict = judge(&checks, FeedKind::Snapshot, &tally(10, 10), Some(100));
        assert_eq!(codes(&verdict), (false, alloc::vec!["LG1302", "LG1304", "LG1305"]));
    }

    #[test]
    fn rows_set_aside_by_rule_are_no_sign_of_a_bad_file() {
        let aside = Tally { by_rule: 50, ..tally(100, 55) };
        assert_eq!(
            codes(&judge(&Checks::default(), FeedKind::Changes, &aside, None)),
            (true, alloc::vec!["LG1307"])
        );
    }

    #[test]
    fn counting_keeps_the_balance() {
        let mut tally = Tally::default();
        tally.count(&Outcome::Skipped);
        tally.count(&Outcome::Refused(alloc::vec![RowFault { column: None, code: "LG1240" }]));
        tally.count(&Outcome::Refused(alloc::vec![RowFault { column: Some(0), code: "LG1245" }]));
        tally.count_unreadable();
        tally.count_unchanged();
        tally.count_duplicate();
        assert!(tally.balances());
        assert_eq!((tally.read, tally.quarantined, tally.by_rule, tally.faulty()), (6, 3, 1, 2));
    }

    #[test]
    fn every_code_used_is_explained() {
        for code in ["LG1301", "LG1302", "LG1303", "LG1304", "LG1305", "LG1306", "LG1307", "LG1308"] {
            assert!(CODES.iter().any(|d| d.code == code), "{code}");
        }
    }
}
