//! Segments (人群): named groups of people by what they have, did and are.
//!
//! * A segment has terms: everybody in it fits `all` of them, at least one of `any` where there are any, and none of `not`.
//! * A term is the name of a tag or of another segment, or an object with one of `tag`, `level`, `event` and `spent`.
//!   `level` is one of a `points` play that was reached. `event` has happened `times` times, `spent` is what orders that
//!   stand come to; with `within` only what happened less than that time ago counts, to the millisecond: at t what
//!   happened after t − `within`. A refund takes an order out of both.
//! * Wherever a play asks for tags (`only`, `except`), the name of a segment does as well. A segment goes before a tag of
//!   the same name.
//!
//! Example: `"loyal": { "any": ["vip", { "event": "order-paid", "times": 2, "within": "30d" }], "not": ["staff"] }`. Ann has
//! ordered on the 1st and on the 20th: she is loyal from the 20th until the 31st, thirty days after the first order.

use crate::campaign::Campaign;
use crate::campaign::decode::{Cx, Decode};
use crate::campaign::document::document;
use crate::campaign::names::check_name;
use crate::campaign::problem::code;
use crate::campaign::units::{Int, Text};
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, Maybe, Order, Person};
use crate::engine::money::Money;
use crate::engine::state::{OrderStatus, State};
use crate::engine::time::{Span, Time};
use crate::json::tree::{Data, Node};

document! {
    /// A group of people: whoever fits all of `all`, one of `any` where there are any, and none of `not`.
    pub struct Segment {
        /// What each of them fits.
        pub all: Vec<Term> = Vec::new(),
        /// Of which each of them fits at least one.
        pub any: Vec<Term> = Vec::new(),
        /// What none of them fits.
        pub not: Vec<Term> = Vec::new(),
    }
}

document! {
    /// What somebody can fit: one of `tag`, `level`, `event` and `spent`.
    pub struct TermRules {
        /// A tag, or the name of a segment.
        pub tag: Option<Text<20>>,
        /// A level of a `points` play that was reached.
        pub level: Option<Text<40>>,
        /// An event that happened to them.
        pub event: Option<Event>,
        /// How often it happened at least.
        pub times: Int<1, 100> = Int::clamped(1),
        /// What their orders come to at least.
        pub spent: Option<Money>,
        /// How long ago an event or order counts; without it since ever.
        pub within: Option<Span>,
    }
    check check_term;
}

/// A term; a mere text is a tag or a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Term(pub TermRules);

impl Decode for Term {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if matches!(node.data, Data::Object(_)) {
            return TermRules::decode(node, cx).map(Term);
        }
        let tag = Some(Text::decode(node, cx)?);
        let times = Int::clamped(1);
        Some(Term(TermRules { tag, level: None, event: None, times, spent: None, within: None }))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [Text::<20>::shape(), TermRules::shape()] })
    }
}

/// When something happened, and the order it came with, in the order of time.
pub type Happenings = Vec<(Time, Maybe<Order>)>;

/// The segments of a campaign by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segments(Vec<(String, Segment)>);

/// A campaign has no more of them.
const MOST: usize = 100;
/// Segments that refer to each other are followed no farther.
const DEEPEST: usize = 8;
/// Happenings that are remembered beyond those a term needs, for when orders among them are refunded.
const SPARE: usize = 32;

impl Decode for Segments {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let mut segments = Vec::new();
        for member in node.members() {
            let segment = cx.within(&member.key, |cx| {
                check_name(&member.key, member.key_start, cx);
                Segment::decode(&member.value, cx)
            });
            segments.extend(segment.map(|segment| (member.key.to_string(), segment)));
        }
        let segments = (segments.len() == node.members().len()).then_some(Self(segments))?;
        segments.check(node, cx);
        Some(segments)
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "pattern": crate::campaign::names::NAME_PATTERN },
            "additionalProperties": Segment::shape(),
            "maxProperties": MOST
        })
    }
}

