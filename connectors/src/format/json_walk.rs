//! Walks along the tokens of JSON and picks the values of a row, whatever document they stand in.

use crate::codes::{
    JSON_CAP, JSON_LATE, JSON_LIST, JSON_NEVER, JSON_ROWS, JSON_SHAPE, JSON_TWICE, TOO_LONG, TOO_MANY,
    TRAILER_COUNT,
};
use crate::format::json_paths::{Met, Step, Tree};
use crate::format::json_source::Token;
use crate::format::{ReadError, Wanted};
use crate::limits::Limits;
use lockgate_core::problem::Code;
use lockgate_core::row::{CellKind, RowBuf};

/// What was found so far for one column.
struct Slot {
    text: String,
    kind: CellKind,
    found: bool,
    /// Whether its key occurred anywhere, be it with `null`.
    ever: bool,
    level: usize,
}

impl Slot {
    fn clear(&mut self) {
        self.text.clear();
        self.found = false;
    }
}

/// A container that is open.
#[derive(Clone, Copy)]
enum Frame {
    /// An object that leads to something wanted. `spine`: how many steps of the way to the rows lead
    /// to it; the row's own object has them all.
    Object { node: usize, spine: Option<usize> },
    /// The array after so many steps of the way.
    Each(usize),
    /// A list of the columns of a node.
    List { node: usize, first: bool },
}

/// What the next value is.
#[derive(Clone, Copy)]
enum Target {
    /// On the way to the rows, so many steps in.
    Spine(usize),
    /// Of a known key.
    Node(usize),
    /// An element of a list.
    Element,
    /// Of no interest.
    Nothing,
}

/// What a token completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// A row; [`Walk::fill`] gives its cells.
    Row,
    /// An element that cannot be used as a row.
    Bad(Code),
}

/// Where the walk is, and what it found of the row.
pub(super) struct Walk<'f> {
    steps: &'f [Step],
    list: Option<&'f str>,
    limits: Limits,
    tree: Tree,
    names: Vec<String>,
    required: Vec<bool>,
    slots: Vec<Slot>,
    frames: Vec<Frame>,
    next: Target,
    /// Open containers inside a value of no interest.
    ignored: usize,
    /// Why the row being read is unusable.
    fault: Option<Code>,
    /// Rows given inside the open object of each level.
    given: Vec<u64>,
    values: u64,
    row_values: usize,
    rows: u64,
    /// Whether the array of the rows, or the outermost one on the way, was met.
    pub(super) met: bool,
}

impl<'f> Walk<'f> {
    pub(super) fn new(
        steps: &'f [Step],
        list: Option<&'f str>,
        count: Option<&str>,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        let (tree, levels) = Tree::build(steps, wanted, count)?;
        let slot =
            |level| Slot { text: String::new(), kind: CellKind::Text, found: false, ever: false, level };
        let depth = steps.iter().filter(|step| matches!(step, Step::Key(_))).count();
        Ok(Self {
            steps,
            list,
            limits: *limits,
            tree,
            names: wanted.iter().map(|w| w.name.clone()).collect(),
            required: wanted.iter().map(|w| w.required).collect(),
            slots: levels.into_iter().map(slot).collect(),
            frames: Vec::new(),
            next: Target::Spine(0),
            ignored: 0,
            fault: None,
            given: vec![0; depth + 1],
            values: 0,
            row_values: 0,
            rows: 0,
            met: false,
        })
    }

    /// Rows completed so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The element being read, for messages.
    pub(super) fn here(&self) -> u64 {
        self.rows + 1
    }

    pub(super) fn header(&self) -> &[String] {
        &self.names
    }

    pub(super) fn unknown(&self) -> Vec<String> {
        self.tree.unknown()
    }

    /// How many keys that nobody reads were noted so far.
    pub(super) fn noted(&self) -> usize {
        self.tree.noted()
    }

