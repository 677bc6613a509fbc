//! Every clause of the agreement and its place: what the software does about it, what stays with people, which tests
//! show it. `clauses.toml` is no part of what the partners sign, so its digest is not part of the agreement's.

use super::Agreement;
use super::syntax::{Table, Word};
use crate::problem::Problem;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// `clauses.toml`: clause → its place, in the order of the agreement.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct ClausesDraft(pub Table<ClauseDraft>);

/// One clause's place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseDraft {
    /// What the clause asks, in a few words.
    pub asks: String,
    /// What the software does about it.
    pub state: ClauseState,
    /// How it does it.
    pub by: String,
    /// What stays with people, or is not built yet.
    pub left: Option<String>,
    /// The tests that show it, by the names of their functions.
    #[serde(default)]
    pub tests: Vec<Word>,
}

/// What the software does about a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseState {
    /// What the clause forbids cannot be done with the software.
    Enforced,
    /// The software keeps a record by which it can be shown.
    Recorded,
    /// The software tells people in time.
    Reminded,
    /// The software answers when asked.
    Reported,
    /// Nothing: it is done by people, or not built yet.
    Outside,
}

impl ClauseState {
    /// The word used in files and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Recorded => "recorded",
            Self::Reminded => "reminded",
            Self::Reported => "reported",
            Self::Outside => "outside",
        }
    }
}

/// One clause of the agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its number, such as `5.1.6.i`.
    pub number: String,
    /// What it asks.
    pub asks: String,
    /// What the software does.
    pub state: ClauseState,
    /// How.
    pub by: String,
    /// What stays with people, or is not built yet.
    pub left: Option<String>,
    /// The tests that show it.
    pub tests: Vec<String>,
}

/// The beginning of the names of a clause's tests: `clause_5_1_6_i_` for 5.1.6.i.
pub fn test_prefix(clause: &str) -> String {
    format!("clause_{}_", clause.replace('.', "_"))
}

/// Checks the clauses against the agreement: every paragraph under which a partner shares has its place, and what is
/// said to be enforced has a test named after it.
pub fn build(file: &str, draft: &ClausesDraft, agreement: &Agreement) -> Result<Vec<Clause>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut fault = |word: &Word, what: String, help: &str| {
        problems.push(Problem::new("LG0309", what).in_config(file, word.span()).help(help));
    };
    for (number, clause) in &draft.0.0 {
        let name = number.get_ref();
        if !well_formed(name) {
            fault(number, format!("`{name}` is not the number of a clause"), "write it as in `5.1.6.i`");
        }
        let prefix = test_prefix(name);
        let named = clause.tests.iter().any(|t| t.get_ref().starts_with(&prefix));
        if clause.state == ClauseState::Enforced && !named {
            fault(
                number,
                format!("clause `{name}` is said to be enforced, and no test is named after it"),
                "write a test whose name begins with the clause, or say what the software really does",
            );
        }
    }
    let known = |number: &str| draft.0.0.iter().any(|(n, _)| n.get_ref() == number);
    for (_, partner) in agreement.partners() {
        for shared in partner.shares.iter().filter(|s| !known(s)) {
            let what = format!("clause `{shared}`, under which `{}` shares, has no place here", partner.key);
            problems.push(Problem::new("LG0309", what).in_config(file, 0..0));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let one = |(number, clause): &(Word, ClauseDraft)| Clause {
        number: number.get_ref().clone(),
        asks: clause.asks.clone(),
        state: clause.state,
        by: clause.by.clone(),
        left: clause.left.clone(),
        tests: clause.tests.iter().map(|t| t.get_ref().clone()).collect(),
    };
    Ok(draft.0.0.iter().map(one).collect())
}

/// Numbers with points between them; the last part may be a roman number.
fn well_formed(number: &str) -> bool {
    let mut parts: Vec<&str> = number.split('.').collect();
    let roman = |part: &str| !part.is_empty() && part.chars().all(|c| "ivx".contains(c));
    if parts.len() > 1 && parts.last().is_some_and(|p| roman(p)) {
        parts.pop();
    }
    parts.iter().all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::super::delivered::{AGREEMENT, root};
    use super::*;
    use std::prelude::v1::*;

    fn built(change: impl Fn(String) -> String) -> Result<Vec<Clause>, Vec<Problem>> {
        let text = std::fs::read_to_string(root().join("agreement/clauses.toml")).expect("text");
        let draft: ClausesDraft = toml::from_str(&change(text)).expect("it reads");
        build("clauses.toml", &draft, &AGREEMENT)
    }

    fn refused(change: impl Fn(String) -> String, words: &str) {
        let found = built(change).expect_err("refused");
        assert!(found.iter().any(|p| p.code == "LG0309" && p.what.contains(words)), "{found:?}");
    }

    #[test]
    fn the_delivered_clauses_hold() {
        let clauses = built(|t| t).expect("holds");
        assert!(AGREEMENT.partners().flat_map(|(_, p)| &p.shares).count() == 40 && clauses.len() > 80);
    }

    #[test]
    fn an_enforced_clause_has_a_test_of_its_name() {
        refused(|t| t.replace("clause_5_1_6_vi_", "clause_5_1_6_v_"), "`5.1.6.vi` is said to be enforced");
    }

    #[test]
    fn every_paragraph_has_its_place() {
        refused(|t| t.replace("[\"5.1.6.vi\"]", "[\"5.1.6.vii\"]"), "clause `5.1.6.vi`");
        refused(|t| t.replace("[\"12.2\"]", "[\"12.b\"]"), "`12.b` is not the number");
    }
}
