//! The relay without sockets and without a clock: packets and times in, packets and where they go
//! out.
//!
//! Everything is found by a hash of where a packet came from; nothing is searched for, and what is
//! relayed is neither copied nor allocated. Of two clients that both use this relay, what one sends
//! to the other's relayed address goes straight to the other: it never leaves the process, and so
//! nothing else of this machine can be reached at its own addresses.
//!
//! ```text
//! data        what is relayed
//! request     who asks, and the form of answers
//! grant       what is asked for
//! ```

mod data;
mod grant;
mod request;

#[cfg(test)]
mod tests;

use super::addresses::{Addresses, Sockets};
use super::allocation::{Allocation, Relayed};
use super::client::Client;
use super::counts::Counted;
use super::credentials::RelaySecret;
use super::destinations::Reach;
use super::nonce::Nonces;
use super::packet::Packet;
use super::quota::{Bounds, Quotas};
use super::stun::{Class, Family, Message, Method};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Instant;

/// What a relay has to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What passwords follow from.
    pub secret: RelaySecret,
    /// Where its relayed addresses are; the first of each family counts.
    pub addresses: Vec<IpAddr>,
    /// Their ports.
    pub ports: RangeInclusive<u16>,
    /// Which networks it leads to.
    pub reach: Reach,
    /// How much of everything.
    pub bounds: Bounds,
}

/// What is to be done with a packet once it was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Nothing,
    /// What it now holds goes to this client.
    ToClient(Client),
    /// What it now holds goes from this relayed address to this peer.
    ToPeer {
        /// From where.
        relayed: SocketAddr,
        /// Where to.
        peer: SocketAddr,
    },
}

/// A relay.
pub struct Core {
    secret: RelaySecret,
    nonces: Nonces,
    reach: Reach,
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
    quotas: Quotas,
    addresses: Addresses,
    allocations: HashMap<Client, Allocation>,
    /// When each allocation ends, the next to end first.
    ends: BTreeSet<(Instant, Client)>,
    /// The time of day, in seconds since 1970, and when it was that.
    time: (Instant, u64),
    /// Where answers are written.
    answer: Vec<u8>,
    /// The number of the last Data indication, which is its transaction: nobody answers it.
    indications: u64,
    /// Packets that bounds on bandwidth have held back since the last tick.
    held_back: u64,
    /// Allocations that were ever made.
    made: u64,
}

impl Core {
    /// A relay, at `time` seconds since 1970. `nonce_key` is random.
    pub fn new(settings: Settings, nonce_key: [u8; 32], now: Instant, time: u64) -> Self {
        let first = |family| {
            let mut addresses = settings.addresses.iter().copied();
            addresses.find(|ip| Family::of(*ip) == family)
        };
        Self {
            v4: first(Family::V4),
            v6: first(Family::V6),
            secret: settings.secret,
            nonces: Nonces::new(nonce_key),
            reach: settings.reach,
            quotas: Quotas::new(settings.bounds, now),
            addresses: Addresses::new(settings.ports),
            allocations: HashMap::new(),
            ends: BTreeSet::new(),
            time: (now, time),
            answer: Vec::new(),
            indications: 0,
            held_back: 0,
            made: 0,
        }
    }

