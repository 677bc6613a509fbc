//! Identifiers of UK criminal justice: shape, check letter, one canonical form.
//!
//! Sources: the Ministry of Justice's person record (PNC, CRO), Bichard 7 (ASN), HMRC NIM39110
//! (National Insurance number), the GOV.UK property identifier standard (UPRN).

use super::{CHECK, Fault, PLACEHOLDER, SHAPE, guarded};
use alloc::string::String;
use core::fmt::Write as _;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal $word:literal,)*) => {
        /// An identifier whose shape (and check letter, where it has one) is known.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum IdKind {
            $($(#[$doc])* $name = $number,)*
        }

        impl IdKind {
            /// All kinds, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word used in schema and mappings.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// Police National Computer id.
    Pnc = 0 "pnc",
    /// Criminal Records Office number.
    Cro = 1 "cro",
    /// Prison (NOMIS) number.
    PrisonNumber = 2 "prison_number",
    /// Probation case reference number.
    Crn = 3 "crn",
    /// National Insurance number.
    Nino = 4 "nino",
    /// Tagging contractor's subject.
    EmSubject = 5 "em_subject",
    /// Youth offending reference.
    YosId = 6 "yos_id",
    /// Drug-treatment client key: two initials, day, month and year of birth, sex.
    Attributor = 7 "attributor",
    /// A source system's own number.
    Local = 8 "local",
    /// Arrest/summons number.
    Asn = 9 "asn",
    /// Prison booking number.
    Booking = 10 "booking",
    /// Unique property reference number.
    Uprn = 11 "uprn",
    /// Home Office offence code.
    Offence = 12 "offence",
    /// CJS offence code.
    CjsOffence = 13 "cjs_offence",
    /// Court OU code.
    CourtOu = 14 "court_ou",
    /// Police unit.
    PoliceUnit = 15 "police_unit",
    /// Delius staff code.
    Staff = 16 "staff",
    /// Delius team code.
    Team = 17 "team",
    /// OASys assessment key.
    OasysPk = 18 "oasys_pk",
    /// Tenancy reference.
    TenancyRef = 19 "tenancy_ref",
}

impl IdKind {
    /// The kind that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.word() == word)
    }

    /// Whether it may help to join persons.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Pnc | Self::Cro | Self::PrisonNumber | Self::Crn | Self::Nino)
    }

    /// Whether a check letter protects it.
    pub const fn has_check(self) -> bool {
        matches!(self, Self::Pnc | Self::Cro | Self::Asn)
    }
}

/// The 23 check letters: I, O and S never occur.
const LETTERS: &[u8; 23] = b"ZABCDEFGHJKLMNPQRTUVWXY";

/// Longest identifier read, after tidying.
const LONGEST: usize = 40;

fn letter(number: u64) -> u8 {
    let at = usize::try_from(number % 23).unwrap_or(0);
    LETTERS.get(at).copied().unwrap_or(b'Z')
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0u64, |n, d| n.wrapping_mul(10).wrapping_add(u64::from(d.wrapping_sub(b'0'))))
}

fn all_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// Upper case, without white space, without hyphens at the ends.
struct Tidy {
    text: [u8; LONGEST],
    used: usize,
}

impl Tidy {
    fn of(text: &str) -> Result<Self, Fault> {
        let mut out = Self { text: [0; LONGEST], used: 0 };
        for c in text.trim_matches(|c: char| c.is_whitespace() || c == '-').chars().filter(|c| !c.is_whitespace()) {
            let slot = out.text.get_mut(out.used).ok_or(SHAPE)?;
            if !c.is_ascii_graphic() {
                return Err(SHAPE);
            }
            *slot = u8::try_from(c.to_ascii_uppercase()).map_err(|_| SHAPE)?;
            out.used += 1;
        }
        Ok(out)
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(..self.used).unwrap_or(&[])
    }
}

