//! Snapshots: what they restore is what the whole log gives, and whatever else lies in their place is passed over.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kfactor_server::clock::Clock;
use kfactor_server::keeper::{Keeper, Tools};
use kfactor_server::log::sqlite::SqliteLog;
use kfactor_server::log::{Append, Log, Record, Stored};
use kfactor_server::machine::{Machine, fail};
use kfactor_server::metrics::Metrics;
use kfactor_server::snapshots::{Snapshot, Snapshots};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const START: i64 = 1_800_000_000_000;

/// A campaign in a folder of its own.
struct World {
    folder: PathBuf,
    log: SqliteLog,
    snapshots: Snapshots,
    machine: Machine,
    number: u64,
}

impl World {
    fn new(name: &str) -> World {
        let folder = std::env::temp_dir().join(format!("kfactor-snapshots-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = SqliteLog::open(&folder.join("log.db")).unwrap();
        let snapshots = Snapshots::open(&folder.join("snapshots.db")).unwrap();
        let (machine, record) = Machine::open(&campaign(3), [7; 32], START).unwrap();
        assert_eq!(log.append("rush", 0, &[record]), Append::Appended);
        World { folder, log, snapshots, machine, number: 0 }
    }

    /// Opens loops and helps in them: one open and four helps in turn.
    fn play(&mut self, count: u64) {
        let mut records = Vec::new();
        for _ in 0..count {
            let (number, id) = (self.number / 5, self.number);
            let command = match self.number % 5 {
                0 => format!(
                    r#"{{"id":"{id}","do":"open","by":"host-{number}","play":"friends","loop":"L{number}"}}"#
                ),
                helper => format!(
                    r#"{{"id":"{id}","do":"help","by":"friend-{}","loop":"L{number}"}}"#,
                    (number * 7 + helper) % 60_000
                ),
            };
            let now = START + i64::try_from(self.number).unwrap();
            records.extend(self.machine.decide(&serde_json::from_str(&command).unwrap(), now).record);
            self.number += 1;
            if records.len() == 1_000 {
                self.append(&mut records);
            }
        }
        self.append(&mut records);
    }

    fn append(&self, records: &mut Vec<Record>) {
        let expected = self.machine.seq - u64::try_from(records.len()).unwrap();
        assert_eq!(self.log.append("rush", expected, records), Append::Appended);
        records.clear();
    }

    fn revise(&mut self, helpers: u32) {
        let record = self.machine.revise(&campaign(helpers), START).unwrap().unwrap();
        self.append(&mut vec![record]);
    }

    fn last(&self) -> Stored {
        self.log.read("rush", None, self.machine.seq - 1, 1).unwrap().remove(0)
    }

    fn keep(&self) -> Snapshot {
        let snapshot = self.machine.snapshot(&self.last().record);
        self.snapshots.keep("rush", &snapshot).unwrap();
        snapshot
    }

    /// What a start gives; it has to be what the whole log gives. Answers the snapshot it began with.
    fn resumed(&self) -> u64 {
        let resumed = Machine::resume(&self.log, &self.snapshots, "rush", u64::MAX).unwrap().unwrap();
        let replayed = Machine::replay(&self.log, "rush", u64::MAX, fail).unwrap().unwrap();
        let parts = |machine: &Machine| {
            (
                machine.seq,
                machine.at,
                machine.revision,
                machine.digest(),
                machine.document().text,
                machine.due(),
            )
        };
        assert_eq!(parts(&resumed), parts(&replayed));
        resumed.kept
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn campaign(helpers: u32) -> String {
    format!(
        r#"{{ "id": "rush", "title": "A campaign", "runs": {{ "from": "2025-06-01", "until": "2036-01-01" }},
        "rewards": {{ "coupon": {{ "kind": "coupon", "title": "A coupon", "stock": 4000000 }} }},
        "plays": {{ "friends": {{
            "mechanic": "assist", "title": "Help", "helpers": {helpers}, "within": "24h", "give": ["coupon"]
        }} }} }}"#
    )
}

#[test]
fn a_snapshot_and_the_rest_of_the_log_are_the_whole_log() {
    let mut world = World::new("whole");
    assert_eq!(world.resumed(), 0);
    let mut kept = Vec::new();
    for round in 0..4 {
        world.play(120);
        world.revise(4 + round);
        world.play(7);
        kept.push(world.keep().seq);
        assert_eq!(world.resumed(), kept[kept.len() - 1], "nothing came after it");
        world.play(33);
        assert_eq!(world.resumed(), kept[kept.len() - 1]);
    }
    let found: Vec<u64> = world.snapshots.of("rush").map(|snapshot| snapshot.seq).collect();
    assert_eq!(found, [kept[3], kept[2]], "the newest two, newest first");
    assert_eq!(world.snapshots.of("other").count(), 0);
    let until = Machine::resume(&world.log, &world.snapshots, "rush", kept[3] - 1).unwrap().unwrap();
    assert_eq!((until.seq, until.kept), (kept[3] - 1, kept[2]), "a later one is of no use");
}

#[test]
fn what_does_not_fit_is_passed_over() {
    let mut world = World::new("fit");
    world.play(100);
    let older = world.keep();
    world.play(50);
    let good = world.machine.snapshot(&world.last().record);
    world.play(5);
    let mut swapped = good.state.clone();
    let at = swapped.len() / 2;
    swapped[at] ^= 1;
    let mut other_log = good.clone();
    other_log.mark[0] ^= 1;
    for bad in [
        Snapshot { state: swapped, ..good.clone() },
        Snapshot { state: good.state[..at].to_vec(), ..good.clone() },
        Snapshot { state: Vec::new(), ..good.clone() },
        Snapshot { state: older.state.clone(), ..good.clone() },
        Snapshot { state: older.state.clone(), seal: older.seal, ..good.clone() },
        Snapshot { state: older.state.clone(), seal: older.seal, mark: older.mark, ..good.clone() },
        other_log,
        Snapshot { seq: good.seq - 1, ..good.clone() },
        Snapshot { seq: good.seq + 1_000, ..good.clone() },
        Snapshot { seq: 0, ..good.clone() },
    ] {
        world.snapshots.keep("rush", &older).unwrap();
        world.snapshots.keep("rush", &bad).unwrap();
        assert_eq!(world.resumed(), older.seq, "of record {}", bad.seq);
    }
    world.snapshots.keep("rush", &good).unwrap();
    assert_eq!(world.resumed(), good.seq);
}

/// `KFACTOR_RECORDS=200000 cargo test -p kfactor-server --release --test snapshots -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_long_a_restart_takes() {
    let records = std::env::var("KFACTOR_RECORDS").ok().map_or(200_000, |text| text.parse().unwrap());
    let mut world = World::new("time");
    world.play(records);
    let timed = |what: &str, run: &mut dyn FnMut() -> u64| {
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let began = Instant::now();
                let seq = run();
                (began.elapsed(), seq)
            })
            .collect();
        times.sort_unstable();
        println!("{what}: {:?}", times[2].0);
    };
    let resume = || Machine::resume(&world.log, &world.snapshots, "rush", u64::MAX).unwrap().unwrap().seq;
    timed("restart without a snapshot", &mut || resume());
    let last = world.last().record;
    timed("writing the state down", &mut || world.machine.snapshot(&last).seq);
    timed("keeping it", &mut || world.keep().seq);
    timed("restart with it", &mut || resume());
    println!("{} bytes", world.keep().state.len());
    world.play(records / 8);
    let resume = || Machine::resume(&world.log, &world.snapshots, "rush", u64::MAX).unwrap().unwrap().seq;
    timed("restart with an eighth of the log after it", &mut || resume());
}

