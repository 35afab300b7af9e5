//! What a size of symbol has in common, whatever it says: patterns, the places of codewords, masks. Made once.

use std::sync::OnceLock;

use crate::version::{Level, Version};

/// A row of modules: bit `x` of the words is the module in column `x`, 1 is dark.
pub(crate) type Row<const N: usize> = [u64; N];

/// The parts of a symbol that depend only on its size.
#[derive(Debug)]
pub(crate) struct Layout<const N: usize> {
    /// Finders, alignment and timing patterns, version information and the one dark module.
    pub function: Vec<Row<N>>,
    /// The column and row of each bit of the codewords.
    pub order: Vec<(u8, u8)>,
    /// The eight masks where there are codewords, nothing elsewhere.
    pub masks: [Vec<Row<N>>; 8],
}

/// Layouts of versions whose rows fit one word.
pub(crate) fn narrow(version: Version) -> &'static Layout<1> {
    static LAYOUTS: [OnceLock<Layout<1>>; 12] = [const { OnceLock::new() }; 12];
    static NONE: Layout<1> = Layout::NONE;
    let make = || {
        // One way to make layouts is enough; their first words are what a narrow one has.
        let Layout { function, order, masks } = Layout::new(version);
        let first = |rows: Vec<Row<3>>| rows.into_iter().map(|[word, ..]| [word]).collect();
        Layout { function: first(function), order, masks: masks.map(first) }
    };
    LAYOUTS.get(version.index()).map_or(&NONE, |place| place.get_or_init(make))
}

/// Layouts of every other version.
pub(crate) fn wide(version: Version) -> &'static Layout<3> {
    static LAYOUTS: [OnceLock<Layout<3>>; 40] = [const { OnceLock::new() }; 40];
    static NONE: Layout<3> = Layout::NONE;
    LAYOUTS.get(version.index()).map_or(&NONE, |place| place.get_or_init(|| Layout::new(version)))
}

/// Whether the rows of a version fit one word, with the room that counting penalties needs beside them.
pub(crate) fn is_narrow(version: Version) -> bool {
    version.width() <= 61
}

impl<const N: usize> Layout<N> {
    const NONE: Layout<N> =
        Layout { function: Vec::new(), order: Vec::new(), masks: [const { Vec::new() }; 8] };
}

impl Layout<3> {
    fn new(version: Version) -> Self {
        let width = version.width();
        let mut patterns = Patterns { dark: vec![[0; 3]; width], taken: vec![[0; 3]; width] };
        patterns.timing(width);
        patterns.finders(width);
        patterns.alignments(&version.alignments());
        patterns.version(version);
        patterns.format(width);
        let Patterns { dark: function, taken: reserved } = patterns;
        let order = order(width, &reserved);
        let masks = std::array::from_fn(|mask| {
            let row = |(y, taken): (usize, &Row<3>)| {
                let mut row = [0; 3];
                for x in (0..width).filter(|x| masks(mask, *x, y) && !is_set(taken, *x)) {
                    set(&mut row, x);
                }
                row
            };
            reserved.iter().enumerate().map(row).collect()
        });
        Layout { function, order, masks }
    }
}

/// The places of the fifteen bits of format information, the most significant first: column and row of the first copy,
/// then of the second.
pub(crate) fn format_places(width: usize) -> impl Iterator<Item = [(usize, usize); 2]> {
    (0..15).map(move |bit| {
        let first = match bit {
            0..6 => (bit, 8),
            6 => (7, 8),
            7 => (8, 8),
            8 => (8, 7),
            _ => (8, 14 - bit),
        };
        let second = if bit < 7 { (8, width - 1 - bit) } else { (width - 15 + bit, 8) };
        [first, second]
    })
}

/// The format information: level and mask, with ten bits of check and the standard's mask.
pub(crate) fn format_bits(level: Level, mask: usize) -> u32 {
    let data = level.bits() << 3 | u32::try_from(mask & 7).unwrap_or(0);
    (data << 10 | rest(data << 10, 0x537, 10)) ^ 0x5412
}

/// The rest of a division of polynomials over bits; the divisor has `degree` + 1 bits.
pub(crate) fn rest(value: u32, divisor: u32, degree: u32) -> u32 {
    (degree..32).rev().fold(value, |value, bit| {
        if value >> bit & 1 == 1 { value ^ divisor << (bit - degree) } else { value }
    })
}

struct Patterns {
    dark: Vec<Row<3>>,
    taken: Vec<Row<3>>,
}

