//! The log on embedded SQLite: write-ahead log, full sync, one writer, group commit.

use super::{Append, Kind, Log, LogError, Record, Stored};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// Appends that share one transaction, and so one sync of the disk, at most.
const GROUP: usize = 64;

/// Connections kept for the next readers.
const READERS: usize = 8;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS log (
    campaign TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT NOT NULL,
    answer   TEXT NOT NULL,
    loops    TEXT NOT NULL,
    PRIMARY KEY (campaign, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS log_id ON log (campaign, id);
CREATE TABLE IF NOT EXISTS log_loop (
    campaign TEXT NOT NULL,
    loop     TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (campaign, loop, seq)
) WITHOUT ROWID;
";

/// A log in one SQLite file.
///
/// Appends go through one writer thread that puts all that wait into one transaction; reads use connections
/// of their own and never wait for the writer.
pub struct SqliteLog {
    path: PathBuf,
    appends: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
}

struct Job {
    campaign: String,
    expected: u64,
    records: Vec<Record>,
    done: mpsc::SyncSender<Append>,
}

impl SqliteLog {
    /// Opens the log, making the file when there is none.
    ///
    /// # Errors
    /// When the file cannot be opened or is not a database of this form.
    pub fn open(path: &Path) -> Result<SqliteLog, LogError> {
        let connection = connect(path)?;
        connection.execute_batch(SCHEMA)?;
        let (appends, jobs) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(connection, &jobs))
            .map_err(|error| LogError(error.to_string()))?;
        Ok(SqliteLog {
            path: path.to_owned(),
            appends: Some(appends),
            writer: Some(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = read(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(result?)
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        // The writer ends when nobody can send to it any more; waiting lets the last commit finish.
        self.appends = None;
        if let Some(writer) = self.writer.take() {
            let _ended = writer.join();
        }
    }
}

impl Log for SqliteLog {
    fn append(&self, campaign: &str, expected: u64, records: &[Record]) -> Append {
        let gone = || Append::Unknown(LogError("the writer has ended".to_owned()));
        let (done, outcome) = mpsc::sync_channel(1);
        let job = Job { campaign: campaign.to_owned(), expected, records: records.to_vec(), done };
        match &self.appends {
            Some(appends) if appends.send(job).is_ok() => outcome.recv().unwrap_or_else(|_| gone()),
            _ => gone(),
        }
    }

    fn read(
        &self,
        campaign: &str,
        in_loop: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Stored>, LogError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.reading(|connection| match in_loop {
            None => connection
                .prepare_cached(
                    "SELECT seq, kind, id, at, body, answer, loops FROM log
                     WHERE campaign = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                )?
                .query_map(params![campaign, after, limit], stored)?
                .collect(),
            Some(in_loop) => connection
                .prepare_cached(
                    "SELECT log.seq, kind, id, at, body, answer, loops FROM log_loop
                     JOIN log ON log.campaign = log_loop.campaign AND log.seq = log_loop.seq
                     WHERE log_loop.campaign = ?1 AND log_loop.seq > ?2 AND log_loop.loop = ?4
                     ORDER BY log_loop.seq LIMIT ?3",
                )?
                .query_map(params![campaign, after, limit, in_loop], stored)?
                .collect(),
        })
    }

    fn find(&self, campaign: &str, id: &str) -> Result<Option<Stored>, LogError> {
        self.reading(|connection| {
            connection
                .prepare_cached(
                    "SELECT seq, kind, id, at, body, answer, loops FROM log WHERE campaign = ?1 AND id = ?2",
                )?
                .query_row(params![campaign, id], stored)
                .optional()
        })
    }

    fn last(&self, campaign: &str) -> Result<u64, LogError> {
        self.reading(|connection| last(connection, campaign))
    }

    fn campaigns(&self) -> Result<Vec<String>, LogError> {
        self.reading(|connection| {
            connection
                .prepare_cached("SELECT DISTINCT campaign FROM log ORDER BY campaign")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }
}

impl From<rusqlite::Error> for LogError {
    fn from(error: rusqlite::Error) -> LogError {
        LogError(error.to_string())
    }
}

/// Opens a connection on which a commit is on the disk when it returns.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The writer thread: takes what waits, commits it in one transaction, then tells each who waits.
fn write(mut connection: Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let outcomes = commit(&mut connection, &group);
        for (index, job) in group.iter().enumerate() {
            let outcome = match &outcomes {
                Ok(outcomes) => outcomes.get(index).cloned(),
                Err(error) => Some(Append::Unknown(error.clone())),
            };
            // Whoever no longer waits reads back.
            let _sent = outcome.map(|outcome| job.done.send(outcome));
        }
    }
}

fn commit(connection: &mut Connection, group: &[Job]) -> Result<Vec<Append>, LogError> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        outcomes.push(one(&mut transaction, job)?);
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn one(transaction: &mut Transaction<'_>, job: &Job) -> Result<Append, LogError> {
    if last(transaction, &job.campaign)? != job.expected {
        return Ok(Append::Conflict);
    }
    let savepoint = transaction.savepoint()?;
    for (seq, record) in (job.expected + 1..).zip(&job.records) {
        match insert(&savepoint, &job.campaign, seq, record) {
            Ok(()) => {}
            // The id stands elsewhere in the log; dropping the savepoint takes back this batch alone.
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ConstraintViolation => {
                return Ok(Append::Conflict);
            }
            Err(error) => return Err(error.into()),
        }
    }
    savepoint.commit()?;
    Ok(Append::Appended)
}

fn insert(connection: &Connection, campaign: &str, seq: u64, record: &Record) -> rusqlite::Result<()> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let kind = match record.kind {
        Kind::Campaign => 0,
        Kind::Command => 1,
    };
    connection
        .prepare_cached(
            "INSERT INTO log (campaign, seq, kind, id, at, body, answer, loops)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            campaign,
            seq,
            kind,
            record.id,
            record.at,
            record.body,
            record.answer,
            record.loops.join(" ")
        ])?;
    for in_loop in &record.loops {
        connection
            .prepare_cached("INSERT INTO log_loop (campaign, loop, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![campaign, in_loop, seq])?;
    }
    Ok(())
}

fn last(connection: &Connection, campaign: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM log WHERE campaign = ?1")?
        .query_row(params![campaign], |row| row.get::<_, i64>(0))
        .map(|seq| u64::try_from(seq).unwrap_or(0))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let loops: String = row.get(6)?;
    Ok(Stored {
        seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        record: Record {
            kind: if row.get::<_, i64>(1)? == 0 { Kind::Campaign } else { Kind::Command },
            id: row.get(2)?,
            at: row.get(3)?,
            body: row.get(4)?,
            answer: row.get(5)?,
            loops: loops.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        },
    })
}
