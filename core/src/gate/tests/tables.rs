//! The agreement read a second time: plain TOML tables, and what they allow in a stated situation.
//!
//! Shares no code with the gate or the compiled table: words in, fields out.

use crate::agreement::delivered::{Texts, texts};
use std::collections::{BTreeMap, BTreeSet};
use std::prelude::v1::*;
use std::sync::LazyLock;
use toml::{Table, Value};

/// The files as tables.
pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::read(&texts()));

/// How a field leaves: `whole`, or the word of a reduction.
pub(super) type Opened = BTreeMap<String, String>;

pub(super) struct Tables {
    partners: Table,
    categories: Table,
    handling: Table,
    entitlements: BTreeMap<String, Table>,
}

/// What holds when a record is decided about.
pub(super) struct Situation<'a> {
    pub(super) recipient: &'a str,
    pub(super) category: &'a str,
    pub(super) originator: &'a str,
    /// Conditions that hold.
    pub(super) held: &'a [&'a str],
    /// The record's dissemination code, where its category has one.
    pub(super) code: Option<&'a str>,
    /// Kinds of authority that stand, each for every field.
    pub(super) authorities: &'a BTreeSet<&'static str>,
    /// Whether they state conditions that travel with the row.
    pub(super) conditions_stated: bool,
}

pub(super) fn words(value: Option<&Value>) -> Vec<&str> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.map(|v| v.as_str().expect("a word")).collect()
}

impl Tables {
    fn read(texts: &Texts) -> Self {
        let read = |name: &str| texts[name].parse::<Table>().expect("reads");
        let names = texts.keys().filter_map(|n| n.strip_prefix("entitlements/"));
        let entitlements = names.map(|name| {
            let key = name.trim_end_matches(".toml").to_owned();
            (key, read(&std::format!("entitlements/{name}")))
        });
        let agreement = read("agreement.toml");
        Self {
            partners: agreement["partner"].as_table().expect("partners").clone(),
            categories: read("categories.toml"),
            handling: read("handling.toml"),
            entitlements: entitlements.collect(),
        }
    }

    /// The grant of a category to a recipient, as it stands in the file.
    pub(super) fn grant(&self, recipient: &str, category: &str) -> Option<&Table> {
        self.entitlements[recipient].get(category).and_then(Value::as_table)
    }

    fn clause(&self, category: &str, originator: &str) -> Option<&str> {
        self.categories[category]["clause"].get(originator).and_then(Value::as_str)
    }

    /// The handling rules of a category.
    pub(super) fn handling(&self, category: &str) -> &Table {
        let code = self.categories[category]["handling"].as_str().expect("a code");
        self.handling["handling"][code].as_table().expect("a handling code")
    }

    fn dissemination(&self, code: &str) -> Option<&Table> {
        let schemes = self.handling["dissemination"].as_table().expect("schemes");
        schemes.values().find_map(|scheme| scheme.get(code)).and_then(Value::as_table)
    }

    /// Every dissemination code that some scheme lists.
    pub(super) fn codes(&self) -> Vec<&str> {
        let schemes = self.handling["dissemination"].as_table().expect("schemes");
        schemes.values().filter_map(Value::as_table).flat_map(|s| s.keys().map(String::as_str)).collect()
    }

    /// Fields that leave, and how; empty when the row does not leave. `never` says of a field that only an
    /// authority opens it (text, another person, a file); `graded` that the category has a dissemination code.
    pub(super) fn opened(&self, s: &Situation<'_>, graded: bool, never: impl Fn(&str) -> bool) -> Opened {
        self.row(s, graded, never).unwrap_or_default()
    }

    fn row(&self, s: &Situation<'_>, graded: bool, never: impl Fn(&str) -> bool) -> Option<Opened> {
        let grant = self.grant(s.recipient, s.category)?;
        let clause = self.clause(s.category, s.originator)?;
        if s.originator == s.recipient || !words(grant.get("clause")).contains(&clause) {
            return None;
        }
        if !words(grant.get("when")).iter().all(|word| s.held.contains(word)) {
            return None;
        }
        let handling = self.handling(s.category);
        let released = if graded { self.released(s)? } else { false };
        let has = |kind: &str| s.authorities.contains(kind) || (kind == "nim" && released);
        let mut out = Opened::new();
        if handling["standing"].as_bool() == Some(true) {
            for field in words(grant.get("fields")) {
                out.insert(field.into(), "whole".into());
            }
            for (field, how) in grant.get("reduce").and_then(Value::as_table).into_iter().flatten() {
                out.insert(field.clone(), how.as_str().expect("a word").into());
            }
            out.retain(|field, _| !never(field));
        }
        if let Some(ceiling) = grant.get("on_authority").and_then(Value::as_table) {
            let (all, any) = (words(ceiling.get("all")), words(ceiling.get("any")));
            let needs = words(handling.get("needs_all"));
            let one_of = words(handling.get("needs_any"));
            let met = |kinds: &[&str]| kinds.is_empty() || kinds.iter().any(|k| has(k));
            if all.iter().chain(&needs).all(|k| has(k)) && met(&any) && met(&one_of) {
                for field in words(ceiling.get("fields")) {
                    out.insert(field.into(), "whole".into());
                }
            }
        }
        Some(out)
    }

    /// What the dissemination code says: `Some(true)` free, `Some(false)` with the authority that stands,
    /// `None` withheld.
    fn released(&self, s: &Situation<'_>) -> Option<bool> {
        let rule = self.dissemination(s.code?)?;
        let class = self.partners[s.recipient]["class"].as_str().expect("a class");
        let nim = s.authorities.contains("nim");
        let carries = rule.get("carry_conditions").and_then(Value::as_bool) == Some(true);
        if carries && !(nim && s.conditions_stated) {
            return None;
        }
        if words(rule.get("classes")).contains(&class) {
            return Some(true);
        }
        (words(rule.get("on_authority")).contains(&class) && nim).then_some(false)
    }
}
