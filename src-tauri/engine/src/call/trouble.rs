//! What is wrong, as a kind the UI has words for, in both languages.

use serde::Serialize;
use visio_protocol::{InviteError, ServerUrl};

use crate::signaling::SignalingError;

/// Something the user should know. The words stand in `ui/i18n/*.json` under `trouble.KIND`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Trouble {
    /// Nothing was typed.
    InviteEmpty,
    /// A character of the invite is wrong.
    InviteMistyped,
    /// Characters of the invite are missing.
    InviteIncomplete {
        /// Characters there are.
        have: usize,
        /// Characters there should be.
        need: usize,
    },
    /// There is a code, but no server to take it to.
    InviteNoServer,
    /// The invite is of a later version of Visio.
    InviteOtherVersion,
    /// What was typed is no server's address.
    ServerAddress,
    /// This computer has no network; the call resumes by itself.
    Offline,
    /// The server does not answer.
    ServerUnreachable {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// The computer of this network that the call is held on does not answer.
    HostUnreachable {
        /// Its address, as in the invite.
        server: String,
    },
    /// The server is out of reach in mid-call; pictures and voices go on without it.
    ServerLost {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// Something answers, but it is not a Visio server.
    NotAVisioServer {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// The server can't show that it is who it says.
    ServerCertificate {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// The server has a problem of its own.
    ServerTrouble {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// The server speaks another version of the protocol.
    OtherVersion {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// The server's clock and this computer's differ too much.
    WrongClock {
        /// Host of the server, as in the invite.
        server: String,
        /// By how many minutes.
        minutes: u64,
    },
    /// The room of this invite does not exist any more.
    RoomGone,
    /// The room or the server has no place left.
    RoomFull,
    /// The host code was not accepted.
    HostCodeWrong,
    /// The server asks to slow down.
    ServerBusy {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// A message had been altered, replayed or moved: somebody interferes.
    Tampering {
        /// Host of the server, as in the invite.
        server: String,
    },
    /// Anything else. A bug, or a case nobody thought of.
    Internal {
        /// For the log and the details; not translated.
        detail: String,
    },
}

impl Trouble {
    /// The kind as the words' key has it: `serverUnreachable`, `roomGone`.
    pub fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value
            .get("kind")
            .and_then(|kind| kind.as_str())
            .unwrap_or_default()
            .to_owned()
    }
}

impl From<InviteError> for Trouble {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Empty => Self::InviteEmpty,
            InviteError::NoServer => Self::InviteNoServer,
            InviteError::Incomplete { have, need } => Self::InviteIncomplete { have, need },
            InviteError::Mistyped => Self::InviteMistyped,
            InviteError::OtherVersion { .. } => Self::InviteOtherVersion,
        }
    }
}

/// On this machine a server is a server, whoever runs it.
fn is_near(server: &str) -> bool {
    let server = server.parse::<ServerUrl>();
    server.is_ok_and(|server| server.is_near() && !server.is_this_machine())
}

impl From<SignalingError> for Trouble {
    fn from(error: SignalingError) -> Self {
        match error {
            SignalingError::Unreachable { server } if is_near(&server) => {
                Self::HostUnreachable { server }
            }
            SignalingError::Unreachable { server } => Self::ServerUnreachable { server },
            SignalingError::Certificate { server } => Self::ServerCertificate { server },
            SignalingError::NotVisio { server } => Self::NotAVisioServer { server },
            SignalingError::OtherVersion { server, .. } => Self::OtherVersion { server },
            SignalingError::Clock { server, minutes } => Self::WrongClock { server, minutes },
            SignalingError::RoomGone => Self::RoomGone,
            SignalingError::Full => Self::RoomFull,
            SignalingError::HostCode => Self::HostCodeWrong,
            SignalingError::Busy { server } => Self::ServerBusy { server },
            SignalingError::ServerTrouble { server } => Self::ServerTrouble { server },
        }
    }
}
