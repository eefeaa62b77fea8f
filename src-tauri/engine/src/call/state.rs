//! The call, whole: everything that the window, the CLI and the tests show.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use serde::Serialize;
use visio_protocol::control::Limited;
use visio_protocol::{ClockTime, Invite, MediaState, PersonId, Role, SessionId};

use super::chat::{Chat, ReactionShown, RemarkShown};
use super::person::Person;
use super::trouble::Trouble;
use crate::audio::{MicrophoneSpec, SpeakerSpec, Treatment};
use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::{CameraSpec, ScreenSpec};

/// Where the user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Looking at themselves, choosing devices, seeing who is there.
    Lobby,
    /// Asked to join; the server has not said yes yet.
    Entering,
    /// In the call.
    Calling,
    /// Left by their own wish.
    Left,
    /// Can't go on; [`CallState::trouble`] says why.
    Failed,
}

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceStatus {
    /// Being opened.
    Opening,
    /// Works.
    Ok,
    /// There is none, or none was wanted.
    None,
    /// Another program uses it.
    Busy,
    /// The system does not allow it.
    Refused,
    /// Was unplugged; it is taken again when it comes back.
    Lost,
    /// Is open but delivers nothing.
    Silent,
    /// Something else; the log has the system's words.
    Failed,
}

impl From<&DeviceProblem> for DeviceStatus {
    fn from(problem: &DeviceProblem) -> Self {
        match problem {
            DeviceProblem::None | DeviceProblem::Ended => Self::None,
            DeviceProblem::Busy => Self::Busy,
            DeviceProblem::Refused => Self::Refused,
            DeviceProblem::Lost => Self::Lost,
            DeviceProblem::Silent => Self::Silent,
            DeviceProblem::Failed(_) => Self::Failed,
        }
    }
}

/// The invite as it is shown and copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InviteShown {
    /// `https://HOST/j#CODE`.
    pub link: String,
    /// In groups of four.
    pub code: String,
    /// Host, and port where it is unusual.
    pub server: String,
    /// Only people on the same network can use it.
    pub near: bool,
}

impl From<&Invite> for InviteShown {
    fn from(invite: &Invite) -> Self {
        Self {
            link: invite.link(),
            code: invite.code(),
            server: invite.server.authority(),
            near: invite.server.is_near(),
        }
    }
}

/// My microphone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MyMicrophone {
    /// As chosen, in the CLI's words: `default`, `device:ID`.
    pub spec: String,
    /// Nothing is sent.
    pub muted: bool,
    /// How it stands.
    pub status: DeviceStatus,
    /// Name of the device in use.
    pub device: Option<String>,
    /// 0 to 1, for the meter.
    pub level: f32,
    /// I can be heard speaking (or could be, when muted).
    pub speaking: bool,
    /// The noise around me is made fainter.
    pub noise_suppression: bool,
    /// What I play is sent as it is.
    pub music: bool,
}

impl MyMicrophone {
    /// What its switches mean.
    pub fn treatment(&self) -> Treatment {
        Treatment::of(self.noise_suppression, self.music)
    }
}

/// My camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MyCamera {
    /// As chosen, in the CLI's words: `default`, `pattern:1280x720@30`.
    pub spec: String,
    /// Turned off by me.
    pub off: bool,
    /// How it stands.
    pub status: DeviceStatus,
    /// Name of the device in use.
    pub device: Option<String>,
    /// Pixels; 0 before the first picture.
    pub width: u32,
    /// Pixels; 0 before the first picture.
    pub height: u32,
}

/// The screen that I share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MyScreen {
    /// What is shared, in the CLI's words: `default`, `window:ID`; `none` while nothing is.
    pub spec: String,
    /// How it stands.
    pub status: DeviceStatus,
    /// Name of the screen or window.
    pub source: Option<String>,
    /// Pixels; 0 before the first picture.
    pub width: u32,
    /// Pixels; 0 before the first picture.
    pub height: u32,
}

