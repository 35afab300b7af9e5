//! Runs one case on a fresh engine.

use super::after::{body, same_answer};
use super::books::{campaign, fact, merge, same_problems};
use super::fit::{Fit, Missing};
use super::instant::{Clock, START};
use super::shape::{list, refusal};
use super::{Failure, boxed};
use kfactor::campaign::{Campaign, Names, Problem};
use kfactor::engine::Engine;
use kfactor::engine::time::UtcOffset;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Nothing, or why the case failed.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Runs a case, which stands in `file` at `place`.
///
/// # Errors
/// The first difference.
pub fn case(folder: &Path, file: &Value, case: &Value, place: &str) -> Outcome {
    match through(folder, file, case, place)? {
        Some(run) => run.afterwards().map_err(|failure| failure.placed(place)),
        None => Ok(()),
    }
}

/// Runs the steps of a case, if it has any.
///
/// # Errors
/// The first difference.
pub fn through(folder: &Path, file: &Value, case: &Value, place: &str) -> Outcome<Option<Run>> {
    let here = |failure: Failure| failure.placed(place);
    let (document, text) = campaign(folder, file, case).map_err(|what| here(Failure::of(what)))?;
    if let Some(expected) = case.get("problems") {
        let problems = match Campaign::parse(&text, &Names::default()) {
            Ok(parsed) => parsed.warnings,
            Err(problems) => problems,
        };
        problems_are(expected, &problems).map_err(here)?;
    }
    if case.get("steps").is_none() {
        return Ok(None);
    }
    let seed = case.get("seed").or(file.get("seed")).and_then(Value::as_str);
    let mut run = Run::new(document, &text, seed).map_err(here)?;
    for (number, step) in list(case, "steps").iter().enumerate() {
        let there =
            |failure| Failure { step: Some(number), place: format!("{place}/steps/{number}"), ..failure };
        run.step(number, step).map_err(there)?;
    }
    Ok(Some(run))
}

/// A command with its first answer, as they were written.
pub struct Entry {
    /// The command's id.
    pub id: String,
    /// The command.
    pub command: String,
    /// Its answer.
    pub answer: String,
}

/// A case while it runs.
pub struct Run {
    document: Value,
    /// What decides the case's commands.
    pub engine: Engine,
    /// What the facts alone make of the campaign.
    pub follower: Engine,
    /// Nothing happened in this one yet.
    fresh: Engine,
    /// The revisions of the campaign, each with how many commands the log had before it.
    pub revisions: Vec<(usize, String)>,
    /// The time of the last command.
    pub clock: Clock,
    kept: BTreeMap<String, Value>,
    /// The commands that were decided.
    pub log: Vec<Entry>,
    /// What came of them.
    pub facts: Vec<Value>,
    /// Everything that was submitted, and the revisions.
    pub sent: Vec<Sent>,
}

/// What a case did to its engine; golden logs are made of it.
#[allow(dead_code, reason = "the runner itself only records it")]
pub enum Sent {
    /// It submitted this text.
    Command(String),
    /// It put this document in force.
    Revision(Value),
}

impl Run {
    fn new(document: Value, text: &str, seed: Option<&str>) -> Outcome<Run> {
        let id = document["id"].as_str().unwrap_or_default();
        let seed = seed.and_then(bytes_of).unwrap_or_else(|| Engine::public_seed(id));
        let engine = Engine::load(text, seed).map_err(|problems| Failure {
            actual: boxed(json!(problems)),
            ..Failure::of("the campaign cannot run")
        })?;
        let clock = Clock { now: START, timezone: engine.book().current().timezone };
        let (kept, log, facts, sent) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        let (follower, fresh) = (engine.clone(), engine.clone());
        Ok(Run { document, engine, follower, fresh, revisions: Vec::new(), clock, kept, log, facts, sent })
    }

    fn step(&mut self, number: usize, step: &Value) -> Outcome {
        let has = |key: &str| step.get(key).is_some();
        if has("do") {
            let command = self.written(&format!("c{number}"), step)?;
            self.submit(&[(command, step)])
        } else if let Some(text) = step["send"].as_str() {
            self.submit(&[(text.to_owned(), step)])
        } else if has("batch") {
            let mut commands = Vec::new();
            for (place, step) in list(step, "batch").iter().enumerate() {
                commands.push((self.written(&format!("c{number}-{place}"), step)?, step));
            }
            self.submit(&commands)
        } else if let Some(id) = step["again"].as_str() {
            self.again(id, step)
        } else if let Some(who) = step["view"].as_str() {
            self.view(who, step)
        } else if let Some(rewards) = step["used"].as_object() {
            rewards.iter().try_for_each(|(name, expected)| self.used(name, expected))
        } else if let Some(grants) = step["grants"].as_object() {
            self.grants(grants, step["of"].as_str())
        } else if has("facts") {
            self.counted(step)
        } else if let Some(expected) = step.get("due") {
            let actual = json!(self.engine.due().map(|at| at.0));
            self.fits(expected, &actual, "something else is due next")
        } else if has("revise") {
            self.revise(step)
        } else if has("restore") {
            self.restore()
        } else {
            self.audit(step)
        }
    }

