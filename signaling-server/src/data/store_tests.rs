//! Rooms that outlive a restart, and a database that was damaged.

use super::*;
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

/// What the files that were set aside hold.
fn set_aside_files(data: &TempDir) -> Vec<Vec<u8>> {
    let files = fs::read_dir(data.path())
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .map(|path| fs::read(path).unwrap())
        .collect()
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
fn a_file_that_is_no_database_is_set_aside() {
    for content in [
        &b"this is a letter to my grandmother"[..],
        &[0; 100_000],
        &[],
    ] {
        let data = data();
        fs::write(data.path().join("rooms.redb"), content).unwrap();
        drop(Store::open(data.path()).unwrap());
        assert_eq!(set_aside_files(&data), [content], "{} bytes", content.len());
    }
}

#[test]
fn damage_anywhere_is_either_harmless_or_the_file_is_set_aside_unchanged() {
    let original = data();
    let store = Store::open(original.path()).unwrap();
    let rooms: Vec<_> = (0..200).map(|_| room()).collect();
    for (room, admission) in &rooms {
        store.create_room(*room, *admission, PLENTY).unwrap();
    }
    drop(store);
    let bytes = fs::read(original.path().join("rooms.redb")).unwrap();
    let step = bytes.len() / 24;
    let mut set_aside = 0;
    for place in (0..bytes.len()).step_by(step) {
        let data = data();
        let mut damaged = bytes.clone();
        let end = bytes.len().min(place + 512);
        damaged[place..end]
            .iter_mut()
            .for_each(|byte| *byte ^= 0x5a);
        fs::write(data.path().join("rooms.redb"), &damaged).unwrap();
        let store = Store::open(data.path()).unwrap();
        let aside = set_aside_files(&data);
        if aside.is_empty() {
            for (room, admission) in &rooms {
                assert_eq!(store.admission(room), Some(*admission), "damage at {place}");
            }
        } else {
            assert!(aside == [damaged], "damage at {place} was written to");
            set_aside += 1;
        }
    }
    assert!(set_aside > 0, "some of this damage must matter");
}
