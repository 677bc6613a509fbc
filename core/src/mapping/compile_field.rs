//! Compiling one field: which options fit its type, and what reads it.

use super::codes;
use super::compile::{Compiler, PERSON, nulls};
use super::convert::{Given, Scene, convert};
use super::plan::{FieldPlan, Input, Nulls, Role, Shape};
use super::syntax::{FieldDraft, FieldTable, OptionValue, Pairs, Words};
use crate::problem::Problem;
use crate::row::CellKind;
use crate::schema::{Category, Field, FieldId, Kind};
use crate::value::date::{self, DateFormat};
use crate::value::identifier::IdKind;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use jiff::civil::Date;
use serde_spanned::Spanned;

/// The pattern of a date field that declares none: ISO 8601, which cannot be misread.
const ISO: &str = "yyyy-mm-dd";
/// The day on which fixed values and null words are read; no two-digit year is read there.
const ANY_DAY: Date = Date::constant(2008, 11, 17);

impl Compiler<'_> {
    /// Compiles a field of a category.
    pub(crate) fn field(
        &mut self,
        category: &Category,
        id: FieldId,
        draft: &Spanned<FieldDraft>,
    ) -> Option<FieldPlan> {
        let field = category.get(id)?;
        let simple;
        let table = match draft.get_ref() {
            FieldDraft::Table(table) => table.as_ref(),
            FieldDraft::Column(word) => {
                let column = Some(Spanned::new(draft.span(), word.clone()));
                simple = FieldTable { column, ..FieldTable::default() };
                &simple
            }
        };
        let fitting = self.options(table, field, &draft.span());
        let shape = self.shape(table, field, &draft.span());
        let input = self.input(table, draft.span());
        let (shape, input) = (shape?, input?);
        if !fitting {
            return None;
        }
        let input = match input {
            Input::Constant(text) => Input::Constant(self.fixed(shape, &text, field, draft.span())?),
            other => other,
        };
        let words = table.map.as_ref().map(|map| self.words(map.get_ref(), shape, field));
        let null = nulls(Words(table.null.as_ref().map_or_else(Vec::new, |w| w.0.clone())));
        let null_dates = self.null_dates(shape, &null, &input);
        let drop = match table.on_fault.as_ref().map(|w| (w, w.get_ref().as_str())) {
            None | Some((_, "refuse")) => false,
            Some((_, "drop")) => true,
            Some((word, _)) => {
                self.unknown(codes::OPTION, word, "word for `on_fault`", ["refuse", "drop"]);
                false
            }
        };
        Some(FieldPlan {
            input,
            first_char: table.first_char.as_ref().is_some_and(|f| *f.get_ref()),
            words,
            pad: table.pad.as_ref().map_or(0, |p| usize::from(*p.get_ref())),
            null,
            null_dates,
            shape,
            drop,
            role: if category.name == PERSON { role(field, shape) } else { Role::None },
        })
    }

    /// Counts the columns of a field that cannot be compiled as used.
    pub(crate) fn touch(&mut self, draft: &Spanned<FieldDraft>) {
        match draft.get_ref() {
            FieldDraft::Column(word) => {
                self.column(&Spanned::new(draft.span(), word.clone()));
            }
            FieldDraft::Table(table) => {
                self.input(table, draft.span());
                if let Some(word) = &table.time {
                    self.column(word);
                }
            }
        }
    }

    /// Checks that each option given belongs to the field's type.
    fn options(&mut self, table: &FieldTable, field: &Field, whole: &Range<usize>) -> bool {
        let given = given(table);
        let mut good = true;
        for (name, span) in &given {
            if !fits(name, field.kind) {
                let what = format!(
                    "`{name}` does not fit `{}`, a field of type `{}`",
                    field.name,
                    field.kind.word()
                );
                self.fault(codes::OPTION, span.clone(), what);
                good = false;
            }
        }
        let has = |name: &str| given.iter().any(|(n, _)| *n == name);
        let mut also = |wrong: bool, what: &str| {
            if wrong {
                self.fault(codes::OPTION, whole.clone(), what);
                good = false;
            }
        };
        also(has("map") && has("codes"), "a field has `map` or `codes`, not both");
        also(has("constant") && given.len() > 1, "a constant takes no other option");
        also(has("join") && !has("columns"), "`join` needs `columns`");
        let several = table.columns.as_ref().is_some_and(|c| c.get_ref().len() > 1);
        also(several && !has("join"), "several columns need `join`, the text between them");
        good
    }

    fn input(&mut self, table: &FieldTable, whole: Range<usize>) -> Option<Input> {
        match (&table.column, &table.columns, &table.constant) {
            (Some(word), None, None) => self.column(word).map(Input::One),
            (None, Some(words), None) if !words.get_ref().is_empty() => {
                let columns: Vec<_> = words.get_ref().iter().filter_map(|w| self.column(w)).collect();
                let join = table.join.as_ref().map_or_else(String::new, |j| j.get_ref().clone());
                (columns.len() == words.get_ref().len()).then_some(Input::Many(columns, join))
            }
            (None, None, Some(value)) => {
                let text = value.get_ref().plain().filter(|t| !t.trim().is_empty());
                if text.is_none() {
                    self.fault(codes::FIXED_VALUE, value.span(), "a constant is one value that is not empty");
                }
                text.map(Input::Constant)
            }
            _ => {
                self.fault(codes::OPTION, whole, "a field has one of `column`, `columns` and `constant`");
                None
            }
        }
    }

    fn shape(&mut self, table: &FieldTable, field: &Field, whole: &Range<usize>) -> Option<Shape> {
        Some(match field.kind {
            Kind::Name | Kind::Person => Shape::Name,
            Kind::Text | Kind::File => Shape::Text,
            Kind::Address => Shape::Address,
            Kind::Number => Shape::Number { times: self.times(table)? },
            Kind::Flag => Shape::Flag,
            Kind::Postcode => Shape::Postcode,
            Kind::Id => Shape::Id(field.detail.as_deref().and_then(IdKind::parse).unwrap_or(IdKind::Local)),
            Kind::Money => {
                Shape::Money { positive_is_credit: self.positive(table)?, in_pence: self.in_pence(table)? }
            }
            Kind::Code => self.code(table, field, whole)?,
            Kind::Date => Shape::Date(self.pattern(table, false)?.0),
            Kind::Dob => {
                let (format, two_digits) = self.pattern(table, false)?;
                Shape::Birth { format, two_digits }
            }
            Kind::DateTime => {
                let format = self.pattern(table, table.time.is_none())?.0;
                let time = match &table.time {
                    Some(word) => Some(self.column(word)?),
                    None => None,
                };
                Shape::DateTime { format, time }
            }
        })
    }

    /// The date pattern, and whether its year has two digits. `day_alone`: only the day is read by
    /// the pattern, the time behind it by itself (an instant in one cell).
    fn pattern(&mut self, table: &FieldTable, day_alone: bool) -> Option<(DateFormat, bool)> {
        let text = table.date.as_ref().map_or(ISO, |d| d.get_ref());
        let day = text.split_once("Thh").or_else(|| text.split_once(" hh")).map_or(text, |(day, _)| day);
        let found =
            DateFormat::parse(text).and_then(|f| if day_alone { DateFormat::parse(day) } else { Some(f) });
        if let (None, Some(word)) = (found, &table.date) {
            self.unknown(codes::OPTION, word, "date pattern", DateFormat::KNOWN.iter().copied());
        }
        found.map(|f| (f, text.contains("yy") && !text.contains("yyyy")))
    }

    /// Which sign a partner gives to money that is owed. Without the option, a positive amount is owed.
    fn positive(&mut self, table: &FieldTable) -> Option<bool> {
        let Some(word) = &table.positive else { return Some(false) };
        match word.get_ref().as_str() {
            "owed" => Some(false),
            "credit" => Some(true),
            _ => {
                self.unknown(codes::OPTION, word, "word for `positive`", ["owed", "credit"]);
                None
            }
        }
    }

    /// Whether a partner writes money in pence. Without the option an amount is in pounds.
    fn in_pence(&mut self, table: &FieldTable) -> Option<bool> {
        let Some(word) = &table.unit else { return Some(false) };
        match word.get_ref().as_str() {
            "pounds" => Some(false),
            "pence" => Some(true),
            _ => {
                self.unknown(codes::OPTION, word, "word for `unit`", ["pounds", "pence"]);
                None
            }
        }
    }

    /// How many of the schema's unit one of the partner's is: 60 for hours where the schema has minutes.
    fn times(&mut self, table: &FieldTable) -> Option<u32> {
        let Some(times) = &table.times else { return Some(1) };
        if (2..=1_000_000).contains(times.get_ref()) {
            return Some(*times.get_ref());
        }
        self.fault(codes::OPTION, times.span(), "`times` is a whole number from 2 to 1,000,000");
        None
    }

    fn code(&mut self, table: &FieldTable, field: &Field, whole: &Range<usize>) -> Option<Shape> {
        let name = field.detail.as_deref().unwrap_or("");
        let Some(list) = self.ctx.schema.list(name) else {
            let what = format!("the schema has no code list `{name}` for `{}`", field.name);
            self.fault(codes::CODE_MAP, whole.clone(), what);
            return None;
        };
        let list_at = at_or_push(&mut self.lists, name, list);
        let Some(word) = &table.codes else { return Some(Shape::Code { map: None, list: list_at }) };
        let Some(map) = self.ctx.code_maps.get(word.get_ref()) else {
            self.unknown(codes::CODE_MAP, word, "code map", self.ctx.code_maps.keys().map(String::as_str));
            return None;
        };
        for line in map.entries().filter(|l| list.any(&l.label).is_none()) {
            let what = format!(
                "code map `{}` gives `{}`, which is not in the list `{name}`",
                word.get_ref(),
                line.label
            );
            self.push(Problem::new(codes::CODE_MAP, what).suggest(&line.label, list.codes()), word.span());
        }
        Some(Shape::Code { map: Some(at_or_push(&mut self.maps, word.get_ref(), map)), list: list_at })
    }

    /// The answers of an inline map, each checked as a value of the field.
    fn words(
        &mut self,
        map: &Pairs<Spanned<OptionValue>>,
        shape: Shape,
        field: &Field,
    ) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (from, to) in &map.0 {
            match to.get_ref().plain() {
                Some(text) => {
                    if self.fixed(shape, &text, field, to.span()).is_some() {
                        out.push((from.get_ref().trim().into(), text));
                    }
                }
                None => {
                    self.fault(codes::FIXED_VALUE, to.span(), "an answer of a map is one value");
                }
            }
        }
        out
    }

    /// The canonical text of a value that stands in the mapping itself.
    fn fixed(&mut self, shape: Shape, text: &str, field: &Field, span: Range<usize>) -> Option<String> {
        let mut out = String::new();
        let list = match shape {
            Shape::Code { list, .. } => self.lists.get(list).map(|(_, l)| l),
            _ => None,
        };
        let good = if let Some(list) = list {
            out.push_str(text);
            list.any(text).is_some()
        } else {
            let zone = &self.ctx.zone;
            let scene = Scene { lists: &[], maps: &[], zone, day: ANY_DAY, epoch_1904: false };
            convert(shape, Given { text, kind: CellKind::Text }, &[], &scene, &mut out) == Ok(true)
        };
        if good {
            return Some(out);
        }
        let known: Vec<String> = list.map_or_else(Vec::new, |l| l.codes().map(String::from).collect());
        let what =
            format!("`{text}` is not a value of `{}`, a field of type `{}`", field.name, field.kind.word());
        self.push(
            Problem::new(codes::FIXED_VALUE, what).suggest(text, known.iter().map(String::as_str)),
            span,
        );
        None
    }

    /// Null words that are days: a sentinel is one however the cell writes it.
    fn null_dates(&self, shape: Shape, null: &Nulls, input: &Input) -> Vec<Date> {
        let (Shape::Date(format) | Shape::Birth { format, .. } | Shape::DateTime { format, .. }) = shape
        else {
            return Vec::new();
        };
        let of_column = match input {
            Input::One(column) => self.columns.get(usize::from(column.0)).map(|c| &c.null),
            _ => None,
        };
        let words = null.0.iter().chain(of_column.into_iter().flat_map(|n| &n.0));
        words.filter_map(|w| date::read(w, format, ANY_DAY).ok()).collect()
    }
}

