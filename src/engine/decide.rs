//! Decide: what a command amounts to. Reads the state and never changes it.

use core::cell::{Cell, OnceCell};

use super::book::Book;
use super::command::{Act, Command, Hashes};
use super::draw::Draw;
use super::evolve;
use super::fact::Fact;
use super::field::GrantId;
use super::handle::{Event, Loop, Order, Person, Play, Touchpoint};
use super::message::message;
use super::rejection::{Code, Rejection};
use super::state::{LoopState, OrderStatus, Share, State, Status};
use super::time::Time;
use crate::attribution::code::{CodeError, ReferralCode};
use crate::attribution::inviters;
use crate::attribution::token::Token;
use crate::audience::tags;
use crate::campaign::Touches;
use crate::campaign::limits::{Action, Actions};
use crate::campaign::play::PlayRules;
use crate::guard;
use crate::livecode;
use crate::mechanics::{Loops, Opening, Payment};
use crate::rewards;

/// The facts a command leads to, or why it is refused. A refused command changes nothing.
///
/// # Errors
/// The rejection.
pub fn decide<'c>(
    book: &'c Book,
    state: &State,
    command: &'c Command<'c>,
) -> Result<Vec<Fact<'c>>, Rejection<'c>> {
    decide_hashed(book, state, command, command.hashes(&state.keys)).map(|decided| decided.facts)
}

/// As [`decide`], when the command's hashes are known.
pub(super) fn decide_hashed<'c>(
    book: &'c Book,
    state: &State,
    command: &'c Command<'c>,
    hashes: Hashes,
) -> Result<Decided<'c>, Rejection<'c>> {
    let mut cx = Deciding::hashed(book, state, command, hashes);
    match command.act {
        Act::Visit => visit(&mut cx)?,
        Act::Share => share(&mut cx)?,
        Act::Open => open(&mut cx)?,
        Act::Help
        | Act::Join
        | Act::Leave
        | Act::CheckIn
        | Act::Submit
        | Act::Review
        | Act::Draw
        | Act::Redeem
        | Act::Enter
        | Act::Exit => take_part(&mut cx)?,
        Act::Claim if cx.command.grant.is_some() => rewards::claim(&mut cx)?,
        Act::Claim => take_part(&mut cx)?,
        Act::Activate => rewards::activate(&mut cx)?,
        Act::Use => rewards::use_up(&mut cx)?,
        Act::Pay => pay(&mut cx)?,
        Act::Event => event(&mut cx)?,
        Act::Refund => refund(&mut cx)?,
        Act::Fulfil | Act::Fail | Act::Revoke => rewards::settle(&mut cx)?,
        Act::Tick => tick(&mut cx),
        Act::Message => message(&mut cx)?,
        Act::Tag | Act::Untag => tags::decide(&mut cx)?,
        Act::Merge => merge(&mut cx)?,
        Act::Scan | Act::Add | Act::Drop | Act::Switch => livecode::route::decide(&mut cx)?,
    }
    inviters::follow_payments(&mut cx);
    guard::check_facts(&cx)?;
    for play in &cx.book.current().watchers {
        if let Some(rules) = cx.book.play(cx.book.revision(), *play) {
            rules.rules.watch(&mut cx, *play, rules);
        }
    }
    tags::give(&mut cx);
    guard::trace(&mut cx);
    Ok(Decided { facts: cx.facts, sender: cx.sender, loop_: cx.named })
}

/// What a command leads to.
pub(super) struct Decided<'c> {
    /// The facts.
    pub facts: Vec<Fact<'c>>,
    /// Who sent the command, or whom it is about.
    pub sender: Option<Person>,
    /// The loop that the command names by id.
    pub loop_: Option<Loop>,
}

/// Loops, and grants, that one tick settles at most; the next tick goes on.
const SETTLED_BY_TICK: usize = 200;

