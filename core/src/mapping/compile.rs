//! Compiling a mapping: every word is looked up once, and every fault is reported at once.

use super::apply::MAX_KEY;
use super::bind::fold;
use super::digest::Parts;
use super::plan::{Check, Column, ColumnId, IdentityPlan, Nulls, Proof, RecordPlan, Rule, Test};
use super::syntax::{
    ColumnDraft, ConditionDraft, Draft, EachDraft, FieldDraft, IdentityDraft, Pairs, RecordDraft, RuleDraft,
    Words,
};
use super::{Checks, CodeMap, Context, Mapping, Source, codes};
use crate::problem::{Code, Problem};
use crate::schema::{CategoryId, CodeList, FieldId};
use crate::value::identifier::IdKind;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use serde_spanned::Spanned;

/// The category that `[identity.person]` fills.
pub(crate) const PERSON: &str = "person";

impl Mapping {
    /// Checks and compiles a mapping. `file` names it in messages, `text` is its source, of which
    /// `draft` was read. Gives every fault found, in the order in which they stand.
    pub fn compile(file: &str, text: &str, draft: Draft, ctx: &Context<'_>) -> Result<Self, Vec<Problem>> {
        let mut c = Compiler::new(file, ctx);
        let feed = c.feed(&draft.feed);
        let source = c.source(draft.source);
        let states_rows = |s: &Source| ["trailer", "count"].iter().any(|o| s.options.contains_key(*o));
        let trailer = source.as_ref().is_some_and(states_rows);
        let checks = Checks { trailer, ..c.checks(&draft.check) };
        let ignore = c.declare(draft.columns);
        let space = draft.feed.key_space.as_ref().unwrap_or(&draft.feed.name).get_ref();
        let identity = c.identity(draft.identity, space);
        let blocks: Vec<String> = draft.record.iter().map(|r| r.category.get_ref().clone()).collect();
        let (mut records, mut blocks_at) = (Vec::new(), Vec::new());
        for block in draft.record {
            let at = block.key.span();
            if let Some(plan) = c.record(block) {
                records.push(plan);
                blocks_at.push(at);
            }
        }
        c.apart(&records, &blocks_at);
        let refuse = draft.refuse.iter().filter_map(|r| c.refuse(r.get_ref())).collect();
        let skip = draft.skip.iter().filter_map(|r| c.skip(r.get_ref())).collect();
        let person = identity.as_ref().and_then(|i| i.person.as_ref());
        let plans: Vec<&RecordPlan> = person.into_iter().chain(&records).collect();
        let examples = draft.example.into_iter().map(|e| c.example(e, &plans, &blocks)).collect();
        c.unused();
        let digest = c.digest(text, draft.feed.partner.get_ref(), &plans);
        let (Some((partner, retention_days)), Some(source), Some(identity)) = (feed, source, identity) else {
            return Err(c.sorted());
        };
        if !c.problems.is_empty() {
            return Err(c.sorted());
        }
        Ok(Self {
            file: file.into(),
            name: draft.feed.name.into_inner(),
            title: draft.feed.title,
            owner: draft.feed.owner,
            partner,
            partner_key: draft.feed.partner.into_inner(),
            kind: draft.feed.kind,
            after: draft.feed.after.into_iter().map(Spanned::into_inner).collect(),
            source,
            checks,
            retention_days,
            columns: c.columns,
            ignore,
            identity,
            records,
            refuse,
            skip,
            lists: c.lists.into_iter().map(|(_, l)| l).collect(),
            map_names: c.maps.iter().map(|(name, _)| name.clone()).collect(),
            maps: c.maps.into_iter().map(|(_, m)| m).collect(),
            zone: ctx.zone.clone(),
            examples,
            digest,
        })
    }
}

