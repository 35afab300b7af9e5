//! The types a fact's fields may have, and how each is written, read, packed and handed to JavaScript.

use super::handle::{Event, Loop, Order, Person, Play, Reward, Touchpoint};
use super::interner::Interner;
use super::money::Money;
use super::pack::{self, Reader};
use super::time::Time;
use crate::attribution::code::ReferralCode;
use crate::campaign::Names as CampaignNames;
use crate::json::scan::Value;
use crate::json::write;

/// The id of a grant: its loop and its number within the loop, from 1; spelled `<loop>.<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantId {
    /// The loop that earned it.
    pub loop_: Loop,
    /// Its number within the loop.
    pub n: u32,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a reward was withheld or a refund is due.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of their numbers.
            pub const ALL: &[Reason] = &[$(Reason::$name,)*];

            /// The reason as it stands in facts.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Reason::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// The reward's stock is used up.
    Stock = "stock",
    /// The reward's budget is used up.
    Budget = "budget",
    /// The participant has as many of it as allowed.
    Limit = "limit",
    /// The group did not fill in time.
    Expired = "expired",
    /// The payment came after the group was full.
    Full = "full",
    /// The member had paid already.
    Twice = "paid-twice",
    /// The member left before completion.
    Left = "left",
    /// The participant is not new.
    NotNew = "not-new",
    /// The site's own risk score is high.
    Risk = "risk",
    /// Too many contributions for one inviter in a short time.
    Velocity = "velocity",
    /// Too many from one device.
    Device = "device",
    /// Too many from one network.
    Network = "network",
    /// Too soon after arriving.
    TooFast = "too-fast",
    /// At too regular intervals.
    TooRegular = "too-regular",
    /// The two help each other.
    Mutual = "mutual",
    /// People help each other in a circle.
    Ring = "ring",
}

/// The names that handles stand for, when facts are written.
#[derive(Clone, Copy)]
pub struct Names<'s> {
    /// Participants of the state.
    pub people: &'s Interner,
    /// Loops of the state.
    pub loops: &'s Interner,
    /// Orders of the state.
    pub orders: &'s Interner,
    /// Plays, rewards, touchpoints and events of the campaign.
    pub campaign: &'s CampaignNames,
    /// The participant, loop and order of the command, which a preview has not added to the state.
    pub draft: Draft<'s>,
}

/// The names a command is about to add.
#[derive(Clone, Copy, Default)]
pub struct Draft<'s> {
    /// The command's participant.
    pub person: Option<&'s str>,
    /// The loops it opens, in that order.
    pub loops: [Option<&'s str>; 2],
    /// The command's order.
    pub order: Option<&'s str>,
}

impl<'s> Names<'s> {
    /// The id of a participant.
    #[must_use]
    pub fn person(&self, person: Person) -> &'s str {
        if person.index() < self.people.len() {
            self.people.text(person.0)
        } else {
            self.draft.person.unwrap_or("")
        }
    }

    /// The id of a loop.
    #[must_use]
    pub fn loop_(&self, loop_: Loop) -> &'s str {
        match loop_.index().checked_sub(self.loops.len()) {
            None => self.loops.text(loop_.0),
            Some(new) => self.draft.loops.get(new).copied().flatten().unwrap_or(""),
        }
    }

    /// The id of an order.
    #[must_use]
    pub fn order(&self, order: Order) -> &'s str {
        if order.index() < self.orders.len() {
            self.orders.text(order.0)
        } else {
            self.draft.order.unwrap_or("")
        }
    }
}

/// What the WebAssembly form needs: names, and what the other side knows already.
pub struct Wire<'s> {
    /// The names.
    pub names: Names<'s>,
    /// The command's participant, written as a single zero byte.
    pub by: Option<&'s str>,
    /// The command's loop, written as a single zero byte.
    pub loop_: Option<&'s str>,
}

