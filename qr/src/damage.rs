//! What a logo or anything else over a symbol destroys, counted instead of guessed.
//!
//! A symbol's codewords are spread over blocks, and each block corrects half as many wrong codewords as it has check
//! codewords. Which module belongs to which codeword is fixed by the size, and which codeword to which block by the level.
//! So for any cover the wrong codewords of each block can be counted exactly, and the block that is worst off decides.

use crate::codewords::block_of_each;
use crate::layout::{is_narrow, narrow, wide};
use crate::symbol::Symbol;

/// The codewords that a cover destroys, by block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Every block of error correction.
    pub blocks: Vec<BlockDamage>,
    /// The indices of the covered codewords, in the order in which the symbol has them.
    pub codewords: Vec<usize>,
}

/// What a cover destroys of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockDamage {
    /// Codewords of which at least one module is covered.
    pub covered: usize,
    /// Wrong codewords that the block corrects.
    pub correctable: usize,
}

impl Damage {
    /// Counts what is destroyed if all modules are covered for which `covers(x, y)` holds.
    ///
    /// ```
    /// use kfactor_qr::{Damage, Level, Symbol};
    /// let symbol = Symbol::encode("https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi", Level::Q)?;
    /// // Nine by nine modules in the middle.
    /// let damage = Damage::of(&symbol, |x, y| x.abs_diff(18) <= 4 && y.abs_diff(18) <= 4);
    /// assert_eq!((symbol.width(), damage.share()), (37, 45));
    /// # Ok::<(), kfactor_qr::QrError>(())
    /// ```
    #[must_use]
    pub fn of(symbol: &Symbol, covers: impl Fn(u32, u32) -> bool) -> Damage {
        let version = symbol.version();
        let order = if is_narrow(version) { &narrow(version).order } else { &wide(version).order };
        let blocks = version.blocks(symbol.level());
        let mut damage = Damage {
            blocks: vec![BlockDamage { covered: 0, correctable: blocks.check / 2 }; blocks.count],
            codewords: Vec::new(),
        };
        let owners = block_of_each(version, symbol.level());
        for ((places, owner), index) in order.chunks_exact(8).zip(owners).zip(0..) {
            if places.iter().any(|(x, y)| covers(u32::from(*x), u32::from(*y))) {
                damage.codewords.push(index);
                if let Some(block) = damage.blocks.get_mut(owner) {
                    block.covered += 1;
                }
            }
        }
        damage
    }

    /// The damage to the block that is worst off, in per cent of what it corrects, rounded up: above 100 the symbol
    /// cannot be read.
    #[must_use]
    pub fn share(&self) -> u32 {
        let shares = self.blocks.iter().map(|block| (block.covered * 100).div_ceil(block.correctable.max(1)));
        u32::try_from(shares.max().unwrap_or(0)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Options, Version};
    use proptest::prelude::*;
    use rxing::common::BitMatrix;
    use rxing::qrcode::decoder::qrcode_decoder::decode_bitmatrix;

    const URL: &str = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi?from=poster";

    /// What an independent decoder reads after each of the named codewords was made wrong, each in another way.
    fn read_with(symbol: &Symbol, wrong: &[usize]) -> Option<String> {
        let version = symbol.version();
        let order = if is_narrow(version) { &narrow(version).order } else { &wide(version).order };
        let mut turned = vec![false; version.width() * version.width()];
        for index in wrong {
            let difference = index * 151 % 255 + 1;
            for ((x, y), bit) in order[index * 8..index * 8 + 8].iter().zip(0..) {
                turned[usize::from(*y) * version.width() + usize::from(*x)] = difference >> bit & 1 == 1;
            }
        }
        let mut matrix = BitMatrix::with_single_dimension(symbol.width()).unwrap();
        for (turned, at) in turned.iter().zip(0..) {
            let (x, y) = (at % symbol.width(), at / symbol.width());
            if symbol.module(x, y) ^ turned {
                matrix.set(x, y);
            }
        }
        Some(decode_bitmatrix(&matrix).ok()?.getText().to_owned())
    }

    fn symbol(number: u8, level: Level) -> Symbol {
        let at_least = Version::new(number).unwrap();
        Symbol::with(URL, &Options { level, at_least, boost: false, ..Options::default() }).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Wherever a logo lies and however large it is: every codeword that is counted may be wrong, and the text is
        /// read exactly as long as the proof says so.
        #[test]
        fn the_proof_is_exact(
            number in 5u8..=20, level in 0usize..4, x in 0u32..90, y in 0u32..90, width in 1u32..30, height in 1u32..30,
        ) {
            let symbol = symbol(number, Level::ALL[level]);
            let damage = Damage::of(&symbol, |a, b| (x..x + width).contains(&a) && (y..y + height).contains(&b));
            let read = read_with(&symbol, &damage.codewords);
            prop_assert_eq!(read.as_deref() == Some(URL), damage.share() <= 100, "{}", damage.share());
        }
    }

    #[test]
    fn one_codeword_more_than_a_block_corrects_is_too_many() {
        for (number, level) in [(5, Level::Q), (7, Level::H), (10, Level::L), (13, Level::H), (25, Level::M)]
        {
            let symbol = symbol(number, level);
            let owners = block_of_each(symbol.version(), level);
            let correctable = symbol.version().blocks(level).check / 2;
            let wrong = |count: usize| -> Vec<usize> {
                owners
                    .iter()
                    .enumerate()
                    .filter(|(_, owner)| **owner == 0)
                    .map(|(at, _)| at)
                    .take(count)
                    .collect()
            };
            assert_eq!(read_with(&symbol, &wrong(correctable)).as_deref(), Some(URL));
            assert_ne!(read_with(&symbol, &wrong(correctable + 1)).as_deref(), Some(URL));
        }
    }

    /// At level H, version 13 bears a smaller logo than version 12: what it covers falls into one block.
    #[test]
    fn the_same_share_of_the_area_is_not_the_same_damage() {
        let share = |number: u8| {
            let symbol = symbol(number, Level::H);
            let middle = symbol.width() / 2;
            Damage::of(&symbol, |x, y| x.abs_diff(middle) <= 12 && y.abs_diff(middle) <= 12).share()
        };
        assert!(share(13) > 100 && share(12) <= 100, "{} {}", share(13), share(12));
    }
}
