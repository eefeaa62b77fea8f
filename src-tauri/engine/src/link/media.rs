//! What the video encoder hands over: one encoding, shared by reference with every link.

use bytes::Bytes;

/// One encoded picture, already cut into packets.
#[derive(Clone, Debug)]
pub struct EncodedVideo {
    /// Sampling time, 90 kHz ticks.
    pub timestamp: u32,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// RFC 6184 payloads, at most 1188 bytes each; the last carries the marker.
    pub payloads: Vec<Bytes>,
}
