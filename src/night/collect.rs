//! Collect: the settled files that are due tonight, filed by content digest.
//!
//! A file is due when its name carries a date up to the run's as-of date; whatever else lies in
//! the folder stays. The same bytes are the same file, whatever their name or time.

use super::Night;
use super::memories::Memories;
use super::reading::Standing;
use crate::open_files;
use crate::store::{FileRow, Sighting};
use anyhow::{Context as _, Result};
use jiff::civil::Date;
use lockgate_connectors::{Listed, Transport, TransportError};
use lockgate_core::hash::{Digest, Digester, HashKey};
use lockgate_core::mapping::{FeedKind, Mapping};
use lockgate_core::problem::Problem;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};

/// New files of one feed that a night takes at most: each has a transaction and remembered rows of its own, and no partner sends so many.
/// A folder into which something went wrong costs one feed some of a night, and not everybody all of it.
const MOST: usize = 2_000;

/// Open files that a night needs besides one for each file that it takes.
const OTHERS: usize = 192;

/// A file that tonight's run reads.
#[derive(Debug, Clone)]
pub struct Due {
    /// Index of the feed in the deployment.
    pub feed: usize,
    /// The date that its name carries.
    pub date: Date,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// It was held, and a person let it in.
    pub released: bool,
}

/// What lies at the places tonight.
#[derive(Default)]
pub struct Collected {
    /// Files to read, oldest first, feeds in configuration order within a day.
    pub due: Vec<Due>,
    /// Snapshots that a newer due snapshot makes needless.
    pub superseded: Vec<Due>,
    /// Per feed: files whose bytes were read on an earlier night.
    pub known: Vec<u64>,
    /// Files still being written, and places that do not answer, by feed.
    pub warnings: Vec<(usize, Problem)>,
}

/// Looks at the places of those of the chosen feeds that are asked for.
pub async fn collect(
    night: &Night<'_>,
    memories: &Memories,
    which: impl Fn(&Mapping) -> bool,
) -> Result<Collected> {
    let mut out = Collected { known: vec![0; night.deployment.mappings.len()], ..Collected::default() };
    for (feed, mapping) in night.deployment.mappings.iter().enumerate().filter(|(_, mapping)| which(mapping))
    {
        if !night.order.feeds.is_empty() && !night.order.feeds.iter().any(|f| f == mapping.name()) {
            continue;
        }
        night.progress.stage(format!("collecting {}", mapping.name()));
        feed_files((night, memories), feed, mapping, &mut out).await?;
    }
    Ok(out.in_order())
}

impl Collected {
    /// With what lay at the places of other feeds.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.due.extend(other.due);
        self.superseded.extend(other.superseded);
        self.known.iter_mut().zip(other.known).for_each(|(count, more)| *count += more);
        self.warnings.extend(other.warnings);
        self.in_order()
    }

    fn in_order(mut self) -> Self {
        self.due.sort_by_key(|due| (due.date, due.feed, due.digest));
        self.superseded.sort_by_key(|due| due.feed);
        self.warnings.sort_by_key(|(feed, _)| *feed);
        self
    }
}

async fn feed_files(
    (night, memories): (&Night<'_>, &Memories),
    feed: usize,
    mapping: &Mapping,
    out: &mut Collected,
) -> Result<()> {
    let mut due = match gather((night, memories), feed, mapping, out).await {
        Ok(due) => due,
        Err(error) => {
            // One partner's place stops nobody else's night. What was fetched of this feed waits too, so that its files
            // are read in their order when the place is back.
            let Some(fault) = fault_of_place(&error) else { return Err(error) };
            let what = format!("the place of this feed does not answer: {}", fault.what);
            let help = "its files stay where they are and are taken the next time";
            let problem = Problem::new(fault.code, what).in_data(mapping.name(), None, None).help(help);
            out.warnings.push((feed, problem));
            return Ok(());
        }
    };
    due.sort_by_key(|d| (d.date, d.digest));
    if mapping.kind() == FeedKind::Snapshot {
        // A full list says all that the older full lists said.
        let last = night.store.last_accepted(mapping.name()).await?.map(|l| l.outcome.data_date);
        let newest = due.pop();
        out.superseded.append(&mut due);
        // So does one that was accepted already, when tonight's come late.
        let late = newest.as_ref().is_some_and(|d| last.is_some_and(|last| d.date < last));
        if late { out.superseded.extend(newest) } else { out.due.extend(newest) }
    } else {
        out.due.append(&mut due);
    }
    Ok(())
}

/// The feed's files that are due and were not read before, in the archive.
async fn gather(
    (night, memories): (&Night<'_>, &Memories),
    feed: usize,
    mapping: &Mapping,
    out: &mut Collected,
) -> Result<Vec<Due>> {
    let place = night.deployment.place(mapping)?;
    let listed = place.list()?;
    let mut due: Vec<Due> = released(night, feed, mapping).await?;
    // Beside the list, so that a folder of very many files costs each of them the same.
    let mut sizes: HashSet<u64> = due.iter().map(|d| d.bytes).collect();
    let mut digests: HashSet<Digest> = due.iter().map(|d| d.digest).collect();
    let (mut seen, mut known_files) = (Seen::of(night, mapping, &listed).await?, 0);
    let (most, mut unfinished) = (most(night.deployment.mappings.len()), 0);
    for (date, file) in candidates(night, mapping, &listed) {
        if !file.settled {
            unfinished += 1;
            continue;
        }
        if seen.untouched(file) {
            known_files += 1;
            continue;
        }
        if due.len() >= most {
            out.warnings.push((feed, more(mapping, most)));
            break;
        }
        // Only a file of the size of one that is known can be that one: all others are read once.
        let known =
            if sizes.contains(&file.bytes) || night.store.knows_size(mapping.name(), file.bytes).await? {
                Some(digest(place.as_ref(), &file.name).context("reading a file for its digest")?.0)
            } else {
                None
            };
        if let Some(digest) = known
            && (digests.contains(&digest) || night.store.find_file(mapping.name(), &digest).await?.is_some())
        {
            known_files += 1;
            seen.add(file, digest);
            continue;
        }
        if let (true, Some(base)) = (due.is_empty(), Standing::of(night, feed).await?.base) {
            memories.begin(mapping.name(), &base);
        }
        // A dry run files it too: into its copy of the archive, from which the night then reads.
        let mut reader = place.open(&file.name)?;
        let (digest, bytes) = night.archive.put(&mut reader)?;
        if bytes != file.bytes || known.is_some_and(|known| known != digest) {
            // Its sender was not done with it after all. What was filed of it is read by nobody.
            unfinished += 1;
            continue;
        }
        seen.add(file, digest);
        sizes.insert(bytes);
        digests.insert(digest);
        due.push(Due { feed, date, digest, bytes, released: false });
    }
    seen.keep(night).await?;
    if unfinished > 0 {
        out.warnings.push((feed, unsettled(mapping, unfinished)));
    }
    if let Some(count) = out.known.get_mut(feed) {
        *count += known_files;
    }
    Ok(due)
}

/// The files at the feed's place that tonight may take, in the order in which they are: of changes the oldest first, of full lists the
/// newest.
fn candidates<'l>(night: &Night<'_>, mapping: &Mapping, listed: &'l [Listed]) -> Vec<(Date, &'l Listed)> {
    // A feed whose names carry no date is taken as it lies there.
    let dated = |file: &'l Listed| {
        Some((mapping.source().named(&file.name)?.date.unwrap_or(night.order.as_of), file))
    };
    let mut out: Vec<(Date, &Listed)> =
        listed.iter().filter_map(dated).filter(|(date, _)| *date <= night.order.as_of).collect();
    out.sort_by_key(|(date, _)| *date);
    if mapping.kind() == FeedKind::Snapshot {
        out.reverse();
    }
    out
}

