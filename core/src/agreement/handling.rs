//! Handling codes and dissemination codes: what closes standing grants, and what opens more.
//!
//! Source: the agreement's 5.1.1.vii (National Intelligence Model codes) and its rules on victims,
//! children and medical information. The codes are data; an unlisted code is for nobody.

use super::faults::Faults;
use super::syntax::{DisseminationDraft, HandlingDraft, Word};
use crate::problem::nearest;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The kinds of recorded human decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorityKind {
    /// Risk to a particular victim or potential victim (5.1.1.iv).
    DvRisk,
    /// Relevance of child protection information to the current risk (5.1.1.v).
    ChildRisk,
    /// The operational head releases a covert matter (5.1.1.iii).
    CovertRelease,
    /// Self-harm, harm to others, or substantial public interest (5.1.7.ii, 5.1.8.ii).
    Harm,
    /// The person's own consent.
    SubjectConsent,
    /// Dissemination of intelligence (5.1.1.vii).
    Nim,
    /// A person has read the text and released it.
    TextReview,
    /// The provider's written consent to a further use (5.2.3, 5.5.3).
    ProviderConsent,
}

impl AuthorityKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::DvRisk,
        Self::ChildRisk,
        Self::CovertRelease,
        Self::Harm,
        Self::SubjectConsent,
        Self::Nim,
        Self::TextReview,
        Self::ProviderConsent,
    ];

    /// The word used in files and registers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DvRisk => "dv_risk",
            Self::ChildRisk => "child_risk",
            Self::CovertRelease => "covert_release",
            Self::Harm => "harm",
            Self::SubjectConsent => "subject_consent",
            Self::Nim => "nim",
            Self::TextReview => "text_review",
            Self::ProviderConsent => "provider_consent",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// One handling code.
#[derive(Debug, Clone)]
pub struct Handling {
    /// The code, as it stands in every row.
    pub code: String,
    /// What it asks.
    pub title: String,
    /// Whether a standing grant opens anything.
    pub(crate) standing: bool,
    pub(crate) needs_all: Vec<AuthorityKind>,
    pub(crate) needs_any: Vec<AuthorityKind>,
    /// The field that holds the dissemination code, and who may have what.
    pub(crate) graded: Option<Graded>,
}

/// Dissemination codes read from a field.
#[derive(Debug, Clone)]
pub(crate) struct Graded {
    pub(crate) field: String,
    pub(crate) codes: BTreeMap<String, Dissemination>,
}

/// Who may have information of one dissemination code, by class of recipient.
#[derive(Debug, Clone)]
pub(crate) struct Dissemination {
    pub(crate) classes: Vec<String>,
    pub(crate) on_authority: Vec<String>,
    pub(crate) carry_conditions: bool,
}

/// What a dissemination code says about one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// The code itself permits it.
    Free,
    /// With an authority for this record and recipient.
    OnAuthority,
    /// Never.
    Never,
}

impl Graded {
    /// What a code (or its absence) says about a class.
    pub(crate) fn release(&self, code: Option<&str>, class: &str) -> Release {
        let Some(rule) = code.and_then(|c| self.codes.get(c)) else { return Release::Never };
        if rule.classes.iter().any(|c| c == class) {
            Release::Free
        } else if rule.on_authority.iter().any(|c| c == class) {
            Release::OnAuthority
        } else {
            Release::Never
        }
    }

    /// Whether the originator's conditions travel with a row of this code.
    pub(crate) fn carries(&self, code: Option<&str>) -> bool {
        code.and_then(|c| self.codes.get(c)).is_some_and(|r| r.carry_conditions)
    }
}

/// The kinds named by words; an unknown one is a fault.
pub(crate) fn kinds(faults: &mut Faults<'_>, file: &str, words: &[Word]) -> Vec<AuthorityKind> {
    let mut out = Vec::new();
    for word in words {
        match AuthorityKind::parse(word.get_ref()) {
            Some(kind) => out.push(kind),
            None => {
                faults.unknown(file, word, "kind of authority", AuthorityKind::ALL.map(AuthorityKind::word));
            }
        }
    }
    out
}

/// Checks `handling.toml`: the handling codes and the known marks.
pub(crate) fn build(
    faults: &mut Faults<'_>,
    file: &str,
    draft: &HandlingDraft,
    classes: &[String],
) -> (Vec<Handling>, Vec<String>) {
    let codes = dissemination(faults, file, draft, classes);
    let mut out = Vec::new();
    for (name, code) in &draft.handling.0 {
        let graded = code.graded_by.as_ref().map(|field| {
            check_graded(faults, file, field, &codes);
            Graded { field: field.get_ref().clone(), codes: codes.clone() }
        });
        out.push(Handling {
            code: name.get_ref().clone(),
            title: code.title.clone(),
            standing: code.standing,
            needs_all: kinds(faults, file, &code.needs_all),
            needs_any: kinds(faults, file, &code.needs_any),
            graded,
        });
    }
    (out, draft.flag.0.iter().map(|(f, _)| f.get_ref().clone()).collect())
}

fn dissemination(
    faults: &mut Faults<'_>,
    file: &str,
    draft: &HandlingDraft,
    classes: &[String],
) -> BTreeMap<String, Dissemination> {
    let mut out: BTreeMap<String, Dissemination> = BTreeMap::new();
    for (_, scheme) in &draft.dissemination.0 {
        for (code, rule) in &scheme.0 {
            let rule = one_code(faults, file, rule, classes);
            if out.insert(code.get_ref().clone(), rule).is_some() {
                faults.at("LG0308", file, code, format!("code `{}` stands in two schemes", code.get_ref()));
            }
        }
    }
    out
}

fn one_code(
    faults: &mut Faults<'_>,
    file: &str,
    rule: &DisseminationDraft,
    classes: &[String],
) -> Dissemination {
    for class in rule.classes.iter().chain(&rule.on_authority) {
        faults.find(file, class, "class", classes);
    }
    let words = |list: &[Word]| list.iter().map(|w| w.get_ref().clone()).collect();
    Dissemination {
        classes: words(&rule.classes),
        on_authority: words(&rule.on_authority),
        carry_conditions: rule.carry_conditions,
    }
}

/// The field must exist somewhere, and every mapped code must be one of its list.
fn check_graded(faults: &mut Faults<'_>, file: &str, field: &Word, codes: &BTreeMap<String, Dissemination>) {
    let schema = faults.schema;
    let lists: Vec<_> =
        schema.categories().filter_map(|(id, c)| schema.list_of(id, c.field(field.get_ref())?)).collect();
    if lists.is_empty() {
        let known = schema.categories().flat_map(|(_, c)| c.fields.iter().map(|f| f.name.as_str()));
        let near = nearest(field.get_ref(), known).unwrap_or_default();
        faults.unknown(file, field, "code field", [near]);
    }
    for code in codes.keys().filter(|code| !lists.iter().all(|l| l.any(code).is_some())) {
        faults.at(
            "LG0301",
            file,
            field,
            format!("dissemination code `{code}` is not in the field's code list"),
        );
    }
}
