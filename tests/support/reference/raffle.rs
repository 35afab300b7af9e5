//! The rules of the raffle a second time.

use super::draw::{Numbers, public_seed};
use super::facts::Facts;
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

struct Raffle(Facts);

/// 2026-12-01T20:00+08:00.
const DRAW_AT: i64 = START + 10 * 60 * MINUTE;
const PEOPLE: [&str; 6] = ["ann", "bo", "cy", "di", "ed", "fay"];

impl Reference for Raffle {
    const KINDS: &'static [&'static str] =
        &["opened", "joined", "drawn", "granted", "failed", "completed", "expired", "withheld"];

    fn submit(&mut self, command: &Value) -> Answer {
        let mut next = Raffle(self.0.clone());
        next.answer(command)?;
        let new = next.0.list[self.0.list.len()..].to_vec();
        self.0 = next.0;
        Ok(new)
    }
}

impl Raffle {
    fn new(campaign: &Value) -> Self {
        Raffle(Facts::new(campaign))
    }

    fn answer(&mut self, command: &Value) -> Result<(), String> {
        let at = command["at"].as_i64().expect("a time");
        let by = command["by"].as_str().unwrap_or("").to_owned();
        // The end of the campaign where that is earlier.
        let until = if self.0.campaign["runs"]["until"] == json!("2026-12-01T18:00") {
            DRAW_AT - 120 * MINUTE
        } else {
            i64::MAX
        };
        let name = |fact: &&Value| fact["loop"].as_str().expect("a loop").to_owned();
        let running = |facts: &Facts, loop_: &String| {
            let over = [facts.of("completed"), facts.of("expired")].concat();
            !over.iter().any(|fact| fact["loop"] == json!(loop_))
        };
        let last = self.0.of("opened").last().map(name).filter(|loop_| running(&self.0, loop_));
        match command["do"].as_str().expect("an act") {
            "fail" => return self.0.fail(command["grant"].as_str().expect("a grant")),
            "tick" => {
                if let Some(loop_) = last.filter(|_| at >= DRAW_AT)
                    && !self.draw(&loop_)
                {
                    self.0.add(json!({ "kind": "expired", "loop": loop_ }));
                }
                return Ok(());
            }
            _ => {}
        }
        let is_draw = command["do"] == json!("draw");
        let loop_ = match last {
            Some(loop_) => loop_,
            None if at >= until => return Err(String::from("CAMPAIGN_ENDED")),
            None if at >= DRAW_AT && is_draw => return Err(String::from("NOBODY_ELIGIBLE")),
            None if at >= DRAW_AT => return Err(String::from("LOOP_EXPIRED")),
            None => {
                let loop_ = command["id"].as_str().expect("an id").to_owned();
                self.0.add(json!({ "kind": "opened", "loop": loop_, "by": by, "until": DRAW_AT }));
                loop_
            }
        };
        if is_draw {
            return match at >= DRAW_AT {
                false => Err(String::from("DRAW_NOT_OPEN")),
                true if self.draw(&loop_) => Ok(()),
                true => Err(String::from("NOBODY_ELIGIBLE")),
            };
        }
        if at >= DRAW_AT {
            return Err(String::from("LOOP_EXPIRED"));
        }
        if at >= until {
            return Err(String::from("CAMPAIGN_ENDED"));
        }
        if self.pool(&loop_).contains(&by) {
            return Err(String::from("ALREADY_JOINED"));
        }
        self.0.add(json!({ "kind": "joined", "loop": loop_, "by": by, "until": DRAW_AT }));
        Ok(())
    }

    fn pool(&self, loop_: &str) -> Vec<String> {
        let mine = self.0.of("joined").into_iter().filter(|fact| fact["loop"] == json!(loop_));
        mine.map(|fact| fact["by"].as_str().expect("someone").to_owned()).collect()
    }

    fn draw(&mut self, loop_: &str) -> bool {
        let rules = self.0.campaign["plays"]["pool"].clone();
        let seed = public_seed("raffle-random");
        let mut won: Vec<String> = Vec::new();
        for prize in rules["prizes"].as_array().expect("prizes") {
            let give = prize["give"].as_str().expect("a reward");
            for _ in 0..prize["count"].as_u64().unwrap_or(1) {
                let mut candidates = self.pool(loop_);
                if rules["repeat"] != json!(true) {
                    candidates.retain(|who| !won.contains(who));
                }
                let n = won.len() + 1;
                let mut numbers = Numbers::of(&seed, "raffle:pool", &format!("{loop_}/{n}"));
                while !candidates.is_empty() {
                    let ticket = numbers.below(u64::try_from(candidates.len()).expect("few"));
                    let by = candidates.remove(usize::try_from(ticket).expect("small"));
                    if self.0.obtainable(give, &by).is_some() {
                        self.0.add(json!({ "kind": "drawn", "loop": loop_, "by": by, "n": n, "ticket": ticket, "prize": give }));
                        self.0.grant(loop_, give, &by, u64::try_from(n).expect("small"));
                        won.push(by);
                        break;
                    }
                }
            }
        }
        if !won.is_empty() {
            self.0.add(json!({ "kind": "completed", "loop": loop_ }));
        }
        !won.is_empty()
    }
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let mut rewards = json!({
        "a": { "kind": "coupon", "title": "A", "stock": 1 + dice.below(5) },
        "b": { "kind": "goods", "title": "B", "stock": 1 + dice.below(3) },
        "cash": { "kind": "cash", "title": "Cash", "amount": "3.00", "budget": format!("{}.00", 3 + dice.below(9)) },
    });
    for name in ["a", "b", "cash"] {
        if let Some(most) = dice.maybe(2, |dice| 1 + dice.below(2)) {
            rewards[name]["perParticipant"] = json!(most);
        }
    }
    if let Some(other) = dice.maybe(3, |dice| dice.pick(&["b", "cash"])) {
        rewards["a"]["fallback"] = json!(other);
    }
    let from = usize::from(dice.below(3));
    let prizes: Vec<Value> = ["a", "b", "cash"][from..]
        .iter()
        .map(|give| json!({ "give": give, "count": 1 + dice.below(4) }))
        .collect();
    let until = dice.pick(&["2026-12-03T00:00", "2026-12-03T00:00", "2026-12-01T18:00"]);
    json!({
        "id": "raffle-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": until },
        "rewards": rewards,
        "plays": { "pool": {
            "mechanic": "raffle", "title": "Pool", "drawAt": "2026-12-01T20:00", "prizes": prizes, "repeat": dice.below(3) == 0,
        } },
    })
}

