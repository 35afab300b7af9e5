//! Unlock (一元解锁): people pay a little, or help, and together they unlock the content for all who paid.
//!
//! * A loop is open for `within` from its opening. It is complete, once, as soon as `payers` people have paid
//!   `price` and `helpers` others have helped; of the two, what is not given is not needed.
//! * A participant has one loop of their own in the play at a time.
//! * The initiator may pay and counts among the payers. Each participant pays a loop once and helps it once; who
//!   helps may pay as well. Nobody helps their own. Further limits are `limits`; the initiator's payment counts
//!   towards none.
//! * On completion, and never before, everyone who has paid gets `give`, in the order of paying, and then the
//!   initiator, paid or not. Nobody gets it twice.
//! * A payment that cannot count (unlocked or enough paid already, over, limited, or paid twice) is recorded as
//!   `late`, and a refund is due. Another amount than the price is refused and changes nothing.
//! * At its end a loop that is not complete expires, and every payment is due back. Whether or not anything has
//!   settled it, a payment or help at that instant does not count.
//! * A refund before completion gives the place back: it counts no more, and the participant may pay again. A
//!   refund after completion takes this payer's `give` back; the content stays unlocked for the others.
//! * If the play `requires` an event with an order, a refund of that order ends a loop that is not complete, with
//!   the payments due back, and takes the initiator's `give` back if it is.
//!
//! Example: `{ "price": "1.00", "payers": 3, "within": "24h", "give": ["lesson"] }`. Ann opens at 10:00 and pays
//! 1.00 (1 of 3). Bo pays at 11:00 (2 of 3), nobody has the lesson yet. Cy pays at 12:00: complete, and Ann, Bo and
//! Cy get the lesson. Di's 1.00 at 13:00 is `late` and due back. Had Cy come at 10:00 the next day, all three
//! payments would be.

use super::abuse::{Recipe, Scheme};
use super::{Keep, Kept, Looking, Mechanic, On, Opening, Payment, runs_one};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Order, Person, Reward};
use crate::engine::money::Money;
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::Status;
use crate::engine::time::{Span, Time};
use crate::engine::view::{Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 一元解锁: people pay a little, or help, and together they unlock the content.
    pub struct Rules {
        /// What each payer pays.
        pub price: Option<Money>,
        /// How many people have to pay.
        pub payers: Option<Int<1, 500>>,
        /// How many people have to help.
        pub helpers: Option<Int<1, 500>>,
        /// How long a loop stays open.
        pub within: Span,
        /// What everyone who paid and the initiator get once it is unlocked.
        pub give: Vec<Reward> = Vec::new(),
    }
}

/// Who has paid and who has helped, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    payers: Vec<Payer>,
    helpers: Vec<Person>,
    over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Payer {
    who: Person,
    at: Time,
    order: Order,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Paid,
    /// The loop expired; the refund is due.
    Owed,
    Refunded,
}

