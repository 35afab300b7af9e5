//! What made-up people could earn: the break-even cost of one, how it is done, and what can be lost by it.
//!
//! Each mechanic says in [`super::Mechanic::schemes`] how someone would earn with people who do not exist. For a
//! scheme that takes `n` of them and gives `v` in all, `c* = v / n`, rounded up, is the cost of one at which it breaks
//! even: who makes them up for less gains. Of a play the scheme with the highest `c*` counts. It is reported where it
//! is more than what the campaign assumes a made-up person to cost (`guard.fakeCost`, else one unit of the currency).
//!
//! * Ladders: with `T(n)` for the one on top and `r` for each of the others, `c* = max T(n) / n + r`. A single level
//!   of 10.00 for each friend is 10.00; 5.00 for each, 20.00 more for the 3rd and 80.00 more for the 10th are 15.00 with
//!   10 people, and the 10th alone brings 85.00.
//! * Help for a prize `P` by `k` people: `P / k`. A lottery: the prizes by their odds, times the free draws that one person
//!   has in the whole campaign; where caps leave fewer wins than these would bring, that many wins of an average prize.
//!   A bargain: what the cuts take off, by the cuts it needs.
//! * A leaderboard is a race without end: one person more than the leader takes the prize.
//!
//! What can be lost is what stock and budget of the rewards leave to give. A reward without a stated worth counts
//! nothing.

use crate::campaign::decode::Cx;
use crate::campaign::limits::{Action, Per};
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::rewards::{RewardKind, RewardRules};
use crate::campaign::{Root, Runs};
use crate::engine::handle::Reward;
use crate::engine::money::Money;
use crate::engine::time::{Period, Time, UtcOffset};
use crate::engine::view::{Offer, Side};
use crate::json::tree::Node;

/// A way to earn with made-up people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// What is done.
    pub recipe: Recipe,
    /// How many made-up people it takes.
    pub people: u32,
    /// The rewards it leads to, each with how many of it in `of` tries.
    pub gives: Vec<(Reward, u64)>,
    /// In how many tries; 1 where nothing is drawn.
    pub of: u64,
    /// The money it saves besides; below zero if it costs some.
    pub saves: Money,
    /// How often the play can save someone that money, if that is bounded.
    pub times: Option<u32>,
    /// Of a ladder, what all but one of the people lead to.
    pub but_one: Vec<(Reward, u64)>,
    /// How often each of the people can do it in a campaign; once if absent.
    pub again: Option<Again>,
}

/// How often one person can draw, and win, by calendar periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// The most draws of a period; each is a bound.
    pub draws: Vec<(Period, u32)>,
    /// The most wins of a period; each is a bound.
    pub wins: Vec<(Period, u32)>,
}

impl Scheme {
    /// A scheme whose people take part alone or together, without any gain yet.
    #[must_use]
    pub fn new(recipe: Recipe, people: u32) -> Self {
        Scheme {
            recipe,
            people: people.max(1),
            gives: Vec::new(),
            of: 1,
            saves: Money(0),
            times: None,
            but_one: Vec::new(),
            again: None,
        }
    }

    /// What it brings in a whole campaign: as often as caps and limits let it be done.
    fn in_all(mut self, play: &PlayRules, campaign: &Root) -> Self {
        let Some(Again { mut draws, wins }) = self.again.take() else { return self };
        let limits = play.limits.iter().chain(&campaign.limits);
        let of_draws = limits.filter(|limit| {
            matches!(limit.per, Per::Participant | Per::Initiator | Per::Loop)
                && limit.actions().has(Action::Draw)
        });
        draws.extend(of_draws.filter_map(|limit| Some((limit.every, limit.most?.get()))));
        let most = |bounds: &[(Period, u32)]| {
            let all = |(period, most): &(Period, u32)| {
                periods(*period, &campaign.runs, campaign.timezone).saturating_mul(u64::from(*most))
            };
            bounds.iter().map(all).min()
        };
        let draws = most(&draws).unwrap_or(1);
        let winning: u64 = self.gives.iter().map(|(_, weight)| *weight).sum();
        // More wins than are allowed are not expected: then each that is counts as an average one.
        let expected = u128::from(draws) * u128::from(winning) / u128::from(self.of.max(1));
        let (times, of) = match most(&wins).filter(|wins| u128::from(*wins) < expected) {
            Some(wins) => (wins, winning),
            None => (draws, self.of),
        };
        self.of = of;
        self.gives.iter_mut().for_each(|(_, weight)| *weight = weight.saturating_mul(times));
        self
    }
}

/// How many calendar periods a campaign touches.
fn periods(period: Period, runs: &Runs, timezone: UtcOffset) -> u64 {
    let last = runs.until.0.saturating_sub(1).max(runs.from.0);
    let (first, last) = (period.of(runs.from, timezone).0, period.of(Time(last), timezone).0);
    u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(1)
}

