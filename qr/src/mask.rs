//! The mask that is easiest to scan: penalties of whole rows at once (ISO/IEC 18004:2015, §7.8.3).

use crate::layout::{Layout, Row, format_bits, format_places, set};
use crate::version::Level;

/// The symbol under `mask`, or under the mask with the lowest penalty, the first of equals.
pub(crate) fn masked<const N: usize>(
    data: &[Row<N>],
    layout: &Layout<N>,
    level: Level,
    mask: Option<u8>,
) -> (Vec<Row<N>>, u8) {
    let width = data.len();
    let mut candidate = data.to_vec();
    let mut best = data.to_vec();
    let mut best_mask = 0;
    let mut lowest = u32::MAX;
    let format: Vec<[(usize, usize); 2]> = format_places(width).collect();
    for ((pattern, number), index) in layout.masks.iter().zip(0u8..).zip(0..) {
        if mask.is_some_and(|mask| mask != number) {
            continue;
        }
        for ((out, data), pattern) in candidate.iter_mut().zip(data).zip(pattern) {
            for ((out, data), pattern) in out.iter_mut().zip(data).zip(pattern) {
                *out = data ^ pattern;
            }
        }
        let bits = format_bits(level, index);
        for (places, bit) in format.iter().zip((0..15).rev()) {
            for (x, y) in places.iter().filter(|_| bits >> bit & 1 == 1) {
                candidate.get_mut(*y).into_iter().for_each(|row| set(row, *x));
            }
        }
        let penalty = if mask.is_some() { 0 } else { penalty(&candidate) };
        if penalty < lowest {
            (lowest, best_mask) = (penalty, number);
            std::mem::swap(&mut best, &mut candidate);
        }
    }
    (best, best_mask)
}

/// How hard the modules are to scan.
fn penalty<const N: usize>(rows: &[Row<N>]) -> u32 {
    let width = rows.len();
    let mut sum = Penalty::default();
    // Four light rows above and below stand for the quiet zone.
    let mut strip = vec![0; width + 8];
    let reach = if N == 1 { width } else { REACH };
    for from in (0..width).step_by(reach) {
        let first = from.saturating_sub(BEFORE);
        for (word, row) in strip.iter_mut().skip(4).zip(rows) {
            *word = columns(row, first);
        }
        let own = ones(reach.min(width - from)) << (from - first);
        sum.add_strip(&strip, ones((width - first).min(64)), own);
    }
    sum.total(u32::try_from(width * width).unwrap_or(u32::MAX))
}

/// A symbol that is wider than a word is looked at in strips of so many columns, with as many beside them as their
/// penalties depend on: four to the left, ten to the right.
const REACH: usize = 64 - BEFORE - 10;
const BEFORE: usize = 4;

/// The 64 columns of a row from the first one on.
fn columns<const N: usize>(row: &Row<N>, first: usize) -> u64 {
    let word = |at: usize| row.get(at).copied().unwrap_or(0);
    let (at, by) = (first / 64, first % 64);
    // In two steps, because a word cannot be moved by 64.
    word(at) >> by | word(at + 1) << 1 << (63 - by)
}

/// The dark modules of one to 64 columns.
fn ones(columns: usize) -> u64 {
    u64::MAX >> (64 - columns)
}

#[derive(Default)]
struct Penalty {
    runs: u32,
    squares: u32,
    finders: u32,
    dark: u32,
}

impl Penalty {
    /// Adds what begins in the columns `own` of a strip; `inside` are its columns within the symbol. Four light rows are
    /// above the first and below the last.
    fn add_strip(&mut self, padded: &[u64], inside: u64, own: u64) {
        let rows = padded.get(4..padded.len() - 4).unwrap_or_default();
        // Columns that have a neighbour to the right.
        let pairs = inside & inside >> 1;
        let mut above = 0;
        let mut same_above = 0;
        let mut history = [0; 3];
        let mut long_above = 0;
        for (at, row) in rows.iter().enumerate() {
            self.dark += (row & own).count_ones();
            let same = !(row ^ row >> 1) & pairs;
            self.runs += run_penalty(same, own);
            self.finders += finders_across(*row, own);
            if at > 0 {
                let down = !(row ^ above) & own;
                // Four equal pairs one below the other are a run of five.
                let [older, old, last] = history;
                let long = down & last & old & older;
                self.runs += long.count_ones() + 2 * (long & !long_above).count_ones();
                history = [old, last, down];
                long_above = long;
                self.squares += (same & same_above & down).count_ones();
            }
            above = *row;
            same_above = same;
        }
        for window in padded.windows(15) {
            if let Ok(window) = <&[u64; 15]>::try_from(window) {
                self.finders += finders_down(window, own);
            }
        }
    }

    fn total(&self, modules: u32) -> u32 {
        let balance = (20 * self.dark).abs_diff(10 * modules) / modules;
        self.runs + 3 * self.squares + 40 * self.finders + 10 * balance
    }
}

/// 3 for each run of five modules of one colour and 1 for each further module.
fn run_penalty(same: u64, own: u64) -> u32 {
    let two = same & same >> 1;
    let four = two & two >> 2;
    (four & own).count_ones() + 2 * (four & !(four << 1) & own).count_ones()
}

/// How often dark and light are 1:1:3:1:1 with four light modules on a side; twice where they are on both.
fn finders_across(row: u64, own: u64) -> u32 {
    let ends = row & row >> 6;
    let gaps = !(row >> 1 | row >> 5);
    let core = row >> 2 & row >> 3 & row >> 4;
    let found = ends & gaps & core & own;
    if found == 0 {
        return 0;
    }
    let before = !(row << 1);
    let after = !(row >> 7);
    let far_before = row << 2 | row << 3 | row << 4;
    let far_after = row >> 8 | row >> 9 | row >> 10;
    let found = found & before & after;
    (found & !far_before).count_ones() + (found & !far_after).count_ones()
}

fn finders_down(window: &[u64; 15], own: u64) -> u32 {
    let [b4, b3, b2, b1, c0, c1, c2, c3, c4, c5, c6, a1, a2, a3, a4] = *window;
    let found = c0 & c6 & c2 & c3 & c4 & !(c1 | c5 | b1 | a1) & own;
    if found == 0 {
        return 0;
    }
    (found & !(b2 | b3 | b4)).count_ones() + (found & !(a2 | a3 | a4)).count_ones()
}
