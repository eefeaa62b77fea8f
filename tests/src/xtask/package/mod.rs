//! `cargo xtask package`: what people install, from the workspace's release build.
//!
//! | file | holds |
//! | --- | --- |
//! | [`app`] | the app's packages for Linux, made by Tauri's own bundler |
//! | [`libraries`] | what those packages ask the system for |
//! | [`try_out`] | `package try`: the Debian package, installed on a clean system and started there |
//! | [`manifest`] | `package manifest`: what is published beside the installers |

mod app;
mod libraries;
mod manifest;
#[cfg(test)]
mod pieces;
mod try_out;

use std::path::{Path, PathBuf};

use visio_tests::{Result, Trouble, server_package, workspace};

pub use app::build;

const USAGE: &str = "\
usage: cargo xtask package [app|server] [--codec-from-cisco]
       cargo xtask package try [FILE.deb]
       cargo xtask package manifest FOLDER URL [TAG]";

/// Where the app has its video codec from: see docs/RELEASING.md.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// It is built in.
    BuiltIn,
    /// Whoever uses the app fetches Cisco's.
    FromCisco,
}

/// Asks for [`Codec::FromCisco`].
const FROM_CISCO: &str = "--codec-from-cisco";

/// Runs `cargo xtask package`; without a word it makes the packages of the app and of the server.
pub fn command(arguments: &[String]) -> Result<bool> {
    let words = arguments.iter().map(String::as_str);
    let (flags, words): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == FROM_CISCO);
    let codec = match flags.is_empty() {
        true => Codec::BuiltIn,
        false => Codec::FromCisco,
    };
    match words[..] {
        [] => {
            show(&app::build(codec)?)?;
            show(&[server()?])?;
        }
        ["app"] => show(&app::build(codec)?)?,
        ["server"] => show(&[server()?])?,
        ["try"] => try_out::run(&debian(&app::build(codec)?)?)?,
        ["try", file] => try_out::run(Path::new(file))?,
        ["manifest", folder, url] => manifest::write(Path::new(folder), url, None)?,
        ["manifest", folder, url, tag] => manifest::write(Path::new(folder), url, Some(tag))?,
        _ => return Err(Trouble::new(USAGE)),
    }
    Ok(true)
}

/// Names each package and says how large it is.
fn show(packages: &[PathBuf]) -> Result<()> {
    for package in packages {
        let size = std::fs::metadata(package)?.len() as f64 / 1024.0 / 1024.0;
        println!("{} ({size:.1} MiB)", package.display());
    }
    Ok(())
}

/// The Debian package among those of the app.
pub fn debian(packages: &[PathBuf]) -> Result<PathBuf> {
    let is_deb = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "deb");
    let package = packages.iter().find(is_deb);
    let package = package.ok_or_else(|| Trouble::new("the bundler made no Debian package"))?;
    Ok(package.clone())
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

/// Builds every program with the release profile, into `target/release`.
pub fn release(codec: Codec) -> Result<()> {
    let without = [
        "--no-default-features",
        "--features",
        "visio/custom-protocol",
    ];
    match codec {
        Codec::BuiltIn => build_release(&["--workspace"]),
        Codec::FromCisco => build_release(&[&["--workspace"], &without[..]].concat()),
    }
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
