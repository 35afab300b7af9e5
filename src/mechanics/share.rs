//! Share (分享, 口碑): a participant shares a link or a typed code and is rewarded when others come by it.
//!
//! * A participant has one loop of the play at a time, open for `within` from its opening, but never beyond
//!   the end of the campaign. Visits by a link for the loop count, and by what they share in general. Sharing itself earns nothing.
//! * A visitor is someone else. They count once in the play, whoever shares (`again` `never`), or once on
//!   each local day (`again` `day`); with `newOnly` only if they first arrived by what the sharer shared.
//! * At most `perDay` visits count for one loop on one local day. One beyond it is no visit: the same visitor may count
//!   another day.
//! * Each visit that counts earns the visitor `giveVisitor`, and the sharer what the ladder gives: for
//!   `every` n-th visit, at most `most` times, or once `at` n.
//!
//! Example: `{ "sharer": [{ "every": 2, "give": "points10", "most": 5 }], "giveVisitor": ["coupon"], "perDay": 3 }`.
//! Bo, Cy and Di come by Ann's link today: three coupons, and points for Ann with Cy. Ed is the fourth
//! today and earns nobody anything. Bo comes again tomorrow: nothing. Ed comes again tomorrow: the fourth
//! visit, a coupon and points again.

use super::abuse::{self, Recipe, Scheme};
use super::invite::{Tier, check_ladder};
use super::task::returning;
use super::{Keep, Kept, Looking, Mechanic, On, Opening, lineage, tally};
use crate::campaign::decode::{Cx, Decode};
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::counters::Key;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Person, Play, Reward};
use crate::engine::pack::packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::Status;
use crate::engine::time::{Period, Span, Time, UtcOffset};
use crate::engine::view::{Look, Offer, PersonLook, RewardLook, Side};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::rewards;

document! {
    /// 分享: a participant is rewarded when others come by what they share.
    pub struct Rules {
        /// The sharer's ladder.
        pub sharer: Vec<Tier> = Vec::new(),
        /// What each visitor gets for a visit that counts.
        pub give_visitor: Vec<Reward> = Vec::new(),
        /// Whether a visitor counts again.
        pub again: Again = Again::Never,
        /// How many visits count for one sharer on one local day.
        pub per_day: Option<Int<1, 100_000>>,
        /// Whether only those count who first came by what the sharer shared.
        pub new_only: bool = false,
        /// How long a loop stays open; until the campaign ends if absent.
        pub within: Option<Span>,
    }
}

/// Whether a visitor counts again in the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Never.
    Never,
    /// On each local day of this timezone, which is the campaign's.
    Day(UtcOffset),
}

impl Decode for Again {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let offset = cx.timezone;
        cx.choice(node, &["never", "day"])
            .map(|place| if place == 0 { Again::Never } else { Again::Day(offset) })
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        let words =
            [("never", "A visitor counts once."), ("day", "A visitor counts once on each local day.")];
        crate::campaign::schema::choice("Whether a visitor counts again in the play.", &words)
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut schemars::Schema) {
        schema.insert("default".into(), "never".into());
    }
}

/// The visits that count, in the order of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    visits: Vec<Visit>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Visit {
    who: Person,
    at: Time,
}

