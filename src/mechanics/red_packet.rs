//! Red packet (裂变红包): a sum of money in shares, one for each person who opens it, unlocked by helpers.
//!
//! * Whoever opens a loop opens a packet of `total` in `count` shares; with `totals` or `counts` instead, the
//!   command's `amount` or `count` says how much and how many, within these bounds. Budget and stock of `give`, a
//!   cash reward, are put aside for all of it (`set-aside`); if they do not have it, the packet is refused as
//!   `REWARD_OUT`. A total below `minUnit` for each share is refused: no share is ever below `minUnit`.
//! * With `helpers` the packet is locked until as many friends have helped, once each and not the initiator.
//!   Claiming before is `PACKET_LOCKED`, helping after `LOOP_COMPLETE`.
//! * Then each person claims one share: anyone, or with `openTo: "team"` the initiator and the helpers. The n-th
//!   claim gets the n-th share. When all are taken, the next one meets `PACKET_EMPTY`.
//! * At the end of `within` the packet is over by the clock (`LOOP_EXPIRED`), and what is left goes back to
//!   budget and stock (`freed`) with the next tick, or with the next packet that would be refused without it.
//! * `split: "equal"`: each share is the total divided by the count, rounded down; the first shares get one minor
//!   unit more until nothing remains.
//! * `split: "random"`: the double mean in minor units. Of what is left for k > 1 shares, the next is uniform from
//!   `minUnit` to the smaller of twice the mean (rounded down) and what leaves `minUnit` for each of the other
//!   k − 1; the last takes the rest. The numbers are `minUnit + below(…)` of the draw with the purpose
//!   `red-packet:<play>`.
//! * `shares: "ahead"`: all shares are made when the packet is opened, from the draw with the key `<loop>/0`, and
//!   then shuffled by the same draw (from the last place down to the second, each changes with the place
//!   `below(place + 1)`, places from 0). So every position has the same distribution, and coming early or late
//!   changes nothing. `shares: "at-claim"`: the n-th share is made when it is claimed, from the draw with the key
//!   `<loop>/n`. Early positions then are larger by up to half of `minUnit` on average, late ones vary more.
//!
//! Example: 1.00 in 18 equal shares is ten of 0.06 and eight of 0.05. 10.00 in 3 random shares of at least 0.01:
//! the first is from 0.01 to 6.66 (twice 1000 / 3 rounded down; the others need only 0.02). If it is 4.50, the
//! second is from 0.01 to 5.49, because 0.01 must be left; if that is 2.00, the last is 3.50.

use super::abuse::{Recipe, Scheme};
use super::draws::draw;
use super::{Keep, Kept, Looking, Mechanic, On, Opening, Wants};
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::draw::Draw;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Reward};
use crate::engine::money::Money;
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards::{self, Portion};

document! {
    /// 裂变红包: a sum of money in shares, one for each person who opens it, unlocked by helpers.
    pub struct Rules {
        /// The cash reward that pays for it.
        pub give: Reward,
        /// The money in a packet.
        pub total: Option<Money>,
        /// The bounds of it, where whoever opens the packet says how much.
        pub totals: Option<Totals>,
        /// The shares of a packet.
        pub count: Option<Int<1, 500>>,
        /// The bounds of them, where whoever opens the packet says how many.
        pub counts: Option<Counts>,
        /// How the money is split.
        pub split: Split = Split::Random,
        /// When random shares are made.
        pub shares: Shares = Shares::Ahead,
        /// The smallest share; one minor unit if absent.
        pub min_unit: Option<Money>,
        /// How many helpers unlock it.
        pub helpers: Option<Int<1, 500>>,
        /// Who can claim a share.
        pub open_to: OpenTo = OpenTo::Anyone,
        /// How long it can be claimed.
        pub within: Span,
    }
}

document! {
    /// From how much to how much money.
    pub struct Totals {
        /// The least.
        pub from: Money,
        /// The most.
        pub to: Money,
    }
}

document! {
    /// From how many to how many shares.
    pub struct Counts {
        /// The least.
        pub from: Int<1, 500>,
        /// The most.
        pub to: Int<1, 500>,
    }
}

choices! {
    /// How the money is split.
    pub enum Split {
        /// By the double mean.
        Random = "random",
        /// Equally; the first shares get one minor unit more until nothing remains.
        Equal = "equal",
    }
}

choices! {
    /// When random shares are made.
    pub enum Shares {
        /// When the packet is opened, shuffled.
        Ahead = "ahead",
        /// Each when it is claimed.
        AtClaim = "at-claim",
    }
}

