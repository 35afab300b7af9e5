//! Columns: lists of small numbers, in which each takes only as many bits as the largest of the list.
//!
//! Most of what a campaign's state holds are handles, counts and flags of millions of things. A handle takes 32 bits,
//! but of a campaign with 60,000 participants only 16 of them are ever set, and the field that tells at which
//! touchpoint somebody arrived none at all, until somebody arrives at one. [`table!`] makes such a list for each field
//! of a record.

use core::marker::PhantomData;

/// A list of numbers of a type. A list that gets a larger number than all before is made anew with more bits for each,
/// which happens 32 times at most.
///
/// ```
/// use kfactor::engine::column::Column;
/// let mut column: Column<u32> = Column::default();
/// for number in 0..1000 {
///     column.push(number);
/// }
/// assert_eq!((column.get(7), column.get(1000)), (Some(7), None));
/// assert!(column.memory() < 1500); // ten bits for each
/// ```
#[derive(Clone, Debug)]
pub struct Column<T> {
    numbers: Numbers,
    kind: PhantomData<T>,
}

/// What a column can hold: whatever is a number of at most 32 bits. What is most frequent should be a small one.
pub trait Cell: Copy {
    /// The number that stands for it.
    fn number(self) -> u32;

    /// What the number stands for.
    fn numbered(number: u32) -> Self;
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column { numbers: Numbers::default(), kind: PhantomData }
    }
}

impl<T: Cell> Column<T> {
    /// How many there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.numbers.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.len == 0
    }

    /// The one at a position.
    #[must_use]
    #[inline]
    pub fn get(&self, at: usize) -> Option<T> {
        self.numbers.get(at).map(T::numbered)
    }

    /// Changes the one at a position; what was there before, nothing if there is no such position.
    #[inline]
    pub fn replace(&mut self, at: usize, value: T) -> Option<T> {
        self.numbers.replace(at, value.number()).map(T::numbered)
    }

    /// Adds one at the end.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.numbers.push(value.number());
    }

    /// Adds as many of those whose number is 0 as are missing.
    #[inline]
    pub fn extend_to(&mut self, len: usize) {
        if bytes_of(len, self.numbers.width) > self.numbers.bytes.len() {
            self.numbers.make_room(len);
        }
        self.numbers.lengthen(len);
    }

    /// The same, and as many more as there is room for.
    pub fn extend_past(&mut self, len: usize) {
        self.extend_to(len);
        let room = wide(self.numbers.bytes.len() - WORD) * 8 / u64::from(self.numbers.width.max(1));
        self.numbers.lengthen(usize::try_from(room).unwrap_or(0));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// How many bytes more it takes to have so many of them, none of them wider.
    #[must_use]
    pub fn cost_to(&self, len: usize) -> usize {
        bytes_of(len, self.numbers.width.max(1)).saturating_sub(self.memory())
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.numbers.bytes.capacity()
    }
}

/// The numbers of a column, one after the other without a gap, the lowest bits first.
#[derive(Clone, Debug, Default)]
struct Numbers {
    /// Bits that no number has taken yet are 0; there are always [`WORD`] bytes from where the last one begins.
    bytes: Vec<u8>,
    len: usize,
    /// The bit behind the last one.
    end: u64,
    /// How many bits each takes.
    width: u32,
    /// The largest number of so many bits.
    most: u32,
}

/// A number of up to 32 bits lies within the eight bytes from where it begins.
const WORD: usize = 8;

/// These are in many places, of which a page's build makes one each, for size.
impl Numbers {
    #[cfg_attr(feature = "complete", inline)]
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn get(&self, at: usize) -> Option<u32> {
        if at >= self.len {
            return None;
        }
        let (byte, shift) = self.place(at);
        let word = self.bytes.get(byte..)?.first_chunk::<WORD>()?;
        Some(low(u64::from_le_bytes(*word) >> shift) & self.most)
    }

