//! What the list of facts says.

use serde_json::Value;

use super::{Member, Model, is, word};

impl Model {
    pub(super) fn of<'m>(
        &'m self,
        kind: &str,
        loop_: &str,
    ) -> impl DoubleEndedIterator<Item = &'m Value> + use<'m> {
        let (kind, loop_) = (kind.to_owned(), loop_.to_owned());
        self.facts.iter().filter(move |fact| is(fact, "kind", &kind) && is(fact, "loop", &loop_))
    }

    pub(super) fn opened(&self, loop_: &str) -> Result<&Value, &'static str> {
        self.of("opened", loop_).next().ok_or("LOOP_UNKNOWN")
    }

    pub(super) fn play(&self, loop_: &str) -> &Value {
        &self.rules["plays"]
            [self.of("opened", loop_).next().map_or("", |fact| fact["play"].as_str().unwrap_or(""))]
    }

    pub(super) fn mechanic(&self, loop_: &str) -> String {
        word(self.play(loop_), "mechanic")
    }

    pub(super) fn offered(&self, loop_: &str, mechanic: &str) -> Result<Value, &'static str> {
        self.opened(loop_)?;
        if self.mechanic(loop_) == mechanic { Ok(self.play(loop_).clone()) } else { Err("ACTION_UNKNOWN") }
    }

    pub(super) fn until(&self, loop_: &str) -> i64 {
        self.opened(loop_).map_or(0, |fact| fact["until"].as_i64().unwrap_or(0))
    }

    pub(super) fn leader(&self, loop_: &str) -> String {
        let leaders = self.of("opened", loop_).chain(self.of("succeeded", loop_));
        leaders.last().map(|fact| word(fact, "by")).unwrap_or_default()
    }

    pub(super) fn loops(&self) -> Vec<String> {
        self.facts.iter().filter(|fact| is(fact, "kind", "opened")).map(|fact| word(fact, "loop")).collect()
    }

    pub(super) fn loops_of_play(&self, play: &str) -> Vec<String> {
        self.loops()
            .into_iter()
            .filter(|loop_| self.opened(loop_).is_ok_and(|fact| is(fact, "play", play)))
            .collect()
    }

    pub(super) fn over(&self, loop_: &str) -> bool {
        self.of("completed", loop_).next().is_some() || self.of("expired", loop_).next().is_some()
    }

    /// Whether a loop runs at this moment, by the clock.
    pub(super) fn running(&self, loop_: &str) -> Result<(), &'static str> {
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
    pub(super) fn members(&self, loop_: &str) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for fact in self.facts.iter().filter(|fact| is(fact, "loop", loop_)) {
            let who = word(fact, "by");
            match fact["kind"].as_str().unwrap_or_default() {
                "joined" => {
                    members.push(Member { who, until: fact["until"].as_i64().unwrap_or(0), order: None })
                }
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

    pub(super) fn holds(&self, member: &Member) -> bool {
        member.order.is_some() || self.now < member.until
    }

    pub(super) fn held(&self, loop_: &str, who: &str) -> Option<Member> {
        self.members(loop_).into_iter().find(|member| member.who == who && self.holds(member))
    }

    pub(super) fn paid(&self, loop_: &str) -> usize {
        self.members(loop_).iter().filter(|member| member.order.is_some()).count()
    }

    pub(super) fn fills(&self, loop_: &str) -> bool {
        let rules = self.play(loop_);
        let (paid, size) = (self.paid(loop_), rules["size"].as_u64().unwrap_or(0));
        let percent = u64::try_from(paid * 100).unwrap_or(0);
        let enough = size > 0 && u64::try_from(paid).is_ok_and(|paid| paid >= size);
        enough || paid > 0 && rules["virtualFrom"].as_u64().is_some_and(|from| percent >= from * size)
    }

    pub(super) fn holds_elsewhere(&self, who: &str, except: &str) -> bool {
        let others = self.loops_of_play("group").into_iter().filter(|loop_| loop_ != except);
        others.into_iter().any(|loop_| {
            !self.over(&loop_) && self.now < self.until(&loop_) && self.held(&loop_, who).is_some()
        })
    }

    /// The fact that told of an order.
    pub(super) fn order(&self, order: &str) -> Option<&Value> {
        let kinds = ["happened", "paid", "late", "bought"];
        self.facts
            .iter()
            .find(|fact| is(fact, "order", order) && kinds.iter().any(|kind| is(fact, "kind", kind)))
    }

    pub(super) fn refunded(&self, order: &str) -> bool {
        self.facts.iter().any(|fact| is(fact, "kind", "refunded") && is(fact, "order", order))
    }

    /// How often an event happened to someone; what was refunded has not.
    pub(super) fn happened(&self, who: &str, name: &str) -> usize {
        let all = self
            .facts
            .iter()
            .filter(|fact| is(fact, "kind", "happened") && is(fact, "by", who) && is(fact, "name", name));
        all.filter(|fact| !fact["order"].as_str().is_some_and(|order| self.refunded(order))).count()
    }

    /// Every grant with whether it stands and where.
    pub(super) fn grants(&self) -> Vec<(Value, bool, &'static str)> {
        let granted = self.facts.iter().filter(|fact| is(fact, "kind", "granted"));
        let status = |grant: &Value| {
            let of_grant = |kind: &&&str| {
                self.facts.iter().any(|fact| is(fact, "kind", kind) && fact["grant"] == grant["grant"])
            };
            ["revoked", "failed", "fulfilled"].iter().find(of_grant).copied().unwrap_or("reserved")
        };
        granted
            .map(|grant| (grant.clone(), ["reserved", "fulfilled"].contains(&status(grant)), status(grant)))
            .collect()
    }

    pub(super) fn goods_taken(&self) -> usize {
        let mut taken = 0;
        for loop_ in self.loops_of_play("group") {
            if self.of("expired", &loop_).next().is_some() {
                continue;
            }
            let back = |member: &Member| member.order.as_deref().is_some_and(|order| self.refunded(order));
            taken += self.members(&loop_).iter().filter(|member| !back(member)).count();
        }
        let bought = self
            .facts
            .iter()
            .filter(|fact| is(fact, "kind", "bought") && !self.refunded(&word(fact, "order")));
        taken + bought.count()
    }

    pub(super) fn due(&self, loop_: &str) -> i64 {
        let reserved = self.members(loop_).into_iter().filter(|member| member.order.is_none());
        reserved.map(|member| member.until).fold(self.until(loop_), i64::min)
    }

    /// The groups that have something to settle, by when and then by age.
    pub(super) fn due_groups(&self) -> Vec<String> {
        let mut due: Vec<(i64, String)> = self
            .loops_of_play("group")
            .into_iter()
            .filter(|loop_| !self.over(loop_))
            .map(|loop_| (self.due(&loop_), loop_))
            .collect();
        due.retain(|(at, _)| *at <= self.now);
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, loop_)| loop_).collect()
    }
}
