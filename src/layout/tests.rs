//! The layout: cases, and what holds for every shipped file and for spoilt copies of them.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::formatted;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const CASES: &[(&str, &str, &str)] = &[
    (
        "blanks round words",
        "a=1\n b   =[ 1,2 ,3 ]\nc={x=1,y . z=2}\n",
        "a = 1\nb = [1, 2, 3]\nc = { x = 1, y.z = 2 }\n",
    ),
    ("nothing inside", "a = [ ]\nb = { }\n", "a = []\nb = {}\n"),
    ("headers", "[ a . b ]\nx = 1\n[[ c ]]\n", "[a.b]\nx = 1\n\n[[c]]\n"),
    ("blank lines", "\n\na = 1\n\n\n\nb = 2\n[t]\n\nx = 1\n\n\n", "a = 1\n\nb = 2\n\n[t]\nx = 1\n"),
    (
        "a part stands as written",
        "[[r]]\nx = 1\n[r.f]\ny = 1\n\n\n[r.g]\n[[r]]\n",
        "[[r]]\nx = 1\n[r.f]\ny = 1\n\n[r.g]\n\n[[r]]\n",
    ),
    ("a like name is no part", "[a]\n[ab]\n", "[a]\n\n[ab]\n"),
    (
        "a comment above a table is the table's",
        "x = 1\n# of t\n[t]\ny = 1\n# end\n\n[u]\n",
        "x = 1\n\n# of t\n[t]\ny = 1\n# end\n\n[u]\n",
    ),
    ("the head of the file", "# what\n#\n\n[a]\n", "# what\n#\n\n[a]\n"),
    (
        "a trailing comment keeps its column",
        "a=1      # one\nbb = 2   # two  \n",
        "a = 1    # one\nbb = 2   # two\n",
    ),
    ("a trailing comment gives way", "a=[1,2,3]# c\n", "a = [1, 2, 3]  # c\n"),
    (
        "a comment that goes on",
        "a=1  # one\n     # two\n  # three\n",
        "a = 1  # one\n       # two\n# three\n",
    ),
    ("lists over lines", "a=[\n1,# c\n\n\n  # d\n 2\n\n]\n", "a = [\n    1,  # c\n\n    # d\n    2\n]\n"),
    ("lists in tables", "a={b=1,c=[\n{d=1},\n]}\n", "a = { b = 1, c = [\n    { d = 1 },\n] }\n"),
    ("lists in lists", "a=[\n[\n1,\n],\n]\n", "a = [\n    [\n        1,\n    ],\n]\n"),
    ("line ends and the end", "a = 1\r\n# c\r\nb = 2", "a = 1\n# c\nb = 2\n"),
    (
        "long texts are left alone",
        "a  = \"\"\"\n  x  \n\n\n=y\"\"\"   # c\n",
        "a = \"\"\"\n  x  \n\n\n=y\"\"\"   # c\n",
    ),
    ("signs in texts", "a='x=1,[ #'\n\"k = [\"=\" # \"\n", "a = 'x=1,[ #'\n\"k = [\" = \" # \"\n"),
    (
        "times and numbers",
        "a=2008-11-17 10:00:00\nb=1.5\nc=-3\n",
        "a = 2008-11-17 10:00:00\nb = 1.5\nc = -3\n",
    ),
    ("an empty file", "\n \n", ""),
    ("a mark at the start", "\u{feff}a=1\n", "a = 1\n"),
    (
        "the order of a mapping's keys",
        "[feed]\ntitle = \"t\" # c\nname = \"n\"\n[source]\nformat = \"csv\"\nplace = \"p\"\n[columns]\nb = \"B\"\na = \"A\"\n",
        "[feed]\nname = \"n\"\ntitle = \"t\"  # c\n\n[source]\nplace = \"p\"\nformat = \"csv\"\n\n[columns]\nb = \"B\"\na = \"A\"\n",
    ),
    (
        "keys between comments keep their order",
        "[feed]\ntitle = \"t\"\n# of the name\nname = \"n\"\n\n[source]\nformat = \"csv\"\n\nplace = \"p\"\n\n[columns]\n",
        "[feed]\ntitle = \"t\"\n# of the name\nname = \"n\"\n\n[source]\nformat = \"csv\"\n\nplace = \"p\"\n\n[columns]\n",
    ),
    (
        "keys with a comment that goes on keep their order",
        "[feed]\ntitle = \"t\"   # of\n              # the title\nname = \"n\"\n\n[source]\n\n[columns]\n",
        "[feed]\ntitle = \"t\"   # of\n              # the title\nname = \"n\"\n\n[source]\n\n[columns]\n",
    ),
    (
        "another file's tables keep their order",
        "[feed]\ntitle = 1\nname = 2\n",
        "[feed]\ntitle = 1\nname = 2\n",
    ),
];

