//! `lockgate feed preview`: rows of a file, the records they become, and what each recipient would get.

use super::{Voice, reading};
use crate::cli::PreviewArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::night::feed_diff::{Difference, difference};
use crate::night::preview::{RecipientView, RowView, Rows, preview};
use crate::night::progress::Progress;
use crate::night::{Night, Order};
use crate::report;
use crate::store::{Run, RunId, Store};
use crate::vault::{Archive, Vault};
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::mapping::FeedKind;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Shows what would become of rows; writes nothing but the page asked for.
pub(super) async fn feed_preview(voice: Voice, deployment: &Deployment, args: &PreviewArgs) -> Result<Exit> {
    let feed = feed(deployment, &args.name)?;
    super::approve::warn_unapproved(voice, deployment).await?;
    let (store, vault) = reading(deployment).await?;
    let last = store.runs(1).await?.first().map(|run| run.as_of);
    let (file, date) = file(deployment, feed, args, last)?;
    let state = deployment.state();
    let archive = Archive::at(&state.join("archive"), &vault)?;
    let as_of = args.as_of.or(last).unwrap_or(date).max(date);
    let night = night(deployment, (&store, &vault, &archive), &state, as_of);
    let rows = args.row.map_or(Rows::First(args.rows), Rows::Number);
    let views = preview(&night, feed, &file, date, rows).await?;
    if let Some(place) = &args.html {
        std::fs::write(place, page(&args.name, date, &views)).context("writing the page")?;
        let (rows, place) = (views.len(), place.display());
        report::line(&format!("{rows} rows written to {place}; the page holds personal values"));
    } else if voice.json {
        report::json(&views);
    } else if views.is_empty() {
        report::line("The file has no such row");
    } else {
        views.iter().for_each(|view| report::line(text(view).trim_end()));
    }
    Ok(Exit::Done)
}

fn feed(deployment: &Deployment, name: &str) -> Result<usize> {
    let found = deployment.mappings.iter().position(|m| m.name() == name);
    let what = || format!("there is no feed `{name}`; see `lockgate feed list`");
    found.ok_or_else(|| Expected::new(Exit::Usage, what()))
}

/// The surroundings of a night that writes nothing.
pub(super) fn night<'a>(
    deployment: &'a Deployment,
    (store, vault, archive): (&'a Store, &'a Vault, &'a Archive),
    state: &'a Path,
    as_of: Date,
) -> Night<'a> {
    let order = Order { as_of, feeds: Vec::new(), dry_run: true };
    let (run, progress) = (Run { id: RunId(0), as_of }, Progress::new(true));
    Night { deployment, store, vault, archive, state, order, run, progress }
}

