//! Microseconds for a symbol, beside other crates in the same run: one line of JSON for each.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

use kfactor_qr::{Level, Symbol};
use std::hint::black_box;
use std::time::Instant;

/// The name of a peer, and how it draws one text.
type Job<'j> = (&'j str, &'j dyn Fn(&str));

const ROUNDS: usize = 15;
const TEXTS: usize = 200;

fn main() {
    for (case, length, level) in [("60M", 60, Level::M), ("120Q", 120, Level::Q)] {
        let texts: Vec<String> = (0..TEXTS).map(|number| text(number, length)).collect();
        let (ec, fast, peer) = match level {
            Level::M => (qrcode::EcLevel::M, fast_qr::ECL::M, qrcodegen::QrCodeEcc::Medium),
            _ => (qrcode::EcLevel::Q, fast_qr::ECL::Q, qrcodegen::QrCodeEcc::Quartile),
        };
        let jobs: [Job<'_>; 4] = [
            ("kfactor", &|text| drop(black_box(Symbol::encode(text, level)))),
            ("crate qrcode", &|text| drop(black_box(qrcode::QrCode::with_error_correction_level(text, ec)))),
            ("crate fast_qr", &|text| drop(black_box(fast_qr::QRBuilder::new(text).ecl(fast).build()))),
            ("crate qrcodegen", &|text| drop(black_box(qrcodegen::QrCode::encode_text(text, peer)))),
        ];
        // One after the other in every round, so that a slow moment of the machine meets all alike.
        let mut times = vec![Vec::new(); jobs.len()];
        for _ in 0..ROUNDS {
            for ((_, job), times) in jobs.iter().zip(&mut times) {
                let start = Instant::now();
                texts.iter().for_each(|text| job(text));
                times.push(start.elapsed().as_secs_f64() * 1e6 / TEXTS as f64);
            }
        }
        let own = times[0].clone();
        for ((name, _), theirs) in jobs.iter().zip(&times).skip(1) {
            let mut ratios: Vec<f64> = theirs.iter().zip(&own).map(|(theirs, own)| theirs / own).collect();
            let of = |values: &mut Vec<f64>, part: usize| {
                values.sort_by(f64::total_cmp);
                values[values.len() * part / 4]
            };
            let value = of(&mut own.clone(), 2);
            println!(
                "{{\"name\":\"qr/native-{case}\",\"value\":{value:.3},\"unit\":\"µs\",\"peer\":\"{name}\",\
                 \"ratio\":{{\"median\":{:.2},\"low\":{:.2},\"high\":{:.2}}}}}",
                of(&mut ratios, 2),
                of(&mut ratios, 1),
                of(&mut ratios, 3)
            );
        }
    }
}

/// A link with a token of its own.
fn text(number: usize, length: usize) -> String {
    let mut state = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let token: String = (0..29)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(letters[(state >> 33) as usize % 62])
        })
        .collect();
    let tail = "?from=poster&utm_source=wechat&utm_medium=poster&utm_campaign=spring-festival-2027&more";
    format!("https://k.example.com/r/{token}{tail}").chars().take(length).collect()
}
