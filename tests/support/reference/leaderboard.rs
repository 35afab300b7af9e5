//! A leaderboard by the prose: all scores of a cycle are added up from the list of everything that happened.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const PEOPLE: [&str; 4] = ["ann", "bo", "cy", "di"];
/// The campaign: 2026-12-01 and the two days after it, local time.
const BEGIN: i64 = START - 10 * HOUR;
const END: i64 = BEGIN + 3 * DAY;

struct Board {
    play: Value,
    stock: usize,
    /// Who scored, by how much, in which cycle.
    scored: Vec<(String, i64, i64)>,
    helped: Vec<(String, String)>,
    /// Grants of points by loop: to whom, and whether they stand.
    points: Vec<(String, String, bool)>,
    opened: Vec<i64>,
    settled: Vec<i64>,
    prizes: usize,
}

impl Board {
    fn new(campaign: &Value) -> Self {
        let stock = campaign["rewards"]["phone"]["stock"].as_u64().expect("a number");
        Board {
            play: campaign["plays"]["top"].clone(),
            stock: usize::try_from(stock).expect("few"),
            scored: Vec::new(),
            helped: Vec::new(),
            points: Vec::new(),
            opened: Vec::new(),
            settled: Vec::new(),
            prizes: 0,
        }
    }

    fn cycle(&self, at: i64) -> i64 {
        if self.play["every"] == "day" { (at - BEGIN).div_euclid(DAY) } else { 0 }
    }

    fn ends(&self, cycle: i64) -> i64 {
        if self.play["every"] == "day" { BEGIN + (cycle + 1) * DAY } else { END }
    }

    fn score(&self, who: &str, cycle: i64) -> i64 {
        let mine = self.scored.iter().filter(|(other, _, of)| other == who && *of == cycle);
        mine.fold(0, |score, (_, change, _)| (score + change).max(0))
    }

    /// Everyone of a cycle with score and the position of the change that made it.
    fn ranking(&self, cycle: i64) -> Vec<(String, i64, i64)> {
        let mut all: Vec<(String, i64, usize)> = Vec::new();
        for who in PEOPLE {
            let last = self.scored.iter().rposition(|(other, _, of)| other == who && *of == cycle);
            if let Some(last) = last.filter(|_| self.score(who, cycle) > 0) {
                all.push((who.to_owned(), self.score(who, cycle), last));
            }
        }
        all.sort_by_key(|(_, score, last)| (-score, *last));
        let rank = |who: &str, score: i64, at: usize| {
            let ahead = all.iter().filter(|(other, more, since)| {
                other != who
                    && (*more > score || (self.play["ties"] == "first" && *more == score && *since < at))
            });
            1 + i64::try_from(ahead.count()).expect("few")
        };
        all.iter().map(|(who, score, at)| (who.clone(), *score, rank(who, *score, *at))).collect()
    }

    /// Prizes of every board that is over by now.
    fn settle(&mut self, at: i64, facts: &mut Vec<Value>) {
        for cycle in self.opened.clone() {
            if self.settled.contains(&cycle) || at < self.ends(cycle) {
                continue;
            }
            self.settled.push(cycle);
            let prizes = self.play["prizes"].as_array().expect("prizes").clone();
            let last = prizes.iter().filter_map(|prize| prize["to"].as_i64()).max().unwrap_or(0);
            let least = self.play["atLeast"].as_i64().expect("a number");
            let mut winners = self.ranking(cycle);
            winners.retain(|(_, score, rank)| *rank <= last && *score >= least);
            for (who, score, rank) in &winners {
                facts.push(json!({ "kind": "ranked", "by": who, "rank": rank, "have": score }));
            }
            for (who, _, rank) in &winners {
                for prize in &prizes {
                    if (prize["from"].as_i64().expect("a rank")..=prize["to"].as_i64().expect("a rank"))
                        .contains(rank)
                    {
                        let kind = if self.prizes < self.stock { "granted" } else { "withheld" };
                        facts.push(json!({ "kind": kind, "reward": "phone", "to": who }));
                        self.prizes += 1;
                    }
                }
            }
            facts.push(json!({ "kind": "completed" }));
        }
    }

    fn change(&mut self, who: &str, change: i64, at: i64, facts: &mut Vec<Value>) {
        if at >= END {
            return;
        }
        self.settle(at, facts);
        let cycle = self.cycle(at);
        let before = self.score(who, cycle);
        let have = (before + change).max(0);
        if have == before {
            return;
        }
        if !self.opened.contains(&cycle) {
            self.opened.push(cycle);
            facts.push(json!({ "kind": "opened", "play": "top", "by": who, "until": self.ends(cycle) }));
        }
        self.scored.push((who.to_owned(), change, cycle));
        facts.push(json!({ "kind": "scored", "by": who, "have": have }));
    }
}