/// Reads an identifier and appends its canonical form. `century_pivot` is this year's two digits: a
/// PNC's short year up to it is 20yy, any other 19yy (the rule of the MoJ's person record).
pub fn read(kind: IdKind, text: &str, century_pivot: u8, out: &mut String) -> Result<(), Fault> {
    let tidy = Tidy::of(text)?;
    let t = tidy.bytes();
    guarded(out, |out| match kind {
        IdKind::Pnc => pnc(t, century_pivot, out),
        IdKind::Cro => cro(t, out),
        IdKind::Asn => asn(t, out),
        IdKind::Nino => nino(t, out),
        IdKind::Uprn => uprn(t, out),
        IdKind::Attributor => attributor(t, out),
        IdKind::PrisonNumber => shaped(t, b"A9999AA", out),
        IdKind::Crn => shaped(t, b"A999999", out),
        IdKind::Offence => shaped(t, b"99999", out),
        IdKind::CjsOffence => shaped(t, b"AA99999", out).or_else(|_| shaped(t, b"AA99999A", out)),
        IdKind::PoliceUnit => shaped(t, b"99XX", out),
        IdKind::Staff => shaped(t, b"XXXXXXX", out),
        IdKind::Team => shaped(t, b"XXXXXX", out),
        IdKind::CourtOu => court(t, out),
        IdKind::Booking => {
            let shapes: [&[u8]; 4] = [b"A9999", b"A99999", b"AA9999", b"AA99999"];
            shapes.iter().find_map(|s| shaped(t, s, out).ok()).ok_or(SHAPE)
        }
        IdKind::OasysPk => plain(t, out, |t| (6..=10).contains(&t.len()) && all_digits(t)),
        IdKind::EmSubject => plain(t, out, |t| t.iter().all(u8::is_ascii_alphanumeric)),
        IdKind::YosId | IdKind::Local | IdKind::TenancyRef => plain(t, out, |t| {
            t.iter().all(|b| b.is_ascii_alphanumeric() || b"/-._".contains(b))
        }),
    })
}

fn push(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().map(|b| char::from(*b)));
}

fn plain(t: &[u8], out: &mut String, fits: impl Fn(&[u8]) -> bool) -> Result<(), Fault> {
    if t.is_empty() || !fits(t) {
        return Err(SHAPE);
    }
    push(out, t);
    Ok(())
}

/// A letter stands for A, a digit for 9, either for X.
fn shaped(t: &[u8], shape: &[u8], out: &mut String) -> Result<(), Fault> {
    let fits = |(b, s): (&u8, &u8)| match s {
        b'A' => b.is_ascii_uppercase(),
        b'9' => b.is_ascii_digit(),
        _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
    };
    if t.len() != shape.len() || !t.iter().zip(shape).all(fits) {
        return Err(SHAPE);
    }
    push(out, t);
    Ok(())
}

/// Compares the check letter; I, O and S never are one.
fn check(number: u64, last: u8) -> Result<(), Fault> {
    if letter(number) == last { Ok(()) } else { Err(CHECK) }
}

/// `YYYY/NNNNNNNX` or `YY/N…X`, slash optional; with a slash the split is certain.
fn pnc(t: &[u8], pivot: u8, out: &mut String) -> Result<(), Fault> {
    let (last, body) = t.split_last().filter(|(l, _)| l.is_ascii_uppercase()).ok_or(SHAPE)?;
    let slash = body.iter().position(|b| *b == b'/');
    let (year, serial) = match slash {
        Some(at) => (body.get(..at).ok_or(SHAPE)?, body.get(at + 1..).ok_or(SHAPE)?),
        None if body.len() == 11 => body.split_at(4),
        None => body.split_at_checked(2).ok_or(SHAPE)?,
    };
    let fits = matches!(year.len(), 2 | 4) && (1..=7).contains(&serial.len());
    if !fits || !all_digits(year) || !all_digits(serial) {
        return Err(SHAPE);
    }
    let short = number(year) % 100;
    check(short * 10_000_000 + number(serial), *last)?;
    let year = match year.len() {
        4 => number(year),
        _ if short <= u64::from(pivot) => 2000 + short,
        _ => 1900 + short,
    };
    if !(1900..=2000 + u64::from(pivot)).contains(&year) {
        return Err(SHAPE);
    }
    let _ = write!(out, "{year}/{:07}{}", number(serial), char::from(*last));
    Ok(())
}

