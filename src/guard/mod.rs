//! The guard: limits and rules against abuse that stand in front of every action, with their reasons.
//!
//! * Limits (`campaign/limits.rs`) count facts: [`deeds`] says which fact counts as what, [`limits`] counts them
//!   and refuses what would exceed a limit.
//! * Rules against abuse (`campaign/guard.rs`) look at contributions, which are helping or joining a loop of
//!   someone else. [`verdict`] refuses a contribution or holds it; it looks only at those that would be accepted.
//! * A held contribution ([`review`]) counts for nothing until it is reviewed. Approved, it is decided again as if
//!   it were sent at that moment, without the rules against abuse; rejected, it is discarded.
//!
//! Example: `"guard": { "ring": { "people": 3 } }`. Ann helped Bo, Bo helped Cy. Now Cy helps Ann: the fact is
//! `held` with the reason `ring`, Ann's count stays, Cy's next try meets `UNDER_REVIEW`. `review` with `approve`
//! leads to `released` and `helped`; with `reject` to `discarded`, and Cy may try again.

pub mod deeds;
pub mod limits;
pub mod numbers;
pub mod review;
pub mod verdict;

use crate::campaign::guard::{Guard, Pace, Quota, Regular, Ring, Then, TooFast};
use crate::campaign::limits::{Action, Per};
use crate::campaign::play::PlayRules;
use crate::engine::command::{Act, Command};
use crate::engine::deciding::Deciding;
use crate::engine::handle::{Person, Play};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;
use deeds::{Deed, Scene};
pub use limits::{check_facts, count, limit_on_grant, trace};
pub use review::Held;

/// Refuses what the site's own risk score says should be refused.
///
/// # Errors
/// `RISK_REFUSED`.
pub fn check_risk<'c>(cx: &Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let Some(risk) = cx.command.risk else { return Ok(()) };
    let root = cx.book.current().guard.refuse_above;
    let play = cx.named_rules().and_then(|rules| rules.guard.as_ref()?.refuse_above);
    match play.or(root) {
        Some(most) if u32::from(risk) > most.get() => Err(Code::RiskRefused.into()),
        _ => Ok(()),
    }
}

/// Checks the limits on opening a loop.
///
/// # Errors
/// `LIMIT_REACHED`.
pub fn check_opening<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
) -> Result<(), Rejection<'c>> {
    cx.mark_checked(Action::Open);
    let scene = Scene::deciding(cx);
    limits::check(cx, rules, &scene.opening(play, person, cx.command.device.as_deref()), cx.facts.len())
}

/// Checks the limits on helping or joining a loop, or on the act that the command asks for.
///
/// # Errors
/// `LIMIT_REACHED` or `DEVICE_LIMIT`.
pub fn check_helping<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
) -> Result<(), Rejection<'c>> {
    let action = Action::of(cx.act);
    let scene = Scene::deciding(cx);
    let deed = scene.acting(play, action, cx.on, person);
    if matches!(action, Action::Help | Action::Join) && cx.released.is_none() {
        verdict::check_quotas(cx, rules, &deed)?;
    }
    cx.mark_checked(action);
    limits::check(cx, rules, &deed, cx.facts.len())
}

/// The device of the command for the facts to name, if any rule counts devices.
#[must_use]
pub fn device<'c>(cx: &Deciding<'_, 'c>, rules: &PlayRules) -> Option<&'c str> {
    let device = cx.command.device.as_deref()?;
    (cx.released.is_none() && counts(cx, rules, Per::Device)).then_some(device)
}

/// Whether any rule counts devices, or networks.
fn counts(cx: &Deciding<'_, '_>, rules: &PlayRules, per: Per) -> bool {
    let campaign = cx.book.current();
    let quota = |guard: &Guard| match per {
        Per::Device => guard.per_device.is_some(),
        _ => guard.per_network.is_some(),
    };
    quota(&campaign.guard)
        || rules.guard.as_ref().is_some_and(quota)
        || rules.counting.has(per)
        || campaign.counting.has(per)
}

/// The rules against abuse of a play: its own, and the campaign's where it has none.
#[derive(Clone, Copy)]
struct Guards<'c> {
    own: Option<&'c Guard>,
    root: &'c Guard,
}

impl<'c> Guards<'c> {
    fn of(cx: &Deciding<'_, 'c>, rules: &'c PlayRules) -> Self {
        Guards { own: rules.guard.as_ref(), root: &cx.book.current().guard }
    }

    fn find<T>(self, rule: impl Fn(&'c Guard) -> Option<T>) -> Option<T> {
        self.own.and_then(&rule).or_else(|| rule(self.root))
    }

    /// The quota for a device or network, and the play within which it counts.
    fn quota(self, per: Per, play: Play) -> Option<(Option<Play>, &'c Quota)> {
        let quota = |guard: &'c Guard| match per {
            Per::Device => guard.per_device.as_ref(),
            _ => guard.per_network.as_ref(),
        };
        let own = self.own.and_then(quota).map(|own| (Some(play), own));
        own.or_else(|| quota(self.root).map(|root| (None, root)))
    }

    fn pace(self) -> Option<&'c Pace> {
        self.find(|guard| guard.per_inviter.as_ref())
    }

    fn too_fast(self) -> Option<&'c TooFast> {
        self.find(|guard| guard.too_fast.as_ref())
    }

    fn regular(self) -> Option<&'c Regular> {
        self.find(|guard| guard.regular.as_ref())
    }

    fn ring(self) -> Option<&'c Ring> {
        self.find(|guard| guard.ring.as_ref())
    }
}

/// Where a command comes from: its device and network, as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The device.
    pub device: Option<u32>,
    /// The network.
    pub network: Option<u32>,
}

impl Source {
    /// Where a command comes from.
    #[must_use]
    pub fn of(state: &State, command: &Command<'_>) -> Source {
        Source::new(state, command.device.as_deref(), command.network.as_deref())
    }

    /// The numbers of a device and a network.
    #[must_use]
    pub fn new(state: &State, device: Option<&str>, network: Option<&str>) -> Source {
        let number = |text: &str| subject_of(state, text);
        Source { device: device.map(number), network: network.map(number) }
    }
}

/// The number under which a device or network is counted; never 0.
fn subject_of(state: &State, text: &str) -> u32 {
    u32::try_from(state.keys.told(text) >> 32).unwrap_or(0).max(1)
}

/// Whether contributions of this act can be held: it says nothing but whose and where.
fn can_be_held(act: Act) -> bool {
    matches!(act, Act::Help | Act::Join)
}

/// Whether a rule that objects refuses.
fn refuses(then: Then) -> bool {
    then == Then::Refuse
}

/// Whether a deed is a contribution.
fn contributes(deed: &Deed) -> bool {
    matches!(deed.action, Action::Help | Action::Join)
}
