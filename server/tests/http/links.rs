//! Sharing: share material, short links, and tokens that were tampered with.

use crate::support::{Server, TOKEN_KEY, assist};
use kfactor::attribution::{Token, campaign_number, touchpoint_number};
use kfactor_server::auth::unhex;
use serde_json::{Value, json};

fn open(server: &Server) {
    let open = json!({ "id": "o1", "do": "open", "by": "ann", "play": "friends", "loop": "L" });
    assert_eq!(server.client.command("rush", &open)["ok"], true);
}

fn share(server: &Server, body: &Value) -> Value {
    let response = server.client.page("ann", "POST", "/v1/campaigns/rush/share", Some(body));
    assert_eq!(response.status, 200, "{}", response.text);
    response.json()
}

fn location(server: &Server, token: &str) -> String {
    let response = server.client.request("GET", &format!("/r/{token}"), &[], None);
    assert_eq!(response.status, 302, "{}", response.text);
    response.header("location").to_owned()
}

#[test]
fn a_share_is_a_signed_token_a_link_and_a_code() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    open(&server);
    let shared = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L", "touchpoint": "counter" }));
    let token = shared["token"].as_str().unwrap();
    let key = unhex(TOKEN_KEY).unwrap();
    let read = Token::verify(token, |kid| (kid == 0).then_some(&key)).unwrap();
    assert_eq!((read.kind, read.campaign), (Token::LOOP_SHARE, campaign_number("rush")));
    assert_eq!(read.touchpoint, touchpoint_number("counter"));
    assert_eq!(read.depth, 1);
    assert_eq!(shared["url"], format!("{}/r/{token}", server.client.url));
    assert_eq!(shared["code"].as_str().unwrap().len(), 9);

    // A program learns from a token alone which campaign and loop it is for.
    let json_only = [("accept", "application/json")];
    let told = server.client.request("GET", &format!("/r/{token}"), &json_only, None);
    assert_eq!((told.status, told.json()), (200, json!({ "ok": true, "campaign": "rush", "loop": "L" })));
    let refused = server.client.request("GET", &format!("/r/{}", "1".repeat(29)), &json_only, None);
    assert_eq!(refused.code(), "TOKEN_INVALID");

    // The same again, and under another id: the same handle and code.
    let again = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L", "touchpoint": "counter" }));
    let anew = share(&server, &json!({ "id": "s2", "by": "ann", "loop": "L", "touchpoint": "counter" }));
    assert_eq!((&again, &anew), (&shared, &shared));
    // In general, without a loop: another handle.
    let general = share(&server, &json!({ "id": "s3", "by": "ann" }));
    assert_ne!(general["code"], shared["code"]);
    let general = Token::peek(general["token"].as_str().unwrap()).unwrap();
    assert_eq!(general.kind, Token::SHARE);
    assert_ne!(general.inviter, read.inviter);

    let as_bo = json!({ "id": "s4", "by": "bo", "loop": "L" });
    let response = server.client.page("ann", "POST", "/v1/campaigns/rush/share", Some(&as_bo));
    assert_eq!(response.code(), "PARTICIPANT_MISMATCH");
    let nowhere = share(&server, &json!({ "id": "s5", "by": "ann", "loop": "nowhere" }));
    assert_eq!((nowhere["code"].as_str(), nowhere["message"].is_string()), (Some("LOOP_UNKNOWN"), true));
    let unknown = json!({ "id": "s6", "by": "ann", "touchpoint": "moon" });
    assert_eq!(share(&server, &unknown)["code"], "TOUCHPOINT_UNKNOWN");
}

#[test]
fn the_one_who_follows_the_link_is_attributed_one_step_deeper() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    open(&server);
    let shared = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L" }));
    let help = json!({ "id": "h1", "do": "help", "by": "bo", "loop": "L", "token": shared["token"] });
    let answer = server.client.page("bo", "POST", "/v1/campaigns/rush/commands", Some(&help)).json();
    let arrived = answer["facts"].as_array().unwrap().iter().find(|fact| fact["kind"] == "arrived").unwrap();
    assert_eq!((arrived["inviter"].as_str(), arrived["depth"].as_u64()), (Some("ann"), Some(1)), "{answer}");
    let by_code = json!({ "id": "h2", "do": "help", "by": "cy", "code": shared["code"] });
    let answer = server.client.page("cy", "POST", "/v1/campaigns/rush/commands", Some(&by_code)).json();
    assert_eq!(answer["ok"], true, "{answer}");
    let deeper = server.client.page(
        "bo",
        "POST",
        "/v1/campaigns/rush/share",
        Some(&json!({ "id": "s2", "by": "bo" })),
    );
    assert_eq!(Token::peek(deeper.json()["token"].as_str().unwrap()).unwrap().depth, 2);
}

