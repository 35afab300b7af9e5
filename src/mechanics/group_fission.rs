//! Group fission (群裂变): an inviter brings people into the campaign's chat groups and earns by their number.
//!
//! * An inviter has one loop, open for `within` or until the campaign ends.
//! * The backend tells who entered and left which room: `enter` and `exit` with the room's `name`. The first
//!   entering decides, once and for all, whose guest a participant is: of the inviter whose loop or code it
//!   names; if it names the play alone, of the inviter whose link or code they first came by; else of nobody,
//!   and it opens a loop of their own. Rooms have no part in this: the guest counts for the inviter in whichever.
//! * A room holds `most` members, counted as they are now, of all inviters together. Entering a full room is
//!   refused, and the refusal names the next room with space, in the order of `rooms`. The rooms are those of
//!   the latest revision, so that more can be added while loops run.
//! * A guest counts once, in however many rooms and however often they move. With `ifLeaves` `relock` a guest who
//!   is in no room any more does not count, and counts again on coming back; with `keep` they always do.
//! * Who brought the inviter, at any distance, is a guest who never counts; with `newOnly` so is whom the
//!   campaign knew before, unless their first link or code was this inviter's.
//! * A tier is reached while as many guests count as `at`. With `claim` `at-once` it is granted the first
//!   time that is so; with `by-hand` the inviter claims it while it is so, the lowest open one if no number is
//!   given. What was claimed stays and is never granted again; a tier not claimed is locked again when
//!   guests leave. A tier all of whose rewards are out cannot be claimed until one is back.
//!
//! Example: `{ "rooms": [{ "name": "room-1", "most": 2 }, { "name": "room-2", "most": 200 }], "ifLeaves": "relock",
//! "claim": "by-hand", "tiers": [{ "at": 3, "give": ["towel"] }] }`. Bo and Cy enter room-1 by Ann's code; Di is told
//! that room-1 is full and room-2 is next, enters it, and Ann has 3 of 3. Cy moves to room-2: still 3. Di leaves: 2,
//! and Ann can no longer claim. Di comes back: 3, Ann claims her towel and keeps it, whoever leaves.

use super::lineage::{attributed_to, is_above, is_unmet};
use super::{Keep, Kept, Looking, Mechanic, On, tally};
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::names::Name;
use crate::campaign::problem::code;
use crate::campaign::units::{Int, List};
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::counters::Key;
use crate::engine::deciding::{Deciding, required};
use crate::engine::fact::Fact;
use crate::engine::handle::{Loop, Person, Play, Reward};
use crate::engine::pack::{Packed, Unpacker, put_flags};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{LoopState, State, Status};
use crate::engine::time::{Span, Time};
use crate::engine::view::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
use crate::gather::Gather;
use crate::guard;
use crate::json::tree::Node;
use crate::rewards;
use crate::sorted::{Sorted, SortedSet};

document! {
    /// 群裂变: an inviter brings people into chat groups and earns by their number.
    pub struct Rules {
        /// The chat groups, in the order in which they fill.
        pub rooms: List<Room, 1, 100>,
        /// What the inviter earns, by the number of guests.
        pub tiers: List<Tier, 1, 10>,
        /// How long a loop stays open; without it until the campaign ends.
        pub within: Option<Span>,
        /// Whether only those count whom the campaign did not know before.
        pub new_only: bool = false,
        /// What becomes of a guest who has left every room.
        pub if_leaves: IfLeaves = IfLeaves::Keep,
        /// Whether a tier is granted when it is reached, or has to be claimed.
        pub claim: Claim = Claim::AtOnce,
    }
}

document! {
    /// A chat group.
    pub struct Room {
        /// Its name, as the backend reports it.
        pub name: Name,
        /// How many members it holds.
        pub most: Int<1, 100_000>,
    }
}

document! {
    /// What a number of guests earns.
    pub struct Tier {
        /// How many guests.
        pub at: Int<1, 10_000>,
        /// The rewards.
        pub give: List<Reward, 1, 20>,
    }
}

choices! {
    /// What becomes of a guest who has left every room.
    pub enum IfLeaves {
        /// They still count.
        Keep = "keep",
        /// They count no more until they come back; tiers not claimed are locked again.
        Relock = "relock",
    }
}

