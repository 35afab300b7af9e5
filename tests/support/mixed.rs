//! One campaign with the plays of all examples, and random commands of every kind for it.

use serde_json::{Map, Value, json};

/// 2026-12-01T10:00+08:00.
const START: i64 = 1_796_090_400_000;

/// Whole numbers, the same for the same seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % n.max(1)
    }

    /// One of several.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let n = u64::try_from(of.len()).expect("few");
        &of[usize::try_from(self.below(n)).expect("few")]
    }
}

/// The plays and rewards of all example campaigns in one document; each name gets its campaign's in front.
pub fn campaign() -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/campaigns");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the examples").flatten().map(|e| e.path()).collect();
    paths.sort();
    let (mut rewards, mut plays) = (Map::new(), Map::new());
    for path in paths {
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("JSON");
        let short: String = path.file_stem().unwrap_or_default().to_string_lossy().chars().take(12).collect();
        let renamed = |name: &str| -> String { format!("{short}-{name}").chars().take(40).collect() };
        for (part, all) in [("rewards", &mut rewards), ("plays", &mut plays)] {
            for (name, rules) in document[part].as_object().into_iter().flatten() {
                all.insert(renamed(name), rename(rules, &document, &renamed));
            }
        }
    }
    json!({
        "id": "mixed", "title": "Mixed", "currency": "CNY", "timezone": "+08:00",
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-29T00:00" },
        "rewards": rewards, "plays": plays,
    })
}

fn rename(value: &Value, document: &Value, renamed: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => {
            let is_name = document["rewards"].get(text).is_some() || document["plays"].get(text).is_some();
            if is_name { json!(renamed(text)) } else { value.clone() }
        }
        Value::Array(values) => values.iter().map(|value| rename(value, document, renamed)).collect(),
        Value::Object(members) => {
            // The values of these are words of the format, whatever a play or reward is called.
            let member = |(key, value): (&String, &Value)| {
                let word = ["kind", "mechanic", "every", "title"].contains(&key.as_str());
                (key.clone(), if word { value.clone() } else { rename(value, document, renamed) })
            };
            members.iter().map(member).collect()
        }
        _ => value.clone(),
    }
}

/// What can be done in the loops of a mechanic, the likelier the more often.
fn offered(mechanic: &str) -> &'static [&'static str] {
    match mechanic {
        "assist" => &["open", "event", "help", "help", "help", "help", "fulfil", "refund"],
        "bargain" => &["open", "help", "help", "help", "help", "pay", "pay", "refund"],
        "check-in" => &["check-in"],
        "commission" => &["join", "join", "event", "event", "refund", "fulfil", "open"],
        "group-buy" => &["open", "join", "join", "pay", "pay", "pay", "leave", "refund"],
        "group-fission" => &["enter", "enter", "enter", "exit", "claim", "open"],
        "invite" => &["open", "join", "join", "event", "event", "refund", "fulfil"],
        "leaderboard" => &["claim", "tick"],
        "lottery" => &["draw", "draw", "claim", "visit"],
        "points" => &["redeem", "redeem", "claim", "fulfil", "fail", "use"],
        "raffle" => &["join", "draw", "tick"],
        "red-packet" => &["open", "help", "help", "claim", "claim"],
        "screenshot" => &["submit", "submit", "review", "review"],
        "share" => &["open", "share", "visit", "visit"],
        "task-unlock" => &["open", "join", "submit", "review", "check-in", "event", "claim", "leave"],
        "unlock" => &["open", "pay", "pay", "help", "refund"],
        _ => ANYTHING,
    }
}

/// Mechanics with one loop for each participant or for all.
const PERSONAL: [&str; 6] = ["check-in", "lottery", "points", "raffle", "screenshot", "leaderboard"];

const ANYTHING: &[&str] = &[
    "open", "open", "help", "help", "help", "join", "join", "pay", "event", "check-in", "draw", "claim",
    "redeem", "submit", "review", "enter", "exit", "leave", "refund", "fulfil", "fail", "revoke", "use",
    "activate", "visit", "share", "message", "tick",
];

/// Random commands without end.
pub struct Commands {
    random: Random,
    plays: Vec<(String, String)>,
    words: Vec<String>,
    amounts: Vec<i64>,
    loops: Vec<Vec<String>>,
    people: u64,
    step: u64,
    at: i64,
    number: u64,
}