impl MyScreen {
    /// Nothing is shared.
    pub(super) fn none() -> Self {
        Self {
            spec: ScreenSpec::None.to_string(),
            status: DeviceStatus::None,
            source: None,
            width: 0,
            height: 0,
        }
    }

    /// Something is, or would be if it were there.
    pub fn is_shared(&self) -> bool {
        self.spec != ScreenSpec::None.to_string()
    }
}

/// My speaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MySpeaker {
    /// As chosen, in the CLI's words.
    pub spec: String,
    /// How it stands.
    pub status: DeviceStatus,
    /// Name of the device in use.
    pub device: Option<String>,
}

/// I.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Me {
    /// Chosen for this call.
    pub id: PersonId,
    /// As the others see it.
    pub name: String,
    /// What records me.
    pub microphone: MyMicrophone,
    /// What films me.
    pub camera: MyCamera,
    /// What I share of my screen.
    pub screen: MyScreen,
    /// What I hear with.
    pub speaker: MySpeaker,
    /// This computer does not keep up with encoding: the others see me smaller, or less often.
    pub slow: bool,
    /// What of the network keeps the others from seeing me better: my own line, or the way to the only one who looks.
    pub limited: Limited,
    /// Since when my hand is raised.
    pub hand: Option<ClockTime>,
    /// How I feel about what is being said, as the others see it.
    pub reaction: Option<ReactionShown>,
}

impl Me {
    /// What the others are told of my devices.
    pub fn media(&self) -> MediaState {
        let sees_nothing = matches!(
            self.camera.status,
            DeviceStatus::None
                | DeviceStatus::Busy
                | DeviceStatus::Refused
                | DeviceStatus::Lost
                | DeviceStatus::Failed
        );
        MediaState {
            microphone_muted: self.microphone.muted,
            camera_off: self.camera.off || sees_nothing,
            screen: self.screen.is_shared()
                && matches!(
                    self.screen.status,
                    DeviceStatus::Ok | DeviceStatus::Lost | DeviceStatus::Silent
                ),
        }
    }
}

/// The devices this machine has.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Devices {
    /// What can film.
    pub cameras: Vec<DeviceInfo>,
    /// What can record.
    pub microphones: Vec<DeviceInfo>,
    /// What can play.
    pub speakers: Vec<DeviceInfo>,
}

/// The call, whole. Serialised, it is what the window is handed at every change.
#[derive(Clone, Debug, Serialize)]
pub struct CallState {
    /// Where the user is.
    pub phase: Phase,
    /// What is wrong, if anything.
    pub trouble: Option<Trouble>,
    /// What to send to those who are missing.
    pub invite: InviteShown,
    /// I.
    pub me: Me,
    /// The others, in order of arrival.
    pub people: Vec<Person>,
    /// What could be chosen instead.
    pub devices: Devices,
    /// What is written; [`CallState::remarks`] has it.
    pub chat: Chat,

    /// My session at the server; none before the first entry.
    #[serde(skip)]
    pub(crate) session: Option<SessionId>,
    /// How many sessions came before it in this call.
    #[serde(skip)]
    pub(crate) session_epoch: u32,
    /// The role with which the server was first asked to let us in.
    #[serde(skip)]
    pub(crate) entered_as: Role,
    /// Everybody the server says is present, and how; bounded by [`MAX_PRESENT`].
    #[serde(skip)]
    pub(crate) present: HashMap<SessionId, Role>,
    /// The event stream is interrupted since then.
    #[serde(skip)]
    pub(crate) server_lost_since: Option<Instant>,
    /// People who vanished, whose connections are kept for a while in case they come back.
    #[serde(skip)]
    pub(crate) away: Vec<Person>,
    /// The addresses of this machine, once the system has told them.
    #[serde(skip)]
    pub(crate) addresses: Option<Vec<IpAddr>>,
    /// The server is on this machine: it needs no network to be reached.
    #[serde(skip)]
    pub(crate) server_here: bool,
    /// A message had been tampered with, last at that time.
    #[serde(skip)]
    pub(crate) tampered_at: Option<Instant>,
    /// Why the call can't go on.
    #[serde(skip)]
    pub(crate) fatal: Option<Trouble>,
    /// How tall a person is shown of whom nothing was said.
    #[serde(skip)]
    pub(crate) show: Option<u32>,
}

