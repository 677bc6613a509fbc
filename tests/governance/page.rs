//! Pages of the manual, followed: their commands end as they say, and say what they show.

use super::support::Deployment;
use std::fs;
use std::path::Path;

const OFFICER: &str = include_str!("../../docs/governance.md");
const REGISTERS: &str = include_str!("../../docs/registers.md");
const REVIEW: &str = include_str!("../../docs/review.md");

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

/// What was followed of a page: commands run, lines shown.
struct Followed {
    commands: usize,
    shown: usize,
}

/// Runs a page's commands from top to bottom, and finds what it shows in what they said. `meant` puts in place what the
/// page leaves to its reader.
fn follow(page: &str, deployment: &Deployment, meant: impl Fn(&str) -> String) -> Followed {
    let page = page.replace("\\\n", " ");
    let (mut fence, mut seen, mut followed) = (None, String::new(), Followed { commands: 0, shown: 0 });
    for line in page.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(kind), None) => {
                if kind.starts_with("sh") {
                    seen.clear();
                }
                fence = Some(kind);
            }
            (None, Some(kind)) if kind.starts_with("sh") => {
                followed.commands += 1;
                let all = words(&meant(line.split(" #").next().unwrap()));
                assert_eq!(all[0], "lockgate", "{line}");
                let exit = kind.split("exit=").nth(1).map_or(0, |code| code.trim().parse().unwrap());
                let given: Vec<&str> = all.iter().skip(1).map(String::as_str).collect();
                let output = deployment.command(&given).current_dir(deployment.root()).output().unwrap();
                let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(exit), "{line}: {text}");
                seen += &text;
            }
            (None, Some("text")) => {
                followed.shown += 1;
                assert!(seen.contains(line), "not said: {line}\n{seen}");
            }
            _ => {}
        }
    }
    followed
}

#[test]
fn the_officers_page_is_followed() {
    let deployment = Deployment::after(0);
    // Its reader has a proposal and many nights; here the agreement stands for the one, and there is one night.
    let meant =
        |line: &str| line.replace("proposals/version-2", "agreement").replace("--past 30", "--past 1");
    let Followed { commands, shown } = follow(OFFICER, &deployment, meant);
    assert!(commands >= 12 && shown >= 5, "{commands} commands, {shown} lines shown");
    assert!(Path::new(&deployment.path("annex.html")).is_file());
}

/// The page says RECORD where its reader has one at hand, and 12 for the number of the entry to end.
#[test]
fn the_page_about_registers_is_followed() {
    let deployment = Deployment::after(0);
    let why =
        ["agreement", "why", "--person", "disc-clinical:D1000", "--recipient", "wyp", "--json", "--field"];
    let alert = deployment.run(&[&why[..], &["treatment_harm_alert.risk_to"]].concat()).json();
    let alert = alert["records"][0]["record"].as_str().unwrap().to_owned();
    let held = deployment.replica("probation");
    let hearing = format!("probation:{}", held.of("adjudication")[0].get("record_id"));
    fs::write(deployment.path("reviewed.txt"), "Struck out at another man.\n").unwrap();
    let meant = |line: &str| {
        let record = if line.contains("add authority") { &alert } else { &hearing };
        let line = line.replace("RECORD", record);
        let ended = || {
            let all = deployment.run(&["register", "list", "authority", "--json"]).json();
            all[0]["entry"].to_string()
        };
        if line.contains("register end 12") {
            line.replace("end 12", &format!("end {}", ended()))
        } else {
            line
        }
    };
    let Followed { commands, shown } = follow(REGISTERS, &deployment, meant);
    assert!(commands >= 14 && shown >= 1, "{commands} commands, {shown} lines shown");
    let all = deployment.run(&["register", "list", "--all", "--json"]).json();
    let made = |register: &str| all.as_array().unwrap().iter().filter(|e| e["register"] == register).count();
    assert_eq!(
        ["authority", "restriction", "suspension", "nominee", "designated", "consent", "use"].map(made),
        [2, 2, 1, 1, 1, 1, 1]
    );
    deployment.night("2008-11-18");
}

#[test]
fn the_page_about_pairs_is_followed() {
    let deployment = Deployment::after(0);
    let Followed { commands, shown } = follow(REVIEW, &deployment, str::to_owned);
    assert!(commands >= 8 && shown >= 5, "{commands} commands, {shown} lines shown");
    deployment.night("2008-11-18");
}
