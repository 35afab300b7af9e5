//! Following somebody from click to click: the state machine behind `inviters`, for the engine and for whole histories.

use core::cmp::Ordering;

use super::inviters::{Eligible, Inviters, Lock, Mark, Rebind, RenewOn, What};
use crate::engine::field::Reason;
use crate::engine::handle::Person;
use crate::engine::ids::Ids;
use crate::engine::interner::Interner;
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::state::State;
use crate::engine::time::Time;

/// What is known of somebody as a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Whom they clicked on last, as long as that binds nobody.
    clicked: Option<Person>,
    /// Their inviter, and since when the binding is protected.
    pub bound: Option<(Person, Time)>,
    /// What was, as bits: see the constants.
    was: u8,
}

/// They clicked on what somebody shared.
const MET: u8 = 1;
const REGISTERED: u8 = 2;
const ORDERED: u8 = 4;
const PAID: u8 = 8;
/// What binds has happened.
const LOCKED: u8 = 16;
/// They had registered before they first clicked.
const OLD: u8 = 32;

/// Why somebody cannot be the inviter, if they cannot: `self` or `cycle`.
pub type Below<'b> = &'b dyn Fn(Person) -> Option<Reason>;

impl Customer {
    /// Somebody who was bound before there was a policy; nothing protects the binding.
    #[must_use]
    pub fn bound_before(inviter: Person) -> Self {
        Customer { clicked: None, bound: Some((inviter, Time(0))), was: MET | LOCKED }
    }

    /// Goes on by what happened next. What comes back says why a click, or the latest one, does not count, and whose it was.
    pub fn enter(&mut self, policy: &Inviters, mark: &Mark, below: Below<'_>) -> Option<(Person, Reason)> {
        let mut refused = None;
        let binds = match (mark.what, mark.inviter) {
            (What::Click, Some(inviter)) => {
                if self.was & (REGISTERED | MET) == REGISTERED {
                    self.was |= OLD;
                }
                refused = self.refuses(policy, mark.at, inviter, below).map(|reason| (inviter, reason));
                let same = self.bound.is_some_and(|(now, _)| now == inviter);
                // A click on the present inviter's link changes nothing.
                if refused.is_none() && !same {
                    self.clicked = Some(inviter);
                }
                self.was |= MET;
                self.was & LOCKED != 0 || policy.lock == Lock::FirstTouch
            }
            (What::Click | What::Visit, _) => false,
            (What::Register, _) => self.is_first(REGISTERED) && policy.lock == Lock::FirstRegister,
            (What::Order, _) => self.is_first(ORDERED) && policy.lock == Lock::FirstOrder,
            (What::Pay, _) => {
                let (ordered, paid) = (self.is_first(ORDERED), self.is_first(PAID));
                ordered && policy.lock == Lock::FirstOrder || paid && policy.lock == Lock::FirstPay
            }
        };
        self.renew(policy, mark);
        if binds {
            self.was |= LOCKED;
            if let Some(inviter) = self.clicked.take() {
                // Two who clicked on each other's links first may both want to be bound later.
                match below(inviter) {
                    Some(reason) => refused = Some((inviter, reason)),
                    None => self.bound = Some((inviter, mark.at)),
                }
            }
        }
        refused
    }

    /// Why a click does not count, neither now nor when the customer is bound later.
    fn refuses(&self, policy: &Inviters, at: Time, inviter: Person, below: Below<'_>) -> Option<Reason> {
        below(inviter).or_else(|| {
            if self.was & OLD != 0 && policy.eligible == Eligible::NewOnly {
                return Some(Reason::NotNew);
            }
            let (now, since) = self.bound?;
            let free = match policy.rebind {
                Rebind::Never => false,
                Rebind::AfterProtection => at >= since.after(policy.protect.unwrap_or_default()),
                Rebind::Always => true,
            };
            (now != inviter && !free).then_some(Reason::Protected)
        })
    }

    fn renew(&mut self, policy: &Inviters, mark: &Mark) {
        let renews = match policy.renew_on {
            RenewOn::None => false,
            RenewOn::Purchase => mark.what == What::Pay,
            RenewOn::Visit => matches!(mark.what, What::Visit | What::Click),
        };
        if let Some((_, since)) = &mut self.bound {
            // A protection that is over does not begin again.
            if renews && mark.at < since.after(policy.protect.unwrap_or_default()) {
                *since = mark.at;
            }
        }
    }

    fn is_first(&mut self, bit: u8) -> bool {
        let before = self.was;
        self.was |= bit;
        before & bit == 0
    }

    fn people_mut(&mut self) -> [Option<&mut Person>; 2] {
        [self.clicked.as_mut(), self.bound.as_mut().map(|(inviter, _)| inviter)]
    }

    /// What is known of somebody of whom both is known: the earlier binding.
    fn join(self, other: Customer) -> Customer {
        let bound = match (self.bound, other.bound) {
            (Some(one), Some(other)) => Some(if (one.1, one.0) <= (other.1, other.0) { one } else { other }),
            (one, other) => one.or(other),
        };
        let clicked = match (self.clicked, other.clicked) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Customer { clicked, bound, was: self.was | other.was }
    }
}

