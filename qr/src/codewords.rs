//! Check codewords by Reed and Solomon, and the order in which codewords stand in a symbol (ISO/IEC 18004:2015, §7.5
//! and §7.6).

use std::sync::OnceLock;

use crate::version::{Blocks, Level, Version};

/// Data and check codewords in the order in which the symbol has them.
pub(crate) fn interleaved(data: &[u8], version: Version, level: Level) -> Vec<u8> {
    let blocks = version.blocks(level);
    let mut all = vec![0; version.codewords()];
    let (head, tail) = all.split_at_mut_checked(data.len()).unwrap_or_default();
    for block in 0..blocks.count {
        let from = block * blocks.data + block.saturating_sub(blocks.short);
        let part = data.get(from..from + blocks.length(block)).unwrap_or_default();
        for (at, byte) in part.iter().enumerate() {
            if let Some(place) = head.get_mut(blocks.place(block, at)) {
                *place = *byte;
            }
        }
        let check = check_codewords(part, blocks.check);
        for (place, byte) in tail.iter_mut().skip(block).step_by(blocks.count).zip(check) {
            *place = byte;
        }
    }
    all
}

/// The check codewords of one block.
pub(crate) fn check_codewords(data: &[u8], count: usize) -> impl Iterator<Item = u8> {
    remainder(data, table(count)).into_iter().flat_map(u64::to_be_bytes).take(count)
}

/// The block of each codeword of a symbol, in the order in which the symbol has them.
pub(crate) fn block_of_each(version: Version, level: Level) -> Vec<usize> {
    let blocks = version.blocks(level);
    let data = blocks.count * (blocks.data + 1) - blocks.short;
    let mut all = vec![0; version.codewords()];
    for block in 0..blocks.count {
        for at in 0..blocks.length(block) {
            if let Some(place) = all.get_mut(blocks.place(block, at)) {
                *place = block;
            }
        }
        for place in all.iter_mut().skip(data + block).step_by(blocks.count) {
            *place = block;
        }
    }
    all
}

impl Blocks {
    /// The data codewords of a block.
    fn length(self, block: usize) -> usize {
        self.data + usize::from(block >= self.short)
    }

    /// Where a block's data codeword stands among all: one of each block in turn, of the longer ones one more at the
    /// end.
    fn place(self, block: usize, at: usize) -> usize {
        if at < self.data { at * self.count + block } else { self.data * self.count + block - self.short }
    }
}

/// What remains of a block's data divided by the generator: four words of which the first `check` bytes count.
fn remainder(data: &[u8], table: &Table) -> [u64; 4] {
    data.iter().fold([0; 4], |[a, b, c, d], byte| {
        let [top, ..] = a.to_be_bytes();
        let [e, f, g, h] = table.get(usize::from(byte ^ top)).copied().unwrap_or_default();
        [(a << 8 | b >> 56) ^ e, (b << 8 | c >> 56) ^ f, (c << 8 | d >> 56) ^ g, d << 8 ^ h]
    })
}

/// For each byte, the generator times that byte, from the top of four words.
type Table = [[u64; 4]; 256];

/// The table for a number of check codewords, made once.
fn table(check: usize) -> &'static Table {
    static TABLES: [OnceLock<Box<Table>>; 32] = [const { OnceLock::new() }; 32];
    let make = || {
        let generator = generator(check);
        let mut table = Box::new([[0; 4]; 256]);
        for (row, factor) in table.iter_mut().zip(0u8..=255) {
            let mut products = generator.iter().map(|coefficient| product(*coefficient, factor));
            for word in row {
                let bytes: [u8; 8] = std::array::from_fn(|_| products.next().unwrap_or(0));
                *word = u64::from_be_bytes(bytes);
            }
        }
        table
    };
    static NONE: Table = [[0; 4]; 256];
    TABLES.get(check).map_or(&NONE, |place| place.get_or_init(make))
}

/// The product of (x - 2^k) for k below `degree`, without its leading coefficient, the highest power first.
fn generator(degree: usize) -> Vec<u8> {
    let mut coefficients = vec![0; degree];
    if let Some(last) = coefficients.last_mut() {
        *last = 1;
    }
    let mut root = 1;
    for _ in 0..degree {
        let mut above = 0;
        for coefficient in coefficients.iter_mut().rev() {
            let shifted = above;
            above = *coefficient;
            *coefficient = product(*coefficient, root) ^ shifted;
        }
        root = product(root, 2);
    }
    coefficients
}

/// A product in the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1.
fn product(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0u8, |sum, place| {
        let doubled = sum << 1 ^ if sum & 0x80 == 0 { 0 } else { 0x1D };
        doubled ^ if b >> place & 1 == 0 { 0 } else { a }
    })
}
