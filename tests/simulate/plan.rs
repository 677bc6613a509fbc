//! What happens in some nights: drawn from a seed, the same each time, and told in words.

use crate::support::RECIPIENTS;
use crate::support::small::FIRST;
use fastrand::Rng;
use jiff::Span;
use jiff::civil::Date;
use std::fmt;

/// The feeds, in the order of a day's files.
pub(crate) const FEEDS: [&str; 3] = ["wyp-cohort", "wyp-custody", "hmps-releases"];
/// The places, by feed.
pub(crate) const PLACES: [&str; 3] = ["wyp", "wyp", "hmps"];
/// Whose answers come back: each bundle's on the day after it.
pub(crate) const ANSWERING: [&str; 2] = ["lcc", "probation"];

/// Calls at which a night is killed, and how often a night of this size makes each at the most in one thread.
const KILLS: [(&str, u64); 7] = [
    ("write", 150),
    ("pwrite64", 160),
    ("fsync", 60),
    ("rename", 24),
    ("ftruncate", 8),
    ("mkdir", 24),
    ("unlink", 12),
];
/// Calls from which on the drive is full, fails, or lets nobody write, and how often at the most. By `write` a thread wakes another,
/// too: what a full drive does there is for `tests/full.rs`.
const FULL: [(&str, &str, u64); 4] =
    [("pwrite64", "ENOSPC", 160), ("fsync", "EIO", 60), ("mkdir", "EROFS", 24), ("rename", "EIO", 24)];

/// One thing that goes wrong, or is done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A feed's file comes so many nights late.
    Late { feed: usize, nights: usize },
    /// It comes under another name.
    Renamed { feed: usize },
    /// It comes once more, under another name, so many nights later.
    Twice { feed: usize, nights: usize },
    /// Half of the list of releases is there when the night comes, and its marker with the other half on the day after.
    Half,
    /// Its last part is missing, which holds it; on the day after it is sent whole.
    Cut { feed: usize },
    /// Its last line alone is missing, which holds it; somebody looks, and lets it in.
    Endless { feed: usize },
    /// A place's folder is gone for the night.
    Gone { place: &'static str },
    /// A recipient's door cannot be used for the night.
    Door { recipient: &'static str },
    /// The night is killed at a call, and run again.
    Killed { call: &'static str, at: u64 },
    /// From a call on the drive takes nothing; when there is room the night is run again.
    Full { call: &'static str, error: &'static str, at: u64 },
    /// The clock is wrong by so many hours, before the night or over it, and then put right.
    Clock { hours: i64 },
    /// The night is run twice.
    Repeated,
    /// A recipient's answers come so many days late.
    Answer { recipient: &'static str, nights: usize },
}

/// Some nights, and what happens in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// By which it was drawn; the files are this seed's too.
    pub(crate) seed: u64,
    /// Nights with files; a quiet one follows.
    pub(crate) nights: usize,
    /// By night.
    pub(crate) faults: Vec<(usize, Fault)>,
}

/// The day of a night, from 0.
pub(crate) fn day(night: usize) -> Date {
    FIRST.checked_add(Span::new().days(i64::try_from(night).unwrap())).unwrap()
}

impl Plan {
    /// What a seed says.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let nights = rng.usize(5..=8);
        let mut plan = Self { seed, nights, faults: Vec::new() };
        let wanted = rng.usize(5..=12);
        for _ in 0..wanted {
            let night = rng.usize(..nights);
            let fault = some(&mut rng);
            if plan.takes(night, &fault) {
                plan.faults.push((night, fault));
            }
        }
        plan.faults.sort_by_key(|(night, _)| *night);
        plan
    }

    /// The same nights without faults.
    pub(crate) fn undisturbed(&self) -> Self {
        Self { faults: Vec::new(), ..self.clone() }
    }

    /// The faults of a night.
    pub(crate) fn of(&self, night: usize) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |(at, _)| *at == night).map(|(_, fault)| fault)
    }

    /// Whether a fault can come to those that are there: one thing befalls a file, one stops a night. What waits for somebody is
    /// over before the quiet night.
    fn takes(&self, night: usize, fault: &Fault) -> bool {
        let same = |one: &Fault| match (one.file(), fault.file()) {
            (Some(one), Some(other)) => one == other,
            _ => one.stops() && fault.stops() || one == fault,
        };
        let clear = !self.of(night).any(same);
        clear
            && match fault {
                Fault::Cut { .. } | Fault::Endless { .. } => night + 4 <= self.nights,
                Fault::Clock { .. } => night > 0 && !self.faults.iter().any(|(_, f)| f.of_the_clock()),
                _ => true,
            }
    }
}

