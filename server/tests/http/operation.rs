//! What an operator meets: start, restart, campaigns, health, metrics, the demonstration.

use crate::support::{Folder, Server, assist, command, group_buy, together};
use kfactor::engine::Engine;
use kfactor::engine::audit::Audit;
use serde_json::{Value, json};

#[test]
fn health_and_metrics_need_no_key() {
    let server = Server::with(&[assist("rush", 3, 100), group_buy("deal", 2)]);
    let health = server.client.request("GET", "/health", &[], None);
    assert_eq!((health.status, health.json()["campaigns"].as_u64()), (200, Some(2)));
    for n in 0..3 {
        server.client.command("rush", &json!({ "id": format!("v{}", n / 2), "do": "visit", "by": "ann" }));
    }
    server.client.command("rush", &json!({ "id": "h", "do": "help", "by": "bo", "loop": "none" }));
    let metrics = server.client.request("GET", "/metrics", &[], None);
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "kfactor_commands_total{outcome=\"accepted\"} 2",
        "kfactor_commands_total{outcome=\"rejected\"} 1",
        "kfactor_commands_total{outcome=\"repeated\"} 1",
        "kfactor_records_total 3",
        "kfactor_log_sequence{campaign=\"rush\"} 4",
        "kfactor_log_sequence{campaign=\"deal\"} 1",
        "kfactor_rebuilds_total 0",
    ] {
        assert!(metrics.text.lines().any(|other| other == line), "{line} is not in\n{}", metrics.text);
    }
}

#[test]
fn a_restart_continues_from_the_log() {
    let mut server = Server::with(&[assist("rush", 3, 100)]);
    let open = json!({ "id": "o", "do": "open", "by": "ann", "play": "friends", "loop": "L" });
    server.client.command("rush", &open);
    for n in 0..2 {
        let help = json!({ "id": format!("h{n}"), "do": "help", "by": format!("f{n}"), "loop": "L" });
        server.client.command("rush", &help);
    }
    let view = "/v1/campaigns/rush/view?participant=ann";
    let (mut before, facts) = (server.client.get(view).json(), server.client.facts("rush"));
    assert!(server.terminate());
    server.restart();
    let mut after = server.client.get(view).json();
    before["at"] = Value::Null;
    after["at"] = Value::Null;
    assert_eq!((before, facts), (after, server.client.facts("rush")));
    let help = json!({ "id": "h2", "do": "help", "by": "f2", "loop": "L" });
    let last = server.client.command("rush", &help);
    assert!(last["facts"].to_string().contains("completed"), "{last}");
    assert_eq!(server.client.command("rush", &open)["repeated"], true);
    server.client.assert_audit("rush");
}

/// A start takes the newest snapshot and decides only what came after it; one that is damaged is passed over.
#[test]
fn a_restart_takes_the_newest_snapshot_that_fits() {
    let documents = [assist("rush", 2, 100)];
    let mut server = Server::configured(&documents, &json!({ "snapshotEvery": 20 }), &[]);
    let metric = |server: &Server, name: &str| -> u64 {
        let text = server.client.request("GET", "/metrics", &[], None).text;
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
    };
    let replayed = |server: &Server| metric(server, "kfactor_replayed_records_total");
    let visit = |server: &Server, names: std::ops::Range<u32>| {
        for n in names {
            server
                .client
                .command("rush", &json!({ "id": format!("v{n}"), "do": "visit", "by": format!("p{n}") }));
        }
    };
    visit(&server, 0..10);
    server.client.post("/v1/campaigns", &assist("rush", 3, 100));
    visit(&server, 10..30);
    // One is taken beside the keeper; the kill leaves what came after it to be decided again.
    let taken = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        metric(&server, "kfactor_snapshots_total") > 0
    });
    assert!(taken);
    server.kill();
    server.restart();
    assert!((1..=12).contains(&replayed(&server)), "{} records decided again", replayed(&server));
    server.client.assert_audit("rush");
    visit(&server, 30..40);
    assert!(server.terminate());
    server.restart();
    assert_eq!(replayed(&server), 0, "a clean stop keeps the state");
    assert_eq!(
        server.client.command("rush", &json!({ "id": "v3", "do": "visit", "by": "p3" }))["repeated"],
        true
    );
    server.client.assert_audit("rush");
    assert!(server.terminate());

    let path = server.data().join("snapshots.db");
    let damage = |change: &str| {
        let file = rusqlite::Connection::open(&path).unwrap();
        assert!(file.execute(&format!("UPDATE snapshot SET {change}"), []).unwrap() > 0);
    };
    damage("state = substr(state, 1, 100) || X'00' || substr(state, 102)");
    server.restart();
    let all = metric(&server, "kfactor_log_sequence{campaign=\"rush\"}");
    assert_eq!(replayed(&server), all, "damaged: the whole log was decided again");
    server.client.assert_audit("rush");
    assert!(server.terminate());
    damage("engine = '0.0.0'");
    server.restart();
    assert_eq!(replayed(&server), all, "another version: the whole log was decided again");
    assert!(server.terminate());
    std::fs::write(&path, "this is no database, whatever its name says").unwrap();
    server.restart();
    assert_eq!(replayed(&server), all, "no database: the whole log was decided again");
    server.client.assert_audit("rush");
}

