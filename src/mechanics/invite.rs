//! Invite (老带新): an inviter brings new customers, and both sides are rewarded when the invitee does what qualifies.
//!
//! * An inviter has one loop for the play, open until the campaign ends.
//! * A friend joins it by link or referral code and is bound to this inviter: not oneself, not twice, not
//!   someone who has done what qualifies before or is no new customer by `newUser`, not anyone in the chain
//!   above the inviter. With `codeValid` a code can be typed for so long after it was shared; then it is refused as
//!   expired, nobody is met by it, and its owner gets a new one on sharing again.
//! * Within `within` of joining, the event `qualifies` counts, with `atLeast` only if its amount is no less; a
//!   smaller one changes nothing. It earns the invitee `invitee`, and the inviter what the ladder gives:
//!   `every` n-th qualified friend, at most `most` times, or once `at` n.
//! * At most `inviterPerDay` friends who qualify on one local day, and `inviterMost` in all, count for the
//!   inviter's ladder. Who qualifies beyond that earns their own reward and never counts. A void qualification
//!   leaves its place of that day and of all free.
//! * If the order behind the event is refunded, the qualification is void: the invitee's grants for it and the
//!   inviter's grants that no longer have enough friends behind them are taken back. A later order within the
//!   window qualifies again. What a refund leaves with its owner (`"clawback": "keep"`) stands for the next that
//!   they would earn in its place.
//!
//! Example: `{ "qualifies": "first-order", "within": "30d", "inviter": [{ "every": 1, "give": "cash20", "most": 20 }],
//! "invitee": ["coffee"] }`. Ann invites Bo, who orders on day 3: Bo gets a coffee, Ann 20.00. Bo's refund on
//! day 5 takes both back. The 21st friend still gets a coffee, Ann nothing more.

use super::abuse::{self, Recipe, Scheme};
use super::lineage::{NewUser, bound_to, is_above};
use super::{Keep, Kept, Looking, Mechanic, On, Opening};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, Loop, Order, Person, Reward};
use crate::engine::money::Money;
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State, Status};
use crate::engine::time::{Period, Span, Time, UtcOffset};
use crate::engine::view::{Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 老带新: both sides are rewarded when an invited friend does what qualifies.
    pub struct Rules {
        /// The event that makes an invitee count, as the site reports it.
        pub qualifies: Event,
        /// How long after joining the event counts.
        pub within: Span,
        /// The inviter's ladder.
        pub inviter: Vec<Tier> = Vec::new(),
        /// What each invitee gets when they qualify.
        pub invitee: Vec<Reward> = Vec::new(),
        /// How many friends who qualify on one day count for the inviter.
        pub inviter_per_day: Option<Int<1, 10_000>>,
        /// How many friends count for the inviter in all.
        pub inviter_most: Option<Int<1, 100_000>>,
        /// The smallest amount of an event that qualifies.
        pub at_least: Option<Money>,
        /// How long a shared referral code can be typed.
        pub code_valid: Option<Span>,
        /// Who can be invited, besides not having done what qualifies.
        pub new_user: Option<NewUser>,
    }
}

document! {
    /// One step of the inviter's ladder: give exactly one of `every` and `at`.
    pub struct Tier {
        /// Gives for every n-th qualified friend.
        pub every: Option<Int<1, 10_000>>,
        /// Gives once, at the n-th qualified friend.
        pub at: Option<Int<1, 10_000>>,
        /// The reward.
        pub give: Reward,
        /// How often it gives at most.
        pub most: Option<Int<1, 100_000>>,
    }
}

/// The invitees of an inviter, in the order of joining.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    invitees: Vec<Invitee>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Invitee {
    who: Person,
    joined: Time,
    until: Time,
    order: Option<Order>,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Joined,
    /// And counts for the inviter since then.
    Counted(Time),
    /// But came after the inviter's caps.
    Uncounted,
    Voided,
}

