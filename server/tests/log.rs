//! What every log has to keep, shown for the one on SQLite.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kfactor_server::log::sqlite::SqliteLog;
use kfactor_server::log::{Append, Kind, Log, Record, resolve};
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

struct File(PathBuf);

impl File {
    fn new() -> File {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kfactor-log-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        File(folder)
    }

    fn open(&self) -> SqliteLog {
        SqliteLog::open(&self.0.join("log.db")).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn record(id: &str, at: i64, loops: &[&str]) -> Record {
    Record {
        kind: Kind::Command,
        id: id.to_owned(),
        at,
        body: format!("{{\"id\":\"{id}\"}}"),
        answer: "{\"ok\":true}".to_owned(),
        loops: loops.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// N writers expect the same sequence: exactly one succeeds, in every round, and its batch alone is there.
fn exactly_one_winner(log: &dyn Log, rounds: u64) {
    const WRITERS: usize = 8;
    let mut last = 0;
    for round in 0..rounds {
        let barrier = Barrier::new(WRITERS);
        let outcomes: Vec<Append> = std::thread::scope(|scope| {
            let write = |writer: usize| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let batch: Vec<Record> = (0..=writer % 3)
                        .map(|n| record(&format!("r{round}-w{writer}-{n}"), 1, &["L"]))
                        .collect();
                    barrier.wait();
                    log.append("c", last, &batch)
                })
            };
            let threads: Vec<_> = (0..WRITERS).map(write).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<usize> =
            (0..WRITERS).filter(|writer| outcomes[*writer] == Append::Appended).collect();
        assert_eq!(winners.len(), 1, "round {round}: {outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Append::Conflict).count(), WRITERS - 1);
        let written = log.read("c", None, last, 100).unwrap();
        assert_eq!(written.len(), winners[0] % 3 + 1);
        let prefix = format!("r{round}-w{}-", winners[0]);
        assert!(written.iter().all(|stored| stored.record.id.starts_with(&prefix)));
        last += u64::try_from(written.len()).unwrap();
        assert_eq!(log.last("c").unwrap(), last);
    }
}

#[test]
fn among_writers_that_expect_the_same_exactly_one_succeeds() {
    let rounds = std::env::var("KFACTOR_ROUNDS").ok().map_or(300, |text| text.parse().unwrap());
    let file = File::new();
    exactly_one_winner(&file.open(), rounds);
}

/// The same with every writer on a connection of its own, as separate processes would be.
#[test]
fn separate_openers_of_one_file_exclude_each_other() {
    let file = File::new();
    let logs: Vec<SqliteLog> = (0..4).map(|_| file.open()).collect();
    let mut last = 0;
    for round in 0..60u64 {
        let outcomes: Vec<Append> = std::thread::scope(|scope| {
            let threads: Vec<_> = logs
                .iter()
                .enumerate()
                .map(|(writer, log)| {
                    scope
                        .spawn(move || log.append("c", last, &[record(&format!("{round}-{writer}"), 1, &[])]))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(
            outcomes.iter().filter(|outcome| **outcome == Append::Appended).count(),
            1,
            "{outcomes:?}"
        );
        last += 1;
        assert_eq!(logs[0].last("c").unwrap(), last);
    }
}

#[test]
fn a_batch_is_written_as_a_whole_or_not_at_all() {
    let file = File::new();
    let log = file.open();
    assert_eq!(log.append("c", 0, &[record("a", 1, &[]), record("b", 1, &[])]), Append::Appended);
    let with_known_id = [record("d", 2, &["L"]), record("a", 2, &[]), record("e", 2, &[])];
    assert_eq!(log.append("c", 2, &with_known_id), Append::Conflict);
    assert_eq!(log.last("c").unwrap(), 2);
    assert_eq!(log.find("c", "d").unwrap(), None);
    assert!(log.read("c", Some("L"), 0, 10).unwrap().is_empty());
    assert_eq!(log.append("c", 3, &[record("d", 2, &[])]), Append::Conflict, "a gap");
    assert_eq!(log.append("c", 1, &[record("d", 2, &[])]), Append::Conflict, "the past");
    assert_eq!(log.append("other", 0, &[record("a", 1, &[])]), Append::Appended, "ids are per campaign");
    assert_eq!(log.campaigns().unwrap(), ["c", "other"]);
}

#[test]
fn what_was_appended_is_read_back_the_same_also_after_reopening() {
    let file = File::new();
    let records: Vec<Record> = (0..250)
        .map(|n| Record {
            body: format!("{{\"text\":\"助力 {n} \\u0000 '\\\"\"}}"),
            kind: if n % 50 == 0 { Kind::Campaign } else { Kind::Command },
            ..record(&format!("id-{n}"), 1_796_090_400_000 + n, &["A", ["B", "C"][usize::from(n % 2 == 0)]])
        })
        .collect();
    let log = file.open();
    for (expected, batch) in (0u64..).step_by(25).zip(records.chunks(25)) {
        assert_eq!(log.append("c", expected, batch), Append::Appended);
    }
    drop(log);
    let log = file.open();
    let read: Vec<Record> =
        log.read("c", None, 0, 1_000).unwrap().into_iter().map(|stored| stored.record).collect();
    assert_eq!(read, records);
    let page = log.read("c", Some("C"), 100, 10).unwrap();
    assert_eq!(
        page.iter().map(|stored| stored.seq).collect::<Vec<_>>(),
        (101..=119).step_by(2).collect::<Vec<_>>()
    );
    let found = log.find("c", "id-7").unwrap().unwrap();
    assert_eq!((found.seq, &found.record), (8, &records[7]));
    assert_eq!(log.last("nowhere").unwrap(), 0);
}

#[test]
fn an_unknown_outcome_is_resolved_by_reading_back() {
    let file = File::new();
    let log = file.open();
    let mine = [record("a", 1, &[]), record("b", 1, &[])];
    assert!(matches!(resolve(&log, "c", 0, &mine), Ok(Append::Unknown(_))), "nothing was written");
    log.append("c", 0, &mine);
    assert_eq!(resolve(&log, "c", 0, &mine), Ok(Append::Appended));
    let other = [record("a", 1, &[]), record("x", 1, &[])];
    assert_eq!(resolve(&log, "c", 0, &other), Ok(Append::Conflict));
}
