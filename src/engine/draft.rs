//! Reading commands: from JSON, and from the form that JavaScript writes.

use std::borrow::Cow;

use super::command::{Act, Command, Malformed, WHEN, whole};
use super::money::Money;
use super::pack::Reader;
use super::time::Time;
use crate::json::cursor::Key;
use crate::json::scan::{Scanner, Value};

/// A command while it is read, in the place where it stays: it is larger than its texts are long, and moving it costs as much as
/// reading some of them.
pub struct Draft<'a> {
    pub(super) command: Command<'a>,
    /// A bit for each field that was read, by its number.
    seen: u32,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Draft::new()
    }
}

impl<'a> Draft<'a> {
    /// Nothing read yet. Each draft reads one command.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Draft { command: Command::new("", Time(0), Act::Tick), seen: 0 }
    }

    /// Reads the next command of a batch and stamps it; without a stamp it has to carry its own `at`.
    ///
    /// # Errors
    /// As [`Command::next`].
    pub fn next(
        &mut self,
        scanner: &mut Scanner<'a>,
        at: Option<Time>,
    ) -> Result<Option<&Command<'a>>, Malformed> {
        if !scanner.known(&KEYS, |key, value| self.take(key, value))? {
            return Ok(None);
        }
        if let Some(at) = at {
            self.stamp(at);
        }
        self.finish().map(Some)
    }

    /// Reads the form that JavaScript writes: the act's number, then tagged fields.
    ///
    /// # Errors
    /// As [`Command::read`].
    pub fn unwire(&mut self, bytes: &'a [u8], at: Option<Time>) -> Result<&Command<'a>, Malformed> {
        let mut reader = Reader::new(bytes);
        if let Some(at) = at {
            self.stamp(at);
        }
        if let Some(act) = reader.byte().and_then(Act::numbered) {
            self.act(act);
        }
        while let Some(tag) = reader.byte() {
            self.take_tagged(tag, &mut reader)?;
        }
        self.finish()
    }

    fn stamp(&mut self, at: Time) {
        self.command.at = at;
        self.seen |= 1 << AT;
    }

    fn act(&mut self, act: Act) {
        self.command.act = act;
        self.seen |= 1 << ACT;
    }

    #[inline]
    fn take(&mut self, key: Option<&Key>, value: Value<'a>) -> Result<(), Malformed> {
        let Some(key) = key else { return Err(Malformed::field("command")) };
        match value {
            Value::Text(text) if key.number <= LAST_TEXT => self.set_text(key.number, key.name, text),
            value => self.set(key, &value),
        }
    }

    /// Sets a field that is no text.
    fn set(&mut self, key: &Key, value: &Value<'a>) -> Result<(), Malformed> {
        let wrong = Malformed::field(key.name);
        let command = &mut self.command;
        // A field that comes twice is wrong; the two that are only information may.
        if !matches!(key.number, CLOCK | SEQ) && self.seen & 1 << key.number != 0 {
            return Err(wrong);
        }
        let within = |least: i64, most: i64| integer(value, least, most).ok_or(wrong.clone());
        match key.number {
            ACT => {
                let Value::Text(name) = value else { return Err(wrong) };
                command.act = Act::parse(name).ok_or(wrong)?;
            }
            AT => command.at = Time(within(0, Time::NEVER.0)?),
            CLOCK => drop(within(i64::MIN, i64::MAX)?),
            SEQ => drop(within(0, i64::MAX)?),
            15 => command.amount = Some(Money(within(0, Money::MAX.0)?)),
            16 => command.risk = u8::try_from(within(0, 100)?).ok(),
            17 => command.count = u32::try_from(within(1, 1_000_000)?).ok(),
            18 => command.price = Some(Money(within(0, Money::MAX.0)?)),
            WHEN => command.when = Some(Time(within(0, Time::NEVER.0)?)),
            _ => return Err(wrong),
        }
        self.seen |= 1 << key.number;
        Ok(())
    }

    fn take_tagged(&mut self, tag: u8, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let key = KEYS
            .iter()
            .find(|key| key.number == tag && (tag < ACT || tag == WHEN))
            .ok_or(Malformed::field("command"))?;
        if tag <= LAST_TEXT {
            let text = reader.text().ok_or(Malformed::field(key.name))?;
            return self.set_text(tag, key.name, Cow::Borrowed(text));
        }
        let raw = reader.take(8).and_then(<[u8]>::first_chunk);
        let double = raw.map(|raw| f64::from_le_bytes(*raw));
        let value = Value::Int(double.and_then(whole).ok_or(Malformed::field(key.name))?);
        self.set(key, &value)
    }

    fn set_text(&mut self, number: u8, name: &'static str, text: Cow<'a, str>) -> Result<(), Malformed> {
        let fits = match number {
            0 => is_id(&text, 64, COMMAND_ID),
            2 => is_id(&text, 32, LOOP_ID),
            _ => {
                let most = if number == WRITTEN { LONGEST_TEXT } else { 64 };
                !text.is_empty() && text.len() <= most && is_printable(text.as_bytes())
            }
        };
        if !fits || self.seen & 1 << number != 0 {
            return Err(Malformed::field(name));
        }
        self.seen |= 1 << number;
        let command = &mut self.command;
        let place = match number {
            0 => {
                command.id = text;
                return Ok(());
            }
            1 => &mut command.by,
            2 => &mut command.loop_,
            3 => &mut command.play,
            4 => &mut command.token,
            5 => &mut command.touchpoint,
            6 => &mut command.code,
            7 => &mut command.order,
            8 => &mut command.name,
            9 => &mut command.grant,
            10 => &mut command.reason,
            11 => &mut command.device,
            12 => &mut command.hash,
            13 => &mut command.text,
            _ => &mut command.network,
        };
        *place = Some(text);
        Ok(())
    }

    fn finish(&self) -> Result<&Command<'a>, Malformed> {
        for (number, field) in [(0, "id"), (AT, "at"), (ACT, "do")] {
            if self.seen & 1 << number == 0 {
                return Err(Malformed::field(field));
            }
        }
        Ok(&self.command)
    }
}

