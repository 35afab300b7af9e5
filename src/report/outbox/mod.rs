//! The outbox: what is tracked stays in it until its destination took it, or until it is counted as dropped with the
//! reason. At every moment `tracked + recovered = acked + queued + moved + Σ dropped`.
//!
//! A record is written to the storage before it is sent, and deleted after it was taken; so a crash at any moment loses
//! nothing that was written, and sends at most the same record, with the same id, again. A record in a request is leased
//! to it, and acknowledged by its key, never by its place in the queue.

mod entry;
mod pace;

use std::mem::take;

use super::encode::{Form, encode};
use super::record::{Draft, Origin, record};
use crate::engine::time::{Span, Time};
pub use entry::{Counts, Drop, Drops, Key, crc32, seal, unseal};
use entry::{Entry, Place};
use pace::{Pace, Verdict, verdict};

/// What one destination is, and how much may wait for it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The campaign's id, which is the source of the records.
    pub campaign: String,
    /// One run of one page on one device: new each time, and unique.
    pub session: String,
    /// The form the destination takes.
    pub form: Form,
    /// Segment's write key.
    pub write_key: Option<String>,
    /// Whether the participant has agreed to be reported on.
    pub consent: Consent,
}

/// Whether a participant has agreed.
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
pub const MOST_BYTES: usize = 256 * 1024;
/// A larger record is dropped.
pub const LARGEST: usize = 32 * 1024;
/// The body of a request, and of all requests of a page that goes.
pub const BODY: usize = 60 * 1024;
/// Records wait for company so long, where many go together.
const LINGER: Span = Span(1_000);
/// A request without an answer after this time has failed.
const LEASE: Span = Span(20_000);
/// Older records are dropped.
const OLDEST: Span = Span(72 * 3_600_000);
/// After a record about drops was itself dropped, the next one waits so long.
const TELL_AGAIN: Span = Span(600_000);
/// Before consent.
const UNASKED: (usize, Span) = (50, Span(1_800_000));
/// Requests that are remembered after their lease ended, because their answer may still come.
const LATE_BATCHES: usize = 8;

/// What happens to an outbox.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Something to report.
    Track(Draft<'a>),
    /// What an earlier session, or one that is gone, left in the storage.
    Recovered(Vec<(String, String)>),
    /// A write is done.
    Stored(&'a str),
    /// A write failed, as when the storage is full: the record stays in memory.
    NotStored(&'a str),
    /// The answer to a request: its status, 0 if none came, and how long to wait according to `Retry-After`.
    Answered {
        /// The number of the request.
        batch: u32,
        /// The HTTP status; 0 if there was no answer.
        status: u16,
        /// `Retry-After` as it came, and `Date`, by which its clock is known.
        retry_after: Option<(&'a str, Option<&'a str>)>,
    },
    /// The page is about to go: all that fits is sent at once.
    Hidden,
    /// The page is back; with the keys that the storage still has, if others may have taken some.
    Shown(Option<Vec<String>>),
    /// The participant decided.
    Consent(Consent),
    /// The network is back: waiting makes no sense.
    Online,
    /// Time has passed.
    Tick,
}

/// What is to be done for an outbox, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write, then say `Stored` or `NotStored`.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Delete; nothing has to be said.
    Delete {
        /// The key.
        key: String,
    },
    /// Send, then say `Answered`.
    Send {
        /// The number of the request.
        batch: u32,
        /// The `Content-Type`.
        content_type: &'static str,
        /// The body.
        body: String,
        /// Whether the page may be gone before the answer.
        leaving: bool,
    },
    /// A record was dropped.
    Dropped {
        /// Its key.
        key: String,
        /// Why.
        reason: Drop,
    },
    /// The destination refuses all requests as misconfigured; the records wait, and one is tried every ten minutes.
    Parked {
        /// The status that says so.
        status: u16,
    },
}

/// A queue in front of one destination.
#[derive(Clone, Debug)]
pub struct Outbox {
    settings: Settings,
    entries: Vec<Entry>,
    bytes: usize,
    sequence: u64,
    /// The moment of this step.
    now: Time,
    latest: Time,
    batches: Vec<Batch>,
    numbered: u32,
    /// Sizes of the next requests while a refused one is taken apart; the last comes first.
    parts: Vec<usize>,
    pace: Pace,
    counts: Counts,
    /// Drops that no delivered record has told of yet.
    untold: Drops,
    /// When the next record about them may be made.
    tell_after: Time,
    /// How often their count was written.
    loss_writes: u64,
    /// Whether drops were counted, or told of, in this step.
    has_dropped: bool,
    is_told: bool,
    /// What was told of in this step.
    told: Drops,
    /// Keys whose content is part of the count; they go once the count is written.
    superseded: Vec<String>,
}

#[derive(Clone, Debug)]
struct Batch {
    number: u32,
    keys: Vec<Key>,
    until: Time,
    leaving: bool,
    is_late: bool,
}

/// The latest count of drops that a session wrote.
struct Counted {
    session: String,
    write: u64,
    drops: Drops,
}

impl Counted {
    fn of<'c>(all: &'c mut Vec<Counted>, session: &str) -> Option<&'c mut Counted> {
        let known = all.iter().position(|counted| counted.session == session);
        let place = known.unwrap_or(all.len());
        if known.is_none() {
            all.push(Counted { session: session.to_owned(), write: 0, drops: Drops::default() });
        }
        all.get_mut(place)
    }
}

