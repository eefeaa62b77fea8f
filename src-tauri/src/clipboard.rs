//! Copies text for other programs to paste.

#[cfg(target_os = "linux")]
#[path = "clipboard/gtk.rs"]
mod system;

#[cfg(not(target_os = "linux"))]
#[path = "clipboard/arboard.rs"]
mod system;

pub use system::copy;

/// Why nothing was copied, for the log.
#[derive(Debug, thiserror::Error)]
#[error("the clipboard refused: {0}")]
pub struct NotCopied(String);
