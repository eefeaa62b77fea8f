//! A sound that an encoder takes for speech: syllables of a gliding pitch. (Opus spends FEC on nothing else.) For tests.

use std::f32::consts::TAU;

/// Syllables in a second.
const SYLLABLES_HZ: f32 = 4.0;

/// Overtones, falling off as a voice's do.
const OVERTONES: usize = 20;

pub(crate) struct Babble {
    n: usize,
    phase: f32,
}

impl Babble {
    pub(crate) fn new() -> Self {
        Self { n: 0, phase: 0.0 }
    }

    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            let seconds = self.n as f32 / 48_000.0;
            let syllable = (std::f32::consts::PI * SYLLABLES_HZ * seconds)
                .sin()
                .powi(2);
            let pitch = 140.0 + 30.0 * (TAU * 0.7 * seconds).sin();
            self.phase = (self.phase + pitch / 48_000.0).fract();
            let voice: f32 = (1..=OVERTONES)
                .map(|k| (TAU * self.phase * k as f32).sin() / k as f32)
                .sum();
            *sample = 0.15 * syllable * voice;
            self.n += 1;
        }
    }
}
