//! The database: rooms, and the hash of the host code.
//!
//! All of it is also in memory, so that only creating a room touches the disk.

use super::folder::Folder;
use super::{DataError, host_code, owner_only};
use redb::{
    Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, StorageError,
    TableDefinition,
};
use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use visio_protocol::RoomId;
use visio_protocol::host_code::{HostCode, HostCodeHash};
use visio_protocol::keys::AdmissionHash;
use visio_protocol::refusal::Refusal;

/// Room id to hash of its admission key.
const ROOMS: TableDefinition<[u8; 16], [u8; 32]> = TableDefinition::new("rooms");

/// What there is one of.
const SERVER: TableDefinition<&str, [u8; 32]> = TableDefinition::new("server");

/// The hash of the host code, in [`SERVER`].
const HOST_CODE: &str = "host code hash";

/// What the relay's passwords follow from, in [`SERVER`].
const RELAY_SECRET: &str = "relay secret";

/// Rooms and the host code, on disk and in memory.
#[derive(Debug)]
pub struct Store {
    database: Database,
    host_code: HostCodeHash,
    relay_secret: [u8; 32],
    rooms: Mutex<HashMap<RoomId, AdmissionHash>>,
}

/// What became of a request to create a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New,
    /// It was there already, with the same admission key.
    Already,
}

