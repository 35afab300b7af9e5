//! What is true of every live code and every sequence of scans and adds, recounted from the facts alone.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use kfactor::engine::{Command, Engine, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-12-01T10:00+08:00.
const START: i64 = 1_796_090_400_000;
const HOLD: i64 = 900_000;
const DAY: i64 = 86_400_000;
/// Offsets of campaigns: whole hours, half hours, the date line, and the two that a place with daylight saving goes between.
const ZONES: [(&str, i64); 7] = [
    ("+08:00", 480),
    ("Z", 0),
    ("+05:45", 345),
    ("-09:30", -570),
    ("+14:00", 840),
    ("+01:00", 60),
    ("+02:00", 120),
];
const STRATEGIES: [&str; 6] = ["round-robin", "in-order", "fill", "weighted", "least-loaded", "random"];

fn engine(code: &Value) -> Engine {
    engine_at(code, "+08:00")
}

fn engine_at(code: &Value, timezone: &str) -> Engine {
    let campaign = json!({
        "id": "c", "title": "C", "timezone": timezone, "runs": { "from": "2026-12-01", "until": "2027-12-01" },
        "plays": { "help": { "mechanic": "assist", "title": "H", "helpers": 2, "within": "24h" } },
        "liveCodes": { "code": code }
    });
    Engine::load(&campaign.to_string(), [3; 32]).expect("a sound campaign")
}

fn submit(engine: &mut Engine, command: &Value) -> Value {
    let text = command.to_string();
    let command = Command::read(text.as_bytes()).expect("a command");
    let mut out = Vec::new();
    engine.submit(&command).write(&mut out);
    serde_json::from_slice(&out).unwrap()
}

/// The fact of an answer that is about the live code.
fn told(answer: &Value) -> Value {
    let mut facts = answer["facts"].as_array().into_iter().flatten();
    facts.rfind(|fact| fact["liveCode"] == "code").cloned().unwrap_or_default()
}

/// One thing that happens: after how long, what, to whom.
type Step = (u32, u8, u8);

