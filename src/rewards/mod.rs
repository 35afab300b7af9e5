//! Rewards: reserving them within stock, budget and limits, and the life of a grant.
//!
//! * A grant is reserved, perhaps held for a while, then fulfilled by the backend, or failed, or revoked.
//! * With `claimWithin` it is claimable first: its owner claims it (`claim` with `grant`) before that time, after
//!   which it is reserved as any other. Points and chances are added to the account then. A grant that was not
//!   claimed in time is outdated, and its stock and budget are free again.
//! * A coupon, pass, goods or content can be used from when it was handed over, for `valid`. With `"activate":
//!   "by-hand"` its owner activates it first, within `activateWithin` of being handed over, and `valid` counts from
//!   then. What was not activated or used in time is outdated; its stock stays used.
//! * `use` marks it used, once; a pass can be used again while it is valid.
//! * All of this goes by the clock, whether or not a tick has told of it: the fact `outdated` comes with the next
//!   tick, or before it when the stock is needed.
//! * Whatever was handed over can be taken back in any state, used or not; its owner then owes it, or keeps it by
//!   `clawback`. So a refund is never refused because of what it earned.
//!
//! Example: `{ "kind": "pass", "claimWithin": "3d", "activate": "by-hand", "activateWithin": "30d", "valid": "5d" }`.
//! Ann is granted a pass on the 1st and claims it on the 3rd at the latest; the backend fulfils it on the 3rd. She
//! activates it on the 20th at 10:00, and it is used as often as she likes until the 25th at 10:00.

pub mod points;

use crate::campaign::rewards::{Activate, Clawback, RewardKind, RewardRules};
use crate::engine::book::Book;
use crate::engine::command::{Act, Command};
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::field::{GrantId, Reason};
use crate::engine::handle::{Grant, Loop, Person, Reward};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, GrantStatus, State};
use crate::engine::time::Time;
use crate::gather::Gather;
use crate::guard;

/// Fallbacks that are tried one after the other at most.
const FALLBACKS: usize = 8;

/// How large a grant is, where a mechanic and not the catalogue decides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// The money of a cash reward.
    pub amount: Option<Money>,
    /// The points of a points reward.
    pub points: Option<u32>,
}

/// Promises a reward, or its fallback; where neither is to be had, the reason is a fact too.
///
/// `cause` is the mechanic's number for what earned it, so that exactly that can be taken back. Points are
/// handed over at once, by adding them to the account.
pub fn grant(cx: &mut Deciding<'_, '_>, loop_: Loop, reward: Reward, to: Person, cause: u32) {
    grant_portion(cx, loop_, reward, to, cause, Portion::default());
}

/// As [`grant`], of a size that the mechanic decides; a fallback has its own size.
pub fn grant_portion(
    cx: &mut Deciding<'_, '_>,
    loop_: Loop,
    reward: Reward,
    to: Person,
    cause: u32,
    portion: Portion,
) {
    let mut reason = Reason::Stock;
    let (book, mut portion) = (cx.book, portion);
    for (reward, rules) in with_fallbacks(book, reward) {
        let amount = portion.amount.or(rules.amount);
        let points = portion.points.or(rules.credits());
        portion = Portion::default();
        match obstacle(cx, loop_, reward, amount, to) {
            None => {
                make_room(cx, reward, amount, to);
                let until = rules.hold.map(|hold| cx.at.after(hold));
                // Points whose number a mechanic decided are not remembered until someone claims them.
                let at_once = rules.keeps_account() && points != rules.credits();
                let claim_by = rules.claim_within.filter(|_| !at_once).map(|span| cx.at.after(span));
                let grant = cx.next_grant(loop_);
                cx.emit(Fact::Granted { grant, reward, to, amount, until, claim_by, cause });
                if claim_by.is_none() {
                    credit(cx, rules, (grant, reward, to), points);
                }
                return;
            }
            Some(found) => reason = found,
        }
    }
    cx.emit(Fact::Withheld { loop_, reward, to, reason });
}

/// Promises each of the rewards, unless what a refund left with its owner (`"clawback": "keep"`) stands for it: who
/// earns the same a second time is not given it twice.
pub fn grant_anew(cx: &mut Deciding<'_, '_>, loop_: Loop, rewards: &[Reward], to: Person, cause: u32) {
    for (reward, stands) in standing_among(cx.state, cx.book, cx.at, (loop_, to, cause), rewards) {
        if !stands {
            grant(cx, loop_, reward, to, cause);
        }
    }
}

