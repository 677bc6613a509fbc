//! Drift: a column that was renamed, and one whose values are of another kind than before.
//!
//! A new name is only said, never acted upon: the file is held, and a person adds the name. Header texts are compared,
//! no values. Another kind is seen in the counts of a [`Profile`], against those of the feed's accepted files.

use super::Mapping;
use super::bind::fold;
use super::form::Form;
use super::plan::ColumnId;
use super::profile::{ColumnProfile, Profile};
use super::uses::Uses;
use crate::problem::{Code, nearest};
use alloc::string::String;
use alloc::vec::Vec;

/// Values of earlier files without which nothing is said: a few rows show no habit.
const BEFORE: u64 = 30;
/// Values of tonight's file without which nothing is said.
const NOW: u64 = 10;

/// A column that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted<'m> {
    /// The column's word.
    pub word: &'m str,
    /// The column's first header text.
    pub header: &'m str,
    /// How it changed.
    pub how: Change,
    /// Whether taking the file could change or take back what is known, unseen: it is held. Otherwise all values
    /// read as the mapping wants them, and a warning is enough.
    pub holds: bool,
}

/// How a column changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Its values have another form.
    Form {
        /// What nearly all values were.
        was: Form,
        /// What most are now; `None` when they are of many forms.
        now: Option<Form>,
    },
    /// Values that read before read no more.
    Faults {
        /// Rows whose value does not read.
        faults: u64,
        /// Of so many.
        read: u64,
        /// The commonest reason.
        code: Code,
        /// What most values look like now.
        now: Option<Form>,
    },
    /// It held values and holds none.
    Emptied,
    /// It never held a value and nearly always does.
    Filled,
    /// An optional column that held values is not in the file.
    Missing,
}

impl Change {
    /// The date pattern by which a mapping would read the new values, where they are days of a known pattern.
    pub fn pattern(&self) -> Option<&'static str> {
        match self {
            Self::Form { was: Form::Whole | Form::Letters | Form::Mixed | Form::Words, .. } => None,
            Self::Form { now, .. } | Self::Faults { now, .. } => now.and_then(Form::pattern),
            _ => None,
        }
    }
}

impl Mapping {
    /// Columns of a file that are not what the feed's accepted files made one expect. Columns that the mapping
    /// reads otherwise than it did then are not compared.
    pub fn drifted(&self, before: &Profile, now: &Profile) -> Vec<Drifted<'_>> {
        let columns = (0u16..).zip(&self.columns);
        let each = columns.filter_map(|(at, column)| {
            let (old, new) = (before.columns.get(&column.word)?, now.columns.get(&column.word)?);
            let uses = self.uses(ColumnId(at));
            let (how, holds) =
                if old.reading == new.reading { changed(old, new, &uses)? } else { return None };
            let header = column.headers.first().map_or("", String::as_str);
            Some(Drifted { word: &column.word, header, how, holds })
        });
        each.collect()
    }
}

fn changed(old: &ColumnProfile, new: &ColumnProfile, uses: &Uses) -> Option<(Change, bool)> {
    let (was, is) = (old.filled(), new.filled());
    if !new.present {
        return (was > 0).then_some((Change::Missing, true));
    }
    // As many values as before would have been ten at least: none at all is no chance.
    if is == 0 && old.rows >= BEFORE && was * new.rows >= NOW * old.rows {
        return Some((Change::Emptied, true));
    }
    if was == 0 && old.rows >= BEFORE && is >= NOW && is * 100 >= new.rows * 95 {
        return Some((Change::Filled, false));
    }
    let view = |form: Form| match form {
        Form::Compact if !uses.day => Form::Whole,
        form if uses.exact => form,
        form => form.coarse(),
    };
    let other_form = || {
        let form = dominant(old, Some(new), view).filter(|_| was >= BEFORE && is >= NOW)?;
        let still = count(new, Some(old), view, form);
        let now = dominant(new, Some(old), view);
        (still * 10 <= is).then_some(Change::Form { was: form, now })
    };
    if let Some(change) = other_form() {
        return Some((change, uses.open || new.faults > 0));
    }
    let habit = old.read >= BEFORE && old.faults * 10 <= old.read;
    let broken = new.faults >= NOW && new.faults * 2 >= new.read;
    let (faults, read, now) = (new.faults, new.read, dominant(new, Some(old), view));
    let change = Change::Faults { faults, read, code: new.fault?, now };
    (habit && broken).then_some((change, true))
}

