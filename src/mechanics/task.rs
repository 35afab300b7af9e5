//! Task unlock (任务宝): a participant does tasks, alone and with friends, and unlocks rewards on the way and at the goal.
//!
//! * A participant has one loop of the play at a time, open for `within` from its opening, but never beyond
//!   the end of the campaign. Nothing that happens at or after that instant counts.
//! * A task counts units: `event` as many happenings of it as `count` (one if absent) to the participant, with an amount of
//!   `atLeast`; `invite` as many friends; `returns` as many visits by others; `checkIn` as many local days;
//!   `answer` and `submit` one. A unit more than the task needs is not counted. What happened before the loop
//!   was opened does not count.
//! * With `complete` `all` the goal is reached when all tasks are done, with `any` when one is. With `in-order` a task
//!   counts only while all tasks before it are done; one event never counts for a task that it has
//!   itself made the next one. The tiers are reached by the sum of the units of all tasks. Each tier and the
//!   goal give once, however many are reached by one command.
//! * With `claim` `at-once` what is reached is given at once; with `by-hand` the participant claims each tier by
//!   its number, from 1, or the `goal`, or without a name all that is reached, until `claimWithin` after the end
//!   of the loop. A claim is held against the units as they are then, and one whose rewards are out is refused, so that nothing is lost by it.
//!   The loop is complete when the goal is reached and everything is given.
//! * A friend joins an `invite` task once: not oneself; the first inviter of the play keeps them, in all of
//!   their loops; with `newOnly` only if they first arrived by what the inviter shared, or are first met by joining;
//!   with `without` only if that event never happened to them. A friend counts at once, or when
//!   the event `qualifies` happens to them after joining (if the task takes another unit then).
//! * A visitor counts for a `returns` task once, and `perDay` of them on one local day. Sharing itself counts nothing.
//! * A picture waits for its review, beyond the end of the loop if need be: approved then, it counts as it would have
//!   in time. An event `undoneBy` takes the latest unit of its task back, and refunds
//!   do not touch such a task. No two people of the play hand in the same picture.
//! * A friend leaves when they are no contact any more. With `ifLeaves` `keep` their unit stays. With `relock`
//!   it no longer counts: what is given stays given, what is reached and not given is locked again. The same friend
//!   joins again: that restores the unit, if the task still needs it, and adds nothing. The same
//!   holds for `undoneBy`.
//! * If the order behind a unit is refunded, the unit is void, and what has been given beyond the units
//!   (those of friends who left still among them) is taken back. It can be earned again while the loop is running.
//! * A reward that is out when it is reached at once is withheld, with its fallback tried; the tier is reached all the same.
//!
//! Example: `{ "tasks": [{ "name": "follow", "event": "followed" }, { "name": "friends", "invite": 5 }],
//! "tiers": [{ "at": 3, "give": "sample" }, { "at": 6, "give": "mask" }], "ifLeaves": "relock" }`. Ann opens, follows (1 of 6),
//! Bo and Cy join (2 and 3: she gets a sample). Bo leaves: 2 of 6, the sample stays. Bo joins again: 3 of 6,
//! no second sample. Di, Ed and Flo join: 6 of 6, the mask, and the loop is complete. Gus meets `LOOP_COMPLETE`.

mod findings;
mod missing;
mod progress;

pub use findings::check;
use findings::check_task;
use missing::Here;
pub(super) use missing::returning;
pub use progress::Progress;
use progress::{Counts, Friend};

use super::abuse::{self, Recipe, Scheme};
use super::{Keep, Looking, Mechanic, On, Opening, lineage};
use crate::campaign::document::{choices, document};
use crate::campaign::triggers::normalised;
use crate::campaign::units::{Int, List, Text};
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::handle::{Event, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State, Status};
use crate::engine::time::{Period, Span, Time, UtcOffset};
use crate::engine::view::{ItemLook, ItemName, Look, Offer, PersonLook, RewardLook, Side};
use crate::gather::Gather;
use crate::guard;
use crate::rewards;
use crate::sorted::Sorted;

