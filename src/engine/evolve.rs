//! Evolve: the only thing that changes state. It cannot fail; a fact about something unknown changes nothing.

use super::book::Book;
use super::decide::event_key;
use super::fact::Fact;
use super::field::GrantId;
use super::handle::{Grant, Loop, Maybe, Order, PartAt, Person, Play, Reward};
use super::money::Money;
use super::state::{
    GrantState, GrantStatus, LoopState, OrderState, OrderStatus, Part, PlayState, RewardState, Share, State,
    Status, Terms,
};
use super::time::{Due, Time};
use crate::attribution::inviters;
use crate::audience::segments;
use crate::campaign::play::PlayRules;
use crate::gather::Gather;
use crate::guard;
use crate::livecode;
use crate::mechanics::Keep;
use crate::rewards;

/// Applies one fact that happened at `at`.
pub fn evolve(book: &Book, state: &mut State, fact: &Fact<'_>, at: Time) {
    match *fact {
        Fact::Met { who } => {
            let known = state.people.len();
            state.people.intern(who);
            grow(state);
            if book.current().dates && state.people.len() > known {
                state.met.resize(known, Time::default());
                state.met.push(at);
            }
        }
        Fact::Arrived { who, touchpoint, inviter, depth, .. } => {
            grow(state);
            let (persons, who) = (&mut state.persons, who.index());
            // Under a policy `inviters::evolve` says whose customer they are.
            if book.current().inviters.is_none() {
                persons.inviter.replace(who, inviter.into());
            }
            persons.touchpoint.replace(who, touchpoint.into());
            persons.depth.replace(who, u8::try_from(depth).unwrap_or(u8::MAX));
            persons.arrived.replace(who, true);
        }
        Fact::Shared { who, loop_, handle, code } => {
            state.shares.add(Share { handle, code: code.number(), person: who, loop_, at });
        }
        Fact::Opened { loop_, play, by, until, order, .. } => {
            open(book, state, at, (loop_, play, by, until, order));
        }
        Fact::Helped { loop_, by, .. } => take_part(state, loop_, by),
        Fact::Joined { loop_, by, .. } | Fact::Cut { loop_, by, .. } => {
            // The leader's own slot or cut in a new loop is part of opening it.
            if !state.loop_(loop_).is_some_and(|head| head.initiator == by && head.opened == at) {
                take_part(state, loop_, by);
            }
        }
        Fact::Held { .. } | Fact::Released { .. } | Fact::Discarded { .. } => {
            guard::review::evolve(state, fact, at);
        }
        Fact::Qualified { loop_, order: Some(order), .. } => rest_on(state, order, loop_),
        Fact::Paid { loop_, by, order, amount } => {
            let order = add_order(state, order, by, amount);
            rest_on(state, order, loop_);
        }
        Fact::Late { by, order, amount, .. } => {
            add_order(state, order, by, amount);
        }
        Fact::Bought { play, by, order, amount } => {
            let order = add_order(state, order, by, amount);
            if let Some(order) = state.orders.get_mut(order.index()) {
                order.play = Some(play);
            }
            take_goods(state, play, 1);
        }
        Fact::Happened { by, name, order, amount, .. } => {
            state.events.add(event_key(by, name));
            if book.current().timed.contains(&name) {
                state.moments.entry((by, name), at);
            }
            if let Some(order) = order {
                let order = add_order(state, order, by, amount.unwrap_or_default());
                if let Some(order) = state.orders.get_mut(order.index()) {
                    order.event = Some(name);
                }
            }
        }
        Fact::RefundDue { order, .. } => set_order(state, order, OrderStatus::RefundDue),
        Fact::Refunded { order, .. } => refunded(book, state, order, fact, at),
        Fact::Granted { grant, reward, to, amount, until, claim_by, cause } => {
            let usual = book.reward(reward).and_then(|rules| rules.amount);
            let terms = Terms { reward, amount: amount.filter(|amount| usual == Some(*amount)) };
            let granted = add_grant(state, grant, terms, to, cause);
            if claim_by.is_some() {
                set_grant(state, grant, GrantStatus::Claimable, claim_by);
            }
            if let Some(until) = until {
                state.holds.insert(granted, until);
            }
            if let Some(amount) = amount.filter(|amount| usual != Some(*amount)) {
                state.amounts.insert(granted, amount);
            }
            use_up(state, Terms { reward, amount }, true);
        }
        Fact::Credited { grant, reward, to, points, until } => {
            if let Some(grant) = rewards::find(state, grant) {
                state.credits.insert(grant, points);
            }
            state.accounts.entry((state.ids.main(to), reward), Default::default()).credit(points, until, at);
        }
        Fact::Spent { reward, by, points, .. } => {
            state.accounts.entry((state.ids.main(by), reward), Default::default()).spend(points, at);
        }
        Fact::Debited { reward, from, points, owed, .. } => {
            state
                .accounts
                .entry((state.ids.main(from), reward), Default::default())
                .take_back(points, owed, at);
        }
        Fact::Merged { who, other } => merge(state, who, other),
        Fact::SetAside { reward, count, amount, .. } => {
            if let Some(reward) = reward_mut(state, reward) {
                reward.aside = reward.aside.saturating_add(count);
                reward.aside_money = reward.aside_money.plus(amount);
            }
        }
        Fact::Freed { reward, count, amount, .. } => {
            if let Some(reward) = reward_mut(state, reward) {
                reward.aside = reward.aside.saturating_sub(count);
                reward.aside_money = reward.aside_money.minus(amount);
            }
        }
        Fact::Tagged { by, name, until } => {
            let tag: (Person, Box<str>) = (by, name.into());
            match until {
                Some(until) => state.tag_ends.insert(tag.clone(), until),
                None => state.tag_ends.remove(&tag),
            };
            state.tags.insert(tag);
        }
        Fact::Untagged { by, name } => {
            let tag = (by, name.into());
            state.tags.remove(&tag);
            state.tag_ends.remove(&tag);
        }
        Fact::Earned { loop_, order: Some(order), .. } | Fact::Done { loop_, order: Some(order), .. } => {
            rest_on(state, order, loop_);
        }
        Fact::Repaid { reward, to, points, until, .. } => {
            state.accounts.entry((state.ids.main(to), reward), Default::default()).repay(points, until, at);
        }
        Fact::Collected { grant } => collect(state, grant),
        Fact::Fulfilled { grant, until } => set_grant(state, grant, GrantStatus::Fulfilled, until),
        Fact::Activated { grant, until } => set_grant(state, grant, GrantStatus::Active, until),
        Fact::Used { grant, over: true } => set_grant(state, grant, GrantStatus::Used, None),
        Fact::Outdated { grant } => outdate(state, grant),
        Fact::Failed { grant, .. } => set_grant(state, grant, GrantStatus::Failed, None),
        Fact::Revoked { grant, .. } => set_grant(state, grant, GrantStatus::Revoked, None),
        Fact::Routed { .. } | Fact::Added { .. } | Fact::Dropped { .. } | Fact::Switched { .. } => {
            livecode::evolve(book, state, fact, at);
        }
        Fact::Completed { .. }
        | Fact::TurnedAway { .. }
        | Fact::Touched { .. }
        | Fact::Bound { .. }
        | Fact::NotBound { .. }
        | Fact::Expired { .. }
        | Fact::Succeeded { .. }
        | Fact::Qualified { .. }
        | Fact::Voided { .. }
        | Fact::Lapsed { .. }
        | Fact::Left { .. }
        | Fact::Filled { .. }
        | Fact::CheckedIn { .. }
        | Fact::Done { .. }
        | Fact::Undone { .. }
        | Fact::Returned { .. }
        | Fact::Submitted { .. }
        | Fact::Approved { .. }
        | Fact::Declined { .. }
        | Fact::Drawn { .. }
        | Fact::Claimed { .. }
        | Fact::Entered { .. }
        | Fact::Exited { .. }
        | Fact::Scored { .. }
        | Fact::Ranked { .. }
        | Fact::Earned { .. }
        | Fact::Traced { .. }
        | Fact::Used { .. }
        | Fact::Kept { .. }
        | Fact::Withheld { .. } => {}
    }
    inviters::evolve(book, state, fact, at);
    segments::evolve(book.current(), state, fact, at);
    guard::count(book, state, fact, at);
    if let Some(loop_) = fact.loop_() {
        step(book, state, loop_, fact, at);
    }
}