impl Outbox {
    /// An outbox that knows nothing yet. What earlier sessions left comes by [`Input::Recovered`].
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Outbox {
            settings,
            entries: Vec::new(),
            bytes: 0,
            sequence: 0,
            now: Time(0),
            latest: Time(0),
            batches: Vec::new(),
            numbered: 0,
            parts: Vec::new(),
            pace: Pace::default(),
            counts: Counts::default(),
            untold: Drops::default(),
            tell_after: Time(0),
            loss_writes: 0,
            has_dropped: false,
            is_told: false,
            told: Drops::default(),
            superseded: Vec::new(),
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many records wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.entries.len()
    }

    /// The status for which the destination is parked.
    #[must_use]
    pub fn parked(&self) -> Option<u16> {
        self.pace.parked()
    }

    /// The drops that no delivered record has told of yet.
    #[must_use]
    pub fn untold(&self) -> &Drops {
        &self.untold
    }

    /// Takes an input at a moment and says what to do. `chance` is a random number, which spreads the retries of many
    /// pages.
    pub fn step(&mut self, input: Input<'_>, now: Time, chance: u32) -> Vec<Effect> {
        let mut out = Vec::new();
        self.now = now;
        match input {
            Input::Track(draft) => self.track(&draft, now, &mut out),
            Input::Recovered(values) => self.recovered(values, &mut out),
            Input::Stored(key) => self.stored(key, Place::Stored, &mut out),
            Input::NotStored(key) => self.stored(key, Place::Memory, &mut out),
            Input::Answered { batch, status, retry_after } => {
                let wait = retry_after.and_then(|(text, date)| pace::retry_after(text, date));
                self.answered(batch, status, wait, now, chance, &mut out);
            }
            Input::Hidden => self.leave(now, &mut out),
            Input::Shown(keys) => {
                if let Some(keys) = keys {
                    self.reconcile(&keys);
                }
                self.pace.hurry(now);
            }
            Input::Consent(consent) => self.consent(consent, &mut out),
            Input::Online => self.pace.hurry(now),
            Input::Tick => {}
        }
        self.age(now, &mut out);
        self.end_leases(now, chance);
        self.pump(now, &mut out);
        self.write_losses(&mut out);
        out
    }

    /// When [`Input::Tick`] is to come next, if nothing else does before.
    #[must_use]
    pub fn wake(&self, now: Time) -> Option<Time> {
        let leases = self.batches.iter().filter(|batch| !batch.is_late).map(|batch| batch.until);
        let sends = self.due(now).map(|due| due.max(self.pace.not_before()));
        // While a request is under way the next one waits for its end, not for its time.
        if self.is_sending() { leases.min() } else { leases.chain(sends).min() }
    }

    fn track(&mut self, draft: &Draft<'_>, now: Time, out: &mut Vec<Effect>) {
        let entry = self.entry(draft, now);
        if self.settings.consent == Consent::Denied {
            return self.dropped(&entry, Drop::NoConsent, out);
        }
        if entry.text.len() > LARGEST {
            return self.dropped(&entry, Drop::TooLarge, out);
        }
        let unasked = self.settings.consent == Consent::Unknown;
        let most = if unasked { UNASKED.0 } else { MOST };
        while self.entries.len() >= most || self.bytes + entry.text.len() > MOST_BYTES {
            if !self.evict(out) {
                return self.dropped(&entry, Drop::Overflow, out);
            }
        }
        self.keep(entry, out);
    }

