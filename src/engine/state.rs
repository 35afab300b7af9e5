//! The state of a campaign: what the facts so far amount to.

use super::chunks::Chunks;
use super::column::{Cell, Column, table};
use super::counters::{Counters, Key};
use super::decide::event_key;
use super::handle::{Absent, Event, Grant, Loop, Maybe, Order, PartAt, Person, Play, Reward, Touchpoint};
use super::hash::Keys;
use super::ids::{Each, Ids};
use super::interner::Interner;
use super::journal::Journal;
use super::money::Money;
use super::time::{Due, Time};
use crate::attribution::follow::Bond;
use crate::audience::segments::Happenings;
use crate::guard::Held;
use crate::guard::numbers::Numbers;
use crate::livecode::LiveCodes;
use crate::mechanics::{Firsts, Progress};
use crate::rewards::points::Account;
use crate::sorted::{Sorted, SortedSet};
use hashbrown::HashTable;

/// Everything that facts have built up. Only [`super::evolve::evolve`] changes it.
#[derive(Clone, Debug)]
pub struct State {
    /// The time of the last command; time never goes back.
    pub now: Time,
    /// The ids of participants.
    pub people: Interner,
    /// Participants by handle.
    pub persons: Persons,
    /// The ids of loops.
    pub loop_names: Interner,
    /// Loops by handle.
    pub loops: Chunks<LoopState>,
    /// The ids of orders.
    pub order_names: Interner,
    /// Orders by handle.
    pub orders: Vec<OrderState>,
    /// The orders of each participant.
    pub owners: SortedSet<(Person, Order)>,
    /// Grants by handle.
    pub grants: Grants,
    /// Until when grants are held.
    pub holds: Sorted<Grant, Time>,
    /// By when grants have to be claimed, activated or used.
    pub ends: Sorted<Grant, Time>,
    /// Of these the ones of which no fact has told yet that their time is over, by time.
    pub ending: SortedSet<(Time, Grant)>,
    /// The distinct reward and amount pairs of grants.
    pub terms: Vec<Terms>,
    /// The money of grants whose amount a mechanic decided.
    pub amounts: Sorted<Grant, Money>,
    /// How many points grants added to an account.
    pub credits: Sorted<Grant, u32>,
    /// Accounts of points, by owner and reward.
    pub accounts: Sorted<(Person, Reward), Account>,
    /// Who takes part in which loop, chained by participant.
    pub parts: Parts,
    /// The numbers in keys of counters of the limits that have counted anything.
    pub limits: Numbers,
    /// Counters of limits, and of contributions by device and network.
    pub counters: Counters,
    /// The money that limits have counted.
    pub sums: Sorted<Key, Money>,
    /// When the latest contributions to each inviter were made, where a rule asks for it.
    pub recent: Sorted<Person, Vec<Time>>,
    /// When participants were first seen, by handle, from when on a rule asks for it; 0 for earlier ones.
    pub met: Vec<Time>,
    /// Contributions that are held for review.
    pub held: Sorted<(Loop, Person), Held>,
    /// Contributions that a review has rejected.
    pub discarded: SortedSet<(Loop, Person)>,
    /// The loops in which contributions of each participant are held.
    pub held_of: SortedSet<(Person, Loop)>,
    /// How often each event happened to each participant.
    pub events: Counters,
    /// When an event first happened to each participant, for events after which a time runs.
    pub moments: Sorted<(Person, Event), Time>,
    /// What each reward has used up, by handle.
    pub rewards: Vec<RewardState>,
    /// What each play has used up, by handle.
    pub plays: Vec<PlayState>,
    /// What mechanics count across the loops of a play.
    pub tallies: Counters,
    /// Who was first with a text in a play.
    pub firsts: Firsts,
    /// The tags of participants.
    pub tags: SortedSet<(Person, Box<str>)>,
    /// When tags end that do.
    pub tag_ends: Sorted<(Person, Box<str>), Time>,
    /// When the latest happenings of an event were, and their orders, where a segment asks for it.
    pub happenings: Sorted<(Person, Event), Happenings>,
    /// When orders were, where a segment asks for it.
    pub order_times: Sorted<Order, Time>,
    /// Which ids are one person's.
    pub ids: Ids,
    /// Participants' histories as customers, from when on the document has `inviters`.
    pub bonds: Sorted<Person, Bond>,
    /// Share handles and codes.
    pub shares: Shares,
    /// What live codes have done.
    pub live_codes: LiveCodes,
    /// When loops need settling.
    pub agenda: SortedSet<(Time, Loop)>,
    /// What each command was answered.
    pub journal: Journal,
    /// The keys of all hashes.
    pub keys: Keys,
}

