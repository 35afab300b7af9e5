//! Rules against abuse, as a document gives them.

use super::decode::{Cx, Decode};
use super::document::{choices, document};
use super::limits::{Action, Actions};
use super::units::{Int, List};
use crate::engine::handle::Event;
use crate::engine::money::Money;
use crate::engine::time::{Period, Span};
use crate::json::tree::{Data, Node};

document! {
    /// Rules against abuse. They look at contributions: helping or joining someone else's loop.
    pub struct Guard {
        /// How many contributions from one device: a number for the whole campaign, or more exactly.
        pub per_device: Option<Quota>,
        /// How many contributions from one network.
        pub per_network: Option<Quota>,
        /// How many contributions to one inviter in a short time.
        pub per_inviter: Option<Pace>,
        /// Contributions too soon after the participant was first seen.
        pub too_fast: Option<TooFast>,
        /// Contributions to one inviter at too regular intervals.
        pub regular: Option<Regular>,
        /// People who contribute to each other in a circle.
        pub ring: Option<Ring>,
        /// Who is new; only new participants may contribute then.
        pub new_user: Option<NewUser>,
        /// What it costs someone to make up one person, as far as the campaign assumes; findings reckon with it.
        pub fake_cost: Option<Money>,
        /// Contributions with a risk score above this are held for review.
        pub hold_above: Option<Int<0, 100>>,
        /// Commands with a risk score above this are refused.
        pub refuse_above: Option<Int<0, 100>>,
    }
}

choices! {
    /// What becomes of a contribution that a rule objects to.
    pub enum Then {
        /// It is held until it is reviewed.
        Hold = "hold",
        /// It is refused.
        Refuse = "refuse",
    }
}

document! {
    /// How many contributions in a calendar period.
    pub struct QuotaRules {
        /// How many in one period.
        pub most: Int<1, 1_000_000>,
        /// The calendar period, in the campaign's timezone.
        pub every: Period = Period::Campaign,
        /// What becomes of more.
        pub then: Then = Then::Refuse,
    }
}

/// How many contributions in a calendar period; a mere number counts over the whole campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota(pub QuotaRules);

impl Decode for Quota {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if matches!(node.data, Data::Object(_)) {
            return QuotaRules::decode(node, cx).map(Quota);
        }
        let most = Int::decode(node, cx)?;
        Some(Quota(QuotaRules { most, every: Period::Campaign, then: Then::Refuse }))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [Int::<1, 1_000_000>::shape(), QuotaRules::shape()] })
    }
}

document! {
    /// How many contributions to one inviter within a span of time that ends now.
    pub struct Pace {
        /// How many.
        pub most: Int<1, 10_000>,
        /// The span.
        pub within: Span,
        /// What becomes of more.
        pub then: Then = Then::Hold,
    }
}

document! {
    /// Contributions too soon after the participant was first seen. Whoever contributes without having been seen
    /// before is too fast.
    pub struct TooFast {
        /// How long a person needs at least.
        pub within: Span,
        /// What becomes of a faster one.
        pub then: Then = Then::Hold,
    }
}

document! {
    /// Contributions to one inviter at nearly equal intervals.
    pub struct Regular {
        /// How many contributions in a row.
        pub count: Int<3, 50>,
        /// By how much the intervals between them differ at most.
        pub spread: Span = Span(1_000),
        /// What becomes of the last of them.
        pub then: Then = Then::Hold,
    }
}

document! {
    /// People who contribute to each other in a circle: two who help each other, or a ring of more.
    pub struct Ring {
        /// The most people of a circle that is looked for.
        pub people: Int<2, 8>,
        /// What becomes of the contribution that closes it.
        pub then: Then = Then::Hold,
    }
}

document! {
    /// Who is new. Contributions of others are refused.
    pub struct NewUser {
        /// First seen by the campaign no longer ago than this.
        pub within: Option<Span>,
        /// None of these events has happened to them.
        pub without: Option<List<Event, 1, 20>>,
    }
}

impl Guard {
    /// No rules.
    pub const NONE: Guard = Guard {
        per_device: None,
        per_network: None,
        per_inviter: None,
        too_fast: None,
        regular: None,
        ring: None,
        new_user: None,
        fake_cost: None,
        hold_above: None,
        refuse_above: None,
    };

    /// Whether it has to know when participants were first seen.
    #[must_use]
    pub fn needs_dates(&self) -> bool {
        self.too_fast.is_some() || self.new_user.as_ref().is_some_and(|new| new.within.is_some())
    }

    /// The actions that it counts, for a device, a network or an inviter.
    #[must_use]
    pub fn counted(&self) -> Actions {
        if self.per_device.is_none() && self.per_network.is_none() && self.recalls() == 0 {
            return Actions::default();
        }
        Actions::one(Action::Help).and(Actions::one(Action::Join))
    }

    /// How many of the latest contributions to an inviter it has to know.
    #[must_use]
    pub fn recalls(&self) -> usize {
        let pace = self.per_inviter.as_ref().map_or(0, |pace| pace.most.get());
        let regular = self.regular.as_ref().map_or(0, |regular| regular.count.get() - 1);
        usize::try_from(pace.max(regular)).unwrap_or(usize::MAX)
    }
}
