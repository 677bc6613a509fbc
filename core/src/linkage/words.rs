//! Words kept once and known by a number, with how often each occurs.

use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// The number of no word: the cell was empty, or nothing was left of it.
pub const NONE: u32 = 0;

/// A hash that depends on the bytes alone, so that blocks and samples are the same on every machine and in every
/// order of rows. It guards nothing, and is no secret.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::try_from(bytes.len()).unwrap_or(0);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        state = mix(state, chunk.first_chunk::<8>().map_or(0, |c| u64::from_le_bytes(*c)));
    }
    let mut last = [0; 8];
    last.iter_mut().zip(chunks.remainder()).for_each(|(to, from)| *to = *from);
    mix(state, u64::from_le_bytes(last))
}

/// Two numbers as one, well stirred.
pub const fn mix(a: u64, b: u64) -> u64 {
    let mut x = (a ^ b.rotate_left(32)).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ b;
    x ^= x >> 32;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 29
}

/// Words, each once, from number 1 on.
#[derive(Clone, Default)]
pub struct Words {
    text: String,
    ends: Vec<u32>,
    /// Hash and number of each; with the hash kept, growing reads no word again.
    table: HashTable<(u32, u32)>,
}

impl Words {
    /// The number of a word, which is added when it is new. The empty word, and any word beyond four thousand
    /// million bytes of them, is none.
    pub fn add(&mut self, word: &str) -> u32 {
        if word.is_empty() {
            return NONE;
        }
        let short = short(hash(word.as_bytes()));
        let (text, ends) = (&self.text, &self.ends);
        if let Some((_, found)) =
            self.table.find(spread(short), |(h, at)| *h == short && slice(text, ends, *at) == word)
        {
            return *found;
        }
        let Ok(end) = u32::try_from(self.text.len() + word.len()) else { return NONE };
        let Ok(number) = u32::try_from(self.ends.len() + 1) else { return NONE };
        self.text.push_str(word);
        self.ends.push(end);
        self.table.insert_unique(spread(short), (short, number), |(h, _)| spread(*h));
        number
    }

    /// The number of a word that is known.
    pub fn find(&self, word: &str) -> Option<u32> {
        let short = short(hash(word.as_bytes()));
        let same = |(h, at): &(u32, u32)| *h == short && slice(&self.text, &self.ends, *at) == word;
        self.table.find(spread(short), same).map(|(_, number)| *number)
    }

    /// The word of a number; empty for none.
    pub fn get(&self, number: u32) -> &str {
        slice(&self.text, &self.ends, number)
    }

    /// How many there are; their numbers are 1 up to it.
    pub fn len(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Takes over another's words: its numbers, from 0 on, as numbers here.
    pub fn absorb(&mut self, other: &Self) -> Vec<u32> {
        let more = usize::try_from(other.len()).unwrap_or(0) / 2;
        self.table.reserve(more, |(h, _)| spread(*h));
        (0..=other.len()).map(|n| self.add(other.get(n))).collect()
    }
}

/// The upper half of a hash.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// Half a hash as a whole one: the table looks at the bits of both ends.
const fn spread(short: u32) -> u64 {
    (short as u64) << 32 | short as u64
}

fn slice<'t>(text: &'t str, ends: &[u32], number: u32) -> &'t str {
    let Some(at) = number.checked_sub(1).and_then(|n| usize::try_from(n).ok()) else { return "" };
    let from = at.checked_sub(1).and_then(|n| ends.get(n)).copied().unwrap_or(0);
    let to = ends.get(at).copied().unwrap_or(from);
    let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
    text.get(range).unwrap_or_default()
}

/// A count or weight for each word, by its number.
#[derive(Clone, Default)]
pub struct PerWord<T>(pub Vec<T>);

impl<T: Copy + Default> PerWord<T> {
    /// The default for every word up to a number.
    pub fn up_to(last: u32) -> Self {
        let mut all = Vec::new();
        all.resize(usize::try_from(last).unwrap_or(0) + 1, T::default());
        Self(all)
    }

    /// That of a word; the default where there is none.
    pub fn of(&self, number: u32) -> T {
        usize::try_from(number).ok().and_then(|n| self.0.get(n)).copied().unwrap_or_default()
    }

    /// Changes that of a word.
    pub fn change(&mut self, number: u32, change: impl FnOnce(&mut T)) {
        if let Some(one) = usize::try_from(number).ok().and_then(|n| self.0.get_mut(n)) {
            change(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_number() {
        let mut words = Words::default();
        let (a, b) = (words.add("ANN"), words.add("BEA"));
        assert_eq!((words.add("ANN"), words.add(""), words.len()), (a, NONE, 2));
        assert_eq!((words.get(a), words.get(b), words.get(NONE), words.get(9)), ("ANN", "BEA", "", ""));
        assert_eq!((words.find("BEA"), words.find("CYD")), (Some(b), None));
    }

    #[test]
    fn absorbed_words_keep_their_text() {
        let (mut one, mut two) = (Words::default(), Words::default());
        one.add("ANN");
        let (bea, ann) = (two.add("BEA"), two.add("ANN"));
        let map = PerWord(one.absorb(&two));
        assert_eq!((one.get(map.of(bea)), one.get(map.of(ann)), one.len()), ("BEA", "ANN", 2));
    }

    #[test]
    fn hashes_are_the_same_for_ever() {
        assert_eq!(hash(b"THORNLEY"), hash(b"THORNLEY"));
        assert_ne!(hash(b"A"), hash(b"A\0"));
        assert_ne!(mix(1, 2), mix(2, 1));
    }
}
