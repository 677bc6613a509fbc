//! The paths a mapping reads from JSON, as a tree that is walked along with the document.
//!
//! A path is relative to the object that is a row: `surname`, `person.name.surname`, and `../crn` or
//! `../../meta.made` of an enclosing object. A dot inside a key is written `\.`. What the objects
//! hold beside is added to the tree when it is first met, marked as unknown.

use crate::codes::FORMAT_OPTION;
use crate::format::{ReadError, Wanted};
use std::collections::BTreeMap;

/// Unknown keys kept; a document with more is not worth listing further.
const UNKNOWN_KEPT: usize = 500;
/// Unknown keys of one object that are named; where there are more, the keys are data.
const NAMED: usize = 40;

/// One step from the document to the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into each element of an array.
    Each,
}

/// Reads the path to the rows: `data.items`, `people[].orders`, `[]` for an array that is the
/// document itself. The last step is an array whether it says so or not.
pub(super) fn row_path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for (at, part) in split(text.trim())?.into_iter().enumerate() {
        let (name, each) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part.as_str(), false),
        };
        match name {
            "" if each && at == 0 => {}
            name if is_key(name) => steps.push(Step::Key(name.to_owned())),
            _ => return None,
        }
        if each {
            steps.push(Step::Each);
        }
    }
    if steps.last() != Some(&Step::Each) {
        steps.push(Step::Each);
    }
    Some(steps)
}

/// Splits at dots; `\.` is a dot inside a key.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut parts, mut part, mut chars) = (Vec::new(), String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => part.push(chars.next().filter(|c| matches!(c, '.' | '\\'))?),
            '.' => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    Some(parts)
}

fn is_key(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['[', ']', '*'])
}

/// A column's path: how many objects up, and the keys from there.
pub(super) fn column_path(text: &str) -> Option<(usize, Vec<String>)> {
    let (mut rest, mut up) = (text.trim(), 0);
    while let Some(behind) = rest.strip_prefix("../") {
        (rest, up) = (behind, up + 1);
    }
    let keys = split(rest)?;
    keys.iter().all(|key| is_key(key) && !key.contains('/')).then_some((up, keys))
}

/// The tree. Node 0 is the outermost object on the way to the rows.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The nodes of the objects on the way, the row's own last.
    spine: Vec<usize>,
    /// Keys that no path names: the node, and the key where it may be told.
    unknown: Vec<(usize, Option<String>)>,
    /// Objects opened so far; numbers each.
    opened: u64,
}

/// A value that leads to something wanted.
#[derive(Default)]
pub(super) struct Node {
    keys: Vec<Key>,
    next_key: usize,
    /// Columns that take this value.
    pub(super) columns: Vec<usize>,
    /// Whether the way to the rows goes through this value.
    pub(super) on_spine: bool,
    /// The opening of this node's object that is read now.
    opening: u64,
    /// How the mapping would write it, with what joins the next key.
    prefix: String,
}

struct Key {
    name: String,
    node: Option<usize>,
    /// The opening of the object in which it was met last.
    met: u64,
}

/// What a key of an object is to the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Known(usize),
    Unknown,
    Twice,
}

