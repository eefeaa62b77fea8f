//! From Opus packets back to samples: decoding, in-band FEC, concealment.
//!
//! Packets come from the network and may be anything. What does not parse or decode is concealed and counted, and the
//! decoder goes on. Runs on the playout thread; a frame costs about 0.1 ms.

use opus::{Channels, Decoder};

use super::{FRAME_SAMPLES, SAMPLE_RATE};

/// The longest packet Opus allows: 120 ms (RFC 6716, section 3.2.5).
const LONGEST_PACKET_SAMPLES: usize = 5_760;

/// The shortest step of Opus' concealment: 2.5 ms.
const SHORTEST_STEP_SAMPLES: usize = 120;

/// How many samples at 48 kHz the packet holds; `None` if it is not an Opus packet.
pub(crate) fn packet_samples(payload: &[u8]) -> Option<usize> {
    let parsed = opus::packet::parse(payload).ok()?;
    if parsed.frames.is_empty() {
        return None;
    }
    let samples = opus::packet::get_nb_samples(payload, SAMPLE_RATE).ok()?;
    (SHORTEST_STEP_SAMPLES..=LONGEST_PACKET_SAMPLES)
        .contains(&samples)
        .then_some(samples)
}

/// Whether the packet carries a second, coarser copy of the frame before it.
///
/// Such copies exist in the SILK and hybrid modes only (TOC configurations 0 to 15). There, the bits after the mono
/// stream's voice activity flags, one for each 20 ms, say so (RFC 6716, section 4.2.3). Stereo is not looked into.
pub(crate) fn carries_fec(payload: &[u8]) -> bool {
    let Ok(packet) = opus::packet::parse(payload) else {
        return false;
    };
    let silk = packet.toc >> 3 < 16;
    let stereo = packet.toc & 0x04 != 0;
    let Some(first) = packet.frames.first().and_then(|frame| frame.first()) else {
        return false;
    };
    let frame_samples =
        opus::packet::get_samples_per_frame(payload, SAMPLE_RATE).unwrap_or(FRAME_SAMPLES);
    let activity_flags = frame_samples.div_ceil(FRAME_SAMPLES).clamp(1, 3);
    silk && !stereo && (first >> (7 - activity_flags)) & 1 == 1
}

/// Decodes one person's voice.
pub(crate) struct AudioDecoder {
    /// `None` if there was no memory for it: the voice is then silence, and the call goes on.
    opus: Option<Decoder>,
    scratch: Box<[f32; LONGEST_PACKET_SAMPLES]>,
    malformed: u64,
}

impl AudioDecoder {
    pub(crate) fn new() -> Self {
        let opus = Decoder::new(SAMPLE_RATE, Channels::Mono)
            .inspect_err(|why| tracing::error!(%why, "a voice can't be decoded"))
            .ok();
        Self {
            opus,
            scratch: Box::new([0.0; LONGEST_PACKET_SAMPLES]),
            malformed: 0,
        }
    }

    /// The samples of a packet; `Err` with as much concealment when it does not decode.
    pub(crate) fn decode(
        &mut self,
        payload: &[u8],
        samples: usize,
    ) -> Result<&mut [f32], &mut [f32]> {
        match self.run(payload, LONGEST_PACKET_SAMPLES, false) {
            Some(decoded) => Ok(sanitised(&mut self.scratch[..decoded])),
            None => {
                self.malformed += 1;
                Err(self.conceal(samples))
            }
        }
    }

    /// The lost frame before `following`, from the copy that `following` carries.
    pub(crate) fn recover(&mut self, following: &[u8], samples: usize) -> &mut [f32] {
        let samples = whole_steps(samples);
        match self.run(following, samples, true) {
            Some(decoded) => sanitised(&mut self.scratch[..decoded]),
            None => self.conceal(samples),
        }
    }

