//! What can be set about the certificate. Each is an option of the program and an environment
//! variable.

use super::domain::Domain;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The directory of Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the certificate comes from. Without one the server speaks plain HTTP.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Certificate")]
pub struct CertificateOptions {
    /// The name that leads to this machine (call.example.org), or where there is none, its public
    /// address: a certificate for it is obtained and renewed, people are served on port 443, and the
    /// relay is switched on. Whoever uses this agrees to the terms of the authority, Let's Encrypt.
    #[arg(long, value_name = "NAME", env = "VISIO_DOMAIN")]
    pub domain: Option<Domain>,

    /// A file with your own certificate, and after it those that vouch for it, in PEM form. It is read
    /// again when it changes.
    #[arg(long, value_name = "FILE", env = "VISIO_CERTIFICATE", requires = "key")]
    pub certificate: Option<PathBuf>,

    /// The file with the private key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE", env = "VISIO_KEY", requires = "certificate")]
    pub key: Option<PathBuf>,

    /// Where to answer plain HTTP, with --domain: the authority's questions, and everybody else with
    /// the address of the encrypted port. Without it, port 80 of all addresses.
    #[arg(
        long,
        value_name = "ADDR",
        env = "VISIO_HTTP_LISTEN",
        value_delimiter = ',',
        requires = "domain"
    )]
    pub http_listen: Vec<SocketAddr>,

    /// The directory of another authority that speaks ACME.
    #[arg(long, value_name = "URL", env = "VISIO_ACME_DIRECTORY", default_value = LETS_ENCRYPT, value_parser = directory)]
    pub acme_directory: String,

    /// A file with the certificates, in PEM form, that vouch for that authority's own server. Without
    /// it those that browsers trust.
    #[arg(long, value_name = "FILE", env = "VISIO_ACME_ROOT")]
    pub acme_root: Option<PathBuf>,
}

impl Default for CertificateOptions {
    fn default() -> Self {
        Self {
            domain: None,
            certificate: None,
            key: None,
            http_listen: Vec::new(),
            acme_directory: LETS_ENCRYPT.to_owned(),
            acme_root: None,
        }
    }
}

impl CertificateOptions {
    /// Whether there is to be one.
    pub(crate) fn is_wanted(&self) -> bool {
        self.domain.is_some() || self.certificate.is_some()
    }
}

fn directory(text: &str) -> Result<String, String> {
    if text.starts_with("https://") && text.len() > "https://".len() {
        Ok(text.to_owned())
    } else {
        Err(format!("a URL such as {LETS_ENCRYPT}"))
    }
}
