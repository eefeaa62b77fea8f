//! A sine: the openly artificial voice of tests and demos.

use std::f64::consts::TAU;

use super::SAMPLE_RATE;

/// The amplitude of a test tone: −18 dBFS RMS, the usual line-up level, far from clipping even when six mix.
pub(crate) const TEST_TONE_AMPLITUDE: f32 = 0.178;

/// A sine wave that never drifts, however long it runs.
#[derive(Debug)]
pub(crate) struct Tone {
    phase: f64,
    step: f64,
    amplitude: f32,
}

impl Tone {
    /// A sine of `pitch_hz` with peaks at ±`amplitude`.
    pub(crate) fn new(pitch_hz: f32, amplitude: f32) -> Self {
        Self {
            phase: 0.0,
            step: f64::from(pitch_hz) / f64::from(SAMPLE_RATE),
            amplitude,
        }
    }

    /// Writes the next samples.
    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            *sample = (self.phase * TAU).sin() as f32 * self.amplitude;
            self.phase = (self.phase + self.step).fract();
        }
    }
}
