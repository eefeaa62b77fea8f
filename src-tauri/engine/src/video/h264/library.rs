//! Which openh264 codes pictures here: the one that is built in, or a file of Cisco's. Chosen once for the process; encoders and
//! decoders that there are already keep theirs.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use openh264_sys2::DynamicAPI;
use thiserror::Error;

/// The file, once it has proven to be one.
static FILE: RwLock<Option<PathBuf>> = RwLock::new(None);

/// Why pictures can't be coded.
#[derive(Debug, Error)]
pub enum LibraryError {
    /// None was built in, and none has been fetched yet.
    #[error("there is no video codec")]
    Missing,
    /// The file is not one that Cisco has published, or this system does not load it.
    #[error("the video codec can't be used: {0}")]
    Unusable(String),
}

/// What codes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// What was built in.
    BuiltIn,
    /// Cisco's file.
    Fetched,
    /// Nothing: others are heard and not seen.
    Missing,
}

impl Library {
    /// What codes pictures now.
    pub fn now() -> Self {
        if file().is_some() {
            Self::Fetched
        } else if cfg!(feature = "built-in-codec") {
            Self::BuiltIn
        } else {
            Self::Missing
        }
    }

    /// Codes with this file from now on: one of those that Cisco has published, known by their SHA-256.
    ///
    /// # Errors
    /// [`LibraryError::Unusable`]; nothing has changed then.
    pub fn use_file(path: &Path) -> Result<(), LibraryError> {
        open(path)?;
        *FILE.write().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
        Ok(())
    }

    /// Codes with the file no longer, but with what is built in, if there is that.
    pub fn forget_file() {
        *FILE.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The library's functions.
    pub(super) fn open() -> Result<DynamicAPI, LibraryError> {
        match &*file() {
            Some(path) => open(path),
            None => built_in(),
        }
    }
}

fn file() -> RwLockReadGuard<'static, Option<PathBuf>> {
    FILE.read().unwrap_or_else(PoisonError::into_inner)
}

fn open(path: &Path) -> Result<DynamicAPI, LibraryError> {
    DynamicAPI::from_blob_path(path).map_err(|error| LibraryError::Unusable(error.to_string()))
}

#[cfg(feature = "built-in-codec")]
fn built_in() -> Result<DynamicAPI, LibraryError> {
    Ok(DynamicAPI::from_source())
}

#[cfg(not(feature = "built-in-codec"))]
fn built_in() -> Result<DynamicAPI, LibraryError> {
    Err(LibraryError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cisco_has_not_published_is_refused_and_nothing_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libopenh264.so");
        std::fs::write(&file, b"somebody else's").unwrap();
        let before = Library::now();
        let refused = Library::use_file(&file);
        assert!(matches!(refused, Err(LibraryError::Unusable(_))));
        let missing = Library::use_file(&folder.path().join("nothing"));
        assert!(matches!(missing, Err(LibraryError::Unusable(_))));
        assert_eq!(Library::now(), before);
    }
}
