//! The campaign document, its schema and its checker, held against each other.
//!
//! `fixtures/broken` are documents of a wrong shape, which an independent JSON Schema validator must refuse
//! as well; `fixtures/wrong` have the right shape and are wrong in what they say.

#![allow(clippy::disallowed_types, reason = "a test may read the clock, to notice what never ends")]
#![cfg(feature = "schema")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kfactor::campaign::decode::Decode;
use kfactor::campaign::problem::CODES;
use kfactor::campaign::schema::campaign_schema;
use kfactor::campaign::units::{Hours, Percent, Url, parse_offset, parse_span, parse_time};
use kfactor::campaign::{Campaign, LARGEST, Names, Parsed, Problem, Severity};
use kfactor::engine::money::Money;
use kfactor::engine::time::Time;
use kfactor::engine::time::{Span, UtcOffset};
use proptest::prelude::*;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The JSON files of a folder, by name without the extension.
fn documents(name: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            (stem, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn problems(text: &str) -> Vec<Problem> {
    match Campaign::parse(text, &Names::default()) {
        Ok(parsed) => parsed.warnings,
        Err(problems) => problems,
    }
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&campaign_schema().to_value()).unwrap()
}

fn fits_schema(validator: &jsonschema::Validator, text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| validator.is_valid(&value))
}

#[test]
fn the_schema_is_a_schema() {
    let schema = campaign_schema().to_value();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let titles = schema.pointer("/properties/title/description");
    assert_eq!(titles, Some(&Value::from("How a participant sees the campaign.")));
    assert_eq!(schema.pointer("/properties/currency/default"), Some(&Value::from("CNY")));
    assert_eq!(schema.pointer("/properties/timezone/default"), Some(&Value::from("+08:00")));
    assert_eq!(schema["required"], serde_json::json!(["id", "title", "runs", "plays"]));
    let plays =
        schema.pointer("/properties/plays/additionalProperties/oneOf").and_then(Value::as_array).unwrap();
    assert!(plays.iter().all(|play| play["additionalProperties"] == false));
}

#[test]
fn every_example_fits_the_schema_and_is_read() {
    let validator = validator();
    let examples = documents("examples/campaigns");
    assert!(examples.len() >= 3);
    for (name, text) in examples {
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let parsed = Campaign::parse(&text, &Names::default());
        assert!(parsed.is_ok(), "{name}: {:#?}", parsed.err());
    }
}

#[test]
fn every_broken_document_fails_in_both() {
    let validator = validator();
    let files = documents("tests/fixtures/broken");
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let listed: BTreeSet<&str> = BROKEN.iter().map(|row| row.0).chain(["many-at-once"]).collect();
    assert_eq!(names, listed);
    for (name, text) in &files {
        assert!(!fits_schema(&validator, text), "{name} fits the schema");
        let Some(&(_, code, pointer, line, column, suggestion)) = BROKEN.iter().find(|row| row.0 == name)
        else {
            continue;
        };
        let found = problems(text);
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        let problem = &found[0];
        let place = (problem.code, problem.pointer.as_str(), problem.line, problem.column);
        assert_eq!(place, (code, pointer, line, column), "{name}: {problem:#?}");
        assert_eq!(problem.suggestion.as_deref(), suggestion, "{name}");
        assert_eq!(problem.severity, Severity::Error, "{name}");
    }
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_text() {
    let text = std::fs::read_to_string(folder("tests/fixtures/broken/many-at-once.json")).unwrap();
    let found = problems(&text);
    let places: Vec<_> = found
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| (problem.code, problem.pointer.as_str(), problem.line, problem.column))
        .collect();
    assert_eq!(places, MANY);
}

#[test]
fn every_wrong_document_fits_the_schema_and_is_found_out() {
    let validator = validator();
    let files = documents("tests/fixtures/wrong");
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, WRONG.iter().map(|row| row.0).collect());
    for (name, text) in &files {
        let &(_, code, severity, pointer, line, column) = WRONG.iter().find(|row| row.0 == name).unwrap();
        assert!(fits_schema(&validator, text), "{name} does not fit the schema");
        let mut found = problems(text);
        found.retain(|problem| problem.code == code || !ECONOMICS.contains(&problem.code));
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        let problem = &found[0];
        let place = (problem.code, problem.severity, problem.pointer.as_str(), problem.line, problem.column);
        assert_eq!(place, (code, severity, pointer, line, column), "{name}: {problem:#?}");
        let taken = Campaign::parse(text, &Names::default()).is_ok();
        assert_eq!(taken, severity == Severity::Warning, "{name}");
    }
}

#[test]
fn every_sentence_is_there_in_both_languages() {
    let mut seen = BTreeSet::new();
    for name in ["tests/fixtures/broken", "tests/fixtures/wrong"] {
        for (name, text) in documents(name) {
            for problem in problems(&text) {
                assert!(CODES.iter().any(|(code, _)| *code == problem.code), "{name}");
                assert!(problem.message.ends_with(['.', '?']), "{name}: {}", problem.message);
                assert!(problem.message_zh.ends_with(['。', '？']), "{name}: {}", problem.message_zh);
                assert!(!problem.message.contains("  ") && !problem.message_zh.contains("  "), "{name}");
                let chinese = |c: char| ('\u{4e00}'..'\u{9fff}').contains(&c);
                assert!(problem.message_zh.chars().any(chinese), "{name}: {}", problem.message_zh);
                seen.insert(problem.code);
            }
        }
    }
    // The others need a text that is no fixture, another document, or a unit that no key has yet.
    let elsewhere = [
        "JSON_UTF8",
        "JSON_DEPTH",
        "CAMPAIGN_TOO_LARGE",
        "OTHER_CAMPAIGN",
        "OTHER_CURRENCY",
        "HOURS_SHAPE",
        "PERCENT_SHAPE",
    ];
    let missing: Vec<&str> = CODES
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| !seen.contains(code) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "no fixture has {missing:?}");
}

