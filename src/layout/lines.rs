//! Statements written in their one layout.

use super::statement::{Kind, Statement, Word};
use toml_parser::lexer::TokenKind;

/// Blanks a level.
const INDENT: usize = 4;
/// Blanks before a trailing comment, at least.
const BEFORE_COMMENT: usize = 2;

/// The text of the statements, with the blank lines between them.
pub(super) fn written(statements: &[Statement<'_>]) -> String {
    let mut page = Page::default();
    let mut block = String::new();
    for (at, statement) in statements.iter().enumerate() {
        let blanks = blanks_above(statements, at, &block);
        for _ in 0..blanks {
            page.line_break();
            page.comment = None;
        }
        if statement.kind == Kind::Header && !is_part(&block, statement) {
            block = statement.path();
        }
        page.statement(statement);
        page.line_break();
    }
    page.out
}

/// Whether a table belongs to the one at whose header the block began.
fn is_part(block: &str, header: &Statement<'_>) -> bool {
    let path = header.path();
    !block.is_empty() && path.len() > block.len() && path.starts_with(block)
}

/// How many blank lines stand above a statement: one above a table and the comment that belongs to it; none at the start,
/// below a header and above the going on of a comment; elsewhere one where there was any.
fn blanks_above(statements: &[Statement<'_>], at: usize, block: &str) -> usize {
    let Some(this) = statements.get(at) else { return 0 };
    let above = at.checked_sub(1).and_then(|before| statements.get(before));
    let Some(above) = above else { return 0 };
    match heads(statements, at) {
        Some(header) if !is_part(block, header) => 1,
        None if above.kind == Kind::Header => 0,
        _ if this.kind == Kind::Continuation => 0,
        _ => this.blanks.min(1),
    }
}

/// The header that begins here: at once, or below comments without a blank line between. `None` inside such comments.
fn heads<'s, 't>(statements: &'s [Statement<'t>], at: usize) -> Option<&'s Statement<'t>> {
    let this = statements.get(at)?;
    let above = at.checked_sub(1).and_then(|before| statements.get(before));
    if this.blanks == 0 && above.is_some_and(|a| a.kind == Kind::Comment) {
        return None;
    }
    let mut below = statements.get(at..)?.iter();
    let first = below.next()?;
    let mut next = Some(first);
    while let Some(statement) = next {
        match statement.kind {
            Kind::Header => return Some(statement),
            Kind::Comment => next = below.next().filter(|s| s.blanks == 0),
            Kind::Pair | Kind::Continuation => return None,
        }
    }
    None
}

/// The text so far, and what its last line holds.
#[derive(Default)]
struct Page {
    out: String,
    /// Characters in the last line.
    width: usize,
    /// The last comment that stood behind something: its old column and its new one.
    comment: Option<(usize, usize)>,
    /// For each open bracket the line of the statement on which it was opened.
    open: Vec<usize>,
}

impl Page {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.width = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.width + text.chars().count(),
        };
    }

    fn blanks(&mut self, count: usize) {
        self.push(&" ".repeat(count));
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.width = 0;
    }

    /// Writes a statement, line by line.
    fn statement(&mut self, statement: &Statement<'_>) {
        self.open.clear();
        let lines: Vec<&[Word<'_>]> = statement.words.split(|w| w.kind == TokenKind::Newline).collect();
        let mut skipped = false;
        for (number, line) in lines.iter().enumerate() {
            let Some(first) = line.iter().find(|w| w.kind != TokenKind::Whitespace) else {
                skipped = true;
                self.comment = None;
                continue;
            };
            let level = self.level(line);
            if number > 0 {
                let inside = !self.just_opened() && !closes(first.kind);
                self.line_break();
                if skipped && inside {
                    self.line_break();
                }
                self.blanks(level * INDENT);
            }
            skipped = false;
            self.line(line, number);
        }
    }

    /// Whether the last line ends with an opening bracket.
    fn just_opened(&self) -> bool {
        self.out.trim_end().ends_with(['[', '{'])
    }

    /// The level of a line: one for each earlier line with a bracket that is still open. A line that begins with closing
    /// brackets stands where the line that opened them does.
    fn level(&self, line: &[Word<'_>]) -> usize {
        let closers =
            line.iter().filter(|w| w.kind != TokenKind::Whitespace).take_while(|w| closes(w.kind)).count();
        let stay = self.open.len().saturating_sub(closers);
        let limit = if closers == 0 { usize::MAX } else { self.open.get(stay).copied().unwrap_or(0) };
        let mut lines: Vec<usize> = self.open.iter().take(stay).copied().filter(|l| *l < limit).collect();
        lines.dedup();
        lines.len()
    }

    fn line(&mut self, line: &[Word<'_>], number: usize) {
        let mut before: Option<TokenKind> = None;
        let mut blank = false;
        for word in line {
            if word.kind == TokenKind::Whitespace {
                blank = true;
                continue;
            }
            if word.kind == TokenKind::Comment {
                self.comment(word, before.is_none());
                return;
            }
            if before.is_some_and(|b| apart(b, word.kind, blank)) {
                self.blanks(1);
            }
            self.push(word.text);
            if opens(word.kind) {
                self.open.push(number);
            } else if closes(word.kind) {
                self.open.pop();
            }
            (before, blank) = (Some(word.kind), false);
        }
        self.comment = None;
    }

    /// A trailing comment keeps its column where there is room; one that goes on below it follows it.
    fn comment(&mut self, word: &Word<'_>, alone: bool) {
        let follows = self.comment.filter(|(old, _)| alone && *old == word.column);
        let column = match follows {
            Some((_, new)) => new.max(self.width),
            None if alone => self.width,
            None => word.column.max(self.width + BEFORE_COMMENT),
        };
        self.blanks(column.saturating_sub(self.width));
        self.push(word.text.trim_end());
        self.comment = if alone && follows.is_none() { None } else { Some((word.column, column)) };
    }
}

const fn opens(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket)
}

const fn closes(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket)
}

/// Whether a blank stands between two words of a line; `blank` says whether one did.
fn apart(left: TokenKind, right: TokenKind, blank: bool) -> bool {
    use TokenKind::{
        Comma, Dot, Equals, LeftCurlyBracket, LeftSquareBracket, RightCurlyBracket, RightSquareBracket,
    };
    match (left, right) {
        (Dot | LeftSquareBracket, _)
        | (_, Dot | Comma | RightSquareBracket)
        | (LeftCurlyBracket, RightCurlyBracket) => false,
        (Equals | Comma | LeftCurlyBracket, _) | (_, Equals | RightCurlyBracket) => true,
        // A day and its time of day are two words of one value.
        _ => blank,
    }
}
