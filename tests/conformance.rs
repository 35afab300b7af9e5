//! Runs `tests/conformance/*.json`: commands with the facts, rejections, views and sums that must come of them.
//!
//! `conformance/README.md` describes the files for whoever runs them against another implementation.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kfactor::attribution::Token;
use kfactor::engine::audit::{Audit, hex};
use kfactor::engine::{Code, Engine, Time};
use serde_json::{Map, Value, json};

/// 2026-12-01T10:00+08:00, the moment `@0`.
const START: i64 = 1_796_090_400_000;

#[test]
fn every_case() {
    let mut failures = Vec::new();
    let mut count = 0;
    for (file, suite) in suites() {
        for case in suite["cases"].as_array().expect("cases") {
            count += 1;
            let name = case["name"].as_str().expect("name");
            assert!(case["source"].is_string(), "{file}: {name}: no source");
            let campaign = campaign(&suite, case);
            let run = std::panic::catch_unwind(|| Run::new(campaign).steps(case));
            if let Err(panic) = run {
                let what = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                failures.push(format!("{file}: {name}\n    {what}"));
            }
        }
    }
    assert!(count >= 60, "only {count} cases were found");
    assert!(failures.is_empty(), "{} of {count} failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn every_rejection_code_has_a_case() {
    let mut expected = BTreeSet::new();
    for (_, suite) in suites() {
        for case in suite["cases"].as_array().expect("cases") {
            for step in case["steps"].as_array().expect("steps") {
                expected.extend(refusal(step).map(str::to_owned));
            }
        }
    }
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.name()).filter(|name| !expected.contains(*name)).collect();
    assert!(missing.is_empty(), "no case produces {missing:?}");
}

#[test]
fn the_comparison_can_fail() {
    let actual = json!({ "kind": "helped", "have": 2, "at": START + 1000, "list": [1, 2] });
    let differs = |expected: Value| !fits(&expected, &actual);
    assert!(fits(&json!({ "have": 2, "at": "@1s", "absent": null }), &actual));
    assert!(differs(json!({ "have": 3 })));
    assert!(differs(json!({ "at": "@1s+1ms" })));
    assert!(differs(json!({ "list": [1] })));
    assert!(differs(json!({ "kind": null })));
    assert!(differs(json!({ "other": 1 })));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn suites() -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
        .iter()
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), read(path)))
        .collect()
}

/// The campaign of a case: the one named by the file, changed by the case's merge patch.
fn campaign(suite: &Value, case: &Value) -> Value {
    let name = suite["campaign"].as_str().expect("the name of a campaign");
    let mut campaign = read(&folder().join("campaigns").join(format!("{name}.json")));
    merge(&mut campaign, &case["patch"]);
    campaign
}

