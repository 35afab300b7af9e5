//! Commands: what a page or a backend asks for. One flat JSON object each.

use std::borrow::Cow;

use super::hash::Keys;
use super::money::Money;
use super::pack::Reader;
use super::time::Time;
use crate::json::Fault;
use crate::json::scan::{Scanner, Value};
use crate::json::write;

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, secret: $secret:literal;)*) => {
        /// What a command asks for: the `do` field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Act { $($(#[$doc])* $name = $number,)* }

        impl Act {
            /// Every act with its number.
            pub const ALL: &[(Act, &str, u8)] = &[$((Act::$name, $text, $number),)*];

            /// The name in the `do` field.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Act::$name => $text,)* }
            }

            /// The act with this name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Act> {
                match text { $($text => Some(Act::$name),)* _ => None }
            }

            /// The act with this number.
            #[must_use]
            pub fn numbered(number: u8) -> Option<Act> {
                match number { $($number => Some(Act::$name),)* _ => None }
            }

            /// Whether only a backend with the secret key may send it.
            #[must_use]
            pub fn needs_secret_key(self) -> bool {
                match self { $(Act::$name => $secret,)* }
            }
        }
    };
}

acts! {
    /// A participant arrives.
    Visit = 0, "visit", secret: false;
    /// A participant wants something to share.
    Share = 1, "share", secret: false;
    /// Opens a loop.
    Open = 2, "open", secret: false;
    /// Helps a loop.
    Help = 3, "help", secret: false;
    /// Joins a loop.
    Join = 4, "join", secret: false;
    /// Leaves a loop.
    Leave = 5, "leave", secret: false;
    /// A payment was received.
    Pay = 6, "pay", secret: true;
    /// Something happened on the site.
    Event = 7, "event", secret: true;
    /// An order was refunded.
    Refund = 8, "refund", secret: true;
    /// A reward was handed over.
    Fulfil = 9, "fulfil", secret: true;
    /// A reward could not be handed over.
    Fail = 10, "fail", secret: true;
    /// A reward is taken back.
    Revoke = 11, "revoke", secret: true;
    /// Settles what is due.
    Tick = 12, "tick", secret: true;
    /// Checks in for the day.
    CheckIn = 13, "check-in", secret: false;
    /// Hands in an answer, a form or a screenshot.
    Submit = 14, "submit", secret: false;
    /// Approves or rejects something handed in or held.
    Review = 15, "review", secret: true;
    /// Draws a prize.
    Draw = 16, "draw", secret: false;
    /// Claims what was earned.
    Claim = 17, "claim", secret: false;
    /// Pays for something with points.
    Redeem = 18, "redeem", secret: false;
    /// A participant entered a room.
    Enter = 19, "enter", secret: true;
    /// A participant left a room.
    Exit = 20, "exit", secret: true;
    /// A participant sent a message.
    Message = 21, "message", secret: true;
    /// Begins to use a pass.
    Activate = 22, "activate", secret: false;
    /// A reward was used at the till.
    Use = 23, "use", secret: true;
    /// A participant scans a live code.
    Scan = 24, "scan", secret: false;
    /// A participant added the account, or joined the group, that a live code leads to.
    Add = 25, "add", secret: true;
    /// A participant is no longer there.
    Drop = 26, "drop", secret: true;
    /// Says whether a target of a live code can be used.
    Switch = 27, "switch", secret: true;
    /// Gives a participant a tag.
    Tag = 28, "tag", secret: true;
    /// Takes a tag away.
    Untag = 29, "untag", secret: true;
    /// Says that two ids are one person's.
    Merge = 30, "merge", secret: true;
}

