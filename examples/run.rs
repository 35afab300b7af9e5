//! Decides a file of commands natively: prints one answer in each line, then the digest of the state.
//!
//! ```sh
//! cargo run --example run -- examples/campaigns/ten-friends.json tests/determinism/ten-friends.ndjson
//! ```

use kfactor::engine::Engine;
use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(campaign), Some(commands), None) = (files.next(), files.next(), files.next()) else {
        return Err("run CAMPAIGN COMMANDS".into());
    };
    let document = std::fs::read_to_string(campaign)?;
    let id =
        serde_json::from_str::<serde_json::Value>(&document)?["id"].as_str().unwrap_or_default().to_owned();
    let mut engine = Engine::load(&document, Engine::public_seed(&id)).map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message));
        lines.collect::<Vec<_>>().join("\n")
    })?;
    let mut answers = Vec::new();
    engine.submit_json(&std::fs::read(commands)?, None, &mut answers);
    answers.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&answers)?;
    for byte in engine.digest() {
        write!(out, "{byte:02x}")?;
    }
    writeln!(out)?;
    Ok(())
}
