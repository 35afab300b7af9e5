//! Who may do what: keys, proofs, and what each of them opens.

use crate::support::{PUBLISHABLE, SECRET, Server, assist, group_buy, is_private, proof};
use serde_json::{Value, json};

const PK: &str = PUBLISHABLE;

/// Every path under `/v1` refuses a request without a key, with a wrong one, and with half of one.
#[test]
fn nothing_opens_without_a_key() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let paths = [
        ("POST", "/v1/campaigns"),
        ("GET", "/v1/campaigns/rush"),
        ("POST", "/v1/campaigns/rush/commands"),
        ("GET", "/v1/campaigns/rush/commands/c1"),
        ("GET", "/v1/campaigns/rush/view"),
        ("POST", "/v1/campaigns/rush/share"),
        ("GET", "/v1/campaigns/rush/facts"),
        ("GET", "/v1/campaigns/rush/log"),
        ("GET", "/v1/campaigns/rush/events"),
        ("GET", "/v1/campaigns/rush/audit"),
        ("POST", "/store/rush/commands"),
        ("GET", "/store/rush/commands"),
    ];
    let half = format!("Bearer {}", &SECRET[..SECRET.len() - 1]);
    for (method, path) in paths {
        let body = (method == "POST").then_some("{}");
        for (headers, code) in [
            (vec![], "KEY_MISSING"),
            (vec![("authorization", SECRET)], "KEY_MISSING"),
            (vec![("authorization", half.as_str())], "KEY_WRONG"),
            (vec![("authorization", "Bearer sk_")], "KEY_WRONG"),
        ] {
            let response = server.client.request(method, path, &headers, body);
            assert_eq!((response.status, response.code().as_str()), (401, code), "{method} {path}");
            assert!(response.json()["messageZh"].is_string());
        }
    }
}

#[test]
fn some_paths_are_for_backends_alone() {
    let server = Server::with(&[group_buy("rush", 2)]);
    for path in ["facts", "log", "audit", "events"] {
        let response = server.client.page("ann", "GET", &format!("/v1/campaigns/rush/{path}"), None);
        assert_eq!((response.status, response.code().as_str()), (403, "SECRET_KEY_NEEDED"), "{path}");
    }
    let document = group_buy("other", 2);
    let response = server.client.page("ann", "POST", "/v1/campaigns", Some(&document));
    assert_eq!(response.code(), "SECRET_KEY_NEEDED");
    let risky = json!({ "id": "r1", "do": "visit", "by": "ann", "risk": 0 });
    let response = server.client.page("ann", "POST", "/v1/campaigns/rush/commands", Some(&risky));
    assert_eq!(response.code(), "SECRET_KEY_NEEDED", "nobody scores themselves");
    let facts = server.client.page("ann", "GET", "/v1/campaigns/rush/facts?loop=G", None);
    assert_eq!(facts.json(), json!({ "facts": [], "next": 0 }));
    assert_eq!(server.client.page("ann", "GET", "/v1/campaigns/rush", None).json()["id"], "rush");
}

#[test]
fn a_proof_holds_for_its_participant_only() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let view = |headers: &[(&str, &str)]| {
        let mut all = vec![("authorization", "Bearer pk_test_0123456789abcdef")];
        all.extend(headers);
        server.client.request("GET", "/v1/campaigns/rush/view", &all, None)
    };
    let (ann, bo) = (proof("ann"), proof("bo"));
    let upper = ann.to_uppercase();
    assert_eq!(view(&[]).code(), "PROOF_MISSING");
    assert_eq!(view(&[("x-kfactor-participant", "ann")]).code(), "PROOF_WRONG");
    assert_eq!(view(&[("x-kfactor-participant", "ann"), ("x-kfactor-proof", &bo)]).code(), "PROOF_WRONG");
    assert_eq!(view(&[("x-kfactor-participant", "ann"), ("x-kfactor-proof", "")]).code(), "PROOF_WRONG");
    assert_eq!(
        view(&[("x-kfactor-participant", "ann"), ("x-kfactor-proof", &ann[..62])]).code(),
        "PROOF_WRONG"
    );
    assert_eq!(view(&[("x-kfactor-participant", ""), ("x-kfactor-proof", &ann)]).code(), "PROOF_WRONG");
    assert_eq!(view(&[("x-kfactor-participant", "ann"), ("x-kfactor-proof", &ann)]).status, 200);
    assert_eq!(view(&[("x-kfactor-participant", "ann"), ("x-kfactor-proof", &upper)]).status, 200);
    let other = server.client.page("ann", "GET", "/v1/campaigns/rush/view?participant=bo", None);
    assert_eq!((other.status, other.code().as_str()), (403, "PARTICIPANT_MISMATCH"));
    let backend = server.client.get("/v1/campaigns/rush/view?participant=bo").json();
    assert_eq!(backend["participant"], "bo");
    assert_eq!(server.client.get("/v1/campaigns/rush/view").code(), "PARAMETER_WRONG");
}

#[test]
fn a_page_speaks_for_its_participant_and_never_for_the_site() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let path = "/v1/campaigns/rush/commands";
    let send = |command: &Value| server.client.page("ann", "POST", path, Some(command));
    let open = json!({ "id": "o1", "do": "open", "by": "ann", "play": "deal", "loop": "G" });
    assert_eq!(send(&open).json()["ok"], true);
    let as_bo = json!({ "id": "j1", "do": "join", "by": "bo", "loop": "G" });
    assert_eq!(send(&as_bo).code(), "PARTICIPANT_MISMATCH");
    for act in ["pay", "event", "refund", "fulfil", "fail", "revoke", "tick"] {
        let command = json!({ "id": format!("s-{act}"), "do": act });
        let response = send(&command);
        assert_eq!((response.status, response.code().as_str()), (403, "SECRET_KEY_NEEDED"), "{act}");
    }
    // One command that may not be sent stops the whole request, before anything is recorded.
    let visit = json!({ "id": "v1", "do": "visit", "by": "ann" });
    let mixed = send(&json!([visit, as_bo]));
    assert_eq!((mixed.code().as_str(), mixed.json()["index"].as_u64()), ("PARTICIPANT_MISMATCH", Some(1)));
    assert_eq!(server.client.get(&format!("{path}/v1")).code(), "COMMAND_UNKNOWN");
    assert_eq!(server.client.log("rush").len(), 1);
}

#[test]
fn a_page_learns_only_what_became_of_its_own_commands() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let open = json!({ "id": "o1", "do": "open", "by": "ann", "play": "deal", "loop": "G" });
    let answer = server.client.command("rush", &open);
    let path = "/v1/campaigns/rush/commands/o1";
    assert_eq!(server.client.page("ann", "GET", path, None).json(), answer);
    assert_eq!(server.client.page("bo", "GET", path, None).code(), "COMMAND_UNKNOWN");
    let no_proof = [("authorization", format!("Bearer {PK}"))];
    let no_proof: Vec<_> = no_proof.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(server.client.request("GET", path, &no_proof, None).code(), "PROOF_MISSING");
    assert_eq!(server.client.get("/v1/campaigns/rush/commands/campaign%231").code(), "COMMAND_UNKNOWN");
}

#[test]
fn secrets_are_made_once_and_readable_by_their_owner_alone() {
    let server = Server::with(&[assist("rush", 2, 10)]);
    let file = server.data().join("secrets.json");
    assert!(is_private(&file));
    let made: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(made["secretKey"].as_str().unwrap().starts_with("sk_"));
    assert_eq!(made["tokenKey"].as_str().unwrap().len(), 64);
    let mut server = server;
    server.kill();
    server.restart();
    let again: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(made, again);
}
