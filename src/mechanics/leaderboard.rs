//! Leaderboard (排行榜): who moved the most in a cycle, with prizes for the first ranks.
//!
//! * A board counts one thing: the contributions that other people make to loops of another play
//!   (`of: { "play": … }`), credited to the initiator of the loop; or the points that are added to accounts of a
//!   reward (`of: { "points": … }`). Of a play, `count` says which contribution: `help`, `cut`, `return`, `task`,
//!   `join` or `qualify`; without it, all of them but `join` count one each.
//! * What is taken back is subtracted at that moment in the running cycle, never below zero: a qualification that
//!   is void, a task undone, a member who leaves (with `join`), points taken back. A cycle that ended stays as
//!   it is. Points that a board gives as prizes are no score.
//! * Scores are counted while the campaign runs, in cycles by the campaign's calendar (`every`: day, week, month
//!   or the whole campaign). The first score of a cycle opens its loop, named after the play and the cycle's first
//!   day; each cycle begins at zero.
//! * People are ranked by their scores. Among equals, with `ties: "first"` the one who came to the score earlier
//!   ranks higher; with `ties: "share"` all have the same rank, 1 and the number of people with more.
//! * When the cycle has ended, whoever has at least `atLeast` and a rank from `from` to `to` of a prize gets it. At
//!   most 1000 people of a cycle do: the first by score, then by who was there earlier. It happens with a tick,
//!   the next score, or when someone claims. Then the board is complete.
//!
//! Example: `{ "of": { "play": "friends" }, "every": "week", "prizes": [{ "from": 1, "to": 1, "give": "phone" },
//! { "from": 2, "to": 3, "give": "coffee" }] }`. In the week Ann's loops are helped 5 times, Bo's 3 and Cy's 3, Bo's
//! third help before Cy's. Ann is first, Bo second, Cy third; with `"ties": "share"` Bo and Cy are both second.
//! On Monday 00:00 the week is over: a phone for Ann, coffee for Bo and Cy.

use core::cmp::Reverse;

