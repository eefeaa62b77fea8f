//! Requests to a server, each with a bounded time and a bounded answer.

use super::SignalingError;
use super::addresses::Addresses;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use visio_protocol::host_code::HostCode;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{
    CLOCK_TOLERANCE_MS, CreateRoom, EnterRoom, HeardAlive, MAX_ANSWER, RoomCreated, RoomEntered,
    SendSignals, SignalsSent, VERSION_HEADER, path,
};
use visio_protocol::secret::SessionSecret;
use visio_protocol::sse::{StreamEvent, StreamReader};
use visio_protocol::{PROTOCOL_VERSION, RoomId, ServerUrl};

/// For a connection to be made: a round trip or three to the other end of the world, with one
/// packet lost.
const CONNECT_TIME: Duration = Duration::from_secs(4);

/// For an answer to arrive in full.
const ANSWER_TIME: Duration = Duration::from_secs(6);

/// For an answer that says nothing: a network that does not carry it in this time has changed, most
/// likely.
const ALIVE_TIME: Duration = Duration::from_secs(3);

/// For telling the server that we leave: nobody waits long with the lid half closed.
const LEAVE_TIME: Duration = Duration::from_secs(2);

/// Silence after which an event stream is dead: a heartbeat of the server is long overdue.
const STREAM_SILENCE: Duration = Duration::from_secs(25);

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiError {
    /// No answer.
    Unreachable,
    /// No trustworthy connection.
    Certificate,
    /// An answer that no Visio server gives.
    NotVisio,
    /// An answer of another version.
    OtherVersion(u8),
    /// Clocks that are so many minutes apart.
    Clock(u64),
    /// The server's refusal.
    Refused(Refusal),
}

impl ApiError {
    /// Whether trying again is of no use.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Unreachable | Self::Certificate | Self::NotVisio | Self::Clock(_) => false,
            Self::OtherVersion(_) => true,
            Self::Refused(refusal) => matches!(
                refusal,
                Refusal::RoomUnknown
                    | Refusal::Admission
                    | Refusal::Version { .. }
                    | Refusal::Malformed
            ),
        }
    }

    /// In terms that concern people.
    pub(super) fn for_people(self, server: &ServerUrl) -> SignalingError {
        let server = server.authority();
        match self {
            Self::Unreachable => SignalingError::Unreachable { server },
            Self::Certificate => SignalingError::Certificate { server },
            Self::NotVisio => SignalingError::NotVisio { server },
            Self::OtherVersion(theirs) => SignalingError::OtherVersion { server, theirs },
            Self::Clock(minutes) => SignalingError::Clock { server, minutes },
            Self::Refused(refusal) => match refusal {
                Refusal::RoomUnknown | Refusal::Admission => SignalingError::RoomGone,
                Refusal::HostCode => SignalingError::HostCode,
                Refusal::RoomFull => SignalingError::Full,
                Refusal::ServerFull
                | Refusal::RoomsFull
                | Refusal::TooMany { .. }
                | Refusal::Unavailable => SignalingError::Busy { server },
                Refusal::Version { protocol } => SignalingError::OtherVersion {
                    server,
                    theirs: protocol,
                },
                _ => SignalingError::ServerTrouble { server },
            },
        }
    }
}

/// One server.
pub(super) struct Api {
    server: ServerUrl,
    /// Exchanged for a new one when its connections are in doubt. `None` when the system gives no
    /// TLS at all.
    client: Mutex<Option<Client>>,
    /// Counts the exchanges: a request of before is not waited for.
    renewals: watch::Sender<u64>,
    /// Which of the server's addresses new connections begin with.
    turn: AtomicUsize,
}

impl Api {
    pub(super) fn new(server: ServerUrl) -> Self {
        let client = Mutex::new(client(&server, 0));
        let renewals = watch::Sender::new(0);
        Self {
            server,
            client,
            renewals,
            turn: AtomicUsize::new(1),
        }
    }

    pub(super) fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Lets go of every connection there is: those to a network that is gone look alive for
    /// minutes. New ones begin with the next of the server's addresses.
    pub(super) fn renew(&self) {
        self.renew_at(self.turn.fetch_add(1, Ordering::Relaxed));
    }

