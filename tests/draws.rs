//! What draws must be beyond single cases: every ticket has its prize, the frequencies are those of the weights,
//! shares are conserved and no position is better than another. Seeds are fixed, so that nothing here is chance.
//!
//! `fixtures/draws.json` is shared with the verifier of the package, which checks it by code of its own.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use kfactor::engine::draw::Draw;
use kfactor::engine::{Code, Command, Engine, Time};
use serde_json::{Value, json};

/// 2026-12-01T10:00+08:00.
const START: i64 = 1_796_090_400_000;

struct World {
    engine: Engine,
    sent: u64,
}

impl World {
    fn new(rewards: Value, rules: Value, seed: u8) -> World {
        let campaign = json!({
            "id": "draws", "title": "Draws", "runs": { "from": "2026-12-01T00:00", "until": "2026-12-15T00:00" },
            "rewards": rewards, "plays": { "play": rules },
        });
        let engine = Engine::load(&campaign.to_string(), [seed; 32])
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        World { engine, sent: 0 }
    }

    /// The facts of an accepted command.
    fn send(&mut self, mut command: Value) -> Vec<Value> {
        self.sent += 1;
        command["id"] = json!(format!("c{}", self.sent));
        command["at"] = json!(START);
        let mut out = Vec::new();
        self.engine.submit_json(command.to_string().as_bytes(), None, &mut out);
        let answer: Value = serde_json::from_slice(&out).expect("an answer");
        answer["facts"].as_array().unwrap_or_else(|| panic!("{command}: {answer}")).clone()
    }

    /// The ticket and the prize of one draw.
    fn draw(&mut self, by: &str) -> (u64, Option<String>) {
        let facts = self.send(json!({ "do": "draw", "by": by, "play": "play" }));
        let drawn = facts.iter().find(|fact| fact["kind"] == json!("drawn")).expect("a draw");
        (drawn["ticket"].as_u64().expect("a ticket"), drawn["prize"].as_str().map(str::to_owned))
    }
}

fn lottery(weights: &[u32], out_of: u32, if_out: &str) -> (Value, Value) {
    let name = |at: usize| format!("r{at}");
    let rewards: serde_json::Map<String, Value> =
        (0..weights.len()).map(|at| (name(at), json!({ "kind": "coupon", "title": "R" }))).collect();
    let prizes: Vec<Value> = weights
        .iter()
        .enumerate()
        .map(|(at, weight)| json!({ "name": "R", "give": name(at), "weight": weight }))
        .collect();
    let rules = json!({
        "mechanic": "lottery", "title": "Wheel", "prizes": prizes, "outOf": out_of, "ifOut": if_out,
        "free": { "every": "campaign", "count": 1000 },
    });
    (rewards.into(), rules)
}

/// All tickets of small wheels are drawn, and each prize has exactly as many of them as its weight.
#[test]
fn the_odds_are_the_weights_ticket_by_ticket() {
    for (weights, out_of) in
        [(vec![1], 1), (vec![1, 2], 3), (vec![1, 2, 3], 10), (vec![5, 1, 1, 4], 12), (vec![7], 24)]
    {
        for if_out in ["fallback", "renormalise"] {
            let (rewards, rules) = lottery(&weights, out_of, if_out);
            let mut world = World::new(rewards, rules, 3);
            let mut seen = BTreeMap::new();
            for number in 0..40 * out_of {
                let (ticket, prize) = world.draw(&format!("p{}", number / 900));
                assert!(ticket < u64::from(out_of));
                assert_eq!(
                    seen.entry(ticket).or_insert_with(|| prize.clone()),
                    &prize,
                    "one ticket, two prizes"
                );
            }
            assert_eq!(seen.len(), usize::try_from(out_of).expect("small"), "every ticket is drawn");
            for (at, weight) in weights.iter().enumerate() {
                let tickets = seen.values().filter(|prize| **prize == Some(format!("r{at}"))).count();
                assert_eq!(tickets, usize::try_from(*weight).expect("small"));
            }
        }
    }
}

