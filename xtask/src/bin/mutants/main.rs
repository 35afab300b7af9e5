//! `mutants [PATTERN…] [--again] [--full]`: the mutation score of the mechanics and rewards, in minutes instead of days.
//!
//! `cargo mutants` builds the tests once for each mutant. This tool takes its list of mutants and builds them all at
//! once, each behind a switch (`switch.rs`), in a copy of the repository (`tree.rs`). Those that the compiler refuses are
//! taken out (`build.rs`). A test program then runs its checks for one mutant after the other, those only that come by
//! the mutant, up to the first that fails (`run.rs`).
//!
//! `--again` tries only those that were not caught last time; `--full` runs the tests as long as `cargo test` does. What
//! became of each mutant is written to `target/mutants/fates.tsv`.

mod build;
mod list;
mod run;
mod switch;
mod tree;

use build::Built;
use list::Mutant;
use run::Fate;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is asked for if no pattern is given.
const WHERE: [&str; 2] = ["src/mechanics/**", "src/rewards/**"];

/// By how much the tests are shortened for the first pass.
const SHORT: u32 = 40;

/// Programs at work at the same time.
const WORKERS: usize = 2;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match measure(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("mutants: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn measure(words: &[String]) -> Result<(), String> {
    let (options, patterns): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    let has = |name: &str| options.iter().any(|option| *option == name);
    let mut patterns: Vec<String> = patterns.into_iter().cloned().collect();
    if patterns.is_empty() {
        patterns.extend(WHERE.map(str::to_owned));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap_or(here);
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |chosen| root.join(chosen));
    let (place, tree) = (target.join("mutants"), target.join("mutants/tree"));
    let mutants = list::list(root, &patterns)?;
    println!("{} mutants", mutants.len());
    tree::copy(root, &tree)?;
    let built = build::build(root, &tree, &target, &mutants, has("--again"))?;
    println!("{} do not compile, {} cannot be switched", built.unviable.len(), built.left_out.len());

    let fates_file = place.join("fates.tsv");
    let last = if has("--again") { read_fates(&fates_file) } else { BTreeMap::new() };
    let mut fates: BTreeMap<usize, Fate> = BTreeMap::new();
    for (number, mutant) in mutants.iter().enumerate() {
        if let (Some(check), false) = (last.get(&mutant.name), built.unviable.contains(&number)) {
            fates.insert(number, Fate::Caught(check.clone()));
        }
    }
    let viable = |number: &usize| {
        let Built { unviable, left_out, same } = &built;
        !unviable.contains(number) && !left_out.contains_key(number) && !same.contains(number)
    };
    let mut left: Vec<usize> =
        (0..mutants.len()).filter(viable).filter(|number| !fates.contains_key(number)).collect();
    let scale = if has("--full") { 1 } else { SHORT };
    for name in tree::PROGRAMS {
        let program = build::program(&tree, &target, name)?;
        let baseline = place.join(format!("{name}.{scale}.tsv"));
        run::baseline(&program, &baseline, scale)?;
        let found = in_parallel(&program, &baseline, scale, &left)?;
        for (number, fate) in found {
            // Whoever was reached once stays so.
            let worse = fate == Fate::Unreached && fates.contains_key(&number);
            if !worse {
                fates.insert(number, fate);
            }
        }
        left.retain(|number| !matches!(fates.get(number), Some(Fate::Caught(_))));
        println!("after {name}: {} are left", left.len());
        write_fates(&fates_file, &mutants, &fates, &built)?;
    }
    report(&mutants, &fates, &built);
    Ok(())
}

fn in_parallel(
    program: &Path,
    baseline: &Path,
    scale: u32,
    numbers: &[usize],
) -> Result<BTreeMap<usize, Fate>, String> {
    std::thread::scope(|scope| {
        let share = |worker: usize| numbers.iter().copied().skip(worker).step_by(WORKERS).collect::<Vec<_>>();
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || run::mutants(program, baseline, scale, &share(worker))))
            .collect();
        let mut all = BTreeMap::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a worker ended")??);
        }
        Ok(all)
    })
}

/// Those that were caught last time, with the check.
fn read_fates(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let caught = text.lines().filter_map(|line| line.strip_prefix("caught\t"));
    caught
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, check)| (name.to_owned(), check.to_owned()))
        .collect()
}

fn write_fates(
    file: &Path,
    mutants: &[Mutant],
    fates: &BTreeMap<usize, Fate>,
    built: &Built,
) -> Result<(), String> {
    let mut text = String::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let (word, more) = match fates.get(&number) {
            _ if built.unviable.contains(&number) => ("unviable", ""),
            _ if built.same.contains(&number) => ("the same", ""),
            Some(Fate::Caught(check)) => ("caught", check.as_str()),
            Some(Fate::Survived) => ("survived", ""),
            Some(Fate::Unreached) => ("unreached", ""),
            None => ("left out", built.left_out.get(&number).map_or("", String::as_str)),
        };
        text.push_str(&format!("{word}\t{}\t{more}\n", mutant.name));
    }
    tree::write(file, text.as_bytes())
}

fn report(mutants: &[Mutant], fates: &BTreeMap<usize, Fate>, built: &Built) {
    let mut files: BTreeMap<PathBuf, [usize; 2]> = BTreeMap::new();
    let files_all: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
    let (mut caught, mut tried) = (0usize, 0usize);
    for (number, fate) in fates {
        let Some(mutant) = mutants.get(*number) else { continue };
        let counts = files.entry(PathBuf::from(&mutant.file)).or_default();
        tried += 1;
        counts[1] += 1;
        if matches!(fate, Fate::Caught(_)) {
            caught += 1;
            counts[0] += 1;
        } else {
            println!("{}: {}", if *fate == Fate::Survived { "survived " } else { "unreached" }, mutant.name);
        }
    }
    println!();
    for (file, [caught, tried]) in &files {
        println!("{:40} {caught} of {tried} caught", file.display());
    }
    let permille = (caught * 1_000).checked_div(tried).unwrap_or(0);
    println!(
        "\n{} mutants in {} files: {} do not compile, {} say the same, {} cannot be switched; {caught} of {tried} caught, {}.{} %",
        mutants.len(),
        files_all.len(),
        built.unviable.len(),
        built.same.len(),
        built.left_out.len(),
        permille / 10,
        permille % 10
    );
}
