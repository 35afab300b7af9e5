//! Commission, written from the prose of the rules: what was told so far is a list, and every question is
//! answered by reading it from the beginning.

use std::collections::BTreeSet;

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};
use kfactor::engine::Engine;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The end of the campaigns below, 2026-12-02T00:00+08:00.
const END: i64 = START + 14 * 60 * MINUTE;

/// Mistakes that can be planted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    RoundsUp,
    PercentFirst,
    ForgetsCount,
    PaysForFree,
    OneLevelBack,
    OneStepCycle,
    ForgetsProtection,
    EndedStillEarns,
    SpendsRefunded,
}

struct Shop {
    rules: Value,
    pay: Value,
    told: Vec<(i64, Value)>,
    fault: Fault,
}

impl Shop {
    fn new(campaign: &Value, fault: Fault) -> Shop {
        let rules = campaign["plays"]["sell"].clone();
        Shop { rules, pay: campaign["rewards"]["pay"].clone(), told: Vec::new(), fault }
    }

    fn facts<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = (i64, &'a Value)> {
        self.told.iter().filter(move |(_, fact)| fact["kind"] == json!(kind)).map(|(at, fact)| (*at, fact))
    }

    fn owner(&self, loop_: &Value) -> Option<&Value> {
        self.facts("opened").find(|(_, fact)| fact["loop"] == *loop_).map(|(_, fact)| &fact["by"])
    }

    fn runs(&self, loop_: &Value, at: i64) -> bool {
        let ended = self.facts("expired").any(|(_, fact)| fact["loop"] == *loop_);
        at < END && !ended
    }

    fn own(&self, who: &Value, at: i64) -> Option<&Value> {
        self.facts("opened")
            .map(|(_, fact)| fact)
            .find(|fact| fact["by"] == *who && self.runs(&fact["loop"], at))
            .map(|fact| &fact["loop"])
    }

    /// The loop that someone is bound to, and since when.
    fn bound(&self, who: &Value, at: i64) -> Option<(&Value, i64)> {
        let (since, fact) = self.facts("joined").rev().find(|(_, fact)| fact["by"] == *who)?;
        let stands = at < fact["until"].as_i64().expect("until") && self.runs(&fact["loop"], at);
        (stands || self.fault == Fault::EndedStillEarns).then_some((&fact["loop"], since))
    }

    fn above(&self, who: &Value, at: i64) -> Option<&Value> {
        self.owner(self.bound(who, at)?.0)
    }

    fn refunded(&self, order: &Value) -> bool {
        self.facts("refunded").any(|(_, fact)| fact["order"] == *order)
    }