document! {
    /// 任务宝: a participant does tasks and unlocks rewards on the way and at the goal.
    pub struct Rules {
        /// The tasks, in their order.
        pub tasks: List<Task, 1, 20>,
        /// Which of them have to be done.
        pub complete: Complete = Complete::All,
        /// What the goal gives.
        pub give: Vec<Reward> = Vec::new(),
        /// Rewards on the way.
        pub tiers: Option<List<Tier, 1, 10>>,
        /// Whether what is reached is given at once.
        pub claim: Claim = Claim::AtOnce,
        /// How long after the end of the loop it can still be claimed.
        pub claim_within: Option<Span>,
        /// What becomes of a friend's unit when the friend leaves.
        pub if_leaves: IfLeaves = IfLeaves::Keep,
        /// How long a loop stays open; until the campaign ends if absent.
        pub within: Option<Span>,
    }
}

document! {
    /// A task: exactly one of `event`, `invite`, `returns`, `checkIn`, `answer` and `submit` says of what kind.
    pub struct Task {
        /// What it is called, in commands too.
        pub name: Text<20>,
        /// An event of the site that happens to the participant.
        pub event: Option<Event>,
        /// How often the event has to happen; once if absent.
        pub count: Option<Int<1, 1_000>>,
        /// The least amount of the event, or of the event that qualifies a friend.
        pub at_least: Option<Money>,
        /// The event that takes the latest unit back.
        pub undone_by: Option<Event>,
        /// How many friends have to join.
        pub invite: Option<Int<1, 1_000>>,
        /// The event that makes a friend count; joining does if absent.
        pub qualifies: Option<Event>,
        /// Whether only those count who came by what the participant shared, or are new altogether.
        pub new_only: bool = false,
        /// The event that must not have happened to a friend before.
        pub without: Option<Event>,
        /// How many others have to come by what the participant shares.
        pub returns: Option<Int<1, 1_000>>,
        /// How many of them count on one local day.
        pub per_day: Option<Int<1, 1_000>>,
        /// On how many local days the participant has to check in.
        pub check_in: Option<Int<1, 366>>,
        /// The answers that are right. Blanks around them, letter case and full-width forms make no difference.
        pub answer: Option<List<Text<60>, 1, 20>>,
        /// What has to be handed in.
        pub submit: Option<Submit>,
    }
    check check_task;
}

document! {
    /// A reward on the way.
    pub struct Tier {
        /// How many units of all tasks together reach it.
        pub at: Int<1, 10_000>,
        /// The reward.
        pub give: Reward,
    }
}

choices! {
    /// Which tasks have to be done.
    pub enum Complete {
        /// All of them.
        All = "all",
        /// One of them.
        Any = "any",
        /// All of them, one after the other.
        InOrder = "in-order",
    }
}

choices! {
    /// Whether what is reached is given at once.
    pub enum Claim {
        /// At once.
        AtOnce = "at-once",
        /// When the participant claims it.
        ByHand = "by-hand",
    }
}

choices! {
    /// What becomes of a friend's unit when the friend leaves.
    pub enum IfLeaves {
        /// It stays.
        Keep = "keep",
        /// It no longer counts; what is not given yet is locked again.
        Relock = "relock",
    }
}

choices! {
    /// What has to be handed in.
    pub enum Submit {
        /// A form, which counts at once.
        Form = "form",
        /// A picture, which counts when it is approved.
        Picture = "picture",
    }
}

