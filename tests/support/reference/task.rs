//! Tasks, a second time: every question is answered by reading the whole list of what was accepted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plans;
mod questions;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, MINUTE, Reference, START, bytes, differs, differs_by, long::Round};
use plans::plan;

const DAY: i64 = 1_440 * MINUTE;
/// 2026-12-06T00:00+08:00.
const END: i64 = START + 4 * DAY + 840 * MINUTE;
const PEOPLE: [&str; 5] = ["ann", "bo", "cy", "di", "ed"];

struct Entry {
    command: Value,
    at: i64,
    facts: Vec<Value>,
    /// Steps of loops that are given, or no longer are.
    given: Vec<(String, usize, bool)>,
}

struct Tasks {
    rules: Value,
    rewards: Value,
    codes: BTreeMap<String, String>,
    log: Vec<Entry>,
}

#[derive(Clone)]
struct Loop {
    id: String,
    by: String,
    until: i64,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn day(at: i64) -> i64 {
    (at + 8 * 60 * MINUTE).div_euclid(DAY)
}

impl Reference for Tasks {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "joined",
        "left",
        "done",
        "undone",
        "checked-in",
        "submitted",
        "approved",
        "declined",
        "claimed",
        "granted",
        "withheld",
        "revoked",
        "failed",
        "completed",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = command["at"].as_i64().expect("a time");
        self.log.push(Entry { command: command.clone(), at, facts: vec![], given: vec![] });
        match self.decide(command, at) {
            Ok(()) => Ok(self.log.last().expect("this one").facts.clone()),
            Err(code) => {
                self.log.pop();
                Err(code.to_owned())
            }
        }
    }
}

impl Tasks {
    fn new(campaign: &Value, codes: BTreeMap<String, String>) -> Self {
        let (rules, rewards) = (campaign["plays"]["p"].clone(), campaign["rewards"].clone());
        Tasks { rules, rewards, codes, log: vec![] }
    }

