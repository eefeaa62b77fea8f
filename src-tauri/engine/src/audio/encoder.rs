//! Opus, once for all receivers.
//!
//! Runs on the capture thread; a frame costs about 0.3 ms. Latency: the frame itself (20 ms) and Opus' look-ahead (6.5 ms).

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Encoder};

use super::{FRAME_SAMPLES, SAMPLE_RATE};

/// Bits per second: full-band speech, with room for in-band FEC.
const BITRATE_BPS: i32 = 32_000;

/// Opus' complexity, 0 to 10: above 7 the CPU grows and the ear does not notice at this rate.
const COMPLEXITY: i32 = 7;

/// Loss, in percent, that FEC provides for before anybody has reported any.
const EXPECTED_LOSS_PERCENT: i32 = 5;

/// Loss, in percent, beyond which more FEC would starve the frame it travels in.
const MOST_LOSS_PERCENT: i32 = 40;

/// The largest packet Opus makes of one frame (RFC 6716, section 3.2.1).
const LARGEST_PACKET: usize = 1_275;

/// One 20 ms frame of a person's voice, encoded once and handed to every peer.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedAudio {
    /// When its first sample was captured, in 48 kHz ticks; jumps forward over what was not sent, wraps.
    pub timestamp: u32,
    /// One Opus packet, mono, 20 ms.
    pub payload: Bytes,
    /// RMS level of the frame in dBFS, [`SILENCE_DBFS`](super::SILENCE_DBFS) for silence.
    pub level_dbfs: f32,
    /// Whether somebody speaks.
    pub voice: bool,
}

/// Encodes frames of [`FRAME_SAMPLES`] mono samples at 48 kHz.
pub(crate) struct AudioEncoder {
    opus: Encoder,
    loss_percent: i32,
    packet: [u8; LARGEST_PACKET],
}

impl AudioEncoder {
    pub(crate) fn new() -> Result<Self, opus::Error> {
        let mut opus = Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Voip)?;
        opus.set_bitrate(Bitrate::Bits(BITRATE_BPS))?;
        opus.set_complexity(COMPLEXITY)?;
        opus.set_inband_fec(true)?;
        opus.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        // Discontinuous transmission stays off: the pauses it makes would hide a broken path.
        opus.set_dtx(false)?;
        Ok(Self {
            opus,
            loss_percent: EXPECTED_LOSS_PERCENT,
            packet: [0; LARGEST_PACKET],
        })
    }

    /// Provides for so much loss, as a share from 0 to 1, with in-band FEC.
    pub(crate) fn set_loss(&mut self, share: f32) {
        let percent = ((share.clamp(0.0, 1.0) * 100.0).round() as i32).min(MOST_LOSS_PERCENT);
        if percent != self.loss_percent && self.opus.set_packet_loss_perc(percent).is_ok() {
            self.loss_percent = percent;
        }
    }

    /// One frame into one packet.
    pub(crate) fn encode(&mut self, frame: &[f32; FRAME_SAMPLES]) -> Result<Bytes, opus::Error> {
        let length = self.opus.encode_float(frame, &mut self.packet)?;
        Ok(Bytes::copy_from_slice(&self.packet[..length]))
    }
}
