//! The copy of the repository that the mutants are built in, and what its tests become there: programs that run their
//! checks one by one, as often as asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The test programs, in the order in which they are tried: the quickest to find something first.
pub const PROGRAMS: [&str; 10] = [
    "conformance",
    "document",
    "memory",
    "references",
    "model",
    "golden",
    "draws",
    "properties",
    "audit",
    "live_codes",
];

/// Copies every file that git knows or would take up, and lets files that are the same alone.
///
/// # Errors
/// A sentence that names the file.
pub fn copy(root: &Path, tree: &Path) -> Result<(), String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|reason| format!("git: {reason}"))?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rewritten = BTreeSet::new();
    for program in PROGRAMS {
        let path = PathBuf::from(format!("tests/{program}.rs"));
        modules(root, &path, &mut rewritten)?;
    }
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let from = root.join(name);
        // A file may be deleted and still be in git's list; those of `src/mechanics` and `src/rewards` are written later.
        if !from.is_file() || rewritten.contains(Path::new(name)) || is_switched(name) {
            continue;
        }
        let content = fs::read(&from).map_err(|reason| format!("{name}: {reason}"))?;
        let content = match name {
            "src/lib.rs" => with_runtime(&String::from_utf8_lossy(&content)).into_bytes(),
            "Cargo.toml" => with_programs(&String::from_utf8_lossy(&content)).into_bytes(),
            _ => content,
        };
        write(&tree.join(name), &content)?;
    }
    for name in rewritten {
        let text =
            fs::read_to_string(root.join(&name)).map_err(|reason| format!("{}: {reason}", name.display()))?;
        write(&tree.join(&name), program(&name, &text).as_bytes())?;
    }
    write(&tree.join("src/mutant.rs"), include_bytes!("runtime.rs"))
}

/// Writes a file, unless it holds this already: cargo looks at the times.
///
/// # Errors
/// A sentence that names the file.
pub fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let fail = |reason: std::io::Error| format!("{}: {reason}", path.display());
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    fs::write(path, content).map_err(fail)
}

fn is_switched(name: &str) -> bool {
    name.ends_with(".rs") && (name.starts_with("src/mechanics/") || name.starts_with("src/rewards/"))
}

fn with_runtime(library: &str) -> String {
    format!("#![allow(warnings, clippy::all)]\n{library}\npub mod mutant;\n")
}

fn with_programs(manifest: &str) -> String {
    let mut text = manifest
        .replace("[[test]]\nname = \"live_codes\"\n", "[[test]]\nname = \"live_codes\"\nharness = false\n");
    for program in PROGRAMS.iter().filter(|name| **name != "live_codes") {
        text.push_str(&format!("\n[[test]]\nname = \"{program}\"\nharness = false\n"));
    }
    // Built sooner, and fast enough.
    text.push_str("\n[profile.long.package.kfactor]\nopt-level = 1\n");
    text
}

/// A test program's file and those of its modules, from the top of the repository.
fn modules(root: &Path, path: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    if !found.insert(path.to_path_buf()) {
        return Ok(());
    }
    let text =
        fs::read_to_string(root.join(path)).map_err(|reason| format!("{}: {reason}", path.display()))?;
    for (name, given) in declared(&text) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let is_top = path.file_stem().is_some_and(|stem| stem == "mod") || folder == Path::new("tests");
        let own = if is_top { folder.to_path_buf() } else { path.with_extension("") };
        let choices = match given {
            Some(given) => vec![folder.join(given)],
            None => vec![own.join(format!("{name}.rs")), own.join(&name).join("mod.rs")],
        };
        let chosen = choices.into_iter().find(|path| root.join(path).is_file());
        modules(root, &chosen.ok_or(format!("{}: where is the module `{name}`?", path.display()))?, found)?;
    }
    Ok(())
}

/// The modules in files of their own that a text declares, with the path given to them.
fn declared(text: &str) -> Vec<(String, Option<String>)> {
    let mut path = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        if let Some(given) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            path = Some(given.to_owned());
        } else if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            found.push((name.to_owned(), path.take()));
        }
    }
    found
}

/// The text of a test as a part of a program: its tests are functions, and a function lists them as checks.
fn program(path: &Path, text: &str) -> String {
    let mut checks = String::new();
    let name = path.with_extension("").to_string_lossy().replace('/', "::");
    for (at, _) in text.match_indices("#[test]") {
        let rest = text.get(at..).unwrap_or_default();
        let test = rest.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap_or_default();
        // Cases and rounds are checks of their own; some tests are about tests.
        let apart = [
            "every_case",
            "no_loop_gives_more_than_its_rules_say_it_can",
            "a_view_needs_no_tick",
            "every_reference_agrees_over_random_commands",
        ]
        .contains(&test);
        let about_tests =
            ["fault", "reach"].iter().any(|word| test.contains(word)) && name.contains("support");
        if !apart && !about_tests {
            checks.push_str(&format!("    all.push((\"{name}::{test}\".into(), Box::new({test})));\n"));
        }
    }
    for (module, _) in declared(text) {
        checks.push_str(&format!("    all.extend({module}::mutant_checks());\n"));
    }
    let more = match name.as_str() {
        "tests::conformance" => CASES,
        "tests::support::reference::long" => ROUNDS,
        _ => "",
    };
    let start = if path.parent() == Some(Path::new("tests")) {
        "\nfn main() {\n    kfactor::mutant::main(mutant_checks());\n}\n"
    } else {
        ""
    };
    let text = text.replace("#[test]", "").replace("#![cfg(feature = \"schema\")]", "");
    let text = shortened(&text);
    format!(
        "{text}\n#[allow(unused_mut)]\npub fn mutant_checks() -> Vec<kfactor::mutant::Check> {{\n    \
         let mut all: Vec<kfactor::mutant::Check> = Vec::new();\n{checks}{more}    all\n}}\n{start}"
    )
}

/// With numbers of random cases that can be lowered.
fn shortened(text: &str) -> String {
    let mut parts = text.split("ProptestConfig { cases: ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(',').unwrap_or((part, ""));
        out.push_str(&format!("ProptestConfig {{ cases: kfactor::mutant::cases({number}),{rest}"));
    }
    out
}

const CASES: &str = r#"
    let cases_in = folder("conformance");
    for path in cases::paths(&cases_in).expect("the folder of the cases") {
        let file = std::rc::Rc::new(cases::read(&path).unwrap_or_else(|failure| panic!("{}", failure.what)));
        for (number, case) in file.cases().iter().enumerate() {
            let name = format!("{}: {}", file.name, case["name"].as_str().unwrap_or_default());
            let (file, cases_in) = (file.clone(), cases_in.clone());
            let check = move || {
                let place = format!("/cases/{number}");
                let outcome = cases::run::case(&cases_in, &file.content, &file.cases()[number], &place);
                assert!(outcome.is_ok());
                let run = cases::run::through(&cases_in, &file.content, &file.cases()[number], &place);
                if let Ok(Some(run)) = run {
                    gives_no_more("", &run);
                    needs_no_tick("", &run);
                }
            };
            all.push((name, Box::new(check)));
        }
    }
"#;

const ROUNDS: &str = r#"
    let turns = u64::from((30 / kfactor::mutant::scale()).max(2));
    for (name, make) in ALL {
        for turn in 0..turns {
            let check = move || {
                for round in turn * 10..(turn + 1) * 10 {
                    assert!(make((1 << 40) + round).differs.is_none());
                }
            };
            all.push((format!("reference of {name}, rounds from {}", turn * 10), Box::new(check)));
        }
    }
"#;
