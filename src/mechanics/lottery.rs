//! Lottery (抽奖): each participant draws for themselves, with chances that are free, earned or bought with points.
//!
//! * A participant has one loop in the play, open until the campaign ends. `draw` is one draw.
//! * A draw takes one chance: one of the `free` ones of the calendar period, if one is left; else the first entry
//!   of `cost` that the account can pay. Without either it is refused as `NO_CHANCE` or `POINTS_SHORT`, and
//!   nothing is taken. `draws` caps how often a participant draws at all: `LIMIT_REACHED`.
//! * There are `outOf` tickets, or as many as the prizes' weights together if it is absent. The first prize has
//!   the tickets from 0 to its weight − 1, the next prize the ones after them; the rest is blank. The ticket of
//!   the n-th draw of a loop is number `below(outOf)` of the draw with the purpose `lottery:<play>` and the key
//!   `<loop>/<n>`: every ticket is equally likely, and whoever has the seed can compute it.
//! * A prize without `give` is a blank with a name. A prize cannot be given while the participant has made fewer
//!   than `unlockAfter` draws before, or while its reward and everything it falls back to is out of stock, budget
//!   or limit. That is decided in the same step as the draw.
//! * `ifOut: "fallback"`: a ticket of a prize that cannot be given earns `instead`, or nothing. `ifOut:
//!   "renormalise"`: the tickets of such prizes are left out before drawing; the numbers close up in the order of
//!   the prizes, blanks last, and the ticket is below their sum. If no ticket is left, the draw is refused as
//!   `SOLD_OUT` and the chance stays.
//! * `wins` caps how often a participant wins: beyond it a prize's ticket earns `instead`, or nothing. `instead`
//!   itself is no win.
//! * With `opensAt` or `opensAfter` a draw is entered now (`submitted`, with its number and when it opens) and
//!   decided when it opens, by a `tick` or by the participant's `claim`, whichever comes first. The ticket rests
//!   on the loop and the number of the entry alone, so that no moment is better than another. Stock is given in
//!   the order in which entries are opened. An entry may open after the campaign has ended.
//!
//! Example: `{ "prizes": [{ "name": "Phone", "give": "phone", "weight": 1 }, { "name": "Coffee", "give": "coffee",
//! "weight": 99 }], "outOf": 1000, "free": { "every": "day", "count": 1 }, "cost": [{ "reward": "points", "points":
//! 5 }], "instead": "sticker" }`. Ann's first draw of the day is free, ticket 57: coffee. Her second costs 5 points,
//! ticket 0: the phone, or a sticker if the last phone is gone. Ticket 100 is a blank. With 3 points her third
//! draw is refused, and she keeps the 3 points.

use super::abuse::{Again, Recipe, Scheme};
use super::draws::{self, Cap, Cost, in_period};
use super::{Keep, Kept, Looking, Mechanic, On, Wants};
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::{Int, List, Text};
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward};
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Period, Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Offer, RewardLook, Side};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;
use crate::sorted::SortedSet;

document! {
    /// 抽奖: each participant draws for themselves, with chances that are free, earned or bought with points.
    pub struct Rules {
        /// The prizes, in the order of their tickets.
        pub prizes: List<Prize, 1, 50>,
        /// How many tickets there are; those that no prize has are blanks. As many as the prizes have if absent.
        pub out_of: Option<Int<1, 1_000_000_000>>,
        /// Draws that cost nothing.
        pub free: Option<Free>,
        /// What a draw costs when no free one is left: the first that can be paid is taken.
        pub cost: Vec<Cost> = Vec::new(),
        /// What becomes of the tickets of a prize that cannot be given.
        pub if_out: IfOut = IfOut::Fallback,
        /// What a ticket of a prize that cannot be given earns; nothing if absent.
        pub instead: Option<Reward>,
        /// How often a participant may draw.
        pub draws: Vec<Cap> = Vec::new(),
        /// How often a participant may win.
        pub wins: Vec<Cap> = Vec::new(),
        /// When all draws open; until then they are only entered.
        pub opens_at: Option<Time>,
        /// How long after it is entered a draw opens.
        pub opens_after: Option<Span>,
    }
}

