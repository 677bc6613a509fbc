//! `lockgate fmt`: the one layout of the configuration files, without store or network.

use super::Voice;
use crate::cli::FmtArgs;
use crate::config::{self, Texts};
use crate::exit::Exit;
use crate::layout;
use crate::report::{self, GroupJson, ProblemJson, ProblemsJson, Severity};
use anyhow::{Context as _, Result};
use lockgate_core::problem::Problem;
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct FmtJson<'a> {
    ok: bool,
    check: bool,
    files: usize,
    changed: &'a [String],
    problems: Vec<ProblemJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

/// What was found, file by file.
#[derive(Default)]
struct Found {
    texts: Texts,
    problems: Vec<Problem>,
    /// Files whose layout differs, as they are named on the command line or in the deployment.
    changed: Vec<String>,
}

/// Lays out the files, or with `--check` says which differ.
pub(super) fn fmt(voice: Voice, root: &Path, args: &FmtArgs) -> Result<Exit> {
    let mut found = Found::default();
    let files: Vec<(PathBuf, String)> = if args.files.is_empty() {
        let (names, problems) = config::toml_files(root);
        found.problems = problems;
        names.into_iter().map(|name| (root.to_owned(), name)).collect()
    } else {
        args.files.iter().map(|f| (PathBuf::new(), f.to_string_lossy().into_owned())).collect()
    };
    for (folder, name) in &files {
        found.file(folder, name, args.check)?;
    }
    let ok = found.problems.is_empty() && (!args.check || found.changed.is_empty());
    if voice.json {
        let ProblemsJson { problems, groups } =
            ProblemsJson::new(&found.problems, Severity::Error, &found.texts);
        let (files, changed) = (files.len(), found.changed.as_slice());
        report::json(&FmtJson { ok, check: args.check, files, changed, problems, groups });
    } else {
        report::print(&found.problems, Severity::Error, &found.texts, voice.style());
        if args.check || !voice.quiet {
            found.changed.iter().for_each(|name| report::line(name));
        }
        if ok && !voice.quiet {
            report::line(&summary(files.len(), found.changed.len()));
        }
    }
    Ok(if ok { Exit::Done } else { Exit::Problems })
}

fn summary(files: usize, changed: usize) -> String {
    match changed {
        0 => format!("Files in their layout: {files}"),
        _ => format!("Files looked at: {files}, laid out anew: {changed}"),
    }
}

impl Found {
    fn file(&mut self, folder: &Path, name: &str, check: bool) -> Result<()> {
        let text = match self.texts.read(folder, name) {
            Ok(text) => text,
            Err(problem) => {
                self.problems.push(problem);
                return Ok(());
            }
        };
        if let Err(problem) = config::parse::<toml::Table>(name, &text) {
            self.problems.push(problem);
            return Ok(());
        }
        match layout::formatted(&text) {
            // What the layout cannot keep as it is stays as it is.
            None => return Ok(()),
            Some(out) if out == text => return Ok(()),
            Some(out) if !check => replace(&folder.join(name), &out)
                .with_context(|| format!("`{name}` cannot be written; it is unchanged"))?,
            Some(_) => {}
        }
        self.changed.push(name.to_owned());
        Ok(())
    }
}

/// Puts a text in a file's place, all at once, with the rights of the old one; a link stays one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(path.metadata()?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}