    #[cfg_attr(feature = "complete", inline)]
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn replace(&mut self, at: usize, number: u32) -> Option<u32> {
        if at >= self.len {
            return None;
        }
        if number > self.most {
            self.widen(number);
        }
        let (most, (byte, shift)) = (self.most, self.place(at));
        let place = self.bytes.get_mut(byte..)?.first_chunk_mut::<WORD>()?;
        let word = u64::from_le_bytes(*place);
        *place = (word & !(u64::from(most) << shift) | u64::from(number) << shift).to_le_bytes();
        Some(low(word >> shift) & most)
    }

    #[cfg_attr(feature = "complete", inline(always))]
    #[cfg_attr(not(feature = "complete"), inline(never))]
    fn push(&mut self, number: u32) {
        if number > self.most {
            self.widen(number);
        }
        if !self.fill(number) {
            self.make_room(self.len.saturating_add(1));
            self.fill(number);
        }
    }

    /// Writes a number behind the last; whether there is room for it.
    #[inline]
    fn fill(&mut self, number: u32) -> bool {
        let (byte, shift) = (usize::try_from(self.end / 8).unwrap_or(usize::MAX), self.end % 8);
        let place = self.bytes.get_mut(byte..).and_then(<[u8]>::first_chunk_mut::<WORD>);
        let Some(place) = place else { return false };
        *place = (u64::from_le_bytes(*place) | u64::from(number) << shift).to_le_bytes();
        // Neither is more than eight times as many as the bytes.
        self.end = self.end.wrapping_add(u64::from(self.width));
        self.len = self.len.wrapping_add(1);
        true
    }

    /// Makes it as long as that, with zeros, for which there is room.
    fn lengthen(&mut self, len: usize) {
        self.len = self.len.max(len);
        self.end = wide(self.len) * u64::from(self.width);
    }

    /// Makes all of them wide enough for a number; wide ones get two bits more at a time, so that it is done half as often.
    #[cold]
    fn widen(&mut self, number: u32) {
        let bits = u32::BITS - number.leading_zeros();
        let width = if bits > 8 { bits + bits % 2 } else { bits };
        let most = u32::MAX >> (u32::BITS - width);
        let end = wide(self.len) * u64::from(width);
        let mut wider = Numbers { bytes: Vec::new(), len: self.len, end, width, most };
        wider.make_room(self.len);
        // Each is written with the bits before it that do not fill a byte.
        let (mut kept, mut bits, mut end) = (0u64, 0, 0);
        for at in 0..self.len {
            kept |= u64::from(self.get(at).unwrap_or(0)) << bits;
            if let Some(place) = wider.bytes.get_mut(end..).and_then(<[u8]>::first_chunk_mut::<WORD>) {
                *place = kept.to_le_bytes();
            }
            bits += width;
            end += usize::try_from(bits / 8).unwrap_or(0);
            kept >>= bits / 8 * 8;
            bits %= 8;
        }
        *self = wider;
    }

    /// Makes the bytes long enough for so many, and an eighth more, so that it is seldom done.
    #[cold]
    fn make_room(&mut self, len: usize) {
        let need = bytes_of(len, self.width);
        if need > self.bytes.len() {
            let room = need + need / 8;
            self.bytes.reserve_exact(room - self.bytes.len());
            self.bytes.resize(room, 0);
        }
    }

    /// The byte in which the number at a position begins, and at which of its bits.
    #[inline]
    fn place(&self, at: usize) -> (usize, u64) {
        let bit = wide(at) * u64::from(self.width);
        (usize::try_from(bit / 8).unwrap_or(usize::MAX), bit % 8)
    }
}

/// How many bytes so many numbers take, with those behind the last.
#[inline]
fn bytes_of(len: usize, width: u32) -> usize {
    usize::try_from(wide(len) * u64::from(width) / 8).unwrap_or(usize::MAX - WORD) + WORD
}

#[inline]
fn wide(position: usize) -> u64 {
    u64::try_from(position).unwrap_or(u64::MAX)
}

#[inline]
fn low(number: u64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or(0)
}

impl Cell for u32 {
    #[inline]
    fn number(self) -> u32 {
        self
    }

