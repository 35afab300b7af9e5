//! The compact binary form used for snapshots and remembered answers: LEB128 integers and counted bytes.

use super::column::Cell;
use super::handle::{
    Absent, Event, Grant, LiveCode, Loop, Maybe, Order, PartAt, Person, Play, Reward, Target,
};
use super::money::Money;
use super::state::GrantStatus;
use super::time::Time;
use crate::sorted::{Sorted, SortedSet};
use std::collections::VecDeque;

/// Reads what [`put`] and its siblings wrote; every read is checked.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes were not read yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// An unsigned integer.
    pub fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return None;
            }
            value |= part.checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }

    /// An unsigned integer that fits 32 bits.
    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A signed integer.
    pub fn signed(&mut self) -> Option<i64> {
        let raw = self.number()?;
        let half = i64::try_from(raw >> 1).ok()?;
        Some(if raw & 1 == 0 { half } else { !half })
    }

    /// Counted bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// So many bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }

    /// Counted text.
    pub fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// A count of things that take at least one byte each, so that a forged count cannot ask for much memory.
    pub fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }
}

/// Appends an unsigned integer.
#[inline]
pub fn put(out: &mut Vec<u8>, value: u64) {
    let mut left = value;
    while left >= 0x80 {
        out.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
        left >>= 7;
    }
    out.push(u8::try_from(left).unwrap_or(0));
}

/// Appends a signed integer (zigzag).
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, value.cast_unsigned().wrapping_shl(1) ^ (value >> 63).cast_unsigned());
}

/// Appends counted bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, u64::try_from(bytes.len()).unwrap_or(0));
    out.extend_from_slice(bytes);
}

/// What snapshots hold, in the form in which they hold it.
pub trait Packed: Sized {
    /// Appends it.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads it; if that cannot be done, it is anything, and [`Unpacker::is_whole`] tells.
    fn unpack(from: &mut Unpacker<'_>) -> Self;
}

/// Reads what [`Packed::pack`] wrote. A failure is remembered and asked for once, at the end; what is read after it is
/// anything. An `Option` for each number, with what had to be dropped where there was none, was half of the code.
#[derive(Debug)]
pub struct Unpacker<'a> {
    reader: Reader<'a>,
    failed: bool,
}

impl<'a> Unpacker<'a> {
    /// Reads from the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Unpacker { reader: Reader::new(bytes), failed: false }
    }

    /// Whether everything was read, and all of it was right.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.failed && self.reader.is_empty()
    }

    /// Whether something could not be read, or was not right.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// How many bytes were not read yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.reader.left()
    }

    /// What has to be true of what was read.
    pub fn require(&mut self, holds: bool) {
        self.failed |= !holds;
    }

    /// Whatever is asked for.
    pub fn read<T: Packed>(&mut self) -> T {
        T::unpack(self)
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let byte = self.reader.byte();
        self.found(byte)
    }

    /// An unsigned integer.
    pub fn number(&mut self) -> u64 {
        let number = self.reader.number();
        self.found(number)
    }

    /// An unsigned integer that fits 32 bits.
    pub fn small(&mut self) -> u32 {
        let number = self.reader.small();
        self.found(number)
    }

    /// A signed integer.
    pub fn signed(&mut self) -> i64 {
        let number = self.reader.signed();
        self.found(number)
    }

    /// Counted bytes.
    pub fn bytes(&mut self) -> &'a [u8] {
        let bytes = self.reader.bytes();
        self.found(bytes)
    }

    /// Counted text.
    pub fn text(&mut self) -> &'a str {
        let text = self.reader.text();
        self.found(text)
    }

    /// Flags, of which the first is the lowest bit of a byte.
    pub fn flags<const N: usize>(&mut self) -> [bool; N] {
        let mut left = self.byte();
        let flags = [(); N].map(|()| {
            let flag = left & 1 == 1;
            left >>= 1;
            flag
        });
        self.require(left == 0);
        flags
    }

    /// The place of one of so many words.
    pub fn word(&mut self, words: usize) -> usize {
        let place = usize::from(self.byte());
        self.require(place < words);
        place
    }

    /// Has each of a counted list read, up to the first that cannot be.
    pub fn each(&mut self, mut read: impl FnMut(&mut Self)) {
        for _ in 0..self.count() {
            if self.failed {
                break;
            }
            read(self);
        }
    }

    fn count(&mut self) -> usize {
        let count = self.reader.count();
        self.found(count)
    }

    fn found<T: Default>(&mut self, value: Option<T>) -> T {
        self.require(value.is_some());
        value.unwrap_or_default()
    }
}

