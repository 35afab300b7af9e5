//! Screenshot (截图裂变), from the prose of its rules.

use kfactor::engine::{Engine, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{History, each_is_found, local, no, number, text};
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};

/// The rules in plain numbers, times in minutes.
#[derive(Clone, Debug)]
struct Screenshot {
    most: usize,
    within: Option<i64>,
    review_within: i64,
    approves: bool,
    budget: usize,
    requires: bool,
    ends: i64,
    so_far: History,
}

const PEOPLE: [&str; 4] = ["p0", "p1", "p2", "p3"];
const PICTURES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const ORDERS: [&str; 4] = ["o0", "o1", "o2", "o3"];

impl Screenshot {
    fn new(dice: &mut Dice<'_>) -> Screenshot {
        Screenshot {
            most: 1 + usize::from(dice.below(3)),
            within: dice.maybe(2, |dice| dice.pick(&[20, 5, 60])),
            review_within: dice.pick(&[10, 3, 40]),
            approves: dice.below(2) == 1,
            budget: 1 + usize::from(dice.below(4)),
            requires: dice.below(4) == 3,
            ends: dice.pick(&[60, 20, 120]),
            so_far: History::default(),
        }
    }

    fn document(&self) -> Value {
        let mut play = json!({
            "mechanic": "screenshot", "title": "Show", "give": ["cash2"], "most": self.most,
            "reviewWithin": format!("{}m", self.review_within),
            "ifUnreviewed": if self.approves { "approve" } else { "reject" },
        });
        if let Some(within) = self.within {
            play["within"] = json!(format!("{within}m"));
        }
        if self.requires {
            play["requires"] = json!("first-order");
        }
        json!({
            "id": "show", "title": "Show", "runs": { "from": local(0), "until": local(self.ends) },
            "rewards": { "cash2": { "kind": "cash", "title": "Cash", "amount": "2.00", "budget": format!("{}.00", 2 * self.budget) } },
            "plays": { "show": play, "other": { "mechanic": "assist", "title": "Other", "requires": "first-order", "helpers": 1, "within": "1h" } },
        })
    }

    /// The one loop of a participant.
    fn loop_of(&self, who: &str) -> Option<(i64, &Value)> {
        self.so_far.all("opened", "by", who).first().copied()
    }

    fn until(&self, opened: i64) -> i64 {
        self.within.map_or(START + self.ends * MINUTE, |within| opened + within * MINUTE)
    }

    /// When the last picture was handed in, if nothing has told yet what became of it.
    fn waiting(&self, who: &str) -> Option<i64> {
        let pictures = self.so_far.all("submitted", "by", who);
        let told =
            self.so_far.all("approved", "by", who).len() + self.so_far.all("declined", "by", who).len();
        pictures.last().map(|(at, _)| *at).filter(|_| told < pictures.len())
    }

    fn review_until(&self, submitted: i64) -> i64 {
        submitted + self.review_within * MINUTE
    }

    /// Whether a picture waits for someone to look at it.
    fn is_open(&self, who: &str, at: i64) -> bool {
        self.waiting(who).is_some_and(|submitted| at < self.review_until(submitted))
    }

