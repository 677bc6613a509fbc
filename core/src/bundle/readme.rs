//! `README.txt`: what the bundle is and what to do with it, in ASCII with CRLF, for someone who has
//! never seen one.

use super::{BundleKind, Change, Counts, Meaning, Meta, TableFacts};
use alloc::format;
use alloc::string::String;

const WIDTH: usize = 76;

/// How `staff.xlsx` came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staff {
    /// No table has rows.
    Empty,
    /// It is there; `kept_out` rows with the handling `victim` stand in `data/` only.
    Whole {
        /// Rows left out.
        kept_out: u64,
    },
    /// A table has more rows than this.
    TooLong {
        /// The limit.
        limit: u64,
    },
}

/// The text.
pub fn readme(meta: &Meta, name: &str, tables: &[TableFacts], staff: Staff) -> String {
    let mut page = Page(String::new());
    page.line(name);
    page.line(&"=".repeat(name.len()));
    page.para(&format!(
        "Information shared under {} (version {}) with {}, and with nobody else. As of {}. Bundle {} of this recipient.",
        meta.agreement_reference, meta.agreement_version, meta.recipient_name, meta.as_of, meta.sequence
    ));
    page.para(kind_text(meta.kind));
    if meta.kind != BundleKind::Notice {
        contents(&mut page, tables);
    }
    files(&mut page, staff);
    rows(&mut page, meta);
    duties(&mut page, meta);
    page.0
}

fn kind_text(kind: BundleKind) -> &'static str {
    match kind {
        BundleKind::Snapshot => {
            "This is a snapshot: everything that you may hold today. Whatever you hold from earlier bundles and \
             do not find here is to be destroyed (5.5.1)."
        }
        BundleKind::Delta => {
            "This is a delta: what changed since your last bundle. Apply bundles in the order of their numbers; \
             a missing number is a lost bundle: ask for it."
        }
        BundleKind::Notice => {
            "This is a notice: it asks something of you, and has no tables. What you hold stays as it is."
        }
    }
}

fn contents(page: &mut Page, tables: &[TableFacts]) {
    page.head("What is in it");
    let mut total = Counts::default();
    for table in tables {
        total.merge(&table.counts);
        page.line(&format!("  {:<28} {:>8} rows", table.file, table.counts.total()));
    }
    if tables.is_empty() {
        return page.para(
            "Nothing changed for you. You get a bundle all the same, because silence means a failure.",
        );
    }
    let counts = Change::ALL.map(|c| format!("{} {}", total.of(c), c.word()));
    page.para(&format!("By change: {}.", counts.join(", ")));
}

fn files(page: &mut Page, staff: Staff) {
    page.head("The files");
    page.para("summary.html - counts and the first rows; opens in any browser, contains no program.");
    match staff {
        Staff::Empty => page.para("staff.xlsx is left out: there are no rows for it."),
        Staff::Whole { kept_out: 0 } => page.para("staff.xlsx - the tables for staff, every cell as text."),
        Staff::Whole { kept_out } => {
            let (rows, stand) = if kept_out == 1 { ("row", "is") } else { ("rows", "are") };
            page.para(&format!(
                "staff.xlsx - the tables for staff, every cell as text. {kept_out} {rows} with the handling code victim {stand} \
                 in data/ only."
            ));
        }
        Staff::TooLong { limit } => page.para(&format!(
            "staff.xlsx is left out: a table has more than {limit} rows. Load the files in data/ instead."
        )),
    }
    page.para(
        "data/ - one CSV file a table, for programs. Do not open these in a spreadsheet program: it drops leading \
         zeros and rewrites dates and numbers. Staff use staff.xlsx.",
    );
    page.para("acknowledge.csv - the form to fill in and send back.");
    page.para(
        "datapackage.json - the manifest, with size and SHA-256 of every other file. To check them all: \
         frictionless validate datapackage.json (pip install frictionless).",
    );
}

fn rows(page: &mut Page, meta: &Meta) {
    page.head("How to read a row");
    page.para(
        "Every row starts with record_id, record_version, change, person_ref, originator, clause, purpose, handling, \
         as_of and review_by. record_id and person_ref are made for you alone and match nobody else's. An empty cell \
         means: not held, or not for you.",
    );
    page.para("change: new - you did not have it. correction - replaces what you have of this record_id, the whole row. \
               withdrawal - destroy what you have of this record_id. current - as it stands.");
    page.para(
        "In data/, a text cell that starts with = + - @ or an apostrophe has one more apostrophe in front, so that no \
         program takes it for a formula. To undo: remove one leading apostrophe.",
    );
    meanings(page, "Purposes (5.2.4)", &meta.purposes);
    meanings(page, "Handling codes", &meta.handling);
}

fn meanings(page: &mut Page, title: &str, list: &[Meaning]) {
    if list.is_empty() {
        return;
    }
    page.head(title);
    for meaning in list {
        page.para(&format!("{} - {}", meaning.word, meaning.text));
    }
}

fn duties(page: &mut Page, meta: &Meta) {
    page.head("What you have to do");
    page.para(&format!(
        "By {}: fill in acknowledge.csv and send it back. One line confirms receipt; every correction (6.1) and every \
         withdrawal (5.5.1) has a line of its own.",
        meta.acknowledge_by
    ));
    if !meta.checks.is_empty() {
        page.para(
            "Somebody says that a record of your own is wrong (6.1): look at it where the form names it, and correct it in your \
             own system, or answer that it stands.",
        );
    }
    if let Some(due) = meta.review {
        page.para(&format!(
            "By {due}: review everything that you hold under this agreement (5.5.2). Keep what you can justify, destroy the rest, \
             and answer the form's line when it is done."
        ));
    }
    page.para(
        "Use the information for its purpose only and keep it secure (5.5.1). Review by the day in review_by whether \
         you still need it (5.5.2). Pass nothing on without the written authority of the originator (5.5.3). If \
         something is wrong, say so (6.1).",
    );
    page.para(&format!("Answers and questions: {}", meta.reply_to));
}

/// ASCII lines of at most [`WIDTH`] characters.
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.extend(text.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }));
        self.0.push_str("\r\n");
    }

    fn head(&mut self, text: &str) {
        self.line("");
        self.line(text);
        self.line(&"-".repeat(text.len()));
    }

    fn para(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::samples;

    #[test]
    fn the_text_is_ascii_with_crlf_and_short_lines() {
        let facts = [TableFacts {
            file: "people".into(),
            title: "People".into(),
            counts: Counts { new: 2, ..Counts::default() },
        }];
        let meta = Meta { recipient_name: "Ag\u{e9}ncy\nTwo".into(), ..samples::meta() };
        for staff in [
            Staff::Empty,
            Staff::Whole { kept_out: 0 },
            Staff::Whole { kept_out: 3 },
            Staff::TooLong { limit: 5 },
        ] {
            let text = readme(&meta, "lockgate_x", &facts, staff);
            assert!(text.is_ascii() && text.ends_with("\r\n"));
            assert!(text.split("\r\n").all(|l| l.len() <= WIDTH && !l.contains(['\r', '\n'])));
            assert_eq!(
                text.replace("\r\n", " ").contains("3 rows with the handling code victim"),
                staff == Staff::Whole { kept_out: 3 }
            );
            assert!(text.contains("2 new, 0 correction, 0 withdrawal, 0 current"));
        }
    }

    #[test]
    fn an_empty_night_says_so() {
        let text = readme(&samples::meta(), "lockgate_x", &[], Staff::Empty);
        assert!(text.contains("Nothing changed for you."));
        assert!(text.contains("staff.xlsx is left out: there are no rows for it."));
    }
}
