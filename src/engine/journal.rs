//! What each command was answered, so that the same id gets the first answer again, forever.
//!
//! An answer is kept in compact form, told relative to its command: who sent it, the loop it names and the moment
//! are the same for nearly all helps, so that most answers are one of a few hundred. Each of these is kept once, and
//! a command remembers its number.

use hashbrown::HashTable;

use super::answer::Outcome;
use super::chunks::Chunks;
use super::command::Hashes;
use super::field::Told;
use super::hash::{add_to_index, same};
use super::pack::{self, Packed, Reader, Unpacker, put_count};
use super::state::push;
use super::time::Time;

/// The remembered answers in compact form.
///
/// An id is remembered as a 64-bit keyed hash: two of ten million ids collide with probability 3·10⁻⁶, and the
/// second would be refused as reused, never applied wrongly.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Chunks<Entry>,
    index: HashTable<u32>,
    /// For each entry, how much later than the one before it was decided, and the number of its answer.
    log: Vec<u8>,
    /// Where reading the log can begin: before every [`STRETCH`]th entry.
    marks: Vec<Mark>,
    /// When the last entry was decided.
    last: Time,
    answers: Answers,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The halves of the id's hash; words of 32 bits keep the entry at 12 bytes without padding.
    id: [u32; 2],
    body: u32,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    last: Time,
    start: usize,
}

/// How many entries are read at most to find the answer of one of them.
const STRETCH: usize = 64;

/// What the journal knows of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<'x> {
    /// The id is new.
    New,
    /// The id was used with another body.
    OtherBody,
    /// The id was used with this body: when, and what became of it.
    Same(Time, Outcome<'x>),
}

impl Journal {
    /// Looks up a command; `told` is what its answer was packed with.
    #[must_use]
    pub fn find<'x>(&'x self, hashes: Hashes, told: impl FnOnce(Time) -> Told<'x>) -> Known<'x> {
        let Some(number) = self.number(hashes.id) else { return Known::New };
        let entry = self.entries.get(place(number));
        if entry.is_none_or(|entry| entry.body != fold(hashes.body)) {
            return Known::OtherBody;
        }
        let (at, answer) = self.answer(place(number)).unwrap_or_default();
        Known::Same(at, Outcome::unpack(told(at), Reader::new(self.answers.get(answer))))
    }

    /// Whether no command with this id was answered yet.
    #[must_use]
    #[inline]
    pub fn is_new(&self, hashes: Hashes) -> bool {
        self.number(hashes.id).is_none()
    }

    #[inline]
    fn number(&self, id: u64) -> Option<u32> {
        let is_it = |number: &u32| self.entries.get(place(*number)).is_some_and(|e| joined(e.id) == id);
        self.index.find(id, is_it).copied()
    }

    /// When an entry was decided, and the number of its answer.
    fn answer(&self, entry: usize) -> Option<(Time, u32)> {
        let mark = self.marks.get(entry / STRETCH)?;
        let mut reader = Reader::new(self.log.get(mark.start..)?);
        let (mut at, mut answer) = (mark.last, 0);
        for _ in 0..=entry % STRETCH {
            at = later(at, reader.number()?);
            answer = reader.small()?;
        }
        Some((at, answer))
    }

    /// Remembers an answer; a repetition has the same body, so what the command told need not be kept.
    pub fn add(&mut self, hashes: Hashes, told: Told<'_>, outcome: &Outcome<'_>) {
        let answer = self.answers.add(|out| outcome.pack(told, out));
        self.insert(hashes.id, fold(hashes.body));
        self.mark();
        if self.log.capacity() - self.log.len() < 16 {
            self.log.reserve_exact((self.log.len() / 8).max(256));
        }
        pack::put(&mut self.log, u64::try_from(told.at.0.saturating_sub(self.last.0)).unwrap_or(0));
        pack::put(&mut self.log, u64::from(answer));
        self.last = told.at;
    }

    fn insert(&mut self, id: u64, body: u32) {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Journal { entries, index, .. } = self;
        add_to_index(index, (id, number), || entries.iter().map(|entry| joined(entry.id)).zip(0..));
        entries.push(Entry { id: split(id), body });
    }

    /// Marks where the entry begins that was inserted last, if it is the first of a stretch.
    fn mark(&mut self) {
        if self.entries.len() % STRETCH == 1 {
            self.marks.push(Mark { last: self.last, start: self.log.len() });
        }
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

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.entries.memory()
            + self.index.allocation_size()
            + self.log.capacity()
            + self.marks.capacity() * size_of::<Mark>()
            + self.answers.memory()
    }
}