/// The kind of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Event,
    Invite,
    Returns,
    CheckIn,
    Answer,
    Form,
    Picture,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] =
        &[Act::Join, Act::Leave, Act::Share, Act::CheckIn, Act::Submit, Act::Review, Act::Claim];

    const LOOPS: super::Loops = super::Loops::Personal;

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let end = opening.cx.book.current().runs.until;
        let until = self.within.map_or(end, |within| opening.cx.at.after(within).min(end));
        opening.emit(until);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        match cx.act {
            Act::Claim => return self.claim(cx, &on, by),
            Act::Leave => return self.leave(cx, &on, by),
            // What was handed in in time waits for its review however long that takes.
            Act::Review if self.status(on.state, on.progress, cx.at) == Status::Expired => {}
            _ => cx.loop_running(on.play, on.state)?,
        }
        if cx.act == Act::Join {
            return self.join(cx, &on, by);
        }
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        match cx.act {
            Act::CheckIn => self.check_in(cx, &on, by),
            Act::Submit => self.submit(cx, &on, by),
            _ => self.review(cx, &on, by),
        }
    }

    fn visited(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person) {
        let Some((task, rules)) = self.of_kind(Kind::Returns) else { return };
        let offset = cx.book.current().timezone;
        let today = rules.per_day.map_or(0, |_| on.progress.visits_of_day(cx.at, offset));
        let counts = on.state.initiator != by
            && cx.loop_running(on.play, on.state).is_ok()
            && self.takes(&on.progress.counts, task).is_ok()
            && !on.progress.visits.contains_key(&by)
            && rules.per_day.is_none_or(|most| today < most.get())
            && self.is_welcome(cx, &on, rules, by);
        if counts {
            self.advance(cx, &on, &[task], by, None);
        }
    }

    fn event(
        &self,
        cx: &mut Deciding<'_, '_>,
        on: On<'_, '_, Progress>,
        by: Person,
        event: Event,
        order: Option<Order>,
    ) {
        if on.state.initiator != by {
            self.qualify(cx, &on, by, event, order);
            return;
        }
        let mut counts = on.progress.counts.clone();
        for (task, rules) in self.numbered() {
            let have = counts.of(task).have;
            if rules.undone_by == Some(event) && have > 0 {
                cx.emit(Fact::Undone { loop_: on.loop_, by, task, have: have - 1 });
                counts.set(task, have - 1);
            }
        }
        if cx.loop_running(on.play, on.state).is_err() {
            return;
        }
        let fits = |(task, rules): &(u32, &Task)| {
            rules.event == Some(event) && rules.pays(cx.command.amount) && self.takes(&counts, *task).is_ok()
        };
        let tasks: Vec<u32> = self.numbered().filter(fits).map(|(task, _)| task).gather();
        if !tasks.is_empty() {
            self.advance_from(counts, cx, &on, &tasks, by, order);
        }
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, _by: Person, order: Order) {
        let mut after = on.progress.clone();
        after.refund(self, order);
        for (task, _) in self.numbered() {
            let (before, now) = (on.progress.counts.of(task).have, after.counts.of(task).have);
            if now < before {
                let by = on.progress.owner(order, task).unwrap_or(on.state.initiator);
                cx.emit(Fact::Undone { loop_: on.loop_, by, task, have: now });
            }
        }
        for number in 0..self.steps() {
            if on.progress.counts.is_given(number) && !after.counts.is_given(number) {
                rewards::revoke(cx, on.loop_, number, "order refunded");
            }
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, .. } => progress.befriend(by, at),
            Fact::Left { by, .. } => progress.leave(self, by),
            Fact::Done { by, task, have, order, .. } => progress.done(self, (task, have), by, order, at),
            Fact::Undone { task, have, .. } => progress.undone(task, have),
            Fact::Refunded { .. } => {
                if let Some(order) = keep.order {
                    progress.refund(self, order);
                }
            }
            Fact::CheckedIn { day, streak, .. } => progress.checked_in = Some((day, streak)),
            Fact::Submitted { by, n, name, hash, .. } => {
                if let Some((task, _)) = name.and_then(|name| self.named(name)) {
                    progress.hand_in(task, n);
                }
                if let Some(hash) = hash {
                    keep.firsts.entry((keep.play, hash.into()), by);
                }
            }
            Fact::Approved { n, .. } | Fact::Declined { n, .. } => progress.reviewed(n),
            Fact::Claimed { n, .. } => progress.counts.give(n.saturating_sub(1)),
            _ => {}
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, counts) = (looking.state, &progress.counts);
        let here = Here { rules: self, book: looking.book, state, progress, at: looking.at };
        let reviewable = self.status(state, progress, looking.at) != Status::Complete;
        let mut rewards = Vec::new();
        for number in 0..self.steps() {
            let (open, missing) = here.missing(number);
            for reward in self.gives(number) {
                rewards.push(RewardLook::new(*reward, state.initiator, number, open, missing.clone()));
            }
        }
        let ahead = (0..self.steps()).map(|number| self.short_of(counts, number)).filter(|short| *short > 0);
        let have = self.total(counts, Counts::standing);
        let friends = progress.friends.iter().map(|(who, friend)| {
            let status = match friend {
                Friend { left: true, .. } => "left",
                Friend { counts: true, .. } => "qualified",
                Friend { .. } => "joined",
            };
            PersonLook { at: Some(friend.joined), ..PersonLook::new(*who, status) }
        });
        let visitors = progress
            .visits
            .iter()
            .map(|(who, at)| PersonLook { at: Some(*at), ..PersonLook::new(*who, "returned") });
        let people = friends.chain(visitors).enumerate().map(|(n, person)| ((person.at, n), person));
        let people: Vec<PersonLook> = people.collect::<Sorted<_, _>>().into_values().gather();
        let friend = looking.who.filter(|who| progress.friends.get(who).is_some_and(|friend| !friend.left));
        let tasks = self.numbered().map(|(task, rules)| {
            let status = match self.takes(counts, task) {
                _ if progress.is_pending(task) && reviewable => "review",
                Ok(()) => "open",
                Err(rejection) if rejection.code == Code::TaskDone => "done",
                Err(_) => "locked",
            };
            let (have, need) = (counts.of(task).have.into(), rules.need().into());
            ItemLook::new("task", ItemName::Text(rules.name.to_string()), have, need, status)
        });
        let tiers = (0u32..).zip(self.tiers()).map(|(number, tier)| {
            let status = match (counts.is_given(number), self.short_of(counts, number)) {
                (true, _) => "given",
                (false, 0) => "reached",
                (false, _) => "locked",
            };
            ItemLook::new("tier", ItemName::Reward(tier.give), have.into(), tier.at.get().into(), status)
        });
        Look {
            role: friend.map(|_| "invitee"),
            have,
            need: ahead.min().map_or(0, |short| have.saturating_add(short)),
            people,
            rewards,
            items: tasks.chain(tiers).gather(),
            ..Look::default()
        }
    }

    fn has_use_of(&self, act: Act) -> bool {
        let kinds: &[Kind] = match act {
            Act::CheckIn => &[Kind::CheckIn],
            Act::Submit => &[Kind::Answer, Kind::Form, Kind::Picture],
            _ => return true,
        };
        kinds.iter().any(|kind| self.of_kind(*kind).is_some())
    }

    fn offers(&self) -> Vec<Offer> {
        let nothing = Counts::default();
        (0..self.steps())
            .flat_map(|number| {
                let at = self.short_of(&nothing, number);
                self.gives(number).iter().map(move |reward| Offer {
                    side: Side::Initiator,
                    reward: *reward,
                    at,
                })
            })
            .gather()
    }

    fn window(&self) -> Option<Span> {
        self.within
    }

    fn schemes(&self) -> Vec<Scheme> {
        let is_friends = |task: &Task| matches!(task.kind(), Kind::Invite | Kind::Returns);
        let of = |friends: bool| -> u32 {
            self.tasks.iter().filter(|task| is_friends(task) == friends).map(Task::need).sum()
        };
        let (own, friends) = (of(false), of(true));
        let recipe = if friends > 0 { Recipe::Invite } else { Recipe::Each };
        let people = |number: u32| match usize::try_from(number).ok().and_then(|at| self.tiers().get(at)) {
            Some(tier) => tier.at.get().saturating_sub(own),
            None if self.complete == Complete::Any => self
                .tasks
                .iter()
                .map(|task| if is_friends(task) { task.need() } else { 0 })
                .min()
                .unwrap_or(0),
            None => friends,
        };
        let steps: Vec<(u32, u32)> = (0..self.steps()).map(|number| (people(number).max(1), number)).gather();
        let top = |most: u32| {
            let reached = steps.iter().filter(|(people, _)| *people <= most);
            reached.flat_map(|(_, number)| self.gives(*number)).map(|reward| (*reward, 1)).gather()
        };
        let counts: Vec<u32> = steps.iter().map(|(people, _)| *people).gather();
        abuse::ladder(recipe, &counts, top, &[])
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Join, super::leaderboard::Count::Task]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        (0..self.steps()).flat_map(|number| self.gives(number).iter().map(|reward| (*reward, 1))).gather()
    }
}