/// `feed diff`: the mapping as it is now against what the store holds of the last file taken.
pub(super) async fn feed_diff(voice: Voice, deployment: &Deployment, name: &str) -> Result<Exit> {
    let feed = feed(deployment, name)?;
    super::approve::warn_unapproved(voice, deployment).await?;
    let (store, vault) = reading(deployment).await?;
    let none = || Expected::new(Exit::Usage, format!("no file of feed `{name}` was taken yet"));
    let file = store.last_accepted(name).await?.ok_or_else(none)?;
    let as_of = store.runs(1).await?.first().map_or(file.outcome.data_date, |run| run.as_of);
    let state = deployment.state();
    let archive = Archive::at(&state.join("archive"), &vault)?;
    let found =
        difference(&night(deployment, (&store, &vault, &archive), &state, as_of), feed, &file).await?;
    if voice.json {
        report::json(&found);
        return Ok(Exit::Done);
    }
    let Difference { rows, mapped, skipped, refused, before, .. } = &found;
    report::line(&format!(
        "{}: {rows} rows; mapped {mapped} (was {}), left out {skipped} (was {}), refused {refused} (was {})",
        file.outcome.name_token, before.mapped, before.skipped, before.refused
    ));
    report::line(&format!(
        "{} records would be new and {} would change, about {} people in the cohort",
        found.new_records, found.changed_records, found.people
    ));
    match found.vanished_records {
        None => report::line(
            "What it would make no longer is not known: the mapping that took the file is not kept, or no longer fits the schema",
        ),
        Some(0) => {}
        Some(gone) => {
            let then = match deployment.mapping(feed)?.kind() {
                FeedKind::Snapshot => "they are withdrawn with the next full list",
                _ => "the store keeps them, and so do their recipients",
            };
            report::line(&format!("{gone} records would be made no longer; {then}"));
        }
    }
    for one in &found.recipients {
        let fields: Vec<&str> = one.fields.iter().map(String::as_str).collect();
        report::line(&format!(
            "{}: newly of {} people, otherwise of {}, no longer of {}: {}",
            one.recipient,
            one.newly,
            one.otherwise,
            one.no_longer,
            fields.join(", ")
        ));
        if one.vanished > 0 {
            let fields: Vec<&str> = one.vanished_fields.iter().map(String::as_str).collect();
            let (recipient, people) = (&one.recipient, one.vanished);
            report::line(&format!(
                "{recipient}: holds of {people} people what would be made no longer: {}",
                fields.join(", ")
            ));
        }
    }
    if found.recipients.is_empty() {
        report::line("No recipient would get anything else");
    }
    Ok(Exit::Done)
}

/// The file asked for, or the newest that lies at the feed's place.
fn file(
    deployment: &Deployment,
    feed: usize,
    args: &PreviewArgs,
    last: Option<Date>,
) -> Result<(PathBuf, Date)> {
    let mapping = deployment.mapping(feed)?;
    let dated = |name: &str| mapping.source().named(name).map(|n| n.date);
    if let Some(file) = &args.file {
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let date = dated(name).flatten().or(args.as_of).or(last);
        let no_day = || Expected::new(Exit::Usage, "the file's name carries no day: give `--as-of`");
        return Ok((file.clone(), date.ok_or_else(no_day)?));
    }
    let place = deployment.place(mapping)?;
    let listed = place.list().map_err(|fault| Expected::new(Exit::Usage, fault.what))?;
    let upto = args.as_of;
    let named = listed.into_iter().filter_map(|f| Some((dated(&f.name)?.or(args.as_of).or(last)?, f.name)));
    let newest = named.filter(|(date, _)| upto.is_none_or(|day| *date <= day)).max();
    let none = || Expected::new(Exit::Usage, "no file of this feed lies at its place: give `--file`");
    let (date, name) = newest.ok_or_else(none)?;
    let place = deployment.settings.place.get(mapping.source().place.as_str());
    let elsewhere = || {
        let what = format!("the feed's place is a server: fetch `{name}` and give it with `--file`");
        Expected::new(Exit::Usage, what)
    };
    let folder = place.and_then(|place| place.folder.as_ref()).ok_or_else(elsewhere)?;
    Ok((deployment.root.join(folder).join(&name), date))
}

/// One row as plain text.
fn text(view: &RowView) -> String {
    let mut out = format!("Row {}: {}\n", view.row, view.outcome);
    for (name, cell) in &view.cells {
        let _ = writeln!(out, "  {name}: {cell}");
    }
    for (column, code) in &view.faults {
        let _ = writeln!(out, "  refused: {} {code}", column.as_deref().unwrap_or("the whole row"));
    }
    for record in &view.records {
        let marks = marks(record.cancelled, record.restricted);
        let _ = writeln!(out, "becomes {}{marks}", record.category);
        let _ = writeln!(out, "  {}", pairs(&record.fields));
    }
    if !view.records.is_empty() && !view.in_cohort {
        out.push_str("Not in the cohort: nothing is kept, nothing leaves (clause 1.1)\n");
    }
    for one in &view.recipients {
        recipient(&mut out, one);
    }
    out.push('\n');
    out
}

