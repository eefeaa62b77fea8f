//! A host and a port, and how one gets there.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};

/// For a name to be looked up. A resolver that answers does so within a second; one that doesn't has
/// a patience of its own, of half a minute.
const LOOKUP_TIME: Duration = Duration::from_secs(4);

/// For a connection to be made: a round trip to the other end of the world, with one packet lost.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// Addresses of one name that are tried: both families, and a second one of each.
const MAX_ADDRESSES: usize = 4;

/// Where something listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why there is no way to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// There is no such name, or nobody to ask.
    #[error("the name is not known: is it spelt right, and is there a network?")]
    NameUnknown,
    /// Nothing comes back.
    #[error("nothing answers: a firewall drops what is sent there, or the machine is off")]
    Silent,
    /// The machine answers that nothing listens there.
    #[error("the machine is there, but nothing listens on that port")]
    Closed,
    /// The network says that there is no way.
    #[error("the network knows no way there")]
    NoRoute,
}

impl Place {
    /// From `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; `None` for anything else.
    pub fn read(text: &str, default_port: u16) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                let port = match port.strip_prefix(':') {
                    Some(port) => Some(port),
                    None if port.is_empty() => None,
                    None => return None,
                };
                (host, port)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok()?,
            None => default_port,
        };
        (!host.is_empty() && port != 0).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }

    /// Its addresses, of which there is at least one.
    ///
    /// # Errors
    /// [`NoWay::NameUnknown`].
    pub async fn addresses(&self) -> Result<Vec<SocketAddr>, NoWay> {
        let looked_up = lookup_host((self.host.as_str(), self.port));
        let found = tokio::time::timeout(LOOKUP_TIME, looked_up).await;
        let addresses: Vec<_> = match found {
            Ok(Ok(addresses)) => addresses.take(MAX_ADDRESSES).collect(),
            _ => Vec::new(),
        };
        if addresses.is_empty() {
            Err(NoWay::NameUnknown)
        } else {
            Ok(addresses)
        }
    }

    /// Connects to the first of its addresses that lets us.
    ///
    /// # Errors
    /// [`NoWay`], for the address that was tried last.
    pub async fn connect(&self) -> Result<TcpStream, NoWay> {
        let mut why = NoWay::NameUnknown;
        for address in self.addresses().await? {
            match tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // One small message after the other, each of which is waited for.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => why = NoWay::of(&error),
                Err(_) => why = NoWay::Silent,
            }
        }
        Err(why)
    }
}

impl NoWay {
    /// What an error of a connection means.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Self::Closed,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Self::NoRoute,
            _ => Self::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, u16)> {
        Place::read(text, 3478).map(|place| (place.host, place.port))
    }

    #[test]
    fn a_place_is_a_host_with_or_without_a_port() {
        let place = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(read("call.example.org"), place("call.example.org", 3478));
        assert_eq!(read("203.0.113.7:443"), place("203.0.113.7", 443));
        assert_eq!(read("[2001:db8::1]"), place("2001:db8::1", 3478));
        assert_eq!(read("[2001:db8::1]:5349"), place("2001:db8::1", 5349));
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in [
            "", ":443", "a:b", "a:0", "a:70000", "[::1", "[::1]443", "a:1:2",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_port_where_nothing_listens_is_told_from_a_machine_that_is_silent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = Place {
            host: "127.0.0.1".to_owned(),
            port,
        };
        place.connect().await.unwrap();
        drop(listener);
        assert_eq!(place.connect().await.unwrap_err(), NoWay::Closed);
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_is_unknown() {
        // RFC 6761, section 6.4: never anybody's.
        let place = Place::read("nobody.invalid", 443).unwrap();
        assert_eq!(place.connect().await.unwrap_err(), NoWay::NameUnknown);
    }
}
