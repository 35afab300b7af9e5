//! `kill -9` at any moment under load: nothing that was acknowledged is lost, nothing happens twice.

use crate::support::{Client, SECRET, Server, assist};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const WRITERS: usize = 6;

/// What the writers know: the commands they sent, with the answer if one came.
#[derive(Default)]
struct Sent {
    answered: BTreeMap<String, Value>,
    unanswered: BTreeMap<String, Value>,
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_granted_twice() {
    let kills: u32 = std::env::var("KFACTOR_KILLS").ok().map_or(15, |text| text.parse().unwrap());
    // Snapshots are taken again and again, so that some kills meet one half written.
    let mut server = Server::configured(&[assist("rush", 3, 500)], &json!({ "snapshotEvery": 40 }), &[]);
    let next = AtomicUsize::new(0);
    let (mut recorded, mut lost) = (0, 0);
    let mut acknowledged = 0;
    let mut everything = Sent::default();
    let mut restored = 0;
    for kill in 0..kills {
        let sent = Mutex::new(Sent::default());
        let stop = AtomicBool::new(false);
        let client = server.client.clone();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (client, sent, stop, next) = (&client, &sent, &stop, &next);
                scope.spawn(move || write(client, sent, stop, next, writer));
            }
            // The moments are spread over the whole of a batch's life, from 20 to 140 ms after the start.
            std::thread::sleep(Duration::from_millis(u64::from(20 + (kill * 37) % 120)));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        server.restart();
        let metrics = server.client.request("GET", "/metrics", &[], None).text;
        let metric = |name: &str| -> u64 {
            metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
        };
        let last = metric("kfactor_log_sequence{campaign=\"rush\"}");
        restored += u32::from(metric("kfactor_replayed_records_total") < last);
        let Sent { answered, unanswered } = sent.into_inner().unwrap();
        acknowledged += answered.len();
        for (id, answer) in &answered {
            let outcome = server.client.get(&format!("/v1/campaigns/rush/commands/{id}"));
            assert_eq!(outcome.status, 200, "{id} was acknowledged and is lost");
            assert_eq!(outcome.json(), *answer, "{id} has another answer now");
        }
        for (id, command) in &unanswered {
            let outcome = server.client.get(&format!("/v1/campaigns/rush/commands/{id}"));
            let again = server.client.command("rush", command);
            match outcome.status {
                200 => {
                    assert_eq!(again["repeated"], true, "{id} was recorded: {again}");
                    recorded += 1;
                }
                _ => {
                    assert_eq!(outcome.code(), "COMMAND_UNKNOWN");
                    assert_eq!(again["repeated"], Value::Null, "{id} was not recorded: {again}");
                    lost += 1;
                }
            }
        }
        everything.answered.extend(answered);
        everything.unanswered.extend(unanswered);
        server.client.assert_audit("rush");
    }
    println!(
        "{kills} kills: {acknowledged} acknowledged; unknown: {recorded} recorded, {lost} not; {restored} restarts from a snapshot"
    );
    assert!(restored > 0, "no restart began with a snapshot");
    assert!(acknowledged > usize::try_from(kills).unwrap(), "the load was too light to show anything");
    check(&server.client, &everything);
}

/// One writer: opens loops and helps in them, several commands for each loop, some of them in batches.
fn write(client: &Client, sent: &Mutex<Sent>, stop: &AtomicBool, next: &AtomicUsize, writer: usize) {
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut commands = vec![json!({
            "id": format!("open-{number}"), "do": "open", "by": format!("host-{number}"),
            "play": "friends", "loop": format!("L{number}")
        })];
        for helper in 0..4 {
            commands.push(json!({
                "id": format!("help-{number}-{helper}"), "do": "help",
                "by": format!("friend-{}", (number * 7 + helper) % 5_000), "loop": format!("L{number}")
            }));
        }
        let requests = if writer.is_multiple_of(2) { vec![Value::Array(commands)] } else { commands };
        for request in requests {
            if !send(client, sent, &request) {
                return;
            }
        }
    }
}

/// Sends one command or a batch; false when the server is gone.
fn send(client: &Client, sent: &Mutex<Sent>, request: &Value) -> bool {
    let one = std::slice::from_ref(request);
    let commands = request.as_array().map_or(one, Vec::as_slice);
    let headers = [("authorization", format!("Bearer {SECRET}"))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = request.to_string();
    let response = client.try_request("POST", "/v1/campaigns/rush/commands", &headers, Some(&body));
    let answers = match response {
        Ok(response) if response.status == 200 => {
            let json = response.json();
            json.as_array().cloned().unwrap_or_else(|| vec![json])
        }
        _ => Vec::new(),
    };
    let mut sent = sent.lock().unwrap();
    for (index, command) in commands.iter().enumerate() {
        let id = command["id"].as_str().unwrap().to_owned();
        match answers.get(index) {
            Some(answer) => sent.answered.insert(id, answer.clone()),
            None => sent.unanswered.insert(id, command.clone()),
        };
    }
    !answers.is_empty()
}

/// The log as a whole: every command once, times that never go back, no grant twice, stock kept.
fn check(client: &Client, sent: &Sent) {
    let log = client.log("rush");
    let ids: BTreeSet<&str> = log.iter().map(|command| command["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), log.len(), "a command stands in the log twice");
    let all = sent.answered.keys().chain(sent.unanswered.keys());
    assert!(all.clone().all(|id| ids.contains(id.as_str())), "a command is missing");
    assert_eq!(ids.len(), all.collect::<BTreeSet<_>>().len());
    let times: Vec<i64> = log.iter().map(|command| command["at"].as_i64().unwrap()).collect();
    assert!(times.is_sorted(), "time went back");
    let seqs: Vec<u64> = log.iter().map(|command| command["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a sequence is missing");

    let facts = client.facts("rush");
    let mut grants = BTreeSet::new();
    let mut rewarded = BTreeSet::new();
    let mut stickers = 0;
    for fact in facts.iter().filter(|fact| fact["kind"] == "granted") {
        assert!(grants.insert(fact["grant"].to_string()), "granted twice: {fact}");
        let in_loop = fact["grant"].as_str().unwrap().rsplit_once('.').unwrap().0.to_owned();
        let key = (in_loop, fact["reward"].to_string(), fact["to"].to_string());
        assert!(rewarded.insert(key), "rewarded twice: {fact}");
        stickers += usize::from(fact["reward"] == "sticker");
    }
    assert!(stickers <= 500, "{stickers} of 500 stickers were given");
    let helped: Vec<_> = facts
        .iter()
        .filter(|fact| fact["kind"] == "helped")
        .map(|fact| (fact["loop"].to_string(), fact["by"].to_string()))
        .collect();
    assert_eq!(helped.iter().collect::<BTreeSet<_>>().len(), helped.len(), "a helper counted twice");
}
