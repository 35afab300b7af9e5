//! Commands: what a page or a backend asks for. One flat JSON object each.

use std::borrow::Cow;

use super::draft::{self, Draft};
use super::hash::Keys;
use super::money::Money;
use super::time::Time;
use crate::campaign::decode::clip;
use crate::json::Fault;
use crate::json::scan::Scanner;
use crate::json::tree::{Node, parse};
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
    &[("amount", 15), ("risk", 16), ("count", 17), ("price", 18), ("when", WHEN)];

/// The number of `when`.
pub(super) const WHEN: u8 = 23;

/// Why a text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field that is missing or wrong; `command` when the text is not a flat JSON object, or has a key that no
    /// command has, which [`Malformed::place`] names.
    pub field: &'static str,
    /// The byte of the JSON text at which a syntax error was noticed.
    pub offset: Option<usize>,
}

impl Malformed {
    pub(super) const fn field(field: &'static str) -> Self {
        Malformed { field, offset: None }
    }

    /// What to call the place to whoever sent `json`: the field, or the key that no command has.
    ///
    /// ```
    /// use kfactor::engine::command::Command;
    /// let json = br#"{"id":"c1","at":0,"do":"help","by":"bo","lop":"L1"}"#;
    /// assert_eq!(Command::read(json).unwrap_err().place(json), "lop");
    /// ```
    #[must_use]
    pub fn place(&self, json: &[u8]) -> Cow<'static, str> {
        if self.field != "command" || self.offset.is_some() {
            return Cow::Borrowed(self.field);
        }
        let parsed = parse(core::str::from_utf8(json).unwrap_or_default());
        let members = parsed.root.as_ref().map(Node::members).unwrap_or_default();
        let unknown = members.iter().find(|member| !draft::is_field(&member.key));
        unknown.map_or(Cow::Borrowed(self.field), |member| Cow::Owned(clip(&member.key)))
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

/// The integer a double stands for, if it is one that doubles keep exact.
#[must_use]
pub fn whole(double: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    let fits = double.is_finite() && double.abs() <= EXACT && double.to_bits() == double.trunc().to_bits();
    #[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "whole and within 2^53")]
    fits.then_some(double as i64)
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