choices! {
    /// How a tier is granted.
    pub enum Claim {
        /// When it is reached.
        AtOnce = "at-once",
        /// When the inviter claims it.
        ByHand = "by-hand",
    }
}

/// The guests of an inviter, the rooms they are in, and the tiers that were claimed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    guests: Sorted<Person, Guest>,
    inside: SortedSet<(Person, u64)>,
    claimed: SortedSet<u32>,
    /// Guests who count: those whose `counts` is set.
    have: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Guest {
    since: Time,
    /// Whether they can count for the inviter at all.
    eligible: bool,
    counts: bool,
}

impl Mechanic for Rules {
    type Progress = Progress;

    const OFFERS: &'static [Act] = &[Act::Enter, Act::Exit, Act::Claim, Act::Share];

    const LOOPS: super::Loops = super::Loops::Personal;

    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        match cx.act {
            Act::Enter => self.enter(cx, &on, by),
            Act::Exit => exit(cx, current_rooms(cx.book, on.state.play, self), &on, by),
            _ => self.claim(cx, &on, by),
        }
    }

    fn stands_in(&self, cx: &Deciding<'_, '_>, play: Play, by: Person) -> Option<Loop> {
        let home = || home(cx.state, play, by).map(|(loop_, _)| loop_);
        match cx.act {
            Act::Enter => home().or_else(|| running_loop_of(cx, play, attributed_to(cx, by)?)),
            Act::Exit => home(),
            _ => None,
        }
    }

    fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
        match *fact {
            Fact::Joined { by, until, .. } => {
                progress.guests.insert(by, Guest { since: at, eligible: until > at, counts: false });
            }
            Fact::Entered { by, room, .. } => {
                if progress.inside.insert((by, number(room))) {
                    keep.tallies.add(members_of(keep.play, room));
                }
                let newcomer = Guest { since: at, eligible: false, counts: false };
                let guest = progress.guests.entry(by, newcomer);
                if guest.eligible && !guest.counts {
                    guest.counts = true;
                    progress.have = progress.have.saturating_add(1);
                }
            }
            Fact::Exited { by, room, .. } => {
                if progress.inside.remove(&(by, number(room))) {
                    keep.tallies.take(members_of(keep.play, room));
                }
                let gone = self.if_leaves == IfLeaves::Relock && !progress.is_inside(by);
                if let Some(guest) = progress.guests.get_mut(&by).filter(|guest| gone && guest.counts) {
                    guest.counts = false;
                    progress.have = progress.have.saturating_sub(1);
                }
            }
            Fact::Claimed { n, .. } => {
                progress.claimed.insert(n);
            }
            _ => {}
        }
    }

    fn look(&self, looking: Looking<'_>, progress: &Progress) -> Look {
        let (state, all) = (looking.state, looking.all);
        let open = state.status == Status::Running && looking.at < state.until;
        let rooms = current_rooms(looking.book, state.play, self);
        let space = |room: &Room| room.most.get().saturating_sub(members(all, state.play, room));
        let left = rooms.iter().map(space).fold(0, u32::saturating_add);
        let next = rooms.iter().position(|room| space(room) > 0);
        let mut items = Vec::new();
        for (place, room) in rooms.iter().enumerate() {
            let status = match space(room) {
                0 => "full",
                _ if Some(place) == next => "next",
                _ => "open",
            };
            let have = u64::from(members(all, state.play, room));
            let name = ItemName::Text(room.name.to_string());
            items.push(ItemLook::new("room", name, have, u64::from(room.most.get()), status));
        }
        let mut rewards = Vec::new();
        let mut need = 0;
        for (n, tier) in (1u32..).zip(self.tiers.iter()) {
            let (at, have) = (tier.at.get(), progress.have);
            let claimed = progress.claimed.contains(&n);
            let status = match have >= at {
                _ if claimed => "claimed",
                true => "reached",
                false => "locked",
            };
            let name = ItemName::Text(n.to_string());
            items.push(ItemLook::new("tier", name, u64::from(have), u64::from(at), status));
            let mut missing = Vec::new();
            let more = at.saturating_sub(have);
            if !claimed && more <= left {
                let until = Some(state.until);
                let enter = Step { until, ..Step::new(Need::Enter, more) };
                let claim = Step { until, ..Step::new(Need::Claim, 1) };
                missing.extend((more > 0).then_some(enter));
                missing.extend((self.claim == Claim::ByHand).then_some(claim));
            }
            if have < at && need == 0 {
                need = at;
            }
            for reward in tier.give.iter() {
                rewards.push(RewardLook::new(*reward, state.initiator, n, open, missing.clone()));
            }
        }
        let guest = looking.who.filter(|who| progress.guests.contains_key(who) && *who != state.initiator);
        Look {
            role: guest.map(|_| "member"),
            have: progress.have,
            need,
            people: progress.looks().gather(),
            rewards,
            items,
            ..Look::default()
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let offer =
            |tier: &Tier, reward: &Reward| Offer { side: Side::Inviter, reward: *reward, at: tier.at.get() };
        self.tiers.iter().flat_map(|tier| tier.give.iter().map(move |reward| offer(tier, reward))).gather()
    }

    fn window(&self) -> Option<Span> {
        self.within
    }

    fn moves(&self) -> &'static [super::leaderboard::Count] {
        &[super::leaderboard::Count::Join]
    }

    fn liability(&self) -> Vec<(Reward, u32)> {
        self.tiers.iter().flat_map(|tier| tier.give.iter().map(|reward| (*reward, 1))).gather()
    }
}

