//! Server-sent events: facts as they happen, and again after a break.

use crate::support::{PUBLISHABLE, Server, assist, group_buy};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A reader of one event stream.
struct Events {
    lines: BufReader<TcpStream>,
}

#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: Option<u64>,
    fact: Value,
}

impl Events {
    fn open(server: &Server, query: &str, last: Option<u64>) -> Events {
        let address = server.client.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let path = format!("/v1/campaigns/rush/events?key={PUBLISHABLE}&{query}");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n{last}\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        let mut status = String::new();
        lines.read_line(&mut status).unwrap();
        assert!(status.contains("200"), "{status}");
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                return Events { lines };
            }
        }
    }

    fn next(&mut self) -> Event {
        let (mut id, mut fact) = (None, None);
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream ended");
            match line.trim_end().split_once(':') {
                Some(("id", value)) => id = Some(value.trim().parse().unwrap()),
                Some(("data", value)) => fact = Some(serde_json::from_str(value).unwrap()),
                _ => {
                    if let Some(fact) = fact.take() {
                        return Event { id, fact };
                    }
                }
            }
        }
    }

    fn until(&mut self, kind: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if events.last().unwrap().fact["kind"] == kind {
                return events;
            }
        }
    }
}

fn open(server: &Server, name: &str) {
    let open =
        json!({ "id": format!("open-{name}"), "do": "open", "by": name, "play": "friends", "loop": name });
    assert_eq!(server.client.command("rush", &open)["ok"], true);
}

fn help(server: &Server, name: &str, helper: usize) {
    let id = format!("help-{name}-{helper}");
    let help = json!({ "id": id, "do": "help", "by": format!("friend-{helper}"), "loop": name });
    assert_eq!(server.client.command("rush", &help)["ok"], true);
}

#[test]
fn facts_arrive_live_and_a_reconnect_continues() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    open(&server, "A");
    open(&server, "B");
    let mut live = Events::open(&server, "loop=A", None);
    help(&server, "A", 0);
    help(&server, "B", 1);
    help(&server, "A", 2);
    let first = live.until("helped");
    let second = live.until("helped");
    assert_eq!(first.last().unwrap().fact["have"], 1);
    assert_eq!(second.last().unwrap().fact["have"], 2);
    // The page goes away; what happens meanwhile is there when it comes back.
    let mut seen = live.next();
    while seen.id.is_none() {
        seen = live.next();
    }
    let last = seen.id.unwrap();
    drop(live);
    help(&server, "A", 3);
    let mut again = Events::open(&server, "loop=A", Some(last));
    let rest = again.until("completed");
    assert!(rest.iter().all(|event| event.id.is_none_or(|id| id > last)));
    assert!(rest.iter().any(|event| event.fact["kind"] == "helped" && event.fact["have"] == 3));
    assert_eq!(rest.iter().filter(|event| event.fact["kind"] == "helped").count(), 1);
}

#[test]
fn the_stream_is_the_log_of_the_loop_whatever_the_load() {
    let server = Server::with(&[assist("rush", 10_000, 100_000)]);
    open(&server, "A");
    let mut streams: Vec<Events> = (0..5).map(|_| Events::open(&server, "loop=A&after=0", None)).collect();
    for batch in 0..20usize {
        let helps: Vec<Value> = (0..100)
            .map(|n| {
                let n = batch * 100 + n;
                json!({ "id": format!("h{n}"), "do": "help", "by": format!("f{n}"), "loop": "A" })
            })
            .collect();
        assert_eq!(server.client.post("/v1/campaigns/rush/commands", &json!(helps)).status, 200);
    }
    let expected: Vec<Value> =
        server.client.facts("rush").into_iter().filter(|fact| concerns(fact, "A")).collect();
    for stream in &mut streams {
        let got: Vec<Event> = expected.iter().map(|_| stream.next()).collect();
        assert!(got.iter().map(|event| &event.fact).eq(&expected));
        let ids: Vec<u64> = got.iter().filter_map(|event| event.id).collect();
        assert!(ids.is_sorted() && ids.len() > 2_000 - 1);
    }
}