use super::abuse::{Recipe, Scheme};
use super::{Keep, Kept, Looking, Loops, Mechanic, On, Opening, Wants};
use crate::campaign::Root;
use crate::campaign::decode::{Blank, Cx};
use crate::campaign::document::{choices, document};
use crate::campaign::play::PlayRules;
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward};
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, Status};
use crate::engine::time::{Period, Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::rewards;
use crate::sorted::{Sorted, SortedSet};

document! {
    /// 排行榜: who moved the most in a cycle, with prizes for the first ranks.
    pub struct Rules {
        /// What is counted.
        pub of: Of,
        /// How long a cycle is.
        pub every: Every = Every::Campaign,
        /// Who ranks higher among people with the same score.
        pub ties: Ties = Ties::First,
        /// The score without which nobody gets a prize.
        pub at_least: Int<1, 1_000_000_000> = Int::clamped(1),
        /// What the ranks get.
        pub prizes: Vec<Prize> = Vec::new(),
    }
}

impl Blank for Of {
    fn blank() -> Self {
        Of { play: None, count: None, points: None }
    }
}

document! {
    /// What a board counts: give exactly one of `play` and `points`.
    pub struct Of {
        /// The play whose loops are moved.
        pub play: Option<Play>,
        /// Which contributions to them count; all but joining if absent.
        pub count: Option<Count>,
        /// The points that are added to accounts.
        pub points: Option<Reward>,
    }
    check check_of;
}

choices! {
    /// A contribution to a loop.
    pub enum Count {
        /// A help.
        Help = "help",
        /// A cut of the price.
        Cut = "cut",
        /// A visit by a shared link or code.
        Return = "return",
        /// A unit of a task that someone else does.
        Task = "task",
        /// Joining.
        Join = "join",
        /// Doing what qualifies.
        Qualify = "qualify",
    }
}

choices! {
    /// How long a cycle of a board is.
    pub enum Every {
        /// From local midnight to the next.
        Day = "day",
        /// From local Monday midnight to the next.
        Week = "week",
        /// From the first of a local month to the next.
        Month = "month",
        /// The whole campaign.
        Campaign = "campaign",
    }
}

choices! {
    /// Who ranks higher among people with the same score.
    pub enum Ties {
        /// Who came to the score earlier.
        First = "first",
        /// Nobody: they share the rank.
        Share = "share",
    }
}

document! {
    /// What some of the ranks get.
    pub struct Prize {
        /// The first of the ranks.
        pub from: Int<1, 1_000>,
        /// The last of them.
        pub to: Int<1, 1_000>,
        /// The reward.
        pub give: Reward,
    }
}

/// The scores of a cycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    scores: Sorted<Person, Score>,
    /// The same, from the highest; among equals who came to it earlier.
    order: SortedSet<(Reverse<u64>, u32, Person)>,
    /// How many changes there were.
    changes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Score {
    have: u64,
    /// The number of the change that made it.
    since: u32,
}

/// People who are ranked at the end of a cycle at most.
const RANKED: usize = 1_000;
/// Ranks that a view lists.
const SHOWN: usize = 100;

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Claim];

    const LOOPS: Loops = Loops::Shared;

    const WATCHES: bool = true;

    /// Scores open a board, participants do not; but whoever claims settles a cycle that is over.
    fn open<'c>(&'c self, opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let Opening { cx, play, .. } = opening;
        if cx.act == Act::Claim && settle_latest(cx, play) {
            return Ok(());
        }
        Err(Rejection::new(Code::ActionUnknown).name(cx.act.name()))
    }

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        _by: Person,
    ) -> Result<(), Rejection<'c>> {
        if on.state.status == Status::Complete {
            return Err(Code::LoopComplete.into());
        }
        if cx.at < on.state.until {
            return Err(Rejection::new(Code::GrantHeld).until(on.state.until));
        }
        self.settle(cx, on);
        Ok(())
    }

    fn watch(&self, cx: &mut Deciding<'_, '_>, play: Play, _rules: &PlayRules) {
        let changes = self.changes(cx);
        if changes.is_empty() || cx.running().is_err() {
            return;
        }
        settle_latest(cx, play);
        // A board keeps the rules it was opened under.
        let latest = cx.state.play(play).latest.get();
        let board = latest.and_then(|loop_| Some((loop_, cx.state.loop_(loop_)?)));
        let running = board.filter(|(_, state)| state.status == Status::Running && cx.at < state.until);
        let known = match running.map(|(_, state)| &state.progress) {
            Some(super::Progress::Leaderboard(progress)) => Some(progress),
            _ => None,
        };
        let mut scores: Vec<(Person, u64)> = Vec::new();
        let mut loop_ = running.map(|(loop_, _)| loop_);
        for (by, change) in changes {
            let before = scores.iter().rev().find(|(who, _)| *who == by).map(|(_, have)| *have);
            let before = before.or_else(|| Some(known?.scores.get(&by)?.have)).unwrap_or(0);
            let have = before.saturating_add_signed(change);
            if have == before {
                continue;
            }
            let Some(board) = loop_.or_else(|| open_board(cx, play, by)) else { return };
            loop_ = Some(board);
            scores.push((by, have));
            cx.emit(Fact::Scored { loop_: board, by, have });
        }
    }

    fn settle(&self, cx: &mut Deciding<'_, '_>, on: On<'_, '_, Progress>) {
        let over = |fact: &Fact<'_>| matches!(fact, Fact::Completed { loop_ } if *loop_ == on.loop_);
        if on.state.status != Status::Running || cx.at < on.state.until || cx.facts.iter().any(over) {
            return;
        }
        let last = self.prizes.iter().map(|prize| prize.to.get()).max().unwrap_or(0);
        let mut winners = Vec::new();
        for (by, rank, have) in on.progress.ranks(self.ties).take(RANKED) {
            if rank > last || have < u64::from(self.at_least.get()) {
                break;
            }
            cx.emit(Fact::Ranked { loop_: on.loop_, by, rank, have });
            winners.push((by, rank));
        }
        for (by, rank) in winners {
            for (number, prize) in (0u32..).zip(&self.prizes) {
                if prize.holds(rank) {
                    rewards::grant(cx, on.loop_, prize.give, by, number);
                }
            }
        }
        cx.emit(Fact::Completed { loop_: on.loop_ });
    }

    fn status(&self, state: &LoopState, _progress: &Progress, at: Time) -> Status {
        if state.status == Status::Running && at >= state.until { Status::Complete } else { state.status }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, _at: Time, _keep: &mut Keep<'_>) {
        if let Fact::Scored { by, have, .. } = *fact {
            progress.set(by, have);
        }
    }

    fn due(&self, _progress: &Progress, until: Time) -> Time {
        until
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let state = looking.state;
        let mine = looking.who.and_then(|who| Some((who, progress.rank_of(who, self.ties)?)));
        let item = |(who, rank, have): (Person, u32, u64)| {
            let status = if have < u64::from(self.at_least.get()) {
                "below"
            } else if self.prizes.iter().any(|prize| prize.holds(rank)) {
                "prize"
            } else {
                "ranked"
            };
            ItemLook::new("rank", ItemName::Person(who), u64::from(rank), have, status)
        };
        let mut items: Vec<ItemLook> = progress.ranks(self.ties).take(SHOWN).map(item).gather();
        if let Some((who, (rank, have))) = mine
            && usize::try_from(rank).is_ok_and(|rank| rank > SHOWN)
        {
            // The looker's own rank comes last; the list is never longer than what a view shows.
            items.truncate(SHOWN - 1);
            items.push(item((who, rank, have)));
        }
        let mut rewards = Vec::new();
        if let Some(who) = looking.who {
            for (number, prize) in (0u32..).zip(&self.prizes) {
                if let Some(missing) = self.missing(progress, who, prize, state) {
                    let open = looking.at < state.until;
                    rewards.push(RewardLook::new(prize.give, who, number, open, missing));
                }
            }
        }
        let have = mine.map_or(0, |(_, (_, have))| have);
        Look {
            role: Some(if mine.is_some() { "member" } else { "visitor" }),
            have: u32::try_from(have).unwrap_or(u32::MAX),
            rewards,
            items,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let offer = |prize: &Prize| Offer { side: Side::Winner, reward: prize.give, at: prize.from.get() };
        self.prizes.iter().map(offer).gather()
    }

    fn window(&self) -> Option<Span> {
        None
    }

    fn schemes(&self) -> Vec<Scheme> {
        let prizes = self.prizes.iter().filter(|prize| prize.holds(1) && self.of.play.is_some());
        let gives: Vec<(Reward, u64)> = prizes.map(|prize| (prize.give, 1)).gather();
        let race = Scheme { gives, ..Scheme::new(Recipe::Race, 1) };
        Some(race).filter(|race| !race.gives.is_empty()).into_iter().gather()
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        let ranks = |prize: &Prize| prize.to.get().saturating_sub(prize.from.get()).saturating_add(1);
        let most = |prize: &Prize| if self.ties == Ties::First { ranks(prize) } else { 1_000 };
        self.prizes.iter().map(|prize| (prize.give, most(prize))).gather()
    }

    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        self.of.points.map(|account| ("of", account, Wants::Account)).into_iter().gather()
    }

    fn cycle(&self) -> Option<Period> {
        Some(match self.every {
            Every::Day => Period::Day,
            Every::Week => Period::Week,
            Every::Month => Period::Month,
            Every::Campaign => Period::Campaign,
        })
    }
}

