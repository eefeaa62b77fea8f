//! What the network is at one moment, and what of a change matters to a call. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// How this machine's network changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkChange {
    /// The addresses at which others can now reach this machine. None: there is no network.
    pub addresses: Vec<IpAddr>,
    /// Packets leave by another way than before, or the machine slept: whatever connections there
    /// are should be made anew, for they are dead or could be better.
    pub moved: bool,
}

/// What there is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// What others can dial.
    pub addresses: BTreeSet<IpAddr>,
    /// From where the system would send to the world, by IPv4 and by IPv6.
    pub favourites: [Option<IpAddr>; 2],
}

impl View {
    /// How this came about, from what was; none when it is the same. `slept`: the machine did
    /// meanwhile.
    pub fn since(&self, before: &Self, slept: bool) -> Option<NetworkChange> {
        (slept || self != before).then(|| NetworkChange {
            addresses: self.addresses.iter().copied().collect(),
            moved: slept || self.leaves_otherwise(before),
        })
    }

    /// Whether packets to the world leave by another network. An address of the same IPv6 network is
    /// none: systems change theirs every day (RFC 8981), and the old one stays good. A second
    /// protocol beside one that works is no reason to move either.
    fn leaves_otherwise(&self, before: &Self) -> bool {
        let had_none = before.favourites == [None, None];
        let pairs = before.favourites.iter().zip(&self.favourites);
        pairs
            .map(|(before, now)| (before.map(network), now.map(network)))
            .any(|(before, now)| now.is_some() && before != now && (before.is_some() || had_none))
    }
}

/// An IPv4 address as it is; the network of an IPv6 address, which is its first half (RFC 4291,
/// section 2.5.4).
fn network(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIFI: &str = "192.168.1.7";
    const CABLE: &str = "192.168.1.9";

    /// A machine with these addresses that sends from the first of each kind.
    fn view(addresses: &[&str]) -> View {
        let all: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        let first = |v6| all.iter().copied().find(|ip| ip.is_ipv6() == v6);
        View {
            favourites: [first(false), first(true)],
            addresses: all.into_iter().collect(),
        }
    }

    fn moved(before: &[&str], after: &[&str]) -> Option<bool> {
        let change = view(after).since(&view(before), false);
        change.map(|change| change.moved)
    }

    #[test]
    fn a_cable_plugged_in_is_a_better_way() {
        assert_eq!(moved(&[WIFI], &[CABLE, WIFI]), Some(true));
        assert_eq!(moved(&[CABLE, WIFI], &[WIFI]), Some(true), "and pulled out");
    }

    #[test]
    fn an_address_on_the_side_is_told_and_moves_nothing() {
        assert_eq!(moved(&[WIFI], &[WIFI, "172.17.0.1"]), Some(false));
        assert_eq!(moved(&[WIFI, "172.17.0.1"], &[WIFI]), Some(false));
        assert_eq!(moved(&[WIFI], &[WIFI, "2001:db8::7"]), Some(false));
    }

    #[test]
    fn nothing_new_is_not_told() {
        assert_eq!(moved(&[WIFI], &[WIFI]), None);
        assert_eq!(moved(&[], &[]), None);
    }

    #[test]
    fn a_network_that_goes_and_comes_back_moves_everything_when_it_is_back() {
        assert_eq!(moved(&[WIFI], &[]), Some(false));
        assert_eq!(moved(&[], &[WIFI]), Some(true));
        assert_eq!(moved(&[], &["2001:db8::7"]), Some(true));
    }

    #[test]
    fn another_address_of_the_same_ipv6_network_moves_nothing_and_of_another_does() {
        let (old, new) = ("2001:db8::7", "2001:db8::99");
        assert_eq!(moved(&[old], &[new, old]), Some(false));
        assert_eq!(moved(&[old], &["2001:db8:0:1::7"]), Some(true));
    }

    #[test]
    fn a_machine_that_slept_has_moved_wherever_it_wakes() {
        let change = view(&[WIFI]).since(&view(&[WIFI]), true).unwrap();
        assert!(change.moved);
    }
}
