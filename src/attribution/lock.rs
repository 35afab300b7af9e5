//! Inviter lock (锁客): who is a customer's inviter, by the policy a site follows, from what happened at any time.
//!
//! Events are put in the order of their time, equal times by their ids, so that events which arrive late or in another
//! order lead to the same result. Merges of ids hold for the whole history: what somebody did under another id counts as
//! theirs from the beginning.
//!
//! * `lock` says what binds a customer: their first click on what somebody shared, their registration, first order or first
//!   payment. What binds is the latest click up to then.
//! * `rebind` says whether a later click changes it: never, once the protection is over, or always. A binding made at b and
//!   protected for P holds at t if t < b + P.
//! * `renew_on` says what begins the protection again: nothing, a payment, or a visit.
//! * `eligible` says who can be bound at all: everybody, or only those who had not registered before their first click.
//! * Nobody invites themselves under any of their ids, and nobody is invited by someone whom they invited, at any distance.
//!   Such a click is refused with a reason, and the credit is nobody else's.

use std::collections::BTreeMap;

use super::identity::Identities;
use crate::json::Fault;
use crate::json::scan::{Scanner, Value};

macro_rules! words {
    ($(#[$doc:meta] pub enum $Name:ident { $($(#[$variant_doc:meta])* $Variant:ident = $word:literal,)* })*) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Name { $($(#[$variant_doc])* $Variant,)* }

        impl $Name {
            /// The word for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$Variant => $word,)* }
            }

            /// What a word stands for.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$Variant),)* _ => None }
            }
        }
    )*};
}

words! {
    /// What binds a customer to an inviter.
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
    /// Whether a later click changes the inviter.
    pub enum Rebind {
        /// Never.
        Never = "never",
        /// Once the protection is over.
        AfterProtection = "after-protection",
        /// Always.
        Always = "always",
    }
    /// Who can be bound.
    pub enum Eligible {
        /// Whoever had not registered before their first click.
        NewOnly = "new-only",
        /// Everybody.
        All = "all",
    }
    /// What begins the protection again.
    pub enum RenewOn {
        /// Nothing.
        None = "none",
        /// A payment.
        Purchase = "purchase",
        /// A visit or click of the bound customer.
        Visit = "visit",
    }
    /// What happened.
    pub enum What {
        /// Came by what somebody shared.
        Click = "click",
        /// Came on their own.
        Visit = "visit",
        /// Registered.
        Register = "register",
        /// Ordered.
        Order = "order",
        /// Paid.
        Pay = "pay",
        /// Two ids turned out to be one person's.
        Merge = "merge",
    }
    /// Why a click or merge does not count.
    pub enum Refused {
        /// The inviter is the customer.
        SelfInvited = "self",
        /// The inviter was, at some distance, invited by the customer.
        Cycle = "cycle",
        /// The customer is not new.
        NotNew = "not-new",
        /// The customer is protected.
        Protected = "protected",
        /// Both ids are of people who registered.
        BothKnown = "both-known",
    }
}

/// A site's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What binds.
    pub lock: Lock,
    /// Whether it changes.
    pub rebind: Rebind,
    /// How long a binding is protected, in milliseconds.
    pub protection: i64,
    /// Who can be bound.
    pub eligible: Eligible,
    /// What begins the protection again.
    pub renew_on: RenewOn,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, in milliseconds.
    pub at: i64,
    /// Its id; events of one time are in the order of their ids.
    pub id: String,
    /// Whose id.
    pub who: String,
    /// The inviter's id of a click, the second id of a merge.
    pub other: String,
}

/// A customer and their inviter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The customer.
    pub who: String,
    /// Their inviter.
    pub inviter: String,
    /// Since when.
    pub since: i64,
    /// Until when nobody else can become their inviter; none if that does not end.
    pub until: Option<i64>,
}

/// What comes of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    /// By the customer's name.
    pub bound: Vec<Binding>,
    /// Events that do not count, by id, in their order.
    pub refused: Vec<(String, Refused)>,
}

