//! What people have decided about pairs of identities, and what of it counts.
//!
//! A decision is a standing word of one person: same, different, cannot tell. It outlasts the model and every night,
//! until it is undone. `different` only takes away, so one person's word is enough; `same` may need a second person.
//! Words that contradict each other join nobody, and whoever is said to be different stays apart.

use crate::record::IdentityId;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Two identities, the smaller one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The smaller one.
    pub a: IdentityId,
    /// The greater one.
    pub b: IdentityId,
}

impl Pair {
    /// In their order; `None` of one identity alone.
    pub fn of(a: IdentityId, b: IdentityId) -> Option<Self> {
        (a != b).then(|| Self { a: a.min(b), b: a.max(b) })
    }
}

/// What somebody says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// One person.
    Same,
    /// Two persons.
    Different,
    /// Neither can be said on this evidence.
    CannotTell,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Same, Self::Different, Self::CannotTell];

    /// The word on the command line and in the register.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::CannotTell => "cannot-tell",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

/// One person's standing word about a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote<'a> {
    /// About whom.
    pub pair: Pair,
    /// Who says so.
    pub by: &'a str,
    /// What.
    pub verdict: Verdict,
    /// For `same`: also against identifiers that conflict.
    pub despite: bool,
    /// The mark of the evidence on which it was said ([`super::Scope::mark`]).
    pub evidence: Option<u64>,
}

/// What counts of all that was said of one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// One person.
    Same {
        /// Also against identifiers that conflict.
        despite: bool,
    },
    /// Two persons.
    Different,
    /// One person has said `same`; a second one is needed, until then nothing is joined by it.
    Waiting,
    /// One says same, another different: apart, and told.
    Disputed,
    /// Nobody can tell on the evidence with one of these marks.
    Parked(BTreeSet<u64>),
}

impl Ruling {
    /// Whether the two never come together, directly or through others.
    pub const fn separates(&self) -> bool {
        matches!(self, Self::Different | Self::Disputed)
    }
}

/// The rulings on all pairs of which anything was said.
#[derive(Debug, Clone, Default)]
pub struct Rulings {
    by_pair: BTreeMap<Pair, Ruling>,
    undone: BTreeSet<IdentityId>,
}

impl Rulings {
    /// What counts of the standing words, whatever their order. `two_people`: every `same` needs a second person; one
    /// against identifiers always does. Of one person's several words about a pair those that differ contradict each
    /// other; whoever records them sees to it that only one stands.
    pub fn of<'a>(votes: impl IntoIterator<Item = Vote<'a>>, two_people: bool) -> Self {
        let mut said: BTreeMap<Pair, Said<'a>> = BTreeMap::new();
        for vote in votes {
            said.entry(vote.pair).or_default().add(&vote);
        }
        let ruled = |(pair, said): (Pair, Said<'_>)| Some((pair, said.ruling(two_people)?));
        Self { by_pair: said.into_iter().filter_map(ruled).collect(), undone: BTreeSet::new() }
    }

    /// Remembers pairs whose `same` was undone: what held their persons together before gives them no benefit any more.
    #[must_use]
    pub fn with_undone(mut self, pairs: impl IntoIterator<Item = Pair>) -> Self {
        self.undone.extend(pairs.into_iter().flat_map(|pair| [pair.a, pair.b]));
        self
    }

    /// The ruling on one pair.
    pub fn get(&self, pair: Pair) -> Option<&Ruling> {
        self.by_pair.get(&pair)
    }

    /// All pairs that were ruled on.
    pub fn iter(&self) -> impl Iterator<Item = (Pair, &Ruling)> {
        self.by_pair.iter().map(|(pair, ruling)| (*pair, ruling))
    }

    /// The pairs of which something was decided: whoever looks at one looks at the other.
    pub fn ties(&self) -> Vec<(IdentityId, IdentityId)> {
        let decided = |(_, ruling): &(Pair, &Ruling)| !matches!(ruling, Ruling::Parked(_));
        self.iter().filter(decided).map(|(pair, _)| (pair.a, pair.b)).collect()
    }

    /// Identities of which a `same` was undone.
    pub(super) const fn undone(&self) -> &BTreeSet<IdentityId> {
        &self.undone
    }
}

/// Who said what of one pair.
#[derive(Default)]
struct Said<'a> {
    same: BTreeSet<&'a str>,
    despite: BTreeSet<&'a str>,
    different: BTreeSet<&'a str>,
    unsure: BTreeSet<u64>,
}

impl<'a> Said<'a> {
    fn add(&mut self, vote: &Vote<'a>) {
        match vote.verdict {
            Verdict::Same => {
                self.same.insert(vote.by);
                if vote.despite {
                    self.despite.insert(vote.by);
                }
            }
            Verdict::Different => _ = self.different.insert(vote.by),
            Verdict::CannotTell => self.unsure.extend(vote.evidence),
        }
    }

    fn ruling(self, two_people: bool) -> Option<Ruling> {
        let second = self.same.len() >= 2;
        match (self.same.is_empty(), self.different.is_empty()) {
            (false, false) => Some(Ruling::Disputed),
            (true, false) => Some(Ruling::Different),
            (false, true) if !second && (two_people || !self.despite.is_empty()) => Some(Ruling::Waiting),
            (false, true) => Some(Ruling::Same { despite: self.despite.len() >= 2 }),
            (true, true) => (!self.unsure.is_empty()).then_some(Ruling::Parked(self.unsure)),
        }
    }
}

