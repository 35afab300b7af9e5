//! Measuring, and where layers stand.

use super::text::is_wide;
use super::values::{At, Size};
use crate::gather::Gather;
use crate::qr::Rect;

/// How wide units of text are in a font. What draws the poster measures too, so that lines end where it ends them.
pub struct Measure<'m>(Box<MeasureUnits<'m>>);

/// Gives the widths of units, in hundredths of a pixel.
type MeasureUnits<'m> = dyn FnMut(&Font<'_>, &[&str]) -> Vec<i32> + 'm;

/// A font to measure or draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Font<'f> {
    /// The family that the template names; the host's own if empty.
    pub family: &'f str,
    /// The size of letters in pixels.
    pub size: i32,
    /// Whether letters are bold.
    pub is_bold: bool,
}

impl<'m> Measure<'m> {
    /// Measures by a function of the host.
    pub fn by(units: impl FnMut(&Font<'_>, &[&str]) -> Vec<i32> + 'm) -> Self {
        Self(Box::new(units))
    }

    /// Measures by the widths that letters have in most fonts, where there is no font at hand. Chinese characters are
    /// exact, because they fill a square.
    #[must_use]
    pub fn rough() -> Measure<'static> {
        Measure::by(|font, units| {
            let letter = |c: char| match c {
                c if is_wide(c) || "“”‘’…—·".contains(c) => 100,
                '\u{200D}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' => 0,
                'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | ' ' | 'I' => 29,
                'm' | 'w' | 'M' | 'W' | '@' | '%' => 85,
                'A'..='Z' => 67,
                _ => 56,
            };
            let bold = if font.is_bold { 105 } else { 100 };
            let width = |unit: &&str| unit.chars().map(letter).sum::<i32>() * font.size * bold / 100;
            units.iter().map(width).gather()
        })
    }

    /// The widths of units with further space behind every character.
    pub(crate) fn widths(&mut self, font: &Font<'_>, units: &[&str], spacing: i32) -> Vec<i32> {
        let mut widths = (self.0)(font, units);
        widths.resize(units.len(), 0);
        for (width, unit) in widths.iter_mut().zip(units) {
            let characters = i32::try_from(unit.chars().count()).unwrap_or(0);
            // A host that gives nonsense must not make a sum overflow.
            *width = (*width).clamp(0, 1_000_000) + spacing * 100 * characters.min(1_000);
        }
        widths
    }
}

/// Pixels of the template as pixels of the picture, which is larger where a screen is dense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale(pub i32);

impl Scale {
    /// A length, rounded to whole pixels.
    pub fn of(self, pixels: i32) -> i32 {
        (pixels * self.0 + 50).div_euclid(100)
    }

    /// A box, whose edges are rounded, so that boxes that touch still do.
    pub fn rect(self, rect: Rect) -> Rect {
        let [x, y] = [self.of(rect.x), self.of(rect.y)];
        let [right, bottom] = [self.of(rect.x + rect.width), self.of(rect.y + rect.height)];
        Rect { x, y, width: right - x, height: bottom - y }
    }
}

/// A layer's box in pixels of the template; `from` is what its top is counted from.
pub(crate) fn placed(at: &At, size: Size, from: i32) -> Rect {
    Rect {
        x: at.left.of(size.width),
        y: from + at.top.of(size.height),
        width: at.width.of(size.width),
        height: at.height.map_or(0, |height| height.of(size.height)),
    }
}
