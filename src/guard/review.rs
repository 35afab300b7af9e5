//! Contributions that are held for review, and what becomes of them.

use super::{Source, can_be_held};
use crate::campaign::play::PlayRules;
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Loop, Person};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State};
use crate::engine::time::Time;

/// A contribution that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The act.
    pub act: Act,
    /// Why it is held.
    pub reason: Reason,
    /// Since when.
    pub at: Time,
    /// Where it came from.
    pub source: Source,
}

/// Refuses a second contribution while the first is held, and for good once a review has rejected one.
///
/// # Errors
/// `UNDER_REVIEW`, `RISK_REFUSED`.
pub fn check_held<'c>(cx: &Deciding<'_, 'c>, loop_: Loop, by: Person) -> Result<(), Rejection<'c>> {
    if !can_be_held(cx.act) {
        return Ok(());
    }
    if cx.state.held.is_empty() && cx.state.discarded.is_empty() {
        return Ok(());
    }
    if cx.state.held.contains_key(&(loop_, by)) {
        return Err(Code::UnderReview.into());
    }
    if cx.state.discarded.contains(&(loop_, by)) {
        return Err(Code::RiskRefused.into());
    }
    Ok(())
}

/// Decides a `review`, if it is about a held contribution; whether it was.
///
/// # Errors
/// `COMMAND_MALFORMED` without `name`, or why an approved contribution cannot be accepted now.
#[inline(never)]
pub fn review<'c>(
    cx: &mut Deciding<'_, 'c>,
    loop_: Loop,
    state: &LoopState,
    rules: &'c PlayRules,
) -> Result<bool, Rejection<'c>> {
    let by = required(cx.command.by.as_deref(), "by")?;
    let Some(by) = cx.state.people.find(by).map(Person) else { return Ok(false) };
    let sender = by;
    let by = cx.state.stands_as(by, loop_, state);
    let Some(held) = cx.state.held.get(&(loop_, by)).copied() else { return Ok(false) };
    cx.sender = Some(sender);
    match required(cx.command.name.as_deref(), "name")? {
        "approve" => {
            cx.emit(Fact::Released { loop_, by });
            cx.act = held.act;
            cx.released = Some(held);
            rules.rules.act(cx, loop_, state, rules, by)?;
        }
        "reject" => cx.emit(Fact::Discarded { loop_, by, reason: cx.command.reason.as_deref() }),
        _ => return Err(Rejection::new(Code::CommandMalformed).field("name")),
    }
    Ok(true)
}

/// Applies the facts about held contributions.
#[inline(never)]
pub fn evolve(state: &mut State, fact: &Fact<'_>, at: Time) {
    match *fact {
        Fact::Held { loop_, by, act, reason, device, network } => {
            let Some(act) = Act::parse(act) else { return };
            let source = Source::new(state, device, network);
            state.held.insert((loop_, by), Held { act, reason, at, source });
            state.held_of.insert((by, loop_));
        }
        Fact::Released { loop_, by } | Fact::Discarded { loop_, by, .. } => {
            state.held.remove(&(loop_, by));
            state.held_of.remove(&(by, loop_));
            if matches!(fact, Fact::Discarded { .. }) {
                state.discarded.insert((loop_, by));
            }
        }
        _ => {}
    }
}
