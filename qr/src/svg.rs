//! A symbol as SVG, in the fewest bytes.

use crate::colour::Colour;
use crate::matrix::Matrix;
use crate::symbol::QrError;

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

impl Default for SvgOptions<'_> {
    fn default() -> Self {
        SvgOptions { quiet: 4, scale: 8, dark: "#000", light: "#fff" }
    }
}

impl Matrix {
    /// Draws the symbol as an SVG document: a square, and one line along each run of dark modules. It always has a
    /// width and a height, without which browsers crop or stretch it when a page is drawn into a picture.
    ///
    /// # Errors
    ///
    /// [`QrError::Colour`] if a colour is neither `#rgb` nor `#rrggbb`.
    pub fn svg(&self, options: &SvgOptions) -> Result<String, QrError> {
        if Colour::parse(options.dark).is_none() || Colour::parse(options.light).is_none() {
            return Err(QrError::Colour);
        }
        let quiet = u32::from(options.quiet);
        let side = self.width() + 2 * quiet;
        let size = side * u32::from(options.scale.max(1));
        let mut svg = String::with_capacity(256 + self.rows().len() * 16);
        svg.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
        number(&mut svg, size);
        svg.push_str("\" height=\"");
        number(&mut svg, size);
        svg.push_str("\" viewBox=\"0 0 ");
        number(&mut svg, side);
        svg.push(' ');
        number(&mut svg, side);
        svg.push_str("\" shape-rendering=\"crispEdges\"><path fill=\"");
        svg.push_str(options.light);
        svg.push_str("\" d=\"M0 0h");
        number(&mut svg, side);
        svg.push('v');
        number(&mut svg, side);
        svg.push_str("H0z\"/><path stroke=\"");
        svg.push_str(options.dark);
        svg.push_str("\" d=\"");
        for (y, runs) in self.runs() {
            let mut end = None;
            for (x, length) in runs {
                match end {
                    None => {
                        svg.push('M');
                        number(&mut svg, x + quiet);
                        svg.push(' ');
                        number(&mut svg, y + quiet);
                        svg.push_str(".5h");
                    }
                    Some(end) => {
                        svg.push('m');
                        number(&mut svg, x - end);
                        svg.push_str(" 0h");
                    }
                }
                number(&mut svg, length);
                end = Some(x + length);
            }
        }
        svg.push_str("\"/></svg>");
        Ok(svg)
    }
}

/// Appends a number in decimal; nearly all have one or two digits here, and formatting would take most of the time.
pub(crate) fn number(out: &mut String, value: u32) {
    let digit = |value: u32| char::from_digit(value % 10, 10).unwrap_or('0');
    if value >= 100 {
        number(out, value / 100);
        out.push(digit(value / 10));
    } else if value >= 10 {
        out.push(digit(value / 10));
    }
    out.push(digit(value));
}