    /// So many samples that were never received, continued from what was heard before.
    pub(crate) fn conceal(&mut self, samples: usize) -> &mut [f32] {
        let samples = whole_steps(samples);
        match self.run(&[], samples, false) {
            Some(decoded) => sanitised(&mut self.scratch[..decoded]),
            None => {
                self.scratch[..samples].fill(0.0);
                &mut self.scratch[..samples]
            }
        }
    }

    /// Leaves samples in `scratch`; how many.
    fn run(&mut self, payload: &[u8], room: usize, fec: bool) -> Option<usize> {
        self.opus
            .as_mut()?
            .decode_float(payload, &mut self.scratch[..room], fec)
            .ok()
    }

    /// Packets that passed for Opus and were not.
    pub(crate) fn malformed(&self) -> u64 {
        self.malformed
    }
}

fn whole_steps(samples: usize) -> usize {
    let steps = (samples / SHORTEST_STEP_SAMPLES).max(1);
    (steps * SHORTEST_STEP_SAMPLES).min(LONGEST_PACKET_SAMPLES)
}

/// A hostile stream can make a decoder overshoot; nobody's ears or limiter are to suffer.
fn sanitised(samples: &mut [f32]) -> &mut [f32] {
    for sample in samples.iter_mut() {
        *sample = if sample.is_finite() {
            sample.clamp(-1.0, 1.0)
        } else {
            0.0
        };
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::super::encoder::AudioEncoder;
    use super::super::level::rms_dbfs;
    use super::super::tone::Tone;
    use super::*;

    fn packets(count: usize, loss: f32) -> Vec<bytes::Bytes> {
        let mut encoder = AudioEncoder::new().unwrap();
        encoder.set_loss(loss);
        let mut tone = Tone::new(440.0, 0.25);
        let mut frame = [0.0; FRAME_SAMPLES];
        let mut next = || {
            tone.fill(&mut frame);
            encoder.encode(&frame, true).unwrap().unwrap()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_packet_of_our_encoder_is_one_mono_frame_of_20_ms() {
        for packet in packets(10, 0.1) {
            assert_eq!(packet_samples(&packet), Some(FRAME_SAMPLES));
            assert!(packet.len() < 200, "{} bytes", packet.len());
        }
    }

    #[test]
    fn a_lost_frame_comes_back_from_the_packet_after_it() {
        let packets = packets(30, 0.2);
        let mut decoder = AudioDecoder::new();
        for packet in &packets[..20] {
            decoder.decode(packet, FRAME_SAMPLES).unwrap();
        }
        assert!(carries_fec(&packets[21]));
        let level = rms_dbfs(decoder.recover(&packets[21], FRAME_SAMPLES));
        assert!((level + 15.05).abs() < 1.5, "{level}");
    }

    #[test]
    fn without_expected_loss_no_packet_carries_a_copy() {
        assert!(
            packets(30, 0.0)
                .iter()
                .skip(5)
                .all(|packet| !carries_fec(packet))
        );
    }

    #[test]
    fn garbage_is_told_from_opus_or_concealed_and_never_crashes() {
        assert_eq!(packet_samples(&[]), None);
        assert_eq!(
            packet_samples(&[0xff]),
            None,
            "a frame count that is missing"
        );
        let valid = packets(5, 0.1).remove(4);
        let mut decoder = AudioDecoder::new();
        let mut seed = 7_u32;
        for _ in 0..5_000 {
            let mut mutated = valid.to_vec();
            for _ in 0..4 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let position = (seed >> 8) as usize % mutated.len();
                mutated[position] = seed as u8;
            }
            mutated.truncate(1 + (seed >> 16) as usize % valid.len());
            carries_fec(&mutated);
            let Some(samples) = packet_samples(&mutated) else {
                continue;
            };
            let heard = match decoder.decode(&mutated, samples) {
                Ok(heard) | Err(heard) => heard,
            };
            assert!(heard.iter().all(|sample| sample.abs() <= 1.0));
            assert!(
                decoder
                    .recover(&mutated, samples)
                    .iter()
                    .all(|sample| sample.abs() <= 1.0)
            );
        }
    }
}
