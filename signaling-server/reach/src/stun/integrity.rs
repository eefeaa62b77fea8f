//! MESSAGE-INTEGRITY: an HMAC-SHA1 over all that stands before it, with a key that follows from the
//! password (RFC 8489, sections 9.2.2 and 14.5).
//!
//! The later MESSAGE-INTEGRITY-SHA256 is only used between those who have agreed on it, which this
//! server never proposes: no WebRTC stack knows it.

use super::message::Message;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An HMAC-SHA1, in bytes.
pub(super) const LENGTH: usize = 20;

/// What messages of one user are signed with.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of this user in this realm (RFC 8489, section 9.2.2).
    pub fn long_term(username: &str, realm: &str, password: &str) -> Self {
        let digest = Md5::new()
            .chain_update(username)
            .chain_update(":")
            .chain_update(realm)
            .chain_update(":")
            .chain_update(password)
            .finalize();
        Self(digest.into())
    }

    /// Whether a message was signed with this key. Takes as long whether it was or not.
    pub fn signed(&self, message: &Message<'_>) -> bool {
        signed(&self.0, message)
    }

    /// The signature of a message whose header already counts the attribute itself.
    pub(super) fn sign(&self, before: &[u8]) -> [u8; LENGTH] {
        hmac_sha1(&self.0, &[before])
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

pub(super) fn signed(key: &[u8], message: &Message<'_>) -> bool {
    let Some((signature, signed)) = message.integrity() else {
        return false;
    };
    let expected = hmac_sha1(key, &[signed.message_type, &signed.length, signed.rest]);
    expected.ct_eq(signature).into()
}

/// The HMAC-SHA1 of these parts, one after the other.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; LENGTH] {
    let mut hmac = Hmac::<Sha1>::new_from_slice(key).expect("an HMAC takes keys of every length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}