document! {
    /// A prize and its tickets.
    pub struct Prize {
        /// How a participant sees it.
        pub name: Text<60>,
        /// What it gives; without it the prize is a blank with a name.
        pub give: Option<Reward>,
        /// How many tickets it has.
        pub weight: Int<1, 1_000_000_000>,
        /// After how many draws of the participant it can be won.
        pub unlock_after: Option<Int<1, 1_000_000>>,
    }
}

document! {
    /// Draws that cost nothing.
    pub struct Free {
        /// The calendar period, in the campaign's timezone.
        pub every: Period,
        /// How many in one period.
        pub count: Int<1, 1_000>,
    }
}

choices! {
    /// What becomes of the tickets of a prize that cannot be given.
    pub enum IfOut {
        /// They earn `instead`, or nothing.
        Fallback = "fallback",
        /// They are left out, so that the others are the more likely.
        Renormalise = "renormalise",
    }
}

/// What a participant has drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Each draw in order.
    draws: Vec<Made>,
    /// The draws that are entered and not open yet, by number and instant.
    pending: Vec<(u32, Time)>,
    /// What was won.
    won: Vec<Won>,
    /// Points were spent for the draw that follows.
    paid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Made {
    at: Time,
    paid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Won {
    n: u32,
    at: Time,
    reward: Reward,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Draw, Act::Claim];

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
        let act = cx.act;
        let mut wheel = Wheel::new(self, cx, &on);
        let opened = wheel.open_due();
        match act {
            Act::Claim if opened => Ok(()),
            Act::Claim => Err(wheel.nothing_to_claim()),
            _ => wheel.draw(on.play, on.state.until),
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        Wheel::new(self, cx, &on).open_due();
    }

    fn status(&self, state: &LoopState, progress: &Progress, at: Time) -> Status {
        match state.status {
            Status::Running if at >= state.until && progress.pending.is_empty() => Status::Expired,
            status => status,
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, _keep: &mut Keep<'_>) {
        match *fact {
            Fact::Spent { .. } => progress.paid = true,
            Fact::Submitted { n, until, .. } => {
                progress.enter(at);
                progress.pending.push((n, until.unwrap_or(at)));
            }
            Fact::Drawn { n, prize, .. } => {
                let entered = progress.pending.iter().position(|(other, _)| *other == n);
                match entered {
                    Some(place) => drop(progress.pending.remove(place)),
                    None => progress.enter(at),
                }
                if let Some(reward) = prize {
                    progress.won.push(Won { n, at, reward });
                }
            }
            _ => {}
        }
    }

    fn due(&self, progress: &Progress, _until: Time) -> Time {
        progress.pending.iter().map(|(_, opens)| *opens).min().unwrap_or(Time::NEVER)
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, made) = (looking.state, progress.made());
        let mut items = Vec::new();
        for prize in self.prizes.iter() {
            let status = match prize.give {
                _ if !prize.is_unlocked(made) => "locked",
                Some(give)
                    if !rewards::seems_obtainable(
                        looking.book,
                        looking.all,
                        looking.at,
                        looking.loop_,
                        give,
                        state.initiator,
                    ) =>
                {
                    "out"
                }
                _ => "open",
            };
            let (weight, name) = (u64::from(prize.weight.get()), ItemName::Text(prize.name.to_string()));
            items.push(ItemLook::new("prize", name, weight, self.tickets(), status));
        }
        if let Some(free) = &self.free {
            let timezone = looking.book.current().timezone;
            let (period, next) = free.every.of(looking.at, timezone);
            let used =
                progress.free().rev().take_while(|at| free.every.of(*at, timezone).0 >= period).count();
            let count = u64::from(free.count.get());
            let left = count.saturating_sub(u64::try_from(used).unwrap_or(u64::MAX));
            let status = if left > 0 { "open" } else { "out" };
            let name = ItemName::Text(String::from("free"));
            let at = (next < state.until).then_some(next);
            items.push(ItemLook { at, ..ItemLook::new("chance", name, left, count, status) });
        }
        for (n, opens) in &progress.pending {
            let name = ItemName::Text(n.to_string());
            items.push(ItemLook {
                at: Some(*opens),
                ..ItemLook::new("entry", name, u64::from(*n), 0, "pending")
            });
        }
        let won = progress.won.iter();
        let locked = self.prizes.iter().filter_map(|prize| prize.unlock_after).map(Int::get);
        Look {
            have: made,
            need: locked.filter(|draws| *draws > made).min().unwrap_or(0),
            rewards: won
                .map(|won| RewardLook::new(won.reward, state.initiator, won.n, false, vec![]))
                .gather(),
            items,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let side = Side::Winner;
        let first = |prize: &Prize| prize.unlock_after.map_or(0, Int::get).saturating_add(1);
        let prizes = self
            .prizes
            .iter()
            .filter_map(|prize| Some(Offer { side, reward: prize.give?, at: first(prize) }));
        prizes.chain(self.instead.map(|reward| Offer { side, reward, at: 1 })).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        let Some(free) = &self.free else { return Vec::new() };
        let bounds = |caps: &[Cap]| caps.iter().map(|cap| (cap.every, cap.most.get())).collect::<Vec<_>>();
        let draws = bounds(&self.draws).into_iter().chain([(free.every, free.count.get())]).gather();
        let again = Some(Again { draws, wins: bounds(&self.wins) });
        let prizes =
            self.prizes.iter().filter_map(|prize| Some((prize.give?, u64::from(prize.weight.get()))));
        vec![Scheme {
            gives: prizes.gather(),
            of: self.tickets().max(1),
            again,
            ..Scheme::new(Recipe::Each, 1)
        }]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let whole = |cap: &&Cap| cap.every == Period::Campaign;
        let most =
            |caps: &[Cap]| caps.iter().filter(whole).map(|cap| cap.most.get()).min().unwrap_or(u32::MAX);
        let draws = most(&self.draws);
        let wins = draws.min(most(&self.wins));
        let prizes = self.prizes.iter().filter_map(|prize| prize.give).map(|give| (give, wins));
        prizes.chain(self.instead.map(|reward| (reward, draws))).gather()
    }

    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        self.cost.iter().map(|cost| ("cost", cost.reward, Wants::Account)).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let offset = |key: &str| node.get(key).map_or(node.start, |node| node.start);
    let sum: u64 = rules.weights();
    if let Some(out_of) = rules.out_of
        && u64::from(out_of.get()) < sum
    {
        cx.within("outOf", |cx| {
            let out_of = out_of.get();
            cx.error(code::REACH_TICKETS, offset("outOf"), |_| {
                (
                    format!("The prizes have {sum} tickets together, more than `outOf`, which is {out_of}."),
                    format!("各奖品的权重合计 {sum}，超过了 `outOf`（{out_of}）。"),
                )
            });
        });
    }
    if rules.free.is_none() && rules.cost.is_empty() {
        cx.error(code::REACH_CHANCE, node.start, |_| {
            (
                String::from("Nobody has a draw here: give `free` draws, or say what one costs in `cost`."),
                String::from("没有人能抽奖：请填写 `free`（免费次数）或 `cost`（每次消耗）。"),
            )
        });
    }
    if rules.opens_at.is_some() && rules.opens_after.is_some() {
        cx.within("opensAfter", |cx| {
            cx.error(code::REACH_OPENING, offset("opensAfter"), |_| {
                (
                    String::from("A draw opens `opensAt` a time or `opensAfter` a while, not both."),
                    String::from("`opensAt`（统一开奖时间）与 `opensAfter`（参与后多久开奖）只能填写一个。"),
                )
            });
        });
    }
    rules.check_prizes(node, cx);
    if rules.prizes.iter().all(|prize| prize.give.is_none()) {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Every prize here is a blank: say what a prize gives in `give`."),
                String::from("所有奖品都是空奖：请用 `give` 指定奖励。"),
            )
        });
    }
}

