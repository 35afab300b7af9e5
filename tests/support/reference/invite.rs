//! Invite by its prose, as far as the model of assist and group buy does not have it: caps of an inviter, the least
//! amount, codes that grow old, and what a refund leaves with its owner.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use kfactor::engine::Engine;

use super::facts::minor;
use super::history::{number, text};
use super::long::Round;
use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, send};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const END: i64 = START - 10 * HOUR + 4 * DAY;
const INVITERS: [(&str, &str); 2] = [("ann", "A"), ("bo", "B")];
const PEOPLE: [&str; 9] = ["ann", "bo", "cy", "di", "ed", "fay", "gus", "hal", "ivy"];

#[derive(Clone)]
struct Friend {
    loop_: String,
    who: String,
    until: i64,
    /// The order that qualified them, if one did and was not refunded; and since when they count, if they do.
    qualified: Option<(Value, Option<i64>)>,
}

#[derive(Clone)]
struct Grant {
    id: String,
    reward: String,
    /// The tier, or the friend for whose qualification it was.
    cause: String,
    status: &'static str,
}

#[derive(Clone)]
struct Code {
    who: String,
    loop_: Option<String>,
    at: i64,
    text: String,
}

#[derive(Clone)]
struct Invite {
    campaign: Value,
    /// The code that the engine has drawn for each sharing, by the command's id.
    drawn: Vec<(String, String)>,
    loops: Vec<(String, String)>,
    friends: Vec<Friend>,
    grants: Vec<Grant>,
    codes: Vec<Code>,
    /// Whom the event has happened to, and by which order.
    happened: Vec<(String, Value)>,
    refunded: Vec<Value>,
}

impl Invite {
    fn new(campaign: &Value, drawn: &[(String, String)]) -> Self {
        Invite {
            campaign: campaign.clone(),
            drawn: drawn.to_vec(),
            loops: vec![],
            friends: vec![],
            grants: vec![],
            codes: vec![],
            happened: vec![],
            refunded: vec![],
        }
    }

    fn rules(&self) -> &Value {
        &self.campaign["plays"]["friends"]
    }

    fn span(&self, key: &str) -> Option<i64> {
        let hours = self.rules()[key].as_str()?.strip_suffix('h').expect("hours");
        Some(hours.parse::<i64>().expect("a number") * HOUR)
    }

    fn owner(&self, loop_: &str) -> Option<String> {
        self.loops.iter().find(|(id, _)| id == loop_).map(|(_, who)| who.clone())
    }

    fn is_old(&self, code: &Code, at: i64) -> bool {
        self.span("codeValid").is_some_and(|valid| at >= code.at + valid)
    }

    fn share(&mut self, id: &str, who: &str, loop_: Option<String>, at: i64) -> Answer {
        if loop_.as_ref().is_some_and(|loop_| self.owner(loop_).is_none()) {
            return Err("LOOP_UNKNOWN".into());
        }
        let last = self.codes.iter().rfind(|code| code.who == who && code.loop_ == loop_);
        if last.is_some_and(|code| !self.is_old(code, at)) {
            return Ok(vec![]);
        }
        let text = self.drawn.iter().find(|(drawn, _)| drawn == id).map(|(_, text)| text.clone());
        let text = text.unwrap_or_default();
        self.codes.push(Code { who: who.to_owned(), loop_: loop_.clone(), at, text });
        Ok(vec![json!({ "kind": "shared", "who": who, "loop": loop_ })])
    }

    fn loop_of(&self, command: &Value, at: i64) -> Result<String, String> {
        if let Some(loop_) = command["loop"].as_str() {
            return self.owner(loop_).map(|_| loop_.to_owned()).ok_or("LOOP_UNKNOWN".to_owned());
        }
        let typed = text(command, "code");
        let code = self.codes.iter().find(|code| code.text == typed).ok_or("CODE_UNKNOWN")?;
        if self.is_old(code, at) {
            return Err("CODE_EXPIRED".into());
        }
        let own = self.loops.iter().find(|(_, who)| *who == code.who).map(|(id, _)| id.clone());
        // Of what someone shares without being its initiator, nobody can join anything by their code.
        code.loop_.clone().or(own).ok_or("CODE_UNKNOWN".to_owned())
    }

