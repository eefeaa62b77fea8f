//! What outlives a restart: a folder that only its owner can read, with the rooms and the host code
//! in it.
//!
//! ```text
//! DATA/rooms.redb   rooms (id and hash of the admission key), the hash of the host code, the relay's secret. Locked by the running server
//! DATA/host-code    the host code itself, for `visio-server host-code` to print
//! DATA/certificates certificates that an authority gave with their keys, and the accounts there
//! ```
//!
//! The database checks a host code against its hash, so that the file which is backed up and looked
//! into gives none away. To *print* the code it has to be somewhere: in a file of its own, readable
//! by the owner alone. It is apart from the database because a running server holds the database's
//! lock, and `host-code` must work then too. Who has written the code down may delete the file.

mod drawer;
mod folder;
mod host_code;
mod store;

#[cfg_attr(unix, path = "owner_only_unix.rs")]
#[cfg_attr(not(unix), path = "owner_only_other.rs")]
mod owner_only;

pub(crate) use drawer::Drawer;
pub use host_code::read_or_make as host_code;
pub use store::{Created, Store};

use std::path::PathBuf;

/// What is wrong with the data folder, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It can't be made, read or written.
    #[error("{path}: {source}")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Others can read it, and it has things in it that are not ours.
    #[error(
        "{path} can be read by others: choose a folder of its own, or take their access away (chmod 700)"
    )]
    NotPrivate {
        /// The folder.
        path: PathBuf,
    },
    /// Another server has it open.
    #[error("another visio-server is running on {path}")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The database does not work, though it is not damaged.
    #[error("{path}: {reason}")]
    Database {
        /// The database.
        path: PathBuf,
        /// What it says.
        reason: String,
    },
    /// The copy of the host code is not one.
    #[error(
        "{path} does not hold a host code: restore it, or remove it together with rooms.redb to begin anew"
    )]
    HostCodeUnreadable {
        /// The file.
        path: PathBuf,
    },
    /// The copy of the host code was deleted, and the database has only its hash.
    #[error(
        "{path} is no longer there, and the database keeps only a hash: use the copy that you made of the host code"
    )]
    HostCodeRemoved {
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
