//! The outbox under everything that can happen to it: a world of one storage, one backend and pages that crash.
//!
//! Each seed is a script of its own. A crash may come at every write to the storage, with the value torn at any byte, and
//! again while the next page recovers. Whatever was written is in the end at the backend or counted as dropped, and a
//! record that arrives twice has the same id. `KFACTOR_SEEDS=1000000` runs more scripts.

#![allow(clippy::disallowed_methods, reason = "a test may read how long it is to run")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use kfactor::engine::time::Time;
use kfactor::report::outbox::{Consent, Effect, Input, Outbox, Settings};
use kfactor::report::{Draft, Form};
use serde_json::Value;

/// SplitMix64: any fixed, well mixed sequence will do.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == 0
    }
}

/// The page is gone in the middle of a write.
struct Crash;

#[derive(Default)]
struct Backend {
    /// How often each record came, and its content without the moment of sending.
    received: BTreeMap<String, (u32, String)>,
    refuses: BTreeSet<String>,
}

struct Page {
    outbox: Outbox,
    /// Requests without an answer: number, ids, whether the backend has it.
    requests: Vec<(u32, Vec<String>)>,
}

struct World {
    dice: Dice,
    now: i64,
    storage: BTreeMap<String, String>,
    backend: Backend,
    pages: Vec<Page>,
    sessions: u32,
    tracked: u32,
    /// Every record by its id, and ids by the key they are stored under.
    records: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    /// Ids whose write was confirmed to the page.
    written: BTreeSet<String>,
    /// Ids that were dropped with a reason.
    dropped: BTreeSet<String>,
    /// Drops of all pages, as they were counted.
    drops: u64,
    crashes: u64,
    /// Counts of drops that the storage would not take.
    uncounted: u64,
    /// How many writes until the next crash.
    fuse: usize,
    form: Form,
    faults: bool,
}

