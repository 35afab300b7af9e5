//! The protocol as data: tables and JSON Schemas for other languages, taken from the types themselves.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::audit::Audit;
use super::command::{Act, NUMBER_FIELDS, TEXT_FIELDS};
use super::fact::{Fact, Row};
use super::field::{Kind, Reason};
use super::forms::FieldRow;
use super::rejection::Code;
use super::view::{StepView, View};
use super::words::{PERIODS, STATES, WHOM, Word};
use crate::campaign::Problem;
use crate::campaign::decode::Decode;
use crate::campaign::rewards::RewardKind;

/// What each act carries besides `id`, `at` and `do`: fields it needs, fields it may have.
const ACTS: &[(Act, &[&str], &[&str])] = &[
    (Act::Visit, &["by"], &["token", "code", "touchpoint", "when", "device", "network", "risk"]),
    (Act::Share, &["by"], &["loop", "device", "network", "risk"]),
    (Act::Open, &["by", "play"], &["loop", "token", "touchpoint", "device", "network", "risk"]),
    (Act::Help, &["by"], &["loop", "play", "code", "token", "touchpoint", "device", "network", "risk"]),
    (Act::Join, &["by"], &["loop", "play", "code", "token", "touchpoint", "device", "network", "risk"]),
    (Act::Leave, &["by"], &["loop", "play", "device", "network", "risk"]),
    (Act::Pay, &["by", "order", "amount"], &["loop", "play"]),
    (Act::Event, &["by", "name"], &["order", "amount", "price", "count", "when"]),
    (Act::Refund, &["order"], &[]),
    (Act::Fulfil, &["grant"], &[]),
    (Act::Fail, &["grant"], &["reason"]),
    (Act::Revoke, &["grant"], &["reason"]),
    (Act::Tick, &[], &[]),
    (Act::CheckIn, &["by"], &["loop", "play", "name", "device", "network", "risk"]),
    (Act::Submit, &["by"], &["loop", "play", "name", "text", "hash", "device", "network", "risk"]),
    (Act::Review, &["by", "name"], &["loop", "play", "reason"]),
    (Act::Draw, &["by"], &["loop", "play", "device", "network", "risk"]),
    (Act::Claim, &["by"], &["loop", "play", "name", "grant", "device", "network", "risk"]),
    (Act::Redeem, &["by", "name"], &["loop", "play", "device", "network", "risk"]),
    (Act::Enter, &["by", "name"], &["loop", "play", "code", "token"]),
    (Act::Exit, &["by", "name"], &["loop", "play"]),
    (Act::Message, &["by", "text"], &["loop", "token"]),
    (Act::Activate, &["by", "grant"], &[]),
    (Act::Use, &["grant"], &[]),
    (Act::Scan, &["by", "name"], &["token", "touchpoint", "device", "network", "risk"]),
    (Act::Add, &["by", "name"], &["token", "touchpoint"]),
    (Act::Drop, &["by", "name"], &[]),
    (Act::Switch, &["name", "text"], &[]),
    (Act::Tag, &["by", "text"], &[]),
    (Act::Untag, &["by", "text"], &[]),
    (Act::Merge, &["by", "text"], &[]),
];

/// The numbers and texts that both sides of the WebAssembly boundary share.
#[must_use]
pub fn metadata_json() -> Value {
    let field = |(name, number): &(&str, u8)| json!({ "name": name, "number": number });
    let kinds = Fact::TABLE.iter().map(|row| {
        let name = |field: &FieldRow| {
            let mark = if field.optional { "?" } else { "" };
            format!("{}{mark}", field.kind.name())
        };
        let fields: Vec<Value> =
            row.fields.iter().map(|field| json!({ "name": field.key(), "type": name(field) })).collect();
        json!({ "kind": row.kind(), "number": row.number, "fields": fields })
    });
    let rejections = Code::ALL.iter().map(|code| {
        let (en, zh) = code.sentences();
        json!({ "code": code.name(), "en": en, "zh": zh })
    });
    let words = |words: &[Word]| -> Vec<Value> {
        words.iter().map(|(word, en, zh)| json!({ "word": word, "en": en, "zh": zh })).collect()
    };
    json!({
        "acts": Act::ALL.iter().map(|(act, name, number)| json!({
            "act": name, "number": number, "secret": act.needs_secret_key(),
        })).collect::<Vec<_>>(),
        "texts": TEXT_FIELDS.iter().map(field).collect::<Vec<_>>(),
        "numbers": NUMBER_FIELDS.iter().map(field).collect::<Vec<_>>(),
        "kinds": kinds.collect::<Vec<_>>(),
        "reasons": Reason::ALL.iter().map(|reason| reason.text()).collect::<Vec<_>>(),
        "rejections": rejections.collect::<Vec<_>>(),
        "words": { "STATES": words(STATES), "PERIODS": words(PERIODS), "WHOM": words(WHOM) },
    })
}

