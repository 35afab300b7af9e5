//! The keeper on a log that fails: whatever the log does, what was answered is what it holds.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kfactor_server::clock::Clock;
use kfactor_server::envelope::Envelope;
use kfactor_server::keeper::{Keeper, Tools};
use kfactor_server::log::sqlite::SqliteLog;
use kfactor_server::log::{Append, Log, LogError, Record, Stored};
use kfactor_server::machine::{Machine, fail};
use kfactor_server::metrics::Metrics;
use kfactor_server::snapshots::Snapshots;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const CAMPAIGN: &str = r#"{
    "id": "rush", "title": "A campaign", "runs": { "from": "2025-06-01", "until": "2036-01-01" },
    "rewards": { "coupon": { "kind": "coupon", "title": "A coupon", "stock": 40 } },
    "plays": { "friends": {
        "mechanic": "assist", "title": "Help", "helpers": 2, "within": "24h", "give": ["coupon"]
    } }
}"#;

/// A log that misbehaves at every third append or so, in every way that it may.
struct Flaky {
    log: SqliteLog,
    state: Mutex<u64>,
    faults: [AtomicU64; 4],
    intrusions: AtomicU64,
}

impl Flaky {
    fn dice(&self, sides: u64) -> u64 {
        let mut state = self.state.lock().unwrap();
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % sides
    }

    fn fault(&self, kind: usize) -> LogError {
        self.faults[kind].fetch_add(1, Ordering::Relaxed);
        LogError("a fault for the test".to_owned())
    }

    /// What another process does that believes it keeps this campaign too.
    fn intrude(&self, campaign: &str) {
        self.fault(2);
        let number = self.intrusions.fetch_add(1, Ordering::Relaxed);
        let seq = self.log.last(campaign).unwrap();
        let mut machine = Machine::replay(&self.log, campaign, u64::MAX, fail).unwrap().unwrap();
        let visit = format!(r#"{{"id":"intruder-{number}","do":"visit","by":"intruder-{number}"}}"#);
        let decision = machine.decide(&serde_json::from_str(&visit).unwrap(), 0);
        assert_eq!(self.log.append(campaign, seq, &[decision.record.unwrap()]), Append::Appended);
    }
}

impl Log for Flaky {
    fn append(&self, campaign: &str, expected: u64, records: &[Record]) -> Append {
        match self.dice(12) {
            0 => Append::Unknown(self.fault(0)),
            1 => {
                assert_eq!(self.log.append(campaign, expected, records), Append::Appended);
                Append::Unknown(self.fault(1))
            }
            2 => {
                self.intrude(campaign);
                self.log.append(campaign, expected, records)
            }
            _ => self.log.append(campaign, expected, records),
        }
    }

    fn read(
        &self,
        campaign: &str,
        in_loop: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Stored>, LogError> {
        if self.dice(6) == 0 {
            return Err(self.fault(3));
        }
        self.log.read(campaign, in_loop, after, limit)
    }

    fn find(&self, campaign: &str, id: &str) -> Result<Option<Stored>, LogError> {
        self.log.find(campaign, id)
    }

    fn last(&self, campaign: &str) -> Result<u64, LogError> {
        self.log.last(campaign)
    }

    fn campaigns(&self) -> Result<Vec<String>, LogError> {
        self.log.campaigns()
    }
}

#[test]
fn whatever_the_log_does_answers_and_log_agree() {
    let folder = std::env::temp_dir().join(format!("kfactor-keeper-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let flaky = Arc::new(Flaky {
        log: SqliteLog::open(&folder.join("log.db")).unwrap(),
        state: Mutex::new(11),
        faults: Default::default(),
        intrusions: AtomicU64::new(0),
    });
    let (machine, record) = Machine::open(CAMPAIGN, [7; 32], 1_800_000_000_000).unwrap();
    assert_eq!(flaky.log.append("rush", 0, &[record]), Append::Appended);
    let snapshots = Arc::new(Snapshots::open(&folder.join("snapshots.db")).unwrap());
    let tools = Tools {
        log: Arc::clone(&flaky) as Arc<dyn Log>,
        clock: Arc::new(Clock::default()),
        metrics: Arc::new(Metrics::default()),
        most_records: 1_000_000,
        snapshots: Arc::clone(&snapshots),
        snapshot_every: 50,
    };
    let keeper = Keeper::start("rush", machine, tools).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let answered: Vec<(String, String)> = runtime.block_on(async {
        let keeper = Arc::new(keeper);
        let tasks: Vec<_> = (0..8usize).map(|task| tokio::spawn(client(Arc::clone(&keeper), task))).collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all
    });

    for (id, answer) in &answered {
        let recorded = flaky.log.find("rush", id).unwrap().unwrap().record.answer;
        let first = answer.replace(",\"repeated\":true", "");
        assert_eq!(first, recorded, "{id}");
    }
    let machine = Machine::replay(&flaky.log, "rush", u64::MAX, fail).unwrap().unwrap();
    let records = flaky.log.read("rush", None, 0, 100_000).unwrap();
    let facts: String = records.iter().map(|stored| stored.record.answer.as_str()).collect();
    assert_eq!(facts.matches("\"kind\":\"granted\"").count(), 40, "all of the stock, and no more");
    assert_eq!(machine.seq, u64::try_from(records.len()).unwrap());
    let kept: Vec<u64> = snapshots.of("rush").map(|snapshot| snapshot.seq).collect();
    assert!(kept.len() == 2, "the newest two are kept: {kept:?}");
    let resumed = Machine::resume(&flaky.log, &snapshots, "rush", u64::MAX).unwrap().unwrap();
    assert!(resumed.kept > 0, "no snapshot fits the log");
    assert_eq!((resumed.seq, resumed.digest()), (machine.seq, machine.digest()));
    for (kind, fault) in flaky.faults.iter().enumerate() {
        assert!(fault.load(Ordering::Relaxed) > 3, "fault {kind} hardly ever happened");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// One client: sends every command until it gets an answer, as a client that keeps its promises does.
async fn client(keeper: Arc<Keeper>, task: usize) -> Vec<(String, String)> {
    let mut answered = Vec::new();
    for number in 0..40 {
        let name = format!("{task}-{number}");
        let commands = [
            format!(r#"{{"id":"o{name}","do":"open","by":"host-{name}","play":"friends","loop":"{name}"}}"#),
            format!(r#"{{"id":"a{name}","do":"help","by":"a-{name}","loop":"{name}"}}"#),
            format!(r#"{{"id":"b{name}","do":"help","by":"b-{name}","loop":"{name}"}}"#),
        ];
        for command in commands {
            let envelope: Envelope = serde_json::from_str(&command).unwrap();
            let answer = loop {
                match keeper.submit(vec![envelope.clone()]).await {
                    Ok(answers) => break answers[0].clone(),
                    Err(_) => tokio::task::yield_now().await,
                }
            };
            answered.push((envelope.id().to_owned(), answer));
        }
    }
    answered
}
