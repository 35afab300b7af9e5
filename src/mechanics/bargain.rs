//! Bargain (砍价): friends cut the price once each, and the initiator buys at what is left of it.
//!
//! * The price begins at `price` and never falls below `floor`. `helpers` cuts certainly bring it there, and views
//!   say how many are needed. The initiator's own cut, made on opening where `ownCut` says so, is one of them.
//! * Each friend cuts a loop once, within `within` of its opening and before the floor is reached; nobody cuts
//!   their own. Further limits are `limits`; the initiator's own cut counts towards none.
//! * With R minor units above the floor and L cuts left, this one among them, a cut is all of R if it is the last
//!   (L = 1); otherwise
//!   - with `fixed`: that amount;
//!   - with `range`: drawn from `from` to `to`, but from no less than R − (L − 1) × `to`, so that the floor stays
//!     within reach;
//!   - with neither: drawn from 1 to ⌊2 × R ÷ L⌋ − 1, which is R ÷ L on average and leaves a minor unit for every
//!     other cut.
//!
//!   No cut takes more than R. So the cuts of a bargain that reached its floor add up to `price` − `floor`.
//! * A new user's cut weighs `newBonus` (W) as much: W times what was fixed or drawn from the range; without these,
//!   drawn from 1 to the smaller of ⌊2 × R × W ÷ (L − 1 + W)⌋ − 1 and R − (L − 1). New is who is met by this very
//!   command, or was brought by the initiator and has taken part in nothing yet.
//! * The n-th cut is lowest + `below`(number of amounts) of the draw with purpose `bargain` and key `<loop>/<n>`,
//!   so that whoever has the campaign's seed can compute it again; ids of commands have no influence.
//! * `buyAt` `floor`: the initiator pays once the floor is reached, within `payWithin` of that moment. A bargain
//!   whose floor is not reached within `within` is over. `buyAt` `any`: the initiator pays the price as it is at
//!   any time, until `payWithin` after the floor is reached, or else after `within`. Paying completes the bargain.
//! * With `redeemGrace`, nothing is cut or paid later than that after the end of the campaign.
//! * A participant has one bargain of the play at a time, and only the initiator pays it. If the play `requires` an
//!   event with an order, a refund of that order ends a bargain that is not paid yet.
//! * Another amount than the price is refused and changes nothing. A payment that comes too late, twice, or finds
//!   no goods is recorded as `late`, and a refund is due.
//! * `stock` is the goods. A unit is taken by the payment, or with `reserve` `success` as soon as the floor is
//!   reached; then it is back when the time to pay is over. A refund brings it back as well. Without a unit left no
//!   bargain is opened, and a cut that would have to reserve one is refused.
//!
//! Example: `{ "price": "99.00", "floor": "9.00", "helpers": 3, "within": "24h" }`. Ann opens at 10:00. Bo's cut is
//! drawn from 0.01 to ⌊2 × 9000 ÷ 3⌋ − 1 = 59.99, say 24.50: the price is 74.50. Cy's from 0.01 to ⌊2 × 6550 ÷ 2⌋ −
//! 1 = 65.49, say 40.00: 34.50. Di's is the rest, 25.50, and the price 9.00. Ann has a day to pay it. Had Di come
//! at 10:00 the next day, she would have met `LOOP_EXPIRED`.

use super::abuse::{Recipe, Scheme};
use super::{Keep, Kept, Looking, Mechanic, On, Opening, Payment, runs_one, take_unit};
use crate::campaign::decode::{COMPLETE, Cx};
use crate::campaign::document::{choices, document};
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::draw::Draw;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Offer, PersonLook};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;

