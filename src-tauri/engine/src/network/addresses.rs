//! The addresses of this machine that others can dial.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::system;

/// Where a way out is looked for: addresses that belong to nobody (RFC 5737, RFC 3849) and are never
/// sent to. Connecting a datagram socket only makes the system choose a route.
const NOWHERE: [&str; 2] = ["192.0.2.1:9", "[2001:db8::1]:9"];

/// An address of an interface that is up and has a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub ip: IpAddr,
    /// The number of the interface where that is part of the address, as of link-local ones of IPv6;
    /// else 0.
    pub scope: u32,
}

/// The addresses of all interfaces that are up and have a carrier, those left out that nobody else
/// could send to. Some hundred microseconds.
///
/// # Errors
///
/// When the system does not tell.
pub fn usable_addresses() -> io::Result<Vec<IpAddr>> {
    let addresses = system::running_addresses()?;
    let ips = addresses.into_iter().map(|address| address.ip);
    Ok(ips.filter(|ip| is_dialable(*ip)).collect())
}

/// The address by which others of the same local network find this machine: the one that it would send from, if that is of
/// a local network, or else the first that is. IPv4, which people can read to each other.
pub fn local_network_address() -> Option<Ipv4Addr> {
    let favourite = favourites()[0];
    let all = usable_addresses().unwrap_or_default();
    favourite.into_iter().chain(all).find_map(|ip| match ip {
        IpAddr::V4(ip) if ip.is_private() => Some(ip),
        _ => None,
    })
}

/// Whether another machine could send to this address. A link-local IPv6 address means nothing
/// without its scope, which a candidate can't carry: the scope is another one on each machine
/// (RFC 4007, section 6), and browsers leave these addresses out too.
#[must_use]
pub fn is_dialable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unspecified() && !is_link_local(ip),
    }
}

/// `fe80::/10` (RFC 4291, section 2.5.6).
pub(super) fn is_link_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xffc0 == 0xfe80
}

/// The address from which the system would send to the world, by IPv4 and by IPv6.
pub(super) fn favourites() -> [Option<IpAddr>; 2] {
    NOWHERE.map(|nowhere| {
        let nowhere: SocketAddr = nowhere.parse().ok()?;
        let any: SocketAddr = match nowhere {
            SocketAddr::V4(_) => ([0; 4], 0).into(),
            SocketAddr::V6(_) => ([0u16; 8], 0).into(),
        };
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(nowhere).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        is_dialable(ip).then_some(ip)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_can_dial_are_usable() {
        let dialable = |ip: &str| is_dialable(ip.parse().expect("an address"));
        for ip in ["192.168.1.7", "10.0.0.1", "2001:db8::7", "fd00::1"] {
            assert!(dialable(ip), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "169.254.3.4",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "::",
        ] {
            assert!(!dialable(ip), "{ip}");
        }
    }

    #[test]
    fn the_system_tells_its_addresses() {
        let addresses = usable_addresses().expect("the system tells");
        assert!(addresses.iter().all(|ip| is_dialable(*ip)), "{addresses:?}");
    }
}
