//! Consents, and the uses that rest on them: what a partner does with information beside the purpose for which it was
//! given is refused unless everybody who provided it has consented in writing (5.2.3, 5.5.3).

use super::judge::{line, usage};
use super::{Desk, Draft, Stop};
use crate::cli::{ConsentArgs, UseArgs};
use crate::night::registers::place;
use crate::store::{Body, Consent, Registered, SecondaryUse};
use anyhow::Result;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::schema::CategoryId;

/// What is asked of one provider.
struct Asked<'a> {
    provider: &'a str,
    user: &'a str,
    purpose: &'a str,
    third_party: Option<&'a str>,
    /// A category or `category.field`.
    word: &'a str,
    since: Date,
    until: Date,
}

impl Asked<'_> {
    /// Whether an entry is a consent that reaches as far: in force from the first day to the last, in the same words.
    fn covered(&self, entry: &Registered) -> bool {
        let Body::Consent(consent) = &entry.body else { return false };
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        let handed = match (&consent.third_party, self.third_party) {
            (None, None) => true,
            (Some(a), Some(b)) => same(a, b),
            _ => false,
        };
        let category = self.word.split('.').next().unwrap_or(self.word);
        entry.made.partner == self.provider
            && consent.recipient == self.user
            && same(&consent.purpose, self.purpose)
            && handed
            && consent.scope.iter().any(|covers| covers == self.word || covers == category)
            && entry.holds(self.since)
            && !entry.over(self.until)
    }
}

impl Desk<'_> {
    /// A category, or a field of one.
    fn scope(&self, word: &str) -> Result<CategoryId, Stop> {
        let name = word.split('.').next().unwrap_or(word);
        match self.deployment.schema.category(name) {
            Some(category) if !word.contains('.') || place(self.deployment, word).is_some() => Ok(category),
            _ => usage(format!("the schema has no `{word}`")),
        }
    }

    fn shares(&self, partner: PartnerId, category: CategoryId) -> bool {
        self.deployment.agreement.clause(partner, category).is_some()
    }

    /// Consents to a secondary use, or to handing on.
    pub fn consent(&self, args: &ConsentArgs) -> Result<Draft, Stop> {
        let recipient = crate::command::partner_of(self.deployment, &args.recipient)?;
        if recipient == self.partner {
            return usage("a partner needs no consent to use its own information");
        }
        let purpose = line(&args.purpose, "the purpose")?;
        let third_party = args.third_party.as_deref().map(|t| line(t, "the third party")).transpose()?;
        for word in &args.scope {
            let category = self.scope(word)?;
            if !self.shares(self.partner, category) {
                let what = format!("`{}` does not share `{word}`", self.signer());
                return Err(Stop::refused("LG2102", what));
            }
        }
        let until = self.until(args.until, self.day, true)?;
        let recipient = args.recipient.clone();
        let body = Consent { recipient, purpose, scope: args.scope.clone(), third_party };
        Ok(self.draft(self.day, until, Body::Consent(body)))
    }

    /// The keys of the partners, of those named, that share a category with the one that decides.
    fn given_by(&self, word: &str, named: &[PartnerId]) -> Result<Vec<&str>, Stop> {
        let category = self.scope(word)?;
        let gives = |id: PartnerId| {
            id != self.partner && self.shares(id, category) && (named.is_empty() || named.contains(&id))
        };
        let all = self.deployment.agreement.partners().filter(|(id, _)| gives(*id));
        let keys: Vec<&str> = all.map(|(_, partner)| partner.key.as_str()).collect();
        if keys.is_empty() {
            return usage(format!("nobody of them provides `{word}` to `{}`", self.signer()));
        }
        Ok(keys)
    }

    /// A secondary use, or a handing on: taken down with the consents on which it rests, or refused.
    pub fn secondary_use(&self, args: &UseArgs) -> Result<Draft, Stop> {
        let purpose = line(&args.purpose, "the purpose")?;
        let third_party = args.third_party.as_deref().map(|t| line(t, "the third party")).transpose()?;
        let from = self.partners(&args.from)?;
        let until = self.until(args.until, self.day, true)?;
        let Some(last) = until else { return usage("no end date is given") };
        let mut consents = Vec::new();
        for word in &args.scope {
            for provider in self.given_by(word, &from)? {
                let asked = Asked {
                    provider,
                    user: self.signer(),
                    purpose: &purpose,
                    third_party: third_party.as_deref(),
                    word,
                    since: self.day,
                    until: last,
                };
                let Some(consent) = self.all.iter().find(|entry| asked.covered(entry)) else {
                    let what = format!("`{provider}` has not consented to this use of `{word}` until {last}");
                    return Err(Stop::refused("LG2109", what));
                };
                if !consents.contains(&consent.id.0) {
                    consents.push(consent.id.0);
                }
            }
        }
        let body = SecondaryUse { purpose, scope: args.scope.clone(), third_party, consents };
        Ok(self.draft(self.day, until, Body::Use(body)))
    }
}
