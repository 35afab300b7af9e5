//! Inviters (锁客): whose customer somebody is, by the policy of the document's `inviters`.
//!
//! * A click is coming by what somebody shared, or taking part in a loop that is theirs. `lock` says what binds somebody to
//!   whom they clicked on last: the first click itself, their registration, their first order or first payment.
//! * `rebind` says whether a later click changes it: never, once the protection is over, or always. A binding made at b and
//!   protected for `protect` holds at t if t < b + `protect`.
//! * `renewOn` says what begins the protection again: nothing, a payment, or any visit. One that is over does not begin again.
//! * `eligible` says who can be bound at all: everybody, or only those who had not registered before their first click.
//! * Nobody invites themselves, under any of their ids, and nobody is invited by someone whom they invited, at any distance.
//!   Such a click is refused with the reason, and its credit is nobody else's.
//! * What a backend tells late, with `when`, is put where it happened: the person's own history is gone through again.
//!   What happened at one moment is put in order by what it is, and clicks by the inviter's id, so that the order of arrival
//!   makes no difference. Other people's inviters stay as they were decided.
//!
//! Example: `"inviters": { "lock": "first-touch", "rebind": "after-protection", "protect": "30d" }`. Cy clicks on Ann's link
//! on the 1st and is Ann's customer. Bo's link on the 20th changes nothing (`not-bound`, `protected`); on the 31st, to the
//! millisecond thirty days after, it makes Cy Bo's (`bound`).

use super::follow::Bond;
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::problem::code;
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Event, Maybe, Person};
use crate::engine::ids::Ids;
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;
use crate::engine::time::{Span, Time};
use crate::json::tree::Node;
use crate::mechanics::Loops;

document! {
    /// Whose customer somebody is (锁客). Without it the first who brought them is their inviter, for good.
    pub struct Inviters {
        /// What binds somebody to an inviter.
        pub lock: Lock = Lock::FirstTouch,
        /// Whether a later click changes the inviter.
        pub rebind: Rebind = Rebind::Never,
        /// For `after-protection`: how long nobody else can become the inviter.
        pub protect: Option<Span>,
        /// Who can be bound.
        pub eligible: Eligible = Eligible::All,
        /// For `after-protection`: what begins the protection again.
        pub renew_on: RenewOn = RenewOn::None,
        /// The event that tells that somebody registered.
        pub registers: Option<Event>,
        /// An event that tells of an order or payment, where no play waits for it; every event with an `order` counts.
        pub orders: Option<Event>,
    }
    check check_shape;
}

choices! {
    /// What binds somebody to an inviter.
    pub enum Lock {
        /// The first click.
        FirstTouch = "first-touch",
        /// Registering.
        FirstRegister = "first-register",
        /// The first order.
        FirstOrder = "first-order",
        /// The first payment.
        FirstPay = "first-pay",
    }
}

choices! {
    /// Whether a later click changes the inviter.
    pub enum Rebind {
        /// Never.
        Never = "never",
        /// Once the protection is over.
        AfterProtection = "after-protection",
        /// Always.
        Always = "always",
    }
}

choices! {
    /// Who can be bound.
    pub enum Eligible {
        /// Whoever had not registered before their first click.
        NewOnly = "new-only",
        /// Everybody.
        All = "all",
    }
}

choices! {
    /// What begins the protection again.
    pub enum RenewOn {
        /// Nothing.
        None = "none",
        /// A payment.
        Purchase = "purchase",
        /// A visit or click.
        Visit = "visit",
    }
}

/// What happened to somebody that matters to whose customer they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Came by what somebody shared.
    Click,
    /// Came on their own.
    Visit,
    /// Registered.
    Register,
    /// Ordered.
    Order,
    /// Paid, which is ordering as well.
    Pay,
}

/// One such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
    /// Whose share it was, of a click.
    pub inviter: Option<Person>,
}

impl Inviters {
    /// What a fact tells about somebody as a customer.
    fn mark(&self, fact: &Fact<'_>, at: Time) -> Option<(Person, Mark)> {
        let mark = |who: Person, when: Option<Time>, what: What, inviter: Option<Person>| {
            Some((who, Mark { at: when.unwrap_or(at), what, inviter }))
        };
        match *fact {
            Fact::Arrived { who, inviter, when, .. } | Fact::Touched { who, inviter, when, .. } => {
                mark(who, when, if inviter.is_some() { What::Click } else { What::Visit }, inviter)
            }
            Fact::Happened { by, name, when, .. } if self.registers == Some(name) => {
                mark(by, when, What::Register, None)
            }
            Fact::Happened { by, order: Some(_), amount, when, .. } => {
                let paid = amount.is_some_and(|amount| amount > Money(0));
                mark(by, when, if paid { What::Pay } else { What::Order }, None)
            }
            Fact::Paid { by, .. } | Fact::Bought { by, .. } => mark(by, None, What::Pay, None),
            _ => None,
        }
    }