    /// The text of a command step.
    fn written(&mut self, id: &str, step: &Value) -> Outcome<String> {
        let at = match step.get("at") {
            None => Some(self.clock.now + 1_000),
            Some(at) => self.instant(at),
        };
        self.clock.now = at.unwrap_or(self.clock.now);
        let mut command = Map::new();
        command.insert("id".to_owned(), json!(id));
        for (key, value) in step.as_object().into_iter().flatten() {
            let own = ["ok", "contains", "lacks", "no", "repeated", "keep", "note"].contains(&key.as_str());
            if !own {
                let filled = self.filled(value);
                let filled = match key.as_str() {
                    "token" if filled.is_object() => self.token(&filled)?,
                    "when" => self.instant(&filled).map_or(filled, |when| json!(when)),
                    _ => filled,
                };
                command.insert(key.clone(), filled);
            }
        }
        if let Some(at) = at {
            command.insert("at".to_owned(), json!(at));
        }
        Ok(Value::Object(command).to_string())
    }

    /// Submits commands together, and compares each answer with what its step expects.
    fn submit(&mut self, commands: &[(String, &Value)]) -> Outcome {
        let before = body(&self.engine);
        let lines: Vec<&str> = commands.iter().map(|(text, _)| text.as_str()).collect();
        let answers = self.answers(&lines.join("\n"));
        if answers.len() != commands.len() {
            return Err(Failure::of(format!("{} commands got {} answers", commands.len(), answers.len())));
        }
        let mut changed = false;
        for ((command, step), written) in commands.iter().zip(answers) {
            let answer: Value = serde_json::from_str(&written).unwrap_or_default();
            let repeated = answer["repeated"] == true;
            if repeated != (step["repeated"] == true) {
                let what = if repeated { "the answer was repeated" } else { "the answer was not repeated" };
                return Err(Failure { actual: boxed(answer), ..Failure::of(what) });
            }
            match (refusal(step), answer["ok"] == true) {
                (None, true) => self.accepted(step, &answer)?,
                (Some(_), false) => self.refused(&step["no"], &answer)?,
                (None, false) => {
                    let expected = step.get("ok").or(step.get("contains")).cloned().and_then(boxed);
                    let what = Failure::of("the command was refused");
                    return Err(Failure { expected, actual: boxed(answer), ..what });
                }
                (Some(_), true) => {
                    let expected = boxed(step["no"].clone());
                    let what = Failure::of("the command was accepted");
                    return Err(Failure { expected, actual: boxed(answer), ..what });
                }
            }
            changed |= answer["ok"] == true && !repeated;
            self.record(command, written, &answer)?;
        }
        if !changed && body(&self.engine) != before {
            return Err(Failure::of("a refusal or a repetition changed something"));
        }
        Ok(())
    }

    fn accepted(&mut self, step: &Value, answer: &Value) -> Outcome {
        let fit = Fit { clock: &self.clock, missing: Missing::IsNull };
        let facts = list(answer, "facts");
        let wanted = |key: &str| -> Vec<Value> {
            list(step, key).iter().map(|expected| self.filled(&fact(expected))).collect()
        };
        let differs = |what: &str, expected: &str| Failure {
            expected: step.get(expected).cloned().and_then(boxed),
            actual: boxed(json!(facts)),
            ..Failure::of(what)
        };
        if step.get("ok").is_some() {
            let expected = wanted("ok");
            // Who is met or arrives is only compared where a case is about it.
            let listed = |kind: &Value| expected.iter().any(|other| other["kind"] == *kind);
            let quiet = |kind: &Value| (kind == "met" || kind == "arrived") && !listed(kind);
            let told: Vec<&Value> = facts.iter().filter(|fact| !quiet(&fact["kind"])).collect();
            let same = expected.len() == told.len()
                && expected.iter().zip(&told).all(|(expected, fact)| fit.holds(expected, fact));
            if !same {
                return Err(differs("other facts came of it", "ok"));
            }
        }
        if !fit.contains(&wanted("contains"), facts) {
            return Err(differs("a fact is missing", "contains"));
        }
        if wanted("lacks").iter().any(|expected| facts.iter().any(|fact| fit.holds(expected, fact))) {
            return Err(differs("a fact is there that must not be", "lacks"));
        }
        for (name, field) in step["keep"].as_object().into_iter().flatten() {
            let field = field.as_str().unwrap_or_default();
            let (kind, field) =
                field.split_once('.').map_or((None, field), |(kind, field)| (Some(kind), field));
            let last = facts.iter().rfind(|fact| kind.is_none_or(|kind| fact["kind"] == kind));
            let value = last.and_then(|fact| fact.get(field));
            let value = value.ok_or_else(|| differs(&format!("there is no `{field}` to keep"), "keep"))?;
            self.kept.insert(format!("{{{name}}}"), value.clone());
        }
        Ok(())
    }

    fn refused(&self, expected: &Value, answer: &Value) -> Outcome {
        let expected = if expected.is_string() { json!({ "code": expected }) } else { self.filled(expected) };
        self.fits(&expected, answer, "it was refused otherwise")
    }