fn id_of(record: &str) -> String {
    serde_json::from_str::<Value>(record).unwrap()["id"].as_str().unwrap().to_owned()
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let form = [Form::CloudEvents, Form::CloudEventsBatch, Form::Ndjson, Form::Json][dice.below(4)];
        let fuse = 1 + dice.below(40);
        let mut world = World {
            dice,
            now: 1_796_090_400_000,
            storage: BTreeMap::new(),
            backend: Backend::default(),
            pages: Vec::new(),
            sessions: 0,
            tracked: 0,
            records: BTreeMap::new(),
            ids: BTreeMap::new(),
            written: BTreeSet::new(),
            dropped: BTreeSet::new(),
            drops: 0,
            crashes: 0,
            uncounted: 0,
            fuse,
            form,
            faults: true,
        };
        world.begin();
        world
    }

    /// A page opens and recovers what others left, unless it crashes over that.
    fn begin(&mut self) {
        loop {
            self.sessions += 1;
            let settings = Settings {
                campaign: "tea".into(),
                session: format!("s{}", self.sessions),
                form: self.form,
                write_key: None,
                consent: Consent::Granted,
            };
            self.pages.push(Page { outbox: Outbox::new(settings), requests: Vec::new() });
            let values = self.storage.clone().into_iter().collect();
            if self.step(self.pages.len() - 1, Input::Recovered(values)).is_ok() {
                return;
            }
        }
    }

    fn step(&mut self, page: usize, input: Input<'_>) -> Result<(), Crash> {
        let chance = u32::try_from(self.dice.roll() >> 32).unwrap();
        let effects = self.pages[page].outbox.step(input, Time(self.now), chance);
        self.check(page);
        let mut written = Vec::new();
        for effect in effects {
            match effect {
                Effect::Put { key, value } => {
                    if !key.contains(":losses") {
                        let text = value[8..].to_owned();
                        self.ids.insert(key.clone(), id_of(&text));
                        self.records.insert(id_of(&text), text);
                    }
                    let fails = self.faults && self.dice.one_in(20);
                    if fails {
                        self.uncounted += u64::from(key.contains(":losses"));
                    } else {
                        self.write(page, &key, Some(value))?;
                    }
                    written.push((key, fails));
                }
                Effect::Delete { key } => self.write(page, &key, None)?,
                Effect::Send { batch, body, .. } => {
                    let ids = self.sent(&body).iter().map(|record| id_of(record)).collect();
                    self.pages[page].requests.push((batch, ids));
                }
                Effect::Dropped { key, .. } => {
                    // The drop of what tells of drops is told by nothing.
                    let record = self.ids.get(&key).and_then(|id| self.records.get(id));
                    self.drops += u64::from(record.is_none_or(|text| losses(text).is_none()));
                    self.dropped.extend(self.ids.get(&key).cloned());
                }
                Effect::Parked { .. } => {}
            }
        }
        for (key, fails) in written {
            if fails {
                self.step(page, Input::NotStored(&key))?;
            } else {
                if !key.contains(":losses") {
                    self.written.insert(self.ids[&key].clone());
                }
                self.step(page, Input::Stored(&key))?;
            }
        }
        Ok(())
    }

    /// One write; the fuse may end here, before it, after it, or in the middle of it.
    fn write(&mut self, page: usize, key: &str, value: Option<String>) -> Result<(), Crash> {
        self.fuse = self.fuse.saturating_sub(1);
        let crash = self.faults && self.fuse == 0;
        let done = match value {
            None if crash && self.dice.one_in(2) => None,
            None => {
                self.storage.remove(key);
                None
            }
            Some(value) if crash => {
                let torn = self.dice.below(value.len() + 1);
                (!self.dice.one_in(4)).then(|| value.get(..torn).unwrap_or("").to_owned())
            }
            Some(value) => Some(value),
        };
        if let Some(value) = done {
            self.storage.insert(key.to_owned(), value);
        }
        if crash {
            self.crash(page);
            return Err(Crash);
        }
        Ok(())
    }

    fn crash(&mut self, page: usize) {
        self.crashes += 1;
        self.fuse = 1 + self.dice.below(60);
        // What was under way may have arrived.
        let gone = self.pages.remove(page);
        for (_, ids) in gone.requests {
            if self.dice.one_in(2) {
                self.arrive(&ids);
            }
        }
    }

    fn arrive(&mut self, ids: &[String]) {
        for id in ids {
            let text = || (0, self.records[id].clone());
            self.backend.received.entry(id.clone()).or_insert_with(text).0 += 1;
        }
    }

    /// The records in a body; what was sent under an id is always the same.
    fn sent(&self, body: &str) -> Vec<String> {
        let values: Vec<Value> = match self.form {
            Form::CloudEvents => vec![serde_json::from_str(body).unwrap()],
            Form::Ndjson => body.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            _ => serde_json::from_str(body).unwrap(),
        };
        let text = |mut value: Value| {
            value.as_object_mut().unwrap().remove("sentat").unwrap();
            let text = value.to_string();
            assert_eq!(text, self.records[&id_of(&text)], "two records with one id");
            text
        };
        values.into_iter().map(text).collect()
    }

    fn check(&self, page: usize) {
        let outbox = &self.pages[page].outbox;
        let counts = outbox.counts();
        let known =
            counts.acked + u64::try_from(outbox.queued()).unwrap() + counts.moved + counts.dropped.total();
        assert_eq!(counts.tracked + counts.recovered, known, "{counts:?}");
    }

    /// Something happens.
    fn happen(&mut self) -> Result<(), usize> {
        let page = self.dice.below(self.pages.len());
        let lost = |_: Crash| page;
        self.now += i64::try_from(self.dice.below(3_000)).unwrap();
        match self.dice.below(30) {
            0..=9 => {
                self.tracked += 1;
                let id = format!("e{}", self.tracked);
                if self.dice.one_in(30) {
                    self.backend.refuses.insert(id.clone());
                }
                let data = format!("{{\"n\":{}}}", self.tracked);
                let draft = Draft {
                    kind: "helped".into(),
                    id: Some(id.into()),
                    data: data.into(),
                    ..Draft::default()
                };
                self.step(page, Input::Track(draft)).map_err(lost)
            }
            10..=19 => self.answer(page).map_err(lost),
            20 => self.step(page, Input::Hidden).map_err(lost),
            21 => {
                let keys = self.storage.keys().cloned().collect();
                self.step(page, Input::Shown(Some(keys))).map_err(lost)
            }
            22 => self.step(page, Input::Online).map_err(lost),
            23 => {
                let day = 86_400_000;
                self.now += if self.dice.one_in(2) { day } else { -day };
                self.step(page, Input::Tick).map_err(lost)
            }
            24 if self.pages.len() < 3 => {
                // A second page takes over what the first has, though the first still lives.
                self.begin();
                Ok(())
            }
            25 if self.pages.len() > 1 => {
                self.crash(page);
                Ok(())
            }
            _ => {
                self.now += i64::try_from(self.dice.below(400_000)).unwrap();
                self.step(page, Input::Tick).map_err(lost)
            }
        }
    }

    fn answer(&mut self, page: usize) -> Result<(), Crash> {
        if self.pages[page].requests.is_empty() {
            return self.step(page, Input::Tick);
        }
        let which = self.dice.below(self.pages[page].requests.len());
        let (batch, ids) = self.pages[page].requests.remove(which);
        let poison = ids.iter().any(|id| self.backend.refuses.contains(id));
        let usual = [200, 200, 204, 0, 500, 503, 429, 401, 404, 413, 301, 408];
        let status = if !self.faults && !poison {
            200
        } else if poison {
            [400, 422][self.dice.below(2)]
        } else {
            usual[self.dice.below(usual.len())]
        };
        // What was not taken may have arrived all the same: the answer was lost, not the request.
        if (200..300).contains(&status) || (status == 0 && self.dice.one_in(2)) {
            self.arrive(&ids);
        }
        let asked = [
            Some(("7", None)),
            Some(("Sun, 06 Nov 1994 08:50:07 GMT", Some("Sun, 06 Nov 1994 08:49:37 GMT"))),
            None,
        ];
        let retry_after = asked[self.dice.below(3)];
        self.step(page, Input::Answered { batch, status, retry_after })
    }

    /// Nothing fails any more; everything has to come to rest.
    fn heal(&mut self) {
        self.faults = false;
        while let Some(page) = self.pages.pop() {
            drop(page);
        }
        self.begin();
        for _ in 0..20_000 {
            let idle = self.pages[0].outbox.queued() == 0 && self.pages[0].outbox.untold().is_empty();
            if idle {
                return;
            }
            let next = match self.pages[0].requests.is_empty() {
                false => self.answer(0),
                true => {
                    self.now = self.pages[0]
                        .outbox
                        .wake(Time(self.now))
                        .map_or(self.now + 1_000, |at| at.0.max(self.now));
                    self.step(0, Input::Tick)
                }
            };
            assert!(next.is_ok());
        }
        panic!("{} records do not leave: {:?}", self.pages[0].outbox.queued(), self.pages[0].outbox.counts());
    }

    fn judge(&self, seed: u64) {
        for id in &self.written {
            let known = self.backend.received.contains_key(id) || self.dropped.contains(id);
            assert!(
                known,
                "seed {seed}: {id} was written, and is neither at the backend nor counted as dropped"
            );
        }
        let told: u64 = self.backend.received.values().filter_map(|(_, text)| losses(text)).sum();
        // A drop is told of at least once, but for one whose count could not be written before the page crashed.
        assert!(
            told + self.crashes + self.uncounted >= self.drops,
            "seed {seed}: {} drops, {told} told",
            self.drops
        );
    }
}

