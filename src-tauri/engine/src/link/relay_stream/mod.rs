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
//! socket    a socket with streams beside it
//! runtime   hands such sockets to the library
//! ```

mod flow;
mod frame;
mod runtime;
mod socket;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::config::IceServer;

pub(super) use runtime::StreamRuntime;

/// Nobody else has names of this domain (RFC 6761, section 6.4).
const DOMAIN: &str = "stream.invalid";

/// The port of TURN, where a URL names none (RFC 7065, section 3.2), and of the made-up addresses.
const PORT: u16 = 3478;

/// Relays behind streams, at most: each is another candidate for each of this machine's addresses.
const MOST: usize = 4;

/// Where a stream leads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StreamServer {
    /// A name or an address, without brackets.
    host: String,
    port: u16,
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
                *url = made_up(streams.len());
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
        let number =
            (0..self.0.len()).find(|number| name == format!("{number}.{DOMAIN}:{PORT}"))?;
        Some(addresses(number).to_vec())
    }

    /// The relay that has this made-up address.
    fn at(&self, address: SocketAddr) -> Option<&StreamServer> {
        let mut numbered = self.0.iter().enumerate();
        let found = numbered.find(|(number, _)| addresses(*number).contains(&address));
        found.map(|(_, server)| server)
    }
}

/// Whether a candidate's relay, by its URL, is one behind a stream.
pub(super) fn is_stream(url: &str) -> bool {
    url.contains(DOMAIN)
}

fn made_up(number: usize) -> String {
    format!("turn:{number}.{DOMAIN}:{PORT}?transport=udp")
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
    /// What a URL `turn:HOST[:PORT]?transport=tcp` leads to; none for any other.
    fn of(url: &str) -> Option<Self> {
        let place = url.strip_prefix("turn:")?.strip_suffix("?transport=tcp")?;
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
        Some(Self {
            host: host.to_owned(),
            port: port.map_or(Some(PORT), |port| port.parse().ok())?,
        })
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
        ]);
        let streams = Streams::replace(&mut list);
        assert_eq!(
            list[0].urls,
            [
                "turn:203.0.113.10:3478?transport=udp",
                "turn:0.stream.invalid:3478?transport=udp",
                "turn:1.stream.invalid:3478?transport=udp",
            ]
        );
        assert_eq!(list[0].username, "anna");
        for (name, host, port) in [
            ("0.stream.invalid:3478", "203.0.113.10", 443),
            ("1.stream.invalid:3478", "2001:db8::1", 3478),
        ] {
            let found = streams.resolve(name).expect("a name of ours");
            assert!(found[0].is_ipv4() && found[1].is_ipv6());
            for address in found {
                let server = streams.at(address).expect("an address of ours");
                assert_eq!((&*server.host, server.port), (host, port));
            }
        }
        assert!(is_stream(&list[0].urls[1]) && !is_stream(&list[0].urls[0]));
    }

    #[test]
    fn other_names_and_addresses_are_left_to_the_system() {
        let streams = Streams::replace(&mut servers(&["turn:call.example.org?transport=tcp"]));
        for name in [
            "call.example.org:3478",
            "1.stream.invalid:3478",
            "0.stream.invalid:1",
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
