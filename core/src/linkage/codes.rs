//! The message codes of linking (`LG141n` to `LG145n`), with what each means and what to do.

use crate::problem::CodeDoc;

/// A pair that weighs too little to join and too much to leave.
pub(super) const WEAK: &str = "LG1417";
/// Two groups that do not agree taken together.
pub(super) const LOOSE: &str = "LG1418";
/// A group larger than any person's.
pub(super) const LARGE: &str = "LG1419";

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1410",
        title: "identifiers conflict",
        explanation: "The evidence would join two records, but each carries, or is joined already with one that carries, a number of \
                      which a person has one, and the numbers differ. A number with a check letter is hardly ever typed wrong \
                      unnoticed, so it forbids in any case; another may be a second number given by mistake, which an agreeing third \
                      identifier proves. The pair waits for review.",
    },
    CodeDoc {
        code: "LG1411",
        title: "one source's own keys differ",
        explanation: "Both records come from a source that holds each person once, under different keys of its own. Until the source \
                      itself merges them they are two people.",
    },
    CodeDoc {
        code: "LG1412",
        title: "born a generation apart",
        explanation: "Two records have one name, perhaps one address, and dates of birth a generation apart, or one says `junior` and \
                      the other `senior`: father and son. They are never joined without an identifier in common.",
    },
    CodeDoc {
        code: "LG1413",
        title: "same birth and surname, other forename",
        explanation: "Two records have one surname and one date of birth but different forenames, and no identifier in common: they \
                      may be twins. They are joined only when another record has both forenames, so that one is seen to be a slip \
                      or a middle name.",
    },
    CodeDoc {
        code: "LG1414",
        title: "other forename and other birth",
        explanation: "Two records differ in forename and in date of birth, and have no identifier in common: brothers, sisters or \
                      others of one household. They are never joined.",
    },
    CodeDoc {
        code: "LG1415",
        title: "an identifier alone agrees",
        explanation: "Two records share a number, and neither forename, date of birth nor address. A number alone never joins: it may \
                      be typed wrong, belong to somebody else, or have been used again by its source. The pair waits for review.",
    },
    CodeDoc {
        code: "LG1416",
        title: "man and woman with forenames merely near",
        explanation: "One record is a man's and the other a woman's, and their forenames are near without being the same (an initial, \
                      a slip, a short form). They are not joined.",
    },
    CodeDoc {
        code: WEAK,
        title: "the evidence is too weak to join",
        explanation: "The weight of the pair lies between the threshold of review and that of joining. A person who looks at both \
                      records decides.",
    },
    CodeDoc {
        code: LOOSE,
        title: "two groups do not hold together",
        explanation: "One pair of records would join two groups of records, but the pairs across the two groups taken together speak \
                      against it: one record may have been mixed from two people. The pair waits for review.",
    },
    CodeDoc {
        code: LARGE,
        title: "a group would be larger than any person's",
        explanation: "Joining the pair would make a group of more records than a person can have. Something that many people share \
                      is taken for evidence; nothing more is joined to the group.",
    },
];
