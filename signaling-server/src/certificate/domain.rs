//! What a certificate is for: a name, or where there is none, an address.

use rustls::pki_types::ServerName;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A name of the domain name system, or an address. It is written as it stands in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// A name, in lower case.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

/// Why something can't be what a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADomain {
    /// A whole URL.
    #[error("only the name itself, as in call.example.org: without https:// and without a path")]
    Url,
    /// A name and a port.
    #[error("only the name itself, as in call.example.org: another port is set with --listen")]
    Port,
    /// A wildcard.
    #[error("one name, as in call.example.org, and no wildcard")]
    Wildcard,
    /// Letters that the domain name system does not have.
    #[error("write the name as the domain name system has it, beginning with xn--")]
    NotAscii,
    /// Something else.
    #[error("neither a name such as call.example.org nor an address such as 203.0.113.7")]
    Neither,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

impl FromStr for Domain {
    type Err = NotADomain;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        if let Ok(ip) = bare.unwrap_or(text).parse::<IpAddr>() {
            return Ok(Self::Ip(ip.to_canonical()));
        }
        match text {
            _ if text.contains('/') => Err(NotADomain::Url),
            _ if text.contains(':') => Err(NotADomain::Port),
            _ if text.contains('*') => Err(NotADomain::Wildcard),
            _ if !text.is_ascii() => Err(NotADomain::NotAscii),
            _ => Self::name(text).ok_or(NotADomain::Neither),
        }
    }
}

impl Domain {
    fn name(text: &str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // rustls knows which names there are, apart from addresses that were mistyped (RFC 1123,
        // section 2.1): no name ends in a number.
        let known = matches!(
            ServerName::try_from(name.as_str()),
            Ok(ServerName::DnsName(_))
        );
        let last = name.rsplit('.').next()?;
        let number = last.bytes().all(|byte| byte.is_ascii_digit());
        (known && !number && !name.contains('_')).then_some(Self::Name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_taken_as_people_write_them() {
        for (text, written) in [
            ("call.example.org", "call.example.org"),
            (" Call.Example.ORG. ", "call.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8::7", "[2001:db8::7]"),
            ("[2001:db8::7]", "[2001:db8::7]"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(text.parse::<Domain>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_no_certificate_can_be_for_is_told_with_what_is_wrong() {
        for (text, wrong) in [
            ("https://call.example.org", NotADomain::Url),
            ("call.example.org/j", NotADomain::Url),
            ("call.example.org:8443", NotADomain::Port),
            ("*.example.org", NotADomain::Wildcard),
            ("bücher.example", NotADomain::NotAscii),
            ("", NotADomain::Neither),
            ("call example.org", NotADomain::Neither),
            ("call_.example.org", NotADomain::Neither),
            ("-call.example.org", NotADomain::Neither),
            ("call..example.org", NotADomain::Neither),
            ("203.0.113", NotADomain::Neither),
            ("203.0.113.700", NotADomain::Neither),
        ] {
            assert_eq!(text.parse::<Domain>(), Err(wrong), "{text}");
        }
        assert!(format!("{}.org", "a".repeat(64)).parse::<Domain>().is_err());
    }
}
