//! Lineage: who brought whom, for the mechanics that bind people to each other.

use crate::campaign::document::document;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, Loop, Person, Play};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::State;

document! {
    /// Who counts as a new customer.
    pub struct NewUser {
        /// Not known to the campaign before, or first brought by a link or code of this very inviter.
        pub unmet: bool = false,
        /// Events that must not have happened to them.
        pub not_done: Vec<Event> = Vec::new(),
    }
}

impl NewUser {
    /// Makes sure that the command's participant is new.
    ///
    /// # Errors
    /// `NOT_NEW`.
    pub fn check<'r>(&self, cx: &Deciding<'_, '_>, by: Person, inviter: Person) -> Result<(), Rejection<'r>> {
        let done = |event: &Event| cx.state.happened(by, *event) > 0;
        if self.not_done.iter().any(done) || (self.unmet && !is_unmet(cx, by, inviter)) {
            return Err(Code::NotNew.into());
        }
        Ok(())
    }
}

/// Whether this command is the first that tells of a participant, or their first link or code was this
/// inviter's.
#[must_use]
pub fn is_unmet(cx: &Deciding<'_, '_>, by: Person, inviter: Person) -> bool {
    by.index() >= cx.state.people.len() || attributed_to(cx, by) == Some(inviter)
}

/// Whose link or code a participant first came by, this command included.
#[must_use]
pub fn attributed_to(cx: &Deciding<'_, '_>, by: Person) -> Option<Person> {
    let arrived = |fact: &Fact<'_>| match *fact {
        Fact::Arrived { who, inviter, .. } if who == by => inviter,
        _ => None,
    };
    cx.inviter(by).or_else(|| cx.facts.iter().find_map(arrived))
}

/// The loop of this play that a participant joined last, of those that others opened.
#[must_use]
pub fn bound_to(state: &State, play: Play, who: Person) -> Option<Loop> {
    state.loops_of(who).find(|loop_| {
        state
            .loop_(*loop_)
            .is_some_and(|other| other.play == play && !state.ids.is_same(other.initiator, who))
    })
}

/// Whether `who` stands anywhere in the chain above `from`; `up` tells who stands directly above someone.
#[must_use]
pub fn is_above(state: &State, from: Person, who: Person, up: impl Fn(Person) -> Option<Person>) -> bool {
    let mut at = from;
    // Binding refuses cycles, so the chain ends after at most as many steps as there are participants.
    for _ in 0..=state.people.len() {
        match up(at) {
            Some(above) if state.ids.is_same(above, who) => return true,
            Some(above) => at = above,
            None => return false,
        }
    }
    false
}