/// The JSON Schema (draft 2020-12) of commands, answers, facts, views, problems and audits, as `$defs`.
#[must_use]
pub fn schema_json() -> Value {
    let mut generator = SchemaGenerator::default();
    for shape in [
        generator.subschema_for::<View>(),
        generator.subschema_for::<StepView>(),
        generator.subschema_for::<Problem>(),
        generator.subschema_for::<Audit>(),
        generator.subschema_for::<crate::livecode::view::LiveCodeView>(),
        generator.subschema_for::<crate::insight::Report>(),
    ] {
        drop(shape);
    }
    let mut defs = generator.take_definitions(true);
    say_words(&mut defs);
    defs.insert("Command".into(), one_of("Command", ACTS.iter().map(command)));
    let facts = Fact::TABLE.iter().zip(Fact::DOCS).map(|(row, docs)| fact(row, *docs));
    defs.insert("Fact".into(), one_of("Something that happened.", facts));
    defs.insert(
        "Code".into(),
        json!({ "enum": Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>() }),
    );
    defs.insert("Accepted".into(), accepted().to_value());
    defs.insert("Rejected".into(), rejected().to_value());
    defs.insert(
        "Answer".into(),
        json!({ "oneOf": [{ "$ref": "#/$defs/Accepted" }, { "$ref": "#/$defs/Rejected" }] }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kfactor protocol",
        "description": "The JSON that pages, backends and logs exchange.",
        "$defs": defs,
    })
}

/// Tells which words a view says, where they are the same for all mechanics. What mechanics call the parts of their loops
/// and the people in them is open: mechanics come.
fn say_words(defs: &mut serde_json::Map<String, Value>) {
    const NEEDS: [&str; 18] = [
        "help",
        "help-here",
        "join",
        "join-here",
        "invite",
        "pay",
        "event",
        "wait",
        "check-in",
        "submit",
        "review",
        "return",
        "points",
        "draw",
        "claim",
        "redeem",
        "enter",
        "score",
    ];
    const SIDES: [&str; 10] = [
        "initiator",
        "helper",
        "inviter",
        "invitee",
        "member",
        "leader",
        "sharer",
        "opener",
        "distributor",
        "winner",
    ];
    const GRANT: [&str; 9] =
        ["claimable", "held", "reserved", "fulfilled", "active", "used", "outdated", "failed", "revoked"];
    let acts: Vec<&str> = Act::ALL.iter().map(|(_, name, _)| *name).collect();
    let kind = RewardKind::shape().to_value();
    let kinds = kind.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let kinds: Vec<&str> = kinds.filter_map(|word| word.get("const")?.as_str()).collect();
    let reward: Vec<&str> = ["locked", "lost", "out"].into_iter().chain(GRANT).collect();
    let words: [(&str, &str, &[&str]); 10] = [
        ("View", "status", &["planned", "running", "ended"]),
        ("LoopView", "status", &["running", "complete", "expired"]),
        ("GrantView", "status", &GRANT),
        ("RewardView", "status", &reward),
        ("OfferView", "kind", &kinds),
        ("RewardView", "kind", &kinds),
        ("GrantView", "kind", &kinds),
        ("ActionView", "do", &acts),
        ("OfferView", "for", &SIDES),
        ("StepView", "need", &NEEDS),
    ];
    for (of, field, words) in words {
        if let Some(shape) = defs.get_mut(of).and_then(|of| of.pointer_mut(&format!("/properties/{field}"))) {
            shape["enum"] = json!(words);
        }
    }
    if let Some(code) = defs.get_mut("ActionView").and_then(|of| of.pointer_mut("/properties/code")) {
        *code = json!({
            "description": code["description"],
            "anyOf": [{ "$ref": "#/$defs/Code" }, { "type": "null" }],
        });
    }
}