/// Each of the rewards, and whether a participant's grant with this cause stands for it.
#[must_use]
pub fn standing_among(
    state: &State,
    book: &Book,
    at: Time,
    (loop_, to, cause): (Loop, Person, u32),
    rewards: &[Reward],
) -> Vec<(Reward, bool)> {
    let mut left: Vec<Reward> = standing_for(state, at, loop_, to, cause).gather();
    let mut each = |reward: Reward| {
        let stands = |left: &Reward| with_fallbacks(book, reward).any(|(other, _)| other == *left);
        let found = left.iter().position(stands).map(|at| left.swap_remove(at));
        (reward, found.is_some())
    };
    rewards.iter().map(|reward| each(*reward)).gather()
}

/// The rewards of a participant's grants with this cause that stand in the state.
pub fn standing_for(
    state: &State,
    at: Time,
    loop_: Loop,
    to: Person,
    cause: u32,
) -> impl Iterator<Item = Reward> {
    let known = state.grants_of_loop(loop_).filter(move |(_, grant)| grant.cause == cause && grant.to == to);
    let known = known.filter(move |(handle, grant)| stands(state, *handle, *grant, at));
    known.filter_map(|(handle, grant)| Some(state.terms(handle, grant)?.reward))
}

/// Adds the points of a grant to the account, if the engine keeps one: they are handed over by that.
fn credit(
    cx: &mut Deciding<'_, '_>,
    rules: &RewardRules,
    (grant, reward, to): (GrantId, Reward, Person),
    points: Option<u32>,
) {
    if let Some(points) = points.filter(|_| rules.keeps_account()) {
        cx.emit(Fact::Fulfilled { grant, until: None });
        let until = rules.valid.map(|valid| cx.at.after(valid));
        cx.emit(Fact::Credited { grant, reward, to, points, until });
    }
}

/// Puts stock and budget of a reward aside for a loop that will grant it later, piece by piece.
///
/// Before each grant out of it, [`free`] gives the piece back. A reward that does not have as much left is
/// not put aside at all.
///
/// # Errors
/// `REWARD_OUT`.
pub fn set_aside<'c>(
    cx: &mut Deciding<'_, 'c>,
    loop_: Loop,
    reward: Reward,
    count: u32,
    amount: Money,
) -> Result<(), Rejection<'c>> {
    let Some(rules) = cx.book.reward(reward) else { return Err(Code::RewardOut.into()) };
    let is_out = |used: Used| {
        rules.stock.is_some_and(|stock| used.count.saturating_add(count) > stock.get())
            || rules.budget.is_some_and(|budget| used.money.plus(amount) > budget)
    };
    if is_out(used_by_clock(cx, reward)) {
        return Err(Rejection::new(Code::RewardOut).name(cx.book.reward_name(reward)));
    }
    while is_out(used(cx, reward)) {
        let Some((id, _)) = unclaimed(cx, reward).next() else { break };
        cx.emit(Fact::Outdated { grant: id });
    }
    cx.emit(Fact::SetAside { loop_, reward, count, amount });
    Ok(())
}

/// Gives back what [`set_aside`] put aside, or a piece of it.
pub fn free(cx: &mut Deciding<'_, '_>, loop_: Loop, reward: Reward, count: u32, amount: Money) {
    cx.emit(Fact::Freed { loop_, reward, count, amount });
}

/// Takes points from a participant's account.
///
/// # Errors
/// `POINTS_SHORT`.
pub fn spend<'c>(
    cx: &mut Deciding<'_, 'c>,
    loop_: Loop,
    reward: Reward,
    by: Person,
    points: u32,
) -> Result<(), Rejection<'c>> {
    let balance = balance(cx, reward, by);
    if balance < i64::from(points) {
        let short = u32::try_from(i64::from(points) - balance).unwrap_or(u32::MAX);
        return Err(Rejection::new(Code::PointsShort).most(short).name(cx.book.reward_name(reward)));
    }
    cx.emit(Fact::Spent { loop_, reward, by, points });
    Ok(())
}

