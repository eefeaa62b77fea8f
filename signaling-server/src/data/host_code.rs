//! The file with the host code.

use super::folder::Folder;
use super::{DataError, owner_only};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use visio_protocol::host_code::HostCode;
use zeroize::Zeroizing;

/// The host code of the server with this data folder; made when the folder is new. Works while the
/// server is running.
///
/// # Errors
/// [`DataError`]; `HostCodeRemoved` when there is a database and the file was deleted.
pub fn read_or_make(data: &Path) -> Result<HostCode, DataError> {
    let folder = Folder::open(data)?;
    let path = folder.host_code();
    if let Some(code) = read(&path)? {
        return Ok(code);
    }
    if folder.database().exists() {
        return Err(DataError::HostCodeRemoved { path });
    }
    make(&path)
}

/// Reads the file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<HostCode>, DataError> {
    match fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => match text.parse() {
            Ok(code) => Ok(Some(code)),
            Err(_) => Err(DataError::HostCodeUnreadable {
                path: path.to_owned(),
            }),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DataError::io(path)(error)),
    }
}

/// Makes a new code, in a file that is complete from the moment it has its name.
pub(super) fn make(path: &Path) -> Result<HostCode, DataError> {
    let code = HostCode::random();
    if keep(path, &code)? {
        return Ok(code);
    }
    read(path)?.ok_or_else(|| DataError::HostCodeUnreadable {
        path: path.to_owned(),
    })
}

/// Puts a code into the file; false when there is one already, which stays.
pub(super) fn keep(path: &Path, code: &HostCode) -> Result<bool, DataError> {
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let written = (|| {
        let mut file = owner_only::make_file(&unfinished)?;
        writeln!(file, "{}", Zeroizing::new(code.reveal()).as_str())?;
        file.sync_all()?;
        // Unlike a rename, a link does not replace what somebody else has made in the meantime.
        fs::hard_link(&unfinished, path)
    })();
    let _ = fs::remove_file(&unfinished);
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(DataError::io(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_made_once_and_then_stays() {
        let data = tempfile::tempdir().unwrap();
        let code = read_or_make(data.path()).unwrap();
        assert_eq!(read_or_make(data.path()).unwrap(), code);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_no_code_is_neither_taken_nor_overwritten() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("host-code"), "hello").unwrap();
        assert!(matches!(
            read_or_make(data.path()),
            Err(DataError::HostCodeUnreadable { .. })
        ));
        assert_eq!(
            fs::read_to_string(data.path().join("host-code")).unwrap(),
            "hello"
        );
    }
}
