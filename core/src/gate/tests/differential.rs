//! The gate against an independent reading in another language (`tests/oracle/decide.py`): random agreements, registers
//! and records, decided by both, no difference in either direction.
//!
//! `LOCKGATE_DIFFERENTIAL=AGREEMENTSxRECORDS@FIRST` sets how many, from which seed on; `scripts/differential` does the full
//! figure in slices.

use super::super::decide::Case;
use super::super::facts::{RecipientFacts, Sight};
use super::super::{Authority, Effect, Gate, Recipients, Registers, Restriction, Reviewed, Scope, original};
use super::{KEYS, SCHEMA, TODAY};
use crate::agreement::delivered::{AGREEMENT, Texts, build, texts};
use crate::agreement::grant::never_standing;
use crate::agreement::{Agreement, AuthorityKind, PartnerId};
use crate::hash::Digest;
use crate::link::Person;
use crate::record::{Fields, IdentityId, PersonId, Record, RecordId, VersionHead, text};
use crate::reduce::Reduction;
use crate::schema::{Category, CategoryId, FieldId, Kind};
use alloc::borrow::Cow;
use jiff::civil::{Date, date};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::prelude::v1::*;
use std::process::{Child, Command, Stdio};
use std::{env, format, vec};

/// Numbers from a seed, the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("small")
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Each with that chance, at least one.
    fn some<T: Clone>(&mut self, of: &[T], percent: u64) -> Vec<T> {
        let out: Vec<T> = of.iter().filter(|_| self.chance(percent)).cloned().collect();
        if out.is_empty() { vec![self.pick(of)] } else { out }
    }
}

fn kinds() -> Vec<&'static str> {
    AuthorityKind::ALL.iter().map(|k| k.word()).collect()
}

/// One grant as it stands in an entitlement file; empty when it would give nothing.
fn grant(random: &mut Random, recipient: PartnerId, id: CategoryId, category: &Category) -> String {
    let rule = AGREEMENT.rule(id).expect("a rule");
    let mut clauses: Vec<&String> =
        rule.owners.iter().filter(|(p, _)| *p != recipient).map(|(_, c)| c).collect();
    clauses.dedup();
    if clauses.is_empty() || random.chance(25) {
        return String::new();
    }
    let handling = AGREEMENT.handling(id).expect("a handling code");
    let (mut whole, mut reduced, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for field in &category.fields {
        let words = Reduction::words(field.kind);
        let standing = handling.standing && !never_standing(field.kind);
        match random.below(4) {
            0 | 1 if standing && random.chance(60) => whole.push(field.name.clone()),
            1 | 2 if standing && !words.is_empty() => reduced.push((field.name.clone(), random.pick(words))),
            _ => closed.push(field.name.clone()),
        }
    }
    let counts = reduced.iter().any(|(_, how)| *how == "count");
    let below: Vec<String> = closed.iter().cloned().chain(reduced.iter().map(|(f, _)| f.clone())).collect();
    let ceiling = if counts || below.is_empty() || random.chance(30) {
        String::new()
    } else {
        let (word, asked) = ceiling(random, handling);
        format!("on_authority = {{ {word} = {asked:?}, fields = {:?} }}\n", random.some(&below, 50))
    };
    if whole.is_empty() && reduced.is_empty() && ceiling.is_empty() {
        return String::new();
    }
    let fits = |c: &&crate::agreement::Condition| c.about_record.as_ref().is_none_or(|of| of.contains(&id));
    let conditions: Vec<&str> = AGREEMENT.conditions().iter().filter(fits).map(|c| c.name.as_str()).collect();
    let when = if random.chance(50) { Vec::new() } else { random.some(&conditions, 8) };
    let reduce: Vec<String> = reduced.iter().map(|(field, how)| format!("{field} = {how:?}")).collect();
    format!(
        "\n[{}]\nclause = {:?}\npurposes = {:?}\nwhen = {when:?}\nfields = {whole:?}\nreduce = {{ {} }}\n{ceiling}reason = \"r\"\n",
        category.name,
        random.some(&clauses, 60),
        random.some(&rule.collected_for, 50),
        reduce.join(", ")
    )
}

/// Kinds of authority that a ceiling may ask for under a handling code.
fn ceiling(random: &mut Random, handling: &crate::agreement::Handling) -> (&'static str, Vec<&'static str>) {
    let words = |of: &[AuthorityKind]| of.iter().map(|k| k.word()).collect::<Vec<_>>();
    let (all, any) = (words(&handling.needs_all), words(&handling.needs_any));
    let more = |random: &mut Random, mut from: Vec<&'static str>| {
        from.extend(random.some(&kinds(), 10));
        from.sort_unstable();
        from.dedup();
        from
    };
    match (all.is_empty(), any.is_empty()) {
        (false, _) => ("all", if random.chance(50) { all } else { more(random, all) }),
        (true, false) if random.chance(50) => ("any", random.some(&any, 50)),
        (true, false) => ("all", vec![random.pick(&any)]),
        (true, true) => (random.pick(&["all", "any"]), random.some(&kinds(), 20)),
    }
}

