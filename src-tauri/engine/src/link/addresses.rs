//! Where a connection listens: one UDP socket for each address of this machine.
//!
//! A socket bound to the wildcard would hear everything, but every candidate is named after its
//! socket, and nobody can dial `0.0.0.0`. The list is made anew at each bind, so that an ICE restart
//! follows the machine to another network. Runs on the connection's driver, some hundred
//! microseconds.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::network::{is_dialable, usable_addresses};

/// Sockets per connection, at most. A machine with many container bridges has dozens of addresses,
/// and each would be tried against each of the other side's.
const MAX_ADDRESSES: usize = 12;

/// The addresses to listen on, looked up whenever they are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalAddresses {
    /// Listen on the loopback interface as well.
    pub loopback: bool,
}

impl ToSocketAddrs for LocalAddresses {
    type Iter = std::vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let all = usable_addresses().unwrap_or_else(|error| {
            tracing::warn!(%error, "the network interfaces can't be listed");
            Vec::new()
        });
        let chosen = choose(all.into_iter(), self.loopback);
        let sockets: Vec<_> = chosen
            .into_iter()
            .map(|ip| SocketAddr::new(ip, 0))
            .collect();
        Ok(sockets.into_iter())
    }
}

/// The addresses worth a socket. Never empty: with no network at all the wildcard keeps the connection
/// alive until a restart finds one.
///
/// IPv6 and IPv4 take turns, after RFC 8421, section 4: neither is cut off or tried last because there
/// is much of the other. Which of two paths that work is used is decided by the first answer.
fn choose(ips: impl Iterator<Item = IpAddr>, loopback: bool) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = ips.filter(|ip| is_dialable(*ip)).collect();
    all.sort();
    all.dedup();
    let (v6, v4): (Vec<IpAddr>, Vec<IpAddr>) = all.into_iter().partition(IpAddr::is_ipv6);
    let turns = v6.len().max(v4.len());
    let mut chosen: Vec<IpAddr> = (0..turns)
        .flat_map(|turn| [v6.get(turn), v4.get(turn)])
        .flatten()
        .copied()
        .take(MAX_ADDRESSES)
        .collect();
    if loopback {
        chosen.extend([
            IpAddr::from(Ipv6Addr::LOCALHOST),
            Ipv4Addr::LOCALHOST.into(),
        ]);
    }
    if chosen.is_empty() {
        chosen.push(Ipv4Addr::UNSPECIFIED.into());
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(ips: &[&str], loopback: bool) -> Vec<String> {
        let ips = ips.iter().map(|ip| ip.parse().expect("an address"));
        choose(ips, loopback)
            .iter()
            .map(IpAddr::to_string)
            .collect()
    }

    #[test]
    fn only_addresses_that_others_can_dial_are_used() {
        let machine = [
            "::1",
            "127.0.0.1",
            "fe80::1",
            "2001:db8::7",
            "169.254.3.4",
            "192.168.1.7",
        ];
        assert_eq!(chosen(&machine, false), ["2001:db8::7", "192.168.1.7"]);
        assert_eq!(
            chosen(&machine, true),
            ["2001:db8::7", "192.168.1.7", "::1", "127.0.0.1"]
        );
    }

    #[test]
    fn a_machine_without_a_network_still_gets_a_socket() {
        assert_eq!(chosen(&["127.0.0.1", "::1"], false), ["0.0.0.0"]);
        assert_eq!(chosen(&["127.0.0.1"], true), ["::1", "127.0.0.1"]);
    }

    #[test]
    fn a_machine_with_a_hundred_bridges_is_not_taken_at_its_word() {
        let bridges: Vec<String> = (1..100).map(|n| format!("172.{n}.0.1")).collect();
        let bridges: Vec<&str> = bridges.iter().map(String::as_str).collect();
        assert_eq!(chosen(&bridges, false).len(), MAX_ADDRESSES);
        let both = [bridges, vec!["2001:db8::7", "2001:db8::8"]].concat();
        let chosen = chosen(&both, false);
        assert!(
            chosen[..4].contains(&"2001:db8::8".to_owned()),
            "{chosen:?}"
        );
    }
}