choices! {
    /// Who can claim a share.
    pub enum OpenTo {
        /// Anyone.
        Anyone = "anyone",
        /// The initiator and the helpers.
        Team = "team",
    }
}

/// The packet, who unlocked it and who has taken which share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    total: Money,
    count: u32,
    helpers: Vec<Person>,
    claims: Vec<(Person, Money)>,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Help, Act::Claim, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let wrong = |field| Rejection::new(Code::CommandMalformed).field(field);
        let total = match (&self.totals, self.total) {
            (Some(bounds), _) => Some(required(opening.cx.command.amount, "amount")?)
                .filter(|amount| (bounds.from..=bounds.to).contains(amount))
                .ok_or(wrong("amount"))?,
            (None, total) => total.unwrap_or_default(),
        };
        let count = match (&self.counts, self.count) {
            (Some(bounds), _) => Some(required(opening.cx.command.count, "count")?)
                .filter(|count| (bounds.from.get()..=bounds.to.get()).contains(count))
                .ok_or(wrong("count"))?,
            (None, count) => count.map_or(0, Int::get),
        };
        if !self.fits(total, count) {
            return Err(wrong("amount"));
        }
        let until = opening.cx.at.after(self.within);
        let loop_ = opening.loop_();
        opening.emit(until);
        self.put_aside(opening.cx, loop_, count, total)
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        match cx.act {
            Act::Help => self.help(cx, &on, by),
            _ => self.claim(cx, &on, by),
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        if on.state.status == Status::Running && cx.at >= on.state.until {
            cx.emit(Fact::Expired { loop_: on.loop_ });
            let (count, amount) = on.progress.left();
            rewards::free(cx, on.loop_, self.give, count, amount);
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        match *fact {
            Fact::SetAside { count, amount, .. } => (progress.count, progress.total) = (count, amount),
            Fact::Helped { by, .. } => progress.helpers.push(by),
            Fact::Claimed { by, amount, .. } => progress.claims.push((by, amount.unwrap_or_default())),
            _ => {}
        }
    }

    fn due(&self, _progress: &Progress, until: Time) -> Time {
        until
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let running = state.status == Status::Running && looking.at < state.until;
        let claimed = (1u32..).zip(&progress.claims);
        let mine = looking.who.and_then(|who| claimed.clone().find(|(_, (other, _))| *other == who));
        let is_helper = looking.who.is_some_and(|who| progress.helpers.contains(&who));
        let locked = self.locked(progress);
        let mut rewards = Vec::new();
        if let Some((n, (who, _))) = mine {
            rewards.push(RewardLook::new(self.give, *who, n, false, vec![]));
        } else if let Some(who) = looking.who {
            let is_team = is_helper || who == state.initiator;
            let may = is_team || self.open_to == OpenTo::Anyone || locked > 0;
            let until = Some(state.until);
            let own = u32::from(locked > 0 && !is_team && self.open_to == OpenTo::Team);
            let help = |need, count| (count > 0).then_some(Step { until, ..Step::new(need, count) });
            let steps = help(Need::HelpHere, own).into_iter().chain(help(Need::Help, locked - own));
            let steps = steps.chain([Step { until, ..Step::new(Need::Claim, 1) }]).gather();
            let look = RewardLook::new(self.give, who, u32::MAX, running && may, steps);
            rewards.push(RewardLook { put_aside: running, ..look });
        }
        let helpers = progress.helpers.iter().filter(|who| !progress.has_claimed(**who));
        let openers = progress.claims.iter().map(|(who, _)| PersonLook::new(*who, "claimed"));
        let items = claimed.map(|(n, (who, amount))| ItemLook {
            amount: Some(*amount),
            ..ItemLook::new(
                "share",
                ItemName::Person(*who),
                u64::from(n),
                u64::from(progress.count),
                "claimed",
            )
        });
        let (have, need) = match locked {
            0 => (progress.taken(), progress.count),
            _ => (progress.helped(), self.need()),
        };
        Look {
            role: match mine {
                Some(_) => Some("opener"),
                None => is_helper.then_some("helper"),
            },
            have,
            need,
            people: openers.chain(helpers.map(|who| PersonLook::new(*who, "helped"))).gather(),
            rewards,
            items: items.gather(),
            amount: Some(progress.left().1),
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        vec![Offer { side: Side::Opener, reward: self.give, at: self.need() }]
    }

    fn window(&self) -> Option<Span> {
        Some(self.within)
    }

    fn schemes(&self) -> Vec<Scheme> {
        let total = self.total.or(self.totals.as_ref().map(|totals| totals.to)).unwrap_or_default();
        let shares = self.count.or(self.counts.as_ref().map(|counts| counts.from)).map_or(1, Int::get);
        // Whoever opens the packet can claim a share as well.
        let people = self.need().max(shares.saturating_sub(1));
        vec![Scheme { gives: vec![(self.give, 0)], saves: total, ..Scheme::new(Recipe::Help, people) }]
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Help]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let most =
            self.count.map_or(0, Int::get).max(self.counts.as_ref().map_or(0, |counts| counts.to.get()));
        vec![(self.give, most)]
    }

    fn portions(&self) -> Vec<Reward> {
        vec![self.give]
    }

    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        vec![("give", self.give, Wants::Cash)]
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let offset = |key: &str| node.get(key).map_or(node.start, |node| node.start);
    for (one, other, given) in [
        ("total", "totals", [rules.total.is_some(), rules.totals.is_some()]),
        ("count", "counts", [rules.count.is_some(), rules.counts.is_some()]),
    ] {
        if given[0] == given[1] {
            cx.error(code::REACH_SPLIT_OF, node.start, |_| {
                (
                    format!("A red packet has either `{one}` or `{other}`, not both and not neither."),
                    format!("红包必须且只能填写 `{one}` 或 `{other}` 之一。"),
                )
            });
        }
    }
    let total = rules.total.or(rules.totals.as_ref().map(|totals| totals.to));
    let count = rules.count.or(rules.counts.as_ref().map(|counts| counts.from)).map(Int::get);
    if let (Some(total), Some(count)) = (total, count)
        && !rules.fits(total, count)
    {
        let key = if rules.total.is_some() { "total" } else { "totals" };
        let (total, least) = (total.display(cx.digits), rules.least().display(cx.digits));
        cx.within(key, |cx| {
            cx.error(code::REACH_SPLIT, offset(key), |_| {
                (
                    format!("{total} is not enough for {count} shares of at least {least}."),
                    format!("{total} 不够分成 {count} 份，每份至少 {least}。"),
                )
            });
        });
    }
    let helpers = rules.helpers.map_or(0, Int::get);
    let shares = rules.count.map(Int::get).or(rules.counts.as_ref().map(|counts| counts.to.get()));
    if rules.open_to == OpenTo::Team && shares.is_some_and(|shares| shares > helpers.saturating_add(1)) {
        let team = helpers.saturating_add(1);
        cx.within("openTo", |cx| {
            cx.warning(code::REACH_SHARES, offset("openTo"), |_| {
                (
                    format!(
                        "A team of {team} cannot take all the shares; the rest goes back when the time is over."
                    ),
                    format!("团队只有 {team} 人，红包领不完，剩余金额到期退回。"),
                )
            });
        });
    }
}

