//! The keeper of one campaign's log: a thread that decides commands one after another.
//!
//! Commands queue up while the previous batch is written; the keeper takes all that wait, decides them in
//! memory, appends them in one go and answers when they are durable. Views are answered between batches, so
//! nobody ever sees what was not kept. When an append fails, what memory holds is thrown away and rebuilt
//! from the log.

mod desk;

use crate::clock::Clock;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::live::Hub;
use crate::log::Log;
use crate::machine::{Document, Machine, ShareMaterial};
use crate::metrics::Metrics;
use crate::snapshots::Snapshots;
use desk::Desk;
use kfactor::audience::segments::Group;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Requests that may wait for the keeper.
const QUEUE: usize = 4_096;

/// What the keeper works with.
#[derive(Clone)]
pub struct Tools {
    /// Where commands are kept.
    pub log: Arc<dyn Log>,
    /// What time it is.
    pub clock: Arc<Clock>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Records a campaign may have.
    pub most_records: u64,
    /// Where states are kept.
    pub snapshots: Arc<Snapshots>,
    /// Records after which the state is kept again.
    pub snapshot_every: u64,
}

/// The handle to a campaign's keeper.
pub struct Keeper {
    /// The campaign's id.
    pub campaign: String,
    /// Where its facts appear.
    pub hub: Arc<Hub>,
    document: Arc<RwLock<Arc<Document>>>,
    seq: Arc<AtomicU64>,
    requests: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// What a revision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revised {
    /// The number of the document in force, from 1.
    pub revision: u32,
    /// Whether it differs from the one before.
    pub changed: bool,
}

type Reply<T> = oneshot::Sender<Result<T, Failure>>;

enum Request {
    Submit { commands: Vec<Envelope>, reply: Reply<Vec<String>> },
    View { participant: String, in_loop: Option<String>, reply: Reply<String> },
    LiveCodes { reply: Reply<String> },
    Segments { reply: Reply<Vec<Group>> },
    Revise { document: String, reply: Reply<Revised> },
    Share { participant: String, in_loop: Option<String>, reply: Reply<Option<ShareMaterial>> },
    SharedLoop { handle: u64, reply: Reply<Option<String>> },
    Digest { reply: Reply<(u64, String)> },
    Seed { reply: Reply<(String, Option<String>)> },
    Health { reply: Reply<()> },
}

impl Keeper {
    /// Starts the keeper of a campaign whose machine is up to date with the log.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(campaign: &str, machine: Machine, tools: Tools) -> std::io::Result<Keeper> {
        let hub = Arc::new(Hub::default());
        let document = Arc::new(RwLock::new(Arc::new(machine.document())));
        let seq = Arc::new(AtomicU64::new(machine.seq));
        let (requests, queue) = sync_channel(QUEUE);
        let desk = Desk {
            campaign: campaign.to_owned(),
            hub: Arc::clone(&hub),
            document: Arc::clone(&document),
            seq: Arc::clone(&seq),
            tools,
            kept: machine.kept,
            machine: Some(machine),
            ticked: None,
            keeping: None,
        };
        let thread = std::thread::Builder::new()
            .name(format!("keeper {campaign}"))
            .spawn(move || desk.work(&queue))?;
        Ok(Keeper {
            campaign: campaign.to_owned(),
            hub,
            document,
            seq,
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// Submits commands together; answers their answers' JSON when they are durable.
    ///
    /// # Errors
    /// When the queue is full, the campaign is full, or the log fails.
    pub async fn submit(&self, commands: Vec<Envelope>) -> Result<Vec<String>, Failure> {
        self.ask(|reply| Request::Submit { commands, reply }).await
    }

    /// The view of a participant, as JSON.
    ///
    /// # Errors
    /// When the queue is full or the campaign cannot be rebuilt.
    pub async fn view(&self, participant: String, in_loop: Option<String>) -> Result<String, Failure> {
        self.ask(|reply| Request::View { participant, in_loop, reply }).await
    }

    /// The live codes with their loads, as JSON.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn live_codes(&self) -> Result<String, Failure> {
        self.ask(|reply| Request::LiveCodes { reply }).await
    }

    /// Who is in which segment of the document in force.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn segments(&self) -> Result<Vec<Group>, Failure> {
        self.ask(|reply| Request::Segments { reply }).await
    }

    /// What a participant shares, once a `share` command was accepted.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn share(
        &self,
        participant: String,
        in_loop: Option<String>,
    ) -> Result<Option<ShareMaterial>, Failure> {
        self.ask(|reply| Request::Share { participant, in_loop, reply }).await
    }

    /// The loop that a share handle is for, if it is for one.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn shared_loop(&self, handle: u64) -> Result<Option<String>, Failure> {
        self.ask(|reply| Request::SharedLoop { handle, reply }).await
    }

    /// Puts another document in force; loops that run keep their rules.
    ///
    /// # Errors
    /// The problems of the document, and as [`Keeper::submit`].
    pub async fn revise(&self, document: String) -> Result<Revised, Failure> {
        self.ask(|reply| Request::Revise { document, reply }).await
    }

    /// The sequence of the last record and the digest of the state after it.
    ///
    /// # Errors
    /// When the queue is full or the campaign cannot be rebuilt.
    pub async fn digest(&self) -> Result<(u64, String), Failure> {
        self.ask(|reply| Request::Digest { reply }).await
    }

    /// The commitment to the seed, and the seed once nothing more can be drawn from it; in hex.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn seed(&self) -> Result<(String, Option<String>), Failure> {
        self.ask(|reply| Request::Seed { reply }).await
    }

    /// Whether the keeper answers and its engine is there.
    ///
    /// # Errors
    /// As [`Keeper::view`].
    pub async fn health(&self) -> Result<(), Failure> {
        self.ask(|reply| Request::Health { reply }).await
    }

    /// The campaign document in force.
    #[must_use]
    pub fn document(&self) -> Arc<Document> {
        Arc::clone(&self.document.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The sequence of the last durable record.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.as_ref().map(|requests| requests.try_send(request(reply)));
        match sent {
            Some(Ok(())) => answer.await.unwrap_or_else(|_| Err(Code::OutcomeUnknown.into())),
            Some(Err(TrySendError::Full(_))) => Err(Failure::from(Code::Busy).after(1)),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Code::Unavailable.into()),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// The answer to a document that has problems.
#[must_use]
pub fn invalid(problems: &[kfactor::campaign::Problem]) -> Failure {
    let problems = serde_json::to_value(problems).unwrap_or_default();
    Failure::from(Code::CampaignInvalid).with("problems", problems)
}