fn check_of(of: &Of, node: &Node<'_>, cx: &mut Cx) {
    if of.play.is_some() == of.points.is_some() || (of.count.is_some() && of.play.is_none()) {
        cx.error(code::BOARD_OF, node.start, |_| {
            (
                String::from("A board counts either a `play` (perhaps with `count`) or `points`, not both and not neither."),
                String::from("排行榜必须且只能统计 `play`（可加 `count`）或 `points` 之一。"),
            )
        });
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    if rules.prizes.is_empty() {
        cx.warning(code::REACH_NOTHING, node.start, |_| {
            (
                String::from("No rank of this board earns anything: add `prizes`."),
                String::from("排行榜没有任何奖励：请填写 `prizes`。"),
            )
        });
    }
    let entries = node.get("prizes").map(Node::entries).unwrap_or_default();
    for (number, (prize, node)) in rules.prizes.iter().zip(entries).enumerate() {
        let crossed = rules.prizes.iter().take(number).position(|other| prize.crosses(other));
        if prize.from <= prize.to && crossed.is_none() {
            continue;
        }
        cx.within("prizes", |cx| {
            cx.within_entry(number, |cx| {
                cx.error(code::REACH_RANK, node.start, |_| prize.why_no_ranks(&rules.prizes, crossed));
            });
        });
    }
}

/// Warns of boards of a play whose loops nothing moves that they count.
pub(crate) fn check_scores(campaign: &Root, root: &Node<'_>, cx: &mut Cx) {
    for member in root.get("plays").map(Node::members).unwrap_or_default() {
        let play = |play: Play| campaign.plays.get(play.index())?.as_ref();
        let board = cx.scope.names().play(&member.key).and_then(play);
        let Some(super::Rules::Leaderboard(rules)) = board.map(|board| &board.rules) else { continue };
        let Some((of, moved)) = rules.of.play.and_then(|of| Some((of, play(of)?))) else { continue };
        let counts = |count: &Count| rules.of.count.map_or(*count != Count::Join, |only| only == *count);
        let moves = moved.rules.moves();
        if moves.iter().any(counts) {
            continue;
        }
        let at = member.value.get("of").map_or(member.key_start, |of| of.start);
        let name = cx.scope.names().play_name(of).to_owned();
        cx.within("plays", |cx| {
            cx.within(&member.key, |cx| {
                cx.within("of", |cx| {
                    cx.warning(code::REACH_SCORE, at, |_| why_no_score(&name, moved, moves));
                });
            });
        });
    }
}

/// What a board of a play could count instead.
fn why_no_score(name: &str, moved: &PlayRules, moves: &[Count]) -> (String, String) {
    let words: Vec<String> = moves.iter().map(|count| format!("\"{}\"", count.as_str())).gather();
    let (instead, instead_zh) = if words.is_empty() {
        (
            String::from(
                "others do nothing in its loops; count its `points`, or a play that friends help or join",
            ),
            String::from(
                "其他人不会推动它的进度；请改为统计 `points`（积分），或选择好友可助力、可加入的玩法",
            ),
        )
    } else {
        let (list, list_zh) = (words.join(" or "), words.join("、"));
        (format!("of it, `count` can be {list}"), format!("对它可将 `count` 设为 {list_zh}"))
    };
    let mechanic = moved.mechanic;
    (
        format!("Nobody is ever ranked: \"{name}\" is a play of the mechanic {mechanic}, and {instead}."),
        format!("不会有人上榜：“{name}”的玩法是 {mechanic}，{instead_zh}。"),
    )
}

impl Rules {
    /// Whose score changes by the facts of this command, and by how much, in their order.
    fn changes(&self, cx: &Deciding<'_, '_>) -> Vec<(Person, i64)> {
        let change = |fact: &Fact<'_>| match self.of.points {
            Some(points) => of_points(cx, points, fact),
            None => self.of_play(cx, fact),
        };
        cx.facts.iter().filter_map(change).gather()
    }

    fn of_play(&self, cx: &Deciding<'_, '_>, fact: &Fact<'_>) -> Option<(Person, i64)> {
        let (count, by, change) = match *fact {
            Fact::Helped { by, .. } => (Count::Help, by, 1),
            Fact::Cut { by, .. } => (Count::Cut, by, 1),
            Fact::Returned { by, .. } => (Count::Return, by, 1),
            Fact::Done { by, .. } => (Count::Task, by, 1),
            Fact::Undone { by, .. } => (Count::Task, by, -1),
            Fact::Joined { by, .. } => (Count::Join, by, 1),
            Fact::Left { by, .. } | Fact::Lapsed { by, .. } => (Count::Join, by, -1),
            Fact::Qualified { by, .. } => (Count::Qualify, by, 1),
            Fact::Voided { by, .. } => (Count::Qualify, by, -1),
            _ => return None,
        };
        let counts = self.of.count.map_or(count != Count::Join, |only| only == count);
        // A loop that this very command opens is its initiator's own doing.
        let state = cx.state.loop_(fact.loop_()?)?;
        let theirs = counts && Some(state.play) == self.of.play && state.initiator != by;
        theirs.then_some((state.initiator, change))
    }

    /// What is missing for a prize, unless the score that it takes would give another rank.
    fn missing(
        &self,
        progress: &Progress,
        who: Person,
        prize: &Prize,
        state: &LoopState,
    ) -> Option<Vec<Step>> {
        let wait = Step { until: Some(state.until), ..Step::new(Need::Wait, 1) };
        let (rank, have) = progress.rank_of(who, self.ties).unwrap_or((u32::MAX, 0));
        let least = u64::from(self.at_least.get());
        if state.status != Status::Running {
            let won = prize.holds(rank) && have >= least;
            return won.then(Vec::new);
        }
        if prize.holds(rank) && have >= least {
            return Some(vec![wait]);
        }
        if rank < prize.from.get() {
            return None;
        }
        // The score of whoever has the last of the ranks has to be reached, or passed.
        let last = usize::try_from(prize.to.get()).unwrap_or(usize::MAX);
        let held = progress.order.iter().filter(|(_, _, other)| *other != who).nth(last - 1);
        let passed = held.map_or(0, |(Reverse(score), ..)| *score + u64::from(self.ties == Ties::First));
        let goal = passed.max(least);
        let ahead = progress.order.iter().take_while(|(Reverse(score), ..)| match self.ties {
            Ties::First => *score >= goal,
            Ties::Share => *score > goal,
        });
        let then = u32::try_from(ahead.filter(|(_, _, other)| *other != who).count()).unwrap_or(u32::MAX);
        let more = u32::try_from(goal.saturating_sub(have)).ok().filter(|more| *more > 0)?;
        let score = Step { until: Some(state.until), ..Step::new(Need::Score, more) };
        prize.holds(then.saturating_add(1)).then(|| vec![score, wait])
    }
}