impl Patterns {
    fn put(&mut self, x: usize, y: usize, is_dark: bool) {
        let (Some(dark), Some(taken)) = (self.dark.get_mut(y), self.taken.get_mut(y)) else { return };
        set(taken, x);
        if is_dark { set(dark, x) } else { clear(dark, x) }
    }

    fn timing(&mut self, width: usize) {
        for at in 0..width {
            self.put(at, 6, at % 2 == 0);
            self.put(6, at, at % 2 == 0);
        }
    }

    /// Three finders with their light borders.
    fn finders(&mut self, width: usize) {
        for (left, top) in [(0, 0), (width - 7, 0), (0, width - 7)] {
            for (y, x) in (0..9).flat_map(|y| (0..9).map(move |x| (y, x))) {
                let ring = usize::abs_diff(x, 4).max(usize::abs_diff(y, 4));
                // One module up and left, so that the border has no negative place.
                let (Some(x), Some(y)) = ((left + x).checked_sub(1), (top + y).checked_sub(1)) else {
                    continue;
                };
                if x < width && y < width {
                    self.put(x, y, matches!(ring, 0 | 1 | 3));
                }
            }
        }
    }

    fn alignments(&mut self, centres: &[usize]) {
        let last = centres.last().copied().unwrap_or(0);
        for (x, y) in centres.iter().flat_map(|y| centres.iter().map(|x| (*x, *y))) {
            if [(6, 6), (last, 6), (6, last)].contains(&(x, y)) {
                continue;
            }
            for (dy, dx) in (0..5).flat_map(|dy| (0..5).map(move |dx| (dy, dx))) {
                let ring = usize::abs_diff(dx, 2).max(usize::abs_diff(dy, 2));
                self.put(x + dx - 2, y + dy - 2, ring != 1);
            }
        }
    }

    fn version(&mut self, version: Version) {
        if version.number() < 7 {
            return;
        }
        let number = u32::from(version.number());
        let bits = number << 12 | rest(number << 12, 0x1F25, 12);
        let far = version.width() - 11;
        for bit in 0..18 {
            let is_dark = bits >> bit & 1 == 1;
            self.put(far + bit % 3, bit / 3, is_dark);
            self.put(bit / 3, far + bit % 3, is_dark);
        }
    }

    /// The format's places are kept free; it differs between symbols of the same size. One module is always dark.
    fn format(&mut self, width: usize) {
        for (x, y) in format_places(width).flatten() {
            self.put(x, y, false);
        }
        self.put(8, width - 8, true);
    }
}

/// Upwards and downwards in pairs of columns from the right, without the column of the timing pattern.
fn order(width: usize, reserved: &[Row<3>]) -> Vec<(u8, u8)> {
    let mut order = Vec::new();
    let columns = (0..width).rev().filter(|x| *x != 6).step_by(2);
    for (turn, right) in columns.enumerate() {
        // Left of the timing pattern's column the pair is its neighbour to the left as everywhere.
        let left = right - 1;
        for step in 0..width {
            let y = if turn % 2 == 0 { width - 1 - step } else { step };
            for x in [right, left] {
                if !reserved.get(y).is_some_and(|row| is_set(row, x)) {
                    order.push((u8::try_from(x).unwrap_or(0), u8::try_from(y).unwrap_or(0)));
                }
            }
        }
    }
    order
}

/// Whether a mask turns the module in column `x` and row `y` over.
#[expect(clippy::manual_is_multiple_of, reason = "as the standard writes the masks")]
pub(crate) fn masks(mask: usize, x: usize, y: usize) -> bool {
    match mask {
        0 => (x + y) % 2 == 0,
        1 => y % 2 == 0,
        2 => x % 3 == 0,
        3 => (x + y) % 3 == 0,
        4 => (x / 3 + y / 2) % 2 == 0,
        5 => x * y % 2 + x * y % 3 == 0,
        6 => (x * y % 2 + x * y % 3) % 2 == 0,
        _ => ((x + y) % 2 + x * y % 3) % 2 == 0,
    }
}

fn is_set(row: &Row<3>, x: usize) -> bool {
    row.get(x / 64).is_some_and(|word| word >> (x % 64) & 1 == 1)
}

#[inline]
pub(crate) fn set<const N: usize>(row: &mut Row<N>, x: usize) {
    if let Some(word) = row.get_mut(x / 64) {
        *word |= 1 << (x % 64);
    }
}

fn clear(row: &mut Row<3>, x: usize) {
    if let Some(word) = row.get_mut(x / 64) {
        *word &= !(1 << (x % 64));
    }
}
