//! A running relay.

use super::exchange::{Exchange, time_of_day};
use super::listen::{self, Listening, RelayError};
use super::stream;
use crate::connection::socket;
use crate::relay::core::{Core, Settings};
use crate::relay::counts::RelayCounts;
use crate::relay::credentials::RelaySecret;
use crate::relay::destinations::Reach;
use crate::relay::options::RelayOptions;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::LocalSet;

/// Streams that may wait at the door. When there are more, the newest are closed.
const WAITING: usize = 64;

/// After an error of `accept` (out of files, most likely), the time before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A relay that runs on a thread of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Relay {
    addresses: Vec<SocketAddr>,
    ips: Vec<IpAddr>,
    door: Door,
    counts: Arc<RelayCounts>,
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
}

/// A stream, whatever is under it.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Where streams come in that were accepted elsewhere: over TLS, at a port that is shared with HTTPS.
#[derive(Debug, Clone)]
pub struct Door(mpsc::Sender<(Box<dyn Stream>, SocketAddr)>);

impl Door {
    /// Lets the stream of a client at this address in. When too many are waiting it is closed.
    pub fn admit(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        address: SocketAddr,
    ) {
        let _ = self.0.try_send((Box::new(stream), address));
    }
}

impl Relay {
    /// Listens, and relays from then on.
    ///
    /// # Errors
    /// [`RelayError`], in words for whoever starts it.
    pub fn start(options: &RelayOptions, secret: RelaySecret) -> Result<Self, RelayError> {
        let listening: Vec<Listening> = options
            .listen
            .iter()
            .map(|address| Listening::at(*address))
            .collect::<Result<_, _>>()?;
        let addresses: Vec<_> = listening.iter().map(|it| it.address).collect();
        let ips = listen::relayed_ips(options, &addresses)?;
        let reach = listen::reach(options, &addresses, &ips)?;
        if reach == Reach::Public && !ips.iter().any(|ip| reach.allows(*ip)) {
            tracing::warn!(
                "the relay's address is not a public one: where the internet reaches it at another, say that with --relay-ip"
            );
        }
        let settings = Settings {
            secret,
            addresses: ips.clone(),
            ports: options.ports.0.clone(),
            reach,
            bounds: options.bounds(),
        };
        let mut nonce_key = [0; 32];
        getrandom::fill(&mut nonce_key).map_err(io::Error::other)?;
        let core = move || Core::new(settings, nonce_key, Instant::now(), time_of_day());

        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (door, admitted) = mpsc::channel(WAITING);
        let (ready, begun) = std::sync::mpsc::channel();
        let max_streams = options.max_streams;
        let counts = Arc::new(RelayCounts::default());
        let published = Arc::clone(&counts);
        thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || {
                let begin = || serve(core(), listening, admitted, max_streams, published);
                run(begin, &ready, stopped);
                let _ = end.send(());
            })?;
        begun.recv().map_err(io::Error::other)??;
        tracing::info!(?reach, "the relay is there");
        Ok(Self {
            addresses,
            ips,
            door: Door(door),
            counts,
            stop: Some(stop),
            ended,
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// At which addresses it relays.
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }

    /// What it has counted, a second ago at most.
    pub fn counts(&self) -> Arc<RelayCounts> {
        Arc::clone(&self.counts)
    }

    /// Where streams come in that were accepted elsewhere.
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Ends it, and gives its ports free.
    pub async fn stop(mut self) {
        self.stop = None;
        let _ = (&mut self.ended).await;
    }
}

/// Runs what `begin` begins, on the thread that calls, until it is to stop; says to `ready` whether it
/// could begin.
fn run(
    begin: impl FnOnce() -> io::Result<()>,
    ready: &std::sync::mpsc::Sender<io::Result<()>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Err(error) => drop(ready.send(Err(error))),
        Ok(runtime) => LocalSet::new().block_on(&runtime, async {
            let begun = begin();
            let goes_on = begun.is_ok();
            let _ = ready.send(begun);
            if goes_on {
                let _ = stopped.await;
            }
        }),
    }
}

/// Puts everything to work, on the thread that calls.
fn serve(
    core: Core,
    listening: Vec<Listening>,
    admitted: mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>,
    max_streams: usize,
    counts: Arc<RelayCounts>,
) -> io::Result<()> {
    let mut udp = Vec::new();
    let mut tcp = Vec::new();
    for listening in listening {
        let (datagrams, streams) = listen::for_tokio(listening)?;
        udp.push(datagrams);
        tcp.push(streams);
    }
    let count = u8::try_from(udp.len()).unwrap_or(u8::MAX);
    let exchange = Exchange::new(core, udp, counts);
    for number in 0..count {
        tokio::task::spawn_local(Rc::clone(&exchange).receive_listener(number));
    }
    let places = Arc::new(Semaphore::new(max_streams.min(Semaphore::MAX_PERMITS)));
    for listener in tcp {
        tokio::task::spawn_local(accept(Rc::clone(&exchange), listener, Arc::clone(&places)));
    }
    tokio::task::spawn_local(admit(Rc::clone(&exchange), admitted, places));
    tokio::task::spawn_local(exchange.tick());
    Ok(())
}

async fn accept(exchange: Rc<Exchange>, listener: TcpListener, places: Arc<Semaphore>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                socket::prepare(&stream);
                socket::keep_queue_short(&stream);
                spawn_stream(&exchange, stream, address, &places);
            }
            Err(error) => {
                tracing::warn!(%error, "a stream to the relay could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn admit(
    exchange: Rc<Exchange>,
    mut admitted: mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>,
    places: Arc<Semaphore>,
) {
    while let Some((stream, address)) = admitted.recv().await {
        spawn_stream(&exchange, stream, address, &places);
    }
}

/// Serves a stream, if there is a place for it.
fn spawn_stream<S>(exchange: &Rc<Exchange>, stream: S, address: SocketAddr, places: &Arc<Semaphore>)
where
    S: AsyncRead + AsyncWrite + 'static,
{
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        return;
    };
    let serving = stream::serve(Rc::clone(exchange), stream, address);
    tokio::task::spawn_local(async move {
        serving.await;
        drop(place);
    });
}
