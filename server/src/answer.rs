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
    /// Whether it is about an order, and so about every loop that rests on it: those of its record.
    pub of_order: bool,
}

impl FactText {
    /// Whether whoever follows this loop, or all of them, is told of it; `loops` are those of the fact's record.
    #[must_use]
    pub fn concerns(&self, in_loop: Option<&str>, loops: &[String]) -> bool {
        let Some(name) = in_loop else { return true };
        match &self.in_loop {
            Some(own) => own == name,
            None => self.of_order && loops.iter().any(|other| other == name),
        }
    }
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
    facts.into_iter().map(fact).collect()
}

/// The loops that a command or its facts name, each once.
#[must_use]
pub fn loops(command: &str, answer: &str) -> Vec<String> {
    let mut loops: Vec<String> = about(command)
        .in_loop
        .into_iter()
        .chain(facts(answer).into_iter().filter_map(|fact| fact.in_loop))
        .collect();
    loops.sort_unstable();
    loops.dedup();
    loops
}

fn fact(json: Box<RawValue>) -> FactText {
    let About { in_loop, kind } = about(json.get());
    FactText { in_loop, of_order: kind.is_some_and(|kind| kind == "refunded"), json }
}

/// What is read of a command or a fact.
#[derive(Default)]
struct About {
    in_loop: Option<String>,
    kind: Option<String>,
}

/// The loop of a command or a fact, and its kind; a grant's id begins with its loop.
fn about(json: &str) -> About {
    #[derive(Default, Deserialize)]
    struct Members<'a> {
        #[serde(rename = "loop", borrow)]
        in_loop: Option<Cow<'a, str>>,
        #[serde(borrow)]
        grant: Option<Cow<'a, str>>,
        #[serde(borrow)]
        kind: Option<Cow<'a, str>>,
    }
    let Members { in_loop, grant, kind } = serde_json::from_str(json).unwrap_or_default();
    let of_grant = || Some(grant?.rsplit_once('.')?.0.to_owned());
    About { in_loop: in_loop.map(Cow::into_owned).or_else(of_grant), kind: kind.map(Cow::into_owned) }
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
    fn a_refund_concerns_every_loop_of_its_record() {
        let answer =
            r#"{"ok":true,"facts":[{"kind":"refunded","order":"o1","amount":1},{"kind":"left","loop":"A"}]}"#;
        let (facts, loops) = (facts(answer), ["A".to_owned(), "B".to_owned()]);
        let told =
            |name: &str| facts.iter().map(|fact| fact.concerns(Some(name), &loops)).collect::<Vec<_>>();
        assert_eq!(
            (told("A"), told("B"), told("C")),
            (vec![true, true], vec![true, false], vec![false, false])
        );
        assert!(facts.iter().all(|fact| fact.concerns(None, &[])));
    }

    #[test]
    fn a_refused_command_still_concerns_the_loop_it_names() {
        assert_eq!(loops(r#"{"loop":"L9"}"#, r#"{"ok":false,"code":"GROUP_FULL"}"#), ["L9"]);
        assert_eq!(loops(r#"{"loop":"L2"}"#, ANSWER), ["L1", "L2"]);
        assert!(facts("not json").is_empty());
    }
}
