//! The mutants that `cargo mutants` would make, as it lists them.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// One mutant.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What `cargo mutants` calls it: place, what is replaced by what, and the function.
    pub name: String,
    /// The source file, from the top of the repository.
    pub file: String,
    /// What kind of change it is.
    pub genre: Genre,
    /// From where to where in the file is replaced: lines and columns from 1.
    pub span: [(usize, usize); 2],
    /// What comes in its place.
    pub replacement: String,
    /// The type that the function returns, as it is written.
    pub returns: String,
}

/// Kinds of change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Genre {
    /// The function returns a fixed value.
    FnValue,
    /// Another operator between the same operands.
    BinaryOperator,
    /// The operator is left out.
    UnaryOperator,
    /// The arm is left out.
    MatchArm,
    /// The guard is always true, or never.
    MatchArmGuard,
    /// The field has the value it has in the base expression.
    StructField,
}

/// Every mutant of the files that one of the patterns names.
///
/// # Errors
/// A sentence: `cargo mutants` is not there, or lists something that is not known here.
pub fn list(root: &Path, patterns: &[String]) -> Result<Vec<Mutant>, String> {
    let mut tool = Command::new("cargo");
    tool.args(["mutants", "--list", "--json"]).current_dir(root);
    for pattern in patterns {
        tool.args(["--file", pattern]);
    }
    let output = tool.output().map_err(|reason| format!("cargo: {reason}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cargo mutants --list` failed (`cargo install cargo-mutants`): {message}"));
    }
    let listed: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    listed.as_array().into_iter().flatten().map(read).collect()
}

fn read(entry: &Value) -> Result<Mutant, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let place = |end: &str| (number(&entry["span"][end]["line"]), number(&entry["span"][end]["column"]));
    let genre = match entry["genre"].as_str() {
        Some("FnValue") => Genre::FnValue,
        Some("BinaryOperator") => Genre::BinaryOperator,
        Some("UnaryOperator") => Genre::UnaryOperator,
        Some("MatchArm") => Genre::MatchArm,
        Some("MatchArmGuard") => Genre::MatchArmGuard,
        Some("StructField") => Genre::StructField,
        other => return Err(format!("a mutant of an unknown kind, {other:?}")),
    };
    Ok(Mutant {
        name: text(&entry["name"]),
        file: text(&entry["file"]),
        genre,
        span: [place("start"), place("end")],
        replacement: text(&entry["replacement"]),
        returns: text(&entry["function"]["return_type"]),
    })
}
