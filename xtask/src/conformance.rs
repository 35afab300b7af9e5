//! `cargo xtask conformance DIR [--json]`: runs a folder of conformance cases on the engine.

use crate::run::{Outcome, cargo, root};
use std::process::ExitCode;

/// Gives the exit code of the `conformance` tool, which says everything there is to say.
pub fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let here = std::env::current_dir().map_err(|reason| format!("the current folder: {reason}"))?;
    let manifest = root().join("Cargo.toml").to_string_lossy().into_owned();
    let build = ["run", "--quiet", "--package=xtask", "--features=conformance", "--bin=conformance"];
    let mut tool = cargo(build.into_iter().chain(["--manifest-path", &manifest, "--"]));
    // The folder is meant from where the command was typed.
    let status = tool.args(arguments).current_dir(here).status();
    let status = status.map_err(|reason| format!("cargo could not be started: {reason}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