/// Everything in the order of the log.
impl Packed for Journal {
    fn pack(&self, out: &mut Vec<u8>) {
        self.answers.pack(out);
        put_count(out, self.entries.len());
        for entry in self.entries.iter() {
            (joined(entry.id), entry.body).pack(out);
        }
        pack::put_bytes(out, &self.log);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut journal = Journal { answers: from.read(), ..Journal::default() };
        let ids: Vec<(u64, u32)> = from.read();
        let log = from.bytes();
        let mut rest = Unpacker::new(log);
        for (id, body) in ids {
            from.require(journal.number(id).is_none());
            let begin = log.len() - rest.left();
            let (wait, answer) = (rest.number(), rest.small());
            from.require(!rest.has_failed() && place(answer) < journal.answers.len());
            if from.has_failed() {
                break;
            }
            journal.insert(id, body);
            journal.mark();
            journal.log.extend_from_slice(log.get(begin..log.len() - rest.left()).unwrap_or_default());
            journal.last = later(journal.last, wait);
        }
        from.require(rest.is_whole());
        journal
    }
}

/// Distinct answers, as far as one was given lately.
#[derive(Clone, Debug, Default)]
struct Answers {
    /// The answers one after the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
    /// One more than the numbers of the latest answers, by hash; 0 for none.
    recent: Vec<u32>,
    /// Where an answer is written before it is known whether it is new.
    draft: Vec<u8>,
}

/// Answers that are found again at most. An answer can stand in one of [`WAYS`] places, so that few that are given
/// often drive each other out.
const RECENT: usize = 4096;
const WAYS: usize = 4;

impl Answers {
    /// The number of the answer that `write` writes.
    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let mut draft = core::mem::take(&mut self.draft);
        draft.clear();
        write(&mut draft);
        let set = set(&draft);
        let ways = self.recent.get(set..set + WAYS).unwrap_or_default();
        let known = ways.iter().find_map(|way| {
            let number = way.checked_sub(1)?;
            same(self.get(number), &draft).then_some(number)
        });
        let number = known.unwrap_or_else(|| self.append(&draft, set));
        self.draft = draft;
        number
    }

    fn append(&mut self, answer: &[u8], set: usize) -> u32 {
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        if self.bytes.capacity() - self.bytes.len() < answer.len() {
            self.bytes.reserve_exact(answer.len() + self.bytes.len() / 8);
        }
        self.bytes.extend_from_slice(answer);
        push(&mut self.ends, u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        if self.recent.is_empty() {
            self.recent.resize(RECENT, 0);
        }
        if let Some(ways) = self.recent.get_mut(set..set + WAYS) {
            ways.rotate_right(1);
            if let Some(first) = ways.first_mut() {
                *first = number.saturating_add(1);
            }
        }
        number
    }

    fn get(&self, number: u32) -> &[u8] {
        let at = place(number);
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| place(*end));
        let end = self.ends.get(at).map_or(0, |end| place(*end));
        self.bytes.get(begin..end).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn memory(&self) -> usize {
        self.bytes.capacity() + self.draft.capacity() + (self.ends.capacity() + self.recent.capacity()) * 4
    }
}

/// Answers are found again by the same order of the log as before.
impl Packed for Answers {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.len());
        for number in (0..).take(self.len()) {
            pack::put_bytes(out, self.get(number));
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut answers = Answers::default();
        from.each(|from| {
            let answer = from.bytes();
            answers.append(answer, set(answer));
        });
        answers
    }
}

/// The first of the places where an answer can stand. Whoever could choose answers to collide would only make
/// them take more space, so the hash needs no key.
fn set(answer: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = answer.as_chunks::<8>();
    let mut hash = words
        .iter()
        .fold(0u64, |hash, word| (hash ^ u64::from_le_bytes(*word)).wrapping_mul(ODD).rotate_left(29));
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(ODD).rotate_left(7);
    }
    let mixed = (hash ^ hash >> 32).wrapping_mul(ODD) >> 32;
    usize::try_from(mixed).unwrap_or(0) % (RECENT / WAYS) * WAYS
}

fn later(at: Time, wait: u64) -> Time {
    Time(at.0.saturating_add_unsigned(wait))
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
