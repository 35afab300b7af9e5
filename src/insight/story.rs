//! Reading facts: who came by whom and from where, and what they did.

use hashbrown::HashTable;
use std::collections::BTreeMap;

use super::told::Told;
use crate::attribution::credit::Transform;
use crate::engine::hash::Keys;
use crate::engine::interner::Interner;
use crate::json::Fault;
use crate::json::scan::Scanner;

/// What a reader of facts may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long after someone's arrival those they bring count for K, in milliseconds.
    pub window: i64,
    /// How far local days are from UTC, in minutes.
    pub offset: i32,
    /// The moment of looking, in Unix milliseconds; the last fact's if absent.
    pub now: Option<i64>,
    /// How far back a touch can lie and still be given credit, in milliseconds.
    pub look_back: i64,
    /// For each of these spans before the conversion a touch weighs half as much under `timeDecay`, in milliseconds.
    pub half_life: i64,
    /// How paths are shortened before credit is given.
    pub transform: Transform,
}

const DAY: i64 = 86_400_000;

impl Default for Options {
    /// Seven days, China's time, thirty days back, half-lives of seven days.
    fn default() -> Self {
        Options {
            window: 7 * DAY,
            offset: 480,
            now: None,
            look_back: 30 * DAY,
            half_life: 7 * DAY,
            transform: Transform::None,
        }
    }
}

/// Everything that facts tell, by person.
#[derive(Clone, Debug)]
pub struct Story {
    /// The ids of people; their places are the numbers used here.
    pub names: Interner,
    /// People by number.
    pub people: Vec<Person>,
    /// The names of channels; 0 is `direct`, 1 `share`.
    pub channels: Interner,
    /// How many times the poster of each channel was drawn, by reports; shorter than the channels.
    pub drawn: Vec<u32>,
    /// Where and when people met the campaign, in the order of the facts.
    pub touches: Vec<Touch>,
    /// What they bought or did for the site, in the order of the facts.
    pub conversions: Vec<Conversion>,
    /// What was granted, by reward.
    pub rewards: BTreeMap<String, RewardSum>,
    /// The targets of live codes, as `code/target`; turned away under the empty target.
    pub targets: Interner,
    /// What each of these did.
    pub routes: Vec<RouteSum>,
    /// Ids that are one person's, two by two, by the numbers of people.
    pub merges: Vec<(u32, u32)>,
    /// Who opened, helped and joined which loops, in the order of the facts.
    pub deeds: Vec<Deed>,
    /// The ids of loops; their places are the numbers in `deeds`.
    pub loops: Interner,
    /// Facts read.
    pub facts: u64,
    /// Lines that are no facts.
    pub skipped: u64,
    /// The time of the first fact.
    pub first: i64,
    /// The time of the last.
    pub last: i64,
    orders: Interner,
    by_order: Vec<usize>,
    grants: Interner,
    by_grant: Vec<(String, i64, bool)>,
    /// The names of live codes.
    codes: Interner,
    /// Where a place is kept and until when, by person and live code.
    places: BTreeMap<(u32, u32), (u32, i64)>,
    /// Hashes of the ids of what was read: what comes again counts once.
    ids: HashTable<u64>,
    keys: Keys,
    route_name: String,
}

/// A person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// When they were first seen.
    pub met: i64,
    /// When they arrived.
    pub arrived: Option<i64>,
    /// Whether that is only known from what they did: a page that is opened without a link tells of no arrival.
    pub is_inferred: bool,
    /// Who brought them, or whose customer they are now.
    pub inviter: Option<u32>,
    /// Whether the latter was told.
    pub bound: bool,
    /// The channel they arrived by.
    pub channel: u32,
    /// When they first took part.
    pub took_part: Option<i64>,
    /// When they first bought something or did what the site waits for.
    pub converted: Option<i64>,
    /// When they first shared.
    pub shared: Option<i64>,
    /// When a page was first shown to them, by reports.
    pub seen: Option<i64>,
    /// Orders that stand.
    pub orders: u32,
    /// Their money, in minor units.
    pub value: i64,
    /// When the last of them was.
    pub last_order: i64,
    /// Their latest touch: its channel and when.
    pub touched: Option<(u32, i64)>,
}

/// A touch: somebody met the campaign somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Who.
    pub who: u32,
    /// When.
    pub at: i64,
    /// Where.
    pub channel: u32,
}

