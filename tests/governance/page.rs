//! `docs/governance.md`, followed: its commands end as it says, and say what it shows.

use super::support::Deployment;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/governance.md");

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

#[test]
fn the_officers_page_is_followed() {
    let deployment = Deployment::after(0);
    let (mut fence, mut seen, mut commands, mut shown) = (None, String::new(), 0, 0);
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(kind), None) => {
                if kind.starts_with("sh") {
                    seen.clear();
                }
                fence = Some(kind);
            }
            (None, Some(kind)) if kind.starts_with("sh") => {
                commands += 1;
                let all = words(line.split(" #").next().unwrap());
                assert_eq!(all[0], "lockgate", "{line}");
                let exit = kind.split("exit=").nth(1).map_or(0, |code| code.trim().parse().unwrap());
                let given: Vec<&str> = all.iter().skip(1).map(String::as_str).collect();
                let output = deployment.command(&given).current_dir(deployment.root()).output().unwrap();
                let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(exit), "{line}: {text}");
                seen += &text;
            }
            (None, Some("text")) => {
                shown += 1;
                assert!(seen.contains(line), "not said: {line}\n{seen}");
            }
            _ => {}
        }
    }
    assert!(commands >= 12 && shown >= 5, "{commands} commands, {shown} lines shown");
    assert!(Path::new(&deployment.path("annex.html")).is_file());
}