fn one_of(description: &str, options: impl Iterator<Item = Value>) -> Value {
    json!({ "description": description, "oneOf": options.collect::<Vec<_>>() })
}

fn command((act, needs, may): &(Act, &[&str], &[&str])) -> Value {
    let mut properties = serde_json::Map::new();
    properties.insert("id".into(), json!({ "type": "string", "pattern": "^[A-Za-z0-9_:-]{1,64}$" }));
    properties.insert("at".into(), time());
    properties.insert("do".into(), json!({ "const": act.name() }));
    for field in needs.iter().chain(*may) {
        properties.insert((*field).to_owned(), command_field(field));
    }
    properties.insert("clock".into(), json!({ "type": "integer", "description": "The page's own clock." }));
    let mut required = vec!["id", "at", "do"];
    required.extend(*needs);
    json!({
        "title": title(act.name(), "Command"),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn command_field(name: &str) -> Value {
    match name {
        "amount" | "price" => money(),
        "when" => time(),
        "count" => json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 }),
        "text" => json!({ "type": "string", "minLength": 1, "maxLength": 200 }),
        "risk" => json!({ "type": "integer", "minimum": 0, "maximum": 100 }),
        "loop" => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" }),
        _ => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
    }
}

fn fact(row: &Row, docs: (&str, &[&str])) -> Value {
    let mut properties = serde_json::Map::new();
    properties.insert("id".into(), json!({ "type": "string" }));
    properties.insert("at".into(), time());
    properties.insert("kind".into(), json!({ "const": row.kind() }));
    let mut required = vec!["id", "at", "kind"];
    for (field, doc) in row.fields.iter().zip(docs.1) {
        let mut shape = fact_field(field.kind);
        if let Some(shape) = shape.as_object_mut() {
            shape.insert("description".into(), doc.trim().into());
        }
        properties.insert(field.key().to_owned(), shape);
        if !field.optional {
            required.push(field.key());
        }
        if field.kind == Kind::Grant {
            properties.insert(
                "loop".into(),
                json!({ "type": "string", "description": "The loop that earned it." }),
            );
            required.push("loop");
        }
    }
    json!({
        "title": title(row.kind(), "Fact"),
        "description": docs.0.trim(),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn fact_field(kind: Kind) -> Value {
    match kind {
        Kind::U32 | Kind::Number => json!({ "type": "integer", "minimum": 0 }),
        Kind::Time => time(),
        Kind::Money => money(),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Reason => json!({ "enum": Reason::ALL.iter().map(|reason| reason.text()).collect::<Vec<_>>() }),
        _ => json!({ "type": "string" }),
    }
}

fn accepted() -> Schema {
    json_schema!({
        "title": "Accepted",
        "description": "The command was accepted.",
        "type": "object",
        "properties": {
            "ok": { "const": true },
            "id": { "type": "string" },
            "repeated": { "const": true, "description": "This is the first answer given again." },
            "facts": { "type": "array", "items": { "$ref": "#/$defs/Fact" } },
        },
        "required": ["ok", "id", "facts"],
        "additionalProperties": false,
    })
}

fn rejected() -> Schema {
    json_schema!({
        "title": "Rejected",
        "description": "The command was refused and changed nothing.",
        "type": "object",
        "properties": {
            "ok": { "const": false },
            "id": { "type": ["string", "null"] },
            "repeated": { "const": true, "description": "This is the first answer given again." },
            "code": { "$ref": "#/$defs/Code" },
            "params": {
                "type": "object",
                "properties": {
                    "most": { "type": "integer" },
                    "until": time(),
                    "amount": money(),
                    "field": { "type": "string" },
                    "name": { "type": "string" },
                },
                "additionalProperties": false,
            },
            "missing": { "type": "array", "items": { "$ref": "#/$defs/StepView" } },
            "message": { "type": "string" },
            "messageZh": { "type": "string" },
        },
        "required": ["ok", "id", "code", "params", "missing"],
        "additionalProperties": false,
    })
}

fn time() -> Value {
    json!({ "type": "integer", "minimum": 0, "description": "Unix milliseconds, UTC." })
}

fn money() -> Value {
    json!({ "type": "integer", "description": "Minor units of the campaign's currency." })
}

fn title(name: &str, suffix: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect::<String>() + suffix
}
