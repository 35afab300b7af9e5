//! Any-store mode: the order of commands, and nothing else.

use crate::support::{Server, assist, together};
use serde_json::{Value, json};

const PATH: &str = "/store/rush/commands";

fn append(server: &Server, command: &Value) -> Value {
    server.client.page("ann", "POST", PATH, Some(command)).json()
}

fn list(server: &Server, query: &str) -> Value {
    server.client.page("ann", "GET", &format!("{PATH}?{query}"), None).json()
}

#[test]
fn every_page_sees_the_same_commands_in_the_same_order() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    let open = json!({ "id": "o1", "do": "open", "by": "ann", "play": "friends", "clock": 5 });
    assert_eq!(append(&server, &open)["seq"], 1);
    let places = together(50, |number| {
        let help =
            json!({ "id": format!("h{number}"), "do": "help", "by": format!("f{number}"), "loop": "o1" });
        append(&server, &help)["seq"].as_u64().unwrap()
    });
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(2..=51), "no gap and no place twice");
    let all = list(&server, "after=0");
    let commands = all["commands"].as_array().unwrap();
    assert_eq!((commands.len(), all["next"].as_u64()), (51, Some(51)));
    let times: Vec<i64> = commands.iter().map(|command| command["at"].as_i64().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(commands[0]["clock"], 5);
    assert_eq!(list(&server, "after=51"), json!({ "commands": [], "next": 51 }));
    assert_eq!(list(&server, "after=0&loop=o1")["commands"], all["commands"], "an open belongs to its loop");
    assert_eq!(list(&server, "after=0&loop=other")["commands"], json!([]));
}

#[test]
fn a_command_is_kept_once_and_survives_a_crash() {
    let mut server = Server::with(&[assist("rush", 3, 100)]);
    let help = json!({ "id": "h1", "do": "help", "by": "bo", "loop": "L", "clock": 1 });
    let first = append(&server, &help);
    let same = json!({ "id": "h1", "do": "help", "by": "bo", "loop": "L", "clock": 2, "at": 7 });
    assert_eq!(append(&server, &same), first);
    let other = json!({ "id": "h1", "do": "help", "by": "cy", "loop": "L" });
    assert_eq!(append(&server, &other)["code"], "COMMAND_ID_REUSED");
    server.kill();
    server.restart();
    assert_eq!(append(&server, &help), first);
    assert_eq!(list(&server, "after=0")["commands"].as_array().unwrap().len(), 1);
}

#[test]
fn a_page_cannot_say_that_money_moved() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    let pay = json!({ "id": "p1", "do": "pay", "by": "bo", "loop": "L", "order": "o", "amount": 1 });
    assert_eq!(append(&server, &pay)["code"], "SECRET_KEY_NEEDED");
    assert_eq!(server.client.post(PATH, &pay).json()["seq"], 1);
    assert_eq!(append(&server, &json!({ "id": "p2", "do": "nod" }))["code"], "COMMAND_MALFORMED");
    assert_eq!(server.client.page("ann", "GET", "/store/none/commands", None).code(), "CAMPAIGN_UNKNOWN");
}