    fn decide(&mut self, c: &Value, at: i64) -> Result<(), &'static str> {
        let by = text(&c["by"]);
        match c["do"].as_str().expect("an act") {
            "visit" => {
                if let Some(sharer) =
                    self.codes.get(&text(&c["code"])).filter(|sharer| **sharer != by).cloned()
                {
                    for l in self.loops().into_iter().filter(|l| l.by == sharer) {
                        self.visited(&l, &by, at);
                    }
                }
                Ok(())
            }
            "open" => self.open(&by, &text(&c["loop"]), at).map(drop),
            "event" => self.event(c, &by, at),
            "refund" => self.refund(&text(&c["order"])),
            "fail" => {
                let id = text(&c["grant"]);
                match self.grants().iter().find(|grant| grant.0 == id) {
                    None => Err("GRANT_UNKNOWN"),
                    Some(grant) if !grant.3 => Err("GRANT_SETTLED"),
                    Some(_) => {
                        self.emit(json!({ "kind": "failed", "grant": id }));
                        Ok(())
                    }
                }
            }
            act => {
                let l = if c["loop"].is_string() {
                    let id = text(&c["loop"]);
                    self.loops().into_iter().find(|l| l.id == id).ok_or("LOOP_UNKNOWN")?
                } else {
                    match self.running_of(&by, at) {
                        Some(l) => l,
                        None => self.open(&by, &text(&c["id"]), at)?,
                    }
                };
                self.act(act, &l, &by, c, at)
            }
        }
    }

    fn act(&mut self, act: &str, l: &Loop, by: &str, c: &Value, at: i64) -> Result<(), &'static str> {
        match act {
            "claim" => return self.claim(l, by, c, at),
            "leave" => return self.leave(l, by),
            _ if self.completed(l) => return Err("LOOP_COMPLETE"),
            _ if at >= l.until && act != "review" => return Err("LOOP_EXPIRED"),
            "join" => return self.join(l, by),
            _ if l.by != by => return Err("NOT_MEMBER"),
            _ => {}
        }
        match act {
            "check-in" => {
                let task = self.task_of("checkIn").ok_or("ACTION_UNKNOWN")?;
                self.takes(l, task)?;
                let days: Vec<i64> =
                    self.of_kind("checked-in", l).map(|fact| fact["day"].as_i64().unwrap()).collect();
                if days.contains(&day(at)) {
                    return Err("ALREADY_CHECKED_IN");
                }
                let streak = (1..).find(|n| !days.contains(&(day(at) - n))).unwrap();
                self.emit(
                    json!({ "kind": "checked-in", "loop": l.id, "by": by, "day": day(at), "streak": streak }),
                );
                self.advance(l, &[task], by, None, at);
                Ok(())
            }
            "submit" => {
                let name = text(&c["name"]);
                let task = (0..self.tasks().len())
                    .find(|t| self.tasks()[*t]["name"] == json!(name))
                    .ok_or("TASK_UNKNOWN")?;
                let rules = self.tasks()[task].clone();
                if rules["answer"].is_array() {
                    self.takes(l, task)?;
                    if c["text"] != rules["answer"][0] {
                        return Err("ANSWER_WRONG");
                    }
                } else if rules["submit"] == json!("picture") {
                    self.takes(l, task)?;
                    if self.pending(l).contains(&task) {
                        return Err("REVIEW_PENDING");
                    }
                    let known = self.all("submitted").any(|fact| fact["hash"] == c["hash"]);
                    if known {
                        return Err("PICTURE_KNOWN");
                    }
                    let n = self.of_kind("submitted", l).count() + 1;
                    self.emit(json!({ "kind": "submitted", "loop": l.id, "by": by, "n": n, "name": name, "hash": c["hash"] }));
                    return Ok(());
                } else if rules["submit"] == json!("form") {
                    self.takes(l, task)?;
                } else {
                    return Err("TASK_UNKNOWN");
                }
                self.advance(l, &[task], by, None, at);
                Ok(())
            }
            _ => {
                let task = *self.pending(l).first().ok_or("NOTHING_TO_REVIEW")?;
                let name = json!(self.tasks()[task]["name"]);
                let n = self.of_kind("submitted", l).filter(|fact| fact["name"] == name).last().unwrap()["n"]
                    .clone();
                if c["name"] == json!("reject") {
                    self.emit(json!({ "kind": "declined", "loop": l.id, "by": by, "n": n }));
                } else {
                    self.emit(json!({ "kind": "approved", "loop": l.id, "by": by, "n": n }));
                    // Handed in in time, it counts as it would have then.
                    self.advance(l, &[task], by, None, at.min(l.until - 1));
                }
                Ok(())
            }
        }
    }

    fn open(&mut self, by: &str, id: &str, at: i64) -> Result<Loop, &'static str> {
        if at >= END {
            return Err("CAMPAIGN_ENDED");
        }
        if self.loops().iter().any(|l| l.id == id) {
            return Err("LOOP_EXISTS");
        }
        if self.running_of(by, at).is_some() {
            return Err("LOOP_RUNNING");
        }
        let hours =
            self.rules["within"].as_str().map(|within| within.trim_end_matches('h').parse::<i64>().unwrap());
        let until = hours.map_or(END, |hours| (at + hours * 60 * MINUTE).min(END));
        self.emit(json!({ "kind": "opened", "loop": id, "by": by, "until": until }));
        Ok(Loop { id: id.to_owned(), by: by.to_owned(), until })
    }

    fn join(&mut self, l: &Loop, by: &str) -> Result<(), &'static str> {
        let task = self.task_of("invite").ok_or("ACTION_UNKNOWN")?;
        if l.by == by {
            return Err("OWN_LOOP");
        }
        let friends = self.friends(l);
        if friends.contains(by) && !self.left(l, by) {
            return Err("ALREADY_JOINED");
        }
        if !friends.contains(by) {
            let before =
                self.all("joined").find(|fact| fact["by"] == json!(by)).map(|fact| text(&fact["loop"]));
            if let Some(first) = before {
                let same = self.loops().iter().any(|other| other.id == first && other.by == l.by);
                return Err(if same { "ALREADY_JOINED" } else { "ALREADY_INVITED" });
            }
            if !self.welcome(task, l, by) {
                return Err("NOT_NEW");
            }
        }
        let counted = self.counts(l, by);
        let stays = counted && self.rules["ifLeaves"] != json!("relock");
        if !stays {
            self.takes(l, task)?;
        }
        self.emit(json!({ "kind": "joined", "loop": l.id, "by": by, "until": l.until }));
        if !stays && (counted || self.tasks()[task]["qualifies"].is_null()) {
            let at = self.log.last().unwrap().at;
            self.advance(l, &[task], by, None, at);
        }
        Ok(())
    }

    fn leave(&mut self, l: &Loop, by: &str) -> Result<(), &'static str> {
        if !self.friends(l).contains(by) || self.left(l, by) {
            return Err("NOT_MEMBER");
        }
        self.emit(json!({ "kind": "left", "loop": l.id, "by": by }));
        if self.counts(l, by) && self.rules["ifLeaves"] == json!("relock") {
            let task = self.task_of("invite").unwrap();
            self.emit(json!({ "kind": "undone", "loop": l.id, "by": by, "task": task, "have": self.units(l, task) }));
        }
        Ok(())
    }

    fn visited(&mut self, l: &Loop, by: &str, at: i64) {
        let Some(task) = self.task_of("returns") else { return };
        let most = self.tasks()[task]["perDay"].as_u64();
        let visits = || {
            self.log.iter().flat_map(|entry| entry.facts.iter().map(move |fact| (entry.at, fact))).filter(
                |(_, fact)| {
                    fact["kind"] == json!("done")
                        && fact["loop"] == json!(l.id)
                        && fact["task"] == json!(task)
                },
            )
        };
        let today = visits().filter(|(visited, _)| day(*visited) == day(at)).count();
        let before = visits().any(|(_, fact)| fact["by"] == json!(by));
        if self.is_running(l, at)
            && self.takes(l, task).is_ok()
            && !before
            && most.is_none_or(|most| u64::try_from(today).unwrap() < most)
            && self.welcome(task, l, by)
        {
            self.advance(l, &[task], by, None, at);
        }
    }

    fn event(&mut self, c: &Value, by: &str, at: i64) -> Result<(), &'static str> {
        let order = c["order"].as_str();
        let known = self.log.iter().rev().skip(1).any(|entry| {
            entry.command["do"] == json!("event")
                && order.is_some()
                && entry.command["order"].as_str() == order
        });
        if known {
            return Err("ORDER_KNOWN");
        }
        let mine: Vec<Loop> =
            self.loops().into_iter().filter(|l| l.by == by || self.friends(l).contains(by)).collect();
        let pays = |task: &Value| {
            task["atLeast"].as_str().is_none_or(|least| {
                c["amount"].as_i64().is_some_and(|amount| {
                    amount >= least.trim_end_matches(".00").parse::<i64>().unwrap() * 100
                })
            })
        };
        for l in mine {
            let tasks = self.tasks();
            if l.by != by {
                if let Some(task) = self.task_of("invite")
                    && tasks[task]["qualifies"] == c["name"]
                    && pays(&tasks[task])
                    && !self.left(&l, by)
                    && !self.counts(&l, by)
                    && self.is_running(&l, at)
                    && self.takes(&l, task).is_ok()
                {
                    self.advance(&l, &[task], by, order, at);
                }
                continue;
            }
            for (task, rules) in tasks.iter().enumerate() {
                if rules["undoneBy"] == c["name"] && self.units(&l, task) > 0 {
                    let have = self.units(&l, task) - 1;
                    self.emit(
                        json!({ "kind": "undone", "loop": l.id, "by": by, "task": task, "have": have }),
                    );
                }
            }
            let fits = |task: &usize| {
                tasks[*task]["event"] == c["name"] && pays(&tasks[*task]) && self.takes(&l, *task).is_ok()
            };
            let counting: Vec<usize> = (0..tasks.len()).filter(fits).collect();
            if !counting.is_empty() && self.is_running(&l, at) {
                self.advance(&l, &counting, by, order, at);
            }
        }
        Ok(())
    }

    fn refund(&mut self, order: &str) -> Result<(), &'static str> {
        let of = |act: &str, entry: &Entry| {
            entry.command["do"] == json!(act) && entry.command["order"] == json!(order)
        };
        let before = &self.log[..self.log.len() - 1];
        if !before.iter().any(|entry| of("event", entry)) {
            return Err("ORDER_UNKNOWN");
        }
        if before.iter().any(|entry| of("refund", entry)) {
            return Err("ORDER_REFUNDED");
        }
        let entry = self.log.pop().unwrap();
        let rests = |l: &Loop| self.of_kind("done", l).any(|fact| fact["order"] == json!(order));
        let loops: Vec<Loop> = self.loops().into_iter().filter(rests).collect();
        let had: Vec<Vec<usize>> =
            loops.iter().map(|l| (0..self.tasks().len()).map(|task| self.units(l, task)).collect()).collect();
        self.log.push(entry);
        for (l, had) in loops.iter().zip(had) {
            for (task, had) in had.into_iter().enumerate() {
                let have = self.units(l, task);
                if have < had {
                    let by = self
                        .of_kind("done", l)
                        .find(|fact| fact["order"] == json!(order) && fact["task"] == json!(task))
                        .unwrap()["by"]
                        .clone();
                    self.emit(
                        json!({ "kind": "undone", "loop": l.id, "by": by, "task": task, "have": have }),
                    );
                }
            }
            for step in 0..self.steps() {
                if self.given(l, step) && !self.reached(l, step, true) {
                    self.log.last_mut().unwrap().given.push((l.id.clone(), step, false));
                    for grant in self.grants().into_iter().rev() {
                        if grant.3 && grant.4 == l.id && grant.5 == step {
                            self.emit(json!({ "kind": "revoked", "grant": grant.0 }));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn claim(&mut self, l: &Loop, by: &str, c: &Value, at: i64) -> Result<(), &'static str> {
        if self.rules["claim"] != json!("by-hand") {
            return Err("ACTION_UNKNOWN");
        }
        if l.by != by {
            return Err("NOT_MEMBER");
        }
        let grace = self.rules["claimWithin"]
            .as_str()
            .map_or(0, |within| within.trim_end_matches('h').parse::<i64>().unwrap());
        if !self.completed(l) && at >= l.until + grace * 60 * MINUTE {
            return Err("LOOP_EXPIRED");
        }
        let tiers = self.tiers().len();
        let wanted: Vec<usize> = match c["name"].as_str() {
            None => (0..self.steps()).collect(),
            Some("goal") if self.steps() > tiers => vec![tiers],
            Some(name) => match name.parse::<usize>() {
                Ok(n) if (1..=tiers).contains(&n) => vec![n - 1],
                _ => return Err("ITEM_UNKNOWN"),
            },
        };
        let wanted: Vec<usize> = wanted.into_iter().filter(|step| !self.given(l, *step)).collect();
        if wanted.is_empty() {
            return Err("ALREADY_CLAIMED");
        }
        let wanted: Vec<usize> = wanted.into_iter().filter(|step| self.reached(l, *step, false)).collect();
        if wanted.is_empty() {
            return Err("NOT_REACHED");
        }
        let mut some = false;
        for step in wanted {
            let gives = self.gives(step);
            if gives.is_empty() || gives.iter().any(|reward| self.available(reward).is_some()) {
                some = true;
                self.emit(json!({ "kind": "claimed", "loop": l.id, "by": by, "n": step + 1 }));
                self.hand_over(l, step);
            }
        }
        if !some {
            return Err("REWARD_OUT");
        }
        self.finish(l, at);
        Ok(())
    }

    fn advance(&mut self, l: &Loop, tasks: &[usize], by: &str, order: Option<&str>, at: i64) {
        for task in tasks {
            let rules = self.tasks()[*task].clone();
            let order = order.filter(|_| rules["undoneBy"].is_null());
            let mut done = json!({ "kind": "done", "loop": l.id, "by": by, "task": task, "need": need(&rules), "order": order });
            self.emit(done.clone());
            done["have"] = json!(self.units(l, *task));
            *self.log.last_mut().unwrap().facts.last_mut().unwrap() = done;
        }
        if self.rules["claim"] != json!("by-hand") {
            let now: Vec<usize> = (0..self.steps())
                .filter(|step| !self.given(l, *step) && self.reached(l, *step, false))
                .collect();
            for step in now {
                self.hand_over(l, step);
            }
        }
        self.finish(l, at);
    }

    fn hand_over(&mut self, l: &Loop, step: usize) {
        self.log.last_mut().unwrap().given.push((l.id.clone(), step, true));
        for reward in self.gives(step) {
            match self.available(&reward) {
                Some(given) => {
                    let grant = format!("{}.{}", l.id, self.grants().iter().filter(|grant| grant.4 == l.id).count() + 1);
                    self.emit(json!({ "kind": "granted", "grant": grant, "reward": given, "to": l.by, "cause": step }));
                }
                None => self.emit(json!({ "kind": "withheld", "loop": l.id, "reward": reward, "to": l.by, "reason": "stock" })),
            }
        }
    }

    fn finish(&mut self, l: &Loop, at: i64) {
        let all = (0..self.steps()).all(|step| self.given(l, step));
        if all && self.goal(l, false) && self.is_running(l, at) {
            self.emit(json!({ "kind": "completed", "loop": l.id }));
        }
    }

    fn emit(&mut self, fact: Value) {
        self.log.last_mut().unwrap().facts.push(fact);
    }
}

fn need(task: &Value) -> usize {
    let count =
        ["count", "invite", "returns", "checkIn"].iter().find_map(|key| task[key].as_u64()).unwrap_or(1);
    usize::try_from(count).unwrap()
}

/// The reference, which knows that sharing leads to nothing that is compared.
struct Beside(Tasks);

impl Reference for Beside {
    const KINDS: &'static [&'static str] = Tasks::KINDS;

    fn submit(&mut self, command: &Value) -> Answer {
        if command["do"] == json!("share") {
            let at = command["at"].as_i64().unwrap();
            self.0.log.push(Entry { command: command.clone(), at, facts: vec![], given: vec![] });
            return Ok(vec![]);
        }
        self.0.submit(command)
    }
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let (campaign, commands, codes) = plan(&bytes(number, BYTES));
    Round::of(&campaign, &commands, || Beside(Tasks::new(&campaign, codes.clone())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tasks_are_what_the_prose_says(bytes in vec(any::<u8>(), BYTES)) {
        let (campaign, commands, codes) = plan(&bytes);
        let mut reference = Beside(Tasks::new(&campaign, codes));
        if let Some(difference) = differs(&campaign, &commands, &mut reference) {
            panic!("{difference}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is missing for a reward, done exactly, unlocks it.
    #[test]
    fn missing_steps_are_taken_at_their_word(bytes in vec(any::<u8>(), BYTES)) {
        let (mut campaign, mut commands, codes) = plan(&bytes);
        for reward in ["r1", "r2", "r3"] {
            campaign["rewards"][reward].as_object_mut().unwrap().remove("stock");
        }
        let length = usize::from(bytes.first().copied().unwrap_or(0)) % 40;
        commands.truncate(4 + length);
        let mut world = super::word::World::new(&campaign, &commands);
        for (code, who) in &codes {
            world.take_at_its_word(who, code);
        }
    }
}

/// Random plans are worth something only if they get far.
#[test]
fn the_plans_reach_everything() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..1_000 {
        let (campaign, commands, codes) = plan(&super::word::random(seed, BYTES));
        let mut reference = Beside(Tasks::new(&campaign, codes));
        for command in &commands {
            match reference.submit(command) {
                Ok(facts) => facts.iter().for_each(|fact| *seen.entry(text(&fact["kind"])).or_default() += 1),
                Err(code) => *seen.entry(code).or_default() += 1,
            }
        }
    }
    let often = |kind: &&str| seen.get(*kind).is_some_and(|count| *count >= 5);
    let rare: Vec<&str> = Tasks::KINDS.iter().chain(CODES).filter(|kind| !often(kind)).copied().collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:#?}");
}

/// The refusals that the reference knows.
const CODES: &[&str] = &[
    "LOOP_UNKNOWN",
    "LOOP_EXISTS",
    "LOOP_RUNNING",
    "LOOP_COMPLETE",
    "LOOP_EXPIRED",
    "OWN_LOOP",
    "ALREADY_JOINED",
    "ALREADY_INVITED",
    "NOT_NEW",
    "NOT_MEMBER",
    "TASK_DONE",
    "TASK_ORDER",
    "TASK_UNKNOWN",
    "ANSWER_WRONG",
    "PICTURE_KNOWN",
    "REVIEW_PENDING",
    "NOTHING_TO_REVIEW",
    "ALREADY_CHECKED_IN",
    "NOT_REACHED",
    "ALREADY_CLAIMED",
    "ITEM_UNKNOWN",
    "REWARD_OUT",
    "ACTION_UNKNOWN",
    "ORDER_KNOWN",
    "ORDER_UNKNOWN",
    "ORDER_REFUNDED",
];

/// Bytes of a plan.
const BYTES: usize = 450;

/// A way to be wrong.
type Fault = fn(&mut Tasks, &Value, Answer) -> Answer;

#[test]
fn planted_faults_are_found() {
    let faults: [(&str, Fault); 5] = [
        ("a tier too late", |_, _, answer| {
            answer.map(|mut facts| {
                if let Some(at) = facts.iter().position(|fact| fact["kind"] == json!("granted")) {
                    facts.remove(at);
                }
                facts
            })
        }),
        ("a friend who left stays", |_, _, answer| {
            answer.map(|facts| facts.into_iter().filter(|fact| fact["kind"] != json!("undone")).collect())
        }),
        ("a refund takes nothing back", |_, _, answer| {
            answer.map(|facts| facts.into_iter().filter(|fact| fact["kind"] != json!("revoked")).collect())
        }),
        ("another's friend is welcome", |_, _, answer| {
            if answer == Err("ALREADY_INVITED".to_owned()) {
                Ok(vec![json!({ "kind": "joined" })])
            } else {
                answer
            }
        }),
        ("the end is a millisecond late", |_, _, answer| {
            if answer == Err("LOOP_EXPIRED".to_owned()) { Ok(vec![]) } else { answer }
        }),
    ];
    for (name, fault) in faults {
        let found = (0..3_000).any(|seed| {
            let (campaign, commands, codes) = plan(&super::word::random(seed, BYTES));
            let mut reference = Beside(Tasks::new(&campaign, codes));
            let wrong = |command: &Value| {
                let answer = reference.submit(command);
                fault(&mut reference.0, command, answer)
            };
            differs_by(&campaign, &commands, wrong, Tasks::KINDS).is_some()
        });
        assert!(found, "{name} was not found");
    }
}
