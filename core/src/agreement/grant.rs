//! Grants: what one recipient may have of one category, checked word by word.

use super::build::Known;
use super::faults::Faults;
use super::handling::{AuthorityKind, kinds};
use super::syntax::{CeilingDraft, GrantDraft, Word};
use super::{CategoryRule, PartnerId};
use crate::reduce::Reduction;
use crate::schema::{CategoryId, FieldId, Kind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What one recipient may have of one category.
#[derive(Debug, Clone)]
pub struct Grant {
    pub(crate) clauses: Vec<String>,
    pub(crate) purposes: Vec<String>,
    /// The purposes as they stand in a row.
    purpose: String,
    /// Indexes of the named conditions, all of which must hold.
    pub(crate) conditions: Vec<usize>,
    pub(crate) fields: Vec<GrantField>,
    pub(crate) ceiling: Option<Ceiling>,
    pub(crate) reason: String,
}

/// One field of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantField {
    /// The field.
    pub field: FieldId,
    /// What the recipient has without an authority.
    pub standing: Option<Standing>,
    /// Whether an authority can open it whole.
    pub on_authority: bool,
}

impl GrantField {
    /// Whether a standing grant gives it as it is.
    pub fn is_whole(self) -> bool {
        self.standing == Some(Standing::Whole)
    }

    /// Whether what is given changes with the day alone.
    pub(crate) const fn depends_on_day(self) -> bool {
        matches!(self.standing, Some(Standing::Reduced(reduction)) if reduction.depends_on_day())
    }
}

/// How a field is given by standing grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it is.
    Whole,
    /// Reduced.
    Reduced(Reduction),
}

/// Which authorities open the fields marked `on_authority`.
#[derive(Debug, Clone)]
pub struct Ceiling {
    pub(crate) all: Vec<AuthorityKind>,
    pub(crate) any: Vec<AuthorityKind>,
}

impl Grant {
    /// Clauses under which it stands.
    pub fn clauses(&self) -> &[String] {
        &self.clauses
    }

    /// Purpose letters (5.2.4).
    pub fn purposes(&self) -> &[String] {
        &self.purposes
    }

    /// The purposes as they stand in a row, joined by `;`.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The fields that can ever leave under it, in schema order.
    pub fn fields(&self) -> &[GrantField] {
        &self.fields
    }

    /// Why the recipient needs it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Indexes of its conditions in [`super::Agreement::conditions`].
    pub fn conditions(&self) -> &[usize] {
        &self.conditions
    }

    /// The authorities that open more, when any can.
    pub const fn ceiling(&self) -> Option<&Ceiling> {
        self.ceiling.as_ref()
    }

    /// Whether its rows are counted together rather than given one by one.
    pub fn counts(&self) -> bool {
        self.fields.iter().any(|f| f.standing == Some(Standing::Reduced(Reduction::Count)))
    }
}

impl Ceiling {
    /// Kinds of which every one is needed.
    pub fn all(&self) -> &[AuthorityKind] {
        &self.all
    }

    /// Kinds of which one is needed.
    pub fn any(&self) -> &[AuthorityKind] {
        &self.any
    }
}

impl Kind {
    /// Whether a standing grant can open a field of the kind.
    pub const fn by_standing_grant(self) -> bool {
        !never_standing(self)
    }
}

/// Kinds of field that no standing grant opens.
pub(crate) const fn never_standing(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Person | Kind::File)
}

