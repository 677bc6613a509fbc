//! The codes of this room: `LG22nn` for whoever seals, `LG23nn` for whoever opens.

use lockgate_core::problem::CodeDoc;

/// Codes of sealing, keys, and bundles that were received.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2201",
        title: "the gateway has no signing key",
        explanation: "Bundles leave sealed: signed with the gateway's key and encrypted to their recipient's. Make a key with \
                      `lockgate key new signer`, point to it under `[[gateway.signing]]`, and give the recipients the line of \
                      `lockgate key allowed-signers` by a second channel. A deployment that only tries things out may say \
                      `plain = true` under `[bundles]`: its bundles are then plain folders, neither signed nor encrypted.",
    },
    CodeDoc {
        code: "LG2202",
        title: "the gateway's name or key is named in a wrong way",
        explanation: "`identity` is the name under which recipients know the gateway, such as `gateway@partnership`. Each \
                      `[[gateway.signing]]` has `key = { file = … }` or `key = { env = … }`, and no two begin on the same day.",
    },
    CodeDoc {
        code: "LG2203",
        title: "a recipient's key is no public age key",
        explanation: "A recipient makes its key pair itself (`age-keygen -o FILE` or `lockgate key new recipient`) and sends the public \
                      line `age1…` only. Ask for that line, and compare its fingerprint by telephone before you put it in.",
    },
    CodeDoc {
        code: "LG2204",
        title: "a key's dates do not read",
        explanation: "`from` and `until` are the first and the last day on which a key is used, written as 2026-11-29; both may be left \
                      out.",
    },
    CodeDoc {
        code: "LG2205",
        title: "keys are listed for somebody who is no partner",
        explanation: "`[recipient.KEY]` is named after the partner's key in the agreement. A bundle is only ever sealed to keys that \
                      stand under its own recipient.",
    },
    CodeDoc {
        code: "LG2206",
        title: "a key stands for two recipients",
        explanation: "Whoever holds a key opens everything that is sealed to it. Each recipient has its own, so that a bundle sent to the \
                      wrong door stays shut.",
    },
    CodeDoc {
        code: "LG2207",
        title: "a recipient has too many keys at once",
        explanation: "Two keys may be valid on one day, the old one and the new, while one replaces the other. Give the old ones an \
                      `until`.",
    },
    CodeDoc {
        code: "LG2208",
        title: "a key cannot sign a return form",
        explanation: "`answers` under `[recipient.KEY]` lists the public keys by which the partner signs its return forms: the line \
                      `ssh-ed25519 AAAA…` or `ecdsa-sha2-nistp256 AAAA…` of a key that it made itself (`ssh-keygen -t ed25519`). Other \
                      kinds are not taken. The secret key stays with the partner.",
    },
    CodeDoc {
        code: "LG2211",
        title: "the signing key does not read",
        explanation: "The file or environment variable is missing, or holds something else than an OpenSSH private key of the kind Ed25519 \
                      without a passphrase. Nothing runs without it, because nothing could be sent. Put the key back from its safe copy, \
                      or make a new one and tell all recipients.",
    },
    CodeDoc {
        code: "LG2212",
        title: "no signing key is valid on the day",
        explanation: "The last signing key has ended, or the first has not begun. Nothing runs, because nothing could be sent. Make a new \
                      key, give its line to all recipients by a second channel, then put it in.",
    },
    CodeDoc {
        code: "LG2213",
        title: "a recipient has no key that is valid",
        explanation: "Its bundle is not made, and the night ends 5; everybody else gets theirs. Nothing is recorded as disclosed to it, and \
                      with the first night that has a key it catches up. Ask its nominee for a key, and call back to compare the \
                      fingerprint.",
    },
    CodeDoc {
        code: "LG2214",
        title: "a key ends soon, and there is no other",
        explanation: "Within 30 days nothing more can be signed, or sealed to this recipient. Put the next key in now with a `from` before \
                      the old one's end: bundles of the days in between are sealed to both, and checked with either.",
    },
    CodeDoc {
        code: "LG2215",
        title: "a sealed bundle cannot be written or read",
        explanation: "A file or folder of the outbox or of the recipient's door cannot be used: full disk, wrong owner, a failing drive. What \
                      was recorded stays recorded; the next run seals and delivers it first.",
    },
    CodeDoc {
        code: "LG2216",
        title: "a sealed bundle is not the one that was committed",
        explanation: "Staging, outbox or the recipient's door hold something else under the bundle's name than the ledger recorded, or what \
                      was sealed was changed since. Nothing is replaced and nothing is sent. Find out who changed it; `lockgate ledger \
                      verify` says what else differs.",
    },
    CodeDoc {
        code: "LG2217",
        title: "a key's file is there already",
        explanation: "A key is never written over another: what was sealed to the old one could not be opened any more. Choose another \
                      file.",
    },
    CodeDoc {
        code: "LG2301",
        title: "a bundle has no signature",
        explanation: "The `.sig` file comes last: without it the bundle was not delivered yet, or somebody else put it there. Do not open \
                      it; wait for the signature, or ask the gateway's desk.",
    },
    CodeDoc {
        code: "LG2302",
        title: "a signature does not read",
        explanation: "The `.sig` file is cut short or is none of OpenSSH. Fetch it again; if it stays so, ask the gateway's desk.",
    },
    CodeDoc {
        code: "LG2303",
        title: "a bundle is signed with a key that you do not know",
        explanation: "The key is not in your list of signers. Either the gateway has a new key and you have not put its line in yet, or \
                      the bundle is forged. Ask the gateway's desk by telephone, not with anything that came with the bundle.",
    },
    CodeDoc {
        code: "LG2304",
        title: "a signature was made for another purpose",
        explanation: "A signature says what it is for: `lockgate-delivery` for the sealed file, `lockgate-bundle` for the manifest inside. \
                      One of another purpose proves nothing here. Your list of signers may also not name the purpose: take the gateway's \
                      line as it is.",
    },
    CodeDoc {
        code: "LG2305",
        title: "the signer's key does not count on the day",
        explanation: "Your list of signers says from when until when a key counts. For a bundle that you kept, give the day on which you \
                      received it with `--at`; for a new one, ask the gateway's desk for the line of its new key.",
    },
    CodeDoc {
        code: "LG2306",
        title: "a bundle was changed since it was signed",
        explanation: "One changed byte is enough. Do not open it. Fetch it again; if it stays so, tell the gateway's desk at once.",
    },
    CodeDoc {
        code: "LG2307",
        title: "a bundle is sealed to another key",
        explanation: "Your key does not open it. During a change of keys it may be your other one; otherwise the bundle came to the wrong \
                      door: tell the gateway's desk.",
    },
    CodeDoc {
        code: "LG2308",
        title: "a sealed file is cut short or was changed",
        explanation: "The encryption notices every change and every missing piece. Fetch it again; if it stays so, tell the gateway's desk.",
    },
    CodeDoc {
        code: "LG2309",
        title: "what is inside is no bundle",
        explanation: "The zip holds a name that no bundle has, a link, a file twice, or would unpack to far more than it takes. Nothing was \
                      written. The gateway makes no such file: tell its desk.",
    },
    CodeDoc {
        code: "LG2310",
        title: "a manifest does not read",
        explanation: "`datapackage.json` is of another version of the specification, or its name says something else than it does. Use the \
                      program's version that the gateway's desk names.",
    },
    CodeDoc {
        code: "LG2311",
        title: "a file is missing, or one is there too much",
        explanation: "The manifest lists every file. In a folder that you unpacked, something was moved or added: unpack it again.",
    },
    CodeDoc {
        code: "LG2312",
        title: "a file is not as the manifest says",
        explanation: "Its size or digest differs: it was changed after the bundle was made. Do not load it; unpack the bundle again. A form \
                      that you filled in differs too: fill in a copy.",
    },
    CodeDoc {
        code: "LG2313",
        title: "a bundle is for somebody else",
        explanation: "The manifest names its recipient, and it is signed. Whatever it was sealed to, it is not meant for you: do not read it, \
                      destroy it and tell the gateway's desk.",
    },
    CodeDoc {
        code: "LG2314",
        title: "a bundle was applied already",
        explanation: "Its number is not higher than the last that you applied. An old bundle would bring back what was corrected or \
                      withdrawn since.",
    },
    CodeDoc {
        code: "LG2315",
        title: "a bundle before this one is missing",
        explanation: "Numbers have no gaps, so a gap is a lost bundle, with corrections and withdrawals in it. Ask the gateway's desk for it, \
                      and apply both in their order.",
    },
    CodeDoc {
        code: "LG2316",
        title: "a bundle does not follow the one before",
        explanation: "Each manifest names the digest of the recipient's manifest before it. This one names another: one of the two is not \
                      the gateway's, or you named the wrong one.",
    },
    CodeDoc {
        code: "LG2317",
        title: "the list of signers does not read",
        explanation: "One line a key, as `lockgate key allowed-signers` prints it at the gateway: name, `namespaces=\"…\"`, days, public key. \
                      Patterns and unknown options are refused.",
    },
    CodeDoc {
        code: "LG2318",
        title: "your key file does not read",
        explanation: "It is the file that `age-keygen` or `lockgate key new recipient` wrote, with a line that begins `AGE-SECRET-KEY-1`. A \
                      file with a passphrase is opened with `age -d` first.",
    },
    CodeDoc {
        code: "LG2319",
        title: "a bundle cannot be read",
        explanation: "The file or folder is not there, or closed to you.",
    },
    CodeDoc {
        code: "LG2320",
        title: "a bundle cannot be unpacked here",
        explanation: "The folder of its name is there already, the disk is full, or you may not write there. Nothing was left behind.",
    },
];
