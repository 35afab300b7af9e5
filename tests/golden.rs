//! Golden logs: what earlier versions answered, this one answers too. `golden/README.md` describes the files.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "shared with the runner of conformance cases")]
#[path = "support/cases/mod.rs"]
mod cases;
#[path = "support/mixed.rs"]
mod mixed;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cases::books::merge;
use cases::run::{Sent, through};
use kfactor::engine::audit::hex;
use kfactor::engine::{Code, Engine, Fact};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[test]
fn every_golden_log_is_answered_as_it_was() {
    let (mut logs, mut seen) = (0, BTreeSet::new());
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a file");
        let mut replay = Replay::default();
        for (number, line) in text.lines().enumerate() {
            if let Err(differs) = replay.line(line, &mut seen) {
                panic!("{}:{}: {differs}\n{line}", path.display(), number + 1);
            }
        }
        logs += replay.logs;
    }
    assert!(logs >= 500, "only {logs} logs were found");
    let kinds = Fact::TABLE.iter().map(|row| row.kind()).chain(Code::ALL.iter().map(|code| code.name()));
    let missing: Vec<&str> = kinds.filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "no golden log has {missing:?}");
}

/// A changed answer is noticed at its line.
#[test]
fn a_log_that_was_answered_otherwise_is_noticed() {
    let path = files().into_iter().find(|path| path.ends_with("assist.log")).expect("a log");
    let text =
        std::fs::read_to_string(path).expect("a file").replacen("\"do\":\"help\"", "\"do\":\"join\"", 1);
    let mut replay = Replay::default();
    let found = text.lines().find_map(|line| replay.line(line, &mut BTreeSet::new()).err());
    assert!(found.is_some_and(|found| found.contains("other answers")));
}

