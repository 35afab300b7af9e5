//! Tags (标签): words that participants are given by what happens, and that plays ask for.
//!
//! * A rule gives its tag to whoever arrives at its `touchpoint`, adds a target of its `liveCode`, has its `event` happen to
//!   them `times` times, or has orders that stand for `spent` together. With `for` the tag ends after that time, and
//!   begins anew whenever the rule fits again.
//! * The backend gives and takes tags with `tag` and `untag`, as what it knows of a customer; keywords give them too.
//! * A play with `only` is for participants with one of these tags, or in one of these segments (`segments.rs`), one with
//!   `except` for those with none of them. That is
//!   asked of whoever opens a loop, or acts in a play that has one loop for each participant or for all; not of friends
//!   who help.

use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::{Int, Text};
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, LiveCode, Person, Touchpoint};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{OrderStatus, State};
use crate::engine::time::{Span, Time};
use crate::json::tree::Node;

document! {
    /// A tag, and what gives it: one of `touchpoint`, `liveCode`, `event` and `spent`.
    pub struct TagRule {
        /// The tag.
        pub tag: Text<20>,
        /// Given to whoever arrives here.
        pub touchpoint: Option<Touchpoint>,
        /// Given to whoever adds a target of this live code.
        pub live_code: Option<LiveCode>,
        /// Given to whoever this event happens to.
        pub event: Option<Event>,
        /// How often the event has to have happened.
        pub times: Int<1, 1_000> = Int::clamped(1),
        /// Given to whoever has orders that stand for this much together. It stays when one is refunded later; a segment with
        /// `spent` follows refunds.
        pub spent: Option<Money>,
        /// How long it stays; for good if absent.
        pub for_: Option<Span>,
    }
    check check_rule;
}

/// The longest tag, in characters.
const LONGEST: usize = 20;

/// Decides `tag` and `untag`.
///
/// # Errors
/// `COMMAND_MALFORMED` without a tag of 1 to 20 characters.
#[inline(never)]
pub fn decide<'c>(cx: &mut Deciding<'_, 'c>) -> Result<(), Rejection<'c>> {
    let tag = required(cx.command.text.as_deref(), "text")?;
    if tag.chars().count() > LONGEST {
        return Err(Rejection::new(Code::CommandMalformed).field("text"));
    }
    let by = cx.person()?;
    let has = cx.state.has_tag(by, tag, cx.at);
    match cx.command.act {
        Act::Untag => {
            let (state, at) = (cx.state, cx.at);
            for by in state.ids.each(by).filter(|id| state.id_has_tag(*id, tag, at)) {
                cx.emit(Fact::Untagged { by, name: tag });
            }
        }
        Act::Tag if !has => cx.emit(Fact::Tagged { by, name: tag, until: None }),
        _ => {}
    }
    Ok(())
}

/// Gives the tags that the facts of a command lead to.
pub fn give(cx: &mut Deciding<'_, '_>) {
    let book = cx.book;
    for rule in &book.current().tags {
        let fits = |fact: &Fact<'_>| rule.given_by(cx, fact);
        let Some(by) = cx.facts.iter().find_map(fits) else { continue };
        let until = rule.for_.map(|span| cx.at.after(span));
        // One that stays for good is given once; one that ends begins anew.
        if until.is_some() || !cx.state.has_tag(by, &rule.tag, cx.at) {
            cx.emit(Fact::Tagged { by, name: &rule.tag, until });
        }
    }
}

/// Whether a play is for a participant.
///
/// # Errors
/// `NOT_ELIGIBLE`.
pub fn check<'c>(cx: &Deciding<'_, 'c>, rules: &PlayRules, by: Person) -> Result<(), Rejection<'c>> {
    let has = |name: &Text<20>| cx.state.is_in(cx.book.current(), by, name, cx.at);
    let is_one = rules.only.is_empty() || rules.only.iter().any(has);
    if is_one && !rules.except.iter().any(has) { Ok(()) } else { Err(Code::NotEligible.into()) }
}

impl TagRule {
    /// Whom a fact gives the tag, if it does.
    fn given_by(&self, cx: &Deciding<'_, '_>, fact: &Fact<'_>) -> Option<Person> {
        match *fact {
            Fact::Arrived { who, touchpoint: Some(touchpoint), .. } => {
                (self.touchpoint == Some(touchpoint)).then_some(who)
            }
            Fact::Added { by, code, .. } => (self.live_code == Some(code)).then_some(by),
            Fact::Happened { by, name, amount, order, .. } => {
                let now =
                    |fact: &&Fact<'_>| matches!(fact, Fact::Happened { name: other, .. } if *other == name);
                let now = u32::try_from(cx.facts.iter().filter(now).count()).unwrap_or(u32::MAX);
                let times = cx.state.happened(by, name).saturating_add(now);
                let often = self.event == Some(name) && times >= self.times.get();
                let amount = amount.filter(|_| order.is_some()).unwrap_or_default();
                (often || self.is_spent(cx.state, by, amount)).then_some(by)
            }
            Fact::Paid { by, amount, .. } | Fact::Bought { by, amount, .. } => {
                self.is_spent(cx.state, by, amount).then_some(by)
            }
            _ => None,
        }
    }

    fn is_spent(&self, state: &State, by: Person, now: Money) -> bool {
        self.spent.is_some_and(|spent| {
            let orders = state.orders_of(by).filter_map(|order| state.orders.get(order.index()));
            let paid = orders.filter(|order| order.status == OrderStatus::Paid);
            paid.fold(now, |sum, order| sum.plus(order.amount)) >= spent
        })
    }
}

impl State {
    /// Whether a participant has a tag at an instant.
    #[must_use]
    pub fn has_tag(&self, who: Person, tag: &str, at: Time) -> bool {
        self.ids.each(who).any(|id| self.id_has_tag(id, tag, at))
    }

    /// Whether a tag was given to a participant under this very id.
    #[must_use]
    pub fn id_has_tag(&self, id: Person, tag: &str, at: Time) -> bool {
        let key = (id, Box::from(tag));
        self.tags.contains(&key) && self.tag_ends.get(&key).is_none_or(|until| at < *until)
    }
}

fn check_rule(rule: &TagRule, node: &Node<'_>, cx: &mut Cx) {
    let TagRule { touchpoint, live_code, event, spent, .. } = rule;
    let given = [touchpoint.is_some(), live_code.is_some(), event.is_some(), spent.is_some()];
    if given.into_iter().filter(|given| *given).count() != 1 || (rule.times.get() > 1 && event.is_none()) {
        cx.error(code::TAG_SHAPE, node.start, |_| {
            (
                String::from("A tag is given by one of `touchpoint`, `liveCode`, `event` and `spent`; `times` goes with `event`."),
                String::from("标签由 `touchpoint`、`liveCode`、`event`、`spent` 之一给出；`times` 需与 `event` 一起使用。"),
            )
        });
    }
}
