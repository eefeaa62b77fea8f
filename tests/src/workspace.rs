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
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}
