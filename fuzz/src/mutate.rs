//! Changing inputs: bytes, words, regions, numbers, nesting, and pieces of other inputs.

use crate::Target;
use crate::parts::{unzip, zip};
use fastrand::Rng;

/// No input grows beyond this.
const LARGEST: usize = 128 << 10;

/// Words of delimited and fixed text.
pub const CSV: &[&str] =
    &[",", "\"", "\"\"", "\r\n", "\n", "\r", ";", "\t", "T,", "T002", "\u{feff}", "\0", "*", "\n\n\n", " "];
/// Words of values.
pub const VALUES: &[&str] = &[
    "2008-11-17",
    "31/02/2008",
    "29/02/1900",
    "9999-12-31",
    "0000-00-00",
    "-2008-11-17",
    "24:00",
    "LS9 7ZZ",
    "null",
    "1E+308",
    "-0",
    "0.1",
    "\u{e9}",
    "\u{301}",
    "\u{202e}",
    "\u{a0}",
    "\u{1f600}",
    "true",
    "#N/A",
    "SIR O'NEILL-MARSH",
];
/// Words of XML.
pub const XML: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "<a>",
    "</a>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml version='1.0' encoding='utf-16'?>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "&a;",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "&#",
    " xmlns='u'",
    " xmlns:p='u'",
    "='",
    "\"",
    " a='1'",
];
/// Words of workbooks.
pub const SHEET: &[&str] = &[
    "A1",
    "XFD1048576",
    "ZZZZZZZZ1",
    "B2:A1",
    "t='s'",
    "t='e'",
    "<v>",
    "</v>",
    "<row r='0'>",
    "r='4294967296'",
    "<f>",
    "<is><t>",
    "1e308",
    "39769.999999",
    "-1",
    "60",
    "number-columns-repeated='2147483647'",
    "number-rows-repeated='1048576'",
    "value-type='date'",
    "date-value='2008-11-17T25:00:00'",
    "<mergeCell ref='A1:B2'/>",
    "uniqueCount='4000000000'",
    "date1904='1'",
    "state='hidden'",
];
/// Words of JSON.
pub const JSON: &[&str] = &[
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "1e999", "-",
    "0", "{\"A\":", "[[[[", "\"A\"", "\"n\"", "\n", "\u{feff}", "/*", "NaN",
];
/// Words of configuration files.
pub const TOML: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "=",
    "\"",
    "'''",
    "\"\"\"",
    "\\u00e9",
    "{",
    "}",
    ",",
    "\n",
    "#",
    ".",
    "true",
    "[]",
    "{}",
    "\"\"",
    "inf",
    "0x7fffffffffffffff",
    "1979-05-27",
    "\u{e9}",
    "\u{1f600}",
    "*",
    "{date}",
    "[[example]]",
    "column = ",
    "[x]\n",
    "\"*\"",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999999",
    "-9223372036854775808",
    "0.0000000001",
    "007",
];
const BYTES: &[u8] =
    &[0, 1, 9, 10, 13, 32, 34, 39, 44, 60, 0x7f, 0x80, 0xbf, 0xc0, 0xc3, 0xed, 0xef, 0xf4, 0xfe, 0xff];

/// The next input of a target: one of the corpus, changed once to eight times.
pub fn next(random: &mut Rng, target: &Target, corpus: &[Vec<u8>]) -> Vec<u8> {
    let Some(base) = random.choice(corpus) else { return Vec::new() };
    if target.zipped
        && random.u8(..10) > 0
        && let Some(out) = inside(random, target, base, corpus)
    {
        return out;
    }
    let mut out = base.clone();
    let other = random.choice(corpus).map_or(&[][..], Vec::as_slice);
    change(random, target, &mut out, other);
    out
}

/// Changes a part of a zip and packs it again.
fn inside(random: &mut Rng, target: &Target, base: &[u8], corpus: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (choice, packed) = base.split_first()?;
    let mut parts = unzip(packed);
    let at = random.usize(..parts.len().max(1));
    let other = random.choice(corpus).map(|o| unzip(o.get(1..).unwrap_or_default())).unwrap_or_default();
    let other = random.choice(&other).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
    match random.u8(..16) {
        0 => drop((!parts.is_empty()).then(|| parts.remove(at))),
        1 => {
            let (name, _) = random.choice(&parts)?.clone();
            parts.get_mut(at)?.0 = name + random.choice(["", "x", "/", "/../y"])?;
        }
        _ => change(random, target, &mut parts.get_mut(at)?.1, &other),
    }
    let choice = if random.u8(..20) == 0 { random.u8(..) } else { *choice };
    let mut out = vec![choice];
    out.extend(zip(&parts, random.bool()));
    Some(out)
}

