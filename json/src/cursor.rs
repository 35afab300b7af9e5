//! A position in JSON text, and the steps both readers take from it.

use std::borrow::Cow;

use super::{DEPTH, Fault, FaultKind};

/// A position in text that is known to be UTF-8.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    /// The text.
    pub text: &'a str,
    /// The byte that is read next.
    pub at: usize,
}

/// A number as written, and its value if it is an integer that fits.
pub struct Number<'a> {
    /// As it was written.
    pub raw: &'a str,
    /// Its value, if it is an integer of 64 bits.
    pub integer: Option<i64>,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte that is read next; none at the end.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips spaces and line breaks.
    #[inline]
    pub fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips spaces and reads `byte`.
    ///
    /// # Errors
    /// That something else stands there, or nothing.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        self.space();
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected())
    }

    /// The fault that something else should stand here.
    #[must_use]
    #[cold]
    pub fn unexpected(&self) -> Fault {
        let kind = if self.at >= self.text.len() { FaultKind::End } else { FaultKind::Unexpected };
        Fault { kind, offset: self.at }
    }

    /// The text from `start` to here; both are character boundaries.
    #[must_use]
    #[inline]
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads a word.
    ///
    /// # Errors
    /// That it does not stand here.
    pub fn literal(&mut self, word: &str) -> Result<(), Fault> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.unexpected())
    }

    /// Skips spaces and reads a key and its colon.
    ///
    /// # Errors
    /// What is wrong with it.
    #[inline]
    pub fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.space();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Reads one of these keys and its colon, if it stands here without spaces, as most keys are written; gives its place
    /// among them. Beginning with the one at `first`.
    #[inline]
    pub(crate) fn spelled(&mut self, keys: &[Key], first: usize) -> Option<usize> {
        let word = u64::from_le_bytes(*self.text.as_bytes().get(self.at..)?.first_chunk()?);
        let is_it = |key: &Key| word & key.mask == key.word;
        let place = match keys.get(first) {
            Some(key) if is_it(key) => first,
            _ => keys.iter().position(is_it)?,
        };
        self.at += usize::from(keys.get(place)?.length);
        Some(place)
    }

    /// Reads a string whose opening quote stands here and which holds no escape, as most are written.
    #[inline(always)]
    pub(crate) fn plain(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let stop = special(self.text.as_bytes(), start);
        if self.text.as_bytes().get(stop) != Some(&b'"') {
            return None;
        }
        let text = self.text.get(start..stop)?;
        self.at = stop + 1;
        Some(text)
    }

    /// Reads a number that is written with less than 16 digits and nothing else.
    #[inline]
    pub(crate) fn natural(&mut self) -> Option<i64> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let (length, value) = up_to_eight_digits(rest.first_chunk()?);
        let (more, low) =
            if length == 8 { up_to_eight_digits(rest.get(8..)?.first_chunk()?) } else { (0, 0) };
        const TENS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
        let value = value.wrapping_mul(*TENS.get(more)?).wrapping_add(low);
        let length = length + more;
        let is_whole = !matches!(rest.get(length), Some(b'.' | b'e' | b'E'));
        let is_number = length > 0 && (length == 1 || rest.first() != Some(&b'0')) && is_whole;
        if !is_number {
            return None;
        }
        self.at += length;
        i64::try_from(value).ok()
    }

    /// Reads a string whose opening quote stands here; it is borrowed unless it holds an escape.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let stop = special(bytes, start);
        match bytes.get(stop) {
            Some(b'"') => {
                self.at = stop;
                let text = self.since(start);
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.escaped(start).map(Cow::Owned),
        }
    }

    #[cold]
    fn escaped(&mut self, start: usize) -> Result<String, Fault> {
        let bytes = self.text.as_bytes();
        let mut out = String::new();
        let mut from = start;
        loop {
            self.at = special(bytes, from);
            out.push_str(self.since(from));
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(Fault { kind: FaultKind::Control, offset: self.at }),
                None => return Err(self.unexpected()),
            }
            from = self.at;
        }
    }

    /// Reads one escape whose backslash stands here.
    fn escape(&mut self) -> Result<char, Fault> {
        let offset = self.at;
        let wrong = Fault { kind: FaultKind::Escape, offset };
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        let plain = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex(wrong)?;
                let code = match first {
                    0xD800..=0xDBFF => {
                        self.literal("\\u").map_err(|_| wrong)?;
                        let second = self.hex(wrong)?;
                        if !(0xDC00..=0xDFFF).contains(&second) {
                            return Err(wrong);
                        }
                        0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    other => other,
                };
                // Half a pair alone is no character.
                return char::from_u32(code).ok_or(wrong);
            }
            Some(_) => return Err(wrong),
            None => return Err(Fault { kind: FaultKind::End, offset: self.text.len() }),
        };
        Ok(plain)
    }

    fn hex(&mut self, wrong: Fault) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16)).ok_or(wrong)?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    /// Reads past digits; answers how many, and their value if there are at most 18.
    fn digits(&mut self) -> (usize, i64) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let (mut length, mut value) = (0, 0i64);
        for digit in rest.iter().map(|byte| byte.wrapping_sub(b'0')) {
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            length += 1;
        }
        self.at += length;
        (length, value)
    }

    /// Reads a number whose first character (a digit or a minus) stands here.
    ///
    /// # Errors
    /// That JSON has no such number.
    pub fn number(&mut self) -> Result<Number<'a>, Fault> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let leading_zero = self.peek() == Some(b'0');
        let (length, value) = self.digits();
        if length == 0 || (leading_zero && length > 1) {
            return Err(Fault { kind: FaultKind::Number, offset: start });
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return self.fraction(start);
        }
        let raw = self.since(start);
        let integer = match length {
            // 18 digits always fit.
            ..=18 => Some(if negative { -value } else { value }),
            _ => raw.parse().ok(),
        };
        Ok(Number { raw, integer })
    }

    /// Reads what follows the whole part of a number that began at `start`.
    fn fraction(&mut self, start: usize) -> Result<Number<'a>, Fault> {
        let wrong = Fault { kind: FaultKind::Number, offset: start };
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits().0 == 0 {
                return Err(wrong);
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits().0 == 0 {
                return Err(wrong);
            }
        }
        Ok(Number { raw: self.since(start), integer: None })
    }

    /// Reads past any value, checking its syntax; `depth` containers are open around it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn skip(&mut self, depth: u32) -> Result<(), Fault> {
        // One bit per open container, the innermost lowest: 1 is an object, 0 an array.
        let mut open = 0u64;
        let mut level = 0u32;
        loop {
            self.space();
            match self.peek() {
                Some(byte @ (b'{' | b'[')) => {
                    if depth + level >= DEPTH {
                        return Err(Fault { kind: FaultKind::Depth, offset: self.at });
                    }
                    self.at += 1;
                    level += 1;
                    let object = byte == b'{';
                    open = (open << 1) | u64::from(object);
                    self.space();
                    // The two closing brackets stand two after the opening ones in ASCII.
                    if self.peek() != Some(byte + 2) {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                }
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => return Err(self.unexpected()),
            }
            loop {
                if level == 0 {
                    return Ok(());
                }
                self.space();
                match (self.peek(), open & 1) {
                    (Some(b','), object) => {
                        self.at += 1;
                        if object == 1 {
                            self.key()?;
                        }
                        break;
                    }
                    (Some(b'}'), 1) | (Some(b']'), 0) => {
                        self.at += 1;
                        open >>= 1;
                        level -= 1;
                    }
                    _ => return Err(self.unexpected()),
                }
            }
        }
    }
}

