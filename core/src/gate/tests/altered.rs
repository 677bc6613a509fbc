//! One answer of the gate altered on purpose, on one thread. Compiled for tests alone: elsewhere `asked!` is the answer
//! itself.

use crate::gate::Rule;
use std::cell::Cell;
use std::thread_local;

macro_rules! points {
    ($($name:ident)*) => {
        /// A question that the gate asks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::gate) enum Point {
            /// A rule as a whole.
            Rule(Rule),
            $($name,)*
        }

        impl Point {
            /// The questions that are part of a rule, or decide how a field leaves.
            pub(super) const PARTS: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

points! {
    // Whose facts, and which records they rest on.
    SamePerson OwnedFact StandingFact AudibleFact
    // Restrictions.
    Marked Silences HoldsFrom HoldsOn CoarsensFrom CoarsensOn CoarsensField
    // Dissemination codes.
    Released Carries FreeByCode
    // How a field leaves.
    Opened Standing MayStand Stated GrantAll GrantAny HandlingAll HandlingAny
    // What makes an authority count.
    OfKind OfRecord NamesRecipient NamesField ByOriginator Ground Reference Begun NotEnded SameText
    // A row that would hold nothing, and rows that are given as a count.
    NoCell NoValue NoCount
}

/// How an answer is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Yes,
    No,
    Otherwise,
}

thread_local! {
    static ALTERED: Cell<Option<(Point, Way)>> = const { Cell::new(None) };
    static CHANGED: Cell<u64> = const { Cell::new(0) };
}

/// The gate's answer, or what the test makes of it.
pub(in crate::gate) fn answer(point: Point, answer: bool) -> bool {
    let Some((_, way)) = ALTERED.get().filter(|(altered, _)| *altered == point) else { return answer };
    let other = match way {
        Way::Yes => true,
        Way::No => false,
        Way::Otherwise => !answer,
    };
    CHANGED.set(CHANGED.get() + u64::from(other != answer));
    other
}

/// Runs something while one answer is altered; how often that made a difference.
pub(super) fn with(point: Point, way: Way, run: impl FnOnce()) -> u64 {
    /// Puts things right also when the test fails, which is what it is meant to do.
    struct Right;
    impl Drop for Right {
        fn drop(&mut self) {
            ALTERED.set(None);
        }
    }
    let _right = Right;
    CHANGED.set(0);
    ALTERED.set(Some((point, way)));
    run();
    CHANGED.get()
}

/// Lets tests that are meant to fail do so without a word: of thousands of failures nobody reads the traces. Threads on
/// which nothing is altered speak as before.
pub(super) fn fail_quietly() {
    let before = std::panic::take_hook();
    std::panic::set_hook(std::boxed::Box::new(move |fault| {
        if ALTERED.get().is_none() {
            before(fault);
        }
    }));
}
