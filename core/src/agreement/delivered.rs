//! For tests: the agreement and schema as they are delivered, and changed copies of them.

use super::{Agreement, Files, digest_of};
use crate::problem::Problem;
use crate::schema::{CodeEntry, CodeList, Draft, Schema};
use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::prelude::v1::*;
use std::sync::LazyLock;
use std::{fs, vec};

/// File name within `agreement/` → text.
pub(crate) type Texts = BTreeMap<String, String>;

pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(schema);
pub(crate) static AGREEMENT: LazyLock<Agreement> =
    LazyLock::new(|| build(&texts()).expect("the agreement holds"));

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn listed(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("folder").map(|e| e.expect("entry").path()) {
        let name = entry.file_name().expect("name").to_string_lossy().into_owned();
        if name.ends_with(ending) {
            out.push((name, fs::read_to_string(&entry).expect("text")));
        }
    }
    out.sort();
    out
}

pub(crate) fn texts() -> Texts {
    let entitlements = listed("agreement/entitlements", ".toml").into_iter();
    let entitlements = entitlements.map(|(name, text)| (std::format!("entitlements/{name}"), text));
    // The list of clauses is no part of the policy.
    let policy = listed("agreement", ".toml").into_iter().filter(|(name, _)| name != "clauses.toml");
    policy.chain(entitlements).collect()
}

pub(crate) fn files(texts: &Texts) -> Files {
    fn read<T: serde::de::DeserializeOwned>(texts: &Texts, name: &str) -> (String, T) {
        (name.into(), toml::from_str(&texts[name]).expect(name))
    }
    let entitlements = texts.keys().filter(|n| n.starts_with("entitlements/"));
    Files {
        agreement: read(texts, "agreement.toml"),
        categories: read(texts, "categories.toml"),
        handling: read(texts, "handling.toml"),
        conditions: read(texts, "conditions.toml"),
        nominees: read(texts, "nominees.toml"),
        entitlements: entitlements.map(|n| read(texts, n)).collect(),
        digest: digest_of(texts.iter().map(|(n, t)| (n.as_str(), t.as_str()))),
    }
}

pub(crate) fn build(texts: &Texts) -> Result<Agreement, Vec<Problem>> {
    Agreement::build(files(texts), &SCHEMA)
}

fn schema() -> Schema {
    let lists = listed("schema/codes", ".csv").into_iter().map(|(name, text)| {
        let entries = text.lines().skip(1).map(entry);
        (name.trim_end_matches(".csv").into(), CodeList::new(entries).expect("list"))
    });
    let lists = lists.collect();
    let drafts = listed("schema", ".toml").into_iter().map(|(name, text)| {
        let draft: Draft = toml::from_str(&text).expect("schema file");
        (name, draft)
    });
    Schema::build(drafts.collect(), lists).expect("the schema holds")
}

fn entry(line: &str) -> CodeEntry {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("a cell").push(c),
        }
    }
    let date = |i: usize| cells.get(i).filter(|c| !c.is_empty()).map(|c| c.parse().expect("date"));
    CodeEntry {
        code: cells[0].clone(),
        label: cells[1].clone(),
        group: cells.get(2).filter(|c| !c.is_empty()).cloned(),
        from: date(3),
        until: date(4),
    }
}
