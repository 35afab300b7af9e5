//! `conformance DIR [--json]` runs a folder of conformance cases on the engine.
//!
//! A tool of its own, so that `cargo xtask` starts without the engine; `tests/conformance/README.md` describes
//! the cases.

#[path = "../../../tests/support/cases/mod.rs"]
mod cases;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match cases::command(&words, &mut std::io::stdout().lock(), &mut std::io::stderr().lock()) {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has gone away.
        Err(_) => ExitCode::FAILURE,
    }
}
