//! The codes of this room: `LG27nn`.

use lockgate_core::problem::CodeDoc;

/// Codes of corrections.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2701",
        title: "an originator has not answered a notice",
        explanation: "Somebody said that a field of one of its records is wrong (6.1). It was asked with its bundle. It corrects or withdraws \
                      the record at the source, and the next night takes that; or it says that the record stands: \
                      `lockgate correction stands`.",
    },
    CodeDoc {
        code: "LG2702",
        title: "a correction is not confirmed",
        explanation: "A recipient was told the wrong value, has been sent the correction or withdrawal, and has not confirmed that it \
                      replaced or destroyed its copy (6.1, 5.5.1). `lockgate correction show` names each recipient with the bundle and the \
                      line of its return form.",
    },
    CodeDoc {
        code: "LG2703",
        title: "this correction is not this partner's to answer",
        explanation: "Only the record's originator says that it stands (5.2.3, 6.1). Whoever opened the notice may take it back: \
                      `lockgate register end`.",
    },
];
