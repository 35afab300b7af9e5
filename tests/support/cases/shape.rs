//! The keys of a case file, and what may stand at each: anything else is refused by name.

use super::fit::operator;
use super::instant::{Clock, START};
use kfactor::engine::time::UtcOffset;
use kfactor::engine::{Command, Fact};
use serde_json::Value;

/// What a value has to be.
#[derive(Clone, Copy)]
enum Shape {
    /// Anything; commands and campaigns are checked by the engine.
    Any,
    Text,
    /// 64 hexadecimal digits.
    Seed,
    /// `true`.
    True,
    Object,
    List,
    /// An object of texts.
    Texts,
    /// An instant as text, or Unix milliseconds.
    Instant,
    /// An instant, or null.
    InstantOrNull,
    /// A whole number from 0.
    Count,
    /// An expectation.
    Expected,
    /// A list of expectations of facts.
    Facts,
    /// A rejection code, or an object with one.
    Refusal,
    /// One expectation of a fact.
    Fact,
    /// Command steps.
    Batch,
}

use Shape::{Any, Batch, Count, Expected, Fact as OneFact, Facts, Instant, InstantOrNull};
use Shape::{List, Object, Refusal, Seed, Text, Texts, True};

type Keys = &'static [(&'static str, Shape)];

const FILE: Keys = &[("note", Text), ("campaign", Any), ("seed", Seed), ("cases", List)];
const CASE: Keys = &[
    ("name", Text),
    ("source", Text),
    ("note", Text),
    ("campaign", Any),
    ("patch", Object),
    ("text", Text),
    ("seed", Seed),
    ("problems", List),
    ("steps", List),
];
const ANSWER: Keys = &[
    ("ok", Facts),
    ("contains", Facts),
    ("lacks", Facts),
    ("no", Refusal),
    ("repeated", True),
    ("keep", Texts),
    ("note", Text),
];
const REFUSAL: Keys = &[("code", Text), ("params", Expected), ("missing", Expected)];

/// What a step is told by, what that key holds, and which other keys it may have.
const STEPS: &[(&str, Shape, Keys)] = &[
    ("send", Text, &[]),
    ("batch", Batch, &[]),
    ("again", Text, &[("at", Instant)]),
    ("view", Text, &[("loop", Text), ("at", Instant), ("is", Expected), ("exactly", Expected)]),
    ("used", Object, &[]),
    ("grants", Object, &[("of", Text)]),
    ("facts", OneFact, &[("count", Count), ("sum", Object)]),
    ("due", InstantOrNull, &[]),
    ("revise", Object, &[("problems", List)]),
    ("restore", True, &[]),
    ("audit", Expected, &[("forge", Object), ("append", List)]),
];

/// Something in a case file that the format does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where: an RFC 6901 pointer into the file.
    pub pointer: String,
    /// What is wrong, as a sentence.
    pub what: String,
}

/// Everything that is wrong with a file.
pub fn check(file: &Value) -> Vec<Malformed> {
    let mut found = Found(Vec::new());
    found.keys(file, "", &[FILE], &["cases"]);
    for (number, case) in list(file, "cases").iter().enumerate() {
        found.case(case, &format!("/cases/{number}"), file);
    }
    if list(file, "cases").is_empty() {
        found.add("/cases", "there is no case".to_owned());
    }
    found.0
}

struct Found(Vec<Malformed>);

impl Found {
    fn add(&mut self, pointer: &str, what: String) {
        self.0.push(Malformed { pointer: pointer.to_owned(), what });
    }

    fn case(&mut self, case: &Value, place: &str, file: &Value) {
        self.keys(case, place, &[CASE], &["name", "source"]);
        let has = |key: &str| case.get(key).is_some();
        if !has("steps") && !has("problems") {
            self.add(place, "a case has `steps` or `problems`".to_owned());
        }
        if has("text") && (has("campaign") || has("patch")) {
            self.add(
                place,
                "`text` is a whole campaign: it stands without `campaign` and `patch`".to_owned(),
            );
        }
        if !has("text") && !has("campaign") && file.get("campaign").is_none() {
            self.add(place, "neither the case nor the file has a `campaign`".to_owned());
        }
        for (number, step) in list(case, "steps").iter().enumerate() {
            self.step(step, &format!("{place}/steps/{number}"));
        }
        let revised = list(case, "steps").iter().position(|step| step.get("revise").is_some());
        let restored = list(case, "steps").iter().rposition(|step| step.get("restore").is_some());
        if revised.zip(restored).is_some_and(|(revised, restored)| restored > revised) {
            self.add(place, "a `restore` stands before the first `revise`".to_owned());
        }
    }

