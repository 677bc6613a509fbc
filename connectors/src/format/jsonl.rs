//! JSON Lines: one object a line. A line that is broken is a bad row; the others go on.

use crate::codes::{AFTER_TRAILER, JSON_BROKEN, TOO_MANY};
use crate::format::json::{LIST, count, list};
use crate::format::json_source::{LineTokens, Token, no_utf8, utf8};
use crate::format::json_walk::{Done, Walk};
use crate::format::lines::{Line, Lines};
use crate::format::{Format, FormatKind, ReadError, ReadSeek, Rows, Step, Wanted};
use crate::limits::Limits;
use crate::options::{OptionDoc, Options, Owner};
use lockgate_core::problem::Problem;
use lockgate_core::row::RowBuf;

const OWNER: Owner = Owner::format("format jsonl");

const OPTIONS: &[OptionDoc] = &[
    OptionDoc {
        name: "count",
        shape: "path, such as \"trailer.rows\"",
        default: "no count",
        doc: "an object with a value there is no row but ends the file, and states the number of rows",
    },
    LIST,
];

/// The line of this format in the list.
pub(crate) const KIND: FormatKind = FormatKind {
    name: "jsonl",
    summary: "JSON Lines in UTF-8: one object a line, one object a row",
    options: OPTIONS,
    open,
};

struct JsonLines {
    count: Option<String>,
    list: Option<String>,
    limits: Limits,
}

fn open(options: &Options, limits: &Limits) -> Result<Box<dyn Format>, Problem> {
    OWNER.only(&options.0, OPTIONS.iter().map(|o| o.name))?;
    Ok(Box::new(JsonLines { count: count(OWNER, options)?, list: list(OWNER, options)?, limits: *limits }))
}

impl JsonLines {
    fn walk(&self, wanted: &[Wanted]) -> Result<Walk<'_>, ReadError> {
        Walk::new(&[], self.list.as_deref(), self.count.as_deref(), wanted, &self.limits)
    }
}

impl Format for JsonLines {
    fn read<'a>(
        &'a self,
        input: Box<dyn ReadSeek + 'a>,
        wanted: &[Wanted],
    ) -> Result<Box<dyn Rows + 'a>, ReadError> {
        let walk = self.walk(wanted)?;
        let lines = Lines::new(utf8(input, &self.limits)?, false, &self.limits);
        Ok(Box::new(LineRows {
            lines,
            walk,
            limits: &self.limits,
            text: String::new(),
            stated: None,
            rows: 0,
            blank: 0,
        }))
    }

    fn check(&self, wanted: &[Wanted]) -> Result<(), ReadError> {
        self.walk(wanted).map(|_| ())
    }
}

struct LineRows<'a> {
    lines: Lines<'a>,
    walk: Walk<'a>,
    limits: &'a Limits,
    /// Where the text of a token is put.
    text: String,
    stated: Option<u64>,
    rows: u64,
    blank: u64,
}

impl LineRows<'_> {
    /// Reads a line that is not blank to its end.
    fn object(&mut self, line: Line) -> Result<Done, ReadError> {
        if std::str::from_utf8(self.lines.bytes(line)).is_err() {
            return Err(no_utf8(line.number));
        }
        self.walk.restart();
        let before = self.walk.noted();
        let text = std::mem::take(&mut self.text);
        let mut tokens = LineTokens::new(self.lines.bytes(line), text, self.limits);
        let mut found = Done::Bad(JSON_BROKEN);
        let result = loop {
            match tokens.next(line.number) {
                Ok(Token::End) => break Ok(found),
                Ok(token) => match self.walk.take(token, tokens.text()) {
                    Ok(done) => found = done.unwrap_or(found),
                    Err(error) => break Err(error),
                },
                Err(error) => break Err(error),
            }
        };
        self.text = tokens.into_text();
        if !matches!(result, Ok(Done::Row)) {
            // In a broken line a value may stand where a key should: its keys are not told.
            self.walk.forget(before);
        }
        match result {
            // A cap on the whole file is of the file and not of a line.
            Err(error) if error.code == TOO_MANY => Err(ReadError { row: Some(line.number), ..error }),
            Err(error) => Ok(Done::Bad(error.code)),
            Ok(found) => Ok(found),
        }
    }

    fn count(&mut self, line: Line) -> Result<(), ReadError> {
        self.rows += 1;
        if self.rows <= self.limits.rows {
            return Ok(());
        }
        Err(ReadError::new(TOO_MANY, Some(line.number), &format!("more than {} rows", self.limits.rows)))
    }
}

impl Rows for LineRows<'_> {
    fn header(&self) -> &[String] {
        self.walk.header()
    }

    fn next(&mut self, row: &mut RowBuf) -> Result<Step, ReadError> {
        loop {
            let Some(line) = self.lines.next()? else {
                return self.walk.finish().map(|()| Step::End);
            };
            if self.lines.bytes(line).trim_ascii().is_empty() {
                self.blank += 1;
                continue;
            }
            if self.stated.is_some() {
                let what = "a line stands behind the count of rows";
                return Err(ReadError::new(AFTER_TRAILER, Some(line.number), what));
            }
            let done = self.object(line)?;
            row.start(line.number);
            if done == Done::Row && self.walk.holds_count() {
                self.stated = self.walk.stated(Some(line.number))?;
                self.walk.take_back();
                continue;
            }
            self.count(line)?;
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
        self.blank
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