fn change(random: &mut Rng, target: &Target, out: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..random.usize(1..=8) {
        once(random, target, out, other);
        out.truncate(LARGEST);
    }
}

fn once(random: &mut Rng, target: &Target, out: &mut Vec<u8>, other: &[u8]) {
    let at = random.usize(..=out.len());
    let long = region(random, out.len(), at);
    match random.u8(..16) {
        0 => put(out, at, |b| b ^ (1 << random.u8(..8))),
        1 => {
            let byte = random.choice(BYTES).copied().unwrap_or(0);
            put(out, at, |_| byte);
        }
        2 | 3 => {
            let word = word(random, target);
            splice(out, at, 0, word.as_bytes());
        }
        4 => {
            let word = word(random, target);
            splice(out, at, word.len(), word.as_bytes());
        }
        5 => splice(out, at, long, b""),
        6 => {
            let piece = out.get(at..at + long).unwrap_or_default().repeat(1 << random.u32(..6));
            splice(out, at, 0, piece.get(..LARGEST.min(piece.len())).unwrap_or_default());
        }
        7 => out.truncate(at),
        8 => {
            let from = random.usize(..=other.len());
            let piece = region(random, other.len(), from);
            splice(out, at, long, other.get(from..from + piece).unwrap_or_default());
        }
        9 | 10 => {
            let number = random.choice(NUMBERS).copied().unwrap_or("0");
            let (start, end) = run(out, at, |b| b.is_ascii_digit());
            splice(out, start, end - start, number.as_bytes());
        }
        11 | 12 => {
            let (start, end) = run(out, at, is_word);
            let from = random.usize(..=other.len());
            let (first, last) = run(other, from, is_word);
            splice(out, start, end - start, other.get(first..last).unwrap_or_default());
        }
        13 => {
            let (start, end) = run(out, at, is_word);
            let own = random.usize(..=out.len());
            let (first, last) = run(out, own, is_word);
            let word = out.get(first..last).unwrap_or_default().to_vec();
            splice(out, start, end - start, &word);
        }
        14 if random.u8(..8) == 0 => {
            let nest = word(random, target).repeat(random.usize(1..2_000));
            splice(out, at, 0, nest.as_bytes());
        }
        14 => {
            let piece = out.get(at..at + long).unwrap_or_default().to_vec();
            splice(out, at, long, b"");
            let to = random.usize(..=out.len());
            splice(out, to, 0, &piece);
        }
        _ => {
            let value = random.choice([0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, u64::MAX]).unwrap_or(0);
            let bytes = value.to_le_bytes();
            let width = 1 << random.usize(..4);
            splice(out, at, width, bytes.get(..width).unwrap_or_default());
        }
    }
}

fn word<'a>(random: &mut Rng, target: &'a Target) -> &'a str {
    let list = random.choice(target.words).copied().unwrap_or(NUMBERS);
    random.choice(list).copied().unwrap_or("")
}

/// How long a region at a place is: mostly short, sometimes to the end.
fn region(random: &mut Rng, len: usize, at: usize) -> usize {
    let room = len.saturating_sub(at);
    let cap = 1usize << random.u32(..14);
    random.usize(..=room.min(cap))
}

fn put(out: &mut [u8], at: usize, new: impl FnOnce(u8) -> u8) {
    if let Some(byte) = out.get_mut(at) {
        *byte = new(*byte);
    }
}

fn splice(out: &mut Vec<u8>, at: usize, gone: usize, new: &[u8]) {
    let end = at.saturating_add(gone).min(out.len());
    out.splice(at.min(end)..end, new.iter().copied());
}

/// The run of such bytes around a place.
fn run(bytes: &[u8], at: usize, of: impl Fn(u8) -> bool) -> (usize, usize) {
    let (before, after) = bytes.split_at(at.min(bytes.len()));
    let back = before.iter().rev().take_while(|b| of(**b)).count();
    let forth = after.iter().take_while(|b| of(**b)).count();
    (before.len() - back, before.len() + forth)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
