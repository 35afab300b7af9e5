//! Maps and sets in the order of their keys, in little code.
//!
//! The standard library's trees cost a few kilobytes of WebAssembly for every type of key and value, of which the
//! engine has dozens. A list of short sorted runs does the same with a tenth of the code: looking up is two binary
//! searches, and adding moves at most one run and, once in many times, the list of runs.

use core::slice::Iter;
use std::borrow::Borrow;

/// A run is cut in two when it has more entries than this.
const LONGEST: usize = 256;

/// A map whose iterators follow the order of its keys.
///
/// ```
/// use kfactor::sorted::Sorted;
/// let mut ages: Sorted<&str, u32> = Sorted::default();
/// assert_eq!(ages.insert("bo", 7), None);
/// *ages.entry("ann", 0) += 9;
/// assert_eq!(ages.iter().collect::<Vec<_>>(), [(&"ann", &9), (&"bo", &7)]);
/// assert_eq!(ages.remove(&"bo"), Some(7));
/// ```
#[derive(Clone, Debug)]
pub struct Sorted<K, V> {
    /// None of them is empty; every key is above those of the runs before.
    runs: Vec<Vec<(K, V)>>,
}

/// A set whose iterators follow the order of its keys.
///
/// ```
/// use kfactor::sorted::SortedSet;
/// let set: SortedSet<u32> = [3, 1, 2, 3].into_iter().collect();
/// assert_eq!(set.iter().copied().collect::<Vec<_>>(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortedSet<K>(Sorted<K, ()>);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { runs: Vec::new() }
    }
}

impl<K, V> Sorted<K, V> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Bytes of memory on the heap, without what keys and values keep there.
    #[must_use]
    pub fn memory(&self) -> usize {
        let entries: usize = self.runs.iter().map(Vec::capacity).sum();
        self.runs.capacity() * size_of::<Vec<(K, V)>>() + entries * size_of::<(K, V)>()
    }

    /// The entries.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.all().map(|(key, value)| (key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.all().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.all().map(|(_, value)| value)
    }

    /// The entries.
    #[expect(clippy::should_implement_trait, reason = "the trait cannot leave the iterator's type unnamed")]
    pub fn into_iter(self) -> impl Iterator<Item = (K, V)> {
        self.runs.into_iter().flatten()
    }

    /// The values, in the order of their keys.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    fn all(&self) -> Entries<'_, K, V> {
        Entries { first: [].iter(), runs: self.runs.iter(), last: [].iter() }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (run, place) = self.place(key);
        self.runs.get(run)?.get(place.ok()?).map(|(_, value)| value)
    }

    /// The value of a key.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (run, place) = self.place(key);
        self.runs.get_mut(run)?.get_mut(place.ok()?).map(|(_, value)| value)
    }

    /// Whether a key is there.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).1.is_ok()
    }

    /// Sets the value of a key; gives the one before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            (run, Ok(place)) => {
                let (_, old) = self.runs.get_mut(run)?.get_mut(place)?;
                Some(core::mem::replace(old, value))
            }
            (run, Err(place)) => {
                self.add(run, place, (key, value));
                None
            }
        }
    }

    /// The value of a key, which is `absent` from now on if there was none.
    ///
    /// # Panics
    /// Never: the key is there.
    pub fn entry(&mut self, key: K, absent: V) -> &mut V {
        let (run, place) = match self.place(&key) {
            (run, Ok(place)) => (run, place),
            (run, Err(place)) => self.add(run, place, (key, absent)),
        };
        #[expect(clippy::indexing_slicing, reason = "the place was found, or has just been filled")]
        let (_, value) = &mut self.runs[run][place];
        value
    }

    /// Takes a key out; gives its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (at, place) = self.place(key);
        let run = self.runs.get_mut(at)?;
        let (_, value) = run.remove(place.ok()?);
        if run.is_empty() {
            self.runs.remove(at);
        }
        Some(value)
    }

    /// The entries whose keys are at least the one and at most the other.
    pub fn between(&self, least: K, most: K) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let (first, Ok(from) | Err(from)) = self.place(&least);
        let (last, to) = match self.place(&most) {
            (last, Ok(place)) => (last, place + 1),
            (last, Err(place)) => (last, place),
        };
        let run = |at: usize| self.runs.get(at).map_or(&[][..], Vec::as_slice);
        let entries = if first < last {
            Entries {
                first: run(first).get(from..).unwrap_or_default().iter(),
                runs: self.runs.get(first + 1..last).unwrap_or_default().iter(),
                last: run(last).get(..to).unwrap_or_default().iter(),
            }
        } else {
            let only = if first == last { run(first).get(from..to).unwrap_or_default() } else { &[] };
            Entries { first: only.iter(), runs: [].iter(), last: [].iter() }
        };
        entries.map(|(key, value)| (key, value))
    }

    /// The run that has, or would have, the key.
    fn run_of<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        let at = self.runs.partition_point(|run| run.last().is_some_and(|(last, _)| last.borrow() < key));
        at.min(self.runs.len().saturating_sub(1))
    }

    /// The run and the place in it where the key is, or belongs.
    #[inline(never)]
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: Borrow<Q>,
    {
        let at = self.run_of(key);
        let place = self
            .runs
            .get(at)
            .map_or(Err(0), |run| run.binary_search_by(|(other, _)| other.borrow().cmp(key)));
        (at, place)
    }

    /// Adds an entry where it belongs; gives where it is.
    #[inline(never)]
    fn add(&mut self, mut at: usize, mut place: usize, entry: (K, V)) -> (usize, usize) {
        let is_last = at + 1 == self.runs.len();
        match self.runs.get_mut(at) {
            None => self.runs.push(Vec::with_capacity(1)),
            Some(run) if run.len() >= LONGEST => {
                // Keys that only grow fill their runs; others leave room on both sides.
                let cut = if is_last && place == LONGEST { LONGEST } else { LONGEST / 2 };
                let after = run.split_off(cut);
                self.runs.insert(at + 1, after);
                if let Some(behind) = place.checked_sub(cut) {
                    (at, place) = (at + 1, behind);
                }
            }
            Some(_) => {}
        }
        if let Some(run) = self.runs.get_mut(at) {
            run.insert(place, entry);
        }
        (at, place)
    }
}

