//! Decide: what a command amounts to. Reads the state and never changes it.

use super::book::Book;
use super::command::{Act, Command, Hashes};
use super::deciding::{Deciding, distinct, for_loops, free_loop_id, required};
use super::draw::Draw;
use super::evolve;
use super::fact::Fact;
use super::handle::{Event, Loop, Order, Person, Play};
use super::message::message;
use super::rejection::{Code, Rejection};
use super::state::{LoopState, OrderStatus, Share, State};
use crate::attribution::code::ReferralCode;
use crate::attribution::inviters;
use crate::audience::tags;
use crate::campaign::play::PlayRules;
use crate::gather::Gather;
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
    // Functions of their own, never inlined: hosts compile a function of WebAssembly whole when it is first called.
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

#[inline(never)]
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

#[inline(never)]
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

#[inline(never)]
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

#[inline(never)]
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

#[inline(never)]
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
#[inline(never)]
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

#[inline(never)]
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

#[inline(never)]
fn tick(cx: &mut Deciding<'_, '_>) {
    let due: Vec<Loop> = cx
        .state
        .agenda
        .iter()
        .take_while(|(at, _)| *at <= cx.at)
        .map(|(_, loop_)| *loop_)
        .take(SETTLED_BY_TICK)
        .gather();
    for_loops(cx, &due, |cx, loop_, state, rules| rules.rules.settle(cx, loop_, state, rules));
    rewards::outdate(cx, SETTLED_BY_TICK);
}

/// The key under which the happenings of an event are counted.
#[must_use]
pub fn event_key(person: Person, event: Event) -> super::counters::Key {
    super::counters::Key::new(event.0, 0, person.0)
}
