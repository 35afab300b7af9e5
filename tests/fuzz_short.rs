//! The fuzz targets on the stable toolchain: mutations of valid input, four seconds for each target.
//!
//! `KFACTOR_FUZZ_SECONDS` makes it longer. Every round is made from its number alone, so a failure can be run again.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "fuzzing runs for a time and is told how long"
)]

#[path = "../fuzz/src/drivers.rs"]
mod drivers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use kfactor::attribution::{ReferralCode, Token};
use kfactor::engine::Command;

#[test]
fn campaign_documents() {
    let mut seeds: Vec<Vec<u8>> = vec![drivers::CAMPAIGN.into()];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/campaigns");
    for entry in std::fs::read_dir(folder).expect("the examples") {
        seeds.push(std::fs::read(entry.expect("an entry").path()).expect("an example"));
    }
    fuzz("campaign", &seeds, drivers::campaign);
}

#[test]
fn tokens_and_codes() {
    let token = Token {
        version: Token::OPEN,
        kid: 0,
        kind: 1,
        campaign: 9,
        touchpoint: 8,
        inviter: 7,
        day: 6,
        depth: 5,
    };
    let codes = (0..20)
        .filter_map(|n| ReferralCode::from_number(n * n * n * 1_000_003).ok())
        .map(|code| code.to_string());
    let seeds: Vec<Vec<u8>> = codes
        .chain([token.open().expect("a token"), "00MG—6S2M".to_owned()])
        .map(String::into_bytes)
        .collect();
    fuzz("texts", &seeds, drivers::texts);
}

#[test]
fn commands_as_json() {
    fuzz("commands", &command_seeds(), drivers::commands);
}

#[test]
fn commands_from_javascript() {
    let wired: Vec<Vec<u8>> = command_seeds()
        .iter()
        .filter_map(|json| Command::read(json).ok().map(|command| wired(&command)))
        .collect();
    assert!(wired.len() > 10);
    fuzz("wire", &wired, drivers::wire);
}

#[test]
fn snapshots() {
    fuzz("snapshot", &[drivers::engine().snapshot()], drivers::snapshot);
}

#[test]
fn facts_as_json() {
    let mut answers = Vec::new();
    let mut engine = drivers::engine();
    engine.submit_json(drivers::COMMANDS.as_bytes(), None, &mut answers);
    let mut all = Vec::new();
    let mut seeds = Vec::new();
    for answer in answers.split(|byte| *byte == b'\n') {
        let answer: serde_json::Value = serde_json::from_slice(answer).expect("an answer");
        for fact in answer["facts"].as_array().into_iter().flatten() {
            seeds.push(fact.to_string().into_bytes());
            all.extend_from_slice(fact.to_string().as_bytes());
            all.push(b'\n');
        }
    }
    assert!(seeds.len() > 20);
    seeds.push(all);
    fuzz("facts", &seeds, drivers::facts);
}

fn command_seeds() -> Vec<Vec<u8>> {
    let lines = drivers::COMMANDS.lines().map(|line| line.as_bytes().to_vec());
    lines
        .chain([
            drivers::COMMANDS.into(),
            format!("[{}]", drivers::COMMANDS.trim().replace('\n', ",")).into_bytes(),
        ])
        .collect()
}

/// A command as JavaScript writes it: the act, then a tag and a value for each field.
fn wired(command: &Command<'_>) -> Vec<u8> {
    let mut out = vec![command.act.number()];
    for number in 0..12 {
        if let Some(text) = command.text(number) {
            out.extend_from_slice(&[number, u8::try_from(text.len()).expect("a short text")]);
            out.extend_from_slice(text.as_bytes());
        }
    }
    if let Some(amount) = command.amount {
        out.push(12);
        out.extend_from_slice(&f64::from(i32::try_from(amount.0).expect("a small amount")).to_le_bytes());
    }
    out
}

fn fuzz(name: &str, seeds: &[Vec<u8>], driver: fn(&[u8])) {
    for seed in seeds {
        driver(seed);
    }
    let seconds = std::env::var("KFACTOR_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0u64;
    while Instant::now() < end {
        let input = Mutator(rounds).mutate(seeds);
        if catch_unwind(AssertUnwindSafe(|| driver(&input))).is_err() {
            panic!("{name}, round {rounds}: {input:?}\n{}", String::from_utf8_lossy(&input));
        }
        rounds += 1;
    }
    println!("{name}: {rounds} rounds");
    assert!(rounds > 100, "{name}: only {rounds} rounds");
}

/// Random numbers from the number of a round (SplitMix64).
struct Mutator(u64);

impl Mutator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        // The number of a round is no random number yet.
        self.0 = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        self.next();
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            self.once(&mut input, seeds);
        }
        input
    }

    fn once(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        const WORDS: &[&str] = &[
            "null",
            "true",
            "-1",
            "0",
            "9007199254740991",
            "9223372036854775807",
            "-9223372036854775808",
            "1e9",
            "\"\"",
            "{}",
            "[]",
            "\"met\"",
            "\"granted\"",
            "\"opened\"",
            "\"ann\"",
            "\"G\"",
            "\"A.1\"",
            "\\u0000",
            "\\ud800",
            "\u{feff}",
            "\n",
            "+08:00",
        ];
        let at = self.below(input.len() + 1);
        let length = self.below(12).min(input.len() - at);
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 => drop(input.drain(at..at + length)),
            3 => input.truncate(at),
            4 => {
                let word = WORDS[self.below(WORDS.len())];
                drop(input.splice(at..at + length, word.bytes()));
            }
            5 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len());
                let to = (from + self.below(60)).min(other.len());
                drop(input.splice(at..at + length, other[from..to].iter().copied()));
            }
            6 => {
                // A number in the text becomes another number.
                let digits = input.iter().skip(at).position(u8::is_ascii_digit).map(|offset| at + offset);
                if let Some(at) = digits {
                    let number = WORDS[2 + self.below(5)];
                    let end = at + input[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    drop(input.splice(at..end, number.bytes()));
                }
            }
            _ => {
                let byte = self.byte();
                input.insert(at, byte);
            }
        }
    }
}
