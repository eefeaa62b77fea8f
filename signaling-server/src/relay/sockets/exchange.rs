//! Where packets come in and go out: hands each to the core, and on to where the core says.

use super::datagrams::Arrivals;
use super::frame_queue::{FrameQueue, Kind};
use super::relayed::RelayedSockets;
use crate::relay::client::{Client, Via};
use crate::relay::core::{Core, Outcome};
use crate::relay::counts::RelayCounts;
use crate::relay::packet::Packet;
use socket2::SockRef;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// How often what is over is put away.
const TICK: Duration = Duration::from_secs(1);

/// After an error of a socket that should not happen, the time before it is asked again.
const ERROR_PAUSE: Duration = Duration::from_millis(20);

/// A packet among [`Arrivals`] that is to go somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    from: Origin,
    /// Where to.
    pub(super) to: SocketAddr,
    /// Which of the packets.
    pub(super) packet: usize,
}

/// A datagram socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The listener with this number.
    Listener(u8),
    /// The socket of this relayed address.
    Relayed(SocketAddr),
}

/// The queue of one stream, and what tells its writer that something is in it.
#[derive(Default)]
pub(super) struct Outbox {
    queue: RefCell<FrameQueue>,
    filled: Notify,
}

impl Outbox {
    pub(super) fn push(&self, packet: &Packet, kind: Kind, now: Instant) {
        self.queue.borrow_mut().push(packet.as_bytes(), kind, now);
        self.filled.notify_one();
    }

    /// The next frame to write.
    pub(super) async fn next(&self) -> Vec<u8> {
        loop {
            if let Some(frame) = self.queue.borrow_mut().pop(Instant::now()) {
                return frame;
            }
            self.filled.notified().await;
        }
    }

    /// The buffer of a frame that was written.
    pub(super) fn written(&self, frame: Vec<u8>) {
        self.queue.borrow_mut().give_back(frame);
    }
}

/// Everything that the relay's thread has. Borrowed for the time of one batch, never across an await.
pub(super) struct Exchange {
    listeners: Vec<UdpSocket>,
    inner: RefCell<Inner>,
    counts: Arc<RelayCounts>,
}

struct Inner {
    core: Core,
    relayed: RelayedSockets,
    arrivals: Arrivals,
    letters: Vec<Letter>,
    streams: HashMap<u64, Rc<Outbox>>,
    /// The number of the newest stream.
    newest: u64,
}

impl Exchange {
    pub(super) fn new(core: Core, listeners: Vec<UdpSocket>, counts: Arc<RelayCounts>) -> Rc<Self> {
        Rc::new_cyclic(|exchange| Self {
            listeners,
            counts,
            inner: RefCell::new(Inner {
                core,
                relayed: RelayedSockets::new(exchange.clone()),
                arrivals: Arrivals::new(),
                letters: Vec::new(),
                streams: HashMap::new(),
                newest: 0,
            }),
        })
    }

    /// Serves the listener with this number, for ever.
    pub(super) async fn receive_listener(self: Rc<Self>, number: u8) {
        if let Some(socket) = self.listeners.get(usize::from(number)) {
            self.receive(socket, Origin::Listener(number)).await;
        }
    }

    /// Serves the socket of a relayed address, until the task is aborted.
    pub(super) async fn receive_relayed(
        self: Rc<Self>,
        socket: Rc<UdpSocket>,
        relayed: SocketAddr,
    ) {
        self.receive(&socket, Origin::Relayed(relayed)).await;
    }

