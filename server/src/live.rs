//! Facts as they happen: one hub per campaign, and the server-sent events that pages listen to.

use crate::answer::{self, FactText};
use crate::log::{Log, Record};
use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

/// Records that a slow listener may fall behind before it reads them from the log again.
const BEHIND: usize = 64;

/// Records read from the log at a time.
const PAGE: u32 = 200;

/// The facts of one record, once it is durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The record's sequence.
    pub seq: u64,
    /// Its facts.
    pub facts: Vec<FactText>,
    /// The loops it concerns.
    pub loops: Vec<String>,
}

type Channel = broadcast::Sender<Arc<Committed>>;

/// Hands every committed record to those who listen to one of its loops, or to all.
///
/// Each loop has a channel of its own, so a page is woken only by what concerns it.
#[derive(Default)]
pub struct Hub {
    /// By loop; `None` is everything.
    channels: Mutex<HashMap<Option<String>, Channel>>,
}

impl Hub {
    /// Publishes records that have just become durable, the first of them with the sequence `first`.
    pub fn publish(&self, first: u64, records: &[Record]) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.is_empty() {
            return;
        }
        for (seq, record) in (first..).zip(records) {
            let loops = record.loops.iter().map(|name| Some(name.clone())).chain([None]);
            let listened: Vec<_> = loops.filter(|name| channels.contains_key(name)).collect();
            if listened.is_empty() {
                continue;
            }
            let committed = Arc::new(Committed {
                seq,
                facts: answer::facts(&record.answer),
                loops: record.loops.clone(),
            });
            for name in listened {
                let heard =
                    channels.get(&name).is_some_and(|channel| channel.send(Arc::clone(&committed)).is_ok());
                if !heard {
                    channels.remove(&name);
                }
            }
        }
    }

    fn listen(&self, in_loop: Option<String>) -> broadcast::Receiver<Arc<Committed>> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if !channels.contains_key(&in_loop) {
            channels.retain(|_, channel| channel.receiver_count() > 0);
        }
        channels.entry(in_loop).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
    }
}

/// What a page listens to.
pub struct Listen {
    /// The log to read what was missed from.
    pub log: Arc<dyn Log>,
    /// The campaign.
    pub campaign: String,
    /// Only facts about this loop.
    pub in_loop: Option<String>,
    /// The sequence after which to begin.
    pub after: u64,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// One server-sent event per fact after a position: first what the log holds, then what happens.
///
/// The last event of a record carries the record's sequence as its `id`, so a connection that broke in the
/// middle of a record gets the whole record again; facts have ids of their own to be counted by.
pub fn events(hub: &Hub, listen: Listen) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    // Listening begins before the log is read, so nothing falls between the two.
    let state =
        Follow { receiver: hub.listen(listen.in_loop.clone()), listen, ready: VecDeque::new(), behind: true };
    stream::unfold(state, |mut state| async move {
        let event = state.next().await?;
        Some((Ok(event), state))
    })
}

struct Follow {
    receiver: broadcast::Receiver<Arc<Committed>>,
    listen: Listen,
    ready: VecDeque<Event>,
    behind: bool,
}

impl Follow {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            let received = tokio::select! {
                received = self.receiver.recv() => received,
                _ = self.listen.stop.changed() => return None,
            };
            match received {
                Ok(committed) => self.take(committed.seq, &committed.facts, &committed.loops),
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads one page of what is already in the log; ends the stream when the log cannot be read, so that
    /// the page reconnects.
    async fn catch_up(&mut self) -> Option<()> {
        let (log, campaign) = (Arc::clone(&self.listen.log), self.listen.campaign.clone());
        let (in_loop, after) = (self.listen.in_loop.clone(), self.listen.after);
        let page = tokio::task::spawn_blocking(move || log.read(&campaign, in_loop.as_deref(), after, PAGE));
        let page = page.await.ok()?.ok()?;
        self.behind = !page.is_empty();
        for stored in page {
            self.take(stored.seq, &answer::facts(&stored.record.answer), &stored.record.loops);
            self.listen.after = stored.seq;
        }
        Some(())
    }

    fn take(&mut self, seq: u64, facts: &[FactText], loops: &[String]) {
        if seq <= self.listen.after {
            return;
        }
        self.listen.after = seq;
        let wanted = |fact: &&FactText| fact.concerns(self.listen.in_loop.as_deref(), loops);
        let mut events: Vec<Event> =
            facts.iter().filter(wanted).map(|fact| Event::default().data(fact.json.get())).collect();
        if let Some(last) = events.pop() {
            events.push(last.id(seq.to_string()));
        }
        self.ready.extend(events);
    }
}
