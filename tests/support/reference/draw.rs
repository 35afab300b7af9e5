//! `kfactor-draw-1` a second time, from the words of its description: SHA-256 for the key, ChaCha8 for the numbers.

use sha2::{Digest, Sha256};

/// The numbers of one draw.
pub struct Numbers {
    key: [u32; 8],
    counter: u32,
    ready: Vec<u32>,
}

/// The seed that everyone can derive from a campaign's id.
pub fn public_seed(campaign: &str) -> [u8; 32] {
    Sha256::digest([b"kfactor-public-seed-1", campaign.as_bytes()].concat()).into()
}

impl Numbers {
    pub fn of(seed: &[u8; 32], purpose: &str, key: &str) -> Numbers {
        let mut text = b"kfactor-draw-1".to_vec();
        text.extend(seed);
        for part in [purpose, key] {
            text.extend(u64::try_from(part.len()).expect("a length").to_be_bytes());
            text.extend(part.as_bytes());
        }
        let hash: [u8; 32] = Sha256::digest(text).into();
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| hash[4 * at + byte]));
        Numbers { key: std::array::from_fn(word), counter: 0, ready: Vec::new() }
    }

    /// Uniform below `n`: as many bits as `n − 1` has, again until they fit; no number is used up for 0 and 1.
    pub fn below(&mut self, n: u64) -> u64 {
        if n <= 1 {
            return 0;
        }
        let bits = u64::BITS - (n - 1).leading_zeros();
        loop {
            let number = self.next() & (u64::MAX >> (64 - bits));
            if number < n {
                return number;
            }
        }
    }

    fn next(&mut self) -> u64 {
        if self.ready.is_empty() {
            self.block();
        }
        let (low, high) = (self.ready.remove(0), self.ready.remove(0));
        u64::from(high) << 32 | u64::from(low)
    }

    fn block(&mut self) {
        let mut start = vec![0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
        start.extend(self.key);
        start.extend([self.counter, 0, 0, 0]);
        let mut words = start.clone();
        for _ in 0..4 {
            for quarter in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                mix(&mut words, quarter);
            }
            for quarter in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                mix(&mut words, quarter);
            }
        }
        self.ready =
            words.iter().zip(&start).map(|(word, start): (&u32, &u32)| word.wrapping_add(*start)).collect();
        self.counter += 1;
    }
}

fn mix(words: &mut [u32], [a, b, c, d]: [usize; 4]) {
    for (to, with, turned, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        words[to] = words[to].wrapping_add(words[with]);
        words[turned] = (words[turned] ^ words[to]).rotate_left(by);
    }
}
