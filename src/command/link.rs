//! `lockgate link FILE`: which rows of a file are one person.

use super::Voice;
use crate::cli::LinkArgs;
use crate::config::Texts;
use crate::exit::Exit;
use crate::link::read::{People, Unique, read};
use crate::link::run::{Linked, learn, link as link_all, prepare};
use crate::link::score::{Quality, quality, truth};
use crate::link::{BARE, CROWDED, LinkError, SHARED_ID, columns, output, page};
use crate::report::{self, Severity};
use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lockgate_core::linkage::cluster::{Doubt, Limits};
use lockgate_core::linkage::compare::Comparer;
use lockgate_core::linkage::explain::{Line, bits, lines};
use lockgate_core::linkage::guard::{Bar, bar};
use lockgate_core::linkage::math::Weight;
use lockgate_core::linkage::model::{BadModel, Model, Plain, Score};
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::thread::available_parallelism;

/// Links a file, writes what is asked for, and says what was found.
pub(super) fn link(voice: Voice, args: &LinkArgs) -> Result<Exit> {
    match run(args) {
        Ok(done) => {
            told(voice, &done);
            Ok(Exit::Done)
        }
        Err(error) => {
            let problem = error.problem();
            if voice.json {
                report::json(&FailedJson { ok: false, code: problem.code, what: &problem.what });
            }
            report::print(&[problem], Severity::Error, &Texts::default(), voice.style());
            Ok(if error == LinkError::Broken { Exit::Fault } else { Exit::Problems })
        }
    }
}

#[derive(Serialize)]
struct FailedJson<'a> {
    ok: bool,
    code: &'a str,
    what: &'a str,
}

/// What `--json` says.
#[derive(Serialize)]
struct LinkJson<'a> {
    ok: bool,
    records: u32,
    persons: usize,
    largest: u32,
    fields: &'a [String],
    pairs_compared: u64,
    threshold: f64,
    model: ModelJson<'a>,
    review: BTreeMap<&'static str, usize>,
    notes: &'a [NoteJson],
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<Quality>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<&'a Explained>,
}

#[derive(Serialize)]
struct ModelJson<'a> {
    version: &'a str,
    date: &'a str,
    records: u32,
}

/// Something about the file that its owner should know.
#[derive(Serialize)]
struct NoteJson {
    code: &'static str,
    what: String,
}

/// A pair that was asked about.
#[derive(Serialize)]
struct Explained {
    weight: f64,
    against: &'static str,
    joined: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    barred: Option<&'static str>,
    lines: Vec<LineJson>,
}

#[derive(Serialize)]
struct LineJson {
    field: String,
    level: String,
    weight: f64,
}

struct Done {
    people: People,
    fields: Vec<String>,
    model: Model,
    limits: Limits,
    linked: Linked,
    notes: Vec<NoteJson>,
    quality: Option<Quality>,
    explained: Option<Explained>,
}