/// Two ids are one person's: their points are in one account from now on.
#[inline(never)]
fn merge(state: &mut State, one: Person, other: Person) {
    state.ids.merge(one, other);
    let main = state.ids.main(one);
    for id in [one, other].into_iter().filter(|id| *id != main) {
        let rewards: Vec<Reward> = state
            .accounts
            .between((id, Reward(0)), (id, Reward(u16::MAX)))
            .map(|((_, reward), _)| *reward)
            .gather();
        for reward in rewards {
            if let Some(account) = state.accounts.remove(&(id, reward)) {
                state.accounts.entry((main, reward), Default::default()).join(account);
            }
        }
    }
}

/// Applies a fact to the loop it is about: its status, its leader, its mechanic's progress, its due time.
fn step(book: &Book, state: &mut State, loop_: Loop, fact: &Fact<'_>, at: Time) {
    let State { loops, tallies, firsts, order_names, .. } = state;
    let Some(head) = loops.get_mut(loop_.index()) else { return };
    let Some(play) = book.play(head.revision, head.play) else { return };
    if matches!(fact, Fact::Granted { .. }) && !play.rules.follows_grants() {
        return;
    }
    let mut order = None;
    match *fact {
        Fact::Completed { .. } => head.status = Status::Complete,
        Fact::Expired { .. } => head.status = Status::Expired,
        Fact::Succeeded { by, .. } => head.initiator = by,
        Fact::Paid { order: id, .. } => order = order_names.find(id).map(Order),
        Fact::Qualified { order: of, .. } | Fact::Earned { order: of, .. } | Fact::Done { order: of, .. } => {
            order = of
        }
        Fact::Refunded { order: of, .. } => order = Some(of),
        _ => {}
    }
    let mut keep = Keep { play: head.play, order, goods: 0, tallies, firsts };
    play.rules.evolve(&mut head.progress, fact, at, &mut keep);
    let goods = keep.goods;
    let due = Due::from(match head.status {
        Status::Running => play.rules.due(&head.progress, head.until),
        Status::Complete | Status::Expired => Time::NEVER,
    });
    let (before, play) = (core::mem::replace(&mut head.due, due), head.play);
    if before != due {
        state.agenda.remove(&(before.time(), loop_));
        if due.time() < Time::NEVER {
            state.agenda.insert((due.time(), loop_));
        }
    }
    take_goods(state, play, goods);
}