/// A command being decided: what is known, and the facts so far.
pub struct Deciding<'s, 'c> {
    /// The rules.
    pub book: &'c Book,
    /// The state before the command.
    pub state: &'s State,
    /// The command.
    pub command: &'c Command<'c>,
    /// The time that counts: the command's, but never before the last one's.
    pub at: Time,
    /// The facts so far.
    pub facts: Vec<Fact<'c>>,
    /// Who sent the command, or whom it is about, once that is known: the very id that it names.
    pub sender: Option<Person>,
    /// What is done: the command's act, that of a held contribution that it approves, or what the keyword of a
    /// message stands for.
    pub act: Act,
    /// The loop in which it is done.
    pub on: Option<Loop>,
    /// The held contribution that the command approves.
    pub released: Option<guard::Held>,
    /// The touchpoint that the command names, once its participant has arrived.
    pub touchpoint: Option<Touchpoint>,
    hashes: Hashes,
    /// The loop that the command names by id.
    named: Option<Loop>,
    /// What a visitor came by.
    came_by: Option<Share>,
    /// Actions whose limits were checked already.
    checked: Cell<Actions>,
    source: OnceCell<guard::Source>,
}

impl<'s, 'c> Deciding<'s, 'c> {
    /// A command before anything is decided.
    #[must_use]
    #[inline]
    pub fn new(book: &'c Book, state: &'s State, command: &'c Command<'c>) -> Self {
        Deciding::hashed(book, state, command, command.hashes(&state.keys))
    }

    /// As [`Deciding::new`], when the command's hashes are known.
    #[inline]
    fn hashed(book: &'c Book, state: &'s State, command: &'c Command<'c>, hashes: Hashes) -> Self {
        let at = command.at.max(state.now);
        Deciding {
            hashes,
            book,
            state,
            command,
            at,
            facts: Vec::new(),
            sender: None,
            named: None,
            act: command.act,
            on: None,
            released: None,
            touchpoint: None,
            came_by: None,
            checked: Cell::default(),
            source: OnceCell::new(),
        }
    }

    /// Where what is done comes from.
    #[must_use]
    pub fn source(&self) -> guard::Source {
        let sent = || guard::Source::of(self.state, self.command);
        self.released.map_or_else(|| *self.source.get_or_init(sent), |held| held.source)
    }

    /// Notes that the limits of an action were checked before the facts about it.
    pub fn mark_checked(&self, action: Action) {
        self.checked.set(self.checked.get().and(Actions::one(action)));
    }

    /// Whether the limits of an action were checked before the facts about it.
    #[must_use]
    pub fn is_checked(&self, action: Action) -> bool {
        self.checked.get().has(action)
    }

    /// Adds a fact.
    #[inline]
    pub fn emit(&mut self, fact: Fact<'c>) {
        if self.facts.is_empty() {
            self.facts.reserve(4);
        }
        self.facts.push(fact);
    }