    /// Forgets the keys that nobody reads which were noted after the first `kept`.
    pub(super) fn forget(&mut self, kept: usize) {
        self.tree.forget(kept);
    }

    /// Forgets what is open: the next token begins a document anew.
    pub(super) fn restart(&mut self) {
        self.frames.clear();
        (self.next, self.ignored, self.fault) = (Target::Spine(0), 0, None);
    }

    fn fail<T>(&self, code: Code, what: &str) -> Result<T, ReadError> {
        Err(ReadError::new(code, Some(self.here()), what))
    }

    /// Takes one token; `text` is the text of a key, string, number or flag.
    pub(super) fn take(&mut self, token: Token, text: &str) -> Result<Option<Done>, ReadError> {
        match token {
            Token::ObjectStart | Token::ArrayStart => self.count(true)?,
            Token::Text | Token::Number | Token::Flag | Token::Null => self.count(false)?,
            Token::ObjectEnd | Token::ArrayEnd => return self.close(),
            Token::Key => return self.key(text).map(|()| None),
            Token::End => return Ok(None),
        }
        if self.ignored > 0 {
            self.ignored += usize::from(opens(token));
            return Ok(None);
        }
        match self.next {
            Target::Nothing => self.ignore(token),
            Target::Spine(at) => return self.on_the_way(at, token),
            Target::Node(node) => self.value(node, token, text)?,
            Target::Element => self.element(token, text)?,
        }
        Ok(None)
    }

    fn count(&mut self, opens: bool) -> Result<(), ReadError> {
        self.values += 1;
        self.row_values += 1;
        if self.values > self.limits.cells {
            return self.fail(TOO_MANY, &format!("more than {} values", self.limits.cells));
        }
        if self.row_values > self.limits.row_elements && self.in_row() {
            let what = format!("more than {} values in one row", self.limits.row_elements);
            return self.fail(JSON_CAP, &what);
        }
        if opens && self.frames.len() + self.ignored >= self.limits.depth {
            let what = format!("objects and arrays nested deeper than {}", self.limits.depth);
            return self.fail(JSON_CAP, &what);
        }
        Ok(())
    }

    fn in_row(&self) -> bool {
        let is_row =
            |f: &Frame| matches!(f, Frame::Object { spine: Some(at), .. } if *at == self.steps.len());
        self.frames.iter().any(is_row)
    }

    fn ignore(&mut self, token: Token) {
        self.ignored = usize::from(opens(token));
    }

    /// The level of the object that so many steps lead to.
    fn level_at(&self, at: usize) -> usize {
        self.steps.iter().take(at).filter(|step| matches!(step, Step::Key(_))).count()
    }

    /// A value on the way to the rows, or a row.
    fn on_the_way(&mut self, at: usize, token: Token) -> Result<Option<Done>, ReadError> {
        let level = self.level_at(at);
        match (self.steps.get(at), token) {
            (Some(Step::Each), Token::ArrayStart) => {
                self.met = true;
                self.frames.push(Frame::Each(at + 1));
                self.next = Target::Spine(at + 1);
            }
            (Some(Step::Key(_)) | None, Token::ObjectStart) => {
                let node = self.tree.level_node(level);
                self.tree.open(node);
                self.frames.push(Frame::Object { node, spine: Some(at) });
                self.open_level(level, at);
            }
            (None, _) => {
                self.ignore(token);
                return self.completed(Done::Bad(JSON_SHAPE)).map(Some);
            }
            // Nothing there: an enclosing object without rows.
            (Some(_), Token::Null) => {}
            (Some(Step::Each), _) => return self.fail(JSON_ROWS, "the path to the rows ends in no array"),
            (Some(Step::Key(_)), _) => {
                return self.fail(JSON_ROWS, "the path to the rows leads through a value that is no object");
            }
        }
        Ok(None)
    }

