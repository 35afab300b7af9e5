//! The outbox: what is tracked stays in it until its destination took it, or until it ends for a reason that is counted.
//! At every moment `tracked + recovered = acked + queued + moved + Σ dropped`.
//!
//! A record is written to the storage before it is sent, and deleted after it was taken; so a crash at any moment loses
//! nothing that was written, and sends at most the same record again. A record in a request is leased to it, and
//! acknowledged by its number, never by its place in the queue.
//!
//! Records are numbers here. Whoever drives the outbox gives each a number of its own, keeps its text, and makes a request
//! of the records it is told to send.

mod effect;
mod pace;

use crate::engine::time::{Span, Time};
use effect::Effects;
pub use effect::{Effect, End};
use pace::{Pace, Verdict, verdict};

/// Whether a participant has agreed to be reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Not asked yet: records wait in memory only, at most 50 of them for half an hour.
    Unknown,
    /// Records are stored and sent.
    Granted,
    /// Nothing is kept, and what waits is deleted.
    Denied,
}

/// Records that wait; more, and the oldest is dropped.
pub const MOST: usize = 500;
/// Bytes that wait; more, and the oldest is dropped.
pub const MOST_BYTES: u64 = 256 * 1024;
/// A larger record is dropped.
pub const LARGEST: u32 = 32 * 1024;
/// Records wait for company so long, where many go together.
const LINGER: Span = Span(1_000);
/// A request without an answer after this time has failed.
const LEASE: Span = Span(20_000);
/// Older records are dropped.
const OLDEST: Span = Span(72 * 3_600_000);
/// Before consent.
const UNASKED: (usize, Span) = (50, Span(1_800_000));
/// Requests that are remembered after their lease ended, because their answer may still come.
const LATE_BATCHES: usize = 8;

/// A record as the outbox sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, which no other record of the outbox has.
    pub number: u32,
    /// Its bytes.
    pub size: u32,
    /// When it was recorded.
    pub since: Time,
}

/// What happens to an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A record is made.
    Track(Record),
    /// An earlier session, or one that is gone, left a record in the storage.
    Recovered(Record),
    /// A record is made that tells of drops: nothing is dropped to make room for it.
    Told(Record),
    /// A record is in the storage.
    Stored(u32),
    /// The storage would not take a record; it stays in memory.
    NotStored(u32),
    /// Another page has taken over a record that was stored.
    Moved(u32),
    /// Only so many of the records of a request fitted into it, from the first; of none there is no request.
    Fitted {
        /// The number of the request.
        batch: u32,
        /// How many.
        count: usize,
    },
    /// The answer to a request.
    Answered {
        /// The number of the request.
        batch: u32,
        /// The HTTP status; 0 if there was no answer.
        status: u16,
        /// How long to wait according to `Retry-After`.
        wait: Span,
    },
    /// The page is about to go: one more request may be sent at once. Asked again until nothing is sent any more.
    Hidden,
    /// The page is back, or the network: waiting makes no sense.
    Hurry,
    /// The participant decided.
    Consent(Consent),
    /// Look what is due now. Comes after all else of a moment, and when [`Outbox::wake`] says.
    Tick,
}

/// A queue in front of one destination.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// How many records a request may have.
    most: usize,
    consent: Consent,
    entries: Vec<Entry>,
    batches: Vec<Batch>,
    numbered: u32,
    /// Sizes of the next requests while a refused one is taken apart; the last comes first.
    parts: Vec<usize>,
    pace: Pace,
    out: Effects,
}

#[derive(Clone, Debug)]
struct Entry {
    record: Record,
    place: Place,
    /// The request it is in.
    batch: Option<u32>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In memory only: there is no consent yet, or the storage would not take it.
    Memory,
    /// Being written. It is not sent before that is done.
    Writing,
    /// In the storage.
    Stored,
}

#[derive(Clone, Debug)]
struct Batch {
    number: u32,
    records: Vec<u32>,
    until: Time,
    is_leaving: bool,
    is_late: bool,
}

impl Outbox {
    /// An outbox that knows nothing yet, for a destination that takes `most` records a request.
    #[must_use]
    pub fn new(most: usize, consent: Consent) -> Self {
        Outbox {
            most: most.max(1),
            consent,
            entries: Vec::new(),
            batches: Vec::new(),
            numbered: 0,
            parts: Vec::new(),
            pace: Pace::default(),
            out: Effects::default(),
        }
    }

