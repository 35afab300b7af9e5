//! Bargain (砍价), from the prose of its rules.

use kfactor::engine::draw::Draw;
use kfactor::engine::{Engine, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{History, each_is_found, local, money, no, number, text};
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};

/// The rules in plain numbers: money in minor units, times in minutes.
#[derive(Clone, Debug)]
struct Bargain {
    price: i64,
    floor: i64,
    helpers: usize,
    within: i64,
    fixed: Option<i64>,
    range: Option<(i64, i64)>,
    bonus: Option<i64>,
    own_cut: bool,
    any: bool,
    pay_within: i64,
    grace: Option<i64>,
    stock: Option<i64>,
    early: bool,
    most: Option<usize>,
    ends: i64,
    code: String,
    so_far: History,
}

const PEOPLE: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];
const LOOPS: [&str; 4] = ["L0", "L1", "L2", "L3"];
const ORDERS: [&str; 6] = ["o0", "o1", "o2", "o3", "o4", "o5"];

impl Bargain {
    fn new(dice: &mut Dice<'_>) -> Bargain {
        let total = dice.pick(&[5, 4, 7, 20, 999, 7_000]);
        let floor = dice.pick(&[0, 1, 500]);
        let helpers = 1 + i64::from(dice.below(4));
        let enough = (total + helpers - 1) / helpers;
        let (mut fixed, mut range) = (None, None);
        match dice.below(3) {
            1 => fixed = Some(enough + i64::from(dice.below(3))),
            2 => {
                let to = enough + i64::from(dice.below(3));
                range = Some((1 + i64::from(dice.below(100)) % to, to));
            }
            _ => {}
        }
        Bargain {
            price: floor + total,
            floor,
            helpers: usize::try_from(helpers).expect("few"),
            within: dice.pick(&[20, 5, 60]),
            fixed,
            range,
            bonus: dice.maybe(2, |dice| i64::from(2 + dice.below(4))),
            own_cut: dice.below(3) == 2,
            any: dice.below(2) == 1,
            pay_within: dice.pick(&[10, 3, 1]),
            grace: dice.maybe(3, |dice| dice.pick(&[1, 5, 30])),
            stock: dice.maybe(2, |dice| i64::from(1 + dice.below(2))),
            early: dice.below(2) == 1,
            most: dice.maybe(4, |dice| usize::from(1 + dice.below(2))),
            ends: dice.pick(&[60, 20, 120]),
            code: String::new(),
            so_far: History::default(),
        }
    }

    fn document(&self) -> Value {
        let mut play = json!({
            "mechanic": "bargain", "title": "Cut", "price": money(self.price), "floor": money(self.floor),
            "helpers": self.helpers, "within": format!("{}m", self.within), "ownCut": self.own_cut,
            "buyAt": if self.any { "any" } else { "floor" }, "payWithin": format!("{}m", self.pay_within),
            "reserve": if self.early { "success" } else { "payment" },
        });
        if let Some(fixed) = self.fixed {
            play["fixed"] = json!(money(fixed));
        }
        if let Some((from, to)) = self.range {
            play["range"] = json!({ "from": money(from), "to": money(to) });
        }
        if let Some(bonus) = self.bonus {
            play["newBonus"] = json!(bonus);
        }
        if let Some(grace) = self.grace {
            play["redeemGrace"] = json!(format!("{grace}m"));
        }
        if let Some(stock) = self.stock {
            play["stock"] = json!(stock);
        }
        if let Some(most) = self.most {
            play["limits"] = json!([{ "per": "helper", "every": "campaign", "most": most }]);
        }
        let runs = json!({ "from": local(0), "until": local(self.ends) });
        json!({ "id": "cut", "title": "Cut", "runs": runs, "plays": { "cut": play } })
    }

    fn opened(&self, id: &str) -> Option<(i64, &Value)> {
        self.so_far.all("opened", "loop", id).first().copied()
    }

    fn initiator(&self, id: &str) -> &str {
        self.opened(id).map_or("", |(_, fact)| text(fact, "by"))
    }

