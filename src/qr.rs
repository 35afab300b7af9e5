//! QR symbols: a text becomes a square of modules, as packed rows or as SVG.
//!
//! Segments, error correction and placement come from the `qrcode` crate. The mask is chosen here: the
//! crate's own choice adds penalties in 16 bits, which large regular texts overflow.

use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::optimize::{Optimizer, Parser, Segment, total_encoded_len};
use qrcode::types::{Color, EcLevel, Mode, Version};
use std::fmt::Write;

/// A QR symbol without its quiet zone.
///
/// ```
/// use kfactor::qr::{Level, QrError, SvgOptions, Symbol};
/// let symbol = Symbol::encode("https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi", Level::M)?;
/// assert_eq!((symbol.width(), symbol.level()), (33, Level::M));
/// assert!(symbol.module(0, 0) && !symbol.module(7, 7));
/// let svg = symbol.svg(&SvgOptions { dark: "#123", ..SvgOptions::default() })?;
/// assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" width="328" height="328" viewBox="0 0 41 41""#));
/// # Ok::<(), QrError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    width: u32,
    level: Level,
    rows: Vec<u8>,
}

/// How much of a symbol may be unreadable: about 7, 15, 25 or 30 per cent of its codewords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// About 7 %.
    L,
    /// About 15 %.
    #[default]
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

/// How a symbol is written as SVG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SvgOptions<'a> {
    /// The light margin on each side, in modules. Scanners need 4 unless the ground around is light anyway.
    pub quiet: u8,
    /// The side of a module in CSS pixels; 0 counts as 1.
    pub scale: u8,
    /// The colour of dark modules, `#rgb` or `#rrggbb`.
    pub dark: &'a str,
    /// The colour of light modules and the quiet zone, `#rgb` or `#rrggbb`.
    pub light: &'a str,
}

/// Why there is no symbol or no picture of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QrError {
    /// There is no text.
    Empty,
    /// The text does not fit the largest symbol at this level.
    TooLong,
    /// A colour is neither `#rgb` nor `#rrggbb`.
    Colour,
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
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        // No symbol holds more than 7089 characters; a longer text is not worth parsing.
        if text.len() > 7_089 {
            return Err(QrError::TooLong);
        }
        let (version, segments) = smallest(text.as_bytes(), level).ok_or(QrError::TooLong)?;
        let length = total_encoded_len(&segments, version);
        let level = Level::ALL.into_iter().rfind(|level| fits(length, version, *level)).unwrap_or(level);
        let canvas = draw(text.as_bytes(), version, segments, level).ok_or(QrError::TooLong)?;
        let width = usize::try_from(version.width()).map_err(|_| QrError::TooLong)?;
        let dark = best_masked(&canvas, width);
        let rows = dark.chunks_exact(width).flat_map(packed).collect();
        Ok(Symbol { width: u32::try_from(width).map_err(|_| QrError::TooLong)?, level, rows })
    }

    /// The number of modules on each side: 21 to 177 in steps of 4.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The level of error correction that the symbol has.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether the module in column `x` and row `y` is dark; everything outside the symbol is light.
    #[must_use]
    pub fn module(&self, x: u32, y: u32) -> bool {
        if x >= self.width || y >= self.width {
            return false;
        }
        let at = usize::try_from(y * self.width.div_ceil(8) + x / 8).ok();
        at.and_then(|at| self.rows.get(at)).is_some_and(|byte| byte << (x % 8) & 0x80 != 0)
    }

    /// The rows from top to bottom, each in `width` / 8 bytes rounded up: one bit per module, 1 is dark, the
    /// leftmost in the highest bit, the unused bits 0.
    #[must_use]
    pub fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// Draws the symbol as an SVG document of one square and one path.
    ///
    /// # Errors
    ///
    /// [`QrError::Colour`] if a colour is neither `#rgb` nor `#rrggbb`.
    pub fn svg(&self, options: &SvgOptions) -> Result<String, QrError> {
        if !is_colour(options.dark) || !is_colour(options.light) {
            return Err(QrError::Colour);
        }
        let quiet = u32::from(options.quiet);
        let side = self.width + 2 * quiet;
        let size = side * u32::from(options.scale.max(1));
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
             viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"{light}\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"{dark}\" d=\"{path}\"/></svg>",
            light = options.light,
            dark = options.dark,
            path = self.path(quiet),
        ))
    }

    /// One rectangle per horizontal run of dark modules, `quiet` modules from the origin.
    fn path(&self, quiet: u32) -> String {
        let mut path = String::new();
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let end = (x..self.width).find(|x| !self.module(*x, y)).unwrap_or(self.width);
                if end > x {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{} {}h{}v1H{}z", x + quiet, y + quiet, end - x, x + quiet);
                }
                x = end.max(x + 1);
            }
        }
        path
    }
}

