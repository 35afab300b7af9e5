//! Commission (分销): distributors bring customers and earn a share of what these buy, on one or two levels.
//!
//! * A distributor has one loop, from opening it until the campaign ends. Who may open one: everyone; who had
//!   the event `requires`; who has orders of `spend` in all that were not refunded. A distributor stays one,
//!   but a refund of the order behind `requires` ends the loop.
//! * A customer is bound to a distributor by `join`ing the loop, or by coming by its link or code where
//!   nothing forbids it. `bind` says when: `first` binds who is not bound; `register` the same, but only before
//!   `bindWithin` has passed since the event `bindAfter` first happened to them; `last` binds anew each time,
//!   but not before a binding has stood for `protect`. A binding counts for `bindFor`, or until the campaign
//!   ends, and only while the distributor's loop runs. Nobody is bound to themselves or to someone who is,
//!   over any number of bindings, bound to them. `newUser` says who counts as a new customer. `inviter` leaves all of this
//!   to the document's `inviters`: a customer is bound to the loop of their inviter as soon as they have one, or come by
//!   its link after it was opened, and moves on with them.
//! * An order is the event `order` with an `order` and an `amount` above zero. Level 1 goes to the distributor
//!   whom the buyer is bound to at that moment, level 2 to the one whom that distributor is bound to. With
//!   `ownOrders`, a buyer who is a distributor earns level 1 of their own orders, and level 2 goes to the one
//!   they are bound to. Orders from before the binding earn nothing.
//! * A level earns `percent` of the base, rounded down to a minor unit, or `fixed` for each of the `count`
//!   pieces of the order; `fixed` comes before `percent`, even if it is 0. The base is what was `paid` or the
//!   list `price` of the whole order; without a price in the event, that base is zero. What comes to
//!   zero is not earned. Each level is reckoned by the rules that its own distributor's loop was opened under.
//! * What is earned is a grant of the cash reward `give`, frozen for its `hold`. A refund of the order takes
//!   it back once on both levels: cancelled while it is frozen or not handed over; after that owed or
//!   kept, as the reward's `clawback` says.
//!
//! Example: `{ "order": "order-paid", "base": "paid", "levels": [{ "percent": "10%" }, { "percent": "3%" }] }`.
//! Ann is a distributor, Bo joins Ann and opens a loop as well, Cy joins Bo. Cy's order of 99.99 earns Bo 9.99
//! and Ann 2.99. Bo's own order of 50.00 earns Ann 5.00. Cy's refund takes 9.99 and 2.99 back.

use super::abuse::Scheme;
use super::lineage::{NewUser, is_above};
use super::{Keep, Kept, Looking, Mechanic, On, Opening};
use crate::campaign::decode::{COMPLETE, Cx};
use crate::campaign::document::{choices, document};
use crate::campaign::problem::code;
use crate::campaign::units::{List, Percent};
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, Grant, Loop, Maybe, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::pack::{Packed, Unpacker, packed, put_flags};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, GrantStatus, LoopState, OrderStatus, State, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;
use crate::sorted::Sorted;

document! {
    /// 分销: distributors earn a share of what their customers buy, on one or two levels.
    pub struct Rules {
        /// The event that tells of an order, with `order`, `amount` and, where they matter, `price` and `count`.
        pub order: Event,
        /// What an order earns whom the buyer is bound to, then whom that one is bound to: one or two levels.
        pub levels: List<Level, 1, 20>,
        /// The cash reward that commission is paid as; its `hold` is the time it is frozen.
        pub give: Reward,
        /// What a percentage is reckoned on.
        pub base: Base,
        /// When a customer is bound.
        pub bind: Bind = Bind::First,
        /// For `register`: the event after which the time to bind runs.
        pub bind_after: Option<Event>,
        /// For `register`: how long after that event a customer can be bound.
        pub bind_within: Option<Span>,
        /// For `last`: how long a binding stands before another distributor can take over.
        pub protect: Option<Span>,
        /// How long a binding counts; without it until the campaign ends.
        pub bind_for: Option<Span>,
        /// Whether distributors earn from what they buy themselves.
        pub own_orders: bool = false,
        /// What someone must have spent on orders before they can become a distributor.
        pub spend: Option<Money>,
        /// Who can be bound, if not everyone.
        pub new_user: Option<NewUser>,
    }
}