/// Entries that follow each other: some of a run, whole runs, and some of another. The library's adaptors for lists of
/// lists are three times the code, and compiled for every use.
#[derive(Debug)]
struct Entries<'m, K, V> {
    first: Iter<'m, (K, V)>,
    runs: Iter<'m, Vec<(K, V)>>,
    last: Iter<'m, (K, V)>,
}

impl<K, V> Clone for Entries<'_, K, V> {
    fn clone(&self) -> Self {
        Entries { first: self.first.clone(), runs: self.runs.clone(), last: self.last.clone() }
    }
}

impl<'m, K, V> Iterator for Entries<'m, K, V> {
    type Item = &'m (K, V);

    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn next(&mut self) -> Option<&'m (K, V)> {
        loop {
            let entry = self.first.next();
            if entry.is_some() {
                return entry;
            }
            let Some(run) = self.runs.next() else { return self.last.next() };
            self.first = run.iter();
        }
    }
}

impl<K, V> DoubleEndedIterator for Entries<'_, K, V> {
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn next_back(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.last.next_back();
            if entry.is_some() {
                return entry;
            }
            let Some(run) = self.runs.next_back() else { return self.first.next_back() };
            self.last = run.iter();
        }
    }
}

/// The same entries, however they are cut into runs.
impl<K: PartialEq, V: PartialEq> PartialEq for Sorted<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for Sorted<K, V> {}

impl<K: Ord, V> Extend<(K, V)> for Sorted<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Sorted<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        Self(Sorted::default())
    }
}

impl<K> SortedSet<K> {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of memory on the heap, without what keys keep there.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.0.memory()
    }

    /// The keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.keys()
    }

    /// The least key.
    #[must_use]
    pub fn first(&self) -> Option<&K> {
        self.0.runs.first()?.first().map(|(key, ())| key)
    }
}

impl<K: Ord> SortedSet<K> {
    /// Whether a key is there.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Adds a key; whether it is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    /// Takes a key out; whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        self.0.remove(key).is_some()
    }

    /// The keys that are at least the one and at most the other.
    pub fn between(&self, least: K, most: K) -> impl DoubleEndedIterator<Item = &K> {
        self.0.between(least, most).map(|(key, ())| key)
    }
}

impl<K: Ord> Extend<K> for SortedSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.0.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<K: Ord> FromIterator<K> for SortedSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key, ())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn all(map: &Sorted<u32, u32>) -> Vec<(u32, u32)> {
        map.iter().map(|(key, value)| (*key, *value)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Long enough for runs to be cut, emptied and refilled.
        #[test]
        fn it_does_what_the_standard_map_does(
            steps in prop::collection::vec((0u32..4, 0u32..1_500, 0u32..9), 0..4_000),
            (least, more) in (0u32..1_500, 0u32..600),
            rising in prop::bool::ANY,
        ) {
            let mut map = Sorted::default();
            let mut model = BTreeMap::new();
            for (n, (step, key, value)) in (0u32..).zip(steps) {
                let key = if rising { n / 2 } else { key };
                match step {
                    0 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    1 => {
                        *map.entry(key, 3) += value;
                        *model.entry(key).or_insert(3) += value;
                    }
                    _ => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                }
                prop_assert_eq!(map.get(&key), model.get(&key));
            }
            let entries = |found: &mut dyn Iterator<Item = (&u32, &u32)>| -> Vec<(u32, u32)> {
                found.map(|(key, value)| (*key, *value)).collect()
            };
            prop_assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            prop_assert_eq!(all(&map), entries(&mut model.iter()));
            let most = least + more;
            prop_assert_eq!(entries(&mut map.between(least, most)), entries(&mut model.range(least..=most)));
            prop_assert_eq!(
                entries(&mut map.between(least, most).rev()), entries(&mut model.range(least..=most).rev())
            );
            prop_assert_eq!(all(&map.iter().map(|(key, value)| (*key, *value)).collect()), all(&map));
        }
    }
}
