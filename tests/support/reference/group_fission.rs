//! Group fission, written from the prose of the rules: a list of what was told, read from the beginning for
//! every question.

use std::collections::BTreeSet;

use super::{Answer, Dice, MINUTE, Reference, START, bytes, differs, differs_by, long::Round, send};
use kfactor::engine::Engine;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The end of the campaigns below, 2026-12-02T00:00+08:00.
const END: i64 = START + 14 * 60 * MINUTE;

/// Mistakes that can be planted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    CreditByRoom,
    NeverNew,
    OneMoreInRoom,
    MovingAdds,
    LeavingTakesClaimed,
    LastInviterWins,
    CountsAfterTheEnd,
}

struct Chat {
    rules: Value,
    stock: usize,
    told: Vec<(i64, Value)>,
    seen: BTreeSet<String>,
    fault: Fault,
}

impl Chat {
    fn new(campaign: &Value, fault: Fault) -> Chat {
        let stock = campaign["rewards"]["towel"]["stock"].as_u64().expect("a stock");
        let rules = campaign["plays"]["chat"].clone();
        Chat {
            rules,
            stock: usize::try_from(stock).expect("small"),
            told: Vec::new(),
            seen: BTreeSet::new(),
            fault,
        }
    }

    fn facts<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = (i64, &'a Value)> {
        self.told.iter().filter(move |(_, fact)| fact["kind"] == json!(kind)).map(|(at, fact)| (*at, fact))
    }

    fn opened(&self, loop_: &Value) -> Option<&Value> {
        self.facts("opened").find(|(_, fact)| fact["loop"] == *loop_).map(|(_, fact)| fact)
    }

    fn owner(&self, loop_: &Value) -> Option<&Value> {
        self.opened(loop_).map(|fact| &fact["by"])
    }

    fn runs(&self, loop_: &Value, at: i64) -> bool {
        let until = self.opened(loop_).and_then(|fact| fact["until"].as_i64());
        until.is_some_and(|until| at < until || self.fault == Fault::CountsAfterTheEnd)
    }

    fn own(&self, who: &Value, at: i64) -> Option<&Value> {
        let mut opened = self.facts("opened").map(|(_, fact)| fact);
        opened.find(|fact| fact["by"] == *who && self.runs(&fact["loop"], at)).map(|fact| &fact["loop"])
    }

    fn home(&self, who: &Value) -> Option<&Value> {
        let mut entered = self.facts("entered").filter(|(_, fact)| fact["by"] == *who);
        let entered = if self.fault == Fault::LastInviterWins { entered.next_back() } else { entered.next() };
        entered.map(|(_, fact)| &fact["loop"])
    }

    fn inside(&self, who: &Value) -> BTreeSet<&str> {
        let mut rooms = BTreeSet::new();
        for (_, fact) in self.told.iter().filter(|(_, fact)| fact["by"] == *who) {
            match fact["kind"].as_str() {
                Some("entered") => drop(rooms.insert(fact["room"].as_str().expect("a room"))),
                Some("exited") => drop(rooms.remove(fact["room"].as_str().expect("a room"))),
                _ => {}
            }
        }
        rooms
    }

    fn people(&self) -> BTreeSet<&str> {
        self.facts("entered").map(|(_, fact)| fact["by"].as_str().expect("a participant")).collect()
    }

    fn members(&self, room: &Value) -> usize {
        let name = room["name"].as_str().expect("a name");
        self.people().into_iter().filter(|who| self.inside(&json!(who)).contains(name)).count()
    }

    fn has_space(&self, room: &Value) -> bool {
        let most = room["most"].as_u64().expect("a number") + u64::from(self.fault == Fault::OneMoreInRoom);
        (self.members(room) as u64) < most
    }

    fn counts(&self, who: &Value, loop_: &Value) -> bool {
        let relock = self.rules["ifLeaves"] == json!("relock");
        let can = |(at, fact): (i64, &Value)| {
            fact["by"] == *who && fact["loop"] == *loop_ && fact["until"].as_i64() > Some(at)
        };
        self.facts("joined").any(can) && (!relock || !self.inside(who).is_empty())
    }

