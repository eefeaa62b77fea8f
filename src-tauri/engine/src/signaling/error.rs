//! What can go wrong with a server, as far as it concerns the person in front of the screen.

/// Why there is no going on. `server` is what people call it: a host, with its port where that is
/// unusual.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignalingError {
    /// Nothing answers: it is down, or there is no network.
    #[error("{server} can't be reached")]
    Unreachable {
        /// Which server.
        server: String,
    },
    /// It can't show that it is who it says; a clock that is far off looks the same.
    #[error("{server} has no valid certificate")]
    Certificate {
        /// Which server.
        server: String,
    },
    /// Something answers, but it is not a Visio server.
    #[error("{server} is not a Visio server")]
    NotVisio {
        /// Which server.
        server: String,
    },
    /// A Visio server of another version.
    #[error("{server} speaks version {theirs} of Visio's protocol")]
    OtherVersion {
        /// Which server.
        server: String,
        /// The version that it speaks.
        theirs: u8,
    },
    /// Its clock and ours are too far apart.
    #[error("the clocks of {server} and of this machine are {minutes} minutes apart")]
    Clock {
        /// Which server.
        server: String,
        /// How far, in minutes.
        minutes: u64,
    },
    /// The server does not know the room, or no longer.
    #[error("the room does not exist")]
    RoomGone,
    /// The host code is not this server's.
    #[error("the host code is wrong")]
    HostCode,
    /// The room has as many people as it may have.
    #[error("the room is full")]
    Full,
    /// The server has as many people, or as many rooms, as it may have, or has been asked for too
    /// much from here.
    #[error("{server} is full")]
    Busy {
        /// Which server.
        server: String,
    },
    /// The server has a problem of its own.
    #[error("{server} has a problem of its own")]
    ServerTrouble {
        /// Which server.
        server: String,
    },
}
