//! The display list: what a painter draws, one after the other, without deciding anything.

use super::layer::{Align, Fit, Ink, Turn};
use crate::json::write;
use crate::qr::{Finding, Paint, Path, Rect, Severity, Step};

/// A poster as things to draw, in pixels of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct DisplayList {
    /// The width in pixels.
    pub width: i32,
    /// The height in pixels.
    pub height: i32,
    /// What is drawn, from the back to the front.
    pub ops: Vec<Op>,
    /// The code, where the poster has one.
    pub code: Option<Code>,
    /// What may keep the code from being read.
    pub findings: Vec<Finding>,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Rectangles on whole pixels.
    Rects(Vec<Rect>, Fill),
    /// An outline, in hundredths of a pixel.
    Path(Path, Fill),
    /// A picture, with rounded corners.
    Image {
        /// Its address.
        src: String,
        /// Where it stands.
        at: Rect,
        /// How it fits.
        fit: Fit,
        /// The radius of its corners in pixels.
        radius: i32,
    },
    /// Lines of words.
    Text {
        /// The font's family; empty for the host's own.
        family: String,
        /// The size of letters in pixels.
        size: i32,
        /// Whether letters are bold.
        is_bold: bool,
        /// Further space between letters in pixels.
        spacing: i32,
        /// What `x` of each line is: its left end, its middle or its right end.
        align: Align,
        /// The lines.
        lines: Vec<Line>,
        /// How letters are filled.
        fill: Fill,
    },
}

/// A line of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words.
    pub text: String,
    /// Where it is aligned.
    pub x: i32,
    /// Where its letters stand.
    pub baseline: i32,
    /// How wide it was measured, in hundredths of a pixel.
    pub width: i32,
}

/// Colour, direction and shadow of something to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// The colour, or the first one.
    pub from: String,
    /// The second colour, the direction and the box between whose edges one goes over into the other.
    pub to: Option<(String, Turn, Rect)>,
    /// The colour of the shadow, how far it lies below and how soft it is, in pixels.
    pub shadow: Option<(String, i32, i32)>,
}

/// The code on a poster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Where it stands, with its quiet zone.
    pub at: Rect,
    /// The side of a module in pixels; 0 for a picture of a platform's own code.
    pub unit: u32,
    /// What it says; empty for a picture.
    pub text: String,
    /// What a logo takes of the error correction, in per cent of the block that is worst off.
    pub share: u32,
}

impl Fill {
    /// A fill of one colour.
    pub(crate) fn tint(tint: &str) -> Fill {
        Fill { from: tint.to_owned(), to: None, shadow: None }
    }

    /// A template's ink in a box.
    pub(crate) fn ink(ink: &Ink, within: Rect) -> Fill {
        match ink {
            Ink::Tint(tint) => Fill::tint(tint),
            Ink::Gradient(ink) => Fill {
                from: ink.from.to_string(),
                to: Some((ink.to.to_string(), ink.turn, within)),
                shadow: None,
            },
        }
    }

    /// A symbol's paint in its box.
    pub(crate) fn paint(paint: Paint, within: Rect) -> Fill {
        match paint {
            Paint::Solid(colour) => Fill::tint(&colour.hex()),
            Paint::Diagonal(from, to) => {
                Fill { from: from.hex(), to: Some((to.hex(), Turn::Diagonal, within)), shadow: None }
            }
        }
    }
}

