//! Answers: what became of a command, and how it is written.

use core::ops::Range;

use super::book::Book;
use super::command::{Command, Malformed};
use super::fact::Fact;
use super::field::{Draft, Names, Said, Told, Wire};
use super::forms::{pack_text, unpack_text, wire_number, wire_text};
use super::handle::{Loop, Person};
use super::money::Money;
use super::pack::{self, Reader};
use super::rejection::{Code, Rejection};
use super::state::State;
use super::time::Time;
use super::view::missing;
use crate::json::write::{self, Piece};

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<'x> {
    /// These facts happened.
    Accepted(Vec<Fact<'x>>),
    /// Nothing happened, and why.
    Rejected(Rejection<'x>),
}

/// The answer to a command.
pub struct Answer<'x> {
    /// The command.
    pub command: &'x Command<'x>,
    /// When it was decided.
    pub at: Time,
    /// Whether this is the first answer given again.
    pub repeated: bool,
    /// The outcome.
    pub outcome: Outcome<'x>,
    pub(super) book: &'x Book,
    pub(super) state: &'x State,
    /// The participant and the loop that the command names, as far as deciding it found out.
    pub(super) named: (Option<Person>, Option<Loop>),
}

impl<'x> Outcome<'x> {
    /// Appends the compact form.
    pub fn pack(&self, told: Told<'_>, out: &mut Vec<u8>) {
        match self {
            Outcome::Accepted(facts) => {
                out.push(0);
                for fact in facts {
                    fact.pack(&told, out);
                }
            }
            Outcome::Rejected(rejection) => {
                out.push(1);
                pack_rejection(rejection, &told, out);
            }
        }
    }

    /// Reads the compact form.
    #[must_use]
    pub fn unpack(told: Told<'x>, mut reader: Reader<'x>) -> Self {
        if reader.byte() == Some(1) {
            return Outcome::Rejected(
                unpack_rejection(&told, &mut reader).unwrap_or(Rejection::new(Code::CommandIdReused)),
            );
        }
        let mut facts = Vec::new();
        while !reader.is_empty() {
            let Some(fact) = Fact::unpack(&told, &mut reader) else { break };
            facts.push(fact);
        }
        Outcome::Accepted(facts)
    }
}

impl Answer<'_> {
    /// Whether the command was accepted.
    #[must_use]
    pub fn accepted(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted(_))
    }

    /// The rejection code, if it was not.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match &self.outcome {
            Outcome::Accepted(_) => None,
            Outcome::Rejected(rejection) => Some(rejection.code),
        }
    }

    /// The facts; none if it was rejected.
    #[must_use]
    pub fn facts(&self) -> &[Fact<'_>] {
        match &self.outcome {
            Outcome::Accepted(facts) => facts,
            Outcome::Rejected(_) => &[],
        }
    }

    /// Appends the answer as JSON, as in `docs/protocol.md`.
    pub fn write(&self, out: &mut Vec<u8>) {
        const ACCEPTED: Piece<24> = Piece::new("{\"ok\":true,\"id\":\"");
        const REFUSED: Piece<24> = Piece::new("{\"ok\":false,\"id\":\"");
        let begin = if self.accepted() { &ACCEPTED } else { &REFUSED };
        begin.append(out);
        let id = out.len();
        write::closed(out, &self.command.id);
        let id = id..out.len();
        if self.repeated {
            out.extend_from_slice(b",\"repeated\":true");
        }
        match &self.outcome {
            Outcome::Accepted(facts) => self.write_facts(facts, id, out),
            Outcome::Rejected(rejection) => write_rejection(rejection, out),
        }
        out.push(b'}');
    }

    /// The ids of all facts begin and go on the same, so what the first says is copied for the others, and the command's id
    /// is copied from where it stands.
    fn write_facts(&self, facts: &[Fact<'_>], id: Range<usize>, out: &mut Vec<u8>) {
        const FACTS: Piece<16> = Piece::new(",\"facts\":[");
        const ID: Piece<8> = Piece::new("{\"id\":\"");
        const AT: Piece<8> = Piece::new("0\",\"at\":");
        let names = self.names(facts, true);
        FACTS.append(out);
        let begin = out.len();
        let (mut number, mut at) = (begin, begin);
        for (position, fact) in facts.iter().enumerate() {
            if position == 0 {
                ID.append(out);
                write::again(out, id.clone());
                // The number goes before the closing quote.
                out.pop();
                out.push(b'/');
                number = out.len();
                AT.append(out);
                write::int(out, self.at.0);
                at = out.len();
            } else {
                out.push(b',');
                write::again(out, begin..number);
                write::int(out, i64::try_from(position).unwrap_or(0));
                write::again(out, number + 1..at);
            }
            fact.write(&names, out);
        }
        out.push(b']');
    }

    /// The names that handles in these facts stand for, even if they were not applied to the state; for JSON, or not.
    fn names<'s>(&'s self, facts: &'s [Fact<'s>], json: bool) -> Names<'s> {
        let State { people, loop_names: loops, order_names: orders, .. } = self.state;
        let Command { by, loop_, order, .. } = self.command;
        let draft = Draft { person: by.as_deref(), facts, order: order.as_deref() };
        // A loop that is opened without an id has that of the command.
        let loop_text = loop_.as_deref().unwrap_or(&self.command.id);
        let (person, loop_) = self.named;
        let by = person.zip(by.as_deref()).map(|(person, text)| Said::new(person, text, json));
        let loop_ = loop_.map(|loop_| Said::new(loop_, loop_text, json));
        Names { people, loops, orders, campaign: &self.book.names, draft, by, loop_ }
    }

    /// Appends the form that crosses the WebAssembly boundary.
    pub fn wire(&self, out: &mut Vec<u8>) {
        let repeated = if self.repeated { 0x80 } else { 0 };
        match &self.outcome {
            Outcome::Accepted(facts) => {
                out.push(repeated);
                wire_number(out, self.at.0);
                pack::put(out, u64::try_from(facts.len()).unwrap_or(0));
                let (by, loop_) = (self.command.by.as_deref(), self.command.loop_.as_deref());
                let wire = Wire { names: self.names(facts, false), by, loop_ };
                for fact in facts {
                    fact.wire(&wire, out);
                }
            }
            Outcome::Rejected(rejection) => {
                out.push(repeated | 1);
                wire_rejection(rejection, out);
            }
        }
    }
}

