//! Builds the copy, and takes out the mutants that do not compile.

use crate::list::Mutant;
use crate::switch::{Mark, Why, switch};
use crate::tree;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the compiler says to the mutants.
pub struct Built {
    /// Mutants that the compiler refuses.
    pub unviable: BTreeSet<usize>,
    /// Mutants that cannot be switched while the program runs, and why.
    pub left_out: BTreeMap<usize, String>,
    /// Mutants that say what stands there already, in other words.
    pub same: BTreeSet<usize>,
}

/// Writes the library with every mutant that compiles.
///
/// # Errors
/// A sentence: a file cannot be read or parsed, or the compiler objects to something that is no mutant.
pub fn build(
    root: &Path,
    tree: &Path,
    target: &Path,
    mutants: &[Mutant],
    again: bool,
) -> Result<Built, String> {
    let refused = target.join("mutants/refused.tsv");
    let (mut unviable, mut left_out) = if again { read(&refused, mutants) } else { Default::default() };
    // What is leaked is `&mut`, and an iterator's items cannot be taken for `&`.
    let leaks =
        |mutant: &Mutant| mutant.returns.contains("impl ") && mutant.replacement.contains("Box::leak");
    unviable.extend((0..).zip(mutants).filter(|(_, mutant)| leaks(mutant)).map(|(number, _)| number));
    let mut same = BTreeSet::new();
    loop {
        let mut marks: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
        let files: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
        for file in files {
            let source =
                std::fs::read_to_string(root.join(file)).map_err(|reason| format!("{file}: {reason}"))?;
            let own = mutants.iter().enumerate().filter(|(number, mutant)| {
                mutant.file == file && !unviable.contains(number) && !left_out.contains_key(number)
            });
            let switched =
                switch(&source, &own.collect::<Vec<_>>()).map_err(|error| format!("{file}: {error}"))?;
            tree::write(&tree.join(file), switched.text.as_bytes())?;
            for (number, why) in switched.left_out {
                match why {
                    Why::Refused => drop(unviable.insert(number)),
                    Why::Same => drop(same.insert(number)),
                    Why::Lost => drop(left_out.insert(number, "its place was not found".to_owned())),
                }
            }
            marks.insert(file.to_owned(), switched.marks);
        }
        write(&refused, mutants, &unviable, &left_out)?;
        // Not the library alone: for tests it is built with other features of what it needs.
        let errors = errors(&cargo(tree, target, &["test", "--no-run", "--test", tree::PROGRAMS[0]])?)?;
        println!("built: {} errors", errors.len());
        if errors.is_empty() {
            break;
        }
        for error in errors {
            let near = |blamed: fn(&[Mark], usize) -> Option<&Mark>| {
                error
                    .places
                    .iter()
                    .find_map(|(file, at)| marks.get(file).and_then(|marks| blamed(marks, *at)))
            };
            // An error in a signature is about a function that gives "some iterator".
            let Some(mark) = near(own).or_else(|| near(around)).or_else(|| near(following)) else {
                return Err(format!("the compiler objects to more than mutants:\n{}", error.text));
            };
            for number in &mark.mutants {
                // What is reckoned while compiling cannot ask for its mutant.
                if mark.own && !error.text.contains("[E0015]") {
                    unviable.insert(*number);
                } else {
                    left_out
                        .entry(*number)
                        .or_insert_with(|| error.text.lines().next().unwrap_or("").to_owned());
                }
            }
        }
    }
    Ok(Built { unviable, left_out, same })
}

/// Builds a test program; where it is.
///
/// # Errors
/// What the compiler says.
pub fn program(tree: &Path, target: &Path, name: &str) -> Result<PathBuf, String> {
    let output = cargo(tree, target, &["test", "--no-run", "--test", name])?;
    match errors(&output)?.first() {
        Some(error) => Err(format!("the tests do not compile:\n{}", error.text)),
        None => executable(&output, name).ok_or(format!("cargo did not say where `{name}` is")),
    }
}

/// What the compiler refused last time: the sources may not have changed since.
fn read(file: &Path, mutants: &[Mutant]) -> (BTreeSet<usize>, BTreeMap<usize, String>) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let known: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    let (mut unviable, mut left_out) = (BTreeSet::new(), BTreeMap::new());
    for (number, mutant) in mutants.iter().enumerate() {
        match known.get(mutant.name.as_str()) {
            Some(&"") => drop(unviable.insert(number)),
            Some(why) => drop(left_out.insert(number, (*why).to_owned())),
            None => {}
        }
    }
    (unviable, left_out)
}

fn write(
    file: &Path,
    mutants: &[Mutant],
    unviable: &BTreeSet<usize>,
    left_out: &BTreeMap<usize, String>,
) -> Result<(), String> {
    let mut text = String::new();
    for (number, mutant) in mutants.iter().enumerate() {
        if unviable.contains(&number) {
            text.push_str(&format!("{}\t\n", mutant.name));
        } else if let Some(why) = left_out.get(&number) {
            text.push_str(&format!("{}\t{why}\n", mutant.name));
        }
    }
    tree::write(file, text.as_bytes())
}

/// The smallest text of a mutant's own around a place.
fn own(marks: &[Mark], at: usize) -> Option<&Mark> {
    marks.iter().filter(|mark| mark.own && mark.at.contains(&at)).min_by_key(|mark| mark.at.len())
}

/// The smallest switch around a place.
fn around(marks: &[Mark], at: usize) -> Option<&Mark> {
    marks.iter().filter(|mark| !mark.own && mark.at.contains(&at)).min_by_key(|mark| mark.at.len())
}

/// The next switch that begins after a place.
fn following(marks: &[Mark], at: usize) -> Option<&Mark> {
    marks.iter().filter(|mark| !mark.own && mark.at.start > at).min_by_key(|mark| mark.at.start)
}

struct CompilerError {
    /// Files and bytes, the main place first.
    places: Vec<(String, usize)>,
    text: String,
}

/// What cargo printed, one JSON value a line.
fn cargo(tree: &Path, target: &Path, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args([
            "--quiet",
            "--profile=long",
            "--package=kfactor",
            "--features=schema",
            "--message-format=json",
        ])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "1")
        .current_dir(tree)
        .output()
        .map_err(|reason| format!("cargo: {reason}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said = lines.iter().any(|line| line["message"]["level"] == "error");
    if !output.status.success() && !said {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(lines)
}

fn errors(lines: &[Value]) -> Result<Vec<CompilerError>, String> {
    let mut found = Vec::new();
    for line in lines.iter().filter(|line| line["message"]["level"] == "error") {
        let message = &line["message"];
        let text = message["rendered"].as_str().unwrap_or_default().to_owned();
        let mut spans: Vec<&Value> = message["spans"].as_array().into_iter().flatten().collect();
        if spans.is_empty() {
            continue;
        }
        spans.sort_by_key(|span| span["is_primary"] != true);
        let place = |span: &&Value| {
            let at = span["byte_start"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
            (span["file_name"].as_str().unwrap_or_default().to_owned(), at)
        };
        found.push(CompilerError { places: spans.iter().map(place).collect(), text });
    }
    let failed = lines.iter().any(|line| line["reason"] == "build-finished" && line["success"] == false);
    if failed && found.is_empty() {
        return Err("the build failed without an error at any place".to_owned());
    }
    Ok(found)
}

fn executable(lines: &[Value], name: &str) -> Option<PathBuf> {
    let made = lines.iter().find(|line| {
        line["target"]["name"] == name
            && line["target"]["kind"][0] == "test"
            && line["executable"].is_string()
    });
    made.and_then(|line| line["executable"].as_str()).map(PathBuf::from)
}