fn of_points(cx: &Deciding<'_, '_>, points: Reward, fact: &Fact<'_>) -> Option<(Person, i64)> {
    let (grant, who, change) = match *fact {
        Fact::Credited { grant, reward, to, points: more, .. } if reward == points => {
            (grant, to, i64::from(more))
        }
        Fact::Debited { grant, reward, from, points: less, .. } if reward == points => {
            (grant, from, -i64::from(less))
        }
        _ => return None,
    };
    let prize = cx.state.loop_(grant.loop_).and_then(|state| cx.rules(state));
    (!prize.is_some_and(|play| play.rules.watches())).then_some((who, change))
}

/// Settles the latest board of a play if its cycle is over; whether it was.
fn settle_latest(cx: &mut Deciding<'_, '_>, play: Play) -> bool {
    let Some(loop_) = cx.state.play(play).latest.get() else { return false };
    let Some(state) = cx.state.loop_(loop_) else { return false };
    let Some(rules) = cx.rules(state) else { return false };
    let before = cx.facts.len();
    rules.rules.settle(cx, loop_, state, rules);
    cx.facts.len() > before
}

/// Opens the board of the cycle that runs now; none if that cycle has had one before.
fn open_board(cx: &mut Deciding<'_, '_>, play: Play, by: Person) -> Option<Loop> {
    let campaign = cx.book.current();
    let cycle = campaign.cycle(play, cx.at)?;
    if cx.state.loop_names.find(&cycle.id).is_some() {
        return None;
    }
    let opened = cx.facts.iter().filter(|fact| matches!(fact, Fact::Opened { .. })).count();
    let loop_ = Loop::at(cx.state.loops.len() + opened);
    cx.emit(Fact::Opened { loop_: &cycle.id, play, by, until: cycle.until, order: None, device: None });
    Some(loop_)
}

