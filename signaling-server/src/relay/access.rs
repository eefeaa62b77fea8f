//! What sessions are told of relays: where they are, and credentials for a time.

use super::credentials::RelaySecret;
use super::options::RelayOptions;
use super::sockets::Relay;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use visio_protocol::SessionId;
use visio_protocol::relay::{MAX_URLS, RelayAccess};

/// Hands out access to a relay: this server's own, or another that makes passwords from the same
/// secret.
#[derive(Debug, Clone)]
pub struct Relays {
    urls: Vec<String>,
    secret: RelaySecret,
    life: Duration,
}

impl Relays {
    /// Access to the relay of this server, which is also behind the encrypted port with this number, if
    /// there is one.
    pub fn own(
        relay: &Relay,
        secret: RelaySecret,
        options: &RelayOptions,
        encrypted: Option<u16>,
    ) -> Self {
        let hosts = relay.addresses().iter().filter_map(|address| {
            let host = match &options.host {
                Some(host) => host.clone(),
                None => written(reached_at(*address, relay.ips())?),
            };
            Some((host, address.port()))
        });
        let mut hosts: Vec<_> = hosts.collect();
        hosts.dedup();
        let ways = ["?transport=udp", "?transport=tcp"];
        let turn = ways.iter().flat_map(|way| {
            let hosts = hosts.iter();
            hosts.map(move |(host, port)| format!("turn:{host}:{port}{way}"))
        });
        let stun = hosts
            .iter()
            .map(|(host, port)| format!("stun:{host}:{port}"));
        // A certificate is for a name: without one, nobody could find out whether it is the right one.
        let name = options.host.as_ref().zip(encrypted);
        let turns = name.map(|(host, port)| format!("turns:{host}:{port}?transport=tcp"));
        // The last way, for those who have no other, must not be cut off by the bound.
        let most = MAX_URLS - usize::from(turns.is_some());
        Self {
            urls: stun.chain(turn).take(most).chain(turns).collect(),
            secret,
            life: options.credential_time,
        }
    }

    /// Access to another relay.
    pub fn foreign(urls: &[String], secret: RelaySecret, options: &RelayOptions) -> Self {
        Self {
            urls: urls.iter().take(MAX_URLS).cloned().collect(),
            secret,
            life: options.credential_time,
        }
    }

    /// Where the relays are.
    pub fn urls(&self) -> Vec<String> {
        self.urls.clone()
    }

    /// Access for this session, at `now` seconds since 1970.
    pub fn access(&self, session: SessionId, now: u64) -> RelayAccess {
        let seconds = self.life.as_secs();
        let username = RelaySecret::username(now + seconds, session);
        let password = self.secret.password(&username);
        RelayAccess {
            urls: self.urls.clone(),
            password: password.to_string(),
            username,
            seconds,
        }
    }
}

/// The address by which others reach what listens here.
fn reached_at(listening: SocketAddr, ips: &[IpAddr]) -> Option<IpAddr> {
    let same_family = ips.iter().find(|ip| ip.is_ipv4() == listening.is_ipv4());
    let own = (!listening.ip().is_unspecified()).then(|| listening.ip());
    same_family.copied().or(own)
}

/// An address as it stands in a URL.
fn written(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_gets_credentials_that_are_good_for_as_long_as_was_set() {
        let options = RelayOptions {
            credential_time: Duration::from_secs(600),
            ..RelayOptions::default()
        };
        let urls = ["turns:relay.example.org:5349".to_owned()];
        let relays = Relays::foreign(&urls, RelaySecret::new("north"), &options);
        let session = SessionId::from_bytes([0xab; 16]);
        let access = relays.access(session, 1_700_000_000);
        assert_eq!(access.urls, urls);
        assert_eq!(access.seconds, 600);
        assert_eq!(access.username, format!("1700000600:{session}"));
        let password = RelaySecret::new("north").password(&access.username);
        assert_eq!(access.password, *password);
    }

    #[test]
    fn clients_are_told_the_address_at_which_they_reach_it() {
        let ips: [IpAddr; 2] = ["203.0.113.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        let reached = |listening: &str| reached_at(listening.parse().unwrap(), &ips);
        assert_eq!(reached("0.0.0.0:3478"), Some(ips[0]));
        assert_eq!(reached("[::]:3478"), Some(ips[1]));
        assert_eq!(reached("10.0.0.5:3478"), Some(ips[0]));
        assert_eq!(reached_at("[::]:3478".parse().unwrap(), &ips[..1]), None);
        assert_eq!(written(ips[1]), "[2001:db8::1]");
    }
}