    /// Enters an object on the way to the rows: what belongs to it is not known yet.
    fn open_level(&mut self, level: usize, at: usize) {
        self.slots.iter_mut().filter(|slot| slot.level == level).for_each(Slot::clear);
        if let Some(given) = self.given.get_mut(level) {
            *given = 0;
        }
        if at == self.steps.len() {
            (self.fault, self.row_values) = (None, 0);
        }
    }

    fn key(&mut self, name: &str) -> Result<(), ReadError> {
        if self.ignored > 0 {
            return Ok(());
        }
        let Some(Frame::Object { node, spine }) = self.frames.last().copied() else { return Ok(()) };
        self.next = match self.tree.key(node, name) {
            Met::Unknown => Target::Nothing,
            Met::Twice => {
                self.blame(JSON_TWICE, "a key stands twice in an object around the rows")?;
                Target::Nothing
            }
            Met::Known(child) if self.tree.node(child).on_spine => match spine {
                Some(at) => Target::Spine(at + 1),
                None => Target::Node(child),
            },
            Met::Known(child) => Target::Node(child),
        };
        Ok(())
    }

    /// A fault inside the row makes it unusable; one around the rows breaks the file.
    fn blame(&mut self, code: Code, around: &str) -> Result<(), ReadError> {
        if !self.in_row() {
            return self.fail(code, around);
        }
        self.fault = self.fault.or(Some(code));
        Ok(())
    }

    fn misshapen(&mut self, token: Token) -> Result<(), ReadError> {
        self.ignore(token);
        self.blame(JSON_SHAPE, "a value around the rows has another shape than the mapping reads")
    }

    /// The value of a known key.
    fn value(&mut self, node: usize, token: Token, text: &str) -> Result<(), ReadError> {
        let (reads, leads_on) = (!self.tree.node(node).columns.is_empty(), self.tree.node(node).leads_on());
        if reads {
            self.begin(node)?;
        }
        match token {
            Token::Null => Ok(()),
            Token::ObjectStart if leads_on && !reads => {
                self.tree.open(node);
                self.frames.push(Frame::Object { node, spine: None });
                Ok(())
            }
            Token::ArrayStart if reads && !leads_on && self.list.is_some() => {
                self.frames.push(Frame::List { node, first: true });
                self.next = Target::Element;
                self.set(node, "", CellKind::Text)
            }
            _ if opens(token) || leads_on => self.misshapen(token),
            Token::Flag => self.set(node, text, CellKind::Bool),
            _ => self.set(node, text, CellKind::Text),
        }
    }

    /// A value of an enclosing object must stand before the rows that carry it.
    fn begin(&mut self, node: usize) -> Result<(), ReadError> {
        for column in &self.tree.node(node).columns {
            let Some(slot) = self.slots.get_mut(*column) else { continue };
            slot.ever = true;
            let given = self.given.get(slot.level).copied().unwrap_or(0);
            if let Some(name) = self.names.get(*column)
                && slot.level + 1 < self.given.len()
                && given > 0
            {
                let what = format!("`{name}` stands behind rows that need it");
                return Err(ReadError::new(JSON_LATE, Some(self.rows + 1), &what));
            }
        }
        Ok(())
    }

    fn set(&mut self, node: usize, text: &str, kind: CellKind) -> Result<(), ReadError> {
        let mut twice = false;
        for column in &self.tree.node(node).columns {
            let Some(slot) = self.slots.get_mut(*column) else { continue };
            // Two names of one column, both with a value.
            twice |= std::mem::replace(&mut slot.found, true);
            slot.text.clear();
            slot.text.push_str(text);
            slot.kind = kind;
        }
        if twice { self.blame(JSON_TWICE, "two names of one column stand around the rows") } else { Ok(()) }
    }

