//! What proves to an authority that a domain is ours.

use super::domain::Domain;
use super::schedule::Proof;
use super::shown::Answer;
use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use std::net::IpAddr;
use std::sync::Arc;

/// Why a proof can't be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProofError {
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    #[error(transparent)]
    Key(#[from] rustls::Error),
}

/// The answer to a challenge with this token.
pub(super) fn answer(
    proof: Proof,
    domain: &Domain,
    token: &str,
    authorization: &KeyAuthorization,
) -> Result<Answer, ProofError> {
    match proof {
        Proof::Http => Ok(Answer::Http {
            token: token.to_owned(),
            text: authorization.as_str().to_owned(),
        }),
        Proof::Tls => certificate(domain, authorization.digest().as_ref()).map(Answer::Tls),
    }
}

/// A certificate that says the digest of what was asked for (RFC 8737, section 3; RFC 8738 for
/// addresses). It is shown to the authority alone.
fn certificate(domain: &Domain, digest: &[u8]) -> Result<Arc<CertifiedKey>, ProofError> {
    let name = match domain {
        Domain::Name(name) => name.clone(),
        Domain::Ip(IpAddr::V4(ip)) => ip.to_string(),
        Domain::Ip(IpAddr::V6(ip)) => ip.to_string(),
    };
    let mut params = CertificateParams::new(vec![name])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    // Whether the two belong together is not looked at: that check knows no such extension.
    let key = ring::sign::any_supported_type(&private)?;
    let chain = vec![certificate.der().clone()];
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{GeneralName, parse_x509_certificate};

    /// The extension that says the digest (RFC 8737, section 6.1).
    const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";

    #[test]
    fn a_proof_over_tls_names_the_domain_alone_and_says_the_digest() {
        let digest = [7; 32];
        for domain in ["call.example.org", "203.0.113.7", "2001:db8::7"] {
            let domain: Domain = domain.parse().unwrap();
            let proof = certificate(&domain, &digest).unwrap();
            let (_, read) = parse_x509_certificate(&proof.cert[0]).unwrap();
            let names = read.subject_alternative_name().unwrap().unwrap();
            match (&domain, &names.value.general_names[..]) {
                (Domain::Name(name), [GeneralName::DNSName(named)]) => assert_eq!(name, named),
                (Domain::Ip(IpAddr::V4(ip)), [GeneralName::IPAddress(named)]) => {
                    assert_eq!(ip.octets(), *named);
                }
                (Domain::Ip(IpAddr::V6(ip)), [GeneralName::IPAddress(named)]) => {
                    assert_eq!(ip.octets(), *named);
                }
                other => panic!("{other:?}"),
            }
            let mut extensions = read.extensions().iter();
            let said = extensions.find(|it| it.oid.to_id_string() == ACME_IDENTIFIER);
            let said = said.expect("it says the digest");
            assert!(said.critical);
            assert_eq!(said.value, [&[4, 32][..], &digest].concat());
        }
    }
}
