//! The engine beside a naive model of the same rules: every answer, every fact, all grants and money agree.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/model/mod.rs"]
mod model;
#[path = "support/plans.rs"]
mod plans;

use model::pair::{Pair, run};
use model::{Answer, Model};
use plans::{CAMPAIGN_BYTES, COMMAND_BYTES, START};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_answers_as_the_model_does(
        campaign in vec(any::<u8>(), CAMPAIGN_BYTES), plan in vec(any::<[u8; COMMAND_BYTES]>(), 1..90),
    ) {
        let differs = run(&plans::campaign(&campaign, false), &plan, |model, command| model.submit(command));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }
}

/// Two loops, three people, two in stock, eight commands: every order of them, 40,320 in all.
#[test]
fn every_order_of_eight_commands() {
    let assist = json!({ "mechanic": "assist", "title": "A", "helpers": 2, "within": "2h", "give": ["coupon"],
        "giveHelper": ["goods"], "limits": [{ "per": "helper", "every": "day", "most": 2 }] });
    let group = json!({ "mechanic": "group-buy", "title": "G", "size": 2, "price": "5.00", "within": "2h",
        "payWithin": "20m", "stock": 2, "give": ["coupon"], "late": "reroute" });
    let campaign = json!({ "id": "orders", "title": "Orders", "timezone": "+08:00",
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-02T00:00" },
        "rewards": { "coupon": { "kind": "coupon", "title": "C", "stock": 2 },
            "goods": { "kind": "goods", "title": "G", "stock": 2 } },
        "plays": { "assist": assist, "group": group } });
    let helping = [
        json!({ "do": "open", "by": "ann", "play": "assist", "loop": "A1" }),
        json!({ "do": "open", "by": "bo", "play": "assist", "loop": "A2" }),
        json!({ "do": "help", "by": "bo", "loop": "A1" }),
        json!({ "do": "help", "by": "cy", "loop": "A1" }),
        json!({ "do": "help", "by": "ann", "loop": "A2" }),
        json!({ "do": "help", "by": "cy", "loop": "A2" }),
        json!({ "do": "help", "by": "cy", "loop": "A1" }),
        json!({ "do": "fail", "grant": "A1.1", "reason": "no address" }),
    ];
    let buying = [
        json!({ "do": "open", "by": "ann", "play": "group", "loop": "G1" }),
        json!({ "do": "open", "by": "bo", "play": "group", "loop": "G2" }),
        json!({ "do": "join", "by": "cy", "loop": "G1" }),
        json!({ "do": "pay", "by": "ann", "loop": "G1", "order": "o1", "amount": 500 }),
        json!({ "do": "pay", "by": "cy", "loop": "G1", "order": "o2", "amount": 500 }),
        json!({ "do": "pay", "by": "bo", "loop": "G1", "order": "o3", "amount": 500 }),
        json!({ "do": "leave", "by": "ann", "loop": "G1" }),
        json!({ "do": "refund", "order": "o2" }),
    ];
    for commands in [helping, buying] {
        let commands = commands.into_iter().enumerate().map(|(number, mut command)| {
            command["id"] = json!(format!("c{number}"));
            command
        });
        assert_eq!(orders(&Pair::new(&campaign), &commands.collect::<Vec<_>>()), 40_320);
    }
}

/// Goes on with the commands that are left in every order; how many orders there are.
fn orders(pair: &Pair, left: &[Value]) -> usize {
    if left.is_empty() {
        return 1;
    }
    let mut count = 0;
    for at in 0..left.len() {
        let (mut next, mut rest) = (pair.clone(), left.to_vec());
        let mut command = rest.remove(at);
        // Seven minutes between commands: reserved slots lapse after three of them.
        let step = i64::try_from(8 - left.len()).expect("few");
        command["at"] = json!(START + step * 7 * 60_000);
        if let Some(differs) = next.submit(&command, |model, command| model.submit(command)) {
            panic!("{differs}");
        }
        count += orders(&next, &rest);
    }
    count
}

/// A model with a fault has to be found out, or the comparison is worth nothing.
#[test]
fn a_planted_fault_is_found() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    type Fault = fn(&mut Model, &Value) -> Answer;
    let faults: [(&str, Fault); 6] = [
        ("a helper counts once in two", |model, command| {
            let mut answer = model.submit(command)?;
            for fact in answer.iter_mut().filter(|fact| fact["kind"] == json!("helped")) {
                fact["have"] = json!(fact["have"].as_u64().unwrap_or(0) / 2);
            }
            Ok(answer)
        }),
        ("a late payment is not paid back", |model, command| {
            let mut answer = model.submit(command)?;
            let late = answer.iter().any(|fact| fact["kind"] == json!("late"));
            answer.retain(|fact| !late || fact["kind"] != json!("refund-due"));
            Ok(answer)
        }),
        ("another code", |model, command| match model.submit(command) {
            Err("GROUP_FULL") => Err("SOLD_OUT"),
            answer => answer,
        }),
        ("a rebate is a cent short", |model, command| {
            let mut answer = model.submit(command)?;
            for fact in answer.iter_mut().filter(|fact| fact["reward"] == json!("back")) {
                fact["amount"] = json!(fact["amount"].as_i64().unwrap_or(0) - 1);
            }
            Ok(answer)
        }),
        ("a late payer is not moved", |model, command| {
            let mut answer = model.submit(command)?;
            let pays = command["do"] == json!("pay") && command["loop"].is_string();
            answer.retain(|fact| !pays || fact["kind"] != json!("paid") || fact["loop"] == command["loop"]);
            Ok(answer)
        }),
        ("the clock is a minute late", |model, command| {
            let mut early = command.clone();
            early["at"] = json!(command["at"].as_i64().unwrap_or(0) - 60_000);
            model.submit(&early)
        }),
    ];
    for (name, fault) in faults {
        let mut runner = TestRunner::deterministic();
        let found = (0..600).any(|_| {
            let campaign = vec(any::<u8>(), CAMPAIGN_BYTES).new_tree(&mut runner).unwrap().current();
            let plan = vec(any::<[u8; COMMAND_BYTES]>(), 1..90).new_tree(&mut runner).unwrap().current();
            run(&plans::campaign(&campaign, false), &plan, fault).is_some()
        });
        assert!(found, "{name}: nobody noticed");
    }
}
