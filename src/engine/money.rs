//! Money as an integer number of minor units, and how a person writes it.

/// An amount of money in minor units (fen, cents, yen) of the campaign's currency.
///
/// ```
/// use kfactor::engine::money::Money;
/// assert_eq!(Money::parse("49.90", 2), Some(Money(4990)));
/// assert_eq!(Money::parse("49.905", 2), None);
/// assert_eq!(Money(4990).display(2), "49.90");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

impl Money {
    /// The largest amount that every JSON reader keeps exact: 2^53 − 1 minor units.
    pub const MAX: Money = Money(9_007_199_254_740_991);

    /// Reads a decimal amount with at most `digits` decimals; nothing is rounded.
    #[must_use]
    pub fn parse(text: &str, digits: u32) -> Option<Money> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let has_dot = text.contains('.');
        let digits_len = usize::try_from(digits).ok()?;
        if whole.is_empty() || (has_dot && fraction.is_empty()) || fraction.len() > digits_len {
            return None;
        }
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = 10i64.checked_pow(digits)?;
        let missing = u32::try_from(digits_len - fraction.len()).ok()?;
        let minor = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? };
        let minor = minor.checked_mul(10i64.checked_pow(missing)?)?;
        let total = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(minor)?;
        (total <= Money::MAX.0).then_some(Money(total))
    }

    /// Writes the amount with `digits` decimals.
    #[must_use]
    pub fn display(self, digits: u32) -> String {
        let scale = 10i64.checked_pow(digits).unwrap_or(1);
        if scale == 1 {
            return self.0.to_string();
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let width = usize::try_from(digits).unwrap_or(0);
        format!("{sign}{}.{:0width$}", (self.0 / scale).abs(), (self.0 % scale).abs())
    }

    /// Adds, staying at the bounds of `i64` instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// This many basis points of it, rounded down: the share of 10,000 basis points is the amount itself.
    ///
    /// ```
    /// use kfactor::engine::money::Money;
    /// assert_eq!(Money(999).share_rounded_down(1_000), Money(99));
    /// ```
    #[must_use]
    pub fn share_rounded_down(self, basis_points: u32) -> Money {
        let share = (i128::from(self.0) * i128::from(basis_points)).div_euclid(10_000);
        Money(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// The smallest amount whose [`Money::share_rounded_down`] is one minor unit; none for no basis points.
    #[must_use]
    pub fn smallest_with_share(basis_points: u32) -> Option<Money> {
        (basis_points > 0).then(|| Money(i64::from(10_000u32.div_ceil(basis_points))))
    }

    /// This many times the amount, staying at the bounds of `i64` instead of wrapping.
    #[must_use]
    pub fn times(self, count: u32) -> Money {
        Money(self.0.saturating_mul(i64::from(count)))
    }

    /// Subtracts, staying at the bounds of `i64` instead of wrapping.
    #[must_use]
    pub fn minus(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}
