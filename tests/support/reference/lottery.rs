//! The rules of the lottery a second time.

use super::draw::{Numbers, public_seed};
use super::facts::Facts;
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

struct Lottery(Facts);

/// Two days from the first local midnight.
const UNTIL: i64 = START + 38 * 60 * MINUTE;

impl Reference for Lottery {
    const KINDS: &'static [&'static str] =
        &["opened", "submitted", "spent", "drawn", "granted", "credited", "failed", "withheld"];

    fn submit(&mut self, command: &Value) -> Answer {
        let mut next = Lottery(self.0.clone());
        next.answer(command)?;
        let new = next.0.list[self.0.list.len()..].to_vec();
        self.0 = next.0;
        Ok(new)
    }
}

impl Lottery {
    fn new(campaign: &Value) -> Self {
        Lottery(Facts::new(campaign))
    }

    fn rules(&self) -> &Value {
        &self.0.campaign["plays"]["wheel"]
    }

    fn answer(&mut self, command: &Value) -> Result<(), String> {
        let at = command["at"].as_i64().expect("a time");
        let by = command["by"].as_str().unwrap_or("").to_owned();
        match command["do"].as_str().expect("an act") {
            "fail" => return self.0.fail(command["grant"].as_str().expect("a grant")),
            "tick" => {
                let opened: Vec<String> = self.0.of("opened").iter().map(|fact| text(fact, "loop")).collect();
                let mut due: Vec<(i64, usize)> = (0..opened.len())
                    .filter_map(|place| Some((self.pending(&opened[place]).first()?.0, place)))
                    .collect();
                due.sort_unstable();
                for (_, place) in due.into_iter().filter(|(opens, _)| *opens <= at) {
                    self.open_due(&opened[place], at);
                }
                return Ok(());
            }
            _ => {}
        }
        let mine = self
            .0
            .of("opened")
            .into_iter()
            .find(|fact| fact["by"] == json!(by))
            .map(|fact| text(fact, "loop"));
        let running = mine.filter(|loop_| at < UNTIL || !self.pending(loop_).is_empty());
        let loop_ = match running {
            Some(loop_) => loop_,
            None if at >= UNTIL => return Err(String::from("CAMPAIGN_ENDED")),
            None => {
                let loop_ = text(command, "id");
                self.0.add(json!({ "kind": "opened", "loop": loop_, "by": by, "until": UNTIL }));
                loop_
            }
        };
        let opened = self.open_due(&loop_, at);
        if command["do"] == json!("claim") {
            let drawn = self.made(&loop_).len();
            return match self.pending(&loop_).len() {
                _ if opened => Ok(()),
                0 if drawn == 0 => Err(String::from("NO_CHANCE")),
                0 => Err(String::from("ALREADY_CLAIMED")),
                _ => Err(String::from("DRAW_NOT_OPEN")),
            };
        }
        self.draw(&loop_, &by, at)
    }

    fn draw(&mut self, loop_: &str, by: &str, at: i64) -> Result<(), String> {
        let rules = self.rules().clone();
        if at >= UNTIL {
            return Err(String::from("LOOP_EXPIRED"));
        }
        let made = self.made(loop_);
        let times: Vec<i64> = made.iter().map(|(at, _)| *at).collect();
        if capped(&rules["draws"], &times, at) {
            return Err(String::from("LIMIT_REACHED"));
        }
        let n = u64::try_from(made.len()).expect("few") + 1;
        let opens = match rules["opensAfter"].as_str() {
            Some(hours) => at + 60 * MINUTE * hours.trim_end_matches('h').parse::<i64>().expect("hours"),
            None => at,
        };
        let instead = rules["instead"].as_str().and_then(|reward| self.0.obtainable(reward, by));
        if opens == at && self.wheel(n, by).is_empty() && instead.is_none() {
            return Err(String::from("SOLD_OUT"));
        }
        let free: Vec<i64> = made.iter().filter(|(_, paid)| !paid).map(|(at, _)| *at).collect();
        let is_free = rules["free"].is_object()
            && !capped(
                &json!([{ "every": rules["free"]["every"], "most": rules["free"]["count"] }]),
                &free,
                at,
            );
        if !is_free {
            let mut refused = "NO_CHANCE";
            let mut paid = false;
            for cost in rules["cost"].as_array().into_iter().flatten() {
                let (reward, points) = (text(cost, "reward"), cost["points"].as_i64().unwrap_or(1));
                let sum = |kind: &str, key: &str| -> i64 {
                    let mine = |fact: &&&Value| fact[key] == json!(by) && fact["reward"] == json!(reward);
                    self.0
                        .of(kind)
                        .iter()
                        .filter(mine)
                        .map(|fact| fact["points"].as_i64().expect("points"))
                        .sum()
                };
                if sum("credited", "to") - sum("spent", "by") >= points {
                    self.0.add(json!({ "kind": "spent", "loop": loop_, "reward": reward, "by": by, "points": points, "n": null }));
                    paid = true;
                    break;
                }
                refused = if reward == "chance" { "NO_CHANCE" } else { "POINTS_SHORT" };
            }
            if !paid {
                return Err(refused.to_owned());
            }
        }
        if opens > at {
            self.0.add(
                json!({ "kind": "submitted", "loop": loop_, "by": by, "n": n, "until": opens, "at": at }),
            );
        } else {
            self.decide(loop_, by, n, at);
        }
        Ok(())
    }

