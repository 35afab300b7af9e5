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
const STEPS: [Step; 17] = [
    step("fmt", "Rust is formatted", rust_format),
    step("clippy", "Rust has no warnings", clippy),
    step("rust", "Rust tests: engine, properties, server", rust_tests),
    step("docs", "examples in the documentation run", doc_tests),
    step("wasm", "the WebAssembly builds, and an old phone could load it", || wasm::build().map(drop)),
    step("pkg", "the npm package builds", || package::build().map(drop)),
    step("types", "TypeScript and JavaScript are formatted and typed", typescript),
    step("package", "tests of the package", package_tests),
    step(
        "oracles",
        "insight and credit against networkx and ChannelAttribution, if PyPI can be reached",
        oracles,
    ),
    step("publish", "publint and are-the-types-wrong on the tarball", publish_checks),
    step(
        "tarball",
        "the tarball in Node, Vite, webpack, esbuild, a classic script, and against the server",
        tarball_tests,
    ),
    step("mini", "the package and the example in mini-programs: V8, JavaScriptCore, the server", mini_tests),
    step("browser", "people playing campaigns in Chromium", browser_tests),
    step(
        "frameworks",
        "the examples in React, Vue and plain pages, in Chromium and WebKit; Deno, Bun and Workers",
        framework_tests,
    ),
    step(
        "backends",
        "reports and stores with Express, Fastify, Redis, PostgreSQL, nginx, DuckDB, SDKs",
        backends,
    ),
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
    let everything = "kfactor/schema,xtask/glue,xtask/schema,xtask/conformance,xtask/mutants";
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
        "tests/{package,browser,decoders,determinism,oracles,mini-program,frameworks,backends}/**/*.{js,mjs}",
        "examples/miniprogram/**/*.{js,json}",
        "examples/{html,next,vite-vue}/**/*.{js,vue,html,css,json}",
        "examples/backends/*.{json,mjs}",
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
        "engine.wasm.br",
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

/// Without JavaScriptCore nothing would stand for the phones that interpret WebAssembly.
fn mini_tests() -> Outcome {
    package::build()?;
    let tarball = package::pack()?;
    let folder = tools::mini_program()?;
    let jsc = tools::jsc().ok_or("JavaScriptCore's shell `jsc` is needed: libjavascriptcoregtk-4.0-bin")?;
    show(&mut cargo(["build", "--quiet", "--package=kfactor-server"]))?;
    let mut tests = node_tests("tests/mini-program/");
    tests.env("KFACTOR_TARBALL", tarball).env("KFACTOR_MINI", folder).env("JSC", jsc);
    show(tests.env("KFACTOR_SERVER", target().join("debug/kfactor-server")))
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

fn framework_tests() -> Outcome {
    demo::build()?;
    let tarball = package::pack()?;
    tools::zbar()?;
    let browser = tools::chromium()?;
    let frameworks = tools::frameworks()?;
    let (driver, webkit) = tools::webkit()?;
    let mut tests = node_tests("tests/frameworks/");
    tests.env("KFACTOR_TARBALL", tarball).env("KFACTOR_FRAMEWORKS", frameworks).env("CHROMIUM", browser);
    tests.env("WEBKIT_DRIVER", driver).env("WEBKIT_BROWSER", webkit);
    tests.env("KFACTOR_SCRATCH", target().join("package-tests"));
    show(tests.env("KFACTOR_SERVER", target().join("release/kfactor-server")))
}

/// The examples of backends with the programs of others that they are for.
fn backends() -> Outcome {
    tools::node_modules()?;
    package::install()?;
    show(&mut cargo(["build", "--quiet", "--package=kfactor-server"]))?;
    let mut tests = node_tests("tests/backends/");
    tests.env("KFACTOR_BACKENDS", tools::with_packages("examples/backends", "backends", &[])?);
    tests.env("KFACTOR_PEERS", tools::with_packages("benches/report", "report-peers", &[])?);
    let packages = root().join("examples/backends/requirements.txt");
    tests.env("KFACTOR_BACKENDS_PYTHON", tools::python(&target().join("backends-python"), &packages)?);
    tests.env("KFACTOR_SERVER", target().join("debug/kfactor-server"));
    tests
        .env("REDIS_SERVER", tools::redis()?)
        .env("NGINX", tools::nginx()?)
        .env("CHROMIUM", tools::chromium()?);
    show(tests.env("POSTGRES_BIN", tools::postgres()?))
}

/// Node's test runner on a folder. A test that hangs fails, and one that leaves something open does not keep the rest
/// from ending.
fn node_tests(folder: &str) -> Command {
    command("node", ["--test", "--test-reporter=spec", "--test-timeout=300000", "--test-force-exit", folder])
}

/// Posters that four decoders have to read, clean and as if photographed, and three more those in the default style.
fn scan() -> Outcome {
    tools::zbar()?;
    let python = tools::decoders()?;
    let folder = target().join("scan");
    tools::empty_folder(&folder)?;
    let drawn = folder.to_string_lossy().into_owned();
    show(&mut cargo(["run", "--quiet", "--package=kfactor-poster", "--example=gate", "--", &drawn, "200"]))?;
    show(&mut command(python, ["tests/decoders/gate.py", &drawn]))?;
    show(&mut cargo(["run", "--quiet", "--package=kfactor-poster", "--example=readers", "--", &drawn]))?;
    let jsqr = tools::with_packages("tests/decoders", "jsqr", &[])?.join("jsqr.mjs");
    show(&mut node(&jsqr.to_string_lossy(), [drawn.as_str()]))
}

/// The drivers of the fuzz targets on this toolchain; `cargo +nightly fuzz` runs them for longer.
fn fuzz() -> Outcome {
    let mut short = cargo(["test", "--package=kfactor", "--features=schema", "--test=fuzz_short"]);
    show(short.env("KFACTOR_FUZZ_SECONDS", "10"))
}
