//! Group buy (拼团): a leader opens a group, others join, each pays the lower price, and the full group completes.
//!
//! * Opening or joining reserves a slot for `payWithin`, but never beyond the group's own end. An unpaid slot is
//!   free again at that instant, by the clock. Slots reserved and paid together never exceed `size`.
//! * A payment counts if its slot is still reserved, or one is free and no limit is reached. The payment that makes `size` paid members
//!   completes the group: each gets `give`, the leader `giveLeader` as well.
//! * A payment that cannot count (group full, over, sold out, limited, or paid twice) is recorded as `late`, and a refund is due.
//!   It never revives a group. A payment of another amount than the price is refused and changes nothing.
//! * At its end a group with too few paid members expires and every payment is due back, unless
//!   `virtualFrom` percent of the size have paid: then virtual members fill it. They earn nothing.
//! * Leaving before completion gives the slot back, with a refund if it was paid. If the leader leaves, the next
//!   member in the order of joining leads; the end stays. Without members the group expires.
//! * A refund before completion is a leave. A refund after completion marks the member, returns the goods and
//!   takes the member's rewards back; the group stays complete and the slot is not opened again.
//! * With `tiers` (阶梯团) a group of `size` is sure of its success and stays open until its end or until the largest
//!   tier is full. It completes with the lowest price its paid members reached; everyone has paid `price`, and gets
//!   the difference back as a grant of the cash reward `rebate`. A refund takes that grant back as well.
//! * With `newMembers` (老带新团) only people to whom that event has not happened may join; the leader may be anyone.
//! * `joinAfterEnd` says whether a living group may be joined when the campaign is over.
//! * `late` says what becomes of a payment that found its group full or over: it is due back (`refund`); or it joins
//!   the running group of the play that ends first and has a free slot (`reroute`), or else opens a group of its
//!   own (`new-group`), which takes the name of the payment's command.
//! * `stock` is the goods: taken by a reservation, a payment or a purchase alone, returned when these end.
//!
//! Example: `{ "size": 2, "price": "49.90", "alone": "69.90", "within": "24h" }`. Ann opens at 10:00 and pays by
//! 10:30; Bo joins at 12:00 and pays: complete. Had Bo paid the next day at 10:00, the group would have
//! expired, and both 49.90 would be due back.

mod group;
mod members;

use group::Group;
pub use members::Progress;
use members::{Member, Standing};

use super::abuse::Scheme;
use super::leaderboard::Count;
use super::{Keep, Looking, Mechanic, On, Opening, Payment, take_unit};
use crate::campaign::Root;
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Event, Loop, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards::{self};
use crate::sorted::SortedSet;

document! {
    /// 拼团: people buy together at a lower price within a time.
    pub struct Rules {
        /// How many paid members complete a group. With `tiers` they make its success sure, and it stays open for
        /// more until its end or until the largest tier is full.
        pub size: Int<2, 500>,
        /// The price for each member.
        pub price: Money,
        /// The price of buying without a group; absent if that is not offered.
        pub alone: Option<Money>,
        /// How long a group stays open.
        pub within: Span,
        /// How long a slot is kept for a payment.
        pub pay_within: Span = Span(1_800_000),
        /// Goods for sale in all.
        pub stock: Option<Int<1, 100_000_000>>,
        /// From this percentage of paid members on, virtual members fill the group when its time is over.
        pub virtual_from: Option<Int<1, 100>>,
        /// What each paying member gets on completion, besides the goods.
        pub give: Vec<Reward> = Vec::new(),
        /// What the leader gets on completion.
        pub give_leader: Vec<Reward> = Vec::new(),
        /// Lower prices for larger groups, in rising order.
        pub tiers: Vec<PriceTier> = Vec::new(),
        /// The cash reward by which members get back what a tier saves them.
        pub rebate: Option<Reward>,
        /// An event that must not have happened to those who join.
        pub new_members: Option<Event>,
        /// Whether a group may be joined after the campaign's end while it lives.
        pub join_after_end: bool = true,
        /// What becomes of a payment that comes too late for its group.
        pub late: LatePayment = LatePayment::Refund,
    }
}

document! {
    /// A lower price for a larger group.
    pub struct PriceTier {
        /// From this many paid members on.
        pub size: Int<3, 500>,
        /// The price for each member.
        pub price: Money,
    }
}