/// Reports what is wrong with the rules beyond their shape.
pub fn check(rules: &Rules, node: &Node<'_>, cx: &mut Cx) {
    let entry = |list: &str, number: usize| {
        node.get(list).and_then(|list| list.entries().get(number)).map_or(node.start, |entry| entry.start)
    };
    for (number, room) in rules.rooms.iter().enumerate() {
        if rules.rooms.iter().take(number).any(|other| other.name == room.name) {
            let (at, name) = (entry("rooms", number), &*room.name);
            cx.within("rooms", |cx| {
                cx.within_entry(number, |cx| {
                    cx.error(code::ROOM_TWICE, at, |_| {
                        (
                            format!("There is another room \"{name}\" already."),
                            format!("已有名为“{name}”的群。"),
                        )
                    });
                });
            });
        }
    }
    let pairs = rules.tiers.iter().zip(rules.tiers.iter().skip(1));
    for (number, (before, tier)) in (1usize..).zip(pairs) {
        if tier.at <= before.at {
            let at = entry("tiers", number);
            cx.within("tiers", |cx| {
                cx.within_entry(number, |cx| {
                    cx.error(code::TIER_ORDER, at, |_| {
                        (
                            format!(
                                "A tier needs more than the one before it, which is at {}.",
                                before.at.get()
                            ),
                            format!("每一级的人数应多于上一级（{} 人）。", before.at.get()),
                        )
                    });
                });
            });
        }
    }
    let places = rules.rooms.iter().map(|room| room.most.get()).fold(0, u32::saturating_add);
    for (number, tier) in rules.tiers.iter().enumerate() {
        if tier.at.get() > places {
            let at = entry("tiers", number);
            cx.within("tiers", |cx| {
                cx.within_entry(number, |cx| {
                    cx.warning(code::REACH_ROOMS, at, |_| {
                        (
                            format!(
                                "Nobody can bring {} guests: all rooms together hold {places}.",
                                tier.at.get()
                            ),
                            format!("无人能邀请到 {} 人：所有群合计只能容纳 {places} 人。", tier.at.get()),
                        )
                    });
                });
            });
        }
    }
}