/// Somebody opened, helped or joined a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The loop.
    pub loop_: u32,
    /// Who.
    pub who: u32,
    /// When.
    pub at: i64,
    /// Whether it is theirs.
    pub opens: bool,
}

/// A conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Whose.
    pub who: u32,
    /// When.
    pub at: i64,
    /// Its money; 0 if it has none.
    pub value: i64,
    /// Whether it was refunded.
    pub refunded: bool,
}

/// What was granted of a reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewardSum {
    /// Grants that stand.
    pub count: u32,
    /// Their money.
    pub spent: i64,
}

/// What a target of a live code did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteSum {
    /// People led there, or turned away.
    pub shown: u32,
    /// Scans, people who came again among them.
    pub scans: u32,
    /// Adds.
    pub added: u32,
    /// Of these, the ones for which no place was kept: they came after `hold` was over, or without a scan.
    pub late: u32,
    /// Leavings.
    pub dropped: u32,
}

/// Kinds of facts by which someone takes part.
const PARTS: [&str; 15] = [
    "opened",
    "helped",
    "joined",
    "cut",
    "checked-in",
    "done",
    "submitted",
    "drawn",
    "claimed",
    "entered",
    "returned",
    "scored",
    "spent",
    "added",
    "qualified",
];

/// The channel of whoever came by nobody and from nowhere that is known.
pub const DIRECT: &str = "direct";

/// The channel of whoever came by what somebody shared.
pub const SHARE: &str = "share";

impl Default for Story {
    fn default() -> Self {
        let keys = Keys::new([0; 32]);
        let new = || Interner::new(keys);
        let mut channels = new();
        for name in [DIRECT, SHARE] {
            channels.intern(name);
        }
        Story {
            names: new(),
            people: Vec::new(),
            channels,
            drawn: Vec::new(),
            touches: Vec::new(),
            conversions: Vec::new(),
            rewards: BTreeMap::new(),
            targets: new(),
            routes: Vec::new(),
            merges: Vec::new(),
            deeds: Vec::new(),
            loops: new(),
            facts: 0,
            skipped: 0,
            first: 0,
            last: 0,
            orders: new(),
            by_order: Vec::new(),
            grants: new(),
            by_grant: Vec::new(),
            codes: new(),
            places: BTreeMap::new(),
            ids: HashTable::new(),
            keys,
            route_name: String::new(),
        }
    }
}

impl Story {
    /// Reads facts: one object for each line, or an array; answers, entries of a log that hold one, and reports will do as
    /// well. A fact that comes again under its id counts once. What is no fact is passed over and counted.
    ///
    /// ```
    /// use kfactor::insight::Story;
    /// let mut story = Story::default();
    /// story.read(br#"{"id":"c1/0","at":1,"kind":"met","who":"ann"}
    /// {"ok":true,"id":"c2","facts":[{"id":"c2/0","at":2,"kind":"met","who":"bo"}]}"#);
    /// assert_eq!((story.people.len(), story.facts, story.skipped), (2, 2, 0));
    /// ```
    pub fn read(&mut self, bytes: &[u8]) {
        let mut scanner = Scanner::new(bytes);
        loop {
            let mut told = Told::default();
            let mut inner: Option<&[u8]> = None;
            let more = scanner.object(|key, value| {
                told.take(key, value, &mut inner);
                Ok::<(), Fault>(())
            });
            if let Some(data) = told.data.take().filter(|_| told.kind.is_some()) {
                let mut scanner = Scanner::new(data);
                let _ = scanner.object(|key, value| {
                    told.take_data(key, value);
                    Ok::<(), Fault>(())
                });
            }
            match (more, inner) {
                (Ok(false), _) => return,
                (Ok(true), Some(inner)) => self.read(inner),
                (Ok(true), None) => self.enter(&told),
                (Err(_), _) => {
                    self.skipped += 1;
                    if scanner.is_array() {
                        return;
                    }
                }
            }
        }
    }

