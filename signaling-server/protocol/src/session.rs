//! A session in a room: what it does there, and to whom it speaks.

use crate::hex;
use crate::id::{IdError, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a session does in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// In the lobby, or waiting to be rung: sees who is there.
    Watching,
    /// In the call.
    Calling,
}

/// A session and its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub session: SessionId,
    /// What they do.
    pub role: Role,
}

/// For whom a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// One session.
    Session(SessionId),
    /// Everybody else in the room.
    Room,
}

/// How [`Recipient::Room`] is written.
const ROOM: &str = "room";

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(session) => session.fmt(f),
            Self::Room => f.write_str(ROOM),
        }
    }
}

impl FromStr for Recipient {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == ROOM {
            return Ok(Self::Room);
        }
        text.parse().map(Self::Session)
    }
}

hex::serde_as_text!(Recipient, "a session id or \"room\"");

impl From<SessionId> for Recipient {
    fn from(session: SessionId) -> Self {
        Self::Session(session)
    }
}
