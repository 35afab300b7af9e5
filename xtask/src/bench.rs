//! `cargo xtask bench [NAME] [--json]`: measures, beside peers.

use crate::run::{Outcome, command, node, root, show};
use crate::{package, tools};

/// Builds the package and runs the benchmarks, all or the one named.
pub fn measure(arguments: &[String]) -> Outcome {
    package::build()?;
    let mut names = arguments.iter().filter(|word| word.starts_with(char::is_alphabetic)).peekable();
    // Without a name, all run.
    if names.peek().is_none() || names.any(|name| name == "poster") {
        tools::zbar()?;
        tools::chromium()?;
    }
    // Not `npm ci`: a peer's native parts for other systems are not in the lock file.
    let mut install = command("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
    show(install.current_dir(root().join("benches")))?;
    let peers = tools::with_packages("benches/report", "report-peers", &[])?;
    let mut run = node("benches/run.mjs", arguments.iter().map(String::as_str));
    run.env("KFACTOR_PEERS", peers);
    if let Some(jsc) = tools::jsc() {
        run.env("JSC", jsc);
    }
    show(&mut run)
}