/// Who may have intelligence of which code, at random.
fn dissemination(random: &mut Random) -> String {
    let mut out = String::from("[dissemination.random]\n");
    for code in ["1", "2", "5", "P", "C"] {
        if random.chance(85) {
            let mut classes =
                || if random.chance(50) { random.some(&["law", "non_prosecuting"], 50) } else { Vec::new() };
            let (free, asked) = (classes(), classes());
            let carry = random.chance(30);
            out.push_str(&format!(
                "{code} = {{ classes = {free:?}, on_authority = {asked:?}, carry_conditions = {carry} }}\n"
            ));
        }
    }
    out
}

/// A random agreement over the delivered categories, and what the oracle needs to know of it.
fn agreement(random: &mut Random) -> (Agreement, Value) {
    let mut files: Texts = texts();
    let mut entitlements = Map::new();
    for (recipient, partner) in AGREEMENT.partners() {
        let mut text = format!("recipient = \"{}\"\n", partner.key);
        for (id, category) in SCHEMA.categories().filter(|(_, c)| !c.internal) {
            text.push_str(&grant(random, recipient, id, category));
        }
        files.insert(format!("entitlements/{}.toml", partner.key), text.clone());
        entitlements.insert(partner.key.clone(), Value::String(text));
    }
    let handling = &files["handling.toml"];
    let (above, _) = handling.split_once("[dissemination").expect("the codes stand last");
    let codes = dissemination(random);
    let handling = format!("{above}{codes}");
    files.insert("handling.toml".into(), handling);
    let mut classes = Map::new();
    let mut keys = AGREEMENT.partners().map(|(_, p)| p.key.clone());
    let mut line = |line: &str| {
        if !line.starts_with("class = ") {
            return line.to_owned();
        }
        let class = random.pick(&["law", "non_prosecuting"]);
        classes.insert(keys.next().expect("a partner"), Value::String(class.into()));
        format!("class = {class:?}")
    };
    let head: Vec<String> = files["agreement.toml"].lines().map(&mut line).collect();
    files.insert("agreement.toml".into(), head.join("\n"));
    let built = build(&files).expect("a random agreement builds");
    (built, json!({ "entitlements": entitlements, "dissemination": codes, "classes": classes }))
}

fn value(random: &mut Random, id: CategoryId, field: FieldId, kind: Kind) -> String {
    let text: &[&str] = match kind {
        Kind::Code => {
            let list = SCHEMA.list_of(id, field).expect("a list");
            return random.pick(&list.codes().collect::<Vec<_>>()).into();
        }
        Kind::Dob => &["1980-05-05", "1992-02-29", "1990-11-17", "1990-11-18", "2009-01-01"],
        Kind::Date => &["2008-11-10", "2008-11-17", "2009-03-01"],
        Kind::DateTime => &["2008-11-10T09:30:00Z", "2008-12-31T23:59:59Z"],
        Kind::Flag => &["true", "false"],
        Kind::Number | Kind::Money => &["0", "3", "10.50"],
        Kind::Postcode => &["LS12 2TJ", "M1 1AA", "EC1A 1BB", "NOWHERE", "12 3AB"],
        Kind::Address => &["1 Invented Row, Leeds", "Leeds", "Flat 2, 7b", ", Leeds", "The Row, "],
        Kind::Name => &["Anna Maria", "Łukasz", "O'Neill; Smith Jones", "12 34", "de la Cruz;"],
        Kind::Id | Kind::Text | Kind::Person | Kind::File => &["x", "some text"],
    };
    random.pick(text).into()
}