fn run(args: &LinkArgs) -> Result<Done, LinkError> {
    let day = args.as_of.unwrap_or_else(|| Timestamp::now().to_zoned_datetime(TimeZone::UTC).date());
    let cores = available_parallelism().map_or(1, |n| n.get().min(16));
    let (mut people, fields) = people(args, day, cores)?;
    let names: Vec<String> = people.deck.kinds.iter().map(|kind| kind.name.clone()).collect();
    let mut prepared = prepare(&mut people.deck, cores);
    let kept = args.model.as_deref().map(|path| model(path, &names)).transpose()?;
    let trains = kept.is_none();
    let mut model =
        kept.unwrap_or_else(|| learn(&people.deck, &mut prepared, &Model::shipped(&names), cores));
    let limits = limits(args, &model);
    let linked = link_all(&people.deck, prepared, &mut model, limits, trains, cores);
    if trains {
        model.plain.version = format!("trained-{day}");
        model.plain.date = day.to_string();
    }
    let true_person = args.truth.as_deref().map(|path| truth(&mut csv_reader(path)?, &people)).transpose()?;
    let quality = true_person.as_ref().map(|person| quality(person, &linked.person));
    let explained =
        args.explain.as_deref().map(|pair| explain(pair, &people, &model, &linked)).transpose()?;
    if let Some(path) = &args.out {
        output::write(path, |out| output::clusters(out, &people, &linked.person))?;
    }
    if let Some(path) = &args.pairs {
        output::write(path, |out| output::pairs(out, &people, &linked.facts, &model, &linked))?;
    }
    if let Some(path) = &args.train {
        let text = serde_json::to_string_pretty(&model.plain).map_err(|_| LinkError::Broken)?;
        output::write(path, |out| writeln!(out, "{text}").map_err(|e| LinkError::Write(e.kind())))?;
    }
    if let Some(path) = &args.report {
        let shown = page::Shown { people: &people, model: &model, linked: &linked, limits };
        let text = page::page(&shown, args.explain.as_deref(), true_person.as_deref());
        output::write(path, |out| out.write_all(text.as_bytes()).map_err(|e| LinkError::Write(e.kind())))?;
    }
    let notes = notes(&people, &linked);
    Ok(Done { people, fields, model, limits, linked, notes, quality, explained })
}

fn csv_reader(path: &Path) -> Result<csv::Reader<File>, LinkError> {
    let file = File::open(path).map_err(|e| LinkError::Read(e.kind()))?;
    Ok(csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(file))
}

fn people(args: &LinkArgs, day: Date, cores: usize) -> Result<(People, Vec<String>), LinkError> {
    let mut csv = csv_reader(&args.file)?;
    let columns = columns(&mut csv, &args.mappings)?;
    let unique = match args.unique.as_slice() {
        [] => Unique::No,
        names if names.iter().any(|n| n == "all") => Unique::All,
        names => Unique::Named(names.to_vec()),
    };
    let year = u32::try_from(day.year()).unwrap_or(0);
    let people = read(csv, &columns, &unique, year, cores)?;
    Ok((people, columns.found().into_iter().map(str::to_owned).collect()))
}

fn model(path: &Path, names: &[String]) -> Result<Model, LinkError> {
    let text = std::fs::read_to_string(path).map_err(|e| LinkError::Read(e.kind()))?;
    // What the JSON reader says may quote the file.
    let plain: Plain =
        serde_json::from_str(&text).map_err(|_| LinkError::BadModel("it is not what `--train` writes"))?;
    Model::read(plain, names).map_err(|bad| {
        LinkError::BadModel(match bad {
            BadModel::Form => "it is of another version of the program",
            BadModel::Fields => "its fields and identifiers are not those of this file",
            BadModel::Probability => "one of its numbers is no probability",
        })
    })
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn limits(args: &LinkArgs, model: &Model) -> Limits {
    let weight = |bits: f64| (bits.clamp(-1000.0, 1000.0) * 100.0) as Weight;
    let shipped = Limits::for_model(model);
    let join = args.threshold.map_or(shipped.join, weight);
    Limits { join, review: weight(args.review).min(join), ..shipped }
}

fn explain(pair: &str, people: &People, model: &Model, linked: &Linked) -> Result<Explained, LinkError> {
    let find = |id: &str| people.find(id.trim().as_bytes());
    let two = pair.split_once(',').and_then(|(a, b)| Some((find(a)?, find(b)?)));
    let (a, b) = two.ok_or(LinkError::NoSuchRecord)?;
    let (Some(x), Some(y)) = (people.deck.card(a), people.deck.card(b)) else {
        return Err(LinkError::Broken);
    };
    let agreement = Comparer::new(&people.deck, &linked.facts, model).compare(x, y);
    let score: Score = model.score(&agreement);
    let line = |l: Line| LineJson { field: l.field, level: l.level, weight: f64::from(l.weight) / 100.0 };
    Ok(Explained {
        weight: f64::from(score.weight) / 100.0,
        against: score.against.words(),
        joined: linked.same(a, b),
        barred: bar(&people.deck.kinds, x, y, &agreement, model.has_families()).map(Bar::code),
        lines: lines(model, &people.deck.kinds, &agreement, score).into_iter().map(line).collect(),
    })
}

fn notes(people: &People, linked: &Linked) -> Vec<NoteJson> {
    let mut out = Vec::new();
    let bare = people.bare();
    if bare > 0 {
        out.push(NoteJson { code: BARE, what: format!("records that say too little to be linked: {bare}") });
    }
    for (kind, values) in &linked.shared_ids {
        let name = people.deck.kinds.get(*kind).map_or("", |k| k.name.as_str());
        let what = format!("values of `{name}` that too many records carry, and that join nobody: {values}");
        out.push(NoteJson { code: SHARED_ID, what });
    }
    if linked.crowded > 0 {
        let what = format!(
            "names, dates or postcodes that too many share, not compared for them alone: {}",
            linked.crowded
        );
        out.push(NoteJson { code: CROWDED, what });
    }
    out
}

/// How many pairs wait, by the reason.
fn review(linked: &Linked) -> BTreeMap<&'static str, usize> {
    let mut out = BTreeMap::new();
    linked
        .doubts
        .iter()
        .map(|(_, doubt): &(_, Doubt)| doubt.code())
        .for_each(|code| *out.entry(code).or_default() += 1);
    out
}

