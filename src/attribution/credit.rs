//! Credit (归因): how much of each conversion each channel is given, by the model one chooses.
//!
//! A path is what one person met before converting, or without ever converting. Whatever the model, the credits of all
//! channels add up to the value of the conversions, to the unit: what a division leaves over goes to the largest
//! remainders, earlier channels first.
//!
//! Formulas: first, last, linear and position-based as in common analytics; time decay halves a touch's weight for each
//! half-life between it and the conversion; the removal effect of a first-order Markov chain (Anderl et al. 2016); the
//! Shapley value of the game in which a coalition wins the conversions whose channels all belong to it, which is linear
//! over the distinct channels of each path.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights of time decay and of Markov chains; the credits themselves are whole numbers"
)]

use super::markov::Chain;
use crate::insight::math::exp2;

/// What someone met, in order, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The channels met and when, in milliseconds; earliest first.
    pub touches: Vec<(u32, i64)>,
    /// When the conversion was.
    pub at: i64,
    /// The conversions' value in whole units; 0 for a path that did not convert.
    pub value: u64,
    /// How many people had this path and did not convert.
    pub lost: u64,
}

/// A credit model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// All to the last touch of another channel than this one; to the last if there is none.
    LastBut(u32),
    /// The same to each touch.
    Linear,
    /// These shares, in percent, to the first and the last touch, and the rest to those between.
    Position(u32, u32),
    /// Half as much for each of these spans, in milliseconds, before the conversion.
    TimeDecay(i64),
    /// By how much the probability of converting falls without a channel.
    Markov,
    /// The Shapley value of the channels.
    Shapley,
}

/// How a path is shortened before credit is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// As it is.
    None,
    /// Of touches of one channel in a row only the first.
    Exposure,
    /// Of all touches of one channel only the first.
    First,
    /// Without touches of this channel at the end, unless there are no others.
    WithoutLast(u32),
}

impl Transform {
    /// Reads `none`, `exposure`, `first` or `without-direct`, for which the number of the direct channel is needed.
    #[must_use]
    pub fn parse(word: &str, direct: u32) -> Option<Transform> {
        match word {
            "none" => Some(Transform::None),
            "exposure" => Some(Transform::Exposure),
            "first" => Some(Transform::First),
            "without-direct" => Some(Transform::WithoutLast(direct)),
            _ => None,
        }
    }
}

/// The credit of each channel, by its number, in the units of the values.
///
/// ```
/// use kfactor::attribution::credit::{Model, Path, credit};
/// let path = Path { touches: vec![(0, 0), (1, 1), (0, 2)], at: 3, value: 14_000, lost: 0 };
/// assert_eq!(credit(&[path], 2, Model::Linear), [9_333, 4_667]);
/// ```
#[must_use]
pub fn credit(paths: &[Path], channels: usize, model: Model) -> Vec<u64> {
    let values: Vec<u64> = paths.iter().map(|path| path.value).collect();
    credit_of(paths, &values, channels, model)
}

/// The same for something else that the conversions of each path were worth, as their money: `worth` is that of each path,
/// in the order of the paths.
#[must_use]
pub fn credit_of(paths: &[Path], worth: &[u64], channels: usize, model: Model) -> Vec<u64> {
    if model == Model::Markov {
        let total = worth.iter().fold(0u64, |total, worth| total.saturating_add(*worth));
        let effects = Chain::new(paths, channels).removal_effects();
        return divide(total, &scaled(&effects));
    }
    let mut sums = vec![0u64; channels];
    let mut give = |channel: u32, part: u64| {
        if let Some(sum) = usize::try_from(channel).ok().and_then(|channel| sums.get_mut(channel)) {
            *sum = sum.saturating_add(part);
        }
    };
    let mut shares = Vec::new();
    for (path, worth) in paths.iter().zip(worth).filter(|(_, worth)| **worth > 0) {
        match path.touches.as_slice() {
            [] => {}
            [touch] => give(touch.0, *worth),
            _ => {
                share_out(path, model, &mut shares);
                let parts = divide(*worth, &shares.iter().map(|share| share.1).collect::<Vec<_>>());
                shares.iter().zip(parts).for_each(|(share, part)| give(share.0, part));
            }
        }
    }
    sums
}

