//! The rules of the red packet a second time.

use super::draw::{Numbers, public_seed};
use super::facts::{Facts, minor};
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

struct Packets(Facts);

const LOOPS: [&str; 4] = ["P", "Q", "R", "S"];

impl Reference for Packets {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "set-aside",
        "helped",
        "claimed",
        "freed",
        "granted",
        "failed",
        "completed",
        "expired",
        "withheld",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let mut next = Packets(self.0.clone());
        next.answer(command)?;
        let new = next.0.list[self.0.list.len()..].to_vec();
        self.0 = next.0;
        Ok(new)
    }
}

impl Packets {
    fn new(campaign: &Value) -> Self {
        Packets(Facts::new(campaign))
    }

    fn rules(&self) -> Value {
        self.0.campaign["plays"]["packet"].clone()
    }

    fn answer(&mut self, command: &Value) -> Result<(), String> {
        let at = command["at"].as_i64().expect("a time");
        let by = command["by"].as_str().unwrap_or("").to_owned();
        match command["do"].as_str().expect("an act") {
            "fail" => self.0.fail(command["grant"].as_str().expect("a grant")),
            "tick" => {
                for loop_ in self.due(at) {
                    self.expire(&loop_);
                }
                Ok(())
            }
            "open" => self.open(command["loop"].as_str().expect("a loop"), &by, at, command),
            _ => {
                let loop_ = command["loop"].as_str().expect("a loop");
                if self.about("opened", loop_).is_empty() {
                    return Err(String::from("LOOP_UNKNOWN"));
                }
                if command["do"] == json!("help") {
                    self.help(loop_, &by, at)
                } else {
                    self.claim(loop_, &by, at)
                }
            }
        }
    }

    fn about(&self, kind: &str, loop_: &str) -> Vec<&Value> {
        self.0.of(kind).into_iter().filter(|fact| fact["loop"] == json!(loop_)).collect()
    }

    fn until(&self, loop_: &str) -> i64 {
        self.about("opened", loop_)[0]["until"].as_i64().expect("a time")
    }

    fn is_over(&self, loop_: &str) -> bool {
        !self.about("completed", loop_).is_empty() || !self.about("expired", loop_).is_empty()
    }

    /// The packets whose time is over and that nothing has settled, the longest over first.
    fn due(&self, at: i64) -> Vec<String> {
        let opened =
            self.0.of("opened").into_iter().map(|fact| fact["loop"].as_str().expect("a loop").to_owned());
        let mut due: Vec<String> =
            opened.filter(|loop_| !self.is_over(loop_) && at >= self.until(loop_)).collect();
        due.sort_by_key(|loop_| self.until(loop_));
        due
    }

    fn expire(&mut self, loop_: &str) {
        let (count, amount) = self.left(loop_);
        self.0.add(json!({ "kind": "expired", "loop": loop_ }));
        self.0.add(
            json!({ "kind": "freed", "loop": loop_, "reward": "cash", "count": count, "amount": amount }),
        );
    }

    fn left(&self, loop_: &str) -> (i64, i64) {
        let packet = self.about("set-aside", loop_)[0];
        let claims = self.about("claimed", loop_);
        let taken: i64 = claims.iter().map(|fact| fact["amount"].as_i64().expect("money")).sum();
        let count = packet["count"].as_i64().expect("shares") - i64::try_from(claims.len()).expect("few");
        (count, packet["amount"].as_i64().expect("money") - taken)
    }

    fn open(&mut self, loop_: &str, by: &str, at: i64, command: &Value) -> Result<(), String> {
        let rules = self.rules();
        if !self.about("opened", loop_).is_empty() {
            return Err(String::from("LOOP_EXISTS"));
        }
        let wrong = || String::from("COMMAND_MALFORMED");
        let within = |value: Option<i64>, from: i64, to: i64| {
            value.filter(|value| (from..=to).contains(value)).ok_or_else(wrong)
        };
        let total = match &rules["totals"] {
            Value::Null => minor(&rules["total"]).expect("money"),
            bounds => within(
                command["amount"].as_i64(),
                minor(&bounds["from"]).expect("money"),
                minor(&bounds["to"]).expect("money"),
            )?,
        };
        let count = match &rules["counts"] {
            Value::Null => rules["count"].as_i64().expect("shares"),
            bounds => within(
                command["count"].as_i64(),
                bounds["from"].as_i64().expect("from"),
                bounds["to"].as_i64().expect("to"),
            )?,
        };
        if total < count * self.least() {
            return Err(wrong());
        }
        let hours: i64 =
            rules["within"].as_str().expect("hours").trim_end_matches('h').parse().expect("a number");
        self.0.add(json!({ "kind": "opened", "loop": loop_, "by": by, "until": at + hours * 60 * MINUTE }));
        let due = self.due(at);
        let mut due = due.iter();
        while !self.has_room(count, total) {
            let other = due.next().ok_or("REWARD_OUT")?;
            self.expire(other);
        }
        self.0.add(
            json!({ "kind": "set-aside", "loop": loop_, "reward": "cash", "count": count, "amount": total }),
        );
        Ok(())
    }

