//! What the reference of tasks reads out of its log, each time from the beginning.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Loop, Tasks, need, text};

impl Tasks {
    /// The reward, or what stands in for it, if there is any left.
    pub(super) fn available(&self, reward: &str) -> Option<String> {
        let mut next = Some(reward.to_owned());
        while let Some(reward) = next {
            let stands = self.grants().iter().filter(|grant| grant.1 == reward && grant.3).count();
            let rules = &self.rewards[&reward];
            if rules["stock"].as_u64().is_none_or(|stock| u64::try_from(stands).unwrap() < stock) {
                return Some(reward);
            }
            next = rules["fallback"].as_str().map(str::to_owned);
        }
        None
    }

    /// Every grant: id, reward, recipient, whether it stands, loop, step.
    pub(super) fn grants(&self) -> Vec<(String, String, String, bool, String, usize)> {
        let gone: BTreeSet<String> =
            self.all("failed").chain(self.all("revoked")).map(|fact| text(&fact["grant"])).collect();
        self.all("granted")
            .map(|fact| {
                let id = text(&fact["grant"]);
                let l = id.rsplit_once('.').unwrap().0.to_owned();
                let stands = !gone.contains(&id);
                (
                    id,
                    text(&fact["reward"]),
                    text(&fact["to"]),
                    stands,
                    l,
                    usize::try_from(fact["cause"].as_u64().unwrap()).unwrap(),
                )
            })
            .collect()
    }

    pub(super) fn all<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Value> {
        self.log.iter().flat_map(|entry| &entry.facts).filter(move |fact| fact["kind"] == json!(kind))
    }

