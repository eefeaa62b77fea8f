//! What two connected people say to each other about their pictures, over the data channel between them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::message::{MessageError, read_object};

/// The longest message, in bytes of JSON. They are a few words; the rest is room for later ones.
pub const MAX_CONTROL: usize = 16 * 1024;

/// One message. Whatever is absent, it says nothing about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Control {
    /// How large I show you.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Show>,
    /// What has become of my picture on its way to you.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
    /// What has become of my screen on its way to you, while I share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Video>,
    /// Why my picture reaches you no larger or sharper than it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited: Option<Limited>,
}

/// How large the sender of the message shows what they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Show {
    /// The camera's picture: `Some(None)` while they don't show it, else its height in device pixels.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub camera: Option<Option<u32>>,
    /// The screen's that they share, in the same way.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub screen: Option<Option<u32>>,
}

/// Whether a picture is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Video {
    /// No longer: the way to you carries none. The voice goes on.
    Paused,
    /// Again.
    Flowing,
    /// A word of a later version, to be ignored.
    #[serde(other)]
    Unknown,
}

impl Video {
    fn of(paused: bool) -> Self {
        if paused { Self::Paused } else { Self::Flowing }
    }
}

/// What keeps a picture smaller than it is asked for, as far as its sender can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// Nothing: you get what you ask for.
    #[default]
    Nothing,
    /// The way to you; what others are sent is not limited, or there are none.
    Path,
    /// Every way: my own line, most likely.
    Uplink,
    /// My computer, which can't encode more.
    Machine,
    /// A word of a later version, to be ignored.
    #[serde(other)]
    Unknown,
}

impl Control {
    /// I show you this many rows high, or not at all.
    pub fn show(camera: Option<u32>) -> Self {
        Self {
            show: Some(Show {
                camera: Some(camera),
                screen: None,
            }),
            ..Self::default()
        }
    }

    /// I show your camera so many rows high, and your screen, each of them or not at all.
    pub fn show_both(camera: Option<u32>, screen: Option<u32>) -> Self {
        Self {
            show: Some(Show {
                camera: Some(camera),
                screen: Some(screen),
            }),
            ..Self::default()
        }
    }

    /// My screen pauses, or flows again.
    pub fn screen_paused(paused: bool) -> Self {
        Self {
            screen: Some(Video::of(paused)),
            ..Self::default()
        }
    }

    /// My picture pauses, or flows again.
    pub fn paused(paused: bool) -> Self {
        Self {
            video: Some(Video::of(paused)),
            ..Self::default()
        }
    }

    /// This keeps my picture from being larger, or nothing does.
    pub fn limited(limited: Limited) -> Self {
        Self {
            limited: Some(limited),
            ..Self::default()
        }
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`MessageError`], when it is too long or not a message.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        read_object(json, MAX_CONTROL)
    }

    /// Writes one message.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in it can fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Tells a field that is `null` from one that is absent.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Control, MessageError> {
        Control::from_json(json.as_bytes())
    }

    #[test]
    fn every_message_survives_being_written_and_read() {
        for (control, json) in [
            (Control::show(Some(720)), r#"{"show":{"camera":720}}"#),
            (Control::show(None), r#"{"show":{"camera":null}}"#),
            (
                Control::show_both(Some(720), None),
                r#"{"show":{"camera":720,"screen":null}}"#,
            ),
            (
                Control::show_both(None, Some(1080)),
                r#"{"show":{"camera":null,"screen":1080}}"#,
            ),
            (Control::screen_paused(true), r#"{"screen":"paused"}"#),
            (Control::screen_paused(false), r#"{"screen":"flowing"}"#),
            (Control::paused(true), r#"{"video":"paused"}"#),
            (Control::paused(false), r#"{"video":"flowing"}"#),
            (Control::limited(Limited::Uplink), r#"{"limited":"uplink"}"#),
        ] {
            assert_eq!(control.to_json(), json.as_bytes());
            assert_eq!(read(json), Ok(control));
        }
    }

    #[test]
    fn what_a_message_does_not_name_it_says_nothing_about() {
        assert_eq!(read("{}"), Ok(Control::default()));
        let screen = read(r#"{"show":{"screen":1080},"hands":2}"#).unwrap();
        let expected = Show {
            camera: None,
            screen: Some(Some(1080)),
        };
        assert_eq!(screen.show, Some(expected));
        let later = read(r#"{"screen":"drawn on"}"#).unwrap();
        assert_eq!(later.screen, Some(Video::Unknown));
        let later = read(r#"{"video":"mirrored"}"#).unwrap();
        assert_eq!(later.video, Some(Video::Unknown));
        let later = read(r#"{"limited":"weather"}"#).unwrap();
        assert_eq!(later.limited, Some(Limited::Unknown));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for json in [
            "",
            "null",
            "[]",
            "[null,null]",
            r#"{"show":720}"#,
            r#"{"show":{"camera":-1}}"#,
            r#"{"show":{"camera":7.5}}"#,
            r#"{"show":{"camera":"720"}}"#,
            r#"{"show":{"camera":4294967296}}"#,
            r#"{"show":{"screen":"tall"}}"#,
            r#"{"video":1}"#,
            r#"{"screen":1}"#,
            "{}{}",
            "\u{0}",
        ] {
            assert_eq!(read(json), Err(MessageError::Malformed), "{json}");
        }
        let long = format!("{{{}}}", " ".repeat(MAX_CONTROL));
        assert_eq!(read(&long), Err(MessageError::TooLong));
    }
}