/// A mesh of more would not carry its video anyway; a server that announces more is not believed. People.
pub const MAX_PRESENT: usize = 64;

/// What a call starts with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The invite.
    pub invite: Invite,
    /// My name.
    pub name: String,
    /// Chosen for this call.
    pub person: PersonId,
    /// What films.
    pub camera: CameraSpec,
    /// What records.
    pub microphone: MicrophoneSpec,
    /// What plays.
    pub speaker: SpeakerSpec,
    /// Whether noise is made fainter.
    pub noise_suppression: bool,
    /// Whether music is sent as it is.
    pub music: bool,
    /// Straight into the call, without the lobby.
    pub join: bool,
    /// How tall people are shown until [`Command::Show`](super::Command::Show) says otherwise, in rows of device pixels.
    pub show: Option<u32>,
}

impl CallState {
    /// A call at its beginning: nobody is known yet, no device is open.
    pub fn new(start: &Start) -> Self {
        Self {
            phase: if start.join {
                Phase::Entering
            } else {
                Phase::Lobby
            },
            trouble: None,
            invite: InviteShown::from(&start.invite),
            me: Me {
                id: start.person,
                name: start.name.clone(),
                microphone: MyMicrophone {
                    spec: start.microphone.to_string(),
                    muted: false,
                    status: DeviceStatus::Opening,
                    device: None,
                    level: 0.0,
                    speaking: false,
                    noise_suppression: start.noise_suppression,
                    music: start.music,
                },
                camera: MyCamera {
                    spec: start.camera.to_string(),
                    off: false,
                    status: DeviceStatus::Opening,
                    device: None,
                    width: 0,
                    height: 0,
                },
                screen: MyScreen::none(),
                speaker: MySpeaker {
                    spec: start.speaker.to_string(),
                    status: DeviceStatus::Opening,
                    device: None,
                },
                slow: false,
                limited: Limited::Nothing,
                hand: None,
                reaction: None,
            },
            people: Vec::new(),
            devices: Devices::default(),
            chat: Chat::default(),
            session: None,
            session_epoch: 0,
            entered_as: if start.join {
                Role::Calling
            } else {
                Role::Watching
            },
            present: HashMap::new(),
            server_lost_since: None,
            away: Vec::new(),
            addresses: None,
            server_here: start.invite.server.is_this_machine(),
            tampered_at: None,
            fatal: None,
            show: start.show,
        }
    }

    /// This machine has no network at all.
    pub fn offline(&self) -> bool {
        let none = |addresses: &Vec<IpAddr>| addresses.is_empty();
        !self.server_here && self.addresses.as_ref().is_some_and(none)
    }

    /// The role in the room that this phase means.
    pub fn role(&self) -> Role {
        match self.phase {
            Phase::Entering | Phase::Calling => Role::Calling,
            Phase::Lobby | Phase::Left | Phase::Failed => Role::Watching,
        }
    }

    /// Whether I am in the call, or about to be.
    pub fn calling(&self) -> bool {
        self.role() == Role::Calling
    }

    /// What is written, in order, as it is shown.
    pub fn remarks(&self) -> Vec<RemarkShown> {
        let name_of = |id| {
            let mut known = self.people.iter().chain(&self.away);
            known.find(|it| it.id == id).map(|it| it.name.clone())
        };
        let remarks = self.chat.remarks().iter();
        remarks.map(|it| it.shown(self.me.id, name_of)).collect()
    }

    /// The person behind a session.
    pub fn person(&self, session: SessionId) -> Option<&Person> {
        self.people.iter().find(|person| person.session == session)
    }

    pub(super) fn person_mut(&mut self, session: SessionId) -> Option<&mut Person> {
        self.people
            .iter_mut()
            .find(|person| person.session == session)
    }
}