fn recipient(out: &mut String, one: &RecipientView) {
    let _ = writeln!(
        out,
        "{}: {}",
        one.recipient,
        if one.leaves.is_empty() { "gets nothing of it" } else { "gets" }
    );
    for row in &one.leaves {
        let _ =
            writeln!(out, "  {} ({}, {}): {}", row.category, row.clause, row.handling, pairs(&row.fields));
    }
    for kept in &one.stays {
        let _ = writeln!(out, "  not {}.{}: {}", kept.category, kept.fields.join(", "), kept.why);
    }
}

fn marks(cancelled: bool, restricted: bool) -> String {
    let words: Vec<&str> = [(cancelled, "cancelled"), (restricted, "restricted")]
        .into_iter()
        .filter_map(|(on, word)| on.then_some(word))
        .collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

fn pairs(fields: &[(String, String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("; ")
}

/// The same as one self-contained page: no script, nothing fetched.
fn page(feed: &str, date: Date, views: &[RowView]) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<title>Preview of {0}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Preview of {0}</h1>\n\
         <p>File of {date}. Nothing was written or sent. This page holds personal values.</p>\n",
        escaped(feed)
    );
    views.iter().for_each(|view| row(&mut out, view));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

const STYLE: &str = "body{font-family:sans-serif;max-width:75rem;margin:1rem auto;padding:0 1rem;color:#111;background:#fff}\
                     table{border-collapse:collapse;margin:.5rem 0}caption{text-align:left;font-weight:bold}\
                     th,td{border:1px solid #767676;padding:.2rem .5rem;text-align:left;vertical-align:top}\
                     .wide{overflow-x:auto}";

fn row(out: &mut String, view: &RowView) {
    let _ = writeln!(out, "<section>\n<h2>Row {}: {}</h2>", view.row, view.outcome);
    listed(out, "The partner's row", &view.cells);
    for (column, code) in &view.faults {
        let column = column.as_deref().unwrap_or("the whole row");
        let _ = writeln!(out, "<p>Refused: {} {}</p>", escaped(column), escaped(code));
    }
    for record in &view.records {
        let title = format!("Becomes {}{}", record.category, marks(record.cancelled, record.restricted));
        listed(out, &title, &record.fields);
    }
    if !view.records.is_empty() && !view.in_cohort {
        out.push_str("<p>Not in the cohort: nothing is kept, nothing leaves (clause 1.1).</p>\n");
    }
    if !view.recipients.is_empty() {
        out.push_str("<div class=\"wide\"><table><caption>What each recipient would get</caption>\n<tr><th scope=\"col\">recipient</th>\
                      <th scope=\"col\">leaves</th><th scope=\"col\">stays, and why</th></tr>\n");
        for one in &view.recipients {
            let leaves: Vec<String> = one
                .leaves
                .iter()
                .map(|l| {
                    format!(
                        "{} ({}): {}",
                        escaped(&l.category),
                        escaped(&l.clause),
                        escaped(&pairs(&l.fields))
                    )
                })
                .collect();
            let stays: Vec<String> = one
                .stays
                .iter()
                .map(|s| {
                    format!("{}.{}: {}", escaped(&s.category), escaped(&s.fields.join(", ")), escaped(&s.why))
                })
                .collect();
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
                escaped(&one.recipient),
                leaves.join("<br>"),
                stays.join("<br>")
            );
        }
        out.push_str("</table></div>\n");
    }
    out.push_str("</section>\n");
}

fn listed(out: &mut String, title: &str, pairs: &[(String, String)]) {
    let _ = writeln!(out, "<div class=\"wide\"><table><caption>{}</caption>", escaped(title));
    for (name, value) in pairs {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td><bdi>{}</bdi></td></tr>",
            escaped(name),
            escaped(value)
        );
    }
    out.push_str("</table></div>\n");
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
