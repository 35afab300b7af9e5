//! The life of a grant by the prose: where each stands is worked out from its times and the clock.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, plan_of};

const HOUR: i64 = 60 * MINUTE;
const PEOPLE: [&str; 3] = ["ann", "bo", "cy"];

#[derive(Clone, Default)]
struct Grant {
    id: String,
    to: String,
    at: i64,
    claimed: Option<i64>,
    fulfilled: Option<i64>,
    activated: Option<i64>,
    used: bool,
    /// `failed` or `revoked`.
    ended: Option<&'static str>,
    /// A fact has told that its time was over.
    told: bool,
}

struct Life {
    reward: Value,
    grants: Vec<Grant>,
    helped: Vec<(String, String)>,
}

impl Life {
    fn new(campaign: &Value) -> Self {
        Life { reward: campaign["rewards"]["gift"].clone(), grants: Vec::new(), helped: Vec::new() }
    }

    fn span(&self, key: &str) -> Option<i64> {
        let hours = self.reward[key].as_str()?.strip_suffix('h').expect("hours");
        Some(hours.parse::<i64>().expect("a number") * HOUR)
    }

    fn by_hand(&self) -> bool {
        self.reward["activate"] == "by-hand"
    }

    /// By when the next step of its owner has to come, if that is bounded.
    fn ends(&self, grant: &Grant) -> Option<i64> {
        match (grant.claimed, grant.fulfilled, grant.activated) {
            _ if grant.used || grant.ended.is_some() => None,
            (_, _, Some(activated)) => Some(activated + self.span("valid")?),
            (_, Some(fulfilled), None) => {
                Some(fulfilled + self.span(if self.by_hand() { "activateWithin" } else { "valid" })?)
            }
            (None, None, None) => Some(grant.at + self.span("claimWithin")?),
            _ => None,
        }
    }

    fn is_over(&self, grant: &Grant, now: i64) -> bool {
        self.ends(grant).is_some_and(|ends| ends <= now)
    }

    fn waits_for_claim(&self, grant: &Grant) -> bool {
        self.span("claimWithin").is_some() && grant.claimed.is_none() && grant.ended.is_none()
    }

    fn stands(&self, grant: &Grant, now: i64) -> bool {
        grant.ended.is_none() && !(self.waits_for_claim(grant) && self.is_over(grant, now))
    }

    fn help(&mut self, who: &str, loop_: &str, now: i64) -> Answer {
        let known = (who.to_owned(), loop_.to_owned());
        if self.helped.contains(&known) {
            return Err("ALREADY_HELPED".into());
        }
        self.helped.push(known);
        let standing = |grant: &&Grant| self.stands(grant, now);
        let count = u64::try_from(self.grants.iter().filter(standing).count()).expect("few");
        let mine = self.grants.iter().filter(standing).filter(|grant| grant.to == who).count();
        if self.reward["stock"].as_u64().is_some_and(|stock| count >= stock) {
            return Ok(vec![json!({ "kind": "withheld", "to": who, "reason": "stock" })]);
        }
        let most = self.reward["perParticipant"].as_u64();
        if most.is_some_and(|most| u64::try_from(mine).expect("few") >= most) {
            return Ok(vec![json!({ "kind": "withheld", "to": who, "reason": "limit" })]);
        }
        let mut facts = Vec::new();
        // Those of the participant where a limit counts them, then as many as the stock needs, the oldest first.
        let mut over: Vec<usize> = (0..self.grants.len())
            .filter(|at| {
                self.waits_for_claim(&self.grants[*at])
                    && self.is_over(&self.grants[*at], now)
                    && !self.grants[*at].told
            })
            .collect();
        over.sort_by_key(|at| self.ends(&self.grants[*at]));
        let (own, others): (Vec<usize>, Vec<usize>) =
            over.iter().partition(|at| most.is_some() && self.grants[**at].to == who);
        for at in own {
            self.tell(at, &mut facts);
        }
        for at in others {
            let untold =
                |grant: &&Grant| grant.ended.is_none() && !(grant.told && self.waits_for_claim(grant));
            let raw = u64::try_from(self.grants.iter().filter(untold).count()).expect("few");
            if self.reward["stock"].as_u64().is_some_and(|stock| raw >= stock) {
                self.tell(at, &mut facts);
            }
        }
        let n = 1 + self.grants.iter().filter(|grant| grant.id.starts_with(&format!("{loop_}."))).count();
        let grant = Grant { id: format!("{loop_}.{n}"), to: who.to_owned(), at: now, ..Grant::default() };
        let claim_by = self.span("claimWithin").map(|span| now + span);
        let held = self.span("hold").map(|span| now + span);
        facts.push(
            json!({ "kind": "granted", "grant": grant.id, "to": who, "claimBy": claim_by, "until": held }),
        );
        self.grants.push(grant);
        Ok(facts)
    }

