//! `cargo xtask test` and `cargo xtask lint`: every check as a named step.

use crate::run::{Outcome, cargo, command, node, root, show, target};
use crate::{demo, package, tools, wasm};
use std::process::Command;
use std::time::Instant;

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Outcome,
}

const fn step(name: &'static str, what: &'static str, run: fn() -> Outcome) -> Step {
    Step { name, what, run }
}

/// In this order; the first that fails ends the run.
const STEPS: [Step; 14] = [
    step("fmt", "Rust is formatted", rust_format),
    step("clippy", "Rust has no warnings", clippy),
    step("rust", "Rust tests: engine, properties, server", rust_tests),
    step("docs", "examples in the documentation run", doc_tests),
    step("wasm", "the WebAssembly builds, and an old phone could load it", || wasm::build().map(drop)),
    step("pkg", "the npm package builds", || package::build().map(drop)),
    step("types", "TypeScript and JavaScript are formatted and typed", typescript),
    step("package", "tests of the package", package_tests),
    step("oracles", "trees of insight against networkx, if PyPI can be reached", oracles),
    step("publish", "publint and are-the-types-wrong on the tarball", publish_checks),
    step(
        "tarball",
        "the tarball in Node, Vite, webpack, esbuild, a classic script, and against the server",
        tarball_tests,
    ),
    step("browser", "people playing campaigns in Chromium", browser_tests),
    step("scan", "decoders of others read every poster and random styles, clean and photographed", scan),
    step("fuzz", "one minute of fuzzing", fuzz),
];

/// Runs every step, or those named.
pub fn test(arguments: &[String]) -> Outcome {
    if arguments.iter().any(|argument| argument == "--list") {
        for step in &STEPS {
            println!("{:8}  {}", step.name, step.what);
        }
        return Ok(());
    }
    let chosen: Vec<&Step> = if arguments.is_empty() {
        STEPS.iter().collect()
    } else {
        let find = |name: &String| STEPS.iter().find(|step| step.name == name.as_str());
        let named =
            arguments.iter().map(|name| find(name).ok_or(format!("there is no step `{name}`; see --list")));
        named.collect::<Outcome<_>>()?
    };
    run(&chosen)
}

/// Formatting, warnings and types: what is quick to find out.
pub fn lint() -> Outcome {
    let quick: Vec<&Step> =
        STEPS.iter().filter(|step| ["fmt", "clippy", "pkg", "types"].contains(&step.name)).collect();
    run(&quick)
}

fn run(steps: &[&Step]) -> Outcome {
    let begin = Instant::now();
    for (done, step) in steps.iter().enumerate() {
        println!("── {}: {}", step.name, step.what);
        let start = Instant::now();
        if let Err(reason) = (step.run)() {
            println!("── {done} passed, 1 failed: {}", step.name);
            return Err(reason);
        }
        println!("── {}: ok, {:.1} s\n", step.name, start.elapsed().as_secs_f64());
    }
    println!("── {} passed, 0 failed, {:.0} s", steps.len(), begin.elapsed().as_secs_f64());
    Ok(())
}