impl Segments {
    /// A segment by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Segment> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, segment)| segment)
    }

    /// The names, in the order of the document.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The events of which it matters when they happened, each with how many of the latest have to be known.
    #[must_use]
    pub fn dated(&self) -> Vec<(Event, usize)> {
        let dated =
            |term: &TermRules| Some((term.event?, usize::try_from(term.times.get()).ok()?, term.within?));
        let terms = self.0.iter().flat_map(|(_, segment)| segment.terms()).filter_map(dated);
        let mut events: Vec<(Event, usize)> = Vec::new();
        for (event, times, _) in terms {
            match events.iter_mut().find(|(known, _)| *known == event) {
                Some((_, most)) => *most = times.max(*most),
                None => events.push((event, times)),
            }
        }
        events
    }

    /// Whether it matters when orders were.
    #[must_use]
    pub fn dates_orders(&self) -> bool {
        let dates = |term: &TermRules| term.spent.is_some() && term.within.is_some();
        self.0.iter().flat_map(|(_, segment)| segment.terms()).any(dates)
    }

    fn check(&self, node: &Node<'_>, cx: &mut Cx) {
        for (at, (name, segment)) in self.0.iter().enumerate() {
            let wrong = if at >= MOST {
                Some(("A campaign has at most 100 segments.", "一个活动最多 100 个人群。"))
            } else if segment.terms().next().is_none() {
                Some((
                    "This segment says nothing about who is in it: give `all`, `any` or `not`.",
                    "该人群没有条件：请填写 `all`、`any` 或 `not`。",
                ))
            } else if self.reaches(segment, name, DEEPEST) {
                Some((
                    "This segment refers to itself, or to others that refer to others more than eight times.",
                    "该人群引用了自己，或引用层级超过八层。",
                ))
            } else {
                None
            };
            if let Some((en, zh)) = wrong {
                let start = node.get(name).map_or(node.start, |value| value.start);
                cx.within(name, |cx| {
                    cx.error(code::SEGMENT_SHAPE, start, |_| (String::from(en), String::from(zh)));
                });
            }
        }
    }

    /// Whether a segment leads to one by name, or too deep.
    fn reaches(&self, from: &Segment, name: &str, left: usize) -> bool {
        let names = from.terms().filter_map(|term| term.tag.as_deref());
        let mut below = names.filter_map(|other| Some((other, self.get(other)?)));
        below.any(|(other, segment)| {
            other == name || left.checked_sub(1).is_none_or(|left| self.reaches(segment, name, left))
        })
    }
}

impl Segment {
    fn terms(&self) -> impl Iterator<Item = &TermRules> {
        self.all.iter().chain(&self.any).chain(&self.not).map(|term| &term.0)
    }
}

impl State {
    /// Whether somebody has a tag, or is in a segment of this name, at an instant.
    #[must_use]
    pub fn is_in(&self, campaign: &Campaign, who: Person, name: &str, at: Time) -> bool {
        let Some(segment) = campaign.segments.get(name) else { return self.has_tag(who, name, at) };
        let fits = |term: &Term| self.fits(campaign, who, &term.0, at);
        segment.all.iter().all(fits)
            && (segment.any.is_empty() || segment.any.iter().any(fits))
            && !segment.not.iter().any(fits)
    }