    /// A packet of a client: a datagram, or a frame of its stream.
    pub fn client_sent(
        &mut self,
        client: Client,
        packet: &mut Packet,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Outcome {
        use super::frame::Kind;
        match Kind::of(packet.as_bytes()) {
            Some(Kind::Channel) => self.channel_data(client, packet, now),
            Some(Kind::Message) => self.message(client, packet, now, sockets),
            None => Outcome::Nothing,
        }
    }

    fn message(
        &mut self,
        client: Client,
        packet: &mut Packet,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Outcome {
        let Ok(message) = Message::read(packet.as_bytes()) else {
            return Outcome::Nothing;
        };
        match (message.class(), message.method()) {
            (Class::Indication, Method::Send) => {
                let Some((peer, data)) = data::sent(&message) else {
                    return Outcome::Nothing;
                };
                self.send(client, peer, data, packet, now)
            }
            // What is not known is not answered (RFC 8489, section 6.3).
            (Class::Request, Method::Other(_) | Method::Send | Method::Data) => Outcome::Nothing,
            (Class::Request, _) => {
                let mut answer = std::mem::take(&mut self.answer);
                self.respond(client, &message, &mut answer, now, sockets);
                let fits = packet.replace(&answer);
                self.answer = answer;
                if fits {
                    Outcome::ToClient(client)
                } else {
                    Outcome::Nothing
                }
            }
            (Class::Indication | Class::Success | Class::Error, _) => Outcome::Nothing,
        }
    }

    /// The stream of a client has ended, and with it what the client had.
    pub fn gone(&mut self, client: Client, sockets: &mut dyn Sockets) {
        self.end(client, sockets);
    }

    /// Whether a client has an allocation.
    pub fn serves(&self, client: Client) -> bool {
        self.allocations.contains_key(&client)
    }

    /// Ends what is over. Called every second or so, with the time of day in seconds since 1970.
    /// Answers how many packets bounds on bandwidth have held back since the last time.
    pub fn tick(&mut self, now: Instant, time: u64, sockets: &mut dyn Sockets) -> u64 {
        self.time = (now, time);
        self.addresses.tick(now, sockets);
        while let Some(&(end, client)) = self.ends.first() {
            if now < end {
                break;
            }
            self.end(client, sockets);
        }
        std::mem::take(&mut self.held_back)
    }

    /// What is there and what has passed. What was held back is told by [`Core::tick`].
    pub fn counted(&self) -> Counted {
        Counted {
            allocations: self.allocations.len() as u64,
            addresses: self.quotas.addresses() as u64,
            made: self.made,
            bytes: self.quotas.passed(),
            held_back: 0,
        }
    }

    /// Allocations that there are.
    #[cfg(test)]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// Relayed addresses that there are.
    #[cfg(test)]
    pub fn relayed_addresses(&self) -> usize {
        self.quotas.addresses()
    }

    /// Whether nothing has grown past its bound, with `addresses` the most relayed addresses.
    pub(super) fn within_bounds(&self, addresses: usize) -> bool {
        let bounded = |it: &Allocation| it.within_bounds();
        self.quotas.addresses() <= addresses
            && self.allocations.len() <= addresses
            && self.ends.len() == self.allocations.len()
            && self.allocations.values().all(bounded)
    }

    /// The time of day, in seconds since 1970.
    fn time(&self, now: Instant) -> u64 {
        let (then, time) = self.time;
        time + now.saturating_duration_since(then).as_secs()
    }

    fn ip(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// Whether relayed addresses are at this IP.
    fn relays_at(&self, ip: IpAddr) -> bool {
        self.ip(Family::of(ip)) == Some(ip)
    }

    /// Whether a peer may be at this IP. At the relay's own, only relayed addresses are; that is
    /// looked at packet by packet.
    fn may_reach(&self, ip: IpAddr, sockets: &mut dyn Sockets) -> bool {
        self.relays_at(ip)
            || (self.reach.allows(ip) && (self.reach == Reach::Loopback || !sockets.is_own(ip)))
    }

    fn end(&mut self, client: Client, sockets: &mut dyn Sockets) {
        if let Some(allocation) = self.allocations.remove(&client) {
            self.ends.remove(&(allocation.expires, client));
            self.close(&allocation, allocation.relayed, sockets);
        }
    }

    /// Closes some of the addresses of an allocation.
    fn close(&mut self, allocation: &Allocation, relayed: Relayed, sockets: &mut dyn Sockets) {
        for address in relayed.all() {
            self.addresses.close(address, sockets);
            self.quotas.give_back(allocation.account, 1);
        }
    }
}