/// The points a participant can spend at this moment, counting what this command has done already.
#[must_use]
pub fn balance(cx: &Deciding<'_, '_>, reward: Reward, of: Person) -> i64 {
    let mut balance = cx.state.account(of, reward).map_or(0, |account| account.balance(cx.at));
    for fact in &cx.facts {
        match *fact {
            Fact::Credited { reward: other, to, points, .. } if other == reward && to == of => {
                balance += i64::from(points);
            }
            Fact::Repaid { reward: other, to, points, .. } if other == reward && to == of => {
                balance += i64::from(points);
            }
            Fact::Spent { reward: other, by, points, .. } if other == reward && by == of => {
                balance -= i64::from(points);
            }
            _ => {}
        }
    }
    balance
}

/// A reward and what is given instead when it is out, in that order.
pub fn with_fallbacks(book: &Book, reward: Reward) -> impl Iterator<Item = (Reward, &RewardRules)> {
    let mut next = Some(reward);
    let chain = core::iter::from_fn(move || {
        let reward = next?;
        let rules = book.reward(reward)?;
        next = rules.fallback;
        Some((reward, rules))
    });
    chain.take(FALLBACKS)
}

/// What keeps a reward of this amount, granted out of a loop, from a participant at this moment: stock, budget, or
/// a limit, be it the reward's own or one on grants.
#[must_use]
pub fn obstacle(
    cx: &Deciding<'_, '_>,
    loop_: Loop,
    reward: Reward,
    amount: Option<Money>,
    to: Person,
) -> Option<Reason> {
    let rules = cx.book.reward(reward);
    let hinders = |used: Used| obstacle_to(cx, (reward, rules?), amount, to, used);
    let found = match hinders(used(cx, reward)) {
        Some(Reason::Stock | Reason::Budget) => hinders(used_by_clock(cx, reward)),
        found => found,
    };
    let limited = || guard::limit_on_grant(cx, loop_, reward, amount, to).map(|_| Reason::Limit);
    found.or_else(limited)
}

/// Whether a participant could be granted the reward, or what it falls back to.
#[must_use]
pub fn is_obtainable(cx: &Deciding<'_, '_>, loop_: Loop, reward: Reward, to: Person) -> bool {
    with_fallbacks(cx.book, reward)
        .any(|(reward, rules)| obstacle(cx, loop_, reward, rules.amount, to).is_none())
}

/// As [`is_obtainable`], for a page that looks.
#[must_use]
pub fn seems_obtainable(
    book: &Book,
    state: &State,
    at: Time,
    loop_: Loop,
    reward: Reward,
    to: Person,
) -> bool {
    let command = Command::new(".", at, Act::Tick);
    is_obtainable(&Deciding::new(book, state, &command), loop_, reward, to)
}

/// Makes sure that one of these rewards, or of what they fall back to, could be granted; what is claimed while
/// nothing is to be had would be gone for nothing.
///
/// # Errors
/// What keeps the first of them: `REWARD_OUT` or `LIMIT_REACHED`.
pub fn check_obtainable<'c>(
    cx: &Deciding<'_, 'c>,
    loop_: Loop,
    rewards: &[Reward],
    to: Person,
) -> Result<(), Rejection<'c>> {
    match rewards.first() {
        Some(first) if !rewards.iter().any(|reward| is_obtainable(cx, loop_, *reward, to)) => {
            check(cx, loop_, *first, cx.book.reward(*first).and_then(|rules| rules.amount), to)
        }
        _ => Ok(()),
    }
}

/// Makes sure that a reward of this amount could be granted, itself and not what it falls back to.
///
/// # Errors
/// `REWARD_OUT` without stock or budget, `LIMIT_REACHED` for the limit that keeps it.
pub fn check<'c>(
    cx: &Deciding<'_, 'c>,
    loop_: Loop,
    reward: Reward,
    amount: Option<Money>,
    to: Person,
) -> Result<(), Rejection<'c>> {
    let name = cx.book.reward_name(reward);
    match obstacle(cx, loop_, reward, amount, to) {
        None => Ok(()),
        Some(Reason::Limit) => {
            Err(guard::limit_on_grant(cx, loop_, reward, amount, to).unwrap_or_else(|| {
                let most = cx.book.reward(reward).and_then(|rules| rules.per_participant);
                Rejection::new(Code::LimitReached).most(most.map_or(0, |most| most.get())).name(name)
            }))
        }
        Some(_) => Err(Rejection::new(Code::RewardOut).name(name)),
    }
}

