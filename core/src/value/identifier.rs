//! Identifiers of UK criminal justice: shape, check letter, and the one way in which each is written.
//!
//! PNC, CRO and arrest/summons numbers end in a letter that follows from their digits (number mod 23);
//! it catches every mistyped digit and every swap of neighbours, so a value that fails it is refused
//! rather than mended. Only ASCII letters and digits make an identifier: no look-alike of another
//! script, no invisible character. White space is dropped and capitals are used, save where a kind
//! says otherwise.

use super::codes::{EMPTY, ID_CHECK, ID_NEVER_ISSUED, ID_PLACEHOLDER, ID_SHAPE};
use super::{Fault, is_space, push_ascii, push_number, push_padded, whole};
use alloc::string::String;

/// An identifier whose shape (and check letter, where it has one) is known.
///
/// In the shapes, A is a letter, 9 a digit, X either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum IdKind {
    /// Police National Computer id, `2008/0123456M`; also read as `08/123456M`, slash optional.
    Pnc = 0,
    /// Criminal Records Office number, `012345/08V`, or `SF83/4321V` for a small file, whose serial
    /// is not padded.
    Cro = 1,
    /// Prison (NOMIS) number, `A9999AA`.
    PrisonNumber = 2,
    /// Probation case reference number, `A999999`.
    Crn = 3,
    /// National Insurance number, `AA999999A`; the last letter (A to D) may be missing.
    Nino = 4,
    /// Tagging contractor's subject: letters and digits.
    EmSubject = 5,
    /// Youth offending reference: a local number, in capitals.
    YosId = 6,
    /// Drug-treatment client key: two initials, day, month and year of birth, sex: `AA99999999A`.
    Attributor = 7,
    /// A source system's own person number: kept as it stands, since some systems tell case apart.
    Local = 8,
    /// Arrest/summons number without slashes: year, force, unit, system, eleven digits, letter.
    Asn = 9,
    /// Prison booking number, `A99999` and the like; changes at each reception.
    Booking = 10,
    /// Unique property reference number: 1 to 12 digits without leading zeros, as text.
    Uprn = 11,
    /// Home Office offence code, `99999`; leading zeros belong to it.
    Offence = 12,
    /// CJS offence code, `AA99999` and a letter that may be missing.
    CjsOffence = 13,
    /// Court OU code: level, force, place and, where given, room: `B13HT00`, `B13HT`.
    CourtOu = 14,
    /// Police unit: force and unit, `99XX`.
    PoliceUnit = 15,
    /// Delius staff code, `XXXXXXX`.
    Staff = 16,
    /// Delius team code, `XXXXXX`.
    Team = 17,
    /// `OASys` assessment key: 6 to 10 digits.
    OasysPk = 18,
    /// Tenancy reference: a local number, in capitals.
    TenancyRef = 19,
}

/// Longest identifier that is read, in bytes after tidying.
const MAX: usize = 64;

/// The letters by remainder; I, O and S never occur.
const LETTERS: &[u8; 23] = b"ZABCDEFGHJKLMNPQRTUVWXY";

impl IdKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Pnc,
        Self::Cro,
        Self::PrisonNumber,
        Self::Crn,
        Self::Nino,
        Self::EmSubject,
        Self::YosId,
        Self::Attributor,
        Self::Local,
        Self::Asn,
        Self::Booking,
        Self::Uprn,
        Self::Offence,
        Self::CjsOffence,
        Self::CourtOu,
        Self::PoliceUnit,
        Self::Staff,
        Self::Team,
        Self::OasysPk,
        Self::TenancyRef,
    ];

    /// The kind named by a word of the configuration.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word used in configuration files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pnc => "pnc",
            Self::Cro => "cro",
            Self::PrisonNumber => "prison_number",
            Self::Crn => "crn",
            Self::Nino => "nino",
            Self::EmSubject => "em_subject",
            Self::YosId => "yos_id",
            Self::Attributor => "attributor",
            Self::Local => "local",
            Self::Asn => "asn",
            Self::Booking => "booking",
            Self::Uprn => "uprn",
            Self::Offence => "offence",
            Self::CjsOffence => "cjs_offence",
            Self::CourtOu => "court_ou",
            Self::PoliceUnit => "police_unit",
            Self::Staff => "staff",
            Self::Team => "team",
            Self::OasysPk => "oasys_pk",
            Self::TenancyRef => "tenancy_ref",
        }
    }

    /// Whether one person has it, wherever it is written: only such a kind may help to join the
    /// identities of two sources. The attributor is not one: twins share it.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Pnc | Self::Cro | Self::PrisonNumber | Self::Crn | Self::Nino)
    }

    /// Whether a check letter guards it against mistyping.
    pub const fn has_check(self) -> bool {
        matches!(self, Self::Pnc | Self::Cro | Self::Asn)
    }
}

