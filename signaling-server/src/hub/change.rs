//! What changes rooms and sessions, where several servers share them: said in the log that all of
//! them read, and done by each in the same order.

use super::Entered;
use serde::{Deserialize, Serialize};
use visio_protocol::request::SendSignal;
use visio_protocol::session::Role;
use visio_protocol::{RoomId, SessionId};

/// One server of several, from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub u64);

impl ServerId {
    /// No server: where nobody knows who looks after a session.
    pub const NONE: Self = Self(0);
}

/// Something that happens to rooms and sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A session enters a room, or changes its role there. Whether it may was checked before.
    Enter {
        /// Who.
        session: SessionId,
        /// Where.
        room: RoomId,
        /// What it does there.
        role: Role,
    },
    /// A session leaves a room.
    Leave {
        /// Who.
        session: SessionId,
        /// Where.
        room: RoomId,
    },
    /// A room is closed.
    Close {
        /// Which.
        room: RoomId,
    },
    /// Sealed messages are handed on.
    Say {
        /// Who says them.
        session: SessionId,
        /// Where.
        room: RoomId,
        /// To whom, and what.
        signals: Vec<SendSignal>,
    },
    /// The event stream of a session is at this server from now on, which looks after it.
    Here {
        /// Whose.
        session: SessionId,
    },
    /// This server looks after these sessions, wherever else they were thought to be.
    Mine {
        /// They, and where they are.
        seats: Vec<Seat>,
    },
    /// This server has heard of sessions that another looks after.
    Heard {
        /// Of whom.
        sessions: Vec<SessionId>,
    },
    /// These were not heard of for too long, and are gone.
    Gone {
        /// Who.
        sessions: Vec<SessionId>,
        /// Where in the log whoever says so was: what was heard of one since then counts.
        position: u128,
    },
    /// These have been gone for so long that nobody waits for them any more.
    Forget {
        /// Who.
        sessions: Vec<SessionId>,
    },
}

/// A session, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who.
    pub session: SessionId,
    /// Its rooms, and what it does there.
    pub rooms: Vec<(RoomId, Role)>,
    /// The others have been told that it left; it may yet come back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// A session is in.
    Entered(Entered),
    /// These were handed on, but to recipients that are not there.
    Unknown(Vec<SessionId>),
}
