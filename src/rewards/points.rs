//! Points (积分): accounts that grants add to and that participants spend from.
//!
//! Points expire lot by lot; what expires first is spent first. What is taken back beyond the balance is
//! owed, where the rules say so, and later points pay for it first.

use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::time::Time;

/// One participant's account for one reward.
///
/// ```
/// use kfactor::engine::time::Time;
/// use kfactor::rewards::points::Account;
/// let mut account = Account::default();
/// account.credit(10, Some(Time(100)), Time(0));
/// account.credit(5, None, Time(1));
/// account.spend(12, Time(2));
/// assert_eq!((account.balance(Time(2)), account.balance(Time(100))), (3, 3));
/// account.take_back(5, true, Time(3));
/// assert_eq!(account.balance(Time(3)), -2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// In the order of their expiry; among equals in the order of the log.
    lots: Vec<Lot>,
    debt: u64,
    earned: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lot {
    until: Time,
    points: u32,
}

impl Account {
    /// What can be spent at a moment; below zero if points are owed.
    #[must_use]
    pub fn balance(&self, at: Time) -> i64 {
        let standing: u64 = self.standing(at).map(|lot| u64::from(lot.points)).sum();
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        signed(standing) - signed(self.debt)
    }

    /// All points ever added and not taken back, spent or not.
    #[must_use]
    pub fn earned(&self) -> u64 {
        self.earned
    }

    /// When points expire next, and how many.
    #[must_use]
    pub fn next_expiry(&self, at: Time) -> Option<(Time, u64)> {
        let until = self.standing(at).map(|lot| lot.until).find(|until| *until < Time::NEVER)?;
        let points = self.standing(at).filter(|lot| lot.until == until).map(|lot| u64::from(lot.points));
        Some((until, points.sum()))
    }

    /// Adds points that expire at `until`; what is owed is paid first.
    pub fn credit(&mut self, points: u32, until: Option<Time>, at: Time) {
        self.lots.retain(|lot| at < lot.until);
        self.earned = self.earned.saturating_add(u64::from(points));
        let paid = u32::try_from(self.debt).unwrap_or(u32::MAX).min(points);
        self.debt -= u64::from(paid);
        let (points, until) = (points - paid, until.unwrap_or(Time::NEVER));
        if points > 0 && at < until {
            let place = self.lots.partition_point(|lot| lot.until <= until);
            self.lots.insert(place, Lot { until, points });
        }
    }

    /// Adds points that were paid for something that did not come about: they were earned before.
    pub fn repay(&mut self, points: u32, until: Option<Time>, at: Time) {
        let earned = self.earned;
        self.credit(points, until, at);
        self.earned = earned;
    }

    /// Takes points that were spent; the caller has checked the balance.
    pub fn spend(&mut self, points: u32, at: Time) {
        self.take(points, at);
    }

    /// Adds what another account of the same person holds.
    pub fn join(&mut self, other: Account) {
        self.debt = self.debt.saturating_add(other.debt);
        self.earned = self.earned.saturating_add(other.earned);
        // One by one: the library's sort is 2 kB of the page's WebAssembly, and nothing else there sorts in its way.
        for lot in core::mem::take(&mut self.lots).into_iter().chain(other.lots) {
            let key = |lot: &Lot| (lot.until, lot.points);
            let place = self.lots.partition_point(|known| key(known) <= key(&lot));
            self.lots.insert(place, lot);
        }
    }

    /// Takes points back; what is not there is owed, or forgiven.
    pub fn take_back(&mut self, points: u32, owed: bool, at: Time) {
        self.earned = self.earned.saturating_sub(u64::from(points));
        let short = self.take(points, at);
        if owed {
            self.debt = self.debt.saturating_add(u64::from(short));
        }
    }

    /// Takes what is there; how many points are short.
    fn take(&mut self, points: u32, at: Time) -> u32 {
        let mut short = points;
        for lot in self.lots.iter_mut().filter(|lot| at < lot.until) {
            let taken = lot.points.min(short);
            lot.points -= taken;
            short -= taken;
        }
        self.lots.retain(|lot| lot.points > 0);
        short
    }

    fn standing(&self, at: Time) -> impl Iterator<Item = &Lot> {
        self.lots.iter().filter(move |lot| at < lot.until)
    }
}

impl Packed for Account {
    fn pack(&self, out: &mut Vec<u8>) {
        self.debt.pack(out);
        self.earned.pack(out);
        self.lots.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (debt, earned, lots): (u64, u64, Vec<Lot>) = (from.read(), from.read(), from.read());
        from.require(lots.is_sorted_by_key(|lot| lot.until) && lots.iter().all(|lot| lot.points > 0));
        Account { lots, debt, earned }
    }
}

packed! { Lot { until, points } }