    /// The participant of the command; a new one is met first.
    ///
    /// # Errors
    /// `COMMAND_MALFORMED` without one.
    pub fn person(&mut self) -> Result<Person, Rejection<'c>> {
        let id = required(self.command.by.as_deref(), "by")?;
        guard::check_risk(self)?;
        let person = match self.state.people.find_hashed(self.hashes.by, id) {
            Some(number) => Person(number),
            None => {
                self.emit(Fact::Met { who: id });
                Person::at(self.state.people.len())
            }
        };
        self.sender = Some(person);
        Ok(self.state.ids.main(person))
    }

    /// Whether the campaign runs at this moment.
    ///
    /// # Errors
    /// `CAMPAIGN_NOT_STARTED` or `CAMPAIGN_ENDED`.
    pub fn running(&self) -> Result<(), Rejection<'c>> {
        let runs = &self.book.current().runs;
        if self.at < runs.from {
            return Err(Rejection::new(Code::CampaignNotStarted).until(runs.from));
        }
        if self.at >= runs.until {
            return Err(Rejection::new(Code::CampaignEnded).until(runs.until));
        }
        Ok(())
    }

    /// The rules a loop was opened under.
    #[must_use]
    pub fn rules(&self, state: &LoopState) -> Option<&'c PlayRules> {
        self.book.play(state.revision, state.play)
    }

    /// The rules of the loop or play that the command names.
    #[must_use]
    pub fn named_rules(&self) -> Option<&'c PlayRules> {
        let code = || self.loop_of_code(self.command.code.as_deref()?).ok();
        let id = self.command.loop_.as_deref().and_then(|id| self.loop_number(id)).map(Loop);
        if let Some(state) = id.or_else(code).and_then(|loop_| self.state.loop_(loop_)) {
            return self.rules(state);
        }
        let play = self.book.names.play(self.command.play.as_deref()?)?;
        self.book.play(self.book.revision(), play)
    }

    /// The handle of an order that this command brings, known or new.
    #[must_use]
    pub fn order(&self, id: &str) -> Order {
        self.state.order_names.find(id).map_or(Order::at(self.state.order_names.len()), Order)
    }

    /// Records the arrival of the command's participant, once.
    ///
    /// # Errors
    /// `TOKEN_INVALID` for a damaged token or one of another campaign; `TOUCHPOINT_UNKNOWN`.
    pub fn arrive(&mut self, person: Person, always: bool) -> Result<(), Rejection<'c>> {
        let mut touchpoint = None;
        let mut share = None;
        let mut depth = 0;
        if let Some(text) = self.command.token.as_deref() {
            let token = Token::peek(text).map_err(|_| Rejection::new(Code::TokenInvalid))?;
            if token.campaign != self.book.current().number() {
                return Err(Code::TokenInvalid.into());
            }
            touchpoint = self.book.current().touchpoint_numbered(token.touchpoint);
            share = self.state.shares.by_handle(token.inviter).filter(|_| token.kind > 0);
            depth = u32::from(token.depth);
        }
        if let Some(name) = self.command.touchpoint.as_deref() {
            let known =
                self.book.names.touchpoint(name).ok_or(Rejection::new(Code::TouchpointUnknown).name(name))?;
            touchpoint = Some(known);
        }
        if self.command.act == Act::Visit
            && let Some(code) = self.command.code.as_deref()
        {
            share = Some(self.share_of_code(code)?);
        }
        if self.command.act == Act::Visit {
            self.came_by = share;
        }
        self.touchpoint = touchpoint;
        let arrived = |id| self.state.person(id).is_some_and(|known| known.arrived);
        let known = self.state.ids.each(person).any(arrived);
        // A participant who shares a link with themselves brought nobody.
        let inviter =
            share.map(|share| self.state.ids.main(share.person)).filter(|inviter| *inviter != person);
        let via_code = inviter.is_some() || touchpoint.is_some();
        let campaign = self.book.current();
        // Under a policy every click is recorded, and taking part in somebody's loop is one.
        let host = if inviter.is_some() { None } else { self.host().filter(|host| *host != person) };
        let inviter = inviter.or(host);
        let recorded = campaign.touches == Touches::All || campaign.inviters.is_some();
        let when = self.when()?;
        if known {
            if recorded && (always || via_code || host.is_some()) {
                self.emit(Fact::Touched { who: person, touchpoint, inviter, when });
            }
        } else if always || via_code || host.is_some() {
            self.emit(Fact::Arrived { who: person, touchpoint, inviter, depth, when });
        }
        inviters::follow(self);
        Ok(())
    }

    /// When what a backend tells late happened.
    ///
    /// # Errors
    /// `COMMAND_MALFORMED` if that is still to come.
    fn when(&self) -> Result<Option<Time>, Rejection<'c>> {
        if self.command.when.is_some_and(|when| when > self.at) {
            return Err(Rejection::new(Code::CommandMalformed).field("when"));
        }
        Ok(self.command.when)
    }

    /// Tells an inviter's loops who is their customer now.
    pub(crate) fn invited(&mut self, who: Person, inviter: Person) {
        let opened = |loop_: &Loop| self.is_initiator(inviter, *loop_);
        let loops = distinct(self.state.loops_of(inviter).filter(opened));
        for_loops(self, &loops, |cx, loop_, state, rules| {
            let who = cx.state.stands_as(who, loop_, state);
            rules.rules.invited(cx, loop_, state, rules, who);
        });
    }

    fn is_initiator(&self, who: Person, loop_: Loop) -> bool {
        self.state.loop_(loop_).is_some_and(|state| self.state.ids.is_same(state.initiator, who))
    }

    /// The loop the command names by id or by referral code.
    ///
    /// # Errors
    /// `COMMAND_MALFORMED`, `LOOP_UNKNOWN`, `CODE_INVALID` or `CODE_UNKNOWN`.
    pub fn named_loop(&mut self) -> Result<(Loop, &'s LoopState), Rejection<'c>> {
        let loop_ = match (self.command.loop_.as_deref(), self.command.code.as_deref()) {
            (Some(id), _) => {
                let loop_ = Loop(self.loop_number(id).ok_or(Code::LoopUnknown)?);
                self.named = Some(loop_);
                loop_
            }
            (None, Some(code)) => self.loop_of_code(code)?,
            (None, None) => return Err(Rejection::new(Code::CommandMalformed).field("loop")),
        };
        let state = self.state.loop_(loop_).ok_or(Code::LoopUnknown)?;
        Ok((loop_, state))
    }

    /// The number of the loop that the command names by this id.
    fn loop_number(&self, id: &str) -> Option<u32> {
        self.state.loop_names.find_hashed(self.hashes.loop_, id)
    }

    fn share_of_code(&self, text: &str) -> Result<Share, Rejection<'c>> {
        let code = ReferralCode::parse(text).map_err(|error| match error {
            CodeError::Malformed | CodeError::Check | CodeError::Range => Code::CodeInvalid,
        })?;
        let share = self.state.shares.by_code(code.number()).ok_or(Rejection::new(Code::CodeUnknown))?;
        match self.code_until(share).filter(|until| self.at >= *until) {
            Some(until) => Err(Rejection::new(Code::CodeExpired).until(until)),
            None => Ok(share),
        }
    }

    /// Until when the code of a share can be typed: as long as the rules of its loop say; a code for no loop
    /// as long as the strictest play says.
    fn code_until(&self, share: Share) -> Option<Time> {
        let valid = match share.loop_ {
            Some(loop_) => self.state.loop_(loop_).and_then(|state| self.rules(state)?.rules.code_valid()),
            None => {
                let plays = self.book.current().plays.iter().flatten();
                plays.filter_map(|play| play.rules.code_valid()).min()
            }
        };
        valid.map(|valid| share.at.after(valid))
    }

    fn loop_of_code(&self, text: &str) -> Result<Loop, Rejection<'c>> {
        let share = self.share_of_code(text)?;
        let act = self.command.act;
        let fits = |loop_: &Loop| {
            self.state.loop_(*loop_).is_some_and(|state| {
                self.state.ids.is_same(state.initiator, share.person)
                    && self.rules(state).is_some_and(|play| play.rules.offers(act))
            })
        };
        let is_open = |loop_: &Loop| {
            let open = |state: &LoopState| {
                self.rules(state).is_some_and(|play| self.loop_running(play, state).is_ok())
            };
            fits(loop_) && self.state.loop_(*loop_).is_some_and(open)
        };
        let loops = || self.state.loops_of(share.person);
        let found = share.loop_.or_else(|| loops().find(is_open)).or_else(|| loops().find(fits));
        found.ok_or(Code::CodeUnknown.into())
    }

    /// Whether a loop is open at this moment, by the clock.
    ///
    /// # Errors
    /// `LOOP_COMPLETE` or `LOOP_EXPIRED`.
    pub fn loop_running(&self, play: &PlayRules, state: &LoopState) -> Result<(), Rejection<'c>> {
        match play.rules.status(state, self.at) {
            Status::Complete => Err(Code::LoopComplete.into()),
            Status::Expired => Err(Rejection::new(Code::LoopExpired).until(state.until)),
            Status::Running => Ok(()),
        }
    }

    /// The loop in which a participant's acts on a play count when the command names the play alone: their
    /// own or the one for all, if one is running.
    #[must_use]
    pub fn running_loop(
        &self,
        play: Play,
        rules: &PlayRules,
        person: Person,
    ) -> Option<(Loop, &'s LoopState)> {
        let running = |loop_: Loop| {
            let state = self.state.loop_(loop_)?;
            let rules = self.rules(state)?;
            (state.play == play && rules.rules.status(state, self.at) == Status::Running)
                .then_some((loop_, state))
        };
        match rules.rules.loops() {
            Loops::Many => None,
            Loops::Personal => {
                let mine = |loop_: &Loop| {
                    self.state.loop_(*loop_).is_some_and(|state| self.state.ids.is_same(state.opener, person))
                };
                self.state.loops_of(person).filter(mine).find_map(running)
            }
            Loops::Shared => running(self.state.play(play).latest.get()?),
        }
    }

    /// The command's id as the id of a loop that it opens besides the one it names.
    ///
    /// # Errors
    /// `COMMAND_MALFORMED` if it cannot be one; `LOOP_EXISTS`.
    pub fn fresh_loop_id(&self) -> Result<&'c str, Rejection<'c>> {
        free_loop_id(self, &self.command.id)
    }

    /// The number of the next grant of a loop, counting those decided in this command.
    #[must_use]
    pub fn next_grant(&self, loop_: Loop) -> GrantId {
        let before = self.state.loop_(loop_).map_or(0, |state| state.grants);
        let mine = |fact: &&Fact<'_>| matches!(fact, Fact::Granted { grant, .. } if grant.loop_ == loop_);
        let now = self.facts.iter().filter(mine).count();
        GrantId { loop_, n: before.saturating_add(u32::try_from(now).unwrap_or(u32::MAX)).saturating_add(1) }
    }
}

