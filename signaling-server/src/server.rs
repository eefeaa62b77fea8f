//! A running server.

use crate::config::Config;
use crate::connection::{self, Entrance};
use crate::control::{self, Door};
use crate::data::{DataError, Store};
use crate::files;
use crate::guard::{Gate, GuardOptions};
use crate::http::{self, App};
use crate::hub::Hub;
use crate::metrics::{self, Counters};
use crate::relay::{Relay, RelayError, RelayOptions, RelaySecret, Relays};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// How often departures, heartbeats and settling are looked after: half a second of the ten within
/// which a vanished person is gone.
const TICK: Duration = Duration::from_millis(500);

/// Open files besides connections and what the relay has: the database and its lock, logs, the
/// runtime's own, commands, numbers; with as many again to spare.
const OTHER_FILES: usize = 100;

/// Connections of those who watch over the server.
const WATCHERS: usize = 32;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The address.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it can't.
        source: std::io::Error,
    },
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The system.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// A server that runs in this process, on the tokio runtime that started it. Dropping it ends it at
/// once, as killing the program would.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    relay: Option<Relay>,
    stop: watch::Sender<bool>,
    /// Where its numbers are.
    watched: Option<SocketAddr>,
    watching: Option<JoinHandle<()>>,
    serving: JoinHandle<()>,
    ticking: JoinHandle<()>,
    /// Takes the owner's commands, if it can.
    commanded: Option<JoinHandle<()>>,
}

impl Server {
    /// Opens the data folder, listens, and serves.
    ///
    /// # Errors
    /// [`StartError`], in words for whoever starts it.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let Config {
            listen,
            data,
            mut limits,
            guard,
            relay,
            metrics,
        } = config;
        let folder = data.clone();
        let store = tokio::task::spawn_blocking(move || Store::open(&folder))
            .await
            .map_err(|error| listen_error(listen, std::io::Error::other(error)))??;
        let (listener, address) = listen_at(listen).await?;
        let watched = match metrics.listen {
            Some(address) => Some(listen_at(address).await?),
            None => None,
        };
        let others = relay.max_files() + OTHER_FILES;
        limits.max_connections = files::places(limits.max_connections, others);
        tracing::info!(
            connections = limits.max_connections,
            streams = limits.max_connections.min(limits.max_sessions),
            "there is room for so many"
        );

        let epoch = getrandom::u32().map_err(|_| StartError::NoRandomness)?;
        // Where there are rooms there may have been people in them.
        let restarted = store.room_count() > 0;
        tracing::info!(rooms = store.room_count(), "started");
        let hub = Hub::new(limits.clone(), epoch, restarted, Instant::now());
        let (relay, relays) = start_relay(&relay, &store)?;
        let relay_counts = relay.as_ref().map(Relay::counts);
        let gate = Gate::new(&guard);
        let app = Arc::new(App::new(limits.clone(), gate, store, hub, relays));

        let (stop, stopped) = watch::channel(false);
        let router = http::router(Arc::clone(&app));
        let known = (!address.ip().is_unspecified()).then(|| format!("http://{address}"));
        let commanded = match Door::open(&data) {
            Ok(door) => Some(control::serve(
                Arc::clone(&app),
                door,
                known,
                stopped.clone(),
            )),
            // A folder whose path is too long for a socket, or a file system that knows none.
            Err(error) => {
                tracing::warn!(%error, "commands (rooms, invite, host-code new and revoke) can't reach this server while it runs");
                None
            }
        };
        Ok(Self {
            address,
            relay,
            stop,
            commanded: commanded.map(tokio::spawn),
            ticking: tokio::spawn(tick(Arc::clone(&app), stopped.clone())),
            watched: watched.as_ref().map(|(_, address)| *address),
            watching: watched.map(|(listener, _)| {
                let counts = relay_counts;
                let router = metrics::router(Arc::clone(&app), counts);
                let entrance = Entrance {
                    places: WATCHERS,
                    request_time: limits.request_time,
                    gate: Arc::new(Gate::new(&GuardOptions::default())),
                    counters: Arc::new(Counters::default()),
                };
                tokio::spawn(connection::serve(
                    listener,
                    router,
                    entrance,
                    stopped.clone(),
                ))
            }),
            serving: {
                let entrance = Entrance {
                    places: limits.max_connections,
                    request_time: limits.request_time,
                    gate: Arc::clone(&app.gate),
                    counters: Arc::clone(&app.counters),
                };
                tokio::spawn(connection::serve(listener, router, entrance, stopped))
            },
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its numbers are, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.watched
    }

    /// What to write in an invite: valid on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The relay, if there is one.
    pub fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref()
    }

    /// Ends every stream, lets requests that are under way end, and gives the address and the data
    /// folder free.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let _ = (&mut self.ticking).await;
        let _ = (&mut self.serving).await;
        for other in [&mut self.commanded, &mut self.watching]
            .into_iter()
            .flatten()
        {
            let _ = other.await;
        }
        if let Some(relay) = self.relay.take() {
            relay.stop().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ticking.abort();
        self.serving.abort();
        for other in [&self.commanded, &self.watching].into_iter().flatten() {
            other.abort();
        }
    }
}

/// The relay of this server where it has one, and what sessions are told of relays.
fn start_relay(
    options: &RelayOptions,
    store: &Store,
) -> Result<(Option<Relay>, Option<Relays>), StartError> {
    let own = || RelaySecret::from_bytes(store.relay_secret());
    let relay = if options.listen.is_empty() {
        None
    } else {
        // The secret of another relay is not this one's.
        let shared = options.secret.clone().filter(|_| options.urls.is_empty());
        let secret = shared.unwrap_or_else(own);
        Some((Relay::start(options, secret.clone())?, secret))
    };
    let relays = match (&options.secret, &relay) {
        (Some(secret), _) if !options.urls.is_empty() => {
            Some(Relays::foreign(&options.urls, secret.clone(), options))
        }
        (_, Some((relay, secret))) => Some(Relays::own(relay, secret.clone(), options)),
        (_, None) => None,
    };
    Ok((relay.map(|(relay, _)| relay), relays))
}

async fn listen_at(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| listen_error(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn listen_error(address: SocketAddr, source: std::io::Error) -> StartError {
    StartError::Listen { address, source }
}

async fn tick(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => {
                let now = Instant::now();
                app.hub().tick(now);
                app.gate.tick(now);
            }
        }
    }
    app.hub().close();
}
