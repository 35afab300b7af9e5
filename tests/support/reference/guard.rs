//! The guard: every accepted contribution is kept, and each rule looks through the whole list again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of, rebuilds,
};

const SECOND: i64 = 1_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A contribution that counts.
struct Contribution {
    play: String,
    inviter: String,
    by: String,
    device: Option<String>,
    network: Option<String>,
    at: i64,
}

struct Loop {
    id: String,
    play: String,
    initiator: String,
    helpers: Vec<String>,
}

struct Guard {
    campaign: Value,
    loops: Vec<Loop>,
    counted: Vec<Contribution>,
    met: BTreeMap<String, i64>,
    ordered: Vec<String>,
    /// The command that is held, by loop and participant.
    held: BTreeMap<(String, String), Value>,
    /// What a review has rejected.
    rejected: Vec<(String, String)>,
}

impl Reference for Guard {
    const KINDS: &'static [&'static str] =
        &["met", "opened", "helped", "completed", "held", "released", "discarded"];

    fn submit(&mut self, command: &Value) -> Answer {
        let met = self.met.clone();
        let answer = self.decide(command);
        if answer.is_err() {
            self.met = met;
        }
        answer
    }
}

impl Guard {
    fn new(campaign: &Value) -> Guard {
        let campaign = campaign.clone();
        let (loops, counted, met, ordered, held, rejected) = Default::default();
        Guard { campaign, loops, counted, met, ordered, held, rejected }
    }

    fn decide(&mut self, command: &Value) -> Answer {
        let (by, at) = (text(command, "by").expect("a participant"), command["at"].as_i64().expect("a time"));
        let id = text(command, "loop").unwrap_or_default();
        let head = self.loops.iter().position(|head| head.id == id);
        let mut facts = Vec::new();
        match text(command, "do").expect("an act").as_str() {
            "visit" => self.meet(command, None, &mut facts)?,
            "event" => {
                self.meet(command, None, &mut facts)?;
                self.ordered.push(by);
            }
            "open" => {
                let play = text(command, "play").expect("a play");
                if head.is_some() {
                    return Err("LOOP_EXISTS".into());
                }
                self.meet(command, Some(&play), &mut facts)?;
                facts.push(json!({ "kind": "opened", "loop": id }));
                self.loops.push(Loop { id, play, initiator: by, helpers: Vec::new() });
            }
            "help" => {
                let head = head.ok_or("LOOP_UNKNOWN")?;
                let first = !self.met.contains_key(&by);
                let play = self.loops[head].play.clone();
                self.meet(command, Some(&play), &mut facts)?;
                if self.held.contains_key(&(id.clone(), by.clone())) {
                    return Err("UNDER_REVIEW".into());
                }
                if self.rejected.contains(&(id.clone(), by.clone())) {
                    return Err("RISK_REFUSED".into());
                }
                self.check_rules(head, &by)?;
                self.check_quotas(&play, command)?;
                match self.judge(head, command, first)? {
                    Some(reason) => {
                        facts.push(
                            json!({ "kind": "held", "loop": id, "by": by, "act": "help", "reason": reason }),
                        );
                        self.held.insert((id, by), command.clone());
                    }
                    None => self.contribute(head, command, at, &mut facts),
                }
            }
            _ => {
                let head = head.ok_or("LOOP_UNKNOWN")?;
                let held = self.held.get(&(id.clone(), by.clone())).cloned().ok_or("NOTHING_TO_REVIEW")?;
                if command["name"] == json!("reject") {
                    facts.push(json!({ "kind": "discarded", "loop": id, "by": by }));
                    self.rejected.push((id.clone(), by.clone()));
                } else {
                    self.check_rules(head, &by)?;
                    facts.push(json!({ "kind": "released", "loop": id, "by": by }));
                    self.contribute(head, &held, at, &mut facts);
                }
                self.held.remove(&(id, by));
            }
        }
        Ok(facts)
    }

