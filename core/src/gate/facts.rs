//! Facts: what the named conditions say about one person, for each recipient, on one day.
//!
//! Computed from current records that the recipient is not kept from, never from the clock. Each
//! answer comes with the next day on which it may change without new data.

use super::Gate;
use super::marks::{self, Marks};
use super::terms::Dated;
use crate::agreement::condition::Condition;
use crate::agreement::predicate::{Movement, Predicate, Search, Test};
use crate::agreement::syntax::Direction;
use crate::agreement::{Agreement, PartnerId, day, earliest};
use crate::link::Person;
use crate::record::{PersonId, Record, text};
use crate::schema::FieldId;
use alloc::vec::Vec;
use core::cell::OnceCell;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// What holds about one person, per recipient.
#[derive(Debug, Clone)]
pub struct Facts {
    pub(super) person: PersonId,
    pub(super) recipients: Vec<RecipientFacts>,
    pub(super) next: Option<Date>,
}

/// What holds about one person for one recipient.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RecipientFacts {
    pub(super) cohort: bool,
    /// One bit per named condition that is about the person.
    pub(super) holds: u64,
}

/// The named conditions about a person, each with its bit.
#[cfg_attr(test, derive(Clone))]
pub(super) struct PersonConditions<'a> {
    /// Those that do not ask who the recipient is.
    shared: Vec<PersonCondition<'a>>,
    /// Those that do.
    own: Vec<PersonCondition<'a>>,
}

#[cfg_attr(test, derive(Clone))]
struct PersonCondition<'a> {
    bit: usize,
    predicate: &'a Predicate,
    /// Without a record of any of these it does not hold.
    needs: Marks,
}

impl<'a> PersonConditions<'a> {
    pub(super) fn new(agreement: &'a Agreement) -> Self {
        let about_person = agreement.conditions.iter().enumerate().filter(|(_, c)| c.about_record.is_none());
        let (mut shared, mut own) = (Vec::new(), Vec::new());
        for (bit, condition) in about_person {
            let predicate = &condition.predicate;
            let to = if condition.about_recipient { &mut own } else { &mut shared };
            to.push(PersonCondition { bit, predicate, needs: marks::needed(predicate, agreement) });
        }
        Self { shared, own }
    }
}

/// What all recipients who look at the same records have in common.
#[derive(Debug, Clone, Copy)]
struct Common {
    facts: RecipientFacts,
    next: Option<Date>,
}

/// An answer, and the next day on which it may be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) holds: bool,
    pub(super) next: Option<Date>,
}

impl Verdict {
    pub(super) const fn fixed(holds: bool) -> Self {
        Self { holds, next: None }
    }

    /// Holds from `first` to `last`, both inclusive; absent is unbounded.
    fn window(first: Option<Date>, last: Option<Date>, today: Date) -> Self {
        let holds = first.is_none_or(|f| f <= today) && last.is_none_or(|l| today <= l);
        let opens = first.filter(|f| *f > today);
        let closes = last.filter(|l| *l >= today).and_then(|l| l.tomorrow().ok());
        Self { holds, next: earliest(opens, closes) }
    }

    fn and(self, other: Self) -> Self {
        Self { holds: self.holds && other.holds, next: earliest(self.next, other.next) }
    }

    fn or(self, other: Self) -> Self {
        Self { holds: self.holds || other.holds, next: earliest(self.next, other.next) }
    }
}

/// What one recipient's conditions may look at.
pub(super) struct Sight<'s> {
    gate: &'s Gate<'s>,
    person: &'s Person,
    recipient: PartnerId,
    /// See [`Sight::records`]; listed when first asked for.
    listed: OnceCell<Listed<'s>>,
}

/// The records that conditions look at.
struct Listed<'s> {
    records: Vec<&'s Record>,
    /// Their categories.
    marks: Marks,
}

impl<'s> Sight<'s> {
    pub(super) const fn new(gate: &'s Gate<'s>, person: &'s Person, recipient: PartnerId) -> Self {
        Self { gate, person, recipient, listed: OnceCell::new() }
    }