    /// Until when nobody else can become the inviter of somebody bound at `since`; none if that does not end.
    #[must_use]
    pub fn until(&self, since: Time) -> Option<Time> {
        match self.rebind {
            Rebind::Never => None,
            Rebind::AfterProtection => Some(since.after(self.protect.unwrap_or_default())),
            Rebind::Always => Some(since),
        }
    }
}

/// Tells whose customer the person of the latest fact is, if that changes, and why a click does not count.
pub fn follow(cx: &mut Deciding<'_, '_>) {
    if let Some(place) = cx.facts.len().checked_sub(1) {
        follow_at(cx, place);
    }
}

/// The same for the payments among the facts, which mechanics tell of.
pub fn follow_payments(cx: &mut Deciding<'_, '_>) {
    if cx.book.current().inviters.is_none() {
        return;
    }
    let paid = cx.facts.iter().position(|fact| matches!(fact, Fact::Paid { .. }));
    if let Some(place) = paid {
        follow_at(cx, place);
    }
}

fn follow_at(cx: &mut Deciding<'_, '_>, place: usize) {
    let book = cx.book;
    let Some(policy) = &book.current().inviters else { return };
    let Some((last, before)) = cx.facts.get(..=place).and_then(<[_]>::split_last) else { return };
    let ids = &cx.state.ids;
    let Some((who, mark)) = policy.mark(last, cx.at) else { return };
    let who = ids.main(who);
    let mut bond = Bond::of(cx.state, ids, who);
    let below = |inviter: Person| below(cx.state, ids, who, inviter);
    let earlier = before.iter().filter_map(|fact| policy.mark(fact, cx.at));
    for (_, mark) in earlier.filter(|(by, _)| ids.main(*by) == who) {
        bond.add(policy, mark, &cx.state.people, &below);
    }
    let bound = bond.bound();
    let refused = bond.add(policy, mark, &cx.state.people, &below);
    let new = bond.bound();
    if let Some((inviter, reason)) = refused {
        cx.emit(Fact::NotBound { who, inviter, reason });
    }
    match (bound.map(|(inviter, _)| inviter), new) {
        (before, Some((inviter, since))) if before != Some(inviter) => {
            cx.emit(Fact::Bound { who, inviter, until: policy.until(since) });
            cx.invited(who, inviter);
        }
        // What was told late shows that they were no new customer.
        (Some(inviter), None) => cx.emit(Fact::NotBound { who, inviter, reason: Reason::NotNew }),
        _ => {}
    }
}

/// Makes sure that no two customers become one: under a policy that knows registrations, one of two has not registered.
///
/// # Errors
/// `BOTH_REGISTERED`.
pub fn check_registered<'r>(cx: &Deciding<'_, '_>, one: Person, other: Person) -> Result<(), Rejection<'r>> {
    let event = cx.book.current().inviters.as_ref().and_then(|policy| policy.registers);
    let registered = |who| event.is_some_and(|event| cx.state.happened(who, event) > 0);
    if registered(one) && registered(other) { Err(Code::BothRegistered.into()) } else { Ok(()) }
}

/// Tells whose customer somebody is, of whom two ids are merged, over the history of both.
#[inline(never)]
pub fn merge(cx: &mut Deciding<'_, '_>, who: Person, other: Person) {
    let (book, state) = (cx.book, cx.state);
    let mut ids = state.ids.clone();
    ids.merge(who, other);
    let before = [state.inviter(who), state.inviter(other)];
    for inviter in before.into_iter().flatten() {
        if let Some(reason) = below(state, &ids, who, inviter) {
            cx.emit(Fact::NotBound { who, inviter, reason });
        }
    }
    if let Some(policy) = &book.current().inviters {
        let bond = Bond::of_merged(state, &ids, who, policy, &|inviter| below(state, &ids, who, inviter));
        let mut known = before.into_iter().flatten();
        let mut same = |inviter| before != [None; 2] && known.all(|known| known == inviter);
        if let Some((inviter, since)) = bond.bound().filter(|(inviter, _)| !same(*inviter)) {
            cx.emit(Fact::Bound { who, inviter, until: policy.until(since) });
        }
    }
}

