//! A styled symbol as shapes that any painter can draw: rectangles on whole pixels, and outlines.

use crate::colour::Colour;
use crate::style::{Finders, Modules, Style};
use crate::symbol::Symbol;

/// The shapes of a styled symbol, from the back to the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The side of a module in pixels.
    pub unit: u32,
    /// The whole square with its quiet zone, and its colour.
    pub ground: (Rect, Colour),
    /// What is drawn on it.
    pub shapes: Vec<(Shape, Paint)>,
    /// Where a logo goes.
    pub logo: Option<Rect>,
}

/// A shape to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rectangles on whole pixels.
    Rects(Vec<Rect>),
    /// An outline.
    Path(Path),
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// From the left to the right edge.
    pub width: i32,
    /// From the upper to the lower edge.
    pub height: i32,
}

/// What a shape is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// One colour.
    Solid(Colour),
    /// From the first colour in the upper left to the second in the lower right corner of the symbol.
    Diagonal(Colour, Colour),
}

/// An outline, in hundredths of a pixel; inside is where outlines turn around more often one way than the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// A step of an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begins at a point.
    Move(i32, i32),
    /// A straight line to a point.
    Line(i32, i32),
    /// A cubic curve by two control points to a point.
    Curve([i32; 6]),
    /// Back to the beginning.
    Close,
}

impl Drawing {
    /// Draws a symbol with its quiet zone from the pixel (`x`, `y`) on, every module `unit` pixels wide.
    #[must_use]
    pub fn of(symbol: &Symbol, style: &Style, (x, y): (i32, i32), unit: u32) -> Drawing {
        let modules = i32::try_from(symbol.width()).unwrap_or(0);
        let pixels = i32::try_from(unit.max(1)).unwrap_or(1);
        let quiet = i32::from(style.quiet);
        let side = (modules + 2 * quiet) * pixels;
        let place = Place { left: x + quiet * pixels, top: y + quiet * pixels, unit: pixels };
        let logo = style.logo.map(|logo| logo.modules(symbol.width()));
        let is_covered = |x: u32, y: u32| {
            logo.is_some_and(|(from, to)| (from..to).contains(&x) && (from..to).contains(&y))
        };
        let is_dark = |x: u32, y: u32| symbol.module(x, y) && !is_covered(x, y);
        let apart = style.finders != Finders::Square
            || style.finder_colour.is_some()
            || style.modules != Modules::Square;
        let is_data = |x: u32, y: u32| is_dark(x, y) && !(apart && in_finder(x, y, symbol.width()));
        let mut shapes = vec![(modules_of(symbol, style.modules, &is_data, &place), style.dark)];
        if apart {
            let paint = style.finder_colour.map_or(style.dark, Paint::Solid);
            shapes.push((finders_of(symbol.width(), style.finders, &place), paint));
        }
        let area = |(from, to): (u32, u32)| {
            let at = |module: u32| i32::try_from(module).unwrap_or(0) * pixels;
            Rect {
                x: place.left + at(from),
                y: place.top + at(from),
                width: at(to - from),
                height: at(to - from),
            }
        };
        let ground = (Rect { x, y, width: side, height: side }, style.light);
        Drawing { unit: unit.max(1), ground, shapes, logo: logo.map(area) }
    }
}

/// Where modules are in pixels.
struct Place {
    left: i32,
    top: i32,
    unit: i32,
}

impl Place {
    fn rect(&self, x: u32, y: u32, width: u32, height: u32) -> Rect {
        let pixels = |modules: u32| i32::try_from(modules).unwrap_or(0) * self.unit;
        Rect {
            x: self.left + pixels(x),
            y: self.top + pixels(y),
            width: pixels(width),
            height: pixels(height),
        }
    }
}

fn in_finder(x: u32, y: u32, width: u32) -> bool {
    let far = width - 7;
    (x < 7 && (y < 7 || y >= far)) || (y < 7 && x >= far)
}

fn modules_of(symbol: &Symbol, modules: Modules, is_data: &dyn Fn(u32, u32) -> bool, place: &Place) -> Shape {
    let width = symbol.width();
    let all = (0..width).flat_map(|y| (0..width).map(move |x| (x, y))).filter(|(x, y)| is_data(*x, *y));
    if modules == Modules::Square {
        return Shape::Rects(runs(width, is_data, place));
    }
    let mut path = Path::default();
    for (x, y) in all {
        let rect = place.rect(x, y, 1, 1);
        match modules {
            Modules::Square => {}
            Modules::Rounded => path.rounded(rect, [place.unit * 30; 4]),
            Modules::Dots(scale) => path.dot(rect, i32::from(scale)),
            Modules::Connected => {
                let [left, right, up, down] = [
                    is_data(x.wrapping_sub(1), y),
                    is_data(x + 1, y),
                    is_data(x, y.wrapping_sub(1)),
                    is_data(x, y + 1),
                ];
                let corner = |a: bool, b: bool| if a || b { 0 } else { place.unit * 50 };
                path.rounded(
                    rect,
                    [corner(up, left), corner(up, right), corner(down, right), corner(down, left)],
                );
            }
        }
    }
    Shape::Path(path)
}

