//! The order of a night to whoever shares its reading: which files, on what they stand, and about whom rows have to be.

use super::{Day, Hex, Tray, unpack};
use crate::config::Deployment;
use crate::night::collect::Due;
use crate::night::ingest::Before;
use crate::night::reading::{Piece, Standing};
use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use lockgate_core::hash::Digest;
use lockgate_core::link::Interest;
use lockgate_core::mapping::Profile;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be read.
pub struct Order {
    /// Name and version of the night's program.
    pub software: String,
    /// The run's day.
    pub as_of: Date,
    /// Whom a row has to be about to wait in a spool.
    pub interest: Option<Interest>,
    feeds: BTreeMap<String, FeedForm>,
}

/// The files of one feed.
pub struct Asked {
    /// The mapping by which the night reads them.
    pub mapping: Digest,
    /// On what the first of them stands.
    pub standing: Standing,
    /// Date, digest, size, and whether it was held and let in.
    files: Vec<(Date, Digest, u64, bool)>,
}

impl Asked {
    /// The files as those of the feed at this index.
    pub fn files(&self, feed: usize) -> Vec<Due> {
        let one = |(date, digest, bytes, released): &(Date, Digest, u64, bool)| Due {
            feed,
            date: *date,
            digest: *digest,
            bytes: *bytes,
            released: *released,
        };
        self.files.iter().map(one).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct OrderForm {
    software: String,
    as_of: Day,
    interest: bool,
    feeds: BTreeMap<String, FeedForm>,
}

#[derive(Serialize, Deserialize)]
struct FeedForm {
    mapping: Hex,
    rows: Option<u64>,
    profile: Option<Profile>,
    base: Option<Hex>,
    files: Vec<FileForm>,
}

#[derive(Serialize, Deserialize)]
struct FileForm {
    date: Day,
    digest: Hex,
    bytes: u64,
    released: bool,
}

impl Tray {
    /// Puts an order; gives the digest by which it is found.
    pub fn put_order(
        &self,
        deployment: &Deployment,
        as_of: Date,
        pieces: &[Piece<'_>],
        interest: Option<&Interest>,
    ) -> Result<Digest> {
        let mut feeds = BTreeMap::new();
        for piece in pieces {
            let mapping = deployment.mapping(piece.feed)?;
            feeds.insert(mapping.name().to_owned(), FeedForm::of(piece, mapping.digest()));
        }
        let software = crate::SOFTWARE.to_owned();
        let form = OrderForm { software, as_of: Day(as_of), interest: interest.is_some(), feeds };
        let mut who = Vec::new();
        if let Some(interest) = interest {
            interest.encode(&mut who);
        }
        self.put(&[&serde_json::to_vec(&form)?, &who])
    }

    /// The order that is found by a digest; nothing when it does not lie here.
    pub fn order(&self, digest: &Digest) -> Result<Option<Order>> {
        let Some(bytes) = self.get(digest)? else { return Ok(None) };
        let parts = unpack(&bytes).context("an order of shared reading does not read")?;
        let [form, who] = parts.as_slice() else { anyhow::bail!("an order of shared reading does not read") };
        let form: OrderForm =
            serde_json::from_slice(form).context("an order of shared reading does not read")?;
        ensure!(form.interest || who.is_empty(), "an order of shared reading does not read");
        let interest = form.interest.then(|| Interest::decode(who)).transpose()?;
        Ok(Some(Order { software: form.software, as_of: form.as_of.0, interest, feeds: form.feeds }))
    }
}

impl Order {
    /// What is asked of a feed.
    pub fn of(&self, feed: &str) -> Option<Asked> {
        let form = self.feeds.get(feed)?;
        let before = Before { rows: form.rows, profile: form.profile.clone() };
        let standing = Standing { before, base: form.base.as_ref().map(|base| base.0) };
        let files = form.files.iter().map(|f| (f.date.0, f.digest.0, f.bytes, f.released)).collect();
        Some(Asked { mapping: form.mapping.0, standing, files })
    }
}

impl FeedForm {
    fn of(piece: &Piece<'_>, mapping: &Digest) -> Self {
        let Standing { before, base } = piece.standing.clone();
        let file = |due: &&Due| FileForm {
            date: Day(due.date),
            digest: Hex(due.digest),
            bytes: due.bytes,
            released: due.released,
        };
        Self {
            mapping: Hex(*mapping),
            rows: before.rows,
            profile: before.profile,
            base: base.map(Hex),
            files: piece.files.iter().map(file).collect(),
        }
    }
}