fn rust_format() -> Outcome {
    show(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    let everything = "kfactor/schema,xtask/glue,xtask/schema,xtask/conformance";
    show(&mut cargo([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--features",
        everything,
        "--",
        "-Dwarnings",
    ]))?;
    tools::wasm_target()?;
    let target = "--target=wasm32-unknown-unknown";
    show(&mut cargo([
        "clippy",
        "--quiet",
        "--package=kfactor",
        "--features=wasm",
        target,
        "--",
        "-Dwarnings",
    ]))?;
    let page = ["--no-default-features", "--features=wasm", target, "--", "-Dwarnings"];
    show(&mut cargo(["clippy", "--quiet", "--package=kfactor"].into_iter().chain(page)))
}

fn rust_tests() -> Outcome {
    show(&mut cargo(["test", "--workspace", "--features=kfactor/schema", "--all-targets", "--exclude=xtask"]))
}

fn doc_tests() -> Outcome {
    show(&mut cargo(["test", "--doc", "--package=kfactor", "--package=kfactor-json", "--package=kfactor-qr"]))
}

fn typescript() -> Outcome {
    tools::node_modules()?;
    let compiler = "node_modules/typescript/bin/tsc";
    show(&mut node(compiler, ["--project", "pkg-template", "--noEmit", "--emitDeclarationOnly", "false"]))?;
    package::install()?;
    show(&mut node("www/types.mjs", []))?;
    let patterns = [
        "--check",
        "--log-level=warn",
        "package.json",
        "pkg-template/**/*.{ts,js,mjs,json}",
        "!pkg-template/src/generated",
        "tests/{package,browser,determinism,oracles}/**/*.{js,mjs}",
        "www/src/**/*.{ts,vue,css}",
        "www/*.{ts,mjs,json,html}",
    ];
    show(&mut node("node_modules/prettier/bin/prettier.cjs", patterns))
}

fn package_tests() -> Outcome {
    package::build()?;
    show(&mut node("pkg-template/test/run.mjs", []))
}

fn oracles() -> Outcome {
    package::install()?;
    show(&mut node("tests/oracles/run.mjs", []))
}

fn publish_checks() -> Outcome {
    package::build()?;
    let tarball = package::pack()?;
    let path = tarball.to_string_lossy();
    show(&mut node("node_modules/publint/src/cli.js", ["run", &*path, "--strict"]))?;
    // The WebAssembly has no types, and `node10` knows no exports.
    let options = [
        "--profile",
        "node16",
        "--exclude-entrypoints",
        "engine.wasm",
        "complete.wasm",
        "--format",
        "table-flipped",
    ];
    let checker = "node_modules/@arethetypeswrong/cli/dist/index.js";
    show(&mut node(checker, [&*path].into_iter().chain(options)))
}

fn tarball_tests() -> Outcome {
    package::build()?;
    let tarball = package::pack()?;
    tools::zbar()?;
    let browser = tools::chromium()?;
    show(&mut cargo(["build", "--quiet", "--package=kfactor-server"]))?;
    let mut tests = node_tests("tests/package/");
    tests.env("KFACTOR_TARBALL", tarball).env("CHROMIUM", browser);
    tests.env("KFACTOR_SERVER", target().join("debug/kfactor-server"));
    show(tests.env("KFACTOR_SCRATCH", target().join("package-tests")))
}

fn browser_tests() -> Outcome {
    if !root().join("tests/browser").is_dir() {
        println!("there is no tests/browser");
        return Ok(());
    }
    demo::build()?;
    tools::zbar()?;
    let browser = tools::chromium()?;
    let mut tests = node_tests("tests/browser/");
    if let Some(jsc) = tools::jsc() {
        tests.env("JSC", jsc);
    }
    show(tests.env("CHROMIUM", browser).env("KFACTOR_SERVER", target().join("release/kfactor-server")))
}

/// Node's test runner on a folder. A test that hangs fails, and one that leaves something open does not keep the rest
/// from ending.
fn node_tests(folder: &str) -> Command {
    command("node", ["--test", "--test-reporter=spec", "--test-timeout=300000", "--test-force-exit", folder])
}

/// Posters that three decoders have to read; a fourth, rxing, has read them back when they were drawn.
fn scan() -> Outcome {
    tools::zbar()?;
    let python = tools::decoders()?;
    let folder = target().join("scan");
    tools::empty_folder(&folder)?;
    let drawn = folder.to_string_lossy().into_owned();
    show(&mut cargo(["run", "--quiet", "--package=kfactor-poster", "--example=gate", "--", &drawn, "200"]))?;
    show(&mut command(python, ["tests/decoders/gate.py", &drawn]))
}

/// The drivers of the fuzz targets on this toolchain; `cargo +nightly fuzz` runs them for longer.
fn fuzz() -> Outcome {
    let mut short = cargo(["test", "--package=kfactor", "--features=schema", "--test=fuzz_short"]);
    show(short.env("KFACTOR_FUZZ_SECONDS", "10"))
}
