//! The clock: what time it is. Everything that asks asks here, so that a test can say what it is.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// This machine.
    #[default]
    Machine,
    /// What somebody says: milliseconds since 1970, shared with whoever moves it.
    Told(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a moment until it is moved.
    pub fn at(moment: Timestamp) -> Self {
        Self::Told(Arc::new(AtomicI64::new(moment.as_millisecond())))
    }

    /// Moves a clock that is told what time it is; the machine's is left alone.
    pub fn set(&self, moment: Timestamp) {
        if let Self::Told(time) = self {
            time.store(moment.as_millisecond(), Ordering::Relaxed);
        }
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Machine => Timestamp::now(),
            Self::Told(time) => {
                Timestamp::from_millisecond(time.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// The civil day in a zone.
    pub fn today(&self, zone: &TimeZone) -> Date {
        self.now().to_zoned_datetime(zone.clone()).date()
    }
}