#[test]
fn whole_sentences() {
    let text =
        documents("tests/fixtures/broken").into_iter().find(|(name, _)| name == "key-unknown").unwrap().1;
    assert_eq!(problems(&text)[0].message, "There is no key `titel` here. Did you mean \"title\"?");
    assert_eq!(problems(&text)[0].message_zh, "这里没有 `titel` 这个键。是不是想写“title”？");
    let text =
        documents("tests/fixtures/wrong").into_iter().find(|(name, _)| name == "reward-unknown").unwrap().1;
    assert_eq!(
        problems(&text)[0].message,
        "`give[0]` names a reward \"cash9\" that the campaign does not have. Did you mean \"cash8\"?"
    );
}

#[test]
fn syntax_is_explained() {
    let files = documents("tests/fixtures/broken");
    let sentence = |name: &str| {
        let text = &files.iter().find(|(file, _)| file == name).unwrap().1;
        problems(text).remove(0).message
    };
    assert_eq!(sentence("syntax-missing-comma"), "A comma is missing before this.");
    assert_eq!(
        sentence("syntax-trailing-comma"),
        "The comma before this bracket has nothing after it; take it out."
    );
    assert_eq!(sentence("syntax-comment"), "JSON has no comments; take this out.");
    assert_eq!(
        sentence("syntax-full-width-comma"),
        "， is a typographic character; JSON is written with the plain `,`."
    );
    assert_eq!(sentence("syntax-key-without-quotes"), "Text and keys stand in double quotes.");
}

/// Sentences that name what was measured, what is allowed, or what could stand there.
#[test]
fn sentences_name_numbers_and_what_could_stand_there() {
    for (name, en, zh) in SENTENCES {
        let text = documents("tests/fixtures/wrong")
            .into_iter()
            .chain(documents("tests/fixtures/broken"))
            .find(|(file, _)| file == name)
            .unwrap()
            .1;
        let found = problems(&text);
        let sentence = found.iter().find(|problem| problem.message == *en);
        assert!(sentence.is_some(), "{name}: {found:#?}");
        assert_eq!(sentence.unwrap().message_zh, *zh, "{name}");
    }
    for (text, en) in [
        ("", "The file is empty."),
        (" \n", "The file is empty."),
        ("\u{fffd}\u{fffd}{\0\n\0", "The file is not UTF-8; it looks like UTF-16: save it as UTF-8."),
        ("{\0\n\0", "The file is not UTF-8; it looks like UTF-16: save it as UTF-8."),
    ] {
        assert_eq!(problems(text)[0].message, en, "{text:?}");
    }
}

