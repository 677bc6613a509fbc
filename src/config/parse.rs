//! Reading configuration texts: bounded, UTF-8, every fault with its place.

use lockgate_core::problem::Problem;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// A configuration file larger than this is not one.
const MAX_BYTES: u64 = 4 << 20;

/// The texts of all files read, for showing problems in their place.
#[derive(Debug, Default)]
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    /// Adds a text under the name that problems use.
    pub fn add(&mut self, name: &str, text: String) {
        self.0.insert(name.into(), text);
    }

    /// The text of a file.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The texts whose names start so, by name.
    pub fn below<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter(move |(name, _)| name.starts_with(start)).map(|(n, t)| (n.as_str(), t.as_str()))
    }

    /// One-based line and column (in characters) of a byte offset.
    pub fn line_and_column(&self, name: &str, offset: usize) -> Option<(usize, usize)> {
        let before = self.get(name)?.get(..offset)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Some((line, column))
    }

    /// The first line that gives a key, for faults that only show when several files stand side by side.
    pub fn place_of(&self, name: &str, key: &str) -> std::ops::Range<usize> {
        let mut at = 0;
        for line in self.get(name).unwrap_or_default().split_inclusive('\n') {
            if line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                return at..at + line.trim_end().len();
            }
            at += line.len();
        }
        0..0
    }

    /// Reads a file of the deployment into the texts.
    pub fn read(&mut self, root: &Path, name: &str) -> Result<String, Problem> {
        let fault = |what: &str| Problem::new("LG0101", format!("`{name}` {what}")).in_config(name, 0..0);
        let file =
            File::open(root.join(name)).map_err(|e| fault(&format!("cannot be opened: {}", e.kind())))?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| fault(&format!("cannot be read: {}", e.kind())))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(fault("is larger than a configuration file may be (4 MiB)"));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let line =
                e.as_bytes().iter().take(e.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            let at = e.utf8_error().valid_up_to();
            // The text is kept for showing the place; the odd bytes become signs behind it.
            self.add(name, String::from_utf8_lossy(e.as_bytes()).into_owned());
            Problem::new("LG0101", format!("`{name}` is not UTF-8 (line {line})"))
                .in_config(name, at..at + 1)
                .help("save the file as UTF-8")
        })?;
        let key = secret_in(&text).map(|at| (at, "secret key", "make a new key"));
        let found =
            key.or_else(|| password_in(&text).map(|at| (at, "password", "give the user another one")));
        if let Some((at, what, new)) = found {
            // The text is not kept: what is kept may be shown.
            self.add(name, String::new());
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            return Err(Problem::new("LG0104", format!("a {what} stands in `{name}`, line {line}"))
                .in_config(name, 0..0)
                .help(format!(
                    "{new}, keep it in a file of its own, and name the file: `{{ file = \"…\" }}`"
                )));
        }
        self.add(name, text.clone());
        Ok(text)
    }

    /// Reads and parses a TOML file of the deployment.
    pub fn parse<T: DeserializeOwned>(&mut self, root: &Path, name: &str) -> Result<T, Problem> {
        let text = self.read(root, name)?;
        parse(name, &text)
    }
}

/// Where a secret key begins in a text, if one does: age identities and private keys in PEM.
fn secret_in(text: &str) -> Option<usize> {
    let pem = text.match_indices("PRIVATE KEY").find(|(at, _)| {
        let line = text.get(..*at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        line.contains("-----BEGIN")
    });
    let age = || text.to_ascii_uppercase().find("AGE-SECRET-KEY-");
    pem.map(|(at, _)| at).or_else(age)
}

/// Where an address of a database server begins that has a password in it, if one does.
fn password_in(text: &str) -> Option<usize> {
    let address =
        |scheme: &'static str| text.match_indices(scheme).map(move |(at, _)| (at, at + scheme.len()));
    let mut all = address("postgresql://").chain(address("postgres://"));
    let has = |(_, behind): &(usize, usize)| {
        let rest = text.get(*behind..).unwrap_or_default();
        let rest =
            rest.split(|c: char| c.is_whitespace() || c == '"' || c == '\'').next().unwrap_or_default();
        let user = rest.split(['/', '?']).next().and_then(|authority| authority.rsplit_once('@'));
        user.is_some_and(|(user, _)| user.contains(':')) || rest.to_ascii_lowercase().contains("password=")
    };
    all.find(has).map(|(at, _)| at)
}

/// Parses a TOML text; `name` names the file in messages.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    toml::from_str(text).map_err(|e| problem(name, text, &e))
}

/// A parser's message in our words, with its place and the nearest known key.
fn problem(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let first = message.lines().next().unwrap_or("does not parse").trim_end_matches('.');
    let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    let word = text.get(span.clone()).unwrap_or("").trim();
    let (what, help) = plainly(first, word);
    let problem = Problem::new("LG0102", what).in_config(name, span);
    if let Some(help) = help {
        return problem.help(help);
    }
    let suggested = problem.clone().suggest(word.trim_matches('"'), known.iter().copied());
    if suggested.help.is_none() && !known.is_empty() && first.starts_with("unknown") {
        return problem.help(format!("known here: {}", known.join(", ")));
    }
    suggested
}

