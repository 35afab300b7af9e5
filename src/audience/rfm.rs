//! RFM: how recently, how often and for how much customers bought; their scores from 1 to 5 and the eight classes.

#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "quantiles and means; nothing is decided here"
)]

use serde::Serialize;

use crate::insight::math::quantile;

/// What RFM looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Whole days since the last order.
    pub recency: i64,
    /// Orders.
    pub frequency: i64,
    /// Their money, in minor units.
    pub money: i64,
}

/// Where the borders between scores belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// A value on a border has the lower score. Does not depend on the unit of money.
    UpTo,
    /// As the R package `rfm` does it: borders lie one unit higher, and a value on one has the higher score. Only for
    /// whole numbers in the unit of the published figures.
    OneHigher,
}

/// Scores from 1 to 5; 5 is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Scores {
    /// Of recency: 5 for the most recent.
    pub r: u8,
    /// Of frequency.
    pub f: u8,
    /// Of money.
    pub m: u8,
}

/// The eight classes: recent or not, often or not, much or not, each against the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// More recent than the mean.
    pub recent: bool,
    /// More often than the mean.
    pub often: bool,
    /// For more than the mean.
    pub much: bool,
}

/// The borders between the five scores of a list of numbers: its quintiles of type 7.
#[must_use]
pub fn borders(values: &[i64]) -> [f64; 4] {
    let mut sorted: Vec<f64> = values.iter().map(|value| *value as f64).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    [0.2, 0.4, 0.6, 0.8].map(|q| quantile(&sorted, q))
}

/// The scores of customers, in their order.
#[must_use]
pub fn scores(customers: &[Customer], convention: Convention) -> Vec<Scores> {
    let column = |of: fn(&Customer) -> i64| borders(&customers.iter().map(of).collect::<Vec<_>>());
    let (r, f, m) = (column(|c| c.recency), column(|c| c.frequency), column(|c| c.money));
    let score = |value: i64, borders: &[f64; 4]| {
        let above = borders.iter().filter(|border| match convention {
            Convention::UpTo => value as f64 > **border,
            Convention::OneHigher => value as f64 >= **border + 1.0,
        });
        u8::try_from(above.count() + 1).unwrap_or(5)
    };
    let of = |c: &Customer| Scores {
        r: 6 - score(c.recency, &r),
        f: score(c.frequency, &f),
        m: score(c.money, &m),
    };
    customers.iter().map(of).collect()
}

/// The classes of customers, in their order. Whoever is exactly at the mean is below it.
#[must_use]
pub fn classes(customers: &[Customer]) -> Vec<Class> {
    // Compared as value × count with the sum, so that no division rounds.
    let count = i128::try_from(customers.len()).unwrap_or(0);
    let sum = |of: fn(&Customer) -> i64| customers.iter().map(|c| i128::from(of(c))).sum::<i128>();
    let (r, f, m) = (sum(|c| c.recency), sum(|c| c.frequency), sum(|c| c.money));
    let of = |c: &Customer| Class {
        recent: i128::from(c.recency) * count < r,
        often: i128::from(c.frequency) * count > f,
        much: i128::from(c.money) * count > m,
    };
    customers.iter().map(of).collect()
}

impl Class {
    /// Every class, best first.
    pub const ALL: [Class; 8] = {
        const fn class(recent: bool, often: bool, much: bool) -> Class {
            Class { recent, often, much }
        }
        [
            class(true, true, true),
            class(true, false, true),
            class(false, true, true),
            class(false, false, true),
            class(true, true, false),
            class(true, false, false),
            class(false, true, false),
            class(false, false, false),
        ]
    };

    /// Its name in English and in Chinese.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match (self.recent, self.often, self.much) {
            (true, true, true) => ("champions", "重要价值客户"),
            (true, false, true) => ("to develop", "重要发展客户"),
            (false, true, true) => ("to win back", "重要保持客户"),
            (false, false, true) => ("to hold", "重要挽留客户"),
            (true, true, false) => ("regular", "一般价值客户"),
            (true, false, false) => ("new", "一般发展客户"),
            (false, true, false) => ("fading", "一般保持客户"),
            (false, false, false) => ("lost", "一般挽留客户"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(recency: i64, frequency: i64, money: i64) -> Customer {
        Customer { recency, frequency, money }
    }

    #[test]
    fn quintiles_of_both_conventions() {
        let five: Vec<Customer> = (1..=5).map(|n| customer(n * 10, n, n * 100)).collect();
        let up_to = scores(&five, Convention::UpTo);
        assert_eq!(
            up_to.iter().map(|s| (s.r, s.f, s.m)).collect::<Vec<_>>(),
            [(5, 1, 1), (4, 2, 2), (3, 3, 3), (2, 4, 4), (1, 5, 5)]
        );
        // The borders are 1.8, 2.6, 3.4 and 4.2, one higher 2.8 … 5.2: 5 orders are above three of them.
        let one_higher = scores(&five, Convention::OneHigher);
        assert_eq!(one_higher.iter().map(|s| s.f).collect::<Vec<_>>(), [1, 1, 2, 3, 4]);
    }

    #[test]
    fn borders_are_those_of_the_published_package() {
        // The published bins of that package, less the one it adds: 114, 180, 296.4, 481 days.
        let values: Vec<i64> = (0..=100).collect();
        assert_eq!(borders(&values), [20.0, 40.0, 60.0, 80.0]);
    }

    #[test]
    fn eight_classes_by_the_mean_and_equals_are_low() {
        let all = [customer(10, 9, 900), customer(10, 1, 100), customer(30, 9, 900), customer(30, 1, 100)];
        let names: Vec<&str> = classes(&all).into_iter().map(|class| class.names().1).collect();
        assert_eq!(names, ["重要价值客户", "一般发展客户", "重要保持客户", "一般挽留客户"]);
        let equal = [customer(5, 5, 5); 3];
        assert!(classes(&equal).iter().all(|class| class.names().0 == "lost"));
        assert_eq!(Class::ALL.iter().collect::<std::collections::BTreeSet<_>>().len(), 8);
    }
}
