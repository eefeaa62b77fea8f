//! A server comes to Redis, for the first time or again: rooms and host codes are put together.
//!
//! Who belongs to the group that Redis knows takes over what is there, and lets go of what was closed
//! meanwhile. Who does not (a server that was alone until now, or all of them when Redis has forgotten
//! everything) adds its own. Each keeps all of it on its own disk too.

use super::error::too_old;
use super::{SharedError, ask, in_time, keys};
use crate::data::{Room, Store};
use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use visio_protocol::RoomId;
use visio_protocol::keys::AdmissionHash;
use visio_protocol::request::CreateRoom;

/// Rooms and host codes in one command, at most.
const AT_ONCE: usize = 1_000;

/// What a meeting comes to.
pub(super) struct Met {
    /// The group of servers.
    pub(super) group: [u8; 32],
    /// What the relays' passwords follow from.
    pub(super) relay_secret: [u8; 32],
    /// Rooms that this server had, and that were closed meanwhile.
    pub(super) closed: Vec<RoomId>,
}

/// A room, as Redis has it.
#[derive(Serialize, Deserialize)]
struct Stored {
    admission_hash: AdmissionHash,
    created: Option<u64>,
}

/// Is it a Redis that does?
///
/// # Errors
/// [`SharedError`].
pub(super) async fn check(
    place: &str,
    line: &mut MultiplexedConnection,
) -> Result<(), SharedError> {
    let info: String = ask(place, line, redis::cmd("INFO").arg("server")).await?;
    match too_old(&info) {
        Some(theirs) => Err(SharedError::TooOld {
            place: place.to_owned(),
            theirs,
        }),
        None => Ok(()),
    }
}

/// Puts this server's rooms and host codes together with those in Redis. What the disk does not know
/// yet is to be written by [`Store::mirror`]. `relay_secret` is what the relays' passwords follow from where
/// Redis knows of none.
///
/// # Errors
/// [`SharedError`].
pub(super) async fn meet(
    place: &str,
    line: &mut MultiplexedConnection,
    store: &Store,
    relay_secret: [u8; 32],
) -> Result<Met, SharedError> {
    let mine: [u8; 32] = random()?;
    let _: bool = ask(place, line, redis::cmd("SETNX").arg(keys::GROUP).arg(&mine)).await?;
    let group: Vec<u8> = ask(place, line, redis::cmd("GET").arg(keys::GROUP)).await?;
    let group = as_key(place, &group)?;
    let _: bool = ask(
        place,
        line,
        redis::cmd("SETNX").arg(keys::RELAY).arg(&relay_secret),
    )
    .await?;
    let relay: Vec<u8> = ask(place, line, redis::cmd("GET").arg(keys::RELAY)).await?;
    let relay_secret = as_key(place, &relay)?;
    if store.group() != Some(group) {
        in_time(place, bring(line, store)).await?;
    }
    let rooms: HashMap<String, Vec<u8>> =
        ask(place, line, redis::cmd("HGETALL").arg(keys::ROOMS)).await?;
    let rooms = rooms.iter().filter_map(|(room, stored)| {
        let stored: Stored = serde_json::from_slice(stored).ok()?;
        let room_is = Room {
            admission: stored.admission_hash,
            created: stored.created,
        };
        Some((room.parse().ok()?, room_is))
    });
    let codes: Vec<Vec<u8>> = ask(place, line, redis::cmd("HKEYS").arg(keys::HOST_CODES)).await?;
    let codes = codes
        .iter()
        .filter_map(|code| code.as_slice().try_into().ok());
    let closed = store.adopt(group, rooms.collect(), codes.collect());
    Ok(Met {
        group,
        relay_secret,
        closed,
    })
}

/// Adds what this server has to what is there.
async fn bring(line: &mut MultiplexedConnection, store: &Store) -> RedisResult<()> {
    let rooms: Vec<_> = store.rooms();
    for rooms in rooms.chunks(AT_ONCE) {
        let mut pipe = redis::pipe();
        for (room, stored) in rooms {
            let text = written(&stored.admission, stored.created);
            let room = room.to_string();
            pipe.cmd("HSETNX")
                .arg(keys::ROOMS)
                .arg(room)
                .arg(text)
                .ignore();
        }
        pipe.query_async::<()>(line).await?;
    }
    for hash in store.host_code_hashes() {
        let mut put = redis::cmd("HSETNX");
        put.arg(keys::HOST_CODES).arg(&hash).arg(0);
        put.query_async::<()>(line).await?;
    }
    Ok(())
}

/// Puts a room there; gives the admission hash of one that is there already.
pub(super) async fn put_room(
    line: &mut MultiplexedConnection,
    room: &CreateRoom,
    created: u64,
) -> RedisResult<Option<AdmissionHash>> {
    let CreateRoom {
        room,
        admission_hash,
    } = room;
    let text = written(admission_hash, Some(created));
    let mut put = redis::cmd("HSETNX");
    put.arg(keys::ROOMS).arg(room.to_string()).arg(text);
    if put.query_async(line).await? {
        return Ok(None);
    }
    let mut get = redis::cmd("HGET");
    let there: Option<Vec<u8>> = get
        .arg(keys::ROOMS)
        .arg(room.to_string())
        .query_async(line)
        .await?;
    let stored: Option<Stored> = there.and_then(|text| serde_json::from_slice(&text).ok());
    Ok(stored.map(|stored| stored.admission_hash))
}

fn written(admission: &AdmissionHash, created: Option<u64>) -> Vec<u8> {
    let stored = Stored {
        admission_hash: *admission,
        created,
    };
    serde_json::to_vec(&stored).expect("a hash has a JSON form")
}

fn as_key(place: &str, bytes: &[u8]) -> Result<[u8; 32], SharedError> {
    bytes.try_into().map_err(|_| SharedError::Refused {
        place: place.to_owned(),
        reason: "its database holds something else under our names: choose another (--redis …/1)"
            .to_owned(),
    })
}

fn random() -> Result<[u8; 32], SharedError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| SharedError::Refused {
        place: "this machine".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(bytes)
}
