//! The limits language: every accepted deed is kept, and each question counts the whole list again.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of, rebuilds,
};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const PLAYS: [&str; 2] = ["a", "b"];
const ACTS: [&str; 5] = ["open", "help", "visit", "share", "grant"];

/// One thing that was done and counts.
#[derive(Clone)]
struct Deed {
    action: &'static str,
    play: Option<String>,
    loop_: Option<String>,
    initiator: Option<String>,
    by: String,
    touchpoint: Option<String>,
    device: Option<String>,
    network: Option<String>,
    reward: Option<String>,
    amount: i64,
    at: i64,
}

#[derive(Clone)]
struct Loop {
    id: String,
    play: String,
    initiator: String,
    helpers: Vec<String>,
}

#[derive(Clone)]
struct Limits {
    campaign: Value,
    deeds: Vec<Deed>,
    loops: Vec<Loop>,
    arrived: Vec<(String, Option<String>)>,
    full_arrival: bool,
    shared: Vec<(String, Option<String>)>,
    orders: Vec<String>,
}

impl Reference for Limits {
    const KINDS: &'static [&'static str] =
        &["arrived", "opened", "helped", "completed", "granted", "withheld", "shared", "bought"];

    fn submit(&mut self, command: &Value) -> Answer {
        let before = self.clone();
        let answer = self.decide(command);
        // What the play refuses is told before a limit on arriving.
        let answer = if self.full_arrival { answer.and(Err("LIMIT_REACHED".into())) } else { answer };
        if answer.is_err() {
            *self = before;
        }
        answer
    }
}

impl Limits {
    fn new(campaign: &Value) -> Limits {
        let campaign = campaign.clone();
        let (deeds, loops, arrived, shared, orders) = Default::default();
        Limits { campaign, deeds, loops, arrived, full_arrival: false, shared, orders }
    }

    fn decide(&mut self, command: &Value) -> Answer {
        let by = text(command, "by").expect("a participant");
        let (act, loop_) = (text(command, "do").expect("an act"), text(command, "loop"));
        let mut facts = Vec::new();
        match act.as_str() {
            "visit" => self.arrive(command, &by, true, &mut facts),
            "share" => {
                let head = match &loop_ {
                    Some(id) => Some(self.loops.iter().find(|head| head.id == *id).ok_or("LOOP_UNKNOWN")?),
                    None => None,
                };
                let key = (by.clone(), loop_);
                if self.shared.contains(&key) {
                    return Ok(facts);
                }
                let deed = self.deed("share", head, &by, command);
                self.accept(deed)?;
                self.shared.push(key);
                facts.push(json!({ "kind": "shared", "who": by }));
            }
            "open" => {
                let (id, play) = (loop_.expect("a loop"), text(command, "play").expect("a play"));
                if self.loops.iter().any(|head| head.id == id) {
                    return Err("LOOP_EXISTS".into());
                }
                self.arrive(command, &by, false, &mut facts);
                let mut deed = self.deed("open", None, &by, command);
                (deed.play, deed.initiator) = (Some(play.clone()), Some(by.clone()));
                self.accept(deed)?;
                facts.push(json!({ "kind": "opened", "loop": id, "play": play, "by": by }));
                self.loops.push(Loop { id, play, initiator: by, helpers: Vec::new() });
            }
            "pay" => {
                let order = text(command, "order").expect("an order");
                if self.orders.contains(&order) {
                    return Err("ORDER_KNOWN".into());
                }
                let mut deed = self.deed("pay", None, &by, command);
                (deed.play, deed.amount) = (Some("shop".into()), 700);
                self.accept(deed)?;
                facts.push(json!({ "kind": "bought", "order": order, "amount": 700 }));
                self.orders.push(order);
            }
            _ => self.help(command, &by, &loop_.expect("a loop"), &mut facts)?,
        }
        Ok(facts)
    }

    fn help(&mut self, command: &Value, by: &str, id: &str, facts: &mut Vec<Value>) -> Result<(), String> {
        let place = self.loops.iter().position(|head| head.id == id).ok_or("LOOP_UNKNOWN")?;
        self.arrive(command, by, false, facts);
        let head = &self.loops[place];
        let (play, initiator) = (head.play.clone(), head.initiator.clone());
        let rules = self.campaign["plays"][&play].clone();
        let need = usize::try_from(rules["helpers"].as_u64().expect("a number")).expect("few");
        if head.helpers.len() >= need {
            return Err("LOOP_COMPLETE".into());
        }
        if initiator == by {
            return Err("OWN_LOOP".into());
        }
        if head.helpers.iter().any(|helper| helper == by) {
            return Err("ALREADY_HELPED".into());
        }
        let deed = self.deed("help", Some(head), by, command);
        self.accept(deed)?;
        let have = self.loops[place].helpers.len() + 1;
        facts.push(json!({ "kind": "helped", "loop": id, "by": by, "have": have }));
        let mut gifts: Vec<(String, String)> = Vec::new();
        gifts.extend(names(&rules["giveHelper"]).map(|reward| (reward, by.to_owned())));
        for (reward, to) in gifts {
            facts.push(self.grant(place, reward, to, command));
        }
        if have == need {
            facts.push(json!({ "kind": "completed", "loop": id }));
            for reward in names(&rules["give"]) {
                facts.push(self.grant(place, reward, initiator.clone(), command));
            }
        }
        self.loops[place].helpers.push(by.to_owned());
        Ok(())
    }

