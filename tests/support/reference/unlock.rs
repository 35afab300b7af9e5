//! Unlock (一元解锁), from the prose of its rules.

use kfactor::engine::Engine;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{History, each_is_found, money, no, number, text};
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};

/// The rules in plain numbers: money in minor units, times in minutes.
#[derive(Clone, Debug)]
struct Unlock {
    price: i64,
    payers: usize,
    helpers: usize,
    within: i64,
    stock: Option<usize>,
    most: Option<usize>,
    requires: bool,
    so_far: History,
}

const PEOPLE: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const LOOPS: [&str; 3] = ["L0", "L1", "L2"];
const ORDERS: [&str; 8] = ["o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7"];

impl Unlock {
    fn new(dice: &mut Dice<'_>) -> Unlock {
        let payers = usize::from(dice.below(4));
        Unlock {
            price: dice.pick(&[100, 1, 999]),
            payers,
            helpers: usize::from(dice.below(3)).max(usize::from(payers == 0)),
            within: dice.pick(&[20, 5, 60]),
            stock: dice.maybe(3, |dice| usize::from(1 + dice.below(4))),
            most: dice.maybe(4, |dice| usize::from(1 + dice.below(3))),
            requires: dice.below(4) == 3,
            so_far: History::default(),
        }
    }

    fn document(&self) -> Value {
        let mut play = json!({
            "mechanic": "unlock", "title": "Unlock", "within": format!("{}m", self.within), "give": ["lesson"],
        });
        if self.payers > 0 {
            play["price"] = json!(money(self.price));
            play["payers"] = json!(self.payers);
        }
        if self.helpers > 0 {
            play["helpers"] = json!(self.helpers);
        }
        if let Some(most) = self.most {
            play["limits"] = json!([{ "per": "helper", "every": "campaign", "most": most }]);
        }
        if self.requires {
            play["requires"] = json!("member-joined");
        }
        let mut lesson = json!({ "kind": "content", "title": "Lesson" });
        if let Some(stock) = self.stock {
            lesson["stock"] = json!(stock);
        }
        json!({
            "id": "open", "title": "Unlock", "runs": { "from": "2026-12-01", "until": "2026-12-15" },
            "rewards": { "lesson": lesson },
            "plays": { "open": play, "other": {
                "mechanic": "unlock", "title": "Other", "helpers": 1, "within": "1h", "requires": "member-joined",
                "give": ["lesson"],
            } },
        })
    }

    fn opened(&self, id: &str) -> Option<(i64, &Value)> {
        self.so_far.all("opened", "loop", id).first().copied()
    }

    fn initiator(&self, id: &str) -> &str {
        self.opened(id).map_or("", |(_, fact)| text(fact, "by"))
    }

    fn is_complete(&self, id: &str) -> bool {
        self.so_far.count("completed", id) > 0
    }

    fn is_settled(&self, id: &str) -> bool {
        self.is_complete(id) || self.so_far.count("expired", id) > 0
    }

    fn until(&self, id: &str) -> i64 {
        self.opened(id).expect("a loop").0 + self.within * MINUTE
    }

    fn runs(&self, id: &str, at: i64) -> bool {
        !self.is_settled(id) && at < self.until(id)
    }

    /// Who has paid and by which order, in the order of paying; who left before the end is gone.
    fn paid(&self, id: &str) -> Vec<(&str, &str)> {
        let paid = self.so_far.all("paid", "loop", id);
        let left = self.so_far.all("left", "loop", id);
        let gone =
            |who: &str, at: i64| left.iter().any(|(then, fact)| *then >= at && text(fact, "by") == who);
        let mut list: Vec<(&str, &str)> = Vec::new();
        for (at, fact) in paid {
            let (who, order) = (text(fact, "by"), text(fact, "order"));
            if !(gone(who, at) && self.so_far.refunded(order)) {
                list.push((who, order));
            }
        }
        list
    }

    fn helped(&self, id: &str) -> usize {
        self.so_far.count("helped", id)
    }

    fn expire(&self, id: &str) -> Vec<Value> {
        let mut facts = vec![json!({ "kind": "expired", "loop": id })];
        for (who, order) in self.paid(id) {
            facts.push(json!({
                "kind": "refund-due", "loop": id, "by": who, "order": order, "amount": self.price, "reason": "expired",
            }));
        }
        facts
    }

