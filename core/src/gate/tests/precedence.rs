//! The order of the rules: of several that withhold, the first is the one that is told.

use super::*;
use crate::agreement::AuthorityKind;
use crate::gate::decide::{Case, ROW_RULES};
use crate::gate::facts::{RecipientFacts, Sight};
use crate::gate::{Authority, Effect, Recipients, Restriction, Rule, Scope};

/// A case in which the rules before `at` let pass and the others, `at` among them, all withhold; and what the gate says.
fn told(at: usize) -> Option<Rule> {
    let past = |rule: Rule| ROW_RULES.iter().position(|r| *r == rule).expect("a row rule") < at;
    let mut scene = Scene::designated();
    let recipient = if past(Rule::Grant) { "lcc" } else { "g4s" };
    let (originator, name) = match (past(Rule::Own), past(Rule::Internal), past(Rule::Originator)) {
        (false, ..) => (recipient, "cohort"),
        (true, false, _) => ("wyp", "cohort"),
        (true, true, false) => ("hmps", "police_intelligence"),
        (true, true, true) => ("wyp", "police_intelligence"),
    };
    let id = scene.add(originator, name, &[]);
    if name == "police_intelligence" {
        scene.set(id, "nim_code", past(Rule::Handling).then_some("2"));
        scene.registers.authorities.push(Authority {
            kind: AuthorityKind::Nim,
            record: id,
            recipients: std::vec![partner("lcc")],
            fields: Vec::new(),
            reviewed: Vec::new(),
            granted_by: partner("wyp"),
            ground: "risk".into(),
            reference: "D/1".into(),
            conditions: Some("ask first".into()),
            from: TODAY,
            until: TODAY,
        });
    }
    scene.record(id).head.cancelled = !past(Rule::Cancelled);
    if !past(Rule::Restriction) {
        scene.registers.restrictions.push(Restriction {
            scope: Scope::Record(id),
            recipients: Recipients::All,
            by: partner("wyp"),
            effect: Effect::Silent,
            from: date(2008, 1, 1),
            until: None,
        });
    }
    if !past(Rule::InForce) {
        scene.as_of = date(2008, 10, 31);
    }
    if !past(Rule::Nominee) {
        let ended = crate::agreement::Span { from: None, until: Some(date(2008, 1, 1)) };
        scene.registers.nominees.push((partner(recipient), ended));
    }
    if !past(Rule::Suspended) {
        scene.registers.suspended.push(partner(recipient));
    }
    let no_keys = std::vec![Vec::new(); KEYS.len()];
    let keys = if past(Rule::Key) { &*KEYS } else { &no_keys };
    let gate = Gate::new(scene.agreement, &SCHEMA, &scene.registers, keys, scene.as_of);
    let recipient = partner(recipient);
    let holds = if past(Rule::Condition) { u64::MAX } else { 0 };
    let facts = RecipientFacts { cohort: past(Rule::Cohort), holds };
    let person = &scene.person;
    let record = person.records.iter().find(|r| r.head.id == id).expect("record");
    let sight = Sight::new(&gate, person, recipient);
    let case = Case { person, record, recipient, facts, sight: &sight };
    for rule in ROW_RULES {
        assert_eq!(gate.passes(rule, &case), past(rule), "{rule:?} before rule {at}");
    }
    gate.decide(&case).err()
}

#[test]
pub(super) fn the_first_rule_that_withholds_is_the_one_that_is_told() {
    // As policy and documentation state it; not taken from the gate's own list.
    let order = [
        Rule::Restriction,
        Rule::Cancelled,
        Rule::Own,
        Rule::Internal,
        Rule::InForce,
        Rule::Nominee,
        Rule::Suspended,
        Rule::Key,
        Rule::Cohort,
        Rule::Grant,
        Rule::Originator,
        Rule::Condition,
        Rule::Handling,
    ];
    assert_eq!(ROW_RULES, order);
    for (at, rule) in order.into_iter().enumerate() {
        assert_eq!(told(at), Some(rule));
    }
    assert_ne!(told(order.len()), Some(Rule::Handling), "past all of them the record has nothing to give");
}