    fn grant(&mut self, place: usize, reward: String, to: String, command: &Value) -> Value {
        let mut deed = self.deed("grant", Some(&self.loops[place]), &to, command);
        deed.amount = if reward == "cash" { 300 } else { 0 };
        deed.reward = Some(reward.clone());
        match self.accept(deed) {
            Ok(()) => json!({ "kind": "granted", "reward": reward, "to": to }),
            Err(_) => json!({ "kind": "withheld", "reward": reward, "to": to, "reason": "limit" }),
        }
    }

    fn arrive(&mut self, command: &Value, by: &str, always: bool, facts: &mut Vec<Value>) {
        let touchpoint = text(command, "touchpoint");
        if self.arrived.iter().any(|(who, _)| who == by) || (!always && touchpoint.is_none()) {
            return;
        }
        self.arrived.push((by.to_owned(), touchpoint.clone()));
        let deed = self.deed("visit", None, by, command);
        self.full_arrival = self.accept(deed).is_err();
        facts.push(json!({ "kind": "arrived", "who": by, "touchpoint": touchpoint }));
    }

    fn deed(&self, action: &'static str, head: Option<&Loop>, by: &str, command: &Value) -> Deed {
        let arrival = self.arrived.iter().find(|(who, _)| who == by);
        Deed {
            action,
            play: head.map(|head| head.play.clone()),
            loop_: head.map(|head| head.id.clone()),
            initiator: head.map(|head| head.initiator.clone()),
            by: by.to_owned(),
            touchpoint: arrival.and_then(|(_, touchpoint)| touchpoint.clone()),
            device: text(command, "device"),
            network: text(command, "network"),
            reward: None,
            amount: 0,
            at: command["at"].as_i64().expect("a time"),
        }
    }

    /// Keeps a deed if every limit has room for it.
    fn accept(&mut self, deed: Deed) -> Result<(), String> {
        let own = deed.play.as_ref().map(|play| (Some(play), &self.campaign["plays"][play]["limits"]));
        let root = (None, &self.campaign["limits"]);
        for (scope, limits) in own.into_iter().chain([root]) {
            for limit in limits.as_array().into_iter().flatten() {
                let Some(mine) = subject(limit, &deed) else { continue };
                let when = self.period(limit, deed.at);
                let same = self.deeds.iter().filter(|other| {
                    scope.is_none_or(|play| other.play.as_ref() == Some(play))
                        && subject(limit, other).as_ref() == Some(&mine)
                        && self.period(limit, other.at) == when
                });
                let full = match limit["most"].as_u64() {
                    Some(most) => u64::try_from(same.count()).expect("few") >= most,
                    None => {
                        same.map(|other| other.amount).sum::<i64>() + deed.amount > money(&limit["amount"])
                    }
                };
                if full {
                    return Err("LIMIT_REACHED".into());
                }
            }
        }
        self.deeds.push(deed);
        Ok(())
    }

    /// The local calendar, found by counting days one by one.
    fn period(&self, limit: &Value, at: i64) -> (i64, i64) {
        let zone = text(&self.campaign, "timezone").expect("a timezone");
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let number = |from: usize| zone[from..from + 2].parse::<i64>().expect("a number");
        let local = at + sign * (number(1) * HOUR + number(4) * MINUTE);
        match text(limit, "every").expect("a period").as_str() {
            "hour" => (local.div_euclid(HOUR), 0),
            "day" => (local.div_euclid(DAY), 0),
            // 2024-01-01 was a Monday, 19,723 days after 1970-01-01.
            "week" => ((local.div_euclid(DAY) - 19_723).div_euclid(7), 0),
            "month" => {
                let (mut year, mut month, mut days) = (2024, 0, local.div_euclid(DAY) - 19_723);
                loop {
                    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                    let length = match month {
                        1 => 28 + i64::from(leap),
                        3 | 5 | 8 | 10 => 30,
                        _ => 31,
                    };
                    if days < length {
                        return (year, month);
                    }
                    days -= length;
                    (year, month) = if month == 11 { (year + 1, 0) } else { (year, month + 1) };
                }
            }
            _ => (0, 0),
        }
    }
}

