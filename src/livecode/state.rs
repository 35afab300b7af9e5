//! What live codes have done so far, rebuilt from facts.

use hashbrown::HashTable;
use std::collections::VecDeque;

use super::rules::Strategy;
use crate::engine::book::Book;
use crate::engine::fact::Fact;
use crate::engine::handle::{LiveCode, Maybe, Person, Target};
use crate::engine::pack::{Packed, Unpacker, packed};
use crate::engine::state::State;
use crate::engine::time::{Period, Time};
use crate::sorted::SortedSet;

/// The loads of all live codes, and who was led where.
#[derive(Clone, Debug, Default)]
pub struct LiveCodes {
    codes: Vec<CodeState>,
    targets: Vec<TargetState>,
    visits: Visits,
    members: SortedSet<(Target, Person)>,
}

/// A live code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeState {
    /// The target shown last.
    pub last: Maybe<Target>,
    /// How far the rotation is: where the turn of the target shown last began.
    pub turn: u64,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Where its next turn in the rotation begins, unless the rotation is farther.
    pub turn: u64,
    /// How many people it was shown to.
    pub shown: u32,
    /// Adds that stand: those who are there, without the ones from before the campaign.
    pub present: u32,
    /// Whether it is switched on.
    pub online: bool,
    /// What the backend last said of it.
    pub health: Health,
    /// The local day of the latest add.
    day: i64,
    /// Adds on that day.
    added: u32,
    /// Places kept: until when and for whom, in this order.
    places: VecDeque<(Time, Person)>,
}

/// What the backend says of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing is wrong.
    Well,
    /// Nobody more can be added.
    Full,
    /// The platform has banned it.
    Banned,
}

/// Where a person was led last by a live code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Who.
    pub person: Person,
    /// By which live code.
    pub code: LiveCode,
    /// To which target.
    pub target: Target,
    /// Until when a place is kept for them; 0 if none is.
    pub until: Time,
}

/// How far one turn of weight 1 brings a target in the rotation: divisible by all weights up to 20, and so large that
/// what is lost by rounding for the others makes no difference within a million cycles.
const TURN: u64 = 232_792_560 << 12;

/// Where the rotation is set back, so that it never overflows.
const SET_BACK: u64 = 1 << 60;

impl Default for CodeState {
    fn default() -> Self {
        CodeState { last: Maybe::NONE, turn: 0 }
    }
}

impl Default for TargetState {
    fn default() -> Self {
        TargetState {
            turn: 0,
            shown: 0,
            present: 0,
            online: true,
            health: Health::Well,
            day: 0,
            added: 0,
            places: VecDeque::new(),
        }
    }
}

impl LiveCodes {
    /// A live code.
    #[must_use]
    pub fn code(&self, code: LiveCode) -> CodeState {
        self.codes.get(code.index()).copied().unwrap_or_default()
    }

    /// A target, if anything has happened to it.
    #[must_use]
    pub fn target(&self, target: Target) -> Option<&TargetState> {
        self.targets.get(target.index())
    }

    /// Where a person was led last by a live code.
    #[must_use]
    pub fn visit(&self, code: LiveCode, person: Person) -> Option<Visit> {
        self.visits.find(code, person)
    }

    /// Whether a person has added a target and not left.
    #[must_use]
    pub fn is_member(&self, target: Target, person: Person) -> bool {
        self.members.contains(&(target, person))
    }

    /// Whether every person that is named exists.
    #[must_use]
    pub fn is_consistent(&self, persons: usize) -> bool {
        let known = |person: Person| person.index() < persons;
        self.visits.list.iter().all(|visit| known(visit.person))
            && self.members.iter().all(|(_, person)| known(*person))
            && self.targets.iter().all(|target| target.places.iter().all(|(_, person)| known(*person)))
    }

    fn target_mut(&mut self, target: Target) -> Option<&mut TargetState> {
        if self.targets.len() <= target.index() {
            self.targets.resize_with(target.index() + 1, TargetState::default);
        }
        self.targets.get_mut(target.index())
    }