impl Level {
    /// All levels, from the weakest.
    const ALL: [Level; 4] = [Level::L, Level::M, Level::Q, Level::H];
}

impl From<Level> for EcLevel {
    fn from(level: Level) -> EcLevel {
        match level {
            Level::L => EcLevel::L,
            Level::M => EcLevel::M,
            Level::Q => EcLevel::Q,
            Level::H => EcLevel::H,
        }
    }
}

impl Default for SvgOptions<'_> {
    fn default() -> Self {
        SvgOptions { quiet: 4, scale: 8, dark: "#000", light: "#fff" }
    }
}

impl QrError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            QrError::Empty => "QR_EMPTY",
            QrError::TooLong => "QR_TOO_LONG",
            QrError::Colour => "QR_COLOUR",
        }
    }
}

impl std::fmt::Display for QrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            QrError::Empty => "there is no text for the QR symbol",
            QrError::TooLong => "the text is too long for a QR symbol of this level",
            QrError::Colour => "a colour has to be `#rgb` or `#rrggbb`",
        })
    }
}

impl std::error::Error for QrError {}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The smallest version whose data holds the text, and how the text is divided in it.
fn smallest(text: &[u8], level: Level) -> Option<(Version, Vec<Segment>)> {
    // Within each class of versions the length fields, and so the best division, are the same.
    [1..=9, 10..=26, 27..=40].into_iter().find_map(|class| {
        let segments: Vec<_> = Optimizer::new(parts(text), Version::Normal(*class.end())).collect();
        let length = total_encoded_len(&segments, Version::Normal(*class.end()));
        let version = class.map(Version::Normal).find(|version| fits(length, *version, level))?;
        Some((version, segments))
    })
}

/// The text by kinds of characters. The crate takes byte pairs that look like Shift JIS for kanji; in UTF-8
/// they are not, and scanners would show something else.
fn parts(text: &[u8]) -> impl Iterator<Item = Segment> {
    Parser::new(text).map(|part| match part.mode {
        Mode::Kanji => Segment { mode: Mode::Byte, ..part },
        _ => part,
    })
}

fn fits(length: usize, version: Version, level: Level) -> bool {
    Bits::new(version).max_len(level.into()).is_ok_and(|capacity| length <= capacity)
}

/// The symbol with everything but mask and format.
fn draw(text: &[u8], version: Version, segments: Vec<Segment>, level: Level) -> Option<Canvas> {
    let mut bits = Bits::new(version);
    bits.push_segments(text, segments.into_iter()).ok()?;
    bits.push_terminator(level.into()).ok()?;
    let (data, check) = qrcode::ec::construct_codewords(&bits.into_bytes(), version, level.into()).ok()?;
    let mut canvas = Canvas::new(version, level.into());
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &check);
    Some(canvas)
}

/// The modules under the mask with the lowest penalty, the first of equals.
fn best_masked(canvas: &Canvas, width: usize) -> Vec<bool> {
    let masked = |mask: MaskPattern| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(mask);
        let dark: Vec<bool> = canvas.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        (penalty(&dark, width), dark)
    };
    let first = masked(MaskPattern::Checkerboard);
    let others = [
        MaskPattern::HorizontalLines,
        MaskPattern::VerticalLines,
        MaskPattern::DiagonalLines,
        MaskPattern::LargeCheckerboard,
        MaskPattern::Fields,
        MaskPattern::Diamonds,
        MaskPattern::Meadow,
    ];
    let best =
        others.into_iter().map(masked).fold(first, |best, next| if next.0 < best.0 { next } else { best });
    best.1
}

/// How hard the modules are to scan, as ISO/IEC 18004:2015 §7.8.3.1 counts it.
fn penalty(dark: &[bool], width: usize) -> u32 {
    let rows = || dark.chunks_exact(width);
    let across: u32 = rows().map(|row| line_penalty(row.iter().copied())).sum();
    let down: u32 = (0..width).map(|x| line_penalty(dark.iter().skip(x).step_by(width).copied())).sum();
    let blocks: u32 = rows().zip(rows().skip(1)).map(|(row, below)| block_penalty(row, below)).sum();
    across + down + blocks + balance_penalty(dark)
}

