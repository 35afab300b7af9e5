//! What the pictures of a symbol show, painted and read back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use kfactor_qr::{Colour, Level, Options, QrError, SvgOptions, Symbol};
use proptest::prelude::*;

const URL: &str = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

/// Paints the lines of an SVG that [`Symbol::svg`] wrote.
fn painted(svg: &str) -> Vec<Vec<bool>> {
    let number = |text: &str| text.parse::<usize>().unwrap();
    let between = |from: &str, to: &str| svg.rsplit_once(from).unwrap().1.split_once(to).unwrap().0;
    let side = number(between("viewBox=\"0 0 ", " "));
    let mut modules = vec![vec![false; side]; side];
    for line in between(" d=\"", "\"").split('M').skip(1) {
        let (start, runs) = line.split_once('h').unwrap();
        let (left, top) = start.split_once(' ').unwrap();
        let row = &mut modules[number(top.strip_suffix(".5").unwrap())];
        let mut at = number(left);
        for (run, index) in runs.split('m').zip(0..) {
            let length = if index == 0 {
                run
            } else {
                let (gap, length) = run.split_once(" 0h").unwrap();
                at += number(gap);
                length
            };
            row[at..][..number(length)].fill(true);
            at += number(length);
        }
    }
    modules
}

fn shown(symbol: &Symbol, quiet: usize) -> Vec<Vec<bool>> {
    let side = symbol.version().width() + 2 * quiet;
    let at = |place: usize| u32::try_from(place).unwrap().wrapping_sub(u32::try_from(quiet).unwrap());
    (0..side).map(|y| (0..side).map(|x| symbol.module(at(x), at(y))).collect()).collect()
}

/// The pixels of a PNG that are not of the first colour.
fn unpacked(png: &[u8]) -> Vec<Vec<bool>> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let bit = |row: &[u8], x: usize| row[x / 8] << (x % 8) & 0x80 != 0;
    let width = usize::try_from(info.width).unwrap();
    bytes.chunks(info.line_size).map(|row| (0..width).map(|x| bit(row, x)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn svg_and_png_show_the_modules(text in "[a-z0-9A-Z]{1,400}|[0-9]{1,3000}", quiet in 0u8..6, scale in 1u8..6) {
        let symbol = Symbol::encode(&text, Level::L).unwrap();
        let options = SvgOptions { quiet, scale, ..SvgOptions::default() };
        let modules = shown(&symbol, usize::from(quiet));
        prop_assert_eq!(&painted(&symbol.svg(&options).unwrap()), &modules);
        let scale = usize::from(scale);
        let pixels = unpacked(&symbol.png(&options).unwrap());
        prop_assert_eq!(pixels.len(), modules.len() * scale);
        for (row, y) in pixels.iter().zip(0..) {
            for (pixel, x) in row.iter().zip(0..) {
                prop_assert_eq!(*pixel, modules[y / scale][x / scale]);
            }
        }
    }
}

#[test]
fn pictures_have_sizes_and_are_small() {
    let symbol = Symbol::encode(URL, Level::M).unwrap();
    let svg = symbol.svg(&SvgOptions { quiet: 2, scale: 0, ..SvgOptions::default() }).unwrap();
    assert!(svg.contains("width=\"37\" height=\"37\" viewBox=\"0 0 37 37\""));
    assert!(svg.len() < 2_300, "{}", svg.len());
    let png = symbol.png(&SvgOptions::default()).unwrap();
    assert!(png.len() < 2_500, "{}", png.len());
    assert_eq!(symbol.blocks(4).lines().count(), 21);
}

#[test]
fn only_hexadecimal_colours_are_written() {
    let symbol = Symbol::with("a", &Options::default()).unwrap();
    for colour in ["#000", "#0aF", "#12abEF"] {
        let svg = symbol.svg(&SvgOptions { dark: colour, light: colour, ..SvgOptions::default() }).unwrap();
        assert_eq!(svg.matches(&format!("=\"{colour}\"")).count(), 2);
    }
    for colour in ["", "#", "black", "000", "#0000", "#00000", "#0000000", "#ggg", "#00 ", "#\"/>", "#é1"] {
        assert_eq!(Colour::parse(colour), None, "{colour}");
        let options = SvgOptions::default();
        assert_eq!(symbol.svg(&SvgOptions { dark: colour, ..options }), Err(QrError::Colour), "{colour}");
        assert_eq!(symbol.png(&SvgOptions { light: colour, ..options }), Err(QrError::Colour), "{colour}");
    }
    assert_eq!(QrError::Colour.code(), "QR_COLOUR");
}

#[test]
fn contrast_is_near_to_what_the_web_counts() {
    let expected = [("#07c160", 238), ("#e1251b", 476), ("#ff9900", 214), ("#767676", 454), ("#2b4a8b", 861)];
    for (colour, contrast) in expected {
        let measured = Colour::parse(colour).unwrap().contrast(Colour::WHITE);
        assert!(measured.abs_diff(contrast) <= contrast / 50, "{colour}: {measured}, not {contrast}");
    }
}
