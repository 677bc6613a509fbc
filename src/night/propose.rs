//! Propose: what no rule joins and the model thinks is one person waits for a person to decide.
//!
//! The model never joins anybody: a pair that it proposes is two people until somebody has decided, and nothing leaves because
//! of it. Tonight's changed identities are asked about; everybody is when the model is another one than last night.

use super::Night;
use super::link::{Doubtful, MANY, Retained, WhoIsWho};
use super::weights::{InForce, Read, views};
use crate::review::said;
use crate::store::{FileId, NewReview, Proposal, ReviewRow, ReviewState, Store};
use anyhow::Result;
use hashbrown::{HashMap, HashSet};
use lockgate_core::agreement::PartnerId;
use lockgate_core::link::weigh::Weighed;
use lockgate_core::link::{
    Doubt, Marks, Meetings, Pair, Pairs, Remembered as _, Ruling, Rulings, halves, whole,
};
use lockgate_core::linkage::guard::Bar;
use lockgate_core::linkage::math::Weight;
use lockgate_core::problem::Problem;
use lockgate_core::record::{IdentityId, PersonId};
use std::collections::BTreeSet;

/// The word under which the store keeps the model of the last night that came to its end.
const KEY: &str = "link model";
/// What stands there while a night is at work.
const AT_WORK: &str = "at work";

/// One pair for so many people of the cohort waits for a person; of a small cohort a few more may.
const FIFTY: u64 = 50;
const FEW: usize = 10;

/// In front of the model there, while pairs are left to be weighed.
const MORE: &str = "more ";

/// Pairs that are read again and weighed in one night, the first ones in the order of their identities; the next night goes on.
const MOST: usize = 20_000;

/// By which model the last night proposed, and whether it left pairs to be weighed.
pub async fn last(store: &Store) -> Result<Option<String>> {
    Ok(store.meta(KEY).await?)
}

/// What the model proposes tonight, not written yet.
pub struct Proposed {
    model: String,
    other: bool,
    reviews: Vec<NewReview>,
    settled: Vec<(IdentityId, IdentityId)>,
    said: Vec<Proposal>,
    /// What there is to say about it.
    pub notes: Vec<Problem>,
}

/// Whom a night asks the model about, as far as it can be told before tonight's files are kept.
pub struct Question {
    model: InForce,
    /// By which model the last night proposed.
    before: Option<String>,
    /// Whether this one is another.
    other: bool,
    /// Whom tonight's files say anything new about; `None` when everybody is asked about.
    changed: Option<HashSet<IdentityId>>,
    /// Whom the store holds, when everybody is asked about.
    held: Vec<IdentityId>,
}

impl Question {
    /// Remembers that this night's model is at work: should the night break off, everybody is asked about the next time.
    pub async fn begin(night: &Night<'_>, files: &Retained) -> Result<Self> {
        let model = InForce::of(night.deployment)?;
        let before = night.store.meta(KEY).await?;
        night.store.set_meta(KEY, AT_WORK).await?;
        let more = before.as_deref().and_then(|before| before.strip_prefix(MORE));
        let other = more.or(before.as_deref()) != Some(model.digest.as_str());
        let everybody = other || more.is_some();
        let changed = if everybody { None } else { tokio::task::block_in_place(|| changed(files))? };
        let held = held(night, changed.as_ref()).await?;
        Ok(Self { model, before, other, changed, held })
    }

    /// Who meets whom in what is remembered: nothing of it is in the store.
    pub fn meet(&self, files: &Retained, who: &WhoIsWho) -> Result<Meetings> {
        meet(files, who, self.changed.as_ref(), &self.held)
    }
}

async fn held(night: &Night<'_>, changed: Option<&HashSet<IdentityId>>) -> Result<Vec<IdentityId>> {
    Ok(if changed.is_none() { night.store.held_identities().await? } else { Vec::new() })
}

