//! Functions that give the same bits on every machine: made of additions, multiplications, divisions and square roots
//! only, which IEEE 754 defines exactly.

/// 2 to the power of `x`, for −1000 ≤ x ≤ 1000, to about 15 digits.
#[must_use]
pub fn exp2(x: f64) -> f64 {
    let x = x.clamp(-1_000.0, 1_000.0);
    let whole = x.floor();
    let (mut rest, mut root, mut result) = (x - whole, 2.0_f64, 1.0_f64);
    for _ in 0..52 {
        root = root.sqrt();
        rest += rest;
        if rest >= 1.0 {
            rest -= 1.0;
            result *= root;
        }
    }
    let base: f64 = if whole < 0.0 { 0.5 } else { 2.0 };
    (0..whole.abs() as u32).fold(result, |result, _| result * base)
}

/// e to the power of `x`.
#[must_use]
pub fn exp(x: f64) -> f64 {
    exp2(x * core::f64::consts::LOG2_E)
}

/// The natural logarithm of a positive number.
#[must_use]
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut x, mut halvings) = (x, 0.0);
    while x > core::f64::consts::SQRT_2 {
        x *= 0.5;
        halvings += 1.0;
    }
    while x < core::f64::consts::FRAC_1_SQRT_2 {
        x *= 2.0;
        halvings -= 1.0;
    }
    // ln x = 2 artanh((x − 1) / (x + 1)); the argument is below 0.172, so 12 terms are exact.
    let y = (x - 1.0) / (x + 1.0);
    let square = y * y;
    let series = (0..12).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    halvings * core::f64::consts::LN_2 + 2.0 * y * series
}

/// The probability that chi-square with `freedom` degrees of freedom is at least `x`.
///
/// Source: the regularised incomplete gamma function, by its series and by Lentz's continued fraction.
#[must_use]
pub fn chi_square_tail(x: f64, freedom: u32) -> f64 {
    let (a, x) = (f64::from(freedom) / 2.0, x / 2.0);
    if x <= 0.0 || freedom == 0 {
        return 1.0;
    }
    let front = exp(a * ln(x) - x - ln_gamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..500 {
            term *= x / (a + f64::from(n));
            sum += term;
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for n in 1..500 {
        let n = f64::from(n);
        let an = n * (a - n);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        h *= d * c;
    }
    (front * h).clamp(0.0, 1.0)
}

/// The logarithm of the gamma function of a positive multiple of one half.
fn ln_gamma(a: f64) -> f64 {
    // Γ(½) = √π, Γ(1) = 1, and Γ(a + 1) = a Γ(a).
    let half = (a * 2.0) as u32 % 2 == 1;
    let (mut at, mut sum) = if half { (0.5, 0.5 * ln(core::f64::consts::PI)) } else { (1.0, 0.0) };
    while at + 0.25 < a {
        sum += ln(at);
        at += 1.0;
    }
    sum
}

/// The type-7 quantile (linear between the two nearest) of sorted numbers; 0 for none.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let low = sorted.get(below).copied().unwrap_or(0.0);
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    low + (high - low) * (at - at.floor())
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "what the machine's own library says is what ours is held against"
)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs().max(1.0)
    }

    #[test]
    fn powers_and_logarithms() {
        for x in [-20.0, -1.5, -0.1, 0.0, 0.3, 1.0, 2.5, 10.0, 30.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-12, "{x}");
        }
        for x in [1e-9, 0.2, 0.5, 1.0, 1.4, 3.0, 1e12] {
            assert!(close(ln(x), x.ln()), "{x}");
        }
    }

    #[test]
    fn tails_of_chi_square() {
        // Tables: 3.841 and 6.635 with one degree of freedom, 11.070 with five, 18.307 with ten.
        for (x, freedom, p) in [(3.841_458_8, 1, 0.05), (6.634_896_6, 1, 0.01), (11.070_497_7, 5, 0.05)] {
            assert!((chi_square_tail(x, freedom) - p).abs() < 1e-8, "{x}");
        }
        assert!((chi_square_tail(18.307_038, 10) - 0.05).abs() < 1e-8);
        assert!(close(chi_square_tail(2.0, 2), (-1.0f64).exp()));
        assert_eq!(chi_square_tail(0.0, 3), 1.0);
    }

    #[test]
    fn quantiles_are_of_type_seven() {
        let all = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([quantile(&all, 0.0), quantile(&all, 0.5), quantile(&all, 1.0)], [1.0, 2.5, 4.0]);
        assert!(close(quantile(&all, 0.2), 1.6));
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