/// The fields of a JSON fact on its way in. Unknown participants and loops are added, so that a part of a log can be read.
pub struct Resolve<'s, 'a> {
    /// Participants of the state.
    pub people: &'s mut Interner,
    /// Loops of the state.
    pub loops: &'s Interner,
    /// Orders of the state.
    pub orders: &'s Interner,
    /// Names of the campaign.
    pub campaign: &'s CampaignNames,
    /// The members of the object.
    pub fields: &'a [(String, Value<'a>)],
}

impl<'a> Resolve<'_, 'a> {
    fn value(&self, key: &str) -> Option<&'a Value<'a>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn str(&self, key: &str) -> Option<&'a str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn int(&self, key: &str) -> Option<i64> {
        match self.value(key)? {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }
}

/// What whoever reads a packed fact knows already: the participant and the loop of its command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// The participant.
    pub by: Option<Person>,
    /// The loop.
    pub loop_: Option<Loop>,
}

/// A type that a fact's field may have.
pub trait Field {
    /// Its name in the tables for other languages.
    const KIND: &'static str;

    /// Whether an optional one may name what only another part of the log told of; then it is left out.
    const MAY_BE_UNTOLD: bool = false;
}

/// All forms of a field.
pub trait Binary<'a>: Sized + Field {
    /// Appends `member`, which is `,"key":`, and the value; nothing for an absent option.
    fn write(&self, member: &str, names: &Names<'_>, out: &mut Vec<u8>);
    /// Appends the compact form.
    fn pack(&self, told: Told, out: &mut Vec<u8>);
    /// Reads the compact form.
    fn unpack(told: Told, reader: &mut Reader<'a>) -> Option<Self>;
    /// Appends the form for JavaScript.
    fn wire(&self, names: &Wire<'_>, out: &mut Vec<u8>);
    /// Reads the member `key` of a JSON object.
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self>;
}

/// Zero for what is known already, else one more than the number.
fn pack_handle(out: &mut Vec<u8>, number: u32, told: Option<u32>) {
    pack::put(out, if told == Some(number) { 0 } else { u64::from(number) + 1 });
}

fn unpack_handle(reader: &mut Reader<'_>, told: Option<u32>) -> Option<u32> {
    match reader.number()?.checked_sub(1) {
        Some(number) => u32::try_from(number).ok(),
        None => told,
    }
}

fn key(out: &mut Vec<u8>, member: &str) {
    out.extend_from_slice(member.as_bytes());
}

fn wire_text(out: &mut Vec<u8>, text: &str, known: Option<&str>) {
    if known == Some(text) {
        out.push(0);
        return;
    }
    // Ids and reasons are at most 64 bytes long, so the length fits one byte.
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn wire_number(out: &mut Vec<u8>, value: i64) {
    // Times and amounts are below 2^53, where doubles are exact.
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "bounded by 2^53 when read")]
    let double = value as f64;
    out.extend_from_slice(&double.to_le_bytes());
}

macro_rules! integer_field {
    ($type:ty, $kind:literal, $from:expr, $to:expr, $wire:expr) => {
        impl Field for $type {
            const KIND: &'static str = $kind;
        }
        impl<'a> Binary<'a> for $type {
            fn write(&self, name: &str, _: &Names<'_>, out: &mut Vec<u8>) {
                key(out, name);
                write::int(out, $to(*self));
            }
            fn pack(&self, _: Told, out: &mut Vec<u8>) {
                pack::put_signed(out, $to(*self));
            }
            fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
                $from(reader.signed()?)
            }
            fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
                $wire(out, $to(*self));
            }
            fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
                $from(with.int(key)?)
            }
        }
    };
}

fn wire_small(out: &mut Vec<u8>, value: i64) {
    pack::put(out, u64::try_from(value).unwrap_or(0));
}

integer_field!(u32, "u32", |v: i64| u32::try_from(v).ok(), |v: u32| i64::from(v), wire_small);
integer_field!(
    u64,
    "number",
    |v: i64| u64::try_from(v).ok(),
    |v: u64| i64::try_from(v).unwrap_or(i64::MAX),
    wire_number
);
integer_field!(Time, "time", |v: i64| Some(Time(v)), |v: Time| v.0, wire_number);
integer_field!(Money, "money", |v: i64| Some(Money(v)), |v: Money| v.0, wire_number);

