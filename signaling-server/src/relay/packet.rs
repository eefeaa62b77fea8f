//! A packet on its way, in a buffer with room in front: a header is put before data, or taken off,
//! without moving it.

use super::stun::{ATTRIBUTE_HEADER, HEADER, padded};
use std::ops::Range;

/// The longest datagram that is relayed, in bytes. WebRTC keeps below 1,500, what Ethernet carries;
/// the rest is room for other clients. Longer ones are dropped, as a narrow link would.
pub const MAX_DATAGRAM: usize = 2048;

/// Room in front of what arrives, in bytes: the header of a Data indication with an IPv6 peer.
const HEADROOM: usize = HEADER + ATTRIBUTE_HEADER + 20 + ATTRIBUTE_HEADER;

/// Room behind it, in bytes: the padding of what has the greatest length.
const TAILROOM: usize = 3;

/// A datagram, or a frame of a stream.
#[derive(Debug, Clone)]
pub struct Packet {
    bytes: [u8; HEADROOM + MAX_DATAGRAM + TAILROOM],
    used: Range<usize>,
}

impl Default for Packet {
    fn default() -> Self {
        Self {
            bytes: [0; HEADROOM + MAX_DATAGRAM + TAILROOM],
            used: HEADROOM..HEADROOM,
        }
    }
}

impl Packet {
    /// What it holds.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.used.clone()]
    }

    /// Where the next datagram goes; [`Packet::received`] then says how long it was.
    pub fn space(&mut self) -> &mut [u8; MAX_DATAGRAM] {
        self.bytes[HEADROOM..]
            .first_chunk_mut()
            .expect("a packet is longer than the longest datagram")
    }

    /// So many bytes were put into [`Packet::space`].
    pub fn received(&mut self, length: usize) {
        self.used = HEADROOM..HEADROOM + length.min(MAX_DATAGRAM);
    }

    /// Holds a copy of these bytes from now on; `false` when they are too long.
    #[must_use]
    pub fn replace(&mut self, bytes: &[u8]) -> bool {
        let Some(space) = self.space().get_mut(..bytes.len()) else {
            return false;
        };
        space.copy_from_slice(bytes);
        self.received(bytes.len());
        true
    }

    /// Keeps only this part of it.
    pub(super) fn narrow(&mut self, part: Range<usize>) {
        let start = self.used.start;
        debug_assert!(start + part.end <= self.used.end);
        self.used = start + part.start..start + part.end;
    }

    /// Puts a header before it. There is room for one before whatever arrived.
    pub(super) fn prepend(&mut self, header: &[u8]) {
        let start = self.used.start - header.len();
        self.bytes[start..self.used.start].copy_from_slice(header);
        self.used.start = start;
    }

    /// Adds zeros until its length is a multiple of four.
    pub(super) fn pad(&mut self) {
        let end = self.used.start + padded(self.used.len());
        self.bytes[self.used.end..end].fill(0);
        self.used.end = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_goes_on_and_comes_off_without_moving_the_data() {
        let mut packet = Packet::default();
        assert!(packet.replace(b"data"));
        packet.prepend(b"head");
        assert_eq!(packet.as_bytes(), b"headdata");
        packet.narrow(4..7);
        packet.pad();
        assert_eq!(packet.as_bytes(), b"dat\0");
    }

    #[test]
    fn the_longest_datagram_has_room_for_the_longest_header_and_its_padding() {
        let mut packet = Packet::default();
        assert!(packet.replace(&[1; MAX_DATAGRAM]));
        packet.narrow(0..MAX_DATAGRAM - 1);
        packet.prepend(&[2; HEADROOM]);
        packet.pad();
        assert_eq!(packet.as_bytes().len(), HEADROOM + MAX_DATAGRAM);
        assert!(!packet.replace(&[0; MAX_DATAGRAM + 1]));
    }
}
