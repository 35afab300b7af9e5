//! An account of points beside the naive one: a list of single points, each with the instant at which it is gone.

use kfactor::engine::pack::{Packed as _, Unpacker};
use kfactor::engine::time::Time;
use kfactor::rewards::points::Account;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Default)]
struct Naive {
    single: Vec<i64>,
    debt: i64,
    added: i64,
    spent: i64,
    expired: i64,
    taken: i64,
    earned: i64,
}

impl Naive {
    fn pass(&mut self, now: i64) {
        let before = self.single.len();
        self.single.retain(|until| now < *until);
        self.expired += i64::try_from(before - self.single.len()).expect("few");
        self.single.sort_unstable();
    }

    fn add(&mut self, points: u32, until: i64, now: i64) {
        for _ in 0..points {
            self.added += 1;
            if self.debt > 0 {
                self.debt -= 1;
            } else if now < until {
                self.single.push(until);
            } else {
                self.expired += 1;
            }
        }
        self.single.sort_unstable();
    }

    /// What could not be taken.
    fn take(&mut self, points: u32) -> i64 {
        let there = self.single.len().min(usize::try_from(points).expect("few"));
        self.single.drain(..there);
        i64::from(points) - i64::try_from(there).expect("few")
    }

    fn balance(&self) -> i64 {
        i64::try_from(self.single.len()).expect("few") - self.debt
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_list_of_single_points(acts in vec((0u8..5, 0u32..12, 0i64..6, 0i64..4), 1..60), keep in any::<bool>()) {
        let (mut account, mut naive, mut now) = (Account::default(), Naive::default(), 0);
        for (act, points, valid, pause) in acts {
            now += pause;
            naive.pass(now);
            let until = if valid == 5 { None } else { Some(Time(now + valid)) };
            let end = until.map_or(i64::MAX, |until| until.0);
            match act {
                0 | 1 => {
                    account.credit(points, until, Time(now));
                    naive.add(points, end, now);
                    naive.earned += i64::from(points);
                }
                2 => {
                    account.repay(points, until, Time(now));
                    naive.add(points, end, now);
                }
                // Only what is there is spent; the caller looks before.
                3 if naive.balance() >= i64::from(points) => {
                    account.spend(points, Time(now));
                    prop_assert_eq!(naive.take(points), 0);
                    naive.spent += i64::from(points);
                }
                4 => {
                    account.take_back(points, !keep, Time(now));
                    let short = naive.take(points);
                    naive.debt += if keep { 0 } else { short };
                    naive.taken += i64::from(points) - if keep { short } else { 0 };
                    naive.earned = (naive.earned - i64::from(points)).max(0);
                }
                _ => {}
            }
            prop_assert_eq!(account.balance(Time(now)), naive.balance());
            prop_assert_eq!(i64::try_from(account.earned()), Ok(naive.earned));
            prop_assert!(!keep || account.balance(Time(now)) >= 0, "nothing is owed here");
            // Every point that was ever added is still there, or was spent, expired or taken back.
            prop_assert_eq!(naive.added, naive.balance() + naive.spent + naive.expired + naive.taken);
            let next = naive.single.first().copied().filter(|until| *until < i64::MAX);
            let expiring = next.map(|until| (Time(until), naive.single.iter().filter(|other| **other == until).count()));
            prop_assert_eq!(account.next_expiry(Time(now)), expiring.map(|(until, count)| (until, u64::try_from(count).unwrap())));
            let mut bytes = Vec::new();
            account.pack(&mut bytes);
            let mut from = Unpacker::new(&bytes);
            prop_assert_eq!(&Account::unpack(&mut from), &account);
            prop_assert!(from.is_whole());
        }
    }
}