/// For whom a deed counts under a limit.
fn subject(limit: &Value, deed: &Deed) -> Option<String> {
    let per = text(limit, "per").expect("a subject");
    let of: Vec<String> = match &limit["of"] {
        Value::Null => match per.as_str() {
            "helper" => vec!["help".into()],
            "initiator" => vec!["open".into()],
            "reward" => vec!["grant".into()],
            _ => vec!["open".into(), "help".into()],
        },
        Value::String(one) => vec![one.clone()],
        list => names(list).collect(),
    };
    let named = text(limit, "reward");
    if !of.iter().any(|action| action == deed.action) || (named.is_some() && named != deed.reward) {
        return None;
    }
    match per.as_str() {
        "participant" => Some(deed.by.clone()),
        "helper" => deed.initiator.as_ref().filter(|whose| **whose != deed.by).map(|_| deed.by.clone()),
        "initiator" => deed.initiator.clone(),
        "device" => deed.device.clone(),
        "network" => deed.network.clone(),
        "loop" => deed.loop_.clone(),
        "touchpoint" => deed.touchpoint.clone(),
        "reward" => deed.reward.clone(),
        "play" => deed.play.clone(),
        _ => Some(String::new()),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

fn names(list: &Value) -> impl Iterator<Item = String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.into_iter().filter_map(|name| name.as_str().map(str::to_owned))
}

fn money(value: &Value) -> i64 {
    value.as_str().expect("an amount").replace('.', "").parse().expect("digits")
}

fn limit(dice: &mut Dice<'_>, in_play: bool) -> Value {
    let every = dice.pick(&["hour", "day", "week", "month", "campaign"]);
    if dice.below(4) == 0 {
        let per =
            dice.pick(&["participant", "initiator", "device", "network", "touchpoint", "play", "campaign"]);
        let of = dice.pick(&[json!("grant"), json!("pay"), json!(["pay", "grant"])].each_ref()).clone();
        return json!({ "per": per, "every": every, "amount": format!("{}.00", 3 + dice.below(16)), "of": of });
    }
    let most = 1 + dice.below(4);
    let per = dice.pick(&[
        "participant",
        "helper",
        "initiator",
        "device",
        "network",
        "loop",
        "touchpoint",
        "reward",
        "play",
        "campaign",
    ]);
    let mut limit = json!({ "per": per, "every": every, "most": most });
    if per == "reward" || dice.below(6) == 0 {
        limit["of"] = json!("grant");
        if dice.below(2) == 0 {
            limit["reward"] = json!(dice.pick(&["cash", "coupon"]));
        }
    } else if dice.below(2) == 0 {
        let first = dice.pick(&ACTS);
        let second = dice.pick(&["help", "grant", "pay"]);
        let nothing = match per {
            "helper" | "loop" => vec!["open", "visit"],
            "initiator" | "play" => vec!["visit"],
            _ => vec![],
        };
        let one = !(nothing.contains(&first) || in_play && first == "visit");
        limit["of"] = if one { json!(first) } else { json!([first, second]) };
    }
    limit
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let zone = dice.pick(&["+08:00", "+00:00", "-03:30", "+14:00", "-11:00", "+05:45"]);
    let play = |dice: &mut Dice<'_>| {
        let gifts = |dice: &mut Dice<'_>| match dice.below(4) {
            0 => json!(["cash"]),
            1 => json!(["coupon", "cash"]),
            2 => json!(["coupon"]),
            _ => json!([]),
        };
        let limits: Vec<Value> = (0..dice.below(3)).map(|_| limit(dice, true)).collect();
        json!({ "mechanic": "assist", "title": "A", "helpers": 2 + dice.below(4), "within": "3000d",
            "give": gifts(dice), "giveHelper": gifts(dice), "limits": limits })
    };
    let plays = json!({
        "a": play(dice), "b": play(dice),
        "shop": { "mechanic": "group-buy", "title": "S", "size": 2, "price": "5.00", "alone": "7.00", "within": "1h",
            "limits": (0..dice.below(2)).map(|_| limit(dice, true)).collect::<Vec<_>>() }
    });
    let limits: Vec<Value> = (0..dice.below(4)).map(|_| limit(dice, false)).collect();
    json!({
        "id": "limits", "title": "Limits", "timezone": zone,
        "runs": { "from": "2026-01-01T00:00", "until": "2032-01-01T00:00" },
        "rewards": {
            "cash": { "kind": "cash", "title": "C", "amount": "3.00" },
            "coupon": { "kind": "coupon", "title": "K" }
        },
        "plays": plays, "limits": limits, "touchpoints": { "t1": { "kind": "store" }, "t2": { "kind": "sms" } }
    })
}