/// Runs of one colour: 3 for five modules and 1 for each further one. And 40 for each side on which a
/// finder-like 1:1:3:1:1 has four light modules; outside the symbol everything is light.
fn line_penalty(line: impl Iterator<Item = bool>) -> u32 {
    // The other side is light too, or its run would be longer than one module.
    const FINDER_THEN_LIGHT: u32 = 0b0101_1101_0000;
    const LIGHT_THEN_FINDER: u32 = 0b0000_1011_1010;
    let mut score = 0;
    let mut last_twelve = 0;
    let mut see = |is_dark: bool| {
        last_twelve = (last_twelve << 1 | u32::from(is_dark)) & 0xFFF;
        if matches!(last_twelve, FINDER_THEN_LIGHT | LIGHT_THEN_FINDER) { 40 } else { 0 }
    };
    let mut run = 0u32;
    let mut color = None;
    for is_dark in line {
        run = if color == Some(is_dark) { run + 1 } else { 1 };
        color = Some(is_dark);
        score += see(is_dark);
        score += match run {
            0..5 => 0,
            5 => 3,
            6.. => 1,
        };
    }
    score + (0..4).map(|_| see(false)).sum::<u32>()
}

/// 3 for each square of four modules of one colour.
fn block_penalty(row: &[bool], below: &[bool]) -> u32 {
    let is_block = |(upper, lower): &(&[bool], &[bool])| {
        upper == lower && matches!(upper, [true, true] | [false, false])
    };
    row.windows(2).zip(below.windows(2)).filter(is_block).map(|_| 3).sum()
}

/// 10 for each full step of 5 % between the share of dark modules and one half.
fn balance_penalty(dark: &[bool]) -> u32 {
    let (count, total) =
        dark.iter().fold((0u32, 0u32), |(count, total), dark| (count + u32::from(*dark), total + 1));
    (20 * count).abs_diff(10 * total).checked_div(total).unwrap_or(0) * 10
}

