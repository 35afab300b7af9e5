//! The symbol: what a text becomes.

use crate::codewords::interleaved;
use crate::layout::{Layout, Row, is_narrow, narrow, set, wide};
use crate::mask::masked;
use crate::matrix::Matrix;
use crate::segment::{Segment, data_codewords, divide, length};
use crate::version::{Level, Version};

/// A QR symbol without its quiet zone.
///
/// ```
/// use kfactor_qr::{Level, QrError, SvgOptions, Symbol};
/// let symbol = Symbol::encode("https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi", Level::M)?;
/// assert_eq!((symbol.width(), symbol.level()), (33, Level::M));
/// assert!(symbol.module(0, 0) && !symbol.module(7, 7));
/// let svg = symbol.svg(&SvgOptions { dark: "#123", ..SvgOptions::default() })?;
/// assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" width="328" height="328" viewBox="0 0 41 41""#));
/// # Ok::<(), QrError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    version: Version,
    level: Level,
    mask: u8,
    matrix: Matrix,
}

impl std::ops::Deref for Symbol {
    type Target = Matrix;

    fn deref(&self) -> &Matrix {
        &self.matrix
    }
}

impl From<Symbol> for Matrix {
    fn from(symbol: Symbol) -> Matrix {
        symbol.matrix
    }
}

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The level of error correction that is wanted at least.
    pub level: Level,
    /// Whether the level rises as far as the same size allows.
    pub boost: bool,
    /// The smallest version.
    pub at_least: Version,
    /// Whether the symbol says that its bytes are UTF-8. Scanners find out by themselves, and some of the older ones
    /// show the mark as text.
    pub utf8_mark: bool,
    /// The mask, 0 to 7, instead of the one with the lowest penalty.
    pub mask: Option<u8>,
}

/// Why there is no symbol or no picture of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QrError {
    /// There is no text.
    Empty,
    /// The text does not fit the largest symbol at this level.
    TooLong,
    /// The text does not fit the largest Micro QR symbol at this level.
    NotMicro,
    /// A colour is neither `#rgb` nor `#rrggbb`.
    Colour,
}

impl Default for Options {
    fn default() -> Self {
        Options { level: Level::M, boost: true, at_least: Version::MIN, utf8_mark: false, mask: None }
    }
}

impl Symbol {
    /// Encodes a text in the smallest symbol that holds it at `level`, and at the highest level that the
    /// same size still allows.
    ///
    /// Text beyond ASCII is encoded as UTF-8 without naming the character set, as scanners expect.
    ///
    /// # Errors
    ///
    /// [`QrError::Empty`] for no text, which scanners do not read;
    /// [`QrError::TooLong`] for more than the largest symbol holds: of bytes 2953 at level L, 2331 at M,
    /// 1663 at Q and 1273 at H, of digits and capital letters more.
    pub fn encode(text: &str, level: Level) -> Result<Symbol, QrError> {
        Symbol::with(text, &Options { level, ..Options::default() })
    }

    /// Encodes a text as the options say, in the shortest division into segments.
    ///
    /// # Errors
    ///
    /// As [`Symbol::encode`].
    pub fn with(text: &str, options: &Options) -> Result<Symbol, QrError> {
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        // No symbol holds more than 7089 characters; a longer text is not worth dividing.
        if text.len() > 7_089 {
            return Err(QrError::TooLong);
        }
        // Within each class of versions the length fields, and so the best division, are the same.
        for class in [9, 26, 40].into_iter().filter_map(Version::new) {
            if class < options.at_least {
                continue;
            }
            let mut segments = divide(text.as_bytes(), class);
            if options.utf8_mark && !text.is_ascii() {
                segments.insert(0, Segment::Eci(26));
            }
            if let Some(symbol) = Symbol::smallest(&segments, class, options) {
                return Ok(symbol);
            }
        }
        Err(QrError::TooLong)
    }

    /// Encodes segments as they are.
    ///
    /// # Errors
    ///
    /// As [`Symbol::encode`].
    pub fn of_segments(segments: &[Segment<'_>], options: &Options) -> Result<Symbol, QrError> {
        if segments.is_empty() {
            return Err(QrError::Empty);
        }
        let classes =
            [9, 26, 40].into_iter().filter_map(Version::new).filter(|class| *class >= options.at_least);
        classes
            .into_iter()
            .find_map(|class| Symbol::smallest(segments, class, options))
            .ok_or(QrError::TooLong)
    }

    /// The smallest symbol up to version `most`, of the versions whose length fields are as long.
    fn smallest(segments: &[Segment<'_>], most: Version, options: &Options) -> Option<Symbol> {
        let length = length(segments, most)?;
        let fits = |version: Version, level: Level| length <= version.capacity(level);
        let mut versions = Version::all().filter(|version| (options.at_least..=most).contains(version));
        let version = versions.find(|version| fits(*version, options.level))?;
        let highest = Level::ALL.into_iter().rfind(|level| options.boost && fits(version, *level));
        let level = highest.unwrap_or(options.level).max(options.level);
        let data = data_codewords(segments, version, level);
        let codewords = interleaved(&data, version, level);
        let (rows, mask) = if is_narrow(version) {
            draw(&codewords, narrow(version), level, options.mask)
        } else {
            draw(&codewords, wide(version), level, options.mask)
        };
        let matrix = Matrix::new(u32::from(version.number()) * 4 + 17, rows);
        Some(Symbol { version, level, mask, matrix })
    }

    /// The size as a version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The level of error correction that the symbol has.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The mask, 0 to 7.
    #[must_use]
    pub fn mask(&self) -> u8 {
        self.mask
    }
}

/// The symbol's rows, packed, and its mask.
fn draw<const N: usize>(
    codewords: &[u8],
    layout: &Layout<N>,
    level: Level,
    mask: Option<u8>,
) -> (Vec<u8>, u8) {
    let mut data = layout.function.clone();
    for (byte, places) in codewords.iter().zip(layout.order.chunks_exact(8)) {
        for ((x, y), bit) in places.iter().zip((0..8).rev()) {
            if byte >> bit & 1 == 1
                && let Some(row) = data.get_mut(usize::from(*y))
            {
                set(row, usize::from(*x));
            }
        }
    }
    let (rows, mask) = masked(&data, layout, level, mask);
    (packed(&rows), mask)
}

fn packed<const N: usize>(rows: &[Row<N>]) -> Vec<u8> {
    let stride = rows.len().div_ceil(8);
    let mut bytes = Vec::with_capacity(stride * rows.len() + 8 * N);
    for (row, y) in rows.iter().zip(1..) {
        for word in row {
            bytes.extend_from_slice(&word.reverse_bits().to_be_bytes());
        }
        bytes.truncate(y * stride);
    }
    bytes
}

impl QrError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            QrError::Empty => "QR_EMPTY",
            QrError::TooLong => "QR_TOO_LONG",
            QrError::NotMicro => "QR_NOT_MICRO",
            QrError::Colour => "QR_COLOUR",
        }
    }
}

impl std::fmt::Display for QrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            QrError::Empty => "there is no text for the QR symbol",
            QrError::TooLong => "the text is too long for a QR symbol of this level",
            QrError::NotMicro => "the text does not fit a Micro QR symbol of this level",
            QrError::Colour => "a colour has to be `#rgb` or `#rrggbb`",
        })
    }
}

impl std::error::Error for QrError {}
