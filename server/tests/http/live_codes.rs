//! Live codes over HTTP: where links lead, one place for one visitor, and what operators see.

use crate::support::{Response, Server, TOKEN_KEY, assist, count, together};
use kfactor::attribution::{Token, campaign_number, touchpoint_number};
use kfactor_server::auth::unhex;
use serde_json::{Value, json};

/// A campaign whose counter leads to two groups, with room for `room` in the first and `rest` in the second.
fn groups(room: u32, rest: u32) -> Value {
    let mut campaign = assist("rush", 3, 100);
    campaign["page"] = json!("https://shop.example/");
    campaign["touchpoints"] = json!({
        "counter": { "kind": "store", "liveCode": "mothers" }, "poster": { "kind": "public" }
    });
    campaign["liveCodes"] = json!({ "mothers": {
        "kind": "group", "strategy": "fill", "fallback": "https://shop.example/wait",
        "targets": [
            { "id": "one", "total": room, "url": "https://work.weixin.qq.com/ca/one" },
            { "id": "two", "total": rest }
        ]
    } });
    campaign
}

fn token(touchpoint: &str) -> String {
    let token = Token {
        version: Token::SIGNED,
        kid: 0,
        kind: Token::TOUCHPOINT,
        campaign: campaign_number("rush"),
        touchpoint: touchpoint_number(touchpoint),
        inviter: 0,
        day: 600,
        depth: 0,
    };
    token.mint(&unhex(TOKEN_KEY).unwrap()).unwrap()
}

fn scan(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let response = server.client.request("GET", path, headers, None);
    assert_eq!(response.status, 302, "{}", response.text);
    response
}

/// The visitor's cookie as a browser sends it back.
fn cookie(response: &Response) -> String {
    response.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[test]
fn of_two_hundred_scans_at_once_one_gets_the_last_place() {
    let server = Server::with(&[groups(1, 10)]);
    let path = format!("/r/{}", token("counter"));
    let led = together(200, |_| scan(&server, &path, &[]).header("location").to_owned());
    let to = |start: &str| led.iter().filter(|location| location.starts_with(start)).count();
    assert_eq!(to("https://work.weixin.qq.com/ca/one?customer_channel="), 1);
    assert_eq!(to("https://shop.example/?kf="), 10, "the second group has no address of its own");
    assert_eq!(to("https://shop.example/wait?kf="), 189);
    let facts = server.client.facts("rush");
    assert_eq!((count(&facts, "routed"), count(&facts, "turned-away")), (11, 189));
    server.client.assert_audit("rush");
}

#[test]
fn a_visitor_is_known_again_and_the_link_keeps_its_parameters() {
    let server = Server::with(&[groups(1, 1)]);
    let token = token("counter");
    let path = format!("/r/{token}?utm_source=parcel&kf=forged&target=two");
    let first = scan(&server, &path, &[("cookie", "theme=dark; kfv=not-ours")]);
    let to_one = format!("https://work.weixin.qq.com/ca/one?customer_channel={token}&utm_source=parcel");
    assert_eq!(first.header("location"), to_one);
    assert!(first.header("set-cookie").ends_with("; Path=/r/; Max-Age=34560000; HttpOnly; SameSite=Lax"));
    let again = scan(&server, &path, &[("cookie", &cookie(&first))]);
    assert_eq!((again.header("location"), cookie(&again)), (to_one.as_str(), cookie(&first)));
    let other = scan(&server, &path, &[]);
    let to_two = format!("https://shop.example/?kf={token}&target=two&utm_source=parcel");
    assert_eq!(other.header("location"), to_two);
    let arrived = server.client.facts("rush");
    let arrived = arrived.iter().filter(|fact| fact["kind"] == "arrived");
    assert_eq!(arrived.map(|fact| fact["touchpoint"].as_str()).collect::<Vec<_>>(), [Some("counter"); 2]);
}

#[test]
fn a_browser_that_fetches_ahead_takes_no_place() {
    let server = Server::with(&[groups(1, 1)]);
    let path = format!("/r/{}", token("counter"));
    for header in [("sec-purpose", "prefetch;prerender"), ("purpose", "preview"), ("x-moz", "prefetch")] {
        assert_eq!(server.client.request("GET", &path, &[header], None).status, 503);
    }
    assert_eq!(server.client.facts("rush"), Vec::<Value>::new());
    let elsewhere = scan(&server, &format!("/r/{}", token("poster")), &[("purpose", "prefetch")]);
    assert_eq!(elsewhere.header("set-cookie"), "", "a link without a live code is a plain one");
}

#[test]
fn operators_see_loads_and_who_comes_next_and_switch_targets() {
    let mut server = Server::with(&[groups(2, 5)]);
    let codes = |server: &Server| server.client.get("/v1/campaigns/rush/live-codes").json()[0].clone();
    scan(&server, &format!("/r/{}", token("counter")), &[]);
    let add = |id: &str, by: &str| {
        let add = json!({ "id": id, "do": "add", "by": by, "name": "mothers/one" });
        assert_eq!(server.client.command("rush", &add)["ok"], true);
    };
    add("a1", "wx-1");
    let seen = codes(&server);
    assert_eq!(
        (&seen["liveCode"], &seen["kind"], &seen["next"]),
        (&json!("mothers"), &json!("group"), &json!("two"))
    );
    let one = &seen["targets"][0];
    assert_eq!(
        (&one["status"], &one["shown"], &one["today"], &one["kept"]),
        (&json!("full"), &json!(1), &json!(1), &json!(1))
    );
    let switch = json!({ "id": "s1", "do": "switch", "name": "mothers/two", "text": "banned" });
    assert_eq!(server.client.command("rush", &switch)["facts"][0]["kind"], "switched");
    let page = server.client.page("ann", "POST", "/v1/campaigns/rush/commands", Some(&switch));
    assert_eq!(page.code(), "SECRET_KEY_NEEDED");
    assert_eq!(
        server.client.page("ann", "GET", "/v1/campaigns/rush/live-codes", None).code(),
        "SECRET_KEY_NEEDED"
    );
    let seen = codes(&server);
    assert_eq!((&seen["next"], &seen["targets"][1]["status"]), (&Value::Null, &json!("banned")));
    server.kill();
    server.restart();
    assert_eq!(codes(&server)["targets"], seen["targets"]);
    server.client.assert_audit("rush");
}
