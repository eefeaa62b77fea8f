//! A throw-away emulated machine with real device drivers: a camera that speaks V4L2 and a sound card that speaks ALSA,
//! on a host that has neither and may not load kernel modules.
//!
//! QEMU boots Debian's own kernel. The guest sees the host's files read-only, with a temporary layer on top, so that the
//! programs just built run in it as they are; what it writes is lost, but for what it prints. It is emulated instruction by
//! instruction, about twenty times slower than its host, so that it behaves the same on every machine: a host may offer KVM
//! and yet fail to run anything with it, as some that are virtual themselves do.

pub mod kernel;
pub mod loopback_camera;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::trouble::During;
use crate::{Process, Result, Trouble};

use kernel::Kernel;

/// How a guest is to be made.
pub struct Guest {
    kernel: Kernel,
    modules: Vec<String>,
    limit: Duration,
}

/// What a guest left behind.
pub struct Outcome {
    /// The exit status of its command.
    pub status: i32,
    /// Everything the command printed.
    pub output: String,
    /// From the start of the kernel to the start of the command.
    pub boot: Duration,
    /// From the start of QEMU to its end.
    pub wall: Duration,
}

impl Guest {
    /// A guest with nothing but a disk and a console. Fetches and unpacks the kernel when that was not yet done, which
    /// needs the network; fails when there is none.
    pub fn new() -> Result<Self> {
        Ok(Self {
            kernel: Kernel::prepare()?,
            modules: Vec::new(),
            limit: Duration::from_secs(180),
        })
    }

    /// Loads a module of Debian's kernel, with its parameters: `vivid n_devs=1`, `snd-aloop`.
    pub fn module(mut self, module_and_parameters: &str) -> Self {
        self.modules.push(format!(
            "modprobe -d {} {module_and_parameters}",
            self.kernel.tree().display()
        ));
        self
    }

    /// Loads a module from a file, after the modules it depends on.
    pub fn module_file(mut self, file: &Path, depends: &[&str], parameters: &str) -> Self {
        for module in depends {
            self = self.module(module);
        }
        self.modules
            .push(format!("insmod {} {parameters}", file.display()));
        self
    }

    /// Ends it, as failed, after so long.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Boots, runs `command` as root by the shell in the caller's folder, and shuts down.
    pub fn run(&self, command: &str) -> Result<Outcome> {
        let control = tempfile::Builder::new().prefix("visio-guest-").tempdir()?;
        std::fs::write(control.path().join("start"), self.start_script(command)?)?;
        let console = control.path().join("console");
        let started = Instant::now();
        let mut qemu = Process::spawn("qemu", &mut self.qemu(&control, &console))?;
        qemu.wait(self.limit)
            .map_err(|trouble| Trouble::new(format!("{trouble}\n{}", left_behind(&control))))?;
        let read =
            |name: &str| std::fs::read_to_string(control.path().join(name)).unwrap_or_default();
        let Ok(status) = read("status").trim().parse() else {
            return Err(Trouble::new(format!(
                "the guest gave no status\n{}\n{}",
                qemu.stderr(),
                left_behind(&control)
            )));
        };
        let boot = read("boot")
            .trim()
            .parse()
            .map(Duration::from_secs_f64)
            .unwrap_or_default();
        Ok(Outcome {
            status,
            output: read("output"),
            boot,
            wall: started.elapsed(),
        })
    }

    /// What the guest does once the host's files are there.
    fn start_script(&self, command: &str) -> Result<String> {
        let folder = std::env::current_dir()?;
        let modules = self.modules.join("\n");
        Ok(format!(
            "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8\n\
             ip link set lo up\n\
             {{\n{modules}\n}} >/control/output 2>&1\n\
             cut -d' ' -f1 /proc/uptime >/control/boot\n\
             cd '{}'\n\
             (\n{command}\n) </dev/null >>/control/output 2>&1\n\
             echo $? >/control/status\n\
             sync\n\
             echo o >/proc/sysrq-trigger\n\
             sleep 30\n",
            folder.display()
        ))
    }

    fn qemu(&self, control: &TempDir, console: &Path) -> Command {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args([
            "-accel",
            "tcg,thread=multi,tb-size=512",
            "-cpu",
            "max",
            "-smp",
            "2",
            "-m",
            "2048",
        ]);
        qemu.args([
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
            "-nic",
            "none",
        ]);
        qemu.args(["-device", "virtio-rng-pci"]);
        qemu.arg("-serial")
            .arg(format!("file:{}", console.display()));
        qemu.arg("-kernel")
            .arg(self.kernel.image())
            .arg("-initrd")
            .arg(self.kernel.first_files());
        qemu.args([
            "-append",
            "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check",
        ]);
        let share = |tag: &str, path: &Path, more: &str| {
            format!(
                "local,id={tag},path={},security_model=none,multidevs=remap{more}",
                path.display()
            )
        };
        for (tag, share) in [
            ("host", share("host", Path::new("/"), ",readonly=on")),
            ("control", share("control", control.path(), "")),
        ] {
            qemu.arg("-fsdev").arg(share);
            qemu.arg("-device")
                .arg(format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}"));
        }
        qemu
    }
}

/// The end of what the command and the kernel said, for a guest that did not do what it should.
fn left_behind(control: &TempDir) -> String {
    let tail = |name: &str| {
        let text = std::fs::read(control.path().join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    };
    format!(
        "its output:\n{}\nits console:\n{}",
        tail("output"),
        tail("console")
    )
}

/// Where what guests need is kept from one run to the next.
fn cache() -> Result<PathBuf> {
    let folder = crate::workspace::target().join("guest");
    std::fs::create_dir_all(&folder).during(folder.display())?;
    Ok(folder)
}
