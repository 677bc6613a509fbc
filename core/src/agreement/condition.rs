//! Named conditions: from the words of `conditions.toml` to questions that can be computed.

use super::faults::Faults;
use super::predicate::{Movement, Predicate, Search, Test, Who};
use super::syntax::{ConditionsDraft, MovementDraft, PredicateDraft, TestDraft, Word};
use crate::schema::{CategoryId, FieldId, Kind};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A named condition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The word used in entitlements.
    pub name: String,
    /// When it is true, in plain words.
    pub title: String,
    pub(crate) predicate: Predicate,
    /// The categories of record that it can be asked about; `None` = it is about the person.
    pub(crate) about_record: Option<Vec<CategoryId>>,
    /// Whether it asks who the recipient is.
    pub(crate) about_recipient: bool,
}

/// What the gate keeps about a person is one bit per condition.
const MOST: usize = 64;

/// Checks the named conditions in the order of the file.
pub(crate) fn build(faults: &mut Faults<'_>, file: &str, draft: &ConditionsDraft) -> Vec<Condition> {
    let mut out: Vec<Condition> = Vec::new();
    faults.once(file, draft.condition.0.iter().map(|(name, _)| name));
    for (name, condition) in &draft.condition.0 {
        if out.len() == MOST {
            faults.at("LG0306", file, name, format!("more than {MOST} conditions"));
            break;
        }
        let mut builder = Builder { faults, file, name, above: &out };
        let predicate = builder.predicate(&condition.is);
        let about_record = predicate.about_record(&out);
        let about_recipient = predicate.about_recipient(&out);
        if about_record.as_ref().is_some_and(Vec::is_empty) {
            faults.at(
                "LG0306",
                file,
                name,
                format!("no category has the fields and codes that `{}` tests in the record", name.get_ref()),
            );
        }
        let title = condition.title.clone();
        out.push(Condition { name: name.get_ref().clone(), title, predicate, about_record, about_recipient });
    }
    out
}

struct Builder<'b, 'a> {
    faults: &'b mut Faults<'a>,
    file: &'b str,
    /// The condition's name: where a fault without a word of its own is shown.
    name: &'b Word,
    above: &'b [Condition],
}

impl Builder<'_, '_> {
    fn fault(&mut self, what: String) {
        self.faults.at("LG0306", self.file, self.name, what);
    }

    fn predicate(&mut self, draft: &PredicateDraft) -> Predicate {
        match draft {
            PredicateDraft::All(parts) => Predicate::All(self.parts(parts)),
            PredicateDraft::Any(parts) => Predicate::Any(self.parts(parts)),
            PredicateDraft::Not(part) => Predicate::Not(Box::new(self.predicate(part))),
            PredicateDraft::Condition(word) => self.named(word),
            PredicateDraft::Age(age) => {
                let below = age.under.or(age.to.map(|t| t.saturating_add(1)));
                if (age.under.is_some() && age.to.is_some()) || (below.is_none() && age.from.is_none()) {
                    self.fault("`age` needs `from`, and `to` or `under`, or one of them".into());
                }
                Predicate::Age { from: age.from, below }
            }
            PredicateDraft::WorksWith(word) => {
                self.who(word).map_or_else(|| Predicate::Any(Vec::new()), Predicate::WorksWith)
            }
            PredicateDraft::Record(draft) => match self.search(&draft.category, &draft.by, &draft.tests) {
                Some(search) => Predicate::Record(search),
                None => Predicate::Any(Vec::new()),
            },
            PredicateDraft::LatestMovement(latest) => {
                let of = latest.of.iter().filter_map(|m| self.movement(m)).collect();
                Predicate::LatestMovement { is: latest.is, of }
            }
            PredicateDraft::This(tests) => self.this(tests),
        }
    }

    fn parts(&mut self, parts: &[PredicateDraft]) -> Vec<Predicate> {
        if parts.is_empty() {
            // An empty `all` would hold for everyone.
            self.fault("`all` and `any` need at least one question".into());
        }
        parts.iter().map(|p| self.predicate(p)).collect()
    }

    fn named(&mut self, word: &Word) -> Predicate {
        if let Some(at) = self.above.iter().position(|c| &c.name == word.get_ref()) {
            return Predicate::Condition(at);
        }
        let known = self.above.iter().map(|c| c.name.as_str());
        self.faults.unknown(self.file, word, "condition above this one", known);
        Predicate::Any(Vec::new())
    }

    fn who(&mut self, word: &Word) -> Option<Who> {
        match word.get_ref().as_str() {
            "recipient" => Some(Who::Recipient),
            "other" => Some(Who::Other),
            _ => self.faults.partner(self.file, word).map(Who::Partner),
        }
    }

    fn search(&mut self, category: &Word, by: &[Word], tests: &[TestDraft]) -> Option<Search> {
        let category = self.faults.category(self.file, category)?;
        let by = by.iter().map(|w| self.who(w)).collect::<Option<Vec<_>>>()?;
        let tests = tests.iter().map(|t| self.test(category, t)).collect::<Option<Vec<_>>>()?;
        Some(Search { category, by, tests })
    }

