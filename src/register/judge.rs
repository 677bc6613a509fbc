//! What may be decided: each kind of entry against the agreement, and an ending against the entry.

use super::{Desk, Draft, Found, Stop};
use crate::cli::{AuthorityArgs, DesignatedArgs, EndArgs, NomineeArgs, RestrictionArgs, ReviewArgs};
use crate::exit::{Exit, Expected};
use crate::night::registers::reduction;
use crate::store::{Authority, Body, Designated, Nominee, Registered, Restriction, Subject, Suspension};
use crate::vault::Nonces;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_core::agreement::{AuthorityKind, PartnerId};
use lockgate_core::gate::{NoReview, Reviewed, original};
use lockgate_core::record::IdentityId;
use lockgate_core::schema::FieldId;

/// On which grounds harm is weighed (5.1.7.ii).
const GROUNDS: [&str; 3] = ["self", "others", "public_interest"];
/// A reviewed text longer than this is not one.
const LONGEST: u64 = 1 << 20;

pub(super) fn usage<T>(what: impl Into<String>) -> Result<T, Stop> {
    Err(Expected::new(Exit::Usage, what).into())
}

/// One line of what an officer writes.
pub(super) fn line(text: &str, what: &str) -> Result<String, Stop> {
    let text = text.trim();
    if text.is_empty() || text.len() > 200 || text.contains(char::is_control) {
        return usage(format!("{what} is one line of at most 200 characters"));
    }
    Ok(text.to_owned())
}

/// What stands for a person.
fn token(text: &str) -> Result<String, Stop> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > 60 || !text.chars().all(good) {
        return usage("a token has letters, digits, `.`, `_` and `-` only, at most 60; it is not a name");
    }
    Ok(text.to_owned())
}

/// The identity of the person whom an entry concerns, if it is about somebody.
pub(super) fn concerned(body: &Body) -> Option<IdentityId> {
    let text = match body {
        Body::Restriction(body) => &body.identity,
        Body::Authority(body) => &body.identity,
        _ => return None,
    };
    u128::from_str_radix(text, 16).ok().map(IdentityId)
}

