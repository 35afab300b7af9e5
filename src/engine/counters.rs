//! Counters for limits: how often something was done by someone in a period.

use hashbrown::HashTable;
use std::collections::BinaryHeap;

use super::column::Column;
use super::pack::{Packed, Unpacker};
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

    /// The key of another subject in the same slot and period.
    #[must_use]
    pub fn of(self, subject: u32) -> Key {
        Key(self.0 & !0xffff_ffff | u64::from(subject))
    }

    /// The slot and the period in one number.
    fn group(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    fn subject(self) -> u32 {
        u32::try_from(self.0 & 0xffff_ffff).unwrap_or(0)
    }
}

impl Packed for Key {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Key(from.read())
    }
}

/// A table of counters. Its order is never observed; snapshots sort it.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// One table for each slot and period, in the order of their numbers.
    groups: Vec<Group>,
    /// Where the latest period of each slot is, because what is counted now nearly always counts there.
    latest: Vec<u16>,
}

/// The counters of one slot in one period.
///
/// Subjects are handles nearly always, and a list with a few bits for each of the first so many takes less than a table
/// of those that were counted, once that is more than every fiftieth. Devices and networks, whose numbers are hashes,
/// stay in the table.
#[derive(Clone, Debug, Default)]
struct Group {
    of: u32,
    /// The counts of the first subjects.
    near: Column<u8>,
    /// The counts of others.
    far: HashTable<Counter>,
    /// The counts that are [`LARGE`] there.
    large: Sorted<u32, u32>,
}

/// A subject's count; five bytes without padding.
#[derive(Clone, Copy, Debug)]
struct Counter {
    subject: [u8; 4],
    count: u8,
}

/// Stands for all counts from this one on.
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
        let mut group = Group { of: key.group(), ..Group::default() };
        group.change(key.subject(), 1);
        self.groups.insert(at, group);
        self.find_latest();
    }

    fn find_latest(&mut self) {
        self.latest.clear();
        for (at, group) in self.groups.iter().enumerate() {
            let slot = slot(group.of);
            self.latest.resize(slot.max(self.latest.len()), u16::MAX);
            self.latest.truncate(slot);
            self.latest.push(u16::try_from(at).unwrap_or(u16::MAX));
        }
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
            self.find_latest();
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
        let of = key.group();
        let latest = self.latest.get(slot(of)).map(|at| usize::from(*at));
        match latest.filter(|at| self.groups.get(*at).is_some_and(|group| group.of == of)) {
            Some(at) => Ok(at),
            None => self.groups.binary_search_by_key(&of, |group| group.of),
        }
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        let of = |group: &Group| group.near.memory() + group.far.allocation_size() + group.large.memory();
        let lists = self.groups.capacity() * size_of::<Group>() + self.latest.capacity() * size_of::<u16>();
        lists + self.groups.iter().map(of).sum::<usize>()
    }
}

impl Packed for Counters {
    fn pack(&self, out: &mut Vec<u8>) {
        let mut all = Vec::new();
        for group in &self.groups {
            let far = group.far.iter().map(|counter| u32::from_le_bytes(counter.subject));
            for subject in (0..).take(group.near.len()).chain(far) {
                let count = group.get(subject);
                if count > 0 {
                    all.push((u64::from(group.of) << 32 | u64::from(subject), count));
                }
            }
        }
        // Sorted by a heap: its code is a fraction of that of the library's sort, which nothing else in a page needs.
        let all = BinaryHeap::from(all).into_sorted_vec();
        all.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut counters = Counters::default();
        from.each(|from| {
            let (key, count): (Key, u32) = from.read();
            counters.add(key);
            let group = counters.place(key).ok().and_then(|at| counters.groups.get_mut(at));
            from.require(group.is_some());
            if let Some(group) = group {
                group.change(key.subject(), i64::from(count) - 1);
            }
        });
        counters
    }
}

impl Group {
    #[inline]
    fn get(&self, subject: u32) -> u32 {
        match self.small(subject) {
            LARGE => self.large.get(&subject).copied().unwrap_or(0),
            count => u32::from(count),
        }
    }

    /// Counts so many more or less, down to zero.
    #[inline]
    fn change(&mut self, subject: u32, by: i64) {
        if let Some(count) = self.near.get(place(subject))
            && let Ok(now) = u8::try_from(i64::from(count) + by)
            && count.max(now) < LARGE
        {
            self.near.replace(place(subject), now);
            return;
        }
        self.change_any(subject, by);
    }

    #[inline(never)]
    fn change_any(&mut self, subject: u32, by: i64) {
        let before = self.get(subject);
        let now = u32::try_from((i64::from(before) + by).max(0)).unwrap_or(u32::MAX);
        let small = u8::try_from(now).unwrap_or(LARGE);
        self.set_small(subject, small);
        if small == LARGE {
            self.large.insert(subject, now);
        } else if before >= u32::from(LARGE) {
            self.large.remove(&subject);
        }
    }

