//! Echo canceller, noise suppressor and automatic gain, by `sonora`: WebRTC's own audio processing, in Rust.
//!
//! About 0.25 ms for 10 ms of sound while somebody is heard, 0.1 ms before anybody was. The canceller finds the echo's delay
//! within half a second by itself; [`FarEnd`](super::far_end::FarEnd) saves it most of the search.

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate,
    NoiseSuppression, NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use super::{BLOCK_SAMPLES, Block, VoiceProcessor};
use crate::audio::SAMPLE_RATE;

/// 12 dB: a fan falls below a voice, and the voice keeps its colour. The levels above make syllables swim.
const SUPPRESSION: NoiseSuppressionLevel = NoiseSuppressionLevel::Moderate;

/// Peaks are brought to this far below full scale, in dB: the headroom of WebRTC's own default.
const HEADROOM_DB: f32 = 5.0;

/// A voice is raised by no more than this, in dB: somebody two metres away, and not the next room.
const MOST_GAIN_DB: f32 = 24.0;

/// The gain before anybody has spoken, in dB. None: an echo that is not yet cancelled must not be raised.
const FIRST_GAIN_DB: f32 = 0.0;

/// The gain follows a voice this fast, in dB per second: within a sentence or two, and too slowly to be heard as pumping.
const GAIN_SPEED_DB: f32 = 3.0;

/// Noise is never raised above this, in dBFS: the hiss of a quiet room stays what it is.
const LOUDEST_NOISE_DBFS: f32 = -55.0;

/// Cleans a voice, with a memory of its room.
pub(crate) struct Canceller {
    engine: AudioProcessing,
    /// What the engine hands back of the far end, which nobody needs.
    unused: Block,
    input: Block,
}

impl Canceller {
    /// Knows nothing of the room yet. An echo is 25 dB fainter within 2 s of sound from the speaker.
    pub(crate) fn new(noise_suppression: bool) -> Self {
        let stream = StreamConfig::new(SAMPLE_RATE, 1);
        let engine = AudioProcessing::builder()
            .config(config(noise_suppression))
            .capture_config(stream)
            .render_config(stream)
            .build();
        Self {
            engine,
            unused: [0.0; BLOCK_SAMPLES],
            input: [0.0; BLOCK_SAMPLES],
        }
    }
}

fn config(noise_suppression: bool) -> Config {
    Config {
        pipeline: Pipeline {
            // The default, 32 kHz, would cut a voice off at 16 kHz.
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Pipeline::default()
        },
        // Rumble below 100 Hz is no voice, and would take the canceller's attention.
        high_pass_filter: Some(HighPassFilter::default()),
        echo_canceller: Some(EchoCanceller::default()),
        noise_suppression: noise_suppression.then(|| NoiseSuppression {
            level: SUPPRESSION,
            ..NoiseSuppression::default()
        }),
        gain_controller2: Some(GainController2 {
            // The system's own volume is the person's.
            input_volume_controller: false,
            adaptive_digital: Some(AdaptiveDigital {
                headroom_db: HEADROOM_DB,
                max_gain_db: MOST_GAIN_DB,
                initial_gain_db: FIRST_GAIN_DB,
                max_gain_change_db_per_second: GAIN_SPEED_DB,
                max_output_noise_level_dbfs: LOUDEST_NOISE_DBFS,
            }),
            ..GainController2::default()
        }),
        ..Config::default()
    }
}

impl VoiceProcessor for Canceller {
    fn far(&mut self, block: &Block) {
        self.input = block.map(sane);
        // Fails for formats that a block can't have.
        let _ = self
            .engine
            .process_render_f32(&[&self.input], &mut [&mut self.unused]);
    }

    fn near(&mut self, block: &mut Block) {
        self.input = block.map(sane);
        // As above. A block that was not processed is handed on as it came, and is not worth a word 100 times a second.
        let _ = self
            .engine
            .process_capture_f32(&[&self.input], &mut [&mut block[..]]);
        *block = block.map(sane);
    }
}

/// A driver's nonsense is silence, and nothing exceeds full scale.
fn sane(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-1.0, 1.0)
    } else {
        0.0
    }
}
