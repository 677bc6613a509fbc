//! A header text cut into words, and how well it fits a phrase of the word list.

/// Score below which a header and a phrase are not the same thing.
pub(super) const ENOUGH: u32 = 60;

/// A header text cut into words: its own, and those of the path or sheet before it. Words are compared without
/// regard to case and to the s of a plural.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) own: Vec<String>,
    context: Vec<String>,
}

impl Header {
    pub(super) fn new(text: &str) -> Self {
        let at = text.rfind(['/', '.']).map_or(0, |at| at + 1);
        let (context, own) = text.split_at(at);
        Self { own: stems(own), context: stems(context) }
    }

    /// A header behind the name of its group, when it is one of these: the group is what stands before it.
    pub(super) fn grouped(text: &str, groups: &[String]) -> Self {
        for group in groups {
            if let Some(own) = text.strip_prefix(group.as_str()).and_then(|rest| rest.strip_prefix(' ')) {
                return Self { own: stems(own), context: stems(group) };
            }
        }
        Self::new(text)
    }

    /// The same with other words of its own.
    fn with(&self, own: Vec<String>) -> Self {
        Self { own, context: self.context.clone() }
    }

    /// Whether two headers have the same words, however they are parted.
    pub(super) fn same(&self, other: &Self) -> bool {
        !self.own.is_empty() && self.own.concat() == other.own.concat()
    }

    /// Whether the other's words are its last ones: `Young person YOIS ref` and `YOISRef`.
    pub(super) fn ends_with(&self, other: &Self) -> bool {
        let wanted = other.own.concat();
        let mut left = wanted.as_str();
        for word in self.own.iter().rev().take_while(|_| !wanted.is_empty()) {
            // A word that lost the s of a plural may stand whole inside one that is not parted there.
            let with_s = || left.strip_suffix('s').and_then(|l| l.strip_suffix(word.as_str()));
            let Some(rest) = left.strip_suffix(word.as_str()).or_else(with_s) else { return false };
            if rest.is_empty() {
                return true;
            }
            left = rest;
        }
        false
    }

    /// Without the first of the given phrases that stands in its own words, unless nothing else would be left.
    pub(super) fn without(&self, phrases: &[String]) -> Option<Self> {
        phrases.iter().find_map(|phrase| {
            let (at, len) = place(&self.own, &stems(phrase))?;
            let mut own = self.own.clone();
            own.drain(at..at + len);
            (!own.is_empty()).then(|| self.with(own))
        })
    }

    /// Whether a phrase stands in the sheet's or element's name before it.
    pub(super) fn within(&self, phrases: &[String]) -> bool {
        phrases.iter().any(|phrase| place(&self.context, &stems(phrase)).is_some())
    }

    /// How well it fits the best of some phrases.
    pub(super) fn best(&self, phrases: &[String]) -> u32 {
        phrases.iter().map(|p| self.score(p)).max().unwrap_or(0)
    }

    /// 100 for the very phrase, 101 when part of it is the sheet or element before; less for every word more or fewer.
    pub(super) fn score(&self, phrase: &str) -> u32 {
        let wanted = stems(phrase);
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

/// Whether a text has the words of a phrase, one behind the other.
pub(super) fn says(text: &str, phrase: &str) -> bool {
    place(&stems(text), &stems(phrase)).is_some()
}

/// Where words stand one behind the other among others.
fn place(among: &[String], words: &[String]) -> Option<(usize, usize)> {
    let at = (!words.is_empty()).then(|| among.windows(words.len()).position(|w| w == words))??;
    Some((at, words.len()))
}

fn joined(words: &[&String]) -> String {
    words.iter().map(|w| w.as_str()).collect()
}

/// The words of a text without the s of a plural.
pub(super) fn stems(text: &str) -> Vec<String> {
    let stem = |word: String| match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
        _ => word,
    };
    tokens(text).into_iter().map(stem).collect()
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
    fn a_header_fits_its_phrase_with_or_without_signs_and_plurals() {
        assert_eq!(Header::new("../dateOfBirth").score("date of birth"), 100);
        assert_eq!(Header::new("Release address 2").score("release address"), 100);
        assert_eq!(Header::new("Condition").score("conditions"), 100);
        assert_eq!(Header::new("Surname").score("date of birth"), 0);
    }

    #[test]
    fn words_in_front_are_taken_off() {
        let phrases = ["perp".to_owned(), "young person".to_owned()];
        let bare = Header::new("Young person Surname").without(&phrases).unwrap();
        assert_eq!(bare.own, ["surname"]);
        assert!(Header::new("Perp").without(&phrases).is_none(), "nothing would be left");
        assert!(Header::new("Young person YOIS ref").ends_with(&Header::new("../YOISRef")));
        assert!(Header::new("AT_RISK.LEVEL").within(&["at risk".to_owned()]));
        assert!(!Header::new("Sex").ends_with(&Header::new("Essex")));
        let grouped = Header::grouped("Stay From", &["Rules".to_owned(), "Stay".to_owned()]);
        assert_eq!((grouped.own.join(" ").as_str(), grouped.within(&["stay".to_owned()])), ("from", true));
    }
}
