//! Whose address it is.

use std::net::{IpAddr, Ipv6Addr};

/// What one customer of a provider has: an address of IPv4, or the first half of one of IPv6, within
/// which everybody chooses addresses at will (RFC 4291, section 2.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let half = u128::from(address) >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from(half))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn one_customer_is_one_however_many_addresses_they_take() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::7"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network("203.0.113.7"), network("::ffff:203.0.113.7"));
    }
}