    fn join(&mut self, who: &str, loop_: &str, at: i64) -> Answer {
        if at >= END {
            return Err("LOOP_EXPIRED".into());
        }
        let inviter = self.owner(loop_).expect("a loop");
        if inviter == who {
            return Err("OWN_LOOP".into());
        }
        if let Some(friend) = self.friends.iter().find(|friend| friend.who == who) {
            return Err(if friend.loop_ == loop_ { "ALREADY_JOINED" } else { "ALREADY_INVITED" }.into());
        }
        // An order that was refunded is as if it had not been.
        if self.happened.iter().any(|(other, order)| other == who && !self.refunded.contains(order)) {
            return Err("NOT_NEW".into());
        }
        let mut above = inviter;
        while let Some(friend) = self.friends.iter().find(|friend| friend.who == above) {
            above = self.owner(&friend.loop_).expect("a loop");
            if above == who {
                return Err("INVITE_CYCLE".into());
            }
        }
        let until = at + self.span("within").expect("a span");
        self.friends.push(Friend { loop_: loop_.to_owned(), who: who.to_owned(), until, qualified: None });
        Ok(vec![json!({ "kind": "joined", "loop": loop_, "by": who, "until": until })])
    }

    /// Since when each friend of a loop counts, who does.
    fn counted(&self, loop_: &str) -> Vec<i64> {
        let mine = self.friends.iter().filter(|friend| friend.loop_ == loop_);
        mine.filter_map(|friend| friend.qualified.as_ref()?.1).collect()
    }

    fn event(&mut self, who: &str, order: &Value, amount: Option<i64>, at: i64) -> Answer {
        if order.is_string() && self.happened.iter().any(|(_, known)| known == order) {
            return Err("ORDER_KNOWN".into());
        }
        self.happened.push((who.to_owned(), order.clone()));
        let mut facts = vec![json!({ "kind": "happened", "by": who, "order": order })];
        let least = minor(&self.rules()["atLeast"]);
        let Some(place) = self.friends.iter().position(|friend| friend.who == who) else { return Ok(facts) };
        let friend = self.friends[place].clone();
        let small = least.is_some_and(|least| amount.unwrap_or(0) < least);
        if friend.qualified.is_some() || at >= friend.until || small {
            return Ok(facts);
        }
        let counted = self.counted(&friend.loop_);
        let day = |at: i64| (at + 8 * HOUR).div_euclid(DAY);
        let today = counted.iter().filter(|since| day(**since) == day(at)).count();
        let fits = |key: &str, have: usize| {
            self.rules()[key].as_u64().is_none_or(|most| u64::try_from(have).expect("few") < most)
        };
        let counts = fits("inviterMost", counted.len()) && fits("inviterPerDay", today);
        let have = counted.len() + usize::from(counts);
        facts.push(
            json!({ "kind": "qualified", "loop": friend.loop_, "by": who, "have": have, "order": order }),
        );
        self.friends[place].qualified = Some((order.clone(), counts.then_some(at)));
        let loop_ = friend.loop_.clone();
        if self.standing(&loop_, who).is_empty() {
            facts.push(self.grant(&loop_, "coffee", who, who));
        }
        for (number, tier) in self.rules()["inviter"].as_array().expect("tiers").clone().iter().enumerate() {
            let cause = format!("tier {number}");
            let had = times(tier, counted.len()).max(self.standing(&loop_, &cause).len());
            if times(tier, have) > had {
                let inviter = self.owner(&loop_).expect("a loop");
                facts.push(self.grant(&loop_, text(tier, "give"), &inviter, &cause));
            }
        }
        Ok(facts)
    }

    /// The places of the grants of a loop for this cause that stand, in their order.
    fn standing(&self, loop_: &str, cause: &str) -> Vec<usize> {
        let fits = |grant: &Grant| {
            grant.id.starts_with(&format!("{loop_}.")) && grant.cause == cause && grant.stands()
        };
        (0..self.grants.len()).filter(|place| fits(&self.grants[*place])).collect()
    }