    /// Makes a record.
    fn entry(&mut self, draft: &Draft<'_>, now: Time) -> Entry {
        self.counts.tracked += 1;
        self.sequence += 1;
        // Two records of one session never have the same time, so that their order can be told.
        self.latest = now.max(Time(self.latest.0.saturating_add(1)));
        let Settings { campaign, session, .. } = &self.settings;
        let origin = Origin { campaign, session, sequence: self.sequence, now: self.latest };
        Entry {
            key: Key::record(session, self.sequence),
            text: record(draft, origin),
            since: self.latest,
            place: Place::Memory,
            batch: None,
            losses: None,
        }
    }

    fn keep(&mut self, mut entry: Entry, out: &mut Vec<Effect>) {
        self.bytes += entry.text.len();
        if self.settings.consent == Consent::Granted {
            out.push(entry.put());
        }
        self.entries.push(entry);
    }

    /// Drops the oldest record that is in no request; whether there was one.
    fn evict(&mut self, out: &mut Vec<Effect>) -> bool {
        let Some(place) = self.entries.iter().position(|entry| entry.batch.is_none()) else { return false };
        self.remove(place, Some(Drop::Overflow), out);
        true
    }

    /// Takes a record out of the queue and the storage, for a reason to count or because it was taken.
    fn remove(&mut self, place: usize, reason: Option<Drop>, out: &mut Vec<Effect>) {
        let entry = self.entries.remove(place);
        self.bytes -= entry.text.len();
        match reason {
            Some(reason) => {
                self.dropped(&entry, reason, out);
                if entry.losses.is_some() {
                    self.tell_after = self.now.after(TELL_AGAIN);
                }
            }
            None => self.counts.acked += 1,
        }
        if entry.place != Place::Memory {
            out.push(Effect::Delete { key: entry.key.text });
        }
        if let (None, Some(told)) = (reason, &entry.losses) {
            self.told.merge(told);
            self.is_told = true;
        }
    }

    /// Counts a drop.
    fn dropped(&mut self, entry: &Entry, reason: Drop, out: &mut Vec<Effect>) {
        self.counts.dropped.add(reason, 1);
        out.push(Effect::Dropped { key: entry.key.text.clone(), reason });
        if self.settings.consent == Consent::Denied {
            return;
        }
        // The drop of a record about drops is told by none of its own: a destination that refuses everything would be asked
        // without end.
        if entry.losses.is_none() {
            self.untold.add(reason, 1);
            self.has_dropped = true;
        }
    }

    /// Writes the count of drops, once a step. In turns to two places, so that a write that is cut off leaves the one
    /// before; and before what was dropped is deleted, but after a record that told of drops is: so a crash in between
    /// tells of a drop twice, never too seldom.
    fn write_losses(&mut self, out: &mut Vec<Effect>) {
        let (has_dropped, is_told, told) =
            (take(&mut self.has_dropped), take(&mut self.is_told), take(&mut self.told));
        if self.settings.consent == Consent::Unknown {
            return;
        }
        if has_dropped {
            let put = self.put_losses();
            out.insert(0, put);
        }
        if is_told {
            self.untold.take(&told);
            let put = self.put_losses();
            out.push(put);
        }
    }

    fn put_losses(&mut self) -> Effect {
        self.loss_writes += 1;
        let key = Key::losses(&self.settings.session, self.loss_writes).text;
        Effect::Put { key, value: seal(&self.untold.json(&[("write", self.loss_writes)])) }
    }

