//! How much one address may ask for, and one room: so that one machine that asks too much, or one
//! that guesses, takes nothing from the others.
//!
//! Pure: the time is passed in. An address is what one customer of a provider has: one of IPv4, the
//! /64 of IPv6. Whole schools stand behind one of those, so what is allowed is allowed to two hundred
//! people who join within a minute; a single machine that runs wild is noticed far above that.
//!
//! Each limit is a bucket that holds so much at once and fills at so much a second. A full bucket
//! says nothing, so what is known of an address is forgotten once all of its are full.
//!
//! ```text
//! network   whose address
//! gate      the guard at work, with lock and clock
//! bucket    one limit of one address
//! table     all that are known, bounded
//! options   what can be set
//! ```
//!
//! A check takes less than a microsecond, under one lock. An address costs 150 bytes, a room 70.

mod bucket;
mod gate;
mod network;
mod options;
mod table;

pub use bucket::Pace;
pub(crate) use gate::{Counted, Gate};
pub(crate) use network::Network;
pub use options::GuardOptions;

use bucket::Bucket;
use std::time::{Duration, Instant};
use table::Table;
use visio_protocol::RoomId;

/// Addresses that are known at a time, and rooms: 10 MB at the most. With more, the one that was not
/// heard of for longest is forgotten, which gives it no more than any other new address has.
const MAX_KNOWN: usize = 65_536;

/// What an address may ask for so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Anything.
    Request,
    /// An event stream.
    Stream,
    /// A room to be created.
    Creation,
    /// Something with a host code that is none.
    WrongHostCode,
    /// Entering with an admission key that is not the room's.
    WrongAdmission,
}

impl Asked {
    const COUNT: usize = 5;
}

/// Too much was asked for; how long until the same is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// Until then.
    pub(crate) wait: Duration,
}

#[derive(Debug)]
struct Address {
    buckets: [Bucket; Asked::COUNT],
    /// Connections that are open.
    connections: u32,
}

/// All limits, and who has used up how much of each.
#[derive(Debug)]
pub(crate) struct Guard {
    paces: [Pace; Asked::COUNT],
    signals: Pace,
    max_connections: u32,
    addresses: Table<Network, Address>,
    rooms: Table<RoomId, Bucket>,
}

impl Guard {
    pub(crate) fn new(options: &GuardOptions) -> Self {
        Self {
            paces: [
                options.requests,
                options.streams,
                options.creations,
                options.wrong_host_codes,
                options.wrong_admissions,
            ],
            signals: options.room_signals,
            max_connections: options.address_connections,
            addresses: Table::new(MAX_KNOWN),
            rooms: Table::new(MAX_KNOWN),
        }
    }

    /// Counts one connection; false when the address has as many as it may have.
    pub(crate) fn connect(&mut self, network: Network) -> bool {
        let most = self.max_connections;
        let Some(address) = self.address(network) else {
            return false;
        };
        let fits = most == 0 || address.connections < most;
        if fits {
            address.connections += 1;
        }
        fits
    }

    /// A connection that was counted has ended.
    pub(crate) fn disconnect(&mut self, network: Network) {
        if let Some(address) = self.addresses.get(&network) {
            address.connections = address.connections.saturating_sub(1);
        }
    }

    /// Counts one, if it is allowed.
    pub(crate) fn ask(
        &mut self,
        network: Network,
        what: Asked,
        now: Instant,
    ) -> Result<(), TooMany> {
        let pace = self.paces[what as usize];
        match self.address(network) {
            Some(address) => address.buckets[what as usize].take(1, pace, now),
            None => Err(TooMany {
                wait: Duration::from_secs(1),
            }),
        }
    }

    /// Whether one would be allowed; counts nothing.
    pub(crate) fn may(
        &mut self,
        network: Network,
        what: Asked,
        now: Instant,
    ) -> Result<(), TooMany> {
        let pace = self.paces[what as usize];
        match self.addresses.get(&network) {
            Some(address) => address.buckets[what as usize].clone().take(1, pace, now),
            None => Ok(()),
        }
    }

    /// Counts so many messages that are said in this room, if they are allowed.
    pub(crate) fn say(&mut self, room: RoomId, messages: u32, now: Instant) -> Result<(), TooMany> {
        let pace = self.signals;
        match self.rooms.get_or_insert(room, Bucket::default, |_| true) {
            Some(bucket) => bucket.take(messages, pace, now),
            None => Ok(()),
        }
    }

    /// Forgets those of whom there is nothing left to know.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.addresses.retain(|address| {
            address.connections > 0 || !address.buckets.iter().all(|bucket| bucket.is_full(now))
        });
        self.rooms.retain(|bucket| !bucket.is_full(now));
    }

    /// How many addresses are known.
    pub(crate) fn known(&self) -> usize {
        self.addresses.len()
    }

    /// What is known of an address; `None` when there is no place, since each that is known has
    /// connections.
    fn address(&mut self, network: Network) -> Option<&mut Address> {
        let new = || Address {
            buckets: Default::default(),
            connections: 0,
        };
        self.addresses
            .get_or_insert(network, new, |address| address.connections == 0)
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
