//! The log: the one order in which a campaign's commands were decided.
//!
//! Everything the server knows can be rebuilt from here. A log is append-only, numbered per campaign from 1
//! without gaps, and guarded by the expected last sequence, so two writers can never both believe that they
//! came next.

pub mod sqlite;

use std::fmt;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A campaign document, as first loaded or as revised.
    Campaign,
    /// A command with the answer it was given.
    Command,
}

/// One entry of a campaign's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What `body` holds.
    pub kind: Kind,
    /// The command's id, or `campaign#<revision>`; unique within the campaign.
    pub id: String,
    /// When the keeper accepted it: Unix milliseconds, never before the record ahead of it.
    pub at: i64,
    /// The stamped command, or the campaign with its seed, as JSON text.
    pub body: String,
    /// The answer as JSON text; empty for a campaign.
    pub answer: String,
    /// The loops that the command or its facts name, and those that rest on an order it refunds.
    pub loops: Vec<String>,
}

/// A record and its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The position within the campaign, from 1.
    pub seq: u64,
    /// What is stored there.
    pub record: Record,
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Append {
    /// Every record is durable; the first one has the sequence after the expected one.
    Appended,
    /// Somebody else came first; nothing was written.
    Conflict,
    /// It may or may not have been written: read back to find out.
    Unknown(LogError),
}

/// Why the log could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogError(pub String);

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the log failed: {}", self.0)
    }
}

impl std::error::Error for LogError {}

/// Durable, ordered storage of every campaign.
///
/// Calls block until they are done; call them from a thread that may wait. An implementation promises that
/// among any number of writers that expect the same sequence exactly one succeeds, that a batch is written
/// as a whole or not at all, and that what was `Appended` survives the end of the process and of the machine.
pub trait Log: Send + Sync {
    /// Appends `records` after `expected`, the sequence of the campaign's last record (0 when it has none).
    fn append(&self, campaign: &str, expected: u64, records: &[Record]) -> Append;

    /// The records after `after`, at most `limit`, in order; with `in_loop` only those that concern this loop.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn read(
        &self,
        campaign: &str,
        in_loop: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Stored>, LogError>;

    /// The record with this id.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn find(&self, campaign: &str, id: &str) -> Result<Option<Stored>, LogError>;

    /// The sequence of the last record, 0 for an unknown campaign.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn last(&self, campaign: &str) -> Result<u64, LogError>;

    /// Every campaign that has a record, in the order of their ids.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn campaigns(&self) -> Result<Vec<String>, LogError>;
}

/// Finds out whether an append whose outcome is unknown took place, by reading back.
///
/// # Errors
/// When reading fails too; the outcome stays unknown.
pub fn resolve(log: &dyn Log, campaign: &str, expected: u64, records: &[Record]) -> Result<Append, LogError> {
    let limit = u32::try_from(records.len()).unwrap_or(u32::MAX);
    let found = log.read(campaign, None, expected, limit)?;
    let same = found.len() == records.len() && found.iter().map(|stored| &stored.record).eq(records);
    // A batch is written as a whole, so anything else in its place was written by somebody else.
    Ok(match (same, found.is_empty()) {
        (true, _) => Append::Appended,
        (false, true) => Append::Unknown(LogError("nothing was written".to_owned())),
        (false, false) => Append::Conflict,
    })
}