    fn have(&self, loop_: &Value) -> usize {
        let people = self.people();
        let mut have = people.iter().filter(|who| self.counts(&json!(who), loop_)).count();
        if self.fault == Fault::MovingAdds {
            have += people
                .iter()
                .filter(|who| self.counts(&json!(who), loop_) && self.inside(&json!(who)).len() > 1)
                .count();
        }
        if self.fault == Fault::CreditByRoom {
            // Only those in the first room are seen.
            let first = self.rules["rooms"][0]["name"].as_str().expect("a name");
            have = people
                .iter()
                .filter(|who| self.counts(&json!(who), loop_) && self.inside(&json!(who)).contains(first))
                .count();
        }
        have
    }

    fn claimed(&self, loop_: &Value, n: usize) -> bool {
        let lost = self.fault == Fault::LeavingTakesClaimed
            && self.tiers().any(|(other, need)| other == n && self.have(loop_) < need);
        !lost && self.facts("claimed").any(|(_, fact)| fact["loop"] == *loop_ && fact["n"] == json!(n))
    }

    fn tiers(&self) -> impl Iterator<Item = (usize, usize)> {
        let tiers = self.rules["tiers"].as_array().expect("tiers");
        tiers.iter().enumerate().map(|(n, tier)| (n + 1, tier["at"].as_u64().expect("a number") as usize))
    }

    fn grant(&self, loop_: &Value, n: usize, facts: &mut Vec<Value>) {
        let to = self.owner(loop_).expect("an owner");
        facts.push(json!({ "kind": "claimed", "loop": loop_, "by": to, "n": n }));
        if self.facts("granted").count() < self.stock {
            facts.push(json!({ "kind": "granted", "to": to, "reward": "towel", "cause": n }));
        } else {
            facts.push(json!({ "kind": "withheld", "loop": loop_, "to": to, "reason": "stock" }));
        }
    }

    /// The loop an act is about, and what opening it tells.
    fn loop_of(&self, command: &Value, at: i64) -> Result<(Value, Option<Value>), String> {
        if command.get("loop").is_some() {
            let known = self.owner(&command["loop"]).is_some();
            return if known { Ok((command["loop"].clone(), None)) } else { Err("LOOP_UNKNOWN".into()) };
        }
        let by = &command["by"];
        let home = if command["do"] == json!("claim") { None } else { self.home(by) };
        if let Some(loop_) = home.or_else(|| self.own(by, at)) {
            return Ok((loop_.clone(), None));
        }
        if at >= END {
            return Err("CAMPAIGN_ENDED".into());
        }
        let until = self.until(at);
        Ok((
            command["id"].clone(),
            Some(json!({ "kind": "opened", "loop": command["id"], "by": by, "until": until })),
        ))
    }

    fn until(&self, at: i64) -> i64 {
        if self.rules["within"].is_null() { END } else { at + 60 * MINUTE }
    }