    /// How many records wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.entries.len()
    }

    /// The status for which the destination is parked; 0 if it is not.
    #[must_use]
    pub fn parked(&self) -> u16 {
        self.pace.parked()
    }

    /// When [`Input::Tick`] is to come next, if nothing else does before; [`Time::NEVER`] if nothing has to come.
    #[must_use]
    pub fn wake(&self, now: Time) -> Time {
        // While a request is under way the next one waits for its end, not for its time.
        let mut wake = if self.is_sending() { Time::NEVER } else { self.next(now) };
        for batch in self.batches.iter().filter(|batch| !batch.is_late) {
            wake = wake.min(batch.until);
        }
        wake
    }

    /// Takes an input at a moment and says what to do. `chance` is a random number, which spreads the retries of many
    /// pages.
    ///
    /// ```
    /// use kfactor::engine::Time;
    /// use kfactor::report::outbox::{Consent, Effect, Input, Outbox, Record};
    ///
    /// let (mut outbox, now) = (Outbox::new(1, Consent::Granted), Time(1_796_090_400_000));
    /// let record = Record { number: 7, size: 300, since: now };
    /// assert_eq!(outbox.step(Input::Track(record), now, 0), [Effect::Put(7)]);
    /// outbox.step(Input::Stored(7), now, 0);
    /// let send = Effect::Send { batch: 0, records: vec![7], is_leaving: false };
    /// assert_eq!(outbox.step(Input::Tick, now, 0), [send]);
    /// ```
    pub fn step(&mut self, input: Input, now: Time, chance: u32) -> Vec<Effect> {
        effect::read(&self.step_in_words(input, now, chance))
    }

    /// The same, but its effects as the words that cross to JavaScript.
    pub(crate) fn step_in_words(&mut self, input: Input, now: Time, chance: u32) -> Vec<u32> {
        match input {
            Input::Track(record) => self.track(record),
            Input::Recovered(record) => self.recovered(record),
            Input::Told(record) => self.keep(record, self.entries.len(), Place::Memory),
            Input::Stored(number) => self.stored(number, Place::Stored),
            Input::NotStored(number) => self.stored(number, Place::Memory),
            Input::Moved(number) => {
                if self.find(number).is_some_and(|entry| entry.place == Place::Stored) {
                    self.end(number, End::Moved);
                }
            }
            Input::Fitted { batch, count } => self.fitted(batch, count),
            Input::Answered { batch, status, wait } => self.answered(batch, status, wait, now, chance),
            Input::Hidden => {
                if self.consent == Consent::Granted && self.pace.parked() == 0 {
                    self.send(self.most, true, now);
                }
            }
            Input::Hurry => self.pace.hurry(now),
            Input::Consent(consent) => self.consent(consent),
            Input::Tick => {
                self.age(now);
                self.end_leases(now, chance);
                self.pump(now);
            }
        }
        std::mem::take(&mut self.out.0)
    }

    fn track(&mut self, record: Record) {
        if self.consent != Consent::Denied && record.size > LARGEST {
            self.gone(record, End::TooLarge, Place::Memory);
        } else {
            self.keep_within_limits(record, self.entries.len(), Place::Memory);
        }
    }

    fn recovered(&mut self, record: Record) {
        let is_later = |other: &Entry| other.record.since > record.since;
        let place = self.entries.iter().position(is_later).unwrap_or(self.entries.len());
        self.keep_within_limits(record, place, Place::Stored);
    }

    /// Keeps a record, and drops the oldest ones that are in no request until there is room.
    fn keep_within_limits(&mut self, record: Record, place: usize, at: Place) {
        if self.consent == Consent::Denied {
            return self.gone(record, End::NoConsent, at);
        }
        let most = if self.consent == Consent::Unknown { UNASKED.0 } else { MOST };
        self.keep(record, place, at);
        while self.entries.len() > most || self.bytes() > MOST_BYTES {
            let Some(oldest) = self.entries.iter().position(|entry| entry.batch.is_none()) else { return };
            self.remove(oldest, End::Overflow);
        }
    }

    fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| u64::from(entry.record.size)).sum()
    }

    fn keep(&mut self, record: Record, place: usize, at: Place) {
        let mut entry = Entry { record, place: at, batch: None };
        if self.consent == Consent::Granted {
            entry.put(&mut self.out);
        }
        self.entries.insert(place, entry);
    }

    /// Takes a record out of the queue and the storage.
    fn remove(&mut self, place: usize, end: End) {
        let entry = self.entries.remove(place);
        self.gone(entry.record, end, entry.place);
    }

    fn gone(&mut self, record: Record, end: End, place: Place) {
        self.out.gone(record.number, end, place != Place::Memory);
    }

    fn stored(&mut self, number: u32, at: Place) {
        if let Some(entry) = self.find(number) {
            entry.place = at;
        }
    }

    fn find(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.record.number == number)
    }

    /// Ends a record, unless it has ended.
    fn end(&mut self, number: u32, end: End) {
        if let Some(place) = self.entries.iter().position(|entry| entry.record.number == number) {
            self.remove(place, end);
        }
    }

    fn consent(&mut self, consent: Consent) {
        self.consent = consent;
        match consent {
            Consent::Unknown => {}
            Consent::Granted => self.entries.iter_mut().for_each(|entry| entry.put(&mut self.out)),
            Consent::Denied => {
                while !self.entries.is_empty() {
                    self.remove(0, End::NoConsent);
                }
            }
        }
    }

    /// Drops what is too old to be of use.
    fn age(&mut self, now: Time) {
        let (limit, end) = match self.consent {
            Consent::Unknown => (UNASKED.1, End::NoConsent),
            _ => (OLDEST, End::Expired),
        };
        let is_old = |entry: &Entry| entry.batch.is_none() && entry.record.since.after(limit) < now;
        while let Some(place) = self.entries.iter().position(is_old) {
            self.remove(place, end);
        }
    }

    fn fitted(&mut self, number: u32, count: usize) {
        let leased = self.entries.iter_mut().filter(|entry| entry.batch == Some(number));
        leased.skip(count).for_each(|entry| entry.batch = None);
        let Some(place) = self.batches.iter().position(|batch| batch.number == number) else { return };
        if count == 0 {
            self.batches.remove(place);
        } else if let Some(batch) = self.batches.get_mut(place) {
            batch.records.truncate(count);
        }
    }

    fn answered(&mut self, number: u32, status: u16, wait: Span, now: Time, chance: u32) {
        let Some(place) = self.batches.iter().position(|batch| batch.number == number) else { return };
        let batch = self.batches.swap_remove(place);
        match verdict(status) {
            Verdict::Taken => {
                // By number, also where a late answer comes for what is under way again.
                for &number in &batch.records {
                    self.end(number, End::Taken);
                }
                if !batch.is_leaving && !batch.is_late {
                    self.parts.pop();
                }
                self.pace.succeeded();
            }
            // Only an answer in time says something about now.
            _ if batch.is_late => {}
            Verdict::Later => self.pace.failed(now, chance, wait),
            Verdict::Apart | Verdict::Smaller => {
                self.pace.succeeded();
                self.take_apart(number, status);
            }
            Verdict::Parked => self.pace.park(now, status),
        }
        unlease(&mut self.entries, number);
    }

    /// Halves a refused request, to find the record that it is refused for.
    fn take_apart(&mut self, number: u32, status: u16) {
        self.parts.pop();
        let is_mine = |entry: &Entry| entry.batch == Some(number);
        let all = self.entries.iter().filter(|entry| is_mine(entry)).count();
        if all > 1 {
            self.parts.extend_from_slice(&[all - all / 2, all / 2]);
        } else if let Some(place) = self.entries.iter().position(is_mine) {
            self.remove(place, if status == 413 { End::TooLarge } else { End::Refused });
        }
    }

    /// Requests whose answer did not come: their records may be sent again.
    fn end_leases(&mut self, now: Time, chance: u32) {
        self.pace.clamp(now);
        for batch in &mut self.batches {
            // A clock that was set back must not keep anything waiting.
            batch.until = batch.until.min(now.after(LEASE));
            if batch.is_late || batch.until > now {
                continue;
            }
            batch.is_late = true;
            if !batch.is_leaving {
                self.pace.failed(now, chance, Span(0));
            }
            unlease(&mut self.entries, batch.number);
        }
        let mut late = 0;
        for place in (0..self.batches.len()).rev() {
            late += usize::from(self.batches.get(place).is_some_and(|batch| batch.is_late));
            if late > LATE_BATCHES {
                self.batches.remove(place);
            }
        }
    }

    fn is_sending(&self) -> bool {
        self.batches.iter().any(|batch| !batch.is_leaving && !batch.is_late)
    }

    /// When the next request may go.
    fn next(&self, now: Time) -> Time {
        let (mut ready, mut since) = (0, Time::NEVER);
        for entry in self.entries.iter().rev().filter(|entry| entry.can_go(false)) {
            since = entry.record.since;
            ready += 1;
        }
        if ready == 0 || self.consent != Consent::Granted {
            return Time::NEVER;
        }
        let hurries = !self.parts.is_empty() || ready >= self.most;
        // A record from the future, after the clock was set back, does not wait for its time.
        let due = if hurries || since > now { since.min(now) } else { since.after(LINGER) };
        due.max(self.pace.not_before())
    }

    fn pump(&mut self, now: Time) {
        if self.entries.is_empty() {
            self.parts.clear();
        }
        if self.is_sending() || self.next(now) > now {
            return;
        }
        // A probe of a parked destination is one record.
        let limit = if self.pace.parked() > 0 { 1 } else { self.parts.last().copied().unwrap_or(MOST) };
        self.send(limit.min(self.most), false, now);
    }

    /// Leases the oldest records to a request.
    fn send(&mut self, limit: usize, is_leaving: bool, now: Time) {
        let batch = self.numbered;
        let mut records = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.can_go(is_leaving)).take(limit) {
            entry.batch = Some(batch);
            records.push(entry.record.number);
        }
        if records.is_empty() {
            return;
        }
        self.numbered += 1;
        self.out.send(batch, is_leaving, &records);
        self.batches.push(Batch {
            number: batch,
            records,
            until: now.after(LEASE),
            is_leaving,
            is_late: false,
        });
    }
}

/// Takes what is left of a request out of it.
fn unlease(entries: &mut [Entry], number: u32) {
    for entry in entries.iter_mut().filter(|entry| entry.batch == Some(number)) {
        entry.batch = None;
    }
}

impl Entry {
    /// What is in memory only is to be written.
    fn put(&mut self, out: &mut Effects) {
        if self.place == Place::Memory {
            self.place = Place::Writing;
            out.put(self.record.number);
        }
    }

    fn can_go(&self, is_leaving: bool) -> bool {
        self.batch.is_none() && (is_leaving || self.place != Place::Writing)
    }
}
