//! What ties two identities, and what keeps them apart, by their evidence alone.
//!
//! Two thresholds: evidence good enough for one agency's data to leave because of another's, and evidence good enough
//! to call two records one person inside, which brings the pair before a person and lets nothing out. A missing value
//! is no disagreement.

use super::evidence::Key;

/// How well a pair is tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// Inside only: one identifier agrees with the name or the date of birth, and the other of the two contradicts it.
    Inside,
    /// Name and date of birth agree: it holds together who is together, and joins nobody.
    Holding,
    /// Good enough to disclose, the greater the better.
    Disclosure(u8),
}

/// How two lists of values of one kind stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Agree,
    Missing,
    Differ,
}

/// What two identities agree on.
struct Agreement {
    strong: u8,
    exact: bool,
    name: Level,
    birth: Level,
}

impl Agreement {
    fn of(x: &[Key], y: &[Key]) -> Self {
        let mut out = Self {
            strong: 0,
            exact: false,
            name: level(x, y, Key::is_name),
            birth: level(x, y, Key::is_birth),
        };
        for key in shared(x, y) {
            out.strong = out.strong.saturating_add(u8::from(key.is_strong()));
            out.exact |= key.is_exact();
        }
        out
    }

    fn tie(&self) -> Option<Tie> {
        let (name, birth) = (self.name == Level::Agree, self.birth == Level::Agree);
        let contradicted = self.name == Level::Differ || self.birth == Level::Differ;
        if self.exact || (self.strong > 0 && (name || birth) && (!contradicted || self.strong > 1)) {
            let rank =
                self.strong.min(7) * 8 + u8::from(self.exact) * 4 + u8::from(birth) * 2 + u8::from(name);
            return Some(Tie::Disclosure(rank));
        }
        match (self.strong > 0 && (name || birth), name && birth) {
            (true, _) => Some(Tie::Inside),
            (false, true) => Some(Tie::Holding),
            (false, false) => None,
        }
    }
}

fn level(x: &[Key], y: &[Key], kind: impl Fn(Key) -> bool) -> Level {
    let has = |keys: &[Key]| keys.iter().any(|key| kind(*key));
    if shared(x, y).any(&kind) {
        Level::Agree
    } else if has(x) && has(y) {
        Level::Differ
    } else {
        Level::Missing
    }
}

/// The tie of two identities with these sorted keys; `None` when nothing ties them.
pub(super) fn tie(x: &[Key], y: &[Key]) -> Option<Tie> {
    Agreement::of(x, y).tie()
}

/// Whether two identities agree in nothing that describes a person, though both say it: another name, another date of
/// birth, no identifier in common. They do not hold together, whoever stands between them.
pub(super) fn unlike(x: &[Key], y: &[Key]) -> bool {
    let agreement = Agreement::of(x, y);
    agreement.name == Level::Differ && agreement.birth == Level::Differ && agreement.strong == 0
}

/// The keys that stand in both sorted lists.
fn shared<'a>(a: &'a [Key], b: &'a [Key]) -> impl Iterator<Item = Key> + 'a {
    a.iter().copied().filter(|k| b.binary_search(k).is_ok())
}

/// Whether two identities both carry a number of one kind, and no value of it in common.
pub(super) fn conflict(a: &[Key], b: &[Key]) -> bool {
    conflicts(a, b).next().is_some()
}

/// Whether `partner`, whom two people have joined with `a` against their numbers, explains every conflict of `a` and `b`: it
/// carries the number of `b`, and conflicts with `a` by it.
pub(super) fn explained(a: &[Key], b: &[Key], partner: &[Key]) -> bool {
    let shares = |kind| shared(b, partner).any(|key| key.unique_kind() == Some(kind));
    let known = |kind| conflicts(a, partner).any(|k| k == kind);
    conflicts(a, b).all(|kind| shares(kind) && known(kind))
}

/// The kinds of number in which two identities conflict.
fn conflicts<'a>(a: &'a [Key], b: &'a [Key]) -> impl Iterator<Item = u8> + 'a {
    a.iter().filter_map(|key| key.unique_kind()).filter(move |kind| {
        let of_kind = |key: &&Key| key.unique_kind() == Some(*kind);
        b.iter().any(|key| of_kind(&key)) && !a.iter().filter(of_kind).any(|key| b.binary_search(key).is_ok())
    })
}