fn told(voice: Voice, done: &Done) {
    let sizes = done.linked.sizes();
    let persons: usize = sizes.values().map(|n| *n as usize).sum();
    let review = review(&done.linked);
    let plain = &done.model.plain;
    if voice.json {
        report::json(&LinkJson {
            ok: true,
            records: done.people.ids.len(),
            persons,
            largest: sizes.keys().next_back().copied().unwrap_or(0),
            fields: &done.fields,
            pairs_compared: done.linked.compared,
            threshold: f64::from(done.limits.join) / 100.0,
            model: ModelJson { version: &plain.version, date: &plain.date, records: plain.records },
            review,
            notes: &done.notes,
            quality: done.quality,
            explained: done.explained.as_ref(),
        });
        return;
    }
    if voice.quiet {
        return;
    }
    report::line(&format!("Records: {}, persons: {persons}", done.people.ids.len()));
    report::line(&format!("Fields: {}", done.fields.join(", ")));
    report::line(&format!("Model: {}, joins from {} bits on", plain.version, bits(done.limits.join)));
    let waiting: usize = review.values().sum();
    report::line(&format!("Pairs that wait for a person: {waiting}"));
    for (code, count) in &review {
        let title = crate::codes::of(code).map_or("", |doc| doc.title);
        report::line(&format!("  {code} {title}: {count}"));
    }
    if let Some(q) = &done.quality {
        report::line(&format!(
            "Against the truth: precision {:.5}, recall {:.4}, F1 {:.4}, over-merged groups {}, split persons {}",
            q.precision, q.recall, q.f1, q.over_merges, q.split_persons
        ));
    }
    if let Some(explained) = &done.explained {
        told_pair(explained);
    }
    let problems: Vec<Problem> = done.notes.iter().map(|n| Problem::new(n.code, n.what.as_str())).collect();
    report::print(&problems, Severity::Warning, &Texts::default(), voice.style());
}

fn told_pair(pair: &Explained) {
    let outcome = if pair.joined { "one person" } else { "not joined" };
    report::line(&format!(
        "The pair: {outcome}; {:+.1} bits for one person, against {}",
        pair.weight, pair.against
    ));
    for line in &pair.lines {
        report::line(&format!("  {:>6.1}  {}: {}", line.weight, line.field, line.level));
    }
    if let Some(code) = pair.barred {
        let title = crate::codes::of(code).map_or("", |doc| doc.title);
        report::line(&format!("  barred: {code} {title}"));
    }
}
