//! What is handed over comes back as if it had been read here, or not at all. On the files of the fixtures.

use super::*;
use crate::config::{self, Deployment};
use crate::night::collect::Due;
use crate::night::ingest::{Before, Taken, Tools};
use crate::night::memories::Memories;
use crate::night::progress::Progress;
use crate::night::reading::{Piece, Standing};
use crate::vault::Secret;
use jiff::civil::date;
use lockgate_core::check::Verdict;
use lockgate_core::link::{Interest, Remembered};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use lockgate_core::spool::SpoolWriter;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;

const COHORT: (&str, &str, &str) = ("wyp-cohort", "wyp/IOM_COHORT_", ".txt");
const FEEDS: [(&str, &str, &str); 4] = [
    COHORT,
    ("wyp-custody", "wyp/CUSTODY_", ".csv"),
    ("hmps-releases", "hmps/HMPS_RELEASES_", ".csv"),
    ("lcc-orchard", "lcc/ORCHARD_", ".xlsx"),
];

struct House {
    folder: tempfile::TempDir,
    deployment: Deployment,
    vault: Vault,
    archive: Archive,
    progress: Progress,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let deployment = config::load(Path::new(env!("CARGO_MANIFEST_DIR"))).map_err(|_| "faults").unwrap();
        let vault = Vault::new(Secret::new([3; 32]));
        let archive = Archive::at(&folder.path().join("archive"), &vault).unwrap();
        Self { folder, deployment, vault, archive, progress: Progress::new(true) }
    }

    fn state(&self) -> &Path {
        self.folder.path()
    }

    /// The file of a feed of a day of November 2008, in the archive.
    fn due(&self, (feed, start, end): (&str, &str, &str), day: i8) -> Due {
        let path = format!("{}/fixtures/{start}200811{day}{end}", env!("CARGO_MANIFEST_DIR"));
        let (digest, bytes) = self.archive.put(File::open(path).unwrap()).unwrap();
        let feed = self.deployment.mappings.iter().position(|m| m.name() == feed).unwrap();
        Due { feed, date: date(2008, 11, day), digest, bytes, released: false }
    }

    fn tools<'a>(&'a self, beside: Option<(&'a Path, &'a (dyn Fn() -> Result<()> + Sync))>) -> Tools<'a> {
        Tools {
            deployment: &self.deployment,
            vault: &self.vault,
            archive: &self.archive,
            folder: beside.map_or(self.state(), |(folder, _)| folder),
            beside: beside.map(|(_, on)| on),
            as_of: date(2008, 11, 19),
            progress: &self.progress,
        }
    }

    /// On what a feed's second file stands when its first was accepted, and is kept.
    fn after_the_first(&self, feed: (&str, &str, &str)) -> Standing {
        let (memories, due) = (Memories::open(self.state()).unwrap(), self.due(feed, 17));
        let mut one = Standing::default().read(&self.tools(None), &memories, &due, None).unwrap();
        memories.save(feed.0, &due.digest, &mut one.memory).unwrap();
        let before = Before { rows: Some(one.tally.read), profile: Some(one.profile) };
        Standing { before, base: Some(due.digest) }
    }

    fn interest(&self) -> Interest {
        let (memories, due) = (Memories::open(self.state()).unwrap(), self.due(COHORT, 17));
        let list = Standing::default().read(&self.tools(None), &memories, &due, None).unwrap();
        Interest::of(&[&list.memory], date(2008, 11, 19)).unwrap().unwrap()
    }

    /// Reads a piece as a worker does, by its order alone; gives the digest of its note.
    fn beside(&self, tray: &Tray, piece: &Piece<'_>, interest: Option<&Interest>, start: &str) -> Digest {
        let day = date(2008, 11, 19);
        let digest = tray.put_order(&self.deployment, day, std::slice::from_ref(piece), interest).unwrap();
        let order = tray.order(&digest).unwrap().unwrap();
        let name = self.deployment.mapping(piece.feed).unwrap().name();
        let asked = order.of(name).unwrap();
        assert_eq!((order.as_of, order.software.as_str()), (day, crate::SOFTWARE));
        assert_eq!(asked.mapping, *self.deployment.mapping(piece.feed).unwrap().digest());
        assert!(order.of("another").is_none());
        let memories = Memories::beside(self.state(), tray.folder());
        let (on, mut standing) = (|| Ok(()), asked.standing.clone());
        let tools = self.tools(Some((tray.folder(), &on)));
        let read = |due: &Due| standing.read(&tools, &memories, due, order.interest.as_ref()).unwrap();
        let taken: Vec<Taken> = asked.files(piece.feed).iter().map(read).collect();
        tray.put_note(start, taken).unwrap()
    }

    fn take(&self, tray: &Tray, note: &Digest, piece: &Piece<'_>) -> Result<Vec<Taken>> {
        let memories = Memories::open(self.state()).unwrap();
        tray.take(note, (&self.deployment, self.state()), &memories, piece)
    }
}

