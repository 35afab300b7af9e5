//! Points by the prose: an account is worked out from everything that ever happened to it, point by point.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};

const PEOPLE: [&str; 2] = ["ann", "bo"];
const LOOPS: usize = 12;
const END: i64 = START - 10 * 60 * MINUTE + 2 * 24 * 60 * MINUTE;

#[derive(Clone)]
enum Entry {
    Earned { until: i64 },
    Spent(i64),
    TakenBack { owed: bool },
    Repaid { points: i64, until: i64 },
}

#[derive(Clone)]
struct Grant {
    id: String,
    to: String,
    reward: String,
    item: Option<usize>,
    status: &'static str,
}

struct Points {
    rules: Value,
    accounts: Vec<(String, i64, Entry)>,
    grants: Vec<Grant>,
    helped: Vec<(String, String)>,
    claimed: Vec<(String, String)>,
    shops: Vec<String>,
}

impl Points {
    fn new(campaign: &Value) -> Self {
        Points {
            rules: campaign.clone(),
            accounts: Vec::new(),
            grants: Vec::new(),
            helped: Vec::new(),
            claimed: Vec::new(),
            shops: Vec::new(),
        }
    }

    /// The balance at a moment: every single point is a thing that expires on its own.
    fn balance(&self, who: &str, now: i64) -> i64 {
        let mut single: Vec<i64> = Vec::new();
        let mut debt = 0;
        let add = |single: &mut Vec<i64>, debt: &mut i64, points: i64, until: i64| {
            for _ in 0..points {
                if *debt > 0 {
                    *debt -= 1;
                } else {
                    single.push(until);
                }
            }
        };
        for (_, at, entry) in self.accounts.iter().filter(|(other, _, _)| other == who) {
            single.retain(|until| at < until);
            single.sort_unstable();
            let less = match entry {
                Entry::Earned { until } => {
                    add(&mut single, &mut debt, 10, *until);
                    0
                }
                Entry::Repaid { points, until } => {
                    add(&mut single, &mut debt, *points, *until);
                    0
                }
                Entry::Spent(points) => *points,
                Entry::TakenBack { .. } => 10,
            };
            for _ in 0..less {
                if single.is_empty() {
                    debt += i64::from(matches!(entry, Entry::TakenBack { owed: true }));
                } else {
                    single.remove(0);
                }
            }
        }
        single.retain(|until| now < *until);
        i64::try_from(single.len()).expect("few") - debt
    }

    fn earned(&self, who: &str) -> i64 {
        let mine = self.accounts.iter().filter(|(other, _, _)| other == who);
        mine.map(|(_, _, entry)| match entry {
            Entry::Earned { .. } => 10,
            Entry::TakenBack { .. } => -10,
            _ => 0,
        })
        .sum()
    }

    fn until(&self, at: i64) -> i64 {
        if self.rules["rewards"]["p10"]["valid"].is_string() { at + 60 * MINUTE } else { i64::MAX }
    }

    fn is_out(&self, reward: &str) -> bool {
        let used = self
            .grants
            .iter()
            .filter(|grant| grant.reward == reward && ["reserved", "fulfilled"].contains(&grant.status));
        let stock = self.rules["rewards"][reward]["stock"].as_u64();
        stock.is_some_and(|stock| u64::try_from(used.count()).expect("few") >= stock)
    }

    /// The loop of a participant's shop, which this command opens if there is none.
    fn shop(&mut self, who: &str, facts: &mut Vec<Value>) -> String {
        if !self.shops.contains(&who.to_owned()) {
            self.shops.push(who.to_owned());
            facts.push(json!({ "kind": "opened", "play": "shop", "loop": format!("S{who}"), "by": who }));
        }
        format!("S{who}")
    }

    fn grant(&mut self, loop_: &str, reward: &str, to: &str, item: Option<usize>) -> Value {
        let number =
            1 + self.grants.iter().filter(|grant| grant.id.starts_with(&format!("{loop_}."))).count();
        let id = format!("{loop_}.{number}");
        self.grants.push(Grant {
            id: id.clone(),
            to: to.to_owned(),
            reward: reward.to_owned(),
            item,
            status: "reserved",
        });
        json!({ "kind": "granted", "grant": id, "reward": reward, "to": to })
    }

    fn help(&mut self, who: &str, loop_: &str, at: i64) -> Answer {
        let known = (who.to_owned(), loop_.to_owned());
        if self.helped.contains(&known) {
            return Err("ALREADY_HELPED".into());
        }
        self.helped.push(known);
        let granted = self.grant(loop_, "p10", who, None);
        self.grants.last_mut().expect("a grant").status = "fulfilled";
        self.accounts.push((who.to_owned(), at, Entry::Earned { until: self.until(at) }));
        Ok(vec![granted, json!({ "kind": "credited", "to": who, "points": 10 })])
    }