    fn meet(&mut self, command: &Value, play: Option<&str>, facts: &mut Vec<Value>) -> Result<(), String> {
        let most = self.rule(play, "refuseAbove");
        if let (Some(risk), Some(most)) = (command["risk"].as_i64(), most.as_i64())
            && risk > most
        {
            return Err("RISK_REFUSED".into());
        }
        let by = text(command, "by").expect("a participant");
        if let Entry::Vacant(place) = self.met.entry(by.clone()) {
            facts.push(json!({ "kind": "met", "who": by }));
            place.insert(command["at"].as_i64().expect("a time"));
        }
        Ok(())
    }

    /// A play's own rule, or the campaign's.
    fn rule(&self, play: Option<&str>, key: &str) -> Value {
        let own = play.map_or(Value::Null, |play| self.campaign["plays"][play]["guard"][key].clone());
        if own.is_null() { self.campaign["guard"][key].clone() } else { own }
    }

    fn check_rules(&self, head: usize, by: &str) -> Result<(), String> {
        let head = &self.loops[head];
        let need = self.campaign["plays"][&head.play]["helpers"].as_u64();
        if u64::try_from(head.helpers.len()).ok() >= need {
            return Err("LOOP_COMPLETE".into());
        }
        if head.initiator == by {
            return Err("OWN_LOOP".into());
        }
        if head.helpers.iter().any(|helper| helper == by) {
            return Err("ALREADY_HELPED".into());
        }
        Ok(())
    }

    fn contribute(&mut self, head: usize, sent: &Value, at: i64, facts: &mut Vec<Value>) {
        let by = text(sent, "by").expect("a participant");
        let head = &mut self.loops[head];
        head.helpers.push(by.clone());
        facts.push(json!({ "kind": "helped", "loop": head.id, "by": by, "have": head.helpers.len() }));
        let need = self.campaign["plays"][&head.play]["helpers"].as_u64();
        if u64::try_from(head.helpers.len()).ok() == need {
            facts.push(json!({ "kind": "completed", "loop": head.id }));
        }
        let (play, inviter) = (head.play.clone(), head.initiator.clone());
        let (device, network) = (text(sent, "device"), text(sent, "network"));
        self.counted.push(Contribution { play, inviter, by, device, network, at });
    }

    /// Whether the device or network of a command has used up its quota, and what follows.
    fn quota(&self, play: &str, command: &Value, key: &str) -> Option<String> {
        let rule = self.rule(Some(play), key);
        let own = !self.campaign["plays"][play]["guard"][key].is_null();
        let field = if key == "perDevice" { "device" } else { "network" };
        let mine = text(command, field)?;
        let most = rule.as_u64().or(rule["most"].as_u64())?;
        let zone = 8 * 60 * MINUTE;
        let day = |at: i64| if rule["every"] == json!("day") { (at + zone).div_euclid(DAY) } else { 0 };
        let at = command["at"].as_i64().expect("a time");
        let same = self.counted.iter().filter(|other| {
            let theirs = if key == "perDevice" { &other.device } else { &other.network };
            (!own || other.play == play) && theirs.as_ref() == Some(&mine) && day(other.at) == day(at)
        });
        let full = u64::try_from(same.count()).expect("few") >= most;
        full.then(|| text(&rule, "then").unwrap_or("refuse".into()))
    }

    fn check_quotas(&self, play: &str, command: &Value) -> Result<(), String> {
        for (key, code) in [("perDevice", "DEVICE_LIMIT"), ("perNetwork", "LIMIT_REACHED")] {
            if self.quota(play, command, key).as_deref() == Some("refuse") {
                return Err(code.into());
            }
        }
        Ok(())
    }