/// A parser's first line in our words, and what to do where the words alone do not say it.
fn plainly(first: &str, word: &str) -> (String, Option<String>) {
    let head = first.split_once(", expected").map_or(first, |(head, _)| head);
    let help = |text: &str| Some(text.to_owned());
    let odd = "a key is letters, digits, `-` and `_`, then `=`; look for an odd character, such as a no-break space";
    match head {
        _ if head.starts_with("unknown field") => (head.replace("unknown field", "unknown key"), None),
        _ if head.starts_with("unknown variant") => (head.replace("unknown variant", "unknown word"), None),
        _ if head.starts_with("missing field") => {
            let key = head.trim_start_matches("missing field").trim();
            (
                format!("the key {key} is missing"),
                Some(format!("add {key}; another file of the kind shows its form")),
            )
        }
        _ if head.starts_with("duplicate key") => {
            (format!("the key `{word}` stands twice"), help("keep one of the two"))
        }
        _ if head.starts_with("invalid basic string") || head.starts_with("invalid literal string") => (
            "a text is not closed, or holds a sign that may not stand in it".into(),
            help("close the text with a quotation mark"),
        ),
        _ if head.starts_with("invalid unquoted key") || head.starts_with("key with no value") => {
            (format!("this is no key with a value ({head})"), help(odd))
        }
        _ if head.starts_with("invalid type") => {
            let kinds = [
                ("integer", "whole number"),
                ("floating point", "number"),
                ("a string", "a text"),
                ("string", "text"),
                ("boolean", "truth value"),
                ("sequence", "list"),
                ("a map", "a table"),
                ("map", "table"),
            ];
            let words = kinds
                .iter()
                .fold(first.replace("invalid type: ", ""), |text, (from, to)| text.replace(from, to));
            let what = words.replacen(", expected ", " stands where ", 1);
            (format!("{what} is wanted"), help("write a value of the wanted kind"))
        }
        _ => (first.to_lowercase_first(), None),
    }
}

trait LowerFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowerFirst for str {
    fn to_lowercase_first(&self) -> String {
        let mut letters = self.chars();
        letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// The names of the files below a folder with an ending, sorted, relative to the root.
pub(super) fn files_below(root: &Path, folder: &str, ending: &str) -> Result<Vec<String>, Problem> {
    let mut out = Vec::new();
    walk(&root.join(folder), folder, ending, 0, &mut out).map_err(|e| {
        Problem::new("LG0101", format!("folder `{folder}` cannot be read: {}", e.kind()))
            .in_config(folder, 0..0)
    })?;
    out.sort();
    Ok(out)
}

fn walk(at: &Path, name: &str, ending: &str, depth: u8, out: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(at)? {
        let entry = entry?;
        let file = entry.file_name();
        let Some(file) = file.to_str().filter(|f| !f.starts_with('.')) else { continue };
        let name = format!("{name}/{file}");
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < 4 {
            walk(&entry.path(), &name, ending, depth + 1, out)?;
        } else if kind.is_file() && file.ends_with(ending) {
            out.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Sample {
        surname: Option<String>,
        birth_date: Option<String>,
    }

    fn fault(text: &str) -> Problem {
        problem("s.toml", text, &toml::from_str::<Sample>(text).expect_err("refused"))
    }

    #[test]
    fn a_misspelt_key_is_shown_with_the_nearest() {
        let problem = fault("surnmae = \"x\"\n");
        assert_eq!(problem.what, "unknown key `surnmae`");
        assert_eq!(problem.help.as_deref(), Some("did you mean `surname`?"));
    }

    #[test]
    fn a_secret_key_is_seen_and_its_text_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        for secret in
            ["-----BEGIN OPENSSH PRIVATE KEY-----\nQUJD", "age-secret-key-1QQQ", "AGE-SECRET-KEY-1QQQ"]
        {
            std::fs::write(folder.path().join("s.toml"), format!("# mine\nkey = '''{secret}'''\n"))
                .expect("written");
            let mut texts = Texts::default();
            let problem = texts.read(folder.path(), "s.toml").expect_err("refused");
            assert_eq!((problem.code, texts.get("s.toml")), ("LG0104", Some("")));
            assert!(problem.what.ends_with("line 2") && !problem.what.contains("QQQ"), "{}", problem.what);
        }
        for secret in ["postgresql://me:QQQ@db/lockgate", "postgres://me@db/lockgate?password=QQQ"] {
            std::fs::write(folder.path().join("s.toml"), format!("# mine\nurl = '{secret}'\n"))
                .expect("written");
            let mut texts = Texts::default();
            let problem = texts.read(folder.path(), "s.toml").expect_err("refused");
            assert_eq!((problem.code, texts.get("s.toml")), ("LG0104", Some("")));
            assert!(problem.what.ends_with("line 2") && !problem.what.contains("QQQ"), "{}", problem.what);
        }
        assert_eq!(
            password_in("url = 'postgresql://me@db:5432/lockgate?sslmode=require' # me: at@home"),
            None
        );
        assert_eq!(secret_in("# the PRIVATE KEY is elsewhere; age1qqq\n"), None);
    }

    #[test]
    fn a_far_key_lists_what_is_known() {
        assert_eq!(fault("zzzzzzz = 1\n").help.as_deref(), Some("known here: surname, birth_date"));
    }
}
