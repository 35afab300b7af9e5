//! What the server reads from an answer: its facts, and the loops they are about.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A fact as it stands in an answer.
#[derive(Clone, Debug)]
pub struct FactText {
    /// The fact's JSON.
    pub json: Box<RawValue>,
    /// The loop it is about.
    pub in_loop: Option<String>,
}

/// The facts of an answer's JSON; none if it was refused.
#[must_use]
pub fn facts(answer: &str) -> Vec<FactText> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        facts: Vec<Box<RawValue>>,
    }
    let answer = serde_json::from_str::<Answer>(answer);
    let facts = answer.map(|answer| answer.facts).unwrap_or_default();
    facts.into_iter().map(|json| FactText { in_loop: loop_of(json.get()), json }).collect()
}

/// The loops that a command or its facts name, each once.
#[must_use]
pub fn loops(command: &str, answer: &str) -> Vec<String> {
    let mut loops: Vec<String> = loop_of(command)
        .into_iter()
        .chain(facts(answer).into_iter().filter_map(|fact| fact.in_loop))
        .collect();
    loops.sort_unstable();
    loops.dedup();
    loops
}

/// The loop of a command or a fact; a grant's id begins with its loop.
fn loop_of(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct About<'a> {
        #[serde(rename = "loop", borrow)]
        in_loop: Option<Cow<'a, str>>,
        #[serde(borrow)]
        grant: Option<Cow<'a, str>>,
    }
    let about: About<'_> = serde_json::from_str(json).ok()?;
    let of_grant = || Some(about.grant?.rsplit_once('.')?.0.to_owned());
    about.in_loop.map(Cow::into_owned).or_else(of_grant)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"ok":true,"id":"c1","facts":[{"id":"c1/0","kind":"helped","loop":"L2"},
        {"id":"c1/1","kind":"granted","grant":"L1.3"},{"id":"c1/2","kind":"met","who":"bo"}]}"#;

    #[test]
    fn facts_know_their_loop() {
        let loops: Vec<_> = facts(ANSWER).into_iter().map(|fact| fact.in_loop).collect();
        assert_eq!(loops, [Some("L2".to_owned()), Some("L1".to_owned()), None]);
    }

    #[test]
    fn a_refused_command_still_concerns_the_loop_it_names() {
        assert_eq!(loops(r#"{"loop":"L9"}"#, r#"{"ok":false,"code":"GROUP_FULL"}"#), ["L9"]);
        assert_eq!(loops(r#"{"loop":"L2"}"#, ANSWER), ["L1", "L2"]);
        assert!(facts("not json").is_empty());
    }
}