/// What `cargo xtask golden` runs: adds the logs that are not there yet, for this version.
#[test]
#[ignore = "writes files: `cargo xtask golden`"]
fn add_what_is_new() {
    let known: BTreeSet<String> = files().iter().map(|path| named(path)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(env!("CARGO_PKG_VERSION"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in recorded() {
        if known.contains(&name) {
            println!("{name}: there already");
            continue;
        }
        println!("{name}: {} bytes", text.len());
        std::fs::write(folder.join(format!("{name}.log")), text).expect("a file");
    }
}

fn files() -> Vec<PathBuf> {
    let entries =
        |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let versions = entries(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"));
    let mut files: Vec<PathBuf> = versions.filter(|path| path.is_dir()).flat_map(entries).collect();
    files.sort();
    files
}

/// The version and name of a log's file, for this version the name alone.
fn named(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let here = path.parent().is_some_and(|folder| folder.ends_with(env!("CARGO_PKG_VERSION")));
    if here { name } else { path.to_string_lossy().into_owned() }
}

/// A file while it is replayed.
#[derive(Default)]
struct Replay {
    head: Value,
    engine: Option<Engine>,
    answers: Sha256,
    logs: usize,
}

impl Replay {
    /// Takes one line.
    ///
    /// # Errors
    /// What differs.
    fn line(&mut self, line: &str, seen: &mut BTreeSet<String>) -> Result<(), String> {
        let line: Value = serde_json::from_str(line).map_err(|reason| reason.to_string())?;
        if line.get("golden").is_some() {
            self.head = line;
        } else if line.get("log").is_some() {
            self.begin(&line)?;
        } else if let Some([hash, command]) = line.as_array().map(Vec::as_slice) {
            let text = command.as_str().map_or_else(|| command.to_string(), str::to_owned);
            let (mut written, engine) = (Vec::new(), self.engine.as_mut().ok_or("no log has begun")?);
            engine.submit_json(text.as_bytes(), None, &mut written);
            note(&written, seen);
            let right = chained(&mut self.answers, &written);
            if *hash != json!(right) {
                return Err(format!("other answers than before: {}", String::from_utf8_lossy(&written)));
            }
        } else if let Some(document) = line.get("revise") {
            let engine = self.engine.as_mut().ok_or("no log has begun")?;
            engine.revise(&document.to_string()).map_err(|problems| format!("{problems:?}"))?;
        } else if let Some(digest) = line.get("digest") {
            let engine = self.engine.as_ref().ok_or("no log has begun")?;
            if self.head["state"] == json!(form(engine)) && *digest != json!(hex(&engine.digest())) {
                return Err(format!("another state: {}", hex(&engine.digest())));
            }
        }
        Ok(())
    }

    fn begin(&mut self, line: &Value) -> Result<(), String> {
        let mut document = match line["campaign"].as_str() {
            Some(name) => self.head["campaigns"][name].clone(),
            None => line["campaign"].clone(),
        };
        if let Some(patch) = line.get("patch") {
            merge(&mut document, patch);
        }
        self.engine = Some(load(&document, line["seed"].as_str())?);
        (self.answers, self.logs) = (Sha256::new(), self.logs + 1);
        Ok(())
    }
}

fn load(document: &Value, seed: Option<&str>) -> Result<Engine, String> {
    let bytes = |text: &str| -> Vec<u8> {
        (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("digits")).collect()
    };
    let public = || Engine::public_seed(document["id"].as_str().unwrap_or_default());
    let seed = seed.map_or_else(public, |text| bytes(text).try_into().expect("32 bytes"));
    Engine::load(&document.to_string(), seed).map_err(|problems| format!("{problems:?}"))
}

/// The form of an engine's state: the first line of its snapshots.
fn form(engine: &Engine) -> String {
    let snapshot = engine.snapshot();
    let line = snapshot.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

/// The hash of all answers so far.
fn chained(answers: &mut Sha256, written: &[u8]) -> String {
    answers.update(written);
    hex(&answers.clone().finalize()[..4])
}

fn note(written: &[u8], seen: &mut BTreeSet<String>) {
    for answer in String::from_utf8_lossy(written).lines() {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        seen.extend(answer["code"].as_str().map(str::to_owned));
        let facts = answer["facts"].as_array().into_iter().flatten();
        seen.extend(facts.filter_map(|fact| fact["kind"].as_str().map(str::to_owned)));
    }
}

/// Commands between two digests.
const BETWEEN: usize = 40;

/// A file of logs while it is written.
struct Record {
    text: String,
    engine: Engine,
    answers: Sha256,
    count: usize,
}

impl Record {
    /// Begins a log with this line.
    fn new(line: &Value, engine: Engine) -> Record {
        Record { text: format!("{line}\n"), engine, answers: Sha256::new(), count: 0 }
    }

    fn add(&mut self, sent: &Sent) {
        match sent {
            Sent::Revision(document) => {
                self.engine.revise(&document.to_string()).expect("a revision");
                writeln!(self.text, "{}", json!({ "revise": document })).expect("text");
            }
            Sent::Command(text) => {
                let mut written = Vec::new();
                self.engine.submit_json(text.as_bytes(), None, &mut written);
                let hash = chained(&mut self.answers, &written);
                // Only what reads back as the same text is written as an object.
                let parsed: Option<Value> = serde_json::from_str(text).ok();
                let same = parsed.filter(|parsed| parsed.is_object() && parsed.to_string().as_str() == text);
                let command = same.unwrap_or_else(|| json!(text));
                writeln!(self.text, "[\"{hash}\",{command}]").expect("text");
                self.count += 1;
                if self.count.is_multiple_of(BETWEEN) {
                    self.digest();
                }
            }
        }
    }

    fn digest(&mut self) {
        writeln!(self.text, "{}", json!({ "digest": hex(&self.engine.digest()) })).expect("text");
    }

    fn end(mut self) -> String {
        if !self.count.is_multiple_of(BETWEEN) {
            self.digest();
        }
        self.text
    }
}

/// Every file of logs that this version can write: its name and text.
fn recorded() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut all = Vec::new();
    for path in cases::paths(&folder).expect("cases") {
        let file = cases::read(&path).unwrap_or_else(|failure| panic!("{}", failure.what));
        let text = of_cases(&folder, &file);
        // Cases about problems of a document have no log.
        if text.lines().nth(1).is_some() {
            all.push((path.file_stem().expect("a name").to_string_lossy().into_owned(), text));
        }
    }
    let campaign = mixed::campaign();
    let engine = load(&campaign, None).expect("a campaign");
    let head = json!({ "golden": 1, "state": form(&engine), "campaigns": {} });
    let mut log = Record::new(&json!({ "log": "random commands", "campaign": campaign }), engine);
    for command in mixed::Commands::new(&campaign, 1, 60, 900_000).take(1_500) {
        log.add(&Sent::Command(command.to_string()));
    }
    all.push(("mixed".to_owned(), format!("{head}\n{}", log.end())));
    all
}

fn of_cases(folder: &Path, file: &cases::File) -> String {
    let mut text = String::new();
    let (mut campaigns, mut state) = (json!({}), String::new());
    for case in file.cases() {
        let run =
            through(folder, &file.content, case, "").unwrap_or_else(|failure| panic!("{}", failure.what));
        let Some(run) = run else { continue };
        let given = case.get("campaign").or(file.content.get("campaign")).unwrap_or(&Value::Null);
        let seed = case.get("seed").or(file.content.get("seed"));
        let mut line = json!({ "log": case["name"] });
        let document = match case["text"].as_str() {
            Some(text) => {
                line["campaign"] = serde_json::from_str(text).expect("a campaign");
                line["campaign"].clone()
            }
            None => {
                line["campaign"] = given.clone();
                let base = given.as_str().map_or_else(
                    || given.clone(),
                    |name| {
                        let path = folder.join("campaigns").join(format!("{name}.json"));
                        let text = std::fs::read_to_string(path).expect("a campaign");
                        serde_json::from_str(&text).expect("a campaign")
                    },
                );
                if let Some(name) = given.as_str() {
                    campaigns[name] = base.clone();
                }
                let mut document = base;
                if let Some(patch) = case.get("patch") {
                    line["patch"] = patch.clone();
                    merge(&mut document, patch);
                }
                document
            }
        };
        if let Some(seed) = seed {
            line["seed"] = seed.clone();
        }
        let engine = load(&document, seed.and_then(Value::as_str)).expect("a campaign");
        state = form(&engine);
        let mut log = Record::new(&line, engine);
        run.sent.iter().for_each(|sent| log.add(sent));
        text.push_str(&log.end());
    }
    format!("{}\n{text}", json!({ "golden": 1, "state": state, "campaigns": campaigns }))
}