    fn orders<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.facts("happened").map(|(_, fact)| fact).filter(move |fact| fact["name"] == json!(name))
    }

    fn span(&self, key: &str) -> Option<i64> {
        let text = self.rules[key].as_str()?;
        Some(text.strip_suffix('m').expect("minutes").parse::<i64>().expect("a number") * MINUTE)
    }

    fn open(&self, by: &Value, loop_: &Value, at: i64) -> Answer {
        if at >= END {
            return Err("CAMPAIGN_ENDED".into());
        }
        if self.owner(loop_).is_some() {
            return Err("LOOP_EXISTS".into());
        }
        if self.own(by, at).is_some() {
            return Err("LOOP_RUNNING".into());
        }
        let mut kit = Value::Null;
        if !self.rules["requires"].is_null() {
            let used: Vec<&Value> = self.facts("opened").map(|(_, fact)| &fact["kit"]).collect();
            let free = |fact: &&Value| {
                fact["by"] == *by && !self.refunded(&fact["order"]) && !used.contains(&&fact["order"])
            };
            kit = self.orders("kit").find(free).ok_or("EVENT_REQUIRED")?["order"].clone();
        }
        if let Some(spend) = self.rules["spend"].as_str() {
            let spend: f64 = spend.parse().expect("an amount");
            let counts = |fact: &&Value| {
                fact["by"] == *by && (!self.refunded(&fact["order"]) || self.fault == Fault::SpendsRefunded)
            };
            let spent: i64 =
                self.orders("paid").filter(counts).map(|fact| fact["amount"].as_i64().unwrap_or(0)).sum();
            if spent < (spend * 100.0) as i64 {
                return Err("NOT_DISTRIBUTOR".into());
            }
        }
        Ok(vec![json!({ "kind": "opened", "loop": loop_, "by": by, "kit": kit })])
    }

    fn join(&self, by: &Value, loop_: &Value, at: i64) -> Answer {
        let owner = self.owner(loop_).ok_or("LOOP_UNKNOWN")?;
        if !self.runs(loop_, at) {
            return Err("LOOP_EXPIRED".into());
        }
        if owner == by {
            return Err("OWN_LOOP".into());
        }
        let mut facts = Vec::new();
        if let Some((before, since)) = self.bound(by, at) {
            if before == loop_ {
                return Err("ALREADY_JOINED".into());
            }
            let protected = self.fault != Fault::ForgetsProtection
                && self.span("protect").is_some_and(|span| at < since + span);
            if self.rules["bind"] != json!("last") || protected {
                return Err("ALREADY_INVITED".into());
            }
            facts.push(json!({ "kind": "left", "loop": before, "by": by }));
        }
        if self.rules["bind"] == json!("register") {
            let first =
                self.facts("happened").find(|(_, f)| f["by"] == *by && f["name"] == json!("registered"));
            let (first, _) = first.ok_or("EVENT_REQUIRED")?;
            if at >= first + self.span("bindWithin").expect("a span") {
                return Err("BIND_CLOSED".into());
            }
        }
        let mut up = Some(owner);
        // A planted fault can make a circle.
        for _ in PEOPLE {
            let Some(who) = up.and_then(|who| self.above(who, at)) else { break };
            if who == by {
                return Err("INVITE_CYCLE".into());
            }
            up = Some(who).filter(|_| self.fault != Fault::OneStepCycle);
        }
        let until = self.span("bindFor").map_or(END, |span| END.min(at + span));
        facts.push(json!({ "kind": "joined", "loop": loop_, "by": by, "until": until }));
        Ok(facts)
    }

    fn event(&self, command: &Value, at: i64) -> Answer {
        let (by, order) = (&command["by"], &command["order"]);
        let known = |(_, fact): (i64, &Value)| fact["order"] == *order;
        if !order.is_null() && self.facts("happened").any(known) {
            return Err("ORDER_KNOWN".into());
        }
        let mut facts = vec![
            json!({ "kind": "happened", "by": by, "name": command["name"], "order": order, "amount": command["amount"] }),
        ];
        if command["name"] != json!("paid") || order.is_null() {
            return Ok(facts);
        }
        let bound = |who: &Value| self.bound(who, at).map(|(loop_, _)| loop_);
        let own = self.own(by, at).filter(|_| self.rules["ownOrders"] == json!(true));
        let first = own.or_else(|| bound(by));
        let second = match own {
            Some(_) => bound(by),
            None => first.and_then(|loop_| bound(self.owner(loop_)?)),
        };
        let mut budget = 0;
        for (level, loop_) in [(1, first), (2, second)] {
            let (Some(loop_), Some(rate)) = (loop_, self.rules["levels"].get(level - 1)) else { continue };
            let paid = command["amount"].as_i64().unwrap_or(0);
            let base = if self.rules["base"] == json!("paid") {
                paid
            } else {
                command["price"].as_i64().unwrap_or(0)
            };
            let amount = self.commission(rate, base, command["count"].as_i64().unwrap_or(1));
            if (paid == 0 && self.fault != Fault::PaysForFree) || amount == 0 {
                continue;
            }
            let to = self.owner(loop_).expect("an owner");
            facts.push(json!({ "kind": "earned", "loop": loop_, "by": by, "order": order, "level": level, "base": base, "amount": amount }));
            if self.standing() + budget + amount > 3_000 {
                facts.push(json!({ "kind": "withheld", "loop": loop_, "to": to, "reason": "budget" }));
                continue;
            }
            budget += amount;
            let n = 1 + self.facts("granted").filter(|(_, fact)| fact["loop"] == *loop_).count();
            let id = format!("{}.{n}", loop_.as_str().expect("an id"));
            facts.push(json!({ "kind": "granted", "grant": id, "to": to, "amount": amount, "loop": loop_, "order": order }));
        }
        Ok(facts)
    }

    fn commission(&self, rate: &Value, base: i64, count: i64) -> i64 {
        let percent = rate["percent"].as_str().map(|text| {
            let points = text.strip_suffix('%').expect("percent").parse::<i64>().expect("whole") * 100;
            if self.fault == Fault::RoundsUp {
                (base * points + 9_999) / 10_000
            } else {
                base * points / 10_000
            }
        });
        let fixed = rate["fixed"].as_str().map(|text| {
            let each: i64 = text.replace('.', "").parse().expect("an amount");
            if self.fault == Fault::ForgetsCount { each } else { each * count }
        });
        match self.fault {
            Fault::PercentFirst => percent.or(fixed),
            _ => fixed.or(percent),
        }
        .expect("a rate")
    }

    fn state(&self, grant: &Value) -> &str {
        let is = |kind: &str| self.facts(kind).any(|(_, fact)| fact["grant"] == *grant);
        match () {
            () if is("revoked") => "revoked",
            () if is("fulfilled") => "fulfilled",
            () => "reserved",
        }
    }

    fn standing(&self) -> i64 {
        let stands = |fact: &&Value| self.state(&fact["grant"]) != "revoked";
        let granted = self.facts("granted").map(|(_, fact)| fact).filter(stands);
        granted.map(|fact| fact["amount"].as_i64().expect("an amount")).sum()
    }

    fn refund(&self, order: &Value) -> Answer {
        if !self.facts("happened").any(|(_, fact)| fact["order"] == *order) {
            return Err("ORDER_UNKNOWN".into());
        }
        if self.refunded(order) {
            return Err("ORDER_REFUNDED".into());
        }
        let mut facts = vec![json!({ "kind": "refunded", "order": order })];
        for (_, fact) in self.facts("granted").filter(|(_, fact)| fact["order"] == *order) {
            let grant = &fact["grant"];
            match self.state(grant) {
                "fulfilled" if self.pay["clawback"] == json!("keep") => {
                    facts.push(json!({ "kind": "kept", "grant": grant }));
                }
                "revoked" => {}
                state => {
                    facts.push(json!({ "kind": "revoked", "grant": grant, "owed": state == "fulfilled" }));
                }
            }
            if self.fault == Fault::OneLevelBack {
                break;
            }
        }
        let opened = self.facts("opened").map(|(_, fact)| fact);
        for fact in opened.filter(|fact| fact["kit"] == *order) {
            facts.push(json!({ "kind": "expired", "loop": fact["loop"] }));
        }
        Ok(facts)
    }

    fn fulfil(&self, grant: &Value, at: i64) -> Answer {
        let (since, _) =
            self.facts("granted").find(|(_, fact)| fact["grant"] == *grant).ok_or("GRANT_UNKNOWN")?;
        if self.state(grant) != "reserved" {
            return Err("GRANT_SETTLED".into());
        }
        if self.pay["hold"].is_string() && at < since + 60 * MINUTE {
            return Err("GRANT_HELD".into());
        }
        Ok(vec![json!({ "kind": "fulfilled", "grant": grant })])
    }
}

