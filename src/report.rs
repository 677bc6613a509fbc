//! The one place that turns problems into what a person or a program reads.
//!
//! Three styles: coloured snippets on a terminal, plain lines for screen readers and logs, JSON.
//! Standard output is for data; problems go to standard error.

use crate::config::Texts;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use lockgate_core::problem::{Location, Problem};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;

/// Problems of one file beyond this are counted, not printed.
const PER_FILE: usize = 20;

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something does not work until it is mended.
    Error,
    /// It works; somebody should look.
    Warning,
}

impl Severity {
    /// As it is printed.
    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// How problems are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Snippets with carets; colour where the terminal takes it.
    #[default]
    Human,
    /// One line a problem, no drawing: for screen readers, mail and logs.
    Plain,
}

/// A problem as `--json` shows it.
#[derive(Debug, Serialize)]
pub struct ProblemJson<'a> {
    code: &'a str,
    severity: &'static str,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl<'a> ProblemJson<'a> {
    /// The same as a warning.
    #[must_use]
    pub const fn warning(mut self) -> Self {
        self.severity = "warning";
        self
    }

    /// The documented object of a problem.
    pub fn new(problem: &'a Problem, severity: Severity, texts: &Texts) -> Self {
        let mut out = Self {
            code: problem.code,
            severity: severity.word(),
            what: &problem.what,
            why: why(problem),
            file: None,
            line: None,
            column: None,
            feed: None,
            row: None,
            data_column: None,
            help: problem.help.as_deref(),
        };
        match &problem.at {
            Some(Location::Config { file, span }) => {
                let at = texts.line_and_column(file, span.start);
                out.file = Some(file);
                (out.line, out.column) = (at.map(|a| a.0), at.map(|a| a.1));
            }
            Some(Location::Data { feed, row, column }) => {
                out.feed = Some(feed);
                out.row = *row;
                out.data_column = column.as_deref();
            }
            None => {}
        }
        out
    }
}

/// The meaning of a problem's code: why it is one.
fn why(problem: &Problem) -> Option<&'static str> {
    crate::codes::of(problem.code).map(|doc| doc.title)
}

/// What to do; where nothing better is known, where to read about it.
fn advice(problem: &Problem) -> String {
    problem.help.clone().unwrap_or_else(|| format!("`lockgate explain {}` says what to do", problem.code))
}

/// One problem as text.
pub fn render(problem: &Problem, severity: Severity, texts: &Texts, style: Style) -> String {
    match (style, &problem.at) {
        (Style::Human, Some(Location::Config { file, span })) if texts.get(file).is_some() => {
            snippet(problem, severity, file, span.clone(), texts.get(file).unwrap_or_default())
        }
        _ => plain(problem, severity, texts),
    }
}

fn snippet(
    problem: &Problem,
    severity: Severity,
    file: &str,
    span: std::ops::Range<usize>,
    text: &str,
) -> String {
    let level = if severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    // A span may end inside a character; the drawing must not.
    let end = text.ceil_char_boundary(span.end.min(text.len()));
    let start = text.floor_char_boundary(span.start.min(end));
    let shown = Snippet::source(text).path(file).annotation(AnnotationKind::Primary.span(start..end));
    let mut group = level.primary_title(problem.what.as_str()).id(problem.code).element(shown);
    if let Some(why) = why(problem) {
        group = group.element(Level::NOTE.message(why));
    }
    let advice = advice(problem);
    group = group.element(Level::HELP.message(advice.as_str()));
    Renderer::styled().render(&[group])
}

fn plain(problem: &Problem, severity: Severity, texts: &Texts) -> String {
    let word = severity.word();
    let place = match &problem.at {
        Some(Location::Config { file, span }) => match texts.line_and_column(file, span.start) {
            Some((line, column)) => format!("{file}:{line}:{column}: "),
            None => format!("{file}: "),
        },
        Some(Location::Data { feed, row, column }) => {
            let row = row.map(|r| format!(", row {r}")).unwrap_or_default();
            let column = column.as_ref().map(|c| format!(", column `{c}`")).unwrap_or_default();
            format!("feed `{feed}`{row}{column}: ")
        }
        None => String::new(),
    };
    // A problem of the configuration is read by whoever wrote it; one of a partner's data stands in a list of many.
    let more = if matches!(problem.at, Some(Location::Config { .. })) {
        let why = why(problem).map(|w| format!("\n  why: {w}")).unwrap_or_default();
        format!("{why}\n  help: {}", advice(problem))
    } else {
        problem.help.as_ref().map(|h| format!("\n  help: {h}")).unwrap_or_default()
    };
    format!("{word}[{}]: {place}{}{more}", problem.code, problem.what)
}

/// The problems of one file of the configuration, or of one feed's data.
struct Group<'a> {
    place: Option<&'a str>,
    all: Vec<&'a Problem>,
}

impl Group<'_> {
    /// How many are left out.
    fn rest(&self) -> usize {
        self.all.len().saturating_sub(PER_FILE)
    }
}

/// Problems by file or feed, in the order in which each is met first.
fn grouped(problems: &[Problem]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for problem in problems {
        let place = match &problem.at {
            Some(Location::Config { file, .. }) => Some(file.as_str()),
            Some(Location::Data { feed, .. }) => Some(feed.as_str()),
            None => None,
        };
        match groups.iter_mut().find(|g| g.place == place) {
            Some(group) => group.all.push(problem),
            None => groups.push(Group { place, all: vec![problem] }),
        }
    }
    groups
}