document! {
    /// What a level earns: `percent`, or `fixed` which comes first.
    pub struct Level {
        /// The share of the base, rounded down.
        pub percent: Option<Percent>,
        /// The amount for each piece of an order.
        pub fixed: Option<Money>,
    }
}

choices! {
    /// What a percentage is reckoned on.
    pub enum Base {
        /// What was paid for the order.
        Paid = "paid",
        /// The list price of the order.
        Price = "price",
    }
}

choices! {
    /// When a customer is bound to a distributor.
    pub enum Bind {
        /// Once, whenever they are not bound.
        First = "first",
        /// Once, and only shortly after registering.
        Register = "register",
        /// Each time, to the distributor they came by last.
        Last = "last",
        /// As the document's `inviters` says, to the loop of whoever is their inviter.
        Inviter = "inviter",
    }
}

/// What a distributor has: customers, and what their orders earned in the order of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    customers: Sorted<Person, Customer>,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Customer {
    since: Time,
    until: Time,
    /// Not bound to someone else since.
    bound: bool,
}

/// What one order earned. The n-th item's grant has the cause n, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    order: Maybe<Order>,
    at: Time,
    level: u32,
    amount: Money,
    /// The number of the loop's latest grant when the next item came.
    grants: u32,
    refunded: bool,
    /// It was handed over before it was taken back.
    owed: bool,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Join, Act::Share];
    const FOLLOWS_GRANTS: bool = true;

    const LOOPS: super::Loops = super::Loops::Personal;

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        if let Some(spend) = self.spend {
            let more = spend.minus(self.spent(opening.cx.state, opening.by));
            if more > Money(0) {
                let name = opening.cx.book.names.event_name(self.order);
                return Err(Rejection::new(Code::NotDistributor).amount(more).name(name));
            }
        }
        let until = opening.cx.book.current().runs.until;
        opening.emit(until);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        self.bind(cx, &on, by)
    }

    fn visited(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person) {
        // Coming by a link asks for nothing, so there is nobody to tell why it does not bind.
        self.bind(cx, &on, by).ok();
    }

    fn invited(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person) {
        if self.bind == Bind::Inviter {
            self.bind(cx, &on, by).ok();
        }
    }

    fn event(
        &self,
        cx: &mut Deciding<'_, '_>,
        on: On<'_, '_, Progress>,
        by: Person,
        event: Event,
        order: Option<Order>,
    ) {
        let play = on.state.play;
        let Some(order) = order.filter(|_| event == self.order) else { return };
        let own = own_orders(cx, play, by);
        let bound = binding(cx, play, by);
        let above = match own {
            // Each loop the buyer is in hears of the order; one of them answers.
            Some(first) if first == on.loop_ => bound,
            None if bound.is_some_and(|(first, _)| first == on.loop_) => {
                binding(cx, play, on.state.initiator)
            }
            _ => return,
        };
        self.earn(cx, (on.loop_, on.state, on.progress), 1, by, order);
        if let Some((loop_, head)) = above
            && let super::Progress::Commission(progress) = &head.progress
            && let Some(super::Rules::Commission(rules)) = cx.rules(head).map(|play| &play.rules)
            && rules.order == event
        {
            rules.earn(cx, (loop_, head, progress), 2, by, order);
        }
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, _by: Person, order: Order) {
        if let Some((cause, _)) = on.progress.find(order) {
            rewards::revoke(cx, on.loop_, cause, "order refunded");
        }
        if on.state.order.get() == Some(order) && on.state.status == Status::Running {
            cx.emit(Fact::Expired { loop_: on.loop_ });
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, until, .. } => {
                progress.customers.insert(by, Customer { since: at, until, bound: true });
            }
            Fact::Left { by, .. } => {
                if let Some(customer) = progress.customers.get_mut(&by) {
                    customer.bound = false;
                }
            }
            Fact::Earned { level, amount, .. } => {
                let grants = progress.items.last().map_or(0, |item| item.grants);
                let order = keep.order.into();
                progress.items.push(Item { order, at, level, amount, grants, refunded: false, owed: false });
            }
            Fact::Granted { grant, .. } => {
                if let Some(item) = progress.items.last_mut() {
                    item.grants = grant.n;
                }
            }
            Fact::Revoked { grant, owed, .. } => {
                let place = progress.items.partition_point(|item| item.grants < grant.n);
                if let Some(item) = progress.items.get_mut(place) {
                    item.owed = owed;
                }
            }
            Fact::Refunded { .. } => {
                let cause = keep.order.and_then(|order| progress.find(order)).map(|(cause, _)| cause);
                if let Some(item) = cause.and_then(|cause| progress.item_mut(cause)) {
                    item.refunded = true;
                }
            }
            _ => {}
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, at) = (looking.state, looking.at);
        if looking.who != Some(state.initiator) {
            // Customers see that they are bound, not what the distributor earns.
            let mine = looking.who.and_then(|who| Some((who, progress.customers.get(&who)?)));
            return Look {
                role: mine.map(|_| "customer"),
                people: mine.iter().map(|(who, customer)| customer.look(*who, at)).gather(),
                ..Look::default()
            };
        }
        let open = state.status == Status::Running && at < state.until;
        let missing =
            if self.can_pay(&looking) { self.first_step(looking.book.current().runs.until) } else { vec![] };
        let mut items = self.sums(&looking, progress);
        items.extend(progress.looks(&looking).rev());
        let standing = progress.items.iter().filter(|item| !item.refunded).count();
        Look {
            have: u32::try_from(standing).unwrap_or(u32::MAX),
            people: progress.customers.iter().map(|(who, customer)| customer.look(*who, at)).gather(),
            rewards: vec![RewardLook::new(self.give, state.initiator, NEXT, open, missing)],
            items,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        vec![Offer { side: Side::Distributor, reward: self.give, at: 1 }]
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        // Nobody earns but by orders.
        Vec::new()
    }

    fn on_orders(&self) -> Vec<Reward> {
        vec![self.give]
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Join]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        vec![(self.give, u32::MAX)]
    }

    fn portions(&self) -> Vec<Reward> {
        vec![self.give]
    }

    fn timed(&self) -> Option<Event> {
        self.bind_after
    }
}

