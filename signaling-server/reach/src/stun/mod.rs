//! STUN messages (RFC 8489) with TURN's methods and attributes (RFC 8656): read where they lie,
//! written into a buffer that is used again. Pure: bytes in, bytes out, no clock and no socket.
//!
//! ```text
//! kind         method, class, and the number that stands for both
//! attribute    the numbers of attributes, and which of them must be understood
//! address      an address, XORed as STUN wants it
//! message      reading
//! writer       writing
//! integrity    MESSAGE-INTEGRITY: who knows the password
//! fingerprint  FINGERPRINT: that it is STUN at all
//! ```

mod address;
mod attribute;
mod fingerprint;
mod integrity;
mod kind;
mod message;
mod writer;

#[cfg(test)]
mod second_implementation;
#[cfg(test)]
mod vectors;

pub use address::Family;
pub use address::XorAddress;
pub use attribute::{Attribute, AttributeType};
pub use integrity::Key;
pub use integrity::hmac_sha1;
pub use kind::{Class, Method};
pub use message::{Malformed, Message, TransactionId};
pub use writer::Writer;

/// The header of a message, in bytes: type, length, cookie, transaction (RFC 8489, section 5).
pub const HEADER: usize = 20;

/// What follows type and length in every message (RFC 8489, section 5).
pub const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Type and length in front of each attribute's value, in bytes (RFC 8489, section 14).
pub const ATTRIBUTE_HEADER: usize = 4;

/// How many bytes `length` takes once it is padded to a multiple of four (RFC 8489, section 14).
pub const fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}