document! {
    /// 砍价: friends cut the price once each, and the initiator buys at what is left of it.
    pub struct Rules {
        /// The price before any cut.
        pub price: Money,
        /// The lowest price.
        pub floor: Money,
        /// How many cuts certainly reach the floor.
        pub helpers: Int<1, 500>,
        /// How long friends can cut.
        pub within: Span,
        /// How much each cut takes, if all take the same.
        pub fixed: Option<Money>,
        /// Between which amounts each cut is drawn; without `fixed` and `range` the cuts split what there is to cut.
        pub range: Option<Range>,
        /// How much more the cut of a new user weighs.
        pub new_bonus: Option<Int<2, 10>>,
        /// Whether the initiator makes the first cut by opening.
        pub own_cut: bool = false,
        /// From which price on the initiator can buy.
        pub buy_at: BuyAt = BuyAt::Floor,
        /// How long the initiator can pay once the cutting is over.
        pub pay_within: Span = Span(86_400_000),
        /// How long after the campaign's end the initiator can still pay; absent, as long as `payWithin` says.
        pub redeem_grace: Option<Span>,
        /// Goods for sale in all.
        pub stock: Option<Int<1, 100_000_000>>,
        /// When a unit of the goods is taken.
        pub reserve: Reserve = Reserve::Payment,
    }
}

document! {
    /// Between which amounts a cut is drawn.
    pub struct Range {
        /// The smallest cut, but for the last.
        pub from: Money,
        /// The largest cut.
        pub to: Money,
    }
}

choices! {
    /// From which price on the initiator can buy.
    pub enum BuyAt {
        /// At the lowest price alone.
        Floor = "floor",
        /// At any price.
        Any = "any",
    }
}

choices! {
    /// When a unit of the goods is taken.
    pub enum Reserve {
        /// By the payment.
        Payment = "payment",
        /// As soon as the floor is reached.
        Success = "success",
    }
}

