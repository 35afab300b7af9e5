//! The outbox's state machine under everything that can happen to it: a world of one storage, one backend and pages that
//! crash. Records are numbers here; `pkg-template/test/outbox.test.ts` plays the same with their texts.
//!
//! Each seed is a script of its own. A crash may come at every write to the storage, which may be cut off by it, and again
//! while the next page recovers. Whatever was written is in the end at the backend or was dropped with a reason.
//! `KFACTOR_SEEDS=1000000` runs more scripts.

#![allow(clippy::disallowed_methods, reason = "a test may read how long it is to run")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use kfactor::engine::time::{Span, Time};
use kfactor::report::outbox::{Consent, Effect, End, Input, LARGEST, MOST, MOST_BYTES, Outbox, Record};

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

struct Page {
    outbox: Outbox,
    /// What is in its queue, and what of that is being written.
    queue: BTreeSet<u32>,
    writing: BTreeSet<u32>,
    /// Requests without an answer: number and records.
    requests: Vec<(u32, Vec<u32>)>,
}

struct World {
    dice: Dice,
    now: i64,
    /// How many records a request may have.
    most: usize,
    /// Records in the storage, and whether they are whole.
    storage: BTreeMap<u32, bool>,
    records: Vec<Record>,
    received: BTreeSet<u32>,
    /// Records that arrived more than once.
    twice: BTreeSet<u32>,
    refuses: BTreeSet<u32>,
    /// Records whose write was confirmed to the page.
    written: BTreeSet<u32>,
    /// Records that were dropped with a reason, or found cut off.
    dropped: BTreeSet<u32>,
    pages: Vec<Page>,
    crashes: u64,
    /// How many writes until the next crash.
    fuse: usize,
    faults: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let most = [1, 2, 25, 50][dice.below(4)];
        let fuse = 1 + dice.below(40);
        let mut world = World {
            dice,
            now: 1_796_090_400_000,
            most,
            storage: BTreeMap::new(),
            records: Vec::new(),
            received: BTreeSet::new(),
            twice: BTreeSet::new(),
            refuses: BTreeSet::new(),
            written: BTreeSet::new(),
            dropped: BTreeSet::new(),
            pages: Vec::new(),
            crashes: 0,
            fuse,
            faults: true,
        };
        world.begin();
        world
    }

    /// A page opens and recovers what others left, unless it crashes over that.
    fn begin(&mut self) {
        loop {
            let outbox = Outbox::new(self.most, Consent::Granted);
            self.pages.push(Page {
                outbox,
                queue: BTreeSet::new(),
                writing: BTreeSet::new(),
                requests: Vec::new(),
            });
            let page = self.pages.len() - 1;
            let found = self.storage.clone();
            if found.into_iter().all(|(number, is_whole)| self.recover(page, number, is_whole).is_ok()) {
                return;
            }
        }
    }

    fn recover(&mut self, page: usize, number: u32, is_whole: bool) -> Result<(), Crash> {
        if is_whole {
            let record = self.record(number);
            self.pages[page].queue.insert(number);
            return self.step(page, Input::Recovered(record));
        }
        self.dropped.insert(number);
        self.write(page, number, false)
    }

    fn record(&self, number: u32) -> Record {
        self.records[usize::try_from(number).unwrap()]
    }

    /// An input, and after it the look at what is due.
    fn step(&mut self, page: usize, input: Input) -> Result<(), Crash> {
        self.one(page, input)?;
        self.one(page, Input::Tick)
    }

    fn one(&mut self, page: usize, input: Input) -> Result<(), Crash> {
        let chance = u32::try_from(self.dice.roll() >> 32).unwrap();
        let effects = self.pages[page].outbox.step(input, Time(self.now), chance);
        let mut written = Vec::new();
        for effect in effects {
            match effect {
                Effect::Put(number) => {
                    self.pages[page].writing.insert(number);
                    let fails = self.faults && self.dice.one_in(20);
                    if !fails {
                        self.write(page, number, true)?;
                    }
                    written.push((number, fails));
                }
                Effect::Gone { record, end, is_stored } => {
                    assert!(self.pages[page].queue.remove(&record), "{record} was not there");
                    match end {
                        End::Taken => assert!(self.received.contains(&record)),
                        End::Moved => continue,
                        _ => drop(self.dropped.insert(record)),
                    }
                    if is_stored {
                        self.write(page, record, false)?;
                    }
                }
                Effect::Send { batch, mut records, is_leaving } => {
                    assert!((1..=self.most).contains(&records.len()));
                    assert!(records.iter().all(|record| self.pages[page].queue.contains(record)));
                    let is_there = |record| is_leaving || !self.pages[page].writing.contains(record);
                    assert!(records.iter().all(is_there), "sent before it was written");
                    // Sometimes not all of them fit; of a page that goes, sometimes none does.
                    if self.dice.one_in(5) {
                        let least = usize::from(!is_leaving);
                        let count = least + self.dice.below(records.len() + 1 - least);
                        records.truncate(count);
                        self.one(page, Input::Fitted { batch, count })?;
                    }
                    if !records.is_empty() {
                        self.pages[page].requests.push((batch, records));
                    }
                }
            }
        }
        for (number, fails) in written {
            if !fails {
                self.written.insert(number);
            }
            self.pages[page].writing.remove(&number);
            self.one(page, if fails { Input::NotStored(number) } else { Input::Stored(number) })?;
        }
        let Page { outbox, queue, .. } = &self.pages[page];
        assert_eq!(outbox.queued(), queue.len());
        Ok(())
    }

    /// One write or deletion; the fuse may end here, before it, after it, or in the middle of it.
    fn write(&mut self, page: usize, number: u32, put: bool) -> Result<(), Crash> {
        self.fuse = self.fuse.saturating_sub(1);
        let crash = self.faults && self.fuse == 0;
        let is_skipped = crash && self.dice.one_in(if put { 4 } else { 2 });
        if put && !is_skipped {
            self.storage.insert(number, !crash || self.dice.one_in(3));
        } else if !is_skipped {
            self.storage.remove(&number);
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
        for (_, records) in gone.requests {
            if self.dice.one_in(2) {
                self.arrive(&records);
            }
        }
    }

    fn arrive(&mut self, records: &[u32]) {
        for record in records {
            if !self.received.insert(*record) {
                self.twice.insert(*record);
            }
        }
    }

    /// Something happens.
    fn happen(&mut self) -> Result<(), Crash> {
        let page = self.dice.below(self.pages.len());
        self.now += i64::try_from(self.dice.below(3_000)).unwrap();
        match self.dice.below(30) {
            0..=9 => {
                let number = u32::try_from(self.records.len()).unwrap();
                let size = u32::try_from(200 + self.dice.below(400)).unwrap();
                let record = Record { number, size, since: Time(self.now) };
                self.records.push(record);
                if self.dice.one_in(30) {
                    self.refuses.insert(number);
                }
                self.pages[page].queue.insert(number);
                self.step(page, Input::Track(record))
            }
            10..=19 => self.answer(page),
            20 => self.step(page, Input::Hidden),
            21 => {
                // Others may have taken over what this page had stored.
                let lacks = |number: &&u32| !self.storage.contains_key(*number);
                let moved: Vec<u32> = self.pages[page].queue.iter().filter(lacks).copied().collect();
                for number in moved {
                    self.one(page, Input::Moved(number))?;
                }
                self.step(page, Input::Hurry)
            }
            22 => self.step(page, Input::Hurry),
            23 => {
                let day = 86_400_000;
                self.now += if self.dice.one_in(2) { day } else { -day };
                self.step(page, Input::Tick)
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
                self.step(page, Input::Tick)
            }
        }
    }

    fn answer(&mut self, page: usize) -> Result<(), Crash> {
        if self.pages[page].requests.is_empty() {
            return self.step(page, Input::Tick);
        }
        let which = self.dice.below(self.pages[page].requests.len());
        let (batch, records) = self.pages[page].requests.remove(which);
        let poison = records.iter().any(|record| self.refuses.contains(record));
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
            self.arrive(&records);
        }
        let wait = Span([0, 7_000, 30_000, 7_200_000][self.dice.below(4)]);
        self.step(page, Input::Answered { batch, status, wait })
    }

    /// Nothing fails any more; everything has to come to rest.
    fn heal(&mut self) {
        self.faults = false;
        self.pages.clear();
        self.begin();
        for _ in 0..20_000 {
            if self.pages[0].outbox.queued() == 0 {
                return;
            }
            let next = if self.pages[0].requests.is_empty() {
                let wake = self.pages[0].outbox.wake(Time(self.now));
                self.now = if wake == Time::NEVER { self.now + 1_000 } else { wake.0.max(self.now) };
                self.step(0, Input::Tick)
            } else {
                self.answer(0)
            };
            assert!(next.is_ok());
        }
        panic!("{} records do not leave", self.pages[0].outbox.queued());
    }

    fn judge(&self, seed: u64) {
        for number in &self.written {
            let known = self.received.contains(number) || self.dropped.contains(number);
            assert!(
                known,
                "seed {seed}: {number} was written, and is neither at the backend nor dropped with a reason"
            );
        }
    }
}

