//! Campaigns and commands out of bytes: small enough that everything collides, runs out and expires.

use serde_json::{Map, Value, json};

/// 2026-12-01T10:00+08:00.
pub const START: i64 = 1_796_090_400_000;
/// A minute in milliseconds.
const MINUTE: i64 = 60_000;

/// The people who take part.
pub const PEOPLE: [&str; 6] = ["ann", "bo", "cy", "di", "ed", "fay"];
/// The loops they open, each with its play.
pub const LOOPS: [(&str, &str); 6] = [
    ("A1", "assist"),
    ("B1", "bought"),
    ("I1", "invite"),
    ("I2", "invite"),
    ("G1", "group"),
    ("G2", "group"),
];

/// Bytes one by one, and zeros after the last.
pub struct Dice<'a>(pub &'a [u8]);

impl Dice<'_> {
    /// A number below `n`.
    pub fn below(&mut self, n: u8) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        first % n
    }

    /// Something in one of `n` cases.
    pub fn maybe<T>(&mut self, n: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(n) == n - 1).then(|| make(self))
    }
}

/// A campaign of four plays; `ample` leaves out everything that can run out or get in the way.
pub fn campaign(bytes: &[u8], ample: bool) -> Value {
    let dice = &mut Dice(bytes);
    let mut coupon = json!({ "kind": "coupon", "title": "Coupon", "stock": 1 + dice.below(6) });
    let mut goods = json!({ "kind": "goods", "title": "Goods", "stock": 1 + dice.below(4) });
    let budget = 3 * (1 + i64::from(dice.below(4))) + i64::from(dice.below(3));
    let mut cash =
        json!({ "kind": "cash", "title": "Cash", "amount": "3.00", "budget": format!("{budget}.00") });
    let fallback = dice.below(3);
    if fallback == 1 {
        coupon["fallback"] = json!("goods");
    } else if fallback == 2 {
        cash["fallback"] = json!("coupon");
    }
    set(&mut cash, "hold", dice.maybe(2, |_| json!("1h")));
    set(&mut goods, "perParticipant", dice.maybe(2, |dice| json!(1 + dice.below(2))));
    let size = 2 + dice.below(3);
    let mut group = json!({
        "mechanic": "group-buy", "title": "Group", "size": size, "price": "5.00", "alone": "7.00",
        "within": "2h", "payWithin": "20m", "give": gifts(dice), "giveLeader": gifts(dice),
    });
    set(&mut group, "stock", dice.maybe(2, |dice| json!(1 + dice.below(7))));
    set(&mut group, "virtualFrom", dice.maybe(2, |dice| json!(30 + dice.below(60))));
    set(&mut group, "requires", dice.maybe(4, |_| json!("signed-up")));
    let size = u64::from(size);
    let tiers = match dice.below(4) {
        0 => Some(json!([{ "size": size + 1, "price": "4.00" }])),
        1 => Some(json!([{ "size": size + 1, "price": "4.50" }, { "size": size + 2, "price": "3.33" }])),
        _ => None,
    };
    set(&mut group, "rebate", tiers.as_ref().map(|_| json!("back")));
    set(&mut group, "tiers", tiers);
    set(&mut group, "newMembers", dice.maybe(4, |_| json!("ordered")));
    set(&mut group, "joinAfterEnd", dice.maybe(2, |_| json!(false)));
    set(&mut group, "late", dice.maybe(2, |_| json!("reroute")));
    let helpers = 1 + dice.below(4);
    let tier = match dice.below(3) {
        0 => json!({ "every": 1, "give": "cash", "most": 1 + dice.below(3) }),
        1 => json!({ "every": 2, "give": "coupon" }),
        _ => json!({ "at": 1 + dice.below(3), "give": "goods" }),
    };
    let mut plays = json!({
        "assist": { "mechanic": "assist", "title": "Assist", "helpers": helpers, "within": "2h", "give": gifts(dice), "giveHelper": gifts(dice) },
        "bought": { "mechanic": "assist", "title": "Bought", "helpers": 1 + dice.below(2), "within": "3h", "requires": "signed-up", "give": gifts(dice), "giveHelper": [] },
        "invite": { "mechanic": "invite", "title": "Invite", "qualifies": "ordered", "within": "1h", "inviter": [{ "every": 1, "give": "coupon" }, tier], "invitee": gifts(dice) },
        "group": group,
    });
    let mut campaign = json!({
        "id": "random", "title": "Random", "timezone": "+08:00",
        "runs": { "from": "2026-12-01T00:00", "until": "2026-12-02T00:00" },
    });
    if ample {
        for reward in [&mut coupon, &mut goods, &mut cash] {
            for key in ["stock", "budget", "perParticipant"] {
                reward.as_object_mut().expect("an object").remove(key);
            }
        }
        plays["group"].as_object_mut().expect("an object").remove("stock");
    } else {
        for play in ["assist", "bought", "invite", "group"] {
            set(&mut plays[play], "limits", dice.maybe(3, limits));
        }
        set(&mut campaign, "limits", dice.maybe(3, limits));
        set(
            &mut campaign,
            "guard",
            dice.maybe(3, |dice| json!({ "perDevice": 1 + dice.below(4), "refuseAbove": 80 })),
        );
    }
    campaign["rewards"] = json!({ "coupon": coupon, "goods": goods, "cash": cash });
    if plays["group"]["rebate"].is_string() {
        campaign["rewards"]["back"] = json!({ "kind": "cash", "title": "Difference" });
    }
    campaign["plays"] = plays;
    campaign
}