impl Reference for Board {
    const KINDS: &'static [&'static str] =
        &["opened", "helped", "scored", "ranked", "granted", "withheld", "completed", "revoked", "debited"];

    fn submit(&mut self, command: &Value) -> Answer {
        let text = |key: &str| command[key].as_str().unwrap_or_default().to_owned();
        let (at, who, loop_) = (command["at"].as_i64().expect("a time"), text("by"), text("loop"));
        let mut facts = Vec::new();
        match text("do").as_str() {
            "open" => facts.push(json!({ "kind": "opened", "loop": loop_, "by": who })),
            "help" => {
                // A loop is named after who opened it.
                let opener = PEOPLE[loop_[1..].parse::<usize>().expect("a number") % 4];
                if opener == who {
                    return Err("OWN_LOOP".into());
                }
                if self.helped.contains(&(who.clone(), loop_.clone())) {
                    return Err("ALREADY_HELPED".into());
                }
                self.helped.push((who.clone(), loop_.clone()));
                facts.push(json!({ "kind": "helped", "by": who, "loop": loop_ }));
                facts.push(json!({ "kind": "granted", "reward": "p10", "to": who }));
                self.points.push((loop_, who.clone(), true));
                if self.play["of"]["points"] == "p10" {
                    self.change(&who, 10, at, &mut facts);
                } else {
                    self.change(opener, 1, at, &mut facts);
                }
            }
            "revoke" => {
                let grant = text("grant");
                let (of, n) = grant.split_once('.').expect("an id");
                let n = n.parse::<usize>().expect("a number") - 1;
                let found = self
                    .points
                    .iter()
                    .enumerate()
                    .filter(|(_, point)| point.0 == of)
                    .nth(n)
                    .map(|(at, _)| at);
                let point = &mut self.points[found.ok_or("GRANT_UNKNOWN")?];
                if !std::mem::take(&mut point.2) {
                    return Err("GRANT_SETTLED".into());
                }
                let to = point.1.clone();
                facts.push(json!({ "kind": "revoked", "grant": grant }));
                facts.push(json!({ "kind": "debited", "from": to, "points": 10 }));
                if self.play["of"]["points"] == "p10" {
                    self.change(&to, -10, at, &mut facts);
                }
            }
            "tick" => self.settle(at, &mut facts),
            _ => {
                let latest = self.opened.last().copied();
                let running = latest.is_some_and(|cycle| at < self.ends(cycle));
                if running {
                    return Err("GRANT_HELD".into());
                }
                if at >= END {
                    return Err("CAMPAIGN_ENDED".into());
                }
                self.settle(at, &mut facts);
                if facts.is_empty() {
                    return Err("ACTION_UNKNOWN".into());
                }
            }
        }
        Ok(facts)
    }
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let from = 1 + dice.below(3);
    let of = if dice.below(2) == 1 { json!({ "points": "p10" }) } else { json!({ "play": "help" }) };
    json!({
        "id": "random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-04T00:00" },
        "rewards": {
            "p10": { "kind": "points", "title": "Points", "points": 10 },
            "phone": { "kind": "goods", "title": "Phone", "stock": 1 + dice.below(8) },
        },
        "plays": {
            "help": { "mechanic": "assist", "title": "Help", "helpers": 100, "within": "90d", "giveHelper": ["p10"] },
            "top": {
                "mechanic": "leaderboard", "title": "Top", "of": of, "every": dice.pick(&["day", "campaign"]),
                "ties": dice.pick(&["first", "share"]), "atLeast": 1 + dice.below(3),
                "prizes": [{ "from": 1, "to": 1, "give": "phone" }, { "from": from, "to": from + dice.below(2), "give": "phone" }],
            },
        },
        "accept": { "REACH-WINDOW": "a test" },
    })
}