/// A field the act cannot do without.
///
/// # Errors
/// `COMMAND_MALFORMED` naming the field.
pub fn required<'c, T>(value: Option<T>, field: &'static str) -> Result<T, Rejection<'c>> {
    value.ok_or(Rejection::new(Code::CommandMalformed).field(field))
}

fn visit<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let person = cx.person()?;
    cx.arrive(person, true)?;
    if let Some(share) = cx.came_by.filter(|share| !cx.state.ids.is_same(share.person, person)) {
        let opened = |loop_: &Loop| cx.is_initiator(share.person, *loop_);
        let loops = match share.loop_ {
            Some(loop_) => vec![loop_],
            None => distinct(cx.state.loops_of(share.person).filter(opened)),
        };
        for_loops(cx, &loops, |cx, loop_, state, rules| {
            let person = cx.state.stands_as(person, loop_, state);
            rules.rules.visited(cx, loop_, state, rules, person);
        });
    }
    Ok(())
}

fn share<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let person = cx.person()?;
    let loop_ = match cx.command.loop_.as_deref() {
        Some(_) => Some(cx.named_loop()?.0),
        None => None,
    };
    // One handle for each participant and loop: sharing again is sharing the same, until its code is too old.
    let current = |share: Share| cx.code_until(share).is_none_or(|until| cx.at < until);
    if cx.state.shares.of(person, loop_).is_some_and(current) {
        return Ok(());
    }
    let mut draw = Draw::new(&cx.book.seed, "share", &cx.command.id);
    let handle = loop {
        let handle = draw.bits(40);
        if cx.state.shares.by_handle(handle).is_none() {
            break handle;
        }
    };
    let code = loop {
        let number = draw.below(ReferralCode::COUNT);
        if let (None, Ok(code)) = (cx.state.shares.by_code(number), ReferralCode::from_number(number)) {
            break code;
        }
    };
    cx.emit(Fact::Shared { who: person, loop_, handle, code });
    Ok(())
}

