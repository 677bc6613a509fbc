//! The agreement as data: who may receive which field from whom, why, and under which clause.
//!
//! Files are read as `syntax`, checked as a whole by `build` (every fault at once, with its place),
//! and kept as a dense table `[recipient][category]`. What is not in the table is withheld. This
//! room knows no agency, no category and no field by name: they are words of the files.

mod build;
pub mod clauses;
pub mod condition;
pub mod diff;
mod faults;
pub(crate) mod grant;
pub mod handling;
mod lint;
mod matrix;
mod never;
pub(crate) mod predicate;
mod rules;
mod spell;
mod spoken;
pub mod syntax;
mod who_sees;

use crate::hash::{Digest, Digester};
use crate::problem::{CodeDoc, Problem};
use crate::record::{Candidate, Fields};
use crate::schema::{CategoryId, FieldId, Schema};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::ToSpan as _;
use jiff::civil::Date;

pub(crate) use crate::value::date::canonical_day as day;
pub use condition::Condition;
pub use grant::{Ceiling, Grant, GrantField, Standing};
pub use handling::{AuthorityKind, Handling};
pub use syntax::{
    AgreementDraft, Beside, CategoriesDraft, ConditionsDraft, EntitlementDraft, HandlingDraft, NomineesDraft,
};
pub use who_sees::Sees;

/// Codes of this room (`LG03nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG0301",
        title: "the agreement uses a word that is not known",
        explanation: "A file in `agreement/` names a recipient, category, field, condition, reduction, purpose, clause, code or \
                      kind of authority that does not exist. An unknown word never counts as a permission: nothing runs until \
                      it is mended. The nearest known word is suggested.",
    },
    CodeDoc {
        code: "LG0302",
        title: "a grant is incomplete",
        explanation: "Every grant states its clause, at least one purpose (5.2.4), a reason, and at least one field (5.2.2). Add \
                      what is missing, or remove the grant.",
    },
    CodeDoc {
        code: "LG0303",
        title: "a grant goes beyond what may be granted",
        explanation: "Free text, other persons and files leave only on a recorded authority; information whose handling code \
                      closes standing grants (medical details, intelligence) has no field by standing grant; a purpose must be one \
                      for which the category was collected (5.2.5); nobody is granted its own rows; what the gateway keeps for \
                      its own decisions is granted to nobody.",
    },
    CodeDoc {
        code: "LG0304",
        title: "the agreement leaves something out",
        explanation: "Every category of the schema has a rule in `categories.toml`, every numbered paragraph of 5.1 has a category, \
                      every partner has one entitlement file. A new category or partner must be decided about before anything runs.",
    },
    CodeDoc {
        code: "LG0305",
        title: "a date or number in the agreement does not read",
        explanation: "Dates are written as \"2008-11-01\"; an end lies on or after its beginning.",
    },
    CodeDoc {
        code: "LG0306",
        title: "a condition cannot be computed",
        explanation: "A named condition asks a question that its field cannot answer (a date test of a code, two questions in one \
                      test, no question at all), refers to a condition that stands below it, or is used for a category that has \
                      not the field it tests.",
    },
    CodeDoc {
        code: "LG0307",
        title: "a category goes whole to everyone",
        explanation: "Every recipient is granted every field of the category, unreduced and without a condition. Disclosure is the \
                      minimum that each purpose needs (5.2.2): narrow the grants.",
    },
    CodeDoc {
        code: "LG0308",
        title: "a word stands twice in the agreement",
        explanation: "One thing is stated twice where it may stand once, so that its meaning would depend on the order of reading.",
    },
    CodeDoc {
        code: "LG0309",
        title: "a clause has no honest place",
        explanation: "`agreement/clauses.toml` says of every clause what the software does about it. A clause under which a partner \
                      shares is missing there, its number does not read, or it is said to be enforced and no test is named after \
                      it. `lockgate agreement clauses` prints the list.",
    },
    CodeDoc {
        code: "LG0310",
        title: "a grant is broader than it need be",
        explanation: "Every other standing grant of the recipient asks for a condition and this one does not, or a category is \
                      said to be collected for every purpose there is, so that 5.2.5 holds nothing back. Disclosure is the minimum \
                      that a purpose needs (5.2.2): add the condition, or state the purposes. `lockgate agreement what-sees RECIPIENT` shows the grant beside its neighbours.",
    },
    CodeDoc {
        code: "LG0311",
        title: "a condition can never hold",
        explanation: "The questions of a condition exclude each other, or those of the conditions of one grant do: nobody is both under \
                      and over 18, and no code is in two lists that have none in common. Nothing ever leaves under such a grant, and \
                      whoever reads the matrix believes the opposite.",
    },
    CodeDoc {
        code: "LG0312",
        title: "a part of the agreement has no effect",
        explanation: "A condition is asked for that another one of the grant asks for already, an authority is listed twice, or all grants \
                      of a recipient are dead because it has no nominee on any day of the agreement. What stands in the agreement \
                      should mean something: remove it, or correct it.",
    },
    CodeDoc {
        code: "LG0313",
        title: "the agreement is due for review",
        explanation: "The partners review the agreement six months after it comes into force, or on the earlier day of its sheet, and \
                      then every year (5.6.1). The reminder begins 30 days ahead. It stops nothing: hold the review, and record what \
                      was agreed as a new version when anything changes (9.2).",
    },
    CodeDoc {
        code: "LG0314",
        title: "what a recipient holds is due for review",
        explanation: "Each holder of information from partners reviews it every six months, and destroys what it can no longer justify \
                      (5.5.2). The six months run from the recipient's first bundle. Each row also carries the day by which it is \
                      reviewed.",
    },
];