impl Rules {
    fn check_prizes(&self, node: &Node<'_>, cx: &mut Cx) {
        let whole = self.draws.iter().filter(|cap| cap.every == Period::Campaign);
        let most = whole.map(|cap| cap.most.get()).min().unwrap_or(u32::MAX);
        let blanks = self.tickets() > self.weights();
        let all_locked = self.prizes.iter().all(|prize| !prize.is_unlocked(0));
        let closed = self.if_out == IfOut::Renormalise && all_locked && !blanks;
        let entries = node.get("prizes").map(Node::entries).unwrap_or_default();
        for (at, (prize, entry)) in self.prizes.iter().zip(entries).enumerate() {
            let Some(after) = prize.unlock_after.filter(|after| closed || after.get() >= most) else {
                continue;
            };
            let after = after.get();
            let offset = entry.get("unlockAfter").map_or(entry.start, |node| node.start);
            cx.within("prizes", |cx| {
                cx.within_entry(at, |cx| {
                    cx.error(code::REACH_PRIZE, offset, |_| {
                        (
                            format!(
                                "Nobody can win this: it unlocks after {after} draws, which nobody can make."
                            ),
                            format!("没有人能抽中：需先抽 {after} 次才解锁，而次数无法达到。"),
                        )
                    });
                });
            });
        }
    }

