//! Experiments: who gets which variant, whether the split came out as planned, and which variant is better, with an
//! answer that may be looked at at any time.

use serde::Serialize;

use super::math::{chi_square_tail, exp, ln};

/// The variant of a person: the same on every machine and forever, independent between experiments.
///
/// FNV-1a of the UTF-16 units of the experiment's name, a line break and the person's id, mixed by the finaliser of
/// MurmurHash3, is a number of 32 bits, which is spread over the weights. Pages compute the same without WebAssembly. None
/// without a positive weight.
///
/// ```
/// use kfactor::insight::experiment::variant;
/// assert_eq!(variant("poster-main", "ann", &[1, 1]), Some(0));
/// assert_eq!(variant("poster-main", "bo", &[1, 1]), Some(1));
/// assert_eq!(variant("poster-main", "ann", &[0, 7]), Some(1));
/// ```
#[must_use]
pub fn variant(experiment: &str, person: &str, weights: &[u32]) -> Option<usize> {
    let units = experiment.encode_utf16().chain("\n".encode_utf16()).chain(person.encode_utf16());
    let sum = units.fold(0x811c_9dc5u32, |sum, unit| (sum ^ u32::from(unit)).wrapping_mul(0x0100_0193));
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let ticket = (u128::from(mixed(sum)) * u128::from(total)) >> 32;
    let mut ticket = u64::try_from(ticket).unwrap_or(u64::MAX);
    weights.iter().position(|weight| {
        let wins = ticket < u64::from(*weight);
        ticket = ticket.saturating_sub(u64::from(*weight));
        wins
    })
}

/// Every bit of the result depends on every bit given.
fn mixed(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// Whether people came to variants in the proportion that was planned: the p-value of chi-square. Below 0.001 the split is
/// broken, and nothing else about the experiment means anything.
#[must_use]
pub fn sample_ratio(counts: &[u32], weights: &[u32]) -> f64 {
    let all: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    let expected = weights.iter().map(|weight| all * f64::from(*weight) / total);
    let terms = counts.iter().zip(expected).filter(|(_, expected)| *expected > 0.0);
    let (mut sum, mut cells) = (0.0, 0u32);
    for (count, expected) in terms {
        let off = f64::from(*count) - expected;
        sum += off * off / expected;
        cells += 1;
    }
    chi_square_tail(sum, cells.saturating_sub(1))
}

/// One arm of a comparison: how many people, and how many of them converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arm {
    /// People.
    pub people: u32,
    /// Conversions, at most one each.
    pub converted: u32,
}

/// How two arms compare.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The second arm's rate minus the first's.
    pub difference: f64,
    /// The lower end of a 95 % interval that holds at all times at once.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// A p-value that is valid whenever one looks, and however often.
    pub p: f64,
}

/// The difference at which the test is most sensitive: a tenth of a rate.
const EXPECTED: f64 = 0.1;

/// Compares two arms by the mixture sequential probability ratio test.
///
/// The difference of two means over n pairs is taken as normal with variance V / n; a normal prior with variance τ² on the
/// true difference gives the ratio Λ = √(V / (V + n τ²)) exp(n² τ² d² / (2 V (V + n τ²))), whose inverse bounds the p-value
/// at all times at once (Robbins 1970; Johari, Pekelis and Walsh 2015). τ is a tenth. Arms with few people are
/// compared by the smaller one's number.
#[must_use]
pub fn compare(one: Arm, other: Arm) -> Comparison {
    let n = f64::from(one.people.min(other.people));
    if n == 0.0 {
        return Comparison { difference: 0.0, low: -1.0, high: 1.0, p: 1.0 };
    }
    // Half a conversion and half a failure are added, so that no variance is zero.
    let rate = |arm: Arm| (f64::from(arm.converted) + 0.5) / (f64::from(arm.people) + 1.0);
    let (a, b) = (rate(one), rate(other));
    let scaled = |arm: Arm, rate: f64| rate * (1.0 - rate) * n / f64::from(arm.people);
    let v = scaled(one, a) + scaled(other, b);
    let plain = |arm: Arm| f64::from(arm.converted) / f64::from(arm.people);
    let difference = plain(other) - plain(one);
    let prior = EXPECTED * EXPECTED;
    let wide = v + n * prior;
    let log_ratio = 0.5 * ln(v / wide) + n * n * prior * difference * difference / (2.0 * v * wide);
    let alpha = 0.05;
    let reach = (2.0 * v * wide / (n * n * prior) * (ln(1.0 / alpha) + 0.5 * ln(wide / v))).sqrt();
    Comparison {
        difference,
        low: (difference - reach).max(-1.0),
        high: (difference + reach).min(1.0),
        p: exp(-log_ratio).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_spread_by_their_weights_and_independent_of_other_experiments() {
        let mut counts = [[0u32; 2]; 2];
        for person in 0..20_000 {
            let id = format!("p{person}");
            let one = variant("one", &id, &[3, 1]).unwrap();
            let two = variant("two", &id, &[1, 1]).unwrap();
            counts[one][two] += 1;
        }
        let [[a, b], [c, d]] = counts;
        assert!(sample_ratio(&[a + b, c + d], &[3, 1]) > 0.01, "{counts:?}");
        assert!(sample_ratio(&[a, b, c, d], &[3, 3, 1, 1]) > 0.01, "{counts:?}");
        assert_eq!(variant("one", "p", &[]), None);
    }

    #[test]
    fn variants_are_the_ones_that_the_package_gives() {
        // The package's test has the same table.
        let arms = |id: &str| [variant("poster-main", id, &[1, 1]), variant("预热", id, &[1, 2, 5])];
        let known = [("ann", [0, 2]), ("bo", [1, 2]), ("u_81", [0, 1]), ("小美", [1, 2])];
        for (id, [one, other]) in known {
            assert_eq!(arms(id), [Some(one), Some(other)], "{id}");
        }
    }

    #[test]
    fn a_broken_split_is_noticed() {
        assert!(sample_ratio(&[5_000, 5_000], &[1, 1]) > 0.99);
        assert!(sample_ratio(&[5_200, 4_800], &[1, 1]) < 0.001);
    }

    /// Conversions of two arms by a fixed generator, looked at after every pair; whether the test ever said 5 %.
    fn ever_found(seed: u64, pairs: u32, rates: (u64, u64)) -> bool {
        let mut seed = seed;
        let mut hit = |percent: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::from((seed >> 33) % 1_000 < percent * 10)
        };
        let (mut one, mut other) = (Arm::default(), Arm::default());
        (0..pairs).any(|_| {
            one = Arm { people: one.people + 1, converted: one.converted + hit(rates.0) };
            other = Arm { people: other.people + 1, converted: other.converted + hit(rates.1) };
            compare(one, other).p <= 0.05
        })
    }

    #[test]
    fn looking_after_every_visitor_finds_nothing_where_nothing_is() {
        let found = (0..400).filter(|run| ever_found(run * 7_919 + 1, 1_500, (20, 20))).count();
        assert!(found <= 30, "{found} of 400 at a level of 5 %");
    }

    #[test]
    fn a_real_difference_is_found() {
        let found = (0..60).filter(|run| ever_found(run * 7_919 + 1, 1_500, (20, 30))).count();
        assert!(found >= 57, "{found} of 60");
        let sure = compare(Arm { people: 4_000, converted: 800 }, Arm { people: 4_000, converted: 1_200 });
        assert!(sure.low > 0.0 && sure.p < 1e-6 && (sure.difference - 0.1).abs() < 1e-12);
    }
}