    /// Whether so many pieces and so much money are left: the last piece and all of the money can be had.
    fn has_room(&self, count: i64, total: i64) -> bool {
        let mut trial = self.0.clone();
        trial.add(json!({ "kind": "set-aside", "reward": "cash", "count": count - 1, "amount": 0 }));
        !matches!(trial.obstacle("cash", total, "nobody"), Some("stock" | "budget"))
    }

    fn least(&self) -> i64 {
        minor(&self.rules()["minUnit"]).unwrap_or(1)
    }

    fn locked(&self, loop_: &str) -> i64 {
        let need = self.rules()["helpers"].as_i64().unwrap_or(0);
        (need - i64::try_from(self.about("helped", loop_).len()).expect("few")).max(0)
    }

    fn help(&mut self, loop_: &str, by: &str, at: i64) -> Result<(), String> {
        self.check_open(loop_, at)?;
        if self.about("opened", loop_)[0]["by"] == json!(by) {
            return Err(String::from("OWN_LOOP"));
        }
        let helped = self.about("helped", loop_);
        if helped.iter().any(|fact| fact["by"] == json!(by)) {
            return Err(String::from("ALREADY_HELPED"));
        }
        if self.locked(loop_) == 0 {
            return Err(String::from("LOOP_COMPLETE"));
        }
        let have = helped.len() + 1;
        self.0.add(json!({ "kind": "helped", "loop": loop_, "by": by, "have": have, "need": self.rules()["helpers"] }));
        Ok(())
    }

    fn check_open(&self, loop_: &str, at: i64) -> Result<(), String> {
        if !self.about("completed", loop_).is_empty() {
            return Err(String::from("LOOP_COMPLETE"));
        }
        if at >= self.until(loop_) { Err(String::from("LOOP_EXPIRED")) } else { Ok(()) }
    }

    fn claim(&mut self, loop_: &str, by: &str, at: i64) -> Result<(), String> {
        if self.about("claimed", loop_).iter().any(|fact| fact["by"] == json!(by)) {
            return Err(String::from("ALREADY_CLAIMED"));
        }
        let (left, _) = self.left(loop_);
        if left == 0 {
            return Err(String::from("PACKET_EMPTY"));
        }
        self.check_open(loop_, at)?;
        if self.locked(loop_) > 0 {
            return Err(String::from("PACKET_LOCKED"));
        }
        let team = [self.about("opened", loop_), self.about("helped", loop_)].concat();
        if self.rules()["openTo"] == json!("team") && !team.iter().any(|fact| fact["by"] == json!(by)) {
            return Err(String::from("NOT_MEMBER"));
        }
        let n = self.about("claimed", loop_).len() + 1;
        let amount = self.shares(loop_)[n - 1];
        self.0.add(json!({ "kind": "claimed", "loop": loop_, "by": by, "n": n, "amount": amount }));
        self.0.add(json!({ "kind": "freed", "loop": loop_, "reward": "cash", "count": 1, "amount": amount }));
        if self.0.obstacle("cash", amount, by) == Some("limit") {
            return Err(String::from("LIMIT_REACHED"));
        }
        self.0.granted(loop_, "cash", by, u64::try_from(n).expect("few"), Some(amount));
        if left == 1 {
            self.0.add(json!({ "kind": "completed", "loop": loop_ }));
        }
        Ok(())
    }

