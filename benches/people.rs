//! How fast live codes route, and how long insight takes over many facts. `cargo bench --bench people` prints it.
//!
//! The engine has 200 targets in ten live codes of the six strategies; half the scans are of people who come again, and
//! every fourth person adds the target they were led to. Insight reads a million facts of people who bring people.
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
    routing();
    insight();
    markov();
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
    let begin = Instant::now();
    for (at, (id, by, code)) in ids.iter().enumerate() {
        let time = Time(1_796_090_400_000 + i64::try_from(at).unwrap() * 10);
        let mut command = Command::new(id, time, if at % 8 == 7 { Act::Add } else { Act::Scan });
        command.by = Some(Cow::Borrowed(by));
        command.name = Some(Cow::Borrowed(code));
        accepted += usize::from(engine.submit(&command).accepted());
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "routing: {:.0} scans and adds a second ({accepted} accepted of {SCANS})",
        SCANS as f64 / seconds
    );
    for (part, bytes) in engine.state().memory() {
        println!("  {part}: {:.1} MB", bytes as f64 / 1e6);
    }
}

fn insight() {
    let mut facts = String::new();
    let mut count = 0;
    let mut random = 1u64;
    let mut next = |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % n
    };
    for person in 0..PEOPLE {
        let at = 1_796_090_400_000 + i64::try_from(person).unwrap() * 1_000;
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
        count += 4;
    }
    let begin = Instant::now();
    let mut story = Story::default();
    story.read(facts.as_bytes());
    let read = begin.elapsed().as_secs_f64();
    let report = report(&story, &Options::default());
    let all = begin.elapsed().as_secs_f64();
    println!(
        "insight: {count} facts ({:.0} MB) read in {read:.2} s, with the report {all:.2} s; K {:.3}",
        facts.len() as f64 / 1e6,
        report.k.value
    );
}

fn markov() {
    let paths: Vec<Path> = (0..10_000u32)
        .map(|at| {
            let touches = (0..at % 9 + 1).map(|step| ((at * 7 + step * 13) % 50, i64::from(step))).collect();
            Path { touches, at: 100, value: u64::from(at % 3 == 0), lost: u64::from(at % 3) }
        })
        .collect();
    let begin = Instant::now();
    let credits = credit(&paths, 50, Model::Markov);
    println!(
        "markov: 10000 paths over 50 channels in {:.3} s ({} credited)",
        begin.elapsed().as_secs_f64(),
        credits.iter().sum::<u64>()
    );
}
