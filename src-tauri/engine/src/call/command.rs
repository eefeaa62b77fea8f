//! What the person at this computer asks for.

use visio_protocol::{ChatText, ClockTime, MessageId, PersonId, Reaction};

use crate::audio::{MicrophoneSpec, SpeakerSpec};
use crate::video::{CameraSpec, ScreenSpec};

/// A wish of the user: a button of the window, an option of the CLI.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Go from the lobby into the call.
    Join,
    /// Leave, and say so to the others.
    Leave,
    /// Mute or unmute the microphone.
    SetMuted(bool),
    /// Make the noise around the microphone fainter, or leave it.
    SetNoiseSuppression(bool),
    /// Send music as it is, with nothing taken out, or a voice.
    SetMusic(bool),
    /// Turn the camera off or on. Off releases the device.
    SetCameraOff(bool),
    /// Use another camera from now on.
    SelectCamera(CameraSpec),
    /// Use another microphone from now on.
    SelectMicrophone(MicrophoneSpec),
    /// Use another speaker from now on.
    SelectSpeaker(SpeakerSpec),
    /// Play a short sound, so that the user hears whether the speaker works.
    PlayTestSound,
    /// Show another name to the others.
    Rename(String),
    /// These people's pictures are shown, each so many rows high in device pixels, or not at all; nobody else's is.
    /// Whoever comes later is shown as the call was started with, until the next such list.
    Show(Vec<(PersonId, Option<u32>)>),
    /// The same of the screens that they share.
    ShowScreens(Vec<(PersonId, Option<u32>)>),
    /// Share this, or nothing any more.
    Share(ScreenSpec),
    /// Write something to everybody.
    Say {
        /// Chosen at random.
        id: MessageId,
        /// Now, by this computer's clock.
        clock: ClockTime,
        /// What.
        text: ChatText,
    },
    /// Show everybody a feeling for a few seconds.
    React(Reaction),
    /// Raise the hand, now by this computer's clock, or lower it.
    RaiseHand(Option<ClockTime>),
    /// Ask one person for a fresh connection, by the user's own hand.
    Retry(PersonId),
}

/// The three kinds of device a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// Takes pictures.
    Camera,
    /// Takes sound.
    Microphone,
    /// Plays sound.
    Speaker,
}
