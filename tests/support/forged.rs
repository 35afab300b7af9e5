//! A long log in which entries of every kind were forged: an audit names each of them, with why, and nothing else.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test reads the clock and its orders"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use kfactor::engine::audit::{Audit, hex};
use kfactor::engine::{Command, Engine};
use serde_json::{Value, json};

use super::mixed::{self, Commands, Random};

/// What the log has, and what an audit has to find: position, code, and the objections as `CODE` or `CODE detail`.
struct Forged {
    log: Vec<u8>,
    expected: Vec<(u64, &'static str, Vec<String>)>,
    planted: BTreeMap<&'static str, u64>,
    engine: Engine,
}

/// One in so many entries is forged.
const ONE_IN: u64 = 20;

/// A log of as many entries.
fn forged(entries: u64, seed: u64) -> Forged {
    let campaign = mixed::campaign();
    let load = Engine::load(&campaign.to_string(), Engine::public_seed("mixed"));
    let engine = load.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let log = Vec::new();
    let mut forged = Forged { log, expected: Vec::new(), planted: BTreeMap::new(), engine };
    let mut random = Random(seed ^ 0xf0f0);
    // About three weeks for the whole log.
    let step = 2 * 21 * 86_400_000 / entries.max(1);
    let mut commands = Commands::new(&campaign, seed, 300, step.max(2));
    let (mut position, mut last) = (0, None);
    while position < entries {
        let command = commands.next().expect("commands without end");
        let forge = random.below(ONE_IN) == 0;
        position += forged.entry(position, command, &mut last, forge.then_some(&mut random));
    }
    forged
}

impl Forged {
    /// Appends a command with its answer, or a forgery of it; how many entries that are.
    fn entry(
        &mut self,
        position: u64,
        mut command: Value,
        last: &mut Option<(Value, String)>,
        forge: Option<&mut Random>,
    ) -> u64 {
        let Some(random) = forge else {
            let answer = self.decide(&command);
            self.append(&command, &answer);
            // What is malformed is not remembered.
            if !answer.contains("COMMAND_MALFORMED") {
                *last = Some((command, answer));
            }
            return 1;
        };
        match random.below(13) {
            0 if last.is_some() => {
                self.plant(position, "a stamp that goes back", "TIME_BACKWARDS", vec![]);
                command["at"] = json!(command["at"].as_i64().expect("a time") - 864_000_000);
                let answer = self.decide(&command);
                self.append(&command, &answer);
            }
            1 if last.is_some() => {
                let (mut first, _) = last.clone().expect("an entry");
                self.plant(position, "a command sent again", "ID_REPEATED", vec![]);
                first["at"] = command["at"].clone();
                let answer = self.decide(&first);
                self.append(&first, &answer);
            }
            2 if last.as_ref().is_some_and(|(first, _)| first["do"] != command["do"]) => {
                let (first, _) = last.clone().expect("an entry");
                self.plant(position, "an id for something else", "ID_REUSED", vec![]);
                command["id"] = first["id"].clone();
                let answer = self.decide(&command);
                self.append(&command, &answer);
            }
            3 if command["by"].is_string() => {
                self.plant(position, "a command in another's name", "SENDER_DIFFERS", vec![]);
                let answer = self.decide(&command);
                self.line(&format!("{{\"command\":{command},\"answer\":{answer},\"sender\":\"mallory\"}}"));
            }
            4 => {
                self.plant(
                    position,
                    "a fact without a command",
                    "FACT_WITHOUT_COMMAND",
                    vec!["FACT_FORGED".into()],
                );
                let by = command["by"].as_str().unwrap_or("p1");
                self.line(&format!(
                    "{{\"id\":\"x/0\",\"at\":1,\"kind\":\"granted\",\"grant\":\"L1.1\",\"to\":\"{by}\"}}"
                ));
            }
            5 => {
                self.plant(position, "another digest", "DIGEST_DIFFERS", vec![]);
                self.line(&format!("{{\"digest\":\"{}\"}}", "0f".repeat(32)));
            }
            6 => {
                self.plant(
                    position,
                    "no entry at all",
                    "LINE_MALFORMED",
                    vec![String::from("COMMAND_MALFORMED id")],
                );
                self.line("{\"id\":7}");
            }
            7 if command["at"].as_i64() > Some(self.engine.state().now.0) => {
                self.plant(position + 1, "two entries that changed places", "TIME_BACKWARDS", vec![]);
                let mut first = command.clone();
                first["id"] = json!(format!("{}-first", text(&command, "id")));
                first["at"] = json!(command["at"].as_i64().expect("a time") - 1);
                for mut swapped in [command, first] {
                    for key in ["grant", "order", "play", "code"] {
                        swapped.as_object_mut().expect("an object").remove(key);
                    }
                    swapped["do"] = json!("help");
                    swapped["by"] = json!("p1");
                    swapped["loop"] = json!("nowhere");
                    let answer = self.decide(&swapped);
                    self.append(&swapped, &answer);
                }
                return 2;
            }
            _ => {
                let answer = self.decide(&command);
                let claim = self.claim(position, &serde_json::from_str(&answer).expect("an answer"), random);
                self.append(&command, &claim.to_string());
            }
        }
        1
    }

