//! The guard at work: one lock, the clock, and whom it does not look at.

use super::{Asked, Guard, GuardOptions, Network, TooMany};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use visio_protocol::RoomId;
use visio_protocol::refusal::Refusal;

/// Shared by all connections and requests.
#[derive(Debug)]
pub(crate) struct Gate {
    guard: Mutex<Guard>,
    loopback: bool,
}

/// A connection that is counted for its address until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    gate: Arc<Gate>,
    network: Option<Network>,
}

impl Gate {
    pub(crate) fn new(options: &GuardOptions) -> Self {
        Self {
            guard: Mutex::new(Guard::new(options)),
            loopback: options.loopback,
        }
    }

    /// Whom to count something for that comes from this address; `None` for this machine itself,
    /// which is a web server that hands others' requests on, or its owner.
    pub(crate) fn network(&self, address: IpAddr) -> Option<Network> {
        let counts = self.loopback || !address.to_canonical().is_loopback();
        counts.then(|| Network::of(address))
    }

    /// Counts a connection; `None` when its address has as many as it may have.
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let network = self.network(address);
        let fits = network.is_none_or(|network| self.lock().connect(network));
        fits.then(|| Counted {
            gate: Arc::clone(self),
            network,
        })
    }

    /// Counts one, if it is allowed.
    pub(crate) fn ask(&self, network: Option<Network>, what: Asked) -> Result<(), Refusal> {
        let asked = network.map(|network| self.lock().ask(network, what, Instant::now()));
        asked.unwrap_or(Ok(())).map_err(refusal)
    }

    /// Whether one would be allowed.
    pub(crate) fn may(&self, network: Option<Network>, what: Asked) -> Result<(), Refusal> {
        let asked = network.map(|network| self.lock().may(network, what, Instant::now()));
        asked.unwrap_or(Ok(())).map_err(refusal)
    }

    /// Counts so many messages that are said in this room, if they are allowed.
    pub(crate) fn say(&self, room: RoomId, messages: usize) -> Result<(), Refusal> {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        let said = self.lock().say(room, messages, Instant::now());
        said.map_err(refusal)
    }

    /// Forgets those of whom there is nothing left to know.
    pub(crate) fn tick(&self, now: Instant) {
        self.lock().tick(now);
    }

    /// How many addresses are known.
    pub(crate) fn known(&self) -> usize {
        self.lock().known()
    }

    fn lock(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// A connection that is counted for nobody.
    pub(crate) fn nobody(gate: &Arc<Gate>) -> Self {
        Self {
            gate: Arc::clone(gate),
            network: None,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            self.gate.lock().disconnect(network);
        }
    }
}

/// In whole seconds, and never before it is of use.
fn refusal(too_many: TooMany) -> Refusal {
    let wait = too_many.wait + Duration::from_millis(999);
    Refusal::TooMany {
        seconds: wait.as_secs().max(1),
    }
}
