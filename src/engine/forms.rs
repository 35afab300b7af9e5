//! The forms of facts: JSON, compact, and for JavaScript. Each is one function for all kinds of fields.

use super::fact::Row;
use super::field::{GrantId, Kind, Names, Reason, Resolve, Said, Slot, Told, Wire};
use super::handle::{Loop, Order, Person};
use super::pack::{self, Reader};
use super::time::Time;
use crate::attribution::code::ReferralCode;
use crate::json::scan::Value;
use crate::json::write::{self, Piece};

/// A field of a kind of fact.
#[derive(Clone, Copy, Debug)]
pub struct FieldRow {
    /// Its key as a JSON member, `,"key":`, with the opening quote of a text.
    pub member: Piece<16>,
    /// What it means.
    pub kind: Kind,
    /// Whether it may be absent.
    pub optional: bool,
}

impl FieldRow {
    /// Its key in JSON.
    #[must_use]
    pub fn key(&self) -> &str {
        self.member.text().split('"').nth(1).unwrap_or_default()
    }
}

/// A form that facts are written in: what it makes of a kind, and then of each field.
pub(super) trait Form {
    fn kind(&mut self, row: &Row);
    fn field(&mut self, row: &FieldRow, slot: Slot<'_>);
}

/// A JSON object, all of it behind `id` and `at`.
pub(super) struct Json<'x, 'n> {
    pub names: &'x Names<'n>,
    pub out: &'x mut Vec<u8>,
}

impl Form for Json<'_, '_> {
    #[cfg_attr(feature = "complete", inline(always))]
    fn kind(&mut self, row: &Row) {
        row.member.append(self.out);
    }

    #[cfg_attr(feature = "complete", inline(always))]
    fn field(&mut self, row: &FieldRow, slot: Slot<'_>) {
        write_member(row, slot, self.names, self.out);
    }
}

/// The compact form.
pub(super) struct Packed<'x, 't> {
    pub told: &'x Told<'t>,
    pub out: &'x mut Vec<u8>,
}

impl Form for Packed<'_, '_> {
    #[cfg_attr(feature = "complete", inline(always))]
    fn kind(&mut self, row: &Row) {
        self.out.push(row.number);
    }

    #[cfg_attr(feature = "complete", inline(always))]
    fn field(&mut self, row: &FieldRow, slot: Slot<'_>) {
        pack(row, slot, self.told, self.out);
    }
}

/// The form that crosses the WebAssembly boundary.
pub(super) struct Wired<'x, 'w> {
    pub wire: &'x Wire<'w>,
    pub out: &'x mut Vec<u8>,
}

impl Form for Wired<'_, '_> {
    #[cfg_attr(feature = "complete", inline(always))]
    fn kind(&mut self, row: &Row) {
        self.out.push(row.number);
    }

