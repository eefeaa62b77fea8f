//! What a session hears on its event stream.

use crate::id::{RoomId, SessionId};
use crate::request::{bounded_present, bounded_sealed};
use crate::session::{Presence, Recipient};
use serde::{Deserialize, Serialize};

/// The most sessions that a list of those present may have: what fits in the longest event.
pub const MAX_PRESENT: usize = 512;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody entered a room.
    Arrived(RoomPresence),
    /// Somebody does something else there now.
    Role(RoomPresence),
    /// Somebody left, or has not been heard of for too long.
    Left(Departure),
    /// Somebody says something.
    Signal(SealedSignal),
    /// Everybody else who is in a room now; whoever is missing has left.
    Roster(Roster),
}

/// A session in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPresence {
    /// Where.
    pub room: RoomId,
    /// Who, and what they do there.
    #[serde(flatten)]
    pub presence: Presence,
}

/// A session that is no longer in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub session: SessionId,
}

/// A sealed message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSignal {
    /// Where.
    pub room: RoomId,
    /// Who sealed it.
    pub from: SessionId,
    /// For whom.
    pub to: Recipient,
    /// What, as base64url.
    #[serde(deserialize_with = "bounded_sealed")]
    pub sealed: String,
}

/// Who is in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Where.
    pub room: RoomId,
    /// The others.
    #[serde(deserialize_with = "bounded_present")]
    pub present: Vec<Presence>,
}

/// An event's data is not what its name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is malformed")]
pub struct EventError;

impl Event {
    /// Its name on the stream.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Arrived(_) => "arrived",
            Self::Role(_) => "role",
            Self::Left(_) => "left",
            Self::Signal(_) => "signal",
            Self::Roster(_) => "roster",
        }
    }

    /// Its data on the stream: one line of JSON.
    pub fn data(&self) -> String {
        match self {
            Self::Arrived(presence) | Self::Role(presence) => serde_json::to_string(presence),
            Self::Left(departure) => serde_json::to_string(departure),
            Self::Signal(signal) => serde_json::to_string(signal),
            Self::Roster(roster) => serde_json::to_string(roster),
        }
        .expect("ids and text have a JSON form")
    }

    /// Reads an event; `None` for one of a later version.
    ///
    /// # Errors
    /// [`EventError`], when the data is not what the name promises.
    pub fn parse(name: &str, data: &str) -> Result<Option<Self>, EventError> {
        match name {
            "arrived" => serde_json::from_str(data).map(Self::Arrived),
            "role" => serde_json::from_str(data).map(Self::Role),
            "left" => serde_json::from_str(data).map(Self::Left),
            "signal" => serde_json::from_str(data).map(Self::Signal),
            "roster" => serde_json::from_str(data).map(Self::Roster),
            _ => return Ok(None),
        }
        .map(Some)
        .map_err(|_| EventError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Role;

    #[test]
    fn every_event_survives_the_stream() {
        let room = RoomId::random();
        let session = SessionId::random();
        let presence = Presence {
            session,
            role: Role::Watching,
        };
        for event in [
            Event::Arrived(RoomPresence { room, presence }),
            Event::Role(RoomPresence { room, presence }),
            Event::Left(Departure { room, session }),
            Event::Signal(SealedSignal {
                room,
                from: session,
                to: Recipient::Room,
                sealed: "AQ".into(),
            }),
            Event::Roster(Roster {
                room,
                present: vec![presence],
            }),
        ] {
            assert!(!event.data().contains('\n'));
            assert_eq!(Event::parse(event.name(), &event.data()), Ok(Some(event)));
        }
    }

    #[test]
    fn an_event_of_a_later_version_is_no_error_and_a_malformed_one_is() {
        assert_eq!(Event::parse("weather", "rain"), Ok(None));
        assert_eq!(Event::parse("left", "{}"), Err(EventError));
        assert_eq!(Event::parse("signal", "nonsense"), Err(EventError));
    }
}
