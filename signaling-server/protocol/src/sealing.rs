//! Sealing: what people say to one another is readable to nobody else, and fits only where and when
//! it was said.
//!
//! A [`Sealer`] numbers and seals what one session says in one room; an [`Opener`] opens what it
//! hears there.

use crate::PROTOCOL_VERSION;
use crate::id::{RoomId, SessionId};
use crate::keys::SealingKey;
use crate::message::{MAX_MESSAGE, MessageError, Signal};
use crate::random;
use crate::session::Recipient;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;

/// Bytes of the random nonce: the 96 bits for which GCM is made.
const NONCE: usize = 12;

/// Bytes of GCM's tag.
const TAG: usize = 16;

/// Bytes before the ciphertext: version, sequence, nonce.
const HEAD: usize = 1 + 8 + NONCE;

/// Version, room, sender, kind of recipient, recipient, sequence.
const ASSOCIATED: usize = 1 + 16 + 16 + 1 + 16 + 8;

/// The longest sealed message as text, in characters.
pub const MAX_SEALED: usize = (HEAD + MAX_MESSAGE + TAG).div_ceil(3) * 4;

/// Senders that an [`Opener`] tells apart. It forgets none, or their messages could be replayed; at
/// 24 bytes each that is 100 KB, and more sessions than a family opens while one client runs.
const MAX_SENDERS: usize = 4096;

/// Why a sealed message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Changed on the way, sealed with another key, or meant for somebody else.
    #[error("the message was altered, or sealed with another key")]
    Altered,
    /// Its number is not greater than the last of its sender.
    #[error("the message was replayed")]
    Replayed,
    /// To the room, from a sender that has not yet said anything to us alone: nothing shows that it
    /// is not from last week. Happens without an attack too, for as long as two sessions have not
    /// greeted one another.
    #[error("the message is from somebody who has not introduced themselves")]
    NotIntroduced,
    /// Not a sealed message, or what was sealed is not a message.
    #[error("the message is malformed")]
    Malformed,
    /// From one sender more than can be told apart.
    #[error("there are too many senders")]
    TooManySenders,
}

/// Seals what one session says in one room.
pub struct Sealer {
    cipher: Aes256Gcm,
    room: RoomId,
    me: SessionId,
    /// The number of the last message.
    sequence: u64,
}

impl Sealer {
    /// For `me` in `room`. One for as long as the session has its id: a second one would start its
    /// numbers anew, and be refused.
    pub fn new(key: &SealingKey, room: RoomId, me: SessionId) -> Self {
        Self::resume(key, room, me, 0)
    }

    /// As [`Sealer::new`], after the message with this number: for test vectors, and for nothing
    /// else.
    #[doc(hidden)]
    pub fn resume(key: &SealingKey, room: RoomId, me: SessionId, sequence: u64) -> Self {
        Self {
            cipher: cipher(key),
            room,
            me,
            sequence,
        }
    }

    /// `signal`, sealed for `to`, as base64url.
    ///
    /// # Errors
    /// [`MessageError::TooLong`].
    pub fn seal(&mut self, to: Recipient, signal: &Signal) -> Result<String, MessageError> {
        self.seal_with_nonce(to, &signal.to_json()?, random::bytes())
    }

    /// As [`Sealer::seal`], with a nonce that is not random: for test vectors, and for nothing
    /// else.
    #[doc(hidden)]
    pub fn seal_with_nonce(
        &mut self,
        to: Recipient,
        text: &[u8],
        nonce: [u8; NONCE],
    ) -> Result<String, MessageError> {
        if text.len() > MAX_MESSAGE {
            return Err(MessageError::TooLong);
        }
        let sequence = self.sequence + 1;
        let payload = Payload {
            msg: text,
            aad: &associated(self.room, self.me, to, sequence),
        };
        let ciphertext = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| MessageError::TooLong)?;
        self.sequence = sequence;
        let mut sealed = Vec::with_capacity(HEAD + ciphertext.len());
        sealed.push(PROTOCOL_VERSION);
        sealed.extend_from_slice(&sequence.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }
}