    /// When each draw was made, and whether it was paid for: the spending stands right before it.
    fn made(&self, loop_: &str) -> Vec<(i64, bool)> {
        let mut made: Vec<(i64, bool)> = Vec::new();
        let mut paid = false;
        for fact in self.0.list.iter().filter(|fact| fact["loop"] == json!(loop_)) {
            let kind = text(fact, "kind");
            paid |= kind == "spent";
            let first = fact["n"].as_u64().is_some_and(|n| n > u64::try_from(made.len()).expect("few"));
            if ["submitted", "drawn"].contains(&kind.as_str()) && first {
                made.push((fact["at"].as_i64().expect("a time"), paid));
                paid = false;
            }
        }
        made
    }

    /// When each entry that is not drawn opens, and its number; in this order.
    fn pending(&self, loop_: &str) -> Vec<(i64, u64)> {
        let of = |kind: &str| -> Vec<&Value> {
            self.0.of(kind).into_iter().filter(|fact| fact["loop"] == json!(loop_)).collect()
        };
        let drawn = of("drawn");
        let open = |fact: &&Value| !drawn.iter().any(|other| other["n"] == fact["n"]);
        let entry =
            |fact: &Value| (fact["until"].as_i64().expect("a time"), fact["n"].as_u64().expect("a number"));
        let mut pending: Vec<(i64, u64)> = of("submitted").into_iter().filter(open).map(entry).collect();
        pending.sort_unstable();
        pending
    }

    fn open_due(&mut self, loop_: &str, at: i64) -> bool {
        let due: Vec<(i64, u64)> =
            self.pending(loop_).into_iter().filter(|(opens, _)| *opens <= at).collect();
        let by =
            self.0.of("opened").iter().find(|fact| fact["loop"] == json!(loop_)).map(|fact| text(fact, "by"));
        for (_, n) in &due {
            self.decide(loop_, by.as_deref().expect("an initiator"), *n, at);
        }
        !due.is_empty()
    }

    /// One ticket after the other: the prize it belongs to, or none.
    fn wheel(&self, n: u64, by: &str) -> Vec<Option<Value>> {
        let rules = self.rules();
        let mut wheel = Vec::new();
        let mut count = 0;
        for prize in rules["prizes"].as_array().expect("prizes") {
            for _ in 0..prize["weight"].as_u64().expect("a weight") {
                count += 1;
                if rules["ifOut"] != json!("renormalise") || self.can_be_won(prize, n, by) {
                    wheel.push(Some(prize.clone()));
                }
            }
        }
        for _ in count..rules["outOf"].as_u64().unwrap_or(count) {
            wheel.push(None);
        }
        wheel
    }

    fn can_be_won(&self, prize: &Value, n: u64, by: &str) -> bool {
        let there = prize["give"].as_str().is_none_or(|give| self.0.obtainable(give, by).is_some());
        there && n > prize["unlockAfter"].as_u64().unwrap_or(0)
    }

