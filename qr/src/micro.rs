//! Micro QR: small symbols with one finder, for a few characters on small things (ISO/IEC 18004:2015, §6.3.2).
//!
//! Few phones read them: WeChat and the cameras of iOS and Android do not, scanners of industry do. So nothing here is
//! ever chosen unless it was asked for.

use crate::codewords::check_codewords;
use crate::layout::{masks, rest};
use crate::matrix::Matrix;
use crate::segment::{Bits, Mode, character_bits, letter, push_characters};
use crate::symbol::QrError;
use crate::version::Level;

/// A Micro QR symbol without its quiet zone, of which it needs two modules.
///
/// ```
/// use kfactor_qr::{Level, Micro, QrError};
/// let symbol = Micro::encode("A-2049", None)?;
/// assert_eq!((symbol.number(), symbol.level(), symbol.width()), (2, Some(Level::L), 13));
/// assert_eq!(Micro::encode("https://example.com/", None), Err(QrError::NotMicro));
/// # Ok::<(), QrError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Micro {
    kind: &'static Kind,
    mask: u8,
    matrix: Matrix,
}

/// A size at a level.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    /// 1 to 4.
    number: u8,
    /// None: M1 finds errors and corrects none.
    level: Option<Level>,
    /// The bits of data; those of M1 and M3 end with half a codeword.
    capacity: usize,
    /// The check codewords.
    check: usize,
}

/// By the numbers that stand for them in the format information, and so from the smallest and weakest on.
const KINDS: [Kind; 8] = [
    Kind { number: 1, level: None, capacity: 20, check: 2 },
    Kind { number: 2, level: Some(Level::L), capacity: 40, check: 5 },
    Kind { number: 2, level: Some(Level::M), capacity: 32, check: 6 },
    Kind { number: 3, level: Some(Level::L), capacity: 84, check: 6 },
    Kind { number: 3, level: Some(Level::M), capacity: 68, check: 8 },
    Kind { number: 4, level: Some(Level::L), capacity: 128, check: 8 },
    Kind { number: 4, level: Some(Level::M), capacity: 112, check: 10 },
    Kind { number: 4, level: Some(Level::Q), capacity: 80, check: 14 },
];

/// The masks of full symbols that the four of Micro QR are.
const MASKS: [usize; 4] = [1, 4, 6, 7];

impl Micro {
    /// Encodes a text in the smallest Micro QR symbol that holds it at `level` at least, and at the highest level that
    /// the same size still allows. Without a level the smallest size counts, which corrects nothing.
    ///
    /// # Errors
    ///
    /// [`QrError::Empty`] for no text; [`QrError::NotMicro`] for more than 35 digits, 21 capital letters or 15 bytes at
    /// level L, 30, 18 or 13 at M and 21, 13 or 9 at Q, and for level H, which Micro QR does not have.
    pub fn encode(text: &str, level: Option<Level>) -> Result<Micro, QrError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(QrError::Empty);
        }
        let mode = if bytes.iter().all(u8::is_ascii_digit) {
            Mode::Numeric
        } else if bytes.iter().all(|byte| letter(*byte).is_some()) {
            Mode::Alphanumeric
        } else {
            Mode::Byte
        };
        let fits = |kind: &&Kind| kind.level >= level && kind.holds(mode, bytes.len());
        let first = KINDS.iter().find(fits).ok_or(QrError::NotMicro)?;
        let same_size = |kind: &&Kind| kind.number == first.number && fits(kind);
        let kind = KINDS.iter().rfind(same_size).unwrap_or(first);
        let (mask, rows) = draw(kind, &codewords(kind, mode, bytes));
        let width = kind.width();
        let packed = rows.iter().take(width).flat_map(|row| {
            let [a, b, c, _] = row.reverse_bits().to_be_bytes();
            [a, b, c].into_iter().take(width.div_ceil(8))
        });
        let matrix = Matrix::new(u32::try_from(width).unwrap_or(0), packed.collect());
        Ok(Micro { kind, mask, matrix })
    }

    /// The size: M1 to M4 have 11 to 17 modules on a side.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.kind.number
    }

    /// The level of error correction; none for M1.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.kind.level
    }

    /// The mask, 0 to 3.
    #[must_use]
    pub fn mask(&self) -> u8 {
        self.mask
    }
}

impl std::ops::Deref for Micro {
    type Target = Matrix;

    fn deref(&self) -> &Matrix {
        &self.matrix
    }
}

impl From<Micro> for Matrix {
    fn from(symbol: Micro) -> Matrix {
        symbol.matrix
    }
}

impl Kind {
    fn width(&self) -> usize {
        usize::from(self.number) * 2 + 9
    }

    fn holds(&self, mode: Mode, characters: usize) -> bool {
        let Some(field) = self.length_bits(mode) else { return false };
        let bits = usize::from(self.number - 1 + field) + character_bits(mode, characters);
        characters < 1 << field && bits <= self.capacity
    }

    /// The bits of a segment's length field; none for a mode that a symbol of this size does not have.
    fn length_bits(&self, mode: Mode) -> Option<u8> {
        match mode {
            Mode::Numeric => Some(self.number + 2),
            Mode::Alphanumeric => (self.number >= 2).then_some(self.number + 1),
            Mode::Byte => (self.number >= 3).then_some(self.number + 1),
            Mode::Kanji => None,
        }
    }
}

