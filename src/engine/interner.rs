//! Names inside the state: each distinct text gets the next number, in the order of the log.

use hashbrown::{HashTable, hash_table};
use siphasher::sip::SipHasher13;

use super::pack::{self, Reader};
use super::state::push;

/// A list of distinct texts with look-up in both directions.
///
/// The hash is keyed by the campaign's seed, so chosen ids cannot flood one bucket; its order is never observed.
#[derive(Clone, Debug)]
pub struct Interner {
    /// The texts one after the other, each followed by [`END`], which no id contains.
    texts: String,
    starts: Vec<u32>,
    index: HashTable<Entry>,
    key: SipHasher13,
}

/// Where a text begins and its number: a look-up then reads the index and the text, and nothing between.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    number: u32,
}

/// Ids have no control characters.
const END: char = '\u{1}';

impl Interner {
    /// An empty list whose hashes use `key`.
    #[must_use]
    pub fn new(key: SipHasher13) -> Self {
        Interner { texts: String::new(), starts: Vec::new(), index: HashTable::new(), key }
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
        let at = place(number);
        let Some(start) = self.starts.get(at) else { return "" };
        let next = self.starts.get(at + 1).map_or(self.texts.len(), |next| place(*next));
        self.texts.get(place(*start)..next.saturating_sub(1)).unwrap_or("")
    }

    /// The number of a text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = hash(&self.key, text.as_bytes());
        self.index.find(hash, |entry| is_at(&self.texts, *entry, text)).map(|entry| entry.number)
    }

    /// The number of a text, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let Interner { texts, starts, index, key } = self;
        let hash_of = |entry: &Entry| hash(key, at(texts, *entry).as_bytes());
        match index.entry(hash(key, text.as_bytes()), |entry| is_at(texts, *entry, text), hash_of) {
            hash_table::Entry::Occupied(place) => place.get().number,
            hash_table::Entry::Vacant(place) => {
                let number = u32::try_from(starts.len()).unwrap_or(u32::MAX);
                let start = u32::try_from(texts.len()).unwrap_or(u32::MAX);
                place.insert(Entry { start, number });
                if texts.capacity() - texts.len() <= text.len() {
                    texts.reserve_exact(text.len() + 1 + texts.len() / 4);
                }
                texts.push_str(text);
                texts.push(END);
                push(starts, start);
                number
            }
        }
    }

    /// Appends all texts in order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::try_from(self.len()).unwrap_or(0));
        for number in (0..).take(self.len()) {
            pack::put_bytes(out, self.text(number).as_bytes());
        }
    }

    /// Reads what [`Interner::pack`] wrote; repeated texts are refused.
    pub fn unpack(reader: &mut Reader<'_>, key: SipHasher13) -> Option<Self> {
        let mut list = Interner::new(key);
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
        self.texts.capacity() + self.starts.capacity() * 4 + self.index.capacity() * (size_of::<Entry>() + 1)
    }
}

/// The text that an entry stands for.
fn at(texts: &str, entry: Entry) -> &str {
    let rest = texts.get(place(entry.start)..).unwrap_or("");
    rest.split_once(END).map_or(rest, |(text, _)| text)
}

/// Whether the entry's text is this one.
#[inline]
fn is_at(texts: &str, entry: Entry, text: &str) -> bool {
    let rest = texts.as_bytes().get(place(entry.start)..).unwrap_or(&[]);
    rest.strip_prefix(text.as_bytes()).is_some_and(|rest| rest.first() == Some(&1))
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The keyed hash of some bytes.
#[must_use]
#[inline]
pub fn hash(key: &SipHasher13, bytes: &[u8]) -> u64 {
    key.hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_keeps_its_number() {
        let mut list = Interner::new(SipHasher13::new());
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
        let again = Interner::unpack(&mut Reader::new(&out), SipHasher13::new()).unwrap();
        assert_eq!(again.find("name12"), Some(12));
    }
}
