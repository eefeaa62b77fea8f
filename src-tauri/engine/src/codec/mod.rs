//! The video codec, where none was built in: Cisco's own binary of openh264, fetched from Cisco onto the computer of whoever
//! uses it. Only for that one does Cisco pay the royalties on H.264.
//!
//! ```text
//! release   what Cisco publishes for which system: pure
//! unpack    bzip2, bounded: pure
//! fetch     downloads it, checks it, and puts it where it stays
//! ```

mod fetch;
mod release;
mod unpack;

pub use fetch::{FetchError, Progress, fetch};
pub use release::Release;

use std::path::Path;

use crate::video::h264::Library;

/// Codes with the file in this folder if there is one, fetched earlier.
pub fn use_fetched(folder: &Path) {
    let Some(file) = Release::of_this_system().map(|release| folder.join(release.file)) else {
        return;
    };
    if !file.exists() {
        return;
    }
    if let Err(error) = Library::use_file(&file) {
        tracing::warn!(%error, "the video codec that was fetched is not used");
    }
}

/// Removes what was fetched, and codes with it no longer.
///
/// # Errors
/// When the system does not let go of the file.
pub fn remove(folder: &Path) -> std::io::Result<()> {
    Library::forget_file();
    let Some(release) = Release::of_this_system() else {
        return Ok(());
    };
    match std::fs::remove_file(folder.join(release.file)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