    #[inline]
    fn numbered(number: u32) -> Self {
        number
    }
}

macro_rules! small_cells {
    ($($type:ty)*) => {$(
        impl Cell for $type {
            #[inline]
            fn number(self) -> u32 {
                u32::from(self)
            }

            #[inline]
            fn numbered(number: u32) -> Self {
                <$type>::try_from(number).unwrap_or(<$type>::MAX)
            }
        }
    )*};
}

small_cells! { u8 u16 }

impl Cell for bool {
    #[inline]
    fn number(self) -> u32 {
        u32::from(self)
    }

    #[inline]
    fn numbered(number: u32) -> Self {
        number == 1
    }
}

/// Makes a table of a record: a column for each of its fields.
///
/// `table! { /// What it holds. pub struct Many of One { … } }` names the record's fields and their types again.
macro_rules! table {
    ($(#[$doc:meta])* pub struct $Table:ident of $Row:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $Table {
            len: usize,
            $(#[doc = concat!("`", stringify!($field), "` of each.")] pub $field: $crate::engine::column::Column<$type>,)*
        }

        impl $Table {
            /// How many there are.
            #[must_use]
            #[inline]
            pub fn len(&self) -> usize {
                self.len
            }

            /// Whether there is none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// The one at a position.
            #[must_use]
            #[cfg_attr(feature = "complete", inline)]
            #[cfg_attr(not(feature = "complete"), inline(never))]
            pub fn get(&self, at: usize) -> Option<$Row> {
                Some($Row { $($field: self.$field.get(at)?,)* })
            }

            /// Adds one at the end.
            pub fn push(&mut self, row: $Row) {
                self.len += 1;
                $(self.$field.push(row.$field);)*
            }

            /// Adds as many as are missing, of whose fields each is the one with the number 0.
            pub fn extend_to(&mut self, len: usize) {
                self.len = self.len.max(len);
                $(self.$field.extend_to(len);)*
            }

            /// All of them.
            pub fn iter(&self) -> impl Iterator<Item = $Row> {
                (0..self.len).filter_map(|at| self.get(at))
            }

            /// Bytes of memory held.
            #[must_use]
            pub fn memory(&self) -> usize {
                0 $(+ self.$field.memory())*
            }
        }

        impl FromIterator<$Row> for $Table {
            fn from_iter<I: IntoIterator<Item = $Row>>(rows: I) -> Self {
                let mut table = Self::default();
                rows.into_iter().for_each(|row| table.push(row));
                table
            }
        }
    };
}

pub(crate) use table;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A number of any width, so that narrow and wide ones meet.
    fn number() -> impl Strategy<Value = u32> {
        (0u32..=32, any::<u32>()).prop_map(|(width, number)| number.checked_shr(32 - width).unwrap_or(0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn it_does_what_a_list_does(
            widest in 0u32..=32,
            steps in prop::collection::vec((0u32..6, number(), any::<prop::sample::Index>()), 0..300),
        ) {
            let mut column: Column<u32> = Column::default();
            let mut model: Vec<u32> = Vec::new();
            for (step, number, at) in steps {
                let number = if widest == 32 { number } else { number & ((1 << widest) - 1) };
                match step {
                    0 if !model.is_empty() => {
                        let at = at.index(model.len());
                        prop_assert_eq!(column.replace(at, number), Some(model[at]));
                        model[at] = number;
                    }
                    1 => {
                        let len = model.len() + at.index(20);
                        column.extend_to(len);
                        model.resize(len, 0);
                    }
                    _ => {
                        column.push(number);
                        model.push(number);
                    }
                }
                prop_assert_eq!(column.get(model.len()), None);
                prop_assert_eq!(column.replace(model.len(), number), None);
            }
            prop_assert_eq!(column.iter().collect::<Vec<_>>(), model.clone());
            let bits = 32 - model.iter().max().map_or(32, |most| most.leading_zeros());
            prop_assert!((bits..=widest + 1).contains(&column.numbers.width));
        }
    }
}
