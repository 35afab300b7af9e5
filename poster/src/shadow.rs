//! Shadows: a shape's cover, blurred and tinted, below the shape.

use resvg::tiny_skia::{Color, FillRule, Mask, Path, Pixmap, Transform};

/// Draws the shadow of a shape, `down` pixels below it and as soft as a canvas draws it with `blur`: by a Gaussian whose
/// deviation is half of that.
pub(crate) fn cast(pixels: &mut Pixmap, path: &Path, tint: Color, down: i32, blur: i32) {
    // What is soft has no details: it is reckoned in squares of this side.
    let step = match blur {
        ..12 => 1,
        12..24 => 2,
        _ => 4,
    };
    let radii = boxes(blur / step);
    let margin = (radii.iter().sum::<i32>() + 2) * step;
    let bounds = path.bounds();
    let (left, top) = (whole(bounds.left().floor()) - margin, whole(bounds.top().floor()) - margin);
    let (right, bottom) = (whole(bounds.right().ceil()) + margin, whole(bounds.bottom().ceil()) + margin);
    let squares = |length: i32| u32::try_from(length / step + 1).ok();
    let (Some(width), Some(height)) = (squares(right - left), squares(bottom - top)) else { return };
    // No poster has as much, only an outline that goes far beyond it.
    if u64::from(width) * u64::from(height) > 64_000_000 {
        return;
    }
    let Some(mut cover) = Mask::new(width, height) else { return };
    let part = 1.0 / float(step);
    let place = Transform::from_translate(float(-left), float(-top)).post_scale(part, part);
    cover.fill_path(path, FillRule::Winding, true, place);
    let stride = usize::try_from(width).unwrap_or(1);
    soften(cover.data_mut(), stride, radii);
    let layer = Layer { cover: cover.data(), stride, step: usize::try_from(step).unwrap_or(1) };
    layer.blend(pixels, (left + step / 2, top + down + step / 2), &shades(tint));
}

/// The radii of three boxes that together blur like the Gaussian, within three per cent.
fn boxes(blur: i32) -> [i32; 3] {
    // The width of one box is the deviation times 3 √(2π) / 4, which is 1.88, and the deviation half the blur.
    let width = (blur * 94 + 50) / 100;
    if width % 2 == 1 { [width / 2; 3] } else { [width / 2, width / 2, (width / 2 - 1).max(0)] }
}

fn soften(cover: &mut [u8], stride: usize, radii: [i32; 3]) {
    for radius in
        radii.into_iter().filter_map(|radius| usize::try_from(radius).ok()).filter(|radius| *radius > 0)
    {
        let mut line = Vec::new();
        for row in cover.chunks_exact_mut(stride) {
            line.clear();
            line.extend_from_slice(row);
            across(&line, row, radius);
        }
        downwards(cover, stride, radius);
    }
}

/// The mean of the places around each, in a row; outside there is nothing.
fn across(from: &[u8], to: &mut [u8], radius: usize) {
    let factor = reciprocal(radius);
    let zeros = std::iter::repeat(&0);
    let entering = from.iter().skip(radius).chain(zeros.clone());
    let leaving = zeros.take(radius + 1).chain(from);
    let mut sum: u32 = from.iter().take(radius).map(|value| u32::from(*value)).sum();
    for ((to, entering), leaving) in to.iter_mut().zip(entering).zip(leaving) {
        sum = sum + u32::from(*entering) - u32::from(*leaving);
        *to = mean(sum, factor);
    }
}

/// The same in columns, all of them at once.
fn downwards(cover: &mut [u8], stride: usize, radius: usize) {
    let factor = reciprocal(radius);
    let from = cover.to_vec();
    let mut sums = vec![0u32; stride];
    let row = |at: usize| from.get(at * stride..(at + 1) * stride);
    for at in 0..radius {
        add(&mut sums, row(at));
    }
    for (at, to) in cover.chunks_exact_mut(stride).enumerate() {
        add(&mut sums, row(at + radius));
        if let Some(leaving) = at.checked_sub(radius + 1).and_then(row) {
            sums.iter_mut().zip(leaving).for_each(|(sum, value)| *sum -= u32::from(*value));
        }
        to.iter_mut().zip(&sums).for_each(|(to, sum)| *to = mean(*sum, factor));
    }
}