choices! {
    /// What becomes of a payment that comes too late for its group.
    pub enum LatePayment {
        /// It is due back.
        Refund = "refund",
        /// It counts in another running group with a free slot; without one it is due back.
        Reroute = "reroute",
        /// It counts in another running group with a free slot; without one it opens a new group.
        NewGroup = "new-group",
    }
}

/// The cause of the leader's grants; those of the n-th member have cause n + 1.
const LEADER: u32 = 0;

/// Groups that a late payment looks at before it gives up.
const REROUTED: usize = 200;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Join, Act::Leave, Act::Pay, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        if runs_in(opening.cx, opening.play, opening.by, None) {
            return Err(Code::LoopRunning.into());
        }
        take_unit(opening.cx, opening.play, self.stock())?;
        let until = opening.cx.at.after(self.within);
        let (loop_, by) = (opening.loop_(), opening.by);
        opening.emit(until);
        let until = opening.cx.at.after(self.pay_within).min(until);
        opening.cx.emit(Fact::Joined { loop_, by, until, device: None });
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        if cx.act == Act::Leave {
            return self.leave(cx, &on, by);
        }
        if on.progress.find(by).is_some_and(|(_, member)| member.holds_slot(cx.at)) {
            return Err(Code::AlreadyJoined.into());
        }
        if !self.join_after_end {
            cx.running()?;
        }
        if runs_in(cx, on.state.play, by, Some(on.loop_)) {
            return Err(Code::LoopRunning.into());
        }
        if on.progress.slots(cx.at) >= self.largest() {
            return Err(Code::GroupFull.into());
        }
        if !self.admits(cx.state, by) {
            return Err(Code::NotNew.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let mut group = Group::new(self, cx, &on);
        group.lapse();
        take_unit(group.cx, on.state.play, self.stock())?;
        group.join(by, device);
        Ok(())
    }

    fn pay<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        payment: Payment<'c>,
    ) -> Result<(), Rejection<'c>> {
        if payment.amount != self.price {
            return Err(Rejection::new(Code::AmountMismatch).amount(self.price));
        }
        let mut group = Group::new(self, cx, &on);
        group.settle();
        let member = group.progress.find(payment.by).map(|(_, member)| member);
        let paid = member.is_some_and(|member| member.standing == Standing::Paid);
        let holds = member.is_some_and(|member| member.standing == Standing::Reserved);
        let obstacle = match group.status {
            _ if paid => Some(Reason::Twice),
            Status::Complete => Some(Reason::Full),
            Status::Expired => Some(Reason::Expired),
            Status::Running if holds => None,
            Status::Running if group.progress.slots(group.cx.at) >= self.largest() => Some(Reason::Full),
            Status::Running if !self.admits(group.cx.state, payment.by) => Some(Reason::NotNew),
            Status::Running
                if guard::check_helping(group.cx, on.state.play, on.play, payment.by).is_err() =>
            {
                Some(Reason::Limit)
            }
            Status::Running => take_unit(group.cx, on.state.play, self.stock()).err().map(|_| Reason::Stock),
        };
        match obstacle {
            Some(Reason::Full | Reason::Expired) if self.reroute(group.cx, &on, payment) => {}
            Some(reason) => Group::new(self, cx, &on).too_late(payment, reason),
            None => {
                if !holds {
                    let device = guard::device(group.cx, on.play);
                    group.join(payment.by, device);
                }
                group.paid(payment);
            }
        }
        Ok(())
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person, order: Order) {
        let mut group = Group::new(self, cx, &on);
        let Some((at, member)) = group.progress.find(by) else { return };
        if member.order != Some(order) || member.standing != Standing::Paid {
            return;
        }
        match group.status {
            Status::Running => group.leave(by, false),
            Status::Complete => {
                rewards::revoke(group.cx, on.loop_, at + 1, "order refunded");
                if group.leader == by {
                    rewards::revoke(group.cx, on.loop_, LEADER, "order refunded");
                }
            }
            Status::Expired => {}
        }
    }

    fn take_goods<'c>(&'c self, cx: &mut Deciding<'_, 'c>, play: Play) -> Result<(), Rejection<'c>> {
        take_unit(cx, play, self.stock())
    }

    fn status(&self, state: &LoopState, progress: &Progress, at: Time) -> Status {
        match state.status {
            Status::Running if at >= state.until && self.succeeds(progress) => Status::Complete,
            Status::Running if at >= state.until || progress.slots(at) == 0 => Status::Expired,
            status => status,
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        Group::new(self, cx, &on).settle();
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, until, .. } => {
                progress.join(Member {
                    who: by,
                    joined: at,
                    until,
                    order: None,
                    standing: Standing::Reserved,
                });
                keep.goods += 1;
            }
            Fact::Paid { by, .. } => progress.set(by, Standing::Paid, keep.order),
            Fact::Lapsed { by, .. } => {
                progress.set(by, Standing::Lapsed, None);
                keep.goods -= 1;
            }
            Fact::Left { by, .. } => {
                progress.set(by, Standing::Left, None);
                keep.goods -= 1;
            }
            Fact::Filled { count, .. } => progress.filled = count,
            Fact::Refunded { .. } => keep.goods += progress.refund(keep.order),
            Fact::Completed { .. } => progress.complete = true,
            Fact::Expired { .. } => keep.goods += progress.expire(),
            _ => {}
        }
    }

    fn due(&self, progress: &Progress, until: Time) -> Time {
        let reserved = progress.members.iter().filter(|member| member.standing == Standing::Reserved);
        reserved.map(|member| member.until).fold(until, Time::min)
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, at) = (looking.state, looking.at);
        let size = self.size.get();
        let open = self.status(state, progress, at) == Status::Running;
        let paid = progress.paid();
        let known = looking.who.and_then(|who| progress.find(who));
        let mine = known.filter(|(_, member)| member.holds_slot(at));
        let others_until = self.joins_until(looking.book, state.until);
        let admitted = looking.who.is_none_or(|who| self.admits(looking.all, who));
        let can_join = admitted && at < others_until && progress.slots(at) < self.largest();
        let mut steps = Vec::new();
        if let Some((_, member)) = mine
            && member.standing == Standing::Reserved
        {
            steps.push(Step {
                until: Some(member.until),
                amount: Some(self.price),
                ..Step::new(Need::Pay, 1)
            });
        } else if mine.is_none() {
            steps.push(Step {
                until: Some(others_until),
                amount: Some(self.price),
                ..Step::new(Need::JoinHere, 1)
            });
        }
        let own = u32::from(mine.is_none_or(|(_, member)| member.standing != Standing::Paid));
        let others = size.saturating_sub(progress.paid()).saturating_sub(own);
        if others > 0 {
            let step =
                Step { until: Some(others_until), amount: Some(self.price), ..Step::new(Need::Join, others) };
            steps.push(step);
        }
        let reachable = open && (mine.is_some() || can_join) && (others == 0 || at < others_until);
        if !self.tiers.is_empty() {
            steps.push(Step { until: Some(state.until), ..Step::new(Need::Wait, 1) });
        }
        let mut rewards = Vec::new();
        if let Some(who) = looking.who {
            let cause = known.map_or(u32::MAX, |(number, _)| number + 1);
            let member = |reward: &Reward| RewardLook::new(*reward, who, cause, reachable, steps.clone());
            rewards.extend(self.give.iter().map(member));
            if who == state.initiator {
                let leads = reachable && mine.is_some();
                let leader = |reward: &Reward| RewardLook::new(*reward, who, LEADER, leads, steps.clone());
                rewards.extend(self.give_leader.iter().map(leader));
            }
        }
        let pay = mine.filter(|(_, member)| member.standing == Standing::Reserved && open);
        let shown = progress.members.iter().map(|member| member.look(at));
        let virtual_members = (0..progress.filled).map(|_| PersonLook::nobody("virtual"));
        Look {
            role: known
                .filter(|(_, member)| member.belongs(at))
                .map(|(_, member)| if member.who == state.initiator { "leader" } else { "member" }),
            have: progress.paid().saturating_add(progress.filled),
            need: self.sizes().find(|size| *size > paid).unwrap_or(size),
            people: shown.chain(virtual_members).gather(),
            pay: pay.map(|(_, member)| (self.price, member.until)),
            rewards,
            items: self.tiers.iter().map(|tier| tier.look(paid)).gather(),
            amount: Some(self.price_for(paid)),
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let size = self.size.get();
        let member = self.give.iter().map(|reward| Offer { side: Side::Member, reward: *reward, at: size });
        let leader =
            self.give_leader.iter().map(|reward| Offer { side: Side::Leader, reward: *reward, at: size });
        member.chain(leader).gather()
    }

    fn alone(&self) -> Option<Money> {
        self.alone
    }

    fn together(&self) -> Option<Money> {
        Some(self.price)
    }

    fn stock(&self) -> Option<u32> {
        self.stock.map(|stock| stock.get())
    }

    fn window(&self) -> Option<Span> {
        Some(self.within)
    }

    fn schemes(&self) -> Vec<Scheme> {
        // Everyone in a group pays the price.
        Vec::new()
    }

    fn moves(&self) -> &'static [Count] {
        &[Count::Join]
    }

    fn on_orders(&self) -> Vec<Reward> {
        self.give.iter().chain(&self.give_leader).copied().gather()
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let member = self.give.iter().map(|reward| (*reward, self.size.get()));
        let leader = self.give_leader.iter().map(|reward| (*reward, 1));
        member.chain(leader).chain(self.rebate.map(|reward| (reward, self.largest()))).gather()
    }

    fn portions(&self) -> Vec<Reward> {
        self.rebate.into_iter().gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.alone.is_some_and(|alone| alone <= rules.price) {
        cx.warning(code::MONEY_PRICE, node.start, |_| {
            (
                String::from(
                    "Buying alone costs no more than buying together, so nobody has a reason to bring a friend.",
                ),
                String::from("单独购买价不高于拼团价，用户没有拉人的理由。"),
            )
        });
    }
    check_tiers(rules, node, cx);
    if rules.pay_within > rules.within {
        cx.warning(code::REACH_WINDOW, node.start, |_| {
            (
                String::from(
                    "`payWithin` is longer than `within`; a slot is never kept beyond the end of its group.",
                ),
                String::from("`payWithin` 长于 `within`；名额最多保留到拼团结束。"),
            )
        });
    }
}

