//! What each column of a sample may mean, by its header, its values' looks, and what the partner's other
//! feeds already say.

use super::guess::Sample;
use super::words::{ENOUGH, Header, Words};
use lockgate_core::mapping::Mapping;
use lockgate_core::schema::{Field, Kind, Schema};
use lockgate_core::survey::Looks;
use std::collections::BTreeMap;

/// The category of who somebody is.
pub(super) const PERSON: &str = "person";
/// Categories that one file is taken to speak about.
const CATEGORIES: usize = 6;

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
}

/// One column with its proposal.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Its header text.
    pub header: String,
    /// What it may be.
    pub target: Target,
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
    pub(super) key: Option<usize>,
    pub(super) key_kind: Option<String>,
    pub(super) key_space: Option<String>,
    /// The feed that already gives the persons of this key space.
    pub(super) person_by: Option<String>,
}

struct Seen {
    header: Header,
    looks: Looks,
    ignored: Option<(String, u32)>,
    /// Score for each `category.field`.
    fields: BTreeMap<(String, String), u32>,
}

/// Proposes what each column is. `siblings` are the partner's other feeds.
pub(super) fn plan(sample: &Sample, words: &Words, schema: &Schema, siblings: &[&Mapping]) -> Plan {
    let seen: Vec<Seen> = sample
        .header
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let (header, looks) = (Header::new(text), sample.survey.looks(at));
            let fields = scores(&header, &looks, words, schema);
            let ignored = words.ignored(&header).map(|(why, score)| (why.to_owned(), score));
            Seen { header, looks, ignored, fields }
        })
        .collect();
    let mut plan = Plan { columns: Vec::new(), key: None, key_kind: None, key_space: None, person_by: None };
    plan.find_key(sample, &seen, words, siblings);
    let chosen = categories(&seen);
    plan.columns = seen
        .iter()
        .enumerate()
        .map(|(at, column)| Proposed {
            header: sample.header.get(at).cloned().unwrap_or_default(),
            target: if plan.key == Some(at) {
                Target::Key
            } else {
                target(column, words, &chosen, plan.person_by.as_deref())
            },
            marks: marks(column, words),
            looks: column.looks.clone(),
        })
        .collect();
    plan.settle(schema, &seen, words);
    plan
}

impl Plan {
    fn find_key(&mut self, sample: &Sample, seen: &[Seen], words: &Words, siblings: &[&Mapping]) {
        for other in siblings {
            let mut headers = other.key_headers();
            let (Some(header), None) = (headers.next(), headers.next()) else { continue };
            if let Some(at) = sample.header.iter().position(|h| h.eq_ignore_ascii_case(header)) {
                let person = siblings.iter().find(|s| s.key_space() == other.key_space() && s.gives_person());
                self.key = Some(at);
                self.key_kind = other.key_kind().map(Into::into);
                self.key_space = Some(other.key_space().into());
                self.person_by = person.map(|s| s.name().into());
                return;
            }
        }
        // A kind that is known is a better key than a local number; and of two equal ones the latter (a joined sheet's own key).
        let kinds = words
            .key
            .iter()
            .filter(|(k, _)| *k != "local")
            .chain(words.key.iter().filter(|(k, _)| *k == "local"));
        for (kind, phrases) in kinds {
            let full = |s: &Seen| s.looks.blank * 20 <= s.looks.blank + s.looks.filled;
            let fits = |s: &Seen| Words::best(&s.header, phrases) >= 90 && full(s);
            if let Some(at) = seen.iter().rposition(fits) {
                self.key = Some(at);
                self.key_kind = (kind != "local").then(|| kind.clone());
                return;
            }
        }
        self.key = seen.iter().position(|s| s.looks.is_key() && s.looks.date.is_none());
    }

    /// One column for each field that takes one, and one for each kind of evidence: the best header stays.
    fn settle(&mut self, schema: &Schema, seen: &[Seen], words: &Words) {
        let mut best: BTreeMap<String, (u32, usize)> = BTreeMap::new();
        for (at, (column, seen)) in self.columns.iter().zip(seen).enumerate() {
            let score = match &column.target {
                Target::Field(category, field) if !takes_many(schema, category, field) => {
                    seen.fields.get(&(category.clone(), field.clone())).copied().unwrap_or(0)
                }
                Target::Evidence(name) => {
                    words.evidence.get(name).map_or(0, |p| Words::best(&seen.header, p))
                }
                _ => continue,
            };
            let slot = best.entry(slot_of(column)).or_insert((score, at));
            if score > slot.0 {
                *slot = (score, at);
            }
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            if best.get(&slot_of(column)).is_some_and(|(_, winner)| *winner != at) {
                column.target = Target::Todo;
            }
        }
    }
}

/// What can be filled once: a field, and of an instant its day and its time apart.
fn slot_of(column: &Proposed) -> String {
    let time = if column.looks.times > 0 && column.looks.date.is_none() { " time" } else { "" };
    format!("{}{time}", column.target.words())
}