fn add(sums: &mut [u32], row: Option<&[u8]>) {
    sums.iter_mut().zip(row.unwrap_or_default()).for_each(|(sum, value)| *sum += u32::from(*value));
}

/// What a sum is multiplied by to be divided by a box's width, in 2^16ths.
fn reciprocal(radius: usize) -> u32 {
    let width = u32::try_from(2 * radius + 1).unwrap_or(u32::MAX);
    (65_536 + width / 2) / width
}

fn mean(sum: u32, factor: u32) -> u8 {
    u8::try_from((sum * factor + 32_768) >> 16).unwrap_or(u8::MAX)
}

/// Cover in squares of `step` pixels.
struct Layer<'l> {
    cover: &'l [u8],
    stride: usize,
    step: usize,
}

/// What a shadow adds to the four parts of a pixel, and how much of what is below it stays, of 255.
#[derive(Clone, Copy)]
struct Shade {
    adds: u32,
    stays: u32,
}

/// The shades of a tint, by cover.
fn shades(tint: Color) -> Vec<Shade> {
    let tint = tint.premultiply().to_color_u8();
    let parts = [tint.red(), tint.green(), tint.blue(), tint.alpha()];
    let part =
        |part: u8, cover: u32| u8::try_from(((u32::from(part) * cover + 128) * 257) >> 16).unwrap_or(u8::MAX);
    let shade = |cover: u32| {
        let parts = parts.map(|of| part(of, cover));
        Shade { adds: u32::from_le_bytes(parts), stays: 255 - u32::from(parts[3]) }
    };
    (0..=255).map(shade).collect()
}

/// The four parts of a pixel under a shade, two at a time. A part of the shade is never more than its alpha, so no sum
/// goes beyond 255.
fn over(pixel: u32, shade: Shade) -> u32 {
    const EVEN: u32 = 0x00FF_00FF;
    let stays = |parts: u32| {
        let product = parts * shade.stays + 0x0080_0080;
        (product + ((product >> 8) & EVEN)) >> 8 & EVEN
    };
    shade.adds + (stays(pixel & EVEN) | stays(pixel >> 8 & EVEN) << 8)
}