/// Reads a history: JSON objects with `id`, `at`, `do`, `who` and, for a click or merge, `other`; one for each line or in an
/// array. With it comes how many are none of this.
///
/// ```
/// use kfactor::attribution::lock::read;
/// let (events, skipped) = read(br#"{"id":"e1","at":5,"do":"click","who":"bo","other":"ann"}"#);
/// assert_eq!((events.len(), skipped), (1, 0));
/// ```
#[must_use]
pub fn read(json: &[u8]) -> (Vec<(What, Event)>, usize) {
    let mut scanner = Scanner::new(json);
    let (mut events, mut skipped) = (Vec::new(), 0);
    loop {
        let mut event = Event { at: -1, id: String::new(), who: String::new(), other: String::new() };
        let mut what = None;
        let more = scanner.object(|key, value| {
            match (key, value) {
                ("at", Value::Int(at)) => event.at = at,
                ("id", Value::Text(text)) => event.id = text.into_owned(),
                ("who", Value::Text(text)) => event.who = text.into_owned(),
                ("other", Value::Text(text)) => event.other = text.into_owned(),
                ("do", Value::Text(text)) => what = What::parse(&text),
                _ => {}
            }
            Ok::<(), Fault>(())
        });
        match (more, what) {
            (Ok(false), _) => return (events, skipped),
            (Ok(true), Some(what)) if event.is_whole(what) => events.push((what, event)),
            (Err(_), _) if scanner.is_array() => return (events, skipped + 1),
            _ => skipped += 1,
        }
    }
}

impl Event {
    /// Whether everything is there that what happened needs.
    fn is_whole(&self, what: What) -> bool {
        let two = matches!(what, What::Click | What::Merge);
        self.at >= 0 && !self.id.is_empty() && !self.who.is_empty() && two != self.other.is_empty()
    }
}

#[derive(Clone, Copy, Default)]
struct Customer {
    clicked: Option<usize>,
    met: bool,
    registered: bool,
    ordered: bool,
    paid: bool,
    locked: bool,
    /// Whether they registered before anybody's share brought them.
    old: bool,
    bound: Option<(usize, i64)>,
}

/// Who is whose inviter.
#[must_use]
pub fn bindings(events: &[(What, Event)], policy: &Policy) -> Bindings {
    let mut events: Vec<&(What, Event)> = events.iter().collect();
    events.sort_by(|(_, a), (_, b)| (a.at, &a.id).cmp(&(b.at, &b.id)));
    events.dedup_by(|(_, a), (_, b)| a.id == b.id);
    let mut history =
        History { policy, ids: Identities::default(), customers: BTreeMap::new(), refused: Vec::new() };
    history.merge(&events);
    for (what, event) in events {
        history.enter(*what, event);
    }
    history.finish()
}

struct History<'p> {
    policy: &'p Policy,
    ids: Identities,
    customers: BTreeMap<usize, Customer>,
    refused: Vec<(String, Refused)>,
}