/// A participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonState {
    /// Who brought them.
    pub inviter: Maybe<Person>,
    /// Their latest grant.
    pub last_grant: Maybe<Grant>,
    /// Their latest participation, in [`State::parts`].
    pub last_part: Maybe<PartAt>,
    /// Where they met the campaign.
    pub touchpoint: Maybe<Touchpoint>,
    /// How many shares lie between them and the campaign.
    pub depth: u8,
    /// Whether their arrival was recorded.
    pub arrived: bool,
}

table! {
    /// Participants.
    pub struct Persons of PersonState {
        inviter: Maybe<Person>,
        last_grant: Maybe<Grant>,
        last_part: Maybe<PartAt>,
        touchpoint: Maybe<Touchpoint>,
        depth: u8,
        arrived: bool,
    }
}

/// A loop.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopState {
    /// The play it is a run of.
    pub play: Play,
    /// The revision of the campaign whose rules it keeps.
    pub revision: u16,
    /// Running, complete or expired.
    pub status: Status,
    /// Who opened it.
    pub opener: Person,
    /// Who opened it, or the leader now.
    pub initiator: Person,
    /// When it was opened.
    pub opened: Time,
    /// When it ends at the latest.
    pub until: Time,
    /// When it needs settling, [`Time::NEVER`] if it does not.
    pub due: Due,
    /// How many grants it has earned.
    pub grants: u32,
    /// The latest of them.
    pub last_grant: Maybe<Grant>,
    /// The order that entitled the initiator to open it.
    pub order: Maybe<Order>,
    /// What its mechanic keeps.
    pub progress: Progress,
}

/// Where a loop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Open.
    Running,
    /// Reached its goal.
    Complete,
    /// Ended without reaching it.
    Expired,
}

/// An order that the site told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// Whose order it is.
    pub by: Person,
    /// Its amount.
    pub amount: Money,
    /// The event it came with.
    pub event: Option<Event>,
    /// The play it was bought in alone.
    pub play: Option<Play>,
    /// The loops that rest on it.
    pub loops: Vec<Loop>,
    /// Paid, to be refunded, or refunded.
    pub status: OrderStatus,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Paid.
    Paid,
    /// A refund is due.
    RefundDue,
    /// Refunded.
    Refunded,
}

/// A grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantState {
    /// For whom.
    pub to: Person,
    /// The loop that earned it.
    pub loop_: Loop,
    /// Its number within the loop, from 1.
    pub n: u32,
    /// What in the loop earned it, numbered by the mechanic.
    pub cause: u32,
    /// The grant before it in the same loop.
    pub before_in_loop: Maybe<Grant>,
    /// The grant before it of the same participant.
    pub before_of_person: Maybe<Grant>,
    /// Its reward and amount: a position in [`State::terms`].
    pub terms: u16,
    /// Where it stands.
    pub status: GrantStatus,
}

table! {
    /// Grants.
    pub struct Grants of GrantState {
        to: Person,
        loop_: Loop,
        n: u32,
        cause: u32,
        before_in_loop: Maybe<Grant>,
        before_of_person: Maybe<Grant>,
        terms: u16,
        status: GrantStatus,
    }
}

/// A reward and the money one grant of it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The reward.
    pub reward: Reward,
    /// The amount.
    pub amount: Option<Money>,
}

/// Where a grant stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GrantStatus {
    /// Promised; stock and budget are taken.
    Reserved,
    /// Handed over.
    Fulfilled,
    /// Could not be handed over; stock and budget were returned.
    Failed,
    /// Taken back; stock and budget were returned.
    Revoked,
    /// Promised, and to be claimed by its owner.
    Claimable,
    /// Handed over and activated.
    Active,
    /// Handed over and used up.
    Used,
    /// Not claimed in time; stock and budget were returned.
    Outdated,
    /// Handed over, and not activated or used in time.
    Elapsed,
}

impl Cell for GrantStatus {
    #[inline]
    #[expect(clippy::as_conversions, reason = "the enum is `repr(u8)`")]
    fn number(self) -> u32 {
        u32::from(self as u8)
    }

