//! The painter of pixels: it draws a display list and decides nothing. Shapes, pictures and shadows go straight onto the
//! pixels; words are shaped by the SVG library, which keeps those that many posters share.

use crate::emoji::{EmojiFont, apart};
use crate::fonts::{Fonts, Words};
use crate::images::{Images, address};
use crate::picture::tree;
use crate::shadow;
use kfactor::poster::{DisplayList, Fill, Fit, Op, Turn, svg};
use kfactor::qr::{Path as Outline, Rect as Box, Step};
use resvg::tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pattern, Pixmap,
    PixmapPaint, Point, Rect, Shader, SpreadMode, Transform,
};

/// What stands where a picture could not be had.
const QUIET: &str = "#00000014";

/// Draws a display list on pixels of its size.
///
/// # Errors
/// What is wrong, if there is no room for the pixels or words cannot be shaped.
pub(crate) fn paint(list: &DisplayList, fonts: &Fonts, images: &Images) -> Result<Pixmap, String> {
    let no_room = || "the picture has no room".to_owned();
    let mut pixels = Pixmap::new(side(list.width), side(list.height)).ok_or_else(no_room)?;
    for op in &apart(list, fonts).ops {
        match op {
            Op::Rects(rects, fill) => shape(&mut pixels, rectangles(rects), fill, false),
            Op::Path(path, fill) => shape(&mut pixels, outline(path), fill, true),
            Op::Image { src, at, fit, radius } => image(&mut pixels, images, (src, *at, *fit, *radius)),
            Op::Text { .. } => words(&mut pixels, list, op, fonts)?,
        }
    }
    Ok(pixels)
}

fn shape(pixels: &mut Pixmap, path: Option<Path>, fill: &Fill, smooth: bool) {
    let Some(path) = path else { return };
    if let Some((tint, down, blur)) = &fill.shadow {
        // As on a canvas, what is half transparent throws half a shadow.
        let tint = faded(colour(tint), colour(&fill.from).alpha());
        shadow::cast(pixels, &path, tint, *down, *blur);
    }
    let paint = Paint { shader: shader(fill), anti_alias: smooth, ..Paint::default() };
    pixels.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
}

fn shader(fill: &Fill) -> Shader<'static> {
    let from = colour(&fill.from);
    let Some((to, turn, at)) = &fill.to else { return Shader::SolidColor(from) };
    let [left, top, right, bottom] = [at.x, at.y, at.x + at.width, at.y + at.height].map(float);
    let end = match turn {
        Turn::Down => Point::from_xy(left, bottom),
        Turn::Right => Point::from_xy(right, top),
        Turn::Diagonal => Point::from_xy(right, bottom),
    };
    let stops = vec![GradientStop::new(0.0, from), GradientStop::new(1.0, colour(to))];
    let start = Point::from_xy(left, top);
    LinearGradient::new(start, end, stops, SpreadMode::Pad, Transform::identity())
        .unwrap_or(Shader::SolidColor(from))
}