/// Pearson's chi-square of 20,000 draws by many people lies below its 99.99 % quantile.
#[test]
fn the_frequencies_are_those_of_the_weights() {
    let weights = [5, 15, 20, 25, 35, 400];
    let (rewards, rules) = lottery(&weights, 1_000, "fallback");
    let mut world = World::new(rewards, rules, 7);
    let rounds = 20_000u64;
    let mut counts = [0u64; 7];
    for number in 0..rounds {
        let (_, prize) = world.draw(&format!("p{}", number / 20));
        let at = prize.map_or(6, |prize| prize[1..].parse().expect("a number"));
        counts[at] += 1;
    }
    assert_eq!(counts.iter().sum::<u64>(), rounds);
    let expected: Vec<u64> =
        weights.iter().chain(&[500]).map(|weight| u64::from(*weight) * rounds / 1_000).collect();
    let squares: u64 =
        counts.iter().zip(&expected).map(|(count, due)| count.abs_diff(*due).pow(2) * 1_000 / due).sum();
    // Six degrees of freedom: 27.86.
    assert!(squares < 27_860, "{squares}: {counts:?}, not {expected:?}");
}

/// The share amounts of one packet, claimed to the last.
fn packet(seed: u8, id: &str, rules: &Value) -> Vec<i64> {
    let rewards = json!({ "cash": { "kind": "cash", "title": "Cash", "stock": 1_000_000 } });
    let mut world = World::new(rewards, rules.clone(), seed);
    packets(&mut world, id, rules["count"].as_u64().expect("shares"))
}

fn packets(world: &mut World, id: &str, count: u64) -> Vec<i64> {
    world.send(json!({ "do": "open", "by": "ann", "play": "play", "loop": id }));
    (0..count)
        .map(|number| {
            let facts = world.send(json!({ "do": "claim", "by": format!("p{number}"), "loop": id }));
            let claimed = facts.iter().find(|fact| fact["kind"] == json!("claimed")).expect("a share");
            claimed["amount"].as_i64().expect("money")
        })
        .collect()
}

fn rules(total: i64, count: u64, more: Value) -> Value {
    let total = format!("{}.{:02}", total / 100, total % 100);
    let mut rules = json!({
        "mechanic": "red-packet", "title": "Packet", "give": "cash", "total": total, "count": count, "within": "24h",
    });
    rules.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    rules
}

/// In equal and random packets of many sizes the shares sum up to the total, and none is below the least.
#[test]
fn nothing_is_lost_and_nothing_is_made() {
    for (total, count) in [
        (100, 18),
        (100, 100),
        (7, 3),
        (1000, 4),
        (1, 1),
        (40_000, 2),
        (10, 10),
        (999, 98),
        (15, 15),
        (101, 100),
    ] {
        for more in [json!({ "split": "equal" }), json!({}), json!({ "shares": "at-claim" })] {
            for seed in 0..5 {
                let shares = packet(seed, "P", &rules(total, count, more.clone()));
                assert_eq!(shares.iter().sum::<i64>(), total, "{total} in {count}: {shares:?}");
                assert!(shares.iter().all(|share| *share >= 1), "{total} in {count}: {shares:?}");
                if more["split"] == json!("equal") {
                    let (most, least) =
                        (shares.iter().max().expect("one"), shares.iter().min().expect("one"));
                    assert!(most - least <= 1 && shares.is_sorted_by(|one, two| one >= two), "{shares:?}");
                }
            }
        }
    }
    for seed in 0..40 {
        let shares = packet(seed, "P", &rules(130, 4, json!({ "minUnit": "0.30" })));
        assert!(
            shares.iter().all(|share| (30..=40).contains(share)) && shares.iter().sum::<i64>() == 130,
            "{shares:?}"
        );
    }
}

/// Every outcome of a small packet that the double mean allows comes about, and no other: 6 in three shares.
#[test]
fn small_packets_are_enumerated() {
    // The first is 1 to 4; of the rest r the second is 1 to r − 1, which twice its mean never cuts off.
    let mut allowed: Vec<Vec<i64>> = Vec::new();
    for first in 1..=4 {
        for second in 1..6 - first {
            allowed.push(vec![first, second, 6 - first - second]);
        }
    }
    for shares in ["ahead", "at-claim"] {
        let rewards = json!({ "cash": { "kind": "cash", "title": "Cash", "stock": 1_000_000 } });
        let mut world = World::new(rewards, rules(6, 3, json!({ "shares": shares })), 11);
        let mut seen: BTreeMap<Vec<i64>, u32> = BTreeMap::new();
        for number in 0..1_500 {
            *seen.entry(packets(&mut world, &format!("L{number}"), 3)).or_default() += 1;
        }
        assert_eq!(seen.len(), allowed.len(), "{shares}: {seen:?}");
        assert!(seen.keys().all(|outcome| allowed.contains(outcome)));
        if shares == "at-claim" {
            // One in four for the first, then one in the number of seconds; each within a fifth.
            for (outcome, count) in &seen {
                let due = 1_500 / 4 / u32::try_from(5 - outcome[0]).expect("small");
                assert!(count.abs_diff(due) * 4 < due, "{outcome:?} came {count} times, not {due}");
            }
        }
    }
}

