//! The sound of a room in which nobody speaks, made here, so that a sender need not send it.
//!
//! Dead silence between two sentences sounds like a broken line. While a sender rests, a noise is played that is as loud
//! and of about the same colour as the last frames before it (the sender rests only after 200 ms without speech) and as the
//! ones it sends every 400 ms as a sign of life. The colour is that of an all-pole filter, found as codecs find theirs
//! (autocorrelation and Levinson's recursion; ITU-T G.711, appendix II, does the same). Runs on the playout thread; about
//! 15 µs for 10 ms. No latency.

use std::collections::VecDeque;

/// Poles of the filter: enough for hum, hiss and the difference between a kitchen and a car.
const ORDER: usize = 16;

/// Frames that are remembered: what Opus waits for before it rests is 200 ms, and a fade of speech may reach into it.
const FRAMES: usize = 8;

/// Added to the first correlation, as white noise would: keeps a pure hum from making an unstable filter. −40 dB.
const WHITENING: f32 = 1.000_1;

/// The loudest that is ever played, as mean power: −40 dBFS. What was louder than that was no background.
const MOST_POWER: f32 = 1e-4;

/// Below this mean power (−90 dBFS) a room is silent.
const SILENT_POWER: f32 = 1e-9;

/// The variance of a uniform distribution from −1 to 1.
const UNIFORM_VARIANCE: f32 = 1.0 / 3.0;

/// Learns what a background sounds like, and makes more of it.
#[derive(Debug)]
pub(crate) struct ComfortNoise {
    /// Of each of the last frames its autocorrelation per sample.
    heard: VecDeque<[f32; ORDER + 1]>,
    filter: [f32; ORDER],
    gain: f32,
    /// The latest samples made, the newest first.
    made: [f32; ORDER],
    seed: u32,
}

impl ComfortNoise {
    pub(crate) fn new() -> Self {
        Self {
            heard: VecDeque::with_capacity(FRAMES),
            filter: [0.0; ORDER],
            gain: 0.0,
            made: [0.0; ORDER],
            seed: 1,
        }
    }

    /// Takes in a frame that was received, whatever it holds.
    pub(crate) fn hear(&mut self, frame: &[f32]) {
        if frame.len() <= ORDER {
            return;
        }
        if self.heard.len() == FRAMES {
            self.heard.pop_front();
        }
        let correlation = std::array::from_fn(|lag| {
            let products = frame.iter().zip(&frame[lag..]).map(|(a, b)| a * b);
            products.sum::<f32>() / frame.len() as f32
        });
        self.heard.push_back(correlation);
    }

    /// What was heard last is the background: sound like it from now on.
    pub(crate) fn settle(&mut self) {
        let count = self.heard.len().max(1) as f32;
        let mean: [f32; ORDER + 1] = std::array::from_fn(|lag| {
            self.heard.iter().map(|frame| frame[lag]).sum::<f32>() / count
        });
        let power = mean[0];
        if power.is_nan() || power < SILENT_POWER {
            self.gain = 0.0;
            return;
        }
        let (filter, residue) = levinson(&mean);
        self.filter = filter;
        let loudness = power.min(MOST_POWER) / power;
        self.gain = (residue * loudness / UNIFORM_VARIANCE).sqrt();
    }

    /// Writes the next samples.
    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            self.seed = self
                .seed
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            let noise = self.seed as i32 as f32 / i32::MAX as f32 * self.gain;
            let predicted: f32 = self.filter.iter().zip(&self.made).map(|(a, x)| a * x).sum();
            let made = (noise + predicted).clamp(-1.0, 1.0);
            self.made.rotate_right(1);
            self.made[0] = made;
            *sample = made;
        }
    }
}

/// The predictor of a sound with this autocorrelation, and the power of what it can't predict. Always stable: it stops
/// before a reflection that is not.
fn levinson(correlation: &[f32; ORDER + 1]) -> ([f32; ORDER], f32) {
    let mut filter = [0.0_f32; ORDER];
    let mut residue = correlation[0] * WHITENING;
    for order in 0..ORDER {
        let known: f32 = (0..order).map(|k| filter[k] * correlation[order - k]).sum();
        let reflection = (correlation[order + 1] - known) / residue;
        if !reflection.is_finite() || reflection.abs() >= 1.0 {
            break;
        }
        let before = filter;
        filter[order] = reflection;
        for k in 0..order {
            filter[k] = before[k] - reflection * before[order - 1 - k];
        }
        residue *= 1.0 - reflection * reflection;
    }
    (filter, residue)
}

#[cfg(test)]
mod tests {
    use super::super::level::rms_dbfs;
    use super::super::tone::Tone;
    use super::*;

    /// A room's rumble: noise through a low pass, at about this level.
    fn rumble(amplitude: f32, length: usize) -> Vec<f32> {
        let (mut seed, mut low) = (7_u32, 0.0);
        std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low += 0.05 * (seed as i32 as f32 / i32::MAX as f32 - low);
            low * amplitude
        })
        .take(length)
        .collect()
    }

    fn after(sound: &[f32]) -> Vec<f32> {
        let mut comfort = ComfortNoise::new();
        sound.chunks(960).for_each(|frame| comfort.hear(frame));
        comfort.settle();
        let mut made = vec![0.0; 48_000];
        comfort.fill(&mut made);
        made
    }

    /// The share of its power that lies in its differences: large for a hiss, small for a rumble.
    fn brightness(sound: &[f32]) -> f32 {
        let steps: Vec<f32> = sound.windows(2).map(|pair| pair[1] - pair[0]).collect();
        rms_dbfs(&steps) - rms_dbfs(sound)
    }

    #[test]
    fn a_rooms_rumble_goes_on_as_loud_and_as_dark_as_it_was() {
        let room = rumble(0.01, 48_000);
        let made = after(&room);
        let louder = rms_dbfs(&made) - rms_dbfs(&room);
        assert!(louder.abs() < 1.5, "{louder} dB");
        let brighter = brightness(&made) - brightness(&room);
        assert!(brighter.abs() < 3.0, "{brighter} dB");
    }

    #[test]
    fn after_silence_there_is_silence_and_after_a_shout_there_is_no_roar() {
        assert!(after(&[0.0; 9_600]).iter().all(|sample| *sample == 0.0));
        assert!(after(&[]).iter().all(|sample| *sample == 0.0));
        assert!(rms_dbfs(&after(&rumble(3.0, 48_000))) < -38.0);
    }

    #[test]
    fn no_sound_makes_it_unstable() {
        for hz in [50.0, 440.0, 12_000.0] {
            let mut tone = vec![0.0; 48_000];
            Tone::new(hz, 0.005).fill(&mut tone);
            let made = after(&tone);
            assert!(rms_dbfs(&made) < -35.0, "{hz}: {} dB", rms_dbfs(&made));
        }
        let mut square = rumble(1.0, 48_000);
        square.iter_mut().for_each(|s| *s = 0.01 * s.signum());
        assert!(rms_dbfs(&after(&square)) < -35.0);
        assert!(after(&[f32::NAN; 4_800]).iter().all(|s| s.is_finite()));
    }
}