/// Index of a partner in the agreement, in the order of `agreement.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(pub u8);

/// One party to the agreement.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Short word used in files and paths.
    pub key: String,
    /// Full name.
    pub name: String,
    /// Class for dissemination codes.
    pub class: String,
    /// Aims of 1.1 that it serves.
    pub aims: Vec<String>,
    /// The numbered paragraphs of 5.1 under which it shares.
    pub shares: Vec<String>,
}

/// Days from one to another, both inclusive. An unknown beginning is never reached; an absent end
/// is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First day.
    pub from: Option<Date>,
    /// Last day; open when absent.
    pub until: Option<Date>,
}

impl Span {
    /// Whether a day lies in the span.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_some_and(|f| f <= day) && self.until.is_none_or(|u| day <= u)
    }

    /// The first day after `day` on which `contains` may answer otherwise.
    pub fn flips(&self, day: Date) -> Option<Date> {
        let opens = self.from.filter(|f| *f > day);
        let closes = self.until.filter(|u| *u >= day).and_then(|u| u.tomorrow().ok());
        earliest(opens, closes)
    }
}

/// The earlier of two days that may be absent.
pub(crate) fn earliest(a: Option<Date>, b: Option<Date>) -> Option<Date> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The first of the days `first`, and every so many months after it, that is not before `day`; without a number of
/// months there is only the first.
fn recurring(first: Date, months: u8, day: Date) -> Option<Date> {
    let steps = if months == 0 { 0 } else { i32::from(u16::MAX) };
    (0..=steps)
        .map_while(|n| first.checked_add((n * i32::from(months)).months()).ok())
        .find(|date| *date >= day)
}

/// What the agreement says of one category.
#[derive(Debug, Clone)]
pub struct CategoryRule {
    /// Who may be its originator, and the clause under which each shares.
    pub(crate) owners: Vec<(PartnerId, String)>,
    /// Purposes for which it was collected (5.2.5).
    pub(crate) collected_for: Vec<String>,
    pub(crate) handling: usize,
    pub(crate) flags: Vec<String>,
}

/// Where designations for the cohort stand (1.1).
#[derive(Debug, Clone)]
pub(crate) struct Cohort {
    pub(crate) category: CategoryId,
    pub(crate) by: Vec<PartnerId>,
    pub(crate) from: FieldId,
    pub(crate) until: FieldId,
}

impl Cohort {
    /// The days of a designation; `None` when a date is there and does not read.
    fn span(&self, fields: &Fields) -> Option<Span> {
        let read = |field| match fields.get(field) {
            None => Some(None),
            Some(text) => day(text).map(Some),
        };
        Some(Span { from: read(self.from)?, until: read(self.until)? })
    }
}

/// Which rows say who a person is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) category: CategoryId,
    pub(crate) beside: Beside,
    /// The fields with a date of birth.
    pub(crate) births: Vec<FieldId>,
}

/// The agreement's files, read but not checked; each with its name for messages.
#[derive(Debug)]
pub struct Files {
    /// `agreement.toml`.
    pub agreement: (String, AgreementDraft),
    /// `categories.toml`.
    pub categories: (String, CategoriesDraft),
    /// `handling.toml`.
    pub handling: (String, HandlingDraft),
    /// `conditions.toml`.
    pub conditions: (String, ConditionsDraft),
    /// `nominees.toml`.
    pub nominees: (String, NomineesDraft),
    /// `entitlements/<recipient>.toml`.
    pub entitlements: Vec<(String, EntitlementDraft)>,
    /// Digest over what they say.
    pub digest: Digest,
}

