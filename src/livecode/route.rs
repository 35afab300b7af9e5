//! Deciding about live codes: where a scan is led, and what becomes of targets.

use super::rules::{Sticky, Strategy, TargetRules};
use super::state::{Health, TargetState, Visit};
use crate::campaign::LiveCodeOf;
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::draw::Draw;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{LiveCode, Target};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;
use crate::engine::time::{Period, Time, UtcOffset};

/// Why a target does or does not take a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It takes scans.
    Open,
    /// It has no room: today, or at all, or the backend says so.
    Full,
    /// It is outside its hours.
    Closed,
    /// It is switched off.
    Offline,
    /// The platform has banned it.
    Banned,
}

impl Standing {
    /// The word in views.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Full => "full",
            Standing::Closed => "closed",
            Standing::Offline => "offline",
            Standing::Banned => "banned",
        }
    }
}

/// A live code at an instant, before anything happens to it.
#[derive(Clone, Copy)]
pub struct Router<'r> {
    /// Its rules.
    pub code: LiveCodeOf<'r>,
    state: &'r State,
    at: Time,
    timezone: UtcOffset,
    day: i64,
}

/// Decides a command about a live code.
///
/// # Errors
/// `LIVE_CODE_UNKNOWN`, `TARGET_UNKNOWN`, `ALREADY_JOINED`, `NOT_MEMBER`, those of arriving, and `COMMAND_MALFORMED`.
#[inline(never)]
pub fn decide<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let name = required(cx.command.name.as_deref(), "name")?;
    let (code_name, target_name) = name.split_once('/').map_or((name, None), |(code, id)| (code, Some(id)));
    let unknown = Rejection::new(Code::LiveCodeUnknown).name(code_name);
    let handle = cx.book.names.live_code(code_name).ok_or(unknown)?;
    let code = cx.book.current().live_code(handle).ok_or(unknown)?;
    let target = match target_name {
        Some(_) => {
            let known = cx.book.names.target(name).filter(|target| code.targets.contains(target));
            Some(known.ok_or(Rejection::new(Code::TargetUnknown).name(name))?)
        }
        None => None,
    };
    match cx.command.act {
        Act::Add => add(cx, handle, target),
        Act::Drop => drop_out(cx, handle, target),
        Act::Switch => switch(cx, handle, required(target, "name")?),
        _ if target.is_some() => Err(Rejection::new(Code::CommandMalformed).field("name")),
        _ => scan(cx, handle, code),
    }
}

fn scan<'c>(cx: &mut Deciding<'_, 'c>, handle: LiveCode, code: LiveCodeOf<'c>) -> Result<(), Rejection<'c>> {
    let by = cx.person()?;
    cx.arrive(by, true)?;
    let router = Router::new(code, cx.state, cx.at, cx.book.current().timezone);
    let visit = cx.state.live_codes.visit(handle, by);
    let again = visit.filter(|visit| router.leads_again(*visit)).map(|visit| visit.target);
    let Some(target) = again.or_else(|| router.choose(handle, || draw(cx))) else {
        cx.emit(Fact::TurnedAway { by, code: handle, reason: router.why_not() });
        return Ok(());
    };
    let place = cx.at.after(code.rules.hold);
    let until = Some(place).filter(|_| !cx.state.live_codes.is_member(target, by));
    let touchpoint = cx.touchpoint;
    cx.emit(Fact::Routed { by, code: handle, target, until, again: again.is_some(), touchpoint });
    Ok(())
}

fn draw<'c>(cx: &Deciding<'_, 'c>) -> Draw {
    Draw::new(&cx.book.seed, "live-code", &cx.command.id)
}

fn add<'c>(cx: &mut Deciding<'_, 'c>, code: LiveCode, named: Option<Target>) -> Result<(), Rejection<'c>> {
    let by = cx.person()?;
    cx.arrive(by, false)?;
    let led_to = || cx.state.live_codes.visit(code, by).map(|visit| visit.target);
    let target = named.or_else(led_to).ok_or(Rejection::new(Code::CommandMalformed).field("name"))?;
    if cx.state.live_codes.is_member(target, by) {
        return Err(Code::AlreadyJoined.into());
    }
    cx.emit(Fact::Added { by, code, target });
    Ok(())
}

fn drop_out<'c>(
    cx: &mut Deciding<'_, 'c>,
    code: LiveCode,
    named: Option<Target>,
) -> Result<(), Rejection<'c>> {
    let by = cx.person()?;
    let led_to = || cx.state.live_codes.visit(code, by).map(|visit| visit.target);
    let target = named.or_else(led_to).filter(|target| cx.state.live_codes.is_member(*target, by));
    let target = target.ok_or(Code::NotMember)?;
    cx.emit(Fact::Dropped { by, code, target });
    Ok(())
}

fn switch<'c>(cx: &mut Deciding<'_, 'c>, code: LiveCode, target: Target) -> Result<(), Rejection<'c>> {
    let to = required(cx.command.text.as_deref(), "text")?;
    let now = cx.state.live_codes.target(target);
    let (online, health) = now.map_or((true, Health::Well), |now| (now.online, now.health));
    let as_before = match to {
        "online" => online,
        "offline" => !online,
        "well" | "full" | "banned" => health.name() == to,
        _ => return Err(Rejection::new(Code::CommandMalformed).field("text")),
    };
    if !as_before {
        cx.emit(Fact::Switched { code, target, to });
    }
    Ok(())
}

