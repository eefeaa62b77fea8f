//! An address in an attribute, XORed with what every message has, so that routers which rewrite
//! addresses inside of packets do not find it (RFC 8489, section 14.2).

use super::{COOKIE, TransactionId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of this address.
    pub const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The family with this number (RFC 8489, section 14.1).
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0x01 => Some(Self::V4),
            0x02 => Some(Self::V6),
            _ => None,
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::V4 => 0x01,
            Self::V6 => 0x02,
        }
    }
}

/// An address as the value of an attribute.
#[derive(Debug, Clone, Copy)]
pub struct XorAddress {
    bytes: [u8; 20],
    length: usize,
}

impl XorAddress {
    /// The address as it stands in a message of this transaction.
    pub fn new(address: SocketAddr, transaction: &TransactionId) -> Self {
        let mut bytes = [0; 20];
        bytes[1] = Family::of(address.ip()).number();
        bytes[2..4].copy_from_slice(&(address.port() ^ port_mask()).to_be_bytes());
        let length = match address.ip() {
            IpAddr::V4(ip) => {
                bytes[4..8].copy_from_slice(&ip.octets());
                8
            }
            IpAddr::V6(ip) => {
                bytes[4..].copy_from_slice(&ip.octets());
                20
            }
        };
        mask(&mut bytes[4..length], transaction);
        Self { bytes, length }
    }

    /// The value of the attribute.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Reads the value of an attribute; `None` when it is no address.
pub(super) fn read(value: &[u8], transaction: &TransactionId) -> Option<SocketAddr> {
    let (head, ip) = value.split_at_checked(4)?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ port_mask();
    let ip = match Family::from_number(head[1])? {
        Family::V4 => {
            let mut octets: [u8; 4] = ip.try_into().ok()?;
            mask(&mut octets, transaction);
            IpAddr::V4(Ipv4Addr::from(octets))
        }
        Family::V6 => {
            let mut octets: [u8; 16] = ip.try_into().ok()?;
            mask(&mut octets, transaction);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
    };
    Some(SocketAddr::new(ip, port))
}

const fn port_mask() -> u16 {
    u16::from_be_bytes([COOKIE[0], COOKIE[1]])
}

fn mask(ip: &mut [u8], transaction: &TransactionId) {
    let masks = COOKIE.iter().chain(&transaction.0);
    for (byte, mask) in ip.iter_mut().zip(masks) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: TransactionId = TransactionId(*b"twelve bytes");

    #[test]
    fn an_address_of_either_family_survives() {
        for text in ["192.0.2.1:32853", "[2001:db8::5]:1", "0.0.0.0:0"] {
            let address: SocketAddr = text.parse().unwrap();
            let written = XorAddress::new(address, &TRANSACTION);
            assert_eq!(read(written.as_bytes(), &TRANSACTION), Some(address));
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_of_no_family_is_no_address() {
        let whole = XorAddress::new("192.0.2.1:5".parse().unwrap(), &TRANSACTION);
        let whole = whole.as_bytes();
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length], &TRANSACTION), None);
        }
        assert_eq!(read(&[whole, &[0]].concat(), &TRANSACTION), None);
        let mut odd = whole.to_vec();
        odd[1] = 3;
        assert_eq!(read(&odd, &TRANSACTION), None);
    }
}