/// Grants of the n-th invitee have this plus n as their cause; those of the ladder the number of the tier.
const INVITEE: u32 = 1 << 20;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Join, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let (state, play, by) = (opening.cx.state, opening.play, opening.by);
        let own = |loop_: &Loop| {
            state
                .loop_(*loop_)
                .is_some_and(|other| other.play == play && state.ids.is_same(other.initiator, by))
        };
        if state.loops_of(by).any(|loop_| own(&loop_)) {
            return Err(Code::LoopRunning.into());
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
        cx.loop_running(on.play, on.state)?;
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        match bound_to(cx.state, on.state.play, by) {
            Some(loop_) if loop_ == on.loop_ => return Err(Code::AlreadyJoined.into()),
            Some(_) => return Err(Code::AlreadyInvited.into()),
            None => {}
        }
        cx.check_inviter(by, on.state.initiator)?;
        if cx.state.happened(by, self.qualifies) > 0 {
            return Err(Code::NotNew.into());
        }
        if let Some(new_user) = &self.new_user {
            new_user.check(cx, by, on.state.initiator)?;
        }
        let up = |who| {
            let loop_ = bound_to(cx.state, on.state.play, who)?;
            cx.state.loop_(loop_).map(|head| head.initiator)
        };
        if is_above(cx.state, on.state.initiator, by, up) {
            return Err(Code::InviteCycle.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let until = cx.at.after(self.within);
        cx.emit(Fact::Joined { loop_: on.loop_, by, until, device });
        Ok(())
    }

    fn event(
        &self,
        cx: &mut Deciding<'_, '_>,
        on: On<'_, '_, Progress>,
        by: Person,
        event: Event,
        order: Option<Order>,
    ) {
        let Some((at, invitee)) = on.progress.find(by) else { return };
        if event != self.qualifies || invitee.standing.is_qualified() || cx.at >= invitee.until {
            return;
        }
        if self.at_least.is_some_and(|least| cx.command.amount.unwrap_or_default() < least) {
            return;
        }
        let before = on.progress.counted();
        let today = on.progress.counted_on(cx.at, cx.book.current().timezone);
        let counts = self.inviter_most.is_none_or(|most| before < most.get())
            && self.inviter_per_day.is_none_or(|most| today < most.get());
        let have = before + u32::from(counts);
        cx.emit(Fact::Qualified { loop_: on.loop_, by, have, order });
        rewards::grant_anew(cx, on.loop_, &self.invitee, by, INVITEE + at);
        let inviter = on.state.initiator;
        for (number, tier) in (0..).zip(&self.inviter) {
            let given = given(cx.state, cx.at, (on.loop_, inviter), number);
            if tier.times(have) > tier.times(before).max(given) {
                rewards::grant(cx, on.loop_, tier.give, inviter, number);
            }
        }
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person, order: Order) {
        let Some((at, invitee)) = on.progress.find(by) else { return };
        if invitee.order != Some(order) || !invitee.standing.is_qualified() {
            return;
        }
        let counted = matches!(invitee.standing, Standing::Counted(_));
        let have = on.progress.counted().saturating_sub(u32::from(counted));
        cx.emit(Fact::Voided { loop_: on.loop_, by, have });
        rewards::revoke(cx, on.loop_, INVITEE + at, "order refunded");
        for (number, tier) in (0..).zip(&self.inviter) {
            rewards::revoke_beyond(cx, on.loop_, number, tier.times(have), "order refunded");
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, _keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, until, .. } => {
                progress.invitees.push(Invitee {
                    who: by,
                    joined: at,
                    until,
                    order: None,
                    standing: Standing::Joined,
                });
            }
            Fact::Qualified { by, have, order, .. } => {
                let counts = have > progress.counted();
                let standing = if counts { Standing::Counted(at) } else { Standing::Uncounted };
                progress.set(by, standing, order);
            }
            Fact::Voided { by, .. } => progress.set(by, Standing::Voided, None),
            _ => {}
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let have = progress.counted();
        let open = state.status == Status::Running && looking.at < state.until;
        let mut rewards = Vec::new();
        let mut need = 0;
        for (number, tier) in (0..).zip(&self.inviter) {
            let within_cap = |next: &u32| self.inviter_most.is_none_or(|most| *next <= most.get());
            let given = given(looking.all, looking.at, (looking.loop_, state.initiator), number);
            let Some(next) = tier.next(tier.times(have).max(given)).filter(within_cap) else {
                // Given as often as it ever is.
                rewards.push(RewardLook::new(tier.give, state.initiator, number, false, vec![]));
                continue;
            };
            need = if need == 0 { next } else { need.min(next) };
            let today = progress.counted_on(looking.at, looking.book.current().timezone);
            let steps = self.invite_steps(&looking, next - have, today);
            let reachable = open && steps.is_some();
            let steps = steps.unwrap_or_else(|| vec![Step::new(Need::Invite, next - have)]);
            rewards.push(RewardLook::new(tier.give, state.initiator, number, reachable, steps));
        }
        let mine = looking.who.and_then(|who| progress.find(who));
        let stranger = looking.who.filter(|who| mine.is_none() && *who != state.initiator);
        if let Some((at, invitee)) = mine {
            let qualified = invitee.standing.is_qualified();
            let open = !qualified && looking.at < invitee.until;
            let missing = if qualified { vec![] } else { vec![self.event_step(invitee.until)] };
            let cause = INVITEE + at;
            let whose = (looking.loop_, invitee.who, cause);
            // What an earlier order has left with its owner is not earned again.
            for (reward, stands) in
                rewards::standing_among(looking.all, looking.book, looking.at, whose, &self.invitee)
            {
                let (open, missing) = if stands { (false, vec![]) } else { (open, missing.clone()) };
                rewards.push(RewardLook::new(reward, invitee.who, cause, open, missing));
            }
        } else if let Some(who) = stranger {
            let join = Step { until: Some(state.until), ..Step::new(Need::JoinHere, 1) };
            let event = self.event_step(looking.at.after(self.within));
            for reward in &self.invitee {
                rewards.push(RewardLook::new(
                    *reward,
                    who,
                    u32::MAX,
                    open,
                    vec![join.clone(), event.clone()],
                ));
            }
        }
        Look {
            role: mine.map(|_| "invitee"),
            have,
            need,
            people: progress.invitees.iter().map(Invitee::look).gather(),
            rewards,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let inviter = self.inviter.iter().map(|tier| Offer {
            side: Side::Inviter,
            reward: tier.give,
            at: tier.first(),
        });
        let invitee = self.invitee.iter().map(|reward| Offer { side: Side::Invitee, reward: *reward, at: 1 });
        inviter.chain(invitee).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn code_valid(&self) -> Option<Span> {
        self.code_valid
    }

    fn schemes(&self) -> Vec<Scheme> {
        let top = |people: u32| {
            let people = self.inviter_most.map_or(people, |most| people.min(most.get()));
            self.inviter.iter().map(|tier| (tier.give, u64::from(tier.times(people)))).gather()
        };
        let steps: Vec<u32> = self.inviter.iter().map(Tier::first).gather();
        abuse::ladder(Recipe::Invite, &steps, top, &self.invitee)
    }

    fn on_orders(&self) -> Vec<Reward> {
        // An event with an amount is an order.
        let given = self.inviter.iter().map(|tier| tier.give).chain(self.invitee.iter().copied());
        given.filter(|_| self.at_least.is_some()).gather()
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Join, super::leaderboard::Count::Qualify]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let inviter =
            self.inviter.iter().map(|tier| (tier.give, tier.most.map_or(tier.cap(), |most| most.get())));
        let invitee = self.invitee.iter().map(|reward| (*reward, u32::MAX));
        inviter.chain(invitee).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    check_ladder(&rules.inviter, "inviter", node, cx);
    for (number, tier) in rules.inviter.iter().enumerate() {
        if let Some(most) = rules.inviter_most.filter(|most| tier.first() > most.get()) {
            let at = node.get("inviter").and_then(|list| list.entries().get(number));
            let at = at.map_or(node.start, |tier| tier.start);
            cx.within("inviter", |cx| {
                cx.within_entry(number, |cx| {
                    cx.warning(code::REACH_CAP, at, |_| {
                        (
                            format!(
                                "Nobody reaches this step: at most {} friends count for an inviter.",
                                most.get()
                            ),
                            format!("无人能达到这一级：每位邀请人最多计 {} 位好友。", most.get()),
                        )
                    });
                });
            });
        }
    }
    if rules.inviter.is_empty() && rules.invitee.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Inviting earns nobody anything here: add `inviter` or `invitee`."),
                String::from("邀请没有任何奖励：请填写 `inviter` 或 `invitee`。"),
            )
        });
    }
}

