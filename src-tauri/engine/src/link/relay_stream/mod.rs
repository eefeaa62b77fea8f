//! Relays that are reached over a stream, for networks that let no datagrams through.
//!
//! The connection's library speaks to relays by datagrams alone. So a relay behind a stream is given to it under a made-up name
//! of [`DOMAIN`]; what it sends to the address that this name has goes over a stream to the real relay, and what comes back
//! seems to come from that address. Every socket has streams of its own: to a relay, each is another client.
//!
//! On the connection's driver, but for the streams themselves, which are tasks. Costs no latency of its own; what the network
//! does not take within [`flow::STALE`] is dropped, because a stream that lags would make seconds of it.
//!
//! ```text
//! frame     pure: where a message ends on a stream
//! flow      one stream
//! nudge     wakes the driver for what came through a relay
//! socket    a socket with streams beside it
//! runtime   hands such sockets to the library
//! ```

mod flow;
mod frame;
mod nudge;
mod runtime;
mod socket;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::config::IceServer;
use super::stats::Transport;

pub(super) use nudge::Nudge;
pub(super) use runtime::StreamRuntime;

/// Nobody else has names of these domains (RFC 6761, section 6.4): one for plain streams, one for encrypted ones.
const DOMAIN: &str = "stream.invalid";
const SECURE_DOMAIN: &str = "secure.invalid";

/// The port of TURN, where a URL names none (RFC 7065, section 3.2), and of the made-up addresses.
const PORT: u16 = 3478;
/// And that of TURN over TLS.
const SECURE_PORT: u16 = 5349;

/// Relays behind streams, at most: each is another candidate for each of this machine's addresses.
const MOST: usize = 4;

/// Where a stream leads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StreamServer {
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    /// Encrypted, and only with whom the host's name is proven to belong to.
    secure: bool,
}

/// The relays that are reached over streams.
#[derive(Debug)]
pub(super) struct Streams(Vec<StreamServer>);

impl Streams {
    /// Takes the URLs of such relays out of the list, and puts made-up ones in their place that the library understands.
    pub fn replace(servers: &mut [IceServer]) -> Self {
        let mut streams = Vec::new();
        for server in servers {
            server.urls.retain_mut(|url| {
                let Some(stream) = StreamServer::of(url) else {
                    return true;
                };
                *url = format!("turn:{}?transport=udp", stream.made_up(streams.len()));
                streams.push(stream);
                streams.len() <= MOST
            });
        }
        streams.truncate(MOST);
        Self(streams)
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses of a made-up name, `HOST:PORT`; none for any other name.
    fn resolve(&self, name: &str) -> Option<Vec<SocketAddr>> {
        let mut numbered = self.0.iter().enumerate();
        let (number, _) = numbered.find(|(number, server)| name == server.made_up(*number))?;
        Some(addresses(number).to_vec())
    }

    /// The relay that has this made-up address.
    fn at(&self, address: SocketAddr) -> Option<&StreamServer> {
        let mut numbered = self.0.iter().enumerate();
        let found = numbered.find(|(number, _)| addresses(*number).contains(&address));
        found.map(|(_, server)| server)
    }
}

/// What carries us to a candidate's relay, by its URL; none for one that is spoken to by datagrams.
pub(super) fn carrier(url: &str) -> Option<Transport> {
    if url.contains(SECURE_DOMAIN) {
        Some(Transport::Tls)
    } else {
        url.contains(DOMAIN).then_some(Transport::Tcp)
    }
}

/// One of each family: the library takes the one of its socket's. Neither leads anywhere: the first network is reserved
/// (RFC 1112, section 4), the second throws everything away (RFC 6666).
fn addresses(number: usize) -> [SocketAddr; 2] {
    let last = u8::try_from(number + 1).unwrap_or(u8::MAX);
    [
        SocketAddr::from((Ipv4Addr::new(240, 0, 0, last), PORT)),
        SocketAddr::from((Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, last.into()), PORT)),
    ]
}

impl StreamServer {
    /// What a URL `turn:HOST[:PORT]?transport=tcp`, or one of `turns:`, leads to; none for any other.
    fn of(url: &str) -> Option<Self> {
        let url = url.strip_suffix("?transport=tcp")?;
        let (place, secure) = match url.strip_prefix("turns:") {
            Some(place) => (place, true),
            None => (url.strip_prefix("turn:")?, false),
        };
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, port.strip_prefix(':'))
            }
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let usual = if secure { SECURE_PORT } else { PORT };
        Some(Self {
            host: host.to_owned(),
            port: port.map_or(Some(usual), |port| port.parse().ok())?,
            secure,
        })
    }

    /// The name and port under which the library is told of it, as number `number`.
    fn made_up(&self, number: usize) -> String {
        let domain = if self.secure { SECURE_DOMAIN } else { DOMAIN };
        format!("{number}.{domain}:{PORT}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(urls: &[&str]) -> Vec<IceServer> {
        vec![IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: "anna".to_owned(),
            credential: "secret".to_owned(),
        }]
    }

    #[test]
    fn a_relay_behind_a_stream_has_a_made_up_name_with_an_address_of_each_family() {
        let mut list = servers(&[
            "turn:203.0.113.10:3478?transport=udp",
            "turn:203.0.113.10:443?transport=tcp",
            "turn:[2001:db8::1]?transport=tcp",
            "turns:call.example.org:443?transport=tcp",
            "turns:call.example.org?transport=tcp",
        ]);
        let streams = Streams::replace(&mut list);
        assert_eq!(
            list[0].urls,
            [
                "turn:203.0.113.10:3478?transport=udp",
                "turn:0.stream.invalid:3478?transport=udp",
                "turn:1.stream.invalid:3478?transport=udp",
                "turn:2.secure.invalid:3478?transport=udp",
                "turn:3.secure.invalid:3478?transport=udp",
            ]
        );
        assert_eq!(list[0].username, "anna");
        for (name, host, port, secure) in [
            ("0.stream.invalid:3478", "203.0.113.10", 443, false),
            ("1.stream.invalid:3478", "2001:db8::1", 3478, false),
            ("2.secure.invalid:3478", "call.example.org", 443, true),
            ("3.secure.invalid:3478", "call.example.org", 5349, true),
        ] {
            let found = streams.resolve(name).expect("a name of ours");
            assert!(found[0].is_ipv4() && found[1].is_ipv6());
            for address in found {
                let server = streams.at(address).expect("an address of ours");
                let found = (&*server.host, server.port, server.secure);
                assert_eq!(found, (host, port, secure));
            }
        }
        let carriers = [0, 1, 3].map(|index| carrier(&list[0].urls[index]));
        assert_eq!(carriers, [None, Some(Transport::Tcp), Some(Transport::Tls)]);
    }

    #[test]
    fn other_names_and_addresses_are_left_to_the_system() {
        let streams = Streams::replace(&mut servers(&["turn:call.example.org?transport=tcp"]));
        for name in [
            "call.example.org:3478",
            "1.stream.invalid:3478",
            "0.stream.invalid:1",
            "0.secure.invalid:3478",
        ] {
            assert_eq!(streams.resolve(name), None, "{name}");
        }
        for address in ["240.0.0.2:3478", "240.0.0.1:1", "203.0.113.10:3478"] {
            assert_eq!(streams.at(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let urls = vec!["turn:call.example.org?transport=tcp"; MOST + 3];
        let mut list = servers(&urls);
        let streams = Streams::replace(&mut list);
        assert_eq!((streams.0.len(), list[0].urls.len()), (MOST, MOST));
    }
}