/// A log that was tampered with after the newest snapshot does not start, and says which record it is.
#[test]
fn a_log_that_decides_otherwise_is_a_loud_error() {
    let mut server = Server::with(&[assist("rush", 3, 100)]);
    server.client.command("rush", &json!({ "id": "v", "do": "visit", "by": "ann" }));
    server.kill();
    let log = rusqlite::Connection::open(server.data().join("log.db")).unwrap();
    let changed = log.execute("UPDATE log SET answer = replace(answer, 'ann', 'eve') WHERE id = 'v'", []);
    assert_eq!(changed.unwrap(), 1);
    drop(log);
    let data = server.data().to_str().unwrap().to_owned();
    let output = command(&["--data".to_owned(), data]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("`rush`") && said.contains("record 2") && said.contains("`v`"), "{said}");
}

#[test]
fn a_revision_holds_for_new_loops_and_survives_a_restart() {
    let mut server = Server::with(&[assist("rush", 2, 100)]);
    let open = |name: &str| json!({ "id": format!("o-{name}"), "do": "open", "by": name, "play": "friends", "loop": name });
    let need = |server: &Server, name: &str| {
        let view =
            server.client.get(&format!("/v1/campaigns/rush/view?participant={name}&loop={name}")).json();
        view["loops"][0]["need"].as_u64()
    };
    server.client.command("rush", &open("old"));
    let revised = assist("rush", 5, 100);
    let loaded = server.client.post("/v1/campaigns", &revised).json();
    assert_eq!((loaded["revision"].as_u64(), loaded["changed"].as_bool()), (Some(2), Some(true)), "{loaded}");
    let again = server.client.post("/v1/campaigns", &revised).json();
    assert_eq!((again["revision"].as_u64(), again["changed"].as_bool()), (Some(2), Some(false)));
    server.client.command("rush", &open("new"));
    assert_eq!((need(&server, "old"), need(&server, "new")), (Some(2), Some(5)));
    server.kill();
    std::fs::remove_dir_all(server.folder.0.join("campaigns")).unwrap();
    std::fs::create_dir(server.folder.0.join("campaigns")).unwrap();
    server.restart();
    assert_eq!((need(&server, "old"), need(&server, "new")), (Some(2), Some(5)));
    assert_eq!(server.client.get("/v1/campaigns/rush").json(), revised);
    server.client.assert_audit("rush");
}

