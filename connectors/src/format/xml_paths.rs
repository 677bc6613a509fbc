//! The paths a mapping reads from an XML document, as a tree that is walked along with the document.
//!
//! A path is relative to the row element: `dateCompleted`, `Predictors/OGRS/ogrs32Year`,
//! `@assessmentPk`, `.` (the row's own text), and `../probNumber` or `../@id` of an enclosing
//! element. What the document holds beside is added to the tree when it is first met, marked as
//! unknown, so that it is named once and costs nothing more.

use crate::codes::FORMAT_OPTION;
use crate::format::{ReadError, Wanted};

/// Unknown names kept; a document with more is not worth listing further.
const UNKNOWN_KEPT: usize = 500;

/// The tree; node 0 is the document.
pub(super) struct Tree {
    nodes: Vec<Node>,
    unknown: Vec<String>,
}

/// An element that leads to something wanted.
pub(super) struct Node {
    children: Vec<(String, Option<usize>)>,
    next_child: usize,
    attributes: Vec<(String, Vec<usize>)>,
    /// Columns that take this element's text.
    pub(super) columns: Vec<usize>,
    /// Its depth on the way to the row element (the root is 1), or `None` below the row.
    pub(super) level: Option<usize>,
    /// How the mapping would write it, with a closing slash; empty for the row element itself.
    prefix: String,
}

/// One wanted path, split.
struct Path<'p> {
    up: usize,
    steps: Vec<&'p str>,
    attribute: Option<&'p str>,
}

/// Splits the path of the row element.
pub(super) fn row_path(text: &str) -> Option<Vec<String>> {
    let steps: Vec<String> =
        text.trim().trim_start_matches('/').split('/').map(|s| s.trim().to_owned()).collect();
    steps.iter().all(|step| is_name(step)).then_some(steps)
}

fn is_name(step: &str) -> bool {
    !step.is_empty() && step != "." && step != ".." && !step.contains(['@', ':', ' ', '*', '[', ']'])
}

impl Tree {
    /// Builds the tree; gives with it, for each column, the level of the element that it belongs to.
    pub(super) fn build(row: &[String], wanted: &[Wanted]) -> Result<(Self, Vec<usize>), ReadError> {
        let mut tree = Self { nodes: Vec::new(), unknown: Vec::new() };
        let above = |level: usize| "../".repeat(row.len() - level);
        tree.nodes.push(Node::new(Some(0), above(0)));
        let mut spine = vec![0];
        for (i, name) in row.iter().enumerate() {
            let node = tree.grow(spine.last().copied().unwrap_or(0), name, Some(i + 1), above(i + 1));
            spine.push(node);
        }
        let mut levels = Vec::with_capacity(wanted.len());
        for (column, want) in wanted.iter().enumerate() {
            let mut level = None;
            for text in std::iter::once(&want.name).chain(&want.aliases) {
                let path = Path::read(text, row.len()).ok_or_else(|| {
                    let what = format!("`{text}` is no path that can be read from the row element");
                    ReadError::new(FORMAT_OPTION, None, &what)
                })?;
                let own = row.len() - path.up;
                if level.is_some_and(|other| other != own) {
                    let what = format!("the paths of `{}` belong to elements of two levels", want.name);
                    return Err(ReadError::new(FORMAT_OPTION, None, &what));
                }
                level = Some(own);
                tree.plant(&spine, own, &path, column);
            }
            levels.push(level.unwrap_or(row.len()));
        }
        Ok((tree, levels))
    }