/// The digest over the texts of the agreement's files, whatever the order in which they were read:
/// per file its name and text, each with its length before it.
pub fn digest_of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Digest {
    let mut files: Vec<(&str, &str)> = files.into_iter().collect();
    files.sort_unstable();
    let mut digester = Digester::new();
    for (name, text) in files {
        for part in [name, text] {
            digester.update(&(part.len() as u64).to_le_bytes());
            digester.update(part.as_bytes());
        }
    }
    digester.finish()
}

/// The checked agreement: the only thing that can permit a disclosure.
#[derive(Debug, Clone)]
pub struct Agreement {
    pub(crate) reference: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) term: Span,
    pub(crate) reviews: Vec<Date>,
    pub(crate) review_every_months: u8,
    /// Classes for dissemination codes, with their meaning.
    pub(crate) classes: Vec<(String, String)>,
    pub(crate) review_data_months: u8,
    pub(crate) acknowledge_days: u8,
    pub(crate) holder: PartnerId,
    pub(crate) partners: Vec<Partner>,
    pub(crate) purposes: Vec<(String, String)>,
    pub(crate) nominees: Vec<(PartnerId, Span)>,
    /// Per category of the schema; `None` for what the gateway keeps for itself.
    pub(crate) rules: Vec<Option<CategoryRule>>,
    pub(crate) handlings: Vec<Handling>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) cohort: Cohort,
    pub(crate) identity: Identity,
    /// `[recipient × categories + category]`.
    pub(crate) table: Vec<Option<Grant>>,
    pub(crate) digest: Digest,
    pub(crate) findings: Vec<Problem>,
}

impl Agreement {
    /// Checks the files against each other and the schema; returns every fault found.
    #[expect(clippy::needless_pass_by_value, reason = "what was read is used up by checking it")]
    pub fn build(files: Files, schema: &Schema) -> Result<Self, Vec<Problem>> {
        build::build(&files, schema)
    }

    /// What the agreement says that its writer can hardly have meant; none of it opens anything.
    pub fn findings(&self) -> &[Problem] {
        &self.findings
    }