/// Two persons' words about the same pairs: how far they agree, and how far beyond chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concord {
    /// Pairs of which both have said something.
    pub pairs: u32,
    /// Pairs of which both have said the same.
    pub agreed: u32,
    /// Cohen's kappa; `None` where chance alone gives full agreement, so that nothing can be said.
    pub kappa: Option<f64>,
}

impl Concord {
    /// How far the first word agrees with the second over all pairs; `None` without a pair.
    pub fn of(words: &[(Verdict, Verdict)]) -> Option<Self> {
        let pairs = u32::try_from(words.len()).ok().filter(|n| *n > 0)?;
        let count = |of: &dyn Fn(&(Verdict, Verdict)) -> bool| words.iter().filter(|w| of(w)).count();
        let agreed = u32::try_from(count(&|w| w.0 == w.1)).unwrap_or(u32::MAX);
        let n = f64::from(pairs);
        let share = |of: usize| u32::try_from(of).map_or(1.0, f64::from) / n;
        let chance: f64 =
            Verdict::ALL.iter().map(|v| share(count(&|w| w.0 == *v)) * share(count(&|w| w.1 == *v))).sum();
        let kappa = (chance < 1.0).then(|| (f64::from(agreed) / n - chance) / (1.0 - chance));
        Some(Self { pairs, agreed, kappa })
    }

    /// Percent of the pairs on which both agree.
    pub fn percent(&self) -> f64 {
        f64::from(self.agreed) * 100.0 / f64::from(self.pairs)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use Verdict::{CannotTell, Different, Same};
    use alloc::vec;

    fn pair() -> Pair {
        Pair::of(IdentityId(2), IdentityId(1)).unwrap()
    }

    fn vote(by: &str, verdict: Verdict) -> Vote<'_> {
        Vote { pair: pair(), by, verdict, despite: false, evidence: Some(7) }
    }

    fn ruling(votes: Vec<Vote<'_>>, two: bool) -> Option<Ruling> {
        Rulings::of(votes, two).get(pair()).cloned()
    }

    #[test]
    fn a_pair_has_one_order_and_two_members() {
        assert_eq!(pair(), Pair::of(IdentityId(1), IdentityId(2)).unwrap());
        assert_eq!(Pair::of(IdentityId(1), IdentityId(1)), None);
    }

    #[test]
    fn same_joins_alone_or_with_a_second_person_where_that_is_asked() {
        assert_eq!(ruling(vec![vote("x", Same)], false), Some(Ruling::Same { despite: false }));
        assert_eq!(ruling(vec![vote("x", Same)], true), Some(Ruling::Waiting));
        assert_eq!(ruling(vec![vote("x", Same), vote("x", Same)], true), Some(Ruling::Waiting), "one person");
        assert_eq!(
            ruling(vec![vote("x", Same), vote("y", Same)], true),
            Some(Ruling::Same { despite: false })
        );
    }

    #[test]
    fn against_identifiers_two_people_are_needed_whatever_the_setting() {
        let despite = |by| Vote { despite: true, ..vote(by, Same) };
        assert_eq!(ruling(vec![despite("x")], false), Some(Ruling::Waiting));
        assert_eq!(
            ruling(vec![despite("x"), vote("y", Same)], false),
            Some(Ruling::Same { despite: false }),
            "the second one did not say it of the identifiers"
        );
        assert_eq!(ruling(vec![despite("x"), despite("y")], false), Some(Ruling::Same { despite: true }));
    }

    #[test]
    fn one_word_separates_and_two_that_contradict_do_so_too() {
        assert_eq!(ruling(vec![vote("x", Different)], true), Some(Ruling::Different));
        assert_eq!(ruling(vec![vote("x", Same), vote("y", Different)], false), Some(Ruling::Disputed));
        assert!(Ruling::Disputed.separates() && Ruling::Different.separates());
        assert!(!Ruling::Waiting.separates() && !Ruling::Same { despite: true }.separates());
    }

    #[test]
    fn cannot_tell_counts_where_nobody_can() {
        assert_eq!(ruling(vec![vote("x", CannotTell)], false), Some(Ruling::Parked(BTreeSet::from([7]))));
        assert_eq!(
            ruling(vec![vote("x", CannotTell), vote("y", Same)], false),
            Some(Ruling::Same { despite: false })
        );
    }

    #[test]
    fn kappa_is_agreement_beyond_chance() {
        let words = |same, apart, one, other| {
            let of = |n: usize, w| core::iter::repeat_n(w, n);
            let mut all: Vec<(Verdict, Verdict)> = of(same, (Same, Same)).collect();
            all.extend(of(apart, (Different, Different)));
            all.extend(of(one, (Same, Different)));
            all.extend(of(other, (Different, Same)));
            Concord::of(&all)
        };
        // The textbook example: 20 and 15 of 50 agreed, 5 and 10 not: 70 %, by chance 50 %.
        let told = words(20, 15, 5, 10).unwrap();
        assert_eq!((told.pairs, told.agreed), (50, 35));
        assert!((told.percent() - 70.0).abs() < 1e-9 && (told.kappa.unwrap() - 0.4).abs() < 1e-9);
        assert_eq!(words(3, 0, 0, 0).unwrap().kappa, None, "one word throughout says nothing about chance");
        assert_eq!(words(1, 1, 0, 0).unwrap().kappa, Some(1.0));
        assert!(words(0, 0, 2, 2).unwrap().kappa.unwrap() < 0.0);
        assert_eq!(Concord::of(&[]), None);
    }
}
