//! What the mechanics that draw share: tickets that anyone with the seed can compute again, what a draw costs,
//! and how often it may be.

use super::Rules;
use crate::campaign::document::document;
use crate::campaign::rewards::RewardKind;
use crate::campaign::units::Int;
use crate::engine::book::Book;
use crate::engine::deciding::Deciding;
use crate::engine::draw::Draw;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::time::{Period, Time};
use crate::rewards;

document! {
    /// What one draw costs where none is free.
    pub struct Cost {
        /// The points or chances it is paid with.
        pub reward: Reward,
        /// How many of them.
        pub points: Int<1, 1_000_000> = Int::clamped(1),
    }
}

document! {
    /// How often something may happen in a calendar period.
    pub struct Cap {
        /// The period, in the campaign's timezone.
        pub every: Period,
        /// How often in one period.
        pub most: Int<1, 1_000_000>,
    }
}

/// The random numbers of the `n`-th draw of a loop: purpose `<mechanic>:<play>`, key `<loop>/<n>`.
///
/// Nothing that a participant chooses at the moment of the draw takes part in it, so that trying again under
/// another command id, or waiting, changes nothing.
#[must_use]
pub fn draw(cx: &Deciding<'_, '_>, rules: &Rules, play: Play, loop_: Loop, n: u32) -> Draw {
    let purpose = format!("{}:{}", rules.name(), cx.book.play_name(play));
    Draw::new(&cx.book.seed, &purpose, &format!("{}/{n}", loop_id(cx, loop_)))
}

/// The id of a loop, which this very command may have opened.
fn loop_id<'x>(cx: &'x Deciding<'_, '_>, loop_: Loop) -> &'x str {
    if loop_.index() < cx.state.loop_names.len() {
        return cx.state.loop_names.text(loop_.0);
    }
    let opened = cx.facts.iter().find_map(|fact| match *fact {
        Fact::Opened { loop_, .. } => Some(loop_),
        _ => None,
    });
    opened.unwrap_or("")
}

/// Takes what a draw costs: the first of `costs` that the participant can pay.
///
/// # Errors
/// `NO_CHANCE` without costs, or when chances are short; `POINTS_SHORT`.
pub fn spend<'c>(
    cx: &mut Deciding<'_, 'c>,
    costs: &[Cost],
    loop_: Loop,
    by: Person,
) -> Result<(), Rejection<'c>> {
    let mut refused = Rejection::new(Code::NoChance);
    for cost in costs {
        match rewards::spend(cx, loop_, cost.reward, by, cost.points.get()) {
            Ok(()) => return Ok(()),
            Err(_) if is_chance(cx.book, cost.reward) => refused = Rejection::new(Code::NoChance),
            Err(rejection) => refused = rejection,
        }
    }
    Err(refused)
}

fn is_chance(book: &Book, reward: Reward) -> bool {
    book.reward(reward).is_some_and(|rules| rules.kind == RewardKind::Chance)
}

/// How many of these instants, which are in order, lie in the calendar period of `at`; and when the next begins.
#[must_use]
pub fn in_period(
    cx: &Deciding<'_, '_>,
    every: Period,
    instants: impl DoubleEndedIterator<Item = Time>,
    at: Time,
) -> (u32, Time) {
    let timezone = cx.book.current().timezone;
    let (now, next) = every.of(at, timezone);
    let count = instants.rev().take_while(|instant| every.of(*instant, timezone).0 >= now).count();
    (u32::try_from(count).unwrap_or(u32::MAX), next)
}

/// The cap that is reached, and when the next period begins.
#[must_use]
pub fn reached<'r>(
    cx: &Deciding<'_, '_>,
    caps: &'r [Cap],
    instants: impl DoubleEndedIterator<Item = Time> + Clone,
    at: Time,
) -> Option<(&'r Cap, Time)> {
    caps.iter().find_map(|cap| {
        let (count, next) = in_period(cx, cap.every, instants.clone(), at);
        (count >= cap.most.get()).then_some((cap, next))
    })
}