    /// Another answer than the right one.
    fn claim(&mut self, position: u64, right: &Value, random: &mut Random) -> Value {
        let facts = right["facts"].as_array().cloned().unwrap_or_default();
        let mut claim = right.clone();
        let (id, granted) =
            (text(right, "id"), facts.iter().position(|fact| fact["kind"] == json!("granted")));
        let forged = json!({ "id": format!("{id}/{}", facts.len()), "at": 1_796_090_400_000_i64, "kind": "fulfilled", "grant": "L1.1" });
        if right["ok"] == json!(false) {
            let code = right["code"].as_str().expect("a code");
            if random.below(2) == 0 {
                self.plant(
                    position,
                    "refused, claimed as accepted",
                    "ANSWER_DIFFERS",
                    vec![format!("NOT_ACCEPTED {code}"), "FACT_FORGED".into()],
                );
                return json!({ "ok": true, "id": id, "facts": [forged] });
            }
            self.plant(position, "another refusal", "ANSWER_DIFFERS", vec![format!("OTHER_REFUSAL {code}")]);
            claim["code"] = json!("CODE_NEVER_SEEN");
            return claim;
        }
        let kinds =
            if granted.is_some() && random.below(2) == 0 { 4 + random.below(2) } else { random.below(6) };
        let withheld = facts.iter().position(|fact| fact["kind"] == json!("withheld"));
        let list = claim["facts"].as_array_mut().expect("facts");
        match (kinds, facts.len(), granted) {
            _ if withheld.is_some() && random.below(2) == 0 => {
                let at = withheld.expect("a place");
                self.plant(
                    position,
                    "granted beyond the stock or a limit",
                    "ANSWER_DIFFERS",
                    vec!["FACT_FORGED".into(), "FACT_MISSING".into()],
                );
                let to = facts[at]["to"].clone();
                list[at] =
                    json!({ "id": facts[at]["id"], "at": facts[at]["at"], "kind": "granted", "to": to });
            }
            (0, 1.., _) => {
                self.plant(position, "a fact left out", "ANSWER_DIFFERS", vec!["FACT_MISSING".into()]);
                list.remove(0);
            }
            (1, 1.., _) => {
                self.plant(position, "a fact twice", "ANSWER_DIFFERS", vec!["FACT_REPEATED".into()]);
                list.push(facts[0].clone());
            }
            (2, 1.., _) => {
                self.plant(position, "accepted, claimed as refused", "ANSWER_DIFFERS", {
                    let missing = vec!["FACT_MISSING".to_owned(); facts.len()];
                    [vec!["NOT_REFUSED LOOP_UNKNOWN".to_owned()], missing].concat()
                });
                return json!({ "ok": false, "id": id, "code": "LOOP_UNKNOWN", "params": {}, "missing": [] });
            }
            (3, 2.., _) if facts[0]["kind"] != facts[1]["kind"] => {
                self.plant(position, "facts in another order", "ANSWER_DIFFERS", vec!["FACT_ORDER".into()]);
                list.swap(0, 1);
            }
            (4, _, Some(at)) => {
                self.plant(position, "a grant for another", "ANSWER_DIFFERS", vec!["FACT_CHANGED to".into()]);
                list[at]["to"] = json!("mallory");
            }
            (5, _, Some(at)) if facts[at]["amount"].is_i64() => {
                self.plant(position, "another amount", "ANSWER_DIFFERS", vec!["FACT_CHANGED amount".into()]);
                list[at]["amount"] = json!(facts[at]["amount"].as_i64().expect("an amount") + 1);
            }
            (_, 1.., _) if facts[0]["loop"].is_string() && random.below(2) == 0 => {
                self.plant(
                    position,
                    "a fact of another loop",
                    "ANSWER_DIFFERS",
                    vec!["FACT_CHANGED loop".into()],
                );
                list[0]["loop"] = json!("nowhere");
            }
            (_, 1.., _) if random.below(3) == 0 => {
                self.plant(
                    position,
                    "a fact at another time",
                    "ANSWER_DIFFERS",
                    vec!["FACT_CHANGED at".into()],
                );
                list[0]["at"] = json!(1);
            }
            (_, _, _) if random.below(4) == 0 => {
                self.plant(
                    position,
                    "the answer to another command",
                    "ANSWER_DIFFERS",
                    vec!["OTHER_COMMAND c-other".into()],
                );
                claim["id"] = json!("c-other");
            }
            _ => {
                self.plant(position, "a fact made up", "ANSWER_DIFFERS", vec!["FACT_FORGED".into()]);
                list.push(forged);
            }
        }
        claim
    }

