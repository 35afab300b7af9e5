//! Check-in by the prose: which days were checked in is all that is known, everything else is counted from them.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The day number of 2026-12-01.
const FIRST: i64 = 20_788;
const PEOPLE: [&str; 2] = ["ann", "bo"];

struct CheckIn {
    play: Value,
    stock: usize,
    offset: i64,
    /// Who, which day, and whether it was made up; in the order of the commands.
    accepted: Vec<(String, i64, bool)>,
    coffees: Vec<(String, usize)>,
}

impl CheckIn {
    fn new(campaign: &Value) -> Self {
        let hours: i64 = campaign["timezone"].as_str().expect("text")[..3].parse().expect("hours");
        let stock = campaign["rewards"]["coffee"]["stock"].as_u64().expect("a number");
        CheckIn {
            play: campaign["plays"]["daily"].clone(),
            stock: usize::try_from(stock).expect("few"),
            offset: hours * HOUR,
            accepted: Vec::new(),
            coffees: Vec::new(),
        }
    }

    fn has(&self, who: &str, day: i64) -> bool {
        self.accepted.iter().any(|(other, known, _)| other == who && *known == day)
    }

    /// The days in a row around a day, that day taken as checked in.
    fn row(&self, who: &str, day: i64) -> (i64, i64) {
        let before = (1..).take_while(|n| self.has(who, day - n)).count();
        let after = (1..).take_while(|n| self.has(who, day + n)).count();
        (i64::try_from(before).expect("few"), i64::try_from(after).expect("few"))
    }

    /// The streak on the n-th day of a row.
    fn streak(&self, n: i64) -> i64 {
        let mut streak = 0;
        for _ in 0..n {
            streak = if Some(streak) == self.play["cycle"].as_i64() { 1 } else { streak + 1 };
        }
        streak
    }

    fn reaches(&self, days: i64, length: i64) -> usize {
        let all = (1..=length).filter(|n| self.streak(*n) == days);
        all.count()
    }

    fn points(&self, who: &str) -> i64 {
        let mine = || self.accepted.iter().filter(|(other, _, _)| other == who);
        let earned = mine().filter(|(_, _, made_up)| !made_up).count();
        let paid = mine().filter(|(_, _, made_up)| *made_up).count();
        let earned = if self.play["daily"].as_array().expect("a list").is_empty() { 0 } else { earned };
        let cost = self.play["makeUp"]["cost"].as_i64().unwrap_or(0);
        5 * i64::try_from(earned).expect("few") - cost * i64::try_from(paid).expect("few")
    }
}