impl DisplayList {
    /// The list as JSON, for painters in other languages. An outline is a flat list of numbers: 0 begins at a point, 1
    /// is a line to one, 2 a curve by two control points to one, 3 closes.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = Writer(Vec::with_capacity(4_096));
        out.raw("{\"width\":");
        out.int(self.width);
        out.raw(",\"height\":");
        out.int(self.height);
        out.raw(",\"ops\":");
        out.list(&self.ops, Writer::op);
        out.raw(",\"code\":");
        match &self.code {
            None => out.raw("null"),
            Some(code) => {
                out.raw("{\"at\":");
                out.rect(code.at);
                out.raw(",\"unit\":");
                write::int(&mut out.0, i64::from(code.unit));
                out.raw(",\"share\":");
                write::int(&mut out.0, i64::from(code.share));
                out.raw(",\"text\":");
                out.text(&code.text);
                out.raw("}");
            }
        }
        out.raw(",\"findings\":");
        out.list(&self.findings, Writer::finding);
        out.raw("}");
        String::from_utf8(out.0).unwrap_or_default()
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) {
        write::text(&mut self.0, text);
    }

    fn int(&mut self, value: i32) {
        write::int(&mut self.0, i64::from(value));
    }

    fn list<T>(&mut self, items: &[T], write: fn(&mut Self, &T)) {
        self.raw("[");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            write(self, item);
        }
        self.raw("]");
    }

    fn rect(&mut self, rect: Rect) {
        self.list(&[rect.x, rect.y, rect.width, rect.height], |out, value| out.int(*value));
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Rects(rects, fill) => {
                self.raw("{\"op\":\"rects\",\"rects\":");
                self.list(rects, |out, rect| out.rect(*rect));
                self.fill(fill);
            }
            Op::Path(path, fill) => {
                self.raw("{\"op\":\"path\",\"path\":");
                let mut numbers = Vec::new();
                for step in &path.0 {
                    match *step {
                        Step::Move(x, y) => numbers.extend([0, x, y]),
                        Step::Line(x, y) => numbers.extend([1, x, y]),
                        Step::Curve(points) => {
                            numbers.push(2);
                            numbers.extend(points);
                        }
                        Step::Close => numbers.push(3),
                    }
                }
                self.list(&numbers, |out, value| out.int(*value));
                self.fill(fill);
            }
            Op::Image { src, at, fit, radius } => {
                self.raw("{\"op\":\"image\",\"src\":");
                self.text(src);
                self.raw(",\"at\":");
                self.rect(*at);
                self.raw(",\"fit\":");
                self.text(fit.as_str());
                self.raw(",\"radius\":");
                self.int(*radius);
            }
            Op::Text { family, size, is_bold, spacing, align, lines, fill } => {
                self.raw("{\"op\":\"text\",\"family\":");
                self.text(family);
                self.raw(",\"size\":");
                self.int(*size);
                self.raw(",\"bold\":");
                self.raw(if *is_bold { "true" } else { "false" });
                self.raw(",\"spacing\":");
                self.int(*spacing);
                self.raw(",\"align\":");
                self.text(align.as_str());
                self.raw(",\"lines\":");
                self.list(lines, |out, line| {
                    out.raw("{\"text\":");
                    out.text(&line.text);
                    out.raw(",\"x\":");
                    out.int(line.x);
                    out.raw(",\"baseline\":");
                    out.int(line.baseline);
                    out.raw("}");
                });
                self.fill(fill);
            }
        }
        self.raw("}");
    }

    fn fill(&mut self, fill: &Fill) {
        self.raw(",\"fill\":");
        self.text(&fill.from);
        if let Some((to, turn, within)) = &fill.to {
            self.raw(",\"to\":");
            self.text(to);
            self.raw(",\"turn\":");
            self.text(turn.as_str());
            self.raw(",\"within\":");
            self.rect(*within);
        }
        if let Some((tint, down, blur)) = &fill.shadow {
            self.raw(",\"shadow\":");
            self.text(tint);
            self.raw(",\"down\":");
            self.int(*down);
            self.raw(",\"blur\":");
            self.int(*blur);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        self.raw("{\"code\":");
        self.text(finding.code);
        self.raw(",\"severity\":");
        self.text(if finding.severity == Severity::Error { "error" } else { "warning" });
        self.raw(",\"measured\":");
        write::int(&mut self.0, i64::from(finding.measured));
        self.raw(",\"limit\":");
        write::int(&mut self.0, i64::from(finding.limit));
        self.raw(",\"message\":");
        self.text(finding.message);
        self.raw(",\"messageZh\":");
        self.text(finding.message_zh);
        self.raw("}");
    }
}