    fn price_of(&self, id: &str) -> i64 {
        let cuts = self.so_far.all("cut", "loop", id);
        self.price - cuts.iter().map(|(_, fact)| number(fact, "amount")).sum::<i64>()
    }

    /// When the floor was reached.
    fn reached(&self, id: &str) -> Option<i64> {
        let cuts = self.so_far.all("cut", "loop", id);
        cuts.iter().find(|(_, fact)| number(fact, "price") == self.floor).map(|(at, _)| *at)
    }

    fn cap(&self) -> i64 {
        self.grace.map_or(i64::MAX, |grace| START + (self.ends + grace) * MINUTE)
    }

    fn cut_until(&self, id: &str) -> i64 {
        let (opened, _) = self.opened(id).expect("a loop");
        (opened + self.within * MINUTE).min(self.cap())
    }

    fn over_at(&self, id: &str) -> i64 {
        let paying = |from: i64| (from + self.pay_within * MINUTE).min(self.cap());
        match self.reached(id) {
            Some(reached) => paying(reached),
            None if self.any => paying(self.cut_until(id)),
            None => self.cut_until(id),
        }
    }

    fn is_paid(&self, id: &str) -> bool {
        self.so_far.count("paid", id) > 0
    }

    fn is_settled(&self, id: &str) -> bool {
        self.is_paid(id) || self.so_far.count("expired", id) > 0
    }

    fn runs(&self, id: &str, at: i64) -> bool {
        !self.is_settled(id) && at < self.over_at(id)
    }

    /// Whether a loop keeps a unit of the goods.
    fn keeps(&self, id: &str) -> bool {
        if let Some((_, paid)) = self.so_far.all("paid", "loop", id).first() {
            return !self.so_far.refunded(text(paid, "order"));
        }
        self.early && self.reached(id).is_some() && self.so_far.count("lapsed", id) == 0
    }

    /// The facts that end a loop.
    fn end(&self, id: &str) -> Vec<Value> {
        let mut facts = Vec::new();
        if self.keeps(id) {
            facts.push(json!({ "kind": "lapsed", "loop": id, "by": self.initiator(id) }));
        }
        facts.push(json!({ "kind": "expired", "loop": id }));
        facts
    }

    /// Loops that nobody has ended though their time is over, the earliest first.
    fn due(&self, at: i64) -> Vec<String> {
        let mut due: Vec<(i64, usize, String)> = Vec::new();
        for (number, id) in self.so_far.loops().into_iter().enumerate() {
            if !self.is_settled(&id) && at >= self.over_at(&id) {
                due.push((self.over_at(&id), number, id));
            }
        }
        due.sort();
        due.into_iter().map(|(_, _, id)| id).collect()
    }

    /// Whether a unit is left; loops that are due are ended for it.
    fn unit(&self, at: i64, facts: &mut Vec<Value>) -> bool {
        let Some(stock) = self.stock else { return true };
        let ids = self.so_far.loops();
        let mut left = stock - i64::try_from(ids.iter().filter(|id| self.keeps(id)).count()).expect("few");
        let mut due = self.due(at).into_iter();
        while left < 1 {
            let Some(id) = due.next() else { return false };
            left += i64::from(self.keeps(&id));
            facts.extend(self.end(&id));
        }
        true
    }

    fn is_new(&self, who: &str, initiator: &str) -> bool {
        let mine = |command: &&Value| command.get("by") == Some(&json!(who));
        let commands: Vec<&Value> = self.so_far.commands().iter().filter(mine).collect();
        if commands.is_empty() {
            return true;
        }
        let visit = commands.iter().find(|command| command["do"] == json!("visit"));
        let brought =
            visit.is_some_and(|visit| visit["code"].is_string()) && initiator == "p0" && who != "p0";
        brought && !commands.iter().any(|command| ["open", "help"].contains(&text(command, "do")))
    }

