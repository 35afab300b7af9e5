//! Conformance cases: reads a folder of them, runs them on the engine, and says what differs.
//!
//! `tests/conformance/README.md` describes the format; the test and `cargo xtask conformance` share this runner.

mod after;
pub mod books;
mod fit;
mod instant;
mod look;
pub mod run;
pub mod shape;

use fit::Difference;
use kfactor::json::tree::{line_column, parse};
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A case file that could be read.
pub struct File {
    /// Its name in the folder.
    pub name: String,
    /// Its content, in the shape the format asks for.
    pub content: Value,
}

/// What became of a case, or of a file that is no case file.
pub struct Verdict {
    /// The file's name in the folder.
    pub file: String,
    /// The case's name; nothing for a file that cannot be read.
    pub case: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// Why a case failed.
#[derive(Debug, Default)]
pub struct Failure {
    /// The step, from 0; nothing for what holds after every case.
    pub step: Option<usize>,
    /// Where: an RFC 6901 pointer into the file, or `line:column`.
    pub place: String,
    /// A sentence.
    pub what: String,
    /// What the case expects.
    pub expected: Option<Box<Value>>,
    /// What the engine gave.
    pub actual: Option<Box<Value>>,
}

/// Runs the folder named, prints what became of its cases, and gives the exit code: 0 if all passed, 1 if one
/// failed, 2 if there is nothing to run. With `--json` every case is one line.
///
/// # Errors
/// If nothing can be printed.
pub fn command(words: &[String], out: &mut impl Write, messages: &mut impl Write) -> std::io::Result<u8> {
    let (options, folders): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    let in_json = options.iter().any(|option| *option == "--json");
    let verdicts = match (folders.as_slice(), options.iter().find(|option| **option != "--json")) {
        (_, Some(option)) => Err(format!("there is no option `{option}`")),
        ([folder], None) => run_folder(Path::new(folder)),
        (_, None) => Err("name one folder of case files".to_owned()),
    };
    let verdicts = match verdicts {
        Ok(verdicts) => verdicts,
        Err(reason) => {
            writeln!(messages, "conformance: {reason}")?;
            return Ok(2);
        }
    };
    for verdict in &verdicts {
        if in_json {
            writeln!(out, "{}", verdict.to_json())?;
        } else if verdict.failure.is_some() {
            writeln!(out, "{verdict}\n")?;
        }
    }
    let failed = verdicts.iter().filter(|verdict| verdict.failure.is_some()).count();
    let end = format!("{} passed, {failed} failed", verdicts.len() - failed);
    if in_json {
        writeln!(messages, "{end}")?
    } else {
        writeln!(out, "{end}")?
    }
    Ok(u8::from(failed > 0))
}

/// Runs every case of a folder.
///
/// # Errors
/// A sentence, if there is no such folder or it holds no case files.
pub fn run_folder(folder: &Path) -> Result<Vec<Verdict>, String> {
    let mut verdicts = Vec::new();
    for path in paths(folder)? {
        match read(&path) {
            Ok(file) => verdicts.extend(run_file(folder, &file)),
            Err(failure) => {
                verdicts.push(Verdict { file: name_of(&path), case: None, failure: Some(failure) });
            }
        }
    }
    Ok(verdicts)
}

/// The case files of a folder, in the order of their names.
///
/// # Errors
/// A sentence, if there is no such folder or it holds no case files.
pub fn paths(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|reason| format!("{}: {reason}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{}: there is no case file (*.json) in this folder", folder.display()));
    }
    Ok(paths)
}

/// Reads a case file.
///
/// # Errors
/// What is wrong with it and where, one line each: its syntax, a key that stands twice, or everything the format
/// does not have.
pub fn read(path: &Path) -> Result<File, Failure> {
    let fail = |place: String, what: &str| Failure::of(format!("{place}: {what}")).placed(&place);
    let text = std::fs::read_to_string(path).map_err(|reason| Failure::of(reason.to_string()))?;
    let content: Value = serde_json::from_str(&text).map_err(|error| {
        let what = error.to_string();
        let sentence = what.split(" at line").next().unwrap_or_default();
        fail(format!("{}:{}", error.line(), error.column()), &format!("not JSON: {sentence}"))
    })?;
    if let Some(located) = parse(&text).faults.first() {
        let (line, column) = line_column(&text, located.fault.offset);
        return Err(fail(format!("{line}:{column}"), &format!("`{}` stands twice", located.pointer)));
    }
    let malformed = shape::check(&content);
    let Some(first) = malformed.first() else { return Ok(File { name: name_of(path), content }) };
    let lines: Vec<String> =
        malformed.iter().map(|found| format!("{}: {}", found.pointer, found.what)).collect();
    Err(Failure::of(lines.join("\n  ")).placed(&first.pointer))
}

impl File {
    /// The cases.
    pub fn cases(&self) -> &[Value] {
        shape::list(&self.content, "cases")
    }
}

impl Failure {
    /// A failure told by a sentence.
    pub fn of(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), ..Failure::default() }
    }

    /// A failure told by the first difference.
    pub fn at(what: &str, Difference { place, expected, actual }: Difference) -> Failure {
        let at = if place.is_empty() { "/" } else { place.as_str() };
        let what =
            if actual.is_none() { format!("{what}: {at} is missing") } else { format!("{what} at {at}") };
        Failure { what, expected: boxed(expected), actual: actual.and_then(boxed), ..Failure::default() }
    }

    /// With the place in the file.
    pub fn placed(self, place: &str) -> Failure {
        Failure { place: place.to_owned(), ..self }
    }
}

impl Verdict {
    /// One line.
    pub fn to_json(&self) -> Value {
        let mut line = Map::new();
        line.insert("file".to_owned(), json!(self.file));
        line.insert("case".to_owned(), json!(self.case));
        line.insert("ok".to_owned(), json!(self.failure.is_none()));
        if let Some(Failure { step, place, what, expected, actual }) = &self.failure {
            line.insert("step".to_owned(), json!(step));
            line.insert("place".to_owned(), json!(place));
            line.insert("what".to_owned(), json!(what));
            line.insert("expected".to_owned(), json!(expected));
            line.insert("actual".to_owned(), json!(actual));
        }
        Value::Object(line)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { file, case, failure } = self;
        let (Some(case), Some(Failure { step, place, what, expected, actual })) = (case, failure) else {
            let what = failure.as_ref().map_or("passed", |failure| &failure.what);
            return write!(
                f,
                "{file}: {}{what}",
                case.as_ref().map_or(String::new(), |case| format!("{case}: "))
            );
        };
        write!(f, "{file}: {case}\n  ")?;
        match step {
            Some(step) => write!(f, "step {step}, {place}: {what}")?,
            None => write!(f, "{place}: {what}")?,
        }
        for (name, value) in [("expected", expected), ("actual  ", actual)] {
            if let Some(value) = value {
                write!(f, "\n  {name} {value}")?;
            }
        }
        Ok(())
    }
}

/// What a failure shows; boxed, so that results stay small.
pub fn boxed(value: Value) -> Option<Box<Value>> {
    Some(Box::new(value))
}

fn run_file(folder: &Path, file: &File) -> Vec<Verdict> {
    let run = |(number, case): (usize, &Value)| Verdict {
        file: file.name.clone(),
        case: case["name"].as_str().map(str::to_owned),
        failure: run::case(folder, &file.content, case, &format!("/cases/{number}")).err(),
    };
    file.cases().iter().enumerate().map(run).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