    async fn receive(&self, socket: &UdpSocket, at: Origin) {
        loop {
            let readable = socket.readable().await;
            if readable.and_then(|()| self.exchange(socket, at)).is_err() {
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }

    /// Takes what has arrived at a socket and sends it on.
    fn exchange(&self, socket: &UdpSocket, at: Origin) -> std::io::Result<()> {
        let inner = &mut *self.inner.borrow_mut();
        let count = inner.arrivals.receive(socket)?;
        let now = Instant::now();
        inner.letters.clear();
        for index in 0..count {
            let Some((packet, from)) = inner.arrivals.get(index) else {
                continue;
            };
            let outcome = match at {
                Origin::Listener(number) => {
                    let client = Client {
                        address: from,
                        via: Via::Datagrams(number),
                    };
                    inner
                        .core
                        .client_sent(client, packet, now, &mut inner.relayed)
                }
                Origin::Relayed(relayed) => inner.core.peer_sent(relayed, from, packet, now),
            };
            let way = route(outcome, packet, &inner.streams, Kind::Media, now);
            let Some((from, to)) = way else {
                continue;
            };
            inner.letters.push(Letter {
                from,
                to,
                packet: index,
            });
        }
        for letters in inner.letters.chunk_by(|a, b| a.from == b.from) {
            if let Some(socket) = self.socket(&inner.relayed, letters[0].from) {
                inner.arrivals.send(socket, letters);
            }
        }
        Ok(())
    }

    fn socket<'a>(&'a self, relayed: &'a RelayedSockets, origin: Origin) -> Option<&'a UdpSocket> {
        match origin {
            Origin::Listener(number) => self.listeners.get(usize::from(number)),
            Origin::Relayed(address) => relayed.get(address).map(|socket| &**socket),
        }
    }

    /// A client has come with a stream.
    pub(super) fn join(&self, address: SocketAddr) -> (Client, Rc<Outbox>) {
        let inner = &mut *self.inner.borrow_mut();
        inner.newest += 1;
        let outbox = Rc::new(Outbox::default());
        inner.streams.insert(inner.newest, Rc::clone(&outbox));
        let client = Client {
            address,
            via: Via::Stream(inner.newest),
        };
        (client, outbox)
    }

    /// A frame of a client's stream.
    pub(super) fn frame(&self, client: Client, packet: &mut Packet) {
        let inner = &mut *self.inner.borrow_mut();
        let now = Instant::now();
        let outcome = inner
            .core
            .client_sent(client, packet, now, &mut inner.relayed);
        let kind = match outcome {
            Outcome::ToClient(receiver) if receiver == client => Kind::Answer,
            _ => Kind::Media,
        };
        let Some((from, to)) = route(outcome, packet, &inner.streams, kind, now) else {
            return;
        };
        if let Some(socket) = self.socket(&inner.relayed, from) {
            // What the system has no room for is lost, as on every link.
            let _ = SockRef::from(socket).send_to(packet.as_bytes(), &to.into());
        }
    }

    /// Whether a client has an allocation.
    pub(super) fn serves(&self, client: Client) -> bool {
        self.inner.borrow().core.serves(client)
    }

    /// The stream of a client has ended.
    pub(super) fn gone(&self, client: Client) {
        let inner = &mut *self.inner.borrow_mut();
        if let Via::Stream(number) = client.via {
            inner.streams.remove(&number);
        }
        inner.core.gone(client, &mut inner.relayed);
    }

    /// Puts away what is over, for ever.
    pub(super) async fn tick(self: Rc<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let inner = &mut *self.inner.borrow_mut();
            let now = Instant::now();
            let held_back = inner.core.tick(now, time_of_day(), &mut inner.relayed);
            self.counts.publish(inner.core.counted(), held_back);
            if held_back > 0 {
                tracing::warn!(
                    packets = held_back,
                    "the relay held packets back: a session, or all together, sent more than they may"
                );
            }
        }
    }
}

/// Which socket a packet leaves by, and where to. What goes to a stream is put into its queue here.
fn route(
    outcome: Outcome,
    packet: &Packet,
    streams: &HashMap<u64, Rc<Outbox>>,
    kind: Kind,
    now: Instant,
) -> Option<(Origin, SocketAddr)> {
    match outcome {
        Outcome::Nothing => None,
        Outcome::ToPeer { relayed, peer } => Some((Origin::Relayed(relayed), peer)),
        Outcome::ToClient(client) => match client.via {
            Via::Datagrams(number) => Some((Origin::Listener(number), client.address)),
            Via::Stream(number) => {
                streams.get(&number)?.push(packet, kind, now);
                None
            }
        },
    }
}

/// Seconds since 1970.
pub(super) fn time_of_day() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