/// The cause that no item has: that of what the next order will earn.
const NEXT: u32 = u32::MAX;

/// Levels that may earn.
const LEVELS: usize = 2;

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let at = |key: &str| node.get(key).map_or(node.start, |value| value.start);
    if rules.levels.len() > LEVELS {
        // Source: Regulations on the Prohibition of Pyramid Selling (2005), Art. 7; Criminal Law, Art. 224-1, whose
        // threshold for prosecution is three levels and thirty people.
        cx.within("levels", |cx| {
            cx.error(code::LAW_LEVELS, at("levels"), |_| {
                (
                    format!(
                        "Commission on {} levels: at most two may earn. In China, pay on three levels or more counts as \
                         pyramid selling (Regulations on the Prohibition of Pyramid Selling, Art. 7; Criminal Law, Art. 224-1).",
                        rules.levels.len()
                    ),
                    format!(
                        "设置了 {} 级分销，最多两级：三级及以上计酬涉嫌传销（《禁止传销条例》第七条、《刑法》第二百二十四条之一）。",
                        rules.levels.len()
                    ),
                )
            });
        });
    }
    check_rates(rules, node, cx);
    check_binding(rules, at("bind"), cx);
}

fn check_rates(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let list = node.get("levels");
    for (number, level) in rules.levels.iter().enumerate() {
        if level.percent.is_none() && level.fixed.is_none() {
            let at = list.and_then(|list| list.entries().get(number)).map_or(node.start, |level| level.start);
            cx.within("levels", |cx| {
                cx.within_entry(number, |cx| {
                    cx.error(code::LEVEL_RATE, at, |_| {
                        (
                            String::from("A level earns `percent` or `fixed`; this one has neither."),
                            String::from("每一级需要填写 `percent` 或 `fixed`，这里都没有。"),
                        )
                    });
                });
            });
        }
    }
    if COMPLETE {
        check_idle_rates(rules, list, cx);
    }
    let percent = |level: &Level| level.percent.filter(|_| level.fixed.is_none());
    let sum: u32 = rules.levels.iter().filter_map(percent).map(Percent::basis_points).sum();
    if sum > 10_000 {
        cx.within("levels", |cx| {
            cx.warning(code::MONEY_COMMISSION, list.map_or(node.start, |list| list.start), |_| {
                (
                    String::from("All levels together earn more than the order itself is worth."),
                    String::from("各级佣金之和超过了订单本身的金额。"),
                )
            });
        });
    }
    if rules.spend.is_some() {
        cx.within("spend", |cx| {
            // Source: 禁止传销条例 (2005), article 7: entry by purchase.
            cx.warning(code::LAW_ENTRY, node.get("spend").map_or(node.start, |spend| spend.start), |_| {
                (
                    String::from(
                        "Who wants to recruit has to buy first; in China paying to recruit is a mark of pyramid selling \
                         (regulation of 2005, article 7).",
                    ),
                    String::from("须先消费才能成为分销员：以缴纳或变相缴纳入门费为条件，属传销特征（《禁止传销条例》第七条）。"),
                )
            });
        });
    }
}