    #[inline]
    fn numbered(number: u32) -> Self {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        GrantStatus::ALL.get(place).copied().unwrap_or(GrantStatus::Reserved)
    }
}

impl GrantStatus {
    /// Every one, in the order of their numbers.
    pub const ALL: &[GrantStatus] = {
        use GrantStatus::{Active, Claimable, Elapsed, Failed, Fulfilled, Outdated, Reserved, Revoked, Used};
        &[Reserved, Fulfilled, Failed, Revoked, Claimable, Active, Used, Outdated, Elapsed]
    };

    /// The name in views and rejections.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GrantStatus::Reserved => "reserved",
            GrantStatus::Fulfilled => "fulfilled",
            GrantStatus::Failed => "failed",
            GrantStatus::Revoked => "revoked",
            GrantStatus::Claimable => "claimable",
            GrantStatus::Active => "active",
            GrantStatus::Used => "used",
            GrantStatus::Outdated | GrantStatus::Elapsed => "outdated",
        }
    }

    /// Whether the grant uses stock and budget.
    #[must_use]
    pub fn stands(self) -> bool {
        !matches!(self, GrantStatus::Failed | GrantStatus::Revoked | GrantStatus::Outdated)
    }

    /// Whether its time can run out.
    #[must_use]
    pub fn can_end(self) -> bool {
        matches!(self, GrantStatus::Claimable | GrantStatus::Fulfilled | GrantStatus::Active)
    }

    /// Whether the participant has had it in hand.
    #[must_use]
    pub fn handed_over(self) -> bool {
        use GrantStatus::{Active, Elapsed, Fulfilled, Used};
        matches!(self, Fulfilled | Active | Used | Elapsed)
    }
}

/// One participation of a participant in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The loop.
    pub loop_: Loop,
    /// The participation before it.
    pub before: Maybe<PartAt>,
}

table! {
    /// Participations.
    pub struct Parts of Part {
        loop_: Loop,
        before: Maybe<PartAt>,
    }
}

/// What a reward has used up: the sum over its standing grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewardState {
    /// Standing grants.
    pub count: u32,
    /// Their money.
    pub spent: Money,
    /// Pieces put aside for loops.
    pub aside: u32,
    /// Money put aside for loops.
    pub aside_money: Money,
}

/// What a play has used up of its own stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayState {
    /// Units reserved or sold.
    pub taken: u32,
    /// The loop opened last.
    pub latest: Maybe<Loop>,
}

impl Default for PlayState {
    fn default() -> Self {
        PlayState { taken: 0, latest: Maybe::NONE }
    }
}

/// The share handles and codes of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// In the order of the log.
    pub list: Vec<Share>,
    by_handle: HashTable<u32>,
    by_code: HashTable<u32>,
    by_owner: HashTable<u32>,
}

/// What a share handle and a referral code stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The 40-bit number in tokens.
    pub handle: u64,
    /// The number of the referral code.
    pub code: u64,
    /// Who shares.
    pub person: Person,
    /// What they share.
    pub loop_: Option<Loop>,
    /// Since when.
    pub at: Time,
}

impl Shares {
    /// The share with this handle.
    #[must_use]
    pub fn by_handle(&self, handle: u64) -> Option<Share> {
        let at = self
            .by_handle
            .find(spread(handle), |&at| self.at(at).is_some_and(|share| share.handle == handle))?;
        self.at(*at)
    }

    /// The share with this code.
    #[must_use]
    pub fn by_code(&self, code: u64) -> Option<Share> {
        let at =
            self.by_code.find(spread(code), |&at| self.at(at).is_some_and(|share| share.code == code))?;
        self.at(*at)
    }

    /// The latest share of a participant for a loop, or in general.
    #[must_use]
    pub fn of(&self, person: Person, loop_: Option<Loop>) -> Option<Share> {
        let same =
            |&at: &u32| self.at(at).is_some_and(|share| share.person == person && share.loop_ == loop_);
        self.at(*self.by_owner.find(owner(person, loop_), same)?)
    }

