//! The desk: the open store, the day, who decides; and the ways in which a decision is taken down or refused.

use super::Stop;
use crate::cli::Signed;
use crate::command::{decision, writing};
use crate::config::Deployment;
use crate::night::publish::record_decision;
use crate::store::{Body, Decision, Ending, EntryId, Made, PersonRef, Registered, Store};
use crate::vault::Vault;
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::problem::Problem;

/// Where decisions are taken down.
pub struct Desk<'a> {
    /// The deployment.
    pub deployment: &'a Deployment,
    /// The store, open for writing.
    pub store: Store,
    /// Keys.
    pub vault: Vault,
    /// Every entry so far.
    pub all: Vec<Registered>,
    /// The last run's day: decisions count from the next run of this day or later.
    pub day: Date,
    /// The partner that decides.
    pub partner: PartnerId,
    signed: &'a Signed,
    pub(super) decision: Decision,
    pub(super) now: Timestamp,
}

/// A decision that was found in order.
pub struct Draft {
    /// Whose entry it is.
    pub partner: String,
    /// First day.
    pub since: Date,
    /// Last day.
    pub until: Option<Date>,
    /// What it says.
    pub body: Body,
    /// A reviewed text, encrypted.
    pub sealed: Option<Vec<u8>>,
    /// Whom it concerns, when it is about somebody.
    pub person: Option<PersonRef>,
}

impl<'a> Desk<'a> {
    /// Opens the desk for whoever signs.
    pub async fn open(deployment: &'a Deployment, signed: &'a Signed) -> Result<Self> {
        let partner = crate::command::partner_of(deployment, &signed.partner)?;
        let decision = decision(&signed.by, &signed.reference)?;
        let (store, vault) = writing(deployment).await?;
        let day = store.runs(1).await?.first().map(|r| r.as_of).context("there is no run yet")?;
        let all = store.registered().await?;
        Ok(Self { deployment, store, vault, all, day, partner, signed, decision, now: Timestamp::now() })
    }

    /// The key of the partner that decides.
    pub fn signer(&self) -> &str {
        &self.signed.partner
    }

    /// The clock against what was recorded already, and against the last run's day.
    pub(super) async fn clock(&self) -> Result<(), Stop> {
        let minutes = self.deployment.settings.registers.clock_tolerance_minutes;
        let latest = self.now + SignedDuration::from_mins(i64::from(minutes));
        let runs = self.store.runs(1).await?;
        let ran = runs.iter().flat_map(|r| [Some(r.started_at.as_str()), r.finished_at.as_deref()]).flatten();
        let mut made = ran.chain(self.all.iter().map(|e| e.made.made_at.as_str()));
        let today = latest.to_zoned_datetime(self.deployment.zone.clone()).date();
        let lags = made.any(|at| at.parse::<Timestamp>().is_ok_and(|at| at > latest));
        if lags || self.day > today {
            let what = format!("the clock says {}, which lies before what was recorded already", self.now);
            return Err(Stop::refused("LG2106", what));
        }
        Ok(())
    }

    /// Whether whoever signs may decide for the partner (7.3).
    pub(super) fn author(&self) -> Result<(), Stop> {
        let (partner, token) = (&self.signed.partner, &self.decision.by);
        let mut nominees = self
            .all
            .iter()
            .filter(|e| e.made.partner == *partner)
            .filter_map(|e| if let Body::Nominee(n) = &e.body { Some((e, n)) } else { None })
            .peekable();
        let what = if nominees.peek().is_some() {
            if nominees.any(|(entry, n)| n.token == *token && entry.holds(self.day)) {
                return Ok(());
            }
            format!("`{token}` is not a current nominee of `{partner}`")
        } else {
            if self.deployment.agreement.nominated(self.partner, self.day).0 {
                return Ok(());
            }
            format!("`{partner}` has no current nominated post")
        };
        Err(Stop::refused("LG2101", what))
    }

    /// Takes a decision down: entry, ledger and the mark on whom it concerns, at once.
    pub async fn take_down(&self, draft: &Draft) -> Result<EntryId> {
        let made = self.made(draft);
        let mut tx = self.store.begin_decisions(self.day).await?;
        let id = tx.add_entry(&made, &draft.body, draft.sealed.as_deref()).await?;
        if let Some(person) = draft.person {
            tx.look_again(person).await?;
        }
        let subject = subject(id, draft);
        let kind = format!("register-{}", draft.body.register());
        record_decision(&mut tx, &self.entry(&kind, subject)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Author, time, reference and days of a decision.
    pub(super) fn made(&self, draft: &Draft) -> Made {
        Made {
            partner: draft.partner.clone(),
            author: self.decision.by.clone(),
            made_at: self.now.to_string(),
            reference: self.decision.reference.clone(),
            since: draft.since,
            until: draft.until,
        }
    }

    /// Ends an entry: the entry, the ledger and the mark at once.
    pub async fn end(&self, entry: &Registered, on: Date, notified: Option<Date>) -> Result<()> {
        let ending = Ending {
            on,
            by: self.decision.by.clone(),
            reference: self.decision.reference.clone(),
            notified,
            at: Some(self.now.to_string()),
        };
        let person = super::judge::concerned(&entry.body);
        let person = match person {
            Some(identity) => self.store.person_of(identity).await?,
            None => None,
        };
        let mut tx = self.store.begin_decisions(self.day).await?;
        tx.end_entry(entry.id, &ending).await?;
        if let Some(person) = person {
            tx.look_again(person).await?;
        }
        let text = format!("{} ends on {on}", entry.id);
        let kind = format!("register-end-{}", entry.body.register());
        record_decision(&mut tx, &self.entry(&kind, Digest::of(text.as_bytes()))).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down in the ledger that a decision was refused, and about what.
    pub async fn refuse(&self, problem: &Problem, asked: &str) -> Result<()> {
        let mut tx = self.store.begin_decisions(self.day).await?;
        let kind = format!("register-refused-{}", problem.code);
        let subject = Digest::of(format!("{} {asked}", self.signed.partner).as_bytes());
        record_decision(&mut tx, &self.entry(&kind, subject)).await?;
        Ok(tx.commit().await?)
    }

    /// The ledger's entry of what is decided, or looked at.
    pub fn entry<'e>(&'e self, kind: &'e str, subject: Digest) -> DecisionEntry<'e> {
        DecisionEntry {
            as_of: self.day,
            kind,
            by: &self.decision.by,
            reference: &self.decision.reference,
            subject,
        }
    }
}

/// What the ledger's digest covers: the whole entry, and of a reviewed text its ciphertext.
pub(super) fn subject(id: EntryId, draft: &Draft) -> Digest {
    let text = format!(
        "{id} {} {} {} {:?} {}",
        draft.body.register(),
        draft.partner,
        draft.since,
        draft.until,
        draft.body.text()
    );
    Digest::of(&[text.as_bytes(), draft.sealed.as_deref().unwrap_or_default()].concat())
}
