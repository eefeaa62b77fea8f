//! A folder within the data folder, for files that only their owner can read and that are replaced as
//! a whole.

use super::{DataError, owner_only};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Such a folder.
#[derive(Debug, Clone)]
pub(crate) struct Drawer(PathBuf);

impl Drawer {
    /// The one with this name; made when it is missing.
    pub(crate) fn open(data: &Path, name: &str) -> Result<Self, DataError> {
        let path = data.join(name);
        owner_only::make_folder(&path).map_err(DataError::io(&path))?;
        Ok(Self(path))
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is in a file; `None` when there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, DataError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::io(&path)(error)),
        }
    }

    /// Puts this into a file, in the place of what was there. Whatever happens in between, the file
    /// holds the one or the other.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        let path = self.path(name);
        let unfinished = self.path(&format!("{name}.new"));
        // Left by a server that was ended in the middle. Only one at a time has this data folder.
        let _ = fs::remove_file(&unfinished);
        let written = (|| {
            let mut file = owner_only::make_file(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        })();
        written.map_err(DataError::io(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let data = tempfile::tempdir().unwrap();
        let drawer = Drawer::open(data.path(), "certificates").unwrap();
        assert!(drawer.read("a.pem").unwrap().is_none());
        drawer.write("a.pem", b"first").unwrap();
        fs::write(drawer.path("a.pem.new"), "half of").unwrap();
        drawer.write("a.pem", b"second").unwrap();
        assert_eq!(**drawer.read("a.pem").unwrap().unwrap(), *b"second");
        assert_eq!(fs::read_dir(drawer.path("")).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        let drawer = Drawer::open(data.path(), "certificates").unwrap();
        drawer.write("a.pem", b"key").unwrap();
        for (path, mode) in [(drawer.path(""), 0o700), (drawer.path("a.pem"), 0o600)] {
            let permissions = fs::metadata(path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, mode);
        }
    }
}
