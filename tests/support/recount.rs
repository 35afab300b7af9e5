//! The books of a campaign recounted from its facts alone, and what must never be true of them.

use std::collections::{BTreeMap, BTreeSet};

use kfactor::engine::time::{Period, UtcOffset};
use kfactor::engine::{Engine, Time};
use serde_json::{Value, json};

/// What the facts so far amount to.
#[derive(Default)]
pub struct Books {
    grants: BTreeMap<String, Grant>,
    loops: BTreeMap<String, Loop>,
    orders: BTreeMap<String, Order>,
    /// Play and buyer by order.
    alone: BTreeMap<String, bool>,
    /// Each accepted action: play, who, as a helper or not, device, when.
    actions: Vec<(String, String, bool, Option<String>, i64)>,
    met: BTreeSet<String>,
    fact_ids: BTreeSet<String>,
}

struct Grant {
    reward: String,
    to: String,
    loop_: String,
    cause: u64,
    amount: i64,
    status: &'static str,
}

impl Grant {
    /// Whether it uses stock and budget.
    fn stands(&self) -> bool {
        !["failed", "revoked", "outdated"].contains(&self.status)
    }
}

struct Loop {
    play: String,
    opener: String,
    opened_at: i64,
    over: bool,
    complete: bool,
    helpers: Vec<String>,
    /// By member: until when reserved, or paid with which order.
    slots: BTreeMap<String, Slot>,
    invitees: BTreeSet<String>,
    qualified: BTreeSet<String>,
    promised: BTreeMap<(u64, String), u64>,
}

struct Slot {
    until: i64,
    order: Option<String>,
}

#[derive(Default)]
struct Order {
    due: bool,
    refunded: bool,
}

fn text<'v>(fact: &'v Value, key: &str) -> &'v str {
    fact[key].as_str().unwrap_or_default()
}

impl Books {
    /// Enters the facts of one command.
    pub fn enter(&mut self, facts: &[Value], campaign: &Value) {
        for fact in facts {
            assert!(self.fact_ids.insert(text(fact, "id").to_owned()), "fact id twice: {fact}");
            for key in ["by", "to", "who"] {
                let who = text(fact, key);
                let first = fact["kind"] == json!("met");
                assert!(who.is_empty() || first || self.met.contains(who), "{who} was not met before {fact}");
            }
            self.one(fact, campaign);
        }
    }

    fn one(&mut self, fact: &Value, campaign: &Value) {
        let (at, by) = (fact["at"].as_i64().expect("a time"), text(fact, "by").to_owned());
        let device = fact["device"].as_str().map(str::to_owned);
        let kind = text(fact, "kind");
        if let (
            "helped" | "joined" | "paid" | "left" | "filled" | "completed" | "expired" | "succeeded",
            Some(head),
        ) = (kind, self.loops.get(text(fact, "loop")))
        {
            assert!(!head.over, "after the end of its loop: {fact}");
        }
        match kind {
            "met" => assert!(self.met.insert(text(fact, "who").to_owned()), "met twice: {fact}"),
            "opened" => {
                let play = text(fact, "play").to_owned();
                self.actions.push((play.clone(), by.clone(), false, device, at));
                let head = Loop {
                    play,
                    opener: by,
                    opened_at: at,
                    over: false,
                    complete: false,
                    helpers: Vec::new(),
                    slots: BTreeMap::new(),
                    invitees: BTreeSet::new(),
                    qualified: BTreeSet::new(),
                    promised: BTreeMap::new(),
                };
                assert!(
                    self.loops.insert(text(fact, "loop").to_owned(), head).is_none(),
                    "opened twice: {fact}"
                );
            }
            "bought" => {
                self.orders.insert(text(fact, "order").to_owned(), Order::default());
                self.alone.insert(text(fact, "order").to_owned(), true);
            }
            "happened" => {
                if let Some(order) = fact["order"].as_str() {
                    assert!(
                        self.orders.insert(order.to_owned(), Order::default()).is_none(),
                        "known: {fact}"
                    );
                }
            }
            "refund-due" => {
                let order = self.orders.get_mut(text(fact, "order")).expect("an order");
                assert!(!order.due && !order.refunded, "refund due twice: {fact}");
                order.due = true;
            }
            "refunded" => self.refunded(text(fact, "order"), fact),
            "granted" | "withheld" | "fulfilled" | "failed" | "revoked" | "collected" | "activated"
            | "used" | "outdated" => self.grant(kind, fact, campaign),
            _ => self.in_loop(kind, fact, (at, by, device), campaign),
        }
    }

