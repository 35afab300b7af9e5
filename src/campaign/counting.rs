//! Limits ready to be counted: what each of them counts is worked out when the document is read, so that a command
//! only looks at the limits that count what it does.

use super::limits::{Action, Actions, Limit, Per, label};
use super::units::Int;
use crate::engine::handle::{Play, Reward};
use crate::engine::money::Money;
use crate::engine::time::Period;

/// The limits of a play, or of the whole campaign, ready to be counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counting {
    limits: Vec<Counted>,
    actions: Actions,
}

/// A limit ready to be counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Whom or what it counts for.
    pub per: Per,
    /// The calendar period.
    pub every: Period,
    /// How much is allowed in one period.
    pub allows: Allowed,
    /// The reward whose grants count; all of them without it.
    pub reward: Option<Reward>,
    /// Whether opening a loop by the first act in it counts as well.
    pub founding: bool,
    /// Whether a limit before it in the list counts the same: the two share one counter.
    pub repeats: bool,
    actions: Actions,
    content: u64,
}

/// What a limit allows in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// So many times.
    Times(u32),
    /// So much money.
    Money(Money),
}

impl Counting {
    /// Makes limits ready.
    #[must_use]
    pub fn new(limits: &[Limit]) -> Counting {
        let mut all: Vec<Counted> = Vec::with_capacity(limits.len());
        for limit in limits {
            let content = limit.content();
            all.push(Counted {
                per: limit.per,
                every: limit.every,
                // The document gives exactly one of the two.
                allows: match (limit.amount, limit.most) {
                    (Some(amount), _) => Allowed::Money(amount),
                    (None, most) => Allowed::Times(most.map_or(u32::MAX, Int::get)),
                },
                reward: limit.reward,
                founding: limit.counts_founding(),
                repeats: all.iter().any(|other| other.content == content),
                actions: limit.actions(),
                content,
            });
        }
        let actions = all.iter().fold(Actions::default(), |actions, limit| actions.and(limit.actions));
        Counting { limits: all, actions }
    }

    /// Everything that any of the limits counts.
    #[must_use]
    pub fn actions(&self) -> Actions {
        self.actions
    }

    /// The limits that count an action, in the order of the document.
    #[inline]
    pub fn of(&self, action: Action) -> impl Iterator<Item = &Counted> {
        let limits = if self.actions.has(action) { &self.limits[..] } else { &[] };
        limits.iter().filter(move |limit| limit.counts(action))
    }

    /// Whether any of the limits counts for this.
    #[must_use]
    pub fn has(&self, per: Per) -> bool {
        self.limits.iter().any(|limit| limit.per == per)
    }
}

impl Counted {
    /// Whether it counts an action.
    #[must_use]
    #[inline]
    pub fn counts(&self, action: Action) -> bool {
        self.actions.has(action)
    }

    /// What its counters are kept under, within a play or across all; see [`Limit::content`].
    #[must_use]
    #[inline]
    pub fn content(&self, scope: Option<Play>) -> u64 {
        super::limits::scoped(self.content, scope)
    }

    /// The name in refusals, as `helper/day`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        label(self.per, self.every)
    }
}