    /// Current records from which the recipient is not kept, each by an owner of its category.
    fn records(&self) -> &[&'s Record] {
        &self.listed().records
    }

    fn listed(&self) -> &Listed<'s> {
        self.listed.get_or_init(|| {
            let records: Vec<&Record> = self.person.records.iter().filter(|r| self.seen(r)).collect();
            let marks = records.iter().map(|r| Marks::of(r.head.category)).fold(Marks::default(), Marks::and);
            Listed { records, marks }
        })
    }

    fn seen(&self, record: &Record) -> bool {
        let (head, agreement) = (&record.head, self.gate.agreement);
        let owned = agreement.rule(head.category).is_none()
            || agreement.clause(head.originator, head.category).is_some();
        let silent = || self.gate.index.silent(self.person.id, record, self.recipient, self.gate.as_of);
        asked!(OwnedFact, owned) && asked!(StandingFact, !head.cancelled) && asked!(AudibleFact, !silent())
    }

    pub(super) fn condition(&self, condition: &Condition, this: Option<&Record>) -> Verdict {
        self.ask(&condition.predicate, this)
    }

    /// Whether the person is in the cohort (1.1).
    fn cohort(&self) -> Verdict {
        let spans = self.records().iter().filter_map(|r| self.gate.agreement.designation(r));
        let verdict = |span: crate::agreement::Span| Verdict {
            holds: span.contains(self.gate.as_of),
            next: span.flips(self.gate.as_of),
        };
        spans.map(verdict).fold(Verdict::fixed(false), Verdict::or)
    }

    /// What does not depend on who the recipient is. Outside the cohort nothing else matters, and
    /// nothing changes before that does.
    fn common(&self) -> Common {
        let cohort = self.cohort();
        let facts = RecipientFacts { cohort: cohort.holds, holds: 0 };
        let mut common = Common { facts, next: cohort.next };
        let conditions = if cohort.holds { self.gate.conditions.shared.as_slice() } else { &[] };
        self.add(conditions, &mut common.facts, &mut common.next);
        if cohort.holds {
            common.next = earliest(common.next, self.days());
        }
        common
    }

    /// The next day on which a condition about a row, or a reduction to an age, gives something else, for whichever recipient.
    fn days(&self) -> Option<Date> {
        let (mut next, listed) = (None, self.listed());
        if !self.gate.table.dated_marks.meets(listed.marks) {
            return next;
        }
        for record in &listed.records {
            let of = |dated: &&Dated<'_>| dated.category == record.head.category;
            let Some(dated) = self.gate.table.dated.iter().find(of) else { continue };
            for condition in &dated.conditions {
                next = earliest(next, self.condition(condition, Some(record)).next);
            }
            for birth in dated.births.iter().filter_map(|field| text(record, *field).and_then(day)) {
                next = earliest(next, next_birthday(birth, self.gate.as_of));
            }
        }
        next
    }

    /// The same of the conditions about a row that ask who the recipient is.
    fn own_days(&self) -> Option<Date> {
        let (mut next, listed) = (None, self.listed());
        if !self.gate.table.asks_who(self.recipient).meets(listed.marks) {
            return next;
        }
        for record in &listed.records {
            let Some(terms) = self.gate.terms(self.recipient, record.head.category) else { continue };
            for condition in terms.row_conditions().iter().filter(|c| c.about_recipient) {
                next = earliest(next, self.condition(condition, Some(record)).next);
            }
        }
        next
    }

    /// Adds what some conditions say.
    fn add(&self, conditions: &[PersonCondition<'_>], facts: &mut RecipientFacts, next: &mut Option<Date>) {
        let marks = self.listed().marks;
        for condition in conditions.iter().filter(|c| c.needs.meets(marks)) {
            let verdict = self.ask(condition.predicate, None);
            facts.holds |= u64::from(verdict.holds) << condition.bit;
            *next = earliest(*next, verdict.next);
        }
    }

    pub(super) fn ask(&self, predicate: &Predicate, this: Option<&Record>) -> Verdict {
        match predicate {
            Predicate::All(parts) => {
                parts.iter().map(|p| self.ask(p, this)).fold(Verdict::fixed(!parts.is_empty()), Verdict::and)
            }
            Predicate::Any(parts) => {
                parts.iter().map(|p| self.ask(p, this)).fold(Verdict::fixed(false), Verdict::or)
            }
            Predicate::Not(part) => {
                let verdict = self.ask(part, this);
                Verdict { holds: !verdict.holds, ..verdict }
            }
            Predicate::Condition(at) => match self.gate.agreement.conditions.get(*at) {
                Some(condition) => self.ask(&condition.predicate, this),
                None => Verdict::fixed(false),
            },
            Predicate::Age { from, below } => self.age(*from, *below),
            Predicate::WorksWith(who) => {
                let agreement = self.gate.agreement;
                let counts = |r: &&Record| {
                    let category = r.head.category;
                    category != agreement.identity.category
                        && agreement.rule(category).is_some()
                        && who.is(r.head.originator, self.recipient)
                };
                Verdict::fixed(self.records().iter().copied().any(|r| counts(&r)))
            }
            Predicate::Record(search) => self.record(search),
            Predicate::LatestMovement { is, of } => self.latest_movement(*is, of),
            Predicate::This(tests) => {
                let Some(record) = this else { return Verdict::fixed(false) };
                match tests.iter().find(|(category, _)| *category == record.head.category) {
                    Some((_, tests)) => self.passes(record, tests),
                    None => Verdict::fixed(false),
                }
            }
        }
    }

    fn found(&self, search: &Search) -> impl Iterator<Item = &'s Record> {
        let listed = self.listed();
        let some = listed.marks.meets(Marks::of(search.category));
        let records: &[&Record] = if some { &listed.records } else { &[] };
        let by = |r: &Record| search.by.iter().all(|who| who.is(r.head.originator, self.recipient));
        records.iter().copied().filter(move |r| r.head.category == search.category && by(r))
    }

    fn record(&self, search: &Search) -> Verdict {
        self.found(search).map(|r| self.passes(r, &search.tests)).fold(Verdict::fixed(false), Verdict::or)
    }

    fn latest_movement(&self, is: Direction, of: &[Movement]) -> Verdict {
        let today = self.gate.as_of;
        let (mut latest, mut holds, mut next): (Option<Date>, bool, Option<Date>) = (None, false, None);
        for movement in of {
            for record in self.found(&movement.search) {
                let passes = self.passes(record, &movement.search.tests);
                next = earliest(next, passes.next);
                let Some(date) = text(record, movement.date).and_then(day).filter(|_| passes.holds) else {
                    continue;
                };
                if date > today {
                    next = earliest(next, Some(date));
                } else if latest.is_none_or(|l| date > l) {
                    (latest, holds) = (Some(date), movement.goes == is);
                } else if latest == Some(date) {
                    // Two movements of one day that disagree: unknown, hence false.
                    holds = holds && movement.goes == is;
                }
            }
        }
        Verdict { holds, next }
    }

    fn age(&self, from: Option<u8>, below: Option<u8>) -> Verdict {
        let identity = &self.gate.agreement.identity;
        let rows = self.records().iter().filter(|r| r.head.category == identity.category);
        let births = rows.flat_map(|r| identity.births.iter().filter_map(move |f| text(r, *f)));
        let verdict = |birth: &str| {
            let Some(birth) = day(birth) else { return Verdict::fixed(false) };
            let first = from.map(|years| birthday(birth, years));
            let last = below.map(|years| birthday(birth, years).and_then(|d| d.yesterday().ok()));
            match (first, last) {
                (Some(None), _) | (_, Some(None)) => Verdict::fixed(false),
                (first, last) => Verdict::window(first.flatten(), last.flatten(), self.gate.as_of),
            }
        };
        births.map(verdict).reduce(Verdict::and).unwrap_or(Verdict::fixed(false))
    }

    fn passes(&self, record: &Record, tests: &[Test]) -> Verdict {
        tests.iter().map(|t| self.test(record, t)).fold(Verdict::fixed(true), Verdict::and)
    }

    fn test(&self, record: &Record, test: &Test) -> Verdict {
        let today = self.gate.as_of;
        let dated = |field: FieldId| text(record, field).and_then(day);
        let Some(verdict) = (match test {
            Test::In(field, codes) => {
                record.fields.raw(*field).map(|v| Verdict::fixed(codes.iter().any(|c| c.as_bytes() == v)))
            }
            Test::NotIn(field, codes) => {
                text(record, *field).map(|v| Verdict::fixed(!codes.iter().any(|c| c == v)))
            }
            Test::NamesRecipient(field) => {
                let key = self.gate.agreement.get(self.recipient).map(|p| p.key.as_str());
                Some(Verdict::fixed(key.is_some() && text(record, *field) == key))
            }
            Test::Present(field, present) => Some(Verdict::fixed(text(record, *field).is_some() == *present)),
            Test::Reached(field, true) => dated(*field).map(|d| Verdict::window(Some(d), None, today)),
            Test::Reached(field, false) => dated(*field)
                .and_then(|d| d.yesterday().ok())
                .map(|last| Verdict::window(None, Some(last), today)),
            Test::Days(field, behind, ahead) => dated(*field).map(|d| {
                let first = d.saturating_sub(i32::from(*ahead).days());
                Verdict::window(Some(first), Some(d.saturating_add(i32::from(*behind).days())), today)
            }),
            Test::Span(from, until) => span(record, *from, *until, today),
        }) else {
            return Verdict::fixed(false);
        };
        verdict
    }
}

