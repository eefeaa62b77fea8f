//! One of the others, as the tile and the details view show them.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use serde::Serialize;
use visio_protocol::control::Limited;
use visio_protocol::{ClockTime, MediaState, MessageId, PersonId, Role, SessionId};

use super::chat::ReactionShown;
use super::limit::LimitedBy;
use super::mending::Mending;
use crate::link::{LinkStats, Path, Transport};

/// How the connection to one person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Connection {
    /// Never connected yet.
    Connecting,
    /// Media can flow.
    Connected,
    /// Was connected, and is being mended.
    Retrying,
    /// Several attempts failed; still being tried, less often.
    Failed,
}

/// Quality in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Quality {
    /// Nothing measured yet.
    #[default]
    Unknown,
    /// Nobody would notice a flaw.
    Good,
    /// Flaws can be noticed.
    Fair,
    /// Talking is hard.
    Weak,
}

/// The picture that is being received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct VideoShown {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Decoded frames per second over the last second.
    pub fps: f64,
}

/// The screen that somebody shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SharedScreen {
    /// They say that it pauses: their line to me carries none, or its window is gone.
    pub paused: bool,
    /// What is being received; none before the first picture.
    pub video: Option<VideoShown>,
}

/// One of the others.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Chosen by that person's app; the tile is keyed by it, so that a reconnect is the same tile.
    pub id: PersonId,
    /// As they call themselves.
    pub name: String,
    /// In the call, or only in the lobby.
    pub calling: bool,
    /// Their microphone is off.
    pub muted: bool,
    /// Their camera is off, or they have none.
    pub camera_off: bool,
    /// They can be heard speaking now.
    pub speaking: bool,
    /// How the connection stands.
    pub connection: Connection,
    /// A frame of theirs was decoded since they turned the camera on.
    pub picture: bool,
    /// They say that their picture pauses, because their line to me carries none.
    pub paused: bool,
    /// Direct or relayed, and between which addresses; flattened into the person.
    #[serde(flatten)]
    pub path: PathShown,
    /// In a word.
    pub quality: Quality,
    /// What is being received.
    pub video: Option<VideoShown>,
    /// The screen that they share; none while they don't.
    pub screen: Option<SharedScreen>,
    /// What keeps their picture from being better; none while none is to be expected.
    pub limited_by: Option<LimitedBy>,
    /// Since when their hand is raised, by their clock; the smallest was first.
    pub hand: Option<ClockTime>,
    /// How they feel about what is being said.
    pub reaction: Option<ReactionShown>,

    /// What keeps it down as they say.
    #[serde(skip)]
    pub(crate) limited: Limited,
    /// It waits for this computer.
    #[serde(skip)]
    pub(crate) behind: bool,
    /// The session under which they are known to the server now.
    #[serde(skip)]
    pub(crate) session: SessionId,
    /// How-manieth session of theirs that is, as they count.
    #[serde(skip)]
    pub(crate) session_epoch: u32,
    /// The server said that this session is over.
    #[serde(skip)]
    pub(crate) left: bool,
    /// Number of the link to them that counts; a message for another one is out of date.
    #[serde(skip)]
    pub(crate) epoch: u32,
    /// Since when there is no connection.
    #[serde(skip)]
    pub(crate) unlinked_since: Instant,
    /// They closed the connection, then: most likely on their way out.
    #[serde(skip)]
    pub(crate) closed_at: Option<Instant>,
    /// What is being done about the connection.
    #[serde(skip)]
    pub(crate) mending: Mending,
    /// How tall I show them, in rows of device pixels; none while I don't.
    #[serde(skip)]
    pub(crate) shown: Option<u32>,
    /// The same of the screen that they share.
    #[serde(skip)]
    pub(crate) screen_shown: Option<u32>,
    /// How it stands with the chat's channel to them.
    #[serde(skip)]
    pub(crate) talk: Talk,
}

/// The chat's channel to one person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk {
    /// The connection on which it is open, by session and number.
    pub open: Option<(SessionId, u32)>,
    /// They were told what they do not know.
    pub answered: bool,
    /// What they said and have not been confirmed yet; the link lets through only so much at once.
    pub got: Vec<MessageId>,
}

/// The network path to a person, for the details view.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathShown {
    /// `direct` or `relay`; absent while not connected.
    pub path: Option<&'static str>,
    /// `udp`, `tcp` or `tls`.
    pub transport: Option<&'static str>,
    /// Our end, `ip:port`.
    pub local: Option<String>,
    /// Their end, `ip:port`.
    pub remote: Option<String>,
    /// Round trip, milliseconds.
    pub rtt_ms: Option<f64>,
}

impl From<&LinkStats> for PathShown {
    fn from(link: &LinkStats) -> Self {
        let rtt_ms = link.rtt.map(|rtt| rtt.as_secs_f64() * 1e3);
        let Some(route) = link.route else {
            return Self {
                rtt_ms,
                ..Self::default()
            };
        };
        Self {
            path: Some(match route.path {
                Path::Direct => "direct",
                Path::Relay => "relay",
            }),
            transport: Some(match route.transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
                Transport::Tls => "tls",
            }),
            local: Some(route.local.to_string()),
            remote: Some(route.remote.to_string()),
            rtt_ms,
        }
    }
}

impl Person {
    pub(super) fn new(
        id: PersonId,
        session: SessionId,
        role: Role,
        shown: Option<u32>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            name: String::new(),
            calling: role == Role::Calling,
            muted: false,
            camera_off: false,
            speaking: false,
            connection: Connection::Connecting,
            picture: false,
            paused: false,
            path: PathShown::default(),
            quality: Quality::Unknown,
            video: None,
            screen: None,
            limited_by: None,
            hand: None,
            reaction: None,
            limited: Limited::Nothing,
            behind: false,
            session,
            session_epoch: 0,
            left: false,
            epoch: 0,
            unlinked_since: now,
            closed_at: None,
            mending: Mending::new(now),
            shown,
            screen_shown: shown,
            talk: Talk::default(),
        }
    }

    /// They can be written to: the chat's channel of the connection that counts is open.
    pub fn talks(&self) -> bool {
        self.talk.open == Some((self.session, self.epoch))
    }

    pub(super) fn set_media(&mut self, media: MediaState) {
        self.muted = media.microphone_muted;
        self.camera_off = media.camera_off;
        self.screen = media.screen.then(|| self.screen.unwrap_or_default());
        if media.camera_off {
            self.picture = false;
            self.video = None;
        }
    }

    /// Media flows, as far as is known. Of somebody who has just closed the connection the tile shows it
    /// a moment longer.
    pub(crate) fn linked(&self) -> bool {
        self.connection == Connection::Connected && self.closed_at.is_none()
    }

    /// There never was a connection.
    pub(super) fn connecting(&self) -> bool {
        self.connection == Connection::Connecting
    }

    /// Our end of the path, when it is at an address of this machine's that is known.
    pub(super) fn local_ip(&self) -> Option<IpAddr> {
        let local: SocketAddr = self.path.local.as_ref()?.parse().ok()?;
        Some(local.ip())
    }
}
