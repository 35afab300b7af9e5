//! The painter for SVG, which servers rasterise and pages can show as they are.

use super::layer::{Align, Fit, Turn};
use super::list::{DisplayList, Fill, Line, Op};
use crate::json::write;
use crate::qr::{Path, Rect, Step};

/// Fonts that Chinese, Latin and emoji are drawn with, where a template names none.
const FAMILIES: &str = "'PingFang SC','Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif";

/// Draws a display list as SVG. `source` gives what stands for a picture's address, as a `data:` address; a picture
/// without one is left out.
#[must_use]
pub fn svg(list: &DisplayList, source: &dyn Fn(&str) -> Option<String>) -> String {
    let (width, height) = (list.width, list.height);
    let mut painter = Painter { out: Vec::with_capacity(8_192), defined: 0 };
    painter.put(&[
        T("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\""),
        N(width),
        T("\" height=\""),
        N(height),
        T("\" viewBox=\"0 0 "),
        N(width),
        T(" "),
        N(height),
        T("\">"),
    ]);
    for op in &list.ops {
        painter.op(op, source);
    }
    painter.put(&[T("</svg>")]);
    String::from_utf8(painter.out).unwrap_or_default()
}

struct Painter {
    out: Vec<u8>,
    defined: i32,
}

/// A part of what is written: text, or a number.
enum Part<'p> {
    T(&'p str),
    N(i32),
}
use Part::{N, T};

/// What an element is filled with: a colour, or what was defined before under a number.
#[derive(Default)]
struct Filled<'f> {
    tint: &'f str,
    gradient: Option<i32>,
    shadow: Option<i32>,
}