/// Faults that only show when all mappings stand side by side: a feed's name given twice, and a
/// person given by two feeds that share a key space, where the later file would blank what only
/// the earlier one knows.
pub fn together(mappings: &[Mapping]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, mapping) in mappings.iter().enumerate() {
        for name in mapping.after.iter().filter(|name| !mappings.iter().any(|m| &m.name == *name)) {
            let what = format!("feed `{}` is to come after `{name}`, which is no feed", mapping.name);
            let problem = Problem::new(codes::FEED, what).in_config(&mapping.file, 0..0);
            problems.push(problem.suggest(name, mappings.iter().map(|m| m.name.as_str())));
        }
        problems.extend(circle(mappings, at));
        for other in mappings.iter().take(at) {
            if other.name == mapping.name {
                let what = format!("feed `{}` stands in `{}` too", mapping.name, other.file);
                problems.push(Problem::new(codes::FEED, what).in_config(&mapping.file, 0..0));
            }
            let (a, b) = (&other.identity, &mapping.identity);
            let both = a.person.is_some() && b.person.is_some();
            if both && other.partner == mapping.partner && a.space == b.space {
                let what = format!(
                    "feeds `{}` and `{}` both give the person of key space `{}`",
                    other.name, mapping.name, b.space
                );
                let help = "leave `[identity.person]` to one of them, or give them key spaces of their own";
                problems.push(Problem::new(codes::IDENTITY, what).in_config(&mapping.file, 0..0).help(help));
            }
        }
    }
    problems
}

/// A circle of feeds that wait for one another, told once: at the last of them.
fn circle(mappings: &[Mapping], last: usize) -> Option<Problem> {
    let end = mappings.get(last)?;
    // Ways from the last feed through earlier ones, each feed reached once.
    let (mut ways, mut reached) = (alloc::vec![alloc::vec![last]], alloc::vec![false; last]);
    while let Some(way) = ways.pop() {
        let here = way.last().and_then(|at| mappings.get(*at))?;
        if here.after.contains(&end.name) {
            let names: Vec<String> =
                way.iter().filter_map(|at| mappings.get(*at)).map(|m| format!("`{}`", m.name)).collect();
            let what = match names.as_slice() {
                [one] => format!("feed {one} waits for itself"),
                [one, other] => format!("feeds {one} and {other} each wait for the other"),
                many => format!("feeds {} wait for one another in a circle", many.join(", ")),
            };
            let help = "take one of the names out of `after`";
            return Some(Problem::new(codes::FEED, what).in_config(&end.file, 0..0).help(help));
        }
        for (at, seen) in reached.iter_mut().enumerate().filter(|(_, seen)| !**seen) {
            if mappings.get(at).is_some_and(|m| here.after.contains(&m.name)) {
                *seen = true;
                ways.push(way.iter().copied().chain([at]).collect());
            }
        }
    }
    None
}

/// Whether one more mapping could stand beside the others: the faults of two that give one person.
pub fn apart(new: &Mapping, others: &[Mapping]) -> Option<Problem> {
    let gives = |m: &&Mapping| {
        m.identity.person.is_some() && m.partner == new.partner && m.identity.space == new.identity.space
    };
    let other = others.iter().find(gives).filter(|_| new.identity.person.is_some())?;
    let what = format!("feeds `{}` and `{}` both give the person of one key space", other.name, new.name);
    Some(Problem::new(codes::IDENTITY, what).in_config(&new.file, 0..0))
}

/// State while one mapping is compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) file: &'a str,
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) columns: Vec<Column>,
    /// Where each column was declared, and whether anything uses it.
    uses: Vec<(Range<usize>, bool)>,
    pub(crate) lists: Vec<(String, CodeList)>,
    pub(crate) maps: Vec<(String, CodeMap)>,
    problems: Vec<Problem>,
}

impl<'a> Compiler<'a> {
    fn new(file: &'a str, ctx: &'a Context<'a>) -> Self {
        let (columns, uses, problems) = (Vec::new(), Vec::new(), Vec::new());
        Self { file, ctx, columns, uses, lists: Vec::new(), maps: Vec::new(), problems }
    }

    /// Records a fault at a place of this file.
    pub(crate) fn push(&mut self, problem: Problem, span: Range<usize>) {
        self.problems.push(problem.in_config(self.file, span));
    }

