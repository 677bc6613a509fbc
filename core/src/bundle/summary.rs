//! `summary.html`: counts, and the first rows of each table that may be shown on a screen.
//!
//! One self-contained page: no script, nothing fetched, values escaped and set apart for mixed
//! writing directions. Rows whose handling code is not known to be plain are counted, never shown.

use super::table::Table;
use super::{BundleKind, Change, Counts, Meta, Packed, TableFacts};
use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

/// Handling codes whose rows may be shown. Everything else (health, medical, victim, child,
/// covert, intel, and whatever is added later) is counted only.
const SHOWN: [&str; 2] = ["routine", "address"];

const STYLE: &str = "body{font-family:sans-serif;max-width:75rem;margin:1rem auto;padding:0 1rem;color:#111;background:#fff}\
                     table{border-collapse:collapse;margin:.5rem 0}caption{text-align:left;font-weight:bold}\
                     th,td{border:1px solid #767676;padding:.2rem .5rem;text-align:left;vertical-align:top}\
                     .n{text-align:right}.wide{overflow-x:auto}";

/// Whether a row may be shown on a screen without being asked for.
pub fn may_show(row: &Packed<'_>) -> bool {
    row.handling().all(|code| SHOWN.contains(&code))
}

/// The page, written as the rows go by.
pub struct Summary {
    page: String,
    limit: usize,
    shown: usize,
    hidden: u64,
    open: bool,
}

impl Summary {
    /// Starts the page with the counts; of each table, up to `limit` rows will be shown.
    pub fn start(meta: &Meta, name: &str, tables: &[TableFacts], limit: usize) -> Self {
        let mut page = String::with_capacity(16 * 1024);
        let title = format!("{} for {}, {}", meta.kind.word(), meta.recipient_name, meta.as_of);
        let _ = write!(
            page,
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n",
            Escaped(&title),
            Escaped(&title)
        );
        let mut summary = Self { page, limit, shown: 0, hidden: 0, open: false };
        summary.facts(meta, name);
        if meta.kind == BundleKind::Notice {
            summary.page.push_str("<p>This notice asks something of you, and has no tables.</p>\n");
        } else {
            summary.counts(tables);
        }
        summary
    }

    fn facts(&mut self, meta: &Meta, name: &str) {
        let _ = writeln!(
            self.page,
            "<p>Bundle <bdi>{}</bdi> under {} (version {}). As of {}. Receipt to be confirmed by {} to {}.</p>",
            Escaped(name),
            Escaped(&meta.agreement_reference),
            Escaped(&meta.agreement_version),
            meta.as_of,
            meta.acknowledge_by,
            Escaped(&meta.reply_to)
        );
        if meta.kind == BundleKind::Snapshot {
            self.page.push_str(
                "<p>What you hold and do not find in this snapshot is to be destroyed (5.5.1).</p>\n",
            );
        }
    }

    fn counts(&mut self, tables: &[TableFacts]) {
        self.page.push_str("<h2>Counts</h2>\n");
        if tables.is_empty() {
            return self.page.push_str("<p>Nothing changed for you.</p>\n");
        }
        self.page.push_str(
            "<table>\n<caption>Rows by table and change</caption>\n<thead><tr><th scope=\"col\">Table</th>",
        );
        for change in Change::ALL {
            let _ = write!(self.page, "<th scope=\"col\">{}</th>", change.word());
        }
        self.page.push_str("<th scope=\"col\">all</th></tr></thead>\n<tbody>\n");
        let mut total = Counts::default();
        for table in tables {
            total.merge(&table.counts);
            self.count_line(&table.title, &table.counts);
        }
        self.count_line("All tables", &total);
        self.page.push_str("</tbody>\n</table>\n");
    }

    fn count_line(&mut self, title: &str, counts: &Counts) {
        let _ = write!(self.page, "<tr><th scope=\"row\">{}</th>", Escaped(title));
        for n in Change::ALL.map(|c| counts.of(c)).into_iter().chain([counts.total()]) {
            let _ = write!(self.page, "<td class=\"n\">{n}</td>");
        }
        self.page.push_str("</tr>\n");
    }

    /// Starts the next table.
    pub fn table(&mut self, facts: &TableFacts) {
        self.close();
        (self.shown, self.hidden) = (0, facts.counts.total());
        let _ = writeln!(self.page, "<h2>{}</h2>", Escaped(&facts.title));
    }

    /// Shows a row of the started table, unless its handling forbids or enough are shown.
    pub fn row(&mut self, table: &Table, row: &Packed<'_>) {
        if self.shown >= self.limit || !may_show(row) {
            return;
        }
        if !self.open {
            self.head(table);
        }
        (self.shown, self.hidden) = (self.shown + 1, self.hidden.saturating_sub(1));
        self.page.push_str("<tr>");
        for cell in row.cells() {
            if cell.is_empty() {
                self.page.push_str("<td></td>");
            } else {
                let _ = write!(self.page, "<td><bdi>{}</bdi></td>", Escaped(cell));
            }
        }
        self.page.push_str("</tr>\n");
    }

    fn head(&mut self, table: &Table) {
        self.open = true;
        let _ = write!(
            self.page,
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
            Escaped(&table.title)
        );
        for (name, _) in table.header() {
            let _ = write!(self.page, "<th scope=\"col\">{}</th>", Escaped(name));
        }
        self.page.push_str("</tr></thead>\n<tbody>\n");
    }

    fn close(&mut self) {
        if core::mem::take(&mut self.open) {
            self.page.push_str("</tbody>\n</table>\n</div>\n");
        }
        if core::mem::take(&mut self.hidden) > 0 {
            self.page.push_str("<p>More rows are in the table's file and are not shown here.</p>\n");
        }
    }

    /// The whole page.
    pub fn finish(mut self) -> String {
        self.close();
        self.page.push_str("</main>\n</body>\n</html>\n");
        self.page
    }
}

/// Text in HTML, in elements and in attributes.
struct Escaped<'a>(&'a str);

impl core::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            f.write_str(match special.as_bytes().first() {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = special.get(1..).unwrap_or("");
        }
        f.write_str(rest)
    }
}
