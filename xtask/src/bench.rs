//! `cargo xtask bench [NAME] [--json]`: measures, beside peers.

use crate::run::{Outcome, node, root, show};
use crate::{package, tools};

/// Builds the package and runs the benchmarks, all or the one named.
pub fn measure(arguments: &[String]) -> Outcome {
    package::build()?;
    tools::node_modules_in(&root().join("benches"))?;
    show(&mut node("benches/run.mjs", arguments.iter().map(String::as_str)))
}
