//! A recipient as it stands at its door: it opens what is there, in order and each against the one before, and holds what that says.

use crate::support::doors::{identity, sealed};
use crate::support::{Bundle, Deployment, Replica};
use jiff::civil::Date;
use lockgate::seal::{Asked, Opened, Signers, open_file, read_identities};
use lockgate_core::hash::Digest;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What one recipient has fetched.
pub(crate) struct Recipient {
    /// Its key in the agreement.
    pub(crate) key: &'static str,
    /// What it holds.
    pub(crate) replica: Replica,
    /// The bundles that it has opened: name, day, and where each lies.
    pub(crate) bundles: Vec<(String, Date, PathBuf)>,
    last: Option<(u64, Digest)>,
    /// What stood at its door, which is never anything else again.
    seen: BTreeMap<String, Digest>,
}

impl Recipient {
    /// One who has nothing yet.
    pub(crate) fn new(key: &'static str) -> Self {
        Self { key, replica: Replica::default(), bundles: Vec::new(), last: None, seen: BTreeMap::new() }
    }

    /// Opens what has come since; gives the place of what it opened.
    pub(crate) fn fetch(&mut self, deployment: &Deployment, signers: &Signers, today: Date) {
        self.same_as_before(deployment);
        let out = deployment.path("received").join(self.key);
        fs::create_dir_all(&out).unwrap();
        for file in sealed(deployment, self.key).into_iter().skip(self.bundles.len()) {
            let opened = self.open(&file, signers, today, &out);
            let (number, folder) = (opened.contents.sequence, opened.folder.unwrap());
            self.replica.apply(&Bundle::read(&folder));
            self.last = Some((number, opened.contents.digest));
            self.bundles.push((opened.contents.name, opened.contents.as_of, folder));
        }
    }

    fn open(&self, file: &Path, signers: &Signers, today: Date, out: &Path) -> Opened {
        let snapshot = file.to_string_lossy().contains("_snapshot");
        // A snapshot stands for itself, whatever was stopped before it.
        let before = self.last.filter(|_| !snapshot);
        let asked = Asked {
            signers,
            now: today.at(12, 0, 0, 0),
            recipient: Some(self.key),
            after: self.last.map(|(number, _)| number),
            previous: before.map(|(_, digest)| digest),
        };
        open_file(file, &read_identities(&identity(self.key)).unwrap(), &asked, Some(out))
            .unwrap_or_else(|fault| panic!("{}: {fault:?}", file.display()))
    }

    /// Whatever stood at the door stands there still, byte by byte.
    fn same_as_before(&mut self, deployment: &Deployment) {
        for file in sealed(deployment, self.key) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let now = Digest::of(&fs::read(&file).unwrap());
            let before = self.seen.entry(name).or_insert(now);
            assert!(*before == now, "{} was written over", file.display());
        }
        let now = sealed(deployment, self.key).len();
        assert_eq!(now, self.seen.len(), "{}: something is gone from the door", self.key);
    }

    /// Answers a bundle in its own form: all was done on its day.
    pub(crate) fn answer(&self, deployment: &Deployment, (name, day, folder): &(String, Date, PathBuf)) {
        let text = fs::read_to_string(folder.join("acknowledge.csv")).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let mut filled = format!("{}\r\n", lines.next().unwrap());
        for line in lines {
            let empty = line.strip_suffix(",,,,").expect("nothing answered yet");
            filled += &format!("{empty},yes,{day},duty officer,\r\n");
        }
        let place = deployment.path("state/bundles").join(self.key).join("in/ack");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(format!("{name}.csv")), filled).unwrap();
    }
}
