//! Campaigns of tasks and commands for them, out of bytes.

use std::collections::BTreeMap;

use kfactor::engine::Engine;
use serde_json::{Value, json};

use super::super::{Dice, MINUTE, START, send};
use super::{PEOPLE, need, text};

/// A campaign with a few tasks of any kind.
pub(super) fn campaign(dice: &mut Dice<'_>) -> Value {
    let mut tasks = vec![];
    let mut kinds = vec![0u8, 1, 2, 3, 4, 5, 6, 7];
    for n in 0..=dice.below(3) {
        let kind = kinds.remove(usize::from(dice.below(u8::try_from(kinds.len()).unwrap())));
        let mut task = match kind {
            0 => json!({ "event": "a", "undoneBy": dice.maybe(2, |_| "un"), "count": dice.maybe(2, |_| 2) }),
            1 => json!({ "event": "a", "count": 2, "atLeast": dice.maybe(2, |_| "5.00") }),
            2 | 7 if tasks.iter().all(|task: &Value| task["invite"].is_null()) => {
                let qualifies = dice.maybe(2, |_| "q");
                json!({ "invite": 1 + dice.below(3), "qualifies": qualifies, "newOnly": dice.below(3) == 0,
                    "without": dice.maybe(3, |_| "q"), "atLeast": qualifies.and(dice.maybe(3, |_| "5.00")) })
            }
            3 => {
                json!({ "returns": 1 + dice.below(3), "perDay": dice.maybe(2, |_| 1 + 2), "newOnly": dice.below(3) == 0 })
            }
            4 => json!({ "checkIn": 1 + dice.below(2) }),
            5 => json!({ "submit": dice.pick(&["form", "picture"]) }),
            6 => json!({ "answer": ["yes"] }),
            _ => json!({ "event": "q" }),
        };
        task.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        task["name"] = json!(format!("t{n}"));
        tasks.push(task);
    }
    let total: usize = tasks.iter().map(need).sum();
    let tiers: Vec<Value> = (0..dice.below(4))
        .map(|_| {
            let at = 1 + usize::from(dice.below(u8::try_from(total).unwrap()));
            json!({ "at": at, "give": dice.pick(&["r1", "r2", "r3"]) })
        })
        .collect();
    let give = dice.pick(&[&[][..], &["r3"], &["r1", "r2"]]);
    let mut play = json!({
        "mechanic": "task-unlock", "title": "p", "tasks": tasks, "give": give,
        "complete": dice.pick(&["all", "any", "in-order"]), "claim": dice.pick(&["at-once", "by-hand"]),
        "ifLeaves": dice.pick(&["relock", "relock", "keep"]), "within": dice.pick(&["30h", "50h", "200h"]),
    });
    if !tiers.is_empty() {
        play["tiers"] = json!(tiers);
    }
    if dice.below(3) == 0 {
        play["claimWithin"] = json!("9h");
    }
    json!({
        "id": "tasks", "title": "t", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-06T00:00" },
        "rewards": {
            "r1": { "kind": "goods", "title": "r1", "stock": 1 + dice.below(3), "fallback": "r3" },
            "r2": { "kind": "goods", "title": "r2", "stock": 2 },
            "r3": { "kind": "coupon", "title": "r3", "stock": 3 + dice.below(3) },
        },
        "plays": { "p": play },
    })
}

/// The commands by which everyone shares in general, and whose code is whose.
pub(super) fn shares(campaign: &Value) -> (Vec<Value>, BTreeMap<String, String>) {
    let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("tasks"))
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{campaign:#}"));
    let mut codes = BTreeMap::new();
    let commands: Vec<Value> = PEOPLE[..2]
        .iter()
        .map(|who| json!({ "id": format!("s-{who}"), "at": START, "do": "share", "by": who }))
        .collect();
    for command in &commands {
        let answer = send(&mut engine, command);
        let code = text(&answer["facts"].as_array().unwrap().last().unwrap()["code"]);
        codes.insert(code, text(&command["by"]));
    }
    (commands, codes)
}

