//! Checking and counting limits.
//!
//! Each limit has counters, one for each subject and calendar period, in [`State::counters`] (how often) or
//! [`State::sums`] (how much money). A counter's key holds the number of the limit, which is its place in
//! [`State::limits`]: the list of the contents (`Limit::content`) of all limits that have counted anything, in the
//! order of the log. So a limit keeps its counters in later revisions, wherever it stands there, and two limits
//! with the same content share them.

use super::deeds::{Deed, Scene, action};
use super::{Guards, Source, contributes, counts};
use crate::campaign::counting::{Allowed, Counted, Counting};
use crate::campaign::guard::Guard;
use crate::campaign::limits::{Action, Per, content};
use crate::campaign::play::PlayRules;
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::counters::Key;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;
use crate::engine::time::{Period, Time, UtcOffset};

/// The latest contributions to an inviter that are kept beyond those a rule needs, so that few are moved.
const SPARE: usize = 8;

/// What the rules against abuse count for a device or a network, apart from limits.
const DEVICE: u64 = 10;
const NETWORK: u64 = 11;

/// Checks every limit on a deed that would happen after the first `before` facts of the command.
///
/// # Errors
/// `LIMIT_REACHED`, for the limit that stays full the longest.
pub fn check<'c>(
    cx: &Deciding<'_, 'c>,
    rules: &'c PlayRules,
    deed: &Deed,
    before: usize,
) -> Result<(), Rejection<'c>> {
    let own = deed.play.map(|play| (play, &rules.counting));
    match fullest(cx, own, deed, before) {
        Some((rejection, _)) => Err(rejection),
        None => Ok(()),
    }
}

/// The limit that keeps a reward from being granted by this command, if one does.
#[must_use]
pub fn limit_on_grant<'c>(
    cx: &Deciding<'_, 'c>,
    loop_: Loop,
    reward: Reward,
    amount: Option<Money>,
    to: Person,
) -> Option<Rejection<'c>> {
    if !cx.book.counts(Action::Grant) {
        return None;
    }
    let deed = Scene::deciding(cx).granting(loop_, reward, amount.unwrap_or_default(), to)?;
    fullest(cx, own(cx.book, &deed), &deed, cx.facts.len()).map(|(rejection, _)| rejection)
}

/// Checks what the facts of the command say that its participant did, as far as no mechanic has checked it.
///
/// # Errors
/// `LIMIT_REACHED`.
pub fn check_facts<'c>(cx: &Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let acts = !matches!(
        cx.act,
        Act::Event | Act::Refund | Act::Fulfil | Act::Fail | Act::Revoke | Act::Tick | Act::Leave
    );
    let Some(sender) = cx.sender.filter(|_| acts) else { return Ok(()) };
    let scene = Scene::deciding(cx);
    let is_open = |action: &Action| *action != Action::Grant && !cx.is_checked(*action);
    for (before, fact) in cx.facts.iter().enumerate() {
        let open = action(fact).filter(is_open);
        let deed = open.and_then(|_| scene.deed(fact, cx.at));
        let Some(deed) = deed.filter(|deed| cx.state.ids.is_same(deed.by, sender)) else {
            continue;
        };
        if let Some((rejection, _)) = fullest(cx, own(cx.book, &deed), &deed, before) {
            return Err(rejection);
        }
    }
    Ok(())
}

/// The limits of a play.
type Own<'c> = Option<(Play, &'c Counting)>;

/// The limits of the play in which a deed was done.
fn own<'c>(book: &'c Book, deed: &Deed) -> Own<'c> {
    let play = deed.play?;
    Some((play, &book.play(deed.revision, play)?.counting))
}

/// Calls `see` with the limits that count a deed's action, and the play within which each counts: first those of the deed's
/// play, then those of the campaign.
#[inline]
fn each<'c>(book: &'c Book, own: Own<'c>, action: Action, mut see: impl FnMut(Option<Play>, &'c Counted)) {
    if let Some((play, limits)) = own {
        limits.of(action).for_each(|limit| see(Some(play), limit));
    }
    book.current().counting.of(action).for_each(|limit| see(None, limit));
}