impl Rules {
    fn enter<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        let (state, play) = (cx.state, on.state.play);
        let name = required(cx.command.name.as_deref(), "name")?;
        let rooms = current_rooms(cx.book, play, self);
        let known = rooms.iter().find(|room| &*room.name == name);
        let room = known.ok_or(Rejection::new(Code::RoomUnknown).name(name))?;
        let home = home(state, play, by);
        if home.is_some_and(|(_, progress)| progress.inside.contains(&(by, number(name)))) {
            return Err(Code::AlreadyJoined.into());
        }
        let has_space = |room: &&Room| members(state, play, room) < room.most.get();
        if !has_space(&room) {
            let next = rooms.iter().find(has_space).ok_or(Rejection::new(Code::GroupFull))?;
            return Err(Rejection::new(Code::RoomFull).most(room.most.get()).name(&next.name));
        }
        match home {
            Some((loop_, progress)) => {
                cx.emit(Fact::Entered { loop_, by, room: name });
                let head = state.loop_(loop_).ok_or(Code::LoopUnknown)?;
                let back = progress.guests.get(&by).is_some_and(|guest| guest.eligible && !guest.counts);
                if let Some(super::Rules::GroupFission(rules)) = cx.rules(head).map(|play| &play.rules)
                    && back
                {
                    rules.reach(cx, (loop_, head, progress), progress.have.saturating_add(1));
                }
            }
            None if on.state.initiator == by => {
                cx.emit(Fact::Entered { loop_: on.loop_, by, room: name });
            }
            None => {
                let counts = self.bind(cx, on, by)?;
                cx.emit(Fact::Entered { loop_: on.loop_, by, room: name });
                if counts {
                    let have = on.progress.have.saturating_add(1);
                    self.reach(cx, (on.loop_, on.state, on.progress), have);
                }
            }
        }
        Ok(())
    }

    /// Makes a participant the guest of a loop; whether they count.
    fn bind<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<bool, Rejection<'c>> {
        let (state, play, inviter) = (cx.state, on.state.play, on.state.initiator);
        cx.loop_running(on.play, on.state)?;
        guard::check_helping(cx, play, on.play, by)?;
        let up = |who| {
            let (loop_, _) = home(state, play, who)?;
            state.loop_(loop_).map(|head| head.initiator).filter(|initiator| *initiator != who)
        };
        let new = !self.new_only || is_unmet(cx, by, inviter);
        let counts = new && !is_above(state, inviter, by, up);
        let device = guard::device(cx, on.play);
        // A guest who does not count is one until now.
        let until = if counts { on.state.until } else { cx.at };
        cx.emit(Fact::Joined { loop_: on.loop_, by, until, device });
        Ok(counts)
    }

    /// Grants the tiers that this many guests reach for the first time.
    fn reach(
        &self,
        cx: &mut Deciding<'_, '_>,
        (loop_, head, progress): (Loop, &LoopState, &Progress),
        have: u32,
    ) {
        if self.claim != Claim::AtOnce || self.status(head, progress, cx.at) != Status::Running {
            return;
        }
        for (n, tier) in (1..).zip(self.tiers.iter()) {
            if have >= tier.at.get() && !progress.claimed.contains(&n) {
                grant(cx, loop_, head.initiator, n, tier);
            }
        }
    }

    fn claim<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: &On<'_, 'c, Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        if on.state.initiator != by {
            return Err(Code::NotMember.into());
        }
        cx.loop_running(on.play, on.state)?;
        let claimed = |n: u32| on.progress.claimed.contains(&n);
        let mut tiers = (1u32..).zip(self.tiers.iter());
        let (n, tier) = match cx.command.name.as_deref() {
            Some(name) => tiers
                .find(|(n, _)| n.to_string() == name)
                .ok_or(Rejection::new(Code::ItemUnknown).name(name))?,
            None => tiers.find(|(n, _)| !claimed(*n)).ok_or(Rejection::new(Code::AlreadyClaimed))?,
        };
        if claimed(n) {
            return Err(Code::AlreadyClaimed.into());
        }
        let more = tier.at.get().saturating_sub(on.progress.have);
        if more > 0 {
            return Err(Rejection::new(Code::NotReached).most(more));
        }
        rewards::check_obtainable(cx, on.loop_, &tier.give, by)?;
        grant(cx, on.loop_, by, n, tier);
        Ok(())
    }
}

fn grant(cx: &mut Deciding<'_, '_>, loop_: Loop, to: Person, n: u32, tier: &Tier) {
    cx.emit(Fact::Claimed { loop_, by: to, n, amount: None });
    for reward in tier.give.iter() {
        rewards::grant(cx, loop_, *reward, to, n);
    }
}