fn check_tiers(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let list = node.get("tiers");
    let mut before = (rules.size.get(), rules.price);
    for (number, tier) in rules.tiers.iter().enumerate() {
        let (size, price) = before;
        if tier.size.get() <= size || tier.price >= price {
            let at = list.and_then(|list| list.entries().get(number)).map_or(node.start, |tier| tier.start);
            at_tier(number, cx, |cx| report_tier(tier, (number, size, price), at, cx));
        }
        before = (tier.size.get(), tier.price);
    }
    if rules.tiers.is_empty() != rules.rebate.is_none() {
        cx.within("tiers", |cx| {
            cx.error(code::TIER_SHAPE, list.map_or(node.start, |list| list.start), |_| {
                (
                    String::from(
                        "`tiers` and `rebate` belong together: members get back by `rebate` what a tier saves them.",
                    ),
                    String::from("`tiers` 与 `rebate` 须同时填写：差价通过 `rebate` 返还给团员。"),
                )
            });
        });
    }
}

fn at_tier(number: usize, cx: &mut Cx, report: impl FnOnce(&mut Cx)) {
    cx.within("tiers", |cx| cx.within_entry(number, report));
}

/// Reports a tier that is not both larger and cheaper than what comes before it.
fn report_tier(tier: &PriceTier, (number, size, price): (usize, u32, Money), at: usize, cx: &mut Cx) {
    let digits = cx.digits;
    cx.error(code::TIER_SHAPE, at, |_| {
        let (own, own_price, price) = (tier.size.get(), tier.price.display(digits), price.display(digits));
        let (than, than_zh) = match number {
            0 => (String::from("`size` and `price`"), String::from("`size`、`price`")),
            _ => (format!("the tier before it, `tiers[{}]`", number - 1), format!("前一级 `tiers[{}]`", number - 1)),
        };
        (
            format!(
                "A tier has more members and a lower price than {than}: this one is for {own} at {own_price}, after {size} \
                 at {price}."
            ),
            format!("每一级的人数应多于、价格应低于{than_zh}：这一级为 {own} 人、{own_price}，之前为 {size} 人、{price}。"),
        )
    });
}