/// A span of two fields: the first day must be there, an absent last day is open.
fn span(record: &Record, from: Option<FieldId>, until: Option<FieldId>, today: Date) -> Option<Verdict> {
    let first = match from {
        Some(field) => Some(day(text(record, field)?)?),
        None => None,
    };
    let last = match until.and_then(|field| text(record, field)) {
        Some(value) => Some(day(value)?),
        None => None,
    };
    Some(Verdict::window(first, last, today))
}

/// The day on which somebody born on `birth` becomes `years` old; born on 29 February: 1 March where
/// the year has no such day.
pub(super) fn birthday(birth: Date, years: u8) -> Option<Date> {
    let year = birth.year().checked_add(i16::from(years))?;
    Date::new(year, birth.month(), birth.day()).or_else(|_| Date::new(year, 3, 1)).ok()
}

/// The first birthday after a day; for somebody not yet born, the day of birth.
fn next_birthday(birth: Date, today: Date) -> Option<Date> {
    let years = today.year().saturating_sub(birth.year()).max(0);
    let this = [years, years.saturating_add(1)].into_iter().filter_map(|n| u8::try_from(n).ok());
    this.filter_map(|n| birthday(birth, n)).find(|d| *d > today)
}

impl Gate<'_> {
    /// What the named conditions say about a person, for every recipient.
    pub fn facts(&self, person: &Person) -> Facts {
        let mut facts = Facts { person: person.id, recipients: Vec::new(), next: self.register_days(person) };
        let alike = self.index.unrestricted(person);
        let mut sight = Sight::new(self, person, PartnerId(0));
        let mut common = None;
        for (recipient, _) in self.agreement.partners() {
            if alike {
                sight.recipient = recipient;
            } else {
                sight = Sight::new(self, person, recipient);
                common = None;
            }
            let common = *common.get_or_insert_with(|| sight.common());
            let of = self.recipient_facts(&sight, common, &mut facts.next);
            facts.recipients.push(of);
        }
        facts
    }

    /// Adds to what recipients have in common what holds for one of them.
    fn recipient_facts(&self, sight: &Sight<'_>, common: Common, next: &mut Option<Date>) -> RecipientFacts {
        *next = earliest(*next, common.next);
        let mut of = common.facts;
        if of.cohort {
            sight.add(&self.conditions.own, &mut of, next);
            *next = earliest(*next, sight.own_days());
        }
        of
    }

    /// The earliest day after the as-of date on which any decision about this person may change
    /// without new data.
    pub fn next_change(&self, facts: &Facts) -> Option<Date> {
        earliest(self.next, facts.next)
    }

    fn register_days(&self, person: &Person) -> Option<Date> {
        person.records.iter().filter_map(|r| self.index.flips(person.id, r.head.id, self.as_of)).min()
    }
}
