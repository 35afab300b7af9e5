//! Reads what `gate` drew with decoders in Rust: rxing every picture, clean and photographed, quirc the default style.
//!
//! `cargo run -p kfactor-poster --example readers -- FOLDER`, after `tests/decoders/gate.py FOLDER`, which makes the photographs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a tool for tests fails by panicking")]

use image::GrayImage;
use kfactor_poster::read_code;
use serde_json::{Map, Value};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).expect("readers FOLDER");
    let folder = Path::new(&folder);
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let index: Map<String, Value> = serde_json::from_str(&index).unwrap();
    // No decoder in Rust reads Micro QR.
    let of_phones: Vec<&String> = index.keys().filter(|file| index[*file]["micro"].is_null()).collect();
    let default: Vec<&String> =
        of_phones.iter().copied().filter(|file| file.starts_with("default-")).collect();
    let photographed = folder.join("photographed");
    let reads = |decode: fn(&GrayImage) -> Option<String>, from: &Path, files: &[&String]| {
        let is_read = |file: &&&String| {
            let picture = image::open(from.join(file)).unwrap().to_luma8();
            decode(&picture).as_deref() == index[**file]["text"].as_str()
        };
        files.iter().filter(is_read).count()
    };
    let all = of_phones.len();
    let fine = [
        told("rxing", "clean", reads(by_rxing, folder, &of_phones), all, 100),
        told("rxing", "photographed", reads(by_rxing, &photographed, &of_phones), all, 90),
        told("quirc", "default style", reads(by_quirc, folder, &default), default.len(), 100),
    ];
    if fine == [true; 3] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints how many were read, and says whether they are so many in a hundred.
fn told(decoder: &str, kind: &str, read: usize, all: usize, percent: usize) -> bool {
    let enough = all > 0 && read * 100 >= all * percent;
    println!("{decoder:12}  {kind:12}  {read} of {all}  {}", if enough { "ok" } else { "TOO FEW" });
    enough
}

fn by_rxing(picture: &GrayImage) -> Option<String> {
    read_code(picture.to_vec(), picture.width(), picture.height())
}

fn by_quirc(picture: &GrayImage) -> Option<String> {
    let [width, height] = [picture.width(), picture.height()].map(|side| usize::try_from(side).unwrap());
    let mut reader = quircs::Quirc::new();
    let mut found = reader.identify(width, height, picture);
    found.find_map(|code| String::from_utf8(code.ok()?.decode().ok()?.payload).ok())
}
