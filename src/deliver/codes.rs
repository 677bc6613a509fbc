//! The codes of this room: `LG26nn`.

use lockgate_core::problem::CodeDoc;

/// Codes of delivery.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2601",
        title: "a recipient's door cannot be used for now",
        explanation: "What is for it waits in the outbox, sealed, and goes there in order once the door works again: it is tried after \
                      5 seconds, then after minutes and hours, every night, and whenever `lockgate bundle deliver --now` says so. Nobody \
                      else waits for it.",
    },
    CodeDoc {
        code: "LG2602",
        title: "a recipient's door refuses",
        explanation: "Trying again will not help by itself: the name is taken by other bytes, the place is no folder, the key or the \
                      address is not accepted. What is for the recipient waits in the outbox meanwhile. Put the place in order \
                      together with the recipient, then `lockgate bundle deliver --now`.",
    },
    CodeDoc {
        code: "LG2603",
        title: "bundles wait for a recipient",
        explanation: "They could not be delivered, or were not fetched, for longer than a day: the recipient works with what it had \
                      before. Tell its nominee. `lockgate bundle list` shows which wait.",
    },
    CodeDoc {
        code: "LG2604",
        title: "a door took too long",
        explanation: "The round of deliveries ended before the door had answered. Nothing is lost: the same bytes are brought again, \
                      and what is there already is recognised.",
    },
    CodeDoc {
        code: "LG2605",
        title: "what waited for a recipient may not be sent any more",
        explanation: "Something in a bundle that was sealed and not yet sent has been restricted or withdrawn since. It was stopped, \
                      with every bundle behind it, and the recipient gets a snapshot of what it may have now. The numbers of \
                      the stopped ones are missing in its row of bundles; a snapshot stands for itself.",
    },
    CodeDoc {
        code: "LG2606",
        title: "the registers changed since the last night",
        explanation: "A restriction, an authority, a consent, a nominee or a suspension was recorded or ended after what waits was \
                      decided. Whether it may still be sent is for the next night to decide: run it, and it delivers.",
    },
    CodeDoc {
        code: "LG2607",
        title: "a note of the pull API cannot be taken down",
        explanation: "The pull API notes in `state/collected/` which recipient fetched which bundle. This note names a bundle that is not that \
                      recipient's, or none: somebody else has written there. It stays where it is; find out who did.",
    },
    CodeDoc {
        code: "LG2608",
        title: "a bundle was fetched while it was being stopped",
        explanation: "Its download had begun when a night decided that it may not leave. The ledger has both. Ask the recipient's nominee \
                      to destroy it and to confirm that in writing; the snapshot that took its place is what it may have.",
    },
    CodeDoc {
        code: "LG2609",
        title: "a recipient's door cannot be meant",
        explanation: "A recipient has one door: a place (`door`), a receiver that is called (`push`), or, with neither, the pull API (`api`) \
                      or its folder. From a folder behind HTTPS is only collected. `marker` is the ending of an empty file that is put at a place behind each bundle, last: a point, \
                      then small letters and digits, and not `.sig`.",
    },
];
