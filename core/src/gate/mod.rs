//! The gate: what one recipient may have of what is known about one person, on one day.
//!
//! Pure and total: agreement, schema, registers, records and day in; disclosures and counts out.
//! Default deny: no grant, no value, an unknown code, an empty list and an error all withhold, and
//! what is withheld is absent. Deny overrides, in the order of [`Rule::ALL`].
//!
//! A record that is restricted from a recipient is silent: it is in no row for it, and in none of the
//! facts on which the recipient's conditions rest.

mod aggregate;
mod decide;
pub mod disclosed;
mod explain;
mod facts;
mod pseudonym;
mod registers;
mod review;
mod rule;

use crate::agreement::{Agreement, Beside, PartnerId, earliest};
use crate::link::Person;
use crate::schema::Schema;
use alloc::vec::Vec;
use decide::{Case, Row};
use facts::Sight;
use jiff::civil::Date;
use registers::Index;

pub use disclosed::Disclosed;
pub use explain::{Decision, Explained, Step};
pub use facts::Facts;
pub use pseudonym::{person as person_ref, record as record_ref};
pub use registers::{Authority, Effect, Recipients, Registers, Restriction, Scope};
pub use review::{NoReview, Reviewed, original};
pub use rule::{CODES, Rule, Withheld};

/// What one recipient gets about one person, and what was withheld.
pub struct Disclosures {
    /// The rows, by category and then by reference: an order that says nothing about what is absent.
    pub disclosed: Vec<Disclosed>,
    /// How many records each rule withheld.
    pub withheld: Withheld,
}

/// What holds for a recipient whoever the person is.
#[derive(Debug, Clone, Copy)]
struct RecipientState {
    nominated: bool,
    suspended: bool,
}

/// The agreement, the registers and the day, ready to decide.
pub struct Gate<'a> {
    agreement: &'a Agreement,
    schema: &'a Schema,
    index: Index<'a>,
    keys: &'a [Vec<u8>],
    /// Key of the marks by which reviews know the text that was read.
    review_key: &'a [u8],
    as_of: Date,
    recipients: Vec<RecipientState>,
    /// The next day on which the agreement or a nominee begins or ends.
    next: Option<Date>,
}

impl<'a> Gate<'a> {
    /// A gate for one day. `pseudonym_keys` holds one secret per partner, in the agreement's order; a
    /// partner without one receives nothing.
    pub fn new(
        agreement: &'a Agreement,
        schema: &'a Schema,
        registers: &'a Registers,
        pseudonym_keys: &'a [Vec<u8>],
        as_of: Date,
    ) -> Self {
        let mut next = agreement.term.flips(as_of);
        let recipients = agreement.partners().map(|(id, _)| {
            let (post, flips) = agreement.nominated(id, as_of);
            let (named, changes) = registers.nominated(id, as_of);
            next = earliest(next, earliest(flips, changes));
            let nominated = post && named;
            RecipientState { nominated, suspended: registers.suspended.contains(&id) }
        });
        let recipients = recipients.collect();
        Self {
            agreement,
            schema,
            index: Index::new(registers),
            keys: pseudonym_keys,
            review_key: &registers.review_key,
            as_of,
            recipients,
            next,
        }
    }

    fn key(&self, recipient: PartnerId) -> &'a [u8] {
        self.keys.get(usize::from(recipient.0)).map_or(&[], Vec::as_slice)
    }

    /// Whether a row of one originator lets an identity row of another leave beside it.
    fn beside(&self, row: PartnerId, identity: PartnerId) -> bool {
        match self.agreement.identity.beside {
            Beside::Any => true,
            Beside::SameOriginator => row == identity,
        }
    }

    /// What a recipient may have about a person. `facts` are those of the same person and gate.
    pub fn disclose(&self, person: &Person, facts: &Facts, recipient: PartnerId) -> Disclosures {
        let same = facts.person == person.id;
        let of = facts.recipients.get(usize::from(recipient.0)).filter(|_| same).copied().unwrap_or_default();
        let sight = Sight::new(self, person, recipient);
        let mut withheld = Withheld::default();
        let (mut rows, mut identity) = (Vec::new(), Vec::new());
        for record in &person.records {
            match self.decide(&Case { person, record, recipient, facts: of, sight: &sight }) {
                Ok(row) if row.category == self.agreement.identity_category() => identity.push(row),
                Ok(row) => rows.push(row),
                Err(rule) => withheld.add(rule, 1),
            }
        }
        let (mut rows, folded) = aggregate::fold(rows, self.key(recipient), recipient, person.id);
        withheld.add(Rule::Folded, folded);
        let (beside, alone): (Vec<Row>, Vec<Row>) =
            identity.into_iter().partition(|i| rows.iter().any(|r| self.beside(r.originator, i.originator)));
        withheld.add(Rule::Alone, u32::try_from(alone.len()).unwrap_or(u32::MAX));
        rows.extend(beside);
        let person_ref = pseudonym::person(self.key(recipient), person.id);
        let mut disclosed: Vec<Disclosed> =
            rows.into_iter().map(|row| self.close(row, person, recipient, &person_ref)).collect();
        disclosed.sort_by(|a, b| (a.category, &a.record_ref).cmp(&(b.category, &b.record_ref)));
        Disclosures { disclosed, withheld }
    }

    /// The one place in which a `Disclosed` is made.
    fn close(&self, row: Row, person: &Person, recipient: PartnerId, person_ref: &str) -> Disclosed {
        let key = self.key(recipient);
        Disclosed {
            recipient,
            category: row.category,
            originator: row.originator,
            record: row.record,
            person: person.id,
            version: row.version,
            record_ref: pseudonym::record(key, row.record),
            person_ref: person_ref.into(),
            clause: row.clause,
            purpose: row.purpose,
            handling: row.handling,
            cells: row.cells,
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests;