    /// As [`Self::renew`], beginning with the address that this turn begins with.
    pub(super) fn renew_at(&self, turn: usize) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client(&self.server, turn);
        self.renewals.send_modify(|renewals| *renewals += 1);
    }

    /// Waits for an answer, but not by a connection that has been let go of meanwhile: a network that
    /// is gone would keep it waiting for as long as it may take.
    async fn unless_renewed<T>(
        &self,
        answer: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let mut renewals = self.renewals.subscribe();
        tokio::select! {
            answer = answer => answer,
            _ = renewals.changed() => Err(ApiError::Unreachable),
        }
    }

    pub(super) async fn create_room(
        &self,
        code: &HostCode,
        body: &CreateRoom,
    ) -> Result<RoomCreated, ApiError> {
        let request = self
            .request(Method::POST, path::ROOMS)?
            .bearer_auth(code.reveal());
        let created: RoomCreated = read(self.ask(request, ANSWER_TIME, Some(body)).await?).await?;
        check_clock(created.now)?;
        Ok(created)
    }

    pub(super) async fn enter(
        &self,
        secret: &SessionSecret,
        room: &RoomId,
        body: &EnterRoom,
    ) -> Result<RoomEntered, ApiError> {
        let request = self.signed(Method::PUT, &path::me(room), secret)?;
        let entered: RoomEntered = read(self.ask(request, ANSWER_TIME, Some(body)).await?).await?;
        if entered.me != secret.session_id() {
            return Err(ApiError::NotVisio);
        }
        check_clock(entered.now)?;
        Ok(entered)
    }

    pub(super) async fn leave(
        &self,
        secret: &SessionSecret,
        room: &RoomId,
    ) -> Result<(), ApiError> {
        let request = self.signed(Method::DELETE, &path::me(room), secret)?;
        self.ask(request, LEAVE_TIME, None::<&()>).await.map(drop)
    }

    pub(super) async fn signals(
        &self,
        secret: &SessionSecret,
        room: &RoomId,
        body: &SendSignals,
    ) -> Result<SignalsSent, ApiError> {
        let request = self.signed(Method::POST, &path::signals(room), secret)?;
        read(self.ask(request, ANSWER_TIME, Some(body)).await?).await
    }

    /// Says that the session lives; gives the id of its newest event.
    pub(super) async fn alive(&self, secret: &SessionSecret) -> Result<Option<String>, ApiError> {
        let request = self.signed(Method::POST, path::ALIVE, secret)?;
        let heard: HeardAlive = read(self.ask(request, ALIVE_TIME, None::<&()>).await?).await?;
        Ok(heard.newest)
    }

    /// The same by a connection of its own, which owes nothing to those that there are. Gives the turn
    /// at which the server answered, whatever it said.
    pub(super) async fn try_alive(&self, secret: &SessionSecret) -> Result<usize, ApiError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let client = client(&self.server, turn).ok_or(ApiError::Unreachable)?;
        let request = self.sign(self.request_by(&client, Method::POST, path::ALIVE), secret);
        match send(request.timeout(CONNECT_TIME)).await {
            Ok(_) | Err(ApiError::Refused(_)) => Ok(turn),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn events(
        &self,
        secret: &SessionSecret,
        last_id: Option<&str>,
    ) -> Result<Events, ApiError> {
        let mut request = self.signed(Method::GET, path::EVENTS, secret)?;
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        // The time is for the head of the answer alone: the stream itself has no end.
        let response = tokio::time::timeout(ANSWER_TIME, self.unless_renewed(send(request)))
            .await
            .map_err(|_| ApiError::Unreachable)??;
        let is_stream = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if !is_stream {
            return Err(ApiError::NotVisio);
        }
        Ok(Events {
            response,
            reader: StreamReader::new(),
            ready: VecDeque::new(),
        })
    }

    async fn ask(
        &self,
        request: RequestBuilder,
        time: Duration,
        body: Option<&impl Serialize>,
    ) -> Result<Response, ApiError> {
        let request = request.timeout(time);
        let sent = send(match body {
            Some(body) => request.json(body),
            None => request,
        });
        self.unless_renewed(sent).await
    }

    fn signed(
        &self,
        method: Method,
        path: &str,
        secret: &SessionSecret,
    ) -> Result<RequestBuilder, ApiError> {
        Ok(self.sign(self.request(method, path)?, secret))
    }

    fn sign(&self, request: RequestBuilder, secret: &SessionSecret) -> RequestBuilder {
        request.header(
            AUTHORIZATION,
            format!("Bearer {}", secret.to_bearer().as_str()),
        )
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ApiError> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = client.as_ref().ok_or(ApiError::Unreachable)?;
        Ok(self.request_by(client, method, path))
    }

    fn request_by(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.server);
        client
            .request(method, url)
            .header(VERSION_HEADER, u16::from(PROTOCOL_VERSION))
    }
}

