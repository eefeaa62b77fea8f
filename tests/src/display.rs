//! A virtual display (Xvfb) for a machine that has none, and for tests that look at the real window.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::picture::Picture;
use crate::trouble::During;
use crate::{Process, Result};

/// Xvfb is ready in a fraction of a second; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// A running Xvfb. Dropping it ends it; what still draws on it loses its display.
pub struct Display {
    name: String,
    framebuffer: TempDir,
    _server: Process,
}

impl Display {
    /// Starts a display of `width` × `height` pixels under the first number that is free.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let framebuffer = tempfile::Builder::new()
            .prefix("visio-display-")
            .tempdir()?;
        let mut command = Command::new("Xvfb");
        // Xvfb chooses its number itself and writes it to its standard output once it is ready.
        command.args([
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
        ]);
        command.arg("-fbdir").arg(framebuffer.path());
        let server = Process::spawn("Xvfb", &mut command)?;
        let number = server.wait_for_output(|line| line.trim().parse::<u32>().is_ok(), READY)?;
        Ok(Self {
            name: format!(":{}", number.trim()),
            framebuffer,
            _server: server,
        })
    }

    /// Its name, such as `:99`, for the environment variable `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is on it now.
    pub fn picture(&self) -> Result<Picture> {
        let dump = std::fs::read(self.framebuffer.path().join("Xvfb_screen0"))
            .during("reading the framebuffer")?;
        Picture::from_xwd(&dump)
    }
}
