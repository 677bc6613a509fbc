//! Files as they were last seen at their places, so that one which nothing was done to since is not read again. The statements
//! of this table stand here.

use super::bulk::Cell::Value;
use super::bulk::{Bulk, Values};
use super::error::StoreError;
use super::{Store, ids};
use lockgate_core::hash::Digest;
use std::collections::HashMap;

/// Only files that are known by their bytes: whatever became of the others, they are looked at again.
static READ: Bulk = Bulk::list(
    "SELECT s.name, s.stamp FROM sighting s WHERE s.name IN (",
    ") AND EXISTS (SELECT 1 FROM file f WHERE f.feed = s.feed AND f.digest = s.digest)",
);
static PUT: Bulk = Bulk::new(
    "INSERT INTO sighting (name, feed, stamp, digest) ",
    &[Value, Value, Value, Value],
    " ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp, digest = excluded.digest",
    100,
);

/// A file as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The keyed hash of its feed and name.
    pub name: u128,
    /// What its place vouches with that nothing was done to it.
    pub stamp: Digest,
    /// Of its bytes.
    pub digest: Digest,
}

impl Store {
    /// The stamps with which files of these names were last seen, as far as their bytes are known of their feed.
    pub async fn sightings(&self, names: &[u128]) -> Result<HashMap<u128, Digest>, StoreError> {
        let mut connection = self.read.acquire().await?;
        let mut found = HashMap::new();
        let take = |(name, stamp): (Vec<u8>, Vec<u8>)| {
            found.insert(ids::key(&name, "sighting")?, ids::digest(&stamp, "sighting")?);
            Ok(())
        };
        READ.read(&mut connection, &[], names, |values, name| values.key(*name), take).await?;
        Ok(found)
    }

    /// Records how files of a feed were seen. No name stands twice among them.
    pub async fn put_sightings(&self, feed: &str, seen: &[Sighting]) -> Result<(), StoreError> {
        let bind = |values: &mut Values, one: &Sighting| {
            values.key(one.name);
            values.text(Some(feed.to_owned()));
            values.blob(one.stamp.0.to_vec());
            values.blob(one.digest.0.to_vec());
        };
        let mut tx = self.begin().await?;
        PUT.write(&mut tx, &[], seen, bind).await?;
        tx.commit().await
    }
}