/// Fields that several columns fill together or one after another.
fn takes_many(schema: &Schema, category: &str, field: &str) -> bool {
    let kind = field_of(schema, category, field).map(|f| f.kind);
    matches!(kind, Some(Kind::Address | Kind::Code)) && category != PERSON
        || (kind == Some(Kind::Date) && field.starts_with("projected"))
}

pub(super) fn field_of<'s>(schema: &'s Schema, category: &str, field: &str) -> Option<&'s Field> {
    let category = schema.get(schema.category(category)?)?;
    category.get(category.field(field)?)
}

fn scores(header: &Header, looks: &Looks, words: &Words, schema: &Schema) -> BTreeMap<(String, String), u32> {
    let mut out = BTreeMap::new();
    for (path, phrases) in &words.field {
        let Some((category, name)) = path.split_once('.') else { continue };
        let Some(field) = field_of(schema, category, name) else { continue };
        let score =
            Words::best(header, phrases).saturating_sub(if suits(field.kind, looks) { 0 } else { 45 });
        if score >= ENOUGH {
            out.insert((category.to_owned(), name.to_owned()), score);
        }
    }
    out
}

/// Whether values that look so can fill a field of that type.
fn suits(kind: Kind, looks: &Looks) -> bool {
    if looks.filled == 0 {
        return true;
    }
    let dated = looks.date.is_some_and(|(_, n)| looks.mostly(n)) || looks.mostly(looks.date_cells);
    match kind {
        Kind::Date | Kind::Dob => dated,
        Kind::DateTime => dated || looks.mostly(looks.times),
        Kind::Postcode => looks.postcodes * 10 >= looks.filled * 8,
        Kind::Number => looks.mostly(looks.whole) || looks.mostly(looks.number_cells),
        Kind::Money => looks.mostly(looks.number_cells.max(looks.money + looks.whole)),
        Kind::Code | Kind::Flag => !dated && looks.longest <= 80,
        Kind::Name => !dated && looks.whole == 0,
        _ => true,
    }
}

/// The categories that the file speaks about: each time the one that explains the most columns left.
fn categories(seen: &[Seen]) -> Vec<String> {
    let mut left: Vec<&Seen> = seen.iter().collect();
    let mut chosen = vec![PERSON.to_owned()];
    while chosen.len() <= CATEGORIES {
        let mut totals: BTreeMap<&str, u32> = BTreeMap::new();
        for column in &left {
            let person = column.fields.iter().filter(|((c, _), _)| c == PERSON).map(|(_, score)| *score);
            let other = person.chain(column.ignored.iter().map(|(_, score)| *score)).max().unwrap_or(0);
            let mut best: BTreeMap<&str, u32> = BTreeMap::new();
            for ((category, _), score) in column.fields.iter().filter(|(_, s)| **s >= other) {
                let slot = best.entry(category).or_insert(0);
                *slot = (*slot).max(*score);
            }
            best.into_iter().for_each(|(category, score)| *totals.entry(category).or_insert(0) += score);
        }
        let open = totals.into_iter().filter(|(category, _)| !chosen.iter().any(|c| c == category));
        let Some((category, _)) = open.max_by_key(|(_, total)| *total).filter(|(_, total)| *total >= 130)
        else {
            break;
        };
        let category = category.to_owned();
        left.retain(|column| !column.fields.keys().any(|(c, _)| *c == category));
        chosen.push(category);
    }
    chosen
}

fn target(column: &Seen, words: &Words, chosen: &[String], person_by: Option<&str>) -> Target {
    let of_chosen = column.fields.iter().filter(|((category, _), _)| chosen.contains(category));
    // Of equal scores the category that was chosen first wins, but for the person's.
    let rank = |category: &String| chosen.iter().position(|c| c == category).unwrap_or(usize::MAX);
    let field = of_chosen
        .max_by_key(|((category, _), score)| (**score, category != PERSON, usize::MAX - rank(category)));
    let evidence = words.evidence.iter().map(|(name, phrases)| (name, Words::best(&column.header, phrases)));
    let evidence = evidence.filter(|(_, s)| *s >= 80).max_by_key(|(_, score)| *score);
    let mut all: Vec<(u32, Target)> = Vec::new();
    match (field, evidence) {
        (Some(((category, name), score)), evidence) if category == PERSON && person_by.is_some() => {
            let giver = person_by.unwrap_or_default();
            all.push(match evidence {
                Some((proof, score)) => (score, Target::Evidence(proof.clone())),
                None => (*score, Target::Ignored(format!("the person is given by {giver} alone ({name})"))),
            });
        }
        (Some(((category, name), score)), _) => {
            all.push((*score, Target::Field(category.clone(), name.clone())));
        }
        (None, Some((name, score))) => all.push((score, Target::Evidence(name.clone()))),
        (None, None) => {}
    }
    all.push((words.record_key(&column.header), Target::Key));
    all.extend(column.ignored.iter().map(|(why, score)| (*score, Target::Ignored(why.clone()))));
    all.push((words.condition(&column.header), Target::Condition));
    // The first of the best: a field before a reason to ignore, that before a condition.
    let best = all.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let found = all.into_iter().find(|(score, _)| *score == best && best >= ENOUGH);
    found.map_or(Target::Todo, |(_, target)| target)
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
