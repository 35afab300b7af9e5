//! Snapshots: the whole state in one canonical form, so that equal states have equal bytes.

use super::book::Book;
use super::command::Act;
use super::field::Reason;
use super::handle::{Grant, Loop, Maybe, Order, PartAt, Person, Reward};
use super::interner::Interner;
use super::pack::{Packed, Unpacker, packed, put_count};
use super::state::{
    GrantState, LoopState, OrderState, OrderStatus, Part, PersonState, PlayState, RewardState, Share, State,
    Status, Terms,
};
use super::time::Time;
use crate::guard::{Held, Source};
use crate::mechanics::Progress;

/// The first bytes of every snapshot: the name and version of the form.
const HEADER: &[u8] = b"kfactor-state-4\n";

/// Bytes that are not a snapshot of this version, or do not fit the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl Damaged {
    /// The stable code.
    pub const CODE: &'static str = "SNAPSHOT_DAMAGED";
}

impl core::fmt::Display for Damaged {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the snapshot is damaged, of another version, or of another campaign")
    }
}

impl std::error::Error for Damaged {}

/// Writes a state.
#[must_use]
pub fn write(state: &State) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    state.now.pack(&mut out);
    state.people.pack(&mut out);
    pack_rows(&mut out, state.persons.len(), state.persons.iter());
    state.loop_names.pack(&mut out);
    put_count(&mut out, state.loops.len());
    state.loops.iter().for_each(|head| pack_loop(&mut out, head));
    state.order_names.pack(&mut out);
    state.orders.pack(&mut out);
    state.terms.pack(&mut out);
    pack_rows(&mut out, state.grants.len(), state.grants.iter());
    state.amounts.pack(&mut out);
    state.credits.pack(&mut out);
    state.accounts.pack(&mut out);
    state.holds.pack(&mut out);
    state.ends.pack(&mut out);
    pack_rows(&mut out, state.parts.len(), state.parts.iter());
    state.limits.pack(&mut out);
    state.counters.pack(&mut out);
    state.sums.pack(&mut out);
    state.recent.pack(&mut out);
    state.met.pack(&mut out);
    state.held.pack(&mut out);
    state.discarded.pack(&mut out);
    state.events.pack(&mut out);
    state.moments.pack(&mut out);
    state.rewards.pack(&mut out);
    state.plays.pack(&mut out);
    state.tallies.pack(&mut out);
    state.firsts.pack(&mut out);
    state.tags.pack(&mut out);
    state.tag_ends.pack(&mut out);
    state.happenings.pack(&mut out);
    state.order_times.pack(&mut out);
    state.ids.pack(&mut out);
    state.bonds.pack(&mut out);
    state.shares.list.pack(&mut out);
    state.live_codes.pack(&mut out);
    state.journal.pack(&mut out);
    out
}

/// Reads a state; everything it refers to must exist.
///
/// # Errors
/// [`Damaged`].
pub fn read(book: &Book, bytes: &[u8]) -> Result<State, Damaged> {
    let mut from = Unpacker::new(bytes.strip_prefix(HEADER).ok_or(Damaged)?);
    let mut state = read_written(book, &mut from);
    if !from.is_whole() || !consistent(&state) {
        return Err(Damaged);
    }
    add_derived(&mut state);
    Ok(state)
}

/// What [`write`] wrote, in the same order.
fn read_written(book: &Book, from: &mut Unpacker<'_>) -> State {
    let keys = book.hash_keys();
    let mut state = State::new(keys);
    state.now = from.read();
    state.people = Interner::unpack(from, keys);
    from.each(|from| state.persons.push(from.read()));
    state.loop_names = Interner::unpack(from, keys);
    from.each(|from| match unpack_loop(book, from) {
        Some(head) => state.loops.push(head),
        None => from.require(false),
    });
    state.order_names = Interner::unpack(from, keys);
    state.orders = from.read();
    state.terms = from.read();
    from.each(|from| state.grants.push(from.read()));
    state.amounts = from.read();
    state.credits = from.read();
    state.accounts = from.read();
    state.holds = from.read();
    state.ends = from.read();
    from.each(|from| state.parts.push(from.read()));
    state.limits = from.read();
    state.counters = from.read();
    state.sums = from.read();
    state.recent = from.read();
    state.met = from.read();
    state.held = from.read();
    state.discarded = from.read();
    state.events = from.read();
    state.moments = from.read();
    state.rewards = from.read();
    state.plays = from.read();
    state.tallies = from.read();
    state.firsts = from.read();
    state.tags = from.read();
    state.tag_ends = from.read();
    state.happenings = from.read();
    state.order_times = from.read();
    state.ids = from.read();
    state.bonds = from.read();
    from.each(|from| state.shares.add(from.read()));
    state.live_codes = from.read();
    state.journal = from.read();
    state
}

/// Adds what follows from the rest.
fn add_derived(state: &mut State) {
    for (grant, until) in state.ends.iter() {
        if state.grant(*grant).is_some_and(|grant| grant.status.can_end()) {
            state.ending.insert((*until, *grant));
        }
    }
    for (loop_, person) in state.held.keys() {
        state.held_of.insert((*person, *loop_));
    }
    for (at, order) in state.orders.iter().enumerate() {
        state.owners.insert((order.by, Order::at(at)));
    }
    for (at, head) in state.loops.iter().enumerate() {
        if head.due.time() < Time::NEVER {
            state.agenda.insert((head.due.time(), Loop::at(at)));
        }
    }
}