    fn in_loop(
        &mut self,
        kind: &str,
        fact: &Value,
        (at, by, device): (i64, String, Option<String>),
        campaign: &Value,
    ) {
        let Some(head) = self.loops.get_mut(text(fact, "loop")) else { return };
        let rules = &campaign["plays"][&head.play];
        match kind {
            "helped" => {
                assert!(by != head.opener && !head.helpers.contains(&by), "helped twice or oneself: {fact}");
                head.helpers.push(by.clone());
                assert_eq!(fact["have"].as_u64(), u64::try_from(head.helpers.len()).ok());
                self.actions.push((head.play.clone(), by, true, device, at));
            }
            "joined" => {
                let own_slot = by == head.opener && at == head.opened_at && head.slots.is_empty();
                if !own_slot {
                    self.actions.push((head.play.clone(), by.clone(), true, device, at));
                }
                if rules["mechanic"] == json!("invite") {
                    assert!(by != head.opener && head.invitees.insert(by), "joined twice or oneself: {fact}");
                    return;
                }
                let until = fact["until"].as_i64().expect("a time");
                assert!(until > at);
                assert!(head.slots.insert(by, Slot { until, order: None }).is_none(), "two slots: {fact}");
                let taken =
                    head.slots.values().filter(|slot| slot.order.is_some() || slot.until > at).count();
                assert!(u64::try_from(taken).ok() <= largest(rules), "too many slots: {fact}");
            }
            "paid" | "late" => {
                let order = text(fact, "order").to_owned();
                assert!(
                    self.orders.insert(order.clone(), Order::default()).is_none(),
                    "order counted twice: {fact}"
                );
                if kind == "paid" {
                    let slot = head.slots.get_mut(&by).expect("a slot");
                    assert!(slot.order.is_none() && slot.until > at, "paid twice or too late: {fact}");
                    slot.order = Some(order);
                }
            }
            "lapsed" => {
                let slot = head.slots.remove(&by).expect("a slot");
                assert!(slot.order.is_none() && slot.until <= at, "lapsed too early: {fact}");
            }
            "left" => drop(head.slots.remove(&by).expect("a slot")),
            "completed" => (head.over, head.complete) = (true, true),
            "expired" => {
                head.over = true;
                head.slots.retain(|_, slot| slot.order.is_none());
                assert!(head.slots.is_empty(), "slots left at the end: {fact}");
            }
            "qualified" => {
                assert!(head.invitees.contains(&by) && head.qualified.insert(by), "qualified twice: {fact}")
            }
            "voided" => assert!(head.qualified.remove(&by), "voided without cause: {fact}"),
            _ => {}
        }
    }

    fn refunded(&mut self, order: &str, fact: &Value) {
        let known = self.orders.get_mut(order).expect("an order");
        assert!(!known.refunded, "refunded twice: {fact}");
        known.refunded = true;
        self.alone.remove(order);
        for head in self.loops.values_mut().filter(|head| head.complete) {
            head.slots.retain(|_, slot| slot.order.as_deref() != Some(order));
        }
    }

