//! Asking an authority over HTTPS, with bounds: an authority that hangs, or never ends its answer,
//! costs a minute and no memory.

use super::CertificateError;
use super::pair::DAMAGED;
use bytes::Bytes;
use http_body_util::Limited;
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take to begin.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// The longest answer, in bytes. A certificate with all that vouch for it has some 10,000.
const LONGEST: usize = 1024 * 1024;

/// By whom the authority's own server must be vouched for.
#[derive(Debug, Clone)]
pub(super) enum Roots {
    /// By one of those that browsers trust; they are part of this program.
    Public,
    /// By one of these.
    Own(Arc<RootCertStore>),
}

impl Roots {
    /// Those in a file.
    ///
    /// # Errors
    /// When it can't be read, or holds no certificate.
    pub(super) fn read(path: &Path) -> Result<Self, CertificateError> {
        let pem = std::fs::read(path).map_err(|source| CertificateError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(&pem) {
            let added = root
                .map_err(|_| DAMAGED.to_owned())
                .and_then(|root| roots.add(root).map_err(|error| error.to_string()));
            added.map_err(|reason| CertificateError::Unusable {
                path: path.to_owned(),
                reason,
            })?;
        }
        if roots.is_empty() {
            return Err(CertificateError::NoCertificate {
                path: path.to_owned(),
            });
        }
        Ok(Self::Own(Arc::new(roots)))
    }
}

/// A client of authorities.
pub(super) struct Web(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl Web {
    /// One that trusts these.
    pub(super) fn new(roots: &Roots) -> Result<Self, Error> {
        let other = |error: rustls::Error| Error::Other(Box::new(error));
        let provider = ring::default_provider();
        let builder = HttpsConnectorBuilder::new();
        let builder = match roots {
            Roots::Public => builder
                .with_provider_and_webpki_roots(provider)
                .map_err(|error| Error::Other(Box::new(error)))?,
            Roots::Own(roots) => {
                let config = ClientConfig::builder_with_provider(Arc::new(provider))
                    .with_safe_default_protocol_versions()
                    .map_err(other)?
                    .with_root_certificates(Arc::clone(roots))
                    .with_no_client_auth();
                builder.with_tls_config(config)
            }
        };
        let connector = builder.https_only().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let answered = tokio::time::timeout(REQUEST_TIME, self.0.request(request));
        Box::pin(async move {
            let answer = answered
                .await
                .map_err(|error| Error::Other(Box::new(error)))?
                .map_err(|error| Error::Other(Box::new(error)))?;
            Ok(answer.map(|body| Limited::new(body, LONGEST)).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::pair::tests::made;
    use super::*;

    #[test]
    fn roots_that_are_missing_or_none_are_told_by_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        let said = |path: &Path| Roots::read(path).unwrap_err().to_string();
        assert!(said(&path).contains("can't be read"));
        std::fs::write(&path, "hello").unwrap();
        assert!(said(&path).contains("holds no certificate in PEM form"));
        std::fs::write(&path, made("authority.example").0).unwrap();
        assert!(matches!(Roots::read(&path), Ok(Roots::Own(_))));
    }
}