    #[inline]
    fn small(&self, subject: u32) -> u8 {
        if let Some(count) = self.near.get(place(subject)) {
            return count;
        }
        let counter = self.find(subject).and_then(|at| self.far.get_bucket(at));
        counter.map_or(0, |counter| counter.count)
    }

    /// Where in the table a subject's counter is.
    #[cfg_attr(feature = "complete", inline)]
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn find(&self, subject: u32) -> Option<usize> {
        let bytes = subject.to_le_bytes();
        self.far.find_bucket_index(spread(subject), |counter| counter.subject == bytes)
    }

    #[inline]
    fn set_small(&mut self, subject: u32, count: u8) {
        if self.near.replace(place(subject), count).is_some() {
            return;
        }
        if let Some(counter) = self.find(subject).and_then(|at| self.far.get_bucket_mut(at)) {
            counter.count = count;
            return;
        }
        if self.far.len() == self.far.capacity() {
            self.draw_near(subject);
            if self.near.replace(place(subject), count).is_some() {
                return;
            }
        }
        self.far.insert_unique(
            spread(subject),
            Counter { subject: subject.to_le_bytes(), count },
            |counter| spread(u32::from_le_bytes(counter.subject)),
        );
    }

    /// Makes the list so long that it has all subjects, if that takes less than a larger table.
    #[cold]
    fn draw_near(&mut self, subject: u32) {
        let far = self.far.iter().map(|counter| u32::from_le_bytes(counter.subject));
        let len = far.fold(subject, u32::max).saturating_add(1);
        let larger_table = 2 * self.far.allocation_size().max(size_of::<Counter>() * 4);
        if self.near.cost_to(place(len)) > larger_table {
            return;
        }
        self.near.extend_past(place(len));
        for Counter { subject, count } in &self.far {
            self.near.replace(place(u32::from_le_bytes(*subject)), *count);
        }
        self.far = HashTable::new();
    }
}

/// The slot of a group's number.
#[inline]
fn slot(of: u32) -> usize {
    place(of >> PERIOD.count_ones())
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
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
    use crate::engine::pack;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

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
        let again = Counters::unpack(&mut Unpacker::new(&out));
        assert_eq!(again.get(key(1)), 340);
        let mut same = Vec::new();
        again.pack(&mut same);
        assert_eq!(out, same);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Handles, hashes, and both.
        #[test]
        fn they_count_what_a_map_counts(
            handles in 1u32..3_000,
            steps in prop::collection::vec((0u32..12, any::<u32>(), 1u32..400), 0..400),
        ) {
            let mut counters = Counters::default();
            let mut model: BTreeMap<u32, u32> = BTreeMap::new();
            for (kind, number, times) in steps {
                let subject = if kind % 4 == 0 { number } else { number % handles };
                let count = model.entry(subject).or_default();
                for _ in 0..if kind == 11 { times } else { 1 } {
                    if kind < 3 {
                        counters.take(Key::new(7, 3, subject));
                        *count = count.saturating_sub(1);
                    } else {
                        counters.add(Key::new(7, 3, subject));
                        *count += 1;
                    }
                }
                prop_assert_eq!(counters.get(Key::new(7, 3, subject)), *count);
            }
            for (subject, count) in &model {
                prop_assert_eq!(counters.get(Key::new(7, 3, *subject)), *count);
            }
            let mut out = Vec::new();
            counters.pack(&mut out);
            let counted: Vec<(u32, u32)> = model.into_iter().filter(|(_, count)| *count > 0).collect();
            let mut expected = Vec::new();
            pack::put(&mut expected, u64::try_from(counted.len()).unwrap());
            for (subject, count) in counted {
                Key::new(7, 3, subject).pack(&mut expected);
                pack::put(&mut expected, u64::from(count));
            }
            prop_assert_eq!(&out, &expected);
            let mut again = Vec::new();
            Counters::unpack(&mut Unpacker::new(&out)).pack(&mut again);
            prop_assert_eq!(again, expected);
        }
    }

    #[test]
    fn handles_take_bits_and_hashes_a_table() {
        let (mut handles, mut hashes) = (Counters::default(), Counters::default());
        for number in 0..60_000u32 {
            handles.add(Key::new(1, 0, number));
            hashes.add(Key::new(1, 0, number.wrapping_mul(0x9e37_79b9)));
        }
        assert!(handles.memory() < 60_000 / 8 + 2_000, "{}", handles.memory());
        assert!(hashes.memory() < 60_000 * 14, "{}", hashes.memory());
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
