//! XML: one row for each element at a path, its values picked by paths, read in one pass.

use crate::codes::{TOO_LONG, TOO_MANY, XML_BROKEN, XML_CAP, XML_LATE, XML_NEVER, XML_ROOT, XML_TWICE};
use crate::format::encoding::Source;
use crate::format::xml_paths::{Tree, row_path};
use crate::format::xml_source::{Events, decoded, events, fault, pull, resolve};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::{Capped, Limits};
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::{CellKind, RowBuf};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

const OWNER: Owner = Owner::format("format xml");

const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "row",
        shape: "path from the root element, such as \"Extract/Person/Event\"",
        default: "none; must be given",
        doc: "the element that is one row; columns are paths relative to it: `a/b`, `@x`, `../a`, `../@x`",
    },
    OptionDoc {
        name: "namespace",
        shape: "text",
        default: "any namespace",
        doc: "the namespace that every element read must be in",
    },
];

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "xml",
    summary: "XML with one element a row; no document type, no entities of its own",
    options: OPTIONS,
    open,
};

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
    let row = OWNER.text(&options.0, "row")?.and_then(row_path);
    let row = row.ok_or_else(|| {
        OWNER.fault("row", "the path of the row element is wanted, such as `Extract/Person`")
    })?;
    let namespace = OWNER.text(&options.0, "namespace")?.map(str::to_owned);
    Ok(Box::new(Xml { row, namespace, limits: *limits }))
}

struct Xml {
    row: Vec<String>,
    namespace: Option<String>,
    limits: Limits,
}

impl Format for Xml {
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        let input = decoded(Box::new(Capped::new(input, self.limits.file_bytes)))?;
        let (tree, levels) = Tree::build(&self.row, wanted)?;
        Ok(Box::new(XmlRows {
            events: events(input, &self.limits),
            buf: Vec::new(),
            format: self,
            tree,
            stack: vec![0],
            ignored: 0,
            root_seen: false,
            header: wanted.iter().map(|w| w.name.clone()).collect(),
            required: wanted.iter().map(|w| w.required).collect(),
            slots: levels.into_iter().map(Slot::new).collect(),
            given: vec![0; self.row.len() + 1],
            elements: 0,
            row_elements: 0,
            rows: 0,
        }))
    }

    fn check(&self, wanted: &[Wanted]) -> Result<(), ReadError> {
        Tree::build(&self.row, wanted).map(|_| ())
    }
}

/// What was found so far for one column.
struct Slot {
    text: String,
    found: Found,
    ever: bool,
    level: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Once,
    Twice,
}

impl Slot {
    fn new(level: usize) -> Self {
        Self { text: String::new(), found: Found::Nothing, ever: false, level }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.found = Found::Nothing;
    }

    /// Begins a value; a second one makes the row ambiguous.
    fn begin(&mut self) {
        self.found = if self.found == Found::Nothing { Found::Once } else { Found::Twice };
        self.ever = true;
    }
}

struct XmlRows<'a> {
    events: Events<Source<'a>>,
    buf: Vec<u8>,
    format: &'a Xml,
    tree: Tree,
    /// Nodes of the open elements, from the document on.
    stack: Vec<usize>,
    /// Open elements inside one that holds nothing wanted.
    ignored: usize,
    root_seen: bool,
    header: Vec<String>,
    required: Vec<bool>,
    slots: Vec<Slot>,
    /// Rows given inside the open element of each level.
    given: Vec<u64>,
    elements: u64,
    row_elements: usize,
    rows: u64,
}