fn open<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (play, rules) = named_play(cx)?;
    cx.running()?;
    let id = new_loop_id(cx)?;
    let person = cx.person()?;
    cx.arrive(person, false)?;
    if cx.running_loop(play, rules, person).is_some() {
        return Err(Code::LoopRunning.into());
    }
    open_loop(cx, (play, rules), person, id)
}

fn named_play<'c>(cx: &Deciding<'_, 'c>) -> Result<(Play, &'c PlayRules), Rejection<'c>> {
    let name = required(cx.command.play.as_deref(), "play")?;
    let unknown = Rejection::new(Code::PlayUnknown).name(name);
    let play = cx.book.names.play(name).ok_or(unknown)?;
    Ok((play, cx.book.play(cx.book.revision(), play).ok_or(unknown)?))
}

pub(super) fn new_loop_id<'c>(cx: &Deciding<'_, 'c>) -> Result<&'c str, Rejection<'c>> {
    free_loop_id(cx, cx.command.loop_.as_deref().unwrap_or(&cx.command.id))
}

fn free_loop_id<'c>(cx: &Deciding<'_, 'c>, id: &'c str) -> Result<&'c str, Rejection<'c>> {
    // The engine names the loops that it opens itself with a leading `_`.
    if id.len() > 32 || id.contains(':') || id.starts_with('_') {
        return Err(Rejection::new(Code::CommandMalformed).field("loop"));
    }
    match cx.state.loop_names.find(id) {
        Some(_) => Err(Code::LoopExists.into()),
        None => Ok(id),
    }
}

