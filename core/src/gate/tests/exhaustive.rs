//! Every recipient, category, originator, combination of the grant's conditions, dissemination code and
//! combination of authorities of the delivered agreement, against the second reading of its files.
//!
//! The same comparison judges mutants: an agreement in which one grant was altered must be told from its
//! files. Conditions about the person are set by force, conditions about the row by the row's values.

use super::tables::{Opened, Situation, TABLES, words};
use super::*;
use crate::agreement::grant::{Grant, never_standing};
use crate::agreement::{AuthorityKind, GrantField, Standing};
use crate::gate::decide::Case;
use crate::gate::facts::{RecipientFacts, Sight};
use crate::gate::registers::Index;
use crate::gate::{Authority, Reviewed, original};
use crate::reduce::Reduction;
use std::collections::BTreeSet;

/// For each condition about the row: the field that it tests, a value for which it holds, and one for which not.
const ROW_CONDITIONS: [(&str, &str, &str, &str); 9] = [
    ("condition_current", "status", "current", "proposed"),
    ("own_action", "lead_agency", "(the recipient)", "(another)"),
    ("order_in_force", "stage", "current", "proposed"),
    ("housing_licence_condition", "condition", "reside", "drug_testing"),
    ("housing_requirement", "requirement", "residence", "unpaid_work"),
    ("curfew_licence_condition", "condition", "curfew", "drug_testing"),
    ("curfew_requirement", "requirement", "curfew", "unpaid_work"),
    ("treatment_licence_condition", "condition", "drug_testing", "reside"),
    ("treatment_requirement", "requirement", "drug_rehabilitation", "unpaid_work"),
];

/// One cell of the table in one situation, and what the gate makes of it.
struct Probe<'a> {
    agreement: &'a Agreement,
    recipient: &'a str,
    category: &'a str,
    originator: &'a str,
}

impl Gate<'_> {
    /// The same gate under the authorities of other registers: what the agreement says is not laid ready anew.
    fn under<'b>(&'b self, registers: &'b Registers) -> Gate<'b> {
        Gate {
            agreement: self.agreement,
            schema: self.schema,
            index: Index::new(registers),
            review_key: &registers.review_key,
            as_of: self.as_of,
            recipients: self.recipients.clone(),
            table: self.table.clone(),
            conditions: self.conditions.clone(),
            in_force: self.in_force,
            next: self.next,
        }
    }
}

