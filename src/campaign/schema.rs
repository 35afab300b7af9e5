//! The JSON Schema of the campaign document, made from the same types that read it.

use schemars::{Schema, json_schema};

use super::Root;
use super::decode::Decode;
use super::play::Common;
use crate::mechanics::Rules;

/// The JSON Schema (draft 2020-12) of the whole document, for editors and for independent validators.
#[must_use]
pub fn campaign_schema() -> Schema {
    let mut schema = Root::shape();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "kfactor campaign".into());
    let mut properties = take(&mut schema, "properties");
    let editor = json_schema!({ "type": "string", "description": "The schema that an editor reads." });
    properties.insert("$schema".into(), editor.to_value());
    schema.insert("properties".into(), properties.to_value());
    schema
}

/// A play: one object for each mechanic, with the keys that all have in common.
pub(crate) fn play() -> Schema {
    let options: Vec<_> = Rules::shapes()
        .into_iter()
        .map(|(mechanic, mut own)| {
            let mut common = Common::shape();
            let mut properties = json_schema!({ "mechanic": { "const": mechanic } });
            for part in [&mut common, &mut own] {
                for (key, value) in take(part, "properties").as_object().into_iter().flatten() {
                    properties.insert(key.clone(), value.clone());
                }
            }
            let mut required = vec!["mechanic".to_owned()];
            for part in [&common, &own] {
                let keys = part.get("required").and_then(|keys| keys.as_array()).into_iter().flatten();
                required.extend(keys.filter_map(|key| key.as_str()).map(str::to_owned));
            }
            own.insert("title".into(), mechanic.into());
            own.insert("properties".into(), properties.to_value());
            own.insert("required".into(), required.into());
            own.to_value()
        })
        .collect();
    json_schema!({
        "type": "object",
        "required": ["mechanic"],
        "properties": { "mechanic": { "enum": Rules::NAMES } },
        "oneOf": options
    })
}

/// Removes an object-valued keyword of a schema.
fn take(schema: &mut Schema, keyword: &str) -> Schema {
    schema.remove(keyword).and_then(|value| Schema::try_from(value).ok()).unwrap_or_default()
}

/// Collects the schema of one object.
pub(crate) struct Object {
    schema: Schema,
    properties: Schema,
    required: Vec<&'static str>,
}

impl Object {
    pub fn new(doc: &str) -> Self {
        let mut schema = json_schema!({ "type": "object" });
        describe(&mut schema, doc);
        Self { schema, properties: Schema::default(), required: Vec::new() }
    }

    /// Adds a key that `T` reads.
    pub fn property<T: Decode>(&mut self, key: &'static str, doc: &str, default: Option<T>) {
        let mut schema = T::shape();
        describe(&mut schema, doc);
        match default {
            Some(default) => default.note_default(&mut schema),
            None if T::absent().is_none() => self.required.push(key),
            None => {}
        }
        self.properties.insert(key.into(), schema.to_value());
    }

    pub fn finish(mut self) -> Schema {
        self.schema.insert("properties".into(), self.properties.to_value());
        if !self.required.is_empty() {
            self.schema.insert("required".into(), self.required.into());
        }
        self.schema.insert("additionalProperties".into(), false.into());
        self.schema
    }
}

/// One of some words, each with its meaning.
pub(crate) fn choice(doc: &str, words: &[(&str, &str)]) -> Schema {
    let options: Vec<_> = words
        .iter()
        .map(|(word, doc)| {
            let mut option = json_schema!({ "const": word });
            describe(&mut option, doc);
            option.to_value()
        })
        .collect();
    let mut schema = json_schema!({ "oneOf": options });
    describe(&mut schema, doc);
    schema
}

/// Sets the description to a doc comment, unless it is empty.
fn describe(schema: &mut Schema, doc: &str) {
    let lines: Vec<&str> = doc.lines().map(str::trim).collect();
    let text = lines.join(" ");
    if !text.trim().is_empty() {
        schema.insert("description".into(), text.trim().into());
    }
}
