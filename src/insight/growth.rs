//! K: how many people one person brings, and how fast.

use serde::Serialize;

use super::math::quantile;

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// The lower end of the interval, not below 0.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A person for K: when they arrived and when those they brought did.
#[derive(Clone, Debug, Default)]
pub struct Bringer {
    /// When they arrived, in milliseconds.
    pub at: i64,
    /// How long after that each person they brought arrived, in milliseconds.
    pub after: Vec<i64>,
}

/// Cycle times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cycle {
    /// How many people were brought.
    pub count: u32,
    /// The mean.
    pub mean: f64,
    /// Half of them were brought faster.
    pub median: f64,
    /// Nine tenths of them were brought faster.
    pub p90: f64,
}

const Z95: f64 = 1.959_963_984_540_054;

/// K within `window` after arriving, seen at `now`.
///
/// People are at risk as long as they have been watched. At each age at which somebody was brought, the mean grows by
/// the number brought divided by the number at risk. Without anybody watched for less than the window this is the plain
/// mean, and the interval that of the sample variance.
#[must_use]
pub fn k_factor(people: &[Bringer], window: i64, now: i64) -> Estimate {
    let watched = |person: &Bringer| (now - person.at).clamp(0, window);
    let mut ends: Vec<i64> = people.iter().map(watched).collect();
    ends.sort_unstable();
    let mut ages: Vec<i64> = people
        .iter()
        .flat_map(|person| person.after.iter().copied().filter(|age| *age <= watched(person)))
        .collect();
    ages.sort_unstable();
    // The sum up to each age of what the mean grows by, and of that divided by the number at risk.
    let mut steps: Vec<Step> = Vec::new();
    for age in ages.iter().copied() {
        let risk = (ends.len() - ends.partition_point(|end| *end < age)) as f64;
        match steps.last_mut() {
            Some(step) if step.age == age => step.count += 1.0,
            _ => steps.push(Step { age, risk, count: 1.0, share: 0.0 }),
        }
    }
    let (mut mean, mut share) = (0.0, 0.0);
    for step in &mut steps {
        mean += step.count / step.risk;
        share += step.count / (step.risk * step.risk);
        step.share = share;
    }
    // Each person's part in what the mean is off by.
    let variance: f64 = people
        .iter()
        .map(|person| {
            let end = watched(person);
            let own: f64 =
                person.after.iter().filter(|age| **age <= end).map(|age| 1.0 / risk_at(&steps, *age)).sum();
            let expected = last_before(&steps, end).map_or(0.0, |step| step.share);
            (own - expected) * (own - expected)
        })
        .sum();
    let spread = Z95 * variance.sqrt();
    Estimate { value: mean, low: (mean - spread).max(0.0), high: mean + spread }
}

/// The share of K that people have shown after being watched for `age`, from 0 to 1, by the shape of all of them.
#[must_use]
pub fn maturity(people: &[Bringer], window: i64, now: i64, age: i64) -> f64 {
    let whole = k_factor(people, window, now).value;
    if whole <= 0.0 {
        return if age >= window { 1.0 } else { 0.0 };
    }
    (k_factor(people, age.clamp(0, window), now).value / whole).clamp(0.0, 1.0)
}

/// How long it takes from a person's arrival to that of someone they brought.
#[must_use]
pub fn cycle(people: &[Bringer]) -> Cycle {
    let mut all: Vec<f64> =
        people.iter().flat_map(|person| person.after.iter().map(|age| *age as f64)).collect();
    all.sort_unstable_by(f64::total_cmp);
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let mean = if all.is_empty() { 0.0 } else { all.iter().sum::<f64>() / all.len() as f64 };
    Cycle { count, mean, median: quantile(&all, 0.5), p90: quantile(&all, 0.9) }
}

