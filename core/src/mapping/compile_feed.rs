//! Compiling `[feed]`, `[source]` and `[check]`: all that is said about files rather than rows.

use super::checks::{Budget, EmptyRule};
use super::compile::Compiler;
use super::source::{FILE_DATES, FileDate};
use super::syntax::{CheckDraft, FeedDraft, OptionValue, SOURCE_KEYS, SourceDraft};
use super::{Checks, Source, codes};
use crate::agreement::PartnerId;
use crate::problem::Problem;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use serde_spanned::Spanned;

impl Compiler<'_> {
    pub(super) fn feed(&mut self, feed: &FeedDraft) -> Option<(PartnerId, u32)> {
        let plain = |t: &str| {
            !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !plain(feed.name.get_ref()) {
            self.fault(codes::FEED, feed.name.span(), "a feed's name is small letters, digits and hyphens");
        }
        let days = retention(feed.retention.get_ref());
        if days.is_none() {
            let problem = Problem::new(codes::FEED, "`retention` does not read");
            self.push(
                problem.help("write it as `90 days`, `8 weeks`, `6 months` or `1 year`"),
                feed.retention.span(),
            );
        }
        let partners = self.ctx.partners;
        let at = partners.iter().position(|p| p == feed.partner.get_ref());
        if at.is_none() {
            self.unknown(codes::FEED, &feed.partner, "partner", partners.iter().copied());
        }
        Some((PartnerId(u8::try_from(at?).ok()?), days?))
    }

    pub(super) fn source(&mut self, draft: Spanned<SourceDraft>) -> Option<Source> {
        let whole = draft.span();
        let draft = draft.into_inner();
        let mut need = |word: &Option<Spanned<String>>, name: &str| {
            if word.is_none() {
                self.fault(codes::SOURCE, whole.clone(), format!("`[source]` has no `{name}`"));
            }
            word.as_ref().map(|w| w.get_ref().clone())
        };
        let (place, file) = (need(&draft.place, "place"), need(&draft.file, "file"));
        let format = need(&draft.format, "format");
        let date = FileDate::parse(draft.date.as_ref().map_or("yyyymmdd", |d| d.get_ref()));
        if let (None, Some(word)) = (&date, &draft.date) {
            self.unknown(codes::SOURCE, word, "file date", FILE_DATES.iter().copied());
        }
        let (mut options, mut options_at) = (BTreeMap::new(), 0..0);
        for (key, value) in draft.others {
            options_at = value.span();
            match value.into_inner() {
                OptionValue::Table(table) if Some(key.get_ref()) == format.as_ref() => options = table,
                OptionValue::Table(_) => {
                    let (word, named) = (key.get_ref(), format.as_deref().unwrap_or("csv"));
                    let what =
                        format!("`format` is `{named}`, and the options stand under `[source.{word}]`");
                    let help = "one of the two words is a slip: the table is named as the format";
                    self.push(Problem::new(codes::SOURCE, what).help(help), key.span());
                }
                _ => {
                    let known = SOURCE_KEYS.into_iter().chain(format.as_deref());
                    self.unknown(codes::SOURCE, &key, "key of `[source]`", known);
                }
            }
        }
        Some(Source { place: place?, file: file?, date: date?, format: format?, options, options_at })
    }

    pub(super) fn checks(&mut self, draft: &CheckDraft) -> Checks {
        let mut checks = Checks::default();
        for (value, slot, name) in [
            (&draft.error_budget, &mut checks.error_budget, "error_budget"),
            (&draft.shrink, &mut checks.shrink, "shrink"),
        ] {
            let Some(value) = value else { continue };
            if let Some(budget) = Budget::parse(value.get_ref()) {
                *slot = budget;
            } else {
                let problem = Problem::new(codes::CHECK, format!("`{name}` does not read"));
                self.push(problem.help("write a share such as \"5%\" or a number of rows"), value.span());
            }
        }
        if let Some(word) = &draft.empty {
            match word.get_ref().as_str() {
                "held" => checks.empty = EmptyRule::Held,
                "accepted" => checks.empty = EmptyRule::Accepted,
                _ => self.unknown(codes::CHECK, word, "word for `empty`", ["held", "accepted"]),
            }
        }
        checks
    }
}

/// Days in `90 days`, `8 weeks`, `6 months` (of 30 days) or `1 year` (of 365): never longer than said.
fn retention(text: &str) -> Option<u32> {
    let (count, unit) = text.trim().split_once(' ')?;
    let days = match unit.trim() {
        "day" | "days" => 1,
        "week" | "weeks" => 7,
        "month" | "months" => 30,
        "year" | "years" => 365,
        _ => return None,
    };
    count.parse::<u32>().ok()?.checked_mul(days).filter(|d| *d > 0)
}