    /// Gives back the place that is kept for a person.
    fn free(&mut self, visit: Visit) {
        if visit.until > Time(0)
            && let Some(target) = self.target_mut(visit.target)
        {
            target.free(visit.until, visit.person);
        }
    }

    /// Moves the rotation of a code on to a target.
    fn turn(&mut self, code: LiveCode, target: Target, weight: u64) {
        if self.codes.len() <= code.index() {
            self.codes.resize_with(code.index() + 1, CodeState::default);
        }
        let Some(rotation) = self.codes.get_mut(code.index()) else { return };
        rotation.last = Some(target).into();
        let Some(shown) = self.targets.get_mut(target.index()) else { return };
        rotation.turn = shown.turn.max(rotation.turn);
        shown.turn = rotation.turn.saturating_add(TURN / weight.max(1));
    }

    /// Sets a rotation back to its beginning without changing what comes next.
    fn set_back(&mut self, code: LiveCode, targets: &[Target]) {
        let Some(rotation) = self.codes.get_mut(code.index()).filter(|code| code.turn > SET_BACK) else {
            return;
        };
        let by = core::mem::take(&mut rotation.turn);
        for target in targets {
            if let Some(target) = self.targets.get_mut(target.index()) {
                target.turn = target.turn.saturating_sub(by);
            }
        }
    }
}

impl TargetState {
    /// How many were added on a local day.
    #[must_use]
    pub fn added_on(&self, day: i64) -> u32 {
        if self.day == day { self.added } else { 0 }
    }

    /// How many places are kept at an instant.
    #[must_use]
    pub fn kept(&self, at: Time) -> u32 {
        // Of the places that are over only those since the target was last shown are still there: few.
        let is_over = |place: usize| self.places.get(place).is_some_and(|(until, _)| *until <= at);
        let mut over = 0;
        let mut step = 1;
        while is_over(over + step - 1) {
            over += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if is_over(over + step - 1) {
                over += step;
            }
        }
        u32::try_from(self.places.len() - over).unwrap_or(u32::MAX)
    }

    fn keep(&mut self, until: Time, person: Person, at: Time) {
        while self.places.front().is_some_and(|(until, _)| *until <= at) {
            self.places.pop_front();
        }
        // Places are kept alike long, so the new one is nearly always the last.
        if self.places.back().is_none_or(|last| *last <= (until, person)) {
            self.places.push_back((until, person));
            return;
        }
        let place = self.places.partition_point(|kept| *kept <= (until, person));
        self.places.insert(place, (until, person));
    }

    fn free(&mut self, until: Time, person: Person) {
        let place = self.places.partition_point(|kept| *kept < (until, person));
        if self.places.get(place) == Some(&(until, person)) {
            self.places.remove(place);
        }
    }
}

impl Health {
    /// The word in commands and facts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Health::Well => "well",
            Health::Full => "full",
            Health::Banned => "banned",
        }
    }
}

