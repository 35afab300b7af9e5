//! The numbers of limits in the keys of counters.

use crate::engine::pack::{Packed, Unpacker};

/// The contents of the limits that have counted anything, in the order of the log; the place of one is its number.
///
/// ```
/// use kfactor::guard::numbers::Numbers;
/// let mut numbers = Numbers::default();
/// assert_eq!((numbers.of(77), numbers.give(77), numbers.give(5), numbers.of(77)), (None, Some(0), Some(1), Some(0)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    contents: Vec<u64>,
    /// For some of the bits of a content's hash, the number of the latest such content: where to look first.
    likely: [u16; LIKELY],
}

/// As many contents as are found at once in most campaigns.
const LIKELY: usize = 32;
/// Numbers that keys of counters have room for.
const MOST: usize = 4096;

impl Numbers {
    /// The number of a content.
    #[must_use]
    #[inline]
    pub fn of(&self, content: u64) -> Option<u16> {
        let likely = self.likely.get(likely(content)).copied().unwrap_or(0);
        if self.contents.get(usize::from(likely)) == Some(&content) {
            return Some(likely);
        }
        self.search(content)
    }

    #[inline(never)]
    fn search(&self, content: u64) -> Option<u16> {
        let place = self.contents.iter().position(|known| *known == content)?;
        u16::try_from(place).ok()
    }

    /// The number of a content, which gets the next one if it has none; nothing if there is no number left.
    #[inline]
    pub fn give(&mut self, content: u64) -> Option<u16> {
        self.of(content).or_else(|| self.add(content))
    }

    #[cold]
    fn add(&mut self, content: u64) -> Option<u16> {
        let number = u16::try_from(self.contents.len()).ok().filter(|number| usize::from(*number) < MOST)?;
        self.contents.push(content);
        if let Some(place) = self.likely.get_mut(likely(content)) {
            *place = number;
        }
        Some(number)
    }
}

/// The contents.
impl Packed for Numbers {
    fn pack(&self, out: &mut Vec<u8>) {
        self.contents.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut numbers = Numbers::default();
        from.each(|from| {
            let number = numbers.add(from.number());
            from.require(number.is_some());
        });
        numbers
    }
}

#[inline]
fn likely(content: u64) -> usize {
    let hash = content.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(hash).unwrap_or(0) % LIKELY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_keeps_its_number() {
        let mut numbers = Numbers::default();
        let contents = || (0..5_000u64).map(|n| n.wrapping_mul(0x1234_5678_9abc_def1));
        for (content, number) in contents().zip(0..) {
            let given = (number < 4096).then_some(number);
            assert_eq!(
                (numbers.of(content), numbers.give(content), numbers.of(content)),
                (None, given, given)
            );
        }
        let mut out = Vec::new();
        numbers.pack(&mut out);
        let again = Numbers::unpack(&mut Unpacker::new(&out));
        assert!(contents().all(|content| again.of(content) == numbers.of(content)));
    }
}