    fn fits(&self, campaign: &Campaign, who: Person, term: &TermRules, at: Time) -> bool {
        if let Some(name) = term.tag.as_deref() {
            return self.is_in(campaign, who, name, at);
        }
        if let Some(level) = term.level.as_deref() {
            return campaign.plays.iter().flatten().any(|play| play.rules.has_level(self, who, level));
        }
        let counts = |when: Time| term.within.is_none_or(|within| at < when.after(within));
        if let Some(event) = term.event {
            let times = match term.within {
                None => self.happened(who, event),
                Some(_) => {
                    let each = self.ids.each(who).filter_map(|id| self.happenings.get(&(id, event)));
                    let recent = each.flatten().filter(|(when, _)| counts(*when)).count();
                    u32::try_from(recent).unwrap_or(u32::MAX)
                }
            };
            return times >= term.times.get();
        }
        // An order from before the rules asked for its time was long ago.
        let when = |order: Order| self.order_times.get(&order).copied().unwrap_or_default();
        let orders = self.orders_of(who).filter(|order| term.within.is_none() || counts(when(*order)));
        let paid = orders.filter_map(|order| self.orders.get(order.index()));
        let paid = paid.filter(|order| order.status == OrderStatus::Paid);
        let sum = paid.fold(Money(0), |sum, order| sum.plus(order.amount));
        term.spent.is_some_and(|spent| sum >= spent)
    }
}

/// Who is in a segment.
#[cfg(feature = "complete")]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    /// The segment.
    pub segment: String,
    /// The main ids of everybody in it.
    pub people: Vec<String>,
}

/// Who is in which segment of the campaign at an instant, in the order of the document.
#[cfg(feature = "complete")]
#[must_use]
pub fn groups(campaign: &Campaign, state: &State, at: Time) -> Vec<Group> {
    let group = |segment: &str| {
        let all = (0..state.people.len()).map(Person::at).filter(|who| state.ids.main(*who) == *who);
        let people = all.filter(|who| state.is_in(campaign, *who, segment, at));
        let people = people.map(|who| state.people.text(who.0).to_owned()).collect();
        Group { segment: segment.to_owned(), people }
    };
    campaign.segments.names().map(group).collect()
}

/// Notes when something happened, where a segment asks for it. The fact has been applied.
pub fn evolve(campaign: &Campaign, state: &mut State, fact: &Fact<'_>, at: Time) {
    let named = match *fact {
        Fact::Happened { by, name, order, when, .. } => {
            let at = when.unwrap_or(at);
            let order = order.and_then(|order| state.order_names.find(order)).map(Order);
            if let Some((_, most)) = campaign.dated.iter().find(|(event, _)| *event == name) {
                let times = state.happenings.entry((by, name), Default::default());
                let place = times.partition_point(|(other, _)| *other <= at);
                times.insert(place, (at, order.into()));
                if times.len() > *most + SPARE {
                    times.remove(0);
                }
            }
            order.map(|order| (order, at))
        }
        Fact::Paid { order, .. } | Fact::Bought { order, .. } => {
            state.order_names.find(order).map(|order| (Order(order), at))
        }
        Fact::Refunded { order, .. } => {
            let known = state.orders.get(order.index()).and_then(|known| Some((known.by, known.event?)));
            if let Some(times) = known.and_then(|of| state.happenings.get_mut(&of)) {
                times.retain(|(_, other)| *other != Maybe::from(Some(order)));
            }
            None
        }
        _ => None,
    };
    if let Some((order, at)) = named.filter(|_| campaign.dates_orders) {
        state.order_times.entry(order, at);
    }
}

fn check_term(term: &TermRules, node: &Node<'_>, cx: &mut Cx) {
    let TermRules { tag, level, event, spent, within, times } = term;
    let given = [tag.is_some(), level.is_some(), event.is_some(), spent.is_some()];
    let one = given.into_iter().filter(|given| *given).count() == 1;
    let timed = event.is_some() || (spent.is_some() && times.get() == 1);
    if !one || (!timed && (within.is_some() || times.get() > 1)) {
        cx.error(code::SEGMENT_SHAPE, node.start, |_| {
            (
                String::from(
                    "A term is one of `tag`, `level`, `event` and `spent`; `times` goes with `event`, `within` with `event` and `spent`.",
                ),
                String::from("条件为 `tag`、`level`、`event`、`spent` 之一；`times` 与 `event` 一起使用，`within` 与 `event` 或 `spent` 一起使用。"),
            )
        });
    }
}
