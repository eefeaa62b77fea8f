//! A connection to a server: HTTP/1.1 on TCP, with TLS where the server has a certificate.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use visio_protocol::request::VERSION_HEADER;

use crate::Trouble;

/// Where a server is, and how it is spoken to.
pub struct Door {
    at: SocketAddr,
    encrypted: Option<TlsConnector>,
}

/// A connection through it.
pub struct Line(SendRequest<Full<Bytes>>);

impl Door {
    /// To the server at this address, whose certificate this is.
    pub fn new(at: SocketAddr, certificate: Option<&Path>) -> Result<Self, Trouble> {
        let encrypted = certificate.map(connector).transpose()?;
        Ok(Self { at, encrypted })
    }

    /// A new connection.
    pub async fn open(&self) -> Result<Line, Trouble> {
        let plain = TcpStream::connect(self.at).await?;
        plain.set_nodelay(true)?;
        match &self.encrypted {
            None => Line::on(plain).await,
            Some(connector) => {
                let name = ServerName::from(self.at.ip());
                Line::on(connector.connect(name, plain).await?).await
            }
        }
    }
}

fn connector(certificate: &Path) -> Result<TlsConnector, Trouble> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(certificate)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(Arc::new(config).into())
}

impl Line {
    async fn on<S>(stream: S) -> Result<Self, Trouble>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Asks, and gives what is answered, as it begins to arrive.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        bearer: &str,
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, Trouble> {
        self.0.ready().await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header(VERSION_HEADER, "1")
            .header("authorization", format!("Bearer {bearer}"))
            .header("content-type", "application/json")
            .body(Full::from(body))?;
        let response = self.0.send_request(request).await?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(format!("{path}: the server answered {}", response.status()).into()),
        }
    }

    /// As [`Self::ask`] with this as JSON, and what is answered read to its end.
    pub async fn tell<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        bearer: &str,
        body: &impl Serialize,
    ) -> Result<T, Trouble> {
        let body = serde_json::to_vec(body)?;
        let response = self.ask(method, path, bearer, body).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    }
}
