//! Every dependency has a licence that the project may ship under, and comes from the registry.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use std::process::Command;

const ALLOWED: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unlicense",
    "Unicode-3.0",
    "Zlib",
    "CC0-1.0",
    "0BSD",
    "Apache-2.0 WITH LLVM-exception",
    "MIT-0",
    "BSL-1.0",
    // The list of the public certification authorities, which is data.
    "CDLA-Permissive-2.0",
];

/// An SPDX expression is met when one side of an OR, or all sides of an AND, are allowed.
fn allowed(expression: &str) -> bool {
    let text = expression.replace('/', " OR ").replace(['(', ')'], "");
    text.split(" OR ").any(|any| any.split(" AND ").all(|one| ALLOWED.contains(&one.trim())))
}

#[test]
fn every_dependency_has_an_allowed_licence_and_a_known_source() {
    let out = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(allowed(licence), "{name} is under `{licence}`");
        assert!(
            package["source"].as_str().is_none_or(|s| s.starts_with("registry+")),
            "{name} is from elsewhere"
        );
    }
}

/// Two providers in one program, and rustls would not know which to take: it stops at the first connection.
#[test]
fn one_provider_of_cryptography_alone_is_in_the_program() {
    let tree = |of: &str| {
        let words = [
            "tree",
            "--offline",
            "--locked",
            "--workspace",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "-i",
            of,
        ];
        let out =
            Command::new(env!("CARGO")).args(words).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    assert!(tree("aws-lc-rs").contains("lockgate v"));
    assert_eq!(tree("ring"), "");
}

#[test]
fn the_expression_reader_can_say_no() {
    assert!(
        allowed("MIT OR Apache-2.0")
            && allowed("MIT/GPL-3.0")
            && allowed("(MIT OR Apache-2.0) AND Unicode-3.0")
    );
    assert!(!allowed("GPL-3.0") && !allowed("MIT AND GPL-3.0") && !allowed("none"));
}
