//! The app's packages for Linux, a Debian one and an RPM, made by Tauri's own bundler from the workspace's release build.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, workspace};

use super::{Codec, libraries, release};

/// The bundler, from npm, where it comes ready-made; its version follows that of the `tauri` crate.
pub const BUNDLER: &str = "@tauri-apps/cli@2.12.5";

/// What is made: the bundler's word for it is its folder's name and the ending of the files.
const KINDS: [&str; 2] = ["deb", "rpm"];

/// Builds the app and its packages, and gives the packages' paths.
pub fn build(codec: Codec) -> Result<Vec<PathBuf>> {
    release(codec)?;
    let folder = workspace::target().join("release");
    // Packages of other versions would be taken for this one.
    for kind in KINDS {
        let former = folder.join("bundle").join(kind);
        if former.is_dir() {
            std::fs::remove_dir_all(&former).during(former.display())?;
        }
    }
    bundle(&folder.join("visio"))?;
    KINDS
        .iter()
        .map(|kind| made(&folder.join("bundle").join(kind), kind))
        .collect()
}

/// Packs what was built; the bundler's own `build` would build it again, with features of its own.
fn bundle(program: &Path) -> Result<()> {
    let needs = json!({ "bundle": { "linux": {
        "deb": { "depends": libraries::debian(program)? },
        "rpm": { "depends": libraries::rpm(program)? },
    } } });
    let mut bundler = Command::new("npx");
    bundler
        .args(["--yes", BUNDLER, "bundle", "--bundles", &KINDS.join(",")])
        .args(["--config", &needs.to_string()])
        .current_dir(workspace::root().join("src-tauri"));
    let status = bundler
        .status()
        .during("starting npx, which comes with Node.js (cargo xtask setup test)")?;
    if status.success() {
        return Ok(());
    }
    Err(Trouble::new(
        "The bundler did not succeed; what it says above is the reason.",
    ))
}

fn made(folder: &Path, kind: &str) -> Result<PathBuf> {
    let files = std::fs::read_dir(folder).during(folder.display())?;
    let mut files = files.flatten().map(|entry| entry.path());
    let package = files.find(|path| path.extension().is_some_and(|extension| extension == kind));
    package.ok_or_else(|| Trouble::new(format!("the bundler made no .{kind}")))
}
