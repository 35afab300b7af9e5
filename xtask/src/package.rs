//! `cargo xtask pkg`: the npm package, in `pkg`.

use crate::run::{Outcome, at, cargo, command, node, read, root, show, target};
use crate::{tools, wasm};
use std::path::PathBuf;

/// Builds the package; gives its folder.
pub fn build() -> Outcome<PathBuf> {
    let engine = wasm::build()?;
    let schemas = target().join("schemas");
    let paths = [schemas.to_string_lossy(), engine.to_string_lossy()];
    let build = ["run", "--quiet", "--package=xtask", "--features=schema", "--bin=schema", "--"];
    show(&mut cargo(build.into_iter().chain([&*paths[0]])))?;
    let version = env!("CARGO_PKG_VERSION");
    show(&mut node("pkg-template/build/build.mjs", [&*paths[0], &*paths[1], version]))?;
    Ok(root().join("pkg"))
}

/// Packs the package as it would be published; gives the tarball.
pub fn pack() -> Outcome<PathBuf> {
    let folder = target().join("tarball");
    tools::empty_folder(&folder)?;
    let destination = format!("--pack-destination={}", folder.display());
    let mut pack = command("npm", ["pack", "--silent", &destination]);
    let printed = read(pack.current_dir(root().join("pkg")))?;
    let name = printed.lines().last().unwrap_or_default().trim();
    Ok(folder.join(name))
}

/// Builds, packs, and installs the package for the pages of this repository, as a customer would have it.
pub fn install() -> Outcome {
    build()?;
    let tarball = pack()?;
    let place = root().join("node_modules/kfactor");
    tools::empty_folder(&place)?;
    let archive = tarball.to_string_lossy().into_owned();
    let unpack = ["-xzf", &archive, "--strip-components=1", "-C"];
    read(command("tar", unpack).arg(&place)).map(drop)?;
    link_command()?;
    std::fs::remove_file(&tarball).map_err(at(&tarball))
}

/// Makes `npx kfactor` work at the top of the repository, as npm does where somebody installs the package.
#[cfg(unix)]
fn link_command() -> Outcome {
    let link = root().join("node_modules/.bin/kfactor");
    if link.symlink_metadata().is_ok() {
        std::fs::remove_file(&link).map_err(at(&link))?;
    }
    std::os::unix::fs::symlink("../kfactor/bin/kfactor.js", &link).map_err(at(&link))
}

/// Elsewhere it is `node pkg/bin/kfactor.js`.
#[cfg(not(unix))]
fn link_command() -> Outcome {
    Ok(())
}
