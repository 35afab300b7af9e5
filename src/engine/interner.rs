//! Names inside the state: each distinct text gets the next number, in the order of the log.

use core::hash::Hasher;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

use super::pack::{self, Reader};
use super::state::push;

/// A list of distinct texts with look-up in both directions.
///
/// The hash is keyed by the campaign's seed, so chosen ids cannot flood one bucket; its order is never observed.
#[derive(Clone, Debug)]
pub struct Interner {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    index: HashTable<u32>,
    key: SipHasher13,
}

impl Interner {
    /// An empty list whose hashes use `key`.
    #[must_use]
    pub fn new(key: SipHasher13) -> Self {
        Interner { bytes: Vec::new(), ends: Vec::new(), index: HashTable::new(), key }
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text with this number, or the empty text.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        core::str::from_utf8(slice(&self.bytes, &self.ends, number)).unwrap_or("")
    }

    /// The number of a text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = hash(&self.key, text.as_bytes());
        self.index
            .find(hash, |&number| slice(&self.bytes, &self.ends, number) == text.as_bytes())
            .copied()
    }

    /// The number of a text, which is added if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        if self.bytes.capacity() - self.bytes.len() < text.len() {
            self.bytes.reserve_exact(text.len() + self.bytes.len() / 8);
        }
        self.bytes.extend_from_slice(text.as_bytes());
        push(&mut self.ends, u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        let Interner { bytes, ends, index, key } = self;
        let hash_of = |&other: &u32| hash(key, slice(bytes, ends, other));
        index.insert_unique(hash(key, text.as_bytes()), number, hash_of);
        number
    }

    /// Appends all texts in order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::try_from(self.len()).unwrap_or(0));
        for number in 0..self.ends.len() {
            pack::put_bytes(out, slice(&self.bytes, &self.ends, u32::try_from(number).unwrap_or(u32::MAX)));
        }
    }

    /// Reads what [`Interner::pack`] wrote; repeated texts are refused.
    pub fn unpack(reader: &mut Reader<'_>, key: SipHasher13) -> Option<Self> {
        let mut list = Interner::new(key);
        for position in 0..reader.count()? {
            let number = list.intern(reader.text()?);
            if usize::try_from(number) != Ok(position) {
                return None;
            }
        }
        Some(list)
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4 + self.index.capacity() * 5
    }
}

/// The keyed hash of some bytes.
#[must_use]
#[inline]
pub fn hash(key: &SipHasher13, bytes: &[u8]) -> u64 {
    let mut hasher = *key;
    hasher.write(bytes);
    hasher.finish()
}

#[inline]
fn slice<'a>(bytes: &'a [u8], ends: &[u32], number: u32) -> &'a [u8] {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let end = ends.get(at).copied().unwrap_or(0);
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    bytes.get(range).unwrap_or(&[])
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
