//! Which column is what: all proposals of all columns by their points, the best first, one column to a field.

use super::PERSON;
use super::columns::{Target, field_of, takes_many};
use super::header::ENOUGH;
use super::score::{Scene, Score, Seen, Why, suits};
use super::vote::Vote;
use lockgate_core::mapping::Meaning;
use lockgate_core::schema::Kind;
use lockgate_core::survey::{IDS, Looks};
use lockgate_core::value::identifier::IdKind;
use std::collections::BTreeSet;

/// Points of the very phrase for a reason to ignore, a part of a key, a condition: behind a field's.
const IGNORED: u32 = 84;
const KEY: u32 = 85;
const CONDITION: u32 = 84;
/// Points of what another mapping of the partner does with the header beside filling a field.
const OWN_USE: u32 = 88;
/// The same of another partner's.
const OTHER_USE: u32 = 70;
/// Points of a column whose values alone say what it is.
const SHAPED: u32 = 72;
/// Points of a column that keeps rows back, by its words.
const OPEN: u32 = 90;
/// Points of the column that tells kinds of rows apart.
const KINDS: u32 = 105;
/// What is taken off a key that does not look like a reference, and off a condition that does.
const UNLIKE: u32 = 40;
/// Points from which several columns may fill one field together.
const MANY: u32 = 90;

/// A proposal for one column.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) column: usize,
    pub(super) target: Target,
    pub(super) score: Score,
}

/// The best proposal for each column that has one; columns in `taken` (the key) get none. `giver`: the
/// partner's feed that already gives the persons.
pub(super) fn assign(
    scene: &Scene<'_>,
    seen: &[Seen],
    vote: &Vote,
    giver: Option<&str>,
    taken: Option<usize>,
) -> Vec<Proposal> {
    let mut all: Vec<Proposal> = Vec::new();
    for (column, looked) in seen.iter().enumerate().filter(|(at, _)| Some(*at) != taken) {
        let mut add = |target: Target, points: u32, why: Why| {
            if points >= ENOUGH {
                all.push(Proposal { column, target, score: Score { points, why } });
            }
        };
        fields(scene, looked, vote, giver, &mut add);
        others(scene, looked, &mut add);
        if vote.kinds.as_ref().is_some_and(|k| k.column == column) {
            add(Target::Condition, KINDS, Why::Values);
        }
    }
    let rank = |p: &Proposal| match &p.target {
        Target::Field(category, _) if category != PERSON => vote.rank(category),
        _ => 0,
    };
    all.sort_by_key(|p| (std::cmp::Reverse(p.score.points), p.target.order(), rank(p), p.column));
    let (mut columns, mut slots) = (BTreeSet::new(), BTreeSet::new());
    all.retain(|p| {
        if columns.contains(&p.column) {
            return false;
        }
        if let Some(slot) = slot(seen, p)
            && !slots.insert(slot)
            && !together(scene, p)
        {
            return false;
        }
        columns.insert(p.column)
    });
    all
}

/// Fields of the chosen categories, of the person, and evidence.
fn fields(
    scene: &Scene<'_>,
    column: &Seen,
    vote: &Vote,
    giver: Option<&str>,
    add: &mut impl FnMut(Target, u32, Why),
) {
    let evidence = scene.words.evidence.iter().map(|(name, phrases)| (name, column.bare.best(phrases)));
    let evidence = evidence.filter(|(_, points)| *points >= 80).max_by_key(|(_, points)| *points);
    let leaves = giver.is_some();
    for ((category, field), score) in &column.fields {
        if category != PERSON {
            if vote.chosen.contains(category) {
                add(Target::Field(category.clone(), field.clone()), score.points, score.why.clone());
            }
            continue;
        }
        match giver {
            // Rows of test people are known by their surname, whoever gives the person.
            Some(_) if field == "surname" => add(Target::Condition, score.points.max(OPEN), Why::Word),
            Some(giver) if evidence.is_none() => {
                let why = format!("the person is given by {giver} alone ({field})");
                add(Target::Ignored(why), score.points, score.why.clone());
            }
            Some(_) => {}
            None => add(Target::Field(category.clone(), field.clone()), score.points, score.why.clone()),
        }
    }
    if let Some((name, points)) = evidence {
        add(Target::Evidence(name.clone()), points, Why::Phrase);
    }
    if let Some(name) = by_shape(&column.looks).filter(|_| !scene.words.marked("third_party", &column.bare)) {
        add(Target::Evidence(name.to_owned()), SHAPED, Why::Values);
    }
    if leaves
        && column
            .header
            .best(&scene.words.person.whole_name)
            .max(column.bare.best(&scene.words.person.whole_name))
            >= 95
    {
        add(Target::Condition, OPEN, Why::Word);
    }
}