/// A command, its texts borrowed from the JSON it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Command<'a> {
    /// Names the command; the same id with the same body gives the first answer again.
    pub id: Cow<'a, str>,
    /// The keeper's time stamp.
    pub at: Time,
    /// What it asks for.
    pub act: Act,
    /// The participant.
    pub by: Option<Cow<'a, str>>,
    /// The loop.
    pub loop_: Option<Cow<'a, str>>,
    /// The play.
    pub play: Option<Cow<'a, str>>,
    /// The token the participant arrived by.
    pub token: Option<Cow<'a, str>>,
    /// The touchpoint the participant arrived at.
    pub touchpoint: Option<Cow<'a, str>>,
    /// The referral code the participant typed.
    pub code: Option<Cow<'a, str>>,
    /// The order behind a payment, event or refund.
    pub order: Option<Cow<'a, str>>,
    /// The name of an event.
    pub name: Option<Cow<'a, str>>,
    /// The grant.
    pub grant: Option<Cow<'a, str>>,
    /// The backend's reason.
    pub reason: Option<Cow<'a, str>>,
    /// The device, opaque.
    pub device: Option<Cow<'a, str>>,
    /// The fingerprint of a picture, opaque.
    pub hash: Option<Cow<'a, str>>,
    /// What was written: an answer or a message.
    pub text: Option<Cow<'a, str>>,
    /// The network, opaque.
    pub network: Option<Cow<'a, str>>,
    /// What was paid.
    pub amount: Option<Money>,
    /// The site's own risk score, 0–100.
    pub risk: Option<u8>,
    /// How many pieces.
    pub count: Option<u32>,
    /// The list price of what was bought.
    pub price: Option<Money>,
    /// When it happened, of what a backend tells late.
    pub when: Option<Time>,
}

/// The text fields with their names and numbers, which are their positions, for the WebAssembly boundary and the body's hash.
pub const TEXT_FIELDS: &[(&str, u8)] = &[
    ("id", 0),
    ("by", 1),
    ("loop", 2),
    ("play", 3),
    ("token", 4),
    ("touchpoint", 5),
    ("code", 6),
    ("order", 7),
    ("name", 8),
    ("grant", 9),
    ("reason", 10),
    ("device", 11),
    ("hash", 12),
    ("text", 13),
    ("network", 14),
];

/// The number fields with their names and numbers.
pub const NUMBER_FIELDS: &[(&str, u8)] =
    &[("amount", 15), ("risk", 16), ("count", 17), ("price", 18), ("when", 23)];

/// The last of the text fields, and the one for an answer or message.
const LAST_TEXT: u8 = 14;
const WRITTEN: u8 = 13;

/// The longest answer or message, in bytes; every other text has at most 64.
const LONGEST_TEXT: usize = 200;

/// Why a text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field that is missing or wrong; `command` when the text is not a flat JSON object.
    pub field: &'static str,
    /// The byte of the JSON text at which a syntax error was noticed.
    pub offset: Option<usize>,
}

impl Malformed {
    const fn field(field: &'static str) -> Self {
        Malformed { field, offset: None }
    }
}

impl From<Fault> for Malformed {
    fn from(fault: Fault) -> Self {
        Malformed { field: "command", offset: Some(fault.offset) }
    }
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "not a flat JSON object: look at byte {offset}"),
            None => write!(f, "look at the field `{}`", self.field),
        }
    }
}

impl std::error::Error for Malformed {}

