//! References: slow, obvious second versions of the rules, one file for each mechanic.
//!
//! A reference keeps the list of accepted commands and works every answer out from the whole list again. It
//! says of each command which facts of the mechanic happen, or the code of the refusal; the engine has to
//! say the same.

mod account;
mod bargain;
mod check_in;
mod commission;
mod draw;
mod facts;
mod grants;
mod group_fission;
mod guard;
mod history;
mod invite;
mod leaderboard;
mod limits;
mod long;
mod lottery;
mod points;
mod raffle;
mod red_packet;
mod screenshot;
mod share;
mod task;
mod unlock;
mod word;
mod world;

use std::collections::BTreeMap;

use kfactor::engine::Engine;
use kfactor::engine::pack::Packed as _;
use serde_json::Value;
pub use world::World;

/// 2026-12-01T10:00+08:00.
pub const START: i64 = 1_796_090_400_000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;

/// Facts, each with `kind` and the fields that the reference knows; or the code of a refusal.
pub type Answer = Result<Vec<Value>, String>;

/// A second version of the rules of a mechanic.
pub trait Reference {
    /// The facts that are compared; all others are left to the engine.
    const KINDS: &'static [&'static str];

    /// What becomes of a command that is sent for the first time.
    fn submit(&mut self, command: &Value) -> Answer;
}

/// Sends the commands to the engine and to the reference; where they differ, in words.
///
/// A command whose id was sent before is answered as the first time by both; times that go back are
/// taken for the latest time, and the reference sees them so.
pub fn differs<R: Reference>(campaign: &Value, commands: &[Value], reference: &mut R) -> Option<String> {
    differs_by(campaign, commands, |command| reference.submit(command), R::KINDS)
}

/// As [`differs`], with something between the commands and the reference: for planting faults.
pub fn differs_by(
    campaign: &Value,
    commands: &[Value],
    mut reference: impl FnMut(&Value) -> Answer,
    kinds: &[&str],
) -> Option<String> {
    let id = campaign["id"].as_str().expect("an id");
    let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed(id))
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{campaign:#}"));
    let mut first: BTreeMap<String, Answer> = BTreeMap::new();
    let mut now = 0;
    for (position, command) in commands.iter().enumerate() {
        let answer = send(&mut engine, command);
        let actual = compared(&answer, kinds);
        let id = command["id"].as_str().expect("an id").to_owned();
        let expected = first.get(&id).cloned().unwrap_or_else(|| {
            let at = now.max(command["at"].as_i64().expect("a time"));
            let mut command = command.clone();
            command["at"] = at.into();
            let answer = reference(&command);
            // A malformed command is as if it had never been sent.
            if answer != Err(String::from("COMMAND_MALFORMED")) {
                now = at;
                first.insert(id, answer.clone());
            }
            answer
        });
        let same = match (&expected, &actual) {
            (Err(expected), Err(actual)) => expected == actual,
            (Ok(expected), Ok(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().zip(actual).all(|(expected, actual)| holds(expected, actual))
            }
            _ => false,
        };
        if !same {
            return Some(format!(
                "{position}: {command}\nexpected {expected:#?}\nactual {actual:#?}\n{campaign}"
            ));
        }
    }
    None
}

/// Whether the facts that the commands lead to rebuild the state, alone and after a snapshot.
pub fn rebuilds(campaign: &Value, commands: &[Value]) -> bool {
    let id = campaign["id"].as_str().expect("an id");
    let load = || Engine::load(&campaign.to_string(), Engine::public_seed(id)).expect("a campaign");
    let (mut engine, mut follower) = (load(), load());
    for command in commands {
        let answer = send(&mut engine, command);
        for fact in answer["facts"].as_array().into_iter().flatten() {
            follower.apply_json(fact.to_string().as_bytes()).expect("a fact");
        }
    }
    // Answers and the clock are no part of the facts.
    let body = |engine: &Engine| {
        let mut journal = Vec::new();
        engine.state().journal.pack(&mut journal);
        let mut clock = Vec::new();
        kfactor::engine::pack::put_signed(&mut clock, engine.state().now.0);
        let snapshot = engine.snapshot();
        snapshot[b"kfactor-state-4\n".len() + clock.len()..snapshot.len() - journal.len()].to_vec()
    };
    let mut again = load();
    let restored = again.restore(&engine.snapshot()).is_ok() && again.digest() == engine.digest();
    restored && body(&engine) == body(&follower)
}

/// Sends one command to the engine; its answer.
pub fn send(engine: &mut Engine, command: &Value) -> Value {
    let mut out = Vec::new();
    engine.submit_json(command.to_string().as_bytes(), None, &mut out);
    serde_json::from_slice(&out).expect("an answer")
}

fn compared(answer: &Value, kinds: &[&str]) -> Answer {
    if answer["ok"] == Value::Bool(false) {
        return Err(answer["code"].as_str().expect("a code").to_owned());
    }
    let known = |fact: &&Value| kinds.contains(&fact["kind"].as_str().unwrap_or(""));
    Ok(answer["facts"].as_array().expect("facts").iter().filter(known).cloned().collect())
}

/// Every field that the reference knows is as it says; `null` stands for a field that is not there.
fn holds(expected: &Value, actual: &Value) -> bool {
    let fields = expected.as_object().expect("an object");
    fields.iter().all(|(key, value)| actual.get(key).unwrap_or(&Value::Null) == value)
}

/// Bytes as choices: each test draws its campaigns and commands out of them, so that failures shrink.
pub struct Dice<'a>(pub &'a [u8]);

impl Dice<'_> {
    /// A number below `n`; 0 when the bytes have run out.
    pub fn below(&mut self, n: u8) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        first % n.max(1)
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.below(u8::try_from(of.len()).expect("few")))]
    }

    /// Something in one of `n` cases.
    pub fn maybe<T>(&mut self, n: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(n) == n - 1).then(|| make(self))
    }
}

/// As many bytes, the same for the same seed (xorshift64).
pub fn bytes(seed: u64, count: usize) -> Vec<u8> {
    // Neighbouring seeds must not begin alike: each is stirred first (SplitMix64).
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x = x.max(1);
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// From one to `most` times `N` bytes, the same for the same number.
pub fn plan_of<const N: usize>(number: u64, most: u8) -> Vec<[u8; N]> {
    let all = bytes(!number, 1 + N * usize::from(most));
    let (length, rest) = all.split_first().expect("bytes");
    let (plan, _) = rest.as_chunks::<N>();
    plan[..1 + usize::from(length % most)].to_vec()
}
