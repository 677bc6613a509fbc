//! Drift of a feed's columns: missing, standing twice, new, retyped. What is likely a new name of a missing column, or
//! the new form of a retyped one, is said beside it; nothing is taken on a guess.

use lockgate_connectors::ReadError;
use lockgate_core::check::Verdict;
use lockgate_core::mapping::{Change, Drifted, Form, HeaderFault, Mapping, Profile};
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

/// Columns that the mapping does not know, of a file of which no row could be used: what they are called may be anything.
pub(super) fn unnamed(mapping: &Mapping, count: usize) -> Vec<Problem> {
    let what = format!("the header has {count} texts that the mapping does not know, and no row fits it");
    let help = "look at the first line of the file: does the header's line end where it should?";
    let one = Problem::new("LG1312", what).in_data(mapping.name(), None, None).help(help);
    if count > 0 { vec![one] } else { Vec::new() }
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

/// Compares what a file's columns show with what the feed's files showed before, and adds what is found to the
/// file's verdict. `profile` becomes what the next file is compared with.
pub(super) fn columns(
    mapping: &Mapping,
    before: Option<&Profile>,
    profile: &mut Profile,
    found: Verdict,
) -> Verdict {
    let drifted = before.map(|before| mapping.drifted(before, profile)).unwrap_or_default();
    let (holding, told): (Vec<_>, Vec<_>) = drifted.iter().partition(|d| d.holds);
    let problems = |all: &[&Drifted<'_>]| all.iter().map(|d| retyped(mapping, d)).collect::<Vec<_>>();
    let verdict = match found {
        Verdict::Accepted(warnings) if holding.is_empty() => {
            Verdict::Accepted([problems(&told), warnings].concat())
        }
        Verdict::Accepted(_) => Verdict::Held(problems(&holding)),
        Verdict::Held(reasons) => {
            let reasons = reasons.into_iter().map(|reason| with_worst(mapping, profile, reason)).collect();
            Verdict::Held([problems(&holding), reasons].concat())
        }
    };
    let words: Vec<&str> = drifted.iter().map(|d| d.word).collect();
    *profile = std::mem::take(profile).after(before, &words);
    verdict
}

/// Too many faulty rows: in which column most of them are, and what stands there.
fn with_worst(mapping: &Mapping, profile: &Profile, reason: Problem) -> Problem {
    let Some((header, code, form)) = mapping.worst(profile).filter(|_| reason.code == "LG1304") else {
        return reason;
    };
    let looks = form.map(|f| format!("; its values look like {}", looks(f))).unwrap_or_default();
    reason.help(format!("most faults are in column `{header}` ({code}){looks}"))
}

fn looks(form: Form) -> &'static str {
    form.words().trim_start_matches("dates like ")
}

/// A column that is not what it was: what it was, what it is, and what to do.
fn retyped(mapping: &Mapping, drifted: &Drifted<'_>) -> Problem {
    let Drifted { header, how, .. } = drifted;
    let now = |form: &Option<Form>| form.map_or("values of several forms", Form::words);
    let (code, what) = match how {
        Change::Form { was, now: is } => {
            ("LG1314", format!("column `{header}` was retyped: {} before, {} now", was.words(), now(is)))
        }
        Change::Faults { faults, read, code, now: is } => (
            "LG1314",
            format!(
                "column `{header}` was retyped: {faults} of {read} values do not read any more ({code}); they are {} now",
                now(is)
            ),
        ),
        Change::Emptied => {
            ("LG1314", format!("column `{header}` was retyped: it held values before and holds none now"))
        }
        Change::Filled => {
            ("LG1314", format!("column `{header}` was retyped: it was always empty and holds values now"))
        }
        Change::Missing => {
            ("LG1315", format!("the file has no column `{header}`, which the feed's files had before"))
        }
    };
    Problem::new(code, what).in_data(mapping.name(), None, Some(header)).help(remedy(mapping, drifted))
}

fn remedy(mapping: &Mapping, drifted: &Drifted<'_>) -> String {
    let release = format!("`lockgate feed release {} --reason …`", mapping.name());
    let months_first = |form: &Form| *form == Form::MonthFirst;
    match drifted.how {
        _ if !drifted.holds => "every value reads, so the file is taken; ask the partner what changed".into(),
        Change::Form { now: Some(form), .. } | Change::Faults { now: Some(form), .. }
            if months_first(&form) =>
        {
            "no mapping reads the month first: ask the partner to send the day first again".into()
        }
        Change::Emptied => {
            format!(
                "ask the partner; {release} lets the file in and takes the values back from their recipients"
            )
        }
        Change::Missing => format!(
            "if the partner renamed it, add the new name to its `header` texts; if it is no longer sent, {release} \
             lets the file in and takes its values back from their recipients"
        ),
        _ => match drifted.how.pattern() {
            Some(pattern) => {
                format!(
                    "ask the partner; if it is meant, say `date = \"{pattern}\"` in the mapping, then {release}"
                )
            }
            None => format!("ask the partner what stands there now; mend the mapping, then {release}"),
        },
    }
}
