//! The sockets of relayed addresses.

use super::exchange::Exchange;
use crate::relay::addresses::Sockets;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket};
use std::rc::{Rc, Weak};
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;

/// An address that nobody has (RFC 5737): a machine that can have it takes any for its own, and
/// can't be asked.
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The sockets of relayed addresses, each with the task that waits for what arrives there.
pub(super) struct RelayedSockets {
    exchange: Weak<Exchange>,
    open: HashMap<SocketAddr, (Rc<UdpSocket>, AbortHandle)>,
    tells_own: bool,
}

impl RelayedSockets {
    pub(super) fn new(exchange: Weak<Exchange>) -> Self {
        let tells_own = !is_own(NOBODYS);
        if !tells_own {
            tracing::warn!(
                "this system lets programs take addresses that it does not have, so the relay can't tell which are its own: a firewall should keep it from them"
            );
        }
        Self {
            exchange,
            open: HashMap::new(),
            tells_own,
        }
    }

    /// The socket of a relayed address.
    pub(super) fn get(&self, relayed: SocketAddr) -> Option<&Rc<UdpSocket>> {
        self.open.get(&relayed).map(|(socket, _)| socket)
    }
}

impl Sockets for RelayedSockets {
    fn open(&mut self, relayed: SocketAddr) -> bool {
        let Some(exchange) = self.exchange.upgrade() else {
            return false;
        };
        let Ok(socket) = bind(relayed) else {
            return false;
        };
        let socket = Rc::new(socket);
        let task = tokio::task::spawn_local(exchange.receive_relayed(Rc::clone(&socket), relayed));
        self.open.insert(relayed, (socket, task.abort_handle()));
        true
    }

    fn close(&mut self, relayed: SocketAddr) {
        if let Some((_, task)) = self.open.remove(&relayed) {
            task.abort();
        }
    }

    fn is_own(&mut self, ip: IpAddr) -> bool {
        self.tells_own && is_own(ip)
    }
}

/// Whether this machine has this address: then a socket can be there. The interfaces need not be
/// watched, and no list gets old.
pub(super) fn is_own(ip: IpAddr) -> bool {
    StdSocket::bind((ip, 0)).is_ok()
}

/// Binds where a relayed address leads to: at that address, or where the machine only has another
/// one that is translated to it, at all of its own.
fn bind(relayed: SocketAddr) -> std::io::Result<UdpSocket> {
    let here = if is_own(relayed.ip()) {
        relayed.ip()
    } else {
        match relayed.ip() {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        }
    };
    super::listen::bind_udp(SocketAddr::new(here, relayed.port()))
}