    fn enter(&mut self, told: &Told<'_>) {
        let (Some(kind), Some(at)) = (told.kind.as_deref(), told.at) else {
            // A refusal, or a command.
            self.skipped += u64::from(told.kind.is_some());
            return;
        };
        if told.id.as_deref().is_some_and(|id| !self.is_new(id)) {
            return;
        }
        if self.facts == 0 {
            self.first = at;
        }
        self.facts += 1;
        self.last = self.last.max(at);
        // What was told late counts when it was.
        let at = told.when.unwrap_or(at);
        let who = told.who.as_deref().or(told.by.as_deref()).or(told.subject.as_deref());
        let who = who.map(|who| self.person(who, at));
        match (kind, who) {
            ("arrived", Some(who)) => self.arrive(who, at, told),
            ("touched", Some(who)) => drop(self.touch(who, at, told)),
            ("shared", Some(who)) => self.of(who, |person| person.shared = person.shared.or(Some(at))),
            ("paid" | "bought" | "happened", Some(who)) => self.convert(who, at, told),
            ("refunded", _) => self.refund(told),
            ("granted", _) => self.grant(told),
            ("failed" | "revoked" | "outdated", _) => self.take_back(told),
            ("page-shown", Some(who)) => self.of(who, |person| person.seen = person.seen.or(Some(at))),
            ("poster-drawn", _) => self.draw(told),
            ("routed", Some(who)) => {
                let again = u32::from(told.again);
                let target =
                    self.route(told, |sum| (sum.shown, sum.scans) = (sum.shown + 1 - again, sum.scans + 1));
                let code = self.codes.intern(told.live_code.as_deref().unwrap_or_default());
                self.places.insert((who, code), (target, told.until.unwrap_or(0)));
                if told.touchpoint.is_some() {
                    self.touch(who, at, told);
                }
            }
            ("turned-away", Some(_)) => {
                self.route(told, |sum| (sum.shown, sum.scans) = (sum.shown + 1, sum.scans + 1));
            }
            ("added", Some(who)) => {
                let target = self.route(told, |sum| sum.added += 1);
                let code = self.codes.intern(told.live_code.as_deref().unwrap_or_default());
                let place = self.places.insert((who, code), (target, 0));
                if place.is_none_or(|(kept, until)| kept != target || until <= at) {
                    self.route(told, |sum| sum.late += 1);
                }
            }
            ("dropped", Some(_)) => drop(self.route(told, |sum| sum.dropped += 1)),
            ("bound", Some(who)) => {
                let inviter = told.inviter.as_deref().map(|inviter| self.person(inviter, at));
                self.of(who, |person| (person.inviter, person.bound) = (inviter, true));
            }
            ("merged", Some(who)) => {
                let other = told.other.as_deref().map(|other| self.person(other, at));
                self.merges.extend(other.map(|other| (who, other)));
            }
            ("opened" | "helped" | "joined" | "cut", Some(who)) => {
                let loop_ = told.loop_.as_deref().map(|loop_| self.loops.intern(loop_));
                let deed = |loop_| Deed { loop_, who, at, opens: kind == "opened" };
                self.deeds.extend(loop_.map(deed));
            }
            _ => {}
        }
        if let Some(who) = who.filter(|_| PARTS.contains(&kind)) {
            self.of(who, |person| person.took_part = person.took_part.or(Some(at)));
        }
        if let Some(who) = who.filter(|_| kind == "shared" || PARTS.contains(&kind)) {
            self.of(who, |person| {
                if person.arrived.is_none() {
                    (person.arrived, person.is_inferred) = (Some(at), true);
                }
            });
        }
    }

    fn is_new(&mut self, id: &str) -> bool {
        let hash = self.keys.text(id);
        let is_new = self.ids.find(hash, |known| *known == hash).is_none();
        if is_new {
            self.ids.insert_unique(hash, hash, |known| *known);
        }
        is_new
    }

    fn person(&mut self, id: &str, at: i64) -> u32 {
        let number = self.names.intern(id);
        if usize::try_from(number).is_ok_and(|number| number >= self.people.len()) {
            self.people.push(Person { met: at, ..Person::default() });
        }
        number
    }

    fn of(&mut self, who: u32, change: impl FnOnce(&mut Person)) {
        if let Some(person) = usize::try_from(who).ok().and_then(|who| self.people.get_mut(who)) {
            change(person);
        }
    }

    fn arrive(&mut self, who: u32, at: i64, told: &Told<'_>) {
        let inviter = told.inviter.as_deref().map(|inviter| self.person(inviter, at));
        let channel = self.touch(who, at, told);
        self.of(who, |person| {
            if person.arrived.is_none() || person.is_inferred {
                let inviter = if person.bound { person.inviter } else { inviter };
                (person.inviter, person.channel, person.is_inferred) = (inviter, channel, false);
                person.arrived = person.arrived.or(Some(at));
            }
        });
    }

