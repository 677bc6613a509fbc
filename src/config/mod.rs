//! A deployment: its settings, schema, agreement and mappings, read and checked as a whole.

mod canonical;
mod doors;
mod lists;
mod load;
mod parse;
mod places;
mod settings;
mod store;

pub use doors::{ApiSettings, ServeSettings};
pub use lists::{
    BANK_HOLIDAY_COLUMNS, CODE_LIST_COLUMNS, CODE_MAP_COLUMNS, bank_holidays, code_list, code_map,
};
pub use load::{Deployment, Former, Policy, load, load_agreement, open_format};
pub use parse::{Texts, parse};
pub use settings::{RecipientKeySettings, SecretRef, Settings};
pub(crate) use store::password;

use lockgate_core::problem::{CodeDoc, Problem};
use std::path::Path;

/// The names of the deployment's TOML files, as far as its folders can be known; the faults of those that cannot be listed.
///
/// Settings that do not read leave the usual folders: whoever lays files out may be about to mend them.
pub fn toml_files(root: &Path) -> (Vec<String>, Vec<Problem>) {
    let text = Texts::default().read(root, "lockgate.toml").unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let folder = |key: &str| table.get("folders")?.get(key)?.as_str();
    let usual = settings::Folders::default();
    let folders = [
        folder("schema").unwrap_or(&usual.schema),
        folder("agreement").unwrap_or(&usual.agreement),
        folder("mappings").unwrap_or(&usual.mappings),
    ];
    let (mut files, mut problems) = (vec!["lockgate.toml".to_owned()], Vec::new());
    for folder in folders {
        match parse::files_below(root, folder, ".toml") {
            Ok(found) => files.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    (files, problems)
}

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
    CodeDoc {
        code: "LG0104",
        title: "a secret key or a password stands in a configuration file",
        explanation: "Configuration is read, copied, printed and kept under version control: a secret in it is no secret any more. Take it \
                      for lost, make a new one, and point to its file with `{ file = … }` or to an environment variable with \
                      `{ env = … }`. The text is not shown.",
    },
];
