//! A wire between two links that a test can cut, and that loses chosen packets.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

/// The payload type of video, as both of our sides call it.
const VIDEO: u8 = 102;

/// Where RTP's sequence number stands (RFC 3550, section 5.1).
const SEQUENCE: std::ops::Range<usize> = 2..4;

/// Passes datagrams between the side that dials and the side that is dialled.
pub struct Wire {
    /// What the dialling side sees.
    near: SocketAddr,
    /// The dialled side's address, once known.
    far: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    /// Sequence numbers of video to be lost, once each.
    lose: Mutex<HashSet<u16>>,
}

impl Wire {
    /// A wire over the loopback interface.
    pub async fn lay() -> Arc<Self> {
        let socket = || async { UdpSocket::bind("127.0.0.1:0").await.expect("a port") };
        let (near, far) = (socket().await, socket().await);
        let wire = Arc::new(Self {
            near: near.local_addr().expect("bound"),
            far: Mutex::default(),
            cut: AtomicBool::new(false),
            lose: Mutex::default(),
        });
        tokio::spawn(wire.clone().carry(near, far));
        wire
    }

    /// The other end of a candidate. One of the dialled side leads through the wire; the dialling
    /// side has none, and is answered where its call came from. A wire that is cut is gone round.
    pub fn reroute(&self, candidate: String, dialled: bool) -> Option<String> {
        if self.cut.load(Ordering::Relaxed) {
            return Some(candidate);
        }
        let mut words: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        if !dialled || words[4] != "127.0.0.1" {
            return None;
        }
        let far = SocketAddr::new(words[4].parse().ok()?, words[5].parse().ok()?);
        *self.far.lock().expect("no panic") = Some(far);
        words[5] = self.near.port().to_string();
        Some(words.join(" "))
    }

    /// From now on nothing passes.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// Loses these packets of video, once each.
    pub fn lose(&self, sequences: impl IntoIterator<Item = u16>) {
        self.lose.lock().expect("no panic").extend(sequences);
    }

    async fn carry(self: Arc<Self>, near: UdpSocket, far: UdpSocket) {
        let (mut there, mut back) = ([0; 2048], [0; 2048]);
        let mut caller = None;
        loop {
            tokio::select! {
                Ok((n, from)) = near.recv_from(&mut there) => {
                    caller = Some(from);
                    let to = *self.far.lock().expect("no panic");
                    self.pass(&there[..n], &far, to).await;
                }
                Ok((n, _)) = far.recv_from(&mut back) => self.pass(&back[..n], &near, caller).await,
            }
        }
    }

    async fn pass(&self, datagram: &[u8], by: &UdpSocket, to: Option<SocketAddr>) {
        let Some(to) = to else { return };
        if self.cut.load(Ordering::Relaxed) || self.is_lost(datagram) {
            return;
        }
        let _ = by.send_to(datagram, to).await;
    }

    fn is_lost(&self, datagram: &[u8]) -> bool {
        let is_rtp = datagram.len() > 12 && datagram[0] >> 6 == 2;
        if !is_rtp || datagram[1] & 0x7f != VIDEO {
            return false;
        }
        let sequence = datagram[SEQUENCE].try_into().map(u16::from_be_bytes);
        let mut lose = self.lose.lock().expect("no panic");
        sequence.is_ok_and(|sequence| lose.remove(&sequence))
    }
}