/// Applies what a fact tells about somebody as a customer.
pub fn evolve(book: &Book, state: &mut State, fact: &Fact<'_>, at: Time) {
    let Some(policy) = &book.current().inviters else { return };
    let ids = &state.ids;
    let (who, bond) = if let Fact::Merged { who, .. } = *fact {
        (who, Bond::of_merged(state, ids, who, policy, &|inviter| below(state, ids, who, inviter)))
    } else {
        let Some((who, mark)) = policy.mark(fact, at) else { return };
        let who = ids.main(who);
        let mut bond = Bond::of(state, ids, who);
        bond.add(policy, mark, &state.people, &|inviter| below(state, ids, who, inviter));
        (who, bond)
    };
    for id in state.ids.each(who).skip(1).collect::<Vec<_>>() {
        state.bonds.remove(&id);
        state.persons.inviter.replace(id.index(), Maybe::NONE);
    }
    state.persons.inviter.replace(who.index(), bond.bound().map(|(inviter, _)| inviter).into());
    state.bonds.insert(who, bond);
}

/// Why `inviter` cannot be whom `who` is bound to: they are the same person, or `who` stands above them.
fn below(state: &State, ids: &Ids, who: Person, inviter: Person) -> Option<Reason> {
    if ids.is_same(inviter, who) {
        return Some(Reason::OneSelf);
    }
    let mut at = inviter;
    // Bindings make no circle, so the way up ends after at most as many steps as there are participants.
    for _ in 0..=state.people.len() {
        at = state.inviter_by(ids, at)?;
        if ids.is_same(at, who) {
            return Some(Reason::Cycle);
        }
    }
    None
}

impl Deciding<'_, '_> {
    /// Whose customer somebody is, by the state and the facts of this command.
    #[must_use]
    pub fn inviter(&self, of: Person) -> Option<Person> {
        let now = self.facts.iter().rev().find_map(|fact| match *fact {
            Fact::Bound { who, inviter, .. } if self.state.ids.is_same(who, of) => Some(inviter),
            _ => None,
        });
        now.or_else(|| self.state.inviter(of))
    }

    /// Whose loop the command takes part in, which counts as a click under a policy.
    #[must_use]
    pub fn host(&self) -> Option<Person> {
        self.book.current().inviters.as_ref()?;
        if !matches!(self.act, Act::Help | Act::Join) {
            return None;
        }
        let head = self.state.loop_(self.on?)?;
        let shared = self.rules(head).is_some_and(|play| play.rules.loops() == Loops::Shared);
        (!shared).then(|| self.state.ids.main(head.initiator))
    }

    /// Makes sure that a participant can become somebody's invitee: under a policy, whoever is bound stays with their
    /// inviter.
    ///
    /// # Errors
    /// `ALREADY_INVITED`, `INVITE_CYCLE` or `NOT_NEW`.
    pub fn check_inviter<'r>(&self, by: Person, inviter: Person) -> Result<(), Rejection<'r>> {
        let Some(policy) = &self.book.current().inviters else { return Ok(()) };
        if self.inviter(by).is_some_and(|now| !self.state.ids.is_same(now, inviter)) {
            let since = self.state.bonds.get(&self.state.ids.main(by)).and_then(Bond::bound);
            let until = since.and_then(|(_, since)| policy.until(since)).filter(|until| *until > self.at);
            let refused = Rejection::new(Code::AlreadyInvited);
            return Err(until.map_or(refused, |until| refused.until(until)));
        }
        let refused = self.facts.iter().rev().find_map(|fact| match *fact {
            Fact::NotBound { who, inviter: other, reason }
                if self.state.ids.is_same(who, by) && self.state.ids.is_same(other, inviter) =>
            {
                Some(reason)
            }
            _ => None,
        });
        match refused {
            Some(Reason::Cycle) => Err(Code::InviteCycle.into()),
            Some(Reason::NotNew) => Err(Code::NotNew.into()),
            _ => Ok(()),
        }
    }
}

fn check_shape(policy: &Inviters, node: &Node<'_>, cx: &mut Cx) {
    let protects = policy.rebind == Rebind::AfterProtection;
    let registers = policy.lock == Lock::FirstRegister || policy.eligible == Eligible::NewOnly;
    let wrong = if protects != policy.protect.is_some() {
        Some((
            "`protect` and `\"rebind\": \"after-protection\"` go together: say how long nobody else can become the inviter.",
            "`protect` 需与 `\"rebind\": \"after-protection\"` 一起使用：填写保护期时长。",
        ))
    } else if policy.renew_on != RenewOn::None && !protects {
        Some((
            "`renewOn` only means something with `\"rebind\": \"after-protection\"`: nothing else is protected for a time.",
            "`renewOn` 只在 `\"rebind\": \"after-protection\"` 时有效：其他方式没有保护期。",
        ))
    } else if registers && policy.registers.is_none() {
        Some((
            "Say in `registers` which event tells that somebody registered: `first-register` and `new-only` need it.",
            "请在 `registers` 中填写表示注册的事件：`first-register` 和 `new-only` 需要它。",
        ))
    } else {
        None
    };
    if let Some((en, zh)) = wrong {
        cx.error(code::INVITERS_SHAPE, node.start, |_| (String::from(en), String::from(zh)));
    }
}
