//! Appends JSON to a buffer.

use super::cursor::{is_plain, special};

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = Vec::new();
/// kfactor_json::write::text(&mut out, "a \"b\"\n");
/// assert_eq!(out, br#""a \"b\"\n""#);
/// ```
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    closed(out, text);
}

/// Appends a text and its closing quote; the opening one stands there already.
pub fn closed(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        return plain_closed(out, text);
    }
    escaped(out, text.as_bytes());
    out.push(b'"');
}

/// As [`closed`], for a text that is known to need no escape: the name of something.
#[inline]
pub fn plain_closed(out: &mut Vec<u8>, text: &str) {
    append(out, text.as_bytes());
    out.push(b'"');
}

/// Appends a short text, eight bytes at a time: a call that copies costs more, most of all in WebAssembly.
#[inline]
fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    let end = out.len() + bytes.len();
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        out.extend_from_slice(word);
    }
    match bytes.last_chunk::<8>() {
        // The last eight bytes again, some of which stand there.
        Some(last) => {
            out.truncate(end - 8);
            out.extend_from_slice(last);
        }
        None => rest.iter().for_each(|byte| out.push(*byte)),
    }
}

/// Appends once more what stands at a range, eight bytes at a time.
///
/// ```
/// let mut out = b"once, ".to_vec();
/// kfactor_json::write::again(&mut out, 0..4);
/// assert_eq!(out, b"once, once");
/// ```
#[inline]
pub fn again(out: &mut Vec<u8>, range: core::ops::Range<usize>) {
    let end = out.len() + range.len();
    for at in range.clone().step_by(8) {
        // Also what stands behind the range, which is cut off; something stands there, or was just appended.
        match out.get(at..).and_then(<[u8]>::first_chunk::<8>).copied() {
            Some(word) => out.extend_from_slice(&word),
            None => out.extend_from_within(at..range.end.min(out.len())),
        }
    }
    out.truncate(end);
}

/// A piece of JSON that is known when the program is compiled, as `,"key":`. It is appended by two or three moves, where so short
/// a text would be copied by a call.
///
/// ```
/// use kfactor_json::write::Piece;
/// const KEY: Piece<16> = Piece::new(",\"key\":");
/// let mut out = Vec::new();
/// KEY.append(&mut out);
/// assert_eq!(out, b",\"key\":");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Piece<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: u8,
}

impl<const ROOM: usize> Piece<ROOM> {
    /// A piece with this text; one that is longer than `ROOM` does not compile.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "runs while compiling; `get_mut` is no const function")]
    pub const fn new(text: &str) -> Self {
        let mut bytes = [0; ROOM];
        let (mut at, mut length, mut rest) = (0, 0, text.as_bytes());
        while let Some((byte, after)) = rest.split_first() {
            bytes[at] = *byte;
            (at, length, rest) = (at + 1, length + 1, after);
        }
        Self { bytes, length }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Appends it.
    #[inline]
    pub fn append(&self, out: &mut Vec<u8>) {
        let end = out.len() + usize::from(self.length);
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }
}

/// Appends an integer.
///
/// ```
/// let mut out = Vec::new();
/// kfactor_json::write::int(&mut out, i64::MIN);
/// assert_eq!(out, b"-9223372036854775808");
/// ```
#[inline]
pub fn int(out: &mut Vec<u8>, value: i64) {
    // Counts and positions mostly have one digit.
    match u8::try_from(value) {
        Ok(digit) if digit < 10 => out.push(b'0' + digit),
        _ => digits(out, value),
    }
}

#[inline(never)]
fn digits(out: &mut Vec<u8>, value: i64) {
    const EIGHT: u64 = 100_000_000;
    if value < 0 {
        out.push(b'-');
    }
    let whole = value.unsigned_abs();
    let (above, last) = (whole / EIGHT, eight(whole % EIGHT));
    if above == 0 {
        return first(out, last);
    }
    if above < EIGHT {
        first(out, eight(above));
    } else {
        first(out, eight(above / EIGHT));
        out.extend_from_slice(&(eight(above % EIGHT) | ZEROS).to_le_bytes());
    }
    out.extend_from_slice(&(last | ZEROS).to_le_bytes());
}

/// Eight times the character `0`.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Appends eight digits without the zeros in front.
fn first(out: &mut Vec<u8>, digits: u64) {
    // The last digit stays, also of zero.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    let end = out.len() + 8 - usize::try_from(zeros).unwrap_or(0);
    out.extend_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
    out.truncate(end);
}

/// The eight digits of a number below 10^8, the first of them in the lowest byte: the number is cut into two of four digits,
/// four of two, and eight of one, all of them at once.
#[inline]
fn eight(number: u64) -> u64 {
    // Multiplying by n / 2^k divides, exactly below the bounds that hold here. Nothing overflows.
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | (pairs.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

#[cold]
fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut from = 0;
    let mut stop = special(bytes, from);
    while let Some(&byte) = bytes.get(stop) {
        out.extend_from_slice(bytes.get(from..stop).unwrap_or_default());
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                for digit in [byte >> 4, byte & 15] {
                    out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
                }
            }
        }
        from = stop + 1;
        stop = special(bytes, from);
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
}
