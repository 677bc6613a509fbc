//! `lockgate register add|list|end`: recorded decisions of people.

use super::{Voice, reading};
use crate::cli::{AddCommand, EndArgs, ListArgs, RegisterCommand, Signed};
use crate::config::Deployment;
use crate::exit::Exit;
use crate::night::summary::table;
use crate::register::{Desk, Draft, Stop};
use crate::report::{self, Severity};
use crate::store::{Body, Ending, Registered, Subject};
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::calendar::notified_late;
use lockgate_core::problem::Problem;
use serde::Serialize;

/// What came of a decision.
#[derive(Serialize)]
pub(super) struct Outcome {
    done: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct EntryJson<'a> {
    entry: i64,
    register: &'static str,
    partner: &'a str,
    author: &'a str,
    made_at: &'a str,
    reference: &'a str,
    since: String,
    until: Option<String>,
    state: &'static str,
    ended: Option<EndedJson<'a>>,
    /// For a nominee: whether the notice of the change was late (7.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    notified_late: Option<bool>,
    says: &'a Body,
}

#[derive(Serialize)]
struct EndedJson<'a> {
    on: String,
    by: &'a str,
    reference: &'a str,
}

/// Does what the words say.
pub(super) async fn register(voice: Voice, deployment: &Deployment, what: &RegisterCommand) -> Result<Exit> {
    match what {
        RegisterCommand::Add(what) => add(voice, deployment, what).await,
        RegisterCommand::List(args) => list(voice, deployment, args).await,
        RegisterCommand::End(args) => end(voice, deployment, args).await,
    }
}

const fn signed(what: &AddCommand) -> &Signed {
    match what {
        AddCommand::Restriction(args) => &args.signed,
        AddCommand::Authority(args) => &args.signed,
        AddCommand::TextReview(args) => &args.signed,
        AddCommand::Consent(args) => &args.signed,
        AddCommand::Use(args) => &args.signed,
        AddCommand::Nominee(args) => &args.signed,
        AddCommand::Designated(args) => &args.signed,
    }
}

async fn draft(desk: &Desk<'_>, what: &AddCommand) -> Result<Draft, Stop> {
    desk.in_order().await?;
    match what {
        AddCommand::Restriction(args) => desk.restriction(args).await,
        AddCommand::Authority(args) => desk.authority(args).await,
        AddCommand::TextReview(args) => desk.review(args).await,
        AddCommand::Consent(args) => desk.consent(args),
        AddCommand::Use(args) => desk.secondary_use(args),
        AddCommand::Nominee(args) => desk.nominee(args),
        AddCommand::Designated(args) => desk.designated(args),
    }
}

async fn add(voice: Voice, deployment: &Deployment, what: &AddCommand) -> Result<Exit> {
    let desk = Desk::open(deployment, signed(what)).await?;
    let draft = match draft(&desk, what).await {
        Ok(draft) => draft,
        Err(stop) => return stopped(voice, desk, stop, &format!("{what:?}")).await,
    };
    let id = desk.take_down(&draft).await?;
    let notes = late(deployment, draft.since, &draft.body).into_iter().collect();
    desk.store.close().await?;
    said(voice, &[id.0], notes, "recorded");
    Ok(Exit::Done)
}

/// Says it when a change of nominees was notified late (7.4).
fn late(deployment: &Deployment, changed: Date, body: &Body) -> Option<String> {
    let Body::Nominee(nominee) = body else { return None };
    late_notice(deployment, changed, nominee.notified)
}

fn late_notice(deployment: &Deployment, changed: Date, notified: Date) -> Option<String> {
    let days = deployment.calendar.between(changed, notified);
    let what = format!(
        "the change of {changed} was notified {days} working days later, on {notified} (LG2123, clause 7.4)"
    );
    notified_late(&deployment.calendar, changed, notified).then_some(what)
}

/// A refusal goes into the ledger and ends with 8; anything else is a fault.
pub(super) async fn stopped(voice: Voice, desk: Desk<'_>, stop: Stop, asked: &str) -> Result<Exit> {
    let problem = match stop {
        Stop::Other(error) => return Err(error),
        Stop::Refused(problem) => problem,
    };
    desk.refuse(&problem, asked).await?;
    let deployment = desk.deployment;
    desk.store.close().await?;
    if voice.json {
        let Problem { code, what, .. } = problem;
        let out = Outcome {
            done: false,
            entries: Vec::new(),
            code: Some(code),
            what: Some(what),
            notes: Vec::new(),
        };
        report::json(&out);
    } else {
        report::print(&[problem], Severity::Error, &deployment.texts, voice.style());
    }
    Ok(Exit::Refused)
}

/// Says what was taken down.
pub(super) fn said(voice: Voice, entries: &[i64], notes: Vec<String>, done: &str) {
    if voice.json {
        let entries = entries.to_vec();
        return report::json(&Outcome { done: true, entries, code: None, what: None, notes });
    }
    for id in entries {
        report::line(&format!("Entry {id} is {done}; the next run goes by it"));
    }
    for note in notes {
        report::line(&format!("Note: {note}"));
    }
}

