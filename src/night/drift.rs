//! Drift of a feed's columns: missing, standing twice, new. What is likely a new name of a missing column is said
//! beside it; nothing is taken on a guess.

use lockgate_connectors::ReadError;
use lockgate_core::mapping::{HeaderFault, Mapping};
use lockgate_core::problem::Problem;

/// A broken file in the words of the feed.
pub(super) fn broken(mapping: &Mapping, fault: &ReadError) -> Problem {
    let problem = fault.problem(mapping.name());
    match advice(mapping, &fault.lacks, &fault.spare) {
        Some(advice) => problem.help(advice),
        None => problem,
    }
}

/// What to do about missing columns of which the file seems to have the new names.
fn advice(mapping: &Mapping, missing: &[String], spare: &[String]) -> Option<String> {
    let pairs = mapping.renamed(missing, spare);
    let each = pairs.iter().map(|(old, new)| format!("`{new}` may be the new name of `{old}`"));
    let what = each.reduce(|all, one| format!("{all}, {one}"))?;
    Some(format!(
        "{what}: ask the partner; if so, add it to the column's `header` texts and release the file"
    ))
}

/// The header of a file does not fit.
pub(super) fn header(mapping: &Mapping, fault: &HeaderFault) -> Vec<Problem> {
    let missing = fault.missing.iter().map(|name| {
        let help = advice(mapping, std::slice::from_ref(name), &fault.spare);
        let other = || "if the partner renamed it, add the new name to the column's `header` list".into();
        Problem::new("LG1310", format!("the file has no column `{name}`, which the mapping needs"))
            .in_data(mapping.name(), None, Some(name))
            .help(help.unwrap_or_else(other))
    });
    let twice = fault.twice.iter().map(|name| {
        Problem::new("LG1311", format!("the file has the column `{name}` twice"))
            .in_data(mapping.name(), None, Some(name))
            .help("ask the partner which of the two is meant; nothing is guessed")
    });
    missing.chain(twice).collect()
}

/// Columns of the file that the mapping does not know; `absent` are optional ones that the file does not have.
pub(super) fn unknown(mapping: &Mapping, unknown: &[String], absent: &[String]) -> Vec<Problem> {
    let renamed = mapping.renamed(absent, unknown);
    let one = |name: &String| {
        let old = renamed.iter().find(|(_, new)| new == name).map(|(old, _)| old);
        let help = old.map_or_else(
            || "map it, or list it under `ignore`".into(),
            |old| {
                format!(
                    "the file has no `{old}`: if this is its new name, add it to that column's `header` texts"
                )
            },
        );
        Problem::new(
            "LG1312",
            format!("the file has a column `{name}` that the mapping does not know; it was not read"),
        )
        .in_data(mapping.name(), None, Some(name))
        .help(help)
    };
    unknown.iter().map(one).collect()
}
