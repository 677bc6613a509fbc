//! What tonight's files say of whom: linked, kept, and asked of the model. In a night in which nothing changed, nobody.

use super::Night;
use super::beside::beside;
use super::ingest::Taken;
use super::keep::{KeptCounts, keep, save};
use super::link::{WhoIsWho, retained, who_is_who};
use super::memories::Memories;
use super::people::{self, People};
use super::propose::{self, Proposed, Question};
use super::quiet;
use crate::store::{KnownIdentity, PersonRef};
use anyhow::Result;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What came of it.
#[derive(Default)]
pub struct Known {
    /// Persons that have left the cohort.
    pub left: BTreeSet<PersonRef>,
    /// How many persons the store holds, where that is known without counting: it held nobody before.
    pub everybody: Option<u64>,
    /// How many joined it.
    pub joined: u64,
    /// Identities that belong to another person now.
    pub moved: u64,
    /// Identities looked at.
    pub linked: u64,
    /// By tonight's file.
    pub kept: Vec<KeptCounts>,
    /// What the model says, not written yet.
    pub proposed: Option<Proposed>,
    /// Until when the next nights need not look, if nothing is said: a day, or no day at all.
    until: Option<Date>,
}

/// Links and keeps what was read since `last` (the as-of date of the last finished run).
pub async fn known(
    night: &Night<'_>,
    memories: &Memories,
    taken: &mut [Taken],
    last: Option<Date>,
) -> Result<Known> {
    if quiet::holds(night, !taken.is_empty()).await? {
        return Ok(Known::default());
    }
    let mut retained = retained(night, memories, taken).await?;
    let who = who_is_who(night, &retained, last).await?;
    let question = Question::begin(night, &retained).await?;
    let mut people = People::of(night, &who).await?;
    people::apply(night, &who, &mut people).await?;
    save(night, memories, &mut retained)?;
    // Whom the model is asked about is found out meanwhile.
    let keeping = keep(night, taken, &retained, &who, &mut people);
    let (kept, meetings) = beside(keeping, |_| question.meet(&retained, &who))?;
    let (left, everybody) = (leavers(&who, &people), people.everybody());
    drop(people);
    night.store.rest().await?;
    let proposed = propose::propose(night, &retained, (&who, everybody), question, meetings).await?;
    Ok(Known {
        left,
        everybody,
        joined: joined(&who),
        moved: who.moved.len() as u64,
        linked: who.scope as u64,
        kept,
        proposed: Some(proposed),
        until: quiet::until(night, &retained),
    })
}

impl Known {
    /// Writes what waited for the end of the night.
    pub async fn finish(self, night: &Night<'_>) -> Result<()> {
        let Some(proposed) = self.proposed else { return Ok(()) };
        proposed.record(night).await?;
        quiet::leave(night, self.until).await
    }
}

/// The persons who have left the cohort, as they are put together now.
fn leavers(who: &WhoIsWho, people: &People) -> BTreeSet<PersonRef> {
    let person = |known: &KnownIdentity| people.at(known.key).map_or(known.person, |(_, person)| person);
    let stay: BTreeSet<PersonRef> = who.known.iter().filter(|k| who.cohort.has(k.key)).map(person).collect();
    who.leavers.iter().map(person).filter(|p| !stay.contains(p)).collect()
}

fn joined(who: &WhoIsWho) -> u64 {
    let before: BTreeSet<_> = who.known.iter().map(|k| k.person_key).collect();
    let joined: BTreeSet<_> = who.cohort.persons().iter().filter(|p| !before.contains(p)).collect();
    joined.len() as u64
}
