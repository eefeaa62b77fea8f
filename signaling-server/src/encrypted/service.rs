//! Which service somebody wants who has come through TLS: what they named in the handshake (ALPN), or
//! where they named nothing, the first byte that they say.

/// The protocols that can be named (RFC 7301; RFC 7443 for the relay). Of several that are named at
/// once the first one here counts: coturn's client names all three and wants the relay, and nobody who
/// wants HTTPS names the others.
pub(super) const NAMES: [&[u8]; 3] = [TURN, STUN, WEB];

const WEB: &[u8] = b"http/1.1";
const TURN: &[u8] = b"stun.turn";
const STUN: &[u8] = b"stun.nat-discovery";

/// A service behind the encrypted port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// HTTPS.
    Web,
    /// STUN and TURN.
    Relay,
}

impl Service {
    /// The service with this name.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name {
            WEB => Some(Self::Web),
            TURN | STUN => Some(Self::Relay),
            _ => None,
        }
    }

    /// The service whose clients begin like this: a STUN message with a byte from 0 to 3 (RFC 7983,
    /// section 7), HTTP with a letter. ChannelData is never first, because a channel is asked for with
    /// a message; its bytes are letters, too.
    pub(super) fn beginning_with(byte: u8) -> Self {
        match byte {
            0..=3 => Self::Relay,
            _ => Self::Web,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_what_they_want_gets_it() {
        assert_eq!(Service::named(b"http/1.1"), Some(Service::Web));
        assert_eq!(Service::named(b"stun.turn"), Some(Service::Relay));
        assert_eq!(Service::named(b"stun.nat-discovery"), Some(Service::Relay));
        assert_eq!(Service::named(b"h2"), None);
        assert!(NAMES.into_iter().all(|name| Service::named(name).is_some()));
    }

    #[test]
    fn whoever_names_nothing_is_told_by_the_first_byte() {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT"] {
            let byte = method.as_bytes()[0];
            assert_eq!(Service::beginning_with(byte), Service::Web, "{method}");
        }
        // An empty line before the request, which RFC 9112, section 2.2, lets servers pass over.
        assert_eq!(Service::beginning_with(b'\r'), Service::Web);
        // Binding and Allocate, and the answers of a confused client.
        for byte in 0..=3 {
            assert_eq!(Service::beginning_with(byte), Service::Relay);
        }
    }
}