impl Rules {
    fn join<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let (task, rules) = self.of_kind(Kind::Invite).ok_or(unknown_act(cx))?;
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        let known = on.progress.friends.get(&by);
        match known {
            Some(friend) if !friend.left => return Err(Code::AlreadyJoined.into()),
            Some(_) => {}
            None => match inviter(cx.state, on.state.play, by) {
                Some(first) if first == on.state.initiator => return Err(Code::AlreadyJoined.into()),
                Some(_) => return Err(Code::AlreadyInvited.into()),
                None if !self.is_welcome(cx, on, rules, by) => return Err(Code::NotNew.into()),
                None => {}
            },
        }
        let counts = known.is_some_and(|friend| friend.counts);
        let stays = counts && self.if_leaves == IfLeaves::Keep;
        if !stays {
            self.takes(&on.progress.counts, task)?;
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        cx.emit(Fact::Joined { loop_: on.loop_, by, until: on.state.until, device });
        if !stays && (counts || rules.qualifies.is_none()) {
            self.advance(cx, on, &[task], by, None);
        }
        Ok(())
    }

    /// A friend does what makes them count.
    fn qualify(
        &self,
        cx: &mut Deciding<'_, '_>,
        on: &On<'_, '_, Progress>,
        by: Person,
        event: Event,
        order: Option<Order>,
    ) {
        let Some((task, rules)) = self.of_kind(Kind::Invite) else { return };
        let waits = on.progress.friends.get(&by).is_some_and(|friend| !friend.left && !friend.counts);
        if waits
            && rules.qualifies == Some(event)
            && rules.pays(cx.command.amount)
            && cx.loop_running(on.play, on.state).is_ok()
            && self.takes(&on.progress.counts, task).is_ok()
        {
            self.advance(cx, on, &[task], by, order);
        }
    }

