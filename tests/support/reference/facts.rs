//! What references read out of the list of facts so far, each time from its beginning.

use serde_json::{Value, json};

/// The facts so far, those of the command being answered among them.
#[derive(Clone)]
pub struct Facts {
    pub campaign: Value,
    pub list: Vec<Value>,
}

impl Facts {
    pub fn new(campaign: &Value) -> Facts {
        Facts { campaign: campaign.clone(), list: Vec::new() }
    }

    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.list.iter().filter(|fact| fact["kind"] == json!(kind)).collect()
    }

    pub fn add(&mut self, fact: Value) {
        self.list.push(fact);
    }

    /// The reward and everything it falls back to.
    pub fn chain(&self, reward: &str) -> Vec<String> {
        let mut chain = vec![reward.to_owned()];
        while let Some(next) = self.campaign["rewards"][chain.last().expect("one")]["fallback"].as_str() {
            chain.push(next.to_owned());
        }
        chain
    }

    /// The grants of a reward that stand, perhaps only those of one person.
    fn standing(&self, reward: &str, to: Option<&str>) -> Vec<&Value> {
        let gone = self.of("failed");
        let stands = |fact: &&Value| {
            fact["reward"] == json!(reward)
                && to.is_none_or(|to| fact["to"] == json!(to))
                && !gone.iter().any(|other| other["grant"] == fact["grant"])
        };
        self.of("granted").into_iter().filter(stands).collect()
    }

    /// What keeps this one reward, of this amount, from someone.
    pub fn obstacle(&self, reward: &str, amount: i64, to: &str) -> Option<&'static str> {
        let rules = &self.campaign["rewards"][reward];
        let standing = self.standing(reward, None);
        let sum = |kind: &str, key: &str| -> i64 {
            let mine = self.of(kind).into_iter().filter(|fact| fact["reward"] == json!(reward));
            mine.map(|fact| fact[key].as_i64().unwrap_or(0)).sum()
        };
        let pieces =
            i64::try_from(standing.len()).expect("few") + sum("set-aside", "count") - sum("freed", "count");
        if rules["stock"].as_i64().is_some_and(|stock| pieces >= stock) {
            return Some("stock");
        }
        let money: i64 = standing.iter().map(|fact| fact["amount"].as_i64().unwrap_or(0)).sum();
        let money = money + sum("set-aside", "amount") - sum("freed", "amount") + amount;
        if minor(&rules["budget"]).is_some_and(|budget| money > budget) {
            return Some("budget");
        }
        let mine = u64::try_from(self.standing(reward, Some(to)).len()).expect("few");
        rules["perParticipant"].as_u64().is_some_and(|most| mine >= most).then_some("limit")
    }

    /// The reward that someone would be given for this one.
    pub fn obtainable(&self, reward: &str, to: &str) -> Option<String> {
        self.chain(reward).into_iter().find(|reward| {
            let amount = minor(&self.campaign["rewards"][reward]["amount"]).unwrap_or(0);
            self.obstacle(reward, amount, to).is_none()
        })
    }

    pub fn grant(&mut self, loop_: &str, reward: &str, to: &str, cause: u64) {
        let Some(reward) = self.obtainable(reward, to) else { return };
        let amount = minor(&self.campaign["rewards"][&reward]["amount"]);
        self.granted(loop_, &reward, to, cause, amount);
    }

    pub fn granted(&mut self, loop_: &str, reward: &str, to: &str, cause: u64, amount: Option<i64>) {
        let n = 1 + self.of("granted").iter().filter(|fact| fact["loop"] == json!(loop_)).count();
        let grant = format!("{loop_}.{n}");
        self.add(json!({
            "kind": "granted", "grant": grant, "loop": loop_, "reward": reward, "to": to, "amount": amount, "cause": cause,
        }));
        if let Some(points) = self.campaign["rewards"][reward]["points"].as_u64() {
            self.add(
                json!({ "kind": "credited", "grant": grant, "reward": reward, "to": to, "points": points }),
            );
        }
    }

    /// The answer to `fail`.
    pub fn fail(&mut self, grant: &str) -> Result<(), String> {
        let same = |fact: &&&Value| fact["grant"] == json!(grant);
        if !self.of("granted").iter().any(|fact| same(&fact)) {
            return Err(String::from("GRANT_UNKNOWN"));
        }
        if self.of("failed").iter().chain(&self.of("credited")).any(|fact| same(&fact)) {
            return Err(String::from("GRANT_SETTLED"));
        }
        self.add(json!({ "kind": "failed", "grant": grant }));
        Ok(())
    }
}

/// `"9.99"` in minor units.
pub fn minor(text: &Value) -> Option<i64> {
    text.as_str().map(|text| text.replace('.', "").parse().expect("an amount with two decimals"))
}