fn commands(plan: &[[u8; 8]]) -> Vec<Value> {
    let mut now = START;
    let mut commands = Vec::new();
    for (number, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        now += match dice.below(16) {
            0..8 => i64::from(dice.below(3)) * MINUTE,
            8..11 => HOUR / 2,
            11 => DAY - HOUR,
            12 => DAY,
            13 => 6 * DAY,
            14 => 27 * DAY,
            _ => -HOUR,
        };
        // The edges of the calendar: exactly a full hour, or a millisecond before.
        now = match dice.below(6) {
            0 => now.div_euclid(HOUR) * HOUR,
            1 => now.div_euclid(HOUR) * HOUR - 1,
            _ => now,
        };
        let by = dice.pick(&["ann", "bo", "cy", "di", "ed"]);
        let loop_ = format!("L{}", dice.below(5));
        let mut command = match dice.below(16) {
            0..4 => json!({ "do": "open", "play": dice.pick(&PLAYS), "loop": loop_ }),
            4..11 => json!({ "do": "help", "loop": loop_ }),
            11 => json!({ "do": "visit" }),
            12 => json!({ "do": "share" }),
            13 => json!({ "do": "share", "loop": loop_ }),
            _ => {
                json!({ "do": "pay", "play": "shop", "order": format!("o{}", dice.below(40)), "amount": 700 })
            }
        };
        let extra = dice.below(64);
        if extra & 3 == 0 {
            command["device"] = json!(if extra & 4 == 0 { "d1" } else { "d2" });
        }
        if extra & 24 == 0 {
            command["network"] = json!(if extra & 32 == 0 { "n1" } else { "n2" });
        }
        if extra % 5 == 0 && ["visit", "help", "open"].contains(&command["do"].as_str().expect("an act")) {
            command["touchpoint"] = json!(if extra & 1 == 0 { "t1" } else { "t2" });
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
    let campaign = campaign(&bytes(number, 100));
    Round::of(&campaign, &commands(&plan_of::<8>(number, 60)), || Limits::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn limits_count_what_was_accepted(
        rules in vec(any::<u8>(), 100), plan in vec(any::<[u8; 8]>(), 1..60),
    ) {
        let (campaign, commands) = (campaign(&rules), commands(&plan));
        let differs = differs(&campaign, &commands, &mut Limits::new(&campaign));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
        prop_assert!(rebuilds(&campaign, &commands), "facts rebuild another state\n{campaign}");
    }
}

#[test]
fn faults_in_limits_are_found() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    type Fault = fn(&mut Limits, &Value) -> Answer;
    let faults: [(&str, Fault); 5] = [
        ("an hour is late by a millisecond", |limits, command| {
            let mut early = command.clone();
            early["at"] = json!(command["at"].as_i64().unwrap_or(0) - 1);
            limits.submit(&early)
        }),
        ("what was refused counts", |limits, command| {
            let answer = limits.submit(command);
            if answer == Err("LIMIT_REACHED".into()) {
                let head = limits.loops.iter().find(|head| text(command, "loop") == Some(head.id.clone()));
                let mut deed = limits.deed("help", head, &text(command, "by").unwrap_or_default(), command);
                deed.at += HOUR;
                limits.deeds.push(deed);
            }
            answer
        }),
        ("devices are not told apart", |limits, command| {
            let mut same = command.clone();
            if command["device"].is_string() {
                same["device"] = json!("d1");
            }
            limits.submit(&same)
        }),
        ("grants do not count", |limits, command| {
            let answer = limits.submit(command);
            limits.deeds.retain(|deed| deed.action != "grant");
            answer
        }),
        ("weeks begin on Sunday", |limits, command| {
            let every = |limits: &Value| limits.as_array().cloned().unwrap_or_default();
            let weekly =
                every(&limits.campaign["limits"]).iter().any(|limit| limit["every"] == json!("week"));
            let mut shifted = command.clone();
            if weekly {
                shifted["at"] = json!(command["at"].as_i64().unwrap_or(0) + DAY);
            }
            limits.submit(&shifted)
        }),
    ];
    for (name, fault) in faults {
        let mut runner = TestRunner::deterministic();
        let found = (0..1_500).any(|_| {
            let rules = vec(any::<u8>(), 100).new_tree(&mut runner).expect("bytes").current();
            let plan = vec(any::<[u8; 8]>(), 1..60).new_tree(&mut runner).expect("bytes").current();
            let campaign = campaign(&rules);
            let mut limits = Limits::new(&campaign);
            differs_by(&campaign, &commands(&plan), |command| fault(&mut limits, command), Limits::KINDS)
                .is_some()
        });
        assert!(found, "{name}: nobody noticed");
    }
}