fn obstacle_to(
    cx: &Deciding<'_, '_>,
    (reward, rules): (Reward, &RewardRules),
    amount: Option<Money>,
    to: Person,
    used: Used,
) -> Option<Reason> {
    if rules.stock.is_some_and(|stock| used.count >= stock.get()) {
        return Some(Reason::Stock);
    }
    let amount = amount.unwrap_or_default();
    if rules.budget.is_some_and(|budget| used.money.plus(amount) > budget) {
        return Some(Reason::Budget);
    }
    let most = rules.per_participant?.get();
    let granted = |fact: &&Fact<'_>| matches!(**fact, Fact::Granted { reward: other, to: other_to, .. } if other == reward && other_to == to);
    let mine = u32::try_from(cx.facts.iter().filter(granted).count()).unwrap_or(u32::MAX);
    let standing = mine.saturating_add(standing(cx.state, to, reward, cx.at));
    (standing >= most).then_some(Reason::Limit)
}

/// Tells of grants that were not claimed in time, as far as their stock, their budget or the participant's limit
/// is needed for another grant.
fn make_room(cx: &mut Deciding<'_, '_>, reward: Reward, amount: Option<Money>, to: Person) {
    if cx.state.ending.is_empty() || unclaimed(cx, reward).next().is_none() {
        return;
    }
    let Some(rules) = cx.book.reward(reward) else { return };
    let limited = rules.per_participant.is_some();
    let mine = unclaimed(cx, reward).filter(|(_, grant)| limited && cx.state.ids.is_same(grant.to, to));
    let mine: Vec<GrantId> = mine.map(|(id, _)| id).gather();
    for grant in mine {
        cx.emit(Fact::Outdated { grant });
    }
    let hinders = |cx: &Deciding<'_, '_>| obstacle_to(cx, (reward, rules), amount, to, used(cx, reward));
    while let Some(Reason::Stock | Reason::Budget) = hinders(cx) {
        let Some((grant, _)) = unclaimed(cx, reward).next() else { break };
        cx.emit(Fact::Outdated { grant });
    }
}

/// The grants of a reward that were not claimed in time, and of which no fact has told yet.
fn unclaimed(cx: &Deciding<'_, '_>, reward: Reward) -> impl Iterator<Item = (GrantId, GrantState)> {
    ended(cx)
        .filter(move |(handle, grant)| {
            grant.status == GrantStatus::Claimable
                && cx.state.terms(*handle, *grant).is_some_and(|terms| terms.reward == reward)
        })
        .map(|(_, grant)| (GrantId { loop_: grant.loop_, n: grant.n }, grant))
}

/// The grants whose time is over, and of which no fact has told yet.
fn ended(cx: &Deciding<'_, '_>) -> impl Iterator<Item = (Grant, GrantState)> {
    let ended = cx.state.ending.iter().take_while(|(until, _)| *until <= cx.at);
    ended
        .filter_map(|(_, handle)| Some((*handle, cx.state.grant(*handle)?)))
        .filter(|(_, grant)| !is_told(cx, GrantId { loop_: grant.loop_, n: grant.n }))
}

/// Whether this command has told of the end of a grant.
fn is_told(cx: &Deciding<'_, '_>, id: GrantId) -> bool {
    cx.facts.iter().any(|fact| match *fact {
        Fact::Outdated { grant } | Fact::Revoked { grant, .. } => grant == id,
        _ => false,
    })
}

/// Tells of at most so many grants whose time is over.
#[inline(never)]
pub fn outdate(cx: &mut Deciding<'_, '_>, most: usize) {
    let over: Vec<GrantId> =
        ended(cx).map(|(_, grant)| GrantId { loop_: grant.loop_, n: grant.n }).take(most).gather();
    for grant in over {
        cx.emit(Fact::Outdated { grant });
    }
}

/// Pieces and money of a reward that are granted or put aside.
#[derive(Clone, Copy)]
struct Used {
    count: u32,
    money: Money,
}