/// The cause of the initiator's grants; those of the n-th payer have cause n.
const INITIATOR: u32 = 0;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Help, Act::Pay, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        if runs_one(opening.cx, opening.play, opening.by) {
            return Err(Code::LoopRunning.into());
        }
        let until = opening.cx.at.after(self.within);
        opening.emit(until);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let need = self.helpers.map_or(0, Int::get);
        if need == 0 {
            return Err(Rejection::new(Code::ActionUnknown).name(cx.act.name()));
        }
        cx.loop_running(on.play, on.state)?;
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        if on.progress.helpers.contains(&by) {
            return Err(Code::AlreadyHelped.into());
        }
        if on.progress.helped() >= need {
            return Err(Code::GroupFull.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let have = on.progress.helped() + 1;
        cx.emit(Fact::Helped { loop_: on.loop_, by, have, need, device });
        self.complete_if(cx, &on, None, have);
        Ok(())
    }

    fn pay<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        payment: Payment<'c>,
    ) -> Result<(), Rejection<'c>> {
        let Payment { by, order, amount } = payment;
        let loop_ = on.loop_;
        let price = self.price.ok_or(Rejection::new(Code::ActionUnknown).name("pay"))?;
        if amount != price {
            return Err(Rejection::new(Code::AmountMismatch).amount(price));
        }
        let status = self.status(on.state, on.progress, cx.at);
        let own = on.state.initiator == by;
        let obstacle = match status {
            _ if on.progress.find(by).is_some() => Some(Reason::Twice),
            Status::Complete => Some(Reason::Full),
            Status::Expired => Some(Reason::Expired),
            Status::Running if on.progress.paid() >= self.payers.map_or(0, Int::get) => Some(Reason::Full),
            Status::Running => (!own && guard::check_helping(cx, on.state.play, on.play, by).is_err())
                .then_some(Reason::Limit),
        };
        let handle = cx.order(order);
        if let Some(reason) = obstacle {
            self.settle(cx, on);
            cx.emit(Fact::Late { loop_, by, order, amount });
            cx.emit(Fact::RefundDue { loop_, by, order: handle, amount, reason });
            return Ok(());
        }
        if !own {
            let device = guard::device(cx, on.play);
            cx.emit(Fact::Joined { loop_, by, until: on.state.until, device });
        }
        cx.emit(Fact::Paid { loop_, by, order, amount });
        self.complete_if(cx, &on, Some(by), on.progress.helped());
        Ok(())
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person, order: Order) {
        let status = self.status(on.state, on.progress, cx.at);
        let paid = (1..).zip(&on.progress.payers).find(|(_, payer)| payer.order == order);
        match (status, paid) {
            (Status::Running, Some(_)) => cx.emit(Fact::Left { loop_: on.loop_, by }),
            (Status::Complete, Some((number, payer))) if payer.standing == Standing::Paid => {
                let cause = if by == on.state.initiator { INITIATOR } else { number };
                rewards::revoke(cx, on.loop_, cause, "order refunded");
            }
            _ => {}
        }
        if on.state.order.get() == Some(order) {
            match status {
                Status::Running => self.expire(cx, &on),
                Status::Complete => rewards::revoke(cx, on.loop_, INITIATOR, "order refunded"),
                Status::Expired => {}
            }
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        if on.state.status == Status::Running && cx.at >= on.state.until {
            self.expire(cx, &on);
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Helped { by, .. } => progress.helpers.push(by),
            Fact::Paid { by: who, .. } => {
                if let Some(order) = keep.order {
                    progress.payers.push(Payer { who, at, order, standing: Standing::Paid });
                }
            }
            Fact::Left { by, .. } => progress.payers.retain(|payer| payer.who != by),
            Fact::Completed { .. } => progress.over = true,
            Fact::Expired { .. } => {
                progress.over = true;
                progress.payers.iter_mut().for_each(|payer| payer.standing = Standing::Owed);
            }
            // Before the end `left` tells of it.
            Fact::Refunded { .. } if progress.over => {
                let mine = |payer: &&mut Payer| Some(payer.order) == keep.order;
                if let Some(payer) = progress.payers.iter_mut().find(mine) {
                    payer.standing = Standing::Refunded;
                }
            }
            _ => {}
        }
    }

    fn due(&self, _progress: &Progress, until: Time) -> Time {
        until
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let open = self.status(state, progress, looking.at) == Status::Running;
        let (payers, helpers) = (self.payers.map_or(0, Int::get), self.helpers.map_or(0, Int::get));
        let free = payers.saturating_sub(progress.paid());
        let mut looks = Vec::new();
        let paid = looking.who.and_then(|who| progress.find(who));
        let own = looking.who == Some(state.initiator);
        let concerned = own || paid.is_some() || (open && payers > 0);
        if let Some(who) = looking.who.filter(|_| concerned) {
            let pays = paid.is_none() && !own;
            let mut steps = Vec::new();
            if pays {
                steps.push(self.step(Need::JoinHere, 1, state.until));
            }
            let others = free.saturating_sub(u32::from(pays));
            if others > 0 {
                steps.push(self.step(Need::Join, others, state.until));
            }
            let helps = helpers.saturating_sub(progress.helped());
            if helps > 0 {
                steps.push(Step { amount: None, ..self.step(Need::Help, helps, state.until) });
            }
            let cause = match paid {
                _ if own => INITIATOR,
                Some((number, _)) => number,
                None => u32::MAX,
            };
            let reachable = open && (!pays || free > 0);
            let look = |reward: &Reward| RewardLook::new(*reward, who, cause, reachable, steps.clone());
            looks.extend(self.give.iter().map(look));
        }
        let price = self.price.filter(|_| open && paid.is_none() && free > 0);
        let payers_look = progress.payers.iter().map(|payer| {
            let status = match payer.standing {
                Standing::Paid => "paid",
                Standing::Owed => "refund-due",
                Standing::Refunded => "refunded",
            };
            PersonLook { at: Some(payer.at), ..PersonLook::new(payer.who, status) }
        });
        let helpers_look = progress.helpers.iter().map(|who| PersonLook::new(*who, "helped"));
        let helped = looking.who.is_some_and(|who| progress.helpers.contains(&who));
        let role = match paid {
            _ if looking.who == Some(state.initiator) => None,
            Some(_) => Some("member"),
            None => helped.then_some("helper"),
        };
        Look {
            role,
            have: progress.paid().saturating_add(progress.helped()),
            need: payers.saturating_add(helpers),
            people: payers_look.chain(helpers_look).gather(),
            pay: price.map(|price| (price, state.until)),
            rewards: looks,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let at = self.payers.map_or(0, Int::get).saturating_add(self.helpers.map_or(0, Int::get));
        let side = |side: Side| self.give.iter().map(move |reward| Offer { side, reward: *reward, at });
        let members = self.payers.map(|_| Side::Member);
        side(Side::Initiator).chain(members.into_iter().flat_map(side)).gather()
    }

    fn together(&self) -> Option<Money> {
        self.price
    }

    fn window(&self) -> Option<Span> {
        Some(self.within)
    }

    fn schemes(&self) -> Vec<Scheme> {
        let (payers, helpers) = (self.payers.map_or(0, Int::get), self.helpers.map_or(0, Int::get));
        let paid = self.price.unwrap_or_default().times(payers);
        let gives = self.give.iter().map(|reward| (*reward, 1 + u64::from(payers))).gather();
        let saves = Money(0).minus(paid);
        vec![Scheme { gives, saves, ..Scheme::new(Recipe::Help, payers.saturating_add(helpers)) }]
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Help, super::leaderboard::Count::Join]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let most = self.payers.map_or(0, Int::get).saturating_add(1);
        self.give.iter().map(|reward| (*reward, most)).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let paid = rules.price.is_some_and(|price| price > Money(0));
    if rules.price.is_some() != rules.payers.is_some() || (rules.price.is_some() && !paid) {
        let (key, en, zh) = if rules.payers.is_some() {
            (
                "price",
                "People are to pay: give a `price` above 0.",
                "需要付费人数时，请填写大于 0 的 `price`。",
            )
        } else {
            (
                "payers",
                "There is a price: give the number of `payers`.",
                "填写了价格时，请填写付费人数 `payers`。",
            )
        };
        let offset = node.get(key).map_or(node.start, |value| value.start);
        cx.within(key, |cx| {
            cx.error(code::UNLOCK_SHAPE, offset, |_| (String::from(en), String::from(zh)));
        });
    } else if rules.payers.is_none() && rules.helpers.is_none() {
        cx.error(code::UNLOCK_SHAPE, node.start, |_| {
            (
                String::from(
                    "Nobody pays or helps here: give `price` and `payers`, or `helpers`, or all of them.",
                ),
                String::from("没有人付费或助力：请填写 `price` 和 `payers`，或 `helpers`，或全部填写。"),
            )
        });
    } else if rules.give.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("There is nothing to unlock here: add `give`."),
                String::from("没有可解锁的内容：请填写 `give`。"),
            )
        });
    }
}

