//! Screenshot (截图裂变): a participant hands in a picture of what they shared, someone reviews it, and it is rewarded.
//!
//! * A participant has one loop for the play, opened by the first `submit` or by `open`, and none after it.
//!   Pictures are handed in within `within` of its opening, or until the campaign ends.
//! * A picture is known by its fingerprint `hash`. One that anyone handed in before, in this play and whatever
//!   became of it, is refused. The next picture can be handed in once the one before is reviewed, at most `most` in
//!   all.
//! * `review` with the name `approve` accepts the picture that waits: the loop is complete, and the participant
//!   gets `give`. With `reject` it is declined, and another picture can be handed in.
//! * A picture that is not reviewed within `reviewWithin` is approved or rejected as `ifUnreviewed` says, at that
//!   instant, whether or not anything has settled it. A picture handed in in time is reviewed even after the time
//!   to hand in.
//! * If the play `requires` an event with an order, a refund of that order ends the loop, and takes the rewards
//!   back if it was complete.
//!
//! Example: `{ "give": ["cash2"], "most": 2, "reviewWithin": "24h", "ifUnreviewed": "reject" }`. Ann hands in `p1`
//! at 10:00; it is rejected at 11:00. Bo hands in `p1`: `PICTURE_KNOWN`. Ann hands in `p2` at 12:00, and nobody
//! looks at it: at 12:00 the next day it is rejected. A third picture meets `SUBMISSIONS_USED`. Had it been
//! approved in time, Ann would have got `cash2`.

use super::abuse::{Recipe, Scheme};
use super::{Keep, Kept, Looking, Loops, Mechanic, On, Opening};
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::handle::{Order, Person, Reward};
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 截图裂变: a picture of what was shared is reviewed and rewarded.
    pub struct Rules {
        /// What an approved picture earns.
        pub give: Vec<Reward> = Vec::new(),
        /// How many pictures a participant can hand in.
        pub most: Int<1, 100> = Int::clamped(3),
        /// How long after the first step pictures can be handed in; absent, until the campaign ends.
        pub within: Option<Span>,
        /// How long a review takes at most.
        pub review_within: Span = Span(172_800_000),
        /// What becomes of a picture that is not reviewed in time.
        pub if_unreviewed: Unreviewed = Unreviewed::Reject,
    }
}

choices! {
    /// What becomes of a picture that is not reviewed in time.
    pub enum Unreviewed {
        /// It is approved.
        Approve = "approve",
        /// It is rejected.
        Reject = "reject",
    }
}

/// The pictures that were handed in, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pictures: Vec<Picture>,
}

#[derive(Clone, Debug, PartialEq)]
struct Picture {
    hash: Box<str>,
    at: Time,
    until: Time,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Submitted,
    Approved,
    Declined,
}

/// The cause of the grants.
const APPROVAL: u32 = 0;