    fn grant(&mut self, loop_: &str, reward: &str, to: &str, cause: &str) -> Value {
        let used = self.grants.iter().filter(|grant| grant.reward == reward && grant.stands()).count();
        let stock = self.campaign["rewards"][reward]["stock"].as_u64();
        if stock.is_some_and(|stock| u64::try_from(used).expect("few") >= stock) {
            return json!({ "kind": "withheld", "loop": loop_, "reward": reward, "to": to, "reason": "stock" });
        }
        let n = 1 + self.grants.iter().filter(|grant| grant.id.starts_with(&format!("{loop_}."))).count();
        let id = format!("{loop_}.{n}");
        self.grants.push(Grant {
            id: id.clone(),
            reward: reward.to_owned(),
            cause: cause.to_owned(),
            status: "reserved",
        });
        json!({ "kind": "granted", "grant": id, "reward": reward, "to": to })
    }

    fn take_back(&mut self, place: usize) -> Value {
        let grant = &mut self.grants[place];
        let handed_over = grant.status == "fulfilled";
        if handed_over && self.campaign["rewards"][&grant.reward]["clawback"] == json!("keep") {
            return json!({ "kind": "kept", "grant": grant.id });
        }
        grant.status = "revoked";
        json!({ "kind": "revoked", "grant": grant.id, "owed": handed_over })
    }

    fn refund(&mut self, order: &Value) -> Answer {
        if !self.happened.iter().any(|(_, known)| known == order) {
            return Err("ORDER_UNKNOWN".into());
        }
        if self.refunded.contains(order) {
            return Err("ORDER_REFUNDED".into());
        }
        self.refunded.push(order.clone());
        let mut facts = vec![json!({ "kind": "refunded", "order": order })];
        let behind = |friend: &Friend| friend.qualified.as_ref().is_some_and(|(by, _)| by == order);
        let Some(place) = self.friends.iter().position(behind) else { return Ok(facts) };
        self.friends[place].qualified = None;
        let Friend { loop_, who, .. } = self.friends[place].clone();
        let have = self.counted(&loop_).len();
        facts.push(json!({ "kind": "voided", "loop": loop_, "by": who, "have": have }));
        for place in self.standing(&loop_, &who).into_iter().rev() {
            facts.push(self.take_back(place));
        }
        for (number, tier) in self.rules()["inviter"].as_array().expect("tiers").clone().iter().enumerate() {
            let standing = self.standing(&loop_, &format!("tier {number}"));
            for place in standing.into_iter().skip(times(tier, have)).rev() {
                facts.push(self.take_back(place));
            }
        }
        Ok(facts)
    }

    fn settle(&mut self, act: &str, id: &str) -> Answer {
        let place = self.grants.iter().position(|grant| grant.id == id).ok_or("GRANT_UNKNOWN")?;
        let settled = Err("GRANT_SETTLED".to_owned());
        match (act, self.grants[place].status) {
            ("fulfil", "reserved") => self.grants[place].status = "fulfilled",
            ("fail", "reserved") => self.grants[place].status = "failed",
            ("revoke", "reserved" | "fulfilled") => return Ok(vec![self.take_back(place)]),
            _ => return settled,
        }
        Ok(vec![json!({ "kind": self.grants[place].status, "grant": id })])
    }
}

impl Grant {
    fn stands(&self) -> bool {
        ["reserved", "fulfilled"].contains(&self.status)
    }
}

/// How often a step of the ladder gives for so many friends.
fn times(tier: &Value, have: usize) -> usize {
    let number = |key: &str| tier[key].as_u64().map(|n| usize::try_from(n).expect("few"));
    let times = match (number("every"), number("at")) {
        (Some(every), _) => have / every,
        (_, at) => usize::from(have >= at.expect("one of them")),
    };
    times.min(number("most").unwrap_or(usize::MAX))
}

impl Reference for Invite {
    const KINDS: &'static [&'static str] = &[
        "opened",
        "shared",
        "joined",
        "happened",
        "qualified",
        "voided",
        "refunded",
        "granted",
        "withheld",
        "fulfilled",
        "failed",
        "revoked",
        "kept",
    ];

    fn submit(&mut self, command: &Value) -> Answer {
        let (at, by) = (number(command, "at"), command["by"].as_str().unwrap_or_default());
        match text(command, "do") {
            "open" => {
                let id = text(command, "loop");
                if at >= END {
                    return Err("CAMPAIGN_ENDED".into());
                }
                if self.owner(id).is_some() {
                    return Err("LOOP_EXISTS".into());
                }
                if self.loops.iter().any(|(_, who)| who == by) {
                    return Err("LOOP_RUNNING".into());
                }
                self.loops.push((id.to_owned(), by.to_owned()));
                Ok(vec![json!({ "kind": "opened", "loop": id, "by": by, "until": END })])
            }
            "share" => {
                let loop_ = command["loop"].as_str().map(str::to_owned);
                self.share(text(command, "id"), by, loop_, at)
            }
            "join" => {
                let loop_ = self.loop_of(command, at)?;
                self.join(by, &loop_, at)
            }
            "event" => self.event(by, &command["order"], command["amount"].as_i64(), at),
            "refund" => self.refund(&command["order"]),
            act => self.settle(act, text(command, "grant")),
        }
    }
}