/// How many bytes a campaign takes at most.
pub const CAMPAIGN_BYTES: usize = 64;
/// How many bytes a command takes.
pub const COMMAND_BYTES: usize = 6;

/// A command at about the time `now`; ids repeat, bodies vary, clocks go back.
pub fn command(bytes: &[u8], number: usize, now: i64) -> Value {
    let dice = &mut Dice(bytes);
    let (loop_, play) = LOOPS[usize::from(dice.below(6))];
    let who = PEOPLE[usize::from(dice.below(6))];
    let act = dice.below(32);
    let pick = usize::from(dice.below(32));
    let step = match dice.below(128) {
        0..90 => 0,
        step @ 90..116 => (i64::from(step) - 89) / 2,
        116..122 => 20,
        122 => -30,
        123 => 60,
        124 => 120,
        _ => 39,
    };
    let extra = dice.below(32);
    let order = format!("o{}", if pick == 31 { 0 } else { number / 2 });
    let take_part = match play {
        "assist" | "bought" => "help",
        _ => "join",
    };
    let pay = json!({ "do": "pay", "by": who, "loop": loop_, "order": order, "amount": if extra == 0 { 499 } else { 500 } });
    let name = if play == "invite" { "ordered" } else { "signed-up" };
    let event = json!({ "do": "event", "by": who, "name": name, "order": order, "amount": 1000 });
    let grant = format!("{loop_}.{}", 1 + pick % 4);
    let mut command = match (act, play) {
        (0..3, _) => json!({ "do": "open", "by": who, "play": play, "loop": loop_ }),
        (3..15, _) => json!({ "do": take_part, "by": who, "loop": loop_ }),
        (15..20, "group") => pay,
        (15..18, "invite" | "bought") | (20, _) => event,
        (15..22, _) => json!({ "do": "help", "by": who, "loop": loop_ }),
        (22, _) => json!({ "do": "pay", "by": who, "play": "group", "order": order, "amount": 700 }),
        (23, _) => json!({ "do": "event", "by": who, "name": name }),
        (24, _) => json!({ "do": "leave", "by": who, "loop": loop_ }),
        (25..27, _) => {
            json!({ "do": "refund", "order": format!("o{}", (number / 2).saturating_sub(pick % 12)) })
        }
        (27, _) => json!({ "do": "fulfil", "grant": grant }),
        (28, _) => json!({ "do": "fail", "grant": grant, "reason": "no address" }),
        (29, _) => json!({ "do": "revoke", "grant": grant }),
        (30, _) if pick < 16 => json!({ "do": "share", "by": who, "loop": loop_ }),
        (30, _) => json!({ "do": "visit", "by": who }),
        _ => json!({ "do": "tick" }),
    };
    let by_someone = command.get("by").is_some() && command["do"] != json!("event");
    if extra >= 26 && by_someone {
        command["device"] = json!(format!("d{}", extra % 2));
    }
    if extra == 25 && by_someone {
        command["risk"] = json!(81);
    }
    // Some commands take the id of an earlier one.
    let repeated = extra == 24 && number > 0;
    let id = if repeated { number - 1 - pick % number } else { number };
    command["id"] = json!(format!("c{id}"));
    command["at"] = json!((now + step * MINUTE).max(0));
    command
}

/// The commands that open every loop, so that a plan has something to work on.
pub fn opening() -> Vec<Value> {
    let initiators = ["ann", "ann", "bo", "cy", "di", "ed"];
    let event = |who: &str| json!({ "id": format!("open-{who}"), "at": START, "do": "event", "by": who, "name": "signed-up", "order": format!("order-{who}") });
    let open = |(who, (loop_, play)): (&str, (&str, &str))| json!({ "id": format!("open-{loop_}"), "at": START, "do": "open", "by": who, "play": play, "loop": loop_ });
    let events = ["ann", "di", "ed"].map(event).into_iter();
    let paid = json!({ "id": "paid", "at": START, "do": "pay", "by": "di", "loop": "G1", "order": "order", "amount": 500 });
    events.chain(initiators.into_iter().zip(LOOPS).map(open)).chain([paid]).collect()
}

fn set(target: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(value), Some(members)) = (value, target.as_object_mut() as Option<&mut Map<String, Value>>) {
        members.insert(key.to_owned(), value);
    }
}

/// Some of the rewards, each at most once.
fn gifts(dice: &mut Dice<'_>) -> Value {
    let bits = dice.below(8);
    let all = ["coupon", "goods", "cash"].iter().enumerate();
    json!(all.filter(|(bit, _)| bits & 1 << bit != 0).map(|(_, name)| name).collect::<Vec<_>>())
}

fn limits(dice: &mut Dice<'_>) -> Value {
    let per = ["helper", "initiator", "participant", "device"][usize::from(dice.below(4))];
    let every = ["hour", "day", "week", "month", "campaign"][usize::from(dice.below(5))];
    let first = json!({ "per": per, "every": every, "most": 1 + dice.below(4) });
    json!([first, { "per": "helper", "every": "hour", "most": 1 + dice.below(4) }])
}
