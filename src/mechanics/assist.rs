//! Assist (助力): the initiator opens a loop, friends help once each, and with enough helpers both sides are rewarded.
//!
//! * A loop is open for `within` from its opening; a help at or after that instant is refused, whether or not
//!   anything has settled it.
//! * Each participant helps a loop once and nobody helps their own. Further limits are `limits`.
//! * Each help earns the helper `giveHelper`; the help that completes the loop earns the initiator `give`.
//! * A reward that is out of stock, budget or limit does not stop the loop: the fact `withheld` says so.
//! * If the play `requires` an event with an order, a refund of that order ends the loop, and takes the
//!   initiator's rewards back if it was complete. Helpers keep theirs.
//!
//! Example: `{ "helpers": 3, "within": "24h", "give": ["cash8"] }`. Ann opens at 10:00. Bo helps at 10:05
//! (1 of 3), Cy at 11:00 (2 of 3), Bo again (`ALREADY_HELPED`), Di at 09:59 the next day (3 of 3, complete,
//! Ann gets `cash8`). At 10:00 the next day Di would have met `LOOP_EXPIRED`.

use super::{Keep, Kept, Looking, Mechanic, On, Opening};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Order, Person, Reward};
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::Status;
use crate::engine::time::{Span, Time};
use crate::engine::view::{Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 助力: friends help once each, and with enough helpers both sides are rewarded.
    pub struct Rules {
        /// How many helpers complete a loop.
        pub helpers: Int<1, 10_000>,
        /// How long a loop stays open.
        pub within: Span,
        /// What the initiator gets when the loop is complete.
        pub give: Vec<Reward> = Vec::new(),
        /// What each helper gets for helping.
        pub give_helper: Vec<Reward> = Vec::new(),
    }
}

/// The helpers of a loop, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    helpers: Vec<Person>,
}

/// The cause of the initiator's grants; the n-th helper's have cause n.
const COMPLETION: u32 = 0;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Help, Act::Share];

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let until = opening.cx.at.after(self.within);
        opening.emit(until);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        if on.state.initiator == by {
            return Err(Code::OwnLoop.into());
        }
        if on.progress.helpers.contains(&by) {
            return Err(Code::AlreadyHelped.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        let need = self.helpers.get();
        let have = on.progress.count() + 1;
        cx.emit(Fact::Helped { loop_: on.loop_, by, have, need, device });
        for reward in &self.give_helper {
            rewards::grant(cx, on.loop_, *reward, by, have);
        }
        if have >= need {
            cx.emit(Fact::Completed { loop_: on.loop_ });
            for reward in &self.give {
                rewards::grant(cx, on.loop_, *reward, on.state.initiator, COMPLETION);
            }
        }
        Ok(())
    }

    fn refunded(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, _by: Person, order: Order) {
        if on.state.order.get() != Some(order) {
            return;
        }
        match on.state.status {
            Status::Running => cx.emit(Fact::Expired { loop_: on.loop_ }),
            Status::Complete => rewards::revoke(cx, on.loop_, COMPLETION, "order refunded"),
            Status::Expired => {}
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        match *fact {
            Fact::Helped { by, .. } => progress.helpers.push(by),
            // Nobody helps any more, and most loops that are kept are complete ones.
            Fact::Completed { .. } => progress.helpers.shrink_to_fit(),
            _ => {}
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let need = self.helpers.get();
        let helper = looking.who.filter(|who| progress.helpers.contains(who));
        let left = need.saturating_sub(progress.count());
        let running = state.status == Status::Running && looking.at < state.until;
        let help = Step { until: Some(state.until), ..Step::new(Need::Help, left) };
        let mut rewards = Vec::new();
        for reward in &self.give {
            rewards.push(RewardLook::new(*reward, state.initiator, COMPLETION, running, vec![help.clone()]));
        }
        for (at, person) in progress.helpers.iter().enumerate() {
            if helper == Some(*person) {
                let cause = u32::try_from(at + 1).unwrap_or(u32::MAX);
                let mine = self
                    .give_helper
                    .iter()
                    .map(|reward| RewardLook::new(*reward, *person, cause, false, vec![]));
                rewards.extend(mine);
            }
        }
        if let (None, Some(who)) = (helper, looking.who.filter(|who| *who != state.initiator)) {
            let own = Step { until: Some(state.until), ..Step::new(Need::HelpHere, 1) };
            let mine = self
                .give_helper
                .iter()
                .map(|reward| RewardLook::new(*reward, who, 0, running, vec![own.clone()]));
            rewards.extend(mine);
        }
        Look {
            role: if helper.is_some() { Some("helper") } else { None },
            have: progress.count(),
            need,
            people: progress.helpers.iter().map(|who| PersonLook::new(*who, "helped")).gather(),
            rewards,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let give = self.give.iter().map(|reward| Offer {
            side: Side::Initiator,
            reward: *reward,
            at: self.helpers.get(),
        });
        let help = self.give_helper.iter().map(|reward| Offer { side: Side::Helper, reward: *reward, at: 1 });
        give.chain(help).gather()
    }

    fn window(&self) -> Option<Span> {
        Some(self.within)
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Help]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let give = self.give.iter().map(|reward| (*reward, 1));
        let help = self.give_helper.iter().map(|reward| (*reward, self.helpers.get()));
        give.chain(help).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.give.is_empty() && rules.give_helper.is_empty() {
        cx.warning(crate::campaign::problem::code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Helping earns nobody anything here: add `give` or `giveHelper`."),
                String::from("助力没有任何奖励：请填写 `give` 或 `giveHelper`。"),
            )
        });
    }
}

impl Progress {
    fn count(&self) -> u32 {
        u32::try_from(self.helpers.len()).unwrap_or(u32::MAX)
    }
}

packed! { Progress { helpers } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.helpers.capacity() * size_of::<Person>()
    }

    fn knows(&self, who: Person) -> bool {
        self.helpers.contains(&who)
    }
}
