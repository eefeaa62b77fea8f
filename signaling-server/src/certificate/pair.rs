//! A certificate with its key: read from PEM, found to belong together, and for how long it is good.

use super::CertificateError;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::path::Path;
use std::sync::Arc;
use x509_parser::prelude::parse_x509_certificate;

/// What is said of PEM text that begins and does not end, or holds other letters than it may.
pub(super) const DAMAGED: &str = "its text is damaged or cut off";

/// For how long a certificate is good, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    /// From when.
    pub(crate) from: u64,
    /// Until when.
    pub(crate) until: u64,
}

/// A certificate with its key, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// What rustls shows.
    pub(crate) key: Arc<CertifiedKey>,
    /// For how long.
    pub(crate) validity: Validity,
}

/// PEM text, and the file that it came from.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) path: &'a Path,
    pub(crate) pem: &'a [u8],
}

impl Pair {
    /// The certificate and those that vouch for it in one text, the key in the other or the same.
    ///
    /// # Errors
    /// [`CertificateError`], when either is no PEM, can't be used, or they don't belong together. One
    /// that has expired is no error: whether that matters is not decided here.
    pub(crate) fn read(chain: Text<'_>, key: Text<'_>) -> Result<Self, CertificateError> {
        let unusable = |path: &Path, reason: &dyn std::fmt::Display| CertificateError::Unusable {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(chain.pem)
            .collect::<Result<_, _>>()
            .map_err(|_| unusable(chain.path, &DAMAGED))?;
        let Some(first) = certificates.first() else {
            return Err(CertificateError::NoCertificate {
                path: chain.path.to_owned(),
            });
        };
        let validity = validity(first).map_err(|reason| unusable(chain.path, &reason))?;
        let private = PrivateKeyDer::from_pem_slice(key.pem).map_err(|error| match error {
            pem::Error::NoItemsFound => CertificateError::NoKey {
                path: key.path.to_owned(),
            },
            _ => unusable(key.path, &DAMAGED),
        })?;
        let provider = ring::default_provider();
        let key = CertifiedKey::from_der(certificates, private, &provider).map_err(|error| {
            if matches!(
                error,
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch)
            ) {
                return CertificateError::Mismatch {
                    certificate: chain.path.to_owned(),
                    key: key.path.to_owned(),
                };
            }
            unusable(key.path, &error)
        })?;
        Ok(Self {
            key: Arc::new(key),
            validity,
        })
    }
}

fn validity(certificate: &CertificateDer<'_>) -> Result<Validity, String> {
    let (_, read) = parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    let seconds = |time: i64| u64::try_from(time).unwrap_or_default();
    Ok(Validity {
        from: seconds(read.validity().not_before.timestamp()),
        until: seconds(read.validity().not_after.timestamp()),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    /// A certificate for `name` that is good for the year 2030, and its key, both as PEM.
    pub(crate) fn made(name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2030, 1, 1);
        params.not_after = date_time_ymd(2031, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn text<'a>(path: &'a str, pem: &'a str) -> Text<'a> {
        Text {
            path: Path::new(path),
            pem: pem.as_bytes(),
        }
    }

    fn read(chain: &str, key: &str) -> Result<Pair, String> {
        let read = Pair::read(text("chain.pem", chain), text("key.pem", key));
        read.map_err(|error| error.to_string())
    }

    #[test]
    fn a_certificate_and_its_key_are_read_with_the_time_for_which_they_are_good() {
        let (chain, key) = made("call.example.org");
        let pair = read(&chain, &key).unwrap();
        assert_eq!(pair.validity.from, 1_893_456_000);
        assert_eq!(pair.validity.until, 1_924_992_000);
        // As an authority's answer and its key are kept: in one file.
        let both = chain + &key;
        assert!(read(&both, &both).is_ok());
    }

    #[test]
    fn what_is_no_pem_is_told_with_the_file_and_what_it_should_hold() {
        let (chain, key) = made("call.example.org");
        let der = "0\u{82}\u{1}";
        for (chain, key, said) in [
            ("", &*key, "chain.pem holds no certificate"),
            (der, &key, "chain.pem holds no certificate"),
            (&key, &key, "chain.pem holds no certificate"),
            (&chain, "", "key.pem holds no private key"),
            (&chain, &chain, "key.pem holds no private key"),
        ] {
            let error = read(chain, key).unwrap_err();
            assert!(error.starts_with(said), "{error}");
            assert!(error.contains("-----BEGIN"), "{error}");
        }
    }

    #[test]
    fn damaged_pem_is_told_with_the_file() {
        let (chain, key) = made("call.example.org");
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for damaged in [nonsense, &chain[..chain.len() / 2]] {
            let error = read(damaged, &key).unwrap_err();
            assert!(error.starts_with("chain.pem can't be used"), "{error}");
        }
        let error = read(&chain, &key[..key.len() / 2]).unwrap_err();
        assert_eq!(error, format!("key.pem can't be used: {DAMAGED}"));
        let nonsense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let error = read(&chain, nonsense).unwrap_err();
        assert!(error.starts_with("key.pem can't be used"), "{error}");
    }

    #[test]
    fn a_key_of_another_certificate_is_told_with_both_files() {
        let (chain, _) = made("call.example.org");
        let (_, key) = made("call.example.org");
        assert_eq!(
            read(&chain, &key).unwrap_err(),
            "the key in key.pem is not that of the certificate in chain.pem"
        );
    }
}
