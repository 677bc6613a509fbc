//! The codes of this room: `LG14nn`.

use crate::problem::CodeDoc;

/// Codes of this room (`LG14nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1401",
        title: "one identifier agrees, and nothing else",
        explanation: "Two sources give the same strong identifier, but neither the name nor the date of birth agrees. One identifier \
                      alone never joins: it may be typed wrong, or belong to somebody else. The pair waits for review.",
    },
    CodeDoc {
        code: "LG1402",
        title: "the evidence joins, but another identifier conflicts",
        explanation: "Two sources agree well enough to be one person, but each also carries a number of which a person has one, and \
                      the numbers differ. Identifiers that conflict never merge. The pair waits for review; if it is a typing slip, \
                      the source's correction joins them the night it arrives.",
    },
    CodeDoc {
        code: "LG1403",
        title: "name and date of birth agree, and nothing else",
        explanation: "Two sources give one name and date of birth, without an identifier or postcode in common. It may be one person \
                      or two of one name. The pair waits for review.",
    },
    CodeDoc {
        code: "LG1460",
        title: "two decisions about a pair contradict each other",
        explanation: "One person has said that the two are the same, another that they are different, and both words stand. Nobody is \
                      joined, and the two stay apart. Talk to each other; whoever was wrong undoes the word: `lockgate review undo`.",
    },
    CodeDoc {
        code: "LG1461",
        title: "decisions that cannot all hold join nobody",
        explanation: "Several pairs were decided to be the same, and through a third identity that would bring two together who were \
                      decided to be different or whose identifiers conflict. None of these decisions joins anybody until one of them is \
                      undone, or the two in conflict are decided to be the same in spite of it.",
    },
    CodeDoc {
        code: "LG1462",
        title: "decided to be the same, and their identifiers conflict",
        explanation: "The two were decided to be one person, and both carry a number of which a person has one, and the numbers differ: \
                      something came since that the decision did not see. Nothing is joined. If it is a typing slip, decide again with \
                      `--despite-identifiers`; two people have to say so.",
    },
    CodeDoc {
        code: "LG1463",
        title: "a second person has to decide",
        explanation: "One person has said that the two are the same. The configuration asks for a second one (`two_people` under \
                      `[review]`), or the two carry identifiers that conflict, which always needs two. Nothing is joined until then.",
    },
    CodeDoc {
        code: "LG1464",
        title: "good enough to be one person inside, not for anything to leave",
        explanation: "One identifier agrees together with the name or the date of birth, and the other of the two contradicts it: a slip of \
                      the pen, a twin, a father and son. Nothing that one source says leaves because of the other until a person has \
                      decided.",
    },
    CodeDoc {
        code: "LG1465",
        title: "held together by less than would join them",
        explanation: "The two were one person by better evidence than there is now: an identifier was taken out, or somebody moved. Name \
                      and date of birth still agree and nothing conflicts, so they stay together. Say whether they are the same.",
    },
    CodeDoc {
        code: "LG1466",
        title: "joining them would bring two others together who may not be",
        explanation: "The evidence joins the two, but one of them is one person already with somebody who does not go with the other: their \
                      identifiers conflict, a person has said that they are different, or they agree in nothing. One of the joins is \
                      wrong. Decide about the pair that is.",
    },
];
