//! Two rooms made of sound alone: a private PulseAudio with virtual speakers, air and microphones.
//!
//! ```text
//!  room a                                      room b
//!  a_speaker   what a program plays here       b_speaker
//!  a_air       what can be heard here          b_air
//!  a_microphone  records a_air                 b_microphone
//! ```
//!
//! Nothing played into a speaker reaches any air until a [`Rooms::path`] says so, with its delay: from `a_speaker` to
//! `a_air` is an echo, from `a_speaker` to `b_air` a hole in the wall. [`Mouth`] speaks into an air, [`Ear`] listens at
//! any speaker or air.
//!
//! PulseAudio is chosen by environment variables, so a program is brought into the rooms by starting it with
//! [`Rooms::variables`]. Needs `pulseaudio` and `pulseaudio-utils`, no sound card, no desktop session, and may be root.
//! Dropping the rooms ends their server and no other.

mod ear;
mod mouth;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::ear::{Ear, Heard};
pub use self::mouth::Mouth;
use crate::trouble::During;
use crate::{Need, Process, Result, Trouble};

/// What the rooms need from the machine.
pub const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Program("pulseaudio", "pulseaudio"),
    Need::Program("pactl", "pulseaudio-utils"),
];

/// The server answers in a fraction of a second; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// An untouched virtual speaker wakes every 2 s only. A reader that wants sound every so often keeps it prompt.
const KEPT_AWAKE_MS: u32 = 10;

/// Before that a new one sleeps once: what is played or recorded in this time may start late.
const SETTLES: Duration = Duration::from_secs(2);

/// Tells a program that it runs inside the rooms, and where they are.
const INSIDE: &str = "VISIO_TEST_ROOMS";

/// The rooms, and who runs them.
pub struct Rooms {
    folder: PathBuf,
    /// `None` for a guest: a program that was started inside.
    host: Option<Host>,
}

struct Host {
    server: Process,
    _folder: TempDir,
}