    /// The grants of the reward that stand.
    fn standing(&self) -> usize {
        let granted = self.so_far.all("granted", "reward", "lesson");
        granted.iter().filter(|(_, fact)| !self.so_far.has("revoked", "grant", text(fact, "grant"))).count()
    }

    /// The facts of completion, if with these payers and so many helpers nobody is missing.
    fn complete(&self, id: &str, payers: &[&str], helped: usize) -> Vec<Value> {
        if payers.len() < self.payers || helped < self.helpers {
            return Vec::new();
        }
        let mut facts = vec![json!({ "kind": "completed", "loop": id })];
        let initiator = self.initiator(id);
        let others = payers.iter().copied().filter(|who| *who != initiator);
        let mut granted = 0;
        for who in others.chain([initiator]) {
            if self.stock.is_none_or(|stock| self.standing() + granted < stock) {
                granted += 1;
                let grant = format!("{id}.{granted}");
                facts.push(json!({ "kind": "granted", "grant": grant, "reward": "lesson", "to": who }));
            } else {
                facts.push(json!({ "kind": "withheld", "loop": id, "reward": "lesson", "to": who, "reason": "stock" }));
            }
        }
        facts
    }

    /// How often someone joined or helped, as limits count it.
    fn given(&self, who: &str) -> usize {
        ["helped", "joined"].iter().map(|kind| self.so_far.all(kind, "by", who).len()).sum()
    }

    fn limited(&self, who: &str) -> bool {
        self.most.is_some_and(|most| self.given(who) >= most)
    }

    fn open(&self, command: &Value, at: i64) -> Answer {
        let (by, id) = (text(command, "by"), text(command, "loop"));
        if self.opened(id).is_some() {
            return no("LOOP_EXISTS");
        }
        let mut order = Value::Null;
        if self.requires {
            let mine = |command: &&Value| command["do"] == json!("event") && command["by"] == json!(by);
            let events = self.so_far.commands().iter().filter(mine);
            let rests_on = |order: &str| {
                self.so_far
                    .loops()
                    .iter()
                    .any(|other| self.opened(other).is_some_and(|(_, fact)| fact["order"] == json!(order)))
            };
            let unused = |order: &&str| !self.so_far.refunded(order) && !rests_on(order);
            match events.map(|event| text(event, "order")).find(unused) {
                Some(found) => order = json!(found),
                None => return no("EVENT_REQUIRED"),
            }
        }
        if self.so_far.loops().iter().any(|other| self.initiator(other) == by && self.runs(other, at)) {
            return no("LOOP_RUNNING");
        }
        let until = at + self.within * MINUTE;
        Ok(vec![
            json!({ "kind": "opened", "loop": id, "play": "open", "by": by, "until": until, "order": order }),
        ])
    }

    fn help(&self, command: &Value, at: i64) -> Answer {
        let (by, id) = (text(command, "by"), text(command, "loop"));
        if self.opened(id).is_none() {
            return no("LOOP_UNKNOWN");
        }
        if self.helpers == 0 {
            return no("ACTION_UNKNOWN");
        }
        if !self.runs(id, at) {
            return no(if self.is_complete(id) { "LOOP_COMPLETE" } else { "LOOP_EXPIRED" });
        }
        if self.initiator(id) == by {
            return no("OWN_LOOP");
        }
        if self.so_far.all("helped", "loop", id).iter().any(|(_, fact)| text(fact, "by") == by) {
            return no("ALREADY_HELPED");
        }
        if self.helped(id) >= self.helpers {
            return no("GROUP_FULL");
        }
        if self.limited(by) {
            return no("LIMIT_REACHED");
        }
        let have = self.helped(id) + 1;
        let mut facts =
            vec![json!({ "kind": "helped", "loop": id, "by": by, "have": have, "need": self.helpers })];
        let payers: Vec<&str> = self.paid(id).iter().map(|(who, _)| *who).collect();
        facts.extend(self.complete(id, &payers, have));
        Ok(facts)
    }