/// Warns of group buys that promise more back than the reward for it has.
pub(crate) fn check_rebates(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let play = cx.scope.names().play(&member.key);
        let play = play.and_then(|play| campaign.plays.get(play.index())?.as_ref());
        let Some(super::Rules::GroupBuy(rules)) = play.map(|play| &play.rules) else { continue };
        let Some(rebate) = rules.rebate else { continue };
        let Some(Some(reward)) = campaign.rewards.get(rebate.index()) else { continue };
        let Some(short) = rules.short_of(reward.budget, reward.stock.map(Int::get)) else { continue };
        let at = member.value.get("rebate").map_or(member.key_start, |rebate| rebate.start);
        let name = cx.scope.names().reward_name(rebate).to_owned();
        let digits = cx.digits;
        cx.within("plays", |cx| {
            cx.within(&member.key, |cx| {
                cx.within("rebate", |cx| {
                    cx.warning(code::MONEY_REBATE, at, |_| short.words(&name, rules, digits));
                });
            });
        });
    }
}

/// By what a reward falls short of what a play promises back.
struct Short {
    /// How many members, in one full group or with all the goods sold.
    members: u32,
    /// What they are promised in all.
    promised: Money,
    /// Whether already one full group is promised too much.
    by_one: bool,
    /// What the reward has: money or pieces.
    has: Has,
}

