//! What random inputs ask of every parser of the product: one body for each, and where to begin.
//!
//! A body gets any bytes. It panics when a promise does not hold, and else gives a word about how the
//! input was taken: inputs taken in a new way are mutated further. The runner is `main`; `fuzz/libfuzzer`
//! runs the same bodies under libFuzzer.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a body says by a panic that a promise does not hold"
)]

pub mod answers;
pub mod files;
pub mod linking;
pub mod mutate;
pub mod parts;
pub mod reading;
pub mod sealed;
pub mod seeds;
pub mod stored;

use std::hash::{DefaultHasher, Hash, Hasher};

/// One parser under test.
pub struct Target {
    /// Its word on the command line.
    pub name: &'static str,
    /// What is asked of any bytes.
    pub body: fn(&[u8]) -> u64,
    /// Inputs to begin with, of the repository's own files.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that mean something in this grammar.
    pub words: &'static [&'static [&'static str]],
    /// Whether an input is a zip behind its first byte, and is changed inside its parts.
    pub zipped: bool,
}

/// A target whose input is text or plain bytes.
const fn plain(
    name: &'static str,
    body: fn(&[u8]) -> u64,
    seeds: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static [&'static str]],
) -> Target {
    Target { name, body, seeds, words, zipped: false }
}

/// All targets; the order in which they run.
pub const TARGETS: &[Target] = &[
    plain("csv", |b| reading::body("csv", b), || seeds::format("csv"), &[mutate::CSV, mutate::VALUES]),
    plain(
        "fixed_width",
        |b| reading::body("fixed_width", b),
        || seeds::format("fixed_width"),
        &[mutate::CSV, mutate::VALUES],
    ),
    Target {
        name: "xlsx",
        body: |b| reading::body("xlsx", b),
        seeds: || seeds::format("xlsx"),
        words: &[mutate::XML, mutate::SHEET],
        zipped: true,
    },
    Target {
        name: "ods",
        body: |b| reading::body("ods", b),
        seeds: || seeds::format("ods"),
        words: &[mutate::XML, mutate::SHEET],
        zipped: true,
    },
    plain("xml", |b| reading::body("xml", b), || seeds::format("xml"), &[mutate::XML, mutate::VALUES]),
    plain("json", |b| reading::body("json", b), || seeds::format("json"), &[mutate::JSON, mutate::VALUES]),
    plain("jsonl", |b| reading::body("jsonl", b), || seeds::format("jsonl"), &[mutate::JSON, mutate::VALUES]),
    plain("settings", files::settings, seeds::settings, &[mutate::TOML]),
    plain("schema", files::schema, seeds::schema, &[mutate::TOML]),
    plain("code_list", files::code_list, seeds::code_lists, &[mutate::CSV, mutate::VALUES]),
    plain("mapping", files::mapping, seeds::mappings, &[mutate::TOML, mutate::VALUES]),
    plain("agreement", files::agreement, seeds::agreement, &[mutate::TOML]),
    plain("ledger", stored::ledger, seeds::ledger, &[]),
    plain("holdings", stored::holdings, seeds::holdings, &[]),
    plain("row_memory", stored::row_memory, seeds::row_memory, &[]),
    plain("chapter", stored::chapter, seeds::chapter, &[]),
    plain("spool", stored::spool, seeds::spool, &[]),
    plain("packed_row", stored::packed_row, seeds::ledger, &[]),
    Target {
        name: "bundle",
        body: sealed::bundle,
        seeds: sealed::bundle_seeds,
        words: &[mutate::JSON, mutate::VALUES],
        zipped: true,
    },
    plain("signers", sealed::signers, sealed::signers_seeds, &[mutate::VALUES]),
    plain(
        "receipts",
        answers::receipts,
        answers::receipts_seeds,
        &[mutate::CSV, mutate::JSON, mutate::VALUES],
    ),
    plain("link", linking::people, linking::people_seeds, &[mutate::CSV, mutate::VALUES]),
    plain("link_model", linking::model, linking::model_seeds, &[mutate::JSON, mutate::VALUES]),
    plain("checkpoint", answers::checkpoint, answers::checkpoint_seeds, &[mutate::VALUES]),
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// A word about how an input was taken.
pub(crate) fn sign(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A code that `lockgate explain` knows.
pub(crate) fn known(code: &str) {
    assert!(lockgate::codes::all().any(|doc| doc.code == code), "`explain` does not know {code}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_taken_as_it_should() {
        for target in TARGETS {
            let signs: Vec<u64> = (target.seeds)().iter().map(|seed| (target.body)(seed)).collect();
            assert!(signs.iter().any(|sign| *sign != 0), "{} has no seed that reads", target.name);
        }
    }

    #[test]
    fn every_format_has_a_target_of_its_name() {
        for kind in lockgate_connectors::FORMATS {
            assert!(target(kind.name).is_some(), "{}", kind.name);
        }
    }

    #[test]
    fn mutation_repeats_with_its_seed_and_differs_without() {
        for target in TARGETS {
            let corpus = (target.seeds)();
            let inputs = |seed| {
                let mut random = fastrand::Rng::with_seed(seed);
                (0..20).map(|_| mutate::next(&mut random, target, &corpus)).collect::<Vec<_>>()
            };
            assert_eq!(inputs(1), inputs(1), "{}", target.name);
            assert_ne!(inputs(1), inputs(2), "{}", target.name);
        }
    }
}
