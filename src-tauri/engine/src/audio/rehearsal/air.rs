//! The way through a room from a speaker to a microphone: a delay, the direct sound, and a tail of reflections.

use super::chance::Chance;
use crate::audio::SAMPLE_RATE;

/// Reflections a second: so many, at random places and signs, sound as dense as a real room's ("velvet noise", Karjalainen
/// and Järveläinen, 2007), for a tenth of the work.
const REFLECTIONS_PER_SECOND: usize = 4_000;

/// The longest way, in samples (about 2.7 s); a power of two.
const LONGEST: usize = 1 << 17;

/// Amplitude that a tail has lost at its end: 60 dB, the usual meaning of a reverberation time.
const DECAYED: f32 = 1e-3;

/// An echo path.
#[derive(Debug)]
pub(super) struct Air {
    past: Vec<f32>,
    position: usize,
    /// Samples before the direct sound.
    delay: usize,
    /// How much later than the direct sound, and how loud.
    reflections: Vec<(usize, f32)>,
}

impl Air {
    /// A room of `tail_ms` that gives back sound at `gain` times its level, `delay_ms` later.
    pub(super) fn new(seed: u64, delay_ms: usize, tail_ms: usize, gain: f32) -> Self {
        let per_ms = SAMPLE_RATE as usize / 1_000;
        let mut chance = Chance::new(seed);
        let spacing = SAMPLE_RATE as usize / REFLECTIONS_PER_SECOND;
        let tail = tail_ms * per_ms;
        let mut reflections = vec![(0, 1.0)];
        for start in (spacing..tail).step_by(spacing) {
            let later = start + (chance.unit() * spacing as f32) as usize;
            let loudness = 0.25 * DECAYED.powf(later as f32 / tail as f32);
            reflections.push((later, loudness * chance.noise().signum()));
        }
        let power: f32 = reflections.iter().map(|(_, loud)| loud * loud).sum();
        for (_, loudness) in &mut reflections {
            *loudness *= gain / power.sqrt();
        }
        Self {
            past: vec![0.0; LONGEST],
            position: 0,
            delay: delay_ms * per_ms,
            reflections,
        }
    }

    /// Everything takes so much longer from now on, as when somebody puts another buffer in between that nobody tells of.
    pub(super) fn delay_by(&mut self, ms: usize) {
        self.delay += ms * SAMPLE_RATE as usize / 1_000;
    }

    /// What the microphone hears while the speaker gives `sample`.
    pub(super) fn carry(&mut self, sample: f32) -> f32 {
        self.position = (self.position + 1) % LONGEST;
        self.past[self.position] = sample;
        let direct = self.position + LONGEST - self.delay % LONGEST;
        self.reflections
            .iter()
            .map(|(later, loudness)| self.past[(direct - later) % LONGEST] * loudness)
            .sum()
    }
}
