//! One entry of the log: who says it, and what. Pure.

use super::keys;
use crate::hub::{Change, ServerId};
use redis::Cmd;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use visio_protocol::RoomId;
use visio_protocol::keys::AdmissionHash;

/// Entries of the log, at most: what a thousand people say who all connect within a minute. With the
/// longest messages there are that is 1 GB, with common ones 20 MB. Drop policy: the oldest goes.
pub(super) const MAX_ENTRIES: usize = 16_384;

/// Fields of an entry: the server, its number for it, what it says.
const SERVER: &str = "server";
const NUMBER: &str = "number";
const SAID: &str = "said";

/// What servers say to one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// Something happens to sessions.
    Change(Change),
    /// There is a room.
    Room {
        room: RoomId,
        admission: AdmissionHash,
        created: Option<u64>,
    },
    /// There is a host code that hashes to this.
    HostCode { hash: [u8; 32] },
    /// The host code that hashes to this is good no more.
    Revoked { hash: [u8; 32] },
    /// No host code is good any more.
    AllRevoked,
}

/// An entry as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it stands.
    pub(super) position: u128,
    /// Who says it.
    pub(super) server: ServerId,
    /// That server's number for it.
    pub(super) number: u64,
    /// What.
    pub(super) said: Said,
}

/// The fields of an entry, as Redis gives them.
pub(super) type Fields = HashMap<String, Vec<u8>>;

/// The command that writes an entry.
pub(super) fn write(server: ServerId, number: u64, said: &Said) -> Cmd {
    let said = serde_json::to_vec(said).expect("ids and text have a JSON form");
    let mut command = redis::cmd("XADD");
    command
        .arg(keys::LOG)
        .arg("MAXLEN")
        .arg("~")
        .arg(MAX_ENTRIES);
    command.arg("*");
    command.arg(SERVER).arg(keys::name(server));
    command.arg(NUMBER).arg(number).arg(SAID).arg(said);
    command
}

/// Reads an entry; `None` for one that another version wrote.
pub(super) fn read(id: &str, fields: &Fields) -> Option<Entry> {
    let text = |name| std::str::from_utf8(fields.get(name)?).ok();
    Some(Entry {
        position: position(id)?,
        server: keys::named(text(SERVER)?)?,
        number: text(NUMBER)?.parse().ok()?,
        said: serde_json::from_slice(fields.get(SAID)?).ok()?,
    })
}

/// Bits of a position that count the events of one entry for one session: at most some hundreds.
const EVENT_BITS: u32 = 16;

/// Bits of a position that count the entries of one millisecond.
const COUNT_BITS: u32 = 64;

/// Where in the log the entry with this id stands, which is also the number of its first event. Redis
/// writes its own time in milliseconds, and a count.
pub(super) fn position(id: &str) -> Option<u128> {
    let (milliseconds, count) = id.split_once('-')?;
    let milliseconds: u64 = milliseconds.parse().ok()?;
    let count: u64 = count.parse().ok()?;
    let most = u64::MAX >> EVENT_BITS;
    (milliseconds <= most)
        .then(|| (u128::from(milliseconds) << COUNT_BITS | u128::from(count)) << EVENT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::SessionId;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let said = Said::Change(Change::Gone {
            sessions: vec![SessionId::from_bytes([1; 16])],
            position: position("1700000000000-2").unwrap(),
        });
        let written: Vec<Vec<u8>> = write(ServerId(7), 8, &said)
            .args_iter()
            .map(|argument| match argument {
                redis::Arg::Simple(bytes) => bytes.to_vec(),
                _ => panic!("a command is plain"),
            })
            .collect();
        let pairs = written[6..].chunks(2);
        let fields: Fields = pairs
            .map(|pair| (String::from_utf8(pair[0].clone()).unwrap(), pair[1].clone()))
            .collect();
        let entry = read("1700000000000-3", &fields).unwrap();
        assert_eq!((entry.server, entry.number), (ServerId(7), 8));
        assert_eq!(entry.said, said);
        assert!(read("1700000000000-3", &Fields::new()).is_none());
    }

    #[test]
    fn what_is_written_later_stands_further_and_leaves_place_between() {
        let ids = [
            "0-0",
            "0-1",
            "1700000000000-0",
            "1700000000000-1",
            "1700000000001-0",
        ];
        let positions: Vec<u128> = ids.iter().map(|id| position(id).unwrap()).collect();
        assert!(
            positions
                .windows(2)
                .all(|two| two[1] - two[0] >= 1 << EVENT_BITS)
        );
        for id in ["", "-", "1", "1-x", "18446744073709551615-0"] {
            assert_eq!(position(id), None, "{id}");
        }
    }
}
