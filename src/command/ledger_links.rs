//! The part of a person's story that is about who is who: what people decided, and from which person to which the nights
//! moved the identity by it, or by the evidence.

use super::Voice;
use super::review::short;
use crate::night::people::{MOVED, read_moved};
use crate::night::summary::table;
use crate::report;
use crate::review::said;
use crate::store::{Registered, Store};
use anyhow::Result;
use lockgate_core::ledger::Entry;
use lockgate_core::record::{IdentityId, PersonId};
use serde::Serialize;
use std::collections::BTreeSet;

/// One event.
#[derive(Serialize)]
pub(super) struct LinkJson {
    /// The day.
    on: String,
    /// `same`, `different`, `cannot-tell`, `undone` or `moved`.
    what: String,
    /// The other identity, or the person moved to.
    with: String,
    by: String,
    reason: String,
    /// The ledger's entry, of a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
}

/// An identity went from one person to another.
pub(super) struct Move {
    seq: u64,
    on: String,
    from: PersonId,
    to: PersonId,
}

/// All moves of an identity, in their order.
pub(super) async fn moves(store: &Store, about: IdentityId) -> Result<Vec<Move>> {
    let (mut out, mut pages) = (Vec::new(), store.ledger_entries(1));
    while let Some(page) = pages.next_page().await? {
        for row in &page {
            if let Ok(Entry::Decision(d)) = Entry::decode(&row.entry)
                && d.kind == MOVED
                && let Some((identity, from, to)) = read_moved(d.reference)
                && identity == about
            {
                out.push(Move { seq: row.seq, on: d.as_of.to_string(), from, to });
            }
        }
    }
    Ok(out)
}

/// Whether the identity belonged to a person when an entry was made. Of one that never moved every person counts of which
/// it is known.
pub(super) fn was(moves: &[Move], known: &BTreeSet<PersonId>, seq: u64, person: PersonId) -> bool {
    let next = moves.partition_point(|m| m.seq < seq);
    match (next.checked_sub(1).and_then(|at| moves.get(at)), moves.get(next)) {
        (Some(last), _) => last.to == person,
        (None, Some(first)) => first.from == person,
        (None, None) => known.contains(&person),
    }
}

/// What was decided about an identity, and what became of it, by day.
pub(super) fn story(entries: &[Registered], about: IdentityId, moves: &[Move]) -> Vec<LinkJson> {
    let mut out = Vec::new();
    let words = said::words(entries);
    for word in words.iter().filter(|w| w.pair.a == about || w.pair.b == about) {
        let with = if word.pair.a == about { word.pair.b } else { word.pair.a }.to_string();
        let made = &word.entry.made;
        out.push(LinkJson {
            on: made.since.to_string(),
            what: word.says.verdict.clone(),
            with: with.clone(),
            by: made.author.clone(),
            reason: made.reference.clone(),
            entry: None,
        });
        if let Some(end) = &word.entry.ended {
            out.push(LinkJson {
                on: end.on.to_string(),
                what: "undone".into(),
                with,
                by: end.by.clone(),
                reason: end.reference.clone(),
                entry: None,
            });
        }
    }
    out.extend(moves.iter().map(|m| LinkJson {
        on: m.on.clone(),
        what: "moved".into(),
        with: m.to.to_string(),
        by: "gateway".into(),
        reason: format!("from {}", m.from),
        entry: Some(m.seq),
    }));
    out.sort_by(|a, b| a.on.cmp(&b.on));
    out
}

/// Prints the events.
pub(super) fn print(voice: Voice, links: &[LinkJson]) {
    if links.is_empty() {
        return;
    }
    report::line("\nWho is who");
    let row =
        |l: &LinkJson| vec![l.on.clone(), l.what.clone(), short(&l.with), l.by.clone(), l.reason.clone()];
    let rows: Vec<Vec<String>> = links.iter().map(row).collect();
    report::line(&table(voice.plain, &["day", "what", "with or to", "by", "reason"], &rows));
}
