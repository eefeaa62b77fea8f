//! What went wrong, as the page is told it: a kind that it has words for, and what those words name.

use serde::Serialize;
use serde_json::{Value, json};
use visio_engine::call;
use visio_engine::signaling::SignalingError;
use visio_protocol::InviteError;

/// An error of a command. Serialises as `{"kind": "inviteIncomplete", "have": 12, "need": 32}`; the words for each kind stand in
/// `ui/i18n/` under `trouble.KIND`.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub struct Trouble(Value);

impl Trouble {
    /// A kind that names nothing.
    pub fn of_kind(kind: &str) -> Trouble {
        Trouble(json!({ "kind": kind }))
    }

    /// Something that should not happen, said in the log and told to the page without details.
    pub fn internal(why: impl std::fmt::Display) -> Trouble {
        tracing::error!(%why, "a command failed");
        Trouble::of_kind("internal")
    }

    /// A kind that names a server, as the user wrote it.
    pub fn with_server(kind: &str, server: &str) -> Trouble {
        Trouble(json!({ "kind": kind, "server": server }))
    }
}

impl From<InviteError> for Trouble {
    fn from(error: InviteError) -> Trouble {
        Trouble(match error {
            InviteError::Empty => json!({ "kind": "inviteEmpty" }),
            InviteError::NoServer => json!({ "kind": "inviteNoServer" }),
            InviteError::Incomplete { have, need } => {
                json!({ "kind": "inviteIncomplete", "have": have, "need": need })
            }
            InviteError::Mistyped => json!({ "kind": "inviteMistyped" }),
            InviteError::OtherVersion { .. } => json!({ "kind": "inviteOtherVersion" }),
        })
    }
}

impl From<call::Trouble> for Trouble {
    fn from(trouble: call::Trouble) -> Trouble {
        serde_json::to_value(trouble).map_or_else(Trouble::internal, Trouble)
    }
}

impl From<SignalingError> for Trouble {
    fn from(error: SignalingError) -> Trouble {
        call::Trouble::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use visio_protocol::Invite;

    use super::*;

    fn of_invite(text: &str) -> Value {
        serde_json::to_value(Trouble::from(Invite::parse(text).unwrap_err())).unwrap()
    }

    #[test]
    fn a_wrong_invite_is_told_by_kind_and_by_what_is_missing() {
        assert_eq!(of_invite("  "), json!({"kind": "inviteEmpty"}));
        assert_eq!(
            of_invite("call.example.org K7QF-0")["kind"],
            "inviteIncomplete"
        );
        assert_eq!(of_invite("call.example.org K7QF-0")["need"], 32);
    }
}
