//! Writing a message into a buffer that is used again and again.

use super::{
    ATTRIBUTE_HEADER, AttributeType, COOKIE, Class, HEADER, Key, Method, TransactionId, XorAddress,
    fingerprint, integrity, padded,
};
use std::net::SocketAddr;

/// The longest reason phrase, in bytes (RFC 8489, section 14.8, which counts 128 characters).
const MAX_REASON: usize = 128;

/// A message that is being written. [`Writer::finish`] completes it.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    transaction: TransactionId,
}

impl<'a> Writer<'a> {
    /// Begins a message in place of whatever the buffer holds.
    pub fn new(
        bytes: &'a mut Vec<u8>,
        method: Method,
        class: Class,
        transaction: TransactionId,
    ) -> Self {
        bytes.clear();
        bytes.extend_from_slice(&method.message_type(class).to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&COOKIE);
        bytes.extend_from_slice(&transaction.0);
        Self { bytes, transaction }
    }

    /// Adds an attribute. Values longer than a message may be are cut: none that is written here
    /// comes near.
    pub fn put(&mut self, kind: AttributeType, value: &[u8]) {
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        self.bytes.extend_from_slice(&kind.0.to_be_bytes());
        self.bytes
            .extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(padded(self.bytes.len()), 0);
    }

    /// Adds an address, XORed.
    pub fn put_address(&mut self, kind: AttributeType, address: SocketAddr) {
        let address = XorAddress::new(address, &self.transaction);
        self.put(kind, address.as_bytes());
    }

    /// Adds an error: a code from 300 to 699 and its reason. `kind` is ERROR-CODE, or
    /// ADDRESS-ERROR-CODE with a family in its first byte (RFC 8489, section 14.8; RFC 8656,
    /// section 18.12).
    pub fn put_error(&mut self, kind: AttributeType, first: u8, code: u16, reason: &str) {
        let mut value = [0; 4 + MAX_REASON];
        let reason = &reason.as_bytes()[..reason.len().min(MAX_REASON)];
        value[0] = first;
        value[2] = (code / 100) as u8;
        value[3] = (code % 100) as u8;
        value[4..4 + reason.len()].copy_from_slice(reason);
        self.put(kind, &value[..4 + reason.len()]);
    }

    /// Completes it: the signature where there is a key, then the fingerprint.
    pub fn finish(mut self, key: Option<&Key>) {
        if let Some(key) = key {
            self.count(integrity::LENGTH);
            let signature = key.sign(self.bytes);
            self.put(AttributeType::MESSAGE_INTEGRITY, &signature);
        }
        self.count(size_of::<u32>());
        let fingerprint = fingerprint::of(self.bytes);
        self.put(AttributeType::FINGERPRINT, &fingerprint.to_be_bytes());
    }

    /// Writes the length into the header as it is once an attribute of `value` bytes more is there:
    /// the checks of a message cover the header, and are themselves counted in it.
    fn count(&mut self, value: usize) {
        let length = self.bytes.len() - HEADER + ATTRIBUTE_HEADER + value;
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
