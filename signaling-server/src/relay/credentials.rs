//! Who may use the relay: usernames that say until when they are good, and passwords that follow
//! from them by a secret of the server. So nothing has to be stored, and whoever has the secret (a
//! second server, coturn, eturnal) recognises them: the form is that of the "TURN REST API" (IETF
//! draft-uberti-behave-turn-rest).

use super::stun::{Key, hmac_sha1};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Whose passwords these are, as it is told to clients.
pub const REALM: &str = "visio";

/// The longest username, in bytes (RFC 8489, section 14.3).
pub const MAX_USERNAME: usize = 508;

/// What passwords follow from.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RelaySecret(String);

impl RelaySecret {
    /// The secret with these characters.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    /// The username of `id` until `expires`, in seconds since 1970.
    pub fn username(expires: u64, id: impl fmt::Display) -> String {
        format!("{expires}:{id}")
    }

    /// The password of this username.
    pub fn password(&self, username: &str) -> Zeroizing<String> {
        let digest = hmac_sha1(self.0.as_bytes(), &[username.as_bytes()]);
        Zeroizing::new(STANDARD.encode(digest))
    }

    /// What messages of this user are signed with.
    pub fn key(&self, username: &str) -> Key {
        Key::long_term(username, REALM, &self.password(username))
    }
}

impl fmt::Debug for RelaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelaySecret(…)")
    }
}

impl std::str::FromStr for RelaySecret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

/// A username, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Username<'a> {
    /// Until when it is good, in seconds since 1970.
    pub expires: u64,
    /// Whose it is: the same in all usernames of one session.
    pub id: &'a str,
}

impl<'a> Username<'a> {
    /// Reads a username; `None` when it is not of the form.
    pub fn read(username: &'a str) -> Option<Self> {
        if username.len() > MAX_USERNAME {
            return None;
        }
        let (expires, id) = username.split_once(':')?;
        let expires = expires.parse().ok()?;
        Some(Self { expires, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_one_that_coturn_computes() {
        // printf 1700000000:anna | openssl dgst -sha1 -hmac north -binary | base64
        let password = RelaySecret::new("north").password("1700000000:anna");
        assert_eq!(*password, "WS1fjjHj2gNlXzhc/ZcwmC3ofIo=");
    }

    #[test]
    fn a_username_is_taken_apart_and_nothing_else_is_one() {
        let username = RelaySecret::username(1_700_000_000, "anna:2");
        assert_eq!(
            Username::read(&username),
            Some(Username {
                expires: 1_700_000_000,
                id: "anna:2"
            })
        );
        for wrong in [
            "",
            "anna",
            ":anna",
            "-1:anna",
            "1e9:anna",
            "99999999999999999999:a",
        ] {
            assert_eq!(Username::read(wrong), None, "{wrong}");
        }
        assert_eq!(
            Username::read(&format!("1:{}", "a".repeat(MAX_USERNAME))),
            None
        );
    }

    #[test]
    fn the_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", RelaySecret::new("north")), "RelaySecret(…)");
    }
}
