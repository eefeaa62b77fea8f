//! What one client has: relayed addresses, peers that may send to them, and short numbers for
//! peers.

use super::quota::Account;
use super::refusal::Refusal;
use super::stun::{Family, Key, TransactionId};
use super::wish::Token;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// How long a permission lasts (RFC 8656, section 9).
pub(super) const PERMISSION_LIFE: Duration = Duration::from_secs(5 * 60);

/// How long a channel lasts (RFC 8656, section 12).
pub(super) const CHANNEL_LIFE: Duration = Duration::from_secs(10 * 60);

/// Permissions of one allocation at a time. A peer has some ten addresses, and ICE asks for each.
pub(super) const MAX_PERMISSIONS: usize = 128;

/// Channels of one allocation at a time.
pub(super) const MAX_CHANNELS: usize = 128;

/// One client's allocation.
#[derive(Debug)]
pub(super) struct Allocation {
    /// The request that made it: made again, it gets the same answer.
    pub(super) transaction: TransactionId,
    pub(super) granted: Allocated,
    /// With whose credentials it was made, and what they are signed with. These stay good for as
    /// long as it lives, so that no call ends because the time of a password does.
    pub(super) username: Box<str>,
    pub(super) key: Key,
    pub(super) account: Account,
    pub(super) expires: Instant,
    /// Its addresses: at least one, at most one of each family.
    pub(super) relayed: Relayed,
    permissions: HashMap<IpAddr, Instant>,
    channels: HashMap<u16, Channel>,
    numbers: HashMap<SocketAddr, u16>,
}

/// The relayed addresses of an allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Relayed {
    pub(super) v4: Option<SocketAddr>,
    pub(super) v6: Option<SocketAddr>,
}

impl Relayed {
    pub(super) fn of(self, family: Family) -> Option<SocketAddr> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// The address of the other family.
    pub(super) fn other(self, family: Family) -> Option<SocketAddr> {
        match family {
            Family::V4 => self.v6,
            Family::V6 => self.v4,
        }
    }

    pub(super) fn add(&mut self, address: SocketAddr) {
        match Family::of(address.ip()) {
            Family::V4 => self.v4 = Some(address),
            Family::V6 => self.v6 = Some(address),
        }
    }

    pub(super) fn take(&mut self, family: Family) -> Option<SocketAddr> {
        match family {
            Family::V4 => self.v4.take(),
            Family::V6 => self.v6.take(),
        }
    }

    pub(super) fn all(self) -> impl Iterator<Item = SocketAddr> {
        self.v4.into_iter().chain(self.v6)
    }
}

/// What an Allocate request was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allocated {
    pub(super) relayed: Relayed,
    /// The token of the port that was kept.
    pub(super) token: Option<Token>,
    /// The family that was asked for as well and is not to be had.
    pub(super) missing: Option<Family>,
}

#[derive(Debug, Clone, Copy)]
struct Channel {
    peer: SocketAddr,
    expires: Instant,
}

impl Allocation {
    pub(super) fn new(
        transaction: TransactionId,
        granted: Allocated,
        username: &str,
        key: Key,
        account: Account,
        expires: Instant,
    ) -> Self {
        Self {
            transaction,
            relayed: granted.relayed,
            granted,
            username: username.into(),
            key,
            account,
            expires,
            permissions: HashMap::new(),
            channels: HashMap::new(),
            numbers: HashMap::new(),
        }
    }

    /// Whether this peer may send to the client, and be sent to.
    pub(super) fn permits(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions
            .get(&peer)
            .is_some_and(|until| now < *until)
    }

    /// Permits these peers, all or none.
    pub(super) fn permit(
        &mut self,
        peers: impl Iterator<Item = IpAddr> + Clone,
        now: Instant,
    ) -> Result<(), Refusal> {
        let new = |all: &HashMap<_, _>| {
            let new = peers.clone().filter(|peer| !all.contains_key(peer));
            new.count()
        };
        if self.permissions.len() + new(&self.permissions) > MAX_PERMISSIONS {
            self.permissions.retain(|_, until| now < *until);
        }
        if self.permissions.len() + new(&self.permissions) > MAX_PERMISSIONS {
            return Err(Refusal::ServerFull(
                "This allocation permits as many peers as it may",
            ));
        }
        let until = now + PERMISSION_LIFE;
        self.permissions.extend(peers.map(|peer| (peer, until)));
        Ok(())
    }

    /// The peer of this channel.
    pub(super) fn peer(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        let channel = self.channels.get(&number)?;
        (now < channel.expires).then_some(channel.peer)
    }

    /// The channel of this peer.
    pub(super) fn channel(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let number = *self.numbers.get(&peer)?;
        self.peer(number, now).map(|_| number)
    }

    /// Gives this peer a number, or keeps it for longer, and permits the peer.
    pub(super) fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<(), Refusal> {
        if self.peer(number, now).is_some_and(|other| other != peer) {
            return Err(Refusal::BadRequest("That channel is another peer's"));
        }
        if self.channel(peer, now).is_some_and(|other| other != number) {
            return Err(Refusal::BadRequest("That peer has another channel"));
        }
        self.channels.retain(|_, channel| now < channel.expires);
        let channels = &self.channels;
        self.numbers
            .retain(|_, number| channels.contains_key(number));
        if self.channels.len() >= MAX_CHANNELS && !self.channels.contains_key(&number) {
            return Err(Refusal::ServerFull(
                "This allocation has as many channels as it may",
            ));
        }
        self.permit(std::iter::once(peer.ip()), now)?;
        let expires = now + CHANNEL_LIFE;
        self.channels.insert(number, Channel { peer, expires });
        self.numbers.insert(peer, number);
        Ok(())
    }

    /// Whether nothing has grown past its bound.
    pub(super) fn within_bounds(&self) -> bool {
        self.permissions.len() <= MAX_PERMISSIONS
            && self.channels.len() <= MAX_CHANNELS
            && self.numbers.len() <= MAX_CHANNELS
    }
}