impl<'a> Command<'a> {
    /// Reads one command from a flat JSON object.
    ///
    /// # Errors
    /// The first field that is missing, unknown, of the wrong type, too long or outside its range.
    ///
    /// ```
    /// use kfactor::engine::command::Command;
    /// let command = Command::read(br#"{"id":"c1","at":0,"do":"help","by":"bo","loop":"L1"}"#)?;
    /// assert_eq!(command.loop_.as_deref(), Some("L1"));
    /// assert_eq!(Command::read(br#"{"id":"c1","at":0,"do":"halp"}"#).unwrap_err().field, "do");
    /// # Ok::<(), kfactor::engine::command::Malformed>(())
    /// ```
    pub fn read(json: &'a [u8]) -> Result<Command<'a>, Malformed> {
        let mut scanner = Scanner::new(json);
        let command = Command::next(&mut scanner)?.ok_or(Malformed::field("command"))?;
        match Draft::new().next(&mut scanner, None) {
            Ok(None) if !scanner.is_array() => Ok(command),
            _ => Err(Malformed::field("command")),
        }
    }

    /// Reads the next command of a batch; `None` at its end.
    ///
    /// # Errors
    /// As [`Command::read`]; the scanner then stands at the next element.
    pub fn next(scanner: &mut Scanner<'a>) -> Result<Option<Command<'a>>, Malformed> {
        let mut draft = Draft::new();
        let more = draft.next(scanner, None)?.is_some();
        Ok(more.then_some(draft.command))
    }

    /// Appends the command as JSON, with its time stamp.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        write::text(out, &self.id);
        out.extend_from_slice(b",\"at\":");
        write::int(out, self.at.0);
        out.extend_from_slice(b",\"do\":");
        write::text(out, self.act.name());
        for (name, number) in TEXT_FIELDS.iter().skip(1) {
            if let Some(text) = self.text(*number) {
                member(out, name);
                write::text(out, text);
            }
        }
        if let Some(amount) = self.amount {
            member(out, "amount");
            write::int(out, amount.0);
        }
        if let Some(risk) = self.risk {
            member(out, "risk");
            write::int(out, i64::from(risk));
        }
        if let Some(count) = self.count {
            member(out, "count");
            write::int(out, i64::from(count));
        }
        if let Some(price) = self.price {
            member(out, "price");
            write::int(out, price.0);
        }
        if let Some(when) = self.when {
            member(out, "when");
            write::int(out, when.0);
        }
        out.push(b'}');
    }

    /// The keyed hashes that deciding and remembering a command need; each text is hashed once.
    #[must_use]
    pub fn hashes(&self, keys: &Keys) -> Hashes {
        let Command { by, loop_, play, token, touchpoint, code, order, name, grant, reason, device, .. } =
            self;
        let Command { hash: picture, text: written, network, .. } = self;
        let hash = |text: &Option<Cow<'a, str>>| text.as_deref().map_or(0, |text| keys.text(text));
        let (by_hash, loop_hash) = (hash(by), hash(loop_));
        let told = u64::from(by.is_some()) | u64::from(loop_.is_some()) << 1;
        let mut body = keys.join(u64::from(self.act.number()) | told << 8, by_hash);
        body = keys.join(body, loop_hash);
        let mut and_text = |number: u64, text: &Option<Cow<'a, str>>| {
            if let Some(text) = text {
                body = and(keys, body, number, text);
            }
        };
        and_text(3, play);
        and_text(4, token);
        and_text(5, touchpoint);
        and_text(6, code);
        and_text(7, order);
        and_text(8, name);
        and_text(9, grant);
        and_text(10, reason);
        and_text(11, device);
        and_text(12, picture);
        and_text(13, written);
        and_text(14, network);
        let mut and_number = |number: u64, value: Option<u64>| {
            if let Some(value) = value {
                body = keys.join(body ^ number, value);
            }
        };
        and_number(15, self.amount.map(|amount| amount.0.cast_unsigned()));
        and_number(16, self.risk.map(u64::from));
        and_number(17, self.count.map(u64::from));
        and_number(18, self.price.map(|price| price.0.cast_unsigned()));
        and_number(u64::from(WHEN), self.when.map(|when| when.0.cast_unsigned()));
        Hashes { id: keys.text(&self.id), body, by: by_hash, loop_: loop_hash }
    }

    /// Whether only a backend with the secret key may send it: because of its act, because it tells late what happened, or
    /// because it says how risky it is, which a page could make up.
    #[must_use]
    pub fn needs_secret_key(&self) -> bool {
        self.act.needs_secret_key() || self.when.is_some() || self.risk.is_some()
    }

    /// The text field with this number.
    #[must_use]
    pub fn text(&self, number: u8) -> Option<&str> {
        match number {
            0 => Some(&self.id),
            1 => self.by.as_deref(),
            2 => self.loop_.as_deref(),
            3 => self.play.as_deref(),
            4 => self.token.as_deref(),
            5 => self.touchpoint.as_deref(),
            6 => self.code.as_deref(),
            7 => self.order.as_deref(),
            8 => self.name.as_deref(),
            9 => self.grant.as_deref(),
            10 => self.reason.as_deref(),
            11 => self.device.as_deref(),
            12 => self.hash.as_deref(),
            13 => self.text.as_deref(),
            14 => self.network.as_deref(),
            _ => None,
        }
    }
}

/// The hash of a body and one text more; not inlined, because most commands have few of the texts.
#[inline(never)]
fn and(keys: &Keys, body: u64, number: u64, text: &str) -> u64 {
    keys.join(body ^ number, keys.text(text))
}

