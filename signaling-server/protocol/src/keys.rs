//! What is derived from an invite: the room's id, the key that admits to it, and the key that seals
//! what is said there.

use crate::hex;
use crate::id::RoomId;
use crate::secret::InviteSecret;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Everything that follows from an [`InviteSecret`].
#[derive(Clone, Debug)]
pub struct RoomKeys {
    /// All that the server knows the room by.
    pub room: RoomId,
    /// Shown to the server to enter.
    pub admission: AdmissionKey,
    /// Never leaves the clients.
    pub sealing: SealingKey,
}

impl RoomKeys {
    /// The keys of the room that this secret invites to: HKDF-SHA-256 with an empty salt.
    pub fn derive(secret: &InviteSecret) -> Self {
        let schedule = Hkdf::<Sha256>::new(None, secret.as_bytes());
        Self {
            room: RoomId::from_bytes(expand(&schedule, b"visio 1 room id")),
            admission: AdmissionKey(expand(&schedule, b"visio 1 admission key")),
            sealing: SealingKey(expand(&schedule, b"visio 1 sealing key")),
        }
    }
}

fn expand<const N: usize>(schedule: &Hkdf<Sha256>, info: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    schedule
        .expand(info, &mut key)
        .expect("HKDF-SHA-256 gives up to 8160 bytes");
    key
}

/// Admits to a room. The server sees it, and keeps only its hash.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AdmissionKey([u8; 32]);

impl AdmissionKey {
    /// What the server stores.
    pub fn hash(&self) -> AdmissionHash {
        AdmissionHash(Sha256::digest(self.0).into())
    }

    /// As it is written in a request: hex.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl FromStr for AdmissionKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        hex::decode(text).map(Self).ok_or(KeyError)
    }
}

impl fmt::Debug for AdmissionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdmissionKey(…)")
    }
}

/// SHA-256 of an [`AdmissionKey`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AdmissionHash([u8; 32]);

impl AdmissionHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `key` is the one. Takes as long for a wrong key as for a right one.
    pub fn admits(&self, key: &AdmissionKey) -> bool {
        self.0.ct_eq(&key.hash().0).into()
    }
}

impl fmt::Display for AdmissionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for AdmissionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdmissionHash(…)")
    }
}

impl FromStr for AdmissionHash {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        hex::decode(text).map(Self).ok_or(KeyError)
    }
}

hex::serde_as_text!(AdmissionHash, "64 hexadecimal digits");

/// Seals what people in a room say to one another: AES-256-GCM.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Its 32 bytes.
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for SealingKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// Why a text is not a key: it is not exactly 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 hexadecimal digits")]
pub struct KeyError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_admits_who_shows_the_key_whose_hash_it_keeps() {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let other = RoomKeys::derive(&InviteSecret::random());
        assert!(keys.admission.hash().admits(&keys.admission));
        assert!(!keys.admission.hash().admits(&other.admission));
    }

    #[test]
    fn keys_do_not_show_themselves() {
        let keys = RoomKeys::derive(&InviteSecret::from_bytes([7; 16]));
        let shown = format!("{keys:?}");
        assert!(!shown.contains(&keys.admission.to_hex()), "{shown}");
        assert!(shown.contains("SealingKey(…)"), "{shown}");
    }
}