pub(super) fn open_loop<'c>(
    cx: &mut Deciding<'_, 'c>,
    (play, rules): (Play, &'c PlayRules),
    person: Person,
    id: &'c str,
) -> Result<(), Rejection<'c>> {
    tags::check(cx, rules, person)?;
    let order = entitlement(cx, play, rules, person)?;
    guard::check_opening(cx, play, rules, person)?;
    if id == cx.command.loop_.as_deref().unwrap_or(&cx.command.id) {
        cx.named = Some(Loop::at(cx.state.loops.len()));
    }
    rules.rules.open(Opening { cx, play, rules, by: person, id, order })
}

/// If the play requires an event, each happening of it entitles its participant to open one loop.
fn entitlement<'c>(
    cx: &Deciding<'_, 'c>,
    play: Play,
    rules: &'c PlayRules,
    person: Person,
) -> Result<Option<Order>, Rejection<'c>> {
    let Some(event) = rules.requires else { return Ok(None) };
    let refused = Rejection::new(Code::EventRequired).name(cx.book.names.event_name(event));
    let happened = cx.state.happened(person, event);
    let mine = |loop_: &Loop| {
        cx.state
            .loop_(*loop_)
            .is_some_and(|state| state.play == play && cx.state.ids.is_same(state.opener, person))
    };
    let standing =
        |loop_: &Loop| cx.state.loop_(*loop_).is_some_and(|state| mine(loop_) && !refunded(cx.state, state));
    let opened = distinct(cx.state.loops_of(person)).iter().filter(|loop_| standing(loop_)).count();
    if u32::try_from(opened).unwrap_or(u32::MAX) >= happened {
        return Err(refused);
    }
    let unused = |order: &Order| {
        cx.state.orders.get(order.index()).is_some_and(|known| {
            known.event == Some(event) && known.status == OrderStatus::Paid && !known.loops.iter().any(mine)
        })
    };
    Ok(cx.state.orders_of(person).find(unused))
}

fn refunded(state: &State, loop_: &LoopState) -> bool {
    let order = loop_.order.get().and_then(|order| state.orders.get(order.index()));
    order.is_some_and(|order| order.status == OrderStatus::Refunded)
}

fn take_part<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    if cx.command.loop_.is_none() && cx.command.code.is_none() && cx.command.play.is_some() {
        return take_part_in_play(cx);
    }
    let (loop_, state) = cx.named_loop()?;
    let rules = cx.rules(state).ok_or(Code::PlayUnknown)?;
    cx.on = Some(loop_);
    if cx.command.act == Act::Review {
        if guard::review::review(cx, loop_, state, rules)? {
            return Ok(());
        }
        if !rules.rules.offers(Act::Review) {
            return Err(Code::NothingToReview.into());
        }
    }
    check_offered(cx, rules)?;
    let person = cx.person()?;
    cx.arrive(person, false)?;
    act(cx, loop_, state, rules, person)
}

/// Lets the mechanic decide, and the guard what becomes of it.
fn act<'c>(
    cx: &mut Deciding<'_, 'c>,
    loop_: Loop,
    state: &LoopState,
    rules: &'c PlayRules,
    person: Person,
) -> Result<(), Rejection<'c>> {
    if rules.rules.loops() != Loops::Many {
        tags::check(cx, rules, person)?;
    }
    let person = cx.state.stands_as(person, loop_, state);
    guard::review::check_held(cx, loop_, person)?;
    let before = cx.facts.len();
    rules.rules.act(cx, loop_, state, rules, person)?;
    guard::verdict::judge(cx, loop_, state, rules, person, before)
}