impl Painter {
    /// Without the standard library's formatting, which would be several kilobytes of a page.
    fn put(&mut self, parts: &[Part<'_>]) {
        for part in parts {
            match part {
                T(text) => self.out.extend_from_slice(text.as_bytes()),
                N(number) => write::int(&mut self.out, i64::from(*number)),
            }
        }
    }

    fn op(&mut self, op: &Op, source: &dyn Fn(&str) -> Option<String>) {
        match op {
            Op::Rects(rects, fill) => {
                let filled = self.define(fill);
                self.put(&[T("<path shape-rendering=\"crispEdges\"")]);
                self.attributes(&filled);
                self.put(&[T(" d=\"")]);
                for Rect { x, y, width, height } in rects {
                    self.put(&[T("M"), N(*x), T(" "), N(*y), T("h"), N(*width), T("v"), N(*height)]);
                    self.put(&[T("H"), N(*x), T("z")]);
                }
                self.put(&[T("\"/>")]);
            }
            Op::Path(path, fill) => {
                let filled = self.define(fill);
                self.put(&[T("<path")]);
                self.attributes(&filled);
                self.put(&[T(" d=\"")]);
                self.outline(path);
                self.put(&[T("\"/>")]);
            }
            Op::Image { src, at, fit, radius } => {
                if let Some(address) = source(src) {
                    self.image(&address, *at, *fit, *radius);
                }
            }
            Op::Text { family, size, is_bold, spacing, align, lines, fill } => {
                let filled = self.define(fill);
                let anchor = match align {
                    Align::Left => "start",
                    Align::Center => "middle",
                    Align::Right => "end",
                };
                let weight = if *is_bold { 700 } else { 400 };
                self.put(&[T("<g")]);
                self.attributes(&filled);
                self.put(&[T(" font-size=\""), N(*size), T("\" font-weight=\""), N(weight)]);
                self.put(&[T("\" font-family=\"")]);
                if !family.is_empty() {
                    self.escaped(family);
                    self.put(&[T(",")]);
                }
                self.put(&[T(FAMILIES), T("\" text-anchor=\""), T(anchor)]);
                self.put(&[T("\" letter-spacing=\""), N(*spacing), T("\">")]);
                for Line { text, x, baseline, .. } in lines {
                    self.put(&[T("<text x=\""), N(*x), T("\" y=\""), N(*baseline)]);
                    self.put(&[T("\" xml:space=\"preserve\">")]);
                    self.escaped(text);
                    self.put(&[T("</text>")]);
                }
                self.put(&[T("</g>")]);
            }
        }
    }

    fn image(&mut self, address: &str, at: Rect, fit: Fit, radius: i32) {
        self.put(&[T("<g")]);
        if radius > 0 {
            self.defined += 1;
            let id = self.defined;
            self.put(&[T(" clip-path=\"url(#c"), N(id), T(")\"><clipPath id=\"c"), N(id), T("\"><rect")]);
            self.place(at);
            self.put(&[T(" rx=\""), N(radius), T("\"/></clipPath")]);
        }
        self.put(&[T("><image")]);
        self.place(at);
        let slice = if fit == Fit::Cover { "slice" } else { "meet" };
        self.put(&[T(" preserveAspectRatio=\"xMidYMid "), T(slice), T("\" xlink:href=\"")]);
        self.escaped(address);
        self.put(&[T("\"/></g>")]);
    }

    fn place(&mut self, Rect { x, y, width, height }: Rect) {
        self.put(&[T(" x=\""), N(x), T("\" y=\""), N(y)]);
        self.put(&[T("\" width=\""), N(width), T("\" height=\""), N(height), T("\"")]);
    }

    /// Defines the gradient and the shadow of a fill.
    fn define<'f>(&mut self, fill: &'f Fill) -> Filled<'f> {
        let mut filled = Filled { tint: &fill.from, ..Filled::default() };
        if let Some((to, turn, Rect { x, y, width, height })) = &fill.to {
            self.defined += 1;
            filled.gradient = Some(self.defined);
            let (right, bottom) = match turn {
                Turn::Down => (*x, y + height),
                Turn::Right => (x + width, *y),
                Turn::Diagonal => (x + width, y + height),
            };
            self.put(&[T("<linearGradient id=\"g"), N(self.defined)]);
            self.put(&[T("\" gradientUnits=\"userSpaceOnUse\" x1=\""), N(*x), T("\" y1=\""), N(*y)]);
            self.put(&[T("\" x2=\""), N(right), T("\" y2=\""), N(bottom), T("\"><stop stop-color=\"")]);
            self.put(&[T(&fill.from), T("\"/><stop offset=\"1\" stop-color=\""), T(to)]);
            self.put(&[T("\"/></linearGradient>")]);
        }
        if let Some((tint, down, blur)) = &fill.shadow {
            self.defined += 1;
            filled.shadow = Some(self.defined);
            self.put(&[T("<filter id=\"s"), N(self.defined)]);
            self.put(&[T("\" x=\"-50%\" y=\"-50%\" width=\"200%\" height=\"200%\" ")]);
            self.put(&[T("color-interpolation-filters=\"sRGB\"><feDropShadow dx=\"0\" dy=\""), N(*down)]);
            // Half the blur of a canvas, as its specification says.
            self.put(&[T("\" stdDeviation=\""), N(blur / 2), T("."), N(blur % 2 * 5)]);
            self.put(&[T("\" flood-color=\""), T(tint), T("\"/></filter>")]);
        }
        filled
    }

    fn attributes(&mut self, filled: &Filled<'_>) {
        match filled.gradient {
            None => self.put(&[T(" fill=\""), T(filled.tint), T("\"")]),
            Some(id) => self.put(&[T(" fill=\"url(#g"), N(id), T(")\"")]),
        }
        if let Some(id) = filled.shadow {
            self.put(&[T(" filter=\"url(#s"), N(id), T(")\"")]);
        }
    }

    fn outline(&mut self, path: &Path) {
        for step in &path.0 {
            match step {
                Step::Move(x, y) => self.points("M", &[*x, *y]),
                Step::Line(x, y) => self.points("L", &[*x, *y]),
                Step::Curve(points) => self.points("C", points),
                Step::Close => self.put(&[T("Z")]),
            }
        }
    }

    /// A letter and numbers that are hundredths.
    fn points(&mut self, letter: &str, numbers: &[i32]) {
        self.put(&[T(letter)]);
        for (at, number) in numbers.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            let sign = if *number < 0 { "-" } else { "" };
            let (whole, rest) = (number.abs() / 100, number.abs() % 100);
            self.put(&[T(space), T(sign), N(whole)]);
            if rest > 0 {
                self.put(&[T(if rest < 10 { ".0" } else { "." }), N(rest)]);
            }
        }
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.put(&[T("&amp;")]),
                '<' => self.put(&[T("&lt;")]),
                '>' => self.put(&[T("&gt;")]),
                '"' => self.put(&[T("&quot;")]),
                '\u{FFFE}' | '\u{FFFF}' => {}
                c if c < ' ' => self.put(&[T(" ")]),
                c => self.put(&[T(c.encode_utf8(&mut [0; 4]))]),
            }
        }
    }
}
