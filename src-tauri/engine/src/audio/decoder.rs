//! From Opus packets back to samples: decoding, in-band FEC, concealment.
//!
//! Packets come from the network and may be anything. What does not parse or decode is concealed and counted, and the
//! decoder goes on. Runs on the playout thread; a frame costs about 0.1 ms, one of stereo twice that.

use opus::{Channels, Decoder};

use super::sound::{SEAM_SAMPLES, Sound};
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

/// Whether the packet has two channels: a bit of its first byte (RFC 6716, section 3.1).
fn is_stereo(payload: &[u8]) -> bool {
    payload.first().is_some_and(|toc| toc & 0x04 != 0)
}

/// Decodes what one person sends.
///
/// It begins with one channel, which is all that a voice needs. With the first stereo packet a decoder for two takes over,
/// for which mono packets are no change: a sender may mix both as it likes. Only in a pause is it given up again.
pub(crate) struct AudioDecoder {
    /// `None` if there was no memory for it: the voice is then silence, and the call goes on.
    opus: Option<Decoder>,
    channels: Channels,
    /// The packet decoded last had two channels.
    stereo: bool,
    /// Interleaved.
    scratch: Box<[f32; 2 * LONGEST_PACKET_SAMPLES]>,
    malformed: u64,
}

impl AudioDecoder {
    pub(crate) fn new() -> Self {
        Self {
            opus: decoder(Channels::Mono),
            channels: Channels::Mono,
            stereo: false,
            scratch: Box::new([0.0; 2 * LONGEST_PACKET_SAMPLES]),
            malformed: 0,
        }
    }

    /// Leaves the sound of a packet in `out`; `false`, and as much concealment there, when it does not decode.
    pub(crate) fn decode(&mut self, payload: &[u8], samples: usize, out: &mut Sound) -> bool {
        self.stereo = is_stereo(payload);
        let before = (self.stereo && self.channels == Channels::Mono).then(|| self.widen());
        let decoded = self.run(payload, LONGEST_PACKET_SAMPLES, false, out);
        if !decoded {
            self.malformed += 1;
            self.conceal(samples, out);
        }
        if let Some(before) = before {
            out.fade_from(&before);
        }
        decoded
    }

    /// The lost frame before `following`, from the copy that `following` carries.
    pub(crate) fn recover(&mut self, following: &[u8], samples: usize, out: &mut Sound) {
        if !self.run(following, whole_steps(samples), true, out) {
            self.conceal(samples, out);
        }
    }

    /// So many samples that were never received, continued from what was heard before.
    pub(crate) fn conceal(&mut self, samples: usize, out: &mut Sound) {
        let samples = whole_steps(samples);
        if !self.run(&[], samples, false, out) {
            out.silence(samples);
        }
    }

    /// Nothing of it is heard for now: if music is over, the next word is decoded as cheaply as the first.
    pub(crate) fn rest(&mut self) {
        if self.channels == Channels::Stereo && !self.stereo {
            self.change(Channels::Mono);
        }
    }

    /// Packets that passed for Opus and were not.
    pub(crate) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Goes over to two channels. The new decoder knows nothing of what was heard: this is how that would have gone on.
    fn widen(&mut self) -> Sound {
        let mut before = Sound::default();
        self.conceal(SEAM_SAMPLES, &mut before);
        self.change(Channels::Stereo);
        before
    }

    fn change(&mut self, channels: Channels) {
        if let Some(opus) = decoder(channels) {
            self.opus = Some(opus);
            self.channels = channels;
        }
    }

    /// Leaves up to `room` samples of each channel in `out`.
    fn run(&mut self, payload: &[u8], room: usize, fec: bool, out: &mut Sound) -> bool {
        let channels = self.channels as usize;
        let scratch = &mut self.scratch[..channels * room];
        let decoded = self
            .opus
            .as_mut()
            .and_then(|opus| opus.decode_float(payload, scratch, fec).ok());
        let Some(samples) = decoded else {
            return false;
        };
        out.set(sanitised(&mut self.scratch[..channels * samples]), channels);
        true
    }
}

fn decoder(channels: Channels) -> Option<Decoder> {
    Decoder::new(SAMPLE_RATE, channels)
        .inspect_err(|why| tracing::error!(%why, "a voice can't be decoded"))
        .ok()
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
    use super::super::music::MusicEncoder;
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
        let mut heard = Sound::default();
        for packet in &packets[..20] {
            assert!(decoder.decode(packet, FRAME_SAMPLES, &mut heard));
        }
        assert!(carries_fec(&packets[21]));
        decoder.recover(&packets[21], FRAME_SAMPLES, &mut heard);
        assert!(!heard.is_stereo());
        let level = rms_dbfs(heard.left());
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
        let (mut decoder, mut heard) = (AudioDecoder::new(), Sound::default());
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
            decoder.decode(&mutated, samples, &mut heard);
            assert!(is_bounded(&heard));
            decoder.recover(&mutated, samples, &mut heard);
            assert!(is_bounded(&heard));
        }
    }
    fn is_bounded(sound: &Sound) -> bool {
        let bounded = |channel: &[f32]| channel.iter().all(|sample| sample.abs() <= 1.0);
        sound.channels().all(bounded)
    }

    #[test]
    fn a_decoder_of_two_channels_stays_until_a_pause_after_the_music() {
        let mut music = MusicEncoder::new(2).unwrap();
        let loud_left: Vec<f32> = (0..2 * FRAME_SAMPLES)
            .map(|n| if n % 96 == 0 { 0.5 } else { 0.0 })
            .collect();
        let music = music.encode(&loud_left).unwrap();
        let voice = packets(1, 0.0).remove(0);
        let (mut decoder, mut heard) = (AudioDecoder::new(), Sound::default());
        decoder.decode(&voice, FRAME_SAMPLES, &mut heard);
        decoder.rest();
        assert_eq!(
            (decoder.channels, heard.is_stereo()),
            (Channels::Mono, false)
        );
        decoder.decode(&music, FRAME_SAMPLES, &mut heard);
        decoder.rest();
        assert_eq!(
            (decoder.channels, heard.is_stereo()),
            (Channels::Stereo, true)
        );
        for _ in 0..3 {
            decoder.decode(&voice, FRAME_SAMPLES, &mut heard);
        }
        assert_eq!(decoder.channels, Channels::Stereo);
        assert!(!heard.is_stereo(), "equal channels are one");
        decoder.rest();
        assert_eq!(decoder.channels, Channels::Mono);
    }
}
