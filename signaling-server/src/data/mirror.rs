//! Rooms and host codes that several servers share: what all of them say counts at once, and each
//! writes it to its own disk a little later, so that it outlives them and what they share it over.

use super::DataError;
use super::host_code;
use super::host_codes::HOST_CODES;
use super::store::{CREATED, ROOMS, Room, SERVER, Store, lock};
use redb::{Database, ReadableTable as _, TableError};
use std::collections::{HashMap, HashSet};
use visio_protocol::RoomId;

/// In [`SERVER`]: the group of servers that this one belonged to last.
const GROUP: &str = "group";

impl Store {
    /// The group of servers that this one belonged to last, if to any.
    pub(crate) fn group(&self) -> Option<[u8; 32]> {
        *lock(&self.group)
    }

    /// This server is alone from now on. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) fn leave_group(&self) -> Result<(), DataError> {
        if lock(&self.group).take().is_none() {
            return Ok(());
        }
        self.change(|database| {
            let write = database.begin_write()?;
            write.open_table(SERVER)?.remove(GROUP)?;
            write.commit()?;
            Ok(())
        })
    }

    /// The hashes of all host codes that are good.
    pub(crate) fn host_code_hashes(&self) -> Vec<[u8; 32]> {
        lock(&self.host_codes).hashes()
    }

    /// From now on there is what this group has, and nothing else; gives rooms that there are no
    /// longer.
    pub(crate) fn adopt(
        &self,
        group: [u8; 32],
        rooms: HashMap<RoomId, Room>,
        codes: Vec<[u8; 32]>,
    ) -> Vec<RoomId> {
        *lock(&self.group) = Some(group);
        lock(&self.host_codes).replace(codes);
        let before = std::mem::replace(&mut *lock(&self.rooms), rooms);
        let rooms = lock(&self.rooms);
        before
            .into_keys()
            .filter(|room| !rooms.contains_key(room))
            .collect()
    }

    /// There is this room.
    pub(crate) fn gain_room(&self, id: RoomId, room: Room) {
        lock(&self.rooms).entry(id).or_insert(room);
    }

    /// There is no such room any more.
    pub(crate) fn lose_room(&self, room: &RoomId) {
        lock(&self.rooms).remove(room);
    }

    /// A host code that hashes to this is good.
    pub(crate) fn gain_host_code(&self, hash: [u8; 32]) {
        lock(&self.host_codes).gain(hash);
    }

    /// A host code that hashes to this is good no more.
    pub(crate) fn lose_host_code(&self, hash: &[u8; 32]) {
        lock(&self.host_codes).lose(hash);
    }

    /// No host code is good any more.
    pub(crate) fn lose_host_codes(&self) {
        lock(&self.host_codes).replace(Vec::new());
    }

    /// Writes to the disk what is not there yet. Waits for it.
    ///
    /// # Errors
    /// [`DataError`]; what was there stays.
    pub(crate) fn mirror(&self) -> Result<(), DataError> {
        let rooms: HashMap<RoomId, Room> = self.rooms().into_iter().collect();
        let codes = self.host_code_hashes();
        let group = self.group();
        self.change(|database| write(database, &rooms, &codes, group))?;
        // A code that is good no more is not to be printed as if it were.
        let path = self.folder.host_code();
        if host_code::read(&path)?.is_some_and(|kept| !self.is_host_code(&kept)) {
            std::fs::remove_file(&path).map_err(DataError::io(&path))?;
        }
        Ok(())
    }
}

fn write(
    database: &Database,
    rooms: &HashMap<RoomId, Room>,
    codes: &[[u8; 32]],
    group: Option<[u8; 32]>,
) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    {
        let mut table = write.open_table(ROOMS)?;
        let mut created = write.open_table(CREATED)?;
        let mut there = HashSet::new();
        for entry in table.iter()? {
            there.insert(RoomId::from_bytes(entry?.0.value()));
        }
        for room in there.iter().filter(|room| !rooms.contains_key(room)) {
            table.remove(room.as_bytes())?;
            created.remove(room.as_bytes())?;
        }
        for (id, room) in rooms.iter().filter(|(id, _)| !there.contains(id)) {
            table.insert(id.as_bytes(), room.admission.as_bytes())?;
            if let Some(time) = room.created {
                created.insert(id.as_bytes(), time)?;
            }
        }
        let mut table = write.open_table(HOST_CODES)?;
        table.retain(|hash, _| codes.contains(&hash))?;
        for hash in codes {
            if table.get(hash)?.is_none() {
                table.insert(hash, 0)?;
            }
        }
        if let Some(group) = group {
            write.open_table(SERVER)?.insert(GROUP, group)?;
        }
    }
    write.commit()?;
    Ok(())
}

/// The group in this database.
pub(super) fn read_group(
    database: &impl redb::ReadableDatabase,
) -> Result<Option<[u8; 32]>, redb::Error> {
    match database.begin_read()?.open_table(SERVER) {
        Ok(table) => Ok(table.get(GROUP)?.map(|group| group.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::RoomKeys;
    use visio_protocol::host_code::HostCode;
    use visio_protocol::secret::InviteSecret;

    fn room() -> (RoomId, Room) {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let admission = keys.admission.hash();
        (
            keys.room,
            Room {
                admission,
                created: Some(7),
            },
        )
    }

    #[test]
    fn what_the_others_have_counts_at_once_and_is_there_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        let code = host_code::read(&data.path().join("host-code"))
            .unwrap()
            .unwrap();
        let ((old, was), (new, is)) = (room(), room());
        store.gain_room(old, was);
        let theirs = HostCode::random();
        let closed = store.adopt(
            [9; 32],
            HashMap::from([(new, is)]),
            vec![*theirs.hash().as_bytes()],
        );
        assert_eq!(closed, [old]);
        assert!(store.is_host_code(&theirs) && !store.is_host_code(&code));
        store.mirror().unwrap();
        drop(store);
        let store = Store::open(data.path()).unwrap();
        assert_eq!(store.rooms(), [(new, is)]);
        assert_eq!(store.group(), Some([9; 32]));
        assert!(store.is_host_code(&theirs) && !store.is_host_code(&code));
        assert!(!data.path().join("host-code").exists());
        store.lose_room(&new);
        store.lose_host_codes();
        store.mirror().unwrap();
        drop(store);
        let store = Store::open(data.path()).unwrap();
        assert!(store.rooms().is_empty() && store.host_code_hashes().is_empty());
    }
}