impl Reference for Shop {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "joined",
        "left",
        "happened",
        "earned",
        "granted",
        "withheld",
        "revoked",
        "kept",
        "refunded",
        "expired",
        "fulfilled",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = command["at"].as_i64().expect("a time");
        let (by, loop_) = (&command["by"], &command["loop"]);
        let facts = match command["do"].as_str().expect("an act") {
            "open" => self.open(by, loop_, at)?,
            "join" => self.join(by, loop_, at)?,
            "event" => self.event(command, at)?,
            "refund" => self.refund(&command["order"])?,
            "fulfil" => self.fulfil(&command["grant"], at)?,
            _ => vec![],
        };
        self.told.extend(facts.iter().map(|fact| (at, fact.clone())));
        // These fields are for this file alone.
        let own = |fact: &Value| {
            let mut fact = fact.clone();
            let members = fact.as_object_mut().expect("an object");
            members.remove("kit");
            if members["kind"] == json!("granted") {
                members.remove("loop");
                members.remove("order");
            }
            fact
        };
        Ok(facts.iter().map(own).collect())
    }
}

fn campaign(dice: &mut Dice<'_>) -> Value {
    let mut rates = vec![];
    for _ in 0..=dice.below(2) {
        rates.push(match dice.below(5) {
            0 => json!({ "fixed": "0.07" }),
            1 => json!({ "fixed": "0.03", "percent": "20%" }),
            2 => json!({ "fixed": "0.00", "percent": "20%" }),
            3 => json!({ "percent": "33%" }),
            _ => json!({ "percent": "7%" }),
        });
    }
    let mut sell = json!({
        "mechanic": "commission", "title": "Sell", "order": "paid", "give": "pay", "levels": rates,
        "base": dice.pick(&["paid", "price"]), "ownOrders": dice.below(2) == 1,
    });
    match dice.below(4) {
        0 => {
            sell["bind"] = json!("register");
            sell["bindAfter"] = json!("registered");
            sell["bindWithin"] = json!("10m");
        }
        1 => sell["bind"] = json!("last"),
        2 => {
            sell["bind"] = json!("last");
            sell["protect"] = json!("20m");
        }
        _ => {}
    }
    match dice.below(4) {
        0 => sell["requires"] = json!("kit"),
        1 => sell["spend"] = json!("3.00"),
        _ => {}
    }
    if let Some(span) = dice.maybe(3, |_| json!("40m")) {
        sell["bindFor"] = span;
    }
    let mut pay = json!({ "kind": "cash", "title": "Pay", "budget": "30.00" });
    if dice.below(2) == 0 {
        pay["hold"] = json!("1h");
    }
    if dice.below(2) == 0 {
        pay["clawback"] = json!("keep");
    }
    json!({
        "id": "shop", "title": "Shop", "timezone": "+08:00",
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-02T00:00" },
        "rewards": { "pay": pay },
        // Names the events of all campaigns, so that they are known.
        "plays": { "sell": sell, "other": { "mechanic": "assist", "title": "Kit", "helpers": 1, "within": "1h", "requires": "kit" },
                   "third": { "mechanic": "assist", "title": "Registered", "helpers": 1, "within": "1h", "requires": "registered" } },
    })
}