fn open(book: &Book, state: &mut State, at: Time, opening: (&str, Play, Person, Time, Option<Order>)) {
    let (id, play, by, until, order) = opening;
    let revision = book.revision();
    let Some(rules) = book.play(revision, play) else { return };
    let loop_ = Loop(state.loop_names.intern(id));
    if loop_.index() < state.loops.len() {
        return;
    }
    let head = begin(rules, revision, at, (play, by, until, order));
    let due = head.due.time();
    state.loops.push(head);
    if due < Time::NEVER {
        state.agenda.insert((due, loop_));
    }
    if let Some(order) = order {
        rest_on(state, order, loop_);
    }
    if let Some(play) = play_mut(state, play) {
        play.latest = Some(loop_).into();
    }
    add_part(state, by, loop_);
}

/// A loop as it is when it has just been opened.
#[must_use]
pub fn begin(
    rules: &PlayRules,
    revision: u16,
    at: Time,
    (play, by, until, order): (Play, Person, Time, Option<Order>),
) -> LoopState {
    let progress = rules.rules.begin();
    LoopState {
        play,
        revision,
        status: Status::Running,
        opener: by,
        initiator: by,
        opened: at,
        until,
        due: rules.rules.due(&progress, until).into(),
        grants: 0,
        last_grant: Maybe::NONE,
        order: order.into(),
        progress,
    }
}

fn take_part(state: &mut State, loop_: Loop, by: Person) {
    if state.loop_(loop_).is_some() {
        add_part(state, by, loop_);
    }
}

fn add_part(state: &mut State, by: Person, loop_: Loop) {
    grow(state);
    let at = PartAt::at(state.parts.len());
    if let Some(before) = state.persons.last_part.replace(by.index(), Some(at).into()) {
        state.parts.push(Part { loop_, before });
    }
}

/// Gives every known id its record: facts read from a part of a log may name people before `met`.
pub(super) fn grow(state: &mut State) {
    if state.persons.len() < state.people.len() {
        state.persons.extend_to(state.people.len());
    }
}

fn add_order(state: &mut State, id: &str, by: Person, amount: Money) -> Order {
    let order = Order(state.order_names.intern(id));
    if order.index() >= state.orders.len() {
        let status = OrderStatus::Paid;
        state.orders.push(OrderState { by, amount, event: None, play: None, loops: Vec::new(), status });
        state.owners.insert((by, order));
    }
    order
}

fn rest_on(state: &mut State, order: Order, loop_: Loop) {
    if let Some(order) = state.orders.get_mut(order.index())
        && !order.loops.contains(&loop_)
    {
        order.loops.push(loop_);
    }
}

