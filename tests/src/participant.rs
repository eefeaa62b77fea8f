//! A person in a call without a window: a real `visio-cli join`, and the report it leaves behind.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::report::{Moment, Report};
use crate::trouble::During;
use crate::{Binaries, Process, Result};

/// How long after its time is up, or after an interrupt, a participant may take to leave and to write its report.
const FAREWELL: Duration = Duration::from_secs(15);

/// What they measured, in all and second by second.
const REPORT: &str = "report.json";
const MOMENTS: &str = "moments.jsonl";

/// What a participant is to be like; [`Self::join`] brings it in.
pub struct Participant {
    name: String,
    command: Command,
    devices: Devices,
    reports: TempDir,
    stay: Option<Duration>,
}

struct Devices {
    camera: String,
    microphone: String,
    speaker: String,
}

impl Participant {
    /// Someone called `name` who will use `invite`. Without further ado: no camera, no microphone, no speaker.
    pub fn new(binaries: &Binaries, invite: &str, name: &str) -> Result<Self> {
        let reports = tempfile::Builder::new().prefix("visio-report-").tempdir()?;
        let mut command = binaries.command("visio-cli")?;
        command
            .args(["join", invite, "--name", name, "--report"])
            .arg(reports.path().join(REPORT))
            .arg("--stats")
            .arg(reports.path().join(MOMENTS));
        // What the scenarios read must not depend on the language of the machine they run on.
        command
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env_remove("LANGUAGE");
        let none = || "none".to_owned();
        let devices = Devices {
            camera: none(),
            microphone: none(),
            speaker: none(),
        };
        Ok(Self {
            name: name.to_owned(),
            command,
            devices,
            reports,
            stay: None,
        })
    }

    /// What they show: `none`, `pattern:1280x720@30`, `file:PATH`, `device:ID`.
    pub fn camera(mut self, spec: &str) -> Self {
        self.devices.camera = spec.to_owned();
        self
    }

    /// What they share once they are in the call: `pattern`, `default`, `screen:ID`, `window:ID`.
    pub fn screen(mut self, spec: &str) -> Self {
        self.command.args(["--screen", spec]);
        self
    }

    /// They stop sharing after so long in the call.
    pub fn share_for(mut self, time: Duration) -> Self {
        self.command
            .arg("--screen-for")
            .arg(time.as_secs().to_string());
        self
    }

    /// What they say: `none`, `tone:440`, `file:PATH`, `device:ID`.
    pub fn microphone(mut self, spec: &str) -> Self {
        self.devices.microphone = spec.to_owned();
        self
    }

    /// What they say is music: sent as it is, with more bits.
    pub fn music(mut self) -> Self {
        self.command.arg("--music");
        self
    }

    /// Where they listen: `none`, `file:PATH`, `device:ID`.
    pub fn speaker(mut self, spec: &str) -> Self {
        self.devices.speaker = spec.to_owned();
        self
    }

    /// So many rows tall they show the others; 0: not at all. Otherwise as large as they come.
    pub fn show(mut self, rows: u32) -> Self {
        self.command.arg("--show").arg(rows.to_string());
        self
    }

    /// So many bits a second their picture may cost for each of the others.
    pub fn most_picture(mut self, bps: u64) -> Self {
        let kbps = (bps / 1000).to_string();
        self.command.arg("--most-picture").arg(kbps);
        self
    }

    /// They write this as soon as they are in the call. Can be said several times.
    pub fn say(mut self, text: &str) -> Self {
        self.command.arg("--say").arg(text);
        self
    }

    /// They show a feeling as soon as somebody is there.
    pub fn react(mut self, feeling: &str) -> Self {
        self.command.args(["--react", feeling]);
        self
    }

    /// They raise their hand as soon as they are in the call.
    pub fn raise_hand(mut self) -> Self {
        self.command.arg("--raise-hand");
        self
    }

    /// They leave by themselves after so long; otherwise they stay until told to leave.
    pub fn stay(mut self, stay: Duration) -> Self {
        self.stay = Some(stay);
        self
    }

    /// The language their computer speaks, as in the variable `LANG`.
    pub fn language(self, language: &str) -> Self {
        self.env("LANG", language)
    }

    /// A variable of their environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Variables of their environment, such as those that bring them into a room.
    pub fn envs<V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Self {
        self.command.envs(variables);
        self
    }

    /// They join.
    pub fn join(mut self) -> Result<Joined> {
        let Devices {
            camera,
            microphone,
            speaker,
        } = &self.devices;
        self.command.args([
            "--camera",
            camera,
            "--microphone",
            microphone,
            "--speaker",
            speaker,
        ]);
        if let Some(stay) = self.stay {
            self.command.arg("--for").arg(stay.as_secs().to_string());
        }
        let process = Process::spawn(&self.name, &mut self.command)?;
        Ok(Joined {
            process,
            reports: self.reports,
            stay: self.stay.unwrap_or_default(),
        })
    }
}

/// A participant in the call. Dropping it ends its process.
pub struct Joined {
    process: Process,
    reports: TempDir,
    stay: Duration,
}

impl Joined {
    /// Waits until they leave by themselves, and reads their report.
    pub fn report(mut self) -> Result<Report> {
        self.process.succeed(self.stay + FAREWELL)?;
        self.read_report()
    }

    /// Has them leave now, as with Ctrl-C, and reads their report.
    pub fn leave(self) -> Result<Report> {
        self.leave_and_tell().map(|(report, _)| report)
    }

    /// As [`Self::leave`], and also gives what they said.
    pub fn leave_and_tell(mut self) -> Result<(Report, String)> {
        self.process.interrupt();
        self.process.succeed(FAREWELL)?;
        Ok((self.read_report()?, self.process.stderr()))
    }

    /// They vanish without a word.
    pub fn vanish(mut self) {
        self.process.kill();
    }

    /// Waits until they gave up, which is an exit status other than 0, and gives what they said.
    pub fn refusal(mut self) -> Result<String> {
        let status = self.process.wait(FAREWELL)?;
        if status.success() {
            Err(self.process.trouble("did not give up"))
        } else {
            Ok(self.process.stderr())
        }
    }

    /// What happened so far, second by second.
    pub fn moments(&self) -> Result<Vec<Moment>> {
        let file = self.reports.path().join(MOMENTS);
        // It is there once they have joined.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        // The last line may not be whole yet.
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| {
                serde_json::from_str(line)
                    .during(format_args!("a moment of {} ({line})", self.process.name()))
            })
            .collect()
    }

    /// What they said on standard error.
    pub fn said(&self) -> String {
        self.process.stderr()
    }

    /// Waits until they say a line that holds `words`.
    pub fn says(&self, words: &str, within: Duration) -> Result<String> {
        self.process.wait_for(|line| line.contains(words), within)
    }

    /// The process, for what is not said here.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    fn read_report(&self) -> Result<Report> {
        let text = std::fs::read_to_string(self.reports.path().join(REPORT)).during(
            format_args!("reading the report of {}", self.process.name()),
        )?;
        serde_json::from_str(&text).during(format_args!(
            "the report of {} ({text})",
            self.process.name()
        ))
    }
}
