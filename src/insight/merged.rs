//! Ids of one person: a history told of the people instead, and what would not have been accepted of one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::story::{Deed, Person, Story};
use crate::engine::hash::Keys;
use crate::engine::interner::Interner;

/// What somebody did under two of their ids, though one person cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// The person, by the number of their main id.
    pub who: u32,
    /// What.
    pub what: What,
    /// The number of the loop; absent for an invitation.
    pub loop_: Option<u32>,
    /// When.
    pub at: i64,
}

/// What one person cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Helped or joined a loop of their own.
    HelpedSelf,
    /// Helped or joined one loop twice.
    HelpedTwice,
    /// Came by what they shared themselves.
    InvitedSelf,
}

impl What {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            What::HelpedSelf => "helped-self",
            What::HelpedTwice => "helped-twice",
            What::InvitedSelf => "invited-self",
        }
    }
}

impl Story {
    /// The same story with one person for all of their ids, from the beginning.
    #[must_use]
    pub fn merged(&self) -> Cow<'_, Story> {
        if self.merges.is_empty() {
            return Cow::Borrowed(self);
        }
        let main = self.mains();
        // People get new numbers, without those of ids that are no more than another name.
        let mut numbers = Vec::with_capacity(main.len());
        let mut story = self.clone();
        (story.people, story.names) = (Vec::new(), Interner::new(Keys::new([0; 32])));
        for ((number, main), person) in (0u32..).zip(&main).zip(&self.people) {
            let kept = usize::try_from(*main).ok().and_then(|main| numbers.get(main)).copied();
            let kept = kept
                .filter(|_| *main != number)
                .unwrap_or_else(|| story.names.intern(self.names.text(number)));
            numbers.push(kept);
            match usize::try_from(kept).ok().and_then(|kept| story.people.get_mut(kept)) {
                Some(known) => known.join(person),
                None => story.people.push(*person),
            }
        }
        let of = |who: u32| usize::try_from(who).ok().and_then(|at| numbers.get(at)).copied().unwrap_or(who);
        for (number, person) in (0u32..).zip(&mut story.people) {
            person.inviter = person.inviter.map(of).filter(|inviter| *inviter != number);
        }
        story.touches.iter_mut().for_each(|touch| touch.who = of(touch.who));
        story.touches.sort_by_key(|touch| touch.at);
        story.conversions.iter_mut().for_each(|conversion| conversion.who = of(conversion.who));
        Cow::Owned(story)
    }

    /// What people did under two of their ids, though one person cannot, in the order of the facts.
    #[must_use]
    pub fn doubles(&self) -> Vec<Double> {
        if self.merges.is_empty() {
            return Vec::new();
        }
        let main = self.mains();
        let of = |who: u32| usize::try_from(who).ok().and_then(|at| main.get(at)).copied().unwrap_or(who);
        let mut doubles = Vec::new();
        // Under which id somebody first took part in each loop; owners do from the beginning.
        let mut first: BTreeMap<(u32, u32), (u32, bool)> = BTreeMap::new();
        for Deed { loop_, who, at, opens } in self.deeds.iter().copied() {
            let who_is = of(who);
            let (before, owns) = *first.entry((loop_, who_is)).or_insert((who, opens));
            if before != who {
                let what = if owns { What::HelpedSelf } else { What::HelpedTwice };
                doubles.push(Double { who: who_is, what, loop_: Some(loop_), at });
            }
        }
        for (number, person) in (0u32..).zip(&self.people) {
            if let (Some(inviter), Some(at)) = (person.inviter, person.arrived)
                && inviter != number
                && of(inviter) == of(number)
            {
                doubles.push(Double { who: of(number), what: What::InvitedSelf, loop_: None, at });
            }
        }
        doubles.sort_by_key(|double| double.at);
        doubles
    }

    /// The main id of each, by number: the one that was seen first.
    fn mains(&self) -> Vec<u32> {
        let mut parents: Vec<u32> = (0u32..).take(self.people.len()).collect();
        for (one, other) in &self.merges {
            let (one, other) = (root(&parents, *one), root(&parents, *other));
            let below = usize::try_from(one.max(other)).ok().and_then(|at| parents.get_mut(at));
            if let Some(parent) = below {
                *parent = one.min(other);
            }
        }
        (0u32..).take(parents.len()).map(|at| root(&parents, at)).collect()
    }
}

fn root(parents: &[u32], of: u32) -> u32 {
    let mut at = of;
    while let Some(up) = usize::try_from(at).ok().and_then(|at| parents.get(at)).filter(|up| **up != at) {
        at = *up;
    }
    at
}

impl Person {
    /// Adds what another id of the same person did.
    fn join(&mut self, other: &Person) {
        let earlier = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let later = other.arrived.is_some_and(|at| self.arrived.is_none_or(|mine| at < mine));
        if later {
            (self.channel, self.inviter) = (other.channel, other.inviter.or(self.inviter));
        } else {
            self.inviter = self.inviter.or(other.inviter);
        }
        self.met = self.met.min(other.met);
        self.arrived = earlier(self.arrived, other.arrived);
        self.took_part = earlier(self.took_part, other.took_part);
        self.converted = earlier(self.converted, other.converted);
        self.shared = earlier(self.shared, other.shared);
        self.orders += other.orders;
        self.value += other.value;
        self.last_order = self.last_order.max(other.last_order);
    }
}