/// What a reward has used up; what this command has done already is not in the state yet.
fn used(cx: &Deciding<'_, '_>, reward: Reward) -> Used {
    let state = cx.state.reward(reward);
    let mut used =
        Used { count: state.count.saturating_add(state.aside), money: state.spent.plus(state.aside_money) };
    for fact in &cx.facts {
        match *fact {
            Fact::Granted { reward: other, amount, .. } if other == reward => {
                used.count = used.count.saturating_add(1);
                used.money = used.money.plus(amount.unwrap_or_default());
            }
            Fact::SetAside { reward: other, count, amount, .. } if other == reward => {
                used.count = used.count.saturating_add(count);
                used.money = used.money.plus(amount);
            }
            Fact::Freed { reward: other, count, amount, .. } if other == reward => {
                used.count = used.count.saturating_sub(count);
                used.money = used.money.minus(amount);
            }
            Fact::Outdated { grant } => {
                let terms = find(cx.state, grant).and_then(|handle| {
                    let known = cx.state.grant(handle).filter(|known| !known.status.handed_over())?;
                    cx.state.terms(handle, known).filter(|terms| terms.reward == reward)
                });
                if let Some(terms) = terms {
                    used.count = used.count.saturating_sub(1);
                    used.money = used.money.minus(terms.amount.unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    used
}

/// What a reward has used up by the clock: what was not claimed in time is free, even if no fact has told of it.
fn used_by_clock(cx: &Deciding<'_, '_>, reward: Reward) -> Used {
    let mut used = used(cx, reward);
    for (id, grant) in unclaimed(cx, reward) {
        let terms = find(cx.state, id).and_then(|handle| cx.state.terms(handle, grant));
        used.count = used.count.saturating_sub(1);
        used.money = used.money.minus(terms.and_then(|terms| terms.amount).unwrap_or_default());
    }
    used
}

/// Whether a grant uses stock and budget at a moment, by the clock.
#[must_use]
pub fn stands(state: &State, handle: Grant, grant: GrantState, at: Time) -> bool {
    let lost = grant.status == GrantStatus::Claimable && is_over(state, handle, at);
    grant.status.stands() && !lost
}

/// Whether the time to claim, activate or use a grant is over.
fn is_over(state: &State, handle: Grant, at: Time) -> bool {
    state.ends.get(&handle).is_some_and(|until| *until <= at)
}

/// Where a grant stands by the clock, and until when if that ends.
#[must_use]
pub fn status(state: &State, handle: Grant, grant: GrantState, at: Time) -> (&'static str, Option<Time>) {
    if is_over(state, handle, at) {
        return (GrantStatus::Elapsed.name(), None);
    }
    match grant.status {
        GrantStatus::Reserved if held_until(state, handle, at).is_some() => ("held", None),
        status => (status.name(), state.ends.get(&handle).copied()),
    }
}

fn standing(state: &State, person: Person, reward: Reward, at: Time) -> u32 {
    let counts = |(handle, grant): &(Grant, GrantState)| {
        stands(state, *handle, *grant, at)
            && state.terms(*handle, *grant).is_some_and(|terms| terms.reward == reward)
    };
    u32::try_from(state.grants_of(person).filter(counts).count()).unwrap_or(u32::MAX)
}

/// Takes back every standing grant of a loop with this cause.
pub fn revoke(cx: &mut Deciding<'_, '_>, loop_: Loop, cause: u32, reason: &'static str) {
    revoke_beyond(cx, loop_, cause, 0, reason);
}

/// Takes back one standing grant, with the points it added; or lets the participant keep what was handed
/// over, if the reward says so.
pub fn take_back<'c>(cx: &mut Deciding<'_, 'c>, handle: Grant, grant: GrantState, reason: Option<&'c str>) {
    let id = GrantId { loop_: grant.loop_, n: grant.n };
    let Some(terms) = cx.state.terms(handle, grant) else { return };
    let clawback = cx.book.reward(terms.reward).map_or(Clawback::Owe, |rules| rules.clawback);
    let credited = cx.state.credits.get(&handle).copied();
    let handed_over = grant.status.handed_over();
    if handed_over && credited.is_none() && clawback == Clawback::Keep {
        cx.emit(Fact::Kept { grant: id });
        return;
    }
    cx.emit(Fact::Revoked { grant: id, owed: handed_over && credited.is_none(), reason });
    if let Some(points) = credited {
        let owed = clawback == Clawback::Owe;
        cx.emit(Fact::Debited { grant: id, reward: terms.reward, from: grant.to, points, owed });
    }
}

/// Decides `fulfil`, `fail` and `revoke`.
///
/// # Errors
/// `GRANT_UNKNOWN`, `GRANT_HELD` or `GRANT_SETTLED`.
#[inline(never)]
pub fn settle<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (handle, id, grant) = named(cx)?;
    let reason = cx.command.reason.as_deref();
    let settled = Rejection::new(Code::GrantSettled).name(status(cx.state, handle, grant, cx.at).0);
    if matches!(grant.status, GrantStatus::Claimable | GrantStatus::Outdated)
        && let Some(until) = cx.state.ends.get(&handle).copied()
    {
        if until <= cx.at {
            return Err(Rejection::new(Code::GrantOutdated).until(until));
        }
        if cx.command.act != Act::Revoke {
            return Err(Rejection::new(Code::NotClaimed).until(until));
        }
    }
    match (cx.command.act, grant.status) {
        (Act::Fulfil, GrantStatus::Reserved) => {
            if let Some(until) = held_until(cx.state, handle, cx.at) {
                return Err(Rejection::new(Code::GrantHeld).until(until));
            }
            let span = rules_of(cx, handle, grant).and_then(RewardRules::first_span);
            cx.emit(Fact::Fulfilled { grant: id, until: span.map(|span| cx.at.after(span)) });
        }
        (Act::Fail, GrantStatus::Reserved) => cx.emit(Fact::Failed { grant: id, reason }),
        (Act::Revoke, status) if status.stands() => take_back(cx, handle, grant, reason),
        _ => return Err(settled),
    }
    let back = |fact: &Fact<'_>| matches!(fact, Fact::Failed { .. } | Fact::Revoked { .. });
    if cx.facts.iter().any(back)
        && let Some((head, rules)) = cx.state.loop_(id.loop_).and_then(|head| Some((head, cx.rules(head)?)))
    {
        rules.rules.taken_back(cx, id.loop_, head, rules, (id, grant));
    }
    Ok(())
}

fn rules_of<'c>(cx: &Deciding<'_, 'c>, handle: Grant, grant: GrantState) -> Option<&'c RewardRules> {
    cx.book.reward(cx.state.terms(handle, grant)?.reward)
}

/// The grant that a command names, with its id.
fn named<'s, 'c>(cx: &Deciding<'s, 'c>) -> Result<(Grant, GrantId, GrantState), Rejection<'c>> {
    let text = required(cx.command.grant.as_deref(), "grant")?;
    let id = GrantId::parse(text, &cx.state.loop_names).ok_or(Code::GrantUnknown)?;
    let handle = find(cx.state, id).ok_or(Code::GrantUnknown)?;
    Ok((handle, id, cx.state.grant(handle).ok_or(Code::GrantUnknown)?))
}

/// The grant that its owner names, whose time is not over.
fn own<'s, 'c>(cx: &mut Deciding<'s, 'c>) -> Result<(Grant, GrantId, GrantState), Rejection<'c>> {
    let (handle, id, grant) = named(cx)?;
    let person = cx.person()?;
    if !cx.state.ids.is_same(person, grant.to) {
        return Err(Code::NotYours.into());
    }
    check_time(cx, handle)?;
    Ok((handle, id, grant))
}

fn check_time<'c>(cx: &Deciding<'_, 'c>, handle: Grant) -> Result<(), Rejection<'c>> {
    match cx.state.ends.get(&handle) {
        Some(until) if *until <= cx.at => Err(Rejection::new(Code::GrantOutdated).until(*until)),
        _ => Ok(()),
    }
}

/// Decides `claim` of a grant.
///
/// # Errors
/// `GRANT_UNKNOWN`, `NOT_YOURS`, `GRANT_OUTDATED`, `ALREADY_CLAIMED` or `GRANT_SETTLED`.
#[inline(never)]
pub fn claim<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (handle, id, grant) = own(cx)?;
    match grant.status {
        GrantStatus::Claimable => {}
        status if status.stands() => return Err(Code::AlreadyClaimed.into()),
        status => return Err(Rejection::new(Code::GrantSettled).name(status.name())),
    }
    cx.emit(Fact::Collected { grant: id });
    if let (Some(terms), Some(rules)) = (cx.state.terms(handle, grant), rules_of(cx, handle, grant)) {
        credit(cx, rules, (id, terms.reward, grant.to), rules.credits());
    }
    Ok(())
}

