//! What is true of every campaign and every sequence of commands: the promises of the engine, on random ones.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/lively.rs"]
mod lively;
#[path = "support/plans.rs"]
mod plans;
#[path = "support/recount.rs"]
mod recount;

use kfactor::engine::audit::Audit;
use kfactor::engine::pack::{Packed as _, put_signed};
use kfactor::engine::{Command, Engine, Time};
use plans::{CAMPAIGN_BYTES, COMMAND_BYTES, PEOPLE, START};
use proptest::collection::vec;
use proptest::prelude::*;
use recount::Books;
use serde_json::{Value, json};

type Plan = Vec<[u8; COMMAND_BYTES]>;

fn campaigns() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), CAMPAIGN_BYTES)
}

fn plans(most: usize) -> impl Strategy<Value = Plan> {
    vec(any::<[u8; COMMAND_BYTES]>(), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Stock, budgets, limits, slots and once-only hold after every command; a rejection changes nothing; the
    /// same command again gives the same answer; a preview is what the submission then says.
    #[test]
    fn every_promise_holds_after_every_command(campaign in campaigns(), plan in plans(90)) {
        let mut world = World::begun(&lively::campaign(&campaign));
        let mut books = Books::default();
        books.enter(&world.facts, &world.campaign);
        for bytes in &plan {
            let command = world.next(bytes);
            let before = body(&world.engine);
            let preview = world.preview(&command);
            let answer = world.submit(&command);
            prop_assert_eq!(&preview, &answer);
            let told: Value = serde_json::from_slice(&answer).unwrap();
            if told["ok"] != json!(true) || told["repeated"] == json!(true) {
                prop_assert!(before == body(&world.engine), "a rejection changed something: {}", told);
            } else {
                books.enter(told["facts"].as_array().unwrap(), &world.campaign);
                books.check(&world.engine, &world.campaign);
            }
        }
        world.every_command_again();
    }

    /// The facts as they are written rebuild the state that deciding built.
    #[test]
    fn facts_rebuild_the_state(campaign in campaigns(), plan in plans(90)) {
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        let mut follower = World::new(&world.campaign);
        let text = lines(&world.facts);
        prop_assert_eq!(follower.engine.apply_json(text.as_bytes()), Ok(world.facts.len()));
        prop_assert!(body(&follower.engine) == body(&world.engine));
        // In one array they are the same facts.
        let mut other = World::new(&world.campaign);
        let array = Value::Array(world.facts.clone()).to_string();
        prop_assert_eq!(other.engine.apply_json(array.as_bytes()), Ok(world.facts.len()));
        prop_assert!(body(&other.engine) == body(&world.engine));
    }

    /// A page that is told only the facts of one loop sees that loop as it is.
    #[test]
    fn the_facts_of_a_loop_are_enough_to_follow_it(campaign in campaigns(), plan in plans(60)) {
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        for (loop_, _) in plans::LOOPS {
            // A refund is about an order, and so about the loops that rest on it.
            let rests = |fact: &Value| fact["kind"] == json!("refunded") && world.rests(fact["order"].as_str().unwrap(), loop_);
            let about = |fact: &&Value| fact["loop"] == json!(loop_) || rests(fact);
            let of_loop: Vec<Value> = world.facts.iter().filter(about).cloned().collect();
            let mut follower = World::new(&world.campaign);
            prop_assert_eq!(follower.engine.apply_json(lines(&of_loop).as_bytes()), Ok(of_loop.len()));
            prop_assert!(restored(&follower.engine).is_some(), "a part of a log makes a state that cannot be kept");
            let at = world.engine.state().now;
            let look = |engine: &Engine| view(engine, "zoe", at, loop_)["loops"][0].clone();
            let (mine, theirs) = (look(&follower.engine), look(&world.engine));
            for key in ["status", "have", "need", "until", "initiator", "people"] {
                prop_assert_eq!(&mine[key], &theirs[key], "{} of {}", key, loop_);
            }
        }
    }

    /// A snapshot continues with the same digest and the same answers.
    #[test]
    fn a_snapshot_goes_on(campaign in campaigns(), plan in plans(90), cut in any::<prop::sample::Index>()) {
        let mut world = World::begun(&lively::campaign(&campaign));
        let (first, second) = plan.split_at(cut.index(plan.len()));
        world.play(first);
        let mut again = world.clone();
        again.engine = restored(&world.engine).expect("a snapshot");
        prop_assert_eq!(again.engine.digest(), world.engine.digest());
        world.play(second);
        again.play(second);
        prop_assert!(world.log == again.log);
        prop_assert_eq!(again.engine.digest(), world.engine.digest());
        prop_assert_eq!(again.engine.due(), world.engine.due());
        again.every_command_again();
    }

    /// Damaged snapshots are refused or give a state that can be used; nothing panics.
    #[test]
    fn a_damaged_snapshot_never_panics(
        campaign in campaigns(), plan in plans(40), more in plans(12),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        let mut bytes = world.engine.snapshot();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let before = world.engine.digest();
        if world.engine.restore(&bytes).is_err() {
            prop_assert_eq!(world.engine.digest(), before);
        }
        world.play(&more);
        for who in PEOPLE {
            let _ = world.engine.view(who, Time(START), Some("G1"));
        }
        let snapshot = world.engine.snapshot();
        prop_assert!(world.engine.restore(&snapshot).is_ok());
    }

    /// The audit of an honest log is clean, and every answer that was forged is named.
    #[test]
    fn the_audit_names_what_was_forged(
        campaign in campaigns(), plan in plans(60),
        forged in any::<prop::sample::Index>(), digit in any::<prop::sample::Index>(),
    ) {
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        // Repetitions stand in no log, and its keeper never stamps a time before the last one.
        let mut honest = World::new(&world.campaign);
        for (command, _) in &world.log {
            let mut command: Value = serde_json::from_slice(command).unwrap();
            command["at"] = json!(command["at"].as_i64().unwrap().max(honest.engine.state().now.0));
            let answer = honest.submit(&command);
            let told: Value = serde_json::from_slice(&answer).unwrap();
            if told["repeated"] == json!(true) || told["code"] == json!("COMMAND_ID_REUSED") {
                honest.log.pop();
            }
        }
        let audit = Audit::run(honest.engine.book(), &honest.entries());
        prop_assert_eq!(&audit.findings, &vec![]);
        prop_assert_eq!(audit.digest, kfactor::engine::audit::hex(&honest.engine.digest()));
        if honest.log.is_empty() {
            return Ok(());
        }
        let position = forged.index(honest.log.len());
        let mut altered = honest.clone();
        let answer = &mut altered.log[position].1;
        let digits: Vec<usize> = (0..answer.len()).filter(|at| answer[*at].is_ascii_digit()).collect();
        let at = digits[digit.index(digits.len())];
        answer[at] = if answer[at] == b'9' { b'8' } else { answer[at] + 1 };
        let found = Audit::run(honest.engine.book(), &altered.entries());
        prop_assert_eq!(found.count, 1);
        prop_assert_eq!((found.findings[0].position, found.findings[0].code), (u64::try_from(position).unwrap(), "ANSWER_DIFFERS"));
        let mut shorter = honest.clone();
        shorter.log.remove(position);
        let found = Audit::run(honest.engine.book(), &shorter.entries());
        prop_assert!(found.digest != kfactor::engine::audit::hex(&honest.engine.digest()), "a removed command went unnoticed");
    }

    /// Doing exactly what `missing` says of a locked reward grants it, when nothing else interferes.
    #[test]
    fn missing_is_taken_at_its_word(campaign in campaigns(), plan in plans(50), who in 0usize..6) {
        let mut world = World::begun(&plans::campaign(&campaign, true));
        world.play(&plan);
        let at = world.engine.state().now;
        for (loop_, _) in plans::LOOPS {
            let look = view(&world.engine, PEOPLE[who], at, loop_)["loops"][0].clone();
            if look["loop"] != json!(loop_) {
                continue;
            }
            for row in look["rewards"].as_array().into_iter().flatten().filter(|row| row["status"] == json!("locked")) {
                let mut later = world.clone();
                if later.take_at_word(loop_, row) {
                    let (had, has) = (world.standing(loop_, row), later.standing(loop_, row));
                    prop_assert!(has > had, "{} of {}: {}\nbefore {}", row, loop_, later.story(world.log.len()), look);
                }
            }
        }
    }

    /// An action that a view shows as ready is accepted, and any other meets the code shown.
    #[test]
    fn actions_are_what_they_seem(campaign in campaigns(), plan in plans(50), who in 0usize..6) {
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        let at = world.engine.state().now;
        let seen = view(&world.engine, PEOPLE[who], at, "none");
        let plays = seen["plays"].as_array().unwrap().iter().map(|play| ("play", &play["play"], &play["actions"]));
        let loops = seen["loops"].as_array().unwrap().iter().map(|look| ("loop", &look["loop"], &look["actions"]));
        for (key, name, actions) in plays.chain(loops) {
            for action in actions.as_array().unwrap() {
                let mut later = world.clone();
                let mut command = json!({ "id": "try", "at": at.0, "do": action["do"], "by": PEOPLE[who], key: name });
                if action["do"] == json!("pay") {
                    command["order"] = json!("new");
                    command["amount"] = action["amount"].clone();
                }
                let answer: Value = serde_json::from_slice(&later.submit(&command)).unwrap();
                prop_assert_eq!(&answer["ok"], &action["ready"], "{} {}", command, answer);
                prop_assert_eq!(answer.get("code").unwrap_or(&Value::Null), &action["code"]);
            }
        }
        // What a grant does not offer is refused.
        for grant in seen["grants"].as_array().unwrap() {
            let offered: Vec<&str> = grant["actions"].as_array().unwrap().iter().filter_map(|action| action["do"].as_str()).collect();
            for act in ["claim", "activate"] {
                let mut later = world.clone();
                let command = json!({ "id": "try", "at": at.0, "do": act, "by": PEOPLE[who], "grant": grant["grant"] });
                let answer: Value = serde_json::from_slice(&later.submit(&command)).unwrap();
                prop_assert_eq!(answer["ok"] == json!(true), offered.contains(&act), "{} {}", command, answer);
            }
        }
    }
}

#[test]
fn lively_plans_reach_what_they_should() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..300 {
        let campaign = campaigns().new_tree(&mut runner).unwrap().current();
        let plan = plans(90).new_tree(&mut runner).unwrap().current();
        let mut world = World::begun(&lively::campaign(&campaign));
        world.play(&plan);
        for fact in &world.facts {
            *seen.entry(fact["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let kinds = ["collected", "activated", "used", "outdated", "fulfilled", "revoked", "withheld"];
    let rare: Vec<&str> =
        kinds.into_iter().filter(|kind| seen.get(*kind).is_none_or(|count| *count < 20)).collect();
    assert!(rare.is_empty(), "lively plans hardly ever lead to {rare:?}: {seen:?}");
}

#[test]
fn random_plans_reach_what_they_should() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..600 {
        let campaign = campaigns().new_tree(&mut runner).unwrap().current();
        let plan = plans(90).new_tree(&mut runner).unwrap().current();
        let mut world = World::begun(&plans::campaign(&campaign, false));
        world.play(&plan);
        for (_, answer) in &world.log {
            let told: Value = serde_json::from_slice(answer).unwrap();
            let code = told["code"].as_str().into_iter();
            let kinds =
                told["facts"].as_array().into_iter().flatten().filter_map(|fact| fact["kind"].as_str());
            for name in code.chain(kinds) {
                *seen.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    // The kinds from here on belong to mechanics that these plans have none of; references test those.
    let kinds = kfactor::engine::Fact::TABLE.iter().map(|row| row.kind());
    let kinds = kinds.take_while(|kind| *kind != "checked-in");
    let codes = [
        "GROUP_FULL",
        "SOLD_OUT",
        "LIMIT_REACHED",
        "DEVICE_LIMIT",
        "INVITE_CYCLE",
        "NOT_NEW",
        "LOOP_EXPIRED",
        "GRANT_HELD",
    ];
    let rare: Vec<&str> =
        kinds.chain(codes).filter(|name| seen.get(*name).is_none_or(|count| *count < 5)).collect();
    assert!(rare.is_empty(), "random plans hardly ever lead to {rare:?}: {seen:?}");
}

/// An engine and everything it was told.
#[derive(Clone)]
struct World {
    campaign: Value,
    engine: Engine,
    number: usize,
    log: Vec<(Vec<u8>, Vec<u8>)>,
    facts: Vec<Value>,
}

impl World {
    /// A campaign whose loops were just opened.
    fn begun(campaign: &Value) -> World {
        let mut world = World::new(campaign);
        for command in plans::opening() {
            world.submit(&command);
        }
        world
    }

    fn new(campaign: &Value) -> World {
        let engine =
            Engine::load(&campaign.to_string(), [7; 32]).unwrap_or_else(|problems| panic!("{problems:#?}"));
        World { campaign: campaign.clone(), engine, number: 0, log: Vec::new(), facts: Vec::new() }
    }

    fn next(&mut self, bytes: &[u8]) -> Value {
        self.number += 1;
        let mut command = plans::command(bytes, self.number - 1, self.engine.state().now.0.max(START));
        let life = |reward: &Value| reward.get("claimWithin").or(reward.get("activate")).is_some();
        if self.campaign["rewards"].as_object().expect("rewards").values().any(life) {
            lively::command(&mut command, bytes, &self.facts);
        }
        command
    }

    fn preview(&self, command: &Value) -> Vec<u8> {
        let text = command.to_string();
        let command = Command::read(text.as_bytes()).expect("a command");
        let mut out = Vec::new();
        self.engine.decide(&command).write(&mut out);
        out
    }

    /// Submits a command; first answers go into the log and their facts into the facts.
    fn submit(&mut self, command: &Value) -> Vec<u8> {
        let text = command.to_string().into_bytes();
        let mut out = Vec::new();
        self.engine.submit_json(&text, None, &mut out);
        let told: Value = serde_json::from_slice(&out).expect("an answer");
        if told["repeated"] != json!(true) {
            self.facts.extend(told["facts"].as_array().into_iter().flatten().cloned());
        }
        self.log.push((text, out.clone()));
        out
    }

    fn play(&mut self, plan: &[[u8; COMMAND_BYTES]]) {
        for bytes in plan {
            let command = self.next(bytes);
            self.submit(&command);
        }
    }

    /// Whether a loop rests on an order.
    fn rests(&self, order: &str, loop_: &str) -> bool {
        let state = self.engine.state();
        let known = state.order_names.find(order).and_then(|at| state.orders.get(usize::try_from(at).ok()?));
        let loop_ = self.engine.find_loop(loop_);
        known.is_some_and(|known| known.loops.iter().any(|other| Some(*other) == loop_))
    }

    /// The log as an audit reads it.
    fn entries(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (command, answer) in &self.log {
            out.extend_from_slice(b"{\"command\":");
            out.extend_from_slice(command);
            out.extend_from_slice(b",\"answer\":");
            out.extend_from_slice(answer);
            out.extend_from_slice(b"}\n");
        }
        out
    }

    /// Every command of the log again has its first answer, byte by byte, and changes nothing.
    fn every_command_again(mut self) {
        let digest = self.engine.digest();
        for (command, answer) in std::mem::take(&mut self.log) {
            let first = String::from_utf8(answer).expect("text");
            let known = first.contains("\"repeated\":true") || first.contains("COMMAND_ID_REUSED");
            let mut again = Vec::new();
            self.engine.submit_json(&command, None, &mut again);
            let again = String::from_utf8(again).expect("text").replacen(",\"repeated\":true", "", 1);
            assert_eq!(again, first.replacen(",\"repeated\":true", "", 1));
            let mut other: Value = serde_json::from_slice(&command).expect("a command");
            other["reason"] = json!("another body");
            if !known {
                let told: Value = serde_json::from_slice(&self.submit(&other)).expect("an answer");
                assert_eq!(told["code"], json!("COMMAND_ID_REUSED"));
            }
        }
        assert_eq!(self.engine.digest(), digest);
    }

    /// Standing grants of a row's reward, or what it falls back to, to its participant.
    fn standing(&self, loop_: &str, row: &Value) -> usize {
        let mut names = vec![row["reward"].clone()];
        while let Some(next) =
            names.last().and_then(|name| self.campaign["rewards"][name.as_str()?].get("fallback"))
        {
            names.push(next.clone());
        }
        let to = row["to"].as_str().expect("a participant");
        let seen = view(&self.engine, to, self.engine.state().now, loop_);
        let mine = |grant: &&Value| {
            names.contains(&grant["reward"])
                && grant["loop"] == json!(loop_)
                && ["held", "reserved", "fulfilled"].map(Value::from).contains(&grant["status"])
        };
        seen["grants"].as_array().expect("grants").iter().filter(mine).count()
    }

    /// Does what is missing; false if the participant cannot take the first step because of who they are.
    fn take_at_word(&mut self, loop_: &str, row: &Value) -> bool {
        let to = row["to"].as_str().expect("a participant").to_owned();
        for step in row["missing"].as_array().expect("steps") {
            let count = step["count"].as_u64().expect("a count");
            match step["need"].as_str().expect("a need") {
                "help" => (0..count)
                    .for_each(|n| self.must(json!({ "do": "help", "by": format!("new{n}"), "loop": loop_ }))),
                need @ ("help-here" | "join-here") => {
                    let act = need.trim_end_matches("-here");
                    if !self.may(json!({ "do": act, "by": to, "loop": loop_ })) {
                        return false;
                    }
                    self.pay_if_asked(&to, loop_, step);
                }
                "join" => {
                    let seen = view(&self.engine, &to, self.engine.state().now, loop_);
                    let reserved =
                        seen["loops"][0]["people"].as_array().expect("people").iter().filter(|person| {
                            person["status"] == json!("reserved") && person["who"] != json!(to)
                        });
                    let reserved: Vec<String> =
                        reserved.filter_map(|person| Some(person["who"].as_str()?.to_owned())).collect();
                    for n in 0..count {
                        let known = usize::try_from(n).ok().and_then(|n| reserved.get(n)).cloned();
                        let who = known.unwrap_or_else(|| {
                            self.must(json!({ "do": "join", "by": format!("new{n}"), "loop": loop_ }));
                            format!("new{n}")
                        });
                        self.pay_if_asked(&who, loop_, step);
                    }
                }
                "pay" => self.pay_if_asked(&to, loop_, step),
                "event" => self.event(&to, step),
                "invite" => {
                    for n in 0..count {
                        self.must(json!({ "do": "join", "by": format!("new{n}"), "loop": loop_ }));
                        self.event(&format!("new{n}"), step);
                    }
                }
                "wait" => {
                    let tick = json!({ "id": "waited", "at": step["until"], "do": "tick" });
                    drop(self.submit(&tick));
                }
                other => panic!("unknown need {other}"),
            }
        }
        // A group whose time is over waits only for being settled.
        self.must(json!({ "do": "tick" }));
        true
    }

    fn pay_if_asked(&mut self, who: &str, loop_: &str, step: &Value) {
        if let Some(amount) = step["amount"].as_i64() {
            self.must(json!({ "do": "pay", "by": who, "loop": loop_, "order": format!("pay-{who}"), "amount": amount }));
        }
    }

    fn event(&mut self, who: &str, step: &Value) {
        self.must(json!({ "do": "event", "by": who, "name": step["name"], "order": format!("event-{who}") }));
    }

    fn may(&mut self, mut command: Value) -> bool {
        command["id"] = json!(format!("word{}", self.log.len()));
        command["at"] = json!(self.engine.state().now.0.max(START));
        let told: Value = serde_json::from_slice(&self.submit(&command)).expect("an answer");
        told["ok"] == json!(true)
    }

    fn must(&mut self, command: Value) {
        assert!(self.may(command), "{}", self.story(self.log.len() - 1));
    }

    fn story(&self, from: usize) -> String {
        let told = self.log.iter().skip(from).map(|(command, answer)| {
            format!("{} -> {}", String::from_utf8_lossy(command), String::from_utf8_lossy(answer))
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

fn restored(engine: &Engine) -> Option<Engine> {
    let mut again = engine.clone();
    again.restore(&engine.snapshot()).ok()?;
    Some(again)
}

fn view(engine: &Engine, who: &str, at: Time, loop_: &str) -> Value {
    serde_json::to_value(engine.view(who, at, Some(loop_))).expect("a view")
}

fn lines(facts: &[Value]) -> String {
    facts.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

/// A state without its clock and its remembered answers.
fn body(engine: &Engine) -> Vec<u8> {
    let (mut clock, mut journal) = (Vec::new(), Vec::new());
    put_signed(&mut clock, engine.state().now.0);
    engine.state().journal.pack(&mut journal);
    let snapshot = engine.snapshot();
    snapshot[b"kfactor-state-4\n".len() + clock.len()..snapshot.len() - journal.len()].to_vec()
}
