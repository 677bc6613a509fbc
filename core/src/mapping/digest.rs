//! The digest of a mapping: changes whenever a row might be read otherwise.

use crate::hash::{Digest, Digester};
use crate::schema::{Category, CodeEntry};
use alloc::format;
use alloc::string::String;

/// Raised when the way in which mappings are applied changes, so that every row is read anew.
const READING: &str = "2";

/// Collects what decides what a row becomes.
pub(crate) struct Parts(Digester);

impl Parts {
    pub(crate) fn new(text: &str, partner: &str, zone: &str) -> Self {
        let mut parts = Self(Digester::new());
        for part in ["lockgate mapping", READING, text, partner, zone] {
            parts.add(part);
        }
        parts
    }

    /// Each part with its length, so that no border moves.
    fn add(&mut self, part: &str) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    pub(crate) fn category(&mut self, number: u16, category: &Category) {
        self.add(&format!("category {number}"));
        self.add(&category.name);
        for field in &category.fields {
            self.add(&field.name);
            self.add(field.kind.word());
            self.add(field.detail.as_deref().unwrap_or(""));
        }
    }

    pub(crate) fn lines<'a>(&mut self, what: &str, name: &str, lines: impl Iterator<Item = &'a CodeEntry>) {
        self.add(what);
        self.add(name);
        for line in lines {
            let day = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |d| format!("{d}"));
            for part in [&line.code, &line.label, &day(line.from), &day(line.until)] {
                self.add(part);
            }
        }
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finish()
    }
}