impl Store {
    /// Opens the database in this folder, or makes it. A damaged one is set aside under another
    /// name, and never written to.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(data: &Path) -> Result<Self, DataError> {
        let folder = Folder::open(data)?;
        let path = folder.database();
        if path.exists() {
            // Opening writes to the file, and so does the attempt to repair it: what is set aside
            // must be as it was found.
            let found = path.with_extension("redb.found");
            fs::copy(&path, &found).map_err(DataError::io(&path))?;
            match open_sound(&path) {
                Ok(database) => {
                    fs::remove_file(&found).map_err(DataError::io(&found))?;
                    return Self::load(database, &folder);
                }
                Err(Unusable::Damaged(reason)) => {
                    let aside = set_aside(&path, &found)?;
                    let aside = aside.display();
                    tracing::error!(reason, %aside, "the database is damaged: it was set aside, and rooms begin anew");
                }
                Err(Unusable::Other(error)) => {
                    let _ = fs::remove_file(&found);
                    return Err(error);
                }
            }
        }
        let database = Database::create(&path).map_err(|error| as_data_error(&path, error))?;
        owner_only::restrict(&path).map_err(DataError::io(&path))?;
        Self::load(database, &folder)
    }

    /// Whether this is the host code.
    pub fn is_host_code(&self, code: &HostCode) -> bool {
        self.host_code.matches(code)
    }

    /// What the relay's passwords follow from: made once, so that those that were handed out are
    /// still good after a restart.
    pub fn relay_secret(&self) -> [u8; 32] {
        self.relay_secret
    }

    /// What admits to this room, if there is one.
    pub fn admission(&self, room: &RoomId) -> Option<AdmissionHash> {
        self.rooms().get(room).copied()
    }

    /// How many rooms there are.
    pub fn room_count(&self) -> usize {
        self.rooms().len()
    }

    /// Creates a room. Waits for the disk: not for an async thread.
    ///
    /// # Errors
    /// [`Refusal`]: `RoomsFull`; `Admission`, when there is such a room with another key;
    /// `Internal`, when the disk fails.
    pub fn create_room(
        &self,
        room: RoomId,
        admission: AdmissionHash,
        most: usize,
    ) -> Result<Created, Refusal> {
        // Held while writing, so that the bound holds for requests at the same time. Entering waits
        // for so long.
        let mut rooms = self.rooms();
        match rooms.get(&room) {
            Some(known) if *known == admission => return Ok(Created::Already),
            Some(_) => return Err(Refusal::Admission),
            None if rooms.len() >= most => return Err(Refusal::RoomsFull),
            None => {}
        }
        self.write_room(room, admission).map_err(|error| {
            tracing::error!(%error, "a room could not be stored");
            Refusal::Internal
        })?;
        rooms.insert(room, admission);
        Ok(Created::New)
    }

    fn write_room(&self, room: RoomId, admission: AdmissionHash) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        write
            .open_table(ROOMS)?
            .insert(room.as_bytes(), admission.as_bytes())?;
        write.commit()?;
        Ok(())
    }

    fn load(database: Database, folder: &Folder) -> Result<Self, DataError> {
        let path = folder.database();
        let host_code = load_host_code(&database, folder)?;
        let relay_secret =
            load_relay_secret(&database).map_err(|error| database_error(&path, error))?;
        let rooms = read_rooms(&database).map_err(|error| database_error(&path, error))?;
        Ok(Self {
            database,
            host_code,
            relay_secret,
            rooms: Mutex::new(rooms),
        })
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, AdmissionHash>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file wins over the database, so that a code which was made anew counts from the next start.
fn load_host_code(database: &Database, folder: &Folder) -> Result<HostCodeHash, DataError> {
    let path = folder.database();
    let stored = read(database, HOST_CODE).map_err(|error| database_error(&path, error))?;
    let code = match (host_code::read(&folder.host_code())?, stored) {
        (None, Some(hash)) => return Ok(HostCodeHash::from_bytes(hash)),
        (Some(code), _) => code,
        (None, None) => host_code::make(&folder.host_code())?,
    };
    let hash = code.hash();
    if stored != Some(*hash.as_bytes()) {
        write(database, HOST_CODE, hash.as_bytes())
            .map_err(|error| database_error(&path, error))?;
    }
    Ok(hash)
}

fn load_relay_secret(database: &Database) -> Result<[u8; 32], redb::Error> {
    if let Some(secret) = read(database, RELAY_SECRET)? {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| std::io::Error::other(error.to_string()))?;
    write(database, RELAY_SECRET, &secret)?;
    Ok(secret)
}

/// One of the values of which there is one each.
fn read(database: &Database, name: &str) -> Result<Option<[u8; 32]>, redb::Error> {
    match database.begin_read()?.open_table(SERVER) {
        Ok(table) => Ok(table.get(name)?.map(|value| value.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(database: &Database, name: &str, value: &[u8; 32]) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write.open_table(SERVER)?.insert(name, value)?;
    write.commit()?;
    Ok(())
}

fn read_rooms(database: &Database) -> Result<HashMap<RoomId, AdmissionHash>, redb::Error> {
    let table = match database.begin_read()?.open_table(ROOMS) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(HashMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut rooms = HashMap::new();
    for entry in table.iter()? {
        let (room, admission) = entry?;
        rooms.insert(
            RoomId::from_bytes(room.value()),
            AdmissionHash::from_bytes(admission.value()),
        );
    }
    Ok(rooms)
}

/// Why an existing database is not used.
enum Unusable {
    Damaged(String),
    Other(DataError),
}

/// Opens a database and reads all of it, because redb does not notice damage in mid-file by opening
/// alone.
fn open_sound(path: &Path) -> Result<Database, Unusable> {
    // What reads a damaged file may also panic, deep inside: that is damage like any other.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let mut database = Database::open(path)?;
        if !database.check_integrity()? {
            tracing::warn!("the database was not closed properly, and has been repaired");
        }
        Ok(database)
    }));
    match opened {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(DatabaseError::Storage(StorageError::Corrupted(reason)))) => {
            Err(Unusable::Damaged(reason))
        }
        Ok(Err(DatabaseError::Storage(StorageError::Io(error)))) if is_damage(&error) => {
            Err(Unusable::Damaged(error.to_string()))
        }
        Ok(Err(error)) => Err(Unusable::Other(as_data_error(path, error))),
        Err(_) => Err(Unusable::Damaged("reading it failed".to_owned())),
    }
}

/// A file that is too short, or does not begin as one of redb's does.
fn is_damage(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
    )
}

/// Keeps the file as it was found under a name of its own, and makes place for a new one.
fn set_aside(path: &Path, found: &Path) -> Result<PathBuf, DataError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let aside = path.with_extension(format!("redb.damaged-{}", now.as_millis()));
    fs::rename(found, &aside).map_err(DataError::io(found))?;
    fs::remove_file(path).map_err(DataError::io(path))?;
    Ok(aside)
}

fn as_data_error(path: &Path, error: DatabaseError) -> DataError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => DataError::InUse {
            path: path.to_owned(),
        },
        DatabaseError::Storage(StorageError::Io(source)) => DataError::Io {
            path: path.to_owned(),
            source,
        },
        other => database_error(path, other.into()),
    }
}

fn database_error(path: &Path, error: redb::Error) -> DataError {
    DataError::Database {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
