//! Snapshots: states of campaigns, so that a start decides only the end of a log again.
//!
//! They are kept in an SQLite file of their own beside the log, so that writing one never holds up an append. The
//! log alone counts: a snapshot is used only where it fits the log, and the file may be deleted at any time.

use crate::log::sqlite::connect;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS snapshot (
    taken    INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    engine   TEXT NOT NULL,
    mark     BLOB NOT NULL,
    seal     BLOB NOT NULL,
    state    BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS snapshot_campaign ON snapshot (campaign, taken);
";

/// Snapshots of one campaign that are kept: the newest may turn out to be damaged.
const KEPT: u32 = 2;

/// The engine whose states can be restored.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The state of a campaign after a record of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The sequence of the record.
    pub seq: u64,
    /// The record's [`mark`](crate::log::Record::mark), so that another log is not taken for this one.
    pub mark: [u8; 32],
    /// A hash of all the others.
    pub seal: [u8; 32],
    /// The state as the engine writes it.
    pub state: Vec<u8>,
}

impl Snapshot {
    /// A snapshot with its seal.
    #[must_use]
    pub fn sealed(seq: u64, mark: [u8; 32], state: Vec<u8>) -> Snapshot {
        Snapshot { seq, mark, seal: Snapshot::seal(seq, &mark, &state), state }
    }

    /// The seal that a snapshot with this place and state has.
    #[must_use]
    pub fn seal(seq: u64, mark: &[u8; 32], state: &[u8]) -> [u8; 32] {
        sha256(&[&seq.to_le_bytes(), mark, state])
    }
}

/// Where snapshots are kept.
pub struct Snapshots {
    connection: Mutex<Connection>,
}

impl Snapshots {
    /// Opens the file, making it when there is none; one that cannot be read is begun anew.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(path: &Path) -> rusqlite::Result<Snapshots> {
        let connection = opened(path).or_else(|error| {
            eprintln!("{}: the snapshots cannot be read and are begun anew: {error}", path.display());
            for ending in ["", "-wal", "-shm"] {
                let mut file = path.as_os_str().to_owned();
                file.push(ending);
                let _gone = std::fs::remove_file(file);
            }
            opened(path)
        })?;
        Ok(Snapshots { connection: Mutex::new(connection) })
    }

    /// Keeps a snapshot, and lets go of all but the newest of the campaign.
    ///
    /// # Errors
    /// When it cannot be written; SQLite takes a state of at most 1 GB.
    pub fn keep(&self, campaign: &str, snapshot: &Snapshot) -> rusqlite::Result<()> {
        let Snapshot { seq, mark, seal, state } = snapshot;
        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let write = connection.transaction()?;
        write.execute(
            "INSERT INTO snapshot (campaign, seq, engine, mark, seal, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![campaign, seq, ENGINE, mark, seal, state],
        )?;
        write.execute(
            "DELETE FROM snapshot WHERE campaign = ?1 AND taken NOT IN
             (SELECT taken FROM snapshot WHERE campaign = ?1 ORDER BY taken DESC LIMIT ?2)",
            params![campaign, KEPT],
        )?;
        write.commit()
    }

    /// The snapshots of a campaign, newest first; what cannot be read is passed over with a warning.
    pub fn of<'s>(&'s self, campaign: &'s str) -> impl Iterator<Item = Snapshot> + 's {
        let warn = move |error: rusqlite::Error| {
            eprintln!("campaign {campaign}: a snapshot cannot be read: {error}")
        };
        let taken = self.taken(campaign).map_err(warn).unwrap_or_default();
        taken.into_iter().filter_map(move |taken| self.read(taken).map_err(warn).ok())
    }

    fn taken(&self, campaign: &str) -> rusqlite::Result<Vec<i64>> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare("SELECT taken FROM snapshot WHERE campaign = ?1 AND engine = ?2 ORDER BY taken DESC")?
            .query_map(params![campaign, ENGINE], |row| row.get(0))?
            .collect()
    }

    fn read(&self, taken: i64) -> rusqlite::Result<Snapshot> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.query_row(
            "SELECT seq, mark, seal, state FROM snapshot WHERE taken = ?1",
            params![taken],
            |row| {
                let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
                Ok(Snapshot { seq, mark: row.get(1)?, seal: row.get(2)?, state: row.get(3)? })
            },
        )
    }
}

/// SHA-256 of these parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn opened(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    // Losing the newest one costs a longer replay and nothing else.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}