/// The changed identities and those that join, or everybody in the cohort when it is not told which changed, with whom they meet.
fn meet(
    files: &Retained,
    who: &WhoIsWho,
    changed: Option<&HashSet<IdentityId>>,
    held: &[IdentityId],
) -> Result<Meetings> {
    let cohort = who.cohort.identities().iter().copied();
    let seeds = match changed {
        Some(changed) => {
            changed.iter().copied().chain(cohort.filter(|identity| who.joins(*identity))).collect()
        }
        None => held.iter().copied().chain(cohort).collect(),
    };
    Ok(Meetings::of(&views(files), seeds, &|identity| who.cohort.person(identity))?)
}

/// Asks the model, with what is remembered still at hand; `everybody` is how many persons the store holds, where that is known.
pub async fn propose(
    night: &Night<'_>,
    files: &Retained,
    (who, everybody): (&WhoIsWho, Option<u64>),
    question: Question,
    meetings: Meetings,
) -> Result<Proposed> {
    night.progress.stage("weighing");
    let Question { model, before, other, changed, held } = question;
    drop(held);
    let asking = Asking::after(night, files, who, meetings).await?;
    let (scored, beyond) = asking.score(&model).await?;
    let cohort = match everybody {
        Some(known) => known,
        None => night.store.people().await?,
    };
    let Chosen { asked, settled, left } = asking.choose(&model, &scored, changed.as_ref(), cohort);
    let mut notes = notes(asking.crowded, left, beyond);
    if other && before.is_some_and(|before| before != AT_WORK) {
        let what = format!(
            "the model is another one: {} pairs were weighed anew by {}, {} wait for a person, {} wait no more",
            scored.len(),
            model.words(),
            asked.len(),
            settled.len()
        );
        notes.push(Problem::new("LG1481", what));
    }
    let review = |pair: Pair, why: Doubt, evidence| NewReview {
        a: pair.a,
        b: pair.b,
        reason: why.code().into(),
        evidence,
    };
    let mut reviews: Vec<NewReview> =
        asked.iter().map(|one| review(one.pair, Doubt::Proposed, one.mark)).collect();
    // What waits about somebody who leaves the cohort tonight goes with what is stored of them, and is asked all the same.
    let gone: HashSet<IdentityId> = who.leavers.iter().map(|known| known.key).collect();
    let of_leavers = who.doubts.iter().filter(|d| gone.contains(&d.a) || gone.contains(&d.b));
    reviews.extend(of_leavers.filter_map(|d| Some(review(Pair::of(d.a, d.b)?, d.why, d.evidence))));
    let news = |one: &&Scored| other || one.fresh || gone.contains(&one.pair.a) || gone.contains(&one.pair.b);
    let said = scored.iter().filter(news).map(|one| one.proposal(&model)).collect();
    let model = if beyond > 0 { format!("{MORE}{}", model.digest) } else { model.digest };
    Ok(Proposed { model, other, reviews, settled, said, notes })
}

impl Proposed {
    /// Writes it: after those who left the cohort were destroyed, with whatever was said of them.
    pub async fn record(self, night: &Night<'_>) -> Result<()> {
        let mut tx = night.store.begin_replay(&night.run, FileId(0), PartnerId(0)).await?;
        if self.other {
            tx.clear_proposals().await?;
        }
        tx.settle_reviews(&self.settled).await?;
        tx.put_reviews(self.reviews).await?;
        tx.put_proposals(&self.said).await?;
        tx.commit_replay().await?;
        Ok(night.store.set_meta(KEY, &self.model).await?)
    }
}

fn notes(crowded: usize, left: usize, beyond: usize) -> Vec<Problem> {
    let mut out = Vec::new();
    if crowded > 0 {
        let what = format!(
            "{crowded} groups share a name, a date or a place that too many share, and were not weighed for it"
        );
        out.push(Problem::new("LG1478", what));
    }
    if left > 0 {
        let what = format!("the model proposes {left} pairs more than are asked about at once");
        out.push(Problem::new("LG1480", what));
    }
    if beyond > 0 {
        let what = format!("{beyond} pairs more than are weighed in one night wait for the next");
        out.push(Problem::new("LG1482", what));
    }
    out
}