    /// Remembers a command that was decided, and lets the follower know its facts.
    fn record(&mut self, command: &str, answer: String, value: &Value) -> Outcome {
        let code = value["code"].as_str().unwrap_or_default();
        if value["repeated"] == true || ["COMMAND_MALFORMED", "COMMAND_ID_REUSED"].contains(&code) {
            return Ok(());
        }
        let facts = list(value, "facts");
        let lines: Vec<String> = facts.iter().map(Value::to_string).collect();
        let applied = self.follower.apply_json(lines.join("\n").as_bytes());
        self.facts.extend_from_slice(facts);
        let id = value["id"].as_str().unwrap_or_default().to_owned();
        self.log.push(Entry { id, command: command.to_owned(), answer });
        if applied == Ok(facts.len()) {
            return Ok(());
        }
        Err(Failure { actual: boxed(json!(facts)), ..Failure::of("these facts cannot be read back") })
    }

    /// Sends a command of the log once more.
    fn again(&mut self, id: &str, step: &Value) -> Outcome {
        let entry = self.log.iter().find(|entry| entry.id == id);
        let (mut command, first) = match entry {
            Some(entry) => (entry.command.clone(), entry.answer.clone()),
            None => return Err(Failure::of(format!("there was no command `{id}`"))),
        };
        if let Some(at) = step.get("at").and_then(|at| self.instant(at)) {
            self.clock.now = at;
            let mut stamped: Value = serde_json::from_str(&command).unwrap_or_default();
            stamped["at"] = json!(at);
            command = stamped.to_string();
        }
        let before = self.engine.digest();
        let second = self.answers(&command).pop().unwrap_or_default();
        same_answer(&first, &second)?;
        if self.engine.digest() == before {
            Ok(())
        } else {
            Err(Failure::of("a repetition changed something"))
        }
    }

    fn revise(&mut self, step: &Value) -> Outcome {
        let mut document = self.document.clone();
        merge(&mut document, &step["revise"]);
        let text = document.to_string();
        match (self.engine.revise(&text), step.get("problems")) {
            (Ok(_), None) => {
                self.sent.push(Sent::Revision(document.clone()));
                self.document = document;
                self.revisions.push((self.log.len(), text.clone()));
                self.clock.timezone = self.engine.book().current().timezone;
                self.follower.revise(&text).map(drop).map_err(|_| Failure::of("a follower cannot be revised"))
            }
            (Err(problems), Some(expected)) => problems_are(expected, &problems),
            (Ok(_), Some(expected)) => {
                Err(Failure { expected: boxed(expected.clone()), ..Failure::of("the revision was taken") })
            }
            (Err(problems), None) => {
                Err(Failure { actual: boxed(json!(problems)), ..Failure::of("the revision was refused") })
            }
        }
    }

    /// Goes on with a fresh engine that was given a snapshot.
    fn restore(&mut self) -> Outcome {
        let mut fresh = self.fresh.clone();
        fresh.restore(&self.engine.snapshot()).map_err(|damaged| Failure::of(damaged.to_string()))?;
        if fresh.digest() != self.engine.digest() {
            return Err(Failure::of("the restored state has another digest"));
        }
        self.engine = fresh;
        Ok(())
    }

    /// Submits commands, one per line; the answers.
    pub fn answers(&mut self, commands: &str) -> Vec<String> {
        self.sent.extend(commands.lines().map(|line| Sent::Command(line.to_owned())));
        let mut written = Vec::new();
        self.engine.submit_json(commands.as_bytes(), None, &mut written);
        String::from_utf8_lossy(&written).lines().map(str::to_owned).collect()
    }

    /// Compares by the rules for facts.
    pub fn fits(&self, expected: &Value, actual: &Value, what: &str) -> Outcome {
        let fit = Fit { clock: &self.clock, missing: Missing::IsNull };
        let difference = fit.difference(expected, actual);
        difference.map_or(Ok(()), |_| {
            Err(Failure {
                expected: boxed(expected.clone()),
                actual: boxed(actual.clone()),
                ..Failure::of(what)
            })
        })
    }

    /// An instant of the case.
    pub fn instant(&self, at: &Value) -> Option<i64> {
        at.as_str().map_or(at.as_i64(), |text| self.clock.read(text))
    }

    /// A value with kept values in place of their names.
    pub fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.kept.get(text).unwrap_or(value).clone(),
            Value::Array(values) => values.iter().map(|value| self.filled(value)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect()
            }
            _ => value.clone(),
        }
    }
}

fn problems_are(expected: &Value, problems: &[Problem]) -> Outcome {
    let actual: Vec<Value> = problems.iter().map(|problem| json!(problem)).collect();
    let clock = Clock { now: START, timezone: UtcOffset(0) };
    if same_problems(expected.as_array().map_or(&[], Vec::as_slice), &actual, &clock) {
        return Ok(());
    }
    let what = Failure::of("the campaign has other problems");
    Err(Failure { expected: boxed(expected.clone()), actual: boxed(json!(actual)), ..what })
}

/// The 32 bytes that 64 hexadecimal digits stand for.
fn bytes_of(digits: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes?.try_into().ok()
}
