//! A row as a partner sent it: cells of text with their kind and place, in one reused buffer.

use crate::hash::HashKey;
use alloc::string::String;
use alloc::vec::Vec;

/// What a format knew about a cell beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum CellKind {
    /// Text as written (every CSV cell, XML text, a spreadsheet's text cell).
    Text = 0,
    /// A spreadsheet number, written shortest-exact (`42`, `0.5`, never `4.2E1`).
    Number = 1,
    /// A spreadsheet date or date-time by its cell style, written ISO 8601 (epoch already applied).
    Date = 2,
    /// A spreadsheet truth value, written `true` or `false`.
    Bool = 3,
    /// The cell, or the column in this file, is absent (three states: absent, empty, value).
    Absent = 4,
    /// A cell whose content cannot be used (spreadsheet error, formula without value).
    Error = 5,
}

/// One row: the format fills it, the core reads it. Cells are personal, so there is no `Debug`.
#[derive(Clone, Default)]
pub struct RowBuf {
    text: String,
    ends: Vec<u32>,
    kinds: Vec<CellKind>,
    number: u64,
    epoch_1904: bool,
}

/// A cell as the core sees it.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: CellKind,
}

impl RowBuf {
    /// An empty row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the row for reuse; `number` is the partner's own row number (line, sheet row or
    /// element, from 1).
    pub fn start(&mut self, number: u64) {
        self.text.clear();
        self.ends.clear();
        self.kinds.clear();
        self.number = number;
        self.epoch_1904 = false;
    }

    /// Says that serial numbers in this row's workbook count from 1904; [`Self::start`] forgets it.
    pub fn set_epoch_1904(&mut self, on: bool) {
        self.epoch_1904 = on;
    }

    /// Adds a text cell.
    pub fn push(&mut self, text: &str) {
        self.push_kind(text, CellKind::Text);
    }

    /// Adds a cell of a known kind.
    pub fn push_kind(&mut self, text: &str, kind: CellKind) {
        self.text.push_str(text);
        // A row is capped far below 4 GiB by the readers' limits.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.kinds.push(kind);
    }

    /// Adds text cells that lie end to end in `text`; `ends` are their byte ends, counted from the
    /// start of `text`. Gives `false`, and adds nothing, when an end is out of order or inside a
    /// character (a multi-byte character must not come together from two cells).
    #[must_use]
    pub fn push_cells(&mut self, text: &str, ends: &[usize]) -> bool {
        let (base, total) = (self.text.len(), ends.last().copied().unwrap_or(0));
        let fits = u32::try_from(base + total).is_ok() && ends.is_sorted();
        let Some(cells) = text.get(..total).filter(|_| fits) else { return false };
        if !cells.is_ascii() && !ends.iter().all(|end| cells.is_char_boundary(*end)) {
            return false;
        }
        self.text.push_str(cells);
        // The sum fits: it is at most `base + total`.
        self.ends.extend(ends.iter().map(|end| u32::try_from(base + end).unwrap_or(u32::MAX)));
        self.kinds.resize(self.ends.len(), CellKind::Text);
        true
    }

    /// Appends text to the cell pushed last (a reader that receives a cell in pieces).
    pub fn extend_last(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(end) = self.ends.last_mut() {
            *end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        }
    }

