//! What is to be done for an outbox. It is written as the words that cross to JavaScript, and read from them in Rust: so the
//! WebAssembly needs no other form of it.

/// What is to be done for an outbox, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write a record, then say `Stored` or `NotStored`.
    Put(u32),
    /// A record is in the queue no more. If it is or may be in the storage, it is to be deleted there.
    Gone {
        /// Its number.
        record: u32,
        /// Why.
        end: End,
        /// Whether it was written, or is being written.
        is_stored: bool,
    },
    /// Send as many of the records as fit, then say `Fitted` if these are fewer, and `Answered`.
    Send {
        /// The number of the request.
        batch: u32,
        /// The records, the oldest first.
        records: Vec<u32>,
        /// Whether the page may be gone before the answer.
        is_leaving: bool,
    },
}

/// How a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its destination took it.
    Taken,
    /// Another page has it.
    Moved,
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
}

impl End {
    const ALL: [End; 7] =
        [End::Taken, End::Moved, End::Overflow, End::TooLarge, End::Refused, End::Expired, End::NoConsent];

    fn number(self) -> u32 {
        match self {
            End::Taken => 0,
            End::Moved => 1,
            End::Overflow => 2,
            End::TooLarge => 3,
            End::Refused => 4,
            End::Expired => 5,
            End::NoConsent => 6,
        }
    }
}

/// Effects as words: four for each, its own number and what belongs to it; behind a request come its records.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects(pub Vec<u32>);

impl Effects {
    pub fn put(&mut self, record: u32) {
        self.write(0, record, 0, 0);
    }

    pub fn gone(&mut self, record: u32, end: End, is_stored: bool) {
        self.write(1, record, end.number(), u32::from(is_stored));
    }

    pub fn send(&mut self, batch: u32, is_leaving: bool, records: &[u32]) {
        self.write(2, batch, u32::from(is_leaving), u32::try_from(records.len()).unwrap_or(0));
        self.0.extend_from_slice(records);
    }

    fn write(&mut self, effect: u32, first: u32, second: u32, third: u32) {
        self.0.extend_from_slice(&[effect, first, second, third]);
    }
}

/// The effects that were written.
pub(super) fn read(mut words: &[u32]) -> Vec<Effect> {
    let mut effects = Vec::new();
    while let [effect, first, second, third, rest @ ..] = words {
        words = rest;
        effects.push(match effect {
            0 => Effect::Put(*first),
            1 => {
                let end = End::ALL.into_iter().find(|end| end.number() == *second).unwrap_or(End::Taken);
                Effect::Gone { record: *first, end, is_stored: *third > 0 }
            }
            _ => {
                let (records, rest) = words.split_at(usize::try_from(*third).unwrap_or(0));
                words = rest;
                Effect::Send { batch: *first, records: records.to_vec(), is_leaving: *second > 0 }
            }
        });
    }
    effects
}
