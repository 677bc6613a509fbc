//! Finding the person or record that somebody means, by the references that people see.

use super::{Desk, Stop};
use crate::command::identity;
use crate::exit::{Exit, Expected};
use crate::store::{DuePerson, PersonRef};
use anyhow::{Context as _, Result};
use lockgate_core::gate::{person_ref, record_ref};
use lockgate_core::record::{IdentityId, PersonId, Record, RecordId};

/// A record that was found, and whose person it is about.
pub struct Found {
    /// The person's row.
    pub person: PersonRef,
    /// The record as it stands.
    pub record: Record,
}

/// 32 hexadecimal digits as a key.
fn number(text: &str) -> Option<u128> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok())?
}

/// A reference of one recipient: its pseudonym key and the 20 digits.
fn reference<'t>(desk: &Desk<'_>, text: &'t str) -> Option<(Vec<u8>, &'t str)> {
    let (partner, digits) = text.split_once(':')?;
    desk.deployment.agreement.partner(partner)?;
    let plain = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| (desk.vault.pseudonym_key(partner), digits))
}

fn unknown(what: &str) -> Stop {
    Stop::refused("LG2105", format!("the gateway holds no such {what}"))
}

impl Desk<'_> {
    /// A person: `feed:key`, 32 hexadecimal digits, or `PARTNER:person_ref`.
    pub(super) async fn person(&self, text: &str) -> Result<DuePerson, Stop> {
        let row = match reference(self, text) {
            Some((key, wanted)) => self.person_by_ref(&key, wanted).await?,
            None => self.store.person_of(identity(self.deployment, &self.vault, text)?).await?,
        };
        let person = match row {
            Some(row) => self.store.person(row).await?,
            None => None,
        };
        person.ok_or_else(|| unknown("person"))
    }

    async fn person_by_ref(&self, key: &[u8], wanted: &str) -> Result<Option<PersonRef>> {
        let mut pages = self.store.persons();
        while let Some(page) = pages.next_page().await? {
            if let Some(found) = page.iter().find(|p| person_ref(key, p.key) == wanted) {
                // Somebody merged since is found where the founder went.
                let now = self.store.person_of(IdentityId(found.key.0)).await?;
                return Ok(Some(now.unwrap_or(found.id)));
            }
        }
        Ok(None)
    }

    /// A record: 32 hexadecimal digits or `PARTNER:record_id`; among one person's when the person is given,
    /// otherwise among everybody's.
    pub(super) async fn record(&self, text: &str, person: Option<&str>) -> Result<Found, Stop> {
        let by_ref = reference(self, text);
        let id = number(text);
        let wanted = |record: u128| match &by_ref {
            Some((key, wanted)) => record_ref(key, RecordId(record)) == *wanted,
            None => id == Some(record),
        };
        if by_ref.is_none() && id.is_none() {
            let what = "a record is given as 32 hexadecimal digits, or as `PARTNER:record_id` from that partner's bundle";
            return Err(Expected::new(Exit::Usage, what).into());
        }
        if let Some(person) = person {
            let due = self.person(person).await?;
            return self.among(&due, &wanted)?.ok_or_else(|| unknown("record about this person"));
        }
        let mut pages = self.store.every_person();
        while let Some(page) = pages.next_page().await? {
            for due in page {
                if let Some(found) = self.among(&due, &wanted)? {
                    return Ok(found);
                }
            }
        }
        Err(unknown("record"))
    }

    fn among(&self, due: &DuePerson, wanted: &impl Fn(u128) -> bool) -> Result<Option<Found>> {
        let person = due.person.id;
        let records = due.records(self.vault.rest()).context("a stored record does not open")?;
        let found = records.into_iter().find(|record| wanted(record.head().id.0));
        Ok(found.map(|record| Found { person, record }))
    }

    /// The key of the person that a register names from now on.
    pub(super) fn key(person: &DuePerson) -> PersonId {
        person.person.key
    }
}
