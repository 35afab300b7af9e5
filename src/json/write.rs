//! Appends JSON to a buffer.

use super::cursor::special;

/// Appends `text` as a JSON string, quotes included.
///
/// ```
/// let mut out = Vec::new();
/// kfactor::json::write::text(&mut out, "a \"b\"\n");
/// assert_eq!(out, br#""a \"b\"\n""#);
/// ```
#[inline]
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let stop = special(bytes, 0);
    if stop == bytes.len() {
        out.extend_from_slice(bytes);
    } else {
        escaped(out, bytes, stop);
    }
    out.push(b'"');
}

/// Appends an integer.
///
/// ```
/// let mut out = Vec::new();
/// kfactor::json::write::int(&mut out, i64::MIN);
/// assert_eq!(out, b"-9223372036854775808");
/// ```
#[inline]
pub fn int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let mut digits = [0u8; 20];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    while let Some(slot) = first.checked_sub(1).and_then(|at| digits.get_mut(at)) {
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        first -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

#[cold]
fn escaped(out: &mut Vec<u8>, bytes: &[u8], mut stop: usize) {
    let mut from = 0;
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