    /// The n-th cut of a loop, when `rest` is left.
    fn amount(&self, id: &str, n: usize, rest: i64, weight: i64) -> i64 {
        let left = i64::try_from(self.helpers - n + 1).expect("few");
        let mut draw = Draw::new(&Engine::public_seed("cut"), "bargain", &format!("{id}/{n}"));
        let mut between = |low: i64, high: i64| {
            let amounts = u64::try_from(high - low + 1).expect("high is not below low");
            low + i64::try_from(draw.below(amounts)).expect("small")
        };
        let amount = if left == 1 {
            rest
        } else if let Some(fixed) = self.fixed {
            fixed * weight
        } else if let Some((from, to)) = self.range {
            between(from.max(rest - (left - 1) * to), to) * weight
        } else if weight == 1 {
            between(1, 2 * rest / left - 1)
        } else {
            between(1, (2 * rest * weight / (left - 1 + weight) - 1).min(rest - (left - 1)))
        };
        amount.min(rest)
    }

    fn open(&self, command: &Value, at: i64) -> Answer {
        let (by, id) = (text(command, "by"), text(command, "loop"));
        if at >= START + self.ends * MINUTE {
            return no("CAMPAIGN_ENDED");
        }
        if self.opened(id).is_some() {
            return no("LOOP_EXISTS");
        }
        if self.so_far.loops().iter().any(|other| self.initiator(other) == by && self.runs(other, at)) {
            return no("LOOP_RUNNING");
        }
        let mut facts = Vec::new();
        if !self.unit(at, &mut facts) {
            return no("SOLD_OUT");
        }
        let until = (at + self.within * MINUTE).min(self.cap());
        let latest = (until + self.pay_within * MINUTE).min(self.cap());
        facts.push(json!({ "kind": "opened", "loop": id, "play": "cut", "by": by, "until": until }));
        facts.push(json!({ "kind": "joined", "loop": id, "by": by, "until": latest }));
        if self.own_cut {
            let amount = self.amount(id, 1, self.price - self.floor, 1);
            let price = self.price - amount;
            facts.push(
                json!({ "kind": "cut", "loop": id, "by": by, "amount": amount, "price": price, "have": 1 }),
            );
        }
        Ok(facts)
    }

    fn help(&self, command: &Value, at: i64) -> Answer {
        let (by, id) = (text(command, "by"), text(command, "loop"));
        if self.opened(id).is_none() {
            return no("LOOP_UNKNOWN");
        }
        if self.is_paid(id) {
            return no("LOOP_COMPLETE");
        }
        if !self.runs(id, at) {
            return no("LOOP_EXPIRED");
        }
        if self.reached(id).is_some() {
            return no("LOOP_COMPLETE");
        }
        if at >= self.cut_until(id) {
            return no("LOOP_EXPIRED");
        }
        let initiator = self.initiator(id);
        if initiator == by {
            return no("OWN_LOOP");
        }
        let cuts = self.so_far.all("cut", "loop", id);
        if cuts.iter().any(|(_, fact)| text(fact, "by") == by) {
            return no("ALREADY_HELPED");
        }
        let mine = self.so_far.all("cut", "by", by);
        let given = mine.iter().filter(|(_, fact)| self.initiator(text(fact, "loop")) != by).count();
        if self.most.is_some_and(|most| given >= most) {
            return no("LIMIT_REACHED");
        }
        let weight = self.bonus.filter(|_| self.is_new(by, initiator)).unwrap_or(1);
        let rest = self.price_of(id) - self.floor;
        let amount = self.amount(id, cuts.len() + 1, rest, weight);
        let price = self.price_of(id) - amount;
        let mut facts = Vec::new();
        if self.early && price == self.floor && !self.unit(at, &mut facts) {
            return no("SOLD_OUT");
        }
        let have = cuts.len() + 1;
        facts.push(
            json!({ "kind": "cut", "loop": id, "by": by, "amount": amount, "price": price, "have": have }),
        );
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
        if self.initiator(id) != by {
            return no("NOT_MEMBER");
        }
        let runs = self.runs(id, at);
        if runs && !self.any && self.reached(id).is_none() {
            return no("FLOOR_NOT_REACHED");
        }
        if amount != self.price_of(id) {
            return no("AMOUNT_MISMATCH");
        }
        let mut facts = Vec::new();
        let reason = if self.is_paid(id) {
            "paid-twice"
        } else if !runs {
            if !self.is_settled(id) {
                facts.extend(self.end(id));
            }
            "expired"
        } else if self.keeps(id) || self.unit(at, &mut facts) {
            facts.push(json!({ "kind": "paid", "loop": id, "by": by, "order": order, "amount": amount }));
            facts.push(json!({ "kind": "completed", "loop": id }));
            return Ok(facts);
        } else {
            "stock"
        };
        facts.push(json!({ "kind": "late", "loop": id, "by": by, "order": order, "amount": amount }));
        if amount != 0 {
            let due = json!({ "kind": "refund-due", "loop": id, "by": by, "order": order, "amount": amount, "reason": reason });
            facts.push(due);
        }
        Ok(facts)
    }

