//! The message codes of values (`LG12nn`), with what each means and what to do.

use super::Fault;
use crate::problem::CodeDoc;

/// Nothing is left of the value.
pub(super) const EMPTY: Fault = Fault("LG1201");
/// Not the declared form of a date.
pub(super) const DATE_FORM: Fault = Fault("LG1202");
/// The declared form, but no such day, or a year no record can have.
pub(super) const DATE_IMPOSSIBLE: Fault = Fault("LG1203");
/// A birth in the future or too long ago.
pub(super) const BIRTH: Fault = Fault("LG1204");
/// Not a time of day.
pub(super) const TIME: Fault = Fault("LG1205");
/// Not the shape of that identifier.
pub(super) const ID_SHAPE: Fault = Fault("LG1206");
/// The check letter does not belong to the digits.
pub(super) const ID_CHECK: Fault = Fault("LG1207");
/// A placeholder that looks like an identifier.
pub(super) const ID_PLACEHOLDER: Fault = Fault("LG1208");
/// A shape that was never issued.
pub(super) const ID_NEVER_ISSUED: Fault = Fault("LG1209");
/// Not a postcode.
pub(super) const POSTCODE: Fault = Fault("LG1210");
/// Not a number.
pub(super) const NUMBER: Fault = Fault("LG1211");
/// Scientific notation.
pub(super) const SCIENTIFIC: Fault = Fault("LG1212");
/// Not an amount of money.
pub(super) const MONEY: Fault = Fault("LG1213");
/// A spreadsheet number that no date stands behind.
pub(super) const SERIAL: Fault = Fault("LG1214");
/// A date and time outside the calendar.
pub(super) const INSTANT: Fault = Fault("LG1215");

const fn doc(fault: Fault, title: &'static str, explanation: &'static str) -> CodeDoc {
    CodeDoc { code: fault.0, title, explanation }
}

/// Codes of this room (`LG12nn`).
pub const CODES: &[CodeDoc] = &[
    doc(
        EMPTY,
        "a value has nothing in it",
        "The cell holds only spaces or invisible characters where a value is needed. Where the source writes \
         nothing on purpose, the mapping should make the column not required or list the word under `null`.",
    ),
    doc(
        DATE_FORM,
        "a date is not in its declared form",
        "Each date column has one declared form, because 01/02/08 reads differently in each. This cell has \
         another one. If the source has changed its form, change `date` in the mapping; one form per column.",
    ),
    doc(
        DATE_IMPOSSIBLE,
        "a date does not exist",
        "The form is right, but there is no such day (31 February), or the year lies before 1800 or after \
         2199. Dates such as 31/12/9999 that a system writes for `none` belong in the column's `null` list; \
         they are never stored as values.",
    ),
    doc(
        BIRTH,
        "a date of birth is not plausible",
        "The date lies in the future or makes the person older than 110 years. A wrong date of birth can join \
         the records of two people, so the row waits until the source corrects it.",
    ),
    doc(
        TIME,
        "a time of day does not read",
        "Times are written 08:45, 08:45:00 or 0845; 24:00 is the end of the day. Anything else is refused.",
    ),
    doc(
        ID_SHAPE,
        "an identifier does not have its shape",
        "The cell does not have the shape of the identifier that the mapping declares. Often two columns are \
         swapped, or a spreadsheet dropped leading zeros or turned the cell into a date.",
    ),
    doc(
        ID_CHECK,
        "an identifier fails its check letter",
        "The last letter of a PNC, CRO or arrest/summons number follows from its digits, and does not here: a \
         digit is mistyped. The number may belong to another person, so it is not used.",
    ),
    doc(
        ID_PLACEHOLDER,
        "an identifier is a placeholder",
        "The cell holds a filler (such as 000000/00Z) that many people share. Used as an identifier it would \
         make them one person. List it under the column's `null` words.",
    ),
    doc(
        ID_NEVER_ISSUED,
        "an identifier was never issued",
        "The shape is right, but no such number is given out: a National Insurance number with a prefix that \
         is never used, or a PNC number of a year before 1900 or after this one.",
    ),
    doc(
        POSTCODE,
        "a postcode does not read",
        "The cell is not a UK postcode, also after tidying spaces, case and the letter O in a place of a digit. \
         Nothing else is guessed.",
    ),
    doc(
        NUMBER,
        "a number does not read",
        "A number is written with digits, at most one decimal point and commas between thousands. Values such \
         as `<1`, `85+` or `40%` are bands or shares: map them as codes, or change them in the source.",
    ),
    doc(
        SCIENTIFIC,
        "a number is in scientific notation",
        "A spreadsheet has shortened the number (1.2E+11), so digits may be lost. The source must format the \
         column as text.",
    ),
    doc(
        MONEY,
        "an amount of money does not read",
        "An amount is written in pounds with at most two decimals; a minus sign or brackets mean below zero. \
         Which sign means a debt is declared for the feed.",
    ),
    doc(
        SERIAL,
        "a spreadsheet number is not a date",
        "A number in a date column is read as a spreadsheet's count of days, and a \
         date cell as a day. This one lies before March 1900 (an empty cell in the style of a date), looks like \
         a bare year, or is far too large.",
    ),
    doc(
        INSTANT,
        "a date and time lie outside the calendar",
        "The date and time cannot be written as one instant, because the year is out of range.",
    ),
];
