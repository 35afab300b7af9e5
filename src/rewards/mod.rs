//! Rewards: reserving them within stock, budget and limits, and the life of a grant.

use crate::campaign::rewards::RewardRules;
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::decide::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::field::{GrantId, Reason};
use crate::engine::handle::{Grant, Loop, Person, Reward};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, GrantStatus, State};
use crate::engine::time::Time;

/// Fallbacks that are tried one after the other at most.
const FALLBACKS: usize = 8;

/// Promises a reward, or its fallback; where neither is to be had, the reason is a fact too.
///
/// `cause` is the mechanic's number for what earned it, so that exactly that can be taken back.
pub fn grant(cx: &mut Deciding<'_, '_>, loop_: Loop, reward: Reward, to: Person, cause: u32) {
    let mut reason = Reason::Stock;
    for (reward, rules) in with_fallbacks(cx.book, reward) {
        match obstacle(cx, reward, to) {
            None => {
                let until = rules.hold.map(|hold| cx.at.after(hold));
                let grant = cx.next_grant(loop_);
                cx.emit(Fact::Granted { grant, reward, to, amount: rules.amount, until, cause });
                return;
            }
            Some(found) => reason = found,
        }
    }
    cx.emit(Fact::Withheld { loop_, reward, to, reason });
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

/// What keeps a reward from a participant at this moment.
#[must_use]
pub fn obstacle(cx: &Deciding<'_, '_>, reward: Reward, to: Person) -> Option<Reason> {
    let rules = cx.book.reward(reward)?;
    let used = cx.state.reward(reward);
    let (mut count, mut spent, mut mine) = (used.count, used.spent, 0u32);
    // What this command has granted already is not in the state yet.
    for fact in &cx.facts {
        if let Fact::Granted { reward: other, to: other_to, amount, .. } = *fact
            && other == reward
        {
            count = count.saturating_add(1);
            spent = spent.plus(amount.unwrap_or_default());
            mine = mine.saturating_add(u32::from(other_to == to));
        }
    }
    if rules.stock.is_some_and(|stock| count >= stock.get()) {
        return Some(Reason::Stock);
    }
    let amount = rules.amount.unwrap_or_default();
    if rules.budget.is_some_and(|budget| spent.plus(amount) > budget) {
        return Some(Reason::Budget);
    }
    let most = rules.per_participant?.get();
    let standing = mine.saturating_add(standing(cx.state, to, reward));
    (standing >= most).then_some(Reason::Limit)
}

fn standing(state: &State, person: Person, reward: Reward) -> u32 {
    let counts = |grant: &&GrantState| {
        grant.status.stands() && state.terms(grant).is_some_and(|terms| terms.reward == reward)
    };
    u32::try_from(state.grants_of(person).filter(|(_, grant)| counts(grant)).count()).unwrap_or(u32::MAX)
}

/// Takes back every standing grant of a loop with this cause.
pub fn revoke(cx: &mut Deciding<'_, '_>, loop_: Loop, cause: u32, reason: &'static str) {
    revoke_beyond(cx, loop_, cause, 0, reason);
}

/// Takes back one grant.
#[must_use]
pub fn revoked<'c>(grant: &GrantState, reason: Option<&'c str>) -> Fact<'c> {
    let id = GrantId { loop_: grant.loop_, n: grant.n };
    Fact::Revoked { grant: id, owed: grant.status == GrantStatus::Fulfilled, reason }
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
        (Act::Revoke, GrantStatus::Reserved | GrantStatus::Fulfilled) => cx.emit(revoked(grant, reason)),
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
    let known = cx.state.grants_of_loop(loop_);
    let known = known.filter(|(_, grant)| grant.cause == cause && grant.status.stands());
    let promised = cx.facts.iter().rev().filter_map(|fact| match *fact {
        Fact::Granted { grant, cause: other, .. } if grant.loop_ == loop_ && other == cause => {
            Some(Fact::Revoked { grant, owed: false, reason: Some(reason) })
        }
        _ => None,
    });
    let standing: Vec<Fact<'static>> =
        promised.chain(known.map(|(_, grant)| revoked(grant, Some(reason)))).collect();
    let keep = usize::try_from(most).unwrap_or(usize::MAX);
    let back = standing.len().saturating_sub(keep);
    for fact in standing.into_iter().take(back) {
        cx.emit(fact);
    }
}
