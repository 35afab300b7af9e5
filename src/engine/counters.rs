//! Counters for limits: how often something was done by someone in a period.

use hashbrown::HashTable;

use super::pack::{self, Reader};
use crate::sorted::Sorted;

/// What a counter counts: a slot (the number of a limit), the period's number and the subject's handle.
///
/// Twelve bits of slot, twenty of period and thirty-two of subject, so that a key is one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// The key of a slot below 4096, a period below 2^20 and a subject.
    #[must_use]
    pub fn new(slot: u16, period: i64, subject: u32) -> Key {
        let period = u64::try_from(period).unwrap_or(0) & 0xf_ffff;
        Key((u64::from(slot) & 0xfff) << 52 | period << 32 | u64::from(subject))
    }

    /// Appends the key.
    pub fn pack(self, out: &mut Vec<u8>) {
        pack::put(out, self.0);
    }

    /// Reads what [`Key::pack`] wrote.
    pub fn unpack(reader: &mut Reader<'_>) -> Option<Key> {
        reader.number().map(Key)
    }

    /// Spreads the bits: subjects are small consecutive numbers (a finaliser of the SplitMix64 kind).
    fn hash(self) -> u64 {
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

/// A table of counters. Its order is never observed; snapshots sort it.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    table: HashTable<Slot>,
}

/// Two halves of a key and its count: twelve bytes instead of sixteen.
#[derive(Clone, Copy, Debug)]
struct Slot {
    high: u32,
    low: u32,
    count: u32,
}

impl Slot {
    fn key(self) -> Key {
        Key(u64::from(self.high) << 32 | u64::from(self.low))
    }

    fn new(key: Key, count: u32) -> Slot {
        let half = |value: u64| u32::try_from(value & 0xffff_ffff).unwrap_or(0);
        Slot { high: half(key.0 >> 32), low: half(key.0), count }
    }
}

impl Counters {
    /// The count of a key; zero if it was never counted.
    #[must_use]
    #[inline]
    pub fn get(&self, key: Key) -> u32 {
        self.table.find(key.hash(), |slot| slot.key() == key).map_or(0, |slot| slot.count)
    }

    /// Counts one more.
    #[inline]
    pub fn add(&mut self, key: Key) {
        if let Some(slot) = self.table.find_mut(key.hash(), |slot| slot.key() == key) {
            slot.count = slot.count.saturating_add(1);
            return;
        }
        self.table.insert_unique(key.hash(), Slot::new(key, 1), |slot| slot.key().hash());
    }

    /// Counts one less, down to zero.
    pub fn take(&mut self, key: Key) {
        if let Some(slot) = self.table.find_mut(key.hash(), |slot| slot.key() == key) {
            slot.count = slot.count.saturating_sub(1);
        }
    }

    /// Appends all counters in the order of their keys.
    pub fn pack(&self, out: &mut Vec<u8>) {
        let counted = self.table.iter().filter(|slot| slot.count > 0);
        let all: Sorted<u64, u32> = counted.map(|slot| (slot.key().0, slot.count)).collect();
        pack::put(out, u64::try_from(all.len()).unwrap_or(0));
        for (key, count) in all.iter() {
            pack::put(out, *key);
            pack::put(out, u64::from(*count));
        }
    }

    /// Reads what [`Counters::pack`] wrote.
    pub fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let mut counters = Counters::default();
        for _ in 0..reader.count()? {
            let slot = Slot::new(Key(reader.number()?), reader.small()?);
            counters.table.insert_unique(slot.key().hash(), slot, |slot| slot.key().hash());
        }
        Some(counters)
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.table.capacity() * (size_of::<Slot>() + 1)
    }
}