/// People after `time` when `first` begin, each brings `k`, and a cycle takes `cycle`.
///
/// Source: David Skok, "Lessons Learned – Viral Marketing": C(t) = C₀ (K^(t/ct + 1) − 1) / (K − 1), for whole cycles.
///
/// ```
/// use kfactor::insight::growth::skok;
/// assert_eq!(skok(10.0, 2.0, 20, 2), 20_470.0);
/// assert_eq!(skok(10.0, 2.0, 20, 1), 20_971_510.0);
/// ```
#[must_use]
pub fn skok(first: f64, k: f64, time: u32, cycle: u32) -> f64 {
    let (mut wave, mut all) = (first, first);
    for _ in 0..time / cycle.max(1) {
        wave *= k;
        all += wave;
    }
    all
}

/// The probability that a tree in which each person brings a Poisson number of others, `k` on average, dies out: the
/// smallest root of q = e^(k (q − 1)) (Galton–Watson).
#[must_use]
pub fn extinction(k: f64) -> f64 {
    (0..10_000).fold(0.0, |q, _| super::math::exp(k * (q - 1.0)))
}

#[derive(Clone, Copy)]
struct Step {
    age: i64,
    risk: f64,
    count: f64,
    share: f64,
}

fn last_before(steps: &[Step], end: i64) -> Option<Step> {
    let after = steps.partition_point(|step| step.age <= end);
    steps.get(after.checked_sub(1)?).copied()
}

fn risk_at(steps: &[Step], age: i64) -> f64 {
    last_before(steps, age).map_or(1.0, |step| step.risk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bringers(counts: &[usize]) -> Vec<Bringer> {
        counts.iter().map(|count| Bringer { at: 0, after: vec![5; *count] }).collect()
    }

    #[test]
    fn of_people_who_were_all_watched_long_enough_it_is_the_plain_mean() {
        let people = bringers(&[0, 1, 2, 0, 0, 3]);
        let k = k_factor(&people, 10, 1_000);
        assert!((k.value - 1.0).abs() < 1e-12);
        // The sum of squares is 8, so the standard error is √8 / 6.
        assert!((k.high - k.value - Z95 * 8f64.sqrt() / 6.0).abs() < 1e-12);
    }

    #[test]
    fn whoever_came_late_does_not_pull_it_down() {
        // Everyone brings one person at the age of 5; half of them were watched for 2 only.
        let mut people = bringers(&[1; 50]);
        people.extend((0..50).map(|_| Bringer { at: 98, after: Vec::new() }));
        let k = k_factor(&people, 10, 100);
        assert!((k.value - 1.0).abs() < 1e-12, "the plain mean would be 0.5: {k:?}");
        assert!((maturity(&people, 10, 100, 4), maturity(&people, 10, 100, 5)) == (0.0, 1.0));
    }

    #[test]
    fn the_interval_holds_the_truth_nineteen_times_in_twenty() {
        // A fixed generator; brings 0, 1 or 2 with equal odds at ages 0 to 9, arrivals over 20, seen at 20.
        let mut seed = 1u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let mut held = 0;
        for _ in 0..1_000 {
            let people: Vec<Bringer> = (0..200)
                .map(|_| {
                    let at = i64::try_from(next(20)).unwrap();
                    let ages = (0..next(3)).map(|_| i64::try_from(next(10)).unwrap()).collect::<Vec<_>>();
                    Bringer { at, after: ages.into_iter().filter(|age| at + age <= 20).collect() }
                })
                .collect();
            let k = k_factor(&people, 10, 20);
            held += u32::from(k.low <= 1.0 && 1.0 <= k.high);
        }
        assert!((920..=975).contains(&held), "{held} of 1000");
    }

    #[test]
    fn closed_forms() {
        for (k, q) in [(1.2, 0.6863), (1.5, 0.4172), (2.0, 0.2032), (3.0, 0.0595)] {
            assert!((extinction(k) - q).abs() < 5e-5, "{k}");
        }
        let cycle = cycle(&[Bringer { at: 0, after: vec![10, 30] }, Bringer { at: 0, after: vec![20] }]);
        assert_eq!((cycle.count, cycle.mean, cycle.median), (3, 20.0, 20.0));
    }
}