    fn pay(&self, command: &Value, at: i64) -> Answer {
        let (by, id, order) = (text(command, "by"), text(command, "loop"), text(command, "order"));
        let amount = number(command, "amount");
        if self.so_far.order(order).is_some() {
            return no("ORDER_KNOWN");
        }
        if self.opened(id).is_none() {
            return no("LOOP_UNKNOWN");
        }
        if self.payers == 0 {
            return no("ACTION_UNKNOWN");
        }
        if amount != self.price {
            return no("AMOUNT_MISMATCH");
        }
        let own = self.initiator(id) == by;
        let runs = self.runs(id, at);
        let reason = if self.paid(id).iter().any(|(who, _)| *who == by) {
            "paid-twice"
        } else if self.is_complete(id) {
            "full"
        } else if !runs {
            "expired"
        } else if self.paid(id).len() >= self.payers {
            "full"
        } else if !own && self.limited(by) {
            "limit"
        } else {
            ""
        };
        let mut facts = Vec::new();
        if reason.is_empty() {
            if !own {
                facts.push(json!({ "kind": "joined", "loop": id, "by": by, "until": self.until(id) }));
            }
            facts.push(json!({ "kind": "paid", "loop": id, "by": by, "order": order, "amount": amount }));
            let mut payers: Vec<&str> = self.paid(id).iter().map(|(who, _)| *who).collect();
            payers.push(by);
            facts.extend(self.complete(id, &payers, self.helped(id)));
            return Ok(facts);
        }
        if !runs && !self.is_settled(id) {
            facts.extend(self.expire(id));
        }
        facts.push(json!({ "kind": "late", "loop": id, "by": by, "order": order, "amount": amount }));
        facts.push(json!({
            "kind": "refund-due", "loop": id, "by": by, "order": order, "amount": amount, "reason": reason,
        }));
        Ok(facts)
    }

    fn take_back(&self, id: &str, who: &str) -> Vec<Value> {
        let granted = self.so_far.all("granted", "to", who);
        let mine = granted.iter().map(|(_, fact)| text(fact, "grant"));
        let mine = mine.filter(|grant| grant.starts_with(&format!("{id}.")));
        let standing = mine.filter(|grant| !self.so_far.has("revoked", "grant", grant));
        standing.map(|grant| json!({ "kind": "revoked", "grant": grant })).collect()
    }

    fn refund(&self, command: &Value, at: i64) -> Answer {
        let order = text(command, "order");
        let Some(paid) = self.so_far.order(order) else { return no("ORDER_UNKNOWN") };
        if self.so_far.refunded(order) {
            return no("ORDER_REFUNDED");
        }
        let mut facts = Vec::new();
        let amount = paid.get("amount").cloned().unwrap_or(json!(0));
        let refunded = json!({ "kind": "refunded", "order": order, "amount": amount });
        let ids = self.so_far.loops();
        let resting =
            ids.iter().find(|id| self.opened(id).is_some_and(|(_, fact)| fact["order"] == json!(order)));
        let counted =
            self.so_far.all("paid", "order", order).first().map(|(_, fact)| text(fact, "loop").to_owned());
        let Some(id) = resting.cloned().or(counted) else { return Ok(vec![refunded]) };
        if !self.is_settled(&id) && !self.runs(&id, at) {
            facts.extend(self.expire(&id));
        }
        facts.push(refunded);
        let runs = self.runs(&id, at);
        if resting.is_some() {
            if runs {
                facts.extend(self.expire(&id));
            } else if self.is_complete(&id) {
                facts.extend(self.take_back(&id, self.initiator(&id)));
            }
        } else if runs {
            facts.push(json!({ "kind": "left", "loop": id, "by": paid["by"] }));
        } else if self.is_complete(&id) {
            facts.extend(self.take_back(&id, text(paid, "by")));
        }
        Ok(facts)
    }

    fn tick(&self, at: i64) -> Answer {
        let due = |id: &String| !self.is_settled(id) && !self.runs(id, at);
        Ok(self.so_far.loops().iter().filter(|id| due(id)).flat_map(|id| self.expire(id)).collect())
    }
}

impl Reference for Unlock {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "helped",
        "joined",
        "paid",
        "completed",
        "left",
        "late",
        "refund-due",
        "expired",
        "refunded",
        "granted",
        "withheld",
        "revoked",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = number(command, "at");
        let answer = match text(command, "do") {
            "open" => self.open(command, at),
            "help" => self.help(command, at),
            "pay" => self.pay(command, at),
            "refund" => self.refund(command, at),
            "event" if self.so_far.order(text(command, "order")).is_some() => no("ORDER_KNOWN"),
            "tick" => self.tick(at),
            _ => Ok(Vec::new()),
        };
        self.so_far.add(command, &answer);
        answer
    }
}