/// The mean share of each of ten positions over 2,000 packets; JCSprout #146 and Sakura_embyboss #28 were biased.
#[test]
fn no_position_is_better_than_another() {
    let means = |shares: &str| {
        let rewards = json!({ "cash": { "kind": "cash", "title": "Cash", "stock": 1_000_000 } });
        let mut world = World::new(rewards, rules(1_000, 10, json!({ "shares": shares })), 5);
        let mut sums = [0i64; 10];
        for number in 0..2_000 {
            for (sum, share) in sums.iter_mut().zip(packets(&mut world, &format!("L{number}"), 10)) {
                *sum += share;
            }
        }
        sums.map(|sum| sum / 2_000)
    };
    // The standard deviation of a share is about 58 to 100, so that of a mean is at most 2.3.
    for (shares, most) in [("ahead", 7), ("at-claim", 9)] {
        let means = means(shares);
        assert!(means.iter().all(|mean| mean.abs_diff(100) <= most), "{shares}: {means:?}");
    }
}

/// What the engine decides of the shared campaign, and the numbers of the generator, are those of the fixture.
#[test]
fn the_shared_vectors_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/draws.json");
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON");
    let text = fixture["seed"].as_str().expect("a seed");
    let seed: [u8; 32] =
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex"));
    for vector in fixture["numbers"].as_array().expect("vectors") {
        let (purpose, key) =
            (vector["purpose"].as_str().expect("text"), vector["key"].as_str().expect("text"));
        let mut draw = Draw::new(&seed, purpose, key);
        for pair in vector["below"].as_array().expect("pairs") {
            let number = |at: usize| pair[at].as_str().expect("a number").parse::<u64>().expect("a number");
            assert_eq!(draw.below(number(0)), number(1), "{vector}");
        }
    }
    let mut engine = Engine::load(&fixture["campaign"].to_string(), seed).expect("a campaign");
    let commitment: String = engine.commitment().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fixture["commitment"], json!(commitment));
    let mut facts: Vec<Value> = Vec::new();
    for command in fixture["commands"].as_array().expect("commands") {
        let text = command.to_string();
        let command = Command::read(text.as_bytes()).expect("a command");
        let mut out = Vec::new();
        engine.submit(&command).write(&mut out);
        let answer: Value = serde_json::from_slice(&out).expect("an answer");
        facts.extend(answer["facts"].as_array().into_iter().flatten().cloned());
    }
    assert_eq!(json!(facts), fixture["facts"]);
}

/// The seed comes out when the campaign has ended and every card is open, and not before.
#[test]
fn the_seed_is_kept_as_long_as_it_decides_something() {
    let (rewards, mut rules) = lottery(&[1], 2, "fallback");
    rules["opensAfter"] = json!("20d");
    let mut world = World::new(rewards, rules, 9);
    world.send(json!({ "do": "draw", "by": "ann", "play": "play" }));
    let day = |days: i64| Time(START + days * 86_400_000);
    for (at, known) in [(day(0), false), (day(14), false), (day(30), false)] {
        assert_eq!(world.engine.revealed_seed(at).is_some(), known);
    }
    let tick = json!({ "id": "tick", "at": day(20).0, "do": "tick" }).to_string();
    let tick = Command::read(tick.as_bytes()).expect("a command");
    assert!(world.engine.submit(&tick).accepted());
    assert_eq!(world.engine.revealed_seed(day(13)), None, "the campaign runs");
    assert_eq!(world.engine.revealed_seed(day(20)), Some([9; 32]));
    let draw =
        json!({ "id": "late", "at": day(21).0, "do": "draw", "by": "ann", "play": "play" }).to_string();
    let draw = Command::read(draw.as_bytes()).expect("a command");
    assert_eq!(world.engine.submit(&draw).code(), Some(Code::CampaignEnded));
}
