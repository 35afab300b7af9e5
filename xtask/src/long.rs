//! `cargo xtask long model|audit`: what the tests run short, over as many commands or entries as asked for.

use crate::run::{Outcome, cargo, show};

/// What can be run long: its name, the test binary and test that do it, and its options with the variables that
/// carry them.
struct Run {
    name: &'static str,
    binary: &'static str,
    test: &'static str,
    options: &'static [(&'static str, &'static str)],
}

const RUNS: [Run; 2] = [
    Run {
        name: "model",
        binary: "references",
        test: "reference::long::every_reference_agrees_over_random_commands",
        options: &[
            ("--commands", "KFACTOR_COMMANDS"),
            ("--seed", "KFACTOR_SEED"),
            ("--only", "KFACTOR_ONLY"),
            ("--round", "KFACTOR_ROUND"),
        ],
    },
    Run {
        name: "audit",
        binary: "audit",
        test: "forged::an_audit_finds_what_was_forged_and_nothing_else",
        options: &[("--entries", "KFACTOR_ENTRIES"), ("--seed", "KFACTOR_SEED")],
    },
];

/// Builds with optimisation and runs one of [`RUNS`].
pub fn run(arguments: &[String]) -> Outcome {
    let (name, mut rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("", [].as_slice()),
    };
    let names = || RUNS.iter().map(|run| run.name).collect::<Vec<_>>().join("` or `");
    let run = RUNS.iter().find(|run| run.name == name).ok_or_else(|| format!("name `{}`", names()))?;
    let mut test = cargo(["test", "--quiet", "--profile=long", "--package=kfactor", "--features=schema"]);
    test.args(["--test", run.binary, "--", "--exact", run.test, "--nocapture", "--test-threads=1"]);
    while let [option, value, after @ ..] = rest {
        let variable = run.options.iter().find(|(known, _)| known == option);
        let (_, variable) = variable.ok_or_else(|| format!("`long {name}` has no option `{option}`"))?;
        test.env(variable, value);
        rest = after;
    }
    match rest {
        [] => show(&mut test),
        [option, ..] => Err(format!("`{option}` needs a value")),
    }
}
