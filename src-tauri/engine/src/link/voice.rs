//! The voice on its way out: each packet with copies of those before it, as many as the loss calls for.
//!
//! Part of the pump. Costs no latency; a packet with copies is copied once.

use super::error::LinkError;
use super::lines::PayloadTypes;
use super::shared::Shared;
use super::stream::{OutgoingStream, TransportNumbers};
use crate::audio::{EncodedAudio, VOICE_BITRATE};
use crate::transport::bitrate::Bitrate;
use crate::transport::red::{Copies, Redundancy};

pub(super) struct OutgoingVoice {
    stream: OutgoingStream,
    /// What was said of late, to be sent along with what is said next, and whether that is needed.
    copies: Copies,
    redundancy: Redundancy,
}

impl OutgoingVoice {
    pub fn new(stream: OutgoingStream) -> Self {
        Self {
            stream,
            copies: Copies::default(),
            redundancy: Redundancy::default(),
        }
    }

    /// The other side says that it missed this share of the voice's packets, 0 to 1.
    pub fn report(&mut self, loss: f32) {
        self.redundancy.report(loss);
    }

    /// Sends a packet, on a path that is thought to carry `estimate`. Returns its size and its
    /// transport-wide number.
    pub async fn send(
        &mut self,
        audio: &EncodedAudio,
        estimate: Option<Bitrate>,
        numbers: &mut TransportNumbers,
        shared: &Shared,
    ) -> Result<(usize, Option<u16>), LinkError> {
        let agreed = self.stream.payload_types().await;
        let with_copies = agreed.and_then(|PayloadTypes { media, red }| {
            let red = red?;
            let needed = self.redundancy.copies(VOICE_BITRATE, estimate);
            let wrapped = self
                .copies
                .wrap(audio.timestamp, &audio.payload, needed, media)?;
            Some((red, wrapped))
        });
        shared.path().audio_copies = agreed.is_some_and(|agreed| agreed.red.is_some());
        shared.counters.audio_sent.add(audio.payload.len());
        let Some((red, payload)) = with_copies else {
            let payload = audio.payload.clone();
            let packet = self.stream.number(audio.timestamp, false, payload);
            let number = self.stream.send(packet, Some(numbers)).await?;
            return Ok((audio.payload.len(), number));
        };
        let bytes = payload.len();
        let copied = bytes - audio.payload.len();
        shared.counters.audio_copies.add(copied);
        let packet = self.stream.number(audio.timestamp, false, payload);
        let number = self.stream.send_as(red, packet, Some(numbers)).await?;
        Ok((bytes, number))
    }
}