macro_rules! campaign_name_field {
    ($type:ident, $kind:literal, $list:ident) => {
        impl Field for $type {
            const KIND: &'static str = $kind;
        }
        impl<'a> Binary<'a> for $type {
            fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
                key(out, name);
                write::text(out, names.campaign.$list.get(self.index()).map_or("", String::as_str));
            }
            fn pack(&self, _: Told, out: &mut Vec<u8>) {
                pack::put(out, u64::from(self.0));
            }
            fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
                Some($type(u16::try_from(reader.number()?).ok()?))
            }
            fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
                pack::put(out, u64::from(self.0));
            }
            fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
                let name = with.str(key)?;
                with.campaign.$list.iter().position(|known| known == name).map($type::at)
            }
        }
    };
}

campaign_name_field!(Play, "play", plays);
campaign_name_field!(Reward, "reward", rewards);
campaign_name_field!(Touchpoint, "touchpoint", touchpoints);
campaign_name_field!(Event, "event", events);

impl Field for Person {
    const KIND: &'static str = "who";
}
impl<'a> Binary<'a> for Person {
    fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, names.person(*self));
    }
    fn pack(&self, told: Told, out: &mut Vec<u8>) {
        pack_handle(out, self.0, told.by.map(|told| told.0));
    }
    fn unpack(told: Told, reader: &mut Reader<'a>) -> Option<Self> {
        unpack_handle(reader, told.by.map(|told| told.0)).map(Person)
    }
    fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        wire_text(out, wire.names.person(*self), wire.by);
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let text = with.str(key)?;
        Some(Person(with.people.intern(text)))
    }
}

impl Field for Loop {
    const KIND: &'static str = "loop";
}
impl<'a> Binary<'a> for Loop {
    fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, names.loop_(*self));
    }
    fn pack(&self, told: Told, out: &mut Vec<u8>) {
        pack_handle(out, self.0, told.loop_.map(|told| told.0));
    }
    fn unpack(told: Told, reader: &mut Reader<'a>) -> Option<Self> {
        unpack_handle(reader, told.loop_.map(|told| told.0)).map(Loop)
    }
    fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        wire_text(out, wire.names.loop_(*self), wire.loop_);
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let text = with.str(key)?;
        with.loops.find(text).map(Loop)
    }
}

impl Field for Order {
    const KIND: &'static str = "order";
    const MAY_BE_UNTOLD: bool = true;
}
impl<'a> Binary<'a> for Order {
    fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, names.order(*self));
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        pack::put(out, u64::from(self.0));
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        Some(Order(reader.small()?))
    }
    fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        wire_text(out, wire.names.order(*self), None);
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let text = with.str(key)?;
        with.orders.find(text).map(Order)
    }
}

impl Field for ReferralCode {
    const KIND: &'static str = "text";
}
impl<'a> Binary<'a> for ReferralCode {
    fn write(&self, name: &str, _: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, &self.to_string());
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        pack::put(out, self.number());
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        ReferralCode::from_number(reader.number()?).ok()
    }
    fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
        wire_text(out, &self.to_string(), None);
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        ReferralCode::parse(with.str(key)?).ok()
    }
}

impl Field for GrantId {
    const KIND: &'static str = "grant";
}
impl<'a> Binary<'a> for GrantId {
    fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
        let loop_ = names.loop_(self.loop_);
        key(out, name);
        write::text(out, loop_);
        // The number goes before the closing quote.
        out.pop();
        out.push(b'.');
        write::int(out, i64::from(self.n));
        out.extend_from_slice(b"\",\"loop\":");
        write::text(out, loop_);
    }
    fn pack(&self, told: Told, out: &mut Vec<u8>) {
        self.loop_.pack(told, out);
        pack::put(out, u64::from(self.n));
    }
    fn unpack(told: Told, reader: &mut Reader<'a>) -> Option<Self> {
        Some(GrantId { loop_: Loop::unpack(told, reader)?, n: reader.small()? })
    }
    fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        self.loop_.wire(wire, out);
        pack::put(out, u64::from(self.n));
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let text = with.str(key)?;
        GrantId::parse(text, with.loops)
    }
}

