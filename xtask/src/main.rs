//! One command each for building, showing, testing and measuring kfactor.
//!
//! `cargo xtask help` lists them. Every command installs what it needs, at the versions the lock files
//! name, and does nothing twice: a second run takes seconds.

mod bench;
mod check;
mod conformance;
mod demo;
mod golden;
mod guided;
mod long;
mod mutants;
mod package;
mod run;
mod tools;
mod wasm;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  wasm                  build the WebAssembly, lowered to the MVP feature set      -> target/engine
  pkg                   build the npm package                                      -> pkg
  demo                  build everything, start the server with the campaigns of examples/campaigns
                        (--listen ADDRESS, default 127.0.0.1:8787; --build-only)
  test [STEP…]          every check, or the steps named; --list names them
  bench [NAME] [--json] measure, beside peers
  guided                the native benchmark of the engine, its compiler guided by a profile   -> target/guided
  conformance DIR       run a folder of conformance cases (--json: one line per case)
  golden                adds golden logs to tests/golden; those that are there stay
  long model            references beside the engine: --commands N, --seed S, --only MECHANIC, --round N
  long audit            a log with forged entries: --entries N, --seed S
  mutants [PATTERN…]    the mutation score of the mechanics and rewards: tests/MUTANTS.md
                        (--again: only what was not caught last time; --full: tests as long as in CI)
  lint                  formatting, clippy and types only
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match command {
        "conformance" => match conformance::run(rest) {
            Ok(code) => return code,
            Err(reason) => Err(reason),
        },
        "wasm" => wasm::build().map(drop),
        "pkg" => package::build().map(drop),
        "demo" => demo::start(rest),
        "test" => check::test(rest),
        "lint" => check::lint(),
        "golden" => golden::add(),
        "guided" => guided::build(),
        "long" => long::run(rest),
        "mutants" => mutants::run(rest),
        "bench" => bench::measure(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => {
            eprint!("there is no command `{other}`\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