impl Fault {
    /// The feed whose file it befalls.
    const fn file(&self) -> Option<usize> {
        match self {
            Self::Late { feed, .. }
            | Self::Renamed { feed }
            | Self::Cut { feed }
            | Self::Endless { feed } => Some(*feed),
            Self::Half => Some(2),
            _ => None,
        }
    }

    /// Whether it stops the night.
    const fn stops(&self) -> bool {
        matches!(self, Self::Killed { .. } | Self::Full { .. })
    }

    const fn of_the_clock(&self) -> bool {
        matches!(self, Self::Clock { .. })
    }
}

fn some(rng: &mut Rng) -> Fault {
    let (feed, changes, nights) = (rng.usize(..3), rng.usize(1..3), rng.usize(1..=3));
    match rng.u8(..16) {
        0 => Fault::Late { feed, nights },
        1 => Fault::Renamed { feed },
        2 => Fault::Twice { feed, nights: nights - 1 },
        3 => Fault::Half,
        4 => Fault::Cut { feed: changes },
        5 => Fault::Endless { feed: changes },
        6 => Fault::Gone { place: PLACES[feed] },
        7 | 8 => Fault::Door { recipient: RECIPIENTS[rng.usize(..RECIPIENTS.len())] },
        9..12 => {
            let (call, most) = KILLS[rng.usize(..KILLS.len())];
            Fault::Killed { call, at: rng.u64(1..=most) }
        }
        12 => {
            let (call, error, most) = FULL[rng.usize(..FULL.len())];
            Fault::Full { call, error, at: rng.u64(1..=most) }
        }
        13 => Fault::Clock { hours: CLOCKS[rng.usize(..CLOCKS.len())] },
        14 => Fault::Repeated,
        _ => Fault::Answer { recipient: ANSWERING[rng.usize(..ANSWERING.len())], nights },
    }
}

/// Hours by which a clock may be wrong: into the next night or beyond it, into the one before, and years.
const CLOCKS: [i64; 9] = [3, 11, 14, 30, 24 * 800, -2, -9, -26, -24 * 800];

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "LOCKGATE_SEED={}: {} nights and a quiet one", self.seed, self.nights)?;
        for (night, fault) in &self.faults {
            writeln!(f, "  night {night} ({}): {fault}", day(*night))?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late { feed, nights } => write!(f, "{}'s file comes {nights} nights late", FEEDS[*feed]),
            Self::Renamed { feed } => write!(f, "{}'s file comes under another name", FEEDS[*feed]),
            Self::Twice { feed, nights } => {
                write!(
                    f,
                    "{}'s file comes once more, under another name, {nights} nights later",
                    FEEDS[*feed]
                )
            }
            Self::Half => write!(f, "half of {}'s file is there, the rest a day later", FEEDS[2]),
            Self::Cut { feed } => write!(f, "{}'s file is cut, and sent whole a day later", FEEDS[*feed]),
            Self::Endless { feed } => write!(f, "{}'s file has no last line, and is let in", FEEDS[*feed]),
            Self::Gone { place } => write!(f, "the folder of place `{place}` is gone"),
            Self::Door { recipient } => write!(f, "the door of `{recipient}` cannot be used"),
            Self::Killed { call, at } => write!(f, "killed at a thread's {call} number {at}, and run again"),
            Self::Full { call, error, at } => {
                write!(
                    f,
                    "{error} from a thread's {call} number {at} on; then there is room, and it is run again"
                )
            }
            Self::Clock { hours } => write!(f, "the clock is {hours} hours wrong, and then put right"),
            Self::Repeated => f.write_str("run twice"),
            Self::Answer { recipient, nights } => {
                write!(f, "the answers of `{recipient}` come {nights} days late")
            }
        }
    }
}