/// Everything that a night looks at of a file that was read.
fn told(feed: &str, one: &mut Taken) -> (String, Vec<u8>) {
    let mut text = format!(
        "{:?} {:?} {:?} {:?} {:?} {}",
        one.due,
        one.tally,
        one.verdict,
        one.refused,
        one.left_out,
        serde_json::to_string(&one.profile).unwrap()
    );
    let mut bytes = Vec::new();
    if matches!(one.verdict, Verdict::Accepted(_)) {
        let memory = &one.memory;
        text +=
            &format!("{feed} {} {} {:?}", memory.len(), memory.has_known(), memory.next_change(one.due.date));
        text += &format!("{:?}", (0..memory.len()).map(|row| memory.fate(row)).collect::<Vec<_>>());
        let mut row = |seen: &lockgate_core::link::Seen<'_>| {
            let keys: Vec<u64> = seen.keys().map(|key| key.0).collect();
            text += &format!("{} {:?} {:?} {} {keys:?}\n", seen.row, seen.identity.0, seen.span, seen.fresh);
        };
        memory.each(&mut row).unwrap();
        memory.each_vanished(&mut row).unwrap();
        let (mut writer, mut chunks) = (SpoolWriter::default(), 0);
        while let Some(rows) = one.spool.next(|_, _| true).unwrap() {
            rows.iter().for_each(|row| writer.push(row.row, row.identity, &row.candidates));
            chunks += 1;
        }
        bytes = writer.seal(&RestKey::new(&[1; 32]), [0; NONCE_LEN], chunks);
    }
    (text, bytes)
}

#[test]
fn what_another_process_read_is_taken_as_if_it_had_been_read_here() {
    let house = House::new();
    let tray = Tray::open(house.state(), &house.vault).unwrap();
    let interest = house.interest();
    for (n, feed) in FEEDS.into_iter().enumerate() {
        let standing = house.after_the_first(feed);
        let due = [house.due(feed, 18), house.due(feed, 19)];
        let piece = Piece { feed: due[0].feed, standing, files: due.iter().collect() };
        let interest = (feed != COHORT).then_some(&interest);
        let memories = Memories::open(house.state()).unwrap();
        let mut alone = piece.read(&house.tools(None), &memories, interest).unwrap();
        let note = house.beside(&tray, &piece, interest, &format!("{n}-1-"));
        let mut taken = house.take(&tray, &note, &piece).unwrap();
        assert_eq!(taken.len(), 2);
        for (here, there) in alone.iter_mut().zip(&mut taken) {
            assert!(told(feed.0, here) == told(feed.0, there), "{}", feed.0);
            assert!(here.memory.len() > 3, "{}", feed.0);
            // What is kept of it is the same, to the byte.
            let kept = |memory| {
                memories.save(feed.0, &Digest([7; 32]), memory).unwrap();
                let name = format!("rows/{}-{}", feed.0, Digest([7; 32]).hex());
                fs::read(house.state().join(name)).unwrap()
            };
            assert!(kept(&mut here.memory) == kept(&mut there.memory), "{}", feed.0);
        }
        // It is taken once, and what was handed over is gone but for the order and the note.
        assert!(house.take(&tray, &note, &piece).is_err());
    }
    assert_eq!(fs::read_dir(tray.folder()).unwrap().count(), 2 * FEEDS.len());
    sweep(house.state()).unwrap();
    assert_eq!(fs::read_dir(tray.folder()).unwrap().count(), 0);
    assert!(tray.order(&Digest([0; 32])).unwrap().is_none());
}

