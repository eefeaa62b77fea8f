//! Whose certificates are believed: those of the authorities that browsers trust, as they were when
//! this was built, and of those that this machine trusts. A family may have an authority of its own.

use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What is spoken inside an encrypted connection to a relay (RFC 7443, section 3): a server may have
/// its web pages on the same port.
pub const TURN: &[u8] = b"stun.turn";

/// What is spoken inside one to a web server (RFC 7301, section 6).
pub const HTTP: &[u8] = b"http/1.1";

/// Encrypts a connection to `host`, a name or an address without brackets, in which `protocol` will
/// be spoken.
///
/// # Errors
/// When the other end is not who it should be; [`refused`] says why. Other errors are the network's.
pub async fn connect(
    stream: TcpStream,
    host: &str,
    protocol: &[u8],
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error: InvalidDnsNameError| io::Error::other(error))?;
    let mut config = config()?;
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It was good once.
    #[error("its certificate has expired")]
    Expired,
    /// It will be good later; or this machine's clock is behind.
    #[error("its certificate is not valid yet: is this machine's clock right?")]
    NotYet,
    /// It is good, but for another name.
    #[error("its certificate is for another name")]
    OtherName,
    /// Nobody whom this machine trusts has vouched for it.
    #[error("its certificate comes from nobody whom this machine trusts")]
    Stranger,
    /// Anything else that is wrong with it.
    #[error("its certificate can't be used")]
    Unusable,
}

/// Whether a connection failed because a certificate was not believed, and why it was not.
pub fn refused(error: &io::Error) -> Option<Doubt> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(error) = error else {
        return None;
    };
    Some(match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Doubt::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Doubt::NotYet
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Doubt::OtherName
        }
        CertificateError::UnknownIssuer => Doubt::Stranger,
        _ => Doubt::Unusable,
    })
}

/// Reading what a machine trusts takes milliseconds: it is done once.
fn config() -> io::Result<ClientConfig> {
    static CONFIG: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut trusted = RootCertStore::empty();
    trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // A store that can't be read, or holds something strange, leaves those above.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(CONFIG.get_or_init(|| config).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use std::net::Ipv4Addr;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    /// A server whose certificate nobody has vouched for, and what comes of a connection to it.
    async fn stranger() -> io::Error {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = async {
            let (stream, _) = listener.accept().await.unwrap();
            TlsAcceptor::from(Arc::new(config)).accept(stream).await
        };
        let connecting = async {
            let stream = TcpStream::connect(address).await.unwrap();
            connect(stream, "localhost", TURN).await
        };
        let (accepted, connected) = tokio::join!(accepting, connecting);
        assert!(accepted.is_err());
        connected.expect_err("nobody vouches for it")
    }

    #[tokio::test]
    async fn whom_nobody_vouches_for_is_not_trusted_and_that_is_said() {
        let error = stranger().await;
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(refused(&error), Some(Doubt::Stranger));
    }

    #[tokio::test]
    async fn what_is_no_name_is_refused_before_anything_is_sent() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let error = connect(stream, "no name", HTTP).await.unwrap_err();
        assert_eq!(refused(&error), None);
    }
}
