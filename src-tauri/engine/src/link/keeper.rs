//! The task that watches over a connection: tells its owner what happens to it, follows its state,
//! starts a task for each remote track, looks at the path once a second, and closes it in the end.
//!
//! All other tasks of a link are its children and end with it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{PeerConnection, RTCPeerConnectionState, StatsSelector};

use super::candidate::LocalCandidates;
use super::config::{DISCONNECTED_AFTER, NO_PATH_AFTER};
use super::error::LinkFailure;
use super::event::{LinkEvent, MediaSink};
use super::incoming_picture::RemotePicture;
use super::lines::{Line, PayloadTypes};
use super::observer::Notice;
use super::picture::Picture;
use super::receive::receive;
use super::shared::{Shared, until};
use super::stats::{LinkState, Route, Transport};

/// How often the path in use and its round trip are looked up.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the handshake over a new path may take. webrtc-rs says nothing of one that fails, and
/// would leave it at that; a good one takes milliseconds, or a few seconds where packets are lost.
const PROOF_WITHIN: Duration = Duration::from_secs(5);

/// What the keeper is connected to.
pub(super) struct Posts {
    pub notices: mpsc::Receiver<Notice>,
    pub events: mpsc::Sender<LinkEvent>,
    /// The owner says stop, or has let go of the link.
    pub stop: watch::Receiver<bool>,
    /// The data channel or the connection's driver has ended.
    pub closed: watch::Receiver<bool>,
    /// The names of the media sections, in order.
    pub mids: watch::Receiver<Vec<String>>,
    /// The other side's pictures, by [`Picture`].
    pub remote: [watch::Sender<Option<RemotePicture>>; 2],
}

/// Addresses at relays behind streams that are remembered: those of several restarts.
const STREAM_RELAYS: usize = 64;

pub(super) struct Keeper {
    connection: Arc<dyn PeerConnection>,
    shared: Arc<Shared>,
    sink: Arc<dyn MediaSink>,
    posts: Posts,
    children: JoinSet<()>,
    local: LocalCandidates,
    /// Our addresses at relays that are reached over streams, and what carries us there: the newest, for each restart brings
    /// others.
    stream_relays: VecDeque<(SocketAddr, Transport)>,
    loopback: bool,
    was_connected: bool,
    /// Until when the other side has to have proved who it is.
    proof_due: Option<Instant>,
    /// Until when the path that is being looked for should be there. webrtc-rs would say nothing of
    /// it for as long as consent lasts.
    path_due: Option<Instant>,
}

impl Keeper {
    /// `children` are the tasks that end with the connection.
    pub fn new(
        connection: Arc<dyn PeerConnection>,
        shared: Arc<Shared>,
        sink: Arc<dyn MediaSink>,
        posts: Posts,
        children: JoinSet<()>,
        loopback: bool,
    ) -> Self {
        Self {
            connection,
            shared,
            sink,
            posts,
            children,
            local: LocalCandidates::default(),
            stream_relays: VecDeque::new(),
            loopback,
            was_connected: false,
            proof_due: None,
            path_due: None,
        }
    }

