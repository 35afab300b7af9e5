//! `cargo xtask mutants [PATTERN…] [--again] [--full]`: the mutation score of the mechanics and rewards.

use crate::run::{Outcome, cargo, show};

/// Runs the `mutants` tool, a program of its own because it needs a parser.
pub fn run(arguments: &[String]) -> Outcome {
    let mut tool = cargo(["run", "--quiet", "--package=xtask", "--features=mutants", "--bin=mutants", "--"]);
    show(tool.args(arguments))
}
