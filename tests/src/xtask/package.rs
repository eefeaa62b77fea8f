//! `cargo xtask package`: the Debian packages of the app, made by Tauri's own bundler, and of the server, both from the
//! workspace's release build.

use std::path::PathBuf;
use std::process::Command;

use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, server_package, workspace};

/// The bundler, from npm, where it comes ready-made; its version follows that of the `tauri` crate.
const BUNDLER: &str = "@tauri-apps/cli@2.12.5";

/// Runs `cargo xtask package [app|server]`; without a word, both.
pub fn command(arguments: &[String]) -> Result<bool> {
    let packages: &[fn() -> Result<PathBuf>] = match arguments {
        [] => &[build, server],
        [word] if word == "app" => &[build],
        [word] if word == "server" => &[server],
        _ => return Err(Trouble::new("usage: cargo xtask package [app|server]")),
    };
    for package in packages {
        let package = package()?;
        let size = std::fs::metadata(&package)?.len() as f64 / 1024.0 / 1024.0;
        println!("{} ({size:.1} MiB)", package.display());
    }
    Ok(true)
}

/// Builds the server's package and gives its path. The server alone is built: where it is hosted there is no window.
fn server() -> Result<PathBuf> {
    build_release(&["--package", "visio-server"])?;
    let release = workspace::target().join("release");
    let into = release.join("bundle/server");
    server_package::build(
        &release.join("visio-server"),
        env!("CARGO_PKG_VERSION"),
        &into,
    )
}

/// Builds the app's package and gives its path.
pub fn build() -> Result<PathBuf> {
    let folder = workspace::target().join("release/bundle/deb");
    // Packages of other versions would be taken for this one.
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder).during(folder.display())?;
    }
    release()?;
    // `bundle` packs what was built; `build` would build it again, with features of its own.
    let mut bundler = Command::new("npx");
    bundler
        .args(["--yes", BUNDLER, "bundle", "--bundles", "deb"])
        .current_dir(workspace::root().join("src-tauri"));
    let status = bundler
        .status()
        .during("starting npx, which comes with Node.js (cargo xtask setup test)")?;
    if !status.success() {
        return Err(Trouble::new(
            "The bundler did not succeed; what it says above is the reason.",
        ));
    }
    let files = std::fs::read_dir(&folder)
        .during(folder.display())?
        .flatten()
        .map(|entry| entry.path());
    let package = files
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    package.ok_or_else(|| Trouble::new("the bundler made no package"))
}

/// Builds every program with the release profile, into `target/release`.
pub fn release() -> Result<()> {
    build_release(&["--workspace"])
}

fn build_release(what: &[&str]) -> Result<()> {
    let status = workspace::cargo()
        .args(["build", "--release", "--bins", "--locked"])
        .args(what)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(Trouble::new(
            "The build did not succeed; what it says above is the reason.",
        ))
    }
}