#[test]
fn what_was_changed_cut_or_taken_away_is_not_taken() {
    let house = House::new();
    let tray = Tray::open(house.state(), &house.vault).unwrap();
    let (standing, due) = (house.after_the_first(FEEDS[1]), house.due(FEEDS[1], 18));
    let piece = Piece { feed: due.feed, standing, files: vec![&due] };
    let note = house.beside(&tray, &piece, None, "5-1-");
    let named = |name: &str| name == note.hex() || name.starts_with("5-1-");
    let all: BTreeMap<PathBuf, Vec<u8>> = fs::read_dir(tray.folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| named(entry.file_name().to_str().unwrap()))
        .map(|entry| (entry.path(), fs::read(entry.path()).unwrap()))
        .collect();
    assert_eq!(all.len(), 3, "a note, rows and a spool");
    let again = || all.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let refused = |path: &Path, what: &str| {
        assert!(house.take(&tray, &note, &piece).is_err(), "{what} of {}", path.display());
    };
    for (path, bytes) in &all {
        for at in [0, 9, bytes.len() / 2, bytes.len() - 1] {
            again();
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(path, changed).unwrap();
            refused(path, &format!("byte {at}"));
        }
        for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
            again();
            fs::write(path, &bytes[..length]).unwrap();
            refused(path, &format!("{length} bytes"));
        }
        again();
        fs::write(path, [bytes.as_slice(), b"more"].concat()).unwrap();
        refused(path, "more than there was");
        again();
        fs::remove_file(path).unwrap();
        refused(path, "nothing");
    }
    again();
    let other = Tray::open(house.state(), &Vault::new(Secret::new([4; 32]))).unwrap();
    assert!(house.take(&other, &note, &piece).is_err(), "another deployment's");
    again();
    let others =
        [Piece { standing: Standing::default(), ..apart(&piece) }, Piece { files: vec![], ..apart(&piece) }];
    for other in others {
        assert!(house.take(&tray, &note, &other).is_err(), "other files, or read on others");
        again();
    }
    assert_eq!(house.take(&tray, &note, &piece).unwrap().len(), 1, "and as it was written it is taken");
}

fn apart<'a>(piece: &Piece<'a>) -> Piece<'a> {
    Piece { feed: piece.feed, standing: piece.standing.clone(), files: piece.files.clone() }
}

#[test]
fn nothing_of_it_is_in_clear() {
    let house = House::new();
    let tray = Tray::open(house.state(), &house.vault).unwrap();
    let (interest, due) = (house.interest(), house.due(FEEDS[2], 17));
    let piece = Piece { feed: due.feed, standing: Standing::default(), files: vec![&due] };
    house.beside(&tray, &piece, Some(&interest), "5-1-");
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(tray.folder()).unwrap() {
        let held = fs::read(entry.unwrap().path()).unwrap();
        for word in ["HARGREAVES", "Copse Row", "A7341CD", "hmps-releases"] {
            assert!(
                !held.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())),
                "{word}"
            );
        }
        (files, bytes) = (files + 1, bytes + held.len());
    }
    assert!(files == 4 && bytes > 5_000, "{files} files, {bytes} bytes");
}

proptest! {
    #[test]
    fn parts_come_back_and_nothing_else_does(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6),
        cut in any::<prop::sample::Index>(),
        random in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let bytes = pack(&parts);
        prop_assert_eq!(unpack(&bytes), Some(parts));
        prop_assert_eq!(unpack(&bytes[..cut.index(bytes.len())]), None);
        let longer = [bytes.as_slice(), b"."].concat();
        prop_assert_eq!(unpack(&longer), None);
        if let Some(parts) = unpack(&random) {
            prop_assert_eq!(pack(&parts), random);
        }
    }
}
