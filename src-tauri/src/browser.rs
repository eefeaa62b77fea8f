//! Opens an address of the web in the browser that the person uses.

#[cfg(target_os = "linux")]
#[path = "browser/gtk.rs"]
mod system;

#[cfg(not(target_os = "linux"))]
#[path = "browser/program.rs"]
mod system;

pub use system::open;

/// Why nothing was opened, for the log.
#[derive(Debug, thiserror::Error)]
#[error("the system opened no browser: {0}")]
pub struct NotOpened(String);