/// Decides `activate`.
///
/// # Errors
/// `GRANT_UNKNOWN`, `NOT_YOURS`, `GRANT_OUTDATED` or `GRANT_SETTLED`.
#[inline(never)]
pub fn activate<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (handle, id, grant) = own(cx)?;
    let settled = Rejection::new(Code::GrantSettled).name(grant.status.name());
    let rules = rules_of(cx, handle, grant).filter(|rules| rules.activate == Activate::ByHand);
    let rules = rules.filter(|_| grant.status == GrantStatus::Fulfilled).ok_or(settled)?;
    cx.emit(Fact::Activated { grant: id, until: rules.valid.map(|valid| cx.at.after(valid)) });
    Ok(())
}

/// Decides `use`.
///
/// # Errors
/// `GRANT_UNKNOWN`, `GRANT_OUTDATED`, `NOT_ACTIVATED` or `GRANT_SETTLED`.
#[inline(never)]
pub fn use_up<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (handle, id, grant) = named(cx)?;
    check_time(cx, handle)?;
    let settled = Rejection::new(Code::GrantSettled).name(grant.status.name());
    let rules = rules_of(cx, handle, grant).filter(|rules| rules.is_used()).ok_or(settled)?;
    match grant.status {
        GrantStatus::Active => {}
        GrantStatus::Fulfilled if rules.activate == Activate::AtOnce => {}
        GrantStatus::Fulfilled => return Err(Code::NotActivated.into()),
        _ => return Err(settled),
    }
    cx.emit(Fact::Used { grant: id, over: rules.kind != RewardKind::Pass });
    Ok(())
}