enum Has {
    Money(Money),
    Pieces(u32),
}

impl Short {
    fn words(&self, name: &str, rules: &Rules, digits: u32) -> (String, String) {
        let promised = self.promised.display(digits);
        let (members, largest) = (self.members, rules.largest());
        let (who, who_zh) = if self.by_one {
            (format!("A full group of {largest}"), format!("一个 {largest} 人的满团"))
        } else {
            (
                format!("All {members} goods, sold in groups of {largest},"),
                format!("{members} 件商品全部按 {largest} 人成团售出时"),
            )
        };
        let (has, has_zh) = match self.has {
            Has::Money(budget) => {
                let budget = budget.display(digits);
                (format!("has a budget of {budget}"), format!("的预算只有 {budget}"))
            }
            Has::Pieces(stock) => (
                format!("has a stock of {stock} for {members} members"),
                format!("的库存只有 {stock} 份，而团员有 {members} 人"),
            ),
        };
        (
            format!(
                "{who} would be promised {promised} back by \"{name}\", which {has}: who comes later gets nothing back."
            ),
            format!("{who_zh}，应通过“{name}”返还 {promised}，而它{has_zh}：后来的人拿不到返还。"),
        )
    }
}

impl PriceTier {
    fn look(&self, paid: u32) -> ItemLook {
        let reached = paid >= self.size.get();
        let name = ItemName::Text(self.size.get().to_string());
        let status = if reached { "reached" } else { "open" };
        let have = u64::from(paid.min(self.size.get()));
        ItemLook {
            amount: Some(self.price),
            ..ItemLook::new("tier", name, have, u64::from(self.size.get()), status)
        }
    }
}

impl Rules {
    /// The size that makes a success certain, and those of the tiers.
    fn sizes(&self) -> impl Iterator<Item = u32> {
        core::iter::once(self.size.get()).chain(self.tiers.iter().map(|tier| tier.size.get()))
    }

    /// How many slots a group has.
    fn largest(&self) -> u32 {
        self.sizes().max().unwrap_or(0)
    }

    /// What all members of a group with so many of them get back.
    fn gives_back(&self, paid: u32) -> Money {
        Money(self.price.minus(self.price_for(paid)).0.saturating_mul(i64::from(paid)))
    }

    /// By what a reward with this budget and stock falls short of what one full group is promised back, or of what all
    /// groups are for which there are goods.
    fn short_of(&self, budget: Option<Money>, stock: Option<u32>) -> Option<Short> {
        let largest = self.largest().max(1);
        let one = (largest, self.gives_back(largest), true);
        let goods = self.stock().unwrap_or(0).max(largest);
        let full = Money(one.1.0.saturating_mul(i64::from(goods / largest)));
        let all = (goods, full.plus(self.gives_back(goods % largest)), false);
        [one, all].into_iter().find_map(|(members, promised, by_one)| {
            let money = budget.filter(|budget| *budget < promised).map(Has::Money);
            let has = money.or(stock.filter(|stock| *stock < members).map(Has::Pieces))?;
            Some(Short { members, promised, by_one, has })
        })
    }

    /// The price for each member of a group with so many paid members.
    fn price_for(&self, paid: u32) -> Money {
        let reached = self.tiers.iter().filter(|tier| paid >= tier.size.get());
        reached.map(|tier| tier.price).min().unwrap_or(self.price)
    }

    /// Whether a group with these members has reached its goal at its end.
    fn succeeds(&self, progress: &Progress) -> bool {
        self.fills(progress) || progress.paid() >= self.size.get()
    }

    /// Whether someone may join a group that another leads.
    fn admits(&self, state: &State, by: Person) -> bool {
        self.new_members.is_none_or(|event| state.happened(by, event) == 0)
    }