/// `NNNNNN/YYX`, or `SFYY/N…X` ("small file") whose serial is not padded, in the check either.
fn cro(t: &[u8], out: &mut String) -> Result<(), Fault> {
    if let Some(rest) = t.strip_prefix(b"SF") {
        let (last, body) = rest.split_last().filter(|(l, _)| l.is_ascii_uppercase()).ok_or(SHAPE)?;
        let (year, serial) = body.split_at_checked(2).ok_or(SHAPE)?;
        let serial = serial.strip_prefix(b"/").ok_or(SHAPE)?;
        if !all_digits(year) || !all_digits(serial) || !(1..=6).contains(&serial.len()) {
            return Err(SHAPE);
        }
        let width = u32::try_from(serial.len()).unwrap_or(0);
        check(number(year) * 10u64.pow(width) + number(serial), *last)?;
        push(out, t);
        return Ok(());
    }
    let at = t.iter().position(|b| *b == b'/').ok_or(SHAPE)?;
    let (serial, rest) = t.split_at(at);
    let [_, y1, y2, last] = rest else { return Err(SHAPE) };
    let year = [*y1, *y2];
    if !(1..=6).contains(&serial.len()) || !all_digits(serial) || !all_digits(&year) || !last.is_ascii_uppercase() {
        return Err(SHAPE);
    }
    if number(serial) == 0 {
        return Err(PLACEHOLDER);
    }
    check(number(&year) * 1_000_000 + number(serial), *last)?;
    let _ = write!(out, "{:06}/{:02}{}", number(serial), number(&year), char::from(*last));
    Ok(())
}

/// Year 2, force 2, unit 2, system 2, sequence 1–11, letter; slashes are left out.
fn asn(t: &[u8], out: &mut String) -> Result<(), Fault> {
    let mut flat = [0u8; LONGEST];
    let mut used = 0;
    for b in t.iter().filter(|b| **b != b'/') {
        *flat.get_mut(used).ok_or(SHAPE)? = *b;
        used += 1;
    }
    let flat = flat.get(..used).ok_or(SHAPE)?;
    let (head, tail) = flat.split_at_checked(8).ok_or(SHAPE)?;
    let (last, sequence) = tail.split_last().ok_or(SHAPE)?;
    let [y1, y2, f1, f2, _, _, s1, s2] = head else { return Err(SHAPE) };
    let year = [*y1, *y2];
    let codes = head.iter().skip(2).all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let sequenced = (1..=11).contains(&sequence.len()) && all_digits(sequence);
    if !all_digits(&year) || !codes || !sequenced || !last.is_ascii_uppercase() {
        return Err(SHAPE);
    }
    // The digits in order: force if numeric, system if numeric, year, sequence of eleven.
    let mut value = 0u64;
    for part in [[*f1, *f2], [*s1, *s2]] {
        if all_digits(&part) {
            value = value * 100 + number(&part);
        }
    }
    let value = u128::from(value * 100 + number(&year)) * 100_000_000_000 + u128::from(number(sequence));
    check(u64::try_from(value % 23).unwrap_or(0), *last)?;
    push(out, head);
    let _ = write!(out, "{:011}{}", number(sequence), char::from(*last));
    Ok(())
}

fn nino(t: &[u8], out: &mut String) -> Result<(), Fault> {
    let (prefix, rest) = t.split_first_chunk::<2>().ok_or(SHAPE)?;
    let (digits, suffix) = rest.split_at_checked(6).ok_or(SHAPE)?;
    let suffixed = matches!(suffix, [] | [b'A'..=b'D']);
    if !prefix.iter().all(u8::is_ascii_uppercase) || !all_digits(digits) || !suffixed {
        return Err(SHAPE);
    }
    let [first, second] = prefix;
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    if b"DFIQUV".contains(first) || b"DFIOQUV".contains(second) || never.contains(&prefix) {
        return Err(SHAPE);
    }
    push(out, t);
    Ok(())
}

fn uprn(t: &[u8], out: &mut String) -> Result<(), Fault> {
    if !(1..=12).contains(&t.len()) || !all_digits(t) || number(t) == 0 {
        return Err(SHAPE);
    }
    let _ = write!(out, "{}", number(t));
    Ok(())
}