/// The kind of evidence that nearly all values are, whatever the header says.
fn by_shape(looks: &Looks) -> Option<&'static str> {
    let known = [IdKind::Pnc, IdKind::Cro, IdKind::PrisonNumber, IdKind::Nino];
    let of = |kind: &IdKind| {
        let count = IDS.iter().position(|k| k == kind).and_then(|at| looks.ids.get(at).copied());
        count.is_some_and(|n| looks.mostly(n))
    };
    let number = known.into_iter().find(of).map(IdKind::word);
    number.or_else(|| looks.mostly(looks.postcodes).then_some("postcode"))
}

/// Keys, conditions and reasons to ignore.
fn others(scene: &Scene<'_>, column: &Seen, add: &mut impl FnMut(Target, u32, Why)) {
    let (words, looks) = (scene.words, &column.looks);
    let reference = looks.filled > 0 && (looks.mostly(looks.references) || looks.mostly(looks.whole));
    let unlike = |yes: bool| if yes { UNLIKE } else { 0 };
    let unique = u32::from(reference && looks.is_key()) * 8;
    let key = (words.record_key(&column.header) * KEY / 100 + unique).saturating_sub(unlike(!reference));
    add(Target::Key, key, Why::Phrase);
    if reference && looks.is_key() && looks.longest > 2 && looks.mostly(looks.references) {
        add(Target::Key, ENOUGH, Why::Values);
    }
    if let Some((why, points)) = words.ignored(&column.header) {
        add(Target::Ignored(why.to_owned()), points * IGNORED / 100, Why::Phrase);
    }
    let code = looks.filled == 0 || (suits(Kind::Code, looks) && looks.prose == 0);
    let told = looks.mostly(looks.references) && looks.filled > 0 && looks.longest > 3;
    let condition = words.condition(&column.header) * CONDITION / 100;
    add(Target::Condition, condition.saturating_sub(unlike(!code || told)), Why::Phrase);
    if words.open(&column.header).is_some() && code {
        add(Target::Condition, OPEN, Why::Phrase);
    }
    for (feed, own, meaning) in scene.lessons.of(&column.header) {
        let points = if own { OWN_USE } else { OTHER_USE };
        let why = || Why::Lesson(feed.to_owned());
        match meaning {
            Meaning::RecordKey if looks.filled > 0 => {
                add(Target::Key, points.saturating_sub(unlike(!reference)), why());
            }
            Meaning::Evidence(name) => add(Target::Evidence(name.to_owned()), points + 9, why()),
            Meaning::Condition => {
                add(Target::Condition, (points - 4).saturating_sub(unlike(!code || told)), why());
            }
            Meaning::Ignored if own => add(Target::Ignored(format!("as in {feed}")), points - 4, why()),
            _ => {}
        }
    }
}

/// Whether several columns may fill a field together: the parts of an address or of a name by any of its words, a
/// code of several columns only where each is a word for this very field.
fn together(scene: &Scene<'_>, proposal: &Proposal) -> bool {
    let Target::Field(category, field) = &proposal.target else { return false };
    let kind = field_of(scene.schema, category, field).map(|f| f.kind);
    takes_many(scene.schema, category, field) && (kind != Some(Kind::Code) || proposal.score.points >= MANY)
}

/// What can be filled once: a field, of an instant its day and its time apart, and each kind of evidence.
fn slot(seen: &[Seen], proposal: &Proposal) -> Option<String> {
    match &proposal.target {
        Target::Field(category, field) => {
            let looks = &seen.get(proposal.column)?.looks;
            let time = if looks.times > 0 && looks.date.is_none() { " time" } else { "" };
            Some(format!("{category}.{field}{time}"))
        }
        Target::Evidence(name) => Some(format!("evidence.{name}")),
        _ => None,
    }
}
