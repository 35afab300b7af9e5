//! Runs a test program with one mutant after the other, and notes what became of each.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// This check failed, ended the program, or did not end.
    Caught(String),
    /// Every check that comes by it passed.
    Survived,
    /// No check comes by it.
    Unreached,
}

/// Memory of one test program, in kilobytes: mutants may fill any.
const MEMORY: &str = "3000000";

/// Runs every check once without a mutant and writes down what it takes and reaches.
///
/// # Errors
/// A check fails.
pub fn baseline(program: &Path, file: &Path, scale: u32) -> Result<(), String> {
    let mut run = prepared(program, scale);
    let output = run.arg("baseline").arg(file).output().map_err(|reason| reason.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let (out, messages) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{}: {out}{messages}", program.display()))
}

/// Runs the program for each mutant.
///
/// # Errors
/// The program cannot be started.
pub fn mutants(
    program: &Path,
    baseline: &Path,
    scale: u32,
    numbers: &[usize],
) -> Result<BTreeMap<usize, Fate>, String> {
    let mut fates = BTreeMap::new();
    let mut left = numbers.to_vec();
    while !left.is_empty() {
        let mut child = prepared(program, scale)
            .arg("run")
            .arg(baseline)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|reason| format!("{}: {reason}", program.display()))?;
        let mut orders = child.stdin.take().ok_or("no input")?;
        let list: String = left.iter().map(|number| format!("{number}\n")).collect();
        // A program that ends early does not read all of it.
        let writer = std::thread::spawn(move || drop(orders.write_all(list.as_bytes())));
        let mut current = None;
        let before = fates.len();
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        for line in lines.map_while(Result::ok) {
            let Some((word, rest)) = line.strip_prefix('@').and_then(|line| line.split_once(' ')) else {
                continue;
            };
            let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let Ok(number) = number.parse::<usize>() else { continue };
            let fate = match word {
                "begin" => {
                    current = Some(number);
                    continue;
                }
                "caught" => Fate::Caught(name.to_owned()),
                "hangs" => Fate::Caught("does not end".to_owned()),
                "survived" => Fate::Survived,
                _ => Fate::Unreached,
            };
            fates.insert(number, fate);
            current = None;
        }
        let _ = child.wait();
        let _ = writer.join();
        if let Some(number) = current {
            fates.insert(number, Fate::Caught("the program ends".to_owned()));
        }
        if fates.len() == before {
            return Err(format!("{} does nothing", program.display()));
        }
        left.retain(|number| !fates.contains_key(number));
    }
    Ok(fates)
}

fn prepared(program: &Path, scale: u32) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY} -s 16384; exec \"$0\" \"$@\"")]).arg(program);
    // Not the repository: tests leave notes about what failed beside their sources.
    command.current_dir(program.parent().unwrap_or(Path::new(".")));
    command.env("MUTANTS_SCALE", scale.to_string());
    command.env("PROPTEST_RNG_SEED", "7").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    command.env("KFACTOR_ENTRIES", "2000");
    command
}