    fn movement(&mut self, draft: &MovementDraft) -> Option<Movement> {
        let search = self.search(&draft.category, &draft.by, &draft.tests)?;
        let date = self.dated(search.category, &draft.date)?;
        Some(Movement { search, date, goes: draft.goes })
    }

    /// Tests of the record itself, for every category that has all their fields and codes.
    fn this(&mut self, tests: &[TestDraft]) -> Predicate {
        if tests.is_empty() {
            self.fault("`this` needs at least one test".into());
        }
        let schema = self.faults.schema;
        let before = self.faults.problems.len();
        let mut out = Vec::new();
        for (category, _) in schema.categories().filter(|(_, c)| !c.internal) {
            let tests: Option<Vec<Test>> = tests.iter().map(|t| self.test(category, t)).collect();
            let clean = self.faults.problems.len() == before;
            self.faults.problems.truncate(before);
            out.extend(tests.filter(|_| clean).map(|t| (category, t)));
        }
        Predicate::This(out)
    }

    /// One test; the fault list says what is wrong with it.
    fn test(&mut self, category: CategoryId, draft: &TestDraft) -> Option<Test> {
        let questions = usize::from(draft.within.is_some())
            + usize::from(draft.not_in.is_some())
            + usize::from(draft.names.is_some())
            + usize::from(draft.present.is_some())
            + usize::from(draft.reached.is_some())
            + usize::from(draft.days.is_some());
        let span = draft.from.is_some() || draft.until.is_some();
        match &draft.field {
            None if span && questions == 0 => {
                let from = draft.from.as_ref().map(|w| self.dated(category, w));
                let until = draft.until.as_ref().map(|w| self.dated(category, w));
                if from == Some(None) || until == Some(None) {
                    return None;
                }
                Some(Test::Span(from.flatten(), until.flatten()))
            }
            Some(field) if !span && questions == 1 => self.question(category, field, draft),
            _ => {
                self.fault("a test is `field` with one question, or `from` and `until`".into());
                None
            }
        }
    }

    fn question(&mut self, category: CategoryId, word: &Word, draft: &TestDraft) -> Option<Test> {
        let (field, rule) = self.faults.field(self.file, category, word)?;
        if let Some(present) = draft.present {
            return Some(Test::Present(field, present));
        }
        if let Some(reached) = draft.reached {
            return self.dated(category, word).map(|f| Test::Reached(f, reached));
        }
        if let Some(days) = draft.days {
            return self.dated(category, word).map(|f| Test::Days(f, days.behind, days.ahead));
        }
        if !matches!(rule.kind, Kind::Code | Kind::Flag) {
            let what = format!(
                "`{}` is {}, and only a code or flag can be compared",
                word.get_ref(),
                rule.kind.word()
            );
            self.faults.at("LG0306", self.file, word, what);
            return None;
        }
        if let Some(names) = &draft.names {
            return self.names(category, field, names);
        }
        let codes = draft.within.as_ref().or(draft.not_in.as_ref())?;
        let codes = codes.iter().map(|c| self.code(category, field, c)).collect::<Option<Vec<_>>>()?;
        Some(if draft.within.is_some() { Test::In(field, codes) } else { Test::NotIn(field, codes) })
    }

    /// `names = "recipient"`: the field's list must hold the partners' keys.
    fn names(&mut self, category: CategoryId, field: FieldId, word: &Word) -> Option<Test> {
        if word.get_ref() != "recipient" {
            self.faults.unknown(self.file, word, "word for a partner in `names`", ["recipient"]);
            return None;
        }
        let list = self.faults.schema.list_of(category, field)?;
        let unknown = self.faults.partners.iter().find(|p| list.any(p).is_none()).cloned();
        if let Some(partner) = unknown {
            let what = format!("the field's code list does not hold the partner `{partner}`");
            self.faults.at("LG0306", self.file, word, what);
            return None;
        }
        Some(Test::NamesRecipient(field))
    }

    fn code(&mut self, category: CategoryId, field: FieldId, word: &Word) -> Option<String> {
        let text = word.get_ref();
        let flag = ["true", "false"];
        let known: Vec<&str> = match self.faults.schema.list_of(category, field) {
            Some(list) => list.codes().collect(),
            None => flag.to_vec(),
        };
        if known.contains(&text.as_str()) {
            return Some(text.clone());
        }
        self.faults.unknown(self.file, word, "code", known);
        None
    }

    /// A field that holds a day.
    fn dated(&mut self, category: CategoryId, word: &Word) -> Option<FieldId> {
        let (field, rule) = self.faults.field(self.file, category, word)?;
        if matches!(rule.kind, Kind::Date | Kind::DateTime) {
            return Some(field);
        }
        let what = format!("`{}` is {}, and not a date", word.get_ref(), rule.kind.word());
        self.faults.at("LG0306", self.file, word, what);
        None
    }
}