/// Appends the answer to a text that is not a command, as JSON.
pub fn write_malformed(malformed: &Malformed, json: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"ok\":false,\"id\":null");
    write_rejection(&Rejection::new(Code::CommandMalformed).field(&malformed.place(json)), out);
    out.push(b'}');
}

/// Appends the answer to a text that is not a command, for the WebAssembly boundary.
pub fn wire_malformed(malformed: &Malformed, out: &mut Vec<u8>) {
    out.push(2);
    wire_rejection(&Rejection::new(Code::CommandMalformed).field(malformed.field), out);
}

fn write_rejection(rejection: &Rejection<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"code\":\"");
    out.extend_from_slice(rejection.code.name().as_bytes());
    out.extend_from_slice(b"\",\"params\":{");
    let mut first = true;
    let mut key = |out: &mut Vec<u8>, name: &str| {
        if !core::mem::take(&mut first) {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    };
    if let Some(most) = rejection.most {
        key(out, "most");
        write::int(out, i64::from(most));
    }
    if let Some(until) = rejection.until {
        key(out, "until");
        write::int(out, until.0);
    }
    if let Some(amount) = rejection.amount {
        key(out, "amount");
        write::int(out, amount.0);
    }
    if let Some(field) = rejection.field {
        key(out, "field");
        write::text(out, field);
    }
    if let Some(name) = rejection.name {
        key(out, "name");
        write::text(out, name);
    }
    out.extend_from_slice(b"},\"missing\":[");
    for (position, step) in missing(rejection).iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"need\":");
        write::text(out, step.need);
        out.extend_from_slice(b",\"count\":");
        write::int(out, i64::from(step.count));
        if let Some(until) = step.until {
            out.extend_from_slice(b",\"until\":");
            write::int(out, until);
        }
        if let Some(amount) = step.amount {
            out.extend_from_slice(b",\"amount\":");
            write::int(out, amount);
        }
        if let Some(name) = &step.name {
            out.extend_from_slice(b",\"name\":");
            write::text(out, name);
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn wire_rejection(rejection: &Rejection<'_>, out: &mut Vec<u8>) {
    out.push(rejection.code.number());
    wire_option(out, rejection.most, |out, most| pack::put(out, u64::from(most)));
    wire_option(out, rejection.until.map(|until| until.0), wire_number);
    wire_option(out, rejection.amount.map(|amount| amount.0), wire_number);
    wire_option(out, rejection.field, |out, text| wire_text(out, text, None));
    wire_option(out, rejection.name, |out, text| wire_text(out, text, None));
    let steps = missing(rejection);
    pack::put(out, u64::try_from(steps.len()).unwrap_or(0));
    for step in steps {
        wire_text(out, step.need, None);
        pack::put(out, u64::from(step.count));
        wire_option(out, step.until, wire_number);
        wire_option(out, step.amount, wire_number);
        wire_option(out, step.name.as_deref(), |out, text| wire_text(out, text, None));
    }
}

fn wire_option<T>(out: &mut Vec<u8>, value: Option<T>, wire: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        wire(out, value);
    }
}

fn pack_rejection(rejection: &Rejection<'_>, told: &Told<'_>, out: &mut Vec<u8>) {
    out.push(rejection.code.number());
    let present = [
        rejection.most.is_some(),
        rejection.until.is_some(),
        rejection.amount.is_some(),
        rejection.field.is_some(),
        rejection.name.is_some(),
    ];
    let bits = present.iter().rev().fold(0u8, |bits, present| bits << 1 | u8::from(*present));
    out.push(bits);
    if let Some(most) = rejection.most {
        pack::put(out, u64::from(most));
    }
    if let Some(until) = rejection.until {
        pack::put_signed(out, until.0);
    }
    if let Some(amount) = rejection.amount {
        pack::put_signed(out, amount.0);
    }
    for text in [rejection.field, rejection.name].into_iter().flatten() {
        pack_text(Some(text), told, out);
    }
}

fn unpack_rejection<'x>(told: &Told<'x>, reader: &mut Reader<'x>) -> Option<Rejection<'x>> {
    let code = Code::ALL.get(usize::from(reader.byte()?)).copied()?;
    let bits = reader.byte()?;
    let has = |bit: u8| bits & 1 << bit != 0;
    let most = if has(0) { Some(reader.small()?) } else { None };
    let until = if has(1) { Some(Time(reader.signed()?)) } else { None };
    let amount = if has(2) { Some(Money(reader.signed()?)) } else { None };
    let field = if has(3) { unpack_text(told, reader)? } else { None };
    let name = if has(4) { unpack_text(told, reader)? } else { None };
    Some(Rejection { code, most, until, amount, field, name })
}

impl Code {
    /// The number at the WebAssembly boundary and in the journal.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the enum is `repr(u8)`")]
    pub fn number(self) -> u8 {
        self as u8
    }
}