/// A pair with what the model says of it.
pub struct Scored {
    /// Who.
    pub pair: Pair,
    /// The mark of what they bring.
    pub mark: u64,
    /// The weight.
    pub weight: Weight,
    /// The code of what bars them.
    pub barred: Option<String>,
    fresh: bool,
}

impl Scored {
    fn proposal(&self, model: &InForce) -> Proposal {
        let plain = &model.model.plain;
        Proposal {
            pair: self.pair,
            evidence: self.mark,
            weight: self.weight,
            barred: self.barred.clone(),
            model: model.digest.clone(),
            version: plain.version.clone(),
            dated: plain.date.clone(),
        }
    }

    /// Whether a person may be asked: it weighs enough, and nothing that no decision can lift bars it.
    pub fn speaks(&self, model: &InForce) -> bool {
        let lifted = |code: &str| Bar::ALL.iter().any(|bar| bar.code() == code && !bar.is_final());
        self.weight >= model.ask && self.barred.as_deref().is_none_or(lifted)
    }
}

/// Whom a night asks the model about.
pub struct Asking<'a> {
    night: &'a Night<'a>,
    files: &'a Retained,
    /// Pairs with the marks of what they bring.
    pairs: Vec<(Pair, u64)>,
    /// The person of whoever is in the cohort, as far as it was asked.
    persons: HashMap<IdentityId, PersonId>,
    rulings: Rulings,
    open: Vec<ReviewRow>,
    doubted: HashSet<Pair>,
    /// Meetings that were too large.
    pub crowded: usize,
}

/// What becomes of the pairs.
struct Chosen<'s> {
    asked: Vec<&'s Scored>,
    settled: Vec<(IdentityId, IdentityId)>,
    left: usize,
}

impl<'a> Asking<'a> {
    /// About the changed identities and those that join; about everybody in the cohort when it is not told which changed.
    pub async fn of(
        night: &'a Night<'a>,
        files: &'a Retained,
        who: &WhoIsWho,
        changed: Option<&HashSet<IdentityId>>,
    ) -> Result<Self> {
        let held = held(night, changed).await?;
        let meetings = tokio::task::block_in_place(|| meet(files, who, changed, &held))?;
        Self::after(night, files, who, meetings).await
    }

    /// About who meets whom.
    async fn after(
        night: &'a Night<'a>,
        files: &'a Retained,
        who: &WhoIsWho,
        meetings: Meetings,
    ) -> Result<Self> {
        let gone: HashSet<IdentityId> = who.leavers.iter().map(|known| known.key).collect();
        let registered = night.store.registered().await?;
        let two = night.deployment.settings.review.two_people;
        let rulings = said::rulings(&registered, night.order.as_of, two);
        let open = night.store.reviews(Some(ReviewState::Open)).await?;
        let mut wanted: Vec<IdentityId> = meetings.identities();
        wanted.extend(open.iter().flat_map(|row| [row.a, row.b]));
        wanted.extend(rulings.iter().flat_map(|(pair, _)| [pair.a, pair.b]));
        let mut persons: HashMap<IdentityId, PersonId> =
            wanted.iter().filter_map(|identity| Some((*identity, who.cohort.person(*identity)?))).collect();
        wanted.retain(|identity| !persons.contains_key(identity) && !gone.contains(identity));
        let stored = night.store.known_identities(&wanted).await?;
        persons.extend(stored.into_iter().map(|known| (known.key, known.person_key)));
        let Pairs { mut pairs, crowded } = meetings.pairs(&|identity| persons.get(&identity).copied());
        drop(meetings);
        let doubted: HashSet<Pair> =
            who.doubts.iter().filter_map(|d: &Doubtful| Pair::of(d.a, d.b)).collect();
        pairs.extend(doubted.iter().copied());
        pairs.sort_unstable();
        pairs.dedup();
        let all = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
        let marks = tokio::task::block_in_place(|| Marks::of(&views(files), all))?;
        // Known to be two people by a number of their own: nothing to ask.
        pairs.retain(|pair| doubted.contains(pair) || !marks.conflict(*pair));
        let pairs = pairs.into_iter().map(|pair| (pair, marks.mark(pair))).collect();
        Ok(Self { night, files, pairs, persons, rulings, open, doubted, crowded })
    }

