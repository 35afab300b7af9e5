//! A poster with its bleed: what reaches an edge goes on beyond it, so that no white shows where paper is cut a little
//! off.

use kfactor::poster::{DisplayList, Fill, Op};
use kfactor::qr::{Path, Rect, Step};

/// The list of a picture that is `by` pixels larger on each side. Rectangles and pictures that reach an edge are extended,
/// the latter by being drawn larger; gradients keep their places, and everything else stays where it was.
pub(crate) fn with_bleed(mut list: DisplayList, by: i32) -> DisplayList {
    let (width, height) = (list.width, list.height);
    let extended = |at: Rect| {
        let before = |edge: i32| if edge <= 0 { edge - by } else { edge };
        let behind = |edge: i32, whole: i32| if edge >= whole { edge + by } else { edge };
        let (left, top) = (before(at.x), before(at.y));
        let right = behind(at.x + at.width, width);
        let bottom = behind(at.y + at.height, height);
        Rect { x: left + by, y: top + by, width: right - left, height: bottom - top }
    };
    for op in &mut list.ops {
        match op {
            Op::Rects(rects, fill) => {
                rects.iter_mut().for_each(|rect| *rect = extended(*rect));
                shift_fill(fill, by);
            }
            Op::Image { at, radius, .. } => *at = if *radius == 0 { extended(*at) } else { shifted(*at, by) },
            Op::Path(path, fill) => {
                shift_path(path, by * 100);
                shift_fill(fill, by);
            }
            Op::Text { lines, fill, .. } => {
                for line in lines {
                    line.x += by;
                    line.baseline += by;
                }
                shift_fill(fill, by);
            }
        }
    }
    if let Some(code) = &mut list.code {
        code.at = shifted(code.at, by);
    }
    list.width += 2 * by;
    list.height += 2 * by;
    list
}

fn shifted(at: Rect, by: i32) -> Rect {
    Rect { x: at.x + by, y: at.y + by, ..at }
}

fn shift_fill(fill: &mut Fill, by: i32) {
    if let Some((_, _, within)) = &mut fill.to {
        *within = shifted(*within, by);
    }
}

fn shift_path(path: &mut Path, by: i32) {
    for step in &mut path.0 {
        match step {
            Step::Move(x, y) | Step::Line(x, y) => {
                *x += by;
                *y += by;
            }
            Step::Curve(points) => points.iter_mut().for_each(|point| *point += by),
            Step::Close => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fonts, Images, paint::paint};
    use kfactor::poster::{Data, Measure, Poster, display_list};

    #[test]
    fn the_cut_poster_is_the_same_and_its_edges_go_on() {
        let template = r##"{ "size": [200, 300], "ground": { "from": "#ff0000", "to": "#0000ff", "turn": "right" },
            "layers": [
                { "draw": "rect", "at": [0, 250, 200, 50], "fill": "#00ff00" },
                { "draw": "rect", "at": [-30, 20, 60, 60], "fill": "#ffff00", "radius": 30 },
                { "draw": "rect", "at": [60, 60, 50, 50], "fill": "#102030", "shadow": { "down": 4, "blur": 8 } },
                { "draw": "qr", "at": [20, 100, 150, 150] } ] }"##;
        let poster = Poster::parse(template).unwrap();
        let data = Data { url: "https://example.com/r/1".to_owned(), ..Data::default() };
        let list = display_list(&poster, &data, &mut Measure::rough()).unwrap();
        let (fonts, images) = (Fonts::load(&[]), Images::inline());
        let cut = paint(&list, &fonts, &images).unwrap();
        let whole = paint(&with_bleed(list, 20), &fonts, &images).unwrap();
        assert_eq!((whole.width(), whole.height()), (240, 340));
        for (x, y) in (0..200).flat_map(|x| (0..300).map(move |y| (x, y))) {
            let (a, b) = (cut.pixel(x, y).unwrap(), whole.pixel(x + 20, y + 20).unwrap());
            let parts = [(a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue())];
            assert!(parts.iter().all(|(a, b)| a.abs_diff(*b) <= 2), "{x}, {y}: {a:?} and {b:?}");
        }
        let at = |x: u32, y: u32| {
            let pixel = whole.pixel(x, y).unwrap();
            [pixel.red(), pixel.green(), pixel.blue()]
        };
        // The gradient's ends, the bar to all three edges, and the circle that begins left of the poster.
        assert_eq!([at(1, 150), at(239, 150)], [[255, 0, 0], [0, 0, 255]]);
        assert_eq!([at(1, 339), at(239, 339), at(1, 300)], [[0, 255, 0]; 3]);
        assert_eq!(at(10, 70), [255, 255, 0]);
    }
}
