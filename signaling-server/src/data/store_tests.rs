//! Rooms that outlive a restart, and a database that was damaged.

use super::*;
use std::fs;
use tempfile::TempDir;
use visio_protocol::RoomKeys;
use visio_protocol::secret::InviteSecret;

const PLENTY: usize = 1000;

fn data() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn room() -> (RoomId, AdmissionHash) {
    let keys = RoomKeys::derive(&InviteSecret::random());
    (keys.room, keys.admission.hash())
}

#[test]
fn rooms_and_the_host_code_outlive_a_restart() {
    let data = data();
    let (room, admission) = room();
    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.create_room(room, admission, PLENTY), Ok(Created::New));
    drop(store);
    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.admission(&room), Some(admission));
    assert!(store.is_host_code(&host_code::read_or_make(data.path()).unwrap()));
}

#[test]
fn a_room_is_created_once_and_for_one_key() {
    let store_data = data();
    let store = Store::open(store_data.path()).unwrap();
    let (id, admission) = room();
    assert_eq!(store.create_room(id, admission, 1), Ok(Created::New));
    assert_eq!(store.create_room(id, admission, 1), Ok(Created::Already));
    assert_eq!(store.create_room(id, room().1, 1), Err(Refusal::Admission));
    assert_eq!(
        store.create_room(room().0, admission, 1),
        Err(Refusal::RoomsFull)
    );
}

#[test]
fn the_host_code_can_be_printed_while_the_server_runs() {
    let data = data();
    let store = Store::open(data.path()).unwrap();
    assert!(store.is_host_code(&host_code::read_or_make(data.path()).unwrap()));
    assert!(!store.is_host_code(&HostCode::random()));
}

#[test]
fn a_host_code_printed_before_the_first_start_is_the_servers() {
    let data = data();
    let code = host_code::read_or_make(data.path()).unwrap();
    assert!(Store::open(data.path()).unwrap().is_host_code(&code));
}

#[test]
fn who_deletes_the_copy_of_the_host_code_can_still_use_the_code() {
    let data = data();
    let code = host_code::read_or_make(data.path()).unwrap();
    drop(Store::open(data.path()).unwrap());
    fs::remove_file(data.path().join("host-code")).unwrap();
    assert!(Store::open(data.path()).unwrap().is_host_code(&code));
    assert!(matches!(
        host_code::read_or_make(data.path()),
        Err(DataError::HostCodeRemoved { .. })
    ));
}

#[test]
fn a_second_server_on_the_same_folder_does_not_start() {
    let data = data();
    let _first = Store::open(data.path()).unwrap();
    assert!(matches!(
        Store::open(data.path()),
        Err(DataError::InUse { .. })
    ));
}

#[test]
fn another_host_code_is_good_beside_the_first_until_it_is_revoked() {
    let data = data();
    let first = host_code::read_or_make(data.path()).unwrap();
    let store = Store::open(data.path()).unwrap();
    let second = store.new_host_code().unwrap();
    assert!(store.is_host_code(&first) && store.is_host_code(&second));
    drop(store);

    let store = Store::open(data.path()).unwrap();
    assert!(store.is_host_code(&first) && store.is_host_code(&second));
    assert!(store.revoke_host_code(&second).unwrap());
    assert!(!store.revoke_host_code(&second).unwrap(), "it was already");
    drop(store);
    let store = Store::open(data.path()).unwrap();
    assert!(store.is_host_code(&first) && !store.is_host_code(&second));
    assert_eq!(host_code::read_or_make(data.path()).unwrap(), first);
}

#[test]
fn a_revoked_host_code_does_not_come_back_with_a_restart_and_the_next_one_is_printed() {
    let data = data();
    let store = Store::open(data.path()).unwrap();
    let first = host_code::read_or_make(data.path()).unwrap();
    let second = store.new_host_code().unwrap();
    assert_eq!(store.revoke_all_host_codes().unwrap(), 2);
    drop(store);
    let store = Store::open(data.path()).unwrap();
    assert!(!store.is_host_code(&first) && !store.is_host_code(&second));
    assert!(matches!(
        host_code::read_or_make(data.path()),
        Err(DataError::HostCodeRemoved { .. })
    ));
    let third = store.new_host_code().unwrap();
    assert_eq!(host_code::read_or_make(data.path()).unwrap(), third);
}

