//! An engine and its clock, for tests that do what a view says is missing.

use kfactor::engine::{Engine, Time};
use serde_json::{Value, json};

/// An engine, and the time of the next command.
#[derive(Clone)]
pub struct World {
    /// The engine.
    pub engine: Engine,
    /// The time of the next command.
    pub now: i64,
    count: usize,
}

impl World {
    /// A campaign before its first command.
    pub fn new(campaign: &Value) -> World {
        let engine =
            Engine::load(&campaign.to_string(), [7; 32]).unwrap_or_else(|problems| panic!("{problems:#?}"));
        World { engine, now: super::START, count: 0 }
    }

    /// Sends a command as it is.
    pub fn submit(&mut self, command: &Value) -> Value {
        let answer = super::send(&mut self.engine, command);
        self.now = self.now.max(self.engine.state().now.0);
        answer
    }

    /// Sends a command now; its facts.
    pub fn must(&mut self, mut command: Value) -> Vec<Value> {
        self.count += 1;
        command["id"] = json!(format!("must{}", self.count));
        command["at"] = json!(self.now);
        let answer = self.submit(&command);
        assert_eq!(answer["ok"], json!(true), "{command} {answer}");
        answer["facts"].as_array().expect("facts").clone()
    }

    /// What a participant sees.
    pub fn view(&self, who: &str) -> Value {
        serde_json::to_value(self.engine.view(who, Time(self.now), None)).expect("a view")
    }

    /// The rewards of a participant's loops that are locked.
    pub fn locked(&self, who: &str) -> Vec<Value> {
        let view = self.view(who);
        let loops = view["loops"].as_array().expect("loops").iter();
        let rows = loops.flat_map(|head| head["rewards"].as_array().expect("rewards").clone());
        rows.filter(|row| row["status"] == json!("locked") && row["to"] == json!(who)).collect()
    }

    /// How many grants of a reward a participant has.
    pub fn granted(&self, who: &str, reward: &Value) -> usize {
        let view = self.view(who);
        view["grants"].as_array().expect("grants").iter().filter(|grant| grant["reward"] == *reward).count()
    }

    /// The rewards that are locked for a participant, each with its loop.
    pub fn locked_in_loops(&self, who: &str) -> Vec<(Value, Value)> {
        let view = self.view(who);
        let rows = view["loops"].as_array().expect("loops").iter().flat_map(|head| {
            let rows = head["rewards"].as_array().expect("rewards").iter();
            rows.map(|row| (head["loop"].clone(), row.clone())).collect::<Vec<_>>()
        });
        rows.filter(|(_, row)| row["status"] == json!("locked") && row["to"] == json!(who)).collect()
    }

    /// How long a step can be waited for.
    pub fn wait_for(&mut self, step: &Value) {
        self.now = self.now.max(step["until"].as_i64().expect("an instant"));
    }
}
