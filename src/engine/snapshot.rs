//! Snapshots: the whole state in one canonical form, so that equal states have equal bytes.

use super::book::Book;
use super::column::Cell;
use super::command::Act;
use super::counters::{Counters, Key};
use super::field::Reason;
use super::handle::{Event, Grant, Loop, Maybe, Order, PartAt, Person, Play, Reward, Touchpoint};
use super::ids::Ids;
use super::interner::Interner;
use super::journal::Journal;
use super::money::Money;
use super::pack::{self, Reader, put, put_signed};
use super::state::{
    GrantState, GrantStatus, LoopState, OrderState, OrderStatus, Part, PersonState, PlayState, RewardState,
    Share, State, Status, Terms,
};
use super::time::Time;
use crate::attribution::follow::Bond;
use crate::gather::GatherAll;
use crate::guard::numbers::Numbers;
use crate::guard::{Held, Source};
use crate::livecode::LiveCodes;
use crate::mechanics::Progress;
use crate::rewards::points::Account;

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
    put_signed(&mut out, state.now.0);
    state.people.pack(&mut out);
    put(&mut out, count(state.persons.len()));
    for person in state.persons.iter() {
        put_option(&mut out, person.inviter.get().map(|inviter| inviter.0));
        put_option(&mut out, person.last_grant.get().map(|grant| grant.0));
        put_option(&mut out, person.last_part.get().map(|part| part.0));
        put_option(&mut out, person.touchpoint.get().map(|touchpoint| u32::from(touchpoint.0)));
        out.extend_from_slice(&[person.depth, u8::from(person.arrived)]);
    }
    state.loop_names.pack(&mut out);
    put(&mut out, count(state.loops.len()));
    state.loops.iter().for_each(|head| write_loop(&mut out, head));
    state.order_names.pack(&mut out);
    list(&mut out, &state.orders, write_order);
    list(&mut out, &state.terms, |out, terms| {
        put(out, u64::from(terms.reward.0));
        put_money(out, terms.amount);
    });
    put(&mut out, count(state.grants.len()));
    for grant in state.grants.iter() {
        write_grant(&mut out, grant);
    }
    put(&mut out, count(state.amounts.len()));
    for (grant, amount) in state.amounts.iter() {
        put(&mut out, u64::from(grant.0));
        put_signed(&mut out, amount.0);
    }
    put(&mut out, count(state.credits.len()));
    for (grant, points) in state.credits.iter() {
        put(&mut out, u64::from(grant.0));
        put(&mut out, u64::from(*points));
    }
    put(&mut out, count(state.accounts.len()));
    for ((person, reward), account) in state.accounts.iter() {
        put(&mut out, u64::from(person.0));
        put(&mut out, u64::from(reward.0));
        account.pack(&mut out);
    }
    put(&mut out, count(state.holds.len()));
    for (grant, until) in state.holds.iter() {
        put(&mut out, u64::from(grant.0));
        put_signed(&mut out, until.0);
    }
    put(&mut out, count(state.ends.len()));
    for (grant, until) in state.ends.iter() {
        put(&mut out, u64::from(grant.0));
        put_signed(&mut out, until.0);
    }
    put(&mut out, count(state.parts.len()));
    for part in state.parts.iter() {
        put(&mut out, u64::from(part.loop_.0));
        put_option(&mut out, part.before.get().map(|part| part.0));
    }
    state.limits.pack(&mut out);
    state.counters.pack(&mut out);
    put(&mut out, count(state.sums.len()));
    for (key, sum) in state.sums.iter() {
        key.pack(&mut out);
        put_signed(&mut out, sum.0);
    }
    put(&mut out, count(state.recent.len()));
    for (inviter, times) in state.recent.iter() {
        put(&mut out, u64::from(inviter.0));
        list(&mut out, times, |out, at| put_signed(out, at.0));
    }
    list(&mut out, &state.met, |out, at| put_signed(out, at.0));
    put(&mut out, count(state.held.len()));
    for ((loop_, person), held) in state.held.iter() {
        put(&mut out, u64::from(loop_.0));
        put(&mut out, u64::from(person.0));
        out.push(held.act.number());
        out.push(held.reason.number());
        put_signed(&mut out, held.at.0);
        put_option(&mut out, held.source.device);
        put_option(&mut out, held.source.network);
    }
    put(&mut out, count(state.discarded.len()));
    for (loop_, person) in state.discarded.iter() {
        put(&mut out, u64::from(loop_.0));
        put(&mut out, u64::from(person.0));
    }
    state.events.pack(&mut out);
    put(&mut out, count(state.moments.len()));
    for ((person, event), at) in state.moments.iter() {
        put(&mut out, u64::from(person.0));
        put(&mut out, u64::from(event.0));
        put_signed(&mut out, at.0);
    }
    list(&mut out, &state.rewards, |out, reward| {
        put(out, u64::from(reward.count));
        put_signed(out, reward.spent.0);
        put(out, u64::from(reward.aside));
        put_signed(out, reward.aside_money.0);
    });
    list(&mut out, &state.plays, |out, play| {
        put(out, u64::from(play.taken));
        put_option(out, play.latest.get().map(|latest| latest.0));
    });
    state.tallies.pack(&mut out);
    put(&mut out, count(state.firsts.len()));
    for ((play, text), person) in state.firsts.iter() {
        put(&mut out, u64::from(play.0));
        pack::put_bytes(&mut out, text.as_bytes());
        put(&mut out, u64::from(person.0));
    }
    put(&mut out, count(state.tags.len()));
    for (person, tag) in state.tags.iter() {
        put(&mut out, u64::from(person.0));
        pack::put_bytes(&mut out, tag.as_bytes());
    }
    put(&mut out, count(state.tag_ends.len()));
    for ((person, tag), until) in state.tag_ends.iter() {
        put(&mut out, u64::from(person.0));
        pack::put_bytes(&mut out, tag.as_bytes());
        put_signed(&mut out, until.0);
    }
    put(&mut out, count(state.happenings.len()));
    for ((person, event), times) in state.happenings.iter() {
        put(&mut out, u64::from(person.0));
        put(&mut out, u64::from(event.0));
        list(&mut out, times, |out, (at, order)| {
            put_signed(out, at.0);
            put_option(out, order.get().map(|order| order.0));
        });
    }
    put(&mut out, count(state.order_times.len()));
    for (order, at) in state.order_times.iter() {
        put(&mut out, u64::from(order.0));
        put_signed(&mut out, at.0);
    }
    state.ids.pack(&mut out);
    put(&mut out, count(state.bonds.len()));
    for (person, bond) in state.bonds.iter() {
        put(&mut out, u64::from(person.0));
        bond.pack(&mut out);
    }
    list(&mut out, &state.shares.list, |out, share| {
        put(out, share.handle);
        put(out, share.code);
        put(out, u64::from(share.person.0));
        put_option(out, share.loop_.map(|loop_| loop_.0));
        put_signed(out, share.at.0);
    });
    state.live_codes.pack(&mut out);
    state.journal.pack(&mut out);
    out
}