impl Desk<'_> {
    /// What every decision needs: a clock that can be right, and somebody who may decide.
    pub async fn in_order(&self) -> Result<(), Stop> {
        self.clock().await?;
        self.author()
    }

    fn is_holder(&self) -> bool {
        self.deployment.agreement.holder() == self.partner
    }

    pub(super) fn partners(&self, keys: &[String]) -> Result<Vec<PartnerId>, Stop> {
        Ok(keys.iter().map(|key| crate::command::partner_of(self.deployment, key)).collect::<Result<_>>()?)
    }

    /// The last day: there where it is needed, and neither past nor before the first.
    pub(super) fn until(&self, until: Option<Date>, since: Date, needed: bool) -> Result<Option<Date>, Stop> {
        match until {
            None if needed => Err(Stop::refused("LG2104", "no end date is given")),
            Some(until) if until < since.max(self.day) => {
                let first = since.max(self.day);
                Err(Stop::refused("LG2104", format!("the end date {until} lies before {first}")))
            }
            until => Ok(until),
        }
    }

    /// A record of the partner that decides.
    async fn own(&self, record: &str, person: Option<&str>) -> Result<Found, Stop> {
        let found = self.record(record, person).await?;
        if found.record.head().originator == self.partner {
            return Ok(found);
        }
        Err(Stop::refused("LG2102", format!("`{}` is not the record's originator", self.signer())))
    }

    pub(super) fn draft(&self, since: Date, until: Option<Date>, body: Body) -> Draft {
        Draft { partner: self.signer().into(), since, until, body, sealed: None, person: None }
    }

    /// Holds back from recipients.
    pub async fn restriction(&self, args: &RestrictionArgs) -> Result<Draft, Stop> {
        self.partners(&args.recipients)?;
        let until = self.until(args.until, self.day, false)?;
        let mut reduce = Vec::new();
        for text in &args.reduce {
            let Some((at, word)) = text.split_once('=') else {
                return usage(format!("`{text}` is not of the form category.field=reduction"));
            };
            if reduction(self.deployment, at, word).is_none() {
                return usage(format!("`{text}` names no field, or no reduction of that field"));
            }
            reduce.push((at.to_owned(), word.to_owned()));
        }
        let (about, identity, person, identities) = if let Some(record) = &args.record {
            let found = self.own(record, args.person.as_deref()).await?;
            let head = found.record.head();
            (Subject::Record(head.id.to_string()), head.identity.to_string(), found.person, Vec::new())
        } else {
            let due = self.person(args.person.as_deref().unwrap_or_default()).await?;
            let records = due.records(self.vault.rest()).context("a stored record does not open")?;
            if records.iter().all(|record| record.head().originator != self.partner) {
                let what = format!("`{}` is originator of no record about this person", self.signer());
                return Err(Stop::refused("LG2102", what));
            }
            let key = Self::key(&due).to_string();
            let members = self.store.members(&[due.person.id]).await?;
            let mut members: Vec<String> = members.iter().map(ToString::to_string).collect();
            members.sort();
            (Subject::Person(key.clone()), key, due.person.id, members)
        };
        let recipients = args.recipients.clone();
        let body = Restriction { about, identity, recipients, reduce, identities };
        let draft = self.draft(self.day, until, Body::Restriction(body));
        Ok(Draft { person: Some(person), ..draft })
    }

    /// Opens fields inside the ceiling.
    pub async fn authority(&self, args: &AuthorityArgs) -> Result<Draft, Stop> {
        let Some(kind) = AuthorityKind::parse(&args.kind).filter(|k| *k != AuthorityKind::TextReview) else {
            let known: Vec<&str> = AuthorityKind::ALL.iter().map(|k| k.word()).collect();
            return usage(format!(
                "`{}` is not a kind of authority; the kinds are {} (a review is recorded by `register add text-review`)",
                args.kind,
                known.join(", ")
            ));
        };
        let ground = line(&args.ground, "the ground")?;
        if kind == AuthorityKind::Harm && !GROUNDS.contains(&ground.as_str()) {
            return usage(format!("the ground of `harm` is one of {}", GROUNDS.join(", ")));
        }
        if args.conditions.is_some() && kind != AuthorityKind::Nim {
            return usage("conditions travel with a row by an authority `nim` only");
        }
        let conditions = args.conditions.as_deref().map(|c| line(c, "the conditions")).transpose()?;
        let recipients = self.partners(&args.recipients)?;
        let since = args.since.unwrap_or(self.day);
        let until = self.until(args.until, since, true)?;
        let found = self.own(&args.record, args.person.as_deref()).await?;
        let (fields, words) = self.fields(&found, &args.fields)?;
        self.ceiling(&found, kind, &recipients, &fields)?;
        let head = found.record.head();
        let body = Authority {
            kind: kind.word().into(),
            record: head.id.to_string(),
            identity: head.identity.to_string(),
            recipients: args.recipients.clone(),
            fields: words,
            ground,
            conditions,
            originals: Vec::new(),
        };
        let draft = self.draft(since, until, Body::Authority(body));
        Ok(Draft { person: Some(found.person), ..draft })
    }

    /// Releases what was read.
    pub async fn review(&self, args: &ReviewArgs) -> Result<Draft, Stop> {
        let edited = args.value_file.is_some();
        if edited && args.fields.len() != 1 {
            return usage("one text leaves in place of one field");
        }
        let recipients = self.partners(&args.recipients)?;
        let until = self.until(args.until, self.day, true)?;
        let found = self.own(&args.record, args.person.as_deref()).await?;
        let (fields, words) = self.fields(&found, &args.fields)?;
        self.ceiling(&found, AuthorityKind::TextReview, &recipients, &fields)?;
        let key = self.vault.review_key();
        let head = found.record.head();
        let (mut originals, mut sealed) = (Vec::new(), None);
        for (field, word) in fields.iter().zip(&words) {
            let mark = original(&key, &self.deployment.schema, &found.record, *field, edited)
                .map_err(|why| no_review(why, word))?;
            originals.push(mark.hex());
            if let Some(file) = &args.value_file {
                let text = read(file)?;
                let nonce = Nonces::new().next_nonce().context("sealing the reviewed text")?;
                let bytes = Reviewed::to_rest(self.vault.rest(), nonce, head.id, mark, &text);
                sealed = Some(bytes.map_err(|why| no_review(why, word))?);
            }
        }
        let body = Authority {
            kind: AuthorityKind::TextReview.word().into(),
            record: head.id.to_string(),
            identity: head.identity.to_string(),
            recipients: args.recipients.clone(),
            fields: words,
            ground: if edited { "released in other words" } else { "released as read" }.into(),
            conditions: None,
            originals,
        };
        let draft = self.draft(self.day, until, Body::Authority(body));
        Ok(Draft { person: Some(found.person), sealed, ..draft })
    }

    /// The fields of a record's category, by name or as `category.field`.
    fn fields(&self, found: &Found, names: &[String]) -> Result<(Vec<FieldId>, Vec<String>), Stop> {
        let id = found.record.head().category;
        let category = self.deployment.schema.get(id).context("a record without a category")?;
        let (mut ids, mut words) = (Vec::new(), Vec::new());
        for name in names {
            let bare = name.strip_prefix(&format!("{}.", category.name)).unwrap_or(name);
            let Some(field) = category.field(bare) else {
                return usage(format!("`{}` has no field `{bare}`", category.name));
            };
            if !ids.contains(&field) {
                ids.push(field);
                words.push(format!("{}.{bare}", category.name));
            }
        }
        Ok((ids, words))
    }

    /// Whether the grants' ceilings reach so far, for every recipient and field.
    fn ceiling(
        &self,
        found: &Found,
        kind: AuthorityKind,
        recipients: &[PartnerId],
        fields: &[FieldId],
    ) -> Result<(), Stop> {
        let (agreement, schema) = (&self.deployment.agreement, &self.deployment.schema);
        let head = found.record.head();
        let category = schema.get(head.category).context("a record without a category")?;
        for id in recipients {
            let key = agreement.get(*id).map_or("", |p| p.key.as_str());
            let beyond = |what: String| Stop::refused("LG2103", what);
            if *id == head.originator {
                return Err(beyond(format!("`{key}` is the record's originator")));
            }
            let grant = agreement.grant(*id, head.category);
            let Some((grant, ceiling)) = grant.and_then(|g| Some((g, g.ceiling()?))) else {
                let what = format!("no authority opens anything of `{}` to `{key}`", category.name);
                return Err(beyond(what));
            };
            if !ceiling.all().iter().chain(ceiling.any()).any(|k| *k == kind) {
                let what =
                    format!("the grant of `{}` to `{key}` asks for no `{}`", category.name, kind.word());
                return Err(beyond(what));
            }
            for field in fields {
                if !grant.fields().iter().any(|f| f.field == *field && f.on_authority) {
                    let name = category.get(*field).map_or("", |f| f.name.as_str());
                    let what =
                        format!("`{}.{name}` lies beyond the ceiling of the grant to `{key}`", category.name);
                    return Err(beyond(what));
                }
            }
        }
        Ok(())
    }

    /// Whose officer is recorded: the partner's own, or by the holder another's.
    fn whose(&self, partner: Option<&String>) -> Result<String, Stop> {
        let Some(partner) = partner else { return Ok(self.signer().into()) };
        let id = crate::command::partner_of(self.deployment, partner)?;
        if id == self.partner || self.is_holder() {
            return Ok(partner.clone());
        }
        Err(Stop::refused("LG2102", format!("`{}` does not decide for `{partner}`", self.signer())))
    }

    /// Nominates somebody (7.3), with the day of the notice (7.4).
    pub fn nominee(&self, args: &NomineeArgs) -> Result<Draft, Stop> {
        let token = token(&args.token)?;
        let partner = self.whose(args.partner.as_ref())?;
        let since = args.since.unwrap_or(self.day);
        let until = self.until(args.until, since, false)?;
        let notified = args.notified.unwrap_or(self.day);
        let body = Body::Nominee(Nominee { token, notified });
        Ok(Draft { partner, ..self.draft(since, until, body) })
    }

    /// Designates somebody (7.1).
    pub fn designated(&self, args: &DesignatedArgs) -> Result<Draft, Stop> {
        let token = token(&args.token)?;
        let registration = line(&args.registration, "the registration")?;
        let partner = self.whose(args.partner.as_ref())?;
        let until = self.until(args.until, self.day, true)?;
        let body = Body::Designated(Designated { token, registration });
        Ok(Draft { partner, ..self.draft(self.day, until, body) })
    }

    /// Suspends a partner: itself, or by the holder another.
    pub fn suspension(&self, partner: &str, reason: &str) -> Result<Draft, Stop> {
        let reason = line(reason, "the reason")?;
        let suspended = self.whose(Some(&partner.to_owned()))?;
        let body = Body::Suspension(Suspension { suspended, reason });
        Ok(self.draft(self.day, None, body))
    }

    /// The entry that is to be ended, if it stands and is this partner's to end.
    pub fn ending(&self, args: &EndArgs) -> Result<&Registered, Stop> {
        let entry = self.all.iter().find(|e| e.id.0 == args.id && e.ended.is_none());
        let Some(entry) = entry else {
            return Err(Stop::refused("LG2107", format!("no entry {} stands", args.id)));
        };
        if matches!(entry.body, Body::Link(_)) {
            let what = format!("entry {} is about who is who", entry.id);
            return Err(Stop::refused("LG1474", what));
        }
        self.may_end(entry)?;
        Ok(entry)
    }

    /// Whether the partner that decides may end an entry: its own; of the registers about partners the holder any.
    pub fn may_end(&self, entry: &Registered) -> Result<(), Stop> {
        let about_partners =
            matches!(entry.body, Body::Nominee(_) | Body::Designated(_) | Body::Suspension(_));
        if entry.made.partner == self.signer() || (about_partners && self.is_holder()) {
            return Ok(());
        }
        let what = format!("entry {} is `{}`'s to end", entry.id, entry.made.partner);
        Err(Stop::refused("LG2102", what))
    }
}

fn no_review(why: NoReview, word: &str) -> Stop {
    let what = match why {
        NoReview::Empty => format!("the record has no `{word}`"),
        NoReview::Typed => format!("`{word}` cannot leave in other words"),
        NoReview::Text => "the reviewed text is empty".to_owned(),
    };
    Stop::refused("LG2108", what)
}

/// The reviewed text; a message about it names the file and nothing that is in it.
fn read(file: &std::path::Path) -> Result<String, Stop> {
    let fault = |what: &str| Expected::new(Exit::Usage, format!("`{}` {what}", file.display()));
    let length = std::fs::metadata(file).map_err(|_| fault("cannot be read"))?.len();
    if length > LONGEST {
        return Err(fault("is too long for a reviewed text").into());
    }
    Ok(std::fs::read_to_string(file).map_err(|_| fault("cannot be read as UTF-8"))?)
}
