//! A second engine, written from the prose of the rules and as naive as it can be: it keeps the list of facts
//! and finds out everything else by reading the whole list again, for every question.

mod groups;
mod history;
mod loops;
pub mod pair;
mod rewards;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The facts so far, and the answers given.
#[derive(Clone)]
pub struct Model {
    rules: Value,
    now: i64,
    from: i64,
    until: i64,
    facts: Vec<Value>,
    answers: BTreeMap<String, (Value, Answer)>,
}

/// Facts, or the code of a rejection.
pub type Answer = Result<Vec<Value>, &'static str>;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

#[derive(Clone)]
struct Member {
    who: String,
    until: i64,
    order: Option<String>,
}

impl Model {
    /// A campaign that runs from `from` until `until`.
    pub fn new(rules: &Value, from: i64, until: i64) -> Model {
        Model { rules: rules.clone(), now: 0, from, until, facts: Vec::new(), answers: BTreeMap::new() }
    }

    /// The facts a command leads to, without who is met, arrives or shares.
    pub fn submit(&mut self, command: &Value) -> Answer {
        let mut body = command.clone();
        for key in ["id", "at"] {
            body.as_object_mut().expect("an object").remove(key);
        }
        let id = word(command, "id");
        if let Some((known, answer)) = self.answers.get(&id) {
            return if *known == body { answer.clone() } else { Err("COMMAND_ID_REUSED") };
        }
        self.now = self.now.max(command["at"].as_i64().expect("a time"));
        let before = self.facts.len();
        let answer = match self.decide(command) {
            Ok(()) => Ok(self.facts[before..].to_vec()),
            Err(code) => {
                self.facts.truncate(before);
                Err(code)
            }
        };
        self.answers.insert(id, (body, answer.clone()));
        answer
    }

    /// Count and money of the standing grants of a reward.
    pub fn used(&self, reward: &str) -> (usize, i64) {
        let standing = self.grants().into_iter().filter(|grant| grant.1 && is(&grant.0, "reward", reward));
        let amounts: Vec<i64> = standing.map(|grant| grant.0["amount"].as_i64().unwrap_or(0)).collect();
        (amounts.len(), amounts.iter().sum())
    }

    fn decide(&mut self, command: &Value) -> Result<(), &'static str> {
        let (by, loop_, order) = (word(command, "by"), word(command, "loop"), word(command, "order"));
        let most = self.rules["guard"]["refuseAbove"].as_i64();
        let risk = || match (command["risk"].as_i64(), most) {
            (Some(risk), Some(most)) if risk > most => Err("RISK_REFUSED"),
            _ => Ok(()),
        };
        let device = command["device"].as_str();
        match word(command, "do").as_str() {
            "visit" => risk(),
            "share" => {
                risk()?;
                self.opened(&loop_).map(drop)
            }
            "open" => {
                if self.now < self.from {
                    return Err("CAMPAIGN_NOT_STARTED");
                }
                if self.now >= self.until {
                    return Err("CAMPAIGN_ENDED");
                }
                if self.opened(&loop_).is_ok() {
                    return Err("LOOP_EXISTS");
                }
                risk()?;
                self.open(&by, &word(command, "play"), &loop_, device)
            }
            "help" => {
                let play = self.offered(&loop_, "assist")?;
                risk()?;
                self.help(&by, &loop_, &play, device)
            }
            "join" => {
                let play = self.offered(&loop_, "invite").or_else(|_| self.offered(&loop_, "group-buy"))?;
                risk()?;
                if self.mechanic(&loop_) == "invite" {
                    self.join_inviter(&by, &loop_, &play, device)
                } else {
                    self.join_group(&by, &loop_, &play, device)
                }
            }
            "leave" => {
                self.offered(&loop_, "group-buy")?;
                risk()?;
                self.leave(&by, &loop_)
            }
            "pay" => {
                if self.order(&order).is_some() {
                    return Err("ORDER_KNOWN");
                }
                let amount = command["amount"].as_i64().expect("an amount");
                if loop_.is_empty() {
                    if amount != 700 {
                        return Err("AMOUNT_MISMATCH");
                    }
                    self.take_goods("")?;
                    risk()?;
                    self.tell(json!({ "kind": "bought", "play": "group", "by": by, "order": order, "amount": amount }));
                    return Ok(());
                }
                let play = self.offered(&loop_, "group-buy")?;
                risk()?;
                if amount != 500 {
                    return Err("AMOUNT_MISMATCH");
                }
                self.pay(&by, &loop_, &play, &order, device);
                Ok(())
            }
            "event" => {
                if !order.is_empty() && self.order(&order).is_some() {
                    return Err("ORDER_KNOWN");
                }
                self.event(&by, &word(command, "name"), command["order"].clone(), &command["amount"]);
                Ok(())
            }
            "refund" => self.refund(&order),
            "tick" => {
                for loop_ in self.due_groups() {
                    self.settle(&loop_);
                }
                Ok(())
            }
            act => self.settle_grant(act, &word(command, "grant"), &command["reason"]),
        }
    }

    fn tell(&mut self, mut fact: Value) {
        fact["at"] = json!(self.now);
        self.facts.push(fact);
    }
}

fn word(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn is(value: &Value, key: &str, text: &str) -> bool {
    value[key].as_str() == Some(text)
}

fn span(rules: &Value, key: &str) -> i64 {
    let text = word(rules, key);
    text.trim_end_matches('h').parse::<i64>().expect("hours") * HOUR
}

fn with_device(mut fact: Value, device: Option<&str>, named: bool) -> Value {
    if let (Some(device), true) = (device, named) {
        fact["device"] = json!(device);
    }
    fact
}

/// How often a step of the ladder gives for so many friends.
fn earned(tier: &Value, have: usize) -> usize {
    let number = |key: &str| tier[key].as_u64().and_then(|number| usize::try_from(number).ok());
    let times = match (number("every"), number("at")) {
        (Some(every), _) => have / every,
        (_, Some(at)) => usize::from(have >= at),
        _ => 0,
    };
    number("most").map_or(times, |most| times.min(most))
}
