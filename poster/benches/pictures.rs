//! Draws a poster as often as it is asked to, so that other programs can be timed beside it in the same rounds.
//!
//! `cargo bench -p kfactor-poster --bench pictures -- FOLDER` reads `template.json`, `data.json` and pictures of the
//! folder. Each line of the input is a format and how many posters of it; the answer is the milliseconds of one as a
//! number, measured from the template in memory to the file in memory. `save jpeg` writes `kfactor.jpeg` there.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use kfactor::poster::{Data, Poster};
use kfactor_poster::{Fonts, Format, Images, Picture, draw};
use std::io::BufRead;
use std::path::PathBuf;
use std::time::Instant;

fn main() {
    // Cargo itself adds `--bench`.
    let Some(folder) = std::env::args().skip(1).find(|word| !word.starts_with("--")).map(PathBuf::from)
    else {
        return;
    };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let poster = Poster::parse(&read("template.json")).expect("a template without problems");
    let data = Data::parse(&read("data.json")).expect("the data of a poster");
    let (fonts, images) = (Fonts::load(&[]), Images::of(folder.clone()));
    let draw = |format: &str| -> Picture {
        let format = if format == "png" { Format::Png } else { Format::Jpeg(80) };
        draw(&poster, &data, &fonts, &images, format).expect("a picture")
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (first, second) = line.split_once(' ').expect("two words");
        if first == "save" {
            let picture = draw(second);
            assert_eq!(picture.is_read, Some(true), "the code is not read");
            std::fs::write(folder.join("kfactor").with_extension(second), picture.bytes).unwrap();
            println!("saved");
            continue;
        }
        let count: u32 = second.parse().expect("a number");
        let start = Instant::now();
        (0..count).for_each(|_| drop(std::hint::black_box(draw(first))));
        println!("{:.3}", start.elapsed().as_secs_f64() * 1e3 / f64::from(count));
    }
}