/// One record and what is recorded about it.
struct Scene {
    /// What each authority read of the record as it stands.
    read: Vec<Vec<FieldId>>,
    record: Record,
    registers: Registers,
    as_of: Date,
    facts: Vec<RecipientFacts>,
}

const DAYS: [Date; 4] = [date(2008, 11, 1), TODAY, date(2008, 11, 16), date(2009, 1, 1)];

fn scene(random: &mut Random, agreement: &Agreement) -> Scene {
    let partners: Vec<PartnerId> = agreement.partners().map(|(id, _)| id).collect();
    // Categories that only authorities open are few, and need several authorities at once: they come more often.
    let closed = |id: &CategoryId| agreement.handling(*id).is_some_and(|h| !h.standing);
    let all: Vec<CategoryId> = SCHEMA.categories().map(|(id, _)| id).collect();
    let shut: Vec<CategoryId> = all.iter().copied().filter(closed).collect();
    let by_code = |id: &CategoryId| {
        let graded = agreement.handling(*id).and_then(|h| h.graded.as_ref());
        graded.is_some_and(|g| SCHEMA.get(*id).and_then(|c| c.field(&g.field)).is_some())
    };
    let graded: Vec<CategoryId> = all.iter().copied().filter(by_code).collect();
    let from = if random.chance(20) {
        &graded
    } else if random.chance(30) {
        &shut
    } else {
        &all
    };
    let id = random.pick(from);
    let category = SCHEMA.get(id).expect("a category");
    let owners: Vec<PartnerId> =
        agreement.rule(id).map_or_else(|| partners.clone(), |r| r.owners.iter().map(|(p, _)| *p).collect());
    let originator = if random.chance(95) { random.pick(&owners) } else { random.pick(&partners) };
    let mut fields = Fields::new();
    for (field, at) in category.fields.iter().zip(0u8..) {
        let filled = random.chance(75).then(|| value(random, id, FieldId(at), field.kind));
        fields.push(filled.as_deref());
    }
    let head = VersionHead {
        id: RecordId(5),
        number: 3,
        identity: IdentityId(1),
        originator,
        category: id,
        as_of: random.pick(&DAYS),
        cancelled: random.chance(3),
        restricted: random.chance(3),
    };
    let record = Record { head, fields };
    let (mut registers, mut read) = (Registers::default(), Vec::new());
    let suspended = random.chance(5);
    registers.suspended = if suspended { random.some(&partners, 20) } else { Vec::new() };
    for _ in 0..random.below(3) {
        registers.restrictions.push(restriction(random, &partners, id, category));
    }
    for _ in 0..random.below(9) {
        let (authority, fields) = authority(random, &partners, &record, category);
        registers.authorities.push(authority);
        read.push(fields);
    }
    let bits = |random: &mut Random| RecipientFacts {
        cohort: random.chance(95),
        holds: random.next() | random.next(),
    };
    let facts = partners.iter().map(|_| bits(random)).collect();
    let as_of = if random.chance(3) { date(2008, 10, 31) } else { TODAY };
    Scene { read, record, registers, as_of, facts }
}

fn restriction(
    random: &mut Random,
    partners: &[PartnerId],
    id: CategoryId,
    category: &Category,
) -> Restriction {
    let mut fields = Vec::new();
    for (field, at) in category.fields.iter().zip(0u8..) {
        let words = Reduction::words(field.kind);
        if !words.is_empty() && random.chance(40) {
            let reduction =
                Reduction::parse(field.kind, random.pick(words)).expect("a reduction of the kind");
            fields.push((id, FieldId(at), reduction));
        }
    }
    let scopes = [
        Scope::Record(RecordId(5)),
        Scope::Person(PersonId(7)),
        Scope::Record(RecordId(6)),
        Scope::Person(PersonId(8)),
    ];
    Restriction {
        scope: random.pick(&scopes),
        recipients: if random.chance(30) {
            Recipients::All
        } else {
            Recipients::Only(random.some(partners, 30))
        },
        by: partners[0],
        effect: if random.chance(15) { Effect::Silent } else { Effect::Reduce(fields) },
        from: random.pick(&DAYS),
        until: if random.chance(50) { None } else { Some(random.pick(&DAYS)) },
    }
}

