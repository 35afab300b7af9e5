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
    /// The texts one after the other, each behind its length.
    entries: String,
    /// Where every [`STRETCH`]th entry begins; the others are found by the lengths of those before.
    starts: Vec<u32>,
    len: u32,
    /// The number of each text, by its hash.
    index: HashTable<u32>,
    keys: Keys,
}

/// How many entries are skipped at most to find one of them, and one more.
const STRETCH: usize = 4;

impl Interner {
    /// An empty list whose hashes use `keys`.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Interner { entries: String::new(), starts: Vec::new(), len: 0, index: HashTable::new(), keys }
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        place(self.len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text with this number, or the empty text.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        let Some(entry) = self.entry(number) else { return "" };
        self.entries.get(entry.begin..entry.end).unwrap_or("")
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
        let is_it = |number: &u32| {
            let held = self.entry(*number).filter(|entry| entry.end - entry.begin == text.len());
            let held = held.and_then(|entry| self.entries.as_bytes().get(entry.begin..entry.end));
            held.is_some_and(|held| same(held, text.as_bytes()))
        };
        self.index.find(hash, is_it).copied()
    }

    /// The number of a text, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.keys.text(text);
        if let Some(number) = self.find_hashed(hash, text) {
            return number;
        }
        let number = self.len;
        let Interner { entries, starts, index, keys, .. } = self;
        add_to_index(index, (hash, number), || texts(entries).map(|text| keys.text(text)).zip(0..));
        if place(number).is_multiple_of(STRETCH) {
            push(starts, u32::try_from(entries.len()).unwrap_or(u32::MAX));
        }
        let size = 1 + GROUPS + text.len();
        if entries.capacity() - entries.len() < size {
            entries.reserve_exact(size + entries.len() / 8);
        }
        put_head(entries, text.len());
        entries.push_str(text);
        self.len += 1;
        number
    }

    #[inline]
    fn entry(&self, number: u32) -> Option<Entry> {
        if number >= self.len {
            return None;
        }
        let at = place(number);
        let mut entry = Entry::at(&self.entries, place(*self.starts.get(at / STRETCH)?))?;
        for _ in 0..at % STRETCH {
            entry = Entry::at(&self.entries, entry.end)?;
        }
        Some(entry)
    }

    /// Appends all texts in order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::from(self.len));
        texts(&self.entries).for_each(|text| pack::put_bytes(out, text.as_bytes()));
    }

    /// Reads what [`Interner::pack`] wrote; repeated texts are refused.
    pub fn unpack(reader: &mut Reader<'_>, keys: Keys) -> Option<Self> {
        let mut list = Interner::new(keys);
        for position in 0..reader.count()? {
            let text = reader.text()?;
            if place(list.intern(text)) != position {
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

/// Where a text lies.
#[derive(Clone, Copy)]
struct Entry {
    begin: usize,
    end: usize,
}

/// Ids are shorter than this; the length of a longer text follows in [`GROUPS`] bytes of seven bits, the lowest first,
/// so that all of it is text.
const LONG: u8 = 0x7f;
const GROUPS: usize = 5;

impl Entry {
    /// The entry whose head is here.
    #[inline]
    fn at(entries: &str, at: usize) -> Option<Entry> {
        let rest = entries.as_bytes().get(at..)?;
        let (begin, len) = match rest.first()? {
            &LONG => {
                let groups = rest.get(1..)?.first_chunk::<GROUPS>()?;
                (at + 1 + GROUPS, groups.iter().rev().fold(0, |len, group| len << 7 | usize::from(*group)))
            }
            len => (at + 1, usize::from(*len)),
        };
        Some(Entry { begin, end: begin + len })
    }
}

/// Appends what stands before a text of this length.
#[inline]
fn put_head(entries: &mut String, len: usize) {
    match u8::try_from(len) {
        Ok(len) if len < LONG => entries.push(char::from(len)),
        _ => {
            entries.push(char::from(LONG));
            for group in 0..GROUPS {
                entries.push(char::from(u8::try_from(len >> (7 * group) & 0x7f).unwrap_or(0)));
            }
        }
    }
}

/// All texts in order.
fn texts(entries: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let entry = Entry::at(entries, at)?;
        at = entry.end;
        entries.get(entry.begin..entry.end)
    })
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Also of texts that are longer than ids, and with every character.
        #[test]
        fn texts_of_every_length_come_back(
            texts in prop::collection::vec(("\\PC{0,4}|[a-c]{0,3}|[\\x00-\\x7f]{120,140}", 0usize..4), 0..60),
        ) {
            let mut list = Interner::new(Keys::new([7; 32]));
            let mut model: Vec<String> = Vec::new();
            for (text, times) in texts {
                let text = if times == 3 { text.repeat(200) } else { text };
                let known = model.iter().position(|other| *other == text);
                prop_assert_eq!(list.find(&text).map(place), known);
                prop_assert_eq!(place(list.intern(&text)), known.unwrap_or(model.len()));
                if known.is_none() {
                    model.push(text);
                }
            }
            prop_assert_eq!(list.len(), model.len());
            for (number, text) in (0..).zip(&model) {
                prop_assert_eq!(list.text(number), text);
            }
            let mut out = Vec::new();
            list.pack(&mut out);
            let again = Interner::unpack(&mut Reader::new(&out), Keys::new([7; 32])).unwrap();
            prop_assert_eq!((0..).take(model.len()).map(|n| again.text(n)).collect::<Vec<_>>(), model);
        }
    }
}