/// The index of a named thing in the mapping's own copies.
fn at_or_push<T: Clone>(all: &mut Vec<(String, T)>, name: &str, thing: &T) -> usize {
    all.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
        all.push((name.into(), thing.clone()));
        all.len() - 1
    })
}

/// The options given, with their places; `column`, `null` and `on_fault` fit every type.
fn given(table: &FieldTable) -> Vec<(&'static str, Range<usize>)> {
    let FieldTable {
        columns,
        join,
        constant,
        date,
        time,
        codes,
        map,
        pad,
        first_char,
        positive,
        unit,
        times,
        ..
    } = table;
    let all = [
        ("columns", columns.as_ref().map(Spanned::span)),
        ("join", join.as_ref().map(Spanned::span)),
        ("constant", constant.as_ref().map(Spanned::span)),
        ("date", date.as_ref().map(Spanned::span)),
        ("time", time.as_ref().map(Spanned::span)),
        ("codes", codes.as_ref().map(Spanned::span)),
        ("map", map.as_ref().map(Spanned::span)),
        ("pad", pad.as_ref().map(Spanned::span)),
        ("first_char", first_char.as_ref().map(Spanned::span)),
        ("positive", positive.as_ref().map(Spanned::span)),
        ("unit", unit.as_ref().map(Spanned::span)),
        ("times", times.as_ref().map(Spanned::span)),
    ];
    all.into_iter().filter_map(|(name, span)| Some((name, span?))).collect()
}