    fn recovered(&mut self, values: Vec<(String, String)>, out: &mut Vec<Effect>) {
        let mut counted: Vec<Counted> = Vec::new();
        for (text, value) in &values {
            let Some(key) = Key::parse(text).filter(|key| key.sequence.is_none()) else { continue };
            let (write, drops) = unseal(value).map(Drops::parse).unwrap_or_default();
            if let Some(latest) = Counted::of(&mut counted, key.session())
                && write >= latest.write
            {
                (latest.write, latest.drops) = (write, drops);
            }
            self.superseded.push(key.text);
        }
        for (text, value) in &values {
            let Some(key) = Key::parse(text).filter(|key| key.sequence.is_some()) else { continue };
            if self.entries.iter().any(|entry| entry.key == key) {
                continue;
            }
            self.counts.recovered += 1;
            let Some(content) = unseal(value) else {
                self.counts.dropped.add(Drop::Damaged, 1);
                self.untold.add(Drop::Damaged, 1);
                out.push(Effect::Dropped { key: key.text.clone(), reason: Drop::Damaged });
                self.superseded.push(key.text);
                continue;
            };
            let entry = Entry::recovered(key, content);
            // What a record tells of was counted, even if that count could not be written.
            if let Some(told) = &entry.losses
                && let Some(latest) = Counted::of(&mut counted, entry.key.session())
            {
                latest.drops.raise(told);
            }
            self.latest = self.latest.max(entry.since);
            self.bytes += content.len();
            let is_later = |other: &Entry| (other.since, &other.key.text) > (entry.since, &entry.key.text);
            let place = self.entries.iter().position(is_later).unwrap_or(self.entries.len());
            self.entries.insert(place, entry);
        }
        for Counted { drops, .. } in &counted {
            self.untold.merge(drops);
        }
        self.has_dropped |= !self.superseded.is_empty();
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            if !self.evict(out) {
                break;
            }
        }
        if self.settings.consent == Consent::Denied {
            self.consent(Consent::Denied, out);
        }
    }

    fn stored(&mut self, key: &str, place: Place, out: &mut Vec<Effect>) {
        if place == Place::Stored && Key::parse(key).is_some_and(|key| key.sequence.is_none()) {
            out.extend(self.superseded.drain(..).map(|key| Effect::Delete { key }));
        }
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key.text == key) {
            self.counts.unstored += u64::from(place == Place::Memory);
            entry.place = place;
        }
    }

    /// After others may have taken over what this page had stored: they have what is gone.
    fn reconcile(&mut self, keys: &[String]) {
        let before = self.entries.len();
        let bytes = &mut self.bytes;
        self.entries.retain(|entry| {
            let stays = entry.place != Place::Stored || keys.contains(&entry.key.text);
            if !stays {
                *bytes -= entry.text.len();
            }
            stays
        });
        self.counts.moved += u64::try_from(before - self.entries.len()).unwrap_or(u64::MAX);
    }

    fn consent(&mut self, consent: Consent, out: &mut Vec<Effect>) {
        self.settings.consent = consent;
        match consent {
            Consent::Unknown => {}
            Consent::Granted => {
                for entry in self.entries.iter_mut().filter(|entry| entry.place == Place::Memory) {
                    out.push(entry.put());
                }
                self.has_dropped |= !self.untold.is_empty();
            }
            Consent::Denied => {
                while !self.entries.is_empty() {
                    self.remove(0, Some(Drop::NoConsent), out);
                }
                self.untold = Drops::default();
                self.is_told = true;
            }
        }
    }

    /// Drops what is too old to be of use.
    fn age(&mut self, now: Time, out: &mut Vec<Effect>) {
        let (limit, reason) = match self.settings.consent {
            Consent::Unknown => (UNASKED.1, Drop::NoConsent),
            _ => (OLDEST, Drop::Expired),
        };
        let is_old = |entry: &Entry| entry.batch.is_none() && entry.since.after(limit) < now;
        while let Some(place) = self.entries.iter().position(is_old) {
            self.remove(place, Some(reason), out);
        }
    }

    fn answered(
        &mut self,
        number: u32,
        status: u16,
        wait: Option<Span>,
        now: Time,
        chance: u32,
        out: &mut Vec<Effect>,
    ) {
        let Some(place) = self.batches.iter().position(|batch| batch.number == number) else { return };
        let batch = self.batches.swap_remove(place);
        match verdict(status) {
            Verdict::Taken => {
                // By key, also where a late answer comes for what is under way again.
                while let Some(place) = self.entries.iter().position(|entry| batch.keys.contains(&entry.key))
                {
                    self.remove(place, None, out);
                }
                if !batch.leaving && !batch.is_late {
                    self.parts.pop();
                }
                self.pace.succeeded();
                return;
            }
            // Only an answer in time says something about now.
            _ if batch.is_late => return,
            Verdict::Later => self.pace.failed(now, chance, wait),
            Verdict::Apart | Verdict::Smaller => {
                self.pace.succeeded();
                self.take_apart(number, status, out);
            }
            Verdict::Parked => {
                if self.pace.park(now, status) {
                    out.push(Effect::Parked { status });
                }
            }
        }
        self.unlease(number);
    }

    /// Halves a refused request, to find the record that it is refused for.
    fn take_apart(&mut self, number: u32, status: u16, out: &mut Vec<Effect>) {
        self.parts.pop();
        let is_mine = |entry: &Entry| entry.batch == Some(number);
        let all = self.entries.iter().filter(|entry| is_mine(entry)).count();
        if all > 1 {
            self.parts.extend([all - all / 2, all / 2]);
        } else if let Some(place) = self.entries.iter().position(is_mine) {
            let reason = if status == 413 { Drop::TooLarge } else { Drop::Refused };
            self.remove(place, Some(reason), out);
        }
    }

    fn unlease(&mut self, number: u32) {
        for entry in self.entries.iter_mut().filter(|entry| entry.batch == Some(number)) {
            entry.batch = None;
        }
    }

    /// Requests whose answer did not come: their records may be sent again.
    fn end_leases(&mut self, now: Time, chance: u32) {
        // A clock that was set back must not keep anything waiting.
        for batch in &mut self.batches {
            batch.until = batch.until.min(now.after(LEASE));
        }
        self.pace.clamp(now);
        let ended = |batch: &&mut Batch| !batch.is_late && batch.until <= now;
        while let Some(batch) = self.batches.iter_mut().find(ended) {
            batch.is_late = true;
            let (number, leaving) = (batch.number, batch.leaving);
            if !leaving {
                self.pace.failed(now, chance, None);
            }
            self.unlease(number);
        }
        while self.batches.iter().filter(|batch| batch.is_late).count() > LATE_BATCHES {
            if let Some(oldest) = self.batches.iter().position(|batch| batch.is_late) {
                self.batches.remove(oldest);
            }
        }
    }

    fn is_sending(&self) -> bool {
        self.batches.iter().any(|batch| !batch.leaving && !batch.is_late)
    }

    /// When the next request may go, as far as the records are concerned.
    fn due(&self, now: Time) -> Option<Time> {
        if self.settings.consent != Consent::Granted {
            return None;
        }
        let mut ready = self.entries.iter().filter(|entry| entry.is_ready());
        let first = ready.next()?;
        let most = self.settings.form.most();
        let is_full = ready.nth(most.saturating_sub(2)).is_some() || most == 1;
        let hurries = is_full || !self.parts.is_empty();
        // A record from the future, after the clock was set back, does not wait for its time.
        let lingers = !hurries && first.since <= now;
        Some(if lingers { first.since.after(LINGER) } else { first.since.min(now) })
    }

    fn pump(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.tell_losses(now, out);
        if self.entries.is_empty() {
            self.parts.clear();
        }
        let Some(due) = self.due(now) else { return };
        if self.is_sending() || due.max(self.pace.not_before()) > now {
            return;
        }
        // A probe of a parked destination is one record.
        let limit =
            if self.pace.parked().is_some() { 1 } else { self.parts.last().copied().unwrap_or(usize::MAX) };
        self.send(limit, BODY, false, now, out);
    }

    /// A record that tells how many were dropped, and why. Its own loss is counted again.
    fn tell_losses(&mut self, now: Time, out: &mut Vec<Effect>) {
        let told = self.entries.iter().any(|entry| entry.losses.is_some());
        self.tell_after = self.tell_after.min(now.after(TELL_AGAIN));
        if self.untold.is_empty()
            || told
            || now < self.tell_after
            || self.settings.consent != Consent::Granted
        {
            return;
        }
        let data = self.untold.json(&[]);
        let draft = Draft { kind: entry::LOSS.into(), data: data.into(), ..Draft::default() };
        let losses = Some(self.untold.clone());
        let entry = Entry { losses, ..self.entry(&draft, now) };
        // No other record makes room for it: nothing is dropped to say that something was dropped.
        self.keep(entry, out);
    }

    /// Leases the oldest records to a request; the bytes of its body, 0 if there was nothing to send.
    fn send(&mut self, limit: usize, room: usize, leaving: bool, now: Time, out: &mut Vec<Effect>) -> usize {
        let can = |entry: &&mut Entry| entry.batch.is_none() && (leaving || entry.place != Place::Writing);
        let number = self.numbered;
        let most = self.settings.form.most().min(limit);
        let mut chosen: Vec<&mut Entry> = self.entries.iter_mut().filter(can).take(most).collect();
        let texts: Vec<&str> = chosen.iter().map(|entry| entry.text.as_str()).collect();
        if texts.is_empty() {
            return 0;
        }
        let body = encode(self.settings.form, &texts, now, self.settings.write_key.as_deref(), room);
        if leaving && body.text.len() > room {
            return 0;
        }
        chosen.truncate(body.count);
        let keys = chosen.iter().map(|entry| entry.key.clone()).collect();
        for entry in chosen {
            entry.batch = Some(number);
        }
        self.numbered += 1;
        let until = now.after(LEASE);
        self.batches.push(Batch { number, keys, until, leaving, is_late: false });
        let size = body.text.len();
        let content_type = body.content_type;
        out.push(Effect::Send { batch: number, content_type, body: body.text, leaving });
        size
    }

    /// Sends what fits before the page goes. A page's last requests share 64 KiB.
    fn leave(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.settings.consent != Consent::Granted || self.pace.parked().is_some() {
            return;
        }
        let mut room = BODY;
        loop {
            let size = self.send(usize::MAX, room, true, now, out);
            if size == 0 {
                return;
            }
            room = room.saturating_sub(size);
        }
    }
}