    fn judge(&self, head: usize, command: &Value, first: bool) -> Result<Option<&'static str>, String> {
        let head = &self.loops[head];
        let rule = |key: &str| self.rule(Some(&head.play), key);
        let (by, at) = (text(command, "by").expect("a participant"), command["at"].as_i64().expect("a time"));
        let since = at - self.met[&by];
        let new = rule("newUser");
        let ordered = !new["without"].is_null() && self.ordered.contains(&by);
        if ordered || span(&new["within"]).is_some_and(|within| since >= within) {
            return Err("NOT_NEW".into());
        }
        let mut objections: Vec<(&str, String)> = Vec::new();
        if let (Some(risk), Some(most)) = (command["risk"].as_i64(), rule("holdAbove").as_i64())
            && risk > most
        {
            objections.push(("risk", "hold".into()));
        }
        for (key, reason) in [("perDevice", "device"), ("perNetwork", "network")] {
            objections.extend(self.quota(&head.play, command, key).map(|then| (reason, then)));
        }
        let then = |rule: &Value| text(rule, "then").unwrap_or("hold".into());
        let times: Vec<i64> = self
            .counted
            .iter()
            .filter(|other| other.inviter == head.initiator)
            .map(|other| other.at)
            .collect();
        let pace = rule("perInviter");
        if let (Some(most), Some(within)) = (pace["most"].as_u64(), span(&pace["within"])) {
            let recent = times.iter().filter(|time| at - **time < within).count();
            if u64::try_from(recent).expect("few") >= most {
                objections.push(("velocity", then(&pace)));
            }
        }
        let fast = rule("tooFast");
        if let Some(within) = span(&fast["within"])
            && (first || since < within)
        {
            objections.push(("too-fast", then(&fast)));
        }
        let regular = rule("regular");
        if let (Some(count), Some(spread)) = (regular["count"].as_u64(), span(&regular["spread"])) {
            let count = usize::try_from(count).expect("few");
            let all: Vec<i64> = times.iter().copied().chain([at]).collect();
            if all.len() >= count {
                let last = &all[all.len() - count..];
                let gaps: Vec<i64> = last.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let even = gaps.iter().all(|gap| gaps.iter().all(|other| (gap - other).abs() <= spread));
                if even {
                    objections.push(("too-regular", then(&regular)));
                }
            }
        }
        let ring = rule("ring");
        if let Some(people) = ring["people"].as_u64() {
            // Everyone who can be reached from the initiator by 1, 2 … contributions.
            let mut reached = vec![head.initiator.clone()];
            for distance in 1..people {
                let next: Vec<String> = self
                    .counted
                    .iter()
                    .filter(|edge| reached.contains(&edge.by))
                    .map(|edge| edge.inviter.clone())
                    .collect();
                if next.contains(&by) {
                    objections.push((if distance == 1 { "mutual" } else { "ring" }, then(&ring)));
                    break;
                }
                reached.extend(next);
            }
        }
        if objections.iter().any(|(_, then)| then == "refuse") {
            return Err("RISK_REFUSED".into());
        }
        Ok(objections.first().map(|(reason, _)| *reason))
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

fn span(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => 60 * MINUTE,
        _ => DAY,
    };
    Some(number.parse::<i64>().expect("a number") * unit)
}

fn rules(dice: &mut Dice<'_>) -> Value {
    let mut rules = json!({});
    let then = |dice: &mut Dice<'_>| dice.pick(&["hold", "hold", "refuse"]);
    for key in ["perDevice", "perNetwork"] {
        if dice.below(3) == 0 {
            let most = 1 + dice.below(3);
            let every = dice.pick(&["day", "campaign"]);
            rules[key] = if dice.below(3) == 0 {
                json!(most)
            } else {
                json!({ "most": most, "every": every, "then": then(dice) })
            };
        }
    }
    if dice.below(3) == 0 {
        let within = dice.pick(&["1m", "10m", "1h"]);
        rules["perInviter"] = json!({ "most": 1 + dice.below(3), "within": within, "then": then(dice) });
    }
    if dice.below(4) == 0 {
        rules["tooFast"] = json!({ "within": dice.pick(&["3s", "1m", "5m"]), "then": then(dice) });
    }
    if dice.below(3) == 0 {
        let spread = dice.pick(&["1s", "30s"]);
        rules["regular"] = json!({ "count": 3 + dice.below(2), "spread": spread, "then": then(dice) });
    }
    if dice.below(3) == 0 {
        rules["ring"] = json!({ "people": 2 + dice.below(3), "then": then(dice) });
    }
    if dice.below(4) == 0 {
        rules["newUser"] = match dice.below(3) {
            0 => json!({ "within": "1h" }),
            1 => json!({ "without": ["ordered"] }),
            _ => json!({ "within": "10m", "without": ["ordered"] }),
        };
    }
    if let Some(above) = dice.maybe(2, |_| 60) {
        rules["holdAbove"] = json!(above);
    }
    if let Some(above) = dice.maybe(2, |dice| 70 + dice.below(2) * 20) {
        rules["refuseAbove"] = json!(above);
    }
    rules
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let play =
        |helpers: u8| json!({ "mechanic": "assist", "title": "A", "helpers": helpers, "within": "300d" });
    let mut campaign = json!({
        "id": "guarded", "title": "Guarded", "timezone": "+08:00",
        "runs": { "from": "2026-01-01T00:00", "until": "2032-01-01T00:00" },
        "plays": { "a": play(2 + dice.below(5)), "b": play(8), "c": play(1) },
        "guard": rules(dice),
    });
    campaign["plays"]["c"]["requires"] = json!("ordered");
    if dice.below(2) == 0 {
        campaign["plays"]["a"]["guard"] = rules(dice);
    }
    campaign
}

