//! The guard: limits and risk rules that stand in front of every action, with their reasons.

use crate::campaign::limits::{Limit, Per};
use crate::campaign::play::PlayRules;
use crate::engine::counters::Key;
use crate::engine::decide::Deciding;
use crate::engine::handle::{Person, Play};
use crate::engine::interner::hash;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;
use crate::engine::time::{Period, Time, UtcOffset};
use siphasher::sip::SipHasher13;

/// The roles in which one action counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens a loop.
    Initiator,
    /// Helps or joins one.
    Helper,
}

/// Refuses what the site's own risk score says should be refused.
///
/// # Errors
/// `RISK_REFUSED`.
pub fn check_risk<'c>(cx: &Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let most = cx.book.current().guard.refuse_above.map(|most| most.get());
    match (cx.command.risk, most) {
        (Some(risk), Some(most)) if u32::from(risk) > most => Err(Code::RiskRefused.into()),
        _ => Ok(()),
    }
}

/// Checks the limits on opening a loop.
///
/// # Errors
/// `LIMIT_REACHED` or `DEVICE_LIMIT`.
pub fn check_opening<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
) -> Result<(), Rejection<'c>> {
    check(cx, play, rules, person, Role::Initiator)
}

/// Checks the limits on helping or joining a loop.
///
/// # Errors
/// `LIMIT_REACHED` or `DEVICE_LIMIT`.
pub fn check_helping<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
) -> Result<(), Rejection<'c>> {
    check(cx, play, rules, person, Role::Helper)
}

fn check<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
    role: Role,
) -> Result<(), Rejection<'c>> {
    let campaign = cx.book.current();
    let device = cx.command.device.as_deref().map(|device| subject_of(&cx.state.key, device));
    if let (Some(most), Some(device), Role::Helper) = (campaign.guard.per_device, device, role)
        && cx.state.counters.get(helped_on(device)) >= most.get()
    {
        return Err(Rejection::new(Code::DeviceLimit).most(most.get()));
    }
    for (scope, limits) in [(Some(play), &rules.limits), (None, &campaign.limits)] {
        for limit in limits {
            let Some(subject) = subject(limit.per, role, person, device) else { continue };
            let (period, next) = limit.every.of(cx.at, campaign.timezone);
            let count = cx.state.counters.get(Key::new(slot(scope, limit.per, limit.every), period, subject));
            if count >= limit.most.get() {
                let refused = Rejection::new(Code::LimitReached).most(limit.most.get()).name(label(limit));
                return Err(if next == Time::NEVER { refused } else { refused.until(next) });
            }
        }
    }
    Ok(())
}

/// Whether any rule counts devices, so that facts have to name them.
#[must_use]
pub fn counts_devices(cx: &Deciding<'_, '_>, rules: &PlayRules) -> bool {
    let campaign = cx.book.current();
    let by_device = |limit: &Limit| limit.per == Per::Device;
    campaign.guard.per_device.is_some() || rules.limits.iter().chain(&campaign.limits).any(by_device)
}

/// What one accepted action adds to the counters.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// The play.
    pub play: Play,
    /// Who acted.
    pub person: Person,
    /// In which role.
    pub role: Role,
    /// On which device.
    pub device: Option<&'a str>,
    /// When.
    pub at: Time,
}

/// Counts an accepted action for every limit it touches.
pub fn count(state: &mut State, offset: UtcOffset, play: &[Limit], root: &[Limit], action: Action<'_>) {
    let device = action.device.map(|device| subject_of(&state.key, device));
    if let (Some(device), Role::Helper) = (device, action.role) {
        state.counters.add(helped_on(device));
    }
    for (scope, limits) in [(Some(action.play), play), (None, root)] {
        for (at, limit) in limits.iter().enumerate() {
            // Two limits over the same period share one counter.
            let same = |other: &Limit| other.per == limit.per && other.every == limit.every;
            let counted = limits.iter().take(at).any(same);
            let Some(subject) = subject(limit.per, action.role, action.person, device) else { continue };
            if !counted {
                let (period, _) = limit.every.of(action.at, offset);
                state.counters.add(Key::new(slot(scope, limit.per, limit.every), period, subject));
            }
        }
    }
}

fn subject(per: Per, role: Role, person: Person, device: Option<u32>) -> Option<u32> {
    match (per, role) {
        (Per::Participant, _) | (Per::Helper, Role::Helper) | (Per::Initiator, Role::Initiator) => {
            Some(person.0)
        }
        (Per::Device, _) => device,
        (Per::Helper, Role::Initiator) | (Per::Initiator, Role::Helper) => None,
    }
}

fn subject_of(key: &SipHasher13, device: &str) -> u32 {
    u32::try_from(hash(key, device.as_bytes()) >> 32).unwrap_or(0)
}

/// The guard's own counter of a device, apart from that of a limit per device and campaign, whose period is 0.
fn helped_on(device: u32) -> Key {
    Key::new(slot(None, Per::Device, Period::Campaign), 1, device)
}

/// The counter slot of a limit: twenty for the campaign, then twenty for each play.
fn slot(play: Option<Play>, per: Per, every: Period) -> u16 {
    let per = match per {
        Per::Helper => 0,
        Per::Initiator => 1,
        Per::Participant => 2,
        Per::Device => 3,
    };
    let every = match every {
        Period::Hour => 0,
        Period::Day => 1,
        Period::Week => 2,
        Period::Month => 3,
        Period::Campaign => 4,
    };
    play.map_or(0, |play| play.0.saturating_add(1)).saturating_mul(20).saturating_add(per * 5 + every)
}

fn label(limit: &Limit) -> &'static str {
    const LABELS: [[&str; 5]; 4] = [
        ["helper/hour", "helper/day", "helper/week", "helper/month", "helper/campaign"],
        ["initiator/hour", "initiator/day", "initiator/week", "initiator/month", "initiator/campaign"],
        [
            "participant/hour",
            "participant/day",
            "participant/week",
            "participant/month",
            "participant/campaign",
        ],
        ["device/hour", "device/day", "device/week", "device/month", "device/campaign"],
    ];
    let at = usize::from(slot(None, limit.per, limit.every));
    LABELS.get(at / 5).and_then(|row| row.get(at % 5)).copied().unwrap_or("")
}