fn attributor(t: &[u8], out: &mut String) -> Result<(), Fault> {
    let [a, b, digits @ .., sex] = t else { return Err(SHAPE) };
    let letters = a.is_ascii_uppercase() && b.is_ascii_uppercase() && b"MFU".contains(sex);
    if digits.len() != 8 || !all_digits(digits) || !letters {
        return Err(SHAPE);
    }
    let (day, month) = (number(digits.get(..2).unwrap_or(&[])), number(digits.get(2..4).unwrap_or(&[])));
    if !(1..=31).contains(&day) || !(1..=12).contains(&month) {
        return Err(SHAPE);
    }
    push(out, t);
    Ok(())
}

fn court(t: &[u8], out: &mut String) -> Result<(), Fault> {
    let level = matches!(t.first(), Some(b'A'..=b'C'));
    let shape: &[u8] = if t.len() == 5 { b"A99XX" } else { b"A99XXXX" };
    if level { shaped(t, shape, out) } else { Err(SHAPE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(kind: IdKind, text: &str) -> Result<String, Fault> {
        let mut out = String::from("before ");
        read(kind, text, 26, &mut out).map(|()| out.trim_start_matches("before ").into())
    }

    #[test]
    fn samples_of_public_test_suites() {
        let good = [
            (IdKind::Pnc, "2008/0123456M", "2008/0123456M"),
            (IdKind::Pnc, "99/7N", "1999/0000007N"),
            (IdKind::Pnc, "850000001u", "1985/0000001U"),
            (IdKind::Pnc, "81/34U", "1981/0000034U"),
            (IdKind::Pnc, "033Y", "2003/0000003Y"),
            (IdKind::Pnc, "2008/56560Z", "2008/0056560Z"),
            (IdKind::Cro, "777/99P", "000777/99P"),
            (IdKind::Cro, "SF83/4321V", "SF83/4321V"),
            (IdKind::Cro, "65656/91H", "065656/91H"),
            (IdKind::Asn, "11/01ZD/01/00000410836V", "1101ZD0100000410836V"),
            (IdKind::PrisonNumber, " g0001qq ", "G0001QQ"),
            (IdKind::Crn, "e000001", "E000001"),
            (IdKind::Nino, "jk 12 34 56 d", "JK123456D"),
            (IdKind::Uprn, "000000199356", "199356"),
            (IdKind::Attributor, "xy01011985f", "XY01011985F"),
            (IdKind::TenancyRef, "0044210/02", "0044210/02"),
        ];
        for (kind, text, expected) in good {
            assert_eq!(canonical(kind, text).as_deref(), Ok(expected), "{text}");
        }
        let bad = [
            (IdKind::Pnc, "2008/0123456A", CHECK),
            (IdKind::Pnc, "08/12345678A", SHAPE),
            (IdKind::Pnc, "20030011985Z", CHECK),
            (IdKind::Cro, "000000/00Z", PLACEHOLDER),
            (IdKind::Cro, "85227/65G", CHECK),
            (IdKind::Asn, "1101ZD0100000410836W", CHECK),
            (IdKind::PrisonNumber, "A123BC", SHAPE),
            (IdKind::Nino, "BG123456A", SHAPE),
            (IdKind::Uprn, "0", SHAPE),
            (IdKind::Offence, "102", SHAPE),
            (IdKind::EmSubject, "12-34", SHAPE),
        ];
        for (kind, text, fault) in bad {
            assert_eq!(canonical(kind, text), Err(fault), "{text}");
        }
    }

    #[test]
    fn words_are_their_own() {
        for kind in IdKind::ALL {
            assert_eq!(IdKind::parse(kind.word()), Some(*kind));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_reads_its_own_writing(text in "[A-Za-z0-9/ -]{0,24}|.{0,20}", kind in 0usize..20) {
            if let Some(kind) = IdKind::ALL.get(kind).copied() {
                if let Ok(out) = canonical(kind, &text) {
                    prop_assert_eq!(canonical(kind, &out), Ok(out.clone()));
                }
            }
        }
    }
}
