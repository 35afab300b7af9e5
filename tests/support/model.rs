//! A second engine, written from the prose of the rules and as naive as it can be: it keeps the list of facts
//! and finds out everything else by reading the whole list again, for every question.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The facts so far, and the answers given.
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

    // What the list of facts says.

    fn of<'m>(&'m self, kind: &str, loop_: &str) -> impl DoubleEndedIterator<Item = &'m Value> + use<'m> {
        let (kind, loop_) = (kind.to_owned(), loop_.to_owned());
        self.facts.iter().filter(move |fact| is(fact, "kind", &kind) && is(fact, "loop", &loop_))
    }

    fn opened(&self, loop_: &str) -> Result<&Value, &'static str> {
        self.of("opened", loop_).next().ok_or("LOOP_UNKNOWN")
    }

    fn play(&self, loop_: &str) -> &Value {
        &self.rules["plays"][self.of("opened", loop_).next().map_or("", |fact| fact["play"].as_str().unwrap_or(""))]
    }

    fn mechanic(&self, loop_: &str) -> String {
        word(self.play(loop_), "mechanic")
    }

    fn offered(&self, loop_: &str, mechanic: &str) -> Result<Value, &'static str> {
        self.opened(loop_)?;
        if self.mechanic(loop_) == mechanic { Ok(self.play(loop_).clone()) } else { Err("ACTION_UNKNOWN") }
    }

    fn until(&self, loop_: &str) -> i64 {
        self.opened(loop_).map_or(0, |fact| fact["until"].as_i64().unwrap_or(0))
    }

    fn leader(&self, loop_: &str) -> String {
        let leaders = self.of("opened", loop_).chain(self.of("succeeded", loop_));
        leaders.last().map(|fact| word(fact, "by")).unwrap_or_default()
    }

    fn loops(&self) -> Vec<String> {
        self.facts.iter().filter(|fact| is(fact, "kind", "opened")).map(|fact| word(fact, "loop")).collect()
    }

    fn loops_of_play(&self, play: &str) -> Vec<String> {
        self.loops().into_iter().filter(|loop_| self.opened(loop_).is_ok_and(|fact| is(fact, "play", play))).collect()
    }

    fn over(&self, loop_: &str) -> bool {
        self.of("completed", loop_).next().is_some() || self.of("expired", loop_).next().is_some()
    }

    /// Whether a loop runs at this moment, by the clock.
    fn running(&self, loop_: &str) -> Result<(), &'static str> {
        let members = self.members(loop_);
        let nobody = self.mechanic(loop_) == "group-buy" && !members.iter().any(|member| self.holds(member));
        if self.of("completed", loop_).next().is_some() {
            return Err("LOOP_COMPLETE");
        }
        if self.of("expired", loop_).next().is_some() {
            return Err("LOOP_EXPIRED");
        }
        if self.now >= self.until(loop_) && self.fills(loop_) {
            return Err("LOOP_COMPLETE");
        }
        if self.now >= self.until(loop_) || nobody { Err("LOOP_EXPIRED") } else { Ok(()) }
    }

    /// The members of a group in the order of joining.
    fn members(&self, loop_: &str) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for fact in self.facts.iter().filter(|fact| is(fact, "loop", loop_)) {
            let who = word(fact, "by");
            match fact["kind"].as_str().unwrap_or_default() {
                "joined" => members.push(Member { who, until: fact["until"].as_i64().unwrap_or(0), order: None }),
                "lapsed" | "left" => members.retain(|member| member.who != who),
                "paid" => {
                    for member in members.iter_mut().filter(|member| member.who == who) {
                        member.order = Some(word(fact, "order"));
                    }
                }
                _ => {}
            }
        }
        members
    }

    fn holds(&self, member: &Member) -> bool {
        member.order.is_some() || self.now < member.until
    }

    fn held(&self, loop_: &str, who: &str) -> Option<Member> {
        self.members(loop_).into_iter().find(|member| member.who == who && self.holds(member))
    }

    fn paid(&self, loop_: &str) -> usize {
        self.members(loop_).iter().filter(|member| member.order.is_some()).count()
    }

    fn fills(&self, loop_: &str) -> bool {
        let rules = self.play(loop_);
        let (paid, size) = (self.paid(loop_), rules["size"].as_u64().unwrap_or(0));
        let percent = u64::try_from(paid * 100).unwrap_or(0);
        paid > 0 && rules["virtualFrom"].as_u64().is_some_and(|from| percent >= from * size)
    }

    fn holds_elsewhere(&self, who: &str, except: &str) -> bool {
        let others = self.loops_of_play("group").into_iter().filter(|loop_| loop_ != except);
        others.into_iter().any(|loop_| !self.over(&loop_) && self.now < self.until(&loop_) && self.held(&loop_, who).is_some())
    }

    /// The fact that told of an order.
    fn order(&self, order: &str) -> Option<&Value> {
        let kinds = ["happened", "paid", "late", "bought"];
        self.facts.iter().find(|fact| is(fact, "order", order) && kinds.iter().any(|kind| is(fact, "kind", kind)))
    }

    fn refunded(&self, order: &str) -> bool {
        self.facts.iter().any(|fact| is(fact, "kind", "refunded") && is(fact, "order", order))
    }

    /// How often an event happened to someone; what was refunded has not.
    fn happened(&self, who: &str, name: &str) -> usize {
        let all = self.facts.iter().filter(|fact| is(fact, "kind", "happened") && is(fact, "by", who) && is(fact, "name", name));
        all.filter(|fact| !fact["order"].as_str().is_some_and(|order| self.refunded(order))).count()
    }

    /// Every grant with whether it stands and where.
    fn grants(&self) -> Vec<(Value, bool, &'static str)> {
        let granted = self.facts.iter().filter(|fact| is(fact, "kind", "granted"));
        let status = |grant: &Value| {
            let of_grant = |kind: &&&str| self.facts.iter().any(|fact| is(fact, "kind", kind) && fact["grant"] == grant["grant"]);
            ["revoked", "failed", "fulfilled"].iter().find(of_grant).copied().unwrap_or("reserved")
        };
        granted.map(|grant| (grant.clone(), ["reserved", "fulfilled"].contains(&status(grant)), status(grant))).collect()
    }

    fn goods_taken(&self) -> usize {
        let mut taken = 0;
        for loop_ in self.loops_of_play("group") {
            if self.of("expired", &loop_).next().is_some() {
                continue;
            }
            let back = |member: &Member| member.order.as_deref().is_some_and(|order| self.refunded(order));
            taken += self.members(&loop_).iter().filter(|member| !back(member)).count();
        }
        let bought = self.facts.iter().filter(|fact| is(fact, "kind", "bought") && !self.refunded(&word(fact, "order")));
        taken + bought.count()
    }

    fn due(&self, loop_: &str) -> i64 {
        let reserved = self.members(loop_).into_iter().filter(|member| member.order.is_none());
        reserved.map(|member| member.until).fold(self.until(loop_), i64::min)
    }

    /// The groups that have something to settle, by when and then by age.
    fn due_groups(&self) -> Vec<String> {
        let mut due: Vec<(i64, String)> = self.loops_of_play("group").into_iter().filter(|loop_| !self.over(loop_)).map(|loop_| (self.due(&loop_), loop_)).collect();
        due.retain(|(at, _)| *at <= self.now);
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, loop_)| loop_).collect()
    }

    // Limits.

    fn limited(&self, who: &str, play: &str, helper: bool, device: Option<&str>) -> Result<(), &'static str> {
        // Who acted, in which play, as a helper or not, on which device, when.
        let mut acts = Vec::new();
        for (position, fact) in self.facts.iter().enumerate() {
            let kind = fact["kind"].as_str().unwrap_or_default();
            let own_slot = position > 0 && kind == "joined" && is(&self.facts[position - 1], "kind", "opened") && self.facts[position - 1]["loop"] == fact["loop"];
            if ["opened", "helped", "joined"].contains(&kind) && !own_slot {
                let of_play = word(self.opened(&word(fact, "loop")).expect("a loop"), "play");
                acts.push((word(fact, "by"), of_play, kind != "opened", word(fact, "device"), fact["at"].as_i64().unwrap_or(0)));
            }
        }
        if let (Some(most), Some(device), true) = (self.rules["guard"]["perDevice"].as_u64(), device, helper)
            && acts.iter().filter(|act| act.2 && act.3 == device).count() >= usize::try_from(most).unwrap_or(0)
        {
            return Err("DEVICE_LIMIT");
        }
        for (scope, limits) in [(Some(play), &self.rules["plays"][play]["limits"]), (None, &self.rules["limits"])] {
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

    // Rewards.

    fn grant(&mut self, loop_: &str, reward: &str, to: &str, cause: &str) {
        let mut next = reward.to_owned();
        let mut reason = "stock";
        while !next.is_empty() {
            let rules = self.rules["rewards"][&next].clone();
            let (count, spent) = self.used(&next);
            let amount = if next == "cash" { 300 } else { 0 };
            let budget = rules["budget"].as_str().map(|text| text.replace('.', "").parse::<i64>().expect("an amount"));
            let mine = self.grants().into_iter().filter(|grant| grant.1 && is(&grant.0, "reward", &next) && is(&grant.0, "to", to)).count();
            let at_least = |count: usize, most: &Value| most.as_u64().is_some_and(|most| u64::try_from(count).is_ok_and(|count| count >= most));
            if at_least(count, &rules["stock"]) {
                reason = "stock";
            } else if budget.is_some_and(|budget| spent + amount > budget) {
                reason = "budget";
            } else if at_least(mine, &rules["perParticipant"]) {
                reason = "limit";
            } else {
                let n = self.of("granted", loop_).count() + 1;
                let mut fact = json!({ "kind": "granted", "grant": format!("{loop_}.{n}"), "loop": loop_, "reward": next, "to": to, "mark": cause });
                if next == "cash" {
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

    fn grant_all(&mut self, loop_: &str, rewards: &Value, to: &str, cause: &str) {
        for reward in rewards.as_array().into_iter().flatten() {
            self.grant(loop_, reward.as_str().expect("a name"), to, cause);
        }
    }

    /// Takes the latest standing grants for a cause back until `most` are left.
    fn take_back(&mut self, loop_: &str, cause: &str, most: usize) {
        let mut standing = self.grants();
        standing.retain(|grant| grant.1 && is(&grant.0, "loop", loop_) && is(&grant.0, "mark", cause));
        while standing.len() > most {
            let (grant, _, status) = standing.pop().expect("a grant");
            self.tell(json!({ "kind": "revoked", "grant": grant["grant"], "loop": loop_, "owed": status == "fulfilled" }));
        }
    }

    fn settle_grant(&mut self, act: &str, id: &str, reason: &Value) -> Result<(), &'static str> {
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

    // Opening.

    fn open(&mut self, by: &str, play: &str, loop_: &str, device: Option<&str>) -> Result<(), &'static str> {
        let rules = self.rules["plays"][play].clone();
        let mine: Vec<Value> = self.facts.iter().filter(|fact| is(fact, "kind", "opened") && is(fact, "play", play) && is(fact, "by", by)).cloned().collect();
        let mut order = Value::Null;
        if let Some(name) = rules["requires"].as_str() {
            let standing = mine.iter().filter(|fact| !fact["order"].as_str().is_some_and(|order| self.refunded(order))).count();
            if standing >= self.happened(by, name) {
                return Err("EVENT_REQUIRED");
            }
            let of_event = |fact: &&Value| is(fact, "kind", "happened") && is(fact, "by", by) && is(fact, "name", name);
            let unused = |order: &&Value| order.is_string() && !self.refunded(order.as_str().unwrap_or("")) && !mine.iter().any(|fact| fact["order"] == **order);
            order = self.facts.iter().filter(of_event).map(|fact| &fact["order"]).find(unused).cloned().unwrap_or_default();
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
    fn names_devices(&self, play: &str) -> bool {
        let lists = [&self.rules["limits"], &self.rules["plays"][play]["limits"]];
        let limits = lists.into_iter().filter_map(Value::as_array).flatten();
        self.rules["guard"]["perDevice"].is_u64() || limits.into_iter().any(|limit| is(limit, "per", "device"))
    }

    // Assist.

    fn help(&mut self, by: &str, loop_: &str, rules: &Value, device: Option<&str>) -> Result<(), &'static str> {
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
        let fact = json!({ "kind": "helped", "loop": loop_, "by": by, "have": have, "need": rules["helpers"] });
        self.tell(with_device(fact, device, self.names_devices(&play)));
        self.grant_all(loop_, &rules["giveHelper"], by, by);
        if rules["helpers"].as_u64() == u64::try_from(have).ok() {
            self.tell(json!({ "kind": "completed", "loop": loop_ }));
            let initiator = self.leader(loop_);
            self.grant_all(loop_, &rules["give"], &initiator, "initiator");
        }
        Ok(())
    }

    // Invite.

    fn inviter(&self, who: &str) -> Option<String> {
        let loops = self.loops_of_play("invite");
        let joined = loops.into_iter().find(|loop_| self.of("joined", loop_).any(|fact| is(fact, "by", who)))?;
        Some(self.leader(&joined))
    }

    fn join_inviter(&mut self, by: &str, loop_: &str, rules: &Value, device: Option<&str>) -> Result<(), &'static str> {
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
        let fact = json!({ "kind": "joined", "loop": loop_, "by": by, "until": self.now + span(rules, "within") });
        self.tell(with_device(fact, device, self.names_devices("invite")));
        Ok(())
    }

    /// The friends who have qualified and were not voided.
    fn qualified(&self, loop_: &str) -> Vec<String> {
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

    fn event(&mut self, by: &str, name: &str, order: Value, amount: &Value) {
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
            let window = self.of("joined", &loop_).find(|fact| is(fact, "by", by)).and_then(|fact| fact["until"].as_i64());
            if window.is_none_or(|until| self.now >= until) || self.qualified(&loop_).contains(&by.to_owned()) {
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

    // Group buy.

    /// Settles groups that are due, the oldest first, until one unit is left.
    fn take_goods(&mut self, except: &str) -> Result<(), &'static str> {
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

    fn join_group(&mut self, by: &str, loop_: &str, rules: &Value, device: Option<&str>) -> Result<(), &'static str> {
        self.running(loop_)?;
        if self.held(loop_, by).is_some() {
            return Err("ALREADY_JOINED");
        }
        if self.holds_elsewhere(by, loop_) {
            return Err("LOOP_RUNNING");
        }
        if self.is_full(loop_, rules) {
            return Err("GROUP_FULL");
        }
        self.limited(by, "group", true, device)?;
        self.lapse(loop_);
        self.take_goods(loop_)?;
        self.reserve(by, loop_, device);
        Ok(())
    }

    fn is_full(&self, loop_: &str, rules: &Value) -> bool {
        let taken = self.members(loop_).iter().filter(|member| self.holds(member)).count();
        u64::try_from(taken).ok() >= rules["size"].as_u64()
    }

    fn reserve(&mut self, by: &str, loop_: &str, device: Option<&str>) {
        let until = self.until(loop_).min(self.now + 20 * MINUTE);
        let fact = json!({ "kind": "joined", "loop": loop_, "by": by, "until": until });
        self.tell(with_device(fact, device, self.names_devices("group")));
    }

    fn lapse(&mut self, loop_: &str) {
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

    fn succeed(&mut self, loop_: &str) {
        match self.members(loop_).iter().find(|member| self.holds(member)) {
            Some(next) => self.tell(json!({ "kind": "succeeded", "loop": loop_, "by": next.who })),
            None => self.tell(json!({ "kind": "expired", "loop": loop_ })),
        }
    }

    fn leave(&mut self, by: &str, loop_: &str) -> Result<(), &'static str> {
        self.running(loop_)?;
        let member = self.held(loop_, by).ok_or("NOT_MEMBER")?;
        self.lapse(loop_);
        self.give_up(&member, loop_, true);
        Ok(())
    }

    fn give_up(&mut self, member: &Member, loop_: &str, owed: bool) {
        let leader = self.leader(loop_);
        self.tell(json!({ "kind": "left", "loop": loop_, "by": member.who }));
        if let (Some(order), true) = (&member.order, owed) {
            self.tell(json!({ "kind": "refund-due", "loop": loop_, "by": member.who, "order": order, "amount": 500, "reason": "left" }));
        }
        if leader == member.who {
            self.succeed(loop_);
        }
    }

    fn settle(&mut self, loop_: &str) {
        if self.over(loop_) {
            return;
        }
        self.lapse(loop_);
        if self.over(loop_) || self.now < self.until(loop_) {
            return;
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

    fn complete(&mut self, loop_: &str) {
        self.tell(json!({ "kind": "completed", "loop": loop_ }));
        let rules = self.play(loop_).clone();
        for member in self.members(loop_).into_iter().filter(|member| member.order.is_some()) {
            self.grant_all(loop_, &rules["give"], &member.who, &member.who);
        }
        let leader = self.leader(loop_);
        self.grant_all(loop_, &rules["giveLeader"], &leader, "leader");
    }

    fn pay(&mut self, by: &str, loop_: &str, rules: &Value, order: &str, device: Option<&str>) {
        self.settle(loop_);
        let mine = self.members(loop_).into_iter().find(|member| member.who == by);
        let back = mine.as_ref().and_then(|member| member.order.clone()).is_some_and(|order| self.refunded(&order));
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
        } else if self.limited(by, "group", true, device).is_err() {
            Some("limit")
        } else {
            let before = self.facts.len();
            let sold_out = self.take_goods(loop_).is_err();
            // What was settled in vain stays settled: the payment is recorded either way.
            assert!(self.facts.len() >= before);
            sold_out.then_some("stock")
        };
        if let Some(reason) = reason {
            self.tell(json!({ "kind": "late", "loop": loop_, "by": by, "order": order, "amount": 500 }));
            self.tell(json!({ "kind": "refund-due", "loop": loop_, "by": by, "order": order, "amount": 500, "reason": reason }));
            return;
        }
        if !reserved {
            self.reserve(by, loop_, device);
        }
        self.tell(json!({ "kind": "paid", "loop": loop_, "by": by, "order": order, "amount": 500 }));
        if u64::try_from(self.paid(loop_)).ok() == rules["size"].as_u64() {
            self.complete(loop_);
        }
    }

    // Refunds.

    fn refund(&mut self, order: &str) -> Result<(), &'static str> {
        let told = self.order(order).ok_or("ORDER_UNKNOWN")?.clone();
        if self.refunded(order) {
            return Err("ORDER_REFUNDED");
        }
        let kinds = ["paid", "qualified", "opened"];
        let mut resting: Vec<String> = Vec::new();
        for fact in &self.facts {
            if is(fact, "order", order) && kinds.iter().any(|kind| is(fact, "kind", kind)) && !resting.contains(&word(fact, "loop")) {
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

    fn refund_in(&mut self, loop_: &str, order: &str, by: &str) {
        match self.mechanic(loop_).as_str() {
            "assist" if self.of("completed", loop_).next().is_some() => self.take_back(loop_, "initiator", 0),
            "assist" if !self.over(loop_) => self.tell(json!({ "kind": "expired", "loop": loop_ })),
            "assist" => {}
            "invite" => {
                let last = self.of("qualified", loop_).filter(|fact| is(fact, "by", by)).next_back();
                if !last.is_some_and(|fact| is(fact, "order", order)) || !self.qualified(loop_).contains(&by.to_owned()) {
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
                let member = self.members(loop_).into_iter().find(|member| member.order.as_deref() == Some(order));
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