fn concerns(fact: &Value, name: &str) -> bool {
    let grant = fact["grant"].as_str().and_then(|grant| grant.rsplit_once('.'));
    fact["loop"] == name || grant.is_some_and(|(in_loop, _)| in_loop == name)
}

/// A refund names an order and no loop; pages that follow a loop which rests on the order hear of it all the same.
#[test]
fn a_refund_is_told_to_the_loops_that_rest_on_the_order() {
    let server = Server::with(&[group_buy("rush", 2)]);
    let pay = |name: &str, by: &str| {
        let id = format!("pay-{by}");
        let pay = json!({ "id": id, "do": "pay", "by": by, "loop": name, "order": format!("order-{by}"), "amount": 4990 });
        assert_eq!(server.client.command("rush", &pay)["ok"], true);
    };
    for name in ["A", "B"] {
        let open =
            json!({ "id": format!("open-{name}"), "do": "open", "by": name, "play": "deal", "loop": name });
        assert_eq!(server.client.command("rush", &open)["ok"], true);
        pay(name, name);
    }
    pay("A", "bo");
    let mut live = Events::open(&server, "loop=A", None);
    let refund = |order: &str| {
        let refund = json!({ "id": format!("refund-{order}"), "do": "refund", "order": order });
        assert_eq!(server.client.command("rush", &refund)["ok"], true);
    };
    refund("order-B");
    refund("order-bo");
    let told = live.until("refunded");
    assert_eq!(told.last().unwrap().fact["order"], "order-bo", "{told:?}");
    let mut again = Events::open(&server, "loop=A&after=0", None);
    assert_eq!(again.until("refunded").last().unwrap().fact, told.last().unwrap().fact);

    let refunded = |query: &str| {
        let page =
            server.client.page("zoe", "GET", &format!("/v1/campaigns/rush/facts?{query}"), None).json();
        let facts = page["facts"].as_array().unwrap().clone();
        facts
            .into_iter()
            .filter(|fact| fact["kind"] == "refunded")
            .map(|fact| fact["order"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!((refunded("loop=A"), refunded("loop=B")), (vec![json!("order-bo")], vec![json!("order-B")]));
    assert_eq!(server.client.facts("rush").iter().filter(|fact| fact["kind"] == "refunded").count(), 2);
    let of_loop = server.client.get("/v1/campaigns/rush/log?loop=A").json();
    assert_eq!(of_loop["commands"].as_array().unwrap().last().unwrap()["id"], "refund-order-bo");
}

#[test]
fn a_page_needs_its_key_and_hears_only_its_loop() {
    let server = Server::with(&[assist("rush", 3, 100)]);
    let get =
        |query: &str| server.client.request("GET", &format!("/v1/campaigns/rush/events?{query}"), &[], None);
    assert_eq!(get("loop=A").code(), "KEY_MISSING");
    assert_eq!(get("loop=A&key=pk_wrong").code(), "KEY_WRONG");
    assert_eq!(get("loop=A&key=sk_test_0123456789abcdef").code(), "KEY_WRONG");
    // Without a loop it is connected and hears nothing, however much happens.
    let mut silent = Events::open(&server, "after=0", None);
    let mut live = Events::open(&server, "loop=A&after=0", None);
    open(&server, "A");
    live.until("opened");
    silent.lines.get_mut().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut line = String::new();
    assert!(silent.lines.read_line(&mut line).is_err(), "{line}");
}

#[test]
fn a_server_that_stops_ends_its_streams() {
    let mut server = Server::with(&[assist("rush", 3, 100)]);
    let mut live = Events::open(&server, "loop=A", None);
    assert!(server.terminate(), "it has to stop by itself, with success");
    let mut rest = String::new();
    live.lines.read_to_string(&mut rest).unwrap();
}