/// Why a picture is declined that nobody reviewed.
const UNREVIEWED: &str = "not reviewed in time";

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Submit, Act::Review, Act::Share];

    const LOOPS: Loops = Loops::Personal;

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let (state, play, by) = (opening.cx.state, opening.play, opening.by);
        let mut loops = state.loops_of(by).filter_map(|loop_| state.loop_(loop_));
        if let Some(own) = loops.find(|other| other.play == play && state.ids.is_same(other.opener, by)) {
            let rules = opening.cx.rules(own).ok_or(Code::PlayUnknown)?;
            return opening.cx.loop_running(rules, own).and(Err(Code::LoopRunning.into()));
        }
        let until = match self.within {
            Some(within) => opening.cx.at.after(within),
            None => opening.cx.book.current().runs.until,
        };
        opening.emit(until);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        match cx.act {
            Act::Review => self.review(cx, &on),
            _ => self.submit(cx, &on),
        }
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, _by: Person, order: Order) {
        if on.state.order.get() != Some(order) {
            return;
        }
        match self.status(on.state, on.progress, cx.at) {
            Status::Running => cx.emit(Fact::Expired { loop_: on.loop_ }),
            Status::Complete => rewards::revoke(cx, on.loop_, APPROVAL, "order refunded"),
            Status::Expired => {}
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        let overdue = on.progress.waiting().is_some_and(|picture| cx.at >= picture.until);
        if on.state.status != Status::Running || !overdue {
            return;
        }
        match self.if_unreviewed {
            Unreviewed::Approve => self.approve(cx, &on),
            Unreviewed::Reject => decline(cx, &on, Some(UNREVIEWED)),
        }
    }

    fn status(&self, state: &LoopState, progress: &Progress, at: Time) -> Status {
        if state.status != Status::Running {
            return state.status;
        }
        match progress.waiting() {
            Some(picture) if at < picture.until => Status::Running,
            Some(_) if self.if_unreviewed == Unreviewed::Approve => Status::Complete,
            _ if at >= state.until => Status::Expired,
            _ => Status::Running,
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Submitted { by, hash: Some(hash), until, .. } => {
                let until = until.unwrap_or(Time::NEVER);
                let standing = Standing::Submitted;
                progress.pictures.push(Picture { hash: hash.into(), at, until, standing });
                keep.firsts.entry((keep.play, hash.into()), by);
            }
            Fact::Approved { .. } => progress.set(Standing::Approved),
            Fact::Declined { .. } => progress.set(Standing::Declined),
            _ => {}
        }
    }

    fn due(&self, progress: &Progress, _until: Time) -> Time {
        progress.waiting().map_or(Time::NEVER, |picture| picture.until)
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, at) = (looking.state, looking.at);
        let open = self.status(state, progress, at) == Status::Running;
        // Once the order behind it is refunded nothing is reviewed any more.
        let waiting = progress.waiting().filter(|_| state.status == Status::Running);
        let most = self.most.get();
        // Waiting is enough only where nothing else is: a reviewer may be quicker, and may say no.
        let review =
            |picture: &Picture, need: Need| Step { until: Some(picture.until), ..Step::new(need, 1) };
        let (reachable, steps) = match waiting {
            Some(picture) if at < picture.until => (open, vec![review(picture, Need::Review)]),
            // The clock has decided it; the next tick tells.
            Some(picture) if self.if_unreviewed == Unreviewed::Approve => {
                (true, vec![review(picture, Need::Wait)])
            }
            _ => {
                let submit = Step { until: Some(state.until), ..Step::new(Need::Submit, 1) };
                (open && progress.count() < most, vec![submit, Step::new(Need::Review, 1)])
            }
        };
        let mine = looking.who == Some(state.initiator);
        // Fingerprints are nobody else's business.
        let pictures = progress.pictures.iter().filter(|_| mine);
        let items = (1..).zip(pictures).map(|(number, picture)| ItemLook {
            at: Some(picture.at),
            ..ItemLook::new(
                "picture",
                ItemName::Text(picture.hash.to_string()),
                number,
                u64::from(most),
                self.standing(picture, state.status == Status::Running, at),
            )
        });
        let own =
            |reward: &Reward| RewardLook::new(*reward, state.initiator, APPROVAL, reachable, steps.clone());
        Look {
            have: u32::from(self.status(state, progress, at) == Status::Complete),
            need: 1,
            rewards: self.give.iter().map(own).gather(),
            items: items.gather(),
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let own = |reward: &Reward| Offer { side: Side::Sharer, reward: *reward, at: 1 };
        self.give.iter().map(own).gather()
    }

    fn window(&self) -> Option<Span> {
        self.within
    }

    fn schemes(&self) -> Vec<Scheme> {
        let gives = self.give.iter().map(|reward| (*reward, 1)).gather();
        vec![Scheme { gives, ..Scheme::new(Recipe::Each, 1) }]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        self.give.iter().map(|reward| (*reward, 1)).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.give.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("An approved picture earns nothing here: add `give`."),
                String::from("截图通过审核没有任何奖励：请填写 `give`。"),
            )
        });
    }
    if rules.if_unreviewed == Unreviewed::Approve && !rules.give.is_empty() {
        let offset = node.get("ifUnreviewed").map_or(node.start, |value| value.start);
        cx.within("ifUnreviewed", |cx| {
            cx.warning(code::GUARD_UNREVIEWED, offset, |_| {
                (
                    String::from("Pictures that nobody looks at are rewarded, whatever is on them."),
                    String::from("无人审核的截图会自动通过并发奖，无论内容是什么。"),
                )
            });
        });
    }
}

