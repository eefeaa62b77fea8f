//! How a link is doing: what the details view and the report show.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rtc::peer_connection::transport::{RTCIceCandidate, RTCIceCandidatePair, RTCIceCandidateType};

use crate::transport::bitrate::Bitrate;
use crate::transport::estimator::Limit;
use crate::transport::layer::Layer;

/// Where a link stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// No path yet.
    #[default]
    Connecting,
    /// Media flows.
    Connected,
    /// No sign of life for two seconds.
    Disconnected,
    /// There is no connection.
    Failed,
    /// Closed by this side.
    Closed,
}

/// How packets get to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From machine to machine.
    Direct,
    /// Through a TURN server.
    Relay,
}

/// What carries them. The later two only to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream to a relay.
    Tcp,
    /// An encrypted stream to a relay.
    Tls,
}

/// The path in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Directly, or through a relay of either side.
    pub path: Path,
    /// What carries it.
    pub transport: Transport,
    /// Our end: an address of this machine, or of our relay.
    pub local: SocketAddr,
    /// Their end, as we see it.
    pub remote: SocketAddr,
}

impl Route {
    /// `None` for a pair whose addresses are no addresses. `stream`: what carries us to the relay at which this address of
    /// ours is; none where datagrams do.
    pub(super) fn of(
        pair: &RTCIceCandidatePair,
        stream: impl Fn(SocketAddr) -> Option<Transport>,
    ) -> Option<Self> {
        let (local, remote) = (pair.local(), pair.remote());
        let relayed = |c: &RTCIceCandidate| c.typ == RTCIceCandidateType::Relay;
        let address = |c: &RTCIceCandidate| Some(SocketAddr::new(c.address.parse().ok()?, c.port));
        Some(Self {
            path: if relayed(local) || relayed(remote) {
                Path::Relay
            } else {
                Path::Direct
            },
            transport: relayed(local)
                .then(|| stream(address(local)?))
                .flatten()
                .unwrap_or(Transport::Udp),
            local: address(local)?,
            remote: address(remote)?,
        })
    }
}

/// Packets and bytes of payload, of one kind in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindStats {
    /// RTP packets.
    pub packets: u64,
    /// Bytes of payload, without RTP, SRTP, UDP or IP headers.
    pub bytes: u64,
}

/// A snapshot of a link. Counts are since it was opened, restarts included.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkStats {
    /// Where it stands.
    pub state: LinkState,
    /// The path in use; `None` before there was one. At most a second old.
    pub route: Option<Route>,
    /// Round trip of the path, from consent checks (W3C `currentRoundTripTime`).
    pub rtt: Option<Duration>,
    /// Round trip of media, from RTCP reports: what the path's queues make of it.
    pub media_rtt: Option<Duration>,
    /// Share of our packets that the other side missed, 0 to 1, by its latest report.
    pub remote_loss: f32,
    /// Whether the other side knows how to take copies of audio out of later packets (RFC 2198).
    pub audio_copies: bool,
    /// What may be sent to this person, everything together; `None` before their first report on what
    /// arrived, and with one who makes none.
    pub estimate: Option<Bitrate>,
    /// What they said of late that they should be sent at most, everything together: they share their line with others.
    pub most: Option<Bitrate>,
    /// How fast our packets arrive there.
    pub acknowledged: Option<Bitrate>,
    /// Share of our packets that were lost of late, 0 to 1, by those reports.
    pub loss: f32,
    /// How long our packets wait in queues on the way.
    pub queue_delay: Duration,
    /// What holds the estimate where it is.
    pub limited: Option<Limit>,
    /// How long pictures wait here before they leave.
    pub pacer_delay: Duration,
    /// The layer that is being sent.
    pub sending: Option<Layer>,
    /// Audio sent for the first time.
    pub audio_sent: KindStats,
    /// Audio packets that carried copies of earlier ones, and what that added to them.
    pub audio_copies_sent: KindStats,
    /// Video sent for the first time.
    pub video_sent: KindStats,
    /// Packets sent once more because the other side asked.
    pub retransmitted: KindStats,
    /// Packets of nothing, sent to find out whether the path carries more.
    pub padding: KindStats,
    /// Audio received.
    pub audio_received: KindStats,
    /// Video received, repaired packets included.
    pub video_received: KindStats,
    /// A shared screen sent for the first time.
    pub screen_sent: KindStats,
    /// A shared screen received, repaired packets included.
    pub screen_received: KindStats,
    /// Width and height of the latest picture sent.
    pub layer: Option<(u32, u32)>,
    /// Audio packets dropped unsent.
    pub audio_dropped: u64,
    /// Pictures dropped unsent.
    pub video_dropped: u64,
    /// Requests for packets: received from the other side.
    pub nacks_received: u64,
    /// Requests for keyframes: received from the other side, those that the gate held back included.
    pub keyframe_requests_received: u64,
    /// Reports on when our packets arrived: received from the other side. None from one that does not
    /// know them.
    pub arrival_reports_received: u64,
    /// Requests for packets: sent by this side.
    pub nacks_sent: u64,
    /// Requests for keyframes: sent by this side.
    pub keyframe_requests_sent: u64,
}

/// A [`KindStats`] that is counted by one task and read by others.
#[derive(Debug, Default)]
pub(super) struct KindCounter {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl KindCounter {
    pub fn add(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn get(&self) -> KindStats {
        KindStats {
            packets: self.packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// Everything that is counted on the way of packets.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub audio_sent: KindCounter,
    pub audio_copies: KindCounter,
    pub video_sent: KindCounter,
    pub screen_sent: KindCounter,
    pub screen_received: KindCounter,
    pub retransmitted: KindCounter,
    pub padding: KindCounter,
    pub audio_received: KindCounter,
    pub video_received: KindCounter,
    pub nacks_received: AtomicU64,
    pub keyframe_requests_received: AtomicU64,
    pub arrival_reports_received: AtomicU64,
    pub nacks_sent: AtomicU64,
    pub keyframe_requests_sent: AtomicU64,
}

/// Counts one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
