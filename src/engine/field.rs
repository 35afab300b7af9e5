//! The types a fact's fields may have. `forms` writes and reads them in every form.

use super::command::Command;
use super::fact::Fact;
use super::handle::{Event, LiveCode, Loop, Order, Person, Play, Reward, Target, Touchpoint};
use super::interner::Interner;
use super::money::Money;
use super::state::State;
use super::time::Time;
use crate::attribution::code::ReferralCode;
use crate::campaign::Names as CampaignNames;
use crate::json::cursor::is_plain;
use crate::json::scan::Value;
use crate::json::write::plain_closed;

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
        /// Why a reward was withheld, a refund is due, a contribution is held or a click does not count.
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
    /// No target of a live code is online and within its hours.
    Closed = "closed",
    /// They are the same person.
    OneSelf = "self",
    /// The inviter was, at some distance, invited by them.
    Cycle = "cycle",
    /// Another inviter is protected.
    Protected = "protected",
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
    /// The command's participant, if it is known which one that is.
    pub by: Option<Said<'s, Person>>,
    /// The command's loop, if it is known which one that is.
    pub loop_: Option<Said<'s, Loop>>,
}

/// What the command itself names, which most names in its facts are: its text is at hand.
#[derive(Clone, Copy)]
pub struct Said<'s, H> {
    handle: H,
    text: &'s str,
    /// Whether it is known to stand in JSON as it is.
    is_plain: bool,
}

impl<'s, H: PartialEq> Said<'s, H> {
    /// A handle that the command names by this text; to be appended to JSON, or not.
    #[must_use]
    pub fn new(handle: H, text: &'s str, json: bool) -> Self {
        Said { handle, text, is_plain: json && is_plain(text.as_bytes()) }
    }

    /// Whether a handle is that of the command.
    #[must_use]
    #[inline]
    pub fn is(this: Option<&Self>, handle: H) -> bool {
        this.is_some_and(|said| said.handle == handle)
    }

    /// Appends it to JSON, with a closing quote, if this is its handle.
    #[inline]
    pub fn close(this: Option<&Self>, handle: H, out: &mut Vec<u8>) -> bool {
        let said = this.filter(|said| said.is_plain && said.handle == handle);
        said.map(|said| plain_closed(out, said.text)).is_some()
    }
}

/// The names a command is about to add.
#[derive(Clone, Copy, Default)]
pub struct Draft<'s> {
    /// The command's participant.
    pub person: Option<&'s str>,
    /// The facts that open loops.
    pub facts: &'s [Fact<'s>],
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
            Some(new) => {
                let mut opened = self.draft.facts.iter().filter_map(|fact| match *fact {
                    Fact::Opened { loop_, .. } => Some(loop_),
                    _ => None,
                });
                opened.nth(new).unwrap_or("")
            }
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
    /// The text by which the command names its participant.
    pub by: Option<&'s str>,
    /// The text by which the command names its loop.
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
    /// The value of a member.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&'a Value<'a>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a member.
    #[must_use]
    pub fn str(&self, key: &str) -> Option<&'a str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a member.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.value(key)? {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }
}

/// What whoever reads a packed answer knows already of its command.
#[derive(Clone, Copy, Default)]
pub struct Told<'x> {
    /// The command, whose texts need not be kept again.
    pub command: Option<&'x Command<'x>>,
    /// When it was decided.
    pub at: Time,
    /// Its participant.
    pub by: Option<Person>,
    /// Its loop.
    pub loop_: Option<Loop>,
    /// Who opened that loop.
    pub opener: Option<Person>,
}

impl<'x> Told<'x> {
    /// What a command says that was decided at a moment and named this participant and this loop.
    #[must_use]
    pub fn of(
        state: &State,
        command: &'x Command<'x>,
        at: Time,
        (by, loop_): (Option<Person>, Option<Loop>),
    ) -> Self {
        let opener = loop_.and_then(|loop_| state.loop_(loop_)).map(|head| head.opener);
        Told { command: Some(command), at, by, loop_, opener }
    }
}

/// What a field means, apart from its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A small count.
    U32,
    /// A number below 2^53.
    Number,
    /// An instant.
    Time,
    /// An amount of money.
    Money,
    /// A truth.
    Bool,
    /// One of [`Reason::ALL`].
    Reason,
    /// A referral code.
    Code,
    /// A play.
    Play,
    /// A reward.
    Reward,
    /// A touchpoint.
    Touchpoint,
    /// An event.
    Event,
    /// A live code.
    LiveCode,
    /// A target of the live code that the fact names.
    Target,
    /// A participant.
    Who,
    /// A loop.
    Loop,
    /// An order.
    Order,
    /// A grant, which carries its loop.
    Grant,
    /// Any text.
    Text,
}

