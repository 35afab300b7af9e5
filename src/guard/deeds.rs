//! Deeds: which facts count as which action, for whom and where.

use super::Source;
use crate::campaign::counting::Counted;
use crate::campaign::limits::{Action, Per};
use crate::campaign::rewards::RewardKind;
use crate::engine::book::Book;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward, Touchpoint};
use crate::engine::money::Money;
use crate::engine::state::State;
use crate::engine::time::Time;
use crate::mechanics::Loops;

/// One thing that limits count.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    /// What was done.
    pub action: Action,
    /// In which play.
    pub play: Option<Play>,
    /// The revision whose limits of the play hold.
    pub revision: u16,
    /// In which loop; nothing for opening one.
    pub loop_: Option<Loop>,
    /// Whose loop it is.
    pub initiator: Option<Person>,
    /// Who did it, or was granted the reward.
    pub by: Person,
    /// The reward that was granted.
    pub reward: Option<Reward>,
    /// The money that was granted or paid.
    pub amount: Money,
    /// On which device and network.
    pub source: Source,
    /// Whether it opens a loop that the first act in it opens.
    founding: bool,
    /// Whether it tells only where another deed was done.
    trace: bool,
}

/// The state that facts are read against, with the facts that a command is about to add to it.
#[derive(Clone, Copy)]
pub struct Scene<'x, 'f> {
    book: &'x Book,
    state: &'x State,
    facts: &'x [Fact<'f>],
    /// Of the command that is being decided: who sent it, and from where.
    sender: Option<(Option<Person>, Source)>,
}

/// The action that a fact tells of, if it tells of one.
#[must_use]
pub fn action(fact: &Fact<'_>) -> Option<Action> {
    Some(match *fact {
        Fact::Arrived { .. } => Action::Visit,
        Fact::Shared { .. } => Action::Share,
        Fact::Opened { .. } => Action::Open,
        Fact::Helped { .. } | Fact::Cut { .. } => Action::Help,
        Fact::Joined { .. } => Action::Join,
        Fact::CheckedIn { .. } => Action::CheckIn,
        Fact::Submitted { .. } => Action::Submit,
        Fact::Drawn { .. } => Action::Draw,
        Fact::Claimed { .. } => Action::Claim,
        Fact::Spent { .. } => Action::Redeem,
        Fact::Paid { .. } | Fact::Bought { .. } => Action::Pay,
        Fact::Granted { .. } => Action::Grant,
        Fact::Traced { act, .. } => return Action::parse(act),
        _ => return None,
    })
}

/// What of a loop matters here.
struct Head {
    play: Play,
    revision: u16,
    initiator: Person,
    opened: Option<Time>,
}

impl<'x, 'f> Scene<'x, 'f> {
    /// What stands before a fact that is being applied.
    #[must_use]
    pub fn evolving(book: &'x Book, state: &'x State) -> Self {
        Scene { book, state, facts: &[], sender: None }
    }

    /// What a command that is being decided knows.
    #[must_use]
    pub fn deciding(cx: &'x Deciding<'_, 'f>) -> Self {
        Scene { book: cx.book, state: cx.state, facts: &cx.facts, sender: Some((cx.sender, cx.source())) }
    }

    /// Opening a loop.
    #[must_use]
    pub fn opening(&self, play: Play, by: Person, device: Option<&str>) -> Deed {
        let rules = self.book.play(self.book.revision(), play);
        let deed = self.deed_in(Action::Open, play, self.book.revision(), by);
        Deed {
            initiator: Some(by),
            founding: rules.is_some_and(|rules| rules.rules.loops() != Loops::Many),
            source: self.source(by, Source::new(self.state, device, None)),
            ..deed
        }
    }

    /// An act of a participant that is being decided, in the loop that it is about.
    #[must_use]
    pub fn acting(&self, play: Play, action: Action, loop_: Option<Loop>, by: Person) -> Deed {
        let deed = loop_.and_then(|loop_| self.deed_on(action, loop_, by));
        let mut deed = deed.unwrap_or_else(|| self.deed_in(action, play, self.book.revision(), by));
        deed.source = self.source(by, Source::default());
        deed
    }

    /// What a fact counts as at the moment it happens, if any limit or rule against abuse counts it.
    #[must_use]
    pub fn deed(&self, fact: &Fact<'_>, at: Time) -> Option<Deed> {
        let action = action(fact).filter(|action| self.book.counts(*action))?;
        let mut deed = match *fact {
            Fact::Arrived { who, .. } => self.deed_of(action, who),
            Fact::Shared { who, loop_, .. } => match loop_ {
                Some(loop_) => self.deed_on(action, loop_, who)?,
                None => self.deed_of(action, who),
            },
            // Nobody acted to open a board: its first score did.
            Fact::Opened { play, .. } if self.book.current().watchers.contains(&play) => return None,
            Fact::Opened { play, by, device, .. } => self.opening(play, by, device),
            Fact::Helped { loop_, by, device, .. } => self.from(self.deed_on(action, loop_, by)?, device),
            Fact::Cut { loop_, by, device, .. } => {
                // The initiator's own cut is part of opening the loop.
                if self.head(loop_)?.initiator == by {
                    return None;
                }
                self.from(self.deed_on(action, loop_, by)?, device)
            }
            Fact::Joined { loop_, by, device, .. } => {
                let head = self.head(loop_)?;
                // The leader's own slot in a new group is part of opening it.
                if head.initiator == by && head.opened.is_none_or(|opened| opened == at) {
                    return None;
                }
                self.from(self.deed_on(action, loop_, by)?, device)
            }
            Fact::CheckedIn { loop_, by, .. }
            | Fact::Submitted { loop_, by, .. }
            | Fact::Drawn { loop_, by, .. }
            | Fact::Claimed { loop_, by, .. } => self.deed_on(action, loop_, by)?,
            Fact::Spent { loop_, reward, by, .. } => {
                if self.book.reward(reward).is_none_or(|rules| rules.kind != RewardKind::Points) {
                    return None;
                }
                self.deed_on(action, loop_, by)?
            }
            Fact::Paid { loop_, by, amount, .. } => Deed { amount, ..self.deed_on(action, loop_, by)? },
            Fact::Bought { play, by, amount, .. } => {
                Deed { amount, ..self.deed_in(action, play, self.book.revision(), by) }
            }
            Fact::Granted { grant, reward, to, amount, .. } => {
                return self.granting(grant.loop_, reward, amount.unwrap_or_default(), to);
            }
            Fact::Traced { loop_, play, by, reward, amount, device, network, .. } => {
                let deed = match (loop_, play) {
                    (Some(loop_), _) => self.deed_on(action, loop_, by)?,
                    (None, Some(play)) => self.deed_in(action, play, self.book.revision(), by),
                    (None, None) => self.deed_of(action, by),
                };
                let known = |number: u32| Some(number).filter(|number| *number > 0);
                let source = Source { device: known(device), network: known(network) };
                return Some(Deed { reward, amount, source, trace: true, ..deed });
            }
            _ => return None,
        };
        deed.source = self.source(deed.by, deed.source);
        Some(deed)
    }

