//! `docs/feeds.md`, followed word by word on a fresh copy of the deployment: its commands end as it says, what it
//! adds reaches whom the agreement entitles and nobody else, and its reference names every key of the language.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use lockgate_core::mapping::Draft;
use lockgate_core::mapping::syntax::SOURCE_KEYS;
use lockgate_core::value::date::DateFormat;
use lockgate_core::value::identifier::IdKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::Path;
use support::{Deployment, RECIPIENTS, Replica, Row};

const PAGE: &str = include_str!("../docs/feeds.md");

/// A fenced block of the page: the words behind its fence, and its text.
fn blocks() -> Vec<(Vec<&'static str>, String)> {
    let (mut blocks, mut open) = (Vec::new(), None::<(Vec<&str>, String)>);
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(words), None) => open = Some((words.split_whitespace().collect(), String::new())),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// A command's words; double quotes hold some together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// Somebody who follows the page.
struct Reader {
    deployment: Deployment,
    /// The feed whose quarantine was listed last.
    listed: String,
    /// What was printed since the last block of commands began.
    seen: String,
    commands: usize,
}

impl Reader {
    fn new() -> Self {
        let deployment = Deployment::fresh();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tutorial");
        support::copy(&examples, &deployment.path("examples/tutorial"));
        assert!(!deployment.path("src").exists(), "a feed needs no code");
        Self { deployment, listed: String::new(), seen: String::new(), commands: 0 }
    }

    fn follow(&mut self) {
        for (fence, text) in blocks() {
            let option = |name: &str| fence.iter().find_map(|w| w.strip_prefix(name)?.strip_prefix('='));
            match (fence.first().copied(), option("file"), option("edit")) {
                (Some("sh"), ..) => {
                    self.seen.clear();
                    let exit = option("exit").map_or(0, |code| code.parse().unwrap());
                    text.lines().for_each(|line| self.command(line, exit));
                }
                (Some("text"), ..) => {
                    text.lines().for_each(|l| assert!(self.seen.contains(l), "not said: {l}\n{}", self.seen));
                }
                (_, Some(file), _) => {
                    assert!(file.starts_with("mappings/"), "{file}");
                    fs::write(self.deployment.path(file), text).unwrap();
                }
                (_, _, Some(file)) => {
                    let (from, to) = text.split_once("---\n").unwrap();
                    self.deployment.edit(file, from, to);
                }
                _ => {}
            }
        }
    }

    fn command(&mut self, line: &str, exit: i32) {
        self.commands += 1;
        let all = words(line);
        if all[0] == "cp" {
            assert!(all[2].starts_with("fixtures/"), "{line}");
            let name = Path::new(&all[1]).file_name().unwrap();
            fs::copy(self.deployment.path(&all[1]), self.deployment.path(&all[2]).join(name)).unwrap();
            return;
        }
        assert_eq!(all[0], "lockgate", "{line}");
        let number = if line.contains("NUMBER") { self.number() } else { String::new() };
        let all: Vec<String> = all.into_iter().map(|w| w.replace("NUMBER", &number)).collect();
        let given: Vec<&str> = all.iter().skip(1).map(String::as_str).collect();
        let output = self.deployment.command(&given).current_dir(self.deployment.root()).output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(exit), "{line}\n{out}{err}");
        if let Some(at) = given.iter().position(|w| *w == "--feed") {
            given[at + 1].clone_into(&mut self.listed);
        }
        self.seen += &(out + &err);
    }

    /// The one item of the feed that waits.
    fn number(&self) -> String {
        let list = self.deployment.run(&["quarantine", "list", "--feed", &self.listed, "--json"]).json();
        let rows = list["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{list}");
        rows[0]["id"].to_string()
    }
}

/// What a recipient holds: each row as words, with the person's surname instead of numbers of the gateway.
fn held(replica: &Replica) -> BTreeSet<String> {
    let surname = |row: &Row| {
        let people = replica.about(row.get("person_ref"), "people");
        people.first().map(|p| p.get("surname").to_uppercase()).unwrap_or_default()
    };
    let columns: [(&str, &[&str]); 2] = [
        ("probation_compliance", &["due_at", "outcome", "stage"]),
        ("prison_course", &["course", "start_date", "end_date", "outcome"]),
    ];
    let of = |row: &Row| match columns.iter().find(|(table, _)| *table == row.table) {
        Some((_, names)) => {
            let cells: Vec<&str> = names.iter().map(|n| row.get(n)).collect();
            format!("{} {} {}", row.table, surname(row), cells.join(" "))
        }
        None => format!("{} {:?}", row.table, row.says()),
    };
    replica.rows.values().map(of).collect()
}

