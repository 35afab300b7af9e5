//! Native speed of the engine and size of its state, on the workload of `workload.mjs`; `run.mjs` calls it.
//!
//! `time structs|json CAMPAIGN BATCHES` prints the seconds for the whole workload, `answers structs|json …`
//! every answer, a batch per line, and `state …` the bytes that are held at the end. Each line of BATCHES is a
//! JSON array of commands. In the form `structs` the commands are read from JSON outside the clock.
//! `million CAMPAIGN` makes a million participants of its own and prints the bytes that are held.

#![allow(missing_docs, reason = "a benchmark has no API")]
#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use kfactor::engine::{Act, Command, Engine, Time};
use kfactor::json::scan::Scanner;

const SEED: [u8; 32] = [7; 32];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`, and nothing else when it runs all benchmarks.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["time", form, campaign, batches] => {
            let workload = Workload::read(campaign, batches)?;
            let seconds = workload.run(form, false, |_| Ok(()))?.as_secs_f64();
            println!("{{\"seconds\":{seconds}}}");
        }
        ["answers", form, campaign, batches] => {
            let mut out = std::io::stdout().lock();
            Workload::read(campaign, batches)?.run(form, true, |answers| {
                out.write_all(answers)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
        ["state", campaign, batches] => Workload::read(campaign, batches)?.weigh()?,
        ["million", campaign] => weigh_a_million(campaign)?,
        _ => println!("this benchmark is run by `cargo xtask bench engine`"),
    }
    Ok(())
}

/// The campaign document and the batches.
struct Workload {
    campaign: String,
    batches: Vec<u8>,
}

impl Workload {
    fn read(campaign: &str, batches: &str) -> Result<Workload, Box<dyn Error>> {
        Ok(Workload { campaign: std::fs::read_to_string(campaign)?, batches: std::fs::read(batches)? })
    }

    fn batches(&self) -> impl Iterator<Item = &[u8]> {
        self.batches.split(|&byte| byte == b'\n').filter(|batch| !batch.is_empty())
    }

    fn engine(&self) -> Result<Engine, Box<dyn Error>> {
        Engine::load(&self.campaign, SEED).map_err(|problems| format!("{problems:?}").into())
    }

    /// Submits everything and returns how long that took. The answers of each batch go to `each` as JSON, which
    /// for the form `structs` are only `written` on request, as they are no part of what it measures.
    fn run(
        &self,
        form: &str,
        written: bool,
        mut each: impl FnMut(&[u8]) -> Result<(), Box<dyn Error>>,
    ) -> Result<Duration, Box<dyn Error>> {
        let mut engine = self.engine()?;
        let mut spent = Duration::ZERO;
        let mut out = Vec::new();
        for batch in self.batches() {
            out.clear();
            match form {
                "json" => {
                    let start = Instant::now();
                    engine.submit_json(batch, None, &mut out);
                    spent += start.elapsed();
                }
                "structs" => {
                    let commands = commands(batch)?;
                    let start = Instant::now();
                    for command in &commands {
                        let answer = engine.submit(command);
                        if written {
                            out.push(if out.is_empty() { b'[' } else { b',' });
                            answer.write(&mut out);
                        } else {
                            black_box(answer.facts());
                        }
                    }
                    spent += start.elapsed();
                    if written {
                        out.push(b']');
                    }
                }
                other => return Err(format!("no form is named {other}").into()),
            }
            each(&out)?;
        }
        Ok(spent)
    }

    /// Prints the bytes held after the opens alone, and after all commands, with what the engine's parts hold of it.
    fn weigh(&self) -> Result<(), Box<dyn Error>> {
        let (_, opened) = self.fill(|command| command.act == Act::Open)?;
        let (engine, live) = self.fill(|_| true)?;
        println!("{{\"opened\":{opened},\"live\":{live},\"parts\":{{{}}}}}", parts(&engine));
        Ok(())
    }

    /// An engine after the commands that `fits` picks, and the bytes that it has grown by.
    fn fill(&self, fits: impl Fn(&Command<'_>) -> bool) -> Result<(Engine, usize), Box<dyn Error>> {
        let mut engine = self.engine()?;
        let before = LIVE.load(Relaxed);
        for batch in self.batches() {
            for command in commands(batch)?.iter().filter(|command| fits(command)) {
                drop(engine.submit(command));
            }
        }
        Ok((engine, LIVE.load(Relaxed) - before))
    }
}

/// Opens a loop for every third of a million participants, lets nine of all help in each, and prints what is held.
fn weigh_a_million(campaign: &str) -> Result<(), Box<dyn Error>> {
    const PEOPLE: u64 = 1_000_000;
    const HELPS: u64 = 9;
    let workload = Workload { campaign: std::fs::read_to_string(campaign)?, batches: Vec::new() };
    let mut engine = workload.engine()?;
    let before = LIVE.load(Relaxed);
    let mut number = 0i64;
    // Three days from 2026-12-01T10:00+08:00, as the other workload has them.
    let mut submit = |act: Act, by: u64, loop_: u64| {
        number += 1;
        let (id, by, loop_) = (format!("c{number}"), long_id('o', by, 27), long_id('l', loop_, 11));
        let play = format!("play-{}", 1 + number % 8);
        let mut command = Command::new(&id, Time(1_796_090_400_000 + number * 77), act);
        command.by = Some(by.into());
        command.loop_ = Some(loop_.into());
        command.play = (act == Act::Open).then_some(play.into());
        drop(engine.submit(&command));
    };
    for third in 0..PEOPLE / 3 {
        submit(Act::Open, third * 3, third);
        for help in 0..HELPS {
            submit(Act::Help, mixed(third * HELPS + help) % PEOPLE, mixed(third * 31 + help) % (third + 1));
        }
    }
    let live = LIVE.load(Relaxed) - before;
    let state = engine.state();
    let parts = parts(&engine);
    let (people, loops) = (state.people.len(), state.loops.len());
    println!(
        "{{\"live\":{live},\"participants\":{people},\"loops\":{loops},\"commands\":{number},\"parts\":{{{parts}}}}}"
    );
    Ok(())
}

fn parts(engine: &Engine) -> String {
    let parts = engine.state().memory();
    let parts: Vec<String> = parts.iter().map(|(name, bytes)| format!("\"{name}\":{bytes}")).collect();
    parts.join(",")
}

/// An id like those that platforms give: `length` letters and digits behind one that says what it is.
fn long_id(kind: char, number: u64, length: usize) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = (0..length).map(|at| {
        let word = mixed(number ^ (u64::try_from(at / 12).unwrap_or(0) + 1) << 40);
        let letter = usize::try_from(word >> (at % 12 * 5) & 31).unwrap_or(0);
        LETTERS.get(letter).copied().map_or('A', char::from)
    });
    core::iter::once(kind).chain(letters).collect()
}

/// A finaliser of the SplitMix64 kind.
fn mixed(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

fn commands(batch: &[u8]) -> Result<Vec<Command<'_>>, Box<dyn Error>> {
    let mut scanner = Scanner::new(batch);
    let mut commands = Vec::new();
    while let Some(command) = Command::next(&mut scanner)? {
        commands.push(command);
    }
    Ok(commands)
}

/// Bytes asked for and not yet given back.
static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, and a tally. The benchmark has one thread, so plain loads and stores keep it exact.
struct Counting;

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe to implement; every call goes to the system's one unchanged"
)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(0, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(layout.size(), 0);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(layout.size(), size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn note(gone: usize, come: usize) {
    LIVE.store(LIVE.load(Relaxed) + come - gone, Relaxed);
}
