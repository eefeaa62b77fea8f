//! What a firewall must let through, in words for whoever sets it up.

use crate::relay::Ports;
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

/// What a firewall must let through. Written, it is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    tcp: BTreeSet<u16>,
    udp: BTreeSet<u16>,
    relayed: Option<Ports>,
}

impl Firewall {
    /// For a server that listens here for connections, and relays here to these ports.
    pub(crate) fn new(
        connections: impl IntoIterator<Item = SocketAddr>,
        relay: &[SocketAddr],
        relayed: &Ports,
    ) -> Self {
        let ports = |addresses: &[SocketAddr]| -> BTreeSet<u16> {
            addresses.iter().map(SocketAddr::port).collect()
        };
        let connections: Vec<_> = connections.into_iter().collect();
        Self {
            tcp: ports(&connections).union(&ports(relay)).copied().collect(),
            udp: ports(relay),
            relayed: (!relay.is_empty()).then(|| relayed.clone()),
        }
    }
}

impl fmt::Display for Firewall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |ports: &BTreeSet<u16>| {
            let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
            ports.join(", ")
        };
        write!(f, "TCP {}", listed(&self.tcp))?;
        if let Some(relayed) = &self.relayed {
            write!(f, "; UDP {}, {relayed}", listed(&self.udp))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ports: &[u16]) -> Vec<SocketAddr> {
        let both = ["0.0.0.0", "::"].map(|ip| ip.parse().unwrap());
        let of = |port: &u16| both.map(|ip| SocketAddr::new(ip, *port));
        ports.iter().flat_map(of).collect()
    }

    #[test]
    fn each_port_is_named_once_with_what_it_carries() {
        let relayed = "49152-65535".parse().unwrap();
        let firewall = Firewall::new(at(&[443, 80]), &at(&[3478]), &relayed);
        assert_eq!(
            firewall.to_string(),
            "TCP 80, 443, 3478; UDP 3478, 49152-65535"
        );
        let firewall = Firewall::new(at(&[443]), &[], &relayed);
        assert_eq!(firewall.to_string(), "TCP 443");
    }
}