impl Prize {
    fn holds(&self, rank: u32) -> bool {
        (self.from.get()..=self.to.get()).contains(&rank)
    }

    /// Whether some of its ranks, and not all of them, are those of a prize that has others as well. A prize within
    /// the ranks of another is one more for its ranks; ranks that cross by one are a slip.
    fn crosses(&self, other: &Prize) -> bool {
        let (low, high) = if self.from <= other.from { (self, other) } else { (other, self) };
        low.from < high.from && high.from <= low.to && low.to < high.to
    }

    /// What is wrong with its ranks: they cross those of another prize, or go backwards.
    fn why_no_ranks(&self, prizes: &[Prize], crossed: Option<usize>) -> (String, String) {
        let (from, to) = (self.from.get(), self.to.get());
        let Some((place, other)) = crossed.and_then(|place| Some((place, prizes.get(place)?))) else {
            return (
                format!("No rank is from {from} to {to}: `from` must not be greater than `to`."),
                format!("没有从 {from} 到 {to} 的名次：`from` 不能大于 `to`。"),
            );
        };
        let (first, last) = (other.from.get(), other.to.get());
        let both = from.max(first);
        (
            format!(
                "The ranks {from} to {to} overlap with {first} to {last} of `prizes[{place}]`: rank {both} would get both."
            ),
            format!("名次 {from}–{to} 与 `prizes[{place}]` 的 {first}–{last} 重叠：第 {both} 名会得到两份。"),
        )
    }
}

