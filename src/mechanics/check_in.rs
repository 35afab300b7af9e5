//! Check-in (打卡): a participant checks in once a day, and days in a row are rewarded.
//!
//! * A participant has one loop for the play, open until the campaign ends; the first check-in opens it.
//! * A check-in counts for the local day in the campaign's timezone, once a day. A second one on the same day
//!   is refused until the next local midnight.
//! * The streak is the number of days in a row, today's among them; it grows by 1 only if yesterday was checked
//!   in, else it is 1. With `cycle` it begins again at 1 after so many days. Before today's check-in a view
//!   shows yesterday's streak unchanged; once a day was missed it shows 0.
//! * Each check-in earns `daily`. Each step of `streaks` earns its reward when the streak reaches its `days`:
//!   every time, or with `once` the first time only.
//! * With `makeUp` (补签卡) one of the last `within` days that was missed can be made up for `cost` points of
//!   the account `pays`: the command names the day, as `"name": "2026-12-03"`. It earns no `daily`. It joins the
//!   rows of days before and after it: a step that the longer row has reached more often than the two rows
//!   together is earned now. A day before the campaign began cannot be made up.
//!
//! Example: `{ "daily": ["points5"], "cycle": 7, "streaks": [{ "days": 3, "give": "coffee" }] }`. Ann checks in on
//! the 1st, 2nd and 3rd: 5 points each, and on the 3rd, at streak 3, a coffee. On the 4th at 09:00 a view still
//! shows 3. She misses the 4th and checks in on the 5th: streak 1. From the 5th to the 11th she checks in every
//! day: streak 7 on the 11th, with a coffee on the 7th; on the 12th the streak is 1 again.

use super::abuse::{Recipe, Scheme};
use super::{Keep, Kept, Looking, Mechanic, On, Wants};
use crate::campaign::Campaign;
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Person, Reward};
use crate::engine::pack::{Packed, Unpacker, put_count};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::time::{Period, Span, Time, date, parse_date};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 打卡: checking in once a day; days in a row are rewarded.
    pub struct Rules {
        /// What each check-in earns.
        pub daily: Vec<Reward> = Vec::new(),
        /// After so many days in a row the streak begins again at 1.
        pub cycle: Option<Int<1, 366>>,
        /// What so many days in a row earn besides.
        pub streaks: Vec<Streak> = Vec::new(),
        /// How days that were missed can be made up. A day that is made up joins its row; it earns no `daily`.
        pub make_up: Option<MakeUp>,
    }
}

document! {
    /// What so many days in a row earn.
    pub struct Streak {
        /// How many days in a row.
        pub days: Int<1, 366>,
        /// The reward.
        pub give: Reward,
        /// Whether only the first time earns it.
        pub once: bool = false,
    }
}

document! {
    /// 补签卡: missed days are made up for points.
    pub struct MakeUp {
        /// The points or chances it is paid with.
        pub pays: Reward,
        /// How many of them one day costs.
        pub cost: Int<1, 1_000_000>,
        /// How many days back.
        pub within: Int<1, 366>,
    }
}

/// The days a participant checked in, and how often the steps were reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Local days since 1970-01-01, ascending.
    days: Vec<u32>,
    /// By step of the ladder.
    reached: Vec<u32>,
}

/// The cause of the daily grants; those of the n-th step, from 0, have cause n + 1.
const DAILY: u32 = 0;