/// How a feed's files were seen the last time: one that nothing was done to since, and whose bytes are known, is not read again.
struct Seen<'a> {
    feed: &'a str,
    names: HashKey,
    before: HashMap<u128, Digest>,
    now: Vec<Sighting>,
}

impl<'a> Seen<'a> {
    async fn of(night: &Night<'_>, mapping: &'a Mapping, listed: &[Listed]) -> Result<Self> {
        let (feed, names) = (mapping.name(), night.contents());
        let vouched = listed.iter().filter(|file| file.stamp.is_some());
        let marks: Vec<u128> = vouched.map(|file| mark(&names, feed, &file.name)).collect();
        Ok(Self { feed, before: night.store.sightings(&marks).await?, names, now: Vec::new() })
    }

    fn untouched(&self, file: &Listed) -> bool {
        file.stamp.is_some()
            && self.before.get(&mark(&self.names, self.feed, &file.name)) == file.stamp.as_ref()
    }

    /// A file was read. What its place vouches for was so before, so nothing that came between is taken for it.
    fn add(&mut self, file: &Listed, digest: Digest) {
        let name = mark(&self.names, self.feed, &file.name);
        self.now.extend(file.stamp.map(|stamp| Sighting { name, stamp, digest }));
    }

    async fn keep(self, night: &Night<'_>) -> Result<()> {
        if self.now.is_empty() { Ok(()) } else { Ok(night.store.put_sightings(self.feed, &self.now).await?) }
    }
}

fn mark(names: &HashKey, feed: &str, name: &str) -> u128 {
    names.long(&[b"sighting", feed.as_bytes(), name.as_bytes()])
}

/// How many new files of each of so many feeds a night takes.
fn most(feeds: usize) -> usize {
    (open_files::limit().saturating_sub(OTHERS) / feeds.max(1)).clamp(1, MOST)
}

/// More files than a night takes.
fn more(mapping: &Mapping, most: usize) -> Problem {
    let what =
        format!("more than {most} new files lie at the place; the next night goes on where this one ends");
    Problem::new("LG1317", what).in_data(mapping.name(), None, None)
}

/// Files whose senders have not finished.
fn unsettled(mapping: &Mapping, files: u64) -> Problem {
    let what = match files {
        1 => "a file is still being written; it is taken the next time".to_owned(),
        more => format!("{more} files are still being written; they are taken the next time"),
    };
    Problem::new("LG1313", what).in_data(mapping.name(), None, None)
}

/// What a place did that lies in an error, if it was the place.
fn fault_of_place(error: &anyhow::Error) -> Option<&TransportError> {
    error.chain().find_map(|cause| {
        // A reader hands it on inside its own kind of error.
        let read = || cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<TransportError>();
        cause.downcast_ref::<TransportError>().or_else(read)
    })
}

/// The feed's held files that a person let in: they lie in the archive.
async fn released(night: &Night<'_>, feed: usize, mapping: &Mapping) -> Result<Vec<Due>> {
    let files = night.store.released_files().await?;
    let of_feed = files.into_iter().filter(|f| f.outcome.feed == mapping.name());
    let due = |f: FileRow| Due {
        feed,
        date: f.outcome.data_date,
        digest: f.outcome.digest,
        bytes: f.outcome.bytes,
        released: true,
    };
    Ok(of_feed.map(due).collect())
}

fn digest(place: &dyn Transport, name: &str) -> Result<(Digest, u64)> {
    let mut reader = place.open(name)?;
    let mut digester = Digester::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0u64;
    loop {
        let read = reader.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
        digester.update(piece);
        bytes += piece.len() as u64;
    }
    Ok((digester.finish(), bytes))
}
