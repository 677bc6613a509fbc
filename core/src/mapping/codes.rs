//! The message codes of mappings (`LG02nn`) and of the rows that they refuse (`LG1240` and up).

use crate::problem::{Code, CodeDoc};

pub(crate) const CATEGORY: Code = "LG0203";
pub(crate) const COLUMN: Code = "LG0204";
pub(crate) const OPTION: Code = "LG0205";
pub(crate) const CODE_MAP: Code = "LG0206";
pub(crate) const FEED: Code = "LG0207";
pub(crate) const CONDITION: Code = "LG0208";
pub(crate) const CHECK: Code = "LG0209";
pub(crate) const SOURCE: Code = "LG0210";
pub(crate) const EXAMPLE: Code = "LG0211";
pub(crate) const FIXED_VALUE: Code = "LG0212";
pub(crate) const IDENTITY: Code = "LG0213";
pub(crate) const EXAMPLE_FAILED: Code = "LG0214";

pub(crate) const LIMITED_ACCESS: Code = "LG1240";
pub(crate) const TEST_ROW: Code = "LG1241";
pub(crate) const NOT_PERMITTED: Code = "LG1242";
pub(crate) const NO_IDENTITY: Code = "LG1243";
pub(crate) const NO_KEY: Code = "LG1244";
pub(crate) const UNKNOWN_CODE: Code = "LG1245";
pub(crate) const NOT_IN_LIST: Code = "LG1246";
pub(crate) const UNKNOWN_WORD: Code = "LG1247";
pub(crate) const NUMBER_CELL: Code = "LG1248";
pub(crate) const CELL_KIND: Code = "LG1249";
pub(crate) const CELL_ERROR: Code = "LG1250";
pub(crate) const SCIENTIFIC: Code = "LG1251";
pub(crate) const NO_TIME: Code = "LG1252";
pub(crate) const KEY_TWICE: Code = "LG1253";
pub(crate) const INCOMPLETE: Code = "LG1254";
pub(crate) const LONG_LIST: Code = "LG1255";

/// Codes of rows that a `[[refuse]]` rule set aside.
pub(crate) const BY_RULE: &[Code] = &[LIMITED_ACCESS, TEST_ROW, NOT_PERMITTED];

const fn doc(code: Code, title: &'static str, explanation: &'static str) -> CodeDoc {
    CodeDoc { code, title, explanation }
}

