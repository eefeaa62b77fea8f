//! Opening the database: found sound and of a format that this version knows, or left as it was.
//!
//! redb does not notice damage in mid-file by opening alone, and opening writes to the file, as does
//! the attempt to repair it. So a copy is made first, and a file that turns out to be damaged gets
//! that copy's content back: what its owner repairs or restores is what was found, to the last byte.

use super::folder::Folder;
use super::{DataError, owner_only};
use redb::{Database, DatabaseError, ReadableDatabase as _, StorageError, TableDefinition};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The format of what is in the database; a folder from before it was numbered is of the first.
const FORMAT: TableDefinition<&str, u64> = TableDefinition::new("format");

/// The name of the number in [`FORMAT`].
const NUMBER: &str = "number";

/// The format that this version writes, and the latest that it reads.
pub(super) const THIS_FORMAT: u64 = 1;

/// Opens the database of this folder, or makes it.
///
/// # Errors
/// [`DataError`]; what is damaged, or of a later version, is then as it was found.
pub(super) fn open(folder: &Folder) -> Result<Database, DataError> {
    let path = folder.database();
    if !path.exists() {
        return make(&path);
    }
    let found = path.with_extension("redb.found");
    fs::copy(&path, &found).map_err(|error| {
        // Half of a copy is of no use to anybody.
        let _ = fs::remove_file(&found);
        DataError::io(&path)(error)
    })?;
    let opened = open_sound(&path).and_then(|database| stamped(database, &path));
    match opened {
        Ok(database) => {
            fs::remove_file(&found).map_err(DataError::io(&found))?;
            Ok(database)
        }
        Err(error @ (DataError::Damaged { .. } | DataError::LaterFormat { .. })) => {
            fs::rename(&found, &path).map_err(DataError::io(&found))?;
            Err(error)
        }
        // Another server's, it may be: nothing to put back.
        Err(error) => {
            let _ = fs::remove_file(&found);
            Err(error)
        }
    }
}

/// Makes a database, complete from the moment it has its name: half of one, from a disk that is full,
/// would look like a damaged one.
fn make(path: &Path) -> Result<Database, DataError> {
    let unfinished = path.with_extension("redb.new");
    let made = Database::create(&unfinished)
        .map_err(|error| as_data_error(&unfinished, error))
        .and_then(|database| stamped(database, &unfinished))
        .map(drop)
        .and_then(|()| {
            owner_only::restrict(&unfinished)
                .and_then(|()| fs::rename(&unfinished, path))
                .map_err(DataError::io(path))
        });
    match made {
        Ok(()) => Database::open(path).map_err(|error| as_data_error(path, error)),
        Err(error) => {
            if !matches!(error, DataError::InUse { .. }) {
                let _ = fs::remove_file(&unfinished);
            }
            Err(error)
        }
    }
}

/// The database, if it is of a format that this version knows; one without a number gets it.
fn stamped(database: Database, path: &Path) -> Result<Database, DataError> {
    let failed = |error| database_error(path, error);
    match format(&database).map_err(failed)? {
        Some(theirs) if theirs > THIS_FORMAT => Err(DataError::LaterFormat {
            path: path.to_owned(),
            theirs,
        }),
        Some(_) => Ok(database),
        None => {
            write_format(&database, THIS_FORMAT).map_err(failed)?;
            Ok(database)
        }
    }
}

fn format(database: &Database) -> Result<Option<u64>, redb::Error> {
    match database.begin_read()?.open_table(FORMAT) {
        Ok(table) => Ok(table.get(NUMBER)?.map(|number| number.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn write_format(database: &Database, number: u64) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(FORMAT)?.insert(NUMBER, number)?;
    write.commit()?;
    Ok(())
}

/// Opens a database and reads all of it.
///
/// # Errors
/// [`DataError`]; what opening has written to the file stays there.
pub(super) fn open_sound(path: &Path) -> Result<Database, DataError> {
    // What reads a damaged file may also panic, deep inside: that is damage like any other.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let mut database = Database::open(path)?;
        if !database.check_integrity()? {
            tracing::warn!("the database was not closed properly, and has been repaired");
        }
        Ok(database)
    }));
    let damaged = |reason| DataError::Damaged {
        path: path.to_owned(),
        reason,
    };
    match opened {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(DatabaseError::Storage(StorageError::Corrupted(reason)))) => Err(damaged(reason)),
        Ok(Err(DatabaseError::Storage(StorageError::Io(error)))) if is_damage(&error) => {
            Err(damaged(error.to_string()))
        }
        Ok(Err(error)) => Err(as_data_error(path, error)),
        Err(_) => Err(damaged("reading it failed".to_owned())),
    }
}

/// A file that is too short, or does not begin as one of redb's does.
fn is_damage(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
    )
}

fn as_data_error(path: &Path, error: DatabaseError) -> DataError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => DataError::InUse {
            path: path.to_owned(),
        },
        other => database_error(path, other.into()),
    }
}

pub(super) fn database_error(path: &Path, error: redb::Error) -> DataError {
    match error {
        redb::Error::Io(source) => DataError::io(path)(source),
        other => DataError::Database {
            path: path.to_owned(),
            reason: other.to_string(),
        },
    }
}