fn target(number: usize, bytes: (u8, u8, u8)) -> Value {
    let (daily, total, weight) = bytes;
    let mut target = json!({ "id": format!("t{number}"), "weight": u32::from(weight % 100) + 1 });
    if !daily.is_multiple_of(4) {
        target["daily"] = json!(daily % 4);
    }
    if !total.is_multiple_of(3) {
        target["total"] = json!(total % 9 + 1);
    }
    target
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// As long as people add a target while their place is kept, no cap is ever exceeded, on any local day; nobody is
    /// turned away while there is room; and whoever has a place keeps it.
    #[test]
    fn caps_hold_on_every_local_day_and_no_room_is_wasted(
        targets in vec(any::<(u8, u8, u8)>(), 1..5),
        strategy in 0usize..6,
        zone in 0usize..ZONES.len(),
        steps in vec((0u32..7_200_000, any::<u8>(), 0u8..40), 1..120),
    ) {
        let targets: Vec<Value> = targets.into_iter().enumerate().map(|(at, bytes)| target(at, bytes)).collect();
        let code = json!({ "kind": "staff", "strategy": STRATEGIES[strategy], "targets": targets });
        check_caps(&code, &targets, &steps, ZONES[zone])?;
    }

    /// Whoever adds a target after their place was given away, or without a scan, has added it all the same: a cap is exceeded
    /// by these at most, insight counts them from the facts, and no scan is led to a target that is over its cap, but of
    /// somebody who has a place there still.
    #[test]
    fn only_late_adds_exceed_a_cap_and_they_are_counted(
        targets in vec(any::<(u8, u8, u8)>(), 1..4),
        steps in vec((0u32..1_800_000, any::<u8>(), 0u8..12), 1..80),
    ) {
        let targets: Vec<Value> = targets.into_iter().enumerate().map(|(at, bytes)| target(at, bytes)).collect();
        let mut engine = engine(&json!({ "kind": "group", "strategy": "fill", "targets": targets }));
        let (mut at, mut facts, mut kept) = (START, Vec::new(), std::collections::BTreeMap::new());
        for (number, (wait, what, who)) in steps.iter().enumerate() {
            at += i64::from(*wait);
            let wanted = usize::from(*what / 2) % targets.len();
            let (act, name) = match what % 2 { 0 => ("scan", "code".to_owned()), _ => ("add", format!("code/t{wanted}")) };
            let answer = submit(&mut engine, &json!({
                "id": format!("c{number}"), "at": at, "do": act, "by": format!("p{who}"), "name": name
            }));
            facts.extend(answer["facts"].as_array().into_iter().flatten().map(Value::to_string));
            if let Some(until) = told(&answer)["until"].as_i64() {
                let seen = engine.live_codes(Time(at));
                let shown = seen[0].targets.iter().find(|target| told(&answer)["target"] == json!(target.target)).unwrap();
                let has_place = kept.get(who).is_some_and(|(target, until)| *until > at && told(&answer)["target"] == json!(target));
                prop_assert!(until > at && (has_place || shown.total.is_none_or(|most| shown.present < most)));
                kept.insert(*who, (shown.target.clone(), until));
            }
        }
        let mut story = kfactor::insight::Story::default();
        story.read(facts.join("\n").as_bytes());
        let report = kfactor::insight::report(&story, &kfactor::insight::Options::default());
        let seen = engine.live_codes(Time(at));
        for target in &seen[0].targets {
            let row = report.live_codes.iter().find(|row| row.target == target.target);
            let late = row.map_or(0, |row| row.late);
            prop_assert!(target.total.is_none_or(|most| target.present <= most + late), "{target:?}, {late} late");
        }
    }

    /// With any weights, after each full cycle everyone was shown exactly as often as their weight says, and within a
    /// cycle nobody is more than one ahead of or behind their share by more than one.
    #[test]
    fn weights_are_met_exactly_after_each_cycle(weights in vec(1u32..=100, 1..6), cycles in 1u32..4) {
        let targets: Vec<Value> =
            weights.iter().enumerate().map(|(at, weight)| json!({ "id": format!("t{at}"), "weight": weight })).collect();
        let mut engine = engine(&json!({ "kind": "staff", "strategy": "weighted", "targets": targets }));
        let cycle: u32 = weights.iter().sum();
        let mut shown = vec![0u32; weights.len()];
        for number in 1..=cycle * cycles {
            let answer = submit(&mut engine, &json!({
                "id": format!("s{number}"), "at": START, "do": "scan", "by": format!("p{number}"), "name": "code"
            }));
            let target = told(&answer)["target"].as_str().unwrap()[1..].parse::<usize>().unwrap();
            shown[target] += 1;
            for (weight, shown) in weights.iter().zip(&shown) {
                // |shown − number · weight / cycle| ≤ number of targets, in whole numbers.
                let off = (shown * cycle).abs_diff(number * weight);
                prop_assert!(off <= cycle * u32::try_from(weights.len()).unwrap(), "{shown:?} after {number}");
            }
            if number % cycle == 0 {
                let due: Vec<u32> = weights.iter().map(|weight| weight * (number / cycle)).collect();
                prop_assert_eq!(&shown, &due);
            }
        }
    }

    /// Someone who scans again while nothing about the target changed sees the same one, whoever came in between.
    #[test]
    fn sticky_is_stable(strategy in 0usize..6, others in vec((0u32..86_400_000, 0u8..30), 1..60)) {
        let targets = json!([{ "id": "t0", "weight": 3 }, { "id": "t1" }, { "id": "t2", "weight": 7 }]);
        let mut engine = engine(&json!({ "kind": "staff", "strategy": STRATEGIES[strategy], "targets": targets }));
        let (mut at, mut seen) = (START, BTreeMap::new());
        for (number, (wait, who)) in others.into_iter().enumerate() {
            at += i64::from(wait);
            let answer = submit(&mut engine, &json!({
                "id": format!("s{number}"), "at": at, "do": "scan", "by": format!("p{who}"), "name": "code"
            }));
            let fact = told(&answer);
            let before = seen.insert(who, fact["target"].clone());
            prop_assert_eq!(fact["again"] == json!(true), before.is_some());
            prop_assert!(before.is_none_or(|before| before == fact["target"]));
        }
    }
}

