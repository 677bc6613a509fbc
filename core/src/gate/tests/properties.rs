//! Properties of random agreements, people and registers.

use super::*;
use crate::agreement::delivered::{Texts, build, texts};
use crate::agreement::grant::never_standing;
use crate::agreement::{AuthorityKind, Standing};
use crate::gate::{Authority, Reviewed, original};
use crate::reduce::Reduction;
use proptest::prelude::*;
use std::boxed::Box;
use std::collections::BTreeSet;
use std::format;

/// One grant of a random agreement.
#[derive(Debug, Clone)]
struct RandomGrant {
    recipient: usize,
    category: usize,
    /// Per field: not given, whole, or reduced by the n-th word of its type.
    fields: Vec<u8>,
    condition: Option<usize>,
}

const PERSON_CONDITIONS: [&str; 6] =
    ["works_with", "young_person", "adult", "tagged", "asb_case", "custody_or_due"];

fn random_grant() -> impl Strategy<Value = RandomGrant> {
    let condition = proptest::option::of(0..PERSON_CONDITIONS.len());
    (0..8usize, 0..54usize, proptest::collection::vec(0..6u8, 12), condition).prop_map(
        |(recipient, category, fields, condition)| RandomGrant { recipient, category, fields, condition },
    )
}

/// The files of an agreement with these grants and no others; later ones for the same cell are left out.
fn random_texts(grants: &[RandomGrant]) -> Texts {
    let mut texts = texts();
    let keys: Vec<&str> = AGREEMENT.partners().map(|(_, p)| p.key.as_str()).collect();
    let shared: Vec<_> = SCHEMA.categories().filter(|(_, c)| !c.internal).collect();
    for key in &keys {
        texts.insert(format!("entitlements/{key}.toml"), format!("recipient = \"{key}\"\n"));
    }
    let mut seen = BTreeSet::new();
    for grant in grants {
        let (key, (id, rule)) = (keys[grant.recipient], shared[grant.category % shared.len()]);
        let owners = &AGREEMENT.rule(id).expect("rule").owners;
        let clauses: BTreeSet<&str> = owners
            .iter()
            .filter(|(p, _)| usize::from(p.0) != grant.recipient)
            .map(|(_, c)| c.as_str())
            .collect();
        let open = AGREEMENT.handling(id).expect("handling").standing;
        if clauses.is_empty() || !open || !seen.insert((grant.recipient, rule.name.clone())) {
            continue;
        }
        let (mut whole, mut reduced) = (Vec::new(), Vec::new());
        for (listed, choice) in rule.fields.iter().zip(&grant.fields).filter(|(f, _)| !never_standing(f.kind))
        {
            let words: Vec<_> = Reduction::words(listed.kind).iter().filter(|w| **w != "count").collect();
            match usize::from(*choice) {
                0..=2 => {}
                n if n == 3 || words.is_empty() => whole.push(format!("\"{}\"", listed.name)),
                n => reduced.push(format!("{} = \"{}\"", listed.name, words[n % words.len()])),
            }
        }
        if whole.is_empty() && reduced.is_empty() {
            continue;
        }
        let when =
            grant.condition.map_or_else(String::new, |c| format!("when = [\"{}\"]\n", PERSON_CONDITIONS[c]));
        let text = format!(
            "[{}]\nclause = {clauses:?}\npurposes = [\"{}\"]\n{when}fields = [{}]\nreduce = {{ {} }}\nreason = \"x\"\n",
            rule.name,
            AGREEMENT.collected_for(id)[0],
            whole.join(", "),
            reduced.join(", "),
        );
        let text = text.replace("clause = {", "clause = [").replace("\"}\npurposes", "\"]\npurposes");
        texts.get_mut(&format!("entitlements/{key}.toml")).expect("file").push_str(&text);
    }
    texts
}

fn scene_under(texts: &Texts, birth: &str) -> Scene {
    let agreement: &'static Agreement = Box::leak(Box::new(build(texts).expect("holds")));
    Scene { agreement, ..Scene::full(birth) }
}