/// Prints problems to standard error: those of a file together, capped, with the count of the rest.
pub fn print(problems: &[Problem], severity: Severity, texts: &Texts, style: Style) {
    let mut out = anstream::stderr().lock();
    let groups = grouped(problems);
    for problem in groups.iter().flat_map(|g| g.all.iter().take(PER_FILE)) {
        let _ = writeln!(out, "{}", render(problem, severity, texts, style));
    }
    for group in groups.iter().filter(|g| g.rest() > 0) {
        let place = group.place.map(|f| format!(" in `{f}`")).unwrap_or_default();
        let (rest, hint) = (group.rest(), "run `lockgate explain CODE` for what a code means");
        let _ = writeln!(out, "and {rest} more{place}; {hint}");
    }
}

/// Problems as `--json` shows them (docs/operators.md): those of a file together, capped as on a terminal, and
/// how many of which code each file has.
#[derive(Debug, Default, Serialize)]
pub struct ProblemsJson<'a> {
    /// The problems shown.
    pub problems: Vec<ProblemJson<'a>>,
    /// Each file or feed with its counts, those of problems left out included.
    pub groups: Vec<GroupJson<'a>>,
}

/// One file of the configuration, or one feed, and its problems counted.
#[derive(Debug, Serialize)]
pub struct GroupJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<&'a str>,
    severity: &'static str,
    total: usize,
    shown: usize,
    codes: BTreeMap<&'a str, usize>,
}

impl<'a> ProblemsJson<'a> {
    /// The documented object of problems of one severity.
    pub fn new(problems: &'a [Problem], severity: Severity, texts: &Texts) -> Self {
        let mut out = Self::default();
        out.extend(problems, severity, texts);
        out
    }

    /// Adds problems, of another severity for one.
    pub fn extend(&mut self, problems: &'a [Problem], severity: Severity, texts: &Texts) {
        for group in grouped(problems) {
            let shown = group.all.iter().take(PER_FILE);
            self.problems.extend(shown.map(|p| ProblemJson::new(p, severity, texts)));
            let of_data =
                matches!(group.all.first().and_then(|p| p.at.as_ref()), Some(Location::Data { .. }));
            let (feed, file) = if of_data { (group.place, None) } else { (None, group.place) };
            let mut codes = BTreeMap::new();
            group.all.iter().for_each(|p| *codes.entry(p.code).or_default() += 1);
            let (severity, total) = (severity.word(), group.all.len());
            self.groups.push(GroupJson { file, feed, severity, total, shown: total - group.rest(), codes });
        }
    }
}

/// Prints one line of data to standard output.
pub fn line(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Prints one documented object as JSON to standard output.
pub fn json<T: Serialize>(value: &T) {
    // Our own types always serialise: their keys are strings and their numbers finite.
    if let Ok(text) = serde_json::to_string_pretty(value) {
        line(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let mut texts = Texts::default();
        texts.add("a.toml", "[feed]\nnmae = \"x\"\n".into());
        texts
    }

    #[test]
    fn plain_names_file_line_and_column() {
        let problem =
            Problem::new("LG0102", "unknown key `nmae`").in_config("a.toml", 7..11).suggest("nmae", ["name"]);
        insta::assert_snapshot!(render(&problem, Severity::Error, &texts(), Style::Plain), @r"
        error[LG0102]: a.toml:2:1: unknown key `nmae`
          why: a configuration file does not parse
          help: did you mean `name`?
        ");
    }

    #[test]
    fn data_problems_name_feed_row_and_column() {
        let problem = Problem::new("LG1204", "not a date").in_data("releases", Some(7), Some("DOB"));
        insta::assert_snapshot!(
            render(&problem, Severity::Warning, &texts(), Style::Human),
            @"warning[LG1204]: feed `releases`, row 7, column `DOB`: not a date"
        );
    }

    #[test]
    fn problems_of_a_file_stand_together_and_are_capped_alike_in_both_styles() {
        let of = |file: &str, code| Problem::new(code, "x").in_config(file, 0..0);
        let mut problems = vec![of("b.toml", "LG0102"), of("a.toml", "LG0204"), of("b.toml", "LG0204")];
        problems.extend((0..PER_FILE).map(|_| of("b.toml", "LG0204")));
        let json = ProblemsJson::new(&problems, Severity::Error, &texts());
        let files: Vec<Option<&str>> = json.problems.iter().map(|p| p.file).collect();
        assert_eq!(files.len(), PER_FILE + 1);
        assert_eq!((files.first(), files.last()), (Some(&Some("b.toml")), Some(&Some("a.toml"))));
        let counts: Vec<_> = json.groups.iter().map(|g| (g.file, g.total, g.shown)).collect();
        assert_eq!(counts, [(Some("b.toml"), PER_FILE + 2, PER_FILE), (Some("a.toml"), 1, 1)]);
        let codes = json.groups.first().map(|g| g.codes.clone());
        assert_eq!(codes, Some(BTreeMap::from([("LG0102", 1), ("LG0204", PER_FILE + 1)])));
    }
}
