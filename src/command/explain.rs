//! `lockgate explain CODE`: what a message code means and what to do.

use super::Voice;
use crate::exit::Exit;
use crate::report;
use anyhow::Result;
use lockgate_core::problem::{self, CodeDoc};
use serde::Serialize;

/// All codes of all rooms, as `explain` knows them.
pub fn codes() -> impl Iterator<Item = &'static CodeDoc> {
    problem::codes()
        .chain(lockgate_connectors::CODES)
        .chain(crate::config::CODES)
        .chain(crate::store::CODES)
        .chain(crate::vault::CODES)
}

#[derive(Serialize)]
struct CodeJson<'a> {
    code: &'a str,
    title: &'a str,
    explanation: &'a str,
}

/// Prints the explanation of one code.
pub(super) fn explain(voice: Voice, code: &str) -> Result<Exit> {
    let wanted = code.to_ascii_uppercase();
    let Some(doc) = codes().find(|c| c.code == wanted) else {
        anstream::eprintln!("error: `{code}` is not a message code");
        if let Some(near) = problem::nearest(&wanted, codes().map(|c| c.code)) {
            anstream::eprintln!("  help: did you mean `{near}`?");
        }
        return Ok(Exit::Usage);
    };
    if voice.json {
        report::json(&CodeJson { code: doc.code, title: doc.title, explanation: doc.explanation });
    } else {
        report::line(&format!("{}: {}\n\n{}", doc.code, doc.title, doc.explanation));
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once() {
        let mut all: Vec<&str> = codes().map(|c| c.code).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a code stands twice");
        assert!(codes().all(|c| c.explanation.len() >= 30 && !c.title.is_empty()));
    }
}