impl Packed for Customer {
    fn pack(&self, out: &mut Vec<u8>) {
        let (inviter, since) = self.bound.unzip();
        self.was.pack(out);
        self.clicked.pack(out);
        inviter.pack(out);
        since.unwrap_or_default().pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (was, clicked) = (from.read(), from.read());
        let (inviter, since): (Option<Person>, Time) = from.read();
        Customer { was, clicked, bound: inviter.map(|inviter| (inviter, since)) }
    }
}

/// Somebody's history as a customer: where they stand, and what led there, so that late news can be put in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bond {
    now: Customer,
    /// Before the first of the marks.
    base: Customer,
    marks: Vec<Mark>,
}

/// Marks kept for late news; what comes before the oldest of them counts as if it came just then.
const MARKS: usize = 32;

impl Bond {
    /// The bond of a participant; of one who has none yet, as they stand.
    #[must_use]
    pub fn of(state: &State, ids: &Ids, who: Person) -> Bond {
        Bond::stored(state, ids, who).unwrap_or_else(|| Bond::before(state.inviter_by(ids, who)))
    }

    /// The bond of somebody who was brought before there was a policy.
    fn before(inviter: Option<Person>) -> Bond {
        let base = inviter.map_or_else(Customer::default, Customer::bound_before);
        Bond { now: base, base, marks: Vec::new() }
    }

    fn stored(state: &State, ids: &Ids, who: Person) -> Option<Bond> {
        let mut bond = state.bonds.get(&who)?.clone();
        // Whoever was clicked on may have turned out to be somebody else since.
        if !ids.is_empty() {
            bond.people_mut().for_each(|person| *person = ids.main(*person));
        }
        Some(bond)
    }

    /// The bond of somebody of whom ids were merged: the histories of all of them as one.
    #[must_use]
    pub fn of_merged(state: &State, ids: &Ids, who: Person, policy: &Inviters, below: Below<'_>) -> Bond {
        let brought =
            |id: Person| state.persons.inviter.get(id.index())?.get().map(|inviter| ids.main(inviter));
        let one = |id| Bond::stored(state, ids, id).unwrap_or_else(|| Bond::before(brought(id)));
        let mut bonds = ids.each(who).map(one);
        let first = bonds.next().unwrap_or_default();
        let mut bond = bonds.fold(first, Bond::join);
        bond.sort(&state.people);
        if bond.base.bound.is_some_and(|(inviter, _)| below(inviter).is_some()) {
            bond.base.bound = None;
        }
        bond.now = bond.base;
        let marks = core::mem::take(&mut bond.marks);
        for mark in marks {
            bond.add(policy, mark, &state.people, below);
        }
        bond
    }

    fn join(mut self, other: Bond) -> Bond {
        self.base = self.base.join(other.base);
        self.marks.extend(other.marks);
        self
    }

    fn sort(&mut self, people: &Interner) {
        // Few, and each history is in order already.
        for mark in core::mem::take(&mut self.marks) {
            let place = self.marks.partition_point(|other| order(other, &mark, people).is_le());
            self.marks.insert(place, mark);
        }
    }

    fn people_mut(&mut self) -> impl Iterator<Item = &mut Person> {
        let Bond { now, base, marks } = self;
        let marked = marks.iter_mut().map(|mark| mark.inviter.as_mut());
        marked.chain(now.people_mut()).chain(base.people_mut()).flatten()
    }

    /// The inviter, and since when the binding is protected.
    #[must_use]
    pub fn bound(&self) -> Option<(Person, Time)> {
        self.now.bound
    }

    /// Puts what happened where it belongs. What comes back says why a click does not count, and whose it was.
    pub fn add(
        &mut self,
        policy: &Inviters,
        mark: Mark,
        people: &Interner,
        below: Below<'_>,
    ) -> Option<(Person, Reason)> {
        let place = self.marks.partition_point(|other| order(other, &mark, people).is_le());
        let late = place < self.marks.len();
        let mut refused = None;
        if late {
            self.now = self.base;
            for (at, other) in self.marks.iter().enumerate() {
                if at == place {
                    refused = self.now.enter(policy, &mark, below);
                }
                self.now.enter(policy, other, below);
            }
        } else {
            refused = self.now.enter(policy, &mark, below);
        }
        // A click on oneself or on somebody below is nothing that later news could change.
        if mark.what != What::Click || !matches!(refused, Some((_, Reason::OneSelf | Reason::Cycle))) {
            self.marks.insert(place, mark);
        }
        if self.marks.len() > MARKS {
            for old in self.marks.drain(..MARKS / 2) {
                self.base.enter(policy, &old, below);
            }
        }
        refused
    }

    /// Everybody whom it names.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        let of = |customer: &Customer| [customer.clicked, customer.bound.map(|(inviter, _)| inviter)];
        let marked = self.marks.iter().map(|mark| mark.inviter);
        marked.chain(of(&self.now)).chain(of(&self.base)).flatten()
    }
}

/// The order of what happened: by time, then by what it is, then by the inviter's id.
fn order(one: &Mark, other: &Mark, people: &Interner) -> Ordering {
    let name = |mark: &Mark| mark.inviter.map_or("", |inviter| people.text(inviter.0));
    (one.at, one.what).cmp(&(other.at, other.what)).then_with(|| name(one).cmp(name(other)))
}

packed! {
    Bond { now, base, marks }
    Mark { at, what, inviter }
}

packed! { enum What { Click, Visit, Register, Order, Pay } }