fn authority(
    random: &mut Random,
    partners: &[PartnerId],
    record: &Record,
    category: &Category,
) -> (Authority, Vec<FieldId>) {
    let originator = record.head.originator;
    let all: Vec<FieldId> =
        (0..category.fields.len()).map(|n| FieldId(u8::try_from(n).expect("few"))).collect();
    // Of what was read some is another text today.
    let (mut reviewed, mut read) = (Vec::new(), Vec::new());
    for field in &all {
        if let (true, Ok(mark)) = (random.chance(75), original(&[], &SCHEMA, record, *field, false)) {
            let same = random.chance(80);
            reviewed.push(Reviewed::as_read(*field, if same { mark } else { Digest::of(b"another text") }));
            read.extend(same.then_some(*field));
        }
    }
    let authority = Authority {
        kind: if random.chance(60) {
            random.pick(&[AuthorityKind::Nim, AuthorityKind::TextReview])
        } else {
            random.pick(&AuthorityKind::ALL)
        },
        record: RecordId(if random.chance(95) { 5 } else { 6 }),
        recipients: random.some(partners, 70),
        fields: random.some(&all, 80),
        reviewed,
        granted_by: if random.chance(95) { originator } else { random.pick(partners) },
        ground: random.pick(&["risk", "risk", "risk", "risk", "risk", " "]).into(),
        reference: random.pick(&["letter 1", "letter 1", "letter 1", "letter 1", ""]).into(),
        conditions: random.pick(&[None, Some(" "), Some("read only")]).map(Into::into),
        from: random.pick(&DAYS[..3]),
        until: random.pick(&DAYS[1..]),
    };
    (authority, read)
}

fn key(agreement: &Agreement, id: PartnerId) -> &str {
    &agreement.get(id).expect("a partner").key
}

fn field_name(category: CategoryId, field: FieldId) -> &'static str {
    &SCHEMA.get(category).and_then(|c| c.get(field)).expect("a field").name
}

/// The case as the oracle reads it.
fn told(scene: &Scene, agreement: &Agreement, gate: &Gate<'_>, person: &Person) -> Value {
    let head = &scene.record.head;
    let category = SCHEMA.get(head.category).expect("a category");
    let named = |ids: &[PartnerId]| ids.iter().map(|p| key(agreement, *p)).collect::<Vec<_>>();
    let fields: Map<String, Value> = (0u8..)
        .zip(&category.fields)
        .filter_map(|(at, f)| Some((f.name.clone(), text(&scene.record, FieldId(at))?.into())))
        .collect();
    let restrictions: Vec<Value> = scene
        .registers
        .restrictions
        .iter()
        .map(|r| {
            let covers = matches!(r.scope, Scope::Record(RecordId(5)) | Scope::Person(PersonId(7)));
            let recipients = match &r.recipients {
                Recipients::All => json!("all"),
                Recipients::Only(list) => json!(named(list)),
            };
            let reduce = match &r.effect {
                Effect::Silent => Value::Null,
                Effect::Reduce(f) => f.iter().map(|(c, f, how)| (field_name(*c, *f).to_owned(), Value::from(how.word()))).collect(),
            };
            let (from, until) = (r.from.to_string(), r.until.map(|d| d.to_string()));
            json!({ "covers": covers, "recipients": recipients, "silent": r.effect == Effect::Silent, "reduce": reduce, "from": from, "until": until })
        })
        .collect();
    let authorities: Vec<Value> = scene
        .registers
        .authorities
        .iter()
        .zip(&scene.read)
        .map(|(a, read)| {
            let listed = |fields: &[FieldId]| -> Vec<&str> {
                fields.iter().map(|f| field_name(head.category, *f)).collect()
            };
            let (fields, read) = (listed(&a.fields), listed(read));
            json!({
                "covers": a.record == head.id, "kind": a.kind.word(), "read": read, "recipients": named(&a.recipients),
                "fields": fields, "granted_by": key(agreement, a.granted_by), "ground": a.ground, "reference": a.reference,
                "conditions": a.conditions, "from": a.from.to_string(), "until": a.until.to_string(),
            })
        })
        .collect();
    let facts: Map<String, Value> = agreement
        .partners()
        .zip(&scene.facts)
        .map(|((id, partner), facts)| {
            let sight = Sight::new(gate, person, id);
            let holds = |at: usize, c: &crate::agreement::Condition| match c.about_record {
                Some(_) => sight.condition(c, Some(&scene.record)).holds,
                None => facts.holds >> at & 1 == 1,
            };
            let all = agreement.conditions().iter().enumerate();
            let true_now: Vec<&str> =
                all.filter(|(at, c)| holds(*at, c)).map(|(_, c)| c.name.as_str()).collect();
            (partner.key.clone(), json!({ "cohort": facts.cohort, "holds": true_now }))
        })
        .collect();
    json!({
        "as_of": scene.as_of.to_string(),
        "record": {
            "category": category.name, "originator": key(agreement, head.originator), "version": head.number,
            "cancelled": head.cancelled, "restricted": head.restricted, "as_of": head.as_of.to_string(), "fields": fields,
        },
        "restrictions": restrictions, "authorities": authorities, "suspended": named(&scene.registers.suspended), "facts": facts,
    })
}