impl Tree {
    /// Builds the tree; gives with it, for each column, the level of the object that it belongs to
    /// (0 is the outermost one). The declared count, if any, is one more column of level 0.
    pub(super) fn build(
        row: &[Step],
        wanted: &[Wanted],
        count: Option<&str>,
    ) -> Result<(Self, Vec<usize>), ReadError> {
        let mut tree = Self { nodes: vec![Node::default()], spine: vec![0], unknown: Vec::new(), opened: 0 };
        let keys: Vec<&String> =
            row.iter().filter_map(|step| if let Step::Key(key) = step { Some(key) } else { None }).collect();
        let depth = keys.len();
        for (level, key) in keys.into_iter().enumerate() {
            let node = tree.grow(tree.level_node(level), key);
            tree.set(node, |node| node.on_spine = true);
            tree.spine.push(node);
        }
        for (level, node) in tree.spine.clone().into_iter().enumerate() {
            tree.set(node, |node| node.prefix = "../".repeat(depth - level));
        }
        let mut levels = Vec::with_capacity(wanted.len() + 1);
        for (column, want) in wanted.iter().enumerate() {
            let mut level = None;
            for text in std::iter::once(&want.name).chain(&want.aliases) {
                let path = column_path(text).filter(|(up, _)| *up <= depth);
                let (up, keys) =
                    path.ok_or_else(|| refused(&format!("`{text}` is no path that can be read from a row")))?;
                if level.is_some_and(|other| other != depth - up) {
                    return Err(refused(&format!(
                        "the paths of `{}` belong to objects of two levels",
                        want.name
                    )));
                }
                level = Some(depth - up);
                if !tree.plant(depth - up, &keys, column) {
                    return Err(refused(&format!("`{text}` is on the way to the rows and no value")));
                }
            }
            levels.push(level.unwrap_or(depth));
        }
        if let Some(count) = count {
            let planted =
                column_path(count).is_some_and(|(up, keys)| up == 0 && tree.plant(0, &keys, wanted.len()));
            if !planted {
                return Err(refused(&format!("`{count}` is no path to a count")));
            }
            levels.push(0);
        }
        Ok((tree, levels))
    }

    /// Lets a column take the value at a path; not where the way to the rows goes through it.
    fn plant(&mut self, level: usize, keys: &[String], column: usize) -> bool {
        let mut at = self.level_node(level);
        for key in keys {
            let known =
                self.node(at).keys.iter().find(|known| known.name == *key).and_then(|known| known.node);
            at = known.unwrap_or_else(|| self.grow(at, key));
        }
        self.set(at, |node| node.columns.push(column));
        !self.node(at).on_spine
    }

    fn grow(&mut self, parent: usize, key: &str) -> usize {
        let index = self.nodes.len();
        let prefix = format!("{}{}.", self.node(parent).prefix, written(key));
        self.nodes.push(Node { prefix, ..Node::default() });
        self.set(parent, |node| node.keys.push(Key { name: key.to_owned(), node: Some(index), met: 0 }));
        index
    }

    fn set(&mut self, node: usize, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(node) {
            change(node);
        }
    }

    pub(super) fn node(&self, index: usize) -> &Node {
        // Every index given out is of a node.
        static NONE: Node = Node::EMPTY;
        self.nodes.get(index).unwrap_or(&NONE)
    }

    /// The node of the object of a level on the way to the rows.
    pub(super) fn level_node(&self, level: usize) -> usize {
        self.spine.get(level).copied().unwrap_or(0)
    }

    /// Begins an object: keys are counted anew.
    pub(super) fn open(&mut self, node: usize) {
        self.opened += 1;
        let opening = self.opened;
        self.set(node, |node| {
            node.opening = opening;
            node.next_key = 0;
        });
    }

    /// Looks a key up in the object of a node.
    pub(super) fn key(&mut self, parent: usize, name: &str) -> Met {
        let Some(node) = self.nodes.get_mut(parent) else { return Met::Unknown };
        // Documents repeat their order, so the next key is usually the next one in the list.
        let at = match node.keys.get(node.next_key) {
            Some(next) if next.name == name => node.next_key,
            _ => match node.keys.iter().position(|known| known.name == name) {
                Some(at) => at,
                None => return self.note(parent, name),
            },
        };
        node.next_key = at + 1;
        let Some(key) = node.keys.get_mut(at) else { return Met::Unknown };
        if std::mem::replace(&mut key.met, node.opening) == node.opening {
            return Met::Twice;
        }
        key.node.map_or(Met::Unknown, Met::Known)
    }

    /// Remembers a key that the mapping does not read.
    fn note(&mut self, parent: usize, name: &str) -> Met {
        if self.unknown.len() < UNKNOWN_KEPT
            && let Some(node) = self.nodes.get_mut(parent)
        {
            node.keys.push(Key { name: name.to_owned(), node: None, met: node.opening });
            self.unknown.push((parent, is_word(name).then(|| name.to_owned())));
        }
        Met::Unknown
    }

