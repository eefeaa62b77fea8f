//! What happens to a call.

use visio_protocol::control::Limited;
use visio_protocol::{ChatMessage, ClockTime, PersonId, SessionId};

use super::command::{Command, DeviceKind};
use super::person::{PathShown, Quality, VideoShown};
use super::state::Devices;
use super::trouble::Trouble;
use crate::device::DeviceEvent;
use crate::network::NetworkChange;
use crate::signaling::{Entered, SignalingEvent};

/// Something that happened, at a time that is given beside it.
#[derive(Debug)]
pub enum Event {
    /// The user wants something.
    Command(Command),
    /// The server answered the first request to enter.
    Entered(Result<Entered, Trouble>),
    /// The server let us change between lobby and call, or did not.
    RoleSet(Result<(), Trouble>),
    /// Something came over the event stream.
    Signaling(SignalingEvent),
    /// A connection changed. Out of date when `epoch` is not the person's any more.
    Link {
        /// Whose.
        session: SessionId,
        /// Which of the connections to them.
        epoch: u32,
        /// How.
        change: LinkChange,
    },
    /// The chat's channel of a connection opened, or something came by it. Out of date as with `Link`.
    Chat {
        /// Whose.
        session: SessionId,
        /// Which of the connections to them.
        epoch: u32,
        /// What.
        change: ChatChange,
    },
    /// A device was opened, or has a problem.
    Device(DeviceKind, DeviceEvent),
    /// What is shared was opened, or has a problem.
    Screen(DeviceEvent),
    /// Devices appeared or vanished.
    Devices(Devices),
    /// This machine's network changed; the first time, what it is.
    Network(NetworkChange),
    /// The figures of the last moments.
    Measured(Measured),
    /// Time passed. Comes several times a second.
    Tick,
}

/// How a connection changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// Media flows, for the first time, again, or by a new path.
    Connected,
    /// Nothing has come for two seconds.
    Disconnected,
    /// Nothing has come for so long that the path is given up. A restart may find another.
    Lost,
    /// The other side closed it.
    Closed,
    /// The attempt is over, or could not be made: only a new connection can help.
    Failed,
}

/// What became of a connection's chat channel.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatChange {
    /// It can be written to, for the first time on this connection.
    Open,
    /// This came by it.
    Heard {
        /// What.
        message: Box<ChatMessage>,
        /// When, by this computer's clock.
        clock: ClockTime,
    },
}

/// Figures that the media threads measured, for showing.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// 0 to 1.
    pub microphone_level: f32,
    /// I speak.
    pub speaking: bool,
    /// Size of the newest picture of my camera.
    pub camera_size: Option<(u32, u32)>,
    /// Size of the newest picture of the screen that I share.
    pub screen_size: Option<(u32, u32)>,
    /// This machine does not keep up with encoding, and sends less than it might.
    pub slow: bool,
    /// What of the network keeps the others from seeing me better.
    pub limited: Limited,
    /// One entry for each person with a connection.
    pub people: Vec<(PersonId, PersonMeasured)>,
}

/// Figures of the screen that somebody shares.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScreenMeasured {
    /// They say that it pauses.
    pub paused: bool,
    /// What is being received.
    pub video: Option<VideoShown>,
}

/// Figures of one person.
#[derive(Clone, Debug, Default)]
pub struct PersonMeasured {
    /// They speak.
    pub speaking: bool,
    /// A picture of theirs was decoded.
    pub picture: bool,
    /// They say that their picture pauses.
    pub paused: bool,
    /// Of the screen that they share, if they do.
    pub screen: ScreenMeasured,
    /// What keeps their picture down, as they say.
    pub limited: Limited,
    /// It waits for this computer.
    pub behind: bool,
    /// What is being received.
    pub video: Option<VideoShown>,
    /// Where it goes.
    pub path: PathShown,
    /// In a word.
    pub quality: Quality,
}