/// The cuts of a bargain in order, and what became of the goods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    cuts: Vec<Cut>,
    /// Until when a payment can count at the latest.
    latest: Option<Time>,
    reached: Option<Time>,
    order: Option<Order>,
    /// Whether a unit of the goods is taken.
    held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    who: Person,
    amount: Money,
    at: Time,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Help, Act::Pay, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        if runs_one(opening.cx, opening.play, opening.by) {
            return Err(Code::LoopRunning.into());
        }
        take_unit(opening.cx, opening.play, self.stock())?;
        let ends = opening.cx.book.current().runs.until;
        let cap = self.redeem_grace.map_or(Time::NEVER, |grace| ends.after(grace));
        let until = opening.cx.at.after(self.within).min(cap);
        let (loop_, by) = (opening.loop_(), opening.by);
        opening.emit(until);
        let latest = until.after(self.pay_within).min(cap);
        opening.cx.emit(Fact::Joined { loop_, by, until: latest, device: None });
        if self.own_cut {
            let amount = self.cut(opening.cx, opening.id, &Progress::default(), 1);
            let price = self.price.minus(amount);
            opening.cx.emit(Fact::Cut { loop_, by, amount, price, have: 1, device: None });
        }
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        if on.progress.reached.is_some() {
            return Err(Code::LoopComplete.into());
        }
        if cx.at >= on.state.until {
            return Err(Rejection::new(Code::LoopExpired).until(on.state.until));
        }
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        if on.progress.cuts.iter().any(|cut| cut.who == by) {
            return Err(Code::AlreadyHelped.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let weight =
            self.new_bonus.filter(|_| is_new(cx, on.state.initiator, by)).map_or(1, |bonus| bonus.get());
        let amount = self.cut(cx, cx.state.loop_names.text(on.loop_.0), on.progress, weight);
        let price = self.price_of(on.progress).minus(amount);
        if price <= self.floor && self.reserve == Reserve::Success {
            take_unit(cx, on.state.play, self.stock())?;
        }
        let device = guard::device(cx, on.play);
        let have = on.progress.count() + 1;
        cx.emit(Fact::Cut { loop_: on.loop_, by, amount, price, have, device });
        Ok(())
    }

    fn pay<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        payment: Payment<'c>,
    ) -> Result<(), Rejection<'c>> {
        let Payment { by, order, amount } = payment;
        let (loop_, play, held) = (on.loop_, on.state.play, on.progress.held);
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        let status = self.status(on.state, on.progress, cx.at);
        let early = self.buy_at == BuyAt::Floor && on.progress.reached.is_none();
        if status == Status::Running && early {
            return Err(Rejection::new(Code::FloorNotReached).amount(self.floor));
        }
        let price = self.price_of(on.progress);
        if amount != price {
            return Err(Rejection::new(Code::AmountMismatch).amount(price));
        }
        self.settle(cx, on);
        let obstacle = match status {
            Status::Complete => Some(Reason::Twice),
            Status::Expired => Some(Reason::Expired),
            Status::Running if held => None,
            Status::Running => take_unit(cx, play, self.stock()).err().map(|_| Reason::Stock),
        };
        match obstacle {
            Some(reason) => {
                let handle = cx.order(order);
                cx.emit(Fact::Late { loop_, by, order, amount });
                if amount > Money::default() {
                    cx.emit(Fact::RefundDue { loop_, by, order: handle, amount, reason });
                }
            }
            None => {
                cx.emit(Fact::Paid { loop_, by, order, amount });
                cx.emit(Fact::Completed { loop_ });
            }
        }
        Ok(())
    }

    /// Without the order that entitled the initiator to it, a bargain that is not paid yet ends.
    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, _by: Person, order: Order) {
        let entitles = on.state.order.get() == Some(order);
        if entitles && self.status(on.state, on.progress, cx.at) == Status::Running {
            end(cx, &on);
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        let running = on.state.status == Status::Running;
        if running && cx.at >= self.ends(on.progress, on.state.until) {
            end(cx, &on);
        }
    }

    fn take_goods<'c>(&'c self, cx: &mut Deciding<'_, 'c>, play: Play) -> Result<(), Rejection<'c>> {
        take_unit(cx, play, self.stock())
    }

    fn status(&self, state: &LoopState, progress: &Progress, at: Time) -> Status {
        match state.status {
            Status::Running if at >= self.ends(progress, state.until) => Status::Expired,
            status => status,
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { until, .. } => progress.latest = Some(until),
            Fact::Cut { by: who, amount, price, .. } => {
                progress.cuts.push(Cut { who, amount, at });
                if price <= self.floor {
                    progress.reached = Some(at);
                    if self.reserve == Reserve::Success {
                        keep.goods += progress.hold(true);
                    }
                }
            }
            Fact::Paid { .. } => {
                progress.order = keep.order;
                keep.goods += progress.hold(true);
            }
            Fact::Lapsed { .. } => keep.goods += progress.hold(false),
            Fact::Refunded { .. } if progress.order.is_some() && progress.order == keep.order => {
                keep.goods += progress.hold(false);
            }
            _ => {}
        }
    }

    fn due(&self, progress: &Progress, until: Time) -> Time {
        self.ends(progress, until)
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, at) = (looking.state, looking.at);
        let helped = |who: &Person| progress.cuts.iter().any(|cut| cut.who == *who);
        let price = self.price_of(progress);
        let ends = self.ends(progress, state.until);
        let open = self.status(state, progress, at) == Status::Running;
        let cutting = open && progress.reached.is_none() && at < state.until;
        let payable = open && (progress.reached.is_some() || self.buy_at == BuyAt::Any);
        let standing = match (progress.order, progress.held) {
            (Some(_), true) => "paid",
            (Some(_), false) => "refunded",
            (None, _) if cutting => "cutting",
            (None, _) if payable => "to-pay",
            (None, _) => "void",
        };
        let units = |money: Money| u64::try_from(money.0).unwrap_or(0);
        let goods = ItemName::Text(String::from("price"));
        let cut = units(self.price.minus(price));
        let goods = ItemLook {
            amount: Some(self.floor),
            at: Some(ends),
            ..ItemLook::new("goods", goods, cut, units(self.price.minus(self.floor)), standing)
        };
        let cuts = (1..).zip(&progress.cuts).map(|(number, cut)| ItemLook {
            amount: Some(cut.amount),
            at: Some(cut.at),
            ..ItemLook::new("cut", ItemName::Person(cut.who), number, 0, "cut")
        });
        let people = progress.cuts.iter();
        Look {
            role: looking.who.filter(|who| *who != state.initiator && helped(who)).map(|_| "helper"),
            have: progress.count(),
            need: progress.count().saturating_add(self.needed(progress)),
            people: people
                .map(|cut| PersonLook { at: Some(cut.at), ..PersonLook::new(cut.who, "helped") })
                .gather(),
            pay: (payable && looking.who == Some(state.initiator)).then_some((price, ends)),
            items: core::iter::once(goods).chain(cuts).gather(),
            amount: Some(price),
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        Vec::new()
    }

    fn together(&self) -> Option<Money> {
        Some(self.floor)
    }

    fn stock(&self) -> Option<u32> {
        self.stock.map(|stock| stock.get())
    }

    fn schemes(&self) -> Vec<Scheme> {
        let times = self.stock.map(Int::get);
        vec![Scheme {
            saves: self.price.minus(self.floor),
            times,
            ..Scheme::new(Recipe::Help, self.helpers.get())
        }]
    }

    fn window(&self) -> Option<Span> {
        Some(self.within)
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Cut]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        Vec::new()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let digits = cx.digits;
    let money = |amount: Money| amount.display(digits);
    let place = |key: &str| node.get(key).map_or(node.start, |value| value.start);
    if rules.floor >= rules.price {
        cx.within("floor", |cx| {
            cx.error(code::FLOOR_HIGH, place("floor"), |_| {
                (
                    String::from("There is nothing to cut: `floor` must be lower than `price`."),
                    String::from("没有可砍的空间：`floor` 应低于 `price`。"),
                )
            });
        });
        return;
    }
    let bad_range = rules.range.as_ref().is_some_and(|range| range.from.0 == 0 || range.from > range.to);
    if rules.fixed == Some(Money(0)) || bad_range || (rules.fixed.is_some() && rules.range.is_some()) {
        let key = if bad_range { "range" } else { "fixed" };
        cx.within(key, |cx| {
            cx.error(code::CUT_SHAPE, place(key), |_| {
                (
                    String::from(
                        "Give either `fixed` or `range`; every cut is more than 0, and `from` is at most `to`.",
                    ),
                    String::from("`fixed` 和 `range` 只能填一个；每刀应大于 0，且 `from` 不大于 `to`。"),
                )
            });
        });
        return;
    }
    let total = rules.price.minus(rules.floor);
    let helpers = rules.helpers.get();
    let times = |amount: Money, count: u32| Money(amount.0.saturating_mul(i64::from(count)));
    let most = rules.fixed.or(rules.range.as_ref().map(|range| range.to));
    let too_little = most.filter(|most| times(*most, helpers) < total);
    let too_many = i64::from(helpers) > total.0;
    if !too_many && too_little.is_none() {
        if COMPLETE {
            check_pointless(rules, node, cx);
        }
        return;
    }
    cx.within("helpers", |cx| {
        cx.error(code::REACH_FLOOR, place("helpers"), |_| match too_little {
            Some(most) if !too_many => {
                let (most, all) = (money(most), money(total));
                (
                    format!(
                        "{helpers} cuts of at most {most} do not reach the floor, {all} below the price."
                    ),
                    format!("{helpers} 刀每刀最多 {most}，砍不完 {all}，到不了底价。"),
                )
            }
            _ => {
                let (least, all) = (money(Money(1)), money(total));
                (
                    format!("{helpers} cuts of at least {least} are more than the {all} there is to cut."),
                    format!("{helpers} 刀每刀至少 {least}，超过了可砍金额 {all}。"),
                )
            }
        });
    });
}