    fn plant(&mut self, position: u64, what: &'static str, code: &'static str, why: Vec<String>) {
        self.expected.push((position, code, why));
        *self.planted.entry(what).or_default() += 1;
    }

    fn decide(&mut self, command: &Value) -> String {
        let text = command.to_string();
        let command = Command::read(text.as_bytes()).expect("a command");
        let mut answer = Vec::new();
        self.engine.submit(&command).write(&mut answer);
        String::from_utf8(answer).expect("text")
    }

    fn append(&mut self, command: &Value, answer: &str) {
        self.line(&format!("{{\"command\":{command},\"answer\":{answer}}}"));
    }

    fn line(&mut self, line: &str) {
        self.log.extend_from_slice(line.as_bytes());
        self.log.push(b'\n');
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// As long as `cargo xtask long audit --entries N --seed S` asks for; short with the other tests.
#[test]
fn an_audit_finds_what_was_forged_and_nothing_else() {
    let asked = |name: &str, otherwise: u64| {
        let given = std::env::var(name).ok().map(|text| text.replace('_', ""));
        given.map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let (entries, seed) = (asked("KFACTOR_ENTRIES", 20_000), asked("KFACTOR_SEED", 1));
    let Forged { log, expected, planted, engine } = forged(entries, seed);
    let begun = Instant::now();
    let audit = Audit::list(engine.book(), &log, usize::MAX);
    let took = begun.elapsed();
    let found = audit.findings.iter().map(|finding| {
        let why = finding.why.iter().map(|objection| match &objection.detail {
            Some(detail) => format!("{} {detail}", objection.code),
            None => objection.code.to_owned(),
        });
        (finding.position, finding.code, why.collect::<Vec<String>>())
    });
    let found: Vec<_> = found.collect();
    let line = |position: u64| {
        let text = String::from_utf8_lossy(&log);
        text.lines().nth(usize::try_from(position).expect("few")).map(str::to_owned)
    };
    if let Some((found, expected)) = found.iter().zip(&expected).find(|(found, expected)| found != expected) {
        panic!("found {found:?}\nplanted {expected:?}\n{:?}\n{:?}", line(found.0), line(expected.0));
    }
    assert_eq!((found.len(), audit.count), (expected.len(), u64::try_from(expected.len()).expect("few")));
    assert_eq!(audit.digest, hex(&engine.digest()), "what was forged changed the state");
    assert!(planted.len() >= 18 || entries < 20_000, "{planted:?}");
    for (what, count) in &planted {
        println!("{count:>7}  {what}");
    }
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!(
        "{entries} entries, {} bytes, {} facts: {} of {} forgeries found and nothing else, audited in {took:.1?}, peak \
         memory {peak}",
        log.len(),
        audit.facts,
        found.len(),
        expected.len(),
    );
}
