//! Difference of the rules that are about everybody: parties, dates, cohort, identity rows, words.

use super::diff::{Change, Direction, sets};
use super::{Agreement, Beside, Span};
use crate::schema::Schema;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;
use jiff::civil::Date;

/// Adds what changes of the rules.
pub(super) fn changes(before: (&Agreement, &Schema), after: (&Agreement, &Schema), out: &mut Vec<Change>) {
    let mut rules = Rules { out };
    let (old, new) = (before.0, after.0);
    rules.parties(old, new);
    rules.term(old.term, new.term);
    rules.cohort(before, after);
    rules.identity(before, after);
    rules.measures(old, new);
    rules.words(old, new);
}

struct Rules<'o> {
    out: &'o mut Vec<Change>,
}

/// A rule that became wider, narrower, or cannot be ordered (wider).
const fn way(order: Option<Ordering>) -> Option<Direction> {
    match order {
        Some(Ordering::Equal) => None,
        Some(Ordering::Less) => Some(Direction::Narrowed),
        Some(Ordering::Greater) | None => Some(Direction::Widened),
    }
}

impl Rules<'_> {
    fn add(&mut self, direction: Option<Direction>, subject: &str, before: String, after: String) {
        let Some(direction) = direction else { return };
        let parts = alloc::vec!["rule"];
        self.out.push(Change { direction, recipient: None, subject: subject.into(), before, after, parts });
    }

    /// A change without an order.
    fn differs(&mut self, direction: Direction, subject: &str, before: &str, after: &str) {
        self.add((before != after).then_some(direction), subject, before.into(), after.into());
    }

    fn parties(&mut self, old: &Agreement, new: &Agreement) {
        let keys = |a: &Agreement| a.partners().map(|(_, p)| p.key.clone()).collect::<BTreeSet<_>>();
        let (before, after) = (keys(old), keys(new));
        for key in before.union(&after) {
            let of = |a: &Agreement| a.partner(key).and_then(|id| a.get(id)).cloned();
            let subject = format!("partner {key}");
            match (of(old), of(new)) {
                (Some(was), Some(is)) => {
                    self.differs(Direction::Widened, &format!("{subject}: class"), &was.class, &is.class);
                    self.differs(Direction::Reworded, &format!("{subject}: name"), &was.name, &is.name);
                    let (aims, shares) =
                        (|p: &super::Partner| p.aims.join(" "), |p: &super::Partner| p.shares.join(" "));
                    self.differs(Direction::Reworded, &format!("{subject}: aims"), &aims(&was), &aims(&is));
                    self.differs(
                        Direction::Moved,
                        &format!("{subject}: shares"),
                        &shares(&was),
                        &shares(&is),
                    );
                }
                (None, Some(is)) => self.add(Some(Direction::Widened), &subject, "-".into(), is.name),
                (Some(was), None) => self.add(Some(Direction::Narrowed), &subject, was.name, "-".into()),
                (None, None) => {}
            }
        }
        let holder = |a: &Agreement| a.get(a.holder).map(|p| p.key.clone()).unwrap_or_default();
        self.differs(Direction::Widened, "holder", &holder(old), &holder(new));
    }

    /// The agreement is in force on more days, or on fewer.
    fn term(&mut self, old: Span, new: Span) {
        let day = |d: Option<Date>, none: &str| d.map_or_else(|| none.to_string(), |d| d.to_string());
        let begins = new.from.cmp(&old.from).reverse();
        let ends = match (old.until, new.until) {
            (a, b) if a == b => Ordering::Equal,
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            (Some(a), Some(b)) => b.cmp(&a),
        };
        self.add(way(Some(begins)), "in force from", day(old.from, "never"), day(new.from, "never"));
        self.add(way(Some(ends)), "in force until", day(old.until, "open"), day(new.until, "open"));
    }

    fn cohort(&mut self, (old, before): (&Agreement, &Schema), (new, after): (&Agreement, &Schema)) {
        let by = |a: &Agreement| {
            a.cohort.by.iter().filter_map(|p| a.get(*p)).map(|p| p.key.clone()).collect::<BTreeSet<_>>()
        };
        let (was, is) = (by(old), by(new));
        let shown = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        self.add(way(sets(&was, &is)), "cohort: who designates", shown(&was), shown(&is));
        let rows = |a: &Agreement, s: &Schema| {
            let category = s.get(a.cohort.category);
            let field = |f| category.and_then(|c| c.get(f)).map_or("", |f| f.name.as_str());
            format!(
                "{} from {} until {}",
                category.map_or("", |c| c.name.as_str()),
                field(a.cohort.from),
                field(a.cohort.until)
            )
        };
        self.differs(Direction::Widened, "cohort: rows", &rows(old, before), &rows(new, after));
    }

    fn identity(&mut self, (old, before): (&Agreement, &Schema), (new, after): (&Agreement, &Schema)) {
        let rank = |a: &Agreement| u8::from(a.identity.beside == Beside::Any);
        let word = |a: &Agreement| if rank(a) == 1 { "any" } else { "same_originator" }.to_string();
        self.add(way(Some(rank(new).cmp(&rank(old)))), "identity rows: beside", word(old), word(new));
        let category = |a: &Agreement, s: &Schema| {
            s.get(a.identity.category).map(|c| c.name.clone()).unwrap_or_default()
        };
        self.differs(
            Direction::Widened,
            "identity rows: category",
            &category(old, before),
            &category(new, after),
        );
    }

    /// How long things may be kept before somebody looks, and how soon they are acknowledged.
    fn measures(&mut self, old: &Agreement, new: &Agreement) {
        let mut measure = |subject: &str, of: fn(&Agreement) -> u8| {
            let (was, is) = (of(old), of(new));
            self.add(way(Some(is.cmp(&was))), subject, was.to_string(), is.to_string());
        };
        measure("months to the review of what is held", |a| a.review_data_months);
        measure("working days to acknowledge", |a| a.acknowledge_days);
        let reviews = |a: &Agreement| a.reviews.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.differs(Direction::Reworded, "reviews", &reviews(old), &reviews(new));
    }

    fn words(&mut self, old: &Agreement, new: &Agreement) {
        self.differs(Direction::Reworded, "reference", &old.reference, &new.reference);
        self.differs(Direction::Reworded, "title", &old.title, &new.title);
        self.differs(Direction::Reworded, "version", &old.version, &new.version);
        self.differs(Direction::Reworded, "short name", &old.slug, &new.slug);
        let purposes =
            |a: &Agreement| a.purposes().map(|(l, m)| format!("{l} {m}")).collect::<Vec<_>>().join("; ");
        self.differs(Direction::Widened, "purposes", &purposes(old), &purposes(new));
        let handling = |a: &Agreement| {
            a.handling_words().map(|(c, t)| format!("{c} {t}")).collect::<Vec<_>>().join("; ")
        };
        self.differs(Direction::Reworded, "handling", &handling(old), &handling(new));
        let conditions = |a: &Agreement| {
            a.conditions.iter().map(|c| format!("{} {}", c.name, c.title)).collect::<Vec<_>>().join("; ")
        };
        self.differs(Direction::Reworded, "conditions", &conditions(old), &conditions(new));
    }
}
