//! Rewards: reserving them within stock, budget and limits, and the life of a grant.

pub mod points;

use crate::campaign::rewards::{Clawback, RewardRules};
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::decide::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::field::{GrantId, Reason};
use crate::engine::handle::{Grant, Loop, Person, Reward};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, GrantStatus, State};
use crate::engine::time::Time;
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
        let limited = || guard::blocks_grant(cx, loop_, reward, amount, to).then_some(Reason::Limit);
        match obstacle(cx, reward, amount, to).or_else(limited) {
            None => {
                let until = rules.hold.map(|hold| cx.at.after(hold));
                let grant = cx.next_grant(loop_);
                cx.emit(Fact::Granted { grant, reward, to, amount, until, cause });
                if let Some(points) = points.filter(|_| rules.keeps_account()) {
                    cx.emit(Fact::Fulfilled { grant });
                    let until = rules.valid.map(|valid| cx.at.after(valid));
                    cx.emit(Fact::Credited { grant, reward, to, points, until });
                }
                return;
            }
            Some(found) => reason = found,
        }
    }
    cx.emit(Fact::Withheld { loop_, reward, to, reason });
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
    let used = used(cx, reward);
    let out = rules.stock.is_some_and(|stock| used.count.saturating_add(count) > stock.get())
        || rules.budget.is_some_and(|budget| used.money.plus(amount) > budget);
    if out {
        return Err(Rejection::new(Code::RewardOut).name(cx.book.reward_name(reward)));
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

/// What keeps a reward of this amount from a participant at this moment.
#[must_use]
pub fn obstacle(cx: &Deciding<'_, '_>, reward: Reward, amount: Option<Money>, to: Person) -> Option<Reason> {
    let rules = cx.book.reward(reward)?;
    let used = used(cx, reward);
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
    let standing = mine.saturating_add(standing(cx.state, to, reward));
    (standing >= most).then_some(Reason::Limit)
}

/// Pieces and money of a reward that are granted or put aside.
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
            _ => {}
        }
    }
    used
}

fn standing(state: &State, person: Person, reward: Reward) -> u32 {
    let counts = |(handle, grant): &(Grant, &GrantState)| {
        grant.status.stands() && state.terms(*handle, grant).is_some_and(|terms| terms.reward == reward)
    };
    u32::try_from(state.grants_of(person).filter(counts).count()).unwrap_or(u32::MAX)
}

/// Takes back every standing grant of a loop with this cause.
pub fn revoke(cx: &mut Deciding<'_, '_>, loop_: Loop, cause: u32, reason: &'static str) {
    revoke_beyond(cx, loop_, cause, 0, reason);
}

/// Takes back one standing grant, with the points it added; or lets the participant keep what was handed
/// over, if the reward says so.
pub fn take_back<'c>(cx: &mut Deciding<'_, 'c>, handle: Grant, grant: &GrantState, reason: Option<&'c str>) {
    let id = GrantId { loop_: grant.loop_, n: grant.n };
    let Some(terms) = cx.state.terms(handle, grant) else { return };
    let clawback = cx.book.reward(terms.reward).map_or(Clawback::Owe, |rules| rules.clawback);
    let credited = cx.state.credits.get(&handle).copied();
    let handed_over = grant.status == GrantStatus::Fulfilled;
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
pub fn settle<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let text = required(cx.command.grant.as_deref(), "grant")?;
    let id = GrantId::parse(text, &cx.state.loop_names).ok_or(Code::GrantUnknown)?;
    let handle = find(cx.state, id).ok_or(Code::GrantUnknown)?;
    let grant = cx.state.grant(handle).ok_or(Code::GrantUnknown)?;
    let reason = cx.command.reason.as_deref();
    let settled = Rejection::new(Code::GrantSettled).name(grant.status.name());
    match (cx.command.act, grant.status) {
        (Act::Fulfil, GrantStatus::Reserved) => {
            if let Some(until) = held_until(cx.state, handle, cx.at) {
                return Err(Rejection::new(Code::GrantHeld).until(until));
            }
            cx.emit(Fact::Fulfilled { grant: id });
        }
        (Act::Fail, GrantStatus::Reserved) => cx.emit(Fact::Failed { grant: id, reason }),
        (Act::Revoke, GrantStatus::Reserved | GrantStatus::Fulfilled) => take_back(cx, handle, grant, reason),
        _ => return Err(settled),
    }
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
    state.grants_of_loop(id.loop_).find(|(_, grant)| grant.n == id.n).map(|(handle, _)| handle)
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
    let known = cx.state.grants_of_loop(loop_);
    let known = known.filter(|(_, grant)| grant.cause == cause && grant.status.stands());
    back.extend(known.map(|(handle, grant)| Back::Known(handle, *grant)));
    let keep = usize::try_from(most).unwrap_or(usize::MAX);
    let beyond = back.len().saturating_sub(keep);
    for back in back.into_iter().take(beyond) {
        match back {
            Back::Known(handle, grant) => take_back(cx, handle, &grant, Some(reason)),
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
