//! Limits on size and rate, and bodies that are not what they should be.

use crate::support::{SECRET, Server, assist, group_buy, together};
use serde_json::{Value, json};

const PATH: &str = "/v1/campaigns/rush/commands";

fn send(server: &Server, body: &str) -> crate::support::Response {
    let key = format!("Bearer {SECRET}");
    server.client.request("POST", PATH, &[("authorization", &key)], Some(body))
}

#[test]
fn what_is_not_a_command_gets_the_field_to_look_at() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let long = format!(r#"{{"id":"{}","do":"tick"}}"#, "x".repeat(65));
    let cases = [
        ("", "command"),
        ("{", "command"),
        ("\u{0}", "command"),
        ("1", "command"),
        ("null", "command"),
        ("\"open\"", "command"),
        (r#"{"do":"tick"}"#, "id"),
        (r#"{"id":7,"do":"tick"}"#, "id"),
        (r#"{"id":"a b","do":"tick"}"#, "id"),
        (long.as_str(), "id"),
        (r#"{"id":"c1"}"#, "do"),
        (r#"{"id":"c1","do":"dance"}"#, "do"),
        (r#"{"id":"c1","do":"help","by":"","loop":"G"}"#, "by"),
        (r#"{"id":"c1","do":"help","by":"bo","loop":"a b"}"#, "loop"),
        (r#"{"id":"c1","do":"pay","by":"bo","loop":"G","order":"o","amount":1.5}"#, "amount"),
        (r#"{"id":"c1","do":"visit","by":"bo","risk":101}"#, "risk"),
        (r#"{"id":"c1","do":"visit","by":["bo"]}"#, "by"),
        (r#"{"id":"c1","do":"visit","by":"bo","colour":"red"}"#, "colour"),
    ];
    for (body, field) in cases {
        let response = send(&server, body);
        assert_eq!((response.status, response.code().as_str()), (400, "COMMAND_MALFORMED"), "{body:?}");
        assert_eq!(response.json()["params"]["field"], field, "{body:?}");
        assert!(response.json()["message"].as_str().unwrap().contains(field), "{body:?}");
    }
    assert!(server.client.log("rush").is_empty(), "nothing of it was recorded");
    assert_eq!(
        send(&server, r#"{"id":"c1","do":"visit","by":"bo"}"#).json()["ok"],
        true,
        "the id stayed free"
    );
}

#[test]
fn one_bad_command_does_not_spoil_a_batch() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let body = r#"[{"id":"a","do":"visit","by":"ann"},7,{"id":"b","do":"nod"},{"id":"c","do":"visit","by":"bo","at":1}]"#;
    let answers = send(&server, body).json();
    let answers = answers.as_array().unwrap();
    let summary: Vec<_> =
        answers.iter().map(|answer| (answer["ok"].as_bool().unwrap(), &answer["id"])).collect();
    assert_eq!(
        summary,
        [(true, &json!("a")), (false, &Value::Null), (false, &Value::Null), (true, &json!("c"))]
    );
    assert_eq!(send(&server, "[]").json(), json!([]));
    let at = server.client.log("rush")[1]["at"].as_i64().unwrap();
    assert!(at > 1_700_000_000_000, "the sender's `at` does not count");
}

#[test]
fn large_bodies_and_large_batches_are_refused() {
    let config = json!({ "limits": { "bodyBytes": 20_000, "batchCommands": 100 } });
    let server = Server::configured(&[group_buy("rush", 2)], &config, &[]);
    let large = format!(r#"{{"id":"c1","do":"visit","by":"{}"}}"#, "x".repeat(20_000));
    let response = send(&server, &large);
    assert_eq!((response.status, response.code().as_str()), (413, "BODY_TOO_LARGE"));
    let visits = |count: usize| -> Vec<Value> {
        (0..count).map(|n| json!({ "id": format!("v{n}"), "do": "visit", "by": format!("u{n}") })).collect()
    };
    let response = server.client.post(PATH, &json!(visits(101)));
    assert_eq!((response.status, response.code().as_str()), (413, "BATCH_TOO_LARGE"));
    assert_eq!(server.client.post(PATH, &json!(visits(100))).status, 200);
    assert_eq!(server.client.log("rush").len(), 100);
}

#[test]
fn a_participant_and_an_address_have_their_rate() {
    let config = json!({ "limits": {
        "participant": { "perMinute": 1, "burst": 5 }, "address": { "perMinute": 1, "burst": 30 }
    } });
    let server = Server::configured(&[assist("rush", 2, 10)], &config, &[]);
    let visit = |who: &str, n: usize| {
        let visit = json!({ "id": format!("{who}-{n}"), "do": "visit", "by": who });
        server.client.page(who, "POST", PATH, Some(&visit))
    };
    let statuses = together(12, |n| visit("ann", n).status);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 7);
    let limited = visit("ann", 99);
    assert_eq!(limited.code(), "RATE_LIMITED");
    assert!(limited.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(visit("bo", 0).status, 200, "another participant has a rate of their own");
    let statuses = together(40, |n| visit(&format!("p{n}"), n).status);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 30 - 14, "one address, one rate");
    assert_eq!(server.client.command("rush", &json!({ "id": "s", "do": "tick" }))["ok"], true);
}

#[test]
fn typed_codes_cannot_be_tried_quickly() {
    let config = json!({ "limits": { "typedCodes": { "perMinute": 1, "burst": 3 } } });
    let server = Server::configured(&[assist("rush", 2, 10)], &config, &[]);
    let codes: Vec<String> = (0..5)
        .map(|n| {
            let help =
                json!({ "id": format!("h{n}"), "do": "help", "by": "bo", "code": format!("2345-678{n}") });
            server.client.page("bo", "POST", PATH, Some(&help)).code()
        })
        .collect();
    assert!(codes[..3].iter().all(|code| code.starts_with("CODE_")), "{codes:?}");
    assert!(codes[3..].iter().all(|code| code == "RATE_LIMITED"), "{codes:?}");
}

#[test]
fn a_campaign_has_a_size() {
    let config = json!({ "limits": { "campaignRecords": 5 } });
    let server = Server::configured(&[assist("rush", 2, 10)], &config, &[]);
    for n in 0..4 {
        let visit = json!({ "id": format!("v{n}"), "do": "visit", "by": format!("u{n}") });
        assert_eq!(server.client.command("rush", &visit)["ok"], true);
    }
    let response = server.client.post(PATH, &json!({ "id": "v9", "do": "visit", "by": "u9" }));
    assert_eq!((response.status, response.code().as_str()), (507, "CAMPAIGN_FULL"));
}

#[test]
fn paths_and_methods_that_do_not_exist_say_so() {
    let server = Server::with(&[group_buy("rush", 2)]);
    assert_eq!(server.client.get("/v2").code(), "PATH_UNKNOWN");
    assert_eq!(server.client.request("PUT", "/v1/campaigns/rush", &[], Some("{}")).code(), "METHOD_UNKNOWN");
    assert_eq!(server.client.get("/v1/campaigns/nowhere/view?participant=a").code(), "CAMPAIGN_UNKNOWN");
    assert_eq!(server.client.get("/v1/campaigns/rush/log?after=minus").code(), "PARAMETER_WRONG");
}