/// Which option belongs to which type.
fn fits(option: &str, kind: Kind) -> bool {
    match option {
        "columns" | "join" => matches!(
            kind,
            Kind::Name | Kind::Person | Kind::Text | Kind::File | Kind::Address | Kind::Code | Kind::Id
        ),
        "constant" => kind != Kind::Dob,
        "date" => matches!(kind, Kind::Date | Kind::Dob | Kind::DateTime),
        "time" => kind == Kind::DateTime,
        "codes" => kind == Kind::Code,
        "map" => matches!(kind, Kind::Code | Kind::Flag | Kind::Number | Kind::Text | Kind::Id),
        "pad" => matches!(kind, Kind::Id | Kind::Code),
        "first_char" => matches!(kind, Kind::Code | Kind::Flag | Kind::Number | Kind::Text),
        "positive" | "unit" => kind == Kind::Money,
        "times" => kind == Kind::Number,
        _ => false,
    }
}

/// What a field of the person says to the linker. The names are those of the schema's `person`.
fn role(field: &Field, shape: Shape) -> Role {
    match (field.name.as_str(), shape) {
        ("surname", Shape::Name) => Role::Surname,
        ("forenames", Shape::Name) => Role::Forenames,
        ("aliases", Shape::Name) => Role::Aliases,
        (_, Shape::Birth { .. }) => Role::Birth,
        (_, Shape::Id(kind)) if kind.is_strong() => Role::Strong(kind),
        _ => Role::None,
    }
}