    fn step(&mut self, step: &Value, place: &str) {
        if step.get("do").is_some() {
            return self.command(step, place);
        }
        let told: Vec<_> = STEPS.iter().filter(|(key, ..)| step.get(key).is_some()).collect();
        let [(key, shape, more)] = told.as_slice() else {
            let heads: Vec<&str> = STEPS.iter().map(|(key, ..)| *key).collect();
            let keys: Vec<&str> =
                step.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            let what =
                format!("a step has exactly one of do, {}; this has {}", heads.join(", "), keys.join(", "));
            return self.add(place, what);
        };
        let answer = *key == "send";
        self.keys(
            step,
            place,
            &[&[(*key, *shape), ("note", Text)], more, if answer { ANSWER } else { &[] }],
            &[],
        );
        if answer {
            self.answered(step, place);
        }
        let wants = |keys: &[&str]| keys.iter().all(|key| step.get(key).is_none());
        if *key == "view" && wants(&["is", "exactly"]) {
            self.add(place, "a `view` has `is` or `exactly`".to_owned());
        }
        if *key == "facts" && wants(&["count", "sum"]) {
            self.add(place, "`facts` has `count` or `sum`".to_owned());
        }
    }

    fn command(&mut self, step: &Value, place: &str) {
        self.answered(step, place);
        let about_fields = refusal(step) == Some("COMMAND_MALFORMED");
        for (key, value) in step.as_object().into_iter().flatten() {
            let place = format!("{place}/{key}");
            match ANSWER.iter().find(|(name, _)| name == key) {
                Some((_, shape)) => self.shape(value, *shape, &place),
                None if matches!(key.as_str(), "at" | "when") && !about_fields => {
                    self.shape(value, Instant, &place)
                }
                None if about_fields || is_command_field(key) => {}
                None => self.add(&place, format!("unknown key `{key}`")),
            }
        }
    }

    /// A command has to say what it expects.
    fn answered(&mut self, step: &Value, place: &str) {
        let accepted = ["ok", "contains", "lacks"].iter().any(|key| step.get(key).is_some());
        if accepted == step.get("no").is_some() {
            self.add(place, "a command has either `ok`, `contains` or `lacks`, or `no`".to_owned());
        }
        if refusal(step) == Some("COMMAND_MALFORMED") && step["no"]["params"]["field"].is_null() {
            self.add(place, "COMMAND_MALFORMED is expected with `params.field`".to_owned());
        }
    }

    /// Refuses what is no object, keys that are in none of the tables, and values of another shape.
    fn keys(&mut self, value: &Value, place: &str, tables: &[&[(&str, Shape)]], needed: &[&str]) {
        let Some(members) = value.as_object() else {
            return self.add(place, "this has to be an object".to_owned());
        };
        for (key, value) in members {
            let known = tables.iter().copied().flatten().find(|(name, _)| name == key);
            match known {
                Some((_, shape)) => self.shape(value, *shape, &format!("{place}/{key}")),
                None => self.add(&format!("{place}/{key}"), format!("unknown key `{key}`")),
            }
        }
        for key in needed.iter().filter(|key| !members.contains_key(**key)) {
            self.add(place, format!("`{key}` is missing"));
        }
    }

