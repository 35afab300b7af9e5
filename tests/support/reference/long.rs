//! Long runs: every reference beside the engine over as many random commands as one likes.
//!
//! `cargo xtask long model --commands N --seed S` runs it alone and prints what it did; with the other tests it runs
//! short. Round `n` of a mechanic is the same for the same seed, so that a difference can be looked at again:
//! `--only MECHANIC --round N`.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test reads the clock and its orders"
)]

use serde_json::Value;
use std::time::Instant;

use super::{Reference, bytes, differs, plan_of};
use crate::model::pair;
use crate::plans::{self, CAMPAIGN_BYTES, COMMAND_BYTES};

/// What came of one plan of commands.
pub struct Round {
    /// How many commands it had.
    pub commands: usize,
    /// Where engine and reference differ first, in words, after as few commands as could be found.
    pub differs: Option<String>,
}

impl Round {
    /// Sends the commands to both; where they differ, leaves out what does not matter for it.
    pub fn of<R: Reference>(campaign: &Value, commands: &[Value], fresh: impl Fn() -> R) -> Round {
        let run = |commands: &[Value]| differs(campaign, commands, &mut fresh());
        Round { commands: commands.len(), differs: run(commands).map(|found| shortest(commands, found, run)) }
    }
}

/// What still differs after commands were left out one by one, from the last to the first.
pub fn shortest<C: Clone>(commands: &[C], found: String, run: impl Fn(&[C]) -> Option<String>) -> String {
    let (mut left, mut found) = (commands.to_vec(), found);
    for at in (0..commands.len()).rev() {
        let mut fewer = left.clone();
        fewer.remove(at);
        if let Some(still) = run(&fewer) {
            (left, found) = (fewer, still);
        }
    }
    format!("after {} commands\n{found}", left.len())
}

/// A mechanic's round with this number.
pub type Make = fn(u64) -> Round;

/// The references, and what each of them is about.
pub const ALL: [(&str, Make); 18] = [
    ("assist, invite and group buy", groups),
    ("bargain", super::bargain::round),
    ("check-in", super::check_in::round),
    ("commission", super::commission::round),
    ("the life of grants", super::grants::round),
    ("group fission", super::group_fission::round),
    ("guard", super::guard::round),
    ("invite with caps and codes", super::invite::round),
    ("leaderboard", super::leaderboard::round),
    ("limits", super::limits::round),
    ("lottery", super::lottery::round),
    ("points", super::points::round),
    ("raffle", super::raffle::round),
    ("red packet", super::red_packet::round),
    ("screenshot", super::screenshot::round),
    ("share", super::share::round),
    ("task unlock", super::task::round),
    ("unlock", super::unlock::round),
];

/// A round of the model of assist, invite and group buy.
fn groups(number: u64) -> Round {
    let campaign = plans::campaign(&bytes(number, CAMPAIGN_BYTES), false);
    let plan = plan_of::<COMMAND_BYTES>(number, 90);
    let run =
        |plan: &[[u8; COMMAND_BYTES]]| pair::run(&campaign, plan, |model, command| model.submit(command));
    let differs = run(&plan).map(|found| shortest(&plan, found, run));
    Round { commands: plans::opening().len() + plan.len(), differs }
}

/// Commands in a turn, after which a long run says how far it is.
const TURN: u64 = 1_000_000;

/// The number that `name` asks for in the environment, or another one.
fn asked(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok().map(|text| text.replace('_', ""));
    given.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn every_reference_agrees_over_random_commands() {
    let most = asked("KFACTOR_COMMANDS", 1_000_000);
    let seed = asked("KFACTOR_SEED", 1);
    let only = std::env::var("KFACTOR_ONLY").unwrap_or_default();
    let chosen: Vec<(&str, Make)> = ALL.into_iter().filter(|(name, _)| name.contains(&only)).collect();
    if let Ok(round) = std::env::var("KFACTOR_ROUND") {
        for (name, make) in chosen {
            let round = round.parse().expect("a number");
            println!("{name}, round {round}: {}", make(round).differs.unwrap_or("no difference".to_owned()));
        }
        return;
    }
    let begun = Instant::now();
    // In turns, so that a run that is ended early has looked at every mechanic.
    let turns = most.div_ceil(TURN).max(1);
    let mut done: Vec<(u64, u64, bool)> = vec![(0, 0, false); chosen.len()];
    let mut different = Vec::new();
    for turn in 1..=turns {
        for ((name, make), (commands, rounds, differs)) in chosen.iter().zip(&mut done) {
            let share = most.div_ceil(u64::try_from(chosen.len()).expect("few")) * turn / turns;
            while *commands < share && !*differs {
                let number = seed.wrapping_mul(1 << 40).wrapping_add(*rounds);
                let made = make(number);
                if let Some(found) = made.differs {
                    println!("{name}, round {number} differs: {found}");
                    different.push(format!("{name}, round {number}: {found}"));
                    *differs = true;
                }
                *commands += u64::try_from(made.commands).expect("few");
                *rounds += 1;
            }
        }
        if turn < turns {
            let all: u64 = done.iter().map(|(commands, ..)| commands).sum();
            println!("{all} commands so far, {} differences, {:.0?}", different.len(), begun.elapsed());
        }
    }
    for ((name, _), (commands, rounds, _)) in chosen.iter().zip(&done) {
        println!("{name}: {commands} commands in {rounds} rounds");
    }
    let all: u64 = done.iter().map(|(commands, ..)| commands).sum();
    println!("{all} commands, seed {seed}: {} differences, {:.0?}", different.len(), begun.elapsed());
    assert!(different.is_empty(), "{}", different.join("\n"));
}
