//! The audit of logs: revisions, and what was forged.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/forged.rs"]
mod forged;
#[path = "support/mixed.rs"]
mod mixed;

use kfactor::engine::audit::{Audit, hex};
use kfactor::engine::{Command, Engine};
use serde_json::{Value, json};

const SEED: [u8; 32] = [9; 32];
const START: i64 = 1_796_090_400_000;

/// A campaign whose loops need this many helpers; a second play waits for an event, if it is there.
fn campaign(helpers: u32, second: bool) -> Value {
    let mut campaign = json!({
        "id": "c", "title": "C", "runs": { "from": "2026-12-01", "until": "2026-12-15" },
        "plays": { "p": { "mechanic": "assist", "title": "P", "helpers": helpers, "within": "24h" } }
    });
    if second {
        campaign["plays"]["q"] = json!(
            { "mechanic": "assist", "title": "Q", "helpers": 1, "within": "24h", "requires": "signed-up" });
    }
    campaign
}

fn load(campaign: &Value) -> Engine {
    Engine::load(&campaign.to_string(), SEED).expect("a campaign")
}

/// An engine that was revised between its commands, and its log: commands with answers, and the revision.
fn revised() -> (Engine, Vec<String>) {
    let mut engine = load(&campaign(1, false));
    let mut log = Vec::new();
    let first = [
        json!({ "do": "event", "by": "ann", "name": "signed-up" }),
        json!({ "do": "open", "by": "ann", "play": "p", "loop": "A" }),
        json!({ "do": "share", "by": "ann" }),
    ];
    let second = [
        json!({ "do": "event", "by": "ann", "name": "signed-up" }),
        json!({ "do": "open", "by": "ann", "play": "q", "loop": "Q" }),
        json!({ "do": "open", "by": "bo", "play": "p", "loop": "B" }),
        json!({ "do": "help", "by": "cy", "loop": "A" }),
        json!({ "do": "help", "by": "cy", "loop": "B" }),
    ];
    let mut number = 0;
    let mut submit = |engine: &mut Engine, log: &mut Vec<String>, command: &Value| {
        let mut command = command.clone();
        number += 1;
        command["id"] = json!(format!("c{number}"));
        command["at"] = json!(START + number);
        let text = command.to_string();
        let mut answer = Vec::new();
        engine.submit(&Command::read(text.as_bytes()).expect("a command")).write(&mut answer);
        let answer = String::from_utf8(answer).expect("text");
        log.push(format!("{{\"command\":{command},\"answer\":{answer}}}"));
    };
    for command in &first {
        submit(&mut engine, &mut log, command);
    }
    let document = campaign(3, true);
    engine.revise(&document.to_string()).expect("a revision");
    log.push(json!({ "campaign": document }).to_string());
    for command in &second {
        submit(&mut engine, &mut log, command);
    }
    (engine, log)
}

/// An answer is compared as it was written, so entries are texts.
fn audit(engine: &Engine, log: &[String]) -> Audit {
    Audit::run(engine.book(), format!("[{}]", log.join(",")).as_bytes())
}

fn parsed(entry: &str) -> Value {
    serde_json::from_str(entry).expect("an entry")
}

#[test]
fn a_revised_log_is_clean_and_ends_with_the_same_state() {
    let (engine, log) = revised();
    let told = |at: usize| parsed(&log[at])["answer"].clone();
    assert_eq!(
        (&told(0)["code"], &told(4)["ok"]),
        (&json!("EVENT_UNKNOWN"), &json!(true)),
        "the names differ"
    );
    for engine in [&engine, &load(&campaign(1, false))] {
        let audit = audit(engine, &log);
        assert_eq!((audit.count, audit.commands), (0, 8), "{:?}", audit.findings);
        assert_eq!(audit.digest, hex(&engine_after(&log).digest()));
    }
    assert_eq!(engine.digest(), engine_after(&log).digest());
}

/// What an engine becomes that takes a log as its keeper did.
fn engine_after(log: &[String]) -> Engine {
    let mut engine = load(&campaign(1, false));
    for entry in log.iter().map(|entry| parsed(entry)) {
        if let Some(document) = entry.get("campaign") {
            engine.revise(&document.to_string()).expect("a revision");
        } else {
            engine.submit_json(entry["command"].to_string().as_bytes(), None, &mut Vec::new());
        }
    }
    engine
}

#[test]
fn a_log_may_bring_the_document_and_the_seed_it_began_with() {
    let (engine, log) = revised();
    let began =
        |seed: &[u8]| json!({ "seq": 1, "campaign": campaign(1, false), "seed": hex(seed) }).to_string();
    let mut whole = vec![began(&SEED)];
    whole.extend(log.iter().cloned());
    let latest = campaign(3, true).to_string();
    let stranger = Engine::load(&latest, [0; 32]).expect("a campaign");
    let found = audit(&stranger, &whole);
    assert_eq!((found.count, found.digest), (0, hex(&engine.digest())), "{:?}", found.findings);
    // With another seed the share handle is another one; under the last document the first commands are.
    whole[0] = began(&[0; 32]);
    let found = audit(&stranger, &whole);
    let positions: Vec<u64> = found.findings.iter().map(|finding| finding.position).collect();
    assert_eq!(positions, [3]);
    assert!(audit(&Engine::load(&latest, SEED).expect("a campaign"), &log).count > 0);
}

#[test]
fn what_was_forged_or_left_out_is_found() {
    let (engine, log) = revised();
    let without: Vec<String> = log.iter().filter(|entry| !entry.contains("\"campaign\"")).cloned().collect();
    let codes = |log: &[String]| -> Vec<(u64, &str)> {
        audit(&engine, log).findings.iter().map(|finding| (finding.position, finding.code)).collect()
    };
    let differs = [(3, "ANSWER_DIFFERS"), (4, "ANSWER_DIFFERS"), (7, "ANSWER_DIFFERS")];
    assert_eq!(codes(&without), differs, "the revision was left out");
    let with = |at: usize, entry: Value| {
        let mut log = log.clone();
        log[at] = entry.to_string();
        codes(&log)[0]
    };
    assert_eq!(with(3, json!({ "campaign": { "id": "c" } })), (3, "CAMPAIGN_INVALID"));
    let mut other = campaign(3, true);
    other["id"] = json!("other");
    assert_eq!(with(3, json!({ "campaign": other })), (3, "CAMPAIGN_INVALID"));
    let mut first = log.clone();
    first.insert(0, json!({ "campaign": other }).to_string());
    assert_eq!(codes(&first), [(0, "CAMPAIGN_INVALID")]);
    for seed in ["", "00", "zz", &"0".repeat(66)] {
        first[0] = json!({ "campaign": campaign(1, false), "seed": seed }).to_string();
        assert_eq!(codes(&first), [(0, "LINE_MALFORMED")], "seed {seed:?}");
    }
}

#[test]
fn commands_by_themselves_are_a_log_too() {
    let (engine, log) = revised();
    let alone = |(seq, entry): (usize, &String)| {
        let entry = parsed(entry);
        let mut alone = entry.get("command").unwrap_or(&entry).clone();
        alone["seq"] = json!(seq);
        alone.to_string()
    };
    let alone: Vec<String> = log.iter().enumerate().map(alone).collect();
    let found = audit(&engine, &alone);
    assert_eq!(
        (found.count, found.commands, found.digest),
        (0, 8, hex(&engine.digest())),
        "{:?}",
        found.findings
    );
}
