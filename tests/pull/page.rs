//! The commands of `docs/pull.md`, word for word.

use super::pki::tools;
use super::server::Server;
use super::support::NIGHTS;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../../docs/pull.md");

/// The commands under a heading, in their order.
fn commands(heading: &str) -> Vec<String> {
    let section = PAGE.split(heading).nth(1).and_then(|s| s.split("\n## ").next()).unwrap();
    let blocks: Vec<String> = section.split("```\n").skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!blocks.is_empty());
    blocks
}

fn shell(server: &Server, folder: &Path, script: &str) -> Output {
    let start = format!("G={}; KEY={}; ", server.url, server.tokens["wyp"]);
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &(start + script)])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_page_fetches_every_bundle_and_sends_a_form_back() {
    let Some(()) = tools(&["curl", "openssl", "jq", "sha256sum", "bash"]) else { return };
    let server = Server::tls(2);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(server.pki.at("ca.pem"), folder.path().join("gateway-ca.pem")).unwrap();
    let at = |name: &str| folder.path().join(name);
    let done = |script: &str| {
        let output = shell(&server, folder.path(), script);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{said}");
        said
    };
    done(&commands("## What you need").concat());
    let morning = commands("## Each morning");
    assert_eq!(morning.len(), 4);
    let said = done(&morning[..3].concat());
    assert!(said.contains("1\tsnapshot\t") && said.contains("2\tdelta\t"), "{said}");
    let names = server.names("wyp");
    // To whoever fetches nothing is brought: it waits in the outbox.
    let kept = |name: &str| server.deployment.path("state/outbox/wyp").join(name);
    for name in &names {
        for ending in [".zip.age", ".zip.age.sig"] {
            let file = format!("{name}{ending}");
            assert_eq!(fs::read(at(&file)).unwrap(), fs::read(kept(name).join(&file)).unwrap());
        }
    }
    // The next morning brings the next one alone; one that was cut is gone on with.
    server.deployment.night(NIGHTS[2]);
    let third = server.names("wyp").remove(2);
    let whole = fs::read(kept(&third).join(format!("{third}.zip.age"))).unwrap();
    fs::write(at(&format!("{third}.zip.age")), &whole[..whole.len() / 2]).unwrap();
    let said = done(&morning[..3].concat());
    assert!(said.contains("3\tdelta\t") && !said.contains("2\tdelta\t"), "{said}");
    assert_eq!(fs::read(at(&format!("{third}.zip.age"))).unwrap(), whole);
    let form = "bundle,action,done,done_on,done_by\n".to_owned()
        + &format!("{third},1,yes,2008-11-19,duty officer\n");
    fs::write(at("acknowledge.csv"), form).unwrap();
    let said = done(&morning[3]);
    assert!(said.contains("\"answers\": 1") && said.contains("\"refused\": []"), "{said}");
    // A changed byte is noticed before anybody goes on.
    let mut spoiled = whole.clone();
    spoiled[700] ^= 1;
    fs::write(at(&format!("{third}.zip.age")), spoiled).unwrap();
    assert!(!shell(&server, folder.path(), &morning[2]).status.success());
}