/// Appends the canonical form of an identifier.
///
/// `century_pivot` is the last two digits of the present year: a two-digit year up to it lies in
/// this century, and a year beyond it has not yet been (PNC only).
pub fn read(kind: IdKind, text: &str, century_pivot: u8, out: &mut String) -> Result<(), Fault> {
    if kind == IdKind::Local {
        return local(text, out);
    }
    let mut buffer = [0; MAX];
    let tidied = tidy(text, &mut buffer, kind == IdKind::Asn)?;
    match kind {
        IdKind::Pnc => pnc(tidied, u16::from(century_pivot.min(99)), out),
        IdKind::Cro => cro(tidied, out),
        IdKind::Asn => asn(tidied, out),
        IdKind::Uprn => uprn(tidied, out),
        IdKind::YosId | IdKind::TenancyRef | IdKind::Local => reference(tidied, out),
        _ => as_it_stands(kind, tidied, out),
    }
}

/// Drops white space, dashes at the ends and, for an arrest/summons number, slashes; capitals.
fn tidy<'b>(text: &str, buffer: &'b mut [u8; MAX], drop_slashes: bool) -> Result<&'b [u8], Fault> {
    let mut len = 0;
    for c in text.trim_matches(|c| is_space(c) || c == '-').chars() {
        if is_space(c) || (drop_slashes && c == '/') {
            continue;
        }
        if !c.is_ascii_graphic() {
            return Err(ID_SHAPE);
        }
        *buffer.get_mut(len).ok_or(ID_SHAPE)? = u8::try_from(c.to_ascii_uppercase()).unwrap_or(b'?');
        len += 1;
    }
    match buffer.get(..len) {
        None | Some([]) => Err(EMPTY),
        Some(tidied) => Ok(tidied),
    }
}

/// Whether bytes follow a pattern of `A` (letter), `9` (digit), `X` (either).
fn follows(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.len() == pattern.len()
        && bytes.iter().zip(pattern).all(|(b, p)| match p {
            b'A' => b.is_ascii_uppercase(),
            b'9' => b.is_ascii_digit(),
            _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
        })
}

fn check(number: u64, last: u8) -> Result<(), Fault> {
    let index = usize::try_from(number % 23).map_err(|_| ID_CHECK)?;
    if LETTERS.get(index) == Some(&last) { Ok(()) } else { Err(ID_CHECK) }
}

fn split_letter(tidied: &[u8]) -> Result<(&[u8], u8), Fault> {
    match tidied.split_last() {
        Some((last, body)) if last.is_ascii_uppercase() => Ok((body, *last)),
        _ => Err(ID_SHAPE),
    }
}

fn split_slash(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = body.iter().position(|b| *b == b'/')?;
    let (left, right) = body.split_at_checked(at)?;
    right.split_first().map(|(_, right)| (left, right))
}

/// A serial of one to so many digits.
fn serial(digits: &[u8], most: usize) -> Result<u64, Fault> {
    if digits.len() > most {
        return Err(ID_SHAPE);
    }
    whole(digits).ok_or(ID_SHAPE)
}

fn two_digits(digits: &[u8]) -> Result<u64, Fault> {
    if digits.len() == 2 { whole(digits).ok_or(ID_SHAPE) } else { Err(ID_SHAPE) }
}

fn pnc(tidied: &[u8], pivot: u16, out: &mut String) -> Result<(), Fault> {
    let (body, last) = split_letter(tidied)?;
    // The slash tells a long year with a short serial from a short year; without it only the full
    // eleven digits have a long year.
    let (year, digits) = match split_slash(body) {
        Some(parts) => parts,
        None if body.len() == 11 => body.split_at(4),
        None => body.split_at_checked(2).ok_or(ID_SHAPE)?,
    };
    if !matches!(year.len(), 2 | 4) {
        return Err(ID_SHAPE);
    }
    let number = serial(digits, 7)?;
    let written = u16::try_from(whole(year).ok_or(ID_SHAPE)?).map_err(|_| ID_SHAPE)?;
    check(u64::from(written % 100) * 10_000_000 + number, last)?;
    let year = match year.len() {
        2 if written <= pivot => 2000 + written,
        2 => 1900 + written,
        _ => written,
    };
    if !(1900..=2000 + pivot).contains(&year) {
        return Err(ID_NEVER_ISSUED);
    }
    push_number(out, year, 4);
    out.push('/');
    push_padded(out, digits, 7);
    out.push(char::from(last));
    Ok(())
}

fn cro(tidied: &[u8], out: &mut String) -> Result<(), Fault> {
    let (body, last) = split_letter(tidied)?;
    let (left, right) = split_slash(body).ok_or(ID_SHAPE)?;
    if let Some(year) = left.strip_prefix(b"SF") {
        let scale = 10_u64.pow(u32::try_from(right.len().min(6)).unwrap_or(6));
        check(two_digits(year)? * scale + serial(right, 6)?, last)?;
        push_ascii(out, tidied);
        return Ok(());
    }
    let (number, year) = (serial(left, 6)?, two_digits(right)?);
    if number == 0 {
        return Err(ID_PLACEHOLDER);
    }
    check(year * 1_000_000 + number, last)?;
    push_padded(out, left, 6);
    out.push('/');
    push_ascii(out, right);
    out.push(char::from(last));
    Ok(())
}