/// Data and check codewords as bits, the first in the highest place.
fn codewords(kind: &Kind, mode: Mode, text: &[u8]) -> Vec<bool> {
    let mut bits = Bits::default();
    let indicator = match mode {
        Mode::Numeric => 0,
        Mode::Alphanumeric => 1,
        Mode::Byte | Mode::Kanji => 2,
    };
    bits.push(indicator, kind.number - 1);
    bits.push(u32::try_from(text.len()).unwrap_or(0), kind.length_bits(mode).unwrap_or(0));
    push_characters(mode, text, &mut bits);
    // The terminator is cut where the symbol is full; padding begins with a whole codeword.
    let terminator = usize::from(kind.number) * 2 + 1;
    for _ in 0..terminator.min(kind.capacity - bits.len()) {
        bits.push(0, 1);
    }
    while bits.len() % 8 > 0 {
        bits.push(0, 1);
    }
    let whole = kind.capacity / 8;
    let padding = [0xEC, 0x11].into_iter().cycle();
    let missing = whole.saturating_sub(bits.bytes.len());
    bits.bytes.extend(padding.take(missing));
    // Half a codeword is the upper half of one.
    let is_half = !kind.capacity.is_multiple_of(8);
    bits.bytes.resize(whole + usize::from(is_half), 0);
    let bytes = bits.bytes;
    let check: Vec<u8> = check_codewords(&bytes, kind.check).collect();
    let places = |byte: u8| (0..8).rev().map(move |place| byte >> place & 1 == 1);
    let data = bytes.into_iter().flat_map(places).take(kind.capacity);
    data.chain(check.into_iter().flat_map(places)).collect()
}

/// Rows of modules, the bit `x` for column `x`.
type Rows = [u32; 17];

/// The mask under which the two sides without a finder are darkest, and the rows.
fn draw(kind: &Kind, codewords: &[bool]) -> (u8, Rows) {
    let width = kind.width();
    let (function, taken) = patterns(width);
    let free = |x: usize, y: usize| taken.get(y).is_some_and(|row| row >> x & 1 == 0);
    let mut data = function;
    let mut bits = codewords.iter();
    for (turn, right) in (1..width).rev().step_by(2).enumerate() {
        for step in 0..width {
            let y = if turn % 2 == 0 { width - 1 - step } else { step };
            for x in [right, right - 1].into_iter().filter(|x| free(*x, y)) {
                if bits.next() == Some(&true) {
                    set(&mut data, x, y);
                }
            }
        }
    }
    let mut best = (0, 0, data);
    for (number, mask) in (0u8..).zip(MASKS) {
        let mut rows = data;
        for (row, y) in rows.iter_mut().zip(0..width) {
            for x in (0..width).filter(|x| free(*x, y) && masks(mask, *x, y)) {
                *row ^= 1 << x;
            }
        }
        put_format(kind, number, &mut rows);
        let dark = |x: usize, y: usize| rows.get(y).is_some_and(|row| row >> x & 1 == 1);
        let right = (1..width).filter(|y| dark(width - 1, *y)).count();
        let lower = (1..width).filter(|x| dark(*x, width - 1)).count();
        let score = right.min(lower) * 16 + right.max(lower);
        if number == 0 || score > best.0 {
            best = (score, number, rows);
        }
    }
    (best.1, best.2)
}

/// The finder with its light border, the timing patterns along the edges, and all places that are not for codewords.
fn patterns(width: usize) -> (Rows, Rows) {
    let (mut dark, mut taken) = (Rows::default(), Rows::default());
    for (y, x) in (0..9).flat_map(|y| (0..9).map(move |x| (y, x))) {
        set(&mut taken, x, y);
        let ring = usize::abs_diff(x, 3).max(usize::abs_diff(y, 3));
        if matches!(ring, 0 | 1 | 3) {
            set(&mut dark, x, y);
        }
    }
    for (x, y) in (8..width).flat_map(|at| [(at, 0), (0, at)]) {
        set(&mut taken, x, y);
        if (x + y) % 2 == 0 {
            set(&mut dark, x, y);
        }
    }
    (dark, taken)
}

/// Size, level and mask with ten bits of check, around the finder.
fn put_format(kind: &Kind, mask: u8, rows: &mut Rows) {
    let symbol = KINDS.iter().position(|other| other == kind).and_then(|at| u32::try_from(at).ok());
    let data = symbol.unwrap_or(0) << 2 | u32::from(mask);
    let bits = (data << 10 | rest(data << 10, 0x537, 10)) ^ 0x4445;
    let places = (1..=8).map(|x| (x, 8)).chain((1..=7).rev().map(|y| (8, y)));
    for ((x, y), bit) in places.zip((0..15).rev()) {
        if bits >> bit & 1 == 1 {
            set(rows, x, y);
        }
    }
}

fn set(rows: &mut Rows, x: usize, y: usize) {
    if let Some(row) = rows.get_mut(y) {
        *row |= 1 << x;
    }
}