    /// A reward about to be granted.
    #[must_use]
    pub fn granting(&self, loop_: Loop, reward: Reward, amount: Money, to: Person) -> Option<Deed> {
        let mut deed = self.deed_on(Action::Grant, loop_, to)?;
        deed.source = self.sender.map_or(Source::default(), |(_, source)| source);
        deed.reward = Some(reward);
        deed.amount = amount;
        Some(deed)
    }

    /// For whom a deed counts under a limit on its action, if it does.
    #[must_use]
    #[inline]
    pub fn subject(&self, limit: &Counted, deed: &Deed) -> Option<u32> {
        let counts = limit.reward.is_none_or(|reward| deed.reward == Some(reward))
            && (!deed.founding || limit.founding)
            && (!deed.trace || matches!(limit.per, Per::Device | Per::Network));
        if !counts {
            return None;
        }
        match limit.per {
            Per::Participant => Some(self.state.ids.main(deed.by).0),
            Per::Helper => {
                let helps = matches!(deed.action, Action::Help | Action::Join);
                let others = || deed.initiator.is_some_and(|whose| !self.state.ids.is_same(whose, deed.by));
                (helps || others()).then(|| self.state.ids.main(deed.by).0)
            }
            Per::Initiator => deed.initiator.map(|initiator| self.state.ids.main(initiator).0),
            Per::Device => deed.source.device,
            Per::Network => deed.source.network,
            Per::Loop => deed.loop_.map(|loop_| loop_.0),
            Per::Touchpoint => self.touchpoint(deed.by).map(|touchpoint| u32::from(touchpoint.0)),
            Per::Reward => deed.reward.map(|reward| u32::from(reward.0)),
            Per::Play => deed.play.map(|play| u32::from(play.0)),
            Per::Campaign => Some(0),
        }
    }

    #[inline]
    fn deed_of(&self, action: Action, by: Person) -> Deed {
        Deed {
            action,
            play: None,
            revision: self.book.revision(),
            loop_: None,
            initiator: None,
            by,
            reward: None,
            amount: Money(0),
            source: Source::default(),
            founding: false,
            trace: false,
        }
    }

    fn deed_in(&self, action: Action, play: Play, revision: u16, by: Person) -> Deed {
        Deed { play: Some(play), revision, ..self.deed_of(action, by) }
    }

    /// A deed in a loop.
    fn deed_on(&self, action: Action, loop_: Loop, by: Person) -> Option<Deed> {
        let Head { play, revision, initiator, .. } = self.head(loop_)?;
        let (play, loop_, initiator) = (Some(play), Some(loop_), Some(initiator));
        Some(Deed { play, revision, loop_, initiator, ..self.deed_of(action, by) })
    }

    fn from(&self, mut deed: Deed, device: Option<&str>) -> Deed {
        deed.source = Source::new(self.state, device, None);
        deed
    }

    /// While a command is decided, what its sender does and what is granted by it comes from its device.
    fn source(&self, by: Person, told: Source) -> Source {
        match self.sender {
            Some((Some(sender), source)) if self.state.ids.is_same(sender, by) => source,
            Some(_) => Source::default(),
            None => told,
        }
    }

    fn head(&self, loop_: Loop) -> Option<Head> {
        if let Some(head) = self.state.loop_(loop_) {
            let (play, revision, initiator) = (head.play, head.revision, head.initiator);
            return Some(Head { play, revision, initiator, opened: Some(head.opened) });
        }
        let nth = loop_.index().checked_sub(self.state.loops.len())?;
        let opened = self.facts.iter().filter(|fact| matches!(fact, Fact::Opened { .. })).nth(nth)?;
        let Fact::Opened { play, by, .. } = *opened else { return None };
        Some(Head { play, revision: self.book.revision(), initiator: by, opened: None })
    }

    fn touchpoint(&self, who: Person) -> Option<Touchpoint> {
        let persons = &self.state.persons;
        if persons.arrived.get(who.index()) == Some(true) {
            return persons.touchpoint.get(who.index())?.get();
        }
        self.facts.iter().find_map(|fact| match *fact {
            Fact::Arrived { who: other, touchpoint, .. } if other == who => touchpoint,
            _ => None,
        })
    }
}
