//! The database: rooms, the hashes of the host codes, the relay's secret.
//!
//! All of it is also in memory, so that only what changes something touches the disk. After an error
//! of the disk (a full one, most likely) redb refuses everything until it is opened anew, so that is
//! what the next change does: it works again as soon as there is room.

use super::folder::Folder;
use super::host_codes::{HostCodes, MAX_HOST_CODES};
use super::mirror::read_group;
use super::opening::{self, database_error};
use super::{DataError, host_code};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use visio_protocol::RoomId;
use visio_protocol::host_code::HostCode;
use visio_protocol::keys::AdmissionHash;
use visio_protocol::refusal::Refusal;

/// Room id to hash of its admission key.
pub(super) const ROOMS: TableDefinition<[u8; 16], [u8; 32]> = TableDefinition::new("rooms");

/// Room id to the time at which it was created, in seconds since 1970. Rooms of earlier versions
/// have none.
pub(super) const CREATED: TableDefinition<[u8; 16], u64> = TableDefinition::new("rooms created");

/// What there is one of.
pub(super) const SERVER: TableDefinition<&str, [u8; 32]> = TableDefinition::new("server");

/// What the relay's passwords follow from, in [`SERVER`].
const RELAY_SECRET: &str = "relay secret";

/// Rooms and host codes, on disk and in memory.
#[derive(Debug)]
pub struct Store {
    pub(super) folder: Folder,
    relay_secret: [u8; 32],
    /// Held by whoever changes something, while the disk is written to; `None` after an error of
    /// the disk. Whoever only reads does not wait for it.
    database: Mutex<Option<Database>>,
    pub(super) host_codes: Mutex<HostCodes>,
    pub(super) rooms: Mutex<HashMap<RoomId, Room>>,
    /// The group of servers that this one belongs to.
    pub(super) group: Mutex<Option<[u8; 32]>>,
}