/// Shortens a path.
#[must_use]
pub fn transform(touches: &[(u32, i64)], how: Transform) -> Vec<(u32, i64)> {
    let mut kept: Vec<(u32, i64)> = Vec::new();
    for touch in touches {
        let repeats = match how {
            Transform::Exposure => kept.last().is_some_and(|last| last.0 == touch.0),
            Transform::First => kept.iter().any(|earlier| earlier.0 == touch.0),
            Transform::None | Transform::WithoutLast(_) => false,
        };
        if !repeats {
            kept.push(*touch);
        }
    }
    if let Transform::WithoutLast(channel) = how
        && let Some(last) = kept.iter().rposition(|touch| touch.0 != channel)
    {
        kept.truncate(last + 1);
    }
    kept
}

/// The touches of someone that count for a conversion: those within the window before it, the end included.
#[must_use]
pub fn within(touches: &[(u32, i64)], at: i64, window: i64) -> Vec<(u32, i64)> {
    touches.iter().copied().filter(|(_, when)| *when <= at && at - when <= window).collect()
}

/// Divides a value by whole-number shares; what is left over goes to the largest remainders, the first among equals.
/// All shares zero give nothing to anyone.
#[must_use]
pub fn divide(value: u64, shares: &[u64]) -> Vec<u64> {
    let total: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    if total == 0 {
        return vec![0; shares.len()];
    }
    let whole = |share: &u64| u64::try_from(u128::from(value) * u128::from(*share) / total).unwrap_or(0);
    let mut parts: Vec<u64> = shares.iter().map(whole).collect();
    let mut left = value - parts.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let remainder =
        |at: &usize| shares.get(*at).map_or(0, |share| u128::from(value) * u128::from(*share) % total);
    order.sort_by_key(|at| core::cmp::Reverse(remainder(at)));
    for at in order {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(at) {
            (*part, left) = (*part + 1, left - 1);
        }
    }
    parts
}

/// The share of each channel of one path, by the number of the channel.
fn share_out(path: &Path, model: Model, shares: &mut Vec<(u32, u64)>) {
    shares.clear();
    let touches = &path.touches;
    let (first, last) = (touches.first(), touches.last());
    match model {
        Model::First => shares.extend(first.map(|touch| (touch.0, 1))),
        Model::Last => shares.extend(last.map(|touch| (touch.0, 1))),
        Model::LastBut(channel) => {
            let other = touches.iter().rev().find(|touch| touch.0 != channel);
            shares.extend(other.or(last).map(|touch| (touch.0, 1)));
        }
        Model::Linear | Model::Shapley => shares.extend(touches.iter().map(|touch| (touch.0, 1))),
        Model::Position(first, last) => {
            let weights = by_position(touches.len(), first, last);
            shares.extend(touches.iter().zip(weights).map(|(touch, share)| (touch.0, share)));
        }
        Model::TimeDecay(half_life) => {
            shares.extend(touches.iter().map(|touch| (touch.0, decayed(path.at - touch.1, half_life))));
        }
        Model::Markov => {}
    }
    shares.sort_unstable_by_key(|share| share.0);
    shares.dedup_by(|later, sooner| {
        let same = later.0 == sooner.0;
        // The Shapley value looks at channels, not at touches.
        sooner.1 += if same && model != Model::Shapley { later.1 } else { 0 };
        same
    });
}

/// The weights of touches by position, given percentages for the first and the last.
fn by_position(count: usize, first: u32, last: u32) -> Vec<u64> {
    let (first, last) = (u64::from(first.min(100)), u64::from(last.min(100 - first.min(100))));
    let between = u64::try_from(count.saturating_sub(2)).unwrap_or(0);
    let each = 100 - first - last;
    match count {
        0 | 1 => vec![1; count],
        2 if first + last == 0 => vec![1, 1],
        2 => vec![first, last],
        _ => {
            let mut weights = vec![each; count];
            if let Some(weight) = weights.first_mut() {
                *weight = first * between;
            }
            if let Some(weight) = weights.last_mut() {
                *weight = last * between;
            }
            weights
        }
    }
}

/// 2^40 for a touch at the conversion, half of that for each half-life before it, never 0.
fn decayed(age: i64, half_life: i64) -> u64 {
    let halves = age.max(0) as f64 / half_life.max(1) as f64;
    ((1u64 << 40) as f64 * exp2(-halves)) as u64 + 1
}

