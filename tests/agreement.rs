//! The schema and the reader over thousands of documents that are not quite the examples.
//!
//! What the engine takes has to fit the schema; and what fits the schema may be refused only for what it says, never for a
//! shape that a schema can tell.

#![cfg(feature = "schema")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use kfactor::campaign::schema::campaign_schema;
use kfactor::campaign::{Campaign, Names, Problem, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Codes for what a schema can tell. Money, days and spans are not among them: how many decimals a currency has, which days
/// a month has, and that ten years are enough is more than a pattern says.
const SHAPES: &[&str] = &[
    "COLOUR_SHAPE",
    "DURATION_SHAPE",
    "HOURS_SHAPE",
    "KEY_MISSING",
    "KEY_UNKNOWN",
    "LIST_EMPTY",
    "LIST_LENGTH",
    "MECHANIC_UNKNOWN",
    "NAME_SHAPE",
    "PERCENT_SHAPE",
    "POSTER_LAYER",
    "TEXT_LENGTH",
    "TIMEZONE_SHAPE",
    "TYPE_WRONG",
    "URL_SHAPE",
    "VALUE_UNKNOWN",
];

/// Values at the edges of what units take, right and not quite right.
fn edges() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "a",
        "A",
        "a-b",
        "-a",
        "a_b",
        "1",
        "49.90",
        "1h",
        "24h",
        "0h",
        "01h",
        "1d12h",
        "1h1d",
        "1w",
        "2026-12-01",
        "2026-12-01T10:00",
        "2026-12-01T10:00Z",
        "2026-12-01 10:00",
        "09:00-21:00",
        "21:00-09:00",
        "9:00-21:00",
        "+08:00",
        "+14:30",
        "Z",
        "50%",
        "+50%",
        "-50%",
        "0050%",
        "200%",
        "201%",
        "-100%",
        "-101%",
        "-0%",
        "0.01%",
        "100%",
        "101%",
        "#fff",
        "#FFFFFF",
        "#ffffff80",
        "#ff",
        "red",
        "https://example.com",
        "http://example.com",
        "CNY",
        "JPY",
        "day",
        "campaign",
        "help",
        "qr",
        "text",
        "cash",
        "assist",
        "好",
        "😀",
    ];
    let numbers =
        [0, 1, 2, 3, 5, 8, 10, 100, 255, 256, 1_000, 10_000, 65_536, 1_000_001, -1, 4_294_967_296i64];
    let long =
        [40, 41, 60, 61, 64, 65, 80, 81, 200, 201, 500, 501].map(|length| Value::from("x".repeat(length)));
    let others = [json!(null), json!(true), json!(0.5), json!([]), json!({}), json!([{}]), json!([1, 2, 3])];
    texts.map(Value::from).into_iter().chain(numbers.map(Value::from)).chain(long).chain(others).collect()
}

/// Everything that stands in the documents, by the key it stands under.
fn collect(value: &Value, key: &str, all: &mut BTreeMap<String, Vec<Value>>) {
    all.entry(key.to_owned()).or_default().push(value.clone());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| collect(value, key, all)),
        Value::Array(entries) => entries.iter().for_each(|value| collect(value, key, all)),
        _ => {}
    }
}

/// The pointers of everything in a document but itself.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(at.clone());
        places(value, &at, all);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| child(key, value)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(place, value)| child(&place.to_string(), value));
        }
        _ => {}
    }
}

/// Changes one thing: takes it out, puts another in its place, or gives it another or a further key.
fn change(document: &mut Value, seen: &BTreeMap<String, Vec<Value>>, edges: &[Value], dice: [usize; 4]) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let place = &all[dice[0] % all.len()];
    let (parent, key) = place.rsplit_once('/').unwrap();
    let name = place.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap().to_owned();
    let (key, parent) = (key.replace("~1", "/").replace("~0", "~"), document.pointer_mut(parent).unwrap());
    let keys: Vec<&String> = seen.keys().collect();
    let other = keys[dice[1] % keys.len()];
    let found = |key: &str, dice: usize| seen.get(key).map(|all| all[dice % all.len()].clone());
    let value = match dice[2] % 4 {
        0 => edges[dice[3] % edges.len()].clone(),
        1 => found(other, dice[3]).unwrap(),
        _ => found(&name, dice[3]).unwrap_or(Value::Null),
    };
    match (parent, dice[2] / 4 % 4) {
        (Value::Object(members), 0) => drop(members.remove(&key)),
        (Value::Object(members), 1) => drop(members.insert(other.clone(), found(other, dice[3]).unwrap())),
        (Value::Object(members), _) => drop(members.insert(key, value)),
        (Value::Array(entries), 0) => drop(entries.remove(key.parse().unwrap())),
        (Value::Array(entries), 1) => entries.push(value),
        (Value::Array(entries), _) => entries[key.parse::<usize>().unwrap()] = value,
        _ => {}
    }
}

#[test]
fn the_schema_and_the_reader_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/campaigns");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let documents: Vec<Value> = paths.iter().map(read).collect();
    let mut seen = BTreeMap::new();
    documents.iter().for_each(|document| collect(document, "", &mut seen));
    let edges = edges();
    let validator = jsonschema::draft202012::new(&campaign_schema().to_value()).unwrap();
    let config = ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() };
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    proptest!(config, |(which in 0..documents.len(), changes in prop::collection::vec(any::<[usize; 4]>(), 1..3))| {
        let mut document = documents[which].clone();
        changes.iter().for_each(|dice| change(&mut document, &seen, &edges, *dice));
        let fits = validator.is_valid(&document);
        let errors: Vec<Problem> = match Campaign::parse(&document.to_string(), &Names::default()) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect(),
        };
        if errors.is_empty() {
            taken.set(taken.get() + 1);
            let why: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            prop_assert!(fits, "the engine takes what the schema refuses: {:?}\n{}", why, document);
        } else if fits {
            let shape = errors.iter().find(|problem| SHAPES.contains(&problem.code));
            prop_assert!(shape.is_none(), "the schema takes what the engine refuses: {:?}\n{}", shape, document);
        } else {
            refused.set(refused.get() + 1);
        }
    });
    let (taken, refused) = (taken.get(), refused.get());
    assert!(taken > 500 && refused > 500, "{taken} taken, {refused} refused");
}
