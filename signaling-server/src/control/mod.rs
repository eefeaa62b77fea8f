//! The owner's commands to a running server: which rooms there are, closing one, host codes, an
//! invite.
//!
//! The running server holds the database's lock and has everybody in memory, so a command can't look
//! for itself: it asks the server through a door in the data folder, and does the work itself when no
//! server is running. Whoever may open the data folder may give commands, and nobody else: on Unix
//! the door is a socket file in that folder (0700), which no network and no other user of the machine
//! can reach and which also works from a container's host; where there are no socket files it is a
//! port on loopback, with a password in a file of the same folder. The port that serves people knows
//! no commands at all.
//!
//! One request and one answer, each a line of JSON, of bounded length and time; one command at a time.
//! A command and its server are of one version most of the time; what the other does not know it
//! refuses.
//!
//! ```text
//! door      the way in, one file for each kind of system
//! perform   what each command does
//! ask       the command's side
//! serve     the server's side
//! ```

mod ask;
mod perform;
mod serve;

#[cfg_attr(unix, path = "door_unix.rs")]
#[cfg_attr(not(unix), path = "door_other.rs")]
mod door;

// What other systems have is tested on this one.
#[cfg(all(test, unix))]
#[path = "door_other.rs"]
mod door_other;

pub use ask::{ControlError, ask};
pub(crate) use door::Door;
pub(crate) use perform::Whereabouts;
pub(crate) use serve::serve;

use serde::{Deserialize, Serialize};
use std::time::Duration;
use visio_protocol::RoomId;
use visio_protocol::keys::AdmissionHash;
use visio_protocol::relay::RelayAccess;

/// The longest request, in bytes: a few times what the longest has.
const MAX_REQUEST: u64 = 4 * 1024;

/// The longest answer, in bytes: a line of 120 bytes for each of half a million rooms.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// For a request to arrive or an answer to be taken: both ends are programs of the same machine.
const TIME: Duration = Duration::from_secs(5);

/// What the owner wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Which rooms are there?
    Rooms,
    /// Close this room.
    CloseRoom {
        /// Which.
        room: RoomId,
    },
    /// Where do people find this server?
    Where,
    /// What opens its relay, so that it can be tried out?
    Relay,
    /// Create this room. Its secret stays with whoever asks.
    CreateRoom {
        /// Its id.
        room: RoomId,
        /// What its admission key hashes to.
        admission_hash: AdmissionHash,
    },
    /// Make another host code.
    NewHostCode,
    /// This host code is good no more.
    RevokeHostCode {
        /// As it is typed.
        code: String,
    },
    /// No host code is good any more.
    RevokeAllHostCodes,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done,
    /// The rooms.
    Rooms {
        /// The latest first.
        rooms: Vec<RoomLine>,
    },
    /// Where people find this server.
    Where {
        /// Whether it is a running server that answers.
        #[serde(default)]
        running: bool,
        /// Its URL, where the server knows it.
        url: Option<String>,
        /// What a firewall must let through to it, where people come from outside.
        #[serde(default)]
        firewall: Option<String>,
    },
    /// The relay.
    Relay {
        /// Where it is and what opens it, for a time; none where there is no relay, or none running.
        access: Option<RelayAccess>,
    },
    /// A new host code.
    HostCode {
        /// As it is printed.
        code: String,
    },
    /// How many host codes were revoked.
    Revoked {
        /// How many.
        count: usize,
    },
    /// It can't be done.
    Refused {
        /// Why, in words for the owner.
        reason: String,
    },
}

/// One room, as the owner sees it: nobody's name, and nothing that lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLine {
    /// Its id.
    pub room: RoomId,
    /// When it was created, in seconds since 1970, where that is known.
    pub created: Option<u64>,
    /// How many are in the call.
    pub calling: usize,
    /// How many would be rung.
    pub watching: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_line_and_so_is_its_answer() {
        let command = Command::RevokeHostCode {
            code: "A\nB".to_owned(),
        };
        let line = serde_json::to_string(&command).unwrap();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<Command>(&line).unwrap(), command);
    }
}