fn campaign(dice: &mut Dice<'_>) -> Value {
    let mut cash = json!({ "kind": "cash", "title": "Cash", "amount": "3.00", "budget": "900.00" });
    let mut coffee = json!({ "kind": "coupon", "title": "Coffee" });
    for reward in [&mut cash, &mut coffee] {
        if let Some(stock) = dice.maybe(3, |dice| 1 + dice.below(4)) {
            reward["stock"] = json!(stock);
        }
        if dice.below(2) == 1 {
            reward["clawback"] = json!("keep");
        }
    }
    let tier = match dice.below(3) {
        0 => json!({ "every": 1, "give": "cash" }),
        1 => json!({ "every": 2, "give": "cash", "most": 1 + dice.below(2) }),
        _ => json!({ "at": 1 + dice.below(3), "give": "cash" }),
    };
    let mut play = json!({
        "mechanic": "invite", "title": "Friends", "qualifies": "ordered", "within": format!("{}h", 4 + dice.below(40)),
        "inviter": [tier], "invitee": ["coffee"],
    });
    if dice.below(2) == 1 {
        play["inviter"].as_array_mut().expect("tiers").push(json!({ "at": 2, "give": "cash" }));
    }
    if let Some(most) = dice.maybe(2, |dice| 1 + dice.below(3)) {
        play["inviterPerDay"] = json!(most);
    }
    if let Some(most) = dice.maybe(2, |dice| 1 + dice.below(2)) {
        play["inviterMost"] = json!(most);
    }
    if dice.below(2) == 1 {
        play["atLeast"] = json!("5.00");
    }
    if let Some(hours) = dice.maybe(2, |dice| 1 + dice.below(9)) {
        play["codeValid"] = json!(format!("{hours}h"));
    }
    json!({
        "id": "invites", "title": "Invites", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-05T00:00" },
        "rewards": { "cash": cash, "coffee": coffee }, "plays": { "friends": play },
        "accept": { "REACH-CAP": "a test", "REACH-WINDOW": "a test" },
    })
}

