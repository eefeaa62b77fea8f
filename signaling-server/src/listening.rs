//! Sockets that are listened on, and what to say when one can't be.

use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use tokio::net::TcpListener;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Listens at all of these addresses for connections.
///
/// # Errors
/// The first address at which it can't, and why.
pub(crate) fn listen(
    addresses: &[SocketAddr],
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let listen = |address: &SocketAddr| {
        let alone = addresses
            .iter()
            .any(|other| other.is_ipv4() && other.port() == address.port());
        at(*address, alone).map_err(|error| (*address, error))
    };
    addresses.iter().map(listen).collect()
}

/// Listens there. An IPv6 address that means all of them takes connections over IPv4 too, unless
/// another socket does that.
fn at(address: SocketAddr, another_for_ipv4: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(another_for_ipv4)?;
    }
    // On Windows this would let two programs listen at one port; elsewhere it lets a server that was
    // restarted listen at its old one.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// All addresses of this machine, at this port: both families, where there are two.
pub(crate) fn everywhere(port: u16) -> Vec<SocketAddr> {
    let all: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    // A kernel without IPv6 has no such sockets.
    let there = |ip: &IpAddr| ip.is_ipv4() || UdpSocket::bind((*ip, 0)).is_ok();
    let there = all.into_iter().filter(there);
    there.map(|ip| SocketAddr::new(ip, port)).collect()
}

/// What to do about not being able to listen, to be read after the reason.
pub(crate) fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => {
            ": another program has that port, so end it (a web server, most likely) or choose another port"
        }
        ErrorKind::PermissionDenied => {
            ": ports below 1024 are for root or for whoever has CAP_NET_BIND_SERVICE, as the systemd unit gives it"
        }
        ErrorKind::AddrNotAvailable => ": this machine has no such address",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_families_can_be_listened_on_at_one_port() {
        let addresses = everywhere(0);
        let first = listen(&addresses[..1]).unwrap().remove(0);
        let port = first.local_addr().unwrap().port();
        drop(first);
        assert_eq!(listen(&everywhere(port)).unwrap().len(), addresses.len());
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_told_with_its_address_and_what_to_do() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let there = taken.local_addr().unwrap();
        let (address, error) = listen(&[there]).map(drop).unwrap_err();
        assert_eq!(address, there);
        assert!(advice(&error).contains("another program"));
    }

    #[test]
    fn a_port_for_which_a_right_is_missing_is_told_with_how_to_get_it() {
        let advised = advice(&ErrorKind::PermissionDenied.into());
        assert!(advised.contains("CAP_NET_BIND_SERVICE"), "{advised}");
        assert_eq!(advice(&ErrorKind::OutOfMemory.into()), "");
    }
}
