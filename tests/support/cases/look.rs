//! Steps that look at a campaign and change nothing.

use super::books::{counted, fact, merge, standing};
use super::fit::{Fit, Missing};
use super::run::{Outcome, Run};
use super::shape::list;
use super::{Failure, boxed};
use kfactor::attribution::Token;
use kfactor::engine::Time;
use kfactor::engine::audit::Audit;
use serde_json::{Map, Value, json};

impl Run {
    /// Compares what a participant is shown.
    pub fn view(&self, who: &str, step: &Value) -> Outcome {
        let at = step.get("at").and_then(|at| self.instant(at)).unwrap_or(self.clock.now);
        let view = json!(self.engine.view(who, Time(at), step["loop"].as_str()));
        let fit = Fit { clock: &self.clock, missing: Missing::Differs };
        let looked = |key: &str| step.get(key).map(|expected| self.filled(expected));
        let difference = looked("is")
            .and_then(|expected| fit.difference(&expected, &view))
            .or_else(|| looked("exactly").and_then(|expected| fit.exact_difference(&expected, &view)));
        difference.map_or(Ok(()), |difference| Err(Failure::at("the view differs", difference)))
    }

    /// Recounts a reward from the facts alone, and compares with the engine's own books as well.
    pub fn used(&self, name: &str, expected: &Value) -> Outcome {
        let Some(handle) = self.engine.book().names.reward(name) else {
            return Err(Failure::of(format!("the campaign has no reward `{name}`")));
        };
        let used = self.engine.state().reward(handle);
        let by_the_engine = json!({ "count": used.count, "spent": used.spent.0 });
        self.fits(
            expected,
            &standing(&self.facts, name),
            &format!("`{name}` is used otherwise, by the facts"),
        )?;
        self.fits(expected, &by_the_engine, &format!("`{name}` is used otherwise, by the engine's books"))
    }

    /// Compares grants, as the views of those they are for show them; with `of` these are all they have.
    pub fn grants(&self, expected: &Map<String, Value>, of: Option<&str>) -> Outcome {
        let shown = |who: &str| {
            let view = json!(self.engine.view(who, Time(self.clock.now), None));
            list(&view, "grants").to_vec()
        };
        for (id, expected) in expected {
            let granted = |fact: &&Value| fact["kind"] == "granted" && fact["grant"] == *id;
            let to = of.or(self.facts.iter().find(granted).and_then(|fact| fact["to"].as_str()));
            let grant = to.and_then(|to| shown(to).into_iter().find(|grant| grant["grant"] == *id));
            let status =
                |grant: &Value| if expected.is_string() { grant["status"].clone() } else { grant.clone() };
            let actual = grant.as_ref().map_or(Value::Null, status);
            self.fits(expected, &actual, &format!("grant {id} stands elsewhere"))?;
        }
        let Some(who) = of else { return Ok(()) };
        let more: Vec<Value> = shown(who)
            .into_iter()
            .filter(|grant| !expected.contains_key(grant["grant"].as_str().unwrap_or_default()))
            .collect();
        if more.is_empty() {
            return Ok(());
        }
        Err(Failure { actual: boxed(json!(more)), ..Failure::of(format!("{who} has more grants")) })
    }

    /// Counts the facts so far that are as expected, and adds up their numbers.
    pub fn counted(&self, step: &Value) -> Outcome {
        let mut expected = step.clone();
        if let Some(members) = expected.as_object_mut() {
            members.retain(|key, _| key == "count" || key == "sum");
        }
        let counted = counted(&self.facts, &self.filled(&fact(&step["facts"])), step, &self.clock);
        self.fits(&expected, &counted, "the facts so far come to something else")
    }

    /// Audits the log so far, with entries changed and added as the step says.
    pub fn audit(&self, step: &Value) -> Outcome {
        let forged = |line: String| {
            let mut entry: Value = serde_json::from_str(&line).unwrap_or_default();
            let patch = entry["command"]["id"].as_str().and_then(|id| step["forge"].get(id));
            match patch {
                None => Some(line),
                Some(Value::Null) => None,
                Some(patch) => {
                    merge(&mut entry, &self.filled(patch));
                    Some(entry.to_string())
                }
            }
        };
        let mut lines: Vec<String> = self.entries().into_iter().filter_map(forged).collect();
        lines.extend(list(step, "append").iter().map(|entry| self.filled(entry).to_string()));
        let audit = json!(Audit::run(self.engine.book(), lines.join("\n").as_bytes()));
        let actual = if step["audit"].is_array() { &audit["findings"] } else { &audit };
        self.fits(&step["audit"], actual, "the audit finds something else")
    }

    /// The open token with these fields.
    pub fn token(&self, fields: &Value) -> Outcome<Value> {
        let campaign = u64::from(self.engine.book().current().number());
        let number = |field: &str, absent: u64| fields.get(field).map_or(Some(absent), Value::as_u64);
        let token = || {
            Some(Token {
                version: Token::OPEN,
                kid: 0,
                kind: u8::try_from(number("kind", u64::from(Token::SHARE))?).ok()?,
                campaign: u32::try_from(number("campaign", campaign)?).ok()?,
                touchpoint: u32::try_from(number("touchpoint", 0)?).ok()?,
                inviter: number("inviter", 0)?,
                day: u16::try_from(number("day", 0)?).ok()?,
                depth: u8::try_from(number("depth", 0)?).ok()?,
            })
        };
        let known = ["kind", "campaign", "touchpoint", "inviter", "day", "depth"];
        let strange = fields.as_object().into_iter().flatten().any(|(key, _)| !known.contains(&key.as_str()));
        let text = token().filter(|_| !strange).and_then(|token| token.open().ok());
        text.map(Value::from).ok_or_else(|| Failure {
            actual: boxed(fields.clone()),
            ..Failure::of("a token cannot have these fields")
        })
    }
}