    pub(super) fn noted(&self) -> usize {
        self.unknown.len()
    }

    /// Forgets what was noted after the first `kept`; met again, it is noted again.
    pub(super) fn forget(&mut self, kept: usize) {
        while self.unknown.len() > kept
            && let Some((node, _)) = self.unknown.pop()
        {
            // What is noted stands behind what the mapping reads, in the order of noting.
            self.set(node, |node| drop(node.keys.pop()));
        }
    }

    /// What the objects held that no path names. A key may be data (an object with people's names or
    /// numbers for keys), so only what looks like a word of a program is named, and only where an
    /// object has few of them; else a star stands for the keys.
    pub(super) fn unknown(&self) -> Vec<String> {
        let mut by_node: BTreeMap<usize, usize> = BTreeMap::new();
        self.unknown.iter().for_each(|(node, _)| *by_node.entry(*node).or_default() += 1);
        let mut told = Vec::new();
        for (node, key) in &self.unknown {
            let few = by_node.get(node).is_some_and(|count| *count <= NAMED);
            let key = key.as_ref().filter(|_| few).map_or_else(|| "*".to_owned(), |key| written(key));
            let name = format!("{}{key}", self.node(*node).prefix);
            if !told.contains(&name) {
                told.push(name);
            }
        }
        told
    }
}

impl Node {
    const EMPTY: Self = Self {
        keys: Vec::new(),
        next_key: 0,
        columns: Vec::new(),
        on_spine: false,
        opening: 0,
        prefix: String::new(),
    };

    /// Whether something wanted lies inside this value.
    pub(super) fn leads_on(&self) -> bool {
        self.keys.iter().any(|key| key.node.is_some())
    }
}

/// A key as a path writes it.
fn written(key: &str) -> String {
    key.replace('\\', "\\\\").replace('.', "\\.")
}

/// Whether a key looks like a word of a program: ASCII, no space, and never three digits together.
fn is_word(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'$' | b':');
    let digits = key.as_bytes().windows(3).any(|three| three.iter().all(u8::is_ascii_digit));
    !key.is_empty() && key.len() <= 64 && key.bytes().all(plain) && !digits
}

fn refused(what: &str) -> ReadError {
    ReadError::new(FORMAT_OPTION, None, what)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn row_paths_are_read_or_refused() {
        let key = |name: &str| Step::Key(name.to_owned());
        let good: &[(&str, &[Step])] = &[
            ("[]", &[Step::Each]),
            ("items", &[key("items"), Step::Each]),
            ("data.items[]", &[key("data"), key("items"), Step::Each]),
            ("people[].orders", &[key("people"), Step::Each, key("orders"), Step::Each]),
            ("[].orders", &[Step::Each, key("orders"), Step::Each]),
            (r"@odata\.x", &[key("@odata.x"), Step::Each]),
        ];
        for (text, steps) in good {
            assert_eq!(row_path(text).unwrap(), *steps, "{text}");
        }
        for text in ["", ".", "a..b", "a.", "a.[]", "a[][]", "a[0]", "*", r"a\b"] {
            assert!(row_path(text).is_none(), "{text}");
        }
    }

    #[test]
    fn column_paths_are_read_or_refused() {
        for (text, up, keys) in
            [("a", 0, vec!["a"]), ("a.b", 0, vec!["a", "b"]), ("../../a.b", 2, vec!["a", "b"])]
        {
            let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
            assert_eq!(column_path(text), Some((up, keys)), "{text}");
        }
        for text in ["", ".", "..", "../", "a/../b", "a[]", "a.*", "a..b"] {
            assert!(column_path(text).is_none(), "{text}");
        }
    }

    #[test]
    fn keys_that_may_be_data_are_not_named() {
        for (key, expected) in [
            ("custodyInd", true),
            ("address_line_2", true),
            ("@odata.context", true),
            ("A1234BC", false),
            ("Zoë", false),
            ("12 Copse Row", false),
            ("", false),
        ] {
            assert_eq!(is_word(key), expected, "{key}");
        }
    }
}