fn commands(plan: &[[u8; 6]]) -> Vec<Value> {
    let mut all: Vec<Value> = (0..8)
        .map(|n| json!({ "id": format!("open{n}"), "at": START, "do": "open", "by": PEOPLE[n % 4], "play": "help", "loop": format!("H{n}") }))
        .collect();
    let mut now = START;
    for (number, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        now += i64::from(dice.below(5)) * HOUR;
        let back = dice.maybe(8, |_| 20 * HOUR).unwrap_or(0);
        let id = dice.maybe(12, |dice| number.saturating_sub(usize::from(dice.below(3)))).unwrap_or(number);
        let (who, loop_) = (dice.pick(&PEOPLE), format!("H{}", dice.below(8)));
        let mut command = match bytes[5] % 12 {
            0..7 => json!({ "do": "help", "by": who, "loop": loop_ }),
            7..9 => json!({ "do": "revoke", "grant": format!("{loop_}.{}", 1 + bytes[4] % 3) }),
            9 => json!({ "do": "tick" }),
            _ => json!({ "do": "claim", "by": who, "play": "top" }),
        };
        command["id"] = json!(format!("c{id}"));
        command["at"] = json!(now - back);
        let known = all.iter().find(|other| other["id"] == command["id"]).cloned();
        all.push(known.unwrap_or(command));
    }
    all
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 16));
    Round::of(&campaign, &commands(&plan_of::<6>(number, 60)), || Board::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_prose(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 6]>(), 1..60)) {
        let campaign = campaign(&campaign_bytes);
        let found = differs(&campaign, &commands(&plan), &mut Board::new(&campaign));
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    }

    /// Doing exactly what is missing for a locked prize wins it.
    #[test]
    fn missing_is_taken_at_its_word(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 6]>(), 1..30), who in 0usize..4) {
        let mut campaign = campaign(&campaign_bytes);
        campaign["rewards"]["phone"].as_object_mut().unwrap().remove("stock");
        campaign["rewards"]["p10"]["points"] = json!(1);
        let (who, of_points) = (PEOPLE[who], campaign["plays"]["top"]["of"]["points"] == "p10");
        let mut world = super::World::new(&campaign);
        for command in commands(&plan) {
            world.submit(&command);
        }
        for row in world.locked(who).into_iter().filter(|row| row["reward"] == json!("phone")) {
            let mut later = world.clone();
            let had = later.granted(who, &row["reward"]);
            for step in row["missing"].as_array().unwrap() {
                match step["need"].as_str().unwrap() {
                    "wait" => later.now = later.now.max(step["until"].as_i64().unwrap()),
                    "score" => for n in 0..step["count"].as_i64().unwrap() {
                        let loop_ = format!("N{n}");
                        let (opener, helper) = if of_points { ("host", who.to_owned()) } else { (who, format!("new{n}")) };
                        later.must(json!({ "do": "open", "by": opener, "play": "help", "loop": loop_ }));
                        later.must(json!({ "do": "help", "by": helper, "loop": loop_ }));
                    },
                    other => prop_assert!(false, "{}", other),
                }
            }
            later.must(json!({ "do": "tick" }));
            prop_assert!(later.granted(who, &row["reward"]) > had, "{} {}", row, campaign);
        }
    }
}

#[test]
fn planted_faults_are_found() {
    let mut campaign = campaign(&[]);
    campaign["plays"]["top"] = json!({
        "mechanic": "leaderboard", "title": "Top", "of": { "play": "help" }, "every": "day", "ties": "share", "atLeast": 2,
        "prizes": [{ "from": 1, "to": 1, "give": "phone" }, { "from": 2, "to": 4, "give": "phone" }],
    });
    campaign["rewards"]["phone"]["stock"] = json!(3);
    let help = |id: &str, hour: i64, by: &str, loop_: &str| json!({ "id": id, "at": START + hour * HOUR, "do": "help", "by": by, "loop": loop_ });
    let mut commands = commands(&[]);
    commands.extend([
        help("1", 0, "bo", "H0"),
        help("2", 0, "cy", "H0"),
        help("3", 1, "ann", "H1"),
        help("4", 1, "cy", "H1"),
        help("5", 1, "ann", "H2"),
        help("6", 2, "bo", "H2"),
        help("7", 2, "ann", "H3"),
        help("8", 14, "bo", "H3"),
        help("9", 15, "cy", "H3"),
        json!({ "id": "t", "at": START + 40 * HOUR, "do": "tick" }),
    ]);
    assert_eq!(differs(&campaign, &commands, &mut Board::new(&campaign)), None);
    type Fault = fn(&mut Board);
    let faults: [(&str, Fault); 5] = [
        ("ties broken by time", |model| model.play["ties"] = json!("first")),
        ("one cycle for all", |model| model.play["every"] = json!("campaign")),
        ("no least score", |model| model.play["atLeast"] = json!(1)),
        ("no stock", |model| model.stock = 100),
        ("another rank", |model| model.play["prizes"][0] = json!({ "from": 2, "to": 2, "give": "phone" })),
    ];
    for (name, fault) in faults {
        let mut model = Board::new(&campaign);
        fault(&mut model);
        let found = differs_by(&campaign, &commands, |command| model.submit(command), Board::KINDS);
        assert!(found.is_some(), "{name} went unnoticed");
    }
}