/// RFC 7396; a missing patch changes nothing.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        if !patch.is_null() {
            *target = patch.clone();
        }
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().expect("an object");
    for (key, value) in members {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The rejection code that a step expects.
fn refusal(step: &Value) -> Option<&str> {
    step["no"].as_str().or(step["no"]["code"].as_str())
}

/// A case while it runs.
struct Run {
    campaign: Value,
    engine: Engine,
    revised: bool,
    now: i64,
    kept: BTreeMap<String, Value>,
    /// Every command with its first answer, as they were written.
    log: Vec<(Vec<u8>, Vec<u8>)>,
    /// The log as an audit reads it: the same, and revisions.
    entries: Vec<String>,
    facts: Vec<Value>,
}

impl Run {
    fn new(campaign: Value) -> Run {
        let engine = load(&campaign);
        let (kept, log, entries, facts) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Run { campaign, engine, revised: false, now: START, kept, log, entries, facts }
    }

    fn steps(mut self, case: &Value) {
        for (number, step) in case["steps"].as_array().expect("steps").iter().enumerate() {
            let place = format!("step {number}: {step}");
            if step.get("do").is_some() {
                self.command(number, step, &place);
            } else if let Some(patch) = step.get("revise") {
                merge(&mut self.campaign, patch);
                self.engine
                    .revise(&self.campaign.to_string())
                    .unwrap_or_else(|problems| panic!("{place}\n{problems:?}"));
                self.revised = true;
                self.entries.push(format!("{{\"campaign\":{}}}", self.campaign));
            } else if let Some(who) = step["view"].as_str() {
                let view = self.engine.view(who, Time(self.now), step["loop"].as_str());
                let view = serde_json::to_value(view).expect("a view");
                assert!(fits(&step["is"], &view), "{place}\n    is {view}");
            } else if step.get("used").is_some() || step.get("grants").is_some() {
                self.sums(step, &place);
            } else {
                panic!("{place}: unknown step");
            }
        }
        self.afterwards();
    }

    fn command(&mut self, number: usize, step: &Value, place: &str) {
        self.now = step["at"].as_str().map_or(self.now + 1_000, instant);
        let mut command = Map::new();
        command.insert("id".to_owned(), json!(format!("c{number}")));
        for (key, value) in step.as_object().expect("an object") {
            if !["at", "ok", "no", "keep", "repeated"].contains(&key.as_str()) {
                command.insert(key.clone(), self.filled(key, value));
            }
        }
        command.insert("at".to_owned(), json!(self.now));
        let command = Value::Object(command).to_string().into_bytes();
        let before = body(&self.engine.snapshot(), &self.engine);
        let mut written = Vec::new();
        self.engine.submit_json(&command, None, &mut written);
        let answer: Value = serde_json::from_slice(&written).expect("an answer");
        let repeated = answer["repeated"] == json!(true);
        assert_eq!(repeated, step["repeated"] == json!(true), "{place}\n    answered {answer}");
        let no = answer["ok"] == json!(false);
        if no || repeated {
            assert!(before == body(&self.engine.snapshot(), &self.engine), "{place}: changed something");
        }
        match refusal(step) {
            Some(code) => {
                assert_eq!(answer["code"].as_str(), Some(code), "{place}\n    answered {answer}");
                for part in ["params", "missing"] {
                    let expected = step["no"].get(part).unwrap_or(&Value::Null);
                    let actual = &answer[part];
                    assert!(expected.is_null() || fits(expected, actual), "{place}\n    answered {answer}");
                }
            }
            None => self.accepted(step, &answer, place),
        }
        if !repeated
            && answer["code"] != json!("COMMAND_MALFORMED")
            && answer["code"] != json!("COMMAND_ID_REUSED")
        {
            self.facts.extend(answer["facts"].as_array().into_iter().flatten().cloned());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.entries.push(format!("{{\"command\":{},\"answer\":{}}}", text(&command), text(&written)));
            self.log.push((command, written));
        }
    }

    fn accepted(&mut self, step: &Value, answer: &Value, place: &str) {
        let expected =
            step["ok"].as_array().unwrap_or_else(|| panic!("{place}: expects neither `ok` nor `no`"));
        let kind = |fact: &Value| fact.as_str().or(fact["kind"].as_str()).unwrap_or_default().to_owned();
        let listed = |fact: &&Value| expected.iter().any(|other| kind(other) == kind(fact));
        let all = answer["facts"].as_array().unwrap_or_else(|| panic!("{place}\n    answered {answer}"));
        // Who is met or arrives is only compared where a case is about it.
        let told = |fact: &&Value| !["met", "arrived"].contains(&kind(fact).as_str()) || listed(fact);
        let facts: Vec<&Value> = all.iter().filter(told).collect();
        let same = expected.len() == facts.len()
            && expected.iter().zip(&facts).all(|(expected, fact)| match expected {
                Value::String(kind) => fact["kind"] == json!(kind),
                expected => fits(expected, fact),
            });
        assert!(same, "{place}\n    answered {answer}");
        for (name, field) in step["keep"].as_object().into_iter().flatten() {
            let value = all.last().and_then(|fact| fact.get(field.as_str()?)).expect("a field to keep");
            self.kept.insert(format!("{{{name}}}"), value.clone());
        }
    }

    /// A field with kept values in place of their names; an object stands for an open token.
    fn filled(&self, key: &str, value: &Value) -> Value {
        if let (Value::Object(fields), "token") = (value, key) {
            let number = |field: &str| {
                self.filled(field, fields.get(field).unwrap_or(&Value::Null)).as_u64().unwrap_or(0)
            };
            let token = Token {
                version: Token::OPEN,
                kid: 0,
                kind: Token::SHARE,
                campaign: self.engine.book().current().number(),
                touchpoint: 0,
                inviter: number("inviter"),
                day: 0,
                depth: u8::try_from(number("depth")).expect("a depth"),
            };
            return json!(token.open().expect("a token"));
        }
        value.as_str().and_then(|text| self.kept.get(text)).unwrap_or(value).clone()
    }

    /// Recounts grants from the facts alone and compares the sums with the engine's.
    fn sums(&self, step: &Value, place: &str) {
        let grants = grants(&self.facts);
        for (id, status) in step["grants"].as_object().into_iter().flatten() {
            let actual = grants.get(id.as_str()).map(|grant| grant.1);
            assert_eq!(actual, status.as_str(), "{place}: grant {id}");
        }
        for (name, expected) in step["used"].as_object().into_iter().flatten() {
            let standing = |grant: &&(&Value, &str)| {
                grant.0["reward"] == json!(name) && ["reserved", "fulfilled"].contains(&grant.1)
            };
            let amounts =
                grants.values().filter(standing).map(|grant| grant.0["amount"].as_i64().unwrap_or(0));
            let recount = json!({ "count": amounts.clone().count(), "spent": amounts.sum::<i64>() });
            assert_eq!(&recount, expected, "{place}: {name} by the facts");
            let handle = self.engine.book().names.reward(name).expect("a reward");
            let used = self.engine.state().reward(handle);
            assert_eq!(
                json!({ "count": used.count, "spent": used.spent.0 }),
                *expected,
                "{place}: {name} by the engine"
            );
        }
    }

    /// What holds after every case: facts rebuild the state, answers repeat, snapshots go on, the audit is clean.
    fn afterwards(self) {
        let Run { campaign, engine, revised, log, entries, facts, .. } = self;
        if !revised {
            let mut follower = load(&campaign);
            let lines: Vec<String> = facts.iter().map(Value::to_string).collect();
            assert_eq!(follower.apply_json(lines.join("\n").as_bytes()), Ok(facts.len()));
            assert!(
                body(&follower.snapshot(), &follower) == body(&engine.snapshot(), &engine),
                "facts rebuild another state"
            );
        }
        let audit = Audit::run(engine.book(), entries.join("\n").as_bytes());
        let findings: Vec<_> =
            audit.findings.iter().filter(|finding| finding.code != "TIME_BACKWARDS").collect();
        assert!(findings.is_empty(), "audit: {findings:?}");
        assert_eq!(audit.digest, hex(&engine.digest()), "the audit ends with another state");
        let mut again = engine.clone();
        again.restore(&engine.snapshot()).expect("a snapshot");
        assert_eq!(again.digest(), engine.digest());
        for (command, answer) in &log {
            let mut written = Vec::new();
            again.submit_json(command, None, &mut written);
            let mut first: Value = serde_json::from_slice(answer).expect("an answer");
            first["repeated"] = json!(true);
            let second: Value = serde_json::from_slice(&written).expect("an answer");
            assert_eq!(second, first, "the same command again");
        }
        assert_eq!(again.digest(), engine.digest());
    }
}

fn load(campaign: &Value) -> Engine {
    let id = campaign["id"].as_str().expect("an id");
    Engine::load(&campaign.to_string(), Engine::public_seed(id))
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A state without its clock and its remembered answers, which a rejection or a fact does not share.
fn body(snapshot: &[u8], engine: &Engine) -> Vec<u8> {
    let mut journal = Vec::new();
    engine.state().journal.pack(&mut journal);
    let mut clock = Vec::new();
    kfactor::engine::pack::put_signed(&mut clock, engine.state().now.0);
    let from = b"kfactor-state-1\n".len() + clock.len();
    snapshot[from..snapshot.len() - journal.len()].to_vec()
}

/// Each grant's `granted` fact and where it stands.
fn grants(facts: &[Value]) -> BTreeMap<&str, (&Value, &str)> {
    let mut grants = BTreeMap::new();
    for fact in facts {
        let id = fact["grant"].as_str().unwrap_or_default();
        match fact["kind"].as_str().unwrap_or_default() {
            "granted" => assert!(grants.insert(id, (fact, "reserved")).is_none(), "{id} was granted twice"),
            status @ ("fulfilled" | "failed" | "revoked") => grants.get_mut(id).expect("a grant").1 = status,
            _ => {}
        }
    }
    grants
}

/// Whether everything expected is there: objects may have more members, lists may not be longer, null means
/// absent, and a text that begins with `@` is an instant.
fn fits(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(members), Value::Object(_)) => {
            members.iter().all(|(key, value)| fits(value, actual.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| fits(expected, actual))
        }
        (Value::String(text), Value::Number(number)) if text.starts_with('@') => {
            number.as_i64() == Some(instant(text))
        }
        _ => expected == actual,
    }
}

/// Reads `@` and a sum of spans, as `@24h-1ms`: Unix milliseconds.
fn instant(text: &str) -> i64 {
    let sum = text.strip_prefix('@').unwrap_or_else(|| panic!("{text}: an instant begins with @"));
    let mut at = START;
    for term in sum.split_inclusive(['+', '-']).scan('+', |sign, part| {
        let signed = (*sign, part.trim_end_matches(['+', '-']));
        *sign = part.chars().last().unwrap_or('+');
        Some(signed)
    }) {
        let (sign, term) = term;
        let digits = term.find(|c: char| !c.is_ascii_digit()).unwrap_or(term.len());
        let (number, unit) = term.split_at(digits);
        let unit = match unit {
            "ms" | "" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => panic!("{text}: unknown unit"),
        };
        let span = number.parse::<i64>().unwrap_or_else(|_| panic!("{text}: no number")) * unit;
        at += if sign == '-' { -span } else { span };
    }
    at
}