    fn weights(&self) -> u64 {
        self.prizes.iter().map(|prize| u64::from(prize.weight.get())).sum()
    }

    fn tickets(&self) -> u64 {
        self.out_of.map_or(self.weights(), |out_of| u64::from(out_of.get()))
    }

    /// The prize that has a ticket, when only these are in the wheel.
    fn prize_of(&self, ticket: u64, is_in: impl Fn(&Prize) -> bool) -> Option<&Prize> {
        let mut rest = ticket;
        for prize in self.prizes.iter().filter(|prize| is_in(prize)) {
            match rest.checked_sub(u64::from(prize.weight.get())) {
                Some(beyond) => rest = beyond,
                None => return Some(prize),
            }
        }
        None
    }

    /// When a draw that is entered now opens, if that is later.
    fn opens(&self, at: Time) -> Option<Time> {
        let opens = self.opens_at.or(self.opens_after.map(|span| at.after(span)))?;
        (opens > at).then_some(opens)
    }
}

impl Prize {
    /// Whether someone who has made as many draws before can win it.
    fn is_unlocked(&self, made: u32) -> bool {
        self.unlock_after.is_none_or(|after| made >= after.get())
    }
}

/// A loop while a command changes it: facts are applied to a copy as they are decided.
struct Wheel<'x, 's, 'c> {
    rules: &'x Rules,
    cx: &'x mut Deciding<'s, 'c>,
    loop_: Loop,
    play: Play,
    with: &'x PlayRules,
    by: Person,
    progress: Progress,
}

impl<'x, 's, 'c> Wheel<'x, 's, 'c> {
    fn new(rules: &'x Rules, cx: &'x mut Deciding<'s, 'c>, on: &On<'_, 'x, Progress>) -> Self {
        let LoopState { play, initiator: by, .. } = *on.state;
        Wheel { rules, cx, loop_: on.loop_, play, with: on.play, by, progress: on.progress.clone() }
    }

    fn emit(&mut self, fact: Fact<'c>) {
        self.rules.rehearse(&mut self.progress, &fact, self.cx.at, (self.play, None));
        self.cx.emit(fact);
    }

    /// Decides the entries that are open by now; whether there were any.
    fn open_due(&mut self) -> bool {
        let at = self.cx.at;
        let due = self.progress.pending.iter().filter(|(_, opens)| *opens <= at);
        let due: SortedSet<(Time, u32)> = due.map(|(n, opens)| (*opens, *n)).collect();
        for (_, n) in due.iter() {
            self.decide(*n);
        }
        !due.is_empty()
    }

