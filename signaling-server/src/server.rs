//! A running server.

use crate::certificate::{Certificate, CertificateError, CertificateOptions};
use crate::client_address::ProxyOptions;
use crate::config::Config;
use crate::connection::{self, Entrance};
use crate::control::{self, Door, Whereabouts};
use crate::data::{DataError, Store};
use crate::defaults::HTTPS;
use crate::encrypted::Port;
use crate::files;
use crate::firewall::Firewall;
use crate::guard::{Gate, GuardOptions};
use crate::http::{self, App};
use crate::hub::Hub;
use crate::listening::{advice, listen};
use crate::metrics::{self, Counters};
use crate::relay::{Relay, RelayError, RelayOptions, RelaySecret, Relays};
use crate::shared::{self, SharedError, Start};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
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
    #[error("can't listen on {address}: {source}{}", advice(source))]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it can't.
        source: std::io::Error,
    },
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// What it shares with other servers.
    #[error(transparent)]
    Shared(#[from] SharedError),
    /// TLS itself.
    #[error("TLS does not work: {0}")]
    Tls(#[from] rustls::Error),
    /// No address to listen on was left.
    #[error("there is no address to listen on: name one with --listen")]
    Nowhere,
    /// The system.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// The system.
    #[error("the system does not say where it listens: {0}")]
    System(std::io::Error),
    /// The program is being ended.
    #[error("the start was interrupted")]
    Ended,
}

/// A server that runs in this process, on the tokio runtime that started it. Dropping it ends it at
/// once, as killing the program would.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    firewall: Option<Firewall>,
    relay: Option<Relay>,
    /// Looked after until the server ends.
    _certificate: Option<Certificate>,
    stop: watch::Sender<bool>,
    /// Where its numbers are.
    watched: Option<SocketAddr>,
    /// Everything that people, its owner and those who watch over it reach.
    serving: Vec<JoinHandle<()>>,
    ticking: JoinHandle<()>,
}

impl Server {
    /// Opens the data folder, listens, and serves.
    ///
    /// # Errors
    /// [`StartError`], in words for whoever starts it.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let mut config = config.complete();
        let data = config.data.clone();
        let alone = config.shared.redis.is_none();
        let open = move || {
            let store = Store::open(&data)?;
            if alone {
                store.leave_group()?;
            }
            Ok::<_, DataError>(store)
        };
        let store = tokio::task::spawn_blocking(open)
            .await
            .map_err(|_| StartError::Ended)??;
        let listeners = listen_at(&config.listen)?;
        let unencrypted = listen_at(&config.certificate.http_listen)?;
        let watched = listen_at(config.metrics.listen.as_slice())?;
        let watched_at = addresses(&watched)?.first().copied();
        let addresses = addresses(&listeners)?;
        let address = *addresses.first().ok_or(StartError::Nowhere)?;
        let limits = &mut config.limits;
        let others = config.relay.max_files() + OTHER_FILES;
        limits.max_connections = files::places(limits.max_connections, others);
        tracing::info!(
            connections = limits.max_connections,
            streams = limits.max_connections.min(limits.max_sessions),
            "there is room for so many"
        );

        let epoch = getrandom::u32().map_err(|_| StartError::NoRandomness)?;
        let mut relay_secret = store.relay_secret();
        let mut sharing = None;
        let hub = match &config.shared.redis {
            Some(redis) => {
                let id = getrandom::u64().map_err(|_| StartError::NoRandomness)?;
                let start = shared::start(redis, &store, &config.limits, id).await?;
                let Start {
                    shared,
                    hub,
                    joined,
                } = start;
                relay_secret = shared.relay_secret();
                sharing = Some((Arc::new(shared), joined));
                hub
            }
            None => {
                // Where there are rooms there may have been people in them.
                let restarted = store.room_count() > 0;
                Hub::new(config.limits.clone(), epoch, restarted, Instant::now())
            }
        };
        tracing::info!(rooms = store.room_count(), "started");
        let encrypted = config.certificate.is_wanted().then(|| address.port());
        let (relay, relays) = start_relay(&config.relay, relay_secret, encrypted)?;
        let certificate = Certificate::start(&config.certificate, &config.data)?;
        let gate = Gate::new(&config.guard);
        let shared = sharing.as_ref().map(|(shared, _)| Arc::clone(shared));
        let limits = config.limits.clone();
        let app = Arc::new(App::new(limits, gate, store, hub, relays, shared));