    /// Until when others may join a group that ends at `until`.
    fn joins_until(&self, book: &Book, until: Time) -> Time {
        if self.join_after_end { until } else { until.min(book.current().runs.until) }
    }

    /// Finds another group for a payment that came too late for its own; whether it counts there.
    fn reroute<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        payment: Payment<'c>,
    ) -> bool {
        let play = on.state.play;
        let by = payment.by;
        if self.late == LatePayment::Refund
            || runs_in(cx, play, by, Some(on.loop_))
            || !self.admits(cx.state, by)
            || guard::check_helping(cx, play, on.play, by).is_err()
        {
            return false;
        }
        let state = cx.state;
        let agenda = state.agenda.iter().map(|(_, loop_)| *loop_).filter(|loop_| *loop_ != on.loop_);
        let of_play = agenda.filter(|loop_| state.loop_(*loop_).is_some_and(|other| other.play == play));
        let by_end = |loop_: Loop| (state.loop_(loop_).map(|other| other.until), loop_);
        let groups: SortedSet<(Option<Time>, Loop)> = of_play.take(REROUTED).map(by_end).collect();
        let other = groups.iter().map(|(_, loop_)| *loop_).find(|loop_| {
            let Some(other) = state.loop_(*loop_) else { return false };
            let super::Progress::GroupBuy(progress) = &other.progress else { return false };
            let same =
                |rules: &PlayRules| matches!(&rules.rules, super::Rules::GroupBuy(rules) if rules == self);
            cx.rules(other).is_some_and(same)
                && !state.ids.is_same(other.initiator, by)
                && self.status(other, progress, cx.at) == Status::Running
                && progress.slots(cx.at) < self.largest()
        });
        if let Some((loop_, other)) = other.and_then(|loop_| Some((loop_, state.loop_(loop_)?)))
            && let super::Progress::GroupBuy(progress) = &other.progress
        {
            let there: On<'_, '_, Progress> = On { loop_, state: other, progress, play: on.play };
            let mut group = Group::new(self, cx, &there);
            group.settle();
            if group.status == Status::Running && take_unit(group.cx, play, self.stock()).is_ok() {
                group.join(by, guard::device(group.cx, on.play));
                group.paid(payment);
                return true;
            }
            return false;
        }
        self.late == LatePayment::NewGroup && self.open_for(cx, on, payment)
    }

    /// Opens a group for a payment and lets it count there.
    fn open_for<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        payment: Payment<'c>,
    ) -> bool {
        let (play, by, at) = (on.state.play, payment.by, cx.at);
        let Ok(id) = cx.fresh_loop_id() else { return false };
        if cx.running().is_err() || take_unit(cx, play, self.stock()).is_err() {
            return false;
        }
        let loop_ = Loop::at(cx.state.loops.len());
        let until = at.after(self.within);
        cx.emit(Fact::Opened { loop_: id, play, by, until, order: None, device: guard::device(cx, on.play) });
        let progress = Progress::default();
        let mut group =
            Group { rules: self, cx, loop_, play, status: Status::Running, leader: by, until, progress };
        group.join(by, None);
        group.paid(payment);
        true
    }

    fn leave<'c>(
        &self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        if !on.progress.find(by).is_some_and(|(_, member)| member.holds_slot(cx.at)) {
            return Err(Code::NotMember.into());
        }
        let mut group = Group::new(self, cx, on);
        group.lapse();
        group.leave(by, true);
        Ok(())
    }

    /// Whether virtual members fill a group with these members at its end.
    fn fills(&self, progress: &Progress) -> bool {
        let paid = progress.paid();
        self.virtual_from.is_some_and(|from| {
            paid > 0 && paid.saturating_mul(100) >= from.get().saturating_mul(self.size.get())
        })
    }
}

/// Whether the participant holds a slot in another group of this play that still runs.
fn runs_in(cx: &Deciding<'_, '_>, play: Play, who: Person, except: Option<Loop>) -> bool {
    cx.state.loops_of(who).any(|loop_| Some(loop_) != except && holds_slot(cx.state, loop_, play, who, cx.at))
}

fn holds_slot(state: &State, loop_: Loop, play: Play, who: Person, at: Time) -> bool {
    let Some(other) = state.loop_(loop_).filter(|other| other.play == play) else { return false };
    let super::Progress::GroupBuy(progress) = &other.progress else { return false };
    let running = other.status == Status::Running && at < other.until;
    running && progress.find(who).is_some_and(|(_, member)| member.holds_slot(at))
}