/// Checks one grant; `None` when it cannot stand, and the fault list says why.
pub(crate) fn build(
    faults: &mut Faults<'_>,
    file: &str,
    known: &Known,
    recipient: PartnerId,
    name: &Word,
    draft: &GrantDraft,
) -> Option<(CategoryId, Grant)> {
    let category = faults.category(file, name)?;
    let Some(rule) = known.rules.get(usize::from(category.0)).and_then(Option::as_ref) else {
        let what = format!("`{}` is kept by the gateway for its own decisions", name.get_ref());
        faults.at("LG0303", file, name, what);
        return None;
    };
    if rule.owners.iter().all(|(p, _)| *p == recipient) {
        faults.at("LG0303", file, name, format!("the recipient is itself the owner of `{}`", name.get_ref()));
    }
    let mut check = Check { faults, file, known, recipient, category, name, rule };
    check.stated(draft);
    let mut fields = check.standing(draft);
    let ceiling = draft.on_authority.as_ref().map(|c| check.ceiling(c, &mut fields));
    fields.sort_by_key(|f| f.field);
    let words = |list: &[Word]| list.iter().map(|w| w.get_ref().clone()).collect();
    let purposes: Vec<String> = words(&draft.purposes);
    let grant = Grant {
        clauses: words(&draft.clause),
        purpose: purposes.join(";"),
        purposes,
        conditions: check.conditions(&draft.when),
        fields,
        ceiling,
        reason: draft.reason.as_ref().map(|r| r.get_ref().clone()).unwrap_or_default(),
    };
    if grant.counts() && grant.ceiling.is_some() {
        faults.at(
            "LG0303",
            file,
            name,
            "rows that are counted together cannot be opened by an authority".into(),
        );
    }
    Some((category, grant))
}

struct Check<'c, 'a> {
    faults: &'c mut Faults<'a>,
    file: &'c str,
    known: &'c Known,
    recipient: PartnerId,
    category: CategoryId,
    name: &'c Word,
    rule: &'c CategoryRule,
}

impl Check<'_, '_> {
    fn fault(&mut self, code: &'static str, what: String) {
        self.faults.at(code, self.file, self.name, what);
    }

    /// Clause, purposes and reason are there and fit the category.
    fn stated(&mut self, draft: &GrantDraft) {
        for (missing, what) in [
            (draft.clause.is_empty(), "clause"),
            (draft.purposes.is_empty(), "purposes"),
            (draft.reason.as_ref().is_none_or(|r| r.get_ref().trim().is_empty()), "reason"),
            (draft.fields.is_empty() && draft.reduce.0.is_empty() && draft.on_authority.is_none(), "fields"),
        ] {
            if missing {
                self.fault("LG0302", format!("grant of `{}` has no `{what}`", self.name.get_ref()));
            }
        }
        let rule = self.rule;
        for word in &draft.clause {
            let of_others =
                |(owner, clause): &&(PartnerId, String)| *owner != self.recipient && clause == word.get_ref();
            if !rule.owners.iter().any(|o| of_others(&o)) {
                let known = rule.owners.iter().filter(|(p, _)| *p != self.recipient).map(|(_, c)| c.as_str());
                self.faults.unknown(self.file, word, "clause of another owner", known);
            }
        }
        for word in &draft.purposes {
            if self.faults.find(self.file, word, "purpose", &self.known.purposes).is_some()
                && !rule.collected_for.contains(word.get_ref())
            {
                let what =
                    format!("`{}` was not collected for purpose `{}`", self.name.get_ref(), word.get_ref());
                self.faults.at("LG0303", self.file, word, what);
            }
        }
        self.faults.once(self.file, draft.clause.iter());
        self.faults.once(self.file, draft.purposes.iter());
        self.faults.once(self.file, draft.when.iter());
    }

    /// Fields by standing grant, whole and reduced.
    fn standing(&mut self, draft: &GrantDraft) -> Vec<GrantField> {
        self.faults.once(self.file, draft.fields.iter().chain(draft.reduce.0.iter().map(|(f, _)| f)));
        let mut out = Vec::new();
        for word in &draft.fields {
            if let Some(field) = self.standing_field(word) {
                out.push(GrantField { field, standing: Some(Standing::Whole), on_authority: false });
            }
        }
        for (word, how) in &draft.reduce.0 {
            let Some(field) = self.standing_field(word) else { continue };
            let Some(kind) = self.faults.field(self.file, self.category, word).map(|(_, f)| f.kind) else {
                continue;
            };
            if let Some(reduction) = Reduction::parse(kind, how.get_ref()) {
                let standing = Some(Standing::Reduced(reduction));
                out.push(GrantField { field, standing, on_authority: false });
            } else {
                let sort = format!("reduction of a {}", kind.word());
                self.faults.unknown(self.file, how, &sort, Reduction::words(kind).iter().copied());
            }
        }
        out
    }

