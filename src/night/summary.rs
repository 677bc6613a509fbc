//! What a night did, as numbers: printed at its end, kept with the run, given as JSON.

use crate::exit::Exit;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use lockgate_core::bundle::Counts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One received file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedLine {
    /// Feed name.
    pub feed: String,
    /// The date of the file's name; none when nothing new lay there.
    pub date: Option<String>,
    /// `accepted`, `held`, `superseded`, or `nothing new`.
    pub state: String,
    /// Data rows read.
    pub read: u64,
    /// Rows that gave records, unchanged ones included.
    pub mapped: u64,
    /// Mapped rows that the feed's last file had already.
    pub unchanged: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Rows that stood twice.
    pub duplicate: u64,
    /// Rows that the mapping leaves out.
    pub skipped: u64,
    /// Records new to the store.
    pub new: u64,
    /// Records with a new version.
    pub changed: u64,
    /// Rows about nobody in the cohort, dropped.
    pub outside: u64,
}

impl FeedLine {
    /// A line without counts.
    pub fn of(feed: &str, state: &str) -> Self {
        Self {
            feed: feed.into(),
            date: None,
            state: state.into(),
            read: 0,
            mapped: 0,
            unchanged: 0,
            quarantined: 0,
            duplicate: 0,
            skipped: 0,
            new: 0,
            changed: 0,
            outside: 0,
        }
    }
}

/// One recipient's bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecipientLine {
    /// Recipient's key.
    pub recipient: String,
    /// The bundle's name; none when this day's was made before.
    pub bundle: Option<String>,
    /// Persons with rows in it.
    pub people: u64,
    /// Rows by change.
    pub new: u64,
    /// Corrected rows.
    pub corrections: u64,
    /// Withdrawn rows.
    pub withdrawals: u64,
    /// Rows restated.
    pub current: u64,
    /// Records decided about.
    pub decided: u64,
    /// Records disclosed at least in part.
    pub disclosed: u64,
    /// Records withheld whole, by the rule that withheld them.
    pub withheld: BTreeMap<String, u64>,
    /// Whether the bundle could not be made.
    pub failed: bool,
    /// Bundles that are sealed and wait for its door.
    #[serde(default)]
    pub waiting: u64,
}

impl RecipientLine {
    /// A line without a bundle.
    pub fn empty(recipient: &str) -> Self {
        Self {
            recipient: recipient.into(),
            bundle: None,
            people: 0,
            new: 0,
            corrections: 0,
            withdrawals: 0,
            current: 0,
            decided: 0,
            disclosed: 0,
            withheld: BTreeMap::new(),
            failed: false,
            waiting: 0,
        }
    }

    /// Adds rows by change.
    pub const fn add(&mut self, rows: &Counts) {
        self.new += rows.new;
        self.corrections += rows.correction;
        self.withdrawals += rows.withdrawal;
        self.current += rows.current;
    }

    /// Records withheld, all rules together.
    pub fn withheld_total(&self) -> u64 {
        self.withheld.values().sum()
    }
}

/// What a proposed agreement would have changed of the night.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shadow {
    /// Digest of the proposed agreement.
    pub agreement: String,
    /// Its version.
    pub version: String,
    /// The difference, in people.
    pub people: super::policy_diff::PeopleDifference,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The whole night.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The run's number.
    pub run: i64,
    /// Its logical day.
    pub as_of: String,
    /// The feeds that were taken, when it was not all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Feeds that are late.
    #[serde(default, skip_serializing_if = "is_none")]
    pub late: u64,
    /// Whether anything was written.
    pub dry_run: bool,
    /// Per file.
    pub feeds: Vec<FeedLine>,
    /// Per recipient.
    pub recipients: Vec<RecipientLine>,
    /// Identities that were linked anew tonight.
    pub linked: u64,
    /// People in the cohort.
    pub cohort: u64,
    /// People who joined or left it tonight.
    pub joined: u64,
    /// See `joined`.
    pub left: u64,
    /// Identities that went from one person to another tonight; `--dry-run` says it before it is done.
    #[serde(default)]
    pub moved: u64,
    /// Pairs that wait for review.
    pub reviews: u64,
    /// Open quarantine items.
    pub quarantine: u64,
    /// Files held back.
    pub held: u64,
    /// Recipients whose door could not be used.
    #[serde(default)]
    pub undelivered: u64,
    /// Recipients for whom what waited was stopped, because it may not be sent any more.
    #[serde(default)]
    pub stopped: Vec<String>,
    /// Warnings, by code.
    pub warnings: BTreeMap<String, u64>,
    /// What a proposed agreement would have changed; only counts, nothing was written out for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// The ledger's checkpoint at the end: the next night's bundles carry it, and whoever gets this may keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Seconds of each stage, in order.
    pub timings: Vec<(String, f64)>,
    /// Exit code.
    pub exit: u8,
}

