//! How a text is divided into segments, and the bits of the segments (ISO/IEC 18004:2015, §7.4).

use crate::version::{Level, Version};

/// How characters become bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Digits, three in ten bits.
    Numeric,
    /// Digits, capital letters, space and `$%*+-./:`, two in eleven bits.
    Alphanumeric,
    /// Bytes.
    Byte,
    /// Characters of Shift JIS with two bytes, each in thirteen bits.
    Kanji,
}

/// A part of what a symbol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Characters in one mode, as the bytes that the mode reads: for kanji those of Shift JIS.
    Text(Mode, &'a [u8]),
    /// The character set of what follows, by its number: 26 is UTF-8.
    Eci(u32),
}

/// The shortest division of a text for the versions whose length fields are as long as those of `version`.
///
/// Kanji are never chosen: the text is UTF-8, and a table of Shift JIS would cost more than it saves. Whoever has the
/// bytes of Shift JIS gives a [`Segment`].
pub(crate) fn divide(text: &[u8], version: Version) -> Vec<Segment<'_>> {
    if is_best_as_bytes(text) {
        return vec![Segment::Text(Mode::Byte, text)];
    }
    let mut parts = Vec::new();
    let mut from = 0;
    let modes = cheapest(text, version);
    let mut at = 0;
    while let Some(&mode) = modes.get(from) {
        while modes.get(at) == Some(&mode) {
            at += 1;
        }
        parts.push(Segment::Text(mode, text.get(from..at).unwrap_or_default()));
        from = at;
    }
    parts
}

/// Whether no part of the text is worth a segment of its own, in any version: a header within bytes costs more than
/// three digits or five letters save, at the least.
fn is_best_as_bytes(text: &[u8]) -> bool {
    let (mut digits, mut letters) = (0, 0);
    let mut bytes = 0;
    for &byte in text {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        letters = if letter(byte).is_some() { letters + 1 } else { 0 };
        bytes += usize::from(letters == 0);
        if digits > 3 || letters > 5 {
            return false;
        }
    }
    bytes > 0 && text.len() > 12
}

/// The mode of each byte on the cheapest way through the text. Costs are counted in sixths of a bit, so that a digit
/// and a letter cost whole numbers.
fn cheapest(text: &[u8], version: Version) -> Vec<Mode> {
    const MODES: [Mode; 3] = [Mode::Numeric, Mode::Alphanumeric, Mode::Byte];
    const NEVER: usize = usize::MAX / 2;
    let heads = MODES.map(|mode| (4 + length_bits(mode, version)) * 6);
    let mut costs = heads;
    // For each byte and mode, the mode of the byte when that mode comes next.
    let mut ways: Vec<[u8; 3]> = Vec::with_capacity(text.len());
    for &byte in text {
        let sixths = [
            if byte.is_ascii_digit() { 20 } else { NEVER },
            if letter(byte).is_some() { 33 } else { NEVER },
            48,
        ];
        let mut here = [NEVER; 3];
        for ((here, cost), sixths) in here.iter_mut().zip(costs).zip(sixths) {
            *here = cost.saturating_add(sixths);
        }
        // A change of mode begins a segment, and a segment ends on a whole bit.
        let mut way = [0, 1, 2];
        let mut next = here;
        for ((next, way), head) in next.iter_mut().zip(&mut way).zip(heads) {
            for (cost, from) in here.into_iter().zip(0u8..) {
                let changed = cost.div_ceil(6) * 6 + head;
                if changed < *next {
                    (*next, *way) = (changed, from);
                }
            }
        }
        ways.push(way);
        costs = next;
    }
    let last = (0u8..).zip(costs).min_by_key(|(_, cost)| *cost);
    let mut mode = last.map_or(2, |(mode, _)| mode);
    let mut modes: Vec<Mode> = Vec::with_capacity(text.len());
    for way in ways.iter().rev() {
        mode = way.get(usize::from(mode)).copied().unwrap_or(2);
        modes.push(MODES.get(usize::from(mode)).copied().unwrap_or(Mode::Byte));
    }
    modes.reverse();
    modes
}

