//! What is known while a command is decided: who sent it, what it names, what it has led to so far.

use super::book::Book;
use super::command::{Act, Command, Hashes};
use super::fact::Fact;
use super::field::GrantId;
use super::handle::{Loop, Order, Person, Play, Touchpoint};
use super::rejection::{Code, Rejection};
use super::state::{LoopState, Share, State, Status};
use super::time::Time;
use crate::attribution::code::{CodeError, ReferralCode};
use crate::attribution::inviters;
use crate::attribution::token::Token;
use crate::campaign::Touches;
use crate::campaign::limits::{Action, Actions};
use crate::campaign::play::PlayRules;
use crate::guard;
use crate::mechanics::Loops;
use core::cell::Cell;

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
    pub(super) named: Option<Loop>,
    /// What a visitor came by.
    pub(super) came_by: Option<Share>,
    /// Actions whose limits were checked already.
    checked: Cell<Actions>,
    source: guard::Source,
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
    pub(super) fn hashed(book: &'c Book, state: &'s State, command: &'c Command<'c>, hashes: Hashes) -> Self {
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
            source: guard::Source::of(state, command),
        }
    }

    /// Where what is done comes from.
    #[must_use]
    pub fn source(&self) -> guard::Source {
        self.released.map_or(self.source, |held| held.source)
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
        if self.facts.capacity() == 0 {
            self.facts = Vec::with_capacity(4);
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
        let says_from_where = self.command.token.is_some() || self.command.touchpoint.is_some();
        if !always && !says_from_where && self.book.current().inviters.is_none() {
            return self.when().map(|_| ());
        }
        self.arrive_from(person, always)
    }

    /// As [`Deciding::arrive`], where there may be something to record.
    fn arrive_from(&mut self, person: Person, always: bool) -> Result<(), Rejection<'c>> {
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
        let arrived = |id: Person| self.state.persons.arrived.get(id.index()) == Some(true);
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
    pub(super) fn when(&self) -> Result<Option<Time>, Rejection<'c>> {
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

    pub(super) fn is_initiator(&self, who: Person, loop_: Loop) -> bool {
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
    pub(super) fn code_until(&self, share: Share) -> Option<Time> {
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

/// Lets each loop's rules act on it.
pub(super) fn for_loops<'s, 'c>(
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
pub(super) fn distinct(loops: impl Iterator<Item = Loop>) -> Vec<Loop> {
    let mut all = Vec::new();
    for loop_ in loops {
        if let Err(at) = all.binary_search(&loop_) {
            all.insert(at, loop_);
        }
    }
    all
}

pub(super) fn free_loop_id<'c>(cx: &Deciding<'_, 'c>, id: &'c str) -> Result<&'c str, Rejection<'c>> {
    // The engine names the loops that it opens itself with a leading `_`.
    if id.len() > 32 || id.contains(':') || id.starts_with('_') {
        return Err(Rejection::new(Code::CommandMalformed).field("loop"));
    }
    match cx.state.loop_names.find(id) {
        Some(_) => Err(Code::LoopExists.into()),
        None => Ok(id),
    }
}
