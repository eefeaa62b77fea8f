//! What outlives a restart: a folder that only its owner can read, with the rooms and the host code
//! in it.
//!
//! ```text
//! DATA/rooms.redb   rooms (id and hash of the admission key), hashes of the host codes, the relay's secret. Locked by the running server
//! DATA/host-code    the first host code itself, for `visio-server host-code` to print
//! DATA/control      where a running server takes its owner's commands, see [`crate::control`]
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
mod host_codes;
mod mirror;
mod opening;
mod store;

#[cfg_attr(unix, path = "owner_only_unix.rs")]
#[cfg_attr(not(unix), path = "owner_only_other.rs")]
pub(crate) mod owner_only;

pub(crate) use drawer::Drawer;
pub use host_code::read_or_make as host_code;
pub use host_codes::MAX_HOST_CODES;
pub(crate) use store::seconds_since_1970;
pub use store::{Created, Room, Store};

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
    /// There is no room on the disk.
    #[error("{path}: the disk is full: make room on it, and try again; nothing was lost")]
    DiskFull {
        /// What was to be written.
        path: PathBuf,
    },
    /// The database is damaged. It is left as it was found.
    #[error(
        "{path} is damaged ({reason}): put a backup of the data folder in its place, or move the file away to begin anew without rooms; it was left as it is"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A later version of the program wrote it.
    #[error(
        "{path} was written by a later version of visio-server (format {theirs}): install that version again, or put the backup from before the upgrade in its place; it was left as it is"
    )]
    LaterFormat {
        /// The database.
        path: PathBuf,
        /// Its format.
        theirs: u64,
    },
    /// It belongs to several servers, and this one is not running.
    #[error(
        "{path} belongs to a server that shares its rooms with others, and that does not run: start it, or give this command to another of them"
    )]
    Shared {
        /// The folder.
        path: PathBuf,
    },
    /// The work on the disk was given up.
    #[error("the disk was not waited for: {0}")]
    Interrupted(String),
    /// What servers share can't be reached.
    #[error("Redis is away: try again once it is back (the server's log says more)")]
    SharedAway,
    /// There are as many host codes as there may be.
    #[error("there are {max} host codes already: revoke some first (visio-server host-code revoke)", max = MAX_HOST_CODES)]
    TooManyHostCodes,
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
        "{path} is no longer there, and the database keeps only hashes: use the copy that you made of the host code, or make another one with visio-server host-code new"
    )]
    HostCodeRemoved {
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        move |source| {
            let path = path.to_owned();
            // To whoever runs a server these are one and the same.
            match source.kind() {
                StorageFull | QuotaExceeded | FileTooLarge => Self::DiskFull { path },
                _ => Self::Io { path, source },
            }
        }
    }
}
