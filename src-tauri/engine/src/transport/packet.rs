//! One media packet, as it came off the wire.
//!
//! The leaf that every media room shares: it knows neither WebRTC nor a codec. The payload is
//! reference-counted, so handing a packet on copies some sixty bytes, whatever it carries.

use std::time::Instant;

use bytes::Bytes;

/// A received RTP packet, decrypted, its header reduced to what a receiver needs (RFC 3550, section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpPacket {
    /// Counts packets, wraps at 65,536. A gap is a packet lost or late.
    pub sequence: u16,
    /// When the content was sampled: 48 kHz ticks for audio, 90 kHz ticks for video. Wraps.
    pub timestamp: u32,
    /// Video: the last packet of a frame. Audio: the first packet after silence.
    pub marker: bool,
    /// What the codec's payload format put in; at most one datagram.
    pub payload: Bytes,
    /// When the packet was taken off the socket, on this machine's monotonic clock.
    pub arrived: Instant,
}
