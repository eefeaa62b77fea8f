//! The encrypted port: HTTPS and the relay behind one certificate, and what is said where there is
//! none.

use crate::support::{PATIENCE, Session};
use crate::turn_client::{Line, TurnClient};
use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client, StatusCode};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use visio_protocol::RoomKeys;
use visio_protocol::relay::RelayAccess;
use visio_protocol::request::{CreateRoom, EnterRoom, RoomEntered, path};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::Role;
use visio_server::relay::RelayOptions;
use visio_server::{Config, Server, data};

const NAME: &str = "call.example.org";

/// A server with a certificate of its own, and a relay for this machine alone.
struct Encrypted {
    server: Server,
    data: TempDir,
    /// The certificate as PEM: whoever trusts it trusts the server.
    certificate: String,
}

impl Encrypted {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let made = generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
        let files = data.path().with_extension("files");
        std::fs::create_dir(&files).unwrap();
        std::fs::write(files.join("chain.pem"), made.cert.pem()).unwrap();
        std::fs::write(files.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data.path());
        config.certificate.certificate = Some(files.join("chain.pem"));
        config.certificate.key = Some(files.join("key.pem"));
        config.relay = RelayOptions {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            host: Some(NAME.to_owned()),
            lan: true,
            ..RelayOptions::default()
        };
        let server = Server::bind(config).await.unwrap();
        std::fs::remove_dir_all(files).unwrap();
        Self {
            server,
            data,
            certificate: made.cert.pem(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn client(&self) -> Client {
        Client::builder()
            .no_proxy()
            .add_root_certificate(Certificate::from_pem(self.certificate.as_bytes()).unwrap())
            .resolve(NAME, self.address())
            .build()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{NAME}:{}{path}", self.address().port())
    }

    /// A stream through TLS, for whoever names these protocols.
    async fn stream<S>(&self, socket: S, names: &[&[u8]]) -> TlsStream<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = names.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from(NAME).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, socket).await.unwrap()
    }

    async fn socket(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    /// What a session that enters a room over HTTPS is told of the relay.
    async fn access(&self) -> RelayAccess {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let create = CreateRoom {
            room: keys.room,
            admission_hash: keys.admission.hash(),
        };
        let created = self
            .client()
            .post(self.url(path::ROOMS))
            .header("visio-protocol", "1")
            .bearer_auth(data::host_code(self.data.path()).unwrap().reveal())
            .json(&create)
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), StatusCode::CREATED);
        let session = Session {
            base: self.url(""),
            keys: keys.clone(),
            secret: SessionSecret::random(),
        };
        let enter = EnterRoom {
            admission: keys.admission.clone(),
            role: Role::Calling,
            returning: false,
        };
        let entered = self
            .client()
            .put(self.url(&path::me(&keys.room)))
            .header("visio-protocol", "1")
            .bearer_auth(session.secret.to_bearer().as_str())
            .json(&enter)
            .send()
            .await
            .unwrap();
        let entered: RoomEntered = entered.json().await.unwrap();
        entered.relay.unwrap()
    }
}

#[tokio::test]
async fn https_and_the_relay_share_one_port() {
    let world = Encrypted::new().await;
    let access = world.access().await;
    let encrypted = format!("turns:{NAME}:{}?transport=tcp", world.address().port());
    assert_eq!(access.urls.last(), Some(&encrypted));
    // By what they name, and where they name nothing, by what they begin with.
    let all: [&[u8]; 3] = [b"http/1.1", b"stun.turn", b"stun.nat-discovery"];
    for names in [&all[1..2], &all[2..], &all, &[]] {
        let stream = world.stream(world.socket().await, names).await;
        let mut client = TurnClient::new(Line::Stream(Box::new(stream)), &access);
        assert!(client.allocate().await.ip().is_loopback());
    }
    for names in [&[&b"h2"[..], b"http/1.1"][..], &[]] {
        let mut stream = world.stream(world.socket().await, names).await;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_encrypted_or_never_ends_disturbs_nobody() {
    let world = Encrypted::new().await;
    let _silent = world.socket().await;
    let mut plain = world.socket().await;
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let read = plain.read_to_end(&mut rest);
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("it ends");
    assert!(!rest.starts_with(b"HTTP"));
    let answer = world.client().get(world.url(path::HEALTH)).send();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn each_frame_of_the_relay_is_a_tls_record_of_its_own() {
    let world = Encrypted::new().await;
    let records = Arc::new(Records::default());
    let socket = Counted {
        socket: world.socket().await,
        records: Arc::clone(&records),
    };
    let mut stream = world.stream(socket, &[b"stun.turn"]).await;
    let binding = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], b"transaction "].concat();
    let mut answer = vec![0; 512];
    // With the first answer come TLS's own messages, such as tickets.
    stream.write_all(&binding).await.unwrap();
    let length = stream.read(&mut answer).await.unwrap();
    let before = records.count.load(Ordering::Relaxed);
    stream.write_all(&binding.repeat(3)).await.unwrap();
    let mut answers = vec![0; 3 * length];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut answers))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(records.count.load(Ordering::Relaxed) - before, 3);
}

/// TLS records that have come in, found by their headers: kind, version, length.
#[derive(Default)]
struct Records {
    count: AtomicUsize,
    unread: Mutex<Vec<u8>>,
}

impl Records {
    fn push(&self, bytes: &[u8]) {
        let mut unread = self.unread.lock().unwrap();
        unread.extend(bytes);
        while let Some(&[_, _, _, high, low]) = unread.first_chunk() {
            let whole = 5 + usize::from(u16::from_be_bytes([high, low]));
            if unread.len() < whole {
                break;
            }
            unread.drain(..whole);
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Counted {
    socket: TcpStream,
    records: Arc<Records>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        self.records.push(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
