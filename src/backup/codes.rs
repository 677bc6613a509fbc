//! What messages about backups mean.

use lockgate_core::problem::CodeDoc;

/// Codes of this room (`LG29nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2901",
        title: "a backup is a new folder",
        explanation: "The folder that was named is there already. A backup is never mixed with another: name one that is not there.",
    },
    CodeDoc {
        code: "LG2902",
        title: "a backup is not whole",
        explanation: "A file of it is missing or was changed, its list does not read, or its ledger is not the one that was backed up. \
                      Nothing was restored. Take an older backup.",
    },
    CodeDoc {
        code: "LG2903",
        title: "there is a state already",
        explanation: "A backup is restored where there is no state. Move the folder away, and keep it: it may know what was sent after the \
                      backup was made.",
    },
];