    fn refund(&self, command: &Value) -> Answer {
        let order = text(command, "order");
        match self.so_far.order(order) {
            None => no("ORDER_UNKNOWN"),
            Some(_) if self.so_far.refunded(order) => no("ORDER_REFUNDED"),
            Some(paid) => Ok(vec![json!({ "kind": "refunded", "order": order, "amount": paid["amount"] })]),
        }
    }
}

impl Reference for Bargain {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "joined",
        "cut",
        "paid",
        "completed",
        "late",
        "refund-due",
        "lapsed",
        "expired",
        "refunded",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = number(command, "at");
        let answer = match text(command, "do") {
            "open" => self.open(command, at),
            "help" => self.help(command, at),
            "pay" => self.pay(command, at),
            "refund" => self.refund(command),
            "tick" => Ok(self.due(at).iter().flat_map(|id| self.end(id)).collect()),
            _ => Ok(Vec::new()),
        };
        self.so_far.add(command, &answer);
        answer
    }
}

/// A campaign and commands for it. Payments look at the price of a scratch engine, so that many count.
fn plan(bytes: &[u8]) -> (Bargain, Vec<Value>) {
    let mut dice = Dice(bytes);
    let mut rules = Bargain::new(&mut dice);
    let mut engine = load(&rules);
    let share = json!({ "id": "share", "at": START, "do": "share", "by": "p0" });
    rules.code = text(&send(&mut engine, &share)["facts"][1], "code").to_owned();
    let mut commands = vec![share];
    let mut at = START;
    while !dice.0.is_empty() && commands.len() < 60 {
        at += dice.pick(&[0, 1, 1, 2, 5, -3]) * MINUTE - i64::from(dice.below(8) == 7);
        let (by, id) = (dice.pick(&PEOPLE), dice.pick(&LOOPS));
        let mut command = match dice.below(12) {
            0 | 1 => json!({ "do": "open", "by": by, "play": "cut", "loop": id }),
            2..=5 => json!({ "do": "help", "by": by, "loop": id }),
            6..=8 => {
                let view = serde_json::to_value(engine.view("p0", Time(at), Some(id))).expect("a view");
                let shown =
                    view["loops"].as_array().into_iter().flatten().find(|shown| shown["loop"] == json!(id));
                let price = shown.and_then(|shown| shown["amount"].as_i64()).unwrap_or(rules.floor);
                let owner = shown.and_then(|shown| shown["initiator"].as_str()).unwrap_or(by);
                let by = if dice.below(6) == 5 { by } else { owner };
                let amount = if dice.below(6) == 5 { rules.floor } else { price };
                json!({ "do": "pay", "by": by, "loop": id, "order": dice.pick(&ORDERS), "amount": amount })
            }
            9 => json!({ "do": "refund", "order": dice.pick(&ORDERS) }),
            10 if dice.below(2) == 1 => json!({ "do": "visit", "by": by, "code": rules.code }),
            10 => json!({ "do": "visit", "by": by }),
            _ => json!({ "do": "tick" }),
        };
        command["id"] = json!(format!("c{}", commands.len()));
        command["at"] = json!(at);
        if dice.below(12) == 11 {
            command = commands[usize::from(dice.below(60)) % commands.len()].clone();
        }
        send(&mut engine, &command);
        commands.push(command);
    }
    (rules, commands)
}

