//! What waits: records with their keys, how they are stored, and what was counted.

use super::Effect;
use crate::engine::time::Time;
use crate::json::tree::{Data, Node, parse};
use crate::report::record::parse_rfc3339;

/// The kind of the record that tells of drops.
pub(super) const LOSS: &str = "reports-lost";
const LOSS_TYPE: &str = "io.kfactor.reports-lost.v1";

/// The key of a stored value: the session, and the place of a record in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `session:000000000001`, or `session:losses-0` and `-1`.
    pub text: String,
    /// The place; none for the count of drops.
    pub sequence: Option<u64>,
}

impl Key {
    /// The key of a record. Keys of a session sort as its records came.
    #[must_use]
    pub fn record(session: &str, sequence: u64) -> Self {
        Key { text: format!("{session}:{sequence:012}"), sequence: Some(sequence) }
    }

    /// The key of a session's count of drops, which is written to two places in turns.
    #[must_use]
    pub fn losses(session: &str, write: u64) -> Self {
        Key { text: format!("{session}:losses-{}", write % 2), sequence: None }
    }

    /// Reads a key; none if it is somebody else's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (_, place) = text.rsplit_once(':')?;
        let sequence = if place.starts_with("losses") { None } else { Some(place.parse().ok()?) };
        Some(Key { text: text.to_owned(), sequence })
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &str {
        self.text.rsplit_once(':').map_or("", |(session, _)| session)
    }
}

/// A record that waits.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Key,
    pub text: String,
    /// When it was recorded.
    pub since: Time,
    pub place: Place,
    /// The request it is in.
    pub batch: Option<u32>,
    /// The drops it tells of.
    pub losses: Option<Drops>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In memory only: there is no consent yet, or the storage would not take it.
    Memory,
    /// Being written. It is not sent before that is done.
    Writing,
    /// In the storage.
    Stored,
}

impl Entry {
    /// A record from the storage. It was made at `recordedtime`, or at `time` if it happened then.
    pub fn recovered(key: Key, text: &str) -> Self {
        let root = parse(text).root;
        let get = |name: &str| root.as_ref()?.get(name);
        let time = |name: &str| parse_rfc3339(get(name)?.text()?);
        let is_loss = get("type").and_then(Node::text) == Some(LOSS_TYPE);
        Entry {
            since: time("recordedtime").or_else(|| time("time")).unwrap_or_default(),
            losses: get("data").filter(|_| is_loss).map(Drops::of),
            key,
            text: text.to_owned(),
            place: Place::Stored,
            batch: None,
        }
    }

    pub fn put(&mut self) -> Effect {
        self.place = Place::Writing;
        Effect::Put { key: self.key.text.clone(), value: seal(&self.text) }
    }

    pub fn is_ready(&self) -> bool {
        self.batch.is_none() && self.place != Place::Writing
    }
}

/// Why a record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// Too many were waiting.
    Overflow,
    /// It is larger than 32 KiB, or than its destination takes.
    TooLarge,
    /// Its destination refuses it, alone.
    Refused,
    /// It waited for more than three days.
    Expired,
    /// There is no consent.
    NoConsent,
    /// It could not be read from the storage: a write was cut off.
    Damaged,
}

const REASONS: [(Drop, &str); 6] = [
    (Drop::Overflow, "overflow"),
    (Drop::TooLarge, "too-large"),
    (Drop::Refused, "refused"),
    (Drop::Expired, "expired"),
    (Drop::NoConsent, "no-consent"),
    (Drop::Damaged, "damaged"),
];

impl Drop {
    /// Its word in counts and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        REASONS.iter().find(|(reason, _)| *reason == self).map_or("", |(_, word)| word)
    }
}

/// Drops by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drops([u64; REASONS.len()]);

impl Drops {
    /// The reasons and their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        REASONS.iter().zip(self.0).map(|((_, word), number)| (*word, number))
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    pub(super) fn add(&mut self, reason: Drop, number: u64) {
        for ((each, _), total) in REASONS.iter().zip(&mut self.0) {
            *total += if *each == reason { number } else { 0 };
        }
    }

    pub(super) fn merge(&mut self, other: &Drops) {
        for (total, number) in self.0.iter_mut().zip(other.0) {
            *total += number;
        }
    }

    pub(super) fn raise(&mut self, other: &Drops) {
        for (total, number) in self.0.iter_mut().zip(other.0) {
            *total = (*total).max(number);
        }
    }

    pub(super) fn take(&mut self, other: &Drops) {
        for (total, number) in self.0.iter_mut().zip(other.0) {
            *total = total.saturating_sub(number);
        }
    }

    /// As the text of an object, without the reasons that did not occur, and with other numbers before them.
    #[must_use]
    pub fn json(&self, before: &[(&'static str, u64)]) -> String {
        let told = before.iter().copied().chain(self.iter().filter(|(_, number)| *number > 0));
        let members: Vec<String> = told.map(|(word, number)| format!("\"{word}\":{number}")).collect();
        format!("{{{}}}", members.join(","))
    }

    /// Reads a stored count: the number of its write, and the drops.
    pub(super) fn parse(text: &str) -> (u64, Self) {
        let parsed = parse(text);
        let Some(root) = &parsed.root else { return Default::default() };
        (number(root, "write"), Self::of(root))
    }

    /// Reads the drops that [`Drops::json`] wrote.
    #[must_use]
    pub fn of(node: &Node<'_>) -> Self {
        let mut drops = Drops::default();
        for (reason, word) in REASONS {
            drops.add(reason, number(node, word));
        }
        drops
    }
}

fn number(node: &Node<'_>, name: &str) -> u64 {
    match node.get(name).map(|node| &node.data) {
        Some(Data::Number(number)) => number.parse().unwrap_or(0),
        _ => 0,
    }
}

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that this session made, those about drops among them.
    pub tracked: u64,
    /// Records that it took over from earlier sessions.
    pub recovered: u64,
    /// Records that the destination took.
    pub acked: u64,
    /// Records that another page has taken over.
    pub moved: u64,
    /// Records that the storage would not take; they waited in memory.
    pub unstored: u64,
    /// Records that were dropped.
    pub dropped: Drops,
}

/// A value as it is stored: its checksum in eight letters, then itself.
#[must_use]
pub fn seal(text: &str) -> String {
    format!("{:08x}{text}", crc32(text.as_bytes()))
}

/// What was sealed; none if the value is not whole.
#[must_use]
pub fn unseal(value: &str) -> Option<&str> {
    let (sum, text) = value.split_at_checked(8)?;
    (u32::from_str_radix(sum, 16).ok()? == crc32(text.as_bytes())).then_some(text)
}

/// CRC-32 (ISO-HDLC, polynomial 0xEDB88320 reflected).
///
/// ```
/// assert_eq!(kfactor::report::outbox::crc32(b"123456789"), 0xcbf4_3926);
/// ```
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in bytes {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}
