//! What is compared, in which levels, and how often each level is met: the model as it is shipped.
//!
//! Each level has four probabilities: among pairs of records of one person (`same`), of strangers, of relatives of one
//! household, and of twins. Those of one person are learned from the deployment's own data, as are those of strangers;
//! those of relatives and twins are facts about families, and stay. Missing on either side is level 0 of every field
//! and has no weight.

use super::card::IDS;

/// A level of agreement, with its probabilities.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// In words, as an explanation says it.
    pub words: &'static str,
    /// Among pairs of one person.
    pub same: f64,
    /// Among strangers; where `rare` is set the value's own frequency stands instead.
    pub stranger: f64,
    /// Among relatives of one household.
    pub relative: f64,
    /// Among twins.
    pub twin: f64,
    /// Whether the value's frequency counts.
    pub rare: bool,
}

const fn level(words: &'static str, same: f64, stranger: f64, relative: f64, twin: f64) -> Level {
    Level { words, same, stranger, relative, twin, rare: false }
}

const fn rare(words: &'static str, same: f64, stranger: f64, relative: f64, twin: f64) -> Level {
    Level { words, same, stranger, relative, twin, rare: true }
}

/// Missing on one side or both.
pub const MISSING: u8 = 0;

/// Positions of the fields.
pub const GIVEN: usize = 0;
/// Surname.
pub const SURNAME: usize = 1;
/// Middle names.
pub const MIDDLE: usize = 2;
/// Date of birth.
pub const BIRTH: usize = 3;
/// Postcode and address together: they say the same thing twice.
pub const PLACE: usize = 4;
/// Sex.
pub const SEX: usize = 5;
/// A date of sentence.
pub const SENTENCE: usize = 6;
/// The first kind of identifier.
pub const ID: usize = 7;
/// All fields.
pub const FIELDS: usize = ID + IDS;
/// The most levels that a field has.
pub const LEVELS: usize = 11;

/// Levels of the forename.
pub mod given {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const FORM: u8 = 2;
    pub const SLIP: u8 = 3;
    pub const INITIAL: u8 = 4;
    pub const MIDDLE: u8 = 5;
    pub const SWAPPED: u8 = 6;
    pub const ALIKE: u8 = 7;
    pub const OTHER: u8 = 8;
}

/// Levels of the surname.
pub mod surname {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const PART: u8 = 2;
    pub const SLIP: u8 = 3;
    pub const SWAPPED: u8 = 4;
    pub const MIDDLE: u8 = 5;
    pub const ALIKE: u8 = 6;
    pub const OTHER_WOMAN: u8 = 7;
    pub const OTHER: u8 = 8;
}

/// Levels of the middle names.
pub mod middle {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const INITIAL: u8 = 2;
    pub const SLIP: u8 = 3;
    pub const OTHER: u8 = 4;
}

/// Levels of the date of birth.
pub mod birth {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const SWAPPED: u8 = 2;
    pub const DIGIT: u8 = 3;
    pub const YEAR_ONLY: u8 = 4;
    pub const TWO_PARTS: u8 = 5;
    pub const YEARS: u8 = 6;
    pub const DECADE: u8 = 7;
    pub const GENERATION: u8 = 8;
    pub const NEW_YEAR: u8 = 9;
}

/// Levels of postcode and address.
pub mod place {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const HOUSE: u8 = 1;
    pub const POSTCODE: u8 = 2;
    pub const NEIGHBOUR: u8 = 3;
    pub const ADDRESS: u8 = 4;
    pub const SLIP: u8 = 5;
    pub const DISTRICT: u8 = 6;
    pub const ELSEWHERE: u8 = 7;
}

/// Levels of sex.
pub mod sex {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const OTHER: u8 = 2;
}

/// Levels of a date of sentence.
pub mod sentence {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SHARED: u8 = 1;
    pub const OTHER: u8 = 2;
}

/// Levels of an identifier.
pub mod id {
    #![expect(missing_docs, reason = "the words stand in the table")]
    pub const SAME: u8 = 1;
    pub const SLIP: u8 = 2;
    pub const OTHER: u8 = 3;
    pub const UNSURE: u8 = 4;
}

/// The fields' names, as explanations and model files say them; identifiers have their own.
pub const NAMES: [&str; ID] =
    ["forename", "surname", "middle names", "date of birth", "address", "sex", "date of sentence"];

const MISS: Level = level("missing", 1.0, 1.0, 1.0, 1.0);

