//! The mapping: what a partner's columns mean in the common schema, one file per feed.
//!
//! A mapping is data (`mappings/<partner>/<feed>.toml`). It is read ([`syntax`]), compiled once with
//! every fault found ([`Mapping::compile`]), bound to the header of each file ([`Mapping::bind`]) and
//! applied row by row ([`Bound::map`]). What it does not name does not pass.
//!
//! This room does not know formats, transports, the store, or who may receive what.

mod apply;
mod bind;
pub mod checks;
mod codemap;
mod codes;
mod compile;
mod compile_feed;
mod compile_field;
mod convert;
mod coverage;
mod digest;
mod drift;
mod example;
mod form;
mod meaning;
mod plan;
mod profile;
mod proof;
mod source;
pub mod syntax;
#[cfg(test)]
mod tests;
mod uses;

pub use apply::{Mapped, Outcome, RowFault, Scratch};
pub use bind::{Bound, HeaderFault};
pub use checks::{Budget, Checks, EmptyRule};
pub use codemap::{CodeMap, CodeMapLine};
pub use codes::CODES;
pub use compile::{apart, together};
pub use coverage::{Coverage, Untouched};
pub use drift::{Change, Drifted};
pub use example::ExampleFailure;
pub use form::Form;
pub use meaning::{CodeWord, Meaning};
pub use profile::{Profile, Profiler};
pub use source::{FileDate, Named, Source};
pub use syntax::{Draft, OptionValue};

use crate::agreement::PartnerId;
use crate::hash::Digest;
use crate::schema::{CodeList, Schema};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// How the files of a feed relate to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// Each file is the full list; a row that vanishes is noticed, and erases nothing by itself.
    Snapshot,
    /// Each file holds what changed.
    Changes,
    /// Each file holds what happened.
    Events,
}

/// What a mapping is compiled against.
pub struct Context<'a> {
    /// The common schema.
    pub schema: &'a Schema,
    /// Code maps by name, such as `hmps/release_type`.
    pub code_maps: &'a BTreeMap<String, CodeMap>,
    /// Keys of the partners; the index is the [`PartnerId`].
    pub partners: &'a [&'a str],
    /// The zone in which the partners' clocks run.
    pub zone: TimeZone,
}

/// A header text that a reader may look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The header text.
    pub name: String,
    /// Other texts for the same column.
    pub aliases: Vec<String>,
    /// Whether a file without it is unusable.
    pub required: bool,
}

/// A checked mapping, ready for any file of its feed. Holds no personal value.
#[derive(Debug)]
pub struct Mapping {
    file: String,
    name: String,
    title: String,
    owner: Option<String>,
    partner: PartnerId,
    partner_key: String,
    kind: FeedKind,
    after: Vec<String>,
    source: Source,
    checks: Checks,
    retention_days: u32,
    columns: Vec<plan::Column>,
    /// Folded header texts that are known and not used.
    ignore: Vec<String>,
    identity: plan::IdentityPlan,
    records: Vec<plan::RecordPlan>,
    refuse: Vec<plan::Rule>,
    skip: Vec<plan::Rule>,
    lists: Vec<CodeList>,
    maps: Vec<CodeMap>,
    /// The names of `maps`.
    map_names: Vec<String>,
    zone: TimeZone,
    examples: Vec<example::Example>,
    digest: Digest,
}

impl Mapping {
    /// Feeds whose files of the same day are taken before this one's.
    pub fn after(&self) -> &[String] {
        &self.after
    }

    /// The feed's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mapping file, as messages name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whose feed it is.
    pub const fn partner(&self) -> PartnerId {
        self.partner
    }

    /// The key of that partner.
    pub fn partner_key(&self) -> &str {
        &self.partner_key
    }

    /// The space of its persons' keys: its own name, or one that several feeds of the partner share.
    pub fn key_space(&self) -> &str {
        &self.identity.space
    }

    /// The word of the kind of its persons' key, where the mapping names one.
    pub fn key_kind(&self) -> Option<&'static str> {
        self.identity.kind.map(crate::value::identifier::IdKind::word)
    }

    /// The header texts of its persons' key, the first of each column.
    pub fn key_headers(&self) -> impl Iterator<Item = &str> {
        let columns = self.identity.key.iter().filter_map(|c| self.columns.get(usize::from(c.0)));
        columns.filter_map(|c| c.headers.first().map(String::as_str))
    }

    /// Whether it says who its persons are (`[identity.person]`).
    pub const fn gives_person(&self) -> bool {
        self.identity.person.is_some()
    }

    /// Plain words for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The desk that looks after what waits of this feed, when the mapping names one.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// How its files relate.
    pub const fn kind(&self) -> FeedKind {
        self.kind
    }

    /// Where its files are and how they read.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// When a file is held.
    pub const fn checks(&self) -> &Checks {
        &self.checks
    }

    /// For how many days a received file is kept.
    pub const fn retention_days(&self) -> u32 {
        self.retention_days
    }

    /// Changes with everything that decides what a row becomes: the mapping's text, its code maps,
    /// the lists and fields that it uses. Rows are read anew when it does.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether rows of this feed can give records of a category.
    pub fn gives(&self, category: crate::schema::CategoryId) -> bool {
        self.records.iter().any(|plan| plan.category == category)
    }

    /// The names of the code maps that it uses.
    pub fn code_maps(&self) -> &[String] {
        &self.map_names
    }

    /// The words of all columns, in the order of [`RowFault::column`].
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.word.as_str())
    }

    /// A column's word.
    pub fn column(&self, index: u16) -> Option<&str> {
        self.columns.get(usize::from(index)).map(|c| c.word.as_str())
    }

    /// Header texts that a reader may look for.
    pub fn wanted(&self) -> Vec<Wanted> {
        let wanted = self.columns.iter().filter_map(|c| {
            let (name, aliases) = c.headers.split_first()?;
            Some(Wanted { name: name.clone(), aliases: aliases.to_vec(), required: c.required })
        });
        wanted.collect()
    }
}
