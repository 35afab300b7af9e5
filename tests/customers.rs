//! Whose customer somebody is, and who is one person: what is true of every history, however it arrives.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use kfactor::attribution::inviters::{Eligible, Inviters, Lock, Rebind, RenewOn, What as Did};
use kfactor::attribution::lock::{Event, What, bindings};
use kfactor::audience::segments::Group;
use kfactor::engine::time::Span;
use kfactor::engine::{Command, Engine, Time};
use kfactor::insight::{Options, Story, report, report_with};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-12-01T10:00+08:00.
const START: i64 = 1_796_090_400_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const LOCKS: [Lock; 4] = [Lock::FirstTouch, Lock::FirstRegister, Lock::FirstOrder, Lock::FirstPay];
const REBINDS: [Rebind; 3] = [Rebind::Never, Rebind::AfterProtection, Rebind::Always];
const RENEWS: [RenewOn; 3] = [RenewOn::None, RenewOn::Purchase, RenewOn::Visit];

struct Campaign {
    engine: Engine,
    commands: u32,
    codes: BTreeMap<String, String>,
}

impl Campaign {
    fn new(inviters: &Value) -> Self {
        let campaign = json!({
            "id": "c", "title": "C", "runs": { "from": "2026-12-01", "until": "2027-12-01" },
            "rewards": { "tea": { "kind": "coupon", "title": "T", "stock": 1000 } },
            "plays": {
                "help": { "mechanic": "assist", "title": "H", "helpers": 3, "within": "300d", "give": ["tea"] }
            },
            "limits": [{ "per": "helper", "every": "campaign", "most": 4 }],
            "inviters": inviters
        });
        let engine = Engine::load(&campaign.to_string(), [3; 32]).expect("a sound campaign");
        Campaign { engine, commands: 0, codes: BTreeMap::new() }
    }