/// What someone does with made-up people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Lets them help.
    Help,
    /// Invites them.
    Invite,
    /// Lets each of them take part alone.
    Each,
    /// Ranks above the leader with them.
    Race,
}

impl Recipe {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Recipe::Help => ("by helping oneself with them", "用它们给自己助力"),
            Recipe::Invite => ("by inviting oneself as them", "用它们接受自己的邀请"),
            Recipe::Each => ("by taking part as each of them", "用每个账号分别参与"),
            Recipe::Race => ("by ranking first with them", "用它们把自己刷到榜首"),
        }
    }
}

/// The schemes of a ladder: what the one on top has earned by `n` people, for each `n` at which more is given, and
/// what each of them earns.
#[must_use]
pub fn ladder(
    recipe: Recipe,
    steps: &[u32],
    top: impl Fn(u32) -> Vec<(Reward, u64)>,
    each: &[Reward],
) -> Vec<Scheme> {
    let of = |people: u32| {
        let own = each.iter().map(|reward| (*reward, u64::from(people)));
        top(people).into_iter().chain(own).collect()
    };
    let scheme = |people: u32| Scheme {
        gives: of(people),
        but_one: of(people.saturating_sub(1)),
        ..Scheme::new(recipe, people)
    };
    let alone = [1];
    let steps = if steps.is_empty() { &alone[..] } else { steps };
    steps.iter().filter(|step| **step > 0).map(|step| scheme(*step)).collect()
}

/// The schemes of what a play offers: its own steps for who opens the loop, and what each of the others gets.
#[must_use]
pub fn by_offers(offers: &[Offer]) -> Vec<Scheme> {
    let top = |offer: &&Offer| {
        matches!(offer.side, Side::Initiator | Side::Inviter | Side::Sharer | Side::Leader | Side::Member)
    };
    let each = offers.iter().filter(|offer| matches!(offer.side, Side::Helper | Side::Invitee));
    let each: Vec<Reward> = each.map(|offer| offer.reward).collect();
    let steps: Vec<u32> = offers.iter().filter(top).map(|offer| offer.at).collect();
    if steps.is_empty() && each.is_empty() {
        return Vec::new();
    }
    let invites =
        offers.iter().any(|offer| matches!(offer.side, Side::Inviter | Side::Invitee | Side::Sharer));
    let recipe = if invites { Recipe::Invite } else { Recipe::Help };
    let reached = |people: u32| {
        let offers = offers.iter().filter(top).filter(|offer| offer.at <= people);
        offers.map(|offer| (offer.reward, 1)).collect()
    };
    ladder(recipe, &steps, reached, &each)
}

/// Warns of plays from which made-up people earn more than the campaign assumes them to cost.
pub fn check(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    let unit = Money(10_i64.checked_pow(cx.digits).unwrap_or(1));
    let assumed = |play: &PlayRules| {
        let own = play.guard.as_ref().and_then(|guard| guard.fake_cost);
        own.or(campaign.guard.as_ref().and_then(|guard| guard.fake_cost)).unwrap_or(unit)
    };
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let handle = cx.scope.names().play(&member.key);
        let Some(play) = handle.and_then(|handle| campaign.plays.get(handle.index())?.as_ref()) else {
            continue;
        };
        check_refund(play, campaign, member.key_start, (&member.key, cx));
        let schemes: Vec<Scheme> =
            play.rules.schemes().into_iter().map(|scheme| scheme.in_all(play, campaign)).collect();
        let costs = schemes.iter().map(|scheme| (scheme, cost(scheme, campaign)));
        let Some((scheme, cost)) = costs.max_by_key(|(_, cost)| *cost) else { continue };
        let assumed = assumed(play);
        if cost > assumed {
            let found = Found { scheme, cost, assumed, jump: jump(scheme, assumed, campaign) };
            cx.within("plays", |cx| {
                cx.within(&member.key, |cx| found.report(campaign, member.key_start, cx));
            });
        }
    }
}

/// Warns of money that is paid out for an order before its refund window has closed.
fn check_refund(play: &PlayRules, campaign: &Root, at: usize, (name, cx): (&str, &mut Cx)) {
    let paid_early = |reward: Reward| {
        rules(campaign, reward).is_some_and(|rules| rules.kind == RewardKind::Cash && rules.hold.is_none())
    };
    if !play.rules.on_orders().into_iter().any(paid_early) {
        return;
    }
    cx.within("plays", |cx| {
        cx.within(name, |cx| {
            cx.warning(code::MONEY_REFUND, at, |_| {
                (
                    String::from(
                        "Money is paid out at once for orders that can still be refunded: order, take the money, send the \
                         order back. Give the reward a `hold` as long as the refund window.",
                    ),
                    String::from("订单仍可退款时现金就已发放：下单、领钱、再退单即可套利。请为奖励设置不短于退款期的 `hold`。"),
                )
            });
        });
    });
}

