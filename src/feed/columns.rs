//! What each column of a sample may mean: first whose rows these are, then what the whole file is about, then
//! which column is which field of that.

use super::PERSON;
use super::assign::{Proposal, assign};
use super::guess::Sample;
use super::header::Header;
use super::key::{self, Key};
use super::lessons::Lessons;
use super::score::{Scene, Score, Seen, Why, is_number, suits};
use super::vote::{self, Vote};
use super::words::Words;
use lockgate_connectors::OptionValue;
use lockgate_core::schema::{Field, Kind, Schema};
use lockgate_core::survey::Looks;
use std::collections::BTreeSet;

/// Points of a proposal that nobody needs to doubt, and of one that is likely.
const SURE: u32 = 95;
const LIKELY: u32 = 70;

/// What a column is proposed to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `category.field`.
    Field(String, String),
    /// Link evidence under `[identity.evidence]`.
    Evidence(String),
    /// Part of the key of a person or of a record.
    Key,
    /// It rather decides whether a row counts.
    Condition,
    /// Known and not used, with the reason.
    Ignored(String),
    /// Not recognised.
    Todo,
}

impl Target {
    /// As reports write it.
    pub fn words(&self) -> String {
        match self {
            Self::Field(category, field) => format!("{category}.{field}"),
            Self::Evidence(name) => format!("evidence.{name}"),
            Self::Key => "key".into(),
            Self::Condition => "condition".into(),
            Self::Ignored(_) => "ignore".into(),
            Self::Todo => "todo".into(),
        }
    }

    /// Of two that fit as well: a field before a key, that before a reason to ignore, that before a condition.
    pub(super) const fn order(&self) -> u8 {
        match self {
            Self::Field(..) => 0,
            Self::Evidence(_) => 1,
            Self::Key => 2,
            Self::Ignored(_) => 3,
            Self::Condition => 4,
            Self::Todo => 5,
        }
    }
}

/// How far a proposal can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Only a guess: it is written down and not used.
    Guess,
    /// Likely: used, and marked.
    Likely,
    /// Nobody needs to doubt it.
    Sure,
}

impl Trust {
    /// As reports write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }

    const fn of(points: u32) -> Self {
        if points >= SURE {
            Self::Sure
        } else if points >= LIKELY {
            Self::Likely
        } else {
            Self::Guess
        }
    }
}

/// One column with its proposal.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Its header text.
    pub header: String,
    /// What it may be.
    pub target: Target,
    /// How far that can be trusted.
    pub trust: Trust,
    /// Why, in words.
    pub why: String,
    /// `personal`, `medical`, `third party`, `free text`.
    pub marks: Vec<&'static str>,
    pub(super) looks: Looks,
}

/// The proposal for a whole sample.
#[derive(Debug)]
pub struct Plan {
    /// Every column, in the order of the file.
    pub columns: Vec<Proposed>,
    /// The column that says whose row it is.
    pub(super) key: Option<Key>,
    /// The feed that already gives the persons of this key space.
    pub(super) person_by: Option<String>,
    /// What the file is about.
    pub(super) vote: Vote,
}

/// Proposes what each column is. `owned`: the categories that the partner may fill; `names`: those of the feed,
/// the file, its sheet or row element.
pub(super) fn plan(
    sample: &Sample,
    words: &Words,
    schema: &Schema,
    lessons: &Lessons<'_>,
    owned: BTreeSet<&str>,
    names: &[String],
) -> Plan {
    let scene = Scene { words, schema, lessons, survey: &sample.survey, owned };
    let seen = |(at, text): (usize, &String)| scene.seen(at, text, Header::grouped(text, &sample.groups));
    let seen: Vec<Seen> = sample.header.iter().enumerate().map(seen).collect();
    let key = key::find(sample, &seen, words, lessons);
    let space = key.as_ref().and_then(|k| k.space.as_deref());
    let giver = space.and_then(|s| lessons.giver(s));
    let vote = vote::vote(&scene, &seen, names);
    let taken = key.as_ref().map(|k| k.column);
    let mut proposals = assign(&scene, &seen, &vote, giver, taken);
    for at in joined(sample).filter(|at| Some(*at) != taken) {
        proposals.retain(|p| p.column != at);
        let target = Target::Ignored("the sheet is joined by it".into());
        proposals.push(Proposal { column: at, target, score: Score { points: SURE, why: Why::Values } });
    }
    proposals.extend(by_place(&scene, &sample.header, &seen, &vote, &proposals));
    let columns = seen.iter().enumerate().map(|(at, column)| {
        let found = proposals.iter().find(|p| p.column == at);
        let (target, trust, why) = match (&key, found) {
            (Some(key), _) if key.column == at => (
                Target::Key,
                if key.note.is_some() { Trust::Likely } else { Trust::Sure },
                key.note.clone().unwrap_or_default(),
            ),
            (_, Some(p)) => (p.target.clone(), Trust::of(p.score.points), p.score.why.words()),
            _ => (Target::Todo, Trust::Guess, String::new()),
        };
        let header = sample.header.get(at).cloned().unwrap_or_default();
        Proposed { header, target, trust, why, marks: marks(column, words), looks: column.looks.clone() }
    });
    let columns = columns.collect();
    Plan { columns, person_by: giver.map(Into::into), key, vote }
}