/// Warns of percentages that nothing is reckoned by, because the level has a fixed amount.
fn check_idle_rates(rules: &Rules, list: Option<&Node<'_>>, cx: &mut Cx) {
    let entries = list.map(Node::entries).unwrap_or_default();
    for (number, (level, entry)) in rules.levels.iter().zip(entries).enumerate() {
        let (Some(_), Some(fixed)) = (level.percent, level.fixed) else { continue };
        let at = entry.get("percent").map_or(entry.start, |percent| percent.start);
        let fixed = fixed.display(cx.digits);
        cx.within("levels", |cx| {
            cx.within_entry(number, |cx| {
                cx.within("percent", |cx| {
                    cx.warning(code::REACH_RATE, at, |_| {
                        (
                            format!("`fixed` comes first, so this level earns {fixed} a piece and never `percent`; take one out."),
                            format!("`fixed` 优先：这一级每件固定为 {fixed}，`percent` 不会生效；请删去一个。"),
                        )
                    });
                });
            });
        });
    }
}

fn check_binding(rules: &Rules, at: usize, cx: &mut Cx) {
    let registers = rules.bind == Bind::Register;
    let inviters = (rules.bind == Bind::Inviter && !cx.inviters).then_some((
        "`bind` is `inviter`: say in `inviters`, beside `plays`, whose customer somebody is.",
        "`bind` 为 `inviter` 时，需要在 `plays` 之外填写 `inviters`（锁客规则）。",
    ));
    let problem = match (rules.bind_after.is_some(), rules.bind_within.is_some()) {
        (true, true) if registers => None,
        _ if registers => Some((
            "`bind` is `register`: say after which event (`bindAfter`) and for how long (`bindWithin`).",
            "`bind` 为 `register` 时，需要填写 `bindAfter`（事件）和 `bindWithin`（时限）。",
        )),
        (false, false) => None,
        _ => Some((
            "`bindAfter` and `bindWithin` only mean something when `bind` is `register`.",
            "`bindAfter` 和 `bindWithin` 只在 `bind` 为 `register` 时有效。",
        )),
    };
    let protect = (rules.protect.is_some() && rules.bind != Bind::Last).then_some((
        "`protect` only means something when `bind` is `last`: otherwise nobody takes a customer over.",
        "`protect` 只在 `bind` 为 `last` 时有效：其他方式下客户不会被抢走。",
    ));
    for (en, zh) in problem.into_iter().chain(protect).chain(inviters) {
        cx.within("bind", |cx| {
            cx.error(code::BIND_SHAPE, at, |_| (String::from(en), String::from(zh)));
        });
    }
}