/// The drops that a record tells of.
fn losses(text: &str) -> Option<u64> {
    let value: Value = serde_json::from_str(text).unwrap();
    (value["type"] == "io.kfactor.reports-lost.v1")
        .then(|| value["data"].as_object().unwrap().values().filter_map(Value::as_u64).sum())
}

#[test]
fn crashes_at_every_write_lose_nothing_that_was_written() {
    let seeds = std::env::var("KFACTOR_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let (mut crashes, mut records, mut twice) = (0, 0, 0);
    for seed in 0..seeds {
        let mut world = World::new(seed);
        for _ in 0..60 {
            if world.happen().is_err() && world.pages.is_empty() {
                world.begin();
            }
        }
        world.heal();
        world.judge(seed);
        crashes += world.crashes;
        records += world.tracked;
        twice += world.backend.received.values().filter(|(times, _)| *times > 1).count();
    }
    println!("{seeds} scripts, {records} records, {crashes} crashes, {twice} records came more than once");
    assert!(crashes > seeds, "the scripts crash too seldom to show anything");
}

#[test]
fn a_destination_that_refuses_everything_is_not_asked_without_end() {
    let settings = Settings {
        campaign: "tea".into(),
        session: "s".into(),
        form: Form::CloudEvents,
        write_key: None,
        consent: Consent::Granted,
    };
    let mut outbox = Outbox::new(settings);
    let mut now = 1_796_090_400_000;
    let mut requests = 0;
    let draft = Draft { kind: "helped".into(), data: "{}".into(), ..Draft::default() };
    let mut effects = outbox.step(Input::Track(draft), Time(now), 0);
    // An hour of it.
    for _ in 0..3_600 {
        while let Some(effect) = (!effects.is_empty()).then(|| effects.remove(0)) {
            let more = match effect {
                Effect::Put { key, .. } => outbox.step(Input::Stored(&key), Time(now), 0),
                Effect::Send { batch, .. } => {
                    requests += 1;
                    outbox.step(Input::Answered { batch, status: 400, retry_after: None }, Time(now), 0)
                }
                _ => Vec::new(),
            };
            effects.extend(more);
        }
        now += 1_000;
        effects = outbox.step(Input::Tick, Time(now), 0);
    }
    // The record, and what tells of its drop once every ten minutes.
    assert!((2..=8).contains(&requests), "{requests} requests");
    assert_eq!(outbox.untold().total(), 1);
}

#[test]
fn whatever_the_storage_holds_is_taken_over_or_counted() {
    let mut dice = Dice(7);
    let record = "{\"specversion\":\"1.0\",\"id\":\"e1\",\"type\":\"io.kfactor.reports-lost.v1\",\"time\":\"2026-12-01T04:00:00.000Z\",\"data\":{\"expired\":3}}";
    for _ in 0..5_000 {
        let count = dice.below(6);
        let values: Vec<_> = (0..count)
            .map(|at| {
                let sequence = format!("{:012}", dice.below(4));
                let place = ["losses-0", "losses-1", "early-3", "", ":", "é", &sequence][dice.below(7)];
                let key = format!("s{at}:{place}");
                let whole = kfactor::report::outbox::seal(record);
                let mut bytes = whole.into_bytes();
                for _ in 0..dice.below(4) {
                    let at = dice.below(bytes.len());
                    bytes[at] = u8::try_from(dice.below(256)).unwrap();
                }
                bytes.truncate(dice.below(bytes.len() + 1));
                (key, String::from_utf8_lossy(&bytes).into_owned())
            })
            .collect();
        let settings = Settings {
            campaign: "tea".into(),
            session: "me".into(),
            form: [Form::Segment, Form::Sensors, Form::Ga4, Form::Json][dice.below(4)],
            write_key: None,
            consent: Consent::Granted,
        };
        let mut outbox = Outbox::new(settings);
        outbox.step(Input::Recovered(values), Time(1_796_090_400_000), 0);
        outbox.step(Input::Hidden, Time(1_796_090_500_000), 0);
        let counts = outbox.counts();
        let queued = u64::try_from(outbox.queued()).unwrap();
        assert_eq!(
            counts.tracked + counts.recovered,
            counts.acked + queued + counts.moved + counts.dropped.total()
        );
    }
}