/// The columns by which sheets are joined: each stands in the sheet that reaches it as well.
fn joined(sample: &Sample) -> impl Iterator<Item = usize> {
    let joins = match sample.options.get("join") {
        Some(OptionValue::List(joins)) => joins.as_slice(),
        _ => &[],
    };
    let header = |join: &OptionValue| {
        let OptionValue::Table(join) = join else { return None };
        let (Some(OptionValue::Text(sheet)), Some(OptionValue::Text(to))) =
            (join.get("sheet"), join.get("to"))
        else {
            return None;
        };
        let name = format!("{sheet}.{to}");
        sample.header.iter().position(|header| *header == name)
    };
    joins.iter().filter_map(header).collect::<Vec<_>>().into_iter()
}

/// Columns that have a number or a letter for a name: behind one that was known by its values, the next of them
/// likely follow the category's fields in their order. A guess, and marked as one.
fn by_place(
    scene: &Scene<'_>,
    header: &[String],
    seen: &[Seen],
    vote: &Vote,
    known: &[Proposal],
) -> Vec<Proposal> {
    let mut out: Vec<Proposal> = Vec::new();
    let mut before: Option<(String, usize)> = None;
    for (column, text) in header.iter().enumerate() {
        if !is_number(text) {
            before = None;
            continue;
        }
        if let Some(Target::Field(category, field)) =
            known.iter().find(|p| p.column == column).map(|p| &p.target)
        {
            before = position(scene.schema, category, field).map(|at| (category.clone(), at));
            continue;
        }
        let Some((category, at)) = before.clone().filter(|(c, _)| vote.chosen.contains(c)) else { continue };
        let of = scene.schema.category(&category).and_then(|c| scene.schema.get(c));
        let next = of
            .into_iter()
            .flat_map(|c| c.fields.iter().enumerate())
            .find(|(n, f)| *n > at && seen.get(column).is_some_and(|s| suits(f.kind, &s.looks)));
        let Some((n, field)) = next else { continue };
        let target = Target::Field(category.clone(), field.name.clone());
        out.push(Proposal { column, target, score: Score { points: 0, why: Why::Place } });
        before = Some((category, n));
    }
    out
}

fn position(schema: &Schema, category: &str, field: &str) -> Option<usize> {
    let category = schema.get(schema.category(category)?)?;
    category.fields.iter().position(|f| f.name == field)
}

/// Fields that several columns fill together or one after another.
pub(super) fn takes_many(schema: &Schema, category: &str, field: &str) -> bool {
    let kind = field_of(schema, category, field).map(|f| f.kind);
    matches!(kind, Some(Kind::Address | Kind::Code | Kind::Person)) && category != PERSON
        || (kind == Some(Kind::Date) && field.starts_with("projected"))
}

pub(super) fn field_of<'s>(schema: &'s Schema, category: &str, field: &str) -> Option<&'s Field> {
    let category = schema.get(schema.category(category)?)?;
    category.get(category.field(field)?)
}

fn marks(column: &Seen, words: &Words) -> Vec<&'static str> {
    let known = [
        ("personal", "personal"),
        ("medical", "medical"),
        ("third_party", "third party"),
        ("free_text", "free text"),
    ];
    let looks = &column.looks;
    let shaped = looks.postcodes > 0 && looks.mostly(looks.postcodes)
        || looks.ids.iter().any(|n| *n > 0 && looks.mostly(*n));
    known
        .into_iter()
        .filter(|(key, _)| {
            words.marked(key, &column.header)
                || (*key == "personal" && shaped)
                || (*key == "free_text" && looks.prose * 2 > looks.filled)
        })
        .map(|(_, word)| word)
        .collect()
}