    #[cfg_attr(feature = "complete", inline(always))]
    fn field(&mut self, row: &FieldRow, slot: Slot<'_>) {
        wire(row, slot, self.wire, self.out);
    }
}

/// Appends a field as a JSON member with a leading comma; nothing if it is absent.
#[cfg_attr(feature = "complete", inline(always))]
fn write_member(row: &FieldRow, slot: Slot<'_>, names: &Names<'_>, out: &mut Vec<u8>) {
    if slot == Slot::None {
        return;
    }
    // The member of a text ends with its opening quote.
    row.member.append(out);
    match (row.kind, slot) {
        (Kind::Bool, Slot::Int(value)) => out.extend_from_slice(if value == 1 { b"true" } else { b"false" }),
        (Kind::U32 | Kind::Number | Kind::Time | Kind::Money, Slot::Int(value)) => write::int(out, value),
        (Kind::Code, Slot::Int(value)) => write::plain_closed(out, &code(value)),
        (_, Slot::Text(text)) => write::closed(out, text),
        (_, Slot::Grant(grant)) => {
            close_loop(grant.loop_, names, out);
            // The number goes before the closing quote.
            out.pop();
            out.push(b'.');
            write::int(out, i64::from(grant.n));
            LOOP.append(out);
            close_loop(grant.loop_, names, out);
        }
        (Kind::Who, Slot::Int(value)) => close_person(Person(unsigned_32(value)), names, out),
        (Kind::Loop, Slot::Int(value)) => close_loop(Loop(unsigned_32(value)), names, out),
        (Kind::Order, Slot::Int(value)) => write::closed(out, names.order(Order(unsigned_32(value)))),
        (kind, Slot::Int(value)) => write::plain_closed(out, named(kind, value, names)),
        (_, Slot::None) => {}
    }
}

/// Behind a grant's number.
const LOOP: Piece<16> = Piece::new("\",\"loop\":\"");

fn close_person(person: Person, names: &Names<'_>, out: &mut Vec<u8>) {
    if !Said::close(names.by.as_ref(), person, out) {
        write::closed(out, names.person(person));
    }
}

fn close_loop(loop_: Loop, names: &Names<'_>, out: &mut Vec<u8>) {
    if !Said::close(names.loop_.as_ref(), loop_, out) {
        write::closed(out, names.loop_(loop_));
    }
}

/// Appends the compact form, in which what the command tells is a small number.
#[cfg_attr(feature = "complete", inline(always))]
fn pack(row: &FieldRow, slot: Slot<'_>, told: &Told<'_>, out: &mut Vec<u8>) {
    if row.kind == Kind::Text {
        let text = if let Slot::Text(text) = slot { Some(text) } else { None };
        return pack_text(text, told, out);
    }
    if row.optional {
        out.push(u8::from(slot != Slot::None));
    }
    match (row.kind, slot) {
        (Kind::U32 | Kind::Number | Kind::Money, Slot::Int(value)) => pack::put_signed(out, value),
        (Kind::Time, Slot::Int(value)) => pack_time(Time(value), told, out),
        (Kind::Bool | Kind::Reason, Slot::Int(value)) => out.push(u8::try_from(value).unwrap_or(0)),
        (Kind::Who, Slot::Int(value)) => pack_person(value, told, out),
        (Kind::Loop, Slot::Int(value)) => pack_loop(value, told, out),
        (_, Slot::Int(value)) => pack::put(out, unsigned(value)),
        (_, Slot::Grant(grant)) => {
            pack_loop(i64::from(grant.loop_.0), told, out);
            pack::put(out, u64::from(grant.n));
        }
        (_, Slot::None | Slot::Text(_)) => {}
    }
}

/// Never is 0; any other instant is told by how much later it is than the command.
fn pack_time(at: Time, told: &Told<'_>, out: &mut Vec<u8>) {
    if at == Time::NEVER {
        return out.push(0);
    }
    let later = at.0.saturating_sub(told.at.0);
    pack::put_signed(out, if later < 0 { later } else { later.saturating_add(1) });
}

/// The command's participant is 0 and who opened its loop is 1.
fn pack_person(value: i64, told: &Told<'_>, out: &mut Vec<u8>) {
    let is = |person: Option<Person>| person.is_some_and(|person| i64::from(person.0) == value);
    let short = if is(told.by) { Some(0) } else { is(told.opener).then_some(1) };
    pack::put(out, short.unwrap_or(unsigned(value) + 2));
}

fn pack_loop(value: i64, told: &Told<'_>, out: &mut Vec<u8>) {
    let known = told.loop_.is_some_and(|loop_| i64::from(loop_.0) == value);
    pack::put(out, if known { 0 } else { unsigned(value) + 1 });
}

/// The numbers of the command's texts begin at 1, as 0 is no text; other texts stand behind [`OWN_TEXT`] and their
/// length.
pub fn pack_text(text: Option<&str>, told: &Told<'_>, out: &mut Vec<u8>) {
    let Some(text) = text else { return out.push(0) };
    let of_command =
        told.command.and_then(|command| TEXTS.into_iter().find(|n| command.text(*n) == Some(text)));
    match of_command {
        Some(number) => out.push(number + 1),
        None => {
            pack::put(out, OWN_TEXT + u64::try_from(text.len()).unwrap_or(0));
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The numbers of the command's text fields that answers repeat: those that name something.
const TEXTS: [u8; 9] = [1, 2, 0, 3, 5, 7, 8, 11, 12];
const OWN_TEXT: u64 = 16;

/// Reads what [`pack()`] wrote.
pub fn unpack<'a>(row: &FieldRow, told: &Told<'a>, reader: &mut Reader<'a>) -> Option<Slot<'a>> {
    if row.kind == Kind::Text {
        return Some(unpack_text(told, reader)?.map_or(Slot::None, Slot::Text));
    }
    if row.optional && reader.byte()? == 0 {
        return Some(Slot::None);
    }
    Some(match row.kind {
        Kind::U32 | Kind::Number | Kind::Money => Slot::Int(reader.signed()?),
        Kind::Time => Slot::Int(unpack_time(told, reader)?.0),
        Kind::Bool | Kind::Reason => Slot::Int(i64::from(reader.byte()?)),
        Kind::Who => Slot::Int(match reader.number()? {
            0 => i64::from(told.by?.0),
            1 => i64::from(told.opener?.0),
            number => i64::try_from(number - 2).ok()?,
        }),
        Kind::Loop => Slot::Int(unpack_loop(told, reader)?),
        Kind::Grant => {
            let loop_ = Loop(u32::try_from(unpack_loop(told, reader)?).ok()?);
            Slot::Grant(GrantId { loop_, n: reader.small()? })
        }
        _ => Slot::Int(i64::try_from(reader.number()?).ok()?),
    })
}

fn unpack_time(told: &Told<'_>, reader: &mut Reader<'_>) -> Option<Time> {
    let later = match reader.signed()? {
        0 => return Some(Time::NEVER),
        later if later < 0 => later,
        later => later - 1,
    };
    Some(Time(told.at.0.checked_add(later)?))
}

fn unpack_loop(told: &Told<'_>, reader: &mut Reader<'_>) -> Option<i64> {
    match reader.number()?.checked_sub(1) {
        Some(number) => i64::try_from(number).ok(),
        None => told.loop_.map(|loop_| i64::from(loop_.0)),
    }
}

/// Reads what [`pack_text`] wrote.
pub fn unpack_text<'a>(told: &Told<'a>, reader: &mut Reader<'a>) -> Option<Option<&'a str>> {
    let number = reader.number()?;
    if let Some(length) = number.checked_sub(OWN_TEXT) {
        return core::str::from_utf8(reader.take(usize::try_from(length).ok()?)?).ok().map(Some);
    }
    let Some(field) = number.checked_sub(1) else { return Some(None) };
    told.command?.text(u8::try_from(field).ok()?).map(Some)
}

/// Appends the form that crosses the WebAssembly boundary: handles become text, what the other side knows
/// already a single zero byte.
#[cfg_attr(feature = "complete", inline(always))]
fn wire(row: &FieldRow, slot: Slot<'_>, wire: &Wire<'_>, out: &mut Vec<u8>) {
    if row.optional {
        out.push(u8::from(slot != Slot::None));
    }
    match (row.kind, slot) {
        (Kind::Number | Kind::Time | Kind::Money, Slot::Int(value)) => wire_number(out, value),
        (Kind::Bool | Kind::Reason, Slot::Int(value)) => out.push(u8::try_from(value).unwrap_or(0)),
        (Kind::Code, Slot::Int(value)) => wire_text(out, &code(value), None),
        (Kind::Who, Slot::Int(value)) => wire_person(Person(unsigned_32(value)), &wire.names, out),
        (Kind::Loop, Slot::Int(value)) => wire_loop(Loop(unsigned_32(value)), wire, out),
        (Kind::Order, Slot::Int(value)) => wire_text(out, named(row.kind, value, &wire.names), None),
        (_, Slot::Int(value)) => pack::put(out, unsigned(value)),
        (_, Slot::Text(text)) if wire.loop_ == Some(text) => out.push(SAME_LOOP),
        (_, Slot::Text(text)) => wire_text(out, text, wire.by),
        (_, Slot::Grant(grant)) => {
            wire_loop(grant.loop_, wire, out);
            pack::put(out, u64::from(grant.n));
        }
        (_, Slot::None) => {}
    }
}

fn wire_person(person: Person, names: &Names<'_>, out: &mut Vec<u8>) {
    if Said::is(names.by.as_ref(), person) {
        return out.push(0);
    }
    wire_text(out, names.person(person), None);
}

fn wire_loop(loop_: Loop, wire: &Wire<'_>, out: &mut Vec<u8>) {
    // A command may open a loop without naming it.
    if wire.loop_.is_some() && Said::is(wire.names.loop_.as_ref(), loop_) {
        return out.push(0);
    }
    wire_text(out, wire.names.loop_(loop_), None);
}

/// Stands for the text by which the command names its loop: no text is that long.
const SAME_LOOP: u8 = u8::MAX;

/// Appends a text for the WebAssembly boundary.
pub fn wire_text(out: &mut Vec<u8>, text: &str, known: Option<&str>) {
    if known == Some(text) {
        out.push(0);
        return;
    }
    // No text of a fact or rejection is longer than 200 bytes, so the length fits one byte.
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// Appends a number for the WebAssembly boundary.
pub fn wire_number(out: &mut Vec<u8>, value: i64) {
    // Times and amounts are below 2^53, where doubles are exact.
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "bounded by 2^53 when read")]
    let double = value as f64;
    out.extend_from_slice(&double.to_le_bytes());
}

/// Reads a member of a JSON fact.
pub fn resolve<'a>(row: &FieldRow, with: &mut Resolve<'_, 'a>) -> Option<Slot<'a>> {
    if row.optional && matches!(with.value(row.key()), None | Some(Value::Null)) {
        return Some(Slot::None);
    }
    let position = |list: &[String], name: &str| {
        list.iter().position(|known| known == name).and_then(|at| i64::try_from(at).ok()).map(Slot::Int)
    };
    match row.kind {
        Kind::U32 | Kind::Number | Kind::Time | Kind::Money => with.int(row.key()).map(Slot::Int),
        Kind::Bool => match with.value(row.key())? {
            Value::Bool(value) => Some(Slot::Int(i64::from(*value))),
            _ => None,
        },
        kind => {
            let text = with.str(row.key())?;
            match kind {
                Kind::Reason => {
                    let reason = Reason::ALL.iter().find(|reason| reason.text() == text)?;
                    Some(Slot::Int(i64::from(reason.number())))
                }
                Kind::Code => {
                    let code = ReferralCode::parse(text).ok()?;
                    i64::try_from(code.number()).ok().map(Slot::Int)
                }
                Kind::Play => position(&with.campaign.plays, text),
                Kind::Reward => position(&with.campaign.rewards, text),
                Kind::Touchpoint => position(&with.campaign.touchpoints, text),
                Kind::Event => position(&with.campaign.events, text),
                Kind::LiveCode => position(&with.campaign.live_codes, text),
                Kind::Target => {
                    let name = format!("{}/{text}", with.str("liveCode")?);
                    with.campaign.target(&name).map(|target| Slot::Int(i64::from(target.0)))
                }
                Kind::Who => Some(Slot::Int(i64::from(with.people.intern(text)))),
                Kind::Loop => Some(Slot::Int(i64::from(with.loops.find(text)?))),
                Kind::Order => match with.orders.find(text) {
                    Some(order) => Some(Slot::Int(i64::from(order))),
                    // An order that only another part of the log told of is left out.
                    None if row.optional => Some(Slot::None),
                    None => None,
                },
                Kind::Grant => GrantId::parse(text, with.loops).map(Slot::Grant),
                _ => Some(Slot::Text(text)),
            }
        }
    }
}

fn unsigned_32(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn code(value: i64) -> String {
    ReferralCode::from_number(unsigned(value)).map_or(String::new(), |code| code.to_string())
}

/// The id of a target within its live code.
#[must_use]
pub fn target_id(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, id)| id)
}

/// The text that a number stands for.
#[cfg_attr(feature = "complete", inline)]
fn named<'s>(kind: Kind, value: i64, names: &Names<'s>) -> &'s str {
    let number = unsigned_32(value);
    let at = |list: &'s [String]| {
        usize::try_from(value).ok().and_then(|at| list.get(at)).map_or("", String::as_str)
    };
    match kind {
        Kind::Who => names.person(Person(number)),
        Kind::Loop => names.loop_(Loop(number)),
        Kind::Order => names.order(Order(number)),
        Kind::Play => at(&names.campaign.plays),
        Kind::Reward => at(&names.campaign.rewards),
        Kind::Touchpoint => at(&names.campaign.touchpoints),
        Kind::Event => at(&names.campaign.events),
        Kind::LiveCode => at(&names.campaign.live_codes),
        Kind::Target => target_id(at(&names.campaign.targets)),
        Kind::Reason => {
            usize::try_from(value).ok().and_then(|at| Reason::ALL.get(at)).map_or("", |reason| reason.text())
        }
        _ => "",
    }
}
