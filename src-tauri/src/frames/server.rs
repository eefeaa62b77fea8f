//! The loopback WebSocket that frames reach the page by.
//!
//! It listens on a random port of 127.0.0.1. Any program of this machine can find that port, so a connection must bring the
//! token of this launch, which only our page is told, and the origin that only our page has (a browser sends its own).
//!
//! Thread: one of its own, with its own small runtime; a frame is scaled there. Bounded: connections, what a page may say,
//! and one frame per tile under way; nothing is queued.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use visio_engine::video::scale::Scaler;

use super::drawn::Drawn;
use super::message::frame_message;
use super::outbox::{Due, Outbox};
use super::page_words::{MAX_WORD_BYTES, PageWord};
use super::pictures::Pictures;
use super::shown::Shown;
use super::tile::Size;

/// The one page, what is left of the one before it after a reload, and some room.
const MAX_CONNECTIONS: usize = 4;

/// A page on the same machine needs milliseconds.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where our page comes from: `tauri:` on Linux and macOS, a host name that the webview answers itself on Windows.
const ORIGINS: [&str; 3] = [
    "tauri://localhost",
    "http://tauri.localhost",
    "https://tauri.localhost",
];

/// The running server. It ends with the process.
pub struct FrameServer {
    address: SocketAddr,
    token: Token,
}

impl FrameServer {
    /// Starts listening and serving `pictures`; acknowledged frames are counted in `drawn`, and what is on the screen is
    /// noted in `shown`.
    pub fn start(
        pictures: Arc<dyn Pictures>,
        drawn: Arc<Drawn>,
        shown: Shown,
    ) -> io::Result<FrameServer> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let token = Token::random()?;
        let server = Arc::new(Serving {
            token: token.clone(),
            pictures,
            drawn,
            shown,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("frames".into())
            .spawn(move || runtime.block_on(server.accept(listener)))?;
        Ok(FrameServer { address, token })
    }

    /// What the page connects to. It holds the token: it is for the page alone.
    pub fn url(&self) -> String {
        format!("ws://{}/frames?token={}", self.address, self.token.0)
    }
}

/// 128 random bits, in hexadecimal.
#[derive(Clone)]
struct Token(String);

impl Token {
    fn random() -> io::Result<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Token(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// Compares in a time that doesn't tell how much of it was right.
    fn is(&self, given: &str) -> bool {
        let differing = self
            .0
            .bytes()
            .zip(given.bytes())
            .fold(0, |sum, (ours, theirs)| sum | (ours ^ theirs));
        given.len() == self.0.len() && differing == 0
    }
}

struct Serving {
    token: Token,
    pictures: Arc<dyn Pictures>,
    drawn: Arc<Drawn>,
    shown: Shown,
}

#[allow(
    clippy::result_large_err,
    reason = "the shape that tungstenite's callback has"
)]
impl Serving {
    async fn accept(self: Arc<Self>, listener: std::net::TcpListener) {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                return tracing::error!(%error, "frames: cannot listen; the page falls back to pulling");
            }
        };
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let connection = listener.accept().await;
            let Ok(place) = places.clone().try_acquire_owned() else {
                continue;
            };
            match connection {
                Ok((stream, _)) => {
                    let this = self.clone();
                    tokio::spawn(async move {
                        if let Err(error) = this.serve(stream).await {
                            tracing::debug!(%error, "frames: a connection ended");
                        }
                        drop(place);
                    });
                }
                // Out of file descriptors, most likely: trying again at once would only burn the processor.
                Err(error) => {
                    tracing::warn!(%error, "frames: cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    #[allow(
        clippy::result_large_err,
        reason = "the shape that tungstenite's callback has"
    )]
    async fn serve(&self, stream: TcpStream) -> Result<(), Error> {
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_WORD_BYTES))
            .max_frame_size(Some(MAX_WORD_BYTES))
            .write_buffer_size(0);
        let handshake = tokio_tungstenite::accept_hdr_async_with_config(
            stream,
            |request: &Request, response| self.admit(request, response),
            Some(config),
        );
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(socket) => self.converse(socket?).await,
            Err(_) => Err(Error::ConnectionClosed),
        }
    }

    /// Admits our own page and refuses everything else.
    fn admit(&self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        let ours = |origin: &str| ORIGINS.contains(&origin);
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|origin| origin.to_str().ok());
        let token = request
            .uri()
            .query()
            .and_then(|query| query.strip_prefix("token="));
        let admitted = request.uri().path() == "/frames"
            && origin.is_some_and(ours)
            && token.is_some_and(|token| self.token.is(token));
        if admitted {
            return Ok(response);
        }
        tracing::warn!(
            ?origin,
            token = token.is_some(),
            "frames: a connection was refused"
        );
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    }

    async fn converse(&self, socket: WebSocketStream<TcpStream>) -> Result<(), Error> {
        let (mut to_page, mut from_page) = socket.split();
        let (mut outbox, mut scaler) = (Outbox::default(), Scaler::default());
        let (mut bell, page) = (self.pictures.bell(), self.shown.page());
        loop {
            while let Some(due) = outbox.due(|tile| self.pictures.newest(tile)) {
                to_page
                    .send(Message::binary(render(&due, &mut scaler)))
                    .await?;
            }
            tokio::select! {
                word = from_page.next() => match word {
                    Some(Ok(Message::Text(text))) => match PageWord::parse(&text) {
                        Some(PageWord::Tiles(tiles)) => {
                            outbox.show(&tiles);
                            page.shows(&tiles);
                        }
                        Some(PageWord::Drawn { tile, number }) => {
                            if outbox.drawn(tile, number) {
                                self.drawn.count(tile, Instant::now());
                            }
                        }
                        None => tracing::debug!("frames: the page said something that is no word"),
                    },
                    Some(Ok(Message::Close(_))) | None => return Ok(()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                },
                rung = bell.changed() => if rung.is_err() {
                    return Ok(());
                },
            }
        }
    }
}

/// The message for one frame that is due, scaled to its tile.
fn render(due: &Due, scaler: &mut Scaler) -> Vec<u8> {
    let Size { width, height } = due.size;
    frame_message(
        due.tile,
        due.number,
        &scaler.scale(&due.frame, width, height),
    )
}

#[cfg(test)]
mod tests;