    fn submit(&mut self, mut command: Value) -> Value {
        self.commands += 1;
        command["id"] = json!(format!("c{}", self.commands));
        if command["at"].is_null() {
            command["at"] = json!(START + 200 * DAY + i64::from(self.commands));
        }
        let text = command.to_string();
        let command = Command::read(text.as_bytes()).expect("a command");
        let mut out = Vec::new();
        self.engine.submit(&command).write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    fn share(&mut self, who: &str) {
        let answer = self.submit(json!({ "at": START, "do": "share", "by": who }));
        let shared = answer["facts"].as_array().unwrap().last().unwrap()["code"].clone();
        self.codes.insert(who.to_owned(), shared.as_str().unwrap().to_owned());
    }

    fn view(&self, who: &str) -> Value {
        serde_json::to_value(self.engine.view(who, Time(START + 300 * DAY), None)).unwrap()
    }

    fn inviter(&self, who: &str) -> Option<String> {
        self.view(who)["inviter"].as_str().map(str::to_owned)
    }
}

/// One thing of a history: hours after the start, what, of whom, whose share.
type Step = (i64, u8, u8, u8);

const DID: [Did; 6] = [Did::Click, Did::Click, Did::Visit, Did::Register, Did::Order, Did::Pay];

fn tell(campaign: &mut Campaign, (hours, what, who, other): Step, number: usize, told_late: bool) {
    let who = format!("p{who}");
    let mut command = match DID[usize::from(what)] {
        Did::Click => json!({ "do": "visit", "by": who, "code": campaign.codes[&format!("s{other}")] }),
        Did::Visit => json!({ "do": "visit", "by": who }),
        Did::Register => json!({ "do": "event", "by": who, "name": "registered" }),
        Did::Order => json!({ "do": "event", "by": who, "name": "order", "order": format!("o{number}") }),
        Did::Pay => {
            json!({ "do": "event", "by": who, "name": "order", "order": format!("o{number}"), "amount": 5 })
        }
    };
    let when = START + HOUR + hours * 5 * DAY;
    command[if told_late { "when" } else { "at" }] = json!(when);
    assert_eq!(campaign.submit(command)["ok"], true);
}

fn event((hours, what, who, other): Step, number: usize) -> (What, Event) {
    let did = DID[usize::from(what)];
    let other = if did == Did::Click { format!("s{other}") } else { String::new() };
    // What the engine goes by at equal times.
    let id = format!("{did:?}-{other}-{number:02}").replace("Click", "0").replace("Visit", "1");
    let id = id.replace("Register", "2").replace("Order", "3").replace("Pay", "4");
    (What::Did(did), Event { at: START + HOUR + hours * 5 * DAY, id, who: format!("p{who}"), other })
}

fn policy() -> impl Strategy<Value = (Inviters, Value)> {
    (0usize..4, 0usize..3, any::<bool>(), 0usize..3).prop_map(|(lock, rebind, new_only, renews)| {
        let (lock, rebind) = (LOCKS[lock], REBINDS[rebind]);
        let protects = rebind == Rebind::AfterProtection;
        let renew_on = if protects { RENEWS[renews] } else { RenewOn::None };
        let eligible = if new_only { Eligible::NewOnly } else { Eligible::All };
        let protect = protects.then_some(Span(10 * DAY));
        let mut document = json!({
            "lock": lock.as_str(), "rebind": rebind.as_str(), "eligible": eligible.as_str(),
            "renewOn": renew_on.as_str(), "registers": "registered", "orders": "order"
        });
        if protects {
            document["protect"] = json!("10d");
        }
        (Inviters { lock, rebind, protect, eligible, renew_on, registers: None, orders: None }, document)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Told late in any order, a history gives everybody the inviter that it gives read as a whole.
    #[test]
    fn what_is_told_late_in_any_order_leads_to_the_same_inviter(
        (policy, document) in policy(),
        steps in vec((0i64..9, 0u8..6, 0u8..3, 0u8..3), 0..20),
        order in any::<u64>(),
    ) {
        let events: Vec<(What, Event)> = steps.iter().enumerate().map(|(n, step)| event(*step, n)).collect();
        let expected = bindings(&events, &policy);
        let mut told: Vec<(usize, Step)> = steps.into_iter().enumerate().collect();
        told.sort_by_key(|(n, _)| (*n as u64 + 1).wrapping_mul(order | 1));
        let mut campaign = Campaign::new(&document);
        (0..3).for_each(|n| campaign.share(&format!("s{n}")));
        for (number, step) in told {
            tell(&mut campaign, step, number, true);
        }
        for who in 0..3 {
            let who = format!("p{who}");
            let bound = expected.bound.iter().find(|bound| bound.who == who).map(|bound| bound.inviter.clone());
            prop_assert_eq!(campaign.inviter(&who), bound, "{}", who);
        }
    }

    /// Nobody is, at any distance, their own inviter, and facts, state and snapshot agree.
    #[test]
    fn inviters_make_no_circle((_, document) in policy(), steps in vec((0i64..9, 0u8..6, 0u8..5, 0u8..5), 0..40)) {
        let mut campaign = Campaign::new(&document);
        (0..5).for_each(|n| campaign.share(&format!("s{n}")));
        for (number, (hours, what, who, other)) in steps.into_iter().enumerate() {
            let mut command = match DID[usize::from(what)] {
                Did::Click => json!({ "do": "visit", "by": format!("s{who}"), "code": campaign.codes[&format!("s{other}")] }),
                Did::Visit => json!({ "do": "visit", "by": format!("s{who}") }),
                Did::Register => json!({ "do": "event", "by": format!("s{who}"), "name": "registered" }),
                _ => json!({ "do": "event", "by": format!("s{who}"), "name": "order", "order": format!("o{number}"), "amount": 5 }),
            };
            if number % 3 == 0 {
                command["when"] = json!(START + HOUR + hours * 5 * DAY);
            }
            prop_assert_eq!(&campaign.submit(command)["ok"], true);
        }
        for who in 0..5 {
            let start = format!("s{who}");
            let (mut at, mut steps) = (campaign.inviter(&start), 0);
            while let Some(above) = at {
                prop_assert!(above != start && steps < 5, "{} leads to itself", start);
                at = campaign.inviter(&above);
                steps += 1;
            }
        }
        let (before, bytes) = (campaign.engine.digest(), campaign.engine.snapshot());
        prop_assert!(campaign.engine.restore(&bytes).is_ok());
        prop_assert_eq!(campaign.engine.digest(), before);
    }

    /// In which order ids are merged makes no difference to what follows, and one person does once what they did under two ids.
    #[test]
    fn the_order_of_merges_leaves_no_trace(
        (_, document) in policy(),
        steps in vec((0u8..7, 0u8..5, 0u8..4), 0..30),
        merges in vec((0u8..5, 0u8..5), 1..5),
        after in vec((0u8..7, 0u8..5, 0u8..4), 1..20),
        turn in any::<usize>(),
    ) {
        let mut one = Campaign::new(&document);
        (0..4).for_each(|n| one.share(&format!("s{n}")));
        for n in 0..4 {
            one.submit(json!({ "do": "open", "by": format!("s{n}"), "play": "help", "loop": format!("S{n}") }));
            one.submit(json!({ "do": "visit", "by": format!("p{n}") }));
        }
        one.submit(json!({ "do": "visit", "by": "p4" }));
        for step in &steps {
            act(&mut one, *step);
        }
        let mut other = Campaign { engine: one.engine.clone(), commands: one.commands, codes: one.codes.clone() };
        let tell = |campaign: &mut Campaign, (a, b): (u8, u8)| {
            campaign.submit(json!({ "do": "merge", "by": format!("p{a}"), "text": format!("p{b}") }));
        };
        merges.iter().for_each(|merge| tell(&mut one, *merge));
        let mut turned = merges.clone();
        turned.rotate_left(turn % merges.len());
        turned.reverse();
        turned.iter().for_each(|(a, b)| tell(&mut other, (*b, *a)));
        for who in 0..5 {
            let who = format!("p{who}");
            prop_assert_eq!(one.inviter(&who), other.inviter(&who));
        }
        for (number, step) in after.iter().enumerate() {
            let (first, second) = (act(&mut one, *step), act(&mut other, *step));
            prop_assert_eq!(first["facts"].clone(), second["facts"].clone(), "{} {:?}", number, step);
            prop_assert_eq!(first["code"].clone(), second["code"].clone());
        }
        let (before, bytes) = (one.engine.digest(), one.engine.snapshot());
        prop_assert!(one.engine.restore(&bytes).is_ok());
        prop_assert_eq!(one.engine.digest(), before);
    }
}

/// Figures are told of people, not of ids, and what one person could not have done is listed.
#[test]
fn insight_tells_of_people() {
    let facts = [
        r#"{"id":"1/0","at":1,"kind":"arrived","who":"ann","depth":0}"#,
        r#"{"id":"1/1","at":1,"kind":"opened","loop":"L","play":"help","by":"ann","until":99}"#,
        r#"{"id":"2/0","at":2,"kind":"arrived","who":"bo","inviter":"ann","depth":1}"#,
        r#"{"id":"2/1","at":2,"kind":"helped","loop":"L","by":"bo","have":1,"need":3}"#,
        r#"{"id":"3/0","at":3,"kind":"arrived","who":"bo2","inviter":"ann","depth":1}"#,
        r#"{"id":"3/1","at":3,"kind":"helped","loop":"L","by":"bo2","have":2,"need":3}"#,
        r#"{"id":"4/0","at":4,"kind":"arrived","who":"cookie","inviter":"ann","depth":1}"#,
        r#"{"id":"4/1","at":4,"kind":"helped","loop":"L","by":"cookie","have":3,"need":3}"#,
        r#"{"id":"5/0","at":5,"kind":"happened","by":"bo2","name":"order","order":"o1","amount":700}"#,
    ];
    let merges = [
        r#"{"id":"6/0","at":6,"kind":"merged","who":"bo","other":"bo2"}"#,
        r#"{"id":"7/0","at":7,"kind":"merged","who":"ann","other":"cookie"}"#,
    ];
    let mut story = Story::default();
    story.read(facts.join("\n").as_bytes());
    let before = report(&story, &Options::default());
    assert_eq!((before.people, before.merged, before.doubles.len(), before.tree.depth), (4, 0, 0, 1));
    story.read(merges.join("\n").as_bytes());
    let group = Group { segment: "buyers".to_owned(), people: vec!["bo".to_owned()] };
    let after = report_with(&story, &Options::default(), &[group]);
    assert_eq!((after.people, after.merged, after.tree.people, after.spreaders[0].brought), (2, 2, 2, 1));
    let doubles: Vec<(&str, &str, Option<&str>)> =
        after.doubles.iter().map(|row| (row.who.as_str(), row.what, row.r#loop.as_deref())).collect();
    assert_eq!(
        doubles,
        [("bo", "helped-twice", Some("L")), ("ann", "helped-self", Some("L")), ("ann", "invited-self", None)]
    );
    let row = &after.segments[0];
    assert_eq!((row.name.as_str(), row.arrived, row.converted, row.value), ("buyers", 1, 1, 700));
}

/// Something somebody does: helping or coming by a link of one of four, an order, registering, a tag.
fn act(campaign: &mut Campaign, (what, who, other): (u8, u8, u8)) -> Value {
    let by = format!("p{who}");
    let order = format!("o{}", campaign.commands);
    campaign.submit(match what {
        0 | 1 => json!({ "do": "help", "by": by, "loop": format!("S{other}") }),
        2 | 3 => json!({ "do": "visit", "by": by, "code": campaign.codes[&format!("s{other}")] }),
        4 => json!({ "do": "event", "by": by, "name": "order", "order": order, "amount": 7 }),
        5 => json!({ "do": "open", "by": by, "play": "help", "loop": format!("L{}", campaign.commands) }),
        _ => json!({ "do": "tag", "by": by, "text": "vip" }),
    })
}