/// The full limit that opens last, as a rejection; of several the first.
fn fullest<'c>(
    cx: &Deciding<'_, '_>,
    own: Own<'_>,
    deed: &Deed,
    before: usize,
) -> Option<(Rejection<'c>, Time)> {
    if !cx.book.counts(deed.action) {
        return None;
    }
    let mut worst: Option<(Rejection<'c>, Time)> = None;
    let scene = Scene::deciding(cx);
    each(cx.book, own, deed.action, |scope, limit| {
        if is_full(cx, &scene, (scope, limit), deed, before) {
            let (refused, until) = refusal(cx, limit, deed);
            if worst.as_ref().is_none_or(|(_, worst)| until > *worst) {
                worst = Some((refused, until));
            }
        }
    });
    worst
}

/// Whether a limit has no room for a deed.
#[inline]
fn is_full(
    cx: &Deciding<'_, '_>,
    scene: &Scene<'_, '_>,
    (scope, limit): (Option<Play>, &Counted),
    deed: &Deed,
    before: usize,
) -> bool {
    let Some(subject) = scene.subject(limit, deed) else { return false };
    let known = match cx.state.limits.of(limit.content(scope)) {
        Some(number) => known(cx, limit, number, subject),
        None => 0,
    };
    let room = match limit.allows {
        Allowed::Times(most) => i64::from(most).saturating_sub(known).saturating_sub(1),
        Allowed::Money(most) => most.0.saturating_sub(known).saturating_sub(deed.amount.0),
    };
    // No fact counts more than once, so most deeds need no look at the facts before them.
    let most = i64::try_from(before).unwrap_or(i64::MAX);
    let fits = room >= most && matches!(limit.allows, Allowed::Times(_));
    !fits && (room < 0 || room < pending(cx, scene, (scope, limit), subject, before))
}

/// How much a limit has counted for a subject in this period.
#[inline]
fn known(cx: &Deciding<'_, '_>, limit: &Counted, number: u16, subject: u32) -> i64 {
    let key = Key::new(number, limit.every.number(cx.at, cx.book.current().timezone), subject);
    if matches!(limit.allows, Allowed::Times(_)) && cx.state.ids.is_empty() {
        return i64::from(cx.state.counters.get(key));
    }
    known_of_all(cx.state, limit, key, subject)
}

/// The same where money is counted, or ids were merged: what was counted before that stands under each of them.
#[inline(never)]
fn known_of_all(state: &State, limit: &Counted, key: Key, subject: u32) -> i64 {
    let count = |key: Key| match limit.allows {
        Allowed::Times(_) => i64::from(state.counters.get(key)),
        Allowed::Money(_) => state.sums.get(&key).map_or(0, |sum| sum.0),
    };
    if !matches!(limit.per, Per::Participant | Per::Helper | Per::Initiator) {
        return count(key);
    }
    let ids = state.ids.each(Person(subject));
    ids.fold(0, |known: i64, id| known.saturating_add(count(key.of(id.0))))
}

/// How much the first facts of the command count under a limit.
#[inline(never)]
fn pending(
    cx: &Deciding<'_, '_>,
    scene: &Scene<'_, '_>,
    (scope, limit): (Option<Play>, &Counted),
    subject: u32,
    before: usize,
) -> i64 {
    let deeds = cx.facts.iter().take(before).filter_map(|fact| scene.deed(fact, cx.at));
    let counted = deeds.filter(|deed| {
        limit.counts(deed.action)
            && scope.is_none_or(|play| deed.play == Some(play))
            && scene.subject(limit, deed) == Some(subject)
    });
    counted.fold(0, |sum: i64, deed| match limit.allows {
        Allowed::Times(_) => sum.saturating_add(1),
        Allowed::Money(_) => sum.saturating_add(deed.amount.0),
    })
}

/// How a deed is refused for which a limit has no room, and when the limit opens again.
#[cold]
fn refusal<'c>(cx: &Deciding<'_, '_>, limit: &Counted, deed: &Deed) -> (Rejection<'c>, Time) {
    let (_, next) = limit.every.of(cx.at, cx.book.current().timezone);
    let refused = Rejection::new(Code::LimitReached).name(limit.label());
    let (refused, next) = match limit.allows {
        Allowed::Times(most) => (refused.most(most), next),
        // What is larger than the whole limit never fits.
        Allowed::Money(most) => (refused.amount(most), if deed.amount > most { Time::NEVER } else { next }),
    };
    (if next == Time::NEVER { refused } else { refused.until(next) }, next)
}

/// How many contributions a device or network has made in a period, and the instant the next one begins.
#[must_use]
pub fn contributions(
    cx: &Deciding<'_, '_>,
    per: Per,
    scope: Option<Play>,
    every: Period,
    subject: u32,
) -> (u32, Time) {
    let (period, next) = every.of(cx.at, cx.book.current().timezone);
    let number = cx.state.limits.of(content(scope, every, quota(per)));
    (number.map_or(0, |number| cx.state.counters.get(Key::new(number, period, subject))), next)
}

fn quota(per: Per) -> u64 {
    if per == Per::Device { DEVICE } else { NETWORK }
}