    /// All shares of a packet, worked out from its beginning.
    fn shares(&self, loop_: &str) -> Vec<i64> {
        let rules = self.rules();
        let packet = self.about("set-aside", loop_)[0];
        let (total, count) =
            (packet["amount"].as_i64().expect("money"), packet["count"].as_i64().expect("shares"));
        if rules["split"] == json!("equal") {
            let mut shares = vec![0; usize::try_from(count).expect("few")];
            for unit in 0..total {
                shares[usize::try_from(unit % count).expect("few")] += 1;
            }
            return shares;
        }
        let at_claim = rules["shares"] == json!("at-claim");
        let numbers =
            |n: i64| Numbers::of(&public_seed("packet-random"), "red-packet:packet", &format!("{loop_}/{n}"));
        let (mut left, mut shares, mut stream) = (total, Vec::new(), numbers(0));
        for n in 1..=count {
            let others = count - n;
            let share = if others == 0 {
                left
            } else {
                let most = (2 * left / (others + 1)).min(left - others * self.least());
                let span = u64::try_from(most - self.least() + 1).expect("a range");
                let number = if at_claim { numbers(n).below(span) } else { stream.below(span) };
                self.least() + i64::try_from(number).expect("money")
            };
            left -= share;
            shares.push(share);
        }
        for place in (1..shares.len()).rev().filter(|_| !at_claim) {
            let with = stream.below(u64::try_from(place + 1).expect("few"));
            shares.swap(place, usize::try_from(with).expect("few"));
        }
        shares
    }
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let mut cash = json!({ "kind": "cash", "title": "Cash" });
    let total = 12 + i64::from(dice.below(200));
    if dice.below(4) == 0 {
        cash["stock"] = json!(5 + dice.below(10));
    } else {
        let budget = total * (10 + i64::from(dice.below(25))) / 10;
        cash["budget"] = json!(format!("{}.{:02}", budget / 100, budget % 100));
    }
    if let Some(most) = dice.maybe(4, |dice| 1 + dice.below(2)) {
        cash["perParticipant"] = json!(most);
    }
    let mut packet = json!({
        "mechanic": "red-packet", "title": "Packet", "give": "cash", "within": dice.pick(&["1h", "3h"]),
        "split": dice.pick(&["random", "random", "equal"]), "shares": dice.pick(&["ahead", "at-claim"]),
        "openTo": dice.pick(&["anyone", "anyone", "team"]),
    });
    if dice.below(3) == 0 {
        packet["totals"] = json!({ "from": "0.03", "to": format!("{}.{:02}", total / 100, total % 100) });
    } else {
        packet["total"] = json!(format!("{}.{:02}", total / 100, total % 100));
    }
    if dice.below(3) == 0 {
        packet["counts"] = json!({ "from": 1, "to": 2 + dice.below(4) });
    } else {
        packet["count"] = json!(1 + dice.below(4));
    }
    if let Some(helpers) = dice.maybe(2, |dice| 1 + dice.below(3)) {
        packet["helpers"] = json!(helpers);
    }
    if let Some(least) = dice.maybe(3, |dice| 1 + dice.below(3)) {
        packet["minUnit"] = json!(format!("0.0{least}"));
    }
    json!({
        "id": "packet-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-09T00:00" },
        "rewards": { "cash": cash }, "plays": { "packet": packet },
    })
}