impl Probe<'_> {
    /// The record, filled in so that exactly the conditions of `held` hold among those about the row.
    fn person(&self, when: &[&str], held: &[&str], code: Option<&str>) -> Person {
        let mut scene = Scene::designated();
        let rule = SCHEMA.get(category(self.category)).expect("category");
        let values: Vec<(&str, String)> =
            rule.fields.iter().map(|f| (f.name.as_str(), filler(self.category, &f.name, ADULT))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(f, v)| (*f, v.as_str())).collect();
        let id = scene.add(self.originator, self.category, &values);
        for (name, field, yes, no) in ROW_CONDITIONS.iter().filter(|(name, ..)| when.contains(name)) {
            let other = if self.recipient == "wyp" { "lcc" } else { "wyp" };
            let value = match (held.contains(name), *name) {
                (true, "own_action") => self.recipient,
                (false, "own_action") => other,
                (true, _) => yes,
                (false, _) => no,
            };
            scene.set(id, field, Some(value));
        }
        if rule.field("nim_code").is_some() {
            scene.set(id, "nim_code", code);
        }
        // A flag that says no: its presence, which is all that a reduction leaves, reads otherwise.
        for flag in rule.fields.iter().filter(|f| f.kind == Kind::Flag) {
            scene.set(id, &flag.name, Some("false"));
        }
        scene.person.records.remove(0);
        scene.person
    }

    /// Bits of the named conditions about the person.
    fn bits(&self, held: &[&str]) -> u64 {
        let named = self.agreement.conditions.iter().enumerate();
        named.filter(|(_, c)| held.contains(&c.name.as_str())).fold(0, |bits, (at, _)| bits | 1 << at)
    }

    fn registers(&self, person: &Person, kinds: &BTreeSet<&'static str>, stated: bool) -> Registers {
        let head = person.records[0].head;
        let read = |field| {
            let mark = original(&[], &SCHEMA, &person.records[0], field, false).ok()?;
            Some(Reviewed::as_read(field, mark))
        };
        let authority = |kind: &&'static str| Authority {
            kind: AuthorityKind::parse(kind).expect("a kind"),
            record: head.id,
            recipients: std::vec![partner(self.recipient)],
            fields: (0..32u8).map(FieldId).collect(),
            reviewed: (0..32u8).filter_map(|f| read(FieldId(f))).collect(),
            granted_by: head.originator,
            ground: "risk".into(),
            reference: "D/1".into(),
            conditions: stated.then(|| "ask first".into()),
            from: TODAY,
            until: TODAY,
        };
        Registers { authorities: kinds.iter().map(authority).collect(), ..Registers::default() }
    }

    /// What the gate opens: field → how it was given, judged by the value.
    fn given(&self, gate: &Gate<'_>, person: &Person, registers: &Registers, held: &[&str]) -> Opened {
        let gate = gate.under(registers);
        let recipient = partner(self.recipient);
        let (record, sight) = (&person.records[0], Sight::new(&gate, person, recipient));
        let facts = RecipientFacts { cohort: true, holds: self.bits(held) };
        let Ok(row) = gate.decide(&Case { person, record, recipient, facts, sight: &sight }) else {
            return Opened::new();
        };
        let rule = SCHEMA.get(record.head.category).expect("category");
        let cells = row.cells.iter().map(|(at, value)| {
            let (name, original) = (&rule.get(*at).expect("field").name, record.fields.get(*at));
            let how = match value.as_deref() {
                None => "count",
                value if value == original => "whole",
                Some(_) => "reduced",
            };
            (name.clone(), how.to_owned())
        });
        cells.collect()
    }

    /// The first situation in which the gate gives something else than the files allow.
    fn difference(&self, sparse: bool) -> Option<String> {
        let rule = SCHEMA.get(category(self.category)).expect("category");
        let never = |name: &str| {
            rule.field(name).and_then(|at| rule.get(at)).is_some_and(|field| never_standing(field.kind))
        };
        let grant = TABLES.grant(self.recipient, self.category);
        let when = grant.map(|g| words(g.get("when"))).unwrap_or_default();
        let graded = rule.field("nim_code").is_some();
        let mut codes = std::vec![None];
        if graded {
            codes.extend(TABLES.codes().into_iter().map(Some));
            codes.extend([Some("3"), Some("4"), Some("9")]);
        }
        let registers = Registers::default();
        let gate = Gate::new(self.agreement, &SCHEMA, &registers, &KEYS, TODAY);
        for held in subsets(&when) {
            // Other conditions change nothing: none of them, and all of them.
            for more in [false, true] {
                let mut all = held.clone();
                let others = self.agreement.conditions.iter().map(|c| c.name.as_str());
                all.extend(others.filter(|c| more && !when.contains(c)));
                for code in &codes {
                    let person = self.person(&when, &all, *code);
                    for (kinds, stated) in
                        authorities(grant.is_some_and(|g| g.contains_key("on_authority")), graded, sparse)
                    {
                        let situation = Situation {
                            recipient: self.recipient,
                            category: self.category,
                            originator: self.originator,
                            held: &all,
                            code: *code,
                            authorities: &kinds,
                            conditions_stated: stated,
                        };
                        let mut expected = TABLES.opened(&situation, graded, never);
                        for how in expected.values_mut().filter(|how| *how != "whole" && *how != "count") {
                            *how = "reduced".into();
                        }
                        let given =
                            self.given(&gate, &person, &self.registers(&person, &kinds, stated), &all);
                        if given != expected {
                            return Some(std::format!(
                                "{} {} from {}, held {held:?} and others {more}, code {code:?}, authorities {kinds:?}: \
                                 given {given:?}, the files allow {expected:?}",
                                self.recipient,
                                self.category,
                                self.originator
                            ));
                        }
                    }
                }
            }
        }
        None
    }
}

