//! The sizes of symbols and what each of them holds (ISO/IEC 18004:2015, tables 1 and 9).

/// The size of a symbol: version 1 has 21 modules on a side, each further one four more, up to 40 with 177.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

/// How much of a symbol may be unreadable: about 7, 15, 25 or 30 per cent of its codewords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// About 7 %.
    L,
    /// About 15 %.
    #[default]
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

/// How the codewords of a symbol are divided for error correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    /// The number of blocks.
    pub count: usize,
    /// How many of them, the first ones, have one data codeword less than the others.
    pub short: usize,
    /// The data codewords of a short block.
    pub data: usize,
    /// The check codewords of every block.
    pub check: usize,
}

impl Version {
    /// The smallest size.
    pub const MIN: Version = Version(1);
    /// The largest size.
    pub const MAX: Version = Version(40);

    /// The version of a number from 1 to 40.
    #[must_use]
    pub fn new(number: u8) -> Option<Version> {
        (1..=40).contains(&number).then_some(Version(number))
    }

    /// All versions, from the smallest.
    pub fn all() -> impl DoubleEndedIterator<Item = Version> + Clone {
        (1..=40).map(Version)
    }

    /// The number, 1 to 40.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The modules on a side, without the quiet zone.
    #[must_use]
    pub fn width(self) -> usize {
        usize::from(self.0) * 4 + 17
    }

    /// How many bits of data a symbol of this size and level holds.
    #[must_use]
    pub fn capacity(self, level: Level) -> usize {
        let blocks = self.blocks(level);
        (blocks.count * (blocks.data + 1) - blocks.short) * 8
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0) - 1
    }

    pub(crate) fn blocks(self, level: Level) -> Blocks {
        let of = |table: &[[u8; 40]; 4]| {
            let row = table.get(level.index());
            row.and_then(|row| row.get(self.index())).copied().map_or(1, usize::from)
        };
        let (check, count) = (of(&CHECK_CODEWORDS), of(&BLOCKS));
        let all = self.codewords();
        Blocks { count, short: count - all % count, data: all / count - check, check }
    }

    /// Data and check codewords together.
    pub(crate) fn codewords(self) -> usize {
        self.data_modules() / 8
    }

    /// The modules that carry codewords, with up to seven left over.
    pub(crate) fn data_modules(self) -> usize {
        let version = usize::from(self.0);
        let aligned = self.alignments().len();
        // The three alignment patterns in corners give way to finders; those on the timing lines share five
        // modules with them.
        let (alignments, shared) =
            if aligned == 0 { (0, 0) } else { (aligned * aligned - 3, 2 * aligned - 4) };
        let versions = if version < 7 { 0 } else { 36 };
        let timing = 2 * (self.width() - 16);
        let (finders, format) = (3 * 64, 31);
        self.width() * self.width() - finders - format - timing - versions - alignments * 25 + shared * 5
    }

    /// The rows, and columns, in which alignment patterns have their centres.
    pub(crate) fn alignments(self) -> Vec<usize> {
        if self.0 == 1 {
            return Vec::new();
        }
        let version = usize::from(self.0);
        let count = version / 7 + 2;
        // Version 32 is the one for which the rule of the others does not hold.
        let step = if version == 32 { 26 } else { (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2 };
        let last = self.width() - 7;
        let mut centres: Vec<usize> = (0..count - 1).map(|back| last - back * step).collect();
        centres.push(6);
        centres.reverse();
        centres
    }
}

impl Level {
    /// All levels, from the weakest.
    pub const ALL: [Level; 4] = [Level::L, Level::M, Level::Q, Level::H];

    /// The level of a letter, `L`, `M`, `Q` or `H`.
    #[must_use]
    pub fn parse(letter: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.letter() == letter)
    }

    /// The letter of the level.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Level::L => "L",
            Level::M => "M",
            Level::Q => "Q",
            Level::H => "H",
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Level::L => 0,
            Level::M => 1,
            Level::Q => 2,
            Level::H => 3,
        }
    }

    /// The two bits that stand for it in the format information.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Level::L => 1,
            Level::M => 0,
            Level::Q => 3,
            Level::H => 2,
        }
    }
}

/// Check codewords of one block, by level and version.
const CHECK_CODEWORDS: [[u8; 40]; 4] = [
    [
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26,
        28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
    [
        13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30,
        28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
];

/// Blocks of error correction, by level and version.
const BLOCKS: [[u8; 40]; 4] = [
    [
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16,
        17, 18, 19, 19, 20, 21, 22, 24, 25,
    ],
    [
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28,
        29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ],
    [
        1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35,
        38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
    ],
    [
        1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42,
        45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codewords_fill_the_symbol() {
        for version in Version::all() {
            let aligned = version.alignments();
            assert!(aligned.is_empty() || aligned.first() == Some(&6));
            assert!(version.data_modules() % 8 <= 7);
            for level in Level::ALL {
                let blocks = version.blocks(level);
                let data = blocks.count * (blocks.data + 1) - blocks.short;
                assert_eq!(data + blocks.count * blocks.check, version.codewords());
            }
        }
        let codewords = [1, 2, 7, 14, 25, 40].map(|number| Version::new(number).unwrap().codewords());
        assert_eq!(codewords, [26, 44, 196, 581, 1588, 3706]);
    }
}
