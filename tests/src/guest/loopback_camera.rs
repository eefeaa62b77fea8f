//! v4l2loopback for the guest's kernel: a camera whose pictures a program supplies. The only way to a V4L2 device that
//! gives MJPEG, as most real webcams do and the kernel's own test camera does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, Trouble};

use super::kernel::{Kernel, dependency_of, run, unpack};

/// The module's sources, as the system packages them.
const SOURCE_PACKAGE: &str = "v4l2loopback-dkms";

/// Builds the module for the guest's kernel, once, and gives its file. Needs make and the compiler that built the kernel.
pub fn module() -> Result<PathBuf> {
    let cache = super::cache()?;
    let kernel = Kernel::prepare()?;
    let module = cache.join(format!("v4l2loopback-{}.ko", kernel.version()));
    if module.is_file() {
        return Ok(module);
    }
    let tree = cache.join("headers");
    if !tree.is_dir() {
        let unpacking = cache.join("headers.unpacking");
        let headers = format!("linux-headers-{}", kernel.version());
        let common = dependency_of(&headers, "linux-headers-")?;
        let build_tools = dependency_of(&headers, "linux-kbuild-")?;
        for package in [headers.as_str(), &common, &build_tools, SOURCE_PACKAGE] {
            unpack(package, &cache, &unpacking)?;
        }
        std::fs::rename(&unpacking, &tree)?;
    }
    let headers = tree
        .join("usr/src")
        .join(format!("linux-headers-{}", kernel.version()));
    point_into(&tree, &headers)?;
    let source = source_in(&tree)?;
    let mut make = Command::new("make");
    make.arg("-C")
        .arg(&headers)
        .arg(format!("M={}", source.display()))
        .arg("modules");
    run(&mut make)?;
    std::fs::copy(source.join("v4l2loopback.ko"), &module)?;
    Ok(module)
}

fn source_in(tree: &Path) -> Result<PathBuf> {
    let folders = std::fs::read_dir(tree.join("usr/src"))?
        .flatten()
        .map(|entry| entry.path());
    let is_source = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("v4l2loopback-"))
    };
    folders
        .into_iter()
        .find(is_source)
        .ok_or_else(|| Trouble::new("the v4l2loopback package holds no sources"))
}

/// The header packages expect to lie in `/usr/src` and `/usr/lib`: makes what they point to lie below `tree` instead.
fn point_into(tree: &Path, headers: &Path) -> Result<()> {
    for file in ["Makefile", ".kernelvariables"] {
        let path = headers.join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let prefix = tree.display().to_string();
        if !text.contains(&prefix) {
            let moved = ["/usr/src/", "/usr/lib/"]
                .iter()
                .fold(text, |text, folder| {
                    text.replace(folder, &format!("{prefix}{folder}"))
                });
            std::fs::write(&path, moved)?;
        }
    }
    point_links_into(tree, headers)
}

#[cfg(unix)]
fn point_links_into(tree: &Path, headers: &Path) -> Result<()> {
    for entry in std::fs::read_dir(headers)?.flatten() {
        let Ok(target) = std::fs::read_link(entry.path()) else {
            continue;
        };
        if let Ok(inside) = target.strip_prefix("/usr") {
            std::fs::remove_file(entry.path())?;
            std::os::unix::fs::symlink(tree.join("usr").join(inside), entry.path())?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn point_links_into(_: &Path, _: &Path) -> Result<()> {
    Err(Trouble::new("the guest runs on Linux only"))
}
