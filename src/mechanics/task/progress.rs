//! What a loop of tasks keeps.

use super::{IfLeaves, Kind, Rules, day};
use crate::engine::handle::{Order, Person};
use crate::engine::pack::{self, Reader};
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

impl Kept for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        let count = |out: &mut Vec<u8>, length: usize| pack::put(out, u64::try_from(length).unwrap_or(0));
        let put = |out: &mut Vec<u8>, number: u32| pack::put(out, u64::from(number));
        count(out, self.counts.tallies.len());
        for tally in &self.counts.tallies {
            put(out, tally.have);
            put(out, tally.lost);
        }
        put(out, self.counts.given);
        count(out, self.friends.len());
        for (who, friend) in self.friends.iter() {
            put(out, who.0);
            pack::put_signed(out, friend.joined.0);
            out.push(u8::from(friend.counts) | u8::from(friend.left) << 1);
        }
        count(out, self.visits.len());
        for (who, at) in self.visits.iter() {
            put(out, who.0);
            pack::put_signed(out, at.0);
        }
        count(out, self.orders.len());
        for bought in self.orders.iter() {
            put(out, bought.order.0);
            put(out, bought.task);
            put(out, bought.by.0);
        }
        let (day, streak) = self.checked_in.unwrap_or_default();
        put(out, streak);
        put(out, day);
        count(out, self.pending.len());
        for (task, n) in self.pending.iter() {
            put(out, *task);
            put(out, *n);
        }
        put(out, self.handed_in);
    }

    fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let mut progress = Progress::default();
        let tasks = reader.count().filter(|tasks| *tasks <= MOST_TASKS)?;
        for _ in 0..tasks {
            progress.counts.tallies.push(Tally { have: reader.small()?, lost: reader.small()? });
        }
        progress.counts.given = reader.small()?;
        for _ in 0..reader.count()? {
            let (who, joined) = (Person(reader.small()?), Time(reader.signed()?));
            let flags = reader.byte().filter(|flags| *flags < 4)?;
            let friend = Friend { joined, counts: flags & 1 != 0, left: flags & 2 != 0 };
            progress.friends.insert(who, friend);
        }
        for _ in 0..reader.count()? {
            progress.visits.insert(Person(reader.small()?), Time(reader.signed()?));
        }
        for _ in 0..reader.count()? {
            let (order, task, by) = (Order(reader.small()?), reader.small()?, Person(reader.small()?));
            progress.orders.push(Bought { order, task, by });
        }
        let (streak, day) = (reader.small()?, reader.small()?);
        progress.checked_in = (streak > 0).then_some((day, streak));
        for _ in 0..reader.count()? {
            progress.pending.push((reader.small()?, reader.small()?));
        }
        progress.handed_in = reader.small()?;
        Some(progress)
    }

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
