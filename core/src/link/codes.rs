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
    CodeDoc {
        code: "LG1477",
        title: "the model of the link cannot be used",
        explanation: "The file that `model` under `[link]` names does not read as a model: it is missing, of another version of the \
                      program, or one of its numbers is no probability. Make it with `lockgate link FILE.csv --train MODEL.json`, or leave \
                      the line out: the model that is shipped then counts. No night runs with a model that is not the one asked for.",
    },
    CodeDoc {
        code: "LG1478",
        title: "too many share a name, a date and a place to be weighed",
        explanation: "Some groups of more than 48 identities agree in three of surname, forename, date of birth and postcode: a very \
                      common name with 1 January, or one institution. The model was not asked about them for that alone, so that no night \
                      explodes. The rules see them all the same, and so does the model wherever they meet in something else. This is a note \
                      and no fault.",
    },
    CodeDoc {
        code: "LG1479",
        title: "the model proposes that they are one person",
        explanation: "No rule joins the two or asks about them, and field by field the evidence weighs enough that a person should look: a name \
                      written otherwise, a slip in a date, a new surname at the old address. `lockgate review show` tells what each field \
                      weighs, in bits; ten bits are odds of a thousand to one. The model never joins anybody: until a person has decided \
                      nothing leaves because of it.",
    },
    CodeDoc {
        code: "LG1480",
        title: "the model proposes more pairs than people can look at",
        explanation: "At most one pair for fifty people of the cohort is asked about (ten in a small one), the weightiest first. The others \
                      wait until those are decided. When this goes on, raise `ask_from_bits` under `[link]`, or look whether a source has \
                      begun to send something else in a column.",
    },
    CodeDoc {
        code: "LG1481",
        title: "pairs were weighed by another model than before",
        explanation: "The model of the link, or the weight from which on it asks, is another one than last night, so everybody was asked about \
                      anew. What it proposes no more waits no more; what people have decided stands. `lockgate review model FILE` tells \
                      before a model is changed what would move.",
    },
    CodeDoc {
        code: "LG1482",
        title: "pairs are left to be weighed",
        explanation: "More pairs came up than are read again and weighed in one night (20,000); the next nights go on with the rest. It happens \
                      on the first night of a large cohort. When it goes on, look whether a source has begun to send something else in a \
                      column.",
    },
];
