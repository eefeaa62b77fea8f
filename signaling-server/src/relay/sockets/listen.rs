//! Where the relay listens, and at which addresses it relays.

use super::relayed::is_own;
use crate::listening::advice;
use crate::relay::destinations::Reach;
use crate::relay::options::RelayOptions;
use crate::relay::stun::Family;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket};
use tokio::net::{TcpListener, UdpSocket};

/// What the system is asked to keep of datagrams that come in or go out in a burst, in bytes: some
/// 400 packets. It may give less.
const SOCKET_BUFFER: usize = 1024 * 1024;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 256;

/// How often a free port is looked for that is free for UDP and for TCP.
const PORT_TRIES: usize = 16;

/// Addresses to find out by which of its own addresses this machine reaches the internet. They are
/// examples (RFC 5737, RFC 3849), and no packet is sent.
const FAR_AWAY: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// It can't listen there.
    #[error("the relay can't listen on {address}: {source}{}", advice(source))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// It does not know its own address.
    #[error("the relay does not know at which address it is reached: say it with --relay-ip")]
    NoAddress,
    /// Strangers could reach what listens on this machine alone.
    #[error(
        "--relay-lan at a loopback address leads to everything on this machine: listen on loopback only, or give --relay-ip another address"
    )]
    OpensMachine,
    /// The system has no thread, or no randomness.
    #[error("the relay can't run: {0}")]
    System(#[from] io::Error),
}

/// The sockets at one address: datagrams and streams at the same port.
pub(super) struct Listening {
    pub(super) udp: std::net::UdpSocket,
    pub(super) tcp: std::net::TcpListener,
    pub(super) address: SocketAddr,
}

impl Listening {
    /// Listens there; port 0 takes one that is free for both.
    pub(super) fn at(address: SocketAddr) -> Result<Self, RelayError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::try_at(address) {
                Err(error) if address.port() == 0 && tries < PORT_TRIES => {
                    tracing::debug!(%error, "another port is tried");
                }
                done => return done.map_err(|source| RelayError::Listen { address, source }),
            }
        }
    }

    fn try_at(address: SocketAddr) -> io::Result<Self> {
        let udp = socket(address, Type::DGRAM)?;
        udp.bind(&address.into())?;
        let udp = StdSocket::from(udp);
        let address = udp.local_addr()?;
        let tcp = socket(address, Type::STREAM)?;
        // On Windows this would let two programs listen at one port; elsewhere it lets a server that
        // was restarted listen at its old one.
        #[cfg(not(windows))]
        tcp.set_reuse_address(true)?;
        tcp.bind(&address.into())?;
        tcp.listen(BACKLOG)?;
        Ok(Self {
            udp,
            tcp: tcp.into(),
            address,
        })
    }
}

/// A datagram socket there, for tokio.
pub(super) fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// As tokio wants a listener.
pub(super) fn for_tokio(listening: Listening) -> io::Result<(UdpSocket, TcpListener)> {
    Ok((
        UdpSocket::from_std(listening.udp)?,
        TcpListener::from_std(listening.tcp)?,
    ))
}

fn socket(address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let protocol = match kind {
        Type::DGRAM => Protocol::UDP,
        _ => Protocol::TCP,
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        // So that nobody is seen at an IPv4 address written as IPv6.
        socket.set_only_v6(true)?;
    }
    if kind == Type::DGRAM {
        // Smaller ones work too.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    }
    Ok(socket)
}

/// At which addresses a relay that listens here relays: those that were set, or else those that it
/// listens on.
pub(super) fn relayed_ips(
    options: &RelayOptions,
    listening: &[SocketAddr],
) -> Result<Vec<IpAddr>, RelayError> {
    let mut ips = options.ips.clone();
    if ips.is_empty() {
        let found = listening.iter().map(SocketAddr::ip);
        ips.extend(found.filter_map(|ip| {
            if ip.is_unspecified() {
                outward(ip)
            } else {
                Some(ip)
            }
        }));
    }
    if ips.is_empty() {
        return Err(RelayError::NoAddress);
    }
    Ok(ips)
}

/// The address of this machine by which it reaches the internet.
fn outward(unspecified: IpAddr) -> Option<IpAddr> {
    let family = Family::of(unspecified);
    let far_away = FAR_AWAY.into_iter().find(|ip| Family::of(*ip) == family)?;
    let socket = StdSocket::bind((unspecified, 0)).ok()?;
    socket.connect((far_away, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    is_own(ip).then_some(ip)
}

/// Which networks the relay leads to.
pub(super) fn reach(
    options: &RelayOptions,
    listening: &[SocketAddr],
    ips: &[IpAddr],
) -> Result<Reach, RelayError> {
    if !options.lan {
        return Ok(Reach::Public);
    }
    if !ips.iter().any(IpAddr::is_loopback) {
        return Ok(Reach::Lan);
    }
    let nobody_else = listening.iter().all(|address| address.ip().is_loopback());
    if nobody_else && ips.iter().all(IpAddr::is_loopback) {
        Ok(Reach::Loopback)
    } else {
        Err(RelayError::OpensMachine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(lan: bool, ips: &[&str]) -> RelayOptions {
        RelayOptions {
            lan,
            ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
            ..RelayOptions::default()
        }
    }

    fn reached(lan: bool, listening: &[&str], ips: &[&str]) -> Result<Reach, RelayError> {
        let options = options(lan, ips);
        let listening = listening.iter().map(|text| text.parse().unwrap());
        let listening: Vec<SocketAddr> = listening.collect();
        let ips = relayed_ips(&options, &listening).unwrap();
        reach(&options, &listening, &ips)
    }

    #[test]
    fn a_relay_leads_to_private_networks_only_when_told_so() {
        let here = ["203.0.113.1:3478"];
        assert_eq!(reached(false, &here, &[]).unwrap(), Reach::Public);
        assert_eq!(reached(true, &here, &[]).unwrap(), Reach::Lan);
    }

    #[test]
    fn a_relay_leads_into_this_machine_only_for_those_on_this_machine() {
        let here = ["127.0.0.1:3478", "[::1]:3478"];
        assert_eq!(reached(false, &here, &[]).unwrap(), Reach::Public);
        assert_eq!(reached(true, &here, &[]).unwrap(), Reach::Loopback);
        for (listening, ips) in [
            (["0.0.0.0:3478", "127.0.0.1:1"], ["127.0.0.1"]),
            (["127.0.0.1:3478", "203.0.113.1:1"], ["127.0.0.1"]),
        ] {
            let refused = reached(true, &listening, &ips);
            assert!(matches!(refused, Err(RelayError::OpensMachine)));
        }
    }

    #[test]
    fn a_free_port_is_free_for_both() {
        let listening = Listening::at("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!(listening.tcp.local_addr().unwrap(), listening.address);
        let again = Listening::at(listening.address);
        assert!(matches!(again, Err(RelayError::Listen { .. })));
    }
}
