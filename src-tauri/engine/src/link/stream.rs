//! One outgoing RTP stream of one link: its identifier and its numbering.
//!
//! Encoders number nothing: the same payloads go to every link, each of which counts for itself.

use std::sync::Arc;

use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::rtp_transceiver::RtpSender;

use super::error::LinkError;
use crate::transport::history::SentPacket;

/// RTP's version field, which webrtc-rs leaves to us.
const RTP_VERSION: u8 = 2;

/// A stream of ours and where it goes.
pub(super) struct OutgoingStream {
    sender: Arc<dyn RtpSender>,
    ssrc: u32,
    /// What the two sides call the codec; known once they have agreed.
    payload_type: Option<u8>,
    sequence: u16,
}

impl OutgoingStream {
    /// Starts at a number below the middle, so that the first wrap (on which SRTP's packet index
    /// depends) is not the first thing to happen.
    pub fn new(sender: Arc<dyn RtpSender>, ssrc: u32, random: u16) -> Self {
        Self {
            sender,
            ssrc,
            payload_type: None,
            sequence: random >> 1,
        }
    }

    /// The identifier that the other side's feedback names.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Gives a payload the next number.
    pub fn number(&mut self, timestamp: u32, marker: bool, payload: bytes::Bytes) -> SentPacket {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        SentPacket {
            sequence,
            timestamp,
            marker,
            payload,
        }
    }

    /// Hands a packet to the connection's driver; waits while that has 256 others to do. What the
    /// other side has no codec for is let go.
    pub async fn send(&mut self, packet: SentPacket) -> Result<(), LinkError> {
        let Some(payload_type) = self.payload_type().await else {
            return Ok(());
        };
        let header = Header {
            version: RTP_VERSION,
            marker: packet.marker,
            payload_type,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: self.ssrc,
            ..Default::default()
        };
        let packet = Packet {
            header,
            payload: packet.payload,
        };
        let track: &Arc<dyn TrackLocal> = self.sender.track();
        track.write_rtp(packet).await.map_err(|_| LinkError::Ended)
    }

    async fn payload_type(&mut self) -> Option<u8> {
        if self.payload_type.is_none() {
            let parameters = self.sender.get_parameters().await.ok()?;
            let codec = parameters.rtp_parameters.codecs.first();
            self.payload_type = codec.map(|codec| codec.payload_type);
        }
        self.payload_type
    }
}