impl Rules {
    fn submit<'c>(&self, cx: &mut Deciding<'_, 'c>, on: &On<'_, 'c, Progress>) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        let waiting = on.progress.waiting();
        if let Some(picture) = waiting.filter(|picture| cx.at < picture.until) {
            return Err(Rejection::new(Code::ReviewPending).until(picture.until));
        }
        if cx.at >= on.state.until {
            return Err(Rejection::new(Code::LoopExpired).until(on.state.until));
        }
        if on.progress.count() >= self.most.get() {
            return Err(Rejection::new(Code::SubmissionsUsed).most(self.most.get()));
        }
        let hash = required(cx.command.hash.as_deref(), "hash")?;
        if cx.state.firsts.contains_key(&(on.state.play, hash.into())) {
            return Err(Code::PictureKnown.into());
        }
        if waiting.is_some() {
            decline(cx, on, Some(UNREVIEWED));
        }
        let (loop_, by, until) = (on.loop_, on.state.initiator, Some(cx.at.after(self.review_within)));
        let n = on.progress.count() + 1;
        cx.emit(Fact::Submitted { loop_, by, n, name: None, hash: Some(hash), until });
        Ok(())
    }

    fn review<'c>(&self, cx: &mut Deciding<'_, 'c>, on: &On<'_, 'c, Progress>) -> Result<(), Rejection<'c>> {
        let waits = on.progress.waiting().is_some_and(|picture| cx.at < picture.until);
        if on.state.status != Status::Running || !waits {
            return Err(Code::NothingToReview.into());
        }
        match required(cx.command.name.as_deref(), "name")? {
            "approve" => self.approve(cx, on),
            "reject" => decline(cx, on, cx.command.reason.as_deref()),
            _ => return Err(Rejection::new(Code::CommandMalformed).field("name")),
        }
        Ok(())
    }

    fn approve(&self, cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>) {
        let (loop_, by) = (on.loop_, on.state.initiator);
        cx.emit(Fact::Approved { loop_, by, n: on.progress.count() });
        cx.emit(Fact::Completed { loop_ });
        for reward in &self.give {
            rewards::grant(cx, loop_, *reward, by, APPROVAL);
        }
    }

    fn standing(&self, picture: &Picture, running: bool, at: Time) -> &'static str {
        let approves = running && self.if_unreviewed == Unreviewed::Approve;
        match picture.standing {
            Standing::Submitted if running && at < picture.until => "submitted",
            Standing::Approved => "approved",
            Standing::Submitted if approves => "approved",
            Standing::Submitted | Standing::Declined => "declined",
        }
    }
}

fn decline<'c>(cx: &mut Deciding<'_, 'c>, on: &On<'_, '_, Progress>, reason: Option<&'c str>) {
    let n = on.progress.count();
    cx.emit(Fact::Declined { loop_: on.loop_, by: on.state.initiator, n, reason });
}

impl Progress {
    fn count(&self) -> u32 {
        u32::try_from(self.pictures.len()).unwrap_or(u32::MAX)
    }

    /// The picture that is not reviewed yet; only the last can be.
    fn waiting(&self) -> Option<&Picture> {
        self.pictures.last().filter(|picture| picture.standing == Standing::Submitted)
    }

    fn set(&mut self, standing: Standing) {
        if let Some(picture) = self.pictures.last_mut() {
            picture.standing = standing;
        }
    }
}

packed! {
    Progress { pictures }
    Picture { hash, at, until, standing }
}

packed! { enum Standing { Submitted, Approved, Declined } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        let texts: usize = self.pictures.iter().map(|picture| picture.hash.len()).sum();
        self.pictures.capacity() * size_of::<Picture>() + texts
    }
}
