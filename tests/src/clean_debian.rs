//! A Debian on which nothing is installed yet but what every desktop has: to install a package on as its user would, and see
//! that it brings all it needs. Made anew each time, thrown away afterwards.
//!
//! What runs there sees this machine's network and displays, and of its files none. Needs Linux, root and Debian's servers.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::trouble::During;
use crate::{Need, Process, Result};

/// What it needs from the machine.
pub const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Root,
    Need::Program("mmdebstrap", "mmdebstrap"),
    Need::Program("unshare", "util-linux"),
];

/// The release: the oldest that the app is built for.
const RELEASE: &str = "bookworm";

/// What every desktop has: a message bus, letters, a way to open links, and what keeps the list of who opens what.
const DESKTOP: &str = "dbus,desktop-file-utils,fonts-dejavu-core,xdg-utils";

/// Half a minute to a minute here; a slow network may need longer.
const INSTALLS: Duration = Duration::from_secs(10 * 60);

/// The user whose programs run there.
pub const USER: &str = "camille";

/// That user's folder.
const HOME: &str = "/srv/camille";

/// Becomes the first process of `$1` and runs the rest there; mounts and processes end with it.
const ENTER: &str = r#"
set -e
root=$1 && shift
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
displays=/tmp/.X11-unix
if [ -d $displays ]; then mkdir -p "$root$displays" && mount --bind $displays "$root$displays"; fi
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
"#;

/// The installed system. Dropping it removes it.
pub struct CleanDebian {
    root: TempDir,
}

impl CleanDebian {
    /// Installs one.
    pub fn install() -> Result<Self> {
        let root = tempfile::Builder::new().prefix("visio-debian-").tempdir()?;
        let mut command = Command::new("mmdebstrap");
        command
            .args(["--variant=apt", "--include", DESKTOP])
            .arg(format!(
                "--customize-hook=chroot \"$1\" useradd --create-home --home-dir {HOME} {USER}"
            ))
            .arg(RELEASE)
            .arg(root.path());
        Process::spawn("mmdebstrap", &mut command)?.succeed(INSTALLS)?;
        let system = Self { root };
        // A temporary folder is its maker's alone, and a plain user is to run programs in this one.
        system.run("chmod 755 /")?;
        Ok(system)
    }

    /// Copies a file of this machine into it.
    pub fn put(&self, file: &Path, to: &str) -> Result<()> {
        let to = self.root.path().join(to.trim_start_matches('/'));
        std::fs::copy(file, &to).during(to.display())?;
        Ok(())
    }

    /// Runs a line of shell as its root, which must succeed, and gives what it printed.
    pub fn run(&self, line: &str) -> Result<String> {
        let mut command = self.enter();
        command.args(["sh", "-c", line]);
        let mut process = Process::spawn(line, &mut command)?;
        process.succeed(INSTALLS)?;
        Ok(process.stdout().trim().to_owned())
    }

    /// A line of shell to be run as its plain user, with these variables.
    pub fn as_user(&self, environment: &[(&str, &str)], line: &str) -> Command {
        let mut command = self.enter();
        command.args(["runuser", "--user", USER, "--", "env"]);
        command.arg(format!("HOME={HOME}"));
        command.args(
            environment
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        command.args(["sh", "-c", line]);
        command
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "--pid", "--ipc"])
            .args(["--fork", "--kill-child", "sh", "-c", ENTER, "sh"])
            .arg(self.root.path());
        command
    }
}