/// Plays a history and recounts it: places by who was led where and when, adds by the local day.
fn check_caps(
    code: &Value,
    targets: &[Value],
    steps: &[Step],
    (timezone, minutes): (&str, i64),
) -> Result<(), TestCaseError> {
    let mut engine = engine_at(code, timezone);
    let mut at = START;
    let mut places: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let mut there: BTreeSet<(String, String)> = BTreeSet::new();
    let mut adds: BTreeMap<(String, i64), u64> = BTreeMap::new();
    for (number, (wait, what, who)) in steps.iter().enumerate() {
        at += i64::from(*wait);
        let by = format!("p{who}");
        let place = places.get(&by).filter(|(_, until)| *until > at).cloned();
        let has_place = place.is_some();
        let act = match what % 8 {
            0..=3 => "scan",
            4..=6 if has_place => "add",
            7 => "drop",
            _ => continue,
        };
        let answer = submit(
            &mut engine,
            &json!({
                "id": format!("c{number}"), "at": at, "do": act, "by": by, "name": "code"
            }),
        );
        let fact = told(&answer);
        let target = fact["target"].as_str().unwrap_or_default().to_owned();
        let day = (at + minutes * 60_000).div_euclid(DAY);
        let load = |id: &str| {
            let kept =
                places.iter().filter(|(who, (to, until))| to == id && *until > at && **who != by).count();
            let present = there.iter().filter(|(to, who)| to == id && *who != by).count();
            let today = adds.get(&(id.to_owned(), day)).copied().unwrap_or(0);
            (today + kept as u64, (present + kept) as u64)
        };
        let has_room = |rules: &Value| {
            let (today, all) = load(rules["id"].as_str().unwrap());
            rules["daily"].as_u64().is_none_or(|most| today < most)
                && rules["total"].as_u64().is_none_or(|most| all < most)
        };
        match fact["kind"].as_str() {
            Some("routed") => {
                let is_there = there.contains(&(target.clone(), by.clone()));
                if let Some((to, _)) = &place {
                    prop_assert_eq!(to, &target, "a place that is kept was not used");
                } else if !is_there {
                    let rules = targets.iter().find(|rules| rules["id"] == json!(target)).unwrap();
                    prop_assert!(has_room(rules), "{by} was led to {target}, which has no room: {code}");
                }
                prop_assert_eq!(fact["until"].as_i64(), (!is_there).then_some(at + HOLD));
                let until = fact["until"].as_i64().unwrap_or(0);
                places.insert(by, (target, until));
            }
            Some("turned-away") => {
                let open: Vec<&Value> = targets.iter().filter(|rules| has_room(rules)).collect();
                prop_assert!(open.is_empty(), "{by} was turned away though {open:?} has room");
            }
            Some("added") => {
                *adds.entry((target.clone(), day)).or_default() += 1;
                there.insert((target.clone(), by.clone()));
                places.remove(&by);
                let rules = targets.iter().find(|rules| rules["id"] == json!(target)).unwrap();
                let today = adds[&(target.clone(), day)];
                prop_assert!(rules["daily"].as_u64().is_none_or(|most| today <= most), "{today} on one day");
                let present = there.iter().filter(|(to, _)| *to == target).count() as u64;
                prop_assert!(
                    rules["total"].as_u64().is_none_or(|most| present <= most),
                    "{present} at a time"
                );
            }
            Some("dropped") => {
                there.remove(&(target, by));
            }
            _ => prop_assert!(act == "drop" || answer["code"] == "ALREADY_JOINED", "{act}: {answer}"),
        }
    }
    let mut copy = engine.clone();
    copy.restore(&engine.snapshot()).unwrap();
    prop_assert_eq!(copy.digest(), engine.digest());
    prop_assert_eq!(copy.live_codes(Time(at)), engine.live_codes(Time(at)));
    Ok(())
}