fn asn(tidied: &[u8], out: &mut String) -> Result<(), Fault> {
    let (body, last) = split_letter(tidied)?;
    let (head, digits) = body.split_first_chunk::<8>().ok_or(ID_SHAPE)?;
    if !follows(head, b"99XXXXXX") {
        return Err(ID_SHAPE);
    }
    let [y1, y2, f1, f2, _, _, s1, s2] = *head;
    let sequence = serial(digits, 11)?;
    // Force and system count only where they are digits; the sequence counts padded to eleven.
    let parts = [[f1, f2], [s1, s2], [y1, y2]];
    let number = parts.iter().filter_map(|p| whole(p)).fold(0, |n, part| n * 100 + part);
    check(number * 100_000_000_000 + sequence, last)?;
    push_ascii(out, head);
    push_padded(out, digits, 11);
    out.push(char::from(last));
    Ok(())
}

fn uprn(tidied: &[u8], out: &mut String) -> Result<(), Fault> {
    if serial(tidied, 12)? == 0 {
        return Err(ID_PLACEHOLDER);
    }
    let zeros = tidied.iter().take_while(|b| **b == b'0').count();
    push_ascii(out, tidied.get(zeros..).unwrap_or_default());
    Ok(())
}

/// A local reference in capitals. It has no shape, so a word such as `UNKNOWN` is kept out by the
/// demand for a digit, and zeros alone are a filler.
fn reference(tidied: &[u8], out: &mut String) -> Result<(), Fault> {
    guard_reference(tidied)?;
    push_ascii(out, tidied);
    Ok(())
}

/// A source's own number: only the ends are trimmed.
fn local(text: &str, out: &mut String) -> Result<(), Fault> {
    let trimmed = text.trim_matches(is_space).as_bytes();
    if trimmed.is_empty() {
        return Err(EMPTY);
    }
    if trimmed.len() > MAX || !trimmed.iter().all(|b| matches!(b, b' '..=b'~')) {
        return Err(ID_SHAPE);
    }
    guard_reference(trimmed)?;
    push_ascii(out, trimmed);
    Ok(())
}

fn guard_reference(bytes: &[u8]) -> Result<(), Fault> {
    if !bytes.iter().any(u8::is_ascii_digit) {
        return Err(ID_SHAPE);
    }
    if bytes.iter().all(|b| *b == b'0' || !b.is_ascii_alphanumeric()) {
        return Err(ID_PLACEHOLDER);
    }
    Ok(())
}

/// The kinds whose canonical form is the tidied text.
fn as_it_stands(kind: IdKind, tidied: &[u8], out: &mut String) -> Result<(), Fault> {
    let any = |patterns: &[&[u8]]| patterns.iter().any(|p| follows(tidied, p));
    let fits = match kind {
        IdKind::PrisonNumber => any(&[b"A9999AA"]),
        IdKind::Crn => any(&[b"A999999"]),
        IdKind::Nino => any(&[b"AA999999", b"AA999999A"]),
        IdKind::EmSubject => tidied.iter().all(u8::is_ascii_alphanumeric),
        IdKind::Attributor => any(&[b"AA99999999A"]) && attributor(tidied),
        IdKind::Booking => any(&[b"A9999", b"A99999", b"AA9999", b"AA99999"]),
        IdKind::Offence => any(&[b"99999"]),
        IdKind::CjsOffence => any(&[b"AA99999", b"AA99999A"]),
        IdKind::CourtOu => any(&[b"A99XX", b"A99XXXX"]) && matches!(tidied.first(), Some(b'A'..=b'C')),
        IdKind::PoliceUnit => any(&[b"99XX"]),
        IdKind::Staff => any(&[b"XXXXXXX"]),
        IdKind::Team => any(&[b"XXXXXX"]),
        IdKind::OasysPk => (6..=10).contains(&tidied.len()) && tidied.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !fits {
        return Err(ID_SHAPE);
    }
    if kind == IdKind::Nino {
        nino(tidied)?;
    }
    push_ascii(out, tidied);
    Ok(())
}

/// HMRC NIM39110: letters and prefixes that are never given out.
fn nino(tidied: &[u8]) -> Result<(), Fault> {
    if matches!(tidied.get(8), Some(b'E'..=b'Z')) {
        return Err(ID_SHAPE);
    }
    let never = match tidied {
        [b'D' | b'F' | b'I' | b'Q' | b'U' | b'V', ..]
        | [_, b'D' | b'F' | b'I' | b'O' | b'Q' | b'U' | b'V', ..] => true,
        [a, b, ..] => matches!(&[*a, *b], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ"),
        _ => true,
    };
    if never { Err(ID_NEVER_ISSUED) } else { Ok(()) }
}

fn attributor(tidied: &[u8]) -> bool {
    let part = |from: usize| whole(tidied.get(from..from + 2).unwrap_or_default()).unwrap_or(0);
    (1..=31).contains(&part(2))
        && (1..=12).contains(&part(4))
        && matches!(tidied.last(), Some(b'M' | b'F' | b'U'))
}

#[cfg(test)]
mod tests;
