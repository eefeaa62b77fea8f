//! What a link is opened with.

use std::fmt;
use std::time::Duration;

/// Without a sign of life for this long a path counts as disconnected: four missed consent checks.
/// RFC 7675 would wait 30 s; a family would have hung up.
pub(super) const DISCONNECTED_AFTER: Duration = Duration::from_secs(2);

/// And for this much longer, as lost. Together 30 s, for which consent lasts (RFC 7675, section 5.1):
/// so long a path that comes back by itself, when a router has restarted or a train has left the
/// tunnel, is used again at once and without a word. Who vanishes is taken out of the call long
/// before (`call/`).
pub(super) const FAILED_AFTER: Duration = Duration::from_secs(28);

/// A first path that has not been found after this will not be: its checks are over after 6 s.
pub(super) const NO_PATH_AFTER: Duration = Duration::from_secs(8);

/// Consent checks, which also measure the round trip.
pub(super) const KEEPALIVE: Duration = Duration::from_millis(500);

/// How often a pair of addresses is tried, every 200 ms, before it counts as dead: 6 s. Two NATs let
/// each other through only while both sides try, and the later one may have had to wait for slow
/// signaling; the library's 1.4 s are shorter than that can take.
pub(super) const CHECKS_PER_PAIR: u16 = 30;

/// Bytes that may wait unacknowledged in one data channel. Unbounded, a transfer would fill the
/// network's queue and delay voice by half a second (measured).
pub(super) const CHANNEL_BUFFER_BYTES: usize = 64 * 1024;

/// How far behind the newest packet SRTP still accepts one. A repaired packet of a 720p keyframe
/// may come some hundred packets late; the crate's 64 would call it a replay.
pub(super) const SRTP_REPLAY_WINDOW: usize = 1024;

/// How a connection is made.
#[derive(Clone, Debug, Default)]
pub struct LinkConfig {
    /// This side offers, restarts included; the other side never does.
    pub offerer: bool,
    /// STUN and TURN servers, in any order.
    pub ice_servers: Vec<IceServer>,
    /// Also offer paths over the loopback interface: for two people on one machine.
    pub loopback: bool,
}

/// A STUN or TURN server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:HOST[:PORT]` or `turn:HOST[:PORT]?transport=udp`, or `=tcp`.
    pub urls: Vec<String>,
    /// TURN: the user, empty for STUN.
    pub username: String,
    /// TURN: the password, empty for STUN.
    pub credential: String,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}
