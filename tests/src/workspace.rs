//! Where things are: the workspace's root and the folders that tests may write into.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies one folder below the workspace's root")
}

/// The build folder (`CARGO_TARGET_DIR` if set, else `target`), for caches that `cargo clean` may throw away.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, to be run in the root: the one that runs us, so that a toolchain chosen on the command line stays chosen.
///
/// What it told us about our own package is kept from it: build scripts that look at these variables (ring's) would take
/// them for a change, and everything on top of them would be built again each time xtask and plain cargo take turns.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let ours = [
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
    ];
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| ours.iter().any(|ours| name.starts_with(ours)))
        {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root());
    cargo
}
