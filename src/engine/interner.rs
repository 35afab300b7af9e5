//! Names inside the state: each distinct text gets the next number, in the order of the log.

use hashbrown::HashTable;

use super::hash::{Keys, add_to_index, same};
use super::pack::{self, Reader};
use super::state::push;

/// A list of distinct texts with look-up in both directions.
///
/// The hash is keyed by the campaign's seed, so chosen ids cannot flood one bucket; its order is never observed.
#[derive(Clone, Debug)]
pub struct Interner {
    /// The entries one after the other: each text behind its number, and before [`END`], which no id contains.
    entries: String,
    /// Where the entry of each number begins.
    starts: Vec<u32>,
    /// Where the entry of each text begins: a look-up then reads the index and the entry, and nothing between.
    index: HashTable<u32>,
    keys: Keys,
}

/// Ids have no control characters.
const END: char = '\u{1}';

impl Interner {
    /// An empty list whose hashes use `keys`.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Interner { entries: String::new(), starts: Vec::new(), index: HashTable::new(), keys }
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The text with this number, or the empty text.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        text_of(&self.entries, &self.starts, place(number))
    }

    /// The number of a text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.find_hashed(self.keys.text(text), text)
    }

    /// The number of a text whose hash is known.
    #[must_use]
    #[inline]
    pub fn find_hashed(&self, hash: u64, text: &str) -> Option<u32> {
        let start = self.index.find(hash, |start| is_at(&self.entries, *start, text))?;
        Some(number_at(&self.entries, *start))
    }

    /// The number of a text, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.keys.text(text);
        if let Some(number) = self.find_hashed(hash, text) {
            return number;
        }
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let start = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Interner { entries, starts, index, keys } = self;
        let hash_of = |number| keys.text(text_of(entries, starts, number));
        add_to_index(index, (hash, start), || {
            starts.iter().enumerate().map(|(n, start)| (hash_of(n), *start))
        });
        let size = NUMBER + text.len() + 1;
        if entries.capacity() - entries.len() < size {
            entries.reserve_exact(size + entries.len() / 8);
        }
        let groups: [u8; NUMBER] = core::array::from_fn(|group| low_bits(number >> (7 * group)));
        entries.push_str(core::str::from_utf8(&groups).unwrap_or_default());
        entries.push_str(text);
        entries.push(END);
        push(starts, start);
        number
    }

    /// Appends all texts in order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::try_from(self.len()).unwrap_or(0));
        for number in (0..).take(self.len()) {
            pack::put_bytes(out, self.text(number).as_bytes());
        }
    }

    /// Reads what [`Interner::pack`] wrote; repeated texts are refused.
    pub fn unpack(reader: &mut Reader<'_>, keys: Keys) -> Option<Self> {
        let mut list = Interner::new(keys);
        for position in 0..reader.count()? {
            let text = reader.text()?;
            if text.contains(END) || place(list.intern(text)) != position {
                return None;
            }
        }
        Some(list)
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.entries.capacity() + self.starts.capacity() * 4 + self.index.allocation_size()
    }
}

/// The bytes of an entry's number: seven bits in each, the lowest first, so that all of it is text.
const NUMBER: usize = 5;

fn low_bits(number: u32) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

#[inline]
fn number_at(entries: &str, start: u32) -> u32 {
    let bytes = entries.as_bytes().get(place(start)..).and_then(<[u8]>::first_chunk::<NUMBER>);
    bytes.map_or(u32::MAX, |bytes| bytes.iter().rev().fold(0, |number, byte| number << 7 | u32::from(*byte)))
}

/// The text with this number, or the empty text.
fn text_of<'e>(entries: &'e str, starts: &[u32], number: usize) -> &'e str {
    let Some(start) = starts.get(number) else { return "" };
    let next = starts.get(number + 1).map_or(entries.len(), |next| place(*next));
    entries.get(place(*start) + NUMBER..next.saturating_sub(1)).unwrap_or("")
}

/// Whether the entry that begins here holds this text.
#[inline]
fn is_at(entries: &str, start: u32, text: &str) -> bool {
    let begin = place(start) + NUMBER;
    let (end, bytes) = (begin + text.len(), entries.as_bytes());
    bytes.get(end) == Some(&1) && bytes.get(begin..end).is_some_and(|held| same(held, text.as_bytes()))
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_keeps_its_number() {
        let mut list = Interner::new(Keys::new([7; 32]));
        for round in 0..2 {
            for number in 0..1000u32 {
                assert_eq!(list.intern(&format!("name{number}")), number, "round {round}");
            }
        }
        assert_eq!(list.find("name999"), Some(999));
        assert_eq!(list.text(7), "name7");
        assert_eq!((list.find("other"), list.text(5000)), (None, ""));
        let mut out = Vec::new();
        list.pack(&mut out);
        let again = Interner::unpack(&mut Reader::new(&out), Keys::new([7; 32])).unwrap();
        assert_eq!(again.find("name12"), Some(12));
    }
}