impl Reference for CheckIn {
    const KINDS: &'static [&'static str] = &["opened", "spent", "checked-in", "granted", "withheld"];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = command["at"].as_i64().expect("a time");
        let who = command["by"].as_str().expect("who").to_owned();
        let begin = FIRST * DAY - self.offset;
        if at < begin {
            return Err("CAMPAIGN_NOT_STARTED".into());
        }
        if at >= begin + 6 * DAY {
            return Err("CAMPAIGN_ENDED".into());
        }
        let today = (at + self.offset).div_euclid(DAY);
        let day = match command["name"].as_str() {
            None => today,
            Some(name) => {
                let day = FIRST - 2
                    + i64::try_from(dates().iter().position(|date| date == name).expect("a date"))
                        .expect("few");
                let within = self.play["makeUp"]["within"].as_i64().unwrap_or(0);
                if day != today && (day > today || day < today - within || day < FIRST) {
                    return Err("ITEM_UNKNOWN".into());
                }
                day
            }
        };
        if self.has(&who, day) {
            return Err("ALREADY_CHECKED_IN".into());
        }
        let mut facts = Vec::new();
        if !self.accepted.iter().any(|(other, _, _)| *other == who) {
            facts.push(json!({ "kind": "opened", "play": "daily", "by": who, "until": begin + 6 * DAY }));
        }
        if day != today {
            let cost = self.play["makeUp"]["cost"].as_i64().expect("a cost");
            if self.points(&who) < cost {
                return Err("POINTS_SHORT".into());
            }
            facts.push(json!({ "kind": "spent", "by": who, "reward": "points5", "points": cost }));
        }
        let (before, after) = self.row(&who, day);
        let streak = self.streak(before + 1 + after);
        facts.push(json!({ "kind": "checked-in", "by": who, "day": day, "streak": streak }));
        if day == today && !self.play["daily"].as_array().expect("a list").is_empty() {
            facts.push(json!({ "kind": "granted", "reward": "points5", "to": who }));
        }
        for (number, step) in self.play["streaks"].as_array().expect("a list").clone().iter().enumerate() {
            let days = step["days"].as_i64().expect("days");
            let known = self.reaches(days, before) + self.reaches(days, after);
            let mut earned = self.reaches(days, before + 1 + after).saturating_sub(known);
            let had = self.coffees.iter().filter(|(other, of)| *other == who && *of == number).count();
            if step["once"] == json!(true) {
                earned = earned.min(1 - had.min(1));
            }
            for _ in 0..earned {
                let kind = if self.coffees.len() < self.stock { "granted" } else { "withheld" };
                facts.push(json!({ "kind": kind, "reward": "coffee", "to": who }));
                self.coffees.push((who.clone(), number));
            }
        }
        self.accepted.push((who, day, day != today));
        Ok(facts)
    }
}

/// From two days before the campaign to two days after it.
fn dates() -> Vec<String> {
    let before = ["2026-11-29", "2026-11-30"].map(str::to_owned);
    before.into_iter().chain((1..9).map(|day| format!("2026-12-{day:02}"))).collect()
}

fn campaign(bytes: &[u8], stock: u8) -> Value {
    let dice = &mut Dice(bytes);
    let cycle = dice.maybe(2, |dice| 2 + dice.below(3));
    let most = cycle.unwrap_or(4);
    let mut step = || json!({ "days": 1 + dice.below(most), "give": "coffee", "once": dice.below(2) == 1 });
    let streaks = [step(), step()];
    let mut play = json!({ "mechanic": "check-in", "title": "Daily", "daily": [], "streaks": streaks });
    if dice.below(4) > 0 {
        play["daily"] = json!(["points5"]);
    }
    if let Some(cycle) = cycle {
        play["cycle"] = json!(cycle);
    }
    if dice.below(4) > 0 {
        play["makeUp"] = json!({ "pays": "points5", "cost": 1 + dice.below(9), "within": 1 + dice.below(3) });
    }
    json!({
        "id": "random", "title": "Random", "timezone": dice.pick(&["+08:00", "-05:00", "+00:00"]),
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-07T00:00" },
        "rewards": {
            "points5": { "kind": "points", "title": "Points", "points": 5 },
            "coffee": { "kind": "coupon", "title": "Coffee", "stock": stock },
        },
        "plays": { "daily": play },
    })
}