/// Every cell of every recipient: who, which record, which field.
fn cells(scene: &Scene) -> BTreeSet<(u8, u128, u8)> {
    let mut out = BTreeSet::new();
    let (gate, facts) = (scene.gate(), scene.facts());
    for (recipient, _) in AGREEMENT.partners() {
        for row in &gate.disclose(&scene.person, &facts, recipient).disclosed {
            out.extend(row.cells().map(|(f, _)| (recipient.0, row.record().0, f.0)));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn default_deny_every_cell_has_its_grant(
        grants in proptest::collection::vec(random_grant(), 0..40),
        young in any::<bool>(),
    ) {
        let scene = scene_under(&random_texts(&grants), if young { YOUNG } else { ADULT });
        for (recipient, p) in AGREEMENT.partners() {
            for row in &scene.disclose(&p.key).disclosed {
                let grant = scene.agreement.grant(recipient, row.category());
                prop_assert!(grant.is_some());
                for (field, _) in row.cells() {
                    let listed = grant.and_then(|g| g.fields().iter().find(|f| f.field == field));
                    prop_assert!(listed.is_some_and(|f| f.standing.is_some()));
                }
            }
        }
    }

    #[test]
    fn removing_a_grant_never_adds_a_cell(
        grants in proptest::collection::vec(random_grant(), 1..25),
        removed in any::<proptest::sample::Index>(),
        young in any::<bool>(),
    ) {
        let birth = if young { YOUNG } else { ADULT };
        // One grant per cell, so that removing one does not let another in its place.
        let mut seen = BTreeSet::new();
        let grants: Vec<RandomGrant> =
            grants.into_iter().filter(|g| seen.insert((g.recipient, g.category))).collect();
        let mut fewer = grants.clone();
        fewer.remove(removed.index(grants.len()));
        let (all, less) = (cells(&scene_under(&random_texts(&grants), birth)), cells(&scene_under(&random_texts(&fewer), birth)));
        prop_assert!(less.is_subset(&all));
    }

    #[test]
    fn removing_an_authority_never_adds_a_cell(
        picks in proptest::collection::vec((any::<proptest::sample::Index>(), 0..8usize, 0..8u8, any::<u16>()), 1..30),
        removed in any::<proptest::sample::Index>(),
        code in 0..4usize,
    ) {
        let mut scene = Scene::full(ADULT);
        scene.set_all("police_intelligence", "nim_code", [Some("1"), Some("2"), Some("5"), None][code]);
        for (record, kind, recipient, fields) in picks {
            let found = &scene.person.records[record.index(scene.person.records.len())];
            let head = found.head;
            let fields: Vec<FieldId> = (0..16u8).filter(|bit| fields >> bit & 1 == 1).map(FieldId).collect();
            let read = |f: &FieldId| Some(Reviewed::as_read(*f, original(&[], &SCHEMA, found, *f, false).ok()?));
            let reviewed = fields.iter().filter_map(read).collect();
            scene.registers.authorities.push(Authority {
                kind: AuthorityKind::ALL[kind],
                record: head.id,
                recipients: std::vec![PartnerId(recipient)],
                fields,
                reviewed,
                granted_by: head.originator,
                ground: "risk".into(),
                reference: "D/1".into(),
                conditions: Some("ask first".into()),
                from: TODAY,
                until: TODAY,
            });
        }
        let all = cells(&scene);
        let at = removed.index(scene.registers.authorities.len());
        scene.registers.authorities.remove(at);
        prop_assert!(cells(&scene).is_subset(&all));
    }

    #[test]
    fn a_person_with_fewer_records_is_never_a_fault(kept in proptest::collection::vec(any::<bool>(), 80), day in 0..900i32) {
        let mut scene = Scene::full(SEVENTEEN);
        let mut keep = kept.iter();
        scene.person.records.retain(|_| *keep.next().unwrap_or(&true));
        scene.as_of = date(2008, 1, 1).saturating_add(jiff::Span::new().days(day));
        let next = scene.gate().next_change(&scene.facts());
        prop_assert!(next.is_none_or(|n| n > scene.as_of));
        // Until that day nothing changes without new data.
        let before = cells(&scene);
        if let Some(next) = next {
            let last = next.yesterday().expect("a day");
            let (first, last) = (scene.as_of, last.min(scene.as_of.saturating_add(jiff::Span::new().days(400))));
            for probe in [first.tomorrow().expect("a day").min(last), last] {
                scene.as_of = probe;
                prop_assert_eq!(&cells(&scene), &before, "{} to {}", first, probe);
            }
        }
    }
}

#[test]
pub(super) fn without_an_authority_no_text_and_no_other_person_leaves() {
    for birth in [ADULT, YOUNG, SEVENTEEN] {
        let scene = Scene::full(birth);
        for (_, p) in AGREEMENT.partners() {
            for row in &scene.disclose(&p.key).disclosed {
                let rule = SCHEMA.get(row.category()).expect("category");
                assert!(row.cells().all(|(f, _)| !never_standing(rule.get(f).expect("field").kind)));
            }
        }
    }
}

#[test]
pub(super) fn a_table_that_gave_text_would_still_give_none() {
    // Defence in depth: a table changed behind the checker's back opens no text or other person.
    let mut agreement = build(&texts()).expect("holds");
    for grant in agreement.table.iter_mut().flatten() {
        for listed in &mut grant.fields {
            listed.standing = Some(Standing::Whole);
            listed.on_authority = false;
        }
        grant.conditions.clear();
    }
    let scene = Scene { agreement: Box::leak(Box::new(agreement)), ..Scene::full(ADULT) };
    for (_, p) in AGREEMENT.partners() {
        for row in &scene.disclose(&p.key).disclosed {
            let rule = SCHEMA.get(row.category()).expect("category");
            assert!(row.cells().all(|(f, _)| !never_standing(rule.get(f).expect("field").kind)));
            assert!(AGREEMENT.handling(row.category()).expect("handling").standing, "{}", rule.name);
        }
    }
}
