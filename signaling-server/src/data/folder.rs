//! The data folder.

use super::{DataError, owner_only};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder that exists and that only its owner can read.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder when it is missing. One that others can read is closed to them when it is
    /// empty or ours.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let folder = Self(path.to_owned());
        owner_only::make_folder(path).map_err(DataError::io(path))?;
        if owner_only::is_open_to_others(path).map_err(DataError::io(path))? {
            let ours = folder.database().exists() || folder.host_code().exists() || is_empty(path)?;
            if !ours {
                return Err(DataError::NotPrivate {
                    path: path.to_owned(),
                });
            }
            owner_only::restrict(path).map_err(DataError::io(path))?;
        }
        Ok(folder)
    }

    /// Where the database is.
    pub(super) fn database(&self) -> PathBuf {
        self.0.join("rooms.redb")
    }

    /// Where the host code is.
    pub(super) fn host_code(&self) -> PathBuf {
        self.0.join("host-code")
    }
}

fn is_empty(path: &Path) -> Result<bool, DataError> {
    Ok(fs::read_dir(path)
        .map_err(DataError::io(path))?
        .next()
        .is_none())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_folder_is_its_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        Folder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn an_empty_folder_is_closed_to_others_and_one_with_foreign_things_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Folder::open(folder.path()).unwrap();
        assert_eq!(mode(folder.path()), 0o700);

        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("holiday.jpg"), "").unwrap();
        assert!(matches!(
            Folder::open(folder.path()),
            Err(DataError::NotPrivate { .. })
        ));
        assert_eq!(mode(folder.path()), 0o755);
    }
}