    /// Adds a share; an earlier one of the same owner is still found by its handle and code.
    pub fn add(&mut self, share: Share) {
        let at = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(share);
        let list = &self.list;
        let get = |at: u32| usize::try_from(at).ok().and_then(|at| list.get(at)).copied();
        self.by_handle.insert_unique(spread(share.handle), at, |&at| get(at).map_or(0, |s| spread(s.handle)));
        self.by_code.insert_unique(spread(share.code), at, |&at| get(at).map_or(0, |s| spread(s.code)));
        let same = |&at: &u32| get(at).is_some_and(|s| s.person == share.person && s.loop_ == share.loop_);
        let (key, owner_of) =
            (owner(share.person, share.loop_), |&at: &u32| get(at).map_or(0, |s| owner(s.person, s.loop_)));
        match self.by_owner.find_mut(key, same) {
            Some(latest) => *latest = at,
            None => drop(self.by_owner.insert_unique(key, at, owner_of)),
        }
    }

    fn at(&self, at: u32) -> Option<Share> {
        usize::try_from(at).ok().and_then(|at| self.list.get(at)).copied()
    }
}

/// Adds to a long list that grows by an eighth instead of doubling: a campaign's state is mostly such lists.
pub fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 8).max(16));
    }
    list.push(item);
}

