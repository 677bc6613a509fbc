//! A text split into statements: table headers, keys with their values, comments on their own.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// One word of the text, and the column (in characters) at which it stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    pub(super) column: usize,
}

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[table]` or `[[table]]`.
    Header,
    /// `key = value`, over as many lines as the value has.
    Pair,
    /// A comment on a line of its own.
    Comment,
    /// A comment that goes on below a trailing one, in its column.
    Continuation,
}

/// A statement with the words of its lines, without the line break at its end.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) kind: Kind,
    pub(super) words: Vec<Word<'a>>,
    /// Blank lines above it.
    pub(super) blanks: usize,
}

impl Statement<'_> {
    /// The words up to the first of this kind, without blanks: a path or a key.
    fn until(&self, end: TokenKind) -> String {
        let words = self.words.iter().take_while(|w| w.kind != end && w.kind != TokenKind::Comment);
        words.filter(|w| w.kind != TokenKind::Whitespace).map(|w| w.text).collect()
    }

    /// The key of a pair, as written.
    pub(super) fn key(&self) -> String {
        self.until(TokenKind::Equals)
    }

    /// The path of a header, as written, each part with a dot behind it.
    pub(super) fn path(&self) -> String {
        let header = self.until(TokenKind::Newline);
        format!("{}.", header.trim_matches(['[', ']']))
    }

    /// Whether it is the header of one of these plain tables.
    pub(super) fn is_header(&self, tables: &[&str]) -> bool {
        self.kind == Kind::Header && tables.iter().any(|t| self.until(TokenKind::Newline) == format!("[{t}]"))
    }

    /// The column of the comment at its end.
    fn comment_column(&self) -> Option<usize> {
        self.words.last().filter(|w| w.kind == TokenKind::Comment).map(|w| w.column)
    }

    /// Says what it is, knowing the statement above.
    fn classified(mut self, above: Option<&Self>) -> Self {
        self.kind = match self.words.iter().find(|w| w.kind != TokenKind::Whitespace).map(|w| w.kind) {
            Some(TokenKind::LeftSquareBracket) => Kind::Header,
            Some(TokenKind::Comment) => {
                let goes_on = above.is_some_and(|a| {
                    a.kind != Kind::Comment && self.blanks == 0 && a.comment_column() == self.comment_column()
                });
                if goes_on { Kind::Continuation } else { Kind::Comment }
            }
            _ => Kind::Pair,
        };
        self
    }
}

/// The words of a text with their columns; `None` when one lies outside it, which no text gives.
fn words(text: &str) -> Option<Vec<Word<'_>>> {
    let mut out = Vec::new();
    let mut column = 0;
    for token in Source::new(text).lex() {
        if token.kind() == TokenKind::Eof {
            break;
        }
        let word = text.get(token.span().start()..token.span().end())?;
        out.push(Word { kind: token.kind(), text: word, column });
        column = match word.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => column + word.chars().count(),
        };
    }
    Some(out)
}

/// The statements of a text that is TOML.
pub(super) fn split(text: &str) -> Option<Vec<Statement<'_>>> {
    use TokenKind::{LeftCurlyBracket, LeftSquareBracket, Newline, RightCurlyBracket, RightSquareBracket};
    let mut out: Vec<Statement<'_>> = Vec::new();
    let empty = |blanks| Statement { kind: Kind::Pair, words: Vec::new(), blanks };
    let (mut current, mut depth) = (empty(0), 0_usize);
    for word in words(text)? {
        match word.kind {
            LeftSquareBracket | LeftCurlyBracket => depth += 1,
            RightSquareBracket | RightCurlyBracket => depth = depth.saturating_sub(1),
            Newline if depth == 0 => {
                if current.words.iter().all(|w| w.kind == TokenKind::Whitespace) {
                    current = empty(current.blanks + 1);
                } else {
                    let whole = std::mem::replace(&mut current, empty(0)).classified(out.last());
                    out.push(whole);
                }
                continue;
            }
            _ => {}
        }
        current.words.push(word);
    }
    if current.words.iter().any(|w| w.kind != TokenKind::Whitespace) {
        let whole = current.classified(out.last());
        out.push(whole);
    }
    Some(out)
}