/// Applies a fact about live codes.
#[inline(never)]
pub fn evolve(book: &Book, state: &mut State, fact: &Fact<'_>, at: Time) {
    let codes = &mut state.live_codes;
    match *fact {
        Fact::Routed { by, code, target, until, again, .. } => {
            if let Some(visit) = codes.visit(code, by) {
                codes.free(visit);
            }
            let Some(shown) = codes.target_mut(target) else { return };
            if let Some(until) = until {
                shown.keep(until, by, at);
            }
            if !again {
                shown.shown = shown.shown.saturating_add(1);
                let rules = book.current().live_code(code);
                let weighted = rules.is_some_and(|code| code.rules.strategy == Strategy::Weighted);
                let weight = rules.filter(|_| weighted).and_then(|code| code.target(target));
                codes.turn(code, target, weight.map_or(1, |target| u64::from(target.weight.get())));
                codes.set_back(code, rules.map_or(&[], |code| code.targets));
            }
            codes.visits.set(Visit { person: by, code, target, until: until.unwrap_or_default() });
        }
        Fact::Added { by, code, target } => {
            if let Some(visit) = codes.visit(code, by) {
                codes.free(visit);
            }
            codes.visits.set(Visit { person: by, code, target, until: Time(0) });
            let fresh = codes.members.insert((target, by));
            let (day, _) = Period::Day.of(at, book.current().timezone);
            let Some(target) = codes.target_mut(target).filter(|_| fresh) else { return };
            target.present = target.present.saturating_add(1);
            if target.day != day {
                (target.day, target.added) = (day, 0);
            }
            target.added = target.added.saturating_add(1);
        }
        Fact::Dropped { by, target, .. } => {
            if codes.members.remove(&(target, by))
                && let Some(target) = codes.target_mut(target)
            {
                target.present = target.present.saturating_sub(1);
            }
        }
        Fact::Switched { target, to, .. } => {
            let Some(target) = codes.target_mut(target) else { return };
            match to {
                "online" => target.online = true,
                "offline" => target.online = false,
                "full" => target.health = Health::Full,
                "banned" => target.health = Health::Banned,
                _ => target.health = Health::Well,
            }
        }
        _ => {}
    }
}

/// Where people were led, one entry for each person and code, in the order of the log.
#[derive(Clone, Debug, Default)]
struct Visits {
    list: Vec<Visit>,
    index: HashTable<u32>,
}

impl Visits {
    fn find(&self, code: LiveCode, person: Person) -> Option<Visit> {
        let at = self.index.find(spread(code, person), |&at| self.is_of(at, code, person))?;
        self.list.get(usize::try_from(*at).ok()?).copied()
    }

    fn set(&mut self, visit: Visit) {
        let hash = spread(visit.code, visit.person);
        let found = self.index.find(hash, |&at| self.is_of(at, visit.code, visit.person)).copied();
        if let Some(at) = found {
            if let Some(known) = usize::try_from(at).ok().and_then(|at| self.list.get_mut(at)) {
                *known = visit;
            }
            return;
        }
        let at = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        crate::engine::state::push(&mut self.list, visit);
        let list = &self.list;
        let hash_of = |&at: &u32| {
            let visit = usize::try_from(at).ok().and_then(|at| list.get(at));
            visit.map_or(0, |visit| spread(visit.code, visit.person))
        };
        self.index.insert_unique(hash, at, hash_of);
    }

    fn is_of(&self, at: u32, code: LiveCode, person: Person) -> bool {
        let visit = usize::try_from(at).ok().and_then(|at| self.list.get(at));
        visit.is_some_and(|visit| visit.code == code && visit.person == person)
    }
}

/// Persons and codes are small consecutive numbers (a finaliser of the SplitMix64 kind).
fn spread(code: LiveCode, person: Person) -> u64 {
    let mut x = u64::from(code.0) << 32 | u64::from(person.0);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl LiveCodes {
    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        let places: usize = self.targets.iter().map(|target| target.places.capacity()).sum();
        self.targets.capacity() * size_of::<TargetState>()
            + places * size_of::<(Time, Person)>()
            + self.visits.list.capacity() * size_of::<Visit>()
            + self.visits.index.capacity() * size_of::<u32>()
            + self.members.len() * 2 * size_of::<(Target, Person)>()
    }
}

impl Packed for LiveCodes {
    fn pack(&self, out: &mut Vec<u8>) {
        self.codes.pack(out);
        self.targets.pack(out);
        self.visits.list.pack(out);
        self.members.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (codes, targets) = (from.read(), from.read());
        let mut visits = Visits::default();
        from.each(|from| visits.set(from.read()));
        LiveCodes { codes, targets, visits, members: from.read() }
    }
}

packed! {
    CodeState { last, turn }
    TargetState { turn, shown, present, online, health, day, added, places }
    Visit { person, code, target, until }
}

packed! { enum Health { Well, Full, Banned } }