    fn tell(&mut self, at: usize, facts: &mut Vec<Value>) {
        self.grants[at].told = true;
        facts.push(json!({ "kind": "outdated", "grant": self.grants[at].id }));
    }

    fn on_grant(&mut self, act: &str, id: &str, who: &str, now: i64) -> Answer {
        let at = self.grants.iter().position(|grant| grant.id == id).ok_or("GRANT_UNKNOWN")?;
        let grant = self.grants[at].clone();
        let by_owner = ["claim", "activate"].contains(&act);
        if by_owner && grant.to != who {
            return Err("NOT_YOURS".into());
        }
        if (by_owner || act == "use") && self.is_over(&grant, now) {
            return Err("GRANT_OUTDATED".into());
        }
        if ["fulfil", "fail", "revoke"].contains(&act) && self.waits_for_claim(&grant) {
            if self.is_over(&grant, now) {
                return Err("GRANT_OUTDATED".into());
            }
            if act != "revoke" {
                return Err("NOT_CLAIMED".into());
            }
        }
        let settled = Err("GRANT_SETTLED".to_owned());
        let reserved = grant.ended.is_none() && grant.fulfilled.is_none() && !self.waits_for_claim(&grant);
        let mut fact = json!({ "grant": id });
        let changed = &mut self.grants[at];
        match act {
            "claim" if grant.ended.is_some() => return settled,
            "claim" if reserved || grant.fulfilled.is_some() => return Err("ALREADY_CLAIMED".into()),
            "claim" => {
                changed.claimed = Some(now);
                fact["kind"] = json!("collected");
            }
            "fulfil" if reserved => {
                let held = self.span("hold").map(|span| grant.at + span);
                if held.is_some_and(|until| now < until) {
                    return Err("GRANT_HELD".into());
                }
                self.grants[at].fulfilled = Some(now);
                fact["kind"] = json!("fulfilled");
                fact["until"] = json!(self.ends(&self.grants[at]));
            }
            "fail" if reserved => {
                changed.ended = Some("failed");
                fact["kind"] = json!("failed");
            }
            "revoke" if grant.ended.is_none() => {
                let owed = grant.fulfilled.is_some();
                if owed && self.reward["clawback"] == "keep" {
                    fact["kind"] = json!("kept");
                } else {
                    changed.ended = Some("revoked");
                    fact["kind"] = json!("revoked");
                    fact["owed"] = json!(owed);
                }
            }
            "activate" => {
                let waits = grant.fulfilled.is_some()
                    && grant.activated.is_none()
                    && !grant.used
                    && grant.ended.is_none();
                if !waits || !self.by_hand() {
                    return settled;
                }
                self.grants[at].activated = Some(now);
                fact["kind"] = json!("activated");
                fact["until"] = json!(self.ends(&self.grants[at]));
            }
            "use" => {
                if grant.fulfilled.is_none() || grant.used || grant.ended.is_some() {
                    return settled;
                }
                if self.by_hand() && grant.activated.is_none() {
                    return Err("NOT_ACTIVATED".into());
                }
                let over = self.reward["kind"] != "pass";
                self.grants[at].used = over;
                fact["kind"] = json!("used");
                fact["over"] = json!(over);
            }
            _ => return settled,
        }
        Ok(vec![fact])
    }
}

impl Reference for Life {
    const KINDS: &'static [&'static str] = &[
        "granted",
        "withheld",
        "collected",
        "fulfilled",
        "failed",
        "revoked",
        "kept",
        "activated",
        "used",
        "outdated",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let text = |key: &str| command[key].as_str().unwrap_or_default().to_owned();
        let now = command["at"].as_i64().expect("a time");
        match text("do").as_str() {
            "open" => Ok(Vec::new()),
            "help" => self.help(&text("by"), &text("loop"), now),
            "tick" => {
                let mut over: Vec<usize> = (0..self.grants.len())
                    .filter(|at| self.is_over(&self.grants[*at], now) && !self.grants[*at].told)
                    .collect();
                over.sort_by_key(|at| self.ends(&self.grants[*at]));
                let mut facts = Vec::new();
                over.into_iter().for_each(|at| self.tell(at, &mut facts));
                Ok(facts)
            }
            act => self.on_grant(act, &text("grant"), &text("by"), now),
        }
    }
}

