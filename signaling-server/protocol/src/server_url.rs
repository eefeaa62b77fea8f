//! Where a server is: scheme, host and port, and nothing else.

use crate::hex;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The longest host that DNS knows, in characters.
const MAX_HOST: usize = 253;

/// The address of a Visio server, such as `https://call.example.org` or `http://127.0.0.1:8080`.
///
/// Written without a scheme it means HTTPS, except on this machine itself (`localhost` and loopback
/// addresses) and at addresses of a local network, for which no certificate can be had.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerUrl {
    secure: bool,
    /// Lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
}

/// Why a text is not the address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a server")]
pub struct ServerUrlError;

impl ServerUrl {
    /// An address from its scheme and what follows it, `HOST` or `HOST:PORT`. `secure`: `None` when
    /// no scheme was written.
    pub(crate) fn from_parts(
        secure: Option<bool>,
        authority: &str,
    ) -> Result<Self, ServerUrlError> {
        let (host, port) = split_port(authority)?;
        let host = check_host(host)?;
        let secure = secure.unwrap_or(!is_near(&host));
        let port = match port {
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or(ServerUrlError)?,
            None => default_port(secure),
        };
        Ok(Self { secure, host, port })
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is this machine itself.
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// Whether it is this machine itself or an address of a local network, such as `192.168.1.20`:
    /// only who is on the same network gets there.
    pub fn is_near(&self) -> bool {
        is_near(&self.host)
    }

    /// What people call it: the host, with the port where that is not the usual one.
    pub fn authority(&self) -> String {
        if self.port == default_port(self.secure) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), ServerUrlError> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(ServerUrlError)? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(ServerUrlError),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

/// The host in lower case, when it is a name or an address. Letters of any script are left to the
/// resolver.
fn check_host(host: &str) -> Result<String, ServerUrlError> {
    if let Some(inside) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        let address: Ipv6Addr = inside.parse().map_err(|_| ServerUrlError)?;
        return Ok(format!("[{address}]"));
    }
    let well_formed = !host.is_empty()
        && host.len() <= MAX_HOST
        && !host.starts_with(['.', '-'])
        && !host.contains("..")
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if well_formed {
        Ok(host.to_lowercase())
    } else {
        Err(ServerUrlError)
    }
}

/// Addresses that mean something else in every network: private ones (RFC 1918, RFC 4193) and
/// link-local ones (RFC 3927, RFC 4291).
fn is_near(host: &str) -> bool {
    is_this_machine(host)
        || match host.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
            Ok(IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
            Err(_) => false,
        }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, ServerUrlError> {
        let text = text.trim();
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some(_) => return Err(ServerUrlError),
            None => (None, text),
        };
        Self::from_parts(secure, rest.strip_suffix('/').unwrap_or(rest))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

hex::serde_as_text!(ServerUrl, "the address of a server");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<ServerUrl>()
            .map_or("refused".into(), |url| url.to_string())
    }

    #[test]
    fn a_name_alone_means_https_and_this_machine_means_http() {
        assert_eq!(read("call.example.org"), "https://call.example.org");
        assert_eq!(read(" Call.Example.ORG/ "), "https://call.example.org");
        assert_eq!(read("203.0.113.7:8443"), "https://203.0.113.7:8443");
        assert_eq!(read("localhost:8080"), "http://localhost:8080");
        assert_eq!(read("127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(read("[::1]:8080"), "http://[::1]:8080");
    }

    #[test]
    fn an_address_of_a_local_network_means_http() {
        assert_eq!(read("192.168.1.20:8471"), "http://192.168.1.20:8471");
        assert_eq!(read("[fd00::1]:8471"), "http://[fd00::1]:8471");
        assert_eq!(read("https://10.0.0.2"), "https://10.0.0.2");
        let near = |text: &str| text.parse::<ServerUrl>().unwrap().is_near();
        assert!(near("172.16.0.1") && near("localhost"));
        assert!(!near("172.32.0.1") && !near("[2001:db8::1]") && !near("10.example.org"));
    }

    #[test]
    fn plain_http_elsewhere_only_when_it_is_written_so() {
        assert_eq!(read("http://203.0.113.4:8080"), "http://203.0.113.4:8080");
        assert_eq!(read("https://localhost"), "https://localhost");
    }

    #[test]
    fn the_usual_port_is_left_out() {
        assert_eq!(
            read("https://call.example.org:443"),
            "https://call.example.org"
        );
        assert_eq!(
            read("http://call.example.org:80/"),
            "http://call.example.org"
        );
        assert_eq!(
            read("http://call.example.org:443"),
            "http://call.example.org:443"
        );
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for text in [
            "",
            "https://",
            "ftp://a.org",
            "a.org/path",
            "user@a.org",
            "a.org:0",
            "a.org:99999",
            "a..org",
            "[::1",
            "[::1]8",
            "a b.org",
            "a.org:",
            "https://a.org?x",
            "-a.org",
        ] {
            assert_eq!(read(text), "refused", "{text}");
        }
    }
}