    /// Weighs the pairs; those of which this model has said something already that bring what they brought then are not
    /// read again. Also how many are left.
    async fn score(&self, model: &InForce) -> Result<(Vec<Scored>, usize)> {
        let said = self.night.store.proposals().await?;
        let known: HashMap<Pair, Proposal> = said
            .into_iter()
            .filter(|said| said.model == model.digest)
            .map(|said| (said.pair, said))
            .collect();
        let (mut scored, mut wanted) = (Vec::new(), Vec::new());
        for (pair, mark) in &self.pairs {
            match known.get(pair).filter(|said| said.evidence == *mark) {
                Some(said) => scored.push(Scored {
                    pair: *pair,
                    mark: *mark,
                    weight: said.weight,
                    barred: said.barred.clone(),
                    fresh: false,
                }),
                None => wanted.push((*pair, *mark)),
            }
        }
        let beyond = wanted.len().saturating_sub(MOST);
        wanted.truncate(MOST);
        if let Some(read) = self.read_of(&wanted)? {
            scored.extend(weigh(model, &read, &wanted));
        }
        scored.sort_by_key(|one| (-one.weight, one.pair));
        Ok((scored, beyond))
    }

    /// Everybody in a pair, with what their rows say; `None` when there is no pair.
    pub fn read(&self) -> Result<Option<Read>> {
        self.read_of(&self.pairs)
    }

    fn read_of(&self, pairs: &[(Pair, u64)]) -> Result<Option<Read>> {
        if pairs.is_empty() {
            return Ok(None);
        }
        let identities: BTreeSet<IdentityId> = pairs.iter().flat_map(|(pair, _)| [pair.a, pair.b]).collect();
        tokio::task::block_in_place(|| Read::of(self.night, self.files, &identities)).map(Some)
    }

    /// All pairs by a model, the weightiest first.
    pub fn weigh(&self, model: &InForce, read: Option<&Read>) -> Vec<Scored> {
        let mut scored = read.map_or_else(Vec::new, |read| weigh(model, read, &self.pairs));
        scored.sort_by_key(|one| (-one.weight, one.pair));
        scored
    }

    /// Which of the scored pairs would wait for a person if everybody were asked about now.
    pub fn asked(&self, model: &InForce, scored: &[Scored], cohort: u64) -> BTreeSet<Pair> {
        self.choose(model, scored, None, cohort).asked.iter().map(|one| one.pair).collect()
    }

