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
    if is_plain(text.as_bytes()) {
        return plain(out, text);
    }
    out.push(b'"');
    escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends a text that is known to need no escape as a JSON string: an id of a command or a loop, a name.
pub fn plain(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends an integer.
///
/// ```
/// let mut out = Vec::new();
/// kfactor_json::write::int(&mut out, i64::MIN);
/// assert_eq!(out, b"-9223372036854775808");
/// ```
pub fn int(out: &mut Vec<u8>, value: i64) {
    // Counts and positions mostly have one digit.
    match u8::try_from(value) {
        Ok(digit) if digit < 10 => out.push(b'0' + digit),
        _ => digits(out, value),
    }
}

fn digits(out: &mut Vec<u8>, value: i64) {
    const EIGHT: u64 = 100_000_000;
    let mut digits = [0u8; 20];
    let mut length = 0;
    let mut rest = value.unsigned_abs();
    // Dividing 64 bits is slow where WebAssembly is run, so it is done once for eight digits.
    let (mut part, mut pairs) = low(&mut rest, EIGHT);
    // Two digits at a time, from the last.
    for pair in digits.rchunks_exact_mut(2) {
        if pairs == 0 {
            (part, pairs) = low(&mut rest, EIGHT);
        }
        let two = u8::try_from(part % 100).unwrap_or(0);
        pair.copy_from_slice(&[b'0' + two / 10, b'0' + two % 10]);
        length += 2;
        part /= 100;
        pairs -= 1;
        if part == 0 && rest == 0 {
            length -= usize::from(two < 10);
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Takes the part below `unit` off a number: the part, and how many pairs of digits it has.
fn low(rest: &mut u64, unit: u64) -> (u32, u8) {
    let part = u32::try_from(*rest % unit).unwrap_or(0);
    *rest /= unit;
    (part, 4)
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