impl Rules {
    /// Binds a participant to the distributor of a loop.
    fn bind<'r, 'c: 'r>(
        &'r self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'r, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'r>> {
        let (state, play, at, distributor) = (cx.state, on.state.play, cx.at, on.state.initiator);
        cx.loop_running(on.play, on.state)?;
        if distributor == by {
            return Err(Code::OwnLoop.into());
        }
        let before = binding(cx, play, by);
        if before.is_some_and(|(loop_, _)| loop_ == on.loop_) {
            let joins = |fact: &Fact<'_>| matches!(fact, Fact::Joined { by: who, .. } if *who == by);
            // The click of this very command may have bound them already.
            return if cx.facts.iter().any(joins) { Ok(()) } else { Err(Code::AlreadyJoined.into()) };
        }
        cx.check_inviter(by, distributor)?;
        if self.bind == Bind::Inviter {
            if cx.inviter(by).is_none() {
                // The click counts once they do what binds.
                return Ok(());
            }
        } else if let Some((_, head)) = before {
            let since = customer(head, by).map_or(at, |customer| customer.since);
            let protected = since.after(self.protect.unwrap_or_default());
            if self.bind != Bind::Last {
                return Err(Code::AlreadyInvited.into());
            }
            if at < protected {
                return Err(Rejection::new(Code::AlreadyInvited).until(protected));
            }
        }
        self.check_registered(cx, by)?;
        if let Some(new_user) = &self.new_user {
            new_user.check(cx, by, distributor)?;
        }
        let up = |who| binding(cx, play, who).map(|(_, head)| head.initiator);
        if is_above(state, distributor, by, up) {
            return Err(Code::InviteCycle.into());
        }
        guard::check_helping(cx, play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let until = self.bind_for.map_or(on.state.until, |span| at.after(span).min(on.state.until));
        if let Some((loop_, _)) = before {
            cx.emit(Fact::Left { loop_, by });
        }
        cx.emit(Fact::Joined { loop_: on.loop_, by, until, device });
        Ok(())
    }