    fn leave<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let friend = on.progress.friends.get(&by).filter(|friend| !friend.left).ok_or(Code::NotMember)?;
        cx.emit(Fact::Left { loop_: on.loop_, by });
        if let Some((task, _)) =
            self.of_kind(Kind::Invite).filter(|_| friend.counts && self.if_leaves == IfLeaves::Relock)
        {
            let have = on.progress.counts.of(task).have.saturating_sub(1);
            cx.emit(Fact::Undone { loop_: on.loop_, by, task, have });
        }
        Ok(())
    }

    fn check_in<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let (task, _) = self.of_kind(Kind::CheckIn).ok_or(unknown_act(cx))?;
        self.takes(&on.progress.counts, task)?;
        let (day, next) = day(cx.at, cx.book.current().timezone);
        let streak = match on.progress.checked_in {
            Some((last, _)) if last == day => return Err(Rejection::new(Code::AlreadyCheckedIn).until(next)),
            Some((last, streak)) if last.checked_add(1) == Some(day) => streak.saturating_add(1),
            _ => 1,
        };
        cx.emit(Fact::CheckedIn { loop_: on.loop_, by, day, streak });
        self.advance(cx, on, &[task], by, None);
        Ok(())
    }

    fn submit<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let name = required(cx.command.name.as_deref(), "name")?;
        let (task, rules) = self.named(name).ok_or(Rejection::new(Code::TaskUnknown).name(name))?;
        match rules.kind() {
            Kind::Answer => {
                let text = normalised(required(cx.command.text.as_deref(), "text")?);
                self.takes(&on.progress.counts, task)?;
                let mut answers = rules.answer.iter().flat_map(|answers| answers.iter());
                if !answers.any(|answer| normalised(answer) == text) {
                    return Err(Code::AnswerWrong.into());
                }
            }
            Kind::Form => self.takes(&on.progress.counts, task)?,
            Kind::Picture => {
                let hash = required(cx.command.hash.as_deref(), "hash")?;
                self.takes(&on.progress.counts, task)?;
                if on.progress.is_pending(task) {
                    return Err(Code::ReviewPending.into());
                }
                if cx.state.firsts.contains_key(&(on.state.play, hash.into())) {
                    return Err(Code::PictureKnown.into());
                }
                let n = on.progress.handed_in.saturating_add(1);
                let (loop_, name) = (on.loop_, Some(&*rules.name));
                cx.emit(Fact::Submitted { loop_, by, n, name, hash: Some(hash), until: None });
                return Ok(());
            }
            _ => return Err(Rejection::new(Code::TaskUnknown).name(name)),
        }
        self.advance(cx, on, &[task], by, None);
        Ok(())
    }

    fn review<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let (loop_, name) = (on.loop_, required(cx.command.name.as_deref(), "name")?);
        let (task, n) = *on.progress.pending.first().ok_or(Code::NothingToReview)?;
        match name {
            "approve" => {
                cx.emit(Fact::Approved { loop_, by, n });
                self.advance(cx, on, &[task], by, None);
            }
            "reject" => cx.emit(Fact::Declined { loop_, by, n, reason: cx.command.reason.as_deref() }),
            _ => return Err(Rejection::new(Code::CommandMalformed).field("name")),
        }
        Ok(())
    }

    fn claim<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        if self.claim == Claim::AtOnce {
            return Err(unknown_act(cx));
        }
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        let until = self.claim_until(on.state);
        if on.state.status != Status::Complete && cx.at >= until {
            return Err(Rejection::new(Code::LoopExpired).until(until));
        }
        let counts = &on.progress.counts;
        let wanted: Vec<u32> = match cx.command.name.as_deref() {
            None => (0..self.steps()).gather(),
            Some(name) => vec![self.step(name).ok_or(Rejection::new(Code::ItemUnknown).name(name))?],
        };
        let left = wanted.into_iter().filter(|number| !counts.is_given(*number));
        let (reached, ahead): (Vec<u32>, Vec<u32>) =
            left.partition(|number| self.short_of(counts, *number) == 0);
        if reached.is_empty() {
            let short = ahead.iter().map(|number| self.short_of(counts, *number)).min();
            return Err(short
                .map_or(Code::AlreadyClaimed.into(), |short| Rejection::new(Code::NotReached).most(short)));
        }
        let (mut after, mut refused) = (counts.clone(), None);
        for number in reached {
            match rewards::check_obtainable(cx, on.loop_, self.gives(number), by) {
                Ok(()) => {
                    after.give(number);
                    cx.emit(Fact::Claimed { loop_: on.loop_, by, n: number + 1, amount: None });
                    self.hand_over(cx, on, number);
                }
                Err(rejection) => refused = refused.or(Some(rejection)),
            }
        }
        if let Some(rejection) = refused.filter(|_| after == *counts) {
            return Err(rejection);
        }
        self.finish(cx, on, &after);
        Ok(())
    }

    /// Emits one more unit of each of the tasks, and all that this reaches.
    fn advance(
        &self,
        cx: &mut Deciding<'_, '_>,
        on: &On<'_, '_, Progress>,
        tasks: &[u32],
        by: Person,
        order: Option<Order>,
    ) {
        self.advance_from(on.progress.counts.clone(), cx, on, tasks, by, order);
    }

    fn advance_from(
        &self,
        before: Counts,
        cx: &mut Deciding<'_, '_>,
        on: &On<'_, '_, Progress>,
        tasks: &[u32],
        by: Person,
        order: Option<Order>,
    ) {
        let mut after = before.clone();
        for task in tasks {
            let Some(rules) = self.task(*task) else { continue };
            let have = before.of(*task).have.saturating_add(1);
            // Only what `undoneBy` cannot take back rests on its order.
            let order = order.filter(|_| rules.undone_by.is_none());
            cx.emit(Fact::Done { loop_: on.loop_, by, task: *task, have, need: rules.need(), order });
            after.set(*task, have);
        }
        self.give_reached(&mut after);
        for number in 0..self.steps() {
            if after.is_given(number) && !before.is_given(number) {
                self.hand_over(cx, on, number);
            }
        }
        self.finish(cx, on, &after);
    }

    fn hand_over(&self, cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>, number: u32) {
        rewards::grant_anew(cx, on.loop_, self.gives(number), on.state.initiator, number);
    }

    fn finish(&self, cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>, after: &Counts) {
        let all_given = (0..self.steps()).all(|number| after.is_given(number));
        if all_given
            && self.reaches_goal(after, Counts::standing)
            && on.state.status == Status::Running
            && (cx.at < on.state.until || cx.act == Act::Review)
        {
            cx.emit(Fact::Completed { loop_: on.loop_ });
        }
    }

    /// Marks as given what is given as soon as it is reached.
    fn give_reached(&self, counts: &mut Counts) {
        if self.claim == Claim::AtOnce {
            for number in 0..self.steps() {
                if self.is_reached(counts, number, Counts::standing) {
                    counts.give(number);
                }
            }
        }
    }

    /// Whether a task counts one more unit.
    fn takes<'c>(&'c self, counts: &Counts, task: u32) -> Result<(), Rejection<'c>> {
        let is_done = |(task, rules): &(u32, &Task)| counts.of(*task).have >= rules.need();
        let mut before = self.numbered().take_while(|(number, _)| *number < task);
        if self.complete == Complete::InOrder
            && let Some((_, first)) = before.find(|entry| !is_done(entry))
        {
            return Err(Rejection::new(Code::TaskOrder).name(&first.name));
        }
        match self.task(task) {
            Some(rules) if !is_done(&(task, rules)) => Ok(()),
            _ => Err(Code::TaskDone.into()),
        }
    }

    /// Whether someone may count as a friend or visitor under the task's rules for newcomers.
    fn is_welcome(&self, cx: &Deciding<'_, '_>, on: &On<'_, '_, Progress>, rules: &Task, by: Person) -> bool {
        let met_before = rules.without.is_some_and(|event| cx.state.happened(by, event) > 0);
        !met_before && (!rules.new_only || lineage::is_unmet(cx, by, on.state.initiator))
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &Task)> {
        (0u32..).zip(self.tasks.iter())
    }

    fn task(&self, task: u32) -> Option<&Task> {
        self.tasks.get(usize::try_from(task).ok()?)
    }

    fn named(&self, name: &str) -> Option<(u32, &Task)> {
        self.numbered().find(|(_, rules)| &*rules.name == name)
    }

    fn of_kind(&self, kind: Kind) -> Option<(u32, &Task)> {
        self.numbered().find(|(_, rules)| rules.kind() == kind)
    }

    fn tiers(&self) -> &[Tier] {
        self.tiers.as_deref().unwrap_or_default()
    }

    /// The number of the goal among the steps, which comes after the tiers.
    fn goal(&self) -> u32 {
        u32::try_from(self.tiers().len()).unwrap_or(u32::MAX)
    }

    /// How many tiers there are, and the goal if it gives something or there is nothing else.
    fn steps(&self) -> u32 {
        self.goal() + u32::from(self.goal() == 0 || !self.give.is_empty())
    }

    fn step(&self, name: &str) -> Option<u32> {
        let number = match name {
            "goal" => self.goal(),
            _ => name.parse::<u32>().ok()?.checked_sub(1).filter(|number| *number < self.goal())?,
        };
        (number < self.steps()).then_some(number)
    }

    /// What a tier or the goal gives.
    fn gives(&self, number: u32) -> &[Reward] {
        let tier = usize::try_from(number).ok().and_then(|number| self.tiers().get(number));
        tier.map_or(&self.give, |tier| core::slice::from_ref(&tier.give))
    }

    /// The units of all tasks together, each counted by `of`.
    fn total(&self, counts: &Counts, of: impl Fn(&Counts, u32) -> u32) -> u32 {
        self.numbered().map(|(task, rules)| of(counts, task).min(rules.need())).sum()
    }

    fn reaches_goal(&self, counts: &Counts, of: impl Fn(&Counts, u32) -> u32) -> bool {
        let mut tasks = self.numbered().map(|(task, rules)| of(counts, task) >= rules.need());
        if self.complete == Complete::Any { tasks.any(|done| done) } else { tasks.all(|done| done) }
    }

    fn is_reached(&self, counts: &Counts, number: u32, of: impl Fn(&Counts, u32) -> u32) -> bool {
        match usize::try_from(number).ok().and_then(|number| self.tiers().get(number)) {
            Some(tier) => self.total(counts, of) >= tier.at.get(),
            None => self.reaches_goal(counts, of),
        }
    }

    /// How many units are missing for a tier or the goal.
    fn short_of(&self, counts: &Counts, number: u32) -> u32 {
        let mut left = self.numbered().map(|(task, rules)| rules.need().saturating_sub(counts.of(task).have));
        match usize::try_from(number).ok().and_then(|number| self.tiers().get(number)) {
            Some(tier) => tier.at.get().saturating_sub(self.total(counts, Counts::standing)),
            None if self.complete == Complete::Any => left.min().unwrap_or(0),
            None => left.by_ref().sum(),
        }
    }

    /// Until when what is reached can be claimed.
    fn claim_until(&self, state: &LoopState) -> Time {
        self.claim_within.map_or(state.until, |within| state.until.after(within))
    }
}

