//! The gate against the delivered agreement and schema. People and places are invented.

pub(super) mod altered;
mod clauses;
mod clauses_by_partner;
mod conditions;
mod differential;
mod exhaustive;
mod mutation;
mod nearest;
mod precedence;
mod properties;
mod registers;
mod second_reading;
mod tables;

use super::{Disclosed, Disclosures, Facts, Gate, Registers};
use crate::agreement::delivered::{AGREEMENT, SCHEMA};
use crate::agreement::{Agreement, PartnerId};
use crate::link::Person;
use crate::record::{Fields, IdentityId, PersonId, Record, RecordId, VersionHead};
use crate::schema::{CategoryId, FieldId, Kind};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::prelude::v1::*;
use std::sync::LazyLock;

/// The day of most scenes.
const TODAY: Date = date(2008, 11, 17);
const ADULT: &str = "1980-05-05";
const YOUNG: &str = "1993-02-03";
/// Turned 17 in the summer.
const SEVENTEEN: &str = "1991-07-09";

static KEYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    AGREEMENT.partners().map(|(_, p)| std::format!("key of {}", p.key).into_bytes()).collect()
});

fn partner(key: &str) -> PartnerId {
    AGREEMENT.partner(key).expect("partner")
}

fn category(name: &str) -> CategoryId {
    SCHEMA.category(name).expect(name)
}

fn field(category_name: &str, name: &str) -> FieldId {
    SCHEMA.get(category(category_name)).and_then(|c| c.field(name)).expect(name)
}

/// One person, one day, the registers.
struct Scene {
    agreement: &'static Agreement,
    registers: Registers,
    as_of: Date,
    person: Person,
}

/// A disclosed row, by names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    category: String,
    originator: String,
    clause: String,
    purpose: String,
    handling: String,
    record_ref: String,
    person_ref: String,
    version: u32,
    cells: BTreeMap<String, Option<String>>,
}

impl Shown {
    /// The value of a field; `None` when it is not among the cells or holds nothing.
    fn value(&self, field: &str) -> Option<&str> {
        self.cells.get(field)?.as_deref()
    }

    fn fields(&self) -> Vec<&str> {
        self.cells.keys().map(String::as_str).collect()
    }
}

fn shown(disclosed: &Disclosed) -> Shown {
    let rule = SCHEMA.get(disclosed.category()).expect("category");
    let cells = disclosed.cells();
    Shown {
        category: rule.name.clone(),
        originator: AGREEMENT.get(disclosed.originator()).expect("partner").key.clone(),
        clause: disclosed.clause().into(),
        purpose: disclosed.purpose().into(),
        handling: disclosed.handling().into(),
        record_ref: disclosed.record_ref().into(),
        person_ref: disclosed.person_ref().into(),
        version: disclosed.version(),
        cells: cells.map(|(f, v)| (rule.get(f).expect("field").name.clone(), v.map(Into::into))).collect(),
    }
}

impl Scene {
    /// A person of the cohort about whom nothing else is known.
    fn designated() -> Self {
        let mut scene = Self {
            agreement: &AGREEMENT,
            registers: Registers::default(),
            as_of: TODAY,
            person: Person::new(PersonId(7), Vec::new()),
        };
        scene.add("wyp", "cohort", &[("designation", "ppo"), ("from", "2008-11-01")]);
        scene
    }

    /// A designated person with one filled record of every category from every owner, for whom the
    /// conditions that can hold together do.
    fn full(birth: &str) -> Self {
        let mut scene = Self::designated();
        for (id, rule) in SCHEMA.categories().filter(|(_, c)| !c.internal) {
            for (owner, partner) in AGREEMENT.partners() {
                if AGREEMENT.clause(owner, id).is_some() {
                    let values: Vec<(&str, String)> = rule
                        .fields
                        .iter()
                        .map(|f| (f.name.as_str(), filler(&rule.name, &f.name, birth)))
                        .collect();
                    let values: Vec<(&str, &str)> = values.iter().map(|(f, v)| (*f, v.as_str())).collect();
                    scene.add(&partner.key, &rule.name, &values);
                }
            }
        }
        for provider in ["disc", "cri"] {
            scene.add(provider, "caseload", &[("kind", "treatment"), ("from", "2008-11-01")]);
        }
        scene.add("hmps", "custody_movement", &[("moved_on", "2008-11-12"), ("direction", "in")]);
        scene
    }

    fn add(&mut self, originator: &str, category_name: &str, values: &[(&str, &str)]) -> RecordId {
        let id = RecordId(100 + self.person.records.len() as u128);
        let rule = SCHEMA.get(category(category_name)).expect("category");
        let known = |name: &&str| rule.field(name).is_some();
        assert!(values.iter().all(|(name, _)| known(name)), "a field of {category_name}");
        let mut fields = Fields::new();
        for listed in &rule.fields {
            fields.push(values.iter().find(|(name, _)| *name == listed.name).map(|(_, v)| *v));
        }
        let head = VersionHead {
            id,
            number: 3,
            identity: IdentityId(1),
            originator: partner(originator),
            category: category(category_name),
            as_of: TODAY,
            cancelled: false,
            restricted: false,
        };
        self.person.records.push(Record { head, fields });
        id
    }