/// A campaign, commands for it, and the code that each sharing among them draws.
fn plan(bytes: &[u8]) -> (Value, Vec<Value>, Vec<(String, String)>) {
    let dice = &mut Dice(bytes);
    let campaign = campaign(dice);
    let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("invites")).expect("a campaign");
    let (mut all, mut drawn): (Vec<Value>, Vec<(String, String)>) = (vec![], vec![]);
    let mut now = START;
    for n in 0..60 {
        if n >= 4 && dice.0.is_empty() {
            break;
        }
        now += i64::from(dice.below(40)) * 9 * MINUTE * i64::from(n >= 4);
        let (who, loop_) = (dice.pick(&PEOPLE), dice.pick(&["A", "B"]));
        let (owner, own) = INVITERS[usize::from(dice.below(2))];
        let grant = format!("{loop_}.{}", 1 + dice.below(5));
        let order = format!("o{}", n - i32::from(dice.below(10)).min(n));
        let mut command = match if n < 4 { 0 } else { dice.below(22) } {
            _ if n < 2 => {
                json!({ "do": "open", "by": INVITERS[n as usize].0, "play": "friends", "loop": INVITERS[n as usize].1 })
            }
            _ if n < 4 => json!({ "do": "share", "by": INVITERS[n as usize - 2].0 }),
            0 => json!({ "do": "open", "by": who, "play": "friends", "loop": dice.pick(&["A", "B", "C"]) }),
            1..4 => json!({ "do": "join", "by": who, "loop": loop_ }),
            4 => json!({ "do": "share", "by": owner, "loop": own }),
            5 => json!({ "do": "share", "by": owner }),
            6..9 => {
                json!({ "do": "join", "by": who, "code": dice.pick(&drawn.iter().rev().take(4).map(|(_, code)| code.as_str()).collect::<Vec<_>>()) })
            }
            9..15 => {
                json!({ "do": "event", "by": who, "name": "ordered", "order": format!("o{n}"), "amount": dice.pick(&[499, 500, 900]) })
            }
            15..18 => json!({ "do": "refund", "order": order }),
            18..21 => json!({ "do": "fulfil", "grant": grant }),
            _ => json!({ "do": dice.pick(&["fail", "revoke"]), "grant": grant }),
        };
        let again = dice.maybe(20, |dice| i32::from(dice.below(9))).filter(|_| n > 12);
        command["id"] = json!(format!("c{}", n - again.unwrap_or(0)));
        command["at"] = json!(now - dice.maybe(10, |_| 2 * HOUR).unwrap_or(0));
        let known = all.iter().find(|other| other["id"] == command["id"]).cloned();
        let command = known.unwrap_or(command);
        let answer = send(&mut engine, &command);
        for fact in
            answer["facts"].as_array().into_iter().flatten().filter(|fact| fact["kind"] == json!("shared"))
        {
            drawn.push((text(&command, "id").to_owned(), text(fact, "code").to_owned()));
        }
        all.push(command);
    }
    (campaign, all, drawn)
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let (campaign, commands, drawn) = plan(&bytes(number, 600));
    Round::of(&campaign, &commands, || Invite::new(&campaign, &drawn))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inviting_goes_as_the_prose_says(bytes in vec(any::<u8>(), 60..600)) {
        let (campaign, commands, drawn) = plan(&bytes);
        let differs = differs(&campaign, &commands, &mut Invite::new(&campaign, &drawn));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Doing exactly what is missing earns the reward: inviting, waiting for the next day, ordering.
    #[test]
    fn missing_is_taken_at_its_word(bytes in vec(any::<u8>(), 60..400)) {
        let (mut campaign, commands, _) = plan(&bytes);
        for reward in ["cash", "coffee"] {
            campaign["rewards"][reward].as_object_mut().unwrap().remove("stock");
        }
        let mut world = super::World::new(&campaign);
        for command in &commands {
            world.submit(command);
        }
        for who in PEOPLE {
            for (loop_, row) in world.locked_in_loops(who) {
                let mut later = world.clone();
                let order = |by: &str, step: &Value| json!({ "do": "event", "by": by, "name": step["name"], "amount": step["amount"].as_i64().unwrap_or(1) });
                for (number, step) in row["missing"].as_array().unwrap().iter().enumerate() {
                    match step["need"].as_str().unwrap() {
                        "wait" => later.wait_for(step),
                        "event" => drop(later.must(order(who, step))),
                        "invite" => for n in 0..step["count"].as_u64().unwrap() {
                            let friend = format!("friend-{number}-{n}");
                            later.must(json!({ "do": "join", "by": friend, "loop": loop_ }));
                            later.must(order(&friend, step));
                        },
                        other => prop_assert!(false, "{other} {row}"),
                    }
                }
                prop_assert!(later.granted(who, &row["reward"]) > world.granted(who, &row["reward"]), "{row} {campaign}");
            }
        }
    }
}

#[test]
fn planted_faults_are_found() {
    type Fault = fn(&mut Invite);
    let faults: [(&str, Fault); 6] = [
        ("no cap of a day", |model| model.campaign["plays"]["friends"]["inviterPerDay"] = Value::Null),
        ("no cap in all", |model| model.campaign["plays"]["friends"]["inviterMost"] = Value::Null),
        ("codes for ever", |model| model.campaign["plays"]["friends"]["codeValid"] = Value::Null),
        ("any amount", |model| model.campaign["plays"]["friends"]["atLeast"] = Value::Null),
        ("cash is owed", |model| model.campaign["rewards"]["cash"]["clawback"] = Value::Null),
        ("coffee is owed", |model| model.campaign["rewards"]["coffee"]["clawback"] = Value::Null),
    ];
    for (name, fault) in faults {
        let found = (0..4_000).any(|seed| {
            let (campaign, commands, drawn) = plan(&bytes(seed, 600));
            let mut model = Invite::new(&campaign, &drawn);
            fault(&mut model);
            differs_by(&campaign, &commands, |command| model.submit(command), Invite::KINDS).is_some()
        });
        assert!(found, "{name} went unnoticed");
    }
}