impl Summary {
    /// How the night ended.
    pub fn ended(&self) -> Exit {
        if !self.balances() {
            return Exit::Fault;
        }
        if self.late > 0 {
            return Exit::Late;
        }
        if self.undelivered > 0 || self.recipients.iter().any(|r| r.failed) {
            return Exit::Partial;
        }
        let waits = self.reviews + self.quarantine + self.held > 0;
        if waits { Exit::Waiting } else { Exit::Done }
    }

    /// Whether every row and every decision is accounted for.
    pub fn balances(&self) -> bool {
        let rows = |f: &FeedLine| f.read == f.mapped + f.quarantined + f.duplicate + f.skipped;
        let decisions = |r: &RecipientLine| r.decided == r.disclosed + r.withheld_total();
        self.feeds.iter().filter(|f| f.state == "accepted").all(rows) && self.recipients.iter().all(decisions)
    }

    /// How it ended, and what waits for whom, in one line.
    pub fn headline(&self) -> String {
        let unmade = self.recipients.iter().filter(|r| r.failed).count() as u64;
        let parts = [
            (unmade, "bundle not made", "bundles not made"),
            (self.undelivered, "recipient not reached", "recipients not reached"),
            (self.late, "feed late", "feeds late"),
            (self.held, "held file", "held files"),
            (self.quarantine, "row in quarantine", "rows in quarantine"),
            (self.reviews, "pair to review", "pairs to review"),
        ];
        let said = |(count, one, many): &(u64, &str, &str)| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            more => Some(format!("{more} {many}")),
        };
        let mut parts: Vec<String> = parts.iter().filter_map(said).collect();
        if !self.balances() {
            parts.insert(0, "the numbers do not add up".to_owned());
        }
        let what = if parts.is_empty() { "nothing waits for a person".to_owned() } else { parts.join(", ") };
        format!("Night of {}, run {}, ended {}: {what}", self.as_of, self.run, self.ended() as u8)
    }

    /// The tables and the balance, as text.
    pub fn text(&self, plain: bool) -> String {
        let mut out = String::new();
        let dry = if self.dry_run { " (dry run: nothing was written)" } else { "" };
        out.push_str(&format!("Night of {}, run {}{dry}\n\n", self.as_of, self.run));
        out.push_str(&table(plain, &feed_head(), &self.feeds.iter().map(feed_cells).collect::<Vec<_>>()));
        out.push_str("\n\n");
        out.push_str(&table(
            plain,
            &recipient_head(),
            &self.recipients.iter().map(recipient_cells).collect::<Vec<_>>(),
        ));
        out.push_str("\n\n");
        self.balance_text(&mut out);
        out
    }

    fn balance_text(&self, out: &mut String) {
        let sum =
            |f: fn(&FeedLine) -> u64| self.feeds.iter().filter(|l| l.state == "accepted").map(f).sum::<u64>();
        out.push_str(&format!(
            "Rows: {} read = {} mapped ({} unchanged) + {} quarantined + {} duplicate + {} skipped\n",
            sum(|f| f.read),
            sum(|f| f.mapped),
            sum(|f| f.unchanged),
            sum(|f| f.quarantined),
            sum(|f| f.duplicate),
            sum(|f| f.skipped)
        ));
        let all = |f: fn(&RecipientLine) -> u64| self.recipients.iter().map(f).sum::<u64>();
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &self.recipients {
            line.withheld.iter().for_each(|(rule, n)| *rules.entry(rule).or_default() += n);
        }
        let rules: Vec<String> = rules.iter().map(|(rule, n)| format!("{n} {rule}")).collect();
        out.push_str(&format!(
            "Decisions: {} = {} disclosed + {} withheld ({})\n",
            all(|r| r.decided),
            all(|r| r.disclosed),
            all(RecipientLine::withheld_total),
            if rules.is_empty() { "none".to_owned() } else { rules.join(", ") }
        ));
        out.push_str(&format!(
            "People: {} in the cohort, {} joined, {} left\n",
            self.cohort, self.joined, self.left
        ));
        if self.moved > 0 {
            out.push_str(&format!("Who is who: {} identities went from one person to another\n", self.moved));
        }
        out.push_str(&format!(
            "Waiting for a person: {} quarantined, {} held files, {} pairs to review\n",
            self.quarantine, self.held, self.reviews
        ));
        if let Some(shadow) = &self.shadow {
            let people = &shadow.people;
            out.push_str(&format!(
                "Beside it, the proposed agreement (version {}): something would newly leave of {} people, and leave no more of {}; \
                 `lockgate agreement shadow` says what\n",
                shadow.version, people.newly, people.no_longer
            ));
        }
        if !self.balances() {
            out.push_str("THE BALANCE DOES NOT CLOSE: report this as a fault\n");
        }
    }
}

