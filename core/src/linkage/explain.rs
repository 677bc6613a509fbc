//! Why a pair weighs what it weighs: one line for each field, in words that hold no value of the records.

use super::card::IdField;
use super::compare::Agreement;
use super::field::{self, FIELDS, ID, MISSING, NAMES, shipped};
use super::math::{BIT, Weight};
use super::model::{Model, Score};
use alloc::string::String;
use alloc::vec::Vec;

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The field's name, or what the line says of the odds before any evidence.
    pub field: String,
    /// The level of agreement, with how rare the value is where that counts.
    pub level: String,
    /// What it adds.
    pub weight: Weight,
}

/// The waterfall of a pair: the odds before any evidence, then what each field adds that is known on both sides. The sum
/// of the lines is the score's weight.
pub fn lines(model: &Model, kinds: &[IdField], agreement: &Agreement, score: Score) -> Vec<Line> {
    let mut parts = [0; FIELDS];
    model.parts(agreement, score.against, &mut parts);
    let before = Line {
        field: "odds before".into(),
        level: score.against.words().into(),
        weight: model.prior(score.against),
    };
    let known = agreement.fields().zip(parts).filter(|((_, level, _), _)| *level != MISSING);
    let rest = known.map(|((field, level, rarity), weight)| Line {
        field: name(kinds, field).into(),
        level: level_words(field, level, rarity),
        weight,
    });
    core::iter::once(before).chain(rest).collect()
}

/// The name of a field.
pub fn name(kinds: &[IdField], field: usize) -> &str {
    let own = NAMES.get(field).copied();
    own.or_else(|| kinds.get(field.saturating_sub(ID)).map(|k| k.name.as_str())).unwrap_or_default()
}

/// A level in words.
pub fn level_words(field: usize, level: u8, rarity: Weight) -> String {
    let found = shipped(field).get(usize::from(level));
    let mut out = String::from(found.map_or("", |l| l.words));
    if found.is_some_and(|l| l.rare) && field < ID && field != field::SENTENCE {
        out.push_str(match rarity {
            ..600 => ", common",
            600..950 => ", not common",
            _ => ", rare",
        });
    }
    out
}

/// A weight in bits, with one decimal and its sign.
pub fn bits(weight: Weight) -> String {
    let tenths = (weight.abs() + 5) / 10;
    let sign = if weight < 0 && tenths > 0 { '-' } else { '+' };
    alloc::format!("{sign}{}.{}", tenths * 10 / BIT, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_written_with_sign_and_one_decimal() {
        assert_eq!(
            [bits(1234), bits(-96), bits(-4), bits(0), bits(5)],
            ["+12.3", "-1.0", "+0.0", "+0.0", "+0.1"]
        );
    }
}
