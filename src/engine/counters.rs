//! Counters for limits: how often something was done by someone in a period.

use hashbrown::HashTable;
use std::collections::BinaryHeap;

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

    /// The slot and the period in one number.
    fn group(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    fn subject(self) -> u32 {
        u32::try_from(self.0 & 0xffff_ffff).unwrap_or(0)
    }
}

/// A table of counters. Its order is never observed; snapshots sort it.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// One table for each slot and period, in the order of their numbers.
    groups: Vec<Group>,
}

/// The counters of one slot in one period.
#[derive(Clone, Debug)]
struct Group {
    of: u32,
    table: HashTable<Counter>,
    /// The counts that do not fit a counter's byte.
    large: Sorted<u32, u32>,
}

/// A subject's count; five bytes without padding.
#[derive(Clone, Copy, Debug)]
struct Counter {
    subject: [u8; 4],
    /// [`LARGE`] if the count stands in [`Group::large`].
    count: u8,
}

const LARGE: u8 = u8::MAX;

/// Periods before the current one whose counters are kept: what is over for good cannot fill a limit again.
const KEPT: u32 = 2;
/// The bits of a period in a group's number.
const PERIOD: u32 = 0xf_ffff;

impl Counters {
    /// The count of a key; zero if it was never counted.
    #[must_use]
    #[inline]
    pub fn get(&self, key: Key) -> u32 {
        let group = self.place(key).ok().and_then(|at| self.groups.get(at));
        group.map_or(0, |group| group.get(key.subject()))
    }

    /// Counts one more.
    #[inline]
    pub fn add(&mut self, key: Key) {
        match self.place(key) {
            Ok(at) => self.groups.get_mut(at).into_iter().for_each(|group| group.change(key.subject(), 1)),
            Err(at) => self.begin(at, key),
        }
    }

    /// Counts the first of a slot and period.
    #[cold]
    fn begin(&mut self, at: usize, key: Key) {
        let mut group = Group { of: key.group(), table: HashTable::new(), large: Sorted::default() };
        group.change(key.subject(), 1);
        self.groups.insert(at, group);
    }

    /// Counts one more where periods follow the clock: counters of the periods before are dropped when a new one
    /// begins, but for the last few.
    pub fn add_current(&mut self, key: Key) {
        let known = self.groups.len();
        self.add(key);
        if self.groups.len() > known {
            let (slot, period) = (key.group() & !PERIOD, key.group() & PERIOD);
            let is_over = |of: u32| of & !PERIOD == slot && (of & PERIOD).saturating_add(KEPT) < period;
            self.groups.retain(|group| !is_over(group.of));
        }
    }

    /// Counts one less, down to zero.
    pub fn take(&mut self, key: Key) {
        let group = self.place(key).ok().and_then(|at| self.groups.get_mut(at));
        if let Some(group) = group.filter(|group| group.get(key.subject()) > 0) {
            group.change(key.subject(), -1);
        }
    }

    #[inline]
    fn place(&self, key: Key) -> Result<usize, usize> {
        self.groups.binary_search_by_key(&key.group(), |group| group.of)
    }

    /// Appends all counters in the order of their keys.
    pub fn pack(&self, out: &mut Vec<u8>) {
        let mut all = Vec::new();
        for group in &self.groups {
            for counter in &group.table {
                let subject = u32::from_le_bytes(counter.subject);
                let count = group.get(subject);
                if count > 0 {
                    all.push((u64::from(group.of) << 32 | u64::from(subject), count));
                }
            }
        }
        // Sorted by a heap: its code is a fraction of that of the library's sort, which nothing else in a page needs.
        let all = BinaryHeap::from(all).into_sorted_vec();
        pack::put(out, u64::try_from(all.len()).unwrap_or(0));
        for (key, count) in all {
            pack::put(out, key);
            pack::put(out, u64::from(count));
        }
    }

    /// Reads what [`Counters::pack`] wrote.
    pub fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let mut counters = Counters::default();
        for _ in 0..reader.count()? {
            let (key, count) = (Key(reader.number()?), reader.small()?);
            counters.add(key);
            let at = counters.place(key).ok()?;
            counters.groups.get_mut(at)?.change(key.subject(), i64::from(count) - 1);
        }
        Some(counters)
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.groups.capacity() * size_of::<Group>()
            + self.groups.iter().map(|group| group.table.allocation_size()).sum::<usize>()
    }
}

impl Group {
    #[inline]
    fn get(&self, subject: u32) -> u32 {
        let bytes = subject.to_le_bytes();
        match self.table.find(spread(subject), |counter| counter.subject == bytes) {
            None => 0,
            Some(Counter { count: LARGE, .. }) => self.large.get(&subject).copied().unwrap_or(0),
            Some(counter) => u32::from(counter.count),
        }
    }

    /// Counts so many more or less, down to zero.
    #[inline]
    fn change(&mut self, subject: u32, by: i64) {
        let Group { table, large, .. } = self;
        let bytes = subject.to_le_bytes();
        let hash_of = |counter: &Counter| spread(u32::from_le_bytes(counter.subject));
        let entry = table.entry(spread(subject), |counter| counter.subject == bytes, hash_of);
        let mut entry = entry.or_insert(Counter { subject: bytes, count: 0 });
        let counter = entry.get_mut();
        let before = match counter.count {
            LARGE => large.get(&subject).copied().unwrap_or(0),
            count => u32::from(count),
        };
        let now = u32::try_from((i64::from(before) + by).max(0)).unwrap_or(u32::MAX);
        match u8::try_from(now) {
            Ok(small) if small < LARGE => {
                if counter.count == LARGE {
                    large.remove(&subject);
                }
                counter.count = small;
            }
            _ => {
                counter.count = LARGE;
                large.insert(subject, now);
            }
        }
    }
}

/// Spreads the bits: subjects are small consecutive numbers.
#[inline]
fn spread(subject: u32) -> u64 {
    let product = (u64::from(subject) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_every_size_go_up_and_down_and_come_back() {
        let mut counters = Counters::default();
        let key = |subject| Key::new(7, 3, subject);
        for _ in 0..300 {
            counters.add(key(1));
        }
        counters.add(key(2));
        for expected in (240..300).rev() {
            counters.take(key(1));
            assert_eq!(counters.get(key(1)), expected);
        }
        counters.take(key(2));
        counters.take(key(2));
        counters.take(key(3));
        assert_eq!((counters.get(key(2)), counters.get(key(3)), counters.get(Key::new(7, 4, 1))), (0, 0, 0));
        for _ in 0..100 {
            counters.add(key(1));
        }
        let mut out = Vec::new();
        counters.pack(&mut out);
        let again = Counters::unpack(&mut Reader::new(&out)).unwrap();
        assert_eq!(again.get(key(1)), 340);
        let mut same = Vec::new();
        again.pack(&mut same);
        assert_eq!(out, same);
    }

    #[test]
    fn periods_that_are_over_are_dropped() {
        let mut counters = Counters::default();
        for day in 100..110 {
            counters.add_current(Key::new(1, day, 5));
            counters.add_current(Key::new(2, 0, 5));
        }
        let kept: Vec<i64> = (100..110).filter(|day| counters.get(Key::new(1, *day, 5)) > 0).collect();
        assert_eq!(kept, [107, 108, 109]);
        assert_eq!(counters.get(Key::new(2, 0, 5)), 10);
    }
}