/// An act on the one loop that a participant or the whole play has; the first act opens it.
fn take_part_in_play<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let (play, rules) = named_play(cx)?;
    check_offered(cx, rules)?;
    if rules.rules.loops() == Loops::Many {
        return Err(Rejection::new(Code::CommandMalformed).field("loop"));
    }
    let person = cx.person()?;
    cx.arrive(person, false)?;
    act_in_play(cx, (play, rules), person)
}

/// Does [`Deciding::act`] on the one loop of a play.
pub(super) fn act_in_play<'c>(
    cx: &mut Deciding<'_, 'c>,
    (play, rules): (Play, &'c PlayRules),
    person: Person,
) -> Result<(), Rejection<'c>> {
    let elsewhere =
        rules.rules.stands_in(cx, play, person).and_then(|loop_| Some((loop_, cx.state.loop_(loop_)?)));
    if let Some((loop_, state)) = elsewhere.or_else(|| cx.running_loop(play, rules, person)) {
        let rules = cx.rules(state).ok_or(Code::PlayUnknown)?;
        check_offered(cx, rules)?;
        cx.on = Some(loop_);
        return act(cx, loop_, state, rules, person);
    }
    cx.running()?;
    let id = new_loop_id(cx)?;
    let before = cx.facts.len();
    open_loop(cx, (play, rules), person, id)?;
    let Some(state) = just_opened(cx, rules, before) else { return Ok(()) };
    let loop_ = Loop::at(cx.state.loops.len());
    cx.on = Some(loop_);
    rules.rules.act(cx, loop_, &state, rules, person)
}

/// A loop as the facts of this command have opened it; the state does not hold it yet.
pub(super) fn just_opened(cx: &Deciding<'_, '_>, rules: &PlayRules, before: usize) -> Option<LoopState> {
    let facts = cx.facts.get(before..)?;
    let opened = facts.iter().position(|fact| matches!(fact, Fact::Opened { .. }))?;
    let Fact::Opened { play, by, until, order, .. } = *facts.get(opened)? else { return None };
    let mut state = evolve::begin(rules, cx.book.revision(), cx.at, (play, by, until, order));
    for fact in facts.get(opened..)?.iter().skip(1) {
        rules.rules.rehearse(&mut state.progress, fact, cx.at, play);
    }
    Some(state)
}

pub(super) fn check_offered<'c>(cx: &Deciding<'_, 'c>, rules: &PlayRules) -> Result<(), Rejection<'c>> {
    if rules.rules.offers(cx.act) {
        return Ok(());
    }
    Err(Rejection::new(Code::ActionUnknown).name(cx.act.name()))
}

fn pay<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let order = required(cx.command.order.as_deref(), "order")?;
    let amount = required(cx.command.amount, "amount")?;
    if cx.state.order_names.find(order).is_some() {
        return Err(Code::OrderKnown.into());
    }
    if cx.command.loop_.is_some() {
        let (loop_, state) = cx.named_loop()?;
        let rules = cx.rules(state).ok_or(Code::PlayUnknown)?;
        check_offered(cx, rules)?;
        let person = cx.person()?;
        let person = cx.state.stands_as(person, loop_, state);
        cx.on = Some(loop_);
        return rules.rules.pay(cx, loop_, state, rules, Payment { by: person, order, amount });
    }
    let (play, rules) = named_play(cx)?;
    let price = rules.rules.alone().ok_or(Rejection::new(Code::ActionUnknown).name("pay"))?;
    if amount != price {
        return Err(Rejection::new(Code::AmountMismatch).amount(price));
    }
    rules.rules.take_goods(cx, play)?;
    let person = cx.person()?;
    cx.emit(Fact::Bought { play, by: person, order, amount });
    inviters::follow(cx);
    Ok(())
}

fn event<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let name = required(cx.command.name.as_deref(), "name")?;
    let event = cx.book.names.event(name).ok_or(Rejection::new(Code::EventUnknown).name(name))?;
    let order = cx.command.order.as_deref();
    if order.is_some_and(|order| cx.state.order_names.find(order).is_some()) {
        return Err(Code::OrderKnown.into());
    }
    let person = cx.person()?;
    happen(cx, person, event, order)
}