impl GrantId {
    /// Reads `<loop>.<n>`.
    #[must_use]
    pub fn parse(text: &str, loops: &Interner) -> Option<GrantId> {
        let (loop_, n) = text.rsplit_once('.')?;
        if n.starts_with(['0', '+']) {
            return None;
        }
        Some(GrantId { loop_: Loop(loops.find(loop_)?), n: n.parse().ok()? })
    }
}

impl Field for &str {
    const KIND: &'static str = "text";
}
impl<'a> Binary<'a> for &'a str {
    fn write(&self, name: &str, _: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, self);
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        pack::put_bytes(out, self.as_bytes());
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        reader.text()
    }
    fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
        wire_text(out, self, None);
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        with.str(key)
    }
}

impl Field for bool {
    const KIND: &'static str = "bool";
}
impl<'a> Binary<'a> for bool {
    fn write(&self, name: &str, _: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        Some(reader.byte()? == 1)
    }
    fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        match with.value(key)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl Field for Reason {
    const KIND: &'static str = "reason";
}
impl<'a> Binary<'a> for Reason {
    fn write(&self, name: &str, _: &Names<'_>, out: &mut Vec<u8>) {
        key(out, name);
        write::text(out, self.text());
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        out.push(self.number());
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        Reason::ALL.get(usize::from(reader.byte()?)).copied()
    }
    fn wire(&self, _: &Wire<'_>, out: &mut Vec<u8>) {
        out.push(self.number());
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let text = with.str(key)?;
        Reason::ALL.iter().find(|reason| reason.text() == text).copied()
    }
}

impl Reason {
    fn number(self) -> u8 {
        Reason::ALL
            .iter()
            .position(|reason| *reason == self)
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or(0)
    }
}

macro_rules! optional_field {
    ($($type:ty = $kind:literal),*) => {$(
        impl Field for Option<$type> {
            const KIND: &'static str = $kind;
        }
        impl<'a> Binary<'a> for Option<$type> where $type: Binary<'a> {
            fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
                if let Some(value) = self {
                    value.write(name, names, out);
                }
            }
            fn pack(&self, told: Told, out: &mut Vec<u8>) {
                out.push(u8::from(self.is_some()));
                if let Some(value) = self {
                    value.pack(told, out);
                }
            }
            fn unpack(told: Told, reader: &mut Reader<'a>) -> Option<Self> {
                match reader.byte()? {
                    0 => Some(None),
                    _ => Some(Some(<$type>::unpack(told, reader)?)),
                }
            }
            fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
                out.push(u8::from(self.is_some()));
                if let Some(value) = self {
                    value.wire(wire, out);
                }
            }
            fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
                match with.value(key) {
                    None | Some(Value::Null) => Some(None),
                    Some(Value::Text(_)) if <$type>::MAY_BE_UNTOLD => Some(<$type>::resolve(key, with)),
                    Some(_) => Some(Some(<$type>::resolve(key, with)?)),
                }
            }
        }
    )*};
}

optional_field!(
    Person = "who?",
    Loop = "loop?",
    Order = "order?",
    Touchpoint = "touchpoint?",
    Reward = "reward?",
    Money = "money?",
    Time = "time?"
);

impl Field for Option<&str> {
    const KIND: &'static str = "text?";
}
impl<'a> Binary<'a> for Option<&'a str> {
    fn write(&self, name: &str, names: &Names<'_>, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.write(name, names, out);
        }
    }
    fn pack(&self, _: Told, out: &mut Vec<u8>) {
        // Absent is the empty text, which no id and no reason may be.
        pack::put_bytes(out, self.unwrap_or("").as_bytes());
    }
    fn unpack(_: Told, reader: &mut Reader<'a>) -> Option<Self> {
        let text = reader.text()?;
        Some((!text.is_empty()).then_some(text))
    }
    fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.wire(wire, out);
        }
    }
    fn resolve(key: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        match with.value(key) {
            None | Some(Value::Null) => Some(None),
            Some(_) => Some(Some(with.str(key)?)),
        }
    }
}