fn commands(plan: &[[u8; 8]]) -> Vec<Value> {
    let mut now = START;
    let initiators = ["ann", "ann", "bo", "bo", "cy", "di"].into_iter().enumerate();
    let open = |(number, by): (usize, &str)| {
        json!({ "id": format!("open{number}"), "at": START, "do": "open", "by": by, "loop": format!("L{number}"),
            "play": if number % 2 == 0 { "a" } else { "b" } })
    };
    let mut commands: Vec<Value> = initiators.map(open).collect();
    // Some plans hardly move the clock, so that contributions follow each other evenly.
    let steady = plan.first().is_some_and(|bytes| bytes[7] % 3 == 0);
    for (number, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        now += match dice.below(16) {
            step if steady && step < 14 => 0,
            0..3 => 0,
            3..6 => SECOND,
            6..10 => MINUTE,
            10..12 => 10 * MINUTE,
            12 => 10 * MINUTE - 1,
            13 => 60 * MINUTE,
            14 => DAY / 2,
            _ => -MINUTE,
        };
        let by = dice.pick(&["ann", "bo", "cy", "di", "ed", "fay", "gus", "hal", "ida"]);
        let loop_ = format!("L{}", dice.below(6));
        let mut command = match dice.below(16) {
            0 => {
                json!({ "do": "open", "play": dice.pick(&["a", "b"]), "loop": format!("M{}", dice.below(3)) })
            }
            1..11 => json!({ "do": "help", "loop": if dice.below(6) == 0 { "M0".into() } else { loop_ } }),
            11 => json!({ "do": "visit" }),
            12 => json!({ "do": "event", "name": "ordered" }),
            13 | 14 => json!({ "do": "review", "loop": loop_, "name": "approve" }),
            _ => json!({ "do": "review", "loop": loop_, "name": "reject" }),
        };
        let extra = dice.below(64);
        if command["do"] == json!("help") || command["do"] == json!("open") {
            if extra & 3 != 0 {
                command["device"] = json!(format!("d{}", extra & 3));
            }
            if extra & 12 != 0 {
                command["network"] = json!(format!("n{}", extra & 4));
            }
            if extra & 48 == 0 {
                command["risk"] = json!(dice.pick(&[60, 61, 70, 71, 90, 91]));
            }
        }
        command["by"] = json!(by);
        command["id"] = json!(format!("c{number}"));
        command["at"] = json!(now);
        commands.push(command);
    }
    commands
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 80));
    Round::of(&campaign, &commands(&plan_of::<8>(number, 80)), || Guard::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_guard_judges_by_what_was_accepted(
        rules in vec(any::<u8>(), 80), plan in vec(any::<[u8; 8]>(), 1..80),
    ) {
        let (campaign, commands) = (campaign(&rules), commands(&plan));
        let differs = differs(&campaign, &commands, &mut Guard::new(&campaign));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
        prop_assert!(rebuilds(&campaign, &commands), "facts rebuild another state\n{campaign}");
    }
}

