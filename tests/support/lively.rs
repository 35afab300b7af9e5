//! Rewards with a life of their own in the random plans: claimed, activated, used, outdated.

use serde_json::{Value, json};

use super::plans::{self, Dice, PEOPLE};

/// A campaign of the plans, some of whose rewards have to be claimed or activated.
pub fn campaign(bytes: &[u8]) -> Value {
    let mut campaign = plans::campaign(bytes, false);
    let bytes: Vec<u8> = bytes.iter().rev().copied().collect();
    let dice = &mut Dice(&bytes);
    for name in ["coupon", "goods", "cash"] {
        let reward = &mut campaign["rewards"][name];
        if let Some(minutes) = dice.maybe(2, |dice| 15 * (1 + dice.below(8))) {
            reward["claimWithin"] = json!(format!("{minutes}m"));
        }
        if name == "cash" {
            continue;
        }
        if dice.below(2) == 1 {
            reward["valid"] = json!("1h");
        }
        if dice.below(2) == 1 {
            reward["activate"] = json!("by-hand");
            reward["activateWithin"] = json!("30m");
        }
    }
    campaign
}

/// Turns some commands into ones about a grant that was promised before, mostly by its owner.
pub fn command(command: &mut Value, bytes: &[u8], facts: &[Value]) {
    let pick = bytes.iter().fold(7u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    let granted: Vec<&Value> = facts.iter().filter(|fact| fact["kind"] == json!("granted")).collect();
    if pick % 3 > 0 || granted.is_empty() {
        return;
    }
    let dice = &mut Dice(bytes);
    let in_hand = facts.iter().filter(|fact| fact["kind"] == json!("fulfilled")).map(|fact| &fact["grant"]);
    let in_hand: Vec<&Value> = in_hand.collect();
    let (ids, acts): (Vec<&Value>, &[&str]) = match dice.below(2) {
        1 if !in_hand.is_empty() => (in_hand, &["activate", "activate", "use", "use", "revoke"]),
        _ => (
            granted.iter().map(|fact| &fact["grant"]).collect(),
            &["claim", "claim", "fulfil", "fulfil", "use"],
        ),
    };
    // The latest ones are most likely to wait for something.
    let grant = ids[ids.len() - 1 - usize::from(dice.below(6)).min(ids.len() - 1)];
    let fact = granted.iter().find(|fact| fact["grant"] == *grant).expect("a grant");
    let act = acts[usize::from(dice.below(5))];
    let (id, at) = (command["id"].clone(), command["at"].clone());
    *command = json!({ "id": id, "at": at, "do": act, "grant": fact["grant"] });
    if act == "claim" || act == "activate" {
        let stranger = dice.maybe(6, |dice| PEOPLE[usize::from(dice.below(6))]);
        command["by"] = stranger.map_or_else(|| fact["to"].clone(), Value::from);
    }
}