/// A key that objects may have, and how it begins where it stands without spaces or escapes.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What the reader knows it by.
    pub number: u8,
    /// The name in quotes and a colon; nothing that could stand there if that is more than eight bytes.
    word: u64,
    mask: u64,
    length: u8,
}

impl Key {
    /// A key with this name and number.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "widens; `from` is no const function")]
    pub const fn new(name: &'static str, number: u8) -> Self {
        let (mut word, mut length) = (b'"' as u64, 1);
        let mut rest = name.as_bytes();
        if rest.len() > 5 {
            return Key { name, number, word: 1, mask: 0, length: 0 };
        }
        while let Some((byte, after)) = rest.split_first() {
            word |= (*byte as u64) << (8 * length);
            (length, rest) = (length + 1, after);
        }
        word |= u16::from_le_bytes(*b"\":") as u64 * (1 << (8 * length));
        length += 2;
        Key { name, number, word, mask: u64::MAX >> (64 - 8 * length), length }
    }
}

/// The first quote, backslash or control character at or after `at`, or the end; eight bytes at a time.
#[must_use]
#[inline]
pub fn special(bytes: &[u8], at: usize) -> usize {
    let (words, tail) = bytes.get(at..).unwrap_or_default().as_chunks::<8>();
    let mut start = at;
    for word in words {
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            return start + usize::try_from(found.trailing_zeros() / 8).unwrap_or(0);
        }
        start += 8;
    }
    let in_tail = tail.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    start + in_tail.unwrap_or(tail.len())
}

/// Whether a text has no quote, backslash or control character, so that it stands in JSON as it is.
#[must_use]
#[inline]
pub fn is_plain(bytes: &[u8]) -> bool {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut found = words.iter().fold(0, |found, word| found | specials(u64::from_le_bytes(*word)));
    match bytes.last_chunk::<8>() {
        // The last eight bytes again.
        Some(last) => found |= specials(u64::from_le_bytes(*last)),
        None => {
            let word = tail.iter().fold(u64::MAX, |word, byte| word << 8 | u64::from(*byte));
            found |= specials(word);
        }
    }
    found == 0
}

/// The high bit of each byte that is a quote, a backslash or a control character; above the lowest of them, bits may be
/// wrong.
#[inline]
fn specials(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C))) & HIGH
}

/// How many of eight bytes are digits before the first that is none, and their value.
#[inline]
fn up_to_eight_digits(bytes: &[u8; 8]) -> (usize, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let digits = u64::from_le_bytes(*bytes) ^ (ONES * 0x30);
    // Above 9, adding 0x76 reaches the high bit; a byte that has it already is no digit either.
    let others = (digits | digits.wrapping_add(ONES * 0x76)) & (ONES * 0x80);
    // What follows the digits is moved out, and zeros before them.
    let bits = others.trailing_zeros() & !7;
    let digits = if bits == 0 { 0 } else { digits << (64 - bits) };
    // Neighbours are joined to numbers of two, four and eight digits.
    // Neither overflows its part, and what is above the last part is cut off.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    (usize::try_from(bits / 8).unwrap_or(0), value)
}