    fn shape(&mut self, value: &Value, shape: Shape, place: &str) {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                self.add(place, format!("this has to be {what}"));
            }
        };
        let instant = || value.as_i64().is_some() || value.as_str().is_some_and(is_instant);
        match shape {
            Any => {}
            Text => must(value.is_string(), "a text"),
            Seed => must(value.as_str().is_some_and(is_seed), "64 hexadecimal digits"),
            True => must(value == &Value::Bool(true), "true"),
            Object => must(value.is_object(), "an object"),
            List => must(value.is_array(), "a list"),
            Count => must(value.as_u64().is_some(), "a whole number"),
            Texts => must(
                value.as_object().is_some_and(|members| members.values().all(Value::is_string)),
                "an object of texts",
            ),
            Instant => must(instant(), "an instant, as @24h, or Unix milliseconds"),
            InstantOrNull => must(value.is_null() || instant(), "an instant, as @24h, or null"),
            Expected => self.expected(value, place),
            Refusal if value.is_string() => {}
            Refusal => self.keys(value, place, &[REFUSAL], &["code"]),
            OneFact => self.fact(value, place),
            Facts => {
                must(value.is_array(), "a list");
                for (number, fact) in value.as_array().into_iter().flatten().enumerate() {
                    self.fact(fact, &format!("{place}/{number}"));
                }
            }
            Batch => {
                must(value.is_array(), "a list");
                for (number, step) in value.as_array().into_iter().flatten().enumerate() {
                    self.command(step, &format!("{place}/{number}"));
                }
            }
        }
    }

    /// A fact's kind and fields have to be ones the engine has: a misspelt one would never be there.
    fn fact(&mut self, fact: &Value, place: &str) {
        if let Some(("$exactly" | "$not", operand)) = operator(fact) {
            return self.fact(operand, place);
        }
        let kind = fact.as_str().or(fact["kind"].as_str());
        let rows = || Fact::TABLE.iter().filter(|row| kind.is_none_or(|kind| kind == row.kind()));
        if rows().next().is_none() {
            return self.add(place, format!("no fact is of the kind `{}`", kind.unwrap_or_default()));
        }
        if fact.is_string() {
            return;
        }
        let Some(members) = fact.as_object() else {
            return self.add(place, "a fact is an object or a kind".to_owned());
        };
        for key in members.keys().filter(|key| !["id", "at", "kind"].contains(&key.as_str())) {
            let has = |field: &kfactor::engine::forms::FieldRow| {
                field.key() == key || (key == "loop" && field.kind == kfactor::engine::field::Kind::Grant)
            };
            if !rows().any(|row| row.fields.iter().any(has)) {
                self.add(&format!("{place}/{key}"), format!("no such fact has `{key}`"));
            }
        }
        self.expected(fact, place);
    }

    /// Operators have to be ones the format has, and texts that begin with `@` instants.
    fn expected(&mut self, value: &Value, place: &str) {
        match (operator(value), value) {
            (Some(("$exactly" | "$not", operand)), _) => self.expected(operand, place),
            (Some(("$contains", Value::Array(operands))), _) => {
                operands.iter().for_each(|operand| self.expected(operand, place));
            }
            (_, Value::Object(members)) => {
                for (key, value) in members {
                    let place = format!("{place}/{key}");
                    if key.starts_with('$') {
                        self.add(&place, format!("`{key}` cannot stand here"));
                    }
                    self.expected(value, &place);
                }
            }
            (_, Value::Array(values)) => {
                for (number, value) in values.iter().enumerate() {
                    self.expected(value, &format!("{place}/{number}"));
                }
            }
            (_, Value::String(text)) if text.starts_with('@') && !is_instant(text) => {
                self.add(place, format!("`{text}` is not an instant"));
            }
            _ => {}
        }
    }
}

/// The rejection code that a step expects.
pub fn refusal(step: &Value) -> Option<&str> {
    step["no"].as_str().or(step["no"]["code"].as_str())
}

/// The entries of a list; none if there is no list.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_seed(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_instant(text: &str) -> bool {
    Clock { now: START, timezone: UtcOffset(0) }.read(text).is_some()
}

/// Whether the engine reads commands with this field. It blames the whole command for a field it does not know.
fn is_command_field(key: &str) -> bool {
    let probe = serde_json::json!({ key: {} }).to_string();
    ["id", "at", "do"].contains(&key)
        || !matches!(Command::read(probe.as_bytes()), Err(malformed) if malformed.field == "command")
}
