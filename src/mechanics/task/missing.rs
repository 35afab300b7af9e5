//! What is missing for the steps of a task list, so that doing exactly that reaches them.

use super::super::Mechanic;
use super::progress::Progress;
use super::{Claim, Complete, Kind, Rules, Task, day};
use crate::campaign::units::Int;
use crate::engine::book::Book;
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Period, Time, UtcOffset};
use crate::engine::view::{Need, Step};

/// What is missing in a loop at a moment.
pub(super) struct Here<'v> {
    pub(super) rules: &'v Rules,
    pub(super) book: &'v Book,
    pub(super) state: &'v LoopState,
    pub(super) progress: &'v Progress,
    pub(super) at: Time,
}

impl Here<'_> {
    /// Whether a tier or the goal can still be reached, and what is missing for it.
    pub(super) fn missing(&self, number: u32) -> (bool, Vec<Step>) {
        let Here { rules, progress, .. } = *self;
        if progress.counts.is_given(number) {
            return (false, Vec::new());
        }
        let short = rules.short_of(&progress.counts, number);
        let (can, mut steps) = match short {
            0 => (0, Vec::new()),
            _ if number == rules.goal() && rules.complete == Complete::Any => self.nearest_task(),
            _ => self.next_units(short),
        };
        let mut open = can >= short;
        if rules.claim == Claim::ByHand {
            let until = rules.claim_until(self.state);
            open = open && self.at < until;
            steps.push(Step { until: Some(until), ..Step::new(Need::Claim, 1) });
        }
        (open, steps)
    }

    /// The way to the task that is done with the fewest units more, and how many they are; none if none can be done.
    fn nearest_task(&self) -> (u32, Vec<Step>) {
        let Here { rules, progress, .. } = *self;
        let ways = rules.numbered().filter_map(|(task, units)| {
            let left = units.need().saturating_sub(progress.counts.of(task).have);
            let way = self.units(task, units, left, self.at);
            (way.can >= left).then_some((left, way.steps))
        });
        ways.min_by_key(|(left, _)| *left).unwrap_or_else(|| (0, vec![Step::new(Need::Wait, 1)]))
    }

    /// The way to `short` more units of whatever tasks come next, and how many of them the time allows.
    fn next_units(&self, short: u32) -> (u32, Vec<Step>) {
        let Here { rules, progress, .. } = *self;
        let (mut reached, mut now) = (0, self.at);
        let (mut steps, mut beyond) = (Vec::new(), Vec::new());
        for (task, units) in rules.numbered() {
            let left = units.need().saturating_sub(progress.counts.of(task).have);
            if left == 0 || reached >= short {
                continue;
            }
            let wanted = left.min(short - reached);
            let mut way = self.units(task, units, wanted, now);
            if way.can < wanted {
                beyond.append(&mut way.steps);
                if rules.complete == Complete::InOrder {
                    break;
                }
                if way.can == 0 {
                    continue;
                }
                way = self.units(task, units, way.can, now);
            }
            steps.append(&mut way.steps);
            (reached, now) = (reached + way.can, way.then);
        }
        if reached < short {
            // The time does not allow it; what would be missing is still said.
            steps.append(&mut beyond);
        }
        (reached, steps)
    }

    /// The way to `wanted` more units of a task from an instant on.
    fn units(&self, task: u32, rules: &Task, wanted: u32, from: Time) -> Way {
        let until = self.state.until;
        let step = |need: Need, count: u32| Step { until: Some(until), ..Step::new(need, count) };
        let offset = self.book.current().timezone;
        let steps = match rules.kind() {
            Kind::Event => {
                let (name, amount) = (rules.event, rules.at_least);
                vec![Step { name, amount, ..step(Need::Event, wanted) }]
            }
            Kind::Invite if rules.qualifies.is_none() && rules.without.is_none() && !rules.new_only => {
                vec![step(Need::Join, wanted)]
            }
            Kind::Invite => {
                let (name, amount) = (rules.qualifies, rules.at_least);
                vec![Step { name, amount, ..step(Need::Invite, wanted) }]
            }
            Kind::Returns => {
                let today = self.progress.visits_of_day(from, offset);
                return returning((from, until), offset, (rules.per_day.map(Int::get), today), wanted);
            }
            Kind::CheckIn => {
                let last = self.progress.checked_in.map(|(day, _)| day);
                return checking_in((from, until), offset, last, wanted);
            }
            Kind::Answer | Kind::Form => vec![step(Need::Submit, wanted)],
            Kind::Picture if self.progress.is_pending(task) => {
                // A review may come after the end of the loop.
                let until = Some(until).filter(|_| self.is_running());
                let steps = vec![Step { until, ..Step::new(Need::Review, wanted) }];
                return Way { can: wanted, steps, then: from };
            }
            Kind::Picture => vec![step(Need::Submit, wanted), step(Need::Review, wanted)],
        };
        Way { can: if self.is_running() { wanted } else { 0 }, steps, then: from }
    }

    fn is_running(&self) -> bool {
        self.rules.status(self.state, self.progress, self.at) == Status::Running
    }
}

/// The way to more units of a task.
pub(in crate::mechanics) struct Way {
    /// How many of them the time allows.
    pub(in crate::mechanics) can: u32,
    /// What has to happen.
    pub(in crate::mechanics) steps: Vec<Step>,
    /// When all of it has happened at the earliest.
    pub(in crate::mechanics) then: Time,
}

/// How `wanted` more visits come about when `most` count on one local day and `today` of them have: visits, and waiting
/// for the next day in between.
pub(in crate::mechanics) fn returning(
    (from, until): (Time, Time),
    offset: UtcOffset,
    (most, today): (Option<u32>, u32),
    wanted: u32,
) -> Way {
    let mut steps = Vec::new();
    let (mut left, mut now) = (wanted, from);
    let mut free = most.map_or(wanted, |most| most.saturating_sub(today));
    while left > 0 && now < until {
        let count = free.min(left);
        if count > 0 {
            steps.push(Step { until: Some(until), ..Step::new(Need::Return, count) });
            left -= count;
        }
        if left > 0 {
            (_, now) = Period::Day.of(now, offset);
            steps.push(Step { until: Some(now), ..Step::new(Need::Wait, 1) });
            free = most.unwrap_or(left);
        }
    }
    if steps.is_empty() {
        // The time is over; what would be missing is still said.
        steps.push(Step { until: Some(until), ..Step::new(Need::Return, wanted) });
    }
    Way { can: wanted - left, steps, then: now }
}

/// How `wanted` more check-ins come about, one on each local day, when the last was on the day `last`.
fn checking_in((from, until): (Time, Time), offset: UtcOffset, last: Option<u32>, wanted: u32) -> Way {
    let (mut can, mut now) = (0, from);
    while can < wanted && now < until {
        let (today, next) = day(now, offset);
        can += u32::from(last != Some(today));
        if can < wanted {
            now = next;
        }
    }
    let steps = vec![Step { until: Some(until), ..Step::new(Need::CheckIn, wanted) }];
    Way { can, steps, then: now }
}