/// Reports the steps of a ladder under `key` that have both or neither of `every` and `at`.
pub(super) fn check_ladder(ladder: &[Tier], key: &str, node: &Node<'_>, cx: &mut Cx) {
    for (number, tier) in ladder.iter().enumerate() {
        if tier.every.is_some() == tier.at.is_some() {
            let at = node
                .get(key)
                .and_then(|list| list.entries().get(number))
                .map_or(node.start, |tier| tier.start);
            let number = number.to_string();
            cx.within(key, |cx| {
                cx.within(&number, |cx| {
                    cx.error(code::TIER_SHAPE, at, |_| {
                        (
                            String::from(
                                "A step of the ladder has either `every` or `at`, not both and not neither.",
                            ),
                            String::from("阶梯的每一级必须且只能填写 `every` 或 `at` 之一。"),
                        )
                    });
                });
            });
        }
    }
}

/// How often a step of the ladder has given, as far as that stands.
fn given(state: &State, at: Time, (loop_, inviter): (Loop, Person), number: u32) -> u32 {
    let standing = rewards::standing_for(state, at, loop_, inviter, number);
    u32::try_from(standing.count()).unwrap_or(u32::MAX)
}

/// Steps that are told ahead at most; what comes after them is told on the way.
const STEPS: usize = 32;

impl Rules {
    fn event_step(&self, until: Time) -> Step {
        Step {
            name: Some(self.qualifies),
            until: Some(until),
            amount: self.at_least,
            ..Step::new(Need::Event, 1)
        }
    }