fn feed_head() -> [&'static str; 12] {
    [
        "feed",
        "file of",
        "state",
        "read",
        "mapped",
        "unchanged",
        "quarantined",
        "duplicate",
        "skipped",
        "new",
        "changed",
        "outside cohort",
    ]
}

fn feed_cells(line: &FeedLine) -> Vec<String> {
    let text = [line.feed.clone(), line.date.clone().unwrap_or_else(|| "-".into()), line.state.clone()];
    let numbers = [
        line.read,
        line.mapped,
        line.unchanged,
        line.quarantined,
        line.duplicate,
        line.skipped,
        line.new,
        line.changed,
        line.outside,
    ];
    text.into_iter().chain(numbers.iter().map(u64::to_string)).collect()
}

fn recipient_head() -> [&'static str; 8] {
    ["recipient", "bundle", "people", "new", "corrections", "withdrawals", "restated", "withheld records"]
}

fn recipient_cells(line: &RecipientLine) -> Vec<String> {
    let none = if line.failed { "NOT MADE" } else { "made before" };
    let mut bundle = line.bundle.clone().unwrap_or_else(|| none.into());
    if line.waiting > 0 {
        bundle.push_str(&format!(" ({} wait at its door)", line.waiting));
    }
    let numbers =
        [line.people, line.new, line.corrections, line.withdrawals, line.current, line.withheld_total()];
    [line.recipient.clone(), bundle].into_iter().chain(numbers.iter().map(u64::to_string)).collect()
}

/// A table for a terminal, or plain lines `head: cell, head: cell` for a screen reader.
pub fn table(plain: bool, head: &[&str], rows: &[Vec<String>]) -> String {
    if plain {
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = head.iter().zip(row).map(|(h, c)| format!("{h}: {c}")).collect();
            cells.join(", ")
        };
        return rows.iter().map(line).collect::<Vec<_>>().join("\n");
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(head.to_vec());
    for row in rows {
        table.add_row(row.clone());
    }
    let is_number = |c: &String| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit());
    for (n, column) in table.column_iter_mut().enumerate() {
        if rows.iter().all(|r| r.get(n).is_some_and(is_number)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_whose_numbers_do_not_add_up_is_a_fault_and_says_so_first() {
        let mut summary = Summary { as_of: "2008-11-17".into(), run: 3, held: 2, ..Summary::default() };
        summary.recipients = vec![RecipientLine::empty("north")];
        assert_eq!(summary.ended(), Exit::Waiting);
        assert_eq!(summary.headline(), "Night of 2008-11-17, run 3, ended 4: 2 held files");
        summary.recipients.iter_mut().for_each(|line| line.decided = 1);
        assert_eq!(summary.ended(), Exit::Fault);
        assert_eq!(
            summary.headline(),
            "Night of 2008-11-17, run 3, ended 1: the numbers do not add up, 2 held files"
        );
    }
}