/// What people write in the place of a unit, and what is suggested; the suggestion is taken.
#[test]
fn units_that_are_not_quite_right_are_mended() {
    let within = |value: &str| SMALL.replace(r#""within": "1h""#, &format!(r#""within": {value}"#));
    let amount = |value: &str| SMALL.replace(r#""amount": 800"#, &format!(r#""amount": {value}"#));
    let until = |value: &str| SMALL.replace(r#""2026-12-02T00:00:30Z""#, value);
    let give = |value: &str| SMALL.replace(r#""give": ["b"]"#, &format!(r#""give": {value}"#));
    let stock = |value: &str| SMALL.replace(r#""stock": 5"#, &format!(r#""stock": {value}"#));
    let currency = |value: &str| SMALL.replace(r#""JPY""#, value).replace("800", "8");
    type Case<'c> = (&'c dyn Fn(&str) -> String, &'c str, &'c str);
    let cases: &[Case<'_>] = &[
        (&within, r#""7天""#, r#""7d""#),
        (&within, r#""1.5d""#, r#""1d12h""#),
        (&within, r#""15 分钟""#, r#""15m""#),
        (&amount, r#""3,000""#, r#""3000""#),
        (&amount, r#""￥８００""#, r#""800""#),
        (&until, r#""2026-12-02T24:00""#, r#""2026-12-03T00:00""#),
        (&until, r#""2026年12月2日 9:00""#, r#""2026-12-02T09:00""#),
        (&give, r#""b""#, r#"["b"]"#),
        (&stock, "7.0", "7"),
        (&stock, r#""7""#, "7"),
        (&currency, r#""rmb""#, r#""CNY""#),
        (&currency, r#""usd""#, r#""USD""#),
    ];
    for (document, written, meant) in cases {
        let found = problems(&document(written));
        assert_eq!(found.len(), 1, "{written}: {found:#?}");
        let suggestion = found[0].suggestion.as_deref();
        assert_eq!(suggestion, Some(meant.trim_matches('"')), "{written}");
        let taken = Campaign::parse(&document(meant), &Names::default());
        assert!(taken.is_ok(), "{meant}: {:#?}", taken.err());
    }
}

#[test]
fn a_revision_keeps_the_currency() {
    let mut book = kfactor::engine::book::Book::new(SMALL, [7; 32]).unwrap().0;
    let problems = book.revise(&SMALL.replace("JPY", "KRW")).unwrap_err();
    assert_eq!((problems[0].code, problems[0].pointer.as_str()), ("OTHER_CURRENCY", "/currency"));
    assert_eq!(problems[0].suggestion.as_deref(), Some("JPY"));
    assert_eq!(book.revision(), 0);
    book.revise(SMALL).unwrap();
}

fn fits<T: Decode>(text: &str) -> bool {
    let validator = jsonschema::draft202012::new(&T::shape().to_value()).unwrap();
    validator.is_valid(&Value::from(text))
}

/// Units as people write them, right and not quite right: the schema and the reader take the same ones.
#[test]
fn units_and_their_patterns_agree() {
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    let validator = |schema: schemars::Schema| jsonschema::draft202012::new(&schema.to_value()).unwrap();
    let spans = validator(Span::shape());
    proptest!(config.clone(), |(text in "[1-9]?[0-9]{0,2}[dhms]([0-9]{1,3}[dhms ]){0,3}")| {
        prop_assert_eq!(spans.is_valid(&Value::from(text.as_str())), parse_span(&text).is_some());
    });
    let times = validator(Time::shape());
    let times_like = "(19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9](:[0-6][0-9])?(Z|[+-][01][0-9]:[0-6][0-9])?)?";
    proptest!(config.clone(), |(text in times_like)| {
        let exists = !matches!(&text[5..10], "02-29" | "02-30" | "02-31" | "04-31" | "06-31" | "09-31" | "11-31");
        let valid = times.is_valid(&Value::from(text.as_str()));
        let read = parse_time(&text, UtcOffset(480)).is_some();
        prop_assert!(valid == read || (valid && !exists), "{text}");
    });
    let hours = validator(Hours::shape());
    proptest!(config.clone(), |(text in "[0-2][0-9]:[0-6][0-9]-[0-2][0-9]:[0-6][0-9]")| {
        let same = text[..5] == text[6..] && &text[..5] != "00:00";
        prop_assert_eq!(hours.is_valid(&Value::from(text.as_str())) && !same, Hours::parse(&text).is_some());
    });
    let percents = validator(Percent::shape());
    proptest!(config.clone(), |(text in "(100|[0-9]{0,3})(\\.[0-9]{0,3})?%?")| {
        prop_assert_eq!(percents.is_valid(&Value::from(text.as_str())), Percent::parse(&text).is_some());
    });
    let offsets = validator(UtcOffset::shape());
    proptest!(config, |(text in "Z|[+-]?[01][0-9]:[0-6][0-9]|UTC|Asia/(Shanghai|Tokyo)")| {
        prop_assert_eq!(offsets.is_valid(&Value::from(text.as_str())), parse_offset(&text).is_some());
    });
    for (text, good) in [
        ("https://example.com", true),
        ("https://example.com/a?b=c#d", true),
        ("https://例子.cn", false),
        ("https://", false),
        ("https:///a", false),
        ("https://a b", false),
        ("https://a/\"", false),
        ("http://example.com", false),
    ] {
        assert_eq!(fits::<Url>(text), good, "{text}");
        let document = SMALL
            .replace("\"title\": \"Fest\"", &format!("\"title\": \"Fest\", \"page\": {}", Value::from(text)));
        assert_eq!(Campaign::parse(&document, &Names::default()).is_ok(), good, "{text}");
    }
}

const SMALL: &str = r#"{
  "id": "fest", "title": "Fest", "currency": "JPY", "timezone": "-05:30",
  "runs": { "from": "2026-12-01", "until": "2026-12-02T00:00:30Z" },
  "rewards": { "b": { "kind": "cash", "title": "b", "amount": 800, "stock": 5, "fallback": "a" },
               "a": { "kind": "coupon", "title": "a" } },
  "plays": { "p": { "mechanic": "assist", "title": "p", "helpers": 2, "within": "1h", "give": ["b"],
                    "requires": "ticket-bought" } },
  "touchpoints": { "counter-12": { "kind": "store" }, "window": { "kind": "store", "number": 7 } }
}"#;

fn small() -> Parsed {
    Campaign::parse(SMALL, &Names::default()).unwrap()
}

#[test]
fn money_and_time_are_read_in_the_campaigns_own() {
    let campaign = small().campaign;
    assert_eq!(campaign.runs.from, Time(1_796_103_000_000));
    assert_eq!(campaign.runs.until, Time(1_796_169_630_000));
    let amount = campaign.rewards[0].as_ref().and_then(|reward| reward.amount);
    assert_eq!(amount, Some(Money(800)));
    assert_eq!(campaign.number(), kfactor::attribution::campaign_number("fest"));
    assert_eq!(campaign.touchpoint_numbered(571_329).map(|found| found.0), Some(0));
    assert_eq!(campaign.touchpoint_numbered(7).map(|found| found.0), Some(1));
    assert_eq!(campaign.touchpoint_numbered(8), None);
}

#[test]
fn handles_keep_their_names_over_revisions() {
    let first = small();
    assert_eq!(first.names.rewards.to_vec(), ["b", "a"]);
    let fallback = |parsed: &Parsed, at: usize| {
        parsed.campaign.rewards[at].as_ref().and_then(|reward| reward.fallback).map(|reward| reward.0)
    };
    assert_eq!(fallback(&first, 0), Some(1));
    // "b" goes, "c" comes before "a", and the event changes.
    let text = SMALL
        .replace(
            r#""b": { "kind": "cash", "title": "b", "amount": 800, "stock": 5, "fallback": "a" }"#,
            r#""c": { "kind": "pass", "title": "c", "fallback": "a" }"#,
        )
        .replace(r#""give": ["b"]"#, r#""give": ["c"]"#)
        .replace("ticket-bought", "first-order");
    let second = Campaign::parse(&text, &first.names).unwrap();
    assert_eq!(second.names.rewards.to_vec(), ["b", "a", "c"]);
    assert_eq!(second.names.events.to_vec(), ["ticket-bought", "first-order"]);
    assert_eq!(second.names.event("first-order").map(|event| event.0), Some(1));
    let there: Vec<bool> = second.campaign.rewards.iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true, true]);
    assert_eq!(fallback(&second, 2), Some(1));
    let play = second.campaign.plays[0].as_ref().unwrap();
    assert_eq!(play.requires.map(|event| second.names.event_name(event)), Some("first-order"));
    // A name of an earlier revision alone is no name of this one.
    let gone = text.replace(r#""give": ["c"]"#, r#""give": ["b"]"#);
    let problems = Campaign::parse(&gone, &first.names).unwrap_err();
    assert!(problems.iter().any(|problem| problem.code == "NAME_UNKNOWN"));
}

#[test]
fn accept_silences_a_warning_and_never_an_error() {
    let unbounded = SMALL.replace(r#""stock": 5, "#, "");
    let warnings = |text: &str| -> Vec<&str> {
        Campaign::parse(text, &Names::default())
            .unwrap()
            .warnings
            .iter()
            .map(|problem| problem.code)
            .filter(|code| !ECONOMICS.contains(code))
            .collect()
    };
    assert_eq!(warnings(&unbounded), ["MONEY-UNBOUNDED"]);
    let accepted = unbounded
        .replace(r#""title": "Fest""#, r#""title": "Fest", "accept": { "MONEY-UNBOUNDED": "small" }"#);
    assert_eq!(warnings(&accepted), [""; 0]);
    let error = SMALL.replace(r#""title": "Fest""#, r#""title": "Fest", "accept": { "RUNS_ORDER": "no" }"#);
    assert_eq!(problems(&error)[0].code, "VALUE_UNKNOWN");
}

#[test]
fn a_byte_order_mark_is_no_problem_and_too_large_is_one() {
    assert!(Campaign::parse(&format!("\u{feff}{SMALL}"), &Names::default()).is_ok());
    let large = format!("{SMALL}{}", " ".repeat(LARGEST));
    assert_eq!(problems(&large)[0].code, "CAMPAIGN_TOO_LARGE");
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(problems(&deep)[0].code, "JSON_DEPTH");
}

/// Documents made to cost much: each is answered within seconds in an unoptimised build.
#[test]
fn hostile_documents_are_answered_in_time() {
    let many = |item: &str| item.repeat((LARGEST - 2_000) / item.len());
    let long = "x".repeat(LARGEST / 2);
    let listed =
        |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let documents = [
        format!("{{{}\"k\":1}}", many("\"k\":1,")),
        format!("{{{}}}", listed(20_000, &|n| format!("\"k{n}\":1"))),
        format!("{{\"plays\":{{\"{long}\":{{{}}}}}}}", listed(9_000, &|n| format!("\"k{n}\":1"))),
        format!("{{\"rewards\":{{{}}}}}", listed(6_000, &|n| format!("\"r{n}\":{{\"fallback\":\"q{n}\"}}"))),
        format!(
            "{{\"touchpoints\":{{{}}}}}",
            listed(6_000, &|n| format!("\"t{n}\":{{\"kind\":\"own\",\"number\":1}}"))
        ),
        format!("{{\"accept\":{{{}}}}}", listed(15_000, &|n| format!("\"MONEY-{n}\":1"))),
        format!("{{\"limits\":[{}1]}}", many("1,")),
        format!("{{\"{long}\":{{{}\"k\":1}}}}", "\"k\":1,".repeat(15_000)),
    ];
    for document in documents {
        assert!(document.len() <= LARGEST);
        let started = std::time::Instant::now();
        let found = problems(&document);
        assert!(!found.is_empty());
        let bytes: usize = found.iter().map(|problem| problem.pointer.len() + problem.message.len()).sum();
        assert!(bytes < 100 * LARGEST, "{bytes} bytes of problems for {:.60}", document);
        assert!(started.elapsed().as_secs() < 10, "{:?} for {:.60}", started.elapsed(), document);
    }
}

type Broken = (&'static str, &'static str, &'static str, u32, u32, Option<&'static str>);

/// File, code, pointer, line, column and suggestion.
const BROKEN: &[Broken] = &[
    ("syntax-missing-comma", "JSON_SYNTAX", "", 3, 3, None),
    ("syntax-trailing-comma", "JSON_SYNTAX", "", 19, 1, None),
    ("syntax-single-quotes", "JSON_SYNTAX", "/id", 2, 9, None),
    ("syntax-open-quote", "JSON_SYNTAX", "/title", 3, 31, None),
    ("syntax-full-width-comma", "JSON_SYNTAX", "", 2, 15, None),
    ("syntax-curly-quotes", "JSON_SYNTAX", "/id", 2, 9, None),
    ("syntax-key-without-quotes", "JSON_SYNTAX", "", 2, 3, None),
    ("syntax-true-in-capitals", "JSON_SYNTAX", "/plays/friends/helpers", 12, 18, None),
    ("reward-by-its-title", "NAME_UNKNOWN", "/plays/friends/give/0", 14, 16, None),
    ("syntax-number", "JSON_SYNTAX", "/plays/friends/helpers", 12, 18, None),
    ("syntax-comment", "JSON_SYNTAX", "", 3, 3, None),
    ("syntax-cut-off", "JSON_SYNTAX", "/touchpoints", 18, 53, None),
    ("syntax-two-campaigns", "JSON_SYNTAX", "", 20, 1, None),
    ("key-unknown", "KEY_UNKNOWN", "/titel", 4, 3, Some("title")),
    ("key-unknown-in-play", "KEY_UNKNOWN", "/plays/friends/give_helper", 14, 7, Some("giveHelper")),
    ("key-unknown-in-reward", "KEY_UNKNOWN", "/rewards/cash8/perPerson", 6, 72, None),
    ("key-of-another-mechanic", "KEY_UNKNOWN", "/plays/friends/payWithin", 14, 7, Some("within")),
    ("key-missing-id", "KEY_MISSING", "/id", 1, 1, None),
    ("key-missing-in-play", "KEY_MISSING", "/plays/friends/helpers", 9, 16, None),
    ("key-missing-in-limit", "KEY_MISSING", "/plays/friends/limits/0/every", 15, 18, None),
    ("mechanic-missing", "KEY_MISSING", "/plays/friends/mechanic", 9, 16, None),
    ("mechanic-in-chinese", "MECHANIC_UNKNOWN", "/plays/friends/mechanic", 10, 19, Some("group-buy")),
    ("mechanic-unknown", "MECHANIC_UNKNOWN", "/plays/friends/mechanic", 10, 19, Some("assist")),
    ("type-text-for-number", "TYPE_WRONG", "/plays/friends/helpers", 12, 18, Some("10")),
    ("type-fraction", "TYPE_WRONG", "/plays/friends/helpers", 12, 18, None),
    ("type-null", "TYPE_WRONG", "/plays/friends/within", 13, 17, None),
    ("type-list-for-object", "TYPE_WRONG", "/guard", 4, 12, None),
    ("type-of-the-document", "TYPE_WRONG", "", 1, 1, None),
    ("number-too-small", "NUMBER_RANGE", "/plays/friends/helpers", 12, 18, None),
    ("number-too-large", "NUMBER_RANGE", "/plays/friends/limits/0/most", 15, 61, None),
    ("text-empty", "TEXT_LENGTH", "/title", 3, 12, None),
    ("text-too-long", "TEXT_LENGTH", "/rewards/cash8/title", 6, 41, None),
    ("list-empty", "LIST_EMPTY", "/surfaces", 4, 15, None),
    ("list-too-long", "LIST_LENGTH", "/plays/friends/give", 14, 15, None),
    ("plays-empty", "LIST_EMPTY", "/plays", 4, 12, None),
    ("value-unknown", "VALUE_UNKNOWN", "/rewards/cash8/kind", 6, 24, Some("cash")),
    ("value-unknown-period", "VALUE_UNKNOWN", "/plays/friends/limits/0/every", 15, 46, None),
    ("value-unknown-action", "VALUE_UNKNOWN", "/plays/friends/limits/0/of", 15, 70, Some("help")),
    ("type-wrong-quota", "TYPE_WRONG", "/guard/perDevice", 18, 27, None),
    ("value-unknown-accept", "VALUE_UNKNOWN", "/accept/MONEY-UNBOUND", 4, 15, Some("MONEY-UNBOUNDED")),
    ("money-with-symbol", "MONEY_SHAPE", "/rewards/cash8/amount", 6, 64, Some("8.00")),
    ("money-negative", "MONEY_SHAPE", "/rewards/cash8/amount", 6, 64, None),
    ("currency", "CURRENCY_SHAPE", "/currency", 4, 15, Some("CNY")),
    ("duration", "DURATION_SHAPE", "/plays/friends/within", 13, 17, Some("1d")),
    ("duration-case", "DURATION_SHAPE", "/plays/friends/within", 13, 17, Some("1d12h")),
    ("duration-number", "DURATION_SHAPE", "/plays/friends/within", 13, 17, None),
    ("time-with-space", "TIME_SHAPE", "/runs/from", 4, 21, Some("2026-12-01T10:00")),
    ("time-month-13", "TIME_SHAPE", "/runs/until", 4, 50, None),
    ("timezone-by-hours", "TIMEZONE_SHAPE", "/timezone", 4, 15, Some("+08:00")),
    ("hours-of-one-digit", "HOURS_SHAPE", "/liveCodes/chat/targets/0/hours", 18, 81, Some("09:00-21:00")),
    ("duration-of-nothing", "DURATION_SHAPE", "/plays/friends/within", 13, 17, None),
    ("timezone", "TIMEZONE_SHAPE", "/timezone", 4, 15, Some("+08:00")),
    ("url", "URL_SHAPE", "/page", 4, 11, Some("https://example.com/fest")),
    ("name-shape", "NAME_SHAPE", "/id", 2, 9, Some("mask-fest")),
    ("name-shape-of-touchpoint", "NAME_SHAPE", "/touchpoints/Counter_12", 18, 20, Some("counter-12")),
    ("colour", "COLOUR_SHAPE", "/posters/main/ground", 10, 17, None),
    ("type-of-schema", "TYPE_WRONG", "/$schema", 2, 14, None),
    ("layer-without-text", "KEY_MISSING", "/posters/main/layers/0/text", 12, 9, None),
    ("layer-without-height", "POSTER_LAYER", "/posters/main/layers/0", 12, 9, None),
    ("layer-with-key-of-another-kind", "POSTER_LAYER", "/posters/main/layers/0/quiet", 12, 65, None),
];

/// The problems of `many-at-once.json`: code, pointer, line and column.
const MANY: &[(&str, &str, u32, u32)] = &[
    ("KEY_UNKNOWN", "/campain", 2, 3),
    ("NAME_SHAPE", "/id", 3, 9),
    ("TEXT_LENGTH", "/title", 4, 12),
    ("TIME_SHAPE", "/runs/from", 5, 21),
    ("TIME_SHAPE", "/runs/until", 5, 42),
    ("VALUE_UNKNOWN", "/surfaces/0", 6, 16),
    ("VALUE_UNKNOWN", "/rewards/cash8/kind", 8, 24),
    ("MONEY_SHAPE", "/rewards/cash8/amount", 8, 65),
    ("NAME_UNKNOWN", "/rewards/cash8/fallback", 8, 84),
    ("KEY_MISSING", "/plays/friends/title", 11, 16),
    ("NUMBER_RANGE", "/plays/friends/helpers", 13, 18),
    ("DURATION_SHAPE", "/plays/friends/within", 14, 17),
    ("NAME_UNKNOWN", "/plays/friends/give/0", 15, 16),
    ("TYPE_WRONG", "/plays/friends/give/1", 15, 26),
    ("KEY_UNKNOWN", "/plays/friends/helper", 16, 7),
    ("KEY_MISSING", "/plays/two/title", 18, 12),
    ("MECHANIC_UNKNOWN", "/plays/two/mechanic", 18, 26),
    ("TYPE_WRONG", "/guard", 20, 12),
    ("KEY_MISSING", "/limits/0/every", 21, 14),
    ("NUMBER_RANGE", "/limits/0/most", 21, 41),
];

/// File, code, severity, pointer, line and column.
const WRONG: &[(&str, &str, Severity, &str, u32, u32)] = &[
    ("duplicate-key", "JSON_DUPLICATE_KEY", Severity::Error, "/plays/friends/helpers", 14, 7),
    ("reward-unknown", "NAME_UNKNOWN", Severity::Error, "/plays/friends/give/0", 14, 16),
    ("live-code-of-none", "NAME_UNKNOWN", Severity::Error, "/touchpoints/counter-12/liveCode", 18, 65),
    ("fallback-unknown", "NAME_UNKNOWN", Severity::Error, "/rewards/cash8/fallback", 6, 104),
    ("fallback-cycle", "FALLBACK_CYCLE", Severity::Error, "/rewards/cash8/fallback", 6, 104),
    ("money-too-exact", "MONEY_SHAPE", Severity::Error, "/rewards/cash8/amount", 6, 64),
    ("money-decimals-of-yen", "MONEY_SHAPE", Severity::Error, "/rewards/cash8/amount", 7, 64),
    ("duration-of-eleven-years", "NUMBER_RANGE", Severity::Error, "/plays/friends/within", 13, 17),
    ("day-that-does-not-exist", "TIME_SHAPE", Severity::Error, "/runs/from", 4, 21),
    ("runs-backwards", "RUNS_ORDER", Severity::Error, "/runs/until", 4, 50),
    ("runs-backwards-by-offset", "RUNS_ORDER", Severity::Error, "/runs/until", 4, 50),
    ("cash-without-amount", "CASH_AMOUNT", Severity::Error, "/rewards/cash8/amount", 6, 14),
    ("cash-of-zero", "CASH_AMOUNT", Severity::Error, "/rewards/cash8/amount", 6, 64),
    ("coupon-with-amount", "CASH_ONLY", Severity::Error, "/rewards/cash8/amount", 6, 66),
    ("budget-too-small", "BUDGET_SMALL", Severity::Error, "/rewards/cash8/budget", 6, 82),
    ("touchpoint-numbers-collide", "NUMBER_COLLISION", Severity::Error, "/touchpoints/window", 18, 55),
    ("cash-without-bound", "MONEY-UNBOUNDED", Severity::Warning, "/rewards/cash8", 6, 14),
    ("reward-unused", "SHAPE-UNUSED", Severity::Warning, "/rewards/coffee", 6, 5),
    ("loop-outlives-campaign", "REACH-WINDOW", Severity::Warning, "/plays/friends/within", 13, 17),
    ("help-on-pages", "PLATFORM-SHARE", Severity::Warning, "/plays/friends", 10, 5),
    ("ladder-step-of-no-kind", "TIER_SHAPE", Severity::Error, "/plays/friends/inviter/0", 14, 19),
    ("coupon-with-points", "POINTS_ONLY", Severity::Error, "/rewards/coffee/points", 6, 67),
    ("account-of-a-coupon", "REACH_KIND", Severity::Error, "/plays/shop/account", 12, 18),
    ("item-named-twice", "NAME_TWICE", Severity::Error, "/plays/shop/items/1", 14, 65),
    ("level-below-the-one-before", "LEVEL_ORDER", Severity::Error, "/plays/shop/levels/1", 15, 66),
    ("board-of-nothing", "BOARD_OF", Severity::Error, "/plays/top/of", 12, 13),
    ("ranks-backwards", "REACH_RANK", Severity::Error, "/plays/top/prizes/0", 14, 18),
    ("streak-beyond-its-cycle", "REACH_STREAK", Severity::Error, "/plays/daily/streaks/0", 13, 19),
    ("cash-that-is-activated", "USE_ONLY", Severity::Error, "/rewards/coffee/activate", 6, 95),
    (
        "time-to-activate-what-is-active",
        "ACTIVATE_SHAPE",
        Severity::Error,
        "/rewards/coffee/activateWithin",
        6,
        71,
    ),
    ("alone-is-cheaper", "MONEY-PRICE", Severity::Warning, "/plays/friends", 9, 16),
    ("nobody-earns", "REACH-NOTHING", Severity::Warning, "/plays/friends", 8, 16),
    ("limit-of-both", "LIMIT_SHAPE", Severity::Error, "/plays/friends/limits/0", 15, 18),
    ("limit-of-nothing", "LIMIT_SHAPE", Severity::Error, "/plays/friends/limits/0", 15, 18),
    ("limit-amount-of-helps", "LIMIT_SHAPE", Severity::Error, "/plays/friends/limits/0", 15, 18),
    ("limit-reward-of-helps", "LIMIT_SHAPE", Severity::Error, "/plays/friends/limits/0", 15, 18),
    ("limit-of-no-subject", "LIMIT_SHAPE", Severity::Error, "/plays/friends/limits/0", 15, 18),
    ("limit-never-reached", "REACH-LIMIT", Severity::Warning, "/plays/friends/limits/0", 15, 18),
    ("limit-below-any-grant", "REACH-LIMIT", Severity::Warning, "/plays/friends/limits/0", 15, 18),
    ("limit-below-one-grant", "REACH-LIMIT", Severity::Warning, "/plays/friends/limits/0", 15, 18),
    ("limit-below-the-goal", "REACH-LIMIT", Severity::Warning, "/plays/friends/limits/0", 15, 18),
    ("guard-never-holds", "REACH-LIMIT", Severity::Warning, "/guard/holdAbove", 18, 27),
    ("lottery-more-tickets-than-there-are", "REACH_TICKETS", Severity::Error, "/plays/friends/outOf", 13, 16),
    ("lottery-nobody-draws", "REACH_CHANCE", Severity::Error, "/plays/friends", 9, 16),
    ("lottery-opens-twice", "REACH_OPENING", Severity::Error, "/plays/friends/opensAfter", 15, 21),
    ("lottery-prize-out-of-reach", "REACH_PRIZE", Severity::Error, "/plays/friends/prizes/0", 12, 87),
    ("lottery-paid-with-coffee", "REACH_KIND", Severity::Error, "/plays/friends/cost", 13, 15),
    ("raffle-prize-twice", "REACH_PRIZE_TWICE", Severity::Error, "/plays/friends/prizes/1", 13, 40),
    ("packet-without-count", "REACH_SPLIT_OF", Severity::Error, "/plays/friends", 9, 16),
    ("packet-too-small", "REACH_SPLIT", Severity::Error, "/plays/friends/total", 14, 16),
    ("packet-larger-than-its-team", "REACH-SHARES", Severity::Warning, "/plays/friends/openTo", 17, 17),
    ("commission-on-three-levels", "LAW_LEVELS", Severity::Error, "/plays/sell/levels", 13, 17),
    ("commission-of-nothing", "LEVEL_RATE", Severity::Error, "/plays/sell/levels/1", 13, 39),
    ("commission-of-more-than-all", "MONEY-COMMISSION", Severity::Warning, "/plays/sell/levels", 13, 17),
    ("commission-register-without-time", "BIND_SHAPE", Severity::Error, "/plays/sell/bind", 14, 15),
    ("commission-protect-first", "BIND_SHAPE", Severity::Error, "/plays/sell/bind", 14, 15),
    ("commission-in-coupons", "PORTION_CASH", Severity::Error, "/rewards/pay/kind", 6, 22),
    ("room-twice", "ROOM_TWICE", Severity::Error, "/plays/sell/rooms/1", 13, 9),
    ("tiers-that-fall", "TIER_ORDER", Severity::Error, "/plays/sell/tiers/1", 14, 9),
    ("tier-beyond-the-rooms", "REACH-ROOMS", Severity::Warning, "/plays/sell/tiers/0", 13, 17),
    ("ladder-beyond-the-cap", "REACH-CAP", Severity::Warning, "/plays/sell/inviter/0", 13, 19),
    ("task-of-two-kinds", "TASK_SHAPE", Severity::Error, "/plays/fans/tasks/0", 12, 17),
    ("task-twice", "TASK_SHAPE", Severity::Error, "/plays/fans/tasks/1", 12, 47),
    ("task-key-of-another-kind", "TASK_SHAPE", Severity::Error, "/plays/fans/tasks/0", 12, 17),
    ("task-longer-than-the-loop", "REACH_IMPOSSIBLE", Severity::Error, "/plays/fans/tasks/0", 12, 17),
    ("tier-out-of-reach", "REACH_IMPOSSIBLE", Severity::Error, "/plays/fans/tiers/0", 13, 17),
    ("keyword-for-nothing", "TRIGGER_SHAPE", Severity::Error, "/triggers/0", 17, 16),
    ("keyword-act-not-offered", "TRIGGER_SHAPE", Severity::Error, "/triggers/0", 17, 16),
    ("keyword-never-first", "REACH-TRIGGER", Severity::Warning, "/triggers/1", 17, 71),
    ("accepted-for-nothing", "SHAPE-ACCEPT", Severity::Warning, "/accept/MONEY-UNBOUNDED", 4, 15),
    ("floor-above-price", "FLOOR_HIGH", Severity::Error, "/plays/friends/floor", 9, 34),
    ("cuts-of-two-kinds", "CUT_SHAPE", Severity::Error, "/plays/friends/fixed", 9, 51),
    ("cuts-from-nothing", "CUT_SHAPE", Severity::Error, "/plays/friends/range", 9, 51),
    ("more-cuts-than-fen", "REACH_FLOOR", Severity::Error, "/plays/friends/helpers", 10, 18),
    ("floor-out-of-reach", "REACH_FLOOR", Severity::Error, "/plays/friends/helpers", 10, 18),
    ("cuts-never-needed", "REACH-CUTS", Severity::Warning, "/plays/friends/helpers", 10, 18),
    ("own-cut-is-enough", "REACH-CUTS", Severity::Warning, "/plays/friends/helpers", 10, 18),
    ("payers-without-price", "UNLOCK_SHAPE", Severity::Error, "/plays/friends/price", 9, 16),
    ("unlocked-by-nobody", "UNLOCK_SHAPE", Severity::Error, "/plays/friends", 9, 16),
    ("nothing-to-unlock", "REACH-NOTHING", Severity::Warning, "/plays/friends", 6, 16),
    ("unreviewed-is-rewarded", "GUARD-UNREVIEWED", Severity::Warning, "/plays/friends/ifUnreviewed", 13, 23),
    ("picture-for-nothing", "REACH-NOTHING", Severity::Warning, "/plays/friends", 6, 16),
    ("poster-code-too-pale", "POSTER_CODE", Severity::Error, "/posters/main/layers/0/fill", 12, 61),
    (
        "poster-code-with-narrow-margin",
        "POSTER-SCAN",
        Severity::Warning,
        "/posters/main/layers/0/quiet",
        12,
        62,
    ),
    ("poster-below-nothing", "NAME_UNKNOWN", Severity::Error, "/posters/main/layers/0/below", 12, 74),
    ("made-up-friends", "ABUSE-COST", Severity::Warning, "/plays/friends", 9, 5),
    ("first-by-made-up-friends", "ABUSE-RACE", Severity::Warning, "/plays/top", 10, 5),
    ("paid-before-the-refund", "MONEY-REFUND", Severity::Warning, "/plays/sell", 9, 5),
    ("buys-to-recruit", "LAW-ENTRY", Severity::Warning, "/plays/sell/spend", 9, 115),
    ("car-in-a-draw", "LAW-PRIZE", Severity::Warning, "/plays/pool", 9, 5),
    ("live-code-of-spares", "LIVE_CODE_SHAPE", Severity::Error, "/liveCodes/counter", 11, 29),
    (
        "weight-that-nothing-reads",
        "REACH-WEIGHT",
        Severity::Warning,
        "/liveCodes/counter/targets/0/weight",
        11,
        86,
    ),
    ("live-code-without-fallback", "REACH-FALLBACK", Severity::Warning, "/liveCodes/counter", 11, 29),
    ("target-never-open", "REACH-HOURS", Severity::Warning, "/liveCodes/counter/targets/0/hours", 11, 85),
    ("back-to-a-full-group", "REACH-STICKY", Severity::Warning, "/liveCodes/chat", 11, 26),
    ("group-beyond-scanning", "QUOTA-TARGET", Severity::Warning, "/liveCodes/chat/targets/0/total", 11, 81),
    ("report-to-ga4", "REPORT_FORM", Severity::Error, "/report/0", 11, 14),
    ("tag-given-by-nothing", "TAG_SHAPE", Severity::Error, "/tags/0", 11, 12),
    ("board-of-check-ins", "REACH-SCORE", Severity::Warning, "/plays/top/of", 11, 13),
    ("ranks-that-cross", "REACH_RANK", Severity::Error, "/plays/top/prizes/2", 17, 9),
    ("percent-beside-fixed", "REACH-RATE", Severity::Warning, "/plays/sell/levels/0/percent", 12, 22),
    ("tag-given-by-nobody", "REACH-TAG", Severity::Warning, "/plays/daily/only/1", 11, 23),
    ("currency-that-is-none", "CURRENCY_SHAPE", Severity::Error, "/currency", 2, 15),
    ("runs-for-decades", "REACH-RUNS", Severity::Warning, "/runs/until", 4, 50),
    ("poster-variable-not-closed", "POSTER_VARIABLE", Severity::Error, "/posters/main/layers/1/text", 12, 56),
    ("poster-without-code", "POSTER-NO-CODE", Severity::Warning, "/posters/main", 8, 13),
    ("poster-code-beyond-the-edge", "POSTER_CODE", Severity::Error, "/posters/main/layers/0/at", 11, 31),
    ("poster-code-too-small", "POSTER_CODE", Severity::Error, "/posters/main/layers/0/at", 11, 31),
    ("poster-code-rather-small", "POSTER-SCAN", Severity::Warning, "/posters/main/layers/0/at", 11, 31),
    ("rebate-beyond-its-budget", "MONEY-REBATE", Severity::Warning, "/plays/friends/rebate", 12, 17),
    ("price-tier-not-cheaper", "TIER_SHAPE", Severity::Error, "/plays/friends/tiers/1", 13, 9),
    ("segment-of-itself", "SEGMENT_SHAPE", Severity::Error, "/segments/loyal", 11, 26),
    ("inviters-protected-for-no-time", "INVITERS_SHAPE", Severity::Error, "/inviters", 11, 15),
];

/// File, and the whole sentence in English and Chinese.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "reward-by-its-title",
        "`give[0]` names a reward \"八元红包\" that the campaign does not have. It has \"cash8\".",
        "`give[0]` 提到的奖励“八元红包”在活动中不存在。现有：“cash8”。",
    ),
    (
        "live-code-of-none",
        "`liveCode` names a live code \"chat\" that the campaign does not have. It has none.",
        "`liveCode` 提到的活码“chat”在活动中不存在。目前一个也没有。",
    ),
    (
        "duration-of-nothing",
        "`within` is no time at all; write a longer one, like \"24h\".",
        "`within` 的时长为零，请写更长的时间，如“24h”。",
    ),
    (
        "syntax-true-in-capitals",
        "`true`, `false` and `null` are written in small letters, and text in double quotes.",
        "`true`、`false`、`null` 要小写，文本要加双引号。",
    ),
    (
        "duplicate-key",
        "The key `helpers` is already there in the same braces, at 12:7; take one of them out.",
        "同一对花括号里已经有 `helpers` 这个键（第 12 行第 7 列），请删去其中一个。",
    ),
    (
        "price-tier-not-cheaper",
        "A tier has more members and a lower price than the tier before it, `tiers[0]`: this one is for 10 at 44.90, after 5 \
         at 44.90.",
        "每一级的人数应多于、价格应低于前一级 `tiers[0]`：这一级为 10 人、44.90，之前为 5 人、44.90。",
    ),
    (
        "rebate-beyond-its-budget",
        "A full group of 10 would be promised 200.00 back by \"back\", which has a budget of 150.00: who comes later gets \
         nothing back.",
        "一个 10 人的满团，应通过“back”返还 200.00，而它的预算只有 150.00：后来的人拿不到返还。",
    ),
    (
        "board-of-check-ins",
        "Nobody is ever ranked: \"daka\" is a play of the mechanic check-in, and others do nothing in its loops; count its \
         `points`, or a play that friends help or join.",
        "不会有人上榜：“daka”的玩法是 check-in，其他人不会推动它的进度；请改为统计 `points`（积分），或选择好友可助力、可加入的玩法。",
    ),
    (
        "ranks-that-cross",
        "The ranks 3 to 5 overlap with 1 to 3 of `prizes[1]`: rank 3 would get both.",
        "名次 3–5 与 `prizes[1]` 的 1–3 重叠：第 3 名会得到两份。",
    ),
    (
        "poster-code-too-small",
        "The code's box is too small for a tracked link: 41 modules with their margin get 1 pixels each in 80, and should have \
         2; make it 82 × 82.",
        "二维码的框太小，放不下追踪链接：41 个码点（含留白）在 80 像素内每个只有 1 像素，至少应为 2；请改为 82 × 82。",
    ),
    (
        "poster-code-with-narrow-margin",
        "The light margin is too narrow (modules): leave four modules. It is 3, and should be at least 4.",
        "四周留白过窄（模块数），请留出 4 个模块。目前为 3，应不低于 4。",
    ),
    (
        "key-unknown-in-reward",
        "There is no key `perPerson` here. It can have: `worth`, `stock`, `hold`, `valid`, `claimWithin`, `activate`, \
         `activateWithin`, `perParticipant`, `fallback`, `points`, `clawback`.",
        "这里没有 `perPerson` 这个键。可用的键：`worth`、`stock`、`hold`、`valid`、`claimWithin`、`activate`、`activateWithin`、\
         `perParticipant`、`fallback`、`points`、`clawback`。",
    ),
    (
        "duration-number",
        "`within` is 24 without a unit: \"24d\" are days, \"24h\" hours, \"24m\" minutes.",
        "`within` 的值 24 缺少单位：“24d”是天，“24h”是小时，“24m”是分钟。",
    ),
    (
        "money-negative",
        "`amount` is -8, and an amount must not be negative.",
        "`amount` 的值为 -8，金额不能为负数。",
    ),
    (
        "money-too-exact",
        "`amount` is 8.005, but the campaign's currency has 2 decimals; write it like \"49.90\".",
        "`amount` 的值为 8.005，但活动货币只有 2 位小数，请写成“49.90”这样。",
    ),
];

/// What small documents that are about something else raise as well, because they assume nothing.
const ECONOMICS: [&str; 3] = ["ABUSE-COST", "ABUSE-RACE", "MONEY-REFUND"];