/// As [`how_long_a_restart_takes`]: what a client waits for while snapshots are taken, and while none are.
#[test]
#[ignore = "a measurement"]
fn how_long_a_snapshot_holds_up_the_keeper() {
    let records = std::env::var("KFACTOR_RECORDS").ok().map_or(200_000, |text| text.parse().unwrap());
    for every in [u64::MAX, 1_000] {
        let mut world = World::new("keeper");
        world.play(records);
        world.keep();
        let World { folder, .. } = &world;
        let log = Arc::new(SqliteLog::open(&folder.join("log.db")).unwrap());
        let snapshots = Arc::new(Snapshots::open(&folder.join("snapshots.db")).unwrap());
        let mut machine = Machine::resume(&*log, &snapshots, "rush", u64::MAX).unwrap().unwrap();
        // Snapshots would wait for an eighth of the log.
        machine.kept = 0;
        let metrics = Arc::new(Metrics::default());
        let tools = Tools {
            log,
            clock: Arc::new(Clock::default()),
            metrics: Arc::clone(&metrics),
            most_records: u64::MAX,
            snapshots,
            snapshot_every: every,
        };
        let keeper = Keeper::start("rush", machine, tools).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut waits: Vec<Duration> = (0..3_000)
            .map(|n| {
                let visit = format!(r#"{{"id":"visit-{n}","do":"visit","by":"visitor-{n}"}}"#);
                let commands = vec![serde_json::from_str(&visit).unwrap()];
                let began = Instant::now();
                runtime.block_on(keeper.submit(commands)).unwrap();
                began.elapsed()
            })
            .collect();
        waits.sort_unstable();
        let taken = metrics.text(&[]);
        let taken = taken.lines().find(|line| line.starts_with("kfactor_snapshots_total")).unwrap();
        println!(
            "{taken}: half within {:?}, 99 % {:?}, longest {:?}",
            waits[1_500], waits[2_970], waits[2_999]
        );
    }
}
