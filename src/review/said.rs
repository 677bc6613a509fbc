//! What people have said about pairs, as it stands in the register: the entries of one night, and the linker's rulings.

use crate::night::registers::changed;
use crate::store::{Body, LinkDecision, Registered, RunRow};
use jiff::civil::Date;
use lockgate_core::link::{Pair, Rulings, Verdict, Vote};
use lockgate_core::record::IdentityId;

/// One entry about a pair.
#[derive(Clone, Copy)]
pub struct Word<'a> {
    /// The entry.
    pub entry: &'a Registered,
    /// What it says.
    pub says: &'a LinkDecision,
    /// About whom.
    pub pair: Pair,
}

impl<'a> Word<'a> {
    /// The entry as a word about a pair, if it is one.
    pub fn of(entry: &'a Registered) -> Option<Self> {
        let Body::Link(says) = &entry.body else { return None };
        let key = |text: &str| u128::from_str_radix(text, 16).ok().map(IdentityId);
        let pair = Pair::of(key(&says.a)?, key(&says.b)?)?;
        Some(Self { entry, says, pair })
    }

    /// What is said; `None` of a request to take `different` back.
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::parse(&self.says.verdict)
    }

    /// Whether it was not ended. What people say of a pair has no last day.
    pub const fn stands(&self) -> bool {
        self.entry.ended.is_none()
    }

    /// The same for the linker.
    pub fn vote(&self) -> Option<Vote<'a>> {
        let evidence = self.says.evidence.as_deref().and_then(|mark| u64::from_str_radix(mark, 16).ok());
        Some(Vote {
            pair: self.pair,
            by: &self.entry.made.author,
            verdict: self.verdict()?,
            despite: self.says.despite,
            evidence,
        })
    }
}

/// All words about pairs, in their order.
pub fn words(all: &[Registered]) -> Vec<Word<'_>> {
    all.iter().filter_map(Word::of).collect()
}

/// The linker's rulings on a day.
pub fn rulings(all: &[Registered], day: Date, two_people: bool) -> Rulings {
    let words = words(all);
    let votes = words.iter().filter(|word| word.entry.holds(day)).filter_map(Word::vote);
    let undone = words.iter().filter(|w| w.entry.over(day) && w.verdict() == Some(Verdict::Same));
    Rulings::of(votes, two_people).with_undone(undone.map(|word| word.pair))
}

/// The identities about which something was said or taken back since a run; of all, when there was none.
pub fn since(all: &[Registered], last: Option<&RunRow>, day: Date) -> Vec<IdentityId> {
    let news = |word: &Word<'_>| last.is_none_or(|run| changed(word.entry, run, day));
    words(all).into_iter().filter(news).flat_map(|word| [word.pair.a, word.pair.b]).collect()
}
