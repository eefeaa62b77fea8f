//! What is to be done in the world after a step of the call. `session/` does it.

use visio_protocol::{ChatMessage, Recipient, Role, SessionId, Signal};

use crate::audio::{MicrophoneSpec, SpeakerSpec, Treatment};
use crate::video::{CameraSpec, ScreenSpec};

/// One thing to do. Effects are carried out in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the server that I go from the lobby into the call.
    SetRole(Role),
    /// The network is another one, or back: go to the server by a new connection at once, whatever the old one seems to be.
    ReconnectServer,
    /// Leave the server. Comes after the `Bye`.
    Leave,
    /// Seal this and send it.
    Send(Recipient, Signal),
    /// Make a new connection in place of any old one; as the offerer, send an offer on it.
    OpenLink {
        /// To whom.
        session: SessionId,
        /// Its number, which every message about it carries.
        epoch: u32,
        /// Whether I offer.
        offerer: bool,
    },
    /// Offer an ICE restart on the connection that is there.
    RestartLink {
        /// To whom.
        session: SessionId,
    },
    /// Take this offer and send an answer.
    AcceptOffer {
        /// Whose.
        session: SessionId,
        /// Their description.
        sdp: String,
    },
    /// Take this answer to my offer.
    AcceptAnswer {
        /// Whose.
        session: SessionId,
        /// Their description.
        sdp: String,
    },
    /// Take this candidate.
    AddCandidate {
        /// Whose.
        session: SessionId,
        /// As in SDP.
        candidate: String,
        /// Which media section, by name.
        mid: Option<String>,
        /// Which media section, by number.
        line: Option<u16>,
    },
    /// Give up a connection.
    CloseLink {
        /// To whom.
        session: SessionId,
    },
    /// Tell them how tall I show their picture; the connection says it again whenever it is made anew.
    Ask {
        /// Whom.
        session: SessionId,
        /// Rows of device pixels; none while I don't show it.
        rows: Option<u32>,
    },
    /// Say this over the channel of the chat, in this order.
    Chat {
        /// To whom.
        session: SessionId,
        /// What.
        messages: Vec<ChatMessage>,
    },
    /// Use this camera.
    UseCamera(CameraSpec),
    /// Release the camera, or take it again.
    TurnCameraOff(bool),
    /// Share this, or nothing.
    UseScreen(ScreenSpec),
    /// Use this microphone.
    UseMicrophone(MicrophoneSpec),
    /// Treat the microphone's sound like this.
    Treat(Treatment),
    /// Send nothing, or send again.
    Mute(bool),
    /// Use this speaker.
    UseSpeaker(SpeakerSpec),
    /// Play a short sound.
    PlayTestSound,
}
