//! What has happened so far, as a plain list that every question goes through from the beginning.

use serde_json::{Value, json};

use super::{Answer, START};

/// The facts and the accepted commands so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    facts: Vec<(i64, Value)>,
    commands: Vec<Value>,
}

impl History {
    /// Adds what came of a command, if it was accepted.
    pub fn add(&mut self, command: &Value, answer: &Answer) {
        if let Ok(facts) = answer {
            self.commands.push(command.clone());
            let at = command["at"].as_i64().expect("a time");
            self.facts.extend(facts.iter().map(|fact| (at, fact.clone())));
        }
    }

    /// The facts of a kind whose field has this value, with their times.
    pub fn all(&self, kind: &str, field: &str, value: &str) -> Vec<(i64, &Value)> {
        let fits = |fact: &Value| fact["kind"] == json!(kind) && fact[field] == json!(value);
        self.facts.iter().filter(|(_, fact)| fits(fact)).map(|(at, fact)| (*at, fact)).collect()
    }

    /// How often something of a kind happened to a loop.
    pub fn count(&self, kind: &str, loop_: &str) -> usize {
        self.all(kind, "loop", loop_).len()
    }

    /// Whether anyone has this field in a fact of this kind.
    pub fn has(&self, kind: &str, field: &str, value: &str) -> bool {
        !self.all(kind, field, value).is_empty()
    }

    /// The ids of all loops, in the order of their opening.
    pub fn loops(&self) -> Vec<String> {
        let opened = self.facts.iter().filter(|(_, fact)| fact["kind"] == json!("opened"));
        opened.map(|(_, fact)| text(fact, "loop").to_owned()).collect()
    }

    /// The accepted commands.
    pub fn commands(&self) -> &[Value] {
        &self.commands
    }

    /// The accepted command that brought an order, if one did.
    pub fn order(&self, order: &str) -> Option<&Value> {
        let brings = |command: &&Value| {
            ["pay", "event"].contains(&text(command, "do")) && command["order"] == json!(order)
        };
        self.commands.iter().find(brings)
    }

    /// Whether an order was refunded.
    pub fn refunded(&self, order: &str) -> bool {
        self.has("refunded", "order", order)
    }
}

/// A field that is text.
pub fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}"))
}

/// A field that is a number.
pub fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("{field} in {value}"))
}

/// A refusal.
pub fn no(code: &str) -> Answer {
    Err(code.to_owned())
}

/// Minor units of a currency with two decimals, as documents write them.
pub fn money(units: i64) -> String {
    format!("{}.{:02}", units / 100, units % 100)
}

/// The local time some minutes after [`START`], as documents write it.
pub fn local(minutes: i64) -> String {
    assert_eq!(START % 3_600_000, 0);
    format!("2026-12-01T{:02}:{:02}", 10 + minutes / 60, minutes % 60)
}

/// Runs random plans until each planted fault has been noticed.
pub fn each_is_found<F: Copy>(faults: &[(&str, F)], noticed: impl Fn(&[u8], F) -> bool) {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    for (name, fault) in faults {
        let mut runner = TestRunner::deterministic();
        let found = (0..600).any(|_| {
            let bytes = proptest::collection::vec(any::<u8>(), 40..400);
            noticed(&bytes.new_tree(&mut runner).expect("bytes").current(), *fault)
        });
        assert!(found, "{name}: nobody noticed");
    }
}
