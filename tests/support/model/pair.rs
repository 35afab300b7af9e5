//! The engine and the model side by side.

use kfactor::engine::{Engine, Time};
use serde_json::Value;

use super::{Answer, Model};
use crate::plans::{self, COMMAND_BYTES, START};

/// Runs a plan on both; what differed first.
pub fn run(
    campaign: &Value,
    plan: &[[u8; COMMAND_BYTES]],
    ask: impl Fn(&mut Model, &Value) -> Answer,
) -> Option<String> {
    let mut pair = Pair::new(campaign);
    let opening = plans::opening();
    for number in 0..opening.len() + plan.len() {
        let planned = |number: usize| plans::command(&plan[number], number, pair.engine.state().now.0);
        let command = opening.get(number).cloned().unwrap_or_else(|| planned(number - opening.len()));
        if let Some(differs) = pair.submit(&command, &ask) {
            return Some(format!("{campaign}\n{differs}"));
        }
    }
    None
}

/// The engine and the model after the same commands.
#[derive(Clone)]
pub struct Pair {
    engine: Engine,
    model: Model,
}

impl Pair {
    /// Both before their first command.
    pub fn new(campaign: &Value) -> Pair {
        let engine =
            Engine::load(&campaign.to_string(), [7; 32]).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let (from, until) = (START - 10 * 3_600_000, START + 14 * 3_600_000);
        let runs = &engine.book().current().runs;
        assert_eq!((Time(from), Time(until)), (runs.from, runs.until));
        Pair { engine, model: Model::new(campaign, from, until) }
    }

    /// Submits a command to both; where they differ, in words.
    pub fn submit(&mut self, command: &Value, ask: impl Fn(&mut Model, &Value) -> Answer) -> Option<String> {
        let mut written = Vec::new();
        self.engine.submit_json(command.to_string().as_bytes(), None, &mut written);
        let told: Value = serde_json::from_slice(&written).expect("an answer");
        let expected = ask(&mut self.model, command);
        if !agree(&expected, &told) {
            return Some(format!("{command}\n  the engine: {told}\n  the model:  {expected:?}"));
        }
        let (state, names) = (self.engine.state(), &self.engine.book().names);
        for reward in ["coupon", "goods", "cash"] {
            let Some(handle) = names.reward(reward) else { continue };
            let used = state.reward(handle);
            let (count, spent) = self.model.used(reward);
            if (usize::try_from(used.count).ok(), used.spent.0) != (Some(count), spent) {
                return Some(format!("{command}: {reward}: {used:?}, {count} and {spent}"));
            }
        }
        None
    }
}

fn agree(expected: &Answer, told: &Value) -> bool {
    let expected = match expected {
        Err(code) => return told["code"].as_str() == Some(*code),
        Ok(facts) => facts,
    };
    let untold = ["met", "arrived", "shared"].map(Value::from);
    let Some(facts) = told["facts"].as_array() else { return false };
    let facts: Vec<&Value> = facts.iter().filter(|fact| !untold.contains(&fact["kind"])).collect();
    let same = |expected: &Value, fact: &Value| {
        let keys = expected.as_object().expect("an object").iter().filter(|(key, _)| *key != "mark");
        // The engine's numbers for causes are its own business.
        let told = fact
            .as_object()
            .expect("an object")
            .keys()
            .filter(|key| !["id", "cause"].contains(&key.as_str()));
        keys.clone().all(|(key, value)| fact.get(key) == Some(value))
            && told.into_iter().all(|key| same_key(expected, key))
    };
    expected.len() == facts.len() && expected.iter().zip(facts).all(|(expected, fact)| same(expected, fact))
}

/// Facts of settled grants name their loop and reason as well.
fn same_key(expected: &Value, key: &str) -> bool {
    expected.get(key).is_some() || ["loop", "reason"].contains(&key)
}