/// The log as entries, documents and seed included, is enough for the engine's own audit anywhere.
#[test]
fn the_entries_of_a_revised_campaign_audit_clean() {
    let server = Server::with(&[assist("rush", 2, 100)]);
    let open = |name: &str| json!({ "id": format!("o-{name}"), "do": "open", "by": name, "play": "friends", "loop": name });
    server.client.command("rush", &open("old"));
    server.client.command("rush", &json!({ "id": "s", "do": "share", "by": "old" }));
    let revised = assist("rush", 5, 100);
    server.client.post("/v1/campaigns", &revised);
    for command in [open("new"), open("old"), json!({ "id": "h", "do": "help", "by": "bo", "loop": "old" })] {
        server.client.command("rush", &command);
    }
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = server.client.get(&format!("/v1/campaigns/rush/log?entries=true&limit=2&after={after}"));
        let next = page.json()["next"].as_u64().unwrap();
        if next == after {
            break;
        }
        // The answers count byte for byte, so the texts are joined, not the values.
        let list = page.text.strip_prefix("{\"entries\":[").unwrap().rsplit_once("],\"next\"").unwrap().0;
        entries.push(list.to_owned());
        after = next;
    }
    let engine = Engine::load(&revised.to_string(), [0; 32]).unwrap();
    let audit = Audit::run(engine.book(), format!("[{}]", entries.join(",")).as_bytes());
    assert_eq!((audit.count, audit.commands), (0, 4), "{:?}", audit.findings);
    let of_server = server.client.get("/v1/campaigns/rush/audit").json();
    assert_eq!(json!(audit.digest), of_server["digest"], "{of_server}");
    let commands = server.client.log("rush");
    assert!(commands.len() == 4 && commands.iter().all(|command| command["do"].is_string()));
    let page = server.client.page("old", "GET", "/v1/campaigns/rush/log?entries=true", None);
    assert_eq!(page.code(), "SECRET_KEY_NEEDED");
}

#[test]
fn a_document_with_problems_names_them_all() {
    let server = Server::with(&[]);
    let mut bad = assist("rush", 2, 100);
    bad["plays"]["friends"]["helpers"] = json!(0);
    bad["titel"] = json!("x");
    let response = server.client.post("/v1/campaigns", &bad);
    assert_eq!((response.status, response.code().as_str()), (422, "CAMPAIGN_INVALID"));
    let problems = response.json()["problems"].as_array().unwrap().clone();
    assert!(problems.len() >= 2 && problems.iter().all(|problem| problem["messageZh"].is_string()));
    assert_eq!(server.client.get("/v1/campaigns/rush").code(), "CAMPAIGN_UNKNOWN");
    assert_eq!(server.client.post("/v1/campaigns", &json!([1])).code(), "CAMPAIGN_INVALID");

    let folder = Folder::new();
    let file = folder.write("bad.json", &bad.to_string());
    let data = folder.0.join("data").to_str().unwrap().to_owned();
    let arguments = ["--data".to_owned(), data, "--campaigns".to_owned(), file.clone()];
    let output = command(&arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(&format!("{file}:1:")), "{said}");
}

#[test]
fn parallel_loads_of_one_document_make_one_campaign() {
    let server = Server::with(&[]);
    let document = assist("rush", 2, 100);
    let loaded = together(20, |_| server.client.post("/v1/campaigns", &document).json());
    assert_eq!(loaded.iter().filter(|loaded| loaded["changed"] == true).count(), 1);
    assert!(loaded.iter().all(|loaded| loaded["revision"] == 1));
}

