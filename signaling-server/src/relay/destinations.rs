//! Where the relay leads: to the public internet and to its own relayed addresses. Otherwise
//! whoever has an invite could reach, from the inside, what the server's network keeps to itself:
//! its databases, its router, the metadata of its cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which networks peers may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet.
    Public,
    /// Private networks too: for a server that only a company or a house uses.
    Lan,
    /// This machine too: for a relay that nobody else can reach, as in tests.
    Loopback,
}

impl Reach {
    /// Whether peers may have this address, the server's own addresses aside.
    pub fn allows(self, ip: IpAddr) -> bool {
        match kind(ip) {
            Kind::Public => true,
            Kind::Private => self != Self::Public,
            Kind::Loopback => self == Self::Loopback,
            Kind::Never => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Loopback,
    Never,
}

fn kind(ip: IpAddr) -> Kind {
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

fn kind_v4(ip: Ipv4Addr) -> Kind {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (127, ..) => Kind::Loopback,
        // RFC 1918.
        _ if ip.is_private() => Kind::Private,
        // Behind a provider's NAT (RFC 6598).
        (100, 64..=127, _) => Kind::Private,
        // "This network" (RFC 791), protocol assignments (RFC 6890), multicast (RFC 5771), and what
        // is reserved, broadcast included (RFC 1112). Link-local (RFC 3927) holds the metadata of
        // clouds, keys among them: not for a LAN either.
        (0, ..) | (192, 0, 0) | (224.., ..) | (169, 254, _) => Kind::Never,
        _ => Kind::Public,
    }
}

fn kind_v6(ip: Ipv6Addr) -> Kind {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    match (a, b) {
        _ if ip.is_loopback() => Kind::Loopback,
        // The lowest /32 otherwise: unspecified, IPv4-mapped and IPv4-compatible (RFC 4291). A
        // socket that is IPv6 only reaches none of them: whoever asks for one means ill.
        (0, 0) => Kind::Never,
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address that stands in them.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => no_more_than_public(embedded(g, h)),
        (0x2002, high) => no_more_than_public(embedded(high, c)),
        // NAT64 within a network (RFC 8215).
        (0x64, 0xff9b) => Kind::Never,
        // Teredo (RFC 4380): a tunnel to where nobody knows.
        (0x2001, 0) => Kind::Never,
        // The network that throws everything away (RFC 6666).
        (0x100, 0) => Kind::Never,
        // Unique local (RFC 4193).
        (0xfc00..=0xfdff, _) => Kind::Private,
        // Link-local, site-local (RFC 3879) and multicast.
        (0xfe80..=0xffff, _) => Kind::Never,
        _ => Kind::Public,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
    Ipv4Addr::new(a, b, c, d)
}

/// What translates addresses translates for the internet; towards a LAN it is a way around.
fn no_more_than_public(ip: Ipv4Addr) -> Kind {
    match kind_v4(ip) {
        Kind::Public => Kind::Public,
        _ => Kind::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(reach: Reach, list: &[&str]) -> Vec<String> {
        let ips = list.iter().map(|text| text.parse::<IpAddr>().unwrap());
        ips.filter(|ip| reach.allows(*ip))
            .map(|ip| ip.to_string())
            .collect()
    }

    const PUBLIC: [&str; 7] = [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "2606:4700::1111",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ];

    const PRIVATE: [&str; 7] = [
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "fc00::1",
        "fdff::1",
    ];

    const NEVER: [&str; 23] = [
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "192.0.0.8",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::10.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:a00:1::1",
        "2002:7f00:1::1",
        "2001::1",
        "100::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn the_public_internet_is_always_reached() {
        for reach in [Reach::Public, Reach::Lan, Reach::Loopback] {
            assert_eq!(allowed(reach, &PUBLIC), PUBLIC);
        }
    }

    #[test]
    fn private_networks_are_reached_when_the_relay_is_for_them() {
        assert!(allowed(Reach::Public, &PRIVATE).is_empty());
        assert_eq!(allowed(Reach::Lan, &PRIVATE), PRIVATE);
    }

    #[test]
    fn this_machine_is_reached_only_by_a_relay_of_its_own() {
        let loopback = ["127.0.0.1", "127.255.255.255", "::1"];
        assert!(allowed(Reach::Public, &loopback).is_empty());
        assert!(allowed(Reach::Lan, &loopback).is_empty());
        assert_eq!(allowed(Reach::Loopback, &loopback), loopback);
    }

    #[test]
    fn what_leads_nowhere_or_around_these_rules_is_never_reached() {
        for reach in [Reach::Public, Reach::Lan, Reach::Loopback] {
            assert!(allowed(reach, &NEVER).is_empty());
        }
    }
}
