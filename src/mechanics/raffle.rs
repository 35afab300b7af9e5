//! Raffle (奖池开奖): people join one pool, and at an announced moment its prizes are drawn among them.
//!
//! * All participants share one loop. Each `join`s it once, before `drawAt`; then joining is over (`LOOP_EXPIRED`),
//!   and so it is when the campaign has ended before (`CAMPAIGN_ENDED`).
//! * From `drawAt` on the pool is drawn, by a `tick` or by anyone's `draw`, whichever comes first; before that
//!   `draw` is refused as `DRAW_NOT_OPEN`.
//! * The prizes are drawn in the order of the list, each `count` times. Each draw is among those who joined and
//!   have not won yet, in the order of joining; with `repeat` among all who joined, each time anew. Someone who
//!   has as many of the reward as allowed is passed over for it and another is drawn, so that no draw is empty
//!   while a prize is left and someone can have it. A prize that is out of stock or budget, with everything it
//!   falls back to, is left out; so are the prizes that are left when everyone has won.
//! * The n-th draw takes the numbers of the draw with the purpose `raffle:<play>` and the key `<loop>/<n>`, each
//!   below the number of candidates; whoever stands at that place (from 0) wins, or is passed over and leaves
//!   the list of this draw. The fact tells the number that decided.
//! * If nobody can win anything, `draw` is refused as `NOBODY_ELIGIBLE`, and a `tick` ends the pool (`expired`).
//!
//! Example: `{ "drawAt": "2026-12-10T20:00", "prizes": [{ "give": "phone", "count": 1 }, { "give": "coffee", "count":
//! 3 }] }`. Ann, Bo and Cy join. At 20:00 the first draw is below 3: number 1, Bo gets the phone. The second is
//! below 2, among Ann and Cy: number 0, Ann gets a coffee; the third is below 1, Cy gets the second coffee. The
//! third coffee stays, because everyone has won. Di is refused at 20:00.

use super::abuse::Scheme;
use super::draws::draw;
use super::{Keep, Kept, Looking, Loops, Mechanic, On, Opening};
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::{Int, List};
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::draw::Draw;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Loop, Person, Reward};
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;
use crate::sorted::SortedSet;

document! {
    /// 奖池开奖: people join one pool, and at an announced moment its prizes are drawn among them.
    pub struct Rules {
        /// The prizes, in the order in which they are drawn.
        pub prizes: List<Prize, 1, 10>,
        /// When joining ends and the prizes are drawn.
        pub draw_at: Time,
        /// Whether someone can win more than once.
        pub repeat: bool = false,
    }
}

document! {
    /// A prize of a pool.
    pub struct Prize {
        /// What it gives.
        pub give: Reward,
        /// How many people win it.
        pub count: Int<1, 200> = Int::clamped(1),
    }
}

/// Who is in the pool, and who has won.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// In the order of joining.
    entrants: Vec<Person>,
    /// The same people, to be found quickly.
    known: SortedSet<Person>,
    winners: Vec<Win>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Win {
    n: u32,
    who: Person,
    reward: Reward,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Join, Act::Draw, Act::Share];

    const LOOPS: Loops = Loops::Shared;

    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        match opening.cx.act {
            // Nobody has joined, or there would be a loop.
            Act::Draw if opening.cx.at >= self.draw_at => return Err(Code::NobodyEligible.into()),
            _ if opening.cx.at >= self.draw_at => {
                return Err(Rejection::new(Code::LoopExpired).until(self.draw_at));
            }
            _ => {}
        }
        opening.emit(self.draw_at);
        Ok(())
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        cx.loop_running(on.play, on.state)?;
        if cx.act == Act::Draw {
            if cx.at < on.state.until {
                return Err(Rejection::new(Code::DrawNotOpen).until(on.state.until));
            }
            return if self.draw_all(cx, &on) { Ok(()) } else { Err(Code::NobodyEligible.into()) };
        }
        if cx.at >= on.state.until {
            return Err(Rejection::new(Code::LoopExpired).until(on.state.until));
        }
        cx.running()?;
        if on.progress.known.contains(&by) {
            return Err(Code::AlreadyJoined.into());
        }
        guard::check_helping(cx, on.state.play, on.play, by)?;
        let device = guard::device(cx, on.play);
        cx.emit(Fact::Joined { loop_: on.loop_, by, until: on.state.until, device });
        Ok(())
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        if on.state.status == Status::Running && cx.at >= on.state.until && !self.draw_all(cx, &on) {
            cx.emit(Fact::Expired { loop_: on.loop_ });
        }
    }

    /// A pool runs until it is drawn.
    fn status(&self, state: &LoopState, _progress: &Progress, _at: Time) -> Status {
        state.status
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, .. } if progress.known.insert(by) => progress.entrants.push(by),
            Fact::Drawn { by, n, prize: Some(reward), .. } => {
                progress.winners.push(Win { n, who: by, reward })
            }
            _ => {}
        }
    }

    fn due(&self, _progress: &Progress, until: Time) -> Time {
        until
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let open = state.status == Status::Running && looking.at < state.until;
        let is_in = looking.who.is_some_and(|who| progress.known.contains(&who));
        let won = |who: Person| progress.winners.iter().filter(move |win| win.who == who);
        let winners = progress.winners.iter().map(|win| PersonLook::new(win.who, "won"));
        let others = progress.entrants.iter().filter(|who| won(**who).next().is_none());
        let items = self.prizes.iter().map(|prize| {
            let drawn = progress.winners.iter().filter(|win| win.reward == prize.give).count();
            let (have, need) = (u64::try_from(drawn).unwrap_or(u64::MAX), u64::from(prize.count.get()));
            let status = if state.status == Status::Running { "open" } else { "drawn" };
            ItemLook {
                at: Some(state.until),
                ..ItemLook::new("prize", ItemName::Reward(prize.give), have, need, status)
            }
        });
        let mine = looking.who.into_iter().flat_map(won);
        let mut rewards: Vec<RewardLook> =
            mine.map(|win| RewardLook::new(win.reward, win.who, win.n, false, vec![])).gather();
        // Only someone alone in the pool is sure to win; nobody else is promised anything.
        if let (Status::Running, Some(who), [alone]) =
            (state.status, looking.who, progress.entrants.as_slice())
            && who == *alone
        {
            let wait = open.then(|| Step { until: Some(state.until), ..Step::new(Need::Wait, 1) });
            let steps: Vec<Step> = wait.into_iter().chain([Step::new(Need::Draw, 1)]).gather();
            let first = self.prizes.iter().take(1);
            rewards.extend(first.map(|prize| RewardLook::new(prize.give, who, 1, true, steps.clone())));
        }
        Look {
            role: is_in.then_some("member"),
            have: u32::try_from(progress.entrants.len()).unwrap_or(u32::MAX),
            people: winners.chain(others.map(|who| PersonLook::new(*who, "joined"))).gather(),
            rewards,
            items: items.gather(),
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let offer = |prize: &Prize| Offer { side: Side::Winner, reward: prize.give, at: prize.count.get() };
        self.prizes.iter().map(offer).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        // What one more entry is worth depends on how many there are.
        Vec::new()
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Join]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        self.prizes.iter().map(|prize| (prize.give, prize.count.get())).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let entries = node.get("prizes").map(Node::entries).unwrap_or_default();
    for (at, entry) in entries.iter().enumerate() {
        let same = |prize: &&Prize| rules.prizes.get(at).is_some_and(|other| other.give == prize.give);
        if rules.prizes.iter().take(at).any(|prize| same(&prize)) {
            cx.within("prizes", |cx| {
                cx.within_entry(at, |cx| {
                    cx.error(code::REACH_PRIZE_TWICE, entry.start, |_| {
                        (
                            String::from("This reward is a prize already: raise the `count` there instead."),
                            String::from("该奖励已是奖品之一：请直接增加前面那一项的 `count`。"),
                        )
                    });
                });
            });
        }
    }
}

