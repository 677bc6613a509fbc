//! What a model said of pairs of identities, and by which model: hashes, weights and words of the model file. The statements of
//! this table stand here.

use super::bulk::Cell::Value;
use super::bulk::{Bulk, Values};
use super::either;
use super::error::StoreError;
use super::{FileTx, Store, ids};
use lockgate_core::link::Pair;
use lockgate_core::record::IdentityId;

const LIST: &str =
    "SELECT identity_a, identity_b, evidence, weight, barred, model, version, dated FROM proposal";
const CLEAR: &str = "DELETE FROM proposal";
const COHORT: &str = "SELECT id, identity_key FROM identity WHERE id > $1 ORDER BY id LIMIT 10000";
/// Of persons who are marked to be forgotten.
pub(super) const FORGET_A: &str = "DELETE FROM proposal WHERE identity_a IN \
    (SELECT i.identity_key FROM identity i JOIN person p ON p.id = i.person WHERE p.dirty = 2)";
pub(super) const FORGET_B: &str = "DELETE FROM proposal WHERE identity_b IN \
    (SELECT i.identity_key FROM identity i JOIN person p ON p.id = i.person WHERE p.dirty = 2)";
static PUT: Bulk = Bulk::new(
    "INSERT INTO proposal (identity_a, identity_b, evidence, weight, barred, model, version, dated) ",
    &[Value, Value, Value, Value, Value, Value, Value, Value],
    " ON CONFLICT (identity_a, identity_b) DO UPDATE SET evidence = excluded.evidence, weight = excluded.weight, \
     barred = excluded.barred, model = excluded.model, version = excluded.version, dated = excluded.dated",
    100,
);

/// What a model said of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Of whom.
    pub pair: Pair,
    /// The mark of what the two brought.
    pub evidence: u64,
    /// The weight, in hundredths of a bit.
    pub weight: i32,
    /// The code of what bars them.
    pub barred: Option<String>,
    /// The digest of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Its date.
    pub dated: String,
}

type Row = (Vec<u8>, Vec<u8>, i64, i64, Option<String>, String, String, String);

impl Store {
    /// Everything that was said and not forgotten, in any order.
    pub async fn proposals(&self) -> Result<Vec<Proposal>, StoreError> {
        let rows: Vec<Row> = either::query_as(LIST).fetch_all(&self.read).await?;
        rows.into_iter().map(proposal).collect()
    }

    /// The keys of all identities that are held.
    pub async fn held_identities(&self) -> Result<Vec<IdentityId>, StoreError> {
        let (mut all, mut after) = (Vec::new(), 0);
        // Page by page: a key of sixteen bytes takes the room of four until it is read.
        loop {
            let query = either::query_as(COHORT).bind(after);
            let rows: Vec<(i64, Vec<u8>)> = query.fetch_all(&self.read).await?;
            let Some(last) = rows.last() else { return Ok(all) };
            after = last.0;
            for (_, key) in &rows {
                all.push(IdentityId(ids::key(key, "identity")?));
            }
        }
    }
}

impl FileTx {
    /// Records what a model said; what was said of a pair before is replaced.
    pub async fn put_proposals(&mut self, said: &[Proposal]) -> Result<(), StoreError> {
        let bind = |values: &mut Values, one: &Proposal| {
            values.key(one.pair.a.0);
            values.key(one.pair.b.0);
            values.int(one.evidence.cast_signed());
            values.int(i64::from(one.weight));
            values.text(one.barred.clone());
            [&one.model, &one.version, &one.dated]
                .into_iter()
                .for_each(|text| values.text(Some(text.clone())));
        };
        PUT.write(self.connection(), &[], said, bind).await.map(drop)
    }

    /// Forgets what former models said.
    pub async fn clear_proposals(&mut self) -> Result<(), StoreError> {
        either::query(CLEAR).execute(&mut **self.connection()).await?;
        Ok(())
    }
}

fn proposal((a, b, evidence, weight, barred, model, version, dated): Row) -> Result<Proposal, StoreError> {
    let key = |bytes: &[u8]| Ok::<_, StoreError>(IdentityId(ids::key(bytes, "proposal")?));
    let broken = || StoreError::row("proposal");
    Ok(Proposal {
        pair: Pair::of(key(&a)?, key(&b)?).ok_or_else(broken)?,
        evidence: evidence.cast_unsigned(),
        weight: i32::try_from(weight).map_err(|_| broken())?,
        barred,
        model,
        version,
        dated,
    })
}
