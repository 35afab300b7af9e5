//! Shares, a second time: every visit is held against the whole list of visits before it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use kfactor::engine::Engine;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};

const DAY: i64 = 1_440 * MINUTE;
/// 2026-12-06T00:00+08:00.
const END: i64 = START + 4 * DAY + 840 * MINUTE;
const SHARERS: [&str; 2] = ["ann", "bo"];

#[derive(Clone)]
struct Visit {
    at: i64,
    by: String,
    loop_: String,
}

struct Shares {
    rules: Value,
    stock: usize,
    codes: BTreeMap<String, String>,
    /// Accepted visits of any kind: who, and whose code they carried.
    came: Vec<(String, Option<String>)>,
    visits: Vec<Visit>,
    loops: Vec<(String, String, i64)>,
    grants: Vec<(String, String)>,
}

fn day(at: i64) -> i64 {
    (at + 8 * 60 * MINUTE).div_euclid(DAY)
}

impl Shares {
    fn new(campaign: &Value, codes: BTreeMap<String, String>) -> Self {
        let rules = campaign["plays"]["p"].clone();
        let stock = usize::try_from(campaign["rewards"]["r1"]["stock"].as_u64().unwrap()).unwrap();
        let (came, visits, loops, grants) = Default::default();
        Shares { rules, stock, codes, came, visits, loops, grants }
    }

    fn open(&mut self, by: &str, id: &str, at: i64) -> Answer {
        if at >= END {
            return Err("CAMPAIGN_ENDED".to_owned());
        }
        if self.loops.iter().any(|l| l.0 == id) {
            return Err("LOOP_EXISTS".to_owned());
        }
        if self.loops.iter().any(|l| l.1 == by && at < l.2) {
            return Err("LOOP_RUNNING".to_owned());
        }
        let hours =
            self.rules["within"].as_str().map(|within| within.trim_end_matches('h').parse::<i64>().unwrap());
        let until = hours.map_or(END, |hours| (at + hours * 60 * MINUTE).min(END));
        self.loops.push((id.to_owned(), by.to_owned(), until));
        Ok(vec![json!({ "kind": "opened", "loop": id, "by": by, "until": until })])
    }

    fn visit(&mut self, by: &str, code: Option<&str>, at: i64) -> Answer {
        let sharer = code.map(|code| self.codes[code].clone()).filter(|sharer| sharer != by);
        let first = self.came.iter().find(|(who, _)| who == by).cloned();
        self.came.push((by.to_owned(), sharer.clone()));
        let Some(sharer) = sharer else { return Ok(vec![]) };
        let Some((l, ..)) = self.loops.iter().find(|l| l.1 == sharer && at < l.2).cloned() else {
            return Ok(vec![]);
        };
        let again = self.rules["again"] == json!("day");
        let before = self.visits.iter().any(|visit| visit.by == by && (!again || day(visit.at) == day(at)));
        let today = self.visits.iter().filter(|visit| visit.loop_ == l && day(visit.at) == day(at)).count();
        let full = self.rules["perDay"].as_u64().is_some_and(|most| u64::try_from(today).unwrap() >= most);
        // Those who share are met by sharing, and have not arrived by it.
        let brought = first.is_none_or(|(_, inviter)| inviter.as_ref() == Some(&sharer));
        if before || full || (self.rules["newOnly"] == json!(true) && !brought) {
            return Ok(vec![]);
        }
        self.visits.push(Visit { at, by: by.to_owned(), loop_: l.clone() });
        let have = self.visits.iter().filter(|visit| visit.loop_ == l).count();
        let mut facts = vec![json!({ "kind": "returned", "loop": l, "by": by, "have": have })];
        for reward in self.rules["giveVisitor"].as_array().unwrap().clone() {
            facts.push(self.grant(&l, reward.as_str().unwrap(), by));
        }
        for tier in self.rules["sharer"].as_array().unwrap().clone() {
            if times(&tier, have) > times(&tier, have - 1) {
                facts.push(self.grant(&l, tier["give"].as_str().unwrap(), &sharer));
            }
        }
        Ok(facts)
    }

    fn grant(&mut self, l: &str, reward: &str, to: &str) -> Value {
        let used = self.grants.iter().filter(|grant| grant.1 == reward).count();
        if reward == "r1" && used >= self.stock {
            return json!({ "kind": "withheld", "loop": l, "reward": reward, "to": to, "reason": "stock" });
        }
        self.grants.push((l.to_owned(), reward.to_owned()));
        let n = self.grants.iter().filter(|grant| grant.0 == l).count();
        json!({ "kind": "granted", "grant": format!("{l}.{n}"), "reward": reward, "to": to })
    }
}

fn times(tier: &Value, have: usize) -> u64 {
    let have = u64::try_from(have).unwrap();
    let times = tier["every"]
        .as_u64()
        .map_or_else(|| u64::from(have >= tier["at"].as_u64().unwrap()), |every| have / every);
    times.min(tier["most"].as_u64().unwrap_or(u64::MAX))
}

impl Reference for Shares {
    const KINDS: &'static [&'static str] = &["opened", "returned", "granted", "withheld"];

    fn submit(&mut self, c: &Value) -> Answer {
        let (by, at) = (c["by"].as_str().unwrap(), c["at"].as_i64().unwrap());
        match c["do"].as_str().unwrap() {
            "open" => self.open(by, c["loop"].as_str().unwrap(), at),
            "visit" => self.visit(by, c["code"].as_str(), at),
            _ => Ok(vec![]),
        }
    }
}

