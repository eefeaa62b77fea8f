//! A Debian that has booted with systemd, in namespaces of this machine: to install packages and run services in as they
//! would on a server, without changing anything here.
//!
//! It sees this machine's files with a layer of its own on top; what it writes is lost when it is dropped, and so is every
//! process in it. Its network is one of the rig's. Needs Linux, root and a machine that itself runs systemd's Debian files.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::net::Namespace;
use crate::trouble::During;
use crate::{Need, Process, Result};

/// What it needs from the machine.
pub const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Root,
    Need::Program("ip", "iproute2"),
    Need::Program("unshare", "util-linux"),
    Need::Program("nsenter", "util-linux"),
    Need::File("/lib/systemd/systemd", "systemd"),
];

/// It boots in two seconds; a machine under full load may need longer.
const BOOTS: Duration = Duration::from_secs(60);

/// What a command inside may take: installing a package starts its service.
const COMMAND: Duration = Duration::from_secs(60);

/// How often is asked how far it is.
const POLL: Duration = Duration::from_millis(100);

/// Builds the root and becomes the init of it. Runs in mount, process, host-name and control-group namespaces of its own;
/// mounts end with them.
const INIT: &str = r#"
set -e
layer=$(mktemp -d) && mount -t tmpfs tmpfs "$layer"
mkdir "$layer/upper" "$layer/work" "$layer/root"
root=$layer/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
groups=$root/sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$groups"
else
    mount -t tmpfs tmpfs "$groups" && mkdir "$groups/systemd" "$groups/unified"
    mount -t cgroup -o none,name=systemd cgroup "$groups/systemd"
    mount -t cgroup2 cgroup2 "$groups/unified"
fi
for device in null zero full random urandom tty; do
    touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts" && ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
# Policies that keep services of a container image from starting are not part of a server.
rm -f "$root/usr/sbin/policy-rc.d"
cd "$root" && mkdir -p .host && pivot_root . .host && umount -l /.host && rmdir /.host
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no
"#;

/// A running system. Dropping it ends everything in it.
pub struct Booted {
    init: Process,
    /// The process id of its first process, as this machine sees it.
    first: u32,
}

impl Booted {
    /// Boots one on this host of the rig, and waits until its services are up.
    pub fn start(host: &Namespace) -> Result<Self> {
        let mut command = host.command("unshare");
        command
            .args(["--mount", "--propagation", "private", "--pid", "--ipc"])
            .args(["--uts", "--cgroup", "--fork", "--kill-child"])
            .args(["sh", "-c", INIT]);
        let mut init = Process::spawn("systemd", &mut command)?;
        let deadline = Instant::now() + BOOTS;
        let first = loop {
            if let Some(first) = first_child(init.id()) {
                break first;
            }
            if init.ended().is_some() || Instant::now() > deadline {
                return Err(init.trouble("has not begun to boot"));
            }
            std::thread::sleep(POLL);
        };
        let mut booted = Self { init, first };
        loop {
            // "degraded": a service of this machine that has no place here has failed.
            let state = booted.said("systemctl is-system-running")?;
            if ["running", "degraded"].contains(&state.as_str()) {
                return Ok(booted);
            }
            if booted.init.ended().is_some() || Instant::now() > deadline {
                return Err(booted.init.trouble(&format!("has not booted ({state})")));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Copies a file of this machine into it.
    pub fn put(&self, file: &Path, to: &str) -> Result<()> {
        let to = format!("/proc/{}/root{to}", self.first);
        std::fs::copy(file, &to).during(to)?;
        Ok(())
    }

    /// Runs a line of shell inside, which must succeed, and gives what it printed.
    pub fn run(&self, line: &str) -> Result<String> {
        let mut process = Process::spawn(line, &mut self.command(line))?;
        process.succeed(COMMAND)?;
        Ok(process.stdout().trim().to_owned())
    }

    fn said(&self, line: &str) -> Result<String> {
        let output = self.command(line).output().during("starting nsenter")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A line of shell, to be run inside.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.first.to_string(), "--all"])
            .args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
            .args(["sh", "-c", line]);
        command
    }
}

/// The first process that `parent` has started.
fn first_child(parent: u32) -> Option<u32> {
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(children).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