#[test]
fn the_demonstration_stands_in_for_the_site() {
    let server = Server::configured(&[group_buy("deal", 2)], &json!({}), &["--demo"]);
    let post =
        |path: &str, body: &Value| server.client.request("POST", path, &[], Some(&body.to_string())).json();
    let identity = server.client.request("GET", "/demo/identity?participant=ann", &[], None).json();
    let headers = [
        ("authorization", format!("Bearer {}", identity["key"].as_str().unwrap())),
        ("x-kfactor-participant", "ann".to_owned()),
        ("x-kfactor-proof", identity["proof"].as_str().unwrap().to_owned()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let open = json!({ "id": "o", "do": "open", "by": "ann", "play": "deal", "loop": "G" }).to_string();
    let opened = server.client.request("POST", "/v1/campaigns/deal/commands", &headers, Some(&open)).json();
    assert_eq!(opened["ok"], true, "{opened}");

    let wrong = json!({ "campaign": "deal", "by": "ann", "loop": "G", "amount": 1 });
    assert_eq!(post("/demo/pay", &wrong)["message"], "The amount is not the price, which is 49.90 CNY.");
    let pay = json!({ "campaign": "deal", "by": "ann", "loop": "G", "amount": 4990, "order": "order-1" });
    let paid = post("/demo/pay", &pay);
    assert_eq!((paid["ok"].as_bool(), paid["order"].as_str()), (Some(true), Some("order-1")), "{paid}");
    assert!(paid["note"].as_str().unwrap().contains("no money moves"));
    assert_eq!(post("/demo/pay", &pay)["repeated"], true, "a second press pays nothing");
    let alone = json!({ "campaign": "deal", "by": "cy", "play": "deal", "amount": 6990 });
    assert!(post("/demo/pay", &alone)["order"].as_str().unwrap().starts_with("demo-"));

    // A day later the group has expired by the keeper's own tick, and the payment is due back.
    assert_eq!(post("/demo/clock", &json!({ "forward": 90_000_000 }))["ok"], true);
    let due = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        server.client.facts("deal").into_iter().find(|fact| fact["kind"] == "refund-due")
    });
    assert_eq!(due.unwrap()["order"], "order-1");
    let refund = json!({ "campaign": "deal", "order": "order-1" });
    assert_eq!(post("/demo/refund", &refund)["ok"], true);
    let ticks = server.client.log("deal").iter().filter(|command| command["do"] == "tick").count();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let later = server.client.log("deal").iter().filter(|command| command["do"] == "tick").count();
    assert!(ticks <= 3 && ticks == later, "{ticks} ticks, then {later}: only when something is due");
    server.client.assert_audit("deal");
}

#[test]
fn the_demonstration_is_off_unless_asked_for_and_never_public() {
    let server = Server::with(&[group_buy("deal", 2)]);
    assert_eq!(server.client.request("GET", "/demo/identity?participant=ann", &[], None).status, 404);
    let folder = Folder::new();
    let data = folder.0.join("data").to_str().unwrap().to_owned();
    let arguments = ["--data", &data, "--listen", "0.0.0.0:0", "--demo"].map(str::to_owned);
    let output = command(&arguments).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("loopback"));
}

#[test]
fn pages_are_served_and_other_origins_may_ask() {
    let folder = Folder::new();
    folder.write("index.html", "<!doctype html><title>campaign</title>");
    folder.write("engine.wasm", "\0asm");
    let www = folder.0.to_str().unwrap().to_owned();
    let server = Server::configured(&[group_buy("deal", 2)], &json!({}), &["--www", &www]);
    let page = server.client.request("GET", "/?campaign=deal", &[], None);
    assert!(page.text.contains("campaign"), "{}", page.text);
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let wasm = server.client.request("GET", "/engine.wasm", &[], None);
    assert_eq!(wasm.header("content-type"), "application/wasm");
    assert_eq!(server.client.request("GET", "/../log.db", &[], None).status, 404);
    for (method, path) in [("GET", "/v1/nowhere"), ("POST", "/v1/nowhere"), ("GET", "/nowhere.html")] {
        let nothing = server.client.request(method, path, &[], None);
        assert_eq!((nothing.status, nothing.code().as_str()), (404, "PATH_UNKNOWN"), "{method} {path}");
    }
    let asked = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,x-kfactor-proof"),
    ];
    let allowed = server.client.request("OPTIONS", "/v1/campaigns/deal/commands", &asked, None);
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, "*"));
    assert!(allowed.header("access-control-allow-headers").contains("x-kfactor-proof"));
}

