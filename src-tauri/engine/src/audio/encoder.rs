//! Opus, once for all receivers.
//!
//! Runs on the capture thread; a frame costs about 0.3 ms. Latency: the frame itself (20 ms) and Opus' look-ahead (6.5 ms).
//!
//! While nobody speaks, almost nothing is sent (discontinuous transmission): where both our meter and Opus' own analysis
//! find no voice and no music, and what there is lies 25 dB below what was, Opus makes frames of one byte after 200 ms. Two
//! of those are sent, so that receivers know that what they miss is no loss; then, every 400 ms, a whole frame: it shows
//! that the path is alive, and what the room sounds like now.

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Encoder};

use super::{FRAME_SAMPLES, SAMPLE_RATE};
use crate::transport::bitrate::Bitrate as Rate;

/// What one voice takes: full-band speech, with room for in-band FEC.
pub const VOICE_BITRATE: Rate = Rate::from_kbps(32);

/// Opus' complexity, 0 to 10: above 7 the CPU grows and the ear does not notice at this rate.
const COMPLEXITY: i32 = 7;

/// Loss, in percent, that FEC provides for before anybody has reported any.
const EXPECTED_LOSS_PERCENT: i32 = LEAST_LOSS_PERCENT;

/// Loss, in percent, below which Opus spends nothing on FEC at this bitrate, whatever is asked of it (measured with libopus
/// 1.6: none at 5, three quarters of what speech loses is made good for at 10). So what is asked is this or nothing.
const LEAST_LOSS_PERCENT: i32 = 10;

/// Loss, as a share, that is worth FEC: concealment hides less.
const WORTH_FEC: f32 = 0.01;

/// Loss, in percent, beyond which more FEC would starve the frame it travels in.
const MOST_LOSS_PERCENT: i32 = 40;

/// Frames of so few bytes say "as before", and need not be sent (RFC 6716, section 2.1.9).
const REST_BYTES: usize = 2;

/// But so many in a row are: one may be lost.
const RESTS_SENT: u32 = 2;

/// The largest packet Opus makes of one frame (RFC 6716, section 3.2.1).
const LARGEST_PACKET: usize = 1_275;

/// One 20 ms frame of a person's voice or music, encoded once and handed to every peer.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedAudio {
    /// When its first sample was captured, in 48 kHz ticks; jumps forward over what was not sent, wraps.
    pub timestamp: u32,
    /// One Opus packet, 20 ms; mono but for music.
    pub payload: Bytes,
    /// RMS level of the frame in dBFS, [`SILENCE_DBFS`](super::SILENCE_DBFS) for silence.
    pub level_dbfs: f32,
    /// Whether somebody speaks.
    pub voice: bool,
}

/// What becomes of a frame: `None` when it need not be sent.
pub(crate) type Packet = Option<Bytes>;

/// Encodes frames of [`FRAME_SAMPLES`] mono samples at 48 kHz.
pub(crate) struct AudioEncoder {
    opus: Encoder,
    loss_percent: i32,
    /// Whether Opus may rest.
    dtx: bool,
    /// Frames of rest in a row.
    rests: u32,
    packet: [u8; LARGEST_PACKET],
}

impl AudioEncoder {
    pub(crate) fn new() -> Result<Self, opus::Error> {
        let mut opus = Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Voip)?;
        opus.set_bitrate(Bitrate::Bits(VOICE_BITRATE.bps() as i32))?;
        opus.set_complexity(COMPLEXITY)?;
        opus.set_inband_fec(true)?;
        opus.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        opus.set_dtx(false)?;
        Ok(Self {
            opus,
            loss_percent: EXPECTED_LOSS_PERCENT,
            dtx: false,
            rests: 0,
            packet: [0; LARGEST_PACKET],
        })
    }

    /// Provides for so much loss, as a share from 0 to 1, with in-band FEC.
    pub(crate) fn set_loss(&mut self, share: f32) {
        let percent = match (share * 100.0).round() as i32 {
            _ if share < WORTH_FEC => 0,
            percent => percent.clamp(LEAST_LOSS_PERCENT, MOST_LOSS_PERCENT),
        };
        if percent != self.loss_percent && self.opus.set_packet_loss_perc(percent).is_ok() {
            self.loss_percent = percent;
        }
    }

    /// Forgets what it has heard: what comes next has nothing to do with it.
    pub(crate) fn start_over(&mut self) -> Result<(), opus::Error> {
        self.rests = 0;
        self.opus.reset_state()
    }

    /// One frame of [`FRAME_SAMPLES`] into one packet. `voice` says that somebody speaks, or did just now.
    pub(crate) fn encode(&mut self, frame: &[f32], voice: bool) -> Result<Packet, opus::Error> {
        debug_assert_eq!(frame.len(), FRAME_SAMPLES);
        // Opus' own judgement is not asked while ours says that there is something to hear.
        if self.dtx == voice {
            self.opus.set_dtx(!voice)?;
            self.dtx = !voice;
        }
        let length = self.opus.encode_float(frame, &mut self.packet)?;
        let rests = length <= REST_BYTES;
        self.rests = if rests { self.rests + 1 } else { 0 };
        if self.rests > RESTS_SENT {
            return Ok(None);
        }
        Ok(Some(Bytes::copy_from_slice(&self.packet[..length])))
    }
}

#[cfg(test)]
mod tests {
    use super::super::babble::Babble;
    use super::super::tone::Tone;
    use super::*;

    /// So many frames of a sound; the lengths of what is sent of each.
    fn encode(
        encoder: &mut AudioEncoder,
        voice: bool,
        frames: usize,
        mut sound: impl FnMut(&mut [f32]),
    ) -> Vec<Option<usize>> {
        let mut frame = [0.0; FRAME_SAMPLES];
        let one = |_| {
            sound(&mut frame);
            encoder.encode(&frame, voice).unwrap().map(|it| it.len())
        };
        (0..frames).map(one).collect()
    }

    fn hiss(amplitude: f32) -> impl FnMut(&mut [f32]) {
        let mut seed = 5_u32;
        move |frame| {
            for sample in frame {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = seed as i32 as f32 / i32::MAX as f32 * amplitude;
            }
        }
    }

    #[test]
    fn a_room_in_which_nobody_speaks_costs_five_packets_a_second_and_a_voice_all_fifty() {
        let mut encoder = AudioEncoder::new().unwrap();
        let mut babble = Babble::new();
        encode(&mut encoder, true, 100, |frame| babble.fill(frame));
        encode(&mut encoder, false, 100, hiss(0.002));
        let sent = encode(&mut encoder, false, 500, hiss(0.002));
        let packets = sent.iter().flatten().count();
        assert!((25..=80).contains(&packets), "{packets} in ten seconds");
        let longest = sent.split(Option::is_some).map(<[_]>::len).max();
        assert!(
            longest <= Some(20),
            "{longest:?} frames without a sign of life"
        );
        let signs = sent.iter().flatten().filter(|length| **length > 20);
        assert!(signs.count() >= 20, "the sound of the room every 400 ms");

        let sent = encode(&mut encoder, true, 100, hiss(0.002));
        assert!(sent.iter().all(Option::is_some));
    }

    #[test]
    fn a_tone_is_never_taken_for_silence() {
        let mut encoder = AudioEncoder::new().unwrap();
        let mut tone = Tone::new(440.0, 0.178);
        let sent = encode(&mut encoder, true, 500, |frame| tone.fill(frame));
        assert!(sent.iter().all(Option::is_some));
    }
}
