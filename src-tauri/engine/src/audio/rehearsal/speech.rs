//! Something like speech, made of numbers: vowels with pitch and formants, hisses between them, and pauses for breath.
//!
//! It says nothing, but a canceller can't tell: its level rises and falls with syllables, its spectrum moves, and it falls
//! silent. A source and filter as in Klatt's synthesiser (1980), without the consonants that make words.

use std::f32::consts::{PI, TAU};

use super::chance::Chance;
use crate::audio::SAMPLE_RATE;

const RATE: f32 = SAMPLE_RATE as f32;

/// The first three formants of six vowels, in Hz (Peterson and Barney, 1952).
const VOWELS_HZ: [[f32; 3]; 6] = [
    [730.0, 1_090.0, 2_440.0],
    [530.0, 1_840.0, 2_480.0],
    [270.0, 2_290.0, 3_010.0],
    [570.0, 840.0, 2_410.0],
    [300.0, 870.0, 2_240.0],
    [660.0, 1_720.0, 2_410.0],
];

/// How wide those formants are, in Hz.
const WIDTHS_HZ: [f32; 3] = [80.0, 110.0, 160.0];

/// How loud they are, beside each other.
const SHARES: [f32; 3] = [1.0, 0.7, 0.4];

/// After so many sounds comes a pause, sooner or later.
const SOUNDS_IN_A_BREATH: u32 = 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    Vowel,
    Hiss,
    Pause,
}

/// One person who talks without end.
#[derive(Debug)]
pub(super) struct Speech {
    chance: Chance,
    pitch_hz: f32,
    sound: Sound,
    length: usize,
    left: usize,
    level: f32,
    glide: f32,
    phase: f32,
    airflow: f32,
    formants: [Resonator; 3],
    hiss: Resonator,
    sounds: u32,
}

impl Speech {
    pub(super) fn new(seed: u64, pitch_hz: f32) -> Self {
        Self {
            chance: Chance::new(seed),
            pitch_hz,
            sound: Sound::Pause,
            length: 1,
            left: 0,
            level: 0.0,
            glide: 0.0,
            phase: 0.0,
            airflow: 0.0,
            formants: Default::default(),
            hiss: Resonator::default(),
            sounds: 0,
        }
    }

    pub(super) fn sample(&mut self) -> f32 {
        if self.left == 0 {
            self.begin();
        }
        let done = 1.0 - self.left as f32 / self.length as f32;
        self.left -= 1;
        let shape = (PI * done).sin().max(0.0).sqrt() * self.level;
        match self.sound {
            Sound::Vowel => self.vowel(done) * shape * 0.6,
            Sound::Hiss => self.hiss.run(self.chance.noise()) * shape * 0.5,
            Sound::Pause => 0.0,
        }
    }

    /// The next sound.
    fn begin(&mut self) {
        self.sounds += 1;
        let dice = self.chance.unit();
        self.sound = match self.sound {
            _ if self.sounds > SOUNDS_IN_A_BREATH && dice < 0.3 => Sound::Pause,
            Sound::Vowel if dice < 0.45 => Sound::Hiss,
            _ => Sound::Vowel,
        };
        let seconds = match self.sound {
            Sound::Vowel => self.chance.between(0.08, 0.22),
            Sound::Hiss => self.chance.between(0.04, 0.1),
            Sound::Pause => self.chance.between(0.2, 0.5),
        };
        if self.sound == Sound::Pause {
            self.sounds = 0;
        }
        self.length = (seconds * RATE) as usize;
        self.left = self.length;
        self.level = self.chance.between(0.5, 1.0);
        self.glide = self.chance.between(-0.25, 0.15);
        let vowel = VOWELS_HZ[(self.chance.unit() * VOWELS_HZ.len() as f32) as usize];
        for (formant, (hz, width)) in self
            .formants
            .iter_mut()
            .zip(vowel.into_iter().zip(WIDTHS_HZ))
        {
            formant.tune(hz, width);
        }
        let hiss_hz = self.chance.between(3_000.0, 6_500.0);
        self.hiss.tune(hiss_hz, 2_000.0);
    }

    fn vowel(&mut self, done: f32) -> f32 {
        self.phase = (self.phase + self.pitch_hz * (1.0 + self.glide * done) / RATE).fract();
        let airflow = match self.phase {
            opening if opening < 0.4 => {
                let part = opening / 0.4;
                part * part * (3.0 - 2.0 * part)
            }
            closing if closing < 0.56 => 1.0 - ((closing - 0.4) / 0.16).powi(2),
            _ => 0.0,
        };
        let pressure = (airflow - self.airflow) * 12.0 + self.chance.noise() * 0.02;
        self.airflow = airflow;
        self.formants
            .iter_mut()
            .zip(SHARES)
            .map(|(formant, share)| formant.run(pressure) * share)
            .sum()
    }
}

/// A hollow that rings at one frequency.
#[derive(Debug, Default)]
struct Resonator {
    gain: f32,
    once: f32,
    twice: f32,
    last: [f32; 2],
}

impl Resonator {
    fn tune(&mut self, hz: f32, width_hz: f32) {
        let radius = (-PI * width_hz / RATE).exp();
        self.once = 2.0 * radius * (TAU * hz / RATE).cos();
        self.twice = -radius * radius;
        self.gain = 1.0 - self.once - self.twice;
    }

    fn run(&mut self, sample: f32) -> f32 {
        let [last, before] = self.last;
        let out = self.gain * sample + self.once * last + self.twice * before;
        self.last = [out, last];
        out
    }
}