fn exit<'c>(
    cx: &mut Deciding<'_, 'c>,
    rooms: &[Room],
    on: &On<'_, 'c, Progress>,
    by: Person,
) -> Result<(), Rejection<'c>> {
    let name = required(cx.command.name.as_deref(), "name")?;
    let home = home(cx.state, on.state.play, by);
    match home.filter(|(_, progress)| progress.inside.contains(&(by, number(name)))) {
        Some((loop_, _)) => {
            cx.emit(Fact::Exited { loop_, by, room: name });
            Ok(())
        }
        // A room that a revision has left out can still be left.
        None if rooms.iter().any(|room| &*room.name == name) => Err(Code::NotMember.into()),
        None => Err(Rejection::new(Code::RoomUnknown).name(name)),
    }
}

/// The rooms as the latest revision has them.
fn current_rooms<'b>(book: &'b Book, play: Play, rules: &'b Rules) -> &'b [Room] {
    match book.play(book.revision(), play).map(|play| &play.rules) {
        Some(super::Rules::GroupFission(current)) => &current.rooms,
        _ => &rules.rooms,
    }
}

/// The loop in which a participant first entered a room of this play, and what it keeps.
fn home(state: &State, play: Play, who: Person) -> Option<(Loop, &Progress)> {
    state.loops_of(who).find_map(|loop_| match state.loop_(loop_) {
        Some(LoopState { play: other, progress: super::Progress::GroupFission(progress), .. })
            if *other == play && progress.guests.contains_key(&who) =>
        {
            Some((loop_, &**progress))
        }
        _ => None,
    })
}

fn running_loop_of(cx: &Deciding<'_, '_>, play: Play, inviter: Person) -> Option<Loop> {
    let runs = |loop_: &Loop| {
        let Some(head) = cx.state.loop_(*loop_) else { return false };
        let mine = head.play == play && head.initiator == inviter;
        mine && cx.rules(head).is_some_and(|rules| cx.loop_running(rules, head).is_ok())
    };
    cx.state.loops_of(inviter).find(runs)
}

fn members(state: &State, play: Play, room: &Room) -> u32 {
    state.tallies.get(members_of(play, &room.name))
}

/// The count of a room's members, under a number made from its name: rooms keep theirs across revisions.
fn members_of(play: Play, room: &str) -> Key {
    let number = number(room);
    let low = u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    tally(play, u32::try_from(number >> 32).unwrap_or(0), low)
}

/// 52 bits of the FNV-1a hash of a room's name, as many as a count's key holds.
fn number(room: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = room.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    (hash ^ (hash >> 52)) & 0xf_ffff_ffff_ffff
}

impl Progress {
    fn is_inside(&self, who: Person) -> bool {
        self.inside.between((who, 0), (who, u64::MAX)).next().is_some()
    }

    fn looks(&self) -> impl Iterator<Item = PersonLook> {
        self.guests.iter().map(|(who, guest)| {
            let status = match (self.is_inside(*who), guest.counts) {
                (true, true) => "entered",
                (true, false) => "not-counted",
                (false, _) => "left",
            };
            PersonLook { at: Some(guest.since), ..PersonLook::new(*who, status) }
        })
    }
}

impl Packed for Progress {
    fn pack(&self, out: &mut Vec<u8>) {
        self.guests.pack(out);
        self.inside.pack(out);
        self.claimed.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let guests: Sorted<Person, Guest> = from.read();
        let have = guests.values().filter(|guest| guest.counts).count();
        let have = u32::try_from(have).unwrap_or(u32::MAX);
        Progress { guests, inside: from.read(), claimed: from.read(), have }
    }
}

impl Packed for Guest {
    fn pack(&self, out: &mut Vec<u8>) {
        self.since.pack(out);
        put_flags(out, [self.eligible, self.counts]);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let since = from.read();
        let [eligible, counts] = from.flags();
        Guest { since, eligible, counts }
    }
}

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.guests.memory() + self.inside.memory() + self.claimed.memory()
    }

    fn knows(&self, who: Person) -> bool {
        self.guests.contains_key(&who)
    }
}