    fn grant(&mut self, kind: &str, fact: &Value, campaign: &Value) {
        let id = text(fact, "grant").to_owned();
        let loop_ = text(fact, "loop").to_owned();
        match kind {
            "granted" => {
                let grant = Grant {
                    reward: text(fact, "reward").to_owned(),
                    to: text(fact, "to").to_owned(),
                    loop_: loop_.clone(),
                    cause: fact["cause"].as_u64().unwrap_or(0),
                    amount: fact["amount"].as_i64().unwrap_or(0),
                    status: if fact["claimBy"].is_null() { "reserved" } else { "claimable" },
                };
                let head = self.loops.get_mut(&loop_).expect("a loop");
                *head.promised.entry((grant.cause, grant.to.clone())).or_default() += 1;
                assert!(campaign["rewards"].get(&grant.reward).is_some());
                assert!(self.grants.insert(id, grant).is_none(), "granted twice: {fact}");
            }
            "withheld" => {}
            settled => {
                let grant = self.grants.get_mut(&id).expect("a grant");
                let before = grant.status;
                let (may, after): (&[&str], &str) = match settled {
                    "collected" => (&["claimable"], "reserved"),
                    "fulfilled" => (&["reserved"], "fulfilled"),
                    "failed" => (&["reserved"], "failed"),
                    "activated" => (&["fulfilled"], "active"),
                    "used" if fact["over"] == json!(true) => (&["fulfilled", "active"], "used"),
                    "used" => (&["fulfilled", "active"], before),
                    "outdated" if before == "claimable" => (&["claimable"], "outdated"),
                    "outdated" => (&["fulfilled", "active"], "elapsed"),
                    _ => (&["claimable", "reserved", "fulfilled", "active", "used", "elapsed"], "revoked"),
                };
                assert!(may.contains(&before), "{before} before {fact}");
                grant.status = after;
                let owed = settled == "revoked" && !["claimable", "reserved"].contains(&before);
                assert!(settled != "revoked" || fact["owed"] == json!(owed), "{fact}");
            }
        }
    }

    /// Holds the books against the campaign's bounds and the engine's own sums.
    pub fn check(&self, engine: &Engine, campaign: &Value) {
        let state = engine.state();
        for (name, rules) in campaign["rewards"].as_object().expect("rewards") {
            let standing = |grant: &&Grant| grant.reward == *name && grant.stands();
            let standing: Vec<&Grant> = self.grants.values().filter(standing).collect();
            let spent: i64 = standing.iter().map(|grant| grant.amount).sum();
            let used = state.reward(engine.book().names.reward(name).expect("a reward"));
            assert_eq!(
                (u64::from(used.count), used.spent.0),
                (u64::try_from(standing.len()).expect("a count"), spent),
                "{name}"
            );
            assert!(
                rules["stock"].as_u64().is_none_or(|stock| u64::from(used.count) <= stock),
                "stock of {name}"
            );
            assert!(money(&rules["budget"]).is_none_or(|budget| spent <= budget), "budget of {name}");
            if let Some(most) = rules["perParticipant"].as_u64() {
                let mut each: BTreeMap<&str, u64> = BTreeMap::new();
                standing.iter().for_each(|grant| *each.entry(&grant.to).or_default() += 1);
                assert!(each.values().all(|count| *count <= most), "{name} for one person");
            }
        }
        self.check_goods(engine, campaign);
        self.check_promises(campaign);
        self.check_limits(campaign);
    }

    fn check_goods(&self, engine: &Engine, campaign: &Value) {
        let groups = self.loops.values().filter(|head| head.play == "group");
        let taken = groups.map(|head| head.slots.len()).sum::<usize>() + self.alone.len();
        let play = engine.book().names.play("group").expect("a play");
        assert_eq!(usize::try_from(engine.state().play(play).taken), Ok(taken), "goods taken");
        let stock = campaign["plays"]["group"]["stock"].as_u64();
        assert!(stock.is_none_or(|stock| u64::try_from(taken).is_ok_and(|taken| taken <= stock)), "goods");
    }