impl<'r> Router<'r> {
    /// A live code at an instant.
    #[must_use]
    pub fn new(code: LiveCodeOf<'r>, state: &'r State, at: Time, timezone: UtcOffset) -> Router<'r> {
        let (day, _) = Period::Day.of(at, timezone);
        Router { code, state, at, timezone, day }
    }

    /// The target a newcomer is led to: one that is open, else a spare one that is.
    #[must_use]
    pub fn choose(&self, code: LiveCode, draw: impl FnOnce() -> Draw) -> Option<Target> {
        let first = self.open(false).next().is_some();
        let mut open = self.open(!first);
        match self.code.rules.strategy {
            Strategy::Fill => open.next(),
            Strategy::Random => self.draw(!first, draw),
            Strategy::LeastLoaded => open.min_by_key(|(_, target)| self.load(*target)),
            Strategy::InOrder => {
                let last = self.state.live_codes.code(code).last.get();
                let last = last.and_then(|last| self.code.targets.iter().position(|target| *target == last));
                let after = |at: usize| last.is_some_and(|last| at <= last);
                open.min_by_key(|(at, _)| (after(*at), *at))
            }
            Strategy::RoundRobin | Strategy::Weighted => {
                let turn = self.state.live_codes.code(code).turn;
                open.min_by_key(|(_, target)| self.seen(*target).map_or(0, |target| target.turn).max(turn))
            }
        }
        .map(|(_, target)| target)
    }

    /// Why a target does or does not take a newcomer.
    #[must_use]
    pub fn standing(&self, rules: &TargetRules, target: Target) -> Standing {
        self.standing_without_room(rules, target)
            .unwrap_or_else(|| if self.has_room(rules, target) { Standing::Open } else { Standing::Full })
    }

    /// Whether there is room for one more: today, and at all.
    #[must_use]
    pub fn has_room(&self, rules: &TargetRules, target: Target) -> bool {
        let seen = self.seen(target);
        let kept = seen.map_or(0, |target| target.kept(self.at));
        let today = seen.map_or(0, |target| target.added_on(self.day)).saturating_add(kept);
        let all = seen.map_or(0, |target| target.present).saturating_add(rules.already.get());
        rules.daily.is_none_or(|most| today < most.get())
            && rules.total.is_none_or(|most| all.saturating_add(kept) < most.get())
    }

    /// What of a target stands in the way apart from its room.
    fn standing_without_room(&self, rules: &TargetRules, target: Target) -> Option<Standing> {
        let seen = self.seen(target);
        let health = seen.map_or(Health::Well, |target| target.health);
        if health == Health::Banned {
            Some(Standing::Banned)
        } else if seen.is_some_and(|target| !target.online) {
            Some(Standing::Offline)
        } else if !rules.schedule().is_open(self.at, self.timezone) {
            Some(Standing::Closed)
        } else if health == Health::Full {
            Some(Standing::Full)
        } else {
            None
        }
    }

    /// Whether someone who was led to a target before is led there again.
    fn leads_again(&self, visit: Visit) -> bool {
        let Some(rules) = self.code.target(visit.target) else { return false };
        let sticky = self.code.rules.sticky;
        let kept = visit.until > self.at;
        let there = self.state.live_codes.is_member(visit.target, visit.person);
        if sticky == Sticky::Never && !kept {
            return false;
        }
        let room = || kept || there || sticky == Sticky::ThoughFull || self.has_room(rules, visit.target);
        match self.standing_without_room(rules, visit.target) {
            None => sticky == Sticky::Always || room(),
            Some(Standing::Full) => sticky == Sticky::Always || there,
            Some(Standing::Banned) => false,
            Some(_) => sticky == Sticky::Always,
        }
    }

    /// Why nobody takes a scan: full if only room is missing, else closed.
    fn why_not(&self) -> Reason {
        let full = self.all().any(|(_, rules, target)| self.standing(rules, target) == Standing::Full);
        if full { Reason::Full } else { Reason::Closed }
    }

    /// Targets that are open, each with its place in the list.
    fn open(&self, spare: bool) -> impl Iterator<Item = (usize, Target)> {
        let open = move |(_, rules, target): &(usize, &TargetRules, Target)| {
            rules.spare == spare && self.standing(rules, *target) == Standing::Open
        };
        self.all().filter(open).map(|(at, _, target)| (at, target))
    }

    fn all(&self) -> impl Iterator<Item = (usize, &'r TargetRules, Target)> {
        let pairs = self.code.rules.targets.iter().zip(self.code.targets);
        pairs.enumerate().map(|(at, (rules, target))| (at, rules, *target))
    }

    fn draw(&self, spare: bool, draw: impl FnOnce() -> Draw) -> Option<(usize, Target)> {
        let weight =
            |at: usize| self.code.rules.targets.get(at).map_or(0, |target| u64::from(target.weight.get()));
        let mut ticket = draw().below(self.open(spare).map(|(at, _)| weight(at)).sum());
        self.open(spare).find(|(at, _)| {
            let wins = ticket < weight(*at);
            ticket = ticket.saturating_sub(weight(*at));
            wins
        })
    }

    /// Adds of the day and places kept.
    fn load(&self, target: Target) -> u32 {
        let of = |target: &TargetState| target.added_on(self.day).saturating_add(target.kept(self.at));
        self.seen(target).map_or(0, of)
    }

    fn seen(&self, target: Target) -> Option<&'r TargetState> {
        self.state.live_codes.target(target)
    }

    /// The local day.
    #[must_use]
    pub fn day(&self) -> i64 {
        self.day
    }
}
