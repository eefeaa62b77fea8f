//! `cargo xtask setup`: what the system must have, installed where we can and told where we cannot.

use std::collections::HashSet;
use std::process::Command;

use visio_tests::need::{am_root, find_program};
use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, stranger};

use crate::packages::{PACKAGES, Package, Probe, Purpose};

/// Runs `cargo xtask setup [build|demo|test]`.
pub fn command(arguments: &[String]) -> Result<bool> {
    let purpose = match arguments {
        [] => Purpose::Test,
        [name] if name == "build" => Purpose::Build,
        [name] if name == "demo" => Purpose::Demo,
        [name] if name == "test" => Purpose::Test,
        _ => return Err(Trouble::new("usage: cargo xtask setup [build|demo|test]")),
    };
    ensure(purpose).map(|()| true)
}

/// Makes sure that everything for `purpose` is installed. Fails, saying what to install, when it cannot install it itself.
pub fn ensure(purpose: Purpose) -> Result<()> {
    let system = System::detect();
    let missing = missing(&system, purpose)?;
    if missing.is_empty() {
        println!("Every system package is there.");
        return finish(purpose);
    }
    println!("These system packages are missing:");
    for package in &missing {
        println!("  {:<24} {}", system.name_of(package), package.why);
    }
    match system {
        System::Debian => install_with_apt(&missing).and_then(|()| finish(purpose)),
        other => Err(Trouble::new(format!(
            "Install them, then run this again:\n  {}",
            other.instruction(&missing)
        ))),
    }
}

/// What no package manager of the system brings. Without it, one scenario is skipped, and says so.
fn finish(purpose: Purpose) -> Result<()> {
    if purpose < Purpose::Test || cfg!(windows) || stranger::is_installed() {
        return Ok(());
    }
    println!("Another WebRTC is fetched from PyPI, for the tests alone (about 160 MB).");
    if let Err(trouble) = stranger::install() {
        println!("That did not work, so nobody will be met by it: {trouble}");
    }
    Ok(())
}

/// The systems for which the packages' names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    /// Debian, Ubuntu and what descends from them.
    Debian,
    /// Fedora; on any other Linux its names are the best hint we have.
    Fedora,
    MacOs,
    Windows,
}

impl System {
    fn detect() -> Self {
        match std::env::consts::OS {
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            _ if find_program("apt-get").is_some() && find_program("dpkg-query").is_some() => {
                Self::Debian
            }
            _ => Self::Fedora,
        }
    }

    fn name_of(self, package: &Package) -> &'static str {
        match self {
            Self::Debian => package.debian,
            Self::Fedora => package.fedora,
            Self::MacOs => package.homebrew,
            Self::Windows => package.windows,
        }
    }

    fn instruction(self, packages: &[&Package]) -> String {
        let names: Vec<&str> = packages
            .iter()
            .map(|package| self.name_of(package))
            .collect();
        let names = names.join(" ");
        match self {
            Self::Debian => format!("apt-get install --no-install-recommends {names}"),
            Self::Fedora => {
                format!("dnf install {names}    (Fedora's names; other systems call them alike)")
            }
            Self::MacOs => {
                format!("brew install {names}    (and Apple's compiler: xcode-select --install)")
            }
            Self::Windows => {
                format!(
                    "winget install {names}    (and Microsoft's C++ build tools, which Rust asks for as well)"
                )
            }
        }
    }
}

fn missing(system: &System, purpose: Purpose) -> Result<Vec<&'static Package>> {
    let wanted: Vec<&Package> = PACKAGES
        .iter()
        .filter(|package| package.purpose <= purpose && !system.name_of(package).is_empty())
        .collect();
    let installed = if *system == System::Debian {
        installed_debian_packages(&wanted)?
    } else {
        HashSet::new()
    };
    Ok(wanted
        .into_iter()
        .filter(|package| match package.probe {
            Probe::Program(name) => find_program(name).is_none(),
            _ if *system == System::Debian => !installed.contains(package.debian),
            Probe::Library(name) => !library_exists(name),
            Probe::Unprobed => false,
        })
        .collect())
}

fn library_exists(name: &str) -> bool {
    Command::new("pkg-config")
        .args(["--exists", name])
        .status()
        .is_ok_and(|status| status.success())
}

fn installed_debian_packages(packages: &[&Package]) -> Result<HashSet<String>> {
    // It exits with 1 when it does not know one of the names, and still lists the others.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status} ${Package}\n"])
        .args(packages.iter().map(|package| package.debian))
        .output()
        .during("asking dpkg-query what is installed")?;
    let listing = String::from_utf8_lossy(&output.stdout);
    Ok(listing
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .map(str::to_owned)
        .collect())
}

fn install_with_apt(packages: &[&Package]) -> Result<()> {
    let names = packages.iter().map(|package| package.debian);
    let by_hand = System::Debian.instruction(packages);
    apt(&["update", "-q"], &by_hand)?;
    let arguments: Vec<&str> = ["install", "-q", "--yes", "--no-install-recommends"]
        .into_iter()
        .chain(names)
        .collect();
    apt(&arguments, &by_hand)
}

/// Runs apt-get, as root if need be, and shows what it says. `by_hand` is what the user can run when that fails.
fn apt(arguments: &[&str], by_hand: &str) -> Result<()> {
    let mut command = if am_root() {
        Command::new("apt-get")
    } else if find_program("sudo").is_some() {
        println!("sudo apt-get {}", arguments.join(" "));
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        return Err(Trouble::new(format!(
            "Only root may install packages, and there is no sudo. As root, run:\n  {by_hand}"
        )));
    };
    let status = command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(arguments)
        .status()
        .during("starting apt-get")?;
    if status.success() {
        return Ok(());
    }
    Err(Trouble::new(format!(
        "apt-get {} did not succeed; what it says above is the reason (often: no network, or another apt-get running).\n\
         Once that is solved, run this again, or as root:\n  {by_hand}",
        arguments[0]
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_a_debian_name_and_a_reason() {
        for package in PACKAGES {
            assert!(
                !package.debian.is_empty() && !package.why.is_empty(),
                "{package:?}"
            );
        }
    }

    #[test]
    fn elsewhere_the_exact_command_is_told() {
        let nasm: Vec<&Package> = PACKAGES
            .iter()
            .filter(|package| package.debian == "nasm")
            .collect();
        assert!(
            System::MacOs
                .instruction(&nasm)
                .starts_with("brew install nasm ")
        );
        assert!(
            System::Windows
                .instruction(&nasm)
                .starts_with("winget install NASM.NASM ")
        );
    }

    #[test]
    fn what_the_window_needs_on_linux_is_not_asked_of_a_mac() {
        let names: Vec<&str> = PACKAGES
            .iter()
            .map(|package| System::MacOs.name_of(package))
            .collect();
        assert!(!names.contains(&"libwebkit2gtk-4.1-dev"));
    }
}