    /// Records a fault without advice.
    pub(crate) fn fault(&mut self, code: Code, span: Range<usize>, what: impl Into<String>) {
        self.push(Problem::new(code, what), span);
    }

    /// Records a fault about an unknown word, with the nearest known one.
    pub(crate) fn unknown<'k>(
        &mut self,
        code: Code,
        word: &Spanned<String>,
        what: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let text = word.get_ref();
        self.push(Problem::new(code, format!("unknown {what} `{text}`")).suggest(text, known), word.span());
    }

    fn sorted(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|p| match &p.at {
            Some(crate::problem::Location::Config { span, .. }) => span.start,
            _ => 0,
        });
        self.problems.dedup();
        self.problems
    }

    /// Takes `[columns]`; gives the folded header texts under `ignore`.
    fn declare(&mut self, draft: Pairs<Spanned<ColumnDraft>>) -> Vec<String> {
        let (mut ignore, mut ignore_at) = (Vec::new(), 0..0);
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (word, column) in draft.0 {
            let span = word.span();
            let word = word.into_inner();
            let column = match column.into_inner() {
                ColumnDraft::Headers(headers) if word == "ignore" => {
                    ignore.extend(headers.iter().map(|h| fold(h)));
                    ignore_at = span;
                    continue;
                }
                ColumnDraft::Headers(headers) => {
                    Column { word, headers, null: Nulls::default(), required: true }
                }
                ColumnDraft::Table(t) => {
                    Column { word, headers: t.header.0, null: nulls(t.null), required: t.required }
                }
            };
            if column.headers.is_empty() || column.headers.iter().any(|h| fold(h).is_empty()) {
                self.fault(
                    codes::COLUMN,
                    span.clone(),
                    format!("column `{}` has no header text", column.word),
                );
            }
            for header in &column.headers {
                if let Some(other) = seen.insert(fold(header), column.word.clone()) {
                    let what = format!("header `{header}` stands under `{other}` and `{}`", column.word);
                    self.fault(codes::COLUMN, span.clone(), what);
                }
            }
            self.columns.push(column);
            self.uses.push((span, false));
        }
        for (header, word) in seen.iter().filter(|(h, _)| ignore.contains(h)) {
            let what = format!("header `{header}` stands under `{word}` and under `ignore`");
            self.fault(codes::COLUMN, ignore_at.clone(), what);
        }
        if self.columns.len() > usize::from(u16::MAX) {
            self.fault(codes::COLUMN, 0..0, "too many columns");
        }
        ignore
    }

    /// Looks a column up and counts it as used.
    pub(crate) fn column(&mut self, word: &Spanned<String>) -> Option<ColumnId> {
        let at = self.columns.iter().position(|c| &c.word == word.get_ref());
        let Some(at) = at else {
            let known: Vec<String> = self.columns.iter().map(|c| c.word.clone()).collect();
            self.unknown(codes::COLUMN, word, "column", known.iter().map(String::as_str));
            return None;
        };
        if let Some((_, used)) = self.uses.get_mut(at) {
            *used = true;
        }
        u16::try_from(at).ok().map(ColumnId)
    }

    pub(crate) fn columns_of(&mut self, words: &Spanned<Words>) -> Vec<ColumnId> {
        let span = words.span();
        let words = words.get_ref().0.iter();
        words.filter_map(|w| self.column(&Spanned::new(span.clone(), w.clone()))).collect()
    }

    /// A mark or key that is missing from a file must not read as "no": its column is required.
    fn must_be_required(&mut self, column: ColumnId, span: Range<usize>, what: &str) {
        let column = self.columns.get(usize::from(column.0));
        if let Some(word) = column.filter(|c| !c.required).map(|c| c.word.clone()) {
            self.fault(
                codes::CONDITION,
                span,
                format!("column `{word}` is optional, but {what} depends on it"),
            );
        }
    }

    /// A declared column that nothing uses. After a slip in a column's word elsewhere it would only
    /// tell the same slip twice.
    fn unused(&mut self) {
        let slips = [codes::COLUMN, codes::OPTION, codes::CONDITION, codes::IDENTITY];
        if self.problems.iter().any(|p| slips.contains(&p.code)) {
            return;
        }
        let spare = self.columns.iter().zip(&self.uses).filter(|(_, (_, used))| !used);
        let spare: Vec<_> = spare.map(|(c, (span, _))| (c.word.clone(), span.clone())).collect();
        for (word, span) in spare {
            let problem =
                Problem::new(codes::COLUMN, format!("column `{word}` is declared and used nowhere"));
            self.push(problem.help("put its header under `ignore`, or use it"), span);
        }
    }

    fn identity(&mut self, draft: IdentityDraft, space: &str) -> Option<IdentityPlan> {
        let key = self.columns_of(&draft.key);
        if draft.key.get_ref().0.is_empty() || key.len() > MAX_KEY {
            self.fault(
                codes::IDENTITY,
                draft.key.span(),
                format!("the identity's key has 1 to {MAX_KEY} columns"),
            );
        }
        for column in &key {
            self.must_be_required(*column, draft.key.span(), "the identity");
        }
        let mut kind = None;
        if let Some(word) = &draft.key_kind {
            kind = IdKind::parse(word.get_ref());
            if kind.is_none() {
                self.unknown(
                    codes::IDENTITY,
                    word,
                    "kind of identifier",
                    IdKind::ALL.iter().map(|k| k.word()),
                );
            }
            if key.len() > 1 {
                self.fault(codes::IDENTITY, word.span(), "`key_kind` needs a key of one column");
            }
        }
        let evidence = self.evidence(draft.evidence);
        let person = self.person(draft.person);
        let other_name = self.mark(draft.other_name.as_ref(), "the mark `other_name`");
        let person = person?;
        if let (Some(_), Some(mark)) = (&other_name, &draft.other_name) {
            let filled = |name: &str| {
                let plan = person.as_ref()?;
                let at = plan.names.iter().position(|n| n == name)?;
                Some(plan.fields.get(at)?.is_some())
            };
            if filled("surname") != Some(true) || filled("aliases").is_none() {
                let what = "`other_name` needs a person with a surname, and `aliases` in the schema's person";
                self.fault(codes::IDENTITY, mark.span(), what);
            }
        }
        Some(IdentityPlan { key, kind, other_name, space: space.into(), person, evidence })
    }

    fn evidence(&mut self, draft: Pairs<Spanned<Words>>) -> Vec<(ColumnId, Proof)> {
        let mut out = Vec::new();
        for (word, columns) in draft.0 {
            let kind = IdKind::parse(word.get_ref()).filter(|k| k.is_strong()).map(Proof::Identifier);
            let postcode = (word.get_ref() == "postcode").then_some(Proof::Postcode);
            let Some(proof) = postcode.or(kind) else {
                let strong = IdKind::ALL.iter().filter(|k| k.is_strong()).map(|k| k.word());
                self.unknown(codes::IDENTITY, &word, "link evidence", strong.chain(["postcode"]));
                continue;
            };
            out.extend(self.columns_of(&columns).into_iter().map(|c| (c, proof)));
        }
        out
    }

    /// The person's record; `Some(None)` when the feed gives none.
    #[expect(clippy::option_option, reason = "outer: did it compile; inner: is there one")]
    fn person(&mut self, draft: Pairs<Spanned<FieldDraft>>) -> Option<Option<RecordPlan>> {
        let Some(first) = draft.0.first().map(|(word, _)| word.span()) else { return Some(None) };
        let Some(category) = self.ctx.schema.category(PERSON) else {
            self.fault(codes::CATEGORY, first, "the schema has no category `person`");
            return None;
        };
        let (fields, names) = self.fields(category, draft)?;
        let (key, when) = (Vec::new(), Vec::new());
        let name = PERSON.into();
        Some(Some(RecordPlan {
            category,
            name,
            internal: false,
            key,
            part: None,
            each: None,
            when,
            cancelled: None,
            restricted: None,
            fields,
            names,
        }))
    }

    fn record(&mut self, draft: RecordDraft) -> Option<RecordPlan> {
        let name = draft.category.get_ref().clone();
        let category = self.ctx.schema.category(&name).filter(|_| name != PERSON);
        if name == PERSON {
            self.fault(
                codes::CATEGORY,
                draft.category.span(),
                "the person is given under `[identity.person]`",
            );
        } else if category.is_none() {
            let known = self.ctx.schema.categories().map(|(_, c)| c.name.as_str());
            self.unknown(codes::CATEGORY, &draft.category, "category", known);
        }
        let key = self.columns_of(&draft.key);
        if draft.key.get_ref().0.is_empty() || key.len() > MAX_KEY {
            self.fault(
                codes::CONDITION,
                draft.key.span(),
                format!("a record's key has 1 to {MAX_KEY} columns"),
            );
        }
        let each = draft.each.as_ref().and_then(|each| self.each(each, &key));
        let when = self.tests(&draft.when, None);
        let cancelled = self.mark(draft.cancelled.as_ref(), "the mark `cancelled`");
        let restricted = self.mark(draft.restricted.as_ref(), "the mark `restricted`");
        // Without a category the columns still count as used, so that one slip gives one message.
        let Some(category) = category else {
            draft.fields.0.iter().for_each(|(_, f)| self.touch(f));
            return None;
        };
        let (fields, names) = self.fields(category, draft.fields)?;
        let part = draft.part.map(Spanned::into_inner);
        let internal = self.ctx.schema.get(category).is_some_and(|c| c.internal);
        Some(RecordPlan {
            category,
            name,
            internal,
            key,
            part,
            each,
            when,
            cancelled,
            restricted,
            fields,
            names,
        })
    }

    /// A list column. Its parts are told apart by the key, or all but one would be lost.
    fn each(&mut self, draft: &Spanned<EachDraft>, key: &[ColumnId]) -> Option<(ColumnId, String)> {
        let EachDraft { column, split } = draft.get_ref();
        let id = self.column(column)?;
        if split.get_ref().is_empty() {
            self.fault(
                codes::CONDITION,
                split.span(),
                "`split` is the text between two parts, and not empty",
            );
            return None;
        }
        if !key.contains(&id) {
            let what = format!("the key has to name `{}`: each part of it gives a record", column.get_ref());
            self.fault(codes::CONDITION, column.span(), what);
            return None;
        }
        Some((id, split.get_ref().clone()))
    }

    /// Two blocks that are bound to meet in one record would silently overwrite one another.
    fn apart(&mut self, plans: &[RecordPlan], spans: &[Range<usize>]) {
        for (at, (plan, span)) in plans.iter().zip(spans).enumerate() {
            let meets = |other: &&RecordPlan| {
                let same =
                    (other.category, &other.key, &other.part) == (plan.category, &plan.key, &plan.part);
                same && (other.when.is_empty() || plan.when.is_empty())
            };
            if plans.iter().take(at).any(|other| meets(&other)) {
                let what = format!("two blocks of `{}` give one record of the same key", plan.name);
                let problem = Problem::new(codes::CONDITION, what);
                self.push(
                    problem.help("give each block a `part`, or conditions that exclude one another"),
                    span.clone(),
                );
            }
        }
    }

    fn fields(
        &mut self,
        category: CategoryId,
        draft: Pairs<Spanned<FieldDraft>>,
    ) -> Option<(Vec<Option<super::plan::FieldPlan>>, Vec<String>)> {
        let schema = self.ctx.schema;
        let known = schema.get(category)?;
        let mut plans: Vec<_> = known.fields.iter().map(|_| None).collect();
        for (word, field) in draft.0 {
            let Some(id @ FieldId(at)) = known.field(word.get_ref()) else {
                self.touch(&field);
                let what = format!("field of `{}`", known.name);
                self.unknown(codes::CATEGORY, &word, &what, known.fields.iter().map(|f| f.name.as_str()));
                continue;
            };
            let plan = self.field(known, id, &field);
            if let Some(slot) = plans.get_mut(usize::from(at)) {
                *slot = plan;
            }
        }
        Some((plans, known.fields.iter().map(|f| f.name.clone()).collect()))
    }

    fn mark(&mut self, draft: Option<&Spanned<ConditionDraft>>, what: &str) -> Option<Test> {
        self.test(draft?, Some(what))
    }

    fn tests(&mut self, drafts: &[Spanned<ConditionDraft>], strict: Option<&str>) -> Vec<Test> {
        drafts.iter().filter_map(|d| self.test(d, strict)).collect()
    }

    /// One condition. `strict` names what hangs on it when its column must be in every file.
    fn test(&mut self, draft: &Spanned<ConditionDraft>, strict: Option<&str>) -> Option<Test> {
        let column = self.column(&draft.get_ref().column);
        let ConditionDraft { column: word, is_in, not_in, present, absent } = draft.get_ref();
        let words = |w: &Words| w.0.iter().map(|t| t.trim().into()).collect();
        let check = match (is_in, not_in, present, absent) {
            (Some(list), None, None, None) => Check::In(words(list)),
            (None, Some(list), None, None) => Check::NotIn(words(list)),
            (None, None, Some(true), None) => Check::Present,
            (None, None, None, Some(true)) => Check::Absent,
            _ => {
                let what = "a condition has one of `in`, `not_in`, `present = true` and `absent = true`";
                self.fault(codes::CONDITION, draft.span(), what);
                return None;
            }
        };
        if matches!(&check, Check::In(list) | Check::NotIn(list) if list.is_empty()) {
            self.fault(codes::CONDITION, draft.span(), "the condition's list is empty");
        }
        let column = column?;
        if let Some(what) = strict {
            self.must_be_required(column, word.span(), what);
        }
        Some(Test { column, check })
    }

    fn refuse(&mut self, draft: &RuleDraft) -> Option<Rule> {
        const REASONS: [(&str, Code); 5] = [
            ("limited_access", codes::LIMITED_ACCESS),
            ("test_row", codes::TEST_ROW),
            ("not_permitted", codes::NOT_PERMITTED),
            ("unknown_word", codes::UNKNOWN_WORD),
            ("incomplete", codes::INCOMPLETE),
        ];
        let code = REASONS.iter().find(|(word, _)| word == draft.reason.get_ref()).map(|(_, code)| *code);
        if code.is_none() {
            self.unknown(codes::CONDITION, &draft.reason, "reason", REASONS.iter().map(|(word, _)| *word));
        }
        self.rule(draft, code.unwrap_or(codes::NOT_PERMITTED))
    }

    fn skip(&mut self, draft: &RuleDraft) -> Option<Rule> {
        self.rule(draft, codes::CONDITION)
    }

    fn rule(&mut self, draft: &RuleDraft, code: Code) -> Option<Rule> {
        if draft.when.is_empty() {
            self.fault(
                codes::CONDITION,
                draft.reason.span(),
                "a rule without a condition would take every row",
            );
        }
        let when = self.tests(&draft.when, Some("a rule about whole rows"));
        (when.len() == draft.when.len() && !when.is_empty()).then_some(Rule { when, code })
    }

    fn digest(&self, text: &str, partner: &str, plans: &[&RecordPlan]) -> crate::hash::Digest {
        let mut parts = Parts::new(text, partner, self.ctx.zone.iana_name().unwrap_or(""));
        for plan in plans {
            if let Some(category) = self.ctx.schema.get(plan.category) {
                parts.category(plan.category.0, category);
            }
        }
        self.lists.iter().for_each(|(name, list)| parts.lines("list", name, list.entries()));
        self.maps.iter().for_each(|(name, map)| parts.lines("map", name, map.entries()));
        parts.finish()
    }
}

pub(crate) fn nulls(words: Words) -> Nulls {
    Nulls(words.0.into_iter().map(|w| w.trim().into()).collect())
}
