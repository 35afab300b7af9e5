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
//! * `stock` is the goods: taken by a reservation, a payment or a purchase alone, returned when these end.
//!
//! Example: `{ "size": 2, "price": "49.90", "alone": "69.90", "within": "24h" }`. Ann opens at 10:00 and pays by
//! 10:30; Bo joins at 12:00 and pays: complete. Had Bo paid the next day at 10:00, the group would have
//! expired, and both 49.90 would be due back.

use super::{Keep, Kept, Looking, Mechanic, On, Opening, Payment};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::decide::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Loop, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::pack::{self, Reader};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 拼团: people buy together at a lower price within a time.
    pub struct Rules {
        /// How many paid members complete a group.
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
    }
}

/// The members of a group in the order of joining, and the virtual ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    members: Vec<Member>,
    filled: u32,
    complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Member {
    who: Person,
    joined: Time,
    until: Time,
    order: Option<Order>,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Reserved,
    Paid,
    Lapsed,
    Left,
    /// The group expired; the refund is due.
    Owed,
    Refunded,
}

/// The cause of the leader's grants; those of the n-th member have cause n + 1.
const LEADER: u32 = 0;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Join, Act::Leave, Act::Pay, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        if runs_in(opening.cx, opening.play, opening.by, None) {
            return Err(Code::LoopRunning.into());
        }
        self.take_stock(opening.cx, opening.play)?;
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
        if cx.command.act == Act::Leave {
            return self.leave(cx, &on, by);
        }
        if on.progress.find(by).is_some_and(|(_, member)| member.holds_slot(cx.at)) {
            return Err(Code::AlreadyJoined.into());
        }
        if runs_in(cx, on.state.play, by, Some(on.loop_)) {
            return Err(Code::LoopRunning.into());
        }
        if on.progress.slots(cx.at) >= self.size.get() {
            return Err(Code::GroupFull.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = device(cx, on.play);
        let mut group = Group::new(self, cx, &on);
        group.lapse();
        self.take_stock(group.cx, on.state.play)?;
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
            Status::Running if group.progress.slots(group.cx.at) >= self.size.get() => Some(Reason::Full),
            Status::Running
                if guard::check_helping(group.cx, on.state.play, on.play, payment.by).is_err() =>
            {
                Some(Reason::Limit)
            }
            Status::Running => self.take_stock(group.cx, on.state.play).err().map(|_| Reason::Stock),
        };
        match obstacle {
            Some(reason) => group.too_late(payment, reason),
            None => {
                if !holds {
                    let device = device(group.cx, on.play);
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
        self.take_stock(cx, play)
    }

    fn status(&self, state: &LoopState, progress: &Progress, at: Time) -> Status {
        match state.status {
            Status::Running if at >= state.until && self.fills(progress) => Status::Complete,
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
        let known = looking.who.and_then(|who| progress.find(who));
        let mine = known.filter(|(_, member)| member.holds_slot(at));
        let reachable = open && (mine.is_some() || progress.slots(at) < size);
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
                until: Some(state.until),
                amount: Some(self.price),
                ..Step::new(Need::JoinHere, 1)
            });
        }
        let own = u32::from(mine.is_none_or(|(_, member)| member.standing != Standing::Paid));
        let others = size.saturating_sub(progress.paid()).saturating_sub(own);
        if others > 0 {
            let step =
                Step { until: Some(state.until), amount: Some(self.price), ..Step::new(Need::Join, others) };
            steps.push(step);
        }
        let mut rewards = Vec::new();
        if let Some(who) = looking.who {
            let cause = known.map_or(u32::MAX, |(number, _)| number + 1);
            let member = |reward: &Reward| RewardLook::new(*reward, who, cause, reachable, steps.clone());
            rewards.extend(self.give.iter().map(member));
            if who == state.initiator {
                let leads = open && mine.is_some();
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
            need: size,
            people: shown.chain(virtual_members).collect(),
            pay: pay.map(|(_, member)| (self.price, member.until)),
            rewards,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let size = self.size.get();
        let member = self.give.iter().map(|reward| Offer { side: Side::Member, reward: *reward, at: size });
        let leader =
            self.give_leader.iter().map(|reward| Offer { side: Side::Leader, reward: *reward, at: size });
        member.chain(leader).collect()
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

    fn liability(&self) -> Vec<(Reward, u32)> {
        let member = self.give.iter().map(|reward| (*reward, self.size.get()));
        let leader = self.give_leader.iter().map(|reward| (*reward, 1));
        member.chain(leader).collect()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.alone.is_some_and(|alone| alone <= rules.price) {
        cx.warning(
            code::MONEY_PRICE,
            node.start,
            String::from(
                "Buying alone costs no more than buying together, so nobody has a reason to bring a friend.",
            ),
            String::from("单独购买价不高于拼团价，用户没有拉人的理由。"),
        );
    }
    if rules.pay_within > rules.within {
        cx.warning(
            code::REACH_WINDOW,
            node.start,
            String::from(
                "`payWithin` is longer than `within`; a slot is never kept beyond the end of its group.",
            ),
            String::from("`payWithin` 长于 `within`；名额最多保留到拼团结束。"),
        );
    }
}

impl Rules {
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

    /// Makes sure that one more unit can be taken. Groups that are due are settled for it as long as none is left:
    /// what they kept is free by the clock.
    fn take_stock<'c>(&self, cx: &mut Deciding<'_, 'c>, play: Play) -> Result<(), Rejection<'c>> {
        let Some(stock) = self.stock.map(|stock| stock.get()) else { return Ok(()) };
        let (state, at) = (cx.state, cx.at);
        let taken = state.play(play).taken;
        let is_left = |facts: &[Fact<'_>]| {
            let back = facts.iter().filter(|fact| gives_back(fact)).count();
            taken.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX)) < stock
        };
        let mut due = state.agenda.iter().take_while(|(due, _)| *due <= at).map(|(_, loop_)| *loop_);
        while !is_left(&cx.facts) {
            let loop_ = due.next().ok_or(Code::SoldOut)?;
            let Some(state) = state.loop_(loop_).filter(|other| other.play == play) else { continue };
            if let Some(rules) = cx.rules(state) {
                rules.rules.settle(cx, loop_, state, rules);
            }
        }
        Ok(())
    }
}

/// The device of the command, where a rule counts devices.
fn device<'c>(cx: &Deciding<'_, 'c>, play: &PlayRules) -> Option<&'c str> {
    cx.command.device.as_deref().filter(|_| guard::counts_devices(cx, play))
}

/// Whether a fact of settling returns one unit to the stock: a slot that lapsed, or a payment that expired.
fn gives_back(fact: &Fact<'_>) -> bool {
    matches!(fact, Fact::Lapsed { .. } | Fact::RefundDue { reason: Reason::Expired, .. })
}

/// A group while a command changes it: facts are applied to a copy as they are decided, so that each decision
/// sees the ones before it.
struct Group<'x, 's, 'c> {
    rules: &'x Rules,
    cx: &'x mut Deciding<'s, 'c>,
    loop_: Loop,
    play: Play,
    status: Status,
    leader: Person,
    until: Time,
    progress: Progress,
}

impl<'x, 's, 'c> Group<'x, 's, 'c> {
    fn new(rules: &'x Rules, cx: &'x mut Deciding<'s, 'c>, on: &On<'_, '_, Progress>) -> Self {
        let LoopState { play, status, initiator: leader, until, .. } = *on.state;
        let (loop_, progress) = (on.loop_, on.progress.clone());
        let mut group = Group { rules, cx, loop_, play, status, leader, until, progress };
        for at in 0..group.cx.facts.len() {
            // This command may have settled the group already.
            if let Some(fact) = group.cx.facts.get(at).copied().filter(|fact| fact.loop_() == Some(loop_)) {
                group.apply(&fact, None);
            }
        }
        group
    }

    fn emit(&mut self, fact: Fact<'c>, order: Option<Order>) {
        self.apply(&fact, order);
        self.cx.emit(fact);
    }

    fn apply(&mut self, fact: &Fact<'c>, order: Option<Order>) {
        self.rules.rehearse(&mut self.progress, fact, self.cx.at, (self.play, order));
        match *fact {
            Fact::Completed { .. } => self.status = Status::Complete,
            Fact::Expired { .. } => self.status = Status::Expired,
            Fact::Succeeded { by, .. } => self.leader = by,
            _ => {}
        }
    }

    fn join(&mut self, by: Person, device: Option<&'c str>) {
        let until = self.cx.at.after(self.rules.pay_within).min(self.until);
        self.emit(Fact::Joined { loop_: self.loop_, by, until, device }, None);
    }

    fn paid(&mut self, payment: Payment<'c>) {
        let Payment { by, order, amount } = payment;
        let handle = self.cx.order(order);
        self.emit(Fact::Paid { loop_: self.loop_, by, order, amount }, Some(handle));
        if self.progress.paid() >= self.rules.size.get() {
            self.complete();
        }
    }

    fn too_late(&mut self, payment: Payment<'c>, reason: Reason) {
        let Payment { by, order, amount } = payment;
        let handle = self.cx.order(order);
        self.emit(Fact::Late { loop_: self.loop_, by, order, amount }, None);
        self.emit(Fact::RefundDue { loop_: self.loop_, by, order: handle, amount, reason }, None);
    }

    fn complete(&mut self) {
        self.emit(Fact::Completed { loop_: self.loop_ }, None);
        let paid: Vec<(u32, Person)> = (1..)
            .zip(&self.progress.members)
            .filter(|(_, member)| member.standing == Standing::Paid)
            .map(|(cause, member)| (cause, member.who))
            .collect();
        for (cause, who) in paid {
            for reward in &self.rules.give {
                rewards::grant(self.cx, self.loop_, *reward, who, cause);
            }
        }
        for reward in &self.rules.give_leader {
            rewards::grant(self.cx, self.loop_, *reward, self.leader, LEADER);
        }
    }

    /// Frees the slots whose time to pay is over; who leads is decided once they are all gone.
    fn lapse(&mut self) {
        let at = self.cx.at;
        let over = |member: &&Member| member.standing == Standing::Reserved && at >= member.until;
        let lapsed: Vec<Person> =
            self.progress.members.iter().filter(over).map(|member| member.who).collect();
        for by in lapsed.iter().copied() {
            self.emit(Fact::Lapsed { loop_: self.loop_, by }, None);
        }
        if lapsed.contains(&self.leader) {
            self.succeed();
        }
    }

    /// The next member who holds a slot leads; without one the group ends.
    fn succeed(&mut self) {
        let next = self
            .progress
            .members
            .iter()
            .find(|member| member.holds_slot(self.cx.at))
            .map(|member| member.who);
        match next {
            Some(by) => self.emit(Fact::Succeeded { loop_: self.loop_, by }, None),
            None => self.emit(Fact::Expired { loop_: self.loop_ }, None),
        }
    }

    fn leave(&mut self, by: Person, refund: bool) {
        let Some((_, member)) = self.progress.find(by) else { return };
        self.emit(Fact::Left { loop_: self.loop_, by }, None);
        if let (true, Some(order)) = (refund, member.order) {
            self.refund(by, order, Reason::Left);
        }
        if self.leader == by {
            self.succeed();
        }
    }

    fn refund(&mut self, by: Person, order: Order, reason: Reason) {
        let amount = self.cx.state.orders.get(order.index()).map_or(self.rules.price, |known| known.amount);
        self.emit(Fact::RefundDue { loop_: self.loop_, by, order, amount, reason }, None);
    }

    /// Brings the group up to the clock: lapses, then at its end completion by virtual members or expiry.
    fn settle(&mut self) {
        if self.status != Status::Running {
            return;
        }
        self.lapse();
        if self.status != Status::Running || self.cx.at < self.until {
            return;
        }
        if self.rules.fills(&self.progress) {
            let count = self.rules.size.get().saturating_sub(self.progress.paid());
            self.emit(Fact::Filled { loop_: self.loop_, count }, None);
            self.complete();
            return;
        }
        let members = self.progress.members.clone();
        self.emit(Fact::Expired { loop_: self.loop_ }, None);
        for member in members.iter().filter(|member| member.standing == Standing::Paid) {
            if let Some(order) = member.order {
                self.refund(member.who, order, Reason::Expired);
            }
        }
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

impl Progress {
    fn find(&self, who: Person) -> Option<(u32, Member)> {
        (0u32..).zip(&self.members).find(|(_, member)| member.who == who).map(|(at, member)| (at, *member))
    }

    /// A participant who comes back stands at the end of the order.
    fn join(&mut self, member: Member) {
        self.members.retain(|other| other.who != member.who);
        self.members.push(member);
    }

    fn set(&mut self, who: Person, standing: Standing, order: Option<Order>) {
        if let Some(member) = self.members.iter_mut().find(|member| member.who == who) {
            member.standing = standing;
            member.order = order;
        }
    }

    /// A refund before completion is told as `left`; after it the member keeps the slot, marked.
    fn refund(&mut self, order: Option<Order>) -> i32 {
        let complete = self.complete;
        let Some(member) = self.members.iter_mut().find(|member| order.is_some() && member.order == order)
        else {
            return 0;
        };
        match member.standing {
            Standing::Paid if complete => {
                member.standing = Standing::Refunded;
                -1
            }
            Standing::Owed => {
                member.standing = Standing::Refunded;
                0
            }
            _ => 0,
        }
    }

    /// The goods of those who paid go back; their money is owed.
    fn expire(&mut self) -> i32 {
        let mut back = 0;
        for member in self.members.iter_mut().filter(|member| member.standing == Standing::Paid) {
            member.standing = Standing::Owed;
            back -= 1;
        }
        back
    }

    /// Slots that are taken at this moment.
    fn slots(&self, at: Time) -> u32 {
        let taken = self.members.iter().filter(|member| member.holds_slot(at)).count();
        u32::try_from(taken).unwrap_or(u32::MAX)
    }

    /// Members who have paid, including those who got or will get it back after the group ended.
    fn paid(&self) -> u32 {
        let paid = |member: &&Member| {
            matches!(member.standing, Standing::Paid | Standing::Owed | Standing::Refunded)
        };
        u32::try_from(self.members.iter().filter(paid).count()).unwrap_or(u32::MAX)
    }
}

impl Member {
    fn holds_slot(&self, at: Time) -> bool {
        self.standing == Standing::Paid || (self.standing == Standing::Reserved && at < self.until)
    }

    /// Whether a page shows them as one of the group, in its life or after it.
    fn belongs(&self, at: Time) -> bool {
        self.holds_slot(at) || matches!(self.standing, Standing::Owed | Standing::Refunded)
    }

    fn look(&self, at: Time) -> PersonLook {
        let status = match self.standing {
            Standing::Reserved if at < self.until => "reserved",
            Standing::Reserved | Standing::Lapsed => "lapsed",
            Standing::Paid => "paid",
            Standing::Left => "left",
            Standing::Owed => "refund-due",
            Standing::Refunded => "refunded",
        };
        PersonLook { at: Some(self.joined), ..PersonLook::new(self.who, status) }
    }
}

impl Kept for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::from(self.filled));
        out.push(u8::from(self.complete));
        pack::put(out, u64::try_from(self.members.len()).unwrap_or(0));
        for member in &self.members {
            pack::put(out, u64::from(member.who.0));
            pack::put_signed(out, member.joined.0);
            pack::put_signed(out, member.until.0);
            pack::put(out, member.order.map_or(0, |order| u64::from(order.0) + 1));
            out.push(match member.standing {
                Standing::Reserved => 0,
                Standing::Paid => 1,
                Standing::Lapsed => 2,
                Standing::Left => 3,
                Standing::Owed => 4,
                Standing::Refunded => 5,
            });
        }
    }

    fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.small()?;
        let complete = reader.byte()? == 1;
        let mut members = Vec::new();
        for _ in 0..reader.count()? {
            members.push(Member {
                who: Person(reader.small()?),
                joined: Time(reader.signed()?),
                until: Time(reader.signed()?),
                order: reader.small()?.checked_sub(1).map(Order),
                standing: match reader.byte()? {
                    0 => Standing::Reserved,
                    1 => Standing::Paid,
                    2 => Standing::Lapsed,
                    3 => Standing::Left,
                    4 => Standing::Owed,
                    5 => Standing::Refunded,
                    _ => return None,
                },
            });
        }
        Some(Progress { members, filled, complete })
    }

    fn memory(&self) -> usize {
        self.members.capacity() * size_of::<Member>()
    }
}