impl Rules {
    /// Completes the loop if nobody is missing any more; `payer` is who has just paid.
    fn complete_if<'c>(
        &self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        payer: Option<Person>,
        helped: u32,
    ) {
        let all = on.progress.payers.iter().map(|payer| payer.who).chain(payer);
        let paid = on.progress.paid().saturating_add(u32::from(payer.is_some()));
        if paid < self.payers.map_or(0, Int::get) || helped < self.helpers.map_or(0, Int::get) {
            return;
        }
        cx.emit(Fact::Completed { loop_: on.loop_ });
        let initiator = on.state.initiator;
        let others = (1..).zip(all).filter(|(_, who)| *who != initiator);
        for (cause, who) in others.chain([(INITIATOR, initiator)]) {
            for reward in &self.give {
                rewards::grant(cx, on.loop_, *reward, who, cause);
            }
        }
    }

    /// Ends the loop; every payment but the one this very command refunded is due back.
    fn expire(&self, cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>) {
        let loop_ = on.loop_;
        let left: Vec<Person> = cx
            .facts
            .iter()
            .filter_map(|fact| match *fact {
                Fact::Left { loop_: other, by } if other == loop_ => Some(by),
                _ => None,
            })
            .gather();
        cx.emit(Fact::Expired { loop_ });
        for payer in on.progress.payers.iter().filter(|payer| !left.contains(&payer.who)) {
            let known = cx.state.orders.get(payer.order.index());
            let amount = known.map_or(self.price.unwrap_or_default(), |order| order.amount);
            let (by, order, reason) = (payer.who, payer.order, Reason::Expired);
            cx.emit(Fact::RefundDue { loop_, by, order, amount, reason });
        }
    }

    fn step(&self, need: Need, count: u32, until: Time) -> Step {
        Step { until: Some(until), amount: self.price, ..Step::new(need, count) }
    }
}

impl Progress {
    fn find(&self, who: Person) -> Option<(u32, Payer)> {
        (1u32..).zip(&self.payers).find(|(_, payer)| payer.who == who).map(|(number, payer)| (number, *payer))
    }

    fn paid(&self) -> u32 {
        u32::try_from(self.payers.len()).unwrap_or(u32::MAX)
    }

    fn helped(&self) -> u32 {
        u32::try_from(self.helpers.len()).unwrap_or(u32::MAX)
    }
}

packed! {
    Progress { over, payers, helpers }
    Payer { who, at, order, standing }
}

packed! { enum Standing { Paid, Owed, Refunded } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.payers.capacity() * size_of::<Payer>() + self.helpers.capacity() * size_of::<Person>()
    }

    fn knows(&self, who: Person) -> bool {
        self.helpers.contains(&who) || self.payers.iter().any(|payer| payer.who == who)
    }
}
