//! Group buy, and refunds in all loops.

use serde_json::{Value, json};

use super::{MINUTE, Member, Model, earned, is, with_device, word};

impl Model {
    /// Settles groups that are due, the oldest first, until one unit is left.
    pub(super) fn take_goods(&mut self, except: &str) -> Result<(), &'static str> {
        let Some(stock) = self.rules["plays"]["group"]["stock"].as_u64() else { return Ok(()) };
        let is_left = |model: &Model| u64::try_from(model.goods_taken()).is_ok_and(|taken| taken < stock);
        for loop_ in self.due_groups().into_iter().filter(|loop_| loop_ != except) {
            if is_left(self) {
                break;
            }
            self.settle(&loop_);
        }
        if is_left(self) { Ok(()) } else { Err("SOLD_OUT") }
    }

    pub(super) fn join_group(
        &mut self,
        by: &str,
        loop_: &str,
        rules: &Value,
        device: Option<&str>,
    ) -> Result<(), &'static str> {
        self.running(loop_)?;
        if self.held(loop_, by).is_some() {
            return Err("ALREADY_JOINED");
        }
        if rules["joinAfterEnd"] == json!(false) && self.now >= self.until {
            return Err("CAMPAIGN_ENDED");
        }
        if self.holds_elsewhere(by, loop_) {
            return Err("LOOP_RUNNING");
        }
        if self.is_full(loop_, rules) {
            return Err("GROUP_FULL");
        }
        if !self.admits(by, rules) {
            return Err("NOT_NEW");
        }
        self.limited(by, "group", true, device)?;
        self.lapse(loop_);
        self.take_goods(loop_)?;
        self.reserve(by, loop_, device);
        Ok(())
    }

    pub(super) fn is_full(&self, loop_: &str, rules: &Value) -> bool {
        let taken = self.members(loop_).iter().filter(|member| self.holds(member)).count();
        u64::try_from(taken).is_ok_and(|taken| taken >= largest(rules))
    }

    fn admits(&self, by: &str, rules: &Value) -> bool {
        rules["newMembers"].as_str().is_none_or(|event| self.happened(by, event) == 0)
    }

    /// What all members are paid back when so many have paid.
    fn saved(&self, rules: &Value, paid: u64) -> i64 {
        let tiers = rules["tiers"].as_array().into_iter().flatten();
        let reached = tiers.filter(|tier| tier["size"].as_u64().is_some_and(|size| paid >= size));
        let prices =
            reached.map(|tier| word(tier, "price").replace('.', "").parse::<i64>().expect("a price"));
        500 - prices.min().unwrap_or(500)
    }

    pub(super) fn reserve(&mut self, by: &str, loop_: &str, device: Option<&str>) {
        let until = self.until(loop_).min(self.now + 20 * MINUTE);
        let fact = json!({ "kind": "joined", "loop": loop_, "by": by, "until": until });
        self.tell(with_device(fact, device, self.names_devices("group")));
    }

    pub(super) fn lapse(&mut self, loop_: &str) {
        let leader = self.leader(loop_);
        for member in self.members(loop_) {
            if !self.holds(&member) {
                self.tell(json!({ "kind": "lapsed", "loop": loop_, "by": member.who }));
            }
        }
        if !self.members(loop_).iter().any(|member| member.who == leader) {
            self.succeed(loop_);
        }
    }

    pub(super) fn succeed(&mut self, loop_: &str) {
        match self.members(loop_).iter().find(|member| self.holds(member)) {
            Some(next) => self.tell(json!({ "kind": "succeeded", "loop": loop_, "by": next.who })),
            None => self.tell(json!({ "kind": "expired", "loop": loop_ })),
        }
    }

    pub(super) fn leave(&mut self, by: &str, loop_: &str) -> Result<(), &'static str> {
        self.running(loop_)?;
        let member = self.held(loop_, by).ok_or("NOT_MEMBER")?;
        self.lapse(loop_);
        self.give_up(&member, loop_, true);
        Ok(())
    }

    pub(super) fn give_up(&mut self, member: &Member, loop_: &str, owed: bool) {
        let leader = self.leader(loop_);
        self.tell(json!({ "kind": "left", "loop": loop_, "by": member.who }));
        if let (Some(order), true) = (&member.order, owed) {
            self.tell(json!({ "kind": "refund-due", "loop": loop_, "by": member.who, "order": order, "amount": 500, "reason": "left" }));
        }
        if leader == member.who {
            self.succeed(loop_);
        }
    }

    pub(super) fn settle(&mut self, loop_: &str) {
        if self.over(loop_) {
            return;
        }
        self.lapse(loop_);
        if self.over(loop_) || self.now < self.until(loop_) {
            return;
        }
        let rules = self.play(loop_).clone();
        let enough = u64::try_from(self.paid(loop_)).ok() >= rules["size"].as_u64();
        if enough {
            return self.complete(loop_);
        }
        if self.fills(loop_) {
            let size = self.play(loop_)["size"].as_u64().unwrap_or(0);
            let paid = u64::try_from(self.paid(loop_)).unwrap_or(0);
            self.tell(json!({ "kind": "filled", "loop": loop_, "count": size - paid }));
            return self.complete(loop_);
        }
        self.tell(json!({ "kind": "expired", "loop": loop_ }));
        for member in self.members(loop_) {
            if let Some(order) = &member.order {
                self.tell(json!({ "kind": "refund-due", "loop": loop_, "by": member.who, "order": order, "amount": 500, "reason": "expired" }));
            }
        }
    }

    pub(super) fn complete(&mut self, loop_: &str) {
        self.tell(json!({ "kind": "completed", "loop": loop_ }));
        let rules = self.play(loop_).clone();
        let saved = self.saved(&rules, u64::try_from(self.paid(loop_)).unwrap_or(0));
        for member in self.members(loop_).into_iter().filter(|member| member.order.is_some()) {
            self.grant_all(loop_, &rules["give"], &member.who, &member.who);
            if saved > 0 {
                self.grant_amount(loop_, "back", &member.who, &member.who, saved);
            }
        }
        let leader = self.leader(loop_);
        self.grant_all(loop_, &rules["giveLeader"], &leader, "leader");
    }

    pub(super) fn pay(&mut self, by: &str, loop_: &str, rules: &Value, order: &str, device: Option<&str>) {
        self.settle(loop_);
        let mine = self.members(loop_).into_iter().find(|member| member.who == by);
        let back =
            mine.as_ref().and_then(|member| member.order.clone()).is_some_and(|order| self.refunded(&order));
        let failed = self.of("expired", loop_).next().is_some();
        let reserved = mine.as_ref().is_some_and(|member| member.order.is_none());
        let reason = if mine.is_some() && !reserved && !back && !failed {
            Some("paid-twice")
        } else if self.of("completed", loop_).next().is_some() {
            Some("full")
        } else if failed {
            Some("expired")
        } else if reserved {
            None
        } else if self.is_full(loop_, rules) {
            Some("full")
        } else if !self.admits(by, rules) {
            Some("not-new")
        } else if self.limited(by, "group", true, device).is_err() {
            Some("limit")
        } else {
            // What was settled in vain stays settled: the payment is recorded either way.
            self.take_goods(loop_).is_err().then_some("stock")
        };
        if matches!(reason, Some("full" | "expired")) && self.reroute(by, loop_, rules, order, device) {
            return;
        }
        if let Some(reason) = reason {
            self.tell(json!({ "kind": "late", "loop": loop_, "by": by, "order": order, "amount": 500 }));
            self.tell(json!({ "kind": "refund-due", "loop": loop_, "by": by, "order": order, "amount": 500, "reason": reason }));
            return;
        }
        if !reserved {
            self.reserve(by, loop_, device);
        }
        self.pay_in(by, loop_, rules, order);
    }

    fn pay_in(&mut self, by: &str, loop_: &str, rules: &Value, order: &str) {
        self.tell(json!({ "kind": "paid", "loop": loop_, "by": by, "order": order, "amount": 500 }));
        if u64::try_from(self.paid(loop_)).is_ok_and(|paid| paid >= largest(rules)) {
            self.complete(loop_);
        }
    }

    /// Looks for another group for a payment that came too late for its own.
    fn reroute(&mut self, by: &str, own: &str, rules: &Value, order: &str, device: Option<&str>) -> bool {
        if rules["late"] != json!("reroute")
            || self.holds_elsewhere(by, own)
            || !self.admits(by, rules)
            || self.limited(by, "group", true, device).is_err()
        {
            return false;
        }
        let mut others = self.loops_of_play("group");
        others.retain(|loop_| {
            loop_ != own
                && self.leader(loop_) != by
                && self.running(loop_).is_ok()
                && !self.is_full(loop_, rules)
        });
        others.sort_by_key(|loop_| self.until(loop_));
        let Some(other) = others.first() else { return false };
        self.settle(other);
        if self.over(other) || self.take_goods(other).is_err() {
            return false;
        }
        self.reserve(by, other, device);
        self.pay_in(by, other, rules, order);
        true
    }

    pub(super) fn refund(&mut self, order: &str) -> Result<(), &'static str> {
        let told = self.order(order).ok_or("ORDER_UNKNOWN")?.clone();
        if self.refunded(order) {
            return Err("ORDER_REFUNDED");
        }
        let kinds = ["paid", "qualified", "opened"];
        let mut resting: Vec<String> = Vec::new();
        for fact in &self.facts {
            if is(fact, "order", order)
                && kinds.iter().any(|kind| is(fact, "kind", kind))
                && !resting.contains(&word(fact, "loop"))
            {
                resting.push(word(fact, "loop"));
            }
        }
        for loop_ in &resting {
            if self.mechanic(loop_) == "group-buy" {
                self.settle(loop_);
            }
        }
        let amount = told["amount"].as_i64().unwrap_or(0);
        self.tell(json!({ "kind": "refunded", "order": order, "amount": amount }));
        for loop_ in &resting {
            self.refund_in(loop_, order, &word(&told, "by"));
        }
        Ok(())
    }

    pub(super) fn refund_in(&mut self, loop_: &str, order: &str, by: &str) {
        match self.mechanic(loop_).as_str() {
            "assist" if self.of("completed", loop_).next().is_some() => self.take_back(loop_, "initiator", 0),
            "assist" if !self.over(loop_) => self.tell(json!({ "kind": "expired", "loop": loop_ })),
            "assist" => {}
            "invite" => {
                let last = self.of("qualified", loop_).rfind(|fact| is(fact, "by", by));
                if !last.is_some_and(|fact| is(fact, "order", order))
                    || !self.qualified(loop_).contains(&by.to_owned())
                {
                    return;
                }
                let have = self.qualified(loop_).len() - 1;
                self.tell(json!({ "kind": "voided", "loop": loop_, "by": by, "have": have }));
                self.take_back(loop_, by, 0);
                let rules = self.play(loop_).clone();
                for (number, tier) in rules["inviter"].as_array().into_iter().flatten().enumerate() {
                    self.take_back(loop_, &format!("tier {number}"), earned(tier, have));
                }
            }
            _ => {
                let member =
                    self.members(loop_).into_iter().find(|member| member.order.as_deref() == Some(order));
                let Some(member) = member else { return };
                if self.of("completed", loop_).next().is_some() {
                    self.take_back(loop_, by, 0);
                    if self.leader(loop_) == by {
                        self.take_back(loop_, "leader", 0);
                    }
                } else if !self.over(loop_) {
                    self.give_up(&member, loop_, false);
                }
            }
        }
    }
}

/// The size at which a group completes at once.
fn largest(rules: &Value) -> u64 {
    let tiers = rules["tiers"].as_array().into_iter().flatten();
    let sizes = tiers.chain([rules]).filter_map(|tier| tier["size"].as_u64());
    sizes.max().unwrap_or(0)
}
