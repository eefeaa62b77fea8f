//! A message bus (D-Bus) of its own, as each person who is logged in has one.

use std::process::Command;
use std::time::Duration;

use crate::{Need, Process, Result};

/// What it needs from the machine.
pub const NEEDS: &[Need] = &[Need::Program("dbus-daemon", "dbus")];

/// It is ready in a fraction of a second; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// A running bus. Dropping it ends it.
pub struct Bus {
    address: String,
    _daemon: Process,
}

impl Bus {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let mut command = Command::new("dbus-daemon");
        command.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
        let daemon = Process::spawn("dbus-daemon", &mut command)?;
        let address = daemon.wait_for_output(|line| line.contains(':'), READY)?;
        Ok(Self {
            address,
            _daemon: daemon,
        })
    }

    /// Its address, for the environment variable `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }
}
