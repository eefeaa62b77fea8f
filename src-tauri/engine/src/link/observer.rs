//! What webrtc-rs tells of a connection, taken down for the keeper.
//!
//! Called on the connection's driver, which meanwhile sends and receives nothing: so it only puts a
//! note into a bounded queue.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceConnectionState, RTCPeerConnectionIceEvent,
    RTCPeerConnectionState,
};

use super::relay_stream::carrier;
use super::stats::Transport;

/// Notes that may wait for the keeper. A connection makes a few dozen in its life; the newest is lost.
pub(super) const NOTICE_CAPACITY: usize = 512;

/// Something the keeper should know.
pub(super) enum Notice {
    /// A description is being made: candidates found from now on may belong to it.
    Describing,
    /// It is made, and this is its ICE user fragment; `None`: it failed.
    Described(Option<String>),
    /// An address of ours at a relay that is reached over such a stream; it is told as a candidate next.
    StreamRelay(SocketAddr, Transport),
    /// An address of ours.
    Candidate(String),
    /// There is a path, over which the two sides now prove who they are.
    Path,
    /// The state of the path and of the encryption over it.
    Connection(RTCPeerConnectionState),
    /// The first packet of a remote track has come.
    Track(Arc<dyn TrackRemote>),
}

pub(super) struct Observer {
    notices: mpsc::Sender<Notice>,
}

impl Observer {
    pub fn new(notices: mpsc::Sender<Notice>) -> Self {
        Self { notices }
    }

    fn note(&self, notice: Notice) {
        if let Err(TrySendError::Full(_)) = self.notices.try_send(notice) {
            tracing::error!("the link's keeper is {NOTICE_CAPACITY} notices behind");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Observer {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Some(carrier) = carrier(&event.url)
            && let Ok(ip) = event.candidate.address.parse()
        {
            let address = SocketAddr::new(ip, event.candidate.port);
            self.note(Notice::StreamRelay(address, carrier));
        }
        if let Ok(candidate) = event.candidate.to_json() {
            self.note(Notice::Candidate(candidate.candidate));
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        if state == RTCIceConnectionState::Connected {
            self.note(Notice::Path);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.note(Notice::Connection(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.note(Notice::Track(track));
    }
}
