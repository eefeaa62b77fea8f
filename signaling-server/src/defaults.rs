//! What follows from what was set: with a domain, everything that a call needs is there.

use crate::certificate::Domain;
use crate::config::Config;
use crate::listening::everywhere;
use std::net::{Ipv4Addr, SocketAddr};

/// The port of HTTPS, and of the relay in networks that let only that through.
pub(crate) const HTTPS: u16 = 443;

/// The port of HTTP.
const HTTP: u16 = 80;

/// The port of STUN and TURN (RFC 8489, section 18.6).
const TURN: u16 = 3478;

/// Where to listen without a certificate: for a reverse proxy on the same machine.
const WITHOUT_CERTIFICATE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl Config {
    /// The same, with everything filled in that was not set.
    pub(crate) fn complete(mut self) -> Self {
        if self.listen.is_empty() {
            self.listen = match self.certificate.is_wanted() {
                true => everywhere(HTTPS),
                false => vec![WITHOUT_CERTIFICATE],
            };
        }
        let Some(domain) = self.certificate.domain.clone() else {
            return self;
        };
        if self.certificate.http_listen.is_empty() {
            self.certificate.http_listen = everywhere(HTTP);
        }
        if let (Domain::Ip(ip), true) = (&domain, self.relay.ips.is_empty()) {
            // That is where the internet reaches this machine, whatever its own address is.
            self.relay.ips = vec![*ip];
        }
        // Where clients are sent to another relay, this one is not needed.
        if self.relay.listen.is_empty() && self.relay.urls.is_empty() {
            let ips = &self.relay.ips;
            let relayed = |it: &SocketAddr| {
                ips.is_empty() || ips.iter().any(|ip| ip.is_ipv4() == it.is_ipv4())
            };
            self.relay.listen = everywhere(TURN).into_iter().filter(relayed).collect();
        }
        if self.relay.host.is_none() {
            self.relay.host = Some(domain.to_string());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        config: Config,
    }

    fn complete(options: &[&str]) -> Config {
        let options = ["visio-server"].iter().chain(options);
        Options::parse_from(options).config.complete()
    }

    fn ports(addresses: &[SocketAddr]) -> Vec<u16> {
        let mut ports: Vec<_> = addresses.iter().map(SocketAddr::port).collect();
        ports.dedup();
        ports
    }

    #[test]
    fn a_domain_is_all_that_has_to_be_set() {
        let config = complete(&["--domain=call.example.org"]);
        assert_eq!(ports(&config.listen), [443]);
        assert_eq!(ports(&config.certificate.http_listen), [80]);
        assert_eq!(ports(&config.relay.listen), [3478]);
        assert_eq!(config.relay.host.as_deref(), Some("call.example.org"));
        assert!(config.relay.ips.is_empty());
    }

    #[test]
    fn an_address_as_the_domain_is_where_the_relay_is_reached() {
        let config = complete(&["--domain=203.0.113.7"]);
        assert_eq!(
            config.relay.ips,
            ["203.0.113.7".parse::<std::net::IpAddr>().unwrap()]
        );
        assert!(config.relay.listen.iter().all(SocketAddr::is_ipv4));
        let config = complete(&["--domain=2001:db8::7"]);
        assert_eq!(config.relay.host.as_deref(), Some("[2001:db8::7]"));
    }

    #[test]
    fn what_was_set_stays() {
        let config = complete(&[
            "--domain=call.example.org",
            "--listen=127.0.0.1:8443",
            "--http-listen=127.0.0.1:8081",
            "--turn-listen=127.0.0.1:3479",
            "--relay-host=relay.example.org",
        ]);
        assert_eq!(ports(&config.listen), [8443]);
        assert_eq!(ports(&config.certificate.http_listen), [8081]);
        assert_eq!(ports(&config.relay.listen), [3479]);
        assert_eq!(config.relay.host.as_deref(), Some("relay.example.org"));
        let elsewhere = [
            "--domain=a.example",
            "--turn-url=turn:b.example",
            "--turn-secret=s",
        ];
        assert!(complete(&elsewhere).relay.listen.is_empty());
    }

    #[test]
    fn without_a_certificate_only_this_machine_is_served() {
        let config = complete(&[]);
        assert_eq!(config.listen, [WITHOUT_CERTIFICATE]);
        assert!(config.relay.listen.is_empty());
        assert!(config.certificate.http_listen.is_empty());
    }

    #[test]
    fn ones_own_certificate_alone_opens_the_encrypted_port_and_no_relay() {
        let config = complete(&["--certificate=chain.pem", "--key=key.pem"]);
        assert_eq!(ports(&config.listen), [443]);
        assert!(config.relay.listen.is_empty());
    }
}
