//! What is shown to whoever connects: the newest certificate there is. Another one can be put in its
//! place at any time; connections that exist keep what they were shown. While a certificate is being
//! ordered, the authority is shown what proves that the domain is ours.

use super::pair::Pair;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What an authority names over TLS when it looks for a proof (RFC 8737, section 6.2). It is named
/// alone, and nothing else is said on that connection.
pub(crate) const ACME_TLS: &[u8] = b"acme-tls/1";

/// What proves to an authority that a domain is ours.
#[derive(Debug)]
pub(super) enum Answer {
    /// This certificate, to whoever names [`ACME_TLS`].
    Tls(Arc<CertifiedKey>),
    /// This text, under the path of this token.
    Http { token: String, text: String },
}

/// What is shown right now. Without a certificate, nobody can connect.
#[derive(Debug, Default)]
pub(crate) struct Shown(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    certificate: Option<Arc<CertifiedKey>>,
    answer: Option<Answer>,
}

impl Shown {
    /// From now on this certificate.
    pub(super) fn show(&self, pair: &Pair) {
        self.write().certificate = Some(Arc::clone(&pair.key));
    }

    /// From now on this to the authority, or nothing.
    pub(super) fn answer(&self, answer: Option<Answer>) {
        self.write().answer = answer;
    }

    /// What the authority is to find under the path of this token.
    pub(crate) fn text(&self, asked: &str) -> Option<String> {
        match &self.read().answer {
            Some(Answer::Http { token, text }) if token == asked => Some(text.clone()),
            _ => None,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let state = self.read();
        if hello.alpn().is_some_and(|names| names.eq([ACME_TLS])) {
            return match &state.answer {
                Some(Answer::Tls(certificate)) => Some(Arc::clone(certificate)),
                _ => None,
            };
        }
        state.certificate.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_that_was_asked_for_has_an_answer_and_only_while_there_is_an_order() {
        let shown = Shown::default();
        assert_eq!(shown.text("token"), None);
        shown.answer(Some(Answer::Http {
            token: "token".to_owned(),
            text: "token.thumbprint".to_owned(),
        }));
        assert_eq!(shown.text("token").as_deref(), Some("token.thumbprint"));
        assert_eq!(shown.text("other"), None);
        shown.answer(None);
        assert_eq!(shown.text("token"), None);
    }
}