/// A text of a bundle's file; a workbook's sheets besides.
fn text_of(name: &str, bytes: &[u8]) -> String {
    if Path::new(name).extension().is_none_or(|end| end != "xlsx") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut book = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for at in 0..book.len() {
        book.by_index(at).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

/// What the two feeds give, by recipient: the agreement's answer, written down by hand.
fn entitled() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        (
            "wyp",
            vec![
                "probation_compliance HARGREAVES 2008-11-15T09:15:00Z attended ",
                "probation_compliance TORDOFF 2008-11-15T09:15:00Z failed first_warning",
                "probation_compliance BECKWITH 2008-11-16T13:45:00Z attended ",
                "probation_compliance AINSWORTH 2008-11-16T13:45:00Z sent_home ",
                "prison_course AINSWORTH vocational   completed",
                "prison_course HARGREAVES education   completed",
                "prison_course BOOTHROYD basic_skills   in_progress",
            ],
        ),
        (
            "probation",
            vec![
                "prison_course AINSWORTH vocational 2008-09-29 2008-11-18 completed",
                "prison_course HARGREAVES education 2008-10-06 2008-11-14 completed",
                "prison_course BOOTHROYD basic_skills 2008-11-03  in_progress",
            ],
        ),
        ("yos", vec!["prison_course BOOTHROYD basic_skills 2008-11-03  in_progress"]),
        (
            "disc",
            vec![
                "probation_compliance HARGREAVES 2008-11-15T09:15:00Z attended ",
                "probation_compliance TORDOFF 2008-11-15T09:15:00Z failed ",
                "prison_course HARGREAVES education  2008-11-14 completed",
            ],
        ),
        (
            "cri",
            vec![
                "probation_compliance BECKWITH 2008-11-16T13:45:00Z attended ",
                "prison_course BOOTHROYD basic_skills   in_progress",
            ],
        ),
    ])
}

#[test]
fn the_page_is_followed_and_its_rows_reach_whom_the_agreement_entitles() {
    let mut reader = Reader::new();
    reader.follow();
    assert!(reader.commands > 20, "only {} commands were found", reader.commands);
    let control = Deployment::after(1);
    let entitled = entitled();
    for recipient in RECIPIENTS {
        let (with, without) = (reader.deployment.replica(recipient), control.replica(recipient));
        let (with, without) = (held(&with), held(&without));
        let lost: Vec<&String> = without.difference(&with).collect();
        assert!(lost.is_empty(), "{recipient} lost {lost:?}");
        let more = with.difference(&without).filter(|row| !row.starts_with("people "));
        let more: BTreeSet<&str> = more.map(String::as_str).collect();
        let expected: BTreeSet<&str> = entitled.get(recipient).into_iter().flatten().copied().collect();
        assert_eq!(more, expected, "{recipient}");
    }
    // Neither what the mappings leave out nor people outside the cohort is in any file of any bundle.
    let never = ["UPW-77", "C-310", "Canal towpath", "Whitlow", "Pemberly", "Tansley", "X193025", "A7342CE"];
    for (name, bytes) in reader.deployment.bundle_files() {
        let text = text_of(&name, &bytes);
        never.iter().for_each(|word| assert!(!text.contains(word), "{name} holds {word}"));
    }
}

/// The first cells of the tables under a heading, and all other words in backticks there.
fn section(heading: &str) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let start = format!("### {heading}\n");
    let text = PAGE.split_once(&start).unwrap_or_else(|| panic!("no section {heading}")).1;
    let text = text.split("\n### ").next().unwrap();
    let keys = text.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    (keys, text.split('`').skip(1).step_by(2).collect())
}

/// The words that the language's own refusal of an unknown key names.
fn known(text: &str) -> BTreeSet<String> {
    let error = toml::from_str::<Draft>(text).unwrap_err();
    let message = error.message();
    let (_, expected) = message.split_once("expected").unwrap_or_else(|| panic!("{text}: {message}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_reference_names_every_key_of_the_language_and_no_other() {
    for (heading, text) in [
        ("The file", "zzz = 1"),
        ("`[feed]`", "[feed]\nzzz = 1"),
        ("`[check]`", "[check]\nzzz = 1"),
        ("`[columns]`", "[columns]\na = { zzz = 1 }"),
        ("`[identity]`", "[identity]\nzzz = 1"),
        ("`[[record]]`", "[[record]]\nzzz = 1"),
        ("A field", "[identity.person]\nsurname = { zzz = 1 }"),
        ("A condition", "[[refuse]]\nwhen = [{ zzz = 1 }]"),
        ("`[[refuse]]` and `[[skip]]`", "[[refuse]]\nzzz = 1"),
        ("`[[refuse]]` and `[[skip]]`", "[[skip]]\nzzz = 1"),
        ("`[[example]]`", "[[example]]\nzzz = 1"),
    ] {
        let keys: BTreeSet<String> = section(heading).0.into_iter().map(str::to_owned).collect();
        assert_eq!(keys, known(text), "{heading}");
    }
    assert_eq!(section("`[source]`").0, BTreeSet::from(SOURCE_KEYS));
    let days = section("A field").1;
    DateFormat::KNOWN.iter().for_each(|form| assert!(days.contains(form), "{form}"));
    let kinds = section("`[identity]`").1;
    IdKind::ALL.iter().for_each(|kind| assert!(kinds.contains(kind.word()), "{}", kind.word()));
}
