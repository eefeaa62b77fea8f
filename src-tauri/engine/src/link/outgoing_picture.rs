//! One of our two pictures on its way to one person: its stream, what may be asked for again, and the keyframes that are.

use std::time::{Duration, Instant};

use super::error::LinkError;
use super::outbox::VideoPacket;
use super::repairs::Repairs;
use super::stream::{OutgoingStream, TransportNumbers};
use crate::transport::history::History;
use crate::transport::keyframe::KeyframeGate;
use crate::transport::layer::Layer;

/// Bytes of payload that left, and the transport-wide number under which, if it had one.
pub(super) type Left = (usize, Option<u16>);

/// One picture's sending side.
pub(super) struct OutgoingPicture {
    stream: OutgoingStream,
    /// What was sent, to be sent again.
    history: History,
    repairs: Repairs,
    /// Keyframes that the other side asks us for, or needs though it may not know.
    asked: KeyframeGate,
    /// Of which layer.
    asked_layer: Option<Layer>,
}

impl OutgoingPicture {
    /// Nothing has been sent on the stream yet.
    pub fn new(stream: OutgoingStream) -> Self {
        Self {
            stream,
            history: History::default(),
            repairs: Repairs::default(),
            asked: KeyframeGate::default(),
            asked_layer: None,
        }
    }

    /// The identifier that the other side's feedback names.
    pub fn ssrc(&self) -> u32 {
        self.stream.ssrc()
    }

    /// The other side misses these packets.
    pub fn missed(&mut self, sequences: Vec<u16>, now: Instant) {
        self.repairs.ask(sequences, now);
    }

    /// The other side needs a keyframe.
    pub fn need_keyframe(&mut self) {
        self.asked.request();
    }

    /// The path was away, and with it every picture that was sent. The keyframe that this calls for waits neither for the
    /// other side to ask nor for the ones that were asked for in vain.
    pub fn back(&mut self) {
        self.asked = KeyframeGate::default();
        self.asked.request();
    }

    /// When there will be something to do though nothing happens.
    pub fn deadline(&self) -> Option<Instant> {
        let moments = [self.asked.deadline(), self.repairs.deadline()];
        moments.into_iter().flatten().min()
    }

    /// Of which layer a keyframe is to be asked of the encoder now, while `wanted` is taken.
    pub fn keyframe_due(&mut self, wanted: Option<Layer>, now: Instant) -> Option<Layer> {
        if self.asked_layer != wanted {
            // The first keyframe of a layer does not wait because there was one of another.
            self.asked_layer = wanted;
            let needed = std::mem::take(&mut self.asked).is_waiting();
            if needed {
                self.asked.request();
            }
        }
        match wanted {
            Some(layer) => self.asked.poll(now).then_some(layer),
            // Who takes no pictures needs no keyframe.
            None => {
                self.asked.satisfy();
                None
            }
        }
    }

    /// The size of the next repair, if there is one.
    pub fn repair_size(&mut self, round_trip: Option<Duration>, now: Instant) -> Option<usize> {
        self.repairs.size(&mut self.history, round_trip, now)
    }

    /// Sends the repair whose size was asked for; none if there is none.
    pub async fn repair(
        &mut self,
        loss: f32,
        numbers: &mut TransportNumbers,
        now: Instant,
    ) -> Result<Option<Left>, LinkError> {
        let Some(repair) = self.repairs.pop(loss, now) else {
            return Ok(None);
        };
        let bytes = repair.packet.payload.len();
        // The other side's SRTP takes a copy for a replay, and would never report it.
        let numbers = (!repair.copy).then_some(numbers);
        let number = self.stream.send(repair.packet, numbers).await?;
        Ok(Some((bytes, number)))
    }

    /// Sends a packet for the first time.
    pub async fn send(
        &mut self,
        next: VideoPacket,
        numbers: &mut TransportNumbers,
        now: Instant,
    ) -> Result<Left, LinkError> {
        let frame = &next.frame;
        if next.index == 0 && frame.keyframe {
            self.asked.satisfy();
        }
        let payload = frame.payloads[next.index].clone();
        let last = next.index + 1 == frame.payloads.len();
        let bytes = payload.len();
        let packet = self.stream.number(next.timestamp, last, payload);
        self.history.record(packet.clone(), now);
        let number = self.stream.send(packet, Some(numbers)).await?;
        Ok((bytes, number))
    }
}
