//! `lockgate schema`: the JSON Schemas of the configuration files, for editors and other tools.

use super::Voice;
use crate::exit::{Exit, Expected};
use crate::report;
use crate::schemas::{self, KINDS, SchemaKind};
use anyhow::{Context as _, Result};
use lockgate_core::problem;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct KindJson {
    kind: &'static str,
    files: &'static str,
    file: String,
}

/// Lists the kinds, prints one schema, or writes all.
pub(super) fn schema(voice: Voice, kind: Option<&str>, out: Option<&Path>) -> Result<Exit> {
    match (kind, out) {
        (Some(kind), _) => print(kind),
        (None, Some(folder)) => write(voice, folder),
        (None, None) => {
            list(voice);
            Ok(Exit::Done)
        }
    }
}

fn print(kind: &str) -> Result<Exit> {
    let Some(found) = KINDS.iter().find(|k| k.name == kind) else {
        anstream::eprintln!("error: there is no schema `{kind}`");
        match problem::nearest(kind, KINDS.iter().map(|k| k.name)) {
            Some(near) => anstream::eprintln!("  help: did you mean `{near}`?"),
            None => anstream::eprintln!("  help: `lockgate schema` lists them"),
        }
        return Ok(Exit::Usage);
    };
    report::json(&schemas::of(found)?);
    Ok(Exit::Done)
}

fn write(voice: Voice, folder: &Path) -> Result<Exit> {
    let unwritten = |e: std::io::Error, what: &Path| {
        Expected::new(Exit::Usage, format!("`{}` cannot be written: {}", what.display(), e.kind()))
    };
    std::fs::create_dir_all(folder).map_err(|e| unwritten(e, folder))?;
    for kind in KINDS {
        let text = serde_json::to_string_pretty(&schemas::of(kind)?).context("a schema as text")?;
        let path = folder.join(kind.file());
        std::fs::write(&path, text + "\n").map_err(|e| unwritten(e, &path))?;
    }
    list(voice);
    Ok(Exit::Done)
}

fn list(voice: Voice) {
    if voice.json {
        let one = |k: &SchemaKind| KindJson { kind: k.name, files: k.files, file: k.file() };
        report::json(&KINDS.iter().map(one).collect::<Vec<_>>());
    } else if !voice.quiet {
        for kind in KINDS {
            report::line(&format!("{:<24}{}", kind.name, kind.files));
        }
    }
}