impl Layer<'_> {
    /// Lays shades over the pixels as far as the cover goes, whose upper left corner is at a place.
    fn blend(&self, pixels: &mut Pixmap, (left, top): (i32, i32), shades: &[Shade]) {
        let stride = usize::try_from(pixels.width()).unwrap_or(1) * 4;
        let skipped = usize::try_from(-left).unwrap_or(0);
        let begin = usize::try_from(left).unwrap_or(0) * 4;
        let rows = (self.cover.len() / self.stride.max(1)).saturating_sub(1) * self.step;
        let (mut column, mut row) = (Vec::new(), Vec::new());
        for (at, y) in (0..rows).zip(top..) {
            let Some(from) = usize::try_from(y).ok().map(|y| y * stride) else { continue };
            let Some(line) = pixels.data_mut().get_mut(from..from + stride) else { continue };
            self.row(at, &mut column, &mut row);
            let (places, _) = line.get_mut(begin..).unwrap_or_default().as_chunks_mut::<4>();
            for (place, cover) in places.iter_mut().zip(row.iter().skip(skipped)) {
                if let Some(shade) = shades.get(usize::from(*cover)).filter(|_| *cover > 0) {
                    *place = over(u32::from_le_bytes(*place), *shade).to_le_bytes();
                }
            }
        }
    }

    /// The cover of a row of pixels. Between the middles of squares it goes over from one to the other; the first pixel
    /// is the one behind the middle of the first.
    fn row(&self, y: usize, column: &mut Vec<u32>, out: &mut Vec<u8>) {
        out.clear();
        let of = |row: usize| self.cover.get(row * self.stride..(row + 1) * self.stride).unwrap_or_default();
        if self.step == 1 {
            return out.extend_from_slice(of(y));
        }
        // Weights are counted in halves of a pixel, of which a square has a power of two.
        let halves = u32::try_from(2 * self.step).unwrap_or(2);
        let bits = 2 * halves.trailing_zeros();
        let weight = u32::try_from(2 * (y % self.step) + 1).unwrap_or(1);
        let pairs = of(y / self.step).iter().zip(of(y / self.step + 1));
        column.clear();
        column
            .extend(pairs.map(|(near, far)| u32::from(*near) * (halves - weight) + u32::from(*far) * weight));
        let rounding = 1 << (bits - 1);
        for (near, far) in column.iter().zip(column.iter().skip(1)) {
            for weight in (1..halves).step_by(2) {
                let sum = near * (halves - weight) + far * weight + rounding;
                out.push(u8::try_from(sum >> bits).unwrap_or(u8::MAX));
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "edges of posters")]
fn whole(value: f32) -> i32 {
    value as i32
}

#[expect(clippy::cast_precision_loss, reason = "below 2^24")]
fn float(value: i32) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Gaussian of a step, by summing it up.
    fn gaussian(distance: f64, deviation: f64) -> f64 {
        let weight = |at: i32| (-f64::from(at * at) / (2.0 * deviation * deviation)).exp();
        let all: f64 = (-400..=400).map(weight).sum();
        (-400..=400).filter(|at| f64::from(*at) <= distance).map(weight).sum::<f64>() / all
    }

    #[test]
    fn an_edge_is_as_soft_as_a_gaussian() {
        for blur in [8, 20, 40, 48] {
            let (stride, rows) = (400, 200);
            let mut cover: Vec<u8> =
                (0..stride * rows).map(|at| if at % stride < 200 { 255 } else { 0 }).collect();
            soften(&mut cover, stride, boxes(blur));
            let row = &cover[100 * stride..101 * stride];
            for x in 60..340 {
                let wanted = 1.0 - gaussian(f64::from(x) - 200.0, f64::from(blur) / 2.0);
                let is = f64::from(row[usize::try_from(x).unwrap()]) / 255.0;
                assert!((is - wanted).abs() < 0.05, "blur {blur}, {x}: {is} and not {wanted}");
            }
        }
    }

    #[test]
    fn shades_add_up() {
        for shade in shades(Color::from_rgba8(255, 30, 0, 200)) {
            for pixel in [0, u32::MAX, 0x80FF_0001] {
                let under = pixel.to_le_bytes().map(u32::from);
                let adds = shade.adds.to_le_bytes().map(u32::from);
                for ((is, under), adds) in over(pixel, shade).to_le_bytes().into_iter().zip(under).zip(adds) {
                    let wanted = adds + (under * shade.stays + 127) / 255;
                    assert!(u32::from(is).abs_diff(wanted) <= 1, "{is} and not {wanted}");
                }
            }
        }
    }

    #[test]
    fn a_soft_shadow_is_as_soft_in_squares() {
        let mut pixels = Pixmap::new(300, 300).unwrap();
        let square = resvg::tiny_skia::Rect::from_xywh(100.0, 90.0, 100.0, 100.0).unwrap();
        let path = resvg::tiny_skia::PathBuilder::from_rect(square);
        cast(&mut pixels, &path, Color::BLACK, 10, 40);
        let alpha = |x: u32, y: u32| i32::from(pixels.pixel(x, y).unwrap().alpha());
        // Half of it at the edges, the same on all sides, and nothing far away.
        for (x, y) in [(100, 150), (150, 100), (199, 150), (150, 199)] {
            assert!((alpha(x, y) - 128).abs() < 10, "{x}, {y}: {}", alpha(x, y));
        }
        for out in 0..60 {
            assert!((alpha(100 - out, 150) - alpha(199 + out, 150)).abs() <= 3, "{out} beside");
            assert!((alpha(150, 100 - out) - alpha(150, 199 + out)).abs() <= 3, "{out} above");
        }
        assert_eq!([alpha(20, 150), alpha(150, 290)], [0, 0]);
    }

    #[test]
    fn nothing_is_lost_and_nothing_grows() {
        let mut cover = vec![0; 101 * 101];
        cover[50 * 101 + 50] = 255;
        soften(&mut cover, 101, boxes(10));
        let column: Vec<u8> = cover.chunks(101).map(|row| row[50]).collect();
        let row = &cover[50 * 101..51 * 101];
        let same = row.iter().zip(&column).all(|(across, down)| across.abs_diff(*down) <= 1);
        assert!(same, "the same in both directions, but for rounding");
        let mut full = vec![255; 101 * 101];
        soften(&mut full, 101, boxes(10));
        assert_eq!(full[50 * 101 + 50], 255);
    }
}
