//! Difference: what one agreement gives that another does not, cell by cell and rule by rule.
//!
//! Each part of a cell (how much of the value, conditions, authorities, originators, dissemination codes, purposes) has
//! an order, and a cell is narrowed only when every changed part is narrower. A change that has no order counts as
//! widened: whoever agrees to it (9.2) is shown it first. Nothing here looks at a person.

use super::rules;
use super::spell::Spelling;
use super::{Agreement, AuthorityKind, CategoryRule, Grant, Handling, PartnerId, Standing};
use crate::reduce::Reduction;
use crate::schema::Schema;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Which way something changes; in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Somebody may have more, or it cannot be told.
    Widened,
    /// Somebody may have less, and nobody more.
    Narrowed,
    /// The same leaves under another clause.
    Moved,
    /// Only words for people change.
    Reworded,
}

impl Direction {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Widened, Self::Narrowed, Self::Moved, Self::Reworded];

    /// The word in listings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Narrowed => "narrowed",
            Self::Moved => "moved",
            Self::Reworded => "reworded",
        }
    }
}

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Which way.
    pub direction: Direction,
    /// The recipient's key; `None` for a rule that is about everybody.
    pub recipient: Option<String>,
    /// `category.field`, or the rule's name.
    pub subject: String,
    /// What stands before; a dash for nothing.
    pub before: String,
    /// What stands after; a dash for nothing.
    pub after: String,
    /// The parts that change.
    pub parts: Vec<&'static str>,
}

/// Everything that changes from one agreement to another: widened first, then in the order of keys and names.
///
/// Each agreement is read with the schema it was built with.
pub fn difference(before: (&Agreement, &Schema), after: (&Agreement, &Schema)) -> Vec<Change> {
    let (old, new) = (cells(before.0, before.1), cells(after.0, after.1));
    let mut out = Vec::new();
    let names: BTreeSet<&(String, String)> = old.keys().chain(new.keys()).collect();
    for name in names {
        out.extend(change(name, old.get(name), new.get(name)));
    }
    rules::changes(before, after, &mut out);
    out.sort();
    out
}

/// How much of a value leaves by standing grant; how two of them compare depends on their kinds.
type Level = Option<Standing>;

/// One cell: everything on which it depends whether and how a field reaches a recipient.
struct Cell {
    level: Level,
    /// Per set of authorities (a bit each) whether it opens the field whole.
    opened: Vec<bool>,
    /// Named conditions, spelled out so that a changed definition shows; with their names for people.
    conditions: BTreeMap<String, String>,
    /// Originators from whom it may come.
    originators: BTreeSet<String>,
    /// Dissemination code → how free it is for the recipient (2 free, 1 on authority); `None` when there are no codes.
    codes: Option<BTreeMap<String, u8>>,
    purposes: BTreeSet<String>,
    /// The handling code and marks that stand in the row, with the conditions that travel.
    marking: String,
    clauses: BTreeSet<String>,
    reason: String,
    /// As it is shown.
    line: String,
}

fn cells(agreement: &Agreement, schema: &Schema) -> BTreeMap<(String, String), Cell> {
    let spelling = Spelling { agreement, schema };
    let mut out = BTreeMap::new();
    for (recipient, partner) in agreement.partners() {
        for (id, category) in schema.categories() {
            let Some(grant) = agreement.grant(recipient, id) else { continue };
            let (Some(rule), Some(handling)) = (agreement.rule(id), agreement.handling(id)) else { continue };
            for listed in grant.fields() {
                let Some(field) = category.get(listed.field) else { continue };
                let Some(sees) = agreement.sees(recipient, id, listed.field) else { continue };
                let ceiling = listed.on_authority;
                let cell = Cell {
                    level: listed.standing.filter(|_| handling.standing),
                    opened: opened(grant, handling, ceiling),
                    conditions: conditions(agreement, grant, &spelling),
                    originators: originators(agreement, rule, grant, recipient),
                    codes: codes(handling, &partner.class),
                    purposes: grant.purposes().iter().cloned().collect(),
                    marking: marking(rule, handling),
                    clauses: grant.clauses().iter().cloned().collect(),
                    reason: grant.reason().to_string(),
                    line: super::matrix::line(&sees),
                };
                out.insert((partner.key.clone(), format!("{}.{}", category.name, field.name)), cell);
            }
        }
    }
    out
}

