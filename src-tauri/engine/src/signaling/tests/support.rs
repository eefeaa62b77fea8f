//! A server in this process, people in its rooms, and servers that misbehave.

use crate::signaling::{Entered, Role, Signaling, SignalingEvent, create_room};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use visio_protocol::message::Signal;
use visio_protocol::{Invite, ServerUrl};
use visio_server::relay::RelayOptions;
use visio_server::{Config, Limits, Server, data};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(15);

pub struct World {
    server: Option<Server>,
    address: SocketAddr,
    data: TempDir,
    limits: Limits,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    /// Whose server sends people to a relay.
    pub async fn with_relay(relay: RelayOptions) -> Self {
        let mut world = Self::new().await;
        world.stop().await;
        let config = Config {
            relay,
            ..Config::new(world.address, world.data.path())
        };
        world.server = Some(Server::bind(config).await.unwrap());
        world
    }

    pub async fn with(limits: Limits) -> Self {
        Self::at("127.0.0.1:0", limits).await
    }

    /// Listening there.
    pub async fn at(address: &str, limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config {
            limits: limits.clone(),
            ..Config::new(address.parse().unwrap(), data.path())
        };
        let server = Server::bind(config).await.unwrap();
        Self {
            address: server.address(),
            server: Some(server),
            data,
            limits,
        }
    }

    pub async fn stop(&mut self) {
        self.server.take().unwrap().shutdown().await;
    }

    pub async fn start(&mut self) {
        let config = Config {
            limits: self.limits.clone(),
            ..Config::new(self.address, self.data.path())
        };
        self.server = Some(Server::bind(config).await.unwrap());
    }

    /// As after a disk that broke.
    pub fn forget_rooms(&self) {
        std::fs::remove_file(self.data.path().join("rooms.redb")).unwrap();
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> ServerUrl {
        self.address.to_string().parse().unwrap()
    }

    pub fn host_code(&self) -> String {
        data::host_code(self.data.path()).unwrap().reveal()
    }

    pub async fn invite(&self) -> Invite {
        create_room(&self.url(), &self.host_code()).await.unwrap()
    }
}

/// Somebody in a room.
pub struct Person {
    pub signaling: Signaling,
    pub entered: Entered,
    events: mpsc::Receiver<SignalingEvent>,
}

impl Person {
    pub async fn enter(invite: &Invite, role: Role) -> Self {
        let (signaling, events, entered) = Signaling::enter(invite, role).await.unwrap();
        Self {
            signaling,
            entered,
            events,
        }
    }

    pub async fn next(&mut self) -> SignalingEvent {
        tokio::time::timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event in time")
            .expect("the session goes on")
    }

    /// The next thing that somebody says; what else happens is given too.
    pub async fn next_signal(&mut self) -> (Signal, Vec<SignalingEvent>) {
        let mut others = Vec::new();
        loop {
            match self.next().await {
                SignalingEvent::Signal { signal, .. } => return (signal, others),
                other => others.push(other),
            }
        }
    }

    /// What happens from now on, for so long.
    pub async fn watch(&mut self, time: Duration) -> Vec<SignalingEvent> {
        let mut events = Vec::new();
        let end = tokio::time::Instant::now() + time;
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.events.recv()).await {
            events.push(event);
        }
        events
    }
}

/// An answer as a Visio server gives it.
pub fn visio(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nvisio-protocol: 1\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A server that answers requests by this function from a request's first line and its bearer to
/// bytes, whatever they are.
pub async fn fake_server(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> ServerUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = listener.local_addr().unwrap().to_string().parse().unwrap();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let length = socket.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let _ = socket.write_all(&answer(&request)).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    url
}

/// A network between people and a server, which can break. Connections are carried for as long as
/// they are in the set of tasks.
pub struct Network {
    pub url: ServerUrl,
    carried: Arc<Mutex<JoinSet<()>>>,
    /// What becomes of the connections that are there when it breaks.
    frozen: watch::Sender<u32>,
    /// What becomes of those that are made then.
    dark: watch::Sender<bool>,
}

impl Network {
    /// To this server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = listener.local_addr().unwrap().to_string().parse().unwrap();
        let carried = Arc::new(Mutex::new(JoinSet::new()));
        let frozen = watch::Sender::new(0);
        let dark = watch::Sender::new(false);
        tokio::spawn({
            let (carried, frozen, dark) = (Arc::clone(&carried), frozen.clone(), dark.clone());
            async move {
                while let Ok((near, _)) = listener.accept().await {
                    if *dark.borrow() {
                        let hanging = async move {
                            std::future::pending::<()>().await;
                            drop(near);
                        };
                        carried.lock().unwrap().spawn(hanging);
                        continue;
                    }
                    carried
                        .lock()
                        .unwrap()
                        .spawn(carry(near, server, frozen.subscribe()));
                }
            }
        });
        Self {
            url,
            carried,
            frozen,
            dark,
        }
    }

    /// Ends every connection; new ones work.
    pub fn cut(&self) {
        self.carried.lock().unwrap().abort_all();
    }

    /// Nothing is carried any more, by no connection; and when there is light again, only by new ones.
    pub fn darken(&self, dark: bool) {
        self.dark.send_replace(dark);
        self.freeze();
    }

    /// Every connection carries nothing any more, and neither end is told; new ones work.
    pub fn freeze(&self) {
        self.frozen.send_modify(|times| *times += 1);
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr, mut frozen: watch::Receiver<u32>) {
    let Ok(mut far) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = frozen.changed() => std::future::pending().await,
    }
}