    fn plant(&mut self, spine: &[usize], own: usize, path: &Path<'_>, column: usize) {
        let mut at = spine.get(own).copied().unwrap_or(0);
        for step in &path.steps {
            let known =
                self.node(at).children.iter().find(|(name, _)| name == step).and_then(|(_, node)| *node);
            at = known.unwrap_or_else(|| {
                let prefix = format!("{}{step}/", self.node(at).prefix);
                self.grow(at, step, None, prefix)
            });
        }
        let Some(node) = self.nodes.get_mut(at) else { return };
        match path.attribute {
            None => node.columns.push(column),
            Some(name) => match node.attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, columns)) => columns.push(column),
                None => node.attributes.push((name.to_owned(), vec![column])),
            },
        }
    }

    fn grow(&mut self, parent: usize, name: &str, level: Option<usize>, prefix: String) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node::new(level, prefix));
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.push((name.to_owned(), Some(index)));
        }
        index
    }

    pub(super) fn node(&self, index: usize) -> &Node {
        // Every index given out is of a node, and node 0 always exists.
        static NONE: Node = Node::EMPTY;
        self.nodes.get(index).unwrap_or(&NONE)
    }

    /// The node of a child element, or `None` when nothing wanted is in it.
    pub(super) fn child(&mut self, parent: usize, name: &str) -> Option<usize> {
        let node = self.nodes.get_mut(parent)?;
        // Documents repeat their order, so the next child is usually the next one in the list.
        let at = match node.children.get(node.next_child) {
            Some((next, _)) if next == name => node.next_child,
            _ => match node.children.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => return self.note(parent, name, ""),
            },
        };
        node.next_child = at + 1;
        node.children.get(at).and_then(|(_, child)| *child)
    }

    /// The columns that take an attribute of an element.
    pub(super) fn attribute(&mut self, element: usize, name: &str) -> &[usize] {
        let at = self.node(element).attributes.iter().position(|(known, _)| known == name);
        if at.is_none() {
            self.note(element, name, "@");
        }
        let node = self.nodes.get(element);
        at.and_then(|at| node?.attributes.get(at)).map_or(&[], |(_, columns)| columns.as_slice())
    }

    /// Remembers a name that the mapping does not read; nothing wanted is in it.
    fn note(&mut self, parent: usize, name: &str, sign: &str) -> Option<usize> {
        if parent == 0 || self.unknown.len() >= UNKNOWN_KEPT {
            return None;
        }
        let node = self.nodes.get_mut(parent)?;
        self.unknown.push(format!("{}{sign}{name}", node.prefix));
        if sign.is_empty() {
            node.children.push((name.to_owned(), None));
        } else {
            node.attributes.push((name.to_owned(), Vec::new()));
        }
        None
    }

    /// What the document held that no path names.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.unknown.clone()
    }
}

impl Node {
    const EMPTY: Self = Self {
        children: Vec::new(),
        next_child: 0,
        attributes: Vec::new(),
        columns: Vec::new(),
        level: None,
        prefix: String::new(),
    };

    fn new(level: Option<usize>, prefix: String) -> Self {
        Self { level, prefix, ..Self::EMPTY }
    }
}

impl<'p> Path<'p> {
    fn read(text: &'p str, depth: usize) -> Option<Self> {
        let mut path = Path { up: 0, steps: Vec::new(), attribute: None };
        let text = text.trim();
        if text == "." {
            return Some(path);
        }
        for step in text.split('/').map(str::trim) {
            if path.attribute.is_some() {
                return None;
            }
            match step.strip_prefix('@') {
                Some(name) if is_name(name) => path.attribute = Some(name),
                None if step == ".." && path.steps.is_empty() => path.up += 1,
                None if is_name(step) => path.steps.push(step),
                _ => return None,
            }
        }
        let ends = !path.steps.is_empty() || path.attribute.is_some();
        (ends && path.up < depth).then_some(path)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_or_refused() {
        let good = ["a", "a/b", "@x", "a/@x", "../a", "../../@x", "../a/b", "."];
        let bad = ["", "..", "../..", "a/../b", "@x/a", "a//b", "a[1]", "../../../a", "x:y", "*"];
        for text in good {
            assert!(Path::read(text, 3).is_some(), "{text}");
        }
        for text in bad {
            assert!(Path::read(text, 3).is_none(), "{text}");
        }
        assert_eq!(row_path("/A/B").unwrap(), ["A", "B"]);
        assert!(row_path("A//B").is_none() && row_path("").is_none());
    }
}
