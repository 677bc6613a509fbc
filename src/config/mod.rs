//! A deployment: its settings, schema, agreement and mappings, read and checked as a whole.

mod lists;
mod load;
mod parse;
mod settings;

pub use lists::{code_list, code_map};
pub use load::{Deployment, load, open_format};
pub use parse::{Texts, parse};
pub use settings::{SecretRef, Settings};

use lockgate_core::problem::CodeDoc;

/// Codes of this room (`LG01nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG0101",
        title: "a configuration file cannot be read",
        explanation: "The file is missing, is not UTF-8, is larger than a configuration file may be, or the operating system refused \
                      it. The message says which. Lockgate starts only when every file of the deployment reads.",
    },
    CodeDoc {
        code: "LG0102",
        title: "a configuration file does not parse",
        explanation: "The text is not valid TOML, a key is not known, a value has the wrong type, or a key stands twice. Unknown keys \
                      are errors: a misspelt key that is silently ignored can give a recipient more than the agreement allows.",
    },
    CodeDoc {
        code: "LG0103",
        title: "a setting refers to something that is not there",
        explanation: "A feed names a place that `lockgate.toml` does not list, two feeds share a name, or a secret's file or \
                      environment variable is missing. Add what is named, or correct the name.",
    },
];