impl Task {
    fn kind(&self) -> Kind {
        match self.submit {
            Some(Submit::Form) => Kind::Form,
            Some(Submit::Picture) => Kind::Picture,
            None if self.invite.is_some() => Kind::Invite,
            None if self.returns.is_some() => Kind::Returns,
            None if self.check_in.is_some() => Kind::CheckIn,
            None if self.answer.is_some() => Kind::Answer,
            None => Kind::Event,
        }
    }

    /// How many units it needs.
    fn need(&self) -> u32 {
        let given = [
            self.count.map(Int::get),
            self.invite.map(Int::get),
            self.returns.map(Int::get),
            self.check_in.map(Int::get),
        ];
        given.into_iter().flatten().next().unwrap_or(1)
    }

    /// Whether an event with this amount is large enough.
    fn pays(&self, amount: Option<Money>) -> bool {
        self.at_least.is_none_or(|least| amount.is_some_and(|amount| amount >= least))
    }
}

/// The number of a local day, and when the next one begins.
fn day(at: Time, offset: UtcOffset) -> (u32, Time) {
    let (day, next) = Period::Day.of(at, offset);
    (u32::try_from(day).unwrap_or(0), next)
}

/// Who first invited someone in a play.
fn inviter(state: &State, play: Play, who: Person) -> Option<Person> {
    let loops = state.loops_of(who).filter_map(|loop_| state.loop_(loop_));
    loops
        .filter(|other| other.play == play && !state.ids.is_same(other.opener, who))
        .map(|other| other.initiator)
        .last()
}

fn unknown_act<'c>(cx: &Deciding<'_, '_>) -> Rejection<'c> {
    Rejection::new(Code::ActionUnknown).name(cx.act.name())
}