    /// Which of the scored pairs wait for a person, the weightiest first: of each two people one.
    fn choose<'s>(
        &self,
        model: &InForce,
        scored: &'s [Scored],
        changed: Option<&HashSet<IdentityId>>,
        cohort: u64,
    ) -> Chosen<'s> {
        let is_model = |row: &&ReviewRow| row.reason == Doubt::Proposed.code();
        let mut taken: HashSet<(u128, u128)> = self.doubted.iter().map(|pair| self.people(*pair)).collect();
        let others = self.open.iter().filter(|row| !is_model(row));
        taken.extend(others.filter_map(|row| Pair::of(row.a, row.b)).map(|pair| self.people(pair)));
        // What was decided of two holds for whoever is one person with either.
        taken.extend(self.rulings.iter().filter(|(_, r)| r.separates()).map(|(pair, _)| self.people(pair)));
        let parked = |one: &&Scored| match self.rulings.get(one.pair) {
            Some(Ruling::Parked(marks)) => marks.contains(&one.mark),
            _ => false,
        };
        taken.extend(scored.iter().filter(parked).map(|one| self.people(one.pair)));
        let mut asked: Vec<&Scored> = Vec::new();
        for one in scored.iter().filter(|one| one.speaks(model) && self.may_ask(one)) {
            if taken.insert(self.people(one.pair)) {
                asked.push(one);
            }
        }
        let waiting: HashSet<Pair> = asked.iter().map(|one| one.pair).collect();
        let touched = |identity| changed.is_none_or(|changed| changed.contains(&identity));
        let mut settled = Vec::new();
        let mut kept = 0;
        for row in self.open.iter().filter(is_model) {
            let Some(pair) = Pair::of(row.a, row.b).filter(|pair| !waiting.contains(pair)) else { continue };
            let (p, q) = (self.persons.get(&pair.a), self.persons.get(&pair.b));
            let over = p == q || self.rulings.get(pair).is_some() || touched(pair.a) || touched(pair.b);
            if over || taken.contains(&self.people(pair)) {
                settled.push((pair.a, pair.b));
            } else {
                kept += 1;
            }
        }
        let most = usize::try_from(cohort / FIFTY).unwrap_or(usize::MAX).max(FEW).saturating_sub(kept);
        let left = asked.len().saturating_sub(most);
        let cut = asked.split_off(asked.len() - left);
        let was_open: HashSet<Pair> =
            self.open.iter().filter(is_model).filter_map(|row| Pair::of(row.a, row.b)).collect();
        settled.extend(cut.iter().map(|one| one.pair).filter(|p| was_open.contains(p)).map(|p| (p.a, p.b)));
        Chosen { asked, settled, left }
    }

    /// Whether nobody has decided, and the two are two people.
    fn may_ask(&self, one: &Scored) -> bool {
        let (p, q) = (self.persons.get(&one.pair.a), self.persons.get(&one.pair.b));
        matches!(self.rulings.get(one.pair), None | Some(Ruling::Parked(_))) && p != q
    }

    /// The two people of a pair: persons where they have one.
    fn people(&self, pair: Pair) -> (u128, u128) {
        let of = |identity: IdentityId| self.persons.get(&identity).map_or(identity.0, |person| person.0);
        let (a, b) = (of(pair.a), of(pair.b));
        (a.min(b), a.max(b))
    }
}

fn weigh(model: &InForce, read: &Read, pairs: &[(Pair, u64)]) -> Vec<Scored> {
    let only: Vec<Pair> = pairs.iter().map(|(pair, _)| *pair).collect();
    let marks: HashMap<Pair, u64> = pairs.iter().copied().collect();
    let scored = |(pair, weighed): (Pair, Weighed)| Scored {
        pair,
        mark: marks.get(&pair).copied().unwrap_or(0),
        weight: weighed.score.weight,
        barred: weighed.bar.map(|bar| bar.code().to_owned()),
        fresh: true,
    };
    read.weigh(&model.model, &only).into_iter().map(scored).collect()
}

/// Whom tonight's files say anything new about, or nothing any more; `None` when there are too many to be looked at one by one.
fn changed(files: &Retained) -> Result<Option<HashSet<IdentityId>>> {
    let mut out: HashSet<IdentityId> = HashSet::new();
    for file in files.iter().flatten().filter(|file| file.tonight.is_some()) {
        file.memory.each_vanished(|seen| _ = out.insert(seen.identity))?;
        let fresh = |seen: &lockgate_core::link::Seen<'_>, words: &mut Vec<u64>| {
            if seen.fresh {
                words.extend(halves(seen.identity));
            }
        };
        file.memory.gather(&fresh, &mut |words| {
            if out.len() <= MANY {
                out.extend(words.as_chunks().0.iter().map(whole));
            }
        })?;
        if out.len() > MANY {
            return Ok(None);
        }
    }
    Ok(Some(out))
}