async fn end(voice: Voice, deployment: &Deployment, args: &EndArgs) -> Result<Exit> {
    let desk = Desk::open(deployment, &args.signed).await?;
    let found = match desk.in_order().await {
        Ok(()) => desk.ending(args).cloned(),
        Err(stop) => Err(stop),
    };
    let entry = match found {
        Ok(entry) => entry,
        Err(stop) => return stopped(voice, desk, stop, &format!("{args:?}")).await,
    };
    let on = args.on.unwrap_or(desk.day);
    let nominee = matches!(entry.body, Body::Nominee(_));
    let notified = nominee.then(|| args.notified.unwrap_or(desk.day));
    desk.end(&entry, on, notified).await?;
    desk.store.close().await?;
    let notes = notified.and_then(|day| late_notice(deployment, on, day)).into_iter().collect();
    said(voice, &[entry.id.0], notes, "ended");
    Ok(Exit::Done)
}

async fn list(voice: Voice, deployment: &Deployment, args: &ListArgs) -> Result<Exit> {
    let (store, _) = reading(deployment).await?;
    let last = store.runs(1).await?.first().map(|r| r.as_of);
    let day = args.as_of.or(last).context("there is no run yet")?;
    let mut entries = store.registered().await?;
    entries.retain(|e| args.all || !e.over(day));
    entries.retain(|e| args.register.as_deref().is_none_or(|wanted| wanted == e.body.register()));
    if voice.json {
        let all: Vec<EntryJson<'_>> = entries.iter().map(|e| json(deployment, e, day)).collect();
        report::json(&all);
    } else if entries.is_empty() {
        report::line("No entry stands");
    } else {
        let rows: Vec<Vec<String>> = entries.iter().map(|e| row(e, day)).collect();
        let head = ["entry", "register", "partner", "state", "since", "until", "what", "reference"];
        report::line(&table(voice.plain, &head, &rows));
    }
    Ok(Exit::Done)
}

fn state(entry: &Registered, day: Date) -> &'static str {
    match (&entry.ended, entry.holds(day)) {
        (_, true) => "holds",
        (_, false) if !entry.over(day) => "to come",
        (Some(_), _) => "ended",
        (None, _) => "expired",
    }
}

fn json<'a>(deployment: &Deployment, entry: &'a Registered, day: Date) -> EntryJson<'a> {
    let made = &entry.made;
    let ended = |e: &'a Ending| EndedJson { on: e.on.to_string(), by: &e.by, reference: &e.reference };
    let late = match &entry.body {
        Body::Nominee(n) => {
            let end = entry.ended.as_ref().and_then(|e| Some((e.on, e.notified?)));
            let late = |(changed, notified)| notified_late(&deployment.calendar, changed, notified);
            Some(late((made.since, n.notified)) || end.is_some_and(late))
        }
        _ => None,
    };
    EntryJson {
        entry: entry.id.0,
        register: entry.body.register(),
        partner: &made.partner,
        author: &made.author,
        made_at: &made.made_at,
        reference: &made.reference,
        since: made.since.to_string(),
        until: made.until.map(|day| day.to_string()),
        state: state(entry, day),
        ended: entry.ended.as_ref().map(ended),
        notified_late: late,
        says: &entry.body,
    }
}

fn row(entry: &Registered, day: Date) -> Vec<String> {
    let until = entry.last_day().map_or_else(|| "until ended".into(), |day| day.to_string());
    vec![
        entry.id.to_string(),
        entry.body.register().into(),
        entry.made.partner.clone(),
        state(entry, day).into(),
        entry.made.since.to_string(),
        until,
        words(&entry.body),
        entry.made.reference.clone(),
    ]
}

/// To whom something is handed on.
fn handed(third_party: Option<&str>) -> String {
    third_party.map_or_else(String::new, |to| format!("; handed on to {to}"))
}

/// What an entry says, in words; keyed hashes stand for records and persons.
fn words(body: &Body) -> String {
    let to = |list: &[String]| if list.is_empty() { "all".to_owned() } else { list.join(", ") };
    match body {
        Body::Restriction(b) => {
            let about = match &b.about {
                Subject::Record(key) => format!("record {key}"),
                Subject::Person(key) => format!("person {key}"),
            };
            let how: Vec<String> = b.reduce.iter().map(|(at, word)| format!("{at} to {word}")).collect();
            let how = if how.is_empty() { "silent".to_owned() } else { how.join(", ") };
            format!("{how} for {}: {about}", to(&b.recipients))
        }
        Body::Authority(b) => {
            format!("{} opens {} to {}: record {}", b.kind, b.fields.join(", "), to(&b.recipients), b.record)
        }
        Body::Consent(b) => {
            let to = handed(b.third_party.as_deref());
            format!("{} may use {} for: {}{to}", b.recipient, b.scope.join(", "), b.purpose)
        }
        Body::Use(b) => {
            let on: Vec<String> = b.consents.iter().map(ToString::to_string).collect();
            let (to, on) = (handed(b.third_party.as_deref()), on.join(", "));
            format!("uses {} for: {}{to}; by the consents {on}", b.scope.join(", "), b.purpose)
        }
        Body::Nominee(b) => format!("{}, notified on {}", b.token, b.notified),
        Body::Designated(b) => format!("{}, registration {}", b.token, b.registration),
        Body::Suspension(b) => format!("{} receives nothing: {}", b.suspended, b.reason),
        Body::Link(b) => {
            let despite = if b.despite { ", in spite of their identifiers" } else { "" };
            format!("{} and {}: {}{despite}", b.a, b.b, b.verdict)
        }
        Body::Correction(b) => {
            format!("{} of record {} may be wrong: `{}`'s to say", b.field, b.record, b.owner)
        }
    }
}
