//! Who asks: the address at which a client is, also where a web server stands in between and passes
//! requests on.
//!
//! Such a proxy appends the address that it was asked from to `X-Forwarded-For`. Whatever stands
//! before that may be made up by the client, so that only what trusted proxies appended counts.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Where proxies name the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client that makes a request: every request carries it among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// Whom to believe about who asks.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Behind a reverse proxy")]
pub struct ProxyOptions {
    /// The addresses of reverse proxies (Caddy, nginx) whose X-Forwarded-For header is believed: one
    /// address, or a network such as 10.0.0.0/8. Several are separated by commas.
    #[arg(
        long = "trusted-proxy",
        value_name = "CIDR",
        env = "VISIO_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted: Vec<IpNet>,
}

impl ProxyOptions {
    /// Who asks, when a request with these headers comes from `peer`: the peer itself, unless it is a
    /// trusted proxy. Then it is the last address in the header that is not one of a trusted proxy's.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut named = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
        while self.trusts(client) {
            // What is no address was not written by a proxy that can be trusted to know.
            let Some(next) = named.next().and_then(address) else {
                break;
            };
            client = next;
        }
        ClientAddress(client)
    }

    /// Whether a trusted proxy is there.
    pub(crate) fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&ip))
    }
}

/// An address as proxies write it, some of them with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().ok();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse().ok().map(|ip: IpAddr| ip.to_canonical().into());
    text.parse()
        .ok()
        .or_else(one)
        .ok_or_else(|| "an address such as 127.0.0.1, or a network such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let trusted = trusted.iter().map(|text| network(text).unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let options = ProxyOptions { trusted };
        let ClientAddress(ip) = options.client(peer.parse().unwrap(), &headers);
        ip.to_string()
    }

    #[test]
    fn nobody_is_believed_unless_told_so() {
        assert_eq!(client(&[], "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        let other = ["10.0.0.0/8"];
        assert_eq!(
            client(&other, "198.51.100.1", &["192.0.2.1"]),
            "198.51.100.1"
        );
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_what_the_client_made_up_is_passed_over() {
        let proxy = ["127.0.0.1"];
        for lines in [
            &["192.0.2.1"][..],
            &["203.0.113.9, 192.0.2.1"],
            &["203.0.113.9", "nonsense ,192.0.2.1 "],
            &["192.0.2.1:50000"],
        ] {
            assert_eq!(client(&proxy, "127.0.0.1", lines), "192.0.2.1", "{lines:?}");
        }
        assert_eq!(
            client(&proxy, "127.0.0.1", &["[2001:db8::1]:443"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn a_chain_of_trusted_proxies_leads_to_the_first_whom_nobody_trusts() {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"];
        let lines = ["203.0.113.9, 192.0.2.1, 10.1.2.3, 2001:db8::7"];
        assert_eq!(client(&proxies, "10.9.9.9", &lines), "192.0.2.1");
    }

    #[test]
    fn where_a_trusted_proxy_names_nobody_it_is_the_client_itself() {
        let proxy = ["127.0.0.0/8"];
        assert_eq!(client(&proxy, "127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client(&proxy, "127.0.0.1", &["unknown"]), "127.0.0.1");
        assert_eq!(
            client(&proxy, "127.0.0.1", &["192.0.2.1, _hidden"]),
            "127.0.0.1"
        );
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_address() {
        let proxy = ["127.0.0.1"];
        let lines = ["::ffff:192.0.2.1"];
        assert_eq!(client(&proxy, "::ffff:127.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["localhost", "10.0.0.0/33", "10.0.0/8", ""] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
