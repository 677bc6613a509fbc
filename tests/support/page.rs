//! The commands of `docs/recipients.md`, as a recipient runs them with public tools alone.

use super::doors::{identity, name, signers};
use super::{Deployment, needed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PAGE: &str = include_str!("../../docs/recipients.md");

/// The commands under a heading of the page, each block whole.
pub fn commands(heading: &str) -> Vec<String> {
    let start = PAGE.find(heading).unwrap_or_else(|| panic!("no heading {heading}")) + heading.len();
    let rest = &PAGE[start..];
    let section = &rest[..rest.find("\n## ").unwrap_or(rest.len())];
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in section.lines() {
        match (line.trim() == "```", &mut open) {
            (true, Some(_)) => blocks.extend(open.take()),
            (true, None) => open = Some(String::new()),
            (false, Some(block)) => *block += &format!("{}\n", line.trim()),
            (false, None) => {}
        }
    }
    assert!(!blocks.is_empty());
    blocks
}

/// The public tools of the page; none where one is missing.
pub fn tools() -> Option<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for tool in ["age", "age-keygen", "ssh-keygen", "unzip", "sha256sum", "jq", "bash"] {
        needed(std::env::split_paths(&path).map(|f| f.join(tool)).find(|p| p.is_file()), tool)?;
    }
    Some(())
}

/// A shell that stops at the first command that fails, in a recipient's folder.
pub fn shell(folder: &Path, script: &str) -> Output {
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .output()
        .expect("as it should be")
}

/// What a command said.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// A recipient's folder with its key, the gateway's line and one delivered bundle.
pub struct Desk {
    /// Where.
    pub folder: tempfile::TempDir,
    /// The bundle.
    pub name: String,
}

impl Desk {
    /// Sets it up.
    pub fn of(deployment: &Deployment, recipient: &str, file: &Path) -> Self {
        let folder = tempfile::tempdir().expect("as it should be");
        let name = name(file).to_owned();
        fs::copy(signers(deployment), folder.path().join("signers.txt")).expect("as it should be");
        fs::copy(identity(recipient), folder.path().join("mine.age")).expect("as it should be");
        fs::copy(file, folder.path().join(format!("{name}.zip.age"))).expect("as it should be");
        let signature = format!("{}.sig", file.display());
        fs::copy(signature, folder.path().join(format!("{name}.zip.age.sig"))).expect("as it should be");
        Self { folder, name }
    }

    /// A file beside the bundle, by its ending.
    pub fn at(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{}{ending}", self.name))
    }

    /// The page's commands for each morning, as they stand.
    pub fn morning(&self) -> Output {
        let start = format!("N={}; I=lockgate@leeds-iom\n", self.name);
        shell(self.folder.path(), &(start + &commands("## Each morning, with public tools").concat()))
    }
}
