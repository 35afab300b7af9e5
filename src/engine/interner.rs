//! Names inside the state: each distinct text gets the next number, in the order of the log.

use hashbrown::HashTable;

use super::hash::{Keys, add_to_index, same};
use super::pack::{self, Unpacker};
use super::state::push;
use crate::sorted::Sorted;

/// A list of distinct texts with look-up in both directions.
///
/// The hash is keyed by the campaign's seed, so chosen ids cannot flood one bucket; its order is never observed.
#[derive(Clone, Debug)]
pub struct Interner {
    /// The texts one after the other, but for long ones.
    texts: String,
    /// Where each four texts begin, and the length of each.
    fours: Vec<Four>,
    /// The texts of 256 bytes or more, longer than any id of a command, by number.
    long: Sorted<u32, Box<str>>,
    len: u32,
    /// The number of each text, by its hash.
    index: HashTable<u32>,
    keys: Keys,
}

/// Four texts: with their lengths beside each other each of them is found at once.
#[derive(Clone, Copy, Debug, Default)]
struct Four {
    begin: u32,
    /// Long texts have none here.
    lens: [u8; 4],
}

impl Interner {
    /// An empty list whose hashes use `keys`.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Interner {
            texts: String::new(),
            fours: Vec::new(),
            long: Sorted::default(),
            len: 0,
            index: HashTable::new(),
            keys,
        }
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
        let (begin, len) = self.entry(number);
        if len == 0 {
            return self.long.get(&number).map_or("", |text| text);
        }
        self.texts.get(begin..begin + len).unwrap_or("")
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
            let (begin, len) = self.entry(*number);
            if len == 0 {
                return self.text(*number) == text;
            }
            let held = self.texts.as_bytes().get(begin..begin + len);
            held.is_some_and(|held| same(held, text.as_bytes()))
        };
        self.index.find(hash, is_it).copied()
    }

    /// The number of a text, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.keys.text(text);
        self.find_hashed(hash, text).unwrap_or_else(|| self.add(hash, text))
    }

    fn add(&mut self, hash: u64, text: &str) -> u32 {
        let number = self.len;
        let mut index = core::mem::take(&mut self.index);
        add_to_index(&mut index, (hash, number), || {
            (0..number).map(|number| self.keys.text(self.text(number))).zip(0..)
        });
        self.index = index;
        let which = place(number) % 4;
        if which == 0 {
            let begin = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            push(&mut self.fours, Four { begin, lens: [0; 4] });
        }
        self.len += 1;
        match u8::try_from(text.len()) {
            Ok(len) => {
                if let Some(place) = self.fours.last_mut().and_then(|four| four.lens.get_mut(which)) {
                    *place = len;
                }
                if self.texts.capacity() - self.texts.len() < text.len() {
                    self.texts.reserve_exact(text.len() + self.texts.len() / 8);
                }
                self.texts.push_str(text);
            }
            Err(_) => drop(self.long.insert(number, text.into())),
        }
        number
    }

    /// Where the text with this number begins, and its length.
    #[inline]
    fn entry(&self, number: u32) -> (usize, usize) {
        let Some(Four { begin, lens }) = self.fours.get(place(number / 4)) else { return (0, 0) };
        // Without a branch: which of the four is asked for is as good as random.
        let which = number % 4 * 8;
        let lens = u64::from(u32::from_le_bytes(*lens));
        let before = lens & ((1 << which) - 1);
        let sum = (before & 0xff) + (before >> 8 & 0xff) + (before >> 16);
        (
            place(*begin) + usize::try_from(sum).unwrap_or(0),
            usize::try_from(lens >> which & 0xff).unwrap_or(0),
        )
    }

    /// Appends all texts in order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::from(self.len));
        (0..self.len).for_each(|number| pack::put_bytes(out, self.text(number).as_bytes()));
    }

    /// Reads what [`Interner::pack`] wrote; repeated texts are refused.
    pub fn unpack(from: &mut Unpacker<'_>, keys: Keys) -> Self {
        let mut list = Interner::new(keys);
        from.each(|from| {
            let position = list.len;
            let number = list.intern(from.text());
            from.require(number == position);
        });
        list
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        let long: usize = self.long.iter().map(|(_, text)| text.len()).sum();
        let lists = self.texts.capacity() + self.fours.capacity() * size_of::<Four>();
        lists + self.long.memory() + long + self.index.allocation_size()
    }
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
        let again = Interner::unpack(&mut Unpacker::new(&out), Keys::new([7; 32]));
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
            let again = Interner::unpack(&mut Unpacker::new(&out), Keys::new([7; 32]));
            prop_assert_eq!((0..).take(model.len()).map(|n| again.text(n)).collect::<Vec<_>>(), model);
        }
    }
}