/// Warns of cuts that nobody needs.
fn check_pointless(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let helpers = rules.helpers.get();
    let needed = rules.needed(&Progress::default());
    let alone = rules.own_cut && needed == 1;
    if needed == helpers && !alone {
        return;
    }
    let (en, zh) = if alone {
        (
            String::from("The initiator's own cut reaches the floor, so nobody has to be asked."),
            String::from("发起人自己一刀就到底价，不需要邀请任何人。"),
        )
    } else {
        (
            format!("{needed} cuts reach the floor at the latest, so {helpers} are never needed."),
            format!("最多 {needed} 刀就到底价，用不到 {helpers} 刀。"),
        )
    };
    let offset = node.get("helpers").map_or(node.start, |value| value.start);
    cx.within("helpers", |cx| {
        cx.warning(code::REACH_CUTS, offset, |_| (en, zh));
    });
}

impl Rules {
    fn price_of(&self, progress: &Progress) -> Money {
        progress.cuts.iter().fold(self.price, |price, cut| price.minus(cut.amount))
    }

    /// How many further cuts certainly reach the floor.
    fn needed(&self, progress: &Progress) -> u32 {
        let rest = u64::try_from(self.price_of(progress).minus(self.floor).0).unwrap_or(0);
        let left = self.helpers.get().saturating_sub(progress.count());
        let least = self.fixed.or(self.range.as_ref().map(|range| range.from));
        match least.and_then(|least| u64::try_from(least.0).ok()) {
            _ if rest == 0 => 0,
            Some(least) => u32::try_from(rest.div_ceil(least.max(1))).map_or(left, |needed| needed.min(left)),
            None => left,
        }
    }

