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
    // Four light rows above and below stand for the quiet zone.
    let mut candidate = vec![[0; N]; width + 8];
    let mut best = candidate.clone();
    let mut best_mask = 0;
    let mut lowest = u32::MAX;
    let format: Vec<[(usize, usize); 2]> = format_places(width).collect();
    let (inside, pairs) = (ones(width), ones(width - 1));
    for ((pattern, number), index) in layout.masks.iter().zip(0u8..).zip(0..) {
        if mask.is_some_and(|mask| mask != number) {
            continue;
        }
        for ((out, data), pattern) in candidate.iter_mut().skip(4).zip(data).zip(pattern) {
            *out = xor(*data, *pattern);
        }
        let bits = format_bits(level, index);
        for (places, bit) in format.iter().zip((0..15).rev()) {
            for (x, y) in places.iter().filter(|_| bits >> bit & 1 == 1) {
                candidate.get_mut(y + 4).into_iter().for_each(|row| set(row, *x));
            }
        }
        let penalty = if mask.is_some() { 0 } else { penalty(&candidate, width, inside, pairs) };
        if penalty < lowest {
            (lowest, best_mask) = (penalty, number);
            std::mem::swap(&mut best, &mut candidate);
        }
    }
    best.drain(..4);
    best.truncate(width);
    (best, best_mask)
}

/// How hard the modules are to scan. `padded` has four light rows before and behind; `inside` are the columns of the
/// symbol, and `pairs` those that have a neighbour to the right.
fn penalty<const N: usize>(padded: &[Row<N>], width: usize, inside: Row<N>, pairs: Row<N>) -> u32 {
    let rows = padded.get(4..4 + width).unwrap_or_default();
    let (mut runs, mut squares, mut dark, mut finders) = (0, 0, 0, 0);
    let mut above = [0; N];
    let mut same_above = [0; N];
    let mut history = [[0; N]; 3];
    let mut long_above = [0; N];
    for (row, y) in rows.iter().zip(0u32..) {
        dark += count(*row);
        let same = and(not(xor(*row, right(*row, 1))), pairs);
        runs += run_penalty(same);
        finders += finders_across(*row, inside);
        if y > 0 {
            let down = and(not(xor(*row, above)), inside);
            // Four equal pairs one below the other are a run of five.
            let [older, old, last] = history;
            let long = and(and(down, last), and(old, older));
            runs += count(long) + 2 * count(and(long, not(long_above)));
            history = [old, last, down];
            long_above = long;
            squares += count(and(and(same, same_above), down));
        }
        above = *row;
        same_above = same;
    }
    for window in padded.windows(15) {
        if let Ok(window) = <&[Row<N>; 15]>::try_from(window) {
            finders += finders_down(window, inside);
        }
    }
    let total = u32::try_from(width * width).unwrap_or(u32::MAX);
    let balance = (20 * dark).abs_diff(10 * total) / total;
    runs + 3 * squares + 40 * finders + 10 * balance
}

/// 3 for each run of five modules of one colour and 1 for each further module.
fn run_penalty<const N: usize>(same: Row<N>) -> u32 {
    let two = and(same, right(same, 1));
    let four = and(two, right(two, 2));
    count(four) + 2 * count(and(four, not(left(four, 1))))
}

/// How often dark and light are 1:1:3:1:1 with four light modules on a side; twice where they are on both.
fn finders_across<const N: usize>(row: Row<N>, inside: Row<N>) -> u32 {
    let ends = and(row, right(row, 6));
    let gaps = not(or(right(row, 1), right(row, 5)));
    let core = and(and(right(row, 2), right(row, 3)), right(row, 4));
    let found = and(and(ends, gaps), core);
    if found == [0; N] {
        return 0;
    }
    let light = |other: Row<N>| and(not(other), inside);
    let before = light(left(row, 1));
    let after = light(right(row, 7));
    let far_before = or(or(left(row, 2), left(row, 3)), left(row, 4));
    let far_after = or(or(right(row, 8), right(row, 9)), right(row, 10));
    let found = and(found, and(before, after));
    count(and(found, light(far_before))) + count(and(found, light(far_after)))
}

fn finders_down<const N: usize>(window: &[Row<N>; 15], inside: Row<N>) -> u32 {
    let [b4, b3, b2, b1, c0, c1, c2, c3, c4, c5, c6, a1, a2, a3, a4] = *window;
    let found = and(and(and(c0, c6), and(c2, c3)), and(c4, not(or(or(c1, c5), or(b1, a1)))));
    if found == [0; N] {
        return 0;
    }
    let light = |other: Row<N>| and(not(other), inside);
    count(and(found, light(or(or(b2, b3), b4)))) + count(and(found, light(or(or(a2, a3), a4))))
}

/// A row of `width` dark modules.
fn ones<const N: usize>(width: usize) -> Row<N> {
    let mut row = [0; N];
    (0..width).for_each(|x| set(&mut row, x));
    row
}

#[inline]
fn and<const N: usize>(a: Row<N>, b: Row<N>) -> Row<N> {
    zip(a, b, |a, b| a & b)
}

#[inline]
fn or<const N: usize>(a: Row<N>, b: Row<N>) -> Row<N> {
    zip(a, b, |a, b| a | b)
}

#[inline]
fn xor<const N: usize>(a: Row<N>, b: Row<N>) -> Row<N> {
    zip(a, b, |a, b| a ^ b)
}

#[inline]
fn not<const N: usize>(row: Row<N>) -> Row<N> {
    row.map(|word| !word)
}

#[inline]
fn zip<const N: usize>(mut a: Row<N>, b: Row<N>, join: impl Fn(u64, u64) -> u64) -> Row<N> {
    for (a, b) in a.iter_mut().zip(b) {
        *a = join(*a, b);
    }
    a
}

#[inline]
fn count<const N: usize>(row: Row<N>) -> u32 {
    row.iter().map(|word| word.count_ones()).sum()
}

/// The row moved by 1 to 63 columns, so that column `x` has what column `x + by` had.
#[inline]
fn right<const N: usize>(row: Row<N>, by: u32) -> Row<N> {
    let mut next = row.into_iter().skip(1);
    row.map(|word| word >> by | if N == 1 { 0 } else { next.next().unwrap_or(0) << (64 - by) })
}

/// The row moved by 1 to 63 columns the other way.
#[inline]
fn left<const N: usize>(row: Row<N>, by: u32) -> Row<N> {
    let mut last = 0;
    row.map(|word| {
        let moved = word << by | if N == 1 { 0 } else { last >> (64 - by) };
        last = word;
        moved
    })
}