impl Rules {
    fn need(&self) -> u32 {
        self.helpers.map_or(0, Int::get)
    }

    /// How many helpers are still missing.
    fn locked(&self, progress: &Progress) -> u32 {
        self.need().saturating_sub(progress.helped())
    }

    fn least(&self) -> Money {
        self.min_unit.unwrap_or(Money(1)).max(Money(1))
    }

    fn fits(&self, total: Money, count: u32) -> bool {
        count > 0 && self.least().0.checked_mul(i64::from(count)).is_some_and(|least| total.0 >= least)
    }

    /// Puts the money aside; packets of the same reward whose time is over are settled for it, as long as there
    /// is not enough.
    fn put_aside<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        loop_: Loop,
        count: u32,
        total: Money,
    ) -> Result<(), Rejection<'c>> {
        let (state, at) = (cx.state, cx.at);
        let mut due = state.agenda.iter().take_while(|(due, _)| *due <= at).map(|(_, loop_)| *loop_);
        loop {
            let Err(refused) = rewards::set_aside(cx, loop_, self.give, count, total) else { return Ok(()) };
            let other = due.next().ok_or(refused)?;
            let Some(head) = state.loop_(other) else { continue };
            if let Some(play) = cx.rules(head).filter(|play| play.rules.portions().contains(&self.give)) {
                play.rules.settle(cx, other, head, play);
            }
        }
    }

    fn help<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        if on.progress.helpers.contains(&by) {
            return Err(Code::AlreadyHelped.into());
        }
        if self.locked(on.progress) == 0 {
            return Err(Code::LoopComplete.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let (have, need) = (on.progress.helped().saturating_add(1), self.need());
        cx.emit(Fact::Helped { loop_: on.loop_, by, have, need, device });
        Ok(())
    }

    fn claim<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let (loop_, progress) = (on.loop_, on.progress);
        if progress.has_claimed(by) {
            return Err(Code::AlreadyClaimed.into());
        }
        if progress.taken() >= progress.count {
            return Err(Code::PacketEmpty.into());
        }
        cx.loop_running(on.play, on.state)?;
        let locked = self.locked(progress);
        if locked > 0 {
            return Err(Rejection::new(Code::PacketLocked).most(locked));
        }
        if self.open_to == OpenTo::Team && by != on.state.initiator && !progress.helpers.contains(&by) {
            return Err(Code::NotMember.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let n = progress.taken().saturating_add(1);
        let amount = self.share(cx, (on.play, on.state), loop_, progress, n);
        cx.emit(Fact::Claimed { loop_, by, n, amount: Some(amount) });
        rewards::free(cx, loop_, self.give, 1, amount);
        // The latest revision may have less budget or stock than the packet was opened under.
        rewards::check(cx, loop_, self.give, Some(amount), by)?;
        rewards::grant_portion(cx, loop_, self.give, by, n, Portion { amount: Some(amount), points: None });
        if n >= progress.count {
            cx.emit(Fact::Completed { loop_ });
        }
        Ok(())
    }

    /// The n-th share.
    fn share(
        &self,
        cx: &Deciding<'_, '_>,
        (with, state): (&PlayRules, &LoopState),
        loop_: Loop,
        progress: &Progress,
        n: u32,
    ) -> Money {
        let (total, count) = (progress.total.0, progress.count);
        let numbers = |key| draw(cx, &with.rules, state.play, loop_, key);
        let amount = match (self.split, self.shares) {
            (Split::Equal, _) => equal(total, count, n),
            (Split::Random, Shares::Ahead) => {
                let shares = ahead(total, count, self.least().0, &mut numbers(0));
                usize::try_from(n).ok().and_then(|n| shares.get(n.checked_sub(1)?).copied()).unwrap_or(0)
            }
            (Split::Random, Shares::AtClaim) => {
                let left = count.saturating_sub(n).saturating_add(1);
                one(progress.left().1.0, left, self.least().0, &mut numbers(n))
            }
        };
        Money(amount)
    }
}

/// The n-th of `count` equal shares.
fn equal(total: i64, count: u32, n: u32) -> i64 {
    let count = i64::from(count.max(1));
    total / count + i64::from(i64::from(n) <= total % count)
}

/// All shares by the double mean, shuffled.
fn ahead(total: i64, count: u32, least: i64, numbers: &mut Draw) -> Vec<i64> {
    let mut rest = total;
    let mut shares = Vec::new();
    for left in (1..=count).rev() {
        let share = one(rest, left, least, numbers);
        rest -= share;
        shares.push(share);
    }
    for place in (1..shares.len()).rev() {
        let with = numbers.below(u64::try_from(place).unwrap_or(0).saturating_add(1));
        shares.swap(place, usize::try_from(with).unwrap_or(place));
    }
    shares
}

/// The next share of what is left for `left` shares of at least `least` each.
fn one(rest: i64, left: u32, least: i64, numbers: &mut Draw) -> i64 {
    if left <= 1 {
        return rest;
    }
    let left = i64::from(left);
    // Sums of money are below 2^53, so that doubling them stays in range.
    let most = (rest.saturating_mul(2) / left).min(rest.saturating_sub(least.saturating_mul(left - 1)));
    let span = u64::try_from(most.saturating_sub(least).saturating_add(1)).unwrap_or(1);
    least.saturating_add(i64::try_from(numbers.below(span)).unwrap_or(0))
}

impl Progress {
    fn helped(&self) -> u32 {
        u32::try_from(self.helpers.len()).unwrap_or(u32::MAX)
    }

    fn taken(&self) -> u32 {
        u32::try_from(self.claims.len()).unwrap_or(u32::MAX)
    }

    fn has_claimed(&self, who: Person) -> bool {
        self.claims.iter().any(|(other, _)| *other == who)
    }

    /// The shares and the money that nobody has taken.
    fn left(&self) -> (u32, Money) {
        let taken = self.claims.iter().fold(Money(0), |sum, (_, amount)| sum.plus(*amount));
        (self.count.saturating_sub(self.taken()), self.total.minus(taken))
    }
}

packed! { Progress { total, count, helpers, claims } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.helpers.capacity() * size_of::<Person>() + self.claims.capacity() * size_of::<(Person, Money)>()
    }

    fn knows(&self, who: Person) -> bool {
        self.helpers.contains(&who) || self.claims.iter().any(|(other, _)| *other == who)
    }
}