    fn nothing_to_claim(&self) -> Rejection<'c> {
        match self.progress.pending.iter().map(|(_, opens)| *opens).min() {
            Some(opens) => Rejection::new(Code::DrawNotOpen).until(opens),
            None if self.progress.draws.is_empty() => Code::NoChance.into(),
            None => Code::AlreadyClaimed.into(),
        }
    }

    fn draw(&mut self, play: &'c PlayRules, until: Time) -> Result<(), Rejection<'c>> {
        let at = self.cx.at;
        if at >= until {
            return Err(Rejection::new(Code::LoopExpired).until(until));
        }
        let made = self.progress.draws.iter().map(|made| made.at);
        if let Some((cap, next)) = draws::reached(self.cx, &self.rules.draws, made, at) {
            let refused = Rejection::new(Code::LimitReached).most(cap.most.get()).name("draws");
            return Err(if next < until { refused.until(next) } else { refused });
        }
        guard::check_helping(self.cx, self.play, play, self.by)?;
        let n = self.progress.made().saturating_add(1);
        let opens = self.rules.opens(at);
        if opens.is_none() && self.wheel(n) == 0 && !self.gives_instead() {
            return Err(Code::SoldOut.into());
        }
        self.take_chance(until)?;
        let (loop_, by) = (self.loop_, self.by);
        match opens {
            Some(_) => self.emit(Fact::Submitted { loop_, by, n, name: None, hash: None, until: opens }),
            None => self.decide(n),
        }
        Ok(())
    }

    fn take_chance(&mut self, until: Time) -> Result<(), Rejection<'c>> {
        let mut next_free = None;
        if let Some(free) = &self.rules.free {
            let (used, next) = in_period(self.cx, free.every, self.progress.free(), self.cx.at);
            if used < free.count.get() {
                return Ok(());
            }
            next_free = Some(next).filter(|next| *next < until);
        }
        let before = self.cx.facts.len();
        draws::spend(self.cx, &self.rules.cost, self.loop_, self.by).map_err(|rejection| {
            let waits = rejection.code == Code::NoChance;
            next_free.filter(|_| waits).map_or(rejection, |next| rejection.until(next))
        })?;
        let spent = self.cx.facts.get(before..).unwrap_or_default().to_vec();
        for fact in &spent {
            self.rules.rehearse(&mut self.progress, fact, self.cx.at, (self.play, None));
        }
        Ok(())
    }

    /// The tickets that the n-th draw is made from.
    fn wheel(&self, n: u32) -> u64 {
        let Rules { if_out: IfOut::Renormalise, .. } = self.rules else { return self.rules.tickets() };
        let is_in = |prize: &&Prize| self.can_be_won(prize, n);
        let weights = self.rules.prizes.iter().filter(is_in).map(|prize| u64::from(prize.weight.get()));
        weights.sum::<u64>() + self.rules.tickets().saturating_sub(self.rules.weights())
    }

    /// Decides the n-th draw and gives what it wins.
    fn decide(&mut self, n: u32) {
        let (rules, loop_, by) = (self.rules, self.loop_, self.by);
        let total = self.wheel(n);
        let ticket = draws::draw(self.cx, &self.with.rules, self.play, loop_, n).below(total);
        let hit = match rules.if_out {
            IfOut::Fallback => rules.prize_of(ticket, |_| true),
            IfOut::Renormalise => rules.prize_of(ticket, |prize| self.can_be_won(prize, n)),
        };
        let missed = total == 0 || hit.is_some_and(|prize| !self.is_given(prize, n));
        let prize = match hit {
            _ if missed => rules.instead.filter(|_| self.gives_instead()),
            hit => hit.and_then(|prize| prize.give),
        };
        self.emit(Fact::Drawn { loop_, by, n, ticket, prize });
        if let Some(reward) = prize {
            rewards::grant(self.cx, loop_, reward, by, n);
        }
    }

    fn gives_instead(&self) -> bool {
        self.rules.instead.is_some_and(|reward| rewards::is_obtainable(self.cx, self.loop_, reward, self.by))
    }

    /// Whether a prize is unlocked for the n-th draw and there.
    fn can_be_won(&self, prize: &Prize, n: u32) -> bool {
        let there = prize.give.is_none_or(|give| rewards::is_obtainable(self.cx, self.loop_, give, self.by));
        prize.is_unlocked(n.saturating_sub(1)) && there
    }

    /// Whether a prize that was hit is given: a blank with a name always is what it is.
    fn is_given(&self, prize: &Prize, n: u32) -> bool {
        if prize.give.is_none() {
            return true;
        }
        let instead = self.rules.instead;
        let wins = self.progress.won.iter().filter(|won| Some(won.reward) != instead).map(|won| won.at);
        self.can_be_won(prize, n) && draws::reached(self.cx, &self.rules.wins, wins, self.cx.at).is_none()
    }
}

impl Progress {
    fn made(&self) -> u32 {
        u32::try_from(self.draws.len()).unwrap_or(u32::MAX)
    }

    fn enter(&mut self, at: Time) {
        let paid = core::mem::take(&mut self.paid);
        self.draws.push(Made { at, paid });
    }

    /// When the free draws were made.
    fn free(&self) -> impl DoubleEndedIterator<Item = Time> {
        self.draws.iter().filter(|made| !made.paid).map(|made| made.at)
    }
}

packed! {
    Progress { paid, draws, pending, won }
    Made { at, paid }
    Won { n, at, reward }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.draws.capacity() * size_of::<Made>()
            + self.pending.capacity() * size_of::<(u32, Time)>()
            + self.won.capacity() * size_of::<Won>()
    }
}
