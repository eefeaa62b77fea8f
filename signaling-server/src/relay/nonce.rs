//! Nonces without memory: each says until when it is good, and a code that only this process can
//! make binds it to the address that it was given to. So a request can't be made again from
//! somewhere else, and strangers who never come back cost nothing.

use super::stun::hmac_sha1;
use std::fmt::Write as _;
use std::net::SocketAddr;
use subtle::ConstantTimeEq as _;

/// How long a nonce is good, in seconds: the most that RFC 8656, section 5, recommends.
const LIFE: u64 = 60 * 60;

/// Hexadecimal digits of the time until which it is good.
const TIME_DIGITS: usize = 16;

/// Bytes of the code: what can't be guessed within an hour, in an answer that stays short.
const CODE: usize = 8;

/// Makes nonces and recognises them.
pub(super) struct Nonces {
    key: [u8; 32],
}

impl Nonces {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A nonce for whoever is at this address, at `now` seconds since 1970.
    pub(super) fn make(&self, address: SocketAddr, now: u64) -> String {
        self.write(address, now + LIFE)
    }

    /// Whether this nonce was made for whoever is at this address, and is still good.
    pub(super) fn accepts(&self, nonce: &[u8], address: SocketAddr, now: u64) -> bool {
        let expires = nonce
            .get(..TIME_DIGITS)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let Some(expires) = expires else {
            return false;
        };
        let genuine = self.write(address, expires).as_bytes().ct_eq(nonce);
        now < expires && bool::from(genuine)
    }

    fn write(&self, address: SocketAddr, expires: u64) -> String {
        let ip = match address {
            SocketAddr::V4(address) => address.ip().to_ipv6_mapped(),
            SocketAddr::V6(address) => *address.ip(),
        };
        let bound = [
            &expires.to_be_bytes()[..],
            &ip.octets(),
            &address.port().to_be_bytes(),
        ];
        let code = hmac_sha1(&self.key, &bound);
        let mut nonce = format!("{expires:0TIME_DIGITS$x}");
        for byte in &code[..CODE] {
            let _ = write!(nonce, "{byte:02x}");
        }
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_an_hour_from_the_address_that_it_was_given_to() {
        let nonces = Nonces::new([1; 32]);
        let here = address("192.0.2.1:1000");
        let nonce = nonces.make(here, NOW);
        assert!(nonces.accepts(nonce.as_bytes(), here, NOW));
        assert!(nonces.accepts(nonce.as_bytes(), here, NOW + LIFE - 1));
        assert!(!nonces.accepts(nonce.as_bytes(), here, NOW + LIFE));
        for elsewhere in ["192.0.2.1:1001", "192.0.2.2:1000", "[::1]:1000"] {
            assert!(!nonces.accepts(nonce.as_bytes(), address(elsewhere), NOW));
        }
        assert!(!Nonces::new([2; 32]).accepts(nonce.as_bytes(), here, NOW));
    }

    #[test]
    fn a_nonce_with_anything_changed_is_none() {
        let nonces = Nonces::new([1; 32]);
        let here = address("[2001:db8::1]:1000");
        let nonce = nonces.make(here, NOW).into_bytes();
        for place in 0..nonce.len() {
            let mut changed = nonce.clone();
            changed[place] = if changed[place] == b'f' { b'0' } else { b'f' };
            assert!(!nonces.accepts(&changed, here, NOW), "{place}");
            assert!(!nonces.accepts(&nonce[..place], here, NOW));
        }
    }
}