    /// No cause has more standing grants than its rules give.
    fn check_promises(&self, campaign: &Value) {
        let mut standing: BTreeMap<(&str, u64, &str), u64> = BTreeMap::new();
        for grant in self.grants.values().filter(|grant| grant.stands()) {
            *standing.entry((&grant.loop_, grant.cause, &grant.to)).or_default() += 1;
        }
        for ((loop_, cause, to), count) in standing {
            let head = &self.loops[loop_];
            let rules = &campaign["plays"][&head.play];
            let listed =
                |key: &str| u64::try_from(rules[key].as_array().map_or(0, Vec::len)).expect("a length");
            let (mechanic, first) = (text(rules, "mechanic"), cause == 0);
            let most = match mechanic {
                "assist" => listed(if first { "give" } else { "giveHelper" }),
                "group-buy" if first => listed("giveLeader"),
                "group-buy" => listed("give") + u64::from(rules["rebate"].is_string()),
                _ if cause >= 1 << 20 => listed("invitee"),
                _ => ladder(&rules["inviter"][usize::try_from(cause).expect("a tier")], head.qualified.len()),
            };
            assert!(
                count <= most,
                "{count} standing grants for cause {cause} of {loop_} to {to}, {most} promised"
            );
        }
    }

    fn check_limits(&self, campaign: &Value) {
        for play in campaign["plays"].as_object().expect("plays").keys() {
            self.check_limit_list(&campaign["plays"][play]["limits"], Some(play));
        }
        self.check_limit_list(&campaign["limits"], None);
        if let Some(most) = campaign["guard"]["perDevice"].as_u64() {
            let mut each: BTreeMap<&str, u64> = BTreeMap::new();
            for (_, _, helper, device, _) in &self.actions {
                if let (true, Some(device)) = (helper, device) {
                    *each.entry(device).or_default() += 1;
                }
            }
            assert!(each.values().all(|count| *count <= most), "helps from one device");
        }
    }

    fn check_limit_list(&self, limits: &Value, play: Option<&str>) {
        for limit in limits.as_array().into_iter().flatten() {
            let period = match text(limit, "every") {
                "hour" => Period::Hour,
                "day" => Period::Day,
                "week" => Period::Week,
                "month" => Period::Month,
                _ => Period::Campaign,
            };
            let mut each: BTreeMap<(&str, i64), u64> = BTreeMap::new();
            for (of, who, helper, device, at) in &self.actions {
                let subject = match (text(limit, "per"), helper) {
                    ("participant", _) | ("helper", true) | ("initiator", false) => Some(who.as_str()),
                    ("device", _) => device.as_deref(),
                    _ => None,
                };
                if let Some(subject) = subject.filter(|_| play.is_none_or(|play| play == of)) {
                    *each.entry((subject, period.of(Time(*at), UtcOffset(480)).0)).or_default() += 1;
                }
            }
            let most = limit["most"].as_u64().expect("a number");
            assert!(each.values().all(|count| *count <= most), "limit {limit} of {play:?}");
        }
    }
}

/// How often a step of the ladder gives for so many friends.
fn ladder(tier: &Value, have: usize) -> u64 {
    let have = u64::try_from(have).expect("a count");
    let times = match (tier["every"].as_u64(), tier["at"].as_u64()) {
        (Some(every), _) => have / every,
        (_, Some(at)) => u64::from(have >= at),
        _ => 0,
    };
    tier["most"].as_u64().map_or(times, |most| times.min(most))
}

/// An amount like "3.00" in minor units.
fn money(value: &Value) -> Option<i64> {
    let (whole, minor) = value.as_str()?.split_once('.')?;
    Some(whole.parse::<i64>().ok()? * 100 + minor.parse::<i64>().ok()?)
}

/// The size at which a group completes at once.
fn largest(rules: &Value) -> Option<u64> {
    let tiers = rules["tiers"].as_array().into_iter().flatten();
    tiers.chain([rules]).filter_map(|tier| tier["size"].as_u64()).max()
}
