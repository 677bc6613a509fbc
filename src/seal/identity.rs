//! A recipient's own secret key, in the file that `age-keygen` writes.

use super::fault::Fault;
use std::path::Path;
use std::str::FromStr as _;

const MAX_BYTES: u64 = 64 << 10;

/// Reads the identities of a file: the lines `AGE-SECRET-KEY-1…`.
pub fn read_identities(path: &Path) -> Result<Vec<age::x25519::Identity>, Fault> {
    let fault = |what: &str| Fault::usage("LG2318", format!("the key file `{}` {what}", path.display()));
    let text = crate::approval::read(path, MAX_BYTES).ok_or_else(|| fault("cannot be read"))?;
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        // What stands there is a secret: the library's own words are not repeated.
        let key = age::x25519::Identity::from_str(line);
        all.push(key.map_err(|_| fault("holds something else than secret keys of `age-keygen`"))?);
    }
    if all.is_empty() { Err(fault("holds no key")) } else { Ok(all) }
}
