//! Campaigns of cases, and sums over facts.

use super::fit::{Fit, Missing};
use super::instant::Clock;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The campaign of a case: its document, and the text the engine reads.
///
/// # Errors
/// A sentence, if the file of a campaign cannot be read.
pub fn campaign(folder: &Path, file: &Value, case: &Value) -> Result<(Value, String), String> {
    if let Some(text) = case["text"].as_str() {
        return Ok((serde_json::from_str(text).unwrap_or_default(), text.to_owned()));
    }
    let given = case.get("campaign").or(file.get("campaign")).unwrap_or(&Value::Null);
    let mut document = match given.as_str() {
        None => given.clone(),
        Some(name) => {
            let path = folder.join("campaigns").join(format!("{name}.json"));
            let place = format!("campaigns/{name}.json");
            let text = std::fs::read_to_string(path).map_err(|reason| format!("{place}: {reason}"))?;
            serde_json::from_str(&text).map_err(|reason| format!("{place}: {reason}"))?
        }
    };
    if let Some(patch) = case.get("patch") {
        merge(&mut document, patch);
    }
    let text = document.to_string();
    Ok((document, text))
}

/// RFC 7396.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(others) = target else { return };
    for (key, value) in members {
        if value.is_null() {
            others.shift_remove(key);
        } else {
            merge(others.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Count and money of the grants of a reward that stand: granted, and since then neither failed nor revoked, nor
/// outdated without having been fulfilled.
pub fn standing(facts: &[Value], reward: &str) -> Value {
    let mut grants: BTreeMap<&str, i64> = BTreeMap::new();
    let mut in_hand: BTreeSet<&str> = BTreeSet::new();
    for fact in facts {
        let grant = fact["grant"].as_str().unwrap_or_default();
        match fact["kind"].as_str().unwrap_or_default() {
            "granted" if fact["reward"] == reward => {
                grants.insert(grant, fact["amount"].as_i64().unwrap_or(0));
            }
            "fulfilled" => {
                in_hand.insert(grant);
            }
            "outdated" if in_hand.contains(grant) => {}
            "failed" | "revoked" | "outdated" => {
                grants.remove(grant);
            }
            _ => {}
        }
    }
    json!({ "count": grants.len(), "spent": grants.values().sum::<i64>() })
}

/// How many facts are as expected, and the sums of their number fields that a step asks for.
pub fn counted(facts: &[Value], expected: &Value, step: &Value, clock: &Clock) -> Value {
    let fit = Fit { clock, missing: Missing::IsNull };
    let fitting: Vec<&Value> = facts.iter().filter(|fact| fit.holds(expected, fact)).collect();
    let mut counted = Map::new();
    if step.get("count").is_some() {
        counted.insert("count".to_owned(), json!(fitting.len()));
    }
    if let Some(fields) = step["sum"].as_object() {
        let sum = |field: &String| fitting.iter().filter_map(|fact| fact[field].as_i64()).sum::<i64>();
        let sums = fields.keys().map(|field| (field.clone(), json!(sum(field)))).collect();
        counted.insert("sum".to_owned(), Value::Object(sums));
    }
    Value::Object(counted)
}

/// An expectation of a fact; a text alone is its kind.
pub fn fact(expected: &Value) -> Value {
    if expected.is_string() { json!({ "kind": expected }) } else { expected.clone() }
}

/// Whether each expectation stands for a problem of its own, and none is left over. The order does not matter.
pub fn same_problems(expected: &[Value], actual: &[Value], clock: &Clock) -> bool {
    let fit = Fit { clock, missing: Missing::Differs };
    let mut left: Vec<&Value> = actual.iter().collect();
    let all = expected.iter().all(|expected| {
        let found = left.iter().position(|actual| fit.holds(expected, actual));
        found.map(|at| left.remove(at)).is_some()
    });
    all && left.is_empty()
}
