//! Where a relay is, and by which way it is reached (RFC 7064, RFC 7065).

use crate::place::Place;

/// The port of STUN and TURN, where a URL names none (RFC 7065, section 3.2).
const PORT: u16 = 3478;

/// And that of TURN over TLS.
const SECURE_PORT: u16 = 5349;

/// What carries the messages to a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// An encrypted connection.
    Tls,
}

/// A relay that is reached by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUrl {
    /// Where it is.
    pub place: Place,
    /// How it is reached.
    pub way: Way,
}

impl RelayUrl {
    /// A `turn:` or `turns:` URL; `None` for anything else, TURN over DTLS among it.
    pub fn read(url: &str) -> Option<Self> {
        let (secure, rest) = match url.strip_prefix("turn:") {
            Some(rest) => (false, rest),
            None => (true, url.strip_prefix("turns:")?),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let way = match (secure, query) {
            (false, "" | "transport=udp") => Way::Udp,
            (false, "transport=tcp") => Way::Tcp,
            (true, "" | "transport=tcp") => Way::Tls,
            _ => return None,
        };
        let port = if secure { SECURE_PORT } else { PORT };
        let place = Place::read(place, port)?;
        Some(Self { place, way })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_a_relay_is_and_how_it_is_reached() {
        let read = |url: &str| {
            RelayUrl::read(url).map(|url| (url.place.host.clone(), url.place.port, url.way))
        };
        let relay = |host: &str, port, way| Some((host.to_owned(), port, way));
        assert_eq!(read("turn:a.org"), relay("a.org", 3478, Way::Udp));
        assert_eq!(
            read("turn:203.0.113.7:9?transport=tcp"),
            relay("203.0.113.7", 9, Way::Tcp)
        );
        assert_eq!(
            read("turns:a.org:443?transport=tcp"),
            relay("a.org", 443, Way::Tls)
        );
        assert_eq!(read("turns:[::1]"), relay("::1", 5349, Way::Tls));
        for other in [
            "stun:a.org",
            "turns:a.org?transport=udp",
            "turn:",
            "turn:a.org?x",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