/// Counts a fact for every limit it touches and for the rules against abuse. The fact has been applied but not
/// yet to its loop.
pub fn count(book: &Book, state: &mut State, fact: &Fact<'_>, at: Time) {
    let Some(deed) = Scene::evolving(book, state).deed(fact, at) else { return };
    let timezone = book.current().timezone;
    each(book, own(book, &deed), deed.action, |scope, limit| {
        let subject = Scene::evolving(book, state).subject(limit, &deed);
        let Some(subject) = subject.filter(|_| !limit.repeats) else { return };
        let content = limit.content(scope);
        let Some(key) = key(state, content, limit.every, (at, timezone), subject) else { return };
        match limit.allows {
            Allowed::Times(_) => state.counters.add_current(key),
            Allowed::Money(_) => {
                let sum = state.sums.entry(key, Default::default());
                *sum = sum.plus(deed.amount);
            }
        }
    });
    if contributes(&deed) {
        count_contribution(book, state, &deed, fact, at);
    }
}

fn count_contribution(book: &Book, state: &mut State, deed: &Deed, fact: &Fact<'_>, at: Time) {
    let campaign = book.current();
    if deed.source != Source::default() {
        count_source(book, state, deed, at);
    }
    let inviter = deed.initiator.filter(|_| campaign.recalls > 0 && !matches!(fact, Fact::Traced { .. }));
    if let Some(inviter) = inviter.filter(|inviter| !state.ids.is_same(*inviter, deed.by)) {
        let times = state.recent.entry(inviter, Default::default());
        if times.len() >= campaign.recalls + SPARE {
            times.drain(..times.len().saturating_sub(campaign.recalls.saturating_sub(1)));
        }
        times.push(at);
    }
}

/// Counts a contribution for its device and its network.
#[inline(never)]
fn count_source(book: &Book, state: &mut State, deed: &Deed, at: Time) {
    let campaign = book.current();
    let own = deed.play.and_then(|play| book.play(deed.revision, play)).and_then(|play| play.guard.as_ref());
    for (scope, guard) in [(deed.play, own), (None, Some(&campaign.guard))] {
        let Some(Guard { per_device, per_network, .. }) = guard else { continue };
        let quotas =
            [(Per::Device, per_device, deed.source.device), (Per::Network, per_network, deed.source.network)];
        for (per, rules, subject) in quotas {
            if let (Some(rules), Some(subject)) = (rules, subject) {
                let content = content(scope, rules.0.every, quota(per));
                let when = (at, campaign.timezone);
                if let Some(key) = key(state, content, rules.0.every, when, subject) {
                    state.counters.add_current(key);
                }
            }
        }
    }
}

/// The key of a counter; a content that counts for the first time gets the next number.
fn key(
    state: &mut State,
    content: u64,
    every: Period,
    (at, timezone): (Time, UtcOffset),
    subject: u32,
) -> Option<Key> {
    Some(Key::new(state.limits.give(content)?, every.number(at, timezone), subject))
}

/// Tells from which device and network the deeds of a command came, where a rule counts them and the facts of
/// the mechanic do not say it.
pub fn trace(cx: &mut Deciding<'_, '_>) {
    let source = cx.source();
    if source == Source::default() {
        return;
    }
    let scene = Scene::deciding(cx);
    let mut traces = Vec::new();
    for fact in &cx.facts {
        let Some(deed) = scene.deed(fact, cx.at).filter(|deed| deed.source == source) else { continue };
        let told = matches!(
            fact,
            Fact::Opened { device: Some(_), .. }
                | Fact::Helped { device: Some(_), .. }
                | Fact::Cut { device: Some(_), .. }
                | Fact::Joined { device: Some(_), .. }
        );
        let device = source.device.filter(|_| !told && is_counted(cx, &scene, &deed, Per::Device));
        let network = source.network.filter(|_| is_counted(cx, &scene, &deed, Per::Network));
        if device.is_some() || network.is_some() {
            traces.push(Fact::Traced {
                loop_: deed.loop_,
                play: deed.play.filter(|_| deed.loop_.is_none()),
                by: deed.by,
                act: deed.action.as_str(),
                reward: deed.reward,
                amount: deed.amount,
                device: device.unwrap_or(0),
                network: network.unwrap_or(0),
            });
        }
    }
    cx.facts.extend(traces);
}

fn is_counted(cx: &Deciding<'_, '_>, scene: &Scene<'_, '_>, deed: &Deed, per: Per) -> bool {
    let rules = deed.play.and_then(|play| cx.book.play(deed.revision, play));
    let quota = contributes(deed)
        && rules.is_some_and(|rules| {
            counts(cx, rules, per)
                && deed.play.is_some_and(|play| Guards::of(cx, rules).quota(per, play).is_some())
        });
    let mut counted = quota;
    each(cx.book, own(cx.book, deed), deed.action, |_, limit| {
        counted = counted || (limit.per == per && scene.subject(limit, deed).is_some());
    });
    counted
}