/// Handles and codes are random already; one multiplication brings their bits to the top.
fn spread(value: u64) -> u64 {
    value.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn owner(person: Person, loop_: Option<Loop>) -> u64 {
    spread(u64::from(person.0) << 32 | loop_.map_or(0, |loop_| u64::from(loop_.0) + 1))
}

impl State {
    /// The state before the first command.
    #[must_use]
    pub fn new(keys: Keys) -> State {
        State {
            now: Time(0),
            people: Interner::new(keys),
            persons: Persons::default(),
            loop_names: Interner::new(keys),
            loops: Chunks::default(),
            order_names: Interner::new(keys),
            orders: Vec::new(),
            owners: SortedSet::default(),
            grants: Grants::default(),
            holds: Sorted::default(),
            ends: Sorted::default(),
            ending: SortedSet::default(),
            terms: Vec::new(),
            amounts: Sorted::default(),
            credits: Sorted::default(),
            accounts: Sorted::default(),
            parts: Parts::default(),
            limits: Numbers::default(),
            counters: Counters::default(),
            sums: Sorted::default(),
            recent: Sorted::default(),
            met: Vec::new(),
            held: Sorted::default(),
            discarded: SortedSet::default(),
            held_of: SortedSet::default(),
            events: Counters::default(),
            moments: Sorted::default(),
            rewards: Vec::new(),
            plays: Vec::new(),
            tallies: Counters::default(),
            firsts: Firsts::default(),
            tags: SortedSet::default(),
            tag_ends: Sorted::default(),
            happenings: Sorted::default(),
            order_times: Sorted::default(),
            ids: Ids::default(),
            bonds: Sorted::default(),
            shares: Shares::default(),
            live_codes: LiveCodes::default(),
            agenda: SortedSet::default(),
            journal: Journal::default(),
            keys,
        }
    }

    /// A participant.
    #[must_use]
    #[inline]
    pub fn person(&self, person: Person) -> Option<PersonState> {
        self.persons.get(person.index())
    }

    /// A loop.
    #[must_use]
    #[inline]
    pub fn loop_(&self, loop_: Loop) -> Option<&LoopState> {
        self.loops.get(loop_.index())
    }

    /// A grant.
    #[must_use]
    #[inline]
    pub fn grant(&self, grant: Grant) -> Option<GrantState> {
        self.grants.get(grant.index())
    }

    /// The reward and amount of a grant.
    #[must_use]
    pub fn terms(&self, handle: Grant, grant: GrantState) -> Option<Terms> {
        let terms = self.terms.get(usize::from(grant.terms)).copied()?;
        Some(Terms { amount: self.amounts.get(&handle).copied().or(terms.amount), ..terms })
    }

    /// A participant's account of points.
    #[must_use]
    pub fn account(&self, person: Person, reward: Reward) -> Option<&Account> {
        self.accounts.get(&(self.ids.main(person), reward))
    }

    /// What a reward has used up.
    #[must_use]
    pub fn reward(&self, reward: Reward) -> RewardState {
        self.rewards.get(reward.index()).copied().unwrap_or_default()
    }

    /// What a play has used up.
    #[must_use]
    pub fn play(&self, play: Play) -> PlayState {
        self.plays.get(play.index()).copied().unwrap_or_default()
    }

    /// The grants of a loop, latest first.
    pub fn grants_of_loop(&self, loop_: Loop) -> impl Iterator<Item = (Grant, GrantState)> {
        self.handles_of_loop(loop_).filter_map(|handle| Some((handle, self.grant(handle)?)))
    }

    /// The handles of a loop's grants, latest first.
    pub fn handles_of_loop(&self, loop_: Loop) -> impl Iterator<Item = Grant> {
        let next = self.loop_(loop_).and_then(|state| state.last_grant.get());
        let (latest, before) = (&self.persons.last_grant, &self.grants.before_in_loop);
        Walk { next, before, of: Each::nobody(), latest }
    }

    /// The grants of a participant, latest first.
    pub fn grants_of(&self, person: Person) -> impl Iterator<Item = (Grant, GrantState)> {
        let (latest, before) = (&self.persons.last_grant, &self.grants.before_of_person);
        let handles = Walk { next: None, before, of: self.ids.each(person), latest };
        handles.filter_map(|handle| Some((handle, self.grant(handle)?)))
    }

    /// The orders of a participant, in the order of the log.
    pub fn orders_of(&self, person: Person) -> impl Iterator<Item = Order> {
        let of = |id| self.owners.between((id, Order(0)), (id, Order(u32::MAX))).map(|(_, order)| *order);
        self.ids.each(person).flat_map(of)
    }

    /// How often an event happened to a participant.
    #[must_use]
    pub fn happened(&self, who: Person, event: Event) -> u32 {
        let each = self.ids.each(who).map(|id| self.events.get(event_key(id, event)));
        each.fold(0, u32::saturating_add)
    }

    /// When an event first happened to a participant, of one after which a time runs.
    #[must_use]
    pub fn first_moment(&self, who: Person, event: Event) -> Option<Time> {
        self.ids.each(who).filter_map(|id| self.moments.get(&(id, event))).min().copied()
    }

    /// Whose customer a participant is: whoever brought them, or as the document's `inviters` says.
    #[must_use]
    pub fn inviter(&self, who: Person) -> Option<Person> {
        self.inviter_by(&self.ids, who)
    }

    /// The same, as if `ids` said who is one person.
    #[must_use]
    pub fn inviter_by(&self, ids: &Ids, who: Person) -> Option<Person> {
        let brought = |id: Person| self.persons.inviter.get(id.index())?.get();
        let mut inviters = ids.each(who).filter_map(brought).map(|inviter| ids.main(inviter));
        inviters.find(|inviter| !ids.is_same(*inviter, who))
    }

    /// The loops a participant opened or took part in, latest first; a loop may come more than once.
    pub fn loops_of(&self, person: Person) -> impl Iterator<Item = Loop> {
        let (latest, before) = (&self.persons.last_part, &self.parts.before);
        let parts = Walk { next: None, before, of: self.ids.each(person), latest };
        parts.filter_map(|at| self.parts.loop_.get(at.index()))
    }

    /// Bytes of memory held, by part.
    #[must_use]
    pub fn memory(&self) -> Vec<(&'static str, usize)> {
        let loops = self.loops.iter().map(|state| state.progress.memory()).sum::<usize>()
            + self.loops.memory()
            + self.loop_names.memory();
        vec![
            ("participants", self.people.memory() + self.persons.memory()),
            ("loops", loops),
            ("participations", self.parts.memory()),
            ("grants", self.grants.memory()),
            ("limit counters", self.counters.memory() + self.events.memory()),
            ("live codes", self.live_codes.memory()),
            ("idempotency", self.journal.memory()),
        ]
    }
}

/// Goes back along a chain in which each thing tells the one before it, and then along those of some participants.
struct Walk<'s, H> {
    next: Option<H>,
    before: &'s Column<Maybe<H>>,
    of: Each<'s>,
    latest: &'s Column<Maybe<H>>,
}

impl<H: Absent + Cell> Iterator for Walk<'_, H> {
    type Item = H;

    #[cfg_attr(feature = "complete", inline)]
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn next(&mut self) -> Option<H> {
        loop {
            if let Some(at) = self.next {
                let place = usize::try_from(at.number()).unwrap_or(usize::MAX);
                self.next = self.before.get(place).and_then(Maybe::get);
                return Some(at);
            }
            self.next = self.latest.get(self.of.next()?.index()).and_then(Maybe::get);
        }
    }
}