    /// Appends all cells of another row (a joined sheet).
    pub fn append(&mut self, other: &RowBuf) {
        for i in 0..other.len() {
            let cell = other.cell(i);
            self.push_kind(cell.text, cell.kind);
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether no cell holds anything but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Bytes of text held, for the readers' caps.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// The partner's own row number.
    pub fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn epoch_1904(&self) -> bool {
        self.epoch_1904
    }

    pub(crate) fn cell(&self, index: usize) -> Cell<'_> {
        let absent = Cell { text: "", kind: CellKind::Absent };
        let (Some(end), Some(kind)) = (self.ends.get(index), self.kinds.get(index)) else { return absent };
        let start = index.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        let text = self.text.get(start as usize..*end as usize).unwrap_or("");
        Cell { text, kind: *kind }
    }

    /// Whether a cell's trimmed text equals a word of the mapping (joins, trailers and filters
    /// compare without opening the row).
    pub fn cell_is(&self, index: usize, word: &str) -> bool {
        self.cell(index).text.trim() == word
    }

    /// Whether a cell's trimmed text starts with a word of the mapping.
    pub fn cell_starts_with(&self, index: usize, word: &str) -> bool {
        self.cell(index).text.trim_start().starts_with(word)
    }

    /// Reads a cell as a count (trailer rows); `None` when it is not a whole number.
    pub fn cell_count(&self, index: usize) -> Option<u64> {
        self.cell(index).text.trim().parse().ok()
    }

    /// A keyed hash of one trimmed cell, for joining sheets by key; `None` when blank.
    pub fn cell_key(&self, index: usize, key: &HashKey) -> Option<u128> {
        let text = self.cell(index).text.trim();
        (!text.is_empty()).then(|| key.long(&[text.as_bytes()]))
    }

    /// Orders two rows by one cell's text (`keep = "last by COLUMN"` in joins).
    pub fn cell_cmp(&self, index: usize, other: &RowBuf) -> core::cmp::Ordering {
        self.cell(index).text.trim().cmp(other.cell(index).text.trim())
    }

    /// Which of two rows is later by one cell, where that can be told without guessing: two dates,
    /// two numbers, or two texts that begin with an ISO date. A blank cell comes before all others;
    /// `None` when the two cells have no common order (`03/02/2008` against `28/01/2008` as text).
    pub fn cell_order(&self, index: usize, other: &RowBuf) -> Option<core::cmp::Ordering> {
        let (a, b) = (self.cell(index), other.cell(index));
        let (x, y) = (a.text.trim(), b.text.trim());
        if x.is_empty() || y.is_empty() {
            return Some(y.is_empty().cmp(&x.is_empty()));
        }
        match (a.kind, b.kind) {
            (CellKind::Number, CellKind::Number) => x.parse::<f64>().ok()?.partial_cmp(&y.parse().ok()?),
            (CellKind::Date | CellKind::Text, CellKind::Date | CellKind::Text) => {
                (starts_iso(x) && starts_iso(y)).then(|| x.cmp(y))
            }
            _ => None,
        }
    }

    /// A 128-bit keyed fingerprint of all cells and their kinds; the row number is left out.
    pub fn fingerprint(&self, key: &HashKey) -> Fingerprint {
        let ends: &[u32] = &self.ends;
        let mut lengths = [0u8; 512];
        let mut used = 0;
        let mut fold = 0u64;
        for (end, kind) in ends.iter().zip(&self.kinds) {
            let mark = (u64::from(*end) << 3) | (*kind as u64);
            if let Some(slot) = lengths.get_mut(used..used + 8) {
                slot.copy_from_slice(&mark.to_le_bytes());
                used += 8;
            } else {
                fold = key.short(&[&fold.to_le_bytes(), &mark.to_le_bytes()]);
            }
        }
        Fingerprint(key.long(&[
            self.text.as_bytes(),
            lengths.get(..used).unwrap_or(&[]),
            &fold.to_le_bytes(),
        ]))
    }
}

fn starts_iso(text: &str) -> bool {
    let shape =
        |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() >= 10 && text.bytes().take(10).enumerate().all(shape)
}

/// A row's fingerprint: equal for equal cells under one key and mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> RowBuf {
        let mut row = RowBuf::new();
        row.start(1);
        cells.iter().for_each(|c| row.push(c));
        row
    }

    #[test]
    fn fingerprint_sees_every_border_and_not_the_number() {
        let key = HashKey::derive(b"k", "rows");
        assert_ne!(row(&["ab", "c"]).fingerprint(&key), row(&["a", "bc"]).fingerprint(&key));
        let mut other = row(&["ab", "c"]);
        other.number = 9;
        assert_eq!(row(&["ab", "c"]).fingerprint(&key), other.fingerprint(&key));
        let wide: Vec<&str> = (0..200).map(|i| if i == 150 { "x" } else { "" }).collect();
        let moved: Vec<&str> = (0..200).map(|i| if i == 151 { "x" } else { "" }).collect();
        assert_ne!(row(&wide).fingerprint(&key), row(&moved).fingerprint(&key));
    }

    #[test]
    fn cells_in_one_text_are_cut_at_their_ends_and_never_inside_a_character() {
        let mut bulk = row(&["first"]);
        assert!(bulk.push_cells("abé", &[1, 1, 4]));
        let cells: Vec<&str> = (0..bulk.len()).map(|i| bulk.cell(i).text).collect();
        assert_eq!(cells, ["first", "a", "", "bé"]);
        for wrong in [&[3usize, 4][..], &[2, 1], &[9]] {
            assert!(!bulk.push_cells("abé", wrong), "{wrong:?}");
        }
        assert_eq!((bulk.len(), bulk.text_len()), (4, 9), "a refused text leaves nothing behind");
    }

    #[test]
    fn rows_are_ordered_by_a_cell_only_where_the_order_is_sure() {
        use core::cmp::Ordering::{Equal, Greater, Less};
        let kind = |text: &str, kind| {
            let mut row = RowBuf::new();
            row.push_kind(text, kind);
            row
        };
        let date = |text| kind(text, CellKind::Date);
        let number = |text| kind(text, CellKind::Number);
        let cases = [
            (date("2008-11-17"), date("2008-11-17T09:00:00"), Some(Less)),
            (number("10"), number("9"), Some(Greater)),
            (row(&["2008-11-17"]), row(&["2008-02-28"]), Some(Greater)),
            (row(&["03/02/2008"]), row(&["28/01/2008"]), None),
            (number("39700"), date("2008-11-17"), None),
            (row(&[" "]), date("2008-11-17"), Some(Less)),
            (row(&[""]), row(&[]), Some(Equal)),
        ];
        for (i, (a, b, expected)) in cases.iter().enumerate() {
            assert_eq!(a.cell_order(0, b), *expected, "case {i}");
        }
    }

    #[test]
    fn a_missing_cell_is_absent_not_empty() {
        let row = row(&["a", ""]);
        assert_eq!(row.cell(1).kind, CellKind::Text);
        assert_eq!(row.cell(2).kind, CellKind::Absent);
    }
}