const PEOPLE: [&str; 5] = ["ann", "bo", "cy", "di", "ed"];

fn commands(dice: &mut Dice<'_>, count: usize) -> Vec<Value> {
    let mut now = START;
    let mut commands: Vec<Value> = Vec::new();
    for number in 0..count {
        now += match dice.below(24) {
            0..12 => 0,
            step @ 12..20 => i64::from(step - 11) * MINUTE,
            20 => 40 * MINUTE,
            21 => 60 * MINUTE,
            22 => -5 * MINUTE,
            _ => 10 * MINUTE,
        };
        if number > 0 && dice.below(20) == 0 {
            let mut again = commands[usize::from(dice.below(255)) % number].clone();
            again["at"] = json!(now);
            commands.push(again);
            continue;
        }
        let who = dice.pick(&PEOPLE);
        let loop_ = format!("{}{}", dice.pick(&PEOPLE), dice.below(8) / 6);
        let order = format!("o{}", dice.below(24));
        let mut command = match dice.below(20) {
            0..3 => {
                json!({ "do": "open", "by": who, "play": "sell", "loop": format!("{who}{}", dice.below(2)) })
            }
            3..9 => json!({ "do": "join", "by": who, "loop": loop_ }),
            9..14 => {
                let mut paid = json!({ "do": "event", "by": who, "name": "paid", "order": order });
                for (key, values) in [
                    ("amount", [0, 100, 299, 300, 1_001]),
                    ("price", [0, 120, 300, 2_000, 7]),
                    ("count", [1, 2, 3, 1, 5]),
                ] {
                    if dice.below(6) > 0 {
                        paid[key] = json!(dice.pick(&values));
                    }
                }
                paid
            }
            14 => json!({ "do": "event", "by": who, "name": "kit", "order": order }),
            15 => json!({ "do": "event", "by": who, "name": "registered" }),
            16..18 => {
                let early = dice.pick(&["k1", "k2", "p1", "", "", ""]);
                json!({ "do": "refund", "order": if early.is_empty() { &order } else { early } })
            }
            18 => json!({ "do": "fulfil", "grant": format!("{loop_}.{}", 1 + dice.below(3)) }),
            _ => json!({ "do": "tick" }),
        };
        command["id"] = json!(format!("c{number}"));
        command["at"] = json!(now);
        commands.push(command);
    }
    commands
}

