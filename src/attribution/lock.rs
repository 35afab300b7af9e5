//! Who is a customer's inviter by a policy (`inviters.rs`), from a whole history that came in any order, in files of a site.
//!
//! Events are put in the order of their time, equal times by their ids. Merges of ids hold for the whole history: what
//! somebody did under another id counts as theirs from the beginning.

use std::collections::BTreeMap;

use super::follow::Customer;
use super::identity::Identities;
use super::inviters::{self, Inviters, Mark};
use crate::engine::field::Reason;
use crate::engine::handle::Person;
use crate::engine::time::Time;
use crate::json::Fault;
use crate::json::scan::{Scanner, Value};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Something about a customer.
    Did(inviters::What),
    /// Two ids turned out to be one person's.
    Merge,
}

impl What {
    /// Two words for the ids: the customer's and another's.
    const CLICK: What = What::Did(inviters::What::Click);

    /// What a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(What::Did(match word {
            "click" => inviters::What::Click,
            "visit" => inviters::What::Visit,
            "register" => inviters::What::Register,
            "order" => inviters::What::Order,
            "pay" => inviters::What::Pay,
            "merge" => return Some(What::Merge),
            _ => return None,
        }))
    }
}

/// Why a click or merge does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The click, as in the facts.
    Click(Reason),
    /// Both ids are of people who registered.
    BothKnown,
}

impl Refused {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Refused::Click(reason) => reason.text(),
            Refused::BothKnown => "both-known",
        }
    }
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
        let two = matches!(what, What::CLICK | What::Merge);
        self.at >= 0 && !self.id.is_empty() && !self.who.is_empty() && two != self.other.is_empty()
    }
}

