//! The word list by which columns are recognised, and how a header is compared with it.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Score below which a header and a phrase are not the same thing.
pub(super) const ENOUGH: u32 = 60;

/// The list, as data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) null: Vec<String>,
    pub(super) key: BTreeMap<String, Vec<String>>,
    record_key: Phrases,
    pub(super) evidence: BTreeMap<String, Vec<String>>,
    pub(super) field: BTreeMap<String, Vec<String>>,
    ignore: BTreeMap<String, Vec<String>>,
    condition: Phrases,
    mark: BTreeMap<String, Vec<String>>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Deserialize)]
struct Phrases {
    words: Vec<String>,
}

impl Words {
    /// The list that comes with the program.
    pub(super) fn shipped() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("words.toml"))
    }

    /// How well a header fits the phrases of a list.
    pub(super) fn best(header: &Header, phrases: &[String]) -> u32 {
        phrases.iter().map(|p| header.score(p)).max().unwrap_or(0)
    }

    /// Why a header is known as one that is not used.
    pub(super) fn ignored(&self, header: &Header) -> Option<(&str, u32)> {
        let each = self.ignore.iter().map(|(why, phrases)| (why.as_str(), Self::best(header, phrases)));
        each.filter(|(_, score)| *score >= ENOUGH).max_by_key(|(_, score)| *score)
    }

    pub(super) fn condition(&self, header: &Header) -> u32 {
        Self::best(header, &self.condition.words)
    }

    pub(super) fn record_key(&self, header: &Header) -> u32 {
        Self::best(header, &self.record_key.words)
    }

    /// Whether a header has a word of a mark: `personal`, `medical`, `third_party`, `free_text`.
    pub(super) fn marked(&self, mark: &str, header: &Header) -> bool {
        let all = self.mark.get(mark).into_iter().flatten();
        all.flat_map(|phrase| tokens(phrase)).any(|w| header.own.contains(&w))
    }
}

/// A header text cut into words: its own, and those of the path or sheet before it.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) own: Vec<String>,
    context: Vec<String>,
}

impl Header {
    pub(super) fn new(text: &str) -> Self {
        let at = text.rfind(['/', '.']).map_or(0, |at| at + 1);
        let (context, own) = text.split_at(at);
        Self { own: tokens(own), context: tokens(context) }
    }

    /// 100 for the very phrase, 101 when part of it is the sheet or element before; less for every word more or fewer.
    fn score(&self, phrase: &str) -> u32 {
        let wanted = tokens(phrase);
        // `addr1`, `address line 2`: the number of a line is no word of its meaning.
        let own: Vec<&String> = match self.own.split_last() {
            Some((last, rest))
                if !rest.is_empty() && last.parse::<u8>().is_ok() && !wanted.contains(last) =>
            {
                rest.iter().collect()
            }
            _ => self.own.iter().collect(),
        };
        if own.iter().copied().eq(wanted.iter()) || joined(&own) == wanted.concat() {
            return 100;
        }
        if !wanted.iter().all(|w| own.contains(&w) || self.context.contains(w))
            || !wanted.iter().any(|w| own.contains(&w))
        {
            return 0;
        }
        let all_own = own.iter().all(|w| wanted.contains(w));
        let spare = own.iter().filter(|w| !wanted.contains(w)).count();
        if all_own && wanted.len() > own.len() {
            // The sheet or element before it says what the bare word is about.
            return 101;
        }
        let base = if all_own { 98 } else { 72 };
        let long = u32::try_from(wanted.len().min(4) * 4).unwrap_or(0);
        (base + long).min(99).saturating_sub(u32::try_from(spare * 8).unwrap_or(99))
    }
}

fn joined(words: &[&String]) -> String {
    words.iter().map(|w| w.as_str()).collect()
}

/// Lower-case words; a capital after a small letter, a digit beside a letter and any sign part them.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in text.chars() {
        let parted = (before.is_lowercase() && letter.is_uppercase())
            || (before.is_alphabetic() && letter.is_ascii_digit())
            || (before.is_ascii_digit() && letter.is_alphabetic());
        if letter.is_alphanumeric() {
            if parted || !before.is_alphanumeric() {
                out.push(String::new());
            }
            if let Some(last) = out.last_mut() {
                last.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn headers_are_cut_into_words() {
        assert_eq!(tokens("riskPublicCommunity"), ["risk", "public", "community"]);
        assert_eq!(tokens("Release address 2"), ["release", "address", "2"]);
        assert_eq!(tokens("PERSON.ADDR1"), ["person", "addr", "1"]);
    }

    #[test]
    fn the_shipped_list_reads_and_names_no_field_twice() {
        let words = Words::shipped().unwrap();
        assert!(words.field.len() > 80);
        assert_eq!(Header::new("../dateOfBirth").score("date of birth"), 100);
        assert_eq!(Header::new("Release address 2").score("release address"), 100);
        assert_eq!(Header::new("Surname").score("date of birth"), 0);
    }
}