#[test]
fn there_are_never_more_host_codes_than_are_compared_in_no_time() {
    let data = data();
    let store = Store::open(data.path()).unwrap();
    for _ in 1..MAX_HOST_CODES {
        store.new_host_code().unwrap();
    }
    assert!(matches!(
        store.new_host_code(),
        Err(DataError::TooManyHostCodes)
    ));
}

#[test]
fn the_host_code_of_an_earlier_version_is_still_good() {
    let data = data();
    let code = host_code::read_or_make(data.path()).unwrap();
    let database = Database::create(data.path().join("rooms.redb")).unwrap();
    let write = database.begin_write().unwrap();
    write
        .open_table(SERVER)
        .unwrap()
        .insert("host code hash", code.hash().as_bytes())
        .unwrap();
    write.commit().unwrap();
    drop(database);
    fs::remove_file(data.path().join("host-code")).unwrap();
    let store = Store::open(data.path()).unwrap();
    assert!(store.is_host_code(&code));
    assert!(!data.path().join("host-code").exists());
}

#[test]
fn a_room_that_was_closed_is_gone_and_stays_so() {
    let data = data();
    let store = Store::open(data.path()).unwrap();
    let (closed, admission) = room();
    let (stays, _) = room();
    for id in [closed, stays] {
        store.create_room(id, admission, PLENTY).unwrap();
    }
    assert!(store.close_room(&closed).unwrap());
    assert!(!store.close_room(&closed).unwrap());
    drop(store);
    let store = Store::open(data.path()).unwrap();
    let rooms = store.rooms();
    assert_eq!(rooms.len(), 1);
    let (id, kept) = rooms[0];
    assert_eq!((id, kept.admission), (stays, admission));
    assert!(kept.created.is_some());
}

#[test]
fn a_folder_of_a_later_version_is_refused_and_left_as_it_is() {
    let data = data();
    let path = data.path().join("rooms.redb");
    drop(Store::open(data.path()).unwrap());
    let database = Database::open(&path).unwrap();
    opening::write_format(&database, opening::THIS_FORMAT + 1).unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let error = Store::open(data.path()).unwrap_err();
    assert!(
        matches!(error, DataError::LaterFormat { theirs, .. } if theirs == opening::THIS_FORMAT + 1)
    );
    assert!(error.to_string().contains("install that version again"));
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    for content in [
        &b"this is a letter to my grandmother"[..],
        &[0; 100_000],
        &[],
    ] {
        let data = data();
        let path = data.path().join("rooms.redb");
        fs::write(&path, content).unwrap();
        let error = Store::open(data.path()).unwrap_err();
        assert!(matches!(error, DataError::Damaged { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(
            fs::read_dir(data.path()).unwrap().count(),
            1,
            "nothing else"
        );
    }
}

#[test]
fn damage_anywhere_is_either_harmless_or_the_file_is_refused_and_left_as_it_is() {
    let original = data();
    let store = Store::open(original.path()).unwrap();
    let rooms: Vec<_> = (0..200).map(|_| room()).collect();
    for (room, admission) in &rooms {
        store.create_room(*room, *admission, PLENTY).unwrap();
    }
    drop(store);
    let bytes = fs::read(original.path().join("rooms.redb")).unwrap();
    let step = bytes.len() / 24;
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(step) {
        let data = data();
        let path = data.path().join("rooms.redb");
        let mut damaged = bytes.clone();
        let end = bytes.len().min(place + 512);
        damaged[place..end]
            .iter_mut()
            .for_each(|byte| *byte ^= 0x5a);
        fs::write(&path, &damaged).unwrap();
        match Store::open(data.path()) {
            Ok(store) => {
                for (room, admission) in &rooms {
                    assert_eq!(store.admission(room), Some(*admission), "damage at {place}");
                }
            }
            Err(DataError::Damaged { .. }) => {
                assert!(
                    fs::read(&path).unwrap() == damaged,
                    "{place} was written to"
                );
                refused += 1;
            }
            Err(error) => panic!("damage at {place}: {error}"),
        }
    }
    assert!(refused > 0, "some of this damage must matter");
}
