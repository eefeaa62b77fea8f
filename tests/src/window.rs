//! The desktop app, as its user starts it, told by its environment which call to open.

use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::trouble::During;
use crate::{Binaries, Display, Process, Result};

/// How long leaving the call, telling the others and writing the report may take.
const FAREWELL: Duration = Duration::from_secs(15);

/// How the app is to be started.
pub struct Window {
    command: Command,
    files: TempDir,
}

impl Window {
    /// The app with settings of its own, so that neither the user's are touched nor a former run's seen.
    pub fn new(binaries: &Binaries) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("visio-window-").tempdir()?;
        let mut command = binaries.command("visio")?;
        command.env("VISIO_REPORT", files.path().join("report.json"));
        // The user's own Visio, if it runs, is left alone.
        command.env("VISIO_ALONE", "1");
        for (variable, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(variable, files.path().join(folder));
        }
        Ok(Self { command, files })
    }

    /// It goes straight into the call of `invite`, as `name`.
    pub fn in_call(mut self, invite: &str, name: &str) -> Self {
        self.command
            .env("VISIO_INVITE", invite)
            .env("VISIO_NAME", name)
            .env("VISIO_JOIN", "1");
        self
    }

    /// It opens on `display`.
    pub fn on(self, display: &Display) -> Self {
        // WebKitGTK finds no graphics buffers to share on a virtual display, and then draws nothing.
        self.env("DISPLAY", display.name())
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("GDK_BACKEND", "x11")
    }

    /// A variable of its environment, such as `VISIO_CAMERA`.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Opens it.
    pub fn open(mut self) -> Result<OpenWindow> {
        let process = Process::spawn("visio", &mut self.command)?;
        Ok(OpenWindow {
            process,
            files: self.files,
        })
    }
}

/// The running app. Dropping it closes it.
pub struct OpenWindow {
    process: Process,
    files: TempDir,
}

/// What the app adds to the call's report.
#[derive(Debug, Clone, Deserialize)]
pub struct WindowReport {
    /// From the start of the process to the first thing painted, in milliseconds.
    pub first_paint_ms: Option<f64>,
    /// What was drawn, tile by tile.
    pub tiles: Vec<Tile>,
}

/// One person's tile in the window.
#[derive(Debug, Clone, Deserialize)]
pub struct Tile {
    /// The person, or `me`.
    pub tile: String,
    /// Pictures drawn.
    pub frames_drawn: u64,
    /// Pictures drawn per second.
    pub fps: f64,
}

impl Tile {
    /// Whether it shows somebody else.
    pub fn is_remote(&self) -> bool {
        self.tile != "me"
    }
}

impl OpenWindow {
    /// Waits until its user closes it, then gives the report as the app wrote it.
    pub fn until_closed(mut self) -> Result<serde_json::Value> {
        while self.process.ended().is_none() {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.read_report()
    }

    /// Closes it, which leaves the call, and gives the report as the app wrote it.
    pub fn close(mut self) -> Result<serde_json::Value> {
        self.process.terminate();
        self.process.succeed(FAREWELL)?;
        self.read_report()
    }

    /// The process, for what is not said here.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    fn read_report(&self) -> Result<serde_json::Value> {
        let text = std::fs::read_to_string(self.files.path().join("report.json"));
        let text =
            text.map_err(|error| self.process.trouble(&format!("left no report ({error})")))?;
        serde_json::from_str(&text).during("the window's report")
    }
}

/// The window's part of a report that the app wrote.
pub fn window_part(report: &serde_json::Value) -> Result<WindowReport> {
    serde_json::from_value(report["window"].clone()).during("the window's part of the report")
}
