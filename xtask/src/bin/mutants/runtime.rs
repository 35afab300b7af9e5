//! Which mutant is on, which ones a check comes by, and the loop that runs the checks: only in the copy that
//! `cargo xtask mutants` builds, as its `src/mutant.rs`.

#![allow(
    missing_docs,
    clippy::all,
    clippy::restriction,
    clippy::disallowed_types,
    clippy::disallowed_methods
)]

use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// More than there are mutants.
const MOST: usize = 8_192;

static ACTIVE: AtomicU32 = AtomicU32::new(u32::MAX);
static REACHED: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

/// Whether this mutant is the one to be tried.
pub fn on(number: u32) -> bool {
    if let Some(reached) = REACHED.get(number as usize) {
        reached.store(true, Relaxed);
    }
    ACTIVE.load(Relaxed) == number
}

/// How many random cases to try, where the test asks for this many.
pub fn cases(asked: u32) -> u32 {
    (asked / scale()).max(8)
}

/// By how much the tests are shortened.
pub fn scale() -> u32 {
    std::env::var("MUTANTS_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Something that panics if it finds a fault.
pub type Check = (String, Box<dyn Fn()>);

/// What is known of a check without any mutant.
struct Known {
    takes: u64,
    reaches: Vec<u32>,
}

/// Checks that take longer, in microseconds, are left to full runs.
const LONG: u64 = 1_500_000;

/// When the check at work has to be over, in milliseconds since the start; 0 for none.
static ENDS: AtomicU64 = AtomicU64::new(0);

/// `baseline FILE` writes what each check takes and reaches; `run FILE` reads numbers of mutants, line by line, and says
/// of each which check caught it.
pub fn main(checks: Vec<Check>) {
    let words: Vec<String> = std::env::args().collect();
    let (Some(order), Some(file)) = (words.get(1), words.get(2)) else { std::process::exit(2) };
    let file = Path::new(file);
    if order == "baseline" {
        let lines: Vec<String> = checks.iter().map(|check| measured(check)).collect();
        std::fs::write(file, lines.join("\n")).expect("the file can be written");
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    watch(begun);
    let known = read(file, checks.len());
    // What takes long finds little that the others do not.
    let quick = |at: &usize| scale() == 1 || known[*at].takes < LONG;
    let mut order: Vec<usize> = (0..checks.len()).filter(quick).collect();
    order.sort_by_key(|at| known[*at].takes);
    for line in std::io::stdin().lock().lines() {
        let number: u32 = line.expect("a line").trim().parse().expect("a number");
        say(&format!("begin {number}"));
        ACTIVE.store(number, Relaxed);
        let catches = |at: &usize| {
            let (known, (name, check)) = (&known[*at], &checks[*at]);
            if known.reaches.binary_search(&number).is_err() {
                return None;
            }
            let most = 4_000 + known.takes / 1_000 * 20;
            ENDS.store(begun.elapsed().as_millis() as u64 + most, Relaxed);
            let failed = catch_unwind(AssertUnwindSafe(check)).is_err();
            ENDS.store(0, Relaxed);
            failed.then(|| name.clone())
        };
        match order.iter().find_map(catches) {
            Some(name) => say(&format!("caught {number} {name}")),
            None if known.iter().any(|known| known.reaches.binary_search(&number).is_ok()) => {
                say(&format!("survived {number}"));
            }
            None => say(&format!("unreached {number}")),
        }
        ACTIVE.store(u32::MAX, Relaxed);
    }
}

/// One line: the name, the microseconds and the mutants that a check comes by.
fn measured((name, check): &Check) -> String {
    REACHED.iter().for_each(|reached| reached.store(false, Relaxed));
    let begun = Instant::now();
    if catch_unwind(AssertUnwindSafe(check)).is_err() {
        println!("without any mutant this fails: {name}");
        std::process::exit(1);
    }
    let takes = begun.elapsed().as_micros();
    let reached = REACHED.iter().enumerate().filter(|(_, reached)| reached.load(Relaxed));
    let reached: Vec<String> = reached.map(|(number, _)| number.to_string()).collect();
    format!("{name}\t{takes}\t{}", reached.join(","))
}

fn read(file: &Path, count: usize) -> Vec<Known> {
    let text = std::fs::read_to_string(file).expect("the file of the baseline");
    let known: Vec<Known> = text
        .lines()
        .map(|line| {
            let mut parts = line.split('\t').skip(1);
            let takes = parts.next().and_then(|text| text.parse().ok()).expect("a time");
            let reaches =
                parts.next().unwrap_or("").split(',').filter_map(|text| text.parse().ok()).collect();
            Known { takes, reaches }
        })
        .collect();
    assert_eq!(known.len(), count, "the baseline is of other checks");
    known
}

/// Ends the program when a check takes far longer than without a mutant: whoever started it goes on after that mutant.
fn watch(begun: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let ends = ENDS.load(Relaxed);
            if ends != 0 && begun.elapsed().as_millis() as u64 > ends {
                say(&format!("hangs {}", ACTIVE.load(Relaxed)));
                std::process::exit(3);
            }
        }
    });
}

/// Tests may print; lines for whoever started the program begin with a mark of their own.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "\n@{line}").and_then(|()| out.flush());
}

/// What a function gives that gives "some iterator": its own, or a mutant's.
pub enum Either<A, B> {
    Mutant(A),
    Own(B),
}

impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match self {
            Either::Mutant(items) => items.next(),
            Either::Own(items) => items.next(),
        }
    }
}
