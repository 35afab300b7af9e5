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
#[derive(Clone, Copy, Debug, Default)]
pub struct Bringer<'a> {
    /// When they arrived, in milliseconds.
    pub at: i64,
    /// How long after that each person they brought arrived, in milliseconds.
    pub after: &'a [i64],
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
pub fn k_factor(people: &[Bringer<'_>], window: i64, now: i64) -> Estimate {
    Curve::new(people, window, now).estimate(people)
}

/// How the mean number of people brought grows with the age of those who bring, up to a window.
#[derive(Clone, Debug)]
pub struct Curve {
    window: i64,
    now: i64,
    /// How long each person was watched, shortest first.
    ends: Vec<i64>,
    steps: Vec<Step>,
}

/// An age at which somebody was brought.
#[derive(Clone, Copy, Debug)]
struct Step {
    age: i64,
    /// People who were watched at least this long.
    risk: f64,
    /// The mean number brought up to this age.
    mean: f64,
    /// The sum, up to this age, of what the mean grew by divided by the number at risk.
    share: f64,
}

impl Curve {
    /// The curve of some people within `window` after arriving, seen at `now`.
    #[must_use]
    pub fn new(people: &[Bringer<'_>], window: i64, now: i64) -> Curve {
        let mut curve = Curve { window, now, ends: Vec::with_capacity(people.len()), steps: Vec::new() };
        let mut ages: Vec<i64> = Vec::new();
        for person in people {
            let end = curve.watched(person);
            curve.ends.push(end);
            ages.extend(person.after.iter().copied().filter(|age| *age <= end));
        }
        curve.ends.sort_unstable();
        ages.sort_unstable();
        let (mut mean, mut share, mut gone) = (0.0, 0.0, 0);
        for same in ages.chunk_by(|a, b| a == b) {
            let Some(age) = same.first().copied() else { continue };
            while curve.ends.get(gone).is_some_and(|end| *end < age) {
                gone += 1;
            }
            let (risk, count) = ((curve.ends.len() - gone) as f64, same.len() as f64);
            mean += count / risk;
            share += count / (risk * risk);
            curve.steps.push(Step { age, risk, mean, share });
        }
        curve
    }

    /// The mean number brought up to an age.
    #[must_use]
    pub fn at(&self, age: i64) -> f64 {
        self.last_before(age).map_or(0.0, |step| step.mean)
    }

    /// The share of K that people have shown after being watched for `age`, from 0 to 1, by the shape of all of them.
    #[must_use]
    pub fn maturity(&self, age: i64) -> f64 {
        let whole = self.at(self.window);
        if whole <= 0.0 {
            return if age >= self.window { 1.0 } else { 0.0 };
        }
        (self.at(age) / whole).clamp(0.0, 1.0)
    }

    /// The mean at the end of the window with its interval, for the people of the curve.
    #[must_use]
    pub fn estimate(&self, people: &[Bringer<'_>]) -> Estimate {
        // Each person's part in what the mean is off by: what they brought, each divided by the number at risk, less what
        // was to be expected of them. Of most people that is known by their end alone.
        let mut variance = 0.0;
        let mut step = 0;
        let mut expected = 0.0;
        for end in &self.ends {
            while let Some(next) = self.steps.get(step).filter(|next| next.age <= *end) {
                (expected, step) = (next.share, step + 1);
            }
            variance += expected * expected;
        }
        for person in people.iter().filter(|person| !person.after.is_empty()) {
            let end = self.watched(person);
            let risk = |age: i64| self.last_before(age).map_or(1.0, |step| step.risk);
            let own: f64 = person.after.iter().filter(|age| **age <= end).map(|age| 1.0 / risk(*age)).sum();
            let expected = self.last_before(end).map_or(0.0, |step| step.share);
            variance += own * (own - 2.0 * expected);
        }
        let value = self.steps.last().map_or(0.0, |step| step.mean);
        let spread = Z95 * variance.max(0.0).sqrt();
        Estimate { value, low: (value - spread).max(0.0), high: value + spread }
    }

    fn watched(&self, person: &Bringer<'_>) -> i64 {
        (self.now - person.at).clamp(0, self.window)
    }

    fn last_before(&self, age: i64) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.age <= age);
        self.steps.get(after.checked_sub(1)?)
    }
}

/// How long it takes from a person's arrival to that of someone they brought.
#[must_use]
pub fn cycle(people: &[Bringer<'_>]) -> Cycle {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bringers(counts: &[usize]) -> Vec<Bringer<'static>> {
        let three: &'static [i64] = &[5, 5, 5];
        counts.iter().map(|count| Bringer { at: 0, after: &three[..*count] }).collect()
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
        people.extend((0..50).map(|_| Bringer { at: 98, after: &[] }));
        let k = k_factor(&people, 10, 100);
        assert!((k.value - 1.0).abs() < 1e-12, "the plain mean would be 0.5: {k:?}");
        let curve = Curve::new(&people, 10, 100);
        assert!((curve.maturity(4), curve.maturity(5)) == (0.0, 1.0));
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
            let known: Vec<(i64, Vec<i64>)> = (0..200)
                .map(|_| {
                    let at = i64::try_from(next(20)).unwrap();
                    let ages = (0..next(3)).map(|_| i64::try_from(next(10)).unwrap()).collect::<Vec<_>>();
                    (at, ages.into_iter().filter(|age| at + age <= 20).collect())
                })
                .collect();
            let people: Vec<Bringer<'_>> =
                known.iter().map(|(at, after)| Bringer { at: *at, after }).collect();
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
        let cycle = cycle(&[Bringer { at: 0, after: &[10, 30] }, Bringer { at: 0, after: &[20] }]);
        assert_eq!((cycle.count, cycle.mean, cycle.median), (3, 20.0, 20.0));
    }
}