/// Runs of dark modules, each one rectangle.
fn runs(width: u32, is_data: &dyn Fn(u32, u32) -> bool, place: &Place) -> Vec<Rect> {
    let mut rects = Vec::new();
    for y in 0..width {
        let mut x = 0;
        while x < width {
            let end = (x..width).find(|x| !is_data(*x, y)).unwrap_or(width);
            if end > x {
                rects.push(place.rect(x, y, end - x, 1));
            }
            x = end + 1;
        }
    }
    rects
}

/// Three rings with their centres. Corners inside are rounded in the same proportion: with square ones inside a round
/// ring, scanners lose the finder.
fn finders_of(width: u32, finders: Finders, place: &Place) -> Shape {
    let radius = i32::from(finders.radius());
    let mut path = Path::default();
    for (x, y) in [(0, 0), (width - 7, 0), (0, width - 7)] {
        path.rounded(place.rect(x, y, 7, 7), [place.unit * radius; 4]);
        path.hole(place.rect(x + 1, y + 1, 5, 5), place.unit * radius * 5 / 7);
        path.rounded(place.rect(x + 2, y + 2, 3, 3), [place.unit * radius * 3 / 7; 4]);
    }
    Shape::Path(path)
}

impl Path {
    /// Adds a rectangle, clockwise, with the radii of its corners from the upper left one on, in hundredths of a pixel.
    pub fn rounded(&mut self, rect: Rect, radii: [i32; 4]) {
        let [left, top, right, bottom] = edges(rect);
        let [a, b, c, d] = radii;
        self.0.push(Step::Move(left + a, top));
        self.0.push(Step::Line(right - b, top));
        self.corner((right - b, top), (right, top), (right, top + b), b);
        self.0.push(Step::Line(right, bottom - c));
        self.corner((right, bottom - c), (right, bottom), (right - c, bottom), c);
        self.0.push(Step::Line(left + d, bottom));
        self.corner((left + d, bottom), (left, bottom), (left, bottom - d), d);
        self.0.push(Step::Line(left, top + a));
        self.corner((left, top + a), (left, top), (left + a, top), a);
        self.0.push(Step::Close);
    }

    /// Adds the same the other way round, which cuts it out of what it lies in.
    fn hole(&mut self, rect: Rect, radius: i32) {
        let [left, top, right, bottom] = edges(rect);
        self.0.push(Step::Move(left + radius, top));
        self.corner((left + radius, top), (left, top), (left, top + radius), radius);
        self.0.push(Step::Line(left, bottom - radius));
        self.corner((left, bottom - radius), (left, bottom), (left + radius, bottom), radius);
        self.0.push(Step::Line(right - radius, bottom));
        self.corner((right - radius, bottom), (right, bottom), (right, bottom - radius), radius);
        self.0.push(Step::Line(right, top + radius));
        self.corner((right, top + radius), (right, top), (right - radius, top), radius);
        self.0.push(Step::Close);
    }

    fn dot(&mut self, rect: Rect, scale: i32) {
        let inset = rect.width * (100 - scale) / 2;
        let [left, top, right, bottom] = edges(rect);
        let (left, top, right, bottom) = (left + inset, top + inset, right - inset, bottom - inset);
        let radius = (right - left) / 2;
        let (x, y) = (left + radius, top + radius);
        self.0.push(Step::Move(x, top));
        self.corner((x, top), (right, top), (right, y), radius);
        self.corner((right, y), (right, bottom), (x, bottom), radius);
        self.corner((x, bottom), (left, bottom), (left, y), radius);
        self.corner((left, y), (left, top), (x, top), radius);
        self.0.push(Step::Close);
    }

    /// A quarter of a circle between two points around a corner.
    fn corner(&mut self, from: (i32, i32), corner: (i32, i32), to: (i32, i32), radius: i32) {
        if radius == 0 {
            return;
        }
        // 0.5523 of the way to the corner, which is a circle within a thousandth.
        let near = |end: i32, corner: i32| end + (corner - end) * 5_523 / 10_000;
        self.0.push(Step::Curve([
            near(from.0, corner.0),
            near(from.1, corner.1),
            near(to.0, corner.0),
            near(to.1, corner.1),
            to.0,
            to.1,
        ]));
    }
}

/// Left, upper, right and lower edge in hundredths of a pixel.
fn edges(rect: Rect) -> [i32; 4] {
    [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height].map(|edge| edge * 100)
}
