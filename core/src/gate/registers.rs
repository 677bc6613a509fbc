//! The registers: recorded human decisions that the gate obeys. Empty registers are the strict answer.

use super::review::Reviewed;
use crate::agreement::{Agreement, AuthorityKind, PartnerId, Span};
use crate::link::Person;
use crate::record::{PersonId, Record, RecordId};
use crate::reduce::Reduction;
use crate::schema::{CategoryId, FieldId};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// What people have decided, as it stands at the as-of date.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    /// What is held back.
    pub restrictions: Vec<Restriction>,
    /// What is released beyond the standing grants.
    pub authorities: Vec<Authority>,
    /// Partners that receive nothing for the time being.
    pub suspended: Vec<PartnerId>,
    /// Every nominee ever registered, with the days (7.3). A partner that has one here is nominated by them alone.
    pub nominees: Vec<(PartnerId, Span)>,
    /// Key of the marks by which reviews know the text that was read.
    pub review_key: Vec<u8>,
}

impl Registers {
    /// Whether the register leaves a partner a nominee on a day, and when that may change. While nobody was ever
    /// registered for a partner, the posts of the agreement stand alone.
    pub fn nominated(&self, partner: PartnerId, day: Date) -> (bool, Option<Date>) {
        let spans = || self.nominees.iter().filter(|(p, _)| *p == partner).map(|(_, span)| span);
        let named = spans().next().is_none() || spans().any(|s| s.contains(day));
        (named, spans().filter_map(|s| s.flips(day)).min())
    }

    /// Whether a restriction reduces a field of some record for a recipient: its column then holds reduced values
    /// beside whole ones.
    pub fn reduces(&self, recipient: PartnerId, category: CategoryId, field: FieldId) -> bool {
        self.restrictions.iter().filter(|r| r.names(recipient)).any(|r| match &r.effect {
            Effect::Silent => false,
            Effect::Reduce(fields) => fields.iter().any(|(c, f, _)| (*c, *f) == (category, field)),
        })
    }

    /// Whether a partner may receive anything at all on a day: it has a current nominee and is not suspended.
    pub fn receives(&self, agreement: &Agreement, partner: PartnerId, day: Date) -> bool {
        agreement.nominated(partner, day).0
            && self.nominated(partner, day).0
            && !self.suspended.contains(&partner)
    }
}

/// Something is held back from some recipients. Only its author lifts it; no authority passes it.
#[derive(Debug, Clone)]
pub struct Restriction {
    /// About what.
    pub scope: Scope,
    /// From whom.
    pub recipients: Recipients,
    /// Who decided it.
    pub by: PartnerId,
    /// How much is held back.
    pub effect: Effect,
    /// First day.
    pub from: Date,
    /// Last day; open when absent.
    pub until: Option<Date>,
}

/// What a restriction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One record, in whatever version.
    Record(RecordId),
    /// Every record about one person.
    Person(PersonId),
}

/// From whom a restriction holds back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// Every recipient.
    All,
    /// These.
    Only(Vec<PartnerId>),
}

/// How much a restriction holds back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The record is not there at all: in no row, count, id or condition.
    Silent,
    /// These fields are given no finer than this.
    Reduce(Vec<(CategoryId, FieldId, Reduction)>),
}

/// A recorded decision that opens named fields of one record to named recipients for a time.
///
/// It counts only when it states its ground and written reference and comes from the record's own
/// originator; a review of text counts only for the text that was read.
#[derive(Debug, Clone)]
pub struct Authority {
    /// What kind of decision.
    pub kind: AuthorityKind,
    /// For which record.
    pub record: RecordId,
    /// For whom.
    pub recipients: Vec<PartnerId>,
    /// Which fields of the record's category.
    pub fields: Vec<FieldId>,
    /// For a review of text: what was read, field by field; what is not in here is unread.
    pub reviewed: Vec<Reviewed>,
    /// Who decided it.
    pub granted_by: PartnerId,
    /// On which ground.
    pub ground: String,
    /// The written decision.
    pub reference: String,
    /// Conditions that the recipient must observe; they travel with the row.
    pub conditions: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

impl Restriction {
    fn names(&self, recipient: PartnerId) -> bool {
        match &self.recipients {
            Recipients::All => true,
            Recipients::Only(list) => list.contains(&recipient),
        }
    }