    fn enter(&mut self, command: &Value, at: i64) -> Answer {
        let (by, name) = (&command["by"], command["name"].as_str().expect("a room"));
        let (named, opened) = self.loop_of(command, at)?;
        let rooms = self.rules["rooms"].as_array().expect("rooms").clone();
        let room = rooms.iter().find(|room| room["name"] == json!(name)).ok_or("ROOM_UNKNOWN")?;
        if self.inside(by).contains(name) {
            return Err("ALREADY_JOINED".into());
        }
        if !self.has_space(room) {
            let other = rooms.iter().any(|room| self.has_space(room));
            return Err(if other { "ROOM_FULL" } else { "GROUP_FULL" }.into());
        }
        let mut facts: Vec<Value> = opened.into_iter().collect();
        let home = self.home(by).cloned();
        let owner = self.owner(&named).unwrap_or(by).clone();
        let loop_ = home.clone().filter(|_| self.fault != Fault::LastInviterWins).unwrap_or(named);
        let before = facts.len();
        if home.is_none() && owner != *by {
            if !self.runs(&loop_, at) {
                return Err("LOOP_EXPIRED".into());
            }
            let known = self.seen.contains(by.as_str().expect("a participant"));
            let is_new = !known && self.fault != Fault::NeverNew;
            let mut counts = is_new || self.rules["newOnly"] != json!(true);
            let mut up = Some(owner.clone());
            // A planted fault can make a circle.
            for _ in PEOPLE {
                let above = |who: Value| self.owner(self.home(&who)?).filter(|other| **other != who).cloned();
                let Some(above) = up.and_then(above) else { break };
                counts &= above != *by;
                up = Some(above).filter(|above| above != by);
            }
            let until =
                if counts { self.opened(&loop_).expect("a loop")["until"].clone() } else { json!(at) };
            facts.push(json!({ "kind": "joined", "loop": loop_, "by": by, "until": until }));
        }
        facts.push(json!({ "kind": "entered", "loop": loop_, "by": by, "room": name }));
        // What is reached is asked with these facts told, and told after them.
        let length = self.told.len();
        self.told.extend(facts.iter().skip(before).map(|fact| (at, fact.clone())));
        if self.rules["claim"] != json!("by-hand") && self.runs(&loop_, at) {
            let have = self.have(&loop_);
            for (n, need) in self.tiers().collect::<Vec<_>>() {
                if have >= need && !self.claimed(&loop_, n) {
                    self.grant(&loop_, n, &mut facts);
                }
            }
        }
        self.told.truncate(length);
        Ok(facts)
    }

    fn exit(&self, command: &Value, at: i64) -> Answer {
        let (by, name) = (&command["by"], command["name"].as_str().expect("a room"));
        self.loop_of(command, at)?;
        if self.inside(by).contains(name) {
            return Ok(vec![json!({ "kind": "exited", "loop": self.home(by), "by": by, "room": name })]);
        }
        let known =
            self.rules["rooms"].as_array().expect("rooms").iter().any(|room| room["name"] == json!(name));
        Err(if known { "NOT_MEMBER" } else { "ROOM_UNKNOWN" }.into())
    }

    fn claim(&self, command: &Value, at: i64) -> Answer {
        let (loop_, opened) = self.loop_of(command, at)?;
        let mut facts: Vec<Value> = opened.into_iter().collect();
        if self.owner(&loop_).unwrap_or(&command["by"]) != &command["by"] {
            return Err("NOT_MEMBER".into());
        }
        if facts.is_empty() && !self.runs(&loop_, at) {
            return Err("LOOP_EXPIRED".into());
        }
        let (n, need) = match command["name"].as_str() {
            Some(name) => self.tiers().find(|(n, _)| n.to_string() == name).ok_or("ITEM_UNKNOWN")?,
            None => self.tiers().find(|(n, _)| !self.claimed(&loop_, *n)).ok_or("ALREADY_CLAIMED")?,
        };
        if self.claimed(&loop_, n) {
            return Err("ALREADY_CLAIMED".into());
        }
        if self.have(&loop_) < need {
            return Err("NOT_REACHED".into());
        }
        if self.facts("granted").count() >= self.stock {
            return Err("REWARD_OUT".into());
        }
        self.grant(&loop_, n, &mut facts);
        Ok(facts)
    }

    fn open(&self, command: &Value, at: i64) -> Answer {
        if at >= END {
            return Err("CAMPAIGN_ENDED".into());
        }
        if self.owner(&command["loop"]).is_some() {
            return Err("LOOP_EXISTS".into());
        }
        if self.own(&command["by"], at).is_some() {
            return Err("LOOP_RUNNING".into());
        }
        Ok(vec![
            json!({ "kind": "opened", "loop": command["loop"], "by": command["by"], "until": self.until(at) }),
        ])
    }
}

impl Reference for Chat {
    const KINDS: &'static [&'static str] =
        &["opened", "joined", "entered", "exited", "claimed", "granted", "withheld"];

    fn submit(&mut self, command: &Value) -> Answer {
        let at = command["at"].as_i64().expect("a time");
        let facts = match command["do"].as_str().expect("an act") {
            "open" => self.open(command, at)?,
            "enter" => self.enter(command, at)?,
            "exit" => self.exit(command, at)?,
            "claim" => self.claim(command, at)?,
            _ => vec![],
        };
        self.seen.insert(command["by"].as_str().unwrap_or_default().to_owned());
        self.told.extend(facts.iter().map(|fact| (at, fact.clone())));
        Ok(facts)
    }
}

