//! What a manifest says of its bundle: whose it is, which it is, and every file with size and digest.
//!
//! Written by the core (`bundle::manifest`); read here by whoever seals, opens or checks a bundle. Nothing is
//! taken on trust: names come from a fixed list, and every digest and size is there.

use crate::vault::digest_from_hex;
use jiff::civil::Date;
use lockgate_core::bundle::SPEC;
use lockgate_core::hash::Digest;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The manifest's name in a bundle.
pub const MANIFEST: &str = "datapackage.json";
/// The name of its signature.
pub const SIGNATURE: &str = "datapackage.json.sig";
/// A manifest is some kilobytes; this is far above what any agreement gives.
pub(super) const MANIFEST_BYTES: u64 = 8 << 20;
/// Files of one bundle.
pub(super) const MOST_FILES: usize = 4_000;

/// A file that a manifest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Size.
    pub bytes: u64,
    /// SHA-256.
    pub hash: Digest,
}

/// A manifest that reads.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The bundle's name.
    pub name: String,
    /// The one recipient.
    pub recipient: String,
    /// The recipient's count of bundles.
    pub sequence: u64,
    /// `snapshot`, `delta` or `notice`.
    pub kind: String,
    /// The day it stands for.
    pub as_of: Date,
    /// Digest of the recipient's manifest before this one.
    pub previous: Option<Digest>,
    /// Digest of this manifest.
    pub digest: Digest,
    /// Every other file but the manifest's signature, by its path.
    pub files: BTreeMap<String, Listed>,
    /// Tables in several parts: the parts' paths, and size and digest of all of them with one header.
    pub wholes: Vec<(Vec<String>, Listed)>,
    /// Rows of all tables, by change.
    pub rows: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    lockgate: Own,
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Own {
    spec: String,
    recipient: String,
    kind: String,
    sequence: u64,
    previous: Option<String>,
    as_of: String,
    #[serde(default)]
    counts: BTreeMap<String, BTreeMap<String, u64>>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    path: String,
    bytes: u64,
    hash: String,
}

#[derive(Deserialize)]
struct Resource {
    path: serde_json::Value,
    bytes: u64,
    hash: String,
}

impl Contents {
    /// Reads a manifest; the fault in plain words.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let package: Package =
            serde_json::from_slice(bytes).map_err(|_| "it does not read, or a key is missing")?;
        let own = package.lockgate;
        if own.spec != SPEC {
            return Err("it is of another version of the specification");
        }
        let as_of = own.as_of.parse().map_err(|_| "its day is no date")?;
        let (files, wholes) = listed(package.resources, own.parts)?;
        let mut rows = BTreeMap::new();
        for (change, count) in own.counts.into_values().flatten() {
            let sum: &mut u64 = rows.entry(change).or_default();
            *sum = sum.checked_add(count).ok_or("its counts are out of range")?;
        }
        let contents = Self {
            name: package.name,
            recipient: own.recipient,
            sequence: own.sequence,
            kind: own.kind,
            as_of,
            previous: own.previous.map(|text| digest(&text)).transpose()?,
            digest: Digest::of(bytes),
            files,
            wholes,
            rows,
        };
        contents.agrees_with_its_name()?;
        Ok(contents)
    }

    /// `lockgate_<agreement>_<recipient>_<yyyymmdd>_<seq6>_<kind>` says the same as the manifest.
    fn agrees_with_its_name(&self) -> Result<(), &'static str> {
        let parts: Vec<&str> = self.name.split('_').collect();
        let [first, agreement, recipient, day, sequence, kind] = parts.as_slice() else {
            return Err("its name is not the one of a bundle");
        };
        let plain = |t: &str| {
            !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let same = *first == "lockgate"
            && plain(agreement)
            && plain(recipient)
            && self.name.len() < 120
            && *recipient == self.recipient
            && *kind == self.kind
            && ["snapshot", "delta", "notice"].contains(kind)
            && *day == self.as_of.strftime("%Y%m%d").to_string()
            && *sequence == format!("{:06}", self.sequence);
        if same { Ok(()) } else { Err("its name says something else than it does") }
    }
}

type Files = (BTreeMap<String, Listed>, Vec<(Vec<String>, Listed)>);

fn listed(resources: Vec<Resource>, parts: Vec<Part>) -> Result<Files, &'static str> {
    let (mut files, mut wholes) = (BTreeMap::new(), Vec::new());
    let mut add = |path: String, listed: Listed| {
        if !allowed(&path) || path == MANIFEST || path == SIGNATURE {
            return Err("it lists a file that no bundle has");
        }
        let twice = files.insert(path, listed).is_some() || files.len() > MOST_FILES;
        if twice { Err("it lists a file twice, or too many") } else { Ok(()) }
    };
    for part in parts {
        add(part.path, Listed { bytes: part.bytes, hash: digest(&part.hash)? })?;
    }
    let mut open = Vec::new();
    for Resource { path, bytes, hash } in resources {
        let whole = Listed { bytes, hash: digest(&hash)? };
        match path {
            serde_json::Value::String(path) => add(path, whole)?,
            serde_json::Value::Array(paths) => {
                let paths: Option<Vec<String>> =
                    paths.into_iter().map(|p| p.as_str().map(str::to_owned)).collect();
                open.push((paths.ok_or("a path is no text")?, whole));
            }
            _ => return Err("a path is no text"),
        }
    }
    for (paths, whole) in open {
        if paths.len() < 2 || paths.iter().any(|p| !files.contains_key(p)) {
            return Err("it does not list the parts of a table");
        }
        wholes.push((paths, whole));
    }
    Ok((files, wholes))
}

/// The names that a bundle may have, and no other: no path leads out, and none is hidden.
pub(super) fn allowed(path: &str) -> bool {
    const FIXED: [&str; 6] =
        [MANIFEST, SIGNATURE, "README.txt", "summary.html", "staff.xlsx", "acknowledge.csv"];
    let table = || path.strip_prefix("data/")?.strip_suffix(".csv");
    let plain = |name: &str| {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let (name, part) = name.split_once('-').unwrap_or((name, "0001"));
        !name.is_empty()
            && name.len() <= 80
            && name.bytes().all(word)
            && part.len() == 4
            && part.bytes().all(|b| b.is_ascii_digit())
    };
    FIXED.contains(&path) || table().is_some_and(plain)
}

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> Result<Digest, &'static str> {
    text.strip_prefix("sha256:").and_then(digest_from_hex).ok_or("a digest is no SHA-256")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_a_bundle_are_allowed() {
        for good in ["datapackage.json", "data/people.csv", "data/people-0012.csv", "data/x_1.csv"] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "",
            "data/",
            "data/.csv",
            "data/../x.csv",
            "data/a/b.csv",
            "/data/people.csv",
            "../datapackage.json",
            "data\\people.csv",
            "data/people.csv.exe",
            "data/People.csv",
            "data/p\u{e9}ople.csv",
            "data/people-1.csv",
            "data/people-00012.csv",
            "data/-0001.csv",
            "run.js",
            ".hidden",
            "C:people.csv",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
    }
}