impl Rules {
    /// Draws every prize; whether anyone won.
    fn draw_all(&self, cx: &mut Deciding<'_, '_>, on: &On<'_, '_, Progress>) -> bool {
        let mut pool = on.progress.entrants.clone();
        let mut n = 1;
        for prize in self.prizes.iter() {
            for _ in 0..prize.count.get() {
                let numbers = draw(cx, &on.play.rules, on.state.play, on.loop_, n);
                let Some((ticket, by)) = pick(cx, on.loop_, prize.give, &pool, numbers) else { break };
                cx.emit(Fact::Drawn { loop_: on.loop_, by, n, ticket, prize: Some(prize.give) });
                rewards::grant(cx, on.loop_, prize.give, by, n);
                if !self.repeat {
                    pool.retain(|who| *who != by);
                }
                n += 1;
            }
        }
        if n > 1 {
            cx.emit(Fact::Completed { loop_: on.loop_ });
        }
        n > 1
    }
}

/// Someone of the pool who can be given the reward, and the number that decided; nobody if there is none.
fn pick(
    cx: &Deciding<'_, '_>,
    loop_: Loop,
    give: Reward,
    pool: &[Person],
    mut numbers: Draw,
) -> Option<(u64, Person)> {
    if is_out(cx, loop_, give) {
        return None;
    }
    let mut candidates = pool.to_vec();
    while !candidates.is_empty() {
        let ticket = numbers.below(u64::try_from(candidates.len()).unwrap_or(u64::MAX));
        let place = usize::try_from(ticket).unwrap_or(usize::MAX);
        let by = *candidates.get(place)?;
        if rewards::is_obtainable(cx, loop_, give, by) {
            return Some((ticket, by));
        }
        candidates.remove(place);
    }
    None
}

/// Whether stock or budget keep the reward, and all it falls back to, from everyone.
fn is_out(cx: &Deciding<'_, '_>, loop_: Loop, reward: Reward) -> bool {
    // Nobody has this handle, so nothing but stock and budget can be in the way.
    let nobody = Person(u32::MAX);
    rewards::with_fallbacks(cx.book, reward).all(|(reward, rules)| {
        let obstacle = rewards::obstacle(cx, loop_, reward, rules.amount, nobody);
        matches!(obstacle, Some(Reason::Stock | Reason::Budget))
    })
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        self.entrants.pack(out);
        self.winners.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let entrants: Vec<Person> = from.read();
        let known: SortedSet<Person> = entrants.iter().copied().collect();
        from.require(known.len() == entrants.len());
        Progress { entrants, known, winners: from.read() }
    }
}

packed! { Win { n, who, reward } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.entrants.capacity() * size_of::<Person>()
            + self.known.memory()
            + self.winners.capacity() * size_of::<Win>()
    }

    fn knows(&self, who: Person) -> bool {
        self.known.contains(&who)
    }
}