    /// The days on which it holds; an end before the beginning is no end.
    fn span(&self) -> Span {
        Span { from: Some(self.from), until: self.until.filter(|u| *u >= self.from) }
    }
}

impl Authority {
    /// Whether it counts for a record and recipient on a day, whatever the field.
    pub(super) fn counts(
        &self,
        kind: AuthorityKind,
        record: &Record,
        recipient: PartnerId,
        day: Date,
    ) -> bool {
        let head = &record.head;
        asked!(OfKind, self.kind == kind)
            && asked!(OfRecord, self.record == head.id)
            && asked!(NamesRecipient, self.recipients.contains(&recipient))
            && asked!(ByOriginator, self.granted_by == head.originator)
            && asked!(Ground, !self.ground.trim().is_empty())
            && asked!(Reference, !self.reference.trim().is_empty())
            && asked!(Begun, self.from <= day)
            && asked!(NotEnded, day <= self.until)
    }
}

/// The registers, found by record and person.
pub(super) struct Index<'a> {
    records: BTreeMap<RecordId, Vec<&'a Restriction>>,
    persons: BTreeMap<PersonId, Vec<&'a Restriction>>,
    authorities: BTreeMap<RecordId, Vec<&'a Authority>>,
    /// Whether anything is restricted at all: on most nights nothing is, and every record is asked about.
    restrictions: bool,
    /// Whether any text was reviewed at all.
    pub(super) reviews: bool,
}

impl<'a> Index<'a> {
    pub(super) fn new(registers: &'a Registers) -> Self {
        let mut index = Self {
            records: BTreeMap::new(),
            persons: BTreeMap::new(),
            authorities: BTreeMap::new(),
            restrictions: !registers.restrictions.is_empty(),
            reviews: false,
        };
        for restriction in &registers.restrictions {
            match restriction.scope {
                Scope::Record(id) => index.records.entry(id).or_default().push(restriction),
                Scope::Person(id) => index.persons.entry(id).or_default().push(restriction),
            }
        }
        for authority in &registers.authorities {
            index.reviews |= !authority.reviewed.is_empty();
            index.authorities.entry(authority.record).or_default().push(authority);
        }
        index
    }

    pub(super) fn over(&self, person: PersonId, record: RecordId) -> impl Iterator<Item = &'a Restriction> {
        let records = self.records.get(&record).into_iter().flatten();
        let persons = self.persons.get(&person).into_iter().flatten();
        records.chain(persons).copied()
    }

    /// Whether nothing about a person is restricted from anyone, so that all look at the same records.
    pub(super) fn unrestricted(&self, person: &Person) -> bool {
        let listed = |r: &Record| {
            r.head.restricted || (self.restrictions && self.over(person.id, r.head.id).next().is_some())
        };
        !person.records.iter().any(listed)
    }

    /// Whether a record is silent for a recipient: marked by its source (to all but that source), or
    /// restricted in the register.
    pub(super) fn silent(&self, person: PersonId, record: &Record, recipient: PartnerId, day: Date) -> bool {
        let head = &record.head;
        let listed = || {
            self.over(person, head.id).any(|r| {
                asked!(Silences, r.effect == Effect::Silent)
                    && asked!(HoldsFrom, r.names(recipient))
                    && asked!(HoldsOn, r.span().contains(day))
            })
        };
        asked!(Marked, head.restricted && head.originator != recipient) || (self.restrictions && listed())
    }

    /// The coarsest reduction that restrictions ask of a field.
    pub(super) fn reduction(
        &self,
        person: PersonId,
        record: &Record,
        field: FieldId,
        recipient: PartnerId,
        day: Date,
    ) -> Option<Reduction> {
        let mut out = None;
        if !self.restrictions {
            return out;
        }
        for restriction in self.over(person, record.head.id) {
            let Effect::Reduce(fields) = &restriction.effect else { continue };
            if !asked!(CoarsensFrom, restriction.names(recipient))
                || !asked!(CoarsensOn, restriction.span().contains(day))
            {
                continue;
            }
            for (category, listed, reduction) in fields {
                if asked!(CoarsensField, *category == record.head.category && *listed == field) {
                    out = Reduction::coarser(out, Some(*reduction));
                }
            }
        }
        out
    }

    /// The authorities for a record.
    pub(super) fn authorities(&self, record: RecordId) -> impl Iterator<Item = &'a Authority> {
        self.authorities.get(&record).into_iter().flatten().copied()
    }

    /// The first day after `day` on which a register may change a decision about a record.
    pub(super) fn flips(&self, person: PersonId, record: RecordId, day: Date) -> Option<Date> {
        if !self.restrictions && self.authorities.is_empty() {
            return None;
        }
        let restrictions = self.over(person, record).filter_map(|r| r.span().flips(day));
        let authorities = self
            .authorities(record)
            .filter_map(|a| Span { from: Some(a.from), until: Some(a.until) }.flips(day));
        restrictions.chain(authorities).min()
    }
}