/// Who is whose inviter.
#[must_use]
pub fn bindings(events: &[(What, Event)], policy: &Inviters) -> Bindings {
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
    policy: &'p Inviters,
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
            if *what == What::Did(inviters::What::Register) {
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
        let What::Did(what) = what else { return };
        let who = self.ids.number(&event.who);
        let who = self.ids.root(who);
        let inviter = (what == inviters::What::Click).then(|| {
            let inviter = self.ids.number(&event.other);
            Person::at(self.ids.root(inviter))
        });
        let mut customer = self.customers.get(&who).copied().unwrap_or_default();
        let mark = Mark { at: Time(event.at), what, inviter };
        let refused = customer.enter(self.policy, &mark, &|inviter| self.below(inviter.index(), who));
        self.refused.extend(refused.map(|(_, reason)| (event.id.clone(), Refused::Click(reason))));
        self.customers.insert(who, customer);
    }

    /// Why somebody cannot be the inviter of `who`.
    fn below(&self, inviter: usize, who: usize) -> Option<Reason> {
        if inviter == who {
            return Some(Reason::OneSelf);
        }
        self.leads_to(inviter, who).then_some(Reason::Cycle)
    }

    /// Whether somebody was invited, at any distance, by `ancestor`.
    fn leads_to(&self, start: usize, ancestor: usize) -> bool {
        let mut at = start;
        // Bindings make no circle, so the way up ends.
        while let Some((inviter, _)) = self.customers.get(&at).and_then(|customer| customer.bound) {
            if inviter.index() == ancestor {
                return true;
            }
            at = inviter.index();
        }
        false
    }

    fn finish(self) -> Bindings {
        let bound = self.customers.iter().filter_map(|(who, customer)| {
            let (inviter, since) = customer.bound?;
            let until = self.policy.until(since).map(|until| until.0);
            let name = |id: usize| self.ids.name(id).to_owned();
            Some(Binding { who: name(*who), inviter: name(inviter.index()), since: since.0, until })
        });
        let mut bound: Vec<Binding> = bound.collect();
        bound.sort_by(|a, b| a.who.cmp(&b.who));
        Bindings { bound, refused: self.refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::inviters::{Eligible, Lock, Rebind, RenewOn};
    use crate::engine::time::Span;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;
    const POLICY: Inviters = Inviters {
        lock: Lock::FirstTouch,
        rebind: Rebind::AfterProtection,
        protect: Some(Span(30 * DAY)),
        eligible: Eligible::All,
        renew_on: RenewOn::None,
        registers: None,
        orders: None,
    };
    const VISIT: What = What::Did(inviters::What::Visit);
    const REGISTER: What = What::Did(inviters::What::Register);
    const ORDER: What = What::Did(inviters::What::Order);
    const PAY: What = What::Did(inviters::What::Pay);

    fn event(at: i64, what: What, who: &str, other: &str) -> (What, Event) {
        let id = format!("{at}-{what:?}-{who}-{other}");
        (what, Event { at, id, who: who.to_owned(), other: other.to_owned() })
    }

    fn inviter_of(events: &[(What, Event)], policy: Inviters, who: &str) -> Option<(String, i64)> {
        let found = bindings(events, &policy);
        found.bound.into_iter().find(|bound| bound.who == who).map(|bound| (bound.inviter, bound.since))
    }

    fn bound(inviter: &str, since: i64) -> Option<(String, i64)> {
        Some((inviter.to_owned(), since))
    }

    #[test]
    fn the_protection_ends_with_its_last_millisecond() {
        let early = [event(0, What::CLICK, "c", "a"), event(30 * DAY - 1, What::CLICK, "c", "b")];
        assert_eq!(inviter_of(&early, POLICY, "c"), bound("a", 0));
        let late = [event(0, What::CLICK, "c", "a"), event(30 * DAY, What::CLICK, "c", "b")];
        assert_eq!(inviter_of(&late, POLICY, "c"), bound("b", 30 * DAY));
        assert_eq!(inviter_of(&late, Inviters { rebind: Rebind::Never, ..POLICY }, "c"), bound("a", 0));
        assert_eq!(
            inviter_of(&early, Inviters { rebind: Rebind::Always, ..POLICY }, "c"),
            bound("b", 30 * DAY - 1)
        );
    }

    #[test]
    fn a_purchase_or_visit_begins_the_protection_again() {
        let events = [
            event(0, What::CLICK, "c", "a"),
            event(20 * DAY, PAY, "c", ""),
            event(45 * DAY, What::CLICK, "c", "b"),
        ];
        assert_eq!(inviter_of(&events, POLICY, "c"), bound("b", 45 * DAY));
        assert_eq!(
            inviter_of(&events, Inviters { renew_on: RenewOn::Purchase, ..POLICY }, "c"),
            bound("a", 20 * DAY)
        );
    }

    #[test]
    fn the_latest_click_before_what_binds_counts() {
        let events = [
            event(0, What::CLICK, "c", "a"),
            event(1, What::CLICK, "c", "b"),
            event(2, REGISTER, "c", ""),
            event(3, What::CLICK, "c", "d"),
            event(4, ORDER, "c", ""),
            event(5, PAY, "c", ""),
        ];
        let by = |lock| inviter_of(&events, Inviters { lock, ..POLICY }, "c");
        assert_eq!(by(Lock::FirstTouch), bound("a", 0));
        assert_eq!(by(Lock::FirstRegister), bound("b", 2));
        assert_eq!(by(Lock::FirstOrder), bound("d", 4));
        assert_eq!(by(Lock::FirstPay), bound("d", 5));
    }

    #[test]
    fn nobody_invites_themselves_or_whoever_invited_them() {
        let events = [
            event(0, What::CLICK, "b", "a"),
            event(1, What::CLICK, "c", "b"),
            event(2, What::CLICK, "a", "c"),
            event(3, What::CLICK, "d", "d"),
        ];
        let found = bindings(&events, &POLICY);
        let reasons: Vec<&str> = found.refused.iter().map(|(_, reason)| reason.name()).collect();
        assert_eq!((found.bound.len(), reasons), (2, vec!["cycle", "self"]));
    }

    #[test]
    fn a_visitor_who_turns_out_to_be_the_inviter_brings_nobody() {
        let events = [
            event(0, REGISTER, "ann", ""),
            event(1, What::CLICK, "cookie", "ann"),
            event(2, What::Merge, "cookie", "ann"),
        ];
        let found = bindings(&events, &POLICY);
        assert_eq!((found.bound.len(), found.refused[0].1), (0, Refused::Click(Reason::OneSelf)));
    }

    #[test]
    fn what_was_done_under_another_id_counts_and_two_customers_stay_two() {
        let events = [
            event(0, What::CLICK, "cookie", "a"),
            event(1, REGISTER, "ann", ""),
            event(2, REGISTER, "bo", ""),
            event(3, What::Merge, "cookie", "ann"),
            event(4, What::Merge, "cookie", "bo"),
        ];
        let found = bindings(&events, &Inviters { eligible: Eligible::NewOnly, ..POLICY });
        assert_eq!((found.bound[0].who.as_str(), found.bound[0].inviter.as_str()), ("ann", "a"));
        assert_eq!(found.refused, [("4-Merge-cookie-bo".to_owned(), Refused::BothKnown)]);
    }

    #[test]
    fn only_new_customers_if_the_policy_says_so() {
        let events = [event(0, REGISTER, "c", ""), event(1, What::CLICK, "c", "a")];
        assert_eq!(inviter_of(&events, POLICY, "c"), bound("a", 1));
        assert_eq!(inviter_of(&events, Inviters { eligible: Eligible::NewOnly, ..POLICY }, "c"), None);
    }

    fn history() -> impl Strategy<Value = Vec<(What, Event)>> {
        let kinds = [What::CLICK, What::CLICK, VISIT, REGISTER, ORDER, PAY, What::Merge];
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
            let policy = Inviters { lock: Lock::FirstRegister, renew_on: RenewOn::Visit, ..POLICY };
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
            let found = bindings(&events, &Inviters { lock, rebind: Rebind::Always, ..POLICY });
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
