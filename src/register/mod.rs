//! The desk at which people's decisions are taken: who may decide what, and what is refused.
//!
//! A refusal has a code, goes into the ledger like a decision, and ends the command with 8.

mod consent;
mod correction;
mod desk;
mod find;
mod judge;
mod link;

use crate::store::StoreError;
use lockgate_core::problem::{CodeDoc, Problem};

pub use desk::{Desk, Draft};
pub use find::Found;
pub use link::{Decided, Saying, Undone};

/// Codes of this room (`LG21nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2101",
        title: "only a current nominee decides for a partner",
        explanation: "Once a partner has registered a nominee, its decisions are taken by current nominees alone (7.3): not by one who \
                      has left, nor by anybody else. While nobody is registered, the posts in `agreement/nominees.toml` stand, and a \
                      partner without a current post decides nothing. The agreement's holder can register a nominee for a partner \
                      that has none left.",
    },
    CodeDoc {
        code: "LG2102",
        title: "it is another partner's to decide",
        explanation: "A record is restricted, released and reviewed by its originator alone (5.2.3); an entry is ended by the partner \
                      whose entry it is. Nominees, designated persons and suspensions are also the holder's to record.",
    },
    CodeDoc {
        code: "LG2103",
        title: "an authority cannot open this",
        explanation: "An authority opens fields only inside the ceiling that the recipient's grant states, and only by a kind of \
                      decision that the grant asks for. `lockgate agreement what-sees PARTNER` shows the ceilings.",
    },
    CodeDoc {
        code: "LG2104",
        title: "the end date is missing or past",
        explanation: "An authority, a review, a consent and a registration end on a stated day that is not past, counted from the last \
                      run's day. What was decided for ever is never looked at again.",
    },
    CodeDoc {
        code: "LG2105",
        title: "no such record or person in the store",
        explanation: "The reference matches nothing that the gateway holds about people in the cohort. A row that counts several \
                      records together stands for none of them alone.",
    },
    CodeDoc {
        code: "LG2106",
        title: "the clock cannot be right",
        explanation: "This machine's clock lies before something that was recorded already, or before the last run's day. A decision is \
                      not recorded with a time that cannot be right: set the clock. `clock_tolerance_minutes` in `lockgate.toml` says \
                      how far it may lag.",
    },
    CodeDoc {
        code: "LG2107",
        title: "no such entry stands",
        explanation: "The number matches no entry, or the entry was ended already. Entries are never edited and end once. \
                      `lockgate register list --all` shows them.",
    },
    CodeDoc {
        code: "LG2108",
        title: "this cannot be reviewed so",
        explanation: "A review is of a value that is there. Only free text can leave in other words; a date, code or name that was \
                      read leaves as it is (`--as-read`) or not at all. The text in the file must not be empty.",
    },
    CodeDoc {
        code: "LG2109",
        title: "not everybody who provided it has consented",
        explanation: "No use is made beside the purpose for which something was given, and nothing is handed on, without the written \
                      consent of the partner that provided it (5.2.3, 5.5.3). A consent counts for the recipient, the purpose and the \
                      third party that it names, in the same words, for what it covers, until its last day: \
                      `lockgate register list consent` shows them. The provider records it: `lockgate register add consent`.",
    },
    CodeDoc {
        code: "LG2121",
        title: "a partner has no current nominee",
        explanation: "Its posts or its registered nominees have ended (7.3). No bundle is made for it, and what it holds stays as it is. \
                      Register the new nominee: `lockgate register add nominee`.",
    },
    CodeDoc {
        code: "LG2122",
        title: "a partner is suspended",
        explanation: "No bundle is made for it until `lockgate partner resume`; the next one then catches up.",
    },
    CodeDoc {
        code: "LG2123",
        title: "a change of nominees was notified late",
        explanation: "A change is to be notified in writing within five working days (7.4); bank holidays do not count.",
    },
    CodeDoc {
        code: "LG2124",
        title: "a data protection registration expires",
        explanation: "Each partner's designated person sees to it that the registration covers the data (7.1). Register the renewed one: \
                      `lockgate register add designated`.",
    },
    CodeDoc {
        code: "LG2125",
        title: "the calendar has no bank holidays of this year",
        explanation: "Working days are counted without them, so acknowledgement and notice may fall due too early. Add the year's \
                      bank holidays to the file that `lockgate.toml` names under `[calendar]`.",
    },
    CodeDoc {
        code: "LG2126",
        title: "a secondary use rests on a consent that has ended",
        explanation: "The provider ended its consent, or withdrew it before its day (5.2.3, 5.5.3). The use ends with it: \
                      `lockgate register end` takes that down, or the provider consents anew.",
    },
];

/// Codes of decisions about pairs (`LG147n`).
pub const LINK_CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1470",
        title: "no file says anything about this identity",
        explanation: "A pair is decided about while the sources speak of both. Name an identity as `feed:key`, with the key that the \
                      feed's own source uses, or by its digits in `lockgate review list`.",
    },
    CodeDoc {
        code: "LG1471",
        title: "their identifiers conflict",
        explanation: "Both carry a number of which a person has one, and the numbers differ. If it is a typing slip, have the source correct \
                      it: that joins them. To join them now, say it plainly with `--despite-identifiers`, in the knowledge that two people's data \
                      become one; a second person has to say the same.",
    },
    CodeDoc {
        code: "LG1472",
        title: "the same person has said this already",
        explanation: "One person's word counts once. A second person decides independently; to say something else, decide again, which \
                      replaces the former word.",
    },
    CodeDoc {
        code: "LG1473",
        title: "nothing was decided about this pair",
        explanation: "There is no standing decision to undo. `lockgate review list --all` shows those that there are.",
    },
    CodeDoc {
        code: "LG1474",
        title: "a decision about a pair is undone by `review undo`",
        explanation: "`lockgate register end` does not end it, since taking `different` back may need a second person.",
    },
    CodeDoc {
        code: "LG1475",
        title: "the pair does not wait for anybody",
        explanation: "`cannot-tell` takes a pair out of the queue until its evidence changes; this one is not in it.",
    },
    CodeDoc {
        code: "LG1476",
        title: "only the agreement's holder decides who is who",
        explanation: "Whoever decides sees what several partners say of people. That is done where the gateway is run: by current nominees \
                      of the agreement's holder (7.3).",
    },
];

/// Why a decision was not taken down.
pub enum Stop {
    /// The agreement refuses it.
    Refused(Problem),
    /// The command line or the machine.
    Other(anyhow::Error),
}

impl Stop {
    fn refused(code: &'static str, what: impl Into<String>) -> Self {
        Self::Refused(Problem::new(code, what))
    }
}

impl Stop {
    /// Of an identity of which no file says anything.
    pub fn no_identity(identity: &str) -> Self {
        Self::refused("LG1470", format!("no file says anything about identity {identity}"))
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}
