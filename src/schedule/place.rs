//! What lies at a feed's place and was not taken yet.

use crate::config::Deployment;
use anyhow::Result;
use jiff::civil::Date;

/// The latest date, up to today's, in the name of a settled file at a feed's place; `None` when there is none, or when the place
/// does not answer: a night says so.
pub(super) fn newest(deployment: &Deployment, feed: &str, today: Date) -> Option<Date> {
    let look = || -> Result<Option<Date>> {
        let Some(mapping) = deployment.mappings.iter().find(|m| m.name() == feed) else { return Ok(None) };
        let listed = deployment.place(mapping)?.list()?;
        let dates =
            listed.iter().filter(|file| file.settled).filter_map(|file| mapping.source().named(&file.name));
        // A feed whose names carry no date is of the day on which it is taken.
        Ok(dates.map(|named| named.date.unwrap_or(today)).filter(|date| *date <= today).max())
    };
    tokio::task::block_in_place(look).ok().flatten()
}