fn commands(plan: &[[u8; 6]]) -> Vec<Value> {
    let mut at = START;
    let mut list: Vec<Value> = Vec::new();
    for (position, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        at += [0, 0, 1, 7, 25, 61, -20][usize::from(dice.below(7))] * MINUTE;
        let by = dice.pick(&["ann", "bo", "cy", "di", "ed"]);
        let loop_ = LOOPS[usize::from(dice.below(4))];
        let id = format!("d{position}");
        let mut command = match dice.below(12) {
            0 => json!({ "id": id, "do": "tick" }),
            1 => json!({ "id": id, "do": "fail", "grant": format!("{loop_}.{}", 1 + dice.below(3)) }),
            2 if position > 0 => list[position / 2].clone(),
            3..=5 => {
                let mut open = json!({ "id": id, "do": "open", "by": by, "play": "packet", "loop": loop_ });
                open["amount"] = json!(dice.below(220));
                open["count"] = json!(1 + dice.below(5));
                open
            }
            6..=8 => json!({ "id": id, "do": "help", "by": by, "loop": loop_ }),
            _ => json!({ "id": id, "do": "claim", "by": by, "loop": loop_ }),
        };
        command["at"] = json!(at);
        list.push(command);
    }
    list
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 24));
    Round::of(&campaign, &commands(&plan_of::<6>(number, 60)), || Packets::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_red_packet_decides_as_its_prose_says(bytes in vec(any::<u8>(), 24), plan in vec(any::<[u8; 6]>(), 1..60)) {
        let campaign = campaign(&bytes);
        let mut reference = Packets::new(&campaign);
        let difference = differs(&campaign, &commands(&plan), &mut reference);
        prop_assert!(difference.is_none(), "{}", difference.unwrap_or_default());
        // What was put aside is either claimed, back, or still there.
        for loop_ in LOOPS.iter().filter(|loop_| !reference.about("set-aside", loop_).is_empty()) {
            let sum = |kind: &str| -> i64 { reference.about(kind, loop_).iter().map(|fact| fact["amount"].as_i64().unwrap()).sum() };
            let left = if reference.is_over(loop_) { 0 } else { reference.left(loop_).1 };
            prop_assert_eq!(sum("set-aside"), sum("freed") + left);
            let claims = reference.about("claimed", loop_);
            prop_assert!(claims.iter().all(|fact| fact["amount"].as_i64().unwrap() >= reference.least()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Doing exactly what is missing for a share earns it.
    #[test]
    fn missing_is_taken_at_its_word(bytes in vec(any::<u8>(), 24), plan in vec(any::<[u8; 6]>(), 1..40)) {
        let mut campaign = campaign(&bytes);
        campaign["rewards"]["cash"] = json!({ "kind": "cash", "title": "Cash", "budget": "9000.00" });
        let mut world = super::World::new(&campaign);
        for command in commands(&plan) {
            world.submit(&command);
        }
        for who in ["ann", "bo", "cy", "di", "ed"] {
            for (loop_, row) in world.locked_in_loops(who) {
                let mut later = world.clone();
                for step in row["missing"].as_array().unwrap() {
                    prop_assert!(later.now < step["until"].as_i64().unwrap());
                    for n in 0..step["count"].as_u64().unwrap() {
                        match step["need"].as_str().unwrap() {
                            "help" => later.must(json!({ "do": "help", "by": format!("friend-{n}"), "loop": loop_ })),
                            "help-here" => later.must(json!({ "do": "help", "by": who, "loop": loop_ })),
                            act => later.must(json!({ "do": act, "by": who, "loop": loop_ })),
                        };
                    }
                }
                prop_assert!(later.granted(who, &row["reward"]) > world.granted(who, &row["reward"]), "{row} {campaign}");
            }
        }
    }
}

#[test]
fn a_wrong_reference_is_found_out() {
    let base = json!({
        "id": "packet-random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-09T00:00" },
        "rewards": { "cash": { "kind": "cash", "title": "Cash", "budget": "20.00" } },
        "plays": { "packet": {
            "mechanic": "red-packet", "title": "Packet", "give": "cash", "within": "3h", "total": "10.00", "count": 3,
            "helpers": 1, "minUnit": "0.05", "openTo": "team", "split": "random", "shares": "ahead",
        } },
    });
    let mut plan = Vec::new();
    for (position, (act, by, loop_)) in [
        ("open", "ann", "P"),
        ("open", "bo", "Q"),
        ("open", "cy", "R"),
        ("claim", "ann", "P"),
        ("help", "bo", "P"),
        ("claim", "bo", "P"),
        ("claim", "cy", "P"),
        ("claim", "ann", "P"),
        ("open", "cy", "R"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = START
            + i64::try_from(position).expect("small") * if position == 8 { 180 * MINUTE } else { MINUTE };
        plan.push(json!({ "id": format!("d{position}"), "at": at, "do": act, "by": by, "loop": loop_, "play": "packet" }));
    }
    assert_eq!(differs(&base, &plan, &mut Packets::new(&base)), None);
    let found = |path: &str, value: Value| {
        let mut other = base.clone();
        *other.pointer_mut(path).expect("a rule") = value;
        differs(&base, &plan, &mut Packets::new(&other)).is_some()
    };
    assert!(found("/rewards/cash/budget", json!("30.00")), "budget");
    assert!(found("/plays/packet/helpers", json!(2)), "unlocking");
    assert!(found("/plays/packet/openTo", json!("anyone")), "the team");
    assert!(found("/plays/packet/minUnit", json!("0.06")), "the smallest share");
    assert!(found("/plays/packet/shares", json!("at-claim")), "when shares are made");
    assert!(found("/plays/packet/split", json!("equal")), "the split");
    let mut right = Packets::new(&base);
    let kept = |answer: Answer| {
        answer.map(|facts| facts.into_iter().filter(|fact| fact["kind"] != json!("freed")).collect())
    };
    assert!(
        differs_by(&base, &plan, |command| kept(right.submit(command)), Packets::KINDS).is_some(),
        "what goes back"
    );
}
