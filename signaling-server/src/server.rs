//! A running server.

use crate::config::Config;
use crate::connection;
use crate::control::{self, Door};
use crate::data::{DataError, Store};
use crate::http::{self, App};
use crate::hub::Hub;
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
            limits,
            relay,
        } = config;
        let folder = data.clone();
        let store = tokio::task::spawn_blocking(move || Store::open(&folder))
            .await
            .map_err(|error| listen_error(listen, std::io::Error::other(error)))??;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| listen_error(listen, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| listen_error(listen, error))?;

        let epoch = getrandom::u32().map_err(|_| StartError::NoRandomness)?;
        // Where there are rooms there may have been people in them.
        let restarted = store.room_count() > 0;
        tracing::info!(rooms = store.room_count(), "started");
        let hub = Hub::new(limits.clone(), epoch, restarted, Instant::now());
        let (relay, relays) = start_relay(&relay, &store)?;
        let app = Arc::new(App::new(limits.clone(), store, hub, relays));

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
            serving: tokio::spawn(connection::serve(listener, router, limits, stopped)),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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
        if let Some(commanded) = &mut self.commanded {
            let _ = commanded.await;
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
        if let Some(commanded) = &self.commanded {
            commanded.abort();
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

fn listen_error(address: SocketAddr, source: std::io::Error) -> StartError {
    StartError::Listen { address, source }
}

async fn tick(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => app.hub().tick(Instant::now()),
        }
    }
    app.hub().close();
}