/// Reads a state; everything it refers to must exist.
///
/// # Errors
/// [`Damaged`].
pub fn read(book: &Book, bytes: &[u8]) -> Result<State, Damaged> {
    let body = bytes.strip_prefix(HEADER).ok_or(Damaged)?;
    read_body(book, &mut Reader::new(body)).filter(consistent).ok_or(Damaged)
}

fn read_body(book: &Book, reader: &mut Reader<'_>) -> Option<State> {
    let keys = book.hash_keys();
    let mut state = State::new(keys);
    state.now = Time(reader.signed()?);
    state.people = Interner::unpack(reader, keys)?;
    state.persons = read_rows(reader, |reader| {
        Some(PersonState {
            inviter: option(reader)?.map(Person).into(),
            last_grant: option(reader)?.map(Grant).into(),
            last_part: option(reader)?.map(PartAt).into(),
            touchpoint: option(reader)?
                .map(|number| u16::try_from(number).map(Touchpoint))
                .transpose()
                .ok()?
                .into(),
            depth: reader.byte()?,
            arrived: reader.byte()? == 1,
        })
    })?;
    state.loop_names = Interner::unpack(reader, keys)?;
    state.loops = read_rows(reader, |reader| read_loop(book, reader))?;
    state.order_names = Interner::unpack(reader, keys)?;
    state.orders = read_list(reader, read_order)?;
    state.terms = read_list(reader, |reader| {
        Some(Terms { reward: Reward(u16::try_from(reader.number()?).ok()?), amount: money(reader)? })
    })?;
    state.grants = read_rows(reader, read_grant)?;
    for _ in 0..reader.count()? {
        state.amounts.insert(Grant(reader.small()?), Money(reader.signed()?));
    }
    for _ in 0..reader.count()? {
        state.credits.insert(Grant(reader.small()?), reader.small()?);
    }
    for _ in 0..reader.count()? {
        let owner = (Person(reader.small()?), Reward(u16::try_from(reader.number()?).ok()?));
        state.accounts.insert(owner, Account::unpack(reader)?);
    }
    for _ in 0..reader.count()? {
        state.holds.insert(Grant(reader.small()?), Time(reader.signed()?));
    }
    for _ in 0..reader.count()? {
        let (grant, until) = (Grant(reader.small()?), Time(reader.signed()?));
        state.ends.insert(grant, until);
        if state.grant(grant).is_some_and(|grant| grant.status.can_end()) {
            state.ending.insert((until, grant));
        }
    }
    state.parts = read_rows(reader, |reader| {
        Some(Part { loop_: Loop(reader.small()?), before: option(reader)?.map(PartAt).into() })
    })?;
    state.limits = Numbers::unpack(reader)?;
    state.counters = Counters::unpack(reader)?;
    for _ in 0..reader.count()? {
        state.sums.insert(Key::unpack(reader)?, Money(reader.signed()?));
    }
    for _ in 0..reader.count()? {
        let inviter = Person(reader.small()?);
        state.recent.insert(inviter, read_list(reader, |reader| reader.signed().map(Time))?);
    }
    state.met = read_list(reader, |reader| reader.signed().map(Time))?;
    for _ in 0..reader.count()? {
        let (loop_, person) = (Loop(reader.small()?), Person(reader.small()?));
        let act = Act::numbered(reader.byte()?)?;
        let reason = Reason::numbered(reader.byte()?)?;
        let at = Time(reader.signed()?);
        let source = Source { device: option(reader)?, network: option(reader)? };
        state.held.insert((loop_, person), Held { act, reason, at, source });
        state.held_of.insert((person, loop_));
    }
    for _ in 0..reader.count()? {
        state.discarded.insert((Loop(reader.small()?), Person(reader.small()?)));
    }
    state.events = Counters::unpack(reader)?;
    for _ in 0..reader.count()? {
        let of = (Person(reader.small()?), Event(u16::try_from(reader.number()?).ok()?));
        state.moments.insert(of, Time(reader.signed()?));
    }
    state.rewards = read_list(reader, |reader| {
        Some(RewardState {
            count: reader.small()?,
            spent: Money(reader.signed()?),
            aside: reader.small()?,
            aside_money: Money(reader.signed()?),
        })
    })?;
    state.plays = read_list(reader, |reader| {
        Some(PlayState { taken: reader.small()?, latest: option(reader)?.map(Loop).into() })
    })?;
    state.tallies = Counters::unpack(reader)?;
    for _ in 0..reader.count()? {
        let play = Play(u16::try_from(reader.number()?).ok()?);
        let text = reader.text()?.into();
        state.firsts.insert((play, text), Person(reader.small()?));
    }
    for _ in 0..reader.count()? {
        let person = Person(reader.small()?);
        state.tags.insert((person, reader.text()?.into()));
    }
    for _ in 0..reader.count()? {
        let tag = (Person(reader.small()?), reader.text()?.into());
        state.tag_ends.insert(tag, Time(reader.signed()?));
    }
    for _ in 0..reader.count()? {
        let of = (Person(reader.small()?), Event(u16::try_from(reader.number()?).ok()?));
        let time =
            |reader: &mut Reader<'_>| Some((Time(reader.signed()?), option(reader)?.map(Order).into()));
        state.happenings.insert(of, read_list(reader, time)?);
    }
    for _ in 0..reader.count()? {
        state.order_times.insert(Order(reader.small()?), Time(reader.signed()?));
    }
    state.ids = Ids::unpack(reader)?;
    for _ in 0..reader.count()? {
        state.bonds.insert(Person(reader.small()?), Bond::unpack(reader)?);
    }
    for _ in 0..reader.count()? {
        let (handle, code, person) = (reader.number()?, reader.number()?, Person(reader.small()?));
        let (loop_, at) = (option(reader)?.map(Loop), Time(reader.signed()?));
        state.shares.add(Share { handle, code, person, loop_, at });
    }
    state.live_codes = LiveCodes::unpack(reader)?;
    state.journal = Journal::unpack(reader)?;
    for (at, order) in state.orders.iter().enumerate() {
        state.owners.insert((order.by, Order::at(at)));
    }
    for (at, head) in state.loops.iter().enumerate() {
        if head.due.time() < Time::NEVER {
            state.agenda.insert((head.due.time(), Loop::at(at)));
        }
    }
    reader.is_empty().then_some(state)
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

fn write_loop(out: &mut Vec<u8>, head: &LoopState) {
    put(out, u64::from(head.play.0));
    put(out, u64::from(head.revision));
    out.push(match head.status {
        Status::Running => 0,
        Status::Complete => 1,
        Status::Expired => 2,
    });
    put(out, u64::from(head.opener.0));
    put(out, u64::from(head.initiator.0));
    for at in [head.opened, head.until, head.due.time()] {
        put_signed(out, at.0);
    }
    put(out, u64::from(head.grants));
    put_option(out, head.last_grant.get().map(|grant| grant.0));
    put_option(out, head.order.get().map(|order| order.0));
    head.progress.pack(out);
}

fn read_loop(book: &Book, reader: &mut Reader<'_>) -> Option<LoopState> {
    let play = Play(u16::try_from(reader.number()?).ok()?);
    let revision = u16::try_from(reader.number()?).ok()?;
    let rules = book.play(revision, play)?;
    Some(LoopState {
        play,
        revision,
        status: match reader.byte()? {
            0 => Status::Running,
            1 => Status::Complete,
            2 => Status::Expired,
            _ => return None,
        },
        opener: Person(reader.small()?),
        initiator: Person(reader.small()?),
        opened: Time(reader.signed()?),
        until: Time(reader.signed()?),
        due: Time(reader.signed()?).into(),
        grants: reader.small()?,
        last_grant: option(reader)?.map(Grant).into(),
        order: option(reader)?.map(Order).into(),
        progress: Progress::unpack(&rules.rules, reader)?,
    })
}

fn write_order(out: &mut Vec<u8>, order: &OrderState) {
    put(out, u64::from(order.by.0));
    put_signed(out, order.amount.0);
    put_option(out, order.event.map(|event| u32::from(event.0)));
    put_option(out, order.play.map(|play| u32::from(play.0)));
    list(out, &order.loops, |out, loop_| put(out, u64::from(loop_.0)));
    out.push(match order.status {
        OrderStatus::Paid => 0,
        OrderStatus::RefundDue => 1,
        OrderStatus::Refunded => 2,
    });
}

fn read_order(reader: &mut Reader<'_>) -> Option<OrderState> {
    Some(OrderState {
        by: Person(reader.small()?),
        amount: Money(reader.signed()?),
        event: option(reader)?.map(u16::try_from).transpose().ok()?.map(Event),
        play: option(reader)?.map(u16::try_from).transpose().ok()?.map(Play),
        loops: read_list(reader, |reader| reader.small().map(Loop))?,
        status: match reader.byte()? {
            0 => OrderStatus::Paid,
            1 => OrderStatus::RefundDue,
            2 => OrderStatus::Refunded,
            _ => return None,
        },
    })
}

fn write_grant(out: &mut Vec<u8>, grant: GrantState) {
    put(out, u64::from(grant.to.0));
    put(out, u64::from(grant.loop_.0));
    put(out, u64::from(grant.n));
    put(out, u64::from(grant.cause));
    put_option(out, grant.before_in_loop.get().map(|grant| grant.0));
    put_option(out, grant.before_of_person.get().map(|grant| grant.0));
    put(out, u64::from(grant.terms));
    put(out, u64::from(grant.status.number()));
}

fn read_grant(reader: &mut Reader<'_>) -> Option<GrantState> {
    Some(GrantState {
        to: Person(reader.small()?),
        loop_: Loop(reader.small()?),
        n: reader.small()?,
        cause: reader.small()?,
        before_in_loop: option(reader)?.map(Grant).into(),
        before_of_person: option(reader)?.map(Grant).into(),
        terms: u16::try_from(reader.number()?).ok()?,
        status: GrantStatus::ALL.get(usize::from(reader.byte()?)).copied()?,
    })
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn list<T>(out: &mut Vec<u8>, items: &[T], each: impl Fn(&mut Vec<u8>, &T)) {
    put(out, count(items.len()));
    for item in items {
        each(out, item);
    }
}

fn read_list<'a, T>(reader: &mut Reader<'a>, each: impl Fn(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
    let length = reader.count()?;
    (0..length).map(|_| each(reader)).gather_all()
}

/// Reads what is no plain list in memory.
fn read_rows<'a, T, L: FromIterator<T>>(
    reader: &mut Reader<'a>,
    each: impl Fn(&mut Reader<'a>) -> Option<T>,
) -> Option<L> {
    let length = reader.count()?;
    (0..length).map(|_| each(reader)).collect()
}

/// An optional number: 0 for none, else one more.
fn put_option(out: &mut Vec<u8>, value: Option<u32>) {
    pack::put(out, value.map_or(0, |value| u64::from(value) + 1));
}

fn option(reader: &mut Reader<'_>) -> Option<Option<u32>> {
    match reader.number()?.checked_sub(1) {
        None => Some(None),
        Some(value) => Some(Some(u32::try_from(value).ok()?)),
    }
}

fn put_money(out: &mut Vec<u8>, amount: Option<Money>) {
    out.push(u8::from(amount.is_some()));
    put_signed(out, amount.unwrap_or_default().0);
}

fn money(reader: &mut Reader<'_>) -> Option<Option<Money>> {
    let present = reader.byte()? == 1;
    let amount = Money(reader.signed()?);
    Some(present.then_some(amount))
}
