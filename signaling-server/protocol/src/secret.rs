//! The two secrets of a client: the one it shares by the invite, and the one that is its session.
//!
//! Both say nothing of themselves in `Debug`, and are wiped from memory when dropped.

use crate::id::SessionId;
use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What an invite is made of: 16 random bytes that never reach the server.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct InviteSecret([u8; 16]);

impl InviteSecret {
    /// A new one.
    pub fn random() -> Self {
        Self(random::bytes())
    }

    /// The secret with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(…)")
    }
}

/// What makes a session its client's own: 32 random bytes, shown with every request.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SessionSecret([u8; 32]);

impl SessionSecret {
    /// A new one.
    pub fn random() -> Self {
        Self(random::bytes())
    }

    /// The secret with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads what follows `Bearer` in a request; `None` when it is not a session secret.
    pub fn from_bearer(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(bytes.as_slice().try_into().ok()?))
    }

    /// As it follows `Bearer` in a request: base64url without padding.
    pub fn to_bearer(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The id by which everybody else knows this session.
    pub fn session_id(&self) -> SessionId {
        let digest = Sha256::new()
            .chain_update(b"visio 1 session")
            .chain_update(self.0)
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        SessionId::from_bytes(id)
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_secret_survives_the_bearer_header() {
        let secret = SessionSecret::random();
        assert_eq!(
            SessionSecret::from_bearer(&secret.to_bearer()),
            Some(secret)
        );
        assert_eq!(SessionSecret::from_bearer("c2hvcnQ"), None);
        assert_eq!(SessionSecret::from_bearer("***"), None);
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let secret = InviteSecret::from_bytes([0xab; 16]);
        assert_eq!(format!("{secret:?}"), "InviteSecret(…)");
        let session = SessionSecret::from_bytes([0xab; 32]);
        assert_eq!(format!("{session:?}"), "SessionSecret(…)");
    }
}
