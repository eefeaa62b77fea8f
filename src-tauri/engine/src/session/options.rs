//! What a call is started with.

use visio_protocol::Invite;

use crate::audio::{MicrophoneSpec, SpeakerSpec};
use crate::transport::bitrate::Bitrate;
use crate::video::CameraSpec;

/// What a call is started with.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Which room, at which server.
    pub invite: Invite,
    /// As the others will see it.
    pub name: String,
    /// What films.
    pub camera: CameraSpec,
    /// What records.
    pub microphone: MicrophoneSpec,
    /// What plays.
    pub speaker: SpeakerSpec,
    /// Whether the noise around the microphone is made fainter.
    pub noise_suppression: bool,
    /// Whether the microphone's sound is music, to be sent as it is and in stereo.
    pub music: bool,
    /// Straight into the call; otherwise into the lobby.
    pub join: bool,
    /// How tall people are shown until [`Command::Show`](crate::call::Command::Show) says otherwise, in rows of device
    /// pixels; none: not at all.
    pub show: Option<u32>,
    /// The most that one person's picture may cost, payload; none: whatever is of use.
    pub most_picture: Option<Bitrate>,
}
