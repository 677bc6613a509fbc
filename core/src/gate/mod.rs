//! The gate: what one recipient may have of what is known about one person, on one day.
//!
//! Pure and total: agreement, schema, registers, records and day in; disclosures and counts out.
//! Default deny: no grant, no value, an unknown code, an empty list and an error all withhold, and
//! what is withheld is absent. Deny overrides, in the order of [`Rule::ALL`].
//!
//! A record that is restricted from a recipient is silent: it is in no row for it, and in none of the
//! facts on which the recipient's conditions rest.

/// An answer of the gate. Tests alter one at a time, to see that they notice (`tests/mutation.rs`).
#[cfg(not(test))]
macro_rules! asked {
    (rule $rule:expr, $answer:expr) => {
        $answer
    };
    ($point:ident, $answer:expr) => {
        $answer
    };
}
#[cfg(test)]
macro_rules! asked {
    (rule $rule:expr, $answer:expr) => {
        $crate::gate::tests::altered::answer($crate::gate::tests::altered::Point::Rule($rule), $answer)
    };
    ($point:ident, $answer:expr) => {
        $crate::gate::tests::altered::answer($crate::gate::tests::altered::Point::$point, $answer)
    };
}

mod aggregate;
mod compare;
mod decide;
pub mod disclosed;
mod explain;
mod facts;
mod marks;
mod nearest;
mod pseudonym;
mod registers;
mod review;
mod rule;
mod terms;

use crate::agreement::{Agreement, Beside, PartnerId, earliest};
use crate::hash::MacKey;
use crate::link::Person;
use crate::schema::Schema;
use alloc::vec::Vec;
use decide::{Case, Row};
use facts::{PersonConditions, Sight};
use jiff::civil::Date;
use pseudonym::Written;
use registers::Index;
use terms::Table;

pub use compare::{Shift, Shifted};
pub use disclosed::Disclosed;
pub use explain::{Decision, Explained, Step};
pub use facts::Facts;
pub use pseudonym::{person_ref, record_ref};
pub use registers::{Authority, Effect, Recipients, Registers, Restriction, Scope};
pub use review::{NoReview, Reviewed, original};
pub use rule::{CODES, Rule, Withheld};

/// What one recipient gets about one person, and what was withheld.
pub struct Disclosures<'p> {
    /// The rows, by category and then by reference: an order that says nothing about what is absent.
    pub disclosed: Vec<Disclosed<'p>>,
    /// How many records each rule withheld.
    pub withheld: Withheld,
}

/// What holds for a recipient whoever the person is.
#[cfg_attr(test, derive(Clone))]
struct RecipientState {
    nominated: bool,
    suspended: bool,
    /// Whether it has a key for its references.
    keyed: bool,
    /// The key of its references, ready to use.
    mac: MacKey,
}

/// The agreement, the registers and the day, ready to decide.
pub struct Gate<'a> {
    agreement: &'a Agreement,
    schema: &'a Schema,
    index: Index<'a>,
    /// Key of the marks by which reviews know the text that was read.
    review_key: &'a [u8],
    as_of: Date,
    recipients: Vec<RecipientState>,
    table: Table<'a>,
    conditions: PersonConditions<'a>,
    /// Whether the agreement is in force on the day.
    in_force: bool,
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
            let key = pseudonym_keys.get(usize::from(id.0)).map_or(&[][..], Vec::as_slice);
            let suspended = registers.suspended.contains(&id);
            RecipientState { nominated, suspended, keyed: !key.is_empty(), mac: MacKey::new(key) }
        });
        let recipients = recipients.collect();
        Self {
            agreement,
            schema,
            index: Index::new(registers),
            review_key: &registers.review_key,
            as_of,
            recipients,
            table: Table::new(agreement, schema),
            conditions: PersonConditions::new(agreement),
            in_force: agreement.in_force(as_of),
            next,
        }
    }

    /// Whether a row of one originator lets an identity row of another leave beside it.
    fn beside(&self, row: PartnerId, identity: PartnerId) -> bool {
        match self.agreement.identity.beside {
            Beside::Any => true,
            Beside::SameOriginator => row == identity,
        }
    }

    /// What a recipient may have about a person. `facts` are those of the same person and gate.
    pub fn disclose<'p>(&self, person: &'p Person, facts: &Facts, recipient: PartnerId) -> Disclosures<'p>
    where
        'a: 'p,
    {
        let (rows, withheld) = self.rows(person, facts, recipient);
        let Some(state) = self.recipients.get(usize::from(recipient.0)).filter(|_| !rows.is_empty()) else {
            return Disclosures { disclosed: Vec::new(), withheld };
        };
        let person_ref = pseudonym::person(&state.mac, person.id);
        let close = |row: Row<'p>| {
            let record_ref = pseudonym::record(&state.mac, row.record);
            close(row, person, recipient, record_ref, person_ref)
        };
        let mut disclosed: Vec<Disclosed<'p>> = rows.into_iter().map(close).collect();
        disclosed.sort_by(|a, b| (a.category, &a.record_ref).cmp(&(b.category, &b.record_ref)));
        Disclosures { disclosed, withheld }
    }

    /// The rows that may leave, and what each rule withheld.
    fn rows<'p>(&self, person: &'p Person, facts: &Facts, recipient: PartnerId) -> (Vec<Row<'p>>, Withheld)
    where
        'a: 'p,
    {
        let same = asked!(SamePerson, facts.person == person.id);
        let of = facts.recipients.get(usize::from(recipient.0)).filter(|_| same).copied().unwrap_or_default();
        let sight = Sight::new(self, person, recipient);
        let mut withheld = Withheld::default();
        let (mut rows, mut identity) = (Vec::with_capacity(person.records.len()), Vec::new());
        for record in &person.records {
            match self.decide(&Case { person, record, recipient, facts: of, sight: &sight }) {
                Ok(row) if row.category == self.agreement.identity_category() => identity.push(row),
                Ok(row) => rows.push(row),
                Err(rule) => withheld.add(rule, 1),
            }
        }
        let Some(state) = self.recipients.get(usize::from(recipient.0)) else {
            return (Vec::new(), withheld);
        };
        let (mut rows, folded) = aggregate::fold(rows, &state.mac, recipient, person.id);
        withheld.add(Rule::Folded, folded);
        let shared = rows.len();
        for row in identity {
            let beside = rows.iter().take(shared).any(|r| self.beside(r.originator, row.originator));
            if asked!(rule Rule::Alone, beside) {
                rows.push(row);
            } else {
                withheld.add(Rule::Alone, 1);
            }
        }
        (rows, withheld)
    }
}

/// The one place in which a `Disclosed` is made.
fn close<'p>(
    row: Row<'p>,
    person: &Person,
    recipient: PartnerId,
    record_ref: Written,
    person_ref: Written,
) -> Disclosed<'p> {
    Disclosed {
        recipient,
        category: row.category,
        originator: row.originator,
        record: row.record,
        person: person.id,
        version: row.version,
        record_ref,
        person_ref,
        clause: row.clause,
        purpose: row.purpose,
        handling: row.handling,
        cells: row.cells,
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
mod tests;
