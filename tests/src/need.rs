//! What a scenario needs from the machine, and what to install where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Binaries, stranger};

/// Something that a scenario cannot do without. A scenario whose needs are not met is skipped, loudly.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// An executable on the search path, and the Debian package that brings it.
    Program(&'static str, &'static str),
    /// A file that must exist, and the Debian package that brings it.
    File(&'static str, &'static str),
    /// One of Visio's own programs, which `cargo test` of this crate alone does not build.
    Own(&'static str),
    /// An operating system, as `std::env::consts::OS` names it: what no package can bring.
    System(&'static str),
    /// A WebRTC of another family, in Python: see [`stranger`].
    Stranger,
    /// The rights of the superuser, as in a container or with `sudo`: to make networks on this machine.
    Root,
}

impl Need {
    /// `None` when it is there; else why the scenario cannot run and what would help.
    pub fn missing(&self) -> Option<String> {
        match *self {
            Self::Program(name, package) => find_program(name)
                .is_none()
                .then(|| format!("needs {name}: apt-get install {package}")),
            Self::File(path, package) => (!Path::new(path).exists())
                .then(|| format!("needs {path}: apt-get install {package}")),
            Self::Own(name) => Binaries::beside_me()
                .and_then(|binaries| binaries.path(name))
                .err()
                .map(|trouble| trouble.to_string()),
            Self::System(os) => (std::env::consts::OS != os).then(|| format!("runs on {os} only")),
            Self::Stranger => (!stranger::is_installed())
                .then(|| "needs aiortc (Python): cargo xtask setup test".to_owned()),
            Self::Root => {
                (!am_root()).then(|| "needs root: run it as root, as with sudo".to_owned())
            }
        }
    }
}

/// Why a scenario with these needs cannot run here: everything that is missing, or `None`.
pub fn missing(needs: &[Need]) -> Option<String> {
    let missing: Vec<String> = needs.iter().filter_map(Need::missing).collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}

/// Looks for an executable as a shell would, and in the `sbin` folders that a plain user's path leaves out.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|candidate| candidate.is_file())
}

/// Whether this process may do everything.
pub fn am_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_package_that_brings_it() {
        let reason = missing(&[Need::Program("no-such-program", "some-package")]);
        assert_eq!(
            reason.as_deref(),
            Some("needs no-such-program: apt-get install some-package")
        );
    }

    #[test]
    fn a_need_that_is_met_is_no_reason() {
        assert_eq!(missing(&[Need::System(std::env::consts::OS)]), None);
    }
}
