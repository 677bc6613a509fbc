//! The registers as the gate takes them: names of the store become ids of the agreement.
//!
//! An entry that names a partner, kind, field or category that is not known holds nothing open; a
//! restriction that cannot be read stops the night, because it would stop restricting. Entries of days to
//! come are read too, so that the gate knows when a decision changes.

use crate::config::Deployment;
use crate::store::{Body, Registered, RunRow, Store, Subject};
use crate::vault::Vault;
use crate::{store, vault};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::{AuthorityKind, PartnerId, Span};
use lockgate_core::calendar::notified_late;
use lockgate_core::gate::{Authority, Effect, Recipients, Registers, Restriction, Reviewed, Scope};
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use lockgate_core::record::{IdentityId, PersonId, RecordId};
use lockgate_core::reduce::Reduction;
use lockgate_core::schema::{CategoryId, FieldId};
use std::collections::{BTreeMap, BTreeSet};

/// Days before a registration's expiry on which it is told.
const EXPIRES_SOON: i32 = 30;

/// The registers of one night.
#[derive(Clone)]
pub struct Read {
    /// For the gate.
    pub registers: Registers,
    /// Partners for which no bundle is made: suspended, or without a current nominee (7.3).
    pub closed: Vec<PartnerId>,
    /// What people should know of the registers on the day.
    pub reminders: Vec<Problem>,
    text: String,
}

impl Read {
    /// Closes more partners, for tonight.
    pub fn close(&mut self, more: impl Iterator<Item = PartnerId>) {
        self.closed.extend(more);
        self.closed.sort_unstable();
        self.text = format!("{:?}", self.closed);
    }

    /// What changes whenever decisions about everybody could change for another reason than people's data. Whom an
    /// entry about a record or a person concerns is marked when it is recorded, and found again by its days.
    pub fn digest(&self, agreement: &Digest) -> String {
        Digest::of(&[&agreement.0, self.text.as_bytes(), crate::SOFTWARE.as_bytes()].concat()).hex()
    }
}

/// Reads the registers as they stand on the run's day.
pub async fn read(store: &Store, deployment: &Deployment, vault: &Vault, as_of: Date) -> Result<Read> {
    of_entries(store, deployment, vault, &store.registered().await?, as_of).await
}

/// Reads the registers as a run found them: without what was recorded since, and as though what was ended since stood.
pub async fn read_then(store: &Store, deployment: &Deployment, vault: &Vault, run: &RunRow) -> Result<Read> {
    let began: Timestamp = run.started_at.parse().context("a run's time does not read")?;
    let mut then = Vec::new();
    for entry in store.registered().await? {
        then.extend(as_found(entry, began)?);
    }
    of_entries(store, deployment, vault, &then, run.as_of).await
}

/// An entry as it stood at a moment, if it did. Whoever decides waits for a run to end, so a moment is enough.
fn as_found(entry: Registered, moment: Timestamp) -> Result<Option<Registered>> {
    let by_then = |at: &str| -> Result<bool> {
        Ok(at.parse::<Timestamp>().context("an entry's time does not read")? <= moment)
    };
    if !by_then(&entry.made.made_at)? {
        return Ok(None);
    }
    let ended = match entry.ended {
        // Of one that was ended before the moment was kept, the day is known.
        Some(ending) if ending.at.as_deref().map_or(Ok(true), by_then)? => Some(ending),
        _ => None,
    };
    Ok(Some(Registered { ended, ..entry }))
}

/// Whether an entry that bears on what may leave began or ended to hold since a run: recorded or ended after it had begun,
/// or its first or last day lies between. Who is closed is told by [`Read::closed`].
pub fn changed(entry: &Registered, run: &RunRow, as_of: Date) -> bool {
    if matches!(entry.body, Body::Nominee(_) | Body::Suspension(_) | Body::Correction(_)) {
        return false;
    }
    let began: Option<Timestamp> = run.started_at.parse().ok();
    let after = |text: &str| match (text.parse::<Timestamp>(), began) {
        (Ok(moment), Some(began)) => moment >= began,
        _ => true,
    };
    let ended = entry.ended.as_ref().and_then(|e| e.at.as_deref());
    entry.holds(run.as_of) != entry.holds(as_of) || after(&entry.made.made_at) || ended.is_some_and(after)
}

