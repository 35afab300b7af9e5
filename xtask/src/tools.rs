//! The tools the build needs, installed when they are missing.

use crate::run::{Outcome, at, command, is_fresh, read, root, show};
use std::path::{Path, PathBuf};

/// The compiler's standard library for WebAssembly.
pub fn wasm_target() -> Outcome {
    const NAME: &str = "wasm32-unknown-unknown";
    let folder = read(&mut command("rustc", ["--print", "target-libdir", "--target", NAME]))?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    show(&mut command("rustup", ["target", "add", NAME]))
        .map_err(|reason| format!("{reason}\nthe Rust target {NAME} is missing, and rustup could not add it"))
}

/// The program of the compiler's own tools that puts together what instrumented programs counted.
pub fn profdata() -> Outcome<PathBuf> {
    let folder = read(&mut command("rustc", ["--print", "target-libdir"]))?;
    let program = Path::new(folder.trim()).with_file_name("bin").join("llvm-profdata");
    if !program.is_file() {
        show(&mut command("rustup", ["component", "add", "llvm-tools"]))?;
    }
    Ok(program)
}

/// The npm packages of the top-level lock file, in `node_modules`.
pub fn node_modules() -> Outcome {
    let folder = root();
    let lock = folder.join("package-lock.json");
    // npm writes this file last, so it says when an installation was completed.
    if is_fresh(&folder.join("node_modules/.package-lock.json"), &[lock]) {
        return Ok(());
    }
    read(&mut command("node", ["--version"]))
        .map_err(|_| "Node 20.14 or newer is needed: https://nodejs.org".to_owned())?;
    let mut install = command("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    show(install.current_dir(folder))
}

/// What only the tests of mini-programs need, in `target/mini`: Tencent's packer brings more than a thousand packages along.
pub fn mini_program() -> Outcome<PathBuf> {
    with_packages("tests/mini-program", "mini", &["--ignore-scripts"])
}

/// A Chromium, for the tests that open pages: `$CHROMIUM`, or the system's.
pub fn chromium() -> Outcome<PathBuf> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if let Some(chosen) = std::env::var_os("CHROMIUM") {
        return Ok(chosen.into());
    }
    if let Some(found) = NAMES.into_iter().find_map(on_path) {
        return Ok(found);
    }
    install_with_apt("chromium")?;
    on_path("chromium").ok_or_else(|| "Chromium was installed but is not on the PATH".to_owned())
}

/// zbar's command line, the independent decoder that reads QR codes from screenshots.
pub fn zbar() -> Outcome {
    if on_path("zbarimg").is_some() { Ok(()) } else { install_with_apt("zbar-tools") }
}

/// Python with the decoders that read posters, in a folder of their own; and fonts for Chinese and emoji.
pub fn decoders() -> Outcome<PathBuf> {
    let folder = crate::run::target().join("decoders");
    for (wanted, package) in [(":lang=zh", "fonts-noto-cjk"), (":lang=und-zsye", "fonts-noto-color-emoji")] {
        if !read(&mut command("fc-list", [wanted])).is_ok_and(|fonts| !fonts.trim().is_empty()) {
            install_with_apt(package)?;
        }
    }
    python(&folder, &root().join("tests/decoders/requirements.txt"))
}

/// Python with the packages of a list, in a folder of its own; gives the interpreter.
pub fn python(folder: &Path, wanted: &Path) -> Outcome<PathBuf> {
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    if is_fresh(&done, &[wanted.to_owned()]) {
        return Ok(python);
    }
    let make = |place: &Path| read(command("python3", ["-m", "venv", "--clear"]).arg(place)).map(drop);
    make(folder).or_else(|_| install_with_apt("python3-venv").and_then(|()| make(folder)))?;
    read(command(&python, ["-m", "pip", "install", "--quiet", "-r"]).arg(wanted))?;
    std::fs::write(&done, "").map_err(at(&done))?;
    Ok(python)
}

