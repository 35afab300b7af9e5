//! Commands: what a page or a backend asks for. One flat JSON object each.

use siphasher::sip::SipHasher13;
use std::borrow::Cow;

use super::interner::hash;
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
pub const NUMBER_FIELDS: &[(&str, u8)] = &[("amount", 15), ("risk", 16), ("count", 17), ("price", 18)];

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
        match Command::next(&mut scanner) {
            Ok(None) if !scanner.is_array() => Ok(command),
            _ => Err(Malformed::field("command")),
        }
    }

    /// Reads the next command of a batch; `None` at its end.
    ///
    /// # Errors
    /// As [`Command::read`]; the scanner then stands at the next element.
    pub fn next(scanner: &mut Scanner<'a>) -> Result<Option<Command<'a>>, Malformed> {
        Command::next_stamped(scanner, None)
    }

    /// Reads the next command of a batch and stamps it; without a stamp it has to carry its own `at`.
    ///
    /// # Errors
    /// As [`Command::next`].
    pub fn next_stamped(
        scanner: &mut Scanner<'a>,
        at: Option<Time>,
    ) -> Result<Option<Command<'a>>, Malformed> {
        let mut draft = Draft::default();
        if !scanner.object(|key, value| draft.take(key, value))? {
            return Ok(None);
        }
        draft.at = at.or(draft.at);
        draft.finish().map(Some)
    }

    /// Reads the form that JavaScript writes: the act's number, then tagged fields.
    ///
    /// # Errors
    /// As [`Command::read`].
    pub fn unwire(bytes: &'a [u8], at: Option<Time>) -> Result<Command<'a>, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut draft = Draft { at, ..Draft::default() };
        draft.act = reader.byte().and_then(Act::numbered);
        while let Some(tag) = reader.byte() {
            draft.take_tagged(tag, &mut reader)?;
        }
        draft.finish()
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
        out.push(b'}');
    }

    /// The keyed hash of everything but `id`, `at` and `clock`.
    #[must_use]
    pub fn body_hash(&self, key: &SipHasher13) -> u64 {
        // One buffer and one pass: hashing many short pieces costs several times as much.
        let mut bytes = Vec::with_capacity(128);
        bytes.push(self.act.number());
        let Command { by, loop_, play, token, touchpoint, code, order, name, grant, reason, device, .. } =
            self;
        let Command { hash: picture, text: written, network, .. } = self;
        let texts = [
            by, loop_, play, token, touchpoint, code, order, name, grant, reason, device, picture, written,
            network,
        ];
        for (number, text) in (1u8..).zip(texts) {
            if let Some(text) = text {
                bytes.extend_from_slice(&[number, u8::try_from(text.len()).unwrap_or(u8::MAX)]);
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        if let Some(amount) = self.amount {
            bytes.push(15);
            bytes.extend_from_slice(&amount.0.to_le_bytes());
        }
        if let Some(risk) = self.risk {
            bytes.extend_from_slice(&[16, risk]);
        }
        if let Some(count) = self.count {
            bytes.push(17);
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        if let Some(price) = self.price {
            bytes.push(18);
            bytes.extend_from_slice(&price.0.to_le_bytes());
        }
        hash(key, &bytes)
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

/// The fields read so far.
#[derive(Default)]
struct Draft<'a> {
    at: Option<Time>,
    act: Option<Act>,
    texts: [Option<Cow<'a, str>>; 15],
    amount: Option<Money>,
    risk: Option<u8>,
    count: Option<u32>,
    price: Option<Money>,
}

impl<'a> Draft<'a> {
    fn take(&mut self, key: &str, value: Value<'a>) -> Result<(), Malformed> {
        let twice = match key {
            "do" => self.act.is_some(),
            "at" => self.at.is_some(),
            "amount" => self.amount.is_some(),
            "risk" => self.risk.is_some(),
            "count" => self.count.is_some(),
            "price" => self.price.is_some(),
            _ => false,
        };
        match key {
            _ if twice => Err(Malformed::field("command")),
            "id" => self.set_text(0, "id", value),
            "by" => self.set_text(1, "by", value),
            "loop" => self.set_text(2, "loop", value),
            "play" => self.set_text(3, "play", value),
            "do" => {
                let Value::Text(name) = value else { return Err(Malformed::field("do")) };
                self.act = Act::parse(&name);
                self.act.map(drop).ok_or(Malformed::field("do"))
            }
            "at" => {
                self.at = integer(&value, 0, Time::NEVER.0).map(Time);
                self.at.map(drop).ok_or(Malformed::field("at"))
            }
            // The page's own clock, and the position in a log that was listed: information, no part of the body.
            "clock" => integer(&value, i64::MIN, i64::MAX).map(drop).ok_or(Malformed::field("clock")),
            "seq" => integer(&value, 0, i64::MAX).map(drop).ok_or(Malformed::field("seq")),
            "amount" => {
                self.amount = integer(&value, 0, Money::MAX.0).map(Money);
                self.amount.map(drop).ok_or(Malformed::field("amount"))
            }
            "risk" => {
                self.risk = integer(&value, 0, 100).and_then(|risk| u8::try_from(risk).ok());
                self.risk.map(drop).ok_or(Malformed::field("risk"))
            }
            "count" => {
                self.count = integer(&value, 1, 1_000_000).and_then(|count| u32::try_from(count).ok());
                self.count.map(drop).ok_or(Malformed::field("count"))
            }
            "price" => {
                self.price = integer(&value, 0, Money::MAX.0).map(Money);
                self.price.map(drop).ok_or(Malformed::field("price"))
            }
            _ => match TEXT_FIELDS.iter().find(|(name, _)| *name == key) {
                Some((name, number)) => self.set_text(*number, name, value),
                None => Err(Malformed::field("command")),
            },
        }
    }

    fn take_tagged(&mut self, tag: u8, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        if let Some((name, _)) = TEXT_FIELDS.get(usize::from(tag)) {
            let text = reader.text().ok_or(Malformed::field(name))?;
            return self.set_text(tag, name, Value::Text(Cow::Borrowed(text)));
        }
        let mut raw = [0u8; 8];
        for byte in &mut raw {
            *byte = reader.byte().ok_or(Malformed::field("command"))?;
        }
        let value = Value::Int(whole(f64::from_le_bytes(raw)).ok_or(Malformed::field("command"))?);
        match NUMBER_FIELDS.iter().find(|(_, number)| *number == tag) {
            Some((name, _)) => self.take(name, value),
            None => Err(Malformed::field("command")),
        }
    }

    fn set_text(&mut self, number: u8, name: &'static str, value: Value<'a>) -> Result<(), Malformed> {
        let Value::Text(text) = value else { return Err(Malformed::field(name)) };
        let fits = match number {
            0 => is_id(&text, 64, b"_:-"),
            2 => is_id(&text, 32, b"_-"),
            _ => {
                let most = if name == "text" { LONGEST_TEXT } else { 64 };
                !text.is_empty() && text.len() <= most && text.bytes().all(|b| b >= 0x20 && b != 0x7f)
            }
        };
        let place = self.texts.get_mut(usize::from(number)).filter(|place| fits && place.is_none());
        *place.ok_or(Malformed::field(name))? = Some(text);
        Ok(())
    }

    fn finish(self) -> Result<Command<'a>, Malformed> {
        let [
            id,
            by,
            loop_,
            play,
            token,
            touchpoint,
            code,
            order,
            name,
            grant,
            reason,
            device,
            hash,
            text,
            network,
        ] = self.texts;
        Ok(Command {
            id: id.ok_or(Malformed::field("id"))?,
            at: self.at.ok_or(Malformed::field("at"))?,
            act: self.act.ok_or(Malformed::field("do"))?,
            by,
            loop_,
            play,
            token,
            touchpoint,
            code,
            order,
            name,
            grant,
            reason,
            device,
            hash,
            text,
            network,
            amount: self.amount,
            risk: self.risk,
            count: self.count,
            price: self.price,
        })
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

fn is_id(text: &str, most: usize, extra: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
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
        }
    }
}