fn campaign(bytes: &[u8]) -> Value {
    let dice = &mut Dice(bytes);
    let mut gift = json!({ "kind": dice.pick(&["coupon", "pass", "goods", "content"]), "title": "Gift" });
    for key in ["claimWithin", "hold", "valid"] {
        if dice.below(3) > 0 {
            gift[key] = json!(format!("{}h", 1 + dice.below(4)));
        }
    }
    if dice.below(2) == 1 {
        gift["activate"] = json!("by-hand");
        if dice.below(3) > 0 {
            gift["activateWithin"] = json!(format!("{}h", 1 + dice.below(4)));
        }
    }
    if dice.below(3) > 0 {
        gift["stock"] = json!(1 + dice.below(4));
    }
    if dice.below(3) == 1 {
        gift["perParticipant"] = json!(1 + dice.below(2));
    }
    if dice.below(3) == 1 {
        gift["clawback"] = json!("keep");
    }
    json!({
        "id": "random", "title": "Random", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-09T00:00" },
        "rewards": { "gift": gift },
        "plays": { "help": { "mechanic": "assist", "title": "Help", "helpers": 100, "within": "90d", "giveHelper": ["gift"] } },
        "accept": { "REACH-WINDOW": "a test" },
    })
}

fn commands(plan: &[[u8; 6]]) -> Vec<Value> {
    let mut all: Vec<Value> = (0..4)
        .map(|n| json!({ "id": format!("open{n}"), "at": START, "do": "open", "by": "host", "play": "help", "loop": format!("H{n}") }))
        .collect();
    let mut now = START;
    for (number, bytes) in plan.iter().enumerate() {
        let dice = &mut Dice(bytes);
        now += i64::from(dice.below(7)) * 20 * MINUTE;
        let back = dice.maybe(8, |_| 2 * HOUR).unwrap_or(0);
        let id = dice.maybe(12, |dice| number.saturating_sub(usize::from(dice.below(3)))).unwrap_or(number);
        let (who, loop_) = (dice.pick(&PEOPLE), format!("H{}", bytes[4] % 4));
        let grant = format!("{loop_}.{}", 1 + bytes[5] % 3);
        let mut command = match dice.below(16) {
            0..4 => json!({ "do": "help", "by": who, "loop": loop_ }),
            4..7 => json!({ "do": "claim", "by": who, "grant": grant }),
            7..9 => json!({ "do": "fulfil", "grant": grant }),
            9 => json!({ "do": "fail", "grant": grant }),
            10 => json!({ "do": "revoke", "grant": grant }),
            11..13 => json!({ "do": "activate", "by": who, "grant": grant }),
            13..15 => json!({ "do": "use", "grant": grant }),
            _ => json!({ "do": "tick" }),
        };
        command["id"] = json!(format!("c{id}"));
        command["at"] = json!(now - back);
        let known = all.iter().find(|other| other["id"] == command["id"]).cloned();
        all.push(known.unwrap_or(command));
    }
    all
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let campaign = campaign(&bytes(number, 16));
    Round::of(&campaign, &commands(&plan_of::<6>(number, 60)), || Life::new(&campaign))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_prose(campaign_bytes in vec(any::<u8>(), 16), plan in vec(any::<[u8; 6]>(), 1..60)) {
        let campaign = campaign(&campaign_bytes);
        let found = differs(&campaign, &commands(&plan), &mut Life::new(&campaign));
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    }
}

#[test]
fn planted_faults_are_found() {
    let mut campaign = campaign(&[]);
    campaign["rewards"]["gift"] = json!({
        "kind": "coupon", "title": "Gift", "claimWithin": "2h", "hold": "1h", "activate": "by-hand", "activateWithin": "3h", "valid": "4h", "stock": 1,
    });
    let at = |id: &str, minute: i64, act: &str, by: &str| {
        let mut command =
            json!({ "id": id, "at": START + minute * MINUTE, "do": act, "by": by, "grant": "H1.1" });
        if act == "help" {
            command = json!({ "id": id, "at": START + minute * MINUTE, "do": act, "by": by, "loop": if by == "ann" { "H0" } else { "H1" } });
        }
        command
    };
    let mut commands = commands(&[]);
    commands.extend([
        at("1", 0, "help", "ann"),
        at("2", 120, "help", "bo"),
        at("3", 130, "claim", "bo"),
        at("4", 131, "fulfil", "bo"),
        at("5", 180, "fulfil", "bo"),
        at("6", 190, "use", "bo"),
        at("7", 359, "activate", "bo"),
        at("8", 360, "use", "bo"),
        at("9", 361, "use", "bo"),
        at("10", 362, "revoke", "bo"),
    ]);
    assert_eq!(differs(&campaign, &commands, &mut Life::new(&campaign)), None);
    let faults = [
        ("claimed for ever", "claimWithin", json!("9h")),
        ("nothing held", "hold", Value::Null),
        ("active at once", "activate", Value::Null),
        ("less time to activate", "activateWithin", json!("2h")),
        ("a pass", "kind", json!("pass")),
        ("kept", "clawback", json!("keep")),
    ];
    for (name, key, value) in faults {
        let mut model = Life::new(&campaign);
        model.reward[key] = value;
        let found = differs_by(&campaign, &commands, |command| model.submit(command), Life::KINDS);
        assert!(found.is_some(), "{name} went unnoticed");
    }
}
