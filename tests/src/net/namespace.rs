//! One host: a network namespace with a name of its own.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use super::system;
use crate::trouble::During;
use crate::{Result, Trouble};

/// Where `ip netns` keeps what it made.
const NAMESPACES: &str = "/run/netns";

/// All of ours begin with this, then the process id of who made them.
const PREFIX: &str = "visio-";

/// A network of its own, with nothing in it but a loopback interface. Dropping it takes it away; programs that still run
/// in it keep it alive until they end, without any way out.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one. `label` tells people what it is for; the name is unique on this machine.
    pub fn new(label: &str) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static SWEPT: Once = Once::new();
        SWEPT.call_once(remove_left_behind);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}-{label}", std::process::id());
        ip(&["netns", "add", &name])?;
        let namespace = Self { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name, as `ip netns list` shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A program that will run in it. It runs under the same process id as if started directly.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        command(&self.name, program)
    }

    /// Runs the lines of `batch` as `ip` commands inside, such as `addr add 10.1.0.2/24 dev eth0`.
    pub fn ip(&self, batch: &str) -> Result<()> {
        let mut child = Command::new("ip")
            .args(["-n", &self.name, "-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .during("starting ip")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(batch.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        said(&format!("ip, in {}", self.name), batch, &output)
    }

    /// Runs a program inside and waits for its end, which must be a success.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self
            .command(program)
            .args(arguments)
            .output()
            .during(format_args!("starting {program}"))?;
        said(program, &arguments.join(" "), &output)
    }

    /// Runs `work` on a thread of its own inside: sockets that it opens stay in this network for as long as they live.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let file = File::open(Path::new(NAMESPACES).join(&self.name)).during(&self.name)?;
        let thread = || system::enter(&file).map(|()| work());
        let outcome = std::thread::scope(|scope| scope.spawn(thread).join());
        outcome
            .map_err(|_| Trouble::new("what was to be done in a namespace panicked"))?
            .during(format_args!("entering {}", self.name))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Fails only when somebody has removed it already.
        let _ = ip(&["netns", "del", &self.name]);
    }
}

/// A program that will run in the namespace called `network`.
pub fn command(network: &str, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("ip");
    command
        .args(["netns", "exec", network])
        .arg(program.as_ref());
    command
}

/// Runs `ip` outside of any namespace.
fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip")
        .args(arguments)
        .output()
        .during("starting ip")?;
    said("ip", &arguments.join(" "), &output)
}

fn said(program: &str, what: &str, output: &std::process::Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("{program} ({what}): {}", why.trim())))
}

/// Removes the namespaces of processes that were killed before they could.
fn remove_left_behind() {
    let names = std::fs::read_dir(NAMESPACES)
        .into_iter()
        .flatten()
        .flatten();
    for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
        let maker = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next())
            .and_then(|id| id.parse::<u32>().ok());
        if maker.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            let _ = ip(&["netns", "del", &name]);
        }
    }
}
