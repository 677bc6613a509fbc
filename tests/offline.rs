//! The script of `docs/recipients.md`: Python, age and OpenSSH alone open what the gateway sealed, and refuse the rest.

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Deployment, NIGHTS, needed, python};

/// A program of the system.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// One recipient's desk: where the script, the key and the signers lie.
struct Reader {
    python: PathBuf,
    home: PathBuf,
}

impl Reader {
    fn new(deployment: &Deployment) -> Option<Self> {
        let python = needed(python(), "Python")?;
        needed(tool("age"), "age")?;
        needed(tool("ssh-keygen"), "ssh-keygen")?;
        let home = deployment.path("desk");
        fs::create_dir(&home).expect("a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let page = fs::read_to_string(root.join("docs/recipients.md")).expect("the page");
        let script = page.split("```python\n").nth(1).and_then(|p| p.split("```").next()).expect("a script");
        assert!(script.lines().count() <= 60, "a script that can be read");
        fs::write(home.join("verify_bundle.py"), script).expect("writing");
        let said = deployment.run(&["key", "allowed-signers"]);
        fs::write(home.join("signers.txt"), said.out).expect("writing");
        Some(Self { python, home })
    }

    /// Brings a bundle from the door; its name.
    fn bring(&self, deployment: &Deployment, recipient: &str, night: &str) -> String {
        let door = deployment.path("state/bundles").join(recipient);
        let day = night.replace('-', "");
        let mut found = String::new();
        for entry in fs::read_dir(&door).expect("a door") {
            let file = entry.expect("an entry").file_name().into_string().expect("a name");
            if file.contains(&day) {
                fs::copy(door.join(&file), self.home.join(&file)).expect("copying");
                file.split('.').next().expect("a name").clone_into(&mut found);
            }
        }
        found
    }

    /// What the script says.
    fn verdict(&self, name: &str, me: &str, last: Option<&Path>) -> String {
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/keys/recipient_{me}.age"));
        let mut call = Command::new(&self.python);
        call.arg("verify_bundle.py").arg(name).arg(key).args(["signers.txt", me]).args(last);
        let output = call.current_dir(&self.home).output().expect("Python starts");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("a text")
    }
}

#[test]
fn the_script_opens_a_bundle_and_refuses_a_changed_foreign_old_or_missing_one() {
    let deployment = Deployment::sealed();
    for night in NIGHTS {
        deployment.night(night);
    }
    let Some(reader) = Reader::new(&deployment) else { return };
    let names: Vec<String> = NIGHTS.iter().map(|night| reader.bring(&deployment, "lcc", night)).collect();
    assert!(reader.verdict(&names[0], "lcc", None).starts_with("GOOD snapshot 1 for lcc"));
    let first = reader.home.join(&names[0]).join("datapackage.json");
    assert!(first.exists() && reader.home.join(&names[0]).join("data/people.csv").exists());
    assert!(reader.verdict(&names[2], "lcc", Some(&first)).contains("is missing: ask for it"));
    assert!(reader.verdict(&names[1], "lcc", Some(&first)).starts_with("GOOD delta 2 for lcc"));
    let second = reader.home.join(&names[1]).join("datapackage.json");
    assert!(reader.verdict(&names[0], "lcc", Some(&second)).contains("applied already"));
    assert!(reader.verdict(&names[1], "g4s", None).contains("not sealed to this key"));
    // The manifest of the third night witnesses the ledger as it stood after the second.
    assert!(reader.verdict(&names[2], "lcc", Some(&second)).starts_with("GOOD"));
    let third = reader.home.join(&names[2]).join("datapackage.json");
    for witness in [&second, &third] {
        let said = deployment.run(&["ledger", "verify", "--against", witness.to_str().expect("a path")]);
        assert!(said.code == Some(0) && said.out.contains("witnessed"), "{}{}", said.out, said.err);
    }
    let sealed = reader.home.join(format!("{}.zip.age", names[1]));
    let mut bytes = fs::read(&sealed).expect("a file");
    bytes[900] ^= 1;
    fs::write(&sealed, &bytes).expect("writing");
    assert!(reader.verdict(&names[1], "lcc", None).contains("not as the gateway signed it"));
}