/// An empty page of facts means that nothing follows, also when a thousand refused commands do.
#[test]
fn facts_after_many_refusals_are_found() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    let open = json!({ "id": "o", "do": "open", "by": "ann", "play": "friends", "loop": "L" });
    server.client.command("rush", &open);
    let own: Vec<Value> = (0..1_000)
        .map(|n| json!({ "id": format!("x{n}"), "do": "help", "by": "ann", "loop": "L" }))
        .collect();
    server.client.post("/v1/campaigns/rush/commands", &json!(own));
    server.client.command("rush", &json!({ "id": "h", "do": "help", "by": "bo", "loop": "L" }));
    let first = server.client.page("bo", "GET", "/v1/campaigns/rush/facts?loop=L&limit=1", None).json();
    assert_eq!(first["facts"][0]["kind"], "opened", "{first}");
    let path = format!("/v1/campaigns/rush/facts?loop=L&limit=100&after={}", first["next"]);
    let rest = server.client.page("bo", "GET", &path, None).json();
    assert!(rest["facts"].as_array().unwrap().iter().any(|fact| fact["kind"] == "helped"), "{rest}");
    let path = format!("/v1/campaigns/rush/facts?loop=L&after={}", rest["next"]);
    assert_eq!(server.client.page("bo", "GET", &path, None).json()["facts"], json!([]));
}

/// The commitment is there from the start; the seed is not, as long as anything can be drawn from it.
#[test]
fn the_seed_is_published_when_the_campaign_is_over() {
    let lottery = |id: &str, until: &str| {
        json!({
            "id": id, "title": "A wheel", "runs": { "from": "2025-06-01", "until": until },
            "rewards": { "cup": { "kind": "coupon", "title": "A cup" } },
            "plays": { "wheel": {
                "mechanic": "lottery", "title": "Wheel", "free": { "every": "day", "count": 1 },
                "prizes": [{ "name": "Cup", "give": "cup", "weight": 1 }], "outOf": 9,
            } },
        })
    };
    let server = Server::with(&[lottery("wheel", "2036-01-01"), lottery("past", "2025-06-02")]);
    server.client.command("wheel", &json!({ "id": "d", "do": "draw", "by": "ann", "play": "wheel" }));
    let seed = |id: &str| server.client.get(&format!("/v1/campaigns/{id}/seed")).json();
    let (running, over) = (seed("wheel"), seed("past"));
    assert_eq!((running["ok"].as_bool(), &running["seed"]), (Some(true), &Value::Null));
    assert_eq!(running["commitment"].as_str().map(str::len), Some(64));
    assert_eq!(over["seed"].as_str().map(str::len), Some(64));
    assert_ne!(running["commitment"], over["commitment"]);
    assert_eq!(server.client.request("GET", "/v1/campaigns/wheel/seed", &[], None).status, 401);
}

#[test]
fn an_accepted_message_comes_back_with_the_accounts_reply() {
    let mut campaign = assist("rush", 2, 5);
    campaign["triggers"] = json!([
        { "keyword": "助力", "play": "friends", "reply": "已开启，\"分享\"给好友吧" },
        { "keyword": "打卡", "tag": "daily" }
    ]);
    let server = Server::with(&[campaign]);
    let send = |id: &str, text: &str| json!({ "id": id, "do": "message", "by": "ann", "text": text });
    let opened = server.client.command("rush", &send("m1", " 助力 "));
    assert_eq!((&opened["ok"], &opened["reply"]), (&json!(true), &json!("已开启，\"分享\"给好友吧")));
    let again = server.client.command("rush", &send("m1", " 助力 "));
    assert_eq!((&again["repeated"], &again["reply"]), (&json!(true), &opened["reply"]));
    let body = json!([send("m2", "打卡"), { "id": "v" }, send("m3", "助力"), send("m4", "你好")]);
    let answers = server.client.post("/v1/campaigns/rush/commands", &body).json();
    let replies: Vec<bool> =
        answers.as_array().unwrap().iter().map(|answer| answer["reply"].is_string()).collect();
    assert_eq!(replies, [false, false, true, false], "{answers}");
    assert_eq!(answers[3]["code"], "KEYWORD_UNKNOWN");
}
