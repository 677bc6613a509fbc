//! What stands at the recipients' doors, and opening it as they do.

use super::{Deployment, RECIPIENTS, Said, files};
use std::fs;
use std::path::{Path, PathBuf};

/// A recipient's sealed files, in their order.
pub fn sealed(deployment: &Deployment, recipient: &str) -> Vec<PathBuf> {
    let names = files(&deployment.path("state/bundles").join(recipient));
    let place = |name: &String| deployment.path("state/bundles").join(recipient).join(name);
    names.keys().filter(|name| name.ends_with(".zip.age")).map(place).collect()
}

/// A sealed bundle's name.
pub fn name(file: &Path) -> &str {
    file.file_name()
        .expect("as it should be")
        .to_str()
        .expect("as it should be")
        .strip_suffix(".zip.age")
        .expect("as it should be")
}

/// The gateway's lines, as its desk hands them out.
pub fn signers(deployment: &Deployment) -> PathBuf {
    let said = deployment.run(&["key", "allowed-signers"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let path = deployment.path("signers.txt");
    fs::write(&path, said.out).expect("as it should be");
    path
}

/// A recipient's throw-away key.
pub fn identity(recipient: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/keys/recipient_{recipient}.age"))
}

/// `bundle open`, as a recipient calls it; the bundle lands in `received/<recipient>`.
pub fn open(deployment: &Deployment, recipient: &str, file: &Path, more: &[&str]) -> Said {
    let (signers, out) = (signers(deployment), deployment.path("received").join(recipient));
    let (key, words) = (identity(recipient), |p: &Path| p.to_str().expect("as it should be").to_owned());
    let mut call: Vec<String> = ["--json", "bundle", "open"].map(str::to_owned).to_vec();
    call.extend([words(file), "--signers".into(), words(&signers), "--identity".into(), words(&key)]);
    call.extend(["--recipient".into(), recipient.into(), "--out".into(), words(&out)]);
    call.extend(more.iter().map(|m| (*m).to_owned()));
    deployment.run(&call.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Opens every bundle that stands at every door, in order, each against the one before.
pub fn open_all(deployment: &Deployment) -> usize {
    let mut opened = 0;
    for recipient in RECIPIENTS {
        let mut previous: Option<String> = None;
        for (at, file) in sealed(deployment, recipient).iter().enumerate() {
            let after = at.to_string();
            let mut more = vec!["--after", after.as_str()];
            more.extend(previous.as_deref().map(|p| ["--previous", p]).into_iter().flatten());
            let said = open(deployment, recipient, file, &more);
            assert_eq!(said.code, Some(0), "{recipient} {at}: {}{}", said.out, said.err);
            previous =
                Some(said.json()["bundle"]["manifest_digest"].as_str().expect("as it should be").to_owned());
            opened += 1;
        }
    }
    opened
}
