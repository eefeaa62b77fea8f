//! Opus for music: everything the microphone hears, in stereo where it has two channels.
//!
//! Runs on the capture thread; a frame costs about 0.5 ms. Latency as for speech.

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Encoder, Signal};

use super::{FRAME_SAMPLES, SAMPLE_RATE};

/// Bits per second for stereo: from here on listeners no longer tell Opus from the original (the Opus developers' own
/// recommendation for music streaming is 64 to 128 kbit/s).
const STEREO_BPS: i32 = 128_000;

/// Bits per second for one channel.
const MONO_BPS: i32 = 96_000;

/// Opus' complexity, 0 to 10. Music is what the last steps are for.
const COMPLEXITY: i32 = 9;

/// The largest packet Opus makes of one frame (RFC 6716, section 3.2.1).
const LARGEST_PACKET: usize = 1_275;

/// Encodes frames of 20 ms at 48 kHz, mono or interleaved stereo.
pub(crate) struct MusicEncoder {
    opus: Encoder,
    channels: usize,
    packet: [u8; LARGEST_PACKET],
}

impl MusicEncoder {
    /// For `channels`, 1 or 2.
    pub(crate) fn new(channels: usize) -> Result<Self, opus::Error> {
        let (layout, bits) = match channels {
            2 => (Channels::Stereo, STEREO_BPS),
            _ => (Channels::Mono, MONO_BPS),
        };
        let mut opus = Encoder::new(SAMPLE_RATE, layout, Application::Audio)?;
        opus.set_signal(Signal::Music)?;
        opus.set_bitrate(Bitrate::Bits(bits))?;
        opus.set_complexity(COMPLEXITY)?;
        // What is quiet in music is music; and at this rate Opus has no second copy to send.
        opus.set_dtx(false)?;
        Ok(Self {
            opus,
            channels,
            packet: [0; LARGEST_PACKET],
        })
    }

    /// One frame of 960 samples for each channel into one packet.
    pub(crate) fn encode(&mut self, interleaved: &[f32]) -> Result<Bytes, opus::Error> {
        debug_assert_eq!(interleaved.len(), FRAME_SAMPLES * self.channels);
        let length = self.opus.encode_float(interleaved, &mut self.packet)?;
        Ok(Bytes::copy_from_slice(&self.packet[..length]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chord with the full band in it, for a second; bits per second.
    fn rate(channels: usize) -> (f64, Bytes) {
        let mut encoder = MusicEncoder::new(channels).unwrap();
        let mut bytes = 0;
        let mut last = Bytes::new();
        for frame in 0..50 {
            let samples: Vec<f32> = (0..FRAME_SAMPLES * channels)
                .map(|n| {
                    let t = (frame * FRAME_SAMPLES + n / channels) as f32 / 48_000.0;
                    let base = 220.0 * (1 + n % channels) as f32;
                    (1..40)
                        .map(|k| (t * base * k as f32 * std::f32::consts::TAU).sin() / 60.0)
                        .sum()
                })
                .collect();
            last = encoder.encode(&samples).unwrap();
            bytes += last.len();
        }
        (bytes as f64 * 8.0, last)
    }

    #[test]
    fn stereo_keeps_its_channels_and_gets_four_times_the_bits_of_speech() {
        let (bits, packet) = rate(2);
        assert!((90_000.0..180_000.0).contains(&bits), "{bits}");
        assert_eq!(
            opus::packet::get_nb_channels(&packet).unwrap(),
            Channels::Stereo
        );
    }

    #[test]
    fn one_channel_is_one_channel() {
        let (bits, packet) = rate(1);
        assert!((60_000.0..140_000.0).contains(&bits), "{bits}");
        assert_eq!(
            opus::packet::get_nb_channels(&packet).unwrap(),
            Channels::Mono
        );
    }
}