/// Codes of this room.
pub const CODES: &[CodeDoc] = &[
    doc(
        CATEGORY,
        "a mapping names a category or field that the schema does not have",
        "Categories and fields are those of `schema/*.toml`. The `person` category is filled by `[identity.person]`, never \
         by a record block.",
    ),
    doc(
        COLUMN,
        "a mapping's columns do not agree with their use",
        "A field, key or condition names a column word that `[columns]` does not declare; or a header text stands under \
         two words; or a declared column is used nowhere. A column that is known and not wanted goes under `ignore`.",
    ),
    doc(
        OPTION,
        "an option does not fit the field",
        "Each option belongs to certain types: `date` to dates and dates of birth, `time` to instants, `codes` to codes, \
         `pad` to identifiers and codes, `join` to fields of several columns, and so on. A field has one source: \
         `column`, `columns` or `constant`.",
    ),
    doc(
        CODE_MAP,
        "a code map is missing or leads out of the schema's list",
        "`codes` names a file below `mappings/codes`, without `.csv`. Every `to_code` in it must be in the code list of \
         the field, so that no code arrives that no recipient can read.",
    ),
    doc(
        FEED,
        "the feed is not described rightly",
        "A feed needs a name of small letters, digits and hyphens, a partner of the agreement, and a retention such as \
         `90 days`, `8 weeks`, `6 months` or `1 year`.",
    ),
    doc(
        CONDITION,
        "a record's key or a condition cannot be used",
        "A record's key names one to eight columns, that of `each` among them, and two blocks of one category and key need conditions or a `part` \
         that tell them apart. A condition has a column and exactly one of `in`, `not_in`, `present = true` and `absent = true`. A rule needs at \
         least one condition. What marks a record as restricted or cancelled, or refuses a row, must stand in a required \
         column: a mark that is missing must not read as permission.",
    ),
    doc(
        CHECK,
        "a limit in `[check]` does not read",
        "`error_budget` and `shrink` are a share such as `5%` (up to two decimals, at most 100%) or a number of rows; \
         `empty` is `held` or `accepted`.",
    ),
    doc(
        SOURCE,
        "the source is not described rightly",
        "`[source]` needs `place`, `file` and `format`; its options stand in one table named as the format, such as \
         `[source.csv]`. `date` says how `{date}` is written in the file name.",
    ),
    doc(
        EXAMPLE,
        "an example cannot be run",
        "An example's row names columns of the mapping; `expect` is a list of records with fields of the schema, \
         `refused` or `skipped`.",
    ),
    doc(
        FIXED_VALUE,
        "a fixed value is not a value of the field",
        "A `constant`, or an answer of a `map`, must be a value that the field may hold: a code of its list, `true` or \
         `false` for a flag, a date as 2008-11-17.",
    ),
    doc(
        IDENTITY,
        "the identity is not described rightly",
        "`key` names one to eight columns, required ones. `key_kind` needs a single column and a known kind of identifier. \
         `other_name` needs a surname under `[identity.person]`. \
         `[identity.evidence]` takes `postcode` and the identifiers that may join persons.",
    ),
    doc(
        EXAMPLE_FAILED,
        "an example gives something else",
        "The mapping, run on the example's row, does not give what the example expects. Either the mapping is wrong or the \
         example is.",
    ),
    doc(
        LIMITED_ACCESS,
        "the source limits access to this person",
        "The row carries the source's mark of limited access (an excluded or restricted person). It waits in quarantine \
         until its originator lifts the mark; nothing of it is used.",
    ),
    doc(
        TEST_ROW,
        "a test row",
        "The row matches what the mapping declares as the source's own test data. It is not used.",
    ),
    doc(
        NOT_PERMITTED,
        "a row that the partner may not send",
        "The row is of a kind that the mapping declares as not to be shared. It is not used; tell the partner.",
    ),
    doc(
        INCOMPLETE,
        "a row that does not hold together",
        "A part without which the row would mislead is missing, such as the property of a tenancy. The row waits in \
         quarantine, and counts against the feed's error budget: when many rows break, the whole file is held.",
    ),
    doc(
        NO_IDENTITY,
        "the row does not say whom it is about",
        "A cell of the source's own key of the person is blank or a null word. A row about nobody cannot be filed.",
    ),
    doc(
        NO_KEY,
        "the record has no key",
        "Every cell of the record's natural key is blank, so that it could not be told from any other.",
    ),
    doc(
        UNKNOWN_CODE,
        "a partner's code is not in the code map",
        "The code map has no line for this code on the day of the file. Ask the partner what it means and add a line; \
         the row waits. A code is never guessed.",
    ),
    doc(
        NOT_IN_LIST,
        "a code is not in the schema's list",
        "The list of the field does not have this code on the day of the file. A column of a partner's own codes needs a \
         code map (`codes`).",
    ),
    doc(
        UNKNOWN_WORD,
        "a word is not in the field's map",
        "The inline `map` does not have this word; without a map a flag is `true` or `false`. An unknown word refuses the \
         row and is never taken for a default.",
    ),
    doc(
        NUMBER_CELL,
        "a spreadsheet number where a number may have lost its zeros",
        "Spreadsheets drop leading zeros. A number cell is used only for identifiers that carry a check letter, or \
         where the mapping declares `pad`. Ask the partner to format the column as text.",
    ),
    doc(
        CELL_KIND,
        "the cell's type does not fit the field",
        "A spreadsheet turned the value into a date or a truth value (`07-08` becomes a day). What was typed can no \
         longer be known. Ask the partner to format the column as text.",
    ),
    doc(
        CELL_ERROR,
        "a spreadsheet error in the cell",
        "The cell holds an error or a formula without a value, so nothing can be said about it.",
    ),
    doc(
        SCIENTIFIC,
        "a number in scientific notation",
        "`1.00023E+11` is what a spreadsheet shows of a long number; its last digits are gone. Ask the partner to \
         format the column as text.",
    ),
    doc(
        NO_TIME,
        "an instant without a readable time",
        "The field is an instant and the row gives a day without a time, or an offset that does not read. Midnight is \
         never assumed.",
    ),
    doc(
        LONG_LIST,
        "a list in a cell has too many parts",
        "A cell that the mapping parts into records (`each`) has more than 200 parts. Either the text between the parts \
         is not what the mapping says, or the export went wrong.",
    ),
    doc(
        KEY_TWICE,
        "two records of one row have one key",
        "Two record blocks of one category and key both apply to the row, so that one fact would overwrite the other. Give \
         the blocks a `part` each, another key, or conditions that exclude one another.",
    ),
];
