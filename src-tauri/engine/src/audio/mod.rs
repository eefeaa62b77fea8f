//! From the microphone to packets, and from packets to the speaker.
//!
//! ```text
//! microphone callback → ring → resampler → echo out, noise down → 20 ms frames → Opus, once for all  (microphone, capture thread)
//! packets → jitter buffer → Opus → pace → mixer → resampler → ring → speaker callback  (speaker, playout thread)
//! what the speaker callback plays → ring → the canceller on the capture thread  (processing)
//! ```
//!
//! Lost packets are made good for by copies in later ones (`transport::red`), pauses filled with comfort noise, and sound
//! cards that disagree about the length of a second reconciled by leaving out or repeating pitch periods (`pace`).
//!
//! Inside, audio is always `f32` at 48 kHz, full scale ±1. A voice is mono up to the mix, music has a left and a right from the
//! microphone to the speaker. A device keeps its own rate and channels; what differs is converted at the ring. Levels are RMS in dBFS, where a full-scale square wave is 0 and a full-scale sine −3.
//!
//! Threads: one capture thread per [`Microphone`], one playout thread per [`Speaker`], and beside each a keeper that opens
//! the device, watches it and opens it again. Real-time callbacks touch rings and atomics, and wake their media thread.
//!
//! Latency, microphone to speaker: 10 ms of the device, 15 ms of processing, 20 ms for a frame, 6.5 ms of Opus, the jitter
//! buffer's target (from 10 ms), 10 ms of ring, 20 ms of the device.

mod assembly;
#[cfg(test)]
mod babble;
mod capture;
mod comfort;
mod conversion;
mod cushion;
mod decoder;
mod device;
mod device_input;
mod encoder;
mod framer;
#[doc(hidden)]
pub mod fuzzing;
mod gap;
mod inbound;
mod jitter;
mod level;
mod microphone;
mod mixer;
mod music;
mod pace;
mod playout;
mod processing;
pub mod rehearsal;
mod resampler;
mod ring;
mod sound;
mod speaker;
mod spec;
mod stamped;
mod stats;
mod stream_clock;
mod test_sound;
mod tone;
mod tone_detector;
mod wav;

pub use device::{microphones, speakers};
pub use encoder::{EncodedAudio, VOICE_BITRATE};
pub use inbound::AudioSource;
pub use level::SILENCE_DBFS;
pub use microphone::Microphone;
pub use processing::Treatment;
pub use speaker::Speaker;
pub use spec::{MicrophoneSpec, SpeakerSpec, SpecError};
pub use stats::{AudioInboundStats, Spread};
pub use wav::WavError;

/// Samples per second everywhere inside the engine: Opus' own rate.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples in one encoded frame: 20 ms, the length at which Opus' in-band FEC works and packet overhead is bearable.
pub const FRAME_SAMPLES: usize = 960;

/// How long `samples` at 48 kHz last.
pub(crate) fn duration_of(samples: usize) -> std::time::Duration {
    std::time::Duration::from_nanos(samples as u64 * 1_000_000_000 / u64::from(SAMPLE_RATE))
}