#[test]
fn crashes_at_every_write_lose_nothing_that_was_written() {
    let seeds = std::env::var("KFACTOR_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
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
        records += world.records.len();
        twice += world.twice.len();
    }
    println!("{seeds} scripts, {records} records, {crashes} crashes, {twice} records came more than once");
    assert!(crashes > seeds, "the scripts crash too seldom to show anything");
}

#[test]
fn no_more_waits_than_may_and_what_is_on_its_way_is_not_dropped_for_it() {
    let now = Time(1_796_090_400_000);
    for (size, fits) in [(100, MOST), (1_000, usize::try_from(MOST_BYTES / 1_000).unwrap()), (LARGEST + 1, 0)]
    {
        let mut outbox = Outbox::new(50, Consent::Granted);
        let mut sent = Vec::new();
        let mut dropped = Vec::new();
        for number in 0..2_000 {
            let mut effects = outbox.step(Input::Track(Record { number, size, since: now }), now, 0);
            effects.extend(outbox.step(Input::Stored(number), now, 0));
            effects.extend(outbox.step(Input::Tick, now, 0));
            for effect in effects {
                match effect {
                    Effect::Send { records, .. } => sent.extend(records),
                    Effect::Gone { record, .. } => dropped.push(record),
                    _ => {}
                }
            }
        }
        assert_eq!(outbox.queued(), fits);
        assert_eq!(dropped.len(), 2_000 - fits);
        assert!(sent.iter().all(|record| !dropped.contains(record)));
    }
}

#[test]
fn without_consent_nothing_is_written_or_sent() {
    let now = Time(1_796_090_400_000);
    for consent in [Consent::Unknown, Consent::Denied] {
        let mut outbox = Outbox::new(1, consent);
        let mut effects = Vec::new();
        for number in 0..60 {
            effects.extend(outbox.step(Input::Track(Record { number, size: 300, since: now }), now, 0));
            effects.extend(outbox.step(Input::Hidden, now, 0));
            effects.extend(outbox.step(Input::Tick, now, 0));
        }
        let is_gone = |effect: &Effect| matches!(effect, Effect::Gone { is_stored: false, .. });
        assert!(effects.iter().all(is_gone), "{effects:?}");
        assert_eq!(outbox.queued(), if consent == Consent::Unknown { 50 } else { 0 });
        let granted = outbox.step(Input::Consent(Consent::Granted), now, 0);
        assert_eq!(granted.len(), outbox.queued());
        assert!(granted.iter().all(|effect| matches!(effect, Effect::Put(_))));
        let denied = outbox.step(Input::Consent(Consent::Denied), now, 0);
        assert_eq!((denied.len(), outbox.queued()), (granted.len(), 0));
    }
}
