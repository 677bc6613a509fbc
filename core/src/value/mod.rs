//! Typed values: from a partner's text to the one canonical text that the schema knows.
//!
//! Each reader appends the canonical text to `out`, or leaves `out` as it was and returns a `Fault`,
//! which names the rule and never the value.

pub mod date;
pub mod identifier;
pub mod plain;
pub mod postcode;

use crate::problem::CodeDoc;

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault(pub &'static str);

/// The value is empty where one is needed.
pub const EMPTY: Fault = Fault("LG1201");
/// Not a date in the declared form.
pub const DATE: Fault = Fault("LG1202");
/// A date of birth in the future or over 110 years ago.
pub const BIRTH: Fault = Fault("LG1203");
/// Not a time of day.
pub const TIME: Fault = Fault("LG1204");
/// An identifier of the wrong shape.
pub const SHAPE: Fault = Fault("LG1205");
/// An identifier whose check letter is wrong.
pub const CHECK: Fault = Fault("LG1206");
/// A placeholder in the form of an identifier.
pub const PLACEHOLDER: Fault = Fault("LG1207");
/// Not a UK postcode.
pub const POSTCODE: Fault = Fault("LG1208");
/// Not a number.
pub const NUMBER: Fault = Fault("LG1209");

/// Codes of this room (`LG1201`–`LG1239`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1201",
        title: "a value is needed and is empty",
        explanation: "The mapping needs a value in this column. Ask the partner to fill it in, or make the column not required if the \
                      record is of use without it.",
    },
    CodeDoc {
        code: "LG1202",
        title: "not a date",
        explanation: "The text is not a real date in the form that the mapping declares for the column. One column has one form; a \
                      day and month are never swapped to make it fit.",
    },
    CodeDoc {
        code: "LG1203",
        title: "not a possible date of birth",
        explanation: "The date lies in the future or more than 110 years back. Systems' placeholders belong in the column's `null` list.",
    },
    CodeDoc {
        code: "LG1204",
        title: "not a time of day",
        explanation: "Times are read as hh:mm, hh:mm:ss or hhmm; 24:00 is midnight at the day's end. A time that the clocks leave out \
                      in spring is refused.",
    },
    CodeDoc {
        code: "LG1205",
        title: "not an identifier of this kind",
        explanation: "The text does not have the shape of the identifier. Spreadsheets often take leading zeros away: where the \
                      identifier has a fixed width, declare `pad` in the mapping.",
    },
    CodeDoc {
        code: "LG1206",
        title: "the check letter is wrong",
        explanation: "The identifier has the right shape, but its check letter does not agree with its digits: a digit or the letter was \
                      typed wrong. Ask the partner; nothing is corrected by guess.",
    },
    CodeDoc {
        code: "LG1207",
        title: "a placeholder, not an identifier",
        explanation: "The text is a known filler (such as an all-zero number) that passes the check by chance. Put it in the column's \
                      `null` list.",
    },
    CodeDoc {
        code: "LG1208",
        title: "not a UK postcode",
        explanation: "The text is no postcode, even after tidying spaces and reading the letter O as zero where a digit must stand.",
    },
    CodeDoc {
        code: "LG1209",
        title: "not a number",
        explanation: "Numbers are digits with one decimal point, commas between thousands, and a sign or brackets for negative. \
                      Scientific notation is refused: it is what a spreadsheet makes of an identifier.",
    },
];

/// Runs a reader and, when it fails, takes back whatever it had appended.
pub(crate) fn guarded<T>(
    out: &mut alloc::string::String,
    read: impl FnOnce(&mut alloc::string::String) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let before = out.len();
    let result = read(out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}
