//! The painter for SVG, which servers rasterise and pages can show as they are.

use std::fmt::Write;

use super::layer::{Align, Fit, Turn};
use super::list::{DisplayList, Fill, Line, Op};
use crate::qr::{Path, Rect, Step};

/// Fonts that Chinese, Latin and emoji are drawn with, where a template names none.
const FAMILIES: &str = "'PingFang SC','Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif";

/// Draws a display list as SVG. `source` gives what stands for a picture's address, as a `data:` address; a picture
/// without one is left out.
#[must_use]
pub fn svg(list: &DisplayList, source: &dyn Fn(&str) -> Option<String>) -> String {
    let (width, height) = (list.width, list.height);
    let mut painter = Painter { out: String::new(), defined: 0 };
    painter.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    ));
    for op in &list.ops {
        painter.op(op, source);
    }
    painter.put(format_args!("</svg>"));
    painter.out
}

struct Painter {
    out: String,
    defined: u32,
}

impl Painter {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn op(&mut self, op: &Op, source: &dyn Fn(&str) -> Option<String>) {
        match op {
            Op::Rects(rects, fill) => {
                let attributes = self.fill(fill);
                self.put(format_args!("<path shape-rendering=\"crispEdges\"{attributes} d=\""));
                for Rect { x, y, width, height } in rects {
                    self.put(format_args!("M{x} {y}h{width}v{height}H{x}z"));
                }
                self.put(format_args!("\"/>"));
            }
            Op::Path(path, fill) => {
                let attributes = self.fill(fill);
                self.put(format_args!("<path{attributes} d=\""));
                self.outline(path);
                self.put(format_args!("\"/>"));
            }
            Op::Image { src, at, fit, radius } => {
                if let Some(address) = source(src) {
                    self.image(&address, *at, *fit, *radius);
                }
            }
            Op::Text { family, size, is_bold, spacing, align, lines, fill } => {
                let attributes = self.fill(fill);
                let anchor = match align {
                    Align::Left => "start",
                    Align::Center => "middle",
                    Align::Right => "end",
                };
                let weight = if *is_bold { 700 } else { 400 };
                self.put(format_args!(
                    "<g{attributes} font-size=\"{size}\" font-weight=\"{weight}\" font-family=\""
                ));
                if !family.is_empty() {
                    self.escaped(family);
                    self.put(format_args!(","));
                }
                self.put(format_args!("{FAMILIES}\" text-anchor=\"{anchor}\" letter-spacing=\"{spacing}\">"));
                for Line { text, x, baseline, .. } in lines {
                    self.put(format_args!("<text x=\"{x}\" y=\"{baseline}\" xml:space=\"preserve\">"));
                    self.escaped(text);
                    self.put(format_args!("</text>"));
                }
                self.put(format_args!("</g>"));
            }
        }
    }

    fn image(&mut self, address: &str, at: Rect, fit: Fit, radius: i32) {
        let Rect { x, y, width, height } = at;
        let slice = if fit == Fit::Cover { "slice" } else { "meet" };
        let mut clip = String::new();
        if radius > 0 {
            self.defined += 1;
            let id = self.defined;
            self.put(format_args!(
                "<clipPath id=\"c{id}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>\
                 </clipPath>"
            ));
            clip = format!(" clip-path=\"url(#c{id})\"");
        }
        self.put(format_args!(
            "<g{clip}><image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"xMidYMid {slice}\" xlink:href=\""
        ));
        self.escaped(address);
        self.put(format_args!("\"/></g>"));
    }

    /// The attributes of a fill; a gradient or a shadow is defined first.
    fn fill(&mut self, fill: &Fill) -> String {
        let mut attributes = match &fill.to {
            None => format!(" fill=\"{}\"", fill.from),
            Some((to, turn, Rect { x, y, width, height })) => {
                self.defined += 1;
                let id = self.defined;
                let (right, bottom) = match turn {
                    Turn::Down => (*x, y + height),
                    Turn::Right => (x + width, *y),
                    Turn::Diagonal => (x + width, y + height),
                };
                self.put(format_args!(
                    "<linearGradient id=\"g{id}\" gradientUnits=\"userSpaceOnUse\" x1=\"{x}\" y1=\"{y}\" x2=\"{right}\" \
                     y2=\"{bottom}\"><stop stop-color=\"{}\"/><stop offset=\"1\" stop-color=\"{to}\"/></linearGradient>",
                    fill.from
                ));
                format!(" fill=\"url(#g{id})\"")
            }
        };
        if let Some((tint, down, blur)) = &fill.shadow {
            self.defined += 1;
            let id = self.defined;
            // Half the blur of a canvas, as its specification says.
            self.put(format_args!(
                "<filter id=\"s{id}\" x=\"-50%\" y=\"-50%\" width=\"200%\" height=\"200%\" \
                 color-interpolation-filters=\"sRGB\"><feDropShadow dx=\"0\" dy=\"{down}\" stdDeviation=\"{}.{}\" \
                 flood-color=\"{tint}\"/></filter>",
                blur / 2,
                blur % 2 * 5
            ));
            let _ = write!(attributes, " filter=\"url(#s{id})\"");
        }
        attributes
    }

    fn outline(&mut self, path: &Path) {
        for step in &path.0 {
            match step {
                Step::Move(x, y) => self.points('M', &[*x, *y]),
                Step::Line(x, y) => self.points('L', &[*x, *y]),
                Step::Curve(points) => self.points('C', points),
                Step::Close => self.out.push('Z'),
            }
        }
    }

    /// A letter and numbers that are hundredths.
    fn points(&mut self, letter: char, numbers: &[i32]) {
        self.out.push(letter);
        for (at, number) in numbers.iter().enumerate() {
            if at > 0 {
                self.out.push(' ');
            }
            let (sign, whole) = (if *number < 0 { "-" } else { "" }, number.unsigned_abs());
            self.put(format_args!("{sign}{}", whole / 100));
            if whole % 100 > 0 {
                self.put(format_args!(".{:02}", whole % 100));
            }
        }
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\u{FFFE}' | '\u{FFFF}' => {}
                c if c < ' ' => self.out.push(' '),
                c => self.out.push(c),
            }
        }
    }
}
