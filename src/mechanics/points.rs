//! Points (积分商城, 等级): a shop that is paid with points, and levels for points earned.
//!
//! * `account` is a reward whose account the engine keeps; other plays of the campaign grant it. A participant
//!   has one loop for the play, open until the campaign ends; the first act opens it.
//! * `redeem` names an item and pays its `cost`. It is refused, and nothing is paid, when the balance is short,
//!   when the participant has `most` of it already, or when the item's reward and what it falls back to are out.
//! * If a redeemed grant fails or is taken back, its cost goes back to the account, as points that expire like
//!   new ones. They are no points earned. A grant that was not claimed in time stays paid.
//! * A level is reached by all the points ever earned and not taken back, whether spent, expired or still there.
//!   `claim` names it and earns its `give`, once. A level that was claimed stays claimed when points are taken
//!   back later. A level without `give` is only shown.
//!
//! Example: `{ "account": "points", "items": [{ "name": "mug", "give": "mug", "cost": 30, "most": 1 }], "levels":
//! [{ "name": "silver", "at": 100, "give": "coffee" }] }`. Ann has earned 40 points and redeems a mug: 10 are left.
//! A second mug is refused (`LIMIT_REACHED`). She earns 60 more: 70 to spend, 100 earned, silver is hers to claim.

use super::abuse::Scheme;
use super::{Keep, Kept, Looking, Mechanic, On, Wants};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::names::Name;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::field::GrantId;
use crate::engine::handle::{Loop, Person, Reward};
use crate::engine::pack::{Packed, Unpacker};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, State};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 积分商城: things for points, and levels for points earned.
    pub struct Rules {
        /// The points: a reward whose account is kept here.
        pub account: Reward,
        /// What can be had for points.
        pub items: Vec<Item> = Vec::new(),
        /// The levels, from the lowest.
        pub levels: Vec<Level> = Vec::new(),
    }
}

document! {
    /// Something that can be had for points.
    pub struct Item {
        /// Its name in commands.
        pub name: Name,
        /// The reward.
        pub give: Reward,
        /// How many points it costs.
        pub cost: Int<1, 1_000_000_000>,
        /// How many of it one participant can have.
        pub most: Option<Int<1, 1_000_000>>,
    }
}

document! {
    /// A level that is reached by points earned.
    pub struct Level {
        /// Its name in commands.
        pub name: Name,
        /// At how many points earned.
        pub at: Int<1, 1_000_000_000>,
        /// What it earns.
        pub give: Option<Reward>,
    }
}

/// The levels a participant has claimed, by their numbers from 0, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    claimed: Vec<u32>,
}