fn subsets<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let chosen = |mask: u32| {
        let bit = |(at, word): (usize, &&'a str)| (mask >> at & 1 == 1).then_some(*word);
        words.iter().enumerate().filter_map(bit).collect()
    };
    (0..1u32 << words.len()).map(chosen).collect()
}

/// Combinations of kinds of authority, with and without stated conditions. A grant without a ceiling is asked
/// with none and with all; `sparse` leaves out what differs only in kinds that are asked singly too.
fn authorities(ceiling: bool, graded: bool, sparse: bool) -> Vec<(BTreeSet<&'static str>, bool)> {
    let kinds = AuthorityKind::ALL.map(AuthorityKind::word);
    let wanted = |mask: u32| ceiling || mask == 0 || mask == 255;
    let few = |mask: u32| !sparse || mask.count_ones() <= 2 || mask.count_ones() >= 7;
    let mut out = Vec::new();
    for mask in (0..256u32).filter(|m| wanted(*m) && few(*m)) {
        let set: BTreeSet<&'static str> =
            kinds.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, k)| *k).collect();
        out.push((set.clone(), true));
        if graded {
            out.push((set, false));
        }
    }
    out
}

/// Every owner of a category but the recipient, and one partner that does not share it.
fn originators(recipient: &str, name: &str) -> Vec<&'static str> {
    let owns = |id| AGREEMENT.clause(id, category(name)).is_some();
    let others = || AGREEMENT.partners().filter(|(_, p)| p.key != recipient);
    let mut out: Vec<&str> = others().filter(|(id, _)| owns(*id)).map(|(_, p)| p.key.as_str()).collect();
    out.extend(others().find(|(id, _)| !owns(*id)).map(|(_, p)| p.key.as_str()));
    out
}

fn shared() -> impl Iterator<Item = (CategoryId, &'static str)> {
    SCHEMA.categories().filter(|(_, c)| !c.internal).map(|(id, c)| (id, c.name.as_str()))
}

/// The first difference in the cells of one recipient and category.
fn difference(agreement: &Agreement, recipient: &str, category: &str, sparse: bool) -> Option<String> {
    let probes = originators(recipient, category).into_iter().map(|originator| Probe {
        agreement,
        recipient,
        category,
        originator,
    });
    probes.into_iter().find_map(|probe| probe.difference(sparse))
}

#[test]
fn row_conditions_are_all_listed() {
    let about_rows: BTreeSet<&str> =
        AGREEMENT.conditions.iter().filter(|c| c.about_record.is_some()).map(|c| c.name.as_str()).collect();
    assert_eq!(about_rows, ROW_CONDITIONS.iter().map(|(name, ..)| *name).collect());
}

#[test]
fn every_cell_in_every_situation_is_as_the_files_say() {
    for (_, p) in AGREEMENT.partners() {
        for (_, category) in shared() {
            assert_eq!(difference(&AGREEMENT, &p.key, category, false), None);
        }
    }
}

