//! The verdict on a contribution: accepted, held or refused, with the reason.
//!
//! The rules look at a contribution that would be accepted, in this order: who is new, risk, device, network,
//! pace, haste, regularity, circles. A rule that refuses goes before one that holds. Only acts in a loop that
//! belongs to someone else are contributions; a loop that a whole play shares belongs to nobody.

use super::deeds::Deed;
use super::limits::contributions;
use super::{Guards, Source, can_be_held, counts, refuses};
use crate::campaign::guard::{NewUser, Quota, Then};
use crate::campaign::limits::{Per, label};
use crate::campaign::play::PlayRules;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Loop, Person, Play};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::LoopState;
use crate::engine::time::Time;
use crate::gather::Gather;
use crate::mechanics::Loops;

/// Participants that the search for a circle visits at most.
const PEOPLE: usize = 100;
/// Participations that it looks at at most.
const PARTS: usize = 1_000;

/// Judges what a command has done in a loop with its facts from `before` on: all of them count, or `held` stands
/// in their place.
///
/// # Errors
/// `NOT_NEW` or `RISK_REFUSED`.
pub fn judge<'c>(
    cx: &mut Deciding<'_, 'c>,
    loop_: Loop,
    state: &LoopState,
    rules: &'c PlayRules,
    by: Person,
    before: usize,
) -> Result<(), Rejection<'c>> {
    if rules.guard.is_none() && !cx.book.current().guarded || !can_be_held(cx.act) {
        return Ok(());
    }
    let own = cx.state.ids.is_same(state.initiator, by) || rules.rules.loops() == Loops::Shared;
    if own || cx.released.is_some() {
        return Ok(());
    }
    judge_contribution(cx, (loop_, state), rules, by, before)
}

#[inline(never)]
fn judge_contribution<'c>(
    cx: &mut Deciding<'_, 'c>,
    (loop_, state): (Loop, &LoopState),
    rules: &'c PlayRules,
    by: Person,
    before: usize,
) -> Result<(), Rejection<'c>> {
    let guards = Guards::of(cx, rules);
    if guards.find(|guard| guard.new_user.as_ref()).is_some_and(|new| !is_new(cx, new, by)) {
        return Err(Code::NotNew.into());
    }
    let objections = objections(cx, guards, state, by);
    if objections.iter().any(|(_, then)| refuses(*then)) {
        return Err(Code::RiskRefused.into());
    }
    let Some((reason, _)) = objections.first().copied() else { return Ok(()) };
    cx.facts.truncate(before);
    let device = cx.command.device.as_deref().filter(|_| counts(cx, rules, Per::Device));
    let network = cx.command.network.as_deref().filter(|_| counts(cx, rules, Per::Network));
    cx.emit(Fact::Held { loop_, by, act: cx.act.name(), reason, device, network });
    Ok(())
}

/// Refuses more contributions than a device or network may make, where the rule refuses.
///
/// # Errors
/// `DEVICE_LIMIT` or `LIMIT_REACHED`.
pub fn check_quotas<'c>(
    cx: &Deciding<'_, 'c>,
    rules: &'c PlayRules,
    deed: &Deed,
) -> Result<(), Rejection<'c>> {
    match deed.play {
        Some(play) if cx.source() != Source::default() => check_quotas_of(cx, rules, play),
        _ => Ok(()),
    }
}

#[inline(never)]
fn check_quotas_of<'c>(cx: &Deciding<'_, 'c>, rules: &'c PlayRules, play: Play) -> Result<(), Rejection<'c>> {
    let guards = Guards::of(cx, rules);
    for per in [Per::Device, Per::Network] {
        let Some((quota, next)) = exceeded(cx, guards, per, play) else { continue };
        if refuses(quota.0.then) {
            let refused = match per {
                Per::Device => Rejection::new(Code::DeviceLimit),
                _ => Rejection::new(Code::LimitReached).name(label(per, quota.0.every)),
            };
            let refused = refused.most(quota.0.most.get());
            return Err(if next == Time::NEVER { refused } else { refused.until(next) });
        }
    }
    Ok(())
}

/// The quota that a device or network has used up, and when it opens again.
fn exceeded<'c>(
    cx: &Deciding<'_, 'c>,
    guards: Guards<'c>,
    per: Per,
    play: Play,
) -> Option<(&'c Quota, Time)> {
    let (scope, quota) = guards.quota(per, play)?;
    let source = cx.source();
    let subject = if per == Per::Device { source.device } else { source.network }?;
    let (count, next) = contributions(cx, per, scope, quota.0.every, subject);
    (count >= quota.0.most.get()).then_some((quota, next))
}