pub(super) fn commands(
    dice: &mut Dice<'_>,
    campaign: &Value,
    codes: &BTreeMap<String, String>,
    rounds: usize,
) -> Vec<Value> {
    let mut at = START;
    let codes: Vec<&String> = codes.keys().collect();
    let acts = acts(&campaign["plays"]["p"]);
    let mut commands = vec![
        json!({ "id": "c0", "at": at, "do": "open", "by": "ann", "play": "p", "loop": "L0" }),
        json!({ "id": "c1", "at": at, "do": "open", "by": "bo", "play": "p", "loop": "L1" }),
    ];
    for n in commands.len()..rounds {
        at += dice.pick(&[0, 1_000, MINUTE, 30 * MINUTE, 90 * MINUTE, 400 * MINUTE, -5_000]);
        if dice.below(12) == 0 {
            let mut again = commands[usize::from(dice.below(u8::try_from(n).unwrap()))].clone();
            again["at"] = json!(at);
            commands.push(again);
            continue;
        }
        let by = dice.pick(&PEOPLE);
        let (owner, l) = dice.pick(&[
            ("ann", "L0"),
            ("ann", "L0"),
            ("ann", "L0"),
            ("bo", "L1"),
            ("bo", "L0"),
            ("ann", "L2"),
        ]);
        let mut c = match dice.pick(&acts) {
            "open" => json!({ "do": "open", "by": owner, "play": "p", "loop": l }),
            "join" => json!({ "do": "join", "by": by, "loop": l }),
            "leave" => json!({ "do": "leave", "by": by, "loop": l }),
            "buy" => {
                let order = format!("o{}", dice.below(8));
                json!({ "do": "event", "by": owner, "name": "a", "order": order, "amount": dice.pick(&[499, 500]) })
            }
            "qualify" => {
                let order = dice.maybe(2, |dice| format!("o{}", dice.below(8)));
                json!({ "do": "event", "by": by, "name": "q", "order": order, "amount": dice.pick(&[499, 500, 500]) })
            }
            "undo" => json!({ "do": "event", "by": owner, "name": dice.pick(&["a", "un", "un", "q"]) }),
            "refund" => json!({ "do": "refund", "order": format!("o{}", dice.below(8)) }),
            "submit" => json!({
                "do": "submit", "by": owner, "loop": l, "name": format!("t{}", dice.below(3)),
                "text": dice.pick(&["yes", "no"]), "hash": format!("h{}", dice.below(5)),
            }),
            "review" => {
                json!({ "do": "review", "by": owner, "loop": l, "name": dice.pick(&["approve", "reject"]) })
            }
            "fail" => json!({ "do": "fail", "grant": format!("{l}.{}", 1 + dice.below(2)) }),
            "claim" => {
                let name = dice.pick(&[None, None, Some("1"), Some("2"), Some("goal"), Some("x")]);
                json!({ "do": "claim", "by": owner, "loop": l, "name": name })
            }
            "visit" => {
                let code = dice.pick(&[None, Some(codes[0]), Some(codes[0]), Some(codes[1])]);
                json!({ "do": "visit", "by": by, "code": code })
            }
            act => json!({ "do": act, "by": owner, "loop": l }),
        };
        if c["loop"] == json!("L2") && ["check-in", "submit", "claim"].contains(&c["do"].as_str().unwrap()) {
            c.as_object_mut().unwrap().remove("loop");
            c["play"] = json!("p");
        }
        c.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        c["id"] = json!(format!("c{n}"));
        c["at"] = json!(at);
        commands.push(c);
    }
    commands
}

/// What people do in a play, those things that its tasks ask for more often.
fn acts(play: &Value) -> Vec<&'static str> {
    let mut acts = vec!["open", "leave", "refund", "fail", "visit", "check-in", "submit", "join", "claim"];
    for task in play["tasks"].as_array().unwrap() {
        let more: &[&str] = match task.as_object().unwrap() {
            keys if keys.contains_key("undoneBy") => &["buy", "undo", "undo"],
            keys if keys.contains_key("event") => &["buy", "buy", "refund", "undo"],
            keys if keys.contains_key("qualifies") => {
                &["join", "join", "join", "qualify", "qualify", "qualify", "leave", "refund"]
            }
            keys if keys.contains_key("invite") => &["join", "join", "join", "join", "leave", "visit"],
            keys if keys.contains_key("returns") => &["visit", "visit", "visit"],
            keys if keys.contains_key("checkIn") => &["check-in", "check-in"],
            keys if keys.get("submit") == Some(&json!("picture")) => {
                &["submit", "submit", "submit", "review", "review"]
            }
            _ => &["submit", "submit"],
        };
        acts.extend(more);
    }
    if play["claim"] == json!("by-hand") {
        acts.extend(["claim"; 4]);
    }
    acts
}

/// Events that a campaign does not wait for are unknown to it.
fn waits_for(campaign: &Value, command: &Value) -> bool {
    command["do"] != json!("event") || campaign.to_string().contains(&format!(":{}", command["name"]))
}

pub(super) fn plan(bytes: &[u8]) -> (Value, Vec<Value>, BTreeMap<String, String>) {
    let mut dice = Dice(bytes);
    let campaign = campaign(&mut dice);
    let (mut all, codes) = shares(&campaign);
    let rest = commands(&mut dice, &campaign, &codes, 50);
    all.extend(rest.into_iter().filter(|command| waits_for(&campaign, command)));
    (campaign, all, codes)
}