fn commands(plan: &[[u8; 4]]) -> Vec<Value> {
    let mut at = START;
    let mut list: Vec<Value> = Vec::new();
    for (position, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        at += [0, 1, 20, 20, 45, 130, -15][usize::from(dice.below(7))] * MINUTE;
        let by = dice.pick(&PEOPLE);
        let id = format!("d{position}");
        let grant = format!("d{}.{}", dice.below(2), 1 + dice.below(3));
        let mut command = match dice.below(12) {
            0 => json!({ "id": id, "do": "tick" }),
            1 | 2 => json!({ "id": id, "do": "draw", "by": by, "play": "pool" }),
            3 => json!({ "id": id, "do": "fail", "grant": grant }),
            // Something that was sent before comes again.
            4 if position > 0 => list[position / 2].clone(),
            _ => json!({ "id": id, "do": "join", "by": by, "play": "pool" }),
        };
        command["at"] = json!(at);
        list.push(command);
    }
    list
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 24));
    Round::of(&campaign, &commands(&plan_of::<4>(number, 40)), || Raffle::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_raffle_decides_as_its_prose_says(bytes in vec(any::<u8>(), 24), plan in vec(any::<[u8; 4]>(), 1..40)) {
        let campaign = campaign(&bytes);
        let difference = differs(&campaign, &commands(&plan), &mut Raffle::new(&campaign));
        prop_assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Who is told that a prize only takes waiting wins it.
    #[test]
    fn missing_is_taken_at_its_word(bytes in vec(any::<u8>(), 24), plan in vec(any::<[u8; 4]>(), 1..6)) {
        let campaign = campaign(&bytes);
        let mut world = super::World::new(&campaign);
        for command in commands(&plan) {
            world.submit(&command);
        }
        for who in PEOPLE {
            for (_, row) in world.locked_in_loops(who) {
                let mut later = world.clone();
                for step in row["missing"].as_array().unwrap() {
                    match step["need"].as_str().unwrap() {
                        "wait" => later.wait_for(step),
                        act => drop(later.must(json!({ "do": act, "by": who, "play": "pool" }))),
                    }
                }
                let all = |world: &super::World| world.view(who)["grants"].as_array().unwrap().len();
                prop_assert!(all(&later) > all(&world), "{row} {campaign}");
            }
        }
    }
}

#[test]
fn a_wrong_reference_is_found_out() {
    let base = json!({
        "id": "raffle-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-03T00:00" },
        "rewards": {
            "a": { "kind": "coupon", "title": "A", "stock": 2, "perParticipant": 1 }, "b": { "kind": "goods", "title": "B", "stock": 9 },
        },
        "plays": { "pool": {
            "mechanic": "raffle", "title": "Pool", "drawAt": "2026-12-01T20:00", "repeat": true,
            "prizes": [{ "give": "a", "count": 3 }, { "give": "b", "count": 4 }],
        } },
    });
    let join = |(number, who): (usize, &&str)| {
        let at = START + i64::try_from(number).expect("small");
        json!({ "id": format!("d{number}"), "at": at, "do": "join", "by": who, "play": "pool" })
    };
    let mut plan: Vec<Value> = PEOPLE.iter().enumerate().map(join).collect();
    plan.push(json!({ "id": "late", "at": DRAW_AT, "do": "join", "by": "gus", "play": "pool" }));
    plan.push(json!({ "id": "draw", "at": DRAW_AT, "do": "draw", "by": "ann", "play": "pool" }));
    assert_eq!(differs(&base, &plan, &mut Raffle::new(&base)), None);
    let found = |path: &str, value: Value| {
        let mut other = base.clone();
        *other.pointer_mut(path).expect("a rule") = value;
        differs(&base, &plan, &mut Raffle::new(&other)).is_some()
    };
    assert!(found("/plays/pool/repeat", json!(false)), "winning once");
    assert!(found("/plays/pool/prizes/1/count", json!(5)), "how many win");
    assert!(found("/rewards/a/stock", json!(3)), "stock");
    let mut right = Raffle::new(&base);
    let first = |answer: Answer| {
        answer.map(|facts| facts.into_iter().filter(|fact| fact["kind"] != json!("completed")).collect())
    };
    assert!(
        differs_by(&base, &plan, |command| first(right.submit(command)), Raffle::KINDS).is_some(),
        "the end"
    );
    let mut right = Raffle::new(&base);
    let in_time = |command: &Value| {
        let mut command = command.clone();
        command["at"] = json!(command["at"].as_i64().expect("a time") - 1);
        right.submit(&command)
    };
    assert!(differs_by(&base, &plan, in_time, Raffle::KINDS).is_some(), "a millisecond");
}