async fn of_entries(
    store: &Store,
    deployment: &Deployment,
    vault: &Vault,
    all: &[Registered],
    as_of: Date,
) -> Result<Read> {
    let persons = persons(store, all).await?;
    let mut registers = Registers { review_key: vault.review_key(), ..Registers::default() };
    for entry in all {
        match &entry.body {
            // Of nominees the past counts as well: who has had one is nominated by them alone.
            Body::Nominee(_) => registers.nominees.extend(nominee(deployment, entry)),
            _ if entry.over(as_of) => {}
            Body::Restriction(body) => {
                registers.restrictions.extend(restrictions(deployment, entry, body, &persons)?);
            }
            Body::Authority(body) => registers.authorities.extend(authority(deployment, vault, entry, body)?),
            Body::Suspension(body) => {
                let partner = deployment.agreement.partner(&body.suspended);
                let partner =
                    partner.context("a suspension names a partner that the agreement does not have")?;
                registers.suspended.push(partner);
            }
            Body::Consent(_) | Body::Use(_) | Body::Designated(_) | Body::Correction(_) | Body::Link(_) => {}
        }
    }
    let agreement = &deployment.agreement;
    let closed: Vec<PartnerId> = agreement
        .partners()
        .map(|(id, _)| id)
        .filter(|id| !registers.receives(agreement, *id, as_of))
        .collect();
    let reminders = reminders(deployment, all, &registers, as_of);
    let text = format!("{closed:?}");
    Ok(Read { registers, closed, reminders, text })
}

/// Persons are registered by an identity; this is who they are now, whatever was merged since.
async fn persons(store: &Store, all: &[Registered]) -> Result<BTreeMap<IdentityId, PersonId>> {
    let mut wanted = Vec::new();
    for entry in all {
        if let Body::Restriction(store::Restriction { about: Subject::Person(key), identities, .. }) =
            &entry.body
        {
            for key in std::iter::once(key).chain(identities) {
                wanted.push(IdentityId(hex(key).context("a restriction names no person")?));
            }
        }
    }
    let known = store.known_identities(&wanted).await?;
    Ok(known.into_iter().map(|k| (k.key, k.person_key)).collect())
}

fn hex(text: &str) -> Option<u128> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok())?
}

/// The days of an entry. One that never began ends before its first day, and so never holds.
fn span(entry: &Registered) -> Span {
    Span { from: Some(entry.first_day()), until: entry.last_day() }
}

fn nominee(deployment: &Deployment, entry: &Registered) -> Option<(PartnerId, Span)> {
    let partner = deployment.agreement.partner(&entry.made.partner)?;
    let grace = deployment.settings.registers.nominee_grace_working_days;
    let span = span(entry);
    let until = span.until.map(|last| deployment.calendar.after(last, grace).unwrap_or(last));
    Some((partner, Span { until, ..span }))
}

/// A restriction as the gate takes it. One about a person holds for everybody who was that person when it was recorded:
/// who turns out to be somebody else stays restricted until the entry is ended.
fn restrictions(
    deployment: &Deployment,
    entry: &Registered,
    body: &store::Restriction,
    persons: &BTreeMap<IdentityId, PersonId>,
) -> Result<Vec<Restriction>> {
    let agreement = &deployment.agreement;
    let known =
        |key: &String| agreement.partner(key).context("a restriction names a partner that is not known");
    let number = |key: &str| hex(key).context("a restriction is about neither a record nor a person");
    let mut scopes = Vec::new();
    match &body.about {
        Subject::Record(key) => scopes.push(Scope::Record(RecordId(number(key)?))),
        Subject::Person(key) => {
            let mut about = BTreeSet::new();
            for key in std::iter::once(key).chain(&body.identities) {
                let identity = number(key)?;
                about.insert(persons.get(&IdentityId(identity)).copied().unwrap_or(PersonId(identity)));
            }
            scopes.extend(about.into_iter().map(Scope::Person));
        }
    }
    let recipients = if body.recipients.is_empty() {
        Recipients::All
    } else {
        Recipients::Only(body.recipients.iter().map(known).collect::<Result<_>>()?)
    };
    let effect = if body.reduce.is_empty() {
        Effect::Silent
    } else {
        let reductions = body.reduce.iter().map(|(at, word)| reduction(deployment, at, word));
        let read: Option<Vec<_>> = reductions.collect();
        Effect::Reduce(read.context("a restriction names a field or reduction that is not known")?)
    };
    let by = known(&entry.made.partner)?;
    let one = |scope| Restriction {
        scope,
        recipients: recipients.clone(),
        by,
        effect: effect.clone(),
        from: entry.first_day(),
        until: entry.last_day(),
    };
    Ok(scopes.into_iter().map(one).collect())
}

/// `category.field` and a word as the gate's reduction.
pub fn reduction(deployment: &Deployment, at: &str, word: &str) -> Option<(CategoryId, FieldId, Reduction)> {
    let (category, field) = place(deployment, at)?;
    let kind = deployment.schema.get(category)?.get(field)?.kind;
    // How many rows there are is counted by a grant, not by a restriction of a record.
    let reduction = Reduction::parse(kind, word).filter(|r| *r != Reduction::Count)?;
    Some((category, field, reduction))
}