impl Kind {
    /// Whether it is a text in JSON.
    #[must_use]
    pub const fn is_text(self) -> bool {
        !matches!(self, Kind::U32 | Kind::Number | Kind::Time | Kind::Money | Kind::Bool)
    }

    /// Its name in the tables for other languages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::U32 => "u32",
            Kind::Number => "number",
            Kind::Time => "time",
            Kind::Money => "money",
            Kind::Bool => "bool",
            Kind::Reason => "reason",
            Kind::Play => "play",
            Kind::Reward => "reward",
            Kind::Touchpoint => "touchpoint",
            Kind::Event => "event",
            Kind::LiveCode => "liveCode",
            Kind::Target => "target",
            Kind::Who => "who",
            Kind::Loop => "loop",
            Kind::Order => "order",
            Kind::Grant => "grant",
            Kind::Text | Kind::Code => "text",
        }
    }
}

/// The value of a field in the shape that all forms are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot<'a> {
    /// An optional field that is absent.
    None,
    /// A number, an instant, an amount, a truth, a reason, a code, or a handle.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// A grant.
    Grant(GrantId),
}

/// A type that a fact's field may have.
pub trait Field<'a>: Sized {
    /// What it means.
    const KIND: Kind;

    /// Whether it may be absent.
    const OPTIONAL: bool = false;

    /// The value for the forms.
    fn slot(self) -> Slot<'a>;

    /// The value out of a form, if it is in the type's range.
    fn of(slot: Slot<'a>) -> Option<Self>;
}

impl<'a, T: Field<'a>> Field<'a> for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn slot(self) -> Slot<'a> {
        self.map_or(Slot::None, T::slot)
    }

    fn of(slot: Slot<'a>) -> Option<Self> {
        match slot {
            Slot::None => Some(None),
            slot => T::of(slot).map(Some),
        }
    }
}

macro_rules! number_fields {
    ($($type:ty, $kind:ident, $to:expr, $from:expr;)*) => {$(
        impl<'a> Field<'a> for $type {
            const KIND: Kind = Kind::$kind;

            fn slot(self) -> Slot<'a> {
                Slot::Int($to(self))
            }

            fn of(slot: Slot<'a>) -> Option<Self> {
                match slot {
                    Slot::Int(value) => $from(value),
                    _ => None,
                }
            }
        }
    )*};
}

fn small<T: TryFrom<i64>>(value: i64) -> Option<T> {
    T::try_from(value).ok()
}

number_fields! {
    u32, U32, i64::from, small;
    u64, Number, |value: u64| i64::try_from(value).unwrap_or(i64::MAX), small;
    Time, Time, |time: Time| time.0, |value| Some(Time(value));
    Money, Money, |money: Money| money.0, |value| Some(Money(value));
    bool, Bool, i64::from, |value| Some(value == 1);
    Reason, Reason, |reason: Reason| i64::from(reason.number()), |value| Reason::numbered(small(value)?);
    ReferralCode, Code, |code: ReferralCode| i64::try_from(code.number()).unwrap_or(i64::MAX), |value| ReferralCode::from_number(small(value)?).ok();
    Play, Play, |play: Play| i64::from(play.0), |value| small(value).map(Play);
    Reward, Reward, |reward: Reward| i64::from(reward.0), |value| small(value).map(Reward);
    Touchpoint, Touchpoint, |touchpoint: Touchpoint| i64::from(touchpoint.0), |value| small(value).map(Touchpoint);
    Event, Event, |event: Event| i64::from(event.0), |value| small(value).map(Event);
    LiveCode, LiveCode, |code: LiveCode| i64::from(code.0), |value| small(value).map(LiveCode);
    Target, Target, |target: Target| i64::from(target.0), |value| small(value).map(Target);
    Person, Who, |person: Person| i64::from(person.0), |value| small(value).map(Person);
    Loop, Loop, |loop_: Loop| i64::from(loop_.0), |value| small(value).map(Loop);
    Order, Order, |order: Order| i64::from(order.0), |value| small(value).map(Order);
}

impl<'a> Field<'a> for &'a str {
    const KIND: Kind = Kind::Text;

    fn slot(self) -> Slot<'a> {
        Slot::Text(self)
    }

    fn of(slot: Slot<'a>) -> Option<Self> {
        match slot {
            Slot::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Field<'a> for GrantId {
    const KIND: Kind = Kind::Grant;

    fn slot(self) -> Slot<'a> {
        Slot::Grant(self)
    }

    fn of(slot: Slot<'a>) -> Option<Self> {
        match slot {
            Slot::Grant(grant) => Some(grant),
            _ => None,
        }
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

impl Reason {
    /// The reason with this number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Reason> {
        Reason::ALL.get(usize::from(number)).copied()
    }

    /// Its number in the compact forms.
    #[must_use]
    pub fn number(self) -> u8 {
        Reason::ALL
            .iter()
            .position(|reason| *reason == self)
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or(0)
    }
}