/// A server's event stream, piece by piece.
pub(super) struct Events {
    response: Response,
    reader: StreamReader,
    /// Events that arrived together: those of one piece, which a connection bounds.
    ready: VecDeque<StreamEvent>,
}

/// What an event stream gave last.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Event(StreamEvent),
    /// It ended or broke, or nothing was heard for too long.
    End,
    /// What came was not an event stream.
    Malformed,
}

impl Events {
    /// Waits for the next event. What was read is not lost when this is dropped while waiting.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Next::Event(event);
            }
            let piece = match tokio::time::timeout(STREAM_SILENCE, self.response.chunk()).await {
                Ok(Ok(Some(piece))) => piece,
                _ => return Next::End,
            };
            let ready = &mut self.ready;
            if self
                .reader
                .push(&piece, |event| ready.push_back(event))
                .is_err()
            {
                return Next::Malformed;
            }
        }
    }
}

fn client(server: &ServerUrl, turn: usize) -> Option<Client> {
    let builder = Client::builder()
        .dns_resolver(Arc::new(Addresses { turn }))
        .connect_timeout(CONNECT_TIME)
        .redirect(redirect::Policy::none())
        .referer(false);
    let builder = if server.is_near() {
        builder.no_proxy()
    } else {
        builder
    };
    builder
        .build()
        .inspect_err(|error| tracing::error!(%error, "no HTTP client can be made"))
        .ok()
}

/// Sends a request and looks at the head of the answer: is it a Visio server's, of our version, and
/// no refusal?
async fn send(request: RequestBuilder) -> Result<Response, ApiError> {
    let response = request
        .send()
        .await
        .map_err(|error| transport_error(&error))?;
    let version = response
        .headers()
        .get(VERSION_HEADER)
        .ok_or(ApiError::NotVisio)?;
    match version
        .to_str()
        .ok()
        .and_then(|version| version.parse().ok())
    {
        Some(PROTOCOL_VERSION) => {}
        Some(theirs) => return Err(ApiError::OtherVersion(theirs)),
        None => return Err(ApiError::NotVisio),
    }
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match read::<Refusal>(response).await {
        Ok(refusal) => Err(ApiError::Refused(refusal)),
        Err(_) if status == StatusCode::NOT_FOUND => Err(ApiError::NotVisio),
        Err(error) => Err(error),
    }
}

fn transport_error(error: &reqwest::Error) -> ApiError {
    // The TLS library's error is several sources down, as a type of another crate: its name is the
    // only thing to go by.
    if format!("{error:?}").contains("InvalidCertificate") {
        ApiError::Certificate
    } else {
        ApiError::Unreachable
    }
}

/// Reads an answer of bounded length.
async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, ApiError> {
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| transport_error(&error))?
    {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(ApiError::NotVisio);
        }
        body.extend_from_slice(&piece);
    }
    serde_json::from_slice(&body).map_err(|_| ApiError::NotVisio)
}

fn check_clock(theirs: u64) -> Result<(), ApiError> {
    let ours = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let ours = u64::try_from(ours.as_millis()).unwrap_or(u64::MAX);
    let apart = ours.abs_diff(theirs);
    if apart > CLOCK_TOLERANCE_MS {
        Err(ApiError::Clock(apart / 60_000))
    } else {
        Ok(())
    }
}