/// Opens what one session hears in one room.
pub struct Opener {
    cipher: Aes256Gcm,
    room: RoomId,
    me: SessionId,
    /// The last number of each sender. Bounded by [`MAX_SENDERS`]; when full, further senders are
    /// refused.
    last: HashMap<SessionId, u64>,
}

impl Opener {
    /// For `me` in `room`. One for as long as the session has its id: a second one would not know
    /// what it has already heard.
    pub fn new(key: &SealingKey, room: RoomId, me: SessionId) -> Self {
        Self {
            cipher: cipher(key),
            room,
            me,
            last: HashMap::new(),
        }
    }

    /// What `from` sealed `to` us or to the room, given as base64url.
    ///
    /// # Errors
    /// [`OpenError`]. The message is then as if it had never come.
    pub fn open(
        &mut self,
        from: SessionId,
        to: Recipient,
        sealed: &str,
    ) -> Result<Signal, OpenError> {
        if sealed.len() > MAX_SEALED {
            return Err(OpenError::Malformed);
        }
        let sealed = URL_SAFE_NO_PAD
            .decode(sealed)
            .map_err(|_| OpenError::Malformed)?;
        let (head, ciphertext) = sealed.split_at_checked(HEAD).ok_or(OpenError::Malformed)?;
        if head[0] != PROTOCOL_VERSION || ciphertext.len() < TAG {
            return Err(OpenError::Malformed);
        }
        let mut sequence = [0; 8];
        sequence.copy_from_slice(&head[1..9]);
        let sequence = u64::from_be_bytes(sequence);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&head[9..]);

        if to != Recipient::Room && to != Recipient::Session(self.me) {
            return Err(OpenError::Altered);
        }
        let payload = Payload {
            msg: ciphertext,
            aad: &associated(self.room, from, to, sequence),
        };
        let text = self
            .cipher
            .decrypt(&Nonce::from(nonce), payload)
            .map_err(|_| OpenError::Altered)?;

        match self.last.get(&from) {
            Some(last) if sequence <= *last => return Err(OpenError::Replayed),
            None if to == Recipient::Room => return Err(OpenError::NotIntroduced),
            None if self.last.len() >= MAX_SENDERS => return Err(OpenError::TooManySenders),
            _ => {}
        }
        self.last.insert(from, sequence);
        Signal::from_json(&text).map_err(|_| OpenError::Malformed)
    }
}

/// The number of a sealed message, which anybody can read: by it a server recognises one that it
/// has handed on already. `None` when it is no sealed message.
pub fn sequence_of(sealed: &str) -> Option<u64> {
    // 12 characters are 9 bytes: version and sequence.
    let head = URL_SAFE_NO_PAD.decode(sealed.get(..12)?).ok()?;
    let (version, sequence) = head.split_first()?;
    (*version == PROTOCOL_VERSION).then(|| sequence.try_into().ok().map(u64::from_be_bytes))?
}

fn cipher(key: &SealingKey) -> Aes256Gcm {
    Aes256Gcm::new(key.as_bytes().into())
}

/// What a sealed message is bound to, without being part of it.
fn associated(room: RoomId, from: SessionId, to: Recipient, sequence: u64) -> [u8; ASSOCIATED] {
    let (kind, recipient) = match to {
        Recipient::Session(session) => (1, *session.as_bytes()),
        Recipient::Room => (0, [0; 16]),
    };
    let mut data = [0; ASSOCIATED];
    data[0] = PROTOCOL_VERSION;
    data[1..17].copy_from_slice(room.as_bytes());
    data[17..33].copy_from_slice(from.as_bytes());
    data[33] = kind;
    data[34..50].copy_from_slice(&recipient);
    data[50..].copy_from_slice(&sequence.to_be_bytes());
    data
}

#[cfg(test)]
#[path = "sealing_tests.rs"]
mod tests;
