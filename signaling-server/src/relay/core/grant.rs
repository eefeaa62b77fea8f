//! What signed requests ask for.

use super::super::allocation::{Allocated, Allocation, Relayed};
use super::super::frame::CHANNELS;
use super::super::refusal::Refusal;
use super::super::stun::{AttributeType, Family, Message, Method, Writer};
use super::super::wish::{Port, Token, Wish, family};
use super::request::{User, understood};
use super::{Client, Core, Instant, IpAddr, SocketAddr, Sockets};
use std::time::Duration;

/// How long an allocation lasts when the client does not say, and at least (RFC 8656, section 3.2).
const DEFAULT_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long at most (RFC 8656, section 7.2, recommends no more than an hour).
const MAX_LIFE: Duration = Duration::from_secs(60 * 60);

/// Peers that one request may name. ICE names one; each costs a look at the machine's addresses.
const MAX_PEERS: usize = 32;

const NO_ALLOCATION: Refusal = Refusal::Mismatch("There is no allocation");

/// What a request was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granted {
    /// Where the client is seen from.
    Seen,
    /// Relayed addresses, for so long.
    Allocated(Allocated, Duration),
    /// An allocation goes on for so long; for none, it was ended.
    Refreshed(Duration),
    /// What was asked for.
    Done,
}

impl Granted {
    pub(super) fn write(self, answer: &mut Writer<'_>, client: Client) {
        match self {
            Self::Seen => {
                answer.put_address(AttributeType::XOR_MAPPED_ADDRESS, client.address);
            }
            Self::Allocated(allocated, life) => {
                for address in allocated.relayed.all() {
                    answer.put_address(AttributeType::XOR_RELAYED_ADDRESS, address);
                }
                if let Some(missing) = allocated.missing {
                    let refusal = Refusal::FamilyUnsupported;
                    answer.put_error(
                        AttributeType::ADDRESS_ERROR_CODE,
                        missing.number(),
                        refusal.code(),
                        &refusal.to_string(),
                    );
                }
                answer.put_address(AttributeType::XOR_MAPPED_ADDRESS, client.address);
                answer.put(AttributeType::LIFETIME, &seconds(life));
                if let Some(token) = allocated.token {
                    answer.put(AttributeType::RESERVATION_TOKEN, &token);
                }
            }
            Self::Refreshed(life) => answer.put(AttributeType::LIFETIME, &seconds(life)),
            Self::Done => {}
        }
    }
}

impl Core {
    pub(super) fn grant(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &User<'_>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Granted, Refusal> {
        understood(message)?;
        // What has ended and was not yet put away is no longer there.
        let over = |allocation: &Allocation| allocation.expires <= now;
        if self.allocations.get(&client).is_some_and(over) {
            self.end(client, sockets);
        }
        let allocation = self.allocations.get(&client);
        if allocation.is_some_and(|allocation| *allocation.username != *user.username) {
            return Err(Refusal::WrongCredentials);
        }
        match message.method() {
            Method::Allocate => self.allocate(client, message, user, now, sockets),
            Method::Refresh => self.refresh(client, message, now, sockets),
            Method::CreatePermission => self.create_permission(client, message, now, sockets),
            Method::ChannelBind => self.bind_channel(client, message, now, sockets),
            _ => Err(Refusal::BadRequest("Nothing of the kind is done here")),
        }
    }

    fn allocate(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &User<'_>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Granted, Refusal> {
        if let Some(allocation) = self.allocations.get(&client) {
            if allocation.transaction != message.transaction() {
                return Err(Refusal::Mismatch("There is an allocation already"));
            }
            // The answer was lost, or is on its way.
            let life = allocation.expires.saturating_duration_since(now);
            return Ok(Granted::Allocated(allocation.granted, life));
        }
        let wish = Wish::read(message)?;
        let life = lifetime(message)?.clamp(DEFAULT_LIFE, MAX_LIFE);
        let plan = self.plan(wish)?;
        let account = self.quotas.take(user.id, plan.addresses(), now)?;
        let allocated = match self.open(client, plan, now, sockets) {
            Ok(allocated) => allocated,
            Err(refusal) => {
                self.quotas.give_back(account, plan.addresses());
                return Err(refusal);
            }
        };
        let expires = now + life;
        let allocation = Allocation::new(
            message.transaction(),
            allocated,
            user.username,
            user.key.clone(),
            account,
            expires,
        );
        self.allocations.insert(client, allocation);
        self.made += 1;
        self.ends.insert((expires, client));
        Ok(Granted::Allocated(allocated, life))
    }

    /// What of a wish this relay can fulfil.
    fn plan(&self, wish: Wish) -> Result<Plan, Refusal> {
        let (family, additional, port) = match wish {
            Wish::Reserved(token) => return Ok(Plan::Kept(token)),
            Wish::New {
                family,
                additional,
                port,
            } => (family, additional, port),
        };
        let second = additional.and_then(|family| self.ip(family));
        let (first, second) = match (self.ip(family), second) {
            (Some(first), second) => (first, second),
            // Who asks for both gets the one that there is.
            (None, Some(only)) => (only, None),
            (None, None) => return Err(Refusal::FamilyUnsupported),
        };
        let missing = match additional {
            Some(_) if Family::of(first) != family => Some(family),
            Some(additional) if second.is_none() => Some(additional),
            _ => None,
        };
        Ok(Plan::New {
            first,
            second,
            port,
            missing,
        })
    }