/// A room, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What admits to it.
    pub admission: AdmissionHash,
    /// When it was created, in seconds since 1970; rooms of earlier versions don't know.
    pub created: Option<u64>,
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
    /// Opens the database in this folder, or makes it. One that is damaged, or of a later version,
    /// is left as it was found.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(data: &Path) -> Result<Self, DataError> {
        let folder = Folder::open(data)?;
        let database = opening::open(&folder)?;
        let failed = |error| database_error(&folder.database(), error);
        let host_codes = HostCodes::load(&database, &folder)?;
        let relay_secret = load_relay_secret(&database).map_err(failed)?;
        let rooms = read_rooms(&database).map_err(failed)?;
        let group = read_group(&database).map_err(failed)?;
        Ok(Self {
            folder,
            relay_secret,
            database: Mutex::new(Some(database)),
            host_codes: Mutex::new(host_codes),
            rooms: Mutex::new(rooms),
            group: Mutex::new(group),
        })
    }

    /// Whether this is a host code that is good.
    pub fn is_host_code(&self, code: &HostCode) -> bool {
        lock(&self.host_codes).contains(code)
    }

    /// Makes another host code; the others stay good. The folder's file gets it when it holds none.
    /// Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`]; `TooManyHostCodes` when there are [`MAX_HOST_CODES`].
    pub fn new_host_code(&self) -> Result<HostCode, DataError> {
        self.change(|database| {
            if lock(&self.host_codes).len() >= MAX_HOST_CODES {
                return Ok(None);
            }
            let code = HostCode::random();
            lock(&self.host_codes).add(&code, database, seconds_since_1970())?;
            Ok(Some(code))
        })?
        .map_or(Err(DataError::TooManyHostCodes), |code| {
            let path = self.folder.host_code();
            if host_code::read(&path)?.is_none() {
                host_code::keep(&path, &code)?;
            }
            Ok(code)
        })
    }

    /// From now on this host code is good no more; answers whether it was. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn revoke_host_code(&self, code: &HostCode) -> Result<bool, DataError> {
        let path = self.folder.host_code();
        // First: a code in the file would be good again from the next start.
        if host_code::read(&path)?.is_some_and(|kept| kept == *code) {
            std::fs::remove_file(&path).map_err(DataError::io(&path))?;
        }
        let revoke = |database: &Database| {
            lock(&self.host_codes).revoke(|hash| hash.matches(code), database)
        };
        Ok(self.change(revoke)? > 0)
    }

    /// From now on no host code is good; answers how many were. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn revoke_all_host_codes(&self) -> Result<usize, DataError> {
        let path = self.folder.host_code();
        if path.exists() {
            std::fs::remove_file(&path).map_err(DataError::io(&path))?;
        }
        self.change(|database| lock(&self.host_codes).revoke(|_| true, database))
    }

    /// What the relay's passwords follow from: made once, so that those that were handed out are
    /// still good after a restart.
    pub fn relay_secret(&self) -> [u8; 32] {
        self.relay_secret
    }

    /// What admits to this room, if there is one.
    pub fn admission(&self, room: &RoomId) -> Option<AdmissionHash> {
        lock(&self.rooms).get(room).map(|room| room.admission)
    }

    /// How many rooms there are.
    pub fn room_count(&self) -> usize {
        lock(&self.rooms).len()
    }

    /// All rooms, in no order.
    pub fn rooms(&self) -> Vec<(RoomId, Room)> {
        let rooms = lock(&self.rooms);
        rooms.iter().map(|(id, room)| (*id, *room)).collect()
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
        let created = seconds_since_1970();
        let create = |database: &Database| {
            let check = |rooms: &HashMap<RoomId, Room>| match rooms.get(&room) {
                Some(known) if known.admission == admission => Err(Ok(Created::Already)),
                Some(_) => Err(Err(Refusal::Admission)),
                None if rooms.len() >= most => Err(Err(Refusal::RoomsFull)),
                None => Ok(()),
            };
            if let Err(answer) = check(&lock(&self.rooms)) {
                return Ok(answer);
            }
            write_room(database, room, admission, created)?;
            let created = Some(created);
            lock(&self.rooms).insert(room, Room { admission, created });
            Ok(Ok(Created::New))
        };
        self.change(create).unwrap_or_else(|error| {
            tracing::error!(%error, "a room could not be stored");
            Err(Refusal::Internal)
        })
    }

    /// Forgets a room; answers whether there was one. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn close_room(&self, room: &RoomId) -> Result<bool, DataError> {
        self.change(|database| {
            if !lock(&self.rooms).contains_key(room) {
                return Ok(false);
            }
            let write = database.begin_write()?;
            write.open_table(ROOMS)?.remove(room.as_bytes())?;
            write.open_table(CREATED)?.remove(room.as_bytes())?;
            write.commit()?;
            lock(&self.rooms).remove(room);
            Ok(true)
        })
    }

    /// Changes something on the disk. One change at a time.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, DataError> {
        let path = self.folder.database();
        let mut place = lock(&self.database);
        let database = match place.take() {
            Some(database) => database,
            None => opening::open_sound(&path)?,
        };
        let changed = change(&database).map_err(|error| database_error(&path, error))?;
        *place = Some(database);
        Ok(changed)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn seconds_since_1970() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

fn write_room(
    database: &Database,
    room: RoomId,
    admission: AdmissionHash,
    created: u64,
) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    write
        .open_table(ROOMS)?
        .insert(room.as_bytes(), admission.as_bytes())?;
    write
        .open_table(CREATED)?
        .insert(room.as_bytes(), created)?;
    write.commit()?;
    Ok(())
}

fn load_relay_secret(database: &Database) -> Result<[u8; 32], redb::Error> {
    let write = database.begin_write()?;
    let secret = {
        let mut table = write.open_table(SERVER)?;
        let stored = table.get(RELAY_SECRET)?.map(|secret| secret.value());
        match stored {
            Some(secret) => secret,
            None => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret)
                    .map_err(|error| std::io::Error::other(error.to_string()))?;
                table.insert(RELAY_SECRET, &secret)?;
                secret
            }
        }
    };
    write.commit()?;
    Ok(secret)
}

fn read_rooms(database: &Database) -> Result<HashMap<RoomId, Room>, redb::Error> {
    let read = database.begin_read()?;
    let table = match read.open_table(ROOMS) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(HashMap::new()),
        Err(error) => return Err(error.into()),
    };
    let created = match read.open_table(CREATED) {
        Ok(created) => Some(created),
        Err(redb::TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let mut rooms = HashMap::new();
    for entry in table.iter()? {
        let (id, admission) = entry?;
        let created = match &created {
            Some(created) => created.get(id.value())?.map(|time| time.value()),
            None => None,
        };
        let admission = AdmissionHash::from_bytes(admission.value());
        rooms.insert(RoomId::from_bytes(id.value()), Room { admission, created });
    }
    Ok(rooms)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