/// The bits of segments in a version; `None` if one of them is too long for its length field.
pub(crate) fn length(segments: &[Segment<'_>], version: Version) -> Option<usize> {
    segments.iter().try_fold(0, |sum, segment| {
        let Segment::Text(mode, bytes) = *segment else { return Some(sum + 4 + eci_bits(segment)) };
        let field = length_bits(mode, version);
        let characters = if mode == Mode::Kanji { bytes.len() / 2 } else { bytes.len() };
        (characters < 1 << field).then_some(sum + 4 + field + character_bits(mode, characters))
    })
}

/// The bits of so many characters.
pub(crate) fn character_bits(mode: Mode, characters: usize) -> usize {
    match mode {
        Mode::Numeric => (characters * 10).div_ceil(3),
        Mode::Alphanumeric => (characters * 11).div_ceil(2),
        Mode::Byte => characters * 8,
        Mode::Kanji => characters * 13,
    }
}

/// The data codewords: segments, terminator and padding.
pub(crate) fn data_codewords(segments: &[Segment<'_>], version: Version, level: Level) -> Vec<u8> {
    let capacity = version.capacity(level) / 8;
    let mut bits = Bits { bytes: Vec::with_capacity(capacity + 8), held: 0, count: 0 };
    for segment in segments {
        match *segment {
            Segment::Eci(number) => {
                bits.push(7, 4);
                match eci_bits(segment) {
                    8 => bits.push(number, 8),
                    16 => bits.push(0x8000 | number, 16),
                    _ => bits.push(0xC0_0000 | number & 0x1F_FFFF, 24),
                }
            }
            Segment::Text(mode, bytes) => push_text(mode, bytes, version, &mut bits),
        }
    }
    // The terminator is cut where the symbol is full.
    let left = (capacity * 8).saturating_sub(bits.len());
    bits.push(0, u8::try_from(left.min(4)).unwrap_or(4));
    if bits.count > 0 {
        bits.push(0, 8 - bits.count);
    }
    let padding = [0xEC, 0x11].into_iter().cycle();
    let missing = capacity.saturating_sub(bits.bytes.len());
    bits.bytes.extend(padding.take(missing));
    bits.bytes
}

fn push_text(mode: Mode, bytes: &[u8], version: Version, bits: &mut Bits) {
    let (indicator, characters) = match mode {
        Mode::Numeric => (1, bytes.len()),
        Mode::Alphanumeric => (2, bytes.len()),
        Mode::Byte => (4, bytes.len()),
        Mode::Kanji => (8, bytes.len() / 2),
    };
    bits.push(indicator, 4);
    let field = u8::try_from(length_bits(mode, version)).unwrap_or(16);
    bits.push(u32::try_from(characters).unwrap_or(0), field);
    push_characters(mode, bytes, bits);
}

/// The characters of a segment, behind its mode and length.
pub(crate) fn push_characters(mode: Mode, bytes: &[u8], bits: &mut Bits) {
    match mode {
        Mode::Numeric => {
            for group in bytes.chunks(3) {
                let value = group
                    .iter()
                    .fold(0, |value, digit| value * 10 + u32::from(digit.wrapping_sub(b'0') % 10));
                bits.push(value, [4, 7, 10].get(group.len() - 1).copied().unwrap_or(10));
            }
        }
        Mode::Alphanumeric => {
            for group in bytes.chunks(2) {
                let value =
                    group.iter().fold(0, |value, byte| value * 45 + u32::from(letter(*byte).unwrap_or(36)));
                bits.push(value, if group.len() == 2 { 11 } else { 6 });
            }
        }
        Mode::Byte => bytes.iter().for_each(|byte| bits.push(u32::from(*byte), 8)),
        Mode::Kanji => {
            for pair in bytes.chunks_exact(2) {
                let [high, low] = [0, 1].map(|at| pair.get(at).copied().map_or(0, u32::from));
                let base = if high < 0xE0 { 0x81 } else { 0xC1 };
                bits.push((high.wrapping_sub(base) & 0x3F) * 0xC0 + low.wrapping_sub(0x40) % 0xC0, 13);
            }
        }
    }
}

/// Bits, the most significant first.
#[derive(Default)]
pub(crate) struct Bits {
    pub bytes: Vec<u8>,
    held: u32,
    count: u8,
}

impl Bits {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() * 8 + usize::from(self.count)
    }

    /// Appends the `width` lowest bits, at most 24.
    #[inline]
    pub fn push(&mut self, value: u32, width: u8) {
        self.held = self.held << width | value;
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            let [.., byte] = (self.held >> self.count).to_be_bytes();
            self.bytes.push(byte);
        }
        self.held &= 0xFF;
    }
}

/// The bits of a segment's length field.
fn length_bits(mode: Mode, version: Version) -> usize {
    let [small, middle, large] = match mode {
        Mode::Numeric => [10, 12, 14],
        Mode::Alphanumeric => [9, 11, 13],
        Mode::Byte => [8, 16, 16],
        Mode::Kanji => [8, 10, 12],
    };
    match version.number() {
        ..=9 => small,
        10..=26 => middle,
        27.. => large,
    }
}

fn eci_bits(segment: &Segment<'_>) -> usize {
    match segment {
        Segment::Eci(0..=127) => 8,
        Segment::Eci(128..=16_383) => 16,
        _ => 24,
    }
}

/// The value of an alphanumeric character.
pub(crate) fn letter(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b' ' => 36,
        b'$' => 37,
        b'%' => 38,
        b'*' => 39,
        b'+' => 40,
        b'-' => 41,
        b'.' => 42,
        b'/' => 43,
        b':' => 44,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(segments: &[Segment<'_>], version: Version) -> usize {
        length(segments, version).unwrap()
    }

    /// The shortest division by trying every one.
    fn shortest(text: &[u8], version: Version) -> usize {
        let single = |part: &[u8]| {
            let modes =
                [Mode::Numeric, Mode::Alphanumeric, Mode::Byte].into_iter().filter(|mode| match mode {
                    Mode::Numeric => part.iter().all(u8::is_ascii_digit),
                    Mode::Alphanumeric => part.iter().all(|byte| letter(*byte).is_some()),
                    _ => true,
                });
            modes.map(|mode| bits(&[Segment::Text(mode, part)], version)).min().unwrap()
        };
        let mut best = vec![0; text.len() + 1];
        for end in 1..=text.len() {
            best[end] = (0..end).map(|from| best[from] + single(&text[from..end])).min().unwrap();
        }
        best[text.len()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn no_division_is_shorter(
            text in "([0-9]{1,9}|[A-Z /:]{1,9}|[a-z_]{1,9}|é|中){1,6}", number in prop::sample::select(vec![9u8, 20, 40]),
        ) {
            let version = Version::new(number).unwrap();
            let parts = divide(text.as_bytes(), version);
            let whole: Vec<u8> = parts.iter().flat_map(|part| match part {
                Segment::Text(_, bytes) => bytes.to_vec(),
                Segment::Eci(_) => Vec::new(),
            }).collect();
            prop_assert_eq!(whole, text.as_bytes());
            prop_assert_eq!(bits(&parts, version), shortest(text.as_bytes(), version), "{:?}", parts);
        }
    }
}