    /// An element of a list of plain values.
    fn element(&mut self, token: Token, text: &str) -> Result<(), ReadError> {
        if opens(token) {
            return self.misshapen(token);
        }
        let (Some(Frame::List { node, first }), Some(sign)) = (self.frames.last_mut(), self.list) else {
            return Ok(());
        };
        if token == Token::Null {
            return Ok(());
        }
        let joined = !std::mem::replace(first, false);
        let mut length = 0;
        for column in &self.tree.node(*node).columns {
            let Some(slot) = self.slots.get_mut(*column) else { continue };
            if joined {
                slot.text.push_str(sign);
            }
            slot.text.push_str(text);
            length = length.max(slot.text.len());
        }
        if length > self.limits.cell_bytes {
            return self.fail(JSON_CAP, "the list of a column is longer than its cap");
        }
        // A separator inside an element would make two of one.
        let confused = text.contains(sign) || text.trim().is_empty();
        if confused { self.blame(JSON_LIST, "a list around the rows cannot be joined") } else { Ok(()) }
    }

    /// Leaves the innermost container; says whether it was a row.
    fn close(&mut self) -> Result<Option<Done>, ReadError> {
        if self.ignored > 0 {
            self.ignored -= 1;
            return Ok(None);
        }
        let left = self.frames.pop();
        self.next = match self.frames.last() {
            Some(Frame::Each(at)) => Target::Spine(*at),
            Some(Frame::List { .. }) => Target::Element,
            _ => Target::Nothing,
        };
        match left {
            Some(Frame::Object { spine: Some(at), .. }) if at == self.steps.len() => {
                let done = self.fault.take().map_or(Done::Row, Done::Bad);
                self.completed(done).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Counts a row, usable or not.
    fn completed(&mut self, done: Done) -> Result<Done, ReadError> {
        self.rows += 1;
        self.given.iter_mut().for_each(|given| *given += 1);
        if self.rows > self.limits.rows {
            let what = format!("more than {} rows", self.limits.rows);
            return Err(ReadError::new(TOO_MANY, Some(self.rows), &what));
        }
        Ok(done)
    }

    /// What was completed last is no row (a line that states the count).
    pub(super) fn take_back(&mut self) {
        self.rows = self.rows.saturating_sub(1);
    }

    /// Whether the row just read has a value at the path of the count.
    pub(super) fn holds_count(&self) -> bool {
        self.slots.get(self.names.len()).is_some_and(|slot| slot.found)
    }

    /// The declared count, where it was met.
    pub(super) fn stated(&self, row: Option<u64>) -> Result<Option<u64>, ReadError> {
        let Some(slot) = self.slots.get(self.names.len()).filter(|slot| slot.found) else { return Ok(None) };
        let count = slot.text.parse().map(Some);
        count.map_err(|_| ReadError::new(TRAILER_COUNT, row, "the declared count is no number of rows"))
    }

    /// Puts the cells of the row just read into the buffer.
    pub(super) fn fill(&self, row: &mut RowBuf) -> Result<(), ReadError> {
        for slot in self.slots.iter().take(self.names.len()) {
            if slot.found {
                row.push_kind(&slot.text, slot.kind);
            } else {
                row.push_kind("", CellKind::Absent);
            }
        }
        if row.text_len() > self.limits.row_bytes {
            return Err(ReadError::new(TOO_LONG, Some(row.number()), "a row is longer than its cap"));
        }
        Ok(())
    }

    /// At the end of the file: a required path must have occurred, if there were rows.
    pub(super) fn finish(&self) -> Result<(), ReadError> {
        let never =
            self.slots.iter().zip(&self.required).position(|(slot, required)| *required && !slot.ever);
        match never.and_then(|column| self.names.get(column)) {
            Some(name) if self.rows > 0 => {
                let what = format!("the required path `{name}` occurs in no row");
                Err(ReadError::new(JSON_NEVER, None, &what)
                    .help("mark the column `required = false` if it may be missing")
                    .lacking(vec![name.clone()], self.unknown()))
            }
            _ => Ok(()),
        }
    }
}

fn opens(token: Token) -> bool {
    matches!(token, Token::ObjectStart | Token::ArrayStart)
}
