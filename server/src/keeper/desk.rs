//! The keeper's own side: the thread that decides, keeps and answers.

use super::{Reply, Request, Revised, Tools, invalid};
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::live::Hub;
use crate::log::{self, Append, Record};
use crate::machine::{Decision, Document, Machine, Outcome};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Commands that one batch takes, more only to keep a request in one piece.
const BATCH: usize = 1_024;

/// The shortest time between two ticks of the keeper's own.
const TICK: Duration = Duration::from_millis(250);

/// The longest time until the keeper looks at the clock again.
const IDLE: Duration = Duration::from_secs(1);

/// How often a batch is decided again because somebody else wrote to the log.
const TRIES: u32 = 3;

/// The keeper's own side.
pub(super) struct Desk {
    pub(super) campaign: String,
    pub(super) tools: Tools,
    pub(super) hub: Arc<Hub>,
    pub(super) document: Arc<RwLock<Arc<Document>>>,
    pub(super) seq: Arc<AtomicU64>,
    /// The engine; absent after a failure, until it is rebuilt.
    pub(super) machine: Option<Machine>,
    pub(super) ticked: Option<Instant>,
    /// The sequence of the newest snapshot.
    pub(super) kept: u64,
    /// Takes a snapshot beside the keeper.
    pub(super) keeping: Option<JoinHandle<()>>,
}