fn load(rules: &Bargain) -> Engine {
    Engine::load(&rules.document().to_string(), Engine::public_seed("cut"))
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
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
    fn bargains_go_as_the_prose_says(bytes in vec(any::<u8>(), 40..400)) {
        let (mut rules, commands) = plan(&bytes);
        let differs = differs(&rules.document(), &commands, &mut rules);
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }

    /// What was cut and what is left is the price, to the minor unit; goods are never sold twice; and as many
    /// cuts as a view says are needed reach the floor.
    #[test]
    fn nothing_is_lost_in_a_bargain(bytes in vec(any::<u8>(), 40..400)) {
        let (rules, commands) = plan(&bytes);
        let mut engine = load(&rules);
        let mut sold = 0;
        for command in &commands {
            let answer = send(&mut engine, command);
            for fact in answer["facts"].as_array().into_iter().flatten().filter(|_| answer["repeated"] != json!(true)) {
                match text(fact, "kind") {
                    "paid" => sold += 1,
                    "refunded" => {
                        let paid = commands.iter().any(|command| command["do"] == json!("pay") && command["order"] == fact["order"]);
                        prop_assert!(paid);
                    }
                    "cut" => {
                        prop_assert!(number(fact, "amount") >= 1);
                        prop_assert!(number(fact, "price") >= rules.floor);
                    }
                    _ => {}
                }
            }
            let view = serde_json::to_value(engine.view("p0", engine.state().now, None)).expect("a view");
            prop_assert!(view["plays"][0]["left"].as_i64().is_none_or(|left| left >= 0));
        }
        let refunds = commands.iter().filter(|command| command["do"] == json!("refund")).count();
        prop_assert!(rules.stock.is_none_or(|stock| sold <= stock + i64::try_from(refunds).expect("few")));
        for id in LOOPS.iter().filter(|id| engine.find_loop(id).is_some()) {
            let look = |engine: &Engine| {
                let view = serde_json::to_value(engine.view("zoe", engine.state().now, Some(id))).expect("a view");
                view["loops"][0].clone()
            };
            let shown = look(&engine);
            let items = shown["items"].as_array().expect("items");
            let cuts: i64 = items[1..].iter().map(|cut| number(cut, "amount")).sum();
            prop_assert_eq!(number(&shown, "amount") + cuts, rules.price);
            prop_assert!(items.len() - 1 <= rules.helpers);
            if items[0]["status"] != json!("cutting") {
                continue;
            }
            let mut later = engine.clone();
            let needed = number(&shown, "need") - number(&shown, "have");
            prop_assert!(needed > 0);
            for n in 0..needed {
                let help = json!({ "id": format!("more{n}"), "at": 0, "do": "help", "by": format!("fresh{n}"), "loop": id });
                let answer = send(&mut later, &help);
                let over = [json!("LOOP_COMPLETE"), json!("SOLD_OUT")].contains(&answer["code"]);
                prop_assert!(over || answer["ok"] == json!(true), "{}", answer);
                if answer["code"] == json!("SOLD_OUT") {
                    break;
                }
                if n == needed - 1 {
                    prop_assert_eq!(number(&look(&later), "amount"), rules.floor);
                }
            }
        }
    }
}

#[test]
fn a_planted_fault_is_found_in_bargains() {
    type Fault = fn(&mut Bargain, &Value) -> Answer;
    let faults: [(&str, Fault); 5] = [
        ("a cut takes one more", |rules, command| {
            let mut answer = rules.submit(command)?;
            for fact in answer.iter_mut().filter(|fact| fact["kind"] == json!("cut")) {
                fact["amount"] = json!(number(fact, "amount") + 1);
            }
            Ok(answer)
        }),
        ("nobody is new", |rules, command| {
            rules.bonus = None;
            rules.submit(command)
        }),
        ("the money is kept", |rules, command| {
            let mut answer = rules.submit(command)?;
            answer.retain(|fact| fact["kind"] != json!("refund-due"));
            Ok(answer)
        }),
        ("the goods never run out", |rules, command| {
            rules.stock = None;
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
        differs_by(&document, &commands, |command| fault(&mut rules, command), Bargain::KINDS).is_some()
    });
}
