//! By the program with which Windows, or macOS, opens whatever is opened. The address is its only argument, and no shell reads it.

use std::process::Command;

use tauri::{AppHandle, Url};

use super::NotOpened;

/// Opens `url`.
pub fn open(_: &AppHandle, url: &Url) -> Result<(), NotOpened> {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("rundll32.exe");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("/usr/bin/open")
    };
    let status = command.arg(url.as_str()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(NotOpened(status.to_string())),
        Err(error) => Err(NotOpened(error.to_string())),
    }
}
