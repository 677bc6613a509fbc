//! What one look at a place sees, which names count there, and which files have stopped changing.

use crate::codes::NAME_REFUSED;
use crate::transport::{Listed, TransportError};
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// Beside a file: its sender says that it is complete.
pub(super) const MARKER: &str = ".done";

/// Files being written by well-known senders; never listed.
const TEMPORARY: &[&str] = &[".part", ".tmp", ".filepart"];

/// How the names of the gateway's own deliveries begin; only their temporary files are ever swept.
const OURS: &str = "lockgate_";

/// Files of a place by name, as one look saw them.
pub(super) type Look<T> = BTreeMap<String, Seen<T>>;

/// What one look sees of a file; `T` is the place's own measure of the time of change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<T> {
    pub(super) bytes: u64,
    pub(super) changed: Option<T>,
    /// What [`Listed::stamp`] says.
    pub(super) stamp: Option<Digest>,
}

impl<T: PartialEq> Seen<T> {
    /// Whether nothing was done to the file between this look and a later one. Its place may vouch for it only in the later one: a
    /// file comes of age.
    fn unchanged(&self, later: &Self) -> bool {
        let vouched = |a: Digest| later.stamp.is_none_or(|b| a == b);
        self.bytes == later.bytes && self.changed == later.changed && self.stamp.is_none_or(vouched)
    }
}

/// How long, and by what, a place's files prove that they are complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settling {
    /// The time between two looks.
    pub(super) pause: Duration,
    /// Only a marker counts.
    pub(super) require_marker: bool,
}

impl Settling {
    /// The list of a place from its first look. A second one is taken only where a file needs it: neither marked nor,
    /// as `quiet` says, unchanged for long.
    pub(super) fn list<T: PartialEq>(
        self,
        first: &Look<T>,
        quiet: impl Fn(&Seen<T>) -> bool,
        again: impl FnOnce() -> Result<Look<T>, TransportError>,
    ) -> Result<Vec<Listed>, TransportError> {
        let marked = |name: &str| first.contains_key(&format!("{name}{MARKER}"));
        let undecided = |name: &str, seen: &Seen<T>| !marked(name) && !self.require_marker && !quiet(seen);
        let files = || first.iter().filter(|(name, _)| !name.ends_with(MARKER));
        let second = if files().any(|(name, seen)| undecided(name, seen)) {
            thread::sleep(self.pause);
            again()?
        } else {
            BTreeMap::new()
        };
        let listed = files().map(|(name, seen)| {
            let stable =
                !undecided(name, seen) || second.get(name).is_some_and(|later| seen.unchanged(later));
            let settled = marked(name) || (!self.require_marker && stable);
            Listed { name: name.clone(), bytes: seen.bytes, settled, stamp: seen.stamp }
        });
        Ok(listed.collect())
    }
}

/// Whether a look counts a file of this name.
pub(super) fn counts(name: &str) -> bool {
    allowed(name).is_ok() && !temporary(name)
}

/// Refuses a name that could reach outside its folder or hide in it, or that was not whole text where it came from.
pub(super) fn allowed(name: &str) -> Result<(), TransportError> {
    let odd = |c: char| matches!(c, '/' | '\\' | char::REPLACEMENT_CHARACTER) || c.is_control();
    let plain = !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && !name.chars().any(odd);
    if plain {
        Ok(())
    } else {
        Err(TransportError::lasting(NAME_REFUSED, "the name is not a plain file name"))
    }
}

/// Refuses a name under which nothing may be put: what a temporary file is called would not be seen. A marker is put like any
/// file.
pub(super) fn allowed_to_put(name: &str, temporary_suffix: &str) -> Result<(), TransportError> {
    allowed(name)?;
    if temporary(name) || name.ends_with(temporary_suffix) {
        return Err(TransportError::lasting(NAME_REFUSED, "the name is one of temporary files"));
    }
    Ok(())
}

fn temporary(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TEMPORARY.iter().any(|suffix| lower.ends_with(suffix))
}

/// Whether a name is one that a delivery of the gateway has while it is written.
pub(super) fn ours(name: &str, temporary_suffix: &str) -> bool {
    allowed(name).is_ok() && name.starts_with(OURS) && name.ends_with(temporary_suffix)
}

#[cfg(test)]
mod tests {
    use super::{Look, Seen, Settling};
    use lockgate_core::hash::Digest;
    use std::time::Duration;

    fn settled(first: Seen<u64>, second: Seen<u64>) -> bool {
        let settling = Settling { pause: Duration::ZERO, require_marker: false };
        let look = |seen| Look::from([("releases.csv".to_owned(), seen)]);
        settling
            .list(&look(first), |_| false, || Ok(look(second)))
            .is_ok_and(|files| files.iter().all(|file| file.settled))
    }

    #[test]
    fn pitfall_26_a_file_is_settled_when_two_looks_see_it_alike_however_old_it_grows_between_them() {
        let stamp = |word: &[u8]| Some(Digest::of(word));
        let seen = |bytes, changed, stamp| Seen { bytes, changed: Some(changed), stamp };
        let first = seen(9, 1, None);
        assert!(settled(first, first));
        assert!(settled(first, seen(9, 1, stamp(b"a"))), "it has come of age");
        assert!(settled(seen(9, 1, stamp(b"a")), seen(9, 1, stamp(b"a"))));
        assert!(!settled(first, seen(10, 1, None)), "another size");
        assert!(!settled(first, seen(9, 2, stamp(b"a"))), "another time");
        assert!(!settled(seen(9, 1, stamp(b"a")), seen(9, 1, stamp(b"b"))), "its place says otherwise");
    }
}