    /// Handling codes and what each asks, for README and manifest.
    pub fn handling_words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.handlings.iter().map(|h| (h.code.as_str(), h.title.as_str()))
    }

    /// Fields that the agreement never gives a recipient, as `category.field`: from the table alone, so
    /// that it says nothing about a person.
    pub fn withheld_fields(&self, recipient: PartnerId, schema: &Schema) -> Vec<String> {
        let mut out = Vec::new();
        for (id, category) in schema.categories().filter(|(_, c)| !c.internal) {
            for (at, field) in (0u8..).zip(&category.fields) {
                if self.sees(recipient, id, crate::schema::FieldId(at)).is_none() {
                    out.push(alloc::format!("{}.{}", category.name, field.name));
                }
            }
        }
        out
    }

    /// The category of rows that say who a person is.
    pub fn person_category(&self) -> CategoryId {
        self.identity_category()
    }

    /// The agreement's own reference.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// Short name, used in the names of bundles.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Full title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Digest over what the files say that decide who may receive what: what the holders sign (9.2).
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The days on which it is in force.
    pub const fn term(&self) -> Span {
        self.term
    }

    /// Whether the agreement is in force on a day.
    pub fn in_force(&self, as_of: Date) -> bool {
        self.term.contains(as_of)
    }

    /// The same agreement as though every day were in its term: to ask what a proposed or former one would do, and never
    /// for a night, which asks the one that is in force.
    #[must_use]
    pub fn supposed_in_force(&self) -> Self {
        Self { term: Span { from: Some(Date::MIN), until: None }, ..self.clone() }
    }

    /// Dates of the first review.
    pub fn reviews(&self) -> &[Date] {
        &self.reviews
    }

    /// Months between later reviews (5.6.1).
    pub const fn review_every_months(&self) -> u8 {
        self.review_every_months
    }

    /// The first review on or after a day (5.6.1): on the earlier of its first dates, then every so many months.
    pub fn next_review(&self, day: Date) -> Option<Date> {
        recurring(self.reviews.iter().min().copied()?, self.review_every_months, day)
    }

    /// The first day on or after a day on which a holder reviews what it has held since `first` (5.5.2).
    pub fn next_data_review(&self, first: Date, day: Date) -> Option<Date> {
        recurring(self.review_by(first), self.review_data_months, day)
    }

    /// What a class for dissemination codes means.
    pub fn class_words<'a>(&'a self, class: &'a str) -> &'a str {
        self.classes.iter().find(|(c, _)| c == class).map_or(class, |(_, meaning)| meaning)
    }

    /// Whether a partner is the only owner of a category, so that it never receives it.
    pub fn is_own(&self, partner: PartnerId, category: CategoryId) -> bool {
        self.rule(category).is_some_and(|r| r.owners.iter().all(|(p, _)| *p == partner))
    }

    /// The holder (5.6.2).
    pub const fn holder(&self) -> PartnerId {
        self.holder
    }

    /// Working days in which a recipient acknowledges.
    pub const fn acknowledge_within_working_days(&self) -> u8 {
        self.acknowledge_days
    }

    /// The partners in the order of the agreement.
    pub fn partners(&self) -> impl Iterator<Item = (PartnerId, &Partner)> {
        self.partners.iter().zip(0u8..).map(|(p, i)| (PartnerId(i), p))
    }

    /// The partner of that key.
    pub fn partner(&self, key: &str) -> Option<PartnerId> {
        self.partners().find(|(_, p)| p.key == key).map(|(id, _)| id)
    }

    /// The partner at an index.
    pub fn get(&self, id: PartnerId) -> Option<&Partner> {
        self.partners.get(usize::from(id.0))
    }

    /// Purpose letters and their meaning (5.2.4).
    pub fn purposes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.purposes.iter().map(|(letter, meaning)| (letter.as_str(), meaning.as_str()))
    }

    /// What a recipient may have of a category; `None` is nothing.
    pub fn grant(&self, recipient: PartnerId, category: CategoryId) -> Option<&Grant> {
        let category = usize::from(category.0);
        if category >= self.rules.len() {
            return None;
        }
        self.table.get(usize::from(recipient.0) * self.rules.len() + category)?.as_ref()
    }

    /// The rule of a category; `None` for what the gateway keeps for itself.
    pub(crate) fn rule(&self, category: CategoryId) -> Option<&CategoryRule> {
        self.rules.get(usize::from(category.0))?.as_ref()
    }

    /// The clause under which an originator shares a category; `None` when it does not share it.
    pub fn clause(&self, originator: PartnerId, category: CategoryId) -> Option<&str> {
        self.rule(category)?.owners.iter().find(|(p, _)| *p == originator).map(|(_, c)| c.as_str())
    }

    /// Purposes for which a category was collected (5.2.5).
    pub fn collected_for(&self, category: CategoryId) -> &[String] {
        self.rule(category).map_or(&[], |r| &r.collected_for)
    }

    /// The handling code of a category.
    pub fn handling(&self, category: CategoryId) -> Option<&Handling> {
        self.handlings.get(self.rule(category)?.handling)
    }

    /// The marks of a category.
    pub fn flags(&self, category: CategoryId) -> &[String] {
        self.rule(category).map_or(&[], |r| &r.flags)
    }

    /// The named conditions.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The category of identity rows.
    pub const fn identity_category(&self) -> CategoryId {
        self.identity.category
    }

    /// The days for which a candidate designates its person for the cohort; `None` when it is no
    /// (standing) designation. Who made it is checked by the gate, which knows the originator.
    pub fn cohort_span(&self, candidate: &Candidate) -> Option<Span> {
        let designation = candidate.category == self.cohort.category && !candidate.cancelled;
        if designation { self.cohort.span(&candidate.fields) } else { None }
    }

    /// The category in which designations for the cohort stand.
    pub const fn cohort_category(&self) -> crate::schema::CategoryId {
        self.cohort.category
    }

    /// The same for a stored record.
    pub(crate) fn designation(&self, record: &crate::record::Record) -> Option<Span> {
        let head = &record.head;
        let counts = head.category == self.cohort.category && self.cohort.by.contains(&head.originator);
        if counts { self.cohort.span(&record.fields) } else { None }
    }

    /// The day by which a recipient reviews what it receives on `as_of` (5.5.2).
    pub fn review_by(&self, as_of: Date) -> Date {
        as_of.saturating_add(i32::from(self.review_data_months).months())
    }

    /// Whether a partner has a nominated post on a day (7.3), and when that may change.
    pub fn nominated(&self, partner: PartnerId, as_of: Date) -> (bool, Option<Date>) {
        let spans = || self.nominees.iter().filter(|(p, _)| *p == partner).map(|(_, s)| s);
        (spans().any(|s| s.contains(as_of)), spans().filter_map(|s| s.flips(as_of)).min())
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
pub(crate) mod delivered;
#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod diff_tests;
#[cfg(test)]
#[expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests;