    fn decide(&mut self, loop_: &str, by: &str, n: u64, at: i64) {
        let rules = self.rules().clone();
        let wheel = self.wheel(n, by);
        let seed = public_seed("lottery-random");
        let total = u64::try_from(wheel.len()).expect("few");
        let ticket = Numbers::of(&seed, "lottery:wheel", &format!("{loop_}/{n}")).below(total);
        let hit = wheel.get(usize::try_from(ticket).expect("small")).cloned().flatten();
        let instead = || {
            let reward = rules["instead"].as_str()?;
            self.0.obtainable(reward, by).map(|_| reward.to_owned())
        };
        let wins: Vec<i64> = self
            .0
            .of("drawn")
            .into_iter()
            .filter(|fact| {
                fact["loop"] == json!(loop_) && fact["prize"].is_string() && fact["prize"] != rules["instead"]
            })
            .map(|fact| fact["at"].as_i64().expect("a time"))
            .collect();
        let prize = match hit {
            None if wheel.is_empty() => instead(),
            None => None,
            Some(prize) => match prize["give"].as_str() {
                None => None,
                Some(give) if self.can_be_won(&prize, n, by) && !capped(&rules["wins"], &wins, at) => {
                    Some(give.to_owned())
                }
                Some(_) => instead(),
            },
        };
        self.0.add(json!({ "kind": "drawn", "loop": loop_, "by": by, "n": n, "ticket": ticket, "prize": prize, "at": at }));
        if let Some(prize) = prize {
            self.0.grant(loop_, &prize, by, n);
        }
    }
}

/// Whether one of the caps leaves no room beside these instants.
fn capped(caps: &Value, times: &[i64], at: i64) -> bool {
    let period = |every: &Value, at: i64| match every.as_str() {
        Some("hour") => at.div_euclid(3_600_000),
        Some("day") => (at + 8 * 3_600_000).div_euclid(86_400_000),
        _ => 0,
    };
    caps.as_array().into_iter().flatten().any(|cap| {
        let same = times.iter().filter(|time| period(&cap["every"], **time) == period(&cap["every"], at));
        u64::try_from(same.count()).expect("few") >= cap["most"].as_u64().expect("a number")
    })
}

fn text(fact: &Value, key: &str) -> String {
    fact[key].as_str().unwrap_or_default().to_owned()
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let mut rewards = json!({
        "a": { "kind": "coupon", "title": "A", "stock": 1 + dice.below(4) },
        "b": { "kind": "goods", "title": "B", "stock": 1 + dice.below(3) },
        "cash": { "kind": "cash", "title": "Cash", "amount": "3.00", "budget": format!("{}.00", 3 + dice.below(9)) },
        "points": { "kind": "points", "title": "Points", "points": 1 + dice.below(4) },
        "chance": { "kind": "chance", "title": "Chance", "points": 1 },
    });
    for name in ["a", "b", "cash"] {
        if let Some(most) = dice.maybe(3, |dice| 1 + dice.below(2)) {
            rewards[name]["perParticipant"] = json!(most);
        }
    }
    if let Some(other) = dice.maybe(3, |dice| dice.pick(&["b", "cash"])) {
        rewards["a"]["fallback"] = json!(other);
    }
    let mut wheel = json!({ "mechanic": "lottery", "title": "Wheel" });
    let mut sum = 0;
    let prizes: Vec<Value> = (0..1 + dice.below(4))
        .map(|_| {
            let weight = 1 + dice.below(4);
            sum += u32::from(weight);
            let mut prize = json!({ "name": "P", "weight": weight });
            let give = dice.pick(&["a", "b", "cash", "points", "chance", ""]);
            if !give.is_empty() {
                prize["give"] = json!(give);
            }
            prize
        })
        .collect();
    wheel["prizes"] = json!(prizes);
    let blanks = dice.maybe(2, |dice| dice.below(4));
    if let Some(blanks) = blanks {
        wheel["outOf"] = json!(sum + u32::from(blanks));
    }
    // Something has to be open from the first draw.
    for at in 1..prizes.len() {
        if let Some(after) = dice.maybe(3, |dice| 1 + dice.below(3)) {
            wheel["prizes"][at]["unlockAfter"] = json!(after);
        }
    }
    let every = |dice: &mut Dice| dice.pick(&["hour", "day", "campaign"]);
    wheel["free"] = json!({ "every": every(dice), "count": 1 + dice.below(3) });
    if dice.below(2) == 0 {
        let costs =
            [json!({ "reward": "chance" }), json!({ "reward": "points", "points": 1 + dice.below(3) })];
        wheel["cost"] = json!(costs[usize::from(dice.below(2))..]);
        if dice.below(4) == 0 {
            wheel["free"]["count"] = json!(1);
        }
    }
    if let Some(reward) = dice.maybe(2, |dice| dice.pick(&["a", "b", "points"])) {
        wheel["instead"] = json!(reward);
    }
    if dice.below(2) == 1 {
        wheel["ifOut"] = json!("renormalise");
    }
    let cap = |dice: &mut Dice, most: u8| json!([{ "every": every(dice), "most": most + dice.below(3) }]);
    if let Some(caps) = dice.maybe(4, |dice| cap(dice, 4)) {
        wheel["draws"] = caps;
    }
    if let Some(caps) = dice.maybe(4, |dice| cap(dice, 1)) {
        wheel["wins"] = caps;
    }
    if let Some(hours) = dice.maybe(3, |dice| dice.pick(&["1h", "5h"])) {
        wheel["opensAfter"] = json!(hours);
    }
    json!({
        "id": "lottery-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-03T00:00" },
        "rewards": rewards, "plays": { "wheel": wheel },
    })
}

