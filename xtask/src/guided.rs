//! `cargo xtask guided`: the native benchmark of the engine, its compiler guided by a profile.
//!
//! It is built twice. The first build counts what every place of the code does while every mechanic runs under commands
//! of all kinds; the second puts what runs often together and inlines it, and what runs seldom out of the way. Any
//! program that embeds the crate can be built so.

use crate::run::{Outcome, cargo, command, node, read, root, show, target};
use crate::tools;
use std::path::{Path, PathBuf};

/// Builds it and says where it is.
pub fn build() -> Outcome {
    let folder = target().join("guided");
    let (counts, profile) = (folder.join("counts"), folder.join("profile"));
    tools::empty_folder(&counts)?;
    let counting = compile(&folder.join("counting"), &format!("-Cprofile-generate={}", counts.display()))?;
    show(node("benches/guide.mjs", []).arg(&counting).arg(folder.join("work")))?;
    read(command(tools::profdata()?, ["merge", "-o"]).arg(&profile).arg(&counts))?;
    let guided = compile(&folder.join("guided"), &format!("-Cprofile-use={}", profile.display()))?;
    println!("{}", guided.display());
    Ok(())
}

/// Compiles into a folder with one more flag for all but build scripts, and gives the program.
fn compile(folder: &Path, flag: &str) -> Outcome<PathBuf> {
    let host = read(&mut command("rustc", ["--print", "host-tuple"]))?;
    let mut build = cargo(["bench", "--no-run", "--package=kfactor", "--bench=engine"]);
    build.args(["--message-format=json-render-diagnostics", "--target", host.trim()]);
    build.env("CARGO_TARGET_DIR", folder).env("CARGO_ENCODED_RUSTFLAGS", flag);
    let messages = read(&mut build)?;
    // Cargo says where it put the program in its last message about one.
    let found =
        messages.lines().rev().find_map(|line| line.split_once("\"executable\":\"")?.1.split_once('"'));
    let (path, _) = found.ok_or("cargo built no program")?;
    Ok(root().join(path))
}
