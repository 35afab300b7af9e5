//! Opening, assist and invite.

use serde_json::{Value, json};

use super::{MINUTE, Model, earned, is, span, with_device, word};

impl Model {
    pub(super) fn open(
        &mut self,
        by: &str,
        play: &str,
        loop_: &str,
        device: Option<&str>,
    ) -> Result<(), &'static str> {
        let rules = self.rules["plays"][play].clone();
        let mine: Vec<Value> = self
            .facts
            .iter()
            .filter(|fact| is(fact, "kind", "opened") && is(fact, "play", play) && is(fact, "by", by))
            .cloned()
            .collect();
        let mut order = Value::Null;
        if let Some(name) = rules["requires"].as_str() {
            let standing = mine
                .iter()
                .filter(|fact| !fact["order"].as_str().is_some_and(|order| self.refunded(order)))
                .count();
            if standing >= self.happened(by, name) {
                return Err("EVENT_REQUIRED");
            }
            let of_event =
                |fact: &&Value| is(fact, "kind", "happened") && is(fact, "by", by) && is(fact, "name", name);
            let unused = |order: &&Value| {
                order.is_string()
                    && !self.refunded(order.as_str().unwrap_or(""))
                    && !mine.iter().any(|fact| fact["order"] == **order)
            };
            order = self
                .facts
                .iter()
                .filter(of_event)
                .map(|fact| &fact["order"])
                .find(unused)
                .cloned()
                .unwrap_or_default();
        }
        self.limited(by, play, false, device)?;
        let mechanic = word(&rules, "mechanic");
        let until = match mechanic.as_str() {
            "assist" => self.now + span(&rules, "within"),
            "invite" if !mine.is_empty() => return Err("LOOP_RUNNING"),
            "invite" => self.until,
            _ => {
                if self.holds_elsewhere(by, "") {
                    return Err("LOOP_RUNNING");
                }
                self.take_goods("")?;
                self.now + span(&rules, "within")
            }
        };
        let mut fact = json!({ "kind": "opened", "loop": loop_, "play": play, "by": by, "until": until });
        if order.is_string() {
            fact["order"] = order;
        }
        self.tell(with_device(fact, device, self.names_devices(play)));
        if mechanic == "group-buy" {
            self.tell(json!({ "kind": "joined", "loop": loop_, "by": by, "until": until.min(self.now + 20 * MINUTE) }));
        }
        Ok(())
    }

    /// Whether a rule counts devices, so that facts name them.
    pub(super) fn names_devices(&self, play: &str) -> bool {
        let lists = [&self.rules["limits"], &self.rules["plays"][play]["limits"]];
        let limits = lists.into_iter().filter_map(Value::as_array).flatten();
        self.rules["guard"]["perDevice"].is_u64()
            || limits.into_iter().any(|limit| is(limit, "per", "device"))
    }

    pub(super) fn help(
        &mut self,
        by: &str,
        loop_: &str,
        rules: &Value,
        device: Option<&str>,
    ) -> Result<(), &'static str> {
        self.running(loop_)?;
        if self.leader(loop_) == by {
            return Err("OWN_LOOP");
        }
        if self.of("helped", loop_).any(|fact| is(fact, "by", by)) {
            return Err("ALREADY_HELPED");
        }
        let play = word(self.opened(loop_)?, "play");
        self.limited(by, &play, true, device)?;
        let have = self.of("helped", loop_).count() + 1;
        let fact =
            json!({ "kind": "helped", "loop": loop_, "by": by, "have": have, "need": rules["helpers"] });
        self.tell(with_device(fact, device, self.names_devices(&play)));
        self.grant_all(loop_, &rules["giveHelper"], by, by);
        if rules["helpers"].as_u64() == u64::try_from(have).ok() {
            self.tell(json!({ "kind": "completed", "loop": loop_ }));
            let initiator = self.leader(loop_);
            self.grant_all(loop_, &rules["give"], &initiator, "initiator");
        }
        Ok(())
    }

    pub(super) fn inviter(&self, who: &str) -> Option<String> {
        let loops = self.loops_of_play("invite");
        let joined =
            loops.into_iter().find(|loop_| self.of("joined", loop_).any(|fact| is(fact, "by", who)))?;
        Some(self.leader(&joined))
    }

    pub(super) fn join_inviter(
        &mut self,
        by: &str,
        loop_: &str,
        rules: &Value,
        device: Option<&str>,
    ) -> Result<(), &'static str> {
        self.running(loop_)?;
        let inviter = self.leader(loop_);
        if inviter == by {
            return Err("OWN_LOOP");
        }
        if self.of("joined", loop_).any(|fact| is(fact, "by", by)) {
            return Err("ALREADY_JOINED");
        }
        if self.inviter(by).is_some() {
            return Err("ALREADY_INVITED");
        }
        if self.happened(by, "ordered") > 0 {
            return Err("NOT_NEW");
        }
        let mut above = inviter;
        while let Some(next) = self.inviter(&above) {
            if next == by {
                return Err("INVITE_CYCLE");
            }
            above = next;
        }
        self.limited(by, "invite", true, device)?;
        let fact =
            json!({ "kind": "joined", "loop": loop_, "by": by, "until": self.now + span(rules, "within") });
        self.tell(with_device(fact, device, self.names_devices("invite")));
        Ok(())
    }

    /// The friends who have qualified and were not voided.
    pub(super) fn qualified(&self, loop_: &str) -> Vec<String> {
        let mut friends: Vec<String> = Vec::new();
        for fact in self.facts.iter().filter(|fact| is(fact, "loop", loop_)) {
            match fact["kind"].as_str() {
                Some("qualified") => friends.push(word(fact, "by")),
                Some("voided") => friends.retain(|friend| !is(fact, "by", friend)),
                _ => {}
            }
        }
        friends
    }

    pub(super) fn event(&mut self, by: &str, name: &str, order: Value, amount: &Value) {
        let mut fact = json!({ "kind": "happened", "by": by, "name": name });
        for (key, value) in [("order", &order), ("amount", amount)] {
            if !value.is_null() {
                fact[key] = value.clone();
            }
        }
        self.tell(fact);
        if name != "ordered" {
            return;
        }
        for loop_ in self.loops_of_play("invite") {
            let window = self
                .of("joined", &loop_)
                .find(|fact| is(fact, "by", by))
                .and_then(|fact| fact["until"].as_i64());
            if window.is_none_or(|until| self.now >= until) || self.qualified(&loop_).contains(&by.to_owned())
            {
                continue;
            }
            let have = self.qualified(&loop_).len() + 1;
            let mut fact = json!({ "kind": "qualified", "loop": loop_, "by": by, "have": have });
            if order.is_string() {
                fact["order"] = order.clone();
            }
            self.tell(fact);
            let rules = self.play(&loop_).clone();
            self.grant_all(&loop_, &rules["invitee"], by, by);
            for (number, tier) in rules["inviter"].as_array().into_iter().flatten().enumerate() {
                if earned(tier, have) > earned(tier, have - 1) {
                    self.grant(&loop_, &word(tier, "give"), &self.leader(&loop_), &format!("tier {number}"));
                }
            }
        }
    }
}
