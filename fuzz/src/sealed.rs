//! The bodies of what a recipient reads: the plain zip of a bundle with its manifest, and the list of signers.

use crate::parts;
use crate::{known, sign};
use jiff::civil::date;
use lockgate::seal::{Asked, BUNDLE_NAMESPACE, Signer, Signers, Window, open_plain, signers_line};
use lockgate_core::hash::Digest;
use serde_json::json;
use std::io::Cursor;
use std::sync::LazyLock;

const MANIFEST: &str = "datapackage.json";
const SIGNATURE: &str = "datapackage.json.sig";

static SIGNER: LazyLock<(Signer, Signers)> = LazyLock::new(|| {
    let signer = Signer::parse(include_str!("../../fixtures/keys/gateway_signing"));
    let signer = signer.unwrap_or_else(|what| panic!("the fixtures' signing key {what}"));
    let signers = signers_line("gateway@here", Window::default(), signer.public())
        .and_then(|line| Signers::read(&line).ok())
        .unwrap_or_else(|| panic!("the line of the fixtures' signing key does not read"));
    (signer, signers)
});

fn signature(manifest: &[u8]) -> Vec<u8> {
    SIGNER.0.sign(BUNDLE_NAMESPACE, manifest).unwrap_or_default().into_bytes()
}

/// A bundle's zip. Where the first byte is odd the manifest's signature is made right, so that what lies behind it is reached:
/// a bundle that opens holds what its manifest says, and nothing else.
pub fn bundle(data: &[u8]) -> u64 {
    let Some((choice, zip)) = data.split_first() else { return 0 };
    let mut zip = zip.to_vec();
    if choice % 2 == 1 {
        let mut parts = parts::unzip(&zip);
        let manifest = parts.iter().find(|(name, _)| name == MANIFEST).map(|(_, bytes)| signature(bytes));
        parts.retain(|(name, _)| name != SIGNATURE);
        parts.extend(manifest.map(|made| (SIGNATURE.to_owned(), made)));
        zip = parts::zip(&parts, true);
    }
    let now = date(2008, 11, 18).at(9, 0, 0, 0);
    let asked = Asked { signers: &SIGNER.1, now, recipient: Some("two"), after: Some(6), previous: None };
    match open_plain(Cursor::new(zip.as_slice()), &asked, None) {
        Ok(opened) => {
            let contents = opened.contents;
            assert!(contents.recipient == "two" && contents.sequence > 6, "another's bundle, or an old one");
            let parts = parts::unzip(&zip);
            for (path, listed) in &contents.files {
                let whole =
                    |bytes: &Vec<u8>| bytes.len() as u64 == listed.bytes && Digest::of(bytes) == listed.hash;
                let part = parts.iter().find(|(name, _)| name == path).map(|(_, bytes)| whole(bytes));
                // A part that the helper cuts, or a zip that it reads otherwise, says nothing.
                assert!(
                    part != Some(false) || listed.bytes > 200 << 10,
                    "a file is not as its manifest says"
                );
            }
            sign((contents.files.len().min(9), contents.wholes.len().min(3), opened.notes.len()))
        }
        Err(fault) => {
            known(fault.code);
            sign(fault.code)
        }
    }
}

/// A small bundle, and one with a table in parts; each with its signature left alone and made right.
pub fn bundle_seeds() -> Vec<Vec<u8>> {
    let hash = |bytes: &[u8]| format!("sha256:{}", Digest::of(bytes).hex());
    let files: [(&str, &[u8]); 5] = [
        ("README.txt", b"what it is\r\n"),
        ("acknowledge.csv", b"bundle,action\r\n"),
        ("data/people.csv", b"record_id,surname\r\n0123456789abcdef0123,Invented\r\n"),
        ("data/long-0001.csv", b"h\r\n1\r\n"),
        ("data/long-0002.csv", b"h\r\n2\r\n"),
    ];
    let resource =
        |(path, bytes): &(&str, &[u8])| json!({"path": path, "bytes": bytes.len(), "hash": hash(bytes)});
    let mut seeds = Vec::new();
    for in_parts in [false, true] {
        let (plain, parts) = files.split_at(3);
        let mut resources: Vec<_> = plain.iter().map(resource).collect();
        let mut listed = Vec::new();
        if in_parts {
            let whole = b"h\r\n1\r\n2\r\n";
            let paths: Vec<&str> = parts.iter().map(|(path, _)| *path).collect();
            resources.push(json!({"path": paths, "bytes": whole.len(), "hash": hash(whole)}));
            listed.extend(parts.iter().map(resource));
        }
        let manifest = json!({
            "name": "lockgate_here_two_20081117_000007_delta",
            "lockgate": {
                "spec": "1", "recipient": "two", "kind": "delta", "sequence": 7, "as_of": "2008-11-17",
                "previous": null, "counts": {"people": {"new": 1}}, "parts": listed,
            },
            "resources": resources,
        });
        let manifest = manifest.to_string().into_bytes();
        let made = signature(&manifest);
        let mut all = vec![(MANIFEST.to_owned(), manifest), (SIGNATURE.to_owned(), made)];
        let files = if in_parts { &files[..] } else { plain };
        all.extend(files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())));
        for choice in [0, 1] {
            let mut seed = vec![choice];
            seed.extend(parts::zip(&all, true));
            seeds.push(seed);
        }
    }
    seeds
}

/// The list of signers: what is refused has a code, and no word of the list is repeated.
pub fn signers(data: &[u8]) -> u64 {
    let Ok(text) = str::from_utf8(data) else { return 0 };
    match Signers::read(text) {
        Ok(_) => 1,
        Err(fault) => {
            known(fault.code);
            sign(fault.what.split(' ').skip(2).collect::<Vec<_>>())
        }
    }
}

/// Lines of every form.
pub fn signers_seeds() -> Vec<Vec<u8>> {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    let options = [
        "",
        " namespaces=\"lockgate-bundle,lockgate-delivery\",valid-after=\"20081101\",valid-before=\"20091231Z\"",
        " cert-authority,valid-after=\"200811011230\"",
        " valid-before=\"20081101123059\"",
    ];
    options.map(|o| format!("# who\ngateway@here{o} {key} a comment\n").into_bytes()).to_vec()
}
