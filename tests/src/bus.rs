//! A message bus (D-Bus) of its own, as each person who is logged in has one.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Need, Process, Result};

/// What it needs from the machine.
pub const NEEDS: &[Need] = &[Need::Program("dbus-daemon", "dbus")];

/// It is ready in a fraction of a second; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// A bus that starts nothing by itself, whatever this machine has installed.
const ALONE: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A running bus. Dropping it ends it.
pub struct Bus {
    address: String,
    _daemon: Process,
    _settings: Option<TempDir>,
}

impl Bus {
    /// Starts one.
    pub fn start() -> Result<Self> {
        Self::start_as("--session", None)
    }

    /// Starts one on which nothing is but what is put there.
    pub fn start_alone() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("visio-bus-").tempdir()?;
        let file = folder.path().join("bus.conf");
        std::fs::write(&file, ALONE)?;
        let settings = format!("--config-file={}", file.display());
        Self::start_as(&settings, Some(folder))
    }

    fn start_as(kind: &str, settings: Option<TempDir>) -> Result<Self> {
        let mut command = Command::new("dbus-daemon");
        command.args([kind, "--nofork", "--nopidfile", "--print-address=1"]);
        let daemon = Process::spawn("dbus-daemon", &mut command)?;
        let address = daemon.wait_for_output(|line| line.contains(':'), READY)?;
        Ok(Self {
            address,
            _daemon: daemon,
            _settings: settings,
        })
    }

    /// Its address, for the environment variable `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }
}