    /// Where the loop of a participant stands.
    fn status(&self, who: &str, at: i64) -> &'static str {
        let Some((opened, fact)) = self.loop_of(who) else { return "none" };
        let id = text(fact, "loop");
        if self.so_far.count("expired", id) > 0 {
            return "expired";
        }
        if self.so_far.count("completed", id) > 0
            || (self.waiting(who).is_some() && !self.is_open(who, at) && self.approves)
        {
            return "complete";
        }
        if self.is_open(who, at) || at < self.until(opened) { "running" } else { "expired" }
    }

    fn approve(&self, who: &str) -> Vec<Value> {
        let (_, opened) = self.loop_of(who).expect("a loop");
        let id = text(opened, "loop");
        let n = self.so_far.all("submitted", "by", who).len();
        let granted = self.so_far.all("granted", "reward", "cash2");
        let stands = |fact: &Value| !self.so_far.has("revoked", "grant", text(fact, "grant"));
        let spent = granted.iter().filter(|(_, fact)| stands(fact)).count();
        let last = if spent < self.budget {
            json!({ "kind": "granted", "grant": format!("{id}.1"), "reward": "cash2", "to": who, "amount": 200 })
        } else {
            json!({ "kind": "withheld", "loop": id, "reward": "cash2", "to": who, "reason": "budget" })
        };
        vec![
            json!({ "kind": "approved", "loop": id, "by": who, "n": n }),
            json!({ "kind": "completed", "loop": id }),
            last,
        ]
    }

    fn decline(&self, who: &str, reason: Value) -> Value {
        let (_, opened) = self.loop_of(who).expect("a loop");
        let n = self.so_far.all("submitted", "by", who).len();
        json!({ "kind": "declined", "loop": opened["loop"], "by": who, "n": n, "reason": reason })
    }

    /// What the clock has decided and nothing has told.
    fn overdue(&self, who: &str, at: i64) -> Vec<Value> {
        let id = self.loop_of(who).map_or("", |(_, fact)| text(fact, "loop"));
        if self.waiting(who).is_none() || self.is_open(who, at) || self.so_far.count("expired", id) > 0 {
            return Vec::new();
        }
        if self.approves { self.approve(who) } else { vec![self.decline(who, json!("not reviewed in time"))] }
    }

    /// Opens the loop of a participant who has none that runs.
    fn open(&self, who: &str, id: &str, at: i64) -> Answer {
        if at >= START + self.ends * MINUTE {
            return no("CAMPAIGN_ENDED");
        }
        let mut order = Value::Null;
        if self.requires {
            let mine = |command: &&Value| command["do"] == json!("event") && command["by"] == json!(who);
            let used = self.loop_of(who).map(|(_, fact)| fact["order"].clone());
            let unused = |order: &&str| !self.so_far.refunded(order) && Some(json!(order)) != used;
            let events = self.so_far.commands().iter().filter(mine).map(|event| text(event, "order"));
            match events.collect::<Vec<_>>().into_iter().find(unused) {
                Some(found) => order = json!(found),
                None => return no("EVENT_REQUIRED"),
            }
        }
        match self.status(who, at) {
            "complete" => no("LOOP_COMPLETE"),
            "expired" => no("LOOP_EXPIRED"),
            _ => Ok(vec![json!({
                "kind": "opened", "loop": id, "play": "show", "by": who, "until": self.until(at), "order": order,
            })]),
        }
    }

    fn submit_picture(&self, command: &Value, at: i64) -> Answer {
        let (by, hash) = (text(command, "by"), command["hash"].as_str());
        let mut facts = Vec::new();
        let mut id = text(command, "id").to_owned();
        let status = match command["loop"].as_str() {
            Some(named) => {
                let Some((_, opened)) = self.so_far.all("opened", "loop", named).first().copied() else {
                    return no("LOOP_UNKNOWN");
                };
                if text(opened, "by") != by {
                    return no("NOT_MEMBER");
                }
                self.status(by, at)
            }
            None => self.status(by, at),
        };
        if status == "running" || command["loop"].is_string() {
            id = self.loop_of(by).map_or(id, |(_, fact)| text(fact, "loop").to_owned());
            match status {
                "complete" => return no("LOOP_COMPLETE"),
                "expired" => return no("LOOP_EXPIRED"),
                _ => {}
            }
        } else {
            facts = self.open(by, &id, at)?;
        }
        if self.is_open(by, at) {
            return no("REVIEW_PENDING");
        }
        let handed_in = self.so_far.all("submitted", "by", by).len();
        if handed_in >= self.most {
            return no("SUBMISSIONS_USED");
        }
        let Some(hash) = hash else { return no("COMMAND_MALFORMED") };
        if self.so_far.has("submitted", "hash", hash) {
            return no("PICTURE_KNOWN");
        }
        facts.extend(self.overdue(by, at));
        facts.push(json!({
            "kind": "submitted", "loop": id, "by": by, "n": handed_in + 1, "hash": hash, "until": self.review_until(at),
        }));
        Ok(facts)
    }

    fn review(&self, command: &Value, at: i64) -> Answer {
        let by = text(command, "by");
        if self.status(by, at) != "running" {
            // A review that names the play would have to open a loop.
            self.open(by, text(command, "id"), at)?;
            return no("NOTHING_TO_REVIEW");
        }
        if !self.is_open(by, at) {
            return no("NOTHING_TO_REVIEW");
        }
        match text(command, "name") {
            "approve" => Ok(self.approve(by)),
            _ => Ok(vec![self.decline(by, command["reason"].clone())]),
        }
    }

    fn refund(&self, command: &Value, at: i64) -> Answer {
        let order = text(command, "order");
        let Some(event) = self.so_far.order(order) else { return no("ORDER_UNKNOWN") };
        if self.so_far.refunded(order) {
            return no("ORDER_REFUNDED");
        }
        let by = text(event, "by");
        let refunded = json!({ "kind": "refunded", "order": order });
        let Some((_, opened)) = self.loop_of(by).filter(|(_, fact)| fact["order"] == json!(order)) else {
            return Ok(vec![refunded]);
        };
        let id = text(opened, "loop");
        let mut facts = self.overdue(by, at);
        let promised = facts.iter().any(|fact| fact["kind"] == json!("granted"));
        facts.push(refunded);
        match self.status(by, at) {
            "running" => facts.push(json!({ "kind": "expired", "loop": id })),
            "complete" if promised || self.so_far.has("granted", "to", by) => {
                facts.push(json!({ "kind": "revoked", "grant": format!("{id}.1") }));
            }
            _ => {}
        }
        Ok(facts)
    }

    fn tick(&self, at: i64) -> Answer {
        let mut due: Vec<(i64, usize, &str)> = Vec::new();
        for who in PEOPLE {
            let place = self
                .so_far
                .loops()
                .iter()
                .position(|id| self.loop_of(who).is_some_and(|(_, fact)| text(fact, "loop") == id));
            if let (Some(submitted), Some(place)) = (self.waiting(who), place) {
                due.push((self.review_until(submitted), place, who));
            }
        }
        due.sort_unstable();
        let mut facts: Vec<Value> = Vec::new();
        let mut so_far = self.clone();
        for (_, _, who) in due {
            // Each sees what the ones before have spent.
            let more = so_far.overdue(who, at);
            so_far.so_far.add(&json!({ "at": at, "do": "tick" }), &Ok(more.clone()));
            facts.extend(more);
        }
        Ok(facts)
    }
}