/// One grant altered in one way.
fn mutants(grant: &Grant, category: CategoryId) -> Vec<(String, Option<Grant>)> {
    let mut out = std::vec![("removed".to_owned(), None)];
    let mut alter = |what: String, change: &dyn Fn(&mut Grant)| {
        let mut copy = grant.clone();
        change(&mut copy);
        out.push((what, Some(copy)));
    };
    for at in 0..grant.conditions.len() {
        alter(std::format!("condition {at} gone"), &|g| {
            g.conditions.remove(at);
        });
    }
    if let Some(clause) = grant.clauses.first() {
        alter("no clause".into(), &|g| g.clauses.clear());
        alter(std::format!("only clause {clause}"), &|g| g.clauses.truncate(1));
    }
    for at in 0..grant.fields.len() {
        alter(std::format!("field {at} gone"), &|g| {
            g.fields.remove(at);
        });
        let listed = grant.fields[at];
        let kind = SCHEMA.get(category).and_then(|c| c.get(listed.field)).expect("field").kind;
        let standing = match listed.standing {
            Some(Standing::Reduced(_)) => Some(Standing::Whole),
            Some(Standing::Whole) => {
                let mut words = Reduction::words(kind).iter().filter(|w| **w != "count");
                words.next_back().and_then(|w| Reduction::parse(kind, w)).map(Standing::Reduced)
            }
            None => Some(Standing::Whole).filter(|_| !never_standing(kind)),
        };
        if standing != listed.standing {
            alter(std::format!("field {at} given otherwise"), &|g| g.fields[at].standing = standing);
        }
        if listed.on_authority {
            alter(std::format!("field {at} not on authority"), &|g| g.fields[at].on_authority = false);
        }
    }
    let open = AGREEMENT.handling(category).expect("handling").standing;
    let rule = SCHEMA.get(category).expect("category");
    for (field, listed) in (0u8..).map(FieldId).zip(&rule.fields) {
        if open && !never_standing(listed.kind) && grant.fields.iter().all(|f| f.field != field) {
            let more = GrantField { field, standing: Some(Standing::Whole), on_authority: false };
            alter(std::format!("{} given too", listed.name), &|g| g.fields.push(more));
        }
    }
    if let Some(ceiling) = &grant.ceiling {
        alter("no ceiling".into(), &|g| g.ceiling = None);
        for at in 0..ceiling.all.len() {
            alter(std::format!("authority {at} not needed"), &|g| {
                g.ceiling.as_mut().expect("ceiling").all.remove(at);
            });
        }
        for at in 0..ceiling.any.len() {
            alter(std::format!("authority {at} does not open"), &|g| {
                g.ceiling.as_mut().expect("ceiling").any.remove(at);
            });
        }
    }
    out
}

/// Mutants that no data can tell from the agreement, each with why.
fn equivalent(
    agreement: &Agreement,
    grant: &Grant,
    mutant: Option<&Grant>,
    at: (PartnerId, CategoryId),
) -> bool {
    let Some(mutant) = mutant else { return grant.fields.is_empty() };
    let handling = agreement.handling(at.1).expect("handling");
    let open = handling.standing;
    // Nothing stands under this handling code: how a standing field is given says nothing.
    let same = |f: &GrantField| (f.field, f.standing.filter(|_| open), f.on_authority);
    let fields = |g: &Grant| g.fields.iter().map(same).collect::<Vec<_>>();
    // A kind that the handling code asks for besides is needed whether the grant lists it or not.
    let needed = |g: &Grant| {
        g.ceiling.as_ref().map(|c| {
            let all: BTreeSet<_> = c.all.iter().chain(&handling.needs_all).copied().collect();
            let any: BTreeSet<_> = c.any.iter().copied().collect();
            let stated = !c.all.is_empty() || !c.any.is_empty();
            let one_of: BTreeSet<_> = handling.needs_any.iter().copied().collect();
            let besides = if one_of.is_empty() || one_of == any || one_of.iter().any(|k| all.contains(k)) {
                BTreeSet::new()
            } else {
                one_of
            };
            (all, any, stated, besides)
        })
    };
    fields(mutant) == fields(grant)
        && mutant.conditions == grant.conditions
        && mutant.clauses == grant.clauses
        && needed(mutant) == needed(grant)
}

#[test]
fn every_altered_grant_is_told_from_the_files() {
    let mut agreement =
        crate::agreement::delivered::build(&crate::agreement::delivered::texts()).expect("holds");
    let (mut tried, mut survivors) = (0, Vec::new());
    for (recipient, p) in AGREEMENT.partners() {
        for (id, name) in shared() {
            let Some(grant) = AGREEMENT.grant(recipient, id) else { continue };
            let slot = usize::from(recipient.0) * agreement.rules.len() + usize::from(id.0);
            for (what, mutant) in mutants(grant, id) {
                if equivalent(&AGREEMENT, grant, mutant.as_ref(), (recipient, id)) {
                    continue;
                }
                tried += 1;
                agreement.table[slot] = mutant;
                if difference(&agreement, &p.key, name, true).is_none() {
                    survivors.push(std::format!("{} {name}: {what}", p.key));
                }
            }
            agreement.table[slot] = Some(grant.clone());
        }
    }
    assert!(tried > 1_000, "{tried} mutants");
    assert!(survivors.is_empty(), "{} of {tried} mutants live: {survivors:#?}", survivors.len());
}