/// Grants of the n-th level have this plus n as their cause; those of the n-th item have n.
const LEVEL: u32 = 1 << 20;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Redeem, Act::Claim];

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
        let name = required(cx.command.name.as_deref(), "name")?;
        if cx.act == Act::Redeem { self.redeem(cx, &on, by, name) } else { self.claim(cx, &on, by, name) }
    }

    fn taken_back(
        &self,
        cx: &mut Deciding<'_, '_>,
        _on: On<'_, '_, Progress>,
        id: GrantId,
        grant: GrantState,
    ) {
        let Some(item) = usize::try_from(grant.cause).ok().and_then(|at| self.items.get(at)) else { return };
        let (reward, points) = (self.account, item.cost.get());
        let valid = cx.book.reward(reward).and_then(|rules| rules.valid);
        let until = valid.map(|valid| cx.at.after(valid));
        cx.emit(Fact::Repaid { grant: id, reward, to: grant.to, points, until });
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        if let Fact::Claimed { n, .. } = *fact
            && let Some(level) = n.checked_sub(1)
            && let Err(place) = progress.claimed.binary_search(&level)
        {
            progress.claimed.insert(place, level);
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, to) = (looking.state, looking.state.initiator);
        let account = looking.all.account(to, self.account);
        let balance = account.map_or(0, |account| account.balance(looking.at));
        let earned = account.map_or(0, |account| account.earned());
        let open = looking.at < state.until;
        let points = |short: u64| {
            let short = u32::try_from(short).unwrap_or(u32::MAX);
            (short > 0).then(|| Step { until: Some(state.until), ..Step::new(Need::Points, short) })
        };
        let (mut rewards, mut items) = (Vec::new(), Vec::new());
        for (number, item) in (0u32..).zip(&self.items) {
            let short = u64::try_from(i64::from(item.cost.get()).saturating_sub(balance)).unwrap_or(0);
            let have = redeemed(looking.all, looking.loop_, number, looking.at);
            let limited = item.most.is_some_and(|most| have >= most.get());
            let redeem = Step { item: Some(item.name.to_string()), ..Step::new(Need::Redeem, 1) };
            let missing = if limited { vec![] } else { points(short).into_iter().chain([redeem]).gather() };
            rewards.push(RewardLook::new(item.give, to, number, open && !limited, missing));
            let status = match short {
                _ if limited => "limit",
                0 => "ready",
                _ => "short",
            };
            let name = ItemName::Text(item.name.to_string());
            items.push(ItemLook::new("goods", name, u64::from(have), u64::from(item.cost.get()), status));
        }
        for (number, level) in (0u32..).zip(&self.levels) {
            let short = u64::from(level.at.get()).saturating_sub(earned);
            let claimed = progress.has(number);
            if let Some(give) = level.give {
                let claim = Step { item: Some(level.name.to_string()), ..Step::new(Need::Claim, 1) };
                let missing =
                    if claimed { vec![] } else { points(short).into_iter().chain([claim]).gather() };
                rewards.push(RewardLook::new(give, to, LEVEL + number, open && !claimed, missing));
            }
            let status = match short {
                _ if claimed => "claimed",
                0 if level.give.is_some() => "claimable",
                0 => "reached",
                _ => "locked",
            };
            let name = ItemName::Text(level.name.to_string());
            items.push(ItemLook::new("level", name, earned, u64::from(level.at.get()), status));
        }
        let next = self.levels.iter().map(|level| level.at.get()).find(|at| u64::from(*at) > earned);
        Look {
            have: u32::try_from(earned).unwrap_or(u32::MAX),
            need: next.unwrap_or(0),
            rewards,
            items,
            ..Look::default()
        }
    }

    fn has_level(&self, state: &State, who: Person, name: &str) -> bool {
        let earned = state.account(who, self.account).map_or(0, |account| account.earned());
        self.levels.iter().any(|level| &*level.name == name && earned >= u64::from(level.at.get()))
    }

    fn offers(&self) -> Vec<Offer> {
        let offer = |reward: Reward, at: u32| Offer { side: Side::Initiator, reward, at };
        let items = self.items.iter().map(|item| offer(item.give, item.cost.get()));
        let levels = self.levels.iter().filter_map(|level| Some(offer(level.give?, level.at.get())));
        items.chain(levels).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        // Points are worth what earning them takes.
        Vec::new()
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let items = self.items.iter().map(|item| (item.give, item.most.map_or(u32::MAX, |most| most.get())));
        let levels = self.levels.iter().filter_map(|level| Some((level.give?, 1)));
        items.chain(levels).gather()
    }

    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        vec![("account", self.account, Wants::Account)]
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.items.is_empty() && rules.levels.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Points buy and earn nothing here: add `items` or `levels`."),
                String::from("积分在这里没有用处：请填写 `items` 或 `levels`。"),
            )
        });
    }
    let names = |key: &str, names: Vec<&str>, cx: &mut Cx| {
        let entries = node.get(key).map(Node::entries).unwrap_or_default();
        for (number, (name, node)) in names.iter().zip(entries).enumerate() {
            if names.iter().take(number).any(|other| other == name) {
                report(cx, (key, number), |cx| {
                    cx.error(code::NAME_TWICE, node.start, |_| {
                        (
                            format!("\"{name}\" stands here twice; commands could not tell which is meant."),
                            format!("“{name}”在这里重复出现，指令无法区分。"),
                        )
                    });
                });
            }
        }
    };
    names("items", rules.items.iter().map(|item| &*item.name).gather(), cx);
    names("levels", rules.levels.iter().map(|level| &*level.name).gather(), cx);
    let entries = node.get("levels").map(Node::entries).unwrap_or_default();
    let pairs = rules.levels.iter().zip(rules.levels.iter().skip(1)).zip(entries.iter().skip(1));
    for (number, ((lower, level), node)) in (1..).zip(pairs) {
        if level.at <= lower.at {
            let (name, before) = (&*level.name, &*lower.name);
            report(cx, ("levels", number), |cx| {
                cx.error(code::LEVEL_ORDER, node.start, |_| {
                    (
                        format!("Levels go from the lowest to the highest: \"{name}\" needs more points than \"{before}\"."),
                        format!("等级应从低到高排列：“{name}”所需积分应高于“{before}”。"),
                    )
                });
            });
        }
    }
}

