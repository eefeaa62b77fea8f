//! Somebody whose WebRTC is of another family: a small Python program on aiortc, written by `PROTOCOL.md` alone
//! (`tests/stranger/`), in an environment of its own below the build folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::trouble::During;
use crate::{Process, Result, Trouble, workspace};

/// What it is built from, pinned.
const REQUIREMENTS: &str = "requirements.txt";

/// How long starting, meeting and leaving may take beside the call.
const AROUND: Duration = Duration::from_secs(30);

/// Of two people the one with the smaller session offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The stranger.
    Offers,
    /// Whoever it meets.
    Answers,
}

/// What came of one person whom the stranger met.
#[derive(Debug, Clone, Deserialize)]
pub struct Met {
    /// As they call themselves.
    pub name: String,
    /// Pictures decoded.
    pub frames: u64,
    /// Different pictures of the test pattern among them.
    pub stamps: u64,
    /// Of the tone that is heard.
    pub pitch: Option<f64>,
    /// What was written.
    pub messages: Vec<String>,
}

/// Its Python.
pub fn python() -> PathBuf {
    environment().join("bin/python")
}

fn environment() -> PathBuf {
    workspace::target().join("stranger")
}

fn source() -> PathBuf {
    workspace::root().join("tests/stranger")
}

/// Whether its environment is there, with what is pinned now.
pub fn is_installed() -> bool {
    let wanted = fs::read(source().join(REQUIREMENTS)).ok();
    wanted.is_some() && wanted == fs::read(environment().join(REQUIREMENTS)).ok()
}

/// Makes its environment, with packages from PyPI.
pub fn install() -> Result<()> {
    let requirements = source().join(REQUIREMENTS);
    run(
        "python3",
        &[
            Path::new("-m"),
            Path::new("venv"),
            Path::new("--clear"),
            &environment(),
        ],
    )?;
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "-r",
    ];
    let arguments: Vec<&Path> = arguments
        .iter()
        .map(Path::new)
        .chain([&*requirements])
        .collect();
    run(&python().to_string_lossy(), &arguments)?;
    fs::copy(requirements, environment().join(REQUIREMENTS))
        .during("noting what the stranger is made of")
        .map(drop)
}

fn run(program: &str, arguments: &[&Path]) -> Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.during(format_args!("starting {program}"))?;
    if status.success() {
        return Ok(());
    }
    Err(Trouble::new(format!("{program} {arguments:?}: {status}")))
}

/// The stranger, in a call.
pub struct Stranger {
    process: Process,
    stay: Duration,
}

impl Stranger {
    /// It joins, shows the pictures of a film of the test pattern at 15 a second, and plays a tone.
    pub fn join(
        invite: &str,
        name: &str,
        side: Side,
        film: &Path,
        hertz: u32,
        stay: Duration,
    ) -> Result<Self> {
        let mut command = Command::new(python());
        command
            // No files beside the sources.
            .arg("-B")
            .arg(source())
            .args([invite, "--name", name, "--film"])
            .arg(film)
            .args(["--tone", &hertz.to_string()])
            .args(["--for", &stay.as_secs().to_string()])
            .args([
                "--side",
                if side == Side::Offers {
                    "offers"
                } else {
                    "answers"
                },
            ]);
        let process = Process::spawn(name, &mut command)?;
        Ok(Self { process, stay })
    }

    /// Waits until it leaves, and gives what came of those it met.
    pub fn report(mut self) -> Result<Vec<Met>> {
        self.process.succeed(self.stay + AROUND)?;
        let text = self.process.stdout();
        serde_json::from_str(&text).during(format_args!("what the stranger says ({text})"))
    }
}