/// Everything that speaks against a contribution, in the order in which reasons are told.
fn objections<'c>(
    cx: &Deciding<'_, 'c>,
    guards: Guards<'c>,
    state: &LoopState,
    by: Person,
) -> Vec<(Reason, Then)> {
    let mut found = Vec::new();
    let hold_above = guards.find(|guard| guard.hold_above);
    if let (Some(risk), Some(most)) = (cx.command.risk, hold_above)
        && u32::from(risk) > most.get()
    {
        found.push((Reason::Risk, Then::Hold));
    }
    for (per, reason) in [(Per::Device, Reason::Device), (Per::Network, Reason::Network)] {
        let held = exceeded(cx, guards, per, state.play).filter(|(quota, _)| quota.0.then == Then::Hold);
        found.extend(held.map(|(quota, _)| (reason, quota.0.then)));
    }
    let recent = || cx.state.recent.get(&state.initiator).map_or(&[][..], Vec::as_slice);
    if let Some(pace) = guards.pace() {
        // The span is half open: what lies exactly `within` back is over.
        let last = recent().iter().rev().take_while(|at| at.after(pace.within) > cx.at).count();
        if u32::try_from(last).unwrap_or(u32::MAX) >= pace.most.get() {
            found.push((Reason::Velocity, pace.then));
        }
    }
    if let Some(fast) = guards.too_fast()
        && seen(cx, by).after(fast.within) > cx.at
    {
        found.push((Reason::TooFast, fast.then));
    }
    if let Some(regular) = guards.regular() {
        let before = usize::try_from(regular.count.get() - 1).unwrap_or(usize::MAX);
        let mut times: Vec<i64> = recent().iter().rev().take(before).map(|at| at.0).gather();
        let enough = times.len() == before;
        times.insert(0, cx.at.0);
        let gaps = || times.iter().zip(times.iter().skip(1)).map(|(later, earlier)| later - earlier);
        let spread = gaps().max().unwrap_or(0) - gaps().min().unwrap_or(0);
        if enough && spread <= regular.spread.0 {
            found.push((Reason::TooRegular, regular.then));
        }
    }
    if let Some(ring) = guards.ring()
        && let Some(distance) = distance(cx, state.initiator, by, ring.people.get() - 1)
    {
        found.push((if distance == 1 { Reason::Mutual } else { Reason::Ring }, ring.then));
    }
    found
}

fn is_new(cx: &Deciding<'_, '_>, new: &NewUser, who: Person) -> bool {
    let recent = new.within.is_none_or(|within| seen(cx, who).after(within) > cx.at);
    let happened = |event: &crate::engine::handle::Event| cx.state.happened(who, *event) > 0;
    recent && !new.without.as_ref().is_some_and(|events| events.iter().any(happened))
}

/// When a participant was first seen: now, if by this command; long ago, if before any rule asked for it.
fn seen(cx: &Deciding<'_, '_>, who: Person) -> Time {
    let who = cx.state.ids.main(who);
    if who.index() >= cx.state.people.len() {
        return cx.at;
    }
    cx.state.met.get(who.index()).copied().unwrap_or_default()
}

/// Over how many contributions `from` has contributed to `to`, if over at most `most`: 1 for directly.
///
/// The nearest participants come first, of each the latest participations; the search ends after [`PEOPLE`]
/// participants or [`PARTS`] participations.
fn distance(cx: &Deciding<'_, '_>, from: Person, to: Person, most: u32) -> Option<u32> {
    let same = |one, other| cx.state.ids.is_same(one, other);
    let mut known = vec![from];
    let mut next = 0;
    let mut parts = 0;
    for distance in 1..=most {
        let end = known.len();
        while next < end {
            let who = known.get(next).copied()?;
            next += 1;
            for loop_ in cx.state.loops_of(who) {
                parts += 1;
                if parts > PARTS {
                    return None;
                }
                let Some(head) = cx.state.loop_(loop_) else { continue };
                let whose = head.initiator;
                let shared = || cx.rules(head).is_some_and(|rules| rules.rules.loops() == Loops::Shared);
                if same(whose, who) || shared() {
                    continue;
                }
                if same(whose, to) {
                    return Some(distance);
                }
                if known.len() < PEOPLE && !known.contains(&whose) {
                    known.push(whose);
                }
            }
        }
    }
    None
}