fn campaign(dice: &mut Dice<'_>) -> Value {
    let tier = |dice: &mut Dice<'_>| {
        let give = dice.pick(&["r1", "r2"]);
        match dice.below(2) {
            0 => json!({ "every": 1 + dice.below(3), "give": give, "most": 1 + dice.below(3) }),
            _ => json!({ "at": 1 + dice.below(4), "give": give }),
        }
    };
    let mut play = json!({
        "mechanic": "share", "title": "p", "sharer": (0..dice.below(3)).map(|_| tier(dice)).collect::<Vec<_>>(),
        "giveVisitor": dice.pick(&[&[][..], &["r1"], &["r2"]]), "again": dice.pick(&["never", "day"]),
        "newOnly": dice.below(3) == 0, "perDay": dice.maybe(2, |dice| 1 + dice.below(3)),
        "within": dice.maybe(2, |_| "40h"),
    });
    play.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({
        "id": "shares", "title": "t", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-06T00:00" },
        "rewards": {
            "r1": { "kind": "goods", "title": "r1", "stock": 1 + dice.below(4) },
            "r2": { "kind": "coupon", "title": "r2" },
        },
        "plays": { "p": play },
    })
}

fn plan(bytes: &[u8]) -> (Value, Vec<Value>, BTreeMap<String, String>) {
    let mut dice = Dice(bytes);
    let campaign = campaign(&mut dice);
    let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("shares")).expect("a campaign");
    let mut codes = BTreeMap::new();
    let mut commands = vec![];
    for who in SHARERS {
        let command = json!({ "id": format!("s-{who}"), "at": START, "do": "share", "by": who });
        let answer = send(&mut engine, &command);
        let code = answer["facts"].as_array().unwrap().last().unwrap()["code"].as_str().unwrap().to_owned();
        codes.insert(code, who.to_owned());
        commands.push(command);
    }
    let known: Vec<&String> = codes.keys().collect();
    let mut at = START;
    for n in 0..45 {
        at += dice.pick(&[0, 1_000, MINUTE, 90 * MINUTE, 300 * MINUTE, -5_000]);
        if n > 0 && dice.below(10) == 0 {
            let mut again = commands[usize::from(dice.below(n))].clone();
            again["at"] = json!(at);
            commands.push(again);
            continue;
        }
        let mut c = if n < 2 || dice.below(8) == 0 {
            let owner = dice.pick(&SHARERS);
            json!({ "do": "open", "by": owner, "play": "p", "loop": format!("{owner}{}", dice.below(3)) })
        } else {
            let by = dice.pick(&["ann", "bo", "cy", "di", "ed", "flo", "gus"]);
            json!({ "do": "visit", "by": by, "code": dice.pick(&[None, Some(known[0]), Some(known[0]), Some(known[1])]) })
        };
        c.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        c["id"] = json!(format!("c{n}"));
        c["at"] = json!(at);
        commands.push(c);
    }
    (campaign, commands, codes)
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let (campaign, commands, codes) = plan(&bytes(number, 300));
    Round::of(&campaign, &commands, || Shares::new(&campaign, codes.clone()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shares_are_what_the_prose_says(bytes in vec(any::<u8>(), 300)) {
        let (campaign, commands, codes) = plan(&bytes);
        let mut reference = Shares::new(&campaign, codes);
        if let Some(difference) = differs(&campaign, &commands, &mut reference) {
            panic!("{difference}");
        }
    }

    /// What is missing for a reward, done exactly, unlocks it.
    #[test]
    fn missing_visits_are_taken_at_their_word(bytes in vec(any::<u8>(), 300)) {
        let (mut campaign, commands, codes) = plan(&bytes);
        campaign["rewards"]["r1"].as_object_mut().unwrap().remove("stock");
        let mut world = super::word::World::new(&campaign, &commands);
        for (code, who) in &codes {
            world.take_at_its_word(who, code);
        }
    }
}

/// A way to be wrong.
type Fault = fn(&mut Shares, &Value) -> Answer;

#[test]
fn planted_faults_are_found() {
    let faults: [(&str, Fault); 4] = [
        ("one's own visit counts", |shares, c| {
            let by = if c["do"] == json!("visit") && c["by"] == json!("ann") {
                "someone"
            } else {
                c["by"].as_str().unwrap()
            };
            let mut other = c.clone();
            other["by"] = json!(by);
            shares.submit(&other)
        }),
        ("a visitor counts twice", |shares, c| {
            let answer = shares.submit(c);
            if answer.as_ref().is_ok_and(|facts| !facts.is_empty()) {
                shares.visits.pop();
            }
            answer
        }),
        ("days end at midnight in London", |shares, c| {
            let mut other = c.clone();
            other["at"] = json!(c["at"].as_i64().unwrap() - 8 * 60 * MINUTE);
            shares.submit(&other)
        }),
        ("the stock has one more", |shares, c| {
            shares.stock = 9;
            shares.submit(c)
        }),
    ];
    for (name, fault) in faults {
        let found = (0..300).any(|seed| {
            let (campaign, commands, codes) = plan(&super::word::random(seed, 300));
            let mut reference = Shares::new(&campaign, codes);
            differs_by(&campaign, &commands, |command| fault(&mut reference, command), Shares::KINDS)
                .is_some()
        });
        assert!(found, "{name} was not found");
    }
}
