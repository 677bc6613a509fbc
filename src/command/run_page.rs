//! `lockgate history --html FILE`: what one night did, as a page for people who were asleep. Counts and words only: what is
//! kept with a run names nobody.

use crate::exit::Exit;
use crate::link::page::escaped;
use crate::night::Summary;
use crate::night::summary::{FeedLine, RecipientLine};
use crate::store::RunRow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Percent of the widest bar.
const WIDEST: f64 = 100.0;

/// The page of a run; one that did not finish has no summary, and says so.
pub(super) fn page(deployment: &str, run: &RunRow) -> String {
    let summary = run.summary.as_deref().and_then(|text| serde_json::from_str::<Summary>(text).ok());
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<title>Night of {day}, run {run}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Night of {day}</h1>\n",
        day = run.as_of,
        run = run.id.0,
    );
    head(&mut out, deployment, run);
    if let Some(summary) = &summary {
        waiting(&mut out, summary);
        feeds(&mut out, &summary.feeds);
        recipients(&mut out, &summary.recipients);
        withheld(&mut out, &summary.recipients);
        warnings(&mut out, &summary.warnings);
        timings(&mut out, &summary.timings);
    } else {
        out.push_str(
            "<p class=\"bad\"><strong>This night has no summary: it is still at work, or was broken off.</strong> The next one does \
             its work again; nothing is lost.</p>\n",
        );
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#111;--paper:#fff;--line:#767676;--bar:#1d6fb8;--soft:#eee;--bad:#8f1d14}\
                     @media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--line:#8a8a8a;--bar:#6fb1ec;--soft:#2a2a2a;--bad:#ff9d92}}\
                     body{font-family:sans-serif;max-width:72rem;margin:1rem auto;padding:0 1rem;color:var(--ink);background:var(--paper);line-height:1.4}\
                     section{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}caption{text-align:left;padding:.3rem 0}\
                     th,td{border-bottom:1px solid var(--soft);padding:.15rem .5rem;text-align:left;font-weight:normal;vertical-align:middle}\
                     thead th{border-bottom:1px solid var(--line);font-weight:bold;vertical-align:bottom}th.n,td.n{text-align:right}\
                     td.n{font-variant-numeric:tabular-nums}tbody th,tbody td{white-space:nowrap}.bad,.bad th,.bad td{color:var(--bad);font-weight:bold}\
                     td.chart{width:50%}.bar{height:.85rem;background:var(--bar)}\
                     @media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--bar:#555;--soft:#ccc;--bad:#000}\
                     .bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}section{break-inside:avoid-page}}";

fn head(out: &mut String, deployment: &str, run: &RunRow) {
    let ended = run
        .exit_code
        .map_or_else(|| "did not finish".to_owned(), |code| format!("{code}: {}", meaning(code)));
    let digest = run.agreement_digest.hex();
    let facts: [(&str, &str); 7] = [
        ("deployment", deployment),
        ("run", &run.id.0.to_string()),
        ("began", &run.started_at),
        ("finished", run.finished_at.as_deref().unwrap_or("-")),
        ("ended with", &ended),
        ("agreement", digest.get(..16).unwrap_or_default()),
        ("software", &run.software),
    ];
    out.push_str("<section><table><caption>The run</caption>\n<tbody>");
    for (name, value) in facts {
        let _ = writeln!(out, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escaped(value));
    }
    out.push_str("</tbody></table></section>\n");
}

/// What an exit code tells, in a few words.
fn meaning(code: u8) -> &'static str {
    let all = [
        (Exit::Done, "done, nothing waits for a person"),
        (Exit::Waiting, "done, and items wait for a person"),
        (Exit::Partial, "some bundle was not made or not delivered"),
        (Exit::Late, "a feed is late"),
        (Exit::Integrity, "the ledger, a bundle or the store is not what it was"),
        (Exit::Refused, "refused by the agreement"),
        (Exit::Temporary, "something was not to be had for the moment"),
    ];
    all.into_iter().find(|(exit, _)| *exit as u8 == code).map_or("a fault", |(_, words)| words)
}

/// What somebody has to do, first of all.
fn waiting(out: &mut String, summary: &Summary) {
    let mut items: Vec<String> = Vec::new();
    let mut item = |count: u64, what: &str, command: &str| {
        if count > 0 {
            items.push(format!("<li>{count} {what}: <code>{command}</code></li>"));
        }
    };
    item(summary.late, "feeds are late", "lockgate status");
    item(summary.held, "files are held back", "lockgate quarantine list");
    item(summary.quarantine, "rows are in quarantine", "lockgate quarantine list");
    item(summary.reviews, "pairs of records may be one person", "lockgate review next");
    item(summary.undelivered, "recipients' doors could not be used", "lockgate deliver");
    let failed = summary.recipients.iter().filter(|r| r.failed).count() as u64;
    item(failed, "bundles were not made", "lockgate run");
    if !summary.balances() {
        items.push("<li class=\"bad\">The balance does not close: report this as a fault</li>".into());
    }
    let dry = if summary.dry_run { " It was a dry run: nothing was written." } else { "" };
    let _ = writeln!(
        out,
        "<p>{} people are in the cohort; {} joined and {} left.{dry}</p>\n<section><h2>For a person to do</h2>",
        summary.cohort, summary.joined, summary.left
    );
    if items.is_empty() {
        out.push_str("<p>Nothing.</p></section>\n");
    } else {
        let _ = writeln!(out, "<ul>{}</ul></section>", items.concat());
    }
}

