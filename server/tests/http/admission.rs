//! Concurrency: however many ask at once, exactly as many get in as there are places (cases A31, A33, A36, A37).

use crate::support::{Server, assist, count, group_buy, together};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PATH: &str = "/v1/campaigns/rush/commands";

fn open(server: &Server, leader: &str) {
    let open = json!({ "id": "open", "do": "open", "by": leader, "play": "deal", "loop": "G" });
    let answer = server.client.command("rush", &open);
    assert_eq!(answer["ok"], true, "{answer}");
}

fn join(number: usize) -> Value {
    json!({ "id": format!("join-{number}"), "do": "join", "by": format!("user-{number}"), "loop": "G" })
}

/// Case A36: the leader has one of six slots; five are left for five hundred.
#[test]
fn five_hundred_parallel_joins_for_five_slots_admit_exactly_five() {
    let server = Server::with(&[group_buy("rush", 6)]);
    open(&server, "leader");
    let answers = together(500, |number| server.client.command("rush", &join(number)));
    let admitted: Vec<&Value> = answers.iter().filter(|answer| answer["ok"] == true).collect();
    assert_eq!(admitted.len(), 5);
    assert!(
        answers.iter().filter(|answer| answer["ok"] == false).all(|answer| answer["code"] == "GROUP_FULL")
    );

    let facts = server.client.facts("rush");
    let joined: Vec<&Value> = facts.iter().filter(|f| f["kind"] == "joined" && f["by"] != "leader").collect();
    assert_eq!(joined.len(), 5);
    for answer in admitted {
        let fact = answer["facts"].as_array().unwrap().iter().find(|fact| fact["kind"] == "joined").unwrap();
        assert!(joined.contains(&fact), "what was answered is what the log holds");
    }
    // Losers took no part: no fact of theirs but that they were seen, if at all.
    let winners: BTreeSet<&str> = joined.iter().filter_map(|fact| fact["by"].as_str()).collect();
    let takers = facts.iter().filter(|fact| fact["loop"] == "G").filter_map(|fact| fact["by"].as_str());
    assert!(takers.filter(|who| *who != "leader").all(|who| winners.contains(who)));
    let audit = server.client.get("/v1/campaigns/rush/audit").json();
    assert_eq!((audit["ok"].as_bool(), audit["records"].as_u64()), (Some(true), Some(502)), "{audit}");
}

/// Case A31: five hundred requests with one command id are one command.
#[test]
fn five_hundred_identical_requests_make_one_row_and_one_set_of_facts() {
    let server = Server::with(&[group_buy("rush", 6)]);
    open(&server, "leader");
    let answers = together(500, |_| server.client.command("rush", &join(1)));
    let first = &answers[0]["facts"];
    assert!(answers.iter().all(|answer| answer["ok"] == true && answer["facts"] == *first));
    assert_eq!(answers.iter().filter(|answer| answer["repeated"] == true).count(), 499);
    let log = server.client.log("rush");
    assert_eq!(log.iter().filter(|command| command["id"] == "join-1").count(), 1);
    let facts = server.client.facts("rush");
    assert_eq!(facts.iter().filter(|fact| fact["kind"] == "joined" && fact["by"] == "user-1").count(), 1);
    let other = json!({ "id": "join-1", "do": "join", "by": "user-2", "loop": "G" });
    assert_eq!(server.client.command("rush", &other)["code"], "COMMAND_ID_REUSED");
    server.client.assert_audit("rush");
}

/// Case A33: nine of ten slots are taken and two come at once, again and again.
#[test]
fn the_last_slot_goes_to_one_of_two() {
    for _ in 0..10 {
        let server = Server::with(&[group_buy("rush", 10)]);
        open(&server, "leader");
        let eight: Vec<Value> = (0..8).map(join).collect();
        let answers = server.client.post(PATH, &json!(eight)).json();
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["ok"] == true), "{answers}");
        let answers = together(2, |number| server.client.command("rush", &join(100 + number)));
        assert_eq!(answers.iter().filter(|answer| answer["ok"] == true).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer["code"] == "GROUP_FULL").count(), 1);
        assert_eq!(
            count(&server.client.facts("rush"), "joined"),
            10,
            "the leader, eight, and one of the two"
        );
    }
}

/// Case A37: twenty come for a group of five; those who got a slot pay at once, some of them twice.
#[test]
fn a_group_of_five_completes_once_when_all_pay_together() {
    let server = Server::with(&[group_buy("rush", 5)]);
    open(&server, "user-0");
    let answers = together(20, |number| (number, server.client.command("rush", &join(number))));
    let mut members: Vec<usize> =
        answers.iter().filter(|(_, answer)| answer["ok"] == true).map(|(number, _)| *number).collect();
    assert_eq!(members.len(), 4);
    members.push(0);
    let pay = |number: usize, copy: usize| {
        json!({
            "id": format!("pay-{number}-{copy}"), "do": "pay", "by": format!("user-{number}"),
            "loop": "G", "order": format!("order-{number}"), "amount": 4990
        })
    };
    let paid = together(10, |index| server.client.command("rush", &pay(members[index % 5], index / 5)));
    assert_eq!(paid.iter().filter(|answer| answer["ok"] == true).count(), 5, "one payment per order counts");
    let facts = server.client.facts("rush");
    assert_eq!(count(&facts, "paid"), 5);
    assert_eq!(count(&facts, "completed"), 1);
    assert_eq!(count(&facts, "refund-due"), 0);
    let view = server.client.get("/v1/campaigns/rush/view?participant=user-0&loop=G").json();
    assert_eq!(view["loops"][0]["status"], "complete", "{view}");
    server.client.assert_audit("rush");
}

/// Two hundred helpers over twenty loops want sixty stickers: sixty get one, and no helper counts twice.
#[test]
fn stock_is_exact_across_loops() {
    let server = Server::with(&[assist("rush", 10, 60)]);
    for number in 0..20 {
        let open = json!({
            "id": format!("open-{number}"), "do": "open", "by": format!("host-{number}"),
            "play": "friends", "loop": format!("L{number}")
        });
        assert_eq!(server.client.command("rush", &open)["ok"], true);
    }
    together(100, |thread| {
        for number in [thread, thread + 100] {
            let help = json!({
                "id": format!("help-{number}"), "do": "help", "by": format!("friend-{number}"),
                "loop": format!("L{}", number % 20)
            });
            assert_eq!(server.client.command("rush", &help)["ok"], true);
        }
    });
    let facts = server.client.facts("rush");
    let of = |kind: &str, reward: &str| {
        facts.iter().filter(|fact| fact["kind"] == kind && fact["reward"] == reward).count()
    };
    assert_eq!(count(&facts, "helped"), 200);
    assert_eq!(count(&facts, "completed"), 20);
    assert_eq!(of("granted", "coupon"), 20);
    assert_eq!(of("granted", "sticker"), 60);
    assert_eq!(of("withheld", "sticker"), 140);
    server.client.assert_audit("rush");
}
