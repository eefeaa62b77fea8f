//! Files and folders that only their owner can read: permission bits.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Makes a folder, and those above it that are missing.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a new file; an error when there is one.
pub(crate) fn make_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Whether others can read or write it.
pub(super) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(std::fs::metadata(path)?.permissions().mode() & OTHERS != 0)
}

/// Takes everybody else's access away.
pub(crate) fn restrict(path: &Path) -> io::Result<()> {
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777 & !OTHERS;
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}