fn campaign(dice: &mut Dice<'_>) -> Value {
    let rooms: Vec<Value> = ["one", "two", "three"]
        .iter()
        .take(1 + usize::from(dice.below(3)))
        .map(|name| json!({ "name": name, "most": 1 + dice.below(3) }))
        .collect();
    let mut at = 0;
    let tiers: Vec<Value> = (0..=dice.below(3))
        .map(|_| {
            at += 1 + dice.below(2);
            json!({ "at": at, "give": ["towel"] })
        })
        .collect();
    let mut chat = json!({
        "mechanic": "group-fission", "title": "Chat", "rooms": rooms, "tiers": tiers,
        "newOnly": dice.below(3) == 0, "ifLeaves": dice.pick(&["keep", "relock", "relock"]), "claim": dice.pick(&["at-once", "by-hand"]),
    });
    if dice.below(2) == 0 {
        chat["within"] = json!("1h");
    }
    json!({
        "id": "chat", "title": "Chat", "timezone": "+08:00",
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-02T00:00" },
        "rewards": { "towel": { "kind": "goods", "title": "Towel", "stock": 1 + dice.below(8) } },
        "plays": { "chat": chat },
    })
}

const PEOPLE: [&str; 6] = ["ann", "bo", "cy", "di", "ed", "fay"];

fn commands(dice: &mut Dice<'_>, count: usize) -> Vec<Value> {
    let mut now = START;
    let mut commands: Vec<Value> = Vec::new();
    for who in ["ann", "bo"] {
        commands.push(json!({ "id": format!("s-{who}"), "at": now, "do": "open", "by": who, "play": "chat", "loop": who }));
    }
    for number in 2..count {
        now += match dice.below(24) {
            0..16 => 0,
            step @ 16..21 => i64::from(step - 15) * MINUTE,
            21 => 30 * MINUTE,
            22 => -5 * MINUTE,
            _ => 60 * MINUTE,
        };
        if dice.below(20) == 0 {
            let mut again = commands[usize::from(dice.below(255)) % number].clone();
            again["at"] = json!(now);
            commands.push(again);
            continue;
        }
        let who = dice.pick(&PEOPLE);
        let room = if dice.below(24) == 0 { "lobby" } else { dice.pick(&["one", "one", "two", "three"]) };
        let mut command = match dice.below(20) {
            0 => {
                json!({ "do": "open", "by": who, "play": "chat", "loop": format!("{who}{}", dice.below(2)) })
            }
            1 => json!({ "do": "visit", "by": who }),
            2..11 => json!({ "do": "enter", "by": who, "name": room }),
            11..16 => json!({ "do": "exit", "by": who, "name": room }),
            _ => json!({ "do": "claim", "by": dice.pick(&["ann", "ann", "bo", who]) }),
        };
        if command["do"] == json!("claim") && dice.below(2) == 0 {
            command["name"] = json!(dice.pick(&["1", "2", "3", "4"]));
        }
        if ["enter", "exit", "claim"].contains(&command["do"].as_str().expect("an act")) {
            if dice.below(3) == 0 {
                command["play"] = json!("chat");
            } else {
                command["loop"] = json!(dice.pick(&["ann", "ann", "ann", "bo", "ann0", "cy0"]));
            }
        }
        command["id"] = json!(format!("c{number}"));
        command["at"] = json!(now);
        commands.push(command);
    }
    commands
}

fn plan(bytes: &[u8]) -> (Value, Vec<Value>) {
    let dice = &mut Dice(bytes);
    let campaign = campaign(dice);
    let commands = commands(dice, 50);
    (campaign, commands)
}

