//! The codes of HTTPS push, `LG252n`.

use lockgate_core::problem::CodeDoc;

/// Codes of HTTPS push.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2520",
        title: "a recipient's push settings cannot be meant",
        explanation: "`push` under `[recipient.X]` has a `url` that begins with https:// and holds neither a name nor a password, one or two \
                      secrets, and in `allow` addresses such as 10.1.2.3 or networks such as 10.1.0.0/16. With `body = \"bundle\"` the \
                      bundle's name is put behind the address, which therefore has no query.",
    },
    CodeDoc {
        code: "LG2521",
        title: "what push is signed or checked with cannot be read",
        explanation: "The file or environment variable of a secret holds `whsec_` and 24 to 64 bytes as base64, as `lockgate key new webhook` \
                      writes it; `ca` names certificates as PEM. Put back what is missing: nothing is sent without it.",
    },
    CodeDoc {
        code: "LG2522",
        title: "a receiver's address is not one that may be connected to",
        explanation: "Its name leads to an address that is not public: this machine, the house's own network, or one for special purposes. \
                      If the receiver really stands there, list its address or network in `allow`. Without TLS only a loopback address \
                      that is listed is connected to.",
    },
    CodeDoc {
        code: "LG2523",
        title: "a receiver cannot be reached",
        explanation: "Its name has no address, nothing listens there, or it did not answer in time. It is tried again; if it stays so, ask the \
                      recipient's IT.",
    },
    CodeDoc {
        code: "LG2524",
        title: "a receiver did not take a bundle",
        explanation: "Only an answer from 200 to 299 counts. A redirection is never followed, since the address is part of what was agreed: put \
                      in the new one. 401 or 403 often means another secret on its side.",
    },
    CodeDoc {
        code: "LG2525",
        title: "a receiver wants no more",
        explanation: "It answered 410: it is gone for good. Nothing is sent to it any more until somebody has asked the recipient and put in \
                      where to send.",
    },
    CodeDoc {
        code: "LG2526",
        title: "a receiver wants to be left alone for a while",
        explanation: "It answered 429 or 503. It is tried again, not before it said it wants to be.",
    },
    CodeDoc {
        code: "LG2527",
        title: "a receiver's certificate is not trusted",
        explanation: "It has ended, is of another name, or is signed by nobody that is trusted here. Nothing was sent. The recipient renews it; \
                      if it is signed by an authority of the house, name that authority's certificate under `ca`.",
    },
    CodeDoc {
        code: "LG2528",
        title: "what was sealed cannot be sent",
        explanation: "The outbox does not hold the sealed file and its signature as they were recorded. `lockgate ledger verify` says what else \
                      differs.",
    },
];