/// The form of at least nine in ten values.
pub(super) fn dominant(
    one: &ColumnProfile,
    other: Option<&ColumnProfile>,
    view: impl Fn(Form) -> Form + Copy,
) -> Option<Form> {
    let forms = one.forms.keys().map(|f| settled(one, other, view(*f)));
    let best = forms.max_by_key(|f| count(one, other, view, *f))?;
    (count(one, other, view, best) * 10 >= one.filled() * 9).then_some(best)
}

fn count(one: &ColumnProfile, other: Option<&ColumnProfile>, view: impl Fn(Form) -> Form, form: Form) -> u64 {
    let of = one.forms.iter().filter(|(f, _)| settled(one, other, view(**f)) == form);
    of.map(|(_, count)| count).sum()
}

/// Days of which either number may be the month go with those of the file that are sure; where none is, with the
/// other file's.
fn settled(one: &ColumnProfile, other: Option<&ColumnProfile>, form: Form) -> Form {
    if form != Form::EitherFirst {
        return form;
    }
    let sure = |p: &ColumnProfile| {
        let of = |form| p.forms.get(&form).copied().unwrap_or(0);
        match (of(Form::DayFirst), of(Form::MonthFirst)) {
            (0, 0) => None,
            (days, months) if days >= months => Some(Form::DayFirst),
            _ => Some(Form::MonthFirst),
        }
    };
    sure(one).or_else(|| other.and_then(sure)).unwrap_or(Form::EitherFirst)
}

impl Mapping {
    /// For each missing header text the spare text of the file that is most like it, where one alone is. Texts
    /// under `ignore` are known to be something else.
    pub fn renamed<'a>(&self, missing: &'a [String], spare: &'a [String]) -> Vec<(&'a str, &'a str)> {
        let spare: Vec<&str> = spare.iter().filter(|s| !self.ignores(s)).map(String::as_str).collect();
        missing.iter().filter_map(|name| Some((name.as_str(), most_like(name, &spare)?))).collect()
    }
}

/// The text most like a header: a few letters off, its initials, or most of its words. Nothing when two are alike.
fn most_like<'a>(header: &str, spare: &[&'a str]) -> Option<&'a str> {
    let folded: Vec<(String, &str)> = spare.iter().map(|s| (fold(s), *s)).collect();
    if let Some(near) = nearest(&fold(header), folded.iter().map(|(f, _)| f.as_str())) {
        return folded.iter().find(|(f, _)| f == near).map(|(_, s)| *s);
    }
    let own = words(header);
    let mut scores: Vec<(usize, &str)> = spare.iter().map(|s| (alike(&own, &words(s)), *s)).collect();
    scores.sort_unstable();
    match scores.as_slice() {
        [.., (second, _), (best, text)] if *best > *second && *best >= HALF => Some(*text),
        [(best, text)] if *best >= HALF => Some(*text),
        _ => None,
    }
}

/// Half of the words, in hundredths.
const HALF: usize = 50;

/// How many of all words of both stand in both, in hundredths; initials of several words are these words.
fn alike(a: &[String], b: &[String]) -> usize {
    let initials = |all: &[String]| all.iter().filter_map(|w| w.chars().next()).collect::<String>();
    let short =
        |one: &[String], many: &[String]| many.len() > 1 && matches!(one, [word] if *word == initials(many));
    if short(a, b) || short(b, a) {
        return 100;
    }
    let shared = a.iter().filter(|w| b.contains(w)).count();
    let all = a.len() + b.len() - shared;
    (shared * 100).checked_div(all).unwrap_or(0)
}

/// The words of a header: parted by anything but letters and digits, and before a capital inside a word.
fn words(header: &str) -> Vec<String> {
    let (mut out, mut word, mut small) = (Vec::new(), String::new(), false);
    for c in header.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            out.extend(Some(core::mem::take(&mut word)).filter(|w| !w.is_empty()));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    out.extend(Some(word).filter(|w| !w.is_empty()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_column_is_recognised_by_its_letters_its_words_or_its_initials() {
        for (missing, spare, expected) in [
            ("Finished", &["Date finished", "Tutor"][..], Some("Date finished")),
            ("Surname", &["SURNAMES", "Ward"], Some("SURNAMES")),
            ("DOB", &["Date of Birth", "Date of arrest"], Some("Date of Birth")),
            ("ReleaseDate", &["Release_Date_Time", "Wing"], Some("Release_Date_Time")),
            ("Finished", &["Date finished", "Finished on"], None),
            ("Result", &["Tutor", "Remarks"], None),
            ("Result", &[], None),
        ] {
            assert_eq!(most_like(missing, spare), expected, "{missing}");
        }
    }
}