#[test]
fn a_token_that_this_site_did_not_sign_is_refused_and_not_recorded() {
    let server = Server::with(&[assist("rush", 3, 100), assist("other", 3, 100)]);
    open(&server);
    let good = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L" }))["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = Token::peek(&good).unwrap();
    let changed = format!("{}{}", &good[..28], if good.ends_with('a') { 'b' } else { 'a' });
    let forged = token.mint(&[9; 16]).unwrap();
    let unsigned = Token { version: Token::OPEN, ..token }.open().unwrap();
    let key = unhex(TOKEN_KEY).unwrap();
    let elsewhere = Token { campaign: campaign_number("other"), ..token }.mint(&key).unwrap();
    let other_kid = Token { kid: 3, ..token }.mint(&key).unwrap();
    let before = server.client.log("rush").len();
    for (number, bad) in
        [&changed, &forged, &unsigned, &elsewhere, &other_kid, &"0".to_owned()].iter().enumerate()
    {
        let help = json!({ "id": format!("h{number}"), "do": "help", "by": "bo", "loop": "L", "token": bad });
        let answer = server.client.command("rush", &help);
        assert_eq!(answer["code"], "TOKEN_INVALID", "{bad}");
        assert!(answer["messageZh"].is_string());
    }
    assert_eq!(server.client.log("rush").len(), before);
}

#[test]
fn a_short_link_leads_to_the_page_with_the_token() {
    let mut with_page = assist("rush", 3, 100);
    with_page["page"] = json!("https://shop.example/friends?lang=zh#top");
    let server = Server::configured(
        &[with_page, assist("plain", 3, 100)],
        &json!({}),
        &["--public-url", "https://k.example/"],
    );
    open(&server);
    let shared = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L" }));
    let token = shared["token"].as_str().unwrap();
    assert_eq!(shared["url"], format!("https://k.example/r/{token}"));
    assert_eq!(
        location(&server, token),
        format!("https://shop.example/friends?lang=zh&kf={token}&loop=L#top")
    );
    let plain = json!({ "id": "s1", "by": "ann" });
    let plain = server.client.page("ann", "POST", "/v1/campaigns/plain/share", Some(&plain)).json();
    let token = plain["token"].as_str().unwrap();
    assert_eq!(location(&server, token), format!("https://k.example/?campaign=plain&kf={token}"));

    let bad = format!("{}{}", &token[..28], if token.ends_with('a') { 'b' } else { 'a' });
    for token in [&bad, "x", &"z".repeat(29), "%F0%9F%92%A9"] {
        let response = server.client.request("GET", &format!("/r/{token}"), &[], None);
        assert_eq!((response.status, response.code().as_str()), (404, "TOKEN_INVALID"), "{token}");
        let for_people = [("accept", "text/html,*/*")];
        let page = server.client.request("GET", &format!("/r/{token}"), &for_people, None);
        assert_eq!(page.status, 404);
        assert!(page.text.contains("无效"), "{}", page.text);
    }
}

#[test]
fn a_revoked_key_verifies_no_old_token() {
    let old = json!({ "kid": 2, "key": "ff".repeat(16) });
    let new = json!({ "kid": 5, "key": "ee".repeat(16) });
    let revoked = json!({ "kid": 2, "key": "ff".repeat(16), "revokedBefore": "2036-01-01" });
    let token = Token {
        version: Token::SIGNED,
        kid: 2,
        kind: Token::TOUCHPOINT,
        campaign: campaign_number("rush"),
        touchpoint: touchpoint_number("counter"),
        inviter: 0,
        day: 500,
        depth: 0,
    };
    let token = token.mint(&[0xff; 16]).unwrap();
    for (keys, status) in [(json!([old, new]), 302), (json!([revoked, new]), 404), (json!([new]), 404)] {
        let config = json!({ "tokenKeys": keys });
        let server = Server::without_token_key(&[assist("rush", 3, 100)], &config);
        let response = server.client.request("GET", &format!("/r/{token}"), &[], None);
        assert_eq!(response.status, status, "{keys}");
        open(&server);
        let shared = share(&server, &json!({ "id": "s1", "by": "ann", "loop": "L" }));
        let shared = Token::peek(shared["token"].as_str().unwrap()).unwrap();
        assert_eq!(shared.kid, 5, "the newest key signs");
    }
}