/// Records an event of the site and tells the participant's loops of it.
///
/// # Errors
/// `COMMAND_MALFORMED` if it is still to come.
pub(super) fn happen<'c>(
    cx: &mut Deciding<'_, 'c>,
    person: Person,
    event: Event,
    order: Option<&'c str>,
) -> Result<(), Rejection<'c>> {
    let when = cx.when()?;
    cx.emit(Fact::Happened { by: person, name: event, order, amount: cx.command.amount, when });
    inviters::follow(cx);
    let order = order.map(|order| cx.order(order));
    // What happened may just have bound them.
    let joined = cx.facts.iter().filter_map(|fact| match *fact {
        Fact::Joined { loop_, by, .. } if by == person => Some(loop_),
        _ => None,
    });
    for loop_ in distinct(cx.state.loops_of(person).chain(joined)) {
        if let Some((state, rules)) = cx.state.loop_(loop_).and_then(|state| Some((state, cx.rules(state)?)))
        {
            let person = cx.state.stands_as(person, loop_, state);
            rules.rules.event(cx, loop_, state, rules, (person, event, order));
        }
    }
    Ok(())
}

/// Two ids turned out to be one person's.
fn merge<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let id = required(cx.command.text.as_deref(), "text")?;
    let unknown = Rejection::new(Code::ParticipantUnknown).name(id);
    let other = cx.state.ids.main(Person(cx.state.people.find(id).ok_or(unknown)?));
    let one = cx.person()?;
    if one != other {
        inviters::check_registered(cx, one, other)?;
        let (who, other) = (one.min(other), one.max(other));
        cx.emit(Fact::Merged { who, other });
        inviters::merge(cx, who, other);
    }
    Ok(())
}

fn refund<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let id = required(cx.command.order.as_deref(), "order")?;
    let order = Order(cx.state.order_names.find(id).ok_or(Code::OrderUnknown)?);
    let known = cx.state.orders.get(order.index()).ok_or(Code::OrderUnknown)?;
    if known.status == OrderStatus::Refunded {
        return Err(Code::OrderRefunded.into());
    }
    // A refund is of the whole order: what was earned by it is taken back whole.
    if cx.command.amount.is_some_and(|amount| amount != known.amount) {
        return Err(Rejection::new(Code::AmountMismatch).amount(known.amount));
    }
    // What was due before this refund has happened before it.
    for_loops(cx, &known.loops, |cx, loop_, state, rules| rules.rules.settle(cx, loop_, state, rules));
    cx.emit(Fact::Refunded { order, amount: known.amount });
    for_loops(cx, &known.loops, |cx, loop_, state, rules| {
        let by = cx.state.stands_as(known.by, loop_, state);
        rules.rules.refunded(cx, loop_, state, rules, (by, order));
    });
    Ok(())
}

fn tick(cx: &mut Deciding<'_, '_>) {
    let due: Vec<Loop> = cx
        .state
        .agenda
        .iter()
        .take_while(|(at, _)| *at <= cx.at)
        .map(|(_, loop_)| *loop_)
        .take(SETTLED_BY_TICK)
        .collect();
    for_loops(cx, &due, |cx, loop_, state, rules| rules.rules.settle(cx, loop_, state, rules));
    rewards::outdate(cx, SETTLED_BY_TICK);
}

/// Lets each loop's rules act on it.
fn for_loops<'s, 'c>(
    cx: &mut Deciding<'s, 'c>,
    loops: &[Loop],
    act: impl Fn(&mut Deciding<'s, 'c>, Loop, &'s LoopState, &'c PlayRules),
) {
    for loop_ in loops.iter().copied() {
        if let Some((state, rules)) = cx.state.loop_(loop_).and_then(|state| Some((state, cx.rules(state)?)))
        {
            act(cx, loop_, state, rules);
        }
    }
}

/// Each loop once, in the order of the log.
fn distinct(loops: impl Iterator<Item = Loop>) -> Vec<Loop> {
    let mut all = Vec::new();
    for loop_ in loops {
        if let Err(at) = all.binary_search(&loop_) {
            all.insert(at, loop_);
        }
    }
    all
}

/// The key under which the happenings of an event are counted.
#[must_use]
pub fn event_key(person: Person, event: Event) -> super::counters::Key {
    super::counters::Key::new(event.0, 0, person.0)
}
