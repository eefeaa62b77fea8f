//! What a client asks of a server, and what it answers: paths, headers and JSON bodies.

use crate::event::MAX_PRESENT;
use crate::id::{RoomId, SessionId};
use crate::keys::{AdmissionHash, AdmissionKey};
use crate::relay::RelayAccess;
use crate::sealing::MAX_SEALED;
use crate::session::{Presence, Recipient, Role};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// The header by which both sides say which version they speak; an answer without it is not a Visio
/// server's.
pub const VERSION_HEADER: &str = "visio-protocol";

/// The longest body of a request, in bytes: a sealed message of the greatest length, and its
/// envelope.
pub const MAX_BODY: usize = 64 * 1024;

/// The most messages in one request: all candidates of a machine with many addresses.
pub const MAX_BATCH: usize = 64;

/// The longest answer that a client reads, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// Server and client may differ by this much, in milliseconds, before the client refuses to go on:
/// less than what time-limited things (certificates, relay credentials) leave as room, more than a
/// clock that nobody has set is off in a year.
pub const CLOCK_TOLERANCE_MS: u64 = 10 * 60 * 1000;

/// Where things are on a server.
pub mod path {
    use crate::id::RoomId;

    /// Answers `ok` for as long as the server serves.
    pub const HEALTH: &str = "/healthz";
    /// Who this server is: [`super::ServerInfo`].
    pub const SERVER: &str = "/v1/server";
    /// Creating a room.
    pub const ROOMS: &str = "/v1/rooms";
    /// Saying that a session lives.
    pub const ALIVE: &str = "/v1/alive";
    /// A session's event stream.
    pub const EVENTS: &str = "/v1/events";

    /// A session's own place in a room.
    pub fn me(room: &RoomId) -> String {
        format!("{ROOMS}/{room}/me")
    }

    /// Where messages to others in a room go.
    pub fn signals(room: &RoomId) -> String {
        format!("{ROOMS}/{room}/signals")
    }
}

/// Who a server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The version of the protocol that it speaks.
    pub protocol: u8,
    /// The version of the program.
    pub version: String,
    /// Its clock, in milliseconds since 1970.
    pub now: u64,
    /// Where its relays are, as in [`RelayAccess::urls`]: for whoever wants to know whether they can
    /// be reached. They serve nobody without credentials.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::relay::bounded_urls"
    )]
    pub relays: Vec<String>,
}

/// Create this room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateRoom {
    /// Its id.
    pub room: RoomId,
    /// What its admission key hashes to.
    pub admission_hash: AdmissionHash,
}

/// The room exists now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomCreated {
    /// Its id.
    pub room: RoomId,
    /// The server's clock, in milliseconds since 1970.
    pub now: u64,
}

/// Let me into a room, or change what I do there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnterRoom {
    /// Shows that I hold the invite.
    #[serde(with = "hex_key")]
    pub admission: AdmissionKey,
    /// What I do there.
    pub role: Role,
    /// I was there already, and the server has forgotten me.
    #[serde(default)]
    pub returning: bool,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEntered {
    /// The session that entered.
    pub me: SessionId,
    /// The others.
    #[serde(deserialize_with = "bounded_present")]
    pub present: Vec<Presence>,
    /// Whether `present` is all; a server that has just started does not know yet, and sends a
    /// `roster` later.
    pub complete: bool,
    /// How often a calling session says that it lives, in milliseconds.
    pub keepalive_ms: u64,
    /// How to reach the others where there is no direct way, if the server offers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayAccess>,
    /// The server's clock, in milliseconds since 1970.
    pub now: u64,
}

/// Hand these on, in this order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendSignals {
    /// What was said. At most [`MAX_BATCH`].
    #[serde(deserialize_with = "bounded_batch")]
    pub signals: Vec<SendSignal>,
}

/// One sealed message to hand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendSignal {
    /// To whom.
    pub to: Recipient,
    /// What, sealed.
    #[serde(deserialize_with = "bounded_sealed")]
    pub sealed: String,
}

/// They were handed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalsSent {
    /// Recipients that are not there, and got nothing.
    #[serde(deserialize_with = "bounded_unknown")]
    pub unknown: Vec<SessionId>,
}

/// The server has heard that a session lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardAlive {
    /// The id of the session's newest event, if it has one: whoever does not hear that event soon
    /// has a dead stream.
    pub newest: Option<String>,
}

/// A sealed message no longer than it may be.
pub(crate) fn bounded_sealed<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let sealed = String::deserialize(deserializer)?;
    if sealed.len() <= MAX_SEALED {
        Ok(sealed)
    } else {
        Err(serde::de::Error::custom("the sealed message is too long"))
    }
}

/// No more sessions than a room can have.
pub(crate) fn bounded_present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Presence>, D::Error> {
    bounded(deserializer, MAX_PRESENT)
}

fn bounded_batch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SendSignal>, D::Error> {
    bounded(deserializer, MAX_BATCH)
}

fn bounded_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SessionId>, D::Error> {
    bounded(deserializer, MAX_BATCH)
}

fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    most: usize,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.len() <= most {
        Ok(list)
    } else {
        Err(serde::de::Error::custom("the list is too long"))
    }
}

/// An admission key is hex in a request, and in no other JSON.
mod hex_key {
    use super::{AdmissionKey, Cow, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        key: &AdmissionKey,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&key.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<AdmissionKey, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RoomKeys;
    use crate::secret::InviteSecret;

    #[test]
    fn an_admission_key_survives_a_request() {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let body = EnterRoom {
            admission: keys.admission.clone(),
            role: Role::Calling,
            returning: false,
        };
        let json = serde_json::to_string(&body).unwrap();
        let read: EnterRoom = serde_json::from_str(&json).unwrap();
        assert!(keys.admission.hash().admits(&read.admission));
    }

    #[test]
    fn an_answer_without_a_relay_is_read_and_one_with_something_else_in_its_place_is_not() {
        let answer = |relay: &str| {
            let me = SessionId::from_bytes([1; 16]);
            let json = format!(
                r#"{{"me":"{me}","present":[],"complete":true,"keepalive_ms":2000,"now":1{relay}}}"#
            );
            serde_json::from_str::<RoomEntered>(&json)
        };
        let without = answer("").unwrap();
        assert_eq!(without.relay, None);
        assert!(!serde_json::to_string(&without).unwrap().contains("relay"));
        let access = r#"{"urls":[],"username":"u","password":"p","seconds":1}"#;
        assert!(
            answer(&format!(r#","relay":{access}"#))
                .unwrap()
                .relay
                .is_some()
        );
        assert!(answer(r#","relay":[]"#).is_err());
    }

    #[test]
    fn a_sealed_message_longer_than_any_is_not_read() {
        let json = format!(
            "{{\"to\":\"room\",\"sealed\":\"{}\"}}",
            "A".repeat(MAX_SEALED + 1)
        );
        assert!(serde_json::from_str::<SendSignal>(&json).is_err());
    }

    #[test]
    fn the_longest_sealed_message_fits_a_body() {
        let body = SendSignal {
            to: Recipient::Session(SessionId::random()),
            sealed: "A".repeat(MAX_SEALED),
        };
        let body = SendSignals {
            signals: vec![body],
        };
        assert!(serde_json::to_vec(&body).unwrap().len() <= MAX_BODY);
    }
}