/// An authority opens something only when all of it is understood. A reviewed text that does not open is damage.
fn authority(
    deployment: &Deployment,
    vault: &Vault,
    entry: &Registered,
    body: &store::Authority,
) -> Result<Option<Authority>> {
    let agreement = &deployment.agreement;
    let words = || {
        let kind = AuthorityKind::parse(&body.kind)?;
        let recipients: Option<Vec<PartnerId>> =
            body.recipients.iter().map(|r| agreement.partner(r)).collect();
        let fields: Option<Vec<FieldId>> =
            body.fields.iter().map(|f| place(deployment, f).map(|p| p.1)).collect();
        let granted_by = agreement.partner(&entry.made.partner)?;
        Some((kind, RecordId(hex(&body.record)?), recipients?, fields?, granted_by, entry.last_day()?))
    };
    let Some((kind, record, recipients, fields, granted_by, until)) = words() else { return Ok(None) };
    let mut reviewed = Vec::new();
    for (field, original) in fields.iter().zip(&body.originals) {
        let original = vault::digest_from_hex(original).context("a review's mark does not read")?;
        reviewed.push(match &entry.sealed {
            Some(sealed) => Reviewed::from_rest(vault.rest(), record, *field, original, sealed)
                .context("a reviewed text does not open")?,
            None => Reviewed::as_read(*field, original),
        });
    }
    Ok(Some(Authority {
        kind,
        record,
        recipients,
        fields,
        reviewed,
        granted_by,
        ground: body.ground.clone(),
        reference: entry.made.reference.clone(),
        conditions: body.conditions.clone(),
        from: entry.made.since,
        until,
    }))
}

/// `category.field` as the schema's places.
pub fn place(deployment: &Deployment, text: &str) -> Option<(CategoryId, FieldId)> {
    let schema = &deployment.schema;
    let (category, field) = text.split_once('.')?;
    let id = schema.category(category)?;
    Some((id, schema.get(id)?.field(field)?))
}

/// What people should know: closed partners (7.3), late notices (7.4), registrations (7.1), the calendar's end.
fn reminders(
    deployment: &Deployment,
    all: &[Registered],
    registers: &Registers,
    as_of: Date,
) -> Vec<Problem> {
    let mut out = Vec::new();
    for (id, partner) in deployment.agreement.partners() {
        let key = &partner.key;
        if registers.suspended.contains(&id) {
            out.push(Problem::new("LG2122", format!("`{key}` is suspended: no bundle is made for it")));
        } else if !registers.receives(&deployment.agreement, id, as_of) {
            out.push(Problem::new(
                "LG2121",
                format!("`{key}` has no current nominee: no bundle is made for it"),
            ));
        }
    }
    for entry in all.iter().filter(|e| e.holds(as_of) || matches!(e.body, Body::Designated(_))) {
        match &entry.body {
            Body::Designated(_) => out.extend(registration(all, entry, as_of)),
            Body::Use(body) => out.extend(without_consent(all, entry, &body.consents, as_of)),
            Body::Nominee(body) if notified_late(&deployment.calendar, entry.made.since, body.notified) => {
                let what = format!(
                    "entry {}: the nominee of `{}` changed on {} and this was notified on {}",
                    entry.id, entry.made.partner, entry.made.since, body.notified
                );
                out.push(Problem::new("LG2123", what));
            }
            _ => {}
        }
    }
    if deployment.settings.calendar.is_some() && !deployment.calendar.knows(as_of) {
        let what = format!("the calendar lists no bank holidays of {}", as_of.year());
        out.push(Problem::new("LG2125", what));
    }
    out
}

/// A secondary use whose consent does not hold any more (5.2.3).
fn without_consent(all: &[Registered], entry: &Registered, consents: &[i64], as_of: Date) -> Option<Problem> {
    let holds = |id: &&i64| all.iter().any(|e| e.id.0 == **id && e.holds(as_of));
    let gone = consents.iter().find(|id| !holds(id))?;
    let what = format!(
        "entry {}: a use by `{}` rests on the consent of entry {gone}, which has ended",
        entry.id, entry.made.partner
    );
    Some(Problem::new("LG2126", what))
}

/// A registration that has expired or soon will, and that no later one of the same partner replaces.
fn registration(all: &[Registered], entry: &Registered, as_of: Date) -> Option<Problem> {
    let until = entry.made.until?;
    let replaced = all.iter().any(|other| {
        matches!(other.body, Body::Designated(_))
            && other.made.partner == entry.made.partner
            && other.ended.is_none()
            && other.made.until > Some(until)
    });
    let days = as_of.until(until).ok()?.get_days();
    if replaced || entry.ended.is_some() || days > EXPIRES_SOON {
        return None;
    }
    let (partner, id) = (&entry.made.partner, entry.id);
    let what = if days < 0 {
        format!("entry {id}: the data protection registration of `{partner}` expired on {until}")
    } else {
        format!("entry {id}: the data protection registration of `{partner}` expires on {until}")
    };
    Some(Problem::new("LG2124", what))
}
