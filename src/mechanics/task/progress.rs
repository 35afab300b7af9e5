//! What a loop of tasks keeps.

use super::{IfLeaves, Kind, Rules, day};
use crate::engine::handle::{Order, Person};
use crate::engine::pack::{Packed, Unpacker, packed, put_flags};
use crate::engine::time::{Time, UtcOffset};
use crate::mechanics::Kept;
use crate::sorted::Sorted;

/// Units, friends, visitors and what waits for a review.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub(super) counts: Counts,
    pub(super) friends: Sorted<Person, Friend>,
    /// Visitors that count, with the time of their visit.
    pub(super) visits: Sorted<Person, Time>,
    /// The orders that units rest on.
    orders: Vec<Bought>,
    /// The local day of the last check-in, and the days in a row.
    pub(super) checked_in: Option<(u32, u32)>,
    /// Pictures that wait for a review: task and number.
    pub(super) pending: Vec<(u32, u32)>,
    /// How many pictures were handed in.
    pub(super) handed_in: u32,
}

/// The units of each task, and what is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    tallies: Vec<Tally>,
    /// One bit for each tier, and one for the goal.
    given: u32,
}

/// The units of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// That count.
    pub(super) have: u32,
    /// That counted before a friend left, or the participant undid them.
    lost: u32,
}

/// Someone who joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Friend {
    pub(super) joined: Time,
    /// Whether there is a unit for them, or was before they left.
    pub(super) counts: bool,
    pub(super) left: bool,
}

/// A unit that rests on an order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bought {
    order: Order,
    task: u32,
    by: Person,
}

impl Progress {
    pub(super) fn befriend(&mut self, who: Person, at: Time) {
        let friend = self.friends.entry(who, Friend { joined: at, counts: false, left: false });
        friend.left = false;
    }

    pub(super) fn leave(&mut self, rules: &Rules, who: Person) {
        let Some(friend) = self.friends.get_mut(&who) else { return };
        friend.left = true;
        if let Some((task, _)) = rules.of_kind(Kind::Invite).filter(|_| friend.counts && rules.relocks()) {
            let have = self.counts.of(task).have.saturating_sub(1);
            self.undone(task, have);
        }
    }

    pub(super) fn done(
        &mut self,
        rules: &Rules,
        (task, have): (u32, u32),
        by: Person,
        order: Option<Order>,
        at: Time,
    ) {
        let kind = rules.task(task).map(super::Task::kind);
        let restores = match (kind, self.friends.get_mut(&by)) {
            (Some(Kind::Invite), Some(friend)) => core::mem::replace(&mut friend.counts, true),
            (kind, _) => kind == Some(Kind::Event),
        };
        if kind == Some(Kind::Returns) {
            self.visits.insert(by, at);
        }
        if let Some(order) = order {
            self.orders.push(Bought { order, task, by });
        }
        if let Some(tally) = self.counts.tally(task) {
            tally.have = have;
            tally.lost = tally.lost.saturating_sub(u32::from(restores));
        }
        rules.give_reached(&mut self.counts);
    }

    /// Takes units back that can be restored.
    pub(super) fn undone(&mut self, task: u32, have: u32) {
        if let Some(tally) = self.counts.tally(task) {
            tally.lost = tally.lost.saturating_add(tally.have.saturating_sub(have));
            tally.have = have;
        }
    }

    /// Voids the units that rest on an order, and what is given beyond the others.
    pub(super) fn refund(&mut self, rules: &Rules, order: Order) {
        let (void, rest) = self.orders.iter().partition(|bought| bought.order == order);
        self.orders = rest;
        let void: Vec<Bought> = void;
        for Bought { task, by, .. } in void {
            let friend = self.friends.get_mut(&by).filter(|_| rules.is_invite(task));
            let is_lost = friend.is_some_and(|friend| {
                friend.counts = false;
                friend.left && rules.relocks()
            });
            if let Some(tally) = self.counts.tally(task) {
                let units = if is_lost { &mut tally.lost } else { &mut tally.have };
                *units = units.saturating_sub(1);
            }
        }
        for number in 0..rules.steps() {
            if !rules.is_reached(&self.counts, number, Counts::ever) {
                self.counts.given &= !bit(number);
            }
        }
    }