/// A copy of a folder that has a manifest and a lock file, with its npm packages installed, at `target/NAME`.
pub fn with_packages(folder: &str, name: &str, options: &[&str]) -> Outcome<PathBuf> {
    let (from, to) = (root().join(folder), crate::run::target().join(name));
    std::fs::create_dir_all(&to).map_err(at(&to))?;
    for entry in std::fs::read_dir(&from).map_err(at(&from))? {
        let path = entry.map_err(at(&from))?.path();
        if let (true, Some(file)) = (path.is_file(), path.file_name()) {
            std::fs::copy(&path, to.join(file)).map_err(at(&path))?;
        }
    }
    let (done, lock) = (to.join("node_modules/.package-lock.json"), from.join("package-lock.json"));
    if !is_fresh(&done, &[lock]) {
        let mut install = command("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        show(install.args(options).current_dir(&to))?;
    }
    Ok(to)
}

/// Redis, for the tests of a store on it.
pub fn redis() -> Outcome<PathBuf> {
    daemon("redis-server", "redis-server")
}

/// nginx, for the tests of it as a collector.
pub fn nginx() -> Outcome<PathBuf> {
    daemon("nginx", "nginx-light")
}

/// The folder of PostgreSQL's programs: `$POSTGRES_BIN`, or the newest of Debian's, which are not on the PATH.
pub fn postgres() -> Outcome<PathBuf> {
    if let Some(chosen) = std::env::var_os("POSTGRES_BIN") {
        return Ok(chosen.into());
    }
    newest_postgres().map_or_else(
        || {
            install_with_apt("postgresql")?;
            newest_postgres()
                .ok_or_else(|| "PostgreSQL was installed but is not in /usr/lib/postgresql".to_owned())
        },
        Ok,
    )
}

fn newest_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let mut complete: Vec<_> = folders.filter(|folder| folder.join("initdb").is_file()).collect();
    complete.sort();
    complete.pop()
}

/// A program that Debian keeps for administrators, whose PATH a user may not have.
fn daemon(program: &str, package: &str) -> Outcome<PathBuf> {
    let find = || {
        let usual = Path::new("/usr/sbin").join(program);
        on_path(program).or_else(|| usual.is_file().then_some(usual))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    install_with_apt(package)?;
    find().ok_or_else(|| format!("{package} was installed but `{program}` is not on the PATH"))
}

/// JavaScriptCore's shell, which stands for the phones whose WebAssembly is interpreted; `None` where this
/// system does not have it.
pub fn jsc() -> Option<PathBuf> {
    on_path("jsc").or_else(|| {
        install_with_apt("libjavascriptcoregtk-4.0-bin").ok()?;
        on_path("jsc")
    })
}

/// The frameworks and runtimes that only `tests/frameworks` needs.
pub fn frameworks() -> Outcome<PathBuf> {
    with_packages("tests/frameworks/tools", "frameworks", &[])
}

/// WebKit's driver and a browser of it, and a screen that nobody sees: the engine of every browser on iOS.
pub fn webkit() -> Outcome<(PathBuf, PathBuf)> {
    let browser = || {
        let libraries = ["/usr/lib", "/usr/libexec", "/usr/lib64"].into_iter().map(PathBuf::from);
        let machine = PathBuf::from(format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH));
        let folders = std::iter::once(machine).chain(libraries);
        let places = folders.flat_map(|folder| {
            ["webkit2gtk-4.1", "webkit2gtk-4.0"].map(|name| folder.join(name).join("MiniBrowser"))
        });
        places.into_iter().find(|path| path.is_file())
    };
    let missing = || "WebKit was installed but cannot be found".to_owned();
    if on_path("Xvfb").is_none() {
        install_with_apt("xvfb")?;
    }
    if on_path("WebKitWebDriver").is_none() || browser().is_none() {
        install_with_apt("webkit2gtk-driver")?;
    }
    Ok((on_path("WebKitWebDriver").ok_or_else(missing)?, browser().ok_or_else(missing)?))
}

/// Removes a folder and makes it again, empty.
pub fn empty_folder(path: &Path) -> Outcome {
    if path.exists() {
        std::fs::remove_dir_all(path).map_err(at(path))?;
    }
    std::fs::create_dir_all(path).map_err(at(path))
}

fn install_with_apt(package: &str) -> Outcome {
    let advice = format!("`{package}` is needed: install it with your system's package manager");
    let is_root = read(&mut command("id", ["-u"])).is_ok_and(|id| id.trim() == "0");
    if !is_root || on_path("apt-get").is_none() {
        return Err(advice);
    }
    let install = ["install", "-y", "--no-install-recommends", package];
    let mut attempt = command("apt-get", install);
    // Installed programs are for tests. At runlevel 1 a Debian without systemd, as in containers, does not start them.
    attempt.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    if read(&mut attempt).is_ok() {
        return Ok(());
    }
    read(&mut command("apt-get", ["update"])).and_then(|_| read(&mut attempt)).map(drop).map_err(|_| advice)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}
