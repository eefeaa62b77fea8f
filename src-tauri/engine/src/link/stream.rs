//! One outgoing RTP stream of one link: its identifier and its numbering.
//!
//! Encoders number nothing: the same payloads go to every link, each of which counts for itself.

use std::sync::Arc;

use bytes::Bytes;
use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::rtp_transceiver::RtpSender;

use super::error::LinkError;
use super::lines::PayloadTypes;
use super::transport_cc::TRANSPORT_CC_URI;
use crate::transport::history::SentPacket;

/// RTP's version field, which webrtc-rs leaves to us.
const RTP_VERSION: u8 = 2;

/// What a packet weighs beside its payload: RTP header, header extension, SRTP's tag, UDP, IPv4.
pub(super) const OVERHEAD: usize = 12 + 8 + 16 + 8 + 20;

/// A stream of ours and where it goes.
pub(super) struct OutgoingStream {
    sender: Arc<dyn RtpSender>,
    ssrc: u32,
    agreed: Option<Agreed>,
    sequence: u16,
}

/// What the two sides have agreed on.
#[derive(Clone, Copy)]
struct Agreed {
    /// What they call what the stream carries.
    payload_types: PayloadTypes,
    /// What they call the header extension for transport-wide numbers, if the other side has it.
    numbers: Option<u8>,
}

impl OutgoingStream {
    /// Starts at a number below the middle, so that the first wrap (on which SRTP's packet index
    /// depends) is not the first thing to happen.
    pub fn new(sender: Arc<dyn RtpSender>, ssrc: u32, random: u16) -> Self {
        Self {
            sender,
            ssrc,
            agreed: None,
            sequence: random >> 1,
        }
    }

    /// The identifier that the other side's feedback names.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Gives a payload the next number.
    pub fn number(&mut self, timestamp: u32, marker: bool, payload: Bytes) -> SentPacket {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        SentPacket {
            sequence,
            timestamp,
            marker,
            payload,
        }
    }

    /// Hands a packet to the connection's driver, under the next of `numbers` if it is to have one; waits while the driver
    /// has 256 others to do. Returns the number, if one was given. What the other side has no codec
    /// for is let go.
    pub async fn send(
        &mut self,
        packet: SentPacket,
        numbers: Option<&mut TransportNumbers>,
    ) -> Result<Option<u16>, LinkError> {
        match self.agreed().await {
            Some(agreed) => {
                let payload_type = agreed.payload_types.media;
                self.send_as(payload_type, packet, numbers).await
            }
            None => Ok(None),
        }
    }

    /// The same with a payload type of its own.
    pub async fn send_as(
        &mut self,
        payload_type: u8,
        packet: SentPacket,
        numbers: Option<&mut TransportNumbers>,
    ) -> Result<Option<u16>, LinkError> {
        let Some(agreed) = self.agreed().await else {
            return Ok(None);
        };
        let mut header = Header {
            version: RTP_VERSION,
            marker: packet.marker,
            payload_type,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: self.ssrc,
            ..Default::default()
        };
        let number = match (agreed.numbers, numbers) {
            (Some(id), Some(numbers)) => numbers.stamp(&mut header, id),
            _ => None,
        };
        let packet = Packet {
            header,
            payload: packet.payload,
        };
        let track: &Arc<dyn TrackLocal> = self.sender.track();
        let sent = track.write_rtp(packet).await;
        sent.map_err(|_| LinkError::Ended)?;
        Ok(number)
    }

    /// What the two sides call what this stream carries.
    pub async fn payload_types(&mut self) -> Option<PayloadTypes> {
        Some(self.agreed().await?.payload_types)
    }

    async fn agreed(&mut self) -> Option<Agreed> {
        if self.agreed.is_none() {
            let parameters = self.sender.get_parameters().await.ok()?.rtp_parameters;
            let extensions = parameters.header_extensions.iter();
            let mut numbers = extensions.filter(|extension| extension.uri == TRANSPORT_CC_URI);
            let numbers = numbers.next().and_then(|e| u8::try_from(e.id).ok());
            self.agreed = PayloadTypes::of(&parameters.codecs).map(|payload_types| Agreed {
                payload_types,
                numbers,
            });
        }
        self.agreed
    }
}

/// Counts the packets of all streams of a link together, in the order in which they leave: each
/// sending of a packet has a number of its own, repair included.
#[derive(Debug, Default)]
pub(super) struct TransportNumbers {
    next: u16,
}

impl TransportNumbers {
    /// Writes the next number into a header.
    fn stamp(&mut self, header: &mut Header, extension: u8) -> Option<u16> {
        let number = self.next;
        let bytes = Bytes::copy_from_slice(&number.to_be_bytes());
        header.set_extension(extension, bytes).ok()?;
        self.next = number.wrapping_add(1);
        Some(number)
    }
}
