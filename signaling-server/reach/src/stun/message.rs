//! Reading a message where it lies.

use super::address;
use super::{
    ATTRIBUTE_HEADER, Attribute, AttributeType, COOKIE, Class, HEADER, Method, fingerprint,
    integrity, padded,
};
use std::net::SocketAddr;

/// What an answer repeats of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

/// These bytes are no STUN message, or one that was damaged on its way. Such a thing is not
/// answered (RFC 8489, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no STUN message")]
pub struct Malformed;

/// A message whose form has been checked: its length, that its attributes fill it exactly, and its
/// fingerprint where it has one.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Where MESSAGE-INTEGRITY stands. What follows it is not signed, and counts for nothing
    /// (RFC 8489, section 14.5).
    integrity: Option<usize>,
    /// Where the attributes end that count.
    end: usize,
}

impl<'a> Message<'a> {
    /// Reads a message that fills these bytes.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(Malformed)?;
        let is_stun = header[0] & 0xc0 == 0 && header[4..8] == COOKIE;
        let length = usize::from(be16(&header[2..4]));
        if !is_stun || length != body.len() || length != padded(length) {
            return Err(Malformed);
        }
        let mut message = Self {
            bytes,
            integrity: None,
            end: bytes.len(),
        };
        let mut walk = Attributes::new(bytes, bytes.len());
        for attribute in &mut walk {
            let at = attribute.start - ATTRIBUTE_HEADER;
            match attribute.kind {
                AttributeType::FINGERPRINT => {
                    let expected = fingerprint::of(&bytes[..at]).to_be_bytes();
                    let last = attribute.start + attribute.value.len() == bytes.len();
                    if !last || attribute.value != expected {
                        return Err(Malformed);
                    }
                    message.end = message.end.min(at);
                }
                AttributeType::MESSAGE_INTEGRITY if message.integrity.is_none() => {
                    if attribute.value.len() != integrity::LENGTH {
                        return Err(Malformed);
                    }
                    message.integrity = Some(at);
                    message.end = at;
                }
                _ => {}
            }
        }
        if walk.place == bytes.len() {
            Ok(message)
        } else {
            Err(Malformed)
        }
    }

    /// What it is for.
    pub fn method(&self) -> Method {
        Method::of(be16(&self.bytes[..2]))
    }

    /// Whether it is a request, an indication or an answer.
    pub fn class(&self) -> Class {
        Class::of(be16(&self.bytes[..2]))
    }

    /// What an answer must repeat.
    pub fn transaction(&self) -> TransactionId {
        let mut id = [0; 12];
        id.copy_from_slice(&self.bytes[8..HEADER]);
        TransactionId(id)
    }

    /// The attributes that count, in their order: without MESSAGE-INTEGRITY and what follows it, and
    /// without FINGERPRINT.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        Attributes::new(self.bytes, self.end)
    }

    /// The first attribute of this kind, which is the one that counts (RFC 8489, section 14).
    pub fn find(&self, kind: AttributeType) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.kind == kind)
    }

    /// The value of the first attribute of this kind.
    pub fn value(&self, kind: AttributeType) -> Option<&'a [u8]> {
        self.find(kind).map(|attribute| attribute.value)
    }

    /// An XORed address among the attributes; `None` when it is no address.
    pub fn read_address(&self, attribute: &Attribute<'_>) -> Option<SocketAddr> {
        address::read(attribute.value, &self.transaction())
    }

    /// The signature, and in three parts what it was made over: all that stands before it, with the
    /// length in the header as if the message ended with it.
    pub(super) fn integrity(&self) -> Option<(&'a [u8], SignedParts<'a>)> {
        let at = self.integrity?;
        let value = at + ATTRIBUTE_HEADER;
        let end = value + integrity::LENGTH;
        let length = u16::try_from(end - HEADER).unwrap_or(u16::MAX);
        let signed = SignedParts {
            message_type: &self.bytes[..2],
            length: length.to_be_bytes(),
            rest: &self.bytes[4..at],
        };
        Some((&self.bytes[value..end], signed))
    }

    /// Whether it is signed at all.
    pub fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }
}

/// What a signature is made over.
pub(super) struct SignedParts<'a> {
    pub(super) message_type: &'a [u8],
    pub(super) length: [u8; 2],
    pub(super) rest: &'a [u8],
}

/// Walks over attributes; ends where they end, or where one is cut off.
struct Attributes<'a> {
    bytes: &'a [u8],
    place: usize,
    end: usize,
}

impl<'a> Attributes<'a> {
    fn new(bytes: &'a [u8], end: usize) -> Self {
        Self {
            bytes,
            place: HEADER,
            end,
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let start = self.place + ATTRIBUTE_HEADER;
        let head = self.bytes[..self.end].get(self.place..start)?;
        let length = usize::from(be16(&head[2..]));
        let next = start + padded(length);
        if next > self.end {
            return None;
        }
        self.place = next;
        Some(Attribute {
            kind: AttributeType(be16(head)),
            value: &self.bytes[start..start + length],
            start,
        })
    }
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Writer};
    use super::*;

    const TRANSACTION: TransactionId = TransactionId([7; 12]);

    fn request(fill: impl FnOnce(&mut Writer<'_>), key: Option<&Key>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, Method::Allocate, Class::Request, TRANSACTION);
        fill(&mut writer);
        writer.finish(key);
        bytes
    }

    #[test]
    fn a_message_reads_as_it_was_written() {
        let key = Key::long_term("anna", "here", "secret");
        let bytes = request(
            |writer| {
                writer.put(AttributeType::USERNAME, b"anna1");
                writer.put(AttributeType::DONT_FRAGMENT, b"");
            },
            Some(&key),
        );
        let message = Message::read(&bytes).unwrap();
        assert_eq!(message.class(), Class::Request);
        assert_eq!(message.method(), Method::Allocate);
        assert_eq!(message.transaction(), TRANSACTION);
        assert_eq!(
            message.value(AttributeType::USERNAME),
            Some(b"anna1".as_slice())
        );
        assert_eq!(message.attributes().count(), 2);
        assert!(key.signed(&message));
        assert!(!Key::long_term("anna", "here", "Secret").signed(&message));
    }

    #[test]
    fn a_message_with_any_bit_changed_is_refused_or_badly_signed() {
        let key = Key::long_term("anna", "here", "secret");
        let bytes = request(
            |writer| writer.put(AttributeType::USERNAME, b"anna"),
            Some(&key),
        );
        // The fingerprint, eight bytes, is not signed itself; without it the message says the same.
        for bit in 0..(bytes.len() - 8) * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let passed = Message::read(&changed).is_ok_and(|message| key.signed(&message));
            assert!(!passed, "bit {bit}");
        }
    }

    #[test]
    fn a_message_cut_short_or_with_something_behind_it_is_refused() {
        let bytes = request(|writer| writer.put(AttributeType::DATA, &[1; 9]), None);
        for length in 0..bytes.len() {
            assert!(Message::read(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(Message::read(&[&bytes[..], &[0; 4]].concat()).is_err());
    }

    #[test]
    fn what_follows_the_signature_counts_for_nothing() {
        let key = Key::long_term("anna", "here", "secret");
        let mut bytes = request(|_| {}, Some(&key));
        // In place of the fingerprint, eight bytes too.
        let fingerprint = bytes.len() - 8;
        bytes.truncate(fingerprint);
        bytes.extend_from_slice(&[0x00, 0x06, 0, 4]);
        bytes.extend_from_slice(b"evil");
        let message = Message::read(&bytes).unwrap();
        assert!(key.signed(&message));
        assert_eq!(message.attributes().count(), 0);
    }
}
