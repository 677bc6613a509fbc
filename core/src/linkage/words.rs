//! Words kept once and known by a number, with how often each occurs.

use alloc::string::String;
use alloc::vec::Vec;

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
    /// Where each word is found by its hash: the place that its hash says, or the next free one behind it. A power of two
    /// of places, a quarter of them free at least.
    slots: Vec<Slot>,
}

/// All that is needed to find a word again, side by side: of millions of words each other place is waited for.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    /// [`NONE`] where the place is free.
    number: u32,
    start: u32,
    len: u32,
}

impl Words {
    /// The number of a word, which is added when it is new. The empty word, and any word beyond four thousand
    /// million bytes of them, is none.
    pub fn add(&mut self, word: &str) -> u32 {
        if word.is_empty() {
            return NONE;
        }
        self.make_room(1);
        let hash = short(hash(word.as_bytes()));
        let (at, slot) = self.search(hash, word);
        if slot.number != NONE {
            return slot.number;
        }
        let (Ok(start), Ok(len)) = (u32::try_from(self.text.len()), u32::try_from(word.len())) else {
            return NONE;
        };
        let Ok(number) = u32::try_from(self.ends.len() + 1) else { return NONE };
        let Some(end) = start.checked_add(len) else { return NONE };
        self.text.push_str(word);
        self.ends.push(end);
        if let Some(place) = self.slots.get_mut(at) {
            *place = Slot { hash, number, start, len };
        }
        number
    }

    /// The number of a word that is known.
    pub fn find(&self, word: &str) -> Option<u32> {
        let (_, slot) = self.search(short(hash(word.as_bytes())), word);
        (slot.number != NONE).then_some(slot.number)
    }

    /// The place of a word: where it is, or where it would be.
    fn search(&self, hash: u32, word: &str) -> (usize, Slot) {
        let last = self.slots.len().wrapping_sub(1);
        let mut at = usize::try_from(hash).unwrap_or(0) & last;
        while let Some(slot) = self.slots.get(at) {
            if slot.number == NONE || (slot.hash == hash && self.is(*slot, word)) {
                return (at, *slot);
            }
            at = (at + 1) & last;
        }
        (at, Slot::default())
    }

    fn is(&self, slot: Slot, word: &str) -> bool {
        let start = usize::try_from(slot.start).unwrap_or(0);
        let len = usize::try_from(slot.len).unwrap_or(0);
        len == word.len() && self.text.as_bytes().get(start..start + len) == Some(word.as_bytes())
    }

    /// Room for so many more words.
    fn make_room(&mut self, more: usize) {
        let wanted = self.ends.len() + more;
        if wanted <= self.slots.len() / 4 * 3 {
            return;
        }
        let size = (wanted / 3 * 4 + 4).next_power_of_two().max(16);
        let old = core::mem::replace(&mut self.slots, alloc::vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|slot| slot.number != NONE) {
            let mut at = usize::try_from(slot.hash).unwrap_or(0) & (size - 1);
            while self.slots.get(at).is_some_and(|taken| taken.number != NONE) {
                at = (at + 1) & (size - 1);
            }
            if let Some(place) = self.slots.get_mut(at) {
                *place = slot;
            }
        }
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
        self.make_room(usize::try_from(other.len()).unwrap_or(0) / 2);
        (0..=other.len()).map(|n| self.add(other.get(n))).collect()
    }
}

/// The upper half of a hash.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
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
    fn many_words_are_found_again() {
        let mut words = Words::default();
        let all: Vec<String> = (0..5_000).map(|n| alloc::format!("W{n}")).collect();
        let numbers: Vec<u32> = all.iter().map(|word| words.add(word)).collect();
        for (word, number) in all.iter().zip(numbers) {
            assert_eq!(
                (words.find(word), words.add(word), words.get(number)),
                (Some(number), number, word.as_str())
            );
        }
        assert_eq!((words.len(), words.find("W5000"), words.find("W")), (5_000, None, None));
    }

    #[test]
    fn hashes_are_the_same_for_ever() {
        assert_eq!(hash(b"THORNLEY"), hash(b"THORNLEY"));
        assert_ne!(hash(b"A"), hash(b"A\0"));
        assert_ne!(mix(1, 2), mix(2, 1));
    }
}
