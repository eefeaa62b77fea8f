//! The certificate: where it comes from, and what is shown to whoever connects. It comes from an
//! authority that speaks ACME, or from files of the operator's own.
//!
//! It runs on the server's runtime, wakes up every few minutes, and costs no call any time.
//!
//! ```text
//! options     what can be set
//! domain      what a certificate is for
//! pair        a certificate with its key, read and checked
//! shown       what is shown right now
//! files       the operator's own files, read again when they change
//! schedule    pure: when to do what about one from an authority
//! keeper      does it
//! authority   ACME; its parts: web (asking over HTTPS), proof (that the domain is ours)
//! ```

mod authority;
mod domain;
mod files;
mod keeper;
mod options;
mod pair;
mod proof;
mod schedule;
mod shown;
mod web;

pub use domain::{Domain, NotADomain};
pub use options::CertificateOptions;

pub(crate) use shown::{ACME_TLS, Shown};

use crate::data::{DataError, Drawer};
use authority::Authority;
use files::Files;
use keeper::Keeper;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinHandle;
use web::Roots;

/// The folder, within the data folder, with what an authority gave.
const FOLDER: &str = "certificates";

/// What is wrong with a certificate or its key, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("{path} can't be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no certificate in it.
    #[error(
        "{path} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no key in it.
    #[error(
        "{path} holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// They don't belong together.
    #[error("the key in {key} is not that of the certificate in {certificate}")]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// It is PEM, and of no use all the same.
    #[error("{path} can't be used: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// A certificate that is looked after until this is dropped.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// What is shown.
    pub(crate) shown: Arc<Shown>,
    looking_after: JoinHandle<()>,
}

impl Certificate {
    /// Shows the certificate that there is, and looks after it from then on; `None` when none is
    /// wanted.
    ///
    /// # Errors
    /// [`CertificateError`], where the operator's own files can't be used. That an authority can't be
    /// reached is none: there may be a certificate all the same, or later.
    pub(crate) fn start(
        options: &CertificateOptions,
        data: &Path,
    ) -> Result<Option<Self>, CertificateError> {
        let shown = Arc::new(Shown::default());
        let looking_after = match options {
            CertificateOptions {
                certificate: Some(certificate),
                key: Some(key),
                ..
            } => {
                let (files, pair) = Files::open(certificate, key)?;
                shown.show(&pair);
                tokio::spawn(files.watch(Arc::clone(&shown)))
            }
            CertificateOptions {
                domain: Some(domain),
                ..
            } => {
                let roots = options.acme_root.as_deref().map(Roots::read).transpose()?;
                let authority = Authority {
                    directory: options.acme_directory.clone(),
                    roots: roots.unwrap_or(Roots::Public),
                    drawer: Drawer::open(data, FOLDER)?,
                };
                let keeper = Keeper::new(authority, domain.clone(), Arc::clone(&shown))?;
                tokio::spawn(keeper.keep())
            }
            _ => return Ok(None),
        };
        Ok(Some(Self {
            shown,
            looking_after,
        }))
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        self.looking_after.abort();
    }
}

/// Seconds since 1970.
fn time_of_day() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
