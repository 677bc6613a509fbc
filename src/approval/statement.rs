//! The text that the holders sign: which agreement, by its digest, and what it changes (9.2).
//!
//! The same agreement after the same one before gives the same bytes, so that the program can tell whether the text that
//! was signed says what is true.

use super::holders::Holders;
use lockgate_core::agreement::Agreement;
use lockgate_core::agreement::diff::{Change, Direction, difference};
use lockgate_core::hash::Digest;
use lockgate_core::schema::Schema;

/// Where the effect begins: what stands above follows from the agreement alone.
const EFFECT: &str = "What it changes:\n";
const DIGEST: &str = "Digest: sha256 ";
const REPLACES: &str = "Replaces: sha256 ";
const FIRST: &str = "Replaces: nothing, this is the first";

/// The agreement that is to be approved.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Who may receive what.
    pub agreement: &'a Agreement,
    /// What the fields are.
    pub schema: &'a Schema,
    /// Whose signatures are asked for.
    pub holders: &'a Holders,
}

/// Everything above the effect.
pub fn head(subject: Subject<'_>, replaces: Option<Digest>) -> String {
    let agreement = subject.agreement;
    let term = agreement.term();
    let from = term.from.map_or_else(|| "never".into(), |d| d.to_string());
    let until = term.until.map_or_else(|| "open".into(), |d| d.to_string());
    let mut out = String::from("Approval of an information sharing agreement\n\n");
    out.push_str(&format!("Agreement: {}, version {}\n", agreement.reference(), agreement.version()));
    out.push_str(&format!("Title: {}\n", agreement.title()));
    out.push_str(&format!("In force: from {from} until {until}\n"));
    out.push_str(&format!("{DIGEST}{}\n", agreement.digest().hex()));
    match replaces {
        Some(digest) => out.push_str(&format!("{REPLACES}{}\n", digest.hex())),
        None => out.push_str(&format!("{FIRST}\n")),
    }
    out.push_str("\nIt takes effect when all of these have signed this text, each with its own key:\n");
    for (_, partner) in agreement.partners() {
        let keys = subject.holders.fingerprints(&partner.key);
        let keys = if keys.is_empty() { "no key yet".to_owned() } else { keys.join(" or ") };
        out.push_str(&format!("  {}, {}: {keys}\n", partner.key, partner.name));
    }
    out.push('\n');
    out.push_str(EFFECT);
    out
}

/// The whole text; `before` is the agreement that it replaces, where it can be read.
pub fn text(subject: Subject<'_>, replaces: Option<Digest>, before: Option<&Agreement>) -> String {
    let mut out = head(subject, replaces);
    match before {
        Some(before) => {
            let changes = difference((before, subject.schema), (subject.agreement, subject.schema));
            out.push_str(&effect(&changes));
        }
        None => out.push_str(&whole(subject)),
    }
    out
}

/// The digest that a text is about, and the one that it replaces (`Some(None)` = it is the first). `None` when it does
/// not say so in exactly one line each.
pub fn about(text: &str) -> (Option<Digest>, Option<Option<Digest>>) {
    let above = text.split_once(EFFECT).map_or(text, |(above, _)| above);
    let lines = |start: &'static str| above.lines().filter_map(move |l| l.strip_prefix(start));
    let once = |start| {
        let mut found = lines(start);
        found.next().filter(|_| found.next().is_none()).and_then(parse)
    };
    let first = above.lines().filter(|l| *l == FIRST).count();
    let replaces = match (first, lines(REPLACES).count()) {
        (1, 0) => Some(None),
        (0, 1) => once(REPLACES).map(Some),
        _ => None,
    };
    (once(DIGEST), replaces)
}

/// 64 hexadecimal digits.
pub fn parse(hex: &str) -> Option<Digest> {
    let mut out = [0; 32];
    let plain = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    for (byte, at) in out.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2).filter(|_| plain)?, 16).ok()?;
    }
    Some(Digest(out))
}

/// Changes as lines, widened first; the counts above them.
pub fn effect(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "  nothing about who receives what\n".into();
    }
    let count = |d: Direction| changes.iter().filter(|c| c.direction == d).count();
    let counts: Vec<String> = Direction::ALL.iter().map(|d| format!("{} {}", count(*d), d.word())).collect();
    let mut out = format!("  {}\n", counts.join(", "));
    for change in changes {
        let who = change.recipient.as_deref().unwrap_or("everybody");
        out.push_str(&format!(
            "  {}: {who}, {} ({}): {} -> {}\n",
            change.direction.word(),
            change.subject,
            change.parts.join(", "),
            change.before,
            change.after
        ));
    }
    out
}

/// The effect of an agreement before which there was none that can be read: all of it.
fn whole(subject: Subject<'_>) -> String {
    let mut out = String::from("  everything in it is new:\n");
    for (id, partner) in subject.agreement.partners() {
        let cells = subject.agreement.what_sees(subject.schema, id);
        let closed = cells.iter().filter(|c| c.standing.is_none()).count();
        out.push_str(&format!(
            "  {} may receive {} fields, {closed} of them only on a recorded authority\n",
            partner.key,
            cells.len()
        ));
    }
    out
}

/// Whether a text says what is true of the agreement, as far as that can be told: its effect only when the agreement
/// before is known.
pub fn is_true(stored: &str, subject: Subject<'_>, replaces: Option<Digest>, before: Known<'_>) -> bool {
    match before {
        Known::Nothing => stored == text(subject, replaces, None),
        Known::Agreement(before) => stored == text(subject, replaces, Some(before)),
        Known::Unknown => stored.starts_with(&head(subject, replaces)),
    }
}

/// What is known of the agreement before.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// There was none, or it cannot be read under today's schema.
    Nothing,
    /// It is at hand.
    Agreement(&'a Agreement),
    /// This deployment never ran it.
    Unknown,
}
