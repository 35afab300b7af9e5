//! Draws: random numbers that anyone with the campaign's seed can compute again.
//!
//! The generator is named `kfactor-draw-1`. Its ChaCha8 key is the SHA-256 of the name, the 32 bytes of the
//! seed, and then the purpose and the key, each preceded by its length in bytes as eight big-endian bytes.
//! The nonce is zero, the block counter starts at zero, and each draw reads the next eight bytes of the key
//! stream as a little-endian number. A change of any of this needs a new name.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A sequence of random numbers for one purpose and one key, such as the id of the command that draws.
///
/// ```
/// use kfactor::engine::draw::Draw;
/// let draw = || Draw::new(&[7; 32], "prize", "c1");
/// assert_eq!(draw().below(1_000), draw().below(1_000));
/// assert!(draw().below(1_000) < 1_000);
/// ```
#[derive(Debug)]
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// Starts the sequence; equal arguments give equal sequences on every machine and every version.
    #[must_use]
    pub fn new(seed: &[u8; 32], purpose: &str, key: &str) -> Draw {
        let mut hash = Sha256::new();
        hash.update(NAME);
        hash.update(seed);
        for part in [purpose, key] {
            // A text's length fits 64 bits wherever it fits the memory.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Draw(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// A number of `n` random bits: 0 to 2^`n` − 1. From 64 on, all 64 bits; always takes one draw.
    #[must_use]
    pub fn bits(&mut self, n: u32) -> u64 {
        let mask = u64::MAX.checked_shr(64u32.saturating_sub(n)).unwrap_or(0);
        self.0.next_u64() & mask
    }

    /// A number from 0 to `n` − 1, each with exactly the same probability; 0 without a draw if `n` is 0 or 1.
    ///
    /// Draws as many bits as `n` − 1 has, and draws again as long as the number is not below `n`. That takes
    /// fewer than two draws on average, and no arithmetic that could differ between machines.
    #[must_use]
    pub fn below(&mut self, n: u64) -> u64 {
        let Some(largest @ 1..) = n.checked_sub(1) else { return 0 };
        let bits = u64::BITS - largest.leading_zeros();
        loop {
            let number = self.bits(bits);
            if number <= largest {
                return number;
            }
        }
    }
}

const NAME: &[u8] = b"kfactor-draw-1";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bytes 0 to 31.
    fn seed() -> [u8; 32] {
        std::array::from_fn(|at| u8::try_from(at).unwrap())
    }

    fn draw() -> Draw {
        Draw::new(&seed(), "prize", "c1")
    }

    fn draws<const N: usize>(mut draw: Draw, n: u64) -> [u64; N] {
        std::array::from_fn(|_| draw.below(n))
    }

    // The golden numbers were computed with an independent implementation of the module's comment, in Python,
    // whose ChaCha8 gives the published key stream of the zero key. They may never change.

    #[test]
    fn golden_words() {
        let mut draw = draw();
        let words: [u64; 100] = std::array::from_fn(|_| draw.bits(64));
        assert_eq!(
            words[..4],
            [0xa97b_bfef_2beb_fa6b, 0x2e3b_b9e3_79c6_ee5d, 0xb6e5_7fc9_65cb_4b62, 0x0d78_f061_763c_4959]
        );
        // Beyond the first four blocks, which an implementation may buffer.
        assert_eq!((words[32], words[99]), (0x12cb_eccb_64b9_907e, 0xf2b1_39c5_3f04_b37e));
        let mut plain = Draw::new(&[0; 32], "", "");
        assert_eq!([plain.bits(64), plain.bits(64)], [0x0c51_07a8_347a_3a76, 0xa71d_0b70_7e5f_99c5]);
    }

    #[test]
    fn golden_ranges() {
        let tens = [2, 9, 5, 3, 4, 4, 4, 1, 3, 5, 0, 5, 8, 6, 3, 0, 3, 0, 2, 0, 6, 6, 1, 7];
        assert_eq!(draws::<24>(draw(), 10), tens);
        let millions = [785_003, 454_237, 740_194, 805_209, 964_309, 728_543, 712_755, 504_542];
        assert_eq!(draws::<8>(draw(), 1_000_003), millions);
        let large = [
            3_331_460_736_022_408_797,
            970_790_021_084_498_265,
            8_007_188_665_374_285_279,
            3_406_438_981_258_895_411,
        ];
        assert_eq!(draws::<4>(draw(), (1 << 63) + 1), large);
        let cards = [9, 30, 0, 27, 10, 43, 35, 3, 16, 14, 20, 45];
        assert_eq!(draws::<12>(Draw::new(&seed(), "玩法", "ann"), 52), cards);
    }

    #[test]
    fn bounds_of_the_range() {
        let mut draw = draw();
        assert_eq!([draw.below(0), draw.below(1)], [0, 0]);
        // Neither took a draw.
        assert_eq!(draw.below(u64::MAX), 0xa97b_bfef_2beb_fa6b);
        assert_eq!(draw.bits(64), 0x2e3b_b9e3_79c6_ee5d);
        assert_eq!(draw.bits(0), 0);
        assert_eq!(draw.bits(u32::MAX), 0x0d78_f061_763c_4959);
    }

    #[test]
    fn the_parts_of_the_key_are_kept_apart() {
        let first = |purpose, key| Draw::new(&seed(), purpose, key).bits(64);
        let all = [first("ab", "c"), first("a", "bc"), first("abc", ""), first("", "abc"), first("c", "ab")];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
        let mut other_seed = seed();
        other_seed[31] ^= 1;
        assert_ne!(Draw::new(&other_seed, "ab", "c").bits(64), first("ab", "c"));
    }

    #[test]
    fn numbers_are_evenly_spread() {
        // The 99.99 % quantile of chi-square with n − 1 degrees of freedom, times 10.
        for (n, quantile) in [(2, 151), (3, 184), (6, 257), (10, 337), (29, 632)] {
            let mut counts = vec![0u32; n];
            let rounds = 10_000 * counts.len();
            let mut draw = Draw::new(&seed(), "spread", &n.to_string());
            for _ in 0..rounds {
                counts[usize::try_from(draw.below(u64::try_from(n).unwrap())).unwrap()] += 1;
            }
            let squares: u32 = counts.iter().map(|count| count.abs_diff(10_000).pow(2)).sum();
            let chi_square = squares / 1_000;
            assert!(chi_square < quantile, "{n}: {counts:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn a_draw_stays_below_and_repeats(seed in any::<[u8; 32]>(), key in "\\PC{0,20}", n in 1u64.., bits in 0u32..64) {
            let mut one = Draw::new(&seed, "p", &key);
            let mut two = Draw::new(&seed, "p", &key);
            let small = n >> bits;
            for n in [n, small.max(1)] {
                let number = one.below(n);
                prop_assert!(number < n);
                prop_assert_eq!(number, two.below(n));
            }
            prop_assert_eq!(one.bits(bits) >> bits, 0);
        }
    }
}
