//! Takes `missing` at its word: does exactly what a view says is missing for a reward, and looks again.

use kfactor::engine::{Engine, Time};
use serde_json::{Value, json};

/// An engine after some commands.
pub struct World {
    campaign: Value,
    engine: Engine,
    now: i64,
    sent: u32,
}

impl World {
    /// An engine of the campaign after the commands.
    pub fn new(campaign: &Value, commands: &[Value]) -> Self {
        let id = campaign["id"].as_str().expect("an id");
        let engine = Engine::load(&campaign.to_string(), Engine::public_seed(id))
            .unwrap_or_else(|problems| panic!("{problems:#?}\n{campaign:#}"));
        let mut world = World { campaign: campaign.clone(), engine, now: 0, sent: 0 };
        for command in commands {
            world.now = world.now.max(command["at"].as_i64().expect("a time"));
            world.send(command);
        }
        world
    }

    /// Unlocks each locked reward of the participant's own loops, each from the same beginning.
    pub fn take_at_its_word(&mut self, who: &str, code: &str) {
        let before = (self.engine.clone(), self.now);
        for l in self.view(who)["loops"].as_array().expect("loops") {
            if l["initiator"] != json!(who) {
                continue;
            }
            for (row, reward) in l["rewards"].as_array().expect("rewards").iter().enumerate() {
                if reward["status"] != json!("locked") {
                    continue;
                }
                (self.engine, self.now) = before.clone();
                let had = self.given(who, l, row);
                for step in reward["missing"].as_array().expect("steps") {
                    for _ in 0..step["count"].as_u64().expect("a count") {
                        // What counts for two tasks at once gets there sooner.
                        if self.given(who, l, row) == had {
                            self.does(step, who, code, &l["loop"]);
                        }
                    }
                }
                let more = self.given(who, l, row) > had;
                assert!(more, "row {row}: {reward}\nof {l:#}\n{:#}", self.campaign);
            }
        }
        (self.engine, self.now) = before;
    }

    fn does(&mut self, step: &Value, who: &str, code: &str, l: &Value) {
        let until = step["until"].as_i64();
        let friend = format!("friend-{}", self.sent);
        match step["need"].as_str().expect("a need") {
            "event" => self.accepted(
                json!({ "do": "event", "by": who, "name": step["name"], "amount": step["amount"] }),
            ),
            "join" => self.accepted(json!({ "do": "join", "by": friend, "loop": l })),
            "invite" => {
                self.accepted(json!({ "do": "join", "by": friend, "loop": l }));
                if step["name"].is_string() {
                    self.accepted(json!({ "do": "event", "by": friend, "name": step["name"], "amount": step["amount"] }));
                }
            }
            "return" => self.accepted(json!({ "do": "visit", "by": friend, "code": code })),
            "wait" => self.now = self.now.max(until.expect("an instant")),
            "check-in" => {
                let refused = self.send(&json!({ "do": "check-in", "by": who, "loop": l }));
                if refused["code"] == json!("ALREADY_CHECKED_IN") {
                    self.now = refused["params"]["until"].as_i64().expect("an instant");
                    self.accepted(json!({ "do": "check-in", "by": who, "loop": l }));
                }
            }
            "submit" => {
                let name = self.next_to_submit(who, l);
                let hash = format!("hash-{}", self.sent);
                self.accepted(json!({ "do": "submit", "by": who, "loop": l, "name": name, "text": "yes", "hash": hash }));
            }
            "review" => self.accepted(json!({ "do": "review", "by": who, "loop": l, "name": "approve" })),
            "claim" => self.accepted(json!({ "do": "claim", "by": who, "loop": l })),
            other => panic!("{other}"),
        }
        assert!(until.is_none_or(|until| self.now <= until), "{step} is too late");
    }

    /// How often a row of a loop has given its reward; where rows give again, how many of it there are.
    fn given(&self, who: &str, l: &Value, row: usize) -> usize {
        let view = self.view(who);
        let loops = view["loops"].as_array().expect("loops");
        let now = &loops.iter().find(|other| other["loop"] == l["loop"]).expect("the loop")["rewards"][row];
        if l["mechanic"] == json!("task-unlock") {
            return usize::from(now["status"] != json!("locked") && now["status"] != json!("lost"));
        }
        let grants = view["grants"].as_array().expect("grants").iter();
        grants.filter(|grant| grant["reward"] == now["reward"]).count()
    }

    /// The first open task for which something is handed in.
    fn next_to_submit(&self, who: &str, l: &Value) -> Value {
        let view = self.view(who);
        let own = view["loops"]
            .as_array()
            .expect("loops")
            .iter()
            .find(|other| other["loop"] == *l)
            .expect("the loop");
        let tasks = self.campaign["plays"]["p"]["tasks"].as_array().expect("tasks");
        let items = own["items"].as_array().expect("items").iter().zip(tasks);
        let open = |(item, task): &(&Value, &Value)| {
            item["status"] == json!("open") && (task["submit"].is_string() || task["answer"].is_array())
        };
        items.into_iter().find(open).expect("a task").0["name"].clone()
    }

    fn accepted(&mut self, command: Value) {
        let answer = self.send(&command);
        assert_eq!(answer["ok"], json!(true), "{command}\n{answer}");
    }

    fn send(&mut self, command: &Value) -> Value {
        let mut command = command.clone();
        let fields = command.as_object_mut().expect("an object");
        fields.retain(|_, value| !value.is_null());
        fields.entry("id").or_insert_with(|| json!(format!("w{}", self.sent)));
        fields.entry("at").or_insert_with(|| json!(self.now));
        self.sent += 1;
        super::send(&mut self.engine, &command)
    }

    fn view(&self, who: &str) -> Value {
        serde_json::to_value(self.engine.view(who, Time(self.now), None)).expect("a view")
    }
}

/// Bytes without a pattern, the same for the same seed.
pub fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).expect("eight bits")
    };
    (0..length).map(byte).collect()
}
