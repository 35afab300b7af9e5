//! The keyed hashes of texts: for the tables that find a text's number, and for what is remembered of commands.

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// The keys of a campaign's hashes, which derive from its seed, so that chosen ids cannot flood one bucket.
///
/// Tables and the journal hash by [`Keys::text`]: the multiply-and-fold construction of the wyhash family, one
/// multiplication for eight bytes, with secret multipliers. What facts tell, the numbers of devices and networks,
/// is SipHash-1-3. Both give the same on every machine, and no order of a table is ever observed.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    told: SipHasher13,
    start: u64,
    step: u64,
    end: u64,
}

impl Keys {
    /// The keys of a seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Keys {
        let mut key = [0u8; 16];
        for (to, from) in key.iter_mut().zip(seed) {
            *to = from;
        }
        let told = SipHasher13::new_with_key(&key);
        // Odd multipliers lose no bit of what they multiply.
        let word = |name: &[u8]| told.hash(name) | 1;
        Keys { told, start: word(b"start"), step: word(b"step"), end: word(b"end") }
    }

    /// The hash that facts may tell.
    #[must_use]
    pub fn told(&self, text: &str) -> u64 {
        self.told.hash(text.as_bytes())
    }

    /// The hash of a text.
    #[must_use]
    #[inline]
    pub fn text(&self, text: &str) -> u64 {
        self.bytes(text.as_bytes())
    }

    /// The hash of some bytes.
    #[must_use]
    #[inline]
    pub fn bytes(&self, bytes: &[u8]) -> u64 {
        // Lengths lie far apart, so that no other byte makes up for one.
        let mut state =
            self.start.wrapping_add(self.step.wrapping_mul(u64::try_from(bytes.len()).unwrap_or(0)));
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            state = fold(state ^ u64::from_le_bytes(*word), self.step);
            rest = after;
        }
        // The last eight bytes again, or all of a shorter text.
        let last = bytes.last_chunk::<8>().map_or_else(|| short(bytes), |word| u64::from_le_bytes(*word));
        fold(state ^ last, self.end)
    }

    /// The hash of a pair of a hash and a number.
    #[must_use]
    #[inline]
    pub fn join(&self, hash: u64, with: u64) -> u64 {
        fold(hash.rotate_left(23) ^ with, self.step)
    }
}

/// Adds to an index of what stands in a list: where it is, by its hash.
///
/// A full index is made anew from `all`, the hashes and places of everything before in the order of the list, which reads
/// memory in its order; growing by itself, the table would read the list in the order of the hashes.
#[inline]
pub fn add_to_index<I: Iterator<Item = (u64, u32)>>(
    index: &mut HashTable<u32>,
    (hash, place): (u64, u32),
    all: impl FnOnce() -> I,
) {
    if index.len() == index.capacity() {
        *index = HashTable::with_capacity((index.len() * 2).max(14));
        for (hash, place) in all() {
            index.insert_unique(hash, place, |_| hash);
        }
    }
    // There is room, so nothing is hashed again.
    index.insert_unique(hash, place, |_| hash);
}

/// Whether two texts are the same, eight bytes at a time: WebAssembly's first version compares one by one.
#[must_use]
#[inline]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some(one_end), Some(other_end)) = (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        let (ones, _) = one.as_chunks::<8>();
        let (others, _) = other.as_chunks::<8>();
        return one_end == other_end && ones.iter().zip(others).all(|(one, other)| one == other);
    }
    short(one) == short(other)
}

/// Up to eight bytes as a number.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Both halves of a product, one over the other.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    if cfg!(target_arch = "wasm32") {
        return fold_by_parts(one, other);
    }
    let product = u128::from(one) * u128::from(other);
    let half = |value: u128| u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0);
    half(product) ^ half(product >> 64)
}

/// As [`fold`], where no instruction multiplies to 128 bits: what the compiler calls there multiplies two numbers of 128 bits and
/// writes the product to memory.
#[inline(never)]
fn fold_by_parts(one: u64, other: u64) -> u64 {
    let low = |word: u64| word & 0xffff_ffff;
    // Products of 32 bits, and sums of two of their halves with one product more, fit 64 bits.
    let cross = (one >> 32).wrapping_mul(low(other)).wrapping_add(low(one).wrapping_mul(low(other)) >> 32);
    // Else the compiler would see through this, and call just that.
    let cross = core::hint::black_box(cross);
    let middle = low(one).wrapping_mul(other >> 32).wrapping_add(low(cross));
    let high = (one >> 32).wrapping_mul(other >> 32).wrapping_add(cross >> 32).wrapping_add(middle >> 32);
    one.wrapping_mul(other) ^ high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_and_seeds_differ() {
        let (one, other) = (Keys::new([1; 32]), Keys::new([2; 32]));
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..40 {
            let text = "a".repeat(length);
            for keys in [one, other] {
                assert!(seen.insert(keys.text(&text)), "{text}");
                assert!(seen.insert(keys.text(&format!("{text}b"))), "{text}b");
                assert!(seen.insert(keys.text(&format!("c{text}b"))), "c{text}b");
            }
        }
    }

    #[test]
    fn a_million_ids_spread_like_chance() {
        // Both ends of the hash choose buckets; with 2^16 of them and 2^20 ids, each holds 16 ± 4.
        let keys = Keys::new([7; 32]);
        let (mut low, mut high) = (vec![0u32; 1 << 16], vec![0u32; 1 << 16]);
        let mut all = Vec::new();
        for number in 0..1u32 << 20 {
            let hash = keys.text(&format!("participant-{number}"));
            low[usize::try_from(hash & 0xffff).unwrap()] += 1;
            high[usize::try_from(hash >> 48).unwrap()] += 1;
            all.push(hash);
        }
        for buckets in [low, high] {
            let chi: f64 = buckets.iter().map(|count| (f64::from(*count) - 16.0).powi(2) / 16.0).sum();
            // 65,535 degrees of freedom: mean 65,535, deviation 362.
            assert!((chi - 65_535.0).abs() < 6.0 * 362.0, "{chi}");
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1 << 20);
    }

    #[test]
    fn products_by_parts_are_the_same() {
        let ends = [0, 1, 2, u64::from(u32::MAX), 1 << 32, u64::MAX - 1, u64::MAX];
        let mut next = 7u64;
        let mut random = || {
            next = next.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ 0x5555;
            next
        };
        for _ in 0..10_000 {
            let (one, other) = (random(), random());
            assert_eq!(fold(one, other), fold_by_parts(one, other), "{one} {other}");
            for end in ends {
                assert_eq!(fold(one, end), fold_by_parts(one, end), "{one} {end}");
                assert_eq!(fold(end, one), fold_by_parts(end, one), "{end} {one}");
            }
        }
        for (one, other) in ends.into_iter().flat_map(|one| ends.map(|other| (one, other))) {
            assert_eq!(fold(one, other), fold_by_parts(one, other), "{one} {other}");
        }
    }

    #[test]
    fn equality_sees_every_byte() {
        for length in 0..40usize {
            let text: Vec<u8> = (0..length).map(|at| u8::try_from(at).unwrap()).collect();
            assert!(same(&text, &text.clone()));
            for at in 0..length {
                let mut other = text.clone();
                other[at] ^= 1;
                assert!(!same(&text, &other), "{length} {at}");
            }
            assert!(!same(&text, &[&text[..], b"x"].concat()));
        }
    }
}