#[test]
fn random_plans_reach_every_reason() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..400 {
        let rules = vec(any::<u8>(), 80).new_tree(&mut runner).expect("bytes").current();
        let plan = vec(any::<[u8; 8]>(), 80).new_tree(&mut runner).expect("bytes").current();
        let mut guard = Guard::new(&campaign(&rules));
        let mut now = 0;
        for mut command in commands(&plan) {
            now = now.max(command["at"].as_i64().unwrap_or(0));
            command["at"] = json!(now);
            let told = match guard.submit(&command) {
                Ok(facts) => facts.iter().filter_map(|f| text(f, "reason").or(text(f, "kind"))).collect(),
                Err(code) => vec![code],
            };
            for name in told {
                *seen.entry(name).or_default() += 1;
            }
        }
    }
    let reasons = ["risk", "device", "network", "velocity", "too-fast", "too-regular", "mutual", "ring"];
    let codes =
        ["UNDER_REVIEW", "NOTHING_TO_REVIEW", "NOT_NEW", "RISK_REFUSED", "DEVICE_LIMIT", "LIMIT_REACHED"];
    let names = reasons.into_iter().chain(codes).chain(["released", "discarded", "completed"]);
    let rare: Vec<&str> = names.filter(|name| seen.get(*name).is_none_or(|count| *count < 10)).collect();
    assert!(rare.is_empty(), "random plans hardly ever lead to {rare:?}: {seen:?}");
}

#[test]
fn faults_in_the_guard_are_found() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    type Fault = fn(&mut Guard, &Value) -> Answer;
    let faults: [(&str, Fault); 6] = [
        ("held contributions count", |guard, command| {
            let before = guard.held.len();
            let answer = guard.submit(command);
            if guard.held.len() > before {
                let head = guard.loops.iter().position(|head| text(command, "loop") == Some(head.id.clone()));
                let at = command["at"].as_i64().unwrap_or(0);
                guard.contribute(head.expect("a loop"), command, at, &mut Vec::new());
            }
            answer
        }),
        ("a release counts twice", |guard, command| {
            let answer = guard.submit(command);
            if command["name"] == json!("approve")
                && answer.is_ok()
                && let Some(last) = guard.counted.pop()
            {
                for _ in 0..2 {
                    let Contribution { play, inviter, by, device, network, at } = &last;
                    let (play, inviter, by) = (play.clone(), inviter.clone(), by.clone());
                    let (device, network) = (device.clone(), network.clone());
                    guard.counted.push(Contribution { play, inviter, by, device, network, at: *at });
                }
            }
            answer
        }),
        ("a rejected one stays held", |guard, command| {
            let held = guard.held.clone();
            let answer = guard.submit(command);
            if command["name"] == json!("reject") {
                guard.held = held;
            }
            answer
        }),
        ("a rejected one may try again", |guard, command| {
            guard.rejected.clear();
            guard.submit(command)
        }),
        ("everyone was seen a second earlier", |guard, command| {
            let known = guard.met.len();
            let answer = guard.submit(command);
            if let (true, Some(by)) = (guard.met.len() > known, text(command, "by")) {
                *guard.met.get_mut(&by).expect("a participant") -= SECOND;
            }
            answer
        }),
        ("rings are one shorter", |guard, command| {
            let rule = guard.campaign["guard"]["ring"]["people"].as_u64();
            if let Some(people) = rule {
                guard.campaign["guard"]["ring"]["people"] = json!(people - 1);
            }
            let answer = guard.submit(command);
            if let Some(people) = rule {
                guard.campaign["guard"]["ring"]["people"] = json!(people);
            }
            answer
        }),
    ];
    for (name, fault) in faults {
        let mut runner = TestRunner::deterministic();
        let found = (0..1_500).any(|_| {
            let rules = vec(any::<u8>(), 80).new_tree(&mut runner).expect("bytes").current();
            let plan = vec(any::<[u8; 8]>(), 1..80).new_tree(&mut runner).expect("bytes").current();
            let campaign = campaign(&rules);
            let mut guard = Guard::new(&campaign);
            differs_by(&campaign, &commands(&plan), |command| fault(&mut guard, command), Guard::KINDS)
                .is_some()
        });
        assert!(found, "{name}: nobody noticed");
    }
}