fn set_order(state: &mut State, order: Order, status: OrderStatus) {
    if let Some(order) = state.orders.get_mut(order.index()) {
        order.status = status;
    }
}

#[inline(never)]
fn refunded(book: &Book, state: &mut State, order: Order, fact: &Fact<'_>, at: Time) {
    let Some(known) = state.orders.get_mut(order.index()) else { return };
    known.status = OrderStatus::Refunded;
    let (by, event, play, loops) = (known.by, known.event, known.play, known.loops.clone());
    if let Some(event) = event {
        state.events.take(event_key(by, event));
    }
    if let Some(play) = play {
        take_goods(state, play, -1);
    }
    for loop_ in loops {
        step(book, state, loop_, fact, at);
    }
}

fn take_goods(state: &mut State, play: Play, change: i32) {
    if change != 0
        && let Some(play) = play_mut(state, play)
    {
        play.taken = play.taken.saturating_add_signed(change);
    }
}

fn play_mut(state: &mut State, play: Play) -> Option<&mut PlayState> {
    if state.plays.len() <= play.index() {
        state.plays.resize_with(play.index() + 1, Default::default);
    }
    state.plays.get_mut(play.index())
}

fn reward_mut(state: &mut State, reward: Reward) -> Option<&mut RewardState> {
    if state.rewards.len() <= reward.index() {
        state.rewards.resize_with(reward.index() + 1, Default::default);
    }
    state.rewards.get_mut(reward.index())
}

fn add_grant(state: &mut State, id: GrantId, terms: Terms, to: Person, cause: u32) -> Grant {
    let known = state.terms.iter().position(|other| *other == terms);
    let number = known.unwrap_or(state.terms.len());
    if known.is_none() {
        state.terms.push(terms);
    }
    let grant = Grant::at(state.grants.len());
    let before_in_loop = state.loops.get_mut(id.loop_.index()).map_or(Maybe::NONE, |head| {
        head.grants = head.grants.max(id.n);
        head.last_grant.replace(grant)
    });
    grow(state);
    let before_of_person = state.persons.last_grant.replace(to.index(), Some(grant).into());
    let granted = GrantState {
        to,
        loop_: id.loop_,
        n: id.n,
        cause,
        before_in_loop,
        before_of_person: before_of_person.unwrap_or(Maybe::NONE),
        terms: u16::try_from(number).unwrap_or(u16::MAX),
        status: GrantStatus::Reserved,
    };
    state.grants.push(granted);
    grant
}

/// A claimed grant waits for being handed over, held as long as it was to be.
fn collect(state: &mut State, id: GrantId) {
    let held = rewards::find(state, id).and_then(|handle| Some((handle, *state.holds.get(&handle)?)));
    set_grant(state, id, GrantStatus::Reserved, None);
    state.holds.extend(held);
}

fn outdate(state: &mut State, id: GrantId) {
    let grant = rewards::find(state, id).and_then(|handle| state.grant(handle));
    let had = grant.is_some_and(|grant| grant.status.handed_over());
    let end = rewards::find(state, id).and_then(|handle| Some((handle, *state.ends.get(&handle)?)));
    set_grant(state, id, if had { GrantStatus::Elapsed } else { GrantStatus::Outdated }, None);
    // What came too late is answered with when it was, before and after this was told.
    state.ends.extend(end);
}

/// Moves a grant on; `until` is by when its owner has to do the next step.
fn set_grant(state: &mut State, id: GrantId, status: GrantStatus, until: Option<Time>) {
    let Some(handle) = rewards::find(state, id) else { return };
    let Some(before) = state.grants.status.replace(handle.index(), status) else { return };
    if before.stands()
        && !status.stands()
        && let Some(grant) = state.grant(handle)
        && let Some(terms) = state.terms(handle, grant)
    {
        use_up(state, terms, false);
    }
    state.holds.remove(&handle);
    let end = match until {
        Some(until) => state.ends.insert(handle, until),
        None => state.ends.remove(&handle),
    };
    state.ending.extend(until.map(|until| (until, handle)));
    if let Some(end) = end.filter(|end| until != Some(*end)) {
        state.ending.remove(&(end, handle));
    }
}

fn use_up(state: &mut State, terms: Terms, more: bool) {
    let Some(reward) = reward_mut(state, terms.reward) else { return };
    let amount = terms.amount.unwrap_or_default();
    if more {
        reward.count = reward.count.saturating_add(1);
        reward.spent = reward.spent.plus(amount);
    } else {
        reward.count = reward.count.saturating_sub(1);
        reward.spent = reward.spent.minus(amount);
    }
}
