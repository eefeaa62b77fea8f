//! What of a server's relay a link can use.
//!
//! The URLs come from outside, and one that the link's library does not understand would keep the link from opening at all: so
//! only those are passed on that are surely understood. Pure.

use std::net::Ipv6Addr;

use visio_protocol::relay::RelayAccess;

use crate::link::IceServer;

/// The STUN and TURN servers among what the server told, with their credentials: those that are spoken to over UDP, TCP and
/// TLS.
pub(super) fn ice_servers(relay: Option<RelayAccess>) -> Vec<IceServer> {
    let Some(access) = relay else {
        return Vec::new();
    };
    let (stun, turn): (Vec<String>, Vec<String>) = access
        .urls
        .into_iter()
        .filter(|url| is_understood(url))
        .partition(|url| url.starts_with(STUN));
    let mut servers = Vec::new();
    if !stun.is_empty() {
        servers.push(IceServer {
            urls: stun,
            ..IceServer::default()
        });
    }
    // Without credentials no relay serves anybody.
    let known = !access.username.is_empty() && !access.password.is_empty();
    if !turn.is_empty() && known {
        servers.push(IceServer {
            urls: turn,
            username: access.username,
            credential: access.password,
        });
    }
    servers
}

const STUN: &str = "stun:";
const TURN: &str = "turn:";
const SECURE_TURN: &str = "turns:";

/// The ways that a link has to a relay.
const WAYS: [&str; 2] = ["transport=udp", "transport=tcp"];

/// Whether it is `stun:HOST[:PORT]`, or `turn:HOST[:PORT]` with or without one of the [`WAYS`], or `turns:HOST[:PORT]` with
/// the last of them (RFC 7064, RFC 7065).
fn is_understood(url: &str) -> bool {
    if let Some(place) = url.strip_prefix(STUN) {
        return is_place(place);
    }
    if let Some(rest) = url.strip_prefix(SECURE_TURN) {
        return rest.strip_suffix("?transport=tcp").is_some_and(is_place);
    }
    let Some(rest) = url.strip_prefix(TURN) else {
        return false;
    };
    match rest.split_once('?') {
        None => is_place(rest),
        Some((place, query)) => WAYS.contains(&query) && is_place(place),
    }
}

/// Whether it is a host's name or address, in brackets if it is one of IPv6, with or without a port.
fn is_place(place: &str) -> bool {
    let Some(rest) = place.strip_prefix('[') else {
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        };
        return is_name(host) && port.is_none_or(is_port);
    };
    let Some((host, port)) = rest.split_once(']') else {
        return false;
    };
    let port = port.strip_prefix(':').or((!port.is_empty()).then_some(""));
    host.parse::<Ipv6Addr>().is_ok() && port.is_none_or(is_port)
}

fn is_name(host: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    !host.is_empty() && host.bytes().all(usual)
}

fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(urls: &[&str]) -> RelayAccess {
        RelayAccess {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: "1700000000:anna".to_owned(),
            password: "c2VjcmV0".to_owned(),
            seconds: 600,
        }
    }

    #[test]
    fn without_a_relay_there_is_none() {
        assert!(ice_servers(None).is_empty());
        assert!(ice_servers(Some(access(&[]))).is_empty());
    }

    #[test]
    fn only_a_relay_is_told_the_credentials() {
        let servers = ice_servers(Some(access(&[
            "stun:203.0.113.10:3478",
            "turn:203.0.113.10:3478?transport=udp",
        ])));
        assert_eq!(servers[0].urls, ["stun:203.0.113.10:3478"]);
        assert_eq!((&*servers[0].username, &*servers[0].credential), ("", ""));
        assert_eq!(servers[1].urls, ["turn:203.0.113.10:3478?transport=udp"]);
        assert_eq!(
            (&*servers[1].username, &*servers[1].credential),
            ("1700000000:anna", "c2VjcmV0")
        );
    }

    #[test]
    fn without_credentials_only_stun_is_left() {
        let nobody = RelayAccess {
            password: String::new(),
            ..access(&["stun:call.example.org", "turn:call.example.org"])
        };
        let servers = ice_servers(Some(nobody));
        assert_eq!(servers.len(), 1);
        assert_eq!(servers[0].urls, ["stun:call.example.org"]);
    }

    #[test]
    fn what_is_not_surely_understood_is_passed_over() {
        for url in [
            "stun:call.example.org",
            "stun:[2001:db8::1]:3478",
            "turn:[2001:db8::1]?transport=udp",
            "turn:203.0.113.10:3478",
            "turn:call.example.org:443?transport=tcp",
            "turns:call.example.org:443?transport=tcp",
        ] {
            assert!(is_understood(url), "{url}");
        }
        for url in [
            "",
            "stun:",
            "nonsense",
            "turns:call.example.org",
            "turns:call.example.org?transport=udp",
            "turn:call.example.org?transport=sctp",
            "turn:call.example.org?transport=udp&x=1",
            "turn:call.example.org:",
            "turn:call.example.org:0",
            "turn:call.example.org:65536",
            "stun:[2001:db8::1",
            "stun:[2001:db8::1]3478",
            "stun:[nonsense]",
            "stun:2001:db8::1",
            "stun:user@call.example.org",
            "stun:call.example.org/path",
            "stun:call example",
            "STUN:call.example.org",
        ] {
            assert!(!is_understood(url), "{url}");
        }
    }
}
