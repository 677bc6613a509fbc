//! Checks the agreement's files against each other and the schema, and makes the table.
//!
//! Everything is checked before anything is refused, so that one reading shows every fault.

use super::condition::{self, Condition};
use super::faults::Faults;
use super::grant::{self, Grant, Standing, never_standing};
use super::handling::{self, Handling};
use super::syntax::{
    AgreementDraft, CategoriesDraft, ConditionsDraft, EntitlementDraft, NomineesDraft, Table, Word,
};
use super::{Agreement, CategoryRule, Cohort, Files, Identity, Partner, PartnerId, Span};
use crate::problem::Problem;
use crate::schema::{Field, Kind, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The words against which grants are checked.
pub(crate) struct Known {
    pub(crate) purposes: Vec<String>,
    pub(crate) rules: Vec<Option<CategoryRule>>,
    pub(crate) handlings: Vec<Handling>,
    pub(crate) conditions: Vec<Condition>,
}

/// Checks all files; either the agreement, or every fault.
pub(crate) fn build(files: &Files, schema: &Schema) -> Result<Agreement, Vec<Problem>> {
    let mut faults = Faults::new(schema);
    let (file, draft) = &files.agreement;
    let partners = parties(&mut faults, file, draft);
    let purposes = keys(&draft.purpose);
    let classes = keys(&draft.class);
    let (handlings, flags) = handling::build(&mut faults, &files.handling.0, &files.handling.1, &classes);
    let rules = categories(&mut faults, &files.categories, &purposes, &handlings, &flags);
    every_clause_has_a_category(&mut faults, file, &partners, &rules);
    let conditions = condition::build(&mut faults, &files.conditions.0, &files.conditions.1);
    let cohort = cohort(&mut faults, &files.conditions.0, &files.conditions.1);
    let identity = identity(&mut faults, &files.conditions.0, &files.conditions.1);
    let nominees = nominees(&mut faults, &files.nominees.0, &files.nominees.1);
    let known = Known { purposes, rules, handlings, conditions };
    let table = table(&mut faults, &files.entitlements, &known);
    nothing_goes_whole_to_everyone(&mut faults, &files.entitlements, &known.rules, &table);
    let head = &draft.agreement;
    let term = faults.span(file, &head.in_force, head.until.as_ref());
    let reviews = head.review.iter().filter_map(|w| faults.date(file, w)).collect();
    let holder = faults.partner(file, &head.holder);
    if !slug(head.slug.get_ref()) {
        faults.at(
            "LG0305",
            file,
            &head.slug,
            "`slug` is a-z, 0-9 and hyphens, since file names hold it".into(),
        );
    }
    let (Some(holder), Some(cohort), Some(identity), true) =
        (holder, cohort, identity, faults.problems.is_empty())
    else {
        return Err(faults.problems);
    };
    let mut agreement = Agreement {
        reference: head.reference.clone(),
        slug: head.slug.get_ref().clone(),
        title: head.title.clone(),
        version: head.version.clone(),
        term,
        reviews,
        review_every_months: head.review_every_months,
        classes: draft.class.0.iter().map(|(k, v)| (k.get_ref().clone(), v.get_ref().clone())).collect(),
        review_data_months: head.review_data_every_months,
        acknowledge_days: head.acknowledge_within_working_days,
        holder,
        partners,
        purposes: draft.purpose.0.iter().map(|(k, v)| (k.get_ref().clone(), v.get_ref().clone())).collect(),
        nominees,
        rules: known.rules,
        handlings: known.handlings,
        conditions: known.conditions,
        cohort,
        identity,
        table,
        digest: files.digest,
        findings: Vec::new(),
    };
    agreement.findings = super::lint::lint(files, &agreement, schema);
    Ok(agreement)
}

fn keys<T>(table: &Table<T>) -> Vec<String> {
    table.0.iter().map(|(k, _)| k.get_ref().clone()).collect()
}

fn slug(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The parties; from here on their keys are known words.
fn parties(faults: &mut Faults<'_>, file: &str, draft: &AgreementDraft) -> Vec<Partner> {
    let (classes, aims) = (keys(&draft.class), keys(&draft.aim));
    let mut out = Vec::new();
    for (key, partner) in &draft.partner.0 {
        faults.find(file, &partner.class, "class", &classes);
        for aim in &partner.aims {
            faults.find(file, aim, "aim", &aims);
        }
        faults.once(file, partner.shares.iter());
        out.push(Partner {
            key: key.get_ref().clone(),
            name: partner.name.clone(),
            class: partner.class.get_ref().clone(),
            aims: partner.aims.iter().map(|w| w.get_ref().clone()).collect(),
            shares: partner.shares.iter().map(|w| w.get_ref().clone()).collect(),
        });
    }
    if u8::try_from(out.len()).is_err() {
        faults.whole("LG0305", file, "more than 255 partners".into());
    }
    faults.partners = out.iter().map(|p| p.key.clone()).collect();
    out
}

/// One rule per category that is shared; none for what the gateway keeps for itself.
fn categories(
    faults: &mut Faults<'_>,
    (file, draft): &(String, CategoriesDraft),
    purposes: &[String],
    handlings: &[Handling],
    flags: &[String],
) -> Vec<Option<CategoryRule>> {
    let codes: Vec<String> = handlings.iter().map(|h| h.code.clone()).collect();
    let mut rules: Vec<Option<CategoryRule>> = faults.schema.categories().map(|_| None).collect();
    for (name, rule) in &draft.0.0 {
        let category = faults.category(file, name);
        let owners = owners(faults, file, name, &rule.clause);
        for purpose in &rule.collected_for {
            faults.find(file, purpose, "purpose", purposes);
        }
        for flag in &rule.flags {
            faults.find(file, flag, "mark", flags);
        }
        let handling = faults.find(file, &rule.handling, "handling code", &codes);
        let internal = category.and_then(|c| faults.schema.get(c)).is_some_and(|c| c.internal);
        if internal {
            let what = format!("`{}` is kept by the gateway for its own decisions", name.get_ref());
            faults.at("LG0303", file, name, what);
        }
        let (Some(category), Some(handling), false) = (category, handling, internal) else { continue };
        let collected_for = rule.collected_for.iter().map(|w| w.get_ref().clone()).collect();
        let flags = rule.flags.iter().map(|w| w.get_ref().clone()).collect();
        if let Some(slot) = rules.get_mut(usize::from(category.0)) {
            *slot = Some(CategoryRule { owners, collected_for, handling, flags });
        }
    }
    let named: Vec<&str> = draft.0.0.iter().map(|(n, _)| n.get_ref().as_str()).collect();
    let left_out: Vec<String> =
        faults.schema.categories().filter(|(_, c)| !c.internal).map(|(_, c)| c.name.clone()).collect();
    for name in left_out.iter().filter(|n| !named.contains(&n.as_str())) {
        faults.whole("LG0304", file, format!("category `{name}` of the schema has no rule here"));
    }
    rules
}

fn owners(
    faults: &mut Faults<'_>,
    file: &str,
    name: &Word,
    clause: &Table<Word>,
) -> Vec<(PartnerId, String)> {
    if clause.0.is_empty() {
        faults.at("LG0304", file, name, format!("`{}` has no owner", name.get_ref()));
    }
    let owners = clause
        .0
        .iter()
        .filter_map(|(key, clause)| Some((faults.partner(file, key)?, clause.get_ref().clone())));
    owners.collect()
}

/// Every numbered paragraph under which a partner shares has a category, and every category's
/// clause is one of its owner's, or a heading above one.
fn every_clause_has_a_category(
    faults: &mut Faults<'_>,
    file: &str,
    partners: &[Partner],
    rules: &[Option<CategoryRule>],
) {
    let owners: Vec<_> = rules.iter().flatten().flat_map(|r| &r.owners).collect();
    for (partner, id) in partners.iter().zip(0u8..) {
        let used = |clause: &String| owners.iter().any(|(p, c)| p.0 == id && c == clause);
        for clause in partner.shares.iter().filter(|c| !used(c)) {
            faults.whole("LG0304", file, format!("no category for clause `{clause}` of `{}`", partner.key));
        }
        let heads = |clause: &str| {
            partner
                .shares
                .iter()
                .any(|s| s.strip_prefix(clause).is_some_and(|r| r.is_empty() || r.starts_with('.')))
        };
        for (_, clause) in owners.iter().filter(|(p, c)| p.0 == id && !heads(c)) {
            faults.whole("LG0301", file, format!("`{}` shares nothing under clause `{clause}`", partner.key));
        }
    }
}

fn cohort(faults: &mut Faults<'_>, file: &str, draft: &ConditionsDraft) -> Option<Cohort> {
    let draft = &draft.cohort;
    let category = faults.category(file, &draft.category)?;
    let by: Vec<PartnerId> = draft.by.iter().filter_map(|w| faults.partner(file, w)).collect();
    let mut date = |word: &Word| {
        let (field, rule) = faults.field(file, category, word)?;
        let is_date = rule.kind == Kind::Date;
        if !is_date {
            faults.at("LG0306", file, word, format!("`{}` is not a date", word.get_ref()));
        }
        is_date.then_some(field)
    };
    let (from, until) = (date(&draft.from), date(&draft.until));
    Some(Cohort { category, by, from: from?, until: until? })
}

fn identity(faults: &mut Faults<'_>, file: &str, draft: &ConditionsDraft) -> Option<Identity> {
    let category = faults.category(file, &draft.identity.category)?;
    let rule = faults.schema.get(category)?;
    let births =
        rule.fields.iter().filter(|f| f.kind == Kind::Dob).filter_map(|f| rule.field(&f.name)).collect();
    Some(Identity { category, beside: draft.identity.beside, births })
}

fn nominees(faults: &mut Faults<'_>, file: &str, draft: &NomineesDraft) -> Vec<(PartnerId, Span)> {
    let mut out = Vec::new();
    for nominee in &draft.nominee {
        let span = faults.span(file, &nominee.from, nominee.until.as_ref());
        if nominee.role.trim().is_empty() {
            faults.at("LG0302", file, &nominee.partner, "a nominee has no `role`".into());
        }
        out.extend(faults.partner(file, &nominee.partner).map(|p| (p, span)));
    }
    out
}

/// The dense table: one file per recipient, one grant per category.
fn table(faults: &mut Faults<'_>, files: &[(String, EntitlementDraft)], known: &Known) -> Vec<Option<Grant>> {
    let width = known.rules.len();
    let mut table: Vec<Option<Grant>> = Vec::new();
    table.resize_with(width * faults.partners.len(), || None);
    let mut seen: Vec<PartnerId> = Vec::new();
    for (file, draft) in files {
        let Some(recipient) = faults.partner(file, &draft.recipient) else { continue };
        if seen.contains(&recipient) {
            let what = format!("`{}` has another entitlement file", draft.recipient.get_ref());
            faults.at("LG0308", file, &draft.recipient, what);
            continue;
        }
        seen.push(recipient);
        for (name, grant) in &draft.grants {
            let Some((category, grant)) = grant::build(faults, file, known, recipient, name, grant) else {
                continue;
            };
            let at = usize::from(recipient.0) * width + usize::from(category.0);
            if let Some(slot) = table.get_mut(at) {
                *slot = Some(grant);
            }
        }
    }
    let without: Vec<String> = faults
        .partners
        .iter()
        .zip(0u8..)
        .filter(|(_, i)| !seen.contains(&PartnerId(*i)))
        .map(|(p, _)| p.clone())
        .collect();
    for partner in without {
        faults.whole(
            "LG0304",
            "agreement/entitlements",
            format!("partner `{partner}` has no entitlement file"),
        );
    }
    table
}

/// No category goes whole and unconditionally to everyone but its owners (5.2.2).
fn nothing_goes_whole_to_everyone(
    faults: &mut Faults<'_>,
    files: &[(String, EntitlementDraft)],
    rules: &[Option<CategoryRule>],
    table: &[Option<Grant>],
) {
    let partners = u8::try_from(faults.partners.len()).unwrap_or(u8::MAX);
    let schema = faults.schema;
    for ((id, category), rule) in schema.categories().zip(rules) {
        let Some(rule) = rule else { continue };
        let sole = |p: u8| rule.owners.iter().all(|(o, _)| o.0 == p);
        let mut others = (0..partners).filter(|p| !sole(*p)).peekable();
        let grant = |p: u8| table.get(usize::from(p) * rules.len() + usize::from(id.0))?.as_ref();
        let everyone =
            others.peek().is_some() && others.all(|p| grant(p).is_some_and(|g| whole(g, &category.fields)));
        if !everyone {
            continue;
        }
        let words = files.iter().flat_map(|(f, d)| d.grants.iter().map(move |(w, _)| (f, w)));
        let places: Vec<_> = words.filter(|(_, w)| w.get_ref() == &category.name).collect();
        if let Some((file, word)) = places.first() {
            faults.at("LG0307", file, word, format!("`{}` goes whole to everyone", category.name));
        }
    }
}

fn whole(grant: &Grant, fields: &[Field]) -> bool {
    let standing =
        |id: u8| grant.fields.iter().any(|f| f.field.0 == id && f.standing == Some(Standing::Whole));
    grant.conditions.is_empty()
        && fields.iter().zip(0u8..).all(|(f, id)| never_standing(f.kind) || standing(id))
}