    fn redeem(&mut self, who: &str, name: &str, at: i64) -> Answer {
        let items = self.rules["plays"]["shop"]["items"].as_array().expect("items").clone();
        let (number, item) =
            items.iter().enumerate().find(|(_, item)| item["name"] == name).ok_or("ITEM_UNKNOWN")?;
        let reward = item["give"].as_str().expect("a reward");
        let mine = self.grants.iter().filter(|grant| grant.to == who && grant.item == Some(number));
        let mine = mine.filter(|grant| ["reserved", "fulfilled"].contains(&grant.status)).count();
        if item["most"].as_u64().is_some_and(|most| u64::try_from(mine).expect("few") >= most) {
            return Err("LIMIT_REACHED".into());
        }
        if self.is_out(reward) {
            return Err("REWARD_OUT".into());
        }
        let cost = item["cost"].as_i64().expect("a cost");
        if self.balance(who, at) < cost {
            return Err("POINTS_SHORT".into());
        }
        let mut facts = Vec::new();
        let loop_ = self.shop(who, &mut facts);
        self.accounts.push((who.to_owned(), at, Entry::Spent(cost)));
        facts.push(json!({ "kind": "spent", "by": who, "points": cost }));
        facts.push(self.grant(&loop_, reward, who, Some(number)));
        Ok(facts)
    }

    fn claim(&mut self, who: &str, name: &str) -> Answer {
        let levels = self.rules["plays"]["shop"]["levels"].as_array().expect("levels").clone();
        let (number, level) =
            levels.iter().enumerate().find(|(_, level)| level["name"] == name).ok_or("ITEM_UNKNOWN")?;
        if self.claimed.contains(&(who.to_owned(), name.to_owned())) {
            return Err("ALREADY_CLAIMED".into());
        }
        if self.earned(who) < level["at"].as_i64().expect("points") {
            return Err("NOT_REACHED".into());
        }
        let reward = level["give"].as_str().expect("a reward");
        if self.is_out(reward) {
            return Err("REWARD_OUT".into());
        }
        self.claimed.push((who.to_owned(), name.to_owned()));
        let mut facts = Vec::new();
        let loop_ = self.shop(who, &mut facts);
        facts.push(json!({ "kind": "claimed", "by": who, "n": number + 1 }));
        facts.push(self.grant(&loop_, reward, who, None));
        Ok(facts)
    }

    fn settle(&mut self, act: &str, id: &str, at: i64) -> Answer {
        let position = self.grants.iter().position(|grant| grant.id == id).ok_or("GRANT_UNKNOWN")?;
        let grant = self.grants[position].clone();
        let (status, may) = match act {
            "fulfil" => ("fulfilled", grant.status == "reserved"),
            "fail" => ("failed", grant.status == "reserved"),
            _ => ("revoked", ["reserved", "fulfilled"].contains(&grant.status)),
        };
        if !may {
            return Err("GRANT_SETTLED".into());
        }
        self.grants[position].status = status;
        let mut facts = vec![json!({ "kind": status, "grant": id })];
        if act == "revoke" && grant.reward == "p10" {
            let owed = self.rules["rewards"]["p10"]["clawback"] != "keep";
            facts.push(json!({ "kind": "debited", "from": grant.to, "points": 10, "owed": owed }));
            self.accounts.push((grant.to.clone(), at, Entry::TakenBack { owed }));
        }
        if let (Some(item), "fail" | "revoke") = (grant.item, act) {
            let points = self.rules["plays"]["shop"]["items"][item]["cost"].as_i64().expect("a cost");
            facts.push(json!({ "kind": "repaid", "grant": id, "to": grant.to, "points": points }));
            let until = self.until(at);
            self.accounts.push((grant.to, at, Entry::Repaid { points, until }));
        }
        Ok(facts)
    }
}