impl Rooms {
    /// Builds both rooms, silent and apart from each other.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("visio-rooms-").tempdir()?;
        std::fs::create_dir(folder.path().join("state"))?;
        let rooms = Self {
            folder: folder.path().to_owned(),
            host: Some(Host {
                server: serve(folder.path())?,
                _folder: folder,
            }),
        };
        rooms.furnish()?;
        Ok(rooms)
    }

    /// Ends their server as a crash would, and starts it again: the rooms are as they were at first.
    pub fn restart(&mut self) -> Result<()> {
        let guest = || Trouble::new("only who started the rooms can start them again");
        let host = self.host.as_mut().ok_or_else(guest)?;
        host.server.kill();
        std::fs::remove_file(socket(&self.folder))?;
        host.server = serve(&self.folder)?;
        self.furnish()
    }

    fn furnish(&self) -> Result<()> {
        self.wait_until_ready()?;
        for room in ["a", "b"] {
            self.add_sink(&format!("{room}_speaker"))?;
            self.add_sink(&format!("{room}_air"))?;
            self.add_microphone(room)?;
        }
        self.set_default("a_speaker", "a_microphone")?;
        std::thread::sleep(SETTLES);
        Ok(())
    }

    /// The rooms that this program was started in; `None` when it was started anywhere else.
    pub fn around_me() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os(INSIDE)?);
        Some(Self { folder, host: None })
    }

    /// The environment that brings a program into the rooms.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        variables(&self.folder)
    }

    /// From now on what is played into the sink `from` is heard in the sink `to`, `delay` later.
    pub fn path(&self, from: &str, to: &str, delay: Duration) -> Result<()> {
        let delay = delay.as_millis();
        let loopback = [
            "module-loopback",
            &format!("source={from}.monitor"),
            &format!("sink={to}"),
            &format!("latency_msec={delay}"),
            &format!("max_latency_msec={delay}"),
            "adjust_time=0",
            "source_dont_move=true",
            "sink_dont_move=true",
            "remix=no",
        ];
        self.load(&loopback).map(drop)
    }

    /// Adds a speaker or an air of 48 kHz mono, and keeps it awake.
    pub fn add_sink(&self, name: &str) -> Result<()> {
        self.add_sink_of(name, 48_000, 1)
    }

    /// As [`Self::add_sink`], of any rate and channel count.
    pub fn add_sink_of(&self, name: &str, rate: u32, channels: u8) -> Result<()> {
        let sink = [
            "module-null-sink",
            &format!("sink_name={name}"),
            &format!("rate={rate}"),
            &format!("channels={channels}"),
            &format!("sink_properties=device.description={name}"),
        ];
        self.load(&sink)?;
        if !self.pactl(&["list", "short", "sinks"])?.contains("void") {
            self.load(&[
                "module-null-sink",
                "sink_name=void",
                "rate=48000",
                "channels=1",
            ])?;
        }
        let reader = [
            "module-loopback",
            &format!("source={name}.monitor"),
            "sink=void",
            &format!("latency_msec={KEPT_AWAKE_MS}"),
            "adjust_time=0",
            "source_dont_move=true",
            "sink_dont_move=true",
        ];
        self.load(&reader).map(drop)
    }

    /// Takes a sink away, as unplugging a speaker does.
    pub fn remove_sink(&self, name: &str) -> Result<()> {
        self.unload(&format!("sink_name={name} "))
    }

    /// Adds the microphone of a room, which records its air.
    pub fn add_microphone(&self, room: &str) -> Result<()> {
        let microphone = [
            "module-remap-source",
            &format!("source_name={room}_microphone"),
            &format!("master={room}_air.monitor"),
            &format!("source_properties=device.description={room}_microphone"),
        ];
        self.load(&microphone).map(drop)
    }

    /// Takes the microphone of a room away, as unplugging it does.
    pub fn remove_microphone(&self, room: &str) -> Result<()> {
        self.unload(&format!("source_name={room}_microphone "))
    }

    /// Has a device stop delivering or taking sound without going away, or go on.
    pub fn suspend(&self, kind: Kind, name: &str, suspended: bool) -> Result<()> {
        let command = match kind {
            Kind::Sink => "suspend-sink",
            Kind::Source => "suspend-source",
        };
        self.pactl(&[command, name, if suspended { "1" } else { "0" }])
            .map(drop)
    }

    /// Makes these the devices that programs use which name none.
    pub fn set_default(&self, speaker: &str, microphone: &str) -> Result<()> {
        self.pactl(&["set-default-sink", speaker])?;
        self.pactl(&["set-default-source", microphone]).map(drop)
    }

    /// How many programs are connected to the rooms' server, the one that asks for this left out.
    pub fn clients(&self) -> Result<usize> {
        let clients = self.pactl(&["list", "short", "clients"])?;
        Ok(clients.lines().count().saturating_sub(1))
    }

    fn load(&self, module: &[&str]) -> Result<String> {
        self.pactl(&[&["load-module"], module].concat())
    }

    fn unload(&self, argument: &str) -> Result<()> {
        let modules = self.pactl(&["list", "short", "modules"])?;
        let number = modules
            .lines()
            .find(|module| format!("{module} ").contains(argument))
            .and_then(|module| module.split_whitespace().next())
            .ok_or_else(|| Trouble::new(format!("there is no module with {argument}")))?;
        self.pactl(&["unload-module", number]).map(drop)
    }

    fn pactl(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command("pactl")
            .args(arguments)
            .output()
            .during("starting pactl")?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Trouble::new(format!(
                "pactl {}: {why}",
                arguments.join(" ")
            )))
        }
    }

    /// A program that will run inside the rooms.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.variables());
        command
    }

    fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY;
        loop {
            match self.pactl(&["info"]) {
                Ok(_) => return Ok(()),
                Err(why) if Instant::now() > deadline => return Err(why),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

/// Which way a device carries sound, from PulseAudio's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A speaker, or an air.
    Sink,
    /// A microphone.
    Source,
}

/// A server for the rooms in this folder. PulseAudio insists on one that nobody else may enter, as `tempdir` makes it.
fn serve(folder: &Path) -> Result<Process> {
    let mut command = Command::new("pulseaudio");
    command
        .args([
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disallow-exit",
        ])
        .args([
            "--use-pid-file=no",
            "--disable-shm=yes",
            "--realtime=no",
            "--high-priority=no",
        ])
        .args(["--log-target=stderr", "--log-level=notice", "-L"])
        .arg(format!(
            "module-native-protocol-unix auth-anonymous=1 socket={}",
            socket(folder).display()
        ))
        .envs(variables(folder));
    Process::spawn("pulseaudio", &mut command)
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("native")
}

fn variables(folder: &Path) -> Vec<(&'static str, OsString)> {
    let mut server = OsString::from("unix:");
    server.push(socket(folder));
    vec![
        ("PULSE_SERVER", server),
        ("PULSE_RUNTIME_PATH", folder.into()),
        ("PULSE_STATE_PATH", folder.join("state").into()),
        ("XDG_RUNTIME_DIR", folder.into()),
        (INSIDE, folder.into()),
    ]
}