/// A table of words and counts: the first column is the row's head, counts stand to the right.
fn table(
    out: &mut String,
    caption: &str,
    words: &[&str],
    counts: &[&str],
    rows: &[(Vec<String>, Vec<u64>, bool)],
) {
    let _ = write!(out, "<table><caption>{caption}</caption>\n<thead><tr>");
    words.iter().for_each(|word| _ = write!(out, "<th scope=\"col\">{word}</th>"));
    counts.iter().for_each(|word| _ = write!(out, "<th scope=\"col\" class=\"n\">{word}</th>"));
    out.push_str("</tr></thead>\n<tbody>");
    for (texts, numbers, bad) in rows {
        out.push_str(if *bad { "<tr class=\"bad\">" } else { "<tr>" });
        for (at, text) in texts.iter().enumerate() {
            let (open, close) = if at == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = write!(out, "<{open}>{}</{close}>", escaped(text));
        }
        numbers.iter().for_each(|n| _ = write!(out, "<td class=\"n\">{n}</td>"));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

fn feeds(out: &mut String, lines: &[FeedLine]) {
    let row = |f: &FeedLine| {
        let words = vec![f.feed.clone(), f.date.clone().unwrap_or_else(|| "-".into()), f.state.clone()];
        let counts = vec![
            f.read,
            f.mapped,
            f.unchanged,
            f.quarantined,
            f.duplicate,
            f.skipped,
            f.new,
            f.changed,
            f.outside,
        ];
        (words, counts, f.state == "held")
    };
    out.push_str("<section><h2>What came</h2>\n");
    let counts = [
        "rows read",
        "mapped",
        "unchanged",
        "in quarantine",
        "stood twice",
        "left out",
        "new records",
        "changed records",
        "of nobody in the cohort",
    ];
    let rows: Vec<_> = lines.iter().map(row).collect();
    table(out, "Files, and what became of their rows", &["feed", "file of", "state"], &counts, &rows);
    out.push_str("</section>\n");
}

fn recipients(out: &mut String, lines: &[RecipientLine]) {
    let row = |r: &RecipientLine| {
        let none = if r.failed { "NOT MADE" } else { "made before" };
        let words = vec![r.recipient.clone(), r.bundle.clone().unwrap_or_else(|| none.into())];
        let counts = vec![
            r.people,
            r.new,
            r.corrections,
            r.withdrawals,
            r.current,
            r.decided,
            r.disclosed,
            r.withheld_total(),
            r.waiting,
        ];
        (words, counts, r.failed || r.waiting > 0)
    };
    out.push_str("<section><h2>What left</h2>\n");
    let counts = [
        "people",
        "new rows",
        "corrections",
        "withdrawals",
        "restated",
        "records decided",
        "disclosed",
        "withheld whole",
        "bundles that wait at the door",
    ];
    let rows: Vec<_> = lines.iter().map(row).collect();
    table(out, "Bundles, and what was decided", &["recipient", "bundle"], &counts, &rows);
    out.push_str("</section>\n");
}

fn withheld(out: &mut String, lines: &[RecipientLine]) {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines {
        line.withheld.iter().for_each(|(rule, n)| *rules.entry(rule).or_default() += n);
    }
    if rules.is_empty() {
        return;
    }
    let rows: Vec<_> = rules.into_iter().map(|(rule, n)| (vec![rule.to_owned()], vec![n], false)).collect();
    out.push_str("<section><h2>Why records were withheld</h2>\n");
    table(out, "Decisions by the first rule that withheld", &["rule"], &["decisions"], &rows);
    out.push_str("</section>\n");
}

fn warnings(out: &mut String, by_code: &BTreeMap<String, u64>) {
    if by_code.is_empty() {
        return;
    }
    let row = |(code, n): (&String, &u64)| {
        let title = crate::codes::of(code).map_or("", |doc| doc.title);
        (vec![code.clone(), title.to_owned()], vec![*n], false)
    };
    let rows: Vec<_> = by_code.iter().map(row).collect();
    out.push_str("<section><h2>Warnings</h2>\n");
    table(
        out,
        "<code>lockgate explain CODE</code> says what to do",
        &["code", "what it is"],
        &["times"],
        &rows,
    );
    out.push_str("</section>\n");
}

fn timings(out: &mut String, stages: &[(String, f64)]) {
    let longest = stages.iter().map(|(_, seconds)| *seconds).fold(0.001, f64::max);
    out.push_str(
        "<section><h2>How long it took</h2>\n<table><caption>Seconds of each stage, in order</caption>\n<thead><tr>\
         <th scope=\"col\">stage</th><th scope=\"col\" class=\"n\">seconds</th><th scope=\"col\"></th></tr></thead>\n<tbody>",
    );
    for (stage, seconds) in stages {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{seconds:.2}</td><td class=\"chart\" aria-hidden=\"true\">\
             <div class=\"bar\" style=\"width:{:.1}%\"></div></td></tr>",
            escaped(stage),
            seconds / longest * WIDEST
        );
    }
    out.push_str("</tbody></table></section>\n");
}