    pub(super) fn of_kind<'s>(&'s self, kind: &'s str, l: &'s Loop) -> impl Iterator<Item = &'s Value> {
        self.all(kind).filter(|fact| fact["loop"] == json!(l.id))
    }

    pub(super) fn loops(&self) -> Vec<Loop> {
        self.all("opened")
            .map(|fact| Loop {
                id: text(&fact["loop"]),
                by: text(&fact["by"]),
                until: fact["until"].as_i64().unwrap(),
            })
            .collect()
    }

    pub(super) fn completed(&self, l: &Loop) -> bool {
        self.of_kind("completed", l).next().is_some()
    }

    pub(super) fn is_running(&self, l: &Loop, at: i64) -> bool {
        !self.completed(l) && at < l.until
    }

    pub(super) fn running_of(&self, by: &str, at: i64) -> Option<Loop> {
        self.loops().into_iter().find(|l| l.by == by && self.is_running(l, at))
    }

    pub(super) fn tasks(&self) -> Vec<Value> {
        self.rules["tasks"].as_array().unwrap().clone()
    }

    pub(super) fn tiers(&self) -> Vec<Value> {
        self.rules["tiers"].as_array().cloned().unwrap_or_default()
    }

    pub(super) fn task_of(&self, kind: &str) -> Option<usize> {
        self.tasks().iter().position(|task| !task[kind].is_null())
    }

    pub(super) fn steps(&self) -> usize {
        let tiers = self.tiers().len();
        tiers + usize::from(tiers == 0 || self.rules["give"].as_array().is_some_and(|give| !give.is_empty()))
    }

    pub(super) fn gives(&self, step: usize) -> Vec<String> {
        match self.tiers().get(step) {
            Some(tier) => vec![text(&tier["give"])],
            None => self.rules["give"].as_array().into_iter().flatten().map(text).collect(),
        }
    }

    pub(super) fn given(&self, l: &Loop, step: usize) -> bool {
        self.log
            .iter()
            .flat_map(|entry| &entry.given)
            .rfind(|note| note.0 == l.id && note.1 == step)
            .is_some_and(|note| note.2)
    }

    pub(super) fn goal(&self, l: &Loop, ever: bool) -> bool {
        let mut done =
            self.tasks().into_iter().enumerate().map(|(task, rules)| self.has(l, task, ever) >= need(&rules));
        if self.rules["complete"] == json!("any") { done.any(|done| done) } else { done.all(|done| done) }
    }

    pub(super) fn reached(&self, l: &Loop, step: usize, ever: bool) -> bool {
        let total = || {
            (0..self.tasks().len())
                .map(|task| self.has(l, task, ever).min(need(&self.tasks()[task])))
                .sum::<usize>()
        };
        match self.tiers().get(step) {
            Some(tier) => json!(total()).as_u64() >= tier["at"].as_u64(),
            None => self.goal(l, ever),
        }
    }

    pub(super) fn has(&self, l: &Loop, task: usize, ever: bool) -> usize {
        if ever { self.units_ever(l, task) } else { self.units(l, task) }
    }

    pub(super) fn units(&self, l: &Loop, task: usize) -> usize {
        let relocks = self.rules["ifLeaves"] == json!("relock");
        match () {
            () if self.task_of("invite") == Some(task) => {
                let friends = self.friends(l);
                friends.iter().filter(|who| self.counts(l, who) && !(relocks && self.left(l, who))).count()
            }
            () if self.tasks()[task]["event"].is_string() => self.events(l, task).0,
            () => self.of_kind("done", l).filter(|fact| fact["task"] == json!(task)).count(),
        }
    }

    pub(super) fn units_ever(&self, l: &Loop, task: usize) -> usize {
        if self.task_of("invite") == Some(task) {
            return self.friends(l).iter().filter(|who| self.counts(l, who)).count();
        }
        let (have, lost) = if self.tasks()[task]["event"].is_string() {
            self.events(l, task)
        } else {
            (self.units(l, task), 0)
        };
        have + lost
    }

    /// The units of an event task that stand, and those that were undone and not done again.
    pub(super) fn events(&self, l: &Loop, task: usize) -> (usize, usize) {
        let (mut orders, mut lost): (Vec<Value>, usize) = (vec![], 0);
        for entry in &self.log {
            if entry.command["do"] == json!("refund") {
                orders.retain(|order| *order != entry.command["order"]);
            }
            for fact in
                entry.facts.iter().filter(|fact| fact["loop"] == json!(l.id) && fact["task"] == json!(task))
            {
                if fact["kind"] == json!("done") {
                    orders.push(fact["order"].clone());
                    lost = lost.saturating_sub(1);
                } else if fact["kind"] == json!("undone") && entry.command["do"] == json!("event") {
                    orders.pop();
                    lost += 1;
                }
            }
        }
        (orders.len(), lost)
    }

    pub(super) fn friends(&self, l: &Loop) -> BTreeSet<String> {
        self.of_kind("joined", l).map(|fact| text(&fact["by"])).collect()
    }

    pub(super) fn left(&self, l: &Loop, who: &str) -> bool {
        let of = |fact: &&Value| {
            fact["loop"] == json!(l.id)
                && fact["by"] == json!(who)
                && [json!("joined"), json!("left")].contains(&fact["kind"])
        };
        self.log
            .iter()
            .flat_map(|entry| &entry.facts)
            .rfind(of)
            .is_some_and(|fact| fact["kind"] == json!("left"))
    }

    /// Whether there is a unit for a friend, or would be if they came back.
    pub(super) fn counts(&self, l: &Loop, who: &str) -> bool {
        let task = self.task_of("invite").unwrap();
        let qualifies = self.tasks()[task]["qualifies"].is_string();
        let mut counts = false;
        let mut order = Value::Null;
        for entry in &self.log {
            if entry.command["do"] == json!("refund") && !order.is_null() && entry.command["order"] == order {
                (counts, order) = (false, Value::Null);
            }
            let mine = |fact: &&Value| {
                fact["kind"] == json!("done")
                    && fact["loop"] == json!(l.id)
                    && fact["task"] == json!(task)
                    && fact["by"] == json!(who)
            };
            if let Some(fact) = entry.facts.iter().find(mine) {
                counts = true;
                if qualifies && entry.command["do"] == json!("event") {
                    order = fact["order"].clone();
                }
            }
        }
        counts
    }

    pub(super) fn pending(&self, l: &Loop) -> Vec<usize> {
        let mut waiting: Vec<(Value, Value)> = vec![];
        for fact in self.log.iter().flat_map(|entry| &entry.facts).filter(|fact| fact["loop"] == json!(l.id))
        {
            match fact["kind"].as_str().unwrap() {
                "submitted" => waiting.push((fact["name"].clone(), fact["n"].clone())),
                "approved" | "declined" => waiting.retain(|(_, n)| *n != fact["n"]),
                _ => {}
            }
        }
        waiting
            .iter()
            .map(|(name, _)| self.tasks().iter().position(|task| task["name"] == *name).unwrap())
            .collect()
    }

    pub(super) fn takes(&self, l: &Loop, task: usize) -> Result<(), &'static str> {
        let done = |task: usize| self.units(l, task) >= need(&self.tasks()[task]);
        if self.rules["complete"] == json!("in-order") && (0..task).any(|before| !done(before)) {
            return Err("TASK_ORDER");
        }
        if done(task) { Err("TASK_DONE") } else { Ok(()) }
    }

    /// Whether someone is new enough for the task.
    pub(super) fn welcome(&self, task: usize, l: &Loop, by: &str) -> bool {
        let rules = &self.tasks()[task];
        let before = &self.log[..self.log.len() - 1];
        let refunded = |order: &Value| {
            before
                .iter()
                .any(|entry| entry.command["do"] == json!("refund") && entry.command["order"] == *order)
        };
        let had = before.iter().any(|entry| {
            entry.command["do"] == json!("event")
                && entry.command["name"] == rules["without"]
                && entry.command["by"] == json!(by)
                && (entry.command["order"].is_null() || !refunded(&entry.command["order"]))
        });
        if had {
            return false;
        }
        let met = before.iter().any(|entry| entry.command["by"] == json!(by));
        // Only visits tell where someone came from; the first one does.
        let first = self
            .log
            .iter()
            .find(|entry| entry.command["do"] == json!("visit") && entry.command["by"] == json!(by));
        let brought = first
            .and_then(|entry| self.codes.get(&text(&entry.command["code"])))
            .is_some_and(|sharer| *sharer == l.by && l.by != by);
        rules["newOnly"] != json!(true) || !met || brought
    }
}