/// What the gate decides, in the oracle's form.
fn decided(scene: &Scene, agreement: &Agreement, gate: &Gate<'_>, person: &Person) -> Value {
    let one = |(recipient, facts): (PartnerId, RecipientFacts)| {
        let sight = Sight::new(gate, person, recipient);
        let case = Case { person, record: &scene.record, recipient, facts, sight: &sight };
        let answer = gate.decide(&case).map_or(Value::Null, |row| {
            let cell = |(field, value): &(FieldId, Option<Cow<'_, str>>)| {
                let counted = row.counted.iter().find(|(f, _)| f == field);
                let value = counted.map_or_else(|| json!(value), |(_, counts)| json!({ "count": counts }));
                (field_name(row.category, *field).to_owned(), value)
            };
            let cells: Map<String, Value> = row.cells.iter().map(cell).collect();
            json!({ "clause": row.clause, "purpose": row.purpose, "handling": row.handling, "cells": cells })
        });
        (key(agreement, recipient).to_owned(), answer)
    };
    let recipients = agreement.partners().map(|(id, _)| id).zip(scene.facts.iter().copied());
    Value::Object(recipients.map(one).collect())
}

/// The oracle's process; `None` when there is no Python here, which a test command installs.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn oracle() -> Option<Child> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle/decide.py");
    let child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    if child.is_err() {
        assert!(env::var("CI").as_deref() != Ok("true"), "python3 is missing");
        eprintln!("skipped: python3 is missing; scripts/test installs it");
    }
    child.ok()
}

#[test]
fn clause_5_2_2_another_reading_in_another_language_decides_the_same() {
    let asked = env::var("LOCKGATE_DIFFERENTIAL").unwrap_or_else(|_| "12x60".into());
    let (asked, first) = asked.split_once('@').unwrap_or((&asked, "0"));
    let (agreements, records) = asked.split_once('x').expect("AGREEMENTSxRECORDS");
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let (agreements, records, first) = (number(agreements), number(records), number(first));
    let Some(mut child) = oracle() else { return };
    let (mut to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut from = BufReader::new(from);
    let (mut opened, mut cells) = (0u64, 0u64);
    for seed in first..first + agreements {
        let mut random = Random(seed);
        let (agreement, head) = agreement(&mut random);
        writeln!(to, "{head}").expect("the oracle listens");
        for at in 0..records {
            let scene = scene(&mut random, &agreement);
            let person = Person::new(PersonId(7), vec![]);
            let gate = Gate::new(&agreement, &SCHEMA, &scene.registers, &KEYS, scene.as_of);
            let case = told(&scene, &agreement, &gate, &person);
            writeln!(to, "{case}").expect("the oracle listens");
            let mut line = String::new();
            from.read_line(&mut line).expect("the oracle answers");
            let theirs: Value = serde_json::from_str(&line).expect("the oracle answers in JSON");
            let ours = decided(&scene, &agreement, &gate, &person);
            assert!(
                ours == theirs,
                "agreement {seed}, record {at}\ncase {case}\ngate   {ours}\noracle {theirs}"
            );
            for row in ours.as_object().expect("recipients").values().filter(|v| !v.is_null()) {
                opened += 1;
                cells += row["cells"].as_object().expect("cells").len() as u64;
            }
        }
    }
    drop(to);
    assert!(child.wait().expect("it ends").success());
    // Random cases that all end in nothing would show nothing.
    let all = agreements * records * 8;
    assert!(opened * 20 > all && cells > opened, "{opened} of {all} decisions gave {cells} cells");
}
