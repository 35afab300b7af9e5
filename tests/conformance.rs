//! Runs `tests/conformance/*.json`: commands with the facts, rejections, views and sums that must come of them.
//!
//! `conformance/README.md` describes the files for whoever runs them against another implementation.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/cases/mod.rs"]
mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cases::shape::refusal;
use kfactor::engine::state::GrantStatus;
use kfactor::engine::{Code, Engine, Time};
use serde_json::{Value, json};

#[test]
fn every_case() {
    let verdicts = cases::run_folder(&folder("conformance")).expect("the folder of the cases");
    assert!(verdicts.len() >= 100, "only {} cases were found", verdicts.len());
    let failed: Vec<String> = verdicts
        .iter()
        .filter(|verdict| verdict.failure.is_some())
        .map(|verdict| format!("{verdict}"))
        .collect();
    assert!(failed.is_empty(), "{} of {} failed:\n\n{}", failed.len(), verdicts.len(), failed.join("\n\n"));
}

#[test]
fn every_rejection_code_has_a_case() {
    let mut expected = BTreeSet::new();
    for path in cases::paths(&folder("conformance")).expect("the folder of the cases") {
        let file = cases::read(&path).unwrap_or_else(|failure| panic!("{}", failure.what));
        for case in file.cases() {
            for step in case["steps"].as_array().into_iter().flatten() {
                let batch = step["batch"].as_array().into_iter().flatten();
                expected.extend(batch.chain([step]).filter_map(refusal).map(str::to_owned));
            }
        }
    }
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.name()).filter(|name| !expected.contains(*name)).collect();
    assert!(missing.is_empty(), "no case produces {missing:?}");
}

#[test]
fn the_example_of_the_readme_is_a_case() {
    let readme = std::fs::read_to_string(folder("conformance/README.md")).expect("the README");
    let example =
        readme.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let example: Value = serde_json::from_str(example).expect("JSON");
    let file =
        cases::read(&folder("conformance/format.json")).unwrap_or_else(|failure| panic!("{}", failure.what));
    assert!(file.cases().contains(&example["cases"][0]));
}

#[test]
fn no_loop_gives_more_than_its_rules_say_it_can() {
    runs().iter().for_each(|(name, run)| gives_no_more(name, run));
}

#[test]
fn a_view_needs_no_tick() {
    runs().iter().for_each(|(name, run)| needs_no_tick(name, run));
}

/// Rules say which rewards a loop can give and how many at most; checks of the document rest on it.
fn gives_no_more(name: &str, run: &cases::run::Run) {
    let (book, state) = (run.engine.book(), run.engine.state());
    let falls_back =
        |reward| book.current().rewards.iter().flatten().any(|rules| rules.fallback == Some(reward));
    let mut given: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for grant in state.grants.iter() {
        let reward = state.terms[usize::from(grant.terms)].reward;
        let stands = !matches!(grant.status, GrantStatus::Failed | GrantStatus::Revoked);
        if stands && !falls_back(reward) {
            *given.entry((grant.loop_.index(), reward.index())).or_default() += 1;
        }
    }
    for ((loop_, reward), count) in given {
        let state = state.loops.get(loop_).expect("the loop");
        let rules = &book.play(state.revision, state.play).expect("rules").rules;
        let most = rules.liability().into_iter().filter(|(other, _)| other.index() == reward);
        let most = most.fold(0u32, |sum, (_, most)| sum.saturating_add(most));
        assert!(count <= most, "{name}: {count} grants of reward {reward}, {most} at most");
    }
}

/// What a view shows at an instant does not depend on whether anything has settled the loop by then.
fn needs_no_tick(name: &str, run: &cases::run::Run) {
    // A few of each: cases with many are about their number.
    let people: BTreeSet<&str> = run.facts.iter().filter_map(|fact| fact["by"].as_str()).collect();
    let people: Vec<&str> = people.into_iter().take(8).collect();
    let opened = run.facts.iter().filter(|fact| fact["kind"] == "opened");
    for loop_ in opened.filter_map(|fact| fact["loop"].as_str()).take(8) {
        let Some(handle) = run.engine.find_loop(loop_) else { continue };
        let until = run.engine.state().loop_(handle).expect("the loop").until;
        for at in [Time(until.0 - 1), until].into_iter().filter(|at| *at >= run.engine.state().now) {
            let mut settled = run.engine.clone();
            let tick = json!({ "id": "the tick", "at": at.0, "do": "tick" }).to_string();
            settled.submit_json(tick.as_bytes(), None, &mut Vec::new());
            for who in &people {
                let shown = |engine: &Engine| {
                    let view = json!(engine.view(who, at, Some(loop_)));
                    view["loops"].as_array().into_iter().flatten().find(|look| look["loop"] == loop_).cloned()
                };
                assert_eq!(shown(&run.engine), shown(&settled), "{name}: {loop_} for {who} at {}", at.0);
            }
        }
    }
}