impl History<'_> {
    /// Merges first: whoever turns out to be one person has always been one.
    fn merge(&mut self, events: &[&(What, Event)]) {
        // Numbers in the order of the ids, so that they do not depend on the order of the events.
        let mut names: Vec<&str> = events
            .iter()
            .flat_map(|(_, event)| [event.who.as_str(), event.other.as_str()])
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        for name in names {
            self.ids.number(name);
        }
        for (what, event) in events {
            if *what == What::Register {
                let who = self.ids.number(&event.who);
                self.ids.mark_known(who);
            }
        }
        for (what, event) in events {
            if *what == What::Merge {
                let (one, other) = (self.ids.number(&event.who), self.ids.number(&event.other));
                if !self.ids.merge(one, other) {
                    self.refused.push((event.id.clone(), Refused::BothKnown));
                }
            }
        }
    }

    fn enter(&mut self, what: What, event: &Event) {
        let who = self.ids.number(&event.who);
        let who = self.ids.root(who);
        let mut customer = self.customers.get(&who).copied().unwrap_or_default();
        let binds = match what {
            What::Click => {
                let inviter = self.ids.number(&event.other);
                let inviter = self.ids.root(inviter);
                customer.old |= customer.registered && !customer.met;
                if self.may_click(&mut customer, who, inviter, event) {
                    customer.clicked = Some(inviter);
                }
                customer.met = true;
                customer.locked || self.policy.lock == Lock::FirstTouch
            }
            What::Register => {
                !core::mem::replace(&mut customer.registered, true) && self.policy.lock == Lock::FirstRegister
            }
            What::Order => {
                !core::mem::replace(&mut customer.ordered, true) && self.policy.lock == Lock::FirstOrder
            }
            What::Pay => !core::mem::replace(&mut customer.paid, true) && self.policy.lock == Lock::FirstPay,
            What::Visit | What::Merge => false,
        };
        let renews = match self.policy.renew_on {
            RenewOn::None => false,
            RenewOn::Purchase => what == What::Pay,
            RenewOn::Visit => matches!(what, What::Visit | What::Click),
        };
        if renews && let Some((_, since)) = &mut customer.bound {
            // A protection that is over does not begin again.
            if event.at < since.saturating_add(self.policy.protection) {
                *since = event.at;
            }
        }
        if binds {
            customer.locked = true;
            if let Some(inviter) = customer.clicked.take() {
                // Two who clicked on each other's links first may both want to be bound later.
                if self.leads_to(inviter, who) {
                    self.refused.push((event.id.clone(), Refused::Cycle));
                } else {
                    customer.bound = Some((inviter, event.at));
                }
            }
        }
        self.customers.insert(who, customer);
    }

    /// Whether a click counts, now or when the customer is bound later.
    fn may_click(&mut self, customer: &mut Customer, who: usize, inviter: usize, event: &Event) -> bool {
        let refused = if inviter == who {
            // Whoever clicks on their own link under another id gives up who brought them with that click.
            Some(Refused::SelfInvited)
        } else if self.leads_to(inviter, who) {
            Some(Refused::Cycle)
        } else if customer.old && self.policy.eligible == Eligible::NewOnly {
            Some(Refused::NotNew)
        } else if customer.bound.is_some_and(|(now, since)| now != inviter && !self.is_free(since, event.at))
        {
            Some(Refused::Protected)
        } else {
            None
        };
        // A click on the present inviter's link changes nothing.
        let same = customer.bound.is_some_and(|(now, _)| now == inviter);
        self.refused.extend(refused.map(|refused| (event.id.clone(), refused)));
        refused.is_none() && !same
    }

    /// Whether a binding may change at an instant.
    fn is_free(&self, since: i64, at: i64) -> bool {
        match self.policy.rebind {
            Rebind::Never => false,
            Rebind::AfterProtection => at >= since.saturating_add(self.policy.protection),
            Rebind::Always => true,
        }
    }

    /// Whether somebody was invited, at any distance, by `ancestor`.
    fn leads_to(&self, start: usize, ancestor: usize) -> bool {
        let mut at = start;
        // Bindings make no circle, so the way up ends.
        while let Some((inviter, _)) = self.customers.get(&at).and_then(|customer| customer.bound) {
            if inviter == ancestor {
                return true;
            }
            at = inviter;
        }
        false
    }

    fn finish(self) -> Bindings {
        let bound = self.customers.iter().filter_map(|(who, customer)| {
            let (inviter, since) = customer.bound?;
            let until = match self.policy.rebind {
                Rebind::Never => None,
                Rebind::AfterProtection => Some(since.saturating_add(self.policy.protection)),
                Rebind::Always => Some(since),
            };
            let name = |id: usize| self.ids.name(id).to_owned();
            Some(Binding { who: name(*who), inviter: name(inviter), since, until })
        });
        let mut bound: Vec<Binding> = bound.collect();
        bound.sort_by(|a, b| a.who.cmp(&b.who));
        Bindings { bound, refused: self.refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;
    const POLICY: Policy = Policy {
        lock: Lock::FirstTouch,
        rebind: Rebind::AfterProtection,
        protection: 30 * DAY,
        eligible: Eligible::All,
        renew_on: RenewOn::None,
    };

    fn event(at: i64, what: What, who: &str, other: &str) -> (What, Event) {
        let id = format!("{at}-{}-{who}-{other}", what.name());
        (what, Event { at, id, who: who.to_owned(), other: other.to_owned() })
    }

    fn inviter_of(events: &[(What, Event)], policy: Policy, who: &str) -> Option<(String, i64)> {
        let found = bindings(events, &policy);
        found.bound.into_iter().find(|bound| bound.who == who).map(|bound| (bound.inviter, bound.since))
    }

    fn bound(inviter: &str, since: i64) -> Option<(String, i64)> {
        Some((inviter.to_owned(), since))
    }

    #[test]
    fn the_protection_ends_with_its_last_millisecond() {
        let early = [event(0, What::Click, "c", "a"), event(30 * DAY - 1, What::Click, "c", "b")];
        assert_eq!(inviter_of(&early, POLICY, "c"), bound("a", 0));
        let late = [event(0, What::Click, "c", "a"), event(30 * DAY, What::Click, "c", "b")];
        assert_eq!(inviter_of(&late, POLICY, "c"), bound("b", 30 * DAY));
        assert_eq!(inviter_of(&late, Policy { rebind: Rebind::Never, ..POLICY }, "c"), bound("a", 0));
        assert_eq!(
            inviter_of(&early, Policy { rebind: Rebind::Always, ..POLICY }, "c"),
            bound("b", 30 * DAY - 1)
        );
    }

    #[test]
    fn a_purchase_or_visit_begins_the_protection_again() {
        let events = [
            event(0, What::Click, "c", "a"),
            event(20 * DAY, What::Pay, "c", ""),
            event(45 * DAY, What::Click, "c", "b"),
        ];
        assert_eq!(inviter_of(&events, POLICY, "c"), bound("b", 45 * DAY));
        assert_eq!(
            inviter_of(&events, Policy { renew_on: RenewOn::Purchase, ..POLICY }, "c"),
            bound("a", 20 * DAY)
        );
    }

    #[test]
    fn the_latest_click_before_what_binds_counts() {
        let events = [
            event(0, What::Click, "c", "a"),
            event(1, What::Click, "c", "b"),
            event(2, What::Register, "c", ""),
            event(3, What::Click, "c", "d"),
            event(4, What::Order, "c", ""),
            event(5, What::Pay, "c", ""),
        ];
        let by = |lock| inviter_of(&events, Policy { lock, ..POLICY }, "c");
        assert_eq!(by(Lock::FirstTouch), bound("a", 0));
        assert_eq!(by(Lock::FirstRegister), bound("b", 2));
        assert_eq!(by(Lock::FirstOrder), bound("d", 4));
        assert_eq!(by(Lock::FirstPay), bound("d", 5));
    }

    #[test]
    fn nobody_invites_themselves_or_whoever_invited_them() {
        let events = [
            event(0, What::Click, "b", "a"),
            event(1, What::Click, "c", "b"),
            event(2, What::Click, "a", "c"),
            event(3, What::Click, "d", "d"),
        ];
        let found = bindings(&events, &POLICY);
        let reasons: Vec<&str> = found.refused.iter().map(|(_, reason)| reason.name()).collect();
        assert_eq!((found.bound.len(), reasons), (2, vec!["cycle", "self"]));
    }

    #[test]
    fn a_visitor_who_turns_out_to_be_the_inviter_brings_nobody() {
        let events = [
            event(0, What::Register, "ann", ""),
            event(1, What::Click, "cookie", "ann"),
            event(2, What::Merge, "cookie", "ann"),
        ];
        let found = bindings(&events, &POLICY);
        assert_eq!((found.bound.len(), found.refused[0].1), (0, Refused::SelfInvited));
    }

    #[test]
    fn what_was_done_under_another_id_counts_and_two_customers_stay_two() {
        let events = [
            event(0, What::Click, "cookie", "a"),
            event(1, What::Register, "ann", ""),
            event(2, What::Register, "bo", ""),
            event(3, What::Merge, "cookie", "ann"),
            event(4, What::Merge, "cookie", "bo"),
        ];
        let found = bindings(&events, &Policy { eligible: Eligible::NewOnly, ..POLICY });
        assert_eq!((found.bound[0].who.as_str(), found.bound[0].inviter.as_str()), ("ann", "a"));
        assert_eq!(found.refused, [("4-merge-cookie-bo".to_owned(), Refused::BothKnown)]);
    }

    #[test]
    fn only_new_customers_if_the_policy_says_so() {
        let events = [event(0, What::Register, "c", ""), event(1, What::Click, "c", "a")];
        assert_eq!(inviter_of(&events, POLICY, "c"), bound("a", 1));
        assert_eq!(inviter_of(&events, Policy { eligible: Eligible::NewOnly, ..POLICY }, "c"), None);
    }

    fn history() -> impl Strategy<Value = Vec<(What, Event)>> {
        let kinds =
            [What::Click, What::Click, What::Visit, What::Register, What::Order, What::Pay, What::Merge];
        let one = (0i64..6, 0usize..7, 0u8..6, 0u8..6);
        proptest::collection::vec(one, 0..14).prop_map(move |list| {
            let make = |(n, (at, kind, who, other)): (usize, (i64, usize, u8, u8))| {
                let id = format!("e{n}");
                let event =
                    Event { at: at * 10 * DAY, id, who: format!("p{who}"), other: format!("p{other}") };
                (kinds[kind], event)
            };
            list.into_iter().enumerate().map(make).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_order_of_arrival_makes_no_difference(events in history(), turn in 0usize..14, twice in any::<bool>()) {
            let policy = Policy { lock: Lock::FirstRegister, renew_on: RenewOn::Visit, ..POLICY };
            let mut other = events.clone();
            other.rotate_left(if events.is_empty() { 0 } else { turn % events.len() });
            other.reverse();
            if twice {
                other.extend(events.clone());
            }
            prop_assert_eq!(bindings(&events, &policy), bindings(&other, &policy));
        }

        #[test]
        fn bindings_make_no_circle(events in history(), lock in 0usize..4) {
            let lock = [Lock::FirstTouch, Lock::FirstRegister, Lock::FirstOrder, Lock::FirstPay][lock];
            let found = bindings(&events, &Policy { lock, rebind: Rebind::Always, ..POLICY });
            let up: BTreeMap<&str, &str> =
                found.bound.iter().map(|bound| (bound.who.as_str(), bound.inviter.as_str())).collect();
            for start in up.keys() {
                let (mut at, mut steps) = (*start, 0);
                while let Some(inviter) = up.get(at) {
                    (at, steps) = (inviter, steps + 1);
                    prop_assert!(steps <= up.len(), "{:?}", found);
                }
            }
        }
    }
}