    /// Notes a touch, unless it repeats the one before within half an hour.
    fn touch(&mut self, who: u32, at: i64, told: &Told<'_>) -> u32 {
        const SESSION: i64 = 1_800_000;
        let channel = match (told.touchpoint.as_deref(), told.inviter.as_deref()) {
            (Some(touchpoint), _) => self.channels.intern(touchpoint),
            (None, Some(_)) => 1,
            (None, None) => 0,
        };
        let before = usize::try_from(who).ok().and_then(|who| self.people.get_mut(who));
        let last = before.and_then(|person| person.touched.replace((channel, at)));
        let repeats = last.is_some_and(|(before, when)| before == channel && at - when < SESSION);
        if !repeats {
            self.touches.push(Touch { who, at, channel });
        }
        channel
    }

    /// Counts a poster that was drawn for the touchpoint that stands for it.
    fn draw(&mut self, told: &Told<'_>) {
        let Some(poster) = told.poster.as_deref() else { return };
        let channel = self.channels.intern(&crate::poster::touchpoint(poster, told.variant.as_deref()));
        let Ok(channel) = usize::try_from(channel) else { return };
        if self.drawn.len() <= channel {
            self.drawn.resize(channel + 1, 0);
        }
        if let Some(times) = self.drawn.get_mut(channel) {
            *times += 1;
        }
    }

    fn convert(&mut self, who: u32, at: i64, told: &Told<'_>) {
        if let Some(order) = told.order.as_deref() {
            let number = self.orders.intern(order);
            if usize::try_from(number).is_ok_and(|number| number < self.by_order.len()) {
                return;
            }
            self.by_order.push(self.conversions.len());
        }
        self.conversions.push(Conversion { who, at, value: told.amount, refunded: false });
        let is_order = told.order.is_some();
        self.of(who, |person| {
            person.converted = person.converted.or(Some(at));
            if is_order {
                person.orders += 1;
                person.value += told.amount;
                person.last_order = person.last_order.max(at);
            }
        });
    }

    fn refund(&mut self, told: &Told<'_>) {
        let number = told.order.as_deref().and_then(|order| self.orders.find(order));
        let at = number.and_then(|number| self.by_order.get(usize::try_from(number).ok()?)).copied();
        let Some(conversion) = at.and_then(|at| self.conversions.get_mut(at)) else { return };
        if !core::mem::replace(&mut conversion.refunded, true) {
            let Conversion { who, value, .. } = *conversion;
            self.of(who, |person| {
                person.orders = person.orders.saturating_sub(1);
                person.value -= value;
            });
        }
    }

    fn grant(&mut self, told: &Told<'_>) {
        let (Some(grant), Some(reward)) = (told.grant.as_deref(), told.reward.as_deref()) else { return };
        let number = self.grants.intern(grant);
        if usize::try_from(number).is_ok_and(|number| number >= self.by_grant.len()) {
            self.by_grant.push((reward.to_owned(), told.amount, true));
            let sum = self.rewards.entry(reward.to_owned()).or_default();
            (sum.count, sum.spent) = (sum.count + 1, sum.spent + told.amount);
        }
    }

    fn take_back(&mut self, told: &Told<'_>) {
        let number = told.grant.as_deref().and_then(|grant| self.grants.find(grant));
        let grant = number.and_then(|number| self.by_grant.get_mut(usize::try_from(number).ok()?));
        let Some((reward, amount, stands)) = grant else { return };
        if core::mem::replace(stands, false)
            && let Some(sum) = self.rewards.get_mut(reward)
        {
            (sum.count, sum.spent) = (sum.count.saturating_sub(1), sum.spent - *amount);
        }
    }

    /// Changes what the target did that a fact names, and gives the target's number.
    fn route(&mut self, told: &Told<'_>, change: impl FnOnce(&mut RouteSum)) -> u32 {
        self.route_name.clear();
        self.route_name.push_str(told.live_code.as_deref().unwrap_or_default());
        self.route_name.push('/');
        self.route_name.push_str(told.target.as_deref().unwrap_or_default());
        let number = self.targets.intern(&self.route_name);
        if let Ok(at) = usize::try_from(number) {
            if self.routes.len() <= at {
                self.routes.resize(at + 1, RouteSum::default());
            }
            self.routes.get_mut(at).map(change);
        }
        number
    }
}
