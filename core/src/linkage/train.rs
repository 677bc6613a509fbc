//! Training without labels: how often pairs of one person agree on each level, learned from the deck itself.
//!
//! Pairs that share an identifier are mostly one person, whatever their names say, and show how names, dates and
//! addresses of one person vary; pairs of one name and date of birth show it of identifiers. Expectation maximisation
//! tells in each sample how many are strangers, relatives or twins after all. The shipped probabilities weigh as much as
//! a few hundred pairs, so a small file keeps to them.

use super::block::{Blocks, Family};
use super::card::{Card, Deck};
use super::compare::{Agreement, Comparer};
use super::facts::{Facts, first};
use super::field::{
    BIRTH, FIELDS, GIVEN, ID, LEVELS, MIDDLE, MISSING, PLACE, SENTENCE, SEX, SURNAME, given, id, shipped,
    surname,
};
use super::math::{count, exp2, log2};
use super::model::{Against, Model, TWINS};
use super::words::{NONE, mix};
use alloc::vec::Vec;

/// Pairs that a sample has at most.
const SAMPLE: usize = 25_000;

/// Pairs of strangers that are drawn.
const STRANGERS: u32 = 100_000;

/// So many pairs of one person the shipped probabilities weigh.
const SHIPPED_PAIRS: f64 = 300.0;

/// So many pairs of strangers the shipped probabilities weigh.
const SHIPPED_STRANGERS: f64 = 20_000.0;

/// So many pairs that share a number stand behind how often it is a relative's as shipped, and so many records behind
/// how many twins there are.
const SHIPPED_KIN: f64 = 2_000.0;
const USUAL_KIN: f64 = 0.0003;
const SHIPPED_RECORDS: f64 = 100.0;

/// Pairs of one person for each pair of relatives, as shipped.
const KIN_RATIO: f64 = 5.0;

/// Rounds of expectation maximisation.
const ROUNDS: usize = 12;

/// A sample of fewer pairs teaches nothing of its own.
const FEW: usize = 50;

/// Pairs drawn by one rule, and the fields that the rule says nothing about.
struct Sample {
    pairs: Vec<Agreement>,
    learns: Vec<usize>,
    /// What the shares of relatives and twins in the sample tell.
    tells: Tells,
    shares: [f64; 4],
    /// What the last round found in it, by field and level.
    counts: Counts,
}

/// Pairs by field and level.
type Counts = [[f64; LEVELS]; FIELDS];
const NOTHING: Counts = [[0.0; LEVELS]; FIELDS];

/// A piece of work that does not depend on the others of its list.
pub type Job<'j> = &'j mut (dyn FnMut() + Send);