    fn check_registered<'r, 'c: 'r>(
        &'r self,
        cx: &Deciding<'_, 'c>,
        by: Person,
    ) -> Result<(), Rejection<'r>> {
        let (Bind::Register, Some(event), Some(within)) = (self.bind, self.bind_after, self.bind_within)
        else {
            return Ok(());
        };
        if cx.state.happened(by, event) == 0 {
            let book: &'c _ = cx.book;
            return Err(Rejection::new(Code::EventRequired).name(book.names.event_name(event)));
        }
        // An event from before the rules asked for its time happened long ago.
        let until = cx.state.first_moment(by, event).map_or(Time(0), |first| first.after(within));
        if cx.at >= until {
            return Err(Rejection::new(Code::BindClosed).until(until));
        }
        Ok(())
    }

    /// What a participant's orders that were not refunded come to.
    fn spent(&self, state: &State, by: Person) -> Money {
        let orders = state.orders_of(by).filter_map(|order| state.orders.get(order.index()));
        let counts =
            orders.filter(|order| order.event == Some(self.order) && order.status == OrderStatus::Paid);
        counts.fold(Money(0), |sum, order| sum.plus(order.amount))
    }

    /// Lets a distributor earn one level of the command's order.
    fn earn(
        &self,
        cx: &mut Deciding<'_, '_>,
        (loop_, head, progress): (Loop, &LoopState, &Progress),
        level: u32,
        by: Person,
        order: Order,
    ) {
        let place = usize::try_from(level).unwrap_or(usize::MAX).saturating_sub(1);
        let Some(rate) = self.levels.get(place) else { return };
        let paid = cx.command.amount.unwrap_or_default();
        let base = match self.base {
            Base::Paid => paid,
            Base::Price => cx.command.price.unwrap_or_default(),
        };
        let amount = rate.of(base, cx.command.count.unwrap_or(1));
        if paid <= Money(0) || amount <= Money(0) {
            return;
        }
        cx.emit(Fact::Earned { loop_, by, order: Some(order), level, base, amount });
        let portion = rewards::Portion { amount: Some(amount), points: None };
        rewards::grant_portion(cx, loop_, self.give, head.initiator, progress.next_cause(), portion);
    }

    /// Whether the reward has stock and budget for the smallest commission.
    fn can_pay(&self, looking: &Looking<'_>) -> bool {
        let Some(rules) = looking.book.reward(self.give) else { return false };
        let used = looking.all.reward(self.give);
        let least = self.levels.first().map_or(Money(1), Level::least);
        let money = used.spent.plus(used.aside_money).plus(least);
        let (count, stock) = (used.count.saturating_add(used.aside), rules.stock.map(|stock| stock.get()));
        let left =
            stock.is_none_or(|stock| count < stock) && rules.budget.is_none_or(|budget| money <= budget);
        left || rules.fallback.is_some()
    }

    /// A new customer and an order that is just large enough to earn something.
    fn first_step(&self, until: Time) -> Vec<Step> {
        let amount = self.levels.first().and_then(Level::smallest_base);
        let step = |amount| Step {
            name: Some(self.order),
            until: Some(until),
            amount: Some(amount),
            ..Step::new(Need::Invite, 1)
        };
        amount.map(step).into_iter().gather()
    }

    /// What is frozen, what can be paid out, what is paid, and what is owed for refunds after that.
    fn sums(&self, looking: &Looking<'_>, progress: &Progress) -> Vec<ItemLook> {
        let mut sums = [
            ("frozen", 0u64, Money(0)),
            ("available", 0, Money(0)),
            ("paid", 0, Money(0)),
            ("owed", 0, Money(0)),
        ];
        for item in progress.looks(looking) {
            for (name, count, sum) in &mut sums {
                // What was handed over stays paid when it is kept.
                if *name == item.status || (*name == "paid" && item.status == "kept") {
                    *count += 1;
                    *sum = sum.plus(item.amount.unwrap_or_default());
                }
            }
        }
        let look = |(name, count, sum): (&'static str, u64, Money)| ItemLook {
            amount: Some(sum),
            ..ItemLook::new("sum", ItemName::Text(name.to_owned()), count, 0, name)
        };
        sums.into_iter().map(look).gather()
    }
}

impl Level {
    fn of(&self, base: Money, count: u32) -> Money {
        match (self.fixed, self.percent) {
            (Some(fixed), _) => fixed.times(count),
            (None, Some(percent)) => base.share_rounded_down(percent.basis_points()),
            (None, None) => Money(0),
        }
    }

    /// The least it can earn.
    fn least(&self) -> Money {
        self.fixed.unwrap_or(Money(1))
    }

    /// The smallest base that earns anything.
    fn smallest_base(&self) -> Option<Money> {
        match (self.fixed, self.percent) {
            (Some(fixed), _) => (fixed > Money(0)).then_some(Money(1)),
            (None, percent) => Money::smallest_with_share(percent?.basis_points()),
        }
    }
}

/// The running loop that a participant is bound to.
fn binding<'s>(cx: &Deciding<'s, '_>, play: Play, who: Person) -> Option<(Loop, &'s LoopState)> {
    let (state, at) = (cx.state, cx.at);
    let of_play = |loop_: Loop| Some((loop_, state.loop_(loop_)?));
    let now = cx.facts.iter().rev().find_map(|fact| match *fact {
        Fact::Joined { loop_, by, .. } if by == who => of_play(loop_).filter(|(_, head)| head.play == play),
        _ => None,
    });
    if now.is_some() {
        return now;
    }
    let latest = state
        .loops_of(who)
        .filter_map(of_play)
        .find(|(_, head)| head.play == play && !state.ids.is_same(head.initiator, who))?;
    let (loop_, head) = latest;
    let who = state.stands_as(who, loop_, head);
    let runs = head.status == Status::Running && at < head.until;
    let stands = customer(head, who).is_some_and(|customer| customer.bound && at < customer.until);
    (runs && stands).then_some(latest)
}

fn customer(head: &LoopState, who: Person) -> Option<Customer> {
    match &head.progress {
        super::Progress::Commission(progress) => progress.customers.get(&who).copied(),
        _ => None,
    }
}