fn plan(bytes: &[u8]) -> (Unlock, Vec<Value>) {
    let mut dice = Dice(bytes);
    let rules = Unlock::new(&mut dice);
    let mut commands: Vec<Value> = Vec::new();
    let mut at = START;
    while !dice.0.is_empty() && commands.len() < 60 {
        at += dice.pick(&[0, 1, 1, 0, 4, -3]) * MINUTE - i64::from(dice.below(8) == 7);
        let (by, id, order) = (dice.pick(&PEOPLE), dice.pick(&LOOPS), dice.pick(&ORDERS));
        let wrong = i64::from(dice.below(10) == 9);
        let mut command = match dice.below(13) {
            0 | 1 => json!({ "do": "open", "by": by, "play": "open", "loop": id }),
            2 | 3 => json!({ "do": "help", "by": by, "loop": id }),
            4..=8 => {
                json!({ "do": "pay", "by": by, "loop": id, "order": order, "amount": rules.price + wrong })
            }
            9 => json!({ "do": "refund", "order": order }),
            10 | 11 => json!({ "do": "event", "by": by, "name": "member-joined", "order": order }),
            _ => json!({ "do": "tick" }),
        };
        command["id"] = json!(format!("c{}", commands.len()));
        command["at"] = json!(at);
        if dice.below(12) == 11 && !commands.is_empty() {
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
    fn unlocking_goes_as_the_prose_says(bytes in vec(any::<u8>(), 40..400)) {
        let (mut rules, commands) = plan(&bytes);
        let differs = differs(&rules.document(), &commands, &mut rules);
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }

    /// Every payment ends in one of three ways: it counts in a loop, it was refunded, or its refund is due.
    #[test]
    fn no_payment_is_lost(bytes in vec(any::<u8>(), 40..400)) {
        let (mut rules, commands) = plan(&bytes);
        let mut now = 0;
        let mut seen = std::collections::BTreeSet::new();
        for command in commands.iter().filter(|command| seen.insert(text(command, "id").to_owned())) {
            now = number(command, "at").max(now);
            let mut command = command.clone();
            command["at"] = json!(now);
            let _ = rules.submit(&command);
        }
        let end = json!({ "id": "end", "at": now + 1_000 * MINUTE, "do": "tick" });
        let _ = rules.submit(&end);
        let mut engine = Engine::load(&rules.document().to_string(), Engine::public_seed("open"))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let mut balance: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
        for command in commands.iter().chain([&end]) {
            let answer = send(&mut engine, command);
            for fact in answer["facts"].as_array().into_iter().flatten().filter(|_| answer["repeated"] != json!(true)) {
                let order = fact["order"].as_str().unwrap_or_default().to_owned();
                match text(fact, "kind") {
                    "paid" | "late" => *balance.entry(order).or_default() += 1,
                    "refund-due" => *balance.entry(order).or_default() += 10,
                    "refunded" => *balance.entry(order).or_default() += 100,
                    _ => {}
                }
            }
        }
        for (order, sum) in balance.iter().filter(|(_, sum)| **sum % 10 == 1) {
            let complete = rules.so_far.all("paid", "order", order).first().is_some_and(|(_, fact)| {
                rules.is_complete(text(fact, "loop"))
            });
            prop_assert!(complete || *sum > 1, "{} {}", order, sum);
            prop_assert!(*sum / 10 % 10 <= 1 && *sum / 100 <= 1, "{} {}", order, sum);
        }
    }
}

#[test]
fn a_planted_fault_is_found_in_unlocking() {
    type Fault = fn(&mut Unlock, &Value) -> Answer;
    let faults: [(&str, Fault); 4] = [
        ("a refund is forgotten", |rules, command| {
            let mut answer = rules.submit(command)?;
            if let Some(at) = answer.iter().rposition(|fact| fact["kind"] == json!("refund-due")) {
                answer.remove(at);
            }
            Ok(answer)
        }),
        ("the initiator gets nothing", |rules, command| {
            let mut answer = rules.submit(command)?;
            if answer.last().is_some_and(|fact| fact["kind"] == json!("granted")) {
                answer.pop();
            }
            Ok(answer)
        }),
        ("one payer is enough", |rules, command| {
            rules.payers = rules.payers.min(1);
            rules.submit(command)
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
        differs_by(&document, &commands, |command| fault(&mut rules, command), Unlock::KINDS).is_some()
    });
}