/// The last of the text fields, and the one for an answer or message.
const LAST_TEXT: u8 = 14;
const WRITTEN: u8 = 13;

/// The longest answer or message, in bytes; every other text has at most 64.
const LONGEST_TEXT: usize = 200;

/// The fields that are neither text nor a number of [`super::command::NUMBER_FIELDS`].
const ACT: u8 = 19;
const AT: u8 = 20;
/// The page's own clock, and the position in a log that was listed: information, no part of the body.
const CLOCK: u8 = 21;
const SEQ: u8 = 22;

/// Every field, the usual ones first and in the order in which they are usually written.
static KEYS: [Key; 24] = [
    Key::new("id", 0),
    Key::new("at", AT),
    Key::new("do", ACT),
    Key::new("by", 1),
    Key::new("loop", 2),
    Key::new("play", 3),
    Key::new("token", 4),
    Key::new("touchpoint", 5),
    Key::new("code", 6),
    Key::new("order", 7),
    Key::new("name", 8),
    Key::new("grant", 9),
    Key::new("reason", 10),
    Key::new("device", 11),
    Key::new("hash", 12),
    Key::new("text", 13),
    Key::new("network", 14),
    Key::new("amount", 15),
    Key::new("risk", 16),
    Key::new("count", 17),
    Key::new("price", 18),
    Key::new("clock", CLOCK),
    Key::new("seq", SEQ),
    Key::new("when", WHEN),
];

/// Whether commands have a field of this name.
pub(super) fn is_field(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name)
}

fn integer(value: &Value<'_>, least: i64, most: i64) -> Option<i64> {
    match value {
        Value::Int(number) if (least..=most).contains(number) => Some(*number),
        _ => None,
    }
}

/// The kinds of id, as bits of [`CLASSES`].
const COMMAND_ID: u8 = 1;
const LOOP_ID: u8 = 2;

/// For each byte the kinds of id it may stand in.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let letter = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        #[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "runs while compiling")]
        let place = &mut classes[byte as usize];
        *place = match byte {
            _ if letter => COMMAND_ID | LOOP_ID,
            b':' => COMMAND_ID,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn is_id(text: &str, most: usize, kind: u8) -> bool {
    let kinds = |byte: u8| CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
    // Ids are short and fit, so looking at every byte is faster than stopping at the first that does not.
    !text.is_empty() && text.len() <= most && text.bytes().fold(kind, |fits, byte| fits & kinds(byte)) != 0
}

/// Whether no byte is a control character, eight at a time.
#[inline]
fn is_printable(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| found | controls(u64::from_le_bytes(*word)));
    match bytes.last_chunk::<8>() {
        // The last eight bytes again.
        Some(last) => found | controls(u64::from_le_bytes(*last)) == 0,
        None => rest.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f),
    }
}

/// Not zero if one of the bytes is below 0x20 or is 0x7f.
#[inline]
fn controls(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let delete = word ^ (ONES * 0x7f);
    // A byte's high bit is set where the byte is such a one; above the lowest such byte also by the borrow, which does not
    // matter to whether there is one.
    ((word.wrapping_sub(ONES * 0x20) & !word) | (delete.wrapping_sub(ONES) & !delete)) & (ONES * 0x80)
}