/// Words and fields of every view are those of the schema, from which others make their types.
#[cfg(feature = "schema")]
#[test]
fn views_are_what_their_schema_says() {
    let mut schema = kfactor::engine::protocol::schema_json();
    schema["$ref"] = json!("#/$defs/View");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let mut checked = 0;
    for (name, run) in runs() {
        let state = run.engine.state();
        let people: Vec<&str> = run.facts.iter().filter_map(|fact| fact["who"].as_str()).take(8).collect();
        let opened = run.facts.iter().filter(|fact| fact["kind"] == "opened");
        let loops = opened.filter_map(|fact| fact["loop"].as_str()).take(4);
        for loop_ in loops.map(Some).chain([None]) {
            let until = loop_.and_then(|id| state.loop_(run.engine.find_loop(id)?)).map(|head| head.until);
            for who in people.iter().chain(&["a stranger"]) {
                for at in [Some(state.now), until].into_iter().flatten() {
                    let view = json!(run.engine.view(who, at, loop_));
                    let errors: Vec<String> =
                        validator.iter_errors(&view).map(|error| error.to_string()).collect();
                    assert!(errors.is_empty(), "{name}: {who} at {}: {errors:#?}", at.0);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 5_000, "{checked} views");
}

/// Every case after its steps, with its name.
fn runs() -> Vec<(String, cases::run::Run)> {
    let at = folder("conformance");
    let mut all = Vec::new();
    for path in cases::paths(&at).expect("the folder of the cases") {
        let file = cases::read(&path).unwrap_or_else(|failure| panic!("{}", failure.what));
        for (number, case) in file.cases().iter().enumerate() {
            let name = format!("{}: {}", file.name, case["name"]);
            let run = cases::run::through(&at, &file.content, case, &format!("/cases/{number}"));
            if let Some(run) = run.unwrap_or_else(|failure| panic!("{name}: {}", failure.what)) {
                all.push((name, run));
            }
        }
    }
    all
}

/// The README's table of defects names a file and the beginning of a case's name in it.
#[test]
fn every_known_defect_has_its_case() {
    let readme = std::fs::read_to_string(folder("conformance/README.md")).expect("the README");
    let table = readme.split("## Known defects").nth(1).and_then(|rest| rest.split("\n## ").next());
    let rows: Vec<&str> = table.expect("the table").lines().filter(|line| line.contains("| `")).collect();
    assert!(rows.len() >= 60, "only {} defects were found", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let file = cells[1].trim_matches('`');
        let file = cases::read(&folder("conformance").join(file))
            .unwrap_or_else(|failure| panic!("{}", failure.what));
        for name in cells[2].trim_end_matches(" |").split("; ") {
            let begins = name.trim_end_matches(" …");
            let found = file
                .cases()
                .iter()
                .any(|case| case["name"].as_str().is_some_and(|name| name.starts_with(begins)));
            assert!(found, "{}: no case begins with `{begins}`", file.name);
        }
    }
}

#[test]
fn a_case_that_must_fail_is_reported_with_its_place() {
    let (code, printed) = run("failing", &[]);
    assert_eq!(code, 1);
    assert!(printed.contains("one.json: one friend is not two\n  step 1, /cases/0/steps/1: "), "{printed}");
    assert!(printed.contains("\n  expected [{\"kind\":\"helped\",\"have\":2}]\n  actual   [{"), "{printed}");
    assert!(printed.ends_with("\n0 passed, 1 failed\n"), "{printed}");

    let (code, printed) = run("failing", &["--json"]);
    let line: Value = serde_json::from_str(printed.lines().next().unwrap_or_default()).expect("one line");
    assert_eq!((code, &line["ok"], &line["step"]), (1, &Value::Bool(false), &Value::from(1)));
    assert!(printed.ends_with("}\n0 passed, 1 failed\n"), "{printed}");
}

/// One case for each thing a case can say, none of which is so.
#[test]
fn every_kind_of_expectation_can_fail() {
    let verdicts = cases::run_folder(&folder("fixtures/conformance/untrue")).expect("the folder");
    assert!(verdicts.len() >= 30, "only {} cases were found", verdicts.len());
    for verdict in verdicts {
        assert!(verdict.case.is_some() && verdict.failure.is_some(), "{verdict}");
    }
}

/// Each file has one thing that the format does not have; its name begins with what the message must name.
#[test]
fn what_the_format_does_not_have_is_refused_by_name() {
    let verdicts = cases::run_folder(&folder("fixtures/conformance/malformed")).expect("the folder");
    assert!(verdicts.len() >= 10, "only {} files were found", verdicts.len());
    for verdict in verdicts {
        let name = verdict.file.split('.').next().unwrap_or_default().to_owned();
        let failure = verdict.failure.as_ref().unwrap_or_else(|| panic!("{verdict}: passed"));
        assert!(verdict.case.is_none() && failure.what.contains(&name), "{verdict}");
    }
}

#[test]
fn a_folder_without_cases_is_no_success() {
    let nowhere = folder("conformance/nowhere");
    for words in [vec![nowhere.to_string_lossy().into_owned()], vec![], vec!["--what".to_owned()]] {
        let (mut out, mut messages) = (Vec::new(), Vec::new());
        let code = cases::command(&words, &mut out, &mut messages).expect("a code");
        assert_eq!((code, out.len()), (2, 0), "{}", String::from_utf8_lossy(&messages));
    }
    assert!(cases::run_folder(&folder("support")).is_err());
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Runs a folder of fixtures as the command does: the exit code, and all that was printed.
fn run(name: &str, options: &[&str]) -> (u8, String) {
    let path = folder("fixtures/conformance").join(name).to_string_lossy().into_owned();
    let words: Vec<String> =
        [path].into_iter().chain(options.iter().map(|word| (*word).to_owned())).collect();
    let (mut out, mut messages) = (Vec::new(), Vec::new());
    let code = cases::command(&words, &mut out, &mut messages).expect("a code");
    out.append(&mut messages);
    (code, String::from_utf8_lossy(&out).into_owned())
}
