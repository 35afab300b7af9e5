//! Rewards and limits.

use serde_json::{Value, json};

use super::{HOUR, Model, is, word};

impl Model {
    pub(super) fn limited(
        &self,
        who: &str,
        play: &str,
        helper: bool,
        device: Option<&str>,
    ) -> Result<(), &'static str> {
        // Who acted, in which play, as a helper or not, on which device, when.
        let mut acts = Vec::new();
        for (position, fact) in self.facts.iter().enumerate() {
            let kind = fact["kind"].as_str().unwrap_or_default();
            let own_slot = position > 0
                && kind == "joined"
                && is(&self.facts[position - 1], "kind", "opened")
                && self.facts[position - 1]["loop"] == fact["loop"];
            if ["opened", "helped", "joined"].contains(&kind) && !own_slot {
                let of_play = word(self.opened(&word(fact, "loop")).expect("a loop"), "play");
                acts.push((
                    word(fact, "by"),
                    of_play,
                    kind != "opened",
                    word(fact, "device"),
                    fact["at"].as_i64().unwrap_or(0),
                ));
            }
        }
        if let (Some(most), Some(device), true) = (self.rules["guard"]["perDevice"].as_u64(), device, helper)
            && acts.iter().filter(|act| act.2 && act.3 == device).count()
                >= usize::try_from(most).unwrap_or(0)
        {
            return Err("DEVICE_LIMIT");
        }
        for (scope, limits) in
            [(Some(play), &self.rules["plays"][play]["limits"]), (None, &self.rules["limits"])]
        {
            for limit in limits.as_array().into_iter().flatten() {
                let per = word(limit, "per");
                let applies = match per.as_str() {
                    "helper" => helper,
                    "initiator" => !helper,
                    "device" => device.is_some(),
                    _ => true,
                };
                let period = |at: i64| match word(limit, "every").as_str() {
                    "hour" => at.div_euclid(HOUR),
                    "day" => (at + 8 * HOUR).div_euclid(24 * HOUR),
                    // A plan never leaves its week.
                    _ => 0,
                };
                let same = |act: &&(String, String, bool, String, i64)| {
                    let subject = match per.as_str() {
                        "helper" => act.2 && act.0 == who,
                        "initiator" => !act.2 && act.0 == who,
                        "device" => Some(act.3.as_str()) == device,
                        _ => act.0 == who,
                    };
                    subject && scope.is_none_or(|play| play == act.1) && period(act.4) == period(self.now)
                };
                let count = acts.iter().filter(same).count();
                if applies && u64::try_from(count).ok() >= limit["most"].as_u64() {
                    return Err("LIMIT_REACHED");
                }
            }
        }
        Ok(())
    }

    pub(super) fn grant(&mut self, loop_: &str, reward: &str, to: &str, cause: &str) {
        self.grant_amount(loop_, reward, to, cause, 300);
    }

    pub(super) fn grant_amount(&mut self, loop_: &str, reward: &str, to: &str, cause: &str, cash: i64) {
        let mut next = reward.to_owned();
        let mut reason = "stock";
        while !next.is_empty() {
            let rules = self.rules["rewards"][&next].clone();
            let (count, spent) = self.used(&next);
            let is_cash = next == "cash" || next == "back";
            let amount = if is_cash { cash } else { 0 };
            let budget =
                rules["budget"].as_str().map(|text| text.replace('.', "").parse::<i64>().expect("an amount"));
            let mine = self
                .grants()
                .into_iter()
                .filter(|grant| grant.1 && is(&grant.0, "reward", &next) && is(&grant.0, "to", to))
                .count();
            let at_least = |count: usize, most: &Value| {
                most.as_u64().is_some_and(|most| u64::try_from(count).is_ok_and(|count| count >= most))
            };
            if at_least(count, &rules["stock"]) {
                reason = "stock";
            } else if budget.is_some_and(|budget| spent + amount > budget) {
                reason = "budget";
            } else if at_least(mine, &rules["perParticipant"]) {
                reason = "limit";
            } else {
                let n = self.of("granted", loop_).count() + 1;
                let mut fact = json!({ "kind": "granted", "grant": format!("{loop_}.{n}"), "loop": loop_, "reward": next, "to": to, "mark": cause });
                if is_cash {
                    fact["amount"] = json!(amount);
                }
                if rules["hold"].is_string() {
                    fact["until"] = json!(self.now + HOUR);
                }
                return self.tell(fact);
            }
            next = word(&rules, "fallback");
        }
        self.tell(json!({ "kind": "withheld", "loop": loop_, "reward": reward, "to": to, "reason": reason }));
    }

    pub(super) fn grant_all(&mut self, loop_: &str, rewards: &Value, to: &str, cause: &str) {
        for reward in rewards.as_array().into_iter().flatten() {
            self.grant(loop_, reward.as_str().expect("a name"), to, cause);
        }
    }

    /// Takes the latest standing grants for a cause back until `most` are left.
    pub(super) fn take_back(&mut self, loop_: &str, cause: &str, most: usize) {
        let mut standing = self.grants();
        standing.retain(|grant| grant.1 && is(&grant.0, "loop", loop_) && is(&grant.0, "mark", cause));
        while standing.len() > most {
            let (grant, _, status) = standing.pop().expect("a grant");
            self.tell(json!({ "kind": "revoked", "grant": grant["grant"], "loop": loop_, "owed": status == "fulfilled" }));
        }
    }

    pub(super) fn settle_grant(&mut self, act: &str, id: &str, reason: &Value) -> Result<(), &'static str> {
        let known = self.grants().into_iter().find(|grant| is(&grant.0, "grant", id));
        let (grant, _, status) = known.ok_or("GRANT_UNKNOWN")?;
        let kind = match (act, status) {
            ("fulfil", "reserved") => {
                if grant["until"].as_i64().is_some_and(|until| self.now < until) {
                    return Err("GRANT_HELD");
                }
                "fulfilled"
            }
            ("fail", "reserved") => "failed",
            ("revoke", "reserved" | "fulfilled") => "revoked",
            _ => return Err("GRANT_SETTLED"),
        };
        let mut fact = json!({ "kind": kind, "grant": id });
        if kind == "revoked" {
            fact["owed"] = json!(status == "fulfilled");
        }
        if kind == "failed" {
            fact["reason"] = reason.clone();
        }
        self.tell(fact);
        Ok(())
    }
}