    /// Inviting this many friends, with the days to wait between; none if the loop ends before.
    fn invite_steps(&self, looking: &Looking<'_>, count: u32, today: u32) -> Option<Vec<Step>> {
        let LoopState { until: end, .. } = *looking.state;
        let per_day = self.inviter_per_day.map_or(u32::MAX, |most| most.get());
        let next_day = |at: Time| Period::Day.of(at, looking.book.current().timezone).1;
        let mut steps = Vec::new();
        let (mut left, mut room, mut tomorrow) = (count, per_day.saturating_sub(today), next_day(looking.at));
        loop {
            let now = left.min(room);
            if now > 0 {
                steps.push(Step { need: Need::Invite, count: now, ..self.event_step(end) });
            }
            left -= now;
            if left == 0 || steps.len() >= STEPS {
                return Some(steps);
            }
            if tomorrow >= end {
                return None;
            }
            steps.push(Step { until: Some(tomorrow), ..Step::new(Need::Wait, 1) });
            (room, tomorrow) = (per_day, next_day(tomorrow));
        }
    }
}

impl Tier {
    /// How often the tier gives for this many qualified friends.
    pub(super) fn times(&self, have: u32) -> u32 {
        let times = match (self.every, self.at) {
            (Some(every), _) => have / every.get().max(1),
            (None, Some(at)) => u32::from(have >= at.get()),
            (None, None) => 0,
        };
        times.min(self.most.map_or(u32::MAX, |most| most.get()))
    }

    /// The number of qualified friends at which it gives once more than `given` times, if it ever does.
    pub(super) fn next(&self, given: u32) -> Option<u32> {
        let next = match (self.every, self.at) {
            (Some(every), _) => given.saturating_add(1).saturating_mul(every.get()),
            (None, Some(at)) => at.get(),
            (None, None) => return None,
        };
        (self.times(next) > given).then_some(next)
    }

    pub(super) fn first(&self) -> u32 {
        self.every.map_or(0, |every| every.get()).max(self.at.map_or(0, |at| at.get()))
    }

    pub(super) fn cap(&self) -> u32 {
        if self.at.is_some() { 1 } else { u32::MAX }
    }
}

impl Progress {
    fn find(&self, who: Person) -> Option<(u32, Invitee)> {
        (0u32..)
            .zip(&self.invitees)
            .find(|(_, invitee)| invitee.who == who)
            .map(|(at, invitee)| (at, *invitee))
    }

    fn set(&mut self, who: Person, standing: Standing, order: Option<Order>) {
        if let Some(invitee) = self.invitees.iter_mut().find(|invitee| invitee.who == who) {
            invitee.standing = standing;
            invitee.order = order;
        }
    }

    /// Friends who count for the inviter.
    fn counted(&self) -> u32 {
        let counted = |invitee: &&Invitee| matches!(invitee.standing, Standing::Counted(_));
        u32::try_from(self.invitees.iter().filter(counted).count()).unwrap_or(u32::MAX)
    }

    /// Friends who count since the local day of a moment.
    fn counted_on(&self, at: Time, offset: UtcOffset) -> u32 {
        let (day, _) = Period::Day.of(at, offset);
        let same = |since: Time| Period::Day.of(since, offset).0 == day;
        let counted =
            |invitee: &&Invitee| matches!(invitee.standing, Standing::Counted(since) if same(since));
        u32::try_from(self.invitees.iter().filter(counted).count()).unwrap_or(u32::MAX)
    }
}

impl Standing {
    fn is_qualified(self) -> bool {
        matches!(self, Standing::Counted(_) | Standing::Uncounted)
    }
}

impl Invitee {
    fn look(&self) -> PersonLook {
        let status = match self.standing {
            Standing::Joined => "joined",
            Standing::Counted(_) | Standing::Uncounted => "qualified",
            Standing::Voided => "voided",
        };
        PersonLook { at: Some(self.joined), ..PersonLook::new(self.who, status) }
    }
}

packed! {
    Progress { invitees }
    Invitee { who, joined, until, order, standing }
}

impl Packed for Standing {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Standing::Joined => out.push(0),
            Standing::Counted(since) => {
                out.push(1);
                since.pack(out);
            }
            Standing::Voided => out.push(2),
            Standing::Uncounted => out.push(3),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match from.word(4) {
            0 => Standing::Joined,
            1 => Standing::Counted(from.read()),
            2 => Standing::Voided,
            _ => Standing::Uncounted,
        }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.invitees.capacity() * size_of::<Invitee>()
    }

    fn knows(&self, who: Person) -> bool {
        self.invitees.iter().any(|invitee| invitee.who == who)
    }
}
