//! Why a claimed answer could not stand: what of it the rules do not say, and what they say that it leaves out.

use serde::Serialize;

use crate::json::tree::{Data, Node, parse};

/// One thing in a claimed answer that could not stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Objection {
    /// What it is:
    ///
    /// * `NOT_ACCEPTED`: claimed as accepted, the rules refuse it with the code in `detail`; `NOT_REFUSED`: claimed as
    ///   refused with that code, the rules accept it; `OTHER_REFUSAL`: refused with the code in `detail`, not as
    ///   claimed;
    /// * `FACT_FORGED`: a fact that did not happen; `FACT_CHANGED`: one that happened otherwise, first in the field in
    ///   `detail`; `FACT_REPEATED`: one that happened once and is claimed again; `FACT_MISSING`: one that happened and
    ///   is left out; `FACT_ORDER`: the right facts in the wrong order or under the wrong ids;
    /// * `OTHER_COMMAND`: the answer to the command in `detail`; `OTHER_FORM`: not what an answer looks like;
    /// * `COMMAND_MALFORMED`: no valid command; `detail` is the field to look at.
    pub code: &'static str,
    /// The number of the fact in the claimed answer, of a missing one in the right answer; from 0.
    pub fact: Option<u32>,
    /// The kind of the fact.
    pub kind: Option<String>,
    /// A rejection code, a field or a command's id, by `code`.
    pub detail: Option<String>,
}

impl Objection {
    pub(super) fn new(code: &'static str, detail: Option<&str>) -> Self {
        Objection { code, fact: None, kind: None, detail: detail.map(str::to_owned) }
    }

    /// An objection to a fact.
    pub fn to_fact(code: &'static str, number: usize, fact: &Node<'_>, detail: Option<&str>) -> Self {
        let kind = fact.get("kind").and_then(Node::text).map(str::to_owned);
        Objection { fact: u32::try_from(number).ok(), kind, ..Objection::new(code, detail) }
    }
}

/// What in a claimed answer, which is not the right one byte for byte, could not stand.
#[must_use]
pub fn objections(right: &[u8], claimed: &[u8]) -> Vec<Objection> {
    let texts = (core::str::from_utf8(right), core::str::from_utf8(claimed));
    let (Ok(right), Ok(claimed)) = texts else { return vec![Objection::new("OTHER_FORM", None)] };
    let (Some(right), Some(claimed)) = (parse(right).root, parse(claimed).root) else {
        return vec![Objection::new("OTHER_FORM", None)];
    };
    let mut found = Vec::new();
    let code = |answer: &Node<'_>| answer.get("code").and_then(Node::text).map(str::to_owned);
    let (right_code, claimed_code) = (code(&right), code(&claimed));
    match (is_accepted(&right), is_accepted(&claimed)) {
        (false, true) => found.push(Objection::new("NOT_ACCEPTED", right_code.as_deref())),
        (true, false) => found.push(Objection::new("NOT_REFUSED", claimed_code.as_deref())),
        (false, false) if right_code != claimed_code => {
            found.push(Objection::new("OTHER_REFUSAL", right_code.as_deref()));
        }
        _ => {}
    }
    let id = |answer: &Node<'_>| answer.get("id").and_then(Node::text).map(str::to_owned);
    if id(&right) != id(&claimed) {
        found.push(Objection::new("OTHER_COMMAND", id(&claimed).as_deref()));
    }
    compare(facts(&right), facts(&claimed), &mut found);
    if found.is_empty() {
        found.push(Objection::new("OTHER_FORM", None));
    }
    found
}

fn is_accepted(answer: &Node<'_>) -> bool {
    answer.get("ok").is_some_and(|ok| ok.data == Data::Bool(true))
}

fn facts<'n, 'a>(answer: &'n Node<'a>) -> &'n [Node<'a>] {
    answer.get("facts").map(Node::entries).unwrap_or_default()
}

/// Pairs the facts that are the same but for their ids, then those of the same kind; what is left over is forged,
/// claimed again, or missing.
fn compare(right: &[Node<'_>], claimed: &[Node<'_>], found: &mut Vec<Objection>) {
    let mut open: Vec<(usize, &Node<'_>)> = right.iter().enumerate().collect();
    let (mut rest, mut moved) = (Vec::new(), false);
    for (number, fact) in claimed.iter().enumerate() {
        match open.iter().position(|(_, other)| difference(other, fact).is_none()) {
            Some(place) => {
                let (other, same) = open.remove(place);
                moved |= other != number || value(same, "id") != value(fact, "id");
            }
            None => rest.push((number, fact)),
        }
    }
    let before = found.len();
    for (number, fact) in rest {
        let objection = if let Some(place) =
            open.iter().position(|(_, other)| value(other, "kind") == value(fact, "kind"))
        {
            let (_, other) = open.remove(place);
            Objection::to_fact("FACT_CHANGED", number, fact, difference(other, fact).as_deref())
        } else {
            let again = right.iter().any(|other| difference(other, fact).is_none());
            let code = if again { "FACT_REPEATED" } else { "FACT_FORGED" };
            Objection::to_fact(code, number, fact, None)
        };
        found.push(objection);
    }
    found.extend(
        open.into_iter().map(|(number, fact)| Objection::to_fact("FACT_MISSING", number, fact, None)),
    );
    if moved && found.len() == before {
        found.push(Objection::new("FACT_ORDER", None));
    }
}

/// The first field in which two facts differ, their ids apart.
fn difference(right: &Node<'_>, claimed: &Node<'_>) -> Option<String> {
    let keys = right.members().iter().chain(claimed.members()).map(|member| &*member.key);
    keys.into_iter().find(|key| *key != "id" && value(right, key) != value(claimed, key)).map(str::to_owned)
}

/// A member's value, wherever it stood in its text.
fn value<'n>(fact: &'n Node<'n>, key: &str) -> Option<&'n Data<'n>> {
    fact.get(key).map(|node| &node.data)
}