/// Days that a view lists at most.
const SHOWN: u32 = 31;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::CheckIn];

    const LOOPS: super::Loops = super::Loops::Personal;

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        cx.loop_running(on.play, on.state)?;
        let (today, midnight) = local_day(cx.book.current(), cx.at);
        let day = match cx.command.name.as_deref() {
            None => today,
            Some(name) => {
                let day = parse_date(name).and_then(|day| u32::try_from(day).ok());
                day.filter(|day| *day == today || self.can_make_up(cx.book.current(), *day, today))
                    .ok_or(Rejection::new(Code::ItemUnknown).name(name))?
            }
        };
        if on.progress.has(day) {
            let known = Rejection::new(Code::AlreadyCheckedIn);
            return Err(if day == today { known.until(midnight) } else { known });
        }
        if let Some(make_up) = self.make_up.as_ref().filter(|_| day != today) {
            rewards::spend(cx, on.loop_, make_up.pays, by, make_up.cost.get())?;
        }
        let row = on.progress.row_with(day);
        cx.emit(Fact::CheckedIn { loop_: on.loop_, by, day, streak: self.place(row.length()) });
        if day == today {
            for reward in &self.daily {
                rewards::grant(cx, on.loop_, *reward, by, DAILY);
            }
        }
        for (number, step) in (0u32..).zip(&self.streaks) {
            for _ in 0..self.earned(on.progress, number, step, row) {
                rewards::grant(cx, on.loop_, step.give, by, number + 1);
            }
        }
        Ok(())
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        let Fact::CheckedIn { day, .. } = *fact else { return };
        let row = progress.row_with(day);
        for (number, step) in (0u32..).zip(&self.streaks) {
            let earned = self.earned(progress, number, step, row);
            progress.reach(number, earned);
        }
        if let Err(place) = progress.days.binary_search(&day) {
            progress.days.insert(place, day);
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, campaign) = (looking.state, looking.book.current());
        let (today, midnight) = local_day(campaign, looking.at);
        let done = progress.has(today);
        let length = if done { progress.ending(today) } else { progress.ending(today.saturating_sub(1)) };
        let wait = Step { until: Some(midnight), ..Step::new(Need::Wait, 1) };
        let steps = |days: u32| {
            let check_in = Step { until: Some(state.until), ..Step::new(Need::CheckIn, days) };
            if done { vec![wait.clone(), check_in] } else { vec![check_in] }
        };
        // The last of so many days has to begin before the loop ends.
        let open = |days: u32| {
            let ahead = i64::from(days) - i64::from(!done);
            let begins = if ahead == 0 { looking.at.0 } else { midnight.0 + (ahead - 1) * DAY };
            looking.at < state.until && begins < state.until.0
        };
        let to = state.initiator;
        let mut rewards = Vec::new();
        for reward in &self.daily {
            rewards.push(RewardLook::new(*reward, to, DAILY, open(1), steps(1)));
        }
        let mut need = self.cycle.map_or(0, |cycle| cycle.get());
        for (number, step) in (0u32..).zip(&self.streaks) {
            let more = self.more(step, length).filter(|_| !(step.once && progress.reached(number) > 0));
            let missing = more.map_or_else(Vec::new, &steps);
            if let Some(next) = more.filter(|_| need == 0 || step.days.get() < need) {
                need = if next + self.place(length) == step.days.get() { step.days.get() } else { need };
            }
            rewards.push(RewardLook::new(step.give, to, number + 1, more.is_some_and(open), missing));
        }
        Look {
            have: self.place(length),
            need,
            rewards,
            items: self.items(campaign, looking, progress, today),
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let offer = |reward: Reward, at: u32| Offer { side: Side::Initiator, reward, at };
        let daily = self.daily.iter().map(|reward| offer(*reward, 1));
        daily.chain(self.streaks.iter().map(|step| offer(step.give, step.days.get()))).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        let days = self.streaks.iter().map(|step| step.days.get()).max().unwrap_or(1);
        let daily = self.daily.iter().map(|reward| (*reward, u64::from(days)));
        let gives = daily.chain(self.streaks.iter().map(|step| (step.give, 1))).gather();
        vec![Scheme { gives, ..Scheme::new(Recipe::Each, 1) }]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let daily = self.daily.iter().map(|reward| (*reward, u32::MAX));
        let steps = self.streaks.iter().map(|step| (step.give, if step.once { 1 } else { u32::MAX }));
        daily.chain(steps).gather()
    }

    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        self.make_up.iter().map(|make_up| ("makeUp", make_up.pays, Wants::Account)).gather()
    }
}

const DAY: i64 = 86_400_000;

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.daily.is_empty() && rules.streaks.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Checking in earns nothing here: add `daily` or `streaks`."),
                String::from("打卡没有任何奖励：请填写 `daily` 或 `streaks`。"),
            )
        });
    }
    let Some(cycle) = rules.cycle.map(|cycle| cycle.get()) else { return };
    let entries = node.get("streaks").map(Node::entries).unwrap_or_default();
    for (number, (step, node)) in rules.streaks.iter().zip(entries).enumerate() {
        let days = step.days.get();
        if days > cycle {
            cx.within("streaks", |cx| {
                cx.within_entry(number, |cx| {
                    cx.error(code::REACH_STREAK, node.start, |_| {
                        (
                            format!("Nobody reaches {days} days in a row: after {cycle} days (`cycle`) the streak begins again at 1."),
                            format!("连续 {days} 天永远无法达成：满 {cycle} 天（`cycle`）后连续天数会从 1 重新开始。"),
                        )
                    });
                });
            });
        }
    }
}

/// A day to be checked in, with the lengths of the rows of days right before and right after it.
#[derive(Clone, Copy)]
struct Row {
    before: u32,
    after: u32,
}

impl Row {
    fn length(self) -> u32 {
        self.before.saturating_add(1).saturating_add(self.after)
    }
}

impl Rules {
    /// The streak of a row of days: its length, begun again after each cycle.
    fn place(&self, length: u32) -> u32 {
        match self.cycle {
            Some(cycle) if length > 0 => (length - 1) % cycle.get() + 1,
            _ => length,
        }
    }

    /// How often a row of days reaches a step.
    fn times(&self, step: &Streak, length: u32) -> u32 {
        let days = step.days.get();
        match self.cycle {
            _ if length < days => 0,
            Some(cycle) => (length - days) / cycle.get() + 1,
            None => 1,
        }
    }

