//! Reviewed values: what leaves in place of a text that somebody has read.
//!
//! A review names the text that was read by a keyed mark. Once the text is another one, the review
//! counts no more: a changed text is unread. The reviewed text is personal, so it is opened here
//! only, and stands in the store as ciphertext bound to its record, field and the text that was read.

use super::Gate;
use super::decide::Case;
use crate::agreement::AuthorityKind;
use crate::hash::{Digest, hmac};
use crate::personal::Pii;
use crate::record::{Record, RecordId, text};
use crate::rest::{NONCE_LEN, NotOpened, RestKey};
use crate::schema::{FieldId, Kind, Schema};
use crate::value;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One field of a record as somebody read it, and what may leave of it.
#[derive(Clone)]
pub struct Reviewed {
    field: FieldId,
    original: Digest,
    /// What leaves; absent = the text as it was read.
    text: Option<Pii<String>>,
}

/// Says which field, and nothing of the text.
impl fmt::Debug for Reviewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reviewed({})", self.field.0)
    }
}

/// Why a value cannot be reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReview {
    /// The record has no such value.
    Empty,
    /// Only a text can leave in other words; the type of this field cannot.
    Typed,
    /// The reviewed text does not read as a text.
    Text,
}

impl Reviewed {
    /// A review of a value that leaves as it was read.
    pub const fn as_read(field: FieldId, original: Digest) -> Self {
        Self { field, original, text: None }
    }

    /// A review whose text stands in the store. Refused when the ciphertext belongs to another record, field or
    /// original, or was changed.
    pub fn from_rest(
        key: &RestKey,
        record: RecordId,
        field: FieldId,
        original: Digest,
        sealed: &[u8],
    ) -> Result<Self, NotOpened> {
        let bytes = key.open(&place(record, original), sealed)?;
        let text = String::from_utf8(bytes).map_err(|_| NotOpened)?;
        Ok(Self { field, original, text: Some(Pii::new(text)) })
    }

    /// The ciphertext of a reviewed text: cleaned as a text from a feed is.
    pub fn to_rest(
        key: &RestKey,
        nonce: [u8; NONCE_LEN],
        record: RecordId,
        original: Digest,
        reviewed: &str,
    ) -> Result<Vec<u8>, NoReview> {
        let mut clean = String::new();
        value::plain::text(reviewed, &mut clean).map_err(|_| NoReview::Text)?;
        if clean.is_empty() {
            return Err(NoReview::Text);
        }
        Ok(key.seal(nonce, &place(record, original), clean.as_bytes()))
    }
}

/// What a ciphertext is bound to; the original's mark holds record and field already.
fn place(record: RecordId, original: Digest) -> Vec<u8> {
    [&b"review\0"[..], &record.bytes(), &original.0].concat()
}

/// The keyed mark of a value as it stands in a record, by which a review knows it again. `edited` says that
/// another text is to leave in its place.
pub fn original(
    key: &[u8],
    schema: &Schema,
    record: &Record,
    field: FieldId,
    edited: bool,
) -> Result<Digest, NoReview> {
    let kind = schema.get(record.head.category).and_then(|c| c.get(field)).map(|f| f.kind);
    if edited && kind != Some(Kind::Text) {
        return Err(NoReview::Typed);
    }
    mark(key, schema, record, field).ok_or(NoReview::Empty)
}

fn mark(key: &[u8], schema: &Schema, record: &Record, field: FieldId) -> Option<Digest> {
    let value = text(record, field)?;
    // By its name: the index of a field moves when the schema grows.
    let name = schema.get(record.head.category)?.get(field)?.name.as_bytes();
    let length = (name.len() as u64).to_be_bytes();
    Some(hmac(key, &[b"lockgate review\0", &record.head.id.bytes(), &length, name, value.as_bytes()]))
}

impl<'a> Gate<'a> {
    /// The newest review of a field that counts for the recipient: of the text as it stands now.
    pub(super) fn review(&self, case: &Case<'_, '_>, field: FieldId) -> Option<&'a Reviewed> {
        if !self.index.reviews {
            return None;
        }
        let authorities = self.index.authorities(case.record.head.id).filter(|a| {
            a.counts(AuthorityKind::TextReview, case.record, case.recipient, self.as_of)
                && a.fields.contains(&field)
        });
        let mut reviews = authorities.flat_map(|a| &a.reviewed).filter(|r| r.field == field).peekable();
        reviews.peek()?;
        let now = mark(self.review_key, self.schema, case.record, field)?;
        reviews.filter(|r| asked!(SameText, r.original == now)).last()
    }

    /// What leaves of a field in place of its own text, when a review says so.
    pub(super) fn reviewed_text(&self, case: &Case<'_, '_>, field: FieldId) -> Option<&'a str> {
        Some(self.review(case, field)?.text.as_ref()?.open().as_str())
    }
}