/// Whether each set of kinds of authority opens the field: what the grant asks for, and its handling code besides.
fn opened(grant: &Grant, handling: &Handling, ceiling: bool) -> Vec<bool> {
    let sets = 1u16 << AuthorityKind::ALL.len();
    let opens = |set: u16| {
        let Some(asked) = grant.ceiling().filter(|_| ceiling) else { return false };
        let has = |kind: &AuthorityKind| {
            AuthorityKind::ALL.iter().position(|k| k == kind).is_some_and(|bit| set >> bit & 1 == 1)
        };
        let any = |kinds: &[AuthorityKind]| kinds.is_empty() || kinds.iter().any(has);
        let stated = !asked.all().is_empty() || !asked.any().is_empty();
        stated
            && asked.all().iter().all(has)
            && any(asked.any())
            && handling.needs_all.iter().all(has)
            && any(&handling.needs_any)
    };
    (0..sets).map(opens).collect()
}

fn conditions(agreement: &Agreement, grant: &Grant, spelling: &Spelling<'_>) -> BTreeMap<String, String> {
    let named = grant.conditions().iter().filter_map(|at| agreement.conditions.get(*at));
    named.map(|c| (spelling.predicate(&c.predicate), c.name.clone())).collect()
}

fn originators(
    agreement: &Agreement,
    rule: &CategoryRule,
    grant: &Grant,
    recipient: PartnerId,
) -> BTreeSet<String> {
    let covered =
        rule.owners.iter().filter(|(p, clause)| *p != recipient && grant.clauses().contains(clause));
    covered.filter_map(|(p, _)| agreement.get(*p)).map(|p| p.key.clone()).collect()
}

fn codes(handling: &Handling, class: &str) -> Option<BTreeMap<String, u8>> {
    let graded = handling.graded.as_ref()?;
    let free = |rule: &super::handling::Dissemination| {
        let names = |list: &[String]| list.iter().any(|c| c == class);
        if names(&rule.classes) { 2 } else { u8::from(names(&rule.on_authority)) }
    };
    Some(graded.codes.iter().map(|(code, rule)| (code.clone(), free(rule))).collect())
}

fn marking(rule: &CategoryRule, handling: &Handling) -> String {
    let mut out = format!("{} {}", handling.code, rule.flags.join(" "));
    for (code, dissemination) in handling.graded.iter().flat_map(|g| &g.codes) {
        if dissemination.carry_conditions {
            out.push_str(&format!(" {code}+"));
        }
    }
    if let Some(graded) = &handling.graded {
        out.push_str(&format!(" by {}", graded.field));
    }
    out
}

/// How a part compares: `None` when it has no order.
type Order = Option<core::cmp::Ordering>;