impl XmlRows<'_> {
    /// The row being read, for messages.
    fn here(&self) -> u64 {
        self.rows + 1
    }

    fn fail<T>(&self, code: &'static str, what: &str) -> Result<T, ReadError> {
        Err(ReadError::new(code, Some(self.here()), what))
    }

    fn top(&self) -> usize {
        self.stack.last().copied().unwrap_or(0)
    }

    fn run(&mut self, row: &mut RowBuf, buf: &mut Vec<u8>) -> Result<Step, ReadError> {
        loop {
            let here = Some(self.here());
            match pull(&mut self.events, buf, here)? {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    if self.end() {
                        return self.give(row);
                    }
                }
                Event::End(_) => {
                    if self.end() {
                        return self.give(row);
                    }
                }
                Event::Text(text) => self.text(|out| {
                    out.push_str(&text.xml10_content());
                    Ok(())
                })?,
                Event::CData(text) => self.text(|out| {
                    out.push_str(&text.xml10_content());
                    Ok(())
                })?,
                Event::GeneralRef(reference) => {
                    let mut resolved = String::new();
                    resolve(&reference, &mut resolved, here)?;
                    self.text(|out| {
                        out.push_str(&resolved);
                        Ok(())
                    })?;
                }
                Event::Eof => return self.finish(),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        let limits = &self.format.limits;
        self.elements += 1;
        self.row_elements += 1;
        if self.elements > limits.cells {
            return self.fail(TOO_MANY, &format!("more than {} elements", limits.cells));
        }
        if self.stack.len() + self.ignored > limits.depth {
            return self.fail(XML_CAP, &format!("elements nested deeper than {}", limits.depth));
        }
        if self.stack.len() > self.format.row.len() && self.row_elements > limits.row_elements {
            return self.fail(XML_CAP, &format!("more than {} elements in one row", limits.row_elements));
        }
        if self.ignored > 0 {
            self.ignored += 1;
            return Ok(());
        }
        let parent = self.top();
        let named = self.in_namespace(tag);
        if parent == 0 {
            self.check_root(tag, named)?;
        }
        let child = if named { self.tree.child(parent, tag.local_name().as_ref()) } else { None };
        let Some(node) = child else {
            self.ignored = 1;
            return Ok(());
        };
        if let Some(level) = self.tree.node(node).level {
            self.open_level(level);
        }
        self.stack.push(node);
        for column in &self.tree.node(node).columns {
            if let Some(slot) = self.slots.get_mut(*column) {
                slot.begin();
            }
        }
        self.check_late(node)?;
        if tag.attributes_raw().trim().is_empty() { Ok(()) } else { self.attributes(tag, node) }
    }

    fn in_namespace(&self, tag: &BytesStart<'_>) -> bool {
        let Some(wanted) = &self.format.namespace else { return true };
        let (found, _) = self.events.resolver().resolve_element(tag.name());
        matches!(found, ResolveResult::Bound(Namespace(name)) if AsRef::<str>::as_ref(&name) == wanted.as_str())
    }

    fn check_root(&mut self, tag: &BytesStart<'_>, named: bool) -> Result<(), ReadError> {
        if self.root_seen {
            return self.fail(XML_BROKEN, "a second root element");
        }
        self.root_seen = true;
        let wanted = self.format.row.first().map_or("", String::as_str);
        if tag.local_name().as_ref() != wanted {
            return self.fail(XML_ROOT, &format!("the root element is not `{wanted}`"));
        }
        if !named {
            return self.fail(XML_ROOT, &format!("the root element `{wanted}` is in another namespace"));
        }
        Ok(())
    }

    /// Enters an element on the way to the row: what belongs to it is not known yet.
    fn open_level(&mut self, level: usize) {
        self.slots.iter_mut().filter(|slot| slot.level == level).for_each(Slot::clear);
        if let Some(given) = self.given.get_mut(level) {
            *given = 0;
        }
        if level == self.format.row.len() {
            self.row_elements = 0;
        }
    }

    /// A value of an enclosing element must stand before the rows that carry it.
    fn check_late(&self, node: usize) -> Result<(), ReadError> {
        for column in &self.tree.node(node).columns {
            let level = self.slots.get(*column).map_or(0, |slot| slot.level);
            let given = self.given.get(level).copied().unwrap_or(0);
            if level < self.format.row.len() && given > 0 {
                let name = self.header.get(*column).map_or("", String::as_str);
                return self.fail(XML_LATE, &format!("`{name}` stands behind rows that need it"));
            }
        }
        Ok(())
    }

    fn attributes(&mut self, tag: &BytesStart<'_>, node: usize) -> Result<(), ReadError> {
        let here = Some(self.here());
        for (count, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.map_err(|e| fault(&e.into(), here))?;
            if count >= self.format.limits.xml_attributes {
                let what =
                    format!("more than {} attributes in one element", self.format.limits.xml_attributes);
                return self.fail(XML_CAP, &what);
            }
            let (local, prefix) = attribute.key.decompose();
            let about_xml =
                matches!(prefix.as_ref().map(AsRef::<str>::as_ref), Some("xmlns" | "xsi" | "xml"));
            if about_xml || attribute.key.as_ref() == "xmlns" {
                continue;
            }
            let columns = self.tree.attribute(node, local.as_ref());
            if columns.is_empty() {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| fault(&e, here))?;
            for column in columns {
                if let Some(slot) = self.slots.get_mut(*column) {
                    slot.begin();
                    if slot.found == Found::Once {
                        slot.text.push_str(&value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes text of the innermost open element.
    fn text(&mut self, add: impl Fn(&mut String) -> Result<(), ReadError>) -> Result<(), ReadError> {
        if self.ignored > 0 {
            return Ok(());
        }
        let top = self.top();
        if top == 0 {
            let mut outside = String::new();
            add(&mut outside)?;
            let blank = outside.chars().all(|c| c.is_whitespace() || c == '\u{feff}');
            return if blank { Ok(()) } else { self.fail(XML_BROKEN, "text outside the root element") };
        }
        for column in &self.tree.node(top).columns {
            if let Some(slot) = self.slots.get_mut(*column).filter(|slot| slot.found == Found::Once) {
                add(&mut slot.text)?;
                if slot.text.len() > self.format.limits.cell_bytes {
                    return self.fail(XML_CAP, "the text of an element is longer than its cap");
                }
            }
        }
        Ok(())
    }

    /// Leaves the innermost element; says whether it was a row.
    fn end(&mut self) -> bool {
        if self.ignored > 0 {
            self.ignored -= 1;
            return false;
        }
        let left = self.stack.pop().unwrap_or(0);
        self.tree.node(left).level == Some(self.format.row.len())
    }

    fn give(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        self.rows += 1;
        self.given.iter_mut().for_each(|given| *given += 1);
        row.start(self.rows);
        if self.rows > self.format.limits.rows {
            let what = format!("more than {} rows", self.format.limits.rows);
            return Err(ReadError::new(TOO_MANY, Some(self.rows), &what));
        }
        if self.slots.iter().any(|slot| slot.found == Found::Twice) {
            return Ok(Step::Bad { code: XML_TWICE });
        }
        for slot in &self.slots {
            match slot.found {
                Found::Nothing => row.push_kind("", CellKind::Absent),
                _ => row.push(&slot.text),
            }
        }
        if row.text_len() > self.format.limits.row_bytes {
            return Err(ReadError::new(TOO_LONG, Some(self.rows), "a row is longer than its cap"));
        }
        Ok(Step::Row)
    }

    fn finish(&mut self) -> Result<Step, ReadError> {
        if !self.root_seen {
            return self.fail(XML_BROKEN, "the document holds no element");
        }
        if self.stack.len() > 1 || self.ignored > 0 {
            return self.fail(XML_BROKEN, "the document ends before its elements are closed");
        }
        let never =
            self.slots.iter().zip(&self.required).position(|(slot, required)| *required && !slot.ever);
        match never.and_then(|column| self.header.get(column)) {
            Some(name) if self.rows > 0 => {
                let what = format!("the required path `{name}` occurs in no row");
                Err(ReadError::new(XML_NEVER, None, &what)
                    .help("mark the column `required = false` if it may be missing")
                    .lacking(vec![name.clone()], self.tree.unknown()))
            }
            _ => Ok(Step::End),
        }
    }
}

impl Rows for XmlRows<'_> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        let mut buf = std::mem::take(&mut self.buf);
        let step = self.run(row, &mut buf);
        self.buf = buf;
        step
    }

    fn trailer(&self) -> Option<u64> {
        None
    }

    fn skipped(&self) -> u64 {
        0
    }

    fn notes(&self) -> &[Problem] {
        &[]
    }

    fn unknown(&self) -> Vec<String> {
        self.tree.unknown()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