fn plan(bytes: &[u8]) -> (Value, Vec<Value>) {
    let dice = &mut Dice(bytes);
    let campaign = campaign(dice);
    let mut all = vec![
        json!({ "do": "event", "by": "ann", "name": "kit", "order": "k1" }),
        json!({ "do": "event", "by": "bo", "name": "kit", "order": "k2" }),
        json!({ "do": "event", "by": "ann", "name": "paid", "order": "p1", "amount": 300, "price": 300 }),
        json!({ "do": "event", "by": "bo", "name": "paid", "order": "p2", "amount": 300, "price": 300 }),
        json!({ "do": "event", "by": "cy", "name": "registered" }),
        json!({ "do": "event", "by": "bo", "name": "registered" }),
        json!({ "do": "open", "by": "ann", "play": "sell", "loop": "ann0" }),
        json!({ "do": "open", "by": "bo", "play": "sell", "loop": "bo0" }),
        json!({ "do": "join", "by": "bo", "loop": "ann0" }),
        json!({ "do": "join", "by": "cy", "loop": "bo0" }),
    ];
    for (number, command) in all.iter_mut().enumerate() {
        command["id"] = json!(format!("s{number}"));
        command["at"] = json!(START);
    }
    all.extend(commands(dice, 50));
    (campaign, all)
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let (campaign, commands) = plan(&bytes(number, 500));
    Round::of(&campaign, &commands, || Shop::new(&campaign, Fault::None))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn commission_does_as_its_reference(bytes in prop::collection::vec(any::<u8>(), 100..500)) {
        let (campaign, commands) = plan(&bytes);
        prop_assert_eq!(differs(&campaign, &commands, &mut Shop::new(&campaign, Fault::None)), Option::None);
    }

    #[test]
    fn commission_keeps_its_word_on_what_is_missing(bytes in prop::collection::vec(any::<u8>(), 100..400)) {
        let (campaign, commands) = plan(&bytes);
        let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("shop")).expect("a campaign");
        for command in &commands {
            send(&mut engine, command);
        }
        let now = engine.state().now;
        for who in PEOPLE {
            let view = serde_json::to_value(engine.view(who, now, None)).expect("a view");
            for loop_ in view["loops"].as_array().expect("loops") {
                let reward = &loop_["rewards"][0];
                if reward["status"] != json!("locked") {
                    continue;
                }
                let step = &reward["missing"][0];
                prop_assert_eq!((&step["need"], &step["count"]), (&json!("invite"), &json!(1)));
                let mut engine = engine.clone();
                let at = now.0;
                // Who is new has registered just now.
                send(&mut engine, &json!({ "id": "x0", "at": at, "do": "event", "by": "new", "name": "registered" }));
                send(&mut engine, &json!({ "id": "x1", "at": at, "do": "join", "by": "new", "loop": loop_["loop"] }));
                let order = json!({ "id": "x2", "at": at, "do": "event", "by": "new", "name": step["name"], "order": "new", "amount": step["amount"], "price": step["amount"] });
                let answer = send(&mut engine, &order);
                let granted = |fact: &Value| fact["kind"] == json!("granted") && fact["to"] == json!(who);
                prop_assert!(answer["facts"].as_array().expect("facts").iter().any(granted), "{} {}", answer, reward);
            }
        }
    }
}

#[test]
fn planted_faults_of_commission_are_found() {
    use Fault::*;
    let all = [
        RoundsUp,
        PercentFirst,
        ForgetsCount,
        PaysForFree,
        OneLevelBack,
        OneStepCycle,
        ForgetsProtection,
        EndedStillEarns,
        SpendsRefunded,
    ];
    let mut found = BTreeSet::new();
    for seed in 0..300 {
        let (campaign, commands) = plan(&bytes(seed, 400));
        assert_eq!(differs(&campaign, &commands, &mut Shop::new(&campaign, Fault::None)), Option::None);
        for fault in all {
            let name = format!("{fault:?}");
            if !found.contains(&name) {
                let mut shop = Shop::new(&campaign, fault);
                if differs_by(&campaign, &commands, |command| shop.submit(command), Shop::KINDS).is_some() {
                    found.insert(name);
                }
            }
        }
    }
    assert_eq!(found.len(), all.len(), "only {found:?} were found");
}

#[test]
fn a_wallet_of_a_thousand_orders_comes_out_even() {
    let (campaign, _) = plan(&[0, 4, 0, 0, 3, 3, 1, 1, 1]);
    let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("shop")).expect("a campaign");
    send(
        &mut engine,
        &json!({ "id": "a", "at": START, "do": "open", "by": "ann", "play": "sell", "loop": "A" }),
    );
    send(&mut engine, &json!({ "id": "b", "at": START, "do": "join", "by": "bo", "loop": "A" }));
    for n in 0..1_000 {
        send(
            &mut engine,
            &json!({ "id": format!("o{n}"), "at": START + n, "do": "event", "by": "bo", "name": "paid", "order": format!("o{n}"), "amount": 15 + n % 7, "price": 20 }),
        );
    }
    let reward = engine.book().names.reward("pay").expect("a reward");
    assert!(engine.state().reward(reward).spent.0 > 0);
    for n in (0..1_000).rev() {
        send(
            &mut engine,
            &json!({ "id": format!("r{n}"), "at": START + 2_000, "do": "refund", "order": format!("o{n}") }),
        );
    }
    assert_eq!((engine.state().reward(reward).spent.0, engine.state().reward(reward).count), (0, 0));
}