fn change((recipient, subject): &(String, String), old: Option<&Cell>, new: Option<&Cell>) -> Option<Change> {
    let shown = |cell: Option<&Cell>| cell.map_or_else(|| "-".to_string(), |c| c.line.clone());
    let with = |direction, parts| Change {
        direction,
        recipient: Some(recipient.clone()),
        subject: subject.clone(),
        before: shown(old),
        after: shown(new),
        parts,
    };
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(_)) => return Some(with(Direction::Widened, alloc::vec!["field"])),
        (Some(_), None) => return Some(with(Direction::Narrowed, alloc::vec!["field"])),
        (None, None) => return None,
    };
    let mut changed: Vec<(&'static str, Order)> = Vec::new();
    let mut part = |name: &'static str, order: Order| {
        if order != Some(core::cmp::Ordering::Equal) {
            changed.push((name, order));
        }
    };
    part("standing grant", level(old.level, new.level));
    part("authority", pointwise(&old.opened, &new.opened));
    let keys = |c: &Cell| c.conditions.keys().cloned().collect::<BTreeSet<_>>();
    part("conditions", sets(&keys(old), &keys(new)).map(core::cmp::Ordering::reverse));
    part("originators", sets(&old.originators, &new.originators));
    part("dissemination codes", codes_order(old.codes.as_ref(), new.codes.as_ref()));
    part("purposes", sets(&old.purposes, &new.purposes));
    part("handling", (old.marking == new.marking).then_some(core::cmp::Ordering::Equal));
    let parts = || changed.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    if changed.iter().any(|(_, order)| *order != Some(core::cmp::Ordering::Less)) {
        return Some(with(Direction::Widened, parts()));
    }
    if !changed.is_empty() {
        return Some(with(Direction::Narrowed, parts()));
    }
    if old.clauses != new.clauses {
        return Some(with(Direction::Moved, alloc::vec!["clause"]));
    }
    let names = |c: &Cell| c.conditions.values().cloned().collect::<BTreeSet<_>>();
    let mut words = Vec::new();
    words.extend((old.reason != new.reason).then_some("reason"));
    words.extend((names(old) != names(new)).then_some("name of a condition"));
    let reworded = |words| Change {
        before: if old.line == new.line { old.reason.clone() } else { old.line.clone() },
        after: if old.line == new.line { new.reason.clone() } else { new.line.clone() },
        ..with(Direction::Reworded, words)
    };
    (!words.is_empty()).then(|| reworded(words))
}

/// How much of a value: `Less` when the second gives less. An age, followed over the nights, tells the birthday, and a
/// count tells how many: neither has an order with what else a value can be reduced to.
fn level(old: Level, new: Level) -> Order {
    use core::cmp::Ordering::{Equal, Greater, Less};
    let aged = |r: Reduction| r.depends_on_day();
    match (old, new) {
        (a, b) if a == b => Some(Equal),
        (None, _) | (_, Some(Standing::Whole)) => Some(Greater),
        (_, None) | (Some(Standing::Whole), _) => Some(Less),
        (Some(Standing::Reduced(a)), Some(Standing::Reduced(b))) => {
            let ordered = aged(a) == aged(b) && a != Reduction::Count && b != Reduction::Count;
            // The finer comes first in the order of reductions.
            ordered.then(|| a.cmp(&b))
        }
    }
}

/// The second set against the first.
pub(super) fn sets<T: Ord>(old: &BTreeSet<T>, new: &BTreeSet<T>) -> Order {
    use core::cmp::Ordering::{Equal, Greater, Less};
    match (new.is_subset(old), old.is_subset(new)) {
        (true, true) => Some(Equal),
        (true, false) => Some(Less),
        (false, true) => Some(Greater),
        (false, false) => None,
    }
}

/// Two lists of answers, the second against the first: greater when it says yes wherever the first does, and more.
fn pointwise<T: Ord>(old: &[T], new: &[T]) -> Order {
    use core::cmp::Ordering::{Equal, Greater, Less};
    let pairs = || old.iter().zip(new);
    match (pairs().all(|(o, n)| n <= o), pairs().all(|(o, n)| n >= o)) {
        (true, true) => Some(Equal),
        (true, false) => Some(Less),
        (false, true) => Some(Greater),
        (false, false) => None,
    }
}

/// Without codes everything is free, so that beginning to grade narrows.
fn codes_order(old: Option<&BTreeMap<String, u8>>, new: Option<&BTreeMap<String, u8>>) -> Order {
    use core::cmp::Ordering::{Equal, Greater, Less};
    match (old, new) {
        (None, None) => Some(Equal),
        (None, Some(_)) => Some(Less),
        (Some(_), None) => Some(Greater),
        (Some(old), Some(new)) => {
            let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let free = |codes: &BTreeMap<String, u8>| {
                all.iter().map(|c| codes.get(*c).copied().unwrap_or(0)).collect()
            };
            let (old, new): (Vec<u8>, Vec<u8>) = (free(old), free(new));
            pointwise(&old, &new)
        }
    }
}
