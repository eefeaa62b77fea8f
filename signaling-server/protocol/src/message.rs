//! What people say to one another, sealed: who they are, how to connect, what is muted.

use crate::id::PersonId;
use crate::name::PersonName;
use serde::{Deserialize, Serialize};

/// The longest message, in bytes of JSON. A browser's offer with every codec it knows has about 15
/// KiB.
pub const MAX_MESSAGE: usize = 40 * 1024;

/// The longest session description, in bytes.
pub const MAX_SDP: usize = 32 * 1024;

/// The longest candidate line, in bytes; real ones have about 150.
pub const MAX_CANDIDATE: usize = 1024;

/// The longest media id, in bytes.
pub const MAX_MID: usize = 64;

/// One message to a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    /// Who I am. The first thing that two sessions say to one another.
    Hello {
        /// The same for as long as the call lasts, whatever becomes of the session.
        person: PersonId,
        /// What to write on the tile.
        name: PersonName,
        /// What is muted now.
        media: MediaState,
        /// Counts the sessions of this person in this call: of two, the greater is the living one.
        session_epoch: u32,
    },
    /// A WebRTC offer; only from the smaller session id.
    Offer {
        /// Which link, counted from 1 by its offerer. A greater number than before asks for a new
        /// connection, the same one for an ICE restart.
        link: u32,
        /// The session description.
        sdp: String,
    },
    /// The answer to it.
    Answer {
        /// The link of the offer.
        link: u32,
        /// The session description.
        sdp: String,
    },
    /// A trickled ICE candidate.
    Candidate {
        /// The link it leads to.
        link: u32,
        /// Its line, without `a=`; empty when there are no more.
        candidate: String,
        /// The media section's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mid: Option<String>,
        /// The media section's index.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u16>,
    },
    /// From the one that does not offer: please do.
    AskOffer {
        /// With an ICE restart, because the path is dead.
        restart: bool,
    },
    /// What is muted now.
    State {
        /// All of it.
        media: MediaState,
    },
    /// I leave, on purpose.
    Bye,
    /// A message of a later version, to be ignored.
    #[serde(other)]
    Unknown,
}

/// What a person does not send at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MediaState {
    /// Their microphone is muted.
    pub microphone_muted: bool,
    /// Their camera is off.
    pub camera_off: bool,
    /// They share their screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
}

/// Why a text is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A part of it, or all, is longer than it may be.
    #[error("the message is too long")]
    TooLong,
    /// It is not what the protocol describes.
    #[error("the message is malformed")]
    Malformed,
}

/// Reads a message of at most so many bytes that is a JSON object; serde would take a list for one too.
pub(crate) fn read_object<T: serde::de::DeserializeOwned>(
    json: &[u8],
    most: usize,
) -> Result<T, MessageError> {
    if json.len() > most {
        return Err(MessageError::TooLong);
    }
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(MessageError::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| MessageError::Malformed)
}

impl Signal {
    /// Reads what was sealed.
    ///
    /// # Errors
    /// [`MessageError`], when it is too long or not a message.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        if json.len() > MAX_MESSAGE {
            return Err(MessageError::TooLong);
        }
        let signal: Self = serde_json::from_slice(json).map_err(|_| MessageError::Malformed)?;
        signal.check()?;
        Ok(signal)
    }

    /// Writes what is to be sealed.
    ///
    /// # Errors
    /// [`MessageError::TooLong`], for what the other side would refuse.
    pub fn to_json(&self) -> Result<Vec<u8>, MessageError> {
        self.check()?;
        let json = serde_json::to_vec(self).map_err(|_| MessageError::Malformed)?;
        if json.len() > MAX_MESSAGE {
            return Err(MessageError::TooLong);
        }
        Ok(json)
    }

    fn check(&self) -> Result<(), MessageError> {
        let fits = match self {
            Self::Offer { sdp, .. } | Self::Answer { sdp, .. } => sdp.len() <= MAX_SDP,
            Self::Candidate { candidate, mid, .. } => {
                candidate.len() <= MAX_CANDIDATE
                    && mid.as_ref().is_none_or(|mid| mid.len() <= MAX_MID)
            }
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            Err(MessageError::TooLong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_survives_being_written_and_read() {
        let media = MediaState {
            microphone_muted: true,
            camera_off: false,
            screen: true,
        };
        for signal in [
            Signal::Hello {
                person: PersonId::random(),
                name: "Léa".into(),
                media,
                session_epoch: 3,
            },
            Signal::Offer {
                link: 1,
                sdp: "v=0\r\n".into(),
            },
            Signal::Answer {
                link: 1,
                sdp: "v=0\r\n".into(),
            },
            Signal::Candidate {
                link: 1,
                candidate: "candidate:1 1 udp 1 ::1 9 typ host".into(),
                mid: Some("0".into()),
                line: Some(0),
            },
            Signal::Candidate {
                link: 1,
                candidate: String::new(),
                mid: None,
                line: None,
            },
            Signal::AskOffer { restart: true },
            Signal::State { media },
            Signal::Bye,
        ] {
            assert_eq!(Signal::from_json(&signal.to_json().unwrap()), Ok(signal));
        }
    }

    #[test]
    fn who_says_nothing_of_a_screen_shares_none_and_says_nothing_of_it() {
        let json = r#"{"microphone_muted":false,"camera_off":true}"#;
        let media: MediaState = serde_json::from_str(json).unwrap();
        assert!(!media.screen);
        assert_eq!(serde_json::to_string(&media).unwrap(), json);
        let sharing = MediaState {
            screen: true,
            ..media
        };
        let json = r#"{"microphone_muted":false,"camera_off":true,"screen":true}"#;
        assert_eq!(serde_json::to_string(&sharing).unwrap(), json);
    }

    #[test]
    fn a_message_of_a_later_version_is_no_error() {
        assert_eq!(
            Signal::from_json(br#"{"type":"wave","hands":2}"#),
            Ok(Signal::Unknown)
        );
        assert_eq!(
            Signal::from_json(br#"{"type":"bye","why":"tea"}"#),
            Ok(Signal::Bye)
        );
    }

    #[test]
    fn what_is_too_long_is_refused_on_both_sides() {
        let offer = Signal::Offer {
            link: 1,
            sdp: "a".repeat(MAX_SDP + 1),
        };
        assert_eq!(offer.to_json(), Err(MessageError::TooLong));
        let json = serde_json::to_vec(&offer).unwrap();
        assert_eq!(Signal::from_json(&json), Err(MessageError::TooLong));
        assert_eq!(
            Signal::from_json(&vec![b' '; MAX_MESSAGE + 1]),
            Err(MessageError::TooLong)
        );
    }

    #[test]
    fn a_name_in_a_foreign_hello_is_cleaned() {
        let json = format!(
            r#"{{"type":"hello","person":"{}","name":"a\u0000b\n","media":{{"microphone_muted":false,"camera_off":true}},"session_epoch":0}}"#,
            PersonId::random()
        );
        let Ok(Signal::Hello { name, .. }) = Signal::from_json(json.as_bytes()) else {
            panic!()
        };
        assert_eq!(name.as_str(), "ab");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for json in [
            "",
            "{}",
            "[]",
            "{\"type\":\"offer\"}",
            "{\"type\":\"offer\",\"sdp\":1}",
            "\u{0}",
        ] {
            assert_eq!(
                Signal::from_json(json.as_bytes()),
                Err(MessageError::Malformed),
                "{json}"
            );
        }
    }
}