/// Until when a reserved grant is held, if it still is.
#[must_use]
pub fn held_until(state: &State, grant: Grant, at: Time) -> Option<Time> {
    state.holds.get(&grant).copied().filter(|until| at < *until)
}

/// The handle of a grant.
#[must_use]
pub fn find(state: &State, id: GrantId) -> Option<Grant> {
    let is_it = |handle: &Grant| state.grants.n.get(handle.index()) == Some(id.n);
    state.handles_of_loop(id.loop_).find(is_it)
}

/// Takes back the latest standing grants of a cause until no more than `most` are left; held ones go first
/// because they are the latest.
pub fn revoke_beyond(cx: &mut Deciding<'_, '_>, loop_: Loop, cause: u32, most: u32, reason: &'static str) {
    let mut back: Vec<Back> = Vec::new();
    for fact in &cx.facts {
        match *fact {
            Fact::Granted { grant, cause: other, .. } if grant.loop_ == loop_ && other == cause => {
                back.insert(0, Back::Promised(grant, None));
            }
            Fact::Credited { grant, reward, to, points, .. } => {
                let mine = |back: &&mut Back| matches!(back, Back::Promised(other, _) if *other == grant);
                if let Some(back) = back.iter_mut().find(mine) {
                    *back = Back::Promised(grant, Some((reward, to, points)));
                }
            }
            _ => {}
        }
    }
    // What was not claimed in time was lost before this.
    let lost = cx.state.grants_of_loop(loop_).filter(|(handle, grant)| {
        grant.cause == cause && grant.status == GrantStatus::Claimable && is_over(cx.state, *handle, cx.at)
    });
    let lost = lost.map(|(_, grant)| GrantId { loop_, n: grant.n });
    let lost: Vec<GrantId> = lost.filter(|id| !is_told(cx, *id)).gather();
    for grant in lost {
        cx.emit(Fact::Outdated { grant });
    }
    let known = cx.state.grants_of_loop(loop_);
    let stands = |(handle, grant): &(Grant, GrantState)| stands(cx.state, *handle, *grant, cx.at);
    let known = known.filter(|(_, grant)| grant.cause == cause).filter(stands);
    back.extend(known.map(|(handle, grant)| Back::Known(handle, grant)));
    let keep = usize::try_from(most).unwrap_or(usize::MAX);
    let beyond = back.len().saturating_sub(keep);
    for back in back.into_iter().take(beyond) {
        match back {
            Back::Known(handle, grant) => take_back(cx, handle, grant, Some(reason)),
            Back::Promised(grant, credited) => {
                cx.emit(Fact::Revoked { grant, owed: false, reason: Some(reason) });
                if let Some((reward, from, points)) = credited {
                    cx.emit(Fact::Debited { grant, reward, from, points, owed: false });
                }
            }
        }
    }
}

/// A grant to be taken back.
enum Back {
    /// It stands in the state.
    Known(Grant, GrantState),
    /// This very command promised it, and perhaps credited its points.
    Promised(GrantId, Option<(Reward, Person, u32)>),
}
