//! Why a server refuses a request.

use serde::{Deserialize, Serialize};

/// A refusal, as it stands in the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refused", rename_all = "snake_case")]
pub enum Refusal {
    /// Not what `PROTOCOL.md` says.
    #[error("the request is malformed")]
    Malformed,
    /// Not this server's host code.
    #[error("the host code is wrong")]
    HostCode,
    /// The room has another admission key.
    #[error("the admission key is wrong")]
    Admission,
    /// There is no such room.
    #[error("there is no such room")]
    RoomUnknown,
    /// The session is not in the room: it enters again.
    #[error("the session is unknown")]
    SessionUnknown,
    /// The session came back after its peers were told that it left: it enters under a new id.
    #[error("the session is over")]
    SessionOver,
    /// The body is longer than it may be.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// How long it may be, in bytes.
        limit: usize,
    },
    /// The server speaks another version.
    #[error("the server speaks version {protocol}")]
    Version {
        /// The server's version.
        protocol: u8,
    },
    /// The room has as many sessions as it may have.
    #[error("the room is full")]
    RoomFull,
    /// The server has as many sessions as it may have.
    #[error("the server is full")]
    ServerFull,
    /// The server has as many rooms as it may have.
    #[error("the server has no place for another room")]
    RoomsFull,
    /// The address, or the room, asks for more than it may.
    #[error("too much was asked for: again in {seconds} s")]
    TooMany {
        /// After so many seconds the same is allowed.
        seconds: u64,
    },
    /// What several servers share is out of reach: the same is allowed once it is back.
    #[error("what the servers share is out of reach: again in a moment")]
    Unavailable,
    /// The request took too long to arrive.
    #[error("the request arrived too slowly")]
    TooSlow,
    /// There is no such path.
    #[error("there is nothing here")]
    NotFound,
    /// The server could not do it; its disk is full or broken, most likely.
    #[error("the server has a problem of its own")]
    Internal,
    /// A reason of a later version.
    #[error("the server refuses, for a reason that this version does not know")]
    #[serde(other)]
    Other,
}

impl Refusal {
    /// The HTTP status that goes with it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::Other => 400,
            Self::HostCode | Self::Admission => 403,
            Self::RoomUnknown | Self::SessionUnknown | Self::NotFound => 404,
            Self::TooSlow => 408,
            Self::SessionOver => 410,
            Self::TooLarge { .. } => 413,
            Self::Version { .. } => 426,
            Self::TooMany { .. } => 429,
            Self::Internal => 500,
            Self::RoomFull | Self::ServerFull | Self::RoomsFull | Self::Unavailable => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_written_as_the_protocol_says() {
        let json = serde_json::to_string(&Refusal::TooLarge { limit: 7 }).unwrap();
        assert_eq!(json, r#"{"refused":"too_large","limit":7}"#);
        assert_eq!(
            serde_json::from_str::<Refusal>(r#"{"refused":"host_code"}"#).unwrap(),
            Refusal::HostCode
        );
    }

    #[test]
    fn a_reason_of_a_later_version_is_still_a_refusal() {
        assert_eq!(
            serde_json::from_str::<Refusal>(r#"{"refused":"full_moon"}"#).unwrap(),
            Refusal::Other
        );
    }
}