impl Desk {
    /// Works until nobody can ask any more.
    pub(super) fn work(mut self, queue: &Receiver<Request>) {
        loop {
            match queue.recv_timeout(self.wait()) {
                Ok(first) => self.batch(first, queue),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
            self.tick();
            self.snapshot();
        }
    }

    /// How long the keeper may sleep when nobody asks.
    fn wait(&self) -> Duration {
        let rest = self.ticked.map_or(Duration::ZERO, |ticked| TICK.saturating_sub(ticked.elapsed()));
        let due = self
            .machine
            .as_ref()
            .and_then(Machine::due)
            .map(|due| due.saturating_sub(self.tools.clock.now()));
        let until = due.and_then(|until| u64::try_from(until.max(0)).ok()).map(Duration::from_millis);
        until.unwrap_or(IDLE).max(rest).min(IDLE)
    }

    fn batch(&mut self, first: Request, queue: &Receiver<Request>) {
        let mut waiting = Some(first);
        let mut submits = Vec::new();
        let mut others = Vec::new();
        let mut size = 0;
        while let Some(request) = waiting.take() {
            match request {
                Request::Submit { commands, reply } => {
                    size += commands.len();
                    submits.push((commands, reply));
                }
                other => others.push(other),
            }
            if size < BATCH && others.len() < BATCH {
                waiting = queue.try_recv().ok();
            }
        }
        if !submits.is_empty() {
            self.submit(submits);
        }
        for request in others {
            self.other(request);
        }
    }

    fn submit(&mut self, submits: Vec<(Vec<Envelope>, Reply<Vec<String>>)>) {
        let (requests, replies): (Vec<_>, Vec<_>) = submits.into_iter().unzip();
        match self.keep(&requests) {
            Ok(decided) => {
                for (answers, reply) in decided.into_iter().zip(replies) {
                    // Whoever hung up can ask later what became of the command.
                    let _sent = reply.send(Ok(answers));
                }
            }
            Err(failure) => {
                for reply in replies {
                    let _sent = reply.send(Err(failure.clone()));
                }
            }
        }
    }

    /// Decides commands and makes the decisions durable.
    fn keep(&mut self, requests: &[Vec<Envelope>]) -> Result<Vec<Vec<String>>, Failure> {
        for _ in 0..TRIES {
            let now = self.tools.clock.now();
            let most = self.tools.most_records;
            let machine = self.machine()?;
            let expected = machine.seq;
            let coming: usize = requests.iter().map(Vec::len).sum();
            if expected.saturating_add(u64::try_from(coming).unwrap_or(u64::MAX)) > most {
                return Err(Code::CampaignFull.into());
            }
            let mut records = Vec::new();
            let mut outcomes = Vec::new();
            let mut answers = Vec::with_capacity(requests.len());
            for commands in requests {
                let decisions = commands.iter().map(|command| machine.decide(command, now));
                answers.push(
                    decisions
                        .map(|Decision { answer, outcome, record }| {
                            records.extend(record);
                            outcomes.push(outcome);
                            answer
                        })
                        .collect(),
                );
            }
            if self.append(expected, &records)? {
                self.count(&outcomes);
                return Ok(answers);
            }
        }
        Err(Failure::from(Code::Busy).after(1))
    }

    fn other(&mut self, request: Request) {
        let now = self.tools.clock.now();
        match request {
            Request::Submit { commands, reply } => self.submit(vec![(commands, reply)]),
            Request::View { participant, in_loop, reply } => {
                let view = self.machine().and_then(|machine| {
                    machine.view(&participant, in_loop.as_deref(), now).ok_or(Code::Unavailable.into())
                });
                let _sent = reply.send(view);
            }
            Request::LiveCodes { reply } => {
                let codes = self
                    .machine()
                    .and_then(|machine| machine.live_codes(now).ok_or(Code::Unavailable.into()));
                let _sent = reply.send(codes);
            }
            Request::Segments { reply } => {
                let _sent = reply.send(self.machine().map(|machine| machine.segments(now)));
            }
            Request::SharedLoop { handle, reply } => {
                let _sent = reply.send(self.machine().map(|machine| machine.shared_loop(handle)));
            }
            Request::Share { participant, in_loop, reply } => {
                let share =
                    self.machine().map(|machine| machine.share(&participant, in_loop.as_deref(), now));
                let _sent = reply.send(share);
            }
            Request::Health { reply } => {
                let _sent = reply.send(self.machine().map(|_| ()));
            }
            Request::Digest { reply } => {
                let _sent = reply.send(self.machine().map(|machine| (machine.seq, machine.digest())));
            }
            Request::Seed { reply } => {
                let _sent = reply.send(self.machine().map(|machine| machine.seed(now)));
            }
            Request::Revise { document, reply } => {
                let _sent = reply.send(self.revise(&document));
            }
        }
    }

    fn revise(&mut self, document: &str) -> Result<Revised, Failure> {
        for _ in 0..TRIES {
            let now = self.tools.clock.now();
            let machine = self.machine()?;
            let expected = machine.seq;
            let record = machine.revise(document, now).map_err(|problems| invalid(&problems))?;
            let revision = machine.revision;
            let Some(record) = record else { return Ok(Revised { revision, changed: false }) };
            let adopted = Arc::new(machine.document());
            if self.append(expected, &[record])? {
                *self.document.write().unwrap_or_else(PoisonError::into_inner) = adopted;
                return Ok(Revised { revision, changed: true });
            }
        }
        Err(Failure::from(Code::Busy).after(1))
    }

    /// Makes records durable; false if somebody else wrote first and all must be decided again.
    fn append(&mut self, expected: u64, records: &[Record]) -> Result<bool, Failure> {
        if records.is_empty() {
            return Ok(true);
        }
        let began = Instant::now();
        let mut outcome = self.tools.log.append(&self.campaign, expected, records);
        if matches!(outcome, Append::Unknown(_)) {
            let read = log::resolve(&*self.tools.log, &self.campaign, expected, records);
            outcome = read.map_err(|error| {
                self.drop_machine(&error.to_string());
                Code::OutcomeUnknown
            })?;
        }
        match outcome {
            Append::Appended => {
                self.tools.metrics.appended(records.len(), began.elapsed());
                let last = expected.saturating_add(u64::try_from(records.len()).unwrap_or(u64::MAX));
                self.seq.store(last, Ordering::Relaxed);
                self.hub.publish(expected.saturating_add(1), records);
                Ok(true)
            }
            Append::Conflict => {
                self.drop_machine("somebody else wrote to the log");
                Ok(false)
            }
            Append::Unknown(error) => {
                self.drop_machine(&error.to_string());
                Err(Failure::from(Code::NotRecorded).after(1))
            }
        }
    }

    /// The engine, rebuilt from the log if a failure took it away.
    fn machine(&mut self) -> Result<&mut Machine, Failure> {
        if self.machine.is_none() {
            let Tools { log, snapshots, metrics, .. } = &self.tools;
            match Machine::resume(&**log, snapshots, &self.campaign, u64::MAX) {
                Ok(machine) => {
                    metrics.replayed(machine.as_ref());
                    self.machine = machine;
                }
                Err(error) => eprintln!("campaign {}: {error}", self.campaign),
            }
        }
        self.machine.as_mut().ok_or_else(|| Failure::from(Code::Unavailable).after(5))
    }

    fn drop_machine(&mut self, why: &str) {
        eprintln!("campaign {}: rebuilding from the log: {why}", self.campaign);
        self.tools.metrics.rebuilt();
        self.machine = None;
    }

    /// Settles what is due, so that pages learn of it without asking.
    fn tick(&mut self) {
        let now = self.tools.clock.now();
        let rested = self.ticked.is_none_or(|ticked| ticked.elapsed() >= TICK);
        let due = self.machine.as_ref().and_then(Machine::due).is_some_and(|due| due <= now);
        if !due || !rested {
            return;
        }
        self.ticked = Some(Instant::now());
        let text = format!(r#"{{"id":"tick:{now}","do":"tick"}}"#);
        let Ok(command) = serde_json::from_str::<Envelope>(&text) else { return };
        if let Err(failure) = self.keep(&[vec![command]]) {
            eprintln!("campaign {}: no tick: {}", self.campaign, failure.code.name());
        }
    }

    /// Has a snapshot taken from time to time, on a thread that goes through the log by itself: writing down a large
    /// state takes a while, and meanwhile the keeper would decide nothing. The longer the log, the rarer, so that all
    /// snapshots together cost no more than the log.
    fn snapshot(&mut self) {
        let durable = self.seq.load(Ordering::Relaxed);
        let often = self.tools.snapshot_every.max(self.kept / 8);
        let busy = self.keeping.as_ref().is_some_and(|thread| !thread.is_finished());
        if busy || durable.saturating_sub(self.kept) < often {
            return;
        }
        self.kept = durable;
        let (tools, campaign) = (self.tools.clone(), self.campaign.clone());
        let keep = move || match Machine::resume(&*tools.log, &tools.snapshots, &campaign, durable) {
            Ok(Some(machine)) => store(&tools, &campaign, &machine),
            Ok(None) => {}
            Err(error) => eprintln!("campaign {campaign}: no snapshot: {error}"),
        };
        self.keeping = std::thread::Builder::new().name("snapshot".to_owned()).spawn(keep).ok();
    }

    /// Keeps the state for the next start, unless nothing has happened since it was kept.
    fn end(mut self) {
        if let Some(thread) = self.keeping.take() {
            let _ended = thread.join();
        }
        if let Some(machine) = self.machine.as_ref().filter(|machine| machine.seq > self.kept) {
            store(&self.tools, &self.campaign, machine);
        }
    }

    fn count(&self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.tools.metrics.decided(*outcome);
        }
    }
}

/// Keeps the state of a machine that the log holds all of.
fn store(tools: &Tools, campaign: &str, machine: &Machine) {
    let last = tools.log.read(campaign, None, machine.seq.saturating_sub(1), 1);
    let kept = match last.as_deref() {
        Ok([last]) if last.seq == machine.seq => {
            tools.snapshots.keep(campaign, &machine.snapshot(&last.record)).map_err(|error| error.to_string())
        }
        Ok(_) => Err("its last record is not in the log".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match kept {
        Ok(()) => tools.metrics.kept(),
        Err(why) => eprintln!("campaign {campaign}: no snapshot: {why}"),
    }
}