impl Progress {
    fn set(&mut self, who: Person, have: u64) {
        if let Some(Score { have, since }) = self.scores.remove(&who) {
            self.order.remove(&(Reverse(have), since, who));
        }
        self.changes = self.changes.saturating_add(1);
        if have > 0 {
            let since = self.changes;
            self.scores.insert(who, Score { have, since });
            self.order.insert((Reverse(have), since, who));
        }
    }

    /// Everyone with rank and score, from the highest.
    fn ranks(&self, ties: Ties) -> impl Iterator<Item = (Person, u32, u64)> {
        let mut shared = (0u32, u64::MAX);
        (1u32..).zip(self.order.iter()).map(move |(place, (Reverse(have), _, who))| {
            if ties == Ties::First || *have != shared.1 {
                shared = (place, *have);
            }
            (*who, shared.0, *have)
        })
    }

    /// The rank and score of one participant.
    fn rank_of(&self, who: Person, ties: Ties) -> Option<(u32, u64)> {
        let Score { have, since } = *self.scores.get(&who)?;
        let from = match ties {
            Ties::First => (Reverse(have), since, who),
            Ties::Share => (Reverse(have), 0, Person(0)),
        };
        let ahead = self.order.iter().take_while(|key| **key < from).count();
        Some((u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1), have))
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        self.changes.pack(out);
        self.scores.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut progress = Progress { changes: from.read(), ..Progress::default() };
        from.each(|from| {
            let (who, score) = from.read::<(Person, Score)>();
            let Score { have, since } = score;
            from.require(have > 0 && (1..=progress.changes).contains(&since));
            from.require(progress.scores.insert(who, score).is_none());
            progress.order.insert((Reverse(have), since, who));
        });
        progress
    }
}

packed! { Score { have, since } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.scores.memory() + self.order.memory()
    }

    fn knows(&self, who: Person) -> bool {
        self.scores.contains_key(&who)
    }
}
