//! A first-order Markov chain over channels, and what removing one of them costs.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "probabilities; see `credit`"
)]

use super::credit::Path;

/// Where paths go from each channel: to other channels, to a conversion, or to nothing.
pub struct Chain {
    channels: usize,
    /// Probabilities from the start (row 0) and from channel c (row c + 1) to each channel.
    steps: Vec<Vec<f64>>,
    /// Probabilities from there to a conversion at once.
    wins: Vec<f64>,
}

impl Chain {
    /// Counts every transition of every path. A path with conversions and lost people is walked by both.
    #[must_use]
    pub fn new(paths: &[Path], channels: usize) -> Chain {
        let mut steps = vec![vec![0.0; channels]; channels + 1];
        let (mut wins, mut all) = (vec![0.0; channels + 1], vec![0.0; channels + 1]);
        let unit = unit(paths);
        for path in paths {
            let won = path.value as f64 / unit;
            let weight = won + path.lost as f64;
            let mut row = 0;
            for (channel, _) in &path.touches {
                let Some(column) = usize::try_from(*channel).ok().filter(|at| *at < channels) else {
                    continue;
                };
                add(steps.get_mut(row).and_then(|row| row.get_mut(column)), weight);
                add(all.get_mut(row), weight);
                row = column + 1;
            }
            add(wins.get_mut(row), won);
            add(all.get_mut(row), weight);
        }
        for ((row, win), all) in steps.iter_mut().zip(&mut wins).zip(&all) {
            if *all > 0.0 {
                row.iter_mut().for_each(|step| *step /= all);
                *win /= all;
            }
        }
        Chain { channels, steps, wins }
    }

    /// By how much the probability of converting falls when a channel leads nowhere, as a share of it.
    ///
    /// Without channel c convert those who never meet it: all, less the probability of ever meeting it times the
    /// probability of converting from it.
    #[must_use]
    pub fn removal_effects(&self) -> Vec<f64> {
        let n = self.channels;
        // (I − Q) X = (I | r) by elimination, Q among the channels only: visits in the left block, wins at the end.
        let mut rows: Vec<Vec<f64>> = (0..n)
            .map(|at| {
                let mut row = vec![0.0; 2 * n + 1];
                for (column, place) in row.iter_mut().enumerate() {
                    *place = if column < n {
                        f64::from(u8::from(column == at)) - self.step(at + 1, column)
                    } else if column < 2 * n {
                        f64::from(u8::from(column - n == at))
                    } else {
                        self.wins.get(at + 1).copied().unwrap_or(0.0)
                    };
                }
                row
            })
            .collect();
        eliminate(&mut rows, n);
        let visits = |from: usize, to: usize| cell(&rows, from, n + to);
        let wins = |from: usize| cell(&rows, from, 2 * n);
        let from_start = |of: &dyn Fn(usize) -> f64| (0..n).map(|to| self.step(0, to) * of(to)).sum::<f64>();
        let whole = from_start(&wins) + self.wins.first().copied().unwrap_or(0.0);
        let effect = |channel: usize| {
            let own = visits(channel, channel);
            let meets = if own > 0.0 { from_start(&|to| visits(to, channel)) / own } else { 0.0 };
            if whole > 0.0 { (meets * wins(channel) / whole).max(0.0) } else { 0.0 }
        };
        (0..n).map(effect).collect()
    }

    fn step(&self, row: usize, column: usize) -> f64 {
        cell(&self.steps, row, column)
    }
}

/// What one conversion is worth, so that conversions and lost people are counted alike: the greatest common divisor.
fn unit(paths: &[Path]) -> f64 {
    let divisor = paths.iter().map(|path| path.value).fold(0, gcd);
    divisor.max(1) as f64
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn add(place: Option<&mut f64>, value: f64) {
    if let Some(place) = place {
        *place += value;
    }
}

fn cell(rows: &[Vec<f64>], row: usize, column: usize) -> f64 {
    rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0)
}

/// Gauss and Jordan with pivots by size. A column without a pivot, of channels that lead to themselves alone, is left.
fn eliminate(rows: &mut [Vec<f64>], n: usize) {
    for column in 0..n {
        let best =
            (column..n).max_by(|a, b| cell(rows, *a, column).abs().total_cmp(&cell(rows, *b, column).abs()));
        let Some(best) = best.filter(|best| cell(rows, *best, column).abs() > 1e-12) else { continue };
        rows.swap(column, best);
        let pivot = cell(rows, column, column);
        let Some(leading) = rows.get_mut(column) else { continue };
        leading.iter_mut().for_each(|value| *value /= pivot);
        let leading = leading.clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row.get(column).copied().unwrap_or(0.0);
            if at != column && factor != 0.0 {
                row.iter_mut().zip(&leading).for_each(|(value, leading)| *value -= factor * leading);
            }
        }
    }
}
