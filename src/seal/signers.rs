//! Whom a recipient trusts: a list in the form of OpenSSH's allowed signers, as the gateway's desk hands it out.
//!
//! The same file serves `ssh-keygen -Y verify -f`. A line counts only for the namespaces that it names: a list that
//! somebody keeps for other purposes lets nobody in here.

use super::fault::Fault;
use super::window::Window;
use super::{BUNDLE_NAMESPACE, DELIVERY_NAMESPACE};
use jiff::civil::{Date, DateTime};
use ssh_key::{HashAlg, PublicKey};
use std::path::Path;

/// A list is some lines.
const MAX_BYTES: u64 = 256 << 10;

/// The list.
#[derive(Debug, Default)]
pub struct Signers(Vec<Entry>);

/// One line.
#[derive(Debug)]
pub(super) struct Entry {
    /// Who it is.
    pub(super) identity: String,
    /// For what the key counts; nothing when none is named.
    pub(super) namespaces: Vec<String>,
    /// First moment.
    pub(super) after: Option<DateTime>,
    /// First moment no more.
    pub(super) before: Option<DateTime>,
    pub(super) key: PublicKey,
}

/// `SHA256:…`, as `ssh-keygen -l` says it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The line of the list for a key of the gateway. The day after its last one is the first on which it counts no more.
pub fn line(identity: &str, window: Window, key: &PublicKey) -> Option<String> {
    let mut options = vec![format!("namespaces=\"{BUNDLE_NAMESPACE},{DELIVERY_NAMESPACE}\"")];
    let day = |d: Date| d.strftime("%Y%m%d").to_string();
    options.extend(window.from.map(|from| format!("valid-after=\"{}\"", day(from))));
    if let Some(until) = window.until {
        options.push(format!("valid-before=\"{}\"", day(until.tomorrow().ok()?)));
    }
    let mut bare = key.clone();
    bare.set_comment("");
    Some(format!("{identity} {} {}", options.join(","), bare.to_openssh().ok()?.trim_end()))
}

impl Signers {
    /// Reads the list from a file.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let text = crate::approval::read(path, MAX_BYTES).ok_or_else(|| {
            Fault::usage("LG2317", format!("the list of signers `{}` cannot be read", path.display()))
        })?;
        Self::read(&text)
    }

    /// Reads the list.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut all = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |what: &str| {
                Fault::usage("LG2317", format!("line {} of the list of signers: {what}", number + 1))
            };
            all.extend(one(line).map_err(fault)?);
        }
        if all.is_empty() {
            return Err(Fault::usage("LG2317", "the list of signers has no line"));
        }
        Ok(Self(all))
    }

    /// The lines of a key.
    pub(super) fn of<'a>(&'a self, key: &'a PublicKey) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(|e| e.key.key_data() == key.key_data())
    }
}

/// One line; `None` for one that can never count here.
fn one(line: &str) -> Result<Option<Entry>, &'static str> {
    let mut words = line.split_whitespace();
    let identity = words.next().unwrap_or_default();
    if identity.contains(['*', '?', '!', ',', '"']) {
        return Err("one name stands first, without patterns");
    }
    let rest: Vec<&str> = words.collect();
    let is_key = |w: &&str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| w.starts_with(start));
    let at = rest
        .iter()
        .position(is_key)
        .filter(|at| *at <= 1)
        .ok_or("after the name stand options and the key")?;
    let options = rest.get(..at).unwrap_or_default().concat();
    let key = rest.get(at..).unwrap_or_default();
    let mut entry = Entry {
        identity: identity.into(),
        namespaces: Vec::new(),
        after: None,
        before: None,
        key: PublicKey::from_openssh(&key.join(" ")).map_err(|_| "this is no public key of OpenSSH")?,
    };
    let mut authority = false;
    for option in split(&options) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "" => {}
            "namespaces" => entry.namespaces = value.split(',').map(str::to_owned).collect(),
            "valid-after" => entry.after = Some(moment(value).ok_or("`valid-after` is no date")?),
            "valid-before" => entry.before = Some(moment(value).ok_or("`valid-before` is no date")?),
            "cert-authority" => authority = true,
            _ => return Err("an option is not known"),
        }
    }
    Ok((!authority).then_some(entry))
}

/// Options at their commas, but for those inside quotation marks.
fn split(options: &str) -> Vec<&str> {
    let (mut out, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in options.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                out.push(options.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(options.get(start..).unwrap_or_default());
    out
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`.
fn moment(text: &str) -> Option<DateTime> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(number(0, 4)?, small(4)?, small(6)?).ok()?;
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (small(8)?, small(10)?, 0),
        14 => (small(8)?, small(10)?, small(12)?),
        _ => return None,
    };
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
    Some(DateTime::from_parts(date, time))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let key = PublicKey::from_openssh(&format!("{KEY} somebody")).unwrap();
        let window = Window { from: Some(date(2008, 11, 1)), until: Some(date(2009, 12, 31)) };
        let text = line("gateway@here", window, &key).unwrap();
        assert_eq!(
            text,
            format!(
                "gateway@here namespaces=\"lockgate-bundle,lockgate-delivery\",valid-after=\"20081101\",valid-before=\"20100101\" {KEY}"
            )
        );
        let signers = Signers::read(&format!("# who\n\n{text}\n")).unwrap();
        let entry = signers.of(&key).next().unwrap();
        assert_eq!(entry.namespaces, [BUNDLE_NAMESPACE, DELIVERY_NAMESPACE]);
        assert_eq!(entry.after, Some(date(2008, 11, 1).at(0, 0, 0, 0)));
        assert_eq!(entry.before, Some(date(2010, 1, 1).at(0, 0, 0, 0)));
    }

    #[test]
    fn what_openssh_might_read_otherwise_is_refused() {
        for (bad, says) in [
            (format!("* namespaces=\"a\" {KEY}"), "without patterns"),
            (format!("a,b namespaces=\"a\" {KEY}"), "without patterns"),
            (format!("a unknown=\"x\" {KEY}"), "not known"),
            (format!("a valid-after=\"2008-11-01\" {KEY}"), "no date"),
            (format!("a valid-before=\"20081301\" {KEY}"), "no date"),
            ("a namespaces=\"a\" ssh-ed25519 AAAA".to_owned(), "no public key"),
            ("a".to_owned(), "options and the key"),
            (String::new(), "no line"),
        ] {
            let fault = Signers::read(&bad).err().unwrap();
            assert!(fault.code == "LG2317" && fault.what.contains(says), "{bad}: {fault}");
        }
    }

    #[test]
    fn moments_have_three_lengths() {
        assert_eq!(moment("20081101Z"), Some(date(2008, 11, 1).at(0, 0, 0, 0)));
        assert_eq!(moment("200811011230"), Some(date(2008, 11, 1).at(12, 30, 0, 0)));
        assert_eq!(moment("20081101123059"), Some(date(2008, 11, 1).at(12, 30, 59, 0)));
        assert_eq!(["", "2008", "200811011", "20081101 "].map(moment), [None; 4]);
    }
}
