//! Reads what `gate` drew with decoders in Rust: rxing every picture, clean and photographed, quirc the default style.
//!
//! `cargo run -p kfactor-poster --example readers -- FOLDER`, after `tests/decoders/gate.py FOLDER`, which makes the photographs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a tool for tests fails by panicking")]

use image::GrayImage;
use rxing::common::HybridBinarizer;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};
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
    let tries: [(&str, &str, &Path, &[&String], Decoder, usize); 3] = [
        ("rxing", "clean", folder, &of_phones, by_rxing, 100),
        ("rxing", "photographed", &photographed, &of_phones, by_rxing, 90),
        ("quirc", "default style", folder, &default, by_quirc, 100),
    ];
    let mut is_fine = true;
    for (name, kind, from, files, decode, percent) in tries {
        let reads = |file: &&&String| {
            let picture = image::open(from.join(file)).unwrap().to_luma8();
            decode(&picture).as_deref() == index[**file]["text"].as_str()
        };
        let read = files.iter().filter(reads).count();
        let enough = !files.is_empty() && read * 100 >= files.len() * percent;
        println!(
            "{name:12}  {kind:12}  {read} of {}  {}",
            files.len(),
            if enough { "ok" } else { "TOO FEW" }
        );
        is_fine &= enough;
    }
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Decoder = fn(&GrayImage) -> Option<String>;

fn by_rxing(picture: &GrayImage) -> Option<String> {
    let source = Luma8LuminanceSource::new(picture.to_vec(), picture.width(), picture.height()).ok()?;
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    Some(QrReader.decode_with_hints(&mut bitmap, &hints).ok()?.getText().to_owned())
}

fn by_quirc(picture: &GrayImage) -> Option<String> {
    let [width, height] = [picture.width(), picture.height()].map(|side| usize::try_from(side).unwrap());
    let mut reader = quircs::Quirc::new();
    let mut found = reader.identify(width, height, picture);
    found.find_map(|code| String::from_utf8(code.ok()?.decode().ok()?.payload).ok())
}