    /// Who has a unit of a task that rests on an order.
    pub(super) fn owner(&self, order: Order, task: u32) -> Option<Person> {
        let found = self.orders.iter().find(|bought| bought.order == order && bought.task == task);
        found.map(|bought| bought.by)
    }

    pub(super) fn hand_in(&mut self, task: u32, n: u32) {
        self.pending.push((task, n));
        self.handed_in = n;
    }

    pub(super) fn reviewed(&mut self, n: u32) {
        self.pending.retain(|(_, pending)| *pending != n);
    }

    pub(super) fn is_pending(&self, task: u32) -> bool {
        self.pending.iter().any(|(pending, _)| *pending == task)
    }

    /// How many visits count on the local day of `at`.
    pub(super) fn visits_of_day(&self, at: Time, offset: UtcOffset) -> u32 {
        let (today, _) = day(at, offset);
        let visits = self.visits.values().filter(|visit| day(**visit, offset).0 == today);
        u32::try_from(visits.count()).unwrap_or(u32::MAX)
    }
}

impl Counts {
    pub(super) fn of(&self, task: u32) -> Tally {
        let tally = usize::try_from(task).ok().and_then(|task| self.tallies.get(task));
        tally.copied().unwrap_or_default()
    }

    /// The units of a task that count.
    pub(super) fn standing(&self, task: u32) -> u32 {
        self.of(task).have
    }

    /// The units of a task that count, or did before someone left.
    fn ever(&self, task: u32) -> u32 {
        let Tally { have, lost } = self.of(task);
        have.saturating_add(lost)
    }

    pub(super) fn set(&mut self, task: u32, have: u32) {
        if let Some(tally) = self.tally(task) {
            tally.have = have;
        }
    }

    pub(super) fn is_given(&self, number: u32) -> bool {
        self.given & bit(number) != 0
    }

    pub(super) fn give(&mut self, number: u32) {
        self.given |= bit(number);
    }

    fn tally(&mut self, task: u32) -> Option<&mut Tally> {
        let task = usize::try_from(task).ok().filter(|task| *task < MOST_TASKS)?;
        if self.tallies.len() <= task {
            self.tallies.resize_with(task + 1, Tally::default);
        }
        self.tallies.get_mut(task)
    }
}

/// As many tasks as a document can have.
const MOST_TASKS: usize = 20;

fn bit(number: u32) -> u32 {
    1u32.checked_shl(number).unwrap_or(0)
}

impl Rules {
    fn relocks(&self) -> bool {
        self.if_leaves == IfLeaves::Relock
    }

    fn is_invite(&self, task: u32) -> bool {
        self.of_kind(Kind::Invite).is_some_and(|(invite, _)| invite == task)
    }
}

packed! {
    Tally { have, lost }
    Bought { order, task, by }
}

impl Packed for Friend {
    fn pack(&self, out: &mut Vec<u8>) {
        self.joined.pack(out);
        put_flags(out, [self.counts, self.left]);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let joined = from.read();
        let [counts, left] = from.flags();
        Friend { joined, counts, left }
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        self.counts.tallies.pack(out);
        self.counts.given.pack(out);
        self.friends.pack(out);
        self.visits.pack(out);
        self.orders.pack(out);
        let (day, streak) = self.checked_in.unwrap_or_default();
        (streak, day).pack(out);
        self.pending.pack(out);
        self.handed_in.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let counts = Counts { tallies: from.read(), given: from.read() };
        from.require(counts.tallies.len() <= MOST_TASKS);
        let (friends, visits, orders) = (from.read(), from.read(), from.read());
        let (streak, day) = from.read();
        let checked_in = (streak > 0).then_some((day, streak));
        Progress { counts, friends, visits, orders, checked_in, pending: from.read(), handed_in: from.read() }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.counts.tallies.capacity() * size_of::<Tally>()
            + self.friends.memory()
            + self.visits.memory()
            + self.orders.capacity() * size_of::<Bought>()
            + self.pending.capacity() * size_of::<(u32, u32)>()
    }

    fn knows(&self, who: Person) -> bool {
        self.friends.contains_key(&who) || self.visits.contains_key(&who)
    }
}