fn report(cx: &mut Cx, (key, number): (&str, usize), report: impl FnOnce(&mut Cx)) {
    cx.within(key, |cx| cx.within_entry(number, report));
}

impl Rules {
    fn redeem<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
        name: &'c str,
    ) -> Result<(), Rejection<'c>> {
        let found = (0u32..).zip(&self.items).find(|(_, item)| *item.name == *name);
        let (number, item) = found.ok_or(Rejection::new(Code::ItemUnknown).name(name))?;
        if let Some(most) = item.most.map(|most| most.get())
            && redeemed(cx.state, on.loop_, number, cx.at) >= most
        {
            return Err(Rejection::new(Code::LimitReached).most(most).name(name));
        }
        rewards::check_obtainable(cx, on.loop_, &[item.give], by)?;
        rewards::spend(cx, on.loop_, self.account, by, item.cost.get())?;
        rewards::grant(cx, on.loop_, item.give, by, number);
        Ok(())
    }

    fn claim<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
        name: &'c str,
    ) -> Result<(), Rejection<'c>> {
        let found = (0u32..).zip(&self.levels).find(|(_, level)| *level.name == *name);
        let unknown = Rejection::new(Code::ItemUnknown).name(name);
        let (number, level) = found.ok_or(unknown)?;
        let give = level.give.ok_or(unknown)?;
        if on.progress.has(number) {
            return Err(Code::AlreadyClaimed.into());
        }
        let earned = cx.state.account(by, self.account).map_or(0, |account| account.earned());
        let short = u64::from(level.at.get()).saturating_sub(earned);
        if short > 0 {
            return Err(Rejection::new(Code::NotReached).most(u32::try_from(short).unwrap_or(u32::MAX)));
        }
        // Claimed while nothing is left of it, the level would be gone for nothing.
        rewards::check_obtainable(cx, on.loop_, &[give], by)?;
        cx.emit(Fact::Claimed { loop_: on.loop_, by, n: number + 1, amount: None });
        rewards::grant(cx, on.loop_, give, by, LEVEL + number);
        Ok(())
    }
}

/// How many of an item stand.
fn redeemed(state: &State, loop_: Loop, item: u32, at: Time) -> u32 {
    let mine = state.grants_of_loop(loop_).filter(|(_, grant)| grant.cause == item);
    u32::try_from(mine.filter(|(handle, grant)| rewards::stands(state, *handle, *grant, at)).count())
        .unwrap_or(u32::MAX)
}

impl Progress {
    fn has(&self, level: u32) -> bool {
        self.claimed.binary_search(&level).is_ok()
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        self.claimed.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let claimed: Vec<u32> = from.read();
        from.require(claimed.is_sorted_by(|a, b| a < b));
        Progress { claimed }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.claimed.capacity() * size_of::<u32>()
    }
}