    /// How often a step is earned by the day that makes this row.
    fn earned(&self, progress: &Progress, number: u32, step: &Streak, row: Row) -> u32 {
        let before = self.times(step, row.before).saturating_add(self.times(step, row.after));
        let earned = self.times(step, row.length()).saturating_sub(before);
        if step.once { earned.min(1u32.saturating_sub(progress.reached(number))) } else { earned }
    }

    /// How many more days in a row of this length reach the step next.
    fn more(&self, step: &Streak, length: u32) -> Option<u32> {
        let (days, place) = (step.days.get(), self.place(length));
        match self.cycle {
            _ if place < days => Some(days - place),
            Some(cycle) => Some(cycle.get() - place + days),
            None => None,
        }
    }

    fn can_make_up(&self, campaign: &Campaign, day: u32, today: u32) -> bool {
        let first = local_day(campaign, campaign.runs.from).0;
        let within = self.make_up.as_ref().map_or(0, |make_up| make_up.within.get());
        day < today && today - day <= within && day >= first
    }

    /// The latest days, oldest first.
    fn items(
        &self,
        campaign: &Campaign,
        looking: Looking<'_>,
        progress: &Progress,
        today: u32,
    ) -> Vec<ItemLook> {
        let last = if looking.at < looking.state.until {
            today
        } else {
            local_day(campaign, Time(looking.state.until.0 - 1)).0
        };
        let opened = local_day(campaign, looking.state.opened).0;
        let first = progress.days.first().copied().unwrap_or(opened).min(opened);
        let first = (first..=today).find(|day| *day + SHOWN > last).unwrap_or(today);
        let begun = (0..first).rev().take_while(|day| *day + SHOWN > last);
        let first = begun.take_while(|day| self.can_make_up(campaign, *day, today)).last().unwrap_or(first);
        let cost = self.make_up.as_ref().map_or(0, |make_up| make_up.cost.get());
        let item = |day: u32| {
            let (have, need, status) = match day {
                _ if progress.has(day) => (self.place(progress.ending(day)), 0, "done"),
                _ if day == today => (0, 0, "open"),
                _ if self.can_make_up(campaign, day, today) => (0, cost, "make-up"),
                _ => (0, 0, "missed"),
            };
            let name = ItemName::Text(date(i64::from(day)));
            ItemLook::new("day", name, u64::from(have), u64::from(need), status)
        };
        (first..=last).map(item).gather()
    }
}

/// The local day that holds an instant, and when the next one begins.
fn local_day(campaign: &Campaign, at: Time) -> (u32, Time) {
    let (day, next) = Period::Day.of(at, campaign.timezone);
    (u32::try_from(day).unwrap_or(0), next)
}

impl Progress {
    fn has(&self, day: u32) -> bool {
        self.days.binary_search(&day).is_ok()
    }

    /// The length of the row of days that ends with this one; 0 if it was missed.
    fn ending(&self, day: u32) -> u32 {
        let Ok(at) = self.days.binary_search(&day) else { return 0 };
        let row = self.days.iter().take(at + 1).rev().zip(0..).take_while(|(other, n)| **other + n == day);
        u32::try_from(row.count()).unwrap_or(u32::MAX)
    }

    /// The length of the row of days that begins with this one; 0 if it was missed.
    fn beginning(&self, day: u32) -> u32 {
        let Ok(at) = self.days.binary_search(&day) else { return 0 };
        let row = self.days.iter().skip(at).zip(day..).take_while(|(other, expected)| **other == *expected);
        u32::try_from(row.count()).unwrap_or(u32::MAX)
    }

    fn row_with(&self, day: u32) -> Row {
        let before = day.checked_sub(1).map_or(0, |day| self.ending(day));
        Row { before, after: self.beginning(day.saturating_add(1)) }
    }

    fn reached(&self, number: u32) -> u32 {
        usize::try_from(number).ok().and_then(|at| self.reached.get(at)).copied().unwrap_or(0)
    }

    fn reach(&mut self, number: u32, times: u32) {
        let Ok(at) = usize::try_from(number) else { return };
        if times > 0 {
            if self.reached.len() <= at {
                self.reached.resize(at + 1, 0);
            }
            if let Some(reached) = self.reached.get_mut(at) {
                *reached = reached.saturating_add(times);
            }
        }
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.days.len());
        let mut last = 0;
        for day in &self.days {
            (day - last).pack(out);
            last = *day;
        }
        self.reached.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut days: Vec<u32> = Vec::new();
        from.each(|from| {
            let more = from.small();
            let last = days.last().copied();
            let day = last.unwrap_or(0).saturating_add(more);
            from.require(last.is_none() || more > 0);
            // A number of days near its largest value would leave no room for the day after.
            from.require(day < u32::MAX / 2);
            days.push(day);
        });
        Progress { days, reached: from.read() }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        (self.days.capacity() + self.reached.capacity()) * size_of::<u32>()
    }
}