    fn record(&mut self, id: RecordId) -> &mut Record {
        self.person.records.iter_mut().find(|r| r.head.id == id).expect("record")
    }

    /// The first record of a category from an originator.
    fn find(&self, originator: &str, category_name: &str) -> RecordId {
        let (originator, category) = (partner(originator), category(category_name));
        let mut found = self.person.records.iter().map(|r| &r.head);
        found.find(|h| h.originator == originator && h.category == category).expect("record").id
    }

    /// Replaces one value.
    fn set(&mut self, id: RecordId, name: &str, value: Option<&str>) {
        let record = self.record(id);
        let at = SCHEMA.get(record.head.category).and_then(|c| c.field(name)).expect(name);
        let old: Vec<Option<String>> = record.fields.iter().map(|v| v.map(Into::into)).collect();
        let mut fields = Fields::new();
        for (i, v) in old.iter().enumerate() {
            fields.push(if i == usize::from(at.0) { value } else { v.as_deref() });
        }
        record.fields = fields;
    }

    /// Replaces a value in every record of a category.
    fn set_all(&mut self, category_name: &str, name: &str, value: Option<&str>) {
        let wanted = category(category_name);
        let heads = self.person.records.iter().map(|r| r.head);
        let ids: Vec<RecordId> = heads.filter(|h| h.category == wanted).map(|h| h.id).collect();
        for id in ids {
            self.set(id, name, value);
        }
    }

    fn gate(&self) -> Gate<'_> {
        Gate::new(self.agreement, &SCHEMA, &self.registers, &KEYS, self.as_of)
    }

    fn facts(&self) -> Facts {
        self.gate().facts(&self.person)
    }

    fn disclose(&self, recipient: &str) -> Disclosures<'_> {
        self.gate().disclose(&self.person, &self.facts(), partner(recipient))
    }

    /// Every row that a recipient gets.
    fn rows(&self, recipient: &str) -> Vec<Shown> {
        self.disclose(recipient).disclosed.iter().map(shown).collect()
    }

    /// The rows of a category that a recipient gets.
    fn rows_of(&self, recipient: &str, category: &str) -> Vec<Shown> {
        self.rows(recipient).into_iter().filter(|r| r.category == category).collect()
    }

    /// The one row of a category that a recipient gets.
    #[track_caller]
    fn row(&self, recipient: &str, category: &str) -> Shown {
        let mut rows = self.rows_of(recipient, category);
        assert_eq!(rows.len(), 1, "{recipient} {category}");
        rows.remove(0)
    }

    /// The recipients that get a row of a category, in the agreement's order.
    fn recipients_of(&self, category: &str) -> Vec<&'static str> {
        let keys = AGREEMENT.partners().map(|(_, p)| p.key.as_str());
        keys.filter(|key| !self.rows_of(key, category).is_empty()).collect()
    }

    /// The recipients that get a value of a field.
    fn recipients_of_field(&self, category: &str, field: &str) -> Vec<&'static str> {
        let keys = AGREEMENT.partners().map(|(_, p)| p.key.as_str());
        keys.filter(|key| self.rows_of(key, category).iter().any(|r| r.value(field).is_some())).collect()
    }
}

/// A plausible value for a field, so chosen that spans contain the day.
fn filler(category_name: &str, name: &str, birth: &str) -> String {
    let listed =
        SCHEMA.get(category(category_name)).and_then(|c| c.get(field(category_name, name))).expect("field");
    let fixed = match (category_name, name) {
        (_, "end_date" | "until" | "expires_on" | "left_on") => "2009-03-01",
        ("release_projection", "projected_date") => "2008-11-30",
        ("release_projection", "basis") => "CRD",
        ("prison_release", "release_type") => "hdc",
        ("asb_complaint", "status") => "open",
        ("asb_court_action", "stage") | ("licence_conditions", "status") => "current",
        ("police_intelligence", "nim_code") => "1",
        ("licence_conditions", "condition") => "reside",
        ("conviction_history" | "arrest", "offence") => "CJ88001",
        ("action_plan", "lead_agency") => "g4s",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.into();
    }
    let code = || {
        let list = SCHEMA.list_of(category(category_name), field(category_name, name)).expect("list");
        list.codes().next().expect("a code").to_owned()
    };
    match listed.kind {
        Kind::Code => code(),
        Kind::Dob => birth.into(),
        Kind::Date => "2008-11-10".into(),
        Kind::DateTime => "2008-11-10T09:30:00Z".into(),
        Kind::Flag => "true".into(),
        Kind::Number => "3".into(),
        Kind::Money => "10.00".into(),
        Kind::Postcode => "LS12 2TJ".into(),
        Kind::Address => "1 Invented Row, Leeds".into(),
        Kind::Name | Kind::Id | Kind::Text | Kind::Person | Kind::File => {
            std::format!("{category_name} {name}")
        }
    }
}