        let (stop, stopped) = watch::channel(false);
        let port = certificate.as_ref().map(|certificate| {
            let door = relay.as_ref().map(Relay::door);
            Port::new(Arc::clone(&certificate.shown), door)
        });
        let url = url(&config.certificate, address);
        let most = config.limits.max_connections.min(Semaphore::MAX_PERMITS);
        let entrance = Entrance {
            router: http::router(Arc::clone(&app)),
            encrypted: port.transpose()?,
            proxies: config.proxies,
            request_time: config.limits.request_time,
            places: Arc::new(Semaphore::new(most)),
            gate: Arc::clone(&app.gate),
            counters: Arc::clone(&app.counters),
        };
        let firewall = config.certificate.domain.is_some().then(|| {
            let relay = relay.as_ref().map(Relay::addresses).unwrap_or_default();
            let http = config.certificate.http_listen.iter().copied();
            Firewall::new(
                addresses.into_iter().chain(http),
                relay,
                &config.relay.ports,
            )
        });
        let mut serving = Vec::new();
        if let Some((shared, joined)) = sharing {
            let run = shared::run(Arc::clone(&app), shared, joined, stopped.clone());
            serving.push(tokio::spawn(run));
        }
        // An address that means all of them leads nowhere from elsewhere.
        let known = config.certificate.domain.is_some() || !address.ip().is_unspecified();
        let whereabouts = Whereabouts {
            url: known.then(|| url.clone()),
            firewall: firewall.as_ref().map(Firewall::to_string),
        };
        match Door::open(&config.data) {
            Ok(door) => {
                let serve = control::serve(Arc::clone(&app), door, whereabouts, stopped.clone());
                serving.push(tokio::spawn(serve));
            }
            // A folder whose path is too long for a socket, or a file system that knows none.
            Err(error) => {
                tracing::warn!(%error, "commands (rooms, invite, host-code new and revoke) can't reach this server while it runs");
            }
        }
        for listener in watched {
            let counts = relay.as_ref().map(Relay::counts);
            let entrance = Entrance {
                router: metrics::router(Arc::clone(&app), counts),
                encrypted: None,
                proxies: ProxyOptions::default(),
                request_time: entrance.request_time,
                places: Arc::new(Semaphore::new(WATCHERS)),
                gate: Arc::new(Gate::new(&GuardOptions::default())),
                counters: Arc::new(Counters::default()),
            };
            let serve = connection::serve(listener, entrance, stopped.clone());
            serving.push(tokio::spawn(serve));
        }
        if let Some(certificate) = &certificate {
            let shown = Arc::clone(&certificate.shown);
            let entrance = Entrance {
                router: http::unencrypted::router(shown, url.clone()),
                encrypted: None,
                ..entrance.clone()
            };
            for listener in unencrypted {
                let serve = connection::serve(listener, entrance.clone(), stopped.clone());
                serving.push(tokio::spawn(serve));
            }
        }
        for listener in listeners {
            let serve = connection::serve(listener, entrance.clone(), stopped.clone());
            serving.push(tokio::spawn(serve));
        }
        Ok(Self {
            address,
            url,
            firewall,
            relay,
            _certificate: certificate,
            stop,
            watched: watched_at,
            serving,
            ticking: tokio::spawn(tick(app, stopped)),
        })
    }

    /// Where it listens; the first of several.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its numbers are, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.watched
    }

    /// What to write in an invite: valid everywhere with a domain, and without one on this machine.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What a firewall must let through, where people come from outside.
    pub fn firewall(&self) -> Option<&Firewall> {
        self.firewall.as_ref()
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
        for serving in &mut self.serving {
            let _ = serving.await;
        }
        if let Some(relay) = self.relay.take() {
            relay.stop().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ticking.abort();
        for serving in &self.serving {
            serving.abort();
        }
    }
}

/// The relay of this server where it has one, and what sessions are told of relays.
fn start_relay(
    options: &RelayOptions,
    own: [u8; 32],
    encrypted: Option<u16>,
) -> Result<(Option<Relay>, Option<Relays>), StartError> {
    let own = || RelaySecret::from_bytes(own);
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
        (_, Some((relay, secret))) => Some(Relays::own(relay, secret.clone(), options, encrypted)),
        (_, None) => None,
    };
    Ok((relay.map(|(relay, _)| relay), relays))
}

fn listen_at(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    listen(addresses).map_err(|(address, source)| StartError::Listen { address, source })
}

fn addresses(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, StartError> {
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses
        .collect::<Result<_, _>>()
        .map_err(StartError::System)
}

/// Where people find a server that listens here.
fn url(certificate: &CertificateOptions, address: SocketAddr) -> String {
    match (&certificate.domain, certificate.is_wanted()) {
        (Some(domain), _) if address.port() == HTTPS => format!("https://{domain}"),
        (Some(domain), _) => format!("https://{domain}:{}", address.port()),
        (None, true) => format!("https://{address}"),
        (None, false) => format!("http://{address}"),
    }
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