/// Effects as whole-number shares of 2^50.
fn scaled(effects: &[f64]) -> Vec<u64> {
    let total: f64 = effects.iter().sum();
    if total <= 0.0 {
        return vec![0; effects.len()];
    }
    effects.iter().map(|effect| (effect / total * (1u64 << 50) as f64) as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Units of a conversion in these tests.
    const ONE: u64 = 1_000_000;
    const DAY: i64 = 86_400_000;

    /// A path out of letters, one a day, with conversions and lost people.
    fn path(letters: &str, converted: u64, lost: u64) -> Path {
        let touches: Vec<(u32, i64)> =
            letters.bytes().zip(0i64..).map(|(letter, day)| (u32::from(letter - b'a'), day * DAY)).collect();
        let at = touches.last().map_or(0, |touch| touch.1);
        Path { touches, at, value: converted * ONE, lost }
    }

    fn close(credits: &[u64], expected: &[f64]) {
        let off = |(credit, expected): (&u64, &f64)| (*credit as f64 / ONE as f64 - expected).abs() < 2e-6;
        assert!(credits.iter().zip(expected).all(off), "{credits:?}, not {expected:?}");
    }

    #[test]
    fn markov_chains_that_were_published_or_solved_by_hand() {
        let m1 = [path("abc", 1, 0), path("a", 0, 1), path("bc", 0, 1)];
        close(&credit(&m1, 3, Model::Markov), &[0.2, 0.4, 0.4]);
        let m2 = [path("a", 2, 0), path("b", 1, 0), path("ab", 1, 0), path("a", 0, 1)];
        close(&credit(&m2, 2, Model::Markov), &[2.4, 1.6]);
        let m3 = [path("ab", 3, 1), path("ac", 1, 1)];
        close(&credit(&m3, 3, Model::Markov), &[2.0, 1.5, 0.5]);
        let m4 = [path("aab", 2, 1), path("ba", 1, 2), path("c", 0, 4)];
        close(&credit(&m4, 3, Model::Markov), &[4.0 / 3.0, 5.0 / 3.0, 0.0]);
    }

    #[test]
    fn a_touch_repeated_at_once_changes_no_chain() {
        let once = [path("ab", 2, 1), path("ba", 1, 2)];
        let thrice = [path("aaabb", 2, 1), path("bbba", 1, 2)];
        assert_eq!(credit(&once, 2, Model::Markov), credit(&thrice, 2, Model::Markov));
    }

    #[test]
    fn models_of_one_path() {
        // Direct, organic, direct; 140.00.
        let p1 = [Path { value: 14_000, ..path("aba", 1, 0) }];
        assert_eq!(credit(&p1, 2, Model::First), [14_000, 0]);
        assert_eq!(credit(&p1, 2, Model::Last), [14_000, 0]);
        assert_eq!(credit(&p1, 2, Model::LastBut(0)), [0, 14_000]);
        assert_eq!(credit(&p1, 2, Model::Linear), [9_333, 4_667]);
        assert_eq!(credit(&p1, 2, Model::Position(40, 40)), [11_200, 2_800]);
        let p2 = [Path { value: 6_650, ..path("ab", 1, 0) }];
        assert_eq!(credit(&p2, 2, Model::Position(40, 40)), [3_325, 3_325]);
        let p4 = [path("ab", 10, 0)];
        close(&credit(&p4, 2, Model::Position(30, 70)), &[3.0, 7.0]);
    }

    #[test]
    fn models_of_several_paths() {
        // Direct 2; search, email 3; search, social, email 5: channels a direct, b search, c email, d social.
        let p3 = [path("a", 2, 0), path("bc", 3, 0), path("bdc", 5, 0)];
        close(&credit(&p3, 4, Model::First), &[2.0, 8.0, 0.0, 0.0]);
        close(&credit(&p3, 4, Model::Last), &[2.0, 0.0, 8.0, 0.0]);
        close(&credit(&p3, 4, Model::Linear), &[2.0, 19.0 / 6.0, 19.0 / 6.0, 5.0 / 3.0]);
        close(&credit(&p3, 4, Model::Position(40, 40)), &[2.0, 3.5, 3.5, 1.0]);
    }

    #[test]
    fn time_decay_by_closed_form() {
        let at = |days: &[i64]| {
            let touches = (0u32..).zip(days).map(|(channel, day)| (channel, -day * DAY)).collect();
            credit(&[Path { touches, at: 0, value: ONE, lost: 0 }], 3, Model::TimeDecay(7 * DAY))
        };
        close(&at(&[14, 7, 0]), &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]);
        close(&at(&[20, 8, 1]), &[0.092_217, 0.302_594, 0.605_189]);
    }

    #[test]
    fn shapley_by_published_games() {
        // Worth of coalitions in hundredths: F 20, O 10, L 17, FO 17, FL 30, LO 0, FLO 6.
        let worth = [("a", 20), ("b", 10), ("c", 17), ("ab", 17), ("ac", 30), ("cb", 0), ("acb", 6)];
        let s1: Vec<Path> = worth.iter().map(|(letters, worth)| path(letters, *worth, 0)).collect();
        close(&credit(&s1, 3, Model::Shapley), &[45.5, 20.5, 34.0]);
        close(&credit(&[path("a", 4, 0), path("ab", 6, 0)], 2, Model::Shapley), &[7.0, 3.0]);
        close(&credit(&[path("abcd", 10, 0)], 4, Model::Shapley), &[2.5; 4]);
    }

    #[test]
    fn paths_are_shortened() {
        let short = |letters: &str, how| -> String {
            let touches = transform(&path(letters, 1, 0).touches, how);
            touches.into_iter().map(|touch| char::from(b'a' + u8::try_from(touch.0).unwrap())).collect()
        };
        // d stands for direct.
        assert_eq!(short("evdd", Transform::Exposure), "evd");
        assert_eq!(short("evdd", Transform::WithoutLast(3)), "ev");
        assert_eq!(short("dd", Transform::WithoutLast(3)), "dd");
        assert_eq!(short("aaadadd", Transform::Exposure), "adad");
        assert_eq!(short("aaadadd", Transform::First), "ad");
        assert_eq!(short("aaadadd", Transform::WithoutLast(3)), "aaada");
    }

    #[test]
    fn the_window_ends_with_the_conversion_and_its_begin_counts() {
        let touches = [(0, 0), (1, 5), (2, 10), (3, 11)];
        assert_eq!(within(&touches, 10, 5), [(1, 5), (2, 10)]);
    }

    fn paths() -> impl Strategy<Value = Vec<Path>> {
        let touches = proptest::collection::vec((0u32..5, 0i64..40 * DAY), 1..7);
        proptest::collection::vec((touches, 0u64..1_000_000, 0u64..5), 1..8).prop_map(|paths| {
            let path = |(mut touches, value, lost): (Vec<(u32, i64)>, u64, u64)| {
                touches.sort_by_key(|touch| touch.1);
                Path { touches, at: 40 * DAY, value, lost }
            };
            paths.into_iter().map(path).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn credits_add_up_to_the_conversions(paths in paths(), first in 0u32..=100, last in 0u32..=100) {
            let total: u64 = paths.iter().map(|path| path.value).sum();
            for model in [
                Model::First, Model::Last, Model::LastBut(0), Model::Linear, Model::Position(first, last),
                Model::TimeDecay(7 * DAY), Model::Markov, Model::Shapley,
            ] {
                prop_assert_eq!(credit(&paths, 5, model).iter().sum::<u64>(), total, "{:?}", model);
            }
        }

        /// The sum over all orders of joining, one channel after another, against the closed form.
        #[test]
        fn shapley_is_the_mean_over_all_orders(paths in paths()) {
            let sets: Vec<(u32, u64)> = paths
                .iter()
                .map(|path| (path.touches.iter().fold(0, |set, touch| set | 1 << touch.0), path.value))
                .collect();
            let worth = |set: u32| -> f64 {
                sets.iter().filter(|(path, _)| path & !set == 0).map(|(_, value)| *value as f64).sum()
            };
            let weight = |size: u32| [24.0, 6.0, 4.0, 6.0, 24.0][size as usize] / 120.0;
            let credits = credit(&paths, 5, Model::Shapley);
            for channel in 0..5u32 {
                let value: f64 = (0..32u32)
                    .filter(|set| set & (1 << channel) == 0)
                    .map(|set| weight(set.count_ones()) * (worth(set | 1 << channel) - worth(set)))
                    .sum();
                prop_assert!((value - credits[channel as usize] as f64).abs() < 8.0, "{} {:?}", value, credits);
            }
        }
    }
}