fn commands(plan: &[[u8; 5]]) -> Vec<Value> {
    let mut at = START;
    let mut list = Vec::new();
    for (position, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        at += [0, 1, 7, 61, 300, 700, -45][usize::from(dice.below(7))] * MINUTE;
        // Few ids, so that some commands come twice.
        let id = if dice.below(8) == 0 { format!("c{}", dice.below(20)) } else { format!("d{position}") };
        let by = dice.pick(&["ann", "bo", "cy"]);
        list.push(match dice.below(12) {
            0 => json!({ "id": id, "at": at, "do": "tick" }),
            1 | 2 => json!({ "id": id, "at": at, "do": "claim", "by": by, "play": "wheel" }),
            3 => json!({ "id": id, "at": at, "do": "fail", "grant": format!("d{}.{}", dice.below(4), 1 + dice.below(3)) }),
            _ => json!({ "id": id, "at": at, "do": "draw", "by": by, "play": "wheel" }),
        });
    }
    // The same id always has the same body here.
    let mut first = std::collections::BTreeMap::new();
    list.into_iter()
        .map(|command| {
            let mut body = first.entry(text(&command, "id")).or_insert_with(|| command.clone()).clone();
            body["at"] = command["at"].clone();
            body
        })
        .collect()
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 60));
    Round::of(&campaign, &commands(&plan_of::<5>(number, 40)), || Lottery::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lottery_decides_as_its_prose_says(bytes in vec(any::<u8>(), 60), plan in vec(any::<[u8; 5]>(), 1..40)) {
        let campaign = campaign(&bytes);
        let difference = differs(&campaign, &commands(&plan), &mut Lottery::new(&campaign));
        prop_assert!(difference.is_none(), "{}", difference.unwrap_or_default());
    }
}

#[test]
fn a_wrong_reference_is_found_out() {
    let base = json!({
        "id": "lottery-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-03T00:00" },
        "rewards": {
            "a": { "kind": "coupon", "title": "A", "stock": 1 }, "b": { "kind": "goods", "title": "B" },
            "points": { "kind": "points", "title": "Points", "points": 2 },
        },
        "plays": { "wheel": {
            "mechanic": "lottery", "title": "Wheel", "instead": "b", "outOf": 7, "wins": [{ "every": "day", "most": 3 }],
            "prizes": [{ "name": "A", "give": "a", "weight": 2 }, { "name": "P", "give": "points", "weight": 4, "unlockAfter": 2 }],
            "free": { "every": "hour", "count": 1 }, "cost": [{ "reward": "points", "points": 2 }],
        } },
    });
    let mut plan = Vec::new();
    for number in 0..80 {
        let by = ["ann", "bo"][number % 2];
        let at = START + i64::try_from(number).expect("small") * 13 * MINUTE;
        plan.push(json!({ "id": format!("d{number}"), "at": at, "do": "draw", "by": by, "play": "wheel" }));
    }
    assert_eq!(differs(&base, &plan, &mut Lottery::new(&base)), None);
    let found = |path: &str, value: Value| {
        let mut other = base.clone();
        *other.pointer_mut(path).expect("a rule") = value;
        differs(&base, &plan, &mut Lottery::new(&other)).is_some()
    };
    assert!(found("/rewards/a/stock", json!(2)), "stock");
    assert!(found("/plays/wheel/outOf", json!(8)), "tickets");
    assert!(found("/plays/wheel/free/count", json!(2)), "free draws");
    assert!(found("/plays/wheel/free/every", json!("day")), "the period of free draws");
    assert!(found("/plays/wheel/cost/0/points", json!(1)), "what a draw costs");
    assert!(found("/plays/wheel/prizes/1/unlockAfter", json!(1)), "unlocking");
    assert!(found("/plays/wheel/wins/0/most", json!(4)), "wins");
    let mut right = Lottery::new(&base);
    let off = |mut answer: Answer| {
        for fact in answer.iter_mut().flatten().filter(|fact| fact["ticket"] == json!(6)) {
            fact["ticket"] = json!(5);
        }
        answer
    };
    assert!(
        differs_by(&base, &plan, |command| off(right.submit(command)), Lottery::KINDS).is_some(),
        "a ticket"
    );
}
