//! What each command was answered, so that the same id gets the first answer again, forever.

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

use super::answer::Outcome;
use super::field::Told;
use super::interner::hash;
use super::pack::{self, Reader};
use super::state::push;
use super::time::Time;

/// The remembered answers in compact form.
///
/// An id is remembered as a 64-bit keyed hash: two of ten million ids collide with probability 3·10⁻⁶, and the
/// second would be refused as reused, never applied wrongly.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Vec<Entry>,
    answers: Vec<u8>,
    index: HashTable<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The halves of the id's hash; two words of 32 bits keep the entry at 16 bytes without padding.
    id: [u32; 2],
    body: u32,
    /// Where the answer begins; it ends where the next one begins.
    start: u32,
}

/// What the journal knows of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<'s> {
    /// The id is new.
    New,
    /// The id was used with another body.
    OtherBody,
    /// The id was used with this body: when, and what became of it.
    Same(Time, Outcome<'s>),
}

impl Journal {
    /// Looks up a command; `told` is what its answer was packed with.
    #[must_use]
    #[inline]
    pub fn find(&self, id: u64, body: u64, told: impl FnOnce() -> Told) -> Known<'_> {
        let Some(&number) =
            self.index.find(id, |&number| self.entry(number).is_some_and(|e| joined(e.id) == id))
        else {
            return Known::New;
        };
        let Some(entry) = self.entry(number) else { return Known::New };
        if entry.body != fold(body) {
            return Known::OtherBody;
        }
        let end = self.entry(number + 1).map_or(self.answers.len(), |next| place(next.start));
        let mut reader = Reader::new(self.answers.get(place(entry.start)..end).unwrap_or(&[]));
        let at = Time(reader.signed().unwrap_or(0));
        Known::Same(at, Outcome::unpack(told(), reader))
    }

    /// Whether no command with this id was answered yet.
    #[must_use]
    #[inline]
    pub fn is_new(&self, id: u64) -> bool {
        self.index.find(id, |&number| self.entry(number).is_some_and(|e| joined(e.id) == id)).is_none()
    }

    /// Remembers an answer; a repetition has the same body, so what the command told need not be kept.
    pub fn add(&mut self, id: u64, body: u64, at: Time, told: Told, outcome: &Outcome<'_>) {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let start = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        if self.answers.capacity() - self.answers.len() < 64 {
            self.answers.reserve_exact((self.answers.len() / 4).max(256));
        }
        pack::put_signed(&mut self.answers, at.0);
        outcome.pack(told, &mut self.answers);
        push(&mut self.entries, Entry { id: split(id), body: fold(body), start });
        let entries = &self.entries;
        self.index.insert_unique(id, number, |&other| entries.get(place(other)).map_or(0, |e| joined(e.id)));
    }

    /// How many commands were answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no command was answered yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn entry(&self, number: u32) -> Option<Entry> {
        self.entries.get(place(number)).copied()
    }

    /// Appends everything in the order of the log.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack::put(out, u64::try_from(self.entries.len()).unwrap_or(0));
        for entry in &self.entries {
            pack::put(out, joined(entry.id));
            pack::put(out, u64::from(entry.body));
            pack::put(out, u64::from(entry.start));
        }
        pack::put_bytes(out, &self.answers);
    }

    /// Reads what [`Journal::pack`] wrote.
    pub fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let mut journal = Journal::default();
        for number in 0..reader.count()? {
            let (id, body, start) = (reader.number()?, reader.small()?, reader.small()?);
            journal.entries.push(Entry { id: split(id), body, start });
            let entries = &journal.entries;
            let hash_of = |&other: &u32| entries.get(place(other)).map_or(0, |e| joined(e.id));
            journal.index.insert_unique(id, u32::try_from(number).ok()?, hash_of);
        }
        journal.answers = reader.bytes()?.to_vec();
        Some(journal)
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.answers.capacity() + self.index.capacity() * 5
    }
}

/// The hash under which a command id is remembered.
#[must_use]
pub fn id_hash(key: &SipHasher13, id: &str) -> u64 {
    hash(key, id.as_bytes())
}

fn split(id: u64) -> [u32; 2] {
    [u32::try_from(id >> 32).unwrap_or(0), u32::try_from(id & 0xffff_ffff).unwrap_or(0)]
}

fn joined([high, low]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn fold(body: u64) -> u32 {
    u32::try_from((body ^ (body >> 32)) & 0xffff_ffff).unwrap_or(0)
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