impl Reference for Screenshot {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "submitted",
        "approved",
        "declined",
        "completed",
        "expired",
        "granted",
        "withheld",
        "revoked",
        "refunded",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = number(command, "at");
        let answer = match text(command, "do") {
            "submit" => self.submit_picture(command, at),
            "review" => self.review(command, at),
            "refund" => self.refund(command, at),
            "event" if self.so_far.order(text(command, "order")).is_some() => no("ORDER_KNOWN"),
            "tick" => self.tick(at),
            _ => Ok(Vec::new()),
        };
        self.so_far.add(command, &answer);
        answer
    }
}

fn plan(bytes: &[u8]) -> (Screenshot, Vec<Value>) {
    let mut dice = Dice(bytes);
    let rules = Screenshot::new(&mut dice);
    let mut commands = vec![json!({ "id": "start", "at": START, "do": "tick" })];
    let mut at = START;
    while !dice.0.is_empty() && commands.len() < 60 {
        at += dice.pick(&[0, 1, 1, 2, 5, -3]) * MINUTE - i64::from(dice.below(8) == 7);
        let (by, hash, order) = (dice.pick(&PEOPLE), dice.pick(&PICTURES), dice.pick(&ORDERS));
        let mut command = match dice.below(11) {
            0..=3 => json!({ "do": "submit", "by": by, "play": "show", "hash": hash }),
            4 => json!({ "do": "submit", "by": by, "loop": format!("c{}", dice.below(6)), "hash": hash }),
            5 | 6 => json!({ "do": "review", "by": by, "play": "show", "name": "reject", "reason": "no" }),
            7 => json!({ "do": "review", "by": by, "play": "show", "name": "approve" }),
            8 => json!({ "do": "event", "by": by, "name": "first-order", "order": order }),
            9 => json!({ "do": "refund", "order": order }),
            _ => json!({ "do": "tick" }),
        };
        command["id"] = json!(format!("c{}", commands.len()));
        command["at"] = json!(at);
        if dice.below(12) == 11 {
            command = commands[usize::from(dice.below(60)) % commands.len()].clone();
        }
        commands.push(command);
    }
    (rules, commands)
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let bytes = bytes(number, 400);
    let (rules, commands) = plan(&bytes);
    Round::of(&rules.document(), &commands, || plan(&bytes).0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pictures_go_as_the_prose_says(bytes in vec(any::<u8>(), 40..400)) {
        let (mut rules, commands) = plan(&bytes);
        let differs = differs(&rules.document(), &commands, &mut rules);
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }

    /// Doing exactly what is missing, in that order, earns the reward.
    #[test]
    fn what_a_picture_misses_is_all_it_misses(bytes in vec(any::<u8>(), 40..300)) {
        let (rules, commands) = plan(&bytes);
        let mut engine = Engine::load(&rules.document().to_string(), Engine::public_seed("show"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        for command in &commands {
            send(&mut engine, command);
        }
        for who in PEOPLE {
            let mut later = engine.clone();
            let now = later.state().now;
            let view = serde_json::to_value(later.view(who, now, None)).expect("a view");
            let Some(shown) = view["loops"].as_array().into_iter().flatten().find(|shown| shown["play"] == json!("show")) else {
                continue;
            };
            let reward = &shown["rewards"][0];
            if reward["status"] != json!("locked") {
                continue;
            }
            let steps = reward["missing"].as_array().expect("steps");
            prop_assert!(!steps.is_empty());
            let mut told: Vec<Value> = Vec::new();
            for (n, step) in steps.iter().enumerate() {
                let mut command = match text(step, "need") {
                    "submit" => json!({ "do": "submit", "by": who, "loop": shown["loop"], "hash": "fresh" }),
                    "review" => json!({ "do": "review", "by": who, "loop": shown["loop"], "name": "approve" }),
                    "wait" => json!({ "do": "tick" }),
                    other => panic!("{other}"),
                };
                command["id"] = json!(format!("step{n}"));
                command["at"] = json!(now.0);
                let answer = send(&mut later, &command);
                prop_assert_eq!(&answer["ok"], &json!(true), "{} {}", command, answer);
                told.extend(answer["facts"].as_array().expect("facts").clone());
            }
            // By waiting the same money may go to someone who has waited longer.
            if told.iter().any(|fact| fact["kind"] == json!("withheld") && fact["to"] == json!(who)) {
                prop_assert_eq!(&steps[0]["need"], &json!("wait"));
                continue;
            }
            let view = serde_json::to_value(later.view(who, Time(now.0), None)).expect("a view");
            prop_assert_eq!(&view["grants"][0]["status"], &json!("reserved"), "{:?} {:?} {}", steps, told, view);
        }
    }
}

#[test]
fn a_planted_fault_is_found_in_pictures() {
    type Fault = fn(&mut Screenshot, &Value) -> Answer;
    let faults: [(&str, Fault); 4] = [
        ("a picture counts for each participant", |rules, command| match rules.submit(command) {
            Err(code) if code == "PICTURE_KNOWN" => Ok(Vec::new()),
            answer => answer,
        }),
        ("one picture more", |rules, command| {
            let most = rules.most;
            rules.most += 1;
            let answer = rules.submit(command);
            rules.most = most;
            answer
        }),
        ("the clock decides the other way", |rules, command| {
            rules.approves = !rules.approves;
            let answer = rules.submit(command);
            rules.approves = !rules.approves;
            answer
        }),
        ("the clock is a minute late", |rules, command| {
            let mut early = command.clone();
            early["at"] = json!(number(command, "at") - MINUTE);
            rules.submit(&early)
        }),
    ];
    each_is_found(&faults, |bytes, fault| {
        let (mut rules, commands) = plan(bytes);
        let document = rules.document();
        differs_by(&document, &commands, |command| fault(&mut rules, command), Screenshot::KINDS).is_some()
    });
}