/// The shipped levels of every field but identifiers.
pub const SHIPPED: [&[Level]; ID] = [
    &[
        MISS,
        rare("same", 0.82, 0.008, 0.045, 0.004),
        rare("short or other form", 0.05, 0.002, 0.008, 0.006),
        rare("one slip apart", 0.04, 0.004, 0.015, 0.02),
        level("initial", 0.02, 0.07, 0.1, 0.15),
        rare("is the other's middle name", 0.015, 0.004, 0.03, 0.03),
        rare("stands as the other's surname", 0.02, 0.0006, 0.001, 0.001),
        level("alike", 0.01, 0.06, 0.09, 0.15),
        level("different", 0.025, 0.85, 0.71, 0.64),
    ],
    &[
        MISS,
        rare("same", 0.86, 0.0015, 0.8, 0.93),
        rare("one part of a double name", 0.015, 0.0006, 0.03, 0.02),
        rare("one slip apart", 0.035, 0.002, 0.03, 0.03),
        rare("stands as the other's forename", 0.02, 0.0006, 0.001, 0.001),
        rare("is the other's middle name", 0.005, 0.001, 0.004, 0.002),
        level("alike", 0.01, 0.05, 0.01, 0.005),
        level("different, a woman", 0.04, 0.2, 0.06, 0.01),
        level("different", 0.015, 0.74, 0.065, 0.003),
    ],
    &[
        MISS,
        rare("same", 0.72, 0.02, 0.06, 0.06),
        level("initial", 0.22, 0.08, 0.11, 0.11),
        rare("one slip apart", 0.03, 0.004, 0.01, 0.01),
        level("different", 0.03, 0.89, 0.82, 0.82),
    ],
    &[
        MISS,
        rare("same", 0.92, 0.00005, 0.0004, 0.92),
        level("day and month exchanged", 0.008, 0.00003, 0.0002, 0.008),
        level("one digit", 0.02, 0.0009, 0.004, 0.02),
        level("year known alone", 0.015, 0.004, 0.006, 0.02),
        level("two of day, month and year", 0.008, 0.0025, 0.005, 0.008),
        level("some years apart", 0.008, 0.22, 0.3, 0.006),
        level("a decade apart", 0.004, 0.2, 0.18, 0.002),
        level("a generation apart", 0.002, 0.57, 0.5, 0.001),
        rare("same, a 1 January", 0.015, 0.0003, 0.0004, 0.015),
    ],
    &[
        MISS,
        rare("same house", 0.4, 0.00002, 0.45, 0.55),
        rare("same postcode", 0.06, 0.0001, 0.06, 0.07),
        rare("same postcode, other house", 0.02, 0.0001, 0.02, 0.02),
        rare("same number and street", 0.04, 0.0002, 0.04, 0.05),
        level("postcode one slip apart", 0.01, 0.0006, 0.01, 0.01),
        rare("same district", 0.12, 0.03, 0.11, 0.09),
        level("elsewhere", 0.35, 0.96, 0.31, 0.21),
    ],
    &[MISS, level("same", 0.99, 0.7, 0.66, 0.7), level("different", 0.01, 0.3, 0.34, 0.3)],
    &[MISS, rare("shared", 0.75, 0.002, 0.02, 0.02), level("none shared", 0.25, 0.998, 0.98, 0.98)],
];

/// The shipped levels of every identifier.
pub const SHIPPED_ID: &[Level] = &[
    MISS,
    rare("same", 0.955, 0.00002, 0.003, 0.003),
    level("one slip apart", 0.012, 0.0001, 0.001, 0.001),
    level("different", 0.03, 0.995, 0.99, 0.99),
    level("different, and one fails its check", 0.003, 0.005, 0.006, 0.006),
];

/// The shipped levels of a field.
pub fn shipped(field: usize) -> &'static [Level] {
    SHIPPED.get(field).copied().unwrap_or(SHIPPED_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_of_a_field_are_all_there_is() {
        for field in 0..=ID {
            let levels = shipped(field);
            assert!(levels.len() <= LEVELS);
            for part in [|l: &Level| l.same, |l: &Level| l.relative, |l: &Level| l.twin] {
                let sum: f64 = levels.iter().skip(1).map(part).sum();
                assert!((sum - 1.0).abs() < 0.035, "field {field}: {sum}");
            }
            assert!(
                levels.iter().all(|l| l.same > 0.0 && l.stranger > 0.0 && l.relative > 0.0 && l.twin > 0.0)
            );
        }
    }
}