    /// How much the next cut takes, by someone whose cut weighs this much.
    fn cut(&self, cx: &Deciding<'_, '_>, loop_: &str, progress: &Progress, weight: u32) -> Money {
        let units = |money: Money| u64::try_from(money.0).unwrap_or(0);
        let rest = units(self.price_of(progress).minus(self.floor));
        let others = u64::from(self.helpers.get().saturating_sub(progress.count()).saturating_sub(1));
        let weight = u64::from(weight);
        let mut draw = Draw::new(&cx.book.seed, "bargain", &format!("{loop_}/{}", progress.count() + 1));
        let amount = if others == 0 {
            rest
        } else if let Some(fixed) = self.fixed {
            units(fixed).saturating_mul(weight)
        } else if let Some(range) = &self.range {
            let least = units(range.from).max(rest.saturating_sub(others.saturating_mul(units(range.to))));
            let amounts = units(range.to).saturating_sub(least).saturating_add(1);
            least.saturating_add(draw.below(amounts)).saturating_mul(weight)
        } else {
            let shares = others.saturating_add(weight);
            let twice = rest.saturating_mul(2).saturating_mul(weight).checked_div(shares).unwrap_or(0);
            let most = twice.saturating_sub(1).min(rest.saturating_sub(others)).max(1);
            draw.below(most).saturating_add(1)
        };
        Money(i64::try_from(amount.min(rest)).unwrap_or(i64::MAX))
    }

    /// When the bargain is over unless it is paid; by then the initiator's time to pay is over as well.
    fn ends(&self, progress: &Progress, until: Time) -> Time {
        let paying = |from: Time| from.after(self.pay_within).min(progress.latest.unwrap_or(Time::NEVER));
        match (progress.reached, self.buy_at) {
            (Some(reached), _) => paying(reached),
            (None, BuyAt::Any) => paying(until),
            (None, BuyAt::Floor) => until,
        }
    }
}

/// Ends a bargain unpaid; a unit that was kept for it is back.
fn end(cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>) {
    if on.progress.held {
        cx.emit(Fact::Lapsed { loop_: on.loop_, by: on.state.initiator });
    }
    cx.emit(Fact::Expired { loop_: on.loop_ });
}

/// Whether a participant was met through the initiator's bargain.
fn is_new(cx: &Deciding<'_, '_>, initiator: Person, by: Person) -> bool {
    cx.state
        .person(by)
        .is_none_or(|_| cx.state.inviter(by) == Some(initiator) && cx.state.loops_of(by).next().is_none())
}

impl Progress {
    fn count(&self) -> u32 {
        u32::try_from(self.cuts.len()).unwrap_or(u32::MAX)
    }

    /// Takes a unit of the goods or gives it back; by how much more of the stock is used then.
    fn hold(&mut self, held: bool) -> i32 {
        let before = core::mem::replace(&mut self.held, held);
        i32::from(held) - i32::from(before)
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        for time in [self.latest, self.reached] {
            time.unwrap_or(Time(-1)).pack(out);
        }
        self.order.pack(out);
        self.held.pack(out);
        self.cuts.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let [latest, reached] = [from.read(), from.read()].map(|time| Some(time).filter(|at| *at >= Time(0)));
        Progress { latest, reached, order: from.read(), held: from.read(), cuts: from.read() }
    }
}

packed! { Cut { who, amount, at } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.cuts.capacity() * size_of::<Cut>()
    }

    fn knows(&self, who: Person) -> bool {
        self.cuts.iter().any(|cut| cut.who == who)
    }
}
