//! JSON: one document, one row for each object of an array, its values picked by paths in one pass.
//!
//! A number's text is kept as it is written: no number of JSON goes through binary fractions.

use crate::codes::JSON_ROWS;
use crate::format::json_paths::{Step as PathStep, column_path, row_path};
use crate::format::json_source::{Token, Tokens, utf8};
use crate::format::json_walk::{Done, Walk};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;

const OWNER: Owner = Owner::format("format json");

/// The option of both JSON formats on lists.
pub(super) const LIST: OptionDoc = OptionDoc {
    name: "list",
    shape: "text",
    default: "lists are refused",
    doc: "joins the elements of a list of plain values in a column; a row with an element that holds it is a bad row",
};

const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "row",
        shape: "path from the document, such as \"data.items\", \"people[].orders\" or \"[]\"",
        default: "none; must be given",
        doc: "the array whose objects are the rows; `[]` goes into each element of an array on the way; columns are paths relative to the row: `a`, `a.b`, `../a` of the enclosing object; `\\.` is a dot inside a key",
    },
    OptionDoc {
        name: "count",
        shape: "path from the document, such as \"meta.total\"",
        default: "no count",
        doc: "where the document states the number of rows; a document without it, or with another number, is held",
    },
    LIST,
];

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "json",
    summary: "one JSON document in UTF-8 with an array of objects, one object a row",
    options: OPTIONS,
    open,
};

struct Json {
    row: Vec<PathStep>,
    count: Option<String>,
    list: Option<String>,
    limits: Limits,
}

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
    let row = OWNER.text(&options.0, "row")?.and_then(row_path);
    let row = row.ok_or_else(|| {
        OWNER.fault("row", "the path of the array of rows is wanted, such as `data.items`, or `[]`")
    })?;
    let count = count(OWNER, options)?;
    if count.is_some() && row.first() == Some(&PathStep::Each) {
        return Err(OWNER.fault("count", "a document that is an array has no place for it"));
    }
    Ok(Box::new(Json { row, count, list: list(OWNER, options)?, limits: *limits }))
}

/// The `list` option.
pub(super) fn list(owner: Owner, options: &Options) -> Result<Option<String>, Problem> {
    match owner.text(&options.0, "list")? {
        Some("") => Err(owner.fault("list", "the text that joins the elements is wanted")),
        other => Ok(other.map(str::to_owned)),
    }
}

/// The `count` option, a path that reads.
pub(super) fn count(owner: Owner, options: &Options) -> Result<Option<String>, Problem> {
    let Some(path) = owner.text(&options.0, "count")? else { return Ok(None) };
    match column_path(path) {
        Some((0, _)) => Ok(Some(path.to_owned())),
        _ => Err(owner.fault("count", "a path is wanted, such as `meta.total`")),
    }
}

impl Json {
    fn walk(&self, wanted: &[Wanted]) -> Result<Walk<'_>, ReadError> {
        Walk::new(&self.row, self.list.as_deref(), self.count.as_deref(), wanted, &self.limits)
    }
}

impl Format for Json {
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        let walk = self.walk(wanted)?;
        let tokens = Tokens::new(utf8(input, &self.limits)?, &self.limits);
        Ok(Box::new(JsonRows { tokens, walk, stated: None }))
    }

    fn check(&self, wanted: &[Wanted]) -> Result<(), ReadError> {
        self.walk(wanted).map(|_| ())
    }
}

struct JsonRows<'a> {
    tokens: Tokens<'a>,
    walk: Walk<'a>,
    stated: Option<u64>,
}

impl JsonRows<'_> {
    fn finish(&mut self) -> Result<Step, ReadError> {
        if !self.walk.met {
            let what = "the document has no array at the path of the rows";
            return Err(ReadError::new(JSON_ROWS, None, what)
                .help("this is another document, or its layout changed; correct `row`"));
        }
        self.walk.finish()?;
        self.stated = self.walk.stated(None)?;
        Ok(Step::End)
    }
}

impl Rows for JsonRows<'_> {
    fn header(&self) -> &[String] {
        self.walk.header()
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        loop {
            let token = self.tokens.next(self.walk.here())?;
            if token == Token::End {
                return self.finish();
            }
            let Some(done) = self.walk.take(token, self.tokens.text())? else { continue };
            row.start(self.walk.rows());
            return match done {
                Done::Row => self.walk.fill(row).map(|()| Step::Row),
                Done::Bad(code) => Ok(Step::Bad { code }),
            };
        }
    }

    fn trailer(&self) -> Option<u64> {
        self.stated
    }

    fn skipped(&self) -> u64 {
        0
    }

    fn notes(&self) -> &[Problem] {
        &[]
    }

    fn unknown(&self) -> Vec<String> {
        self.walk.unknown()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