/// A round of the long run.
pub fn round(number: u64) -> Round {
    let (campaign, commands) = plan(&bytes(number, 400));
    Round::of(&campaign, &commands, || Chat::new(&campaign, Fault::None))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn group_fission_does_as_its_reference(bytes in prop::collection::vec(any::<u8>(), 100..400)) {
        let (campaign, commands) = plan(&bytes);
        prop_assert_eq!(differs(&campaign, &commands, &mut Chat::new(&campaign, Fault::None)), Option::None);
    }

    #[test]
    fn group_fission_keeps_its_word_on_what_is_missing(bytes in prop::collection::vec(any::<u8>(), 100..400)) {
        let (campaign, commands) = plan(&bytes);
        let mut engine = Engine::load(&campaign.to_string(), Engine::public_seed("chat")).expect("a campaign");
        for command in &commands {
            send(&mut engine, command);
        }
        let now = engine.state().now;
        for who in PEOPLE {
            let view = serde_json::to_value(engine.view(who, now, None)).expect("a view");
            for loop_ in view["loops"].as_array().expect("loops").iter().filter(|l| l["initiator"] == json!(who)) {
                let tiers = loop_["items"].as_array().expect("items").iter().filter(|item| item["kind"] == json!("tier"));
                for (reward, tier) in loop_["rewards"].as_array().expect("rewards").iter().zip(tiers) {
                    if reward["status"] != json!("locked") {
                        continue;
                    }
                    let mut engine = engine.clone();
                    let mut granted = false;
                    let mut number = 0;
                    for step in reward["missing"].as_array().expect("missing") {
                        for _ in 0..step["count"].as_u64().expect("a count") {
                            number += 1;
                            let id = format!("x{number}");
                            let answer = match step["need"].as_str() {
                                Some("enter") => enter_somewhere(&mut engine, &id, now.0, loop_),
                                Some("claim") => send(&mut engine, &json!({ "id": id, "at": now.0, "do": "claim", "by": who, "loop": loop_["loop"], "name": tier["name"] })),
                                other => panic!("{other:?}"),
                            };
                            let facts = answer["facts"].as_array().unwrap_or_else(|| panic!("{answer}"));
                            granted = facts.iter().any(|fact| fact["kind"] == json!("granted") && fact["cause"].as_u64() == tier["name"].as_str().and_then(|name| name.parse().ok()));
                        }
                    }
                    // Another tier on the way may have taken the last of the stock.
                    let out = engine.state().rewards.first().map_or(0, |used| used.count)
                        >= u32::try_from(campaign["rewards"]["towel"]["stock"].as_u64().expect("a stock")).expect("small");
                    prop_assert!(granted || out, "{} {}", reward, loop_);
                }
            }
        }
    }
}

/// Someone new enters the room that the view says is next.
fn enter_somewhere(engine: &mut Engine, id: &str, at: i64, loop_: &Value) -> Value {
    let view = serde_json::to_value(engine.view("nobody", engine.state().now, loop_["loop"].as_str()))
        .expect("a view");
    let mut items = view["loops"][0]["items"].as_array().expect("items").iter();
    let next = items.find(|item| item["status"] == json!("next")).expect("a room with space");
    send(
        engine,
        &json!({ "id": id, "at": at, "do": "enter", "by": format!("new-{id}"), "loop": loop_["loop"], "name": next["name"] }),
    )
}

#[test]
fn planted_faults_of_group_fission_are_found() {
    use Fault::*;
    let all = [
        CreditByRoom,
        NeverNew,
        OneMoreInRoom,
        MovingAdds,
        LeavingTakesClaimed,
        LastInviterWins,
        CountsAfterTheEnd,
    ];
    let mut found = BTreeSet::new();
    for seed in 0..900 {
        let (campaign, commands) = plan(&bytes(seed, 400));
        assert_eq!(differs(&campaign, &commands, &mut Chat::new(&campaign, Fault::None)), Option::None);
        for fault in all {
            let name = format!("{fault:?}");
            if !found.contains(&name) {
                let mut chat = Chat::new(&campaign, fault);
                if differs_by(&campaign, &commands, |command| chat.submit(command), Chat::KINDS).is_some() {
                    found.insert(name);
                }
            }
        }
    }
    assert_eq!(found.len(), all.len(), "only {found:?} were found");
}
