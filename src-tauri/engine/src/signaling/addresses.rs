//! The addresses that a server's name leads to. One that is there and does not answer must not be the
//! only one that is ever tried: each new set of connections begins with another.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// Looks names up, and turns what is found by so many.
pub(super) struct Addresses {
    pub(super) turn: usize,
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let turn = self.turn;
        Box::pin(async move {
            // The port is that of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Addrs = Box::new(turned(found.collect(), turn).into_iter());
            Ok(addresses)
        })
    }
}

fn turned(mut addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    addresses.dedup();
    if !addresses.is_empty() {
        let first = turn % addresses.len();
        addresses.rotate_left(first);
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_begins_with_another_address_and_leaves_none_out() {
        let all: Vec<SocketAddr> = ["192.0.2.1:0", "192.0.2.2:0", "[2001:db8::3]:0"]
            .map(|address| address.parse().unwrap())
            .into();
        let firsts: Vec<SocketAddr> = (0..4).map(|turn| turned(all.clone(), turn)[0]).collect();
        assert_eq!(firsts, [all[0], all[1], all[2], all[0]]);
        let mut second = turned(all.clone(), 1);
        second.sort();
        let mut sorted = all;
        sorted.sort();
        assert_eq!(second, sorted);
        assert!(turned(Vec::new(), 7).is_empty());
    }
}
