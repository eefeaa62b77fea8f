//! A server with a temporary data folder, and clients that speak plain HTTP to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use std::time::Duration;
use tempfile::TempDir;
use visio_protocol::event::Event;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{CreateRoom, EnterRoom, RoomEntered, SendSignal, SendSignals, path};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::{Recipient, Role};
use visio_protocol::sse::{StreamEvent, StreamReader};
use visio_protocol::{RoomKeys, SessionId};
use visio_server::guard::GuardOptions;
use visio_server::relay::RelayOptions;
use visio_server::{Config, Limits, Server, data};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct World {
    pub server: Option<Server>,
    pub data: TempDir,
    pub limits: Limits,
    pub relay: RelayOptions,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        Self::with_both(limits, RelayOptions::default()).await
    }

    pub async fn with_guard(guard: GuardOptions) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data.path());
        config.guard = guard;
        Self {
            server: Some(Server::bind(config).await.unwrap()),
            data,
            limits: Limits::default(),
            relay: RelayOptions::default(),
        }
    }

    pub async fn with_relay(relay: RelayOptions) -> Self {
        Self::with_both(Limits::default(), relay).await
    }

    async fn with_both(limits: Limits, relay: RelayOptions) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data.path());
        config.limits = limits.clone();
        config.relay = relay.clone();
        let server = Server::bind(config).await.unwrap();
        Self {
            server: Some(server),
            data,
            limits,
            relay,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.as_ref().unwrap().url())
    }

    pub fn host_code(&self) -> String {
        data::host_code(self.data.path()).unwrap().reveal()
    }

    /// Stops the server and starts it again at the same address.
    pub async fn restart(&mut self) {
        let server = self.server.take().unwrap();
        let mut config = Config::new(server.address(), self.data.path());
        config.limits = self.limits.clone();
        config.relay = self.relay.clone();
        server.shutdown().await;
        self.server = Some(Server::bind(config).await.unwrap());
    }

    pub async fn create(&self, keys: &RoomKeys) -> Response {
        self.create_with(keys, &self.host_code()).await
    }

    pub async fn create_with(&self, keys: &RoomKeys, host_code: &str) -> Response {
        let body = CreateRoom {
            room: keys.room,
            admission_hash: keys.admission.hash(),
        };
        let request = ask(Method::POST, &self.url(path::ROOMS))
            .bearer_auth(host_code)
            .json(&body);
        request.send().await.unwrap()
    }

    /// A new room.
    pub async fn room(&self) -> RoomKeys {
        let keys = RoomKeys::derive(&InviteSecret::random());
        assert_eq!(self.create(&keys).await.status(), StatusCode::CREATED);
        keys
    }

    pub fn session(&self, keys: &RoomKeys) -> Session {
        Session {
            base: self.url(""),
            keys: keys.clone(),
            secret: SessionSecret::random(),
        }
    }

    /// A session in this room, with its stream.
    pub async fn enter(&self, keys: &RoomKeys, role: Role) -> (Session, Stream) {
        let session = self.session(keys);
        session.enter(role).await;
        let stream = session.listen(None).await;
        (session, stream)
    }
}

/// Looks to a server like the sealed message with this number, of about this length.
pub fn sealed(number: u64, length: usize) -> String {
    let head = [&[1][..], &number.to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode(head) + &"A".repeat(length)
}

/// A request as a client of this version makes it.
pub fn ask(method: Method, url: &str) -> RequestBuilder {
    Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(method, url)
        .header("visio-protocol", "1")
}

pub async fn refusal(response: Response) -> Refusal {
    let status = response.status().as_u16();
    let refusal: Refusal = response.json().await.unwrap();
    assert_eq!(refusal.status(), status);
    refusal
}

pub struct Session {
    pub base: String,
    pub keys: RoomKeys,
    pub secret: SessionSecret,
}

impl Session {
    pub fn id(&self) -> SessionId {
        self.secret.session_id()
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        ask(method, &format!("{}{path}", self.base)).bearer_auth(self.secret.to_bearer().as_str())
    }

    pub async fn try_enter(&self, role: Role, returning: bool) -> Response {
        let body = EnterRoom {
            admission: self.keys.admission.clone(),
            role,
            returning,
        };
        self.ask(Method::PUT, &path::me(&self.keys.room))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    pub async fn enter(&self, role: Role) -> RoomEntered {
        let response = self.try_enter(role, false).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    pub async fn leave(&self) {
        let response = self
            .ask(Method::DELETE, &path::me(&self.keys.room))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }

    pub async fn signal(&self, to: Recipient, sealed: &str) -> Response {
        let signals = vec![SendSignal {
            to,
            sealed: sealed.to_owned(),
        }];
        self.ask(Method::POST, &path::signals(&self.keys.room))
            .json(&SendSignals { signals })
            .send()
            .await
            .unwrap()
    }

    pub async fn try_listen(&self, last_id: Option<&str>) -> Response {
        let mut request = self.ask(Method::GET, path::EVENTS);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        request.send().await.unwrap()
    }

    pub async fn listen(&self, last_id: Option<&str>) -> Stream {
        let response = self.try_listen(last_id).await;
        assert_eq!(response.status(), StatusCode::OK);
        Stream {
            response,
            reader: StreamReader::new(),
            ready: Vec::new(),
            last_id: last_id.map(str::to_owned),
        }
    }
}

pub struct Stream {
    pub response: Response,
    reader: StreamReader,
    ready: Vec<StreamEvent>,
    pub last_id: Option<String>,
}

impl Stream {
    /// The next event; `None` when the stream ends.
    pub async fn next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk())
                .await
                .expect("an event in time");
            let piece = piece.ok().flatten()?;
            self.reader
                .push(&piece, |event| self.ready.push(event))
                .unwrap();
        }
        let event = self.ready.remove(0);
        self.last_id = event.id;
        Event::parse(&event.name, &event.data).unwrap()
    }

    /// The text of the next sealed message.
    pub async fn next_signal(&mut self) -> String {
        loop {
            match self.next().await.expect("the stream goes on") {
                Event::Signal(signal) => return signal.sealed,
                _ => continue,
            }
        }
    }
}