fn packed(row: &[bool]) -> impl Iterator<Item = u8> {
    row.chunks(8).map(|modules| {
        modules.iter().zip(0u32..).fold(0u8, |byte, (dark, place)| byte | u8::from(*dark) << 7 >> place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version as PeerVersion};

    const URL: &str = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

    /// Paints the path of an SVG that [`Symbol::svg`] wrote.
    fn painted(svg: &str) -> Vec<Vec<bool>> {
        let number = |text: &str| text.parse::<usize>().unwrap();
        let between = |from: &str, to: &str| svg.rsplit_once(from).unwrap().1.split_once(to).unwrap().0;
        let side = number(between("viewBox=\"0 0 ", " "));
        let mut modules = vec![vec![false; side]; side];
        for run in between(" d=\"", "\"").split_terminator('z') {
            let (start, size) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (left, top) = start.split_once(' ').unwrap();
            let (length, back) = size.split_once("v1H").unwrap();
            assert_eq!(left, back);
            modules[number(top)][number(left)..][..number(length)].fill(true);
        }
        modules
    }

    /// What an independent decoder reads from the painted SVG, three pixels for each module.
    fn decoded(symbol: &Symbol) -> String {
        let modules = painted(&symbol.svg(&SvgOptions::default()).unwrap());
        let side = modules.len() * 3;
        let pixel = |x: usize, y: usize| if modules[y / 3][x / 3] { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, pixel);
        image.detect_grids()[0].decode().unwrap().1
    }

    fn matches(symbol: &Symbol, peer: &QrCode) -> bool {
        let range = 0..symbol.width();
        let number = |at: u32| i32::try_from(at).unwrap();
        number(symbol.width()) == peer.size()
            && range
                .clone()
                .all(|y| range.clone().all(|x| symbol.module(x, y) == peer.get_module(number(x), number(y))))
    }

    #[test]
    fn an_independent_decoder_reads_every_level() {
        for level in Level::ALL {
            for text in [URL, "HTTPS://EXAMPLE.COM/0123456789", "0123456789", "一起买面膜，两人更省 😀", "a"]
            {
                let symbol = Symbol::encode(text, level).unwrap();
                assert!(symbol.level() >= level);
                assert_eq!(decoded(&symbol), text);
            }
        }
    }

    /// Every version and level is drawn, with overflow checks, and equals a second encoder's symbol under
    /// the same mask; the masks are nearly always the same too.
    #[test]
    fn every_size_equals_a_second_encoder() {
        let levels = [
            (Level::L, QrCodeEcc::Low),
            (Level::M, QrCodeEcc::Medium),
            (Level::Q, QrCodeEcc::Quartile),
            (Level::H, QrCodeEcc::High),
        ];
        let mut same_mask = 0;
        for number in 1..=40 {
            for (level, peer_level) in levels {
                let capacity = Bits::new(Version::Normal(number)).max_len(level.into()).unwrap();
                // Lower case and a full symbol, so that both encoders use one byte segment and this level.
                let length = (capacity - if number < 10 { 12 } else { 20 }) / 8;
                let text: String = ('a'..='z')
                    .cycle()
                    .step_by(7)
                    .zip(0..)
                    .map(|(c, at)| if at % 5 == 4 { '_' } else { c })
                    .take(length)
                    .collect();
                let symbol = Symbol::encode(&text, level).unwrap();
                assert_eq!(
                    (symbol.width(), symbol.level()),
                    (u32::try_from(number * 4 + 17).unwrap(), level)
                );
                let version = PeerVersion::new(u8::try_from(number).unwrap());
                let peer = |mask: Option<Mask>| {
                    let segment = [QrSegment::make_bytes(text.as_bytes())];
                    QrCode::encode_segments_advanced(&segment, peer_level, version, version, mask, false)
                        .unwrap()
                };
                let mask = (0..8).find(|mask| matches(&symbol, &peer(Some(Mask::new(*mask)))));
                assert!(mask.is_some(), "version {number} {level:?}");
                same_mask += u32::from(mask == Some(peer(None).mask().value()));
            }
        }
        assert!(same_mask >= 156, "{same_mask} of 160");
    }

    /// Kanji mode would make scanners show bytes of UTF-8 as Japanese.
    #[test]
    fn text_beyond_ascii_is_never_taken_for_kanji() {
        let text = "ナナナナナナナナナナナナ".as_bytes();
        let unchecked: Vec<_> = Optimizer::new(Parser::new(text), Version::Normal(9)).collect();
        assert_eq!(unchecked, [Segment { mode: Mode::Kanji, begin: 0, end: text.len() }]);
        let (_, segments) = smallest(text, Level::M).unwrap();
        assert_eq!(segments, [Segment { mode: Mode::Byte, begin: 0, end: text.len() }]);
    }

    #[test]
    fn the_level_rises_as_far_as_the_size_allows() {
        let symbol = Symbol::encode("a", Level::L).unwrap();
        assert_eq!((symbol.width(), symbol.level()), (21, Level::H));
        // 17 bytes fill version 1 at level L; 18 need version 2, which has room for level M but not Q.
        let full = Symbol::encode("abcdefghijklmnopq", Level::L).unwrap();
        assert_eq!((full.width(), full.level()), (21, Level::L));
        let more = Symbol::encode("abcdefghijklmnopqrstuvwx", Level::L).unwrap();
        assert_eq!((more.width(), more.level()), (25, Level::M));
    }

    #[test]
    fn the_longest_texts_fit_and_longer_ones_are_refused() {
        let most = [(Level::L, 2_953), (Level::M, 2_331), (Level::Q, 1_663), (Level::H, 1_273)];
        for (level, bytes) in most {
            assert_eq!(Symbol::encode(&"a".repeat(bytes), level).unwrap().width(), 177);
            assert_eq!(Symbol::encode(&"a".repeat(bytes + 1), level), Err(QrError::TooLong));
        }
        assert_eq!(Symbol::encode(&"7".repeat(7_089), Level::L).unwrap().width(), 177);
        assert_eq!(Symbol::encode(&"7".repeat(7_090), Level::L), Err(QrError::TooLong));
        assert_eq!(Symbol::encode(&"7".repeat(1 << 20), Level::L), Err(QrError::TooLong));
        assert_eq!(QrError::TooLong.code(), "QR_TOO_LONG");
        assert_eq!(Symbol::encode("", Level::L), Err(QrError::Empty));
    }

    #[test]
    fn regular_texts_do_not_overflow_the_penalty() {
        // At level L, 2950 times `f` overflows the crate's own choice of a mask.
        for unit in ["f", "*", "U", "ª", "3", "\0", "\u{7F}"] {
            for units in [1, 500, 1_000, 1_400, 2_950] {
                if let Ok(symbol) = Symbol::encode(&unit.repeat(units), Level::L) {
                    assert!(symbol.module(0, 0));
                }
            }
        }
    }

    #[test]
    fn penalties_count_as_the_standard_says() {
        let line = |text: &str| line_penalty(text.bytes().map(|b| b == b'#'));
        assert_eq!(["####.###", "#####.", "########.....##", "#.#.#"].map(line), [0, 3, 3 + 3 + 3, 0]);
        // A finder at both edges of a line has light on both sides; inside, one side is enough.
        assert_eq!(
            ["#.###.#", "#.###.#.#", "#..#.###.#....#", "##.###.#....#", "#..#.###.#...#"].map(line),
            [80, 40, 40, 0, 0]
        );
        assert_eq!(block_penalty(&[true, true, true, false], &[true, true, false, false]), 3);
        let share = |dark: usize| balance_penalty(&[vec![true; dark], vec![false; 100 - dark]].concat());
        assert_eq!([50, 54, 55, 45, 40, 100, 0].map(share), [0, 0, 10, 10, 20, 100, 100]);
    }

    #[test]
    fn rows_svg_and_modules_show_the_same() {
        let symbol = Symbol::encode(URL, Level::Q).unwrap();
        let bytes_per_row = usize::try_from(symbol.width().div_ceil(8)).unwrap();
        assert_eq!(symbol.rows().len(), bytes_per_row * usize::try_from(symbol.width()).unwrap());
        let svg = symbol.svg(&SvgOptions { quiet: 2, scale: 0, ..SvgOptions::default() }).unwrap();
        let side = symbol.width() + 4;
        assert!(svg.contains(&format!("width=\"{side}\" height=\"{side}\" viewBox=\"0 0 {side} {side}\"")));
        for (row, y) in painted(&svg).iter().zip(0u32..) {
            for (dark, x) in row.iter().zip(0u32..) {
                assert_eq!(*dark, symbol.module(x.wrapping_sub(2), y.wrapping_sub(2)));
            }
        }
        for (row, y) in symbol.rows().chunks(bytes_per_row).zip(0u32..) {
            let bits = row.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1 == 1));
            assert!(bits.zip(0u32..).all(|(bit, x)| bit == symbol.module(x, y)));
        }
        assert!(!symbol.module(symbol.width(), 0) && !symbol.module(0, u32::MAX));
    }

    #[test]
    fn only_hexadecimal_colours_are_written() {
        let symbol = Symbol::encode("a", Level::M).unwrap();
        for colour in ["#000", "#0aF", "#12abEF"] {
            let svg =
                symbol.svg(&SvgOptions { dark: colour, light: colour, ..SvgOptions::default() }).unwrap();
            assert_eq!(svg.matches(&format!("fill=\"{colour}\"")).count(), 2);
        }
        for colour in ["", "#", "black", "000", "#0000", "#00000", "#0000000", "#ggg", "#00 ", "#\"/>", "#é1"]
        {
            let options = SvgOptions::default();
            assert_eq!(symbol.svg(&SvgOptions { dark: colour, ..options }), Err(QrError::Colour), "{colour}");
            assert_eq!(
                symbol.svg(&SvgOptions { light: colour, ..options }),
                Err(QrError::Colour),
                "{colour}"
            );
        }
        assert_eq!(QrError::Colour.code(), "QR_COLOUR");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_text_reads_back(text in "\\PC{1,60}|[A-Z0-9 $%*+./:-]{1,60}|[0-9]{1,40}[a-z]{0,9}[0-9A-Z]{0,40}|[ぁ-龥]{1,40}") {
            let symbol = Symbol::encode(&text, Level::L).unwrap();
            prop_assert_eq!(decoded(&symbol), text);
        }

        #[test]
        fn any_length_is_answered(unit in "\\PC{1,4}", units in 1usize..2_000, at in 0usize..4) {
            let text = unit.repeat(units);
            match Symbol::encode(&text, Level::ALL[at]) {
                Ok(symbol) => prop_assert!(symbol.width() % 4 == 1 && symbol.level() >= Level::ALL[at]),
                Err(error) => prop_assert_eq!(error, QrError::TooLong),
            }
        }
    }
}
