//! The codes of this room (`LG04nn`).

use lockgate_core::problem::CodeDoc;

/// Codes of approvals.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG0401",
        title: "the agreement is not approved",
        explanation: "No change takes effect unless each partner agreed to it (9.2). The signature of the holder that is named is \
                      missing, or nobody has begun. `lockgate agreement approve` writes the text to sign and says the command; \
                      `lockgate agreement status` shows who has signed.",
    },
    CodeDoc {
        code: "LG0402",
        title: "a signature does not read",
        explanation: "The file is cut short, is no signature of `ssh-keygen -Y sign`, or is larger than one can be. Sign again and \
                      hand in the whole `.sig` file.",
    },
    CodeDoc {
        code: "LG0403",
        title: "a signature is of somebody else",
        explanation: "Each holder signs with its own key, the one in `agreement/holders`. This signature was made with another \
                      holder's key, or with a key that nobody holds.",
    },
    CodeDoc {
        code: "LG0404",
        title: "a signature was made for another purpose",
        explanation: "A signature states its purpose (`-n lockgate-agreement`). One that was made for something else, such as a file or \
                      a mail, is no approval, whatever its text.",
    },
    CodeDoc {
        code: "LG0405",
        title: "a signature is of another text",
        explanation: "The holder signed, but not this text: a signature of an earlier agreement was put here, the text or the \
                      signature was changed afterwards, or the text was made anew. The holder reads and signs the text that lies there now.",
    },
    CodeDoc {
        code: "LG0406",
        title: "the text that was signed is not true of the agreement",
        explanation: "The text beside the signatures is about another agreement, was changed by hand, or says something else about the \
                      effect than the program does. `lockgate agreement approve` makes it anew; all holders sign again.",
    },
    CodeDoc {
        code: "LG0407",
        title: "the approval is of another change",
        explanation: "The holders agreed to go from one agreement to another. Meanwhile another one is in force, so what they were told \
                      of the effect is no longer true. Going back to an earlier agreement is a change too. `lockgate agreement \
                      approve` makes the text anew; all holders sign again.",
    },
    CodeDoc {
        code: "LG0408",
        title: "the list of holders is at fault",
        explanation: "`agreement/holders` has one line a key: partner, `namespaces=\"lockgate-agreement\"`, public key (Ed25519 or ECDSA \
                      P-256). Patterns, other options, a key that stands twice and unknown partners are refused.",
    },
    CodeDoc {
        code: "LG0409",
        title: "the agreement is not in force",
        explanation: "The run's day lies before the agreement's first day or after its last (`in_force`, `until`). Nothing is \
                      disclosed outside the agreement (5.6). A new term is a change that all holders approve.",
    },
    CodeDoc {
        code: "LG0410",
        title: "a holder's key changed without its old key's consent",
        explanation: "A new key counts when the key before it has signed the change as well, so that nobody can put keys of his own into \
                      `agreement/holders`. Hand in the old key's signature of the same text: it is kept as `<partner>.before.sig`.",
    },
];
