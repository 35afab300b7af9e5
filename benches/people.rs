//! How fast live codes route, and how long insight takes over many facts; `people.mjs` calls it.
//!
//! `routing` decides 400,000 scans and adds on 200 targets in ten live codes of the six strategies; half the scans are of
//! people who come again, and every eighth command is an add. `facts FILE` writes a million facts of people who bring people
//! within thirty days, `insight FILE` reads them and makes the report, `markov` solves the chain of ten thousand paths. Each
//! prints one JSON object; seconds are those of the processor, because machines are shared.
#![allow(clippy::disallowed_types, reason = "a measurement reads the clock")]
#![expect(clippy::unwrap_used, reason = "a bench may fail loudly")]

use kfactor::attribution::credit::{Model, Path, credit};
use kfactor::engine::{Act, Command, Engine, Time};
use kfactor::insight::{Options, Story, report};
use std::borrow::Cow;
use std::fmt::Write;
use std::time::Instant;

const SCANS: usize = 400_000;
const PEOPLE: usize = 250_000;

fn main() {
    // Cargo adds `--bench`, and nothing else when it runs all benchmarks.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["routing"] => routing(),
        ["facts", file] => {
            std::fs::write(file, facts()).unwrap();
            println!("{{\"file\":{file:?}}}");
        }
        ["insight", file] => insight(&std::fs::read(file).unwrap()),
        ["markov"] => markov(),
        _ => println!("people routing | facts FILE | insight FILE | markov"),
    }
}

/// Seconds that this thread has run on a processor, where the system tells; else of the clock.
fn seconds() -> f64 {
    thread_local!(static BEGIN: Instant = Instant::now());
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGIN.with(|begin| begin.elapsed().as_secs_f64()), |ran| ran / 1e9)
}

/// The most memory the process has had, in bytes; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn routing() {
    let strategies = ["round-robin", "in-order", "fill", "weighted", "least-loaded", "random"];
    let codes: Vec<String> = (0..10)
        .map(|code| {
            let targets: Vec<String> = (0..20)
                .map(|at| {
                    format!(r#"{{"id":"t{at}","weight":{},"daily":100000,"hours":"00:00-24:00"}}"#, at + 1)
                })
                .collect();
            let strategy = strategies[code % strategies.len()];
            format!(
                r#""c{code}":{{"kind":"staff","strategy":"{strategy}","targets":[{}]}}"#,
                targets.join(",")
            )
        })
        .collect();
    let campaign = format!(
        r#"{{"id":"b","title":"B","runs":{{"from":"2026-12-01","until":"2026-12-31"}},
        "plays":{{"p":{{"mechanic":"assist","title":"P","helpers":2,"within":"24h"}}}},"liveCodes":{{{}}}}}"#,
        codes.join(",")
    );
    let mut engine = Engine::load(&campaign, [1; 32]).unwrap();
    let ids: Vec<(String, String, String)> = (0..SCANS)
        .map(|at| {
            let person = at / 2 + (at % 2) * (at / 7);
            (format!("command-{at:09}"), format!("participant-{person:012}"), format!("c{}", person % 10))
        })
        .collect();
    let mut accepted = 0usize;
    let begin = seconds();
    for (at, (id, by, code)) in ids.iter().enumerate() {
        let time = Time(1_796_090_400_000 + i64::try_from(at).unwrap() * 10);
        let mut command = Command::new(id, time, if at % 8 == 7 { Act::Add } else { Act::Scan });
        command.by = Some(Cow::Borrowed(by));
        command.name = Some(Cow::Borrowed(code));
        accepted += usize::from(engine.submit(&command).accepted());
    }
    let seconds = seconds() - begin;
    let bytes: usize = engine.state().memory().iter().map(|(_, bytes)| bytes).sum();
    println!("{{\"commands\":{SCANS},\"accepted\":{accepted},\"seconds\":{seconds},\"state\":{bytes}}}");
}

fn facts() -> String {
    let mut facts = String::new();
    let mut random = 1u64;
    let mut next = |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % n
    };
    for person in 0..PEOPLE {
        let at = 1_796_090_400_000 + i64::try_from(person).unwrap() * 10_368;
        let inviter = if person > 0 && next(10) < 4 {
            format!(r#","inviter":"p{}""#, next(person))
        } else {
            String::new()
        };
        let _ = writeln!(facts, r#"{{"id":"c{person}/0","at":{at},"kind":"met","who":"p{person}"}}"#);
        let _ = writeln!(
            facts,
            r#"{{"id":"c{person}/1","at":{at},"kind":"arrived","who":"p{person}","touchpoint":"t{}"{inviter},"depth":0}}"#,
            person % 12
        );
        let _ = writeln!(
            facts,
            r#"{{"id":"h{person}/0","at":{at},"kind":"helped","loop":"L{}","by":"p{person}","have":1,"need":3}}"#,
            person / 3
        );
        let _ = writeln!(
            facts,
            r#"{{"id":"o{person}/0","at":{at},"kind":"happened","by":"p{person}","name":"order","order":"o{person}","amount":{}}}"#,
            next(9_000)
        );
    }
    facts
}

fn insight(facts: &[u8]) {
    let begin = seconds();
    let mut story = Story::default();
    story.read(facts);
    let read = seconds();
    let report = report(&story, &Options::default());
    let (read, made) = (read - begin, seconds() - read);
    println!(
        "{{\"facts\":{},\"read\":{read},\"made\":{made},\"k\":{},\"peak\":{}}}",
        story.facts,
        report.k.value,
        peak()
    );
}

fn markov() {
    let paths: Vec<Path> = (0..10_000u32)
        .map(|at| {
            let touches = (0..at % 9 + 1).map(|step| ((at * 7 + step * 13) % 50, i64::from(step))).collect();
            Path { touches, at: 100, value: u64::from(at.is_multiple_of(3)), lost: u64::from(at % 3) }
        })
        .collect();
    // The processor's clock is too coarse for one.
    const TIMES: u32 = 1_000;
    let begin = seconds();
    let mut credits = Vec::new();
    for _ in 0..TIMES {
        credits = credit(&paths, 50, Model::Markov);
    }
    let seconds = (seconds() - begin) / f64::from(TIMES);
    println!(
        "{{\"paths\":{},\"credited\":{},\"seconds\":{seconds}}}",
        paths.len(),
        credits.iter().sum::<u64>()
    );
}
