//! `cargo xtask demo`: everything built, and the server running with the campaigns of the examples.

use crate::package;
use crate::run::{Outcome, cargo, command, node, root, show, target};

/// Builds what is not built yet, starts the server, and stays until it ends.
pub fn start(arguments: &[String]) -> Outcome {
    let mut listen = "127.0.0.1:8787";
    let mut starts = true;
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--build-only" => starts = false,
            "--listen" => listen = words.next().ok_or("--listen needs an address, such as 127.0.0.1:8787")?,
            other => return Err(format!("`demo` has no option `{other}`")),
        }
    }
    build()?;
    if !starts {
        return Ok(());
    }
    let server = target().join("release/kfactor-server");
    let data = target().join("demo");
    println!("\nstarting http://{listen}/ with the campaigns of examples/campaigns; Ctrl-C stops it");
    show(
        command(
            server,
            ["--demo", "--listen", listen, "--campaigns", "examples/campaigns", "--www", "www/dist"],
        )
        .args(["--public-url", &format!("http://{listen}")])
        .arg("--data")
        .arg(data),
    )
}

/// The package, the pages that use it, and the server.
pub fn build() -> Outcome {
    package::install()?;
    pages()?;
    show(&mut cargo(["build", "--quiet", "--release", "--package=kfactor-server"]))
}

/// The pages in `www`, built by Vite.
fn pages() -> Outcome {
    let mut build = node("node_modules/vite/bin/vite.js", ["build", "--logLevel=warn"]);
    show(build.current_dir(root().join("www")))
}