/// Who does the pieces of a list: each once, in whatever order and beside each other or not.
pub type Crew<'c> = &'c (dyn Fn(&mut [Job<'_>]) + Sync);

/// A crew of one.
pub fn alone(jobs: &mut [Job<'_>]) {
    jobs.iter_mut().for_each(|job| job());
}

impl Sample {
    /// Of one surname and birth, and different forenames, are twins; unless nearly all who are so share an identifier,
    /// which twins do not.
    fn proves_no_twins(&self) -> bool {
        let known =
            |a: &&Agreement| (ID..FIELDS).any(|f| matches!(a.level(f), id::SAME | id::SLIP | id::OTHER));
        let other =
            self.pairs.iter().filter(|a| a.level(GIVEN) == given::OTHER && a.level(SURNAME) == surname::SAME);
        let known: Vec<&Agreement> = other.filter(known).collect();
        let shared = |a: &&&Agreement| (ID..FIELDS).any(|f| matches!(a.level(f), id::SAME | id::SLIP));
        let shared = known.iter().filter(shared).count();
        known.len() >= 100 && shared * 10 >= known.len() * 9
    }
}

/// What a sample's shares of relatives and twins tell.
#[derive(Clone, Copy)]
enum Tells {
    Nothing,
    /// How often an identifier is a relative's: those of one kind are the sample.
    Identifier(usize),
    /// How many twins there are: the sample stands for so many pairs.
    Twins(usize),
}

/// The shares of one person, strangers, relatives and twins that a sample begins with.
const SHARES: [f64; 4] = [0.95, 0.04, 0.005, 0.005];
const TWIN_SHARES: [f64; 4] = [0.6, 0.36, 0.02, 0.02];

/// Trains a model on a deck; `before` is what is known already. The crew does what can be done side by side; the model
/// is the same whatever crew it is.
pub fn train(
    deck: &Deck,
    facts: &Facts,
    before: &Model,
    blocks: &[(Family, Blocks)],
    crew: Crew<'_>,
) -> Model {
    let mut model = before.clone();
    model.among(facts.records());
    strangers(deck, facts, &mut model);
    let ids = deck.kinds.len();
    let all: Vec<usize> = (0..ID + ids).collect();
    let mut draws: Vec<Draw<'_>> = blocks.iter().filter_map(|(f, b)| Draw::of(*f, b, &all, blocks)).collect();
    draws.extend(blocks.iter().find_map(|(f, b)| Draw::of_twins(*f, b, &all)));
    each(&mut draws, crew, &|draw| draw.make(deck, facts, &model));
    let mut samples: Vec<Sample> = draws.into_iter().filter_map(|draw| draw.sample).collect();
    learn(&mut model, &mut samples, facts.records(), crew);
    kin(&mut model, &samples, facts.records());
    model.plain.records = deck.len();
    model
}

/// A sample that is to be drawn.
struct Draw<'b> {
    family: Family,
    blocks: &'b Blocks,
    learns: Vec<usize>,
    strict: bool,
    sample: Option<Sample>,
}

impl<'b> Draw<'b> {
    fn of(family: Family, blocks: &'b Blocks, all: &[usize], families: &[(Family, Blocks)]) -> Option<Self> {
        let ids = || all.iter().copied().filter(|f| *f >= ID);
        let learns = match family {
            Family::Id(kind) => all.iter().copied().filter(|f| *f != ID + kind).collect(),
            Family::SurnameBirth => [MIDDLE, PLACE, SEX, SENTENCE].into_iter().chain(ids()).collect(),
            Family::ForenamePostcode if !has_ids(families) => Vec::from([BIRTH, SEX]),
            Family::BirthPostcode if !has_ids(families) => Vec::from([GIVEN, SURNAME, SEX]),
            _ => return None,
        };
        Some(Self { family, blocks, learns, strict: true, sample: None })
    }

    /// All of one surname and birth, for how many of them are twins.
    fn of_twins(family: Family, blocks: &'b Blocks, all: &[usize]) -> Option<Self> {
        let ids = all.iter().copied().filter(|f| *f >= ID);
        let learns = [GIVEN, PLACE, SEX].into_iter().chain(ids).collect();
        (family == Family::SurnameBirth).then_some(Self {
            family,
            blocks,
            learns,
            strict: false,
            sample: None,
        })
    }

    fn make(&mut self, deck: &Deck, facts: &Facts, model: &Model) {
        let (pairs, total) = draw(self.family, deck, facts, model, self.blocks, self.strict);
        let (tells, shares) = match self.family {
            _ if !self.strict => (Tells::Twins(total), TWIN_SHARES),
            Family::Id(kind) => (Tells::Identifier(kind), SHARES),
            _ => (Tells::Nothing, SHARES),
        };
        if !self.strict || pairs.len() >= FEW {
            let learns = core::mem::take(&mut self.learns);
            self.sample = Some(Sample { pairs, learns, tells, shares, counts: NOTHING });
        }
    }
}

/// Has a crew do something with each of a list.
fn each<T: Send>(list: &mut [T], crew: Crew<'_>, does: &(dyn Fn(&mut T) + Sync)) {
    let mut jobs: Vec<_> = list.iter_mut().map(|one| move || does(one)).collect();
    let mut jobs: Vec<Job<'_>> = jobs.iter_mut().map(|job| job as Job<'_>).collect();
    crew(&mut jobs);
}

/// Whether identifiers give pairs enough to learn names and dates from.
fn has_ids(blocks: &[(Family, Blocks)]) -> bool {
    let of_ids = blocks.iter().filter(|(family, _)| matches!(family, Family::Id(_)));
    of_ids.map(|(_, found)| found.iter().take(FEW * 4).count()).sum::<usize>() >= FEW * 4
}

/// How often relatives and twins share an identifier (it was typed into the wrong one's record), and how many twins
/// there are.
fn kin(model: &mut Model, samples: &[Sample], records: f64) {
    for sample in samples {
        let [same, _, relatives, twins] = sample.shares;
        let seen = count(sample.pairs.len());
        match sample.tells {
            Tells::Twins(total) => {
                let met = 2.0 * twins * count(total);
                let rate = (met + TWINS * SHIPPED_RECORDS) / (records + SHIPPED_RECORDS);
                model.plain.families = !sample.proves_no_twins();
                let least = if model.plain.families { TWINS * 0.75 } else { 0.0 };
                model.plain.twins = rate.max(least);
            }
            Tells::Identifier(kind) => {
                let Some(field) = model.plain.fields.get_mut(ID + kind) else { continue };
                let Some(level) = field.levels.get_mut(usize::from(id::SAME)) else { continue };
                // Among pairs that share a number, so many relatives stand beside so many of one person. Twins are
                // taken for each other twice as often.
                let share = (relatives * seen + USUAL_KIN * SHIPPED_KIN) / (seen + SHIPPED_KIN);
                level.relative = (share / same.max(0.1) * KIN_RATIO * level.same).clamp(0.0002, 0.1);
                level.twin = level.relative * 2.0;
            }
            Tells::Nothing => {}
        }
    }
    *model = rebuilt(model, records);
}

/// Pairs of one family's blocks, some of them drawn; and how many there are.
fn draw(
    family: Family,
    deck: &Deck,
    facts: &Facts,
    model: &Model,
    blocks: &Blocks,
    strict: bool,
) -> (Vec<Agreement>, usize) {
    let total: usize = blocks.iter().map(|b| b.len() * (b.len() - 1) / 2).sum();
    let every = u64::try_from(total / SAMPLE + 1).unwrap_or(1);
    let mut comparer = Comparer::new(deck, facts, model);
    let mut out = Vec::new();
    for block in blocks.iter() {
        for (n, a) in block.iter().enumerate() {
            for b in block.iter().skip(n + 1) {
                if !mix(u64::from(*a), u64::from(*b)).is_multiple_of(every) {
                    continue;
                }
                let (Some(x), Some(y)) = (deck.card(*a), deck.card(*b)) else { continue };
                if !strict || wanted(family, x, y) {
                    out.push(comparer.compare(x, y));
                }
            }
        }
    }
    (out, total)
}

/// Whether a pair of a family's block is of the strict kind that teaches.
fn wanted(family: Family, x: &Card, y: &Card) -> bool {
    let same = |a: u32, b: u32| a == b && a != NONE;
    let names = same(x.name.surname, y.name.surname) && same(first(&x.name), first(&y.name));
    match family {
        Family::SurnameBirth => names && same(x.birth, y.birth),
        Family::ForenamePostcode => names && same(x.place.postcode, y.place.postcode),
        _ => true,
    }
}

/// Learns how strangers agree, from pairs drawn blindly.
fn strangers(deck: &Deck, facts: &Facts, model: &mut Model) {
    let Some(last) = deck.len().checked_sub(1).filter(|n| *n > 0) else { return };
    let draws = STRANGERS.min(last.saturating_mul(20));
    let mut counts = NOTHING;
    {
        let mut comparer = Comparer::new(deck, facts, model);
        for n in 0..draws {
            let pick =
                |salt: u64| u32::try_from(mix(u64::from(n), salt) % (u64::from(last) + 1)).unwrap_or(0);
            let (a, b) = (pick(11), pick(29));
            let (Some(x), Some(y)) = (deck.card(a), deck.card(b)) else { continue };
            if a != b {
                add(&mut counts, &comparer.compare(x, y), 1.0);
            }
        }
    }
    for (at, field) in model.plain.fields.iter_mut().enumerate() {
        let seen: f64 = counts.get(at).map_or(0.0, |f| f.iter().sum());
        for (n, (level, ship)) in field.levels.iter_mut().zip(shipped(at)).enumerate().skip(1) {
            let met = counts.get(at).and_then(|f| f.get(n)).copied().unwrap_or(0.0);
            level.stranger = (met + SHIPPED_STRANGERS * ship.stranger) / (seen + SHIPPED_STRANGERS);
        }
    }
    *model = rebuilt(model, facts.records());
}

fn add(counts: &mut Counts, agreement: &Agreement, weight: f64) {
    for (field, level, _) in agreement.fields().filter(|(_, level, _)| *level != MISSING) {
        if let Some(cell) = counts.get_mut(field).and_then(|f| f.get_mut(usize::from(level))) {
            *cell += weight;
        }
    }
}

/// The rounds of expectation maximisation over all samples at once.
fn learn(model: &mut Model, samples: &mut [Sample], records: f64, crew: Crew<'_>) {
    for _ in 0..ROUNDS {
        let now = &*model;
        each(samples, crew, &|sample| {
            let mut counts = NOTHING;
            sample.shares = expect(now, sample, &mut counts);
            sample.counts = counts;
        });
        // Sums of fractions depend on their order: it is that of the samples, whoever was ready first.
        let mut counts = NOTHING;
        for sample in samples.iter() {
            for (sum, more) in counts.iter_mut().flatten().zip(sample.counts.iter().flatten()) {
                *sum += more;
            }
        }
        for (at, field) in model.plain.fields.iter_mut().enumerate() {
            let seen: f64 = counts.get(at).map_or(0.0, |f| f.iter().sum());
            for (n, (level, ship)) in field.levels.iter_mut().zip(shipped(at)).enumerate().skip(1) {
                let met = counts.get(at).and_then(|f| f.get(n)).copied().unwrap_or(0.0);
                level.same = ((met + SHIPPED_PAIRS * ship.same) / (seen + SHIPPED_PAIRS)).max(1e-6);
            }
        }
        *model = rebuilt(model, records);
    }
}

/// One round over one sample: adds what pairs of one person show, and gives the new shares of the four stories.
fn expect(model: &Model, sample: &Sample, counts: &mut Counts) -> [f64; 4] {
    let stories = [Against::Strangers, Against::Relatives, Against::Twins];
    let bits = sample.shares.map(|s| log2(s.max(1e-9)));
    let [same_bits, other_bits @ ..] = bits;
    let mut sums = [1.0_f64; 4];
    for agreement in &sample.pairs {
        let mut odds = [0.0; 3];
        for ((odd, against), bits) in odds.iter_mut().zip(stories).zip(other_bits) {
            let rare = against == Against::Strangers;
            let weight: i32 = sample
                .learns
                .iter()
                .map(|f| {
                    let rarity = agreement.rarity.get(*f).copied().unwrap_or(0);
                    model.part(against, *f, agreement.level(*f)) + if rare { rarity } else { 0 }
                })
                .sum();
            *odd = exp2(bits - same_bits - f64::from(weight) / 100.0);
        }
        let total = 1.0 + odds.iter().sum::<f64>();
        let same = 1.0 / total;
        let [sum, others @ ..] = &mut sums;
        *sum += same;
        others.iter_mut().zip(odds).for_each(|(sum, odd)| *sum += odd / total);
        if matches!(sample.tells, Tells::Twins(_)) {
            continue;
        }
        for field in &sample.learns {
            let level = agreement.level(*field);
            if level != MISSING
                && let Some(cell) = counts.get_mut(*field).and_then(|f| f.get_mut(usize::from(level)))
            {
                *cell += same;
            }
        }
    }
    let all: f64 = sums.iter().sum::<f64>().max(1.0);
    sums.map(|sum| sum / all)
}

fn rebuilt(model: &Model, records: f64) -> Model {
    let mut new = Model::of(model.plain.clone());
    new.among(records);
    new
}

/// Sets how many other records of the same person a record has, from the scores of all pairs of some cards: so the odds
/// before any evidence fit the file.
pub fn settle(model: &mut Model, records: f64, cards: u32, weights: &[i32]) {
    let mut own = model.plain.own;
    for _ in 0..4 {
        let shift = log2(own / model.plain.own);
        let sum: f64 = weights.iter().map(|w| 1.0 / (1.0 + exp2(-f64::from(*w) / 100.0 - shift))).sum();
        // Fifty records with what is shipped stand behind the file's own.
        own = (sum + 50.0 * 0.5) / (f64::from(cards) + 50.0);
        own = own.clamp(0.001, 50.0);
    }
    model.plain.own = own;
    *model = rebuilt(model, records);
}
