//! How many handshakes may be under way: each costs some 20 KB and a signature, and whoever never
//! finishes one must not keep the others out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handshakes in all: 20 MB, and more than a small machine finishes in a second.
const MOST: usize = 1024;

/// Handshakes from one address: a house or an office behind one router, where all come back at once
/// after its line was gone.
const MOST_FROM_ONE: usize = 64;

/// The part of an IPv6 address that a customer is given; within it everybody has as many addresses as
/// they like.
const NETWORK: u128 = !0 << 64;

/// All handshakes that are under way. New ones beyond the bounds are turned away.
#[derive(Debug, Default)]
pub(super) struct Handshakes(Mutex<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    all: usize,
    from: HashMap<IpAddr, usize>,
}

/// A handshake that is under way, until this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    all: Arc<Handshakes>,
    from: IpAddr,
}

impl Handshakes {
    /// Somebody at this address begins one; `None` when there are too many.
    pub(super) fn begin(self: &Arc<Self>, address: IpAddr) -> Option<Handshake> {
        let from = network(address);
        let mut under_way = self.under_way();
        if under_way.all >= MOST {
            return None;
        }
        let count = under_way.from.entry(from).or_default();
        if *count >= MOST_FROM_ONE {
            return None;
        }
        *count += 1;
        under_way.all += 1;
        Some(Handshake {
            all: Arc::clone(self),
            from,
        })
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut under_way = self.all.under_way();
        under_way.all -= 1;
        if let Some(count) = under_way.from.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                under_way.from.remove(&self.from);
            }
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) & NETWORK).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(number).into()
    }

    #[test]
    fn one_address_has_its_bound_and_others_come_through() {
        let handshakes = Arc::new(Handshakes::default());
        let begun: Vec<_> = (0..MOST_FROM_ONE)
            .map(|_| handshakes.begin(v4(1)).unwrap())
            .collect();
        assert!(handshakes.begin(v4(1)).is_none());
        assert!(handshakes.begin(v4(2)).is_some());
        drop(begun);
        assert!(handshakes.begin(v4(1)).is_some());
    }

    #[test]
    fn a_whole_network_of_ipv6_counts_as_one_address() {
        let handshakes = Arc::new(Handshakes::default());
        let ip = |text: &str| text.parse().unwrap();
        let _begun: Vec<_> = (0..MOST_FROM_ONE)
            .map(|host| {
                handshakes
                    .begin(ip(&format!("2001:db8::{host:x}")))
                    .unwrap()
            })
            .collect();
        assert!(handshakes.begin(ip("2001:db8::ffff")).is_none());
        assert!(handshakes.begin(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn all_together_are_bounded_and_nothing_is_kept_of_those_that_are_over() {
        let handshakes = Arc::new(Handshakes::default());
        let most = u32::try_from(MOST).unwrap();
        let begun: Vec<_> = (0..most)
            .map(|number| handshakes.begin(v4(number)).unwrap())
            .collect();
        assert!(handshakes.begin(v4(most)).is_none());
        drop(begun);
        assert_eq!(handshakes.under_way().all, 0);
        assert!(handshakes.under_way().from.is_empty());
    }
}