/// The keyed hashes of a command.
#[derive(Clone, Copy, Debug)]
pub struct Hashes {
    /// Of its id.
    pub id: u64,
    /// Of everything but `id`, `at` and `clock`.
    pub body: u64,
    /// Of its participant; 0 without one.
    pub by: u64,
    /// Of its loop; 0 without one.
    pub loop_: u64,
}

impl Act {
    /// The number at the WebAssembly boundary.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the enum is `repr(u8)`")]
    pub fn number(self) -> u8 {
        self as u8
    }
}

fn member(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// A command while it is read, in the place where it stays: it is larger than its texts are long, and moving it costs as much as
/// reading some of them.
pub struct Draft<'a> {
    command: Command<'a>,
    /// A bit for each field that was read, by its number.
    seen: u32,
}

/// The fields that are neither text nor a number of [`NUMBER_FIELDS`].
const ACT: u8 = 19;
const AT: u8 = 20;
/// The page's own clock, and the position in a log that was listed: information, no part of the body.
const CLOCK: u8 = 21;
const SEQ: u8 = 22;
const WHEN: u8 = 23;

/// The name of a field, its first eight bytes as a number, and the number of the field.
struct Key {
    name: &'static str,
    word: u64,
    number: u8,
}

/// Every field, the usual ones first.
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

impl Key {
    const fn new(name: &'static str, number: u8) -> Self {
        Key { name, word: first_word(name.as_bytes()), number }
    }

    #[inline]
    fn find(name: &str) -> Option<&'static Key> {
        let word = first_word(name.as_bytes());
        KEYS.iter().find(|key| key.word == word && (name.len() <= 8 || key.name == name))
    }
}

/// The first eight bytes as a number; names have no zero bytes, so shorter ones differ from longer ones.
#[inline]
#[expect(clippy::as_conversions, reason = "widens; `from` is no const function")]
const fn first_word(bytes: &[u8]) -> u64 {
    if let Some(chunk) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*chunk);
    }
    let first = u32::from_le_bytes(match bytes {
        [a, b, c, d, ..] => [*a, *b, *c, *d],
        [a, b, c] => [*a, *b, *c, 0],
        [a, b] => [*a, *b, 0, 0],
        [a] => [*a, 0, 0, 0],
        [] => [0; 4],
    });
    match bytes.last_chunk::<4>() {
        // What both hold stands in the same place.
        Some(last) => first as u64 | (u32::from_le_bytes(*last) as u64) << (8 * (bytes.len() - 4)),
        None => first as u64,
    }
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
        if !scanner.object(|key, value| self.take(key, value))? {
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
    fn take(&mut self, name: &str, value: Value<'a>) -> Result<(), Malformed> {
        let Some(key) = Key::find(name) else { return Err(Malformed::field("command")) };
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

fn integer(value: &Value<'_>, least: i64, most: i64) -> Option<i64> {
    match value {
        Value::Int(number) if (least..=most).contains(number) => Some(*number),
        _ => None,
    }
}

/// The integer a double stands for, if it is one that doubles keep exact.
#[must_use]
pub fn whole(double: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    let fits = double.is_finite() && double.abs() <= EXACT && double.to_bits() == double.trunc().to_bits();
    #[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "whole and within 2^53")]
    fits.then_some(double as i64)
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
fn is_printable(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    let control = words.iter().fold(0, |found, word| {
        let word = u64::from_le_bytes(*word);
        let delete = word ^ (ONES * 0x7f);
        // A byte's high bit is set where the byte is below 0x20 or is 0x7f; above the lowest such byte also by
        // the borrow, which does not matter to whether there is one.
        found | (word.wrapping_sub(ONES * 0x20) & !word) | (delete.wrapping_sub(ONES) & !delete)
    });
    control & (ONES * 0x80) == 0 && rest.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f)
}

impl<'a> Command<'a> {
    /// A command without any of the optional fields.
    #[must_use]
    pub fn new(id: &'a str, at: Time, act: Act) -> Command<'a> {
        Command {
            id: Cow::Borrowed(id),
            at,
            act,
            by: None,
            loop_: None,
            play: None,
            token: None,
            touchpoint: None,
            code: None,
            order: None,
            name: None,
            grant: None,
            reason: None,
            device: None,
            hash: None,
            text: None,
            network: None,
            amount: None,
            risk: None,
            count: None,
            price: None,
            when: None,
        }
    }
}