    /// Runs until the owner says stop or lets go of the link, then closes the connection.
    pub async fn run(mut self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut self.posts.stop) => break,
                () = until(self.proof_due) => {
                    self.proof_due = None;
                    self.fail(LinkFailure::Identity).await;
                }
                () = until(self.path_due) => self.miss_path().await,
                Some(notice) = self.posts.notices.recv() => self.take(notice).await,
                Ok(()) = self.posts.closed.changed() => self.fail(LinkFailure::Closed).await,
                _ = look.tick(), if self.shared.is_open() => self.look().await,
            }
        }
        self.shared.set_open(false);
        self.shared.path().state = LinkState::Closed;
        self.shared.nudge.end();
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing the connection");
        }
    }

    async fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Describing => self.local.hold(),
            Notice::Described(ufrag) => {
                for candidate in self.local.release(ufrag) {
                    self.offer_candidate(candidate).await;
                }
            }
            Notice::StreamRelay(address, transport) => {
                self.stream_relays.truncate(STREAM_RELAYS - 1);
                self.stream_relays.push_front((address, transport));
            }
            Notice::Candidate(text) => {
                if let Some(candidate) = self.local.found(text, self.loopback) {
                    self.offer_candidate(candidate).await;
                }
            }
            Notice::Path if !self.was_connected => {
                self.proof_due = Some(Instant::now() + PROOF_WITHIN);
            }
            Notice::Path => {}
            Notice::Connection(state) => self.follow(state).await,
            Notice::Track(track) => self.adopt(track).await,
        }
    }

    /// All sections share one path, so every candidate belongs to the first.
    async fn offer_candidate(&mut self, candidate: String) {
        let mid = self.posts.mids.borrow().first().cloned();
        self.tell(LinkEvent::Candidate {
            candidate,
            mid: mid.or_else(|| Some("0".to_owned())),
            line: Some(0),
        })
        .await;
    }

    async fn follow(&mut self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connecting => {
                let patience = match self.was_connected {
                    true => DISCONNECTED_AFTER,
                    false => NO_PATH_AFTER,
                };
                self.path_due = Some(Instant::now() + patience);
            }
            RTCPeerConnectionState::Connected => {
                self.was_connected = true;
                self.proof_due = None;
                let by_new_path = self.path_due.take().is_some();
                let before = std::mem::replace(&mut self.shared.path().state, LinkState::Connected);
                if before == LinkState::Connected && !by_new_path {
                    return;
                }
                self.look().await;
                // What waited for the path is too old by now, and what builds on it of no use.
                self.shared.outbox().restart();
                self.shared.screen().restart();
                self.shared.path_changed();
                self.shared.set_open(true);
                self.tell(LinkEvent::Connected).await;
                self.shared.need_keyframe();
                self.shared.need_screen_keyframe();
            }
            RTCPeerConnectionState::Disconnected
                // Who has closed the connection is not expected back.
                if self.shared.path().state != LinkState::Failed =>
            {
                self.shared.path().state = LinkState::Disconnected;
                self.tell(LinkEvent::Disconnected).await;
            }
            RTCPeerConnectionState::Failed => {
                let failure = match self.was_connected {
                    true => LinkFailure::Lost,
                    false => LinkFailure::NoPath,
                };
                self.fail(failure).await;
            }
            _ => {}
        }
    }

    /// A path that is being looked for has not been found in time; it still is.
    async fn miss_path(&mut self) {
        self.path_due = None;
        if !self.was_connected {
            self.fail(LinkFailure::NoPath).await;
            return;
        }
        // Whenever it is found, that is to be told.
        let before = self.shared.path().state;
        if before == LinkState::Connected {
            self.shared.path().state = LinkState::Disconnected;
            self.tell(LinkEvent::Disconnected).await;
        }
    }

    async fn fail(&mut self, failure: LinkFailure) {
        self.shared.set_open(false);
        let before = std::mem::replace(&mut self.shared.path().state, LinkState::Failed);
        if before != LinkState::Failed {
            self.tell(LinkEvent::Failed(failure)).await;
        }
    }

    /// Finds out which section a remote track belongs to, and has it received.
    async fn adopt(&mut self, track: Arc<dyn TrackRemote>) {
        let Some((line, agreed)) = self.line_of(&track).await else {
            tracing::warn!("a track that belongs to no section of the call");
            return;
        };
        let picture = match line {
            Line::Camera => Some(Picture::Camera),
            Line::Screen => Some(Picture::Screen),
            Line::Microphone | Line::SharedSound => None,
        };
        if let Some(picture) = picture
            && let Some(ssrc) = track.ssrcs().await.first().copied()
        {
            let remote = RemotePicture {
                track: track.clone(),
                ssrc,
            };
            self.posts.remote[picture as usize].send_replace(Some(remote));
        }
        let (sink, shared) = (self.sink.clone(), self.shared.clone());
        self.children
            .spawn(receive(line, track, agreed, sink, shared));
    }

    async fn line_of(&self, track: &Arc<dyn TrackRemote>) -> Option<(Line, Option<PayloadTypes>)> {
        for transceiver in self.connection.get_transceivers().await {
            let Ok(Some(receiver)) = transceiver.receiver().await else {
                continue;
            };
            if Arc::ptr_eq(receiver.track(), track) {
                let mid = transceiver.mid().await.ok().flatten()?;
                let index = self.posts.mids.borrow().iter().position(|m| *m == mid)?;
                let line = Line::ALL.get(index).copied()?;
                let parameters = receiver.get_parameters().await.ok();
                let agreed = parameters.and_then(|it| PayloadTypes::of(&it.rtp_parameters.codecs));
                return Some((line, agreed));
            }
        }
        None
    }

    /// Looks up the path in use. The library is asked, which takes its lock for some microseconds.
    async fn look(&mut self) {
        let Some(sctp) = self.connection.sctp().await else {
            return;
        };
        let ice = sctp.transport().ice_transport();
        let Ok(Some(pair)) = ice.get_selected_candidate_pair().await else {
            return;
        };
        let now = Instant::now();
        let report = self.connection.get_stats(now, StatsSelector::None).await;
        let (local, remote) = (&pair.local().id, &pair.remote().id);
        let rtt = report
            .candidate_pairs()
            .find(|p| {
                p.local_candidate_id.contains(local) && p.remote_candidate_id.contains(remote)
            })
            .map(|p| p.current_round_trip_time)
            .filter(|seconds| *seconds > 0.0 && seconds.is_finite());
        let mut path = self.shared.path();
        let (before, now) = (path.route, Route::of(&pair, |ours| self.stream_to(ours)));
        path.route = now.or(before);
        path.rtt = rtt.map(Duration::from_secs_f64).or(path.rtt);
        drop(path);
        if before.is_some() && now.is_some() && before != now {
            self.shared.path_changed();
        }
    }

    /// What carries us to the relay at which this address of ours is.
    fn stream_to(&self, ours: SocketAddr) -> Option<Transport> {
        let mut known = self.stream_relays.iter();
        let found = known.find(|(address, _)| *address == ours);
        found.map(|(_, transport)| *transport)
    }

    /// Tells the owner, and waits until it has room to listen or wants to hear no more.
    async fn tell(&mut self, event: LinkEvent) {
        tokio::select! {
            () = stopped(&mut self.posts.stop) => {}
            _ = self.posts.events.send(event) => {}
        }
    }
}

/// Waits until the owner says stop, or has let go of the link.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