/// The running loop of a buyer who earns from their own orders.
fn own_orders(cx: &Deciding<'_, '_>, play: Play, by: Person) -> Option<Loop> {
    let mine = |loop_: &Loop| {
        let Some(head) = cx.state.loop_(*loop_) else { return false };
        let rules = cx.rules(head).map(|play| &play.rules);
        let earns = matches!(rules, Some(super::Rules::Commission(rules)) if rules.own_orders);
        let runs = head.status == Status::Running && cx.at < head.until;
        head.play == play && cx.state.ids.is_same(head.initiator, by) && runs && earns
    };
    cx.state.loops_of(by).find(mine)
}

impl Progress {
    fn next_cause(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The item of an order and the cause of its grant. Items come in the order of their orders.
    fn find(&self, order: Order) -> Option<(u32, &Item)> {
        let place = self.items.partition_point(|item| item.order.get().is_none_or(|other| other < order));
        let item = self.items.get(place).filter(|item| item.order.get() == Some(order))?;
        Some((u32::try_from(place).ok()?.checked_add(1)?, item))
    }

    fn item_mut(&mut self, cause: u32) -> Option<&mut Item> {
        self.items.get_mut(usize::try_from(cause).ok()?.checked_sub(1)?)
    }

    /// The items as a page shows them, in the order of the log.
    fn looks(&self, looking: &Looking<'_>) -> impl DoubleEndedIterator<Item = ItemLook> {
        let all = looking.all;
        let grants: Sorted<u32, (Grant, GrantState)> =
            all.grants_of_loop(looking.loop_).map(|(handle, grant)| (grant.cause, (handle, grant))).collect();
        let at = looking.at;
        (1u32..=u32::MAX).zip(self.items.clone()).gather().into_iter().map(move |(cause, item)| {
            let grant = grants.get(&cause).copied();
            let status = grant.map_or("withheld", |(handle, grant)| item.status(all, handle, grant, at));
            let amount = grant.and_then(|(handle, grant)| all.terms(handle, grant)?.amount);
            let order = item.order.get().map_or("", |order| all.order_names.text(order.0));
            let name = ItemName::Text(order.to_owned());
            let level = u64::from(item.level);
            ItemLook {
                amount: amount.or(Some(item.amount)),
                at: Some(item.at),
                ..ItemLook::new("order", name, level, 0, status)
            }
        })
    }
}

impl Item {
    fn status(&self, all: &State, handle: Grant, grant: GrantState, at: Time) -> &'static str {
        match grant.status {
            status if status.handed_over() => {
                if self.refunded {
                    "kept"
                } else {
                    "paid"
                }
            }
            GrantStatus::Reserved if rewards::held_until(all, handle, at).is_some() => "frozen",
            GrantStatus::Revoked if self.owed => "owed",
            GrantStatus::Revoked => "cancelled",
            GrantStatus::Failed => "failed",
            GrantStatus::Outdated => "outdated",
            _ => "available",
        }
    }
}

impl Customer {
    fn look(&self, who: Person, at: Time) -> PersonLook {
        let status = match self.bound {
            true if at < self.until => "bound",
            true => "lapsed",
            false => "left",
        };
        PersonLook { at: Some(self.since), ..PersonLook::new(who, status) }
    }
}

packed! {
    Progress { customers, items }
    Customer { since, until, bound }
}

impl Packed for Item {
    fn pack(&self, out: &mut Vec<u8>) {
        self.order.pack(out);
        self.at.pack(out);
        self.level.pack(out);
        self.amount.pack(out);
        self.grants.pack(out);
        put_flags(out, [self.refunded, self.owed]);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (order, at, level) = (from.read(), from.read(), from.read());
        let (amount, grants) = (from.read(), from.read());
        let [refunded, owed] = from.flags();
        Item { order, at, level, amount, grants, refunded, owed }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.items.capacity() * size_of::<Item>() + self.customers.memory()
    }

    fn knows(&self, who: Person) -> bool {
        self.customers.contains_key(&who)
    }
}
