//! Taking somebody in at the encrypted port: the handshake, and finding out what they want. Both
//! together take 10 s at most.

use super::handshakes::Handshakes;
use super::service::{NAMES, Service};
use crate::certificate::{ACME_TLS, Shown};
use crate::connection::socket;
use crate::relay::Door;
use rustls::ServerConfig;
use rustls::crypto::ring;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long somebody may take until it is known what they want: three ways there and back on a bad
/// line, with losses.
const ENTER_TIME: Duration = Duration::from_secs(10);

/// An encrypted port. Clones share everything.
#[derive(Clone)]
pub(crate) struct Port {
    acceptor: TlsAcceptor,
    handshakes: Arc<Handshakes>,
    /// Where the relay comes in; without it, whoever wants the relay is turned away.
    relay: Option<Door>,
}

/// Somebody who has come in.
pub(crate) enum Visitor {
    /// To ask something over HTTP.
    Web(Box<TlsStream<TcpStream>>),
    /// Already at the relay, or turned away: nothing is left to be done.
    Served,
}

impl Port {
    /// A port that shows this certificate, and leads to this relay if there is one.
    ///
    /// # Errors
    /// When rustls does not work at all.
    pub(crate) fn new(shown: Arc<Shown>, relay: Option<Door>) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        let names = NAMES.into_iter().chain([ACME_TLS]);
        config.alpn_protocols = names.map(<[u8]>::to_vec).collect();
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            handshakes: Arc::default(),
            relay,
        })
    }

    /// Takes in whoever has connected from this address.
    pub(crate) async fn enter(&self, socket: TcpStream, address: SocketAddr) -> Visitor {
        let Some(_under_way) = self.handshakes.begin(address.ip()) else {
            return Visitor::Served;
        };
        // An error here is a client that went away, does not like the certificate, or speaks no TLS.
        match tokio::time::timeout(ENTER_TIME, self.welcome(socket)).await {
            Ok(Ok((stream, Service::Web))) => Visitor::Web(Box::new(stream)),
            Ok(Ok((stream, Service::Relay))) => {
                if let Some(relay) = &self.relay {
                    socket::keep_queue_short(stream.get_ref().0);
                    relay.admit(stream, address);
                }
                Visitor::Served
            }
            Ok(Err(_)) | Err(_) => Visitor::Served,
        }
    }

    async fn welcome(&self, socket: TcpStream) -> io::Result<(TlsStream<TcpStream>, Service)> {
        let mut stream = self.acceptor.accept(socket).await?;
        let service = match stream.get_ref().1.alpn_protocol() {
            // The authority has seen what it wanted to see, and is named no service.
            Some(name) => Service::named(name),
            // Looked at, and left for the service to read.
            None => {
                let first = stream.fill_buf().await?.first().copied();
                first.map(Service::beginning_with)
            }
        };
        let service = service.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((stream, service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Somebody who has connected, and our end of that.
    async fn connected() -> (TcpStream, TcpStream, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap());
        let (theirs, ours) = tokio::join!(theirs, listener.accept());
        let (ours, address) = ours.unwrap();
        (theirs.unwrap(), ours, address)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_never_finishes_a_handshake_is_let_go_after_ten_seconds() {
        let port = Port::new(Arc::default(), None).unwrap();
        let (_theirs, ours, address) = connected().await;
        let began = tokio::time::Instant::now();
        let visitor = port.enter(ours, address).await;
        assert!(matches!(visitor, Visitor::Served));
        assert_eq!(began.elapsed().as_secs(), ENTER_TIME.as_secs());
        assert!(port.handshakes.begin(address.ip()).is_some());
    }

    #[tokio::test]
    async fn whoever_begins_too_many_handshakes_is_turned_away_at_once() {
        let port = Port::new(Arc::default(), None).unwrap();
        let (_theirs, ours, address) = connected().await;
        let mut under_way = Vec::new();
        while let Some(handshake) = port.handshakes.begin(address.ip()) {
            under_way.push(handshake);
        }
        let visitor = port.enter(ours, address).await;
        assert!(matches!(visitor, Visitor::Served));
    }
}
