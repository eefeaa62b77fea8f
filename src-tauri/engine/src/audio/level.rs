//! How loud it is, and whether somebody speaks.
//!
//! Pure and driven by samples: no thread, no latency. A voice is recognised by standing out of the room's own noise, which
//! is all that a mark on a tile or "you are muted" needs.

use std::sync::atomic::{AtomicU32, Ordering};

/// The level of digital silence, in dBFS: the lowest that RFC 6464 can say.
pub const SILENCE_DBFS: f32 = -127.0;

/// A voice is never fainter than this, in dBFS: below lies the hiss of a cheap microphone.
const VOICE_FLOOR_DBFS: f32 = -50.0;

/// A voice stands out of the room by so much, in dB.
const VOICE_ABOVE_NOISE_DB: f32 = 9.0;

/// A steady sound louder than this counts as voice all the same, in dBFS: no room hums so loudly.
const CERTAINLY_SOUND_DBFS: f32 = -30.0;

/// The noise estimate rises by so much per second, in dB: slower than any sentence.
const NOISE_RISE_DB_PER_SECOND: f32 = 3.0;

/// Pauses between words do not end speaking: so many samples at 48 kHz (300 ms).
const HANGOVER_SAMPLES: usize = 14_400;

/// The RMS of `samples` in dBFS; [`SILENCE_DBFS`] for none.
pub(crate) fn rms_dbfs(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return SILENCE_DBFS;
    }
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    if power > 0.0 {
        (10.0 * power.log10()).max(SILENCE_DBFS)
    } else {
        SILENCE_DBFS
    }
}

/// Follows the level of one stream of mono 48 kHz samples.
#[derive(Debug)]
pub(crate) struct LevelMeter {
    level_dbfs: f32,
    noise_dbfs: f32,
    voice_left: usize,
}

impl LevelMeter {
    pub(crate) fn new() -> Self {
        Self {
            level_dbfs: SILENCE_DBFS,
            noise_dbfs: VOICE_FLOOR_DBFS - VOICE_ABOVE_NOISE_DB,
            voice_left: 0,
        }
    }

    /// Takes in the next samples, 5 to 20 ms of them.
    pub(crate) fn feed(&mut self, samples: &[f32]) {
        self.level_dbfs = rms_dbfs(samples);
        let rise = NOISE_RISE_DB_PER_SECOND * samples.len() as f32 / super::SAMPLE_RATE as f32;
        self.noise_dbfs = self
            .level_dbfs
            .min(self.noise_dbfs + rise)
            .max(SILENCE_DBFS);
        let stands_out = self.level_dbfs > self.noise_dbfs + VOICE_ABOVE_NOISE_DB;
        if self.level_dbfs > CERTAINLY_SOUND_DBFS
            || (self.level_dbfs > VOICE_FLOOR_DBFS && stands_out)
        {
            self.voice_left = HANGOVER_SAMPLES;
        } else {
            self.voice_left = self.voice_left.saturating_sub(samples.len());
        }
    }

    /// The level of what was fed last, in dBFS.
    pub(crate) fn level_dbfs(&self) -> f32 {
        self.level_dbfs
    }

    /// Whether somebody speaks, or did within the last 300 ms.
    pub(crate) fn voice(&self) -> bool {
        self.voice_left > 0
    }
}

/// A level that one thread writes and any thread reads.
#[derive(Debug)]
pub(crate) struct SharedLevel(AtomicU32);

impl SharedLevel {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(SILENCE_DBFS.to_bits()))
    }

    pub(crate) fn set(&self, dbfs: f32) {
        self.0.store(dbfs.to_bits(), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::*;

    fn feed(meter: &mut LevelMeter, amplitude: f32, frames: usize) {
        let mut tone = Tone::new(300.0, amplitude);
        let mut frame = [0.0; 960];
        for _ in 0..frames {
            tone.fill(&mut frame);
            meter.feed(&frame);
        }
    }

    #[test]
    fn a_full_scale_sine_is_three_decibels_below_full_scale() {
        let mut meter = LevelMeter::new();
        feed(&mut meter, 1.0, 1);
        assert!(
            (meter.level_dbfs() + 3.01).abs() < 0.02,
            "{}",
            meter.level_dbfs()
        );
    }

    #[test]
    fn silence_is_the_lowest_level_and_nobodys_voice() {
        let mut meter = LevelMeter::new();
        meter.feed(&[0.0; 960]);
        assert_eq!(meter.level_dbfs(), SILENCE_DBFS);
        assert!(!meter.voice());
    }

    #[test]
    fn a_voice_is_seen_at_once_and_lasts_over_the_pauses_between_words() {
        let mut meter = LevelMeter::new();
        feed(&mut meter, 0.0005, 50);
        assert!(!meter.voice());
        feed(&mut meter, 0.03, 1);
        assert!(meter.voice());
        feed(&mut meter, 0.0005, 10);
        assert!(meter.voice(), "a pause of 200 ms");
        feed(&mut meter, 0.0005, 10);
        assert!(!meter.voice(), "a pause of 400 ms");
    }

    #[test]
    fn a_steady_hum_stops_counting_as_a_voice() {
        let mut meter = LevelMeter::new();
        feed(&mut meter, 0.01, 50 * 20);
        assert!(!meter.voice(), "a fan is no person");
    }
}