/// The grants of the n-th visitor have this plus n as their cause; those of the ladder the number of the tier.
const VISITOR: u32 = 1 << 20;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Share];

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
        _: On<'_, 'c, Progress>,
        _: Person,
    ) -> Result<(), Rejection<'c>> {
        Err(Rejection::new(Code::ActionUnknown).name(cx.act.name()))
    }

    fn visited(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>, by: Person) {
        let counts = on.state.initiator != by
            && cx.loop_running(on.play, on.state).is_ok()
            && cx
                .state
                .ids
                .each(by)
                .all(|id| cx.state.tallies.get(self.visited_key(on.state.play, id, cx.at)) == 0)
            && self
                .per_day
                .is_none_or(|most| on.progress.on_day(cx.at, cx.book.current().timezone) < most.get())
            && (!self.new_only || lineage::is_unmet(cx, by, on.state.initiator));
        // A share in general may reach several loops of the play; the visit counts in one of them.
        let counted = |fact: &Fact<'_>| match *fact {
            Fact::Returned { loop_, .. } => {
                cx.state.loop_(loop_).is_some_and(|other| other.play == on.state.play)
            }
            _ => false,
        };
        if !counts || cx.facts.iter().any(counted) {
            return;
        }
        let have = on.progress.count() + 1;
        cx.emit(Fact::Returned { loop_: on.loop_, by, have });
        for reward in &self.give_visitor {
            rewards::grant(cx, on.loop_, *reward, by, VISITOR.saturating_add(have));
        }
        for (number, tier) in (0..).zip(&self.sharer) {
            if tier.times(have) > tier.times(have - 1) {
                rewards::grant(cx, on.loop_, tier.give, on.state.initiator, number);
            }
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        if let Fact::Returned { by, .. } = *fact {
            progress.visits.push(Visit { who: by, at });
            keep.tallies.add(self.visited_key(keep.play, by, at));
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, offset) = (looking.state, looking.book.current().timezone);
        let have = progress.count();
        let running = state.status == Status::Running && looking.at < state.until;
        let today = progress.on_day(looking.at, offset);
        let mut rewards = Vec::new();
        let mut need = 0;
        for (number, tier) in (0..).zip(&self.sharer) {
            let Some(next) = tier.next(tier.times(have)) else {
                // Given as often as it ever is.
                rewards.push(RewardLook::new(tier.give, state.initiator, number, false, vec![]));
                continue;
            };
            need = if need == 0 { next } else { need.min(next) };
            let most = self.per_day.map(|most| most.get());
            let wanted = next - have;
            let way = returning((looking.at, state.until), offset, (most, today), wanted);
            let open = running && way.can >= wanted;
            rewards.push(RewardLook::new(tier.give, state.initiator, number, open, way.steps));
        }
        let mine = |(_, visit): &(u32, &Visit)| looking.who == Some(visit.who);
        for (number, visit) in (1..).zip(&progress.visits).filter(mine) {
            let cause = VISITOR.saturating_add(number);
            rewards.extend(
                self.give_visitor
                    .iter()
                    .map(|reward| RewardLook::new(*reward, visit.who, cause, false, vec![])),
            );
        }
        let people = progress.visits.iter();
        Look {
            have,
            need,
            people: people
                .map(|visit| PersonLook { at: Some(visit.at), ..PersonLook::new(visit.who, "returned") })
                .gather(),
            rewards,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let sharer =
            self.sharer.iter().map(|tier| Offer { side: Side::Sharer, reward: tier.give, at: tier.first() });
        let visitor =
            self.give_visitor.iter().map(|reward| Offer { side: Side::Helper, reward: *reward, at: 1 });
        sharer.chain(visitor).gather()
    }

    fn window(&self) -> Option<Span> {
        self.within
    }

    fn schemes(&self) -> Vec<Scheme> {
        let top =
            |people: u32| self.sharer.iter().map(|tier| (tier.give, u64::from(tier.times(people)))).gather();
        let steps: Vec<u32> = self.sharer.iter().map(Tier::first).gather();
        abuse::ladder(Recipe::Invite, &steps, top, &self.give_visitor)
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Return]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let sharer =
            self.sharer.iter().map(|tier| (tier.give, tier.most.map_or(tier.cap(), |most| most.get())));
        sharer.chain(self.give_visitor.iter().map(|reward| (*reward, u32::MAX))).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    check_ladder(&rules.sharer, "sharer", node, cx);
    if rules.sharer.is_empty() && rules.give_visitor.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("Sharing earns nobody anything here: add `sharer` or `giveVisitor`."),
                String::from("分享没有任何奖励：请填写 `sharer` 或 `giveVisitor`。"),
            )
        });
    }
}

impl Rules {
    /// The count of a visitor in the play: ever, or on the local day.
    fn visited_key(&self, play: Play, who: Person, at: Time) -> Key {
        let day = match self.again {
            Again::Never => 0,
            Again::Day(offset) => u32::try_from(Period::Day.of(at, offset).0).unwrap_or(0),
        };
        tally(play, day, who.0)
    }
}

impl Progress {
    fn count(&self) -> u32 {
        u32::try_from(self.visits.len()).unwrap_or(u32::MAX)
    }

    /// How many visits count on the local day of `at`; they are the latest ones.
    fn on_day(&self, at: Time, offset: UtcOffset) -> u32 {
        let (today, _) = Period::Day.of(at, offset);
        let same = |visit: &&Visit| Period::Day.of(visit.at, offset).0 == today;
        u32::try_from(self.visits.iter().rev().take_while(same).count()).unwrap_or(u32::MAX)
    }
}

packed! {
    Progress { visits }
    Visit { who, at }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.visits.capacity() * size_of::<Visit>()
    }

    fn knows(&self, who: Person) -> bool {
        self.visits.iter().any(|visit| visit.who == who)
    }
}