    fn standing_field(&mut self, word: &Word) -> Option<FieldId> {
        let (field, rule) = self.faults.field(self.file, self.category, word)?;
        if never_standing(rule.kind) {
            let what = format!("`{}` is {}: only an authority opens it", word.get_ref(), rule.kind.word());
            self.faults.at("LG0303", self.file, word, what);
        }
        let handling = self.known.handlings.get(self.rule.handling);
        if let Some(code) = handling.filter(|h| !h.standing).map(|h| h.code.clone()) {
            let what = format!("handling `{code}` gives nothing by standing grant");
            self.faults.at("LG0303", self.file, word, what);
        }
        Some(field)
    }

    /// The ceiling, its fields marked in `fields`.
    fn ceiling(&mut self, draft: &CeilingDraft, fields: &mut Vec<GrantField>) -> Ceiling {
        let all = kinds(self.faults, self.file, &draft.all);
        let any = kinds(self.faults, self.file, &draft.any);
        if draft.all.is_empty() == draft.any.is_empty() || draft.fields.is_empty() {
            self.fault("LG0302", "`on_authority` needs `fields`, and either `all` or `any`".into());
        }
        self.handled(&all, &any);
        self.faults.once(self.file, draft.fields.iter());
        for word in &draft.fields {
            let Some((field, _)) = self.faults.field(self.file, self.category, word) else { continue };
            match fields.iter_mut().find(|f| f.field == field) {
                Some(GrantField { standing: Some(Standing::Whole), .. }) => {
                    let what = format!("`{}` is already given whole", word.get_ref());
                    self.faults.at("LG0308", self.file, word, what);
                }
                Some(listed) => listed.on_authority = true,
                None => fields.push(GrantField { field, standing: None, on_authority: true }),
            }
        }
        Ceiling { all, any }
    }

    /// The ceiling asks for what the handling code asks for.
    fn handled(&mut self, all: &[AuthorityKind], any: &[AuthorityKind]) {
        let Some(handling) = self.known.handlings.get(self.rule.handling) else { return };
        let lacking = handling.needs_all.iter().find(|k| !all.contains(k));
        let met = |k: &AuthorityKind| handling.needs_any.contains(k);
        let some =
            handling.needs_any.is_empty() || all.iter().any(met) || (!any.is_empty() && any.iter().all(met));
        let code = handling.code.clone();
        if let Some(kind) = lacking {
            self.fault("LG0303", format!("handling `{code}` needs the authority `{}`", kind.word()));
        }
        if !some {
            let words: Vec<&str> = handling.needs_any.iter().map(|k| k.word()).collect();
            self.fault("LG0303", format!("handling `{code}` needs an authority of {}", words.join(" or ")));
        }
    }

    fn conditions(&mut self, words: &[Word]) -> Vec<usize> {
        let mut out = Vec::new();
        for word in words {
            let Some(at) = self.known.conditions.iter().position(|c| &c.name == word.get_ref()) else {
                let known = self.known.conditions.iter().map(|c| c.name.as_str());
                self.faults.unknown(self.file, word, "condition", known);
                continue;
            };
            let about = self.known.conditions.get(at).and_then(|c| c.about_record.as_ref());
            if about.is_some_and(|categories| !categories.contains(&self.category)) {
                let what = format!(
                    "condition `{}` tests a field or code that `{}` has not",
                    word.get_ref(),
                    self.name.get_ref()
                );
                self.faults.at("LG0306", self.file, word, what);
            }
            out.push(at);
        }
        out
    }
}