/// The scheme of a play that pays most.
struct Found<'s> {
    scheme: &'s Scheme,
    cost: Money,
    assumed: Money,
    /// What the last of the people alone brings, where that is steep.
    jump: Option<Money>,
}

impl Found<'_> {
    fn report(&self, campaign: &Root, at: usize, cx: &mut Cx) {
        let (digits, scheme) = (cx.digits, self.scheme);
        let show = |money: Money| money.display(digits).to_string();
        let (people, value) = (scheme.people, show(value(scheme, campaign)));
        let (cost, assumed, (how, how_zh)) = (show(self.cost), show(self.assumed), scheme.recipe.words());
        let (jump, jump_zh) = self.jump.map(show).map_or_else(Default::default, |jump| {
            (format!(" The last of them alone brings {jump}."), format!("仅最后一个账号就带来 {jump}。"))
        });
        let (loss, loss_zh) = match loss(scheme, campaign) {
            Some(loss) => {
                let loss = show(loss);
                (format!("At most {loss} can be lost so."), format!("最多可被套取 {loss}。"))
            }
            None => (
                String::from("Nothing bounds what can be lost so."),
                String::from("可被套取的金额没有上限。"),
            ),
        };
        let (race, race_zh) = match scheme.recipe {
            Recipe::Race => {
                (" Others can do the same: the race has no end.", "其他人也能照做，刷榜没有尽头。")
            }
            _ => ("", ""),
        };
        let who = match people {
            1 => String::from("One made-up person brings"),
            _ => format!("{people} made-up people bring"),
        };
        let code = if scheme.recipe == Recipe::Race { code::ABUSE_RACE } else { code::ABUSE_COST };
        cx.warning(code, at, |_| {
            (
                format!(
                    "{who} someone {value} here, {how}: {cost} for each. Who can make one up for \
                     less gains by it; this campaign assumes a cost of {assumed} (`guard.fakeCost`).{jump}{race} {loss}"
                ),
                format!(
                    "虚构 {people} 个账号即可在此套取 {value}（{how_zh}），平均每个账号 {cost}。伪造一个账号的成本更低就有利可图；\
                     本活动假设成本为 {assumed}（`guard.fakeCost`）。{jump_zh}{race_zh}{loss_zh}"
                ),
            )
        });
    }
}

/// The break-even cost of one made-up person, rounded up.
fn cost(scheme: &Scheme, campaign: &Root) -> Money {
    let people = i64::from(scheme.people.max(1));
    let value = value(scheme, campaign).0;
    Money(value / people + i64::from(value % people > 0))
}

/// What a scheme brings, rounded down.
fn value(scheme: &Scheme, campaign: &Root) -> Money {
    let one = |(reward, count): &(Reward, u64)| {
        let worth = rules(campaign, *reward).and_then(RewardRules::each).unwrap_or_default();
        i128::from(worth.0) * i128::from(*count)
    };
    let sum: i128 = scheme.gives.iter().map(one).sum();
    let value = sum / i128::from(scheme.of.max(1)) + i128::from(scheme.saves.0);
    Money(i64::try_from(value).unwrap_or(i64::MAX))
}

/// What the last person of a ladder alone brings, where that is more than one costs and more than their share.
fn jump(scheme: &Scheme, assumed: Money, campaign: &Root) -> Option<Money> {
    let before = Scheme { gives: scheme.but_one.clone(), ..scheme.clone() };
    let jump = value(scheme, campaign).minus(value(&before, campaign));
    let steep = scheme.recipe == Recipe::Invite && jump > cost(scheme, campaign).max(assumed);
    steep.then_some(jump)
}

/// The most that stock and budget leave to lose, if they bound it.
fn loss(scheme: &Scheme, campaign: &Root) -> Option<Money> {
    if scheme.gives.is_empty() {
        return scheme.times.map(|times| Money(scheme.saves.0.saturating_mul(i64::from(times))));
    }
    let mut given: Vec<Reward> = scheme.gives.iter().map(|(reward, _)| *reward).collect();
    given.sort_unstable();
    given.dedup();
    given.into_iter().try_fold(Money(0), |sum, reward| {
        let rules = rules(campaign, reward)?;
        match rules.most() {
            None if rules.kind != RewardKind::Cash && rules.worth.is_none() => Some(sum),
            most => most.map(|most| sum.plus(most)),
        }
    })
}

fn rules(campaign: &Root, reward: Reward) -> Option<&RewardRules> {
    campaign.rewards.get(reward.index())?.as_ref()
}
