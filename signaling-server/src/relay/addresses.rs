//! Relayed addresses: which are open, and whose they are.

use super::client::Client;
use super::refusal::Refusal;
use super::wish::{Port, Token};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How long a port is kept for whoever has its token (RFC 8656, section 7.2).
const KEPT_FOR: Duration = Duration::from_secs(30);

/// Ports that are kept at a time. Only clients from the time of RTP without multiplexing ask.
const MAX_KEPT: usize = 64;

/// Ports that may turn out to be another program's before a client is told that there is none.
const MAX_TRIES: usize = 16;

const NO_PORT: Refusal = Refusal::ServerFull("This relay has no free port of that kind");

/// The sockets behind relayed addresses: real ones in the server, a list in tests.
pub trait Sockets {
    /// Opens the socket of this address; `false` when the system does not give it.
    fn open(&mut self, relayed: SocketAddr) -> bool;

    /// Closes it.
    fn close(&mut self, relayed: SocketAddr);

    /// Whether this is an address of this machine.
    fn is_own(&mut self, ip: IpAddr) -> bool;
}

/// A relayed address that was opened, and the token of the next one if that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) address: SocketAddr,
    pub(super) token: Option<Token>,
}

/// All relayed addresses that are open.
#[derive(Debug)]
pub(super) struct Addresses {
    ports: RangeInclusive<u16>,
    /// Whose each is; nobody's while it is kept.
    owners: HashMap<SocketAddr, Option<Client>>,
    kept: HashMap<Token, (SocketAddr, Instant)>,
}

impl Addresses {
    pub(super) fn new(ports: RangeInclusive<u16>) -> Self {
        Self {
            ports,
            owners: HashMap::new(),
            kept: HashMap::new(),
        }
    }

    /// Whose address this is.
    pub(super) fn owner(&self, address: SocketAddr) -> Option<Client> {
        *self.owners.get(&address)?
    }

    /// Opens an address at this IP for a client.
    pub(super) fn open(
        &mut self,
        client: Client,
        ip: IpAddr,
        port: Port,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) -> Result<Opened, Refusal> {
        let token = match port {
            Port::EvenAndNext if self.kept.len() >= MAX_KEPT => return Err(NO_PORT),
            Port::EvenAndNext => Some(random::<{ size_of::<Token>() }>()?),
            Port::Any | Port::Even => None,
        };
        let address = self.open_one(ip, port, sockets)?;
        self.owners.insert(address, Some(client));
        if let Some(token) = token {
            let next = SocketAddr::new(ip, address.port() + 1);
            self.owners.insert(next, None);
            self.kept.insert(token, (next, now + KEPT_FOR));
        }
        Ok(Opened { address, token })
    }

    /// Gives a client the address that was kept under this token.
    pub(super) fn claim(
        &mut self,
        token: &Token,
        client: Client,
        now: Instant,
    ) -> Result<SocketAddr, Refusal> {
        match self.kept.get(token) {
            Some(&(address, until)) if now < until => {
                self.kept.remove(token);
                self.owners.insert(address, Some(client));
                Ok(address)
            }
            _ => Err(NO_PORT),
        }
    }

    /// Closes an address.
    pub(super) fn close(&mut self, address: SocketAddr, sockets: &mut dyn Sockets) {
        self.owners.remove(&address);
        sockets.close(address);
    }

    /// Closes what was kept for nobody who came.
    pub(super) fn tick(&mut self, now: Instant, sockets: &mut dyn Sockets) {
        let owners = &mut self.owners;
        self.kept.retain(|_, (address, until)| {
            let stays = now < *until;
            if !stays {
                owners.remove(address);
                sockets.close(*address);
            }
            stays
        });
    }

    /// Looks for a free port, from a random one onwards: what a stranger can't guess.
    fn open_one(
        &self,
        ip: IpAddr,
        port: Port,
        sockets: &mut dyn Sockets,
    ) -> Result<SocketAddr, Refusal> {
        let (first, last) = (*self.ports.start(), *self.ports.end());
        let count = u32::from(last - first) + 1;
        let start = u32::from_be_bytes(random()?) % count;
        let mut tries = 0;
        for step in 0..count {
            let number = first + ((start + step) % count) as u16;
            let wanted = match port {
                Port::Any => true,
                Port::Even => number.is_multiple_of(2),
                Port::EvenAndNext => number.is_multiple_of(2) && number < last,
            };
            let address = SocketAddr::new(ip, number);
            let pair = (port == Port::EvenAndNext).then(|| SocketAddr::new(ip, number + 1));
            let taken = |address: &SocketAddr| self.owners.contains_key(address);
            if !wanted || taken(&address) || pair.as_ref().is_some_and(taken) {
                continue;
            }
            if sockets.open(address) {
                match pair {
                    Some(pair) if !sockets.open(pair) => sockets.close(address),
                    _ => return Ok(address),
                }
            }
            tries += 1;
            if tries == MAX_TRIES {
                break;
            }
        }
        Err(NO_PORT)
    }
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(NO_PORT),
    }
}
