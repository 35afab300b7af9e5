//! Running other programs, and knowing when there is nothing to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// What a step answers: nothing, or a sentence that says what went wrong.
pub type Outcome<T = ()> = Result<T, String>;

/// The top of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(chosen) => root().join(chosen),
        None => root().join("target"),
    }
}

/// A command that runs at the top of the repository.
pub fn command<I, S>(program: impl AsRef<std::ffi::OsStr>, arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// `cargo` with the toolchain this program was built by.
pub fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(program, arguments)
}

/// A program of `node_modules/.bin`, or a script of ours, run by Node.
pub fn node<'a>(script: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = command("node", [root().join(script)]);
    command.args(arguments);
    command
}

/// Runs a command with its output shown as it comes.
pub fn show(command: &mut Command) -> Outcome {
    let name = name_of(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` ended with {status}")),
        Err(reason) => Err(format!("`{name}` could not be started: {reason}")),
    }
}

/// Runs a command and gives what it printed; its own messages are shown only when it fails.
pub fn read(command: &mut Command) -> Outcome<String> {
    let name = name_of(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|reason| format!("`{name}` could not be started: {reason}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name}` ended with {}\n{text}{messages}", output.status))
}

/// Whether `product` exists and is not older than any of `sources`.
pub fn is_fresh(product: &Path, sources: &[PathBuf]) -> bool {
    let Some(made) = changed(product) else { return false };
    sources.iter().all(|source| changed(source).is_some_and(|time| time <= made))
}

/// Turns an I/O error into a sentence that names the file.
pub fn at(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |reason| format!("{}: {reason}", path.display())
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn name_of(command: &Command) -> String {
    let mut name = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args().take(4) {
        name.push(' ');
        name.push_str(&argument.to_string_lossy());
    }
    name
}