    fn open(
        &mut self,
        client: Client,
        plan: Plan,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Allocated, Refusal> {
        let mut relayed = Relayed::default();
        let (first, second, port, missing) = match plan {
            Plan::Kept(token) => {
                relayed.add(self.addresses.claim(&token, client, now)?);
                return Ok(Allocated {
                    relayed,
                    token: None,
                    missing: None,
                });
            }
            Plan::New {
                first,
                second,
                port,
                missing,
            } => (first, second, port, missing),
        };
        let opened = self.addresses.open(client, first, port, now, sockets)?;
        relayed.add(opened.address);
        if let Some(second) = second {
            match self.addresses.open(client, second, port, now, sockets) {
                Ok(opened) => relayed.add(opened.address),
                Err(refusal) => {
                    self.addresses.close(opened.address, sockets);
                    return Err(refusal);
                }
            }
        }
        Ok(Allocated {
            relayed,
            token: opened.token,
            missing,
        })
    }

    fn refresh(
        &mut self,
        client: Client,
        message: &Message<'_>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Granted, Refusal> {
        let allocation = self.allocations.get_mut(&client).ok_or(NO_ALLOCATION)?;
        let family = family(message, AttributeType::REQUESTED_ADDRESS_FAMILY)?;
        if family.is_some_and(|family| allocation.relayed.of(family).is_none()) {
            return Err(Refusal::FamilyMismatch);
        }
        let life = lifetime(message)?;
        if !life.is_zero() {
            let life = life.clamp(DEFAULT_LIFE, MAX_LIFE);
            self.ends.remove(&(allocation.expires, client));
            allocation.expires = now + life;
            self.ends.insert((allocation.expires, client));
            return Ok(Granted::Refreshed(life));
        }
        let other = family.and_then(|family| allocation.relayed.other(family));
        match (family, other) {
            (Some(family), Some(_)) => {
                // One of two addresses: the allocation goes on with the other.
                let account = allocation.account;
                if let Some(address) = allocation.relayed.take(family) {
                    self.addresses.close(address, sockets);
                    self.quotas.give_back(account, 1);
                }
            }
            _ => self.end(client, sockets),
        }
        Ok(Granted::Refreshed(Duration::ZERO))
    }

    fn create_permission(
        &mut self,
        client: Client,
        message: &Message<'_>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Granted, Refusal> {
        let mut peers: Vec<IpAddr> = Vec::new();
        for attribute in message.attributes() {
            if attribute.kind == AttributeType::XOR_PEER_ADDRESS {
                let peer = message.read_address(&attribute).ok_or(NO_ADDRESS)?;
                if peers.len() == MAX_PEERS {
                    return Err(Refusal::ServerFull("These are too many peers at once"));
                }
                self.check_peer(client, peer, sockets)?;
                peers.push(peer.ip());
            }
        }
        if peers.is_empty() {
            return Err(Refusal::BadRequest("The peer is missing"));
        }
        let allocation = self.allocations.get_mut(&client).ok_or(NO_ALLOCATION)?;
        allocation.permit(peers.iter().copied(), now)?;
        Ok(Granted::Done)
    }

    fn bind_channel(
        &mut self,
        client: Client,
        message: &Message<'_>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Granted, Refusal> {
        let number = match message.value(AttributeType::CHANNEL_NUMBER) {
            Some([a, b, _, _]) => u16::from_be_bytes([*a, *b]),
            _ => return Err(Refusal::BadRequest("The channel is missing or malformed")),
        };
        if !CHANNELS.contains(&number) {
            return Err(Refusal::BadRequest("There is no such channel"));
        }
        let peer = message
            .find(AttributeType::XOR_PEER_ADDRESS)
            .and_then(|attribute| message.read_address(&attribute))
            .ok_or(NO_ADDRESS)?;
        self.check_peer(client, peer, sockets)?;
        let allocation = self.allocations.get_mut(&client).ok_or(NO_ALLOCATION)?;
        allocation.bind(number, peer, now)?;
        Ok(Granted::Done)
    }

    /// Whether a client may have this peer.
    fn check_peer(
        &self,
        client: Client,
        peer: SocketAddr,
        sockets: &mut dyn Sockets,
    ) -> Result<(), Refusal> {
        let allocation = self.allocations.get(&client).ok_or(NO_ALLOCATION)?;
        if allocation.relayed.of(Family::of(peer.ip())).is_none() {
            return Err(Refusal::FamilyMismatch);
        }
        if self.may_reach(peer.ip(), sockets) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }
}

const NO_ADDRESS: Refusal = Refusal::BadRequest("The peer is missing or malformed");

/// What an allocation is to have.
#[derive(Debug, Clone, Copy)]
enum Plan {
    /// The address that was kept under this token.
    Kept(Token),
    /// New addresses.
    New {
        first: IpAddr,
        second: Option<IpAddr>,
        port: Port,
        missing: Option<Family>,
    },
}

impl Plan {
    /// How many relayed addresses it is.
    const fn addresses(&self) -> usize {
        match self {
            Self::New {
                second: Some(_), ..
            } => 2,
            Self::New { second: None, .. } | Self::Kept(_) => 1,
        }
    }
}

/// For how long a client wants an allocation.
fn lifetime(message: &Message<'_>) -> Result<Duration, Refusal> {
    let Some(value) = message.value(AttributeType::LIFETIME) else {
        return Ok(DEFAULT_LIFE);
    };
    let seconds = value.try_into().map(u32::from_be_bytes);
    let seconds = seconds.map_err(|_| Refusal::BadRequest("The lifetime is malformed"))?;
    Ok(Duration::from_secs(u64::from(seconds)))
}

/// As LIFETIME is written.
fn seconds(life: Duration) -> [u8; 4] {
    let seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
    seconds.to_be_bytes()
}