/// Appends a length.
pub fn put_count(out: &mut Vec<u8>, length: usize) {
    put(out, u64::try_from(length).unwrap_or(u64::MAX));
}

/// Appends flags as [`Unpacker::flags`] reads them.
pub fn put_flags<const N: usize>(out: &mut Vec<u8>, flags: [bool; N]) {
    out.push(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
}

/// A struct is its fields, in the order of the list; an enum the position of its variant.
macro_rules! packed {
    ($($Type:ident { $($field:ident),* $(,)? })*) => {$(
        impl $crate::engine::pack::Packed for $Type {
            fn pack(&self, out: &mut Vec<u8>) {
                $($crate::engine::pack::Packed::pack(&self.$field, out);)*
            }

            fn unpack(from: &mut $crate::engine::pack::Unpacker<'_>) -> Self {
                $Type { $($field: from.read(),)* }
            }
        }
    )*};
    (enum $Type:ident { $first:ident $(, $other:ident)* $(,)? }) => {
        impl $crate::engine::pack::Packed for $Type {
            fn pack(&self, out: &mut Vec<u8>) {
                let place = [$Type::$first $(, $Type::$other)*].iter().position(|other| other == self);
                out.push(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0));
            }

            fn unpack(from: &mut $crate::engine::pack::Unpacker<'_>) -> Self {
                let all = [$Type::$first $(, $Type::$other)*];
                all.get(from.word(all.len())).copied().unwrap_or($Type::$first)
            }
        }
    };
}

pub(crate) use packed;

macro_rules! packed_cells {
    ($($Type:ty)*) => {$(
        impl Packed for $Type {
            fn pack(&self, out: &mut Vec<u8>) {
                put(out, u64::from(self.number()));
            }

            fn unpack(from: &mut Unpacker<'_>) -> Self {
                let number = from.small();
                cell(number, from)
            }
        }
    )*};
}

packed_cells! {
    bool u16 u32 Event Grant GrantStatus LiveCode Loop Order PartAt Person Play Reward Target
}

/// What a number stands for, if it stands for anything.
fn cell<T: Cell>(number: u32, from: &mut Unpacker<'_>) -> T {
    let value = T::numbered(number);
    from.require(value.number() == number);
    value
}

impl Packed for u8 {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.byte()
    }
}

impl Packed for u64 {
    fn pack(&self, out: &mut Vec<u8>) {
        put(out, *self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.number()
    }
}

impl Packed for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        put_signed(out, *self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.signed()
    }
}

impl Packed for Time {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Time(from.read())
    }
}

impl Packed for Money {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Money(from.read())
    }
}

impl Packed for Box<str> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.text().into()
    }
}

/// None is 0, anything else one more than its number.
impl<T: Cell> Packed for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        put(out, self.map_or(0, |value| u64::from(value.number()) + 1));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.number().checked_sub(1)?;
        let small = u32::try_from(number);
        from.require(small.is_ok());
        Some(cell(small.unwrap_or(0), from))
    }
}

impl<H: Absent + Cell> Packed for Maybe<H> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.get().pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.read::<Option<H>>().into()
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (from.read(), from.read())
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.len());
        self.iter().for_each(|item| item.pack(out));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut list = Vec::new();
        from.each(|from| list.push(from.read()));
        list
    }
}

impl<T: Packed> Packed for VecDeque<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.len());
        self.iter().for_each(|item| item.pack(out));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.read::<Vec<T>>().into()
    }
}

impl<K: Packed + Ord, V: Packed> Packed for Sorted<K, V> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.len());
        for (key, value) in self.iter() {
            key.pack(out);
            value.pack(out);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut map = Sorted::default();
        from.each(|from| {
            map.insert(from.read(), from.read());
        });
        map
    }
}

impl<K: Packed + Ord> Packed for SortedSet<K> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_count(out, self.len());
        self.iter().for_each(|key| key.pack(out));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut set = SortedSet::default();
        from.each(|from| {
            set.insert(from.read());
        });
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0u64, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(Reader::new(&out).number(), Some(value));
        }
        for value in [0i64, -1, 1, i64::MAX, i64::MIN, -1_700_000_000_000] {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            assert_eq!(Reader::new(&out).signed(), Some(value));
        }
    }

    #[test]
    fn truncated_input_is_refused() {
        let mut out = Vec::new();
        put_bytes(&mut out, b"hello");
        for cut in 0..out.len() {
            assert_eq!(Reader::new(&out[..cut]).bytes(), None);
        }
        assert_eq!(Reader::new(&[0xff; 11]).number(), None);
    }
}
