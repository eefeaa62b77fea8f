//! A wire between two links that a test can cut, that loses chosen packets, and into which anybody
//! can speak.

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
    /// Talks to the side that dials.
    near: UdpSocket,
    caller: Mutex<Option<SocketAddr>>,
    /// Talks to the side that is dialled.
    far: UdpSocket,
    called: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    /// Sequence numbers of video to be lost, once each.
    lose: Mutex<HashSet<u16>>,
}

impl Wire {
    /// A wire over the loopback interface.
    pub async fn lay() -> Arc<Self> {
        let socket = || async { UdpSocket::bind("127.0.0.1:0").await.expect("a port") };
        let wire = Arc::new(Self {
            near: socket().await,
            caller: Mutex::default(),
            far: socket().await,
            called: Mutex::default(),
            cut: AtomicBool::new(false),
            lose: Mutex::default(),
        });
        tokio::spawn(wire.clone().carry());
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
        let called = SocketAddr::new(words[4].parse().ok()?, words[5].parse().ok()?);
        *self.called.lock().expect("no panic") = Some(called);
        words[5] = self.near.local_addr().ok()?.port().to_string();
        Some(words.join(" "))
    }

    /// From now on nothing passes.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// And from now on it does again.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::Relaxed);
    }

    /// Loses these packets of video, once each.
    pub fn lose(&self, sequences: impl IntoIterator<Item = u16>) {
        self.lose.lock().expect("no panic").extend(sequences);
    }

    /// Says something to both sides, in the other's name.
    pub async fn inject(&self, datagram: &[u8]) {
        let (caller, called) = (known(&self.caller), known(&self.called));
        for (socket, to) in [(&self.near, caller), (&self.far, called)] {
            if let Some(to) = to {
                let _ = socket.send_to(datagram, to).await;
            }
        }
    }

    async fn carry(self: Arc<Self>) {
        let (mut there, mut back) = ([0; 2048], [0; 2048]);
        loop {
            tokio::select! {
                Ok((n, from)) = self.near.recv_from(&mut there) => {
                    *self.caller.lock().expect("no panic") = Some(from);
                    self.pass(&there[..n], &self.far, known(&self.called)).await;
                }
                Ok((n, _)) = self.far.recv_from(&mut back) => {
                    self.pass(&back[..n], &self.near, known(&self.caller)).await;
                }
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

fn known(address: &Mutex<Option<SocketAddr>>) -> Option<SocketAddr> {
    *address.lock().expect("no panic")
}