impl Reference for Points {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "spent",
        "granted",
        "withheld",
        "claimed",
        "credited",
        "debited",
        "repaid",
        "fulfilled",
        "failed",
        "revoked",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let text = |key: &str| command[key].as_str().unwrap_or_default().to_owned();
        let at = command["at"].as_i64().expect("a time");
        let who = text("by");
        match text("do").as_str() {
            "open" => Ok(vec![json!({ "kind": "opened", "loop": command["loop"] })]),
            "help" => {
                let mut answer = self.help(&who, &text("loop"), at)?;
                answer.insert(1, json!({ "kind": "fulfilled" }));
                Ok(answer)
            }
            act @ ("redeem" | "claim") => {
                if !self.shops.contains(&who) && at >= END {
                    return Err("CAMPAIGN_ENDED".into());
                }
                if act == "redeem" {
                    self.redeem(&who, &text("name"), at)
                } else {
                    self.claim(&who, &text("name"))
                }
            }
            act => self.settle(act, &text("grant"), at),
        }
    }
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let mut p10 = json!({ "kind": "points", "title": "Points", "points": 10 });
    if dice.below(2) == 1 {
        p10["valid"] = json!("1h");
    }
    if dice.below(2) == 1 {
        p10["clawback"] = json!("keep");
    }
    let mut mug = json!({ "name": "mug", "give": "mug", "cost": 1 + dice.below(25) });
    if dice.below(2) == 1 {
        mug["most"] = json!(1 + dice.below(2));
    }
    let mut coffee = json!({ "kind": "coupon", "title": "Coffee" });
    if dice.below(2) == 1 {
        coffee["stock"] = json!(1 + dice.below(3));
    }
    let silver = 5 + dice.below(20);
    json!({
        "id": "random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-03T00:00" },
        "rewards": { "p10": p10, "coffee": coffee, "mug": { "kind": "goods", "title": "Mug", "stock": 1 + dice.below(4) } },
        "plays": {
            "help": { "mechanic": "assist", "title": "Help", "helpers": 100, "within": "90d", "giveHelper": ["p10"] },
            "shop": {
                "mechanic": "points", "title": "Shop", "account": "p10",
                "items": [mug, { "name": "coffee", "give": "coffee", "cost": 1 + dice.below(12) }],
                "levels": [{ "name": "silver", "at": silver, "give": "coffee" }, { "name": "gold", "at": silver + 1 + dice.below(20), "give": "mug" }],
            },
        },
        "accept": { "REACH-WINDOW": "a test" },
    })
}

fn commands(plan: &[[u8; 6]]) -> Vec<Value> {
    let mut all: Vec<Value> = (0..LOOPS)
        .map(|n| json!({ "id": format!("open{n}"), "at": START, "do": "open", "by": "host", "play": "help", "loop": format!("H{n}") }))
        .collect();
    let mut now = START;
    for (number, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        now += i64::from(dice.below(30)) * MINUTE;
        let back = dice.maybe(8, |_| 90 * MINUTE).unwrap_or(0);
        let id = dice.maybe(12, |dice| number.saturating_sub(usize::from(dice.below(3)))).unwrap_or(number);
        let who = dice.pick(&PEOPLE);
        let loop_ = format!("H{}", usize::from(bytes[5]) % LOOPS);
        let grant = format!(
            "{}.{}",
            if bytes[4] % 3 == 0 { loop_.clone() } else { format!("S{who}") },
            1 + bytes[5] % 4
        );
        let mut command = match dice.below(14) {
            0..5 => json!({ "do": "help", "by": who, "loop": loop_ }),
            5..8 => {
                json!({ "do": "redeem", "by": who, "play": "shop", "loop": format!("S{who}"), "name": if bytes[5] % 2 == 0 { "mug" } else { "coffee" } })
            }
            8 => json!({ "do": "redeem", "by": who, "play": "shop", "name": "nothing" }),
            9 | 10 => {
                json!({ "do": "claim", "by": who, "play": "shop", "name": if bytes[5] % 2 == 0 { "silver" } else { "gold" } })
            }
            11 => json!({ "do": "fulfil", "grant": grant }),
            12 => json!({ "do": "fail", "grant": grant }),
            _ => json!({ "do": "revoke", "grant": grant }),
        };
        command["id"] = json!(format!("c{id}"));
        command["at"] = json!(now - back);
        let known = all.iter().find(|other| other["id"] == command["id"]).cloned();
        all.push(known.unwrap_or(command));
    }
    // The first act on a shop names its loop, so that grants can be told apart.
    for command in &mut all {
        if ["redeem", "claim"].contains(&command["do"].as_str().unwrap_or_default()) {
            command.as_object_mut().expect("an object").remove("loop");
        }
    }
    let mut opened = Vec::new();
    for command in PEOPLE.map(|who| json!({ "id": format!("shop-{who}"), "at": START, "do": "open", "by": who, "play": "shop", "loop": format!("S{who}") })) {
        opened.push(command);
    }
    opened.extend(all);
    opened
}

