//! The spool: a night's mapped rows between reading and linking, sealed chunk by chunk.
//!
//! Who is in the cohort is known only when every file has been read; until then the rows of
//! everybody wait as ciphertext under a key that lives no longer than the run.

use crate::record::{Candidate, Fields, IdentityId, RecordId};
use crate::rest::{NONCE_LEN, NotOpened, RestKey};
use crate::schema::CategoryId;
use alloc::vec::Vec;

/// Collects mapped rows until a chunk is worth sealing.
#[derive(Default)]
pub struct SpoolWriter(Vec<u8>);

impl SpoolWriter {
    /// Adds a row's records.
    pub fn push(&mut self, row: u32, identity: IdentityId, candidates: &[Candidate]) {
        let start = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        self.0.extend_from_slice(&row.to_le_bytes());
        self.0.extend_from_slice(&identity.bytes());
        for candidate in candidates {
            self.0.extend_from_slice(&candidate.id.bytes());
            self.0.extend_from_slice(&candidate.category.0.to_le_bytes());
            self.0.push(u8::from(candidate.cancelled) | (u8::from(candidate.restricted) << 1));
            let fields = candidate.fields.bytes();
            self.0.extend_from_slice(&u32::try_from(fields.len()).unwrap_or(u32::MAX).to_le_bytes());
            self.0.extend_from_slice(fields);
        }
        // A row's length stands first, so that rows about nobody in the cohort are stepped over.
        let length = u32::try_from(self.0.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(slot) = self.0.get_mut(start..start + 4) {
            slot.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Bytes waiting.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes another writer's rows over, in order.
    pub fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    /// Seals what waits as chunk `number` and starts anew.
    pub fn seal(&mut self, key: &RestKey, nonce: [u8; NONCE_LEN], number: u64) -> Vec<u8> {
        let sealed = key.seal(nonce, &number.to_be_bytes(), &self.0);
        self.0.clear();
        sealed
    }
}

/// A row read back.
pub struct SpoolRow {
    /// Its place among the data rows of the file.
    pub row: u32,
    /// Whom it is about.
    pub identity: IdentityId,
    /// Its records.
    pub candidates: Vec<Candidate>,
}

/// Opens chunk `number` and gives the rows whose identity `wanted` accepts, in order.
pub fn open(
    key: &RestKey,
    number: u64,
    sealed: &[u8],
    mut wanted: impl FnMut(u32, IdentityId) -> bool,
) -> Result<Vec<SpoolRow>, NotOpened> {
    let plain = key.open(&number.to_be_bytes(), sealed)?;
    let mut rest = plain.as_slice();
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (mut body, after) = rest.split_at_checked(length).ok_or(NotOpened)?;
        rest = after;
        let row = u32::from_le_bytes(take(&mut body)?);
        let identity = IdentityId(u128::from_be_bytes(take(&mut body)?));
        if wanted(row, identity) {
            rows.push(SpoolRow { row, identity, candidates: candidates(body)? });
        }
    }
    Ok(rows)
}

fn candidates(mut body: &[u8]) -> Result<Vec<Candidate>, NotOpened> {
    let mut out = Vec::new();
    while !body.is_empty() {
        let id = RecordId(u128::from_be_bytes(take(&mut body)?));
        let category = CategoryId(u16::from_le_bytes(take(&mut body)?));
        let [flags] = take::<1>(&mut body)?;
        let length = u32::from_le_bytes(take(&mut body)?) as usize;
        let (fields, after) = body.split_at_checked(length).ok_or(NotOpened)?;
        body = after;
        let fields = Fields::from_bytes(fields.to_vec());
        out.push(Candidate { id, category, cancelled: flags & 1 != 0, restricted: flags & 2 != 0, fields });
    }
    Ok(out)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], NotOpened> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(NotOpened)?;
    *bytes = rest;
    Ok(*head)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_only_the_wanted() {
        let mut fields = Fields::new();
        fields.push(Some("a"));
        fields.push(None);
        let fact = Candidate {
            id: RecordId(7),
            category: CategoryId(3),
            cancelled: true,
            restricted: false,
            fields,
        };
        let mut writer = SpoolWriter::default();
        for n in 0..4u32 {
            writer.push(n, IdentityId(u128::from(n % 2)), &[fact.clone(), fact.clone()]);
        }
        let key = RestKey::new(&[9; 32]);
        let sealed = writer.seal(&key, [0; NONCE_LEN], 5);
        let rows = open(&key, 5, &sealed, |_, i| i == IdentityId(1)).expect("opens");
        assert_eq!(rows.iter().map(|r| r.row).collect::<Vec<_>>(), [1, 3]);
        let back = rows.first().and_then(|r| r.candidates.get(1)).expect("two records");
        assert!(back.cancelled && !back.restricted && back.fields.bytes() == fact.fields.bytes());
        assert!(open(&key, 6, &sealed, |_, _| true).is_err(), "a chunk elsewhere does not open");
    }
}