fn commands(plan: &[[u8; 5]]) -> Vec<Value> {
    let mut now = START - 12 * HOUR;
    let each = plan.iter().enumerate().map(|(number, bytes)| {
        let dice = &mut Dice(bytes);
        now += i64::from(dice.below(28)) * HOUR;
        let back = dice.maybe(8, |_| 30 * HOUR).unwrap_or(0);
        let id = dice.maybe(10, |dice| number.saturating_sub(usize::from(dice.below(3)))).unwrap_or(number);
        let mut command = json!({ "id": format!("c{id}"), "at": now - back, "do": "check-in", "by": dice.pick(&PEOPLE), "play": "daily" });
        if let Some(date) = dice.maybe(3, |_| ()) {
            let () = date;
            command["name"] = json!(dates()[usize::from(bytes[4] % 10)]);
        }
        command
    });
    // An id that is used again stands for the same body, or it would be another mistake than the one meant.
    let mut all: Vec<Value> = Vec::new();
    for command in each {
        let known = all.iter().find(|other| other["id"] == command["id"]).cloned();
        all.push(known.unwrap_or(command));
    }
    all
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let bytes = bytes(number, 17);
    let campaign = campaign(&bytes, 1 + bytes[16] % 8);
    Round::of(&campaign, &commands(&plan_of::<5>(number, 50)), || CheckIn::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_prose(campaign_bytes in vec(any::<u8>(), 16), stock in 1u8..9, plan in vec(any::<[u8; 5]>(), 1..50)) {
        let campaign = campaign(&campaign_bytes, stock);
        let found = differs(&campaign, &commands(&plan), &mut CheckIn::new(&campaign));
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    }

    /// Doing exactly what is missing for a locked reward earns it.
    #[test]
    fn missing_is_taken_at_its_word(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 5]>(), 1..20)) {
        let campaign = campaign(&campaign_bytes, 100);
        let mut world = super::World::new(&campaign);
        for command in commands(&plan) {
            world.submit(&command);
        }
        for row in world.locked("ann") {
            let mut later = world.clone();
            let had = later.granted("ann", &row["reward"]);
            for step in row["missing"].as_array().unwrap() {
                match step["need"].as_str().unwrap() {
                    "wait" => later.now = later.now.max(step["until"].as_i64().unwrap()),
                    "check-in" => {
                        for n in 0..step["count"].as_i64().unwrap() {
                            // The first as soon as may be, the next ones at the beginning of the days after it.
                            if n > 0 {
                                later.now += DAY;
                                let offset = CheckIn::new(&campaign).offset;
                                later.now -= (later.now + offset).rem_euclid(DAY);
                            }
                            later.must(json!({ "do": "check-in", "by": "ann", "play": "daily" }));
                        }
                    }
                    other => prop_assert!(false, "{}", other),
                }
            }
            prop_assert!(later.granted("ann", &row["reward"]) > had, "{} {}", row, campaign);
        }
    }
}

#[test]
fn planted_faults_are_found() {
    let campaign = json!({
        "id": "faults", "title": "Faults", "timezone": "+08:00", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-07T00:00" },
        "rewards": { "points5": { "kind": "points", "title": "Points", "points": 5 }, "coffee": { "kind": "coupon", "title": "Coffee", "stock": 1 } },
        "plays": { "daily": { "mechanic": "check-in", "title": "Daily", "daily": ["points5"], "cycle": 3, "streaks": [{ "days": 2, "give": "coffee" }], "makeUp": { "pays": "points5", "cost": 5, "within": 2 } } },
    });
    let at = |days: i64, name: Option<&str>| {
        let mut command = json!({ "at": START + days * DAY, "do": "check-in", "by": "ann", "play": "daily" });
        if let Some(name) = name {
            command["name"] = json!(name);
        }
        command
    };
    let mut commands = vec![
        at(0, None),
        at(0, None),
        at(2, None),
        at(2, Some("2026-12-02")),
        at(3, None),
        at(4, None),
        at(5, None),
    ];
    for (number, command) in commands.iter_mut().enumerate() {
        command["id"] = json!(format!("c{number}"));
    }
    assert_eq!(differs(&campaign, &commands, &mut CheckIn::new(&campaign)), None);
    type Fault = fn(&mut CheckIn);
    let faults: [(&str, Fault); 5] = [
        ("the streak never begins again", |model| model.play["cycle"] = Value::Null),
        ("another step", |model| model.play["streaks"][0]["days"] = json!(3)),
        ("stock forgotten", |model| model.stock = 100),
        ("UTC days", |model| model.offset = 0),
        ("a dearer day", |model| model.play["makeUp"]["cost"] = json!(11)),
    ];
    for (name, fault) in faults {
        let mut model = CheckIn::new(&campaign);
        fault(&mut model);
        let found = differs_by(&campaign, &commands, |command| model.submit(command), CheckIn::KINDS);
        assert!(found.is_some(), "{name} went unnoticed");
    }
}