fn reference(campaign: &Value) -> Points {
    let mut points = Points::new(campaign);
    points.shops = PEOPLE.map(str::to_owned).to_vec();
    points
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 16));
    Round::of(&campaign, &commands(&plan_of::<6>(number, 60)), || reference(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_prose(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 6]>(), 1..60)) {
        let campaign = campaign(&campaign_bytes);
        let found = differs(&campaign, &commands(&plan), &mut reference(&campaign));
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    }

    /// Doing exactly what is missing for a locked reward earns it.
    #[test]
    fn missing_is_taken_at_its_word(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 6]>(), 1..30)) {
        let mut campaign = campaign(&campaign_bytes);
        for reward in ["coffee", "mug"] {
            campaign["rewards"][reward].as_object_mut().unwrap().remove("stock");
        }
        // One point at a time, so that exactly as many as are missing can be earned.
        campaign["rewards"]["p10"]["points"] = json!(1);
        let mut world = super::World::new(&campaign);
        for command in commands(&plan) {
            world.submit(&command);
        }
        for row in world.locked("ann") {
            let mut later = world.clone();
            let had = later.granted("ann", &row["reward"]);
            for step in row["missing"].as_array().unwrap() {
                match step["need"].as_str().unwrap() {
                    "points" => for n in 0..step["count"].as_i64().unwrap() {
                        let loop_ = format!("N{n}");
                        later.must(json!({ "do": "open", "by": "host", "play": "help", "loop": loop_ }));
                        later.must(json!({ "do": "help", "by": "ann", "loop": loop_ }));
                    },
                    act => drop(later.must(json!({ "do": act, "by": "ann", "play": "shop", "name": step["name"] }))),
                }
            }
            prop_assert!(later.granted("ann", &row["reward"]) > had, "{} {}", row, campaign);
        }
    }
}

#[test]
fn planted_faults_are_found() {
    let campaign = json!({
        "id": "faults", "title": "Faults", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-03T00:00" },
        "rewards": { "p10": { "kind": "points", "title": "Points", "points": 10, "valid": "1h" }, "coffee": { "kind": "coupon", "title": "Coffee" }, "mug": { "kind": "goods", "title": "Mug", "stock": 1 } },
        "plays": {
            "help": { "mechanic": "assist", "title": "Help", "helpers": 100, "within": "24h", "giveHelper": ["p10"] },
            "shop": { "mechanic": "points", "title": "Shop", "account": "p10",
                "items": [{ "name": "mug", "give": "mug", "cost": 15 }, { "name": "coffee", "give": "coffee", "cost": 5, "most": 1 }],
                "levels": [{ "name": "silver", "at": 20, "give": "coffee" }] },
        },
    });
    let help = |n: i64, minute: i64| json!({ "id": format!("h{n}"), "at": START + minute * MINUTE, "do": "help", "by": "ann", "loop": format!("H{n}") });
    let act = |id: &str, minute: i64, act: &str, key: &str, value: &str| {
        let mut command = json!({ "id": id, "at": START + minute * MINUTE, "do": act, key: value });
        if key == "name" {
            command["by"] = json!("ann");
            command["play"] = json!("shop");
        }
        command
    };
    let mut commands = commands(&[]);
    commands.extend([
        help(0, 0),
        help(1, 10),
        act("r1", 20, "redeem", "name", "mug"),
        act("c1", 20, "claim", "name", "silver"),
        act("c2", 20, "claim", "name", "silver"),
        act("f1", 21, "fail", "grant", "Sann.1"),
        act("r2", 22, "redeem", "name", "mug"),
        act("r3", 22, "redeem", "name", "coffee"),
        act("r4", 23, "redeem", "name", "coffee"),
        act("v1", 30, "revoke", "grant", "H0.1"),
        act("v2", 31, "revoke", "grant", "H1.1"),
        help(2, 40),
        act("r5", 60, "redeem", "name", "mug"),
        help(3, 90),
        help(4, 91),
        act("f2", 101, "fail", "grant", "Sann.4"),
        act("r6", 165, "redeem", "name", "coffee"),
    ]);
    assert_eq!(differs(&campaign, &commands, &mut reference(&campaign)), None);
    type Fault = fn(&mut Points);
    let faults: [(&str, Fault); 5] = [
        ("points that never expire", |model| {
            drop(model.rules["rewards"]["p10"].as_object_mut().expect("an object").remove("valid"))
        }),
        ("nothing owed", |model| model.rules["rewards"]["p10"]["clawback"] = json!("keep")),
        ("no stock", |model| {
            drop(model.rules["rewards"]["mug"].as_object_mut().expect("an object").remove("stock"))
        }),
        ("a cheaper mug", |model| model.rules["plays"]["shop"]["items"][0]["cost"] = json!(14)),
        ("no most", |model| model.rules["plays"]["shop"]["items"][1]["most"] = Value::Null),
    ];
    for (name, fault) in faults {
        let mut model = reference(&campaign);
        fault(&mut model);
        let found = differs_by(&campaign, &commands, |command| model.submit(command), Points::KINDS);
        assert!(found.is_some(), "{name} went unnoticed");
    }
}
