//! `lockgate feed new`: drafts a mapping from a sample file, checks it, and writes it where none is.

use super::Voice;
use crate::cli::NewFeedArgs;
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use crate::feed::{self, Brief, Draft, Known, Sample};
use crate::report::{self, Severity};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::problem::nearest;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

/// The day on which two-digit years of a sample turn, where no run has given one.
const DAY: Date = Date::constant(2008, 11, 17);

#[derive(Serialize)]
struct NewJson<'a> {
    mapping: &'a str,
    format: &'a str,
    rows: u64,
    guessed: &'a [String],
    columns: Vec<ColumnJson<'a>>,
    todo: &'a [String],
}

#[derive(Serialize)]
struct ColumnJson<'a> {
    header: &'a str,
    target: String,
    trust: &'static str,
    why: &'a str,
    marks: &'a [&'static str],
}

/// Drafts, checks and writes the mapping.
pub(super) fn new(voice: Voice, deployment: &Deployment, args: &NewFeedArgs) -> Result<Exit> {
    let usage = |what: String| Expected::new(Exit::Usage, what);
    if let Some(other) = deployment.mappings.iter().find(|m| m.name() == args.name) {
        return Err(usage(format!("there is a feed `{}` already, in `{}`", args.name, other.file())));
    }
    let partner = partner(deployment, args)?;
    let short = args.name.strip_prefix(&format!("{partner}-")).unwrap_or(&args.name);
    let known = short.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if short.is_empty() || !known {
        return Err(usage(format!("`{}` is no feed name: small letters, digits and hyphens", args.name)));
    }
    let file = format!("{}/{partner}/{short}.toml", deployment.settings.folders.mappings);
    let path = deployment.root.join(&file);
    if path.exists() {
        return Err(usage(format!("`{file}` is there already; a mapping is never overwritten")));
    }
    let sample = feed::guess(&args.from, DAY)
        .map_err(|why| Expected::new(Exit::Problems, format!("the sample cannot be read: {why}")))?;
    let draft = drafted(deployment, args, &partner, &sample)?;
    let problems = deployment.would_take(&file, &draft.text);
    if !problems.is_empty() {
        let mut texts = crate::config::Texts::default();
        texts.add(&file, draft.text);
        report::print(&problems, Severity::Error, &texts, voice.style());
        return Err(Expected::new(Exit::Fault, "the draft does not pass its own check; nothing was written"));
    }
    write(&path, &draft.text)?;
    say(voice, &file, &sample, &draft);
    Ok(Exit::Done)
}

fn partner(deployment: &Deployment, args: &NewFeedArgs) -> Result<String> {
    let keys: Vec<&str> = deployment.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
    let first = args.name.split('-').next().unwrap_or_default();
    let wanted = args.partner.as_deref().unwrap_or(first);
    if keys.contains(&wanted) {
        return Ok(wanted.to_owned());
    }
    let near = nearest(wanted, keys.iter().copied());
    let help = near.map_or_else(|| format!("known: {}", keys.join(", ")), |n| format!("did you mean `{n}`?"));
    let what = if args.partner.is_some() {
        format!("`{wanted}` is no partner")
    } else {
        "say whose feed it is with `--partner`".into()
    };
    Err(Expected::new(Exit::Usage, format!("{what}; {help}")))
}

fn drafted(deployment: &Deployment, args: &NewFeedArgs, partner: &str, sample: &Sample) -> Result<Draft> {
    let mut siblings = deployment.mappings.iter().filter(|m| m.partner_key() == partner);
    let places = &deployment.settings.place;
    let own = siblings.next().map(|m| m.source().place.as_str());
    let own = own.or_else(|| places.get_key_value(partner).map(|(name, _)| name.get_ref().as_str()));
    let Some(place) = own.or_else(|| places.keys().next().map(|name| name.get_ref().as_str())) else {
        return Err(Expected::new(
            Exit::Usage,
            "`lockgate.toml` names no place; add one such as `[place.name]`",
        ));
    };
    let file = args.from.file_name().and_then(|n| n.to_str()).unwrap_or("sample");
    let brief = Brief { name: &args.name, partner, place: (place, own.is_none()), file };
    let known = Known {
        schema: &deployment.schema,
        mappings: &deployment.mappings,
        owned: owned(deployment, partner),
    };
    feed::draft(sample, &brief, &known).map_err(|why| Expected::new(Exit::Problems, why))
}

/// The categories that the partner may fill: those that the agreement says it shares, and the gateway's own.
fn owned<'a>(deployment: &'a Deployment, partner: &str) -> BTreeSet<&'a str> {
    let Some(partner) = deployment.agreement.partner(partner) else { return BTreeSet::new() };
    let categories = deployment.schema.categories();
    let shares =
        categories.filter(|(id, c)| c.internal || deployment.agreement.clause(partner, *id).is_some());
    shares.map(|(_, c)| c.name.as_str()).filter(|name| *name != feed::PERSON).collect()
}

/// Writes a file that was not there; somebody else's of the same moment stays.
fn write(path: &Path, text: &str) -> Result<()> {
    let fault = |e: std::io::Error| {
        Expected::new(Exit::Fault, format!("the mapping cannot be written: {}", e.kind()))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    let mut file = std::fs::File::create_new(path).map_err(fault)?;
    file.write_all(text.as_bytes()).map_err(fault)
}

fn say(voice: Voice, file: &str, sample: &Sample, draft: &Draft) {
    let columns = &draft.plan.columns;
    if voice.json {
        let column = |c: &'_ feed::Proposed| (c.target.words(), c.marks.clone());
        let all: Vec<(String, Vec<&'static str>)> = columns.iter().map(column).collect();
        let columns = columns
            .iter()
            .zip(&all)
            .map(|(c, (target, marks))| ColumnJson {
                header: &c.header,
                target: target.clone(),
                trust: c.trust.word(),
                why: &c.why,
                marks,
            })
            .collect();
        let rows = sample.survey.rows();
        report::json(&NewJson {
            mapping: file,
            format: sample.format,
            rows,
            guessed: &sample.notes,
            columns,
            todo: &draft.todo,
        });
        return;
    }
    if voice.quiet {
        return;
    }
    let rows = sample.survey.rows();
    report::line(&format!(
        "Wrote `{file}`: {} with {} columns, {rows} rows looked at",
        sample.format,
        columns.len()
    ));
    sample.notes.iter().for_each(|note| report::line(&format!("  guessed: {note}")));
    let count = |word: &str| columns.iter().filter(|c| c.target.words() == word).count();
    let (ignored, condition, todo) = (count("ignore"), count("condition"), count("todo"));
    report::line(&format!(
        "  columns: {} with a meaning, {ignored} known and not used, {condition} that may be conditions, {todo} not recognised",
        columns.len() - ignored - condition - todo
    ));
    report::line(&format!("{} things to look at, each a TODO in the file:", draft.todo.len()));
    draft.todo.iter().for_each(|todo| report::line(&format!("  {todo}")));
    report::line("Then run `lockgate check` and `lockgate feed test`");
}
