//! Files and folders that only their owner can read: on Windows a folder inherits who may read it,
//! and those in a user's profile are that user's (and the administrators') alone. There is nothing
//! to add to that from here.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a new file; an error when there is one.
pub(crate) fn make_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Whether others can read or write it: decided by the folder above.
pub(super) fn is_open_to_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Takes everybody else's access away: decided by the folder above.
pub(crate) fn restrict(_path: &Path) -> io::Result<()> {
    Ok(())
}