fn image(pixels: &mut Pixmap, images: &Images, (src, at, fit, radius): (&str, Box, Fit, i32)) {
    let mut frame = Outline::default();
    let most = at.width.min(at.height) * 50;
    frame.rounded(at, [(radius * 100).min(most); 4]);
    let Some(fitted) = images.pixels(src, (side(at.width), side(at.height)), fit == Fit::Cover) else {
        return shape(pixels, outline(&frame), &fill(QUIET), true);
    };
    let picture = &fitted.pixels;
    // A picture that does not fill its frame stands in the middle of it.
    let middle = |room: i32, size: u32| (room - i32::try_from(size).unwrap_or(room)) / 2;
    let (x, y) = (at.x + middle(at.width, picture.width()), at.y + middle(at.height, picture.height()));
    if radius == 0 && fitted.is_opaque {
        return copy(pixels, picture, (x, y));
    }
    if radius == 0 {
        return pixels.draw_pixmap(
            x,
            y,
            picture.as_ref(),
            &PixmapPaint::default(),
            Transform::identity(),
            None,
        );
    }
    let place = Transform::from_translate(float(x), float(y));
    let shader = Pattern::new(picture.as_ref(), SpreadMode::Pad, FilterQuality::Nearest, 1.0, place);
    let paint = Paint { shader, ..Paint::default() };
    if let Some(path) = outline(&frame) {
        pixels.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// Puts an opaque picture at a place, as far as there are pixels.
fn copy(pixels: &mut Pixmap, picture: &Pixmap, (x, y): (i32, i32)) {
    let whole = |value: i32| usize::try_from(value).unwrap_or(0);
    let [stride, wide] = [pixels.width(), picture.width()].map(|side| usize::try_from(side).unwrap_or(1));
    let skipped = whole(-x);
    for (row, y) in picture.pixels().chunks_exact(wide).zip(y..) {
        let Some(line) = usize::try_from(y).ok().map(|y| y * stride..(y + 1) * stride) else { continue };
        let line = pixels.pixels_mut().get_mut(line).unwrap_or_default();
        let (from, to) = (row.get(skipped..), line.get_mut(whole(x)..));
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        let count = from.len().min(to.len());
        if let (Some(from), Some(to)) = (from.get(..count), to.get_mut(..count)) {
            to.copy_from_slice(from);
        }
    }
}

/// Draws a text by the SVG library, alone, as it would stand in the whole.
fn words(pixels: &mut Pixmap, list: &DisplayList, op: &Op, fonts: &Fonts) -> Result<(), String> {
    let words = fonts.drawn(svg(&alone(list, op), &|_| None), |text| drawn(text, list, fonts, 1))?;
    if let Some(drawn) = &words.pixels {
        let (x, y) = words.at;
        pixels.draw_pixmap(x, y, drawn.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    }
    Ok(())
}

/// Puts pictures in the place of emoji, for what can embed no font with pictures.
///
/// # Errors
/// What is wrong, if they cannot be drawn.
pub(crate) fn with_pictures(mut list: DisplayList, fonts: &Fonts) -> Result<DisplayList, String> {
    let mut ops = Vec::with_capacity(list.ops.len());
    for op in &list.ops {
        if !matches!(op, Op::Text { family, .. } if fonts.family() == Some(family)) {
            ops.push(op.clone());
            continue;
        }
        let Words { at: (x, y), pixels } = drawn(&svg(&alone(&list, op), &|_| None), &list, fonts, ZOOM)?;
        if let Some(pixels) = pixels {
            let [width, height] = [pixels.width(), pixels.height()].map(|side| side / ZOOM);
            let [width, height] = [width, height].map(|side| i32::try_from(side).unwrap_or(0));
            let src = address("png", &pixels.encode_png().map_err(|error| error.to_string())?);
            ops.push(Op::Image { src, at: Box { x, y, width, height }, fit: Fit::Cover, radius: 0 });
        }
    }
    list.ops = ops;
    Ok(list)
}

/// Pixels of a picture in print for one of the template's, which are about a tenth of a millimetre.
const ZOOM: u32 = 4;

/// The list with one text alone.
fn alone(list: &DisplayList, op: &Op) -> DisplayList {
    DisplayList {
        ops: vec![op.clone()],
        code: None,
        findings: Vec::new(),
        width: list.width,
        height: list.height,
    }
}

/// The words of an SVG as pixels, `zoom` for one of the list's.
fn drawn(text: &str, list: &DisplayList, fonts: &Fonts, zoom: u32) -> Result<Words, String> {
    let tree = tree(text, fonts)?;
    let bounds = tree.root().abs_layer_bounding_box();
    let (left, top) = (whole(bounds.left().floor()).max(0), whole(bounds.top().floor()).max(0));
    let right = whole(bounds.right().ceil()).min(list.width);
    let bottom = whole(bounds.bottom().ceil()).min(list.height);
    let mut pixels = Pixmap::new(side(right - left) * zoom, side(bottom - top) * zoom);
    if let Some(pixels) = &mut pixels {
        let zoom = float(i32::try_from(zoom).unwrap_or(1));
        let place = Transform::from_translate(float(-left), float(-top)).post_scale(zoom, zoom);
        resvg::render(&tree, place, &mut pixels.as_mut());
    }
    Ok(Words { at: (left, top), pixels })
}

fn rectangles(rects: &[Box]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for Box { x, y, width, height } in rects {
        path.push_rect(Rect::from_xywh(float(*x), float(*y), float(*width), float(*height))?);
    }
    path.finish()
}

/// An outline in hundredths of a pixel.
fn outline(steps: &Outline) -> Option<Path> {
    let mut path = PathBuilder::new();
    let at = |value: i32| float(value) / 100.0;
    for step in &steps.0 {
        match *step {
            Step::Move(x, y) => path.move_to(at(x), at(y)),
            Step::Line(x, y) => path.line_to(at(x), at(y)),
            Step::Curve(points) => {
                let [a, b, c, d, x, y] = points.map(at);
                path.cubic_to(a, b, c, d, x, y);
            }
            Step::Close => path.close(),
        }
    }
    path.finish()
}

/// A colour as templates have it: `#rgb`, `#rrggbb` or `#rrggbbaa`.
fn colour(text: &str) -> Color {
    let digits: Vec<u8> = text.bytes().skip(1).filter_map(hexadecimal).collect();
    match *digits.as_slice() {
        [red, green, blue] => Color::from_rgba8(red * 17, green * 17, blue * 17, 255),
        [a, b, c, d, e, f] => Color::from_rgba8(a << 4 | b, c << 4 | d, e << 4 | f, 255),
        [a, b, c, d, e, f, g, h] => Color::from_rgba8(a << 4 | b, c << 4 | d, e << 4 | f, g << 4 | h),
        _ => Color::BLACK,
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn faded(mut tint: Color, by: f32) -> Color {
    tint.apply_opacity(by);
    tint
}

fn fill(tint: &str) -> Fill {
    Fill { from: tint.to_owned(), to: None, shadow: None }
}

#[expect(clippy::cast_possible_truncation, reason = "edges of words")]
fn whole(value: f32) -> i32 {
    value as i32
}

fn side(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Places on a poster have few digits, which a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "below 2^24")]
fn float(value: i32) -> f32 {
    value as f32
}