#[test]
fn each_case_has_its_layout() {
    for (name, from, to) in CASES {
        assert_eq!(formatted(from).as_deref(), Some(*to), "{name}");
        assert_eq!(formatted(to).as_deref(), Some(*to), "{name}, again");
    }
}

#[test]
fn what_is_not_toml_is_left_alone() {
    for text in ["a = ", "a = 1\na = 2\n", "[t\n", "a = [1,\n", "x\n"] {
        assert_eq!(formatted(text), None, "{text}");
    }
}

/// All shipped configuration files.
fn shipped() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("lockgate.toml")];
    let mut folders: Vec<PathBuf> = ["agreement", "mappings", "schema"].map(|f| root.join(f)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
    }
    assert!(paths.len() > 50);
    paths.sort();
    paths.into_iter().map(|p| (p.clone(), std::fs::read_to_string(p).unwrap())).collect()
}

/// Comments of a text, sorted, for they move with their keys; a `#` inside a text counts too, the same before and after.
fn comments(text: &str) -> Vec<&str> {
    let mut all: Vec<&str> =
        text.lines().filter_map(|l| l.split_once('#')).map(|(_, c)| c.trim_end()).collect();
    all.sort_unstable();
    all
}

#[test]
fn shipped_files_have_the_layout() {
    for (path, text) in shipped() {
        let out = formatted(&text).unwrap();
        let line = out.lines().zip(text.lines()).position(|(a, b)| a != b);
        assert!(out == text, "{} differs at line {:?}", path.display(), line.map(|l| l + 1));
    }
}

/// Spoils the layout of a text and nothing else: one change a mark, at a place that is chosen by it.
fn spoilt(text: &str, marks: &[(u8, usize)]) -> String {
    let mut lines: Vec<String> = text.lines().map(Into::into).collect();
    let count = lines.len();
    for (what, at) in marks {
        let Some(line) = lines.get_mut(at % count) else { continue };
        match what % 6 {
            0 => line.push_str("  \t"),
            1 => line.insert_str(0, "   "),
            2 => *line = line.replacen(" = ", "=", 1),
            3 => *line = line.replacen(" = ", "  =   ", 1),
            4 => line.push('\n'),
            _ => *line = line.replacen(", ", ",", 1),
        }
    }
    let end = if marks.len().is_multiple_of(2) { "\r\n" } else { "\n" };
    lines.join("\n").replace('\n', end)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_spoilt_file_says_the_same_and_is_laid_out_once(
        which in any::<prop::sample::Index>(),
        marks in prop::collection::vec((any::<u8>(), any::<usize>()), 0..40),
    ) {
        let files = shipped();
        let (_, text) = which.get(&files);
        let from = spoilt(text, &marks);
        // A comma inside a text is spoilt as well: then it is another file, and just as good a case.
        let before: toml::Table = toml::from_str(&from).unwrap();
        let out = formatted(&from).unwrap();
        prop_assert_eq!(toml::from_str::<toml::Table>(&out).unwrap(), before);
        prop_assert_eq!(comments(&out), comments(&from));
        prop_assert_eq!(formatted(&out), Some(out.clone()));
        prop_assert!(out.lines().all(|l| l.trim_end() == l) && out.ends_with('\n') && !out.ends_with("\n\n"));
    }

    #[test]
    fn any_text_is_laid_out_once_or_refused(text in "([a-c] ?= ?(1|\\[1, *\n* *2,?\n?\\]|\\{x=1\\}|'#') *(#c)?\n|\\[\\[?[a-c](\\.[a-c])?\\]\\]?\n|#z\n|\n| ){0,12}") {
        if let Some(out) = formatted(&text) {
            prop_assert_eq!(formatted(&out), Some(out.clone()));
        }
    }
}