/// Chains go back in time and every handle exists, so that walking a restored state always ends.
fn consistent(state: &State) -> bool {
    let person = |person: Person| person.index() < state.persons.len();
    let grant = |grant: Maybe<Grant>, before: usize| grant.get().is_none_or(|grant| grant.index() < before);
    let part = |part: Maybe<PartAt>, before: usize| part.get().is_none_or(|part| part.index() < before);
    let loop_ = |loop_: Loop| loop_.index() < state.loops.len();
    let grants = state.grants.iter().enumerate().all(|(at, state_of)| {
        person(state_of.to)
            && loop_(state_of.loop_)
            && grant(state_of.before_in_loop, at)
            && grant(state_of.before_of_person, at)
            && usize::from(state_of.terms) < state.terms.len()
    });
    grants
        && state.persons.len() == state.people.len()
        && state.loops.len() == state.loop_names.len()
        && state.orders.len() == state.order_names.len()
        && state.persons.iter().all(|p| {
            grant(p.last_grant, state.grants.len())
                && part(p.last_part, state.parts.len())
                && p.inviter.get().is_none_or(person)
        })
        && state.parts.iter().enumerate().all(|(at, p)| loop_(p.loop_) && part(p.before, at))
        && state
            .loops
            .iter()
            .all(|l| person(l.opener) && person(l.initiator) && grant(l.last_grant, state.grants.len()))
        && (Time(0)..=Time::NEVER).contains(&state.now)
        && state.met.len() <= state.persons.len()
        && state.tags.iter().chain(state.tag_ends.keys()).all(|(tagged, _)| person(*tagged))
        && state.ids.people().all(person)
        && state.bonds.iter().all(|(who, bond)| person(*who) && bond.people().all(person))
        && state.live_codes.is_consistent(state.persons.len())
        && state.recent.keys().all(|inviter| person(*inviter))
        && state.held.keys().all(|(held_in, whose)| loop_(*held_in) && person(*whose))
        && state.discarded.iter().all(|(held_in, whose)| loop_(*held_in) && person(*whose))
        && state.holds.keys().chain(state.ends.keys()).all(|held| held.index() < state.grants.len())
        && state.plays.iter().all(|play| play.latest.get().is_none_or(loop_))
        && state.accounts.keys().all(|(owner, _)| person(*owner))
        && state.shares.list.iter().all(|share| person(share.person) && share.loop_.is_none_or(loop_))
        && state.orders.iter().all(|order| person(order.by) && order.loops.iter().all(|l| loop_(*l)))
}

fn pack_loop(out: &mut Vec<u8>, head: &LoopState) {
    (head.play, head.revision).pack(out);
    head.status.pack(out);
    (head.opener, head.initiator).pack(out);
    for at in [head.opened, head.until, head.due.time()] {
        at.pack(out);
    }
    head.grants.pack(out);
    (head.last_grant, head.order).pack(out);
    head.progress.pack(out);
}

/// Nothing if no such play is known.
fn unpack_loop(book: &Book, from: &mut Unpacker<'_>) -> Option<LoopState> {
    let (play, revision) = from.read();
    let rules = book.play(revision, play)?;
    Some(LoopState {
        play,
        revision,
        status: from.read(),
        opener: from.read(),
        initiator: from.read(),
        opened: from.read(),
        until: from.read(),
        due: from.read::<Time>().into(),
        grants: from.read(),
        last_grant: from.read(),
        order: from.read(),
        progress: Progress::unpack(&rules.rules, from),
    })
}

/// Packs what is no plain list in memory.
fn pack_rows<T: Packed>(out: &mut Vec<u8>, length: usize, rows: impl Iterator<Item = T>) {
    put_count(out, length);
    rows.for_each(|row| row.pack(out));
}

packed! {
    PersonState { inviter, last_grant, last_part, touchpoint, depth, arrived }
    OrderState { by, amount, event, play, loops, status }
    GrantState { to, loop_, n, cause, before_in_loop, before_of_person, terms, status }
    Part { loop_, before }
    RewardState { count, spent, aside, aside_money }
    PlayState { taken, latest }
    Share { handle, code, person, loop_, at }
    Held { act, reason, at, source }
    Source { device, network }
}

packed! { enum Status { Running, Complete, Expired } }

packed! { enum OrderStatus { Paid, RefundDue, Refunded } }

impl Packed for Terms {
    fn pack(&self, out: &mut Vec<u8>) {
        self.reward.pack(out);
        self.amount.is_some().pack(out);
        self.amount.unwrap_or_default().pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (reward, has_amount) = from.read::<(Reward, bool)>();
        let amount = from.read();
        Terms { reward, amount: has_amount.then_some(amount) }
    }
}

impl Packed for Act {
    fn pack(&self, out: &mut Vec<u8>) {
        self.number().pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let act = Act::numbered(from.read());
        from.require(act.is_some());
        act.unwrap_or(Act::Help)
    }
}

impl Packed for Reason {
    fn pack(&self, out: &mut Vec<u8>) {
        self.number().pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let reason = Reason::numbered(from.read());
        from.require(reason.is_some());
        reason.unwrap_or(Reason::Cycle)
    }
}
