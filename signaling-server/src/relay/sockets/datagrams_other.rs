//! Datagrams, one call for each: what every system can do.

use super::exchange::Letter;
use crate::relay::packet::{MAX_DATAGRAM, Packet};
use socket2::{SockAddr, SockRef};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// Datagrams that are taken before any is handed on.
pub(super) const BATCH: usize = 32;

/// Datagrams as they have arrived.
pub(super) struct Arrivals {
    packets: Box<[Packet]>,
    senders: Vec<SocketAddr>,
    /// One byte more than may be relayed, to tell what is too long.
    space: [u8; MAX_DATAGRAM + 1],
}

impl Arrivals {
    pub(super) fn new() -> Self {
        Self {
            packets: vec![Packet::default(); BATCH].into(),
            senders: Vec::with_capacity(BATCH),
            space: [0; MAX_DATAGRAM + 1],
        }
    }

    /// Takes what has arrived at a socket, as far as there is room: how many. Nothing is none.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.senders.clear();
        // What is dropped counts too, so that nobody keeps this busy for ever.
        for _ in 0..BATCH {
            match socket.try_recv_from(&mut self.space) {
                Ok((length, from)) => {
                    let packet = &mut self.packets[self.senders.len()];
                    if packet.replace(&self.space[..length]) {
                        self.senders.push(from);
                    }
                }
                // Windows tells here of an earlier packet that nobody was there to take, or of one
                // that is longer than the space.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
                Err(error) if error.raw_os_error() == Some(MESSAGE_TOO_LONG) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(self.senders.len())
    }

    /// One that has arrived, and where it comes from.
    pub(super) fn get(&mut self, index: usize) -> Option<(&mut Packet, SocketAddr)> {
        let from = *self.senders.get(index)?;
        Some((&mut self.packets[index], from))
    }

    /// Sends some of them, as they are now, from one socket. What the system has no room for is
    /// lost, as on every link.
    pub(super) fn send(&self, socket: &UdpSocket, letters: &[Letter]) {
        for letter in letters {
            let bytes = self.packets[letter.packet].as_bytes();
            let _ = SockRef::from(socket).send_to(bytes, &SockAddr::from(letter.to));
        }
    }
}

/// WSAEMSGSIZE of Windows; elsewhere no error has that number.
const MESSAGE_TOO_LONG: i32 = 10_040;
