//! `cargo xtask wasm`: the engine as one small WebAssembly that every browser and phone can load.

use crate::run::{Outcome, at, cargo, is_fresh, node, read, root, show, target};
use crate::tools;
use std::path::{Path, PathBuf};

/// What the compiler's standard library uses today: the first run of `wasm-opt` has to be able to read it.
const TODAY: [&str; 6] = [
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
];

/// Rewrites what WebAssembly's first version does not have: iOS 14 has neither bulk memory operations
/// nor saturating conversions, and mini-programs run there. No 64-bit integer crosses to JavaScript.
const LOWER: [&str; 4] = [
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "--signext-lowering",
    "--legalize-js-interface",
];

/// What is only for debuggers.
const STRIP: [&str; 3] = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/// The feature set of the result.
const MVP: [&str; 2] = ["--mvp-features", "--enable-mutable-globals"];

/// One of the two builds of the engine.
struct Build {
    name: &'static str,
    features: &'static str,
    /// Of Cargo. Each has a folder of its own, so that neither build takes the place of the other.
    profile: &'static str,
    /// What `wasm-opt` strives for, and how large a function with a single caller may be to become part of it. Hosts compile a function
    /// whole when it is first called, so large ones make a start slow; small ones also compress better.
    level: [&'static str; 2],
}

/// The page's build, small, and the one for backends, the command line and those who write campaigns, fast.
const BUILDS: [Build; 2] = [
    Build {
        name: "engine",
        features: "wasm",
        profile: "wasm",
        level: ["-Oz", "--one-caller-inline-max-function-size=20"],
    },
    Build {
        name: "complete",
        features: "wasm,complete",
        profile: "wasm-complete",
        level: ["-O3", "--one-caller-inline-max-function-size=100"],
    },
];

/// Builds `engine.wasm` and `complete.wasm` in `target/engine`, and beside them a folder of each with its glue
/// `engine_bg.js`; gives the folder.
pub fn build() -> Outcome<PathBuf> {
    tools::wasm_target()?;
    tools::node_modules()?;
    let folder = target().join("engine");
    for build in &BUILDS {
        build_one(&folder, build)?;
    }
    Ok(folder)
}

fn build_one(folder: &Path, &Build { name, features, profile, level }: &Build) -> Outcome {
    let mut compile = cargo([
        "rustc",
        "--quiet",
        "--package=kfactor",
        "--lib",
        "--crate-type=cdylib",
        "--target=wasm32-unknown-unknown",
        "--no-default-features",
    ]);
    compile.args([format!("--profile={profile}"), format!("--features={features}")]);
    // Without references to JavaScript's objects, which are no MVP: wasm-bindgen then keeps them in a table.
    // SHA-256 as a loop: its unrolled form is 5 kB larger, and a page hashes next to nothing.
    let flags = "-Ctarget-feature=-reference-types --cfg=sha2_backend_soft=\"compact\"";
    show(compile.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags))?;
    let compiled = target().join("wasm32-unknown-unknown").join(profile).join("kfactor.wasm");
    let engine = folder.join(name).with_extension("wasm");
    let recipe = root().join("xtask/src/wasm.rs");
    if is_fresh(&engine, &[compiled.clone(), recipe]) {
        println!("{}", sizes(&engine)?);
        return Ok(());
    }
    let parts = folder.join(name);
    tools::empty_folder(&parts)?;
    glue(&["bind", &text(&compiled), &text(&parts)])?;

    let bound = parts.join("engine_bg.wasm");
    let lowered = parts.join("lowered.wasm");
    let checked = parts.join("checked.wasm");
    optimise(&bound, &lowered, TODAY.into_iter().chain(LOWER).chain(level))?;
    optimise(&lowered, &checked, MVP.into_iter().chain(STRIP).chain(level))?;
    glue(&["check", &text(&checked)])?;
    std::fs::rename(&checked, &engine).map_err(at(&engine))?;
    println!("{}", sizes(&engine)?);
    Ok(())
}

/// The `glue` tool: wasm-bindgen's library and the validator.
fn glue(arguments: &[&str]) -> Outcome {
    let build = ["run", "--quiet", "--package=xtask", "--features=glue", "--bin=glue", "--"];
    show(&mut cargo(build.into_iter().chain(arguments.iter().copied())))
}

fn optimise<'a>(from: &Path, to: &Path, flags: impl Iterator<Item = &'a str>) -> Outcome {
    let paths = [text(from), "-o".to_owned(), text(to)];
    let mut run = node("node_modules/binaryen/bin/wasm-opt", flags);
    read(run.args(paths)).map(drop)
}

/// The sizes of the WebAssembly in one readable line.
fn sizes(engine: &Path) -> Outcome<String> {
    let line = read(&mut node("pkg-template/build/sizes.mjs", [text(engine).as_str()]))?;
    Ok(line.trim_end().to_owned())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