impl Commands {
    /// Commands for a campaign by as many people, up to `step` milliseconds apart.
    pub fn new(campaign: &Value, seed: u64, people: u64, step: u64) -> Commands {
        let plays: Vec<(String, String)> = campaign["plays"]
            .as_object()
            .expect("plays")
            .iter()
            .map(|(name, rules)| (name.clone(), rules["mechanic"].as_str().expect("a mechanic").to_owned()))
            .collect();
        let mut words = Vec::new();
        texts(&campaign["plays"], &mut words);
        words.extend(["approve", "reject", "1", "2"].map(str::to_owned));
        let cents = |word: &String| {
            let (whole, part) = word.split_once('.')?;
            (part.len() == 2).then_some(())?;
            Some(whole.parse::<i64>().ok()? * 100 + part.parse::<i64>().ok()?)
        };
        let mut amounts: Vec<i64> = words.iter().filter_map(cents).collect();
        amounts.sort_unstable();
        amounts.dedup();
        let loops = vec![Vec::new(); plays.len()];
        Commands { random: Random(seed), plays, words, amounts, loops, people, step, at: START, number: 0 }
    }

    fn word(&mut self) -> String {
        self.random.pick(&self.words).chars().take(20).collect()
    }
}

impl Iterator for Commands {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let number = self.number;
        self.number += 1;
        self.at += i64::try_from(self.random.below(self.step)).expect("a span");
        let place = usize::try_from(self.random.below(u64::try_from(self.plays.len()).ok()?)).ok()?;
        let (play, mechanic) = self.plays[place].clone();
        // Mostly the latest loops: the old ones are over.
        let back = usize::try_from(self.random.below(6)).ok()?;
        let known = &self.loops[place];
        let loop_ = match known.len().checked_sub(1) {
            Some(last) => known[last.saturating_sub(back)].clone(),
            None => format!("L{number}"),
        };
        // Mostly what the play offers, sometimes anything.
        let acts = if self.random.below(8) == 0 { ANYTHING } else { offered(&mechanic) };
        let act = *self.random.pick(acts);
        let by = format!("p{}", self.random.below(self.people));
        let mut command = json!({ "id": format!("c{number}"), "at": self.at, "do": act, "by": by });
        let named = self.random.below(8) == 0 || PERSONAL.contains(&mechanic.as_str());
        let (key, whose) = if named { ("play", play.clone()) } else { ("loop", loop_.clone()) };
        match act {
            "open" => {
                command["play"] = json!(play);
                command["loop"] = json!(format!("L{number}"));
                self.loops[place].push(format!("L{number}"));
            }
            "event" => {
                command["name"] = json!(self.word());
                command["order"] = json!(format!("o{number}"));
                command["amount"] = json!(self.random.pick(&self.amounts));
                command["count"] = json!(1 + self.random.below(3));
            }
            "pay" => {
                command[key] = json!(whose);
                command["order"] = json!(format!("o{number}"));
                command["amount"] = json!(self.random.pick(&self.amounts));
            }
            "refund" => {
                command["order"] = json!(format!("o{}", number.saturating_sub(self.random.below(200))))
            }
            "fulfil" | "fail" | "revoke" | "use" | "activate" => {
                command["grant"] = json!(format!("{loop_}.{}", 1 + self.random.below(3)));
            }
            "tick" | "visit" => {}
            "message" => command["text"] = json!(self.word()),
            _ => command[key] = json!(whose),
        }
        if act == "submit" {
            command["hash"] = json!(format!("h{}", self.random.below(500)));
        }
        if ["submit", "review", "claim", "redeem", "enter", "exit"].contains(&act) {
            command["name"] = json!(self.word());
        }
        if ["refund", "fulfil", "fail", "revoke", "use", "tick"].contains(&act) {
            command.as_object_mut()?.remove("by");
        } else if act != "event" && self.random.below(4) == 0 {
            command["device"] = json!(format!("d{}", self.random.below(50)));
        }
        Some(command)
    }
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, out)),
        Value::Object(members) => members.values().for_each(|value| texts(value, out)),
        _ => {}
    }
}
