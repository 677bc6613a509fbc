//! The codes of this room, `LG250n` for the pull API.

use lockgate_core::problem::CodeDoc;

/// Codes of the pull API.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG2501",
        title: "the pull API's settings do not serve",
        explanation: "`[serve]` names an address and a port, such as `listen = \"0.0.0.0:8443\"`, and a `certificate` with its `key`. HTTP \
                      without TLS is spoken only on a loopback address and only with `plain_http = true`, for something in front of \
                      it that speaks TLS. `certificate_sha256` of a recipient needs `client_ca`.",
    },
    CodeDoc {
        code: "LG2502",
        title: "what the pull API knows a recipient by does not read",
        explanation: "`token_sha256` and `certificate_sha256` hold SHA-256 digests of 64 hexadecimal digits, never a key itself: `lockgate key \
                      new bearer RECIPIENT` prints a key once and the digest to put here; `openssl x509 -outform der | sha256sum` gives \
                      a certificate's. No digest stands for two recipients: whoever holds a key is one of them.",
    },
    CodeDoc {
        code: "LG2503",
        title: "the pull API's certificate or key cannot be used",
        explanation: "A file is missing, closed to this user, holds no PEM of the kind, or the key is not the certificate's. The server does \
                      not start without it. Put the files right; a renewed certificate is taken when the server starts.",
    },
    CodeDoc {
        code: "LG2504",
        title: "the pull API cannot listen",
        explanation: "Another program has the port, or this user may not take it. Name another port under `[serve]`, or end the other \
                      program.",
    },
    CodeDoc {
        code: "LG2505",
        title: "the pull API cannot look into the store or the outbox",
        explanation: "Whether a recipient may have something is asked of the store at each request, before the first byte. When that fails, \
                      nothing is given and the answer is 503. The line in the log says what failed; `lockgate status` asks the same.",
    },
    CodeDoc {
        code: "LG2506",
        title: "what the outbox keeps of a bundle is not whole",
        explanation: "A sealed file is missing or has another size than was recorded. It is not given. `lockgate ledger verify` says what \
                      else differs.",
    },
    CodeDoc {
        code: "LG2507",
        title: "what came over the pull API cannot be written down",
        explanation: "A return form or the note that a bundle was collected could not be kept: full disk or wrong owner of the state folder. \
                      The recipient was answered with 503 and sends its form again.",
    },
];
